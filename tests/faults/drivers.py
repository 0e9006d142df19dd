# SPDX-License-Identifier: GPL-2.0-only
"""Drivers of 2 to 6 files of our own C, made of the mini-drivers of the corpus, in a small tree."""

from __future__ import annotations

import re
import tomllib
from itertools import cycle, islice
from pathlib import Path

from series_tools import make_tree
from tools import CORPUS

DRIVER = "drivers/net/ethernet/acme/fault"
SIZES = (2, 3, 4, 5, 6)
# A tag, function or macro of one mini-driver may mean another thing in the next.
_NAME = re.compile(r"\bdemo(?=_)")


def _sources() -> list[dict[str, str]]:
    """The files of each mini-driver that `diff` changes whole, by name."""
    found = []
    for folder in sorted(CORPUS.glob("[0-9][0-9]-*")):
        if not tomllib.loads((folder / "expect.toml").read_text())["changes"]:
            continue
        befores = sorted(folder.glob("before*.[ch]"))
        if all((folder / one.name.replace("before", "after")).exists() for one in befores):
            found.append({one.name: one.read_text() for one in befores})
    return found


def make(size: int, seed: int) -> dict[str, str]:
    """A driver of `size` files, each of which a conversion changes; by name."""
    mini = _sources()
    several = next(one for one in mini if len(one) > 1)
    single = [one for one in mini if len(one) == 1]
    files: dict[str, str] = {}
    if size > len(several) and seed % 2:
        for name, text in several.items():
            text = re.sub(r'(#include ")before', r"\1fault", text)
            files[name.replace("before", "fault")] = text
    start = seed * 5 % len(single)
    for number, one in enumerate(islice(cycle(single), start, None)):
        if len(files) >= size:
            break
        (text,) = one.values()
        name = f"fault_{number}.c"
        files[name] = _NAME.sub(f"demo{number}", text)
    return files


def plant(root: Path, size: int, seed: int) -> Path:
    """A tree with such a driver; the driver's folder."""
    make_tree(root)
    folder = root / DRIVER
    folder.mkdir(parents=True)
    for name, text in make(size, seed).items():
        (folder / name).write_text(text)
    return folder
