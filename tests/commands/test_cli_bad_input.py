# SPDX-License-Identifier: GPL-2.0-only
"""Bad and odd input, through the real command: one clear line, the right code, nothing written."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from command_tools import DRIVER, refused, run

COMMANDS = (("diff",), ("apply",), ("format-patch", "-o", "out"))


@pytest.fixture
def work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in, outside any tree, with an identity for git."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def driver(work: Path) -> Path:
    """A small driver that converts fully."""
    (work / "demo").mkdir()
    (work / "demo/rx.c").write_bytes(DRIVER)
    return work / "demo"


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_input_that_cannot_be_processed(work: Path, command: tuple[str, ...]) -> None:
    (work / "empty").mkdir()
    (work / "binary").mkdir()
    (work / "binary/rx.c").write_bytes(DRIVER + b"\0\0")
    (work / "short").mkdir()
    (work / "short/rx.c").write_bytes(DRIVER[: DRIVER.index(b"page_pool_put_full_page")])
    (work / "comment").mkdir()
    (work / "comment/rx.c").write_bytes(DRIVER + b"/* and here it en")
    (work / "notes.txt").write_text("page_pool\n")
    before = files_below(work)
    for path, says in (
        ("missing", "missing: no such file or folder"),
        ("empty", "no .c or .h file here"),
        ("notes.txt", "not a .c or .h file"),
        ("binary", "rx.c:33: a NUL byte; this is a binary file"),
        ("short", "rx.c: ends inside a block"),
        ("comment", "rx.c:33: a comment that is not closed"),
    ):
        refused(run(*command, path), says)
        assert files_below(work) == before
        assert not (work / "out").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_folder_without_page_pool_is_not_said_to_be_done(
    work: Path, command: tuple[str, ...]
) -> None:
    (work / "plain").mkdir()
    (work / "plain/rx.c").write_bytes(b"int plain(void)\n{\n\treturn 0;\n}\n")
    before = files_below(work)
    result = run(*command, "plain")
    assert (result.code, result.out) == (0, b"")
    assert len(result.error_lines) == 1
    assert result.err.endswith("/plain: no page_pool driver found in 1 file looked at\n")
    assert files_below(work) == before
    assert not (work / "out").exists()


def test_latin_1_bytes_survive(driver: Path) -> None:
    source = DRIVER.replace(b"#include", b"/* J\xfcrgen */\n#include", 1)
    (driver / "rx.c").write_bytes(source)
    subprocess.run(["git", "init", "--quiet"], check=True)
    subprocess.run(["git", "add", "."], check=True)
    subprocess.run(["git", "commit", "--quiet", "-m", "x"], check=True)
    made = run("format-patch", "demo", "-o", "../out")
    assert made.code == 0, made
    shown = run("diff", "demo").out
    assert run("apply", "demo").code == 0
    applied = (driver / "rx.c").read_bytes()
    assert b"/* J\xfcrgen */" in applied
    assert b"page_pool_put_full_netmem" in applied
    subprocess.run(["git", "checkout", "--quiet", "."], check=True)
    patch = made.out.decode().split()[0]
    subprocess.run(["git", "am", "--quiet", patch], check=True)
    assert (driver / "rx.c").read_bytes() == applied
    assert b"-\tstruct page *page;" in shown


def test_crlf_is_kept_by_apply_and_refused_by_format_patch(driver: Path) -> None:
    (driver / "rx.c").write_bytes(DRIVER.replace(b"\n", b"\r\n"))
    refused(run("format-patch", "demo", "-o", "out"), "CRLF line ends")
    assert run("apply", "demo").code == 0
    after = (driver / "rx.c").read_bytes()
    assert b"page_pool_put_full_netmem" in after
    assert after.count(b"\n") == after.count(b"\r\n")


def test_read_only_file_and_folder(driver: Path) -> None:
    (driver / "rx.c").chmod(0o444)
    refused(run("apply", "demo"), "rx.c: read-only")
    (driver / "rx.c").chmod(0o644)
    driver.chmod(0o555)
    refused(run("apply", "demo"), "demo: a read-only folder")
    driver.chmod(0o755)
    assert files_below(driver) == {driver / "rx.c": DRIVER}


def test_no_git(driver: Path, tmp_path: Path) -> None:
    nowhere = str(tmp_path)
    refused(run("diff", "demo", path=nowhere), "git was not found in PATH")
    refused(run("format-patch", "demo", "-o", "out", path=nowhere), "git was not found in PATH")
    assert files_below(driver.parent) == {driver / "rx.c": DRIVER}
    assert run("apply", "demo", path=nowhere).code == 0


def test_no_identity(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(driver))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    refused(run("format-patch", "demo", "-o", "out"), "git config --global user.name")
    assert not Path("out").exists()


def test_options_that_name_nothing(driver: Path, work: Path) -> None:
    refused(run("apply", "demo", "--report", "missing/r.json"), "no such folder for the report")
    refused(run("apply", "demo", "--report", "demo"), "demo: a folder")
    assert files_below(work) == {driver / "rx.c": DRIVER}


def test_two_drivers_outside_a_tree(driver: Path, work: Path) -> None:
    shutil.copytree(driver, work / "second")
    shown = run("diff", "second", "demo").out
    assert re.findall(rb"^\+\+\+ (.*)$", shown, re.MULTILINE) == [b"b/demo/rx.c", b"b/second/rx.c"]
    result = run("apply", "demo", "second")
    assert result.out.decode().split() == [str(driver / "rx.c"), str(work / "second/rx.c")]
    assert result.error_lines[-1] == ("2 drivers looked at: 2 converted, 4 of 4 calls that are "
                                      "not by design converted (100 %), 2 files changed")
    assert (driver / "rx.c").read_bytes() == (work / "second/rx.c").read_bytes() != DRIVER


def test_usage_errors_are_clicks_own() -> None:
    assert run("diff").code == 2
    assert run("diff", "--color=loud", "x").code == 2
    assert run("format-patch", "x").code == 2
    assert run("format-patch", "x", "-o", "out", "-v", "0").code == 2


# -- what a good run leaves


def test_exit_code_option(driver: Path) -> None:
    assert run("diff", "demo").code == 0
    assert run("diff", "demo", "--exit-code").code == 1
    assert run("apply", "demo").code == 0
    again = run("diff", "demo", "--exit-code")
    assert (again.code, again.out) == (0, b"")


def test_refused_sites_exit_with_3_and_win_over_differences(driver: Path) -> None:
    (driver / "rx.c").write_bytes(
        DRIVER.replace(b"ring->page = page;", b"ring->page = page;\n\tpage->private = 1;")
    )
    result = run("diff", "demo", "--exit-code", "--report", "report.json")
    assert result.code == 3, result
    assert "refused" in result.err
    assert json.loads(Path("report.json").read_text())["drivers"][0]["refusals"]
    assert run("diff", "demo", "-q").err == ""


def test_report_and_listing(driver: Path) -> None:
    result = run("apply", "demo", "--report", "report.json")
    assert result.out.decode().split() == [str(driver / "rx.c")]
    (entry,) = json.loads(Path("report.json").read_text())["drivers"]
    assert entry["verdict"] == "converted"
    assert {item["name"] for item in entry["declarations"]} >= {"demo_ring.page"}
    listed = run("diff", "demo")
    assert listed.out == b""


def test_stdin(work: Path) -> None:
    shown = run("diff", "-", stdin=DRIVER)
    assert shown.code == 0
    assert b"--- a/stdin.c\n+++ b/stdin.c\n" in shown.out
    named = run("diff", "-", "--stdin-filename", "net/rx.c", stdin=DRIVER)
    assert b"rx.c" in named.out
    written = run("apply", "-", stdin=DRIVER)
    assert b"page_pool_put_full_netmem" in written.out
    assert run("apply", "-", stdin=written.out).out == written.out
    refused(run("diff", "-", "x.c", stdin=DRIVER), "cannot stand beside other paths", 2)
    refused(run("diff", "-", "--stdin-filename", "../x.c", stdin=DRIVER), "--stdin-filename", 2)
    refused(run("format-patch", "-", "-o", "out", stdin=DRIVER), "not -", 2)
    assert files_below(work) == {}


def test_color_only_where_asked(driver: Path) -> None:
    assert b"\x1b[" not in run("diff", "demo").out
    assert b"\x1b[" in run("diff", "--color", "demo").out
    assert b"\x1b[" in run("diff", "--color=always", "demo").out
    assert "\x1b[" not in run("diff", "demo").err


def test_installed_command_gives_the_code_and_one_line(work: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from netmem_migrate.cli import main; main()", "diff", "missing"],
        capture_output=True,
    )
    assert (done.returncode, done.stdout) == (4, b"")
    assert done.stderr.count(b"\n") == 1


def test_a_folder_that_is_gone_is_one_line(work: Path) -> None:
    script = ("import os, sys; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone'); "
              "from netmem_migrate.cli import main; main()")
    for words in (["check", "-"], ["diff"], ["apply", "x"]):
        done = subprocess.run([sys.executable, "-c", script, *words], capture_output=True,
                              input=b"")
        assert (done.returncode, done.stdout) == (4, b"")
        assert done.stderr.count(b"\n") == 1 and b"go to one that is there" in done.stderr


def test_closed_pipe_is_no_traceback(driver: Path) -> None:
    shell = shutil.which("sh")
    assert shell
    script = f"{sys.executable} -c 'from netmem_migrate.cli import main; main()' diff demo | true"
    done = subprocess.run([shell, "-c", script], capture_output=True)
    assert b"Traceback" not in done.stderr


def test_stdin_with_the_folder_that_it_is_of(driver: Path, work: Path) -> None:
    ring, rest = DRIVER[DRIVER.index(b"struct demo_ring"):].split(b"\n\n", 1)
    head = b'#include <net/page_pool/helpers.h>\n'
    (driver / "rx.h").write_bytes(head + ring + b"\n")
    (driver / "rx.c").write_bytes(b"int old;\n")
    new = b'#include "rx.h"\n' + rest
    shown = run("diff", "-", "--stdin-filename", "demo/rx.c", stdin=new)
    assert shown.code == 0
    assert re.findall(rb"^\+\+\+ (.*)$", shown.out, re.MULTILINE) == [b"b/rx.c", b"b/rx.h"]
    refused(run("apply", "-", "--stdin-filename", str(driver / "rx.c"), stdin=new),
            "rx.h: to be converted with rx.c")
    (driver / "rx.h").write_bytes(b"int none;\n")
    written = run("apply", "-", "--stdin-name", "demo/rx.c", stdin=DRIVER)
    assert written.code == 0 and b"page_pool_put_full_netmem" in written.out
    assert (driver / "rx.c").read_bytes() == b"int old;\n"
    refused(run("diff", "-", "--stdin-filename", "demo/rx.txt", stdin=DRIVER), "ends in .c", 2)
    refused(run("diff", "-", "--stdin-filename", str(work / "no.c"), stdin=DRIVER), "no such", 2)


def test_a_report_on_stdout_is_all_that_is_there(driver: Path) -> None:
    for command in (*COMMANDS, ("diff", "--stat")):
        shutil.rmtree("out", ignore_errors=True)
        (driver / "rx.c").write_bytes(DRIVER)
        told = json.loads(run(*command, "demo", "--report", "-").out)
        assert told["drivers"][0]["verdict"] == (
            "would-convert" if command[0] == "diff" else "converted")
    for option in ("--html", "--sarif"):
        shown = run("scan", "demo", option, "-")
        assert shown.code == 0 and shown.out.startswith((b"<!", b"{")), shown
        assert "wrote" not in shown.err
        refused(run("scan", "demo", "--json", option, "-"), "only one of", 2)
    checked = run("check", "demo", "--sarif", "-")
    assert checked.code == 0 and json.loads(checked.out)["runs"]
    refused(run("check", "demo", "--json", "--sarif", "-"), "only one of", 2)
    assert not Path("-").exists()
