# SPDX-License-Identifier: GPL-2.0-only
"""The corpus: each mini-driver compiles, and converts to exactly what its folder says."""

from __future__ import annotations

import re
import shutil
import subprocess
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from itertools import pairwise
from pathlib import Path

import pytest
from click.testing import CliRunner
from tools import CORPUS

from netmem_migrate.api import migrate
from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.model.forms import table
from netmem_migrate.reasons import Category
from netmem_migrate.report import wording
from netmem_migrate.results import Edit, Migration, Verdict

IDIOMS = range(1, 33)
NAME = "demo"
KINDS = {"positive", "bridged", "refused", "leave-alone"}
CATEGORIES = {one.value for one in Category}
GCC = [
    "gcc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wextra", "-Werror", "-Wint-conversion",
    "-Wincompatible-pointer-types", "-Wdeclaration-after-statement", "-Wno-unused-function",
    "-Wno-unused-parameter", f"-I{CORPUS / 'stub'}",
]


@dataclass(frozen=True)
class Case:
    """One folder of the corpus."""

    folder: Path
    idiom: int
    kind: str
    verdict: str
    exit: int
    changes: bool
    notes: str
    declarations: list[list[str]]
    sites: list[dict[str, str]]
    refusals: list[dict[str, str]] = field(default_factory=list)

    def files(self, side: str) -> dict[str, bytes]:
        """The C files of one side under the names that the driver of a test has."""
        found = {}
        for path in sorted(self.folder.glob("before*.[ch]")):
            name = path.name.removeprefix("before")
            source = self.folder / f"{side}{name}" if self.changes else path
            text = source.read_bytes()
            text = re.sub(rb'(#include ")(?:before|after)', rb"\1" + NAME.encode(), text)
            found[NAME + name] = text
        return found

    def lay_out(self, side: str, root: Path) -> Path:
        """Write one side to a folder of its own."""
        folder = root / NAME
        folder.mkdir(parents=True)
        for name, text in self.files(side).items():
            (folder / name).write_bytes(text)
        return folder


def _load(folder: Path) -> Case:
    return Case(folder=folder, **tomllib.loads((folder / "expect.toml").read_text()))


CASES = [_load(path) for path in sorted(CORPUS.glob("[0-9][0-9]-*"))]
each_case = pytest.mark.parametrize("case", CASES, ids=[case.folder.name for case in CASES])


def convert(folder: Path) -> Migration:
    run = migrate([folder], kernel=None, api="7.3")
    assert len(run.drivers) == 1
    return run.drivers[0]


def apply_edits(source: bytes, edits: list[Edit]) -> bytes:
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        source = source[:edit.start] + edit.text + source[edit.end:]
    return source


# The corpus itself


def test_every_idiom_of_the_census_has_a_folder() -> None:
    assert {case.idiom for case in CASES} == set(IDIOMS)
    for case in CASES:
        assert case.folder.name.startswith(f"{case.idiom:02d}-")


def test_as_many_are_left_alone_or_refused_as_are_converted() -> None:
    untouched = [case for case in CASES if case.kind in ("refused", "leave-alone")]
    assert 2 * len(untouched) >= len(CASES)


@each_case
def test_expectation_is_consistent(case: Case) -> None:
    assert case.kind in KINDS
    assert case.changes is (case.kind in ("positive", "bridged"))
    assert case.changes is bool(case.declarations)
    assert (case.verdict in (Verdict.REFUSED, Verdict.PARTIAL)) is bool(case.refusals)
    left = [one for one in case.sites if one.get("class", "by-design") != "by-design"]
    assert bool(left) is bool(case.refusals) or not case.sites
    assert case.exit == (ExitCode.REFUSED if case.refusals else ExitCode.DONE)
    assert {refusal["category"] for refusal in case.refusals} <= CATEGORIES
    before, after = case.files("before"), case.files("after")
    assert (before != after) is case.changes
    assert case.changes or not list(case.folder.glob("after*"))
    added = b"\n".join(after.values()).count(b"page_to_netmem(")
    added -= b"\n".join(before.values()).count(b"page_to_netmem(")
    assert (added > 0) is (case.kind == "bridged")


@each_case
def test_expectation_lists_every_call_of_the_page_api(case: Case) -> None:
    calls: Counter[str] = Counter()
    for text in case.files("before").values():
        code = re.sub(rb"/\*.*?\*/|//[^\n]*", b"", text, flags=re.DOTALL)
        calls.update(word.decode() for word in re.findall(rb"\b(page_pool_\w+)\(", code)
                     if word.decode() in table().pool_api)
    assert Counter(site["call"] for site in case.sites) == calls


@each_case
def test_style(case: Case) -> None:
    for side in ("before", "after"):
        for name, text in case.files(side).items():
            assert b"SPDX-License-Identifier: GPL-2.0-only" in text.splitlines()[0], name
            assert text.endswith(b"\n") and not text.endswith(b"\n\n")
            for line in text.decode("ascii").splitlines():
                assert len(line.expandtabs(8)) <= 80, line
                assert line == line.rstrip()


@pytest.mark.few(16)
@each_case
def test_both_sides_compile(case: Case, tmp_path: Path) -> None:
    sides = ["before", "after"] if case.changes else ["before"]
    sources = [str(path) for side in sides
               for path in sorted(case.lay_out(side, tmp_path / side).glob("*.c"))]
    for strict in (1, 0):
        done = subprocess.run([*GCC, f"-DNETMEM_STRICT={strict}", *sources],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def test_the_stub_tells_page_from_netmem(tmp_path: Path) -> None:
    """A left-over NULL, integer or page is an error in one of the two modes."""
    mixes = {"page": "page_pool_dev_alloc_pages(pool)", "null": "NULL", "number": "1"}
    caught: dict[str, set[int]] = {}
    for name, value in mixes.items():
        file = tmp_path / f"{name}.c"
        file.write_text('#include "netmem_stub.h"\n'
                        f"netmem_ref take(struct page_pool *pool)\n{{\n\treturn {value};\n}}\n")
        caught[name] = {
            strict for strict in (0, 1)
            if subprocess.run([*GCC, f"-DNETMEM_STRICT={strict}", str(file)],
                              capture_output=True, check=False).returncode
        }
    assert caught == {"page": {0, 1}, "null": {0}, "number": {1}}


# The tool on the corpus


@each_case
def test_converts_to_the_expected_bytes(case: Case, tmp_path: Path) -> None:
    migration = convert(case.lay_out("before", tmp_path))
    before = case.files("before")
    result = dict(before)
    for change in migration.changes:
        name = Path(change.path).name
        assert change.before == before[name]
        assert change.after != change.before
        result[name] = change.after
    for name, text in case.files("after").items():
        assert result[name].decode() == text.decode(), name


@each_case
def test_reports_what_it_did(case: Case, tmp_path: Path) -> None:
    report = convert(case.lay_out("before", tmp_path)).report
    assert report.verdict == case.verdict, report.refusals
    assert (Counter((one.kind, one.name, one.new_name.rpartition(".")[2])
                    for one in report.declarations)
            == Counter((kind, name, new) for kind, name, new in case.declarations))
    assert (Counter((site.call, str(site.action), str(site.detail and site.detail.class_),
                     str(site.detail)) for site in report.sites)
            == Counter((site["call"], site["action"], str(site.get("class")),
                        str(site.get("detail"))) for site in case.sites))
    for site in report.sites:
        assert site.reason or site.action == "converted", site
    assert ({(one.slot, one.category) for one in report.refusals}
            == {(one["slot"], one["category"]) for one in case.refusals})
    for refusal in report.refusals:
        assert wording.text(refusal.reason) and refusal.origins, refusal
    for declaration in report.declarations:
        assert declaration.from_.startswith(("struct page *", "void *"))
        assert "netmem_ref" in declaration.to


@each_case
def test_second_run_changes_nothing(case: Case, tmp_path: Path) -> None:
    folder = case.lay_out("before", tmp_path)
    for change in convert(folder).changes:
        (folder / Path(change.path).name).write_bytes(change.after)
    again = convert(folder)
    assert again.changes == ()
    assert again.edits == ()


@each_case
def test_only_edits_touch_bytes(case: Case, tmp_path: Path) -> None:
    migration = convert(case.lay_out("before", tmp_path))
    changed = {change.path: change for change in migration.changes}
    assert {edit.file for edit in migration.edits} == set(changed)
    for path, change in changed.items():
        edits = sorted((edit for edit in migration.edits if edit.file == path),
                       key=lambda edit: (edit.start, edit.end))
        for one, other in pairwise(edits):
            assert one.end <= other.start, (one, other)
        # Wrapping moves white space, and a reverse christmas tree moves whole lines.
        edited = apply_edits(change.before, edits)
        assert Counter(edited.split()) == Counter(change.after.split())
        old, new = change.before.splitlines(), change.after.splitlines()
        touched = {line for edit in edits for line in range(
            change.before.count(b"\n", 0, edit.start),
            change.before.count(b"\n", 0, edit.end) + 1)}
        for tag, first, last, *_ in SequenceMatcher(None, old, new, False).get_opcodes():
            assert tag in ("equal", "insert") or touched & set(range(first, last)), old[first:last]


@each_case
def test_apply_writes_it_and_exits_as_expected(case: Case, tmp_path: Path) -> None:
    folder = case.lay_out("before", tmp_path)
    done = CliRunner().invoke(cli, ["apply", str(folder)])
    assert done.exit_code == case.exit, done.output
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == case.files("after")


def test_conversion_does_not_depend_on_the_folder_name(tmp_path: Path) -> None:
    case = next(case for case in CASES if case.kind == "positive")
    first = convert(case.lay_out("before", tmp_path / "one"))
    other = tmp_path / "elsewhere"
    shutil.copytree(tmp_path / "one" / NAME, other)
    second = convert(other)
    assert [change.after for change in first.changes] == [
        change.after for change in second.changes]
