# SPDX-License-Identifier: GPL-2.0-only
"""What stands in the way of a call that stays: its class, by where its memory comes from.

The memory is followed back from the call to each place where it enters the driver: an allocation
from the pool, or an address by which a page is found again. A call is by design only if all of them
are, and whatever becomes of the rest of the driver.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, replace
from functools import cached_property

from netmem_migrate.c import view
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow import keys
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.details import of_blocker
from netmem_migrate.flow.frags import own_frags, runs_programs
from netmem_migrate.flow.graph import Bridge, Call, Kind, Place, Slot, reach
from netmem_migrate.flow.keys import Key
from netmem_migrate.flow.sources import Found, Sources, Where, where_of
from netmem_migrate.kernel.makefiles import alone
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.model.spelled import TO_NETMEM, TO_PAGE
from netmem_migrate.reasons import Category, Class, Detail, Reason, Why


@dataclass(frozen=True, slots=True)
class Classed:
    """The detail of a call, and so its class; the reason names what is in its way, and where."""

    detail: Detail
    reason: Reason

    @property
    def by_design(self) -> bool:
        return self.detail.class_ is Class.BY_DESIGN


# A call that gives a netmem to an skb or an XDP buffer.
_FILLS = re.compile(rb"\b(?:" + b"|".join(sorted(
    one.name.encode() for one in FUNCTIONS
    if one.side is Side.NETMEM and one.effect is Effect.HANDS_OVER)) + rb")\s*\(")
_BY_DETAIL = {
    Where.XDP: Detail.XDP, Where.DEVICE: Detail.HARDWARE_ADDRESS, Where.TOKEN: Detail.OWN_MEMBER,
    Where.MEMBER: Detail.OWN_MEMBER, Where.GLOBAL: Detail.OWN_MEMBER,
    Where.ALLOCATED: Detail.RETURN_PAGE,
}


class Classes:
    """Classifies the calls of one analysed driver."""

    def __init__(self, analysis: Analysis) -> None:
        graph, symbols = analysis.graph, analysis.symbols
        self.analysis = analysis
        self.sources = Sources(graph.addresses, frozenset(
            keys.of_parameter(function, index) for name in symbols.exported
            for function in symbols.functions.get(name, ())
            for index in range(len(function.parameters))), xdp=runs_programs(analysis.sources))
        self._back, self._forward = graph.predecessors(), graph.successors()
        self._near = graph.near()
        self._into: dict[Slot, list[Bridge]] = {}
        for bridge in graph.bridges:
            if bridge.foreign:
                self._into.setdefault(bridge.into, []).append(bridge)
        self._calls = {call.slot: call for call in graph.calls}
        self._known: dict[Slot, Classed | None] = {}

    def of(self, call: Call) -> Classed | None:
        """The class of a call that stays; None where only a blocker of the flow tells."""
        found = list(self._origins(call.slot, call.place, {call.slot}))
        other = next((one for one in found if one is not None and not one.by_design), None)
        if other is not None:
            return other
        if found and None not in found:
            return found[0]
        return self._inside(reach([call.slot], self._near), call.place)

    def _origins(self, slot: Slot, place: Place, seen: set[Slot]) -> Iterator[Classed | None]:
        """The class of each thing that the memory of a slot comes from, nearest first."""
        for one in reach([slot], self._back):
            if one.twin is not None and one.twin.allocates:
                yield self._allocated(one)
            for bridge in sorted(self._into.get(one, ()),
                                 key=lambda bridge: _distance(bridge.place, place)):
                if not bridge.allocated:
                    yield from self._found(bridge, seen)

    # ------------------------------------------------------------ pages that are found

    def _found(self, bridge: Bridge, seen: set[Slot]) -> Iterator[Classed | None]:
        place = bridge.place
        if bridge.origin is not None:
            own = self._read_back(bridge.origin)
            if own is not None:
                yield own
                return
        asked = self.sources.addresses.pages.get((place.file, place.node.start_byte))
        if not asked:
            yield None
            return
        heads = self._of_netmem(bridge)
        if heads is not None:
            yield heads
            return
        for one in self.sources.found(asked):
            if one.where is Where.OTHER:
                yield None
                continue
            if one.where is Where.POOL and one.slot is not None:
                if one.slot not in seen:
                    seen.add(one.slot)
                    yield from self._origins(one.slot, one.slot.place, seen)
                continue
            stored = self._stored(one.key) if one.where is Where.MEMBER and one.key else None
            detail = _BY_DETAIL[one.where]
            yield stored or Classed(detail, self._reason(detail, one, bridge))

    def _read_back(self, read: Slot) -> Classed | None:
        """The class of frags that the driver filled itself with memory of the pool."""
        graph, blocked = self.analysis.graph, self.analysis.solution.blocked
        fills = [call.slot for call in graph.calls if call.twin.hands_over
                 and self._number(call.slot) == self._number(read)]
        if read in self._own_frags:
            behind = reach(fills, self._back)
            slot, blocker = next((blocked[one] for one in behind if one in blocked), (read, None))
            if blocker is None:
                return None
            return Classed(of_blocker(graph, slot, blocker), _because(replace(
                blocker.reason, slot=slot.title, file=blocker.place.file,
                line=blocker.place.line)))
        if fills and not self.sources.xdp and read not in graph.others:
            for one in reach([read], self._near):
                for bridge in self._into.get(one, ()):
                    if bridge.origin is None:
                        return Classed(Detail.MIXED, _because(Reason(
                            Why.HOLDS_TOO, bridge.text, slot=one.title, file=bridge.place.file,
                            line=bridge.place.line)))
        return None

    @cached_property
    def _own_frags(self) -> set[Slot]:
        """What would be read back as netmem if the target kernel lacked nothing."""
        graph, solution = self.analysis.graph, self.analysis.solution
        lacking = [slot for slot, (_, blocker) in solution.blocked.items()
                   if blocker.category in _OF_THE_KERNEL]
        able = {slot for slot in reach(lacking, self._near) if all(
            one.category in _OF_THE_KERNEL for one in graph.blockers.get(slot, ()))}
        return own_frags(graph, solution.moved | able) if able else set()

    def _of_netmem(self, bridge: Bridge) -> Classed | None:
        """A netmem of a ring of heads, of which the driver takes the page."""
        call = view.call(view.bare(bridge.place.node))
        if call is None or call.name.decode("latin-1") != TO_PAGE:
            return None
        together = reach([bridge.into], self._near)
        return self._heads(bridge.into, together, set(self._holds(together))) or Classed(
            Detail.OTHER, _blocked(Why.TAKES_PAGE, TO_PAGE, bridge.place))

    def _reason(self, detail: Detail, found: Found, bridge: Bridge) -> Reason:
        place, by = bridge.place, bridge.text
        if detail is Detail.XDP:
            return Reason(Why.OF_XDP, by, file=place.file, line=place.line)
        if found.key is not None and found.key[0] == "member":
            return self._keeps(found.key)
        if found.where is Where.TOKEN:
            token = self._token()
            return _blocked(Why.KEEPS_TOKEN, *token or (found.name, found.place or place))
        return _blocked(_WHY[found.where], found.name or by, found.place or place)

    def _keeps(self, key: Key) -> Reason:
        file, line = self._declared(key)
        return _because(Reason(Why.KEEPS_ADDRESS, slot=self._title(key), file=file, line=line))

    def _token(self) -> tuple[str, Place] | None:
        """Where a buffer is handed over with a token: the function, and the place."""
        addresses = self.sources.addresses
        known = set(reach([*addresses.given, *(key for key, one in addresses.sources.items()
                                               if where_of(one.name) is Where.ALLOCATED)],
                          addresses.flows))
        return next(iter(self._told(Trait.TAKES_TOKEN, known)), None)

    def _declared(self, key: Key) -> tuple[str, int]:
        file, start = str(key[1]), key[2]
        assert isinstance(start, int)
        return file, line_of(self.analysis.originals[file], start)

    def _title(self, key: Key) -> str:
        for records in self.analysis.symbols.records.values():
            for record in records:
                for member in record.members.values():
                    if (member.file, member.declarator.node.start_byte) == key[1:]:
                        tag = member.record.rpartition(" ")[2]
                        return f"{tag}.{member.name.decode('latin-1')}"
        return self.sources.addresses.members.get(key, b"").decode("latin-1")

    # ------------------------------------------------------------ pages of the pool

    def _allocated(self, slot: Slot) -> Classed | None:
        if slot not in self._known:
            self._known[slot] = None
            self._known[slot] = self._of_allocation(slot)
        return self._known[slot]

    def _of_allocation(self, slot: Slot) -> Classed | None:
        ahead = reach([slot], self._forward)
        inside = self._inside(reach([slot], self._near), slot.place)
        if inside is not None:
            return inside
        kept = [one for one in ahead if one.kind in (Kind.MEMBER, Kind.GLOBAL)]
        mixed = self._mixed(kept, ahead)
        if mixed is not None:
            return mixed
        holds = self._holds(ahead)
        known = set(holds)
        hands_over = any(self._calls[one].twin.hands_over for one in ahead if one in self._calls)
        tokens = self._told(Trait.TAKES_TOKEN, known)
        gone = not kept and not tokens and not any(
            key[0] in ("member", "global") for key in holds)
        if gone and not hands_over:
            copies = self._told(Trait.CPU_COPIES, set(reach(holds, self._wide)))
            if copies:
                return _at(Detail.COPY_TARGET, Why.COPIED, *min(
                    copies, key=lambda one: _distance(slot.place, one[1])))
        heads = self._heads(slot, ahead, known)
        if heads is not None:
            return heads
        device = self._from_device() if gone else None
        if device is not None and device.place is not None:
            return Classed(Detail.HARDWARE_ADDRESS,
                           _blocked(Why.ONLY_DEVICE, device.name, device.place))
        mapped = self._mapped(ahead)
        if mapped is not None:
            return mapped
        return self._kept_address(holds, tokens) if not kept else None

    def _told(self, trait: Trait, known: set[Key]) -> list[tuple[str, Place]]:
        """What functions of one trait are given of some addresses."""
        return [(name, place) for key, name, place in self.sources.addresses.given_to
                if key in known and has(name, trait)]

    def _holds(self, slots: Iterable[Slot]) -> list[Key]:
        """All that holds an address of a page of some slots."""
        inside, addresses = set(slots), self.sources.addresses
        return reach([key for key, one in addresses.given.items() if one in inside],
                     addresses.flows)

    @cached_property
    def _wide(self) -> dict[Key, list[Key]]:
        """How values lead on, also through functions and records of the kernel."""
        addresses = self.sources.addresses
        edges = {key: list(into) for key, into in addresses.flows.items()}
        for key, source in addresses.sources.items():
            for one in source.behind:
                edges.setdefault(one, []).append(key)
        for origin, into in addresses.fills:
            edges.setdefault(origin, []).append(into)
        return edges

    def _inside(self, together: Iterable[Slot], place: Place) -> Classed | None:
        """Whether the driver keeps data of its own inside of these pages."""
        known = set(self._holds(together))
        used = [(record, where) for key, record, _, where in self.sources.addresses.inside
                if key in known and record in self._written]
        if not used:
            return None
        return _at(Detail.CPU_METADATA, Why.WRITES_INSIDE, *min(
            used, key=lambda one: _distance(one[1], place)))

    @cached_property
    def _written(self) -> set[str]:
        """The driver's records that it writes into pages."""
        addresses = self.sources.addresses
        known = set(reach(addresses.given, addresses.flows))
        return {record for key, record, is_set, _ in addresses.inside
                if is_set and key in known and record in self.analysis.symbols.records}

    def _mapped(self, together: Iterable[Slot]) -> Classed | None:
        """Whether the driver maps this memory for the device by itself: no step makes room."""
        for slot in together:
            for one in self.analysis.graph.blockers.get(slot, ()):
                if one.category is Category.OWN_MAPPING:
                    return Classed(of_blocker(self.analysis.graph, slot, one), Reason(
                        Why.BLOCKED, slot=slot.title, file=one.place.file,
                        line=one.place.line, because=one.reason))
        return self._mapped_by_address(set(together))

    def _mapped_by_address(self, together: Set[Slot]) -> Classed | None:
        """The same of memory of which the driver keeps the address only, and of which no slot could
        move: mapped in the function that allocates it, whatever that does with it later."""
        addresses = self.sources.addresses
        for key, slot in addresses.given.items():
            if slot not in together:
                continue
            known = set(reach([key], addresses.flows))
            for one, name, place in addresses.mapped:
                if one in known and _follows(slot.place, place):
                    return Classed(Detail.OTHER, Reason(
                        Why.BLOCKED, slot=slot.title, file=place.file, line=place.line,
                        because=Reason(Why.MAPPED, name, file=place.file, line=place.line)))
        return None

    def _stored(self, key: Key) -> Classed | None:
        """The class of what the pool gives and a member keeps by its address, where that is not the
        member's: a person's to decide, or by design in all that is known to be kept there."""
        flows = self.sources.addresses.flows
        for start, slot in self.sources.addresses.given.items():
            if key in reach([start], flows):
                found = next((one for one in self._allocations_of(slot) if one is not None
                              and one.detail.class_ is Class.PERSON), None)
                if found is not None:
                    return found
        origins = self.sources.found(self.sources.sets(key))
        known = [one for origin in origins
                 for one in self._allocations_of(origin.slot)]
        if known and all(one is not None and one.by_design for one in known):
            return known[0]
        return None

    def _allocations_of(self, slot: Slot | None) -> list[Classed | None]:
        """The classes of the allocations whose page a call is given; none known is one None."""
        if slot is None:
            return [None]
        found = [self._allocated(one) for one in reach([slot], self._back)
                 if one.twin is not None and one.twin.allocates]
        return found or [None]

    def _heads(self, slot: Slot, together: list[Slot], known: set[Key]) -> Classed | None:
        """Memory of a ring that carries heads, where another ring of the driver has payload."""
        reads = [self.analysis.graph.host_reads[one] for one in together
                 if one in self.analysis.graph.host_reads]
        reads += self._told(Trait.READS_PACKET, known)
        reads.sort(key=lambda one: (one[1].file != slot.place.file,
                                    abs(one[1].line - slot.place.line)))
        fills = self._number(slot) in self._netmem_fills and not self._is_given_up(together)
        if not reads or not (fills or self._payload_elsewhere(slot, together, known)):
            return None
        return _at(Detail.HEAD_RING, Why.HOST_READS, *reads[0])

    def _is_given_up(self, together: list[Slot]) -> bool:
        """Whether any of this memory is given on as netmem: what fills frags may be that."""
        return any(use.slot in together for use in self.analysis.graph.forms
                   if TO_NETMEM in use.form.spellings[0].functions)

    def _payload_elsewhere(self, slot: Slot, together: list[Slot], known: set[Key]) -> bool:
        """Whether the module fills frags with other memory of a pool, and none with this."""
        near = [call.slot for call in self.analysis.graph.calls if call.twin.hands_over
                and self._number(call.slot) == self._number(slot)]
        return not any(one in together for one in near) and any(
            self._pool_gives(one, known) for one in near)

    def _number(self, slot: Slot) -> int | None:
        """The number of the module that the file of a slot is built into; None in a header."""
        return self._numbers.get(slot.place.file)

    @cached_property
    def _numbers(self) -> dict[str, int]:
        driver, sources = self.analysis.driver, self.analysis.sources
        files = sorted(file for file in driver.files if file.endswith(".c"))
        return {file: number for number, group in enumerate(
            alone(driver.root, sources, files)) for file in group}

    @cached_property
    def _netmem_fills(self) -> set[int | None]:
        """The modules that put netmem into frags already."""
        return {number for file, number in self._numbers.items()
                if _FILLS.search(code_of(self.analysis.sources[file]))}

    def _pool_gives(self, fill: Slot, known: set[Key]) -> bool:
        """Whether a frag is filled with memory of the pool that has none of these addresses."""
        behind = reach([fill], self._back)
        pages = self.sources.addresses.pages
        for bridge in (bridge for one in behind for bridge in self._into.get(one, ())):
            asked = pages.get((bridge.place.file, bridge.place.node.start_byte), ())
            if not known.isdisjoint(self.sources.passed(asked)):
                return False
        return any(one.twin is not None and one.twin.allocates for one in behind)

    def _mixed(self, kept: list[Slot], together: list[Slot]) -> Classed | None:
        """A void pointer of the driver that holds memory of several kinds, among what keeps it."""
        blockers = self.analysis.graph.blockers
        for one in kept:
            known = [blocker for blocker in blockers.get(one, ()) if not blocker.derived
                     and blocker.category in (Category.VOID_POINTER, Category.MIXED_ORIGIN)]
            if one.void and known:
                pages = any(bridge.allocated and bridge.typed for slot in together
                            for bridge in self._into.get(slot, ()))
                detail = Detail.UNION_ARM if pages else Detail.OWN_MEMBER
                return Classed(detail, _because(Reason(
                    Why.HOLDS_KINDS, slot=one.name, file=one.place.file, line=one.place.line,
                    because=known[0].reason)))
        return None

    def _kept_address(self, holds: Iterable[Key],
                      tokens: list[tuple[str, Place]]) -> Classed | None:
        """Where only the address of a page goes on: the first that keeps or returns it."""
        for key in holds:
            if key[0] == "member":
                return Classed(Detail.OWN_MEMBER, self._keeps(key))
            if key[0] == "return" and key in self.sources.addresses.returns:
                place = self.sources.addresses.returns[key]
                return Classed(Detail.RETURN_PAGE,
                               _blocked(Why.RETURNS_ADDRESS, place.function, place))
        for token in tokens:
            return Classed(Detail.OWN_MEMBER, _blocked(Why.KEEPS_TOKEN, *token))
        return None

    def _from_device(self) -> Found | None:
        """A page that the driver finds by an address from the device: best by one that it does not
        keep itself."""
        found: list[Found] = []
        for bridge in self.analysis.graph.bridges:
            asked = self.sources.addresses.pages.get(
                (bridge.place.file, bridge.place.node.start_byte), ())
            found += [one for one in self.sources.found(asked) if one.where is Where.DEVICE
                      ] if bridge.origin is None else ()
        return next((one for one in found if not self._keeps_it(one)), found[0] if found else None)

    def _keeps_it(self, found: Found) -> bool:
        """Whether a member or global of the driver keeps what an address is found by."""
        source = self.sources.addresses.sources[found.key] if found.key is not None else None
        return source is not None and any(one.where in (Where.MEMBER, Where.GLOBAL)
                                          for one in self.sources.found(source.behind))


def _distance(one: Place, place: Place) -> tuple[bool, bool, int]:
    """How far something stands before a place; what is in another function, or behind, last."""
    return (one.file, one.function) != (place.file, place.function), one.line > place.line, abs(
        place.line - one.line)


def _follows(first: Place, then: Place) -> bool:
    """Whether both are of one function, in this order, and not in two arms of one condition."""
    if (first.file, first.function) != (then.file, then.function) or \
            then.node.start_byte < first.node.start_byte:
        return False
    arm = first.node
    while arm.parent is not None and arm.parent.end_byte <= then.node.start_byte:
        arm = arm.parent
    around = arm.parent
    if around is None or arm == around.child_by_field_name("condition"):
        return True
    return arm.type != "case_statement" and around.type not in _ARMED


_ARMED = ("if_statement", "conditional_expression")


def _at(detail: Detail, why: Why, by: str, place: Place) -> Classed:
    return Classed(detail, Reason(why, by, file=place.file, line=place.line))


def _blocked(why: Why, by: str, place: Place) -> Reason:
    """A function, and what it does that stands in the way."""
    return _because(Reason(why, slot=f"{by}()", file=place.file, line=place.line))


def _because(reason: Reason) -> Reason:
    return Reason(Why.BLOCKED, slot=reason.slot, file=reason.file, line=reason.line,
                  because=reason)


_OF_THE_KERNEL = (Category.MISSING_API, Category.GONE_API)
_WHY = {Where.DEVICE: Why.ONLY_DEVICE, Where.ALLOCATED: Why.GIVES_ADDRESS,
        Where.GLOBAL: Why.KEEPS_ADDRESS}
