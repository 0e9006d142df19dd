# SPDX-License-Identifier: GPL-2.0-only
"""What tests of several packages begin with: homes, kernel trees, a driver to choose from."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from git_tools import clean_home, commit_all
from kernel_tools import make_kernel
from series_tools import make_tree
from tools import TWO_MEMBERS, plant

# What is noted of an apply is none of the user's who runs the tests.
os.environ["XDG_STATE_HOME"] = tempfile.mkdtemp(prefix="netmem-migrate-state-")


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
