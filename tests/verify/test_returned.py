# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a page that is returned instead of its address: the same code, faults are seeded."""

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

SOURCE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>

#define PAD 64

struct entry {
	struct page *page;
	unsigned long dma;
	int len;
};

struct page *virt_to_head_page(const void *va);
void fetch(void *va);
void drop(struct page_pool *pool, int why);

static void *rx_get(struct page_pool *pool, unsigned long *dma, int room)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(pool);
	if (!page)
		return NULL;

	*dma = PAD + room;
	return page_address(page) + PAD + room;
}

int rx_fill(struct page_pool *pool, struct entry *e)
{
	void *buf;

	buf = rx_get(pool, &e->dma, 32);
	if (!buf) {
		drop(pool, 1);
		return -12;
	}

	fetch(buf);
	e->page = virt_to_head_page(buf);
	return 0;
}

int rx_more(struct page_pool *pool, struct entry *e, int room, int count)
{
	int done = 0;
	void *buf;

	while (done < count) {
		buf = rx_get(pool, &e->dma, room);
		if (!buf)
			break;
		e[done].page = virt_to_head_page(buf);
		fetch(buf);
		done++;
	}
	return done;
}

void rx_give(struct page_pool *pool, struct entry *e, struct sk_buff *skb, int len)
{
	if (len < 60) {
		page_pool_put_full_page(pool, e->page, 1);
		return;
	}
	skb_add_rx_frag(skb, 0, e->page, PAD, len);
}
"""


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    return plant(kernel_tree, {DRIVER: SOURCE})


def steps(tree: Path) -> tuple[Step, ...]:
    run = migrate([tree / "drivers/net/demo"], prepare=True)
    assert not run.stopped
    return run.drivers[0].steps


def prove(tree: Path, changes: list[FileChange]) -> ObjectProof:
    (proof,) = verify_changes(tree, changes, jobs=2)
    return proof


def test_the_page_and_the_conversion_are_proven(tree: Path) -> None:
    first, then = steps(tree)
    proof = prove(tree, list(first.changes))
    assert proof.proven and proof.way is Way.PAGE, proof
    assert proof.assumes == "no address that rx_get() gave of a page is NULL"
    proof = prove(tree, list(then.changes))
    assert proof.proven and proof.way is None, proof


TAKE = "\tbuf = page_address(rx_page) + PAD + 32;\n"
FAULTS = {
    "another offset": ("page_address(rx_page) + PAD + 32", "page_address(rx_page) + PAD"),
    "the offset of another call": ("page_address(rx_page) + PAD + room",
                                   "page_address(rx_page) + PAD + 32"),
    "no test": ("\tif (!rx_page) {\n\t\tdrop(pool, 1);\n\t\treturn -12;\n\t}\n", ""),
    "a test the other way round": ("if (!rx_page)\n\t\t\tbreak", "if (rx_page)\n\t\t\tbreak"),
    "a test of the address": ("\tif (!rx_page) {\n\t\tdrop", "\tif (!buf) {\n\t\tdrop"),
    "the address before the test": ("\tif (!rx_page) {\n\t\tdrop",
                                    TAKE + "\tif (!rx_page) {\n\t\tdrop"),
    "the address before the test only": (
        "\tif (!rx_page) {\n\t\tdrop(pool, 1);\n\t\treturn -12;\n\t}\n\n" + TAKE,
        TAKE + "\tif (!rx_page) {\n\t\tdrop(pool, 1);\n\t\treturn -12;\n\t}\n\n"),
    "another function": ("rx_page = rx_get(pool, &e->dma, 32)",
                         "rx_page = page_pool_dev_alloc_pages(pool)"),
    "another argument": ("rx_get(pool, &e->dma, 32)", "rx_get(pool, &e->dma, 31)"),
    "another way out": ("return -12", "return -11"),
    "no way out": ("\t\treturn -12;\n", ""),
    "no address": (TAKE, ""),
    "the address of another page": (TAKE, TAKE.replace("(rx_page)", "(e->page)")),
    "another page is kept": ("e->page = rx_page;", "e->page = rx_page + 1;"),
    "the page of before is kept": ("e->page = rx_page;", "e->page = e[1].page;"),
    "the page is kept before the address": (
        "\t\tbuf = page_address(rx_page) + PAD + room;\n\t\te[done].page = rx_page;",
        "\t\te[done].page = rx_page;\n\t\tbuf = page_address(rx_page) + PAD + room;"),
    "nothing is returned": ("\treturn page;\n", "\treturn NULL;\n"),
    "another page is returned": ("\treturn page;\n", "\treturn page + 1;\n"),
    "less is done": ("\t*dma = PAD + room;\n", ""),
    "something else, too": ("len < 60", "len < 61"),
}


@pytest.mark.few(7)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_caught(name: str, tree: Path) -> None:
    first, _ = steps(tree)
    old, new = FAULTS[name]
    (change,) = first.changes
    text = change.after.replace(old.encode(), new.encode())
    assert text != change.after
    assert prove(tree, [FileChange(DRIVER, change.before, text)]).identity.status is Status.FAIL


def test_the_code_tells_where_the_text_does_not(tree: Path) -> None:
    first, _ = steps(tree)
    (change,) = first.changes
    again = "#include <linux/again.h>\n\nint rx_fill"
    plant(tree, {"include/linux/again.h": "#undef PAD\n#define PAD 128\n"})
    sides = [one.replace(b"int rx_fill", again.encode()) for one in (change.before, change.after)]
    proof = prove(tree, [FileChange(DRIVER, *sides)])
    assert proof.way is Way.PAGE and proof.identity.status is Status.FAIL


MADE = sorted(path.parent for path in (CORPUS / "rooms/return-page").glob("*/after.c"))


@pytest.mark.parametrize("case", MADE, ids=lambda one: one.name)
def test_what_the_step_makes_is_the_same_code(case: Path, tmp_path: Path) -> None:
    before, after = ((case / name).read_bytes() for name in ("before.c", "after.c"))
    room = made(tmp_path, {"d.c": FileChange("d.c", before, after)}, "")
    assert room is not None and room.way is Way.PAGE
    sides = room.sides

    def compiled(names: Sequence[str],
                 options: Sequence[str]) -> list[subprocess.CompletedProcess[bytes]]:
        return [subprocess.run(["gcc", "-std=gnu11", "-O2", f"-I{STUB}", "-xc", *options, "-"],
                               input=sides[name]["d.c"], capture_output=True, check=False)
                for name in names]

    said = room.same("d.c", compiled)
    assert said.status is Status.PASS, said


@pytest.mark.parametrize("moves, way", [
    ("", Way.PAGE),
    ("#define prefetch(at) ((at) += 8192)\n\n", None),
    ("#define prefetch(at) demo_touch(at)\n\n", None),
], ids=["a function", "a macro that moves it", "any macro"])
def test_a_page_that_is_found_after_a_macro_had_its_address_is_not_proven(
        moves: str, way: Way | None, tmp_path: Path) -> None:
    case = CORPUS / "rooms/return-page/plain"
    before, after = ((case / name).read_text().replace(
        "static ", moves + "static ", 1).encode() for name in ("before.c", "after.c"))
    room = made(tmp_path, {"d.c": FileChange("d.c", before, after)}, "")
    assert (room.way if room is not None else None) is way
