# SPDX-License-Identifier: GPL-2.0-only
"""The end of a review: what was accepted as one conversion, proven again, then written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.results import FileChange, Migration, Run
from netmem_migrate.review.edit import merge
from netmem_migrate.review.model import Review, Subject
from netmem_migrate.review.recheck import with_texts


def accepted(review: Review, base: Run) -> Run:
    """The conversion of what was accepted, with edits by hand in it.

    `base` gives root, versions and the order of the drivers, those without any unit included.
    Raises InputError where two edits meet.
    """
    return replace(base, drivers=tuple(
        _accepted(review, review.subjects[one.report.path])
        if one.report.path in review.subjects else one for one in base.drivers))


def _accepted(review: Review, subject: Subject) -> Migration:
    keep = review.kept(subject)
    migration = subject.migration(keep, judge=True)
    merged = {change.path: change.after for change in migration.changes}
    for unit in review.units:
        if unit.driver != subject.path or not review.answer(unit) or unit.id not in review.edits:
            continue
        shown = subject.texts(review.only([*review.needs(unit), unit], subject))
        for path, text in review.edits[unit.id].items():
            base = shown.get(path, subject.originals[path])
            merged[path] = merge(subject.analysis.driver.root, base, merged.get(path, base), text,
                                 path)
    return with_texts(migration, merged)


def is_edited(review: Review) -> bool:
    """Does an accepted unit hold hunks that were edited by hand?"""
    return any(review.answer(unit) and unit.id in review.edits for unit in review.units)


def write_patches(run: Run, out: Path, *, signoff: bool, force: bool,
                  proven: Mapping[str, str], recipients: bool,
                  edited: bool) -> tuple[Path, ...]:
    """A series of what was accepted, as `format-patch --heads` writes it.

    `recipients` lets the tree's script name them; `edited` says that some was changed by hand.
    """
    from netmem_migrate.patch.series import SeriesOptions, write_series

    return write_series(run, out, SeriesOptions(
        signoff=signoff, force=force, proven=proven, recipients=recipients, heads=True,
        edited=edited))


def unchanged(changes: Sequence[FileChange], root: Path) -> None:
    """Raise InputError where a file is no longer what was reviewed."""
    for change in changes:
        now = plain.read(root / change.path)
        if now != change.before:
            raise InputError(f"{root / change.path}: changed since it was read; run again; "
                             "nothing was written")
