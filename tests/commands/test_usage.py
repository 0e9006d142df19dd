# SPDX-License-Identifier: GPL-2.0-only
"""What a command line asks for that there is not is usage (2), what nobody foresaw is 70."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from command_tools import DRIVER, run

from netmem_migrate import pipeline

USAGE = (
    ("diff demo --only no-such-pass", "no pass is called no-such-pass"),
    ("apply demo --skip no-such-pass", "no pass is called no-such-pass"),
    ("format-patch demo -o out --only Types", "no pass is called Types"),
    ("review demo --only types,calls", "no pass is called"),
    ("diff demo --keep demo_ring.nothing", "demo_ring.nothing: no member or global"),
    ("diff demo --api 1.0", "unknown API level 1.0"),
    ("diff demo --api newest", "unknown API level newest"),
    ("check demo --api 7", "unknown API level 7"),
    ("scan demo --api 99.9", "unknown API level 99.9"),
    ("explain demo/rx.c:5 --api x", "unknown API level x"),
    ("api show page_pool_create --api 1.0", "1.0:"),
    ("api list --since then", "then: no kernel release"),
    ("api show no_such_call", "no such name"),
    ("api diff 7.3 nowhere", "nowhere: no such folder"),
    ("diff demo --kernel missing", "missing: no such folder"),
    ("diff demo --kernel demo", "demo: not a kernel tree"),
    ("apply demo --kernel demo/rx.c", "demo/rx.c: not a folder"),
    ("scan --kernel demo", "demo: not a kernel tree"),
    ("check demo --kernel demo", "demo: not a kernel tree"),
    ("verify x.patch --kernel demo", "demo: not a kernel tree"),
    ("kernel prepare demo", "demo: not a kernel tree"),
    ("kernel path new", "new: not a kernel release"),
    ("check demo --rule no-such-rule", "no rule is called no-such-rule"),
    ("check demo --ignore Leak", "no rule is called Leak"),
    ("explain no-such-id", "no-such-id: neither"),
    ("explain demo/rx.c", "demo/rx.c: give a file and the number"),
    ("explain demo/rx.c:five", "demo/rx.c:five: give a file and the number"),
    ("explain demo/rx.c:0", "the file has lines 1 to 32"),
    ("explain demo/rx.c:35", "the file has lines 1 to 32"),
    ("explain demo/rx.c:9999999999999999999", "the file has lines 1 to 32"),
    (f"explain demo/rx.c:{'9' * 5000}", "give a file and the number"),
    ("transform new Not_An_Id", "Not_An_Id: no id of a pass"),
    ("transform new --rule 7", "7: no id of a rule"),
    ("diff -", "nothing on stdin"),
    ("apply -", "nothing on stdin"),
    ("check -", "nothing on stdin"),
    ("diff - demo", "cannot stand beside other paths"),
    ("review -", "not -"),
)


@pytest.fixture
def work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder outside any tree, with a driver called demo."""
    (tmp_path / "work/demo").mkdir(parents=True)
    (tmp_path / "work/demo/rx.c").write_bytes(DRIVER)
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "work"


@pytest.mark.parametrize(("words", "says"), USAGE, ids=[words for words, _ in USAGE])
def test_what_there_is_not_is_usage(work: Path, words: str, says: str) -> None:
    result = run(*words.split())
    assert (result.code, result.out) == (2, b""), result
    assert len(result.error_lines) == 1 and result.err.startswith("netmem-migrate: ")
    assert says in result.err
    assert [one for one in work.rglob("*") if one.is_file()] == [work / "demo/rx.c"]


@pytest.mark.parametrize("words", [
    "diff missing", "apply missing", "format-patch missing -o out", "review missing",
    f"diff {'x' * 300}.c", f"check {'x' * 300}",
    "scan missing", "check missing", "check missing.patch", "explain missing.c:3",
])
def test_what_cannot_be_read_is_no_usage(work: Path, words: str) -> None:
    result = run(*words.split())
    assert (result.code, result.out) == (4, b""), result
    assert len(result.error_lines) == 1 and result.err.startswith("netmem-migrate: ")


@pytest.mark.parametrize("error", [
    KeyError("slot"), RecursionError("maximum recursion depth exceeded"), MemoryError(),
    ValueError("two\nlines"), OSError("odd"), AssertionError(), UnicodeDecodeError(
        "utf-8", b"\xff", 0, 1, "invalid start byte"),
], ids=lambda error: type(error).__name__)
def test_what_nobody_foresaw_is_one_line(work: Path, tmp_path: Path, error: Exception,
                                         monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(pipeline, "inputs", fail)
    monkeypatch.delenv("NETMEM_MIGRATE_DEBUG", raising=False)
    result = run("apply", "demo")
    kept = tmp_path / "cache/netmem-migrate/last-error.txt"
    assert (result.code, result.out) == (70, b"")
    (line,) = result.error_lines
    assert line.startswith(f"netmem-migrate: internal error: {type(error).__name__}")
    assert str(kept) in line and "report" in line
    text = kept.read_text()
    assert "Traceback" in text and "$ netmem-migrate apply demo" in text
    assert (work / "demo/rx.c").read_bytes() == DRIVER


def test_a_traceback_is_shown_where_asked_or_nowhere_kept(
        work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "inputs", lambda *_, **__: {}["slot"])
    monkeypatch.setenv("NETMEM_MIGRATE_DEBUG", "1")
    assert "Traceback" in run("diff", "demo").err
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.delenv("NETMEM_MIGRATE_DEBUG")
    (line,) = run("diff", "demo").error_lines
    assert "NETMEM_MIGRATE_DEBUG=1" in line


def test_whoever_reads_may_stop(work: Path) -> None:
    for number in range(40):
        (work / f"demo/rx{number}.c").write_bytes(DRIVER.replace(b"demo_", b"d%d_" % number))
    tool = f"{sys.executable} -m netmem_migrate"
    done = subprocess.run(f"{tool} diff -q demo | head -n 1", shell=True, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"diff --git")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_no_folder_for_temporary_files(monkeypatch: pytest.MonkeyPatch) -> None:
    from netmem_migrate.errors import ExitCode
    from netmem_migrate.terminal import crash

    monkeypatch.setattr(tempfile, "tempdir", None)
    line, code = crash.said(FileNotFoundError(2, "No usable temporary directory found"))
    assert code == ExitCode.INPUT and "TMPDIR" in line and "internal" not in line
    monkeypatch.setattr(tempfile, "tempdir", "/tmp")
    assert crash.said(FileNotFoundError(2, "something else"))[1] == ExitCode.INTERNAL


def test_a_full_disk_is_no_error_of_the_tool(work: Path) -> None:
    tool = f"{sys.executable} -m netmem_migrate"
    done = subprocess.run(f"{tool} diff -q demo > /dev/full", shell=True, capture_output=True)
    assert done.returncode == 4 and done.stderr.count(b"\n") == 1, done.stderr


def test_what_is_no_ordinary_file_is_not_read(work: Path) -> None:
    os.mkfifo(work / "demo/pipe.c")
    for words in ("diff demo", "scan demo", "check demo", "check demo/rx.c"):
        result = run(*words.split())
        assert result.code == 0
        assert result.err.count("demo/pipe.c: left out: not an ordinary file but a pipe") == 1
    for words in ("diff demo/pipe.c", "check demo/pipe.c", "explain demo/pipe.c:1"):
        result = run(*words.split())
        assert (result.code, len(result.error_lines)) == (4, 1), result.err
        assert "pipe.c: not an ordinary file but a pipe" in result.err
