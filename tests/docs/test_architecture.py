# SPDX-License-Identifier: GPL-2.0-only
"""docs/architecture.md names every folder and top module of the package, and none that is not."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "netmem_migrate"
ROWS = re.findall(r"^\| (`[^|]+) \|", (ROOT / "docs/architecture.md").read_text(), re.MULTILINE)
NAMED = [name for row in ROWS for name in re.findall(r"`([\w./]+)`", row)
         if not name.startswith("make")]
AT_THE_TOP = {"transforms/", "corpus/"}


def test_the_map_is_the_house() -> None:
    there = {f"{one.name}/" if one.is_dir() else one.name for one in PACKAGE.iterdir()
             if one.name not in ("__init__.py", "__pycache__", "py.typed", "__main__.py")}
    assert set(NAMED) - {"__main__.py"} == there | AT_THE_TOP
    assert len(NAMED) == len(set(NAMED))


def test_the_map_stands_in_the_order_of_the_floors() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (contract,) = settings["tool"]["importlinter"]["contracts"]
    floors = [name for layer in reversed(contract["layers"]) for name in layer.split(" | ")]
    order = [name.removesuffix("/").removesuffix(".py") for name in NAMED
             if name not in AT_THE_TOP]
    levels = {name: level for level, layer in enumerate(reversed(contract["layers"]))
              for name in layer.split(" | ")}
    assert set(order) == set(floors)
    assert [levels[name] for name in order] == sorted(levels[name] for name in order)


def test_no_module_is_long_but_the_tables_of_the_model() -> None:
    tables = {PACKAGE / "model/functions.py", PACKAGE / "model/names.py"}
    long = {path: number for top in (PACKAGE, ROOT / "transforms") for path in top.rglob("*.py")
            if path not in tables and (number := len(path.read_text().splitlines())) > 500}
    assert not long
