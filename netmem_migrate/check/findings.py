# SPDX-License-Identifier: GPL-2.0-only
"""What `check` finds, and the rules that find it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """How sure a rule is that a person has to act."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its id, what it finds in a sentence, and the kernel document that it follows."""

    id: str
    severity: Severity
    summary: str
    why: str


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding at a place: `line` and `column` are 1-based, of the file as it is checked.

    `fix` says what to write instead, where there is one answer.
    """

    file: str
    line: int
    column: int
    id: str
    severity: str
    function: str
    message: str
    why: str
    fix: str = ""
