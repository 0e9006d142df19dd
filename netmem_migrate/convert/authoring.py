# SPDX-License-Identifier: GPL-2.0-only
"""What `transform new` writes and `transform lint` wants of a pass, read as Python by libcst.

docs/adding-a-pass.md is the same for people. Nothing of a pass is run or imported here, so that a
half-written one can be judged. What passes and rules (authoring_rules.py) have in common is in
authored.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from netmem_migrate.convert.authored import (
    OPEN,
    SPDX,
    Author,
    Problem,
    Renewed,
    Written,
    cases,
    example,
    paths_of,
    write,
)

MODEL = "dma_address"
"""The pass that a new one is copied from: the smallest that there is."""

_SUMMARY = 90  # columns; `transform list` puts the id before it
_FOLLOWS = re.compile(r"(?:Documentation|include|net|scripts)/[\w./-]+")
_CASES = ("TRANSFORMED", "LEFT_ALONE", "REFUSED")
_TEST = f'''\
{SPDX}
"""{OPEN}: what the pass is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

# Of each case what follows tools.PRELUDE, before and after.
TRANSFORMED: dict[str, tuple[str, str]] = {{}}  # {OPEN}
LEFT_ALONE: dict[str, str] = {{}}  # {OPEN}
# The slot, the category of the refusal, and the source.
REFUSED: dict[str, tuple[str, str, str]] = {{}}  # {OPEN}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)
'''


PASS = Author("pass", "PASS", "edits", "edits(work: Work) -> Iterator[Edit]",
              "what the pass rewrites, the next what it refuses or leaves alone", "edits")


def lint(modules: Path, tests: Path | None) -> tuple[Problem, ...]:
    """What is wrong with the passes in a folder and, where there are tests, with those.

    Raises InputError for a module that is not Python, or cannot be read.
    """
    found: list[Problem] = []
    owners: dict[str, Path] = {}
    for path in sorted(modules.glob("*.py")):
        if path.stem == "__init__":
            continue
        one = _Module(path, PASS)
        found += one.problems()
        said = one.strings().get("summary", "")
        if said and said in owners:
            found.append(one.at(one.declared, f"summary: {owners[said].name} has the same"))
        owners.setdefault(said, path)
        if tests is not None:
            found += _tested(path, tests / f"test_{path.stem}.py")
    return tuple(sorted(found, key=lambda one: (one.path.name, one.line, one.column)))


def scaffold(modules: Path, tests: Path, name: str) -> tuple[Path, Path]:
    """Write a new pass and its test, each with what is to be filled in; returns their paths.

    Raises InputError for a name that is no id or is taken, and for a folder that holds no passes
    or cannot be written.
    """
    made = paths_of(modules, tests, name, MODEL, PASS)
    orders = [int(order) for path in modules.glob("*.py") if path.stem != "__init__"
              for order in [_Module(path, PASS).strings().get("order", "")] if order.isdigit()]
    renew = Renewed(PASS, {
        "id": f'"{name}"', "summary": f'"{OPEN}"', "before": f'"""\\\n{OPEN}\n"""',
        "after": f'"""\\\n{OPEN} and what becomes of it\n"""', "follows": f'"{OPEN}"',
        "order": str(max(orders, default=0) + 10),
    }, f"{OPEN}: what the pass rewrites.\n\n{OPEN}: what it refuses or leaves alone, and why.\n",
        f"{OPEN}: what is edited. Nothing is, so far.")
    write(made, renew.of(modules / f"{MODEL}.py"), _TEST)
    return made


class _Module(Written):
    """A pass as it is written."""

    def declaration(self) -> Iterator[Problem]:
        said = self.strings()
        yield from self.identity(said, _SUMMARY)
        if not _FOLLOWS.fullmatch(said.get("follows", "")):
            yield self.at(self.declared, "follows: names a document or header of the kernel, "
                                         "as in Documentation/networking/netmem.rst")
        if not said.get("order", "").isdigit():
            yield self.at(self.declared, "order: is a number; passes are read in that order")
        before, after = said.get("before", ""), said.get("after", "")
        if before == after and "refuses" not in said:
            yield self.at(self.declared, "example: before and after are the same")
        yield from example(self, {"before": before, "after": after})


def _tested(module: Path, test: Path) -> Iterator[Problem]:
    """Whether a pass has a test file with as many cases that must stay as rewrites."""
    counts, problems = cases(module, test, _CASES)
    yield from problems
    if counts:  # a step of its own has its cases in the corpus
        counts["REFUSED"] += sum(not (one.parent / "after.c").exists() for one in (
            module.parent.parent / "corpus/rooms" / module.stem.replace("_", "-")
        ).glob("*/before.c"))
    if counts and not counts["LEFT_ALONE"] + counts["REFUSED"]:
        yield Problem(test, 1, 1, "test: no case that must be left alone or refused")
