# SPDX-License-Identifier: GPL-2.0-only
"""What initialisers and compound literals give to members, by the record that they are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Type
from netmem_migrate.check.half.expressions import Expressions
from netmem_migrate.check.types import of_params


@dataclass(frozen=True, slots=True)
class Given:
    """`.name = value`. `type` is None where the record is in sight and has no such member."""

    node: Node
    record: Type
    name: bytes
    type: Type | None
    value: Node


def given(root: Node, types: Expressions) -> Iterator[Given]:
    """Every member that is given by name below a node, as far as its record is in sight."""
    for kind in ("init_declarator", "compound_literal_expression"):
        for node in nodes(root, kind):
            first = node.child_by_field_name("value")
            if first is not None and first.type == "initializer_list":
                yield from _inside(first, _whole(node, types), types)


def _whole(node: Node, types: Expressions) -> Type | None:
    if node.type == "compound_literal_expression":
        return types.cast(node)
    name = view.declared(node.child_by_field_name("declarator"))
    return types.of(name) if name is not None else None


def _inside(first: Node, whole: Type | None, types: Expressions) -> Iterator[Given]:
    left = [(first, whole)]
    while left:
        node, type_ = left.pop()
        if type_ is None:
            continue
        for one in view.children(node):
            if one.type == "initializer_list":
                left.append((one, type_.target()))
            elif one.type == "initializer_pair":
                value = view.value(one)
                found = _named(one, type_, types) if value is not None else None
                if found is None or value is None:
                    continue
                record, name, member = found
                if value.type == "initializer_list":
                    left.append((value, member))
                elif name:
                    yield Given(one, record, name, member, value)


def _named(pair: Node, type_: Type, types: Expressions) -> tuple[Type, bytes, Type | None] | None:
    """What the designators of a pair lead to: the record, the member's name and its type."""
    record, name, current = type_, b"", type_
    for one in pair.children_by_field_name("designator"):
        target: Type | None
        if one.type == "field_designator":
            said = view.text(one).lstrip(b". \t\n")
            number = of_params(current, said)
            if number is not None:
                record, name, current = current, said, number
                continue
            if types.symbols.record(current.base, types.path) is None or current.derivations:
                return None
            record, name = current, said
            found = types.symbols.member(current, name, types.path)
            target = types.names.resolved(found.type) if found is not None else None
        else:
            name, target = b"", current.target()
        if target is None:
            return (record, name, None) if name else None
        current = target
    return record, name, current
