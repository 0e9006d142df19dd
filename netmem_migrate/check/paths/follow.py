# SPDX-License-Identifier: GPL-2.0-only
"""All paths through the functions of one driver, until nothing new is found on them.

Paths are kept apart as long as they differ in what is known; conditions that are tested more than
once are taken the same way again. A function with too many such paths is left alone: a finding
must be worth reading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.types import PAGE, Type
from netmem_migrate.c.words import CALL
from netmem_migrate.check.paths.conditions import Test, refine, tested
from netmem_migrate.check.paths.directions import directions
from netmem_migrate.check.paths.events import Event, EventKind, Trail
from netmem_migrate.check.paths.state import Frozen, Known, Memory, Owner, State
from netmem_migrate.check.paths.summaries import ANYTHING, Does, Summary, agreed, does
from netmem_migrate.check.paths.transfer import Scope, Transfer
from netmem_migrate.check.paths.values import Op, operations
from netmem_migrate.flow.cfg import ControlFlow, Spans, build
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.spelled import POOL_PREFIX, REF

# A function is left alone beyond these. The largest that is followed in linux 7.3 has 8312 states,
# 363 of them in one block; the one that is not keeps 1279 apart in a block before it is given up.
# The second limit ends a function with one such block, often a loop's head, sooner than the first.
_MAX_STATES = 20000
_MAX_IN_BLOCK = 1500
# So many functions that hand memory on to each other are followed; what the next does is not known.
_MAX_DEPTH = 200
_CLEANED = re.compile(rb"(?<!\w)(\w++)\s++__(?:free|cleanup)\s*\(")
_NEVER = b"noreturn"  # as in __noreturn and __attribute__((noreturn))


@dataclass(frozen=True, slots=True)
class _Body:
    """A function's control flow, with each block as operations."""

    flow: ControlFlow
    operations: tuple[tuple[Op, ...], ...]
    local: frozenset[str]
    again: frozenset[str]
    tests: Mapping[int, Test]  # by the node


class Follower:
    """Follows the functions of one driver, each once, and remembers what they do."""

    def __init__(self, symbols: Symbols) -> None:
        self.symbols = symbols
        self.summaries: dict[tuple[str, int], Summary] = {}
        self.bodies: dict[tuple[str, int, Spans], _Body] = {}
        self.known: dict[tuple[str, str], Summary | None] = {}
        self.depth = 0
        self.handlers = frozenset(name for name, functions in symbols.functions.items()
                                  if any(map(_handles_memory, functions)))

    def wraps(self, text: bytes) -> bool:
        """May some code call a function of the driver that takes or gives memory itself?"""
        return (any(name in text for name in self.handlers)
                and not self.handlers.isdisjoint(CALL.findall(text)))

    def events(self, function: Function) -> tuple[Event, ...]:
        """What happens to memory on the paths of a function that parses and has a body.

        If it has too many paths, that is the one event: with some of them unseen, the others
        prove nothing.
        """
        found: dict[Event, None] = {}
        for left_out in self._directions(function):
            body = self._body(function, left_out)
            scope = Scope(body.local, body.again, self._cleaned(function))
            followed: Step[None] = self._follow(body, function, scope, State())
            run(followed)
            if scope.aborted:
                return (Event(EventKind.TOO_MANY_PATHS, function.node),)
            found |= dict.fromkeys(scope.events.values())
        return tuple(found)

    def _directions(self, function: Function) -> tuple[Spans, ...]:
        """What the undecided arms of `#if` leave out of a function, each way that they can go."""
        parsed = self.symbols.files[function.file]
        return directions(parsed, function.node.start_byte, function.node.end_byte)

    def _summary(self, name: str, path: str) -> Step[Summary | None]:
        """What the driver's function `name` does; None if it has none."""
        key = (path, name)
        if key in self.known:
            return self.known[key]
        if self.depth == _MAX_DEPTH:
            return ANYTHING
        function = self.symbols.function(name.encode(), path) if name else None
        if function is not None and function.body is None and name.startswith(POOL_PREFIX):
            function = None  # only declared: the kernel's own
        self.known[key] = ANYTHING if function is not None else None
        if function is None or function.body is None:
            return self.known[key]
        return self._further(key, function)

    def _further(self, key: tuple[str, str], function: Function) -> Steps[Summary]:
        """One function more of those that hand memory on to each other."""
        self.depth += 1
        summary: Summary = yield self._read(function)
        self.depth -= 1
        self.known[key] = summary
        return summary

    def _read(self, function: Function) -> Steps[Summary]:
        """Follow the parameters that are memory through a function, and its results.

        Before it is followed it does anything: so a function that calls itself ends, and a circle
        of functions claims nothing of the one that it began with.
        """
        key = (function.file, function.node.start_byte)
        if key in self.summaries:
            return self.summaries[key]
        self.summaries[key] = ANYTHING
        watched = [one.name.decode("latin-1") for one in function.parameters
                   if _is_memory(one.type) and one.name]
        gives = _is_memory(function.result)
        if (not watched and not gives) or function.node.has_error:
            return ANYTHING
        found: list[Summary] = []
        for left_out in self._directions(function):
            summary: Summary = yield self._summarised(function, left_out, watched, gives)
            found.append(summary)
        self.summaries[key] = agreed(found)
        return self.summaries[key]

    def _summarised(self, function: Function, left_out: Spans, watched: list[str],
                    gives: bool) -> Steps[Summary]:
        """What a function does where the arms of `#if` go one way."""
        start = State()
        for name in watched:
            start.memory["param:" + name] = Memory(Known.UNKNOWN, Owner.HERE)
            start.places[name] = ("param:" + name, False)
        body = self._body(function, left_out)
        scope = Scope(body.local, body.again, self._cleaned(function),
                      frozenset("param:" + name for name in watched))
        yield self._follow(body, function, scope, start)
        if scope.aborted:
            return ANYTHING
        arguments = []
        for one in function.parameters:
            memory = "param:" + one.name.decode("latin-1")
            owners = {left[memory] for left in scope.left if memory in left}
            arguments.append(does(owners) if memory in scope.parameters and all(
                memory in left for left in scope.left) else Does.ANYTHING)
        return Summary(tuple(arguments), gives and _fresh(scope))

    @cached_property
    def _ends(self) -> frozenset[bytes]:
        """The driver's functions that are declared to never return."""
        says = {name for name, file in self.symbols.files.items() if _NEVER in file.source}
        return frozenset(
            one.name for several in self.symbols.functions.values() for one in several
            if one.file in says and _NEVER in self.symbols.files[one.file].text(one.node)[
                :one.body.start_byte - one.node.start_byte if one.body is not None else None])

    def _cleaned(self, function: Function) -> frozenset[str]:
        """The variables of a function that include/linux/cleanup.h gives back at its end."""
        text = self.symbols.files[function.file].text(function.node)
        return frozenset(name.decode("latin-1") for name in _CLEANED.findall(text))

    def _body(self, function: Function, left_out: Spans) -> _Body:
        """The control flow and the operations of a function; read once.

        `again` are the conditions worth remembering: those that are tested twice, and those that
        some path decides by assigning a constant (`err = -EIO; goto out;`).
        """
        key = (function.file, function.node.start_byte, left_out)
        if key not in self.bodies:
            assert function.body is not None
            flow = build(function.body, left_out, self._ends)
            asked = [edge.test for block in flow.blocks for edge in block.edges
                     if edge.test is not None and edge.truth]
            tests = {test.id: tested(test) for test in asked}
            conditions = Counter(name or text for name, _, text in (
                tests[test.id] for test in asked) if name or text)
            ops = tuple(tuple(op for item in block.items for op in operations(item))
                        for block in flow.blocks)
            again = frozenset(one for one, count in conditions.items() if count > 1)
            constants = {op.name for block in ops for op in block if op.kind == "assign"}
            again |= frozenset(one for one in conditions if one in constants)
            self.bodies[key] = _Body(flow, ops, _locals(function), again, tests)
        return self.bodies[key]

    def _follow(self, body: _Body, function: Function, scope: Scope,
                start: State) -> Steps[None]:
        """Run all paths of a function from a state, to its end.

        States are not joined where paths meet: "released or not" would be neither a leak nor a
        double release, and the test that decides it comes later. Two paths become one only where
        they know the same (`seen`). The work is a stack, so that one path is run to its end
        before the next and the first event at a place is that of the same path on every run.
        """
        blocks = body.flow.blocks
        seen: list[set[Frozen]] = [set() for _ in blocks]
        work: list[tuple[int, State, Trail | None]] = [(0, start, None)]
        total = 0
        assert function.body is not None
        while work:
            number, state, scope.trail = work.pop()
            transfer = Transfer(scope, state)
            for op in body.operations[number]:
                if op.kind == "call":
                    summary: Summary | None = yield self._summary(op.name, function.file)
                    transfer.call(op, summary)
                    if summary is None and op.name in BY_NAME:
                        scope.trail = Trail(op.node, None, scope.trail)
                else:
                    transfer.run(op)
            if any(op.kind == "return" for op in body.operations[number][-1:]):
                continue
            if number == body.flow.exit:
                transfer.end(function.body.children[-1])
                scope.gives.append((None, False))
                continue
            state.tidy(scope.parameters)
            edges = blocks[number].edges
            for edge in edges:
                after = state.copy() if edge is not edges[-1] else state
                if edge.test is not None and not refine(
                        scope.again, after, body.tests[edge.test.id], edge.truth):
                    continue
                if edge.back:
                    _turn(after)
                frozen = after.freeze()
                if frozen in seen[edge.to]:
                    continue
                seen[edge.to].add(frozen)
                total += 1
                if total > _MAX_STATES or len(seen[edge.to]) > _MAX_IN_BLOCK:
                    scope.aborted = True
                    return
                work.append((edge.to, after, scope.trail if edge.test is None else Trail(
                    edge.test, edge.truth, scope.trail)))


def _is_memory(type_: Type) -> bool:
    """Is a declared type one of those that memory of a pool has?"""
    return type_ in (Type(PAGE, ("p",)), Type(REF))


def _handles_memory(function: Function) -> bool:
    return function.body is not None and (_is_memory(function.result) or any(
        _is_memory(one.type) for one in function.parameters))


def _fresh(scope: Scope) -> bool:
    """Does a function return memory that the caller then owns, or NULL, and nothing else?"""
    return any(memory is not None for memory, _ in scope.gives) and all(
        (memory is None and nothing) or (
            memory is not None and not nothing and bool(memory.origin)
            and memory.owner == Owner.HERE) for memory, nothing in scope.gives)


def _turn(state: State) -> None:
    """Another turn of a loop: what was known of members may not hold any more.

    `buf->page` of the next turn is spelled the same and is, as a rule, of another buffer: a put
    of one a turn would be a double release. Locals keep what they hold; the turn assigns them.
    """
    for one in [one for one in state.facts if not one.isidentifier()]:
        del state.facts[one]
    for one in [one for one, held in state.places.items() if held[0].startswith("place:")]:
        del state.places[one]


def _locals(function: Function) -> frozenset[str]:
    """The variables of a function that end with it."""
    found = {one.name.decode("latin-1") for one in function.parameters}
    for node in nodes(function.node, "declaration"):
        if any(c.type == "storage_class_specifier" and c.text == b"static" for c in node.children):
            continue
        for one in node.children_by_field_name("declarator"):
            # An array is no local in this sense: memory in it is held as by a member.
            while one.type in ("init_declarator", "pointer_declarator"):
                below = one.child_by_field_name("declarator")
                if below is None:
                    break
                one = below
            if one.type == "identifier":
                found.add(view.text(one).decode("latin-1"))
    return frozenset(found)
