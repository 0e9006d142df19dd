# SPDX-License-Identifier: GPL-2.0-only
"""Frags that the driver fills from its pool and reads back: with their release, and no others."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import MOVED, PRELUDE, check_transformed, convert

from netmem_migrate.reasons import Detail, Why

# Behind the prelude: the driver puts memory of its pool into frags.
FILL = """\
void collect(struct skb_shared_info *info, struct rx_buf *buf)
{
	skb_frag_fill_page_desc(&info->frags[0], buf->page, 0, 64);
	buf->page = NULL;
}

"""
FILLED = FILL.replace("fill_page_desc", "fill_netmem_desc").replace(
    "buf->page", "buf->netmem").replace("NULL", "0")
CONVERTED = {
    "at-once": (
"""\
void t(struct ring *ring, struct skb_shared_info *info, int i)
{
	page_pool_put_full_page(ring->pool, skb_frag_page(&info->frags[i]),
				true);
}
""",
"""\
void t(struct ring *ring, struct skb_shared_info *info, int i)
{
	page_pool_put_full_netmem(ring->pool, skb_frag_netmem(&info->frags[i]),
				  true);
}
""",
    ),
    "local-that-is-tested": (
"""\
void t(struct ring *ring, struct xdp_frame *frame, int i)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);
	struct page *page = skb_frag_page(&info->frags[i]);

	if (!page)
		return;
	page_pool_recycle_direct(ring->pool, page);
}
""",
"""\
void t(struct ring *ring, struct xdp_frame *frame, int i)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);
	netmem_ref netmem = skb_frag_netmem(&info->frags[i]);

	if (!netmem)
		return;
	page_pool_recycle_direct_netmem(ring->pool, netmem);
}
""",
    ),
    "helper-of-both": (
"""\
static void put(struct ring *ring, struct page *page)
{
	page_pool_put_full_page(ring->pool, page, false);
}

void t(struct ring *ring, struct sk_buff *skb)
{
	put(ring, ring->buf[0].page);
	put(ring, skb_frag_page(&skb_shinfo(skb)->frags[0]));
}
""",
"""\
static void put(struct ring *ring, netmem_ref netmem)
{
	page_pool_put_full_netmem(ring->pool, netmem, false);
}

void t(struct ring *ring, struct sk_buff *skb)
{
	put(ring, ring->buf[0].netmem);
	put(ring, skb_frag_netmem(&skb_shinfo(skb)->frags[0]));
}
""",
    ),
    "its-dma-address": (
"""\
dma_addr_t t(const skb_frag_t *frag)
{
	struct page *page = skb_frag_page(frag);

	return page_pool_get_dma_addr(page) + skb_frag_off(frag);
}
""",
"""\
dma_addr_t t(const skb_frag_t *frag)
{
	netmem_ref netmem = skb_frag_netmem(frag);

	return page_pool_get_dma_addr_netmem(netmem) + skb_frag_off(frag);
}
""",
    ),
    "back-into-the-ring": (
"""\
void t(struct rx_buf *buf, skb_frag_t *frag)
{
	buf->page = skb_frag_page(frag);
}
""",
"""\
void t(struct rx_buf *buf, skb_frag_t *frag)
{
	buf->netmem = skb_frag_netmem(frag);
}
""",
    ),
}
STAYS = {
    "read-by-the-cpu": """\
void t(void *to, const skb_frag_t *frag)
{
	memcpy(to, page_address(skb_frag_page(frag)), 64);
}
""",
    "of-a-packet-that-is-sent": """\
static void put(struct ring *ring, const skb_frag_t *frag)
{
	page_pool_put_full_page(ring->pool, skb_frag_page(frag), false);
}

int t(struct ring *ring, struct sk_buff *skb)
{
	put(ring, &skb_shinfo(skb)->frags[0]);
	return 0;
}

const struct {
	int (*ndo_start_xmit)(struct ring *ring, struct sk_buff *skb);
} ops = {
	.ndo_start_xmit = t,
};
""",
}


# What goes back to the pool goes as a page, though the driver filled it: half a path.
HALF = {
    "needs-a-page": """\
void t(struct ring *ring, const skb_frag_t *frag)
{
	struct page *page = skb_frag_page(frag);

	foreign(page);
	page_pool_put_full_page(ring->pool, page, false);
}
""",
    "or-another-page": """\
void t(struct ring *ring, const skb_frag_t *frag, void *data)
{
	struct page *page = frag ? skb_frag_page(frag) : virt_to_page(data);

	page_pool_put_full_page(ring->pool, page, false);
}
""",
}
RUN = """\
u32 run(const struct bpf_prog *prog, struct xdp_buff *xdp)
{
	return bpf_prog_run_xdp(prog, xdp);
}

"""


@pytest.mark.parametrize("name", CONVERTED)
def test_converted(name: str, tmp_path: Path) -> None:
    before, after = CONVERTED[name]
    check_transformed(tmp_path, FILL + before, FILLED + after)


@pytest.mark.parametrize("name", STAYS)
def test_stays(name: str, tmp_path: Path) -> None:
    migration, files = convert(tmp_path / "d", {"d.c": (PRELUDE + FILL + STAYS[name]).encode()})
    assert files["d.c"].decode() == MOVED + FILLED + STAYS[name]
    assert {site.detail for site in migration.report.sites if site.left} <= {Detail.OTHER}


@pytest.mark.parametrize("name", HALF)
def test_half_a_path_is_refused(name: str, tmp_path: Path) -> None:
    source = PRELUDE + FILL + HALF[name]
    migration, files = convert(tmp_path / "d", {"d.c": source.encode()})
    assert files["d.c"].decode().endswith(FILL + HALF[name])
    (why,) = {one.reason.why for one in migration.report.refusals if "desc()" in one.slot}
    assert why is Why.READ_BACK
    # Where programs run, it can be of a packet that one of them sent on.
    migration, files = convert(tmp_path / "x", {"d.c": (source + RUN).encode()})
    assert files["d.c"].decode() == MOVED + FILLED + HALF[name] + RUN


# Where the driver itself puts other pages into frags, nobody knows what is read back.
OTHER = """\
void more(struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, alloc_page(GFP_ATOMIC), 0, 64, 64);
}

"""


@pytest.mark.parametrize("name", ["at-once", "its-dma-address"])
def test_frags_of_others_stay(name: str, tmp_path: Path) -> None:
    # Nothing of the pool goes into frags.
    migration, files = convert(tmp_path / "n", {"d.c": (PRELUDE + CONVERTED[name][0]).encode()})
    assert files["d.c"].decode() == MOVED + CONVERTED[name][0] and migration.report.left
    source = FILL + OTHER + CONVERTED[name][0]
    migration, files = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    assert files["d.c"].decode() == MOVED + FILLED + OTHER + CONVERTED[name][0]
    (site,) = [one for one in migration.report.sites if one.reason is not None]
    assert (site.reason.why, site.reason.by) == (Why.GIVEN, "skb_frag_page()")


def test_what_another_module_of_the_folder_fills_is_another_driver_s(tmp_path: Path) -> None:
    files = {"d.c": PRELUDE + FILL + CONVERTED["at-once"][0],
             "e.c": '#include "netmem_stub.h"\n\n' + OTHER,
             "Makefile": "obj-m += d.o\nobj-m += e.o\n"}
    _, after = convert(tmp_path / "d", {name: text.encode() for name, text in files.items()})
    assert b"skb_frag_netmem(" in after["d.c"]
    files["Makefile"] = "obj-m += both.o\nboth-y := d.o e.o\n"
    _, after = convert(tmp_path / "d", {name: text.encode() for name, text in files.items()})
    assert b"skb_frag_netmem(" not in after["d.c"] and b"netmem_ref" in after["d.c"]


def test_where_it_cannot_be_told_whose_they_are_a_bridge_stays_one(tmp_path: Path) -> None:
    source = PRELUDE + OTHER + FILL + CONVERTED["back-into-the-ring"][0]
    _, files = convert(tmp_path / "d", {"d.c": source.encode()})
    assert b"buf->netmem = page_to_netmem(skb_frag_page(frag));" in files["d.c"]


def test_what_is_given_on_as_netmem_already_fills_a_frag_too(tmp_path: Path) -> None:
    fill = FILL.replace("fill_page_desc", "fill_netmem_desc").replace(
        "buf->page, 0", "page_to_netmem(buf->page), 0")
    before, after = CONVERTED["at-once"]
    _, files = convert(tmp_path / "d", {"d.c": (PRELUDE + fill + before + RUN).encode()})
    assert files["d.c"].decode() == MOVED + FILLED + after + RUN
