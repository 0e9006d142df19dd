# SPDX-License-Identifier: GPL-2.0-only
"""The requirements of Documentation/networking/netmem.rst: their order, and their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netmem_migrate.model.spelled import DMA_MAP, DMA_SYNC, NETMEM_TX, QUEUE_OPS
from netmem_migrate.results import Requirement, Standing

REQUIREMENTS = {
    "rx.1": "memory comes from a page_pool",
    "rx.2": "tcp-data-split can be set",
    "rx.3": "netmem functions instead of page functions",
    "rx.4": f"{DMA_MAP} and {DMA_SYNC}",
    "rx.5": "unreadable memory is allowed and never read",
    "rx.6": "DMA sync for the CPU goes through the pool",
    "rx.7": "no recycling of its own",
    "tx.1": "no raw DMA unmap of netmem addresses",
    "tx.2": f"netdev->{NETMEM_TX} is set",
    "queue-mgmt": f"netdev->{QUEUE_OPS} is set",
}
"""In a few words, in the order in which the document has them; what it has not comes last."""

SHORT = {
    "rx.1": "pool memory",
    "rx.2": "tcp-data-split",
    "rx.3": "netmem functions",
    "rx.4": "DMA by the pool",
    "rx.5": "unreadable memory",
    "rx.6": "CPU sync by the pool",
    "rx.7": "no own recycling",
    "tx.1": "no raw DMA unmap",
    "tx.2": NETMEM_TX,
    "queue-mgmt": "queue restart",
}
"""The same where there is room for two or three words."""


def words(id: str) -> str:
    """A requirement in a few words; its id where none are known."""
    return REQUIREMENTS.get(id, id)


def short(id: str) -> str:
    """A requirement in two or three words; its id where none are known."""
    return SHORT.get(id, id)


def ordered(ids: Iterable[str]) -> list[str]:
    """Ids of requirements in the order of the document; those that are not known come last."""
    places = {one: place for place, one in enumerate(REQUIREMENTS)}
    return sorted(ids, key=lambda one: (places.get(one, len(places)), one))


def standing(judged: Mapping[str, Requirement], status: Standing) -> list[str]:
    """The requirements that stand so, in the order of the document."""
    return ordered(one for one, found in judged.items() if found.status is status)
