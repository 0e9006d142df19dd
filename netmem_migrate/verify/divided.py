# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that makes two of a function which takes two kinds of thing (docs/proof.md).

The calls, token by token, are those before, but for the name and for the parameter that told
(flow/divided.py). What is left to show is that either is the function that there was, for what
its calls pass: with the constant for the one, with anything but that for the other. Where calls
with a page pass no constant, that is taken for granted, and the compiler is told so on both sides.
Neither depends on who calls it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.text import replaced
from netmem_migrate.flow import divided as text
from netmem_migrate.flow.divided import Divided
from netmem_migrate.results import FileChange
from netmem_migrate.verify.code import ALONE
from netmem_migrate.verify.sides import sides

_INLINE = b"__attribute__((__always_inline__)) static inline "
_BOTH, _OTHER, _PAGE = b"netmem_probe_both", b"netmem_probe_other", b"netmem_probe_page"
_ANY = b"netmem_probe_any"  # what a call may pass that no longer passes it
_TOLD = b"\tif (%b(%b == %b))\n\t\t__builtin_unreachable();\n"


def divided(changes: Mapping[str, FileChange]) -> Divided | None:
    """What a patch does so; None where it does anything else."""
    both = sides(changes)
    return text.divided(*both) if both is not None else None


def before(found: Divided) -> bytes:
    """The file after, in which both functions are the one that there was."""
    one = found.split
    both = _renamed(one.parsed.original, one.node, _BOTH)
    given = [_names(node) for node in found.nodes]
    given[0].insert(one.flag, found.constant)
    if not one.kept:
        given[1].insert(one.flag, _ANY)
    calls = [_call(found, index, _BOTH, args) for index, args in enumerate(given)]
    return _placed(found, [both, *calls])


def after(found: Divided) -> bytes:
    """The file after, in which both functions are made alike."""
    source = found.after[found.path].original
    inner = [_renamed(source, node, name)
             for node, name in zip(found.nodes, (_OTHER, _PAGE), strict=True)]
    calls = [_call(found, index, name, _names(node)) for index, (node, name) in enumerate(
        zip(found.nodes, (_OTHER, _PAGE), strict=True))]
    return _placed(found, [*inner, *calls])


def _placed(found: Divided, functions: list[bytes]) -> bytes:
    """The file after, with other functions in place of both."""
    one, other = found.nodes
    return replaced(found.after[found.path].original, sorted([
        (one.start_byte, one.end_byte, b"\n\n".join(functions)),
        (other.start_byte, other.end_byte, b"")]))


def _names(function: Node) -> list[bytes]:
    found = (view.declared(one.child_by_field_name("declarator"))
             for one in view.parameters(function))
    return [view.text(one) for one in found if one is not None]


def _renamed(source: bytes, function: Node, name: bytes) -> bytes:
    """A function under another name, put into what calls it."""
    own = view.declared(function.child_by_field_name("declarator"))
    assert own is not None
    start = function.start_byte
    made = replaced(source[start:function.end_byte], [
        (own.start_byte - start, own.end_byte - start, name)])
    for word in (b"static ", b"inline "):
        made = made.removeprefix(word)
    return _INLINE + made


def _call(found: Divided, index: int, name: bytes, args: list[bytes]) -> bytes:
    """A function of the patch that only calls another; what its calls never pass is told."""
    node, one = found.nodes[index], found.split
    body = node.child_by_field_name("body")
    assert body is not None
    head = found.after[found.path].original[node.start_byte:body.start_byte]
    told = b""
    if index:
        flag = one.names[one.flag]
        if not one.kept:
            told, flag = b"\textern %b;\n" % re.sub(
                rb"\b%b$" % flag, _ANY, view.text(one.parameters[one.flag])), _ANY
        told += _TOLD % (b"" if one.truth else b"!", flag, one.value)
    return ALONE + head + b"{\n" + told + b"\treturn " + name + b"(" + b", ".join(args) + b");\n}"
