# SPDX-License-Identifier: GPL-2.0-only
"""A call with other arguments than the function takes is refused, and said to be so."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, convert

from netmem_migrate.reasons import Category
from netmem_migrate.report import wording

RELEASE = """\
void drop(struct ring *ring, struct rx_buf *buf)
{{
	{}
	buf->page = NULL;
}}
"""


@pytest.mark.parametrize(("call", "said"), [
    ("page_pool_put_page(ring->pool, buf->page, false);", "takes 4 arguments in 7.3, and is given"),
    ("page_pool_put_full_page(ring->pool, buf->page);", "takes 3 arguments in 7.3, and is given 2"),
    ("page_pool_recycle_direct(ring->pool, buf->page, 1);", "takes 2 arguments in 7.3"),
    ("skb_add_rx_frag(ring->skb, buf->page, 0, 64, 64);", "takes 6 arguments in 7.3"),
    ("put_page(buf->page, 1);", "takes 1 argument in 7.3, and is given 2"),
    ("u64 a = page_pool_get_dma_addr(ring->pool, buf->page);", "takes 1 argument in 7.3"),
])
def test_a_call_of_an_older_kernel_is_not_converted(call: str, said: str, tmp_path: Path) -> None:
    text = (PRELUDE + RELEASE.format(call)).encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert b"rx_buf {\n\tstruct page *page;" in after["d.c"]
    assert call.encode() in after["d.c"]
    found = [one for one in migration.report.refusals if said in wording.refusal(one)]
    assert [one.category for one in found] == [Category.GONE_API]
    told = wording.refusal(found[0])
    assert told.count(f"{call.partition('(')[0].split()[-1]}()") == 1, told


def test_what_an_older_kernel_took_is_right_there(tmp_path: Path) -> None:
    text = (PRELUDE + RELEASE.format(
        "page_pool_put_page(ring->pool, buf->page, -1, false);")).encode()
    for api in ("6.12", "7.3"):
        migration, after = convert(tmp_path / api, {"d.c": text}, api)
        assert b"page_pool_put_netmem(ring->pool, buf->netmem, -1, false);" in after["d.c"]
        assert not migration.report.refusals


@pytest.mark.parametrize("call", ["keep(buf->page)", "keep(ring, buf->page, 1)"])
def test_a_function_of_the_driver_that_is_called_wrongly(call: str, tmp_path: Path) -> None:
    text = (PRELUDE + "static void keep(struct ring *ring, struct page *page)\n{\n"
            "\tring->buf[0].page = page;\n}\n\n" + RELEASE.format(f"{call};")).encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert b"rx_buf {\n\tstruct page *page;" in after["d.c"] and call.encode() in after["d.c"]
    line = text.count(b"\n", 0, text.index(call.encode())) + 1
    assert any(origin.line == line for one in migration.report.refusals
               for origin in one.origins)


def test_an_allocation_of_another_kernel(tmp_path: Path) -> None:
    text = PRELUDE.replace("page_pool_alloc_pages(pool, gfp)", "page_pool_alloc_pages(pool)")
    migration, after = convert(tmp_path, {"d.c": text.encode()})
    assert b"rx_buf {\n\tstruct page *page;" in after["d.c"]
    assert b"netmem_ref spare;" in after["d.c"]
    assert "takes 2 arguments in 7.3, and is given 1 here" in wording.refusal(
        migration.report.refusals[0])


@pytest.mark.parametrize("order", [1, -1])
def test_a_function_that_two_arms_define_with_other_parameters(order: int, tmp_path: Path) -> None:
    heads = ["(struct ring *ring)", "(struct ring *ring, struct page *page)"][::order]
    text = (PRELUDE + "".join(
        f"{arm}\nstatic void keep{head}\n{{\n\tring->more = "
        f"{'page' if 'page' in head else 'NULL'};\n}}\n"
        for arm, head in zip(("#ifdef CONFIG_ONE", "#else"), heads, strict=True)) + "#endif\n\n"
        + RELEASE.format("keep(ring, buf->page);")).encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert b"rx_buf {\n\tstruct page *page;" in after["d.c"]
    assert migration.report.refusals
