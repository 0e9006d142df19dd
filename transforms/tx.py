# SPDX-License-Identifier: GPL-2.0-only
"""Keep the addresses of frags that are sent, and unmap them, by netmem.

Memory that is no page has no mapping of the driver's own: an address of it must not be unmapped.
netmem_dma_unmap_addr_set() stores 0 for it, and netmem_dma_unmap_page_attrs() does nothing then.
The first stands behind the last use of what is stored for the hardware, so that for pages the code
is the same; the second at every unmap of that member as a page: completion, error path, teardown,
in any file. Done only where T1 to T3 hold (docs/preparing.md): what is stored is read for unmaps
and their own tests only, the frag at the helper is the one that was mapped into that slot, and
every unmap is found. Refused with the condition and the place anywhere else. It needs no conversion
of what the driver receives.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.spelled import SETS_NETMEM, UNMAPS_NETMEM
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, FileChange, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.tx.sites import Made

_TITLE = "keep and unmap DMA addresses of Tx frags by netmem"
_WHY = (": memory that is no page has no mapping of the driver's own, and must not be unmapped "
        "(Documentation/networking/netmem.rst).")
_WHAT = ("netmem_dma_unmap_addr_set() keeps 0 in the place of the address of such memory, behind "
         "the last use of what is kept for the hardware, and netmem_dma_unmap_page_attrs() does "
         "not unmap 0. For pages the same address is kept and unmapped as before, but for one that "
         "is 0: that is never unmapped any more. ")
_KEEPS = ("Without CONFIG_NEED_DMA_MAP_STATE the helper keeps nothing: a member that is there "
          "without it keeps the address of whatever memory, and unmapping does nothing. ")
_LEFT = "What was mapped as the head of a packet is kept and unmapped as before."
_TESTS = (" Where the driver asks for an address before it unmaps, it passes over such memory; "
          "what else stands in that block is set again with the next address, or only says how to "
          "unmap.")

PASS = Pass(
    id="tx",
    summary="addresses of frags that are sent are kept, and unmapped, by netmem",
    before="""\
struct demo_tx {
	dma_addr_t dma;
	u32 len;
};

int demo_map(struct device *dev, struct demo_tx *tx, struct demo_desc *desc,
	     const skb_frag_t *frag)
{
	tx->len = skb_frag_size(frag);
	tx->dma = skb_frag_dma_map(dev, frag, 0, tx->len, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, tx->dma))
		return -ENOMEM;

	desc->addr = cpu_to_le64(tx->dma);
	return 0;
}

void demo_unmap(struct device *dev, struct demo_tx *tx)
{
	dma_unmap_page(dev, tx->dma, tx->len, DMA_TO_DEVICE);
}
""",
    after="""\
struct demo_tx {
	dma_addr_t dma;
	u32 len;
};

int demo_map(struct device *dev, struct demo_tx *tx, struct demo_desc *desc,
	     const skb_frag_t *frag)
{
	tx->len = skb_frag_size(frag);
	tx->dma = skb_frag_dma_map(dev, frag, 0, tx->len, DMA_TO_DEVICE);
	if (dma_mapping_error(dev, tx->dma))
		return -ENOMEM;

	desc->addr = cpu_to_le64(tx->dma);
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, tx->dma);
	return 0;
}

void demo_unmap(struct device *dev, struct demo_tx *tx)
{
	netmem_dma_unmap_page_attrs(dev, tx->dma, tx->len, DMA_TO_DEVICE, 0);
}
""",
    behind=True,
    proven=True,
    words={
        "tx": (_TITLE, _WHY, _WHAT + _KEEPS + _LEFT),
        "tested": (_TITLE, _WHY, _WHAT + _KEEPS + _LEFT + _TESTS),
    },
    follows="include/net/netmem.h",
    order=95,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each slot that gets the helpers, and the edits that make it."""
    for one in [] if lacking(work) else _found(work)[0]:
        first = one.sets[0]
        reason = Reason(Why.RAW_FRAGS, slot=one.title, file=first.scope.file, line=first.line)
        yield (Room(PASS.id, "tested" if one.tested else "tx", one.title, SETS_NETMEM,
                    first.scope.file, first.line, reason),
               [work.edit(PASS, each.scope.file, each.start, each.end, each.text,
                          "kept and unmapped by netmem") for each in one.splices])


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """What keeps frags' addresses as pages', with the condition that does not hold."""
    made, refused = _found(work)
    yield from refused
    name = lacking(work)
    for one in made if name else ():
        first = one.sets[0]
        yield Reason(Why.TX_NO_API, name, slot=one.title, file=first.scope.file, line=first.line)


def _found(work: Work) -> tuple[list[Made], list[Reason]]:
    """What gets the helpers, and what does not."""
    # Every command line loads the passes: what follows a driver is loaded where one is read.
    from netmem_migrate.flow.tx.sites import sites

    found = work.once(sites)
    return ([one for one in found if not isinstance(one, Reason)],
            [one for one in found if isinstance(one, Reason)])


def lacking(work: Work) -> str:
    """A helper that the kernel does not have, or ""."""
    return next((one for one in (SETS_NETMEM, *UNMAPS_NETMEM)
                 if not work.analysis.target.has(one)), "")


def told(change: FileChange) -> FileChange:
    """A change without the sets and unmaps that it turns, where it does nothing else: for the
    check, memory is kept and unmapped as before."""
    from netmem_migrate.flow.tx.text import turned

    found = turned({change.path: change.parsed_before}, {change.path: change.parsed_after})
    return replace(change, before=change.after) if found is not None else change
