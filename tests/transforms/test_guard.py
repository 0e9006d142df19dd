# SPDX-License-Identifier: GPL-2.0-only
"""A converted function leaves by a failure exit that it has before the CPU reads a net_iov."""

from __future__ import annotations

from pathlib import Path

import pytest

from netmem_migrate.api import check_changes, migrate
from netmem_migrate.results import FileChange, Migration

HEAD = """\
#include "netmem_stub.h"

struct demo_buf {
	struct page *page;
	void *va;
	int uses;
};

int demo_fill(struct page_pool *pool, struct demo_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

"""
BUILD = """\
struct sk_buff *demo_build(struct page_pool *pool, struct demo_buf *buf)
{
	struct sk_buff *skb;

	skb = napi_build_skb(page_address(buf->page), PAGE_SIZE);
	if (unlikely(!skb))
		return NULL;

	skb_mark_for_recycle(skb);
	return skb;
}
"""
def guarded(tmp_path: Path, text: str) -> Migration:
    file = tmp_path / "d.c"
    file.write_text(HEAD + text)
    run = migrate([file], api="7.3", wanted=("guard",))
    assert not run.stopped
    return run.drivers[0]


def test_hints_and_kept_addresses_are_no_reads(tmp_path: Path) -> None:
    migration = guarded(tmp_path, """\
void demo_keep(struct demo_buf *buf)
{
	prefetch(page_address(buf->page));
	buf->va = page_address(buf->page);
}
""")
    assert len(migration.steps) == 1 and not migration.report.undone


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(HEAD + BUILD)
    (one,) = migrate([file], api="7.3").drivers
    assert len(one.steps) == 1 and not one.report.behind and not one.report.undone


FAULTS = {
    "another exit": ("\t\treturn NULL;\n\n\tskb", "\t\treturn ERR_PTR(-1);\n\n\tskb"),
    "the other way round": ("if (netmem_is", "if (!netmem_is"),
    "something else, too": ("PAGE_SIZE", "PAGE_SIZE - 1"),
    "a test that does something": ("net_iov(buf->netmem)", "net_iov((buf++)->netmem)"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str, tmp_path: Path) -> None:
    _, then = guarded(tmp_path, BUILD).steps
    (right,) = then.changes
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old.encode() in right.after
    wrong = FileChange("d.c", right.before, right.after.replace(old.encode(), new.encode()))
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}
