# SPDX-License-Identifier: GPL-2.0-only
"""Results that cannot be written: one line, exit code 4, and of apply before any file changes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from series_tools import DEMO, make_tree
from tools import TWO_MEMBERS, plant

from netmem_migrate.errors import ExitCode


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    return plant(tmp_path / "demo", {"rx.c": TWO_MEMBERS})


def run(words: list[str], to: str, driver: Path) -> subprocess.CompletedProcess[str]:
    """The command in a shell, with its stdout or stderr redirected by `to`."""
    return subprocess.run(
        ["sh", "-c", f'exec "$@" {to}', "sh", sys.executable, "-m", "netmem_migrate", *words,
         str(driver)], check=False, capture_output=True, text=True, timeout=60,
        env={**os.environ, "XDG_STATE_HOME": str(driver.parent / "state")})


COMMANDS = [["diff", "--api", "7.3"], ["apply", "--api", "7.3"], ["scan", "--json"],
            ["scan", "--html", "-"], ["apply", "--report", "-", "--api", "7.3"]]


@pytest.mark.few(2)
@pytest.mark.parametrize("to", [">/dev/full", ">&-"])
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_stdout_that_takes_nothing(words: list[str], to: str, driver: Path) -> None:
    done = run(words, to, driver)
    assert done.returncode == ExitCode.INPUT
    assert done.stderr.splitlines()[-1].startswith("netmem-migrate: stdout: ")
    assert "Traceback" not in done.stderr and "Exception ignored" not in done.stderr
    assert (driver / "rx.c").read_text() == TWO_MEMBERS


@pytest.mark.few(1)
@pytest.mark.parametrize("to", ["2>/dev/full", "2>&-"])
def test_messages_that_nobody_takes_change_nothing(to: str, driver: Path) -> None:
    shown = run(["diff", "--api", "7.3"], "", driver)
    done = run(["diff", "--api", "7.3"], to, driver)
    assert done.returncode == shown.returncode == 0 and done.stdout == shown.stdout
    assert run(["apply", "--api", "7.3"], to, driver).returncode == 0
    assert "netmem_ref" in (driver / "rx.c").read_text()


def test_a_closed_pipe_ends_quietly(driver: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([sys.executable, "-m", "netmem_migrate", "apply", "-q", "--api", "7.3",
                           str(driver)], check=False, stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert done.returncode in (1, -signal.SIGPIPE) and done.stderr == b""
    assert (driver / "rx.c").read_text() == TWO_MEMBERS


@pytest.mark.few(3)
@pytest.mark.parametrize("option", ["--report", "--html", "--sarif"])
@pytest.mark.parametrize("where", ["no/such/folder/x", "folder", "full"])
def test_files_that_cannot_be_written(option: str, where: str, driver: Path) -> None:
    (driver.parent / "folder").mkdir()
    (driver.parent / "full").symlink_to("/dev/full")
    words = {"--report": ["apply", "--api", "7.3"], "--html": ["scan"], "--sarif": ["scan"]}[option]
    done = run([*words, option, str(driver.parent / where)], "", driver)
    assert done.returncode == ExitCode.INPUT
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("netmem-migrate: ")]
    assert where in line and "report it" not in line
    assert (driver / "rx.c").read_text() == TWO_MEMBERS


@pytest.mark.long
def test_no_series_where_its_report_cannot_be_written(tmp_path: Path, home: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    done = run(["format-patch", "--api", "7.3", "-o", str(tmp_path / "out"), "--report",
                str(tmp_path / "no/such/r")], "", tree / DEMO)
    assert done.returncode == ExitCode.INPUT and not (tmp_path / "out").exists()
    (tmp_path / "full").symlink_to("/dev/full")
    done = run(["format-patch", "--api", "7.3", "-o", str(tmp_path / "out"), "--report",
                str(tmp_path / "full")], "", tree / DEMO)
    assert done.returncode == ExitCode.INPUT and not (tmp_path / "out").exists()


def test_a_result_is_never_half_there(driver: Path) -> None:
    """The one before stays where the next cannot be written; what is left of a kill goes."""
    report = driver.parent / "report.json"
    report.write_text("before\n")
    left = driver.parent / ".report.json.999999999.netmem-migrate"
    left.write_text("half")
    assert run(["diff", "--api", "7.3", "--report", str(report)], "", driver).returncode == 0
    assert report.read_text().startswith("{") and not left.exists()
    assert {one.name for one in driver.parent.iterdir()} == {"demo", "report.json"}
