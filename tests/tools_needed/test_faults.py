# SPDX-License-Identifier: GPL-2.0-only
"""`make faults`: strace hits the call that is meant, and the judge finds what is planted."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from faults import applied, inside, races, states, written
from faults.applied import READERS, Ground
from faults.calls import Fault
from faults.drivers import DRIVER
from faults.states import Is
from faults.tally import Tally

from netmem_migrate.patch import apply as applying
from netmem_migrate.results import FileChange


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    inside.load()


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path.resolve() / "work", 2, 1)


def _in_place(*wanted: tuple[Path, Sequence[FileChange]]) -> tuple[Path, ...]:
    """What a naive tool does: no plan, no look, no word."""
    files = []
    for root, changes in wanted:
        for change in changes:
            (root / change.path).write_bytes(change.after)
            files.append(root / change.path)
    return tuple(files)


def _says_nothing_was_written(*wanted: tuple[Path, Sequence[FileChange]]) -> tuple[Path, ...]:
    from netmem_migrate.errors import InputError

    root, changes = wanted[0]
    (root / changes[0].path).write_bytes(changes[0].after)
    raise InputError("a fault; nothing was written")


def _counts(tally: Tally) -> dict[str, int]:
    return {column: tally.sum(column) for column in ("all old", "all new", "mixed, untold", "lost",
                                                     "lies", "left", "tracebacks", "hangs")
            if tally.sum(column)}


def test_a_state_is_told_by_its_bytes() -> None:
    old, new = {"a": b"1", "b": b"1", "c": b"1"}, {"a": b"2", "b": b"2", "c": b"1"}
    assert states.judge(old, old, new) is Is.OLD
    assert states.judge(new | {"c": b"else"}, old, new) is Is.NEW
    assert states.judge({"a": b"2", "b": b"1"}, old, new) is Is.MIXED
    assert states.judge({"a": b"2"}, old, new) is Is.TORN
    assert states.left({"a": b"2", ".a.x": b""}, old, new) == [".a.x"]


@pytest.mark.parametrize("size", [2, 4, 6])
def test_every_file_of_a_driver_is_changed(size: int, tmp_path: Path) -> None:
    ground = Ground(tmp_path.resolve() / "work", size, size)
    assert ground.state() is Is.OLD
    assert len(states.changed(ground.old, ground.new)) == size


def test_a_fault_hits_the_call_that_is_meant(ground: Ground) -> None:
    done, found = inside.record(READERS["apply"], ground.shell)
    assert done.code == 0 and ground.state() is Is.NEW
    opened = next(one for one in found if one.name == "openat" and str(ground.tree) in one.said)
    ground.saved.put_back()
    done = inside.run(READERS["apply"], ground.shell, Fault("error=ENOSPC", opened))
    assert done.code == 4 and "no space left" in done.err
    ground.saved.put_back()
    assert inside.run(READERS["apply"], ground.shell, Fault("signal=KILL", opened)).killed
    assert ground.state() is Is.OLD and not ground.left()


def test_a_file_that_is_finished_has_its_mode(ground: Ground) -> None:
    _, found = inside.record(READERS["apply"], ground.shell)
    mode = next(one for one in found if one.name.endswith(("chmod", "chmodat"))
                and str(ground.tree) in one.said)
    ground.saved.put_back()
    assert inside.run(READERS["apply"], ground.shell, Fault("signal=KILL", mode)).killed
    assert ground.left()
    assert inside.tool(("apply", "--resume", DRIVER), ground.shell).code == 0
    assert ground.state() is Is.NEW and not ground.left()


def test_a_mixed_driver_and_a_torn_file_are_found(ground: Ground,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "apply", _in_place)
    tally = Tally()
    applied.at_each_call(ground, READERS["apply"], "apply", "SIGKILL", tally)
    assert tally.sum("mixed, untold") >= 3
    assert "does not tell" in "".join(tally.wrong) and "neither" in "".join(tally.wrong)


def test_a_lie_is_found(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(applying, "apply", _says_nothing_was_written)
    done = inside.tool(READERS["apply"], ground.shell)
    verdict = applied.judge(ground, done, "a lie")
    assert {"lies", "mixed, untold"} <= verdict.columns


def test_files_left_and_tracebacks_are_found(ground: Ground,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*wanted: tuple[Path, Sequence[FileChange]]) -> tuple[Path, ...]:
        (wanted[0][0] / ".demo.c.tmp").write_bytes(b"")
        os.environ["NETMEM_MIGRATE_DEBUG"] = "1"
        raise KeyError("x")

    monkeypatch.setattr(applying, "apply", fails)
    verdict = applied.judge(ground, inside.tool(READERS["apply"], ground.shell), "")
    assert {"left", "tracebacks", "exit 70"} <= verdict.columns


def test_an_edit_that_is_overwritten_is_found(ground: Ground,
                                              monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(*wanted: tuple[Path, Sequence[FileChange]]) -> tuple[Path, ...]:
        os.mkdir(ground.work / "place/here")  # noqa: PTH102
        return _in_place(*wanted)

    monkeypatch.setattr(applying, "apply", slow)
    monkeypatch.setattr(races, "_moments", lambda ground, rng, count: [_at_mkdir(ground)] * count)
    tally = Tally()
    races.edited(ground, "edited in place", tally, random.Random(1), 2)
    assert tally.sum("lost") == 2


def _at_mkdir(ground: Ground) -> Fault:
    ground.saved.put_back()
    _, found = inside.record(READERS["apply"], ground.shell)
    return Fault("signal=STOP", next(one for one in found if one.name.startswith("mkdir")
                                     and "place/here" in one.said))


@pytest.fixture
def pages(tmp_path: Path) -> Iterator[written.Ground]:
    job = next(one for one in written.JOBS if one.name == "scan --html --sarif")
    yield written.Ground(job, tmp_path.resolve() / "work")


def test_half_a_file_is_found(pages: written.Ground) -> None:
    (pages.folder / "page.html").write_text("<html>")
    verdict = written.judge(pages, inside.tool(("api", "list"), pages.shell), "half a page")
    assert {"mixed, untold", "lies"} <= verdict.columns


def test_a_file_of_ours_that_stays_is_found(pages: written.Ground) -> None:
    (pages.folder / ".page.html.tmp").write_text("<html>")
    verdict = written.judge(pages, inside.tool(pages.job.words, pages.shell), "one more file")
    assert verdict.columns == {"all new", "left"}


def test_what_is_right_is_not_a_fault(pages: written.Ground) -> None:
    verdict = written.judge(pages, inside.tool(pages.job.words, pages.shell), "nothing")
    assert verdict.columns == {"all new"} and not verdict.why
