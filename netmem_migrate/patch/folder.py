# SPDX-License-Identifier: GPL-2.0-only
"""The folder that a series lies in: its patches, an earlier version, what is written beside."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.git.mail import named, version_of

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
            path.read_bytes() == files[name] for name, path in old.items()
        )
        if old and not same and not force:
            raise InputError(
                f"{out}: holds another series ({min(old)}); choose another folder, "
                "another -v, or --force to replace it"
            )
    except OSError as error:
        raise _failed(error, out) from None


def write(out: Path, files: Mapping[str, bytes], beside: Mapping[str, bytes],
          version: int) -> tuple[Path, ...]:
    """Write the patches, each whole; those of the same version that are no more part of it go.

    Returns the patches in order. Raises InputError where the disk refuses.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
        old = versions(out).get(version, {})
        _put(out, files)
        for name in old.keys() - files.keys():
            old[name].unlink()
        if beside:
            (out / BESIDE).mkdir(exist_ok=True)
            _put(out / BESIDE, beside)
    except OSError as error:
        raise _failed(error, out) from None
    return tuple(out / name for name in files)


def _put(folder: Path, files: Mapping[str, bytes]) -> None:
    staged = {folder / name: folder / f".{name}.netmem-migrate" for name in files}
    try:
        for target, new in staged.items():
            new.write_bytes(files[target.name])
        for target, new in staged.items():
            new.replace(target)
    finally:
        for new in staged.values():
            new.unlink(missing_ok=True)
