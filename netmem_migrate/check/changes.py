# SPDX-License-Identifier: GPL-2.0-only
"""One patch judged: what it changes, what it leaves half done, and what is wrong only after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from netmem_migrate.check.compare.compare import compare_changes
from netmem_migrate.check.half.halves import halves
from netmem_migrate.check.sources import check_sources, functions_of
from netmem_migrate.kernel.drivers import is_source
from netmem_migrate.results import FileChange, Finding


def check_changes(changes: Sequence[FileChange], api: str,
                  beside: Mapping[str, bytes] | None = None) -> tuple[Finding, ...]:
    """Judge one patch: what it changes in more than spelling, what it leaves half converted, and
    what is wrong only after it. `beside` are the files of the driver that do not change."""
    before = check_sources({one.path: one.parsed_before for one in changes}, api=api)
    after = check_sources({one.path: one.parsed_after for one in changes}, api=api)
    known = Counter((one.id, one.file, one.function) for one in before)
    new = [one for one in after if not _counted(known, (one.id, one.file, one.function))]
    sources = [one for one in changes if is_source(one.path)]
    said = {(one.file, one.line) for one in new if one.id == "argument-kind"}
    half = [one for one in halves(sources, functions_of(api), beside)
            if (one.file, one.line) not in said] if sources else []
    return (*compare_changes(changes), *half, *new)


def _counted(known: Counter[tuple[str, str, str]], key: tuple[str, str, str]) -> bool:
    """Take one of `known` away, if there is one left."""
    known[key] -= 1
    return known[key] >= 0
