# SPDX-License-Identifier: GPL-2.0-only
"""Prefetches: of a page's own descriptor one can be dropped where it stands alone."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.graph import Use, UseKind
from netmem_migrate.flow.reader.core import Reader
from netmem_migrate.flow.reader.values import Value
from netmem_migrate.reasons import Why

_DOES = ("call_expression", "assignment_expression", "update_expression")


def hint(reader: Reader, found: view.Call) -> Value | None:
    """A prefetch; it refuses the slot where dropping it would leave something behind."""
    if len(found.args) != 1:
        return None
    node, argument = found.node, found.args[0]
    name = found.name.decode()
    value = reader.value(argument)
    statement = node.parent
    if not value.holds_page or value.level:
        return Value(node)
    if (statement is None or statement.type != "expression_statement"
            or not _alone(reader, statement)):
        reader.escape(value, Why.PASSED, by=name)
        return Value(node)
    if any(nodes(argument, kind) for kind in _DOES):
        reader.escape(value, Why.PASSED_WITH_MORE, by=name)
        return Value(node)
    idle = _idle_without(reader, argument)
    if idle:
        reader.escape(value, Why.PASSED_FOR_A_LOCAL, by=name, other=idle)
        return Value(node)
    for slot in value.slots:
        reader.graph.uses.append(Use(UseKind.HINT, slot, reader.place(statement)))
    return Value(node)


def _idle_without(reader: Reader, argument: Node) -> str:
    """A local that nothing would read any more if the hints were gone, or ""."""
    if reader.function.body is None:
        return ""
    read: set[bytes] = set()
    declared: set[bytes] = set()
    for one in nodes(reader.function.body, "identifier"):
        if _declares(one):
            declared.add(reader.text(one))
        elif not _is_set(one) and not _is_hinted(reader, one):
            read.add(reader.text(one))
    idle = declared - read
    return next((name.decode("latin-1") for one in nodes(argument, "identifier")
                 if (name := reader.text(one)) in idle), "")


def _alone(reader: Reader, statement: Node) -> bool:
    """Whether a statement has its lines to itself, in a block, and no comment is about it."""
    block, above = statement.parent, statement.prev_sibling
    source = reader.parsed.source
    start = source.rfind(b"\n", 0, statement.start_byte) + 1
    end = source.find(b"\n", statement.end_byte)
    return (block is not None and block.type == "compound_statement"
            and not source[start:statement.start_byte].strip()
            and not source[statement.end_byte:end].strip()
            and not (above is not None and above.type == "comment"
                     and above.end_point[0] + 1 == statement.start_point[0]))


def _declares(name: Node) -> bool:
    """Whether an identifier is the one that a declarator declares."""
    above = name.parent
    while above is not None and above.type in ("pointer_declarator", "array_declarator"):
        name, above = above, above.parent
    return above is not None and (
        above.type == "declaration"
        or (above.type == "init_declarator"
            and above.child_by_field_name("declarator") == name))


def _is_set(name: Node) -> bool:
    """Whether an identifier is only assigned to, in a statement of its own."""
    above = name.parent
    return (above is not None and above.type == "assignment_expression"
            and above.child_by_field_name("left") == name
            and above.parent is not None and above.parent.type == "expression_statement")


def _is_hinted(reader: Reader, name: Node) -> bool:
    """Whether an identifier is in what a prefetch that stands alone is given."""
    above = name.parent
    while above is not None and above.type != "expression_statement":
        if above.type.endswith("statement"):
            return False
        name, above = above, above.parent
    found = view.call(name)
    return found is not None and found.name.decode("latin-1") in reader.driver.rows.hints
