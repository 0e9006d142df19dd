# SPDX-License-Identifier: GPL-2.0-only
"""A use of a member that its record no longer has, or never had.

The driver is judged as the change leaves it, files included that the change does not touch.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="member-gone",
    severity=Severity.ERROR,
    summary="a member is used that its record does not have",
    why="The record's declaration after the change.",
    before="""\
struct demo_buf {
	struct page *page;
};

void *demo_start(struct demo_buf *buf)
{
	return page_address(buf->page);
}
""",
    bad="""\
struct demo_buf {
	netmem_ref netmem;
};

void *demo_start(struct demo_buf *buf)
{
	return page_address(buf->page);
}
""",
    good="""\
struct demo_buf {
	netmem_ref netmem;
};

void *demo_start(struct demo_buf *buf)
{
	return netmem_address(buf->netmem);
}
""",
    unit=Unit.CHANGE,
)
