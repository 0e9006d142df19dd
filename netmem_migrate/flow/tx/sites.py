# SPDX-License-Identifier: GPL-2.0-only
"""Each slot that keeps addresses of frags whatever their memory is: the calls that ask, or which
condition of them does not hold (T1 to T3 of docs/preparing.md)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.text import replaced
from netmem_migrate.flow.analyse import Analysis, analyse
from netmem_migrate.flow.sync.scopes import Scope, World
from netmem_migrate.flow.tx.faults import Fault, Sent, arms_at
from netmem_migrate.flow.tx.maps import Map
from netmem_migrate.flow.tx.paths import Event, Kind
from netmem_migrate.flow.tx.slots import Key, Slot, is_counted, kept, names, slot, spelled
from netmem_migrate.flow.tx.unfound import judged, reason, unfound
from netmem_migrate.flow.tx.uses import (
    Role,
    Unmap,
    every_unmap,
    is_address,
    is_helper,
    of_device,
)
from netmem_migrate.model.spelled import (
    GIVES_NETMEM,
    HOLDS_FRAGS,
    KEEPS_ADDRESS,
    RINGS,
    SETS_NETMEM,
    UNMAPS_NETMEM,
)
from netmem_migrate.reasons import Reason, Why

if TYPE_CHECKING:
    from tree_sitter import Node


_HELD_IN = re.compile(rb"\b%b\s*\([^()]*\)" % HOLDS_FRAGS.encode())


@dataclass(frozen=True, slots=True)
class Splice:
    """Other bytes for some of a file, in the function of `scope`."""

    scope: Scope
    start: int
    end: int
    text: bytes

    @property
    def line(self) -> int:
        """Where it begins."""
        source = self.scope.world.analysis.originals[self.scope.file]
        return source.count(b"\n", 0, self.start) + 1


@dataclass(frozen=True, slots=True)
class Made:
    """A slot that gets the helpers: where it is set, and where it is unmapped. `tested`: the driver
    asks whether there is an address before it unmaps that."""

    key: Key
    sets: tuple[Splice, ...]
    unmaps: tuple[Splice, ...]

    tested: bool = False

    @property
    def title(self) -> str:
        """The member, as a reason names it."""
        return f"{self.key[0]}.{self.key[1].decode('latin-1')}"

    @property
    def splices(self) -> tuple[Splice, ...]:
        """All of it."""
        return *self.sets, *self.unmaps


@dataclass(frozen=True, slots=True)
class _Held:
    """A frag that is mapped, and what puts its address into a slot."""

    map: Map
    store: Event
    slot: Slot


def sites(analysis: Analysis) -> list[Made | Reason]:
    """Each slot of a driver, then each frag of which none is found, in order."""
    found = _Sites(World(analysis))
    met, other = judged(analysis)
    if found.any_map:
        other = [one for one in other if one.why is not Why.TX_NO_FRAGS]
    other += [] if met or other else found.others()
    made: list[Made | Reason] = []
    for key, held in found.by_key.items():
        one = found.made(key, held)
        if isinstance(one, Made) and other:
            continue  # what is not followed may be in the same slot
        made += _judged(analysis, one) if isinstance(one, Made) else [one]
    return [*made, *other]


def _judged(analysis: Analysis, made: Made) -> list[Made | Reason]:
    """A slot that has the helpers, or what does not hold of it then, in the lines before."""
    splices: dict[str, list[Splice]] = {}
    for one in made.splices:
        splices.setdefault(one.scope.file, []).append(one)
    held = {file: replaced(analysis.originals[file], sorted(
        (one.start, one.end, one.text) for one in mine)) for file, mine in splices.items()}
    driver = replace(analysis.driver, held={**analysis.driver.held, **held})
    then = analyse(driver, analysis.target, rows=analysis.rows, arms=analysis.symbols.texts.arms)
    sent = Sent(World(then), frozenset({made.key}))
    tested = any(use.role is Role.TESTED for use in sent.uses)
    return [_before(one, splices) for one in sent.faults()] or [replace(made, tested=tested)]


def _before(fault: Fault, splices: Mapping[str, Sequence[Splice]]) -> Reason:
    """A fault as a reason, with the line that it is on without the helpers."""
    def back(file: str, line: int) -> int:
        more = 0
        for one in sorted(splices.get(file, ()), key=lambda one: one.start):
            if one.line + more >= line:
                break
            more += one.text.count(b"\n")
        return line - more

    line = back(fault.scope.file, fault.scope.line(fault.node))
    file, colon, number = fault.by.rpartition(":")
    by = f"{file}:{back(file, int(number))}" if colon and number.isdigit() else fault.by
    return replace(fault.reason, by=by, line=line, other=f"{fault.scope.file}:{line}")


@dataclass(eq=False)
class _Sites:
    world: World

    @cached_property
    def _unmaps(self) -> dict[Key, list[Unmap]]:
        """The unmaps of slots, by slot."""
        found: dict[Key, list[Unmap]] = {}
        for one in every_unmap(self.world):
            if one.slot is not None:
                found.setdefault(one.slot.key, []).append(one)
        return found

    @cached_property
    def _of_device(self) -> frozenset[Key]:
        """The slots that are the device's, in its byte order."""
        return frozenset(key for key, some in self._unmaps.items()
                         if any(of_device(one.scope, one.call) for one in some))

    @cached_property
    def _maps(self) -> list[tuple[Map, list[_Held]]]:
        """The frags that are mapped, with what keeps their addresses until an unmap."""
        sent = Sent(self.world, frozenset(self._unmaps))
        return [(one, [_Held(one, event, event.slot) for event in paths.reached(one)
                       if event.slot is not None])
                for paths in sent.mapping for one in paths.maps]

    @property
    def any_map(self) -> bool:
        """Whether any frag is mapped."""
        return bool(self._maps)

    @cached_property
    def by_key(self) -> dict[Key, list[_Held]]:
        """The frags by the slots that keep them, but for those that have the helper."""
        found: dict[Key, list[_Held]] = {}
        for _, held in self._maps:
            keys = {one.slot.key for one in held}
            if len(keys) == 1 and not keys & self._of_device and not any(
                    one.store.kind is Kind.SET or _is_set(one.map.scope, one.slot)
                    for one in held):
                found.setdefault(held[0].slot.key, []).extend(held)
        return found

    def others(self) -> Iterator[Reason]:
        """The frags of which no slot is found."""
        for one, held in self._maps:
            device = [each for each in held if each.slot.key in self._of_device]
            if device:
                yield reason(Why.TX_DESCRIPTOR, one, device[0].store.node)
            elif len({each.slot.key for each in held}) > 1:
                yield reason(Why.TX_FUNCTION, one, held[0].store.node, _called(held[0]))
            elif not held:
                yield unfound(self.world, one)

    def made(self, key: Key, held: Sequence[_Held]) -> Made | Reason:
        """The helpers for a slot, or why not."""
        for one in held:
            twice = sum(other.map == one.map for other in held) > 1
            if not one.store.sure or twice:
                return reason(Why.TX_FUNCTION, one.map, one.store.node, _called(one))
            if one.store.node.end_byte < one.map.call.node.start_byte:
                return reason(Why.TX_OTHER_FRAG, one.map, one.store.node)
            if not is_address(self.world, key, one.map.scope.file):
                return reason(Why.TX_DESCRIPTOR, one.map, one.store.node)
            if not _is_plain(one):
                return reason(Why.TX_LOST, one.map, one.store.node)
        raw = [one for one in self._unmaps[key] if one.by_page and not is_helper(one.call)]
        if not raw:
            first = self._unmaps[key][0]
            scope, call = first.scope, first.call
            return Reason(Why.TX_RAW, other=scope.where(call.node), slot=scope.title,
                          file=scope.file, line=scope.line(call.node))
        sets = [_late(one) for one in held]
        bad = next((one for one in sets if isinstance(one, Reason)), None)
        if bad is not None:
            return bad
        return Made(key, tuple(dict.fromkeys(splice for one in sets if isinstance(one, list)
                                             for splice in one)),
                    tuple(splice for one in raw for splice in _helped(one.scope, one.call)))


def _is_plain(held: _Held) -> bool:
    """Whether slot and frag are spelled so that they can be said again: nothing is called or
    counted in that, no index is a member, and each name is one variable, which is in sight where
    the slot is set."""
    scope, call = held.map.scope, view.call(view.bare(held.map.frag))
    text = b" ".join((held.slot.base, held.slot.index, spelled(held.map.frag)))
    plain = _HELD_IN.sub(b"", text)
    if call is not None or b"(" in plain or b"++" in plain or b"--" in plain or \
            is_counted(text):
        return False
    statement = _statement(held.store.node)
    block = statement.parent if statement is not None else None
    for name in held.slot.names | names(held.map.frag):
        found = [one for one in nodes(scope.node, "declaration") if any(
            view.text(each) == name for each in map(
                view.declared, one.children_by_field_name("declarator")) if each is not None)]
        if len(found) > 1 or any(block is not None and one.parent is not None and not (
                one.parent.start_byte <= block.start_byte < one.parent.end_byte)
                for one in found):
            return False
    return True


def _called(held: _Held) -> str:
    """The function that puts an address into a slot."""
    call = view.call(held.store.node)
    return call.name.decode("latin-1") if call is not None else ""


def _is_set(scope: Scope, found: Slot) -> bool:
    """Whether a function sets a slot with the helper already."""
    return any(held is not None and held[0] is not None and held[0].key == found.key
               and held[2] is not None for call in view.calls(scope.node)
               for held in [kept(scope, call)])


def _late(held: _Held) -> list[Splice] | Reason:
    """The helper behind the last use of a slot for the hardware."""
    scope, found = held.map.scope, held.slot
    statement = _statement(held.store.node)
    block = statement.parent if statement is not None else None
    if statement is None or block is None or block.type != "compound_statement":
        return reason(Why.TX_LOST, held.map, held.store.node)
    last, after = statement, view.behind(statement)
    known = found.names | names(held.map.frag)
    while after is not None and not _changes(scope, after, known):
        if any(one.text == found.text for one in _reads(scope, after)):
            last = after
        if any(RINGS.fullmatch(one.name) for one in view.calls(after)):
            break  # the device may be done with it behind that
        after = view.behind(after)
    if not arms_at(scope, last.start_byte) <= arms_at(scope, held.map.call.node.start_byte):
        return reason(Why.TX_UNSET, held.map, last)
    netmem = b"%b(%b)" % (GIVES_NETMEM[0].encode(), spelled(held.map.frag))
    call = view.call(held.store.node)
    if last is statement and call is not None and call.name.decode("latin-1") in KEEPS_ADDRESS:
        return [Splice(scope, call.node.start_byte, call.args[0].start_byte,
                       b"%b(%b, " % (SETS_NETMEM.encode(), netmem))]
    source = scope.world.analysis.originals[scope.file]
    start = source.find(b"\n", last.end_byte)
    rest = source[last.end_byte:start].strip()
    at = start if not rest or rest.startswith(b"//") or (
        rest.startswith(b"/*") and rest.endswith(b"*/")) else last.end_byte
    begin = source.rfind(b"\n", 0, statement.start_byte) + 1
    indent = source[begin:statement.start_byte]
    text = b"%b(%b, %b, %b, %b);" % (SETS_NETMEM.encode(), netmem, found.pointer, found.member,
                                     found.spelled)
    return [Splice(scope, at, at, b"\n" + indent + text)]


def _statement(node: Node) -> Node | None:
    around: Node | None = node
    while around is not None and not (around.type.endswith("_statement")
                                      or around.type == "declaration"):
        around = around.parent
    return around


def _changes(scope: Scope, statement: Node, known: frozenset[bytes]) -> bool:
    return any(statement.start_byte <= node.start_byte < statement.end_byte
               for name in known for node, _ in scope.sets.get(name, ()))


def _reads(scope: Scope, statement: Node) -> Iterator[Slot]:
    for node in nodes(statement, "field_expression", "subscript_expression", "call_expression"):
        found = slot(scope, node)
        if found is not None:
            yield found


def _helped(scope: Scope, call: view.Call) -> Iterator[Splice]:
    """The helper in the place of an unmap: it takes attributes."""
    name = call.function
    yield Splice(scope, name.start_byte, name.end_byte, UNMAPS_NETMEM[0].encode())
    if not call.name.endswith(b"_attrs"):
        end = call.arguments.end_byte - 1
        yield Splice(scope, end, end, b", 0")
