# SPDX-License-Identifier: GPL-2.0-only
"""What comes of each driver of a run, looked for by several processes at once."""

from __future__ import annotations

import contextlib
import io
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from netmem_migrate.c.parse import Texts
from netmem_migrate.files.plain import NOTES, noting
from netmem_migrate.inputs import Input
from netmem_migrate.judged import judged_one
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.macros import arms_of
from netmem_migrate.model.relevant import parse_counts
from netmem_migrate.options import Conversion, Means
from netmem_migrate.parallel import cores, each
from netmem_migrate.prepare import prepared
from netmem_migrate.results import DriverReport, Migration, Stopped, Verdict


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a driver: its conversion by some options.

    `judge` asks for the requirements of netmem.rst in the report, `count` for parse counts over all
    files, not only those that name pages.
    """

    where: Input
    driver: Driver
    options: Conversion
    judge: bool
    count: bool

    def answered(self) -> Answer:
        """Read the driver, cut it, convert it in memory and judge that.

        Raises InputError for what cannot be read.
        """
        driver, api = self.driver, self.where.target.api
        job = prepared(driver, self.where.target, self.options, self.where.named)
        if job is None:
            one, texts = nothing(driver), Texts()
        else:
            one, texts = job.migration(judge=self.judge), job.texts
        if self.count:
            one = _recounted(one, driver, texts, job.analysis.originals if job is not None else {})
        one, stopped = judged_one(one, api)
        # Trees take ten times the room of their texts, and nothing asks for these any more.
        texts.forget()
        if job is None:
            return Answer(one, stopped)
        return Answer(one, stopped,
                      job.analysis.driver.joined if job.scope is not None else (),
                      job.names.intersection(self.options.keep), texts.arms.paths)

    def texts(self, files: Sequence[str]) -> Texts:
        """The texts of an answer that another process gave, of which none is parsed here yet."""
        return Texts(lambda: arms_of(
            {file: self.driver.read(file) for file in files}, self.where.target,
            self.options.define, self.options.undefine))


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a driver. `joined` are the folders of the modules that it moves with, `kept`
    the names to keep that it has, and `files` those whose macros decide its arms of `#if`."""

    migration: Migration
    stopped: tuple[Stopped, ...] = ()
    joined: tuple[str, ...] = ()
    kept: frozenset[str] = frozenset()
    files: tuple[str, ...] = ()


def nothing(driver: Driver) -> Migration:
    """What is said of a driver that does not use page_pool."""
    return Migration(DriverReport(driver.path, driver.files, Verdict.NO_PAGE_POOL))


def _recounted(migration: Migration, driver: Driver, texts: Texts,
               sources: Mapping[str, bytes]) -> Migration:
    counts = parse_counts(texts.parse(sources[file] if file in sources else driver.read(file))
                          for file in migration.report.files)
    return replace(migration, report=replace(migration.report, parse=counts))


# -- as bytes


class _Pickler(pickle.Pickler):
    """Leaves out the trees, and what is only needed to parse again."""

    def persistent_id(self, obj: Any) -> str | None:
        return "texts" if type(obj) is Texts else None


class _Unpickler(pickle.Unpickler):
    """Makes nothing but what is the tool's own."""

    def __init__(self, data: bytes, texts: Texts) -> None:
        super().__init__(io.BytesIO(data))
        self._texts = texts

    def persistent_load(self, pid: Any) -> Texts:
        return self._texts

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _PLAIN and module.partition(".")[0] != __name__.partition(".")[0]:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


_PLAIN = {("builtins", "frozenset"), ("builtins", "set"), ("copyreg", "_reconstructor")}


def packed(answer: Answer) -> bytes:
    """An answer as bytes."""
    made = io.BytesIO()
    _Pickler(made, pickle.HIGHEST_PROTOCOL).dump(answer)
    return made.getvalue()


def unpacked(data: bytes, question: Question) -> Answer:
    """The answer to a question, of bytes that packed() made."""
    later: list[Answer] = []
    texts = Texts(lambda: question.texts(later[0].files).arms)
    answer = _Unpickler(data, texts).load()
    assert isinstance(answer, Answer)
    later.append(answer)
    return answer


# -- of all drivers


Progress = Callable[[str, int, int], None]
"""Told of a driver before it is read, which one of how many it is."""

# Less than this is read before another process has begun.
_WORTH = 1 << 18


def answers(every: Sequence[Question], means: Means, left_out: Callable[[Question], bool],
            progress: Progress | None = None) -> Iterator[tuple[Question, Answer]]:
    """The answers to questions, in their order, some of them looked for at once.

    What is `left_out` by then is not asked, where nobody has begun to. `progress` is told of each.
    Raises, at its place, what Question.answered() does.
    """
    jobs = means.jobs or (cores() if sum(map(_size, every)) > _WORTH else 1)
    if min(jobs, len(every)) < 2 or any(one.driver.held for one in every):
        for number, one in enumerate(every, 1):
            if progress is not None:
                progress(one.driver.path, number, len(every))
            if not left_out(one):
                yield one, one.answered()
        return

    def told(question: Question, done: int) -> None:
        if progress is not None:
            progress(question.driver.path, done + 1, len(every))

    for question, (notes, data) in zip(every, each(_noted, every, jobs, _size, told), strict=True):
        for note in notes:
            NOTES.warning("%s", note)
        yield question, unpacked(data, question)


def _size(question: Question) -> int:
    """The bytes of a driver's own files, as far as there are such."""
    found = 0
    for file in question.driver.files:
        with contextlib.suppress(OSError):
            found += (question.driver.root / file).stat().st_size
    return found


def _noted(question: Question) -> tuple[list[str], bytes]:
    """An answer from another process, and what that would note."""
    with noting() as notes:
        return notes, packed(question.answered())
