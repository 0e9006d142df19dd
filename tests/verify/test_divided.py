# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a function that becomes two: each is the one that there was; faults are seeded."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from kernel_tools import DRIVER
from tools import CORPUS, STUB, plant

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes
from netmem_migrate.verify.rooms import made

HEADER = """\
#ifndef DEMO_H
#define DEMO_H
struct page;
struct page_pool;
struct sk_buff;

struct frame {
	int len;
};

struct tx {
	struct frame *frame;
	struct page *page;
	int len;
	int own;
};

int tx_send(struct tx *tx, void *ptr, int len);
#endif
"""
SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>
#include "demo.h"

void kick(struct tx *tx);
void sync(struct tx *tx, int len);

int tx_send(struct tx *tx, void *ptr, int len)
{
	struct frame *frame;
	struct page *page;

	if (tx->own)
		return -16;

	if (!len) {
		frame = ptr;
		if (!frame->len)
			return -22;
		tx->frame = frame;
		tx->len = frame->len;
	} else {
		page = ptr;
		sync(tx, len + 4);
		tx->page = page;
		tx->len = len;
	}

	tx->own = !len;
	kick(tx);
	return 0;
}

void tx_give(struct page_pool *pool, struct tx *tx, struct sk_buff *skb, int len)
{
	if (len < 60) {
		page_pool_put_full_page(pool, tx->page, 1);
		return;
	}
	skb_add_rx_frag(skb, 0, tx->page, 0, len);
}
"""
OTHER = "drivers/net/demo/more.c"
MORE = """\
#include <net/page_pool/helpers.h>
#include "demo.h"

int tx_frame(struct tx *tx, struct frame *frame)
{
	return tx_send(tx, frame, 0);
}

int tx_page(struct page_pool *pool, struct tx *tx, int len)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	return page ? tx_send(tx, page, len) : -12;
}
"""
NAME = "drivers/net/demo/demo.h"


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that share a function."""
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


def test_both_functions_and_the_conversion_are_proven(tree: Path) -> None:
    first, then = steps(tree)
    assert first.room is not None and first.room.kind == "assumed"
    proofs = prove(tree, list(first.changes))
    assert set(proofs) == {DRIVER, OTHER}
    assert all(one.proven and one.way is Way.TWO for one in proofs.values()), proofs
    assert {one.assumes for one in proofs.values()} == {
        "no call of tx_send_netmem() passes len that is 0"}
    proofs = prove(tree, list(then.changes))
    assert all(one.proven and one.way is None for one in proofs.values()), proofs
    assert not any(one.assumes for one in proofs.values())


def test_what_calls_tell_is_not_assumed(tree: Path) -> None:
    plant(tree, {OTHER: MORE.replace("page, len)", "page, 64)")})
    first, _ = steps(tree)
    assert first.room is not None and first.room.kind == "told"
    proofs = prove(tree, list(first.changes))
    assert all(one.proven and not one.assumes for one in proofs.values()), proofs


FRAME = """\
	if (!frame->len)
		return -22;
	tx->frame = frame;
	tx->len = frame->len;
"""
PAGE = """\
	sync(tx, len + 4);
	tx->page = page;
	tx->len = len;
"""
FAULTS = {
    "the mark of the other": (DRIVER, "tx->own = true", "tx->own = false"),
    "the mark of the page": (DRIVER, "tx->own = false", "tx->own = true"),
    "another length": (DRIVER, "tx->len = len;", "tx->len = 0;"),
    "another sync": (DRIVER, "sync(tx, len + 4)", "sync(tx, len)"),
    "no sync": (DRIVER, "\tsync(tx, len + 4);\n", ""),
    "no test of the frame": (DRIVER, "\tif (!frame->len)\n\t\treturn -22;\n", ""),
    "the frame's test is another": (DRIVER, "if (!frame->len)", "if (frame->len)"),
    "less behind it": (DRIVER, "\ttx->own = true;\n\tkick(tx);\n", "\ttx->own = true;\n"),
    "something else, too": (DRIVER, "len < 60", "len < 61"),
    "the page in the frame's place": (DRIVER, "tx->page = page;", "tx->frame = (void *)page;"),
    "the arms swapped": (DRIVER, FRAME + "\n\ttx->own = true", PAGE.replace(
        "page", "frame").replace("len", "tx->len") + "\n\ttx->own = true"),
    "the frame goes to the page's": (OTHER, "tx_send(tx, frame)",
                                     "tx_send_netmem(tx, (void *)frame, 0)"),
    "the page goes to the frame's": (OTHER, "tx_send_netmem(tx, page, len)",
                                     "tx_send(tx, (void *)page)"),
    "another frame": (OTHER, "tx_send(tx, frame)", "tx_send(tx, frame + 1)"),
    "another length is passed": (OTHER, "page, len)", "page, len + 1)"),
    "no length is passed": (OTHER, "page, len)", "page, 0)"),
}


@pytest.mark.few(7)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    first, _ = steps(tree)
    file, old, new = FAULTS[name]
    changes = [FileChange(one.path, one.before, one.after.replace(
        old.encode(), new.encode(), 1) if one.path == file else one.after)
        for one in first.changes]
    assert [one.after for one in changes] != [one.after for one in first.changes]
    proofs = prove(tree, changes)
    assert any(one.identity.status is Status.FAIL for one in proofs.values()), proofs


MADE = sorted(path.parent for path in (CORPUS / "rooms/split-parameter").glob("*/after.c"))


@pytest.mark.parametrize("case", MADE, ids=lambda one: one.name)
def test_what_the_step_makes_is_the_same_code(case: Path, tmp_path: Path) -> None:
    before, after = ((case / name).read_bytes() for name in ("before.c", "after.c"))
    room = made(tmp_path, {"d.c": FileChange("d.c", before, after)}, "")
    assert room is not None and room.way is Way.TWO
    sides = room.sides

    def compiled(names: Sequence[str],
                 options: Sequence[str]) -> list[subprocess.CompletedProcess[bytes]]:
        return [subprocess.run(["gcc", "-std=gnu11", "-O2", f"-I{STUB}", "-xc", *options, "-"],
                               input=sides[name]["d.c"], capture_output=True, check=False)
                for name in names]

    said = room.same("d.c", compiled)
    assert said.status is Status.PASS, said


ANEW = "\n#undef DEMO_FRAME\n#define DEMO_FRAME 7\n\n"


@pytest.mark.parametrize("old, new, way", [
    ("", "", Way.TWO),
    ("\nint demo_send", ANEW + "int demo_send", None),
    ("#define DEMO_FRAME ", "#define DEMO_FRAME demo_next() + ", None),
    ("(DEMO_BASE | 1)", "demo_kind", None),
    ("#define DEMO_PAGE DEMO_BASE", "#define DEMO_PAGE (demo_ticks++)", None),
    ("\nint demo_send", "\nenum { DEMO_BASE };\n\nint demo_send", None),
], ids=["a constant", "defined anew", "a call", "a variable", "what acts", "an enumerator, too"])
def test_a_name_that_is_no_constant_everywhere_is_not_proven(
        old: str, new: str, way: Way | None, tmp_path: Path) -> None:
    case = CORPUS / "rooms/split-parameter/told-by-a-macro-of-a-macro"
    texts = [(case / name).read_text() for name in ("before.c", "after.c")]
    assert all(old in one for one in texts)
    before, after = (one.replace(old, new, 1).encode() for one in texts)
    room = made(tmp_path, {"d.c": FileChange("d.c", before, after)}, "")
    assert (room.way if room is not None else None) is way
