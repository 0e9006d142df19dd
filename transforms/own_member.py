# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps only the address of a page keeps the page itself, instead of it or beside it.

Instead of it where nothing is added to the address, and each use says whether the page or the
address is meant, or only whether there is one: the address is asked for where the memory there is
read. Else the page gets a member of its own, which is set right behind the address, and read where
the page was found again by the address (virt_to_head_page()). Only where each store of the address
is `X->address = page_address(page)`, with something added or not, or NULL, and where the address is
not given away. virt_to_page() is left where something is added to the address: it may find another
page than the head.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.beside import accesses, beside
from netmem_migrate.c.find import nodes
from netmem_migrate.c.text import tokens
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import WORD
from netmem_migrate.convert import members
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow import keys
from netmem_migrate.flow.graph import reach
from netmem_migrate.flow.instead import (
    ADDRESSES,
    Parameter,
    Use,
    depth,
    functions,
    given,
    instead,
    is_read_at,
    parameter,
    pointed,
    uses,
)
from netmem_migrate.model.addresses import ASKS, FINDS, KNOWN
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.parse import ParsedFile
    from netmem_migrate.c.types import Member
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.graph import Slot
    from netmem_migrate.flow.instead import Access
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
        "instead": ("keep the page, not its address, in {slot}", ", by which it is found again.",
                    "Keep the page itself, as {made}, and take its address where the memory is "
                    "read."),
    },
    follows="Documentation/process/submitting-patches.rst",
    order=2,
)

_NAMES = ("page", "rx_page", "page_of")


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each record that can keep its pages, and the edits that make it so."""
    for member in _members(work):
        name = members.free_name(work, _NAMES)
        for kind, edits_, is_whole in (("instead", _instead, _is_instead),
                                       ("address", _edits, _is_whole)):
            made = list(edits_(work, member, name)) if name else []
            if made and is_whole(work, member, made):
                tag = member.record.rpartition(" ")[2]
                address = f"{tag}.{member.name.decode('latin-1')}"
                line = int(member.declaration.start_point[0]) + 1
                reason = Reason(Why.KEEPS_ADDRESS, slot=address, file=member.file, line=line)
                yield (Room(PASS.id, kind, address, f"{tag}.{name}", member.file, line, reason),
                       made)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _members(work: Work) -> Iterator[Member]:
    """The members of the driver's records that keep addresses of pages of its own."""
    graph = work.analysis.graph
    near = {key: into for key, into in graph.addresses.flows.items()
            if key[0] not in ("member", "global", "local", "return")}
    keeping = {key: into for key in graph.addresses.given if (into := {
        one for one in reach([key], near) if one[0] == "member"})}
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
    rest = _rest(work, member)
    before = rest | {one.path: one.parsed_before for one in changes}
    after = rest | {one.path: one.parsed_after for one in changes}
    return beside(before, after, KNOWN) is not None


def _is_instead(work: Work, member: Member, made: list[Edit]) -> bool:
    """The same of a page that is kept instead of the address."""
    from netmem_migrate.convert.edits import apply

    changes = apply(work, made, ())
    rest = _rest(work, member)
    return instead(rest | {one.path: one.parsed_before for one in changes},
                   rest | {one.path: one.parsed_after for one in changes}) is not None


def _rest(work: Work, member: Member) -> dict[str, ParsedFile]:
    """The files of the driver that see the record: what they do with it counts, and what they call
    of a header."""
    analysis = work.analysis
    return {file: analysis.symbols.texts.parse(analysis.originals[file])
            for file in members.seeing(work, member.file)}


def _edits(work: Work, member: Member, name: str) -> Iterator[Edit]:
    newline = members.newline(work, member.file)
    anchor = members.anchor(member.declaration)
    end = members.end(work, member.file, anchor)
    yield work.edit(PASS, member.file, end, end,
                    newline + members.declared(work, member, anchor, name), "the page itself")
    told = members.told(work, member, anchor, f"@{name}: page that @{member.name.decode()} lies in")
    if told is not None:
        yield work.edit(PASS, member.file, told[0], told[0], told[1], "the page itself")
    deep = max(depth(member.declaration), 0)
    files = {file: parsed for file, parsed in work.analysis.symbols.files.items()
             if file in work.analysis.driver.files}
    for use in accesses(files, member.name.decode("latin-1"), deep):
        if _is_of(work, use.path, use.name, member) is False:
            continue
        file, node, around = use.path, use.node, use.node.parent
        call = view.call(around.parent) if around is not None else None
        if call is not None and call.name.decode("latin-1") in FINDS and call.args == (node,):
            yield work.edit(PASS, file, call.node.start_byte, call.node.end_byte,
                            use.named(name.encode()), "the page that is kept")
        page = _asked(node)
        statement = around.parent if around is not None else None
        if page is not None and statement is not None:
            source = files[file].source
            start = source.rfind(b"\n", 0, statement.start_byte) + 1
            indent = source[start:statement.start_byte]
            text = newline + indent + use.named(name.encode()) + b" = " + page + b";"
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


def _instead(work: Work, member: Member, name: str) -> list[Edit]:
    """The edits with which the page is kept instead; none where that cannot be."""
    parsed = work.analysis.symbols.files[member.file]
    declaration = member.declaration
    named, deep = view.declared(member.declarator.node), depth(declaration)
    if named is None or deep < 0 or _is_told(work, member) or not any(
            tokens(parsed.text(declaration))[:len(one)] == one for one in ADDRESSES):
        return []
    made = list(_retyped(work, member.file, declaration, named, name.encode()))
    made += _told(work, member.file, declaration, member.name, f"@{name}: page of the buffer")
    files = {file: one for file, one in work.analysis.symbols.files.items()
             if file in work.analysis.driver.files}
    every = [(one, _is_of(work, one.path, one.name, member))
             for one in uses(files, member.name, deep)]
    if any(is_of is None for _, is_of in every):
        return []
    found = [one for one, is_of in every if is_of]
    parts = [_used(work, one, name.encode()) for one in found]
    parts += [_taking(work, one) for one in given(found)]
    return [*made, *(edit for part in parts for edit in part)] if all(parts) else []


def _is_told(work: Work, member: Member) -> bool:
    """Whether a comment beside the declaration of a member may tell what it is."""
    source, node = work.analysis.originals[member.file], member.declaration
    line = source[node.end_byte:source.find(b"\n", node.end_byte)]
    before = node.prev_named_sibling
    return bool(line.strip()) or (before is not None and before.type == "comment") or _is_named(
        source, node, member.name)


def _is_named(source: bytes, of: Node, name: bytes) -> bool:
    """Whether the comment of a record, or a function, names what is in it outside of its entry."""
    comment, told = members.above(of), members.entry(source, of, name)
    if comment is None:
        return False
    start, end = told[:2] if told is not None else (comment.start_byte,) * 2
    return name in WORD.findall(source[comment.start_byte:start] + source[end:comment.end_byte])


def _is_of(work: Work, path: str, name: Node, member: Member) -> bool | None:
    """Whether a name in a file is of a member, and not of another record's of that name; None where
    that is not known."""
    symbols = work.analysis.symbols
    around = view.function_around(symbols.files[path].tree.root_node, name)
    mine = next((one for several in symbols.functions.values() for one in several
                 if one.node == around), None)
    typed, of = Typed(symbols, path, mine), view.field(name.parent)
    base = view.bare(of.base) if of is not None else name
    type_ = typed.of(base)
    if base.type == "cast_expression" and (to := view.type_of(base)) is not None:
        type_ = Type(symbols.base_of(path, view.type_of(to)), ("p",))
    if type_ is None:
        return None
    type_ = (type_.target() if of is not None and of.arrow else type_) or type_
    found = symbols.member(type_, member.name, path)
    if found is not None:
        return keys.of_member(found) == keys.of_member(member)
    _, of_record, tag = symbols.resolve(type_).base.rpartition(" ")
    # By a macro, or by typeof(), it may be any.
    return None if tag.encode("latin-1") in symbols.macros or not of_record else False


def _retyped(work: Work, file: str, declaration: Node, named: Node, name: bytes) -> Iterator[Edit]:
    """A declaration of an address as that of a page."""
    type_ = view.type_of(declaration)
    if type_ is not None:
        yield work.edit(PASS, file, type_.start_byte, type_.end_byte, b"struct page",
                        "the page itself")
    yield work.edit(PASS, file, named.start_byte, named.end_byte, name, "the page itself")


def _told(work: Work, file: str, of: Node, name: bytes, line: str) -> Iterator[Edit]:
    """What a kernel-doc comment tells of a name, as what it is now."""
    told = members.entry(work.analysis.originals[file], of, name)
    if told is not None:
        yield work.edit(PASS, file, *told[:2],
                        told[2] + line.encode() + members.newline(work, file), "the page itself")


def _used(work: Work, use: Access, name: bytes) -> list[Edit]:
    """A use of an address as one of the page; nothing where it leaves open which."""
    node, named = use.node, use.name
    text, at = view.text(node), named.start_byte - node.start_byte
    made, why = text[:at] + name + text[at + len(view.text(named)):], "the page itself"
    around = view.outer(node).parent
    call = view.call(around.parent) if around is not None else None
    edits: list[Edit] = []
    if call is not None and call.name.decode("latin-1") in FINDS and len(call.args) == 1:
        node, why = call.node, "the page that is kept"
    elif is_read_at(node):
        made, why = ASKS[0].encode() + b"(" + made + b")", "its address"
    elif use.use is Use.SET:
        store, page = view.infix(around), _asked(use.node)
        if store is None or page is None:
            return []
        edits.append(work.edit(PASS, use.path, store.right.start_byte, store.right.end_byte, page,
                               why))
    elif use.use in (Use.PAGE, Use.ADDRESS, Use.OTHER):
        return []
    return [work.edit(PASS, use.path, node.start_byte, node.end_byte, made, why), *edits]


def _taking(work: Work, to: Parameter) -> list[Edit]:
    """A function that is given where an address is kept is given where the page is; nothing where
    it does something else with that."""
    symbols = work.analysis.symbols
    versions = [(path, function) for path, parsed in symbols.files.items()
                for function in functions(parsed, to.function)
                if path in work.analysis.driver.files]
    words = {word for _, function in versions for word in WORD.findall(view.text(function))}
    name = next((one for one in _NAMES if one.encode() not in words), "").encode()
    parts: list[list[Edit]] = []
    for path, function in versions if name else ():
        known = parameter(function, to.index)
        named = view.declared(known.child_by_field_name("declarator")) if known else None
        if known is None or named is None or _is_named(
                work.analysis.originals[path], function, view.text(named)):
            return []
        parts += [[*_retyped(work, path, known, named, name),
                   *_told(work, path, function, view.text(named),
                          f"@{name.decode()}: where to keep the page")],
                  *(_used(work, use, name) for use in pointed(
                      path, symbols.files[path], function, known, view.text(named)))]
    return [edit for part in parts for edit in part] if all(parts) else []
