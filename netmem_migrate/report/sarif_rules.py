# SPDX-License-Identifier: GPL-2.0-only
"""What each category of refusal means, and what a person has to do (docs/design.md)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Advice:
    """`means`: what was found, `todo`: what would let the pages move."""

    means: str
    todo: str


ADVICE: dict[str, Advice] = {
    "void-pointer": Advice(
        "The page is kept as, passed as or read back from a void pointer.",
        "Give the page a member, parameter or variable of its own type, then convert again."),
    "page-only-use": Advice(
        "The page goes to something that has no netmem form.",
        "Look at whether that use is needed for pool memory. If it is, the pages stay pages."),
    "mixed-origin": Advice(
        "The slot holds pages of the pool and pages from elsewhere.",
        "Keep the two kinds of memory in slots of their own, then convert again."),
    "macro": Advice(
        "The page is declared by, or used inside, a macro.",
        "Make the macro an inline function, then convert again."),
    "function-pointer": Advice(
        "The page goes through a function whose callers are not all known.",
        "Find every function that is called through the pointer. They and the type of the "
        "pointer have to move together, by hand."),
    "unresolved": Advice(
        "A member of this name is used on a value whose type cannot be followed.",
        "Say the type at the places listed (a local of the right type will do), then "
        "convert again."),
    "parse-error": Advice(
        "The function around it could not be parsed.",
        "Read the function; convert it by hand or write it so that it parses."),
    "own-recycling": Advice(
        "The driver counts references and recycles pages of the pool by itself.",
        "Take the driver's own reference counting and reuse of pages away in a patch before this "
        "one, then convert again."),
    "address": Advice(
        "An address or a number is kept where the page would have to be.",
        "Keep the netmem itself beside the address, then convert again."),
    "exported": Advice(
        "The function is exported, or declared in a header outside of the driver.",
        "Move the other users of the function in the same patch."),
    "missing-api": Advice(
        "The target kernel lacks the netmem helper.",
        "Send the helper as a core patch first, or convert for a kernel that has it (--api)."),
}

_UNKNOWN = Advice("The pages stay pages.", "Read the places listed and decide.")


def advice(category: str) -> Advice:
    """The advice for a category; a general one for a name that is not known here."""
    return ADVICE.get(category, _UNKNOWN)
