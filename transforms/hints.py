# SPDX-License-Identifier: GPL-2.0-only
"""Drop prefetches of a struct page, in a patch of their own before the conversion.

prefetchw(page) asks for the cache line of the page's descriptor. A netmem has no descriptor that a
driver may name, and the call is a hint only, so it goes; but dropping it changes the code, so that
it is a preparatory patch and no part of the conversion. A prefetch that is no statement on a line
of its own, that a comment stands above, or without which a local would be unused, refuses the slot:
a person has to drop it. Prefetches of the memory itself, prefetch(page_address(page)), stay.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow.graph import UseKind

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="hints",
    summary="prefetches of a page's descriptor are dropped, in a patch of their own",
    before="""\
void show(struct rx_buf *buf)
{
	prefetchw(buf->page);
	deliver(page_address(buf->page));
}
""",
    after="""\
void show(struct rx_buf *buf)
{
	deliver(netmem_address(buf->netmem));
}
""",
    follows="include/linux/prefetch.h",
    order=5,
    prepares=True,
)


def edits(work: Work) -> Iterator[Edit]:
    """Remove the lines of the hints whose page moves."""
    for use in work.analysis.graph.uses:
        if use.kind is UseKind.HINT and work.moves(use.slot):
            source = work.analysis.sources[use.place.file]
            start, end = _lines(source, use.place.node.start_byte, use.place.node.end_byte)
            yield work.edit(PASS, use.place.file, start, end, b"",
                            "a netmem has no descriptor to prefetch")


def _lines(source: bytes, start: int, end: int) -> tuple[int, int]:
    """The lines of a statement, with the blank one that would be left over."""
    start = source.rfind(b"\n", 0, start) + 1
    end = source.find(b"\n", end) + 1 or len(source)
    above = source[source.rfind(b"\n", 0, max(start - 1, 0)) + 1:start].strip()
    stop = source.find(b"\n", end) + 1 or len(source)
    below = source[end:stop].strip()
    if not below and (not above or above.endswith(b"{")):
        return start, stop
    if not above and below.startswith(b"}"):
        return source.rfind(b"\n", 0, start - 1) + 1, end
    return start, end
