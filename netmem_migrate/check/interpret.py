# SPDX-License-Identifier: GPL-2.0-only
"""Check the files of one driver: every function that touches pool memory, on all of its paths.

Paths are kept apart as long as they differ in what is known; conditions that are tested more than
once are taken the same way again. A function with too many such paths is left alone: a finding
must be worth reading.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.check.findings import Finding
from netmem_migrate.check.paths.cfg import Graph, build
from netmem_migrate.check.paths.conditions import refine, tested
from netmem_migrate.check.paths.state import Frozen, Known, Memory, Owner, State
from netmem_migrate.check.paths.summaries import ANYTHING, Does, Summary, does
from netmem_migrate.check.paths.transfer import Report, Scope, Step
from netmem_migrate.check.paths.values import Op, operations
from netmem_migrate.check.rules.calls import call_findings
from netmem_migrate.check.rules.pool import pool_findings
from netmem_migrate.check.rules.table import finding
from netmem_migrate.check.rules.unreadable import unreadable_findings
from netmem_migrate.flow.unreadable import allows_unreadable

_FILE = re.compile(rb"page_pool_|netmem|skb_add_rx_frag|skb_frag|skb_fill_page_desc")
_OWNS = re.compile(
    rb"\b(?:page_pool_(?:dev_)?alloc\w*|page_pool_(?:put|recycle|free|ref|fragment)\w*|"
    rb"skb_add_rx_frag\w*|(?:__)?skb_fill_(?:page|netmem)_desc\w*|skb_frag_fill_\w+_desc|"
    rb"napi_pp_put_page|get_netmem|put_netmem)\s*\(")
_NAME = re.compile(rb"\b[A-Za-z_]\w*(?=\s*\()")
_MEMORY = (("struct page", ("p",)), ("netmem_ref", ()))
_MAX_STATES = 20000
_MAX_IN_BLOCK = 1500


@dataclass(frozen=True, slots=True)
class _Body:
    """A function's graph, with each block as operations."""

    graph: Graph
    operations: tuple[tuple[Op, ...], ...]
    local: frozenset[str]
    again: frozenset[str]


class _Driver:
    """The parsed files of one driver, and what its functions do."""

    def __init__(self, files: Mapping[str, bytes | ParsedFile]) -> None:
        self.symbols = Symbols()
        self.files: dict[str, ParsedFile] = {}
        for path, given in files.items():
            source = _bytes(given)
            if isinstance(given, ParsedFile):
                self.symbols.texts.add(given)
            if _FILE.search(source):
                self.files[path] = self.symbols.texts.parse(source)
            else:
                self.symbols.postpone(path, source)
        for path, parsed in self.files.items():
            self.symbols.add(path, parsed)
        self.summaries: dict[tuple[str, int], Summary] = {}
        self.bodies: dict[tuple[str, int], _Body] = {}
        self.known: dict[tuple[str, str], Summary | None] = {}

    def summary(self, name: str, path: str) -> Summary | None:
        """What the driver's function `name` does; None if it has none."""
        key = (path, name)
        if key not in self.known:
            function = self.symbols.function(name.encode(), path) if name else None
            if function is not None and function.body is None and name.startswith("page_pool_"):
                function = None  # only declared: the kernel's own
            self.known[key] = ANYTHING if function is not None else None
            if function is not None and function.body is not None:
                self.known[key] = self.read(function)
        return self.known[key]

    def read(self, function: Function) -> Summary:
        """Follow the parameters that are memory through a function, and its results."""
        key = (function.file, function.node.start_byte)
        if key in self.summaries:
            return self.summaries[key]
        self.summaries[key] = ANYTHING
        result = (function.result.base, tuple(function.result.derivations))
        watched = [one.name.decode("latin-1") for one in function.parameters
                   if (one.type.base, tuple(one.type.derivations)) in _MEMORY and one.name]
        gives = result in _MEMORY
        if (not watched and not gives) or function.node.has_error:
            return ANYTHING
        start = State()
        for name in watched:
            start.memory["param:" + name] = Memory(Known.UNKNOWN, Owner.HERE)
            start.places[name] = ("param:" + name, False)
        scope = self.scope(function, lambda *_: None,
                           frozenset("param:" + name for name in watched))
        self.follow(function, scope, start)
        if scope.aborted:
            return ANYTHING
        arguments = []
        for one in function.parameters:
            key_ = "param:" + one.name.decode("latin-1")
            owners = {left[key_] for left in scope.left if key_ in left}
            arguments.append(does(owners) if key_ in scope.parameters and all(
                key_ in left for left in scope.left) else Does.ANYTHING)
        fresh = gives and any(memory is not None for memory, _ in scope.gives) and all(
            (memory is None and nothing) or (
                memory is not None and not nothing and bool(memory.origin)
                and memory.owner == Owner.HERE) for memory, nothing in scope.gives)
        self.summaries[key] = Summary(tuple(arguments), fresh)
        return self.summaries[key]

    def scope(self, function: Function, report: Report, parameters: frozenset[str]) -> Scope:
        """What the rules know of a function."""
        body = self.body(function)
        return Scope(body.local, body.again, lambda name: self.summary(name, function.file),
                     report, parameters)

    def body(self, function: Function) -> _Body:
        """The graph and the operations of a function; read once."""
        key = (function.file, function.node.start_byte)
        if key not in self.bodies:
            assert function.body is not None
            graph = build(function.body)
            conditions = Counter(
                name or text
                for block in graph.blocks for edge in block.edges
                if edge.test is not None and edge.truth
                for name, _, text in (tested(edge.test),) if name or text)
            ops = tuple(tuple(op for item in block.items for op in operations(item))
                        for block in graph.blocks)
            again = frozenset(one for one, count in conditions.items() if count > 1)
            constants = {op.name for block in ops for op in block if op.kind == "assign"}
            again |= frozenset(one for one in conditions if one in constants)
            self.bodies[key] = _Body(graph, ops, _locals(function), again)
        return self.bodies[key]

    def follow(self, function: Function, scope: Scope, start: State) -> None:
        """Run all paths of a function from a state, to its end."""
        body = self.body(function)
        blocks = body.graph.blocks
        seen: list[set[Frozen]] = [set() for _ in blocks]
        work: list[tuple[int, State]] = [(0, start)]
        total = 0
        assert function.body is not None
        while work:
            number, state = work.pop()
            step = Step(scope, state)
            for op in body.operations[number]:
                step.run(op)
            if any(op.kind == "return" for op in body.operations[number][-1:]):
                continue
            if number == body.graph.exit:
                step.end(function.body.children[-1])
                scope.gives.append((None, False))
                continue
            state.tidy(scope.parameters)
            for edge in blocks[number].edges:
                after = State(dict(state.places), dict(state.memory), dict(state.facts))
                if edge.test is not None and not refine(scope.again, after, edge.test, edge.truth):
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
                work.append((edge.to, after))


def _turn(state: State) -> None:
    """Another turn of a loop: what was known of members may not hold any more."""
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
            inner: Node | None = one
            while inner is not None and inner.type in ("init_declarator", "pointer_declarator"):
                inner = inner.child_by_field_name("declarator")
            if inner is not None and inner.type == "identifier":
                found.add((inner.text or b"").decode("latin-1"))
    return frozenset(found)


def check_sources(files: Mapping[str, bytes | ParsedFile], *, api: str = "7.3",
                  unreadable: bool | None = None) -> tuple[Finding, ...]:
    """What is wrong in the files of one driver, in order of file and line.

    `files` are all sources of the driver by path, headers included, parsed or not. `unreadable`
    says whether its pools may give memory that the CPU cannot read; None: if it sets
    PP_FLAG_ALLOW_UNREADABLE_NETMEM. `api` is the kernel release whose prototypes count; for one
    that the model does not hold, arguments are not judged. Never raises for any bytes; functions
    that do not parse are named and left out.
    """
    if not any(_FILE.search(_bytes(given)) for given in files.values()):
        return ()
    driver = _Driver(files)
    hidden = allows_unreadable(map(_bytes, files.values())) if unreadable is None else unreadable
    found: set[Finding] = set()
    allocators = _wrappers(driver)
    for path, parsed in driver.files.items():
        found.update(pool_findings(path, parsed))
    for function in [one for several in driver.symbols.functions.values() for one in several]:
        if function.file not in driver.files or function.body is None:
            continue
        parsed = driver.files[function.file]
        text = parsed.source[function.node.start_byte:function.node.end_byte]
        wraps = not allocators.isdisjoint(_NAME.findall(text))
        if not wraps and not _FILE.search(text):
            continue
        if function.node.has_error:
            found.add(_not_followed(function, "it does not parse"))
            continue
        found.update(call_findings(driver.symbols, function, api))
        if hidden:
            found.update(unreadable_findings(function, parsed))
        if wraps or _OWNS.search(text):
            found.update(_owned(driver, function))
    return tuple(sorted(found, key=lambda one: (one.file, one.line, one.column, one.id)))


def _bytes(given: bytes | ParsedFile) -> bytes:
    return given.source if isinstance(given, ParsedFile) else given


def _wrappers(driver: _Driver) -> frozenset[bytes]:
    """The driver's functions that take or give memory themselves."""
    return frozenset(
        name for name, functions in driver.symbols.functions.items() for one in functions
        if one.body is not None and ((one.result.base, tuple(one.result.derivations)) in _MEMORY
        or any((p.type.base, tuple(p.type.derivations)) in _MEMORY for p in one.parameters)))


def _owned(driver: _Driver, function: Function) -> list[Finding]:
    found: dict[tuple[str, int], Finding] = {}

    def report(rule: str, node: Node, name: str, by: str) -> None:
        key = (rule, node.start_byte)
        if key not in found:
            found[key] = finding(rule, function.file, function.name.decode("latin-1"), node,
                                 name=name, by=by)

    scope = driver.scope(function, report, frozenset())
    driver.follow(function, scope, State())
    if scope.aborted:
        return [_not_followed(function, "it has too many paths")]
    return list(found.values())


def _not_followed(function: Function, why: str) -> Finding:
    """A function that is left alone is named: silence would look like a clean bill."""
    return finding("not-followed", function.file, function.name.decode("latin-1"), function.node,
                   message=f"not followed: {why}")
