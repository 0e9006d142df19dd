# SPDX-License-Identifier: GPL-2.0-only
"""What `transform new --rule` writes and `transform lint` wants of a rule of `check`.

docs/adding-a-rule.md is the same for people. As with passes, nothing of a rule is run or imported.
"""

from __future__ import annotations

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

MODEL = "double_release"
"""The rule that a new one is copied from: the smallest that there is."""

_SUMMARY = 100  # columns
_CASES = ("FOUND", "LEFT_ALONE")
_CHANGE = "Unit.CHANGE"
_TEST = f'''\
{SPDX}
"""{OPEN}: what the rule is about."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone

# Of each case what follows rule_tools.TYPES.
FOUND: dict[str, str] = {{}}  # {OPEN}
LEFT_ALONE: dict[str, str] = {{}}  # {OPEN}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("%s", FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(LEFT_ALONE[name])
'''
RULE = Author("rule", "RULE", "find", "find(context: Context) -> Iterator[Finding]",
              "what the rule finds, the next what it leaves alone", "findings")


def lint(modules: Path, tests: Path | None) -> tuple[Problem, ...]:
    """What is wrong with the rules in a folder and, where there are tests, with those.

    Raises InputError for a module that is not Python, or cannot be read.
    """
    found: list[Problem] = []
    for path in sorted(modules.glob("[!_]*.py")):
        one = _Module(path, RULE)
        found += one.problems()
        if tests is not None:
            found += _tested(one, tests / f"test_{path.stem}.py")
    return tuple(sorted(found, key=lambda one: (one.path.name, one.line, one.column)))


def scaffold(modules: Path, tests: Path, name: str) -> tuple[Path, Path]:
    """Write a new rule and its test, each with what is to be filled in; returns their paths.

    Raises InputError for a name that is no id or is taken, and for a folder that holds no rules
    or cannot be written.
    """
    made = paths_of(modules, tests, name, MODEL, RULE)
    renew = Renewed(RULE, {
        "id": f'"{name}"', "summary": f'"{OPEN}"', "why": f'"{OPEN}"',
        "bad": f'"""\\\n{OPEN}\n"""', "good": f'"""\\\n{OPEN} and what is right\n"""',
    }, f"{OPEN}: what the rule finds.\n\n{OPEN}: what it leaves alone, and why.\n",
        f"{OPEN}: what is found. Nothing is, so far.")
    write(made, renew.of(modules / f"{MODEL}.py"), _TEST % name)
    return made


class _Module(Written):
    """A rule as it is written."""

    @property
    def is_of_changes(self) -> bool:
        return self.strings().get("unit") == _CHANGE

    def declaration(self) -> Iterator[Problem]:
        said = self.strings()
        yield from self.identity(said, _SUMMARY)
        if not said.get("severity", "").startswith("Severity."):
            yield self.at(self.declared, "severity: is one of Severity")
        if not said.get("why", ""):
            yield self.at(self.declared, "why: says by which document or header it is wrong")
        texts = {name: said.get(name, "") for name in ("bad", "good")}
        if texts["bad"] == texts["good"]:
            yield self.at(self.declared, "example: bad and good are the same")
        if self.is_of_changes:
            texts["before"] = said.get("before", "")
        if said.get("unparsed") == "True":
            del texts["bad"]
        yield from example(self, texts)

    def code(self) -> Iterator[Problem]:
        if not self.is_of_changes:
            yield from super().code()
        elif self.function is not None:
            yield self.at(self.function, "find: the comparison finds for a rule of changes")


def _tested(module: _Module, test: Path) -> Iterator[Problem]:
    """Whether a rule has a test file with cases of both kinds; one of changes with the first."""
    counts, problems = cases(module.path, test, _CASES)
    yield from problems
    if counts and not counts["FOUND"]:
        yield Problem(test, 1, 1, "test: no case that must be found")
    if counts and not counts["LEFT_ALONE"] and not module.is_of_changes:
        yield Problem(test, 1, 1, "test: no case that must be left alone")
