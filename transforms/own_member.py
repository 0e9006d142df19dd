# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps only the address of a page gets a member for the page itself beside it.

The member is set right behind the address, and read where the page was found again by the address
(virt_to_head_page()). Only where each store of the address is `X->address = page_address(page)`,
with something added or not, or NULL, and where the address is not given away. virt_to_page() is
left where something is added to the address: it may find another page than the head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.beside import beside
from netmem_migrate.c.find import nodes
from netmem_migrate.convert import members
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow import keys
from netmem_migrate.flow.graph import reach
from netmem_migrate.model.addresses import ASKS, FINDS, READS
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.types import Member
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.graph import Slot
    from netmem_migrate.flow.keys import Key

PASS = Pass(
    id="own-member",
    summary="a record that keeps the address of a page keeps the page beside it",
    before="""\
struct demo_entry {
	void *buf;
	dma_addr_t dma;
};

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->buf = page_address(page) + NET_SKB_PAD;
	e->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = virt_to_head_page(e->buf);

	skb_add_rx_frag(skb, 0, page, e->buf - page_address(page), len,
			PAGE_SIZE);
}
""",
    after="""\
struct demo_entry {
	void *buf;
	struct page *rx_page;
	dma_addr_t dma;
};

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->buf = page_address(page) + NET_SKB_PAD;
	e->rx_page = page;
	e->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = e->rx_page;

	skb_add_rx_frag(skb, 0, page, e->buf - page_address(page), len,
			PAGE_SIZE);
}
""",
    prepares=True,
    words={
        "address": ("keep the page beside {slot}", ", by which it is found again.",
                    "Keep the page itself in {made}, set where {slot} is, and take it from there "
                    "instead of by the address."),
    },
    follows="Documentation/process/submitting-patches.rst",
    order=2,
)

_NAMES = ("page", "rx_page", "page_of")


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each record that can keep its pages, and the edits that make it so."""
    for member in _members(work):
        name = members.free_name(work, _NAMES)
        made = list(_edits(work, member, name)) if name else []
        if made and _is_whole(work, member, made):
            tag = member.record.rpartition(" ")[2]
            address = f"{tag}.{member.name.decode('latin-1')}"
            line = int(member.declaration.start_point[0]) + 1
            reason = Reason(Why.KEEPS_ADDRESS, slot=address, file=member.file, line=line)
            yield (Room(PASS.id, "address", address, f"{tag}.{name}", member.file, line, reason),
                   made)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _members(work: Work) -> Iterator[Member]:
    """The members of the driver's records that keep addresses of pages of its own."""
    graph = work.analysis.graph
    keeping = {key: into for key in graph.addresses.given if (into := {
        one for one in graph.addresses.flows.get(key, ()) if one[0] == "member"})}
    if not keeping:
        return
    back = graph.predecessors()
    foreign = {bridge.into for bridge in graph.bridges if bridge.foreign}
    known: set[Key] = set()
    others: set[Key] = set()
    for key, into in keeping.items():
        behind = reach([graph.addresses.given[key]], back)
        (known if _is_of_pool(behind) and foreign.isdisjoint(behind) else others).update(into)
    known -= others
    for records in work.analysis.symbols.records.values():
        for record in records:
            for member in record.members.values():
                if keys.of_member(member) in known and \
                        member.file in work.analysis.driver.files:
                    yield member


def _is_of_pool(behind: Iterable[Slot]) -> bool:
    """Whether a page comes from the pool, by what flows into it."""
    return any(one.twin is not None and one.twin.allocates for one in behind)


def _is_whole(work: Work, member: Member, made: list[Edit]) -> bool:
    """Whether that is all there is to be done, for the check and the proof, too."""
    from netmem_migrate.convert.edits import apply

    changes = apply(work, made, ())
    # What another file of the driver does with the address counts as well.
    analysis = work.analysis
    rest = {file: analysis.symbols.texts.parse(analysis.originals[file])
            for file in members.seeing(work, member.file)
            if member.name in analysis.originals[file]}
    before = rest | {one.path: one.parsed_before for one in changes}
    after = rest | {one.path: one.parsed_after for one in changes}
    return beside(before, after, ASKS, FINDS, READS) is not None


def _edits(work: Work, member: Member, name: str) -> Iterator[Edit]:
    newline = members.newline(work, member.file)
    anchor = members.anchor(member.declaration)
    end = members.end(work, member.file, anchor)
    yield work.edit(PASS, member.file, end, end,
                    newline + members.declared(work, member, anchor, name), "the page itself")
    told = members.told(work, member, anchor, f"@{name}: page that @{member.name.decode()} lies in")
    if told is not None:
        yield work.edit(PASS, member.file, told[0], told[0], told[1], "the page itself")
    address = member.name
    for file, parsed in work.analysis.symbols.files.items():
        if file not in work.analysis.driver.files:
            continue
        for node in nodes(parsed.tree.root_node, "field_expression"):
            where = view.field(node)
            if where is None or where.name != address or node.parent is None:
                continue
            base = parsed.text(node)[:where.member.start_byte - node.start_byte]
            call = view.call(node.parent.parent)
            if call is not None and call.name.decode("latin-1") in FINDS and \
                    call.args == (node,):
                yield work.edit(PASS, file, call.node.start_byte, call.node.end_byte,
                                base + name.encode(), "the page that is kept")
            page = _asked(node)
            statement = node.parent.parent
            if page is not None and statement is not None:
                start = parsed.source.rfind(b"\n", 0, statement.start_byte) + 1
                indent = parsed.source[start:statement.start_byte]
                text = newline + indent + base + name.encode() + b" = " + page + b";"
                end = members.end(work, file, statement)
                yield work.edit(PASS, file, end, end, text, "the page of this address")


def _asked(node: Node) -> bytes | None:
    """The page of which a member is set to the address."""
    found = view.infix(node.parent)
    if found is None or found.sign != "=" or found.left != node:
        return None
    for one in nodes(found.right, "call_expression"):
        call = view.call(one)
        if call is not None and call.name.decode("latin-1") in ASKS and len(call.args) == 1:
            return view.text(call.args[0])
    return None
