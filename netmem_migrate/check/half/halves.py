# SPDX-License-Identifier: GPL-2.0-only
"""Conversions by halves, found in what a change leaves behind.

Types are those of declarations in sight; where one is not, nothing is said.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from operator import itemgetter

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import in_all_arms, nodes
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.types import Record, Type
from netmem_migrate.c.words import WORD
from netmem_migrate.check.declared import (
    of_difference,
    of_expressions,
    of_function,
    of_parameter,
    of_record,
)
from netmem_migrate.check.half import initialisers
from netmem_migrate.check.half.expressions import NETMEM, NULL, Expressions, clash, said
from netmem_migrate.check.half.sides import Sides
from netmem_migrate.check.paths.lines import waypoints
from netmem_migrate.check.registry import rule
from netmem_migrate.model.schema import ApiFunction
from netmem_migrate.model.spelled import REF
from netmem_migrate.results import FileChange, Finding, Waypoint

_NEW = re.compile(rb"\w*netmems?\w*")
_TO_MACRO = re.compile(rb"(?<!\w)(\w++)\s*+\((?=([^()]*+))")
# A macro in a place of its own, given one name.
_ALONE = re.compile(rb"(?<=[;{}])\s*(?!WARN|BUG)[A-Z]\w*\s*\(\s*(\w+)\s*\)\s*;")
_TAG = re.compile(rb"\b(?:struct|union|enum)\s")
_DECLARES = re.compile(rb"for_each|foreach|_scoped\Z|DEFINE|DECLARE|HEAD")
_EITHER = frozenset(("&&", "||"))
_SAME = frozenset(("==", "!=", "<", ">", "<=", ">="))


def halves(changes: Sequence[FileChange], api: Mapping[str, ApiFunction],
           beside: Mapping[str, bytes] | None = None) -> tuple[Finding, ...]:
    """What a change of some files leaves half converted, in order of file and line.

    `beside` are the files of the driver that do not change, `api` the functions of the release.
    """
    sides = Sides(changes, beside or {})
    found: dict[Finding, None] = {}
    for function, old in sides.concerned():
        if not function.node.has_error:
            found.update(dict.fromkeys(_Function(sides, function, old, api).findings()))
    for path, parsed in sides.looked_at.items():
        for node in in_all_arms(parsed.tree.root_node):
            if node.type == "declaration" and not node.has_error and any(
                    (value := view.value(one)) is not None and value.type == "initializer_list"
                    for one in node.children_by_field_name("declarator")):
                types = Expressions(sides.after, path, None, api)
                found.update(dict.fromkeys(_initialised(sides, types, node, b"")))
    found.update(dict.fromkeys(_prototypes(sides)))
    return tuple(sorted(found))


class _Function:
    """One function that is left behind."""

    def __init__(self, sides: Sides, function: Function, old: Function | None,
                 api: Mapping[str, ApiFunction]) -> None:
        self.sides, self.function, self.old = sides, function, old
        self.symbols = sides.after
        self.path = function.file
        self.types = Expressions(self.symbols, self.path, function, api)
        self.was = Expressions(sides.before, self.path, old, api) if old is not None else None

    def findings(self) -> Iterator[Finding]:
        yield from self._members()
        yield from self._names()
        yield from self._sides()
        yield from self._calls()
        yield from _initialised(self.sides, self.types, self.function.node, self.function.name)

    def _members(self) -> Iterator[Finding]:
        gone = self.sides.members
        for node in nodes(self.function.node, "field_expression"):
            field = view.field(node)
            if field is None:
                continue
            base = self.types.of(field.base)
            if base == NETMEM:
                yield self._finding("half-converted", node,
                                    f"`{_text(node)}`: a {REF} has no members")
                continue
            if base is not None and field.arrow:
                base = base.target()
            if base is None or base.derivations:
                continue
            record = self.symbols.record(base.base, self.path)
            if record is None or field.name in record.members or self._spells(record, field.name):
                continue
            # What was there before in the same words is out of the parser's sight, not wrong.
            if field.name in gone.get(base.base, ()) or field.name not in self._words_before:
                yield self._finding("member-gone", field.member,
                                    f"`{_text(node)}`: {base.base} has no {_word(field.name)}",
                                    of_record(self.symbols, record))

    @cached_property
    def _words_before(self) -> frozenset[bytes]:
        """The words of the function before the change; of the file, where it is new."""
        parsed = self.sides.before.files.get(self.path)
        if parsed is None:
            return frozenset()
        text = parsed.text(self.old.node) if self.old is not None else parsed.source
        return frozenset(WORD.findall(text))

    def _spells(self, record: Record, name: bytes) -> bool:
        """Whether a word stands in a record, where a macro may make a member of it."""
        return name in self.sides.spelled(record)

    def _names(self) -> Iterator[Finding]:
        by_macros, pasted = self._macros
        declared = {*self.types.names.declared, *by_macros}
        was = self.was.names.declared if self.was is not None else {}
        known = self.sides.words.get(self.path, frozenset())
        # A function of the kernel may be called that nothing in sight declares.
        called = {call.function.start_byte for call in view.calls(self.function.node)}
        for node in nodes(self.function.node, "identifier"):
            name = view.text(node)
            if name in declared or not name.islower() or self._is_known(name) or \
                    name == REF.encode():
                continue
            place = bisect_right(pasted, node.start_byte, key=itemgetter(0)) - 1
            if place >= 0 and node.start_byte < pasted[place][1]:
                continue
            if name in was or (_NEW.fullmatch(name) and name not in known
                               and node.start_byte not in called):
                yield self._finding("undeclared", node, f"{_word(name)} is not declared")

    @cached_property
    def _macros(self) -> tuple[frozenset[bytes], list[tuple[int, int]]]:
        """The names that macros declare, and where names are pasted, or those of members, in order.

        Looked for in the text: heads of loops that are macros are none of the parser's.
        """
        declared: set[bytes] = set()
        pasted: list[tuple[int, int]] = []
        node, source = self.function.node, self.symbols.files[self.path].source
        for match in _TO_MACRO.finditer(source, node.start_byte, node.end_byte):
            name, given = match[1], match[2]
            if _DECLARES.search(name):
                declared.update(WORD.findall(given))
            elif not name.islower() or name in self.symbols.macros or _TAG.search(given):
                pasted.append(match.span(2))
        declared.update(match[1] for match in _ALONE.finditer(
            source, node.start_byte, node.end_byte))
        return frozenset(declared), pasted

    def _is_known(self, name: bytes) -> bool:
        symbols = self.symbols
        return (symbols.function(name, self.path) is not None or name in symbols.macros
                or symbols.variable(name, self.path) is not None)

    def _sides(self) -> Iterator[Finding]:
        root = self.function.node
        for store in view.stores(root):
            yield from self._clash(store.node, store.target, store.value)
        for kind, find in (("binary_expression", self._compared),
                           ("pointer_expression", self._followed),
                           ("subscript_expression", self._indexed),
                           ("return_statement", self._returned),
                           ("conditional_expression", self._chosen)):
            for node in nodes(root, kind):
                yield from find(node)

    def _compared(self, node: Node) -> Iterator[Finding]:
        infix = view.infix(node)
        if infix is None:
            return
        if infix.sign in _SAME:
            yield from self._clash(node, infix.left, infix.right)
        elif infix.sign not in _EITHER and NULL in map(self.types.of, (infix.left, infix.right)):
            yield self._finding("half-converted", node, f"`{_text(node)}`: NULL is no number")

    def _followed(self, node: Node) -> Iterator[Finding]:
        prefix = view.prefix(node)
        if prefix is not None and prefix.sign == "*" and self.types.of(prefix.argument) == NETMEM:
            yield self._finding("half-converted", node, f"`{_text(node)}`: a {REF} is no pointer")

    def _indexed(self, node: Node) -> Iterator[Finding]:
        inner = view.operand(node)
        if inner is not None and self.types.of(inner) == NETMEM:
            yield self._finding("half-converted", node, f"`{_text(node)}`: a {REF} is no array")

    def _returned(self, node: Node) -> Iterator[Finding]:
        given = view.children(node)
        if given:
            yield from self._clash(node, self.function, given[0])

    def _chosen(self, node: Node) -> Iterator[Finding]:
        branch = view.branch(node)
        if branch is not None and branch.then is not None and branch.otherwise is not None:
            # Of a choice that is chosen the first will do: its own two are held against each other.
            yield from self._clash(node, branch.then, next(_arms(branch.otherwise)))

    def _calls(self) -> Iterator[Finding]:
        for call in view.calls(self.function.node):
            wanted = self.types.parameters(call)
            if wanted is None or call.arguments.has_error:
                continue
            own = self.symbols.function(call.name, self.path)
            if len(wanted) != len(call.args):
                if own is not None and call.name in self.sides.names:
                    yield self._finding(
                        "prototype-differs", call.node,
                        f"{_word(call.name)}() takes {len(wanted)} arguments, not {len(call.args)}",
                        of_function(self.symbols, own))
                continue
            for number, (want, given) in enumerate(zip(wanted, call.args, strict=True), 1):
                message = _clash(want, self.types.of(given),
                                 f"argument {number} of {_word(call.name)}()")
                if message:
                    yield self._finding("half-converted", given, message, (
                        *of_parameter(self.symbols, call.name, number - 1),
                        *self._declared(given)))

    def _clash(self, node: Node, to: Node | Function, given: Node) -> Iterator[Finding]:
        """The finding where a value is not of the type of a place, or of a function's result."""
        want = to.result if isinstance(to, Function) else self.types.of(to)
        for one in _arms(given):
            if clash(want, self.types.of(one)):
                message = _clash(want, self.types.of(one), f"`{_text(node)}`")
                yield self._finding("half-converted", node, message, (
                    *(of_function(self.symbols, to) if isinstance(to, Function)
                      else self._declared(to)), *self._declared(one)))
                return

    def _declared(self, node: Node) -> tuple[Waypoint, ...]:
        return of_expressions(self.symbols, self.path, self.types.names, node)

    def _finding(self, id_: str, node: Node, message: str,
                 path: Iterable[Waypoint] = ()) -> Finding:
        found = _finding(id_, self.path, node, message, self.function.name)
        return replace(found, path=(*path, *waypoints(self.path, None, node))) if path else found


def _arms(node: Node) -> Iterator[Node]:
    """What an expression may be: of a choice, each of its two."""
    left = [node]
    while left:
        one = view.bare(left.pop())
        branch = view.branch(one) if one.type == "conditional_expression" else None
        if branch is None or branch.then is None or branch.otherwise is None:
            yield one
        else:
            left += (branch.otherwise, branch.then)


def _initialised(sides: Sides, types: Expressions, root: Node, function: bytes
                 ) -> Iterator[Finding]:
    """Members that are given by name in a function, or in a declaration outside of any."""
    for one in initialisers.given(root, types):
        if one.type is None:
            if one.name in sides.members.get(one.record.base, ()) or _NEW.fullmatch(one.name):
                record = types.symbols.record(one.record.base, types.path)
                yield replace(
                    _finding("member-gone", types.path, one.node, f"`{_text(one.node)}`: "
                             f"{one.record.base} has no {_word(one.name)}", function),
                    path=of_record(types.symbols, record) if record is not None else ())
            continue
        message = _clash(one.type, types.of(one.value), f"`{_text(one.node)}`")
        if message:
            yield replace(
                _finding("half-converted", types.path, one.node, message, function),
                path=of_expressions(types.symbols, types.path, types.names, one.value))


def _clash(want: Type | None, has: Type | None, where: str) -> str:
    if want is None or has is None or not clash(want, has):
        return ""
    return f"{where}: {said(has)} where {said(want)} is wanted"


def _prototypes(sides: Sides) -> Iterator[Finding]:
    """Prototypes that do not fit the function, and did before."""
    apart = {(one.name, one.file, other.file) for one, other in _apart(sides.before)}
    for one, other in _apart(sides.after):
        if one.name in sides.names and (one.name, one.file, other.file) not in apart:
            yield replace(
                _finding("prototype-differs", other.file, other.declarator,
                         f"{_word(one.name)}() is declared otherwise in {one.file}", one.name),
                path=of_difference(sides.after, one, other))


def _apart(symbols: Symbols) -> Iterator[tuple[Function, Function]]:
    for several in symbols.functions.values():
        first = next((one for one in several if one.body is not None), several[0])
        for one in several:
            if one is first or (one.body is not None and one.file != first.file) or (
                    (one.static or first.static) and one.file != first.file):
                continue
            shapes = _shape(symbols, one), _shape(symbols, first)
            # A function and its stub stand in two arms of one `#if`, and often differ a little.
            if shapes[0] != shapes[1] and (one.static == first.static or any(
                    map(clash, *shapes))):
                yield first, one


def _shape(symbols: Symbols, function: Function) -> tuple[Type, ...]:
    return tuple(one if one == NETMEM else symbols.resolve(one)
                 for one in (function.result, *(each.type for each in function.parameters)))


def _finding(id_: str, path: str, node: Node, message: str, function: bytes) -> Finding:
    declared = rule(id_)
    row, column = node.start_point
    return Finding(path, row + 1, column + 1, id_, declared.severity.value,
                   _word(function), message, declared.why)


def _text(node: Node) -> str:
    return " ".join(view.text(node).decode("utf-8", "replace").split())[:80]


def _word(name: bytes) -> str:
    return name.decode("latin-1")

