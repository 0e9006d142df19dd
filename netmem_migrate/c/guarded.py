# SPDX-License-Identifier: GPL-2.0-only
"""Tests for a net_iov that leave a function as it does elsewhere: what a patch adds that does only
that."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.words import DEFINE, WORD

_SIMPLE = ("expression_statement", "declaration")
_CHOICES = ("conditional_expression", "compound_statement", "sizeof_expression")
_OPERAND = re.compile(rb"[A-Za-z_]\w*(?:(?:->|\.)\w+|\[\w+\])*")
_JUMPS = ("goto_statement", "return_statement")


def guarded(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile],
            asks: str, address: str) -> tuple[tuple[str, Node], ...]:
    """The tests that a patch adds so, with their files, if it does nothing else.

    `asks` is the function that says of memory whether it is a net_iov, `address` the one that gives
    its address, which the next statement, or a declaration before, asks of the same memory: so that
    may be looked at there.
    """
    found: list[tuple[str, Node]] = []
    if before.keys() != after.keys():
        return ()
    for path, parsed in after.items():
        macros = {one[1] for one in DEFINE.finditer(parsed.original)}
        if asks.encode() in macros or any(one.name == asks for one in parsed.functions()):
            return ()
        jumps = {one.name: Counter(map(before[path].text, nodes(one.node, *_JUMPS)))
                 for one in before[path].functions()}
        tests = [one for function in parsed.functions() if function.name in jumps
                 for one in _tests(parsed, function.node, jumps[function.name], asks, address)
                 if parsed.text(one) not in before[path].original
                 and macros.isdisjoint(WORD.findall(parsed.text(one)))]
        left = replaced(parsed.original, [(one.start_byte, one.end_byte, b"") for one in tests])
        if tokens(left) != tokens(before[path].original):
            return ()
        found += ((path, one) for one in tests)
    return tuple(found)


def _tests(parsed: ParsedFile, function: Node, jumps: Mapping[bytes, int], asks: str,
           address: str) -> Iterator[Node]:
    """The `if (asks(memory))` that stand in a block and leave as their function did before."""
    for one in nodes(function, "if_statement"):
        test = view.branch(one)
        call = view.call(view.bare(test.test)) if test is not None else None
        if test is None or call is None or call.name != asks.encode() or \
                len(call.args) != 1 or test.otherwise is not None or one.parent is None or \
                one.parent.type != "compound_statement" or not _OPERAND.fullmatch(
                    b"".join(parsed.text(call.args[0]).split())):
            continue
        then = test.then
        if then is not None and then.type in _JUMPS and parsed.text(then) in jumps and \
                _is_asked(one, call.args[0], address):
            yield one


def _is_asked(test: Node, memory: Node, address: str) -> bool:
    """Whether the memory is looked at by the next statement as well, or was in a declaration."""
    around = test.parent
    block = view.children(around) if around is not None else []
    at = next(index for index, one in enumerate(block) if one.id == test.id)
    near = block[at + 1:at + 2]
    for one in reversed(block[:at]):
        if one.type != "declaration":
            break
        near.append(one)
    names = {view.text(one) for one in nodes(memory, "identifier", "field_identifier")}
    for one in near:
        for set_ in nodes(one, "assignment_expression", "update_expression"):
            target = set_.child_by_field_name("left") or view.operand(set_)
            where = view.field(target)
            if target is None or (where.name if where is not None else view.text(target)) in names:
                return False
    return any(call.name == address.encode() and len(call.args) == 1
               and tokens(view.text(call.args[0])) == tokens(view.text(memory))
               and _is_always(call.node, one)
               for one in near if one.type in _SIMPLE for call in view.calls(one))


def _is_always(node: Node, statement: Node) -> bool:
    """Whether a statement evaluates a node whatever else is so."""
    one: Node | None = node
    while one is not None and one.id != statement.id:
        around = one.parent
        pair = view.infix(around)
        if around is None or around.type in _CHOICES or (
                pair is not None and pair.sign in ("&&", "||")):
            return False
        one = around
    return True
