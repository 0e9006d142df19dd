# SPDX-License-Identifier: GPL-2.0-only
"""Nodes of a kind, and what is around them."""

from __future__ import annotations

import tree_sitter_c
from tree_sitter import Language, Node, Parser

from netmem_migrate.c.above import Above, innermost
from netmem_migrate.c.find import nodes


def root_of(text: str) -> Node:
    return Parser(Language(tree_sitter_c.language())).parse(text.encode()).root_node


def test_nodes_are_found_however_deep_they_are() -> None:
    root = root_of("int f(void) { return " + "g(" * 40000 + "x" + ")" * 40000 + "; }")
    assert len(nodes(root, "call_expression")) == 40000
    assert [one.text for one in nodes(root, "identifier")][-2:] == [b"g", b"x"]


def test_above_is_what_the_parser_says() -> None:
    root = root_of("int f(void) { return " + "(" * 3000 + "x" + ")" * 3000 + "; }")
    inner = nodes(root, "identifier")[-1]
    above = Above(root)
    assert above.of(inner) == inner.parent
    assert above.of(root) is None
    small = root_of("int x;")
    assert Above(small).of(small.children[0]) == small


def test_innermost_of_some_kinds() -> None:
    root = root_of("#if A\nint a;\n#ifdef B\nint b;\n#else\nint c;\n#endif\nint d;\n#endif\nint e;")
    names = nodes(root, "identifier")
    around = innermost(root, ("preproc_if", "preproc_ifdef", "preproc_else"), names)
    found = {one.text: arm.type if arm is not None else "" for one, arm in
             zip(names, around, strict=True)}
    assert found == {b"A": "preproc_if", b"a": "preproc_if", b"B": "preproc_ifdef",
                     b"b": "preproc_ifdef", b"c": "preproc_else", b"d": "preproc_if", b"e": ""}
