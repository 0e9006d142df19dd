# SPDX-License-Identifier: GPL-2.0-only
"""Nodes of a kind, and what is around them."""

from __future__ import annotations

import pytest
import tree_sitter_c
from tree_sitter import Language, Node, Parser

from netmem_migrate.c.above import Above, above, innermost
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


@pytest.mark.parametrize("text", [
    "struct a { union { int b[2][3]; struct page *page, **other; }; };\n",
    "int f(void)\n{\n\tif (a)\n\t\tg(a ? (b) : c);\n#if X\n\telse\n#endif\n\t\treturn;\n}\n",
    "int f(void {\n\tif (a\n\t\tg(;\n}\nstruct { int",  # with faults and nodes of no length
    "int x;",
])
def test_all_above_are_what_the_parser_says(text: str) -> None:
    root = root_of(text)
    left = [root]
    while left:
        node = left.pop()
        left += node.children
        climbed: list[Node] = []
        current = node.parent
        while current is not None:
            climbed.append(current)
            current = current.parent
        assert above(root, node) == climbed, node


def test_all_above_are_found_at_once() -> None:
    root = root_of("int x" + "[1]" * 30000 + ";")
    (inner,) = nodes(root, "identifier")
    assert len(above(root, inner)) == 30002


def test_innermost_of_some_kinds() -> None:
    root = root_of("#if A\nint a;\n#ifdef B\nint b;\n#else\nint c;\n#endif\nint d;\n#endif\nint e;")
    names = nodes(root, "identifier")
    around = innermost(root, ("preproc_if", "preproc_ifdef", "preproc_else"), names)
    found = {one.text: arm.type if arm is not None else "" for one, arm in
             zip(names, around, strict=True)}
    assert found == {b"A": "preproc_if", b"a": "preproc_if", b"B": "preproc_ifdef",
                     b"b": "preproc_ifdef", b"c": "preproc_else", b"d": "preproc_if", b"e": ""}
