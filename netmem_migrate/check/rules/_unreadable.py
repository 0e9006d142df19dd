# SPDX-License-Identifier: GPL-2.0-only
"""What the rules about memory that the CPU may not be able to read have in common.

Documentation/networking/netmem.rst. A function that asks whether the memory is a net_iov, or
readable, is believed to do so in the right place.
"""

from __future__ import annotations

import re

from netmem_migrate.c import view
from netmem_migrate.check.context import Context
from netmem_migrate.check.paths.values import place

_ASKS = re.compile(rb"\b(?:netmem_is_net_iov|page_pool_is_unreadable|skb_frags_readable|"
                   rb"skb_frag_is_net_iov)\s*\(")


def in_question(context: Context) -> bool:
    """Whether a function has netmem that may be unreadable."""
    return context.unreadable and b"netmem" in context.text


def asks(context: Context) -> bool:
    """Whether a function asks what the memory is."""
    return _ASKS.search(context.text) is not None


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
