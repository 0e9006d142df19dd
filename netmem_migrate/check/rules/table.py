# SPDX-License-Identifier: GPL-2.0-only
"""The rules that look at one version of a driver: what each finds, and why it is wrong."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.check.findings import Finding, Rule, Severity

_POOL = "Documentation/networking/page_pool.rst"
_NETMEM = "Documentation/networking/netmem.rst"

RULES: tuple[Rule, ...] = (
    Rule("leak", Severity.ERROR,
         "allocated memory is neither released, stored, returned nor handed over",
         f"{_POOL}: memory of a pool has to go back to it; a pool waits for all of its memory "
         "before it goes away."),
    Rule("double-release", Severity.ERROR, "memory is released twice on one path",
         "include/net/page_pool/helpers.h: each put gives back one reference; the second one "
         "gives back somebody else's."),
    Rule("use-after-release", Severity.ERROR, "memory is used after it was released",
         "include/net/page_pool/helpers.h: after the put the pool may have given the memory to "
         "somebody else."),
    Rule("put-after-handover", Severity.ERROR,
         "memory is released although an skb or an XDP buffer has it",
         "include/linux/skbuff.h: the frag keeps the reference that was the caller's; the skb "
         "gives it back."),
    Rule("double-handover", Severity.ERROR, "memory is handed over twice with one reference",
         "include/linux/skbuff.h: each frag keeps a reference of its own; take another with "
         "page_pool_ref_netmem() before the second."),
    Rule("unchecked-alloc", Severity.ERROR, "allocated memory is used without a test for NULL",
         "include/net/page_pool/helpers.h: an allocation gives NULL (0 for netmem) when there is "
         "no memory."),
    Rule("argument-kind", Severity.ERROR, "a page, a netmem and something else are mixed up",
         "include/net/netmem.h: a netmem_ref may be a net_iov; it is no struct page pointer, and "
         "page_to_netmem() makes one of a page."),
    Rule("argument-count", Severity.ERROR, "a call has more or fewer arguments than the function",
         "The prototype in the header of the kernel that is checked for."),
    Rule("unreadable-address", Severity.WARNING,
         "an address of memory that may be unreadable is used without a test for NULL",
         f"include/net/netmem.h: netmem_address() is NULL for a net_iov; {_NETMEM}: the driver "
         "must not assume that the memory can be read."),
    Rule("raw-dma", Severity.WARNING,
         "memory that may be unreadable is synced for the CPU by the DMA API itself",
         f"{_NETMEM}: use page_pool_dma_sync_netmem_for_cpu(); not every memory provider has "
         "something to sync."),
    Rule("page-helper", Severity.WARNING,
         "netmem becomes a page without a test that it is one",
         "include/net/netmem.h: netmem_to_page() is for memory that netmem_is_net_iov() says no "
         "to."),
    Rule("flags", Severity.ERROR, "flags or parameters of a pool do not fit together",
         "net/core/page_pool.c: page_pool_init() refuses the pool or its memory provider."),
    Rule("direct-recycle", Severity.WARNING, "memory is recycled directly outside of NAPI",
         "include/net/page_pool/helpers.h: allow_direct is for the pool's own NAPI context; the "
         "cache it puts memory in has no lock."),
    Rule("not-followed", Severity.NOTE, "a function with pool memory is not followed on its paths",
         "docs/checking.md of netmem-migrate: the rules about leaks, releases and tests say "
         "nothing of it; the comparison of a patch with the code before does."),
)
BY_ID: dict[str, Rule] = {one.id: one for one in RULES}

_MESSAGES = {
    "leak": "`{name}` from {by}() is neither released, stored, returned nor handed over here",
    "double-release": "`{name}` was released on this path already",
    "use-after-release": "`{name}` is used after its release",
    "put-after-handover": "`{name}` is released by {by}() after it was handed over",
    "double-handover": "`{name}` is handed over a second time with one reference",
    "unchecked-alloc": "`{name}` from {by}() is used without a test for NULL",
}


def finding(rule: str, file: str, function: str, node: Node, *,
            name: str = "", by: str = "", message: str = "", fix: str = "") -> Finding:
    """A finding of one rule at a node. Lines and columns count from 1."""
    known = BY_ID[rule]
    row, column = node.start_point
    return Finding(file, row + 1, column + 1, rule, str(known.severity), function,
                   message or _MESSAGES[rule].format(name=name, by=by), known.why, fix)
