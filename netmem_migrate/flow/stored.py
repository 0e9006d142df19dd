# SPDX-License-Identifier: GPL-2.0-only
"""How a member is set: by `=`, or by whoever is given it."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow.writes import is_setter


def is_lent(node: Node) -> bool:
    """Whether something else may set the member there: by its address, or as a macro that is given
    it."""
    parent = view.outer(node).parent
    if parent is not None and parent.type == "argument_list":
        call = view.call(parent.parent)
        return call is not None and is_setter(call.name)
    return parent is not None and (
        (parent.type == "pointer_expression" and parent.children[0].type == "&")
        or parent.type in ("update_expression", "gnu_asm_output_operand", "gnu_asm_input_operand"))


def is_set(node: Node) -> bool:
    """Whether a member is set there, or may be."""
    node = view.outer(node)
    parent = node.parent
    return parent is not None and (is_lent(node) or (
        parent.type == "assignment_expression"
        and parent.child_by_field_name("left") == node))
