# SPDX-License-Identifier: GPL-2.0-only
"""Binary expressions: comparisons of pages with NULL and with each other, and arithmetic."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Steps
from netmem_migrate.flow.graph import Use, UseKind
from netmem_migrate.flow.reader.core import Reader, reads
from netmem_migrate.flow.reader.values import INT, Value
from netmem_migrate.reasons import Why

# What makes an address of an address.
_ARITHMETIC = frozenset({"+", "-", "&", "|"})


@reads("binary_expression")
def binary(reader: Reader, node: Node) -> Steps[Value]:
    """Comparing is allowed, computing with a page is not."""
    found = view.infix(node)
    if found is None:
        return Value(node)
    sign = found.sign
    first: Value = yield reader.value(found.left)
    second: Value = yield reader.value(found.right)
    if sign in ("&&", "||"):
        return Value(node, INT)
    pages = [value for value in (first, second) if value.holds_page]
    if not pages:
        at = first.at + second.at if sign in _ARITHMETIC else ()
        if sign in ("+", "-"):
            for value in (first, second):
                if value.type is not None and value.type.derivations:
                    return Value(node, value.type, at=at)
        return Value(node, INT, at=at)
    if sign in ("==", "!="):
        _compare(reader, node, (found.left, first), (found.right, second), sign == "==")
        return Value(node, INT)
    page = pages[0]
    if page.level == 0:
        for value in pages:
            reader.escape(value, Why.ARITHMETIC)
        return Value(node)
    if len(pages) == 2:
        reader.tie(pages[0], pages[1])
        return Value(node, INT)
    return Value(node, page.type, page.moved(node))


def _compare(reader: Reader, node: Node, near: tuple[Node, Value], far: tuple[Node, Value],
             equal: bool) -> None:
    first, second = near[1], far[1]
    for operand, value, other in ((*near, second), (*far, first)):
        if other.is_null and value.holds_page:
            if value.level == 0 and value.slots:
                reader.graph.uses.append(Use(UseKind.COMPARE, value.slots[0], reader.place(node),
                                             inner=operand, negated=equal))
            return
    if first.level or second.level:
        reader.tie(first, second)
        return
    for value, other in ((first, second), (second, first)):
        for slot in other.slots:
            reader.flow(value, slot, 0)
