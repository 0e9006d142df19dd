# SPDX-License-Identifier: GPL-2.0-only
"""Ask for the answers of all drivers of a run: from the cache, and several at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence

from netmem_migrate.answers import Answer, Question
from netmem_migrate.cached import Cache, key, packed, unpacked
from netmem_migrate.files import facts
from netmem_migrate.files.plain import NOTES, noting
from netmem_migrate.kernel.includes import ahead, once
from netmem_migrate.options import Means
from netmem_migrate.parallel import cores, each, trim

Progress = Callable[[str, int, int], None]
"""Told of a driver before it is read, which one of how many it is."""

# Less than this is read before another process has begun.
_WORTH = 1 << 18
# So many drivers are a run of a tree.
_MANY = 4


def answers(every: Sequence[Question], means: Means, left_out: Callable[[Question], bool],
            progress: Progress | None = None) -> Iterator[tuple[Question, Answer]]:
    """The answers to questions, in their order, some of them looked for at once.

    What is `left_out` by then is not asked, where nobody has begun to. `progress` is told of each.
    Raises, at its place, what Question.answered() does.
    """
    if any(one.driver.held for one in every):  # what is not on the disk is nobody else's
        means = Means(jobs=1, no_cache=True)
    cache = None if means.no_cache else Cache.standard(whole=len(every) >= _MANY)
    known = _Known(every, cache)
    roots = {one.driver.root for one in known.left if one.driver.path.startswith("drivers/")}
    for root in roots:
        ahead(root)
    jobs = means.jobs or (cores() if sum(map(_size, known.left)) > _WORTH else 1)
    if min(jobs, len(known.left)) > 1:
        if cache is not None:
            cache.sign(roots)
        for root in roots:
            once(root)
        yield from _at_once(known, jobs, progress)
        return
    for number, one in enumerate(every, 1):
        if progress is not None:
            progress(one.driver.path, number, len(every))
        if not left_out(one):
            answer = known.found.get(one)
            if answer is None:
                answer = known.answered(one)
                if number < len(every):
                    trim()
            yield one, answer


class _Known:
    """What the cache knows of some questions, and which are left."""

    def __init__(self, every: Sequence[Question], cache: Cache | None) -> None:
        self.every, self.cache = every, cache
        self.keys: dict[Question, str] = {}
        self.found: dict[Question, Answer] = {}
        if cache is not None:
            self.keys = {one: word for one in every if (word := key(one)) is not None}
            self.found = {one: answer for one, word in self.keys.items()
                          if (answer := cache.find(word, one)) is not None}
        self.left = [one for one in every if one not in self.found]

    def answered(self, question: Question) -> Answer:
        """The answer to one that is left; it is kept."""
        word = self.keys.get(question)
        if word is None or self.cache is None:
            return question.answered()
        with facts.watching() as asked:
            answer = question.answered()
        self.cache.keep(word, asked, packed(answer))
        return answer

    def noted(self, question: Question) -> tuple[list[str], bytes]:
        """The same in another process: what it would note, and the answer, packed."""
        word = self.keys.get(question)
        with noting() as notes, facts.watching() as asked:
            answer = packed(question.answered())
        if word is not None and self.cache is not None:
            self.cache.keep(word, asked, answer)
        trim()
        return notes, answer


def _at_once(known: _Known, jobs: int,
             progress: Progress | None) -> Iterator[tuple[Question, Answer]]:
    def told(question: Question, done: int) -> None:
        if progress is not None:
            progress(question.driver.path, done + 1, len(known.left))

    found = each(known.noted, known.left, jobs, _size, told)
    for question in known.every:
        answer = known.found.get(question)
        if answer is None:
            notes, data = next(found)
            for note in notes:
                NOTES.warning("%s", note)
            answer = unpacked(data, question)
        yield question, answer


def _size(question: Question) -> int:
    """The bytes of a driver's own files, as far as there are such."""
    found = 0
    for file in question.driver.files:
        with contextlib.suppress(OSError):
            found += (question.driver.root / file).stat().st_size
    return found
