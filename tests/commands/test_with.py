# SPDX-License-Identifier: GPL-2.0-only
"""`--with guard` on the command line: what it shows, and the series that it makes."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tools import plant, room_case, run

from netmem_migrate.errors import UsageError

DRIVER, _ = room_case("guard", "a-call-that-fails")
MORE = """\

void demo_more(struct demo_buf *buf, char *to)
{
	memcpy(to, page_address(buf->page), 4);
}

void demo_frag(struct demo_buf *buf, struct sk_buff *skb)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, 64, PAGE_SIZE);
}
"""


OPEN = """\

struct page_pool *demo_open(struct page_pool_params *params)
{
	params->flags = PP_FLAG_DMA_MAP;
	return page_pool_create(params);
}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    made = tmp_path / "demo"
    made.mkdir()
    (made / "demo.c").write_text(DRIVER + MORE)
    return made


def test_diff_says_what_is_done_and_what_is_not(folder: Path) -> None:
    done = run("diff", folder, "--with", "guard")
    assert "+\tif (netmem_is_net_iov(buf->netmem))\n+\t\treturn NULL;" in done.stdout
    assert "guard demo_build() (demo.c:" in done.stderr and "`return NULL;`" in done.stderr
    assert "not done demo_more() uses the address of memory" in done.stderr


def test_the_series_has_a_patch_behind_that_applies(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert run("format-patch", folder, "--with=guard", "-o", out).exit_code == 0
    letter, first, last = sorted(out.glob("*.patch"))
    said = letter.read_text()
    assert "A later patch goes further:\n  - do not read a net_iov in demo_build()" in said
    assert "Nothing changes for pages." in " ".join(last.read_text().split())
    there = tmp_path / "there"
    there.mkdir()
    (there / "demo.c").write_text(DRIVER + MORE)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"],
                  ["am", "-q", str(first), str(last)]):
        subprocess.run(["git", *words], cwd=there, check=True)
    assert run("apply", folder, "--with=guard").exit_code == 0
    assert (there / "demo.c").read_bytes() == (folder / "demo.c").read_bytes()


def test_the_letter_tells_of_what_both_patches_leave(series_tree: Path, tmp_path: Path,
                                                     folder: Path) -> None:
    del folder  # its environment
    there = plant(series_tree, {
        "Documentation/networking/netmem.rst": "netmem\n",
        "drivers/net/ethernet/acme/more/more.c": (DRIVER + MORE + OPEN).replace(
            '#include "netmem_stub.h"', "#include <net/page_pool/helpers.h>")})
    out = tmp_path / "out"
    done = run("format-patch", there / "drivers/net/ethernet/acme/more", "--kernel", there,
               "--api=7.3", "--with=guard", "-o", out)
    assert done.exit_code == 0, done.output
    letter, first, _ = (" ".join(one.read_text().split()) for one in sorted(out.glob("*.patch")))
    assert "without a test for NULL in demo_build() and demo_more()" in first
    assert "without a test for NULL in demo_more()" in letter


def test_a_step_that_there_is_not_is_said(folder: Path) -> None:
    done = run("diff", folder, "--with", "nulls")
    assert isinstance(done.exception, UsageError)
    assert "--with nulls" in str(done.exception) and "guard" in str(done.exception)


def test_on_netmem_already_it_is_the_only_patch(folder: Path, tmp_path: Path) -> None:
    run("apply", folder)
    out = tmp_path / "out"
    assert run("format-patch", folder, "--with=guard", "-o", out).exit_code == 0
    (only,) = sorted(out.glob("*.patch"))
    assert "do not read a net_iov" in only.read_text()


def test_what_a_later_patch_leaves_stands_below_its_message(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("format-patch", folder, "--with=guard", "-o", out)
    letter, first, last = (one.read_text() for one in sorted(out.glob("*.patch")))
    below = " ".join(last.partition("\n---\n")[2].split())
    assert "Not done: - demo_more() uses the address of memory" in below
    assert "Not done:" not in first and "Not done:" not in last.partition("\n---\n")[0]
    # The conversion alone changes nothing; what comes after it does, and says so.
    assert "No functional change is intended by the conversion" in " ".join(letter.split())
