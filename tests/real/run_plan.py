# SPDX-License-Identifier: GPL-2.0-only
"""`plan` held against a real kernel: what it says of the tree is in the tree.

    run_plan.py [VERSION|TREE] [DRIVER...]

Each requirement that the tree's netmem.rst numbers is an item, and each name, file and case of the
model is in the tree. Of each driver with a pool: every place is a line of code, each command is
one that the tool takes, and four drivers (plan-places.tsv) have the places that were read by hand.
"""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from run import tree_of

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.ready import ASKED, BINDING, DEVMEM_RST, NETMEM_RST, SELFTESTS

TABLE = Path(__file__).parent / "plan-places.tsv"
READ = "7.3.4"  # the release that the model and the places were read of
TOOL = [sys.executable, "-m", "netmem_migrate"]
SECTION = re.compile(r"^Driver (RX|TX) Requirements\n=+\n(.*?)(?=^\S.*\n=+\n|\Z)", re.M | re.S)


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    read = Kernel.at(root).version == READ
    faults = [*_model(root)] if read else []
    plans = _plans(root, sys.argv[2:] or ["drivers"])
    places = 0
    for plan in plans:
        for item in plan["items"]:
            for place in _places(item):
                places += 1
                if not _is_code(root, place):
                    faults.append(f"{plan['path']} {item['id']}: {place} is no line of code")
            faults += _command(root, plan["path"], item)
    hand = 0
    for path, id, wanted in _table() if read else ():
        mine = next((one for one in plans if wanted.rpartition(":")[0] in one["files"]), None)
        if mine is not None:
            hand += 1
            item = next(one for one in mine["items"] if one["id"] == id)
            if wanted not in {*_places(item)}:
                faults.append(f"{path} {id}: {wanted} was read by hand, and is not in the plan")
    print("\n".join(faults) if faults else "no fault found")
    print(f"{len(plans)} plans, {places} places, {hand} read by hand, {len(faults)} faults, "
          f"{time.monotonic() - started:.0f} s")
    return 1 if faults or not plans else 0


def _model(root: Path) -> Iterator[str]:
    """What the model says that the tree does not."""
    ids = {one.id for one in ASKED}
    text = (root / NETMEM_RST).read_text(encoding="utf-8")
    for kind, body in SECTION.findall(text):
        for number in re.findall(r"^(\d+)\. ", body, re.M):
            if f"{kind.lower()}.{number}" not in ids:
                yield f"{NETMEM_RST}: {kind} {number} is no item of a plan"
    if len(SECTION.findall(text)) != 2:
        yield f"{NETMEM_RST}: its sections are not what they were"
    for path in (DEVMEM_RST, BINDING, f"{SELFTESTS}/README.rst"):
        if not (root / path).is_file():
            yield f"{path}: not in the tree"
    for asked in ASKED:
        name, header = asked.named
        if name and not re.search(rf"\b{name}\b", (root / header).read_text(encoding="utf-8")):
            yield f"{asked.id}: {header} has no {name}"
        for test in asked.tests:
            body = (root / SELFTESTS / test.file).read_text(encoding="utf-8")
            for case in test.cases:
                # A case is run where ksft_run() is told of it, not only defined.
                if not re.search(rf"^def {case}\(", body, re.M) or not re.search(
                        rf"\b{case}\b", body[body.rindex("ksft_run("):]):
                    yield f"{asked.id}: {test.file} has no case {case}"
            yield from (f"{asked.id}: {need} is no item" for need in test.needs if need not in ids)
        yield from (f"{asked.id}: {one} is no item" for one in asked.after if one not in ids)


def _plans(root: Path, paths: list[str]) -> list[dict[str, Any]]:
    done = subprocess.run([*TOOL, "plan", "--json", *(
        str(root / one) for one in paths if (root / one).exists())],
                          check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: list[dict[str, Any]] = json.loads(done.stdout)["plans"]
    return found


def _places(item: dict[str, Any]) -> Iterator[str]:
    for one in (*item["evidence"], *(place for todo in item["person"] for place in todo["places"])):
        yield f"{one['file']}:{one['line']}"


def _is_code(root: Path, place: str) -> bool:
    file, _, line = place.rpartition(":")
    lines = code_of((root / file).read_bytes()).split(b"\n")
    return int(line) <= len(lines) and bool(lines[int(line) - 1].strip())


def _command(root: Path, path: str, item: dict[str, Any]) -> Iterator[str]:
    """The command of an item, as `diff` takes it: what it does is what the item says."""
    if "tool" not in item or item["id"] != "rx.3":
        return
    words = shlex.split(item["tool"]["command"])[2:-2]
    words = [str(root / path) if one == path else one for one in words if one != "--heads"]
    done = subprocess.run([*TOOL, "diff", "--report=/dev/stdout", "-q", *words], check=False,
                          capture_output=True)
    report = json.loads(done.stdout[done.stdout.index(b'{\n  "version"'):])
    made = sum(site["action"] == "converted" for one in report["drivers"] for site in one["sites"])
    if made < item["tool"]["done"]:
        yield f"{path}: {item['tool']['command']} converts {made}, not {item['tool']['done']}"


def _table() -> Iterator[tuple[str, str, str]]:
    for line in TABLE.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            path, id, place = line.split("\t")
            yield path, id, place


if __name__ == "__main__":
    sys.exit(main())
