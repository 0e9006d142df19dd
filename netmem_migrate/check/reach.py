# SPDX-License-Identifier: GPL-2.0-only
"""Which functions of a driver may meet memory that the CPU cannot read.

A driver that sets PP_FLAG_ALLOW_UNREADABLE_NETMEM whatever happens meets it everywhere. One that
sets it under a condition has modes of receiving in which there is none: there it is met where the
driver asks for it (netmem_is_net_iov() and the like), and in what is called from there, but for
calls that come only after the answer that the memory can be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.check.paths.lines import said
from netmem_migrate.flow.cfg import ControlFlow, Edge, build, transparent
from netmem_migrate.flow.unreadable import FLAG
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import TO_NETMEM
from netmem_migrate.results import Waypoint

_ASKS = re.compile(rb"\b(?:%b)\s*\(" % "|".join(
    (*named(Trait.TELLS_UNREADABLE), *named(Trait.TELLS_READABLE))).encode())
_BRANCHES = ("if_statement", "conditional_expression", "case_statement", "else_clause",
             "while_statement", "for_statement", "do_statement")
_Key = tuple[str, int]


class Reach:
    """The functions of one driver that may meet unreadable memory; `allowed` says if any may."""

    def __init__(self, symbols: Symbols, parsed: Mapping[str, ParsedFile], allowed: bool,
                 always: bool = False) -> None:
        """Take the files that are judged. `always`: wherever there is netmem."""
        self._symbols, self._parsed = symbols, parsed
        self.allowed = allowed
        self._always = always

    def way(self, function: Function) -> tuple[Waypoint, ...] | None:
        """The calls that lead to a function with such memory, first who asks for it; None where
        nothing shows that it gets there.
        """
        if not self.allowed:
            return None
        return () if self._everywhere else self._ways.get(_key(function))

    def only_pages(self, function: Function, name: bytes) -> bool:
        """Whether a parameter is a page in each call of a function that only its file can call."""
        numbers = [number for number, one in enumerate(function.parameters) if one.name == name]
        if not numbers or not function.static:
            return False
        given = self._calls.get((function.file, function.name), ())
        return bool(given) and len(given) == self._named(function) and all(
            len(one.args) > numbers[0] and _is_page(one.args[numbers[0]]) for one in given)

    @cached_property
    def _everywhere(self) -> bool:
        return self._always or not self._askers or not all(
            _under_condition(file.tree.root_node, node)
            for file in self._parsed.values() if FLAG in file.source
            for node in nodes(file.tree.root_node, "identifier") if view.text(node) == FLAG)

    @cached_property
    def _askers(self) -> list[Function]:
        return [one for several in self._symbols.functions.values() for one in several
                if one.file in self._parsed and one.body is not None and not one.node.has_error
                and asks(self._parsed[one.file].text(one.node))]

    @cached_property
    def _ways(self) -> Mapping[_Key, tuple[Waypoint, ...]]:
        """The way to each function that is reached, by the shortest chain of calls."""
        found: dict[_Key, tuple[Waypoint, ...]] = {}
        queue = list(self._askers)
        for one in queue:
            found[_key(one)] = (self._question(one),)
        for one in queue:
            for call in self._unanswered(one):
                to = self._symbols.function(call.name, one.file)
                if to is None or to.body is None or to.file not in self._parsed or \
                        to.node.has_error or _key(to) in found:
                    continue
                found[_key(to)] = (*found[_key(one)], Waypoint(
                    one.file, call.node.start_point[0] + 1, said(call.node)))
                queue.append(to)
        return found

    def _question(self, function: Function) -> Waypoint:
        """Where a function asks first."""
        file = self._parsed[function.file]
        asked = _ASKS.search(file.source, function.node.start_byte, function.node.end_byte)
        at = asked.start() if asked is not None else function.node.start_byte
        node = next((one.node for one in view.calls(function.node) if one.node.start_byte == at),
                    function.node)
        return Waypoint(function.file, file.line_of(at), said(node))

    def _unanswered(self, function: Function) -> list[view.Call]:
        """The calls that are reached without the answer that the memory can be read."""
        assert function.body is not None
        if not asks(self._parsed[function.file].text(function.node)):
            return list(view.calls(function.body))
        flow = build(function.body)
        return [call for number in _open(flow) for item in flow.blocks[number].items
                for call in view.calls(item.node)]

    @cached_property
    def _calls(self) -> Mapping[tuple[str, bytes], list[view.Call]]:
        found: dict[tuple[str, bytes], list[view.Call]] = {}
        for path, file in self._parsed.items():
            for call in view.calls(file.tree.root_node):
                found.setdefault((path, call.name), []).append(call)
        return found

    def _named(self, function: Function) -> int:
        """How often a file names a function, other than to declare it."""
        root = self._parsed[function.file].tree.root_node
        return sum(1 for node in nodes(root, "identifier") if view.text(node) == function.name
                   and not any(one.type == "function_declarator"
                               for one in above(root, node)[:1]))


def asks(text: bytes) -> bool:
    """Whether some code asks what the memory is."""
    return _ASKS.search(text) is not None


def _key(function: Function) -> _Key:
    return function.file, function.node.start_byte


def _is_page(argument: Node) -> bool:
    call = view.call(view.bare(argument))
    return call is not None and call.name == TO_NETMEM.encode()


def _under_condition(root: Node, node: Node) -> bool:
    return any(one.type in _BRANCHES for one in above(root, node))


def _open(flow: ControlFlow) -> list[int]:
    """The blocks that are reached without the answer that the memory can be read."""
    seen = {0}
    queue = [0]
    for number in queue:
        for edge in flow.blocks[number].edges:
            if edge.to not in seen and not _readable(edge):
                seen.add(edge.to)
                queue.append(edge.to)
    return queue


def _readable(edge: Edge) -> bool:
    """Whether a way is taken only where the memory can be read."""
    call = view.call(transparent(edge.test)) if edge.test is not None else None
    return call is not None and has(call.name, Trait.TELLS_READABLE if edge.truth
                                    else Trait.TELLS_UNREADABLE)
