# SPDX-License-Identifier: GPL-2.0-only
"""What a run found and did: plain frozen data, shared by every part of the house.

Paths are POSIX strings relative to the kernel root (or to the driver folder outside any tree);
lines are 1-based lines of the source *before* the conversion.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from netmem_migrate.c.counts import ParseCounts
from netmem_migrate.errors import ExitCode
from netmem_migrate.reasons import Category, Class, Detail, Reason, Why
from netmem_migrate.standings import Allowed as Allowed
from netmem_migrate.standings import Basis as Basis
from netmem_migrate.standings import Evidence as Evidence
from netmem_migrate.standings import Part as Part
from netmem_migrate.standings import PoolReport as PoolReport
from netmem_migrate.standings import PoolValue as PoolValue
from netmem_migrate.standings import Requirement as Requirement
from netmem_migrate.standings import Standing as Standing

if TYPE_CHECKING:
    from netmem_migrate.c.parse import ParsedFile, Texts


class Verdict(StrEnum):
    """What became of one driver."""

    WOULD_CONVERT = "would-convert"
    CONVERTED = "converted"  # the same, once it is written
    PARTIAL = "partial"  # some of it, and calls are left that are not by design
    REFUSED = "refused"
    BY_DESIGN = "by-design"  # no call of the page API is left but those that are so by design
    ON_NETMEM = "on-netmem"  # the same, beside netmem calls that take and give back memory
    NO_PAGE_POOL = "no-page-pool"  # it calls neither
    STOPPED = "stopped"  # the check of its own conversion found fault with that


class Action(StrEnum):
    """What became of one call of a page_pool page API."""

    CONVERTED = "converted"
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
    record: str = ""  # of a member: `struct` or `union`, "" for a typedef


@dataclass(frozen=True, slots=True)
class Site:
    """One call of a page_pool page API in the driver, whatever became of it.

    One that is kept has a reason, and what that is in particular; one that converted has neither.
    """

    file: str
    line: int
    function: str
    call: str
    action: Action
    to: str
    reason: Reason | None = None
    detail: Detail | None = None

    @property
    def left(self) -> bool:
        """Whether it is kept, and neither by design nor since that was asked for."""
        return self.action is Action.KEPT and not self.by_design and not self.asked

    @property
    def asked(self) -> bool:
        """Whether it is kept on request (--keep, or a hunk that a review leaves out)."""
        return self.reason is not None and self.reason.why is Why.ON_REQUEST

    @property
    def by_design(self) -> bool:
        """Whether it is kept since its memory is the host's for good."""
        return self.detail is not None and self.detail.class_ is Class.BY_DESIGN


@dataclass(frozen=True, slots=True)
class Origin:
    """A place that a refusal rests on: what gives the page there, by name, or what is done."""

    file: str
    line: int
    what: str | Reason


@dataclass(frozen=True, slots=True)
class Refusal:
    """A slot that a person has to look at."""

    file: str
    line: int
    slot: str
    category: Category
    reason: Reason
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True)
class BridgeSite:
    """A place where the conversion turns a page into a netmem: what is written, and why."""

    file: str
    line: int
    text: str
    reason: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the bytes [start, end) of a file's original content with `text`."""

    file: str
    start: int
    end: int
    text: bytes
    transform: str  # id of the pass
    why: str = ""


def _no_texts() -> Texts:
    # What reports, or lists options, does not pay for the parser.
    from netmem_migrate.c.parse import Texts

    return Texts()


@dataclass(frozen=True, slots=True)
class FileChange:
    """One file before and after; bytes, never decoded.

    `texts` is what the driver's texts were parsed to so far; it says nothing of the change.
    """

    path: str
    before: bytes
    after: bytes
    texts: Texts = field(default_factory=_no_texts, compare=False, repr=False)

    @property
    def parsed_before(self) -> ParsedFile:
        """The text before as it parses; parsed at most once."""
        return self.texts.parse(self.before)

    @property
    def parsed_after(self) -> ParsedFile:
        """The text after as it parses; parsed at most once."""
        return self.texts.parse(self.after)


@dataclass(frozen=True, slots=True)
class Room:
    """Room for a conversion that a preparatory patch makes.

    `step` is the id of its pass, `kind` which of the kinds of room that pass makes, `slot` what it
    makes room at, declared at `file`:`line`, `made` what it adds. `reason` is what is in the way
    without it. `calls` is how many calls of the page API are converted with it that are not
    without, 0 where that takes the next one, too. What comes `behind` a conversion makes no room:
    it is what else is done, `slot` at what, and `made` what with.
    """

    step: str
    kind: str
    slot: str
    made: str
    file: str
    line: int
    reason: Reason
    calls: int = 0
    behind: bool = False


@dataclass(frozen=True, slots=True)
class OlderKernels:
    """A driver keeps code, as the `#if` at a place shows, for kernels before the release that has
    what its conversion writes."""

    release: str
    file: str
    line: int


class ReadableKind(StrEnum):
    """What would have to be seen to before memory may be unreadable."""

    UNMARKED = "frag-fill-unmarked"  # a frag is filled, and nothing marks the skb
    OFFSET = "address-offset"  # something is added to the address of a netmem


@dataclass(frozen=True, slots=True)
class Readable:
    """A place that relies on memory that the CPU can read, once it is converted."""

    file: str
    line: int
    function: str
    kind: ReadableKind
    text: str


class Reach(StrEnum):
    """As what memory of a pool comes to the stack."""

    FRAG = "frag"
    HEAD = "head"  # of an skb, or of what an XDP program reads: the CPU reads it


@dataclass(frozen=True, slots=True)
class Handed:
    """A place where converted memory goes to the stack, or its address does: what takes it there.

    `function` and `by` are where it is taken and what takes it; `file` and `line` where it is
    given, which for an address is where that is asked for.
    """

    file: str
    line: int
    function: str
    by: str
    reach: Reach


def only_heads(handed: tuple[Handed, ...]) -> bool:
    """Whether memory comes to the stack at such places, and only as heads."""
    return bool(handed) and all(one.reach is Reach.HEAD for one in handed)


@dataclass(frozen=True, slots=True)
class DriverReport:
    """Everything that is said about one driver (one entry of the report's `drivers`).

    `rooms` were made for the conversion; with those that are `advised` more would convert, and
    `advised_heads` says that all of it would come to the stack as heads then. `joined`
    are the folders of the modules that move together, where it is about several. `behind` is what
    was done to the converted driver, and `undone` what of that was not, with the place. `stays` is
    what stays a page for good though what it is set from moves. `pools` are those that it creates.
    """

    path: str
    files: tuple[str, ...]
    verdict: Verdict
    declarations: tuple[Declaration, ...] = ()
    sites: tuple[Site, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    bridges: tuple[BridgeSite, ...] = ()
    requirements: dict[str, Requirement] = field(default_factory=dict)
    pools: tuple[PoolReport, ...] = ()
    parse: ParseCounts = field(default_factory=ParseCounts)
    older: OlderKernels | None = None
    readable: tuple[Readable, ...] = ()
    handed: tuple[Handed, ...] = ()
    rooms: tuple[Room, ...] = ()
    joined: tuple[str, ...] = ()
    advised: tuple[Room, ...] = ()
    advised_heads: bool = False
    behind: tuple[Room, ...] = ()
    undone: tuple[Reason, ...] = ()
    stays: tuple[Reason, ...] = ()

    @property
    def heads_only(self) -> bool:
        """Whether converted memory comes to the stack, and only as heads."""
        return only_heads(self.handed)

    @property
    def left(self) -> bool:
        """Whether calls stay that are not by design, or code of which it is not known."""
        return bool(self.refusals) or any(site.left for site in self.sites)


@dataclass(frozen=True, slots=True)
class Own:
    """What was found of the driver that one patch converts, in its own files only.

    `requirements` are judged by these; `untested` are functions that use an address of converted
    memory without a test for NULL; `unreadable` as of a Migration.
    """

    files: tuple[str, ...]
    requirements: dict[str, Requirement] = field(default_factory=dict)
    untested: tuple[str, ...] = ()
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One logical change of a driver, a patch of its own: the tree before and after it builds.

    `part` is a file of it where the folder holds several drivers, each with a conversion of its
    own, and "" elsewhere. `own` is None where nobody asked. `room` is what a preparatory patch
    makes room for, None of a conversion.
    """

    changes: tuple[FileChange, ...]
    part: str = ""
    own: Own | None = None
    room: Room | None = None


@dataclass(frozen=True, slots=True)
class Migration:
    """The result of converting one driver: its report, and the files that change.

    `steps` are the patches that lead there, in order; together they make `changes`. A folder of
    several drivers has a conversion for each that stands alone. `arguments` are the options of the
    command line that make it again, less those that name places on this machine. `unreadable`:
    the driver lets its pools hold memory that the CPU cannot read (flow/unreadable.py).
    """

    report: DriverReport
    changes: tuple[FileChange, ...] = ()
    edits: tuple[Edit, ...] = ()
    steps: tuple[Step, ...] = ()
    arguments: tuple[str, ...] = ()
    unreadable: bool = False

    @property
    def converting(self) -> tuple[FileChange, ...]:
        """The same changes from where the preparatory patches leave the files; `edits` are of
        that."""
        ready = {change.path: change.after for step in self.steps
                 if step.room is not None and not step.room.behind for change in step.changes}
        later = {change.path: change.before for step in reversed(self.steps)
                 if step.room is not None and step.room.behind for change in step.changes}
        return tuple(replace(one, before=ready.get(one.path, one.before),
                             after=later.get(one.path, one.after)) for one in self.changes)


class Severity(StrEnum):
    """How sure a rule of `check` is that a person has to act."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True, order=True)
class Mend:
    """What to write instead of some bytes of a file: their offsets, and the new ones."""

    start: int
    end: int
    text: bytes


@dataclass(frozen=True, slots=True, order=True)
class Waypoint:
    """A line that the way to a finding leads over, and what is decided or done there.

    `side` is "before" or "after" where a change is judged: of which version the line is.
    """

    file: str
    line: int
    text: str
    side: str = ""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """What a rule found at a place: `line` and `column` are 1-based, of the file as it is checked.

    `fix` says what to write instead, where there is one answer; `mend` is that answer where it can
    be written as it is. `path` is a way through the code on which it comes about, in order, the
    place itself last; of a change, first the way before it and then the one after.
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
    mend: Mend | None = field(default=None, compare=False)
    path: tuple[Waypoint, ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A driver in whose conversion the tool's own check finds fault, and what it finds."""

    driver: str
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Looked:
    """A folder that was walked: how many .c and .h files it has, and how many drivers were found.

    `path` is relative to the root of the run, "." for that itself.
    """

    path: str
    files: int
    drivers: int


@dataclass(frozen=True, slots=True)
class Run:
    """The result of one run of the pipeline.

    `root` is the folder that paths are relative to: the kernel root where there is one.
    `kernel` is that tree's version ("7.3.4") or "" outside a tree; `api` the API level ("7.3").
    `stopped` are the drivers that have no changes since the tool's own check found fault with them.
    `looked` are the folders that were walked. `absent` are helpers that were written and that the
    tree does not have, where a newer API was asked for; None where none was.
    """

    root: Path
    kernel: str
    api: str
    drivers: tuple[Migration, ...] = ()
    stopped: tuple[Stopped, ...] = ()
    looked: tuple[Looked, ...] = ()
    absent: tuple[str, ...] | None = None

    @property
    def exit_code(self) -> ExitCode:
        """How a command ends that made this run."""
        if self.stopped:
            return ExitCode.VERIFY
        left = any(one.report.left for one in self.drivers)
        return ExitCode.REFUSED if left else ExitCode.DONE

    @property
    def written(self) -> Run:
        """The same once the changes are written: what would convert has converted."""
        return replace(self, drivers=tuple(
            replace(one, report=replace(one.report, verdict=Verdict.CONVERTED))
            if one.report.verdict is Verdict.WOULD_CONVERT else one for one in self.drivers))
