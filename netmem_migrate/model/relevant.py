# SPDX-License-Identifier: GPL-2.0-only
"""Which code has to do with memory of a pool at all, by a search of its bytes."""

from __future__ import annotations

import re

from netmem_migrate.c.mask.text import code_of

_MEMORY = re.compile(
    rb"page_pool|netmem|\bstruct\s+page\b|\bskb_frag_(?:page|address|fill|ref|unref|dma_map)|"
    rb"\bskb_add_rx_frag|skb_fill_page_desc|\bskb_can_coalesce")


def touches_memory(text: bytes) -> bool:
    """Does code (not comments, not strings) name page_pool, netmem or page things?"""
    return _MEMORY.search(text) is not None and _MEMORY.search(code_of(text)) is not None
