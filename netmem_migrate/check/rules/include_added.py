# SPDX-License-Identifier: GPL-2.0-only
"""A header that is included now and was not before.

It brings declarations, and with them nothing that the compared code does; what it may change of
macros is not looked at.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="include-added",
    severity=Severity.NOTE,
    summary="a header is included that was not before",
    why="Macros of a header may change what the code below it means.",
    before="""\
#include <linux/skbuff.h>

int demo_count(int count)
{
	return count;
}
""",
    bad="""\
#include <linux/skbuff.h>
#include <net/libeth/rx.h>

int demo_count(int count)
{
	return count;
}
""",
    good="""\
#include <linux/skbuff.h>
#include <net/netmem.h>

int demo_count(int count)
{
	return count;
}
""",
    unit=Unit.CHANGE,
)
