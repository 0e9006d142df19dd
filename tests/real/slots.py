# SPDX-License-Identifier: GPL-2.0-only
"""Slots that humans moved to netmem, and whether a conversion moves them, by its text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.text import tokens
from netmem_migrate.c.types import Type
from netmem_migrate.model.forms import table
from netmem_migrate.model.spelled import REF
from netmem_migrate.model.twins import Twin, by_page
from netmem_migrate.results import Declaration, FileChange, Migration, Room

TABLE = Path(__file__).with_name("human-slots.tsv")
_NETMEM = Type(REF)


@dataclass(frozen=True, slots=True)
class Slot:
    """A declaration that the merged conversion of a driver moved.

    `page` is its name before and `netmem` after, `function.name` or `record.member`; `old` and
    `new` are what the tool is known to do with it: moves, stays or none.
    """

    driver: str
    file: str
    kind: str
    page: str
    netmem: str
    old: str
    new: str


def read(path: Path = TABLE) -> list[Slot]:
    """The slots of a table."""
    lines = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()
             if line and not line.startswith("#")]
    return [Slot(driver, file, kind, page, netmem, old, new)
            for driver, file, kind, page, netmem, old, new in
            lines[1:]]


def symbols_of(texts: Mapping[str, bytes]) -> Symbols:
    """What some files declare, as they are parsed."""
    found = Symbols()
    for path, text in texts.items():
        found.add(path, found.texts.parse(text))
    return found


def types(symbols: Symbols, file: str, kind: str, name: str) -> list[Type]:
    """The types of all that is declared so in a file: of a local, one for each scope that has it.

    `name` is `record.member`, `function.name`, or of a return the function.
    """
    owner, _, own = name.rpartition(".")
    if kind == "member":
        return [record.members[own.encode()].type for records in symbols.records.values()
                for record in records if record.file == file and own.encode() in record.members
                and record.tag.rpartition(" ")[2] == owner]
    found: list[Type] = []
    for function in symbols.functions.get((owner or own).encode(), ()):
        if function.file == file and function.body is not None:
            if kind == "return":
                found.append(function.result)
            elif kind == "parameter":
                found += [one.type for one in function.parameters if one.name == own.encode()]
            else:
                found += _locals(symbols, function, own.encode())
    return found


def _locals(symbols: Symbols, function: Function, name: bytes) -> Iterator[Type]:
    for node in nodes(function.node, "declaration"):
        for one in symbols.declarators(function.file, node):
            if one.name == name:
                yield one.type


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a slot: `name` is what it is called before, "" where there is no such page.

    `moved` is what the text after says, `told` what the report does.
    """

    slot: Slot
    name: str
    moved: bool
    told: bool

    @property
    def word(self) -> str:
        return "none" if not self.name else "moves" if self.moved else "stays"


def became(slot: Slot, before: Symbols, after: Symbols, migration: Migration) -> Found:
    """Whether a conversion moves a slot: in the function that has it, or in a copy of that."""
    report = migration.report
    for name in (slot.netmem, slot.page):
        if any(one.is_page and not one.level for one in types(before, slot.file, slot.kind, name)):
            break
    else:
        return Found(slot, "", False, False)
    owner, _, own = name.rpartition(".")
    owners = [owner or own, *_copies(report.rooms, owner or own)]
    told = [one for one in report.declarations if one.file == slot.file and one.kind == slot.kind
            and (one.name == name if slot.kind == "member" else one.function in owners and (
                slot.kind == "return" or one.name == own))]
    wanted = {f"{one}.{other}" if owner else one for one in owners
              for other in (own, *(_short(known.new_name) for known in told))}
    # An arm that was added to the member holds what moved.
    arms = [room.made for room in report.rooms if slot.kind == "member" and room.slot == name]
    told += [one for one in report.declarations if one.kind == "member" and one.name in arms]
    wanted |= {f"{owner}.{_short(one.new_name)}" for one in told if one.name in arms}
    moved = any(_NETMEM in types(after, slot.file, slot.kind, one) for one in wanted)
    return Found(slot, name, moved, bool(told))


def _short(name: str) -> str:
    return name.rpartition(".")[2]


def _copies(rooms: Sequence[Room], function: str) -> list[str]:
    return [room.made.removesuffix("()") for room in rooms
            if room.slot.removesuffix("()") == function]


def mistold(after: Symbols, declarations: Sequence[Declaration]) -> list[str]:
    """What a report says has moved, and the text after does not."""
    return [f"{one.file}:{one.line}: {one.name}" for one in declarations
            if not any(known.base == REF
                       for known in types(after, one.file, one.kind, _after(one)))]


def _after(one: Declaration) -> str:
    if one.kind == "return":
        return one.function
    return f"{one.name.rpartition('.')[0] or one.function}.{_short(one.new_name)}"


# -- what calls are given


def arguments(changes: Sequence[FileChange]) -> tuple[int, list[str]]:
    """How many calls a conversion made netmem calls of, and those that are given something else.

    All but the memory has to be as before; what a page function implies is written out as the row
    of the model says.
    """
    calls, wrong = 0, []
    for change in changes:
        sides: tuple[dict[str, list[view.Call]], ...] = ({}, {})
        for side, text in zip(sides, (change.before, change.after), strict=True):
            parsed = symbols_of({change.path: text}).files[change.path]
            for one in parsed.functions():
                side.setdefault(one.name, []).extend(
                    call for call in view.calls(one.node) if call.name.decode() in _known())
        for name, before in sides[0].items():
            after = sides[1].get(name, [])
            if len(before) != len(after):
                wrong.append(f"{change.path}: {name}(): {len(before)} calls, then {len(after)}")
                continue
            for one, other in zip(before, after, strict=True):
                if one.name != other.name:
                    calls += 1
                    if not _same(one, other, by_page(table()).get(one.name.decode())):
                        wrong.append(f"{change.path}: {name}(): {one.name.decode()}() and "
                                     f"{other.name.decode()}() are given other things")
    return calls, wrong


@cache
def _known() -> frozenset[str]:
    """The calls that are given something else than the memory, or make it, on either side."""
    return frozenset(name for twin in by_page(table()).values()
                     for form in twin.forms for name in (form.page, form.netmem)
                     if twin.arg is None or twin.parameters != 1)


def _same(before: view.Call, after: view.Call, twin: Twin | None) -> bool:
    """Whether a call is the netmem form of another, with the same arguments but for the memory."""
    one, other = ([arg for number, arg in enumerate(call.args)
                   if twin is None or number != twin.arg] for call in (before, after))
    for form in twin.forms if twin is not None else ():
        implied = [tokens(text.encode()) for text in form.form.extra]
        if form.netmem == after.name.decode() and len(other) == len(one) + len(implied) and \
                all(map(_is_form, one, other)) and \
                [tokens(view.text(arg)) for arg in other[len(one):]] == implied:
            return True
    return False


def _is_form(before: Node, after: Node) -> bool:
    """Whether two arguments are the same, or the one what a row of the model makes of the other,
    as the pool that a page belongs to."""
    return tokens(view.text(before)) == tokens(view.text(after)) or any(
        row.becomes.match(after) is not None and row.becomes.name
        and any(one.match(before) is not None for one in row.spellings)
        for row in table().others)
