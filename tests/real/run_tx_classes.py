# SPDX-License-Identifier: GPL-2.0-only
"""What `--with tx` makes of the page_pool drivers of a real tree, held against tx-classes.tsv.

    run_tx_classes.py [--all] [VERSION|TREE] [DRIVER...]

--all lists every page_pool driver of the tree, those that are in no table, too.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from run import tree_of

from netmem_migrate.api import migrate
from netmem_migrate.report import wording
from netmem_migrate.results import Migration

TABLE = Path(__file__).with_name("tx-classes.tsv")
BELOW = "drivers/net"


def table() -> dict[str, set[tuple[str, str]]]:
    """The classes of each driver, with the places, below drivers/net."""
    found: dict[str, set[tuple[str, str]]] = {}
    lines = [one for one in TABLE.read_text().splitlines() if not one.startswith("#")]
    for path, class_, place in csv.reader(lines, delimiter="\t"):
        found.setdefault(path, set()).add((class_, place))
    return found


def classes(root: Path, path: str) -> Iterator[tuple[str, str, str, str]]:
    """The driver, what is made or refused in it, the place below the folder, and the words."""
    for one in migrate([root / path], wanted=("tx",), only=("tx",)).drivers:
        yield from _classes(one)


def _classes(one: Migration) -> Iterator[tuple[str, str, str, str]]:
    base = one.report.path if not one.report.path.endswith(".c") else \
        one.report.path.rpartition("/")[0]
    for room in one.report.behind:
        yield one.report.path, "made", f"{room.file.removeprefix(f'{base}/')}:{room.line}", ""
    for why in one.report.undone:
        place = why.other if ":" in why.other else f"{why.file}:{why.line}"
        yield one.report.path, why.why.value, place.removeprefix(f"{base}/"), wording.undone(why)


def main() -> int:
    words = [one for one in sys.argv[1:] if one != "--all"]
    root = tree_of(words[0] if words else "")
    wanted = table()
    started = time.monotonic()
    bad = 0
    for path in words[1:] or sorted(wanted):
        found = list(classes(root, f"{BELOW}/{path}"))
        told = {(class_, "" if class_ == "tx-no-frags" else place)
                for _, class_, place, _ in found} or {("nothing", "")}
        for class_, place in sorted(wanted.get(path, set()) - told):
            bad += 1
            print(f"MISSING {path}: {class_} {place}")
        for class_, place in sorted(told - wanted.get(path, set())):
            more = class_ == "made" or not wanted.get(path, set()) & told
            bad += more
            print(f"{'UNEXPECTED' if more else 'also'} {path}: {class_} {place}")
    if "--all" in sys.argv[1:]:
        for driver, class_, place, said in classes(root, BELOW):
            print(f"{driver}\t{class_}\t{place}\t{said}")
    print(f"{len(words[1:] or wanted)} drivers, {bad} differences, "
          f"{time.monotonic() - started:.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
