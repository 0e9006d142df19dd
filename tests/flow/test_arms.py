# SPDX-License-Identifier: GPL-2.0-only
"""Arms of `#if` that nothing decides: the conversion is right with each, or it is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, convert

from netmem_migrate.reasons import Category
from netmem_migrate.report import wording

HEAD = """\
#include "netmem_stub.h"

struct zr {
	struct page_pool *pool;
	struct page *page;
	int n;
};

"""
FILL = """\
int zr_fill(struct zr *r)
{
	r->page = page_pool_dev_alloc_pages(r->pool);
	return r->page ? 0 : -ENOMEM;
}

"""
PUT = """\
void zr_put(struct zr *r)
{
	page_pool_put_full_page(r->pool, r->page, false);
	r->page = NULL;
}

"""
PUT_TRUE = PUT.replace("false", "true")


def fill(*arms: str) -> str:
    """A function that fills in the one way or the other."""
    return (f"int zr_fill(struct zr *r)\n{{\n#ifdef A\n\tr->page = {arms[0]};\n#else\n"
            f"\tr->page = {arms[1]};\n#endif\n\treturn 0;\n}}\n\n")


def put(body: str) -> str:
    return f"void zr_put(struct zr *r, struct page **list)\n{{\n{body}}}\n"


POOL = "page_pool_dev_alloc_pages(r->pool)"
CONVERTED = {
    "statements": FILL + put("#ifdef A\n\tpage_pool_put_full_page(r->pool, r->page, true);\n#else\n"
                             "\tpage_pool_put_full_page(r->pool, r->page, false);\n#endif\n"),
    "functions": f"{FILL}#ifdef A\n{PUT}#else\n{PUT_TRUE}#endif\n",
    "function-and-stub": f"{FILL}#ifdef A\n{PUT}#else\nvoid zr_put(struct zr *r) {{ }}\n#endif\n",
    "allocations": fill(POOL, "page_pool_alloc_pages(r->pool, GFP_KERNEL)") + PUT,
    "nothing-to-give": fill(POOL, "NULL") + PUT,
    "locals": FILL + put("#ifdef A\n\tstruct page *page = r->page;\n#else\n"
                         "\tstruct page *page = READ_ONCE(r->page);\n#endif\n"
                         "\tpage_pool_put_full_page(r->pool, page, true);\n"),
    "a-flag": FILL + put("\tpage_pool_put_full_page(r->pool, r->page,\n#ifdef A\n\t\t\t\ttrue);\n"
                         "#else\n\t\t\t\tfalse);\n#endif\n"),
    "an-argument": FILL + """\
void zr_one(struct zr *r,
#ifdef A
	    int direct,
#endif
	    struct page *page)
{
	page_pool_put_full_page(r->pool, page, false);
}

void zr_put(struct zr *r)
{
	zr_one(r,
#ifdef A
	       1,
#endif
	       r->page);
}
""",
    "else-if": FILL + put("\tif (r->n) {\n\t\tpage_pool_put_full_page(r->pool, r->page, true);\n"
                          "#ifdef A\n\t} else if (r->page) {\n"
                          "\t\tpage_pool_put_full_page(r->pool, r->page, false);\n#endif\n\t}\n"),
    "return-in-an-arm": FILL + put("#ifdef A\n\tpage_pool_put_full_page(r->pool, r->page, true);\n"
                                   "\treturn;\n#endif\n"
                                   "\tpage_pool_put_full_page(r->pool, r->page, false);\n"),
    "a-reference-in-one": FILL + put("#ifdef A\n\tget_page(r->page);\n\tput_page(r->page);\n"
                                     "#endif\n"
                                     "\tpage_pool_put_full_page(r->pool, r->page, false);\n"),
}
OTHER = {
    "else": (fill(POOL, "dev_alloc_page()") + PUT, "dev_alloc_page()", "#else of #ifdef A"),
    "first": (fill("alloc_page(GFP_ATOMIC)", POOL) + PUT, "alloc_page()", "#ifdef A"),
    "by-a-local": ("""\
int zr_fill(struct zr *r)
{
#if defined(A)
	struct page *page = page_pool_dev_alloc_pages(r->pool);
#elif defined(B)
	struct page *page = alloc_pages(GFP_ATOMIC, 0);
#endif

	r->page = page;
	return 0;
}

""" + PUT, "alloc_pages()", "#elif defined(B) of #if defined(A)"),
    "by-a-function": ("struct page *own(void)\n{\n\treturn alloc_page(GFP_ATOMIC);\n}\n\n"
                      + fill(POOL, "own()") + PUT, "alloc_page()", "#else of #ifdef A"),
    "in-a-function-of-its-own": (
        f"#ifdef A\nstruct page *get(struct zr *r)\n{{\n\treturn {POOL};\n}}\n#else\n"
        "struct page *get(struct zr *r)\n{\n\treturn alloc_page(GFP_ATOMIC);\n}\n#endif\n"
        "void zr_fill(struct zr *r)\n{\n\tr->page = get(r);\n}\n" + PUT,
        "alloc_page()", "#else of #ifdef A"),
    "of-unknown-origin": ("struct page *somewhere(void);\n" + fill(POOL, "somewhere()") + PUT,
                          "somewhere()", "#else of #ifdef A"),
    "released-only": (
        "int zr_fill(struct zr *r)\n{\n#ifdef A\n\tr->page = page_pool_dev_alloc_pages(r->pool);\n"
        "#endif\n\treturn 0;\n}\n" + put("#ifndef A\n\tput_page(r->page);\n#else\n"
        "\tpage_pool_put_full_page(r->pool, r->page, false);\n#endif\n"), "in which the pool gives",
        "#ifndef A"),
}
CUT = {
    "argument": put("\tpage_pool_put_full_page(r->pool,\n#ifdef A\n\t\t\t\tr->page,\n#else\n"
                    "\t\t\t\tlist[0],\n#endif\n\t\t\t\tfalse);\n"),
    "end-of-the-call": put("\tpage_pool_put_full_page(r->pool,\n#ifdef A\n\t\t\t\tr->page, true);\n"
                           "#else\n\t\t\t\tlist[0], false);\n#endif\n"),
    "condition": put("\tif (r->page !=\n#ifdef A\n\t    NULL\n#else\n\t    list[0]\n#endif\n"
                     "\t   )\n"
                     "\t\tpage_pool_put_full_page(r->pool, r->page, false);\n"),
    "part-of-a-comparison": put("\tif (r->page ==\n#ifdef A\n\t    NULL ||\n#endif\n\t    !r->n)\n"
                                "\t\tpage_pool_put_full_page(r->pool, r->page, false);\n"),
    "initialiser": put("\tstruct page *page =\n#ifdef A\n\t\tr->page;\n#else\n\t\tlist[0];\n"
                       "#endif\n\tpage_pool_put_full_page(r->pool, page, false);\n"),
}


@pytest.mark.parametrize("case", CONVERTED)
def test_converted_with_each_arm(tmp_path: Path, case: str) -> None:
    migration, files = convert(tmp_path / "d", {"d.c": (HEAD + CONVERTED[case]).encode()})
    assert not migration.report.refusals
    assert b"struct page *" not in files["d.c"].replace(b"struct page **list", b"")
    assert b"page_to_netmem" not in files["d.c"]
    compiles(tmp_path / "with", files, "-DA")
    compiles(tmp_path / "without", files, "-UA")


@pytest.mark.parametrize("case", OTHER)
def test_memory_of_another_owner_in_an_arm(tmp_path: Path, case: str) -> None:
    source, by, arm = OTHER[case]
    migration, _ = convert(tmp_path / "d", {"d.c": (HEAD + source).encode()})
    assert not migration.changes
    found = [one for one in migration.report.refusals if one.category is Category.CONDITIONAL]
    assert any(by in said and f"the arm {arm}," in said
               for said in (wording.text(one.reason) for one in found))
    lines = (HEAD + source).splitlines()
    assert any(by.rstrip("()") in lines[one.line - 1] or "put_page" in lines[one.line - 1]
               or "own()" in lines[one.line - 1] for refusal in found for one in refusal.origins)


@pytest.mark.parametrize("case", CUT)
def test_an_arm_that_cuts_through_what_would_change(tmp_path: Path, case: str) -> None:
    migration, _ = convert(tmp_path / "d", {"d.c": (HEAD + FILL + CUT[case]).encode()})
    assert not migration.changes
    assert {one.category for one in migration.report.refusals} == {Category.CONDITIONAL}


@pytest.mark.parametrize("other", ["struct zr *r, void *page", "struct page *page, struct zr *r",
                                   "struct zr *r"])
def test_two_definitions_with_other_parameters(tmp_path: Path, other: str) -> None:
    definitions = (f"#ifdef A\nvoid one(struct zr *r, struct page *page)\n{{\n"
                   "\tpage_pool_put_full_page(r->pool, page, false);\n}\n#else\n"
                   f"void one({other})\n{{\n\tr->n++;\n}}\n#endif\n")
    source = HEAD + FILL + definitions + put("#ifdef A\n\tone(r, r->page);\n#endif\n")
    migration, _ = convert(tmp_path / "d", {"d.c": source.encode()})
    assert not migration.changes
    assert migration.report.refusals


@pytest.mark.parametrize(("before", "after"), [
    ("\tint ok = r->page !=\n#if 0\n\t\tlist[0] |\n#endif\n\t\tNULL;\n",
     "\tint ok = !!r->netmem\n#if 0\n\t\tlist[0] |\n#endif\n\t\t;\n"),
    ("\tpage_pool_put_page(r->pool,\n#if 0\n\t\t\t   r->page,\n#else\n\t\t\t   r->page, -1,\n"
     "#endif\n\t\t\t   false);\n",
     "\tpage_pool_put_netmem(r->pool,\n#if 0\n\t\t\t   r->page,\n#else\n\t\t\t     r->netmem, -1,\n"
     "#endif\n\t\t\t     false);\n"),
    ("\tstruct page\n#if 0\n\t\t*old,\n#endif\n\t\t*page = r->page;\n\n"
     "\tpage_pool_put_full_page(r->pool, page, false);\n",
     "\tnetmem_ref\n#if 0\n\t\t*old,\n#endif\n\t\tnetmem = r->netmem;\n\n"
     "\tpage_pool_put_full_netmem(r->pool, netmem, false);\n"),
])
def test_an_edit_goes_around_what_is_left_out(tmp_path: Path, before: str, after: str) -> None:
    source = HEAD + FILL + put(before)
    migration, files = convert(tmp_path / "d", {"d.c": source.encode()})
    assert not migration.report.refusals
    assert put(after) in files["d.c"].decode()
    compiles(tmp_path / "after", files)
