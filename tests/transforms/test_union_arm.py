# SPDX-License-Identifier: GPL-2.0-only
"""A member that holds the pool's memory in one mode gets an arm for that, in a patch before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, prepare

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

HEAD = '#include "netmem_stub.h"\n\n'
RING = """\
struct demo_ring {
	struct page_pool *page_pool;
	u32 size;
};

"""
RECORD = """\
struct demo_buf {
	struct page *page;
	dma_addr_t dma;
};

"""
UNION = """\
struct demo_buf {
	union {
		struct page *page;
		struct page *pp_page;
	};
	dma_addr_t dma;
};

"""
FILL = """\
int demo_fill(struct demo_ring *ring, struct demo_buf *buf)
{
	struct page *page, *own;

	if (!ring->page_pool) {
		own = alloc_page(GFP_ATOMIC);
		buf->page = own;
		return own ? 0 : -ENOMEM;
	}

	page = page_pool_dev_alloc_pages(ring->page_pool);
	if (!page)
		return -ENOMEM;

	buf->page = page;
	buf->dma = page_pool_get_dma_addr(page);
	return 0;
}

"""
FRAG = """\
void demo_frag(struct demo_ring *ring, struct demo_buf *buf,
	       struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, len, ring->size);
}

"""
BOTH = """\
void demo_frag(struct demo_ring *ring, struct demo_buf *buf,
	       struct sk_buff *skb, int len)
{
	if (ring->page_pool)
		skb_add_rx_frag(skb, 0, buf->pp_page, 0, len, ring->size);
	else
		skb_add_rx_frag(skb, 0, buf->page, 0, len, ring->size);
}

"""
DROP = """\
static void demo_bias(struct demo_buf *buf)
{
	page_ref_add(buf->page, 1);
}

void demo_drop(struct demo_ring *ring, struct demo_buf *buf)
{
	if (ring->page_pool)
		page_pool_put_full_page(ring->page_pool, buf->page, false);
	else
		demo_bias(buf);
	buf->page = NULL;
}
"""
PLAIN = RING + RECORD + FILL + FRAG + DROP


def armed(text: str, name: str = "pp_page", old: str = "page") -> str:
    """The driver with the arm, where it is stored and dropped."""
    return text.replace(RECORD, UNION).replace(
        f"buf->{old} = page;", f"buf->{name} = page;").replace(
        f"page_pool, buf->{old},", f"page_pool, buf->{name},").replace(FRAG, BOTH)


ARMED = armed(PLAIN)
VOID = PLAIN.replace("\tstruct page *page;\n\tdma", "\tvoid *priv;\n\tdma").replace(
    "buf->page", "buf->priv")
ARMED_VOID = ARMED.replace("\t\tstruct page *page;\n\t\tstruct page *pp_page;",
                           "\t\tvoid *priv;\n\t\tstruct page *page;").replace(
    "buf->page", "buf->priv").replace("buf->pp_page", "buf->page")
DOC = ("/**\n * struct demo_buf - one buffer\n * @page: what it lies in\n{} * @dma: where the "
       "device finds it\n */\n")
DOC_LINE = " * @pp_page: same as @page, where it is memory of a page_pool\n"
OLD_UNION = PLAIN.replace("\tstruct page *page;\n\tdma",
                          "\tunion {\n\t\tstruct page *page;\n\t\tstruct sk_buff *skb;\n"
                          "\t};\n\tdma")
ARMED_OLD = ARMED.replace("\t\tstruct page *pp_page;\n",
                          "\t\tstruct page *pp_page;\n\t\tstruct sk_buff *skb;\n")
TABS = PLAIN.replace("\tstruct page *page;\n\tdma_addr_t dma;",
                     "\tstruct page\t*page; /* of the buffer */\n\tdma_addr_t\tdma;")
ARMED_TABS = ARMED.replace(
    "\t\tstruct page *page;\n\t\tstruct page *pp_page;\n\t};\n\tdma_addr_t dma;",
    "\t\tstruct page\t*page; /* of the buffer */\n\t\tstruct page\t*pp_page;\n\t};\n"
    "\tdma_addr_t\tdma;")
TEST = """\
int demo_test(struct demo_ring *ring, struct demo_buf *buf)
{
	u32 size = ring->size;

	if (page_is_pfmemalloc(buf->page))
		return 1;
	return size;
}

"""
TEST_BOTH = TEST.replace(
    "page_is_pfmemalloc(buf->page)",
    "ring->page_pool ? page_is_pfmemalloc(buf->pp_page) :\n"
    "\t    page_is_pfmemalloc(buf->page)")
ENUM = """\
enum demo_type {
	DEMO_NONE = 0,
	DEMO_PAGE = 1 << 0,
	DEMO_POOL = 1 << 1,
};

"""
MARKED = ENUM + PLAIN.replace("\tdma_addr_t dma;\n", "\tdma_addr_t dma;\n\tu16 type;\n").replace(
    "\tbuf->dma = page_pool", "\tbuf->type = DEMO_POOL;\n\tbuf->dma = page_pool").replace(
    "\t\tbuf->page = own;\n", "\t\tbuf->page = own;\n\t\tbuf->type = DEMO_PAGE;\n").replace(
    FRAG, """\
void demo_frag(struct demo_buf *buf, struct sk_buff *skb, int len)
{
	if (buf->type & DEMO_PAGE)
		skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
	else if (buf->type & DEMO_POOL)
		skb_add_rx_frag(skb, 1, buf->page, 0, len, PAGE_SIZE);
}

""")
ARMED_MARKED = armed(MARKED).replace("\tstruct page *page;\n\tdma", (
    "\tunion {\n\t\tstruct page *page;\n\t\tstruct page *pp_page;\n\t};\n\tdma")).replace(
    "skb, 1, buf->page", "skb, 1, buf->pp_page")
BY_CALLER = PLAIN.replace(FRAG, """\
static void demo_frag(struct demo_buf *buf, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
}

void demo_rx(struct demo_ring *ring, struct demo_buf *buf, struct sk_buff *skb)
{
	if (unlikely(!ring->page_pool))
		return;
	demo_frag(buf, skb, 64);
}

""")
ARMED_BY_CALLER = armed(BY_CALLER).replace("skb, 0, buf->page", "skb, 0, buf->pp_page")
ELSEWHERE = PLAIN.replace(RING, """\
struct demo_ring {
	struct page_pool *page_pool;
	struct demo_copy *copies;
	u32 size;
};

""").replace(FILL, """\
struct demo_copy {
	struct demo_buf buf;
};

void demo_copy(struct demo_ring *ring, struct sk_buff *skb, int i)
{
	struct demo_buf *buf = &ring->copies[i].buf;

	page_ref_add(buf->page, 1);
	skb_add_rx_frag(skb, 2, buf->page, 0, 64, PAGE_SIZE);
}

struct demo_slot {
	struct demo_buf buf;
};

static int demo_fill(struct demo_ring *ring, struct demo_buf *buf);

int demo_refill(struct demo_ring *ring, struct demo_slot *slot)
{
	return demo_fill(ring, &slot->buf);
}

""" + FILL.replace("int demo_fill", "static int demo_fill").replace(
    "page = page_pool", "page = page_pool")).replace(
    FRAG + DROP, """\
void demo_drop(struct demo_ring *ring, struct demo_slot *slot)
{
	struct demo_buf *buf = &slot->buf;

	if (ring->page_pool)
		page_pool_put_full_page(ring->page_pool, buf->page, false);
}
""")
ARMED_ELSEWHERE = armed(ELSEWHERE)
MAKES = {
    "plain": (PLAIN, ARMED), "void pointer": (VOID, ARMED_VOID),
    "kernel-doc": (PLAIN.replace(RECORD, DOC.format("") + RECORD),
                   ARMED.replace(UNION, DOC.format(DOC_LINE) + UNION)),
    "a union that is there": (OLD_UNION, ARMED_OLD), "columns": (TABS, ARMED_TABS),
    "in a test": (PLAIN.replace(DROP, TEST + DROP), armed(PLAIN.replace(DROP, TEST + DROP)).replace(
        TEST, TEST_BOTH)),
    "by a mark": (MARKED, ARMED_MARKED), "by the caller": (BY_CALLER, ARMED_BY_CALLER),
    "records that others keep": (ELSEWHERE, ARMED_ELSEWHERE),
}
REFUSED = {
    "the pool's page is stored without a test": PLAIN.replace("if (!ring->page_pool) {",
                                                              "if (buf->dma) {"),
    "another's page is stored in the pool's mode": PLAIN.replace(
        "void demo_drop", "void demo_odd(struct demo_ring *ring, struct demo_buf *buf)\n{\n"
        "\tif (ring->page_pool)\n\t\tbuf->page = alloc_page(GFP_KERNEL);\n}\n\nvoid demo_drop"),
    "whose page is stored cannot be told": PLAIN.replace("own = alloc_page(GFP_ATOMIC);",
                                                         "own = demo_any(ring);").replace(
        "int demo_fill", "struct page *demo_any(struct demo_ring *ring)\n{\n\treturn "
        "ring->page_pool ? page_pool_dev_alloc_pages(ring->page_pool) :\n"
        "\t       alloc_page(GFP_ATOMIC);\n}\n\n"
        "int demo_fill", 1),
    "two pools": PLAIN.replace("\tstruct page_pool *page_pool;\n",
                               "\tstruct page_pool *page_pool;\n\tstruct page_pool *heads;\n"
                               ).replace("\tif (!ring->page_pool) {\n",
                                         "\tif (!ring->heads) {\n"),
    "its address is taken": PLAIN.replace(
        "void demo_drop", "void demo_take(struct page **page);\n\n"
        "void demo_give(struct demo_buf *buf)\n{\n\tdemo_take(&buf->page);\n}\n\nvoid demo_drop"),
    "no ring is at hand": PLAIN.replace("void demo_frag(struct demo_ring *ring, struct",
                                        "void demo_frag(struct").replace("ring->size", "PAGE_SIZE"),
    "two rings are at hand": PLAIN.replace("void demo_frag(struct demo_ring *ring,",
                                           "void demo_frag(struct demo_ring *ring, "
                                           "struct demo_ring *b,"),
    "it is returned in either mode": PLAIN.replace(
        "void demo_drop", "struct page *demo_page(struct demo_ring *ring, struct demo_buf *buf)\n"
        "{\n\treturn buf->page;\n}\n\nvoid demo_drop"),
    "it is part of another expression": PLAIN.replace(
        "\tskb_add_rx_frag(skb, 0, buf->page,",
        "\tskb->data = page_address(buf->page);\n\tskb_add_rx_frag(skb, 0, buf->page,"),
    "a macro reaches it": PLAIN.replace(
        "int demo_fill", "#define DEMO_PAGE(b) ((b)->page)\n\nint demo_fill").replace(
        "page_ref_add(buf->page, 1)", "page_ref_add(DEMO_PAGE(buf), 1)"),
    "an arm of #if in the record": PLAIN.replace(
        "\tdma_addr_t dma;\n", "\tdma_addr_t dma;\n#ifdef DEMO_MORE\n\tint more;\n#endif\n"),
    "two members by one declaration": PLAIN.replace("\tstruct page *page;\n\tdma",
                                                    "\tstruct page *page, *next;\n\tdma"),
    "the ring loses its pool in between": PLAIN.replace(
        "\tif (ring->page_pool)\n\t\tpage_pool_put_full_page(ring->page_pool, buf->page, false);\n",
        "\tstruct page_pool *pool = ring->page_pool;\n\n\tif (ring->page_pool) {\n"
        "\t\tring->page_pool = NULL;\n\t\tpage_pool_put_full_page(pool, buf->page, false);\n\t}\n"),
    "the mark is set elsewhere, too": MARKED.replace(
        "void demo_drop", "void demo_odd(struct demo_buf *buf)\n{\n\tbuf->type |= DEMO_POOL;\n}\n\n"
        "void demo_drop"),
    "the mark shares a bit": MARKED.replace("DEMO_PAGE = 1 << 0", "DEMO_PAGE = 1 << 1"),
    "another pointer to the same record": ELSEWHERE.replace(
        "\tu32 size;\n};\n\nstruct", "\tu32 size;\n\tstruct demo_buf *cur;\n};\n\nstruct").replace(
        "void demo_drop", "void demo_next(struct demo_ring *ring, struct demo_slot *slot)\n{\n"
        "\tring->cur = &slot->buf;\n}\n\nint demo_read(struct demo_ring *ring)\n{\n"
        "\treturn page_count(ring->cur->page);\n}\n\nvoid demo_drop"),
    "a record that is copied": ELSEWHERE.replace(
        "struct demo_buf *buf = &ring->copies[i].buf;", "struct demo_buf copy = "
        "ring->copies[i].buf, *buf = &copy;").replace("ring->size", "PAGE_SIZE"),
    "an arm of #if decides": BY_CALLER.replace(
        "\tif (unlikely(!ring->page_pool))\n\t\treturn;\n",
        "#ifdef DEMO_POOLS\n\tif (!ring->page_pool)\n\t\treturn;\n#endif\n"),
    "a macro jumps past the test": BY_CALLER.replace(
        "static void demo_frag", "#define DEMO_CHECK(b, to) do { if ((b)->dma) goto to; } while (0)"
        "\n\nstatic void demo_frag").replace(
        "\tif (unlikely(!ring->page_pool))\n\t\treturn;\n",
        "\tDEMO_CHECK(buf, any);\n\tif (!ring->page_pool)\n\t\treturn;\nany:\n"),
    "a name that macros may paste": BY_CALLER.replace(
        "static void demo_frag", "#define DEMO_CALL(x) demo_##x\n\nstatic void demo_frag").replace(
        "void demo_drop", "void demo_any(struct demo_buf *buf, struct sk_buff *skb)\n{\n"
        "\tDEMO_CALL(frag)(buf, skb, 64);\n}\n\nvoid demo_drop"),
    "others may call it": BY_CALLER.replace("static void demo_frag", "void demo_frag"),
    "the ring is asked whether it is there": PLAIN.replace(
        "\tskb_add_rx_frag(skb, 0, buf",
        "\tif (!ring)\n\t\treturn;\n\n\tskb_add_rx_frag(skb, 0, buf"),
    "the ring is another by then": PLAIN.replace(
        "\tskb_add_rx_frag(skb, 0, buf", "\tring++;\n\tskb_add_rx_frag(skb, 0, buf"),
    "nobody looks into the ring": PLAIN.replace("len, ring->size", "len, PAGE_SIZE"),
    "a page that leads to another is stored": PLAIN.replace(
        "void demo_drop", "void demo_back(struct demo_buf *buf, skb_frag_t *frag)\n{\n"
        "\tbuf->page = skb_frag_page(frag);\n}\n\nvoid demo_drop"),
    "stored by WRITE_ONCE()": PLAIN.replace(
        "void demo_drop", "void demo_set(struct demo_buf *buf, struct page *page)\n{\n"
        "\tWRITE_ONCE(buf->page, page);\n}\n\nvoid demo_drop"),
    "stored by its place": PLAIN.replace(
        "void demo_drop", "void demo_set(struct demo_buf *buf, struct page *page)\n{\n"
        "\tstruct demo_buf other = { page, 1 };\n\n\t*buf = other;\n}\n\nvoid demo_drop"),
    "the name is given to a macro": PLAIN.replace(
        "int demo_fill", "#define DEMO_OF(b, m) ((b)->m)\n\nint demo_fill").replace(
        "page_ref_add(buf->page, 1)", "page_ref_add(DEMO_OF(buf, page), 1)"),
    "another mark is set beside the pool's": MARKED.replace(
        "void demo_drop", "void demo_first(struct demo_buf *buf)\n{\n\tbuf->type |= DEMO_PAGE;\n}"
        "\n\nvoid demo_drop"),
    "a page that is no pool's does not set the mark": MARKED.replace(
        "\t\tbuf->type = DEMO_PAGE;\n", ""),
    "where the pool is empty another page is stored": PLAIN.replace(
        "\tif (!page)\n\t\treturn -ENOMEM;\n", "\tif (!page) {\n\t\tbuf->page = "
        "alloc_page(GFP_ATOMIC);\n\t\treturn 0;\n\t}\n"),
    "a record that is kept nobody knows where": ELSEWHERE.replace(
        "struct demo_buf *buf = &ring->copies[i].buf;",
        "struct demo_buf *buf = demo_find(ring, i);").replace(
        "void demo_copy", "struct demo_buf *demo_find(struct demo_ring *ring, int i);\n\n"
        "void demo_copy").replace("skb_add_rx_frag(skb, 2, buf->page, 0, 64, PAGE_SIZE);",
                                  "skb->data = page_address(buf->page);"),
}


@pytest.mark.parametrize("name", MAKES)
def test_the_pool_gets_an_arm_and_converts(name: str, tmp_path: Path) -> None:
    before, room = MAKES[name]
    compiles(tmp_path / "gcc", {"d.c": (HEAD + before).encode()})
    migration = prepare(tmp_path, HEAD + before)
    first, then = migration.steps
    assert first.room is not None and first.room.step == "union-arm"
    assert first.changes[0].after.decode() == HEAD + room
    compiles(tmp_path / "first", {"d.c": first.changes[0].after})
    compiles(tmp_path / "then", {"d.c": then.changes[0].after})
    moved = {(one.kind, one.name) for one in migration.report.declarations}
    assert ("member", first.room.made) in moved
    assert first.room.calls == sum(one.action == "converted" for one in migration.report.sites)


@pytest.mark.parametrize("name", REFUSED)
def test_a_mode_that_is_not_shown_gets_no_arm(name: str, tmp_path: Path) -> None:
    compiles(tmp_path / "gcc", {"d.c": (HEAD + REFUSED[name]).encode()})
    migration = prepare(tmp_path, HEAD + REFUSED[name])
    assert all(one.step != "union-arm" for one in migration.report.rooms)
    assert all(b"pp_page;" not in one.after for one in migration.changes)


FAULTS = {
    "a third arm": ("\t\tstruct page *pp_page;\n",
                    "\t\tstruct page *pp_page;\n\t\tchar pad[64];\n"),
    "an aligned union": ("pp_page;\n\t};", "pp_page;\n\t} __attribute__((aligned(64)));"),
    "a macro among the arms": ("pp_page;\n\t};", "pp_page;\n#define GFP_ATOMIC 0\n\t};"),
    "a test by a statement": ("if (ring->page_pool)\n\t\tskb",
                              "if (({ ring = 0; ring->page_pool; }))\n\t\tskb"),
    "a test by a macro": ("if (ring->page_pool)\n\t\tskb", "if (DEMO_TEST)\n\t\tskb"),
    "a macro in its name": ("struct demo_ring {", "#define pp_page dma\nstruct demo_ring {"),
    "a test that does something": ("if (ring->page_pool)\n\t\tskb_add",
                                   "if (ring->page_pool++)\n\t\tskb_add"),
    "the other way does less": ("\telse\n\t\tskb_add_rx_frag(skb, 0, buf->page, 0, len, "
                                "ring->size);\n", ""),
    "the other way does something else": ("buf->page, 0, len", "buf->page, 1, len"),
    "a release less": ("\t\tpage_pool_put_full_page(ring->page_pool, buf->pp_page, false);\n",
                       "\t\treturn;\n"),
    "something else, too": ("return own ? 0 : -ENOMEM", "return own ? 1 : -ENOMEM"),
    "no union": ("\tunion {\n\t\tstruct page *page;\n\t\tstruct page *pp_page;\n\t};\n",
                 "\tstruct page *page;\n\tstruct page *pp_page;\n"),
    "an arm of another size": ("\t\tstruct page *pp_page;\n", "\t\tstruct page *pp_page[2];\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str) -> None:
    right = FileChange("d.c", (HEAD + PLAIN).encode(), (HEAD + ARMED).encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old in ARMED
    wrong = FileChange("d.c", right.before, (HEAD + ARMED.replace(old, new)).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


def test_two_rooms_that_only_together_do_are_made(tmp_path: Path) -> None:
    once = PLAIN.replace("*page, *own;", "*page;").replace("own", "page")
    migration = prepare(tmp_path, HEAD + once)
    assert [one.step for one in migration.report.rooms] == ["clone", "union-arm"]
    assert [one.calls for one in migration.report.rooms] == [0, 3]
    for number, step in enumerate(migration.steps):
        compiles(tmp_path / str(number), {"d.c": step.changes[0].after})
