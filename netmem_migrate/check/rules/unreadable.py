# SPDX-License-Identifier: GPL-2.0-only
"""What a driver whose memory may be unreadable must not do with it.

Documentation/networking/netmem.rst. A function that asks whether the memory is a net_iov, or
readable, is believed to do so in the right place.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import Function
from netmem_migrate.check.findings import Finding
from netmem_migrate.check.paths.cfg import inner
from netmem_migrate.check.paths.values import place
from netmem_migrate.check.rules.table import finding

_ASKS = re.compile(rb"\b(?:netmem_is_net_iov|page_pool_is_unreadable|skb_frags_readable|"
                   rb"skb_frag_is_net_iov)\s*\(")
_RAW = re.compile(rb"dma_sync_single(?:_range)?_for_cpu")
_HINTS = (b"prefetch", b"net_prefetch", b"prefetchw", b"net_prefetchw")


def unreadable_findings(function: Function, parsed: ParsedFile) -> list[Finding]:
    """Addresses, DMA syncs and pages of memory that may be no page."""
    text = parsed.source[function.node.start_byte:function.node.end_byte]
    if b"netmem" not in text:
        return []
    where = function.name.decode("latin-1")
    asks = _ASKS.search(text) is not None
    calls: dict[bytes, list[Node]] = {}
    for call in nodes(function.node, "call_expression"):
        callee = call.child_by_field_name("function")
        calls.setdefault((callee.text or b"") if callee is not None else b"", []).append(call)
    found: list[Finding] = []
    for call in calls.get(b"netmem_address", ()):
        if not asks and _goes_on(function, call):
            found.append(finding(
                "unreadable-address", function.file, where, call,
                message="the result of netmem_address() is used without a test for NULL"))
    for name in (b"netmem_to_page", b"__netmem_to_page"):
        for call in calls.get(name, ()):
            if not asks:
                found.append(finding(
                    "page-helper", function.file, where, call,
                    message=f"{name.decode()}() without netmem_is_net_iov() before"))
    addresses = {_stored(call) for call in calls.get(b"page_pool_get_dma_addr_netmem", ())} - {""}
    for name, several in calls.items():
        if not _RAW.fullmatch(name):
            continue
        for call in several:
            given = call.child_by_field_name("arguments")
            arguments = [c for c in given.named_children if c.type != "comment"] if given else []
            if len(arguments) > 1 and _from_pool(arguments[1], addresses):
                found.append(finding(
                    "raw-dma", function.file, where, call,
                    message=f"{name.decode()}() on the DMA address of netmem",
                    fix="page_pool_dma_sync_netmem_for_cpu()"))
    return found


def _from_pool(node: Node, addresses: set[str]) -> bool:
    node = inner(node)
    if node.type == "binary_expression":
        left = node.child_by_field_name("left")
        return left is not None and _from_pool(left, addresses)
    if node.type == "call_expression":
        callee = node.child_by_field_name("function")
        return callee is not None and callee.text == b"page_pool_get_dma_addr_netmem"
    return place(node) in addresses


def _stored(call: Node) -> str:
    """The local that the result of a call goes to, "" if it goes elsewhere."""
    node, parent = call, call.parent
    while parent is not None and parent.type in ("parenthesized_expression", "cast_expression"):
        node, parent = parent, parent.parent
    if parent is None:
        return ""
    if parent.type == "assignment_expression":
        left = parent.child_by_field_name("left")
        return place(left) if left is not None and left.type == "identifier" else ""
    if parent.type == "init_declarator":
        left = parent.child_by_field_name("declarator")
        while left is not None and left.type == "pointer_declarator":
            left = left.child_by_field_name("declarator")
        return place(left) if left is not None and left.id != node.id else ""
    return ""


def _goes_on(function: Function, call: Node) -> bool:
    """Is an address computed with, read, or passed on, and never tested?"""
    parent = call.parent
    while parent is not None and parent.type in ("parenthesized_expression", "cast_expression"):
        parent = parent.parent
    if parent is not None and parent.type in ("binary_expression", "subscript_expression",
                                              "pointer_expression", "field_expression"):
        sign = parent.child_by_field_name("operator")
        return sign is None or sign.text in (b"+", b"-", b"*", b"->")
    if parent is not None and parent.type == "argument_list":
        return not _hint(parent)
    name = _stored(call).encode()
    if not name:
        return False
    used = False
    for node in nodes(function.node, "identifier"):
        if node.text != name or node.start_byte <= call.start_byte:
            continue
        above = node.parent
        while above is not None and above.type == "parenthesized_expression":
            above = above.parent
        if above is None:
            continue
        if above.type in ("unary_expression", "if_statement", "conditional_expression",
                          "while_statement") or (
                above.type == "binary_expression" and _compares(above)):
            return False
        if above.type == "argument_list":
            callee = above.parent.child_by_field_name("function") if above.parent else None
            if callee is not None and callee.text in (b"unlikely", b"likely", b"WARN_ON_ONCE"):
                return False
            used = used or not _hint(above)
        elif above.type in ("binary_expression", "subscript_expression", "pointer_expression",
                            "field_expression"):
            used = True
    return used


def _hint(arguments: Node) -> bool:
    callee = arguments.parent.child_by_field_name("function") if arguments.parent else None
    return callee is not None and callee.text in _HINTS


def _compares(node: Node) -> bool:
    sign = node.child_by_field_name("operator")
    return sign is not None and sign.text in (b"==", b"!=", b"&&", b"||")
