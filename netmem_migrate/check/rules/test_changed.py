# SPDX-License-Identifier: GPL-2.0-only
"""A condition that a change turned round, or made of something else.

A test against NULL may become one against 0, or lose its comparison.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="test-changed",
    severity=Severity.ERROR,
    summary="a condition is another one than before",
    why="Documentation/networking/netmem.rst",
    before="""\
int demo_test(struct demo_buf *buf)
{
	if (!buf->page)
		return -ENOMEM;
	return 0;
}
""",
    bad="""\
int demo_test(struct demo_buf *buf)
{
	if (buf->netmem)
		return -ENOMEM;
	return 0;
}
""",
    good="""\
int demo_test(struct demo_buf *buf)
{
	if (!buf->netmem)
		return -ENOMEM;
	return 0;
}
""",
    unit=Unit.CHANGE,
)
