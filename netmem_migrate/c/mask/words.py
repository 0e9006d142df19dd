# SPDX-License-Identifier: GPL-2.0-only
"""Names that no lexical rule can tell from ordinary ones. Plain data."""

from __future__ import annotations

# One-word annotations without leading underscores, or with four.
WORDS: tuple[bytes, ...] = tuple(
    rb"""
    asmlinkage noinline noinline_for_stack noinline_for_tracing notrace noinstr at_least
    INDIRECT_CALLABLE_SCOPE randomized_struct_fields_start randomized_struct_fields_end
    ____cacheline_aligned ____cacheline_aligned_in_smp ____cacheline_internodealigned_in_smp
    """.split()
)

# Annotations that start with `__`, less the underscores (linux/compiler_types.h,
# compiler_attributes.h, init.h, cache.h). Between two words any `__name` is taken for one.
ANNOTATIONS: tuple[bytes, ...] = tuple(
    rb"""
    iomem user kernel rcu percpu force nocast safe private bitwise init exit initdata initconst
    exitdata meminit meminitdata exit_call ref refdata refconst initdata_or_module init_or_module
    init_memblock initconst_or_module net_init net_exit net_initdata sched lockfunc kprobes head
    cpuidle packed
    aligned_largest maybe_unused always_unused always_used unused used must_check cold hot weak
    visible pure noreturn noclone flatten malloc deprecated always_inline attribute_const__
    nonstring nonstring_array designated_init gnu_inline no_profile noipa naked noscs nocfi
    nocfi_generic no_kcsan no_sanitize_address no_sanitize_undefined no_sanitize_thread
    no_sanitize_memory no_sanitize_coverage no_kmsan_checks no_kasan_or_inline
    no_sanitize_or_inline no_kstack_erase no_stack_protector no_caller_saved_registers
    no_randomize_layout randomize_layout no_context_analysis disable_sanitizer_instrumentation
    latent_entropy uninitialized data_racy preserve_most retain inline_maybe_unused
    reentrant_ctx_lock read_mostly ro_after_init cacheline_aligned cacheline_aligned_in_smp
    page_aligned_data page_aligned_bss nosavedata fix_address overloadable irq_entry
    exception_text function_aligned bpf_kfunc tracepoint_string
    """.split()
)

# The same, for those that take arguments.
ANNOTATIONS_WITH_ARGUMENTS: tuple[bytes, ...] = tuple(
    rb"""
    attribute attribute__ aligned printf scanf section alias cleanup free counted_by
    counted_by_ptr counted_by_le counted_by_be must_hold must_hold_shared must_not_hold acquires
    acquires_shared releases
    releases_shared cond_acquires cond_acquires_shared cond_releases try_acquires
    acquires_ctx_lock releases_ctx_lock guarded_by pt_guarded_by assume_aligned alloc_size
    alloc_size__ realloc_size copy diagnose_as compiletime_error compiletime_warning malloc mode
    nonnull_args pass_object_size pass_dynamic_object_size no_sanitize ctx_lock_type sized_by
    """.split()
)

# `__name`s that are types or keywords: no annotation, wherever they stand. A pattern.
NOT_ANNOTATIONS = (
    rb"(?:[usbl]e?\d+\b|s(?:um16|size_t)\b|wsum\b|poll_t\b|virtio\d+\b|hc\d+\b|kernel_|int128|"
    rb"auto_type|typeof|signed|volatile|const|inline|restrict|attribute|asm|extension|alignof|"
    rb"label__|builtin_|va_|func|FUNCTION|complex|thread|float|fs\d+|dev_t|mode_t)"
)

# Words in front of `(` that make no call.
KEYWORDS: frozenset[bytes] = frozenset(
    rb"""
    if while switch for return sizeof case do else goto typeof typeof_unqual __typeof__ alignof
    __alignof__ _Alignof offsetof __attribute__ defined
    """.split()
)

# Basic types, as tree-sitter-c has them.
BASIC_TYPE = (
    rb"(?:unsigned|signed|long|short|int|char|bool|float|double|void|_Bool|size_t|ssize_t|"
    rb"ptrdiff_t|u?intptr_t|u?int(?:8|16|32|64)_t)\b"
)

# What the name of a type begins with that a pointer to an array is declared of.
POINTED = b"enum "
