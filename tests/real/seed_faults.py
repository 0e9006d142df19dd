# SPDX-License-Identifier: GPL-2.0-only
"""Faults to seed into converted drivers, found by their syntax; used to measure `check`.

Each function below is one kind of fault: it looks at a function of a driver and yields the places
where it can make the fault, each as a replacement of bytes. The names of calls are written out
here, apart from the model that `check` uses, so that a hole in the model shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile, parse
from netmem_migrate.model.relevant import relevant

# Position of the memory among the arguments of each call.
RELEASE = {b"page_pool_put_netmem": 1, b"page_pool_put_full_netmem": 1,
           b"page_pool_put_unrefed_netmem": 1, b"page_pool_recycle_direct_netmem": 1}
ALLOCATE = re.compile(rb"page_pool_(?:dev_)?alloc_(?:netmems?|frag_netmem)")
HAND_OVER = {b"skb_add_rx_frag_netmem": 2, b"skb_fill_netmem_desc": 2, b"__skb_fill_netmem_desc": 2,
             b"__skb_fill_netmem_desc_noacc": 2, b"skb_frag_fill_netmem_desc": 1}
POOL_SYNC = b"page_pool_dma_sync_netmem_for_cpu"
RAW_SYNC = re.compile(rb"dma_sync_single(?:_range)?_for_cpu")
REFERENCE = (b"page_pool_ref_netmem", b"page_pool_fragment_netmem")
PAGE_TWIN = {b"page_pool_put_netmem": b"page_pool_put_page",
             b"page_pool_put_full_netmem": b"page_pool_put_full_page",
             b"page_pool_recycle_direct_netmem": b"page_pool_recycle_direct",
             b"page_pool_get_dma_addr_netmem": b"page_pool_get_dma_addr",
             b"netmem_address": b"page_address", b"skb_add_rx_frag_netmem": b"skb_add_rx_frag",
             b"page_pool_fragment_netmem": b"page_pool_fragment_page"}
_RETURN = {b"void": b"return;", b"bool": b"return false;"}
_FLAGS = re.compile(rb"\s*\|\s*PP_FLAG_DMA_SYNC_DEV\b|\bPP_FLAG_DMA_SYNC_DEV\s*\|\s*")
_MAP = re.compile(rb"\s*\|\s*PP_FLAG_DMA_MAP\b|\bPP_FLAG_DMA_MAP\s*\|\s*")


@dataclass(frozen=True, slots=True)
class Fault:
    """A file with one fault in it. `line` is where, in that file as it was."""

    kind: str
    path: str
    line: int
    function: str
    text: bytes
    was: str


@dataclass(frozen=True, slots=True)
class Place:
    """One function of a file, and its calls."""

    file: ParsedFile
    node: Node
    calls: tuple[Node, ...]

    def text(self, node: Node) -> bytes:
        return self.file.text(node)

    def name(self, call: Node) -> bytes:
        function = call.child_by_field_name("function")
        return self.text(function) if function is not None else b""

    def args(self, call: Node) -> list[Node]:
        found = call.child_by_field_name("arguments")
        return [one for one in found.named_children if one.type != "comment"] if found else []

    def statement(self, call: Node) -> Node | None:
        """The statement that consists of this call, or assigns its result."""
        node = call.parent
        while node is not None and node.type in ("assignment_expression",
                                                 "parenthesized_expression", "cast_expression"):
            node = node.parent
        return node if node is not None and node.type == "expression_statement" else None

    def statements(self, names: object) -> Iterator[tuple[Node, Node]]:
        """Calls of some names that are statements of their own."""
        for call in self.calls:
            matches = names.fullmatch(self.name(call)) if isinstance(names, re.Pattern) \
                else self.name(call) in names  # type: ignore[operator]
            statement = self.statement(call) if matches else None
            if statement is not None:
                yield call, statement

    def leave(self) -> bytes:
        """A return statement that fits the function."""
        kind = self.node.child_by_field_name("type")
        word = self.text(kind) if kind is not None else b"int"
        declarator = self.node.child_by_field_name("declarator")
        if declarator is not None and declarator.type == "pointer_declarator":
            return b"return NULL;"
        return _RETURN.get(word, b"return 0;")


Edit = tuple[int, int, bytes]  # start, end, replacement
Kind = Callable[[Place], Iterator[Edit]]
KINDS: dict[str, Kind] = {}


def kind(name: str) -> Callable[[Kind], Kind]:
    """Register a kind of fault."""
    def register(make: Kind) -> Kind:
        KINDS[name] = make
        return make
    return register


def _drop(statement: Node) -> Edit:
    return statement.start_byte, statement.end_byte, b";"


def _around(place: Place, statement: Node, before: bytes, after: bytes = b"") -> Edit:
    text = before + place.text(statement) + after
    in_block = statement.parent is not None and statement.parent.type in (
        "compound_statement", "case_statement", "labeled_statement")
    return (statement.start_byte, statement.end_byte, text if in_block else b"{ " + text + b" }")


def _rename(place: Place, call: Node, to: bytes) -> Edit:
    function = call.child_by_field_name("function")
    assert function is not None
    return function.start_byte, function.end_byte, to


def _arguments(place: Place, call: Node, texts: list[bytes]) -> Edit:
    found = call.child_by_field_name("arguments")
    assert found is not None
    return found.start_byte, found.end_byte, b"(" + b", ".join(texts) + b")"


def _swapped(place: Place, call: Node, one: int, other: int) -> Iterator[Edit]:
    texts = [place.text(arg) for arg in place.args(call)]
    if max(one, other) < len(texts) and texts[one] != texts[other]:
        texts[one], texts[other] = texts[other], texts[one]
        yield _arguments(place, call, texts)


@kind("release removed")
def release_removed(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(RELEASE):
        yield _drop(statement)


@kind("release doubled")
def release_doubled(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(RELEASE):
        yield _around(place, statement, b"", b" " + place.text(statement))


@kind("early return before release")
def early_return(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(RELEASE):
        yield _around(place, statement, b"if (net_ratelimit()) " + place.leave() + b" ")


@kind("goto skips the release")
def goto_skips(place: Place) -> Iterator[Edit]:
    labels = nodes(place.node, "labeled_statement")
    named = {}
    for label in labels:
        name = label.child_by_field_name("label")
        if name is not None:
            named[place.text(name)] = label
    order = sorted(named, key=lambda name: named[name].start_byte)
    for jump in nodes(place.node, "goto_statement"):
        target = jump.child_by_field_name("label")
        name = place.text(target) if target is not None else b""
        if target is None or name not in named or named[name].start_byte < jump.start_byte:
            continue
        later = order[order.index(name) + 1:]
        if not later:
            continue
        skipped = place.file.source[named[name].start_byte:named[later[0]].start_byte]
        if any(one in skipped for one in RELEASE):
            yield target.start_byte, target.end_byte, later[0]


@kind("unreferenced put instead of a put")
def wrong_partner(place: Place) -> Iterator[Edit]:
    for call, statement in place.statements(RELEASE):
        texts = [place.text(arg) for arg in place.args(call)]
        sizes = {b"page_pool_put_full_netmem": [b"-1", texts[-1]],
                 b"page_pool_recycle_direct_netmem": [b"-1", b"true"],
                 b"page_pool_put_netmem": texts[2:]}.get(place.name(call))
        if sizes is not None:
            yield (statement.start_byte, statement.end_byte,
                   b"page_pool_put_unrefed_netmem(" + b", ".join(texts[:2] + sizes) + b");")


@kind("put_netmem() instead of the pool's put")
def foreign_put(place: Place) -> Iterator[Edit]:
    for call, statement in place.statements(RELEASE):
        memory = place.text(place.args(call)[1])
        yield statement.start_byte, statement.end_byte, b"put_netmem(" + memory + b");"


@kind("allow_direct changed")
def allow_direct(place: Place) -> Iterator[Edit]:
    for call, _statement in place.statements(RELEASE):
        if place.name(call) == b"page_pool_recycle_direct_netmem":
            texts = [place.text(arg) for arg in place.args(call)]
            _start, end, rest = _arguments(place, call, [*texts, b"false"])
            yield call.start_byte, end, b"page_pool_put_full_netmem" + rest
            continue
        last = place.args(call)[-1]
        text = place.text(last)
        yield (last.start_byte, last.end_byte,
               {b"true": b"false", b"false": b"true"}.get(text, b"!" + text))


@kind("synced size changed")
def sync_size(place: Place) -> Iterator[Edit]:
    for call, _statement in place.statements((b"page_pool_put_netmem",
                                              b"page_pool_put_unrefed_netmem")):
        size = place.args(call)[2]
        yield size.start_byte, size.end_byte, b"0"


@kind("pool and memory swapped")
def pool_swapped(place: Place) -> Iterator[Edit]:
    for call, _statement in place.statements(RELEASE):
        yield from _swapped(place, call, 0, 1)


@kind("frag's offset and size swapped")
def frag_swapped(place: Place) -> Iterator[Edit]:
    for call, _statement in place.statements(HAND_OVER):
        memory = HAND_OVER[place.name(call)]
        yield from _swapped(place, call, memory + 1, memory + 2)


@kind("sync's offset and size swapped")
def sync_swapped(place: Place) -> Iterator[Edit]:
    for call, _statement in place.statements((POOL_SYNC, b"dma_sync_single_range_for_cpu")):
        yield from _swapped(place, call, 2, 3)


def _null_tests(place: Place) -> Iterator[Node]:
    """`if (!x) ...` without else, right behind `x = page_pool_..alloc..()`."""
    for call, statement in place.statements(ALLOCATE):
        assignment = call.parent
        while assignment is not None and assignment.type != "assignment_expression":
            assignment = assignment.parent
        left = assignment.child_by_field_name("left") if assignment is not None else None
        test = statement.next_named_sibling
        while test is not None and test.type == "comment":
            test = test.next_named_sibling
        if left is None or test is None or test.type != "if_statement":
            continue
        condition = test.child_by_field_name("condition")
        if condition is not None and test.child_by_field_name("alternative") is None \
                and b"!" + place.text(left) in place.text(condition):
            yield test


@kind("NULL test dropped")
def null_dropped(place: Place) -> Iterator[Edit]:
    for test in _null_tests(place):
        yield _drop(test)


@kind("NULL test inverted")
def null_inverted(place: Place) -> Iterator[Edit]:
    for test in _null_tests(place):
        condition = test.child_by_field_name("condition")
        if condition is not None:
            at = condition.start_byte + place.text(condition).index(b"!")
            yield at, at + 1, b""


@kind("failure returned as success")
def failure_hidden(place: Place) -> Iterator[Edit]:
    for test in _null_tests(place):
        for back in nodes(test, "return_statement"):
            match = re.fullmatch(rb"return (-E\w+|false);", place.text(back))
            if match:
                yield (back.start_byte, back.end_byte,
                       b"return true;" if match[1] == b"false" else b"return 0;")


@kind("CPU sync dropped")
def sync_dropped(place: Place) -> Iterator[Edit]:
    for names in ((POOL_SYNC,), RAW_SYNC):
        for _call, statement in place.statements(names):
            yield _drop(statement)


@kind("CPU sync too late")
def sync_late(place: Place) -> Iterator[Edit]:
    for names in ((POOL_SYNC,), RAW_SYNC):
        for _call, statement in place.statements(names):
            block = statement.parent
            if block is None or block.type != "compound_statement":
                continue
            last = block.named_children[-1]
            if last.start_byte <= statement.start_byte or last.type in (
                    "return_statement", "goto_statement", "break_statement",
                    "continue_statement"):
                continue
            between = place.file.source[statement.end_byte:last.end_byte]
            yield (statement.start_byte, last.end_byte,
                   b";" + between + b" " + place.text(statement))


@kind("raw DMA sync of netmem")
def raw_sync(place: Place) -> Iterator[Edit]:
    for call, statement in place.statements((POOL_SYNC,)):
        pool, memory, offset, size = (place.text(arg) for arg in place.args(call))
        yield (statement.start_byte, statement.end_byte,
               b"dma_sync_single_range_for_cpu(" + pool + b"->p.dev, "
               b"page_pool_get_dma_addr_netmem(" + memory + b"), " + offset + b", " + size +
               b", DMA_FROM_DEVICE);")


@kind("put after the skb got it")
def put_after_frag(place: Place) -> Iterator[Edit]:
    for call, statement in place.statements(HAND_OVER):
        memory = place.text(place.args(call)[HAND_OVER[place.name(call)]])
        yield _around(place, statement, b"", b" page_pool_put_full_netmem(netmem_get_pp(" + memory
                      + b"), " + memory + b", false);")


@kind("handed over twice")
def twice(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(HAND_OVER):
        yield _around(place, statement, b"", b" " + place.text(statement))


@kind("not handed over")
def not_handed_over(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(HAND_OVER):
        yield _drop(statement)


@kind("recycling mark dropped")
def mark_dropped(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements((b"skb_mark_for_recycle",)):
        yield _drop(statement)


@kind("used after release")
def use_after(place: Place) -> Iterator[Edit]:
    for call, statement in place.statements(RELEASE):
        memory = place.text(place.args(call)[1])
        yield _around(place, statement, b"", b" prefetch(netmem_address(" + memory + b"));")


@kind("page helper on netmem")
def page_helper(place: Place) -> Iterator[Edit]:
    for call in place.calls:
        twin = PAGE_TWIN.get(place.name(call))
        if twin is not None:
            yield _rename(place, call, twin)


@kind("cast back to a page")
def cast_back(place: Place) -> Iterator[Edit]:
    for call, _statement in place.statements(RELEASE):
        memory = place.args(call)[1]
        twin = PAGE_TWIN.get(place.name(call))
        if twin is not None:
            yield (call.start_byte, memory.end_byte,
                   twin + b"(" + place.text(place.args(call)[0]) + b", netmem_to_page(" +
                   place.text(memory) + b")")


@kind("readable memory taken for granted")
def unsafe_address(place: Place) -> Iterator[Edit]:
    for call in place.calls:
        if place.name(call) == b"netmem_address":
            yield _rename(place, call, b"__netmem_address")


@kind("gfp changed")
def gfp(place: Place) -> Iterator[Edit]:
    for call in place.calls:
        if not ALLOCATE.fullmatch(place.name(call)):
            continue
        if place.name(call) == b"page_pool_dev_alloc_netmems":
            texts = [place.text(arg) for arg in place.args(call)]
            _start, end, rest = _arguments(place, call, [*texts, b"GFP_KERNEL"])
            yield call.start_byte, end, b"page_pool_alloc_netmems" + rest
        elif not place.name(call).startswith(b"page_pool_dev_"):
            last = place.args(call)[-1]
            same = place.text(last) == b"GFP_KERNEL"
            yield last.start_byte, last.end_byte, b"GFP_ATOMIC" if same else b"GFP_KERNEL"


@kind("allocated twice")
def allocated_twice(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(ALLOCATE):
        yield _around(place, statement, b"", b" " + place.text(statement))


@kind("reference dropped")
def reference_dropped(place: Place) -> Iterator[Edit]:
    for _call, statement in place.statements(REFERENCE):
        yield _drop(statement)


@kind("slot not cleared")
def not_cleared(place: Place) -> Iterator[Edit]:
    for assignment in nodes(place.node, "assignment_expression"):
        left = assignment.child_by_field_name("left")
        right = assignment.child_by_field_name("right")
        statement = assignment.parent
        if left is None or right is None or statement is None \
                or statement.type != "expression_statement":
            continue
        if place.text(right) == b"0" and left.type == "field_expression" \
                and re.search(rb"netmem\w*(?:\[\w+\])?$", place.text(left)):
            yield _drop(statement)


@kind("release loop cut short")
def loop_short(place: Place) -> Iterator[Edit]:
    for loop in nodes(place.node, "for_statement"):
        condition = loop.child_by_field_name("condition")
        body = loop.child_by_field_name("body")
        if condition is None or body is None or condition.type != "binary_expression":
            continue
        right = condition.child_by_field_name("right")
        if right is not None and any(one in place.text(body) for one in RELEASE):
            yield right.start_byte, right.end_byte, place.text(right) + b" - 1"


@kind("sync flag dropped")
def flag_sync(place: Place) -> Iterator[Edit]:
    yield from _flags(place, _FLAGS)


@kind("map flag dropped")
def flag_map(place: Place) -> Iterator[Edit]:
    yield from _flags(place, _MAP)


def _flags(place: Place, pattern: re.Pattern[bytes]) -> Iterator[Edit]:
    for match in pattern.finditer(place.file.source, place.node.start_byte, place.node.end_byte):
        yield match.start(), match.end(), b""


@kind("unreadable memory allowed")
def flag_unreadable(place: Place) -> Iterator[Edit]:
    for match in re.finditer(rb"\bPP_FLAG_DMA_MAP\b", place.text(place.node)):
        at = place.node.start_byte + match.end()
        yield at, at, b" | PP_FLAG_ALLOW_UNREADABLE_NETMEM"


def seed(path: str, source: bytes, *, each: int) -> Iterator[Fault]:
    """At most `each` faults of every kind in one file, always the same ones.

    A function that the parser cannot read is passed over, and so is an edit that makes it one.
    """
    file = parse(source)
    places = []
    for function in file.functions():
        if not function.has_error and relevant(file, function):
            calls = tuple(nodes(function.node, "call_expression"))
            places.append((function.name, Place(file, function.node, calls)))
    code = code_of(source).split()  # an edit of a comment is no fault
    for name, make in KINDS.items():
        found = [(where, edit) for where, place in places for edit in make(place)]
        step = max(1, -(-len(found) // each))
        for where, (start, end, text) in found[::step]:
            changed = source[:start] + text + source[end:]
            if code_of(changed).split() == code or broken(changed, where):
                continue
            was = source[start:end].decode("latin-1").split("\n")[0].strip()
            yield Fault(name, path, file.line_of(start), where, changed, was)


def broken(source: bytes, function: str) -> bool:
    """Whether the parser cannot read a function any more."""
    return any(one.has_error for one in parse(source).functions() if one.name == function)
