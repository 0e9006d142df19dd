# SPDX-License-Identifier: GPL-2.0-only
"""Differences that the kernel allows, though something else happens for ordinary pages now.

The same function is called for the same memory of the same pool, with another number, flag or mode;
a pool is made with other flags; or the CPU is given the memory by the pool instead of by the DMA
API, which adds the pool's offset and asks the pool whether to sync at all; or an unmap leaves an
address of 0 alone. Or a sync, a copy by the CPU, or a test for NULL, an error or a kind of memory
is there on one side only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from netmem_migrate.c.words import TEXT_WORD
from netmem_migrate.model.functions import BY_NAME, FUNCTIONS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Side, Trait
from netmem_migrate.model.spelled import REF, UNMAPS_NETMEM

_CALL = re.compile(r"\b(\w+)\(")
_FLAG = re.compile(r"\bPP_FLAG_\w+\b(?: \| )?|(?: \| )?\bPP_FLAG_\w+\b")
_POINTER = re.compile(rf"\*|\b{REF}\b|\bdma_addr_t\b|\.\.\.")
_ANY = "·"
# A test for NULL or for an error, or a question of the API. One with more in it may do more.
_NAME = r"[\w.\[\]]+(?:->[\w.\[\]]+)*"
_TEST = re.compile(rf"if (?:(?:un)?likely\()?(?:!{_NAME}|!?(?:IS_ERR(?:_OR_NULL)?|"
                   rf"(?:netmem|skb_frags?)_(?:is_\w+|readable))\({_NAME}\))\)?")
_LEAVES = re.compile(r"(?:return|goto|continue)\b(?![^;]*\()")
_LONGEST = 2000  # characters; what is longer is no call of a pool


def changes_pages(before: str, after: str) -> bool:
    """Whether one statement became another in no more than that; both in canonical spelling."""
    if max(len(before), len(after)) > _LONGEST or says_netmem(after) - says_netmem(before):
        return False
    if "PP_FLAG_" in before + after and _FLAG.sub("", before) == _FLAG.sub("", after):
        return True
    if _alike(before) == _alike(after):
        return True
    if _is_unmapped(before, after):
        return True
    return _only_call(before) in _raw_syncs() and _only_call(after) in _pool_syncs()


def _is_unmapped(before: str, after: str) -> bool:
    """Whether an unmap of a page became the one that leaves an address of 0 alone, of the same."""
    name = _only_call(before)
    if not has(name, Trait.RAW_UNMAP) or _only_call(after) not in UNMAPS_NETMEM:
        return False
    args = [text[start:end] for text in (before, after)
            for start, end in [(text.index("(") + 1, len(text) - 1)]]
    return args[1] in (args[0], f"{args[0]},0")


def same_function(before: str, after: str) -> bool:
    """Whether two statements are calls of one function of the API, and nothing else."""
    return _only_call(before) in BY_NAME and _only_call(before) == _only_call(after)


def one_sided(texts: Sequence[str]) -> bool:
    """Whether statements that only one side has are syncs, copies and tests that leave at once."""
    left = list(texts)
    while left:
        said = left.pop(0)
        if has(_only_call(said), Trait.CPU_COPIES) or _only_call(said) in _syncs():
            continue
        if not (_TEST.fullmatch(said) and left and _LEAVES.match(left.pop(0))):
            return False
    return bool(texts)


def says_netmem(text: str) -> set[str]:
    """Names that speak of netmem and are no function: a number that is one of them is an error."""
    return {word for word in TEXT_WORD.findall(text)
            if "netmem" in word and f"{word}(" not in text}


def _alike(text: str) -> str:
    """A statement with one mark for each number, flag and mode that a pool's function is given."""
    for match in reversed(list(_CALL.finditer(text))):
        free = _free().get(match[1])
        args = arguments(text, match.end()) if free else []
        for number in reversed(range(len(args))):
            start, end = args[number]
            if number in (free or ()):
                text = text[:start] + _ANY + text[end:]
    return text


def arguments(text: str, start: int) -> list[tuple[int, int]]:
    """Where the arguments of a call in a text stand, given the end of its opening parenthesis; none
    where the call does not end."""
    found: list[tuple[int, int]] = []
    depth, begin = 0, start
    for at in range(start, len(text)):
        one = text[at]
        if one in ")]}" and not depth:
            return [*found, (begin, at)]
        if one == "," and not depth:
            found.append((begin, at))
            begin = at + 1
        depth += (one in "([{") - (one in ")]}")
    return []


def _only_call(text: str) -> str:
    """The function that a statement calls and does nothing else."""
    match = _CALL.match(text)
    if match is None:
        return ""
    args = arguments(text, match.end())
    return match[1] if args and args[-1][1] == len(text) - 1 else ""


@cache
def _free() -> Mapping[str, frozenset[int]]:
    """By function that is given memory, or gives it: the arguments that are plain numbers."""
    return {one.name: frozenset(
                number for number, parameter in enumerate(one.parameters)
                if number != one.memory and not _POINTER.search(parameter))
            for one in FUNCTIONS
            if not one.is_macro and one.side is not Side.PAGE
            and (one.memory is not None or one.gives)}


@cache
def _syncs() -> frozenset[str]:
    return _raw_syncs() | _pool_syncs()


@cache
def _raw_syncs() -> frozenset[str]:
    return frozenset(one.name for one in FUNCTIONS if Trait.RAW_SYNC in one.traits)


@cache
def _pool_syncs() -> frozenset[str]:
    return frozenset(one.name for one in FUNCTIONS if Trait.POOL_SYNC in one.traits)
