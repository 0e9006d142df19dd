# SPDX-License-Identifier: GPL-2.0-only
"""What `check` takes for the same code before and after, and what it does not."""

from __future__ import annotations

import pytest

from netmem_migrate.check.compare.compare import compare


def differs(before: str, after: str, *, in_function: bool = True) -> bool:
    frame = "int demo(int a, int b)\n{{\n\t{}\n}}\n" if in_function else "{}\n"
    return bool(compare(frame.format(before).encode(), frame.format(after).encode(), "demo.c"))


@pytest.mark.parametrize(("before", "after"), [
    ("struct page *page;", "netmem_ref netmem;"),
    ("if (page != NULL && a) put_page(page);", "if (netmem && a) put_netmem(netmem);"),
    ("x = page_to_nid(page) == a;", "x = netmem_is_pref_nid(netmem, a);"),
    ("x = page_pool_dev_alloc_pages(p);",
     "x = page_pool_alloc_netmems(p, GFP_ATOMIC | __GFP_NOWARN);"),
    ("page_pool_put_full_page(p, page, true);", "page_pool_recycle_direct_netmem(p, netmem);"),
    ("page = skb_frag_page(frag);", "netmem = skb_frag_netmem(frag);"),  # where it is a page
    ("r->buf_virt_addr = page;", "r->buf_netmem = netmem;"),
    ("void *addr = r->addr; r->addr = page;", "void *addr = r->netmem; r->netmem = netmem;"),
    ("int x = a, y = b;", "int y = b, x = a;"),
    ("int x = a; struct page *page = r->page;", "netmem_ref netmem = r->netmem; int x = a;"),
    ("if (a)\n\t\tx = 0;", "if (a) {\n\t\tx = 0;\n\t}"),
    ("x = (a + b);", "x = a + b;"),
    ("void in(void) { put_page(r->page); }\n\tin();",
     "void in(void) { put_netmem(r->netmem); }\n\tin();"),
])
def test_the_same(before: str, after: str) -> None:
    assert not differs(before, after)


@pytest.mark.parametrize(("before", "after"), [
    ("int x = a, y = x;", "int y = x, x = a;"),
    ("int x = a++, y = a;", "int y = a, x = a++;"),
    ("int x = g(), y = h();", "int y = h(), x = g();"),
    ("x = (void *)a + b;", "x = a + b;"),
    ("x = (u32)(a + b);", "x = (u32)a + b;"),
    ("x = a - (b - 1);", "x = a - b - 1;"),
    ("x = (a ? b : 1) + 2;", "x = a ? b : 1 + 2;"),
    ("if ((a = b) == 0) g();", "if (a = (b == 0)) g();"),
    ("x = !(a & b);", "x = !a & b;"),
    ("x = *(p + 1);", "x = *p + 1;"),
    ("r->buf_virt_addr = page;", "r->rx_netmem = netmem;"),
    ("r->buf_virt_addr = r->rx_va;", "r->buf_netmem = r->buf_netmem;"),
    ("r->addr = g(r->addr);", "r->netmem = g(r->netmem2);"),
    ("r->dma_addr = page;", "r->dma_netmem = netmem;"),
    ("x = page != NULL;", "x = netmem;"),
    ("x = page_to_nid(page) != a;", "x = netmem_is_pref_nid(netmem, a);"),
    ("x = page_pool_dev_alloc_pages(p);", "x = page_pool_alloc_netmems(p, GFP_KERNEL);"),
    ("page_pool_put_full_page(p, page, false);", "page_pool_recycle_direct_netmem(p, netmem);"),
    ("if (a)\n\t\tif (b)\n\t\t\tg();\n\t\telse\n\t\t\th();",
     "if (a) {\n\t\tif (b)\n\t\t\tg();\n\t} else\n\t\th();"),
    ("switch (a) {\n\tcase 0:\n\t\tg();\n\t\tbreak;\n\tcase 1:\n\t\th();\n\t}",
     "switch (a) {\n\tcase 0:\n\t\tg();\n\tcase 1:\n\t\th();\n\t}"),
    ('pr("page");', 'pr("netmem");'),
    ("void in(void) { put_page(r->page); }\n\tin();",
     "void in(void) { put_netmem(r->spare); }\n\tin();"),
    ("for (;;)\n\t\tg();", "for (; a;)\n\t\tg();"),
    ("list_for_each_entry(p, &h, n)\n\t\tput_page(p->page);",
     "list_for_each_entry(p, &g, n)\n\t\tput_netmem(p->netmem);"),
])
def test_not_the_same(before: str, after: str) -> None:
    assert differs(before, after)


@pytest.mark.parametrize(("before", "after", "expected"), [
    ("#define PUT(x) put_page(x)", "#define PUT(x) put_netmem(x)", False),
    ("#define PUT(x) put_page(x)", "#define PUT(x) get_netmem(x)", True),
    ("#define N 4", "#define N 5", True),
    ("struct r {\n\tstruct page *page;\n\tint n;\n};",
     "struct r {\n\tnetmem_ref netmem;\n\tint n;\n};", False),
    ("struct r {\n\tstruct page *page;\n\tint n;\n};",
     "struct r {\n\tint n;\n\tnetmem_ref netmem;\n};", True),
    ("struct r {\n\tint n;\n};", "struct r {\n\tlong n;\n};", True),
    ("static int x[] = {\n\t1, 2,\n};", "static int x[] = {\n\t2, 1,\n};", True),
    ("#include <a.h>\n#include <b.h>", "#include <b.h>\n#include <a.h>", True),
])
def test_outside_of_functions(before: str, after: str, expected: bool) -> None:
    assert differs(before, after, in_function=False) is expected


def test_a_name_of_the_pointer_is_the_pointer() -> None:
    head = "typedef struct page *m_page;\nvoid f(struct ring *r)\n{\n\t%s\n}\n"
    before, number = head % "m_page page = r->page;", head % "int page = r->page;"
    after = head % "netmem_ref netmem = r->netmem;"
    assert not differs(before, after, in_function=False)
    assert differs(number, after, in_function=False)
