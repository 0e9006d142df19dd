# SPDX-License-Identifier: GPL-2.0-only
"""Whether a driver, or what it calls elsewhere, may sync for the CPU what a device wrote.

By words, and cautiously: what looks like a sync is one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.words import CALL, WORD, include_lines
from netmem_migrate.files import plain
from netmem_migrate.kernel.search import search
from netmem_migrate.model.kernel_calls import traits
from netmem_migrate.model.spelled import TO_DEVICE

_ENDS = re.compile(rb"\b\w*(?:_for_cpu|dma_unmap|pci_unmap_(?:single|page|sg))\w*\s*\(")
"""What may sync for the CPU, by what the kernel calls such functions."""
_NOTES = re.compile(rb"dma_unmap_(?:addr|len)")
_MACRO = re.compile(rb"^[ \t]*#[ \t]*define[ \t]+(\w+)\(", re.MULTILINE)
_HEAD = re.compile(rb"^[A-Za-z_][^;{}()#\n]*\b(\w+)\s*\([^;{}]*\)\s*\{", re.MULTILINE)

_LINE = re.compile(rb"(?<!\\)\n")
_CLOSE = re.compile(rb"^\}", re.MULTILINE)


def may_sync(text: bytes) -> bool:
    """Whether a text syncs or unmaps what a device wrote."""
    if _ENDS.search(text) is None:
        return False
    code = without_comments(text)
    for one in _ENDS.finditer(code):
        if _NOTES.search(one[0]):
            continue
        end = code.find(b";", one.end())
        if TO_DEVICE.encode() not in WORD.findall(code, one.end(), max(end, one.end())):
            return True
    return False


def is_synced_beside(originals: Mapping[str, bytes], root: Path) -> bool:
    """Whether what a driver calls, and does not define, may sync: other files of its folders,
    headers that it includes, and what exports it. Files are relative to `root`."""
    code = [without_comments(text) for text in originals.values()]
    own = {name for text in code for name in _defined(text)}
    names = {name for text in code for name in CALL.findall(text)
             if name not in own and not traits(name.decode("latin-1"))}
    return any(map(may_sync, _beside(originals, root, names))) or any(
        _is_synced_in(plain.optional(root / "include" / one) or b"", names)
        for one in _headers(originals))


def _headers(originals: Mapping[str, bytes]) -> list[str]:
    """The headers below include/ that some files include."""
    names = {name.decode("latin-1") for text in originals.values()
             for mark, name in include_lines(text) if mark == b"<"}
    return sorted(one for one in names if not one.startswith("/") and ".." not in one.split("/"))


def _defined(code: bytes) -> Iterator[bytes]:
    """The functions and macros that a text defines."""
    yield from _MACRO.findall(code)
    yield from _HEAD.findall(code)


def _is_synced_in(header: bytes, names: Set[bytes]) -> bool:
    """Whether functions or macros of a header may sync, or what they call there."""
    if _ENDS.search(header) is None:
        return False
    code = without_comments(header)
    bodies: dict[bytes, bytes] = {}
    for found, end in ((_MACRO, _LINE), (_HEAD, _CLOSE)):
        for one in found.finditer(code):
            last = end.search(code, one.end())
            bodies[one[1]] = code[one.end():last.end() if last is not None else len(code)]
    left = list(names & bodies.keys())
    done = set(left)
    for name in left:
        if may_sync(bodies[name]):
            return True
        further = (set(CALL.findall(bodies[name])) & bodies.keys()) - done
        done |= further
        left += further
    return False


def _beside(originals: Mapping[str, bytes], root: Path, names: Set[bytes]) -> Iterator[bytes]:
    for folder in sorted({(root / one).parent for one in originals}):
        for path in plain.matching(folder, "*.[ch]"):
            if path.relative_to(root).as_posix() in originals:
                continue
            text = plain.optional(path) or b""
            if not names.isdisjoint(_defined(without_comments(text))):
                yield text
    for path in _exporting(root, names):
        yield plain.read(path)
        # Its users have the rest of it from there.
        yield from (plain.optional(one) or b"" for one in plain.matching(path.parent, "*.h"))


def _exporting(root: Path, names: Set[bytes]) -> Iterator[Path]:
    """The sources of other drivers that export some functions."""
    if not plain.is_folder(root / "drivers") or not names:
        return
    pattern = "EXPORT_SYMBOL[A-Z_]*[(](" + "|".join(map(os.fsdecode, sorted(names))) + ")[,)]"
    found = search(root, pattern, ["drivers"], "-lZE", "--include=*.c", whole=False) or b""
    yield from (root / os.fsdecode(one) for one in sorted(found.split(b"\0")) if one)
