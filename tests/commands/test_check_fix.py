# SPDX-License-Identifier: GPL-2.0-only
"""`check --fix` writes what findings with one answer say, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools import plant, run

from netmem_migrate.errors import ExitCode, InputError, UsageError

HEAD = """\
#include <net/page_pool/helpers.h>

/* what takes a page: page_pool_put_full_page(pool, netmem) */
"""
MIXED = HEAD + """\
static void demo_drop(struct page_pool *pool, netmem_ref netmem)
{
	page_pool_put_full_page(pool, netmem, false);
}

static void demo_keep(struct page_pool *pool, struct page *page, netmem_ref *at)
{
	*at = page;
	page_pool_put_full_netmem(pool, page, false);
}
"""
MENDED = MIXED.replace("full_page(pool, netmem, ", "full_netmem(pool, netmem, ") \
    .replace("*at = page;", "*at = page_to_netmem(page);") \
    .replace("full_netmem(pool, page", "full_page(pool, page")
IRQ = HEAD + """\
static irqreturn_t demo_irq(int irq, void *data)
{
	struct demo_ring *ring = data;

	page_pool_put_full_netmem(ring->pool, ring->netmem, true);
	return IRQ_HANDLED;
}
"""


def check(folder: Path, *words: object) -> tuple[int, str]:
    done = run("check", "--api", "7.3", *words, folder)
    return done.exit_code, done.stderr


def test_one_answer_is_written_and_all_else_stays(tmp_path: Path) -> None:
    folder = plant(tmp_path / "demo", {"rx.c": MIXED, "irq.c": IRQ})
    assert check(folder)[0] == ExitCode.FINDINGS
    code, said = check(folder, "--fix")
    assert (folder / "rx.c").read_text() == MENDED
    assert (folder / "irq.c").read_text() == IRQ.replace("true", "false")
    assert "4 of 4 findings mended in 2 files\n" in said and "0 errors, 0 warnings" in said
    assert code == ExitCode.DONE
    assert check(folder, "--fix") == (ExitCode.DONE, "0 of 0 findings mended in 0 files\n"
                                      "0 errors, 0 warnings, 0 notes\n")


def test_what_has_no_one_answer_is_left(tmp_path: Path) -> None:
    leak = MIXED + """
static void demo_leak(struct page_pool *pool)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return;
}
"""
    folder = plant(tmp_path / "demo", {"rx.c": leak})
    code, said = check(folder, "--fix")
    assert code == ExitCode.FINDINGS
    assert "3 of 4 findings mended in 1 file; 1 is for a person" in said
    assert (folder / "rx.c").read_text() == leak.replace(MIXED, MENDED)


def test_only_what_is_asked_for(tmp_path: Path) -> None:
    folder = plant(tmp_path / "demo", {"rx.c": MIXED, "irq.c": IRQ})
    check(folder, "--fix", "--rule", "direct-recycle")
    assert (folder / "rx.c").read_text() == MIXED
    assert (folder / "irq.c").read_text() == IRQ.replace("true", "false")
    answered = MIXED.replace("	*at", "	/* netmem-migrate: ignore argument-kind: both */\n	*at")
    (folder / "rx.c").write_text(answered)
    check(folder, "--fix")
    assert "*at = page;" in (folder / "rx.c").read_text()
    before = tmp_path / "before.json"
    (folder / "rx.c").write_text(MIXED)
    before.write_text(run("check", "--api", "7.3", "--json", folder).stdout)
    assert len(json.loads(before.read_text())["findings"]) == 3
    check(folder, "--fix", "--baseline", before)
    assert (folder / "rx.c").read_text() == MIXED


def test_a_patch_is_not_written_to(tmp_path: Path) -> None:
    plant(tmp_path / "demo", {"rx.c": MIXED})
    patch = tmp_path / "one.patch"
    patch.write_text(f"--- a/demo/rx.c\n+++ b/demo/rx.c\n@@ -1,1 +1,1 @@\n-{HEAD.splitlines()[0]}\n"
                     "+#include <net/netmem.h>\n")
    done = run("check", "--api", "7.3", "--fix", "--kernel", tmp_path, patch)
    assert isinstance(done.exception, UsageError | InputError)
    assert (tmp_path / "demo/rx.c").read_text() == MIXED


@pytest.mark.parametrize("mode", [0o444])
def test_a_read_only_file_is_left_with_all_others(tmp_path: Path, mode: int) -> None:
    folder = plant(tmp_path / "demo", {"rx.c": MIXED, "irq.c": IRQ})
    (folder / "rx.c").chmod(mode)
    done = run("check", "--api", "7.3", "--fix", folder)
    assert isinstance(done.exception, InputError) and "nothing was written" in str(done.exception)
    assert (folder / "irq.c").read_text() == IRQ and (folder / "rx.c").read_text() == MIXED
