# SPDX-License-Identifier: GPL-2.0-only
"""The one place where reasons become text."""

from __future__ import annotations

from netmem_migrate.model.spelled import TO_NETMEM
from netmem_migrate.reasons import Category, Reason, Why

_TEXT: dict[Why, str] = {
    Why.SET_FROM_OTHER: "is set from a value that is not a page pointer",
    Why.SET_FROM_POINTER: "is set from {by}, a {other} *, too",
    Why.SET_FROM_UNKNOWN: "is set from a value of unknown type",
    Why.SET_FROM_HIDDEN: "is set from a page kept as another type",
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
    Why.PASSED_WITH_MORE: "is passed to {by}() by an expression that does more",
    Why.PASSED_FOR_A_LOCAL: "is passed to {by}(), and {other} is there for nothing else",
    Why.COUNTED: "is passed to {by}()",
    Why.PRINTED: "is printed by {by}()",
    Why.MEMBER_READ: "its struct page member {by} is used",
    Why.COUNT_READ: "its {by} is used",
    Why.STRUCT_READ: "its struct page is read",
    Why.INDEXED: "is indexed as an array of struct page",
    Why.ARITHMETIC: "is used in arithmetic",
    Why.NUMBER: "is used as a number",
    Why.COMPARED: "is compared with pages that are not followed",
    Why.NODE_COMPARED: "its node is compared with another page's",
    Why.GIVEN_OTHER: "{by}() is given a value that is not a page pointer",
    Why.NOT_PARSED: "this code cannot be parsed",
    Why.IN_SYNTAX: "is used in a {by}",
    Why.AS_RECORD: "is used as a record",
    Why.CONTAINER: "its container is looked up",
    Why.TWO_TYPES: "is declared twice, as two types",
    Why.NO_BRACES: "is initialised without braces",
    Why.SAME_NAME: "a member of this name is used on a value of unknown type",
    Why.HIDDEN_ARM: "is used in a branch of a conditional that is not read",
    Why.REPEATED: "is declared more than once, under conditionals",
    Why.MACRO_TYPE: "is declared through a typedef",
    Why.MACRO_DECLARES: "is declared by a macro",
    Why.MACRO_GIVEN: "is passed to the macro {by}()",
    Why.MACRO_USES: "is used inside the macro {by}",
    Why.MACRO_REACHES: "is reached through the macro {by}",
    Why.MACRO_NAMES: "is named inside the macro {by}",
    Why.INDIRECT: "is passed through the function pointer {by}",
    Why.CALLBACK: "{by}() is used as a callback",
    Why.EXPORTED: "{by}() is exported to other modules",
    Why.OUTSIDE_FUNCTION: "{by}() is declared outside of this driver",
    Why.OUTSIDE_MEMBER: "is declared outside of this driver",
    Why.USED_FUNCTION: "{by}() is used at {other}, which is not of this driver",
    Why.USED_MEMBER: "is a member that {other} uses, which is not of this driver",
    Why.NO_API: "has no netmem form: this kernel has no {by}(){since}",
    Why.ONLY_DMA: "is forgotten but for its DMA address, and no netmem can be found again from "
                  "that",
    Why.GRANTED: "goes into an skb, from which {by}() takes it to grant it to another domain",
    Why.UNKNOWN_ORIGIN: "is given a page of unknown origin",
    Why.PAGES_TOO: "holds pages of {by} too, and {because}",
    Why.BLOCKED: "{slot} {because} ({file}:{line})",
    Why.NOT_OURS: "its page does not come from this driver's page_pool allocations",
    Why.HOST_READS: "host memory by design: {by}() reads it ({file}:{line}); {because}",
    Why.ADDRESSES_TOO: "host memory by design: {slot} holds addresses too; {because}",
    Why.BRIDGED: f"{TO_NETMEM}() around its argument",
    Why.IN_MACRO: "inside a macro, which is not followed",
    Why.NOT_CALLED: "is not called in code that can be followed",
    Why.ON_REQUEST: "kept a page on request",
    Why.ONLY_ADDRESS: "host memory by design: only the address is kept, no member or global of "
                      "the driver holds the page",
    Why.ONLY_PASSED: "is only passed on: no member or global of the driver holds the page",
    Why.GIVEN: "host memory by design: {by} gives the page",
}


ADVICE: dict[Category, str] = {
    Category.VOID_POINTER: "give it a member of its own type first",
    Category.PAGE_ONLY_USE: "that use has no netmem form",
    Category.MIXED_ORIGIN: "keep the two kinds of memory apart first",
    Category.MACRO: "make the macro an inline function first",
    Category.FUNCTION_POINTER: "its callers are not all known",
    Category.UNRESOLVED: "its type cannot be followed",
    Category.PARSE_ERROR: "the code around it must be read by a person",
    Category.OWN_RECYCLING: "leave recycling to the pool first (netmem.rst, Rx requirement 7)",
    Category.ADDRESS: "keep the netmem itself beside the address first",
    Category.EXPORTED: "its other users must move in the same patch",
    Category.MISSING_API: "add the helper in a core patch first",
}
"""What to do about a refusal, behind its reason."""


def text(reason: Reason) -> str:
    """A reason as the end of a sentence whose subject is the slot."""
    return _TEXT[reason.why].format(
        by=reason.by, other=reason.other, slot=reason.slot, file=reason.file, line=reason.line,
        because=text(reason.because) if reason.because is not None else "",
        since=f" (linux {reason.other} has it)" if reason.other else "")
