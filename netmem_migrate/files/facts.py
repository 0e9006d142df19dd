# SPDX-License-Identifier: GPL-2.0-only
"""What was asked of the disk, and answered, so that it can be told later whether that still holds.

Whoever reads the disk notes what it asks (files/plain.py, kernel/search.py). A question is its kind
and what it takes, all text; the answer is a digest, or short. What was found once for a whole run
(kernel/held.py) is noted again for each driver that it is given to.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

Question = tuple[str, ...]


@dataclass(eq=False, slots=True)
class Facts:
    """What was asked while they were taken; `parts` are facts of what was found with them.

    `odd` says that something was noted for the user, which no later run could say again.
    """

    asked: dict[Question, str] = field(default_factory=dict)
    parts: list[Facts] = field(default_factory=list)
    odd: bool = False

    def all(self) -> tuple[dict[Question, str], bool]:
        """All that was asked, and whether anything of it was odd."""
        found: dict[Question, str] = {}
        odd = False
        seen: set[int] = set()
        left = [self]
        while left:
            one = left.pop()
            if id(one) not in seen:
                seen.add(id(one))
                found.update(one.asked)
                odd |= one.odd
                left += one.parts
        return found, odd


_open: list[Facts] = []
_AGAIN: dict[str, Callable[..., str]] = {}


@contextlib.contextmanager
def watching() -> Iterator[Facts]:
    """Take what is asked meanwhile; whoever watches already has it, too."""
    found = Facts()
    given(found)
    _open.append(found)
    try:
        yield found
    finally:
        _open.pop()


def given(facts: Facts) -> None:
    """What these facts say was asked again, as far as anybody watches."""
    if _open:
        _open[-1].parts.append(facts)


def watched() -> bool:
    """Whether anybody watches."""
    return bool(_open)


def note(answer: str, *question: str) -> None:
    """Something was asked of the disk, and this is the answer."""
    if _open:
        _open[-1].asked[question] = answer


def odd() -> None:
    """The user was told something."""
    if _open:
        _open[-1].odd = True


def again(kind: str) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Enter how questions of a kind are asked again."""
    def enter(ask: Callable[..., str]) -> Callable[..., str]:
        _AGAIN[kind] = ask
        return ask

    return enter


class Now:
    """What questions have for answers now; none is asked twice."""

    def __init__(self) -> None:
        """Know nothing."""
        self._known: dict[Question, str] = {}

    def holds(self, asked: Mapping[Question, str]) -> bool:
        """Whether all answers are what they were."""
        return all(self.answer(question) == answer for question, answer in asked.items())

    def answer(self, question: Question) -> str:
        """What a question has for an answer now."""
        found = self._known.get(question)
        if found is None:
            kind, *rest = question
            found = self._known[question] = _AGAIN[kind](*rest)
        return found
