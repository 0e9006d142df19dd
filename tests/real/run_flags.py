# SPDX-License-Identifier: GPL-2.0-only
"""The pools of a real tree that do not sync for the device: what `--with flags` makes of each, the
proof, the patch as mail, and seeded faults.

    run_flags.py [VERSION|TREE] [FUNCTION...]

The pools are those of flags-pools.tsv. Of each that gets the flag, the patch is proven, git am has
to give what apply gives, and checkpatch.pl --strict has to be silent. Then the patch is spelled
wrong in several ways, each of which has to be refused by verify, with the place.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from run import has_to_be_long, tree_of

from netmem_migrate.api import migrate
from netmem_migrate.c import view
from netmem_migrate.c.parse import parse
from netmem_migrate.flow.flags.step import Made, steps
from netmem_migrate.git.am import apply_series
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange, Run, Step
from netmem_migrate.verify import Status, verify_changes
from netmem_migrate.verify.checkpatch import checkpatch
from netmem_migrate.verify.flagged import flagged, told
from netmem_migrate.verify.sides import followed

TABLE = Path(__file__).with_name("flags-pools.tsv")
PLACE = re.compile(r"\S+\.[ch]:\d+")
FLAG = b" | PP_FLAG_DMA_SYNC_DEV"
SYNC = b"dma_sync_single_range_for_device"


@dataclass(frozen=True)
class Pool:
    file: str
    function: str
    expected: str


def table() -> list[Pool]:
    lines = [one for one in TABLE.read_text().splitlines() if not one.startswith("#")]
    return [Pool(f"drivers/net/{file}", function, expected)
            for file, function, expected in csv.reader(lines, delimiter="\t")]


Texts = dict[str, bytes]


def puts(text: bytes) -> list[view.Call]:
    """The calls with a size that the step sets."""
    return [one for one in view.calls(parse(text).tree.root_node)
            if one.name.startswith(b"page_pool_put_") and len(one.args) == 4
            and view.text(one.args[2]) == b"-1"]


def with_size(text: bytes, put: view.Call, size: bytes) -> bytes:
    node = put.args[2]
    return text[:node.start_byte] + size + text[node.end_byte:]


def seeds(before: Mapping[str, bytes], after: Mapping[str, bytes],
          made: Made) -> Iterator[tuple[str, Texts]]:
    """The patch, spelled wrong."""
    pool = made.read.asked.scope.file
    text = after[pool]
    max_len = re.compile(rb"max_len(\s*)= PAGE_SIZE(?=[,;])")
    assert max_len.search(text) and FLAG in text
    for file, one in after.items():
        for number, put in enumerate(puts(one) if made.turned else ()):
            for size in (b"0", b"64"):
                yield (f"put {number} of {file.rpartition('/')[2]} says {size.decode()}",
                       {**after, file: with_size(one, put, size)})
    half = max_len.sub(rb"max_len\1= PAGE_SIZE / 2", text)
    yield "max_len is half of it", {**after, pool: half}
    number = max_len.sub(rb"max_len\1= 2048", text)
    yield "max_len is a number", {**after, pool: number}
    for found in max_len.finditer(text):
        line = text[text.rfind(b"\n", 0, found.start()) + 1:text.index(b"\n", found.end()) + 1]
        behind = line.replace(found[0], found[0].replace(b"PAGE_SIZE", b"PAGE_SIZE - 256"))
        more = line.replace(found[0], b"offset = 256")
        yield "the offset is beyond what the device is given", {
            **after, pool: text.replace(line, behind + more)}
        yield "the offset is beyond all of it", {**after, pool: text.replace(line, line + more)}
        yield "the flag alone, without max_len", {**after, pool: text.replace(line, b"")}
    alone = before[pool].replace(b"PP_FLAG_DMA_MAP", b"PP_FLAG_DMA_MAP" + FLAG)
    yield "the flag alone, and nothing else", {**before, pool: alone}
    if made.gone:
        yield "the flag is not there, the driver's own sync is gone", {
            **after, pool: text.replace(FLAG, b"")}
        kept = text
        for put in reversed(puts(text)):
            kept = with_size(kept, put, b"0")
        yield "the flag, the driver's own sync is gone, and all puts say 0", {**after, pool: kept}
    for file, one in before.items():
        for call in view.calls(parse(one).tree.root_node):
            statement = call.node.parent
            if call.name == SYNC and statement is not None:
                mine = after.get(file, one)
                yield (f"a sync of what is sent goes, too ({file.rpartition('/')[2]})",
                       {**after, file: mine.replace(view.text(statement), b"", 1)})


def changed(before: Mapping[str, bytes], after: Mapping[str, bytes]) -> dict[str, FileChange]:
    return {path: FileChange(path, text, after[path]) for path, text in before.items()}


def struck(root: Path, before: Mapping[str, bytes], after: Mapping[str, bytes],
           made: Made) -> tuple[int, int]:
    """Seed every fault: how many, and how many are refused with a place."""
    count = found = 0
    for what, texts in seeds(before, after, made):
        changes = changed(before, texts)
        said = told(changes, root, "") if flagged(changes) else ("is no such patch",)
        good = bool(said) and bool(PLACE.search(said[0]))
        count, found = count + 1, found + good
        print(f"    {'refused' if good else 'MISSED '} {what}: {'; '.join(said)}")
    return count, found


def proven(root: Path, run: Run, step: Step) -> bool:
    """Whether all objects of the patch are proven, on those before it."""
    earlier: dict[str, FileChange] = {}
    for one in run.drivers[0].steps:
        here = {change.path: FileChange(change.path, change.before, change.after)
                for change in one.changes}
        if one is step:
            proofs = verify_changes(root, list((earlier | here).values()))
            for proof in proofs:
                print(f"  {'proven' if proof.proven else 'NOT PROVEN'} {proof.source} "
                      f"({proof.way}): {'; '.join(proof.identity.details) or proof.assumes}")
            return bool(proofs) and all(
                proof.proven and proof.way == "flags" and proof.plain.status is Status.PASS
                for proof in proofs)
        earlier |= {path: FileChange(path, change.after, change.after)
                    for path, change in here.items()}
    return False


def mailed(root: Path, run: Run) -> list[str]:
    """What is wrong with the series as mail."""
    with tempfile.TemporaryDirectory() as where:
        files = write_series(run, Path(where) / "out", SeriesOptions(signoff=True))
        numbered = [one for one in files if "0000-" not in one.name]
        made = {one.path: one.after for one in apply_series(root, numbered)}
        wanted = {path: text for one in run.drivers[0].steps
                  for path, text in ((change.path, change.after) for change in one.changes)}
        odd = [] if made == wanted else ["git am does not give what apply gives"]
        said = [one for one in checkpatch(root, numbered) if not has_to_be_long(one)]
        print(f"  {len(numbered)} patches, git am {'ok' if not odd else 'FAILED'}, checkpatch "
              f"--strict: {len(said)} findings")
        return odd + [f"{one.type}: {one.text}" for one in said]


def driver(root: Path, wanted: list[Pool]) -> tuple[int, int, int]:
    """What became of the pools of one file: those not as expected, faults, and those refused."""
    path = wanted[0].file
    run = migrate([root / path], api="", wanted=("flags",))
    before: Texts = {}
    for step in run.drivers[0].steps:
        if step.room is None:
            before |= {change.path: change.after for change in step.changes}
    last = next((one for one in run.drivers[0].steps
                 if one.room is not None and one.room.step == "flags"), None)
    analysis = followed(root, path, before)
    decided = steps(analysis)
    for one in analysis.driver.files:
        before.setdefault(one, analysis.originals[one])
    odd = seeded = found = 0
    for pool in wanted:
        one = next((one for one in decided if _place(one) == (path, pool.function)), None)
        said = one.why.value if isinstance(one, Reason) else "made" if one else "nothing"
        text = wording.undone(one) if isinstance(one, Reason) else ""
        good = said == pool.expected
        odd += not good
        print(f"  {'' if good else 'UNEXPECTED '}{path} {pool.function}: {said}: {text}")
        if isinstance(one, Made) and last is not None:
            print(f"  model: {one.shown.states} states, "
                  f"{'nothing unsynced' if one.shown.clean else 'nothing new unsynced'}")
            after = before | {change.path: change.after for change in last.changes}
            odd += not proven(root, run, last)
            odd += len(mailed(root, run))
            some, told_ = struck(root, before, after, one)
            seeded, found = seeded + some, found + told_
    return odd, seeded, found


def _place(one: Made | Reason) -> tuple[str, str]:
    if isinstance(one, Reason):
        return one.file, one.slot
    return one.read.asked.scope.file, one.read.asked.scope.title


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    by_file: dict[str, list[Pool]] = {}
    for pool in table():
        if not sys.argv[2:] or pool.function in sys.argv[2:]:
            by_file.setdefault(pool.file, []).append(pool)
    odd = seeded = found = 0
    for wanted in by_file.values():
        one = driver(root, wanted)
        odd, seeded, found = odd + one[0], seeded + one[1], found + one[2]
        sys.stdout.flush()
    count = sum(map(len, by_file.values()))
    print(f"{count} pools, {odd} not as expected, not proven or not clean as mail; {found} of "
          f"{seeded} seeded faults refused with a place, {time.monotonic() - started:.0f} s on "
          f"{root}")
    return 1 if odd or found < seeded else 0


if __name__ == "__main__":
    sys.exit(main())
