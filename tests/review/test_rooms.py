# SPDX-License-Identifier: GPL-2.0-only
"""`review --prepare`: what makes room is asked about apart, before the slots that move in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tools import run

DRIVER = """\
#include "netmem_stub.h"

struct demo_bd {
	struct page *page;
};

struct demo_head {
	void *data;
	struct page *spare;
};

static struct page *demo_alloc_page(struct page_pool *pool)
{
	return page_pool_dev_alloc_pages(pool);
}

int demo_fill(struct page_pool *pool, struct demo_bd *bd)
{
	bd->page = demo_alloc_page(pool);
	return bd->page ? 0 : -ENOMEM;
}

void demo_frag(struct demo_bd *bd, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, bd->page, 0, len, PAGE_SIZE);
}

void demo_fill_head(struct page_pool *pool, struct demo_head *head, bool copy)
{
	head->spare = page_pool_dev_alloc_pages(pool);
	if (copy)
		head->data = kmalloc(256, GFP_ATOMIC);
	else
		head->data = demo_alloc_page(pool);
}
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    return fresh(tmp_path / "driver")


def fresh(folder: Path) -> Path:
    folder.mkdir()
    (folder / "demo.c").write_text(DRIVER)
    return folder


def applied(tmp_path: Path, *options: str) -> str:
    folder = fresh(tmp_path / "applied")
    run("apply", folder, *options)
    return (folder / "demo.c").read_text()


def test_the_room_is_asked_about_first(folder: Path) -> None:
    done = run("review", folder, "--prepare", input="n\nn\nn\n")
    asked = re.findall(r"\(\d/\d\) (Make this room|Move this slot)", done.output)
    assert asked[0] == "Make this room" and "Move this slot" in asked
    assert "makes room: clone: demo_alloc_page()" in done.output
    assert "if it is not made, demo_bd.page stays" in done.output


@pytest.mark.parametrize(("answers", "options"), [
    ("y\ny\ny\n", ["--prepare"]),
    ("y\ny\nn\n", ["--prepare", "--keep=demo_head.spare"]),
    ("n\ny\n", []),
    ("n\nn\n", ["--keep=demo_head.spare"]),
])
def test_what_is_accepted_is_what_apply_makes(answers: str, options: list[str], folder: Path,
                                              tmp_path: Path) -> None:
    done = run("review", folder, "--prepare", "--apply", input=answers)
    assert not done.exception or isinstance(done.exception, SystemExit), done.output
    assert (folder / "demo.c").read_text() == applied(tmp_path, *options)


def test_without_the_room_its_slots_stay(folder: Path) -> None:
    done = run("review", folder, "--prepare", "--apply", input="n\nn\n")
    assert done.output.count("Move this slot") == 1  # demo_bd.page is decided
    assert (folder / "demo.c").read_text() == DRIVER


def test_the_room_alone_is_one_patch(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("review", folder, "--prepare", "-o", out, input="y\nn\nn\n")
    (patch,) = out.glob("*.patch")
    text = patch.read_text()
    assert "clone demo_alloc_page() for payload" in text and "+\tnetmem_ref" not in text


def test_room_and_slots_are_two_patches(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("review", folder, "--prepare", "-o", out, input="y\ny\ny\n")
    names = sorted(path.name for path in out.glob("000[1-9]-*.patch"))
    assert len(names) == 2 and "clone-demo_alloc_page-for-payload" in names[0]
