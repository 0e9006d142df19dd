# SPDX-License-Identifier: GPL-2.0-only
"""Faults of any kind, at places that a seed chooses: what a slip of the hand does to C.

Unlike those of seed_faults.py they know nothing of page_pool. Each is one replacement of bytes in
a function that touches memory of a pool. Some are none, as two assignments that change places:
only a compiler tells.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from itertools import pairwise

from real.seed_faults import Edit, Fault, broken
from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import parse
from netmem_migrate.model.relevant import relevant

_SIGNS = {b"==": b"!=", b"!=": b"==", b"<": b"<=", b"<=": b"<", b">": b">=", b">=": b">",
          b"+": b"-", b"-": b"+", b"&&": b"||", b"||": b"&&", b"&": b"|", b"|": b"&",
          b"<<": b">>", b">>": b"<<", b"*": b"+", b"/": b"*", b"%": b"/"}
_STORES = {b"+=": b"-=", b"-=": b"+=", b"|=": b"&=", b"&=": b"|=", b"=": b"|="}
_PARTNERS = ((b"_netmems", b"_pages"), (b"_netmem", b"_page"), (b"netmem_", b"page_"))
_Make = Callable[[Node], Iterator[Edit]]


def _text(node: Node | None) -> bytes:
    return (node.text or b"") if node is not None else b""


def _span(node: Node, text: bytes) -> Edit:
    return node.start_byte, node.end_byte, text


def _statements(function: Node) -> Iterator[list[Node]]:
    for block in nodes(function, "compound_statement"):
        yield [one for one in block.named_children if one.type == "expression_statement"]


def _deleted(function: Node) -> Iterator[Edit]:
    for several in _statements(function):
        for one in several:
            yield _span(one, b";")


def _doubled(function: Node) -> Iterator[Edit]:
    for several in _statements(function):
        for one in several:
            yield _span(one, _text(one) + b" " + _text(one))


def _exchanged(function: Node) -> Iterator[Edit]:
    for several in _statements(function):
        for one, other in pairwise(several):
            if one.next_named_sibling == other and _text(one) != _text(other):
                yield one.start_byte, other.end_byte, _text(other) + b" " + _text(one)


def _operator(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "binary_expression"):
        sign = node.child_by_field_name("operator")
        if sign is not None and _text(sign) in _SIGNS:
            yield _span(sign, _SIGNS[_text(sign)])


def _assignment(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "assignment_expression"):
        sign = node.child_by_field_name("operator")
        if sign is not None and _text(sign) in _STORES:
            yield _span(sign, _STORES[_text(sign)])


def _number(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "number_literal"):
        yield _span(node, b"1" if _text(node) == b"0" else b"0")


def _negated(function: Node) -> Iterator[Edit]:
    for kind in ("if_statement", "while_statement"):
        for node in nodes(function, kind):
            condition = node.child_by_field_name("condition")
            if condition is not None:
                yield _span(condition, b"(!" + _text(condition) + b")")


def _arguments(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "argument_list"):
        for one, other in pairwise(node.named_children):
            if _text(one) != _text(other) and "comment" not in (one.type, other.type):
                yield one.start_byte, other.end_byte, _text(other) + b", " + _text(one)


def _argument_gone(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "argument_list"):
        if len(node.named_children) > 1:
            one = node.named_children[-1]
            yield node.named_children[-2].end_byte, one.end_byte, b""


def _name(function: Node) -> Iterator[Edit]:
    body = function.child_by_field_name("body")
    names = nodes(body, "identifier") if body is not None else []
    mine = sorted({_text(node) for node in names if node.parent is not None
                   and node.parent.type != "call_expression"})
    for number, node in enumerate(names):
        if node.parent is not None and node.parent.type != "call_expression" and len(mine) > 1:
            other = mine[(mine.index(_text(node)) + 1 + number % (len(mine) - 1)) % len(mine)]
            yield _span(node, other)


def _member(function: Node) -> Iterator[Edit]:
    found = nodes(function, "field_identifier")
    mine = sorted({_text(node) for node in found})
    for number, node in enumerate(found):
        if len(mine) > 1:
            yield _span(node, mine[(mine.index(_text(node)) + 1 + number % (len(mine) - 1))
                                   % len(mine)])


def _partner(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "call_expression"):
        called = node.child_by_field_name("function")
        for old, new in _PARTNERS:
            if called is not None and old in _text(called):
                yield _span(called, _text(called).replace(old, new, 1))
                break


def _jump(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "break_statement"):
        yield _span(node, b"continue;")
    for node in nodes(function, "continue_statement"):
        yield _span(node, b"break;")
    labels = [_text(one) for one in nodes(function, "labeled_statement")]
    names = [text.partition(b":")[0] for text in labels]
    for node in nodes(function, "goto_statement"):
        label = node.child_by_field_name("label")
        others = [name for name in names if name != _text(label)]
        if label is not None and others:
            yield _span(label, others[0])


def _returned(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "return_statement"):
        for given in node.named_children[:1]:
            yield _span(given, b"1" if _text(given) in (b"0", b"NULL", b"false") else b"0")


def _nothing(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "null"):
        yield _span(node, b"0")
    for node in nodes(function, "number_literal"):
        if _text(node) == b"0":
            yield _span(node, b"NULL")


def _test_gone(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "if_statement"):
        if node.child_by_field_name("alternative") is None:
            yield _span(node, b";")


def _type(function: Node) -> Iterator[Edit]:
    for node in nodes(function, "type_identifier"):
        if _text(node) == b"netmem_ref":
            yield _span(node, b"struct page *")


KINDS: dict[str, _Make] = {
    "any: statement deleted": _deleted, "any: statement doubled": _doubled,
    "any: statements exchanged": _exchanged, "any: other operator": _operator,
    "any: other assignment": _assignment, "any: other number": _number,
    "any: condition negated": _negated, "any: arguments exchanged": _arguments,
    "any: argument left out": _argument_gone, "any: other name": _name,
    "any: other member": _member, "any: the page's function": _partner, "any: other jump": _jump,
    "any: other result": _returned, "any: NULL or 0": _nothing, "any: test left out": _test_gone,
    "any: the page's type": _type,
}


def seed(path: str, source: bytes, *, each: int, seed: int) -> Iterator[Fault]:
    """At most `each` faults of every kind in one file; another seed chooses other places."""
    chooser = random.Random(f"{seed} {path}")
    file = parse(source)
    code = code_of(source).split()
    functions = [one for one in file.functions() if not one.has_error and relevant(file, one)]
    for name, make in KINDS.items():
        found = [(one.name, edit) for one in functions for edit in make(one.node)]
        chooser.shuffle(found)
        number = 0
        for where, (start, end, text) in found:
            changed = source[:start] + text + source[end:]
            if number == each:
                break
            if code_of(changed).split() == code or broken(changed, where):
                continue
            number += 1
            was = source[start:end].decode("latin-1").split("\n")[0].strip()
            yield Fault(name, path, file.line_of(start), where, changed, was)
