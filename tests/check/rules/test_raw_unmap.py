# SPDX-License-Identifier: GPL-2.0-only
"""Raw unmaps of addresses that the helper for netmem stored, and of others."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone

from netmem_migrate.check.sources import check_sources

HEAD = """
struct demo_tx {
	dma_addr_t dma[4];
	dma_addr_t head;
	unsigned int count;
};

struct demo_xdp {
	dma_addr_t dma;
};
"""
SET = """
static int demo_map(struct device *dev, struct demo_tx *tx, struct sk_buff *skb, skb_frag_t *frag)
{
	dma_addr_t addr;

	addr = dma_map_single(dev, skb->data, skb_headlen(skb), DMA_TO_DEVICE);
	if (dma_mapping_error(dev, addr))
		return -ENOMEM;
	dma_unmap_addr_set(tx, dma[0], addr);
	addr = skb_frag_dma_map(dev, frag, 0, 64, DMA_TO_DEVICE);
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma[1], addr);
	return 0;
}
"""


def free(code: str) -> str:
    """A function that frees what was mapped."""
    text = "\n".join("\t" + line for line in code.splitlines())
    return ("static void demo_free(struct device *dev, struct demo_tx *tx, struct demo_xdp *xdp, "
            f"struct sk_buff *skb, int i)\n{{\n\tdma_addr_t addr;\n{text}\n}}\n")


PAGE = "dma_unmap_page(dev, dma_unmap_addr(tx, dma[i]), 64, DMA_TO_DEVICE);"
FOUND = {
    "as a page": SET + free(PAGE),
    "with attributes": SET + free(
        "dma_unmap_page_attrs(dev, dma_unmap_addr(tx, dma[i]), 64, DMA_TO_DEVICE, 0);"),
    "the member itself": SET + free("dma_unmap_page(dev, tx->dma[i], 64, DMA_TO_DEVICE);"),
    "by a local": SET + free("addr = dma_unmap_addr(tx, dma[i]);\n"
                             "dma_unmap_page(dev, addr, 64, DMA_TO_DEVICE);"),
    "by a local that is set again behind": SET + free(
        "addr = dma_unmap_addr(tx, dma[i]);\ndma_unmap_page(dev, addr, 64, DMA_TO_DEVICE);\n"
        "addr = xdp->dma;\ndma_unmap_single(dev, addr, 64, DMA_TO_DEVICE);"),
    "cleared elsewhere": SET + free(PAGE + "\ntx->dma[i] = 0;"),
    "as a single, where nothing else is kept there": SET.replace(
        "dma_unmap_addr_set(tx, dma[0], addr)", "dma_unmap_addr_set(tx, head, addr)") + free(
        PAGE.replace("page(", "single(")),
    "the member of another record has a page": SET + free(
        "xdp->dma = dma_map_page(dev, virt_to_page(skb->data), 0, 64, DMA_TO_DEVICE);\n" + PAGE),
}
LEFT_ALONE = {
    "its partner": SET + free(
        "netmem_dma_unmap_page_attrs(dev, dma_unmap_addr(tx, dma[i]), 64, DMA_TO_DEVICE, 0);"),
    "a head": SET + free(PAGE.replace("page(", "single(").replace("[i]", "[0]")),
    "another member": SET + free(PAGE.replace("dma[i]", "head")),
    "the same name in another record": SET + free(PAGE.replace("tx, dma[i]", "xdp, dma")),
    "never set by the helper": SET.replace(
        "netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx",
        "dma_unmap_addr_set(tx") + free(PAGE),
    "also a page of its own": SET + free(
        "addr = dma_map_page(dev, virt_to_page(skb->data), 0, 64, DMA_TO_DEVICE);\n"
        "dma_unmap_addr_set(tx, dma[0], addr);\n" + PAGE),
    "also what comes from elsewhere": SET + free(
        "dma_unmap_addr_set(tx, dma[0], demo_address(skb));\n" + PAGE),
    "also a page by the member": SET + free(
        "tx->dma[0] = dma_map_page(dev, virt_to_page(skb->data), 0, 64, DMA_TO_DEVICE);\n" + PAGE),
    "filled by what is given its address": SET + free("demo_get(&tx->dma[0]);\n" + PAGE),
    "a page on one way": SET + free(
        "if (i)\n\taddr = dma_map_page(dev, virt_to_page(skb->data), 0, 64, DMA_TO_DEVICE);\n"
        "else\n\taddr = dma_map_single(dev, skb->data, 64, DMA_TO_DEVICE);\n"
        "dma_unmap_addr_set(tx, dma[0], addr);\n" + PAGE),
    "asked what it is": SET + free(
        "if (!skb_frags_readable(skb))\n\treturn;\n" + PAGE),
    "asked whether there is an address": SET + free(
        "if (dma_unmap_addr(tx, dma[i]))\n\t" + PAGE),
    "the address is a local's of two places": SET + free(
        "addr = i ? xdp->dma : dma_unmap_addr(tx, dma[i]);\n"
        "dma_unmap_page(dev, addr, 64, DMA_TO_DEVICE);"),
    "an initialiser sets it": SET + free(
        "struct demo_tx one = { .dma = demo_address(skb) };\n*tx = one;\n" + PAGE),
    "a macro sets it": "#define DEMO_KEEP(t, a) ((t)->dma[0] = (a))\n" + SET + free(PAGE),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("raw-unmap", HEAD + FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(HEAD + LEFT_ALONE[name])


def test_the_helper_may_stand_in_another_file() -> None:
    """It is said where the address is stored, and where it is unmapped."""
    files = {"demo.h": HEAD.encode(), "map.c": SET.encode(), "free.c": free(PAGE).encode()}
    (one,) = check_sources(files)
    assert (one.id, one.file, one.function) == ("raw-unmap", "free.c", "demo_free")
    assert [(at.file, at.line) for at in one.path] == [("map.c", 11), ("free.c", 4)]
    assert "`dma` of struct demo_tx" in one.message
    assert "(map.c:11)" in one.message
    assert check_sources(files, whole=False) == ()
