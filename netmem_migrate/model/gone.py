# SPDX-License-Identifier: GPL-2.0-only
"""What newer kernels no longer have, since when, and what to port to first.

Rows for what was gone before the oldest release that the model holds; what went later is said by
`until` in functions.py. Commits of linux: 535b9c61bdef and a9ca9f9ceff3 (6.6), 09d96ee5674a (6.7),
0a149ab78ee2 (6.8), 56ef27e3abe6 (6.9), b51f4113ebb0 (6.5).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.releases import present


@dataclass(frozen=True, slots=True)
class Gone:
    """A name that `until`, the first release without it, drivers could use.

    `instead` is what took its place, as a message says it; "" where nothing has to.
    """

    name: str
    until: str
    instead: str = ""


ROWS: tuple[Gone, ...] = (
    Gone("__skb_frag_set_page", "6.5", "skb_frag_fill_page_desc()"),
    Gone("skb_frag_set_page", "6.5", "skb_frag_fill_page_desc()"),
    Gone("page_pool_release_page", "6.6", "skb_mark_for_recycle()"),
    Gone("page_pool_defrag_page", "6.8", "page_pool_unref_page()"),
    Gone("page_pool_is_last_frag", "6.8", "page_pool_unref_page()"),
    Gone("page_pool_put_defragged_page", "6.8", "page_pool_put_unrefed_page()"),
    Gone("page_pool_unlink_napi", "6.9", "page_pool_disable_direct_recycling()"),
    Gone("PP_FLAG_PAGE_FRAG", "6.7"),
    Gone("PAGE_POOL_DMA_USE_PP_FRAG_COUNT", "6.7"),
    Gone("net/page_pool.h", "6.6", "<net/page_pool/helpers.h>"),
)
_BY_NAME = {row.name: row for row in ROWS}


def gone(name: str, release: str = "") -> Gone | None:
    """What is said of a name that a release no longer has; None for one that it has.

    Without a release: of one that any does not have.
    """
    row = _BY_NAME.get(name)
    if row is None:
        known = BY_NAME.get(name)
        if known is None or not known.until:
            return None
        row = Gone(name, known.until, f"{known.partner}()" if known.partner else "")
    return None if release and present("", row.until, release) else row


@cache
def names() -> tuple[bytes, ...]:
    """All names that some release no longer has."""
    return tuple(name.encode() for name in (*_BY_NAME, *BY_NAME) if gone(name) is not None)
