# SPDX-License-Identifier: GPL-2.0-only
"""Pages behind `void *`: declarations that hold nothing else move, all others stay."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, check_noop, check_refused, check_transformed, compiles, convert

TRANSFORMED = {
    "member-and-back": (
"""\
struct desc {
	void *cookie;
};

void put(struct desc *desc, struct rx_buf *buf)
{
	desc->cookie = buf->page;
	buf->page = NULL;
}

void get(struct desc *desc, struct page_pool *pool)
{
	if (desc->cookie != NULL)
		page_pool_put_full_page(pool, desc->cookie, false);
	desc->cookie = NULL;
}
""",
"""\
struct desc {
	netmem_ref cookie;
};

void put(struct desc *desc, struct rx_buf *buf)
{
	desc->cookie = buf->netmem;
	buf->netmem = 0;
}

void get(struct desc *desc, struct page_pool *pool)
{
	if (desc->cookie)
		page_pool_put_full_netmem(pool, desc->cookie, false);
	desc->cookie = 0;
}
""",
    ),
    "casts-go": (
"""\
static void keep(void **where, void *what)
{
	*where = what;
}

void t(struct ring *ring, struct rx_buf *buf)
{
	void *held;

	keep(&held, (void *)buf->page);
	ring->spare = (struct page *)held;
}
""",
"""\
static void keep(netmem_ref *where, netmem_ref what)
{
	*where = what;
}

void t(struct ring *ring, struct rx_buf *buf)
{
	netmem_ref held;

	keep(&held, buf->netmem);
	ring->spare = held;
}
""",
    ),
    "array-and-result": (
"""\
struct table {
	void *slots[16];
};

static void *take(struct table *table, int i)
{
	void *one = table->slots[i];

	table->slots[i] = NULL;
	return one;
}

void t(struct table *table, struct ring *ring, struct rx_buf *buf)
{
	table->slots[0] = buf->page;
	ring->spare = take(table, 0);
}
""",
"""\
struct table {
	netmem_ref slots[16];
};

static netmem_ref take(struct table *table, int i)
{
	netmem_ref one = table->slots[i];

	table->slots[i] = 0;
	return one;
}

void t(struct table *table, struct ring *ring, struct rx_buf *buf)
{
	table->slots[0] = buf->netmem;
	ring->spare = take(table, 0);
}
""",
    ),
}
LEFT_ALONE = {
    "no-page": """\
struct desc {
	void *cookie;
};

void put(struct desc *desc, struct sk_buff *skb)
{
	desc->cookie = skb;
}
""",
    "address": """\
struct desc {
	void *va;
};

void put(struct desc *desc, struct page *page)
{
	desc->va = page_address(page);
}
""",
}
REFUSED = {
    "skb-too": ("desc.cookie", "void-pointer", """\
struct desc {
	void *cookie;
};

void put(struct desc *desc, struct rx_buf *buf, struct sk_buff *skb)
{
	desc->cookie = skb;
	desc->cookie = buf->page;
}
"""),
    "address-too": ("desc.cookie", "address", """\
struct desc {
	void *cookie;
};

void put(struct desc *desc, struct rx_buf *buf, u8 *data)
{
	desc->cookie = data;
	desc->cookie = buf->page;
}
"""),
    "allocated-otherwise": ("desc.cookie", "mixed-origin", """\
struct desc {
	void *cookie;
};

void put(struct desc *desc, struct rx_buf *buf)
{
	desc->cookie = kmalloc(64, GFP_KERNEL);
	desc->cookie = buf->page;
}
"""),
    "freed-otherwise": ("desc.cookie", "mixed-origin", """\
struct desc {
	void *cookie;
};

void put(struct desc *desc, struct rx_buf *buf)
{
	desc->cookie = buf->page;
}

void drop(struct desc *desc)
{
	kfree(desc->cookie);
}
"""),
    "copied-from-what-is-no-page": ("desc.cookie", "mixed-origin", """\
struct desc {
	void *cookie;
};

static void post(struct desc *desc, void *what)
{
	desc->cookie = what;
}

void t(struct desc *desc, struct rx_buf *buf)
{
	void *other = kmalloc(64, GFP_KERNEL);

	post(desc, other);
	post(desc, buf->page);
}
"""),
    "callback": ("token", "function-pointer", """\
static void done(void *token, struct page_pool *pool)
{
	page_pool_put_full_page(pool, token, false);
}

void (*handler)(void *token, struct page_pool *pool) = done;

void t(struct rx_buf *buf)
{
	done(buf->page, NULL);
}
"""),
    "number": ("token", "address", """\
static unsigned long tag(void *token)
{
	return (unsigned long)token | 1;
}

unsigned long t(struct rx_buf *buf)
{
	return tag(buf->page);
}
"""),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    check_transformed(tmp_path, *TRANSFORMED[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)


def test_a_page_is_followed_into_a_file_that_names_none(tmp_path: Path) -> None:
    chan = ("#include \"netmem_stub.h\"\n#include \"chan.h\"\n\n"
            "void submit(struct chan *chan, void *token)\n{\n\tchan->token = token;\n}\n")
    header = ("#include \"netmem_stub.h\"\n\nstruct chan {\n\tvoid *token;\n};\n\n"
              "void submit(struct chan *chan, void *token);\n")
    user = PRELUDE.replace('#include "netmem_stub.h"\n',
                           '#include "netmem_stub.h"\n#include "chan.h"\n') + (
        "void t(struct chan *chan, struct rx_buf *buf)\n{\n\tsubmit(chan, buf->page);\n}\n")
    migration, after = convert(tmp_path / "d", {
        "chan.c": chan.encode(), "chan.h": header.encode(), "d.c": user.encode()})
    assert migration.report.verdict == "would-convert"
    assert b"netmem_ref token;" in after["chan.h"]
    assert b"void submit(struct chan *chan, netmem_ref token)\n" in after["chan.c"]
    compiles(tmp_path / "gcc", after)
    assert not convert(tmp_path / "again", after)[0].changes


def test_the_report_says_what_was_void(tmp_path: Path) -> None:
    before, _ = TRANSFORMED["member-and-back"]
    migration, _ = convert(tmp_path / "d", {"d.c": (PRELUDE + before).encode()})
    types = {one.name: (one.from_, one.to) for one in migration.report.declarations}
    assert types["desc.cookie"] == ("void *", "netmem_ref")
