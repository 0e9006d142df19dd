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
from functools import cache


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


class Trait(StrEnum):
    """What else is said of a function: what those who read and judge code that calls it ask."""

    GIVES_BACK = "gives-back"  # its value is its first argument, and as true
    PRINTS = "prints"  # tests its first argument and prints the others
    GIVES_PAGE = "gives-page"  # the result is a page that no slot of the driver holds
    READS_PACKET = "reads-packet"  # makes a packet of what stands at an address: the CPU reads it
    COUNTS = "counts"  # counts or looks at a page's references on the driver's own account
    CREATES_POOL = "creates-pool"  # the result is a pool
    POOL_SYNC = "pool-sync"  # syncs for the CPU through the pool
    RAW_SYNC = "raw-sync"  # syncs for the CPU by a DMA address, past the pool
    SYNCS_DEVICE = "syncs-device"  # syncs for the device by a DMA address, past the pool
    NETMEM_UNMAP = "netmem-unmap"  # unmaps, or notes to unmap, what may be no page
    RAW_UNMAP = "raw-unmap"  # unmaps what was mapped as a page
    UNMAPS = "unmaps"  # ends a mapping, and syncs for the CPU by that
    MAPS = "maps"  # maps memory for the device, by its page, its address, or a list of them
    NEAR = "near"  # the result is an address, a number or a page that leads to the first argument
    GRANTS = "grants"  # grants a page to another domain
    DMA_ADDRESS = "dma-address"  # the result is where the device finds the memory
    ANY_MEMORY = "any-memory"  # takes memory of any kind, whatever it holds
    ERROR_POINTER = "error-pointer"  # makes, or asks for, an error that is kept as a pointer
    COPIES = "copies"  # the result is a copy of what its argument points to
    ALLOCATES = "allocates"  # gives memory, of whatever kind, that was nobody's
    STORES = "stores"  # writes its second argument to its first
    SWAPS = "swaps"  # exchanges its two arguments
    SIZED = "sized"  # allocates what its first argument names, of the size that this has
    FLEXIBLE = "flexible"  # a number from a record and the name of its last member
    NAMES_MEMBER = "names-member"  # takes the name of a member
    CONTAINER = "container"  # the record that the first argument is a member of
    PURE = "pure"  # the same value wherever it stands among declarations
    GIVES_ADDRESS = "gives-address"  # the result is where its argument is
    HARMLESS = "harmless"  # keeps nothing of what it is given, and writes no member of the driver
    UNMARKED = "unmarked"  # fills a frag, and does not mark the skb where the memory is unreadable
    KEEPS = "keeps"  # what it is given stays with it, or goes with several references at once
    ENDS_IF_TRUE = "ends-if-true"  # does not return if its argument is true
    NEVER_RETURNS = "never-returns"
    OF_XDP = "of-xdp"  # the result belongs to the xdp_buff or xdp_frame that is given
    RUNS_XDP = "runs-xdp"  # where it is named, programs run on packets, or what they sent comes in
    FROM_DEVICE = "from-device"  # an address that the CPU can use, of one that the device uses
    GIVES_TOKEN = "gives-token"  # gives back what was handed over with a buffer
    TAKES_TOKEN = "takes-token"  # keeps a pointer that goes with a buffer
    PREFETCHES = "prefetches"  # asks for memory ahead of time; nothing is read
    CPU_COPIES = "cpu-copies"  # the CPU copies between two of its arguments
    OWN_RECORDS = "own-records"  # sets nothing but records of the kernel that it is given
    TELLS_UNREADABLE = "tells-unreadable"  # true: the CPU may not be able to read the memory
    FAILS_CLEAN = "fails-clean"  # gives NULL, and leaves nothing behind, where it fails
    TELLS_READABLE = "tells-readable"  # true: the CPU can read the memory
    SWAPS_BYTES = "swaps-bytes"  # gives its argument in the byte order of the device, or the CPU's
    GIVES_DIRECTION = "gives-direction"  # the result is the DMA direction of a pool


@dataclass(frozen=True, slots=True)
class ApiFunction:
    """One function or macro that a driver may call.

    `prototype` is the C prototype on one line, or the macro's head; `header` is relative to
    include/. `partner` is the function of the other side, "" if there is none. `memory` is the
    0-based argument that carries the memory (None: no argument does): with Side.NONE a container
    of memory, such as a frag or an xdp_buff. `gives` says that the result is memory. `reads` says
    that the CPU reads, writes or maps the memory itself, so it must be readable; `may_be_null`
    that the result can be NULL or 0 and must be tested; `if_true` that the effect happens only if
    the result is true (or not NULL), and that the caller owns the memory otherwise. `direct` is the
    0-based argument that says whether it may recycle without a lock, which only the pool's own NAPI
    may. `returns` is what it is short for, an expression of its arguments, where only the parts
    of that have netmem forms. `traits` is what else is said of it. `doc` says in a sentence what
    the function does, `note` what to look out for.
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
    direct: int | None = None
    returns: str = ""
    traits: tuple[Trait, ...] = ()
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


@cache
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
