# SPDX-License-Identifier: GPL-2.0-only
"""Does a driver keep code for kernels that do not have what a conversion writes?"""

from __future__ import annotations

import re
from collections.abc import Iterable

from netmem_migrate.c.arms import Arms, Group
from netmem_migrate.c.conditions import Name, integer, value_of, version
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.model.functions import BY_NAME, LEVELS
from netmem_migrate.model.releases import number
from netmem_migrate.results import OlderKernels

_CODE = b"LINUX_VERSION_CODE"
_POINT = re.compile(rb"\bKERNEL_VERSION\s*\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)")


def older_kernels(analysis: Analysis, written: Iterable[bytes]) -> OlderKernels | None:
    """The first `#if` that goes another way on a kernel without some of the functions `written`.

    The model goes back to its first release; what is older there it takes for as old as that.
    """
    names = {word.decode("ascii") for text in written for word in WORD.findall(text)}
    since = [BY_NAME[name].since or LEVELS[0] for name in names if name in BY_NAME]
    if not since:
        return None
    first = max(since, key=number)
    major, minor = number(first)[:2]
    arms = analysis.symbols.texts.arms
    for file in analysis.driver.files:
        source = analysis.originals[file]
        if _CODE not in source:
            continue
        for group in arms.read(source).groups:
            if _differs(arms, group, version(major, minor, 0)):
                return OlderKernels(first, file, line_of(source, group.start))
    return None


def _differs(arms: Arms, group: Group, oldest: int) -> bool:
    """Whether another arm is taken below a version than on the target, where that decides it."""
    conditions = b" ".join(arm.directive for arm in group.arms)
    if not group.decided or _CODE not in conditions:
        return False
    points = {version(*map(int, found)) for found in _POINT.findall(conditions)}
    points |= {point - 1 for point in points}
    taken = _taken(arms, group, None)
    return any(_taken(arms, group, point) != taken for point in points if point < oldest)


def _taken(arms: Arms, group: Group, code: int | None) -> int | None:
    """Which arm is taken on a kernel of some version (None: the target); -1 for none of them.

    None where that hangs on something else.
    """
    def names(name: bytes) -> Name | None:
        if name == _CODE and code is not None:
            return Name(True, integer(code))
        return arms.of(name)

    for index, arm in enumerate(group.arms):
        word, _, condition = arm.directive.partition(b" ")
        if not condition:
            return index
        if word.endswith(b"def"):
            condition = b"defined " + condition
        value = value_of(condition, names)
        truth = value.truth if value is not None else None
        if truth is None:
            return None
        if truth != word.endswith(b"ndef"):
            return index
    return -1
