# SPDX-License-Identifier: GPL-2.0-only
"""A record that keeps the address of a page keeps the page beside it, in a patch before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, prepare

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

HEAD = '#include "netmem_stub.h"\n\n'
RECORD = """\
struct demo_entry {
	void *buf;
	dma_addr_t dma;
};

"""
FILL = """\
int demo_fill(struct page_pool *pool, struct demo_entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -ENOMEM;

	e->buf = page_address(page) + NET_SKB_PAD;
	e->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;
	return 0;
}

"""
FRAG = """\
void demo_frag(struct demo_entry *e, struct sk_buff *skb, int len)
{
	struct page *page = virt_to_head_page(e->buf);

	skb_add_rx_frag(skb, 0, page, e->buf - page_address(page), len,
			PAGE_SIZE);
}

"""
DROP = """\
void demo_drop(struct page_pool *pool, struct demo_entry *e)
{
	page_pool_put_full_page(pool, virt_to_head_page(e->buf), false);
	e->buf = NULL;
}
"""
PLAIN = RECORD + FILL + FRAG + DROP
KEPT = PLAIN.replace("\tvoid *buf;\n", "\tvoid *buf;\n\tstruct page *page;\n").replace(
    "NET_SKB_PAD;\n\te->dma", "NET_SKB_PAD;\n\te->page = page;\n\te->dma").replace(
    "virt_to_head_page(e->buf)", "e->page")
COLUMNS = PLAIN.replace("\tvoid *buf;\n\tdma_addr_t dma;", "\tvoid\t\t*buf;\n\tdma_addr_t\tdma;")
KEPT_COLUMNS = KEPT.replace(
    "\tvoid *buf;\n\tstruct page *page;\n\tdma_addr_t dma;",
    "\tvoid\t\t*buf;\n\tstruct page\t*page;\n\tdma_addr_t\tdma;")
UNION = PLAIN.replace(
    "\tvoid *buf;\n", "\tunion {\n\t\tvoid *buf;\n\t\tstruct sk_buff *skb;\n\t};\n")
KEPT_UNION = KEPT.replace(
    "\tvoid *buf;\n\tstruct page *page;\n",
    "\tunion {\n\t\tvoid *buf;\n\t\tstruct sk_buff *skb;\n\t};\n\tstruct page *page;\n")
BARE = PLAIN.replace("page_address(page) + NET_SKB_PAD;", "page_address(page);").replace(
    "virt_to_head_page", "virt_to_page")
KEPT_BARE = KEPT.replace("page_address(page) + NET_SKB_PAD;", "page_address(page);")
TAKEN = PLAIN.replace("};\n\n", "};\n\nstruct demo_tx {\n\tstruct page *page;\n};\n\n"
                      "void demo_tx_drop(struct demo_tx *tx)\n{\n\tput_page(tx->page);\n}\n\n", 1)
KEPT_TAKEN = KEPT.replace("*page;\n\tdma", "*rx_page;\n\tdma").replace(
    "e->page", "e->rx_page").replace(
    "};\n\n", "};\n\nstruct demo_tx {\n\tstruct page *page;\n};\n\n"
    "void demo_tx_drop(struct demo_tx *tx)\n{\n\tput_page(tx->page);\n}\n\n", 1)
DOC = ("/**\n * struct demo_entry - one buffer\n * @buf: where the CPU finds it,\n"
       " *       behind the headroom\n{} * @dma: where the device does\n */\n")
KEEPS = {"kernel-doc": (DOC.format("") + PLAIN,
                        DOC.format(" * @page: page that @buf lies in\n") + KEPT),
         "plain": (PLAIN, KEPT), "columns": (COLUMNS, KEPT_COLUMNS), "union": (UNION, KEPT_UNION),
         "the address itself": (BARE, KEPT_BARE), "name taken": (TAKEN, KEPT_TAKEN)}
REFUSED = {
    "virt_to_page() of an address inside": PLAIN.replace("virt_to_head_page", "virt_to_page"),
    "set otherwise, too": PLAIN + "\nvoid demo_set(struct demo_entry *e, void *buf)\n{\n"
                                  "\te->buf = buf;\n}\n",
    "moved on": PLAIN + "\nvoid demo_step(struct demo_entry *e)\n{\n\te->buf += 64;\n}\n",
    "given away": PLAIN + "\nvoid demo_take(void **buf);\n\nvoid demo_give(struct demo_entry *e)\n"
                          "{\n\tdemo_take(&e->buf);\n}\n",
    "exchanged by a macro": "#define swap(a, b) do { __typeof__(a) c = (a); (a) = (b); (b) = c; } "
        "while (0)\n\n" + PLAIN + "\nvoid demo_swap(struct demo_entry *a, struct demo_entry *b)\n"
        "{\n\tswap(a->buf, b->buf);\n}\n",
    "set by WRITE_ONCE()": PLAIN + "\nvoid demo_set(struct demo_entry *e, void *buf)\n{\n"
                                   "\tWRITE_ONCE(e->buf, buf);\n}\n",
    "set by a macro of its own": PLAIN.replace(
        "int demo_fill", "#define SET_BUF(e, v) ((e)->buf = (v))\n\nint demo_fill")
        + "\nvoid demo_set(struct demo_entry *e, void *buf)\n{\n\tSET_BUF(e, buf);\n}\n",
    "set by a macro that is given its name": PLAIN.replace(
        "int demo_fill", "#define SET(e, m, v) ((e)->m = (v))\n\nint demo_fill")
        + "\nvoid demo_set(struct demo_entry *e, void *va)\n{\n\tSET(e, buf, va);\n}\n",
    "set in an initialiser": PLAIN + "\nvoid demo_set(struct demo_entry *e, void *buf)\n{\n"
        "\t*e = (struct demo_entry){ .buf = buf };\n}\n",
    "set by its place": PLAIN + "\nvoid demo_set(struct demo_entry *e, void *buf)\n{\n"
        "\tstruct demo_entry n = { buf, 7 };\n\n\t*e = n;\n}\n",
    "set by its place, by a macro": PLAIN.replace(
        "int demo_fill", "#define INIT(b) { (b), 7 }\n\nint demo_fill")
        + "\nvoid demo_set(struct demo_entry *e, void *buf)\n{\n"
        "\tstruct demo_entry n = INIT(buf);\n\n\t*e = n;\n}\n",
    "volatile": PLAIN.replace("\tvoid *buf;", "\tvoid *volatile buf;"),
    "set by asm": PLAIN + '\nvoid demo_set(struct demo_entry *e)\n{\n'
                          '\tasm volatile("" : "+r" (e->buf));\n}\n',
    "a number in its place": PLAIN.replace(
        "\tvoid *buf;\n", "\tunion {\n\t\tvoid *buf;\n\t\tunsigned long va;\n\t};\n"),
    "the record is a union": PLAIN.replace("struct demo_entry {", "union demo_entry {").replace(
        "struct demo_entry *", "union demo_entry *").replace("\te->dma = page_pool_get_dma_addr"
                                                            "(page) + NET_SKB_PAD;\n", ""),
    "packed": PLAIN.replace("};\n\n", "} __attribute__((packed));\n\n", 1),
    "its size is counted on": PLAIN + '\n_Static_assert(sizeof(struct demo_entry) == 16, "");\n',
    "two arms of it": PLAIN.replace(
        "\tvoid *buf;\n", "#ifdef DEMO_WIDE\n\tvoid *buf;\n\tint wide;\n#else\n"
        "\tvoid *buf;\n#endif\n"),
    "something negative added": PLAIN.replace("page_address(page) + NET",
                                              "page_address(page) + -NET"),
    "the page is changed in between": PLAIN.replace(
        "page_address(page) + NET_SKB_PAD;\n\te->dma",
        "page_address(page) + demo_off(&page);\n\te->dma").replace(
        "int demo_fill", "int demo_off(struct page **page);\n\nint demo_fill"),
    "no page of the pool": PLAIN.replace(
        "int demo_fill", "void demo_other(struct demo_entry *e, int i)\n{\n"
        "\tstruct page *page = alloc_pages(GFP_KERNEL, 1) + i;\n\n"
        "\te->buf = page_address(page) + NET_SKB_PAD;\n}\n\nint demo_fill"),
    "something subtracted": PLAIN.replace("page_address(page) + NET", "page_address(page) - NET"),
    "kept in two steps": PLAIN.replace(
        "\te->buf = page_address(page) + NET_SKB_PAD;",
        "\tva = page_address(page);\n\te->buf = va + NET_SKB_PAD;").replace(
        "\tstruct page *page = page_pool", "\tvoid *va;\n\tstruct page *page = page_pool"),
    "in an arm": PLAIN.replace(
        "\te->buf = page_address", "\tif (e->dma)\n\t\te->buf = page_address"),
    "the record is counted": PLAIN.replace(
        "virt_to_head_page(e->buf)", "virt_to_head_page((e++)->buf)"),
}


@pytest.mark.parametrize("name", KEEPS)
def test_the_page_is_kept_and_converts(name: str, tmp_path: Path) -> None:
    before, room = KEEPS[name]
    migration = prepare(tmp_path, HEAD + before)
    first, then = migration.steps
    assert first.room is not None and first.room.step == "own-member"
    assert first.changes[0].after.decode() == HEAD + room
    compiles(tmp_path / "first", {"d.c": first.changes[0].after})
    compiles(tmp_path / "then", {"d.c": then.changes[0].after})
    moved = {(one.kind, one.name) for one in migration.report.declarations}
    assert ("member", first.room.made) in moved
    assert first.room.calls == sum(one.action == "converted" for one in migration.report.sites) == 3


@pytest.mark.parametrize("name", REFUSED)
def test_a_page_that_is_not_shown_to_be_that_of_the_address_is_left(name: str,
                                                                    tmp_path: Path) -> None:
    compiles(tmp_path / "gcc", {"d.c": (HEAD + REFUSED[name]).encode()})
    migration = prepare(tmp_path, HEAD + REFUSED[name])
    assert not migration.report.rooms
    assert all(b"struct page *page;\n\tdma" not in one.after for one in migration.changes)


FAULTS = {
    "a store left out": ("\te->page = page;\n", ""),
    "set elsewhere": ("\te->page = page;\n\te->dma", "\te->dma"),
    "another page": ("\te->page = page;\n", "\te->page = virt_to_page(e);\n"),
    "set too late": ("\te->page = page;\n\te->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;\n",
                     "\te->dma = page_pool_get_dma_addr(page) + NET_SKB_PAD;\n\te->page = page;\n"),
    "one read of another": ("full_page(pool, e->page", "full_page(pool, e[1].page"),
    "something else, too": ("+ NET_SKB_PAD;\n\treturn 0;", "+ NET_SKB_PAD;\n\treturn 1;"),
    "a release less": ("\tpage_pool_put_full_page(pool, e->page, false);\n", ""),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str) -> None:
    right = FileChange("d.c", (HEAD + PLAIN).encode(), (HEAD + KEPT).encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old in KEPT
    wrong = FileChange("d.c", right.before, (HEAD + KEPT.replace(old, new)).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}
