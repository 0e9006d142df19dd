# SPDX-License-Identifier: GPL-2.0-only
"""What the model says of one function, field or flag of the netmem API.

Instances live in netmem_migrate/model/functions.py and names.py as plain literals, so that `api
sync` can rewrite them in place. Versions are kernel releases such as "6.12". `since` is the oldest
release known to have a thing, "" if the oldest one the model knows has it; `until` is the first
one known to lack it again, "" if there is none. `earlier` holds what a declaration looked like
before: pairs of the last release known to have it so, and the declaration, oldest first.
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
    RELEASES = "releases"  # the caller's reference is gone, the memory with the last one
    TAKES = "takes"  # one more reference
    DROPS = "drops"  # one reference less, memory not given back by this call
    SPLITS = "splits"  # sets the number of references (fragment)
    HANDS_OVER = "hands-over"  # an skb or an XDP frame owns it afterwards
    BORROWS = "borrows"  # the result points to memory that somebody else owns
    CONVERTS = "converts"  # another name of the same memory


class Context(StrEnum):
    """Where a function may be called."""

    ANY = "any"
    CONSUMER = "consumer"  # one caller at a time: the pool's NAPI, or set-up before it runs
    NAPI = "napi"  # in the pool's own NAPI context (allow_direct, recycle_direct)
    SOFTIRQ = "softirq"  # in any softirq, or with bottom halves off
    PROCESS = "process"  # may sleep


@dataclass(frozen=True, slots=True)
class ApiFunction:
    """One function or macro that a driver may call.

    `prototype` is the C prototype on one line, or the macro's head; `header` is relative to
    include/. `partner` is the function of the other side, "" if there is none. `memory` is the
    0-based argument that carries the memory (None: no argument does): with Side.NONE a container
    of memory, such as a frag or an xdp_buff. `gives` says that the result is memory. `reads` says
    that the CPU reads, writes or maps the memory itself, so it must be readable; `may_be_null`
    that the result can be NULL or 0 and must be tested; `if_true` that the effect happens only if
    the result is true (or not NULL), and that the caller owns the memory otherwise. `doc` says in
    a sentence what the function does, `note` what to look out for.
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
    if_true: bool = False
    context: Context = Context.ANY
    since: str = ""
    until: str = ""
    earlier: tuple[tuple[str, str], ...] = ()
    doc: str = ""
    note: str = ""

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters of the prototype, "..." included; a macro's are names without types."""
        return parameters(self.prototype)

    @property
    def is_macro(self) -> bool:
        """Is only the head of a macro known, without types?"""
        return self.prototype.startswith(self.name + "(")


@dataclass(frozen=True, slots=True)
class Name:
    """A type, field, flag or constant: `kind` is type | field | flag | value.

    A field is called `record.field`; `declaration` is C on one line.
    """

    name: str
    kind: str
    header: str
    declaration: str
    since: str = ""
    until: str = ""
    earlier: tuple[tuple[str, str], ...] = ()
    note: str = ""


def parameters(prototype: str) -> tuple[str, ...]:
    """The parameters of a prototype on one line, in order; () where there are none."""
    words, depth = [""], 0
    for char in prototype[prototype.index("(") + 1 : -1]:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and not depth:
            words.append("")
        else:
            words[-1] += char
    return tuple(word.strip() for word in words if word.strip() not in ("", "void"))
