# SPDX-License-Identifier: GPL-2.0-only
"""`make slots`: what humans moved to netmem by hand, slot by slot, and whether the tool moves it.

    run_slots.py [--old VERSION|TREE] [--new VERSION|TREE] [--no-compile] [DRIVER...]

human-slots.tsv lists what upstream's merged conversions moved. The old tree has the drivers as they
were before; they are converted to the API of the new tree. The new tree has them converted; they
are taken back to pages (undo.py) in memory, and converted again. Both with --prepare. Each slot is
looked for in the text that a conversion leaves, not only in its report. Unless --no-compile is
given, what was taken back is compiled against what it was made of, and each patch of the conversion
that follows is proven. Neither tree is written. The exit code is 1 where a slot that is known to
move does not, where one moves that humans left a page, where text and report differ, where a call
is given something else than before, or where a proof fails.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from run import tree_of
from slots import Found, Slot, arguments, became, mistold, read, symbols_of
from undo import Undone, undo_driver

from netmem_migrate import pipeline
from netmem_migrate.files import plain
from netmem_migrate.kernel.drivers import find
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.options import Conversion
from netmem_migrate.results import FileChange, Migration
from netmem_migrate.verify import ObjectProof, verify_changes
from netmem_migrate.verify.said import Status

OLD = "6.12"
ETHERNET = "drivers/net/ethernet"
# Where the drivers of the table are: what is asked for on the old tree, and on the new one.
FOLDERS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "mlx5": (("mellanox/mlx5/core",), ("mellanox/mlx5/core",)),
    "fbnic": (("meta/fbnic",), ("meta/fbnic",)),
    "bnxt": (("broadcom/bnxt",), ("broadcom/bnxt",)),
    "gve": ((), ("google/gve",)),
    "libeth": (("intel/libeth", "intel/idpf", "intel/iavf"), ("intel/libeth",)),
}
# Slots that the same conversions left as pages, as far as a name says it.
LEFT = frozenset(("fbnic_pkt_prepare.page", "bnxt_sw_rx_bd.data", "fbnic_page_pool_get_head"))


@dataclass(slots=True)
class Side:
    """What came of one tree: of each slot, and how much does not hold."""

    name: str
    found: dict[Slot, Found] = field(default_factory=dict)
    failed: int = 0

    def say(self, text: str, *, failed: bool = False) -> None:
        """One more line, of what holds or does not."""
        self.failed += failed
        print(f"{'FAILED ' if failed else ''}{self.name}: {text}", flush=True)

    def take(self, slots: Sequence[Slot], migration: Migration, before: Mapping[str, bytes],
             root: Path) -> None:
        """Look for slots in what a conversion leaves; `before` are texts that `root` has not."""
        report = migration.report
        files = {*(one.file for one in slots), *(one.path for one in migration.changes),
                 *(one.file for one in report.declarations)}
        texts = {file: before[file] if file in before else plain.read(root / file)
                 for file in sorted(files) if (root / file).is_file()}
        changed = {one.path: one.after for one in migration.changes}
        sides = symbols_of(texts), symbols_of({**texts, **changed})
        for slot in slots:
            self.found[slot] = one = became(slot, *sides, migration)
            if one.moved != one.told:
                self.say(f"{slot.page}: the report says otherwise than the text", failed=True)
        for line in mistold(sides[1], report.declarations):
            self.say(f"{line} has not moved in the text", failed=True)
        calls, wrong = arguments([change for step in migration.steps if step.room is None
                                  for change in step.changes])
        for line in wrong:
            self.say(line, failed=True)
        rooms = ", ".join(f"{one.step} {one.slot}" for one in report.rooms)
        stay = sum(one.by_design for one in report.sites)
        self.say(f"{report.path}: {report.verdict}{f' ({rooms})' if rooms else ''}, {stay} calls "
                 f"stay by design; of {calls} calls with another name that are given more than "
                 f"the memory, {calls - len(wrong)} are given what they were")
        self.more(slots, migration)

    def more(self, slots: Sequence[Slot], migration: Migration) -> None:
        """What moves that is none of the slots; a name that humans left as a page is said to be."""
        known = {name.partition(".")[0] if one.kind == "return" else name
                 for one in slots for name in (one.page, one.netmem)}
        copies = {room.made.removesuffix("()"): room.slot.removesuffix("()")
                  for room in migration.report.rooms}
        for one in migration.report.declarations:
            owner = copies.get(one.function, one.function)
            name = owner if one.kind == "return" else (
                copies.get(one.name, one.name) if one.kind == "member" else f"{owner}.{one.name}")
            if name not in known:
                left = name in LEFT
                self.say(f"{one.file}:{one.line}: {one.kind} {name} moves, too"
                         f"{' (humans left it a page)' if left else ''}", failed=left)


def old(side: Side, root: Path, api: str, driver: str, slots: Sequence[Slot]) -> None:
    """Convert a driver as it was before the merged conversion."""
    folders = FOLDERS[driver][0]
    if folders:
        options = Conversion(api=api, prepare=True)
        run = pipeline.run([root / ETHERNET / one for one in folders], options)
        for migration in run.drivers:
            side.take(slots, migration, {}, root)
        for one in run.stopped:
            side.say(f"{one.driver}: {one.findings[0].message}", failed=True)


def new(side: Side, root: Path, driver: str, slots: Sequence[Slot], *, proofs: bool) -> None:
    """Take a converted driver back, and convert it again."""
    (folder,) = FOLDERS[driver][1]
    undone = undo_driver(find(root / ETHERNET / folder, root))
    for line in undone.left:
        side.say(f"{line}: still netmem, left as it is")
    options = Conversion(prepare=True)
    given = pipeline.one_input([root / ETHERNET / folder], options)
    held = replace(given, drivers=tuple(replace(one, held=undone.texts) for one in given.drivers))
    (run,) = pipeline.converted([held], options)
    for one in run.stopped:
        side.say(f"{one.driver}: {one.findings[0].message}", failed=True)
    (migration,) = run.drivers
    side.take(slots, migration, undone.texts, root)
    if proofs:
        _undoing(side, root, undone)
        _series(side, root, undone, migration)


def _undoing(side: Side, root: Path, undone: Undone) -> None:
    """Compile what was taken back against what it was made of.

    That its code is another is no fault, but is said: what unmaps netmem on Tx does more than what
    unmaps pages.
    """
    proofs = verify_changes(root, [FileChange(path, plain.read(root / path), text)
                                   for path, text in undone.texts.items()])
    built = [one for one in proofs if one.plain.status is not Status.NOT_BUILT]
    wrong = [one for one in built if any(" error: " in line for said in (one.plain, one.strict)
                                         for line in said.details)]
    side.say(f"taken back: {len(undone.texts)} files, {len(proofs)} objects, {len(built)} built, "
             f"{len(built) - len(wrong)} without an error, "
             f"{sum(proof.proven for proof in proofs)} to the same code")
    for one in proofs:
        _told(side, one, "taken back", failed=one in wrong)


def _series(side: Side, root: Path, undone: Undone, migration: Migration) -> None:
    """Prove each patch of the conversion on what those before it leave of what was taken back."""
    earlier = {path: FileChange(path, text, text) for path, text in undone.texts.items()}
    for step in migration.steps:
        name = step.room.step if step.room is not None else "conversion"
        here = {change.path: change for change in step.changes}
        proofs = verify_changes(root, list((earlier | here).values()))
        earlier |= {path: FileChange(path, change.after, change.after)
                    for path, change in here.items()}
        side.say(f"{name}: {sum(one.proven for one in proofs)} of {len(proofs)} objects proven")
        for one in proofs:
            _told(side, one, name, failed=one.failed)


def _told(side: Side, proof: ObjectProof, name: str, *, failed: bool) -> None:
    """Of an object that is not proven: what is not, and why."""
    for what, said in (("plain", proof.plain), ("strict", proof.strict),
                       ("identity", proof.identity)):
        if said.status is not Status.PASS:
            side.say(f"{name}: {proof.source}: {what} {said.status}: "
                     f"{'; '.join(said.details[:2])}", failed=failed)
        if said.status is Status.NOT_BUILT:
            return


def table(slots: Sequence[Slot], sides: Mapping[str, Side]) -> int:
    """Print what came of each slot, and count those that do not do what they are known to."""
    failed = 0
    width = max(len(one.page) for one in slots)
    heads = "".join(f"  {side.name:<10}" for side in sides.values())
    print(f"{'driver':<7} {'kind':<9} {'slot':<{width}}{heads}")
    for slot in slots:
        words, notes = [], []
        for key, side in sides.items():
            known = getattr(slot, key)
            word = side.found[slot].word if slot in side.found else "none"
            words.append(word)
            if word != known:
                lost = known == "moves"
                notes.append(f"{'FAILED' if lost else 'news'}: known as {known}")
                failed += lost
        cells = "".join(f"  {word:<10}" for word in words)
        print(f"{slot.driver:<7} {slot.kind:<9} {slot.page:<{width}}{cells}"
              f"{', '.join(notes)}".rstrip())
    for side in sides.values():
        here = [one for one in side.found.values() if one.name]
        print(f"{side.name}: {sum(one.moved for one in here)} of {len(here)}")
    moved = sum(any(slot in side.found and side.found[slot].moved for side in sides.values())
                for slot in slots)
    print(f"{moved} of {len(slots)} in one of both")
    return failed


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure the tool against what humans moved.")
    parser.add_argument("--old", default=OLD, help="the tree before, a version or a path")
    parser.add_argument("--new", default="", help="the tree after; default: the newest")
    parser.add_argument("--no-compile", action="store_true", help="prove nothing")
    parser.add_argument("drivers", nargs="*", help="of the table; default: all")
    given = parser.parse_args()
    roots = {"old": tree_of(given.old), "new": tree_of(given.new)}
    started = time.monotonic()
    api = Kernel.at(roots["new"]).api
    slots = [one for one in read() if not given.drivers or one.driver in given.drivers]
    sides = {"old": Side(Kernel.at(roots["old"]).version),
             "new": Side(f"{Kernel.at(roots['new']).version} undone")}
    for driver in dict.fromkeys(one.driver for one in slots):
        mine = [one for one in slots if one.driver == driver]
        old(sides["old"], roots["old"], api, driver, mine)
        new(sides["new"], roots["new"], driver, mine, proofs=not given.no_compile)
    failed = table(slots, sides)
    for side in sides.values():
        failed += side.failed
    print(f"{failed} failed, {time.monotonic() - started:.0f} s")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
