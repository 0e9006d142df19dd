# SPDX-License-Identifier: GPL-2.0-only
"""Control-flow graphs of C: which calls each way through a function makes, in order."""

from __future__ import annotations

import pytest

from netmem_migrate.c.parse import parse
from netmem_migrate.check.paths.values import operations
from netmem_migrate.flow.cfg import ControlFlow, build


def graph_of(body: str) -> ControlFlow:
    parsed = parse(f"int f(int x)\n{{\n{body}\n}}\n".encode())
    node = parsed.functions()[0].node.child_by_field_name("body")
    assert node is not None
    return build(node)


def ways(body: str, turns: int = 1) -> set[str]:
    """The names called on each way to the end; no edge is taken more than `turns` times."""
    graph = graph_of(body)
    found: set[str] = set()

    def walk(number: int, called: list[str], taken: dict[tuple[int, int], int]) -> None:
        block = graph.blocks[number]
        called = called + [op.name for item in block.items for op in operations(item)
                           if op.kind == "call"]
        if number == graph.exit:
            found.add(" ".join(called))
            return
        for place, edge in enumerate(block.edges):
            key = (number, place)
            if taken.get(key, 0) < turns:
                walk(edge.to, called, {**taken, key: taken.get(key, 0) + 1})

    walk(0, [], {})
    return found


@pytest.mark.parametrize(("body", "expected"), [
    ("a(); b();", {"a b"}),
    ("if (x) a(); else b(); c();", {"a c", "b c"}),
    ("if (x) return 1; a(); return 0;", {"", "a"}),
    ("if (!x) a();", {"a", ""}),
    ("if (a() && b()) c();", {"a", "a b", "a b c"}),
    ("if (a() || b()) c();", {"a c", "a b c", "a b"}),
    ("if (!(a() || b())) c();", {"a", "a b", "a b c"}),
    ("if (unlikely(!a())) return 1; b();", {"a", "a b"}),
    ("a(x ? b() : c());", {"b a", "c a"}),
    ("return x ? b() : c();", {"b", "c"}),
    ("if (x) goto out; a();\nout:\n b();", {"a b", "b"}),
    ("goto nowhere; a();", {""}),
    ("if (x) { a(); goto two; }\none:\n b();\ntwo:\n c();", {"a c", "b c"}),
    ("switch (x) { case 1: a(); case 2: b(); break; default: c(); }", {"a b", "b", "c"}),
    ("switch (x) { case 1: a(); break; } b();", {"a b", "b"}),
    ("switch (x) { default: a(); break; case 1: return 1; } b();", {"a b", ""}),
    ("switch (x) { case 1: case 2 ... 4: a(); }", {"a", ""}),
    ("while (x) a();", {"", "a"}),
    ("do { if (x) break; a(); } while (0); b();", {"b", "a b"}),
    ("for (x = a(); b(); c()) d();", {"a b", "a b d c b"}),
    ("while (a()) { if (x) continue; b(); }", {"a", "a a", "a b a"}),
    ("list_for_each_entry(x, head, list) { a(); } b();", {"b", "a b"}),
    ("BUG_ON(a()); b();", {"a b"}),
    ("if (x) BUG(); a();", {"a"}),
    ("if (0) a(); b();", {"b"}),
    ("if (0x0UL) a(); b();", {"b"}),
    ("if (0b0) a(); b();", {"b"}),
    ("if (0b10) a(); b();", {"a b"}),
    ("if (1e5) a(); b();", {"a b"}),
    (f"if ({'0' * 5000}) a(); b();", {"b"}),
    (f"if ({'1' * 5000}) a(); b();", {"a b"}),
    ("if (a(), b()) c();", {"a b", "a b c"}),
])
def test_ways_through_a_function(body: str, expected: set[str]) -> None:
    assert ways(body) == expected


@pytest.mark.parametrize(("body", "expected"), [
    ("do a(); while (x);", {"a", "a a"}),
    ("while (1) { if (x) break; a(); } b();", {"b", "a b"}),
    ("for (;;) { if (a()) return 1; }", {"a", "a a"}),
])
def test_ways_that_take_an_edge_twice(body: str, expected: set[str]) -> None:
    assert ways(body, turns=2) == expected


def test_a_loop_without_a_way_out_never_ends() -> None:
    assert ways("for (;;) a();") == set()


def test_backward_edges_are_marked() -> None:
    graph = graph_of("while (x) a();\nagain:\n if (x) goto again;")
    assert sum(edge.back for block in graph.blocks for edge in block.edges) >= 2


def test_a_test_knows_both_truths() -> None:
    graph = graph_of("if (x == 3) a();")
    edges = [edge for block in graph.blocks for edge in block.edges if edge.test is not None]
    assert sorted((edge.truth, edge.test.text) for edge in edges if edge.test is not None) == [
        (False, b"x == 3"), (True, b"x == 3")]
