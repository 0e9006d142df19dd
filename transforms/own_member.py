# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps only the address of a page gets a member for the page itself beside it.

The member is set right behind the address, and read where the page was found again by the address
(virt_to_head_page()). Only where each store of the address is `X->address = page_address(page)`,
with something added or not, or NULL, and where the address is not given away. virt_to_page() is
left where something is added to the address: it may find another page than the head.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.beside import beside
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import include_lines
from netmem_migrate.convert.passes import Pass
from netmem_migrate.convert.text import columns
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
_FIELDS = ("field_declaration_list", "struct_specifier", "union_specifier", "field_declaration")


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each record that can keep its pages, and the edits that make it so."""
    for member in _members(work):
        name = _name(work)
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
    members = {key: into for key in graph.addresses.given if (into := {
        one for one in graph.addresses.flows.get(key, ()) if one[0] == "member"})}
    if not members:
        return
    back = graph.predecessors()
    foreign = {bridge.into for bridge in graph.bridges if bridge.foreign}
    known: set[Key] = set()
    others: set[Key] = set()
    for key, into in members.items():
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


def _name(work: Work) -> str:
    """A name that no member of anything has in the driver's files; "" for none."""
    texts = [parsed.source for parsed in work.analysis.symbols.files.values()]
    return next((name for name in _NAMES if not any(
        re.search(rb"(?:->|\.)\s*%b\b|\*\s*%b\s*;" % (name.encode(), name.encode()), text)
        for text in texts)), "")


def _is_whole(work: Work, member: Member, made: list[Edit]) -> bool:
    """Whether that is all there is to be done, for the check and the proof, too."""
    from netmem_migrate.convert.edits import apply

    changes = apply(work, made, ())
    # What another file of the driver does with the address counts as well.
    analysis = work.analysis
    rest = {file: analysis.symbols.texts.parse(analysis.originals[file])
            for file in _seeing(work, member.file) if member.name in analysis.originals[file]}
    before = rest | {one.path: one.parsed_before for one in changes}
    after = rest | {one.path: one.parsed_after for one in changes}
    return beside(before, after, ASKS, FINDS, READS) is not None


def _seeing(work: Work, file: str) -> list[str]:
    """The files of the driver that see what one declares, by the names of what they include."""
    texts = {one: work.analysis.originals[one] for one in work.analysis.driver.files
             if one in work.analysis.originals}
    included = {one: {name.rpartition(b"/")[2].decode("latin-1")
                      for _, name in include_lines(text)} for one, text in texts.items()}
    found = [file]
    for seen in found:
        name = seen.rpartition("/")[2]
        found += [one for one, names in included.items() if name in names and one not in found]
    return found


def _edits(work: Work, member: Member, name: str) -> Iterator[Edit]:
    newline = b"\r\n" if b"\r\n" in work.analysis.originals[member.file] else b"\n"
    anchor = _anchor(member.declaration)
    end = _end(work, member.file, anchor)
    yield work.edit(PASS, member.file, end, end,
                    newline + _declared(work, member, anchor, name), "the page itself")
    yield from _told(work, member, anchor, name, newline)
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
                end = _end(work, file, statement)
                yield work.edit(PASS, file, end, end, text, "the page of this address")


def _told(work: Work, member: Member, anchor: Node, name: str,
          newline: bytes) -> Iterator[Edit]:
    """A line in the kernel-doc comment of a record that tells of its members."""
    source = work.analysis.originals[member.file]
    record: Node | None = anchor
    while record is not None and record.parent is not None and \
            record.parent.type != "translation_unit":
        record = record.parent
    comment = record.prev_sibling if record is not None else None
    if comment is None or comment.type != "comment":
        return
    text = source[comment.start_byte:comment.end_byte]
    told = re.search(rb"(?m)^([ \t]*\*[ \t]*)@%b:[^\n]*\n(?:[ \t]*\*[ \t]*[^@\s/][^\n]*\n)*"
                     % member.name, text)
    if told is not None:
        at = comment.start_byte + told.end()
        yield work.edit(PASS, member.file, at, at, told[1] + b"@%b: page that @%b lies in"
                        % (name.encode(), member.name) + newline, "the page itself")


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


def _end(work: Work, file: str, node: Node) -> int:
    """Where the line of a node ends, or the node, if something stands behind it."""
    source = work.analysis.originals[file]
    end = source.find(b"\n", node.end_byte)
    rest = source[node.end_byte:end].rstrip()
    alone = not rest or re.fullmatch(rb"\s*/\*(?:(?!\*/).)*\*/|\s*//.*", rest) is not None
    return node.end_byte + len(rest) if alone and end > 0 else node.end_byte


def _anchor(declaration: Node) -> Node:
    """What a member is declared behind: its own declaration, or the anonymous union around it."""
    node = declaration
    while node.parent is not None and node.parent.type in _FIELDS:
        around = node.parent.parent
        if around is None or around.child_by_field_name("name") is not None or \
                around.parent is None or around.parent.type != "field_declaration":
            break
        node = around.parent
    return node


def _declared(work: Work, member: Member, anchor: Node, name: str) -> bytes:
    """The declaration, laid out as that of the address is."""
    source = work.analysis.originals[member.file]
    start = source.rfind(b"\n", 0, anchor.start_byte) + 1
    indent = source[start:anchor.start_byte]
    declarator = member.declarator.node
    line = source.rfind(b"\n", 0, declarator.start_byte) + 1
    gap = b" "
    if anchor == member.declaration and b"\t" in source[
            member.declaration.start_byte:declarator.start_byte]:
        wanted = columns(source[line:declarator.start_byte])
        text = indent + b"struct page\t"
        while columns(text) < wanted:
            text += b"\t"
        gap = text[len(indent) + len(b"struct page"):]
    return indent + b"struct page" + gap + b"*" + name.encode() + b";"
