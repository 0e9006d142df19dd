# SPDX-License-Identifier: GPL-2.0-only
"""Which syncs, unmaps and mappings of a unit are of its pools' memory, by the address they are
given (Documentation/core-api/dma-api.rst)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow import verdicts
from netmem_migrate.flow.judge.reach import Reach
from netmem_migrate.flow.judge.taint import Atom, Atoms
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.schema import Side, Trait
from netmem_migrate.model.spelled import TO_DEVICE
from netmem_migrate.reasons import Detail


class Memory:
    """The memory of a unit's pools; `unreadable` says that some may be such that the CPU cannot
    read, so that what is taken as pages there is memory of a mode in which it can."""

    def __init__(self, unit: Unit, reach: Reach, *, unreadable: bool) -> None:
        self.unit = unit
        self.reach = reach
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
        known = BY_NAME.get(use.name)
        if self.unreadable and known is not None and known.side is Side.PAGE:
            return False
        return (use.body.file, use.call.node.start_byte) not in self._aside

    @cached_property
    def addresses(self) -> set[Atom]:
        """All that holds an address by which the device finds payload."""
        return self.atoms.reached(
            ("call", use.body.file, str(use.call.node.start_byte))
            for use in self.reach.of(Trait.DMA_ADDRESS) if self.is_payload(use))

    def holds(self, body: Body, node: Node, known: Iterable[Atom]) -> bool:
        """Whether a value is made of any of some atoms."""
        wanted = known if isinstance(known, (set, frozenset)) else set(known)
        return any(one in wanted for one in self.atoms.read(body, node))

    def given(self, uses: Iterable[Use]) -> list[Use]:
        """Those of some calls that are given the address of payload."""
        return [use for use in uses
                if any(self.holds(use.body, arg, self.addresses) for arg in use.call.args)]

    @cached_property
    def raw_syncs(self) -> list[Use]:
        """Syncs of payload for the CPU past the pool."""
        return [one for one in self.given(self.reach.of(Trait.RAW_SYNC)) if not sends(one)]

    @cached_property
    def pool_syncs(self) -> list[Use]:
        """Syncs of payload for the CPU through the pool."""
        return [use for use in self.reach.of(Trait.POOL_SYNC) if self.is_payload(use)]

    @cached_property
    def device_syncs(self) -> list[Use]:
        """Syncs of payload for the device past the pool, but for what XDP sends."""
        return [one for one in self.given(self.reach.of(Trait.SYNCS_DEVICE)) if not sends(one)]


def sends(use: Use) -> bool:
    """Whether a sync is of what is sent, by its direction."""
    return bool(use.call.args) and view.text(use.call.args[-1]) == TO_DEVICE.encode()


def set_before(node: Node, name: Node) -> view.Call | None:
    """The call whose result a local was last set to, in a statement that comes before on every
    way; None for anything else."""
    inner: Node | None = node
    while inner is not None and inner.type != "function_definition":
        before = inner.prev_named_sibling
        while before is not None:
            store = view.assigned(before)
            if store is not None and view.text(store.left) == view.text(name):
                return view.call(view.bare(store.right))
            before = before.prev_named_sibling
        inner = inner.parent
    return None
