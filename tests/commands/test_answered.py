# SPDX-License-Identifier: GPL-2.0-only
"""Findings that were answered: by a comment with a reason, or by a baseline."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netmem_migrate.cli import cli
from netmem_migrate.errors import InputError

LEAK = """\
static int one(struct page_pool *pool)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -12;
%s	return 0;%s
}
"""


def check(file: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["check", "--api", "7.3", *words, str(file)])


def source(folder: Path, above: str = "", behind: str = "") -> Path:
    (folder / "d.c").write_text(LEAK % (above, behind))
    return folder / "d.c"


@pytest.mark.parametrize(("above", "behind", "counts"), [
    ("", "", True),
    ("\t/* netmem-migrate: ignore leak: the pool is torn down by then */\n", "", False),
    ("", " /* netmem-migrate: ignore leak: torn down */", False),
    ("", " // netmem-migrate: ignore double-release, leak: torn down", False),
    # No reason, another rule, another line.
    ("", " /* netmem-migrate: ignore leak */", True),
    ("", " /* netmem-migrate: ignore leak: */", True),
    ("", " /* netmem-migrate: ignore double-release: torn down */", True),
    ("\t/* netmem-migrate: ignore leak: torn down */\n\n", "", True),
])
def test_a_comment_with_a_reason(above: str, behind: str, counts: bool, tmp_path: Path) -> None:
    done = check(source(tmp_path, above, behind))
    assert done.exit_code == (1 if counts else 0)
    assert ("[leak]" in done.stdout) is counts


def test_a_baseline_leaves_out_what_it_has(tmp_path: Path) -> None:
    file = source(tmp_path)
    base = tmp_path / "base.json"
    base.write_text(check(file, "--json").stdout)
    assert check(file, "--baseline", str(base)).exit_code == 0
    text = file.read_text()
    file.write_text("\n\n" + text)  # lines move
    assert check(file, "--baseline", str(base)).exit_code == 0
    file.write_text(text + text.replace("one(", "two("))
    done = check(file, "--baseline", str(base), "--json")
    assert done.exit_code == 1
    assert [one["function"] for one in json.loads(done.stdout)["findings"]] == ["two"]


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"findings": [1]}', "[" * 5000, "\xff"])
def test_what_is_no_baseline(text: str, tmp_path: Path) -> None:
    file, base = source(tmp_path), tmp_path / "base.json"
    base.write_text(text)
    done = check(file, "--baseline", str(base))
    assert isinstance(done.exception, InputError) and "no baseline" in str(done.exception)
