# SPDX-License-Identifier: GPL-2.0-only
"""Warnings that a patch adds for testing: they compare, and do nothing else."""

from __future__ import annotations

from collections import Counter

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.model.spelled import DMA_OF_NETMEM, DMA_OF_PAGE, WARNS
from netmem_migrate.results import FileChange

_ASKS = frozenset(one.encode() for one in (DMA_OF_NETMEM, DMA_OF_PAGE))
_ACTS = ("assignment_expression", "update_expression")


def without(change: FileChange) -> bytes | None:
    """The text after a change less the warnings that it adds; None where it adds none, or one that
    does more than to compare what is kept and what the pool says."""
    known = Counter(view.text(one) for one in _warnings(change.parsed_before.tree.root_node))
    asked = {view.text(one.node) for one in view.calls(change.parsed_before.tree.root_node)}
    text, end, found = b"", 0, False
    for one in _warnings(change.parsed_after.tree.root_node):
        if known[view.text(one)]:
            known[view.text(one)] -= 1
            continue
        if not _compares(one, asked):
            return None
        found = True
        start = change.after.rfind(b"\n", 0, one.start_byte) + 1
        text += change.after[end:start]
        end = change.after.index(b"\n", one.end_byte) + 1
    return text + change.after[end:] if found else None


def _warnings(root: Node) -> list[Node]:
    return [call.node.parent for call in view.calls(root)
            if call.name == WARNS.encode() and call.node.parent is not None
            and call.node.parent.type == "expression_statement"]


def _compares(warning: Node, asked: set[bytes]) -> bool:
    """Whether a warning sets nothing, and calls nothing but what gives an address, or what the
    driver calls with the same arguments already."""
    (call,) = view.children(warning)
    return not nodes(call, *_ACTS) and all(
        one.name in _ASKS or view.text(one.node) in asked for one in view.calls(call)
        if one.node != call)
