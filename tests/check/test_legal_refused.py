# SPDX-License-Identifier: GPL-2.0-only
"""What an adversary got past the comparison of statements once: each pair differs for pages."""

from __future__ import annotations

import pytest

from netmem_migrate.check.compare.compare import compare

TYPES = """\
struct demo_buf {
	struct page *page;
	u32 len;
};

struct demo_ring {
	struct page_pool *pool;
	struct page *page;
	struct demo_buf *cur;
	struct demo_buf *next;
	struct demo_buf one;
	u32 len;
	u32 count;
};

"""
NETMEM_TYPES = TYPES.replace("struct page *page;", "netmem_ref netmem;")
PUT = "page_pool_put_full_page(ring->pool, page, false);"
NETMEM_PUT = "page_pool_put_full_netmem(ring->pool, netmem, false);"
HEAD = ("int demo(struct demo_ring *ring, struct demo_ring *other, struct demo_buf *buf, "
        "int a, int b)")


def body(text: str) -> str:
    lines = "\n".join("\t" + line for line in text.splitlines())
    return f"{HEAD}\n{{\n{lines}\n}}\n"


def told(before: str, after: str, head: str = "") -> bool:
    one = TYPES + head + body(before)
    two = NETMEM_TYPES + head + body(after)
    return any(finding.severity != "note" for finding in compare(
        one.encode(), two.encode(), "d.c"))


PLAIN = {
    "a condition behind declarations": ("u32 x = 1;\n\nif (a)\n\tring->count = x;\nreturn 0;",
                                        "u32 x = 1;\n\nif (b)\n\tring->count = x;\nreturn 0;"),
    "a value that a condition tests": (
        "u32 n = a;\n\nif (n)\n\tring->count = 1;\nreturn 0;",
        "u32 n = a + 7;\n\nif (n)\n\tring->count = 1;\nreturn 0;"),
    "a return that goes": (
        "u32 done = a;\n\nif (b) {\n\tring->len++;\n\treturn done;\n}\nring->count++;\n"
        "return done;",
        "u32 done = a;\n\nif (b)\n\tring->len++;\nring->count++;\nreturn done;"),
    "returns exchanged": (
        "u32 done = a, left = b;\n\nif (a)\n\treturn done;\nreturn left;",
        "u32 done = a, left = b;\n\nif (a)\n\treturn left;\nreturn done;"),
    "a head that moves": (
        "u32 err = a;\n\nif (err)\n\tring->len = 1;\nring->count = 2;\nreturn 0;",
        "u32 err = a;\n\nring->len = 1;\nif (err)\n\tring->count = 2;\nreturn 0;"),
    "an assignment that is tested": (
        "u32 n;\n\nif ((n = ring->len))\n\tring->count = 1;\nreturn 0;",
        "ring->count = 1;\nreturn 0;"),
    "a loop that runs once": (
        "u32 i;\n\nfor (i = 1; i < 64; i <<= 1)\n\tring->count += 4;\nreturn 0;",
        "ring->count += 4;\nreturn 0;"),
    "a shift that sets": ("u32 half = ring->len >>= 1;\n\nreturn 0;", "return 0;"),
    "sets in another order": ("u32 x = ring->len >>= 1, y = ring->len;\n\nreturn x + y;",
                              "u32 y = ring->len, x = ring->len >>= 1;\n\nreturn x + y;"),
    "a call by a table": ("u32 x = fns[0](ring), y = ring->len;\n\nreturn x - y;",
                          "u32 y = ring->len, x = fns[0](ring);\n\nreturn x - y;"),
    "arms under a call": ("if (demo_reset_priv(ring))\n\ta = 1;\nelse\n\ta = 1;\nreturn a;",
                          "a = 1;\nreturn a;"),
    "arms under a call by a table": ("if (fns[0](ring))\n\ta = 1;\nelse\n\ta = 1;\nreturn a;",
                                     "a = 1;\nreturn a;"),
    "a count in each arm": (
        "if (a) {\n\tstatic u32 seen;\n\n\tb = ++seen;\n} else {\n\tstatic u32 seen;\n\n"
        "\tb = ++seen;\n}\nreturn b;", "static u32 seen;\n\nb = ++seen;\nreturn b;"),
}


@pytest.mark.parametrize("name", PLAIN)
def test_plain_code(name: str) -> None:
    assert told(*PLAIN[name])


GUARD = "netmem_is_net_iov(ring->netmem)"
GUARDS = {
    "or behind and": ("if (a && b)\n\treturn 1;", f"if (a && {GUARD} || b)\n\treturn 1;"),
    "and behind or": ("if (a && b)\n\treturn 1;", f"if (a || {GUARD} && b)\n\treturn 1;"),
    "compared": ("if (a == b)\n\treturn 1;", f"if (a == !{GUARD} && b)\n\treturn 1;"),
    "compared to it": ("if (a == b)\n\treturn 1;", f"if (a || {GUARD} == b)\n\treturn 1;"),
    "a value": ("ring->count = b;", f"ring->count = {GUARD} || b;"),
    "a result": ("return b;", f"return !{GUARD} && b;"),
    "counted before it": ("a = b;", f"a = b;\nif (ring->len++ && {GUARD})\n\treturn 1;"),
    "set before it": ("if (a)\n\treturn 1;", f"if (!(ring->len = 0 && {GUARD}) && a)\n\treturn 1;"),
    "a scope": ("{\n\tint a = 5;\n\n\tring->count = a;\n\tring->len = a;\n}",
                f"{{\n\tif (!{GUARD}) {{\n\t\tint a = 5;\n\n\t\tring->count = a;\n\t}}\n"
                "\tring->len = a;\n}"),
    "a case": ("switch (a) {\ncase 1:\n\tb = 1;\n\tbreak;\n}",
               f"switch (a) {{\ncase 1:\n\tb = 1;\n\tbreak;\n\tif ({GUARD}) {{\ncase 2:\n"
               "\t\tb = 2;\n\t}\n}\nring->count = b;"),
    "what is asked about": (
        "a = b;", "a = b;\nif (netmem_is_net_iov(ring->cur++->netmem))\n\treturn 1;"),
}


@pytest.mark.parametrize("name", GUARDS)
def test_guards(name: str) -> None:
    before, after = GUARDS[name]
    assert told(before + "\nreturn 0;", after + "\nreturn 0;")


WRITES = {
    "the record": "*ring = *other;",
    "all of it": "memset(ring, 0, sizeof(*ring));", "a way to it": "ring = other;",
    "in brackets": "(ring->%s) = 0;", "with blanks": "ring -> %s = 0;",
    "a loop that is a macro": "list_for_each_entry(ring, head, node)\n\tb++;",
    "a macro": "DEMO_FORGET;", "an unknown macro": "netdev_forget(ring);",
    "by its address": "demo_drop(&ring->%s);", "by a pointer": "*slot = 0;",
    "a lock": "spin_lock(&other->lock);",
}


@pytest.mark.parametrize("name", WRITES)
def test_what_a_local_stands_for(name: str) -> None:
    write, netmem_write = (WRITES[name].replace("%s", one) for one in ("page", "netmem"))
    put = NETMEM_PUT.replace("netmem,", "ring->netmem,")
    assert told(f"struct page *page = ring->page;\n\n{write}\n{PUT}\nreturn 0;",
                f"{netmem_write}\n{put}\nreturn 0;",
                "#define DEMO_FORGET ring->count = 0\n\n")


def test_what_is_around_what_a_local_stands_for() -> None:
    for place, write in (("one.", "ring->one = *buf;"), ("cur->", "ring->cur = ring->next;")):
        put = NETMEM_PUT.replace("netmem,", f"ring->{place}netmem,")
        assert told(f"struct page *page = ring->{place}page;\n\n{write}\n{PUT}\nreturn 0;",
                    f"{write}\n{put}\nreturn 0;")


@pytest.mark.parametrize(("before", "after"), [
    # Another record of that name, another local of that name, another width, a word in a string.
    ("struct page *page = ring->page;\n\nwhile (a--) {\n\tstruct demo_ring *ring = &other[a];\n\n"
     f"\t{PUT}\n}}\nreturn 0;",
     "while (a--) {\n\tstruct demo_ring *ring = &other[a];\n\n"
     f"\t{NETMEM_PUT.replace('netmem,', 'ring->netmem,')}\n}}\nreturn 0;"),
    ("u8 page = other->page;\n\nring->count = page;\nreturn 0;",
     "ring->count = other->netmem;\nreturn 0;"),
    ('struct page *page = ring->page;\n\nnetdev_info(dev, "page %p", page);\nreturn 0;',
     'netdev_info(dev, "ring->page %p", ring->netmem);\nreturn 0;'),
])
def test_what_a_local_is(before: str, after: str) -> None:
    assert told(before, after)


def test_two_members_of_which_one_says_netmem() -> None:
    both = "struct demo_two {\n	struct page *page;\n	netmem_ref netmem;\n};\n\n"
    use = "struct demo_two *two = buf->two;\n\ndemo_note(two->%s);\nreturn 0;"
    assert told(use % "page", use % "netmem", both)
    arms = both.replace("	struct page", "	union {\n	struct page").replace(
        "netmem;\n", "netmem;\n	};\n")
    assert not told(use % "page", use % "netmem", arms)


def test_two_locals_of_which_one_says_netmem() -> None:
    before = "struct page *netmem = ring->page, *page = buf->page;\n\ndemo_note(%s);\nreturn 0;"
    after = "struct page *page = buf->page;\nnetmem_ref netmem = ring->netmem;\n\n" \
        "demo_note(%s);\nreturn 0;"
    assert told(before % "netmem", after % "page")


def test_a_clone_with_something_of_its_own() -> None:
    page = ("static void demo_free_page(struct demo_ring *ring, struct page *page)\n{\n"
            "	static u32 seen;\n\n	seen++;\n	demo_note(ring, page, seen);\n}\n\n")
    clone = page.replace("page", "netmem").replace("struct netmem *netmem", "netmem_ref netmem")
    before = page + body("demo_free_page(ring, ring->page);\nreturn 0;")
    after = page + clone + body("demo_free_netmem(ring, ring->netmem);\nreturn 0;")
    assert any(one.severity != "note" for one in compare(
        (TYPES + before).encode(), (NETMEM_TYPES + after).encode(), "d.c"))


@pytest.mark.parametrize(("macro", "before", "after"), [
    ("SHOW (ring->count = a)", "a = 1;\nSHOW;\na = 2;", "a = 2;\nSHOW;"),
    ("TAKE ring->len++", "int n;\n\nn = TAKE;\nb = a;", "b = a;"),
    ("DONE (ring->len = 0)", "if (DONE)\n\ta = 1;\nelse\n\ta = 1;", "a = 1;"),
])
def test_macros_of_the_file(macro: str, before: str, after: str) -> None:
    assert told(before + "\nreturn a;", after + "\nreturn a;", f"#define {macro}\n\n")


def test_volatile() -> None:
    head = "static volatile u32 flag;\n\n"
    assert told("if (flag)\n\ta = 1;\nelse\n\ta = 1;\nreturn a;", "a = 1;\nreturn a;", head)
