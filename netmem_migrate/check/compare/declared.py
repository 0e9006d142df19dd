# SPDX-License-Identifier: GPL-2.0-only
"""Statements of a canonical spelling, and one order for declarations that can stand in several."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from heapq import heapify, heappop, heappush

from netmem_migrate.c.words import TEXT_WORD
from netmem_migrate.check.compare.plain import WRITES

_MEMORY = re.compile(r"->|\[|\*|\.\w")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement or the head of one, in canonical spelling; `line` is 1-based."""

    text: str
    line: int


def settled(found: list[Statement], names: list[str]) -> Iterator[Statement]:
    """Declarations in one order for all orders that mean the same."""
    values = [one.text.partition(" = ")[2] for one in found]
    reads = [set(TEXT_WORD.findall(value)) for value in values]
    part: list[int] = []
    for number, value in enumerate(values):
        if WRITES.search(value) is None:
            part.append(number)
            continue
        # Nothing moves past what writes.
        yield from _in_order(found, names, values, reads, part)
        yield found[number]
        part = []
    yield from _in_order(found, names, values, reads, part)


def _in_order(found: list[Statement], names: list[str], values: list[str],
              reads: list[set[str]], part: list[int]) -> Iterator[Statement]:
    """Of those that write nothing always the first by its text of those that need none before."""
    if len(part) < 2:
        yield from (found[number] for number in part)
        return
    behind: dict[int, set[int]] = {number: set() for number in part}
    declared: dict[str, list[int]] = {}
    read: dict[str, list[int]] = {}
    call: int | None = None
    reads_memory: list[int] = []
    for number in part:
        before = [one for word in reads[number] for one in declared.get(word, ())]
        before += read.get(names[number], ())
        if "(" in values[number]:
            before += [call] if call is not None else []
            before += reads_memory
            call, reads_memory = number, []
        elif _MEMORY.search(values[number]):
            # A call may change what is read.
            before += [call] if call is not None else []
            reads_memory.append(number)
        for one in before:
            behind[one].add(number)
        declared.setdefault(names[number], []).append(number)
        for word in reads[number]:
            read.setdefault(word, []).append(number)
    needs = Counter(one for others in behind.values() for one in others)
    ready = [(found[number].text, number) for number in part if not needs[number]]
    heapify(ready)
    while ready:
        _, number = heappop(ready)
        yield found[number]
        for one in behind[number]:
            needs[one] -= 1
            if not needs[one]:
                heappush(ready, (found[one].text, one))
