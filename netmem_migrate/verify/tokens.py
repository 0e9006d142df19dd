# SPDX-License-Identifier: GPL-2.0-only
"""What the compiler sees of a source that only includes what changed, token for token."""

from __future__ import annotations

import re

from netmem_migrate.c.words import TEXT_TOKEN
from netmem_migrate.convert.naming import new_name
from netmem_migrate.verify.overlay import IDENTITY

# A literal, a brace, or a quote that begins none.
_BRACE = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[{}"\']')
_QUOTES = ('"', "'")
# Nothing that is taken together goes over the end of such a line.
_CLOSED = (b";\n", b"{\n", b"}\n")


def same(before: bytes, after: bytes) -> bool:
    """Whether two preprocessed texts differ in nothing but names in declarations that are renamed.

    A name that nothing else says is no code; one in a function's body, or in an initialiser, may
    be.
    """
    start, end = _ends(before, after)
    acts, depth, last = False, 0, ""
    state = _state(_text(before[:start]))
    parts = _text(before[start:len(before) - end]), _text(after[start:len(after) - end])
    if state is None or any(_state(part) is None for part in parts):
        parts = _text(before), _text(after)
    else:
        acts, depth, last = state
    one, other = (_declared(TEXT_TOKEN.findall(part)) for part in parts)
    return len(one) == len(other) and _renamed(one, other, acts, depth, last)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _renamed(before: list[str], after: list[str], acts: bool, depth: int, last: str) -> bool:
    for one, other in zip(before, after, strict=True):
        if one != other and (acts or new_name(one) != other):
            return False
        if one == "{":
            acts = acts or _begins_code(last)
            depth += 1
        elif one == "}":
            depth -= 1
            acts = acts and depth > 0
        last = one
    return True


def _begins_code(last: str) -> bool:
    """Whether braces behind a token do: those of a struct, union or enum follow a word."""
    return not (last[-1:].isalnum() or last.endswith("_"))


def _ends(before: bytes, after: bytes) -> tuple[int, int]:
    """How much two texts have in common at their begin and at their end, in whole lines."""
    low, high = 0, min(len(before), len(after))
    while low < high:
        middle = (low + high + 1) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle - 1
    start = max(before.rfind(one, 0, low) for one in _CLOSED) + 2
    start = start if start > 1 else 0
    low, high = 0, min(len(before), len(after)) - start
    while low < high:
        middle = (low + high + 1) // 2
        if before[len(before) - middle:len(before) - low] == \
                after[len(after) - middle:len(after) - low]:
            low = middle
        else:
            high = middle - 1
    found = [at for one in _CLOSED if (at := before.find(one, len(before) - low)) >= 0]
    return start, len(before) - min(found) - 2 if found else 0


def _state(text: str) -> tuple[bool, int, str] | None:
    """Whether the end of a text is inside of code, in how many braces, and what stands there.

    None for a text with a literal that does not end in it.
    """
    acts, depth = False, 0
    for found in _BRACE.finditer(text):
        sign = found.group()
        if sign == "{":
            acts = acts or _begins_code(_before(text, found.start()))
            depth += 1
        elif sign == "}":
            depth -= 1
            acts = acts and depth > 0
        elif sign in _QUOTES:
            return None
    return acts, depth, text.rstrip()[-1:]


def _before(text: str, at: int) -> str:
    """The last character in front of a place that is no space, "" for none."""
    while at and text[at - 1].isspace():
        at -= 1
    return text[at - 1:at]


def _declared(tokens: list[str]) -> list[str]:
    """Tokens in which a page pointer is spelled one way: `struct page *` and its typedef alike."""
    text: list[str] = []
    for token in tokens:
        if token == "*" and text[-2:] == ["struct", "page"]:
            text[-2:] = [IDENTITY]
        else:
            text.append(token)
    return text
