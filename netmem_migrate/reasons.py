# SPDX-License-Identifier: GPL-2.0-only
"""Why something stays a page, as values: made where it is found, worded once in report/wording.py.

Nothing here is a sentence, and no decision reads one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Category(StrEnum):
    """What a person would have to deal with; the ids are those of the report."""

    # In the order in which they are named: what hides the page before what merely uses it.
    ERROR_POINTER = "error-pointer"
    VOID_POINTER = "void-pointer"
    PAGE_ONLY_USE = "page-only-use"
    OWN_MAPPING = "own-mapping"
    MIXED_ORIGIN = "mixed-origin"
    MACRO = "macro"
    FUNCTION_POINTER = "function-pointer"
    UNRESOLVED = "unresolved"
    PARSE_ERROR = "parse-error"
    OWN_RECYCLING = "own-recycling"
    ADDRESS = "address"
    EXPORTED = "exported"
    ORIGIN = "origin"
    MISSING_API = "missing-api"
    GONE_API = "gone-api"
    CONDITIONAL = "conditional"


class Class(StrEnum):
    """What a call that stays is, by what would have to go before it can be converted."""

    BY_DESIGN = "by-design"  # nothing: its memory is the host's for good
    PREPARATORY = "preparatory"  # a small patch of its own makes room
    PERSON = "person"  # somebody has to decide
    MISSING_API = "missing-api"  # the target kernel lacks the netmem function
    GONE_API = "gone-api"  # the target kernel no longer has the page function


class Detail(StrEnum):
    """What a call of some class is in particular: the first thing in its way."""

    # By design.
    XDP = "xdp"  # the page is found from an xdp_buff or xdp_frame
    HEAD_RING = "head-ring"  # heads, in a driver whose payload goes through another ring
    COPY_TARGET = "copy-target"  # the CPU copies between this memory and the packet
    CPU_METADATA = "cpu-metadata"  # the driver keeps data of its own inside the page
    FOREIGN = "foreign"  # memory that is another's
    # The steps that make room.
    OWN_MEMBER = "own-member"
    CLONE = "clone"
    SPLIT_PARAMETER = "split-parameter"
    RETURN_PAGE = "return-page"
    UNION_ARM = "union-arm"
    SCOPE = "scope"
    # What a person has to decide.
    HARDWARE_ADDRESS = "hardware-address"  # only an address from the device leads to the page
    OWN_RECYCLING = "own-recycling"
    MIXED = "mixed"
    OTHER = "other"
    # The kernel.
    MISSING_API = "missing-api"
    GONE_API = "gone-api"

    @property
    def class_(self) -> Class:
        """The class of calls that it is in the way of."""
        return _CLASS[self]

    @property
    def step(self) -> str:
        """The id of the preparatory step that makes room, or ""."""
        return self.value if self.class_ is Class.PREPARATORY else ""


_CLASSES: dict[Class, tuple[Detail, ...]] = {
    Class.BY_DESIGN: (Detail.XDP, Detail.HEAD_RING, Detail.COPY_TARGET, Detail.CPU_METADATA,
                      Detail.FOREIGN),
    Class.PREPARATORY: (Detail.OWN_MEMBER, Detail.CLONE, Detail.SPLIT_PARAMETER,
                        Detail.RETURN_PAGE, Detail.UNION_ARM, Detail.SCOPE),
    Class.PERSON: (Detail.HARDWARE_ADDRESS, Detail.OWN_RECYCLING, Detail.MIXED, Detail.OTHER),
    Class.MISSING_API: (Detail.MISSING_API,),
    Class.GONE_API: (Detail.GONE_API,),
}
_CLASS: dict[Detail, Class] = {one: class_ for class_, all_ in _CLASSES.items() for one in all_}


class Why(StrEnum):
    """What is done with a page, or said of it; `by` is what a `Reason` names with it."""

    # A value is set from something else than a page.
    SET_FROM_OTHER = "set-from-other"
    SET_FROM_POINTER = "set-from-pointer"  # by: the expression, other: what it points to
    SET_FROM_UNKNOWN = "set-from-unknown"
    SET_FROM_HIDDEN = "set-from-hidden"
    HOLDS_TOO = "holds-too"  # by: what gives it
    PAGES_TOO = "pages-too"  # by: what gives them; because: what is done with all of them
    COPY_OF = "copy-of"  # by: the slot that is copied; because: what that holds
    # A page goes on as something else.
    KEPT_AS_OTHER = "kept-as-other"
    RETURNED_AS_OTHER = "returned-as-other"
    PASSED_AS_OTHER = "passed-as-other"  # by: the function
    CAST = "cast"
    UNTYPED_COPY = "untyped-copy"
    LOST = "lost"
    SWAPPED = "swapped"
    # A page is used as only a page can be.
    PASSED = "passed"  # by: the function
    PASSED_VARIABLY = "passed-variably"  # by: the function
    MAPPED = "mapped"  # by: the function by which the driver maps it for the device
    ERROR_POINTER = "error-pointer"  # by: the function that makes or tests one
    COUNTED = "counted"  # by: the function by which the driver counts references
    PRINTED = "printed"  # by: the macro
    MEMBER_READ = "member-read"  # by: the member of struct page
    STRUCT_READ = "struct-read"
    INDEXED = "indexed"
    ARITHMETIC = "arithmetic"
    NUMBER = "number"
    COMPARED = "compared"
    NODE_COMPARED = "node-compared"
    GIVEN_OTHER = "given-other"  # by: the page function that gets no page
    # Code that cannot be followed.
    NOT_PARSED = "not-parsed"
    IN_SYNTAX = "in-syntax"  # by: the kind of node
    AS_RECORD = "as-record"
    CONTAINER = "container"
    TWO_TYPES = "two-types"
    NO_BRACES = "no-braces"
    SAME_NAME = "same-name"
    OUT_OF_REACH = "out-of-reach"  # by: the static function
    UNKNOWN_RECORD = "unknown-record"  # by: the record that no file defines
    HIDDEN_ARM = "hidden-arm"
    UNREAD = "unread"
    UNREAD_IN = "unread-in"  # by: the function, as far as its head can be told
    REPEATED = "repeated"
    CUT_THROUGH = "cut-through"  # by: the `#if`
    ARM_SETS = "arm-sets"  # by: what gives the page, other: the arm of `#if`
    ARM_USES = "arm-uses"  # by: the arm of `#if`
    MACRO_TYPE = "macro-type"
    MACRO_DECLARES = "macro-declares"
    MACRO_GIVEN = "macro-given"  # by: the macro
    MACRO_USES = "macro-uses"  # by: the macro
    MACRO_REACHES = "macro-reaches"  # by: the macro
    MACRO_NAMES = "macro-names"  # by: the macro
    MACRO_SPELLS = "macro-spells"  # by: the macro
    INDIRECT = "indirect"  # by: the function pointer
    CALLBACK = "callback"  # by: the function
    # Others use it.
    EXPORTED = "exported"  # by: the function
    OUTSIDE_FUNCTION = "outside-function"  # by: the function
    OUTSIDE_MEMBER = "outside-member"
    USED_FUNCTION = "used-function"  # by: the function, other: `file:line` of the use
    SHARED_RECORD = "shared-record"  # by: the record, other: the header that defines it
    USED_MEMBER = "used-member"  # other: `file:line` of the use
    # The target kernel.
    TAKES = "takes"  # by: the function, numbers: how many arguments it takes, and is given
    NO_API = "no-api"  # by: the netmem function that is missing, other: the release that has it
    NO_FORM = "no-form"  # by: the function, numbers: what is to be given, and what it takes; other:
    # the release that takes it
    GONE = "gone"  # by: the function that the target no longer has
    # The page itself is lost on its way.
    ONLY_DMA = "only-dma"
    GRANTED = "granted"  # by: the function that grants it
    UNKNOWN_ORIGIN = "unknown-origin"
    NOT_ALLOCATED = "not-allocated"  # in no file of the driver
    READ_BACK = "read-back"  # by: what reads frags back as pages that it fills
    FOUND_AGAIN = "found-again"  # by: what finds the page by an address of it
    SERVES_TWO = "serves-two"  # by, other: what gets its pages; because: what blocks the other
    KEEPS_TWO = "keeps-two"  # of a function; by: what gives the other
    # What became of a call that stays, where no slot is to blame.
    IN_MACRO = "in-macro"
    CALLS_INSIDE = "calls-inside"  # by: the function that the macro calls
    CALLS_UNREAD = "calls-unread"  # by: the function that is called
    ANOTHER_NAME = "another-name"  # by: the function that the macro is a name of
    NAMED = "named"  # a function of the API that is used other than by calling it
    NOT_CALLED = "not-called"
    STOPPED = "stopped"
    NOT_OURS = "not-ours"
    ON_REQUEST = "on-request"
    ONLY_ADDRESS = "only-address"
    ONLY_PASSED = "only-passed"
    GIVEN = "given"  # by: what gives the page
    HOST_READS = "host-reads"  # by: the function that makes a packet of the memory
    OF_HEADS = "of-heads"  # by: the member that is the ring; slot: what holds the page
    BLOCKED = "blocked"  # slot, and because: what blocks it
    TAKES_PAGE = "takes-page"  # of a netmem
    # What makes the class of a call, where the flow of pages alone does not.
    OF_XDP = "of-xdp"  # by: what finds the page from an XDP buffer or frame
    COPIED = "copied"  # by: the function that copies
    WRITES_INSIDE = "writes-inside"  # by: the record that the driver writes into the page
    ONLY_DEVICE = "only-device"  # slot: what makes an address of the CPU of one of the device
    KEEPS_ADDRESS = "keeps-address"  # slot: the member
    HOLDS_KINDS = "holds-kinds"  # slot: the void pointer; because: what else it holds
    KEEPS_TOKEN = "keeps-token"  # slot: the function that keeps the token
    RETURNS_ADDRESS = "returns-address"  # slot: the function of the driver
    GIVES_ADDRESS = "gives-address"  # slot: the function of the pool
    CPU_READS = "cpu-reads"  # slot: the function of the driver
    # What is in the way of a sync through the pool; slot: the function of the driver.
    RAW_SYNC = "raw-sync"  # nothing: it is one past the pool
    SYNC_WRITTEN = "sync-written"  # S1; other: where
    SYNC_APART = "sync-apart"  # S1; other: where
    SYNC_NUMBER = "sync-number"  # S1; other: where
    SYNC_RING = "sync-ring"  # S1; by: where it is written, other: what is not followed
    SYNC_WHOLE = "sync-whole"  # S1; other: where
    SYNC_ALONE = "sync-alone"  # S1; other: where the buffer is set
    SYNC_TAKEN = "sync-taken"  # S1; other: where the address is taken
    SYNC_BEFORE = "sync-before"  # S2; by: where it starts, other: the pool's offset
    SYNC_NOT_KEPT = "sync-not-kept"  # S2; other: where
    SYNC_ELSEWHERE = "sync-elsewhere"  # S3; by: where it starts, other: where the device writes
    SYNC_DEVICE = "sync-device"  # S4; other: where the pool's is said
    SYNC_DIRECTION = "sync-direction"  # S5; other: where the pool's is said
    SYNC_CUT = "sync-cut"  # S6; other: where the mask is set
    SYNC_NEGATIVE = "sync-negative"  # S7; by: the size
    SYNC_CHANGES = "sync-changes"  # S8; by: what the pool was made with, other: where it is set
    SYNC_OR_NOT = "sync-or-not"  # S9; other: where other memory comes from
    # What speaks for a raw unmap of a member that the helper for netmem sets; slot: the function of
    # the driver.
    RAW_UNMAP = "raw-unmap"  # nothing; by: the member, other: where it is set
    FIX_STORED = "fix-stored"  # by: the member, other: where it is set, too
    FIX_TESTED = "fix-tested"  # by: the member, other: the test
    FIX_HIDDEN = "fix-hidden"  # by: the member
    FIX_SINGLE = "fix-single"  # by: the member
    FIX_FORM = "fix-form"  # by: the member
    # What is in the way of memory that the CPU cannot read; slot: the function that creates the
    # pool, other: more places.
    POOL_NEVER = "pool-never"  # by: the conditions that do not hold
    POOL_READY = "pool-ready"  # by: those that the source does not tell
    POOL_PAGES_FIRST = "pool-pages-first"  # nothing: pages are left
    POOL_ALREADY = "pool-already"  # nothing: it may have such memory
    POOL_PAGES = "pool-pages"  # by: the call
    POOL_NO_SPLIT = "pool-no-split"  # P1
    POOL_USERS_SPLIT = "pool-users-split"  # P1
    POOL_NO_QUEUES = "pool-no-queues"  # P2
    POOL_QUEUES_IF = "pool-queues-if"  # P2; by: the test
    POOL_USERS_QUEUES = "pool-users-queues"  # P2
    POOL_NOT_TOLD = "pool-not-told"  # P3; by: the parameters
    POOL_TOLD_IF = "pool-told-if"  # P3; by: the parameter, and the test
    POOL_TOLD_UNSEEN = "pool-told-unseen"  # P3; by: the parameters
    POOL_LACKS = "pool-lacks"  # P4; by: the flags and parameters
    POOL_HAS_IF = "pool-has-if"  # P4; by: the flag or parameter, and the test
    POOL_HAS_UNSEEN = "pool-has-unseen"  # P4; by: the flags and parameters
    POOL_HEADS = "pool-heads"  # P5
    POOL_HEADS_COPIED = "pool-heads-copied"  # P5
    POOL_HEADS_BESIDE = "pool-heads-beside"  # P5
    POOL_HEADS_UNSEEN = "pool-heads-unseen"  # P5
    POOL_NO_DEVICE = "pool-no-device"  # P5
    POOL_NOT_WRITTEN = "pool-not-written"  # P6
    POOL_RAW_SYNC = "pool-raw-sync"  # P6
    POOL_NO_SYNC = "pool-no-sync"  # P6
    POOL_SYNC_IF = "pool-sync-if"  # P6; by: the test
    POOL_COUNTS = "pool-counts"  # P6
    POOL_DEVICE_SYNC = "pool-device-sync"  # P6
    POOL_READS = "pool-reads"  # P6
    POOL_ORDER = "pool-order"  # P7; by: the order
    POOL_ORDER_UNSEEN = "pool-order-unseen"  # P7; by: the order
    POOL_ORDER_ELSEWHERE = "pool-order-elsewhere"  # P7
    # What is in the way of keeping the addresses of frags by netmem; slot: the function.
    RAW_FRAGS = "raw-frags"  # nothing: they are kept, and unmapped, whatever the memory is
    TX_NO_API = "tx-no-api"  # by: the helper
    TX_READ = "tx-read"  # T1; other: where
    TX_SKIPPED = "tx-skipped"  # T1; by: what is not done, other: where
    TX_LENT = "tx-lent"  # T1; other: where
    TX_UNREAD = "tx-unread"  # T1; by: where
    TX_OTHER_FRAG = "tx-other-frag"  # T2; other: where it is set
    TX_UNSET = "tx-unset"  # T2; other: where it is mapped
    TX_OR_HEAD = "tx-or-head"  # T2; other: where it is kept
    TX_FUNCTION = "tx-function"  # T2; by: the function, other: where it is called
    TX_LOST = "tx-lost"  # T2; other: where it is mapped
    TX_DESCRIPTOR = "tx-descriptor"  # T2; other: where it is unmapped
    TX_BY_MEMORY = "tx-by-memory"  # T2; by: the function, other: where
    TX_RAW = "tx-raw"  # T3; other: where
    TX_OUTSIDE = "tx-outside"  # T3; by: the record, other: where it is kept
    TX_CPU = "tx-cpu"  # T4; other: where
    TX_NO_FRAGS = "tx-no-frags"  # nothing; slot: the driver
    # What is in the way of device memory that is sent; slot: the function that sends, or none.
    NETMEM_TX = "netmem-tx"  # nothing: the device is not said to take it
    NETMEM_TX_NO_API = "netmem-tx-no-api"  # by: what the kernel does not have
    NETMEM_TX_UNSEEN = "netmem-tx-unseen"  # nothing that sends is in sight
    NETMEM_TX_NO_FRAGS = "netmem-tx-no-frags"  # other: where it says what the device can do
    NETMEM_TX_NO_DMA = "netmem-tx-no-dma"  # other: the same
    NETMEM_TX_UNJUDGED = "netmem-tx-unjudged"  # T1 to T3
    NETMEM_TX_MAPPED = "netmem-tx-mapped"  # T1; other: where
    NETMEM_TX_KEPT = "netmem-tx-kept"  # T1; other: where
    NETMEM_TX_UNMAP = "netmem-tx-unmap"  # T3; other: where
    NETMEM_TX_READS = "netmem-tx-reads"  # T4; other: where
    NETMEM_TX_SENT = "netmem-tx-sent"  # T4; by: the function that fails, other: where
    NETMEM_TX_GIVEN = "netmem-tx-given"  # T4; by: the function that is given it, other: where
    NETMEM_TX_DEVICES = "netmem-tx-devices"  # T5; other: where there is another
    NETMEM_TX_PLACE = "netmem-tx-place"  # T5; other: where
    # What a pool does not sync for the device, and why it stays so; slot: the function that makes
    # it, other: where.
    FLAGS_LACKING = "flags-lacking"  # nothing: it can; because: what is left all the same
    FLAGS_PART = "flags-part"  # by: where the ring keeps a part; because: what else is left
    FLAGS_STAYS = "flags-stays"  # other: where memory stays in its place; because: as above
    FLAGS_TOUCHED = "flags-touched"  # other: where the CPU may write first; because: as above
    FLAGS_STALE = "flags-stale"  # other: where memory goes back and its place keeps it
    FLAGS_NO_MAP = "flags-no-map"
    FLAGS_UNKNOWN = "flags-unknown"  # by: what the flags are
    FLAGS_ON_PURPOSE = "flags-on-purpose"  # by: what a comment says
    FLAGS_MAPPED = "flags-mapped"
    FLAGS_NO_ADDRESS = "flags-no-address"
    FLAGS_NO_SYNC = "flags-no-sync"
    FLAGS_SET = "flags-set"  # by: the parameter of the pool
    FLAGS_OFFSET = "flags-offset"  # by: the pool's offset
    FLAGS_PUT = "flags-put"  # by: the size
    FLAGS_POOL = "flags-pool"
    FLAGS_FOR_DEVICE = "flags-for-device"
    FLAGS_UNSEEN = "flags-unseen"
    FLAGS_MODEL = "flags-model"  # other: the events


_OF: dict[Category, tuple[Why, ...]] = {
    Category.ERROR_POINTER: (Why.ERROR_POINTER,),
    Category.VOID_POINTER: (Why.SET_FROM_OTHER, Why.GIVEN_OTHER, Why.HOLDS_KINDS),
    Category.PAGE_ONLY_USE: (
        Why.SET_FROM_HIDDEN, Why.PASSED, Why.PASSED_VARIABLY, Why.PRINTED, Why.MEMBER_READ,
        Why.STRUCT_READ, Why.INDEXED, Why.ARITHMETIC, Why.GRANTED, Why.READ_BACK),
    Category.MIXED_ORIGIN: (Why.HOLDS_TOO, Why.SERVES_TWO, Why.KEEPS_TWO),
    Category.MACRO: (Why.MACRO_TYPE, Why.MACRO_DECLARES, Why.MACRO_GIVEN, Why.MACRO_USES,
                     Why.MACRO_REACHES, Why.MACRO_NAMES, Why.MACRO_SPELLS,
                     Why.CALLS_INSIDE, Why.ANOTHER_NAME),
    Category.FUNCTION_POINTER: (Why.NAMED, Why.INDIRECT, Why.CALLBACK),
    Category.UNRESOLVED: (
        Why.SET_FROM_UNKNOWN, Why.UNTYPED_COPY, Why.LOST, Why.SWAPPED, Why.COMPARED,
        Why.NODE_COMPARED, Why.IN_SYNTAX, Why.AS_RECORD, Why.CONTAINER, Why.TWO_TYPES,
        Why.NO_BRACES, Why.SAME_NAME, Why.OUT_OF_REACH, Why.UNKNOWN_RECORD),
    Category.CONDITIONAL: (Why.HIDDEN_ARM, Why.REPEATED, Why.CUT_THROUGH, Why.ARM_SETS,
                           Why.ARM_USES),
    Category.PARSE_ERROR: (Why.NOT_PARSED, Why.UNREAD, Why.UNREAD_IN,
                           Why.CALLS_UNREAD),
    Category.ORIGIN: (Why.UNKNOWN_ORIGIN, Why.NOT_ALLOCATED, Why.GIVEN, Why.TAKES_PAGE,
                      Why.ONLY_PASSED),
    Category.OWN_RECYCLING: (Why.COUNTED,),
    Category.OWN_MAPPING: (Why.MAPPED,),
    Category.ADDRESS: (Why.NUMBER, Why.ONLY_DMA, Why.FOUND_AGAIN, Why.ONLY_DEVICE,
                       Why.KEEPS_ADDRESS, Why.KEEPS_TOKEN, Why.RETURNS_ADDRESS,
                       Why.GIVES_ADDRESS, Why.ONLY_ADDRESS, Why.CPU_READS, Why.RAW_SYNC,
                       Why.SYNC_WRITTEN, Why.SYNC_APART, Why.SYNC_BEFORE, Why.SYNC_NOT_KEPT,
                       Why.SYNC_ELSEWHERE,
                       Why.SYNC_DEVICE, Why.SYNC_DIRECTION, Why.SYNC_CUT, Why.SYNC_NEGATIVE,
                       Why.SYNC_CHANGES, Why.SYNC_OR_NOT, Why.SYNC_TAKEN,
                       Why.SYNC_NUMBER, Why.SYNC_RING, Why.SYNC_WHOLE, Why.SYNC_ALONE,
                       Why.RAW_FRAGS, Why.TX_READ, Why.TX_SKIPPED, Why.TX_LENT, Why.TX_UNREAD,
                       Why.TX_OTHER_FRAG, Why.TX_UNSET, Why.TX_OR_HEAD, Why.TX_FUNCTION,
                       Why.TX_LOST, Why.TX_DESCRIPTOR, Why.TX_BY_MEMORY, Why.TX_RAW,
                       Why.TX_OUTSIDE, Why.TX_CPU, Why.TX_NO_FRAGS,
                       Why.NETMEM_TX, Why.NETMEM_TX_UNSEEN, Why.NETMEM_TX_NO_FRAGS,
                       Why.NETMEM_TX_NO_DMA, Why.NETMEM_TX_UNJUDGED, Why.NETMEM_TX_MAPPED,
                       Why.NETMEM_TX_KEPT, Why.NETMEM_TX_UNMAP, Why.NETMEM_TX_READS,
                       Why.NETMEM_TX_SENT, Why.NETMEM_TX_GIVEN, Why.NETMEM_TX_DEVICES,
                       Why.NETMEM_TX_PLACE,
                       Why.FLAGS_LACKING, Why.FLAGS_PART, Why.FLAGS_STAYS, Why.FLAGS_TOUCHED,
                       Why.FLAGS_STALE,
                       Why.FLAGS_NO_MAP, Why.FLAGS_UNKNOWN, Why.FLAGS_ON_PURPOSE,
                       Why.FLAGS_MAPPED, Why.FLAGS_NO_ADDRESS, Why.FLAGS_NO_SYNC, Why.FLAGS_SET,
                       Why.FLAGS_OFFSET, Why.FLAGS_PUT, Why.FLAGS_POOL, Why.FLAGS_FOR_DEVICE,
                       Why.FLAGS_UNSEEN, Why.FLAGS_MODEL),
    Category.EXPORTED: (Why.EXPORTED, Why.OUTSIDE_FUNCTION, Why.OUTSIDE_MEMBER,
                        Why.USED_FUNCTION, Why.SHARED_RECORD, Why.USED_MEMBER),
    Category.MISSING_API: (Why.NO_API, Why.NO_FORM, Why.TX_NO_API, Why.NETMEM_TX_NO_API),
    Category.GONE_API: (Why.TAKES, Why.GONE),
}
CATEGORY: dict[Why, Category] = {why: category for category, all_ in _OF.items() for why in all_}
"""The category of a reason, where the reason alone decides it."""

@dataclass(frozen=True, slots=True)
class Reason:
    """One reason: what is so (`why`), where (`file`, 1-based `line`), of which slot, and by what.

    `because` is the reason behind it, if that is another one. `numbers` are two of what is counted,
    `release` is that of the kernel which is so.
    """

    why: Why
    by: str = ""
    other: str = ""
    slot: str = ""
    file: str = ""
    line: int = 0
    because: Reason | None = None
    numbers: tuple[int, int] = (0, 0)
    release: str = ""

    @property
    def chain(self) -> Iterator[Reason]:
        """This reason, and those behind it."""
        one: Reason | None = self
        while one is not None:
            yield one
            one = one.because
