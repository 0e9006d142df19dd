# SPDX-License-Identifier: GPL-2.0-only
"""Which netmem names the target tree has; its own headers win over what is bundled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.errors import InputError
from netmem_migrate.model.twins import TWINS, Twin

HEADERS = (
    "include/net/page_pool/helpers.h",
    "include/net/page_pool/types.h",
    "include/net/netmem.h",
    "include/linux/skbuff.h",
    "include/net/xdp.h",
)

# Bundled API levels: names that a level lacks, and names that are another function there.
MISSING: dict[str, frozenset[str]] = {
    "6.12": frozenset({
        "page_pool_alloc_netmems", "page_pool_dev_alloc_netmems", "page_pool_dev_alloc_netmem",
        "page_pool_recycle_direct_netmem", "page_pool_dma_sync_netmem_for_cpu",
        "get_netmem", "put_netmem", "skb_can_coalesce_netmem", "netmem_to_nmdesc",
        "netmem_is_pfmemalloc", "virt_to_netmem",
    }),
    "7.3": frozenset(),
}
PARAMETERS: dict[str, dict[str, int]] = {
    "6.12": {"page_pool_alloc_netmem": 2},
    "7.3": {"page_pool_alloc_netmem": 4},
}
NEWEST = "7.3"

_NAME = re.compile(rb"\b(\w*netmem\w*)\s*\(")
_PROTOTYPE = re.compile(rb"\b(\w+)\s*\(([^(){};]*)\)\s*[;{]")


@dataclass(frozen=True, slots=True)
class Target:
    """The netmem API of one kernel.

    `api` is its level, `names` the netmem functions of its headers (None: what is bundled of the
    level), `parameters` how many a function takes, where that is known.
    """

    api: str
    names: frozenset[str] | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)

    def has(self, name: str) -> bool:
        """Whether there is a function of this name."""
        return name not in MISSING[self.api] if self.names is None else name in self.names

    def fits(self, form: Twin) -> bool:
        """Whether there is the function of a form, with the parameters that it should have.

        That is those of the page function, and what is extra; a kernel that changes both keeps
        them twins. 6.12 and later releases have two functions of one name.
        """
        takes = self.parameters.get(form.netmem)
        page = self.parameters.get(form.page)
        wanted = form.parameters if page is None else page + bool(form.extra)
        return self.has(form.netmem) and takes in (None, wanted)

    def choose(self, twin: Twin) -> Twin | None:
        """The first form of a row that this kernel has; None if it has none."""
        return next((one for one in twin.forms if self.fits(one)), None)


def from_tree(root: Path, api: str) -> Target:
    """Read the names from a tree's headers. Raises InputError if it predates netmem."""
    names: set[str] = set()
    counts: dict[str, int] = {}
    for header in HEADERS:
        try:
            data = code_of((root / header).read_bytes())
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
    names_of_both = names | {twin.page for twin in TWINS}
    return Target(api, frozenset(names),
                  {name: counts[name] for name in names_of_both & counts.keys()})


def bundled(api: str | None) -> Target:
    """The bundled model at an API level. Raises InputError for a level it does not know."""
    level = api or NEWEST
    if level not in MISSING:
        raise InputError(f"unknown API level {level}; known: {', '.join(sorted(MISSING))}")
    return Target(level, None, PARAMETERS[level])
