# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler's own graph shows of a member that keeps the addresses of frags: T1 to T3
(docs/proof.md), path by path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from netmem_migrate.model.sent import ASKED, KEPT
from netmem_migrate.verify.gimple import Block, Statement
from netmem_migrate.verify.guards import skipped
from netmem_migrate.verify.terms import Term
from netmem_migrate.verify.unit import Traced, Unit

_FINE = frozenset(("unmap", "asked", "zero", "set"))
_COMPARED = re.compile(r"^(\S+) (==|!=) (\S+)$")
_CAST = re.compile(r"^\([\w ]+(?: \*)*\) (\S+)$")


@dataclass(frozen=True, slots=True)
class _Open:
    """An address that is kept, of a frag that is mapped, without a set behind it yet; `at` is None
    where it is not kept yet. `valid`: the names by which slot and frag are found are still of
    those."""

    mapped: Statement
    at: Statement | None = None
    slot: Term | None = None
    valid: bool = True


def faults(unit: Unit, own: frozenset[str] = frozenset()) -> tuple[str, ...]:
    """What does not hold, in order of the places; `own` are functions that no other object calls.
    """
    found: dict[str, None] = {}
    for one in unit.all:
        found |= dict.fromkeys((*_reads(one), *_unmaps(one), *_sets(one)))
    found |= dict.fromkeys(_lost(unit, own))
    return tuple(sorted(found))


def _reads(one: Traced) -> Iterator[str]:
    """T1, and unmaps of what is read that are raw (T3)."""
    fresh = _fresh(one) if one.loads else {}
    for load in one.loads:
        ends = one.ends(load.target)
        for end in ends:
            if end.kind == "raw":
                yield _raw(end.at)
        if any(one.same(slot, one.terms.place(load.value, load))
               for slot in fresh.get(load, frozenset())):
            continue
        if any(end.kind not in _FINE and end.kind != "raw" for end in ends):
            yield _read(load)
        for other in skipped(one, load):
            yield f"T1: what stands at {other.where} depends on the stored address"
    for other in one.taken:
        yield _read(other)


def _unmaps(one: Traced) -> Iterator[str]:
    """T3: what unmaps the address that a frag was mapped to, and not by the member."""
    for statement in one.graph.statements:
        if statement.target and one.is_map(statement):
            for end in one.ends(statement.target):
                if end.kind in ("raw", "unmap"):
                    yield _raw(end.at)


def _raw(at: Statement) -> str:
    return f"T3: raw unmap at {at.where}"


def _read(at: Statement) -> str:
    return f"T1: the stored address is read at {at.where}, not for an unmap"


def _left_out(at: Statement) -> str:
    return f"T2: a path from the map at {at.where} leaves the address without a set"


# What a slot holds was put there by this function, and not set since.


def _fresh(one: Traced) -> dict[Statement, frozenset[Term]]:
    """The slots that were stored on every path to a statement, and not set behind that."""
    found: dict[Statement, frozenset[Term]] = {}
    states: dict[int, frozenset[Term]] = {}
    first = next(iter(one.graph.blocks), -1)
    todo = [first]
    states[first] = frozenset()
    while todo:
        block = one.graph.blocks[todo.pop()]
        state = states[block.number]
        for statement in block.statements:
            found[statement] = state
            state = _after(one, statement, state)
        for number in block.successors:
            if number not in one.graph.blocks:
                continue
            old = states.get(number)
            new = state if old is None else old & state
            if new != old:
                states[number] = new
                todo.append(number)
    return found


def _after(one: Traced, statement: Statement, state: frozenset[Term]) -> frozenset[Term]:
    state = frozenset(slot for slot in state if statement not in slot.leaves())
    inner = one.unit.traced(statement.name) if statement.kind == "call" else None
    if statement.name == KEPT or (inner is not None and inner.is_setting):
        state = frozenset()
    return state | {stored.slot for stored in one.stores.get(statement, ())
                    if stored.slot is not None}


# Each address that is kept has a set behind it.


def _sets(one: Traced) -> Iterator[str]:
    if not one.sets and not any(root.kind == "map" for all_ in one.stores.values()
                                for stored in all_ for root in stored.roots):
        return
    said: dict[str, None] = {}
    matched: set[Statement] = set()

    def at(statement: Statement, state: frozenset[_Open]) -> frozenset[_Open]:
        return _step(one, statement, state, said, matched)

    _walk(one, at)
    yield from said
    for statement in one.sets:
        if statement not in matched:
            yield f"T2: the slot at {statement.where} belongs to another frag"


def _walk(one: Traced, at: Callable[[Statement, frozenset[_Open]], frozenset[_Open]]) -> None:
    states: dict[int, frozenset[_Open]] = {}
    first = next(iter(one.graph.blocks), -1)
    states[first] = frozenset()
    todo = [first]
    while todo:
        block = one.graph.blocks[todo.pop()]
        state = states[block.number]
        for statement in block.statements:
            state = at(statement, state)
        for number, out in _edges(one, block, state):
            if number not in one.graph.blocks:
                continue
            old = states.get(number)
            new = out if old is None else old | out
            if new != old:
                states[number] = new
                todo.append(number)


def _step(one: Traced, statement: Statement, state: frozenset[_Open], said: dict[str, None],
          matched: set[Statement]) -> frozenset[_Open]:
    state = frozenset(replace(fact, valid=False) if fact.valid and _is_moved(one, fact, statement)
                      else fact for fact in state)
    if one.is_map(statement):
        for fact in state:
            if fact.at is not None:
                said[_left_out(fact.mapped)] = None
        state = frozenset(fact for fact in state if fact.mapped is not statement)
        state |= {_Open(statement)}
    if statement in one.stores:
        state = _kept(one, statement, state, said)
    if statement.kind == "call" and statement.name == KEPT:
        state = _set(one, statement, state, matched)
    if statement.kind == "return":
        for fact in state:
            if fact.at is not None:
                said[_left_out(fact.mapped)] = None
    return state


def _is_moved(one: Traced, fact: _Open, statement: Statement) -> bool:
    """Whether a statement sets what a slot or a frag is found by."""
    frag = one.frag(fact.mapped)
    return (frag is None or statement in frag.leaves() or
            (fact.slot is not None and statement in fact.slot.leaves()))


def _kept(one: Traced, statement: Statement, state: frozenset[_Open],
          said: dict[str, None]) -> frozenset[_Open]:
    for stored in one.stores[statement]:
        for root in stored.roots:
            if root.kind != "map":
                continue
            for fact in list(state):
                if fact.mapped is root.at and fact.at is statement:
                    said[_left_out(fact.mapped)] = None
                elif fact.mapped is root.at and fact.at is None:
                    state |= {_Open(fact.mapped, statement, stored.slot,
                                    fact.valid and stored.slot is not None)}
    return state


def _set(one: Traced, statement: Statement, state: frozenset[_Open],
         matched: set[Statement]) -> frozenset[_Open]:
    frag, slot = one.frag_of(statement), one.slot(statement)
    roots = one.roots(statement.args[2], statement)
    done: set[_Open] = set()
    for fact in state:
        mapped = one.frag(fact.mapped)
        if not fact.valid or frag is None or mapped is None or not one.same(mapped, frag):
            continue
        if fact.at is None:
            # The set itself keeps what is mapped.
            if any(root.kind == "map" and root.at is fact.mapped for root in roots):
                matched.add(statement)
        elif fact.slot is not None and one.same(fact.slot, slot):
            done.add(fact)
            matched.add(statement)
    return state - done


def _edges(one: Traced, block: Block,
           state: frozenset[_Open]) -> Iterator[tuple[int, frozenset[_Open]]]:
    """The blocks behind one, each with what is open there: nothing that failed to be mapped."""
    last = block.statements[-1] if block.statements else None
    failed = _asked(one, last) if last is not None and block.sides is not None else None
    for number in block.successors:
        if failed is None or block.sides is None or number != block.sides[not failed[1]] or \
                block.sides[0] == block.sides[1]:
            yield number, state
        else:
            yield number, frozenset(fact for fact in state
                                    if not _is_asked(one, failed[0], fact))


def _asked(one: Traced, test: Statement) -> tuple[Statement, bool] | None:
    """The call that asks whether a map failed by which a test decides, and whether yes is that."""
    if test.kind != "if" or test.name not in ("==", "!=") or test.args[1] != "0":
        return None
    name, truth = test.args[0], test.name == "!="
    for _ in range(16):
        made = one.graph.defined.get(name)
        if made is None:
            return None
        if made.kind == "call":
            if made.name == ASKED:
                return made, truth
            if made.name != "__builtin_expect":
                return None
            name = made.args[0]
            continue
        compared, cast = _COMPARED.match(made.value), _CAST.match(made.value)
        if compared is not None and compared[3] == "0":
            name, truth = compared[1], truth == (compared[2] == "!=")
        elif cast is not None:
            name = cast[1]
        else:
            name = made.value
    return None


def _is_asked(one: Traced, asked: Statement, fact: _Open) -> bool:
    """Whether the address of which is asked is that of a map."""
    for root in one.roots(asked.args[0], asked):
        if root.kind == "map" and root.at is fact.mapped:
            return True
        if root.kind == "member" and root.at is not None and fact.slot is not None and \
                fact.valid and one.same(fact.slot, one.terms.place(root.at.value, root.at)):
            return True
    return False


# Nothing is kept that was not followed.


def _lost(unit: Unit, own: frozenset[str]) -> Iterator[str]:
    kept: set[Statement] = set()
    unknown: list[Statement] = []
    for one in unit.all:
        for statement, all_ in one.stores.items():
            roots = {root for stored in all_ for root in stored.roots}
            kept |= {root.at for root in roots if root.kind == "map" and root.at is not None}
            if any(root.kind == "load" for root in roots):
                unknown.append(statement)
            if any(root.kind == "told" for root in roots):
                yield f"T2: the address stored at {statement.where} is from what is not read"
        kept |= {root.at for statement in one.sets
                 for root in one.roots(statement.args[2], statement)
                 if root.kind == "map" and root.at is not None}
    for one in unit.all:
        for statement in one.graph.statements:
            if not one.is_map(statement) or statement in kept:
                continue
            ends = one.ends(statement.target) if statement.target else []
            for end in ends:
                if end.kind == "passed":
                    yield (f"T2: the address of the frag mapped at {statement.where} goes to what "
                           f"is not read at {end.at.where}")
                if end.kind == "back" and one.graph.name not in own:
                    yield (f"T2: the address of the frag mapped at {statement.where} is given "
                           "back to what is not read")
                if end.kind in ("stored", "other") and unknown:
                    yield (f"T2: the address stored at {unknown[0].where} may be that of the frag "
                           f"mapped at {statement.where}")
