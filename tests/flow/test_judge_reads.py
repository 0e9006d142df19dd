# SPDX-License-Identifier: GPL-2.0-only
"""Rx 5: where the CPU reads payload, and what looks like it and is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE

from netmem_migrate.api import migrate

DRIVER = PRELUDE + """\
struct demo {
	struct page_pool *pool;
	struct page *page;
	struct page *head;
	u8 mac[6];
};

int create(struct demo *ring)
{
	struct page_pool_params pp = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
	};

	ring->pool = page_pool_create(&pp);
	return 0;
}

int refill(struct demo *ring)
{
	ring->page = page_pool_dev_alloc_pages(ring->pool);
	return ring->page ? 0 : -1;
}

void pull(struct sk_buff *skb)
{
	/* of a frag */
}

void receive(struct demo *ring, struct sk_buff *skb, unsigned int len)
{
	/* here */
	skb_add_rx_frag(skb, 0, ring->page, 0, len, PAGE_SIZE);
	pull(skb);
}

static int copy(struct sk_buff *skb)
{
	/* of what is sent */
	return 0;
}

static int demo_xmit(struct sk_buff *skb, struct net_device *dev)
{
	return copy(skb);
}

const struct net_device_ops demo_ops = {
	.ndo_start_xmit = demo_xmit,
};
"""
READ = "\tmemcpy(skb->data, skb_frag_address(&skb_shinfo(skb)->frags[0]), 64);"
READS = {
    "its address is taken": ("/* here */", "memcpy(skb->data, page_address(ring->page), 64);", 1),
    "an skb is built of it": (
        "/* here */", "skb = napi_build_skb(page_address(ring->page), len);", 1),
    "a frag that was received": ("/* of a frag */", READ.strip(), 1),
    "a frag of what is sent": ("/* of what is sent */", READ.strip(), 0),
    "a prefetch": ("/* here */", "net_prefetch(page_address(ring->page));", 0),
    "a page that is allocated otherwise": (
        "/* here */", "ring->head = alloc_page(0);\n\tmemcpy(skb->data, "
        "page_address(ring->head), 64);", 0),
    "other memory": ("/* here */", "memcpy(ring->mac, skb->data, 6);", 0),
}


@pytest.mark.parametrize("name", READS)
def test_places(name: str, tmp_path: Path) -> None:
    mark, code, number = READS[name]
    source = DRIVER.replace(mark, code)
    (tmp_path / "d.c").write_text(source)
    found = migrate([tmp_path / "d.c"], api="7.3").drivers[0].report.requirements["rx.5"]
    lines = [one.line for one in found.evidence if found.basis.value == "cpu-reads"]
    at = DRIVER[:DRIVER.index(mark)].count("\n") + 1
    assert lines == [at] * number
