# SPDX-License-Identifier: GPL-2.0-only
"""Which netmem names the target tree has; its own headers win over what is bundled."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.model.twins import TWINS
from netmem_migrate.results import InputError

HEADERS = (
    "include/net/page_pool/helpers.h",
    "include/net/page_pool/types.h",
    "include/net/netmem.h",
    "include/linux/skbuff.h",
    "include/net/xdp.h",
)

# Bundled API levels: names of model.twins that a level lacks (`api diff` territory).
MISSING: dict[str, frozenset[str]] = {
    "6.12": frozenset({
        "page_pool_alloc_netmems", "page_pool_dev_alloc_netmems", "page_pool_alloc_netmem",
        "page_pool_dev_alloc_netmem", "page_pool_recycle_direct_netmem",
        "skb_can_coalesce_netmem", "get_netmem", "put_netmem", "netmem_to_nmdesc",
        "page_pool_dma_sync_netmem_for_cpu", "netmem_is_pfmemalloc",
    }),
    "7.3": frozenset(),
}
NEWEST = "7.3"

_NAME = re.compile(rb"\b(\w*netmem\w*)\s*\(")
_PROTOTYPE = re.compile(rb"\b(\w+)\s*\(([^(){};]*)\)\s*[;{]")


@dataclass(frozen=True, slots=True)
class Target:
    """The netmem API of one kernel: `api` is its level, `has(name)` asks for one name."""

    api: str
    names: frozenset[str] | None = None

    def has(self, name: str) -> bool:
        if self.names is not None:
            return name in self.names
        return name not in MISSING[self.api]


def from_tree(root: Path, api: str) -> Target:
    """Read the names from a tree's headers. Raises InputError if it predates netmem."""
    names: set[str] = set()
    counts: dict[str, int] = {}
    for header in HEADERS:
        try:
            data = (root / header).read_bytes()
        except OSError:
            continue
        names.update(name.decode("ascii") for name in _NAME.findall(data))
        for function, parameters in _PROTOTYPE.findall(data):
            # A call of the same name has no types between its commas.
            if all(len(one.split()) > 1 for one in parameters.split(b",")):
                counts.setdefault(function.decode("ascii", "replace"), parameters.count(b",") + 1)
    if not names:
        raise InputError(f"{root}: this kernel has no netmem API (include/net/netmem.h); "
                         "6.12 is the oldest that can be converted")
    for twin in TWINS:
        mine, other = counts.get(twin.netmem), counts.get(twin.page)
        # 6.12 has page_pool_alloc_netmem() with other arguments: that is no twin.
        if mine is not None and other is not None and mine != other + bool(twin.extra):
            names.discard(twin.netmem)
    return Target(api, frozenset(names))


def bundled(api: str | None) -> Target:
    """The bundled model at an API level. Raises InputError for a level it does not know."""
    level = api or NEWEST
    if level not in MISSING:
        raise InputError(f"unknown API level {level}; known: {', '.join(sorted(MISSING))}")
    return Target(level)
