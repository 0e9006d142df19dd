# SPDX-License-Identifier: GPL-2.0-only
"""Answers kept between two runs of one review, so that Ctrl-C loses none.

One file a review in the user's cache folder, named after the tree, the paths and the options; it
holds a hash of the sources, and counts only while they are the same.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from netmem_migrate.files import whole
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

        A file that cannot be read counts as none.
        """
        try:
            data = json.loads(self.file.read_text(encoding="utf-8"))
            if data["version"] != _VERSION or data["content"] != self.content:
                number = len(data["answers"])
                self.clear()
                what = "1 answer" if number == 1 else f"{number} answers"
                return 0, (f"{what} of an earlier review dropped: the sources, or this tool, have "
                           "changed since" if number else "")
            self._restore(review, data)
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return 0, ""
        return len(review.answers), ""

    @staticmethod
    def _restore(review: Review, data: dict[str, Any]) -> None:
        answers = {str(key): bool(value) for key, value in data["answers"].items()}
        edits = {str(unit): {str(path): base64.b64decode(text) for path, text in files.items()}
                 for unit, files in data["edits"].items()}
        for one in data["split"]:
            index = next((i for i, unit in enumerate(review.units) if unit.id == one), None)
            if index is not None:
                review.split(index)
        known = {unit.id for unit in review.units}
        review.answers.update((key, value) for key, value in answers.items() if key in known)
        review.edits.update((key, value) for key, value in edits.items() if key in known)

    def save(self, review: Review) -> None:
        """Write the answers, whole or not at all. A cache that cannot be written is no error."""
        data = {
            "version": _VERSION,
            "content": self.content,
            "answers": review.answers,
            "split": review.split_ids,
            "edits": {unit: {path: base64.b64encode(text).decode() for path, text in files.items()}
                      for unit, files in review.edits.items()},
        }
        with contextlib.suppress(OSError):
            self.file.parent.mkdir(parents=True, exist_ok=True)
            whole.write(self.file, json.dumps(data).encode())

    def clear(self) -> None:
        """Forget the review."""
        with contextlib.suppress(OSError):
            self.file.unlink(missing_ok=True)
