# SPDX-License-Identifier: GPL-2.0-only
"""A function that is written otherwise, and does the same on each way through it.

Both versions are walked side by side (netmem_migrate/check/compare/ways.py): the same calls with
the same values, the same stores and the same tests, in the same order, up to the same end.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="same-ways",
    severity=Severity.NOTE,
    summary="a function is written otherwise, and does the same",
    why="It does what it did, in the same order, on each way through it; the text is another one.",
    before="""\
int demo_refill(struct demo_ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);
	int err = 0;

	if (!page) {
		err = -ENOMEM;
		goto out;
	}
	ring->page = page;
out:
	return err;
}
""",
    bad="""\
int demo_refill(struct demo_ring *ring)
{
	struct page *page = page_pool_dev_alloc_pages(ring->pool);

	if (!page)
		return -ENOMEM;
	ring->page = page;
	return 0;
}
""",
    good="""\
int demo_refill(struct demo_ring *ring)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(ring->pool);
	int err = 0;

	if (!netmem) {
		err = -ENOMEM;
		goto out;
	}
	ring->netmem = netmem;
out:
	return err;
}
""",
    unit=Unit.CHANGE,
)
