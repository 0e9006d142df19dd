# SPDX-License-Identifier: GPL-2.0-only
"""What a rule of `check` is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from netmem_migrate.results import Severity


class Unit(StrEnum):
    """What a rule is given to look at."""

    FUNCTION = "function"  # each one that touches memory of a pool, and parses
    FILE = "file"  # each one that touches memory of a pool, as a whole
    DRIVER = "driver"  # a driver that touches such memory, where all of its files are in sight
    CHANGE = "change"  # two versions of a file: the comparison finds, the rule only says what


@dataclass(frozen=True, slots=True)
class Rule:
    """The declaration of a rule.

    `id` is its module's name with dashes, `summary` what it finds, in a line, and `why` what is
    wrong with that, by which document or header of the kernel. `bad` and `good` are whole files of
    C: `explain` prints them, and a test wants the rule to find something in the one and no rule
    anything in the other. Of a rule of changes, they are what `before` became. A rule that is
    given functions which do not parse says so by `unparsed`.
    """

    id: str
    severity: Severity
    summary: str
    why: str
    bad: str
    good: str
    before: str = ""
    unit: Unit = Unit.FUNCTION
    unparsed: bool = False
