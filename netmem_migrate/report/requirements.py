# SPDX-License-Identifier: GPL-2.0-only
"""Judge a driver by the requirements of Documentation/networking/netmem.rst.

The judgement is by evidence in the source: a name that is there, or one that is not. Where the
source alone cannot tell, the status is "unknown".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow.unreadable import flags
from netmem_migrate.results import Action, Requirement, Site

_Evidence = tuple[tuple[str, int, str], ...]
_SHOWN = 3


def requirements_of(sources: Mapping[str, bytes], files: Sequence[str],
                    sites: Sequence[Site]) -> dict[str, Requirement]:
    """One `Requirement` for each of rx.1 to rx.7 and tx.1 to tx.2."""
    code = {file: code_of(sources[file]) for file in files if file in sources}

    def find(pattern: bytes) -> _Evidence:
        return _find(code, sources, re.compile(pattern))

    pool = find(rb"\bpage_pool_create\w*\s*\(")
    split = find(rb"\bETHTOOL_RING_USE_TCP_DATA_SPLIT\b|\btcp_data_split\b")
    netmem = find(rb"\b\w*_netmems?\w*\s*\(|\bnetmem_ref\b")
    unreadable = _shown(sources, ((file, start) for file in code for start in flags(sources[file])))
    mapped, synced = find(rb"\bPP_FLAG_DMA_MAP\b"), find(rb"\bPP_FLAG_DMA_SYNC_DEV\b")
    pool_sync = find(rb"\bpage_pool_dma_sync_(?:netmem_)?for_cpu\s*\(")
    raw_sync = find(rb"\bdma_sync_single_(?:range_)?for_cpu\s*\(")
    recycling = find(rb"\b(?:page_ref_(?:add|sub|inc)|page_count|page_ref_count"
                     rb"|dev_page_is_reusable|__page_frag_cache_drain)\s*\(")
    unmap = find(rb"\bnetmem_dma_unmap_(?:page_attrs|addr_set)\b")
    raw_unmap = find(rb"\bdma_unmap_page(?:_attrs)?\s*\(")
    declared = find(rb"\bnetmem_tx\b")
    left = [site for site in sites if site.reason is None or not site.reason.by_design]
    page_sites = tuple((site.file, site.line, f"{site.call}()") for site in left)[:_SHOWN]
    moved = all(site.action is not Action.KEPT for site in left)
    if not pool:
        return {}
    return {
        "rx.1": Requirement("met", pool),
        "rx.2": Requirement("met" if split else "unmet", split),
        "rx.3": Requirement("unmet", page_sites) if left and not (netmem and moved)
        else Requirement("met" if netmem else "unmet", netmem),
        "rx.4": Requirement("met" if mapped and synced else "unmet", (*mapped, *synced)[:_SHOWN]),
        "rx.5": Requirement("met" if unreadable else "unmet", unreadable),
        "rx.6": Requirement("unmet", raw_sync) if raw_sync
        else Requirement("met" if pool_sync else "unknown", pool_sync),
        "rx.7": Requirement("unmet" if recycling else "met", recycling),
        "tx.1": Requirement("met", unmap) if unmap and not raw_unmap
        else Requirement("unmet" if raw_unmap else "unknown", raw_unmap),
        "tx.2": Requirement("met" if declared else "unmet", declared),
    }


def _find(code: Mapping[str, bytes], sources: Mapping[str, bytes],
          pattern: re.Pattern[bytes]) -> _Evidence:
    return _shown(sources, ((file, match.start()) for file, text in code.items()
                            for match in pattern.finditer(text)))


def _shown(sources: Mapping[str, bytes], places: Iterable[tuple[str, int]]) -> _Evidence:
    """The lines at the first of some offsets."""
    found: list[tuple[str, int, str]] = []
    for file, offset in islice(places, _SHOWN):
        source = sources[file]
        start = source.rfind(b"\n", 0, offset) + 1
        end = source.find(b"\n", offset)
        shown = source[start:end].strip().decode("utf-8", "replace")
        found.append((file, source.count(b"\n", 0, offset) + 1, shown))
    return tuple(found)
