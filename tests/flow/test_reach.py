# SPDX-License-Identifier: GPL-2.0-only
"""What is called out of sight, or returned by another name, stays a page."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, convert

from netmem_migrate.report import wording
from netmem_migrate.results import Verdict

TAKE = """\
#include "netmem_stub.h"

struct slot {
	struct page *page;
};

int fill(struct page_pool *pool, struct slot *s)
{
	s->page = page_pool_dev_alloc_pages(pool);
	return s->page ? 0 : -ENOMEM;
}

static %s take(struct slot *s)
{
	struct page *page = s->page;

	s->page = NULL;
	return page;
}

"""
ADD = """\
static void add(struct slot *s, struct sk_buff *skb)
{
	struct page *page = take(s);

	skb_add_rx_frag(skb, 0, page, 0, 64, PAGE_SIZE);
}
"""


def test_a_static_function_that_an_included_file_calls(tmp_path: Path) -> None:
    files = {"d.c": (TAKE % "struct page *" + '#include "part.h"\n').encode(),
             "part.h": ADD.encode()}
    migration, after = convert(tmp_path / "d", files)
    assert after == files
    said = [(one.file, one.line, wording.what(one)) for refusal in migration.report.refusals
            for one in refusal.origins]
    assert ("part.h", 3, "belongs to take(), which is static and called in another file") in said


def test_a_static_function_of_the_same_name_in_another_file(tmp_path: Path) -> None:
    files = {"d.c": (TAKE % "struct page *" + ADD).encode(),
             "e.c": b'#include "netmem_stub.h"\n\nstatic int take(int n)\n{\n\treturn n;\n}\n\n'
                    b"int two(void)\n{\n\treturn take(2);\n}\n"}
    migration, after = convert(tmp_path / "d", files)
    assert not migration.report.refusals
    assert b"netmem_ref take(" in after["d.c"]
    assert after["e.c"] == files["e.c"]


def test_a_typedef_that_a_function_returns(tmp_path: Path) -> None:
    text = TAKE.replace("struct slot {", "typedef struct page *m_page;\n\nstruct slot {", 1)
    files = {"d.c": (text % "m_page" + ADD).encode()}
    migration, after = convert(tmp_path / "d", files)
    assert after == files
    assert migration.report.refusals


def test_a_cursor_that_is_set_from_what_nothing_is_known_of(tmp_path: Path) -> None:
    """In a function whose parameters were not read, the ring's type is not known."""
    files = {"d.c": (TAKE % "struct page *" + """\
struct ring {
	struct page *list[8];
	struct slot slot[8];
};

#define NAME(n)	n

static void NAME(keep)(struct ring *r)
{
	struct page **at = r->list;
	struct slot *s = &r->slot[0];

	*at = s->page;
	s->page = NULL;
}
""" + ADD).encode()}
    migration, after = convert(tmp_path / "d", files)
    assert after == files
    assert "at" in {one.slot for one in migration.report.refusals}


def test_a_call_in_an_arm_that_is_not_read_is_of_no_macro(tmp_path: Path) -> None:
    body = "{\n\tpage_pool_put_full_page(pool, s->page, %s);\n"
    files = {"d.c": (TAKE % "struct page *" + ADD
                     + "void drop(struct page_pool *pool, struct slot *s)\n#ifdef CONFIG_A\n"
                     + body % "false" + "#else\n" + body % "true" + "#endif\n"
                     "\ts->page = NULL;\n}\n").encode()}
    migration, after = convert(tmp_path / "d", files)
    assert after == files
    said = [wording.what(one) for refusal in migration.report.refusals for one in refusal.origins]
    assert "is used in a branch of a conditional that is not read" in said
    assert not any("macro" in one for one in said)


@pytest.mark.parametrize(("define", "call", "named"), [
    ("#define PUT\tpage_pool_put_full_page\n", "PUT", "PUT is another name for"),
    ("void (*put)(struct page_pool *pool, struct page *page, bool direct) =\n"
     "\tpage_pool_put_full_page;\n",
     "put", "page_pool_put_full_page is used other than by calling it"),
])
def test_a_call_by_another_name_is_named(define: str, call: str, named: str,
                                         tmp_path: Path) -> None:
    text = f"""\
#include "netmem_stub.h"

{define}
struct slot {{
	struct page *page;
}};

void drop(struct page_pool *pool, struct slot *s)
{{
	{call}(pool, s->page, false);
	s->page = NULL;
}}
"""
    files = {"d.c": text.encode()}
    migration, after = convert(tmp_path / "d", files)
    assert after == files
    assert migration.report.verdict == Verdict.REFUSED
    assert any(named in wording.refusal(one) for one in migration.report.refusals)


@pytest.mark.parametrize("code", [
    "void *list = r->list;\n\n\tat = list;",
    "at = same(r->list);",
    "at = give(r);",
])
def test_a_list_of_pages_behind_a_void_pointer(code: str, tmp_path: Path) -> None:
    """A void pointer carries a page, or a list of them: not the one for the other."""
    text = TAKE % "struct page *" + ADD + f"""
struct ring {{
	struct page *list[8];
	struct slot slot[8];
}};

static void *same(void *list)
{{
	return list;
}}

static void *give(struct ring *r)
{{
	return r->list;
}}

void keep(struct ring *r)
{{
	struct page **at;

	{code}
	*at = take(&r->slot[0]);
}}
"""
    files = {"d.c": text.encode()}
    compiles(tmp_path / "before", files)
    migration, after = convert(tmp_path / "d", files)
    assert migration.report.refusals
    compiles(tmp_path / "after", after)
