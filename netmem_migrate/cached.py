# SPDX-License-Identifier: GPL-2.0-only
"""Answers that were found before, and still hold.

An answer is kept under a digest of what it is asked with: the driver's own files and those that it
borrows, byte for byte, the options, the API of the target, and the tool itself. With it stands what
else the disk was asked for it - headers, Makefiles, who includes what - and it is given again only
where all of that has the same answers now (files/facts.py). What raised, or told the user
something, is not kept.
"""

from __future__ import annotations

import io
import pickle
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module, metadata
from pathlib import Path, PurePosixPath
from typing import Any

from netmem_migrate.answers import Answer, Question
from netmem_migrate.c.parse import Texts
from netmem_migrate.errors import InputError
from netmem_migrate.files import facts, plain
from netmem_migrate.files.store import Store, digest
from netmem_migrate.kernel import search
from netmem_migrate.model.target import Target

LIMIT = 256 << 20
"""Bytes that are kept of answers."""
_KIND = "drivers"
_PARSERS = ("tree-sitter", "tree-sitter-c", "networkx")
# What is asked for the name of a tree's folder, and the word of its files' status.
_Signs = dict[tuple[str, str], str]


@dataclass(slots=True)
class Cache:
    """The answers of earlier runs, as one run sees them. `since` is when it began, in nanoseconds.

    `whole` is a run of many drivers, for which it pays to look at the status of all files of a
    tree.
    """

    store: Store
    whole: bool
    since: int = field(default_factory=time.time_ns)
    now: facts.Now = field(default_factory=facts.Now)
    signs: _Signs = field(default_factory=dict)

    @classmethod
    def standard(cls, *, whole: bool) -> Cache:
        """That in the user's cache folder."""
        return cls(Store.standard(_KIND, LIMIT), whole)

    def find(self, key: str, question: Question) -> Answer | None:
        """The answer to a question that has this key, if there is one and it holds."""
        data = self.store.get(key)
        if data is None:
            return None
        try:
            asked, signs, answer = _Unpickler(data, Texts()).load()
            if not self._holds(asked, signs):
                return None
            found = unpacked(answer, question)
        except Exception:  # by whatever is wrong with an entry: it is found anew
            return None
        new = self._signs(asked)
        if new and new != signs and all(new.values()):
            self.store.put(key, _entry(asked, new, answer))
        return found

    def keep(self, key: str, asked: facts.Facts, answer: bytes) -> None:
        """Keep an answer, packed, and what was asked for it."""
        every, odd = asked.all()
        if not odd:
            self.store.put(key, _entry(every, self._signs(every), answer))

    def sign(self, roots: Iterable[Path]) -> None:
        """Look at the files of trees now that every answer will be asked for."""
        for root in roots if self.whole else ():
            self._sign(str(root), "drivers")

    def _holds(self, asked: Mapping[facts.Question, str], signs: _Signs) -> bool:
        single = {one: answer for one, answer in asked.items() if not search.tops(one)}
        if not self.now.holds(single):
            return False
        if signs and all(word and word == self._sign(*top) for top, word in signs.items()):
            return True
        return self.now.holds({one: answer for one, answer in asked.items() if one not in single})

    def _signs(self, asked: Mapping[facts.Question, str]) -> _Signs:
        if not self.whole:
            return {}
        tops = {top for one in asked for top in search.tops(one)}
        # What is below another is signed with that.
        return {(root, top): self._sign(root, top) for root, top in sorted(tops) if not any(
            (root, str(above)) in tops for above in PurePosixPath(top).parents)}

    def _sign(self, root: str, top: str) -> str:
        found = self.signs.get((root, top))
        if found is None:
            found = self.signs[root, top] = search.sign(root, top, self.since)
        return found


def _entry(asked: Mapping[facts.Question, str], signs: _Signs, answer: bytes) -> bytes:
    return pickle.dumps((dict(asked), signs, answer), pickle.HIGHEST_PROTOCOL)


def key(question: Question) -> str | None:
    """What a question is kept under; None where a file cannot be read, which is said by whoever
    asks it."""
    driver, options = question.driver, question.options
    try:
        texts = [part for file in (*driver.files, "", *driver.borrowed)
                 for part in (file.encode("utf-8", "surrogateescape"),
                              plain.read(driver.root / file) if file else b"")]
    except InputError:
        return None
    said = repr((str(driver.root), driver.path, driver.joined, sorted(question.where.named),
                 options, question.judge, question.count, _spelled(question.where.target)))
    return digest(tool(), said.encode("utf-8", "surrogateescape"), *texts)


def _spelled(target: Target) -> tuple[object, ...]:
    return (target.api, target.release, str(target.headers),
            None if target.names is None else sorted(target.names),
            sorted(target.parameters.items()))


@cache
def tool() -> bytes:
    """What the tool is: its own files, passes included, and what it parses with."""
    transforms = import_module(f"{__name__.partition('.')[0]}.transforms")
    parts = [sys.version.encode(), *(metadata.version(one).encode() for one in _PARSERS)]
    for top in (*map(Path, transforms.__path__), Path(__file__).parent):
        for path in sorted(top.rglob("*.py")):
            parts += [path.relative_to(top).as_posix().encode(), path.read_bytes()]
    return digest(*parts).encode()


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
    texts = Texts(lambda: question.arms(later[0].files))
    answer = _Unpickler(data, texts).load()
    assert isinstance(answer, Answer)
    later.append(answer)
    return answer
