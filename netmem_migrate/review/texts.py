# SPDX-License-Identifier: GPL-2.0-only
"""What is said of a unit beside its hunks: what moves, why, its bridges, its proof."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from netmem_migrate import escape
from netmem_migrate.c.lines import line_of
from netmem_migrate.flow.graph import Kind, Slot
from netmem_migrate.git.diff import diff
from netmem_migrate.git.hunks import decoded, read
from netmem_migrate.model.spelled import TO_NETMEM
from netmem_migrate.report import wording
from netmem_migrate.report.explain import LineKind, explain
from netmem_migrate.review.model import Review, Unit
from netmem_migrate.terminal import paint
from netmem_migrate.terminal.screen import Screen
from netmem_migrate.terminal.summary import plural

# Object ids as short as git shows them.
_INDEX = re.compile(r"^index ([0-9a-f]{12})[0-9a-f]+\.\.([0-9a-f]{12})[0-9a-f]+", re.MULTILINE)
_NOUNS = {
    Kind.MEMBER: "member",
    Kind.GLOBAL: "global",
    Kind.LOCAL: "local",
    Kind.PARAMETER: "parameter",
    Kind.RETURN: "return value",
    Kind.CALL: "call",
}


def hunks(review: Review, unit: Unit) -> str:
    """The unit's hunks as git shows them."""
    root = review.subject(unit).analysis.driver.root
    text = decoded(diff(root, review.changes(unit)))
    return _INDEX.sub(r"index \1..\2", text)


def pieces(review: Review, unit: Unit, screen: Screen) -> list[str]:
    """The unit's hunks one by one, each below its file's name and with the reasons of its edits."""
    subject = review.subject(unit)
    needed = review.below(unit)
    # Edits speak of lines of the source as it is, hunks of what the needed units leave.
    edits = () if needed else subject.migration(review.only([unit], subject)).edits
    found: list[str] = []
    for file in read(escape.shown_text(hunks(review, unit))):
        source = subject.analysis.sources.get(file.path, b"")
        for hunk in file.hunks:
            lines = range(hunk.old, hunk.old + hunk.old_count)
            whys = dict.fromkeys(edit.why for edit in edits if edit.file == file.path and edit.why
                                 and line_of(source, edit.start) in lines)
            head = [screen.style(escape.shown(file.path), paint.BOLD),
                    *(f"  {escape.shown(why)}" for why in whys)]
            found.append("\n".join(head) + "\n"
                         + (paint.painted_hunk(hunk) if screen.colour else hunk.text))
    return found


def count(hunks_: str) -> str:
    """`12 hunks in 2 files`."""
    files = read(hunks_)
    return (f"{plural(sum(len(file.hunks) for file in files), 'hunk')} in "
            f"{plural(len(files), 'file')}")


def moving(review: Review, unit: Unit) -> set[Slot]:
    """The slots that move with a unit, and would not without it."""
    subject = review.subject(unit)
    needed = review.needs(unit)
    without = subject.solution(review.only(needed, subject)).moved
    return subject.solution(review.only([*needed, unit], subject)).moved - without


def reasons(review: Review, unit: Unit) -> Iterator[str]:
    """Why the unit moves, as `explain` says it, its bridges, and what hangs on it."""
    subject = review.subject(unit)
    room = review.room(unit)
    if room is not None:
        yield f"makes room: {wording.room(room)}"
        yield f"{room.slot} {wording.text(room.reason)}"
        for one in review.dependents(unit):
            yield f"if it is not made, {one.title} stays"
        return
    step = review.step(unit)
    if step is not None:
        yield "behind the conversion, in a patch of its own:"
        for made in step:
            yield f"  {wording.behind(made)}"
            yield f"  {made.slot} {wording.text(made.reason)}"
        yield from (f"only with {one.title}" for one in review.needs(unit))
        yield from (f"if it is not done, nor is {one.title}" for one in review.dependents(unit))
        return
    slots = moving(review, unit)
    numbers = Counter(slot.kind for slot in slots)
    yield "moves together: " + ", ".join(
        plural(numbers[kind], noun) for kind, noun in _NOUNS.items() if numbers[kind])
    needed = review.needs(unit)
    analysis = subject.analysed(review.only([*needed, unit], subject))
    solution = analysis.solution
    for slot in sorted(slots, key=lambda one: (one.place.file, one.place.node.start_byte)):
        if slot.kind in (Kind.MEMBER, Kind.GLOBAL):
            # Bridges follow below, those of the locals included.
            yield from (str(line) for line in explain(analysis, slot)
                        if line.kind is not LineKind.BRIDGE)
    for bridge in solution.bridges:
        if bridge.into in slots:
            yield (f"bridged: {TO_NETMEM}() at {bridge.place.file}:{bridge.place.line}: "
                   f"{bridge.text} gives a page")
    for one in needed:
        yield (f"moves only with {one.title}" + (", which makes room"
               if review.room(one) is not None else ": its pages flow there"))
    for one in review.dependents(unit):
        yield (f"if it stays, {one.title} is not done" if review.step(one) is not None else
               f"if it stays, so does {one.title}: its pages flow here")


def shown(review: Review, unit: Unit, proof: str, screen: Screen) -> str:
    """Everything that is shown before the question: heading, reasons, proof state, hunks."""
    text = escape.shown_text(hunks(review, unit))
    edited = " (edited)" if unit.id in review.edits else ""
    name = review.subject(unit).name
    head = f"{escape.shown(name)}: {unit.title}: {count(text)}{edited}"
    lines = [screen.style(head, paint.YELLOW)]
    lines += [f"  {escape.shown(line)}" for line in reasons(review, unit)]
    lines.append(f"  proof: {escape.shown(proof)}")
    return "\n".join(lines) + "\n" + (paint.painted(text) if screen.colour else text)
