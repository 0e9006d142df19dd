# SPDX-License-Identifier: GPL-2.0-only
"""What a message can claim, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from netmem_migrate.results import DriverReport, FileChange, Migration, Own


class Kind(StrEnum):
    """What is claimed; `names`, `count`, `place` and `text` are those of a `Claim`."""

    # Why.
    REASON = "reason"  # text: the user's own words
    ASKED = "asked"  # the tree's netmem.rst asks for it
    GENERAL = "general"
    PLAIN = "plain"  # of memory that is for heads
    FRAGS = "frags"  # names: what makes frags of the memory, and where
    HEADS = "heads"  # the same of heads, where nothing makes frags; text: the driver, in a series
    SERIES = "series"  # count: drivers, a patch each
    PREPARED = "prepared"  # count: patches that make room before the others
    STEPS = "steps"
    BEHIND = "behind"  # count: patches that come behind the conversion
    APART = "apart"  # no two patches of a series change one file
    # What moves, an item each.
    MEMBERS = "members"  # text: the record; names: its members
    GLOBALS = "globals"  # names
    SIGNATURES = "signatures"  # names: kinds of declarations; count: functions
    # What stays, an item each.
    KEPT = "kept"  # names: calls, then functions; text: why
    LEFT = "left"  # text: what is refused, and why
    ELSEWHERE = "elsewhere"  # count: calls
    # What a series does not convert, of all that it was asked for.
    REFUSED = "refused"  # names: the driver, the place; text: what is refused, and why
    UNCONVERTED = "unconverted"  # count: how many of those there are
    CORE_FIRST = "core-first"  # names: helpers that the base lacks
    # How.
    LACKS = "lacks"  # names: helpers
    BRIDGED = "bridged"  # text: what is written; names: places
    ACCESSOR = "accessor"
    OF_HEADS = "of-heads"  # text: the rings; names: places
    GFP = "gfp"  # names: what is written, the page call, the helper that would say it
    # What is open for memory that the CPU cannot read; text: the requirement, where one asks.
    NO_SPLIT = "no-split"
    NO_MAP = "no-map"
    NOT_ALLOWED = "not-allowed"
    UNTESTED = "untested"  # names: functions
    RAW_SYNC = "raw-sync"  # names: places
    RECYCLES = "recycles"  # names: places
    NO_QUEUE_OPS = "no-queue-ops"
    # Who made it.
    MADE = "made"  # names: the version of the tool
    EDITED = "edited"  # the same, where a person changed it since
    # What is not claimed.
    PAGES_ONLY = "pages-only"  # count: drivers whose pools hand out pages only
    ADDRESSES = "addresses"  # the same, where addresses are asked for; names: how they were
    FOR_PAGES = "for-pages"
    HEAD = "head"  # names: the netmem form, the page form
    OF_POOL = "of-pool"
    POOL_SYNCS = "pool-syncs"


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence, or item of a list, and what it speaks of."""

    kind: Kind
    names: tuple[str, ...] = ()
    count: int = 0
    text: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What a message is about: a migration cut down to one patch, its files, and its driver."""

    migration: Migration
    changes: tuple[FileChange, ...]
    own: Own

    @property
    def report(self) -> DriverReport:
        return self.migration.report
