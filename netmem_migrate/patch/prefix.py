# SPDX-License-Identifier: GPL-2.0-only
"""The subject prefix of a driver's patches.

It is the one that the history of the changed files uses most; where that cannot be asked, the one
that changelogs use most for the modules that they are built into; else a guess from MAINTAINERS,
the Makefile and the folder, and the patch says that it is one.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from netmem_migrate.files import plain
from netmem_migrate.kernel.makefiles import owners
from netmem_migrate.kernel.subjects import prefix_of, words
from netmem_migrate.model.prefixes import known


class Source(Enum):
    """Where a prefix is from."""

    HISTORY = "history"
    CHANGELOG = "changelog"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Prefix:
    """A subject prefix without the final colon, and where it is from."""

    text: str
    source: Source

    @property
    def name(self) -> str:
        """`demo` of `net: demo`, and of `net/demo`."""
        return re.split(r"[:/] ?", self.text)[-1]

    @property
    def note(self) -> str:
        """What is said of it below the message; "" of one that is known."""
        if self.source is not Source.GUESS:
            return ""
        return (f"The subject prefix \"{self.text}:\" is a guess from the driver's place in the "
                "tree; hold it against the subjects of the driver's own commits.")


def prefix(path: str, root: Path, files: Sequence[str], subjects: Iterable[str] = ()) -> Prefix:
    """The prefix for patches of a driver; `files` are those that change, `subjects` their history.
    """
    built = owners(root, files)
    used = history_prefix(path, subjects, [*files, *sorted(built)])
    if used:
        return Prefix(used, Source.HISTORY)
    row = known(built)
    if row is not None:
        return Prefix(row.prefix, Source.CHANGELOG)
    return Prefix(folder_prefix(path, root, files), Source.GUESS)


def shared(prefixes: Sequence[str]) -> str:
    """The prefix of what all of some are for: of `net: a` and `net: b` it is `net`."""
    parts = [one.split(": ") for one in prefixes]
    same = []
    for words_ in zip(*parts, strict=False):
        if len(set(words_)) > 1:
            break
        same.append(words_[0])
    return ": ".join(same) or "net"


_IN_TITLE = re.compile(r"\(([A-Za-z][\w-]+)\)")


def _words(path: str) -> list[str]:
    parts = [part for part in PurePosixPath(path).parts if part not in ("drivers", "net")]
    name = PurePosixPath(path)
    return [PurePosixPath(part).stem if name.suffix in (".c", ".h") else part for part in parts]


def _module(path: str, root: Path, files: Sequence[str]) -> str:
    """What people call the driver: its folder, or its module where the folder is a vendor's."""
    pure = PurePosixPath(path)
    if pure.suffix in (".c", ".h"):
        return pure.stem
    if len(pure.parts) == 4 and pure.parts[:3] == ("drivers", "net", "ethernet"):
        stems = sorted({PurePosixPath(file).stem for file in files if file.endswith(".c")})
        built = owners(root, files)
        if len(built) == 1:
            return next(iter(built))
        if stems:
            shared = _common(stems).rstrip("_-")
            return shared if len(shared) > 2 else pure.name
    return pure.name or root.name


def _common(words: Sequence[str]) -> str:
    """The beginning that sorted words share."""
    length = 0
    for one, other in zip(words[0], words[-1], strict=False):
        if one != other:
            break
        length += 1
    return words[0][:length]


def _entries(root: Path) -> Iterator[tuple[str, list[str]]]:
    """Title and file patterns of each entry of MAINTAINERS."""
    text = (plain.optional(root / "MAINTAINERS") or b"").decode("utf-8", "replace")
    for entry in re.split(r"\n\s*\n", text):
        lines = entry.strip().splitlines()
        patterns = [line[2:].strip() for line in lines if line.startswith("F:")]
        if patterns and lines[0][1:2] != ":":
            yield lines[0], patterns


def _covers(pattern: str, file: str) -> bool:
    if pattern.endswith("/"):
        return file.startswith(pattern)
    return fnmatch.fnmatchcase(file, pattern) and pattern.count("/") == file.count("/")


def maintained_name(path: str, root: Path, files: Sequence[str]) -> str:
    """The name that MAINTAINERS gives in brackets to the driver of most `files`; "" for none.

    `DRIVER TITLE (name)` counts only where `name` belongs to the folder or to a file of it.
    """
    entries = list(_entries(root))
    names: Counter[str] = Counter()
    for file in files:
        best = max(((len(pattern), title) for title, patterns in entries
                    for pattern in patterns if _covers(pattern, file)), default=(0, ""))
        for name in _IN_TITLE.findall(best[1]):
            beside = {PurePosixPath(path).name, PurePosixPath(file).stem}
            if any(len(one) > 2 and (one in name or name in one) for one in beside):
                names[name] += 1
    return names.most_common(1)[0][0] if names else ""


def folder_prefix(path: str, root: Path, files: Sequence[str] = ()) -> str:
    """The subject prefix that a driver's place in the tree suggests, without the final colon.

    `files` are those that change; they tell the drivers of a vendor's folder apart.
    """
    sources = [file for file in files if file.endswith(".c")] or list(files)
    name = maintained_name(path, root, sources) or _module(path, root, files)
    if path.startswith("drivers/net/wireless/"):
        return f"wifi: {name}"
    return f"net: {name}" if path.startswith("drivers/net/") else name


def history_prefix(path: str, subjects: Iterable[str], files: Sequence[str] = ()) -> str:
    """The prefix most used in `subjects` (newest first) that names the driver; "" if none does.

    Tree-wide changes touch every driver, so a prefix counts only if its last word is one of the
    path's, or of one of `files` or modules, or begins or ends alike, and only if it was used
    twice.
    """
    named = {_plain(word) for one in (path, *files) for word in _words(one)} - {"ethernet", ""}
    counts: Counter[str] = Counter()
    for prefix in filter(None, map(prefix_of, subjects)):
        last = _plain(words(prefix)[-1])
        if any(_alike(word, last) for word in named):
            counts[prefix] += 1
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] > 1 else ""


def _plain(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def _alike(one: str, other: str) -> bool:
    short, long = sorted((one, other), key=len)
    return short == long or (len(short) > 2 and (long.startswith(short) or long.endswith(short)))
