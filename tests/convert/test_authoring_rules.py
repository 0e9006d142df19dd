# SPDX-License-Identifier: GPL-2.0-only
"""`transform new --rule` and what `transform lint` wants of a rule, on a copy of two rules."""

from __future__ import annotations

import importlib
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netmem_migrate.cli import cli

ROOT = Path(__file__).resolve().parents[2]
RULES, TESTS = "netmem_migrate/check/rules", "tests/check/rules"


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of some rules and tests, which the commands take for theirs."""
    for name in ("double_release", "release_added"):
        for path in (f"{RULES}/{name}.py", f"{TESTS}/test_{name}.py"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / path)
    package = importlib.import_module("netmem_migrate.check.rules")
    monkeypatch.setattr(package, "__path__", [str(tmp_path / RULES)])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["transform", *arguments])


def spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


FAULTS = {
    "license": ("# SPDX-License-Identifier: GPL-2.0-only\n", "# A rule.\n", "license:"),
    "docstring": ("path.\n\nA put", "path. A put", "docstring: one paragraph says what the rule"),
    "declaration": ("RULE = Rule(", "_RULE = Rule(",
                    "declaration: there is no RULE = Rule(...)"),
    "id": ('id="double-release"', 'id="double_release"', 'id: is "double-release"'),
    "severity": ("severity=Severity.ERROR", 'severity="bad"', "severity: is one of Severity"),
    "summary": ("twice on one path\",", 'twice on one path.",', "summary: is one line"),
    "why": ('    why="include', '    because="include', "why: says by which document"),
    "example": ("int last)\n{", "int last\n{", "example: bad does not parse as C"),
    "signature": ("def find(context: Context) -> Iterator[Finding]:", "def find(context):",
                  "find: is def find(context: Context)"),
    "undocumented": ('    """The puts of what was released already."""\n', "",
                     "find: has no docstring"),
    "missing": ("def find(", "def seek(", "find: there is no find(context)"),
    "io": ("from collections.abc import Iterator\n",
           "import subprocess\nfrom collections.abc import Iterator\n",
           "import: a rule only yields findings"),
    "print": ("    for event", "    print(context)\n    for event", "call: a rule only yields"),
    "driver": ("    for event",
               '    if context.path == "mlx4_en.c":\n        return\n    for event',
               "driver: no special case"),
    "open": ("The puts of", "TODO: the puts of", "TODO: to be filled in"),
}


@pytest.mark.few(3)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_at_its_place(fault: str, checkout: Path) -> None:
    before, after, said = FAULTS[fault]
    spoil(checkout / RULES / "double_release.py", before, after)
    result = run("lint")
    assert result.exit_code == 1
    (line,) = result.stdout.splitlines()
    where, _, text = line.partition(": ")
    assert text.startswith(said)
    file, number, column = where.split(":")
    assert file == f"{RULES}/double_release.py"
    assert int(number) >= 1 and int(column) >= 1


def test_a_rule_of_changes_finds_nothing_itself(checkout: Path) -> None:
    path = checkout / RULES / "release_added.py"
    path.write_text(path.read_text() + (
        '\n\ndef find(context: Context) -> Iterator[Finding]:\n    """Too much."""\n    yield 1\n'))
    assert "find: the comparison finds for a rule of changes" in run("lint").stdout


def test_a_rule_wants_cases_of_both_kinds(checkout: Path) -> None:
    test = checkout / TESTS / "test_double_release.py"
    test.write_text(test.read_text().replace("LEFT_ALONE = {", "OTHER = {").replace(
        "FOUND = {", "SOME = {"))
    assert run("lint").stdout == (f"{TESTS}/test_double_release.py:1:1: test: no case that must be "
                                  f"found\n{TESTS}/test_double_release.py:1:1: test: no case that "
                                  "must be left alone\n")
    test.unlink()
    assert f"{RULES}/double_release.py:1:1: test: there is no test_double_release.py" in run(
        "lint").stdout


def test_a_new_rule_lacks_what_only_a_person_can_say(checkout: Path) -> None:
    result = run("new", "--rule", "rx-null")
    assert (result.exit_code, result.stdout) == (
        0, f"{RULES}/rx_null.py\n{TESTS}/test_rx_null.py\n")
    said = run("lint").stdout
    assert said.count("TODO: to be filled in") == 10
    assert "find: yields nothing" in said
    assert "no case that must be found" in said
    module = (checkout / RULES / "rx_null.py").read_text()
    compile(module, "rx_null.py", "exec")
    assert "EventKind" not in module  # what the model rule needs, and this one does not
    for name in ("double_release", "release_added"):
        path = f"{RULES}/{name}.py"
        assert (checkout / path).read_bytes() == (ROOT / path).read_bytes()


@pytest.mark.parametrize(("name", "said"), [
    ("double-release", "is there already; give the rule another name"),
    ("Leak", "no id of a rule"), ("../x", "no id of a rule"), ("", "no id of a rule"),
])
def test_a_name_that_will_not_do(name: str, said: str, checkout: Path) -> None:
    before = sorted(checkout.rglob("*"))
    assert said in str(run("new", "--rule", name).exception)
    assert sorted(checkout.rglob("*")) == before


def test_outside_a_checkout_nothing_is_begun(checkout: Path) -> None:
    shutil.rmtree(checkout / "tests")
    result = run("new", "--rule", "rx-null")
    assert "no sources of rules with their tests here; run this in a checkout" in str(
        result.exception)
    assert not (checkout / RULES / "rx_null.py").exists()
    assert run("lint").exit_code == 0
