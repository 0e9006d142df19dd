# SPDX-License-Identifier: GPL-2.0-only
"""Find nodes of a tree: those of one kind, as a rule without a walk; those in all arms of `#if`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache, wraps
from typing import Any, ParamSpec, TypeVar

import tree_sitter_c
from tree_sitter import Language, Node, Query, QueryCursor

_LEVELS = 60000  # a query counts them in 16 bits, and finds nothing further in
_CONTAINERS = frozenset(
    (
        "preproc_if", "preproc_ifdef", "preproc_else", "preproc_elif", "preproc_elifdef",
        "linkage_specification", "declaration_list", "ERROR",
    )
)  # fmt: skip


@cache
def _query(kinds: tuple[str, ...]) -> Query:
    return Query(Language(tree_sitter_c.language()),
                 f"[{' '.join(f'({kind})' for kind in kinds)}] @found")


P = ParamSpec("P")
T = TypeVar("T")
_MOST = 1 << 15  # answers of one function: more are not kept
_known: list[dict[Any, Any]] = []


def remembered(ask: Callable[P, T]) -> Callable[P, T]:
    """A function of nodes whose answers are kept until forget(): the same is asked again and
    again."""
    known: dict[Any, T] = {}
    _known.append(known)

    @wraps(ask)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T:
        found = known.get(args, known)
        if found is known:
            if len(known) >= _MOST:
                known.clear()
            found = known[args] = ask(*args, **kwargs)
        return found  # type: ignore[return-value] # not the default of get()

    return answer


def forget() -> None:
    """Keep no answers any more, nor the trees that they are of."""
    for one in _known:
        one.clear()
    _deep.cache_clear()


def nodes(root: Node, *kinds: str) -> list[Node]:
    """Every node of some kinds below `root`, in order of the file."""
    return list(_nodes(root, *kinds))


@remembered
def _nodes(root: Node, *kinds: str) -> list[Node]:
    if root.descendant_count > _LEVELS and _deep(root):
        found = _walked(root, kinds)
    else:
        found = QueryCursor(_query(kinds)).captures(root).get("found", [])
    return sorted(found, key=lambda node: (node.start_byte, -node.end_byte))


@lru_cache(maxsize=8)
def _deep(root: Node) -> bool:
    """Whether there are more levels than a query counts."""
    level, pending = 0, [root]
    while pending and level < _LEVELS:
        pending = [child for one in pending if one.descendant_count > _LEVELS - level
                   for child in one.children]
        level += 1
    return bool(pending)


def _walked(root: Node, kinds: tuple[str, ...]) -> list[Node]:
    found: list[Node] = []
    left = [root]
    while left:
        node = left.pop()
        if node.type in kinds and node.is_named:
            found.append(node)
        left += reversed(node.children)
    return found


def in_all_arms(root: Node) -> Iterator[Node]:
    """What stands in a file or a record, in order; of conditionals and the like, what is inside."""
    open_ = [iter(root.children)]
    while open_:
        node = next(open_[-1], None)
        if node is None:
            open_.pop()
        elif node.type in _CONTAINERS:
            open_.append(iter(node.children))
        else:
            yield node
