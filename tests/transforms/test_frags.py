# SPDX-License-Identifier: GPL-2.0-only
"""Frags of skbs and XDP frames."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import check_noop, check_refused, check_transformed

TRANSFORMED = {
    "filled": (
"""\
void t(struct sk_buff *skb, skb_frag_t *frag, struct ring *ring, int n)
{
	skb_add_rx_frag(skb, n, ring->spare, 0, 64, 2048);
	skb_frag_fill_page_desc(frag, ring->buf[0].page, 0, 64);
	__skb_fill_page_desc(skb, 0, ring->buf[1].page, 0, 64);
}
""",
"""\
void t(struct sk_buff *skb, skb_frag_t *frag, struct ring *ring, int n)
{
	skb_add_rx_frag_netmem(skb, n, ring->spare, 0, 64, 2048);
	skb_frag_fill_netmem_desc(frag, ring->buf[0].netmem, 0, 64);
	__skb_fill_netmem_desc(skb, 0, ring->buf[1].netmem, 0, 64);
}
""",
    ),
    "coalesced": (
"""\
bool t(struct sk_buff *skb, const struct rx_buf *buf)
{
	return skb_can_coalesce(skb, 0, buf->page, buf->offset);
}
""",
"""\
bool t(struct sk_buff *skb, const struct rx_buf *buf)
{
	return skb_can_coalesce_netmem(skb, 0, buf->netmem, buf->offset);
}
""",
    ),
    "wrapped": (
"""\
void t(struct sk_buff *skb, struct ring *ring, unsigned int len, int truesize)
{
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, ring->buf[0].page,
			ring->buf[0].offset, len, truesize);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, ring->buf[1].page, 0, 1, 2);
}
""",
"""\
void t(struct sk_buff *skb, struct ring *ring, unsigned int len, int truesize)
{
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags,
			       ring->buf[0].netmem,
			       ring->buf[0].offset, len, truesize);
	skb_add_rx_frag_netmem(skb, skb_shinfo(skb)->nr_frags,
			       ring->buf[1].netmem, 0, 1, 2);
}
""",
    ),
}
LEFT_ALONE = {
    "frag-to-frag": """\
void t(struct sk_buff *skb, skb_frag_t *frag)
{
	skb_add_rx_frag(skb, 0, skb_frag_page(frag), 0, 64, 64);
}
""",
    "other-pages": """\
void t(struct sk_buff *skb)
{
	struct page *page = alloc_page(GFP_ATOMIC);

	skb_add_rx_frag(skb, 0, page, 0, 64, 64);
}
""",
}
REFUSED = {
    "scatterlist": ("rx_buf.page", "own-mapping", """\
void t(struct scatterlist *sg, struct rx_buf *buf)
{
	sg_set_page(sg, buf->page, 64, 0);
}
"""),
    "elvis": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	foreign(buf->page ?: NULL);
}
"""),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)
