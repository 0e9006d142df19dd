# SPDX-License-Identifier: GPL-2.0-only
"""Functions that a change writes otherwise: a note where they do the same, an error where not.

gcc is the witness: it makes the same code of each pair that is a note, and other code of each that
is none.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from netmem_migrate.check.compare.compare import compare

DECLARED = """\
typedef unsigned int u32;
typedef unsigned short u16;
typedef unsigned long long u64, dma_addr_t;
typedef unsigned long netmem_ref;
struct page; struct page_pool; struct device;
#define NULL ((void *)0)
#define ENOMEM 12
#define EINVAL 22
struct page *page_pool_dev_alloc_pages(struct page_pool *pool);
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void page_pool_put_full_page(struct page_pool *pool, struct page *page, _Bool direct);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, _Bool direct);
dma_addr_t page_pool_get_dma_addr(struct page *page);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
void sync(struct device *dev, dma_addr_t dma, u32 len);
int ready(int number);
void tell(u32 number);
static inline _Bool netmem_is_net_iov(netmem_ref netmem) { return 0; }
struct buf { union { struct page *page; netmem_ref netmem; }; u32 len; u16 small; };
struct ring {
	struct page_pool *pool; struct device *dev; struct buf *bufs; struct buf spare;
	u32 fill, size; u64 desc[64]; struct ring *next;
};
"""

BODY = """\
int demo(struct ring *ring, u32 count)
{
	struct page *page;
	dma_addr_t dma;
	int i, err = 0;

	for (i = 0; i < count; i++) {
		page = page_pool_dev_alloc_pages(ring->pool);
		if (!page) {
			err = -ENOMEM;
			goto out;
		}
		dma = page_pool_get_dma_addr(page);
		ring->bufs[i].page = page;
		ring->desc[i] = dma + 64;
	}
	if (ready(0) && ring->spare.len > 16)
		sync(ring->dev, dma, ring->spare.len);
out:
	ring->fill = i;
	return err;
}
"""

FAILS = """\
			err = -ENOMEM;
			goto out;
"""
LAST = "		if (!page) {\n" + FAILS + "		}\n"
SYNC = """\
	if (ready(0) && ring->spare.len > 16)
		sync(ring->dev, dma, ring->spare.len);
"""
END = "	return err;\n}\n"

Edits = tuple[tuple[str, str], ...]

FOUND: dict[str, Edits] = {
    "a return in the place of a goto": (
        (FAILS, "			ring->fill = i;\n			return -ENOMEM;\n"),),
    "a label for one failure": (
        (LAST, "		if (page == NULL)\n			goto empty;\n"),
        (END, "	return err;\nempty:\n	err = -ENOMEM;\n	goto out;\n}\n")),
    "another name": (("page *page;", "page *pg;"), ("page = page_pool_dev", "pg = page_pool_dev"),
                     ("!page", "!pg"), ("addr(page)", "addr(pg)"), (".page = page", ".page = pg")),
    "another name and netmem": (
        ("struct page *page;", "netmem_ref mem;"),
        ("page = page_pool_dev_alloc_pages", "mem = page_pool_dev_alloc_netmems"),
        ("!page", "!mem"), ("addr(page)", "addr_netmem(mem)"), (".page = page", ".netmem = mem")),
    "an alias of an element": (
        ("	int i, err", "	struct buf *buf;\n	int i, err"),
        ("		ring->bufs[i].page = page", "		buf = &ring->bufs[i];\n		buf->page = page")),
    "one test in another": (
        (SYNC, "	if (ready(0)) {\n		if (ring->spare.len > 16)\n"
         "			sync(ring->dev, dma, ring->spare.len);\n	}\n"),),
    "a test turned round": (
        (SYNC, "	if (!ready(0) || !(ring->spare.len > 16))\n		goto out;\n"
         "	sync(ring->dev, dma, ring->spare.len);\n"),),
    "a loop with its test inside": (
        ("	for (i = 0; i < count; i++) {\n", "	i = 0;\n	while (1) {\n"
         "		if (!(i < count))\n			break;\n"),
        ("= dma + 64;\n", "= dma + 64;\n		i++;\n")),
    "a guard that leaves by a failure exit": (
        ("		sync(",
         "	{\n		if (netmem_is_net_iov(ring->spare.netmem))\n			goto out;\n"
         "		sync("), ("spare.len);\nout", "spare.len);\n	}\nout")),
    "a guard around a call": (
        ("		sync(", "		if (!netmem_is_net_iov(ring->spare.netmem))\n			sync("),),
    "a guard among tests": (
        ("ready(0) && ",
         "ready(0) && !(ring->size && netmem_is_net_iov(ring->spare.netmem)) && "),),
    "a local that nobody reads": (
        ("	int i, err", "	u32 unused = ring->size;\n	int i, err"),),
}

OTHER: dict[str, Edits] = {
    "another error": ((FAILS, "			ring->fill = i;\n			return -EINVAL;\n"),),
    "a store that is left out": ((FAILS, "			return -ENOMEM;\n"),),
    "a store in the wrong place": (
        ("	ring->fill = i;\n", ""),
        ("	int i, err = 0;\n", "	int i, err = 0;\n\n	ring->fill = 0;\n")),
    "one too few": (("i < count", "i + 1 < count"),),
    "one too many": (("i < count", "i <= count"),),
    "begins at one": (("i = 0", "i = 1"),),
    "another element": (("bufs[i].page", "bufs[0].page"),),
    "another number": (("dma + 64", "dma + 32"),),
    "a narrower local": (("	dma_addr_t dma", "	u32 dma"),),
    "a narrower copy": (
        (SYNC, "	if (ready(0) && ring->spare.len > 16) {\n		u16 len = ring->spare.len;\n\n"
         "		sync(ring->dev, dma, len);\n	}\n"),),
    "a copy from before a call": (
        ("	int i, err", "	u32 len = ring->spare.len;\n	int i, err"),
        (SYNC, "	if (ready(0) && ring->spare.len > 16)\n		sync(ring->dev, dma, len);\n")),
    "an alias from before a call": (
        ("	int i, err", "	struct buf *bufs = ring->bufs;\n	int i, err"),
        ("ring->bufs[i].page", "bufs[i].page")),
    "tests the other way": ((SYNC, SYNC.replace("> 16", "<= 16")),),
    "tests in another order": (
        (SYNC, "	if (ring->spare.len > 16 && ready(0))\n"
         "		sync(ring->dev, dma, ring->spare.len);\n"),),
    "or for and": ((SYNC, SYNC.replace("&&", "||")),),
    "a test less": ((LAST, ""),),
    "a call more": (("		dma = page", "		tell(i);\n		dma = page"),),
    "a call twice": ((SYNC, SYNC + "	tell(count);\n	tell(count);\n"),),
    "another member": (("sync(ring->dev, dma, ring->spare.len)",
                        "sync(ring->dev, dma, ring->spare.small)"),),
    "a step of two": (("i++", "i += 2"),),
    "a sum for a product": (
        ("	int i, err", "	u64 sum = ring->size + 1;\n	int i, err"),
        ("= dma + 64", "= sum * 2 + dma + 64")),
    "put at the end": (("	ring->fill = i;\n",
                        "	ring->fill = i;\n	page_pool_put_full_page(ring->pool, page, 0);\n"),),
    "a guard the wrong way round": (
        ("		sync(", "		if (netmem_is_net_iov(ring->spare.netmem))\n			sync("),),
    "not and equal": ((SYNC, SYNC.replace("ready(0) &&", "!ready(0) == 1 &&")),),
    "out of the loop": (("			goto out;\n", "			break;\n"),),
    "goes on": (("			goto out;\n", "			continue;\n"),),
}


def edited(edits: Edits) -> str:
    text = BODY
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new)
    return text


def said(edits: Edits) -> set[tuple[str, str]]:
    return {(one.id, one.severity) for one in compare(
        (DECLARED + BODY).encode(), (DECLARED + edited(edits)).encode(), "d.c")}


def assembly(folder: Path, body: str) -> str:
    """What gcc makes of a function: the netmem functions are the page functions by another name."""
    text = DECLARED + body
    for name in ("page_pool_dev_alloc_netmems", "page_pool_get_dma_addr_netmem"):
        text = text.replace(name, {"page_pool_dev_alloc_netmems": "page_pool_dev_alloc_pages"}.get(
            name, "page_pool_get_dma_addr"))
    text = text.replace("typedef unsigned long netmem_ref", "typedef struct page *netmem_ref")
    done = subprocess.run(
        ["gcc", "-Os", "-fno-guess-branch-probability", "-w", "-S", "-o", "-", "-x", "c", "-"],
        input=text, cwd=folder, capture_output=True, text=True, check=True)
    labels: dict[str, str] = {}
    text = re.sub(r"\.L\w*\d+", lambda one: labels.setdefault(one[0], f".L{len(labels)}"),
                  done.stdout)
    # Whether two are the same does not depend on their order.
    return re.sub(r"cmpq\t(%\w+), (%\w+)(?=\n\tj(?:e|ne)\t)",
                  lambda one: f"cmpq\t{min(one[1], one[2])}, {max(one[1], one[2])}", text)


@pytest.mark.few(6)
@pytest.mark.parametrize("name", FOUND)
def test_found(name: str, tmp_path: Path) -> None:
    assert said(FOUND[name]) == {("same-ways", "note")}
    assert assembly(tmp_path, BODY) == assembly(tmp_path, edited(FOUND[name]))


@pytest.mark.few(8)
@pytest.mark.parametrize("name", OTHER)
def test_not_the_same(name: str, tmp_path: Path) -> None:
    found = said(OTHER[name])
    assert "same-ways" not in {id_ for id_, _ in found}
    assert {"error", "warning"} & {one for _, one in found}
    assert assembly(tmp_path, BODY) != assembly(tmp_path, edited(OTHER[name]))


def test_a_guard_that_goes_is_no_note() -> None:
    guard = "		if (!netmem_is_net_iov(ring->spare.netmem))\n	"
    guarded = BODY.replace("		sync(", f"{guard}		sync(")
    found = {(one.id, one.severity) for one in compare(
        (DECLARED + guarded).encode(), (DECLARED + BODY).encode(), "d.c")}
    assert "same-ways" not in {id_ for id_, _ in found}
    assert {"error", "warning"} & {one for _, one in found}
