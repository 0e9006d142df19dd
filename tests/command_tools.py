# SPDX-License-Identifier: GPL-2.0-only
"""The command as a shell sees it: its exit code and both its streams, with a driver for it."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass

import pytest

from netmem_migrate.cli import main

DRIVER = b"""// SPDX-License-Identifier: GPL-2.0-only
#include <net/page_pool/helpers.h>

struct demo_ring {
	struct page_pool *pool;
	struct page *page;
	u32 offset;
};

static int demo_fill(struct demo_ring *ring)
{
	struct page *page;

	page = page_pool_dev_alloc_pages(ring->pool);
	if (!page)
		return -ENOMEM;
	ring->page = page;
	return 0;
}

static void demo_rx(struct demo_ring *ring, struct sk_buff *skb, u32 len)
{
	skb_add_rx_frag(skb, 0, ring->page, ring->offset, len, PAGE_SIZE);
	ring->page = NULL;
}

static void demo_free(struct demo_ring *ring)
{
	if (ring->page)
		page_pool_put_full_page(ring->pool, ring->page, false);
	ring->page = NULL;
}
"""

@dataclass(frozen=True)
class Result:
    """What a run of the command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def error_lines(self) -> list[str]:
        return self.err.strip().splitlines()


def run(*arguments: str, stdin: bytes = b"", path: str | None = None) -> Result:
    """The entry point of the command, in this process: a hundred starts of Python take too long."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    code: str | int | None = 0
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["netmem-migrate", *arguments])
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        patch.setattr(sys, "stdout", out)
        patch.setattr(sys, "stderr", err)
        if path is not None:
            patch.setenv("PATH", path)
        try:
            main()
        except SystemExit as stop:
            code = stop.code or 0
        out.flush()
        err.flush()
    assert isinstance(code, int)
    texts = [stream.buffer.getvalue() for stream in (out, err)]  # type: ignore[attr-defined]
    return Result(code, texts[0], texts[1].decode())


def refused(result: Result, says: str, code: int = 4) -> None:
    """One line on stderr that starts with the tool's name, an exit code, nothing on stdout."""
    assert result.code == code, result
    assert result.out == b""
    assert len(result.error_lines) == 1, result.err
    assert result.err.startswith("netmem-migrate: ")
    assert says in result.err
