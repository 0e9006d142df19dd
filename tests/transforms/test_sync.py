# SPDX-License-Identifier: GPL-2.0-only
"""A raw sync for the CPU goes through the pool, or stays with the condition that does not hold.

The cases are in corpus/rooms/sync; here is what they do not say.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_tools import refused, run
from kernel_tools import make_kernel
from tools import CORPUS

from netmem_migrate.api import migrate
from netmem_migrate.report import wording
from netmem_migrate.results import Migration

CASES = CORPUS / "rooms/sync"
PLAIN = (CASES / "the-pool-s-offset-is-added-once/before.c").read_text()


def synced(tmp_path: Path, text: str, **options: object) -> Migration:
    file = tmp_path / "d.c"
    file.write_text(text)
    whole = migrate([file], api="7.3", wanted=("sync",), **options)
    assert not whole.stopped
    return whole.drivers[0]


def left(migration: Migration) -> list[str]:
    return [wording.undone(one) for one in migration.report.undone]


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (one,) = migrate([file], api="7.3").drivers
    assert len(one.steps) == 1 and not one.report.behind and not one.report.undone


def test_a_page_that_stays_has_the_call_of_pages(tmp_path: Path) -> None:
    migration = synced(tmp_path, PLAIN, keep=("demo_buf.page",))
    (step,) = migration.steps
    assert b"page_pool_dma_sync_for_cpu(ring->pool, buf->page, 0, len);" in step.changes[0].after


def test_a_kernel_without_the_call_keeps_the_raw_one(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (one,) = migrate([file], api="6.12", wanted=("sync",)).drivers
    assert not one.report.behind


def test_a_turned_direction_is_said(tmp_path: Path) -> None:
    text = (CASES / "the-pool-goes-both-ways/before.c").read_text()
    step = synced(tmp_path, text).steps[-1]
    assert step.room is not None and step.room.kind == "turned"


OTHERS = {
    "a local that is used elsewhere stays": (
        "struct demo_buf *buf = &ring->bufs[i];\n\n\tdma_sync_single_range_for_cpu(ring->dev,",
        "struct demo_buf *buf = &ring->bufs[i];\n\tstruct device *dev = ring->dev;\n\n"
        "\tdma_sync_single_for_device(dev, buf->dma, 4, DMA_FROM_DEVICE);\n"
        "\tdma_sync_single_range_for_cpu(dev,", "struct device *dev = ring->dev;"),
    "a local that a call sets stays": (
        "struct demo_buf *buf = &ring->bufs[i];\n\n\tdma_sync_single_range_for_cpu(ring->dev, "
        "buf->dma, DEMO_PAD, len,",
        "struct demo_buf *buf = &ring->bufs[i];\n\tu32 size = bpf_prog_run_xdp(NULL, NULL);\n\n"
        "\tdma_sync_single_range_for_cpu(ring->dev, buf->dma, DEMO_PAD, size,",
        "u32 size = bpf_prog_run_xdp(NULL, NULL);"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_has_another_use_or_an_effect_stays(name: str, tmp_path: Path) -> None:
    old, new, stays = OTHERS[name]
    text = PLAIN.replace(old, new)
    assert text != PLAIN
    step = synced(tmp_path, text).steps[-1]
    assert step.room is not None and step.room.step == "sync"
    assert stays in step.changes[0].after.decode()


REFUSED = {
    "no pool in sight": ("ring->pool = page_pool_create(&params);",
                         "ring->pool = demo_pool(ring);", "S9"),
    "parameters that somebody else fills": (
        "\tring->pool = page_pool_create", "\tdemo_more(&params);\n\tring->pool = page_pool_create",
        "S9"),
    "a device that is set twice": (
        "\tparams.dev = ring->dev;\n",
        "\tparams.dev = ring->dev;\n\tif (!ring->dev)\n\t\tparams.dev = demo_device();\n", "S4"),
    "another record has the address": (
        "ring->dev, buf->dma, DEMO_PAD", "ring->dev, demo_of(buf)->dma, DEMO_PAD", "S3"),
    "a size of 64 bits": ("struct sk_buff *skb, u32 len", "struct sk_buff *skb, u64 len", "S7"),
    "no direction that a pool has": ("\tparams.dma_dir = DMA_FROM_DEVICE;\n", "", "S5"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    old, new, condition = REFUSED[name]
    text = PLAIN.replace(old, new)
    assert text != PLAIN
    (said,) = left(synced(tmp_path, text))
    assert f"({condition})" in said


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_refused_without_a_kernel_that_can_prove_it(command: str, tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    refused(run(command, "--with", "sync", str(file)), "cannot be proven")
    assert file.read_text() == PLAIN


def test_refused_in_a_tree_that_is_not_prepared(tmp_path: Path) -> None:
    root = make_kernel(tmp_path / "linux")
    (root / ".config").unlink()
    refused(run("diff", "--with", "sync", str(root / "drivers/net/demo")),
            "not prepared for compiling")
