# SPDX-License-Identifier: GPL-2.0-only
"""What serves payload and something else becomes two, in a patch before the conversion."""

from __future__ import annotations

from pathlib import Path

from tools import compiles, prepare, room_case

from netmem_migrate.api import migrate

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
PLAIN, ROOM = room_case("clone", "plain")

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
def test_a_local_that_holds_two_things_becomes_two(tmp_path: Path) -> None:
    migration = prepare(tmp_path, HEAD + OWN + DROP)
    first, then = migration.steps
    assert first.room is not None and first.room.slot == "page in demo_drop()"
    assert first.changes[0].after.decode() == HEAD + OWN + DROPPED
    after = then.changes[0].after.decode()
    assert "netmem = skb_frag_netmem(&pkt->info->frags[i]);" in after
    assert "\thost_page = virt_to_page(pkt->head);\n" in after
    compiles(tmp_path / "then", {"d.c": then.changes[0].after})


def test_nothing_is_cloned_unless_asked_and_the_advice_says_what_would_be(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (migration,) = migrate([file], api="7.3").drivers
    assert not migration.changes and not migration.report.rooms
    (advised,) = migration.report.advised
    (asked,) = prepare(tmp_path, PLAIN).report.rooms
    assert advised == asked


def test_the_room_alone_converts_nothing_and_says_so(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (migration,) = migrate([file], api="7.3", prepare=True, only=("clone",)).drivers
    assert migration.changes[0].after.decode() == ROOM
    assert not migration.report.declarations
    assert all(one.action == "kept" for one in migration.report.sites)
    assert len(migration.report.rooms) == 1


def test_where_the_conversion_would_not_go_through_nothing_is_cloned(tmp_path: Path) -> None:
    fill = FILL.replace("bd->page ? 0", "bd->page && page_to_nid(bd->page + 1) ? 0")
    migration = prepare(tmp_path, HEAD + ALLOC + fill + HEADS)
    assert not migration.steps and not migration.report.rooms and not migration.report.advised


def test_what_is_cloned_is_cloned_once(tmp_path: Path) -> None:
    migration = prepare(tmp_path, PLAIN)
    (tmp_path / "again").mkdir()
    again = prepare(tmp_path / "again", migration.changes[0].after.decode())
    assert not again.changes
