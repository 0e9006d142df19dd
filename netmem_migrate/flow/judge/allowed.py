# SPDX-License-Identifier: GPL-2.0-only
"""Whether a pool may be allowed to have memory that the CPU cannot read: P1 to P7 of
netmem_migrate/model/conditions.py, judged for one pool by what leads to it.

Where headers go, and whether what is bound has the pool's order, the source does not tell for sure:
that stays open.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import DEFINE
from netmem_migrate.flow import addresses
from netmem_migrate.flow.graph import Place
from netmem_migrate.flow.judge.asked import is_asked
from netmem_migrate.flow.judge.given import Given, Set
from netmem_migrate.flow.judge.memory import is_hint
from netmem_migrate.flow.judge.pools import Pool
from netmem_migrate.flow.judge.reach import Held
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.taint import Atom, Atoms, use_atom
from netmem_migrate.flow.judge.unit import Body, Use
from netmem_migrate.model import spelled
from netmem_migrate.model.conditions import OF, STEPS
from netmem_migrate.model.forms import table
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.ready import BOUND_TO, NEEDED
from netmem_migrate.model.schema import Effect, Trait
from netmem_migrate.model.twins import twins
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Allowed, Basis, Evidence, Part, Requirement, Standing

_OPEN = (Standing.UNMET, Standing.CONDITIONAL, Standing.UNKNOWN)
_NUMBER = re.compile(rb"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*")
_SYNCS = {Basis.RAW_SYNC: Why.POOL_RAW_SYNC, Basis.NO_SYNC: Why.POOL_NO_SYNC,
          Basis.POOL_SYNC: Why.POOL_SYNC_IF}

_Found = tuple[Standing, Why, str, Sequence[Evidence]]


class _Addressed(Held):
    """What holds memory, or an address of it that the CPU uses."""

    def _carries(self, call: view.Call) -> bool:
        return super()._carries(call) or call.name.decode("latin-1") in _addresses()


@cache
def _addresses() -> frozenset[str]:
    return frozenset(name for one in twins(table()) if one.gives_address
                     for name in (one.page, one.netmem))


class Conditions:
    """P1 to P7 of the pools of one module, by how that stands to the requirements."""

    def __init__(self, judge: Judge, judged: Mapping[str, Requirement]) -> None:
        self.judge, self.judged = judge, judged
        self.unit, self.reach, self.memory = judge.unit, judge.reach, judge.memory
        # Of its own: what the judge follows does not depend on what is asked here.
        self._atoms, self._held = Atoms(judge.unit), _Addressed(
            judge.unit, through=True)

    def of(self, pool: Pool) -> tuple[Allowed, ...]:
        """Each condition of one pool, in order."""
        slot = f"{pool.use.body.name}()"
        parts = [Part(status, _reason(why, slot, by, places), tuple(places))
                 for status, why, by, places in (
                     *self._split(pool), *self._queues(), *self._told(pool),
                     *self._has(pool), *self._heads(), *self._used(), *self._order(pool))]
        found = []
        for id in STEPS["unreadable"]:
            mine = tuple(one for one in parts if OF[one.reason.why] == id)
            status = next((one for one in (*_OPEN, Standing.NOT_APPLICABLE)
                           if any(part.status is one for part in mine)), Standing.MET)
            found.append(Allowed(id, status, mine))
        return tuple(found)

    # ------------------------------------------------------------ P1, P2

    def _split(self, pool: Pool) -> Iterator[_Found]:
        found = self.judged["rx.2"]
        if found.status is Standing.NOT_APPLICABLE:
            yield Standing.UNKNOWN, Why.POOL_USERS_SPLIT, "", self._at(pool)
        elif found.status is not Standing.MET:
            yield found.status, Why.POOL_NO_SPLIT, "", found.evidence

    def _queues(self) -> Iterator[_Found]:
        found = self.judged["queue-mgmt"]
        if self.judge.is_library:
            yield Standing.UNKNOWN, Why.POOL_USERS_QUEUES, "", self.judge.created
        elif found.status is Standing.CONDITIONAL:
            yield found.status, Why.POOL_QUEUES_IF, found.condition, found.evidence
        elif found.status is not Standing.MET:
            yield found.status, Why.POOL_NO_QUEUES, "", found.evidence

    # ------------------------------------------------------------ P3, P4, P7

    def _told(self, pool: Pool) -> Iterator[_Found]:
        given = Given(self.unit, pool)
        yield from self._lacking(pool, given, BOUND_TO, (
            Why.POOL_NOT_TOLD, Why.POOL_TOLD_IF, Why.POOL_TOLD_UNSEEN))

    def _has(self, pool: Pool) -> Iterator[_Found]:
        given = Given(self.unit, pool)
        yield from self._lacking(pool, given, (*NEEDED, "max_len"), (
            Why.POOL_LACKS, Why.POOL_HAS_IF, Why.POOL_HAS_UNSEEN))

    def _lacking(self, pool: Pool, given: Given, names: Sequence[str],
                 whys: tuple[Why, Why, Why]) -> Iterator[_Found]:
        """Which of some parameters, or flags, a pool is not given on every way; `whys` say that it
        is not, is under a test only, and may be where nobody sees it."""
        lacking: list[str] = []
        unseen: list[str] = []
        tested: dict[str, tuple[list[str], list[Set]]] = {}
        for name in names:
            sets = given.flags(name) if name in NEEDED else given.of(name)
            if given.is_always(sets):
                continue
            if sets:
                called, places = tested.setdefault(sets[0].condition, ([], []))
                called.append(name)
                places += sets
            elif given.is_known:
                lacking.append(name)
            else:
                unseen.append(name)
        for test, (called, places) in tested.items():
            yield (Standing.CONDITIONAL, whys[1], f"{', '.join(called)} if {test}",
                   self._places(places))
        if lacking:
            yield Standing.UNMET, whys[0], ", ".join(lacking), self._at(pool)
        if unseen:
            yield Standing.UNKNOWN, whys[2], ", ".join(unseen), self._at(pool)

    def _order(self, pool: Pool) -> Iterator[_Found]:
        given = Given(self.unit, pool)
        sets = given.of("order")
        odd = [one for one in sets if self._number(one.node) != 0]
        for one in odd:
            number = self._number(one.node)
            text = " ".join(view.text(one.node).decode("utf-8", "replace").split())
            yield (Standing.UNKNOWN if number is None else Standing.UNMET,
                   Why.POOL_ORDER_UNSEEN if number is None else Why.POOL_ORDER, text,
                   self._places([one]))
        if not sets and not given.is_known:
            yield Standing.UNKNOWN, Why.POOL_ORDER_ELSEWHERE, "", self._at(pool)

    def _number(self, node: Node) -> int | None:
        """The number that a constant is, as a macro of the unit may spell it."""
        text = view.text(view.bare(node))
        for _ in range(len(self._macros) + 1):
            known = _NUMBER.fullmatch(text)
            if known is not None:
                return int(known[1], 0) if known[1].lower().startswith(b"0x") else int(known[1])
            bodies = self._macros.get(text, set())
            if len(bodies) != 1:
                return None
            (text,) = bodies
        return None

    @cached_property
    def _macros(self) -> dict[bytes, set[bytes]]:
        found: dict[bytes, set[bytes]] = {}
        for text in self.unit.texts.values():
            for name, parameters, body in DEFINE.findall(text):
                if not parameters:
                    found.setdefault(name, set()).add(body.strip().strip(b"()"))
        return found

    # ------------------------------------------------------------ P5

    def _heads(self) -> Iterator[_Found]:
        if not self.judge.has_dma:
            yield Standing.NOT_APPLICABLE, Why.POOL_NO_DEVICE, "", self.judge.created
            return
        copied, beside = self._copied, self._beside
        if copied:
            yield Standing.UNKNOWN, Why.POOL_HEADS_COPIED, "", copied
        if beside:
            yield Standing.UNKNOWN, Why.POOL_HEADS_BESIDE, "", beside
        if copied or beside:
            return
        made = self._made
        yield (Standing.UNMET, Why.POOL_HEADS, "", made) if made else (
            Standing.UNKNOWN, Why.POOL_HEADS_UNSEEN, "", ())

    @cached_property
    def _made(self) -> list[Evidence]:
        """Where a packet, or its head, is made of memory of the pool."""
        graph = self.unit.analysis.graph
        known = addresses.reached(graph)
        given = [place for key, name, place in graph.addresses.given_to if key in known and (
            has(name, Trait.READS_PACKET) or has(name, Trait.CPU_COPIES))]
        direct = [place for place in self.memory.reads if _is_read(place)]
        held = self._held
        taken = held.reached(use_atom(one) for one in self._taken)
        places = {(one.file, one.node.start_byte): one.node for one in (*given, *direct)}
        for use in (*self.reach.of(Trait.READS_PACKET), *self.reach.of(Trait.CPU_COPIES)):
            source = _source(use) if has(use.name, Trait.CPU_COPIES) else None
            args = [source] if source is not None else use.call.args
            if any(one in taken for arg in args for one in held.read(use.body, arg)):
                places[use.body.file, use.call.node.start_byte] = use.call.node
        return list(dict.fromkeys(
            self.unit.at(file, node) for (file, _), node in sorted(
                places.items(), key=lambda one: one[0])
            if file in self.unit.texts and self.reach.covers(file, node)))

    @cached_property
    def _taken(self) -> list[Use]:
        """Where the address of a netmem is taken, but to prefetch it."""
        return [one for one in self.reach.called((spelled.ADDRESS,))
                if not is_hint(one.call.node)]

    @cached_property
    def _copied(self) -> list[Evidence]:
        """Where the head of a packet is copied out of memory that is allocated otherwise, in a
        function that puts payload into the packet."""
        uses = self.reach.of(Trait.CPU_COPIES)
        if not uses:
            return []
        return [self.unit.use_at(use) for use in uses if self._hands_over(use.body)
                and self._is_to_packet(use) and (source := _source(use)) is not None
                and any(self._is_other(one) for one in self._held.read(use.body, source))
                and not any(one in self._payload for one in self._atoms.read(use.body, source))]

    def _is_to_packet(self, use: Use) -> bool:
        """Whether a copy goes into a packet."""
        typed, into = self.unit.typed(use.body), use.call.args[0]
        return any(type_ is not None and type_.base == "struct sk_buff"
                   for type_ in map(typed.of, (into, *nodes(into, "identifier"))))

    def _is_other(self, member: Atom) -> bool:
        """Whether a member keeps such memory, and nothing else: a local may come from anywhere."""
        return member[0] == "member" and member[1] != "" and member in self._others and all(
            view.is_null(store.value)
            or any(one in self._others for one in self._held.read(body, store.value))
            for body in self.unit.saying.get(member[2], ()) for store in view.stores(body.node)
            if self._held.of(body, store.target) == member)

    @cached_property
    def _others(self) -> set[Atom]:
        """All that holds memory which is allocated, not taken from a pool."""
        return self._held.reached(
            use_atom(use) for use in self.reach.of(Trait.ALLOCATES)
            if not use.name.startswith(spelled.POOL_PREFIX))

    @cached_property
    def _payload(self) -> set[Atom]:
        """All that holds memory of a pool, or an address of some."""
        return self._atoms.reached(
            use_atom(use) for name, uses in self.unit.calls.items() for use in uses
            if name.startswith(spelled.POOL_PREFIX)
            and (known := BY_NAME.get(name)) is not None and known.effect is Effect.ALLOCATES)

    def _hands_over(self, body: Body) -> bool:
        return any(known is not None and known.effect is Effect.HANDS_OVER
                   for call in view.calls(body.node)
                   for known in (BY_NAME.get(call.name.decode("latin-1")),))

    @cached_property
    def _beside(self) -> list[Evidence]:
        """Where a record gets its pools that keeps two of them."""
        names = {one[2] for one in self.reach.pools if one[0] == "member"}
        found: dict[tuple[str, ...], dict[str, list[Evidence]]] = {}
        for body in dict.fromkeys(one for name in names for one in self.unit.saying.get(name, ())):
            for store in view.stores(body.node):
                where = view.field(store.target)
                atom = self.reach.atoms.of(body, store.target)
                if where is None or atom not in self.reach.pools or not any(
                        one in self.reach.pools for one in self._atoms.read(body, store.value)):
                    continue
                # Of a record that is not in sight, by what it is called in one function.
                key = (atom[1],) if atom[1] else (
                    body.file, body.name, view.text(where.base).decode("latin-1"))
                found.setdefault(key, {}).setdefault(where.name.decode("latin-1"), []).append(
                    self.unit.at(body.file, store.node))
        return [one for members in found.values() if len(members) > 1
                for places in members.values() for one in places]

    # ------------------------------------------------------------ P6

    def _used(self) -> Iterator[_Found]:
        judge = self.judge
        if not judge.has_dma:
            yield Standing.NOT_APPLICABLE, Why.POOL_NOT_WRITTEN, "", judge.created
        syncs = self.judged["rx.6"]
        if syncs.status in _OPEN:
            yield syncs.status, _SYNCS[syncs.basis], syncs.condition, syncs.evidence
        counts = self.judged["rx.7"]
        if counts.status in _OPEN:
            yield counts.status, Why.POOL_COUNTS, "", counts.evidence
        flags = self.judged["rx.4"]
        for one in (flags, *flags.also):
            if one.basis is Basis.OWN_DEVICE_SYNC:
                yield one.status, Why.POOL_DEVICE_SYNC, "", one.evidence
        reads = self.judged["rx.5"]
        places = [*(reads.evidence if reads.basis is Basis.CPU_READS else ()),
                  *(self.unit.use_at(use) for use in self._taken if not is_asked(use))]
        if places:
            yield Standing.UNMET, Why.POOL_READS, "", tuple(dict.fromkeys(places))

    # ------------------------------------------------------------ places

    def _at(self, pool: Pool) -> tuple[Evidence, ...]:
        return (self.unit.use_at(pool.use),)

    def _places(self, sets: Iterable[Set]) -> tuple[Evidence, ...]:
        return tuple(dict.fromkeys(self.unit.at(one.file, one.node) for one in sets))


def _source(use: Use) -> Node | None:
    """Where a copy comes from."""
    number = spelled.COPIES_FROM.get(use.name, 1)
    return use.call.args[number] if number < len(use.call.args) else None


def _is_read(place: Place) -> bool:
    """Whether an address is taken within what makes a packet of it, or copies."""
    inner: Node | None = place.node.parent
    while inner is not None and not inner.type.endswith(("statement", "declaration")):
        call = view.call(inner)
        if call is not None and (has(call.name, Trait.READS_PACKET)
                                 or has(call.name, Trait.CPU_COPIES)):
            return True
        inner = inner.parent
    return False


def _reason(why: Why, slot: str, by: str, places: Sequence[Evidence]) -> Reason:
    """A part as a reason at its first place, with the others behind it."""
    first = places[0] if places else Evidence("", 0, "")
    return Reason(why, by=by, other=", ".join(f"{one.file}:{one.line}" for one in places[1:]),
                  slot=slot, file=first.file, line=first.line)
