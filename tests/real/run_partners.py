# SPDX-License-Identifier: GPL-2.0-only
"""The partner table on a real tree: every row holds, and rows put in wrong do not.

    run_partners.py [VERSION|TREE]
"""

from __future__ import annotations

import sys
import time

from run import tree_of

from netmem_migrate.c.pattern import pattern
from netmem_migrate.verify import Status, verify_partners
from netmem_migrate.verify.rows import Row

WRONG = (
    ("page_count(p)", "netmem_ref_count(p)"),  # of a tail page it is not
    ("page_pool_put_full_page(pool, p, i)", "page_pool_put_full_netmem(pool, p, !i)"),
    ("page_pool_put_page(pool, p, n, true)", "page_pool_put_netmem(pool, p, n + 1, true)"),
    ("page_address(p)", "netmem_address(netmem_compound_head(p))"),
    ("page_ref_count(p) == n", "netmem_ref_count(p) != n"),
)


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    failed = 0
    every = verify_partners(root)
    for one in every:
        if not one.proven or one.spare:
            failed += 1
            print(f"FAILED {one.page} -> {one.netmem}: " + (
                f"{one.said.status.value}: {'; '.join(one.said.details)}" if not one.proven else
                f"the same without {', '.join(one.assumes)}, too"))
    rows = [Row(pattern(page), pattern(netmem), page, ()) for page, netmem in WRONG]
    for one in verify_partners(root, None, rows):
        if one.said.status is not Status.FAIL:
            failed += 1
            print(f"FAILED {one.page} -> {one.netmem}: put in wrong, and {one.said.status.value}")
    print(f"{len(every)} rows of the partner table, {len(WRONG)} wrong ones put in: {failed} "
          f"failed, {time.monotonic() - started:.0f} s on {root}")
    return 1 if failed or not every else 0


if __name__ == "__main__":
    sys.exit(main())
