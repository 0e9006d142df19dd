# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees in the user's cache: which are there, and how one gets there."""

from __future__ import annotations

import contextlib
import errno
import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

from netmem_migrate.errors import InputError
from netmem_migrate.kernel import subjects
from netmem_migrate.kernel.archive import Archive, Unreachable, order, release
from netmem_migrate.kernel.process import Progress, child, locked, run
from netmem_migrate.kernel.tree import Kernel, Toolchain, build_folder, cache_folder, is_root

# A tree of 1.9 GB, its package twice, and what preparing it adds.
_NEEDED = 3_000_000_000
_CHUNK = 1 << 20
_USUAL = Toolchain()


def cached() -> list[Kernel]:
    """The trees fetched so far, oldest release first."""
    folder = cache_folder()
    try:
        paths = [path for path in folder.iterdir() if path.name[0] != "." and is_root(path)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InputError(
            f"{folder}: {error.strerror}; the cache must be readable (XDG_CACHE_HOME moves it)"
        ) from error
    trees = [Kernel.at(path) for path in paths]
    return sorted(trees, key=lambda tree: order(tree.version))


def pick(version: str | None, toolchain: Toolchain = _USUAL) -> Kernel:
    """The fetched tree of a release, or the newest. Raises InputError if there is none.

    For another machine or compiler it is the copy that was prepared for them.
    """
    found = _picked(version)
    if toolchain == _USUAL:
        return found
    where = build_folder(found, toolchain)
    if not is_root(where):
        words = [f"--{name} {shlex.quote(value)}" for name, value in (("arch", toolchain.arch),
                                                         ("cc", toolchain.cc)) if value]
        raise InputError(f"linux {found.api} is not prepared for {toolchain.name} yet; run "
                         f"`netmem-migrate kernel prepare {found.api} {' '.join(words)}`")
    return Kernel.at(where)


def _picked(version: str | None) -> Kernel:
    trees = cached()
    if version is None:
        if trees:
            return trees[-1]
        raise InputError("no kernel tree fetched yet; run `netmem-migrate kernel fetch`")
    wanted = release(version)
    for tree in trees:
        if tree.api == wanted:
            return tree
    raise InputError(
        f"linux {wanted} is not fetched yet; run `netmem-migrate kernel fetch {wanted}`"
    )


def available(progress: Progress) -> tuple[str, ...]:
    """The releases that can be fetched, oldest first. Raises InputError as `fetch` does."""
    folder = cache_folder()
    with _writable(folder), locked(folder, progress):
        return Archive(folder.parent / "apt", progress).releases


def changelogs(progress: Progress) -> dict[str, str]:
    """The changelog of each release in the archive, by its package's version, newest first.

    Raises InputError as `fetch` does.
    """
    folder = cache_folder()
    found = {}
    with _writable(folder), locked(folder, progress):
        archive = Archive(folder.parent / "apt", progress)
        for package in archive.changelogs():
            file = archive.download(package)
            found[_version(file)] = _changelog(file)
            file.unlink()
    return found


def _version(file: Path) -> str:
    """The version in a package's file name."""
    return unquote(file.name.split("_")[1])


def _changelog(file: Path) -> str:
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        code, lines = run(["dpkg", "-x", str(file), name])
        texts = sorted(Path(name).glob("usr/share/doc/*/changelog.Debian.gz"))
        if code != 0 or not texts:
            why = "".join(lines[:1]) if code != 0 else "no changelog in it"
            raise InputError(f"{file.name} cannot be read: {why}")
        return subjects.read(texts[0])


@contextlib.contextmanager
def _writable(folder: Path) -> Iterator[None]:
    """Make the cache folder; its errors become an InputError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        yield
    except OSError as error:
        raise InputError(
            f"{error.filename or folder}: {error.strerror}; "
            "the cache must be writable (XDG_CACHE_HOME moves it)"
        ) from error


def fetch(version: str | None, progress: Progress, *, refresh: bool = False) -> Kernel:
    """Get the tree of a release, or of the newest there is, into the cache.

    A tree already there stays, without a look at the network; `refresh` takes a newer point
    release. Without `version`, an archive out of reach leaves the newest tree fetched before.
    Raises InputError for an unknown release, no apt, no room or a cache that cannot be written.
    """
    wanted = None if version is None else release(version)
    folder = cache_folder()
    with _writable(folder), locked(folder, progress):
        _tidy(folder)
        return _fetch(folder, wanted, progress, refresh)


def _fetch(folder: Path, wanted: str | None, progress: Progress, refresh: bool) -> Kernel:
    trees = {tree.api: tree for tree in cached()}
    if wanted in trees and not refresh:
        progress.note(f"linux {trees[wanted].version} is already there: {trees[wanted].root}")
        return trees[wanted]
    try:
        archive = Archive(folder.parent / "apt", progress)
        newest = wanted or archive.releases[-1]
        have = trees.get(newest)
        if have is not None and not refresh:
            progress.note(f"linux {have.version} is already there: {have.root}")
            return have
        package = archive.package(newest)
        if have is not None and order(package.version) <= order(have.version):
            progress.note(f"linux {have.version} is the newest point release: {have.root}")
            return have
        _check_room(folder)
        file = archive.download(package)
    except Unreachable as error:
        if wanted is not None or not trees:
            raise
        best = max(trees.values(), key=lambda tree: order(tree.version))
        progress.note(f"{error}; using linux {best.version}, fetched before: {best.root}")
        return best
    tree = _unpack(file, folder, newest, progress)
    file.unlink()
    progress.note(f"linux {tree.version} is in {tree.root}")
    return tree


def _check_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _NEEDED:
        raise InputError(
            f"{folder}: {free / 1e9:.1f} GB free, {_NEEDED / 1e9:.0f} GB needed; "
            "make room, or set XDG_CACHE_HOME to a folder with more"
        )


def _tidy(folder: Path) -> None:
    """Finish or undo what a run that was killed left behind."""
    for old in folder.glob(".old-*"):
        target = folder / old.name.removeprefix(".old-")
        if target.exists():
            shutil.rmtree(old)
        else:
            old.rename(target)
    for new in folder.glob(".new-*"):
        shutil.rmtree(new)


def _unpack(file: Path, folder: Path, wanted: str, progress: Progress) -> Kernel:
    staging = folder / f".new-{wanted}"
    try:
        staging.mkdir()
        progress.step("Unpacking the package")
        code, lines = run(["dpkg", "-x", str(file), str(staging / "package")])
        tars = sorted(staging.glob("package/usr/src/linux-source-*.tar.xz"))
        if code != 0 or not tars:
            why = "".join(lines[:1]) if code != 0 else "no source in it"
            raise InputError(f"{file.name} cannot be unpacked: {why}")
        (staging / "tree").mkdir()
        _untar(tars[0], staging / "tree", progress)
        fresh = Kernel.at(staging / "tree")
        if fresh.api != wanted:
            raise InputError(f"{file.name}: holds linux {fresh.version}, not {wanted}")
        target = folder / wanted
        if target.exists():
            target.rename(folder / f".old-{wanted}")
        fresh.root.rename(target)
        shutil.rmtree(folder / f".old-{wanted}", ignore_errors=True)
        return Kernel.at(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _untar(source: Path, target: Path, progress: Progress) -> None:
    progress.step(f"Unpacking {source.name}")
    size = source.stat().st_size
    command = ["tar", "-x", "-I", "xz -d -T0", "-f", "-", "--strip-components=1",
               "--no-same-owner", "-C", str(target)]
    done = 0
    # Not a pipe: tar has a line to say for every file once the disk is full.
    with source.open("rb") as file, tempfile.TemporaryFile() as said, child(
        command, stdin=subprocess.PIPE, stdout=said, stderr=said
    ) as process:
        assert process.stdin is not None
        try:
            while chunk := file.read(_CHUNK):
                process.stdin.write(chunk)
                done += len(chunk)
                progress.at(done / size)
            process.stdin.close()
        except BrokenPipeError:
            pass
        code = process.wait()
        said.seek(0)
        line = said.readline().decode("utf-8", "replace").strip()
    if code != 0:
        why = line or f"tar ended with {code}"
        raise InputError(f"{source.name} cannot be unpacked: {why}")
