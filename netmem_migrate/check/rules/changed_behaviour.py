# SPDX-License-Identifier: GPL-2.0-only
"""Something else happens to memory than before, or in another order; or a declaration differs.

What happens is allocating, putting, taking a reference, handing over, mapping, storing in a slot,
and whatever functions do that are not known. Where all of that stays as it was, on every way
through a function, a difference is none of this rule (`changes-pages`). Renames, wraps, comments,
split declarations and the order of declarations that call nothing never count.
"""

from __future__ import annotations

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Severity

RULE = Rule(
    id="changed-behaviour",
    severity=Severity.ERROR,
    summary="something else happens to memory, or a declaration differs",
    why="Documentation/networking/netmem.rst",
    before="""\
void demo_take(struct demo_buf *to, struct demo_buf *buf)
{
	to->page = buf->page;
	buf->page = NULL;
}
""",
    bad="""\
void demo_take(struct demo_buf *to, struct demo_buf *buf)
{
	to->netmem = buf->netmem;
}
""",
    good="""\
void demo_take(struct demo_buf *to, struct demo_buf *buf)
{
	to->netmem = buf->netmem;
	buf->netmem = 0;
}
""",
    unit=Unit.CHANGE,
)
