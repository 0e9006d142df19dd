# SPDX-License-Identifier: GPL-2.0-only
"""A small tree of our own with two drivers and the scripts that a kernel has, for series tests."""

from __future__ import annotations

from pathlib import Path

from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.results import Run

DEMO = "drivers/net/ethernet/acme/demo"
OTHER = "drivers/net/ethernet/acme/other"

SOURCE = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <net/page_pool/helpers.h>

/**
 * struct NAME_buf - one Rx buffer
 * @page: memory of the pool
 * @len: bytes in it
 */
struct NAME_buf {
	struct page *page;
	u32 len;
};

struct NAME_ring {
	struct NAME_buf buf[16];
	struct page_pool *pool;
	int count;
};

static int NAME_open(struct NAME_ring *ring, struct page_pool_params *params)
{
	ring->pool = page_pool_create(params);
	return PTR_ERR_OR_ZERO(ring->pool);
}

static int NAME_fill(struct NAME_ring *ring, struct NAME_buf *buf)
{
	struct page *page;
	int err = -ENOMEM;

	if (!ring->pool)
		goto out;

	ring->count++;
	ring->count++;
	ring->count++;
out:
	ring->count++;
	ring->count++;
	ring->count++;
	page = page_pool_dev_alloc_pages(ring->pool);
	if (page == NULL)
		return err;
	buf->page = page;
	return 0;
}

static void NAME_free(struct NAME_ring *ring, struct NAME_buf *buf)
{
	page_pool_put_full_page(ring->pool, buf->page, false);
	buf->page = NULL;
}

static void NAME_rx(struct sk_buff *skb, struct NAME_buf *buf)
{
	if (page_to_nid(buf->page) == numa_mem_id() && buf->page->pp)
		skb_add_rx_frag(skb, 0, buf->page, 0, buf->len, PAGE_SIZE);
}
"""

# Stand-ins for the tree's scripts: they say what the tests need, in the real ones' form.
GET_MAINTAINER = r"""#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
open(my $f, '<', $ARGV[-1]) or die "patch?";
if (grep { m{^\+\+\+ b/net/core/page_pool\.c$} } <$f>) {
	print "Pia Poole <pia\@pool.example> (maintainer:PAGE POOL)\n";
	print "Gus General <gus\@core.example> (maintainer:NETWORKING [GENERAL])\n";
	print "netdev\@lists.example (open list:PAGE POOL)\n";
	exit;
}
print "Ann O'Neil <ann\@acme.example> (maintainer:ACME DEMO DRIVER)\n";
print "\"Bob B. Builder\" <bob\@acme.example> (reviewer:ACME DEMO DRIVER)\n";
print "netdev\@lists.example (open list:NETWORKING DRIVERS)\n";
"""
CHECKPATCH = r"""#!/usr/bin/perl
# SPDX-License-Identifier: GPL-2.0-only
my $n = 0;
open(my $f, '<', $ARGV[-1]) or die;
while (<$f>) {
	$n++;
	print "$ARGV[-1]:$n: WARNING:LONG_LINE: too long\n" if /^\+.*warn_me/;
	print "$ARGV[-1]:$n: ERROR:BAD: wrong\n" if /^\+.*fail_me/;
}
"""
KERNEL_DOC = r"""#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
import re, sys
text = open(sys.argv[-1]).read()
for name in re.findall(r"\* @(\w+):", text):
    if not re.search(r"\b%s[;\[]" % name, text):
        print(f"Warning: {sys.argv[-1]}:1 Excess struct member '{name}'", file=sys.stderr)
"""
MAINTAINERS = """\
List of maintainers

ACME DEMO DRIVER
M:	Ann O'Neil <ann@acme.example>
F:	drivers/net/ethernet/acme/demo/
"""


def make_tree(root: Path) -> Path:
    """An unpacked tree with two drivers, not a git one."""
    files = {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 4\n",
        "Kbuild": "",
        "MAINTAINERS": MAINTAINERS,
        ".gitattributes": "*.[ch] diff=cpp\n",
        "include/linux/none.h": "",
        "scripts/get_maintainer.pl": GET_MAINTAINER,
        "scripts/checkpatch.pl": CHECKPATCH,
        "scripts/kernel-doc": KERNEL_DOC,
        "Documentation/process/maintainer-netdev.rst": "no large series (> 15 patches)\n",
        f"{DEMO}/demo_rx.c": SOURCE.replace("NAME", "demo"),
        f"{OTHER}/other_rx.c": SOURCE.replace("NAME", "other"),
    }
    return plant(root, files)


def convert(root: Path, *paths: str) -> Run:
    """A real conversion of drivers of the tree."""
    return migrate([root / path for path in paths], kernel=root, api="7.3")
