# SPDX-License-Identifier: GPL-2.0-only
"""Twice the file is twice the work: nothing is asked four times as often. No clock is read."""

from __future__ import annotations

import cProfile
import pstats
from pathlib import Path

import pytest
from bench import growth

from netmem_migrate.api import migrate

_LINES = 320
_BESIDE = 100  # calls more that are none of the growth


def _calls(room: Path, lines: int, pages_every: int) -> dict[tuple[str, int, str], int]:
    """How often each function is called while a driver of so many lines is converted."""
    growth.plant_tree(room)
    folder = room / "drivers/net/ethernet/big"
    folder.mkdir()
    (folder / "Makefile").write_text("obj-m += big.o\n")
    (folder / "big.c").write_text(growth.text(lines, pages_every))
    profile = cProfile.Profile()
    run = profile.runcall(migrate, [folder], api="7.3")
    (driver,) = run.drivers
    assert driver.changes
    return {name: row[1] for name, row in pstats.Stats(profile).stats.items()}


@pytest.mark.few(1)
@pytest.mark.parametrize(("pages_every", "lines"), [(1, _LINES), (20, 4 * _LINES)])
def test_nothing_is_asked_more_often_than_the_file_is_longer(
        tmp_path: Path, pages_every: int, lines: int) -> None:
    rooms = [tmp_path / name for name in ("warm", "once", "twice")]
    for room in rooms:
        room.mkdir()
    _calls(rooms[0], 50, pages_every)  # what is loaded and looked up once
    once, twice = (_calls(room, lines * times, pages_every)
                   for times, room in enumerate(rooms[1:], 1))
    steep = {name: (once.get(name, 0), count) for name, count in twice.items()
             if count > 2.2 * once.get(name, 0) + _BESIDE}
    assert not steep
