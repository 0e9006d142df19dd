# SPDX-License-Identifier: GPL-2.0-only
"""Comments about what moved, and those that are about something else."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import MOVED, PRELUDE, check_transformed, convert

from netmem_migrate.api import migrate

# A function around a comment and a statement: old comment, old code, new comment, new code.
LINES = {
    "call": ("/* page_pool_put_full_page() syncs */",
             "page_pool_put_full_page(pool, buf->page, false);",
             "/* page_pool_put_full_netmem() syncs */",
             "page_pool_put_full_netmem(pool, buf->netmem, false);"),
    "call-without-brackets": ("/* see page_pool_put_full_page. */",
                              "page_pool_put_full_page(pool, buf->page, false);",
                              "/* see page_pool_put_full_netmem. */",
                              "page_pool_put_full_netmem(pool, buf->netmem, false);"),
    "call-with-slots": ("/* as page_pool_put_page(pool, spare_page, -1, buf->page) */",
                        "struct page *spare_page = buf->page;\n\n"
                        "\tpage_pool_put_page(pool, spare_page, -1, false);",
                        "/* as page_pool_put_netmem(pool, spare_netmem, -1, buf->netmem) */",
                        "netmem_ref spare_netmem = buf->netmem;\n\n"
                        "\tpage_pool_put_netmem(pool, spare_netmem, -1, false);"),
    "another-call": ("// nid of page_pool_dev_alloc_pages(), then page_address()",
                     "show(page_address(buf->page));",
                     "// nid of page_pool_dev_alloc_pages(), then netmem_address()",
                     "show(netmem_address(buf->netmem));"),
    "bare-name": ("/* old_page goes, x_old_page and old_pages stay */",
                  "struct page *old_page = buf->page;\n\n"
                  "\tpage_pool_put_full_page(pool, old_page, false);",
                  "/* old_netmem goes, x_old_page and old_pages stay */",
                  "netmem_ref old_netmem = buf->page;\n\n"
                  "\tpage_pool_put_full_netmem(pool, old_netmem, false);"),
    "statement": ("/* page is freed with the skb */", "buf->page = NULL;",
                  "/* netmem is freed with the skb */", "buf->netmem = 0;"),
    "statement-in-two-lines": ("/* The skb takes\n\t * the page, so forget the page\n\t */",
                               "buf->page = NULL;",
                               "/* The skb takes\n\t * the netmem, so forget the netmem\n\t */",
                               "buf->netmem = 0;"),
    "test": ("/* Free the old page. */", "if (buf->page)\n\t\tbuf->page = NULL;",
             "/* Free the old netmem. */", "if (buf->netmem)\n\t\tbuf->netmem = 0;"),
    "a-local-of-its-own": ("/* Page of the pool, or none */", "struct page *pg = buf->page;\n\n"
                           "\tbuf->page = pg;",
                           "/* Netmem of the pool, or none */", "netmem_ref pg = buf->netmem;\n\n"
                           "\tbuf->netmem = pg;"),
    "beside-a-local": ("", "struct page *spare; /* the page to keep */\n\n\tspare = buf->page;\n"
                       "\tbuf->page = spare;",
                       "", "netmem_ref spare; /* the netmem to keep */\n\n\tspare = buf->netmem;\n"
                       "\tbuf->netmem = spare;"),
}
# What such a comment says of something else. All are right before `buf->page = NULL;`.
ELSEWHERE = [
    "page pool takes it back", "the page_pool", "page size", "a page boundary", "the page offset",
    "8 pages", "1 page", "per page", "one page is enough", "the whole page is synced",
    "pages of the pool", "half of the page", "offset in the page", "pointer to the page",
    "fits in a page", "allocate a page", "another page", "host page", "page-sized", "pages",
    "the page's count", "the head page", "the page table", "sub-page", "page/frag", "same page",
    "page frag", "the page cache", "compound page", "page_pool_put_full_page()", "PAGE_SIZE",
    "buf.c is not page.c", "@page", "page is NULL", "pages[0]", "page 0", "page table", "Tx page",
]
MEMBERS = {
    "behind": ("struct page *page; /* page of this buffer */",
               "netmem_ref netmem; /* netmem of this buffer */"),
    "above": ("/* The page, or none: see page pool */\n\tstruct page *page;",
              "/* The netmem, or none: see page pool */\n\tnetmem_ref netmem;"),
    "plural": ("struct page *pages[4];\t/* pages of a packet */",
               "netmem_ref netmems[4];\t/* netmems of a packet */"),
    "name-that-stays": ("struct page *spare; /* spare page */",
                        "netmem_ref spare; /* spare netmem */"),
    "inline-kernel-doc": ("/** @page: the page */\n\tstruct page *page;",
                          "/** @netmem: the netmem */\n\tnetmem_ref netmem;"),
    "address": ("/* Virtual address of the buffer */\n\tvoid *virt_addr;",
                "/* Netmem of the buffer */\n\tnetmem_ref netmem;"),
    "room": (f"struct page *spare; /* the page for {'a' * 31} */",
             f"netmem_ref spare; /* the netmem for {'a' * 31} */"),
    "no-room": (f"struct page *spare; /* the page for {'a' * 32} */",
                f"netmem_ref spare; /* the page for {'a' * 32} */"),
    "of-another": ("struct page *page;\n\tint n; /* page of it */",
                   "netmem_ref netmem;\n\tint n; /* page of it */"),
    "above-another": ("/* page of it */\n\tint n;\n\tstruct page *page;",
                      "/* page of it */\n\tint n;\n\tnetmem_ref netmem;"),
    "behind-the-one-above": ("int n; /* into the page */\n\tstruct page *page;",
                             "int n; /* into the page */\n\tnetmem_ref netmem;"),
    "apart": ("/* the page */\n\n\tstruct page *page;", "/* the page */\n\n\tnetmem_ref netmem;"),
    "kinds": ("struct page *page; /* head page, 2 pages, page size, physical address */",
              "netmem_ref netmem; /* head page, 2 pages, page size, physical address */"),
    "address-of-another": ("/* DMA address of the buffer */\n\tvoid *virt_addr;",
                           "/* DMA address of the buffer */\n\tnetmem_ref netmem;"),
    "address-by-another-name": ("/* Virtual address of the buffer */\n\tvoid *cookie;",
                                "/* Virtual address of the buffer */\n\tnetmem_ref cookie;"),
}


def around(comment: str, code: str) -> str:
    """A function of a comment and code, or of code with its comment."""
    said = f"\t{comment}\n" if comment else ""
    if code.startswith(("struct page *", "netmem_ref ")) and "\n\n" in code:
        declared, _, rest = code.partition("\n\n")
        if not comment or "of the pool" in comment:
            return f"{said}\t{declared}\n\n{rest}\n"
        return f"\t{declared}\n\n{said}{rest}\n"
    return f"{said}\t{code}\n"


def function(comment: str, code: str) -> str:
    return ("void show(void *data);\n\nvoid t(struct page_pool *pool, struct rx_buf *buf)\n{\n"
            + around(comment, code) + "}\n")


@pytest.mark.parametrize("name", LINES)
def test_in_a_function(name: str, tmp_path: Path) -> None:
    comment, code, new_comment, new_code = LINES[name]
    new_code = new_code.replace("buf->page", "buf->netmem")
    check_transformed(tmp_path, function(comment, code), function(new_comment, new_code))


@pytest.mark.few(14)
@pytest.mark.parametrize("text", ELSEWHERE)
def test_what_may_mean_something_else_stays(text: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, function(f"/* {text} */", "buf->page = NULL;"),
                      function(f"/* {text} */", "buf->netmem = 0;"))


@pytest.mark.parametrize("name", MEMBERS)
def test_beside_a_member(name: str, tmp_path: Path) -> None:
    old, new = MEMBERS[name]
    member = ("page" if "*page;" in old else "pages[0]" if "pages[" in old else
              "spare" if "*spare" in old else "cookie" if "cookie" in old else "virt_addr")
    renamed = {"page": "netmem", "pages[0]": "netmems[0]", "virt_addr": "netmem"}
    both = "struct desc {{\n\t{}\n}};\n\nvoid t(struct desc *desc, struct ring *ring)\n{{\n" \
           "\tdesc->{} = ring->spare;\n\tring->spare = desc->{};\n}}\n"
    after = renamed.get(member, member)
    check_transformed(tmp_path, both.format(old, member, member), both.format(new, after, after))


LEFT_ALONE = {
    "a-call-that-stays": """\
void t(struct page_pool *pool, struct page *page)
{
	/* page_pool_put_full_page() of the page */
	page_pool_put_full_page(pool, page, false);
	foreign(page);
}
""",
    "a-page-that-stays": """\
struct other {
	struct page *page; /* page of the stack */
};

void t(struct other *other)
{
	/* page is none of ours */
	other->page = alloc_page(GFP_KERNEL);
	foreign(other->page);
}
""",
    "a-string": """\
const char *t(void)
{
	return "page_pool_put_full_page(): the page";
}
""",
}


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    source = LEFT_ALONE[name]
    _, after = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    assert after["d.c"].decode() == MOVED + source


def test_a_function_with_calls_of_both_kinds(tmp_path: Path) -> None:
    source = """\
void t(struct page_pool *pool, struct rx_buf *buf, void *data)
{
	/* page_pool_put_full_page() twice: the page, and that of data */
	page_pool_put_full_page(pool, buf->page, false);
	page_pool_put_full_page(pool, virt_to_head_page(data), false);
}
"""
    _, after = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    text = after["d.c"].decode()
    assert "page_pool_put_full_netmem(pool, buf->netmem" in text
    assert "/* page_pool_put_full_page() twice: " in text


def test_a_statement_with_a_page_that_stays(tmp_path: Path) -> None:
    source = """\
void t(struct rx_buf *buf, struct page *page)
{
	/* page or none */
	show(buf->page, page);
	foreign(page);
}
"""
    _, after = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    assert "/* page or none */" in after["d.c"].decode()


def test_names_and_comments_can_be_left_out(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PRELUDE + function("/* page, see page_pool_put_full_page() */",
                                       "page_pool_put_full_page(pool, buf->page, false);"))
    said = ({"keep_names": True}, "/* page, see page_pool_put_full_netmem() */"), \
        ({"skip": ("comments",)}, "/* netmem, see page_pool_put_full_page() */")
    for options, comment in said:
        (change,) = migrate([file], api="7.3", judge=False, **options).drivers[0].changes
        assert comment in change.after.decode()


def test_an_old_name_that_is_code_still(tmp_path: Path) -> None:
    source = """\
struct port {
	int rx_page;
};

/* rx_page of the port, or rx_page of the buffer */
int t(struct port *port, struct rx_buf *buf)
{
	struct page *rx_page = buf->page;

	/* rx_page, too */
	buf->page = rx_page;
	return port->rx_page;
}
"""
    text = body(tmp_path, {"d.c": source})["d.c"]
    assert "/* rx_page of the port, or rx_page of the buffer */" in text
    assert "/* rx_page, too */" in text and "buf->netmem = rx_netmem;" in text


def test_an_old_name_of_a_member(tmp_path: Path) -> None:
    source = """\
struct desc {
	struct page *rx_page;
};

/* drops rx_page */
void t(struct desc *desc, struct ring *ring)
{
	desc->rx_page = ring->spare;
}
"""
    files = body(tmp_path, {"d.c": source, "e.c": "/* rx_page of something else */\nint e;\n"})
    assert "/* drops rx_netmem */" in files["d.c"]
    assert "rx_page of something else" in files["e.c"]


def body(tmp_path: Path, files: dict[str, str]) -> dict[str, str]:
    """What becomes of files, the first of them behind the prelude."""
    first = next(iter(files))
    given = {name: ((PRELUDE if name == first else "") + text).encode()
             for name, text in files.items()}
    _, after = convert(tmp_path / "d", given)
    return {name: text.decode() for name, text in after.items()}
