# SPDX-License-Identifier: GPL-2.0-only
"""A patch that only copies a function is a note; one in which the copy may be another is none."""

from __future__ import annotations

import pytest

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

FUNCTION = """\
static void demo_keep(struct demo_buf *buf, void *token, unsigned int len)
{
	buf->token = token;
	buf->len = len + DEMO_MORE;
}
"""
REST = """
void demo_both(struct demo_buf *buf, struct page *page, void *mem)
{
	demo_keep(buf, page, 1);
	demo_keep(buf, mem, 2);
}
"""
HEAD = "#define DEMO_MORE 8\n\n"
OTHERWISE = "\n#undef DEMO_MORE\n#define DEMO_MORE 9\n"
COPY = FUNCTION.replace("demo_keep", "demo_keep_netmem")
CALLED = REST.replace("demo_keep(buf, page", "demo_keep_netmem(buf, page")
STATE = HEAD + "#define DEMO_ONE ({ static int demo_n; demo_n++; })\n#define DEMO_TWO DEMO_ONE\n\n"


def notes(before: str, after: str) -> list[str]:
    change = FileChange("d.c", before.encode(), after.encode())
    return [one.message for one in check_changes([change], api="7.3") if one.severity == "note"]


def test_a_copy_is_a_note() -> None:
    (said,) = notes(HEAD + FUNCTION + REST, HEAD + FUNCTION + "\n" + COPY + CALLED)
    assert said == "demo_keep_netmem() is demo_keep() for some of its calls"


def test_so_is_one_with_the_prototype_of_its_function() -> None:
    declared = FUNCTION.partition("\n{")[0] + ";\n"
    assert notes(HEAD + declared + FUNCTION + REST, HEAD + declared + declared.replace(
        "demo_keep", "demo_keep_netmem") + FUNCTION + "\n" + COPY + CALLED)


@pytest.mark.parametrize(("before", "after"), [
    (HEAD + FUNCTION + OTHERWISE + REST, HEAD + FUNCTION + OTHERWISE + COPY + CALLED),
    (HEAD + FUNCTION + REST, HEAD + COPY.partition("\n{")[0] + " __attribute__((const));\n"
     + FUNCTION + "\n" + COPY + CALLED),
    (STATE + FUNCTION.replace("DEMO_MORE", "DEMO_TWO") + REST,
     STATE + (FUNCTION + "\n" + COPY).replace("DEMO_MORE", "DEMO_TWO") + CALLED),
], ids=["a word means something else behind", "its prototype says more",
        "a macro of a macro keeps something"])
def test_what_may_be_another_function_is_none(before: str, after: str) -> None:
    assert not any("for some of its calls" in one for one in notes(before, after))
