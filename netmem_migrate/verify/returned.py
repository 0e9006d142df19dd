# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch by which a function returns a page instead of its address (docs/proof.md).

The text without that is the text before, token by token (flow/returned.py). What is left to show is
that the code is the same, wherever the address is taken. Both texts are compiled with the function
put into each of its callers, and with a function of which nothing is known in place of the one that
gives the address, so that it stays where it is called. What was found by the address is spelled so
again. The compiler is told that no such address is NULL.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced
from netmem_migrate.flow import returned as text
from netmem_migrate.flow.returned import Edits, Returned, respelled
from netmem_migrate.model.addresses import ASKS, FINDS
from netmem_migrate.results import FileChange
from netmem_migrate.verify.sides import sides

_INLINE = b"__attribute__((__always_inline__)) "
_OPAQUE = b"""\
struct page;
extern void *netmem_probe_of(const struct page *page);
static inline __attribute__((__always_inline__)) void *netmem_probe_at(const struct page *page,
                                                                       unsigned long more)
{
	void *address = netmem_probe_of(page) + more;

	if (!address)
		__builtin_unreachable();
	return address;
}
"""
_ADDRESS = b"netmem_probe_at(%b, (unsigned long)(%b))"
_NOWHERE = b"(char *)0"


def returned(changes: Mapping[str, FileChange]) -> Returned | None:
    """What a patch does so; None where it does anything else."""
    both = sides(changes)
    return text.returned(*both, ASKS, FINDS) if both is not None else None


def before(found: Returned) -> dict[str, bytes]:
    """The files as they were, with the function put into its callers."""
    helper = found.helper
    return {found.path: _with(helper.parsed, helper.node, [value for value, _ in helper.values],
                              [])}


def after(found: Returned) -> dict[str, bytes]:
    """The files as they are, with the function put into its callers, and pages found again."""
    return {path: _with(parsed, found.node if path == found.path else None,
                        [one.value for one in found.takes if one.path == path],
                        [edit for one in found.takes if one.path == path
                         for edit in respelled(found, one)])
            for path, parsed in found.after.items()}


def _with(parsed: ParsedFile, function: Node | None, addresses: Collection[Node],
          edits: Edits) -> bytes:
    made = [(0, 0, _OPAQUE), *edits]
    if function is not None:
        made.append((function.start_byte, function.start_byte, _INLINE))
    for value in addresses:
        page, more = _apart(value)
        made.append((value.start_byte, value.end_byte, _ADDRESS % (page, more)))
    return replaced(parsed.original, sorted(made))


def _apart(value: Node) -> tuple[bytes, bytes]:
    """The page of an address, and what is added to it."""
    (call,) = (call for node in (value, *nodes(value, "call_expression"))[-1:]
               if (call := view.call(node)) is not None and call.name.decode("latin-1") in ASKS)
    start = call.node.start_byte - value.start_byte
    end = call.node.end_byte - value.start_byte
    return view.text(call.args[0]), replaced(view.text(value), [(start, end, _NOWHERE)])
