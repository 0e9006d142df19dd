# SPDX-License-Identifier: GPL-2.0-only
"""What is called the same on each way is the same to gcc, for rewrites that nobody chose."""

from __future__ import annotations

import random
import re
import subprocess
from pathlib import Path

import pytest
from check.rewrites import Rewrites
from tools import CORPUS

from netmem_migrate.check.compare.compare import compare

FILES = [path for folder in sorted(CORPUS.glob("[0-9][0-9]-*"))
         for path in (folder / "before.c", folder / "after.c") if path.is_file()]
EACH = 30


def assembly(text: bytes, folder: Path) -> str | None:
    """What gcc makes of it, with labels by their order; None where it does not compile."""
    done = subprocess.run(
        ["gcc", "-std=gnu11", "-w", "-O2", "-fno-guess-branch-probability", "-fno-reorder-blocks",
         f"-I{CORPUS / 'stub'}", f"-I{folder}", "-S", "-o", "-", "-x", "c", "-"],
        input=text, cwd=folder, capture_output=True, check=False)
    if done.returncode:
        return None
    labels: dict[str, str] = {}
    return re.sub(r"\.L\w*\d+", lambda one: labels.setdefault(one[0], f".L{len(labels)}"),
                  done.stdout.decode())


def same(before: bytes, after: bytes) -> bool:
    found = compare(before, after, "d.c")
    return bool(found) and {one.severity for one in found} == {"note"} and \
        "same-ways" in {one.id for one in found}


@pytest.mark.few(3)
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_same_is_the_same_to_a_compiler(path: Path) -> None:
    before = path.read_bytes()
    made = assembly(before, path.parent)
    rng = random.Random(f"{path.parent.name} {path.name}")
    for _ in range(EACH):
        after = Rewrites(before, rng).draw()
        if after is not None and rng.random() < 0.3:
            after = Rewrites(after, rng).draw() or after
        if after is None or after == before or not same(before, after):
            continue
        code = assembly(after, path.parent)
        assert code is None or made is None or code == made, after.decode()


@pytest.mark.long
def test_rewrites_of_both_kinds_are_drawn() -> None:
    """Else the test above would hold whatever is called the same."""
    found = {True: 0, False: 0}
    for path in FILES[::8]:
        before = path.read_bytes()
        rng = random.Random(path.parent.name)
        for _ in range(EACH):
            after = Rewrites(before, rng).draw()
            if after is not None and after != before:
                found[same(before, after)] += 1
    assert found[True] > 1 and found[False] > 50
