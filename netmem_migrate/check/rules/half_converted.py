# SPDX-License-Identifier: GPL-2.0-only
"""A page where the change makes netmem wanted, or the reverse; NULL where it is no pointer.

The driver is judged as the change leaves it, files included that the change does not touch.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="half-converted",
    severity=Severity.ERROR,
    summary="a page, a pointer or NULL meets a netmem_ref",
    why="include/net/netmem.h: a netmem_ref is no pointer",
    before="""\
struct demo_buf {
	struct page *page;
};

void demo_forget(struct demo_buf *buf)
{
	buf->page = NULL;
}
""",
    bad="""\
struct demo_buf {
	netmem_ref page;
};

void demo_forget(struct demo_buf *buf)
{
	buf->page = NULL;
}
""",
    good="""\
struct demo_buf {
	netmem_ref page;
};

void demo_forget(struct demo_buf *buf)
{
	buf->page = 0;
}
""",
    unit=Unit.CHANGE,
)
