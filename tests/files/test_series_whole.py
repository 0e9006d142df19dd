# SPDX-License-Identifier: GPL-2.0-only
"""A series is written whole: in a new folder at once, in one that is used all together."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from series_tools import DEMO, OTHER, make_tree
from tools import run

from netmem_migrate.api import migrate
from netmem_migrate.errors import InputError
from netmem_migrate.patch.folder import Report
from netmem_migrate.patch.series import SeriesOptions, write_series

pytestmark = pytest.mark.usefixtures("home")
CHANGING = {"os.rename", "os.remove", "os.link", "os.mkdir", "shutil.rmtree"}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def patches(out: Path) -> dict[str, bytes]:
    return {str(one.relative_to(out)): one.read_bytes() for one in sorted(out.rglob("*"))
            if one.is_file()} if out.exists() else {}


def written(tree: Path, out: Path, number: int, *, force: bool, report: Report | None = None,
            ) -> bool:
    """Write a series in another process, killed before its disk call below `out`; whether it was.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 99
    seen = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        if event in CHANGING or (event == "open" and isinstance(given[2], int)
                                 and given[2] & os.O_CREAT):
            seen += any(one in f"{given}" for one in (out.name, "journals", "report.json"))
            if seen == number:
                os._exit(99)

    made = migrate([tree / DEMO, tree / OTHER], kernel=tree, api="7.3")
    sys.addaudithook(hook)
    write_series(made, out, SeriesOptions(together=True, force=force, recipients=True),
                 report=report)
    os._exit(0)


@pytest.mark.long
@pytest.mark.parametrize("used", [False, True])
def test_killed_at_each_disk_call(tmp_path: Path, used: bool) -> None:
    tree = make_tree(tmp_path / "linux")
    out = tmp_path / "outgoing"
    if used:
        assert run("format-patch", tree / DEMO, "-o", out, "--api", "7.3",
                   "--cover-letter").exit_code == 0
    before = patches(out)
    (tmp_path / "fresh").mkdir()
    assert not written(tree, tmp_path / "fresh/outgoing", 10 ** 6, force=False)
    after = patches(tmp_path / "fresh/outgoing")
    number, told = 1, 0
    while written(tree, out, number, force=True):
        number += 9
        held = patches(out)
        if held not in (before, after):
            told += 1
            done = run("check", out)
            assert isinstance(done.exception, InputError)
            assert "format-patch was cut off here" in str(done.exception)
        assert run("format-patch", tree / DEMO, tree / OTHER, "--together", "-o", out, "--api",
                   "7.3", "--force").exit_code == 0
        assert patches(out) == after
        # As it was, for the next one.
        shutil.rmtree(out)
        for name, data in before.items():
            (out / name).parent.mkdir(parents=True, exist_ok=True)
            (out / name).write_bytes(data)
    assert number > 10 and bool(told) is used


@pytest.mark.long
def test_killed_between_a_series_and_its_report(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    out, report = tmp_path / "outgoing", tmp_path / "report.json"
    (tmp_path / "fresh").mkdir()
    assert not written(tree, tmp_path / "fresh/outgoing", 10 ** 6, force=False)
    after = patches(tmp_path / "fresh/outgoing")
    number, told = 1, 0
    report.write_text("old")
    while written(tree, out, number, force=False, report=Report(report, "new")):
        number += 5
        held = patches(out), report.read_text()
        if held not in (({}, "old"), (after, "new")):
            told += 1
            done = run("check", out)
            assert isinstance(done.exception, InputError)
            assert "format-patch was cut off here" in str(done.exception)
        words = ("format-patch", tree / DEMO, tree / OTHER, "--together", "-o", out, "--api", "7.3")
        assert run(*words, "--report", report).exit_code == 0
        assert patches(out) == after and '"drivers"' in report.read_text()
        shutil.rmtree(out)
        report.write_text("old")
    assert told


def test_a_report_that_cannot_be_written_leaves_no_series(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    out = tmp_path / "made/outgoing"
    done = run("format-patch", tree / DEMO, "-o", out, "--api", "7.3", "--report",
               tmp_path / "none/report.json")
    assert isinstance(done.exception, InputError)
    assert "report.json" in str(done.exception) and not (tmp_path / "made").exists()
