# SPDX-License-Identifier: GPL-2.0-only
"""The directions that the undecided conditionals of one function can take together.

Arms are alternatives: of each conditional one is compiled, and the same condition is the same in
the whole function.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from itertools import product
from operator import itemgetter

from netmem_migrate.c.arms import Arm, Group
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.flow.cfg import Spans

# All directions of so many conditions; of more, only those that a person would look at first.
_ALL = 4
_PRINTED = re.compile(rb"\S+")


def directions(parsed: ParsedFile, start: int, end: int) -> tuple[Spans, ...]:
    """What each direction leaves out of a function; one that leaves out nothing if it has no arms.

    A conditional of which the parser was not shown all arms is read as it is.
    """
    groups = [group for group in parsed.groups
              if start <= group.start and group.end <= end and not group.decided]
    if groups:
        there, shown = (_printed(text, start, end) for text in (parsed.source, parsed.masked))
        groups = [group for group in groups
                  if not any(_any(there, arm) and not _any(shown, arm) for arm in group.arms)]
    if not groups:
        return ((),)
    fixed = parsed.arms.read(parsed.original).direction(start)
    tests = list(dict.fromkeys(arm.test for group in groups for arm in group.arms
                               if arm.test and arm.test not in fixed))
    found = {tuple(_left_out(groups, {**fixed, **chosen})) for chosen in _choices(tests)}
    return tuple(sorted(found))


def _choices(tests: list[bytes]) -> Iterator[dict[bytes, bool]]:
    if len(tests) <= _ALL:
        for truths in product((True, False), repeat=len(tests)):
            yield dict(zip(tests, truths, strict=True))
        return
    yield dict.fromkeys(tests, True)
    yield dict.fromkeys(tests, False)
    for one in tests:
        yield {**dict.fromkeys(tests, True), one: False}


def _left_out(groups: list[Group], truths: dict[bytes, bool]) -> Iterator[tuple[int, int]]:
    for group in groups:
        taken = next((arm for arm in group.arms if not arm.left_out
                      and (not arm.test or truths[arm.test] == arm.truth)), None)
        yield from ((arm.start, arm.end) for arm in group.arms if arm is not taken)


def _printed(text: bytes, start: int, end: int) -> list[tuple[int, int]]:
    """Where a text is not blank."""
    return [one.span() for one in _PRINTED.finditer(text, start, end)]


def _any(printed: list[tuple[int, int]], arm: Arm) -> bool:
    """Whether something is printed in an arm."""
    number = bisect_right(printed, arm.start, key=itemgetter(1))
    return number < len(printed) and max(printed[number][0], arm.start) < arm.end
