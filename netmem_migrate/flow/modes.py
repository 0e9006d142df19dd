# SPDX-License-Identifier: GPL-2.0-only
"""Whose memory a member holds, where one condition decides that: whether there is a pool.

A use is the pool's where every way to it, through the functions that call its own, has passed a
test that found a page_pool, or the mark that the driver sets with the pool's pages; it is another's
where every such way has found none. Where no test was passed, it is another's if the record is kept
where no use of the pool's is. Taken for granted: that the pool that is tested is that of the
record, and that a ring does not get or lose its pool while it has pages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import Function
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import WORD
from netmem_migrate.flow import keys
from netmem_migrate.flow.cfg import constant
from netmem_migrate.flow.facts import Facts, squeezed
from netmem_migrate.flow.graph import Place, Slot, reach
from netmem_migrate.flow.marks import Mark, mark
from netmem_migrate.flow.webs import webs
from netmem_migrate.model.spelled import CALLS, POOL

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis

_POOL = Type(f"struct {POOL}", ("p",))
_MOST = 256  # ways to one function that are told apart


class Arm(StrEnum):
    """Whose memory it is."""

    POOL = "pool"
    OTHER = "other"
    EITHER = "either"


class Origin(StrEnum):
    """What a value that is stored is."""

    POOL = "pool"
    OTHER = "other"
    NONE = "none"  # NULL
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Use:
    """One use of the member: `node` is the whole `base.member`.

    `stored` is the value where it is set by `=`: what a local was last set to, if it is one; and
    `origin` whose page that is.
    """

    place: Place
    node: Node
    base: Node
    arm: Arm
    stored: Node | None = None
    origin: Origin | None = None

    @property
    def tested(self) -> bool:
        """Whether it is only looked at whether there is memory."""
        parent = self.node.parent
        while parent is not None and parent.type == "parenthesized_expression":
            parent = parent.parent
        if parent is None:
            return False
        pair, negated = view.infix(parent), view.prefix(parent)
        return parent.type in ("if_statement", "while_statement") or (
            negated is not None and negated.sign == "!") or (
            pair is not None and pair.sign in ("&&", "||"))


@dataclass(frozen=True, slots=True)
class Modes:
    """The uses of a member, by whose memory they are of; `tests` are texts of tests for a pool,
    with the name and the type of what they begin with."""

    uses: tuple[Use, ...]
    mark: Mark | None
    tests: tuple[tuple[bytes, bytes, Type], ...] = ()

    def condition(self, analysis: Analysis, use: Use) -> bytes:
        """An expression that is true where a use is of the pool's memory; b"" for none.

        What its function sets may say something else by then.
        """
        function = next((one for one in _around(analysis, use.place)), None)
        if function is None:
            return b""
        sets = {where.name for one in view.stores(function.node)
                if (where := view.field(one.target)) is not None}
        typed = Typed(analysis.symbols, function.file, function)
        given = {one.name for one in function.parameters} | {
            view.text(one.target) for one in view.stores(function.node)
            if one.node.type == "init_declarator"}
        found = {name + text[len(root):] for text, root, type_ in self.tests
                 for name, own in typed.declared.items() if own == type_ and name in given}
        if len(found) == 1 and sets.isdisjoint(WORD.findall(next(iter(found)))):
            return found.pop()
        if self.mark is not None and self.mark.member not in sets:
            base = analysis.symbols.files[use.place.file].text(use.base)
            sign = b"->" if _is_arrow(use.node) else b"."
            return base + sign + self.mark.member + b" & " + self.mark.name
        return b""


_Homes = frozenset[str]
_UNKNOWN: _Homes = frozenset({"?"})


@dataclass(frozen=True, slots=True)
class _Way:
    """How a function is reached: in which mode, and where the records are kept that it is given."""

    mode: Arm = Arm.EITHER
    homes: tuple[_Homes, ...] = ()


@dataclass(eq=False, slots=True)
class _Reached:
    """A function, and the ways to it."""

    function: Function
    facts: Facts
    typed: Typed
    ways: set[_Way] = field(default_factory=set)


def modes(analysis: Analysis, slots: Sequence[Slot]) -> Modes | None:
    """The uses of members that are one storage; None where no condition decides.

    Nothing is decided where the pool's pages are stored without a test, another's pages with one,
    where a page is stored of which it cannot be told whose it is, or where the address of the
    member itself is taken.
    """
    return _Reader(analysis, slots).modes()


def _around(analysis: Analysis, place: Place) -> Iterator[Function]:
    for one in analysis.symbols.functions.get(place.function.encode("latin-1"), ()):
        if one.file == place.file and one.body is not None and \
                one.node.start_byte <= place.node.start_byte < one.node.end_byte:
            yield one


def _is_arrow(node: Node) -> bool:
    where = view.field(node)
    return where is not None and where.arrow


class _Reader:
    def __init__(self, analysis: Analysis, slots: Sequence[Slot]) -> None:
        self.analysis, self.slots = analysis, slots
        self.symbols = analysis.symbols
        self.places = [one for slot in slots for one in slot.names]
        self.known: dict[Function, _Reached] = {}
        self.pools: frozenset[bytes] = frozenset()

    def modes(self) -> Modes | None:
        found = [node for one in self.places if (node := one.node.parent) is not None
                 and node.type == "field_expression"]
        if len(found) != len(self.places) or any(
                one.parent is not None and one.parent.type == "pointer_expression"
                and one.parent.children[0].type == "&" for one in found):
            return None
        if not self._reach():
            return None
        uses = self._uses(None)
        pooled = [one for one in uses if one.origin is Origin.POOL]
        if not pooled or any(one.arm is not Arm.POOL for one in pooled):
            return None
        marked = mark([(one.node, one.base) for one in pooled],
                     [one.node for one in self._functions], self.symbols.files.values(),
                     self._code)
        if marked is not None:
            uses = self._uses(marked)
        if any(not _fits(one) for one in uses):
            return None
        return Modes(tuple(uses), marked, tuple(sorted(self._tests(), key=lambda one: one[:2])))

    # ------------------------------------------------------------------- pools

    def _pools(self) -> frozenset[bytes]:
        """The names that members have which point to a pool, and no other member of the driver,
        and that functions have which use the member."""
        own: set[bytes] = set()
        others: set[bytes] = set()
        files = set(self.analysis.driver.files)
        for records in self.symbols.records.values():
            for record in records:
                for member in record.members.values():
                    if member.file in files:
                        (own if self.symbols.resolve(member.type) == _POOL else others).add(
                            member.name)
        used = {where.name for one in self.known.values()
                for node in nodes(one.function.node, "field_expression")
                if (where := view.field(node)) is not None}
        return frozenset((own - others) & used)

    def _tests(self) -> set[tuple[bytes, bytes, Type]]:
        found: set[tuple[bytes, bytes, Type]] = set()
        for one in self.known.values():
            for node in nodes(one.function.node, "field_expression"):
                where = view.field(node)
                if where is None or where.name not in self.pools:
                    continue
                root = node
                while root.type == "field_expression" and (inner := view.operand(root)):
                    root = inner
                type_ = one.typed.of(root)
                if root.type == "identifier" and type_ is not None and \
                        view.text(node).startswith(view.text(root)):
                    found.add((squeezed(node), view.text(root), type_))
        return found

    # ----------------------------------------------------------------- reaching

    @cached_property
    def _calls(self) -> dict[bytes, list[tuple[Function, view.Call]]]:
        found: dict[bytes, list[tuple[Function, view.Call]]] = {}
        for function in self._functions:
            for call in view.calls(function.node):
                found.setdefault(call.name, []).append((function, call))
        return found

    @cached_property
    def _functions(self) -> list[Function]:
        files = set(self.analysis.driver.files)
        return [one for functions in self.symbols.functions.values() for one in functions
                if one.body is not None and one.file in files]

    def _named(self, name: bytes) -> int:
        """How often the driver's code has a name."""
        word = re.compile(rb"\b" + re.escape(name) + rb"\b")
        return sum(len(word.findall(text)) for text in self._code)

    @cached_property
    def _code(self) -> list[bytes]:
        return [code_of(self.analysis.sources[file]) for file in self.analysis.driver.files
                if file in self.analysis.sources]

    def _reach(self) -> bool:
        """Find the ways to each function that uses the member."""
        wanted = [one for place in self.places for one in _around(self.analysis, place)]
        if len(wanted) != len(self.places):
            return False
        callers = {one: [caller for caller, call in self._calls.get(one.name, ())
                         if self.symbols.function(call.name, caller.file) is one]
                   for one in self._functions}
        near = list(reach(dict.fromkeys(wanted), callers))
        for one in near:
            assert one.body is not None
            self.known[one] = _Reached(one, Facts(one.body),
                                       Typed(self.symbols, one.file, one))
        self.pools = self._pools()
        if len(self.pools) != 1:
            return False
        todo = []
        for one in near:
            declared = len(keys.versions(self.symbols, one))
            # Whatever names it without calling it may call it.
            if one.name in self.symbols.exported or not callers[one] or \
                    self._named(one.name) != declared + len(callers[one]):
                self.known[one].ways.add(_Way(homes=(_UNKNOWN,) * len(one.parameters)))
                todo.append(one)
        while todo:
            caller = todo.pop()
            for call in view.calls(caller.node):
                callee = self.symbols.function(call.name, caller.file)
                if callee not in self.known or callee is None:
                    continue
                into = self.known[callee]
                ways = {self._way(self.known[caller], way, call, callee)
                        for way in self.known[caller].ways}
                if ways <= into.ways:
                    continue
                into.ways |= ways
                if len(into.ways) > _MOST:
                    return False
                todo.append(callee)
        return True

    def _way(self, caller: _Reached, way: _Way, call: view.Call, callee: Function) -> _Way:
        homes = tuple(self._homes(caller, way, call.args[index]) if index < len(call.args)
                      else _UNKNOWN for index, _ in enumerate(callee.parameters))
        return _Way(self._mode(caller, way, call.node, None, b""), homes)

    def _mode(self, at: _Reached, way: _Way, node: Node, mark: Mark | None, base: bytes) -> Arm:
        """In which mode a node is evaluated, on a way to its function."""
        found: set[bool] = set()
        for one, truth in at.facts.at(node).items():
            if not one.mask and one.member in self.pools:
                found.add(truth)
            elif mark is not None and one.base == base:
                said = mark.says(one, truth)
                found |= {said} if said is not None else set()
        if len(found) == 1:
            return Arm.POOL if found.pop() else Arm.OTHER
        return Arm.EITHER if found else way.mode

    # -------------------------------------------------------------------- homes

    def _homes(self, at: _Reached, way: _Way, value: Node, depth: int = 0) -> _Homes:
        """Where the record is kept that a pointer points to."""
        value = view.bare(value)
        if value.type == "cast_expression" and (inner := view.value(value)) is not None:
            value = view.bare(inner)
        if depth > 8:
            return _UNKNOWN
        if value.type == "pointer_expression" and value.children[0].type == "&":
            inner = view.operand(value)
            return self._kept(at, way, inner, depth + 1) if inner is not None else _UNKNOWN
        if value.type in ("field_expression", "subscript_expression"):
            return self._kept(at, way, value, depth + 1)
        pair = view.infix(value)
        if pair is not None and pair.sign in ("+", "-"):
            return self._homes(at, way, pair.left, depth + 1)
        if value.type != "identifier":
            return _UNKNOWN
        name = view.text(value)
        found: set[str] = set()
        for number, one in enumerate(at.function.parameters):
            if one.name == name:
                found |= way.homes[number] if number < len(way.homes) else _UNKNOWN
        stores = [one for one in view.stores(at.function.node) if view.text(one.target) == name]
        for store in stores:
            found |= self._homes(at, way, store.value, depth + 1)
        return frozenset(found) or _UNKNOWN

    def _kept(self, at: _Reached, way: _Way, node: Node, depth: int) -> _Homes:
        """Where an object is kept."""
        node = view.bare(node)
        while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
            node = view.bare(inner)
        if node.type == "field_expression":
            member = at.typed.member(node)
            return frozenset({f"{member.record}.{member.name.decode('latin-1')}"}
                             ) if member is not None else _UNKNOWN
        if node.type == "identifier":
            type_ = at.typed.declared.get(view.text(node))
            if type_ is not None and "p" not in type_.derivations:
                return frozenset({f"{at.function.file}:{at.function.node.start_byte}:"
                                  f"{view.text(node).decode('latin-1')}"})
        return self._homes(at, way, node, depth)

    # --------------------------------------------------------------------- uses

    def _uses(self, mark: Mark | None) -> list[Use]:
        found: list[tuple[Place, Node, Node, list[tuple[Arm, _Homes]]]] = []
        pooled: set[str] = set()
        for place in self.places:
            node = place.node.parent
            where = view.field(node)
            assert node is not None and where is not None
            at = self.known[next(_around(self.analysis, place))]
            ways = []
            for way in at.ways:
                mode = self._mode(at, way, node, mark, squeezed(where.base))
                homes = (self._homes if where.arrow else self._object)(at, way, where.base)
                ways.append((mode, homes))
                if mode is Arm.POOL:
                    pooled |= homes
            found.append((place, node, where.base, ways))
        uses: list[Use] = []
        for place, node, base, ways in found:
            arms = {Arm.OTHER if mode is Arm.EITHER and _UNKNOWN.isdisjoint(homes | pooled)
                    and homes.isdisjoint(pooled) else mode for mode, homes in ways}
            arm = arms.pop() if len(arms) == 1 else Arm.EITHER
            pair = view.infix(node.parent)
            stored = pair.right if pair is not None and pair.sign == "=" and \
                pair.left == node else None
            if stored is not None:
                stored = self._last(place, view.bare(stored))
            uses.append(Use(place, node, base, arm, stored,
                            self._origin(place, stored) if stored is not None else None))
        return uses

    def _object(self, at: _Reached, way: _Way, base: Node) -> _Homes:
        return self._kept(at, way, base, 0)

    @cached_property
    def _allocates(self) -> dict[tuple[str, int], bool]:
        """The calls whose forms are known, by place: whether they take a page from a pool."""
        return {(one.place.file, one.place.node.start_byte):
                one.twin.allocates and one.twin.pool_api for one in self.analysis.graph.calls}

    def _last(self, place: Place, value: Node) -> Node:
        """What a local was last set to, where that can be told; else the value itself."""
        if value.type != "identifier":
            return value
        function = next(_around(self.analysis, place))
        # Each use of a name in the function but the one that is declared.
        names = [one for one in nodes(function.node, "identifier")
                 if view.text(one) == view.text(value) and not _declares(one)]
        found = webs(function.node, names) or ()
        web = next((one for one in found if value in one.names), None)
        assigned = view.infix(web.statement.named_children[0]) if web is not None else None
        return view.bare(assigned.right) if assigned is not None else value

    def _origin(self, place: Place, value: Node) -> Origin:
        """Whose page a value is."""
        if constant(value) is False:
            return Origin.NONE
        call = view.call(value)
        if call is not None:
            pool = self._allocates.get((place.file, call.node.start_byte))
            if pool is None and not self._is_own(call.name, place.file):
                pool = False
            if pool is not None:
                return Origin.POOL if pool else Origin.OTHER
        return self._behind(place)

    def _is_own(self, name: bytes, file: str) -> bool:
        """Whether a function is the driver's, or one of the pool, or no function at all."""
        return not name or name in self.symbols.macros or name.startswith(CALLS.encode()) or \
            self.symbols.function(name, file) is not None

    def _behind(self, place: Place) -> Origin:
        """Whose page flows into the member there, by all that flows into what is stored."""
        graph = self.analysis.graph
        node = place.node.parent
        around = node.parent if node is not None else None
        into = [origin for origin, slot, at in graph.flows if slot in self.slots
                and at.file == place.file and around is not None
                and around.start_byte <= at.node.start_byte < around.end_byte]
        edges = {one: [origin for origin in origins if origin not in self.slots]
                 for one, origins in graph.predecessors().items()}
        behind = reach(into, edges)
        if not any(one.twin is not None and one.twin.allocates and one.twin.pool_api
                   for one in behind):
            return Origin.OTHER
        others = any(bridge.into in behind and bridge.foreign for bridge in graph.bridges)
        ends = [one for one in behind if not edges.get(one)]
        return Origin.POOL if not others and all(
            one.twin is not None and one.twin.allocates for one in ends) else Origin.UNKNOWN


def _declares(node: Node) -> bool:
    return node.parent is not None and node.parent.type.endswith("declarator") and \
        node.parent.child_by_field_name("value") != node


def _fits(use: Use) -> bool:
    """Whether what is stored is what the mode says."""
    if use.origin is Origin.POOL:
        return use.arm is Arm.POOL
    if use.origin is Origin.OTHER:
        return use.arm is not Arm.POOL
    return use.origin is not Origin.UNKNOWN
