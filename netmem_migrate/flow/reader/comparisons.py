# SPDX-License-Identifier: GPL-2.0-only
"""Binary expressions: comparisons of pages with NULL, with each other, and of what they tell."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow.graph import Use, UseKind
from netmem_migrate.flow.reader.core import Reader, reads
from netmem_migrate.flow.reader.values import INT, Value
from netmem_migrate.reasons import Why


@reads("binary_expression")
def binary(reader: Reader, node: Node) -> Value:
    """Comparing is allowed, computing with a page is not."""
    found = view.infix(node)
    if found is None:
        return Value(node)
    sign = found.sign
    if sign in ("==", "!="):
        near = _node_test(reader, node, found.left, found.right, sign) or \
            _node_test(reader, node, found.right, found.left, sign)
        if near is not None:
            return near
    first, second = reader.value(found.left), reader.value(found.right)
    if sign in ("&&", "||"):
        return Value(node, INT)
    pages = [value for value in (first, second) if value.holds_page]
    if not pages:
        if sign in ("+", "-"):
            for value in (first, second):
                if value.type is not None and value.type.derivations:
                    return Value(node, value.type)
        return Value(node, INT)
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


def _node_test(reader: Reader, node: Node, call: Node, other: Node, sign: str) -> Value | None:
    """page_to_nid(x) == n, which has a netmem form as a whole."""
    found = view.call(view.bare(call))
    if (found is None or reader.text(found.function) != b"page_to_nid"
            or len(found.arguments.named_children) != 1
            or not reader.driver.has("netmem_is_pref_nid")):
        return None
    value = reader.value(found.arguments.named_children[0])
    reader.value(other)
    # The order of the two operands can change, so nothing else may change in `other`.
    for slot in reader.touched:
        if any(place.file == reader.path and place.node.start_byte >= other.start_byte
               and place.node.end_byte <= other.end_byte for place in slot.names):
            reader.escape(value, Why.NODE_COMPARED)
            return Value(node, INT)
    if not value.slots:
        return Value(node, INT)
    slot = reader.call_slot(node, "page_to_nid")
    reader.flow(value, slot, 0)
    reader.graph.uses.append(Use(UseKind.NODE, slot, reader.place(node), inner=value.node,
                                 other=other, negated=sign == "!="))
    return Value(node, INT)
