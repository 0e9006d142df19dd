# SPDX-License-Identifier: GPL-2.0-only
"""Whether a driver allows unreadable memory is read from its code, once, for all that ask."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE

from netmem_migrate import api
from netmem_migrate.flow.unreadable import allows_unreadable, flags
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.results import Run

FLAG = "PP_FLAG_ALLOW_UNREADABLE_NETMEM"
CREATES = """\
void demo_show(struct rx_buf *buf)
{
	foreign(buf->page);
}

struct page_pool *demo_pool(struct page_pool_params *params)
{
	%s
	return page_pool_create(params);
}
"""
MENTIONS = {
    "comment": f"/* {FLAG} is never set. */",
    "line-comment": f"// {FLAG} is never set",
    "string": f'params->flags |= note("{FLAG}");',
    "longer-name": f"params->flags |= MY_{FLAG};",
}
SETS = {
    "code": f"params->flags |= {FLAG};",
    "macro": f"#define DEMO_FLAGS (PP_FLAG_DMA_MAP | {FLAG})\n\tparams->flags |= DEMO_FLAGS;",
    "after-a-comment": f"params->flags |= /* all */ {FLAG};",
}


def _run(folder: Path, line: str) -> Run:
    folder.mkdir()
    (folder / "d.c").write_text(PRELUDE + CREATES % line)
    return api.migrate([folder], api="7.3", opted=("accessor",))


def _agree(run: Run, folder: Path, allowed: bool) -> None:
    (one,) = run.drivers
    assert one.unreadable is allowed
    assert one.report.requirements["rx.5"].status == ("met" if allowed else "unmet")
    after = b"".join(change.after for change in one.changes)
    assert (b"netmem_to_page" in after) is not allowed
    # The messages are about what was read, whatever is on the disk by now.
    (folder / "d.c").write_text(f"/* {FLAG} */\n" if not allowed else "\n")
    (file,) = write_series(run, folder.parent / "out", SeriesOptions())
    text = " ".join(file.read_text().split())
    assert ("is not set, so the pool gives pages only" in text) is not allowed


@pytest.mark.parametrize("name", MENTIONS)
def test_a_mention_sets_nothing(name: str, tmp_path: Path, home: Path) -> None:
    _agree(_run(tmp_path / "d", MENTIONS[name]), tmp_path / "d", allowed=False)


@pytest.mark.parametrize("name", SETS)
def test_code_sets_it(name: str, tmp_path: Path, home: Path) -> None:
    _agree(_run(tmp_path / "d", SETS[name]), tmp_path / "d", allowed=True)


def test_places() -> None:
    source = f"/* {FLAG} */ a = {FLAG}; b = '\"'; c = {FLAG};".encode()
    found = flags(source)
    assert [source[at:at + len(FLAG)].decode() for at in found] == [FLAG, FLAG]
    assert found[0] == source.index(b"a = ") + 4
    assert not allows_unreadable([b"", b"int a;"])


@pytest.mark.parametrize(("code", "sets"), [
    ("p.flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;", True),
    ("p.flags = PP_FLAG_DMA_MAP |\n\t\tPP_FLAG_ALLOW_UNREADABLE_NETMEM;", True),
    ("#define DEMO_FLAGS PP_FLAG_ALLOW_UNREADABLE_NETMEM", True),
    ("p.flags |= a && b ? PP_FLAG_ALLOW_UNREADABLE_NETMEM : 0;", True),
    ("if (p.flags & PP_FLAG_ALLOW_UNREADABLE_NETMEM)", False),
    ("if (p.flags & (PP_FLAG_ALLOW_UNREADABLE_NETMEM))", False),
    ("p.flags &= ~PP_FLAG_ALLOW_UNREADABLE_NETMEM;", False),
    ("p.flags &\n\t~PP_FLAG_ALLOW_UNREADABLE_NETMEM", False),
])
def test_a_test_of_the_flag_sets_it_not(code: str, sets: bool) -> None:
    assert allows_unreadable([code.encode()]) is sets
