# SPDX-License-Identifier: GPL-2.0-only
"""Any other difference than those between page and netmem.

Renames, wraps, comments, split declarations and the order of declarations that call nothing do not
count.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="changed-behaviour",
    severity=Severity.ERROR,
    summary="a statement differs in more than page and netmem do",
    why="Documentation/networking/netmem.rst",
    before="""\
void demo_set(struct demo_buf *buf, struct page *page, unsigned int offset)
{
	buf->page = page;
	buf->offset = offset;
}
""",
    bad="""\
void demo_set(struct demo_buf *buf, netmem_ref netmem, unsigned int offset)
{
	buf->netmem = netmem;
	buf->offset = 0;
}
""",
    good="""\
void demo_set(struct demo_buf *buf, netmem_ref netmem, unsigned int offset)
{
	buf->netmem = netmem;
	buf->offset = offset;
}
""",
    unit=Unit.CHANGE,
)
