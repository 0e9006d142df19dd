# SPDX-License-Identifier: GPL-2.0-only
"""The headers under include/ that an include line brings along.

Neither those of an architecture nor generated ones: what a driver's text is must not hang on a
configuration. (Who includes a header is kernel/includes.py's.)
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from netmem_migrate.c.words import INCLUDE
from netmem_migrate.files import plain

FOLDERS = ("include", "include/uapi")
_LEFT = re.compile(r"(?:^|/)(?:asm[^/]*|generated)/")
_DEFINE = re.compile(rb"#[ \t]*+define[ \t]++([A-Za-z_]\w*+)")


@dataclass(frozen=True, slots=True)
class Header:
    """A header's text, the names that it may define, and its include lines: quoted or not, name."""

    text: bytes
    defines: frozenset[bytes]
    includes: tuple[tuple[bool, str], ...]


@lru_cache(maxsize=1 << 13)
def header(root: Path, path: str) -> Header:
    """The header at a path below the root of a tree; read once."""
    text = plain.read(root / path)
    return Header(text, frozenset(_DEFINE.findall(text)), tuple(
        (mark == b'"', os.fsdecode(name)) for mark, name in INCLUDE.findall(text)))


def reached(root: Path, include: str) -> Iterator[str]:
    """The paths of the headers that `include`, as a line spells it, brings along, itself first."""
    seen: set[str] = set()
    queue = [include]
    while queue:
        name = queue.pop()
        path = next((one for folder in FOLDERS
                     if not _LEFT.search(one := os.path.normpath(f"{folder}/{name}"))
                     and plain.is_plain(root / one)), None)
        if path is None or path in seen:
            continue
        seen.add(path)
        yield path
        for quoted, other in header(root, path).includes:
            beside = os.path.normpath(f"{path.rpartition('/')[0]}/{other}")
            queue.append(beside.partition("/")[2] if quoted and plain.is_plain(root / beside)
                         else other)
