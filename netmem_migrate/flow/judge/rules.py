# SPDX-License-Identifier: GPL-2.0-only
"""The requirements of Documentation/networking/netmem.rst, each judged for one unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import exported
from netmem_migrate.flow.graph import Kind
from netmem_migrate.flow.judge.memory import Memory, sends, set_before
from netmem_migrate.flow.judge.pools import Pool, pools
from netmem_migrate.flow.judge.reach import Reach
from netmem_migrate.flow.judge.sent import Sent
from netmem_migrate.flow.judge.unit import Unit, Use, condition
from netmem_migrate.flow.modes import Arm, modes
from netmem_migrate.model import spelled
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.results import Basis, Evidence, Requirement, Site, Standing

_NETMEM = frozenset(one.name for one in FUNCTIONS if one.side is Side.NETMEM)
_OF_POOL = [one for one in FUNCTIONS if one.name.startswith(spelled.POOL_PREFIX)]
_PAGE = frozenset(one.name for one in _OF_POOL if one.side is Side.PAGE)
_PUTS = frozenset(one.name for one in _OF_POOL if one.effect is Effect.RELEASES)
_Places = tuple[Evidence, ...]


class Judge:
    """One unit, and what it depends on."""

    def __init__(self, unit: Unit, sites: Iterable[Site]) -> None:
        self.unit = unit
        self.pools = pools(unit)
        self.unreadable = [pool for pool in self.pools if pool.flag(spelled.UNREADABLE)]
        self.reach = Reach(unit, [pool.use for pool in self.pools])
        self.memory = Memory(unit, self.reach, unreadable=bool(self.unreadable))
        self.sites = [one for one in sites if self.reach.covers_line(one.file, one.line)]
        self.sent = Sent(unit, self.reach)

    def judged(self) -> dict[str, Requirement]:
        """One for each of rx.1 to rx.7, tx.1, tx.2, and for the restart of queues."""
        return {"rx.1": self.creates(), "rx.2": self.split(), "rx.3": self.netmem(),
                "rx.4": self.flags(), "rx.5": self.reads(), "rx.6": self.syncs(),
                "rx.7": self.recycles(), "tx.1": self.unmaps(), "tx.2": self.sends(),
                "queue-mgmt": self.queues()}

    # ------------------------------------------------------------ what there is

    @cached_property
    def is_library(self) -> bool:
        """Whether the unit makes no network device of its own, and others call it."""
        return not any(self.unit.says(one) for one in spelled.DEVICES) and any(
            exported(self.unit.texts[file]) for file in self.unit.own)

    @cached_property
    def has_dma(self) -> bool:
        """Whether a device may write to memory of the pools."""
        return self.memory.has_dma or any(
            pool.flag(spelled.DMA_MAP) or not pool.known for pool in self.pools)

    @cached_property
    def created(self) -> _Places:
        """Where pools are created."""
        return self._uses(one.use for one in self.pools)

    @cached_property
    def settable(self) -> _Places:
        """Where the ethtool tables say that header split can be set."""
        return self._said(spelled.DATA_SPLIT[:1])

    def _said(self, names: Iterable[str]) -> _Places:
        found = [self.unit.at(file, node) for file, node in self.reach.named(tuple(names))]
        return tuple(dict.fromkeys(found))

    def _uses(self, uses: Iterable[Use]) -> _Places:
        return tuple(dict.fromkeys(self.unit.use_at(one) for one in uses))

    @cached_property
    def tables(self) -> _Places:
        """Where the unit says what its device can do: ethtool, else the device's own table."""
        for names in (spelled.ETHTOOL_OPS, spelled.DEVICES):
            found = [self.unit.at(file, one) for file, parsed in self.unit.parsed.items()
                     if any(name.encode() in self.unit.code[file] for name in names)
                     for one in nodes(parsed.tree.root_node, "declaration")
                     if (type_ := view.type_of(one)) is not None
                     and view.text(type_).split()[-1:] in [[name.encode()] for name in names]
                     and nodes(one, "initializer_list") and self.reach.covers(file, one)]
            if found:
                return tuple(found)
        return self._said(spelled.DEVICES)

    @cached_property
    def setup(self) -> _Places:
        """Where the device is given its tables, else these."""
        given = [self.unit.at(file, node) for file, node in self.reach.named(spelled.ETHTOOL_OPS)
                 if _is_set(node)]
        return tuple(given) or self.tables

    # ------------------------------------------------------------ rx

    def creates(self) -> Requirement:
        return Requirement(Standing.MET, Basis.POOL, self.created)

    def split(self) -> Requirement:
        if self.is_library:
            return Requirement(Standing.NOT_APPLICABLE, Basis.DATA_SPLIT)
        acts = [(file, node) for file, node in self.reach.named(spelled.DATA_SPLIT[1:])]
        if self.settable and acts:
            return Requirement(Standing.MET, Basis.DATA_SPLIT, tuple(dict.fromkeys((
                *self.settable, *(self.unit.at(*one) for one in acts)))))
        return Requirement(Standing.UNMET, Basis.NO_SPLIT, self.settable or self.tables)

    def netmem(self) -> Requirement:
        left = [site for site in self.sites if not site.by_design]
        if left and not self.unreadable:
            return Requirement(Standing.UNMET, Basis.PAGE_CALLS, tuple(
                Evidence(one.file, one.line, f"{one.call}()") for one in left))
        taken = self.reach.called(_NETMEM)
        pages = self.reach.called(_PAGE)
        if not taken:
            return Requirement(Standing.UNMET if pages else Standing.NOT_APPLICABLE,
                               Basis.PAGE_CALLS, self._uses(pages) or self.created)
        return Requirement(Standing.MET, Basis.NETMEM, self._uses(taken))

    def flags(self) -> Requirement:
        if not self.has_dma:
            return Requirement(Standing.NOT_APPLICABLE, Basis.POOL_FLAGS,
                               self.created)
        lacking = [*self._lacking()]
        if lacking:
            return replace(lacking[0], also=tuple(lacking[1:]))
        conditions = [found.condition for pool in self.pools
                      for name in (spelled.DMA_MAP, spelled.DMA_SYNC)
                      if (found := pool.flag(name)) is not None and found.condition]
        places = tuple(dict.fromkeys(one for pool in self.pools for one in self._flags(pool)))
        if conditions:
            return Requirement(Standing.CONDITIONAL, Basis.POOL_FLAGS, places, conditions[0])
        if self.is_library and not self.unreadable:
            return Requirement(Standing.CONDITIONAL, Basis.NO_UNREADABLE, places,
                               "its users cannot set header split")
        return Requirement(Standing.MET, Basis.POOL_FLAGS, places)

    def _lacking(self) -> Iterator[Requirement]:
        """What the pools, or what is done beside them, lacks of the flags."""
        for pool in self.pools:
            if any(pool.flag(name) is None for name in (spelled.DMA_MAP, spelled.DMA_SYNC)):
                yield Requirement(Standing.UNMET if pool.known else Standing.UNKNOWN,
                                  Basis.POOL_FLAGS, self._flags(pool))
        if self.memory.device_syncs:
            yield Requirement(Standing.UNMET, Basis.OWN_DEVICE_SYNC,
                              self._uses(self.memory.device_syncs))
        if self.settable and not self.unreadable:
            yield Requirement(Standing.UNMET, Basis.NO_UNREADABLE, self._flags(self.pools[0]))

    def _flags(self, pool: Pool) -> _Places:
        """Where the flags of a pool are set, else where it is created."""
        found = [self.unit.at(pool.use.body.file, one.node) for one in pool.values.get("flags", ())]
        return tuple(found) or (self.unit.use_at(pool.use),)

    def reads(self) -> Requirement:
        found = self._reads()
        if not found and not self._is_received:
            return Requirement(Standing.NOT_APPLICABLE, Basis.UNREADABLE_FLAG,
                               self.created)
        if self.unreadable and not found:
            return Requirement(Standing.MET, Basis.UNREADABLE_FLAG, tuple(dict.fromkeys(
                self.unit.at(pool.use.body.file, one.node) for pool in self.unreadable
                if (one := pool.flag(spelled.UNREADABLE)) is not None)))
        if found:
            return Requirement(Standing.UNMET, Basis.CPU_READS, found)
        return Requirement(Standing.UNMET, Basis.NO_UNREADABLE, self._flags(self.pools[0]))

    def _reads(self) -> _Places:
        """Where the CPU takes the address of payload, or an address is given that it reads at."""
        return tuple(dict.fromkeys((
            *(self.unit.at(one.file, one.node) for one in self.memory.reads
              if self.reach.covers(one.file, one.node)),
            *(self.unit.use_at(use) for use in self.memory.frag_reads))))

    @cached_property
    def _is_received(self) -> bool:
        """Whether memory of the pool is given to the device, or to the stack."""
        graph = self.unit.analysis.graph
        return self.has_dma or any(call.twin.hands_over for call in graph.calls)

    def syncs(self) -> Requirement:
        if not self.has_dma:
            return Requirement(Standing.NOT_APPLICABLE, Basis.POOL_SYNC,
                               self.created)
        raw, good = self.memory.raw_syncs, self.memory.pool_syncs
        if raw:
            return Requirement(Standing.UNMET, Basis.RAW_SYNC, self._uses(raw))
        if good:
            odd = [one for one in good if self._instead(one)]
            if odd:
                return Requirement(Standing.CONDITIONAL, Basis.POOL_SYNC, self._uses(odd),
                                   condition(odd[0].body.node, odd[0].call.node))
            return Requirement(Standing.MET, Basis.POOL_SYNC, self._uses(good))
        other = [one for one in self.reach.of(Trait.RAW_SYNC) if not sends(one)]
        reads = self._reads()
        if reads:
            # A raw one of them, or none, comes before the reads.
            near = [one for one in other if self.reach.holds(one.body)]
            return Requirement(Standing.UNMET, Basis.RAW_SYNC if near else Basis.NO_SYNC,
                               self._uses(near) or reads)
        return Requirement(Standing.UNKNOWN, Basis.RAW_SYNC if other else Basis.NO_SYNC,
                           self._uses(other))

    def _instead(self, use: Use) -> bool:
        """Whether the other arm of the test around a sync unmaps by itself."""
        node: Node | None = use.call.node
        while node is not None and node != use.body.node:
            branch = view.branch(node.parent) if node.parent is not None else None
            if branch is not None and branch.otherwise is not None and branch.then is not None:
                other = branch.then if branch.otherwise.start_byte <= node.start_byte < \
                    branch.otherwise.end_byte else branch.otherwise
                if any(has(one.name.decode("latin-1"), Trait.UNMAPS)
                       for one in view.calls(other)):
                    return True
            node = node.parent
        return False

    def recycles(self) -> Requirement:
        counts = [one for one in self.memory.counts if self._is_pools(one)]
        if counts:
            return Requirement(Standing.UNMET, Basis.PAGE_COUNTS, self._uses(counts))
        return Requirement(Standing.MET, Basis.PAGE_COUNTS, self._uses(self.reach.called(_PUTS)))

    def _is_pools(self, use: Use) -> bool:
        """Whether a call may count references of memory of the pool: not of what is allocated
        otherwise, or what a member holds in a mode without a pool."""
        if _is_copied(use.call.node):
            return False  # the stack never had it
        for name in nodes(use.call.arguments, "identifier", "field_identifier"):
            arms = self._arms.get((use.body.file, name.start_byte))
            set_ = set_before(use.call.node, name) if name.type == "identifier" else None
            if arms is Arm.OTHER or (set_ is not None and has(
                    set_.name.decode("latin-1"), Trait.GIVES_PAGE)):
                return False
        return True

    @cached_property
    def _arms(self) -> dict[tuple[str, int], Arm]:
        """Whose memory a member holds where it is used, by the mode that decides it."""
        analysis, found = self.unit.analysis, {}
        counted = {view.text(name) for use in self.reach.of(Trait.COUNTS)
                   for name in nodes(use.call.arguments, "field_identifier")}
        for slot in analysis.graph.slots.values():
            if slot.kind is Kind.MEMBER and slot.short_name.encode("latin-1") in counted:
                known = modes(analysis, [slot])
                for one in known.uses if known is not None else ():
                    for name in nodes(one.node, "field_identifier"):
                        found[one.place.file, name.start_byte] = one.arm
        return found

    # ------------------------------------------------------------ tx

    def unmaps(self) -> Requirement:
        sent = self.sent
        if not self.has_dma and not self.reach.of(Trait.MAPS) and not sent.lists:
            return Requirement(Standing.NOT_APPLICABLE, Basis.NETMEM_UNMAP, self.tables)
        if not self.reach.says(spelled.SCATTER) and not sent.maps and not self.is_library:
            return Requirement(Standing.NOT_APPLICABLE, Basis.NO_SCATTER, self.tables)
        raw = sent.raw if sent.maps or not self.is_library else self.reach.of(Trait.RAW_UNMAP)
        if self.is_library and not (sent.maps or sent.by_memory or sent.lists or raw):
            return Requirement(Standing.NOT_APPLICABLE, Basis.NETMEM_UNMAP, self.tables)
        told = [place for use in raw for place in sent.told(use)]
        left = [use for use in raw if not sent.told(use)] + sent.unsafe
        past = sent.lists + sent.by_memory
        if past or left:
            return Requirement(Standing.UNMET, Basis.BY_ADDRESS if past else Basis.RAW_UNMAP,
                               self._uses(past + left))
        if told or sent.netmem:
            return Requirement(Standing.MET, Basis.NETMEM_UNMAP, self._uses(
                [*sent.asks, *told, *sent.netmem] if told else sent.netmem))
        other = self.reach.of(Trait.RAW_UNMAP)
        knows = self.reach.called(spelled.UNMAPS_NETMEM) or sent.asks
        return Requirement(Standing.UNKNOWN if knows else Standing.UNMET, Basis.RAW_UNMAP,
                           self._uses(sent.maps or other))

    def sends(self) -> Requirement:
        if self.is_library:
            return Requirement(Standing.NOT_APPLICABLE, Basis.NETMEM_TX)
        found = self._said((spelled.NETMEM_TX,))
        if not found:
            return Requirement(Standing.UNMET, Basis.NO_NETMEM_TX, self.setup)
        tests = [condition(body, node) for file, node in self.reach.named((spelled.NETMEM_TX,))
                 if (body := self.reach.around(file, node)) is not None and any(
                     store.target == node.parent for store in view.stores(body))]
        if tests and all(tests):
            return Requirement(Standing.CONDITIONAL, Basis.NETMEM_TX, found, tests[0])
        return Requirement(Standing.MET, Basis.NETMEM_TX, found)

    def queues(self) -> Requirement:
        found = [(file, node) for file, node in self.reach.named((spelled.QUEUE_OPS,))
                 if _is_set(node)]
        if not found:
            return Requirement(Standing.UNMET, Basis.NO_QUEUE_OPS, self.setup)
        places = tuple(dict.fromkeys(self.unit.at(*one) for one in found))
        tests = [one for file, node in found if (body := self.reach.around(file, node)) is not None
                 and (one := condition(body, node))]
        if tests:
            return Requirement(Standing.CONDITIONAL, Basis.QUEUE_OPS, places, tests[0])
        return Requirement(Standing.MET, Basis.QUEUE_OPS, places)


def _is_set(name: Node) -> bool:
    """Whether a member is what an assignment sets."""
    member = name.parent
    store = view.infix(member.parent) if member is not None and member.parent is not None else None
    return store is not None and store.sign == "=" and store.left == member


def _is_copied(node: Node) -> bool:
    """Whether what stands before in the block copied the packet out of its buffer."""
    while node.parent is not None and node.parent.type != "compound_statement":
        node = node.parent
    before = node.prev_named_sibling
    while before is not None:
        if before.type == "expression_statement" and any(
                has(one.name.decode("latin-1"), Trait.CPU_COPIES) for one in view.calls(before)):
            return True
        before = before.prev_named_sibling
    return False

