# SPDX-License-Identifier: GPL-2.0-only
"""A run that ends at any disk call leaves a driver all old, all new, or told of; and both ways out.

The calls are those that Python audits, so that the code under test is the one that ships.
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from tools import plant, run

from netmem_migrate.api import migrate
from netmem_migrate.errors import InputError
from netmem_migrate.git.diff import changes_of
from netmem_migrate.patch.apply import apply
from netmem_migrate.results import Run

HEADER = """\
struct demo_buf {
	struct page *page;
};

struct demo_ring {
	struct demo_buf buf[4];
	struct page_pool *pool;
};

void demo_drop(struct demo_ring *ring, int i);
"""
FILL = """\
#include <net/page_pool/helpers.h>
#include "demo.h"

int demo_fill(struct demo_ring *ring, int i)
{
	ring->buf[i].page = page_pool_dev_alloc_pages(ring->pool);
	return ring->buf[i].page ? 0 : -ENOMEM;
}
"""
DROP = """\
#include <net/page_pool/helpers.h>
#include "demo.h"

void demo_drop(struct demo_ring *ring, int i)
{
	page_pool_put_full_page(ring->pool, ring->buf[i].page, false);
	ring->buf[i].page = NULL;
}
"""
FILES = {"demo.h": HEADER, "drop.c": DROP, "fill.c": FILL}
CHANGING = {"os.rename", "os.remove", "os.link", "os.mkdir", "os.rmdir", "os.chmod", "os.chown",
            "shutil.rmtree"}


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    return plant(tmp_path / "demo", FILES)


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state/netmem-migrate/journals"


def texts(driver: Path) -> dict[str, str]:
    return {one.name: one.read_text() for one in sorted(driver.iterdir())}


def converted(driver: Path) -> Run:
    return migrate([driver], api="7.3")


def new(made: Run) -> dict[str, str]:
    return FILES | {Path(one.path).name: one.after.decode() for one in changes_of(made)}


def at_call(made: Run, number: int, act: Callable[[], None]) -> int:
    """Apply in another process, in which `act` runs before a disk call; how it ended."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal seen
        writes = event == "open" and isinstance(given[2], int) and given[2] & os.O_CREAT
        if writes or event in CHANGING:
            seen += 1
            if seen == number:
                act()

    sys.addaudithook(hook)
    code = 0
    try:
        apply((made.root, changes_of(made)))
    except InputError as error:
        code = 4 if str(error).endswith("nothing was written") else 5
    os._exit(code if seen >= number else 100)


def code_of(done: Result) -> int:
    """How the command ends: an error of ours is what the last line would be."""
    return int(done.exception.code) if isinstance(done.exception, InputError) else done.exit_code


def kill() -> None:
    os._exit(99)


def calls(made: Run, act: Callable[[], None], driver: Path, state: Path) -> Iterator[int]:
    """Run once for each disk call, on a driver that is fresh; how each run ended."""
    for number in range(1, 500):
        plant(driver, FILES)
        code = at_call(made, number, act)
        if code == 100:
            assert number > 20
            return
        yield code
        assert texts(driver).keys() == FILES.keys()
        assert not list(state.glob("[!.]*"))
    raise AssertionError("no end")


@pytest.mark.long
@pytest.mark.parametrize("way", ["--resume", "--abort"])
def test_killed_at_each_disk_call(driver: Path, state: Path, way: str) -> None:
    made = converted(driver)
    after = new(made)
    mixed = 0
    for code in calls(made, kill, driver, state):
        assert code == 99
        held = texts(driver)
        left = {name: text for name, text in held.items() if name in FILES}
        if list(state.glob("[!.]*")):
            # All of them on a mixed driver, and else the one that asks first.
            commands = ("diff", "check", "apply", "scan") if left not in (FILES, after) else (
                "diff",)
            for command in commands:
                said = run(command, driver, "--api", "7.3")
                assert code_of(said) == 4 and not said.stdout
                assert f"apply --resume {driver}" in str(said.exception)
                assert f"apply --abort {driver}" in str(said.exception)
            assert texts(driver) == held
            mixed += left not in (FILES, after)
            assert code_of(run("apply", way, driver)) == 0
            assert texts(driver) == (after if way == "--resume" else FILES)
        else:
            # Nothing had begun, or all was over.
            assert held in (FILES, after)
    assert mixed > 1


def test_full_at_each_disk_call(driver: Path, state: Path) -> None:
    made = converted(driver)
    after = new(made)

    def full() -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "somewhere")

    ends = set()
    for code in calls(made, full, driver, state):
        ends.add(code)
        if list(state.glob("[!.]*")):
            assert code == 5
            assert code_of(run("apply", "--resume", driver)) == 0
        else:
            assert texts(driver) == (FILES if code == 4 else after)
    assert {0, 4} <= ends


def test_edited_since_is_told_and_left(driver: Path, state: Path) -> None:
    made = converted(driver)
    number = 1
    while texts(driver) in (FILES, new(made)) or not list(state.glob("[!.]*")):
        run("apply", "--abort", driver)
        assert at_call(made, number, kill) == 99
        number += 1
    (driver / "drop.c").write_text("mine\n")
    held = texts(driver)
    for way in ("--resume", "--abort"):
        done = run("apply", way, driver)
        assert code_of(done) == 4 and "drop.c: edited since" in str(done.exception)
        assert texts(driver) == held
    (kept,) = state.glob("[!.]*")
    assert f"{kept}" in str(done.exception)
    assert DROP in {one.read_text() for one in kept.glob("before.*")}
    (driver / "drop.c").write_text(DROP)
    assert code_of(run("apply", "--abort", driver)) == 0 and texts(driver) == FILES


def test_what_fails_and_cannot_be_put_back_is_named(driver: Path, state: Path) -> None:
    made = converted(driver)
    renamed = 0

    def hook(event: str, given: tuple[object, ...]) -> None:
        nonlocal renamed
        if event == "os.rename" and str(driver) in str(given[1]):
            renamed += 1
            if renamed > 1:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(given[1]))

    child = os.fork()
    if not child:
        sys.addaudithook(hook)
        try:
            apply((made.root, changes_of(made)))
        except InputError as error:
            os._exit(7 if "not put back" in str(error) and "demo.h" in str(error)
                     and "nothing was written" not in str(error)
                     and "apply --abort" in str(error) else 8)
        os._exit(9)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    assert code_of(run("diff", driver)) == 4
    assert code_of(run("apply", "--abort", driver)) == 0 and texts(driver) == FILES


def test_two_writers(driver: Path, state: Path) -> None:
    made = converted(driver)
    child = os.fork()
    if not child:
        def hook(event: str, given: tuple[object, ...]) -> None:
            if event == "os.rename" and str(driver) in str(given[1]):
                (driver.parent / "there").touch()
                time.sleep(20)

        sys.addaudithook(hook)
        apply((made.root, changes_of(made)))
        os._exit(0)
    while not (driver.parent / "there").exists():
        time.sleep(0.01)
    try:
        for command in ("diff", "apply"):
            done = run(command, driver, "--api", "7.3")
            assert code_of(done) == 4 and f"(process {child}) writes here" in str(done.exception)
        for way in ("--resume", "--abort"):
            done = run("apply", way, driver)
            assert code_of(done) == 4 and "another netmem-migrate" in str(done.exception)
        with pytest.raises(InputError, match="another netmem-migrate writes here"):
            apply((made.root, changes_of(made)))
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    # A lock ends with its process.
    assert code_of(run("apply", "--resume", driver)) == 0
    assert texts(driver) == new(made)


def test_nothing_to_settle(driver: Path, tmp_path: Path) -> None:
    for way in ("--resume", "--abort"):
        done = run("apply", way, driver)
        assert code_of(done) == 0 and "no apply was cut off here" in done.stderr
    assert code_of(run("apply", "--resume", "--abort", driver)) == 2
    assert code_of(run("apply")) == 2


def test_other_drivers_are_not_concerned(driver: Path, tmp_path: Path, state: Path) -> None:
    other = plant(tmp_path / "other", FILES)
    made = converted(driver)
    number = 1
    while not list(state.glob("[!.]*")) if state.exists() else True:
        assert at_call(made, number, kill) == 99
        number += 1
    assert code_of(run("diff", other, "--api", "7.3")) == 0
    assert code_of(run("apply", other, "--api", "7.3")) == 0
    assert code_of(run("diff", driver, "--api", "7.3")) == 4
    # A journal that is no journal is nobody's.
    (state / "0-0").mkdir()
    (state / "0-0/journal.json").write_text("{")
    assert code_of(run("diff", other, "--api", "7.3")) == 0


def test_a_state_folder_that_cannot_be_written(driver: Path, monkeypatch: pytest.MonkeyPatch,
                                               tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    done = run("apply", driver, "--api", "7.3")
    assert code_of(done) == 4 and "XDG_STATE_HOME" in str(done.exception)
    assert texts(driver) == FILES


def test_two_names_of_a_file_stay_two_names(driver: Path) -> None:
    (driver / "again.c").hardlink_to(driver / "drop.c")
    assert code_of(run("apply", driver, "--api", "7.3")) == 0
    assert (driver / "again.c").samefile(driver / "drop.c")
    assert "netmem" in (driver / "again.c").read_text()
