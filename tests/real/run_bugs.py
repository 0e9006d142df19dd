# SPDX-License-Identifier: GPL-2.0-only
"""What rules of drivers find in the page_pool drivers of a real tree, held against driver-bugs.tsv.

    run_bugs.py [--seed] [VERSION|TREE]

--seed makes such bugs in every driver, and counts which are found: each sync for the CPU moved on,
each unmap by the helper turned to a raw one, all syncs of a driver taken away. What is missed is
what the rules refuse to judge; it is listed, and no failure.
"""

from __future__ import annotations

import csv
import re
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from run import tree_of

from netmem_migrate import api
from netmem_migrate.c import view
from netmem_migrate.c.arms import Arms
from netmem_migrate.c.parse import parse
from netmem_migrate.check.findings import Unit
from netmem_migrate.check.registry import load
from netmem_migrate.check.sources import check_sources
from netmem_migrate.job import target_of
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.macros import arms_of_driver
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import MARKS, drivers_at
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.options import Conversion

TABLE = Path(__file__).with_name("driver-bugs.tsv")
BELOW = "drivers/net/"
RULES = frozenset(one.declared.id for one in load() if one.declared.unit is Unit.DRIVER)
TOUCHED = re.compile(rb"_for_cpu|netmem_dma_unmap_page_attrs")
Bug = tuple[str, int, str]
"""File, line, rule."""
Files = Mapping[str, bytes]


def table(release: str) -> set[Bug]:
    lines = [one for one in TABLE.read_text().splitlines() if not one.startswith("#")]
    return {(BELOW + file, int(line), rule)
            for version, file, line, rule in csv.reader(lines, delimiter="\t")
            if version == release}


def found(files: Files, arms: Arms, root: Path) -> set[Bug]:
    return {(one.file, one.line, one.id)
            for one in check_sources(files, arms=arms, root=root, only=RULES)}


def is_sync(call: view.Call) -> bool:
    raw = has(call.name, Trait.RAW_SYNC) and bool(call.args) and \
        view.text(call.args[-1]) != b"DMA_TO_DEVICE"
    return raw or has(call.name, Trait.POOL_SYNC)


def seeds(files: Files) -> Iterator[tuple[str, str, int, Files]]:
    """The rule that is to find it, where, and the driver with the bug in it."""
    without = dict(files)
    for path, text in files.items():
        if not TOUCHED.search(text):
            continue
        calls = list(view.calls(parse(text).tree.root_node))
        for call in calls:
            line = call.node.start_point[0] + 1
            if is_sync(call) and len(call.args) > 2:
                at = call.args[2 if has(call.name, Trait.POOL_SYNC) else 1].end_byte
                yield "sync-elsewhere", path, line, {
                    **files, path: text[:at] + b" + XDP_PACKET_HEADROOM" + text[at:]}
            if call.name == b"netmem_dma_unmap_page_attrs":
                name = call.function
                yield "raw-unmap", path, line, {
                    **files, path: text[:name.start_byte] + b"dma_unmap_page_attrs"
                    + text[name.end_byte:]}
        for call in sorted(filter(is_sync, calls), key=lambda one: -one.node.start_byte):
            text = text[:call.node.start_byte] + b"demo()" + text[call.node.end_byte:]
        without[path] = text
    if without != files:
        yield "no-cpu-sync", "", 0, without


def seeded(root: Path, drivers: list[tuple[Driver, Arms]]) -> None:
    counts: dict[str, list[bool]] = {}
    for driver, arms in drivers:
        files = {file: driver.read(file) for file in driver.files}
        for rule, path, line, text in seeds(files):
            hit = any(bug[2] == rule and path in ("", bug[0])
                      for bug in found(text, arms, root))
            counts.setdefault(rule, []).append(hit)
            print(f"  {'found ' if hit else 'missed'} {rule} {path or driver.path}"
                  f"{f':{line}' if line else ''}")
    for rule, hits in sorted(counts.items()):
        print(f"{rule}: {sum(hits)} of {len(hits)} seeded")


def main() -> int:
    words = [one for one in sys.argv[1:] if one != "--seed"]
    root = tree_of(words[0] if words else "")
    started = time.monotonic()
    kernel = Kernel.at(root)
    if "--seed" in sys.argv[1:]:
        target = target_of(kernel, Conversion())
        every = drivers_at(root / BELOW, root, None, walk=True, marks=MARKS).drivers
        seeded(root, [(one, arms_of_driver(one, target, (), ())) for one in every])
    wanted = table(kernel.api)
    now = {(one.file, one.line, one.id) for one in api.check([root / BELOW])
           if one.id in RULES}
    for bug in sorted(now - wanted):
        print("UNEXPECTED {}:{} {}".format(*bug))
    for bug in sorted(wanted - now):
        print("NOT FOUND {}:{} {}".format(*bug))
    print(f"{len(now)} found, {len(wanted)} expected, {time.monotonic() - started:.0f} s")
    return 1 if now != wanted else 0


if __name__ == "__main__":
    sys.exit(main())
