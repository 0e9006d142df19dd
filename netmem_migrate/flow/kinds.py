# SPDX-License-Identifier: GPL-2.0-only
"""Whose memory a `void *` member holds, where each use says that by itself.

A use is the pool's where a page of the pool is stored, or where it is taken for a page: by a cast,
by the page API, or by a function that is given pages of the pool there and nothing else. It is
another's where something else is stored, or where it is freed, copied, or kept as a pointer to
something else. What only tests the member, prefetches it, or clears it, goes with the other uses
of the same record in its function. Taken for granted is what the driver takes for granted: that
what it takes for a page is one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.symbols import Function
from netmem_migrate.c.text import tokens
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import PAGE_POINTER
from netmem_migrate.flow.facts import squeezed
from netmem_migrate.flow.graph import Blocker, Place, Slot, reach
from netmem_migrate.flow.modes import Arm, Modes, Use
from netmem_migrate.flow.origins import Origin, Origins, around
from netmem_migrate.flow.stored import is_lent
from netmem_migrate.model.kernel_calls import has, takes_none
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Category, Why

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis

_ARM_OF = {Origin.POOL: Arm.POOL, Origin.THING: Arm.OTHER, Origin.NONE: Arm.EITHER}
_HINTS = "hints"
_TAKES_ANYTHING = (Trait.ANY_MEMORY, Trait.CPU_COPIES)


def kinds(analysis: Analysis, slots: Sequence[Slot]) -> Modes | None:
    """The uses of members that are one storage; None where one of them does not say whose memory it
    is of, or where a record would be taken for both in one function."""
    return _Reader(analysis, slots).modes()


def are_two(found: Modes) -> bool:
    """Whether memory of the pool is stored, and something that is no page, too."""
    return {Origin.POOL, Origin.THING} <= {use.origin for use in found.uses}


class _Reader:
    def __init__(self, analysis: Analysis, slots: Sequence[Slot]) -> None:
        self.analysis, self.slots, self.graph = analysis, set(slots), analysis.graph
        self.places = [one for slot in slots for one in slot.names]
        self.known: dict[Function, Typed] = {}
        self.origins = Origins(analysis, slots, self._typed)

    def _typed(self, function: Function) -> Typed:
        if function not in self.known:
            self.known[function] = Typed(self.analysis.symbols, function.file, function)
        return self.known[function]

    def modes(self) -> Modes | None:
        found: list[tuple[tuple[Function, bytes], Use]] = []
        for place in self.places:
            node, function = place.node.parent, next(around(self.analysis.symbols, place), None)
            where = view.field(node)
            use = None
            if node is not None and where is not None and function is not None and \
                    not is_lent(node):
                use = self._use(place, node, where.base)
            if use is None or function is None:
                return None
            found.append(((function, squeezed(use.base)), use))
        said: dict[tuple[Function, bytes], set[Arm]] = {}
        for key, use in found:
            said.setdefault(key, set()).add(use.arm)
        if any({Arm.POOL, Arm.OTHER} <= arms for arms in said.values()):
            return None
        return Modes(tuple(replace(use, arm=next(iter(said[key] - {Arm.EITHER}), Arm.EITHER))
                           for key, use in found))

    def _use(self, place: Place, node: Node, base: Node) -> Use | None:
        pair = view.infix(node.parent)
        if pair is not None and pair.sign == "=" and pair.left == node:
            stored = self.origins.last(place, view.bare(pair.right))
            origin = self.origins.of(place, stored)
            call = view.call(stored)
            if origin is Origin.OTHER and call is not None and not has(
                    call.name, Trait.GIVES_PAGE):
                origin = Origin.THING
            elif origin is Origin.THING and not self.origins.is_thing(place, stored):
                origin = Origin.UNKNOWN
            return Use(place, node, base, _ARM_OF[origin], stored, origin
                       ) if origin in _ARM_OF else None
        arms = set(self._reads(place, node))
        if not arms:
            use = Use(place, node, base, Arm.EITHER)
            hinted = (place.file, node.start_byte) in self._flows  # by what may be about anything
            return use if use.tested or hinted else None
        (arm, *more) = arms
        return Use(place, node, base, arm) if arm is not None and not more else None

    def _reads(self, place: Place, node: Node) -> Iterator[Arm | None]:
        """What each thing that is done with the member there takes it for; None for what does not
        say that."""
        at = place.file, node.start_byte
        if cast_to_page(node) is not None:
            yield Arm.POOL
            return
        for into in self._flows.get(at, ()):
            if into not in self._hints:
                yield self._into(into)
        for blocker in self._blockers.get(at, ()):
            yield _of(blocker)

    def _into(self, slot: Slot) -> Arm | None:
        """What something is taken for that holds the member, too."""
        if not slot.void:
            return Arm.POOL
        behind = reach([slot], self._edges[0])
        if any(one.of_pool for one in behind):
            whole = not self.graph.is_open(behind) and not any(
                bridge.into in behind and bridge.foreign for bridge in self.graph.bridges) and all(
                one.of_pool for one in behind if not self._edges[0].get(one))
            return Arm.POOL if whole else None
        ahead = reach([slot], self._edges[1])
        said = {_of(blocker) for one in ahead if one.void
                for blocker in self.graph.blockers.get(one, ()) if not blocker.derived}
        if any(not one.void and one not in self._hints for one in ahead):
            return Arm.POOL if Arm.OTHER not in said else None
        return Arm.OTHER if said == {Arm.OTHER} else None

    @cached_property
    def _hints(self) -> set[Slot]:
        """The calls that take a page, but may be about any memory."""
        return {one.slot for one in self.graph.forms if one.form.concern == _HINTS}

    @cached_property
    def _edges(self) -> tuple[dict[Slot, list[Slot]], dict[Slot, list[Slot]]]:
        """From each slot to what flows into it, and to what it flows into, not by the member."""
        back: dict[Slot, list[Slot]] = {}
        ahead: dict[Slot, list[Slot]] = {}
        for origin, into, _ in self.graph.flows:
            if self.slots.isdisjoint((origin, into)):
                back.setdefault(into, []).append(origin)
                ahead.setdefault(origin, []).append(into)
        return back, ahead

    @cached_property
    def _flows(self) -> dict[tuple[str, int], list[Slot]]:
        """By the place of a member, what it flows into from there."""
        found: dict[tuple[str, int], list[Slot]] = {}
        for origin, into, place in self.graph.flows:
            if origin in self.slots:
                found.setdefault(_inner(place), []).append(into)
        return found

    @cached_property
    def _blockers(self) -> dict[tuple[str, int], list[Blocker]]:
        """By the place of a member, what of it needs a page, or hides it."""
        found: dict[tuple[str, int], list[Blocker]] = {}
        for slot in self.slots:
            for one in self.graph.blockers.get(slot, ()):
                if not one.derived:
                    found.setdefault(_inner(one.place), []).append(one)
        return found


def cast_to_page(node: Node) -> Node | None:
    """The cast of an expression to a page, if it is cast to one."""
    cast = view.outer(node).parent
    type_ = cast.child_by_field_name("type") if (
        cast is not None and cast.type == "cast_expression") else None
    return cast if type_ is not None and tokens(view.text(type_)) == PAGE_POINTER else None


def _inner(place: Place) -> tuple[str, int]:
    """Where an expression is, less what casts it."""
    node = view.bare(place.node)
    while node.type == "cast_expression" and (inner := view.value(node)) is not None:
        node = view.bare(inner)
    return place.file, node.start_byte


def _of(blocker: Blocker) -> Arm | None:
    """Whose memory is used so: what is no page is another's."""
    reason = blocker.reason
    if reason.why is Why.KEPT_AS_OTHER:
        # By the type of what keeps it, which is a pointer to something else.
        return Arm.OTHER if blocker.category is Category.ADDRESS else None
    other = reason.why is Why.PASSED and (takes_none(reason.by) or any(
        has(reason.by, trait) for trait in _TAKES_ANYTHING))
    return Arm.OTHER if other else None
