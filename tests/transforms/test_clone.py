# SPDX-License-Identifier: GPL-2.0-only
"""What serves payload and something else becomes two, in a patch before the conversion."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, prepare

from netmem_migrate.api import migrate
from netmem_migrate.results import Verdict

HEAD = """\
#include "netmem_stub.h"

struct demo_bd {
	struct page *page;
	dma_addr_t dma;
};

struct demo_head {
	void *data;
};

"""
ALLOC = """\
static struct page *demo_alloc_page(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return NULL;

	*dma = page_pool_get_dma_addr(page);
	return page;
}

"""
COPY = ALLOC.replace("demo_alloc_page(", "demo_alloc_netmem(")
FILL = """\
int demo_fill(struct page_pool *pool, struct demo_bd *bd)
{
	bd->page = demo_alloc_page(pool, &bd->dma);

	return bd->page ? 0 : -ENOMEM;
}

void demo_frag(struct demo_bd *bd, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, bd->page, 0, len, PAGE_SIZE);
	bd->page = NULL;
}

"""
FILLED = FILL.replace("demo_alloc_page(", "demo_alloc_netmem(")
HEADS = """\
void demo_fill_head(struct page_pool *pool, struct demo_head *head, bool copy)
{
	dma_addr_t dma;

	if (copy)
		head->data = kmalloc(256, GFP_ATOMIC);
	else
		head->data = demo_alloc_page(pool, &dma);
}
"""
WIDE = """\
static struct page *demo_alloc_rx_page(struct page_pool *pool,
				       dma_addr_t *dma)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (page)
		*dma = page_pool_get_dma_addr(page);
	return page;
}

"""
PROTOTYPE = """\
static struct page *demo_alloc_page(struct page_pool *pool, dma_addr_t *dma);

"""
FUNCTIONS = {
    "plain": (ALLOC + FILL + HEADS, ALLOC + COPY + FILLED + HEADS),
    "prototype": (PROTOTYPE + FILL + HEADS + "\n" + ALLOC.rstrip() + "\n",
                  PROTOTYPE.rstrip() + "\n" + PROTOTYPE.replace("alloc_page(", "alloc_netmem(")
                  + FILLED + HEADS + "\n" + ALLOC + COPY.rstrip() + "\n"),
    "continued line": (
        (WIDE + FILL + HEADS).replace("demo_alloc_page(", "demo_alloc_rx_page("),
        WIDE + WIDE.replace("demo_alloc_rx_page(struct page_pool *pool,\n\t\t\t\t       ",
                            "demo_alloc_rx_netmem(struct page_pool *pool,\n\t\t\t\t\t ")
        + FILL.replace("demo_alloc_page(", "demo_alloc_rx_netmem(")
        + HEADS.replace("demo_alloc_page(", "demo_alloc_rx_page(")),
}
REFUSED = {
    "static variable": ALLOC.replace("\n\tif (!page)", "\tstatic int calls;\n\n\tcalls++;\n"
                                     "\tif (!page)"),
    "own name": ALLOC.replace("\t\treturn NULL;", "\t\treturn demo_said(__func__);"),
    "said once": ALLOC.replace("\tif (!page)", "\tif (WARN_ON_ONCE(!page))"),
    "calls itself": ALLOC.replace("\tif (!page)", "\tif (!dma)\n\t\treturn demo_alloc_page(pool, "
                                  "&pool_dma);\n\tif (!page)"),
    "two definitions": "#ifdef DEMO_WIDE\n" + ALLOC.rstrip() + "\n#else\n"
                       + ALLOC.replace("dev_alloc_pages(pool)", "alloc_pages(pool, GFP_ATOMIC)")
                       .rstrip() + "\n#endif\n\n",
    "not static": ALLOC.replace("static struct", "struct"),
    "a state in a macro": "#define DEMO_SAY() do { static int said; said++; } while (0)\n\n"
        + ALLOC.replace("\tif (!page)", "\tDEMO_SAY();\n\tif (!page)"),
    "another name of its own": ALLOC.replace("\t\treturn NULL;",
                                             "\t\treturn demo_said(__PRETTY_FUNCTION__);"),
    "an attribute above": "#define DEMO_ATTR __attribute__((cold))\n\nDEMO_ATTR\n" + ALLOC,
    "copy is there": ALLOC + "int demo_alloc_netmem(void);\n\n",
}
REST = "static dma_addr_t pool_dma;\n\nstruct page *demo_said(const char *name);\n\n"

# A local that holds frags, then the head.
OWN = """\
struct demo_pkt {
	struct skb_shared_info *info;
	void *head;
};

int demo_put_frag(struct page_pool *pool, struct demo_bd *bd,
		  struct demo_pkt *pkt)
{
	bd->page = page_pool_dev_alloc_pages(pool);
	if (!bd->page)
		return -ENOMEM;

	skb_frag_fill_page_desc(&pkt->info->frags[pkt->info->nr_frags++],
				bd->page, 0, 64);
	return 0;
}

"""
DROP = """\
void demo_drop(struct page_pool *pool, struct demo_pkt *pkt)
{
	struct page *page;
	int i;

	for (i = 0; i < pkt->info->nr_frags; i++) {
		page = skb_frag_page(&pkt->info->frags[i]);
		page_pool_put_full_page(pool, page, false);
	}

	page = virt_to_page(pkt->head);
	page_pool_put_full_page(pool, page, false);
}
"""
DROPPED = DROP.replace(
    "\tstruct page *page;\n", "\tstruct page *host_page;\n\tstruct page *page;\n").replace(
    "\tpage = virt_to_page(pkt->head);\n\tpage_pool_put_full_page(pool, page",
    "\thost_page = virt_to_page(pkt->head);\n\tpage_pool_put_full_page(pool, host_page")
LOCALS_REFUSED = {
    "either": DROP.replace(
        "\tpage = virt_to_page(pkt->head);\n",
        "\tif (pkt->head)\n\t\tpage = virt_to_page(pkt->head);\n"),
    "the loop goes on": DROP.replace("\t}\n\n\tpage = virt", "\t\tpage = virt").replace(
        "false);\n}\n", "false);\n\t}\n}\n").replace(
        "\t\tpage = skb_frag", "\t\tif (i)\n\t\t\tpage_pool_put_full_page(pool, page, false);\n"
        "\t\tpage = skb_frag").replace("int i;", "int i;\n\n\tpage = NULL;"),
    "jumped to": DROP.replace(
        "\tfor (i", "\tif (!pkt->info)\n\t\tgoto drop;\n\n\tfor (i").replace(
        "pkt->head);\n\tpage_pool", "pkt->head);\ndrop:\n\tpage_pool").replace(
        "*page;", "*page = NULL;"),
    "by its address": DROP.replace("\tpage = virt_to_page(pkt->head);\n",
                                   "\tpage = virt_to_page(pkt->head);\n\tdemo_see(&page);\n"),
    "not alone on its line": DROP.replace("\tstruct page *page;\n\tint i;\n",
                                          "\tint i; struct page *page;\n"),
    "on the line of the brace": DROP.replace("{\n\tstruct page *page;", "{ struct page *page;", 1),
    "its address in parentheses": DROP.replace(
        "\tpage = virt_to_page(pkt->head);\n",
        "\tpage = virt_to_page(pkt->head);\n\tdemo_see(&(page));\n"),
    "name is there": DROP.replace("\tint i;\n", "\tint host_page = 0;\n\tint i;\n").replace(
        "i = 0;", "i = host_page;"),
}
SEE = "void demo_see(struct page **page);\n\n"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_becomes_two_and_its_copy_converts(name: str, tmp_path: Path) -> None:
    before, room = FUNCTIONS[name]
    migration = prepare(tmp_path, HEAD + before)
    first, then = migration.steps
    assert first.room is not None and first.room.step == "clone" and then.room is None
    assert first.changes[0].after.decode() == HEAD + room
    assert first.changes[0].after == then.changes[0].before
    compiles(tmp_path / "first", {"d.c": first.changes[0].after})
    compiles(tmp_path / "then", {"d.c": then.changes[0].after})
    moved = {(one.kind, one.name) for one in migration.report.declarations}
    assert ("member", "demo_bd.page") in moved and ("return", first.room.made[:-2]) in moved
    assert first.room.calls == 2


@pytest.mark.parametrize("name", REFUSED)
def test_a_function_that_is_no_other_when_copied_is_left(name: str, tmp_path: Path) -> None:
    text = HEAD + REST + REFUSED[name] + FILL + HEADS
    compiles(tmp_path / "gcc", {"d.c": text.encode()})
    migration = prepare(tmp_path, text)
    assert not migration.steps and not migration.report.rooms
    assert migration.report.verdict is Verdict.REFUSED


def test_a_local_that_holds_two_things_becomes_two(tmp_path: Path) -> None:
    migration = prepare(tmp_path, HEAD + OWN + DROP)
    first, then = migration.steps
    assert first.room is not None and first.room.slot == "page in demo_drop()"
    assert first.changes[0].after.decode() == HEAD + OWN + DROPPED
    after = then.changes[0].after.decode()
    assert "netmem = skb_frag_netmem(&pkt->info->frags[i]);" in after
    assert "\thost_page = virt_to_page(pkt->head);\n" in after
    compiles(tmp_path / "then", {"d.c": then.changes[0].after})


@pytest.mark.parametrize("name", LOCALS_REFUSED)
def test_a_local_whose_use_may_mean_either_is_left(name: str, tmp_path: Path) -> None:
    text = HEAD + SEE + OWN + LOCALS_REFUSED[name]
    compiles(tmp_path / "gcc", {"d.c": text.encode()})
    migration = prepare(tmp_path, text)
    assert not migration.report.rooms
    assert all(one.name != "page" or one.function != "demo_drop"
               for one in migration.report.declarations)


def test_nothing_is_cloned_unless_asked_and_the_advice_says_what_would_be(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(HEAD + FUNCTIONS["plain"][0])
    (migration,) = migrate([file], api="7.3").drivers
    assert not migration.changes and not migration.report.rooms
    (advised,) = migration.report.advised
    (asked,) = prepare(tmp_path, HEAD + FUNCTIONS["plain"][0]).report.rooms
    assert advised == asked


def test_the_room_alone_converts_nothing_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(HEAD + FUNCTIONS["plain"][0])
    (migration,) = migrate([file], api="7.3", prepare=True, only=("clone",)).drivers
    assert migration.changes[0].after.decode() == HEAD + FUNCTIONS["plain"][1]
    assert not migration.report.declarations
    assert all(one.action == "kept" for one in migration.report.sites)
    assert len(migration.report.rooms) == 1


def test_where_the_conversion_would_not_go_through_nothing_is_cloned(tmp_path: Path) -> None:
    fill = FILL.replace("bd->page ? 0", "bd->page && page_to_nid(bd->page + 1) ? 0")
    migration = prepare(tmp_path, HEAD + ALLOC + fill + HEADS)
    assert not migration.steps and not migration.report.rooms and not migration.report.advised


def test_what_is_cloned_is_cloned_once(tmp_path: Path) -> None:
    migration = prepare(tmp_path, HEAD + FUNCTIONS["plain"][0])
    (tmp_path / "again").mkdir()
    again = prepare(tmp_path / "again", migration.changes[0].after.decode())
    assert not again.changes
