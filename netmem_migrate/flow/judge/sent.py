# SPDX-License-Identifier: GPL-2.0-only
"""Frags that are sent: where they are mapped, where that address is kept, and each unmap of it.

An address of a frag that is no page must not be unmapped: netmem_dma_unmap_addr_set() keeps none of
it, and netmem_dma_unmap_page_attrs() does nothing then; or the driver keeps a note beside the
address, and looks at that.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.judge.memory import is_of_xdp, set_before
from netmem_migrate.flow.judge.reach import Held, Reach
from netmem_migrate.flow.judge.taint import Atom, Atoms, use_atom
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.model import spelled
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_ANSWERS = (Trait.ERROR_POINTER, Trait.TELLS_READABLE, Trait.TELLS_UNREADABLE, Trait.MAPS)
_LEAVES = ("continue_statement", "return_statement", "goto_statement", "break_statement")


class _Kept(Held):
    """What holds an address for the device: in another byte order, too, or beside other bits."""

    def _carries(self, call: view.Call) -> bool:
        return view.text(call.function).decode("latin-1") not in spelled.ANSWERS and not any(
            has(call.name, trait) for trait in _ANSWERS)

    def _named(self, body: Body, name: Node) -> Iterator[Atom]:
        set_ = set_before(name, name)
        if set_ is None or _is_set_in_loop(body, name, set_.node):
            return super()._named(body, name)
        return self.read(body, set_.node)

    def asked(self, body: Body, node: Node) -> Iterator[Atom]:
        """The atoms that a test looks at."""
        return Atoms.read(self, body, node)


class Sent:
    """The frags that a unit sends."""

    def __init__(self, unit: Unit, reach: Reach) -> None:
        self.unit, self.reach = unit, reach
        self._atoms = _Kept(unit, through=True, opaque=True)

    @cached_property
    def lists(self) -> list[Use]:
        """Where frags are put in a list, by their pages."""
        return self.reach.called(spelled.FRAG_LISTS)

    @cached_property
    def maps(self) -> list[Use]:
        """Where a frag is mapped as what it is."""
        return [use for use in self.reach.called(spelled.FRAG_MAPS) if not is_of_xdp(use)]

    @cached_property
    def by_memory(self) -> list[Use]:
        """Where frags are mapped by their pages, or by their addresses for the CPU; not those that
        XDP sends."""
        given = [use for use in self.reach.called(spelled.FRAG_MEMORY) if not is_of_xdp(use)]
        if not given:
            return []
        held = self.reach.atoms
        memory = held.reached(use_atom(use) for use in given)
        return [use for use in self.reach.of(Trait.MAPS)
                if not _is_received(use) and not is_of_xdp(use) and any(
                    one in memory for arg in use.call.args for one in held.read(use.body, arg))]

    @cached_property
    def _kept(self) -> set[Atom]:
        """All that holds an address by which the device finds a frag."""
        return self._atoms.reached(use_atom(use) for use in (*self.maps, *self.by_memory))

    def _holds(self, body: Body, node: Node, known: set[Atom]) -> bool:
        return any(one in known for one in self._atoms.read(body, node))

    def _given(self, uses: list[Use], known: set[Atom]) -> list[Use]:
        return [use for use in uses
                if any(self._holds(use.body, arg, known) for arg in use.call.args[1:2])]

    @cached_property
    def raw(self) -> list[Use]:
        """Unmaps of frags as pages. What is mapped as a page is unmapped as one: where anything is,
        what is unmapped by an address is a head."""
        found = [use for use in self._given(self.reach.of(Trait.UNMAPS), self._kept)
                 if not is_of_xdp(use) and not _is_received(use)]
        pages = [use for use in found if "page" in use.name]
        return pages if pages or self.netmem else found

    @cached_property
    def netmem(self) -> list[Use]:
        """Unmaps of frags through the helper that leaves alone what is no page."""
        return self._given(self.reach.called(spelled.UNMAPS_NETMEM), self._kept)

    @cached_property
    def unsafe(self) -> list[Use]:
        """Such unmaps of an address that was kept whatever the memory is, and where it is kept."""
        noted = self._atoms.reached(kept[0] for use in self.reach.of(Trait.NETMEM_UNMAP)
                                    if (kept := self._atoms.kept_by(use.body, use.call)))
        past = [use for use in self.netmem if use not in self._given(self.netmem, noted)]
        return past + [use for use in self.reach.called(spelled.KEEPS_ADDRESS) if self.netmem
                       and not has(use.name, Trait.NETMEM_UNMAP) and self._keeps_frag(use)]

    def _keeps_frag(self, use: Use) -> bool:
        value = view.bare(use.call.args[-1])
        set_ = set_before(use.call.node, value) if value.type == "identifier" else None
        return set_ is not None and set_.name.decode("latin-1") in spelled.FRAG_MAPS

    # ------------------------------------------------------------ notes of what is no page

    @cached_property
    def asks(self) -> list[Use]:
        """Where it is asked whether a frag is a page, in functions that map frags."""
        mapping = {use.body for use in self.maps}
        return [use for use in self.reach.of(Trait.TELLS_UNREADABLE) if use.body in mapping]

    @cached_property
    def _notes(self) -> set[Atom]:
        """All that says that a frag is no page: the answer, and what is set by it."""
        told = self._atoms.reached(use_atom(use) for use in self.asks)
        return self._atoms.reached([*told, *(
            atom for body in {use.body for use in self.asks} for store in view.stores(body.node)
            if self._is_tested(body, store.node, told)
            and (atom := self._atoms.of(body, store.target)) is not None)])

    def told(self, use: Use) -> list[Use]:
        """The places that look at a note before an unmap: it, or each call of its function; none
        where one does not."""
        if self._is_told(use):
            return [use]
        calls = self.reach.uses(self.unit.calls.get(use.body.name, ()))
        kept = [one for one in calls if any(self._holds(one.body, arg, self._kept)
                                            for arg in one.call.args)] or calls
        return kept if kept and all(self._is_told(one) for one in kept) else []

    def _is_told(self, use: Use) -> bool:
        return bool(self.asks) and self._is_tested(use.body, use.call.node, self._notes)

    def _is_tested(self, body: Body, node: Node, known: set[Atom]) -> bool:
        """Whether a test of something decides if a node is reached."""
        inner = node
        for around in above(body.node, node):
            tests = [around] if view.branch(around) is not None else []
            if around.type == "compound_statement":
                tests += _left_before(inner)
            if any((branch := view.branch(test)) is not None and branch.test != inner
                   and any(one in known for one in self._atoms.asked(body, branch.test))
                   for test in tests):
                return True
            inner = around
        return False


def _is_set_in_loop(body: Body, name: Node, before: Node) -> bool:
    """Whether a loop around a name, that begins behind where it was set, sets it too."""
    return any(view.text(store.target) == view.text(name)
               for around in above(body.node, name)
               if view.loop(around) is not None and around.start_byte > before.start_byte
               for store in view.stores(around))


def _left_before(node: Node) -> Iterator[Node]:
    """The tests before a statement in its block that may leave the block."""
    before = node.prev_named_sibling
    while before is not None:
        if before.type == "if_statement" and nodes(before, *_LEAVES):
            yield before
        before = before.prev_named_sibling


def _is_received(use: Use) -> bool:
    """Whether an unmap is of what the device writes."""
    return any(view.text(arg) in spelled.TO_CPU for arg in use.call.args)
