# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is recycled directly where no NAPI instance protects the pool's cache.

Such a place is an interrupt handler or a transmit function, which their type tells; functions that
they call are left alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from netmem_migrate.c import view
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.paths.lines import waypoints
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.results import Finding, Severity, Waypoint

RULE = Rule(
    id="direct-recycle",
    severity=Severity.WARNING,
    summary="memory is recycled directly outside of NAPI",
    why="include/net/page_pool/helpers.h: allow_direct is for the pool's own NAPI context; the "
        "cache it puts memory in has no lock.",
    bad="""\
irqreturn_t demo_irq(int irq, void *data)
{
	struct demo_rxq *rxq = data;

	page_pool_put_full_netmem(rxq->pool, rxq->spare, true);
	return IRQ_HANDLED;
}
""",
    good="""\
irqreturn_t demo_irq(int irq, void *data)
{
	struct demo_rxq *rxq = data;

	page_pool_put_full_netmem(rxq->pool, rxq->spare, false);
	return IRQ_HANDLED;
}
""",
    unit=Unit.FILE,
)
_NOT_NAPI = (b"irqreturn_t", b"netdev_tx_t")
_DIRECT = b"page_pool_recycle_direct"


def find(context: Context) -> Iterator[Finding]:
    """The calls that recycle directly, in functions of those types."""
    for function in context.parsed.functions():
        type_ = view.type_of(function.node)
        if type_ is None or view.text(type_) not in _NOT_NAPI or function.has_error:
            continue
        for call in view.calls(function.node):
            known = BY_NAME.get(call.name.decode("latin-1"))
            number = known.direct if known is not None else None
            if call.name.startswith(_DIRECT) or (
                    number is not None and number < len(call.args)
                    and view.text(call.args[number]) == b"true"):
                yield replace(context.finding(
                    RULE, call.node, f"{call.name.decode('latin-1')}() recycles directly, but this "
                    "is no NAPI poll function", fix="allow_direct = false", function=function.name,
                    mend=(call.args[number], b"false") if number is not None
                    and number < len(call.args) else None), path=(
                        Waypoint(context.path, type_.start_point[0] + 1, f"{function.name}() gives "
                                 f"{view.text(type_).decode()}: the core calls it outside of NAPI"),
                        *waypoints(context.path, None, call.node)))
