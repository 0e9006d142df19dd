# SPDX-License-Identifier: GPL-2.0-only
"""A function that gives the address of a new page returns the page; its callers take the address.

The page is found again by that address where it could have been kept. Each call puts what it gets
into a local or a member, and leaves right behind that where it is NULL; the address is taken behind
the test, and what found the page by the address there has it now. Refused: a function that is not
static in a source file, or is named without a call; a call of another form (an initialiser, a
parameter, a test that goes on); something added to the address that its caller cannot say, or that
may be another there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import Definition
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import WORD
from netmem_migrate.convert import members
from netmem_migrate.convert.passes import Pass
from netmem_migrate.convert.text import columns
from netmem_migrate.flow import keys
from netmem_migrate.flow.graph import reach
from netmem_migrate.flow.returned import returned
from netmem_migrate.flow.returning import (
    SAME,
    Taken,
    address,
    helper,
    is_dead,
    is_local,
    stretch,
    taken,
)
from netmem_migrate.flow.straight import captured, is_straight
from netmem_migrate.flow.times import times
from netmem_migrate.model.addresses import ASKS, FINDS
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.symbols import Function
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.returning import Helper, Macros

PASS = Pass(
    id="return-page",
    summary="a function that gives the address of a new page returns the page",
    before="""\
struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

static void *demo_get(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return NULL;

	*dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return page_address(page) + NET_SKB_PAD;
}

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	dma_addr_t dma;
	void *buf;

	buf = demo_get(pool, &dma);
	if (!buf)
		return -ENOMEM;

	prefetch(buf);
	e->page = virt_to_head_page(buf);
	e->dma = dma;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
""",
    after="""\
struct demo_entry {
	struct page *page;
	dma_addr_t dma;
};

static struct page *demo_get(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return NULL;

	*dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return page;
}

int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *rx_page;
	dma_addr_t dma;
	void *buf;

	rx_page = demo_get(pool, &dma);
	if (!rx_page)
		return -ENOMEM;

	buf = page_address(rx_page) + NET_SKB_PAD;
	prefetch(buf);
	e->page = rx_page;
	e->dma = dma;
	return 0;
}

void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, e->page, NET_SKB_PAD, len, PAGE_SIZE);
}
""",
    prepares=True,
    words={
        "function": ("return the page from {slot}", ".",
                     "Return the page itself, with {made}: no page has the address NULL."),
    },
    follows="Documentation/process/submitting-patches.rst",
    order=4,
)

_NAMES = (b"page", b"rx_page", b"new_page", b"pool_page")


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function that can return its pages, and the edits that make it so."""
    for function, found in _helpers(work):
        calls = _calls(work, function)
        made = _edits(work, function, found, calls) if calls else None
        if not calls or made is None or not _is_whole(work, made):
            continue
        node, _ = found.values[0]
        name = function.name.decode("latin-1")
        line = found.parsed.line_of(node.start_byte)
        callers = list(dict.fromkeys(f"{_name(caller)}()" for caller, _ in calls))
        taker = callers[0] if len(callers) == 1 else "its callers"
        yield (Room(PASS.id, "function", f"{name}()", f"the address taken by {taker}",
                    function.file, line, Reason(
                        Why.RETURNS_ADDRESS, slot=f"{name}()", file=function.file, line=line)),
               made)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _helpers(work: Work) -> Iterator[tuple[Function, Helper]]:
    """The functions of the driver that return the address of a page of the pool."""
    graph, symbols = work.analysis.graph, work.analysis.symbols
    asked = {(slot.place.file, slot.place.function): slot
             for slot in graph.addresses.given.values()}
    back = graph.predecessors() if asked else {}
    definitions: dict[str, dict[Node, Definition]] = {}
    for (file, name), slot in sorted(asked.items(), key=lambda one: one[0]):
        found = [one for one in symbols.functions.get(name.encode("latin-1"), ())
                 if one.body is not None]
        if len(found) != 1 or found[0].file != file or not file.endswith(".c") or \
                file not in work.analysis.driver.files or not any(
                    one.twin is not None and one.twin.allocates for one in reach([slot], back)):
            continue
        parsed = symbols.files[file]
        if file not in definitions:
            definitions[file] = {function.node: function for function in parsed.functions()}
        function = definitions[file].get(found[0].node)
        one = helper(parsed, function, ASKS) if function is not None else None
        if one is not None:
            yield found[0], one


def _name(caller: Node) -> str:
    name = view.declared(caller.child_by_field_name("declarator"))
    return view.text(name).decode("latin-1") if name is not None else ""


def _calls(work: Work, function: Function) -> list[tuple[Node, Taken]] | None:
    """The calls of a function, each with its caller; None where it is named otherwise, too, or
    where one is of another form."""
    parsed = work.analysis.symbols.files[function.file]
    names = {one for known in keys.versions(work.analysis.symbols, function)
             if (one := view.declared(known.declarator)) is not None}
    calls = [(one.node, call) for one in parsed.functions() for call in view.calls(one.node)
             if call.name == function.name]
    count = times(function.name, (code_of(text) for text in work.analysis.originals.values()
                                  if function.name in text))
    if count != len(names) + len(calls) or times(function.name, (
            macro.body for several in list(work.analysis.symbols.macros.values())
            for macro in several)):
        return None
    found = [(caller, how) for caller, call in calls if (how := taken(call)) is not None]
    return found if len(found) == len(calls) else None


def _is_whole(work: Work, made: list[Edit]) -> bool:
    """Whether that is all there is to be done, for the check and the proof, too."""
    from netmem_migrate.convert.edits import apply

    changes = apply(work, made, ())
    return returned({one.path: one.parsed_before for one in changes},
                    {one.path: one.parsed_after for one in changes}, ASKS, FINDS) is not None


def _edits(work: Work, function: Function, found: Helper,
           calls: list[tuple[Node, Taken]]) -> list[Edit] | None:
    """The edits, None where a call cannot take the page."""
    file = function.file
    made: list[Edit] = []
    for known in keys.versions(work.analysis.symbols, function):
        type_ = view.type_of(known.node)
        if type_ is None or known.file != file:
            return None
        made.append(work.edit(PASS, file, type_.start_byte, type_.end_byte, b"struct page",
                              "the page itself"))
    for value, page in found.values:
        made.append(work.edit(PASS, file, value.start_byte, value.end_byte, view.text(page),
                              "the page itself"))
    macros = {name: [one.body for one in several]
              for name, several in work.analysis.symbols.macros.items()}
    names: dict[int, bytes] = {}
    for caller, call in calls:
        if caller.start_byte not in names:
            name = _free(work, found, caller)
            mine = [one for other, one in calls if other == caller]
            declared = _declared(work, file, caller, mine, name)
            if not name or declared is None:
                return None
            names[caller.start_byte] = name
            made.append(declared)
        taking = _taking(work, function, found, caller, call, names[caller.start_byte], macros)
        if taking is None:
            return None
        made += taking
    return made


def _free(work: Work, found: Helper, caller: Node) -> bytes:
    """A name for the page that means nothing in a function; b"" for none."""
    used = set(WORD.findall(view.text(caller))) | captured(
        caller, work.analysis.symbols.macros) | set(WORD.findall(view.text(found.values[0][0])))
    symbols = work.analysis.symbols
    return next((name for name in _NAMES if name not in used | symbols.macros.keys()), b"")


def _declared(work: Work, file: str, caller: Node, calls: list[Taken], name: bytes) -> Edit | None:
    """The declaration of the page, in the innermost block around the calls that has any."""
    source, newline = work.analysis.originals[file], members.newline(work, file)
    block: Node | None = calls[0].statement.parent
    while block is not None and block != caller:
        first = next(iter(view.children(block)), None)
        if block.type == "compound_statement" and first is not None and \
                first.type == "declaration" and all(
                    block.start_byte < one.statement.start_byte < block.end_byte for one in calls):
            break
        block = block.parent
    if block is None or block == caller:
        return None
    text = b"struct page *" + name + b";"
    place: Node | None = None
    for one in view.children(block):
        if one.type != "declaration" or not _is_alone(source, one):
            break
        if place is not None and columns(_line(source, one)) < columns(text) <= columns(
                _line(source, place)):
            break
        if place is None and columns(_line(source, one)) < columns(text):
            start = source.rfind(b"\n", 0, one.start_byte) + 1
            return work.edit(PASS, file, start, start, source[start:one.start_byte] + text
                             + newline, "the page itself")
        place = one
    if place is None:
        return None
    end = members.end(work, file, place)
    indent = source[source.rfind(b"\n", 0, place.start_byte) + 1:place.start_byte]
    return work.edit(PASS, file, end, end, newline + indent + text, "the page itself")


def _is_alone(source: bytes, node: Node) -> bool:
    """Whether nothing stands in front of a node in its line."""
    return not source[source.rfind(b"\n", 0, node.start_byte) + 1:node.start_byte].strip()


def _line(source: bytes, node: Node) -> bytes:
    return source[source.rfind(b"\n", 0, node.end_byte) + 1:node.end_byte].strip()


def _taking(work: Work, function: Function, found: Helper, caller: Node, one: Taken, name: bytes,
            macros: Macros) -> Iterator[Edit] | None:
    """A call that takes the page, and the address behind the test."""
    text = address(found, one.call, caller, name, macros)
    target = view.text(one.target)
    parsed = found.parsed
    mine = next((known for several in work.analysis.symbols.functions.values()
                 for known in several if known.node == caller), None)
    own = is_local(caller, one.target)
    uses = list(_found_again(one, target)) if own else []
    if target in captured(caller, work.analysis.symbols.macros):
        return None
    if text is None or mine is None or not _are_alike(work, function, found, mine, one) or (
            own and _is_unused(caller, one, target, uses)):
        return None
    cleared = not (own and is_straight(mine, parsed.original, work.analysis.symbols.macros)
                   and is_dead(one, caller, target, parsed.original))
    return _taken(work, function.file, one, name, text, uses, cleared=cleared)


def _are_alike(work: Work, function: Function, found: Helper, mine: Function, one: Taken) -> bool:
    """Whether what is added to the address has the same types in a caller."""
    typed = Typed(work.analysis.symbols, mine.file, mine)
    used = {view.text(node) for node in nodes(found.values[0][0], "identifier")}
    for parameter, arg in zip(function.parameters, one.call.args, strict=False):
        known = typed.of(arg)
        through = view.prefix(arg)
        if known is None and through is not None and through.sign == "&":
            of = typed.of(through.argument)
            known = of.pointer() if of is not None else None
        if arg.type == "number_literal" and view.text(arg).isdigit():
            known = Type("int")
        if parameter.name in used and (known is None or _plain(known) != _plain(parameter.type)):
            return False
    return True


def _plain(type_: Type) -> tuple[tuple[str, ...], tuple[str, ...]]:
    base = type_.base.removeprefix("const ")
    words = tuple(base.split())
    return SAME.get(words, words), type_.derivations


def _found_again(one: Taken, target: bytes) -> Iterator[Node]:
    """The calls behind a test that find the page by a local that holds its address."""
    for statement in stretch(one.test, (target,)):
        for call in view.calls(statement):
            if call.name.decode("latin-1") in FINDS and len(call.args) == 1 and \
                    view.text(call.args[0]) == target:
                yield call.node


def _is_unused(caller: Node, one: Taken, target: bytes, uses: list[Node]) -> bool:
    """Whether nothing reads a local any more if its pages are known."""
    spans = [(node.start_byte, node.end_byte) for node in (*uses, one.statement, one.named)]
    left = [node for node in nodes(caller, "identifier") if view.text(node) == target
            and not any(start <= node.start_byte < end for start, end in spans)]
    declared = [node for node in left if node.parent is not None
                and node.parent.type.endswith(("declarator", "declaration"))]
    return len(left) == len(declared)


def _taken(work: Work, file: str, one: Taken, name: bytes, text: bytes, uses: list[Node],
           *, cleared: bool) -> Iterator[Edit]:
    source, newline = work.analysis.originals[file], members.newline(work, file)
    target = view.text(one.target)
    line = source.rfind(b"\n", 0, one.test.start_byte) + 1
    indent = source[line:one.test.start_byte]
    for node in (one.target, one.named, *uses):
        yield work.edit(PASS, file, node.start_byte, node.end_byte, name, "the page itself")
    end = source.find(b"\n", one.test.end_byte)
    end -= source[end - 1:end] == b"\r"
    behind = b""
    if cleared:
        clearing = newline + indent + b"\t" + target + b" = NULL;"
        at = one.leave.start_byte + 1
        if one.leave.type != "compound_statement":
            at = source.rfind(b"\n", 0, one.leave.start_byte)
            at -= source[at - 1:at] == b"\r"
            clearing, behind = b" {" + clearing, newline + indent + b"}"
        yield work.edit(PASS, file, at, at, clearing, "no page")
    taking = indent + target + b" = " + text + b";"
    rest = re.match(rb"\r?\n[ \t]*(?=\r?\n)", source[end:])
    if rest is not None:
        at = end + rest.end() + len(newline)
        yield work.edit(PASS, file, at, at, taking + newline, "its address")
        if behind:
            yield work.edit(PASS, file, end, end, behind, "no page")
    else:
        yield work.edit(PASS, file, end, end, behind + newline + taking, "its address")
