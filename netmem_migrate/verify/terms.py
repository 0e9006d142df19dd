# SPDX-License-Identifier: GPL-2.0-only
"""What the values of a function are made of, as terms that can be compared: two values are equal
where their terms are, and nothing of what they read is set between the two places."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from netmem_migrate.verify.gimple import SSA, Graph, Graphs, Statement

_DEPTH = 24
_CAST = re.compile(r"^\(([\w ]+(?: \*)*)\) (\S+)$")
_BINARY = re.compile(r"^(\S+) (\+|-|\*|<<|>>|&|\||\^|/|%) (\S+)$")
_NARROW = re.compile(r"\b(?:char|short|_Bool|bool|[su]8|[su]16|__[sbl]*e?16)\b")
_MEMBER = re.compile(r"(->|\.)([A-Za-z_]\w*)|\[([^\[\]]*)\]")
_MEM = re.compile(r"^MEM\[\((?:const )?(?:struct|union) \w+ \*\)(\S+)\]")
_NAME = re.compile(r"[A-Za-z_.][\w.]*(?:\(D\))?")
_LITERAL = re.compile(r"-?\d\w*|\"")


@dataclass(frozen=True, slots=True)
class Term:
    """A value: how it is made of others, what it is named, and for one that is not made of others
    (`kind` is "leaf" or "load") the statement that sets it, or reads it.

    Kinds are "const", "param", "leaf", "load", "deref", "member", "element", "address" and the
    signs of what is computed.
    """

    kind: str
    name: str = ""
    of: tuple[Term, ...] = ()
    at: Statement | None = None

    def leaves(self) -> Iterator[Statement]:
        """What sets the values that it begins with."""
        if self.at is not None:
            yield self.at
        for one in self.of:
            yield from one.leaves()


class Terms:
    """The terms of one function."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._known: dict[str, Term] = {}

    def of(self, operand: str, at: Statement, depth: int = 0) -> Term:
        """An operand of a statement."""
        operand = operand.strip()
        if _LITERAL.match(operand):
            return Term("const", operand)
        if operand.startswith("&"):
            return Term("address", "", (self.place(operand[1:], at, depth),))
        number = self.graph.parameter(operand)
        if number is not None:
            return Term("param", str(number))
        if SSA.fullmatch(operand) and operand in self.graph.defined:
            if operand not in self._known:
                self._known[operand] = self._value(operand, depth)
            return self._known[operand]
        return Term("load", "", (self.place(operand, at, depth),), at)

    def place(self, text: str, at: Statement, depth: int = 0) -> Term:
        """What an operand names in memory."""
        text = text.strip()
        whole = _MEM.match(text)
        if whole is not None:
            found, rest = Term("deref", "", (self.of(whole[1], at, depth + 1),)), text[whole.end():]
        elif text.startswith("*") or text.startswith("(*"):
            inner, _, rest = text.lstrip("(").removeprefix("*").partition(")")
            if text.startswith("*"):
                name = _NAME.match(text, 1)
                inner, rest = (name[0], text[name.end():]) if name is not None else (inner, "")
            found = Term("deref", "", (self.of(inner, at, depth + 1),))
        else:
            name = _NAME.match(text)
            base = name[0].rstrip(".") if name is not None else text
            rest = text[len(base):]
            found = Term("deref", "", (self.of(base, at, depth + 1),)) \
                if rest.startswith("->") or (SSA.fullmatch(base) and base in self.graph.defined) \
                else Term("variable", base)
        for one in _MEMBER.finditer(rest):
            if one[3] is not None:
                found = Term("element", "", (found, self.of(one[3], at, depth + 1)))
            else:
                found = Term("member", one[2], (found,))
        return found

    def _value(self, name: str, depth: int) -> Term:
        one = self.graph.defined[name]
        leaf = Term("leaf", "", (), one)
        if one.kind != "set" or depth > _DEPTH:
            return leaf
        text = one.value
        cast = _CAST.match(text)
        if cast is not None:
            inner = self.of(cast[2], one, depth + 1)
            return Term("cast", cast[1], (inner,)) if _NARROW.search(cast[1]) else inner
        pair = _BINARY.match(text)
        if pair is not None:
            return Term(pair[2], "", (self.of(pair[1], one, depth + 1),
                                      self.of(pair[3], one, depth + 1)))
        if " " in text and not text.startswith(("MEM", "&MEM")):
            return leaf
        return self.of(text, one, depth + 1)


def given(term: Term, args: tuple[Term, ...], at: Statement) -> Term | None:
    """A term of a function that is called, for its caller; None for one that a caller cannot
    say."""
    if term.kind == "param":
        number = int(term.name)
        return args[number] if number < len(args) else None
    if term.kind in ("leaf", "variable"):
        return None
    of = [given(one, args, at) for one in term.of]
    if any(one is None for one in of):
        return None
    return Term(term.kind, term.name, tuple(one for one in of if one is not None),
                at if term.at is not None else None)


def same(one: Term, other: Term, stays: Callable[[Term, Statement, Statement], bool]) -> bool:
    """Whether two terms are the same value; `stays` says whether what a load reads does between
    two statements."""
    if (one.kind, one.name, len(one.of)) != (other.kind, other.name, len(other.of)):
        return False
    if one.kind == "leaf":
        return one.at is other.at
    if not all(same(mine, its, stays) for mine, its in zip(one.of, other.of, strict=True)):
        return False
    if one.kind != "load" or one.at is other.at:
        return True
    return one.at is not None and other.at is not None and stays(one.of[0], one.at, other.at)


@dataclass(slots=True, eq=False)
class Clobbers:
    """What functions set: the members, and the variables, by name; "*" is what a bare pointer
    leads to."""

    graphs: Graphs
    _known: dict[str, frozenset[str]] = field(default_factory=dict)

    def of_function(self, name: str) -> frozenset[str] | None:
        """Those of a function; None for one that is not read."""
        if name in self._known:
            return self._known[name]
        graph = self.graphs.get(name)
        if graph is None:
            return None
        self._known[name] = frozenset()
        found = frozenset(word for one in graph.statements for word in self.of(one, graph) or ())
        self._known[name] = found
        return found

    def of(self, one: Statement, graph: Graph) -> frozenset[str] | None:
        """Those of a statement; None for a call of what is not read."""
        found: frozenset[str] = frozenset()
        if one.kind == "call":
            inner = self.of_function(one.name)
            if inner is None and not one.target:
                return None
            found = inner or frozenset()
        if one.target and not (SSA.fullmatch(one.target) and one.target in graph.defined):
            found |= {last(one.target)}
        return found


def last(place: str) -> str:
    """The member or variable that a place is."""
    names = re.findall(r"(?:->|\.)([A-Za-z_]\w*)", place)
    return names[-1] if names else "*" if place.startswith(("*", "(*", "MEM")) else \
        place.partition("[")[0]
