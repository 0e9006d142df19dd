# SPDX-License-Identifier: GPL-2.0-only
"""Whether two functions do the same, in order, on each way through them.

Both are walked side by side. What they do is compared up to the next test, the tests are compared,
and each outcome is followed in both. What holds at the head of a loop is assumed again for what
both changed alike, until no more of it has to be given up. What is not followed is not the same.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.words import WORD
from netmem_migrate.check.compare.atoms import is_atom
from netmem_migrate.check.compare.locals import NotFollowed, parameters
from netmem_migrate.check.compare.plain import facts
from netmem_migrate.check.compare.valued import (
    NEVER,
    NUMBER,
    State,
    Valued,
)
from netmem_migrate.check.paths.directions import directions
from netmem_migrate.flow.cfg import ControlFlow, Edge, build
from netmem_migrate.model.forms import BACK, BACK_CALL
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.schema import Effect, Side
from netmem_migrate.model.spelled import IS_NET_IOV

_MOST = 2000  # pairs of places; no function of a driver that was converted needs 200
_GUARDS = 50  # blocks that are looked past for one test
_OWNS = sorted(one.name for one in FUNCTIONS if one.side is Side.PAGE and one.effect not in (
    Effect.UNKNOWN, Effect.NONE, Effect.BORROWS, Effect.CONVERTS))
_OWNS_CALL = re.compile(rb"\b(?:" + "|".join(_OWNS).encode() + rb")\s*\(")
_ASKS = IS_NET_IOV.encode()
# A pointer that is read only to read what it points to: that could fail.
_READ_THROUGH = re.compile(rf"@{NUMBER}\d+\](?:->|\[)")
_NUMBER = re.compile(rf"(?<={NUMBER})\d+")


@dataclass(frozen=True, slots=True)
class Version:
    """A function of a file, the names that a change gave others, and what gives back a page.

    `helpers` are the functions that only this version of the file has, `functions` the names that
    others had before, `own` the names of all functions of the file. `symbols` are what
    this version of the files that change declares.
    """

    path: str
    parsed: ParsedFile
    function: Definition
    symbols: Symbols
    names: Mapping[str, str]
    accessors: frozenset[str]
    helpers: Mapping[str, Node] = field(default_factory=dict)
    functions: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[str] = frozenset()


def same_ways(old: Version, new: Version) -> frozenset[str] | None:
    """The helpers of both that were looked into to see that the second does what the first does;
    None where it does not, or that is not known.

    Where the first does not ask whether memory is a net_iov, the second is followed as it goes for
    pages: what asks for a net_iov is false, and a way back to the page gives the same.
    """
    only = not asks_for_net_iov(old.parsed.text(old.function.node))
    if only:
        new = replace(new, accessors=new.accessors | BACK)
    try:
        pair = _Pair(_Side(old), _Side(new, pages_only=only))
        if not pair.is_same() or pair.new.spelled.helpers.mixed:
            return None
        return None if owns_as_page(old, new, pair.used) else pair.used
    except NotFollowed:
        return None


def asks_for_net_iov(text: bytes) -> bool:
    """Whether code may ask if memory is a net_iov."""
    return _ASKS in text


def owns_as_page(old: Version, new: Version, helpers: frozenset[str] = frozenset()) -> bool:
    """Whether a netmem becomes a page where references of pages are taken, given or given back:
    of a net_iov that is something else."""
    one, other = (b" ".join(
        [version.parsed.text(version.function.node)]
        + [version.parsed.text(node) for name, node in version.helpers.items() if name in helpers])
        for version in (old, new))
    return len(BACK_CALL.findall(other)) > len(BACK_CALL.findall(one)) and \
        _OWNS_CALL.search(other) is not None


@dataclass(frozen=True, slots=True)
class _Stop:
    """Where a side cannot go on alone: at a test, at the head of a loop, or at an end."""

    kind: str
    block: int
    test: str = ""
    ways: tuple[tuple[str, int], ...] = ()


class _Side:
    """One of the functions."""

    def __init__(self, version: Version, *, pages_only: bool = False) -> None:
        parsed, one = version.parsed, version.function
        body = one.node.child_by_field_name("body")
        known = facts(parsed.source)
        if known.volatile:
            raise NotFollowed("what is read twice may be two things")
        if not known.odd.isdisjoint(WORD.findall(parsed.text(one.node))):
            raise NotFollowed("a macro of the file")
        if body is None or one.has_error or directions(parsed, one.start, one.end) != ((),):
            raise NotFollowed("a function")
        self.spelled = Valued(parsed, version.names, version.accessors, one.node,
                              pages_only=pages_only, helpers=version.helpers,
                              functions=version.functions, own=version.own)
        if self.spelled.within.hidden(one.node):
            raise NotFollowed("what the parser was not shown")
        self.flow: ControlFlow = build(body, exact=True)
        self.parameters = parameters(self.spelled, one.node)
        self.heads = _heads(self.flow)
        # Only of locals is it asked, and a function may say thousands of other names.
        self._used = _later(self.flow, lambda block: frozenset(
            self._words(block) & self.spelled.types.keys()))
        self._set = {head: self._changed(head) for head in self.heads}

    def state(self) -> State:
        """As the function begins."""
        return State({name: f"p{number}" for number, name in enumerate(self.parameters)
                      if name in self.spelled.types})

    def run(self, block: int, state: State, *, inside: bool) -> _Stop:
        """Go on from a block, up to where both have to be looked at; `inside` a head at once."""
        while True:
            if block in self.heads and not inside:
                return _Stop("loop", block)
            inside = False
            here = self.flow.blocks[block]
            said = ""
            for number, item in enumerate(here.items):
                if item.choices and _hoisted(item.node):
                    raise NotFollowed("a test in the middle")
                tests = number == len(here.items) - 1 and bool(here.edges) and \
                    here.edges[0].test is not None
                said = self.spelled.item(item, state, test=tests)
            edges = here.edges
            if not edges:
                return _Stop("end" if block == self.flow.exit else "dead", block)
            if len(edges) == 1 and edges[0].test is None:
                block = edges[0].to
                continue
            stop = self._tested(block, edges, said)
            where = self._decided(stop, state)
            if where is None:
                return stop
            block = where

    def _decided(self, stop: _Stop, state: State) -> int | None:
        """Where a test leads that is no test for pages: it never holds, or it only guards one that
        never does."""
        if not self.spelled.pages_only or stop.kind != "test" or _READ_THROUGH.search(stop.test):
            return None
        ways = dict(stop.ways)
        if stop.test == NEVER:
            return ways["False"]
        known: dict[int, int] = {}
        steps: list[Step[int]] = [self._leads(ways[one], state, known)
                                  for one in ("True", "False")]
        one, other = map(run, steps)
        return one if one == other else None

    def _leads(self, block: int, state: State, known: dict[int, int]) -> Steps[int]:
        """Where what follows leads to past tests that decide nothing, and nothing else.

        `known` are blocks of which that is known; a guard has few.
        """
        passed: list[int] = []
        while block not in self.heads:
            if block in known:
                block = known[block]
                break
            passed.append(block)
            known[block] = block  # as far as is known yet; what leads back to it is a head
            here, probe = self.flow.blocks[block], state.copy()
            if not here.items and len(here.edges) == 1 and here.edges[0].test is None:
                block = here.edges[0].to
                continue
            if len(here.items) != 1 or not here.edges or here.edges[0].test is None:
                break
            said = self.spelled.item(here.items[0], probe, test=True)
            if probe.does or probe.held != state.held or _READ_THROUGH.search(said):
                break
            stop = self._tested(block, here.edges, said)
            ways = dict(stop.ways)
            if len(known) > _GUARDS:
                break
            to: int = yield self._leads(ways["False"], state, known)
            if stop.test != NEVER:
                other: int = yield self._leads(ways["True"], state, known)
                if other != to:
                    break
            block = to
        known.update(dict.fromkeys(passed, block))
        return block

    def _tested(self, block: int, edges: list[Edge], said: str) -> _Stop:
        items = self.flow.blocks[block].items
        if all(one.test is not None for one in edges) and len(edges) == 2:
            test = edges[0].test
            if test is None or not items or items[-1].node.id != test.id or items[-1].choices:
                raise NotFollowed("a test")
            truth = True
            while said.startswith("!") and is_atom(said.lstrip("!")):
                said, truth = said[1:], not truth
            return _Stop("test", block, said, tuple(sorted(
                (str(one.truth is truth), one.to) for one in edges)))
        if any(one.test is not None for one in edges) or not items or items[-1].choices:
            raise NotFollowed("a test")
        labels = [self._label(self.flow.blocks[one.to].label) for one in edges]
        if len(set(labels)) != len(labels):
            raise NotFollowed("a switch")
        return _Stop("choice", block, said, tuple(sorted(
            zip(labels, (one.to for one in edges), strict=True))))

    def _label(self, label: Node | None) -> str:
        if label is None:
            return ""
        return "default" if label.type == "case_statement" else \
            self.spelled.tokens(self.spelled.raw(label))

    def _words(self, block: int) -> frozenset[str]:
        return frozenset(self.spelled.raw(one) for item in self.flow.blocks[block].items
                         for one in nodes(item.node, "identifier"))

    def less(self, block: int, state: State) -> dict[str, str]:
        """What is held, of what is named from a block on."""
        used = self._used[block]
        return {name: value for name, value in state.held.items() if name in used}

    def changed(self, head: int) -> frozenset[str]:
        """The locals that a loop may set."""
        return self._set[head]

    def _changed(self, head: int) -> frozenset[str]:
        after = _reached(self.flow, head)
        inside = {one for one in after if head in _reached(self.flow, one)}
        # Whatever is named there: a macro may set what it is given.
        return frozenset(name for one in inside for name in self._words(one)
                         if name in self.spelled.types)


class _Pair:
    """Both functions, walked together."""

    def __init__(self, old: _Side, new: _Side) -> None:
        self.old, self.new = old, new
        self.seen: set[object] = set()

    @property
    def used(self) -> frozenset[str]:
        """The helpers that were looked into."""
        return frozenset(self.old.spelled.helpers.used | self.new.spelled.helpers.used)

    def is_same(self) -> bool:
        """Walk all pairs of places."""
        if len(self.old.parameters) != len(self.new.parameters) or \
                self.old.spelled.memory != self.new.spelled.memory:
            return False
        waiting = [(0, self.old.state(), 0, self.new.state(), False)]
        while waiting:
            one, held, other, given, inside = waiting.pop()
            if not self._is_new(one, held, other, given, inside):
                continue
            first = self.old.run(one, held, inside=inside)
            second = self.new.run(other, given, inside=inside)
            if held.does != given.does or (first.kind, first.test) != (second.kind, second.test):
                return False
            if [name for name, _ in first.ways] != [name for name, _ in second.ways]:
                return False
            if first.kind == "loop":
                self._forget(first.block, held, second.block, given)
                waiting.append((first.block, held.copy(), second.block, given.copy(), True))
            # What is read after a test is not read where that fails.
            held.done, given.done = held.done + 1, given.done + 1
            waiting += [(to, held.copy(), there, given.copy(), False)
                        for (_, to), (_, there) in zip(first.ways, second.ways, strict=True)]
        return True

    def _is_new(self, one: int, held: State, other: int, given: State, inside: bool) -> bool:
        """Whether a pair of places was not reached with the same yet; numbers begin anew."""
        held.held, given.held = self.old.less(one, held), self.new.less(other, given)
        numbers: dict[str, str] = {}
        for state in (held, given):
            for name in sorted(state.held):
                for number in _NUMBER.findall(state.held[name]):
                    if int(number) != held.done:
                        numbers.setdefault(number, str(len(numbers)))
        numbers[str(held.done)] = str(len(numbers))
        for state in (held, given):
            state.held = {name: _NUMBER.sub(lambda found: numbers[found[0]], value)
                          for name, value in state.held.items()}
            state.done = len(numbers) - 1
        key = (one, tuple(sorted(held.held.items())), other, tuple(sorted(given.held.items())),
               inside, held.done)
        if key in self.seen:
            return False
        self.seen.add(key)
        if len(self.seen) > _MOST:
            raise NotFollowed("too many ways")
        return True

    def _forget(self, head: int, held: State, there: int, given: State) -> None:
        """At the head of a loop nothing is known of what it sets, but that both hold the same."""
        number, before = held.done, dict(given.held)
        left = sorted(self.new.changed(there) & before.keys())
        for name in sorted(self.old.changed(head) & held.held.keys()):
            number += 1
            alike = [other for other in left if before[other] == held.held[name]
                     and self.new.spelled.name(other) == self.old.spelled.name(name)
                     and self.new.spelled.types[other] == self.old.spelled.types[name]]
            for other in alike[:1]:
                given.held[other] = f"{NUMBER}{number}"
                left.remove(other)
            held.held[name] = f"{NUMBER}{number}"
        for other in left:
            number += 1
            given.held[other] = f"{NUMBER}{number}"
        held.done = given.done = number + 1


def _hoisted(node: Node) -> bool:
    """Whether a `?:` in an item may be tested before what stands in front of it is done."""
    return (node.type == "declaration"
            and len(node.children_by_field_name("declarator")) > 1) or any(
        (pair := view.infix(one)) is not None and pair.sign in ("&&", "||")
        for one in nodes(node, "binary_expression"))


def _heads(flow: ControlFlow) -> frozenset[int]:
    """Where an edge leads back to that comes from behind it."""
    found: set[int] = set()
    state = {0: 1}
    path = [(0, iter(flow.blocks[0].edges))]
    while path:
        block, edges = path[-1]
        edge = next(edges, None)
        if edge is None:
            state[block] = 2
            path.pop()
        elif state.get(edge.to) == 1:
            found.add(edge.to)
        elif edge.to not in state:
            state[edge.to] = 1
            path.append((edge.to, iter(flow.blocks[edge.to].edges)))
    return frozenset(found)


def _reached(flow: ControlFlow, block: int) -> frozenset[int]:
    """The blocks that can follow one."""
    found: set[int] = set()
    waiting = [block]
    while waiting:
        for edge in flow.blocks[waiting.pop()].edges:
            if edge.to not in found:
                found.add(edge.to)
                waiting.append(edge.to)
    return frozenset(found)


def _later(flow: ControlFlow, words: Callable[[int], frozenset[str]]) -> list[frozenset[str]]:
    """The names that are said in each block, or in one that can follow it."""
    found = [words(block) for block in range(len(flow.blocks))]
    before = flow.before()
    waiting = list(range(len(found)))
    while waiting:
        after = waiting.pop()
        for first in before.get(after, ()):
            if not found[after] <= found[first]:
                found[first] |= found[after]
                waiting.append(first)
    return found
