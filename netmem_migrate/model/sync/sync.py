# SPDX-License-Identifier: GPL-2.0-only
"""Compare the model with a tree's headers, and rewrite the model in place.

Prototypes, headers and versions follow the tree; functions that are new come in with
Effect.UNKNOWN; what the tree lacks is marked by `until`. Everything else in functions.py and
names.py (effects, sentences, comments, order, blank lines) stays byte for byte. Doing it twice
changes nothing.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import journal, plain
from netmem_migrate.files.journal import Kind, State, Target
from netmem_migrate.model.releases import declared, number, present
from netmem_migrate.model.schema import ApiFunction, Name
from netmem_migrate.model.sync.headers import SOURCES, Headers, belongs, find, name_belongs, read
from netmem_migrate.model.sync.prototypes import shape
from netmem_migrate.model.sync.text import Document, Element
from netmem_migrate.model.versions import unknown
from netmem_migrate.results import FileChange

FUNCTIONS_FILE = "functions.py"
NAMES_FILE = "names.py"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between model and tree: `what` is new, gone, changed, moved or versions."""

    name: str
    what: str
    text: str


@dataclass(frozen=True, slots=True)
class Sync:
    """What a sync would do: the files before and after, and why.

    `skipped` names headers that the tree does not have; their entries are left alone.
    """

    files: tuple[FileChange, ...]
    changes: tuple[Change, ...]
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class History:
    """A declaration through the releases, as schema.py describes the fields."""

    now: str
    since: str = ""
    until: str = ""
    earlier: tuple[tuple[str, str], ...] = ()


def bundled() -> Path:
    """The folder of the model that is installed."""
    return Path(__file__).parents[1]


def plan(root: Path, release: str, folder: Path) -> Sync:
    """Compare the model in `folder` with the tree at `root`, which is of `release` ("7.3").

    Raises InputError where the tree or the model cannot be read.
    """
    headers = read(root)
    there = {one.path for one in SOURCES if find(root, one.path) is not None}
    sources = {name: _load(folder / name) for name in (FUNCTIONS_FILE, NAMES_FILE)}
    functions = Document(str(folder / FUNCTIONS_FILE), sources[FUNCTIONS_FILE], "FUNCTIONS",
                         ApiFunction)
    names = Document(str(folder / NAMES_FILE), sources[NAMES_FILE], "NAMES", Name)
    levels = functions.levels()
    changes: list[Change] = []
    skipped: set[str] = set()
    if release not in levels:
        newer = [one for one in levels if number(one) > number(release)]
        functions.add_level(release, newer[0] if newer else None)
        changes.append(Change("LEVELS", "versions", f"compared with {release}"))
    for document, field, seen, new in (
        (functions, "prototype", _prototypes(headers), _new_functions(headers)),
        (names, "declaration", _declarations(headers), _new_names(headers)),
    ):
        same = _same_shape if document is functions else _same_text
        _sync(_Work(document, field, seen, there, levels, release, same, changes, skipped), new)
    files = tuple(
        FileChange(str(folder / name), sources[name], document.result())
        for name, document in ((NAMES_FILE, names), (FUNCTIONS_FILE, functions))
    )
    return Sync(files, tuple(changes), tuple(sorted(skipped)))


def write(made: Sync) -> None:
    """Write the files of a plan, both or none (netmem_migrate/files/journal.py).

    Raises InputError where one is not writable; then nothing is written.
    """
    changed = [one for one in made.files if one.before != one.after]
    for one in changed:
        path = Path(one.path)
        if not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK)):
            raise InputError(f"{path}: not writable, as in an installed package; sync a checkout, "
                             "or a copy of the model with --model FOLDER")
    journal.write(Kind.MODEL, Path(changed[0].path).parent if changed else Path(), [
        Target(Path(one.path).resolve(), one.path, one.before, one.after,
               Path(one.path).stat().st_mode & 0o777) for one in changed])


def undo(folder: Path) -> None:
    """Put back what a run that was cut off left half-written of the model in a folder."""
    for one in journal.concerning([folder], Kind.MODEL):
        journal.settle(one, State.OLD)


def as_diff(made: Sync) -> str:
    """A plan as a unified diff; "" where nothing changes."""
    lines: list[str] = []
    for one in made.files:
        before, after = (text.decode("utf-8").splitlines(keepends=True)
                         for text in (one.before, one.after))
        lines += difflib.unified_diff(before, after, one.path, one.path)
    return "".join(lines)


def merge(old: History, seen: str | None, release: str, levels: tuple[str, ...],
          same: Callable[[str, str], bool]) -> History:
    """What is known after a look at one more release, which has `seen` (None: lacks it).

    `levels` are the releases that `old` was compared with, oldest first. A thing that went and
    came back counts as there in between.
    """
    known = sorted({*levels, release}, key=number)
    has = [one for one in levels if one != release and present(old.since, old.until, one)]
    later = [one for one in has if number(one) > number(release)]
    there = present(old.since, old.until, release)
    if seen is None:
        if not there:
            return old
        if later:
            kept = tuple(one for one in old.earlier if number(one[0]) >= number(later[0]))
            return replace(old, since=later[0], earlier=kept)
        return replace(old, until=release)
    since, until = old.since, old.until
    if not there and since and number(release) < number(since):
        since = "" if release == known[0] else release
    elif not there:
        until = next((one for one in known
                      if number(one) > number(release) and one not in has), "")
    now, earlier = old.now, old.earlier
    mine = declared(now, earlier, release)
    if same(mine, seen):
        if not later and mine == now:
            now = seen
        if later or mine == old.now:
            return History(now, since, until, earlier)
    texts = {one: declared(old.now, old.earlier, one) for one in has}
    texts[release] = seen
    order = sorted(texts, key=number)
    runs = [(one, texts[one]) for one, next_ in pairwise(order)
            if not same(texts[one], texts[next_])]
    return History(texts[order[-1]], since, until, tuple(runs))


@dataclass(slots=True)
class _Work:
    document: Document
    field: str
    seen: dict[str, tuple[str, str]]  # name: declaration, header
    there: set[str]
    levels: tuple[str, ...]
    release: str
    same: Callable[[str, str], bool]
    changes: list[Change]
    skipped: set[str]


def _sync(work: _Work, new: Iterable[ApiFunction | Name]) -> None:
    held = {one.text("name"): one for one in work.document.elements}
    for name, element in held.items():
        _entry(work, name, element)
    newest = all(number(one) <= number(work.release) for one in work.levels)
    later = [one for one in work.levels if number(one) > number(work.release)]
    for one in new:
        if one.name in held:
            continue
        since = "" if all(number(work.release) < number(one) for one in work.levels) \
            else work.release
        entry = replace(one, since=since, until="" if newest else later[0])
        beside = [has for has in work.document.elements if has.text("header") == one.header]
        work.document.add(entry, (beside or work.document.elements)[-1])
        effect = ", effect unknown" if isinstance(one, ApiFunction) else ""
        text = one.prototype if isinstance(one, ApiFunction) else one.declaration
        work.changes.append(Change(one.name, "new", text + effect))


def _entry(work: _Work, name: str, element: Element) -> None:
    header = element.text("header")
    found = work.seen.get(name)
    if found is None and header not in work.there:
        work.skipped.add(header)
        return
    old = History(element.text(work.field), element.text("since"), element.text("until"),
                  element.pairs("earlier"))
    new = merge(old, found[0] if found else None, work.release, work.levels, work.same)
    put = work.document.put
    if new.now != old.now:
        put(element, work.field, new.now)
        work.changes.append(Change(name, "changed", new.now))
    elif new.earlier != old.earlier:
        work.changes.append(Change(name, "changed",
                                   f"in {work.release}: {found[0] if found else 'not there'}"))
    if new.earlier != old.earlier:
        put(element, "earlier", new.earlier)
    if new.since != old.since:
        put(element, "since", new.since)
        work.changes.append(Change(name, "versions", f"since {new.since or work.release}"))
    if new.until != old.until:
        put(element, "until", new.until)
        what = ("gone", f"until {new.until}") if new.until else ("versions", "there again")
        work.changes.append(Change(name, *what))
    last = all(number(one) <= number(work.release) for one in work.levels
               if present(new.since, new.until, one))
    if found is not None and last and found[1] != header:
        put(element, "header", found[1])
        work.changes.append(Change(name, "moved", f"to {found[1]}"))


def _same_shape(one: str, other: str) -> bool:
    return one == other or shape(one) == shape(other)


def _same_text(one: str, other: str) -> bool:
    return one == other


def _prototypes(headers: Headers) -> dict[str, tuple[str, str]]:
    return {one.name: (one.text, one.header) for one in headers.functions.values()}


def _declarations(headers: Headers) -> dict[str, tuple[str, str]]:
    return {one.name: (one.text, one.header) for one in headers.names.values()}


def _new_functions(headers: Headers) -> list[ApiFunction]:
    return [unknown(one, "") for one in headers.functions.values()
            if belongs(one.name, one.header)]


def _new_names(headers: Headers) -> list[Name]:
    return [Name(one.name, one.kind, one.header, one.text) for one in headers.names.values()
            if name_belongs(one)]


def _load(path: Path) -> bytes:
    try:
        return plain.read(path)
    except InputError as error:
        raise InputError(f"{error}; give the folder that holds functions.py and "
                         "names.py") from error
