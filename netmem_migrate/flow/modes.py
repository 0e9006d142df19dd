# SPDX-License-Identifier: GPL-2.0-only
"""Whose memory a member holds, where one condition decides that: whether there is a pool.

A use is the pool's where every way to it, through the functions that call its own, has passed a
test that found a page_pool, or the mark that the driver sets with the pool's pages; it is another's
where every such way has found none. Where no test was passed, it is another's if the record is kept
where no use of the pool's is. Taken for granted: that the pool that is tested is that of the
record, and that a ring does not get or lose its pool while it has pages.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import Function
from netmem_migrate.c.types import Type
from netmem_migrate.flow import keys
from netmem_migrate.flow.asks import Asks
from netmem_migrate.flow.facts import Facts, squeezed
from netmem_migrate.flow.graph import Place, Slot, reach
from netmem_migrate.flow.homes import UNKNOWN, Homes, Kept
from netmem_migrate.flow.marks import Mark, is_kept, mark
from netmem_migrate.flow.origins import Origin, Origins, around
from netmem_migrate.flow.stored import is_lent, is_set
from netmem_migrate.flow.straight import is_straight, pasted
from netmem_migrate.flow.times import times
from netmem_migrate.flow.writes import is_setter, written
from netmem_migrate.model.spelled import POOL

if TYPE_CHECKING:
    from netmem_migrate.flow.analyse import Analysis

_POOL = Type(f"struct {POOL}", ("p",))
_MOST = 256  # ways to one function that are told apart
_MOST_USES = 512  # of a member; no driver has a quarter of that


class Arm(StrEnum):
    """Whose memory it is."""

    POOL = "pool"
    OTHER = "other"
    EITHER = "either"


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
        parent = view.outer(self.node).parent
        if parent is None:
            return False
        pair, negated = view.infix(parent), view.prefix(parent)
        choice = view.branch(parent)
        return parent.type in ("if_statement", "while_statement") or (
            choice is not None and choice.test.start_byte <= self.node.start_byte
            < choice.test.end_byte) or (
            negated is not None and negated.sign == "!") or (
            pair is not None and pair.sign in ("&&", "||"))


@dataclass(frozen=True, slots=True)
class Modes:
    """The uses of a member, by whose memory they are of; `asks` gives, by the place of a use, an
    expression that is true where it is of the pool's."""

    uses: tuple[Use, ...]
    asks: Mapping[tuple[str, int], bytes] = field(default_factory=dict)

    def condition(self, use: Use) -> bytes:
        """An expression that is true where a use is of the pool's memory; b"" for none."""
        return self.asks.get((use.place.file, use.node.start_byte), b"")


@dataclass(frozen=True, slots=True)
class _Way:
    """How a function is reached: in which mode, and where the records are kept that it is given."""

    mode: Arm = Arm.EITHER
    homes: tuple[Kept, ...] = ()


@dataclass(eq=False, slots=True)
class _Reached:
    """A function, and the ways to it."""

    function: Function
    facts: Facts
    ways: set[_Way] = field(default_factory=set)


def modes(analysis: Analysis, slots: Sequence[Slot]) -> Modes | None:
    """The uses of members that are one storage; None where no condition decides.

    Nothing is decided where the pool's pages are stored without a test, another's pages with one,
    where a page is stored of which it cannot be told whose it is, or where the address of the
    member itself is taken.
    """
    return _Reader(analysis, slots).modes()


class _Reader:
    def __init__(self, analysis: Analysis, slots: Sequence[Slot]) -> None:
        self.analysis, self.slots = analysis, slots
        self.symbols = analysis.symbols
        self.places = [one for slot in slots for one in slot.names]
        self.near: list[Function] = []
        self.known: dict[Function, _Reached] = {}
        self.pools: frozenset[bytes] = frozenset()
        self.rings: dict[Type, set[bytes]] = {}
        slot = slots[0]
        self.tag = f"{slot.record} {slot.name.rpartition('.')[0]}"
        self.homes = Homes(self.symbols, self._functions, self.tag)
        self.origins = Origins(analysis, slots, self.homes.typed)

    def modes(self) -> Modes | None:
        found = [node for one in self.places if (node := one.node.parent) is not None
                 and node.type == "field_expression"]
        if len(found) != len(self.places) or len(found) > _MOST_USES or any(
                map(is_lent, found)) or not self._reach():
            return None
        uses = self._uses(None)
        pooled = [one for one in uses if one.origin is Origin.POOL]
        if not pooled or any(one.arm is not Arm.POOL for one in pooled):
            return None
        kept = [(one.node, one.base) for one in uses
                if one.origin is not None and one.origin is not Origin.NONE]
        marked = mark([(one.node, one.base) for one in pooled],
                      [one.node for one in self._functions], self.symbols.files.values(),
                      self._code)
        if marked is not None and not is_kept(marked, kept, self._writes(marked.member)):
            marked = None
        if marked is not None:
            uses = self._uses(marked)
        if not all(_fits(one, marked) for one in uses) or self._loses_pool():
            return None
        asks = Asks(self.homes, self._calls, self.rings, marked, self._written, self.pools)
        return Modes(tuple(uses), {
            (one.place.file, one.node.start_byte): asks.of(
                next(around(self.analysis.symbols, one.place)), one.node, one.base)
            for one in uses if one.arm is Arm.EITHER and one.stored is None and not one.tested})

    def _writes(self, name: bytes) -> list[tuple[Node, Node]]:
        """What sets a member of the record, or may: by its own, and what has it."""
        found = []
        for function in self._saying({name}):
            for node in nodes(function.node, "field_expression"):
                where = view.field(node)
                if where is None or where.name != name or not is_set(node):
                    continue
                of = self.homes.typed(function).of(where.base)
                if of is None or of.base == self.tag or not of.base.startswith("struct "):
                    found.append((node, where.base))
        return found

    def _loses_pool(self) -> bool:
        """Whether a ring may lose its pool in a function that goes on to uses of the member."""
        for function in self._saying(self.pools):
            gone = [store.node.end_byte for store in view.stores(function.node)
                    if (where := view.field(store.target)) is not None
                    and where.name in self.pools and not _is_made(function.node, store.value)]
            if not gone:
                continue
            later = [call.node for call in view.calls(function.node)
                     if self.symbols.function(call.name, function.file) in self.known]
            later += [one.node for one in self.places if one.file == function.file
                      and function.node.start_byte <= one.node.start_byte < function.node.end_byte]
            if any(one.start_byte >= min(gone) for one in later):
                return True
        return False

    # ------------------------------------------------------------------- pools

    def _pools(self) -> frozenset[bytes]:
        """The names that members have which point to a pool, and no other member of the driver,
        and that functions have which use the member."""
        own: set[bytes] = set()
        others: set[bytes] = set()
        files = set(self.analysis.driver.files)
        for records in list(self.symbols.records.values()):
            for record in records:
                for member in record.members.values():
                    if member.file in files:
                        (own if self.symbols.resolve(member.type) == _POOL else others).add(
                            member.name)
        used = {where.name for one in self.near for node in nodes(one.node, "field_expression")
                if (where := view.field(node)) is not None}
        return frozenset((own - others) & used)

    def _found_by(self) -> dict[Type, set[bytes]]:
        """The types of the variables by which a pool is found, and the texts behind these."""
        found: dict[Type, set[bytes]] = {}
        for one in self.near:
            for node in nodes(one.node, "field_expression"):
                where = view.field(node)
                if where is None or where.name not in self.pools:
                    continue
                root = node
                while root.type == "field_expression" and (inner := view.operand(root)):
                    root = inner
                type_ = self.homes.typed(one).of(root)
                if root.type == "identifier" and type_ is not None:
                    found.setdefault(type_, set()).add(squeezed(node)[len(view.text(root)):])
        return found

    # ----------------------------------------------------------------- reaching

    @cached_property
    def _calls(self) -> dict[bytes, list[tuple[Function, view.Call]]]:
        key = _Reader, "calls", self.analysis.driver
        found: dict[bytes, list[tuple[Function, view.Call]]] | None = self.symbols.kept.get(key)
        if found is None:
            found = self.symbols.kept[key] = {}
            for function in self._functions:
                for call in view.calls(function.node):
                    found.setdefault(call.name, []).append((function, call))
        return found

    @property
    def _callers(self) -> dict[Function, list[Function]]:
        """Who calls each function, the same for all members."""
        key = _Reader, "callers", self.analysis.driver
        if key not in self.symbols.kept:
            self.symbols.kept[key] = {
                one: [caller for caller, call in self._calls.get(one.name, ())
                      if self.symbols.function(call.name, caller.file) is one]
                for one in self._functions}
        found: dict[Function, list[Function]] = self.symbols.kept[key]
        return found

    @cached_property
    def _functions(self) -> list[Function]:
        key = _Reader, "functions", self.analysis.driver
        if key not in self.symbols.kept:
            files = set(self.analysis.driver.files)
            self.symbols.kept[key] = [
                one for functions in list(self.symbols.functions.values()) for one in functions
                if one.body is not None and one.file in files]
        found: list[Function] = self.symbols.kept[key]
        return found

    def _saying(self, names: Set[bytes]) -> Iterator[Function]:
        """The functions of the driver that have some of several names in their text."""
        for function in self._functions:
            text = view.text(function.node)
            if any(one in text for one in names):
                yield function

    @cached_property
    def _written(self) -> dict[bytes, frozenset[bytes]]:
        called: dict[bytes, list[bytes]] = {}
        for name, calls in self._calls.items():
            for caller, _ in calls:
                called.setdefault(caller.name, []).append(name)
        # Nobody asks for what those near call neither themselves nor by others.
        wanted = set(reach((one.name for one in self.near), called))
        return written([one for one in self._functions if one.name in wanted])

    def _named(self, name: bytes) -> int:
        """How often the driver's code has a name."""
        return times(name, self._code)

    @cached_property
    def _code(self) -> list[bytes]:
        return [code_of(self.analysis.sources[file]) for file in self.analysis.driver.files
                if file in self.analysis.sources]

    def _reach(self) -> bool:
        """Find the ways to each function that uses the member."""
        wanted = [one for place in self.places for one in around(self.analysis.symbols, place)]
        if len(wanted) != len(self.places):
            return False
        callers = self._callers
        self.near = near = list(reach(dict.fromkeys(wanted), callers))
        if not all(is_straight(one, self.analysis.originals[one.file], self.symbols.macros)
                   for one in near):
            return False
        self.pools = self._pools()
        if len(self.pools) != 1:
            return False
        self.rings = self._found_by()
        if sum(map(len, self.rings.values())) != 1:
            return False  # two ways to a pool are two pools
        for one in near:
            assert one.body is not None
            self.known[one] = _Reached(one, Facts(one.body, self._written))
        todo = []
        for one in near:
            if not callers[one] or self._is_entry(one, len(callers[one])):
                self.known[one].ways.add(_Way(homes=(UNKNOWN,) * len(one.parameters)))
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

    def _is_entry(self, function: Function, calls: int) -> bool:
        """Whether a function may be called otherwise than its name is called in the driver."""
        versions = keys.versions(self.symbols, function)
        files = set(self.analysis.driver.files)
        whole = self.analysis.driver.path.startswith("drivers/")
        return function.name in self.symbols.exported or (
            # Whatever names it without calling it may call it.
            self._named(function.name) != len(versions) + calls
            or (not function.static and not whole)
            or any(one.file not in files for one in versions)
            or any(part in function.name for part in self._pasted))

    @cached_property
    def _pasted(self) -> frozenset[bytes]:
        files = set(self.analysis.driver.files)
        return pasted({name: [one for one in every if one.file in files]
                       for name, every in list(self.symbols.macros.items())})

    def _way(self, caller: _Reached, way: _Way, call: view.Call, callee: Function) -> _Way:
        homes = tuple(self.homes.of(caller.function, way.homes, call.args[index])
                      if index < len(call.args) else UNKNOWN
                      for index, _ in enumerate(callee.parameters))
        return _Way(self._mode(caller, way, call.node, None, b""), homes)

    def _mode(self, at: _Reached, way: _Way, node: Node, mark: Mark | None, base: bytes) -> Arm:
        """In which mode a node is evaluated, on a way to its function."""
        found: set[bool] = set()
        declared = self.homes.typed(at.function).declared.values()
        if sum(type_ in self.rings for type_ in declared) > 1:
            return Arm.EITHER  # which ring is that of the record is not known
        for one, truth in at.facts.at(node).items():
            if not one.mask and one.member in self.pools:
                found.add(truth)
            elif mark is not None and one.base == base:
                said = mark.says(one, truth)
                found |= {said} if said is not None else set()
        if len(found) == 1:
            return Arm.POOL if found.pop() else Arm.OTHER
        return Arm.EITHER if found else way.mode

    # --------------------------------------------------------------------- uses

    def _uses(self, mark: Mark | None) -> list[Use]:
        found: list[tuple[Place, Node, Node, list[tuple[Arm, Kept]]]] = []
        pooled: set[str] = set()
        for place in self.places:
            node = place.node.parent
            where = view.field(node)
            assert node is not None and where is not None
            at = self.known[next(around(self.analysis.symbols, place))]
            ways = []
            for way in at.ways:
                mode = self._mode(at, way, node, mark, squeezed(where.base))
                homes = (self.homes.of if where.arrow else self.homes.kept)(
                    at.function, way.homes, where.base)
                ways.append((mode, homes))
                if mode is Arm.POOL:
                    pooled |= homes
            found.append((place, node, where.base, ways))
        uses: list[Use] = []
        for place, node, base, ways in found:
            arms = {Arm.OTHER if mode is Arm.EITHER and UNKNOWN.isdisjoint(homes | pooled)
                    and homes.isdisjoint(pooled) else mode for mode, homes in ways}
            arm = arms.pop() if len(arms) == 1 else Arm.EITHER
            pair = view.infix(node.parent)
            stored = pair.right if pair is not None and pair.sign == "=" and \
                pair.left == node else None
            if stored is not None:
                stored = self.origins.last(place, view.bare(stored))
            uses.append(Use(place, node, base, arm, stored,
                            self.origins.of(place, stored) if stored is not None else None))
        return uses


def _is_made(function: Node, value: Node) -> bool:
    """Whether a value is what a call gives that exchanges nothing, or a local that is set to
    nothing else."""
    value = view.bare(value)
    sets = [value] if value.type != "identifier" else [
        store.value for store in view.stores(function)
        if view.text(store.target) == view.text(value)]
    calls = [view.call(view.bare(one)) for one in sets]
    return bool(calls) and all(one is not None and not is_setter(one.name) for one in calls)


def _fits(use: Use, marked: Mark | None) -> bool:
    """Whether what is stored is what the mode says; a thing that is no page may be kept in either
    mode, where a mark tells it from a page."""
    if use.origin is Origin.POOL:
        return use.arm is Arm.POOL
    if use.origin is Origin.OTHER:
        return use.arm is Arm.OTHER
    if use.origin is Origin.THING:
        return use.arm is Arm.OTHER or (use.arm is Arm.EITHER and marked is not None)
    return use.origin is not Origin.UNKNOWN
