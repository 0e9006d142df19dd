# SPDX-License-Identifier: GPL-2.0-only
"""Unmap by the helper for netmem what was stored with it.

netmem_dma_unmap_addr_set() stores 0 for a net_iov, and netmem_dma_unmap_page_attrs() leaves an
address of 0 alone. An unmap by dma_unmap_page() or dma_unmap_page_attrs() of that member, on an
error path or where a ring is freed, unmaps 0 then: it becomes the helper. What is mapped by its
address, as a head is, is unmapped as before. Refused, with the place, where the member holds other
memory, too, where a macro sets it, where the function asks what the memory is, or whether there is
an address, and where it is unmapped as what was mapped by its address.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.spelled import KEEPS_NETMEM, UNMAPS_NETMEM
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, FileChange, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.unmaps import Raw

_FORMS = {b"dma_unmap_page": 4, b"dma_unmap_page_attrs": 5}

PASS = Pass(
    id="tx-fix",
    summary="what the helper for netmem stored is unmapped by its partner, too",
    before="""\
struct demo_tx {
	dma_addr_t dma;
};

void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}

void demo_free(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_unmap_page(dev, dma_unmap_addr(tx, dma), skb_frag_size(frag), DMA_TO_DEVICE);
}
""",
    after="""\
struct demo_tx {
	dma_addr_t dma;
};

void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}

void demo_free(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	netmem_dma_unmap_page_attrs(dev, dma_unmap_addr(tx, dma),
				    skb_frag_size(frag), DMA_TO_DEVICE, 0);
}
""",
    behind=True,
    words={
        "raw": ("unmap frags by the netmem helper in {slot}",
                ". For a net_iov that is 0: something is unmapped that was never mapped.",
                "Call {made} instead. It does nothing for 0; for any other address it is the same "
                "call as before. An address of 0 that is of a page is not unmapped then, either."),
    },
    below="If a net_iov can get there in a released kernel, this is a fix for net: name the commit "
          "that made the driver store the address so in a Fixes: tag. The tool does not know it.",
    follows="Documentation/networking/netmem.rst",
    order=94,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function with such unmaps, and the edits that turn them."""
    by_function: dict[tuple[str, int], list[Raw]] = {}
    for raw in _raws(work):
        if raw.why is None:
            key = raw.scope.file, raw.scope.node.start_byte
            by_function.setdefault(key, []).append(raw)
    all_ = [one for made in by_function.values() for one in made]
    members = ", ".join(dict.fromkeys(one.member for one in all_))
    places = ", ".join(dict.fromkeys(one.store.at for one in all_))
    for (file, _), made in by_function.items():
        scope = made[0].scope
        line = scope.line(made[0].call.node)
        reason = Reason(Why.RAW_UNMAP, by=members, other=places, slot=scope.title, file=file,
                        line=line)
        yield Room(PASS.id, "raw", scope.title, f"{UNMAPS_NETMEM[0]}()", file, line, reason), [
            one for raw in made for one in _turned(work, raw)]


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """The raw unmaps that stay, with what speaks for them."""
    for raw in _raws(work):
        if raw.why is not None:
            yield Reason(raw.why, by=raw.member, other=raw.other, slot=raw.scope.title,
                         file=raw.scope.file, line=raw.scope.line(raw.call.node))


def told(change: FileChange) -> FileChange:
    """A change without the unmaps that it turns."""
    from netmem_migrate.flow.unmaps import spelled_raw

    return replace(change, before=spelled_raw(change.parsed_before, change.parsed_after))


def _turned(work: Work, raw: Raw) -> Iterator[Edit]:
    call = raw.call
    yield work.edit(PASS, raw.scope.file, call.function.start_byte, call.function.end_byte,
                    UNMAPS_NETMEM[0].encode(), "stored with the helper for netmem")
    if call.name == b"dma_unmap_page":
        end = call.args[-1].end_byte
        yield work.edit(PASS, raw.scope.file, end, end, b", 0", "no attributes")


def _raws(work: Work) -> Iterator[Raw]:
    from netmem_migrate.flow.sync.scopes import World
    from netmem_migrate.flow.unmaps import raws

    sources = work.analysis.originals
    if not any(KEEPS_NETMEM.encode() in sources[file] for file in work.analysis.driver.files):
        return
    world = World(work.analysis)
    for _ in world.scopes():
        pass  # each file is read: a record may be declared in a header that nothing else needs
    for raw in raws(world):
        fits = len(raw.call.args) == _FORMS.get(raw.call.name, 0)
        yield raw if fits or raw.why is not None else replace(raw, why=Why.FIX_FORM)
