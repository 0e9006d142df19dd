# SPDX-License-Identifier: GPL-2.0-only
"""What a message says, as values: a claim is made where a fact holds, and nowhere else.

They are made from the report of the driver and the change itself; patch/kinds.py says which there
are, patch/said.py has the words. What comes from the report counts the driver's own files only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import version

from netmem_migrate.c.heads import around
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.passes import ids
from netmem_migrate.model.assumed import Assumption
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import ADDRESS, TO_PAGE
from netmem_migrate.patch.disclosure import NAME
from netmem_migrate.patch.kinds import Claim, Kind, Subject
from netmem_migrate.patch.replacements import Replacement, calls
from netmem_migrate.reasons import Category, Why
from netmem_migrate.report import wording
from netmem_migrate.results import (
    Action,
    Basis,
    Declaration,
    DriverReport,
    Evidence,
    Reach,
    Site,
    Standing,
)

# -- why


def why(subject: Subject, reason: str, *, documented: bool) -> Iterator[Claim]:
    """Why it is done, and as what the memory comes to the stack.

    `documented`: the tree's own netmem.rst says what drivers have to do.
    """
    report = subject.report
    frags = _takers(report, Reach.FRAG)
    if reason:
        yield Claim(Kind.REASON, text=reason)
    if frags and documented and not reason:
        yield Claim(Kind.ASKED)
    else:
        yield Claim(Kind.PLAIN if report.heads_only else Kind.GENERAL)
    if frags:
        yield Claim(Kind.FRAGS, frags)
    elif report.heads_only:
        yield Claim(Kind.HEADS, _takers(report, Reach.HEAD))


def series(subjects: Sequence[Subject], *, alone: bool) -> Iterator[Claim]:
    """What the patches of a series do, each to another driver, where they are `alone`."""
    yield Claim(Kind.SERIES, count=len(subjects))
    paths = [change.path for one in subjects for change in one.changes]
    if alone and len(subjects) > 1 and len(paths) == len(set(paths)):
        yield Claim(Kind.APART)


def made(edited: bool) -> Claim:
    """Which tool made the change and its text, as generated-content.rst of the kernel asks."""
    return Claim(Kind.EDITED if edited else Kind.MADE, (version(NAME),))


def _takers(report: DriverReport, reach: Reach) -> tuple[str, ...]:
    """What makes frags or heads, and in which functions."""
    return tuple(f"{wording.listed(names)} in {wording.listed(functions)}"
                 for names, functions in _together(
                     (one.by, one.function) for one in report.handed if one.reach is reach))


def _together(
    calls: Iterable[tuple[str, str]],
) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
    """Which functions are called in which; those that are called in the same ones together."""
    found: dict[str, dict[str, None]] = {}
    for call, function in calls:
        found.setdefault(f"{call}()", {})[f"{function}()"] = None
    together: dict[tuple[str, ...], list[str]] = {}
    for call, where in found.items():
        together.setdefault(tuple(where), []).append(call)
    for functions, names in together.items():
        yield tuple(names), functions


def rx_buffers(subject: Subject) -> bool:
    """Whether what moves are Rx buffers: the device fills them, or the stack gets them."""
    return bool(subject.report.handed) or any(
        site.action is not Action.KEPT and has(site.call, Trait.DMA_ADDRESS)
        for site in subject.report.sites)


# -- what moves, and what stays


def moved(declarations: Sequence[Declaration]) -> Iterator[Claim]:
    """The declarations that become netmem_ref."""
    members: dict[str, list[str]] = {}
    loose: list[str] = []
    kinds: dict[str, None] = {}
    functions: set[str] = set()
    for one in declarations:
        old, new = one.name.rpartition(".")[2], one.new_name.rpartition(".")[2]
        shown = old if new in ("", old) else f"{old} (now {new})"
        if one.kind == "member" and "." in one.name:
            record = f"{one.record} {one.name.rpartition('.')[0]}".strip()
            members.setdefault(record, []).append(shown)
        elif one.kind == "global":
            loose.append(shown)
        elif one.kind in _SIGNATURE:
            kinds[one.kind] = None
            functions.add(one.function or one.name)
    for record, names in members.items():
        yield Claim(Kind.MEMBERS, tuple(names), text=record)
    if loose:
        yield Claim(Kind.GLOBALS, tuple(loose))
    if functions:
        yield Claim(Kind.SIGNATURES, tuple(one for one in _SIGNATURE if one in kinds),
                    len(functions))


_SIGNATURE = ("parameter", "return", "local")


def stayed(subject: Subject) -> Iterator[Claim]:
    """What stays of the driver: in the changed files one item a reason, elsewhere a number."""
    changed = {change.path for change in subject.changes}
    kept = [site for site in subject.report.sites if site.action is Action.KEPT]
    groups: dict[str, list[Site]] = {}
    for site in kept:
        if site.file in changed:
            groups.setdefault(wording.site(site, brief=True), []).append(site)
    for reason, sites in groups.items():
        for names, where in _together((site.call, site.function) for site in sites):
            yield Claim(Kind.KEPT, (*names, *where), len(names), reason)
    for said in dict.fromkeys(wording.refusal(one) for one in subject.report.refusals
                              if one.file in changed):
        yield Claim(Kind.LEFT, text=said)
    others = sum(site.file not in changed for site in kept)
    if others:
        yield Claim(Kind.ELSEWHERE, count=others)


def refused(name: str, report: DriverReport) -> Iterator[Claim]:
    """What is refused of a driver, each place where one can see it."""
    for one in report.refusals:
        yield Claim(Kind.REFUSED, (name, f"{one.file}:{one.line}"), text=wording.refusal(one))


# -- how


def how(subject: Subject, found: Sequence[Replacement]) -> Iterator[Claim]:
    """What a reviewer would stumble over: bridges, an accessor, flags written out."""
    lacking = lacks(subject.report)
    if lacking:
        yield Claim(Kind.LACKS, lacking)
    bridges: dict[str, dict[str, None]] = {}
    for one in subject.report.bridges:
        bridges.setdefault(one.text, {})[_place(subject, one.file, one.line)] = None
    for text, places in bridges.items():
        yield Claim(Kind.BRIDGED, tuple(places), text=text)
    taken = _taken(subject)
    if taken:
        rings = dict.fromkeys(one.by for one in subject.report.stays)
        yield Claim(Kind.OF_HEADS, taken, text=wording.listed(tuple(rings)))
    accessors = ids(lambda one: one.accessor)
    if any(edit.transform in accessors for edit in subject.migration.edits):
        yield Claim(Kind.ACCESSOR)
    for made in found:
        if made.spelled_out:
            yield Claim(Kind.GFP, made.spelled_out)


def _taken(subject: Subject) -> tuple[str, ...]:
    """Where a page of a ring of heads is taken of a netmem."""
    before = {one.path: one.before for one in subject.changes}
    return tuple(dict.fromkeys(
        _place(subject, edit.file, line_of(before[edit.file], edit.start))
        for edit in subject.migration.edits
        if edit.file in before and edit.text.startswith(TO_PAGE.encode())))


def lacks(report: DriverReport) -> tuple[str, ...]:
    """Helpers that the base lacks, and without which something was refused."""
    return tuple(sorted({one.by for item in report.refusals
                         if item.category is Category.MISSING_API
                         for one in item.reason.chain if one.why is Why.NO_API}))


# -- what is open


def open_for_unreadable(subject: Subject, *, documented: bool) -> Iterator[Claim]:
    """What the driver lacks for memory that the CPU cannot read, as it was judged.

    Only where the memory that moves goes into frags: no other can be such memory. Requirements are
    numbered where the tree's own document has them.
    """
    judged = subject.own.requirements
    if not judged or not _takers(subject.report, Reach.FRAG):
        return

    def unmet(key: str) -> bool:
        return judged[key].status is Standing.UNMET

    def claim(kind: Kind, number: int, names: tuple[str, ...] = ()) -> Claim:
        return Claim(kind, names, text=f"Rx {number}" if documented else "")

    if unmet("rx.2"):
        yield claim(Kind.NO_SPLIT, 2)
    if unmet("rx.4") and judged["rx.4"].basis is Basis.POOL_FLAGS and any(
            has(site.call, Trait.DMA_ADDRESS) for site in subject.report.sites):
        yield claim(Kind.NO_MAP, 4)
    if not unmet("rx.2") and not subject.own.unreadable:
        yield claim(Kind.NOT_ALLOWED, 4)
    if subject.own.untested:
        yield claim(Kind.UNTESTED, 5, tuple(f"{one}()" for one in subject.own.untested))
    if unmet("rx.6") and judged["rx.6"].basis is Basis.RAW_SYNC:
        yield claim(Kind.RAW_SYNC, 6, _places(subject, judged["rx.6"].shown))
    recycled = _recycled(subject)
    if recycled:
        yield claim(Kind.RECYCLES, 7, recycled)
    if unmet("queue-mgmt"):
        yield Claim(Kind.NO_QUEUE_OPS)


def _recycled(subject: Subject) -> tuple[str, ...]:
    """Where the driver counts references of memory that moves, or that is refused for it."""
    before, after = calls(subject.changes)
    gone = [name for name in before - after if has(name, Trait.COUNTS)]
    found = [one for one in subject.own.requirements["rx.7"].shown
             if _changed(subject, one) and any(f"{name}(" in one.text for name in gone)]
    return _places(subject, found) or tuple(dict.fromkeys(
        _place(subject, one.reason.file, one.reason.line) for one in subject.report.refusals
        if one.category is Category.OWN_RECYCLING))


def _changed(subject: Subject, place: Evidence) -> bool:
    """Whether the patch changes the line of a place."""
    change = next((one for one in subject.changes if one.path == place.file), None)
    if change is None:
        return False
    lines = change.before.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else b""
    return change.after.splitlines().count(line) < lines.count(line)


def _places(subject: Subject, evidence: Sequence[Evidence]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_place(subject, one.file, one.line) for one in evidence))


def _place(subject: Subject, file: str, line: int) -> str:
    """A place as history can name it: by its function where the patch moves the lines."""
    before = next((one.before for one in subject.changes if one.path == file), b"")
    start = sum(len(one) for one in before.splitlines(keepends=True)[:line - 1])
    function = around(code_of(before), start, frozenset()) if before else b""
    return (f"in {function.decode('latin-1')}()" if function
            else f"at {file.rpartition('/')[2]}:{line}")


# -- what is not claimed


_KINDS = {Assumption.HEAD: Kind.HEAD, Assumption.OF_POOL: Kind.OF_POOL,
          Assumption.POOL_SYNCS: Kind.POOL_SYNCS}


def neutral(subject: Subject, found: Sequence[Replacement]) -> Iterator[Claim]:
    """That nothing changes, for which memory, and what has to hold of that."""
    creates = subject.own.requirements.get("rx.1")
    if subject.own.unreadable or creates is None or creates.status is not Standing.MET:
        yield Claim(Kind.FOR_PAGES)
    else:
        asked = tuple(dict.fromkeys(_called(one.before) for one in found
                                    if one.after.startswith(f"{ADDRESS}(")))
        yield Claim(Kind.ADDRESSES, asked) if asked else Claim(Kind.PAGES_ONLY)
    for one in found:
        for what in one.assumes:
            yield Claim(_KINDS[what], (_called(one.after), _called(one.before)))


def _called(form: str) -> str:
    """A form as a sentence names it: `f()` for a call, with what is read of its result."""
    head, bracket, rest = form.partition("(")
    return head + bracket and f"{head}(){rest.rpartition(')')[2]}" if bracket else form
