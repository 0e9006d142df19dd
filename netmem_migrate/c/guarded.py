# SPDX-License-Identifier: GPL-2.0-only
"""Tests for a net_iov that leave a function as it does elsewhere: what a patch adds that does only
that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens

_ACTS = ("call_expression", "update_expression", "assignment_expression")
_JUMPS = ("goto_statement", "return_statement")


def guarded(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile],
            asks: str) -> tuple[tuple[str, Node], ...]:
    """The tests that a patch adds so, with their files, if it does nothing else; `asks` is the
    function that says of memory whether it is a net_iov."""
    found: list[tuple[str, Node]] = []
    if before.keys() != after.keys():
        return ()
    for path, parsed in after.items():
        tests = list(_tests(parsed, asks))
        left = replaced(parsed.original, [(one.start_byte, one.end_byte, b"") for one in tests])
        if not tests or tokens(left) != tokens(before[path].original):
            # What the file had before stays.
            tests = [one for one in tests if parsed.text(one) not in before[path].original]
            left = replaced(parsed.original, [(one.start_byte, one.end_byte, b"")
                                              for one in tests])
            if tokens(left) != tokens(before[path].original):
                return ()
        found += ((path, one) for one in tests)
    return tuple(found)


def _tests(parsed: ParsedFile, asks: str) -> Iterator[Node]:
    """The `if (asks(memory))` that stand in a block and leave as their function does elsewhere."""
    if asks.encode() not in parsed.source:
        return
    for function in parsed.functions():
        jumps: list[bytes] = [parsed.text(one) for one in nodes(function.node, *_JUMPS)]
        for one in nodes(function.node, "if_statement"):
            test = view.branch(one)
            call = view.call(view.bare(test.test)) if test is not None else None
            if test is None or call is None or call.name != asks.encode() or \
                    len(call.args) != 1 or test.otherwise is not None or one.parent is None or \
                    one.parent.type != "compound_statement" or nodes(call.args[0], *_ACTS):
                continue
            then = test.then
            if then is not None and then.type in _JUMPS and jumps.count(parsed.text(then)) > 1:
                yield one
