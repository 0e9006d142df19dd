# SPDX-License-Identifier: GPL-2.0-only
"""Pages that go to functions which the target no longer has, and error pointers."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, check_noop, convert

from netmem_migrate.reasons import Category
from netmem_migrate.report import wording


@pytest.mark.parametrize(("call", "since", "instead"), [
    ("page_pool_release_page(ring->pool, buf->page)", "6.6", "skb_mark_for_recycle()"),
    ("page_pool_defrag_page(buf->page, 1)", "6.8", "page_pool_unref_page()"),
    ("page_pool_put_defragged_page(ring->pool, buf->page, -1, false)", "6.8",
     "page_pool_put_unrefed_page()"),
    ("__skb_frag_set_page(frag, buf->page)", "6.5", "skb_frag_fill_page_desc()"),
])
def test_gone(call: str, since: str, instead: str, tmp_path: Path) -> None:
    text = f"void old(struct ring *ring, struct rx_buf *buf)\n{{\n\t{call};\n}}\n"
    migration, after = convert(tmp_path, {"d.c": (PRELUDE + text).encode()})
    assert b"\tstruct page *page;" in after["d.c"] and b"netmem_ref spare;" in after["d.c"]
    told, = (wording.refusal(one) for one in migration.report.refusals)
    name = call.partition("(")[0]
    assert f"{name}(), which is gone in 7.3 (since linux {since}: port to {instead} first)" in told
    assert migration.report.refusals[0].category is Category.GONE_API
    assert "no netmem form" not in told


def test_what_the_driver_has_itself_is_not_gone(tmp_path: Path) -> None:
    check_noop(tmp_path, "static void page_pool_release_page(struct page_pool *pool)\n{\n}\n\n"
               "void own(struct ring *ring)\n{\n\tpage_pool_release_page(ring->pool);\n}\n")


GET = """\
struct page *get_one(struct ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	%s
	return page;
}

"""
SET = """\
int set_one(struct ring *ring)
{
	struct page *page = get_one(ring);

	if (%s)
		return -ENOMEM;
	ring->buf[0].page = page;
	return 0;
}
"""


@pytest.mark.parametrize(("get", "test", "named"), [
    ("if (!page)\n\t\treturn ERR_PTR(-ENOMEM);", "IS_ERR(page)", "ERR_PTR()"),
    ("page = page ?: ERR_PTR(-ENOMEM);", "IS_ERR_OR_NULL(page)", "ERR_PTR()"),
    ("", "IS_ERR(page)", "IS_ERR()"),
    ("", "PTR_ERR_OR_ZERO(page)", "PTR_ERR_OR_ZERO()"),
    ("if (!page)\n\t\treturn ERR_CAST(ring->pool);", "!page", "ERR_CAST()"),
])
def test_error_pointers(get: str, test: str, named: str, tmp_path: Path) -> None:
    text = (PRELUDE + GET % get + SET % test).encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert b"struct page *get_one(struct ring *ring)" in after["d.c"]
    told = [wording.refusal(one) for one in migration.report.refusals]
    assert any(f"can be an error pointer ({named})" in one for one in told), told
    assert {one.category for one in migration.report.refusals} == {Category.ERROR_POINTER}
    said = [wording.site(site) for site in migration.report.sites]
    assert not any("by design" in one for one in said), said


def test_an_error_pointer_of_the_pool_is_none_of_a_page(tmp_path: Path) -> None:
    text = "int make(struct ring *ring)\n{\n\treturn IS_ERR(ring->pool) ? -EINVAL : 0;\n}\n"
    _, after = convert(tmp_path, {"d.c": (PRELUDE + text).encode()})
    assert b"netmem_ref netmem;" in after["d.c"]


def test_null_is_no_error_pointer(tmp_path: Path) -> None:
    text = (PRELUDE + GET % "" + SET % "!page").encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert not migration.report.refusals and b"netmem_ref get_one(" in after["d.c"]

