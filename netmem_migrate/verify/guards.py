# SPDX-License-Identifier: GPL-2.0-only
"""What a function does only where a stored address is 0, or is not: the rest of T1."""

from __future__ import annotations

import re
from collections.abc import Iterator

from netmem_migrate.model.sent import RAW, SINGLE, UNMAPPED
from netmem_migrate.verify.gimple import SSA, Graph, Statement
from netmem_migrate.verify.terms import last
from netmem_migrate.verify.unit import BUILT_IN, Traced, Unit

_EXIT = -1
_UNMAPS = frozenset((UNMAPPED, RAW, SINGLE))
_CONSTANT = re.compile(r"-?\d\w*")
_PLACE = re.compile(r"->|\.[A-Za-z]|^\*|^MEM|\[")


def skipped(one: Traced, load: Statement) -> Iterator[Statement]:
    """What a test of an address that is read decides on, besides unmaps and what they need."""
    for end in one.ends(load.target):
        if end.kind == "zero" and end.at.kind == "if" and end.at in one.graph.statements:
            yield from _skipped(one, end.at)


def _skipped(one: Traced, test: Statement) -> Iterator[Statement]:
    graph = one.graph
    start = next(block.number for block in graph.blocks.values() if test in block.statements)
    join = _joins(graph).get(start, _EXIT)
    inside: set[int] = set()
    todo = list(graph.blocks[start].successors)
    while todo:
        number = todo.pop()
        if number == join or number in inside or number not in graph.blocks:
            continue
        inside.add(number)
        todo += graph.blocks[number].successors
    if start in inside:
        # A loop that the test is in goes on from there.
        yield test
        return
    for number in sorted(inside):
        for statement in graph.blocks[number].statements:
            if not _is_fine(one, statement, frozenset()):
                yield statement
    for statement in graph.blocks[join].statements if join in graph.blocks else ():
        given = {source for source, before in zip(statement.sources, statement.before, strict=True)
                 if before in inside or before == start}
        if statement.kind == "phi" and len(given) > 1:
            yield statement


def _is_fine(one: Traced, statement: Statement, seen: frozenset[str]) -> bool:
    """Whether a statement does no more than unmap, ask, and put back."""
    if statement.kind in ("phi", "if"):
        return True
    if statement.kind == "call":
        return (statement.name in _UNMAPS or statement.name.startswith(BUILT_IN)
                or _only_unmaps(one.unit, statement.name, seen))
    if statement.kind != "set":
        return statement.kind == "return" and not statement.value
    if SSA.fullmatch(statement.target) and statement.target in one.graph.defined:
        return True
    return _CONSTANT.fullmatch(statement.value) is not None and \
        _PLACE.search(statement.target) is not None and _is_put(one.unit, statement.target)


def _only_unmaps(unit: Unit, name: str, seen: frozenset[str]) -> bool:
    inner = unit.traced(name) if name not in seen else None
    return inner is not None and all(_is_fine(inner, one, seen | {name})
                                     for one in inner.graph.statements)


def _is_put(unit: Unit, target: str) -> bool:
    """Whether what is put back is set wherever the address is."""
    name = last(target)
    if name == unit.member:
        return True
    for one in unit.all:
        mine = [statement for statement in one.graph.statements
                if unit.named.search(statement.target)]
        if any(_CONSTANT.fullmatch(statement.value) is None for statement in mine) and not any(
                last(statement.target) == name for statement in one.graph.statements
                if statement.target and statement.target not in one.graph.defined):
            return False
    return True


def _joins(graph: Graph) -> dict[int, int]:
    """The block, by each, that every way from there comes to first."""
    numbers = list(graph.blocks)
    after = {number: [one for one in graph.blocks[number].successors if one in graph.blocks]
             or [_EXIT] for number in numbers}
    everything = frozenset((*numbers, _EXIT))
    behind = dict.fromkeys(numbers, everything) | {_EXIT: frozenset((_EXIT,))}
    changed = True
    while changed:
        changed = False
        for number in reversed(numbers):
            new = frozenset.intersection(*(behind[one] for one in after[number])) | {number}
            if new != behind[number]:
                behind[number], changed = new, True
    # The first of those behind one has the most behind it.
    return {number: max(behind[number] - {number}, key=lambda one: len(behind[one]))
            for number in numbers if behind[number] - {number}}
