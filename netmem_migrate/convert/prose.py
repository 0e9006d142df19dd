# SPDX-License-Identifier: GPL-2.0-only
"""Words of comments that can only mean a slot: text in, ranges of it out.

What is not certain is left alone. `page` is taken for the slot where it is a noun by itself, and
not a unit, a kind of page, or the first half of another word (page size, page pool).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

# (start, end, what stands there now) in the bytes of a comment.
Change = tuple[int, int, bytes]

_BEGIN = re.compile(r"\A(?:/\*+|//+)|\*+/\Z|(?<=\n)[ \t]*\*?(?!/)")
_NOUN = re.compile(r"(?<![\w@>./'\"`-])(?P<noun>pages?)(?![\w'\"`(/-])", re.IGNORECASE)
_ADDRESS = re.compile(r"(?<![\w@>./-])(?P<noun>(?:kernel )?(?:virtual )?address(?:es)?)(?![\w(/-])",
                      re.IGNORECASE)
_NULL = re.compile(rb"\bNULL\b")
_NEXT = re.compile(r"\s*(?:\Z|[,;:)!?](?!\w)|\.(?!\w)|--?\s|(?P<word>[A-Za-z]+)(?![\w-]))")
_LAST = re.compile(r"(?:(?P<word>[\w%]+)|(?P<sign>\S))\s*\Z")
_BEFORE = frozenset(re.findall(r"\w+",
    "the this that its our their old new received current previous next spare allocated mapped "
    "unused with from for into if when while unless until and or allocate get take free release "
    "recycle return put keep save store use reuse drop hold give attach map unmap sync refill "
    "replace clear set mark guarantee"))
_AFTER = frozenset(re.findall(r"\w+",
    "is was will has had can could may must should to in into of on for from with by at and or "
    "before after when while if that which until so since then here now back together ready again "
    "only instead not"))
_ENDS = frozenset(".,:;(-!?")
# Of a part of the memory, and of a pointer to what describes it, a netmem is another thing.
_PART = re.compile(
    r"\b(?:pointers?|ptr|address|size|offset|part|half|end|start|beginning|rest|length|than|fits?|"
    r"in|within|inside)\s+(?:(?:to|of|in|into|within)\s+)?(?:(?:the|a|this|its)\s+)?\Z",
    re.IGNORECASE)


def _flat(text: bytes) -> str:
    """A comment, as long as before, with spaces for what marks it as one."""
    shown = text.decode("latin-1")
    return _BEGIN.sub(lambda match: " " * len(match[0]), shown).replace("\n", " ")


def pages(text: bytes, many: bool, *, article: bool) -> Iterator[Change]:
    """Where a comment speaks of the page, or with `many` the pages, that a slot holds.

    With `article`, it may be called `a page`.
    """
    if _NULL.search(text):
        return  # a netmem never is, and what else it says of the page would be half new
    flat = _flat(text)
    for match in _NOUN.finditer(flat):
        plural = match["noun"].lower() == "pages"
        before = _BEFORE | {"a"} if article else _BEFORE
        if plural <= many and _alone(flat, match, before, _AFTER):
            yield (*match.span(), _cased(match["noun"], "netmems" if plural else "netmem"))


def addresses(text: bytes) -> Iterator[Change]:
    """Where a comment says of a slot that it is an address."""
    flat = _flat(text)
    for match in _ADDRESS.finditer(flat):
        plural = match["noun"].lower().endswith("es")
        if _alone(flat, match, frozenset({"the"}), frozenset({"of"})):
            yield (*match.span(), _cased(match["noun"], "netmems" if plural else "netmem"))


def segment(text: bytes, name: str) -> tuple[int, int] | None:
    """What a kernel-doc comment says of `@name:`, as a range of it."""
    head = re.search(rb"@" + re.escape(name.encode("latin-1")) + rb"[ \t]*:", text)
    if head is None:
        return None
    end = re.compile(rb"\n[ \t]*\*?[ \t]*(?:@|\n|[A-Z][\w ]*:|\*?/)|\*/").search(text, head.end())
    return head.end(), end.start() if end is not None else len(text)


def _alone(flat: str, match: re.Match[str], before: frozenset[str],
           after: frozenset[str]) -> bool:
    following = _NEXT.match(flat, match.end())
    if following is None or (following["word"] and following["word"].lower() not in after):
        return False
    if _PART.search(flat, 0, match.start()):
        return False
    last = _LAST.search(flat, 0, match.start())
    if last is None or last["sign"]:
        return last is None or last["sign"] in _ENDS
    return last["word"].lower() in before


def _cased(old: str, new: str) -> bytes:
    return (new.capitalize() if old[0].isupper() else new).encode("latin-1")
