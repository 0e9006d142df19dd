# SPDX-License-Identifier: GPL-2.0-only
"""What humans do beside the types in one patch: legal and told, or the same and a note at most."""

from __future__ import annotations

import pytest

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange, Finding

HEAD = """\
struct demo_buf {
	struct page *page;
	dma_addr_t mapping;
	u32 offset;
	u32 len;
};

struct demo_ring {
	struct page_pool *pool;
	struct device *dev;
	struct demo_buf *bufs;
	u32 size;
	u32 count;
};

"""
BODY = """\
static struct page *demo_alloc_page(struct demo_ring *ring, u32 *offset, gfp_t gfp)
{
	struct page *page;

	if (ring->size < PAGE_SIZE) {
		page = page_pool_dev_alloc_frag(ring->pool, offset, ring->size);
	} else {
		page = page_pool_dev_alloc_pages(ring->pool);
		*offset = 0;
	}
	return page;
}

static int demo_head(struct demo_ring *ring, struct demo_head *head)
{
	head->page = demo_alloc_page(ring, &head->offset, GFP_ATOMIC);
	return head->page ? 0 : -ENOMEM;
}

static int demo_refill(struct demo_ring *ring, struct demo_buf *buf)
{
	struct page *page = demo_alloc_page(ring, &buf->offset, GFP_ATOMIC);

	if (!page)
		return -ENOMEM;
	buf->page = page;
	return 0;
}

static u32 demo_frags(struct demo_ring *ring, struct skb_shared_info *shinfo, u32 count)
{
	u32 i, total = 0;

	for (i = 0; i < count; i++) {
		skb_frag_t *frag = &shinfo->frags[i];
		struct demo_buf *buf = &ring->bufs[i];
		dma_addr_t mapping;
		struct page *page;

		skb_frag_fill_page_desc(frag, buf->page, buf->offset, buf->len);
		shinfo->nr_frags = i + 1;
		mapping = buf->mapping;
		page = buf->page;
		buf->page = NULL;
		if (demo_refill(ring, buf)) {
			--shinfo->nr_frags;
			buf->page = page;
			return 0;
		}
		dma_sync_single_for_cpu(ring->dev, mapping, ring->size, DMA_FROM_DEVICE);
		total += buf->len;
	}
	return total;
}

static void demo_skb(struct demo_ring *ring, struct sk_buff *skb, u32 count)
{
	struct skb_shared_info *shinfo = skb_shinfo(skb);
	u32 total;

	total = demo_frags(ring, shinfo, count);
	skb->len += total;
	skb->data_len += total;
}

static void demo_xdp(struct demo_ring *ring, struct xdp_buff *xdp, u32 count)
{
	struct skb_shared_info *shinfo = xdp_get_shared_info_from_buff(xdp);

	shinfo->nr_frags = 0;
	shinfo->xdp_frags_size = demo_frags(ring, shinfo, count);
}
"""
CLONE = """\
static netmem_ref demo_alloc_netmem(struct demo_ring *ring, u32 *offset, gfp_t gfp)
{
	netmem_ref netmem;

	if (ring->size < PAGE_SIZE) {
		netmem = page_pool_alloc_frag_netmem(ring->pool, offset, ring->size, gfp);
	} else {
		netmem = page_pool_alloc_netmems(ring->pool, gfp);
		*offset = 0;
	}
	return netmem;
}

"""


def edited(text: str, *edits: tuple[str, str]) -> str:
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


FRAGS = BODY[BODY.index("static u32 demo_frags"):BODY.index("static void demo_skb")]
AFTER = edited(
    BODY,
    ("static int demo_head", CLONE + "static int demo_head"),
    ("struct page *page = demo_alloc_page(ring, &buf->offset, GFP_ATOMIC);\n\n	if (!page)",
     "netmem_ref netmem = demo_alloc_netmem(ring, &buf->offset, GFP_ATOMIC);\n\n	if (!netmem)"),
    ("buf->page = page;\n	return", "buf->netmem = netmem;\n	return"),
    (FRAGS, edited(
        FRAGS, ("struct skb_shared_info *shinfo, u32 count)",
                "u32 count, struct sk_buff *skb, struct xdp_buff *xdp)"),
        ("	u32 i, total = 0;\n", "	struct skb_shared_info *shinfo;\n	u32 i, total = 0;\n\n"
         "	if (skb)\n		shinfo = skb_shinfo(skb);\n	else\n"
         "		shinfo = xdp_get_shared_info_from_buff(xdp);\n"),
        ("		skb_frag_t *frag = &shinfo->frags[i];\n", ""),
        ("		dma_addr_t mapping;\n		struct page *page;\n", "		netmem_ref netmem;\n"),
        ("		skb_frag_fill_page_desc(frag, buf->page, buf->offset, buf->len);\n"
         "		shinfo->nr_frags = i + 1;\n		mapping = buf->mapping;\n",
         "		if (skb) {\n			skb_add_rx_frag_netmem(skb, i, buf->netmem, buf->offset, "
         "buf->len,\n					       ring->size);\n		} else {\n"
         "			skb_frag_t *frag = &shinfo->frags[i];\n\n"
         "			skb_frag_fill_netmem_desc(frag, buf->netmem, buf->offset, buf->len);\n"
         "			shinfo->nr_frags = i + 1;\n		}\n"),
        ("page = buf->page;", "netmem = buf->netmem;"), ("buf->page = NULL", "buf->netmem = 0"),
        ("buf->page = page", "buf->netmem = netmem"),
        ("dma_sync_single_for_cpu(ring->dev, mapping, ring->size, DMA_FROM_DEVICE)",
         "page_pool_dma_sync_netmem_for_cpu(ring->pool, netmem, 0, ring->size)"))),
    ("	struct skb_shared_info *shinfo = skb_shinfo(skb);\n	u32 total;\n\n"
     "	total = demo_frags(ring, shinfo, count);\n	skb->len += total;\n"
     "	skb->data_len += total;\n",
     "	u32 total;\n\n	total = demo_frags(ring, count, skb, NULL);\n"),
    ("demo_frags(ring, shinfo, count);\n}", "demo_frags(ring, count, NULL, xdp);\n}"))
NEW_HEAD = edited(HEAD, ("struct page *page;", "netmem_ref netmem;"))


def told(before: str, after: str) -> list[Finding]:
    change = FileChange("demo.c", before.encode(), after.encode())
    return [one for one in check_changes([change], "7.3") if one.id != "include-added"]


def test_what_a_person_changed_beside_the_types_is_told_and_no_error() -> None:
    found = told(HEAD + BODY, NEW_HEAD + AFTER)
    assert {(one.id, one.severity, one.function) for one in found} == {
        *(("changes-pages", "warning", name) for name in (
            "demo_alloc_netmem", "demo_frags", "demo_skb")), ("same-ways", "note", "demo_xdp")}
    clone = found[0]
    assert "__GFP_NOWARN" in clone.message and "in one more place" in clone.message
    assert {at.side for at in clone.path} == {"before", "after"}


WRONG = {
    "the put of another": ("buf->netmem = netmem;\n			return",
                           "buf->netmem = 0;\n			return"),
    "not cleared": ("		buf->netmem = 0;\n", ""),
    "not handed over": (
        "			skb_frag_fill_netmem_desc(frag, buf->netmem, buf->offset, buf->len);\n", ""),
    "handed over twice": ("		netmem = buf->netmem;\n",
                          "		skb_frag_fill_netmem_desc(&shinfo->frags[0], buf->netmem, 0, 1);\n"
                          "		netmem = buf->netmem;\n"),
    "the wrong ring of the clone": (
        "netmem_ref netmem = demo_alloc_netmem(", "netmem_ref netmem = demo_alloc_page("),
    "a clone of another pool": ("page_pool_alloc_netmems(ring->pool, gfp)",
                                "page_pool_alloc_netmems(ring->spare, gfp)"),
    "another ring": ("demo_frags(ring, count, skb, NULL)",
                     "demo_frags(skb->ring, count, skb, NULL)"),
    "not stored": ("	buf->netmem = netmem;\n	return 0;", "	return 0;"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_fault_in_it_is_told(name: str) -> None:
    right = told(HEAD + BODY, NEW_HEAD + AFTER)
    found = told(HEAD + BODY, NEW_HEAD + edited(AFTER, WRONG[name]))
    new = {one.message for one in found} - {one.message for one in right}
    assert new, name
    if name != "another ring":
        assert "error" in {one.severity for one in found}


SAME = """\
static void demo_sync(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb)
{
	dma_addr_t addr = page_pool_get_dma_addr(buf->page);

	dma_sync_single_for_cpu(ring->dev, addr, buf->len, DMA_FROM_DEVICE);
	if (page_is_pfmemalloc(buf->page))
		ring->count++;
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, buf->len, ring->size);
}
"""
ALIAS = edited(SAME, ("	dma_addr_t addr = page_pool_get_dma_addr(buf->page);\n",
                      "	netmem_ref netmem = buf->netmem;\n"
                      "	dma_addr_t addr = page_pool_get_dma_addr_netmem(netmem);\n"),
               ("page_is_pfmemalloc(buf->page)", "netmem_is_pfmemalloc(netmem)"),
               ("skb_add_rx_frag(skb, 0, buf->page", "skb_add_rx_frag_netmem(skb, 0, netmem"))
PLAIN = edited(ALIAS, ("	netmem_ref netmem = buf->netmem;\n", ""),
               ("netmem(netmem)", "netmem(buf->netmem)"),
               ("pfmemalloc(netmem)", "pfmemalloc(buf->netmem)"), ("0, netmem", "0, buf->netmem"))


def notes(before: str, after: str) -> set[tuple[str, str]]:
    return {(one.id, one.severity) for one in told(HEAD + before, NEW_HEAD + after)}


def test_a_local_that_stands_for_a_member() -> None:
    assert notes(SAME, PLAIN) == set()
    assert notes(SAME, ALIAS) == {("same-ways", "note")}


@pytest.mark.parametrize("between", [
    "demo_next(ring, buf)", "buf->%s = 0", "buf++", "DEMO_SWAP(buf, ring->bufs)",
    "demo_set(&buf->%s)", "ring->bufs->%s = buf[1].%s"])
def test_a_member_that_may_be_another_by_then(between: str) -> None:
    before, after = (f"	{between.replace('%s', name)};\n	if (" for name in ("page", "netmem"))
    assert notes(edited(SAME, ("	if (", before)), edited(PLAIN, ("	if (", after))) == set()
    assert {severity for _, severity in notes(
        edited(SAME, ("	if (", before)), edited(ALIAS, ("	if (", after)))} & {"error", "warning"}


@pytest.mark.parametrize(("old", "new"), [
    ("	if (", "	netmem = ring->bufs->netmem;\n	if ("),
    ("netmem_ref netmem = buf->netmem;", "netmem_ref netmem = ring->bufs->netmem;"),
])
def test_a_local_that_stands_for_another_member(old: str, new: str) -> None:
    assert {severity for _, severity in notes(SAME, edited(ALIAS, (old, new)))} & {
        "error", "warning"}


ARMS = """\
static void demo_add(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, buf->len, ring->size);
}

static void demo_look(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb)
{
	prefetch(buf->page);
	if (buf->len > 9)
		ring->count++;
}
"""
TWO_ARMS = """\
static void demo_add(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb)
{
	if (ring->pool)
		skb_add_rx_frag_netmem(skb, 0, buf->netmem, buf->offset, buf->len, ring->size);
	else
		skb_add_rx_frag(skb, 0, buf->page, buf->offset, buf->len, ring->size);
}

static void demo_look(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb)
{
	if (ring->pool) {
		if (!netmem_is_net_iov(buf->netmem))
			prefetch(netmem_to_page(buf->netmem));
	} else {
		prefetch(buf->page);
	}
	if (buf->len > 9 && !(ring->pool && netmem_is_net_iov(buf->netmem)))
		ring->count++;
}
"""
UNION = edited(HEAD, ("	struct page *page;\n",
                      "	union {\n		struct page *page;\n		netmem_ref netmem;\n	};\n"))


def arms(after: str) -> set[tuple[str, str]]:
    return {(one.id, one.severity) for one in told(HEAD + ARMS, UNION + after)}


def test_arms_of_a_union_and_guards_are_notes() -> None:
    assert arms(TWO_ARMS) == {("same-ways", "note")}


@pytest.mark.parametrize(("old", "new"), [
    ("buf->page, buf->offset, buf->len", "buf->page, buf->offset, buf->len + 1"),
    ("prefetch(buf->page)", "prefetch(buf + 1)"),
    ("if (!netmem_is", "if (netmem_is"),
    ("!(ring->pool &&", "(ring->pool &&"),
    ("buf->len > 9 && !", "buf->len > 8 && !"),
    ("ring->count++;", "ring->count--;"),
    ("if (ring->pool)\n		skb", "if (demo_next(ring))\n		skb"),
])
def test_arms_that_differ_are_told(old: str, new: str) -> None:
    assert {severity for _, severity in arms(edited(TWO_ARMS, (old, new)))} & {"error", "warning"}


UNMAP = """\
static void demo_done(struct device *dev, struct demo_buf *buf)
{
	dma_unmap_page(dev, dma_unmap_addr(buf, mapping), buf->len, DMA_TO_DEVICE);
}
"""
RAW = "dma_unmap_page(dev, dma_unmap_addr(buf, mapping), buf->len, DMA_TO_DEVICE)"
HELPER = f"netmem_dma_unmap_page_attrs({RAW.partition('(')[2][:-1]}, 0)"


@pytest.mark.parametrize(("raw", "helper"), [
    (RAW, HELPER),
    (RAW.replace("page(", "page_attrs(").replace("DEVICE)", "DEVICE, DEMO_ATTRS)"),
     HELPER.replace(", 0)", ", DEMO_ATTRS)")),
])
def test_an_unmap_that_leaves_0_alone_is_legal_and_told(raw: str, helper: str) -> None:
    before = HEAD + UNMAP.replace(RAW, raw)
    assert RAW in UNMAP
    (found,) = told(before, before.replace(raw, helper))
    assert found.id == "changes-pages"


@pytest.mark.parametrize(("old", "new"), [
    (", 0)", ", 1)"), ("buf->len", "buf->offset"), ("DMA_TO_DEVICE", "DMA_FROM_DEVICE"),
    ("(dev,", "(buf->dev,"), ("mapping)", "other)"),
])
def test_an_unmap_of_something_else_is_not_legal(old: str, new: str) -> None:
    before = HEAD + UNMAP
    assert HELPER.count(old) == 1
    found = told(before, before.replace(RAW, HELPER.replace(old, new)))
    assert "changes-pages" not in {one.id for one in found} and found


def test_an_unmap_that_becomes_raw_is_not_legal() -> None:
    before = HEAD + UNMAP
    found = told(before.replace(RAW, HELPER), before)
    assert "changes-pages" not in {one.id for one in found} and found
