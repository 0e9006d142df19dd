# SPDX-License-Identifier: GPL-2.0-only
"""Whether two versions of a function let the same happen to memory, in the same orders.

What happens is allocating, putting, taking a reference, handing over, mapping, unmapping, storing
in a slot, giving as a result, and what functions do that are not known. Each way through the
function is one order of that. Two functions have the same orders where the automata that their
control-flow graphs are accept the same words; what decides between the ways does not count here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.steps import Step, run
from netmem_migrate.check.compare.canonical import Canon
from netmem_migrate.check.compare.locals import NotFollowed, parameters
from netmem_migrate.check.compare.said import Said, whole
from netmem_migrate.check.compare.ways import Version
from netmem_migrate.check.paths.directions import directions
from netmem_migrate.check.types import NETMEM_KIND, Types, kind_of
from netmem_migrate.flow.cfg import Item, build
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has, traits
from netmem_migrate.model.schema import Effect, Side, Trait
from netmem_migrate.model.spelled import OPERANDS, PAGE

# Places of one automaton, and ways that are taken in both; a function of a driver has some tens.
_PLACES = 4000
_MOST = 200_000
_DEEPEST = 3  # helpers that call helpers
_SILENT = (Effect.NONE, Effect.BORROWS, Effect.CONVERTS)
_DOES = (Trait.MAPS, Trait.RAW_UNMAP, Trait.NETMEM_UNMAP, Trait.GRANTS, Trait.KEEPS, Trait.SWAPS,
         Trait.TAKES_TOKEN, Trait.RUNS_XDP)
_NOT_IN_SIGHT = (
    "gnu_asm_expression", "ERROR", "preproc_if", "preproc_ifdef", "preproc_else",
    "compound_literal_expression")
_END = 1 << 1  # place 1, as a set
_POINTERS = tuple(OPERANDS[one] for one in ("pool", "skb", "frag"))
_MEMORY = re.compile(r"(?:page|netmem)s?(?:\[[^]]*\])*\Z")
_NAME = re.compile(r"(?<![\w>.])[A-Za-z_]\w*")


@dataclass(slots=True)
class _Automaton:
    """Places, and the ways between them: what happens on it ("" for nothing), and where to."""

    ways: list[list[tuple[str, int]]] = field(default_factory=list)

    def place(self) -> int:
        """A new place."""
        if len(self.ways) == _PLACES:
            raise NotFollowed("too many places")
        self.ways.append([])
        return len(self.ways) - 1

    def way(self, start: int, what: str, end: int) -> None:
        """A new way."""
        self.ways[start].append((what, end))


def same_orders(old: Version, new: Version) -> frozenset[str] | None:
    """The helpers of both that were looked into to see that the second lets the same happen to
    memory as the first, in the same orders; None where it does not, or that is not known.
    """
    try:
        sides = _Side(old), _Side(new)
        loose = sides[0].hand_over != sides[1].hand_over
        same = _accept_the_same(*(side.automaton(loose) for side in sides))
        # What the parser was not shown is as it was, or it could be anything.
        one, other = ([text for text in side.hidden if text] for side in sides)
        same = same and one == other
    except NotFollowed:
        return None
    return frozenset(sides[0].used | sides[1].used) if same else None


class _Side:
    """One version of a function."""

    def __init__(self, version: Version) -> None:
        self.version = version
        self.hand_over = frozenset(
            _of_netmem(name) for name in self._called(version.function.node)
            if _effect(name) is Effect.HANDS_OVER)
        self.used: set[str] = set()
        self.hidden: list[str] = []
        self._loose = False

    def _called(self, function: Node) -> Iterator[str]:
        for call in view.calls(function):
            name = call.name.decode("latin-1")
            helper = self.version.helpers.get(name)
            if helper is not None and helper.id != function.id:
                yield from (one.name.decode("latin-1") for one in view.calls(helper))
            yield name

    def automaton(self, loose: bool) -> _Automaton:
        """What can happen, from place 0 to place 1; `loose`: to which skb memory goes does not
        count."""
        self._loose = loose
        found = _Automaton()
        start, end = found.place(), found.place()
        self._add(found, self.version.function.node, start, end, {}, 0)
        return found

    def _add(self, found: _Automaton, function: Node, start: int, end: int,
             given: Mapping[str, str], depth: int) -> None:
        parsed, body = self.version.parsed, function.child_by_field_name("body")
        if body is None or function.has_error or directions(
                parsed, function.start_byte, function.end_byte) != ((),) or nodes(
                function, *_NOT_IN_SIGHT):
            raise NotFollowed("a function")
        reader = _Reader(self, function, given, self._loose)
        self.hidden.append(reader.canon.tokens(reader.canon.within.hidden(function)))
        flow = build(body, exact=True)
        places = [found.place() for _ in flow.blocks]
        found.way(start, "", places[0])
        found.way(places[flow.exit], "", end)
        for number, block in enumerate(flow.blocks):
            at = places[number]
            for item in block.items:
                for what in reader.item(item):
                    after = found.place()
                    helper = self.version.helpers.get(what[1]) if what[0] == "helper" else None
                    if helper is None:
                        found.way(at, " ".join(what), after)
                    elif depth == _DEEPEST:
                        raise NotFollowed("helpers of helpers")
                    else:
                        self.used.add(what[1])
                        names = parameters(reader.canon, helper)
                        if len(names) != len(what) - 2:
                            raise NotFollowed("a call of a helper")
                        self._add(found, helper, at, after,
                                  dict(zip(names, what[2:], strict=True)), depth + 1)
                    at = after
            for edge in block.edges:
                found.way(at, "", places[edge.to])


class _Canon(Canon):
    """Says single expressions."""

    def said(self, node: Node) -> str:
        """One expression in canonical spelling."""
        step: Step[Said] = self._value(node)
        said = cast("Said", run(step))
        return whole(said)


class _Reader:
    """Says what the items of one function do to memory."""

    def __init__(self, side: _Side, function: Node, given: Mapping[str, str],
                 loose: bool) -> None:
        version = side.version
        self.side, self.given, self.loose = side, given, loose
        self.canon = _Canon(version.parsed, version.names, version.accessors, version.functions)
        self.canon.start(function)
        head = view.declared(function.child_by_field_name("declarator"))
        known = version.symbols.function(view.text(head), version.path) \
            if head is not None else None
        self.types = Types(version.symbols, version.path, known, BY_NAME)
        self.result = _is_memory(kind_of(known.result)) if known is not None else True

    def item(self, item: Item) -> Iterator[tuple[str, ...]]:
        """What one item does, in order."""
        choices = dict(item.choices)
        left: list[tuple[Node, bool]] = [(item.node, False)]
        while left:
            node, seen = left.pop()
            if seen:
                yield from self._does(node)
                continue
            left.append((node, True))
            if node.type == "conditional_expression":
                left += self._arm(node, choices)
                continue
            if node.type == "binary_expression" and (pair := view.infix(node)) is not None and \
                    pair.sign in ("&&", "||") and nodes(node, "call_expression"):
                raise NotFollowed("a choice in the middle")
            left += [(child, False) for child in reversed(node.named_children)]

    def _arm(self, node: Node, choices: Mapping[int, bool]) -> list[tuple[Node, bool]]:
        branch = view.branch(node)
        chosen = choices.get(node.start_byte)
        if branch is None or branch.then is None or chosen is None or branch.otherwise is None:
            if nodes(node, "call_expression"):
                raise NotFollowed("a choice in the middle")
            return []
        return [(branch.then if chosen else branch.otherwise, False)]

    def _does(self, node: Node) -> Iterator[tuple[str, ...]]:
        if node.type == "call_expression":
            call = view.call(node)
            if call is not None:
                yield from self._call(call)
        elif node.type == "assignment_expression":
            pair = view.infix(node)
            if pair is not None and pair.sign == "=" and view.bare(
                    pair.left).type != "identifier" and self._holds(pair.left, pair.right):
                yield "store", self._said(pair.left), self._said(pair.right)
        elif node.type == "initializer_pair":
            value = view.value(node)
            if value is not None and self._holds(value):
                yield "store", self._text(node).partition("=")[0], self._said(value)
        elif node.type == "return_statement" and self.result:
            values = view.children(node)
            yield ("return", *(self._said(one) for one in values))

    def _call(self, call: view.Call) -> Iterator[tuple[str, ...]]:
        name = call.name.decode("latin-1")
        version = self.side.version
        if not name:
            yield "call", self._said(call.node)
        elif name in version.helpers:
            yield ("helper", name, *(self._said(one) for one in call.args))
        elif name in version.own or version.symbols.functions.get(call.name):
            yield ("own", version.functions.get(name, name),
                   *(self._said(one) for one in call.args if self._holds(one)))
        elif name in BY_NAME:
            yield from self._api(call, name)
        elif any(has(name, one) for one in _DOES) or not traits(name):
            yield ("kernel", name, *(self._said(one) for one in call.args if self._holds(one)))

    def _api(self, call: view.Call, name: str) -> Iterator[tuple[str, ...]]:
        known = BY_NAME[name]
        said = self._said(call.node)
        if has(name, Trait.POOL_SYNC) or has(name, Trait.RAW_SYNC):
            return
        if known.effect in _SILENT and not any(has(name, one) for one in _DOES):
            return
        count = min(len(known.parameters), len(call.args))
        pointers = [number for number in range(count) if number == known.memory
                    or any(one in known.parameters[number] for one in _POINTERS)]
        if known.effect is Effect.HANDS_OVER and self.loose:
            yield "hand over", *(self._said(call.args[number]) for number in pointers
                                 if number == known.memory)
            return
        yield (said.partition("(")[0], *(self._said(call.args[number]) for number in pointers))

    def _holds(self, *given: Node) -> bool:
        """Whether one of some expressions is memory of a pool, by its type, or by its name where
        that is not in sight."""
        return any(_is_memory(self.types.kind(one)) or (
            _MEMORY.search(self.canon.raw(one)) is not None and self.types.of(one) is None)
            for one in given)

    def _said(self, node: Node) -> str:
        return self._named(self.canon.said(node))

    def _text(self, node: Node) -> str:
        return self._named(self.canon.raw(node))

    def _named(self, text: str) -> str:
        """A text with what a helper was given in the place of its parameters."""
        return _NAME.sub(lambda match: self.given.get(match[0], match[0]), text) \
            if self.given else text


def _is_memory(kind: str) -> bool:
    return kind in (NETMEM_KIND, PAGE)


def _of_netmem(name: str) -> str:
    """The function that does the same for netmem."""
    known = BY_NAME[name]
    return known.partner if known.side is Side.PAGE and known.partner else name


def _effect(name: str) -> Effect | None:
    known = BY_NAME.get(name)
    return known.effect if known is not None else None


class _Sets:
    """Sets of places of one automaton, each a number with one bit for each place."""

    def __init__(self, automaton: _Automaton) -> None:
        self._ways = automaton.ways
        self._silent: dict[int, int] = {}
        self._doing = sum(1 << place for place, ways in enumerate(self._ways)
                          if any(what for what, _ in ways))

    def silently(self, place: int) -> int:
        """Where one gets from a place while nothing happens."""
        known = self._silent.get(place)
        if known is None:
            found, queue = {place}, [place]
            for here in queue:
                for what, end in self._ways[here]:
                    if not what and end not in found:
                        found.add(end)
                        queue.append(end)
            known = self._silent[place] = sum(1 << one for one in found)
        return known

    def steps(self, places: int) -> dict[str, int]:
        """By what happens next, where that leads to."""
        found: dict[str, int] = {}
        left = places & self._doing
        while left:
            place = left.bit_length() - 1
            left ^= 1 << place
            for what, end in self._ways[place]:
                if what:
                    found[what] = found.get(what, 0) | self.silently(end)
        return found


def _accept_the_same(one: _Automaton, other: _Automaton) -> bool:
    """Whether two automata accept the same words: each step is taken in both at once."""
    sets = _Sets(one), _Sets(other)
    begin = sets[0].silently(0), sets[1].silently(0)
    seen, queue = {begin}, [begin]
    taken = 0
    for here in queue:
        if (here[0] ^ here[1]) & _END:
            return False
        steps = sets[0].steps(here[0]), sets[1].steps(here[1])
        for what in steps[0].keys() | steps[1].keys():
            taken += 1
            if taken > _MOST:
                raise NotFollowed("too many orders")
            there = steps[0].get(what, 0), steps[1].get(what, 0)
            if there not in seen:
                seen.add(there)
                queue.append(there)
    return True
