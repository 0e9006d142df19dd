# SPDX-License-Identifier: GPL-2.0-only
"""Direct recycling in functions of every kind."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone

IRQ = "irqreturn_t demo(int irq, struct demo_rxq *rxq)"
POLL = "int demo_poll(struct napi_struct *napi, struct demo_rxq *rxq)"

# A function's head, and the call in it.
FOUND = {
    "in an interrupt": (IRQ, "recycle_direct_netmem(rxq->pool, {})"),
    "by a put": (IRQ, "put_full_netmem(rxq->pool, {}, true)"),
}
LEFT_ALONE = {
    "by way of the pool": (IRQ, "put_full_netmem(rxq->pool, {}, false)"),
    "in a poll function": (POLL, "recycle_direct_netmem(rxq->pool, {})"),
}


def calling(head: str, call: str) -> str:
    """A function that gives memory back."""
    return f"{head}\n{{\n\tpage_pool_{call.format('rxq->bufs->netmem')};\n\treturn 1;\n}}\n"


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("direct-recycle", calling(*FOUND[name]))


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(calling(*LEFT_ALONE[name]))
