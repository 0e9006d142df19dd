# SPDX-License-Identifier: GPL-2.0-only
"""The one place where reasons become text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from netmem_migrate.model import conditions
from netmem_migrate.model.gone import gone
from netmem_migrate.model.spelled import DMA_MAP, POOL
from netmem_migrate.reasons import Category, Class, Detail, Reason, Why
from netmem_migrate.report.share import Share
from netmem_migrate.report.steps import POOLS, STEPS
from netmem_migrate.results import (
    Basis,
    Handed,
    OlderKernels,
    Origin,
    Reach,
    Readable,
    ReadableKind,
    Refusal,
    Room,
    Site,
    Verdict,
)

_TEXT: dict[Why, str] = {
    Why.SET_FROM_OTHER: "takes a value that is not a page pointer",
    Why.SET_FROM_POINTER: "is set from {by}, a {other} *, too",
    Why.SET_FROM_UNKNOWN: "takes a value of unknown type",
    Why.SET_FROM_HIDDEN: "takes a page that is kept as another type",
    Why.HOLDS_TOO: "holds what {by} gives too",
    Why.COPY_OF: "also takes {by}, which {because}",
    Why.KEPT_AS_OTHER: "is kept as another type",
    Why.RETURNED_AS_OTHER: "is returned as another type",
    Why.PASSED_AS_OTHER: "is passed to {by}() as another type",
    Why.CAST: "is cast to another type",
    Why.UNTYPED_COPY: "is copied to a variable without a type",
    Why.LOST: "is stored where it cannot be followed",
    Why.SWAPPED: "is swapped with a value of another type",
    Why.PASSED: "is passed to {by}()",
    Why.PASSED_VARIABLY: "is a variable argument of {by}()",
    Why.MAPPED: "gives its memory to {by}() to be mapped for the device",
    Why.COUNTED: "is passed to {by}()",
    Why.ERROR_POINTER: "can be an error pointer ({by}())",
    Why.PRINTED: "is printed by {by}()",
    Why.MEMBER_READ: "has its struct page member {by} used",
    Why.STRUCT_READ: "has its struct page read",
    Why.INDEXED: "is indexed as an array of struct page",
    Why.ARITHMETIC: "is used in arithmetic",
    Why.NUMBER: "is used as a number",
    Why.COMPARED: "is compared with pages that are not followed",
    Why.NODE_COMPARED: "has its node compared with another page's",
    Why.GIVEN_OTHER: "{by}() is given a value that is not a page pointer",
    Why.NOT_PARSED: "is used in code that cannot be parsed",
    Why.IN_SYNTAX: "is used in a {by}",
    Why.AS_RECORD: "is used as a record",
    Why.CONTAINER: "has its container looked up",
    Why.TWO_TYPES: "is declared twice, as two types",
    Why.NO_BRACES: "is initialised without braces",
    Why.SAME_NAME: "shares its name with a member that is used on a value of unknown type",
    Why.OUT_OF_REACH: "belongs to {by}(), which is static and called in another file",
    Why.UNKNOWN_RECORD: "shares its name with a member used on a {by}, which no file that was read "
                        "defines",
    Why.HIDDEN_ARM: "is used in a branch of a conditional that is not read",
    Why.UNREAD: "is named where no function could be read",
    Why.UNREAD_IN: "is named in {by}(), which could not be read as a function",
    Why.REPEATED: "is declared more than once, under conditionals",
    Why.CUT_THROUGH: "is used in an expression that {by} cuts through",
    Why.ARM_SETS: "is set from {by} in the arm {other}, which is not the pool's",
    Why.ARM_USES: "is used in the arm {by}, in which the pool gives no memory",
    Why.MACRO_TYPE: "is declared through a typedef",
    Why.MACRO_DECLARES: "is declared by a macro",
    Why.MACRO_GIVEN: "is passed to the macro {by}()",
    Why.MACRO_USES: "is used inside the macro {by}",
    Why.MACRO_REACHES: "is reached through the macro {by}",
    Why.MACRO_NAMES: "is named inside the macro {by}",
    Why.MACRO_SPELLS: "shares its name with a member that is reached through the macro {by}",
    Why.INDIRECT: "is passed through the function pointer {by}",
    Why.CALLBACK: "belongs to {by}(), which is used as a callback",
    Why.EXPORTED: "belongs to {by}(), which is exported to other modules",
    Why.OUTSIDE_FUNCTION: "belongs to {by}(), which is declared outside of this driver",
    Why.OUTSIDE_MEMBER: "is declared outside of this driver",
    Why.USED_FUNCTION: "belongs to {by}(), which is used at {other}, not of this driver",
    Why.SHARED_RECORD: "takes a member of {by} ({other}), which other drivers use, too",
    Why.USED_MEMBER: "is a member that {other} uses, which is not of this driver",
    Why.NO_API: "has no netmem form: this kernel has no {by}(){since}",
    Why.NO_FORM: "has no netmem form: {by}() of this kernel takes {taken}, not {needed}{since}",
    Why.TAKES: "{by}() takes {wanted}{release}, and is given {given} here",
    Why.GONE: "is passed to {by}(), which is gone{release}{until}",
    Why.ONLY_DMA: "is forgotten but for its DMA address, and no function finds a netmem by that",
    Why.GRANTED: "goes into an skb, from which {by}() takes it to grant it to another domain",
    Why.READ_BACK: "fills frags that {by}() reads back as pages for the pool",
    Why.FOUND_AGAIN: "holds a page of which only the address was kept, and that {by} finds again",
    Why.SERVES_TWO: "gives pages to {by}, and to {other}, which {because}",
    Why.KEEPS_TWO: "keeps pages of the pool and what {by} gives in one member",
    Why.UNKNOWN_ORIGIN: "is given a page of unknown origin",
    Why.NOT_ALLOCATED: "is given a page that no file given allocates from a pool",
    Why.PAGES_TOO: "holds pages of {by} too, and {because}",
    Why.BLOCKED: "{because}{at}",
    Why.NOT_OURS: "its page does not come from this driver's page_pool allocations",
    Why.HOST_READS: "its packets have their payload in another ring, and {by}() makes their heads "
                    "of this one{at}",
    Why.OF_HEADS: "it is of {by}, a ring of heads: only the CPU looks at it{at}",
    Why.OF_XDP: "{by} finds the page from an XDP buffer or frame{at}",
    Why.COPIED: "{by}() copies between it and the packet{at}",
    Why.WRITES_INSIDE: "the driver keeps its own {by} inside the page{at}",
    Why.KEEPS_ADDRESS: "keeps only the address of the page",
    Why.KEEPS_TOKEN: "is given only the address of the page, as its token",
    Why.RETURNS_ADDRESS: "returns the address of a new page, not the page",
    Why.GIVES_ADDRESS: "gives an address, not a page",
    Why.ONLY_DEVICE: "finds the page by an address from the device, and nothing else leads to it",
    Why.HOLDS_KINDS: "holds memory of more than one kind: it {because}",
    Why.TAKES_PAGE: "takes the page of a netmem",
    Why.STOPPED: "its own check stops this conversion",
    Why.CALLS_INSIDE: "calls {by}(), and what is inside a macro is not followed",
    Why.ANOTHER_NAME: "is another name for {by}(), and what a macro stands for is not followed",
    Why.NAMED: "is used other than by calling it",
    Why.CALLS_UNREAD: "calls {by}() in code that could not be read as a function",
    Why.IN_MACRO: "inside a macro, which is not followed",
    Why.NOT_CALLED: "is not called in code that can be followed",
    Why.ON_REQUEST: "kept a page on request",
    Why.ONLY_ADDRESS: "only its address is kept: no member or global of the driver holds the "
                      "page",
    Why.ONLY_PASSED: "is only passed on: no member or global of the driver holds the page",
    Why.GIVEN: "is given a page by {by}, and nothing says whose it is",
    **STEPS,
}


MEANS: dict[Class | Detail, str] = {
    Class.BY_DESIGN: "The call stays a page for good, whatever becomes of the rest of the driver.",
    Class.PREPARATORY: "A small patch of its own makes room; then the call can be converted.",
    Class.PERSON: "Somebody has to decide.",
    Class.MISSING_API: "The target kernel lacks the netmem function.",
    Class.GONE_API: "The target kernel no longer has the page function.",
    Detail.XDP: "The page is found from an XDP buffer or frame, or from a Tx slot that was "
                "filled from one. No memory is unreadable while a program is attached.",
    Detail.HEAD_RING: "Buffers of a ring that carries heads, in a driver whose payload goes "
                      "through another ring.",
    Detail.COPY_TARGET: "The CPU copies between this memory and the packet: it may become a head, "
                        "never a frag.",
    Detail.CPU_METADATA: "The driver keeps data of its own inside the page.",
    Detail.FOREIGN: "The memory is another's: it is granted to another domain.",
    Detail.OWN_MEMBER: "A member, token or void pointer keeps an address, or memory of several "
                       "kinds: keep the netmem in a member of its own beside it, or in an arm of "
                       "a union with it.",
    Detail.CLONE: "One function serves memory of the pool and other memory: make it two.",
    Detail.SPLIT_PARAMETER: "A void * parameter takes two kinds of thing: make it two functions.",
    Detail.RETURN_PAGE: "A function gives the address of a new page: return the page, and let "
                        "the callers take the address.",
    Detail.UNION_ARM: "A member holds pages of the pool and of another owner: give each an arm of "
                      "a union.",
    Detail.SCOPE: "Other modules use it: they have to move in the same patch.",
    Detail.HARDWARE_ADDRESS: "Only an address that the device hands out leads back to the page, "
                             "and no slot of the driver keeps it.",
    Detail.OWN_RECYCLING: "The driver recycles pages by reference counts of its own.",
    Detail.MIXED: "Pages of the pool and of another owner share a slot, and nothing tells them "
                  "apart.",
    Detail.OTHER: "None of the kinds that have a name; the reason says what.",
}
"""What each class of calls that stay is, and what is in the way of one in particular. The two that
are of the kernel are called alike."""

# What is said of each class before the reason.
_CLASS: dict[Class, str] = {
    Class.BY_DESIGN: "host memory by design ({detail}): ",
    Class.PREPARATORY: "a preparatory patch first ({detail}): ",
    Class.PERSON: "a person's to decide ({detail}): ",
    Class.MISSING_API: "",
    Class.GONE_API: "",
}


BASIS: dict[Basis, str] = {
    Basis.POOL: f"a {POOL} is created",
    Basis.DATA_SPLIT: "the setting of tcp-data-split",
    Basis.NETMEM: "netmem functions and references",
    Basis.PAGE_CALLS: "calls of the pool that take or give a page",
    Basis.POOL_FLAGS: "the pool's flags for mapping and syncing",
    Basis.UNREADABLE_FLAG: "the pool's flag for unreadable memory",
    Basis.POOL_SYNC: "syncs for the CPU through the pool",
    Basis.RAW_SYNC: "syncs for the CPU past the pool",
    Basis.PAGE_COUNTS: "references of pages that are counted here",
    Basis.NETMEM_UNMAP: "unmaps that know netmem",
    Basis.RAW_UNMAP: "unmaps that do not know netmem",
    Basis.NETMEM_TX: "the device's word that it sends netmem",
    Basis.QUEUE_OPS: "functions that restart one queue",
    Basis.OWN_DEVICE_SYNC: "syncs for the device past the pool",
    Basis.NO_UNREADABLE: "the pool's flag for unreadable memory, which is not set",
    Basis.NO_SPLIT: "no setting of tcp-data-split",
    Basis.NO_NETMEM_TX: "no word of the device that it sends netmem",
    Basis.NO_QUEUE_OPS: "no functions that restart one queue",
    Basis.CPU_READS: "reads of payload by the CPU that nothing guards",
    Basis.NO_SYNC: "no sync for the CPU",
    Basis.NO_SCATTER: "no frags to send: NETIF_F_SG is not set",
    Basis.BY_ADDRESS: "frags that are mapped by the address that the CPU has",
}
"""What the judgement of a requirement rests on, or on the lack of it."""


@dataclass(frozen=True, slots=True)
class Advice:
    """What a category of refusal `means`, and what to do about it.

    `first` stands behind the reason of a refusal, as a part of its sentence; `then` are whole
    sentences for where there is room.
    """

    means: str
    first: str
    then: str = ""

    @property
    def todo(self) -> str:
        """All that is to be done, as sentences."""
        return f"{self.first[0].upper()}{self.first[1:]}. {self.then}".strip()


ADVICE: dict[Category, Advice] = {
    Category.ERROR_POINTER: Advice(
        "An error pointer can stand where the page does.",
        "return NULL or an int instead of an error pointer first",
        "A netmem of 0 is none; it has no room for an error."),
    Category.VOID_POINTER: Advice(
        "The page is kept as, returned as, passed as or cast to `void *`, or read back from one.",
        "give it a member of its own type first",
        "A parameter or a variable of its own type will do too."),
    Category.PAGE_ONLY_USE: Advice(
        "The page goes to a function or an operator that has no netmem form.",
        "that use has no netmem form",
        "Look at whether it is needed for pool memory. If it is, the pages stay pages."),
    Category.OWN_MAPPING: Advice(
        "The driver maps memory of the pool for the device itself.",
        f"let the pool map first ({DMA_MAP}; netmem.rst, Rx requirement 4)",
        "Ask the pool for the DMA address, and take the driver's own mapping and unmapping away in "
        "a patch before this one, then convert again."),
    Category.MIXED_ORIGIN: Advice(
        "The slot holds pages of the pool and pages from elsewhere.",
        "keep the two kinds of memory apart first",
        "Give each a slot of its own, then convert again."),
    Category.MACRO: Advice(
        "The page is declared by, or used inside, a macro.",
        "make the macro an inline function first"),
    Category.FUNCTION_POINTER: Advice(
        "The page goes through a function pointer, and calls of that are not followed.",
        "calls through a function pointer are not followed",
        "Find every function that is called through the pointer. They and the type of the "
        "pointer have to move together, by hand."),
    Category.UNRESOLVED: Advice(
        "A member of this name is used on a value whose type cannot be followed.",
        "its type cannot be followed",
        "Say the type at the places listed (a local of the right type will do), then convert "
        "again."),
    Category.PARSE_ERROR: Advice(
        "The function around it cannot be parsed.",
        "the code around it must be read by a person",
        "Convert it by hand, or write it so that it parses."),
    Category.OWN_RECYCLING: Advice(
        "The driver counts references of the page itself, to use it again.",
        "leave recycling to the pool first (netmem.rst, Rx requirement 7)",
        "Take the driver's own reference counting and reuse of pages away in a patch before this "
        "one, then convert again."),
    Category.ADDRESS: Advice(
        "An address or a number is kept where the page would have to be.",
        "keep the netmem itself beside the address first"),
    Category.EXPORTED: Advice(
        "It is used by code that is not of the driver: a caller of an exported function, a user "
        "of a header's member.",
        "its other users must move in the same patch"),
    Category.ORIGIN: Advice(
        "No allocation in the files given leads to the page.",
        "give all files of the driver, or find where its page comes from"),
    Category.MISSING_API: Advice(
        "The target kernel lacks the netmem helper.",
        "add the helper in a core patch first",
        "Or convert for a kernel that has it (--api)."),
    Category.GONE_API: Advice(
        "The call is of an older kernel: the target no longer has the function, or has it with "
        "other arguments.",
        "port the driver to the target kernel first",
        "Or convert for a kernel that has it (--api)."),
    Category.CONDITIONAL: Advice(
        "An arm of `#if` that nothing decides is not read, or has memory of another owner.",
        "settle that `#if` with -D or -U",
        "-D NAME and -U NAME say which arm counts; the others then stay as they are. Or write the "
        "arms as whole statements with the same memory in each."),
}


def older(found: OlderKernels) -> str:
    """What a conversion costs a driver that also builds on older kernels."""
    return (f"its #if lines keep code for older kernels ({found.file}:{found.line}); converted, it "
            f"no longer builds for kernels before {found.release}")


def readable(items: Sequence[Readable]) -> str:
    """How many places rely on memory that the CPU can read."""
    counts = Counter(item.kind for item in items)
    said = [f"{counts[kind]} {one if counts[kind] == 1 else many}"
            for kind, one, many in (
                (ReadableKind.OFFSET, "address is computed with", "addresses are computed with"),
                (ReadableKind.UNMARKED, "frag is filled without a mark for the skb",
                 "frags are filled without a mark for the skb")) if counts[kind]]
    return f"{', '.join(said)}: right while the pool gives pages (--report lists them)"


def listed(names: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else "".join(names)


def heads(handed: Sequence[Handed]) -> str:
    """That memory comes to the stack only as heads, and what makes these."""
    said = list(dict.fromkeys(f"{one.by}() in {one.function}()" for one in handed
                              if one.reach is Reach.HEAD))
    more = f" and {len(said) - 1} more" if len(said) > 1 else ""
    return f"its buffers come to the stack only as skb heads, by {said[0]}{more}"


def newer(api: str, kernel: str, absent: Sequence[str]) -> str:
    """What it means that an API was asked for that the tree is too old for."""
    said = (f"the helpers written are not in it: {', '.join(f'{one}()' for one in absent)}"
            if absent else "every helper written is in it")
    return f"--api {api} is newer than this tree (linux {kernel}): {said}"


# What is to be done first where the reason says it better than its category.
_FIRST: dict[Why, str] = {
    Why.RETURNS_ADDRESS: "return the page first, and let its callers take the address",
    Why.GIVES_ADDRESS: "take the page first, and its address from that",
    Why.ONLY_DEVICE: "keep the netmem first where the driver finds it without that address",
    Why.KEEPS_TOKEN: "keep the netmem with the token first",
    Why.NO_FORM: "convert it for a kernel where it does, or add a helper of another name first",
    Why.READ_BACK: "convert what reads them back first",
    Why.TAKES_PAGE: "call the netmem function of it instead",
    Why.SERVES_TWO: "clone it first, so that each of the two has its own",
}


def text(reason: Reason, *, brief: bool = False) -> str:
    """A reason as the end of a sentence whose subject is the slot.

    `brief` leaves out the place at its end, where calls that stay for the same reason at other
    places are told of as one.
    """
    at = "" if brief else f" ({reason.file}:{reason.line})"
    because = text(reason.because, brief=brief) if reason.because is not None else ""
    if reason.why is Why.BLOCKED:
        because = _of(reason.slot, because)
    place = f"{reason.file}:{reason.line}"
    return _TEXT[reason.why].format(
        elsewhere=f" ({reason.other})" if reason.other and reason.other != place else "",
        by=reason.by, other=reason.other, slot=reason.slot, file=reason.file, line=reason.line,
        condition=conditions.OF.get(reason.why, ""), at=at, because=because,
        until=_until(reason.by), wanted=_arguments(reason.numbers[0]), given=reason.numbers[1],
        taken=_arguments(reason.numbers[1]), needed=reason.numbers[0],
        release=f" in {reason.release}" if reason.release else "",
        since=f" (linux {reason.other} has it)" if reason.other else "")


def _of(slot: str, said: str) -> str:
    """What is said of a slot, which is named once."""
    return said if said.startswith(f"{slot} ") else f"{slot} {said}"


def _until(name: str) -> str:
    """Since when a name is gone, and what to port to."""
    row = gone(name)
    if row is None:
        return ""
    return f" (since linux {row.until}" + (f": port to {row.instead} first)" if row.instead
                                           else ")")


def _arguments(number: int) -> str:
    return "1 argument" if number == 1 else f"{number} arguments"


def pattern(why: Why) -> str:
    """The sentence of a reason, with words for what each one of it names."""
    return ("SLOT " if why is Why.BLOCKED else "") + _TEXT[why].format(
        by="X", other="Y", elsewhere=" (Y)", slot="SLOT", file="FILE", line="LINE", because="...",
        condition=conditions.OF.get(why, ""),
        at=" (FILE:LINE)", until="", wanted="N arguments", taken="M arguments", needed="N",
        given="M", release=" in X.Y",
        since=" (linux X.Y has it)")


def site(item: Site, *, brief: bool = False) -> str:
    """Why a call stays, behind its class; "" for one that converted. `brief` as for text()."""
    if item.reason is None or item.detail is None or item.asked:
        return text(item.reason, brief=brief) if item.reason is not None else ""
    return classed(item.detail, item.reason, brief=brief)


def classed(detail: Detail, reason: Reason, *, brief: bool = False) -> str:
    """A reason behind the class of calls that stay for it."""
    return _CLASS[detail.class_].format(detail=detail.value) + text(reason, brief=brief)


def verdict(item: Verdict) -> str:
    """A verdict in words."""
    return "no page_pool" if item is Verdict.NO_PAGE_POOL else item.value.replace("-", " ")


def share(item: Share) -> str:
    """How many of the calls that can move do, and what part that is."""
    return (f"{item.converted} of {item.possible} calls that are not by design converted "
            f"({item.per_cent:.0f} %)")


def room(item: Room) -> str:
    """Room that a preparatory patch makes, and what converts with it."""
    calls = "1 more call converts" if item.calls == 1 else f"{item.calls} more calls convert"
    if not item.calls:
        calls = "none converts with it alone, but with the next"
    return f"{item.step}: {item.slot} ({item.file}:{item.line}) with {item.made}: {calls}"


def stay(item: Reason) -> str:
    """What stays a page beside what moves, and why."""
    return f"{item.slot}: {text(item)}"


def behind(item: Room) -> str:
    """What is done to a converted driver."""
    return f"{item.slot} ({item.file}:{item.line}): {item.made}"


def undone(item: Reason) -> str:
    """What of that is not done."""
    more = "; no failure exit fits there" if item.why is Why.CPU_READS else ""
    said, at = _of(item.slot, text(item)), f"{item.file}:{item.line}"
    named = re.search(re.escape(at) + r"\b", said) is not None
    return f"{said}{more}" if named else f"{said} ({at}){more}"


def lacking(item: Reason) -> str:
    """What a pool lacks for memory that the CPU cannot read, as a sentence of its own."""
    return POOLS[item.why].format(by=item.by)


def refusal(item: Refusal) -> str:
    """Why a slot is refused, and the first thing to do about it."""
    return f"{_of(item.slot, text(item.reason))}; {first(item)}"


def first(item: Refusal) -> str:
    """What is to be done first about a refusal, as a part of its sentence."""
    return _FIRST.get(item.reason.why, ADVICE[item.category].first)


def what(item: Origin) -> str:
    """What is to be seen at the place of an origin."""
    return text(item.what) if isinstance(item.what, Reason) else item.what


def origin(item: Origin) -> str:
    """An origin in one line."""
    return f"{item.file}:{item.line} {what(item)}"


def origins(item: Refusal) -> tuple[Origin, ...]:
    """The origins of a refusal; of those that read the same, the first."""
    found: dict[str, Origin] = {}
    for one in item.origins:
        found.setdefault(origin(one), one)
    return tuple(found.values())
