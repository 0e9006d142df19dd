# SPDX-License-Identifier: GPL-2.0-only
"""Answers kept between two runs of one review, so that Ctrl-C loses none.

One file a review in the user's cache folder, named after the tree, the paths and the options; it
holds a hash of the sources, and counts only while they are the same.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import itertools
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain, whole
from netmem_migrate.kernel.tree import cache_folder
from netmem_migrate.review.model import Review, Subject

_VERSION = 1


def _hash(parts: Iterable[bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def content(subjects: Iterable[Subject]) -> str:
    """A hash of all that a review is about: sources, the API to write for, what could move."""
    parts: list[bytes] = []
    for subject in subjects:
        analysis = subject.analysis
        parts += [subject.path.encode("utf-8", "surrogateescape"), analysis.target.api.encode()]
        for path, data in sorted(analysis.originals.items()):
            parts += [path.encode("utf-8", "surrogateescape"), data]
        parts.append("\0".join(sorted(subject.cores)).encode())
        # Another version of this tool may write other bytes.
        for change in subject.migration(frozenset()).changes:
            parts += [change.path.encode("utf-8", "surrogateescape"), change.after]
    return _hash(parts)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What a file of answers holds."""

    version: int
    content: str
    answers: Mapping[str, bool]
    split: Sequence[str]
    edits: Mapping[str, dict[str, bytes]]

    @classmethod
    def of(cls, data: Any) -> _Kept:
        """Raises ValueError, KeyError, TypeError or AttributeError for what is no such file."""
        answers = dict(data["answers"].items())
        edits = {unit: {path: base64.b64decode(text, validate=True)
                        for path, text in files.items()} for unit, files in data["edits"].items()}
        if not (all(type(one) is bool for one in answers.values())
                and type(data["split"]) is list and all(type(one) is str for one in data["split"])
                and type(data["content"]) is str):
            raise ValueError("no answers")
        return cls(data["version"], data["content"], answers, data["split"], edits)

    def restore(self, review: Review) -> None:
        """Give a review these answers."""
        for one in self.split:
            index = next((i for i, unit in enumerate(review.units) if unit.id == one), None)
            if index is not None:
                review.split(index)
        units = {unit.id: unit for unit in review.units}
        review.answers.update((key, move) for key, move in self.answers.items() if key in units)
        review.edits.update(
            (key, files) for key, files in self.edits.items() if key in units
            and files.keys() <= review.subject(units[key]).analysis.originals.keys())


@dataclass(frozen=True, slots=True)
class Store:
    """The file of one review."""

    file: Path
    content: str

    @classmethod
    def of(cls, root: Path, arguments: Sequence[str], subjects: Sequence[Subject]) -> Store:
        """The store of the review of some drivers below `root` with some options."""
        words = [str(root.resolve()), *(subject.path for subject in subjects), "", *arguments]
        name = _hash(word.encode("utf-8", "surrogateescape") for word in words)[:32]
        return cls(cache_folder().parent / "reviews" / f"{name}.json", content(subjects))

    def load(self, review: Review) -> tuple[int, str]:
        """Give a review its answers back: how many, and a message about answers that were not.

        What is there and holds no answers is put aside, never written over.
        """
        if not os.path.lexists(self.file):
            return 0, ""
        try:
            kept = _Kept.of(json.loads(plain.read(self.file)))
        except (InputError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return 0, self._put_aside()
        if kept.version != _VERSION or kept.content != self.content:
            number = len(kept.answers)
            self.clear()
            what = "1 answer" if number == 1 else f"{number} answers"
            return 0, (f"{what} of an earlier review dropped: the sources, or this tool, have "
                       "changed since" if number else "")
        kept.restore(review)
        return len(review.answers), ""

    def _put_aside(self) -> str:
        names = (self.file.with_suffix(f".unread{number or ''}") for number in itertools.count())
        name = next(one for one in names if not os.path.lexists(one))
        try:
            self.file.rename(name)
        except OSError as error:
            return f"{self.file}: holds no answers that can be read ({error.strerror})"
        return f"{self.file}: holds no answers that can be read; it is {name.name} now"

    def save(self, review: Review) -> str:
        """Write the answers, whole or not at all; why that failed, "" where it did not."""
        data = {
            "version": _VERSION,
            "content": self.content,
            "answers": review.answers,
            "split": review.split_ids,
            "edits": {unit: {path: base64.b64encode(text).decode() for path, text in files.items()}
                      for unit, files in review.edits.items()},
        }
        try:
            self.file.parent.mkdir(parents=True, exist_ok=True)
            whole.write(self.file, json.dumps(data).encode())
        except OSError as error:
            return f"{error.filename or self.file}: {error.strerror or error}"
        return ""

    def clear(self) -> None:
        """Forget the review."""
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)
