# SPDX-License-Identifier: GPL-2.0-only
"""A kernel of our own in which a driver sends frags, and that driver before and after."""

from __future__ import annotations

from pathlib import Path

from kernel_tools import DRIVER, NETMEM_H
from tools import plant

DMA_H = """\
#ifndef _LINUX_DMA_MAPPING_H
#define _LINUX_DMA_MAPPING_H
typedef unsigned long long dma_addr_t;
typedef unsigned int u32;
enum dma_data_direction { DMA_BIDIRECTIONAL, DMA_TO_DEVICE, DMA_FROM_DEVICE };
struct device;
struct page;
int dma_mapping_error(struct device *dev, dma_addr_t addr);
dma_addr_t dma_map_single(struct device *dev, void *data, unsigned long size,
			  enum dma_data_direction dir);
dma_addr_t dma_map_page(struct device *dev, struct page *page, unsigned long offset,
			unsigned long size, enum dma_data_direction dir);
void dma_unmap_page_attrs(struct device *dev, dma_addr_t addr, unsigned long size,
			  enum dma_data_direction dir, unsigned long attrs);
#define dma_unmap_page(d, a, s, r) dma_unmap_page_attrs(d, a, s, r, 0)
static inline void dma_unmap_single_attrs(struct device *dev, dma_addr_t addr, unsigned long size,
					  enum dma_data_direction dir, unsigned long attrs)
{
	dma_unmap_page_attrs(dev, addr, size, dir, attrs);
}
#define dma_unmap_single(d, a, s, r) dma_unmap_single_attrs(d, a, s, r, 0)
#define DEFINE_DMA_UNMAP_ADDR(m) dma_addr_t m
#define dma_unmap_addr(p, m) ((p)->m)
#define dma_unmap_addr_set(p, m, v) (((p)->m) = (v))
#endif
"""
HELPERS = """\
#define netmem_dma_unmap_addr_set(n, p, m, v) \\
	do { \\
		if (!netmem_is_net_iov(n)) \\
			dma_unmap_addr_set(p, m, v); \\
		else \\
			dma_unmap_addr_set(p, m, 0); \\
	} while (0)
static inline void netmem_dma_unmap_page_attrs(struct device *dev, dma_addr_t addr,
					       unsigned long size, enum dma_data_direction dir,
					       unsigned long attrs)
{
	if (!addr)
		return;
	dma_unmap_page_attrs(dev, addr, size, dir, attrs);
}
#endif
"""
SKBUFF_H = """\
#ifndef _LINUX_SKBUFF_H
#define _LINUX_SKBUFF_H
#ifndef NULL
#define NULL ((void *)0)
#endif
#include <linux/dma-mapping.h>
#include <net/netmem.h>
typedef struct skb_frag {
	netmem_ref netmem;
	u32 size;
} skb_frag_t;
struct sk_buff {
	void *data;
	u32 len;
	u32 nr_frags;
	skb_frag_t frags[17];
};
static inline u32 skb_frag_size(const skb_frag_t *frag)
{
	return frag->size;
}
static inline netmem_ref skb_frag_netmem(const skb_frag_t *frag)
{
	return frag->netmem;
}
static inline struct page *skb_frag_page(const skb_frag_t *frag)
{
	return netmem_to_page(frag->netmem);
}
static inline dma_addr_t __skb_frag_dma_map(struct device *dev, const skb_frag_t *frag,
					    unsigned long offset, unsigned long size,
					    enum dma_data_direction dir)
{
	return dma_map_page(dev, netmem_to_page(frag->netmem), offset, size, dir);
}
#define skb_frag_dma_map(d, f, o, s, r) __skb_frag_dma_map(d, f, o, s, r)
#endif
"""
NAME = "drivers/net/demo/demo.h"
HEADER = """\
#ifndef DEMO_H
#define DEMO_H
#include <linux/skbuff.h>

struct demo_tx {
	dma_addr_t dma;
	u32 len;
	u32 kind;
};

struct demo_ring {
	struct device *dev;
	struct demo_tx *tx;
	volatile unsigned long long *desc;
	u32 skips;
};
#endif
"""
BEFORE = """\
#include "demo.h"

void demo_tell(unsigned long long what);
int demo_map(struct demo_ring *ring, struct sk_buff *skb);
void demo_unmap(struct demo_ring *ring, u32 i);

static void demo_keep(struct demo_tx *tx, dma_addr_t dma, u32 len)
{
	tx->dma = dma;
	tx->len = len;
}

int demo_map(struct demo_ring *ring, struct sk_buff *skb)
{
	struct demo_tx *tx = &ring->tx[0];
	skb_frag_t *frag;
	u32 i;

	tx->dma = dma_map_single(ring->dev, skb->data, skb->len, DMA_TO_DEVICE);
	if (dma_mapping_error(ring->dev, tx->dma))
		return -14;

	tx->len = skb->len;
	ring->desc[0] = tx->dma;
	for (i = 0; i < skb->nr_frags; i++) {
		frag = &skb->frags[i];
		tx = &ring->tx[i + 1];
		tx->dma = skb_frag_dma_map(ring->dev, frag, 0, skb_frag_size(frag),
					   DMA_TO_DEVICE);
		if (dma_mapping_error(ring->dev, tx->dma))
			goto unmap;

		tx->len = skb_frag_size(frag);
		ring->desc[i + 1] = tx->dma;
	}
	return 0;

unmap:
	while (i > 0) {
		dma_unmap_page(ring->dev, ring->tx[i].dma, ring->tx[i].len,
			       DMA_TO_DEVICE);
		i--;
	}
	dma_unmap_single(ring->dev, ring->tx[0].dma, ring->tx[0].len,
			 DMA_TO_DEVICE);
	return -14;
}

void demo_unmap(struct demo_ring *ring, u32 i)
{
	struct demo_tx *tx = &ring->tx[i];

	if (i)
		dma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
	else
		dma_unmap_single(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
	demo_keep(tx, 0, 0);
}
"""
USE = "\t\tring->desc[i + 1] = tx->dma;\n"
SET = "\t\tnetmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, tx->dma);\n"
RAW_ERROR = """\
		dma_unmap_page(ring->dev, ring->tx[i].dma, ring->tx[i].len,
			       DMA_TO_DEVICE);
"""
ERROR = """\
		netmem_dma_unmap_page_attrs(ring->dev, ring->tx[i].dma,
					    ring->tx[i].len, DMA_TO_DEVICE, 0);
"""
RAW_DONE = "\t\tdma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);\n"
DONE = ("\t\tnetmem_dma_unmap_page_attrs(ring->dev, tx->dma, tx->len,\n"
        "\t\t\t\t\t    DMA_TO_DEVICE, 0);\n")
MADE = ((RAW_ERROR, ERROR), (RAW_DONE, DONE), (USE, USE + SET))
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include "demo.h"

dma_addr_t demo_more(struct demo_tx *tx);

dma_addr_t demo_more(struct demo_tx *tx)
{
	return tx->len;
}
"""


def replaced(text: str, *edits: tuple[str, str]) -> str:
    """A text with others in the place of some of its parts, each of which is there once."""
    for old, new in edits:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


AFTER = replaced(BEFORE, *MADE)


def plant_tx(kernel_tree: Path) -> Path:
    """A driver of two files that keeps the address of each frag to unmap it by."""
    command = (kernel_tree / "drivers/net/demo/.demo.o.cmd").read_text()
    return plant(kernel_tree, {
        DRIVER: BEFORE, NAME: HEADER, OTHER: MORE,
        "include/linux/dma-mapping.h": DMA_H, "include/linux/skbuff.h": SKBUFF_H,
        "include/net/netmem.h": NETMEM_H.replace(
            "#include <linux/page-flags.h>\n",
            "#include <linux/page-flags.h>\n#include <linux/dma-mapping.h>\n").removesuffix(
            "#endif\n") + HELPERS,
        "drivers/net/demo/Makefile": "obj-y += demo.o more.o\n",
        "drivers/net/demo/.more.o.cmd": command.replace("demo.o", "more.o").replace(
            "demo/demo.c", "demo/more.c")})
