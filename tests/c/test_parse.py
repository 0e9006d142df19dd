# SPDX-License-Identifier: GPL-2.0-only
"""A parsed file: functions, their text, and whether they touch pool memory."""

from __future__ import annotations

import dataclasses

import pytest

from netmem_migrate.c.parse import ParsedFile, parse
from netmem_migrate.model.relevant import parse_counts, relevant
from netmem_migrate.results import ParseCounts

DRIVER = b"""\
/* page_pool in words only */
#include <linux/netdevice.h>

static struct ring *__init first(struct work *w)
{
\treturn container_of(w, struct ring, work);
}

#ifdef CONFIG_POOL
static void (*second(int a))(void)
{
\tstruct page *page = page_pool_dev_alloc_pages(pool);

\tfor_each_ring(r, 0)
\t\tpage_pool_put_full_page(pool, page, false);
}
#else
static inline int third(void) { return 0; }
#endif

static void fourth(void)
{
\tlog("page_pool_destroy"); /* struct page */
}
"""


def _one(source: bytes) -> tuple[ParsedFile, bool]:
    file = parse(source)
    (function,) = file.functions()
    return file, relevant(file, function)


def test_functions_are_found_in_order_and_in_conditionals() -> None:
    file = parse(DRIVER)
    assert [f.name for f in file.functions()] == ["first", "second", "third", "fourth"]
    assert not any(f.has_error for f in file.functions())


def test_offsets_are_those_of_the_original() -> None:
    file = parse(DRIVER)
    first = file.functions()[0]
    assert file.source is DRIVER
    assert file.text(first.node) == DRIVER[first.start : first.end]
    assert file.text(first.node).startswith(b"static struct ring *__init first(")
    assert b"struct ring, work" in file.text(first.node)
    assert b"struct ring, work" not in file.masked
    assert file.line_of(first.start) == 4
    assert file.line_of(0) == 1


def test_only_code_makes_a_function_relevant() -> None:
    file = parse(DRIVER)
    assert [relevant(file, f) for f in file.functions()] == [False, True, False, False]


@pytest.mark.parametrize(
    "body",
    [
        "struct page *p;",
        "netmem_ref n;",
        "f(skb_frag_page(frag));",
        "skb_add_rx_frag(skb, 0, p, 0, n, n);",
        "page_pool_destroy(q);",
        "struct page_pool *q;",
    ],
)
def test_relevant(body: str) -> None:
    assert _one(f"void f(void)\n{{\n\t{body}\n}}\n".encode())[1]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "struct pages *p;",
        "struct my_page *p;",
        "// struct page",
        'f("netmem");',
        "homepage(1);",
    ],
)
def test_not_relevant(body: str) -> None:
    assert not _one(f"void f(void)\n{{\n\t{body}\n}}\n".encode())[1]


def test_every_pool_call_is_a_call_in_the_tree() -> None:
    file = parse(DRIVER)
    calls: list[bytes] = []
    todo = [file.tree.root_node]
    while todo:
        node = todo.pop()
        todo.extend(node.children)
        if node.type == "call_expression":
            name = node.child_by_field_name("function")
            assert name is not None
            calls.append(file.text(name))
    assert sorted(c for c in calls if c.startswith(b"page_pool_")) == [
        b"page_pool_dev_alloc_pages",
        b"page_pool_put_full_page",
    ]


def test_counts_tell_broken_from_relevant_and_broken() -> None:
    sound = parse(DRIVER)
    broken = parse(b"void f(void)\n{\n\tint a b c;\n}\n")
    worse = parse(b"void f(void)\n{\n\tstruct page *p;\n\tint a b c;\n}\n")
    assert parse_counts([]) == ParseCounts(0, 0, 0)
    assert parse_counts([sound]) == ParseCounts(4, 0, 0)
    assert parse_counts([sound, broken]) == ParseCounts(5, 1, 0)
    assert parse_counts([sound, broken, worse]) == ParseCounts(6, 2, 1)


@pytest.mark.parametrize("source", [b"", b"\0\xff\xfe", b"}}}}", b"int f(void)\n{\n"])
def test_no_c_is_no_crash(source: bytes) -> None:
    file = parse(source)
    assert file.tree.root_node.end_byte <= len(source)
    assert not any(f.name for f in file.functions() if not f.has_error)


def test_a_parsed_file_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse(DRIVER).source = b""  # type: ignore[misc]
