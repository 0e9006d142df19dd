# SPDX-License-Identifier: GPL-2.0-only
"""What maps frags that are sent, keeps their addresses and unmaps them, and what stands for each of
those where a compiler is asked what it sees of them."""

from __future__ import annotations

from netmem_migrate.model.spelled import (
    ANSWERS,
    FRAG_MAPS,
    GIVES_NETMEM,
    KEEPS_ADDRESS,
    KEPT_ADDRESS,
    SETS_NETMEM,
    UNMAPS_NETMEM,
)

SET = SETS_NETMEM
(UNMAP,) = UNMAPS_NETMEM
(NETMEM_OF_FRAG,) = GIVES_NETMEM
(_ANSWER,) = ANSWERS
(READS,) = KEPT_ADDRESS
INCLUDE = "net/netmem.h"
RAW_UNMAP = "dma_unmap_page"
RAW_UNMAP_ATTRS = "dma_unmap_page_attrs"
MACROS = {name: (record, record + 1)
          for name, record in {**KEEPS_ADDRESS, **dict.fromkeys(KEPT_ADDRESS, 0)}.items()}
"""Macros that are given a member by its name: which arguments are the record and the name."""
DECLARES = "DEFINE_DMA_UNMAP_ADDR"
MAPS = (*FRAG_MAPS, *(f"__{one}" for one in FRAG_MAPS))

# Both helpers as they are for pages, to be put behind include/net/netmem.h.
PLAIN = f"""
#undef {SET}
#define {SET}(n, p, m, v) do {{ (void)(n); dma_unmap_addr_set(p, m, v); }} while (0)
#undef {UNMAP}
#define {UNMAP}(d, a, l, r, x) {RAW_UNMAP_ATTRS}(d, a, l, r, x)
"""

# What a compiler sees of each.
MAPPED = "netmem_sees_map"
ASKED = "netmem_sees_error"
KEPT = "netmem_sees_set"
UNMAPPED = "netmem_sees_unmap"
RAW = "netmem_sees_raw"
SINGLE = "netmem_sees_single"
OF_FRAG = "netmem_sees_netmem"
SEEN = (MAPPED, ASKED, KEPT, UNMAPPED, RAW, SINGLE, OF_FRAG)

PROBE = "net/netmem_sees.h"
HEADERS = ("linux/skbuff.h", "linux/dma-mapping.h", INCLUDE)


def probe(has: frozenset[str]) -> bytes:
    """A header, for in front of a source, by which each of those is a function that is only
    declared; `has` are the headers of a tree, as they are included."""
    lines = [*(f"#include <{one}>" for one in HEADERS if one in has),
             f"dma_addr_t {MAPPED}(const void *frag, const void *dev, ...);",
             f"int {ASKED}(dma_addr_t addr, const void *dev);",
             f"void {KEPT}(netmem_ref netmem, const volatile void *slot, dma_addr_t addr);",
             *(f"void {one}(dma_addr_t addr, const void *dev, ...);"
               for one in (UNMAPPED, RAW, SINGLE)),
             f"netmem_ref {OF_FRAG}(const void *frag);"]
    for head, body in {
            **{f"{one}(d, f, ...)": f"{MAPPED}(f, d, ##__VA_ARGS__)" for one in MAPS},
            f"{_ANSWER}(d, a)": f"{ASKED}(a, d)",
            f"{SET}(n, p, m, v)": f"{KEPT}(n, &(p)->m, v)",
            f"{UNMAP}(d, a, ...)": f"{UNMAPPED}(a, d, __VA_ARGS__)",
            f"{RAW_UNMAP}(d, a, ...)": f"{RAW}(a, d, __VA_ARGS__)",
            f"{RAW_UNMAP_ATTRS}(d, a, ...)": f"{RAW}(a, d, __VA_ARGS__)",
            "dma_unmap_single(d, a, ...)": f"{SINGLE}(a, d, __VA_ARGS__)",
            "dma_unmap_single_attrs(d, a, ...)": f"{SINGLE}(a, d, __VA_ARGS__)",
            f"{NETMEM_OF_FRAG}(f)": f"{OF_FRAG}(f)",
            f"{DECLARES}(m)": "dma_addr_t m",
            f"{READS}(p, m)": "((p)->m)",
            "dma_unmap_addr_set(p, m, v)": "(((p)->m) = (v))"}.items():
        lines += [f"#undef {head.partition('(')[0]}", f"#define {head} {body}"]
    return "\n".join((*lines, "")).encode()
