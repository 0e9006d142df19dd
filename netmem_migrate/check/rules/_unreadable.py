# SPDX-License-Identifier: GPL-2.0-only
"""What the rules about memory that the CPU may not be able to read have in common.

Documentation/networking/netmem.rst. A function that asks whether the memory is a net_iov, or
readable, is believed to do so in the right place.
"""

from __future__ import annotations

from dataclasses import replace

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.lines import waypoints
from netmem_migrate.check.paths.values import place
from netmem_migrate.check.reach import asks as asks_of
from netmem_migrate.results import Finding


def in_question(context: Context) -> bool:
    """Whether a function has netmem that may be unreadable."""
    return (context.reach.allowed and b"netmem" in context.text and context.function is not None
            and context.reach.way(context.function) is not None)


def asks(context: Context) -> bool:
    """Whether a function asks what the memory is."""
    return asks_of(context.text)


def is_page(context: Context, node: Node) -> bool:
    """Whether an argument is a parameter that is a page in each call."""
    node = view.bare(node)
    return (node.type == "identifier" and context.function is not None
            and context.reach.only_pages(context.function, view.text(node)))


def found(context: Context, rule: Rule, node: Node, message: str, *, fix: str = "") -> Finding:
    """A finding at a node, with the calls on which unreadable memory gets there."""
    way = context.reach.way(context.function) if context.function is not None else None
    return replace(context.finding(rule, node, message, fix=fix),
                   path=(*(way or ()), *waypoints(context.path, None, node)))


def stored(context: Context, call: view.Call) -> str:
    """The local that the result of a call goes to, "" if it goes elsewhere."""
    node, parent = call.node, context.above.of(call.node)
    while parent is not None and parent.type in ("parenthesized_expression", "cast_expression"):
        node, parent = parent, context.above.of(parent)
    if parent is None:
        return ""
    if parent.type == "assignment_expression":
        pair = view.infix(parent)
        return place(pair.left) if pair is not None and pair.left.type == "identifier" else ""
    if parent.type == "init_declarator":
        left = view.declared(parent)
        return place(left) if left is not None and left.id != node.id else ""
    return ""
