# SPDX-License-Identifier: GPL-2.0-only
"""A driver on netmem is taken back to pages, by the rows of the model alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from real.slots import Slot, arguments, became, mistold, symbols_of
from real.undo import undo

from netmem_migrate.api import migrate
from netmem_migrate.c.text import tokens
from netmem_migrate.results import FileChange, Migration

# What the headers of a kernel have that rows choose a spelling by.
KERNEL = frozenset(("pp_page_to_nmdesc", "__pp_page_to_nmdesc"))
HEADER = """
struct demo_buf {
	netmem_ref netmem;
	dma_addr_t dma;
};

struct demo_ring {
	struct page_pool *pool;
	struct demo_buf *bufs;
	struct xdp_frame_bulk bulk;
};
"""
PAGES = """
#include <net/page_pool/helpers.h>

struct demo_buf {
	struct page *page;
	dma_addr_t dma;
};

static struct page *demo_get(struct demo_buf *buf)
{
	return buf->page;
}

static int demo_fill(struct page_pool *pool, struct demo_buf *buf, u32 *offset)
{
	struct page *page;

	page = page_pool_dev_alloc_frag(pool, offset, 2048);
	if (!page)
		return -ENOMEM;

	buf->page = page;
	buf->dma = page_pool_get_dma_addr(page) + *offset;
	return 0;
}

static void demo_rx(struct page_pool *pool, struct demo_buf *buf, struct sk_buff *skb, int len)
{
	struct page *page = demo_get(buf);

	page_pool_dma_sync_for_cpu(pool, page, 0, len);
	if (page_is_pfmemalloc(page)) {
		page_pool_put_full_page(page->pp, page, true);
		buf->page = NULL;
		return;
	}
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page, 0, len, 2048);
	buf->page = NULL;
}
"""


def one(text: str) -> str:
    """A text as it is on pages."""
    found = undo({"demo.c": text.encode()}, KERNEL)
    assert not found.left
    return found.texts.get("demo.c", text.encode()).decode()


def body(text: str) -> str:
    """Statements of a function of a driver, as they are on pages."""
    head = HEADER + ("netmem_ref demo_take(struct demo_ring *ring, netmem_ref netmem, int n)\n{\n"
                     "\tstruct demo_buf *buf = &ring->bufs[n];\n")
    made = one(head + text + "\n}\n")
    return made[made.index("[n];\n") + 5:-3]


def test_what_the_tool_converts_is_taken_back_to_what_it_was(tmp_path: Path) -> None:
    driver = tmp_path / "demo.c"
    driver.write_text(PAGES)
    (converted,) = migrate([driver], api="7.3", keep_names=True).drivers
    (change,) = converted.changes
    assert b"struct page *" not in change.after and b"page->pp" not in change.after
    made = undo({"demo.c": change.after}, frozenset()).texts["demo.c"]
    # What the page helper implies was written out, and that stays.
    assert tokens(made) == tokens(PAGES.replace("page_pool_dev_alloc_frag(pool, offset, 2048", (
        "page_pool_alloc_frag(pool, offset, 2048, GFP_ATOMIC | __GFP_NOWARN")).encode())


@pytest.mark.parametrize(("netmem", "pages"), [
    ("netmem_ref a, b[4], *c;", "struct page *a, *b[4], **c;"),
    ("struct demo { netmem_ref\t\tnetmem; };", "struct demo { struct page\t\t*netmem; };"),
    ("static netmem_ref\ndemo_get(int n);", "static struct page *\ndemo_get(int n);"),
    ("void demo_put(netmem_ref netmem, netmem_ref);",
     "void demo_put(struct page *netmem, struct page *);"),
    ("size_t demo = sizeof(netmem_ref);", "size_t demo = sizeof(struct page *);"),
    ("netmem_ref demo_none = 0;", "struct page *demo_none = NULL;"),
    ("unsigned long demo(netmem_ref n) { return (__force unsigned long)n; }",
     "unsigned long demo(struct page *n) { return (unsigned long)n; }"),
    ("int demo_netmems = 0;", "int demo_netmems = 0;"),
    ("/* netmem_ref is told of here */ int demo;", "/* netmem_ref is told of here */ int demo;"),
])
def test_declarations(netmem: str, pages: str) -> None:
    assert one(netmem) == pages


@pytest.mark.parametrize(("netmem", "pages"), [
    ("buf->netmem = 0;", "buf->netmem = NULL;"),
    ("buf->dma = 0;", "buf->dma = 0;"),
    ("if (netmem == 0) return 0;", "if (netmem == NULL) return NULL;"),
    ("if (!netmem) n = 0;", "if (!netmem) n = 0;"),
    ("demo_take(ring, 0, 0);", "demo_take(ring, NULL, 0);"),
    ("struct demo_buf two = { .netmem = 0, .dma = 0 };",
     "struct demo_buf two = { .netmem = NULL, .dma = 0 };"),
    ("page_pool_put_full_netmem(netmem_get_pp(netmem), netmem, n > 1);",
     "page_pool_put_full_page(pp_page_to_nmdesc(netmem)->pp, netmem, n > 1);"),
    ("netmem = page_pool_alloc_netmems(ring->pool, GFP_ATOMIC | __GFP_NOWARN);",
     "netmem = page_pool_alloc_pages(ring->pool, GFP_ATOMIC | __GFP_NOWARN);"),
    ("demo_copy(netmem_to_page(buf->netmem), page_to_netmem(ring->head));",
     "demo_copy(buf->netmem, ring->head);"),
    ("if (unlikely(netmem_is_net_iov(netmem)) || n) return 0;",
     "if (unlikely(false) || n) return NULL;"),
    ("xdp_buff_add_frag(xdp, buf->netmem, 0, n, n);",
     "xdp_buff_add_frag(xdp, page_to_netmem(buf->netmem), 0, n, n);"),
    ("ring->bulk.q[n++] = netmem;", "ring->bulk.q[n++] = page_to_netmem(netmem);"),
    ("netmem_dma_unmap_addr_set(netmem, buf, dma, 0);", "dma_unmap_addr_set(buf, dma, 0);"),
    ("netmem_dma_unmap_page_attrs(dev, buf->dma, n, DMA_TO_DEVICE, 0);",
     "dma_unmap_page_attrs(dev, buf->dma, n, DMA_TO_DEVICE, 0);"),
    ("n = netmem_is_pref_nid(netmem, n);", "n = (page_to_nid(netmem) == n);"),
    ("get_page(ring->head);", "get_page(ring->head);"),
])
def test_expressions(netmem: str, pages: str) -> None:
    assert body(netmem) == pages


UNION = """
struct demo_info {
	union {
		struct page *page;
		%s;
	};
	u32 offset;
};

void demo_add(struct demo_ring *ring, struct demo_info *info, struct sk_buff *skb)
{
	if (%s)
		skb_add_rx_frag_netmem(skb, 0, info->netmem, 0, 1, 2);
	else
		skb_add_rx_frag(skb, 0, info->page, 0, 1, %d);
}
"""


def test_a_union_of_pages_is_one_page_and_what_asked_for_the_arm_is_gone() -> None:
    made = one(UNION % ("netmem_ref netmem", "ring->pool", 2))
    assert "union" not in made and "netmem" not in made and "if" not in made
    assert made.count("struct page *page;") == 1
    assert made.count("\n\tskb_add_rx_frag(skb, 0, info->page, 0, 1, 2);\n") == 1


@pytest.mark.parametrize(("test", "last"), [("ring->pool", 4), ("demo_next(ring)", 2)])
def test_a_test_stays_where_its_ways_differ_or_it_does_something(test: str, last: int) -> None:
    made = one(UNION % ("netmem_ref netmem", test, last))
    assert f"if ({test})\n" in made and made.count("info->page") == 2


def test_a_union_with_something_else_stays() -> None:
    made = one(UNION.replace("info->netmem", "page_to_netmem(info->page)") % (
        "u64 token", "ring->pool", 4))
    assert "union" in made and "token" in made


def test_a_test_whose_ways_were_the_same_before_stays() -> None:
    text = "if (n)\n\t\tn = ring->size;\n\telse\n\t\tn = ring->size;"
    assert body(text) == text


def test_what_stood_below_a_test_for_memory_without_a_page_always_runs() -> None:
    assert body("\tif (!netmem_is_net_iov(netmem)) {\n\t\tdemo_hint(netmem);\n\t}"
                ) == "\tdemo_hint(netmem);"


@pytest.mark.parametrize(("text", "left"), [
    ("\n\nconst netmem_ref demo_none;\n", ["demo.c:3: netmem_ref"]),
    ("int f(netmem_ref n)\n{\n\treturn netmem_to_net_iov(n) != 0;\n}\n",
     ["demo.c:3: netmem_to_net_iov"]),
])
def test_what_has_no_form_for_pages_is_told(text: str, left: list[str]) -> None:
    assert list(undo({"demo.c": text.encode()}, KERNEL).left) == left


def test_a_member_of_a_header_is_known_in_the_files_that_use_it() -> None:
    found = undo({"demo.h": HEADER.encode(), "other.c": b"int demo;\n", "demo.c":
                  b"void f(struct demo_buf *buf)\n{\n\t/* netmem */\n\tbuf->netmem = 0;\n}\n"},
                 KERNEL)
    assert found.texts.keys() == {"demo.h", "demo.c"}
    assert b"buf->netmem = NULL;" in found.texts["demo.c"]


# -- the judge of slots


def converted(tmp_path: Path) -> tuple[Migration, FileChange]:
    driver = tmp_path / "demo.c"
    driver.write_text(PAGES)
    (found,) = migrate([driver], api="7.3").drivers
    return found, found.changes[0]


SLOTS = [("member", "demo_buf.page"), ("return", "demo_get"), ("local", "demo_fill.page"),
         ("local", "demo_rx.page")]


@pytest.mark.parametrize(("kind", "name"), SLOTS)
def test_a_slot_is_looked_for_in_the_text(tmp_path: Path, kind: str, name: str) -> None:
    found, change = converted(tmp_path)
    slot = Slot("demo", "demo.c", kind, name, name, "moves", "none")
    before, after = symbols_of({"demo.c": change.before}), symbols_of({"demo.c": change.after})
    good = became(slot, before, after, found)
    assert (good.word, good.told) == ("moves", True)
    assert not mistold(after, found.report.declarations)
    # The report says so, the text does not.
    bad = became(slot, before, before, found)
    assert (bad.word, bad.told) == ("stays", True)
    assert len(mistold(before, found.report.declarations)) == len(SLOTS)


@pytest.mark.parametrize(("kind", "name"), [
    ("member", "demo_buf.dma"), ("local", "demo_rx.other"), ("return", "demo_fill")])
def test_what_is_no_page_before_is_no_slot(tmp_path: Path, kind: str, name: str) -> None:
    found, change = converted(tmp_path)
    both = [symbols_of({"demo.c": text}) for text in (change.before, change.after)]
    assert became(Slot("demo", "demo.c", kind, name, name, "", ""), *both, found).word == "none"


@pytest.mark.parametrize(("old", "new"), [
    (b"", b""),
    (b" | __GFP_NOWARN", b""),
    (b"GFP_ATOMIC", b"GFP_KERNEL"),
    (b"netmem, true)", b"netmem, false)"),
    (b"netmem_get_pp(netmem)", b"pool"),
])
def test_what_calls_are_given_is_compared(tmp_path: Path, old: bytes, new: bytes) -> None:
    _, change = converted(tmp_path)
    assert old in change.after
    calls, wrong = arguments([FileChange("demo.c", change.before, change.after.replace(old, new))])
    assert calls == 4 and bool(wrong) == bool(old)
