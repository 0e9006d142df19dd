# SPDX-License-Identifier: GPL-2.0-only
"""Arms of `#if` are alternatives: a fault is one in some direction, and counts once."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import convert

from netmem_migrate.check.sources import check_sources

HEAD = """\
struct zr {
	struct page_pool *pool;
	struct page *page;
	int n;
};

"""
PUT = "\tpage_pool_put_full_page(r->pool, page, false);\n"
USE = "\tmemset(page_address(page), 0, 64);\n"
ALLOC = "\tpage = page_pool_dev_alloc_pages(r->pool);\n\tif (!page)\n\t\treturn;\n"
MANY = "".join(f"#ifdef A{i}\n\tr->n++;\n#endif\n" for i in range(9))


def found(body: str, before: str = "") -> list[str]:
    source = f"{HEAD}{before}void f(struct zr *r, struct page *page)\n{{\n{body}}}\n"
    return [one.id for one in check_sources({"d.c": source.encode()})]


@pytest.mark.parametrize("body", [
    f"#ifdef A\n{PUT}#else\n{PUT}#endif\n",
    f"#ifdef A\n{PUT}#else\n{USE}{PUT}#endif\n",
    f"#if A\n{PUT}#elif B\n{PUT}#else\n{PUT}#endif\n",
    f"#ifdef A\n{PUT}#endif\n#ifndef A\n{USE}{PUT}#endif\n",
    f"#ifdef A\n{PUT}#endif\n#if !defined(A)\n{PUT}#endif\n",
    f"#if IS_ENABLED(CONFIG_A)\n{PUT}#endif\n#if !IS_ENABLED(CONFIG_A)\n{PUT}#endif\n",
    f"#ifdef A\n{PUT}#else\n#ifdef B\n{PUT}#else\n{PUT}#endif\n#endif\n",
    f"{ALLOC}#ifdef A\n{PUT}#else\n\tr->page = page;\n#endif\n",
    f"#ifdef A\n{ALLOC}{PUT}#endif\n",
    f"#ifdef A\n{PUT}\treturn;\n#else\n\tr->n++;\n#endif\n#ifndef A\n{PUT}#endif\n",
    f"\tif (r->n) {{\n\t\tr->n = 0;\n#ifdef A\n\t}} else if (r->page) {{\n{PUT}"
    f"#else\n\t}} else if (r->n > 1) {{\n{PUT}#endif\n\t}}\n",
    # what the target leaves out
    f"#if 0\n{PUT}{PUT}#endif\n",
    f"{MANY}#ifdef B\n{PUT}#else\n{PUT}#endif\n",
])
def test_nothing_is_wrong(body: str) -> None:
    assert found(body) == []


@pytest.mark.parametrize(("body", "ids"), [
    (f"#ifdef A\n{PUT}{PUT}#endif\n", ["double-release"]),
    (f"#ifdef A\n{PUT}#endif\n{PUT}", ["double-release"]),
    (f"#ifdef A\n{PUT}#endif\n#if defined(A)\n{PUT}#endif\n", ["double-release"]),
    (f"#ifdef A\n{PUT}#endif\n#ifdef B\n{PUT}#endif\n", ["double-release"]),
    (f"{PUT}#ifndef A\n{USE}#endif\n", ["use-after-release"]),
    (f"{ALLOC}#ifdef A\n{PUT}#endif\n", ["leak"]),
    (f"{ALLOC}#ifdef A\n{PUT}#elif B\n\tr->page = page;\n#else\n\tr->n++;\n#endif\n", ["leak"]),
    # wrong whatever is decided: once
    (f"#ifdef A\n\tr->n++;\n#else\n\tr->n--;\n#endif\n{PUT}{PUT}", ["double-release"]),
    (f"{MANY}#ifdef B\n{PUT}#endif\n{PUT}", ["double-release"]),
    (f"{MANY}#ifndef B\n{PUT}#endif\n{PUT}", ["double-release"]),
])
def test_a_fault_in_some_direction_is_found_once(body: str, ids: list[str]) -> None:
    assert found(body) == ids


@pytest.mark.parametrize(("callee", "ids"), [
    (f"#ifdef A\n{PUT}#else\n{PUT}#endif\n", ["double-release"]),  # it always releases
    (f"#ifdef A\n{PUT}#else\n\tr->n++;\n#endif\n", []),  # who knows
])
def test_what_a_function_does_is_what_it_does_in_each_direction(callee: str,
                                                                ids: list[str]) -> None:
    before = f"static void drop(struct zr *r, struct page *page)\n{{\n{callee}}}\n\n"
    assert found(f"{ALLOC}\tdrop(r, page);\n{PUT}", before) == ids


def test_a_function_in_an_arm_has_its_direction() -> None:
    source = (f"{HEAD}#ifdef A\nvoid f(struct zr *r, struct page *page)\n{{\n{PUT}#ifndef A\n{PUT}"
              "#endif\n}\n#endif\n")
    assert check_sources({"d.c": source.encode()}) == ()


@pytest.mark.parametrize("condition", ["ifdef HAVE_NETMEM", "if HAVE_NETMEM > 1",
                                       "if IS_ENABLED(CONFIG_NETMEM)"])
def test_the_judge_takes_arms_as_alternatives(tmp_path: Path, condition: str) -> None:
    source = f"""\
#include <net/page_pool/helpers.h>

{HEAD}int fill(struct zr *r)
{{
	r->page = page_pool_dev_alloc_pages(r->pool);
	return r->page ? 0 : -ENOMEM;
}}

void add(struct zr *r, struct sk_buff *skb, int len)
{{
#{condition}
	skb_add_rx_frag_netmem(skb, 0, page_to_netmem(r->page), 0, len, PAGE_SIZE);
#else
	skb_add_rx_frag(skb, 0, r->page, 0, len, PAGE_SIZE);
#endif
	r->page = NULL;
}}
"""
    migration, files = convert(tmp_path / "d", {"d.c": source.encode()})
    assert not migration.report.refusals
    assert files["d.c"].count(b"skb_add_rx_frag_netmem(skb, 0, r->netmem, 0, len, PAGE_SIZE);") == 2
