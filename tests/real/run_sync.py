# SPDX-License-Identifier: GPL-2.0-only
"""The raw syncs of a real tree: what `--with sync` makes of each, the proof, and seeded faults.

    run_sync.py [VERSION|TREE] [DRIVER...]

The sites are those of sync-sites.tsv. Of each that is made, the patch is proven; then its call is
spelled wrong in several ways, each of which has to be found by the comparison of code alone.
"""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from run import tree_of

from netmem_migrate.api import migrate
from netmem_migrate.c import view
from netmem_migrate.c.parse import parse
from netmem_migrate.flow.sync.pools import creates, params
from netmem_migrate.flow.sync.sites import Made, sites
from netmem_migrate.flow.sync.text import RAW, synced
from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange, Migration
from netmem_migrate.verify import Status, verify_changes
from netmem_migrate.verify import synced as proof
from netmem_migrate.verify.objects import record
from netmem_migrate.verify.overlay import build
from netmem_migrate.verify.rooms import SYNCED, alike
from netmem_migrate.verify.sides import followed

TABLE = Path(__file__).with_name("sync-sites.tsv")
CONDITION = re.compile(r"\((S\d)\)")


@dataclass(frozen=True)
class Site:
    file: str
    line: int
    driver: str
    expected: str


def table() -> list[Site]:
    lines = [one for one in TABLE.read_text().splitlines() if not one.startswith("#")]
    return [Site(f"drivers/net/{file}", int(line), driver, expected)
            for file, line, driver, expected in csv.reader(lines, delimiter="\t")]


def raw_lines(source: bytes) -> list[int]:
    return [one.node.start_point[0] + 1 for one in view.calls(parse(source).tree.root_node)
            if one.name in RAW]


def seeds(made: Made) -> Iterator[tuple[str, bytes]]:
    """The call, spelled wrong: each way that is another value for some buffer."""
    name, size, offset = made.function.encode(), made.size, made.offset
    base, sign, member = re.fullmatch(rb"(?:(.*?)(->|\.))?(\w+)", made.buffer).groups()
    owner, way, pool, index = re.fullmatch(rb"(.*)(->|\.)(\w+)(\[.*\])?", made.pool).groups()
    next_ = b"(%b + 1)->" % (base if sign == b"->" else b"&" + base) if base else b""

    def call(*args: bytes) -> bytes:
        return b"%b(%b)" % (name, b", ".join(args))

    if offset == b"0":
        yield "offset of a constant", call(made.pool, made.buffer, b"64", size)
    else:
        yield "offset dropped", call(made.pool, made.buffer, b"0", size)
        yield "offset doubled", call(made.pool, made.buffer, b"2 * (%b)" % offset, size)
        if base and base in offset:
            other = offset.replace(base + sign, next_)
            yield "offset of another buffer", call(made.pool, made.buffer, other, size)
    if made.start not in (b"0", b""):
        yield "the pool's offset twice", call(made.pool, made.buffer, made.start, size)
        yield "the pool's offset taken away", call(made.pool, made.buffer,
                                                   b"0 - " + made.start, size)
    other = next_ + member if base else b"%b + 64" % member
    yield "another buffer", call(made.pool, other, offset, size)
    yield "length and one", call(made.pool, made.buffer, offset, b"%b + 1" % size)
    yield "swapped", call(made.pool, made.buffer, size, offset)
    if index is None:
        yield "another pool", call(b"(%b + 1)%b%b" % (owner, way, pool), made.buffer, offset, size)
    else:
        other = b"%b%b%b[%b + 1]" % (owner, way, pool, index[1:-1])
        yield "another pool", call(other, made.buffer, offset, size)


def asks_pool(made: Made) -> bool:
    """Whether a raw call takes the direction from the pool itself: no other one is wrong."""
    scope, node = made.raw.scope, made.raw.direction
    return b"page_pool_get_dma_dir" in view.text(scope.once(node) or node)


def pool_seeds(made: Sequence[Made]) -> Iterator[tuple[str, str, bytes]]:
    """The file where a pool is made, with one of its parameters wrong: what, file, text."""
    wrong = {b"dev": b"netmem_other(%b)", b"offset": b"(%b) + 4096"}
    if not all(map(asks_pool, made)):
        wrong[b"dma_dir"] = b"DMA_TO_DEVICE"
    world = made[0].raw.scope.world
    analysis = world.analysis
    for scope in world.scopes(b"page_pool_create"):
        for call in filter(creates, view.calls(scope.node)):
            given = params(scope, call.node)
            for name, spelled in wrong.items() if given is not None else ():
                for node in given.values.get(name, ()):
                    text = analysis.originals[scope.file]
                    new = spelled.replace(b"%b", view.text(node))
                    yield (f"{name.decode()} of the pool is {new.decode()}", scope.file,
                           text[:node.start_byte] + new + text[node.end_byte:])


def refused(root: Path, before: dict[str, bytes], decided: list[Made | Reason],
            path: str) -> tuple[int, int]:
    """Seed faults where the pool is made: how many, and at how many each call is another, or
    none."""
    mine = [one for one in decided if isinstance(one, Made) and one.raw.scope.file == path]
    places = {proof.place(one) for one in mine}
    count = found = 0
    for what, file, text in pool_seeds(mine) if mine else ():
        now = sites(followed(root, path, {**before, file: text}))
        same = {one.text for one in now if isinstance(one, Made)} & {one.text for one in mine}
        why = next((wording.text(one) for one in now if isinstance(one, Reason)
                    and proof.place(one) in places), "another call")
        count, found = count + 1, found + (not same)
        print(f"    {'MISSED' if same else 'found '} {path.rpartition('/')[2]} {what}: {why}")
    return count, found


class Compiler:
    """Compiles texts of one source at one path; each with a set of options once."""

    def __init__(self, root: Path, source: str, where: Path) -> None:
        (self.command,) = record(root, [source])
        self.root, self.where = root, where
        self.known: dict[tuple[str, tuple[str, ...]], subprocess.CompletedProcess[bytes]] = {}

    def side(self, name: str, files: dict[str, bytes]) -> None:
        build(self.root, self.where / name, files)

    def __call__(self, side: str, options: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        key = side, tuple(options)
        if key not in self.known:
            self.known[key] = subprocess.run(
                [*self.command.words, *options, self.command.named], cwd=self.where / side,
                check=False, capture_output=True, stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"})
        return self.known[key]


def struck(root: Path, before: dict[str, bytes], analysis: object, decided: list[Made | Reason],
           path: str) -> tuple[int, int]:
    """Seed every fault at every call of a file: how many, and how many were found."""
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        compiler = Compiler(root, path, Path(name))
        mine = [one for one in decided if isinstance(one, Made) and one.raw.scope.file == path]
        faults = [(one, what, text) for one in mine for what, text in seeds(one)]
        sides: list[str] = []
        for number, (wrong, _, text) in enumerate(faults):
            after = before[path]
            for one in sorted(mine, key=lambda one: -one.raw.call.node.start_byte):
                node = one.raw.call.node
                new = text if one is wrong else one.text
                after = after[:node.start_byte] + new + after[node.end_byte:]
            found = synced({path: parse(before[path])}, {path: parse(after)})
            assert found is not None, text
            told = proof.compared(found, analysis, decided, root, before)
            assert not told.whole, told.whole
            compiler.side(f"fault-{number}", {**before, **told.after})
            if not sides:
                compiler.side(SYNCED[1], {**before, **told.witness})
            sides.append(f"fault-{number}")
        with ThreadPoolExecutor(2) as pool:
            said = list(pool.map(lambda side: alike(compiler, (side, SYNCED[1])), sides))
        for (one, what, text), verdict in zip(faults, said, strict=True):
            good = verdict.status is Status.FAIL
            line = one.raw.scope.line(one.raw.call.node)
            print(f"    {'found ' if good else 'MISSED'} {path.rpartition('/')[2]}:{line} {what}: "
                  f"{text.decode()}: {'; '.join(verdict.details)}")
        return len(faults), sum(one.status is Status.FAIL for one in said)


def proven(root: Path, migration: Migration) -> dict[str, bool]:
    """Whether the patch of the step is proven, by object."""
    earlier: dict[str, FileChange] = {}
    found: dict[str, bool] = {}
    for step in migration.steps:
        here = {change.path: FileChange(change.path, change.before, change.after)
                for change in step.changes}
        if step.room is not None and step.room.step == "sync":
            for one in verify_changes(root, list((earlier | here).values())):
                found[one.source] = one.proven and one.way == "sync"
                print(f"  {'proven' if one.proven else 'NOT PROVEN'} {one.source} ({one.way}): "
                      f"{'; '.join(one.identity.details) or one.assumes}")
        earlier |= {path: FileChange(path, one.after, one.after) for path, one in here.items()}
    return found


def driver(root: Path, wanted: list[Site]) -> tuple[int, int, int]:
    """What became of the sites of one file: those not as expected, faults, and those found."""
    path = wanted[0].file
    (migration,) = migrate([root / path], api="", wanted=("sync",)).drivers
    before = {one.path: one.after for step in migration.steps if step.room is None
              for one in step.changes}
    source = before.get(path, (root / path).read_bytes())
    before.setdefault(path, source)
    analysis = followed(root, path, before)
    decided = sites(analysis)
    lines = dict(zip(raw_lines((root / path).read_bytes()), raw_lines(source), strict=True))
    held = proven(root, migration)
    odd = 0
    for site in wanted:
        one = next((one for one in decided if proof.place(one) == (path, lines[site.line])), None)
        if isinstance(one, Made):
            said = "made"
            text = f"{one.text.decode()}, {'proven' if held.get(path) else 'NOT PROVEN'}"
            odd += not held.get(path)
        else:
            text = wording.text(one) if one is not None else "not found"
            condition = CONDITION.search(text)
            said = condition[1] if condition else "?"
        good = said == site.expected
        odd += not good
        print(f"  {'' if good else 'UNEXPECTED '}{site.driver} {path}:{site.line}: {said}: {text}")
    seeded, found = struck(root, before, analysis, decided, path)
    pools, told = refused(root, before, decided, path)
    return odd, seeded + pools, found + told


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    by_file: dict[str, list[Site]] = {}
    for site in table():
        if not sys.argv[2:] or site.driver in sys.argv[2:]:
            by_file.setdefault(site.file, []).append(site)
    odd = seeded = found = 0
    for wanted in by_file.values():
        one = driver(root, wanted)
        odd, seeded, found = odd + one[0], seeded + one[1], found + one[2]
        sys.stdout.flush()
    count = sum(map(len, by_file.values()))
    print(f"{count} sites, {odd} not as expected or not proven; {found} of {seeded} seeded faults "
          f"found, {time.monotonic() - started:.0f} s on {root}")
    return 1 if odd or found < seeded else 0


if __name__ == "__main__":
    sys.exit(main())
