# SPDX-License-Identifier: GPL-2.0-only
"""Locals that one thing sets, and locals that go nowhere but to some functions."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Declarator, read_declarator

_CHANGES = ("assignment_expression", "update_expression", "pointer_expression")


def declared(function: Node, name: bytes) -> Declarator | None:
    """How a function declares a local; None for none, for a static one, and for one of several
    of that name."""
    found: list[Declarator | None] = []
    for node in nodes(function, "declaration", "parameter_declaration"):
        plain = node.type == "declaration" and not any(
            child.type == "storage_class_specifier" for child in node.children)
        base = view.type_of(node)
        for child in node.children_by_field_name("declarator"):
            identifier = view.declared(child)
            if identifier is not None and view.text(identifier) == name:
                found.append(read_declarator(b" ".join(view.text(base).split()).decode("latin-1"),
                                             child, b"") if plain and base is not None else None)
    return found[0] if len(found) == 1 else None


def value_of(function: Node, name: bytes) -> Node | None:
    """What a local is set to; None where not just one thing sets it, or something else may, by its
    address."""
    if declared(function, name) is None:
        return None
    sets = [one for one in view.stores(function) if _is_named(one.target, name)]
    taken = [node for node in nodes(function, *_CHANGES)
             if (node.type != "pointer_expression" or node.children[0].type == "&")
             and (changed := view.changed(node)) is not None and _is_named(changed, name)
             and not any(one.node == node for one in sets)]
    return sets[0].value if len(sets) == 1 and not taken else None


def only_given(function: Node, name: bytes,
               takes: Callable[[bytes], bool]) -> tuple[view.Call, ...]:
    """The calls that a local is all that is given to, if it has no other use but to be set once,
    and each of them `takes` it, by the name of the function; none otherwise."""
    one = declared(function, name)
    if one is None or one.identifier is None or value_of(function, name) is None:
        return ()
    sets = {one.identifier.id, *(view.bare(store.target).id for store in view.stores(function))}
    found: list[view.Call] = []
    for node in nodes(function, "identifier"):
        if view.text(node) != name or node.id in sets:
            continue
        given = view.outer(node).parent
        call = view.call(given.parent) if (
            given is not None and given.type == "argument_list") else None
        if call is None or len(call.args) != 1 or not takes(call.name):
            return ()
        found.append(call)
    return tuple(found)


def _is_named(node: Node, name: bytes) -> bool:
    node = view.bare(node)
    return node.type == "identifier" and view.text(node) == name
