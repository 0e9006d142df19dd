# SPDX-License-Identifier: GPL-2.0-only
"""Where a conversion turns a page into a netmem or back, for a person to look at."""

from __future__ import annotations

from dataclasses import dataclass

from netmem_migrate.c.lines import line_of
from netmem_migrate.convert.passes import ids
from netmem_migrate.model.spelled import TO_NETMEM, TO_NETMEM_BY_ADDRESS, TO_PAGE
from netmem_migrate.pages.sources import Sources, Spot
from netmem_migrate.results import Edit, Migration

_WRITTEN = (TO_NETMEM.encode(), TO_NETMEM_BY_ADDRESS.encode(), TO_PAGE.encode())
_ADVICE = ("Check that this memory is a page whatever provides the pool's memory. "
         "The bridge itself is safe.")
_BACK = ("Check that nothing but pages can ever come from this pool. Reviewers will ask why the "
         "use cannot go.")


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge that the conversion writes: where, what, and why."""

    place: Spot
    what: str
    reason: str
    todo: str = _ADVICE


def bridges(migration: Migration, sources: Sources) -> list[Bridge]:
    """The bridges of a driver in order of place, each once."""
    found: dict[tuple[str, int], Bridge] = {}
    found |= _accesses(migration, sources, found)
    before = {change.path: change.before for change in migration.converting}
    for edit in migration.edits:
        written = next((name for name in _WRITTEN if name in edit.text), None)
        if written is None or written in before[edit.file][edit.start:edit.end]:
            continue
        line = _line(before[edit.file], edit)
        found.setdefault((edit.file, line), Bridge(
            sources.spot(edit.file, line, code=True), f"{written.decode()}() is written",
            edit.why or "a page flows into a netmem",
            _BACK if written == _WRITTEN[-1] else _ADVICE))
    return [found[place] for place in sorted(found)]


def _accesses(migration: Migration, sources: Sources,
              known: dict[tuple[str, int], Bridge]) -> dict[tuple[str, int], Bridge]:
    """Where a netmem is read as a page, which only an accessor does, and what defines that."""
    accessors = ids(lambda one: one.accessor)
    before = {change.path: change.before for change in migration.converting}
    found: dict[tuple[str, int], Bridge] = {}
    for edit in migration.edits:
        if edit.transform not in accessors or edit.text == b")":
            continue
        what = (f"{TO_PAGE}() is written" if TO_PAGE.encode() in edit.text
                else f"{edit.text.decode(errors='replace').rstrip('(')}() reads a netmem as a page")
        place = edit.file, _line(before[edit.file], edit)
        if place not in known:
            found.setdefault(place, Bridge(
                sources.spot(*place, code=True), what, edit.why, _BACK))
    return found


def _line(source: bytes, edit: Edit) -> int:
    return line_of(source, edit.start)
