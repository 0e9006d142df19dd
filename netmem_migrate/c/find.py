# SPDX-License-Identifier: GPL-2.0-only
"""Find nodes of a tree: all of one kind, without walking it in Python, or what is at file scope."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import tree_sitter_c
from tree_sitter import Language, Node, Query, QueryCursor

_CONTAINERS = frozenset(
    (
        "preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef",
        "linkage_specification", "declaration_list", "ERROR",
    )
)  # fmt: skip


@cache
def _query(kind: str) -> Query:
    return Query(Language(tree_sitter_c.language()), f"({kind}) @found")


def nodes(root: Node, kind: str) -> list[Node]:
    """Every node of a kind below `root`, in order of the file."""
    found = QueryCursor(_query(kind)).captures(root).get("found", [])
    return sorted(found, key=lambda node: (node.start_byte, -node.end_byte))


def at_file_scope(root: Node) -> Iterator[Node]:
    """Whatever stands at file scope, in order; of conditionals and their like, what is inside."""
    open_ = [iter(root.children)]
    while open_:
        node = next(open_[-1], None)
        if node is None:
            open_.pop()
        elif node.type in _CONTAINERS:
            open_.append(iter(node.children))
        else:
            yield node
