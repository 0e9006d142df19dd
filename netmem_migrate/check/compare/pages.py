# SPDX-License-Identifier: GPL-2.0-only
"""Statements as they go for ordinary pages: none is a net_iov, and two arms alike are one.

Statements are in canonical spelling, heads and braces each one of their own. What asks for a
net_iov is false; what is false, or true, is left out of conditions, and what stands under it goes
or stays. An `if` with two arms that are spelled alike is one of them: memory as a page or not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.events import arguments
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import IS_NET_IOV

_CALL = re.compile(r"\b(\w+)\(")
_ASKED = re.compile(rf"\b{IS_NET_IOV}\(")
_WRITES = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)")
# A pointer that is read only to read what it points to: that could fail.
_READS_THROUGH = re.compile(r"\w+(?:->|\.)[\w.\[\]]*(?:->|\[)[\w.>\[\]-]*")
_FALSE, _TRUE = "«false»", "«true»"
# An operand without operators that bind less tightly, or calls.
_PLAIN = r"!*[\w.>\[\]<=+ -]+"
_SIMPLER: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), becomes) for pattern, becomes in (
        (rf"\b(?:un)?likely\(({_FALSE}|{_TRUE})\)", r"\1"),
        (rf"(?<!\w)\(({_FALSE}|{_TRUE})\)", r"\1"),
        (rf"!{_FALSE}", _TRUE), (rf"!{_TRUE}", _FALSE),
        (rf"{_FALSE}\|\||\|\|{_FALSE}", ""), (rf"{_TRUE}&&|&&{_TRUE}", ""),
        (rf"(?<!\w)\({_PLAIN}(?:&&{_PLAIN})*&&{_FALSE}\)", _FALSE),
    ))
_BEHIND = re.compile(rf"(if ){_PLAIN}(?:&&{_PLAIN})*&&{_FALSE}")


def for_pages(statements: Sequence[Statement], *, none_asked: bool) -> list[Statement]:
    """The statements as they go for pages. With `none_asked`, nothing asked for a net_iov before.
    """
    found = list(statements)
    if none_asked:
        found = [Statement(_asked(one.text), one.line) for one in found]
    while (simpler := _once(found)) is not None:
        found = simpler
    return found


def _asked(text: str) -> str:
    """A text in which questions for a net_iov are answered, as far as that is simple."""
    if IS_NET_IOV not in text:
        return text
    said = text
    for match in reversed(list(_ASKED.finditer(said))):
        given = arguments(said, match.end())
        inside = said[given[0][0]:given[-1][1]] if given else "("
        if "(" in inside or _WRITES.search(inside):
            return text
        said = said[:match.start()] + _FALSE + said[given[-1][1] + 1:]
    before = ""
    while before != said:
        before = said
        for pattern, becomes in _SIMPLER:
            said = pattern.sub(becomes, said)
    said = _BEHIND.sub(rf"\1{_FALSE}", said)
    rest = said.replace(f"if {_FALSE}", "").replace(f"if {_TRUE}", "")
    if _FALSE in rest or _TRUE in rest or any(
            one not in said for one in _READS_THROUGH.findall(text)):
        return text
    return said


def _once(found: Sequence[Statement]) -> list[Statement] | None:
    """The statements with the first `if` less that decides nothing; None where there is none."""
    for at, one in enumerate(found):
        if [text.text for text in found[at:at + 3]] == ["else", "{", "}"]:
            return [*found[:at], *found[at + 3:]]
        if not one.text.startswith("if ") or found[at + 1:at + 2] == []:
            continue
        end = _closed(found, at + 1)
        then = list(found[at + 2:end])
        otherwise: list[Statement] = []
        last = end
        if [text.text for text in found[end + 1:end + 3]] == ["else", "{"]:
            last = _closed(found, end + 2)
            otherwise = list(found[end + 3:last])
        if one.text == f"if {_TRUE}":
            kept = then
        elif one.text == f"if {_FALSE}":
            kept = otherwise
        elif _is_pure(one.text) and [text.text for text in then] == [
                text.text for text in otherwise]:
            kept = then
        elif not then and not otherwise and _is_pure(one.text):
            kept = []
        else:
            continue
        return [*found[:at], *kept, *found[last + 1:]]
    return None


def _closed(found: Sequence[Statement], open_: int) -> int:
    """Where a brace is closed that is opened at a place."""
    depth = 0
    for at in range(open_, len(found)):
        depth += (found[at].text == "{") - (found[at].text == "}")
        if depth <= 0:
            return at
    return len(found) - 1


def _is_pure(text: str) -> bool:
    return _READS_THROUGH.search(text) is None and _WRITES.search(text) is None and all(
        has(name, Trait.PURE) for name in _CALL.findall(text))
