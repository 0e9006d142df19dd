# SPDX-License-Identifier: GPL-2.0-only
"""Functions that a change splits, renames and moves memory in, file by file."""

from __future__ import annotations

import pytest

from netmem_migrate.api import check_changes
from netmem_migrate.check.compare.compare import compare
from netmem_migrate.results import FileChange

BEFORE = """\
struct demo_buf {
	struct page *page;
	int bias;
};

static struct page *demo_get(struct demo_ring *ring, unsigned int idx)
{
	struct demo_buf *buf = &ring->bufs[idx];

	buf->bias--;
	return buf->page;
}

static int demo_refill_page(struct demo_ring *ring, unsigned int idx)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;
	ring->bufs[idx].page = page;
	return 0;
}

static int demo_rx(struct demo_queue *queue, struct sk_buff *skb, unsigned int idx)
{
	struct page *page = demo_get(&queue->head, idx);
	void *va = page_address(page);

	demo_copy(skb, va + queue->pad, queue->len);
	page = demo_get(&queue->data, idx);
	skb_add_rx_frag(skb, 0, page, 0, queue->len, PAGE_SIZE);
	return demo_refill_page(&queue->data, idx);
}
"""

HEAD = """\
static struct page *demo_get_head(struct demo_queue *queue, unsigned int idx)
{
	struct demo_buf *buf = &queue->head.bufs[idx];

	buf->bias--;
	return netmem_to_page(buf->netmem);
}

static netmem_ref demo_get_data(struct demo_queue *queue, unsigned int idx)
{
	struct demo_buf *buf = &queue->data.bufs[idx];

	buf->bias--;
	return buf->netmem;
}
"""

AFTER = """\
struct demo_buf {
	netmem_ref netmem;
	int bias;
};

""" + HEAD + """
static int demo_refill_netmem(struct demo_ring *ring, unsigned int idx)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);

	if (!netmem)
		return -ENOMEM;
	ring->bufs[idx].netmem = netmem;
	return 0;
}

static int demo_rx(struct demo_queue *queue, struct sk_buff *skb, unsigned int idx)
{
	struct page *page = demo_get_head(queue, idx);
	void *va = page_address(page);
	netmem_ref netmem;

	demo_copy(skb, va + queue->pad, queue->len);
	netmem = demo_get_data(queue, idx);
	skb_add_rx_frag_netmem(skb, 0, netmem, 0, queue->len, PAGE_SIZE);
	return demo_refill_netmem(&queue->data, idx);
}
"""

UNION = """\
struct demo_buf {
	union {
		struct page *page;
		netmem_ref netmem;
	};
	int bias;
};
"""


def said(before: str, after: str) -> set[tuple[str, str, str]]:
    return {(one.id, one.severity, one.function)
            for one in compare(before.encode(), after.encode(), "d.c")}


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


def test_split_renamed_and_moved_memory_is_one_note() -> None:
    assert said(BEFORE, AFTER) == {("same-ways", "note", "demo_rx")}


def test_a_union_of_a_page_and_a_netmem() -> None:
    after = edited(AFTER, AFTER[:AFTER.index("};") + 3], UNION)
    assert said(BEFORE, after) == {("same-ways", "note", "demo_rx")}
    other = edited(after, "		netmem_ref netmem;", "		u64 netmem;")
    assert "error" in {severity for _, severity, _ in said(BEFORE, other)}


def test_a_function_that_nobody_calls_is_told() -> None:
    more = "static void demo_more(void)\n{\n	demo_note(demo_rx);\n}\n"
    assert ("changed-behaviour", "error", "demo_more") in said(BEFORE, AFTER + more)


OTHER = {
    "a helper that forgets the count": ("	buf->bias--;\n	return netmem_to_page",
                                        "	return netmem_to_page"),
    "a helper that counts twice": ("	buf->bias--;\n	return netmem_to_page",
                                   "	buf->bias -= 2;\n	return netmem_to_page"),
    "a helper with the other ring": ("&queue->head.bufs", "&queue->data.bufs"),
    "a helper with another element": ("&queue->head.bufs[idx]", "&queue->head.bufs[0]"),
    "a helper that has two ways": ("	buf->bias--;\n	return buf->netmem",
                                   "	if (idx)\n		buf->bias--;\n	return buf->netmem"),
    "a renamed function that does not look": ("	if (!netmem)\n		return -ENOMEM;\n", ""),
    "a renamed function with another error": ("-ENOMEM", "-EINVAL"),
    "a renamed function that is not called": ("	return demo_refill_netmem(&queue->data, idx);",
                                              "	return 0;"),
    "the other helper": ("page = demo_get_head(queue, idx);",
                         "page = netmem_to_page(demo_get_data(queue, idx));"),
    "a helper that is named, too": ("	demo_copy(skb",
                                    "	demo_note(demo_get_data);\n	demo_copy(skb"),
    "bytes for an array": ("va + queue->pad", "va + queue->pad * 8"),
}


@pytest.mark.parametrize("name", OTHER)
def test_not_the_same(name: str) -> None:
    found = said(BEFORE, edited(AFTER, *OTHER[name]))
    assert {"error", "warning"} & {severity for _, severity, _ in found}


@pytest.mark.parametrize("back", ["netmem_to_page", "__netmem_to_page"])
def test_a_netmem_that_is_given_back_as_a_page(back: str) -> None:
    """The page of a netmem may be read; references of a net_iov are no references of a page."""
    before = """\
static void demo_drop(struct demo_ring *ring, struct demo_buf *buf)
{
	void *va = page_address(buf->page);

	demo_note(va);
	page_pool_put_full_page(ring->pool, buf->page, false);
}
"""
    reads = edited(before, "page_address(buf->page)", f"page_address({back}(buf->netmem))")
    whole = edited(reads, "page_pool_put_full_page(ring->pool, buf->page",
                   "page_pool_put_full_netmem(ring->pool, buf->netmem")
    assert {severity for _, severity, _ in said(before, whole)} <= {"note"}
    half = edited(reads, "buf->page, false", f"{back}(buf->netmem), false")
    assert "error" in {severity for _, severity, _ in said(before, half)}


@pytest.mark.parametrize(("taken", "used"), [
    ("page->pp", "pool"), ("page_to_nid(page) != numa_mem_id()", "far")])
def test_what_is_read_after_a_release_is_not_what_was_read_before(taken: str, used: str) -> None:
    before = f"""\
static void demo_drop(struct demo_ring *ring, struct page *page)
{{
	demo_type {used} = {taken};

	page_pool_put_full_page(ring->pool, page, false);
	if ({used})
		demo_note(ring);
}}
"""
    after = edited(edited(before, f"if ({used})", f"if ({taken})"),
                   f"	demo_type {used} = {taken};\n\n", "")
    assert {"error", "warning"} & {severity for _, severity, _ in said(before, after)}
    assert "use-after-release" in {one.id for one in check_changes(
        [FileChange("demo.c", before.encode(), after.encode())], "7.3")}


def test_a_function_that_two_names_could_mean() -> None:
    """Two functions of one name but for page and netmem are two, and stay so."""
    two = BEFORE + "static int demo_refill_netmem(struct demo_ring *ring, unsigned int idx);\n"
    both = two + edited(AFTER[AFTER.index("static int demo_refill_netmem"):
                              AFTER.index("static int demo_rx")], "-ENOMEM", "-EINVAL")
    called = edited(both, "	return demo_refill_page(", "	return demo_refill_netmem(")
    assert ("changed-behaviour", "error", "demo_rx") in said(both, called) or (
        "wrong-partner", "error", "demo_rx") in said(both, called)
