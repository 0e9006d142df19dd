# SPDX-License-Identifier: GPL-2.0-only
"""A member that holds the pool's memory in one mode only gets a second arm for that.

The mode is whether the ring has a page_pool, or the mark that the driver sets beside the pool's
pages (flow/modes.py). A use that is reached in the pool's mode alone takes the new arm, one that is
reached in the other keeps the member; where both reach it, the test is asked, if the use stands in
a statement of its own or in a call. Setting it to NULL clears both.

A `void *` needs no mode where each use says by itself whose memory it is of (flow/kinds.py): what
takes it for a page takes the new arm, and is cast no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.armed import armed, spelled_out
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import PAGE, Type
from netmem_migrate.c.words import WORD
from netmem_migrate.convert import members
from netmem_migrate.convert.layout import rewrite
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow import keys
from netmem_migrate.flow.graph import Kind, reach
from netmem_migrate.flow.kinds import are_two, cast_to_page, kinds
from netmem_migrate.flow.modes import Arm, modes
from netmem_migrate.flow.origins import Origin
from netmem_migrate.model.functions import SHORT_FOR
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.symbols import Macro
    from netmem_migrate.c.types import Member
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.graph import Slot
    from netmem_migrate.flow.modes import Modes, Use

PASS = Pass(
    id="union-arm",
    summary="a member that holds pool memory in one mode only gets an arm for that",
    before="""\
struct demo_ring {
	struct page_pool *page_pool;
	u32 size;
};

struct demo_buf {
	struct page *page;
	dma_addr_t dma;
};

int demo_fill(struct demo_ring *ring, struct demo_buf *buf)
{
	struct page *page;

	if (!ring->page_pool) {
		buf->page = alloc_page(GFP_ATOMIC);
		return buf->page ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -ENOMEM;

	buf->page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

void demo_frag(struct demo_ring *ring, struct demo_buf *buf,
	       struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, len, ring->size);
}

void demo_reuse(struct demo_ring *ring, struct demo_buf *buf)
{
	if (!ring->page_pool)
		page_ref_add(buf->page, 1);
}
""",
    after="""\
struct demo_ring {
	struct page_pool *page_pool;
	u32 size;
};

struct demo_buf {
	union {
		struct page *page;
		struct page *pp_page;
	};
	dma_addr_t dma;
};

int demo_fill(struct demo_ring *ring, struct demo_buf *buf)
{
	struct page *page;

	if (!ring->page_pool) {
		buf->page = alloc_page(GFP_ATOMIC);
		return buf->page ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -ENOMEM;

	buf->pp_page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

void demo_frag(struct demo_ring *ring, struct demo_buf *buf,
	       struct sk_buff *skb, int len)
{
	if (ring->page_pool)
		skb_add_rx_frag(skb, 0, buf->pp_page, 0, len, ring->size);
	else
		skb_add_rx_frag(skb, 0, buf->page, 0, len, ring->size);
}

void demo_reuse(struct demo_ring *ring, struct demo_buf *buf)
{
	if (!ring->page_pool)
		page_ref_add(buf->page, 1);
}
""",
    prepares=True,
    words={
        "union": ("give {slot} an arm for the page_pool",
                  " where the ring has no page_pool, so that it cannot be converted alone.",
                  "Give the memory of the pool an arm of its own, {made}, in a union with it. A "
                  "use that is reached in either mode asks in which it is."),
        "kinds": ("give {slot} an arm for the page_pool",
                  ", so that it cannot be converted alone.",
                  "Give the memory of the pool an arm of its own, {made}, in a union with it: "
                  "what takes it for a page names that."),
    },
    follows="Documentation/process/submitting-patches.rst",
    order=3,
)

_NAMES = {True: ("page", "rx_page", "pp_page"), False: ("pp_page", "pool_page")}
_VOID = Type("void", ("p",))
_PAGE = Type(PAGE, ("p",))
_CALL = "call_expression"
_EMPTY = re.compile(rb"\{\s*(?:0|NULL)?\s*,?\s*\}")
_MOST = 64  # uses that ask in which mode they are


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each member that can have two arms, and the edits that make it so."""
    for member, slot in _members(work):
        found, kind = modes(work.analysis, [slot]), "union"
        if found is None and slot.void and not member.in_union:
            found, kind = kinds(work.analysis, [slot]), "kinds"
            found = found if found is not None and are_two(found) else None
        name = members.free_name(work, _NAMES[slot.void])
        if found is None or not name or _is_hidden(work, member):
            continue
        # What is allocated says more than what is only passed on.
        kept = Origin.OTHER if kind == "union" else Origin.THING
        other = min((one for one in found.uses if one.origin is kept),
                    key=lambda one: view.call(one.stored) is None, default=None)
        made = _edits(work, member, found, name.encode())
        if other is None or made is None or not _is_whole(work, made):
            continue
        tag = member.record.rpartition(" ")[2]
        reason = Reason(Why.HOLDS_TOO, _given(work, other), slot=slot.name,
                        file=other.place.file, line=other.place.line)
        yield (Room(PASS.id, kind, slot.name, f"{tag}.{name}", member.file,
                    int(member.declaration.start_point[0]) + 1, reason), made)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _members(work: Work) -> Iterator[tuple[Member, Slot]]:
    """The members of the driver's records that hold a page and do not move."""
    analysis = work.analysis
    held = {key: slot for key, slot in analysis.graph.slots.items()
            if slot.kind is Kind.MEMBER and slot not in analysis.solution.moved and slot.names}
    back = analysis.graph.predecessors() if held else {}
    held = {key: slot for key, slot in held.items() if any(
        one.of_pool for one in reach([slot], back))}
    if not held:
        return
    for records in list(analysis.symbols.records.values()):
        for record in records:
            for member in record.members.values():
                slot = held.get(keys.of_member(member))
                if slot is not None and member.type in (_VOID, _PAGE) and \
                        member.file in analysis.driver.files and len(
                            member.declaration.children_by_field_name("declarator")) == 1 and \
                        b"#" not in _record(work, member):
                    yield member, slot


def _record(work: Work, member: Member) -> bytes:
    """The text of the record around a member."""
    node = members.anchor(member.declaration).parent
    return work.text(member.file, node) if node is not None else b"#"


def _is_hidden(work: Work, member: Member) -> bool:
    """Whether a macro or an initialiser may use a member, or set it, where nobody follows it."""
    name, tag = member.name, member.record.rpartition(" ")[2].encode("latin-1")
    graph = work.analysis.graph
    if name in graph.unresolved_members or any(one == name for one, _ in graph.macro_members):
        return True  # a use of a record whose type is not known
    for macros in list(work.analysis.symbols.macros.values()):
        for macro in macros:
            if any(_cast(macro.body[:use.start()]) in (b"", tag)
                   for use in re.finditer(rb"(?:->|\.)\s*%b\b" % re.escape(name), macro.body)):
                return True
            if name not in macro.parameters and re.search(
                    rb"[(,]\s*%b\s*[,)]" % re.escape(name), macro.body) and any(
                        _takes_member(other) for one in set(WORD.findall(macro.body))
                        for other in work.analysis.symbols.macros.get(one, ())):
                return True
    spelled = _spelled(work, member.record)
    for file in work.analysis.driver.files:
        parsed = work.analysis.symbols.files.get(file)
        source = work.analysis.originals.get(file, b"")
        if parsed is None:
            if not spelled.search(source):
                continue
            parsed = work.analysis.symbols.texts.parse(source)  # it names no page
        given = {call.name for call in (
                     view.calls(parsed.tree.root_node) if name in parsed.masked else ())
                 if any(arg.type == "identifier" and view.text(arg) == name for arg in call.args)}
        if any(_takes_member(macro) for one in given
               for macro in work.analysis.symbols.macros.get(one, ())):
            return True
        for node in nodes(parsed.tree.root_node, "declaration", "compound_literal_expression"):
            if spelled.search(parsed.text(node)) and any(
                    view.children(one) and not _EMPTY.fullmatch(parsed.text(one))
                    for one in nodes(node, "initializer_list")):
                return True
    return False


def _spelled(work: Work, record: str) -> re.Pattern[bytes]:
    """What spells the type of a record, or of one that holds it, or may: typeof()."""
    symbols = work.analysis.symbols
    around: dict[str, list[str]] = {}
    for records in list(symbols.records.values()):
        for one in records:
            for inner in one.members.values():
                type_ = symbols.resolve(inner.type)
                if "p" not in type_.derivations:
                    around.setdefault(type_.base, []).append(one.tag)
    holders = set(reach([record], around))
    names = [rb"(?:struct|union)\s+%b" % re.escape(tag.rpartition(" ")[2].encode("latin-1"))
             for tag in sorted(holders)]
    names += [re.escape(name.encode("latin-1")) for name, target in symbols.typedefs.items()
              if symbols.resolve(target).base in holders]
    return re.compile(rb"\b(?:%b|(?:__)?typeof(?:__)?)\b" % b"|".join(names))


def _cast(before: bytes) -> bytes:
    """The tag of the record that what ends there is said to be, b"" for none."""
    text = before.rstrip()
    if not text.endswith(b")"):
        return b""
    depth = 0
    for at in range(len(text) - 1, -1, -1):
        depth += (text[at] == 0x29) - (text[at] == 0x28)
        if not depth:
            found = re.match(rb"\(\s*\(\s*struct\s+(\w+)\s*\*\s*\)", text[at:])
            return found[1] if found is not None else b""
    return b""


def _takes_member(macro: Macro) -> bool:
    return any(re.search(rb"(?:->|\.)\s*%b\b|##" % one, macro.body) for one in macro.parameters)


def _is_whole(work: Work, made: list[Edit]) -> bool:
    """Whether that is all there is to be done, for the check and the proof, too."""
    from netmem_migrate.convert.edits import apply

    changes = apply(work, made, ())
    found = armed({one.path: one.parsed_before for one in changes},
                  {one.path: one.parsed_after for one in changes}, SHORT_FOR)
    return found is not None and not found.bare


def _edits(work: Work, member: Member, found: Modes, name: bytes) -> list[Edit] | None:
    """The edits, None where a use cannot be told apart."""
    made = list(_declared(work, member, name))
    asked: dict[tuple[str, int], list[Use]] = {}
    around_: dict[tuple[str, int], Node] = {}
    for use in found.uses:
        if use.arm is Arm.POOL:
            made.append(_named(work, use, name))
        elif use.arm is Arm.EITHER and use.origin is None and not use.tested:
            around = _asking(work, use)
            if around is None:
                return None
            around_[use.place.file, around.start_byte] = around
            asked.setdefault((use.place.file, around.start_byte), []).append(use)
    if len(asked) > _MOST:
        return None
    for key, uses in asked.items():
        conditions = {found.condition(one) for one in uses}
        if len(conditions) != 1 or b"" in conditions or any(
                start < key[1] < around_[file, start].end_byte
                for file, start in around_ if file == key[0]) or b"#" in work.text(
                key[0], around_[key]):
            return None
        made.append(_both(work, key[0], around_[key], uses, name, conditions.pop()))
    return made


def _given(work: Work, use: Use) -> str:
    """What is stored, as a reason names it: by what gives it, where that can be told."""
    graph = work.analysis.graph
    around = use.node.parent
    into = [origin for origin, _, at in graph.flows if around is not None
            and at.file == use.place.file
            and around.start_byte <= at.node.start_byte < around.end_byte]
    behind = reach(into, graph.predecessors()) if use.origin is Origin.THING else []
    for bridge in graph.bridges:
        if bridge.foreign and bridge.into in behind:
            return bridge.text
    call = view.call(use.stored)
    node = call.function if call is not None else use.stored
    assert node is not None
    text = b" ".join(work.text(use.place.file, node).split()).decode("latin-1")
    return f"{text}()" if call is not None else text


def _named(work: Work, use: Use, name: bytes) -> Edit:
    at = use.place.node
    cast = cast_to_page(use.node)
    if cast is not None and use.stored is None:
        text = work.text(use.place.file, use.node)
        return work.edit(PASS, use.place.file, cast.start_byte, cast.end_byte,
                         text[:at.start_byte - use.node.start_byte] + name, "the pool's page")
    return work.edit(PASS, use.place.file, at.start_byte, at.end_byte, name, "the pool's memory")


def _asking(work: Work, use: Use) -> Node | None:
    """The statement, or the call in a test, that is to be there twice."""
    root = work.analysis.symbols.files[use.place.file].tree.root_node
    call: Node | None = None
    for node in above(root, use.node):
        if node.type == _CALL:
            call = call or node
        elif node.type == "expression_statement":
            around = node.parent
            inner = node.named_children[0] if node.named_children else None
            plain = around is not None and around.type == "compound_statement" and \
                inner is not None and inner.type == _CALL
            return node if plain else None
        elif node.type == "if_statement":
            return call
        elif node.type not in ("parenthesized_expression", "unary_expression", "argument_list",
                               "binary_expression"):
            return None
    return None


def _both(work: Work, file: str, node: Node, uses: Iterable[Use], name: bytes,
          condition: bytes) -> Edit:
    """A statement or a call twice, one for each mode."""
    source = work.analysis.originals[file]
    end = node.end_byte
    text = source[node.start_byte:end]
    armed_text, _ = rewrite(source, work.analysis.sources[file],
                            [_named(work, one, name) for one in uses])
    ours = armed_text[node.start_byte:end + len(armed_text) - len(source)]
    if node.type == _CALL:
        call = view.call(node)
        long = spelled_out(call, SHORT_FOR) if call is not None else b""
        if long and call is not None:
            # Only its parts have netmem forms.
            at = call.args[0]
            ours = long.replace(source[at.start_byte:at.end_byte],
                                armed_text[at.start_byte:at.end_byte + len(armed_text)
                                           - len(source)])
        if b"&" in condition:
            condition = b"(" + condition + b")"
        both = condition + b" ? " + ours + b" : " + text
        around = node.parent
        alone = around is not None and around.type == "parenthesized_expression" and \
            around.parent is not None and around.parent.type == "if_statement"
        return work.edit(PASS, file, node.start_byte, end, both if alone else b"(" + both + b")",
                         "either mode reaches it")
    line = source.rfind(b"\n", 0, node.start_byte) + 1
    indent = source[line:node.start_byte]
    newline = members.newline(work, file)
    inner = newline + indent + b"\t"
    whole = (b"if (" + condition + b")" + inner + ours.replace(b"\n", b"\n\t") + newline + indent
             + b"else" + inner + text.replace(b"\n", b"\n\t"))
    return work.edit(PASS, file, node.start_byte, end, whole, "either mode reaches it")


def _declared(work: Work, member: Member, name: bytes) -> Iterator[Edit]:
    """The union around the member, or one more arm of the one that is there."""
    source = work.analysis.originals[member.file]
    node = member.declaration
    newline = members.newline(work, member.file)
    anchor = members.anchor(node)
    line = source.rfind(b"\n", 0, node.start_byte) + 1
    indent = source[line:node.start_byte]
    end = members.end(work, member.file, node)
    arm = members.declared(work, member, node, name.decode())
    if anchor == node:
        one = indent + b"\t"
        text = (b"union {" + newline + one + source[node.start_byte:end] + newline + b"\t" + arm
                + newline + indent + b"};")
        yield work.edit(PASS, member.file, node.start_byte, end, text, "an arm for the pool")
    else:
        yield work.edit(PASS, member.file, end, end, newline + arm, "an arm for the pool")
    of = member.name.decode("latin-1")
    told = members.told(work, member, anchor,
                        f"@{name.decode()}: same as @{of}, where it is memory of a page_pool")
    if told is not None:
        yield work.edit(PASS, member.file, told[0], told[0], told[1], "an arm for the pool")
