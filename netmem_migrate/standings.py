# SPDX-License-Identifier: GPL-2.0-only
"""How a driver stands to the requirements of Documentation/networking/netmem.rst, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from netmem_migrate.reasons import Reason

_SHOWN = 3


class Standing(StrEnum):
    """How a driver stands to a requirement."""

    MET = "met"
    UNMET = "unmet"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "n/a"
    CONDITIONAL = "conditional"  # met under a condition that the source tests when it runs


class Basis(StrEnum):
    """What in the source a judgement rests on; where there is no evidence, on the lack of it."""

    POOL = "pool"
    DATA_SPLIT = "data-split"
    NETMEM = "netmem"
    PAGE_CALLS = "page-calls"
    POOL_FLAGS = "pool-flags"
    UNREADABLE_FLAG = "unreadable-flag"
    POOL_SYNC = "pool-sync"
    RAW_SYNC = "raw-sync"
    PAGE_COUNTS = "page-counts"
    NETMEM_UNMAP = "netmem-unmap"
    RAW_UNMAP = "raw-unmap"
    NETMEM_TX = "netmem-tx"
    QUEUE_OPS = "queue-ops"
    OWN_DEVICE_SYNC = "own-device-sync"
    NO_UNREADABLE = "no-unreadable"
    NO_SPLIT = "no-split"
    NO_NETMEM_TX = "no-netmem-tx"
    NO_QUEUE_OPS = "no-queue-ops"
    CPU_READS = "cpu-reads"
    NO_SYNC = "no-sync"
    NO_SCATTER = "no-scatter"
    BY_ADDRESS = "by-address"


@dataclass(frozen=True, slots=True)
class Evidence:
    """A place that a judgement rests on, and the code that stands there."""

    file: str
    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Requirement:
    """One requirement of Documentation/networking/netmem.rst, judged; `evidence` are the places,
    `condition` is what the source tests where it is met under a condition only. `also` is what
    else it is unmet by, beside what decided it."""

    status: Standing
    basis: Basis
    evidence: tuple[Evidence, ...] = ()
    condition: str = ""
    also: tuple[Requirement, ...] = ()

    @property
    def shown(self) -> tuple[Evidence, ...]:
        """The first of the places, where there is no room for all."""
        return self.evidence[:_SHOWN]


@dataclass(frozen=True, slots=True)
class PoolValue:
    """What a parameter of a pool is set to, as it is spelled, and the condition, "" for none."""

    name: str
    text: str
    condition: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """What stands in the way of a condition, or leaves it open: why, and the places."""

    status: Standing
    reason: Reason
    places: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Allowed:
    """A condition under which a pool may have memory that the CPU cannot read, by its id
    (model/conditions.py), judged; `parts` are empty where it is met."""

    id: str
    status: Standing
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class PoolReport:
    """One call that creates a pool, what it asks for (struct page_pool_params), and how the module
    that it is of stands to each requirement: `module` are the files of that, `condition` is what
    the source tests before it creates the pool, "" for nothing. `flags` are those of netmem.rst
    that it sets, whatever macro spells them, `allowed` what has to hold before it sets another."""

    file: str
    line: int
    module: tuple[str, ...] = ()
    values: tuple[PoolValue, ...] = ()
    flags: tuple[PoolValue, ...] = ()
    requirements: dict[str, Requirement] = field(default_factory=dict)
    condition: str = ""
    allowed: tuple[Allowed, ...] = ()
