# SPDX-License-Identifier: GPL-2.0-only
"""Find the drivers of a kernel tree that use page_pool."""

from __future__ import annotations

import os
import re
from pathlib import Path

from netmem_migrate.driver import is_module

_MARK = re.compile(rb"\bpage_pool_")


def page_pool_folders(root: Path) -> list[Path]:
    """Every driver folder under drivers/ with a .c or .h file that mentions page_pool.

    A subfolder without a Makefile of its own belongs to its parent. A byte search: no parsing.
    """
    found: set[Path] = set()
    for where, folders, files in os.walk(root / "drivers"):
        folders.sort()
        here = Path(where)
        for name in files:
            if name.endswith((".c", ".h")) and _mentions(here / name):
                folder = here
                while folder != root / "drivers" and not is_module(folder):
                    folder = folder.parent
                found.add(folder)
                break
    return sorted(found)


def _mentions(path: Path) -> bool:
    data = path.read_bytes()
    # A plain search is many times faster than one for a word, and nearly always says no.
    return b"page_pool_" in data and _MARK.search(data) is not None
