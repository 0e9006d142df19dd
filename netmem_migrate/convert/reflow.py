# SPDX-License-Identifier: GPL-2.0-only
"""Break a line of a comment: its last words go to a line of their own, or in front of the next."""

from __future__ import annotations

import re
from collections.abc import Sequence

from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.convert.text import LIMIT, columns

_LINE = re.compile(rb"(?P<indent>[ \t]*)(?P<mark>/\*\*?|\*(?!/)|//)(?P<gap>[ \t]*)(?P<text>\S.*?)"
                   rb"(?P<close>[ \t]*\*/)?\r?")
# What begins an entry, or a paragraph, of its own.
_ENTRY = re.compile(rb"[-*@+]|\w+[.):]|[A-Z]")


def in_comment(lines: Sequence[bytes], index: int) -> bool:
    """Whether a line has nothing but (a part of) a comment."""
    shown = without_comments(b"\n".join(lines[:index + 1]))
    return bool(lines[index].strip()) and not shown[shown.rfind(b"\n") + 1:].strip()


def reflow(lines: Sequence[bytes], index: int) -> tuple[list[bytes], int] | None:
    """What stands for a line of a comment and how many it stands for; None if it stays."""
    match = _LINE.fullmatch(lines[index])
    if match is None:
        return None
    ending = b"\r" if lines[index].endswith(b"\r") else b""
    before = lines[index][:match.start("text")]
    at = _last_blank(before, match["text"])
    if at is None:
        return None
    head, tail = before + match["text"][:at].rstrip(), match["text"][at:].lstrip()
    following = _LINE.fullmatch(lines[index + 1]) if index + 1 < len(lines) else None
    goes_on = (not match["close"] and following is not None and following["mark"] == b"*"
               and not _ENTRY.match(following["text"]))
    leader = match["indent"] + (b"//" if match["mark"] == b"//" else
                                b"*" if match["mark"] == b"*" else b" *") + match["gap"]
    if match["text"].startswith(b"@"):
        leader += b"  "
    if goes_on and following is not None:
        leader = lines[index + 1][:following.start("text")]
        joined = leader + tail + b" " + lines[index + 1][len(leader):]
        if columns(joined.rstrip(b"\r")) <= LIMIT:
            return [head + ending, joined], 2
    if match["close"] and match["mark"].startswith(b"/"):
        close = [leader + tail + ending, match["indent"] + b" */" + ending]
    else:
        close = [leader + tail + (match["close"] or b"") + ending]
    return [head + ending, *close], 1


def _last_blank(before: bytes, text: bytes) -> int | None:
    """Where the words begin that do not fit, or None if not even one does."""
    fits = [match.start() for match in re.finditer(rb"[ \t]+", text)
            if columns(before + text[:match.start()]) <= LIMIT]
    return fits[-1] if fits else None
