# SPDX-License-Identifier: GPL-2.0-only
"""The cover letter: what the series does to each driver, why, and what it leaves to people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from netmem_migrate.patch import claims, message, rooms
from netmem_migrate.patch.kinds import Claim, Kind, Subject
from netmem_migrate.patch.plan import PatchStep
from netmem_migrate.patch.prefix import shared
from netmem_migrate.patch.said import memory, words
from netmem_migrate.report import wording
from netmem_migrate.results import DriverReport, Room

_TITLE_COLUMNS = 70
_MAX_REFUSED = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A driver of the series: the name that its subjects use, and its patches."""

    name: str
    patches: tuple[PatchStep, ...]

    @property
    def subjects(self) -> list[Subject]:
        """What its conversions are about, as the whole of its patches leaves the driver."""
        done = {room.slot.removesuffix("()") for patch in self.patches
                for room in patch.migration.report.behind}
        return [replace(one.subject, own=replace(one.subject.own, untested=tuple(
            name for name in one.subject.own.untested if name not in done)))
            for one in self.converting]

    @property
    def converting(self) -> list[PatchStep]:
        """Its patches but those that make room."""
        return [one for one in self.patches if one.room is None]

    @property
    def rooms(self) -> list[Room]:
        """What the others make room for."""
        return [one.room for one in self.patches if one.room is not None and not one.room.behind]

    @property
    def behind(self) -> list[Room]:
        """What is done to the converted driver."""
        return [one.room for one in self.patches if one.room is not None and one.room.behind]

    @property
    def reports(self) -> list[DriverReport]:
        """What became of each."""
        return [one.report for one in self.subjects]


def cover(
    parts: Sequence[Part], prefixes: Sequence[str], provenance: message.Provenance, *,
    earlier: int = 0,
) -> tuple[str, str]:
    """Subject and body; `prefixes` are those of the patches' subjects, each once.

    `earlier` is the version that a range-diff below is against, 0 for none.
    """
    subjects = [one for part in parts for one in part.subjects]
    behind = [one for part in parts for one in part.behind]
    if behind and not subjects:
        return _further(parts, prefixes, provenance, behind, earlier)
    title = _title(prefixes, list(dict.fromkeys(part.name for part in parts)),
                   memory(all(map(claims.rx_buffers, subjects))))
    room = [one for part in parts for one in part.rooms]
    what = " ".join(words(one) for one in claims.series(subjects, alone=not room))
    blocks = [message.fill(text) for text in (provenance.reason, what) if text]
    if room:
        blocks.append("\n".join([words(Claim(Kind.PREPARED, count=len(room))),
                                 *(message.fill(rooms.item(one), "  - ", "    ")
                                   for one in room)]))
    if behind:
        blocks.append("\n".join([words(Claim(Kind.BEHIND, count=len(behind))),
                                 *(message.fill(rooms.item(one), "  - ", "    ")
                                   for one in behind)]))
    frags = [one for one in subjects
             for claim in claims.why(one, "", documented=provenance.documented)
             if claim.kind is Kind.ASKED]
    if frags and not provenance.reason:
        blocks.append(message.fill(words(Claim(Kind.ASKED))))
    each = "\n".join(_each(parts, documented=provenance.documented))
    blocks += [one for one in (each, _table(parts)) if one]
    refused = [words(one) for part in parts for report in part.reports
               for one in claims.refused(part.name, report)]
    if refused:
        heading = words(Claim(Kind.UNCONVERTED, count=len(refused)))
        blocks.append("\n".join([heading, *_listed(refused)]))
    lacking = sorted({name for part in parts for one in part.reports for name in claims.lacks(one)})
    if lacking:
        blocks.append(message.fill(words(Claim(Kind.CORE_FIRST, tuple(lacking)))))
    neutral = _neutral(subjects)
    # What comes later changes something on purpose, and says what.
    blocks.append(message.fill(words(replace(neutral, text=" by the conversion") if behind
                                     else neutral)))
    blocks.append(message.fill(rooms.proof([*room, *behind], True, provenance)))
    blocks.append(message.made(provenance))
    if earlier:
        blocks.append(f"Changes since v{earlier}: see the range-diff below.")
    return title, message.safe("\n\n".join(blocks) + "\n")


def _further(parts: Sequence[Part], prefixes: Sequence[str], provenance: message.Provenance,
             behind: Sequence[Room], earlier: int) -> tuple[str, str]:
    """The same for patches behind a conversion of which none is one."""
    room = [one for part in parts for one in part.rooms]
    blocks = [message.fill(provenance.reason)] if provenance.reason else []
    blocks += ["\n".join([words(Claim(Kind.STEPS, count=len(room) + len(behind))),
                          *(message.fill(rooms.item(one), "  - ", "    ")
                            for one in (*room, *behind))]),
               message.fill(rooms.proof([*room, *behind], False, provenance)),
               message.made(provenance)]
    if earlier:
        blocks.append(f"Changes since v{earlier}: see the range-diff below.")
    return (f"{shared(prefixes)}: towards memory that is no page",
            message.safe("\n\n".join(one for one in blocks if one) + "\n"))


def _title(prefixes: Sequence[str], names: Sequence[str], what: str) -> str:
    prefix = shared(prefixes)
    if len(prefixes) == 1 and len(names) == 1:
        return f"{prefix}: convert {what} to netmem"
    title = f"{prefix}: convert {what} of {wording.listed(names)} to netmem"
    if len(title) <= _TITLE_COLUMNS or len(names) == 1:
        return title
    return f"{prefix}: convert {what} of {len(names)} drivers to netmem"


def _each(parts: Sequence[Part], *, documented: bool) -> Iterator[str]:
    """Of each driver, what its memory is for, and what is open; nothing where neither is known."""
    for part in parts:
        for subject in part.subjects:
            name = part.name
            said = list(claims.open_for_unreadable(subject, documented=documented))
            heads = [words(replace(one, text=name))
                     for one in claims.why(subject, "", documented=False)
                     if one.kind is Kind.HEADS]
            for text in (*message.still_open(name, said), *heads):
                yield message.fill(text, "  - ", "    ")


def _neutral(subjects: Sequence[Subject]) -> Claim:
    kinds = {claim.kind for one in subjects for claim in claims.neutral(one, ())}
    return Claim(Kind.FOR_PAGES if Kind.FOR_PAGES in kinds else Kind.PAGES_ONLY,
                 count=len(subjects))


def _listed(items: Sequence[str]) -> list[str]:
    shown = [message.fill(item, "  - ", "    ") for item in items[:_MAX_REFUSED]]
    if len(items) > _MAX_REFUSED:
        shown.append(f"  - {len(items) - _MAX_REFUSED} more")
    return shown


def _table(parts: Sequence[Part]) -> str:
    width = max(8, *(len(part.name) for part in parts))
    rows = [message.fill("Declarations that move, what becomes of the calls of page_pool_*(), and "
                         "slots that are refused:"),
            f"  {'driver':{width}}  declarations  converted  bridged  by design  left  refused"]
    for part in parts:
        moved, converted, bridged, kept, refused = (
            sum(column) for column in zip(*map(message.counts, part.reports), strict=True))
        left = sum(site.left for report in part.reports for site in report.sites)
        rows.append(f"  {part.name:{width}}  {moved:12}  {converted:9}  {bridged:7}"
                    f"  {kept - left:9}  {left:4}  {refused:7}")
    return "\n".join(rows)
