# SPDX-License-Identifier: GPL-2.0-only
"""What serves payload and something else becomes two: a function, or a local.

A function whose pages go to a ring of payload and to another ring gets a copy, which is what the
calls for payload use; its text is that of the function, but for the name. The other calls, and
whatever names the function without calling it, keep the function that there was. Refused: a
function that keeps something of its own between calls (a static variable, a *_once() or
*_ratelimited() call), that says its own name (__func__), calls itself, is exported, or has two
definitions.

A function that keeps in a member the pages it is given, and another's things as well, gets a copy
for the pages, too. A guarded `#define` inside of it is not written twice.

A local that holds a page of the driver's own, and later another's, gets a second one beside it for
the other. Refused where a use may mean either.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.copies import SYMBOL, is_any_copy, unguarded
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.layout import rewrite, under
from netmem_migrate.convert.passes import Pass
from netmem_migrate.flow import keys
from netmem_migrate.flow.served import Served, Shared, handed, served, shared
from netmem_migrate.results import Edit, Room

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.c.symbols import Function
    from netmem_migrate.convert.work import Work

PASS = Pass(
    id="clone",
    summary="a function or local that serves payload and something else becomes two",
    before="""\
struct demo_bd {
	struct page *page;
};

struct demo_head {
	void *data;
};

static struct page *demo_alloc_page(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}

int demo_fill(struct page_pool *pool, struct demo_bd *bd)
{
	bd->page = demo_alloc_page(pool);
	return bd->page ? 0 : -ENOMEM;
}

void demo_frag(struct demo_bd *bd, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, bd->page, 0, len, PAGE_SIZE);
}

void demo_fill_head(struct page_pool *pool, struct demo_head *head, bool copy)
{
	if (copy)
		head->data = kmalloc(256, GFP_ATOMIC);
	else
		head->data = demo_alloc_page(pool);
}
""",
    after="""\
struct demo_bd {
	struct page *page;
};

struct demo_head {
	void *data;
};

static struct page *demo_alloc_page(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}

static struct page *demo_alloc_netmem(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}

int demo_fill(struct page_pool *pool, struct demo_bd *bd)
{
	bd->page = demo_alloc_netmem(pool);
	return bd->page ? 0 : -ENOMEM;
}

void demo_frag(struct demo_bd *bd, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, bd->page, 0, len, PAGE_SIZE);
}

void demo_fill_head(struct page_pool *pool, struct demo_head *head, bool copy)
{
	if (copy)
		head->data = kmalloc(256, GFP_ATOMIC);
	else
		head->data = demo_alloc_page(pool);
}
""",
    prepares=True,
    words={
        "function": ("clone {slot} for payload", ", so that neither can be converted alone.",
                     "Give the calls for payload a copy, {made}, so that it can be converted; it "
                     "is named for what it returns then. The other calls keep {slot}."),
        "parameter": ("clone {slot} for payload", ", so that neither can be converted alone.",
                      "Give the calls that pass payload a copy, {made}, so that it can be "
                      "converted; it is named for what it takes then. The other calls keep "
                      "{slot}."),
        "local": ("do not use {slot} twice", ", so that neither can be converted alone.",
                  "Give the page that stays one a local of its own, {made}."),
    },
    declares=True,
    follows="Documentation/process/submitting-patches.rst",
    order=1,
)

_PAGE = re.compile(r"((?<![^_])pages?(?![^_]))")
_HOST = "host_page"  # what stays one


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each function and local that can become two, and the edits that make it so."""
    for one in served(work.analysis):
        function = _function(work, one.slot.name)
        name = _name(work, one.slot.name)
        if function is None or not name:
            continue
        calls = [view.call(view.bare(place.node)) for place in one.payload]
        made = [*_copies(work, function, name.encode()),
                *_calls(work, one, calls, name.encode())]
        yield _room("function", one, f"{one.slot.name}()", f"{name}()"), made
    for one in handed(work.analysis):
        function = _function(work, one.slot.place.function)
        name = _name(work, one.slot.place.function)
        calls = [_given(place.node) for place in one.payload]
        if function is None or not name or None in calls:
            continue
        made = [*_copies(work, function, name.encode()),
                *_calls(work, one, calls, name.encode())]
        yield _room("parameter", one, f"{one.slot.place.function}()", f"{name}()"), made
    for local in shared(work.analysis):
        (spelling,) = local.slot.spellings
        source = work.analysis.originals[spelling.file]
        if _has_line(source, spelling.declaration) and b"static" not in work.text(
                spelling.file, spelling.declaration) and not _is_named(
                work, _HOST, local.slot.place.function):
            yield (_room("local", local, f"{local.slot.name} in {local.slot.place.function}()",
                         _HOST), list(_second(work, local, _HOST.encode())))


def _has_line(source: bytes, node: Node) -> bool:
    """Whether a declaration has a line for itself."""
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    end = source.find(b"\n", node.end_byte)
    return not source[start:node.start_byte].strip() and not source[node.end_byte:end].strip()


def _room(kind: str, one: Served | Shared, slot: str, made: str) -> Room:
    return Room(PASS.id, kind, slot, made, one.slot.place.file, one.slot.place.line, one.reason)


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def _given(node: Node) -> view.Call | None:
    """The call that is given an argument."""
    parent = node.parent
    while parent is not None and parent.type in ("cast_expression", "parenthesized_expression"):
        parent = parent.parent
    return view.call(parent.parent) if parent is not None and \
        parent.type == "argument_list" else None


def _function(work: Work, name: str) -> Function | None:
    """The one definition of a function of which a copy is the same."""
    symbols = work.analysis.symbols
    found = [other for other in symbols.functions.get(name.encode("latin-1"), ())
             if other.body is not None]
    if len(found) != 1 or found[0].name in symbols.exported:
        return None
    (function,) = found
    body = function.body
    if body is None or function.node.has_error or function.file not in work.analysis.driver.files:
        return None
    source = work.analysis.originals[function.file]
    code = code_of(work.analysis.sources[function.file])[body.start_byte:body.end_byte]
    own = re.compile(rb"\b" + re.escape(function.name) + rb"\b")
    same = function.static and is_any_copy(symbols.files[function.file], function.node) and \
        b"#" not in unguarded(
            source[function.node.start_byte:function.node.end_byte], source) and all(
            _has_lines(source, one.node) and SYMBOL.search(
                work.text(one.file, one.node)) is None
            for one in keys.versions(symbols, function))
    return function if same and not own.search(code) else None


def _has_lines(source: bytes, node: Node) -> bool:
    """Whether a declaration has its lines for itself, and nothing in front of it belongs to it."""
    above = code_of(source[:node.start_byte]).rstrip()
    last = above.rpartition(b"\n")[2].lstrip()
    return _has_line(source, node) and (not above or above[-1:] in b"};" or last[:1] == b"#")


def _name(work: Work, name: str) -> str:
    """A name for the copy that nothing of the driver has; "" for none."""
    head, page, tail = re.split(_PAGE, name, maxsplit=1) if _PAGE.search(name) else (name, "", "")
    copy = f"{head}{page.replace('page', 'netmem') or '_netmem'}{tail}"
    return "" if _is_named(work, copy) else copy


def _is_named(work: Work, name: str, function: str = "") -> bool:
    """Whether anything has a name, or anything in a function."""
    word = re.compile(rb"\b" + name.encode("latin-1") + rb"\b")
    texts: Iterable[bytes] = work.analysis.originals.values()
    if function:
        texts = (work.text(one.file, one.node)
                 for one in work.analysis.symbols.functions[function.encode("latin-1")])
    return any(map(word.search, texts))


def _copies(work: Work, function: Function, name: bytes) -> Iterator[Edit]:
    """The copy behind the definition, and one behind each prototype."""
    for one in keys.versions(work.analysis.symbols, function):
        source = work.analysis.originals[one.file]
        at = view.declared(one.declarator)
        if at is None:
            continue
        renamed, _ = rewrite(source, work.analysis.sources[one.file], [
            Edit(one.file, at.start_byte, at.end_byte, name, PASS.id)])
        start = source.rfind(b"\n", 0, one.node.start_byte) + 1
        end = source.find(b"\n", one.node.end_byte - 1) + 1 or len(source)
        copy = under(unguarded(renamed[start:end + len(renamed) - len(source)], source))
        newline = b"\r\n" if b"\r\n" in source else b"\n"
        gap = newline if one.body is not None else b""
        yield work.edit(PASS, one.file, end, end, gap + copy, "a function for payload alone")


def _calls(work: Work, one: Served, calls: Sequence[view.Call | None],
           name: bytes) -> Iterator[Edit]:
    for place, call in zip(one.payload, calls, strict=True):
        if call is not None:
            at = call.function
            yield work.edit(PASS, place.file, at.start_byte, at.end_byte, name,
                            "its pages are payload")


def _second(work: Work, one: Shared, name: bytes) -> Iterator[Edit]:
    """A local beside another, and its names."""
    (spelling,) = one.slot.spellings
    source = work.analysis.originals[spelling.file]
    start = source.rfind(b"\n", 0, spelling.declaration.start_byte) + 1
    end = source.find(b"\n", spelling.declaration.end_byte) + 1
    indent = source[start:spelling.declaration.start_byte]
    newline = b"\r\n" if b"\r\n" in source else b"\n"
    line = indent + b"struct page *" + name + b";" + newline
    yield work.edit(PASS, spelling.file, end, end, line, "a local for what stays a page")
    for node in one.names:
        yield work.edit(PASS, spelling.file, node.start_byte, node.end_byte, name,
                        "it stays a page")
