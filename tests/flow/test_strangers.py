# SPDX-License-Identifier: GPL-2.0-only
"""Memory that an address leads to becomes no netmem by a bridge at its release."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, check_refused, convert

from netmem_migrate.report import wording

PUT = """\
static void put(struct ring *ring, struct page *page, bool ours)
{
	if (ours)
		page_pool_put_full_page(ring->pool, page, false);
	else
		put_page(page);
}

void drop(struct ring *ring)
{
	put(ring, ring->buf[0].page, true);
}

"""
REFUSED = {
    "at-once": ("page", PUT + """\
void t(struct ring *ring, void *data)
{
	put(ring, virt_to_head_page(data), false);
}
"""),
    "local": ("page", PUT + """\
void t(struct ring *ring, void *data)
{
	struct page *page;

	page = virt_to_page(data);
	put(ring, page, false);
}
"""),
    "beside-the-pool's": ("page", """\
void t(struct ring *ring, void *data)
{
	struct page *page = ring->spare;

	if (data)
		page = virt_to_head_page(data);
	page_pool_put_full_page(ring->pool, page, false);
}
"""),
    "either": ("page", """\
void t(struct ring *ring, void *data)
{
	struct page *page = data ? virt_to_head_page(data) : ring->spare;

	page_pool_recycle_direct(ring->pool, page);
}
"""),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, source = REFUSED[name]
    check_refused(tmp_path, source, slot, "mixed-origin")


def test_a_release_of_nothing_else_stays_a_page_call(tmp_path: Path) -> None:
    source = """\
void t(struct ring *ring, void *data)
{
	page_pool_put_full_page(ring->pool, virt_to_head_page(data), false);
}
"""
    migration, files = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    (refusal,) = migration.report.refusals
    assert wording.refusal(refusal).startswith(
        "page_pool_put_full_page() is given a page by virt_to_head_page(), and nothing says whose")
    assert files["d.c"].decode().endswith(source) and b"netmem_ref netmem" in files["d.c"]


def test_what_a_member_keeps_is_told_by_the_member(tmp_path: Path) -> None:
    source = """\
void t(struct rx_buf *buf, void *data)
{
	buf->page = virt_to_page(data);
}

void drop(struct ring *ring)
{
	page_pool_put_full_page(ring->pool, ring->buf[0].page, false);
}
"""
    migration, files = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    assert not migration.report.refusals
    assert b"buf->netmem = virt_to_netmem(data);" in files["d.c"]
