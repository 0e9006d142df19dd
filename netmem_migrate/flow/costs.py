# SPDX-License-Identifier: GPL-2.0-only
"""What the cut may break, and at what price: the whole cost model, as data.

The cut takes the cheapest way to keep pool memory and uses that need a page apart. Only the order
of these numbers matters: no number of bridges outweighs an allocation, and one accessor is worse
than any usual number of bridges.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Costs:
    """`allocation` is lost for each page_pool allocation that stays a page.

    `bridge` is paid for each page_to_netmem(). `accessor` is paid for each use that goes through
    the one accessor back to a page, which only --allow-accessor permits; None forbids it. Anything
    else that would turn netmem into a page has no price: the slot stays.
    """

    allocation: int = 1000
    bridge: int = 1
    accessor: int | None = None


DEFAULT = Costs()
WITH_ACCESSOR = Costs(accessor=20)
