# SPDX-License-Identifier: GPL-2.0-only
"""The peer: Coccinelle with the semantic patch beside this, run group by group till all is done."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
import tomllib
from collections import defaultdict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from bench.folders import NET, Tree

HERE = Path(__file__).resolve().parent
PATCH = HERE / "netmem.cocci"
AT_ONCE = 2
LIMIT = 60
"""Seconds of one call."""
_PASSES = 12
_USER = re.compile(rb"\bpage_pool_")
_PAGE = b"struct page *"
_DECLARATORS = re.compile(r"^(\s+)struct page \*(\w+), \*(\w+)( = [^,;]+)?;", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Rules:
    """Which files are a group: groups.toml says what each list is for."""

    whole: tuple[str, ...]
    shared: tuple[str, ...]
    together: tuple[str, ...]
    alone: tuple[str, ...]
    groups: int
    files: int

    @classmethod
    def read(cls) -> Rules:
        """Those of groups.toml."""
        given = tomllib.loads((HERE / "groups.toml").read_text(encoding="utf-8"))
        lists = {name: tuple(value) for name, value in given.items() if isinstance(value, list)}
        return cls(**lists, groups=given["groups"], files=given["files"])

    def name(self, file: str) -> str:
        """The group of a file: a folder, a file, or what files begin with."""
        folder = str(PurePosixPath(file).parent)
        for whole in self.whole:
            if file.startswith(f"{whole}/"):
                return whole
        if folder not in self.shared:
            return folder
        return next((one for one in self.together if file.startswith(one)), file)


def groups(net: Path, rules: Rules) -> dict[str, list[str]]:
    """The C files of each group, relative to drivers/net."""
    found: dict[str, list[str]] = defaultdict(list)
    for file in sorted(net.rglob("*.c")):
        if file.is_file() and _USER.search(file.read_bytes()):
            path = file.relative_to(net).as_posix()
            found[rules.name(path)].append(path)
    for name, files in found.items():
        if (net / name).is_dir() and name not in rules.alone:
            files += [path for file in sorted((net / name).glob("*.c"))
                      if (path := file.relative_to(net).as_posix()) not in files
                      and _PAGE in file.read_bytes()]
    return dict(found)


@dataclass(frozen=True, slots=True)
class Ended:
    """A group after its last pass: its seconds, how many passes, and calls that failed."""

    name: str
    seconds: float
    passes: int
    failures: tuple[str, ...]


class Peer:
    """Copies of the groups of a tree, converted by spatch, `AT_ONCE` at a time.

    Each group has a copy of its own, of its folder and the headers above, since headers are edited
    as well. The largest come first, which leaves no core idle at the end.
    """

    def __init__(self, tree: Tree, room: Path) -> None:
        self._room = room
        net = tree.root / NET
        self.groups = groups(net, Rules.read())
        self._order = sorted(self.groups, reverse=True, key=lambda name: sum(
            (net / file).stat().st_size for file in self.groups[name]))
        for number, name in enumerate(self._order):
            self._copy(net, self._home(number), self.groups[name])
        self._watches = [Watch(self._home(number)) for number in range(len(self._order))]
        # Have spatch, and what it reads, in the page cache.
        subprocess.run(["spatch", "--parse-cocci", str(PATCH)], capture_output=True, check=False)

    def run(self, tell: Callable[[str], None]) -> tuple[float, float, list[Ended]]:
        """Convert all; the wall time of the whole, its user and system time, and each group."""
        used = _used()
        began = time.perf_counter()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            ended = []
            for one in pool.map(self._group, range(len(self._order))):
                tell(f"{one.name}: {one.passes} passes, {one.seconds:.1f} s"
                     + "".join(f"; {failure}" for failure in one.failures))
                ended.append(one)
        return time.perf_counter() - began, _used() - used, ended

    def _home(self, number: int) -> Path:
        return self._room / f"group-{number}" / NET

    def _copy(self, net: Path, home: Path, files: Sequence[str]) -> None:
        folder = PurePosixPath(files[0]).parent
        folders = {PurePosixPath(file).parent for file in files}
        while not all(one.is_relative_to(folder) for one in folders):
            folder = folder.parent
        wanted = list((net / folder).glob("*.[ch]"))
        if str(folder) != ".":
            wanted += [*(net / folder).rglob("*/*.[ch]"), *(net / folder).parent.glob("*.h")]
        for file in wanted:
            target = home / file.relative_to(net)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)

    def _group(self, number: int) -> Ended:
        name, home = self._order[number], self._home(number)
        watch = self._watches[number]
        began = time.perf_counter()
        for path in self.groups[name]:
            split_declarators(home / path)
        passes = 0
        failures: list[str] = []
        for more in ((), ("-D", "bridge")):
            watch.changed()
            for _ in range(_PASSES):
                passes += 1
                failure = self._call(home, self.groups[name], more)
                if failure:
                    failures.append(failure)
                if failure or not watch.changed():
                    break
        return Ended(name, time.perf_counter() - began, passes, tuple(failures))

    def _call(self, home: Path, files: Sequence[str], more: Sequence[str]) -> str:
        words = ["spatch", "--sp-file", str(PATCH), *more, "--in-place", "--local-includes",
                 "--very-quiet", *files]
        try:
            code = subprocess.run(words, cwd=home, stdin=subprocess.DEVNULL, capture_output=True,
                                  timeout=LIMIT, check=False).returncode
        except subprocess.TimeoutExpired:
            return f"not done in {LIMIT} s"
        return f"exit code {code}" if code else ""


def split_declarators(file: Path) -> None:
    """`struct page *a, *b;` as two declarations, which spatch does not match as one."""
    text = file.read_bytes().decode("latin-1")
    made = _DECLARATORS.sub(
        lambda found: (f"{found[1]}struct page *{found[2]};\n"
                       f"{found[1]}struct page *{found[3]}{found[4] or ''};"), text)
    if made != text:
        file.write_bytes(made.encode("latin-1"))


class Watch:
    """The sources below a folder, watched for change. What was not touched is not read again."""

    def __init__(self, folder: Path) -> None:
        self._seen = {file: (_touched(file), file.read_bytes())
                      for file in folder.rglob("*.[ch]")}

    def changed(self) -> bool:
        """Is any of them another than at the last call, or at first?"""
        found = False
        for file, (touched, text) in self._seen.items():
            now = _touched(file)
            if now != touched:
                made = file.read_bytes()
                found = found or made != text
                self._seen[file] = (now, made)
        return found


def _used() -> float:
    """Seconds of CPU of all that this process ran and waited for."""
    times = os.times()
    return times.children_user + times.children_system


def _touched(file: Path) -> tuple[int, int, int]:
    at = file.stat()
    return at.st_mtime_ns, at.st_size, at.st_ino
