# SPDX-License-Identifier: GPL-2.0-only
"""What rows of netmem_migrate/model/forms.py assume of memory beside that it is a page.

The proof holds them against a tree (netmem_migrate/verify/partners.py): with what a row assumes
both of its forms give the same code, and without it they do not.
"""

from __future__ import annotations

from enum import StrEnum


class Assumption(StrEnum):
    """A predicate of the memory, or of its pool, under which both forms of a row are the same."""

    HEAD = "head page"
    OF_POOL = "page of a pool"
    POOL_SYNCS = "pool that syncs for the CPU"


TOLD: dict[Assumption, str] = {
    Assumption.OF_POOL: "page_pool_page_is_pp(p)",
    Assumption.POOL_SYNCS: "pool->dma_sync_for_cpu",
}
"""How the compiler is told, of a page `p` and a `pool`; of head pages it is told another way."""

CHECKED: dict[str, Assumption] = {
    "pp_page_to_nmdesc": Assumption.OF_POOL,
}
"""Page functions that with CONFIG_DEBUG_NET warn of a page of which something does not hold."""
