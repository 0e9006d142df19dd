# SPDX-License-Identifier: GPL-2.0-only
"""Where an address comes from by which a driver finds a page again.

It is followed back through what the driver stores, passes and returns, to where it is kept, or to
what gives it: an xdp_buff, the device, a queue that gives tokens back, a page of the pool.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from netmem_migrate.flow.graph import Addresses, Place, Slot, reach
from netmem_migrate.flow.keys import Key
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.records import is_of_xdp
from netmem_migrate.model.schema import Effect, Side, Trait


class Where(StrEnum):
    """What an address was followed back to."""

    XDP = "xdp"  # an xdp_buff or xdp_frame, or its frags
    DEVICE = "device"  # an address that the device knows, and the driver nowhere keeps
    TOKEN = "token"  # what the kernel keeps with a buffer, and gives back
    MEMBER = "member"  # a member of a record of the driver
    GLOBAL = "global"
    POOL = "pool"  # a page of which the driver asked the address
    ALLOCATED = "allocated"  # a function of the pool that gives an address, not a page
    OTHER = "other"  # something of which nothing is known


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that an address was followed back to.

    `key` is that of a member or a global, `slot` the call that asked a page for its address.
    """

    where: Where
    place: Place | None = None
    key: Key | None = None
    slot: Slot | None = None
    name: str = ""


class Sources:
    """Follows addresses back: `addresses` are those of all that was read of the driver, `exported`
    parameters of functions that other modules call, too. In a driver that runs no program (`xdp`)
    an xdp_buff is a place to keep an address, as any other."""

    def __init__(self, addresses: Addresses, exported: frozenset[Key] = frozenset(), *,
                 xdp: bool = True) -> None:
        self.addresses = addresses
        self._unknown = addresses.open | exported
        self._behind = addresses.back()
        self.xdp = xdp
        if not xdp:
            for origin, into in addresses.fills:
                self._behind.setdefault(into, []).append(origin)
        self._of_xdp: dict[Key, bool] = {}

    def found(self, keys: Iterable[Key]) -> list[Found]:
        """What some addresses come from, nearest first."""
        return self._follow(keys, None)

    def sets(self, key: Key) -> list[Key]:
        """What is stored in a member or a global."""
        return self._behind.get(key, [])

    def passed(self, keys: Iterable[Key]) -> list[Key]:
        """All that some addresses went through, the keys themselves first."""
        return reach(keys, self._behind)

    def _follow(self, keys: Iterable[Key], kept: Key | None) -> list[Found]:
        """The same for what is stored in `kept`, where that is a member or a global."""
        result: list[Found] = []
        queue = list(dict.fromkeys(keys))
        seen = set(queue)
        for key in queue:
            found, further = self._at(key, kept)
            if found is not None:
                result.append(found)
            for one in further:
                if one not in seen:
                    seen.add(one)
                    queue.append(one)
        return result

    def _at(self, key: Key, kept: Key | None) -> tuple[Found | None, Iterable[Key]]:
        """What a key says itself, and what has to be asked behind it."""
        if key in self.addresses.given:
            return Found(Where.POOL, key=key, slot=self.addresses.given[key]), ()
        source = self.addresses.sources.get(key)
        if source is not None:
            where = where_of(source.name)
            unknown = where is Where.OTHER or (where is Where.XDP and not self.xdp)
            if unknown and source.behind:
                return None, source.behind
            return Found(Where.OTHER if unknown else where, source.place, key,
                         name=source.name), ()
        if key[0] in ("member", "global") and key != kept:
            # What sets a member that sets one was not read for that: such a one is no Tx slot.
            if kept is None and self._xdp_only(key):
                return Found(Where.XDP, key=key), ()
            return Found(Where.MEMBER if key[0] == "member" else Where.GLOBAL, key=key), ()
        behind = self._behind.get(key, ())
        unknown = not behind or key in self._unknown
        return (Found(Where.OTHER, key=key) if unknown else None), behind

    def _xdp_only(self, key: Key) -> bool:
        """Whether a member is filled from XDP buffers, and with nothing else."""
        if key not in self._of_xdp:
            known = {one.where for one in self._follow(self.sets(key), key)}
            self._of_xdp[key] = known == {Where.XDP}
        return self._of_xdp[key]


def where_of(name: str) -> Where:
    """What gives a value, by the name of a function or a member of the kernel's."""
    record, dot, _ = name.partition(".")
    if dot:
        return Where.XDP if is_of_xdp(record) else Where.OTHER
    if has(name, Trait.OF_XDP):
        return Where.XDP
    if has(name, Trait.FROM_DEVICE):
        return Where.DEVICE
    if has(name, Trait.GIVES_TOKEN):
        return Where.TOKEN
    known = BY_NAME.get(name)
    if known is not None and known.side is Side.ADDRESS and known.effect is Effect.ALLOCATES:
        return Where.ALLOCATED
    return Where.OTHER
