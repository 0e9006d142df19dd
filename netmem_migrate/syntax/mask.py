# SPDX-License-Identifier: GPL-2.0-only
"""Make kernel C parsable without moving a byte.

tree-sitter-c knows C, not the kernel's macros. `mask()` replaces what it trips over by stand-ins of
the same length, so every offset in the tree is an offset into the original file. The rules are
lexical; the few lists of names they need are at the top. docs/parsing.md shows what becomes of what.
"""

from __future__ import annotations

import re

# Annotations that are one word, less those the `__word` rule finds by position.
_WORDS = (
    rb"asmlinkage noinline noinline_for_stack noinline_for_tracing notrace noinstr "
    rb"INDIRECT_CALLABLE_SCOPE at_least randomized_struct_fields_start "
    rb"randomized_struct_fields_end ____cacheline_aligned ____cacheline_aligned_in_smp "
    rb"____cacheline_internodealigned_in_smp"
).split()
# Words that start with `__` and annotate (linux/compiler_types.h, compiler_attributes.h, init.h,
# cache.h). Without the underscores.
_ANNOTATIONS = (
    rb"iomem user kernel rcu percpu force nocast safe private bitwise "
    rb"init exit initdata initconst exitdata meminit meminitdata exit_call ref refdata refconst "
    rb"initdata_or_module init_or_module initconst_or_module net_init net_exit net_initdata "
    rb"devinit devexit cpuinit sched lockfunc kprobes head cpuidle "
    rb"packed aligned_largest maybe_unused always_unused always_used unused used must_check cold "
    rb"hot weak visible pure noreturn noclone flatten malloc deprecated always_inline "
    rb"attribute_const__ nonstring nonstring_array designated_init gnu_inline no_profile "
    rb"noipa naked noscs nocfi nocfi_generic no_kcsan no_sanitize_address no_sanitize_undefined "
    rb"no_sanitize_thread no_sanitize_memory no_sanitize_coverage no_kmsan_checks no_kasan_or_inline "
    rb"no_sanitize_or_inline no_kstack_erase no_stack_protector no_caller_saved_registers "
    rb"no_randomize_layout randomize_layout no_context_analysis disable_sanitizer_instrumentation "
    rb"latent_entropy uninitialized data_racy preserve_most retain inline_maybe_unused "
    rb"reentrant_ctx_lock read_mostly ro_after_init cacheline_aligned cacheline_aligned_in_smp "
    rb"page_aligned_data page_aligned_bss nosavedata noinitretpoline fix_address overloadable "
    rb"refcount_check pte_aligned irq_entry exception_text function_aligned "
    rb"bpf_kfunc tracepoint_string pm_runtime pm_sleep asm_syscall"
).split()
# The same, with an argument list.
_ANNOTATIONS_ARGS = (
    rb"aligned printf scanf section alias cleanup free counted_by counted_by_ptr counted_by_le "
    rb"counted_by_be must_hold must_hold_shared must_not_hold acquires acquires_shared releases "
    rb"releases_shared cond_acquires cond_acquires_shared cond_releases try_acquires "
    rb"acquires_ctx_lock releases_ctx_lock guarded_by pt_guarded_by assume_aligned alloc_size "
    rb"alloc_size__ realloc_size copy diagnose_as compiletime_error compiletime_warning malloc mode "
    rb"nonnull_args pass_object_size pass_dynamic_object_size no_sanitize ctx_lock_type "
    rb"sized_by cacheline_group_aligned"
).split()
# Types that start with `__`: not annotations, wherever they stand.
_TYPE_WORD = (
    rb"(?:[usbl]e?\d+\b|s(?:um16|ize_t)\b|wsum\b|poll_t\b|virtio\d+\b|hc\d+\b|kernel_|int128|"
    rb"auto_type|typeof|signed|volatile|const|inline|restrict|attribute|asm|extension|alignof|"
    rb"label__|builtin_|va_|func|FUNCTION|gnu_|complex|thread|float|fs\d+|dev_t|mode_t|u\b)"
)

_PAREN = rb"\((?:[^()]++|\((?:[^()]++|\((?:[^()]++|\((?:[^()]++|\((?:[^()]++|\([^()]*+\))*+\))*+\))*+\))*+\))*+\)"
_KEYWORD = (
    rb"(?:if|for|while|switch|return|sizeof|else|do|case|goto|typeof|default|break|continue)\b"
)
_BASIC = (
    rb"(?:unsigned|signed|long|short|int|char|bool|float|double|void|_Bool|size_t|ssize_t|"
    rb"ptrdiff_t|u?intptr_t|u?int(?:8|16|32|64)_t)\b"
)

_TOKEN = re.compile(
    rb"""(/\*.*?(?:\*/|\Z)|//[^\n]*+|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)++'"""
    rb"""|\#[ \t]*+(?:define|include|undef|pragma|error|warning|line|ident)\b"""
    rb"""(?:[^\n\\/"]++|\\\r?\n|\\.|"(?:[^"\\\n]++|\\.)*+"|"|/\*.*?\*/|/)*+)""",
    re.DOTALL,
)
_CONDITIONAL = re.compile(
    rb"#[ \t]*(ifdef|ifndef|if|elifdef|elifndef|elif|else|endif)\b(?:[^\n\\]++|\\\r?\n|\\.)*+",
    re.DOTALL,
)
_KEEP = b"\n\r\t"
_BLANK = bytes(c if c in _KEEP else 32 for c in range(256))
_FILL = bytes(c if c in _KEEP else 0x22 for c in range(256))
_BLANK_COMMENT = bytes(c if c in b"\n\r\t\\" else 32 for c in range(256))


def code_of(source: bytes) -> bytes:
    """`source`, as long as before: comments and directives are spaces, literals are quotes only.

    Conditionals (#if to #endif) stay.
    """
    parts = _TOKEN.split(source)
    for i in range(1, len(parts), 2):
        token = parts[i]
        kind = token[0]
        if kind == 0x2F or kind == 0x23:
            parts[i] = token.translate(_BLANK_COMMENT if kind == 0x2F else _BLANK)
        else:
            parts[i] = token.translate(_FILL)
    return b"".join(parts)


class _Text:
    """A file under work: `code` is what rules look at, `out` is what the parser will see.

    In `code` comments, string contents and directives other than conditionals are spaces.
    """

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.code = bytearray(code_of(source))
        self.out = bytearray(source)

    def put(self, start: int, text: bytes) -> None:
        """Overwrite from `start`."""
        end = start + len(text)
        self.code[start:end] = text
        self.out[start:end] = text

    def blank(self, start: int, end: int) -> None:
        """Overwrite with spaces; line ends and tabs stay."""
        self.put(start, self.source[start:end].translate(_BLANK))

    def blank_code(self, start: int, end: int) -> None:
        """As `blank`, but comments in between stay."""
        text = self.code[start:end]
        for m in re.finditer(rb"\S+", text):
            self.put(start + m.start(), b" " * (m.end() - m.start()))


def _last(code: bytearray, end: int) -> int:
    """Offset of the last byte before `end` that is not white space, or -1."""
    end -= 1
    while end >= 0 and code[end] in b" \t\r\n\f\v\\":
        end -= 1
    return end


def _first(code: bytearray, start: int) -> int:
    size = len(code)
    while start < size and code[start] in b" \t\r\n\f\v\\":
        start += 1
    return start


def _last_word(code: bytearray, end: int) -> bytes:
    """The identifier that ends just before `end` (white space skipped), or b""."""
    stop = _last(code, end) + 1
    start = stop
    while start > 0 and (chr(code[start - 1]).isalnum() or code[start - 1] == 0x5F):
        start -= 1
    return bytes(code[start:stop])


# --- conditionals -----------------------------------------------------------------------------


class _Group:
    """One #if ... #endif: where its directives are, and the bracket depth in front of it."""

    __slots__ = ("braces", "lines", "parens")

    def __init__(self, braces: int, parens: int) -> None:
        self.braces = braces
        self.parens = parens
        self.lines: list[tuple[int, int, bytes]] = []


def _balanced(code: bytearray, start: int, end: int) -> bool:
    count = code.count
    return (
        count(b"{", start, end) == count(b"}", start, end)
        and count(b"(", start, end) == count(b")", start, end)
        and count(b"[", start, end) == count(b"]", start, end)
    )


_CONTINUES = re.compile(rb"else\b|[-+*/%&|^?:=<>.,)\]]")
_INSIDE = re.compile(rb"[ \t]*(?:\n|$)")


def _conditionals(text: _Text) -> None:
    code = text.code
    stack: list[_Group] = []
    pos = braces = parens = 0
    for m in _CONDITIONAL.finditer(code):
        start, end = m.span()
        word = m[1]
        braces += code.count(b"{", pos, start) - code.count(b"}", pos, start)
        parens += code.count(b"(", pos, start) - code.count(b")", pos, start)
        pos = end
        if word.startswith(b"if"):
            group = _Group(braces, parens)
            group.lines.append((start, end, bytes(m[0])))
            stack.append(group)
            continue
        if not stack:
            text.blank_code(start, end)
            continue
        group = stack[-1]
        group.lines.append((start, end, bytes(m[0])))
        if word == b"endif":
            stack.pop()
            flat = _settle(text, group)
            if flat and len(group.lines) > 2:
                # only what is still visible counts from here on
                first = group.lines[0][1]
                braces = group.braces + code.count(b"{", first, end) - code.count(b"}", first, end)
                parens = group.parens + code.count(b"(", first, end) - code.count(b")", first, end)
        else:
            # each arm starts from the same place
            braces, parens = group.braces, group.parens
    for group in stack:
        for start, end, _ in group.lines:
            text.blank_code(start, end)


def _settle(text: _Text, group: _Group) -> bool:
    """Decide what stays visible of one group; True if its directive lines are gone."""
    code = text.code
    lines = group.lines
    arms = [(a[1], b[0]) for a, b in zip(lines, lines[1:], strict=False)]
    before = _last(code, lines[0][0])
    after = _first(code, lines[-1][1])
    balanced = all(_balanced(code, *arm) for arm in arms)
    if group.braces <= 0 and group.parens <= 0 and balanced:
        ends = {_end_of(code, arm) for arm in arms}
        if (before < 0 or code[before] in b";})" or _after_directive(code, before)) and ends <= set(
            b";})#"
        ):
            return False
    for start, end, _ in lines:
        text.blank_code(start, end)
    if b"__cplusplus" in lines[0][2]:
        text.blank(*arms[0])
        return True
    if len(arms) == 1:
        return True
    keep_all = balanced
    if keep_all:
        ends = {_end_of(code, arm) for arm in arms}
        if group.parens > 0 or not ends <= set(b";}#"):
            keep_all = ends <= set(b",#") and group.parens <= 0
        elif before >= 0 and code[before] not in b";{}:":
            keep_all = (
                code[before] == 0x29 or _last_word(code, before + 1) in (b"else", b"do")
            ) and not code.startswith(b"else", after)
        if keep_all and any(_CONTINUES.match(code, _first(code, a)) for a, _ in arms[1:]):
            keep_all = bool(
                before >= 0
                and code[before] == 0x7D
                and all(code.startswith(b"else", _first(code, a)) for a, _ in arms)
            )
    if not keep_all:
        kept = 1 if re.match(rb"#[ \t]*if[ \t]+0\s*$", lines[0][2]) else 0
        for i, arm in enumerate(arms):
            if i != kept:
                text.blank(*arm)
    return True


def _end_of(code: bytearray, arm: tuple[int, int]) -> int:
    """Last byte of an arm; `#` for an empty one and for one that ends with a directive."""
    last = _last(code, arm[1])
    if last < arm[0] or _after_directive(code, last):
        return 0x23
    return code[last]


def _after_directive(code: bytearray, last: int) -> bool:
    line = code.rfind(b"\n", 0, last + 1) + 1
    return code[line : last + 1].lstrip().startswith(b"#")


# --- annotations ------------------------------------------------------------------------------

_ATTRIBUTE = re.compile(
    rb"__(?<![A-Za-z0-9_]__)(?:(?:"
    + rb"|".join(sorted(_ANNOTATIONS_ARGS, reverse=True))
    + rb")\s*+(?P<args>"
    + _PAREN
    + rb")|(?:"
    + rb"|".join(sorted(_ANNOTATIONS, reverse=True))
    + rb")\b(?!\s*+\())"
)
# `int __foo bar`, `void __foo *bar`: two words side by side are never an expression.
_BETWEEN = re.compile(
    rb"__(?<=[\w*][ \t]__)(?!" + _TYPE_WORD + rb")\w++(?=[ \t]++(?:[A-Za-z_]|\*))"
)
_WORD = re.compile(rb"(?:" + rb"|".join(sorted(_WORDS, reverse=True)) + rb")\b")
_NOT_BEFORE_ANNOTATION = frozenset(
    b"struct union enum return case goto else sizeof static const extern volatile unsigned signed "
    b"typedef register inline do in".split()
)


def _annotations(text: _Text) -> None:
    code = text.code
    if b"__" in code:
        for m in _ATTRIBUTE.finditer(code):
            if (
                _last_word(code, m.start()) not in (b"struct", b"enum", b"union")
                or m["args"]
                or code[_first(code, m.end())] != 0x7B
            ):
                text.blank_code(*m.span())
        for m in _BETWEEN.finditer(code):
            if _last_word(code, m.start()) not in _NOT_BEFORE_ANNOTATION:
                text.blank_code(*m.span())
    for word in _WORDS:
        at = code.find(word)
        while at >= 0:
            end = at + len(word)
            if _is_word(code, at, end):
                text.blank_code(at, end)
            at = code.find(word, end)


def _is_word(code: bytearray, start: int, end: int) -> bool:
    def part(i: int) -> bool:
        return 0 <= i < len(code) and (chr(code[i]).isalnum() or code[i] == 0x5F)

    return not part(start - 1) and not part(end)


# --- types where C wants an expression ----------------------------------------------------------

_TYPEOF = re.compile(rb"t(?<!\w\wt)(?<!\wt)ypeof(?:_unqual|_member)?(?:__)?\s*+(" + _PAREN + rb")")
_TYPE = (
    rb"(?:(?:const|volatile)\s++)*+"
    rb"(?:(?:struct|union|enum)\s++\w++|" + _BASIC + rb"(?:\s++" + _BASIC + rb")*+|\w++(?=\s*+\*))"
    rb"(?:\s*+(?:\*|const\b|volatile\b))*+"
)
_TYPE_ARGUMENT = re.compile(rb"[(,]\s*+(" + _TYPE + rb")\s*+(?=[,)])")
_NOT_A_CALL = frozenset(
    b"if while switch for return sizeof case typeof __typeof__ alignof __alignof__ _Alignof "
    b"else do and or offsetof typeof_unqual".split()
)
_OFFSETOF = re.compile(
    rb"offsetof\s*+\(\s*+[\w\s]++,\s*+\w++\s*+([.\[][^,()]*+(?:" + _PAREN + rb"[^,()]*+)*+)\)"
)


def _opening(code: bytearray, pos: int) -> int:
    """Offset of the `(` that encloses `pos`, or -1; looks back no farther than a statement."""
    depth = 0
    for i in range(pos - 1, max(pos - 4000, -1), -1):
        c = code[i]
        if c == 0x29:
            depth += 1
        elif c == 0x28:
            if not depth:
                return i
            depth -= 1
        elif c in b"{};" and not depth:
            return -1
    return -1


def _is_expression_call(code: bytearray, paren: int) -> bool:
    """Is this `(` that of a macro or function call, not of a cast, a keyword or a declarator?"""
    name = _last_word(code, paren)
    if not name or name in _NOT_A_CALL or name[:1].isdigit():
        return False
    before = _last(code, _last(code, paren) + 1 - len(name))
    if before < 0:
        return True
    stars = before
    while stars >= 0 and code[stars] in b"* \t\r\n":
        stars -= 1
    c = code[stars]
    if chr(c).isalnum() or c == 0x5F:
        return _last_word(code, stars + 1) in (b"return", b"else", b"case", b"do", b"static")
    if c == 0x29 and stars == before:
        # `(type)CALL(...)`, `if (x) CALL(...)`
        return True
    return c in b"=(,;{}!&|?:+-<>/%[~^)"


def _type_arguments(text: _Text) -> None:
    code = text.code
    pos = 0
    while m := _TYPE_ARGUMENT.search(code, pos):
        # the next one may start at the comma that ends this one
        pos = m.end()
        start, end = m.span(1)
        opening = m.start()
        if code[opening] == 0x2C:
            opening = _opening(code, opening)
            if opening < 0:
                continue
        elif not _is_word_byte(code[_last(code, opening)] if opening else 0):
            continue
        if _is_expression_call(code, opening):
            text.put(start, _type_stand_in(bytes(code[start:end])))


def _is_word_byte(c: int) -> bool:
    return chr(c).isalnum() or c == 0x5F


_STAND_IN = re.compile(rb"[*]|\b(?:struct|union|enum|const|volatile)\b")


def _type_stand_in(type_: bytes) -> bytes:
    """An identifier expression as long as the type: `struct foo *` is `       foo  `."""
    left = _STAND_IN.sub(lambda m: b" " * len(m[0]), type_)
    words = left.split()
    if not words:
        return type_
    if re.fullmatch(_BASIC, words[0]):
        start = left.index(words[0])
        end = left.rindex(words[-1]) + len(words[-1])
        middle = b"_" + left[start + 1 : end]
        if b"\n" in middle:
            return left.replace(words[0], b"_" + words[0][1:], 1)
        left = left[:start] + re.sub(rb"\s", b"_", middle) + left[end:]
    return left


def _types(text: _Text) -> None:
    code = text.code
    if b"ypeof" in code:
        for m in _TYPEOF.finditer(code):
            start = m.start()
            while start and _is_word_byte(code[start - 1]):
                start -= 1
            if b"\n" in m[1]:
                name = m.end() - len(m[1])
                text.blank_code(name, m.end())
            else:
                text.put(m.start(), re.sub(rb"\W", b"_", m[0]))
                text.put(start, b"_" + bytes(code[start + 1 : m.start() + 1]))
    if b"offsetof" in code:
        for m in _OFFSETOF.finditer(code):
            text.blank_code(*m.span(1))
    _type_arguments(text)


# --- small tokens -------------------------------------------------------------------------------

_CASE_RANGE = re.compile(rb"case\b(?<!\wcase)[^:;{}?]*?(\.\.\.)")
_BAD_NUMBER = re.compile(rb"[0-9](?<![\w.][0-9])[0-9]*+(?![0-9xXbBuUlLeEfF.])[A-Za-z_]\w*+")


def _tokens(text: _Text) -> None:
    code = text.code
    if b"..." in code:
        for m in _CASE_RANGE.finditer(code):
            text.put(m.start(1), b" - ")
    for m in _BAD_NUMBER.finditer(code):
        text.put(m.start(), re.sub(rb"\D", b"0", m[0]))


# --- struct bodies ------------------------------------------------------------------------------

_BODY = re.compile(rb"(?:struct|union)\s*+(?:\w++\s*+)?(\{)")
_MEMBER_MACRO = re.compile(rb"[;{}]\s*+([A-Za-z_]\w*+)\s*+\(")
_GROUP_HEAD = re.compile(rb"\s*+(?:\w*+\s*+,\s*+)*+")


def _closing(code: bytearray, opening: int, brackets: re.Pattern[bytes]) -> int:
    """Offset of the bracket that closes the one at `opening`, or -1."""
    depth = 0
    for m in brackets.finditer(code, opening):
        if m[0] in b"({":
            depth += 1
        else:
            depth -= 1
            if not depth:
                return m.start()
    return -1


_BRACES = re.compile(rb"[{}]")
_PARENS = re.compile(rb"[()]")


def _structs(text: _Text) -> None:
    code = text.code
    done = 0
    for m in _BODY.finditer(code):
        if m.start() < done:
            continue
        end = _closing(code, m.start(1), _BRACES)
        if end < 0:
            continue
        done = end
        for member in _MEMBER_MACRO.finditer(code, m.start(1), end):
            _member(text, member.start(1), member.end() - 1, end)


def _member(text: _Text, name: int, opening: int, limit: int) -> None:
    code = text.code
    closing = _closing(code, opening, _PARENS)
    if closing < 0 or closing > limit:
        return
    after = _first(code, closing + 1)
    arguments = bytes(code[opening + 1 : closing])
    word = code[name:opening].strip()
    if code[after] == 0x28 or word in (b"static_assert", b"_Static_assert", b"__attribute__"):
        if word in (b"static_assert", b"_Static_assert"):
            text.blank_code(name, after + 1)
        return
    if b";" in arguments:
        # struct_group(name, members...): the members are members
        head = _GROUP_HEAD.match(code, opening + 1)
        text.blank_code(name, head.end() if head else opening + 1)
        text.blank_code(closing, after + 1 if code[after] == 0x3B else closing + 1)
        return
    comma = arguments.find(b",")
    if comma < 0:
        text.put(opening, b" ")
        text.put(closing, b" ")
    elif re.fullmatch(rb"\s*\w+\s*", arguments[:comma]) and not _is_type_first(word):
        text.put(opening, b" ")
        text.put(opening + 1 + comma, b"[")
        text.put(closing, b"]")
    else:
        text.blank_code(name, opening + 1)
        text.put(opening + 1 + comma, b"*")
        text.put(closing, b" ")
    if code[after] != 0x3B:
        text.put(closing, b";")


def _is_type_first(word: bytes) -> bool:
    return b"FLEX" in word or b"KFIFO_PTR" in word


# --- macros that are statements -----------------------------------------------------------------

_STATEMENT = re.compile(
    rb"\n[ \t]++(?:else[ \t]++)?+(?!" + _KEYWORD + rb")([A-Za-z_]\w*+)[ \t]*+(?=\()"
    rb"(?:(?<=for_each)|(?=[^\n]*+\bfor_each|(?![^\n;]*+;)))(" + _PAREN + rb")"
    rb"[ \t\r\\]*+(?:(\{)|(\n\s*+)(?=([A-Za-z_*}(+#-])))"
)


def _statements(text: _Text) -> None:
    code = text.code
    pos = 0
    while m := _STATEMENT.search(code, pos):
        pos = m.end(2)
        name, args = m.start(1), m.start(2)
        before = _last(code, m.start())
        if before >= 0 and code[before] not in b";{}:)" and not _after_directive(code, before):
            if _last_word(code, before + 1) not in (b"else", b"do"):
                continue
        if m[3] is not None:
            _loop(text, name, args, m.end(2))
            continue
        here = _indent(bytes(code[m.start() + 1 : name]))
        line = bytes(m[4])
        there = _indent(line[line.rfind(b"\n") + 1 :])
        if there > here and m[5] not in (b"}", b"#"):
            _loop(text, name, args, m.end(2))
        else:
            text.blank_code(name, args + 1)
            text.put(m.end(2) - 1, b";")


def _indent(white: bytes) -> int:
    return len(white.expandtabs(8))


def _loop(text: _Text, name: int, args: int, end: int) -> None:
    code = text.code
    text.blank_code(name, args)
    if not code[args + 1 : end - 1].strip():
        if end - name >= 5:
            text.put(name, b"if(1" + b" " * (end - name - 5) + b")")
        return
    text.put(name, b"while" if args - name >= 5 else b"if" if args - name >= 2 else b" ")


_TOP = re.compile(
    rb"\n((?:static[ \t]++)?+(?:const[ \t]++)?+)([A-Za-z_]\w*+)[ \t]*+(" + _PAREN + rb")"
    rb"[ \t\r]*+(;?+)(?=[ \t\r]*+\n\s*+([A-Za-z_#/{]\w*+|\Z))"
)


def _top_level(text: _Text) -> None:
    code = text.code
    pos = 0
    while m := _TOP.search(code, pos):
        pos = m.end(3)
        if m[5] == b"{" or _last_word(code, m.start()) not in (b"",):
            continue
        before = _last(code, m.start())
        if before >= 0 and code[before] not in b";})" and not _after_directive(code, before):
            continue
        text.blank_code(*m.span(1))
        inside = bytes(m[3])
        if m[4] and not m[1] and b";" not in inside and b"{" not in inside:
            continue
        if b";" in inside or b"{" in inside:
            text.blank_code(m.start(2), m.end(4))
            continue
        if not m[4]:
            text.blank_code(m.start(2), m.start(3) + 1)
            text.put(m.end(3) - 1, b";")


# --- directives left in the way -------------------------------------------------------------------

_DIRECTIVE = re.compile(
    rb"^[ \t]*+#[ \t]*+(define|include|undef|pragma|error|warning|line|ident)\b(?:[^\n\\]++|\\\r?\n|\\.)*+",
    re.M | re.S,
)


def mask(source: bytes) -> bytes:
    """`source` with everything that tree-sitter-c cannot read replaced by same-length stand-ins.

    Line ends keep their offsets; comments, strings and character constants outside a replaced
    construct are untouched. Never raises: bytes that are no C at all come back as they are.
    """
    text = _Text(source)
    _conditionals(text)
    _annotations(text)
    _tokens(text)
    _structs(text)
    _types(text)
    _statements(text)
    _top_level(text)
    return bytes(text.out)
