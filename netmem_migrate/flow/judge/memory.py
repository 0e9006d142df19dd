# SPDX-License-Identifier: GPL-2.0-only
"""Which syncs, unmaps and mappings of a unit are of its pools' memory, by the address they are
given (Documentation/core-api/dma-api.rst)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.flow import addresses, verdicts
from netmem_migrate.flow.frags import SENDING
from netmem_migrate.flow.graph import Call, Place, Slot, reach
from netmem_migrate.flow.judge.reach import Reach
from netmem_migrate.flow.judge.taint import Atom, Atoms, parameters, use_atom
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.model import spelled
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Side, Trait
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
            use_atom(use)
            for use in self.reach.of(Trait.DMA_ADDRESS) if self.is_payload(use))

    def holds(self, body: Body, node: Node, known: Iterable[Atom]) -> bool:
        """Whether a value is made of any of some atoms."""
        wanted = known if isinstance(known, (set, frozenset)) else set(known)
        return any(one in wanted for one in self.atoms.read(body, node))

    @cached_property
    def reads(self) -> list[Place]:
        """Where the CPU takes the address of payload, but to prefetch it, or is given one at which
        it reads."""
        graph = self.unit.analysis.graph
        gives = [call for call in graph.calls if call.twin.gives_address]
        asked = [call for call in gives if self._may_be_pools(call)]
        other = {call.slot for call in gives} - {call.slot for call in asked}
        known = addresses.reached(graph, [key for key, slot in graph.addresses.given.items()
                                          if slot not in other])
        return [call.place for call in asked if not is_hint(call.place.node)] + [
            place for key, name, place in graph.addresses.given_to if key in known and (
                has(name, Trait.READS_PACKET) or has(name, Trait.CPU_COPIES))]

    @cached_property
    def frag_reads(self) -> list[Use]:
        """Where the CPU takes the address of a frag that was received: not on the way of what is
        sent, and not where memory may be such that it has none, which is looked at first there."""
        if self.unreadable:
            return []
        return [use for use in self.reach.called(spelled.FRAG_ADDRESS)
                if use.body.name not in self._sending and not is_of_xdp(use)
                and not any(view.text(one) == spelled.TO_DEVICE.encode()
                            for one in nodes(use.body.node, "identifier"))]

    @cached_property
    def _sending(self) -> set[str]:
        """The functions that are called where the stack sends, through others too."""
        queue = [name.decode("latin-1") for code in self.unit.code.values()
                 for name in SENDING.findall(code)]
        found = set(queue)
        while queue:
            for body in self.unit.by_name.get(queue.pop(), ()):
                for call in view.calls(body.node):
                    name = call.name.decode("latin-1")
                    if name in self.unit.by_name and name not in found:
                        found.add(name)
                        queue.append(name)
        return found

    def _may_be_pools(self, call: Call) -> bool:
        """Whether a call may be of payload, and not of what is allocated otherwise."""
        use = self._use(call)
        if use is None or not self.is_payload(use):
            return False
        given = {one for arg in use.call.args for one in self.atoms.read(use.body, arg)}
        return (call.slot in self._from_pools or self.unit.analysis.solution.moves(call.slot)
                or bool(given & self.reach.held) or not given & self._allocated)

    @cached_property
    def _allocated(self) -> set[Atom]:
        """All that holds what is allocated otherwise."""
        return self.atoms.reached(use_atom(use)
                                  for use in self.reach.of(Trait.GIVES_PAGE)
                                  if has(use.name, Trait.ALLOCATES))

    def _use(self, call: Call) -> Use | None:
        return next((use for use in self.unit.calls.get(view.text(call.name).decode("latin-1"), ())
                     if use.body.file == call.place.file
                     and use.call.node.start_byte == call.place.node.start_byte), None)

    @cached_property
    def _from_pools(self) -> set[Slot]:
        """All that holds what a pool gives."""
        graph = self.unit.analysis.graph
        return set(reach((call.slot for call in graph.calls
                          if call.twin.pool_api and call.twin.effect is Effect.ALLOCATES),
                         graph.successors()))

    def given(self, uses: Iterable[Use]) -> list[Use]:
        """Those of some calls that are given the address of payload."""
        return [use for use in uses
                if any(self.holds(use.body, arg, self.addresses) for arg in use.call.args)]

    @cached_property
    def has_dma(self) -> bool:
        """Whether a device may write to memory of the pools by what the unit itself does."""
        return bool(self.reach.of(Trait.DMA_ADDRESS)) or any(
            one in self.reach.held for use in self.reach.of(Trait.MAPS)
            for arg in use.call.args for one in self.reach.atoms.read(use.body, arg))

    @cached_property
    def raw_syncs(self) -> list[Use]:
        """Syncs of payload for the CPU past the pool."""
        return [one for one in self.given(self.reach.of(Trait.RAW_SYNC))
                if not sends(one) and not self.is_without(one)]

    @cached_property
    def counts(self) -> list[Use]:
        """Calls that count references of what may be memory of a pool."""
        return [one for one in self.reach.of(Trait.COUNTS)
                if not self.is_without(one) and not self._is_other(one)]

    def is_without(self, use: Use) -> bool:
        """Whether a call stands where a test said that there is no pool."""
        inner = use.call.node
        for around in above(use.body.node, inner):
            branch = view.branch(around)
            if branch is not None and branch.test != inner:
                test, then = view.bare(branch.test), inner == branch.then
                sign = view.prefix(test)
                if sign is not None and sign.sign == "!":
                    test, then = view.bare(sign.argument), not then
                if not then and self.reach.atoms.of(use.body, test) in self.reach.pools:
                    return True
            inner = around
        return False

    def _is_other(self, use: Use) -> bool:
        """Whether a call is given what is seen to be set, and never to memory of a pool, or memory
        of a frag by a function that has no such memory."""
        atoms, held = self.reach.atoms, self.reach.held
        given = {one for arg in use.call.args for one in atoms.read(use.body, arg)}
        if given & held:
            return False
        if any(call.name.decode("latin-1") in spelled.FRAG_MEMORY
               for call in view.calls(use.call.arguments)):
            return not self.reach.holds(use.body)
        return any(self._is_set(one) if one[0] == "member" and one[1] else
                   one[0] == "local" and self._is_set_here(use, one[3]) for one in given)

    def _is_set(self, member: Atom) -> bool:
        name = member[-1].encode("latin-1")
        return any(self.reach.atoms.of(body, store.target) == member
                   and not view.is_null(store.value)
                   for body in self.unit.saying.get(member[-1], ())
                   for store in view.stores(body.node)) or any(
            set_ is not None and set_[0] == name and not view.is_null(set_[1])
            for body in self.unit.saying.get(member[-1], ())
            for set_ in map(view.designated, nodes(body.node, "initializer_pair")))

    def _is_set_here(self, use: Use, name: str) -> bool:
        """Whether a function sets a local, or is given it by others of the unit."""
        if name in parameters(use.body.node):
            return bool(self.unit.calls.get(use.body.name))
        return may_set(use.body.node, name.encode("latin-1"))

    @cached_property
    def pool_syncs(self) -> list[Use]:
        """Syncs of payload for the CPU through the pool."""
        return [use for use in self.reach.of(Trait.POOL_SYNC) if self.is_payload(use)]

    @cached_property
    def device_syncs(self) -> list[Use]:
        """Syncs of payload for the device past the pool, but for what XDP sends."""
        return [one for one in self.given(self.reach.of(Trait.SYNCS_DEVICE))
                if not is_of_xdp(one) and (not sends(one) or self.reach.fills(one.body))]


def is_hint(node: Node) -> bool:
    """Whether an address is asked for within an argument of a prefetch only."""
    inner: Node | None = node
    while inner is not None and not inner.type.endswith("statement"):
        call = view.call(inner)
        if inner != node and call is not None:
            return has(call.name.decode("latin-1"), Trait.PREFETCHES)
        inner = inner.parent
    return False


def sends(use: Use) -> bool:
    """Whether a sync, mapping or unmap is of what is sent, by its direction."""
    return any(view.text(arg) == spelled.TO_DEVICE.encode() for arg in use.call.args)


def is_of_xdp(use: Use) -> bool:
    """Whether a function is about what XDP sends, and not about packets of the stack: those have an
    skb, and frags both have."""
    words = {view.text(one) for one in nodes(
        use.body.node, "identifier", "type_identifier", "field_identifier")}
    declarator = use.body.node.child_by_field_name("declarator")
    return ((declarator is not None and b"xdp" in view.text(declarator).lower()) or any(
        has(one, Trait.RUNS_XDP) or has(one, Trait.OF_XDP) for one in words)) and not any(
        one == b"sk_buff" or (b"skb" in one.lower() and not one.lower().startswith(
            spelled.SHARED_FRAGS)) for one in words)


def set_before(node: Node, name: Node) -> view.Call | None:
    """The call whose result a local was last set to, in a statement that comes before on every
    way; None for anything else, or where it may be set in between."""
    inner: Node | None = node
    while inner is not None and inner.type != "function_definition":
        before = inner.prev_named_sibling
        while before is not None:
            store = view.assigned(before)
            if store is not None and view.text(store.left) == view.text(name):
                return view.call(view.bare(store.right))
            if before.type.endswith("_statement") and may_set(before, view.text(name)):
                return None
            before = before.prev_named_sibling
        inner = inner.parent
    return None


def may_set(statement: Node, name: bytes) -> bool:
    return any(view.text(store.target) == name for store in view.stores(statement)) or any(
        sign is not None and sign.sign == "&" and view.text(sign.argument) == name
        for sign in map(view.prefix, nodes(statement, "pointer_expression")))
