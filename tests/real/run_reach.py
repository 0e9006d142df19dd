# SPDX-License-Identifier: GPL-2.0-only
"""Whether gcc reaches what requirements of netmem.rst rest on (report.requirements).

    run_reach.py [VERSION|TREE] [FOLDER...]

The judge's own reach is not asked. Each source of a module is compiled for itself, each function
and table into a section of its own and nothing inlined; the relocations say which section names
which, the debug lines which code is in which. A place is reached where its section is below one
that is above a call that creates a pool; who may call one exported function may call the others.
Without FOLDER all drivers that create pools are walked. Places in what does not compile here are
counted, and no failure.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from run import tree_of

from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import Unit, units
from netmem_migrate.job import job_of, target_of
from netmem_migrate.kernel.drivers import find
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.options import Conversion
from netmem_migrate.results import Evidence
from netmem_migrate.verify.objects import record

CREATES = {*named(Trait.CREATES_POOL), "page_pool_create_percpu"}
WORDS = ("-w", "-g1", "-fno-inline", "-fno-ipa-cp", "-ffunction-sections", "-fdata-sections")
EXPORTS = ".export_symbol"
_SECTION = re.compile(r"^(?:Disassembly of section|RELOCATION RECORDS FOR) \[?([^\]:]+)\]?:")
_LINE = re.compile(r"^(/\S+|\.\S*|\w\S*\.[ch]):(\d+)")
_SYMBOL = re.compile(r"^[0-9a-f]+ (.{7}) (\S+)\t[0-9a-f]+\s+(?:\.hidden )?(\S+)$")
_TARGET = re.compile(r"\bR_\w+\s+(\S+?)(?:[+-]0x[0-9a-f]+)?\s*$")
_TABLE = re.compile(r"\b(\w+)(?:\[\])?\s*=\s*(?:\{|$)")
Section = tuple[str, str]


@dataclass(slots=True)
class Built:
    """What the compiler made of the sources of a module."""

    sources: set[str] = field(default_factory=set)
    lines: dict[Section, dict[str, set[int]]] = field(default_factory=dict)
    names: dict[Section, set[str]] = field(default_factory=dict)
    homes: dict[str, set[Section]] = field(default_factory=dict)
    static: dict[tuple[str, str], Section] = field(default_factory=dict)

    def add(self, source: str, objects: Path, root: Path) -> None:
        """Read one object."""
        self.sources.add(source)
        for text in _dump("-t", objects).splitlines():
            found = _SYMBOL.match(text)
            if found is not None and not found[2].startswith("*"):
                home = (source, found[2])
                self.static[source, found[3]] = home
                if found[1][0] != "l":
                    self.homes.setdefault(found[3], set()).add(home)
        section = (source, "")
        for text in (_dump("-dlr", objects) + _dump("-r", objects)).splitlines():
            if (found := _SECTION.match(text)) is not None:
                section = (source, found[1])
            elif section[1].startswith((".debug", ".eh_", ".discard", ".orc")):
                continue
            elif (found := _LINE.match(text)) is not None:
                file = found[1].removeprefix(f"{root}/").removeprefix("./")
                self.lines.setdefault(section, {}).setdefault(file, set()).add(int(found[2]))
            elif (found := _TARGET.search(text)) is not None:
                self.names.setdefault(section, set()).add(found[1])

    def reached(self) -> set[Section]:
        """The sections that are below what is above calls that create a pool."""
        below = {one: set().union(*(self._meant(one, name) for name in names))
                 for one, names in self.names.items()}
        exported = set().union(*(targets for one, targets in below.items()
                                 if one[1].startswith(EXPORTS)))
        above: dict[Section, set[Section]] = {}
        for one, targets in below.items():
            for target in targets:
                above.setdefault(target, set()).add(one)
        starts = {one for one, names in self.names.items() if names & CREATES}
        leading = _walk(starts, above)
        if leading & exported:
            leading |= _walk(exported, above) | exported
        return _walk(leading, below)

    def _meant(self, section: Section, name: str) -> set[Section]:
        if (section[0], name) in self.static:
            return {self.static[section[0], name]}
        if name.startswith("."):
            return {(section[0], name)}
        return self.homes.get(name, set())

    def around(self, place: Evidence, text: bytes) -> set[Section] | None:
        """The sections that a place of a file is in; None where no source that was compiled has it.
        A table is found by its first line, the last above that begins at the margin."""
        lines = text.decode("utf-8", "replace").split("\n")[:place.line]
        first = next((one for one in reversed(lines) if one[:1].isalpha()), "")
        table = _TABLE.search(first)
        if table is not None:
            found = {home for (source, name), home in self.static.items()
                     if name == table[1] and place.file.endswith((".h", source))}
            if found:
                return found
        known = {section for section, files in self.lines.items() if place.file in files}
        if not known and place.file not in self.sources:
            return None
        return {one for one in known if min(lines := self.lines[one][place.file]) - 1
                <= place.line <= max(lines)}


def _walk(starts: Iterable[Section], edges: dict[Section, set[Section]]) -> set[Section]:
    found, queue = set(starts), list(starts)
    while queue:
        for one in edges.get(queue.pop(), set()) - found:
            found.add(one)
            queue.append(one)
    return found


def _dump(how: str, file: Path) -> str:
    return subprocess.run(["objdump", how, "--no-show-raw-insn", str(file)], check=True,
                          stdout=subprocess.PIPE, text=True, errors="replace").stdout


def built(root: Path, unit: Unit) -> Built:
    """Compile the sources of a module, and of the library that it takes its pools from."""
    found = Built()
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "object.o")
        for one in record(root, [file for file in unit.files if file.endswith(".c")]):
            if one.missing:
                continue
            words = [word for word in one.as_if_set.words
                     if not word.startswith("-fpatchable-function-entry")]
            done = subprocess.run([*words, *WORDS, "-c", "-o", str(out), one.named],
                                  cwd=root / one.folder, check=False, capture_output=True)
            if done.returncode == 0:
                found.add(one.source, out, root)
    return found


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    places = odd = unknown = modules = 0
    options = Conversion()
    folders = [root / one for one in sys.argv[2:]] or page_pool_folders(root)
    for folder in folders:
        job = job_of(find(folder, root), target_of(Kernel.at(root), options), options)
        if job is None:
            continue
        sites = job.migration(judge=False).report.sites
        for unit in units(job.analysis):
            judge = Judge(unit, sites)
            if not judge.pools:
                continue
            modules += 1
            made = built(root, unit)
            reached = made.reached()
            for key, one in judge.judged().items():
                for place in one.evidence:
                    places += 1
                    around = made.around(place, unit.texts[place.file])
                    if around is None or not reached:
                        unknown += 1
                    elif not around & reached:
                        odd += 1
                        print(f"{key} {one.status.value}: {place.file}:{place.line} is not "
                              f"reached: {place.text}", flush=True)
    print(f"{modules} modules, {places} places: {odd} are not reached, {unknown} are in what does "
          f"not compile here, {time.monotonic() - started:.0f} s")
    return 1 if odd else 0


if __name__ == "__main__":
    sys.exit(main())
