# SPDX-License-Identifier: GPL-2.0-only
"""What a way of the proof says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


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
