# SPDX-License-Identifier: GPL-2.0-only
"""Which syncs, unmaps and mappings of a unit are of its pools' memory, by the address they are
given (Documentation/core-api/dma-api.rst)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow import addresses, verdicts
from netmem_migrate.flow.graph import Call, Place, Slot, reach
from netmem_migrate.flow.judge.taint import Atom, Atoms
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.model.spelled import TO_DEVICE
from netmem_migrate.reasons import Detail


class Memory:
    """The memory of a unit's pools; `unreadable` says that some may be such that the CPU cannot
    read, so that what is taken as pages there is memory of a mode in which it can."""

    def __init__(self, unit: Unit, *, unreadable: bool) -> None:
        self.unit = unit
        self.unreadable = unreadable
        self.atoms = Atoms(unit)
        self._aside = self._calls_aside()

    def _calls_aside(self) -> set[tuple[str, int]]:
        """The calls of the page API whose memory is no payload: of XDP, or of a ring of heads."""
        analysis = self.unit.analysis
        kept = verdicts.kept(analysis)
        found = {(call.place.file, call.place.node.start_byte) for call in analysis.graph.calls
                 if (one := kept.get(call.slot)) is not None
                 and one.detail in (Detail.XDP, Detail.HEAD_RING)}
        found |= {(head.slot.place.file, head.slot.place.node.start_byte)
                  for head in analysis.solution.heads}
        return found

    def is_payload(self, use: Use) -> bool:
        """Whether a call of the pool's API is of memory that comes to the stack as payload."""
        return self._counts(use.name, use.body.file, use.call.node.start_byte)

    def _counts(self, name: str, file: str, start: int) -> bool:
        known = BY_NAME.get(name)
        if self.unreadable and known is not None and known.side is Side.PAGE:
            return False
        return (file, start) not in self._aside

    @cached_property
    def addresses(self) -> set[Atom]:
        """All that holds an address by which the device finds payload."""
        return self.atoms.reached(
            ("call", use.body.file, str(use.call.node.start_byte))
            for use in self.unit.of(Trait.DMA_ADDRESS) if self.is_payload(use))

    def holds(self, body: Body, node: Node, known: Iterable[Atom]) -> bool:
        """Whether a value is made of any of some atoms."""
        wanted = known if isinstance(known, (set, frozenset)) else set(known)
        return any(one in wanted for one in self.atoms.read(body, node))

    @cached_property
    def reads(self) -> list[Place]:
        """Where the CPU takes the address of payload, but to prefetch it, or is given one at which
        it reads."""
        analysis = self.unit.analysis
        graph = analysis.graph
        asked = [call for call in graph.calls if call.twin.gives_address
                 and self.is_pools(call) and self._counts(
                     view.text(call.name).decode("latin-1"), call.place.file,
                     call.place.node.start_byte)]
        slots = {call.slot for call in asked}
        known = addresses.reached(graph, [key for key, slot in graph.addresses.given.items()
                                          if slot in slots])
        return [call.place for call in asked if not _is_hint(call.place.node)] + [
            place for key, name, place in graph.addresses.given_to if key in known and (
                has(name, Trait.READS_PACKET) or has(name, Trait.CPU_COPIES))]

    def is_pools(self, call: Call) -> bool:
        """Whether a call is of memory of a pool, and not of what is allocated otherwise."""
        return call.twin.pool_api or call.slot in self._from_pools or \
            self.unit.analysis.solution.moves(call.slot)

    @cached_property
    def _from_pools(self) -> set[Slot]:
        """All that holds what a pool gives."""
        graph = self.unit.analysis.graph
        flows: dict[Slot, list[Slot]] = {}
        for origin, into, _ in graph.flows:
            flows.setdefault(origin, []).append(into)
        return set(reach((call.slot for call in graph.calls
                          if call.twin.pool_api and call.twin.effect is Effect.ALLOCATES), flows))

    def given(self, uses: Iterable[Use]) -> list[Use]:
        """Those of some calls that are given the address of payload."""
        return [use for use in uses
                if any(self.holds(use.body, arg, self.addresses) for arg in use.call.args)]

    @cached_property
    def raw_syncs(self) -> list[Use]:
        """Syncs of payload for the CPU past the pool."""
        return [one for one in self.given(self.unit.of(Trait.RAW_SYNC)) if not sends(one)]

    @cached_property
    def pool_syncs(self) -> list[Use]:
        """Syncs of payload for the CPU through the pool."""
        return [use for use in self.unit.of(Trait.POOL_SYNC) if self.is_payload(use)]

    @cached_property
    def device_syncs(self) -> list[Use]:
        """Syncs of payload for the device past the pool, but for what XDP sends."""
        return [one for one in self.given(self.unit.of(Trait.SYNCS_DEVICE)) if not sends(one)]


def _is_hint(node: Node) -> bool:
    """Whether an address is asked for within an argument of a prefetch only."""
    inner: Node | None = node
    while inner is not None and not inner.type.endswith("statement"):
        call = view.call(inner)
        if inner != node and call is not None:
            return has(call.name.decode("latin-1"), Trait.PREFETCHES)
        inner = inner.parent
    return False


def sends(use: Use) -> bool:
    """Whether a sync is of what is sent, by its direction."""
    return bool(use.call.args) and view.text(use.call.args[-1]) == TO_DEVICE.encode()
