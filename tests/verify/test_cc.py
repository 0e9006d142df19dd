# SPDX-License-Identifier: GPL-2.0-only
"""The compiler by way of another program: as it was recorded, and as --cc names it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from kernel_tools import BEFORE, DRIVER
from tools import run

from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.kernel.tree import STAMP
from netmem_migrate.verify import Compilers

SAVED = "drivers/net/demo/.demo.o.cmd"


@pytest.fixture
def series(kernel_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the tool makes of the driver, as a patch."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    patch = tmp_path / "0001.patch"
    patch.write_text(run("diff", kernel_tree / "drivers/net/demo", "--no-cache").stdout)
    return patch


@pytest.fixture
def wrapper(tmp_path: Path) -> Path:
    """A program that notes each command which it runs."""
    program = tmp_path / "bin/counting"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$*" >>{tmp_path}/calls\nexec "$@"\n')
    program.chmod(0o755)
    return program


def calls(wrapper: Path) -> list[str]:
    log = wrapper.parents[1] / "calls"
    return log.read_text().splitlines() if log.exists() else []


def test_the_same_is_said_by_way_of_another_program(
        series: Path, wrapper: Path, kernel_tree: Path) -> None:
    words = "verify", series, "--kernel", kernel_tree
    plain = run(*words, "--no-cache")
    assert plain.exit_code == 0, plain.output
    for _ in range(2):  # it may know more than this tool, so that it is asked each time
        before = len(calls(wrapper))
        found = run(*words, "--cc", f"{wrapper} gcc")
        assert (found.exit_code, found.stdout) == (0, plain.stdout)
        new = [one for one in calls(wrapper)[before:] if "-nostdinc" in one]
        assert all(one.startswith("gcc ") for one in new)
        # ccache and distcc serve what goes into a file of its own.
        made = [one for one in new if " -S " in one or " -c " in one]
        assert len(made) >= 3 and not any(" -o - " in one or "/dev/null" in one for one in made)
    assert not any("compiled" in str(one) for one in (kernel_tree.parent / "cache").rglob("*"))


@pytest.mark.parametrize("jobs", [1, 3])
def test_no_more_run_at_once_than_are_wanted(jobs: int, series: Path, kernel_tree: Path,
                                             tmp_path: Path) -> None:
    running = tmp_path / "running"
    running.mkdir()
    program = tmp_path / "noting"
    program.write_text(f'#!/bin/sh\ncd_=$PWD; cd {running} && touch $$ && '
                       f'ls | wc -l >>{tmp_path}/counts; cd "$cd_"\n"$@"; code=$?\n'
                       f"rm {running}/$$; exit $code\n")
    program.chmod(0o755)
    assert run("verify", series, "--kernel", kernel_tree, "-j", jobs,
               "--cc", f"{program} gcc").exit_code == 0
    counts = [int(one) for one in (tmp_path / "counts").read_text().split()]
    assert len(counts) > 5 and max(counts) <= jobs


def test_a_failure_is_the_same(series: Path, wrapper: Path, kernel_tree: Path) -> None:
    patch = series.with_name("bad.patch")
    patch.write_text(series.read_text().replace("+\tbuf->netmem = 0;", "+\tbuf->netmem = NULL;"))
    assert patch.read_text() != series.read_text()
    words = "verify", patch, "--kernel", kernel_tree
    plain = run(*words, "--no-cache")
    found = run(*words, "--cc", f"{wrapper} gcc")
    assert plain.exit_code == found.exit_code == ExitCode.VERIFY
    assert plain.stdout == found.stdout and "int-conversion" in plain.stdout


@pytest.mark.parametrize("stamped", [True, False], ids=["by kbuild", "in the tree"])
def test_what_was_recorded_is_run(stamped: bool, series: Path, wrapper: Path,
                                  kernel_tree: Path) -> None:
    """kbuild records the words of its CC; or says them, where nothing was built yet."""
    saved = kernel_tree / SAVED
    command = saved.read_text().partition(" := ")[2].replace("gcc ", f"{wrapper} gcc ", 1).strip()
    if stamped:
        (kernel_tree / STAMP).write_text(f"0123\nCC={wrapper} gcc\n")
        saved.unlink()
        with (kernel_tree / "Makefile").open("a") as file:
            file.write(f"drivers/net/demo/demo.o:\n\tset -e; {command}\n")
    else:
        saved.write_text(f"savedcmd_{DRIVER[:-2]}.o := {command}\n")
    words = "verify", series, "--kernel", kernel_tree
    found = run(*words)
    assert found.exit_code == 0, found.output
    assert any("-nostdinc" in one for one in calls(wrapper))
    count = len(calls(wrapper))
    assert run(*words, "--cc", "gcc").stdout == found.stdout
    # Only asked for what it is.
    assert not any("-nostdinc" in one for one in calls(wrapper)[count:])


def test_what_a_graph_is_printed_of_is_compiled_here(
        wrapper: Path, kernel_tree: Path, tmp_path: Path) -> None:
    """Another machine would print it there."""
    from netmem_migrate.verify.place import Place, Run

    dump = ("-w", "-g0", "-S", "-o", os.devnull, "-fdump-tree-ssa=stdout")
    place = Place(kernel_tree, tmp_path / "farm/before", {})
    found = []
    for cc in ("", f"{wrapper} gcc"):
        with Compilers(cc=cc) as compilers:
            (command,) = compilers.recorded(kernel_tree, [DRIVER], "")
            found.append(compilers.run(Run(place, "", (*command.words, *dump, DRIVER))))
    assert b"rx_fill" in found[0].stdout and found[0].stdout == found[1].stdout
    assert not any("-fdump" in one for one in calls(wrapper))


def test_another_compiler_is_refused(series: Path, kernel_tree: Path, tmp_path: Path) -> None:
    words = "verify", series, "--kernel", kernel_tree, "--cc"
    other = tmp_path / "gcc-3"
    other.write_text('#!/bin/sh\ncase $1 in --version) echo "gcc-3 (Own) 3.0.0";; '
                     '-dumpmachine) gcc -dumpmachine;; *) exec gcc "$@";; esac\n')
    other.chmod(0o755)
    for cc, why in ((str(other), r"is gcc \(Own\) 3\.0\.0 for .*, and the tree was prepared with "
                                 r"gcc, gcc .* for .*; give that compiler"),
                    ("no-such-cc", "no-such-cc cannot be run"), ("false gcc", "fails"),
                    ("no-such-ccache gcc", "no-such-ccache cannot be run")):
        with pytest.raises(InputError, match=why):
            raise run(*words, cc).exception or AssertionError(cc)
    done = run(*words, "'gcc")
    assert done.exit_code == ExitCode.USAGE and "No closing quotation" in done.stderr
    assert (kernel_tree / DRIVER).read_text() == BEFORE


@pytest.mark.skipif(shutil.which("ccache") is None, reason="no ccache here")
@pytest.mark.parametrize("masked", [False, True], ids=["in front", "in its name"])
def test_ccache_serves_it(masked: bool, series: Path, kernel_tree: Path, tmp_path: Path,
                          monkeypatch: pytest.MonkeyPatch) -> None:
    words = "verify", series, "--kernel", kernel_tree
    plain = run(*words, "--no-cache").stdout
    monkeypatch.setenv("CCACHE_DIR", str(tmp_path / "ccache"))
    cc = ["--cc", "ccache gcc"]
    if masked:  # as /usr/lib/ccache has it
        folder = tmp_path / "masks"
        folder.mkdir()
        (folder / "gcc").symlink_to(shutil.which("ccache") or "")
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        cc = []

    def hits() -> int:
        said = subprocess.run(["ccache", "--print-stats"], check=True, capture_output=True,
                              text=True).stdout
        return sum(int(line.split()[1]) for line in said.splitlines()
                   if line.startswith(("direct_cache_hit", "preprocessed_cache_hit")))

    assert run(*words, *cc).stdout == plain
    before = hits()
    assert run(*words, *cc).stdout == plain
    assert hits() - before >= 3
