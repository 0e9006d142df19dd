# SPDX-License-Identifier: GPL-2.0-only
"""Find all nodes of one kind without walking the tree in Python."""

from __future__ import annotations

from functools import cache

import tree_sitter_c
from tree_sitter import Language, Node, Query, QueryCursor


@cache
def _query(kind: str) -> Query:
    return Query(Language(tree_sitter_c.language()), f"({kind}) @found")


def nodes(root: Node, kind: str) -> list[Node]:
    """Every node of a kind below `root`, in order of the file."""
    found = QueryCursor(_query(kind)).captures(root).get("found", [])
    return sorted(found, key=lambda node: (node.start_byte, -node.end_byte))
