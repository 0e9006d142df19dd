# SPDX-License-Identifier: GPL-2.0-only
"""A pass that names an option runs where that is given, and nothing else says its name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from added_tools import Added
from tools import PRELUDE

PASS = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""Say in a comment that there was a pass.

Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.convert.passes import Pass

PASS = Pass(
    id="remark",
    summary="a remark stands in front of each file",
    before="int a;\\n",
    after="int b;\\n",
    follows="include/net/netmem.h",
    order=500,
    option="--with-remark",
)


def edits(work):
    """One comment a file."""
    for file in work.analysis.sources:
        yield work.edit(PASS, file, 0, 0, b"/* remark */\\n")
'''
COMMANDS = ("diff", "apply", "format-patch", "review")


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Added:
    return Added(tmp_path_factory.mktemp("package"), remark=PASS)


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    folder = tmp_path / "drv"
    folder.mkdir()
    (folder / "d.c").write_text(PRELUDE)
    return folder


@pytest.mark.parametrize("name", COMMANDS)
def test_the_option_is_there(name: str, package: Added, driver: Path) -> None:
    said = " ".join(package.run(name, "--help", cwd=driver).stdout.split())
    assert "--with-remark A remark stands in front of each file." in said


@pytest.mark.long
def test_it_runs_only_where_it_is_asked_for(package: Added, driver: Path) -> None:
    assert "remark" not in package.run("diff", ".", cwd=driver).stdout
    assert "+/* remark */" in package.run("diff", ".", "--with-remark", cwd=driver).stdout
    assert "remark" not in package.run("diff", ".", "--with-remark", "--skip",
                                       "remark", cwd=driver).stdout
    assert "--with-remark" in package.run("transform", "list", cwd=driver).stdout


def test_messages_name_it(package: Added, driver: Path) -> None:
    asked = package.run("format-patch", ".", "-o", "out", "--with-remark", cwd=driver)
    text = Path(driver / asked.stdout.strip()).read_text()
    assert re.search(r"^  netmem-migrate format-patch --with-remark \.$", text, re.MULTILINE)
    package.run("review", ".", "-o", "again", "--with-remark", stdin="a\n", cwd=driver)
    other = next((driver / "again").glob("*.patch")).read_text()
    assert _comparable(other) == _comparable(text)


def test_two_passes_cannot_share_one(tmp_path: Path, driver: Path) -> None:
    package = Added(tmp_path / "package", remark=PASS,
                           other=PASS.replace('id="remark"', 'id="other"'))
    done = package.run("diff", ".", cwd=driver, code=4)
    assert "--with-remark is the option of the pass other" in done.stderr


def _comparable(patch: str) -> str:
    return re.sub(r"^(?:From|Date): .*\n|^From .*\n", "", patch, flags=re.MULTILINE)
