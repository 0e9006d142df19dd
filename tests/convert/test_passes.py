# SPDX-License-Identifier: GPL-2.0-only
"""Each pass's own example, its registration, and what `transform` and `explain` say of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from tools import PRELUDE

from netmem_migrate import api
from netmem_migrate.cli import cli
from netmem_migrate.convert import passes
from netmem_migrate.convert.passes import Pass

PASSES = {one.declared.id: one for one in passes.load()}


def convert(tmp_path: Path, text: str, declared: Pass) -> str:
    """What the tool makes of one file of C, or the patch that makes room before it does."""
    file = tmp_path / "driver.c"
    file.write_text(text)
    run = api.migrate([file], api="7.3", prepare=declared.prepares,
                      opted=(declared.id,) if declared.option else (),
                      wanted=(declared.id,) if declared.behind else ())
    first = run.drivers[0].steps[:1] if declared.prepares else run.drivers[0].steps[-1:]
    changes = [change for step in first for change in step.changes]
    return changes[0].after.decode() if changes else text


@pytest.mark.parametrize("name", PASSES)
def test_example(name: str, tmp_path: Path) -> None:
    declared = PASSES[name].declared
    after = convert(tmp_path, PRELUDE + declared.before, declared)
    assert after.endswith("}\n\n" + declared.after)


@pytest.mark.parametrize("name", PASSES)
def test_explained(name: str) -> None:
    result = CliRunner().invoke(cli, ["explain", name])
    assert result.exit_code == 0
    assert PASSES[name].declared.before in result.stdout
    assert PASSES[name].declared.after in result.stdout


def test_transform_list_names_every_module() -> None:
    result = CliRunner().invoke(cli, ["transform", "list"])
    listed = [line.split()[0] for line in result.stdout.splitlines()]
    folder = Path(passes.__file__).parents[2] / "transforms"
    modules = {file.stem.replace("_", "-") for file in folder.glob("[a-z]*.py")}
    assert set(listed) == modules
