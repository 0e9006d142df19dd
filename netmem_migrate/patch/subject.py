# SPDX-License-Identifier: GPL-2.0-only
"""Subject prefixes and summary phrases.

The prefix is the one that a driver's history uses most; where there is none to ask, it follows
from MAINTAINERS, the Makefile and the folder, as Documentation/process/submitting-patches.rst
describes it.
"""

from __future__ import annotations

import fnmatch
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

from netmem_migrate.kernel.makefiles import modules

_PREFIX = re.compile(r"((?:[A-Za-z0-9_][\w.,/+-]*: ?)+)\S")
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
        owners = {owner for owner, objects in modules(root / path).items()
                  if {PurePosixPath(one).name for one in objects} & {*stems}}
        if len(owners) == 1:
            return owners.pop()
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
    try:
        text = (root / "MAINTAINERS").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return
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

    Tree-wide changes touch every driver, so a prefix counts only if it has a word of the path,
    or of one of `files`, and only if it was used twice.
    """
    words = {re.sub(r"[^a-z0-9]", "", word.lower())
             for one in (path, *files) for word in _words(one)} - {"ethernet", ""}
    counts: Counter[str] = Counter()
    for subject in subjects:
        match = _PREFIX.match(subject)
        if match is None or subject.startswith(("Merge", "Revert")):
            continue
        prefix = match[1].rstrip(" :")
        last = re.sub(r"[^a-z0-9]", "", re.split(r"[:/] ?", prefix)[-1].lower())
        if any(word in last or (len(last) > 2 and last in word) for word in words):
            counts[prefix] += 1
    best = counts.most_common(1)
    return best[0][0] if best and best[0][1] > 1 else ""


def subjects(prefixes: Sequence[str], paths: Sequence[str]) -> list[str]:
    """The summary phrase of each driver's conversion; no two are the same."""
    shared = Counter(prefixes)
    return [
        f"{prefix}: convert Rx buffers "
        + (f"of {PurePosixPath(path).name} " if shared[prefix] > 1 else "")
        + "to netmem"
        for prefix, path in zip(prefixes, paths, strict=True)
    ]


def unique(titles: Sequence[str], paths: Sequence[str]) -> list[str]:
    """Summary phrases of a series: of those that are the same, all name their driver."""
    count = Counter(titles)
    named = [title if count[title] == 1 else f"{title} in {PurePosixPath(path).name}"
             for title, path in zip(titles, paths, strict=True)]
    seen: Counter[str] = Counter()
    result = []
    for name in named:
        seen[name] += 1
        result.append(name if seen[name] == 1 else f"{name}, part {seen[name]}")
    return result
