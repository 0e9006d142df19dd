# SPDX-License-Identifier: GPL-2.0-only
"""Parameters that are in the whole of their function what they were given as."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes

_SETS = ("assignment_expression", "update_expression", "pointer_expression", "init_declarator")
_TESTED = ("if_statement", "while_statement", "conditional_expression", "binary_expression",
           "unary_expression", "parenthesized_expression")


def is_given(function: Node, name: bytes, frees: Callable[[bytes], bool]) -> bool:
    """Whether a name is a parameter that nothing in its function sets, tests, frees, or gives the
    address of; `frees` says it of what is called."""
    declared = 0
    for node in nodes(function, "identifier"):
        if view.text(node) != name:
            continue
        parent = node.parent
        if parent is None or parent.type in _TESTED:
            return False
        if parent.type in _SETS and parent.child_by_field_name("value") != node and (
                parent.type != "assignment_expression"
                or parent.child_by_field_name("left") == node):
            return False
        if parent.type == "argument_list":
            call = view.call(parent.parent)
            if call is None or frees(call.name):
                return False
        if parent.type in ("declaration", "parameter_declaration") or \
                parent.type.endswith("declarator"):
            around: Node | None = parent
            while around is not None and around.type.endswith("declarator"):
                around = around.parent
            if around is not None and around.type == "parameter_declaration":
                declared += 1
            elif parent.child_by_field_name("value") != node:
                return False
    return declared == 1
