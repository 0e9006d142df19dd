# SPDX-License-Identifier: GPL-2.0-only
"""The address of memory that may be unreadable, used without a test for NULL.

Counts only in a driver that sets PP_FLAG_ALLOW_UNREADABLE_NETMEM. An address that is only kept, or
only prefetched, is left alone, and so is a function that asks whether the memory is a net_iov.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.rules._unreadable import asks, found, in_question, is_page, stored
from netmem_migrate.model.forms import table
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="unreadable-address",
    severity=Severity.WARNING,
    summary="an address of memory that may be unreadable is used without a test for NULL",
    why="include/net/netmem.h: netmem_address() is NULL for a net_iov; "
        "Documentation/networking/netmem.rst: the driver must not assume that the memory can be "
        "read.",
    bad="""\
static const unsigned int demo_flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;

void demo_copy(struct demo_buf *buf, void *to, unsigned int len)
{
	void *va = netmem_address(buf->netmem);

	memcpy(to, va, len);
}
""",
    good="""\
static const unsigned int demo_flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;

void demo_copy(struct demo_buf *buf, void *to, unsigned int len)
{
	void *va = netmem_address(buf->netmem);

	if (va)
		memcpy(to, va, len);
}
""",
)
_WRAPS = ("parenthesized_expression", "cast_expression")
_USES = ("binary_expression", "subscript_expression", "pointer_expression", "field_expression")
_TESTS = ("unary_expression", "if_statement", "conditional_expression", "while_statement")
_TRUTH = ("unlikely", "likely", "WARN_ON_ONCE")


def find(context: Context) -> Iterator[Finding]:
    """The calls whose result is used untested."""
    if not in_question(context) or asks(context):
        return
    for call in context.calls.get(b"netmem_address", ()):
        if _goes_on(context, call) and not (call.args and is_page(context, call.args[0])):
            yield found(context, RULE, call.node,
                        "the result of netmem_address() is used without a test for NULL")


def _goes_on(context: Context, call: view.Call) -> bool:
    """Is an address computed with, read, or passed on, and never tested?"""
    parent = _above(context, call.node, _WRAPS)
    if parent is not None and parent.type in _USES:
        return _sign(parent) in ("", "+", "-", "*", "->")
    if parent is not None and parent.type == "argument_list":
        return not _passed_to(context, parent, table().hints)
    name = stored(context, call).encode()
    if not name:
        return False
    used = False
    for node in nodes(context.root, "identifier"):
        if node.text != name or node.start_byte <= call.node.start_byte:
            continue
        above = _above(context, node, _WRAPS[:1])
        if above is None:
            continue
        if above.type in _TESTS or (above.type == "binary_expression"
                                    and _sign(above) in ("==", "!=", "&&", "||")):
            return False
        if above.type == "argument_list":
            if _passed_to(context, above, _TRUTH):
                return False
            used = used or not _passed_to(context, above, table().hints)
        elif above.type in _USES:
            used = True
    return used


def _above(context: Context, node: Node, through: tuple[str, ...]) -> Node | None:
    """The first node around one that is of no kind in `through`."""
    above = context.above.of(node)
    while above is not None and above.type in through:
        above = context.above.of(above)
    return above


def _sign(node: Node) -> str:
    """The operator of an expression, "" for a subscript."""
    if (pair := view.infix(node)) is not None:
        return pair.sign
    if (member := view.field(node)) is not None:
        return "->" if member.arrow else "."
    one = view.prefix(node)
    return one.sign if one is not None else ""


def _passed_to(context: Context, arguments: Node, names: Collection[str]) -> bool:
    call = view.call(context.above.of(arguments))
    return call is not None and call.name.decode("latin-1") in names
