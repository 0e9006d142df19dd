# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a page that is kept beside its address: gcc lists the uses, faults are seeded."""

from __future__ import annotations

import shutil
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
	void *buf;
	int len;
};

void entry_more(struct entry *e);
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include "demo.h"

struct page *virt_to_head_page(const void *va);

int rx_fill(struct page_pool *pool, struct entry *e)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return -12;

	e->buf = page_address(page) + 64;
	return 0;
}

void rx_give(struct page_pool *pool, struct entry *e, struct sk_buff *skb, int len)
{
	struct page *page = virt_to_head_page(e->buf);

	if (len < 60) {
		page_pool_put_full_page(pool, page, 1);
		return;
	}
	skb_add_rx_frag(skb, 0, page, 64, len);
}
"""
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include "demo.h"

void entry_more(struct entry *e)
{
	e->len = e->buf ? 1 : 0;
}
"""
NAME = "drivers/net/demo/demo.h"


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that share a record."""
    command = (kernel_tree / "drivers/net/demo/.demo.o.cmd").read_text()
    return plant(kernel_tree, {
        DRIVER: SOURCE, NAME: HEADER, OTHER: MORE,
        "drivers/net/demo/Makefile": "obj-y += demo.o more.o\n",
        "drivers/net/demo/.more.o.cmd": command.replace("demo.o", "more.o").replace(
            "demo/demo.c", "demo/more.c")})


def steps(tree: Path) -> tuple[Step, ...]:
    run = migrate([tree / "drivers/net/demo"], prepare=True)
    assert not run.stopped
    return run.drivers[0].steps


def prove(tree: Path, changes: list[FileChange]) -> dict[str, ObjectProof]:
    return {proof.source: proof for proof in verify_changes(tree, changes, jobs=2)}


def test_the_member_and_the_conversion_are_proven(tree: Path) -> None:
    first, then = steps(tree)
    proofs = prove(tree, list(first.changes))
    assert set(proofs) == {DRIVER, OTHER}
    assert all(one.proven and one.way is Way.MEMBER for one in proofs.values()), proofs
    assert all(one.proven and one.way is None
               for one in prove(tree, list(then.changes)).values())


USE = "e->len = e->buf ? 1 : 0;"
TAKE = "\nvoid take(void **);\n\nvoid entry_more"
SET = "\n#define SET(e, m, v) ((e)->m = (v))\n\nvoid entry_more"
PAHOLE = """\
#!/bin/sh
test "$1" = -C && test -s "$3" || exit 1
grep -q rx_fill "$3" && echo "struct $2 {"
"""


def test_the_layout_is_said_where_pahole_is_there(tree: Path, tmp_path: Path,
                                                  monkeypatch: pytest.MonkeyPatch) -> None:
    first, then = steps(tree)
    real, there = shutil.which, {"pahole": ""}
    monkeypatch.setattr(shutil, "which", lambda name, *more, **given: (
        there[name] or None) if name in there else real(name, *more, **given))
    assert all(one.layout is None for one in prove(tree, list(first.changes)).values())
    pahole = tmp_path / "pahole"
    pahole.write_text(PAHOLE)
    pahole.chmod(0o755)
    there["pahole"] = str(pahole)
    proofs = prove(tree, list(first.changes))
    assert proofs[DRIVER].layout == ("struct entry {", "struct entry {")
    assert proofs[OTHER].layout is None  # that file is not changed
    assert all(one.layout is None for one in prove(tree, list(then.changes)).values())


ELSEWHERE = {
    "set in another file": MORE.replace(USE, "e->buf = 0;\n\te->buf = &e->len;"),
    "moved on in another file": MORE.replace(USE, "e->buf += 64;"),
    "given away in another file": MORE.replace("\nvoid entry_more", TAKE).replace(
        USE, "take(&e->buf);"),
    "set and read on one line": MORE.replace(USE, "e->buf = &e->len; " + USE),
    "set by a macro": MORE.replace("\nvoid entry_more", SET).replace(
        USE, "SET(e, buf, &e->len);"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_an_address_that_is_set_alone_elsewhere_is_found_by_the_compiler(
        name: str, tree: Path) -> None:
    first, _ = steps(tree)
    (tree / OTHER).write_text(ELSEWHERE[name])
    proof = prove(tree, list(first.changes))[OTHER]
    assert proof.identity.status is Status.FAIL
    assert any(OTHER in one and "buf" in one for one in proof.identity.details)


FAULTS = {
    "a store left out": ("\te->page = page;\n", ""),
    "another page": ("\te->page = page;", "\te->page = page + 1;"),
    "something else, too": ("if (len < 60)", "if (len < 61)"),
    "a release less": ("\t\tpage_pool_put_full_page(pool, page, 1);\n", ""),
    "read of another": ("page = e->page;", "page = e[1].page;"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    first, _ = steps(tree)
    old, new = FAULTS[name]
    changes = [FileChange(one.path, one.before, one.after.replace(old.encode(), new.encode()))
               for one in first.changes]
    assert [one.after for one in changes] != [one.after for one in first.changes]
    proof = prove(tree, changes)[DRIVER]
    assert proof.identity.status is Status.FAIL and proof.identity.details
