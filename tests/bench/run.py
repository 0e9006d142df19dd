# SPDX-License-Identifier: GPL-2.0-only
"""`make bench`: each figure of the tool's speed is a ratio to a peer that runs in turn with it.

    run.py [VERSION|TREE] [--only PART]... [--runs N] [--docs]

Prints each run as it ends, and a table a part. --only leaves out the other parts, --runs is how
often each command is run (3), --docs writes the tables of the parts that ran into docs/speed.md.
The exit code is 1 where a limit is missed or a part could not be measured.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import growth, page, parts
from bench.folders import Tree
from bench.measure import TOOL, Failed, LeftOut, run
from bench.page import Result

from netmem_migrate.errors import InputError
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel

PARTS: Mapping[str, parts.Part] = {
    "diff": parts.diff,
    "scan": parts.scan,
    "driver": parts.driver,
    "coccinelle": parts.coccinelle,
    "linear": growth.linear,
    "memory": parts.memory,
    "verify": parts.verify,
}


def tell(line: str) -> None:
    """Say it at once."""
    print(f"    {line}", file=sys.stderr, flush=True)


def measured(name: str, tree: Tree, runs: int, docs: bool) -> Result:
    """A part's table. Raises Failed where it could not be measured."""
    print(f"{name}:", file=sys.stderr, flush=True)
    with tempfile.TemporaryDirectory(prefix="netmem-bench-") as room:
        return PARTS[name](parts.Asked(tree, Path(room), runs, docs, tell))


def main() -> int:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("kernel", nargs="?", metavar="VERSION|TREE")
    parser.add_argument("--only", action="append", choices=PARTS, metavar="PART",
                        help=f"one of {', '.join(PARTS)}; may be given again")
    parser.add_argument("--runs", type=int, default=3, metavar="N")
    parser.add_argument("--docs", action="store_true")
    asked = parser.parse_args()
    if asked.runs < 1:
        parser.error("--runs is at least 1")
    try:
        kernel = (Kernel.at(Path(asked.kernel)) if asked.kernel and "/" in asked.kernel
                  else pick(asked.kernel or None))
    except InputError as error:
        parser.error(str(error))
    tree = Tree.at(kernel.root, kernel.version)
    run([TOOL, "--version"], cwd=tree.root)
    bad = 0
    for name in asked.only or PARTS:
        at = page.heading(tree.version, page.machine())
        try:
            result = measured(name, tree, asked.runs, asked.docs)
        except Failed as why:
            print(f"{name}: {why}", flush=True)
            bad += not isinstance(why, LeftOut)
            continue
        bad += result.missed
        command = f"`make bench ARGS='--only {name}" + (
            f" --runs {asked.runs}'`" if asked.runs != 3 else "'`")
        lines = [f"{command}: {at}", "", *result.lines()]
        print("\n".join(["", *lines, ""]), flush=True)
        if asked.docs:
            page.write(name, lines)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
