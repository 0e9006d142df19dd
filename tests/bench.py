# SPDX-License-Identifier: GPL-2.0-only
"""Time converting every page_pool folder of a kernel tree against a bare parse of its files.

    python tests/bench.py [VERSION]
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import tree_sitter_c
from tree_sitter import Language, Parser

from netmem_migrate import api
from netmem_migrate.kernel.fetch import pick


def main() -> None:
    """Print seconds, and the two ratios that docs/design.md sets limits for."""
    tree = pick(sys.argv[1] if len(sys.argv) > 1 else None)
    began = time.perf_counter()
    users: list[tuple[Path, bytes]] = []
    for file in sorted((tree.root / "drivers/net").rglob("*.c")):
        data = file.read_bytes()
        if b"page_pool" in data:
            users.append((file, data))
    reading = time.perf_counter() - began

    parser = Parser(Language(tree_sitter_c.language()))
    began = time.perf_counter()
    for _file, data in users:
        parser.parse(data)
    parsing = time.perf_counter() - began

    folders = sorted({file.parent for file, _data in users})
    slowest = (0.0, "")
    began = time.perf_counter()
    for folder in folders:
        start = time.perf_counter()
        api.migrate([folder], kernel=tree.root, one_driver=True)
        took = time.perf_counter() - start
        slowest = max(slowest, (took, folder.relative_to(tree.root).as_posix()))
    converting = time.perf_counter() - began

    print(f"linux {tree.version}: {len(users)} files in {len(folders)} folders, "
          f"{sum(len(data) for _file, data in users) / 1e6:.1f} MB")
    print(f"finding them     {reading:6.2f} s")
    print(f"bare parse       {parsing:6.2f} s")
    print(f"converting       {converting:6.2f} s, {converting / parsing:.1f} times the parse; "
          f"slowest {slowest[1]} {slowest[0]:.2f} s")


if __name__ == "__main__":
    main()
