# SPDX-License-Identifier: GPL-2.0-only
"""Warnings that a debug patch adds: nothing else may be in it, and they may do nothing."""

from __future__ import annotations

import pytest

from netmem_migrate.flow.sync.warned import without
from netmem_migrate.results import FileChange

TEXT = """\
void demo_rx(struct demo_ring *ring, struct demo_buf *buf, u32 len)
{
	WARN_ON_ONCE(!len);
	dma_sync_single_for_cpu(ring->dev, le32_to_cpu(buf->dma), len, DMA_FROM_DEVICE);
}
"""
WARNING = """\
	WARN_ON_ONCE(le32_to_cpu(buf->dma) !=
		     page_pool_get_dma_addr_netmem(buf->netmem) +
		     ring->pool->p.offset);
"""


def changed(warning: str, text: str = TEXT) -> FileChange:
    at = text.index("\tdma_sync")
    return FileChange("d.c", TEXT.encode(), (text[:at] + warning + text[at:]).encode())


def test_what_only_compares_is_left_out() -> None:
    assert without(changed(WARNING)) == TEXT.encode()
    assert without(changed(WARNING + WARNING)) == TEXT.encode()


def test_a_warning_that_was_there_stays() -> None:
    assert b"WARN_ON_ONCE(!len);" in (without(changed(WARNING)) or b"")


def test_other_changes_stay() -> None:
    less = without(changed(WARNING, TEXT.replace("ring->dev", "buf->dev")))
    assert less is not None and less != TEXT.encode() and b"buf->dev" in less


@pytest.mark.parametrize("warning", [
    "",
    "\tWARN_ON_ONCE(buf->dma = 0);\n",
    "\tWARN_ON_ONCE(ring->pool->p.offset++);\n",
    "\tWARN_ON_ONCE(demo_reset(ring));\n",
    "\tWARN_ON_ONCE(le32_to_cpu(buf->other) != 0);\n",
], ids=["none", "sets", "counts", "calls", "calls-with-another"])
def test_what_does_more_is_no_warning(warning: str) -> None:
    assert without(changed(warning)) is None
