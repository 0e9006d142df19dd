# SPDX-License-Identifier: GPL-2.0-only
"""What a way of the proof says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

LINE = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? "
                  r"(?P<kind>warning|error|fatal error): (?P<text>.*)$", re.MULTILINE)
"""A line in which a compiler says something of a place."""


class Status(StrEnum):
    """What one way said of one object."""

    PASS = "pass"
    FAIL = "fail"
    NOT_BUILT = "not-built"


@dataclass(frozen=True, slots=True)
class Said:
    """The status of one way, and the lines that explain a failure."""

    status: Status
    details: tuple[str, ...] = ()


def errors(text: str) -> tuple[str, ...]:
    """The errors in what a compiler says."""
    return tuple(one.group() for one in LINE.finditer(text) if "error" in one["kind"])
