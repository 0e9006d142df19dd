# SPDX-License-Identifier: GPL-2.0-only
"""Name netmem for what it is.

A moved slot called page, pages, new_page or rx_page becomes netmem, netmems, new_netmem or
rx_netmem wherever it is used, in kernel-doc lines and in comments that name it. One that says it
is an address of memory, such as virt_addr, buf_virt_addr or rx_va, becomes netmem, buf_netmem or
rx_netmem. Where the new name is taken, the old one stays; functions keep their names.
`--keep-names` leaves this pass out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.comments import mentions
from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="names",
    summary="slots called page, or an address, become netmem",
    before="""\
bool filled(struct page_pool *pool, struct rx_buf *buf)
{
	struct page *new_page = page_pool_dev_alloc_pages(pool);

	buf->page = new_page;

	return !!new_page;
}
""",
    after="""\
bool filled(struct page_pool *pool, struct rx_buf *buf)
{
	netmem_ref new_netmem = page_pool_dev_alloc_netmems(pool);

	buf->netmem = new_netmem;

	return !!new_netmem;
}
""",
    follows="Documentation/networking/netmem.rst",
    order=120,
    renames=True,
)


def edits(work: Work) -> Iterator[Edit]:
    """Rename slots and what names them."""
    for slot, name in work.new_names.items():
        text = name.encode("latin-1")
        why = f"{slot.name} is a netmem now"
        done: set[tuple[str, int]] = set()
        for place in slot.names:
            if (place.file, place.node.start_byte) not in done:
                done.add((place.file, place.node.start_byte))
                yield work.replace(PASS, place, text, why)
        for spelling in slot.spellings:
            node = spelling.identifier
            if node is not None and (spelling.file, node.start_byte) not in done and \
                    work.text(spelling.file, node).decode("latin-1") == slot.short_name:
                done.add((spelling.file, node.start_byte))
                yield work.edit(PASS, spelling.file, node.start_byte, node.end_byte, text, why)
    for file, start, end, text, why in mentions(work):
        yield work.edit(PASS, file, start, end, text, why)
