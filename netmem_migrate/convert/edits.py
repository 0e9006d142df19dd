# SPDX-License-Identifier: GPL-2.0-only
"""From what the passes yield to the new text of each file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmem_migrate.convert.around import around
from netmem_migrate.convert.layout import rewrite
from netmem_migrate.convert.order import keep_order
from netmem_migrate.convert.passes import Loaded
from netmem_migrate.convert.steps import steps
from netmem_migrate.convert.work import Work
from netmem_migrate.results import Edit, FileChange, Step


@dataclass(frozen=True, slots=True)
class Converted:
    """The files that change, by which edits, and the patches that lead there."""

    changes: tuple[FileChange, ...]
    edits: tuple[Edit, ...]
    steps: tuple[Step, ...]


def convert(work: Work, passes: Sequence[Loaded]) -> Converted:
    """Run the passes, in order, and apply what they yield."""
    changes, kept = _applied(work, (edit for one in passes for edit in one.edits(work)), passes)
    return Converted(changes, kept, steps(work.analysis, changes))


def apply(work: Work, edits: Iterable[Edit], passes: Sequence[Loaded]) -> tuple[FileChange, ...]:
    """The files that some edits of these passes change."""
    return _applied(work, edits, passes)[0]


def _applied(work: Work, edits: Iterable[Edit], passes: Sequence[Loaded]) -> tuple[
        tuple[FileChange, ...], tuple[Edit, ...]]:
    declares = {one.declared.id for one in passes if one.declared.declares}
    by_file: dict[str, list[Edit]] = {}
    texts = work.analysis.symbols.texts
    for edit in edits:
        by_file.setdefault(edit.file, []).append(edit)
    changes: list[FileChange] = []
    kept: list[Edit] = []
    for file in sorted(by_file):
        source = work.analysis.originals[file]
        reading = texts.arms.read(source)
        after, made = rewrite(source, reading.seen,
                              around(file, source, reading, by_file[file]))
        if any(edit.transform in declares for edit in made):
            after = keep_order(texts.parse(source), texts.parse(after))
        if after != source:
            changes.append(FileChange(file, source, after, texts))
            kept.extend(made)
    return tuple(changes), tuple(kept)
