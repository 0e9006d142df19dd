# SPDX-License-Identifier: GPL-2.0-only
"""Run the rules of `check` on a little C of our own and judge what they find."""

from __future__ import annotations

from netmem_migrate.check.compare.compare import compare
from netmem_migrate.check.sources import check_sources

# What every source begins with.
TYPES = """
struct demo_buf {
	netmem_ref netmem;
	struct page *page;
	void *va;
	dma_addr_t dma;
	unsigned int offset;
};

struct demo_rxq {
	struct page_pool *pool;
	struct device *dev;
	struct demo_buf *bufs;
	unsigned int count;
};
"""


def found(code: str, *, api: str = "7.3", unreadable: bool | None = None) -> list[str]:
    """The ids of what is found in C that follows TYPES, in order."""
    source = (TYPES + code).encode()
    return [one.id for one in check_sources({"demo.c": source}, api=api, unreadable=unreadable)]


def check_found(rule: str, code: str, *, unreadable: bool | None = None) -> None:
    """The rule finds one thing in the C, and no other rule anything."""
    assert found(code, unreadable=unreadable) == [rule]


def check_left_alone(code: str, *, unreadable: bool | None = None) -> None:
    """No rule finds anything in the C."""
    assert found(code, unreadable=unreadable) == []


def body(code: str, head: str = "int demo(struct demo_rxq *rxq, struct demo_buf *buf, "
                                "struct sk_buff *skb, int x)") -> str:
    """A function with these statements, which has what is usual for names."""
    text = "\n".join("\t" + line for line in code.splitlines())
    return (f"static {head}\n{{\n\tnetmem_ref netmem, other;\n\tvoid *va;\n\tint err = 0;\n"
            f"{text}\n}}\n")


ALLOC = "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (!netmem) return -ENOMEM;\n"
PUT = "page_pool_put_full_netmem(rxq->pool, netmem, false);\n"
FRAG = "skb_add_rx_frag_netmem(skb, 0, netmem, 0, x, PAGE_SIZE);\n"

# A driver before its conversion, and after.
BEFORE = """\
struct buf {
	struct page *page;
	struct page *spare;
};

static int fill(struct page_pool *pool, struct buf *buf, gfp_t gfp)
{
	unsigned int offset = 0;
	struct page *page;

	page = page_pool_dev_alloc_frag(pool, &offset, 64);
	if (page == NULL)
		return -12;
	if (page_to_nid(page) != numa_mem_id()) {
		page_pool_put_full_page(pool, page, false);
		return -11;
	}
	prefetchw(page);
	buf->page = page;
	buf->spare = NULL;
	return offset;
}

static void drop(struct page_pool *pool, struct buf *buf)
{
	page_pool_put_page(buf->page->pp, buf->page, 0, true);
	buf->page = NULL;
}
"""
AFTER = """\
struct buf {
	netmem_ref netmem;
	struct page *spare;
};

static int fill(struct page_pool *pool, struct buf *buf, gfp_t gfp)
{
	netmem_ref netmem;
	unsigned int offset = 0;

	/* The dev variant implies the flags. */
	netmem = page_pool_alloc_frag_netmem(pool, &offset, 64,
					     GFP_ATOMIC | __GFP_NOWARN);
	if (!netmem)
		return -12;
	if (!netmem_is_pref_nid(netmem, numa_mem_id())) {
		page_pool_put_full_netmem(pool, netmem, false);
		return -11;
	}
	prefetchw(page);
	buf->netmem = netmem;
	buf->spare = NULL;
	return offset;
}

static void drop(struct page_pool *pool, struct buf *buf)
{
	page_pool_put_netmem(netmem_get_pp(buf->netmem), buf->netmem, 0, true);
	buf->netmem = 0;
}
"""


def check_change_found(rule: str, old: str, new: str) -> None:
    """With a fault in what follows the conversion, the rule finds it, and at its line."""
    assert AFTER.count(old) == 1
    findings = compare(BEFORE.encode(), AFTER.replace(old, new).encode(), "d.c")
    assert rule in {one.id for one in findings}, findings
    line = AFTER[:AFTER.index(old)].count("\n") + 1
    assert any(abs(one.line - line) <= 2 for one in findings), (line, findings)
