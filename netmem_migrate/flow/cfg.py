# SPDX-License-Identifier: GPL-2.0-only
"""The control flow of one C function: blocks of expressions, joined by edges that tests guard.

Follows C11 6.5.13 to 6.5.15 and 6.8: `&&`, `||`, `!` and `?:` become edges of their own, labels
and gotos are joined by name, a case falls into the next one. Loops that only a macro spells come
from the parser as `while (a, b)`; both ways out of them are open.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, field
from operator import itemgetter

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_LOOPS = ("while_statement", "do_statement", "for_statement")
# Each `?:` doubles the ways through an expression. Three are more than any driver nests where
# memory is concerned; those beyond are read as an expression of which either arm may be taken.
_MAX_CHOICES = 3
_CHOICE = re.compile(rb"\?")
_LONGEST = 100  # bytes; what is longer and has parts is no literal
_PREFIXES = (b"0x", b"0X", b"0b", b"0B")
_NUMBER = re.compile(rb"(?:0[xX])?[0-9a-fA-F]+[uUlL]*")


Spans = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One full expression, declaration or return. `choices` says which arm each `?:` takes."""

    node: Node
    choices: tuple[tuple[int, bool], ...] = ()
    macro_loop: bool = False  # the arguments of a loop that a macro makes


@dataclass(frozen=True, slots=True)
class Edge:
    """A way to block `to`, taken if `test` is `truth`; always, or unknown when, without a test."""

    to: int
    test: Node | None = None
    truth: bool = True
    back: bool = False


@dataclass(slots=True)
class Block:
    """Items that run one after the other, and the ways on. None: the function ends.

    `label` is the value of the case that begins with it, or the case itself where that is the
    default.
    """

    items: list[Item] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    label: Node | None = None


@dataclass(slots=True)
class ControlFlow:
    """The blocks of one function. It starts with block 0; `exit` is the one block it ends with."""

    blocks: list[Block]
    exit: int

    def before(self) -> dict[int, list[int]]:
        """The blocks that lead to each block, as often as they do."""
        found: dict[int, list[int]] = {}
        for number, block in enumerate(self.blocks):
            for edge in block.edges:
                found.setdefault(edge.to, []).append(number)
        return found


def build(body: Node, left_out: Spans = (), ends: Container[bytes] = (), *,
          exact: bool = False) -> ControlFlow:
    """The control-flow graph of a function's compound statement, without what stands in spans.

    `ends` are the driver's own functions that never return. An `exact` one leaves out no call:
    those that only tell of a test, or never return, are items as well.
    """
    builder = _Builder(body, left_out, ends, exact)
    end = run(builder.statement(body, 0))
    builder.go(end, builder.exit)
    for block, name in builder.jumps:
        builder.go(block, builder.labels.get(name, builder.exit))
    return ControlFlow(builder.blocks, builder.exit)


def transparent(node: Node) -> Node:
    """The expression that decides the truth of `node`: no parentheses, no likely()."""
    return _within(node, lambda name: has(name, Trait.GIVES_BACK))


def hinted(node: Node) -> Node:
    """The expression in likely() and unlikely(), which say nothing but how often it is true."""
    return _within(node, (b"likely", b"unlikely").__contains__)


def _within(node: Node, gives_it_back: Callable[[bytes], bool]) -> Node:
    while True:
        node = view.bare(node)
        call = view.call(node)
        if call is None or not gives_it_back(call.name) or not call.args:
            return node
        node = call.args[0]


def constant(node: Node) -> bool | None:
    """The truth of a literal: 0, 1, true, false, NULL."""
    node = view.bare(node)
    if node.end_byte - node.start_byte > _LONGEST and node.named_child_count:
        return None
    text = view.text(node)
    if text in (b"true", b"false", b"NULL"):
        return text == b"true"
    if _NUMBER.fullmatch(text) and text[:1].isdigit():
        digits = text[2:] if text[:2] in _PREFIXES else text
        return any(one not in b"0uUlL" for one in digits)
    return None


def _widest(spans: Spans) -> Spans:
    """Spans in order, without those inside others."""
    found: list[tuple[int, int]] = []
    for start, end in sorted(spans, key=lambda one: (one[0], -one[1])):
        if not found or end > found[-1][1]:
            found.append((start, end))
    return tuple(found)


class _Builder:
    def __init__(self, body: Node, left_out: Spans, ends: Container[bytes],
                 exact: bool) -> None:
        self.ends, self.exact = ends, exact
        self.left_out = _widest(left_out)
        self.choices = [body.start_byte + one.start() for one in _CHOICE.finditer(view.text(body))]
        self.blocks = [Block(), Block()]
        self.exit = 1
        self.labels: dict[bytes, int] = {}
        self.jumps: list[tuple[int, bytes]] = []
        self.breaks: list[int] = []
        self.continues: list[int] = []
        self.cases: list[list[int]] = []
        self.default: list[bool] = []
        self.heads: set[int] = set()

    def new(self) -> int:
        self.blocks.append(Block())
        return len(self.blocks) - 1

    def go(self, block: int, to: int, test: Node | None = None, truth: bool = True) -> None:
        self.blocks[block].edges.append(Edge(to, test, truth, back=to in self.heads))

    def dead(self) -> int:
        """A block that nothing leads to, for what follows a jump."""
        return self.new()

    def statement(self, node: Node, block: int) -> Step[int]:
        """Add a statement behind `block`; the block that follows it."""
        before = bisect_right(self.left_out, node.start_byte, key=itemgetter(0))
        if before and node.end_byte <= self.left_out[before - 1][1]:
            return block
        handler = _STATEMENTS.get(node.type)
        return handler(self, node, block) if handler is not None else block

    def several(self, node: Node, block: int) -> Steps[int]:
        for child in view.children(node):
            block = yield self.statement(child, block)
        return block

    def expressions(self, node: Node, block: int) -> Steps[int]:
        for child in view.children(node):
            block = yield self.expression(child, block)
        return block

    def return_(self, node: Node, block: int) -> Steps[int]:
        block = yield self.expression(node, block)
        self.go(block, self.exit)
        return self.dead()

    def jump(self, node: Node, block: int) -> int:
        targets = self.breaks if node.type == "break_statement" else self.continues
        # One that is in nothing to leave is no C.
        self.go(block, targets[-1] if targets else self.dead())
        return self.dead()

    def goto(self, node: Node, block: int) -> int:
        label = view.label(node)
        self.jumps.append((block, view.text(label) if label is not None else b""))
        return self.dead()

    def expression(self, node: Node, block: int,
                   choices: tuple[tuple[int, bool], ...] = ()) -> Steps[int]:
        """Add one full expression; each `?:` in it that matters becomes two ways through it.

        Both ways hold the whole expression, and differ in the arm that is read of each `?:`: an
        arm that allocates or releases must not be seen on the way that does not take it.
        """
        if node.type == "comma_expression":
            for child in view.children(node):
                block = yield self.expression(child, block, choices)
            return block
        call = view.call(transparent(node)) if node.type == "call_expression" else None
        if call is not None and self.exact:
            if has(call.name, Trait.NEVER_RETURNS):
                self.blocks[block].items.append(Item(node, choices))
                return self.dead()
        elif call is not None:
            if has(call.name, Trait.ENDS_IF_TRUE) and call.args:
                after, dead = self.new(), self.dead()
                yield self.condition(call.args[0], block, dead, after)
                return after
            if has(call.name, Trait.NEVER_RETURNS) or call.name in self.ends:
                return self.dead()
        chosen = {at for at, _ in choices}
        for found in self.conditionals(node) if len(choices) < _MAX_CHOICES else ():
            if found.start_byte in chosen:
                continue
            one = view.branch(found)
            if one is None or one.then is None:
                continue
            yes, no, after = self.new(), self.new(), self.new()
            yield self.condition(one.test, block, yes, no)
            for way, truth in ((yes, True), (no, False)):
                end: int = yield self.expression(node, way, (*choices, (found.start_byte, truth)))
                self.go(end, after)
            return after
        self.blocks[block].items.append(Item(node, choices))
        return block

    def conditionals(self, node: Node) -> Iterator[Node]:
        """The outermost `?:` of an expression."""
        mark = bisect_left(self.choices, node.start_byte)
        if mark == len(self.choices) or self.choices[mark] >= node.end_byte:
            return
        stack = [node]
        while stack:
            one = stack.pop()
            if one.type == "conditional_expression":
                yield one
                continue
            stack.extend(reversed(view.children(one)))

    def condition(self, node: Node, block: int, yes: int, no: int) -> Steps[None]:
        """Leave `block` for `yes` or `no` by the truth of an expression."""
        whole, node = node, hinted(node) if self.exact else transparent(node)
        known = constant(node)
        if known is not None:
            self.go(block, yes if known else no)
            return
        negated, pair = view.prefix(node), view.infix(node)
        if negated is not None and negated.sign == "!":
            yield self.condition(negated.argument, block, no, yes)
            return
        if pair is not None and pair.sign in ("&&", "||"):
            between = self.new()
            if pair.sign == "&&":
                yield self.condition(pair.left, block, between, no)
            else:
                yield self.condition(pair.left, block, yes, between)
            yield self.condition(pair.right, between, yes, no)
            return
        if node.type == "comma_expression":
            found = view.children(node)
            for child in found[:-1]:
                block = yield self.expression(child, block)
            yield self.condition(found[-1], block, yes, no)
            return
        block = yield self.expression(whole if whole.type == "declaration" else node, block)
        self.go(block, yes, node, True)
        self.go(block, no, node, False)

    def if_(self, node: Node, block: int) -> Steps[int]:
        one = view.branch(node)
        yes, no, after = self.new(), self.new(), self.new()
        then = otherwise = None
        if one is not None:
            yield self.condition(one.test, block, yes, no)
            then, otherwise = one.then, one.otherwise
        for arm, way in ((then, yes), (otherwise, no)):
            end = way
            if arm is not None:
                end = yield self.statement(arm, way)
            self.go(end, after)
        return after

    def loop(self, node: Node, block: int) -> Steps[int]:
        """A loop: its test in `head`, its body from `start`, what `continue` reaches in `again`.

        The edge that closes a turn is told apart (`heads`), because what is known of members does
        not outlive a turn. A do loop enters at its body, so that is where its turns begin.
        """
        one = view.loop(node)
        assert one is not None
        test, body = one.test, one.body
        if one.first is not None:
            block = yield self.expression(one.first, block)
        head, start, again, after = self.new(), self.new(), self.new(), self.new()
        at_end = node.type == "do_statement"
        self.go(block, start if at_end else head)
        self.heads.add(start if at_end else head)
        if test is None:
            self.go(head, start)
        elif view.bare(test).type == "comma_expression" and node.type == "while_statement":
            self.blocks[head].items.append(Item(view.bare(test), macro_loop=True))
            self.go(head, start)
            self.go(head, after)
        else:
            yield self.condition(test, head, start, after)
        self.breaks.append(after)
        self.continues.append(head if at_end else again)
        end = start
        if body is not None:
            end = yield self.statement(body, start)
        self.go(end, head if at_end else again)
        if one.update is not None:
            again = yield self.expression(one.update, again)
        if not at_end:
            self.go(again, head)
        self.breaks.pop()
        self.continues.pop()
        return after

    def switch(self, node: Node, block: int) -> Steps[int]:
        one = view.loop(node)
        assert one is not None
        after = self.new()
        if one.test is not None:
            block = yield self.expression(view.bare(one.test), block)
        self.breaks.append(after)
        self.cases.append([])
        self.default.append(False)
        # What stands before the first case is never run; the cases are joined to the test once
        # all of them are known, and the way past them is open only without a default.
        end = block
        if one.body is not None:
            end = yield self.statement(one.body, self.dead())
        self.go(end, after)
        self.breaks.pop()
        for case in self.cases.pop():
            self.go(block, case)
        if not self.default.pop():
            self.go(block, after)
        return after

    def case(self, node: Node, block: int) -> Steps[int]:
        start = self.new()
        self.go(block, start)  # from the case above, if it does not break
        value = view.value(node)
        self.blocks[start].label = value if value is not None else node
        if self.cases:
            self.cases[-1].append(start)
            if value is None:
                self.default[-1] = True
        block = start
        for child in view.children(node):
            if value is None or child.id != value.id:
                block = yield self.statement(child, block)
        return block

    def label(self, node: Node, block: int) -> Steps[int]:
        name = view.label(node)
        start = self.new()
        self.heads.add(start)  # a goto may lead backwards
        self.blocks[block].edges.append(Edge(start))
        self.labels[view.text(name) if name is not None else b""] = start
        block = start
        for child in view.children(node):
            if name is None or child.id != name.id:
                block = yield self.statement(child, block)
        return block


_STATEMENTS: dict[str, Callable[[_Builder, Node, int], Step[int]]] = {
    **dict.fromkeys(("compound_statement", "ERROR", "else_clause", "preproc_if", "preproc_ifdef",
                     "preproc_else"), _Builder.several),
    "expression_statement": _Builder.expressions,
    "declaration": _Builder.expression,
    "if_statement": _Builder.if_,
    **dict.fromkeys(_LOOPS, _Builder.loop),
    "switch_statement": _Builder.switch,
    "case_statement": _Builder.case,
    "labeled_statement": _Builder.label,
    "return_statement": _Builder.return_,
    **dict.fromkeys(("break_statement", "continue_statement"), _Builder.jump),
    "goto_statement": _Builder.goto,
}
