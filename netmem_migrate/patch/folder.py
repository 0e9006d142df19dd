# SPDX-License-Identifier: GPL-2.0-only
"""The folder that a series lies in: its patches, an earlier version, what is written beside."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import journal, plain, whole
from netmem_migrate.files.journal import Kind, State, Target
from netmem_migrate.git.mail import named, version_of
from netmem_migrate.report.outputs import as_bytes

BESIDE = "send"
"""The subfolder for what is no patch: `git send-email DIR` sends every file of DIR itself."""
RECIPIENTS = "recipients"
OPTIONS = "send-email.args"


def versions(folder: Path) -> dict[int, dict[str, Path]]:
    """The patches of each version in a folder, by file name in order."""
    found: dict[int, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        if named(path):
            found.setdefault(version_of(path), {})[path.name] = path
    return found


def _failed(error: OSError, where: Path) -> InputError:
    return InputError(f"{error.filename or where}: {(error.strerror or str(error)).lower()}")


def check(out: Path, files: Mapping[str, bytes], version: int, *, force: bool) -> None:
    """Raise InputError where `out` cannot take the patches; nothing is written."""
    try:
        if out.exists() and not out.is_dir():
            raise InputError(f"{out}: not a folder; give another one with -o")
        old = versions(out).get(version, {}) if out.is_dir() else {}
        same = old.keys() == files.keys() and all(
            plain.read(path) == files[name] for name, path in old.items()
        )
        if old and not same and not force:
            raise InputError(
                f"{out}: holds another series ({min(old)}); choose another folder, "
                "another -v, or --force to replace it"
            )
    except OSError as error:
        raise _failed(error, out) from None


@dataclass(frozen=True, slots=True)
class Series:
    """What a folder is to hold: the patches by name in order, what stands beside, their version."""

    out: Path
    patches: Mapping[str, bytes]
    beside: Mapping[str, bytes]
    version: int

    @property
    def files(self) -> dict[str, bytes]:
        """All files, by their path below the folder."""
        return {**self.patches, **{f"{BESIDE}/{name}": data for name, data in self.beside.items()}}


@dataclass(frozen=True, slots=True)
class Report:
    """A file that tells of a series, and is to stand where that does or not at all."""

    path: Path
    text: str


def write(top: Path, series: Sequence[Series], report: Report | None = None) -> tuple[Path, ...]:
    """Write series below a folder and a report of them, all or none; of the same version, patches
    that are no more part of one go.

    Returns the patches in order. Raises InputError where the disk refuses.
    """
    try:
        if report is None and (not top.exists() or not any(top.iterdir())):
            top.parent.mkdir(parents=True, exist_ok=True)
            whole.fill(top, lambda made: _fill(made, top, series))
        else:
            _among(top, series, report)
    except OSError as error:
        raise _failed(error, top) from None
    return tuple(one.out / name for one in series for name in one.patches)


def undo(top: Path) -> None:
    """Put back what a run that was cut off left half-written below a folder."""
    for one in journal.concerning([top], Kind.SERIES):
        journal.settle(one, State.OLD)


def _fill(made: Path, top: Path, series: Sequence[Series]) -> None:
    for one in series:
        for name, data in one.files.items():
            path = made / one.out.relative_to(top) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            whole.create(path, data)
    if top.exists():
        made.chmod(stat.S_IMODE(top.stat().st_mode))


def _among(top: Path, series: Sequence[Series], report: Report | None) -> None:
    """Beside what there is already, by way of a journal."""
    wanted: dict[Path, bytes | None] = {}
    for one in series:
        for name, data in one.files.items():
            wanted[one.out / name] = data
        there = versions(one.out) if one.out.is_dir() else {}
        for name, path in there.get(one.version, {}).items():
            if name not in one.patches:
                wanted[path] = None
    made: list[Path] = []
    try:
        for folder in dict.fromkeys(path.parent for path in wanted):
            made += whole.folders(folder, 0o777)
        targets = [Target(path.resolve(), str(path), _held(path), data, _mode())
                   for path, data in wanted.items() if _held(path) != data]
        if report is not None and _held(report.path) != as_bytes(report.text):
            targets.append(Target(report.path.resolve(), str(report.path), _held(report.path),
                                  as_bytes(report.text), _mode_of(report.path), alone=True))
        journal.write(Kind.SERIES, top, targets)
    except BaseException:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


def _held(path: Path) -> bytes | None:
    return plain.read(path) if os.path.lexists(path) else None


def _mode() -> int:
    umask = os.umask(0)
    os.umask(umask)
    return 0o666 & ~umask


def _mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode) if path.exists() else _mode()
