# SPDX-License-Identifier: GPL-2.0-only
"""A debug patch that compares what is synced; the cases are in corpus/rooms/sync-check."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tools import CORPUS, run

CASES = CORPUS / "rooms/sync-check"
DRIVER = (CASES / "the-address-holds-the-offset/before.c").read_text()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    made = tmp_path / "demo"
    made.mkdir()
    (made / "demo.c").write_text(DRIVER)
    return made


def written(folder: Path) -> str:
    assert run("apply", folder, "--with=sync-check").exit_code == 0
    return (folder / "demo.c").read_text()


def test_the_raw_sync_stays_behind_the_warning(folder: Path) -> None:
    before, after = DRIVER, written(folder)
    assert after.count("dma_sync_single_for_cpu(") == before.count("dma_sync_single_for_cpu(") == 1
    assert re.search(r"WARN_ON_ONCE\(.*?\);\n\tdma_sync_single_for_cpu\(", after, re.S)
    assert "page_pool_dma_sync_netmem_for_cpu(" not in after


def test_a_second_run_adds_none(folder: Path) -> None:
    once = written(folder)
    assert run("diff", folder).stdout == ""
    assert once.count("WARN_ON_ONCE(") == 1


def test_nothing_appears_without_being_asked_for(folder: Path) -> None:
    assert "WARN_ON_ONCE" not in run("diff", folder).stdout
    assert "WARN_ON_ONCE" not in run("diff", folder, "--prepare").stdout


def test_it_says_that_it_is_not_to_be_merged(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("format-patch", folder, "--with=sync-check", "-o", out).exit_code == 0
    last = sorted(out.glob("*.patch"))[-1].read_text()
    said = " ".join(last.partition("\n---\n")[0].split())
    assert "DEBUG" in said and "for testing, and not to be merged" in said
    assert "page_pool_dma_sync_netmem_for_cpu() would begin" in said


def test_no_statement_fits_where_there_are_no_braces(folder: Path) -> None:
    (folder / "demo.c").write_text((CASES / "no-room-for-a-statement/before.c").read_text())
    done = run("diff", folder, "--with=sync-check")
    assert "WARN_ON_ONCE" not in done.stdout and "not done demo_rx()" in done.stderr
