# SPDX-License-Identifier: GPL-2.0-only
"""A function that takes a page or something else as one `void *` becomes two functions.

Another parameter tells which it is: one test of it has an arm for either, and the `void *` is used
in those alone. The function that there is keeps the arm for what is no page, and loses the
parameter that told; a copy takes the page. Where a call with a page passes no constant, nothing
shows that the parameter is not that of the other: it is taken not to be, and the message says so.
Refused: a call of which it cannot be told what it passes, or whose page has the other's constant;
a function that is exported, named without a call, has two definitions or `#if` inside, keeps
something of its own between calls, says its own name or calls itself; an arm that declares
something; a parameter that is changed, or used where it is no test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import PAGE, Type
from netmem_migrate.convert.layout import rewrite
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow import keys
from netmem_migrate.flow.constants import acts, is_constant
from netmem_migrate.flow.divided import divided, named
from netmem_migrate.flow.divided import edits as dividing
from netmem_migrate.flow.graph import Kind
from netmem_migrate.flow.returning import declared_in
from netmem_migrate.flow.splitting import split
from netmem_migrate.flow.straight import captured
from netmem_migrate.flow.times import times
from netmem_migrate.reasons import Why
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.symbols import Function
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.divided import Divided
    from netmem_migrate.flow.graph import Slot
    from netmem_migrate.flow.splitting import Edits, Split

PASS = Pass(
    id="split-parameter",
    summary="a function that takes a page or something else as void * becomes two",
    before="""\
struct demo_tx {
	struct page *page;
	void *data;
	dma_addr_t dma;
	bool own;
};

static int demo_xmit(struct demo_tx *tx, void *ptr, u32 len)
{
	struct page *page;

	if (tx->own)
		return -EBUSY;

	if (!len) {
		tx->data = ptr;
		tx->dma = 0;
	} else {
		page = ptr;

		tx->page = page;
		tx->dma = page_pool_get_dma_addr(page) + len;
	}

	tx->own = !len;
	return 0;
}

int demo_send(struct demo_tx *tx, struct demo_tx *other)
{
	return demo_xmit(tx, other, 0);
}

int demo_fill(struct page_pool *pool, struct demo_tx *tx, u32 len)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	return page ? demo_xmit(tx, page, len) : -ENOMEM;
}

void demo_frag(struct demo_tx *tx, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, tx->page, 0, len, PAGE_SIZE);
}
""",
    after="""\
struct demo_tx {
	struct page *page;
	void *data;
	dma_addr_t dma;
	bool own;
};

static int demo_xmit(struct demo_tx *tx, void *ptr)
{
	if (tx->own)
		return -EBUSY;

	tx->data = ptr;
	tx->dma = 0;

	tx->own = true;
	return 0;
}

static int demo_xmit_netmem(struct demo_tx *tx, struct page *page, u32 len)
{
	if (tx->own)
		return -EBUSY;

	tx->page = page;
	tx->dma = page_pool_get_dma_addr(page) + len;

	tx->own = false;
	return 0;
}

int demo_send(struct demo_tx *tx, struct demo_tx *other)
{
	return demo_xmit(tx, other);
}

int demo_fill(struct page_pool *pool, struct demo_tx *tx, u32 len)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	return page ? demo_xmit_netmem(tx, page, len) : -ENOMEM;
}

void demo_frag(struct demo_tx *tx, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, tx->page, 0, len, PAGE_SIZE);
}
""",
    prepares=True,
    words={
        "told": ("split {slot}", ", so that its pages cannot be converted.",
                 "Give the calls with a page a function of their own, {made}; it is named for what "
                 "it takes after the next patch."),
        "assumed": ("split {slot}", ", so that its pages cannot be converted.",
                    "Give the calls with a page a function of their own, {made}; it is named for "
                    "what it takes after the next patch. With any other value a page was taken for "
                    "something else: that no call with a page passes such a one is not shown, but "
                    "taken for granted."),
    },
    follows="Documentation/process/submitting-patches.rst",
    order=5,
)

_OTHERS = (Why.SET_FROM_POINTER, Why.SET_FROM_OTHER, Why.HOLDS_TOO)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function that can become two, and the edits that make it so."""
    for function, slot in _functions(work):
        found = split(work.analysis.symbols.files[function.file], function.node)
        if found is None or found.given != _index(function, slot):
            continue
        pages = _pages(work, function, found)
        copy = _name(work, found)
        if pages is None or not copy:
            continue
        made = _made(work, found, pages, copy)
        done = _divided(work, made)
        if done is not None:
            yield _room(work, found, slot, copy, assumed=done.assumed), made


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _room(work: Work, found: Split, slot: Slot, copy: str, *, assumed: bool) -> Room:
    known = [one.reason for one in work.analysis.graph.blockers[slot]]
    reason = replace(next((one for one in known if one.why in _OTHERS), known[0]), slot=slot.name)
    name, flag, value = (text.decode("latin-1") for text in (
        found.name, found.names[found.flag], found.value))
    which = "that is not" if found.truth else "that is"
    made = f"{copy}(), for {flag} {which} {value}" if assumed else f"{copy}()"
    return Room(PASS.id, "assumed" if assumed else "told", f"{slot.name} of {name}()", made,
                slot.place.file, found.parsed.line_of(found.node.start_byte), reason)


def _functions(work: Work) -> Iterator[tuple[Function, Slot]]:
    """The functions of the driver with a void parameter that holds a page and does not move."""
    symbols, graph = work.analysis.symbols, work.analysis.graph
    held = sorted((slot for slot in graph.slots.values() if slot.kind is Kind.PARAMETER
                   and slot.void and not work.moves(slot) and graph.blockers.get(slot)),
                  key=lambda one: (one.place.file, one.place.node.start_byte))
    for slot in held:
        name = slot.place.function.encode("latin-1")
        found = [one for one in symbols.functions.get(name, ()) if one.body is not None]
        if len(found) != 1 or name in symbols.exported or \
                found[0].file not in work.analysis.driver.files:
            continue
        (function,) = found
        files = {one.file for one in keys.versions(symbols, function)}
        comment = function.node.prev_sibling
        told = comment is not None and comment.type == "comment" and \
            view.text(comment).startswith(b"/**")
        alone = all(_is_alone(work.analysis.originals[one.file], one.node)
                    for one in keys.versions(symbols, function)
                    if one.file in work.analysis.originals)
        if not told and alone and function.file.endswith(".c") and files <= set(
                work.analysis.driver.files) and _is_only_called(work, function):
            yield function, slot


def _is_alone(source: bytes, node: Node) -> bool:
    """Whether nothing stands in the lines of a declaration but that, and no attribute above."""
    code = code_of(source)
    above, below = code[:node.start_byte].rstrip(), code[node.end_byte:].partition(b"\n")[0]
    return not code[code.rfind(b"\n", 0, node.start_byte) + 1:node.start_byte].strip() and \
        not below.strip() and (not above or above[-1:] in b"};" or
                               above.rpartition(b"\n")[2].lstrip()[:1] == b"#")


def _index(function: Function, slot: Slot) -> int | None:
    """Which parameter a slot is."""
    return next((index for index, one in enumerate(function.parameters)
                 if one.name.decode("latin-1") == slot.name), None)


def _is_only_called(work: Work, function: Function) -> bool:
    """Whether nothing names a function but its declarations and calls."""
    symbols = work.analysis.symbols
    name, originals = function.name, work.analysis.originals
    if times(name, (macro.body for several in list(symbols.macros.values())
                    for macro in several)):
        return False
    count = times(name, (code_of(text) for text in originals.values() if name in text))
    calls = sum(1 for file, parsed in symbols.files.items()
                if file in originals and name in parsed.masked for _ in named(parsed, name))
    return count == calls + len(keys.versions(symbols, function))


def _pages(work: Work, function: Function, found: Split) -> dict[str, dict[int, bool]] | None:
    """By file and start of each call whether it passes a page, None where one does not tell."""
    symbols = work.analysis.symbols
    files = list(symbols.files.values())
    if len(symbols.macros.get(found.value, ())) > 1 or not is_constant(found.value, files) or \
            not captured(found.node, symbols.macros).isdisjoint(declared_in(found.node)):
        return None
    thing = Typed(symbols, function.file, function).declared.get(found.other.local)
    result: dict[str, dict[int, bool]] = {}
    for several in list(symbols.functions.values()):
        for caller in several:
            if caller.body is None or caller.file not in work.analysis.driver.files:
                continue
            for call in view.calls(caller.node):
                if call.name != function.name:
                    continue
                if len(call.args) != len(found.parameters):
                    return None
                type_ = Typed(symbols, caller.file, caller).of(call.args[found.given])
                page = type_ == Type(PAGE, ("p",))
                said = found.decided(call.args[found.flag])
                arg = call.args[found.flag]
                if type_ is None or type_.derivations[:1] != ("p",) or type_.base == "void" or (
                        said is True if page else said is not True or (
                            thing is not None and type_ != thing)) or found.is_unsure(arg) or (
                                page and not found.kept and acts(arg, files)):
                    return None
                result.setdefault(caller.file, {})[call.node.start_byte] = page
    whole = all(call.node.start_byte in result.get(file, {})
                for file, parsed in list(symbols.files.items())
                for call in named(parsed, found.name))
    return result if whole else None


def _name(work: Work, found: Split) -> str:
    """A name for the function for pages that nothing of the driver has; "" for none."""
    name, thing = found.name.decode("latin-1"), found.other.local.decode("latin-1")
    copy = re.sub(rf"(?<![^_]){thing}(?![^_])", "netmem", name) if thing else name
    if copy == name:
        copy = f"{name}_netmem"
    word = re.compile(rb"\b%b\b" % copy.encode("latin-1"))
    return "" if any(map(word.search, work.analysis.originals.values())) else copy


def _made(work: Work, found: Split, pages: dict[str, dict[int, bool]],
          copy: str) -> list[Edit]:
    made: list[Edit] = []
    for file, parsed in list(work.analysis.symbols.files.items()):
        if file not in work.analysis.driver.files or found.name not in parsed.original:
            continue
        source, seen = work.analysis.originals[file], work.analysis.sources[file]

        def lay(edits: Edits, file: str = file, source: bytes = source,
                seen: bytes = seen) -> bytes:
            return rewrite(source, seen, [Edit(file, *one, PASS.id) for one in edits])[0]

        made += [work.edit(PASS, file, *one, "a function for pages alone") for one in dividing(
            found, parsed, pages.get(file, {}), copy.encode("latin-1"), lay)]
    return made


def _divided(work: Work, made: list[Edit]) -> Divided | None:
    """What is done so, if that is all there is to be done, for the check and the proof, too."""
    from netmem_migrate.convert.edits import apply

    changes = apply(work, made, ())
    return divided({one.path: one.parsed_before for one in changes},
                   {one.path: one.parsed_after for one in changes})
