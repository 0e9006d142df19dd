# SPDX-License-Identifier: GPL-2.0-only
"""Statements as they go for ordinary pages: none is a net_iov, and two arms alike are one.

Statements are in canonical spelling, heads and braces each one of their own. In the condition of an
`if`, what asks for a net_iov is false; what that decides is left out, and what stands under it goes
or stays. An `if` with two arms that are spelled alike is one of them: memory as a page or not.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.events import arguments
from netmem_migrate.check.compare.plain import HEADS, is_pure, reads_through
from netmem_migrate.model.spelled import IS_NET_IOV

_ASKED = re.compile(rf"(?<![\w.>]){IS_NET_IOV}\(")
_HINT = re.compile(r"(?:un)?likely\(")
_FALSE, _TRUE = "«false»", "«true»"
_LABELS = ("case", "default", "label")


def for_pages(statements: Sequence[Statement], own: Collection[str], *,
              none_asked: bool) -> list[Statement]:
    """The statements as they go for pages; `own` are the driver's functions.

    With `none_asked`, nothing asked for a net_iov before.
    """
    found = list(statements)
    if none_asked:
        found = [Statement(_asked(one.text, own), one.line) for one in found]
    while (simpler := _once(found, own)) is not None:
        found = simpler
    return found


def _asked(text: str, own: Collection[str]) -> str:
    """A condition in which questions for a net_iov are answered."""
    if not text.startswith("if ") or _ASKED.search(text) is None:
        return text
    said = text[3:]
    for match in reversed(list(_ASKED.finditer(said))):
        given = arguments(said, match.end())
        if len(given) != 1 or not is_pure(said[given[0][0]:given[0][1]], own):
            return text
        said = said[:match.start()] + _FALSE + said[given[0][1] + 1:]
    simpler = _simpler(said, own)
    return f"if {simpler}" if simpler is not None else text


def _simpler(text: str, own: Collection[str]) -> str | None:
    """A condition without what is known; None where that is more than `!`, `&&` and `||`."""
    either: list[str] = []
    for part in _split(text, "||"):
        every: list[str] = []
        for one in _split(part, "&&"):
            said = _operand(one, own)
            if said is None:
                return None
            if said == _FALSE:
                # What stands before it is evaluated, what stands behind is not.
                if not all(is_pure(before, own) and not reads_through(before)
                           for before in every):
                    return None
                every = [_FALSE]
                break
            if said != _TRUE:
                every.append(said)
        joined = "&&".join(every) or _TRUE
        if joined == _TRUE:
            return "||".join([*either, _TRUE]) if either else _TRUE
        if joined != _FALSE:
            either.append(joined)
    return "||".join(either) or _FALSE


def _operand(text: str, own: Collection[str]) -> str | None:
    text = text.strip()
    if _FALSE not in text:
        return text
    if text == _FALSE:
        return text
    if text.startswith("!"):
        inner = _operand(text[1:], own)
        return None if inner is None else {_FALSE: _TRUE, _TRUE: _FALSE}.get(inner)
    hint = _HINT.match(text)
    start = hint.end() if hint is not None else 1 if text.startswith("(") else 0
    given = arguments(text, start) if start else []
    if len(given) != 1 or given[0][1] != len(text) - 1:
        return None
    inner = _simpler(text[start:-1], own)
    return inner if inner in (_FALSE, _TRUE) else None


def _split(text: str, sign: str) -> list[str]:
    """The operands of an operator outside of all brackets."""
    found, depth, begin = [], 0, 0
    for at, one in enumerate(text):
        depth += (one in "([{") - (one in ")]}")
        if not depth and text.startswith(sign, at) and at >= begin:
            found.append(text[begin:at])
            begin = at + len(sign)
    return [*found, text[begin:]]


def _once(found: Sequence[Statement], own: Collection[str]) -> list[Statement] | None:
    """The statements with the first `if` less that decides nothing; None where there is none."""
    for at, one in enumerate(found):
        if [text.text for text in found[at:at + 3]] == ["else", "{", "}"]:
            return [*found[:at], *found[at + 3:]]
        if not one.text.startswith("if ") or [text.text for text in found[at + 1:at + 2]] != ["{"]:
            continue
        end = _closed(found, at + 1)
        then = list(found[at + 2:end])
        otherwise: list[Statement] = []
        last = end
        if [text.text for text in found[end + 1:end + 3]] == ["else", "{"]:
            last = _closed(found, end + 2)
            otherwise = list(found[end + 3:last])
        if one.text == f"if {_TRUE}":
            kept, gone = then, otherwise
        elif one.text == f"if {_FALSE}":
            kept, gone = otherwise, then
        elif is_pure(one.text[3:], own) and not reads_through(one.text) and [
                text.text for text in then] == [text.text for text in otherwise]:
            kept, gone = then, otherwise
        else:
            continue
        if not _has_scope(kept) and not any(
                text.text.split(" ")[0] in _LABELS for text in (*kept, *gone)):
            return [*found[:at], *kept, *found[last + 1:]]
    return None


def _has_scope(arm: Sequence[Statement]) -> bool:
    """Whether an arm declares something of its own."""
    depth = 0
    for one in arm:
        depth += (one.text == "{") - (one.text == "}")
        words = one.text.partition("=")[0].split()
        if not depth and len(words) > 1 and HEADS.match(one.text) is None and "(" not in words[0]:
            return True
    return False


def _closed(found: Sequence[Statement], open_: int) -> int:
    """Where a brace is closed that is opened at a place."""
    depth = 0
    for at in range(open_, len(found)):
        depth += (found[at].text == "{") - (found[at].text == "}")
        if depth <= 0:
            return at
    return len(found) - 1
