# SPDX-License-Identifier: GPL-2.0-only
"""Summary phrases of the patches of a series."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath


def subjects(prefixes: Sequence[str], paths: Sequence[str], what: Sequence[str]) -> list[str]:
    """The summary phrase of each driver's conversion, of which `what` is converted; no two are
    the same."""
    shared = Counter(prefixes)
    return [
        f"{prefix}: convert {memory} "
        + (f"of {PurePosixPath(path).name} " if shared[prefix] > 1 else "")
        + "to netmem"
        for prefix, path, memory in zip(prefixes, paths, what, strict=True)
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
