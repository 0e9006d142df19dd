# SPDX-License-Identifier: GPL-2.0-only
"""From where a driver stands to device memory: what is done, by whom, in which order, and which of
the kernel's selftests exercise it (netmem_migrate/model/ready.py)."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from functools import cached_property
from pathlib import Path

from netmem_migrate.files import plain
from netmem_migrate.model.ready import ASKED, CONDITIONAL, NEEDED, READY, SELFTESTS, Asked
from netmem_migrate.model.spelled import UNREADABLE
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.report import requirements, wording
from netmem_migrate.report.steps import step_of
from netmem_migrate.results import (
    Action,
    Allowed,
    Basis,
    DriverReport,
    Evidence,
    Migration,
    PoolReport,
    Requirement,
    Run,
    Site,
    Standing,
)

GUARD, SYNC, FLAGS, FIX, TX, SENDS = "guard", "sync", "flags", "tx-fix", "tx", "netmem-tx"
WANTED = (GUARD, SYNC, FLAGS, FIX, TX, SENDS)
"""The ids of the steps behind a conversion that a plan asks for, in order."""
_PROVEN = ("proven on a prepared tree only",)
_STANDS = {Standing.CONDITIONAL: ", in part", Standing.UNKNOWN: ", to look at",
           Standing.NOT_APPLICABLE: ", does not apply"}


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file as it is on disk."""

    file: str
    line: int


@dataclass(frozen=True, slots=True)
class Deed:
    """What the tool does about an item: the arguments of format-patch before the driver's path, in
    how many places `of` all, and in words what more there is to say."""

    arguments: tuple[str, ...]
    done: int
    of: int
    noun: str
    said: tuple[str, ...] = ()

    def command(self, path: str, more: Sequence[str] = ()) -> str:
        """What to type; `path` is how the driver is called there."""
        return shlex.join(["netmem-migrate", "format-patch", *self.arguments, *more, path,
                           "-o", "out"])


@dataclass(frozen=True, slots=True)
class Todo:
    """What a person does, and the places that it is about, if there are any."""

    text: str
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, slots=True)
class Exercise:
    """A selftest of the tree: its file, those of its cases that the file has, and the ids of the
    items that are not met and without which it is skipped; `where` is what else a driver needs."""

    file: str
    cases: tuple[str, ...]
    waits: tuple[str, ...] = ()
    where: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a plan. `standing` is None for what is not judged; `places` are what the
    judgement rests on, `absent` is a name that the tree lacks, and the header without it,
    `allowed` the conditions that the item has."""

    asked: Asked
    standing: Standing | None
    condition: str = ""
    places: tuple[Evidence, ...] = ()
    deed: Deed | None = None
    todo: tuple[Todo, ...] = ()
    tests: tuple[Exercise, ...] = ()
    absent: tuple[str, str] | None = None
    allowed: tuple[Allowed, ...] = ()

    @property
    def words(self) -> str:
        """What is asked for."""
        return self.asked.words or requirements.words(self.asked.id)

    @property
    def open(self) -> bool:
        """Whether something is to be done about it, or to be looked at."""
        return self.standing not in (Standing.MET, Standing.NOT_APPLICABLE)


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of one module of a driver: `files` are those that it is built of."""

    path: str
    kernel: str
    files: tuple[str, ...]
    pools: tuple[PoolReport, ...]
    items: tuple[Item, ...]
    documented: bool
    alone: bool

    @property
    def open(self) -> tuple[Item, ...]:
        """The items that are left."""
        return tuple(one for one in self.items if one.open)


def plans(run: Run, tree: Path | None) -> tuple[Plan, ...]:
    """The plans of the drivers of a run that was asked for WANTED, with room made before: one for
    each module that creates pools. `tree` is the kernel, None outside of any."""
    found = []
    for migration in run.drivers:
        modules: dict[tuple[str, ...], list[PoolReport]] = {}
        for pool in migration.report.pools:
            modules.setdefault(pool.module, []).append(pool)
        found += [_Made(run, migration, files, tuple(pools), tree).plan(alone=len(modules) == 1)
                  for files, pools in modules.items()]
    return tuple(found)


@dataclass(frozen=True)
class _Made:
    """What a plan of one module is made of."""

    run: Run
    migration: Migration
    files: tuple[str, ...]
    pools: tuple[PoolReport, ...]
    tree: Path | None

    @property
    def report(self) -> DriverReport:
        return self.migration.report

    @cached_property
    def judged(self) -> Mapping[str, Requirement]:
        return self.pools[0].requirements

    def plan(self, *, alone: bool) -> Plan:
        """The items in their order."""
        items = [self._item(one) for one in ASKED]
        waiting = {one.asked.id for one in items if one.open and one.standing is not None}
        return Plan(
            self.report.path, self.run.kernel, self.files, self.pools,
            tuple(self._tested(one, waiting) for one in items),
            self.tree is not None and plain.optional(self.tree / ASKED[0].source) is not None,
            alone)

    def _item(self, asked: Asked) -> Item:
        if asked.id == "unreadable":
            return self._unreadable(asked)
        found = self.judged.get(asked.id)
        if found is None:
            return Item(asked, None, todo=(Todo(asked.person[""]),))
        item = Item(asked, found.status, found.condition, found.evidence,
                    absent=self._absent(asked))
        if not item.open:
            return item
        if found.status is Standing.CONDITIONAL:
            return replace(item, deed=None, todo=(Todo(CONDITIONAL),))
        make = _MAKES.get(asked.id, _Made._plain)
        return make(self, item, found)

    def _absent(self, asked: Asked) -> tuple[str, str] | None:
        name, header = asked.named
        if not name or self.tree is None:
            return None
        text = plain.optional(self.tree / header) or b""
        return None if re.search(rb"\b" + name.encode() + rb"\b", text) else (name, header)

    # -- what is done about one

    def _plain(self, item: Item, found: Requirement) -> Item:
        """What a person does, by what each part of the judgement rests on."""
        todo = tuple(Todo(_person(item.asked, one.basis), _at(one.evidence))
                     for one in (found, *found.also) if one.status is not Standing.MET)
        return replace(item, deed=None, todo=todo)

    def _calls(self, item: Item, found: Requirement) -> Item:
        sites = [one for one in self.report.sites if self._is_own(one.file)]
        possible = [one for one in sites if not one.by_design]
        done = [one for one in possible if one.action is Action.CONVERTED]
        if not possible:
            return self._plain(item, found)
        said = [wording.room(one) for one in self.report.rooms]
        design = len(sites) - len(possible)
        if design:
            said.append(f"{design} more stay{'s' if design == 1 else ''} by design")
        if self.report.heads_only:
            said.append(wording.heads(self.report.handed))
        deed = Deed(self._prepare(), len(done), len(possible), "call",
                    tuple(said)) if done else None
        reasons: dict[str, list[Site]] = {}
        for one in possible:
            if one.action is Action.KEPT:
                reasons.setdefault(wording.site(one, brief=True), []).append(one)
        todo = tuple(Todo(f"{_counted(some, 'call')} left: {why}",
                          tuple(Place(one.file, one.line) for one in some))
                     for why, some in reasons.items())
        return replace(item, deed=deed, todo=todo)

    def _syncs(self, item: Item, found: Requirement) -> Item:
        if found.basis is not Basis.RAW_SYNC:
            return self._plain(item, found)
        left = {Place(one.file, one.line): one for one in self._undone(SYNC)}
        places = [Place(one.file, one.line) for one in found.evidence]
        done = [one for one in places if one not in left] if self._made(SYNC) else []
        deed = Deed((*self._prepare(), f"--with={SYNC}"), len(done), len(places), "sync",
                    _PROVEN) if done else None
        rest = tuple(one for one in places if one not in done)
        todo = [Todo(_person(item.asked, found.basis), rest)] if rest else []
        whys: dict[tuple[Why, str, str], list[Place]] = {}
        for one in rest:
            if one in left:
                whys.setdefault((left[one].why, left[one].by, left[one].other), []).append(one)
        todo += [Todo(f"what the tool says of it: it {wording.text(left[some[0]])}", tuple(some))
                 for some in whys.values()]
        return replace(item, deed=deed, todo=tuple(todo))

    def _reads(self, item: Item, found: Requirement) -> Item:
        home = self._home(WANTED)
        made = [Place(one.file, home(one.file, one.line)) for one in self.report.behind
                if one.step == GUARD and self._is_own(one.file)]
        left = self._undone(GUARD)
        deed = Deed((*self._prepare(), f"--with={GUARD}"), len(made), len(made) + len(left),
                    "read", tuple(f"a test before {_shown(one)}" for one in made)) if made else None
        item = self._plain(item, found)
        return replace(item, deed=deed, todo=item.todo)

    def _flags(self, item: Item, found: Requirement) -> Item:
        todo = []
        for one in (found, *found.also):
            if one.status is Standing.MET or one.basis is Basis.NO_UNREADABLE:
                continue  # that flag is an item of its own
            todo.append(Todo(_person(item.asked, one.basis), _at(one.evidence)))
        for pool in self.pools:
            lacking = [flag for flag in NEEDED if not _has(pool, flag)]
            if lacking and found.status is Standing.UNMET:
                todo.append(Todo(f"lacking: {wording.listed(lacking)}",
                                 (Place(pool.file, pool.line),)))
        if not todo and found.status is Standing.UNMET:
            return Item(item.asked, Standing.MET, "", item.places)
        return self._further(replace(item, deed=None, todo=tuple(todo)), (FLAGS,), "pool",
                             (*self._prepare(), f"--with={FLAGS}"))

    def _unmaps(self, item: Item, found: Requirement) -> Item:
        asked = [f"--with={one}" for one in (FIX, TX) if self._made(one)]
        return self._further(self._plain(item, found), (FIX, TX), "slot",
                             (f"--only={TX}", *asked))

    def _sends(self, item: Item, found: Requirement) -> Item:
        asked = [f"--with={one}" for one in (FIX, TX) if self._made(one)]
        return self._further(self._plain(item, found), (SENDS,), "device",
                             (f"--only={SENDS}", *asked, f"--with={SENDS}"))

    def _further(self, item: Item, steps: Sequence[str], noun: str,
                 arguments: Sequence[str]) -> Item:
        """With what steps behind the conversion do about it, and what they say of the rest."""
        done = [one for one in self.report.behind if one.step in steps and self._is_own(one.file)]
        left = [one for step in steps for one in self._undone(step)]
        whys: dict[str, list[Place]] = {}
        for one in left:
            whys.setdefault(wording.text(one), []).append(Place(one.file, one.line))
        deed = Deed(tuple(arguments), len(done), len(done) + len(whys), noun,
                    _PROVEN) if done else None
        told = (Todo(f"what the tool says of it: {why}", tuple(
            one for one in dict.fromkeys(places)
            if one.line > 1 and f"{one.file}:{one.line}" not in why))
            for why, places in whys.items())
        return replace(item, deed=deed, todo=(*(item.todo if left or not done else ()), *told))

    def _undone(self, step: str) -> list[Reason]:
        """What a step does not do, with the lines as they are on disk."""
        home = self._home(WANTED[WANTED.index(step):])

        def at(place: str) -> str:
            file, colon, line = place.rpartition(":")
            return f"{file}:{home(file, int(line))}" if colon and line.isdigit() else place

        return [replace(one, line=home(one.file, one.line), other=at(one.other))
                for one in self.report.undone
                if step_of(one.why) == step and self._is_own(one.file)]

    def _unreadable(self, asked: Asked) -> Item:
        """The flag by which a pool takes memory that the CPU cannot read, and what comes first."""
        lacking = [pool for pool in self.pools if not _has(pool, UNREADABLE)]
        if len(lacking) < len(self.pools):
            having = [one for one in self.pools if one not in lacking]
            return Item(asked, Standing.MET, "", tuple(
                Evidence(one.file, one.line, "") for one in having))
        todo = [Todo(asked.person[""], tuple(Place(one.file, one.line) for one in self.pools))]
        allowed = [one for pool in self.pools for one in pool.allowed]
        todo += dict.fromkeys(
            Todo(f"{one.id}{_STANDS.get(part.status, '')}: {wording.lacking(part.reason)}",
                 _at(part.places)) for one in allowed for part in one.parts)
        first = [one for one in asked.after if (known := self.judged.get(one)) is not None
                 and known.status not in (Standing.MET, Standing.NOT_APPLICABLE)]
        if first:
            todo.append(Todo(f"before it: {', '.join(named(one) for one in first)}"))
        elif not any(one.status in (Standing.UNMET, Standing.CONDITIONAL) for one in allowed):
            todo.append(Todo(READY))
        return Item(asked, Standing.UNMET, todo=tuple(todo), allowed=tuple(allowed))

    def _tested(self, item: Item, waiting: Iterable[str]) -> Item:
        """With the selftests of the tree that exercise it."""
        found = []
        for one in item.asked.tests:
            text = self._selftest(one.file)
            cases = tuple(case for case in one.cases
                          if re.search(rb"^def " + case.encode() + rb"\(", text, re.MULTILINE))
            if cases:
                found.append(Exercise(f"{SELFTESTS}/{one.file}", cases,
                                      tuple(need for need in one.needs if need in waiting
                                            and need != item.asked.id),
                                      one.where))
        return replace(item, tests=tuple(found))

    def _selftest(self, file: str) -> bytes:
        return (plain.optional(self.tree / SELFTESTS / file) or b"") if self.tree else b""

    # -- the conversion

    def _is_own(self, file: str) -> bool:
        return file in self.files

    def _prepare(self) -> tuple[str, ...]:
        """The options of the conversion that count here, less those of steps behind it."""
        words = [one for one in self.migration.arguments if not one.startswith("--with=")]
        if not self.report.rooms:
            words = [one for one in words if one != "--prepare"]
        return (*words, *(["--heads"] if self.report.heads_only else []))

    def _made(self, id: str) -> bool:
        return any(one.step == id for one in self.report.behind)

    def _home(self, later: Sequence[str]) -> Callable[[str, int], int]:
        """From a line of the driver as it is before some steps to the line on disk."""
        texts: dict[str, tuple[bytes, bytes]] = {}
        for step in self.migration.steps:
            if step.room is not None and step.room.behind and step.room.step in later:
                continue
            for one in step.changes:
                texts[one.path] = (texts.get(one.path, (one.before, b""))[0], one.after)

        def home(file: str, line: int) -> int:
            return _mapped(*texts[file], line) if file in texts else line

        return home


_MAKES: dict[str, Callable[[_Made, Item, Requirement], Item]] = {
    "rx.3": _Made._calls, "rx.4": _Made._flags, "rx.5": _Made._reads, "rx.6": _Made._syncs,
    "tx.1": _Made._unmaps, "tx.2": _Made._sends}


def named(id: str) -> str:
    """An item as it is called in a sentence: as the document numbers it, else by what it is."""
    kind, _, number = id.partition(".")
    return f"{kind.capitalize()} {number}" if number else requirements.short(id)


def _person(asked: Asked, basis: Basis) -> str:
    return asked.person.get(basis.value) or asked.person.get("") or wording.BASIS[basis]


def _at(places: Iterable[Evidence]) -> tuple[Place, ...]:
    return tuple(Place(one.file, one.line) for one in places)


def _shown(one: Place) -> str:
    return f"{one.file}:{one.line}"


def _has(pool: PoolReport, flag: str) -> bool:
    return any(one.name == flag for one in pool.flags)


def _counted(some: Sequence[object], noun: str) -> str:
    return f"{len(some)} {noun}{'' if len(some) == 1 else 's'}"


def _mapped(before: bytes, after: bytes, line: int) -> int:
    """The line of a text before that a line of the text after comes from."""
    old, new = before.split(b"\n"), after.split(b"\n")
    for tag, first, last, start, end in SequenceMatcher(None, old, new, False).get_opcodes():
        if start <= line - 1 < end:
            offset = line - 1 - start
            return min(first + offset, last - 1 if tag != "equal" else last) + 1
    return line
