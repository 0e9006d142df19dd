# SPDX-License-Identifier: GPL-2.0-only
"""Subjects of commits: their prefixes, and the upstream subjects that a changelog lists.

Debian's changelog of the kernel has an item for each point release, and below it the subject of
each commit in that, with the architecture that it is for in front and CVE numbers behind.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain

_PREFIX = re.compile(r"((?:[A-Za-z0-9_][\w.,/+-]*: ?)+)\S")
_NO_CHANGE = ("Merge", "Revert", "Reapply")
_BEFORE = re.compile(r"^\[[\w ,!-]+\] ")
_BEHIND = re.compile(r"(?: \((?:CVE-|Closes: )[^)]*\))+$")


def prefix_of(subject: str) -> str:
    """`net: demo` of "net: demo: fix it"; "" of a merge, a revert, and where there is none."""
    match = _PREFIX.match(subject)
    return "" if match is None or subject.startswith(_NO_CHANGE) else match[1].rstrip(" :")


def folded(name: str) -> str:
    """A name without what people write now so, now so: `-` and `_`, capitals."""
    return name.lower().replace("-", "_")


def words(prefix: str) -> list[str]:
    """The words of a prefix, folded, in order."""
    return [folded(word) for word in re.split(r"[:/,\s]+", prefix) if word]


def read(changelog: Path) -> str:
    """A changelog, plain or packed by gzip. Raises InputError where it cannot be read."""
    try:
        data = plain.read(changelog)
        text = gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data
    except (InputError, OSError, EOFError, zlib.error) as error:
        why = str(error).removeprefix(f"{changelog}: ")
        raise InputError(f"{changelog}: {why}; give a changelog of Debian's kernel") from error
    return text.decode("utf-8", "replace")


def upstream(text: str) -> list[str]:
    """The subjects of upstream's commits in a changelog, in its order, which is newest first."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        if line.startswith("  * ") or line[:1].strip():
            inside = line.startswith("  * New upstream ")
        elif inside and line.startswith("    - "):
            found.append(line[6:])
        elif inside and line.startswith("      ") and found:
            found[-1] += " " + line.strip()
    return [_BEHIND.sub("", _BEFORE.sub("", one)) for one in found]


def counted(changelogs: Iterable[str]) -> Counter[str]:
    """How many commits have each prefix; one that several changelogs list is one."""
    subjects = dict.fromkeys(one for text in changelogs for one in upstream(text))
    return Counter(filter(None, map(prefix_of, subjects)))
