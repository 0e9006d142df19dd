# SPDX-License-Identifier: GPL-2.0-only
"""What the functions of one object do with the addresses of frags, as gcc sees it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from netmem_migrate.model.sent import ASKED, KEPT, MAPPED, OF_FRAG, RAW, SEEN, SINGLE, UNMAPPED
from netmem_migrate.verify.gimple import SSA, Graph, Graphs, Statement
from netmem_migrate.verify.terms import Clobbers, Term, Terms, given, same

_CAST = re.compile(r"^\([\w ]+(?: \*)*\) (\S+)$")
_COMPARED = re.compile(r"^(\S+) (==|!=) (\S+)$")
_OPERAND = re.compile(r"(?:[A-Za-z_][\w.]*)?_\d+(?:\(D\))?")
_LENT = re.compile(r"&([A-Za-z_][\w.]*)(?![\w.]|->|\[)")
_LIKELY = "__builtin_expect"
BUILT_IN = "__builtin_"
_ENDS = {UNMAPPED: "unmap", SINGLE: "unmap", RAW: "raw", ASKED: "asked"}


@dataclass(frozen=True, slots=True)
class Root:
    """Where a value comes from: "const", "param", "map", "member" (the one that is looked at),
    "load", "told" (a variable that what has its address may set) or "call"."""

    kind: str
    at: Statement | None = None
    number: int = -1


@dataclass(frozen=True, slots=True)
class Stored:
    """A store of the member: in which slot, None where that cannot be said, and what."""

    slot: Term | None
    roots: frozenset[Root]


@dataclass(frozen=True, slots=True)
class End:
    """What becomes of a value: "unmap", "raw", "asked", "zero" (compared with it), "set",
    "stored", "back", "passed" (to what is not read) or "other"."""

    kind: str
    at: Statement


class Unit:
    """An object: its functions, and the name of the member."""

    def __init__(self, text: str, member: str) -> None:
        self.graphs = Graphs(text)
        self.member = member
        self.named = re.compile(rf"(?:->|\.){re.escape(member)}\b")
        self.clobbers = Clobbers(self.graphs)
        self._traced: dict[str, Traced] = {}

    def traced(self, name: str) -> Traced | None:
        """A function; None for one that is not read."""
        if name not in self._traced:
            graph = self.graphs.get(name)
            if graph is None:
                return None
            self._traced[name] = Traced(self, graph)
        return self._traced[name]

    @cached_property
    def all(self) -> list[Traced]:
        """The functions that name the member, or map or unmap a frag, and all that call them."""
        found: dict[str, Traced] = {}
        wanted = [self.member, *SEEN]
        while wanted:
            words = re.compile(rf"\b(?:{'|'.join(map(re.escape, wanted))})\b")
            new = [one.name for one in self.graphs.naming(words) if one.name not in found]
            for name in new:
                traced = self.traced(name)
                assert traced is not None
                found[name] = traced
            wanted = [name for name in new if self._matters(found[name])]
        return list(found.values())

    @staticmethod
    def _matters(one: Traced) -> bool:
        """Whether what calls it has to be looked at."""
        return bool(one.stores or one.sets or one.gives_map)


class Traced:
    """A function."""

    def __init__(self, unit: Unit, graph: Graph) -> None:
        self.unit, self.graph = unit, graph
        self.terms = Terms(graph)

    @cached_property
    def variables(self) -> dict[str, list[Statement]]:
        """What is set that has no value in one place, by name."""
        found: dict[str, list[Statement]] = {}
        for one in self.graph.statements:
            if one.target and one.target not in self.graph.defined and \
                    re.fullmatch(r"[\w.]+", one.target):
                found.setdefault(one.target, []).append(one)
        return found

    @cached_property
    def _lent(self) -> frozenset[str]:
        """The variables whose address is taken."""
        return frozenset(name for one in self.graph.statements
                         for name in _LENT.findall(one.text))

    # Where a value comes from.

    def roots(self, operand: str, at: Statement,
              seen: frozenset[str] = frozenset()) -> frozenset[Root]:
        """All that an operand of a statement may be."""
        if operand in seen:
            return frozenset()
        seen |= {operand}
        number = self.graph.parameter(operand)
        if number is not None:
            return frozenset((Root("param", None, number),))
        if operand in self.graph.defined:
            one = self.graph.defined[operand]
            return self._of(one, seen)
        if operand in self.variables:
            found = {root for one in self.variables[operand] for root in self._of(one, seen)}
            if operand in self._lent:
                found.add(Root("told", at))  # what has its address may set it, too
            return frozenset(found)
        if re.match(r"-?\d", operand):
            return frozenset((Root("const", at),))
        if operand in self._lent:
            return frozenset((Root("told", at),))
        return frozenset((Root("member" if self.unit.named.search(operand) else "load", at),))

    def _of(self, one: Statement, seen: frozenset[str]) -> frozenset[Root]:
        if one.kind == "phi":
            return frozenset(root for source in one.sources
                             for root in self.roots(source, one, seen))
        if one.kind == "call":
            if one.name == _LIKELY:
                return self.roots(one.args[0], one, seen)
            return frozenset((Root("map" if self.is_map(one) else "call", one),))
        cast = _CAST.match(one.value)
        if cast is not None:
            return self.roots(cast[1], one, seen)
        if " " in one.value:
            parts = _OPERAND.findall(one.value)
            return frozenset(root for part in parts for root in self.roots(part, one, seen)) \
                or frozenset((Root("load", one),))
        return self.roots(one.value, one, seen)

    def is_map(self, one: Statement) -> bool:
        """Whether a call maps a frag and gives its address."""
        if one.kind != "call":
            return False
        inner = self.unit.traced(one.name) if one.name not in SEEN else None
        return one.name == MAPPED or (inner is not None and bool(inner.gives_map))

    @cached_property
    def _busy(self) -> list[bool]:
        return [False]

    @cached_property
    def gives_map(self) -> tuple[Term | None, ...]:
        """The frags of which it maps one and gives back the address."""
        if self._busy[0]:
            return ()
        self._busy[0] = True
        found = tuple(self.frag(root.at) for one in self.graph.statements if one.kind == "return"
                      and one.value for root in self.roots(one.value, one)
                      if root.kind == "map" and root.at is not None)
        self._busy[0] = False
        return found

    def frag(self, one: Statement) -> Term | None:
        """The frag that a call maps."""
        if one.name == MAPPED:
            return self.terms.of(one.args[0], one)
        inner = self.unit.traced(one.name)
        terms = inner.gives_map if inner is not None else ()
        if len(terms) != 1 or terms[0] is None:
            return None
        return given(terms[0], tuple(self.terms.of(arg, one) for arg in one.args), one)

    # What is done with the member.

    @cached_property
    def stores(self) -> dict[Statement, tuple[Stored, ...]]:
        """The stores of the member, those of functions that it calls included."""
        found: dict[Statement, tuple[Stored, ...]] = {}
        if self._busy[0]:
            return found
        self._busy[0] = True
        for one in self.graph.statements:
            mine = tuple(self._stores(one))
            if mine:
                found[one] = mine
        self._busy[0] = False
        return found

    def _stores(self, one: Statement) -> Iterator[Stored]:
        if self.unit.named.search(one.target):
            roots = self._of(one, frozenset())
            yield Stored(self.terms.place(one.target, one), roots)
        if one.kind != "call" or one.name in SEEN:
            return
        inner = self.unit.traced(one.name)
        if inner is None or inner is self:
            return
        args = tuple(self.terms.of(arg, one) for arg in one.args)
        for stored in (stored for all_ in inner.stores.values() for stored in all_):
            slot = given(stored.slot, args, one) if stored.slot is not None else None
            here: set[Root] = set()
            for root in stored.roots:
                if root.kind == "param" and root.number < len(one.args):
                    here |= self.roots(one.args[root.number], one)
                elif root.kind != "map":
                    here.add(Root(root.kind, one))
            yield Stored(slot, frozenset(here))

    @cached_property
    def sets(self) -> list[Statement]:
        """The sets."""
        return [one for one in self.graph.statements if one.kind == "call" and one.name == KEPT]

    @cached_property
    def loads(self) -> list[Statement]:
        """The reads of the member."""
        return [one for one in self.graph.statements if one.kind == "set" and
                self.unit.named.search(one.value) and not one.value.startswith("&")]

    @cached_property
    def taken(self) -> list[Statement]:
        """Where the address of the member is taken for anything but a set, or something is done
        that cannot be read."""
        found: list[Statement] = []
        for one in self.graph.statements:
            if not self.unit.named.search(one.text) or one in self.loads or \
                    (one.kind == "set" and self.unit.named.search(one.target)):
                continue
            if one.kind == "set" and one.value.startswith("&") and SSA.fullmatch(one.target) and \
                    all(self._is_slot(use, one.target)
                        for use in self.graph.used.get(one.target, ())):
                continue
            if one.kind == "call" and one.name == KEPT and not any(
                    self.unit.named.search(arg) for arg in (one.args[0], one.args[2])):
                continue
            found.append(one)
        return found

    @staticmethod
    def _is_slot(use: Statement, name: str) -> bool:
        return use.kind == "call" and use.name == KEPT and use.args[1] == name and \
            name not in (use.args[0], use.args[2])

    def slot(self, one: Statement) -> Term:
        """The slot of a set."""
        term = self.terms.of(one.args[1], one)
        return term.of[0] if term.kind == "address" else term

    def frag_of(self, one: Statement) -> Term | None:
        """The frag of whose netmem a set is."""
        named = self.graph.defined.get(one.args[0])
        if named is None or named.kind != "call" or named.name != OF_FRAG:
            return None
        return self.terms.of(named.args[0], named)

    @cached_property
    def is_setting(self) -> bool:
        """Whether it sets, or what it calls does."""
        if self.sets:
            return True
        if self._busy[0]:
            return False
        self._busy[0] = True
        found = any(inner.is_setting for one in self.graph.statements if one.kind == "call"
                    and one.name not in SEEN
                    and (inner := self.unit.traced(one.name)) is not None)
        self._busy[0] = False
        return found

    # What becomes of a value.

    def ends(self, name: str, seen: frozenset[tuple[str, str]] = frozenset()) -> list[End]:
        """What becomes of a value."""
        if (self.graph.name, name) in seen:
            return []
        seen |= {(self.graph.name, name)}
        found: list[End] = []
        for one in self.graph.used.get(name, ()):
            found += self._end(name, one, seen)
        return found

    def _end(self, name: str, one: Statement, seen: frozenset[tuple[str, str]]) -> list[End]:
        if one.kind == "call":
            return self._handed(name, one, seen)
        if one.kind == "return":
            return [End("back", one)]
        if one.kind == "if":
            return [End("zero" if one.name in ("==", "!=") and "0" in one.args else "other", one)]
        if one.kind == "phi":
            return self.ends(one.target, seen)
        compared = _COMPARED.match(one.value)
        if compared is not None:
            # What is kept of the answer is no test.
            return self.ends(one.target, seen) if "0" in (compared[1], compared[3]) and \
                one.target in self.graph.defined else [End("other", one)]
        if one.target in self.graph.defined:
            is_value = _CAST.match(one.value) is not None or one.value == name or \
                not self._is_place(one.value)
            return self.ends(one.target, seen) if is_value else [End("other", one)]
        if one.target in self.variables and one.value == name:
            return [end for use in self.graph.used.get(one.target, ())
                    if use.value == one.target and use.target in self.graph.defined
                    for end in self.ends(use.target, seen)]
        return [End("stored", one)]

    @staticmethod
    def _is_place(value: str) -> bool:
        return "->" in value or "[" in value or value.startswith(("*", "MEM", "&"))

    def _handed(self, name: str, one: Statement, seen: frozenset[tuple[str, str]]) -> list[End]:
        found: list[End] = []
        for number, arg in enumerate(one.args):
            if arg != name:
                continue
            inner = self.unit.traced(one.name) if one.name not in SEEN else None
            if one.name in _ENDS and not number:
                found.append(End(_ENDS[one.name], one))
            elif one.name == KEPT and number == 2:
                found.append(End("set", one))
            elif one.name.startswith(BUILT_IN):
                found += self.ends(one.target, seen) if one.target in self.graph.defined \
                    else [End("other", one)]
            elif inner is None or number >= len(inner.graph.parameters):
                found.append(End("passed", one))
            else:
                found += inner.of_parameter(number, seen)
        return found

    def of_parameter(self, number: int, seen: frozenset[tuple[str, str]]) -> list[End]:
        """What becomes of a parameter."""
        base = self.graph.parameters[number]
        return [end for name in self.graph.used if name.endswith("(D)") and
                name.removesuffix("(D)").rpartition("_")[0] == base
                for end in self.ends(name, seen)]

    # Whether two values are one.

    def same(self, one: Term, other: Term) -> bool:
        """Whether two terms are the same value, each where it stands."""
        return same(one, other, self.stays)

    def stays(self, place: Term, first: Statement, then: Statement) -> bool:
        """Whether nothing sets a place on any way from one statement to another."""
        name = place.name if place.kind in ("member", "variable") else "*"
        local = place.kind == "variable"
        for one in self._between(first, then):
            found = self.unit.clobbers.of(one, self.graph)
            if (found is None and local) or (found and (
                    name in found or "*" in found or name == "*")):
                return False
        return True

    def _between(self, first: Statement, then: Statement) -> set[Statement]:
        """What may run between two statements, the first included."""
        forward = self._reached(first, then, back=False)
        return {first} | forward & self._reached(then, first, back=True)

    def _reached(self, start: Statement, stop: Statement, *, back: bool) -> set[Statement]:
        found: set[Statement] = set()
        todo = deque(self._next(start, back=back))
        while todo:
            one = todo.popleft()
            if one in found or one is stop or one is start:
                continue
            found.add(one)
            todo.extend(self._next(one, back=back))
        return found

    def _next(self, one: Statement, *, back: bool) -> list[Statement]:
        return self._order[back].get(one, [])

    @cached_property
    def _order(self) -> tuple[dict[Statement, list[Statement]], dict[Statement, list[Statement]]]:
        after: dict[Statement, list[Statement]] = {}
        before: dict[Statement, list[Statement]] = {}
        for block in self.graph.blocks.values():
            for number, one in enumerate(block.statements):
                rest = block.statements[number + 1:number + 2] or self._first(
                    tuple(block.successors), frozenset())
                after[one] = rest
                for other in rest:
                    before.setdefault(other, []).append(one)
        return after, before

    def _first(self, numbers: tuple[int, ...], seen: frozenset[int]) -> list[Statement]:
        """What runs first in some blocks, or behind those that are empty."""
        found: list[Statement] = []
        for number in numbers:
            block = self.graph.blocks.get(number)
            if block is None or number in seen:
                continue
            found += block.statements[:1] or self._first(
                tuple(block.successors), seen | {number})
        return found
