# SPDX-License-Identifier: GPL-2.0-only
"""Modules that share a header under include/, or a function one exports: they move in one patch."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from netmem_migrate.c.words import WORD, include_lines
from netmem_migrate.files import plain
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Kind
from netmem_migrate.flow.outside import Outside
from netmem_migrate.kernel.drivers import Driver, borrowed, find, is_module
from netmem_migrate.kernel.search import SOURCES, search
from netmem_migrate.reasons import Reason, Why

_ALIAS = re.compile(rb"#[ \t]*define[ \t]+(\w+)[ \t]+(\w+)[ \t]*(?:/\*|\r?\n)")
_MOST = 16  # modules; more share a subsystem, not a driver
_SHARED = (Why.SHARED_RECORD,)
_FUNCTION = (Why.EXPORTED, Why.OUTSIDE_FUNCTION)
_USED = (Why.USED_FUNCTION, Why.USED_MEMBER)


def shares(analysis: Analysis) -> list[Reason]:
    """Why pages of a driver stay for the sake of other modules."""
    wanted = (*_SHARED, *_FUNCTION, *_USED)
    return [one.reason for known in analysis.graph.blockers.values() for one in known
            if one.reason.why in wanted or _elsewhere(analysis, one.reason)]


def _elsewhere(analysis: Analysis, reason: Reason) -> bool:
    """Whether a page is passed to a function that a shared header declares, and others define."""
    versions = analysis.symbols.functions.get(reason.by.encode("latin-1"), ())
    return reason.why is Why.PASSED and bool(versions) and all(
        one.body is None and one.file.startswith("include/") for one in versions)


def widened(analysis: Analysis) -> Driver | None:
    """A driver with the modules that share what keeps its pages from moving; None for none.

    It has the same files whichever of the modules one begins with.
    """
    driver, root = analysis.driver, analysis.driver.root
    if not driver.path.startswith("drivers/"):
        return None
    headers: dict[str, set[bytes]] = {}
    homes = set(driver.joined or [driver.path])
    for reason in shares(analysis):
        word = reason.by.rpartition(" ")[2].encode("latin-1")
        if reason.why in _SHARED:
            headers.setdefault(reason.other, set()).add(word)
        elif reason.why in _FUNCTION or reason.why is Why.PASSED:
            for header in _declaring(analysis, word):
                headers.setdefault(header, set()).add(word)
        else:
            homes.update(_home(root, reason.other.rpartition(":")[0]))
    for slot in analysis.graph.slots.values():
        if slot.kind is Kind.MEMBER and slot.place.file.startswith("include/"):
            headers.setdefault(slot.place.file, set()).add(
                slot.name.partition(".")[0].encode("latin-1"))
    outside = Outside(root, lambda *_: {})
    for header, words in list(headers.items()):
        texts = {file: plain.read(root / file) for file in outside.reaching(header)}
        words |= {name for file, text in texts.items() if file.startswith("include/")
                  for name, body in _ALIAS.findall(text) if body in words}
        for file in [*(file for file, text in texts.items()
                       if not words.isdisjoint(WORD.findall(text))),
                     *_naming(root, header, words)]:
            if file.startswith("include/"):
                headers.setdefault(file, words)
            elif not file.startswith("drivers/"):
                return None  # somebody else's: no driver
            homes.update(_home(root, file))
    if len(homes) > _MOST:
        return None
    parts = [find(root / home, root) for home in sorted(homes)]
    files = {*driver.files, *headers, *(file for part in parts for file in part.files)}
    if files == set(driver.files):
        return None
    names = tuple(sorted(files))
    mine = {*headers, *(one for one in driver.files if one.startswith("include/"))}
    return replace(driver, path=_library(parts, mine) or parts[0].path, files=names,
                   borrowed=borrowed([root / one for one in names], root),
                   joined=tuple(part.path for part in parts))


def _naming(root: Path, header: str, names: Iterable[bytes]) -> list[str]:
    """The files that name what a header declares, whether they include it or not."""
    found = search(root, "\n".join(one.decode("latin-1") for one in names),
                   [top for top in ("arch", "drivers", "include", "net")
                    if plain.is_folder(root / top)], "-lwZF", SOURCES, whole=False) or b""
    return [file for file in os.fsdecode(found).split("\0") if file and file != header]


def near(driver: Driver) -> set[str]:
    """The files of all modules that a driver may have to move with, and the headers between."""
    if not driver.path.startswith("drivers/"):
        return set()
    root = driver.root
    outside = Outside(root, lambda *_: {})
    found: set[str] = set()
    for header in {header for file in driver.files
                   for header in _included(driver.read(file), root)}:
        homes = {home for file in outside.reaching(header) for home in _home(root, file)}
        if len(homes) <= _MOST:
            found.add(header)
            for home in homes:
                found.update(find(root / home, root).files)
    return found


def _included(text: bytes, root: Path) -> Iterator[str]:
    """The headers in folders of their own under include/ that a text includes."""
    for mark, name in include_lines(text):
        header = f"include/{name.decode('latin-1')}"
        if mark == b"<" and name.count(b"/") > 1 and plain.is_plain(root / header):
            yield header


def _declaring(analysis: Analysis, name: bytes) -> Iterator[str]:
    """The headers under include/ that files of the driver include and that name a function."""
    word = re.compile(rb"\b" + re.escape(name) + rb"\b")
    root = analysis.driver.root
    for file in analysis.driver.files:
        for header in _included(analysis.sources[file], root):
            if word.search(plain.read(root / header)):
                yield header


def _home(root: Path, file: str) -> Iterator[str]:
    """The folder of the driver that a file is of."""
    if file.startswith("drivers/"):
        for folder in (root / file).parents:
            if folder == root / "drivers":
                return
            if is_module(folder):
                yield folder.relative_to(root).as_posix()
                return


def _library(parts: list[Driver], headers: set[str]) -> str:
    """The part that is named as the folder of a shared header is, "" for none."""
    names = {Path(header).parent.name for header in headers}
    return next((part.path for part in parts if Path(part.path).name in names), "")
