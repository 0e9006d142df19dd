# SPDX-License-Identifier: GPL-2.0-only
"""What the CPU reads of frags that are sent, in each page_pool driver of a real tree.

    run_tx_reads.py [VERSION|TREE] [FOLDER...]

First the rows of model/tx.py are held against the tree's own source: whether each function reads
frags, and tests before; whether what is said to touch none touches none; and that the test comes
first on every way. Then the places are compared with those of tx-reads.tsv, which were read by
hand. Last, every function of the core that a driver gives a packet to when it sends, and that may
read frags, has to be a row.
"""

from __future__ import annotations

import csv
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from run import tree_of
from tx_helpers import TEST, TOUCH, Core, read

from netmem_migrate.api import analyse_path
from netmem_migrate.flow.judge.unit import Unit, units
from netmem_migrate.flow.tx.reads import Read, reads
from netmem_migrate.flow.tx.senders import senders
from netmem_migrate.flow.tx.ways import Ways
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model import tx

READ = "7.3.4"
TABLE = Path(__file__).with_name("tx-reads.tsv")


def table() -> list[list[str]]:
    lines = [one for one in TABLE.read_text().splitlines() if not one.startswith("#")]
    return list(csv.reader(lines, delimiter="\t"))


def verdict(one: Read) -> str:
    if one.handled:
        return "dropped"
    return "mapped" if one.mapped else "unknown" if one.unknown else \
        "goes-on" if one.fails else "read"


def rows(core: Core) -> Iterator[str]:
    """The rows of the model that the source does not bear out."""
    for row in tx.READS:
        for name in (one.encode() for one in row.names):
            if name not in core.bodies:
                continue
            said = "reads untested" if name in core.untested else \
                "tests" if name in core.touching else "touches none"
            if said != "tests":
                yield f"{name.decode()}: {row.fails}, and {said} in {core.bodies[name].file}"
    for name in core.bodies:
        known = tx.fails(name) is not None or name in tx.KNOWN
        if name in core.touching and tx.looks(name) and not known:
            yield f"{name.decode()}: said to touch none, and does"
    for name in tx.WALKS:
        if name not in core.untested:
            yield f"{name.decode()}: said to take the address of frags untested"
    for source in core.sources:
        for name in source.late(TEST, TOUCH):
            yield f"{name}: takes the address of a frag before it tests"


def unknown(core: Core, ways: Ways) -> Iterator[tuple[str, str]]:
    """What a driver gives a packet to that may read frags, and is no row."""
    for use in ways.uses:
        name = use.call.name
        if name in core.touching and tx.fails(name) is None and name not in tx.KNOWN and \
                name.decode("latin-1") not in ways.unit.by_name:
            yield use.body.file, name.decode()


def modules(root: Path, folder: str) -> Iterator[Unit]:
    """The modules of a folder that send, and take their memory from a pool."""
    analysis = analyse_path(root / folder)
    pooled = {file for unit in units(analysis) for file in unit.own if file.endswith(".c")}
    return (unit for unit in senders(analysis) if pooled & set(unit.own))


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    core = read(root)
    wrong = list(rows(core))
    print(f"{len(wrong)} of {sum(len(one.names) for one in tx.READS)} rows not borne out")
    version = Kernel.at(root).version
    if version != READ:
        print("\n".join([*wrong, f"the drivers of linux {version} were not read, only of {READ}"]))
        return 1 if wrong else 0
    wanted: dict[str, set[tuple[str, str, str, str]]] = {}
    for folder, file, line, name, said in table():
        wanted.setdefault(folder, set()).add((file, line, name, said))
    count = 0
    for folder in sys.argv[2:] or wanted:
        found: set[tuple[str, str, str, str]] = set()
        for unit in modules(root, f"drivers/net/{folder}"):
            mine = reads(unit)
            found |= {(one.file.removeprefix("drivers/net/"), str(one.line), one.name,
                       verdict(one)) for one in mine}
            told = {one.name for one in mine if one.unknown}
            wrong += [f"{name}() of the core is no row, {file} gives it packets"
                      for file, name in unknown(core, Ways(unit)) if name not in told]
        expected = {one for one in wanted.get(folder, ()) if one[0] != "-"}
        count += len(expected)
        wrong += [f"not found: {' '.join(one)}" for one in sorted(expected - found)]
        wrong += [f"not expected: {' '.join(one)}" for one in sorted(found - expected)]
    for one in wrong:
        print(f"  {one}")
    print(f"{count} places of {len(wanted)} folders, {len(wrong)} not as expected, "
          f"{time.monotonic() - started:.0f} s on {root}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
