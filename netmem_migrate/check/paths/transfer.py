# SPDX-License-Identifier: GPL-2.0-only
"""One operation of a function applied to what is known: the rules of ownership.

Ownership follows Documentation/networking/page_pool.rst and the effects of model/functions.py. What
is given to code that is not followed is nobody's concern from then on; findings are only about
memory whose whole way is in sight.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.check.paths.events import Event, EventKind, Trail
from netmem_migrate.check.paths.state import MANY, NOTHING, Known, Memory, Owner, State
from netmem_migrate.check.paths.summaries import Does, Summary
from netmem_migrate.check.paths.values import NONZERO, NULL, Op, Operand, member
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import ApiFunction, Effect, Side, Trait
from netmem_migrate.model.spelled import ARRAYS_SUFFIX, POOL_PREFIX


@dataclass(slots=True)
class Scope:
    """What all paths of one function share, and what they gather.

    `left` are the owners of the watched `parameters` at each end of a path, `gives` what each
    return gives (memory and whether it is an address in it; None and whether it is NULL).
    """

    local: frozenset[str]
    again: frozenset[str]  # conditions that are tested more than once
    cleaned: frozenset[str] = frozenset()  # variables with a cleanup of their own, as by __free()
    parameters: frozenset[str] = frozenset()
    events: dict[tuple[EventKind, int], Event] = field(default_factory=dict)
    left: list[dict[str, Owner]] = field(default_factory=list)
    gives: list[tuple[Memory | None, bool]] = field(default_factory=list)
    aborted: bool = False
    trail: Trail | None = None  # of the path that is being run

    def note(self, kind: EventKind, node: Node, name: str, by: str) -> None:
        """Note an event; of several paths that meet it at one place, the first one counts."""
        self.events.setdefault((kind, node.start_byte), Event(kind, node, name, by, self.trail))


class Transfer:
    """Applies operations to one state. Results of calls live as long as this does.

    After an event the memory is ELSEWHERE, or known, so that one mistake is one finding and not
    another at each later use.
    """

    __slots__ = ("for_device", "results", "scope", "state")

    def __init__(self, scope: Scope, state: State) -> None:
        self.scope = scope
        self.state = state
        self.results: dict[str, tuple[str, bool]] = {}
        self.for_device: dict[str, Operand] = {}  # DMA addresses, and the memory that they are of

    def run(self, op: Op) -> None:
        """Apply one operation that is no call."""
        kind = op.kind
        if kind == "assign":
            self.assign(op)
        elif kind == "kill":
            self.lost(op.name, op.node)
            self.state.forget(op.name)
        elif kind == "move":
            held = self.state.places.get(op.name)
            self.state.forget(op.name)
            if held is not None:
                self.state.places[op.name] = held
        elif kind == "escape":
            self.escape(op.operands[0])
        elif kind == "use":
            self.use(op.operands[0], op.node, "")
        elif kind == "return":
            self.leave(op.operands[0], op.node)

    def held(self, operand: Operand) -> tuple[str, bool] | None:
        """The memory that a value is, and whether it is an address made from it."""
        if operand.kind == "place":
            found = self.state.places.get(operand.key)
        elif operand.kind == "result":
            found = self.results.get(operand.key)
        elif operand == NULL:
            return NOTHING, False
        else:
            return None
        return (found[0], found[1] or operand.computed) if found is not None else None

    def escape(self, operand: Operand) -> None:
        """The value goes where it is not followed.

        What was released stays so: a second put is wrong whoever else has the memory.
        """
        if operand.kind == "address":
            self.lost_address(operand.key)
            return
        found = self.held(operand)
        if found is not None and found[0] in self.state.memory:
            if self.state.memory[found[0]].owner != Owner.RELEASED:
                self.state.change(found[0], owner=Owner.ELSEWHERE)
            if operand.kind == "place" and not operand.key.isidentifier() and \
                    found[0].startswith("place:"):
                self.state.places.pop(operand.key, None)

    def use(self, operand: Operand, node: Node, by: str) -> None:
        """The memory must be there, and still ours."""
        found = self.held(operand)
        memory = self.state.memory.get(found[0]) if found is not None else None
        if found is None or memory is None:
            return
        name = operand.key if operand.kind == "place" else memory.origin
        if memory.owner == Owner.RELEASED:
            self.scope.note(EventKind.USED_AFTER_RELEASE, node, name, by)
            self.state.change(found[0], owner=Owner.ELSEWHERE)
        elif not found[1] and memory.known in (Known.MAYBE, Known.NULL) and memory.origin:
            self.scope.note(EventKind.USED_UNTESTED, node, name, memory.origin)
            if memory.known == Known.MAYBE:
                self.state.change(found[0], known=Known.YES)

    def assign(self, op: Op) -> None:
        """A place gets a value.

        The old value is lost first, then the name is forgotten, then the new one is held: a place
        that is assigned what it already holds must not lose it.
        """
        value, name, state = op.operands[0], op.name, self.state
        found = self.held(value)
        if name.startswith("*") and value.key in self.for_device:
            self.escape(self.for_device[value.key])  # the caller finds the memory by its address
        if not name:
            self.escape(value)
            return
        if not (value.kind == "place" and value.key == name):
            self.lost(name, op.node, found[0] if found is not None else "")
            state.forget(name)
        local = name in self.scope.local
        if name in self.scope.cleaned:  # its cleanup gives it back, or who takes it from there
            self.escape(value)
        if found is not None:
            if not local and found[0] in state.memory and \
                    state.memory[found[0]].owner in (Owner.HERE, Owner.HANDED):
                state.change(found[0], owner=Owner.ELSEWHERE)
            if local or member(name) or "[" in name:
                state.places[name] = found
        if name in self.scope.again and local:
            if value == NULL:
                state.facts[name] = False
            elif value == NONZERO:
                state.facts[name] = True

    def lost(self, name: str, node: Node, but: str = "") -> None:
        """A place is overwritten: was it the last that held memory of ours?"""
        found = self.state.places.get(name)
        if found is None or found[1] or found[0] == but:
            return
        memory = self.state.memory.get(found[0])
        if memory is not None and self._leaks(memory) and self.state.holders(found[0]) == 1:
            self.scope.note(EventKind.LOST, node, name, memory.origin)
            self.state.change(found[0], owner=Owner.ELSEWHERE)

    @staticmethod
    def _leaks(memory: Memory) -> bool:
        return memory.owner == Owner.HERE and memory.known != Known.NULL and bool(memory.origin)

    def leave(self, value: Operand, node: Node) -> None:
        """The function returns: what is still ours is lost."""
        found = self.held(value)
        if found is not None and found[0] in self.state.memory:
            memory = self.state.memory[found[0]]
            self.scope.gives.append((memory, found[1]))
            if memory.owner == Owner.RELEASED and memory.known != Known.NULL and not found[1]:
                self.scope.note(EventKind.USED_AFTER_RELEASE, node, value.key.split("@")[0], "")
            elif memory.owner == Owner.HERE:
                self.state.change(found[0], owner=Owner.ELSEWHERE)
        elif found is not None:
            self.scope.gives.append((None, True))
        else:
            self.scope.gives.append((None, False))
        self.end(node)
        self.state.memory.clear()
        self.state.places.clear()
        self.state.facts.clear()

    def end(self, node: Node) -> None:
        """The end of a path through the function.

        The name said is the smallest that holds the memory, so that the order in which paths were
        walked shows nowhere.
        """
        for key, memory in self.state.memory.items():
            if self._leaks(memory):
                names = [one for one, held in self.state.places.items() if held == (key, False)]
                self.scope.note(EventKind.LOST, node, min(names) if names else memory.origin,
                                memory.origin)
        if self.scope.parameters:
            self.scope.left.append({one: self.state.memory[one].owner
                                    for one in self.scope.parameters if one in self.state.memory})

    def call(self, op: Op, summary: Summary | None) -> None:
        """A function is called; `summary` is what it does, None for one that is not the driver's.
        """
        known = BY_NAME.get(op.name) if summary is None else None
        if has(op.name, Trait.SWAPS):
            for one in op.operands:
                self.escape(one)
                if one.kind == "place":
                    self.state.forget(one.key)
            return
        if known is not None:
            self.model_call(op, known)
        elif summary is not None:
            for number, operand in enumerate(op.operands):
                self.argument(op, operand, summary.argument(number))
            self.state.forget_members()
            if summary.fresh:
                self.allocated(op, op.name, Known.MAYBE)
        elif has(op.name, Trait.GIVES_ADDRESS) and op.operands:
            self.derive(op, op.operands[0], address=True)
        elif not has(op.name, Trait.HARMLESS):
            for operand in op.operands:
                self.escape(operand)
            if op.operands or not op.name:
                self.state.forget_members()
        for name in op.addresses:
            self.lost_address(name)

    def lost_address(self, name: str) -> None:
        """Somebody else may write a place, or read it later.

        Who has the address of `page->lru` finds the page by it.
        """
        for one in (name, name.rpartition("->")[0]):
            found = self.state.places.get(one)
            if found is not None and found[0] in self.state.memory:
                self.state.change(found[0], owner=Owner.ELSEWHERE)
        self.state.forget(name)

    def argument(self, op: Op, operand: Operand, what: Does) -> None:
        """One argument of a function of the driver."""
        if what == Does.RELEASES:
            self.release(op, operand, create=False)
        elif what == Does.HANDS_OVER:
            self.hand_over(op, operand, create=False)
        elif what == Does.ANYTHING:
            self.escape(operand)

    def model_call(self, op: Op, known: ApiFunction) -> None:
        """A function of the API: its effect is in the model.

        A container of memory, or an array of it, is not followed: what was in it is somebody
        else's from here. Trait.KEEPS comes before the effect, which says too little for those.
        """
        effect, number = known.effect, known.memory
        operand = op.operands[number] if number is not None and number < len(op.operands) else None
        if effect == Effect.UNKNOWN:
            for other, one in enumerate(op.operands):
                if other != number and one.kind != "address":
                    self.escape(one)
        if effect == Effect.ALLOCATES and known.gives:
            if op.name.startswith(POOL_PREFIX):
                self.allocated(op, op.name, Known.MAYBE if known.may_be_null else Known.YES)
        elif operand is None:
            return
        elif known.side == Side.NONE or op.name.endswith(ARRAYS_SUFFIX):
            self.escape(operand)
            if effect in (Effect.RELEASES, Effect.HANDS_OVER):
                self.state.forget_members()
        elif Trait.KEEPS in known.traits:
            self.escape(operand)
        else:
            _EFFECTS.get(effect, Transfer._looks_at)(self, op, operand, known)

    def _releases(self, op: Op, operand: Operand, _: ApiFunction) -> None:
        self.release(op, operand, create=op.name.startswith(POOL_PREFIX))

    def _hands_over(self, op: Op, operand: Operand, known: ApiFunction) -> None:
        if known.if_true:  # who has it now hangs on the result, which is not followed
            self.use(operand, op.node, op.name)
            self.escape(operand)
        else:
            self.hand_over(op, operand, create=True)

    def _takes(self, op: Op, operand: Operand, known: ApiFunction) -> None:
        """More references are taken here: as many puts or hand-overs as that are right."""
        self.use(operand, op.node, op.name)
        if self.held(operand) is None:
            self.of_place(operand, Owner.ELSEWHERE)
        found = self.held(operand)
        if found is not None and found[0] in self.state.memory:
            if self.state.memory[found[0]].owner == Owner.HERE:
                self.state.change(found[0], owner=Owner.ELSEWHERE)
            self.state.take(found[0], 1 if len(known.parameters) == 1 else MANY)

    def _counts(self, op: Op, operand: Operand, _: ApiFunction) -> None:
        """References are counted here, so one put or hand-over is no longer the last one."""
        self.use(operand, op.node, op.name)
        self.escape(operand)
        if operand.kind == "place" and self._only_a_place(operand):
            self.state.places.pop(operand.key, None)

    def _converts(self, op: Op, operand: Operand, _: ApiFunction) -> None:
        self.derive(op, operand, address=False)

    def _looks_at(self, op: Op, operand: Operand, known: ApiFunction) -> None:
        self.use(operand, op.node, op.name)
        if known.effect == Effect.BORROWS:
            self.derive(op, operand, address=True)
        elif Trait.DMA_ADDRESS in known.traits:
            self.for_device[op.result] = operand

    def _only_a_place(self, operand: Operand) -> bool:
        found = self.held(operand)
        return found is not None and found[0].startswith("place:")

    def derive(self, op: Op, operand: Operand, *, address: bool) -> None:
        """The result is another name of the memory, or an address in it."""
        found = self.held(operand)
        if found is not None and found[0] != NOTHING:
            self.results[op.result] = (found[0], found[1] or address)

    def allocated(self, op: Op, origin: str, known: Known) -> None:
        """The result is memory that is ours."""
        key, state = op.result, self.state
        if key in state.memory:
            # The same call in the next turn of a loop: what it gave before is another memory.
            state.memory[key + "~"] = state.memory.pop(key)
            for one, (held, address) in list(state.places.items()):
                if held == key:
                    state.places[one] = (key + "~", address)
                elif held == key + "~":
                    del state.places[one]
        state.memory[key] = Memory(known, Owner.HERE, origin)
        self.results[key] = (key, False)

    def of_place(self, operand: Operand, owner: Owner) -> None:
        """Memory that was in a place before this function looked at it."""
        if operand.kind == "place" and not operand.computed and operand.key and \
                "*" not in operand.key:
            key = "place:" + operand.key
            self.state.memory[key] = Memory(Known.UNKNOWN, owner)
            self.state.places[operand.key] = (key, False)

    def release(self, op: Op, operand: Operand, *, create: bool) -> None:
        """The reference is given back."""
        found = self.held(operand)
        memory = self.state.memory.get(found[0]) if found is not None else None
        if found is None:
            if create:
                self.of_place(operand, Owner.RELEASED)
            return
        if memory is None or self.state.give(found[0]):
            return
        name = operand.key if operand.kind == "place" else memory.origin
        if memory.owner == Owner.RELEASED:
            self.scope.note(EventKind.RELEASED_AGAIN, op.node, name, op.name)
        elif memory.owner == Owner.HANDED and (create or memory.origin):
            self.scope.note(EventKind.RELEASED_AFTER_HANDOVER, op.node, name, op.name)
        elif memory.known in (Known.MAYBE, Known.NULL) and memory.origin and not found[1]:
            self.scope.note(EventKind.USED_UNTESTED, op.node, name, memory.origin)
        self.state.change(found[0], owner=Owner.RELEASED, known=Known.YES if memory.origin
                          else memory.known)

    def hand_over(self, op: Op, operand: Operand, *, create: bool) -> None:
        """The reference goes to an skb or an XDP buffer."""
        found = self.held(operand)
        memory = self.state.memory.get(found[0]) if found is not None else None
        if found is None:
            if create:
                self.of_place(operand, Owner.HANDED)
            return
        if memory is None:
            return
        self.use(operand, op.node, op.name)
        if self.state.give(found[0]):
            return
        if memory.owner == Owner.HANDED:
            self.scope.note(EventKind.HANDED_OVER_AGAIN, op.node, operand.key.split("@")[0],
                            op.name)
        if memory.owner != Owner.ELSEWHERE or not memory.origin:
            self.state.change(found[0], owner=Owner.HANDED)


_EFFECTS: dict[Effect, Callable[[Transfer, Op, Operand, ApiFunction], None]] = {
    Effect.RELEASES: Transfer._releases,
    Effect.HANDS_OVER: Transfer._hands_over,
    **dict.fromkeys((Effect.TAKES, Effect.SPLITS), Transfer._takes),
    **dict.fromkeys((Effect.DROPS, Effect.UNKNOWN), Transfer._counts),
    Effect.CONVERTS: Transfer._converts,
}
