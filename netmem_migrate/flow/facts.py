# SPDX-License-Identifier: GPL-2.0-only
"""What tests say of members where a function is: those whose truth decided the way there.

Followed over the control flow (flow/cfg.py): a fact holds where it does on every way, until
something that its text names is set.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.cfg import Block, Item, build, constant, transparent
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_SETS = ("assignment_expression", "update_expression", "init_declarator", "pointer_expression")
_CHOICE = "conditional_expression"
_WRITES = (Trait.CPU_COPIES, Trait.ANY_MEMORY, Trait.STORES, Trait.SWAPS)


@dataclass(frozen=True, slots=True)
class Fact:
    """A test of a member that was true: `base` is the text of what has it.

    `mask` are the names that its value was held against by `&`, or by `==` where `equal`; none
    where the member itself was tested.
    """

    base: bytes
    member: bytes
    mask: frozenset[bytes] = frozenset()
    equal: bool = False

    @property
    def words(self) -> frozenset[bytes]:
        """The names that its text has."""
        return frozenset({*WORD.findall(self.base), self.member})


_State = Mapping[Fact, bool]


def squeezed(node: Node) -> bytes:
    """The text of an expression without its blanks, by which two of them are the same."""
    return b"".join(view.text(node).split())


def fact(test: Node) -> tuple[Fact, bool] | None:
    """The fact that a test is of, and whether a true one says that it holds."""
    truth = True
    test = transparent(test)
    negated = view.prefix(test)
    while negated is not None and negated.sign == "!":
        truth, test = not truth, transparent(negated.argument)
        negated = view.prefix(test)
    where = view.field(test)
    if where is not None:
        return Fact(squeezed(where.base), where.name), truth
    pair = view.infix(test)
    if pair is None or pair.sign not in ("&", "==", "!="):
        return None
    left, right = view.bare(pair.left), view.bare(pair.right)
    if view.field(left) is None:
        left, right = right, left
    where = view.field(left)
    if where is None:
        return None
    if pair.sign != "&":
        truth = truth == (pair.sign == "==")
        if constant(right) is False:
            return Fact(squeezed(where.base), where.name), not truth
        return (Fact(squeezed(where.base), where.name, frozenset({view.text(right)}), True), truth
                ) if right.type == "identifier" else None
    names = _mask(right)
    return (Fact(squeezed(where.base), where.name, names), truth) if names else None


def _mask(node: Node) -> frozenset[bytes]:
    """The names of a mask `A | B`, none for anything else."""
    node = view.bare(node)
    if node.type == "identifier":
        return frozenset({view.text(node)})
    pair = view.infix(node)
    if pair is None or pair.sign != "|":
        return frozenset()
    left, right = _mask(pair.left), _mask(pair.right)
    return left | right if left and right else frozenset()


class Facts:
    """The facts in one function, by its body; `writes` are the members that functions of the driver
    may set."""

    def __init__(self, body: Node, writes: Mapping[bytes, frozenset[bytes]]) -> None:
        self._writes = writes
        # What has its address taken is set by whoever has that.
        self._taken = {view.text(inner) for one in nodes(body, "pointer_expression")
                       if one.children[0].type == "&" and (inner := view.operand(one)) is not None
                       and inner.type == "identifier"}
        self._flow = build(body, exact=True)
        self._before: dict[int, _State | None] = {0: {}}
        self._follow()
        # Full expressions stand apart; one with a choice is there once for each of its ways.
        self._items = sorted(
            ((item, state) for number, block in enumerate(self._flow.blocks)
             for item, state in self._through(block, self._before.get(number))),
            key=lambda one: one[0].node.start_byte)
        self._starts = [item.node.start_byte for item, _ in self._items]

    def at(self, node: Node) -> dict[Fact, bool]:
        """What holds whenever a node is evaluated; nothing where no way leads to it."""
        end = bisect_right(self._starts, node.start_byte)
        start = bisect_left(self._starts, _statement(node).start_byte)
        states = [state for item, state in self._items[start:end] if _is_in(item, node)]
        if not states:
            return {}
        first, *others = states
        return {one: truth for one, truth in first.items()
                if all(other.get(one) is truth for other in others)}

    def _kill(self, state: dict[Fact, bool], node: Node) -> None:
        _kill(state, node)
        for call in view.calls(node) if state else ():
            for one in [one for one in state if one.member in self._writes.get(call.name, ())]:
                del state[one]

    def _follow(self) -> None:
        todo = [0]
        while todo:
            number = todo.pop()
            block = self._flow.blocks[number]
            state = dict(self._before[number] or {})
            for item in block.items:
                self._kill(state, item.node)
            for edge in block.edges:
                then = dict(state)
                found = fact(edge.test) if edge.test is not None else None
                # One of several that an index tells apart is not followed.
                if found is not None and b"[" not in found[0].base and self._taken.isdisjoint(
                        found[0].words):
                    then[found[0]] = found[1] is edge.truth
                known = self._before.get(edge.to)
                met = then if known is None else {
                    one: truth for one, truth in known.items() if then.get(one) is truth}
                if known is None or met != known:
                    self._before[edge.to] = met
                    todo.append(edge.to)

    def _through(self, block: Block, state: _State | None) -> list[tuple[Item, _State]]:
        if state is None:
            return []
        found: list[tuple[Item, _State]] = []
        now = dict(state)
        for item in block.items:
            found.append((item, dict(now)))
            self._kill(now, item.node)
        return found


def _kill(state: dict[Fact, bool], node: Node) -> None:
    """Forget what is said of what an expression sets, or all where that cannot be told."""
    if not state:
        return
    gone: set[bytes] = set()
    for one in nodes(node, *_SETS):
        name = _is_set(one)
        if name is None:
            state.clear()
            return
        gone.add(name)
    for call in view.calls(node):
        if any(has(call.name, trait) for trait in _WRITES):
            gone |= {view.text(one) for one in nodes(call.arguments, "identifier",
                                                     "field_identifier")}
    for fact_ in [one for one in state if not gone.isdisjoint(one.words)]:
        del state[fact_]


def _is_set(node: Node) -> bytes | None:
    """The name of what a node sets, or may set: of a member, or in an array, that of it; b"" for
    nothing, None for what a pointer points to."""
    if node.type == "pointer_expression" and node.children[0].type != "&":
        return b""
    target = (view.declared(node.child_by_field_name("declarator"))
              if node.type == "init_declarator" else view.changed(node))
    where = view.field(target)
    if where is not None:
        return where.name
    if target is None or target.type != "identifier":
        return b"" if node.type == "pointer_expression" else None
    return view.text(target)


def _statement(node: Node) -> Node:
    """The statement that a node stands in: no expression begins before it."""
    while node.parent is not None and not node.type.endswith(("_statement", "declaration")):
        node = node.parent
    return node


def _is_in(item: Item, node: Node) -> bool:
    """Whether a node is evaluated with an item, by the arms that it takes."""
    if not item.node.start_byte <= node.start_byte < item.node.end_byte:
        return False
    taken = dict(item.choices)
    one: Node | None = node
    while one is not None and one.id != item.node.id:
        around = one.parent
        if around is not None and around.type == _CHOICE and around.start_byte in taken:
            choice = view.branch(around)
            if choice is not None and one.id != choice.test.id and (
                    taken[around.start_byte] != (choice.then is not None
                                                 and one.id == choice.then.id)):
                return False
        one = around
    return True
