# SPDX-License-Identifier: GPL-2.0-only
"""Functions whose control flow is all in sight: no arm of `#if`, nothing that a macro jumps by."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function, Macro
from netmem_migrate.c.words import WORD

_JUMPS = ("goto_statement", "return_statement", "break_statement", "continue_statement")
_CONDITIONAL = re.compile(rb"(?m)^[ \t]*#[ \t]*(?:if|else|elif|endif)")
_JUMPED = re.compile(rb"\b(?:goto|return|break|continue)\b")
_PASTED = re.compile(rb"(\w+)\s*##|##\s*(\w+)")
_ASM_GOTO = re.compile(rb"\basm(?:_volatile)?_goto\b|\basm\b[^;(]*\bgoto\b")


def is_straight(function: Function, original: bytes,
                macros: Mapping[bytes, Sequence[Macro]]) -> bool:
    """Whether nothing but what stands in a function decides where it goes; `original` is the text
    of its file as the parser was not shown it."""
    node = function.node
    if node.has_error or _ASM_GOTO.search(view.text(node)) or _CONDITIONAL.search(
            original, node.start_byte, node.end_byte):
        return False
    labels = {view.text(name) for one in nodes(node, "labeled_statement")
              if (name := view.label(one)) is not None}
    labels -= {view.text(one) for one in nodes(node, "identifier")
               if one.parent is not None and one.parent.type.endswith(("declarator",
                                                                        "declaration"))}
    if labels and any(view.text(one) in labels for one in nodes(node, "identifier")):
        return False  # given to something that may jump there
    if any(_JUMPED.search(macro.body) for call in view.calls(node)
           for macro in macros.get(call.name, ())):
        return False
    return not any(_is_expression(one) and nodes(one, *_JUMPS)
                   for one in nodes(node, "compound_statement"))


def pasted(macros: Mapping[bytes, Sequence[Macro]]) -> frozenset[bytes]:
    """The parts of names that macros paste together."""
    return frozenset(part for every in macros.values() for macro in every
                     for found in _PASTED.findall(macro.body) for part in found
                     if part and part != b"__VA_ARGS__" and part not in macro.parameters)


def captured(node: Node, macros: Mapping[bytes, Sequence[Macro]]) -> frozenset[bytes]:
    """The words that macros named below a node say in the end and are not given."""
    found: set[bytes] = set()
    left = {view.text(one) for one in nodes(node, "identifier", "type_identifier")}
    known = set(left)
    while left:
        for macro in macros.get(left.pop(), ()):
            words = set(WORD.findall(macro.body)) - set(macro.parameters)
            found |= words
            left |= words - known
            known |= words
    return frozenset(found)


def _is_expression(block: Node) -> bool:
    return block.parent is not None and block.parent.type == "parenthesized_expression"
