# SPDX-License-Identifier: GPL-2.0-only
"""What can go wrong: one exception a rule, each with the kernel document that states the rule."""

from __future__ import annotations

_PAGE_POOL = "Documentation/networking/page_pool.rst"
_NETMEM = "Documentation/networking/netmem.rst"
_HELPERS = "include/net/page_pool/helpers.h"
_TYPES = "include/net/page_pool/types.h"
_SKBUFF = "include/linux/skbuff.h"


class RuleBroken(Exception):
    """A driver did what the page_pool or netmem API forbids.

    `rule` is the rule in one sentence, `document` the file of the kernel that states it. The text
    of the exception says what was done.
    """

    rule = ""
    document = ""

    def __str__(self) -> str:
        return f"{super().__str__()}. {self.rule} ({self.document})"


class UseAfterRelease(RuleBroken):
    """Memory was used through a reference that is gone."""

    rule = "After its release memory belongs to the pool, which may already have given it away."
    document = _HELPERS


class DoubleRelease(RuleBroken):
    """A reference was released that the caller does not hold."""

    rule = "Each reference is released once, by the one who holds it: the driver or the skb."
    document = _HELPERS


class StillReferenced(RuleBroken):
    """page_pool_put_unrefed_netmem() while references remain."""

    rule = "page_pool_put_unrefed_netmem() is for memory whose last reference was dropped before."
    document = _HELPERS


class NotFresh(RuleBroken):
    """Memory was split that others already refer to."""

    rule = "Only freshly allocated memory, with a pp_ref_count of 1, can be split."
    document = _HELPERS


class NotReadable(RuleBroken):
    """The CPU was to read or write memory that it cannot reach."""

    rule = "netmem_address() is NULL for unreadable memory, whose contents must not be handled."
    document = _NETMEM + ", Rx 5"


class NotAPage(RuleBroken):
    """A net_iov was to be used as a page."""

    rule = "A driver must not assume that netmem is backed by pages."
    document = _NETMEM + ", Rx 5"


class WrongKind(RuleBroken):
    """A page was given where a netmem_ref belongs, or the other way round."""

    rule = "A struct page * is not a netmem_ref; page_to_netmem() makes one of it."
    document = "include/net/netmem.h"


class NullReference(RuleBroken):
    """The result of an allocation that failed was used."""

    rule = "An allocation that fails gives NULL (page) or 0 (netmem) and must be tested."
    document = _HELPERS


class WrongPool(RuleBroken):
    """Memory went to a pool that it does not come from."""

    rule = "Memory goes back to the pool from which it was allocated."
    document = _HELPERS


class WrongContext(RuleBroken):
    """The pool's lockless side was used outside the context of its consumer."""

    rule = "Allocation and direct recycling take no lock: only the pool's consumer may do them."
    document = _PAGE_POOL + ", API interface"


class NotMapped(RuleBroken):
    """A DMA address was wanted of memory that is not mapped for DMA."""

    rule = "The pool must have PP_FLAG_DMA_MAP, and unmaps what it lets go of."
    document = _HELPERS


class NotSynced(RuleBroken):
    """One side touched bytes that belong to the other: device or CPU."""

    rule = "Sync for the CPU before it reads what the device wrote, and for the device before it " \
           "writes again."
    document = _PAGE_POOL + ", DMA sync"


class RawDma(RuleBroken):
    """A DMA address of the pool was given to the DMA API itself."""

    rule = "Mapping and syncing of netmem is the pool's task: its address may not be one of the " \
           "DMA API's."
    document = _NETMEM + ", Rx 4 and 6"


class OutOfRange(RuleBroken):
    """Bytes outside of the memory were touched."""

    rule = "Offset and size stay inside the memory (PAGE_SIZE << order)."
    document = _TYPES


class TooManyFrags(RuleBroken):
    """A frag was added to an skb or an XDP buffer that has no room for it."""

    rule = "An skb holds at most MAX_SKB_FRAGS frags."
    document = _SKBUFF


class BadTruesize(RuleBroken):
    """A frag was accounted with less memory than it holds."""

    rule = "truesize covers all memory behind a frag, so it is never smaller than its size."
    document = _SKBUFF


class BadParams(RuleBroken):
    """page_pool_create() refused its parameters; `errno` is the name of its error."""

    rule = "page_pool_params must fit together."
    document = _TYPES

    def __init__(self, errno: str, what: str) -> None:
        super().__init__(f"{what}: -{errno}")
        self.errno = errno


class PoolGone(RuleBroken):
    """A pool was used after page_pool_destroy()."""

    rule = "After page_pool_destroy() the pool only takes back what is in flight."
    document = _PAGE_POOL


class Leak(RuleBroken):
    """Memory can no longer come back to its pool, or nobody brings it back."""

    rule = "A pool lives until all its memory is back; an skb returns it only if marked with " \
           "skb_mark_for_recycle()."
    document = _HELPERS
