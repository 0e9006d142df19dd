# SPDX-License-Identifier: GPL-2.0-only
"""How a record lies in memory before and after a patch, as pahole says it of an object with -g."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

SIDES = ("before", "after")


def layout(tag: str, where: Path, build: Callable[[str, Path], bool]) -> tuple[str, str] | None:
    """The layouts of struct `tag` of the two sides that `build` makes an object of; None where
    pahole is not there, or says nothing."""
    pahole = shutil.which("pahole")
    if pahole is None:
        return None
    found: list[str] = []
    for side in SIDES:
        made = where / f"layout-{side}.o"
        if not build(side, made):
            return None
        done = subprocess.run([pahole, "-C", tag, str(made)], check=False, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL)
        if done.returncode or not done.stdout.strip():
            return None
        found.append(done.stdout.strip("\n"))
    return found[0], found[1]
