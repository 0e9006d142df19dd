# SPDX-License-Identifier: GPL-2.0-only
"""Why a page stays: one function for two rings, a page found again, heads beside payload."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import convert, run

from netmem_migrate.reasons import Category, Class, Detail, Why
from netmem_migrate.report import wording
from netmem_migrate.results import DriverReport

HEAD = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>

struct head { void *data; };
struct frag { struct page *page; };
struct ring { struct page_pool *pool; struct head heads[4]; struct frag frags[4]; };

"""
TWO = HEAD + """\
static struct page *get_one(struct ring *r)
{
	return page_pool_dev_alloc_pages(r->pool);
}

void fill_head(struct ring *r, u8 *small)
{
	r->heads[0].data = small ? (void *)small : (void *)get_one(r);
}

struct sk_buff *take_head(struct ring *r)
{
	struct page *page = r->heads[0].data;

	return build_skb(page_address(page), PAGE_SIZE);
}

void fill_frag(struct ring *r)
{
	r->frags[0].page = get_one(r);
}

void take_frag(struct ring *r, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, r->frags[0].page, 0, 64, PAGE_SIZE);
}
"""
# The head's memory is used as only a page can be.
USED = TWO.replace("small ? (void *)small : (void *)get_one(r)", "get_one(r)").replace(
    "return build", "foreign(page);\n\n\treturn build").replace("\n\tfor", "\n\n\tfor")
FOUND = HEAD + """\
static void *get_buf(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return NULL;
	*dma = page_pool_get_dma_addr(page);
	return page_address(page);
}

int fill(struct ring *r, dma_addr_t *dma)
{
	void *data = get_buf(r->pool, dma);

	if (!data)
		return -ENOMEM;
	r->frags[0].page = virt_to_page(data);
	return 0;
}

void clean(struct ring *r)
{
	page_pool_recycle_direct(r->pool, r->frags[0].page);
}
"""


def report(folder: Path, text: str) -> DriverReport:
    migration, _ = convert(folder / "d", {"d.c": text.encode()})
    assert not migration.changes
    return migration.report


@pytest.mark.parametrize("text", [TWO, USED], ids=["holds-an-address-too", "needs-a-page"])
def test_a_function_that_serves_two_rings_is_named(text: str, tmp_path: Path) -> None:
    said = report(tmp_path, text)
    (refusal,) = said.refusals
    assert (refusal.slot, refusal.category) == ("get_one", Category.MIXED_ORIGIN)
    assert refusal.reason.why is Why.SERVES_TWO and refusal.reason.by == "frag.page"
    assert "get_one gives pages to frag.page, and to" in wording.refusal(refusal)
    assert wording.refusal(refusal).endswith("clone it first, so that each of the two has its own")
    assert {one.detail for one in said.sites} == {Detail.CLONE}
    line = 1 + text[:text.index("struct page *page")].count("\n")
    told = run("explain", f"{tmp_path}/d/d.c:{line}").stdout
    assert "it holds memory of the page_pool:" in told and "get_one gives pages" in told


def test_one_ring_is_no_case_for_it(tmp_path: Path) -> None:
    said = report(tmp_path, TWO.replace("\tr->frags[0].page = get_one(r);\n", ""))
    assert [one.slot for one in said.refusals] == ["head.data"]


@pytest.mark.parametrize("change", [
    ("", ""),
    ("r->frags[0].page = virt_to_page(data)", "r->frags[0].page = virt_to_head_page(data)"),
    ("r->frags[0].page = virt_to_page(data)",
     "struct page *page = virt_to_page(data + 64);\n\n\tr->frags[0].page = page"),
    ("	void *data = get_buf(r->pool, dma);\n",
     "	void *data;\n\n	r->heads[1].data = get_buf(r->pool, dma);\n	data = r->heads[1].data;\n"),
])
def test_a_member_that_holds_a_page_found_by_its_address_is_named(
        change: tuple[str, str], tmp_path: Path) -> None:
    said = report(tmp_path, FOUND.replace(*change) if change[0] else FOUND)
    (refusal,) = said.refusals
    assert (refusal.slot, refusal.reason.why) == ("frag.page", Why.FOUND_AGAIN)
    assert "keep the netmem itself beside the address first" in wording.refusal(refusal)
    assert Detail.RETURN_PAGE in {one.detail for one in said.sites}
    assert {one.detail.class_ for one in said.sites} == {Class.PREPARATORY}


def test_a_page_found_only_to_be_put_is_none(tmp_path: Path) -> None:
    said = report(tmp_path, FOUND.replace("r->frags[0].page = virt_to_page(data)",
                                          "page_pool_recycle_direct(r->pool, virt_to_page(data))"))
    assert Why.FOUND_AGAIN not in {one.reason.why for one in said.refusals}


HEADS = HEAD + """\
static int send(void *ptr, bool frame)
{
	struct page *page;

	if (frame) {
		struct sk_buff *skb = ptr;

		return skb->len;
	}
	page = ptr;
	return !page;
}

int send_skb(struct sk_buff *skb)
{
	return send(skb, true);
}

void fill(struct ring *r)
{
	r->frags[0].page = page_pool_dev_alloc_pages(r->pool);
}

struct sk_buff *take(struct ring *r)
{
	send(r->frags[0].page, false);
	return build_skb(page_address(r->frags[0].page), PAGE_SIZE);
}
"""


def test_memory_for_heads_is_by_design_only_beside_payload(tmp_path: Path) -> None:
    (site,) = report(tmp_path, HEADS).sites
    assert site.reason is not None and site.reason.why is Why.BLOCKED
    payload = HEADS + """
void more(struct sk_buff *skb, netmem_ref netmem)
{
	skb_add_rx_frag_netmem(skb, 0, netmem, 0, 64, PAGE_SIZE);
}
"""
    (site,) = report(tmp_path, payload).sites
    assert site.reason is not None and site.reason.why is Why.HOST_READS
