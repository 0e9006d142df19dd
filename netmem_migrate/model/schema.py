# SPDX-License-Identifier: GPL-2.0-only
"""What the model says of one function, field or flag of the netmem API.

Instances live in netmem_migrate/model/functions.py as plain literals, so that `api sync` can
rewrite them in place. Versions are kernel releases such as "6.12"; "" means that the oldest
release the model knows has it (`since`) or that no release it knows lacks it again (`until`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Side(StrEnum):
    """Which kind of reference a function takes or gives."""

    PAGE = "page"
    NETMEM = "netmem"
    ADDRESS = "address"  # a kernel virtual address of pool memory (page_pool_alloc_va)
    NONE = "none"  # neither: pools, parameters, frags by number


class Effect(StrEnum):
    """What a call does to the ownership of its memory."""

    UNKNOWN = "unknown"  # new in the headers; nobody has said yet
    NONE = "none"  # looks at it only
    ALLOCATES = "allocates"  # the result is owned by the caller
    RELEASES = "releases"  # the caller's reference goes back to the pool
    TAKES = "takes"  # one more reference
    DROPS = "drops"  # one reference less, memory not given back by this call
    SPLITS = "splits"  # sets the number of references (fragment)
    HANDS_OVER = "hands-over"  # an skb or an XDP frame owns it afterwards
    BORROWS = "borrows"  # the result points to memory that somebody else owns
    CONVERTS = "converts"  # another name of the same memory


class Context(StrEnum):
    """Where a function may be called."""

    ANY = "any"
    NAPI = "napi"  # in the pool's own NAPI context (allow_direct, recycle_direct)
    PROCESS = "process"  # may sleep


@dataclass(frozen=True, slots=True)
class Function:
    """One function or macro that a driver may call.

    `prototype` is the C prototype on one line, or the macro's head; `header` is relative to
    include/. `partner` is the function of the other side, "" if there is none. `memory` is the
    0-based argument that carries the memory (None: no argument does); `gives` says that the
    result is memory. `reads` says that the CPU reads or writes the memory itself, so it must be
    readable; `may_be_null` that the result can be NULL or 0 and must be tested.
    """

    name: str
    prototype: str
    header: str
    side: Side
    partner: str = ""
    memory: int | None = None
    gives: bool = False
    effect: Effect = Effect.UNKNOWN
    reads: bool = False
    may_be_null: bool = False
    context: Context = Context.ANY
    since: str = ""
    until: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Name:
    """A type, field, flag or constant: `kind` is type | field | flag | value."""

    name: str
    kind: str
    header: str
    declaration: str
    since: str = ""
    until: str = ""
    note: str = ""
