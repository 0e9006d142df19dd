# SPDX-License-Identifier: GPL-2.0-only
"""Where the time goes: the parts of a `diff` of every page_pool folder of a tree, by cProfile.

    python tests/bench/profiled.py TREE

What a part takes is the time inside a function, with all that it calls; parts that are inside one
another are said so. cProfile makes small functions look slower than they are. It runs the tool in
this process, one driver after the other, and without its cache, so that it profiles any revision of
it by that one's Python.
"""

from __future__ import annotations

import cProfile
import gc
import pstats
import sys
from pathlib import Path

from netmem_migrate import pipeline
from netmem_migrate.options import Conversion

# The file's name, the function, and what it does; those that are inside the one before begin with
# a blank. A revision has those that it has.
PARTS = (
    ("pipeline.py", "inputs", "find the drivers"), ("inputs.py", "inputs", "find the drivers"),
    ("analyse.py", "analyse", "follow the pages of a driver"),
    ("parse.py", "parse", " mask and parse"),
    ("analyse.py", "_read", " read the functions that touch pages"),
    ("outside.py", "reaching", " who includes its headers"),
    ("outside.py", "_including", " who includes its headers"),
    ("analyse.py", "_parse_named", " look for names of what holds pages"),
    ("prepare.py", "_with_room", "look for room, and try it (with analyses of its own)"),
    ("job.py", "migration", "make the edits and the report"),
    ("pipeline.py", "judged", "judge the conversion"),
    ("judged.py", "judged_one", "judge the conversion"),
)


def main() -> None:
    """Print the parts, the longest of each level first, as shares of the whole."""
    tree = Path(sys.argv[1]).resolve()
    gc.set_threshold(100_000, 20, 100)
    profile = cProfile.Profile()
    profile.enable()
    given = pipeline.inputs([tree / "drivers/net"], Conversion())
    pipeline.converted(given, Conversion(), judge=False)
    profile.disable()
    stats = pstats.Stats(profile)
    whole = stats.total_tt  # type: ignore[attr-defined]
    print(f"{len(given[0].drivers)} drivers, {whole:.0f} s in the profiler, "
          f"{stats.total_calls / 1e6:.0f} million calls")  # type: ignore[attr-defined]
    for file, name, what in PARTS:
        took = sum(row[3] for (path, _, function), row in stats.stats.items()  # type: ignore[attr-defined]
                   if function == name and Path(path).name == file)
        if took:
            print(f"{100 * took / whole:5.1f} %  {what} ({Path(file).stem}.{name})")


if __name__ == "__main__":
    main()
