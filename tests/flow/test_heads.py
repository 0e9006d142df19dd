# SPDX-License-Identifier: GPL-2.0-only
"""A local that only looks at memory of a ring of heads stays a page beside a ring of payload."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, convert, run

from netmem_migrate.check.changes import check_changes
from netmem_migrate.reasons import Detail, Why
from netmem_migrate.results import Action, Severity, Verdict

HEAD = """\
#include "netmem_stub.h"

struct demo_buf { struct page *page; int bias; };
struct demo_ring { struct demo_buf *buf; struct page_pool *pool; };
struct demo_queue { struct demo_ring heads, data; };
struct demo_pkt { void *start; };

void demo_sync(dma_addr_t dma);
void demo_show(struct page *page);

int demo_fill(struct demo_ring *ring, int i)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;
	ring->buf[i].page = page;
	return 0;
}

void demo_drain(struct demo_ring *ring, int i)
{
	page_pool_put_full_page(ring->pool, ring->buf[i].page, false);
	ring->buf[i].page = NULL;
}

"""
GET = """\
static struct page *demo_get(struct demo_ring *ring, int i)
{
	struct demo_buf *buf = &ring->buf[i];

	buf->bias--;
	return buf->page;
}

"""
TWO = """\
static struct page *demo_get_head(struct demo_queue *q, int i)
{
	struct demo_buf *buf = &q->heads.buf[i];

	buf->bias--;
	return buf->page;
}

static struct page *demo_get_data(struct demo_queue *q, int i)
{
	struct demo_buf *buf = &q->data.buf[i];

	buf->bias--;
	return buf->page;
}

"""
LOOK = """\
void demo_head(struct demo_queue *q, struct demo_pkt *pkt, int i)
{
	struct page *page = demo_get(&q->heads, i);

	demo_sync(page_pool_get_dma_addr(page));
	pkt->start = page_address(page) + 64;
}

"""
FRAG = """\
void demo_data(struct demo_queue *q, struct sk_buff *skb, int i)
{
	struct page *page = demo_get(&q->data, i);

	skb_add_rx_frag(skb, 0, page, 0, 64, PAGE_SIZE);
}
"""
ONE = HEAD + GET + LOOK + FRAG


def converted(folder: Path, text: str) -> str:
    """The text as it converts, which gcc takes and check has nothing to say of, and no refusal."""
    migration, files = convert(folder / "d", {"d.c": text.encode()})
    assert migration.report.verdict is Verdict.WOULD_CONVERT and not migration.report.refusals
    assert all(one.severity == Severity.NOTE for one in check_changes(migration.changes, "7.3"))
    compiles(folder / "gcc", files)
    return files["d.c"].decode()


def test_what_only_looks_at_heads_stays_a_page(tmp_path: Path) -> None:
    after = converted(tmp_path, ONE)
    assert "\tstruct page *page = netmem_to_page(demo_get(&q->heads, i));\n" in after
    assert LOOK.partition("\n\n")[2] in after
    assert "static netmem_ref demo_get(" in after
    assert "\tnetmem_ref netmem = demo_get(&q->data, i);\n" in after
    migration, _ = convert(tmp_path / "again", {"d.c": ONE.encode()})
    (stay,) = migration.report.stays
    assert (stay.why, stay.slot, stay.by) == (
        Why.OF_HEADS, "page in demo_head()", "demo_queue.heads")
    assert ONE.splitlines()[stay.line - 1] == "\tstruct page *page = demo_get(&q->heads, i);"
    (kept,) = [one for one in migration.report.sites if one.action is Action.KEPT]
    assert (kept.call, kept.detail, kept.left) == (
        "page_pool_get_dma_addr", Detail.HEAD_RING, False)
    assert "page" not in {one.name for one in migration.report.declarations
                          if one.function == "demo_head"}
    assert not migration.report.bridges


def test_it_is_said_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "d.c").write_text(ONE)
    line = 1 + ONE[:ONE.index("struct page *page = demo_get(&q->heads")].count("\n")
    said = ("it is of demo_queue.heads, a ring of heads: only the CPU looks at it "
            f"(d.c:{line})")
    done = run("diff", tmp_path / "d.c", "--api", "7.3", "--report", tmp_path / "r.json")
    assert f"kept page in demo_head(): {said}\n" in done.stderr
    assert f"host memory by design (head-ring): {said}" in done.stderr
    assert done.exit_code == 0
    assert f'"reason": "{said}"' in (tmp_path / "r.json").read_text()
    told = run("explain", f"{tmp_path}/d.c:{line}").stdout
    assert "stays a page" in told and said in told
    assert f"netmem_to_page() gives it the page at d.c:{line}" in told


def test_a_local_that_is_set_later_stays_too(tmp_path: Path) -> None:
    after = converted(tmp_path, ONE.replace(
        "\tstruct page *page = demo_get(&q->heads, i);\n",
        "\tstruct demo_ring *ring = &q->heads;\n\tstruct page *page;\n\n"
        "\tpage = demo_get(ring, i);\n"))
    assert "\tpage = netmem_to_page(demo_get(ring, i));\n" in after


def test_a_copy_of_what_holds_both_rings_mixes_nothing(tmp_path: Path) -> None:
    after = converted(tmp_path, ONE + """
void demo_reset(struct demo_queue *q, struct demo_queue *other)
{
	*q = *other;
}
""")
    assert "netmem_to_page(demo_get(&q->heads, i))" in after


def test_a_function_that_only_gives_heads_stays_with_them(tmp_path: Path) -> None:
    text = HEAD + TWO + LOOK.replace("demo_get(&q->heads, ", "demo_get_head(q, ") + \
        FRAG.replace("demo_get(&q->data, ", "demo_get_data(q, ")
    after = converted(tmp_path, text)
    assert "static struct page *demo_get_head(" in after
    assert "static netmem_ref demo_get_data(" in after
    assert "\treturn netmem_to_page(buf->netmem);\n" in after
    assert "\tstruct page *page = demo_get_head(q, i);\n" in after
    assert after.count("netmem_to_page(") == 1


def test_a_function_of_which_a_page_is_put_moves(tmp_path: Path) -> None:
    text = HEAD + TWO + LOOK.replace("demo_get(&q->heads, ", "demo_get_head(q, ") + \
        FRAG.replace("demo_get(&q->data, ", "demo_get_data(q, ")
    put = "\nvoid demo_skip(struct demo_queue *q, int i)\n{\n" \
          "\tpage_pool_put_full_page(q->heads.pool, demo_get_head(q, i), false);\n}\n"
    after = converted(tmp_path, text + put)
    assert "static netmem_ref demo_get_head(" in after
    assert "\tstruct page *page = netmem_to_page(demo_get_head(q, i));\n" in after


def test_memory_that_is_given_on_as_netmem_is_payload_too(tmp_path: Path) -> None:
    after = converted(tmp_path, ONE.replace(
        "skb_add_rx_frag(skb, 0, page,", "skb_add_rx_frag_netmem(skb, 0, page_to_netmem(page),"))
    assert "netmem_to_page(demo_get(&q->heads, i))" in after


MOVED = {
    "put back": (LOOK, LOOK.replace(
        "+ 64;", "+ 64;\n\tpage_pool_put_full_page(q->heads.pool, page, false);")),
    "put to the pool at once": (LOOK, LOOK.replace(
        "+ 64;", "+ 64;\n\tpage_pool_recycle_direct(q->heads.pool, page);")),
    "tested": (LOOK, LOOK.replace("\tdemo_sync", "\tif (!page)\n\t\treturn;\n\tdemo_sync")),
    "asked for something else": (LOOK, LOOK.replace(
        "\tdemo_sync", "\tif (page_is_pfmemalloc(page))\n\t\treturn;\n\tdemo_sync")),
    "set twice": (LOOK, LOOK.replace(
        "+ 64;", "+ 64;\n\tpage = demo_get(&q->heads, i + 1);\n"
        "\tdemo_sync(page_pool_get_dma_addr(page));")),
    "set to NULL first": (LOOK, LOOK.replace(
        "\tstruct page *page = demo_get(&q->heads, i);\n",
        "\tstruct page *page = NULL;\n\n\tpage = demo_get(&q->heads, i);\n")),
    "stored": (LOOK, LOOK.replace("+ 64;", "+ 64;\n\tq->heads.buf[i + 1].page = page;")),
    "lent": (LOOK, LOOK.replace("+ 64;", "+ 64;\n\tdemo_swap(&page);").replace(
        "void demo_head", "static void demo_swap(struct page **page)\n{\n\t*page = NULL;\n}\n\n"
        "void demo_head")),
    "static": (LOOK, LOOK.replace(
        "\tstruct page *page = demo_get(&q->heads, i);\n",
        "\tstatic struct page *page;\n\n\tpage = demo_get(&q->heads, i);\n")),
    "passed on": (LOOK, LOOK.replace("+ 64;", "+ 64;\n\tdemo_keep(q, page);").replace(
        "void demo_head", "static void demo_keep(struct demo_queue *q, struct page *page)\n{\n"
        "\tq->heads.buf[0].page = page;\n}\n\nvoid demo_head")),
    "only the device's": (LOOK, LOOK.replace("\tpkt->start = page_address(page) + 64;\n", "")),
    "a frag, too": (LOOK, LOOK + FRAG.replace("demo_data", "demo_more").replace(
        "&q->data", "&q->heads")),
    "of an unknown ring, a frag": (LOOK, LOOK + FRAG.replace("demo_data", "demo_more").replace(
        "struct demo_queue *q", "struct demo_ring *ring").replace("&q->data", "ring")),
    "read past the function, a frag": (LOOK, LOOK + FRAG.replace("demo_data", "demo_more").replace(
        "demo_get(&q->data, i)", "q->heads.buf[i].page")),
    "a frag by its address": (LOOK, LOOK + """\
void demo_more(struct demo_pkt *pkt, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, virt_to_page(pkt->start), 0, 64, PAGE_SIZE);
}

"""),
    "the same ring in both": (FRAG, FRAG.replace("&q->data", "&q->heads")),
    "no frags": (FRAG, FRAG.replace("skb_add_rx_frag(skb, 0, page, 0, 64, PAGE_SIZE)",
                                    "page_pool_put_full_page(q->data.pool, page, false)")),
    "rings that share memory": ("struct demo_queue { struct demo_ring heads, data; };",
                                "struct demo_queue { union { struct demo_ring heads, data; }; };"),
    "one of several": ("struct demo_ring heads, data; };",
                       "struct demo_ring heads[2], data; };"),
    "from one buffer to another": (FRAG, FRAG + """
void demo_move(struct demo_queue *q, int i)
{
	q->heads.buf[i].page = q->data.buf[i].page;
}
"""),
    "a buffer that is copied whole": (FRAG, FRAG + """
void demo_move(struct demo_queue *q, int i)
{
	q->heads.buf[i] = q->data.buf[i];
}
"""),
    "a ring that is copied whole": (FRAG, FRAG + """
void demo_move(struct demo_queue *q)
{
	q->heads = q->data;
}
"""),
    "a buffer that is copied by its place": (FRAG, FRAG + """
void demo_move(struct demo_queue *q, int i)
{
	memcpy(&q->heads.buf[i], &q->data.buf[i], sizeof(q->heads.buf[i]));
}
"""),
    "buffers that are swapped": (FRAG, FRAG + """
void demo_move(struct demo_queue *q, int i)
{
	swap(q->heads.buf[i], q->data.buf[i]);
}
"""),
    "found as netmem by its address": (FRAG, FRAG + """
void demo_more(struct demo_pkt *pkt, struct sk_buff *skb)
{
	skb_add_rx_frag_netmem(skb, 0, virt_to_netmem(pkt->start), 0, 64, PAGE_SIZE);
}
"""),
    "found by its address and given on as netmem": (FRAG, FRAG + """
void demo_more(struct demo_pkt *pkt, struct sk_buff *skb)
{
	skb_add_rx_frag_netmem(skb, 0, page_to_netmem(virt_to_head_page(pkt->start)), 0, 64,
			       PAGE_SIZE);
}
"""),
    "another ring at times": ("\tstruct demo_buf *buf = &ring->buf[i];\n\n\tbuf->bias--;",
                              "\tstruct demo_buf *buf = &ring->buf[i];\n\n"
                              "\tif (!i)\n\t\tring++;\n\tbuf->bias--;"),
}


@pytest.mark.parametrize("what", MOVED)
def test_anything_else_moves_as_before(what: str, tmp_path: Path) -> None:
    old, new = MOVED[what]
    assert ONE.count(old) == 1
    text = ONE.replace(old, new)
    if what == "one of several":
        text = text.replace("&q->heads", "&q->heads[0]").replace("q->heads.", "q->heads[0].")
    migration, files = convert(tmp_path / "d", {"d.c": text.encode()})
    assert b"netmem_to_page" not in files["d.c"] and not migration.report.stays
    assert migration.report.verdict is Verdict.WOULD_CONVERT
    assert b"static netmem_ref demo_get(" in files["d.c"]


@pytest.mark.parametrize(("flags", "stays"), [
    ("\tparams->flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n", False),
    ("\tif (netif_rxq_has_unreadable_mp(dev, 0))\n"
     "\t\tparams->flags |= PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n", True),
], ids=["always", "at times"])
def test_it_moves_where_check_finds_that_it_may_be_unreadable(
        flags: str, stays: bool, tmp_path: Path) -> None:
    text = ONE.replace("page_address(page) + 64", "page_address(page)") + (
        "\nbool demo_asks(struct demo_queue *q)\n{\n"
        "\treturn page_pool_is_unreadable(q->data.pool);\n}\n"
        "\nvoid demo_pool(struct page_pool_params *params, struct net_device *dev)\n"
        f"{{\n{flags}}}\n")
    migration, files = convert(tmp_path / "d", {"d.c": text.encode()})
    assert migration.report.verdict is Verdict.WOULD_CONVERT
    assert (b"= netmem_to_page(demo_get(&q->heads, i));" in files["d.c"]) is stays
    assert bool(migration.report.stays) is stays
    assert b"netmem_ref demo_get(" in files["d.c"]
