# SPDX-License-Identifier: GPL-2.0-only
"""Drivers of a real tree under each direction of the options that stand in what is converted.

    run_arms.py [VERSION|TREE]

A .config is one direction of each `#if`. Here every source that a conversion changes is compiled
with each CONFIG_ of the `#if`s of that file, and of headers that change with it, on and off: what
compiles before compiles after, with no new diagnostic.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate import api
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.results import FileChange
from netmem_migrate.verify import overlay
from netmem_migrate.verify.objects import Recorded, record

OPTION = re.compile(rb"\bCONFIG_\w+")
PLACE = re.compile(r"^\S+?:\d+:(?:\d+:)?", re.MULTILINE)


@dataclass(frozen=True)
class Way:
    """One object under one direction of one option."""

    command: Recorded
    option: str
    on: bool

    def __str__(self) -> str:
        return f"{self.command.source} {'-D' if self.on else '-U'} {self.option}"

    @property
    def header(self) -> str:
        """What is included behind the kernel's own configuration."""
        off = f"#undef {self.option}\n#undef {self.option}_MODULE\n"
        return off + (f"#define {self.option} 1\n" if self.on else "")


def options_in(change: FileChange) -> set[str]:
    """The CONFIG_ of every conditional of a file that a change touches."""
    return {option.decode() for group in change.parsed_before.groups for arm in group.arms
            for option in OPTION.findall(arm.directive)}


def ways(root: Path, changes: Sequence[FileChange]) -> Iterator[Way]:
    """Every object that is touched, with each option of its own file and of changed headers."""
    shared = {Path(one.path).parent: options_in(one) for one in changes if one.path.endswith(".h")}
    by_file = {one.path: options_in(one) | shared.get(Path(one.path).parent, set())
               for one in changes if one.path.endswith(".c")}
    wanted = [file for file, options in by_file.items() if options]
    for command in record(root, wanted) if wanted else ():
        if command.missing:
            print(f"  {command.source}: not built: {command.missing}")
            continue
        for option in sorted(by_file[command.source]):
            yield Way(command.as_if_set, option, True)
            yield Way(command.as_if_set, option, False)


def compare(before: Path, after: Path, headers: Path, number: int, way: Way) -> tuple[bool, str]:
    """Whether the code before compiles this way, and what is wrong with that after."""
    header = headers / f"{number}.h"
    header.write_text(way.header)
    built, said = _compile(before, way, header)
    if not built:
        return False, ""
    still, now = _compile(after, way, header)
    more = now - said
    return True, "" if still and not more else "; ".join(list(more)[:2] or ["does not compile"])


def _compile(root: Path, way: Way, header: Path) -> tuple[bool, Counter[str]]:
    done = subprocess.run(
        [*way.command.words, "-include", str(header), "-fsyntax-only", way.command.named],
        cwd=root / way.command.folder, env=os.environ | {"LC_ALL": "C"}, check=False,
        capture_output=True, text=True, stdin=subprocess.DEVNULL)
    lines = [PLACE.sub("", line) for line in done.stderr.splitlines()
             if re.search(r": (?:warning|error): ", line)]
    return done.returncode == 0, Counter(lines)


def check(root: Path, changes: Iterable[FileChange]) -> list[str]:
    """What is wrong, a line each; says what was compiled."""
    changes = list(changes)
    started = time.monotonic()
    every = list(ways(root, changes))
    wrong: list[str] = []
    compiled = 0
    with tempfile.TemporaryDirectory() as name:
        where = Path(name).resolve()
        for side, made in (("before", {one.path: one.before for one in changes}),
                           ("after", {one.path: one.after for one in changes})):
            overlay.build(root, where / side, made)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = pool.map(lambda one: compare(where / "before", where / "after", where, *one),
                            enumerate(every))
            for way, (built, fault) in zip(every, done, strict=True):
                compiled += built
                wrong += [f"{way}: {fault}"] if fault else []
    names = ", ".join(sorted({way.option for way in every}))
    print(f"{compiled} of {len(every)} objects with an option of a converted #if on or off compile "
          f"before, {compiled - len(wrong)} of them as well after "
          f"({time.monotonic() - started:.0f} s): {names}")
    return wrong


def main() -> int:
    """Convert the drivers of a tree and compile what the conversions change."""
    from run import tree_of

    tree = Kernel.at(tree_of(sys.argv[1] if len(sys.argv) > 1 else ""))
    changes: dict[str, FileChange] = {}
    for folder in page_pool_folders(tree.root):
        run = api.migrate([folder], kernel=tree.root, judge=False, one_driver=True)
        changes |= {one.path: one for driver in run.drivers for one in driver.changes}
    wrong = check(tree.root, changes.values())
    print("\n".join(wrong))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
