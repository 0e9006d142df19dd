# SPDX-License-Identifier: GPL-2.0-only
"""The proof of an arm for what is taken for a page: uses are followed anew, gcc lists them."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import DRIVER
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes

HEADER = """\
#ifndef DEMO_H
#define DEMO_H
struct page_pool;
struct sk_buff;

struct entry {
	void *token;
	int len;
};

static inline void entry_post(struct entry *e, void *token, int len)
{
	e->token = token;
	e->len = len;

#ifndef DEMO_MOST
#define DEMO_MOST 4096
#endif

	if (len > DEMO_MOST)
		e->len = DEMO_MOST;
}

static inline void rx_post(struct entry *e, void *token)
{
	entry_post(e, token, DEMO_MOST);
}

int ctrl_fill(struct entry *e);
void ctrl_drop(struct entry *e);
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include "demo.h"

void give(struct sk_buff *skb, void *va, int len);

int rx_fill(struct page_pool *pool, struct entry *e)
{
	struct page *page;

	if (e->token) {
		rx_post(e, e->token);
		return 0;
	}
	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return -12;
	rx_post(e, (void *)page);
	return 0;
}

void rx_give(struct entry *e, struct sk_buff *skb)
{
	give(skb, page_address((struct page *)e->token), e->len);
	e->token = 0;
}

void rx_drop(struct page_pool *pool, struct entry *e)
{
	if (!e->token)
		return;
	page_pool_put_full_page(pool, e->token, 0);
	e->token = 0;
}
"""
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include <linux/slab.h>
#include "demo.h"

int ctrl_fill(struct entry *e)
{
	void *mem = kmalloc(e->len, 0);

	if (!mem)
		return -12;
	entry_post(e, mem, 64);
	return 0;
}

void ctrl_drop(struct entry *e)
{
	if (!e->token)
		return;
	kfree(e->token);
	e->token = 0;
}
"""
NAME = "drivers/net/demo/demo.h"


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that keep pages, and other memory, in one member."""
    command = (kernel_tree / "drivers/net/demo/.demo.o.cmd").read_text()
    return plant(kernel_tree, {
        DRIVER: SOURCE, NAME: HEADER, OTHER: MORE,
        "include/linux/slab.h": "void *kmalloc(unsigned long size, unsigned int gfp);\n"
                                "void kfree(const void *what);\n",
        "drivers/net/demo/Makefile": "obj-y += demo.o more.o\n",
        "drivers/net/demo/.more.o.cmd": command.replace("demo.o", "more.o").replace(
            "demo/demo.c", "demo/more.c")})


def steps(tree: Path) -> tuple[Step, ...]:
    run = migrate([tree / "drivers/net/demo"], prepare=True)
    assert not run.stopped
    return run.drivers[0].steps


def prove(tree: Path, steps: tuple[Step, ...],
          changes: list[FileChange]) -> dict[str, ObjectProof]:
    """Prove one patch, with what the patches before it changed as it is."""
    held = {one.path: one.after for step in steps for one in step.changes}
    mine = {one.path for one in changes}
    rest = [FileChange(path, text, text) for path, text in held.items() if path not in mine]
    return {proof.source: proof for proof in verify_changes(tree, [*changes, *rest], jobs=2)}


def test_the_copy_the_arm_and_the_conversion_are_proven(tree: Path) -> None:
    made = steps(tree)
    assert [step.room.step if step.room else "" for step in made] == ["clone", "union-arm", ""]
    ways = []
    for number, step in enumerate(made):
        proofs = prove(tree, made[:number], list(step.changes))
        assert proofs and all(one.proven for one in proofs.values()), proofs
        ways += {one.way for one in proofs.values()}
    assert ways == [Way.COPIES, Way.KIND, None]


FAULTS = {
    "a page is stored in the other arm": (NAME, DRIVER, "e->rx_page = token", "e->token = token"),
    "another thing is stored in the arm": (NAME, OTHER, "e->token = token", "e->rx_page = token"),
    "a page is read from the other arm": (DRIVER, DRIVER, "page_address(e->rx_page)",
                                          "page_address(e->token)"),
    "a page is put from the other arm": (DRIVER, DRIVER, "pool, e->rx_page", "pool, e->token"),
    "another thing is freed from the arm": (OTHER, OTHER, "kfree(e->token)", "kfree(e->rx_page)"),
    "the wrong arm is cleared": (OTHER, OTHER, "e->token = 0", "e->rx_page = 0"),
    "the wrong arm is tested": (OTHER, OTHER, "if (!e->token)", "if (!e->rx_page)"),
    "another entry": (DRIVER, DRIVER, "page_address(e->rx_page)", "page_address(e[1].rx_page)"),
    "something else, too": (DRIVER, DRIVER, "return -12", "return -11"),
    "a store left out": (DRIVER, DRIVER, "\te->rx_page = 0;\n}\n\nvoid rx_drop",
                         "}\n\nvoid rx_drop"),
}


@pytest.mark.few(6)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    first, then, _ = steps(tree)
    file, source, old, new = FAULTS[name]
    texts = {one.path: (one.before, one.after) for one in then.changes}
    if file not in texts:
        text = (tree / file).read_bytes()
        texts[file] = text, text
    before, after = texts[file]
    assert old.encode() in after
    texts[file] = before, after.replace(old.encode(), new.encode(), 1)
    proofs = prove(tree, (first,), [FileChange(path, *both) for path, both in texts.items()])
    assert proofs[source].identity.status is Status.FAIL and proofs[source].identity.details
