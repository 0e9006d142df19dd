# SPDX-License-Identifier: GPL-2.0-only
"""Judge a driver by the requirements of Documentation/networking/netmem.rst.

The judgement is by evidence in the source: a name that is there, or one that is not. Where the
source alone cannot tell, the status is unknown. What refuses a slot is a fact here too: the traits
of the model decide both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

from netmem_migrate.c.lines import line_of
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.flow.unreadable import flags
from netmem_migrate.flow.unreadable import named as word
from netmem_migrate.model import spelled
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.results import Action, Basis, Evidence, Requirement, Site, Standing

_Places = tuple[Evidence, ...]
_SHOWN = 3
_NETMEM = re.compile(rb"\b\w*_netmems?\w*\s*\(|\b" + spelled.REF.encode() + rb"\b")


def requirements_of(sources: Mapping[str, bytes], files: Sequence[str],
                    sites: Sequence[Site]) -> dict[str, Requirement]:
    """One `Requirement` for each of rx.1 to rx.7, tx.1 to tx.2, and for what netmem.rst does not
    name but the core asks for (queue-mgmt); none without a pool. Only `files` count.
    """
    code = {file: code_of(sources[file]) for file in files if file in sources}

    def find(*names: str) -> _Places:
        # What is set may be spelled by a macro of the driver.
        return _shown(sources, ((file, start) for file in code for start in sorted(
            at for name in names for at in word(sources[file], name.encode()))))

    def called(trait: Trait) -> _Places:
        return _find(code, sources,
                     re.compile(rb"\b(?:" + _either(named(trait)) + rb")\s*\("))

    pool = called(Trait.CREATES_POOL)
    if not pool:
        return {}
    mapped, synced = find(spelled.DMA_MAP), find(spelled.DMA_SYNC)
    unreadable = _shown(sources, ((file, start) for file in code for start in flags(sources[file])))
    counts = called(Trait.COUNTS)
    return {
        "rx.1": Requirement(Standing.MET, Basis.POOL, pool),
        "rx.2": _needs(Basis.DATA_SPLIT, find(*spelled.DATA_SPLIT)),
        "rx.3": _netmem(_find(code, sources, _NETMEM), sites),
        "rx.4": Requirement(Standing.MET if mapped and synced else Standing.UNMET,
                            Basis.POOL_FLAGS, (*mapped, *synced)[:_SHOWN]),
        "rx.5": _needs(Basis.UNREADABLE_FLAG, unreadable),
        "rx.6": _instead_of(Basis.RAW_SYNC, called(Trait.RAW_SYNC),
                            Basis.POOL_SYNC, called(Trait.POOL_SYNC)),
        "rx.7": Requirement(Standing.UNMET if counts else Standing.MET, Basis.PAGE_COUNTS, counts),
        "tx.1": _instead_of(Basis.RAW_UNMAP, called(Trait.RAW_UNMAP),
                            Basis.NETMEM_UNMAP, find(*named(Trait.NETMEM_UNMAP))),
        "tx.2": _needs(Basis.NETMEM_TX, find(spelled.NETMEM_TX)),
        "queue-mgmt": _needs(Basis.QUEUE_OPS, find(spelled.QUEUE_OPS)),
    }


def _needs(basis: Basis, found: _Places) -> Requirement:
    """A requirement that something is there."""
    return Requirement(Standing.MET if found else Standing.UNMET, basis, found)


def _instead_of(raw: Basis, found: _Places, good: Basis, other: _Places) -> Requirement:
    """A requirement that one thing is done and another is not; where neither is, who knows."""
    if found:
        return Requirement(Standing.UNMET, raw, found)
    return Requirement(Standing.MET if other else Standing.UNKNOWN, good, other)


def _netmem(netmem: _Places, sites: Sequence[Site]) -> Requirement:
    """That calls take netmems, but for those whose memory is the host's by design."""
    left = [site for site in sites if not site.by_design]
    if left and not (netmem and all(site.action is not Action.KEPT for site in left)):
        calls = tuple(Evidence(site.file, site.line, f"{site.call}()") for site in left)
        return Requirement(Standing.UNMET, Basis.PAGE_CALLS, calls[:_SHOWN])
    return _needs(Basis.NETMEM, netmem)


def _either(names: Sequence[str]) -> bytes:
    return "|".join(names).encode()


def _find(code: Mapping[str, bytes], sources: Mapping[str, bytes],
          pattern: re.Pattern[bytes]) -> _Places:
    return _shown(sources, ((file, match.start()) for file, text in code.items()
                            for match in pattern.finditer(text)))


def _shown(sources: Mapping[str, bytes], places: Iterable[tuple[str, int]]) -> _Places:
    """The lines at the first of some offsets."""
    found: list[Evidence] = []
    for file, offset in islice(places, _SHOWN):
        source = sources[file]
        start = source.rfind(b"\n", 0, offset) + 1
        end = source.find(b"\n", offset)
        shown = source[start:end].strip().decode("utf-8", "replace")
        found.append(Evidence(file, line_of(source, offset), shown))
    return tuple(found)
