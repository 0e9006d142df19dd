# SPDX-License-Identifier: GPL-2.0-only
"""Pointers that walk the descriptors of a ring, and the numbers that go with them.

    number(at, ring) = (at - ring->base) >> ring->shift
    next(at, ring) = at >= ring->last ? ring->base : at + ring->size
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import DEPTH, Path, Scope, World, path, squeezed, stripped

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.symbols import Function

_DEPTH = 6
_LOOPS = ("for_statement", "while_statement", "do_statement")


@dataclass(frozen=True, slots=True)
class Place:
    """An element of an array, as a function spells it: what the array is of, the members to it,
    the number, and the member in it."""

    start: bytes
    steps: tuple[bytes, ...]
    index: bytes
    member: bytes


@dataclass(frozen=True, slots=True)
class Walk:
    """What a pointer walks: how the ring is spelled, its type, and the members to what holds the
    first descriptor."""

    start: bytes
    tag: str
    steps: tuple[bytes, ...]


def _way(scope: Scope, node: Node) -> Path:
    """The way to something, through locals that are the address of something only."""
    found = path(scope, node, DEPTH)
    value = scope.once(found.start)
    inner = stripped(scope, value) if value is not None else None
    if inner is None or inner.type != "pointer_expression" or inner.children[0].type != "&":
        return found
    base = path(scope, inner, DEPTH)
    return Path(base.root, base.start, (*base.steps, *found.steps), found.address)


def place(scope: Scope, node: Node) -> Place | None:
    """An element, by a member access of it."""
    way = _way(scope, node)
    steps = [one.lstrip(b"->.") for one in way.steps]
    at = [number for number, one in enumerate(steps) if one.startswith(b"[")]
    if len(at) == 2 and at[1] == at[0] + 1 and steps[at[0]] == b"[0]":
        del steps[at[0]]
        at = at[:1]
    if len(at) != 1 or at[0] != len(steps) - 2 or way.address or way.start.type != "identifier":
        return None
    return Place(view.text(way.start), tuple(steps[:at[0]]), steps[at[0]][1:-1], steps[-1])


def walk(scope: Scope, node: Node) -> Walk | None:
    """What is walked, by the address of it that a function is given."""
    way = _way(scope, node)
    type_ = scope.typed.of(way.start) if way.start.type == "identifier" else None
    if not way.address or type_ is None or type_.derivations != ("p",):
        return None
    return Walk(view.text(way.start), type_.base, tuple(one.lstrip(b"->.") for one in way.steps))


def _returned(function: Function) -> Node | None:
    """What a function gives that does nothing else."""
    inside = view.children(function.body) if function.body is not None else []
    if len(inside) != 1 or inside[0].type != "return_statement" or len(function.parameters) != 2:
        return None
    (value,) = view.children(inside[0]) or (None,)
    return view.bare(value) if value is not None else None


def _own(world: World, scope: Scope, call: view.Call | None) -> Function | None:
    if call is None or len(call.args) != 2:
        return None
    return world.analysis.symbols.function(call.name, scope.file)


def _member(world: World, function: Function, node: Node) -> bytes:
    """The member of its second parameter that an expression is; b"" for anything else."""
    access = view.field(stripped(world.scope(function), node))
    return access.name if access is not None and \
        view.text(access.base) == function.parameters[1].name else b""


def numbers(world: World, scope: Scope, call: view.Call | None) -> bytes:
    """The member that a call counts descriptors from; b"" for any other call."""
    function = _own(world, scope, call)
    return _numbers(world, function) if function is not None else b""


def _numbers(world: World, function: Function) -> bytes:
    shift = view.infix(_returned(function))
    if shift is None or shift.sign != ">>":
        return b""
    apart = view.infix(view.bare(shift.left))
    if apart is None or apart.sign != "-" or not _member(world, function, shift.right):
        return b""
    first = stripped(world.scope(function), apart.left)
    return _member(world, function, apart.right) \
        if view.text(first) == function.parameters[0].name else b""


def steps(world: World, scope: Scope, call: view.Call | None, *, on: bool = False) -> bool:
    """Whether a call gives the next descriptor, or the one before; `on`, only the next."""
    function = _own(world, scope, call)
    value = _returned(function) if function is not None else None
    branch, test = view.branch(value), view.infix(view.bare(value.children[0])) \
        if value is not None and value.children else None
    if function is None or branch is None or branch.then is None or branch.otherwise is None or \
            test is None or test.sign not in (">=", "<="):
        return False
    inner = world.scope(function)
    moved = view.infix(view.bare(stripped(inner, branch.otherwise)))
    name = function.parameters[0].name
    forward = test.sign == ">="
    return moved is not None and moved.sign == ("+" if forward else "-") and \
        (forward or not on) and view.text(stripped(inner, moved.left)) == name and \
        view.text(test.left) == name and all(_member(world, function, one) for one in (
            test.right, branch.then, moved.right))


@dataclass
class Owners:
    """The types of the rings that a pointer to a descriptor may be of."""

    world: World
    tags: set[str] = field(default_factory=set)
    odd: str = ""
    _seen: set[tuple[str, int, bytes]] = field(default_factory=set)

    def at(self, scope: Scope, node: Node, rings: frozenset[str]) -> None:
        """Follow a pointer where it stands."""
        name = view.text(node)
        if node.type != "identifier" or not scope.is_local(name):
            self._odd(scope, node)
            return
        sets = reaching(scope, name, node)
        self._sets(scope, name, sets if sets is not None else scope.sets.get(name, ()), rings)
        if sets is None:
            self._given(scope, name, node, rings)

    def _odd(self, scope: Scope, node: Node) -> None:
        self.odd = self.odd or scope.where(node)

    def _of(self, scope: Scope, node: Node, rings: frozenset[str], name: bytes = b"") -> None:
        node = stripped(scope, node)
        call = view.call(node)
        if call is not None and steps(self.world, scope, call):
            self._way(scope, stripped(scope, call.args[1]), rings)
            if view.text(view.bare(call.args[0])) != name:
                self._of(scope, call.args[0], rings)
        elif node.type == "identifier" and scope.is_local(view.text(node)):
            self._name(scope, node, rings)
        else:
            self._way(scope, node, rings)

    def _way(self, scope: Scope, node: Node, rings: frozenset[str]) -> None:
        """Follow a member access, or the address of one."""
        found = tags(scope, node) & rings
        self.tags |= found
        if len(found) != 1 or node.type not in ("field_expression", "pointer_expression"):
            self._odd(scope, node)

    def _name(self, scope: Scope, node: Node, rings: frozenset[str]) -> None:
        name = view.text(node)
        key = scope.file, scope.node.start_byte, name
        if key not in self._seen:
            self._seen.add(key)
            self._sets(scope, name, scope.sets.get(name, ()), rings)
            self._given(scope, name, node, rings)

    def _sets(self, scope: Scope, name: bytes, sets: Iterable[tuple[Node, Node | None]],
              rings: frozenset[str]) -> None:
        for where, value in sets:
            if value is None:
                self._odd(scope, where)
            else:
                self._of(scope, value, rings, name)

    def _given(self, scope: Scope, name: bytes, node: Node, rings: frozenset[str]) -> None:
        if name not in scope.parameters:
            return
        calls = list(callers(self.world, scope))
        for other, call in calls:
            if call is None:
                self._odd(scope, node)
            else:
                self._of(other, call.args[scope.parameters.index(name)], rings)
        if not calls:
            self._odd(scope, node)


def reaching(scope: Scope, name: bytes, node: Node) -> list[tuple[Node, Node | None]] | None:
    """What a local may have been set to last at a node; None where all has to count: nothing sets
    it on every way there."""
    first: tuple[Node, Node] | None = None
    for where, value in scope.sets.get(name, ()):
        statement = where.parent
        block = statement.parent if statement is not None else None
        if value is not None and where.start_byte < node.start_byte and block is not None and \
                block.type == "compound_statement" and within(node, block) and \
                not any(view.text(one) == name for one in nodes(value, "identifier")) and (
                    first is None or where.start_byte > first[0].start_byte):
            first = where, block
    if first is None or any(first[0].start_byte < one.start_byte < node.start_byte
                            for one in nodes(first[1], "labeled_statement")):
        return None
    # Behind the node only what a loop around it brings back.
    ends = [one.end_byte for one in nodes(first[1], *_LOOPS) if within(node, one)]
    end = max(ends, default=node.start_byte)
    return [(where, value) for where, value in scope.sets.get(name, ())
            if within(where, first[1]) and first[0].start_byte <= where.start_byte < end]


def tags(scope: Scope, node: Node) -> set[str]:
    """The records on the way to something."""
    return set(_tags(scope, _way(scope, node)))


def _tags(scope: Scope, way: Path) -> Iterator[str]:
    """The records on a way."""
    symbols = scope.world.analysis.symbols
    type_ = scope.typed.of(way.start) if way.start.type == "identifier" else None
    for step in way.steps:
        if type_ is None:
            return
        yield type_.base
        if not step.startswith(b"["):
            while type_.derivations:
                type_ = type_.target() or type_
            member = symbols.member(type_, step.lstrip(b"->."), scope.file)
            type_ = symbols.resolve(member.type) if member is not None else None


def callers(world: World, scope: Scope) -> Iterator[tuple[Scope, view.Call | None]]:
    """The calls of a function; None for any other use of its name."""
    name = scope.function.name
    if not scope.function.static:
        yield scope, None
    for other in world.scopes(name):
        body = other.function.body
        for one in nodes(other.node, "identifier"):
            if view.text(one) != name or body is None or one.start_byte < body.start_byte:
                continue
            call = view.call(one.parent)
            yield other, call if call is not None and call.function == one and \
                len(call.args) == len(scope.parameters) else None


@dataclass
class Pairs:
    """Whether an element has the number of the descriptor that a pointer is at."""

    world: World

    def same(self, scope: Scope, at: Node, node: Node, found: Place, depth: int = 0) -> Walk | None:
        """What is walked, if the element at `node` has the number of the descriptor `at`."""
        if at.type != "identifier" or depth > _DEPTH or not scope.stays(found.start):
            return None
        name, index = view.text(at), found.index
        if name in scope.parameters and index in scope.parameters and \
                found.start in scope.parameters:
            return self._passed(scope, name, found, depth)
        counted = self._counted(scope, name, node, index)
        return counted if counted is not None and counted.start == found.start else \
            self._looped(scope, name, node, found)

    def at_once(self, scope: Scope, at: Node, nodes_: tuple[Node, Node],
                found: Place) -> Walk | None:
        """The same for two places, where pointer and number are the same at both."""
        first, last = sorted(nodes_, key=lambda one: one.start_byte)
        one, other = (self.same(scope, at, node, found) for node in (first, last))
        moved = any(first.start_byte < where.start_byte < last.start_byte
                    for name in (view.text(at), found.index)
                    for where, _ in scope.sets.get(name, ()))
        apart = any(within(first, loop) != within(last, loop)
                    for loop in nodes(scope.node, *_LOOPS))
        return one if one == other and not moved and not apart else None

    def _passed(self, scope: Scope, name: bytes, found: Place, depth: int) -> Walk | None:
        here: Walk | None = None
        if any(scope.sets.get(one) for one in (name, found.index, found.start)):
            return None
        for other, call in callers(self.world, scope):
            if call is None:
                return None
            at, index, start = (view.bare(call.args[scope.parameters.index(one)])
                                for one in (name, found.index, found.start))
            there = Place(squeezed(start), found.steps, squeezed(index), found.member)
            mine = self.same(other, at, call.node, there, depth + 1)
            if mine is None or (here is not None and (mine.tag, mine.steps) != (
                    here.tag, here.steps)):
                return None
            here = mine
        return Walk(found.start, here.tag, here.steps) if here is not None else None

    def _counted(self, scope: Scope, name: bytes, node: Node, index: bytes) -> Walk | None:
        """By a number that was counted right before, with the pointer where it is now."""
        sets = [(where, value) for where, value in scope.sets.get(index, ())
                if where.start_byte < node.start_byte]
        where, value = sets[-1] if sets else (None, None)
        call = view.call(value)
        block = _block(where) if where is not None else None
        if where is None or call is None or block is None or not within(node, block) or \
                not numbers(self.world, scope, call) or view.text(view.bare(call.args[0])) != name:
            return None
        moved = any(where.start_byte < one.start_byte < node.start_byte
                    for one, _ in (*scope.sets.get(name, ()), *scope.sets.get(index, ())))
        joined = any(where.start_byte < one.start_byte < node.start_byte
                     for one in nodes(block, "labeled_statement")) or any(
                         one.start_byte < where.start_byte and within(node, one)
                         for one in nodes(block, "switch_statement"))
        return None if moved or joined else walk(scope, call.args[1])

    def _looped(self, scope: Scope, name: bytes, node: Node, found: Place) -> Walk | None:
        """By a loop that counts from zero while it walks from the first descriptor on."""
        loops = [one for one in nodes(scope.node, *_LOOPS) if any(
            within(where, one) for where, _ in scope.sets.get(name, ()))]
        if not any(within(node, one) for one in loops):
            return None
        walks: set[Walk] = set()
        last = {one.id: self._step(scope, one, name, found.index) for one in loops}
        starts = 0
        for where, value in scope.sets.get(name, ()):
            around = next((one for one in loops if within(where, one)), None)
            step = last[around.id] if around is not None else None
            if around is None:
                starts += 1
                if value is None or where.start_byte > loops[0].start_byte:
                    return None
                first = _way(scope, value)
                type_ = scope.typed.of(first.start)
                if type_ is None or first.address or len(first.steps) < 2:
                    return None
                walks.add(Walk(view.text(first.start), type_.base, tuple(
                    one.lstrip(b"->.") for one in first.steps[:-1])))
                if not self._is_first(first.steps[-1].lstrip(b"->.")):
                    return None
            elif step is None or not (node.end_byte <= step[0].start_byte
                                      or not within(node, around)):
                return None
            elif step[1] is not None:
                walks.add(step[1])
        zero = [value for _, value in scope.sets.get(found.index, ()) if value is not None]
        plain = len(zero) == 1 and squeezed(zero[0]) == b"0" and zero[0].start_byte < \
            _body_of(loops[0]).start_byte
        if starts != 1 or len(walks) != 1 or not plain or not self._only_counts(
                scope, found.index, loops):
            return None
        (one,) = walks
        return one if one.start == found.start else None

    def _step(self, scope: Scope, loop: Node, name: bytes,
              index: bytes) -> tuple[Node, Walk | None] | None:
        """The one step of a loop that counts, the last thing in it."""
        parts = view.loop(loop)
        body = parts.body if parts is not None else None
        update = view.prefix(parts.update) if parts is not None else None
        if loop.type != "for_statement" or body is None or update is None or \
                squeezed(update.node) not in (index + b"++", b"++" + index) or \
                nodes(body, "continue_statement", "labeled_statement"):
            return None
        inside = [(where, value) for where, value in scope.sets.get(name, ())
                  if within(where, loop)]
        if len(inside) != 1 or inside[0][1] is None:
            return None
        where, value = inside[0]
        call = view.call(value)
        statement = where.parent
        if call is None or statement is None or statement.parent != body or \
                view.children(body)[-1] != statement or not steps(
                    self.world, scope, call, on=True) or \
                view.text(view.bare(call.args[0])) != name:
            return None
        return where, walk(scope, call.args[1])

    def _only_counts(self, scope: Scope, index: bytes, loops: list[Node]) -> bool:
        """Whether nothing moves a number but the ends of loops that walk."""
        for where, value in scope.sets.get(index, ()):
            if value is not None:
                continue
            if where.type != "update_expression" or not any(
                    (parts := view.loop(one)) is not None and parts.update == where
                    for one in loops):
                return False
        return True

    def _is_first(self, name: bytes) -> bool:
        """Whether descriptors are counted from a member."""
        return any(_numbers(self.world, scope.function) == name
                   for scope in self.world.scopes(name) if b">>" in view.text(scope.node))


def covers(scope: Scope, name: bytes, node: Node) -> bool:
    """Whether a local is set on every way to a node, in the same turn of the loop around it."""
    sets = {where.parent.id for where, _ in scope.sets.get(name, ()) if where.parent is not None}
    turn = max((one.start_byte for one in nodes(scope.node, *_LOOPS) if within(node, one)),
               default=-1)
    one: Node | None = node
    while one is not None and one.start_byte >= turn and one.type != "function_definition":
        before = one.prev_named_sibling
        while before is not None and one.parent is not None and \
                one.parent.type == "compound_statement":
            if before.type == "labeled_statement":
                return False
            if before.start_byte >= turn and _sets(before, sets):
                return True
            before = before.prev_named_sibling
        one = one.parent
    return False


def _sets(statement: Node, sets: set[int]) -> bool:
    """Whether a statement sets something, whichever way it takes."""
    branch = view.branch(statement)
    if statement.type == "compound_statement":
        return any(_sets(one, sets) for one in view.children(statement))
    if branch is None:
        return statement.id in sets
    other = branch.otherwise
    if other is not None and other.type == "else_clause":
        (other,) = view.children(other) or (None,)
    return branch.then is not None and other is not None and _sets(branch.then, sets) and \
        _sets(other, sets)


def _block(node: Node) -> Node | None:
    found: Node | None = node
    while found is not None and found.type != "compound_statement":
        found = found.parent
    return found


def _body_of(loop: Node) -> Node:
    parts = view.loop(loop)
    return parts.body if parts is not None and parts.body is not None else loop
