# SPDX-License-Identifier: GPL-2.0-only
"""One patch judged: what it changes, what it leaves half done, and what is wrong only after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.check.compare.compare import compare_changes
from netmem_migrate.check.findings import Unit
from netmem_migrate.check.half.halves import halves
from netmem_migrate.check.registry import load
from netmem_migrate.check.sources import check_sources, functions_of
from netmem_migrate.kernel.drivers import is_source
from netmem_migrate.model.relevant import FILE
from netmem_migrate.results import FileChange, Finding

_Files = Mapping[str, ParsedFile]
_DMA = b"dma_"  # what rules of drivers look at says it


def check_changes(changes: Sequence[FileChange], api: str,
                  beside: Mapping[str, bytes] | None = None,
                  root: Path | None = None) -> tuple[Finding, ...]:
    """Judge one patch: what it changes in more than spelling, what it leaves half converted, and
    what is wrong only after it. `beside` are the files of the driver that do not change, below
    `root`; where they are not told, rules of drivers are not asked."""
    new = _new(_sides(changes), lambda side: check_sources(side, api=api, whole=False))
    if beside is not None and any(_DMA in text for one in changes
                                  for text in (one.before, one.after)):
        new += _of_driver(changes, beside, api, root)
    sources = [one for one in changes if is_source(one.path)]
    said = {(one.file, one.line) for one in new if one.id == "argument-kind"}
    half = [one for one in halves(sources, functions_of(api), beside)
            if (one.file, one.line) not in said] if sources else []
    return (*compare_changes(changes), *half, *new)


def _of_driver(changes: Sequence[FileChange], beside: Mapping[str, bytes], api: str,
               root: Path | None) -> list[Finding]:
    """What rules of drivers find with all of its files after a change, and not before."""
    asked = {one.declared.id for one in load() if one.declared.unit is Unit.DRIVER}
    parse = changes[0].texts.parse
    around = {path: parse(text) if FILE.search(text) else text for path, text in beside.items()}
    return _new(_sides(changes), lambda side: check_sources({**around, **side}, api=api,
                                                            only=asked, root=root))


def _sides(changes: Sequence[FileChange]) -> tuple[_Files, _Files]:
    """The files before, and after."""
    return ({one.path: one.parsed_before for one in changes},
            {one.path: one.parsed_after for one in changes})


def _new(sides: tuple[_Files, _Files],
         check: Callable[[_Files], Sequence[Finding]]) -> list[Finding]:
    """What a check finds after a change, and not before."""
    after = check(sides[1])
    if not after:
        return []
    known = Counter((one.id, one.file, one.function) for one in check(sides[0]))
    return [one for one in after if not _counted(known, (one.id, one.file, one.function))]


def _counted(known: Counter[tuple[str, str, str]], key: tuple[str, str, str]) -> bool:
    """Take one of `known` away, if there is one left."""
    known[key] -= 1
    return known[key] >= 0
