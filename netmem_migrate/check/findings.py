# SPDX-License-Identifier: GPL-2.0-only
"""What `check` finds, and the rules that find it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from netmem_migrate.results import Finding as Finding


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
