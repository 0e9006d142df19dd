# SPDX-License-Identifier: GPL-2.0-only
"""Memory that goes back to its pool while its member stays set, in a ring that is filled where a
member is empty.

The function empties the member where the memory goes on, and does not on a way from the put: out of
the function, or on to the next record. The ring then has memory that the pool gives to somebody
else, too. Nothing is said where the driver takes references of its own, where what is called
behind the put may set the member or is given the record, and where a caller sets the member.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.paths.lines import said, waypoints
from netmem_migrate.results import Finding, Severity, Waypoint

RULE = Rule(
    id="stale-member",
    severity=Severity.WARNING,
    summary="memory is given back to its pool, and the ring keeps it as its own",
    why="Documentation/networking/page_pool.rst: memory that is put is the pool's, which gives it "
        "out again.",
    bad="""\
struct demo_buf {
	struct page *page;
};

struct demo_ring {
	struct page_pool *pool;
	struct demo_buf *bufs;
};

int demo_fill(struct demo_ring *ring, int i)
{
	if (!ring->bufs[i].page) {
		ring->bufs[i].page = page_pool_dev_alloc_pages(ring->pool);
		if (!ring->bufs[i].page)
			return -ENOMEM;
	}
	return 0;
}

void demo_receive(struct demo_ring *ring, struct sk_buff *skb, int i)
{
	struct demo_buf *buf = &ring->bufs[i];

	if (!skb) {
		page_pool_put_full_page(ring->pool, buf->page, true);
		return;
	}
	skb_add_rx_frag(skb, 0, buf->page, 0, 64, PAGE_SIZE);
	buf->page = NULL;
}
""",
    good="""\
struct demo_buf {
	struct page *page;
};

struct demo_ring {
	struct page_pool *pool;
	struct demo_buf *bufs;
};

int demo_fill(struct demo_ring *ring, int i)
{
	if (!ring->bufs[i].page) {
		ring->bufs[i].page = page_pool_dev_alloc_pages(ring->pool);
		if (!ring->bufs[i].page)
			return -ENOMEM;
	}
	return 0;
}

void demo_receive(struct demo_ring *ring, struct sk_buff *skb, int i)
{
	struct demo_buf *buf = &ring->bufs[i];

	if (!skb) {
		page_pool_put_full_page(ring->pool, buf->page, true);
		buf->page = NULL;
		return;
	}
	skb_add_rx_frag(skb, 0, buf->page, 0, 64, PAGE_SIZE);
	buf->page = NULL;
}
""",
    unit=Unit.DRIVER,
)


def find(context: Context) -> Iterator[Finding]:
    """The puts after which a member stays set."""
    from netmem_migrate.flow.sync.stale import stale

    for one in stale(context.whole.world) if context.whole is not None else ():
        scope, call = one.scope, one.call
        ring, test = one.filled
        name = one.key.name.decode("latin-1")
        message = (
            f"{call.name.decode('latin-1')}() gives back `{name}` of {one.record}, which stays "
            f"set, unlike at {scope.where(one.emptied)}: memory that has gone back to its pool may "
            f"be used again here, or where only what is empty is filled ({ring.where(test)}); ask "
            "the owner what is to become of the entry")
        yield replace(
            context.finding(RULE, call.node, message, file=scope.file,
                            function=scope.function.name.decode("latin-1")),
            path=(*waypoints(scope.file, None, call.node),
                  Waypoint(ring.file, ring.line(test), said(test))))
