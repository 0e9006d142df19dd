# SPDX-License-Identifier: GPL-2.0-only
"""What somebody who did not write the walk got past it once: each of these is another function."""

from __future__ import annotations

import pytest

from netmem_migrate.check.compare.compare import compare

FRAME = """\
struct ring {
	struct page *page;
	void *va;
	struct ring *next;
	u32 *desc;
	u32 fill, len, size, done;
	u8 tiny;
	struct ring_buf bufs[4];
};

static int debug;

static int own(s64 number)
{
	return number > 3;
}

%s
static int demo(struct ring *r, int c, u32 a, u32 b)
{
%s
	return 0;
}
"""

OTHER: dict[str, tuple[str, str]] = {
    "before and behind": ("u32 i = r->fill++;\next(i);", "u32 i = ++r->fill;\next(i);"),
    "before and behind, in a loop": ("while (r->fill--)\next(a);", "while (--r->fill)\next(a);"),
    "a warning goes": ("if (WARN_ON(!r->len))\nreturn 1;", "if (!r->len)\nreturn 1;"),
    "read once goes": ("while (!READ_ONCE(r->done))\next(a);", "while (!r->done)\next(a);"),
    "another end": ("if (!r->va)\nBUG();", "if (!r->va)\nunreachable();"),
    "last words": ('if (!r->va)\npanic("a %d", stop(r));', "if (!r->va)\nBUG();"),
    "a switch of a choice": ("switch (c ? a : b) {\ncase 1:\next(a);\n}",
                             "switch (c ? b : a) {\ncase 1:\next(a);\n}"),
    "the type of a choice": ("return c ? r->len : -EINVAL;",
                             "if (c)\nreturn r->len;\nreturn -EINVAL;"),
    "read before a test for NULL": (
        "if (!r->next)\nreturn 1;\next(r->next->len);",
        "u32 len = r->next->len;\n\nif (!r->next)\nreturn 1;\next(len);"),
    "divided before a test for zero": (
        "u32 n;\n\nif (!b)\nreturn 1;\nn = a / b;\next(n);",
        "u32 n;\n\nn = a / b;\nif (!b)\nreturn 1;\next(n);"),
    "a parameter in the dark": ("if (c) {\nu32 a = 5;\n\next(a);\n}\next(a);",
                                "if (c) {\na = 5;\next(a);\n}\next(a);"),
    "a global in the dark": ("if (c) {\nint debug = 5;\n\next(debug);\n}\ndebug = 1;",
                             "if (c) {\nint debug = 5;\n\next(debug);\n}"),
    "a choice behind a declarator": ("int n = r->fill, k = n ? 1 : 2;\n\next(k);",
                                     "int n = r->size, k = n ? 1 : 2;\n\next(k);"),
    "a choice behind an and": ("r->done = r->len && (take(r) ? 1 : 2);",
                               "int t = take(r);\n\nr->done = r->len && (t ? 1 : 2);"),
    "as wide as the place": ("r->len = r->tiny = a;", "r->tiny = a;\nr->len = a;"),
    "the sign of what is pointed to": ("s8 *p = (s8 *)&r->tiny;\n\next(*p);", "ext(r->tiny);"),
    "bytes and words": ("void *p = r->desc;\n\next(p + 4);", "ext(r->desc + 4);"),
    "bytes and records": ("void *p = &r->bufs[0];\n\next(p + 1);", "ext(&r->bufs[0] + 1);"),
    "a copy for a place": (
        "WRITE_ONCE(r->va, NULL);", "void *va = r->va;\n\nWRITE_ONCE(va, NULL);"),
    "waits for a copy": (
        "wait_event(r->wq, r->va);", "void *va = r->va;\n\nwait_event(r->wq, va);"),
    "polls another": (
        "u32 val = 0, last = 0;\n\npoll_timeout(r->va, val, val & 4, last);\next(last);",
        "u32 val = 0, last = 0;\n\npoll_timeout(r->va, val, last & 4, last);\next(last);"),
    "an enumeration": (
        "enum { PAD = 64 };\n\next(PAD + a);", "enum { PAD = 128 };\n\next(PAD + a);"),
    "a type": (
        "typedef u16 cnt;\ncnt n = a;\n\next(n);", "typedef u32 cnt;\ncnt n = a;\n\next(n);"),
    "a macro in a function": ("#define PAD 64\next(PAD);", "#define PAD 128\next(PAD);"),
    "a macro that is a statement": ("r->len = 1;\nDEMO_BARRIER;\nr->done = 1;",
                                    "r->len = 1;\nr->done = 1;"),
    "a macro that is no number": ("int x = EMASK;\n\ndebug = x;", "debug = EMASK;"),
    "a rest that is no zero": ("if (c % 4 == 0)\next(a);", "if (!c % 4)\next(a);"),
    "a difference that is zero": ("if (c - a == 0)\next(a);", "if (!c - a)\next(a);"),
    "read before a call": ("u32 len = r->len;\nint err = fetch(r);\n\next(len + err);",
                           "int err = fetch(r);\nu32 len = r->len;\n\next(len + err);"),
    "read before a release": ("u32 *desc = r->desc;\nint err = drop(r);\n\next(desc[err]);",
                              "int err = drop(r);\nu32 *desc = r->desc;\n\next(desc[err]);"),
}


def severities(before: str, after: str, head: str = "", other: str | None = None) -> set[str]:
    one, two = FRAME % (head, before), FRAME % (head if other is None else other, after)
    return {finding.severity for finding in compare(one.encode(), two.encode(), "d.c")}


@pytest.mark.few(12)
@pytest.mark.parametrize("name", OTHER)
def test_another_function_is_no_note(name: str) -> None:
    assert {"error", "warning"} & severities(*OTHER[name])


def test_a_volatile_member_is_read_as_often_as_it_says() -> None:
    head = "struct regs {\n	volatile u32 status;\n};\n"
    assert {"error", "warning"} & severities("u32 x = r->len, y = r->len;\n\next(x + y);",
                                 "u32 x = r->len, y = x;\n\next(x + y);", head)


def test_a_macro_of_the_driver_may_do_anything() -> None:
    head = "#define SKIP() (i++)\n"
    assert {"error", "warning"} & severities("int i = c, j = c;\n\nSKIP();\next(i);\next(j);",
                                 "int i = c, j = i;\n\nSKIP();\next(j);\next(j);", head)


def test_an_accessor_gives_what_it_was_given() -> None:
    right = """\
static struct page *cur(netmem_ref netmem)
{
	return netmem_to_page(netmem);
}
"""
    before, after = "ext(r->page);", "ext(cur(r->netmem));"
    assert "error" not in severities(before, after, "", right)
    wrong = right.replace("to_page(netmem", "to_page(spare")
    assert {"error", "warning"} & severities(before, after, "", wrong)


def test_a_guard_does_not_hide_what_it_reads() -> None:
    test = "if (%s && netmem_is_net_iov(r->netmem))\nreturn 1;\next(a);"
    assert "error" not in severities("ext(a);", test % "r->len")
    assert {"error", "warning"} & severities("ext(a);", test % "r->next->len")
    assert {"error", "warning"} & severities("ext(a);", test % "WARN_ON(r->len)")


def test_a_member_has_one_new_name_everywhere() -> None:
    before = "struct at {\n	u32 head;\n	u32 tail;\n};\n"
    after = before.replace("head", "netmem_head").replace("tail", "netmem_tail")
    uses = "struct at *at = r->va;\n\nown(at->head);\next(at->tail);"
    same = uses.replace("->head", "->netmem_head").replace("->tail", "->netmem_tail")
    other = uses.replace("->head", "->netmem_tail").replace("->tail", "->netmem_head")
    assert "error" not in severities(uses, same, before, after)
    assert {"error", "warning"} & severities(uses, other, before, after)


@pytest.mark.parametrize("last", ["ext(a);", "return a;"])
def test_many_tests_are_looked_past_once_each(last: str) -> None:
    """Of each of them both ways lead to the next: two times as many with each, if asked anew."""
    tests = "".join(f"if (r->len == {number})\n\t;\n" for number in range(60))
    assert {"error", "warning"} & severities(tests + last, tests + last.replace("a", "b"))


def test_many_ways_are_an_order_each() -> None:
    """Where any of many things may happen, what differs otherwise is no other order."""
    page = "".join(f"if (r->len == {number})\n\tuse_{number}(r->page);\n" for number in range(300))
    found = severities(page + "r->len = 1;", page.replace("page", "netmem") + "r->len = 2;")
    assert found == {"warning"}
