# SPDX-License-Identifier: GPL-2.0-only
"""A converted function leaves by a failure exit that it has before the CPU reads a net_iov."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles

from netmem_migrate.api import check_changes, migrate
from netmem_migrate.results import FileChange, Migration

HEAD = """\
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
	void *va;
	int uses;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

"""
BUILD = """\
struct sk_buff *demo_build(struct page_pool *pool, struct demo_buf *buf)
{
	struct sk_buff *skb;

	skb = napi_build_skb(page_address(buf->page), PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	return skb;
}
"""
GUARD = "\tif (netmem_is_net_iov(buf->netmem))\n\t\treturn NULL;\n\n"
LATER = """\
struct sk_buff *demo_later(struct page_pool *pool, struct demo_buf *buf)
{
	struct page *page = buf->page;
	struct sk_buff *skb;
	void *va;

	/* where it begins */
	va = page_address(page);
	prefetch(va);
	skb = build_skb(va, PAGE_SIZE);
	if (!skb)
		goto drop;

	return skb;

drop:
	page_pool_put_full_page(pool, page, true);
	return NULL;
}
"""
LATER_GUARD = "\tif (netmem_is_net_iov(netmem))\n\t\tgoto drop;\n\n\t/* where it begins */\n"
EARLIER = """\
int demo_earlier(struct page_pool *pool, struct demo_buf *buf, char *to, int len)
{
	if (len > 128)
		goto drop;

	memcpy(to, page_address(buf->page), len);
	return len;

drop:
	page_pool_put_full_page(pool, buf->page, true);
	return 0;
}
"""
GUARDED = {
    "a call that fails": (BUILD, GUARD + "\tskb = napi_build_skb("),
    "a label": (LATER, LATER_GUARD),
    "declared with the address": (BUILD.replace(
        "\tstruct sk_buff *skb;\n", "\tvoid *va = page_address(buf->page);\n"
        "\tstruct sk_buff *skb;\n").replace("page_address(buf->page), P", "va, P"),
        GUARD + "\tskb = napi_build_skb("),
    "behind a comment of another line": (BUILD.replace(
        "\tskb = napi", "\tbuf->uses = 1; /* taken */\n\tskb = napi"),
        "\tbuf->uses = 1; /* taken */\n" + GUARD + "\tskb = napi_build_skb("),
    "two comments of its own": (BUILD.replace(
        "\tskb = napi", "\t/* first */\n\t/* second */\n\tskb = napi"),
        GUARD + "\t/* first */\n\t/* second */\n\tskb = napi_build_skb("),
    "no blank line behind declarations": (BUILD.replace("*skb;\n\n", "*skb;\n"),
                                          "*skb;\n\n" + GUARD + "\tskb = napi_build_skb("),
    "a function that only builds": ("""\
static struct sk_buff *demo_wrap(void *va, int size)
{
	struct sk_buff *skb;

	skb = build_skb(va, size);
	if (unlikely(!skb))
		return NULL;
	skb_mark_for_recycle(skb);
	return skb;
}

""" + BUILD.replace("napi_build_skb", "demo_wrap"), GUARD + "\tskb = demo_wrap("),
    "in an arm": (BUILD.replace("\tskb = napi", "\tif (buf) { /* one */\n\tskb = napi").replace(
        "return NULL;\n\n", "return NULL;\n\t}\n\n"), "{ /* one */\n" + GUARD),
}
HELPER = """\
static struct sk_buff *demo_wrap(struct page_pool *pool, struct demo_buf *buf)
{
	struct sk_buff *skb;

	skb = build_skb(page_address(buf->page), PAGE_SIZE);
	if (!skb)
		page_pool_put_full_page(pool, buf->page, true);
	return skb;
}

"""
ERR = """\
int demo_err(struct page_pool *pool, struct demo_buf *buf, int err)
{
	void *va;

	va = page_address(buf->page);
	if (err)
		return err;

	return *(char *)va;
}
"""
REFUSED = {
    "a function of its own that does more where it fails": HELPER + BUILD.replace(
        "napi_build_skb(page_address(buf->page), PAGE_SIZE)", "demo_wrap(pool, buf)"),
    "a test of something else": ERR, "a test the other way round": BUILD.replace(
        "\tif (unlikely(!skb))\n\t\treturn NULL;\n", "\tif (skb)\n\t\treturn NULL;\n"),
    "what failed is returned": BUILD.replace("return NULL", "return skb"),
    "it is said to free": BUILD.replace("napi_build_skb", "demo_dealloc").replace(
        "struct sk_buff *demo_build", "struct sk_buff *demo_dealloc(void *va, int size);\n\n"
        "struct sk_buff *demo_build"),
    "unmapped in between": LATER.replace(
        "\tprefetch(va);\n", "\tdma_unmap_page(buf->va, 0, 4096, DMA_FROM_DEVICE);\n"),
    "another memory is read, too": BUILD.replace(
        "\tskb_mark", "\tmemcpy(skb->data, page_address(buf[1].page), 4);\n\tskb_mark"),
    "the member is read again": BUILD.replace(
        "\tskb_mark", "\tmemcpy(skb->data, page_address(buf->page), 4);\n\tskb_mark"),
    "read in a choice": BUILD.replace("page_address(buf->page)",
                                      "buf ? page_address(buf->page) : NULL"),
    "read where it is declared": BUILD.replace("\tstruct sk_buff *skb;\n",
        "\tint first = *(int *)page_address(buf->page);\n\tstruct sk_buff *skb;\n").replace(
        "skb_mark", "skb->len = first;\n\tskb_mark"),
    "a global is counted in between": "static int demo_head;\n\n" + LATER.replace(
        "\tprefetch(va);\n", "\tdemo_head = 1;\n"),
    "the exit goes on in a loop": LATER.replace("\ndrop:\n", "\ndrop:\n\twhile (buf->uses)\n"
                                                "\t\tbuf->uses--;\n"),
    "only an exit before": EARLIER,
    "no exit": BUILD.replace("\tif (unlikely(!skb))\n\t\treturn NULL;\n", ""),
    "a counter before the exit": LATER.replace("\tprefetch(va);\n", "\tbuf->uses++;\n"),
    "the exit does more": BUILD.replace(
        "\tif (unlikely(!skb))\n\t\treturn NULL;\n",
        "\tif (unlikely(!skb)) {\n\t\tbuf->uses--;\n\t\treturn NULL;\n\t}\n"),
    "the exit has an else": BUILD.replace(
        "\t\treturn NULL;\n", "\t\treturn NULL;\n\telse\n\t\tbuf->uses++;\n"),
    "something unknown in between": BUILD.replace(
        "\tskb = napi", "\tdemo_take(buf, page_address(buf->page));\n\tskb = napi").replace(
        "struct sk_buff *demo_build", "void demo_take(struct demo_buf *buf, void *va);\n\n"
        "struct sk_buff *demo_build"),
    "the exit reads what is set in between": LATER.replace("goto drop;", "return va;").replace(
        "struct sk_buff *demo_later", "void *demo_later").replace(
        "\ndrop:\n\tpage_pool_put_full_page(pool, page, true);\n\treturn NULL;\n", ""),
    "the label reads it": LATER.replace("true);\n\treturn NULL", "(long)va & 1);\n\treturn NULL"),
    "what failed is taken before": LATER.replace(
        "\tva = page", "\tskb = build_skb(NULL, 1);\n\tif (!skb)\n\t\tgoto drop;\n\n\tva = page"
        ).replace("\tskb = build_skb(va, PAGE_SIZE);\n\tif (!skb)\n\t\tgoto drop;\n",
                  "\tmemcpy(skb, va, 4);\n"),
    "read in a loop that is jumped into": EARLIER.replace(
        "\tmemcpy", "again:\n\tmemcpy").replace("return len;", "if (--len > 4)\n\t\tgoto again;\n"
                                                "\treturn len;"),
    "the memory is another by then": BUILD.replace(
        "\tskb_mark", "\tbuf->page = NULL;\n"
        "\tmemcpy(skb->data, page_address(buf->page), 4);\n\tskb_mark"),
}


# Uses that the rule unreadable-address of `check` does not know for such.
UNSEEN = ("a test of something else", "read in a choice")


def guarded(tmp_path: Path, text: str) -> Migration:
    file = tmp_path / "d.c"
    file.write_text(HEAD + text)
    run = migrate([file], api="7.3", wanted=("guard",))
    assert not run.stopped
    return run.drivers[0]


@pytest.mark.parametrize("name", GUARDED)
def test_it_leaves_by_the_exit(name: str, tmp_path: Path) -> None:
    before, said = GUARDED[name]
    compiles(tmp_path / "gcc", {"d.c": (HEAD + before).encode()})
    migration = guarded(tmp_path, before)
    first, then = migration.steps
    assert first.room is None and then.room is not None and then.room.behind
    assert b"netmem_is_net_iov" not in first.changes[0].after
    assert said in then.changes[0].after.decode()
    compiles(tmp_path / "then", {"d.c": then.changes[0].after})
    assert [one.slot for one in migration.report.behind] == [then.room.slot]
    assert not migration.report.undone


@pytest.mark.parametrize("name", REFUSED)
def test_refused_where_no_exit_fits(name: str, tmp_path: Path) -> None:
    compiles(tmp_path / "gcc", {"d.c": (HEAD + REFUSED[name]).encode()})
    migration = guarded(tmp_path, REFUSED[name])
    assert len(migration.steps) == 1 and not migration.report.behind
    assert b"netmem_is_net_iov" not in migration.changes[0].after
    lines = migration.changes[0].after.decode().splitlines()
    assert migration.report.undone or name in UNSEEN
    for one in migration.report.undone:
        assert one.file == "d.c" and any("va" in line or "netmem_address" in line
                                         for line in lines[one.line - 2:one.line + 1])


def test_hints_and_kept_addresses_are_no_reads(tmp_path: Path) -> None:
    migration = guarded(tmp_path, """\
void demo_keep(struct demo_buf *buf)
{
	prefetch(page_address(buf->page));
	buf->va = page_address(buf->page);
}
""")
    assert len(migration.steps) == 1 and not migration.report.undone


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(HEAD + BUILD)
    (one,) = migrate([file], api="7.3").drivers
    assert len(one.steps) == 1 and not one.report.behind and not one.report.undone


FAULTS = {
    "another exit": ("\t\treturn NULL;\n\n\tskb", "\t\treturn ERR_PTR(-1);\n\n\tskb"),
    "the other way round": ("if (netmem_is", "if (!netmem_is"),
    "something else, too": ("PAGE_SIZE", "PAGE_SIZE - 1"),
    "a test that does something": ("net_iov(buf->netmem)", "net_iov((buf++)->netmem)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str, tmp_path: Path) -> None:
    _, then = guarded(tmp_path, BUILD).steps
    (right,) = then.changes
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old.encode() in right.after
    wrong = FileChange("d.c", right.before, right.after.replace(old.encode(), new.encode()))
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}
