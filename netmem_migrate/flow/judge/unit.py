# SPDX-License-Identifier: GPL-2.0-only
"""What is judged: the module that creates a pool, with all that it is built of, function by
function.

Two drivers of one folder are two units. A comment is no code, and what no file of the module says
is not there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import defined, exported
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.words import CALL, WORD, include_lines
from netmem_migrate.files import plain
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.held import held
from netmem_migrate.kernel.makefiles import of_driver
from netmem_migrate.kernel.search import search
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Trait
from netmem_migrate.results import Evidence


@dataclass(frozen=True, slots=True)
class Body:
    """A function of the unit: its file, its name, and its definition."""

    file: str
    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class Use:
    """A call in a function of the unit."""

    body: Body
    call: view.Call

    @property
    def name(self) -> str:
        return self.call.name.decode("latin-1")


class Unit:
    """A module of an analysed driver, and the library that it takes its pools from.

    `own` are the files of the module, `files` all; `texts` are those of the library.
    """

    def __init__(self, analysis: Analysis, own: Sequence[str],
                 texts: Mapping[str, bytes] | None = None) -> None:
        self.analysis = analysis
        self.own = tuple(own)
        self.texts = {file: analysis.sources[file] for file in own}
        self.texts |= {file: text for file, text in (texts or {}).items()
                        if file not in self.texts}
        self.files = tuple(self.texts)
        self._typed: dict[Body, Typed] = {}

    @cached_property
    def lent(self) -> frozenset[str]:
        """The files of a library that creates the pools of a module which creates none."""
        if any(file.endswith(".c") and creates(self.texts[file]) for file in self.own):
            return frozenset()
        return frozenset(self.files) - frozenset(self.own)

    @cached_property
    def parsed(self) -> dict[str, ParsedFile]:
        """The files, parsed."""
        texts, known = self.analysis.symbols.texts, self.analysis.symbols.files
        return {file: known.get(file) or texts.parse(self.analysis.originals.get(file, text))
                for file, text in self.texts.items()}

    @cached_property
    def code(self) -> dict[str, bytes]:
        """The files without what is no code."""
        return {file: code_of(text) for file, text in self.texts.items()}

    @cached_property
    def bodies(self) -> tuple[Body, ...]:
        """All functions, in order of the files."""
        return tuple(Body(file, one.name, one.node) for file, parsed in self.parsed.items()
                     for one in parsed.functions())

    @cached_property
    def calls(self) -> dict[str, list[Use]]:
        """All calls by the name of the function."""
        found: dict[str, list[Use]] = {}
        for body in self.bodies:
            for call in view.calls(body.node):
                if call.name:
                    found.setdefault(call.name.decode("latin-1"), []).append(Use(body, call))
        return found

    @cached_property
    def by_name(self) -> dict[str, list[Body]]:
        """The functions by name."""
        found: dict[str, list[Body]] = {}
        for body in self.bodies:
            found.setdefault(body.name, []).append(body)
        return found

    @cached_property
    def saying(self) -> dict[str, list[Body]]:
        """The functions that say a word."""
        found: dict[str, list[Body]] = {}
        for body in self.bodies:
            for word in set(WORD.findall(view.text(body.node))):
                found.setdefault(word.decode("latin-1"), []).append(body)
        return found

    @cached_property
    def records(self) -> frozenset[str]:
        """All records that the files define: "struct foo"."""
        return frozenset(tag for parsed in self.parsed.values() for tag in defined(parsed.source))

    def typed(self, body: Body) -> Typed:
        """The types of names in a function."""
        if body not in self._typed:
            symbols = self.analysis.symbols
            function = next((one for one in symbols.functions.get(body.name.encode(), ())
                             if one.file == body.file and one.body is not None), None)
            self._typed[body] = Typed(symbols, body.file, function)
        return self._typed[body]

    def of(self, trait: Trait) -> list[Use]:
        """The calls of functions of which something is said, in order of the files."""
        return self._sorted(use for name, uses in self.calls.items() if has(name, trait)
                            for use in uses)

    def called(self, names: Iterable[str]) -> list[Use]:
        """The calls of functions of these names, in order of the files."""
        return self._sorted(use for name in names for use in self.calls.get(name, ()))

    def _sorted(self, uses: Iterable[Use]) -> list[Use]:
        order = {file: number for number, file in enumerate(self.files)}
        return sorted(uses, key=lambda one: (order[one.body.file], one.call.node.start_byte))

    def at(self, file: str, node: Node) -> Evidence:
        """The line of a node."""
        row = int(node.start_point[0])
        lines = self.texts[file].split(b"\n")
        shown = lines[row].strip().decode("utf-8", "replace") if row < len(lines) else ""
        return Evidence(file, row + 1, shown)

    def use_at(self, use: Use) -> Evidence:
        """The line of a call."""
        return self.at(use.body.file, use.call.node)

    def named(self, names: Sequence[str]) -> Iterator[tuple[str, Node]]:
        """The identifiers, members and designators of some names, by file."""
        wanted = {one.encode() for one in names}
        for file, parsed in self.parsed.items():
            if any(one in self.code[file] for one in wanted):
                for node in nodes(parsed.tree.root_node, "identifier", "field_identifier"):
                    if view.text(node) in wanted:
                        yield file, node

    def says(self, name: str) -> bool:
        """Whether the code of any file says a word."""
        return any(name.encode() in WORD.findall(text) for text in self.code.values()
                   if name.encode() in text)


def said(node: Node) -> str:
    """The text of a node in one line."""
    return " ".join(view.text(node).decode("utf-8", "replace").split())


def condition(function: Node, node: Node, beside: Node | None = None) -> str:
    """The innermost test that decides whether a node of a function is reached, "" for none; not one
    that `beside` is reached by in the same way."""
    inner = node
    for around in above(function, node):
        if beside is not None and inner.start_byte <= beside.start_byte < inner.end_byte:
            return ""
        branch = view.branch(around)
        if branch is not None and branch.test != inner and around.type == "if_statement":
            test = said(view.bare(branch.test))
            return f"!({test})" if inner == branch.otherwise or (
                inner.type == "else_clause") else test
        loop = view.loop(around)
        if loop is not None and around.type == "switch_statement" and loop.test is not None:
            return f"switch ({said(view.bare(loop.test))})"
        inner = around
    return ""


def units(analysis: Analysis) -> list[Unit]:
    """The modules of a driver that create pools, or that call a library which does for them."""
    driver = analysis.driver
    sources = {file: analysis.sources[file] for file in driver.files if file in analysis.sources}
    creating = [file for file, text in sources.items()
                if file.endswith(".c") and creates(text)]
    if not creating:
        texts = library(driver, sources) if driver.path.startswith("drivers/") else {}
        return [Unit(analysis, tuple(sources), texts)] if texts else []
    found: dict[tuple[str, ...], None] = {}
    for file in creating:
        found.setdefault(tuple(of_driver(driver.root, sources, [file])))
    return [Unit(analysis, files, _between(driver, sources, files)) for files in found]


def _between(driver: Driver, sources: Mapping[str, bytes],
             files: Iterable[str]) -> dict[str, bytes]:
    """The headers in a folder of its own under include/ that is called as the driver's is."""
    own = driver.path.rpartition("/")[2]
    root = driver.root
    names = {f"include/{name.decode('latin-1')}" for file in files
             for mark, name in include_lines(sources[file]) if mark == b"<"}
    folders = {(root / one).parent for one in names
               if one.split("/")[-2] == own and one.count("/") > 2}
    return {one.relative_to(root).as_posix(): plain.read(one)
            for folder in sorted(folders) for one in plain.matching(folder, "*.h")}


def library(driver: Driver, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The texts of the module that creates pools for others, and that these sources call: with the
    headers between; none if there is none."""
    root = driver.root
    called = {name for text in sources.values() for name in CALL.findall(text)}
    headers = {f"include/{name.decode('latin-1')}" for text in sources.values()
               for mark, name in include_lines(text) if mark == b"<" and name.count(b"/") > 1}
    for source, text in _creating(root):
        between = sorted(one for one in headers if one.encode()[len(b"include/"):] in {
            name for _, name in include_lines(text)})
        texts = {one.relative_to(root).as_posix(): plain.read(one)
                 for one in plain.matching(source.parent, "*.[ch]")} if between else {}
        if any(creates(one) and called & exported(one) for one in texts.values()):
            return texts | {one.relative_to(root).as_posix(): plain.read(one)
                            for header in between[:1]
                            for one in plain.matching((root / header).parent, "*.h")}
    return {}


@held
def _creating(root: Path) -> tuple[tuple[Path, bytes], ...]:
    """The sources of all drivers of a tree that create pools."""
    said = search(root, "\n".join(named(Trait.CREATES_POOL)), ["drivers"], "-lwZF",
                  "--include=*.c", whole=False) or b""
    found = [(root / name, plain.read(root / name))
             for name in sorted(os.fsdecode(said).split("\0")) if name]
    return tuple((path, text) for path, text in found if creates(text))


def creates(text: bytes) -> bool:
    """Whether the code of a file creates a pool."""
    return any(re.search(rb"\b" + name.encode() + rb"\s*\(", code_of(text))
               for name in named(Trait.CREATES_POOL) if name.encode() in text)
