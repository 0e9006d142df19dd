# SPDX-License-Identifier: GPL-2.0-only
"""--allow-accessor: one commented way back to a page, or none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, compiles

from netmem_migrate.api import migrate
from netmem_migrate.results import Migration

USE = """\
/* Say what it is. */
void demo_use(struct rx_buf *buf)
{
	foreign(buf->page);
}

struct page *demo_next(struct rx_buf *buf)
{
	return buf->page + 1;
}
"""
CONVERTED = """\
/* These buffers are pages: their pool does not set
 * PP_FLAG_ALLOW_UNREADABLE_NETMEM.
 */
static struct page *demo_netmem_page(netmem_ref netmem)
{
	return netmem_to_page(netmem);
}

/* Say what it is. */
void demo_use(struct rx_buf *buf)
{
	foreign(demo_netmem_page(buf->netmem));
}

"""
REFUSED = {
    "stored-back": "void t(struct rx_buf *buf)\n{\n\tbuf->page++;\n}\n",
    "number": "unsigned long t(struct rx_buf *buf)\n{\n\treturn (unsigned long)buf->page;\n}\n",
    "unreadable-memory": (
        "void t(struct rx_buf *buf, struct page_pool_params *params)\n{\n"
        "\tparams->flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n\tforeign(buf->page);\n}\n"),
}


def run(folder: Path, files: dict[str, str], accessor: bool = True) -> tuple[
        Migration, dict[str, bytes]]:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    migration = migrate([folder], api="7.3",
                        opted=("accessor",) if accessor else ()).drivers[0]
    after = {name: text.encode() for name, text in files.items()}
    return migration, after | {one.path: one.after for one in migration.changes}


def test_uses_go_through_one_accessor(tmp_path: Path) -> None:
    migration, after = run(tmp_path / "d", {"d.c": PRELUDE + USE})
    assert migration.report.verdict == "would-convert" and not migration.report.refusals
    assert CONVERTED in after["d.c"].decode()
    assert after["d.c"].count(b"netmem_to_page(netmem)") == 1
    assert b"return demo_netmem_page(buf->netmem) + 1;" in after["d.c"]
    compiles(tmp_path / "gcc", after)


def test_without_the_option_it_is_refused(tmp_path: Path) -> None:
    migration, after = run(tmp_path / "d", {"d.c": PRELUDE + USE}, accessor=False)
    assert ("rx_buf.page", "page-only-use") in {
        (one.slot, one.category) for one in migration.report.refusals}
    assert b"netmem_to_page" not in after["d.c"]


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_accessor_can_help(name: str, tmp_path: Path) -> None:
    migration, after = run(tmp_path / "d", {"d.c": PRELUDE + REFUSED[name]})
    assert migration.report.refusals
    assert b"netmem_to_page" not in after["d.c"]


def test_not_in_two_files(tmp_path: Path) -> None:
    header, body = PRELUDE.split("int fill", 1)
    files = {"d.h": header, "d.c": '#include "d.h"\n\nint fill' + body + USE,
             "e.c": '#include "d.h"\n\nvoid t(struct rx_buf *buf)\n{\n\tforeign(buf->page);\n}\n'}
    migration, after = run(tmp_path / "d", files)
    assert migration.report.refusals
    assert not any(b"netmem_to_page" in text for text in after.values())


def test_bridges_that_are_cheaper_win(tmp_path: Path) -> None:
    source = PRELUDE + """\
void t(struct ring *ring)
{
	struct page *first = alloc_page(GFP_KERNEL);

	foreign(first);
	ring->spare = first;
}
"""
    _, after = run(tmp_path / "d", {"d.c": source})
    assert b"ring->spare = page_to_netmem(first);" in after["d.c"]
    assert b"netmem_to_page" not in after["d.c"]
