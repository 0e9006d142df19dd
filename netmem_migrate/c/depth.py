# SPDX-License-Identifier: GPL-2.0-only
"""How deep code is nested, and room for whoever follows it down.

Code is followed by functions that call themselves, one level after the other. No tree that they
are given is deeper than `LIMIT`: what is deeper is not shown (c/parse.py), as what cannot be parsed
is not. Functions of the kernel's drivers reach 60, the deepest list in any of its files 390.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator

from tree_sitter import Node

LIMIT = 1000
# The longest chain of calls from one level to the next, with as many again for safety.
_CALLS = 16

sys.setrecursionlimit(max(sys.getrecursionlimit(), LIMIT * _CALLS))

_CONDITIONAL = re.compile(rb"^[ \t]*+#[ \t]*+(if|endif)", re.MULTILINE)
_CONTAINERS = frozenset(
    (
        "preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef",
        "linkage_specification", "declaration_list", "ERROR",
    )
)  # fmt: skip


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


def too_deep(node: Node) -> bool:
    """Whether anything below a node is more than `LIMIT` levels down."""
    pending: Iterable[Node] = (node,)
    # What has so few nodes cannot be so deep: hardly anything is ever looked at.
    for level in range(LIMIT + 1):
        pending = [child for one in pending if one.descendant_count > LIMIT + 1 - level
                   for child in one.children]
        if not pending:
            return False
    return True


def conditionals_too_deep(source: bytes) -> int:
    """The offset of the first `#if` that is inside more than `LIMIT` others; -1 for none."""
    depth = 0
    for found in _CONDITIONAL.finditer(source) if source.count(b"if") > LIMIT else ():
        depth += 1 if found[1] == b"if" else -1 if depth else 0
        if depth > LIMIT:
            return found.start()
    return -1
