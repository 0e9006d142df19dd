# SPDX-License-Identifier: GPL-2.0-only
"""The control flow of one C function: blocks of expressions, joined by edges that tests guard.

Follows C11 6.5.13 to 6.5.15 and 6.8: `&&`, `||`, `!` and `?:` become edges of their own, labels
and gotos are joined by name, a case falls into the next one. Loops that only a macro spells come
from the parser as `while (a, b)`; both ways out of them are open.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from tree_sitter import Node

TRANSPARENT = frozenset((b"likely", b"unlikely", b"WARN_ON", b"WARN_ON_ONCE", b"READ_ONCE",
                         b"__builtin_expect", b"DEBUG_NET_WARN_ON_ONCE"))
"""Calls whose truth is that of their argument."""
_NEVER_RETURNS = frozenset((b"BUG", b"unreachable", b"panic", b"__builtin_unreachable"))
_LOOPS = ("while_statement", "do_statement", "for_statement")
_MAX_CHOICES = 3
_NUMBER = re.compile(rb"(?:0[xX])?[0-9a-fA-F]+[uUlL]*")


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
    """Items that run one after the other, and the ways on. None: the function ends."""

    items: list[Item] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)


@dataclass(slots=True)
class Graph:
    """The blocks of one function. It starts with block 0; `exit` is the one block it ends with."""

    blocks: list[Block]
    exit: int


def build(body: Node) -> Graph:
    """The control-flow graph of a function's compound statement."""
    builder = _Builder()
    end = builder.statement(body, 0)
    builder.go(end, builder.exit)
    for block, name in builder.jumps:
        builder.go(block, builder.labels.get(name, builder.exit))
    return Graph(builder.blocks, builder.exit)


def inner(node: Node) -> Node:
    """The expression inside parentheses, casts not included."""
    while node.type == "parenthesized_expression":
        found = _named(node)
        if len(found) != 1:
            return node
        node = found[0]
    return node


def transparent(node: Node) -> Node:
    """The expression that decides the truth of `node`: no parentheses, no likely()."""
    while True:
        node = inner(node)
        if node.type == "call_expression":
            function = node.child_by_field_name("function")
            arguments = node.child_by_field_name("arguments")
            given = _named(arguments) if arguments is not None else []
            if function is not None and function.text in TRANSPARENT and given:
                node = given[0]
                continue
        return node


def constant(node: Node) -> bool | None:
    """The truth of a literal: 0, 1, true, false, NULL."""
    text = inner(node).text or b""
    if text in (b"true", b"false", b"NULL"):
        return text == b"true"
    if _NUMBER.fullmatch(text) and text[:1].isdigit():
        return int(text.rstrip(b"uUlL"), 0 if text[:2] in (b"0x", b"0X") else 10) != 0
    return None


def _named(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


class _Builder:
    def __init__(self) -> None:
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

    def statement(self, node: Node, block: int) -> int:
        """Add a statement behind `block`; the block that follows it."""
        kind = node.type
        if kind in ("compound_statement", "ERROR", "else_clause", "preproc_if", "preproc_ifdef",
                    "preproc_else"):
            for child in _named(node):
                block = self.statement(child, block)
            return block
        if kind == "expression_statement":
            for child in _named(node):
                block = self.expression(child, block)
            return block
        if kind == "declaration":
            return self.expression(node, block)
        if kind == "if_statement":
            return self.if_(node, block)
        if kind in _LOOPS:
            return self.loop(node, block)
        if kind == "switch_statement":
            return self.switch(node, block)
        if kind == "case_statement":
            return self.case(node, block)
        if kind == "labeled_statement":
            return self.label(node, block)
        if kind == "return_statement":
            block = self.expression(node, block)
            self.go(block, self.exit)
            return self.dead()
        if kind in ("break_statement", "continue_statement"):
            targets = self.breaks if kind == "break_statement" else self.continues
            self.go(block, targets[-1] if targets else self.exit)
            return self.dead()
        if kind == "goto_statement":
            label = node.child_by_field_name("label")
            self.jumps.append((block, (label.text or b"") if label is not None else b""))
            return self.dead()
        return block

    def expression(self, node: Node, block: int,
                   choices: tuple[tuple[int, bool], ...] = ()) -> int:
        """Add one full expression; each `?:` in it that matters becomes two ways through it."""
        if node.type == "comma_expression":
            for child in _named(node):
                block = self.expression(child, block, choices)
            return block
        call = transparent(node) if node.type == "call_expression" else node
        if call.type == "call_expression":
            function = call.child_by_field_name("function")
            name = function.text if function is not None else b""
            arguments = call.child_by_field_name("arguments")
            if name == b"BUG_ON" and arguments is not None and _named(arguments):
                after, dead = self.new(), self.dead()
                self.condition(_named(arguments)[0], block, dead, after)
                return after
            if name in _NEVER_RETURNS:
                return self.dead()
        chosen = {at for at, _ in choices}
        for found in _conditionals(node) if len(choices) < _MAX_CHOICES else ():
            if found.start_byte in chosen:
                continue
            test = found.child_by_field_name("condition")
            if test is None or found.child_by_field_name("consequence") is None:
                continue
            yes, no, after = self.new(), self.new(), self.new()
            self.condition(test, block, yes, no)
            for way, truth in ((yes, True), (no, False)):
                end = self.expression(node, way, (*choices, (found.start_byte, truth)))
                self.go(end, after)
            return after
        self.blocks[block].items.append(Item(node, choices))
        return block

    def condition(self, node: Node, block: int, yes: int, no: int) -> None:
        """Leave `block` for `yes` or `no` by the truth of an expression."""
        whole, node = node, transparent(node)
        known = constant(node)
        if known is not None:
            self.go(block, yes if known else no)
            return
        if node.type == "unary_expression":
            operator, argument = (node.child_by_field_name("operator"),
                                  node.child_by_field_name("argument"))
            if operator is not None and operator.text == b"!" and argument is not None:
                self.condition(argument, block, no, yes)
                return
        if node.type == "binary_expression":
            operator = node.child_by_field_name("operator")
            left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
            if operator is not None and operator.text in (b"&&", b"||") and left and right:
                between = self.new()
                if operator.text == b"&&":
                    self.condition(left, block, between, no)
                else:
                    self.condition(left, block, yes, between)
                self.condition(right, between, yes, no)
                return
        if node.type == "comma_expression":
            found = _named(node)
            for child in found[:-1]:
                block = self.expression(child, block)
            self.condition(found[-1], block, yes, no)
            return
        block = self.expression(whole if whole.type == "declaration" else node, block)
        self.go(block, yes, node, True)
        self.go(block, no, node, False)

    def if_(self, node: Node, block: int) -> int:
        test = node.child_by_field_name("condition")
        then, otherwise = (node.child_by_field_name("consequence"),
                           node.child_by_field_name("alternative"))
        yes, no, after = self.new(), self.new(), self.new()
        if test is not None:
            self.condition(test, block, yes, no)
        self.go(self.statement(then, yes) if then is not None else yes, after)
        self.go(self.statement(otherwise, no) if otherwise is not None else no, after)
        return after

    def loop(self, node: Node, block: int) -> int:
        test, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        update = None
        if node.type == "for_statement":
            first = node.child_by_field_name("initializer")
            update = node.child_by_field_name("update")
            if first is not None:
                block = self.expression(first, block)
        head, start, again, after = self.new(), self.new(), self.new(), self.new()
        at_end = node.type == "do_statement"
        self.go(block, start if at_end else head)
        self.heads.add(start if at_end else head)
        if test is None:
            self.go(head, start)
        elif inner(test).type == "comma_expression" and node.type == "while_statement":
            self.blocks[head].items.append(Item(inner(test), macro_loop=True))
            self.go(head, start)
            self.go(head, after)
        else:
            self.condition(test, head, start, after)
        self.breaks.append(after)
        self.continues.append(head if at_end else again)
        end = self.statement(body, start) if body is not None else start
        self.go(end, head if at_end else again)
        if update is not None:
            again = self.expression(update, again)
        if not at_end:
            self.go(again, head)
        self.breaks.pop()
        self.continues.pop()
        return after

    def switch(self, node: Node, block: int) -> int:
        test, body = node.child_by_field_name("condition"), node.child_by_field_name("body")
        after = self.new()
        if test is not None:
            block = self.expression(inner(test), block)
        self.breaks.append(after)
        self.cases.append([])
        self.default.append(False)
        end = self.statement(body, self.dead()) if body is not None else block
        self.go(end, after)
        self.breaks.pop()
        for case in self.cases.pop():
            self.go(block, case)
        if not self.default.pop():
            self.go(block, after)
        return after

    def case(self, node: Node, block: int) -> int:
        start = self.new()
        self.go(block, start)  # from the case above, if it does not break
        value = node.child_by_field_name("value")
        if self.cases:
            self.cases[-1].append(start)
            if value is None:
                self.default[-1] = True
        block = start
        for child in _named(node):
            if value is None or child.id != value.id:
                block = self.statement(child, block)
        return block

    def label(self, node: Node, block: int) -> int:
        name = node.child_by_field_name("label")
        start = self.new()
        self.heads.add(start)  # a goto may lead backwards
        self.blocks[block].edges.append(Edge(start))
        self.labels[(name.text or b"") if name is not None else b""] = start
        block = start
        for child in _named(node):
            if name is None or child.id != name.id:
                block = self.statement(child, block)
        return block


def _conditionals(node: Node) -> Iterator[Node]:
    """The outermost `?:` of an expression."""
    if b"?" not in (node.text or b""):
        return
    stack = [node]
    while stack:
        one = stack.pop()
        if one.type == "conditional_expression":
            yield one
            continue
        stack.extend(reversed(_named(one)))
