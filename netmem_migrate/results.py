# SPDX-License-Identifier: GPL-2.0-only
"""What a run found and did: plain frozen data, shared by every part of the house.

Paths are POSIX strings relative to the kernel root (or to the driver folder outside any tree);
lines are 1-based lines of the source *before* the conversion.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


class Verdict(StrEnum):
    """What became of one driver."""

    CONVERTED = "converted"
    PARTIAL = "partial"
    REFUSED = "refused"
    NOTHING_TO_DO = "nothing-to-do"


class Action(StrEnum):
    """What became of one call of a page_pool page API."""

    CONVERTED = "converted"
    BRIDGED = "bridged"
    KEPT = "kept"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A declaration that moved from `struct page` to `netmem_ref`."""

    file: str
    line: int
    function: str
    kind: str  # member | local | parameter | return | global
    name: str  # `struct_name.member` for a member
    new_name: str
    from_: str
    to: str


@dataclass(frozen=True, slots=True)
class Site:
    """One call of a page_pool page API in the driver, whatever became of it."""

    file: str
    line: int
    function: str
    call: str
    action: Action
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """A slot that a person has to look at; `origins` are `file:line text` strings."""

    file: str
    line: int
    slot: str
    category: str
    reason: str
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ParseCounts:
    """Functions in the driver's parsed files, and how many have parse errors."""

    functions: int = 0
    functions_with_errors: int = 0
    relevant_functions_with_errors: int = 0


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of Documentation/networking/netmem.rst, judged."""

    status: str  # met | unmet | unknown | n/a
    evidence: tuple[tuple[str, int, str], ...] = ()  # (file, line, text)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes [start, end) of a file's original content with `text`."""

    file: str
    start: int
    end: int
    text: bytes
    transform: str  # id of the pass
    why: str = ""


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; bytes, never decoded."""

    path: str
    before: bytes
    after: bytes


@dataclass(frozen=True, slots=True)
class DriverReport:
    """Everything that is said about one driver (one entry of the report's `drivers`)."""

    path: str
    files: tuple[str, ...]
    verdict: Verdict
    declarations: tuple[Declaration, ...] = ()
    sites: tuple[Site, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    requirements: dict[str, Requirement] = field(default_factory=dict)
    parse: ParseCounts = ParseCounts()


class StepKind(StrEnum):
    """What one patch of a driver's series does."""

    HINTS = "hints"  # drops prefetches of page descriptors, before the conversion
    CONVERT = "convert"


@dataclass(frozen=True, slots=True)
class Step:
    """One logical change of a driver, a patch of its own: the tree before and after it builds."""

    kind: StepKind
    changes: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Migration:
    """The result of converting one driver: its report, and the files that change.

    `steps` are the patches that lead there, in order; together they make `changes`. A folder of
    several drivers has a conversion for each that stands alone.
    """

    report: DriverReport
    changes: tuple[FileChange, ...] = ()
    edits: tuple[Edit, ...] = ()
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one call of `api.migrate()`.

    `root` is the folder that paths are relative to: the kernel root where there is one.
    `kernel` is that tree's version ("7.3.4") or "" outside a tree; `api` the API level ("7.3").
    `stopped` are drivers whose conversion the check found fault with; they have no changes.
    """

    root: Path
    kernel: str
    api: str
    drivers: tuple[Migration, ...] = ()
    stopped: tuple[str, ...] = ()


class Severity(StrEnum):
    """How sure a rule of `check` is that a person has to act."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What a rule found at a place: `line` and `column` are 1-based, of the file as it is checked.

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


@dataclass(frozen=True, slots=True)
class Norm:
    """One line of netdev's list for a series; `status` is pass, warn or fail. What was not checked
    is a warn."""

    name: str
    status: str
    text: str
