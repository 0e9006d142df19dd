# SPDX-License-Identifier: GPL-2.0-only
"""Which code touches memory of a pool at all: what is asked before anything is read closely."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netmem_migrate.c.counts import ParseCounts
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import Definition, ParsedFile

FILE = re.compile(rb"page_pool_|netmem|skb_add_rx_frag|skb_frag|skb_fill_page_desc")
"""A text without any of these touches no memory of a pool."""

OWNS = re.compile(
    rb"\b(?:page_pool_(?:dev_)?alloc\w*|page_pool_(?:put|recycle|free|ref|fragment)\w*|"
    rb"skb_add_rx_frag\w*|(?:__)?skb_fill_(?:page|netmem)_desc\w*|skb_frag_fill_\w+_desc|"
    rb"napi_pp_put_page|get_netmem|put_netmem)\s*\(")
"""Calls that change who owns memory of a pool."""

_TOUCHES = re.compile(
    rb"page_pool|netmem|\bstruct\s+page\b|\bskb_frag_(?:page|address|fill|ref|unref|dma_map)|"
    rb"\bskb_add_rx_frag|skb_fill_page_desc|\bskb_can_coalesce")


def relevant(parsed: ParsedFile, function: Definition) -> bool:
    """Does its code (not comments, not strings) name page_pool, netmem or page things?"""
    body = parsed.source[function.start:function.end]
    return _TOUCHES.search(body) is not None and _TOUCHES.search(code_of(body)) is not None


def parse_counts(files: Iterable[ParsedFile]) -> ParseCounts:
    """Functions of some files, and how many of them the parser could not fully read."""
    total = errors = worse = 0
    for file in files:
        for function in file.functions():
            total += 1
            if function.has_error:
                errors += 1
                worse += relevant(file, function)
    return ParseCounts(total, errors, worse)
