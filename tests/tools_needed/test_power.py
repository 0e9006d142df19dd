# SPDX-License-Identifier: GPL-2.0-only
"""When power fails, what was not synced may be gone: what `apply` relies on is synced before.

A disk keeps of a file what fsync() of the file has written out, and of a folder the names that
fsync() of the folder has; anything later may be there or not, each by itself. So a run is safe
at each of its calls if (1) a name is given to finished bytes only, (2) the journal, with all above
it, is safely there before a file of the driver changes, (3) it goes only after all of them are.
strace says in which order the tool called what.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from faults.applied import API, Ground
from faults.drivers import DRIVER
from faults.states import Is

_CALL = re.compile(r"^(\w+)\((.*)\) += +(-?\d+)")
_NAMED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_HANDLE = re.compile(r"\d+<([^>]*)>")
_WATCHED = ("openat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,"
            "unlinkat,mkdir,mkdirat,rmdir,link,linkat,symlink,symlinkat")


class Disk:
    """What may be lost: bytes of files, and names in folders."""

    def __init__(self) -> None:
        self.bytes: set[str] = set()
        self.names: dict[str, set[str]] = defaultdict(set)

    def name(self, path: str) -> None:
        """A name came or went."""
        folder, _, name = path.rpartition("/")
        self.names[folder].add(name)

    def sync(self, path: str) -> None:
        """fsync() of a file, or of a folder."""
        self.bytes.discard(path)
        self.names.pop(path, None)

    def move(self, old: str, new: str) -> None:
        """A file or a folder with all that is in it."""
        def moved(path: str) -> str:
            return new + path[len(old):] if path == old or path.startswith(old + "/") else path

        self.bytes = {moved(one) for one in self.bytes}
        self.names = defaultdict(set, {moved(one): held for one, held in self.names.items()})
        self.name(old)
        self.name(new)

    def loose(self, path: str) -> list[str]:
        """What of a file or a folder, and of all in it and above it, may be lost."""
        found = [one for one in self.bytes if one == path or one.startswith(path + "/")]
        found += [f"{one}/{name}" for one, held in self.names.items() for name in held
                  if one == path or one.startswith(path + "/")]
        while "/" in path:
            folder, _, name = path.rpartition("/")
            if name in self.names.get(folder, ()):
                found.append(path)
            path = folder
        return found


def _joined(handle: str, name: str) -> str:
    return name if name.startswith("/") else f"{handle}/{name}"


def followed(log: str, disk: Disk) -> Iterator[tuple[str, str, str]]:
    """Each call that changes a name, before it is done: its kind, the old and the new path."""
    for line in log.splitlines():
        match = _CALL.match(line)
        if match is None or match[3].startswith("-"):
            continue
        call, said = match[1], match[2]
        named, held = _NAMED.findall(said), _HANDLE.findall(said) or [""]
        if call in ("fsync", "fdatasync"):
            disk.sync(held[0])
        elif call in ("write", "pwrite64", "ftruncate"):
            disk.bytes.add(held[0])
        elif call.startswith("rename"):
            old, new = named
            yield "rename", old, new
            disk.move(old, new)
        elif call in ("link", "linkat"):
            old, new = named
            yield "link", old, new
            disk.name(new)
        elif call.startswith(("mkdir", "symlink")):
            disk.name(named[-1])
        elif call in ("unlink", "unlinkat", "rmdir"):
            path = _joined(held[0] if call == "unlinkat" else "", named[0])
            yield "unlink", path, ""
            disk.name(path)
            disk.bytes.discard(path)
        elif call == "openat" and "O_CREAT" in said:
            disk.name(_joined(held[0], named[0]))
            disk.bytes.add(_joined(held[0], named[0]))


def run(ground: Ground, *words: str, kill: int = 0) -> str:
    """What strace saw; with `kill`, the renaming at which the run ends."""
    log = ground.work / "log"
    subprocess.run(
        ["strace", "-y", "-qq", "-e", "signal=none", "-s", "4096", "-o", str(log),
         "-e", f"trace={_WATCHED}", *(["-e", f"inject=rename:signal=KILL:when={kill}"] if kill
                                      else []), sys.executable, "-m", "netmem_migrate", *words],
        cwd=ground.tree, env=ground.shell.environment, capture_output=True, check=False)
    return log.read_text("utf-8", "surrogateescape")


def faults(ground: Ground, log: str, journal: str = "") -> tuple[list[str], int]:
    """What could be lost at a call where it may not, and how many names of the driver changed."""
    disk, found, changed = Disk(), [], 0
    driver, journals = f"{ground.tree}/{DRIVER}", f"{ground.shell.home}/state/netmem-migrate"
    for kind, old, new in followed(log, disk):
        if kind == "rename" and old.startswith(f"{driver}/"):
            changed += 1
            found += [f"{new} is {one}, which is not written out" for one in disk.bytes
                      if one == old]
            found += [f"{new} changes, {one} is not safely there" for one in disk.loose(journal)
                      ] if journal else [f"{new} changes without a journal"]
        if kind == "rename" and old.startswith(journals):
            if Path(new).name.startswith("."):
                found += [f"the journal goes, {one} is not safely there"
                          for one in disk.loose(driver)]
                journal = ""
            else:
                journal = new
    return found, changed


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path.resolve() / "work", 3, 1)


def test_the_driver_changes_only_while_its_journal_is_safe(ground: Ground) -> None:
    found, changed = faults(ground, run(ground, "apply", *API, DRIVER))
    assert ground.state() is Is.NEW and changed == 3
    assert not found


@pytest.mark.parametrize("way", ["--resume", "--abort"])
def test_so_do_both_ways_out(ground: Ground, way: str) -> None:
    run(ground, "apply", *API, DRIVER, kill=3)
    assert ground.state() is Is.MIXED
    (journal,) = (ground.shell.home / "state/netmem-migrate/journals").glob("[!.]*")
    found, changed = faults(ground, run(ground, "apply", way, DRIVER), str(journal))
    assert ground.state() is (Is.NEW if way == "--resume" else Is.OLD) and changed
    assert not found


@pytest.mark.parametrize("left_out", ["home/state", "home/state/netmem-migrate/journals",
                                      f"tree/{DRIVER}"])
def test_a_folder_that_nobody_synced_is_found(ground: Ground, left_out: str) -> None:
    log = run(ground, "apply", *API, DRIVER).splitlines()
    less = [one for one in log
            if not (one.startswith("fsync(") and f"<{ground.tree.parent}/{left_out}>" in one)]
    assert len(less) < len(log)
    assert faults(ground, "\n".join(less))[0]
