# SPDX-License-Identifier: GPL-2.0-only
"""Read a netmem as a page where only a page will do, through one commented accessor.

Only with --allow-accessor, only in one source file, and only for a driver that does not set
PP_FLAG_ALLOW_UNREADABLE_NETMEM: then the pool's memory is pages, which the accessor says. Reviewers
reject netmem_to_page() that is strewn over a driver; without the option the slot stays a page.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.passes import Pass

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.graph import Place
    from netmem_migrate.results import Edit

PASS = Pass(
    id="accessor",
    summary="where only a page will do, read it through one commented accessor",
    before="""\
void demo_show(struct rx_buf *buf)
{
	foreign(buf->page);
}
""",
    after="""\
/* These buffers are pages: their pool does not set
 * PP_FLAG_ALLOW_UNREADABLE_NETMEM.
 */
static struct page *demo_netmem_page(netmem_ref netmem)
{
	return netmem_to_page(netmem);
}

void demo_show(struct rx_buf *buf)
{
	foreign(demo_netmem_page(buf->netmem));
}
""",
    option="--allow-accessor",
    accessor=True,
    follows="Documentation/networking/netmem.rst",
    order=105,
)

_TEXT = """\
/* These buffers are pages: their pool does not set
 * PP_FLAG_ALLOW_UNREADABLE_NETMEM.
 */
static struct page *{name}(netmem_ref netmem)
{{
	return netmem_to_page(netmem);
}}

"""


def edits(work: Work) -> Iterator[Edit]:
    """Wrap each use that needs a page, and define the accessor in front of the first."""
    accesses = work.analysis.solution.accesses
    if not accesses:
        return
    file = accesses[0].place.file
    source = work.analysis.sources[file]
    first = min((one.place for one in accesses), key=lambda place: place.node.start_byte)
    name = _name(work, first)
    why = "only a page will do here"
    for one in accesses:
        node = one.place.node
        yield work.edit(PASS, file, node.start_byte, node.start_byte, name.encode() + b"(", why)
        yield work.edit(PASS, file, node.end_byte, node.end_byte, b")", why)
    start = _before(work, file, first.node.start_byte)
    text = _TEXT.format(name=name).encode()
    newline = b"\r\n" if b"\r\n" in source else b"\n"
    yield work.edit(PASS, file, start, start, text.replace(b"\n", newline), why)


def _name(work: Work, first: Place) -> str:
    """PREFIX_netmem_page, by the prefix of the function that uses it first."""
    name = f"{first.function.split('_')[0]}_netmem_page"
    while any(re.search(rb"\b" + name.encode() + rb"\b", text)
              for text in work.analysis.sources.values()):
        name += "_"
    return name


def _before(work: Work, file: str, offset: int) -> int:
    """The start of the function around an offset, its comment included."""
    source = work.analysis.sources[file]
    function = next(one for functions in work.analysis.symbols.functions.values()
                    for one in functions if one.file == file and one.body is not None
                    and one.node.start_byte <= offset < one.node.end_byte)
    node = function.node
    while node.prev_sibling is not None and node.prev_sibling.type == "comment" and \
            not code_of(source)[node.prev_sibling.start_byte:node.start_byte].strip() and \
            source.count(b"\n", node.prev_sibling.end_byte, node.start_byte) <= 1:
        node = node.prev_sibling
    return source.rfind(b"\n", 0, node.start_byte) + 1
