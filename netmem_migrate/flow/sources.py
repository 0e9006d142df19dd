# SPDX-License-Identifier: GPL-2.0-only
"""Where an address comes from by which a driver finds a page again.

It is followed back through what the driver stores, passes and returns, to where it is kept, or to
what gives it: an xdp_buff, the device, a queue that gives tokens back, a page of the pool.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
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


@dataclass(slots=True)
class Sources:
    """Follows addresses back; `addresses` are those of all that was read of the driver, `exported`
    parameters of functions that other modules call, too."""

    addresses: Addresses
    exported: frozenset[Key] = frozenset()
    _behind: dict[Key, list[Key]] = field(default_factory=dict)
    _filled: dict[Key, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._behind.update(self.addresses.back())

    def found(self, keys: Iterable[Key]) -> list[Found]:
        """What some addresses come from, nearest first."""
        return self._follow(keys, frozenset())

    def sets(self, key: Key) -> list[Key]:
        """What is stored in a member or a global."""
        return self._behind.get(key, [])

    def passed(self, keys: Iterable[Key]) -> list[Key]:
        """All that some addresses went through, the keys themselves first."""
        return reach(keys, self._behind)

    def _follow(self, keys: Iterable[Key], without: frozenset[Key]) -> list[Found]:
        result: list[Found] = []
        queue = list(dict.fromkeys(keys))
        seen = set(queue)
        for key in queue:
            found, further = self._at(key, without)
            if found is not None:
                result.append(found)
            for one in further:
                if one not in seen:
                    seen.add(one)
                    queue.append(one)
        return result

    def _at(self, key: Key, without: frozenset[Key]) -> tuple[Found | None, Iterable[Key]]:
        """What a key says itself, and what has to be asked behind it."""
        if key in self.addresses.given:
            return Found(Where.POOL, key=key, slot=self.addresses.given[key]), ()
        source = self.addresses.sources.get(key)
        if source is not None:
            where = where_of(source.name)
            if where is Where.OTHER and source.behind:
                return None, source.behind
            return Found(where, source.place, key, name=source.name), ()
        if key[0] in ("member", "global") and key not in without:
            if self._of_xdp(key, without):
                return Found(Where.XDP, key=key), ()
            return Found(Where.MEMBER if key[0] == "member" else Where.GLOBAL, key=key), ()
        behind = self._behind.get(key, ())
        unknown = not behind or key in self.addresses.open or key in self.exported
        return (Found(Where.OTHER, key=key) if unknown else None), behind

    def _of_xdp(self, key: Key, without: frozenset[Key]) -> bool:
        """Whether a member is filled from XDP buffers and never with memory of the pool.

        What sets one that sets it was not read for that: such a one is no Tx slot.
        """
        if without:
            return False
        if key not in self._filled:
            self._filled[key] = False
            behind = self._behind.get(key, ())
            found = self._follow(behind, without | {key}) if behind else []
            known = {one.where for one in found if one.where is not Where.OTHER}
            self._filled[key] = known == {Where.XDP}
        return self._filled[key]


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
