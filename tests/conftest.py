# SPDX-License-Identifier: GPL-2.0-only
"""What tests of several packages begin with: homes, kernel trees, a driver to choose from."""

from __future__ import annotations

import os
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest
from git_tools import clean_home, commit_all
from kernel_tools import make_kernel
from series_tools import make_tree
from tools import TWO_MEMBERS, plant

# What is noted of an apply is none of the user's who runs the tests.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="netmem-migrate-state-")
# Nor is anything kept from one test for another: no folder can be made there.
os.environ["XDG_CACHE_HOME"] = "/dev/null/cache"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of a test that is marked few(number), leave that many cases, spread evenly; mark the rest."""
    cases: dict[tuple[str, int], list[pytest.Item]] = defaultdict(list)
    for item in items:
        few = item.get_closest_marker("few")
        if few is not None:
            cases[item.nodeid.partition("[")[0], few.args[0]].append(item)
    for (_, number), given in cases.items():
        now = {round(index * (len(given) - 1) / max(1, number - 1)) for index in range(number)}
        for index, item in enumerate(given):
            if index not in now:
                item.add_marker("long")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, with a plain identity, and no git variable from outside."""
    return clean_home(tmp_path, monkeypatch)


@pytest.fixture
def kernel_tree(tmp_path: Path) -> Path:
    """A kernel of one driver that is prepared, so that gcc can build it and `verify` prove it."""
    return make_kernel(tmp_path / "linux")


@pytest.fixture
def series_tree(tmp_path: Path) -> Path:
    """An unpacked kernel of two drivers with the scripts that judge a series; not a git tree."""
    return make_tree(tmp_path / "linux")


@pytest.fixture
def series_git_tree(series_tree: Path, home: Path) -> Path:
    """The same, committed."""
    commit_all(series_tree)
    return series_tree


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """A driver of two members that can move apart."""
    return plant(tmp_path / "demo", {"demo.c": TWO_MEMBERS})
