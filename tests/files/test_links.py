# SPDX-License-Identifier: GPL-2.0-only
"""Two names of one file are one file, for every command; a link out of the tree is none of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import TWO_MEMBERS, plant, run

from netmem_migrate.errors import InputError


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    return plant(tmp_path / "demo", {"rx.c": TWO_MEMBERS})


@pytest.mark.parametrize("kind", ["symbolic", "hard"])
def test_two_names_are_one_file(driver: Path, kind: str) -> None:
    alone = run("diff", driver, "--api", "7.3").stdout
    name = driver / "again.c"
    if kind == "symbolic":
        name.symlink_to("rx.c")
    else:
        name.hardlink_to(driver / "rx.c")
    shown = run("diff", driver, "--api", "7.3")
    assert shown.exit_code == 0 and shown.stdout.count("diff --git") == 1
    if kind == "symbolic":
        assert shown.stdout == alone
    done = run("apply", driver, "--api", "7.3")
    assert done.exit_code == 0 and len(done.stdout.splitlines()) == 1
    assert name.samefile(driver / "rx.c") and name.is_symlink() is (kind == "symbolic")
    assert "netmem_ref" in name.read_text()
    assert run("diff", driver, "--api", "7.3").stdout == ""


def test_a_link_out_of_the_tree_is_refused(driver: Path, tmp_path: Path) -> None:
    (driver / "rx.c").rename(tmp_path / "outside.c")
    (driver / "rx.c").symlink_to(tmp_path / "outside.c")
    before = (tmp_path / "outside.c").read_text()
    for command in ("diff", "apply", "check", "scan"):
        done = run(command, driver, "--api", "7.3")
        assert isinstance(done.exception, InputError)
        assert "leads out of the tree" in str(done.exception)
        assert str(tmp_path / "outside.c") in str(done.exception)
    assert (tmp_path / "outside.c").read_text() == before


def test_a_link_that_leads_nowhere_is_no_file(driver: Path) -> None:
    alone = run("diff", driver, "--api", "7.3").stdout
    (driver / "gone.c").symlink_to("nothing.c")
    assert run("diff", driver, "--api", "7.3").stdout == alone
