# SPDX-License-Identifier: GPL-2.0-only
"""P1 to P7 held against a real kernel: what each pool of some drivers lacks, place by place.

    run_unreadable.py [VERSION|TREE]

unreadable.tsv has each condition of six drivers as it was read by hand in linux 7.3.4, with the
code that stands at each place. It also asks for `--with unreadable` on each: nothing may be
written, and what is not met has to be named in order.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from run import tree_of

from netmem_migrate.api import migrate
from netmem_migrate.model.spelled import UNREADABLE
from netmem_migrate.results import Allowed, Standing

TABLE = Path(__file__).parent / "unreadable.tsv"
TOOL = [sys.executable, "-m", "netmem_migrate"]
MISSING = (Standing.UNMET, Standing.CONDITIONAL)


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    rows = list(_table())
    faults: list[str] = []
    places = 0
    for driver in dict.fromkeys(row[0] for row in rows):
        pool, *_ = migrate([root / driver]).drivers[0].report.pools
        mine = {row[1]: row for row in rows if row[0] == driver}
        for one in pool.allowed:
            _, _, status, wanted = mine.pop(one.id)
            places += len(wanted)
            faults += [f"{driver} {one.id}: {text}" for text in _held(root, one, status, wanted)]
        faults += [f"{driver} {id}: not judged" for id in mine]
        faults += [f"{driver}: {text}" for text in _asked(root, driver, pool.allowed)]
    print("\n".join(faults) if faults else "no fault found")
    print(f"{len({row[0] for row in rows})} drivers, {len(rows)} rows, {places} places, "
          f"{len(faults)} faults")
    return 1 if faults else 0


def _held(root: Path, one: Allowed, status: str, wanted: dict[str, str]) -> Iterator[str]:
    """Where what is judged is not what was read."""
    if one.status.value != status:
        yield f"is {one.status.value}, was read as {status}"
    found = {f"{place.file}:{place.line}" for part in one.parts for place in part.places}
    yield from (f"{place} was read, and is not told" for place in wanted if place not in found)
    yield from (f"{place} is told, and was not read" for place in found if place not in wanted)
    for place, code in wanted.items():
        file, _, line = place.rpartition(":")
        stands = (root / file).read_text(encoding="utf-8").split("\n")[int(line) - 1]
        if code not in stands:
            yield f"{place} has no {code}"


def _asked(root: Path, driver: str, allowed: tuple[Allowed, ...]) -> Iterator[str]:
    """What is wrong with the refusal."""
    words = [*TOOL, "diff", "--with=unreadable", str(root / driver)]
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    if UNREADABLE in "".join(line for line in done.stdout.splitlines() if line.startswith("+")):
        yield "the flag is written"
    said = [line for line in done.stderr.splitlines() if "not done" in line]
    if not said or "never written by the tool" not in said[0]:
        yield "nothing is said of the flag"
        return
    first = re.findall(r"\bP\d\b", said[0].partition("missing: ")[2])
    # rx.5 and the like are judged anew of what was converted.
    if first != [one.id for one in allowed if one.status in MISSING]:
        yield f"the refusal names {first}"
    order = [id for line in said for id in re.findall(r"\((P\d)\)", line)]
    if order != sorted(order) or not set(first) <= set(order):
        yield f"the refusal tells of {order}"


def _table() -> Iterator[tuple[str, str, str, dict[str, str]]]:
    """Driver, condition, status, and the places with what stands there."""
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            driver, id, status, *places = line.split("\t")
            yield driver, id, status, dict(one.split(" ", 1) for one in places)


if __name__ == "__main__":
    sys.exit(main())
