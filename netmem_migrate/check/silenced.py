# SPDX-License-Identifier: GPL-2.0-only
"""Findings that a person has answered: in the source, with a reason, or in a baseline.

A comment on the line of a finding, or on the line above it, that says

    netmem-migrate: ignore ID: why it is right

takes that finding out. Without a reason it takes none. A baseline is what `check --json` printed
before: as many findings of it as are found again, wherever their lines are now, are left out.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.results import Finding

_IGNORE = re.compile(rb"netmem-migrate:[ \t]*ignore[ \t]+([a-z, \t-]+):[ \t]*[^\s*/]")
_NUMBER = re.compile(r"\b(?:line )?\d+\b")
Key = tuple[str, str, str, str]


def unanswered(findings: Iterable[Finding], texts: Mapping[str, bytes]) -> Iterator[Finding]:
    """The findings that no comment answers; `texts` are those that the lines are of, by file."""
    lines: dict[str, list[bytes]] = {}
    for one in findings:
        if one.file not in lines:
            text = texts.get(one.file, b"")
            lines[one.file] = text.split(b"\n") if _IGNORE.search(text) else []
        near = lines[one.file][max(0, one.line - 2):one.line]
        if not any(one.id.encode() in re.split(rb"[ \t,]+", match[1])
                   for line in near for match in _IGNORE.finditer(line)):
            yield one


def baseline(path: Path) -> Counter[Key]:
    """What was found before. Raises InputError for a file that is no answer of `check --json`."""
    try:
        told = json.loads(plain.read(path))
        return Counter((one["id"], one["file"], one["function"], _text(one["message"]))
                       for one in told["findings"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise InputError(f"{path}: no baseline; `check --json` writes one") from error


def new(findings: Iterable[Finding], known: Counter[Key]) -> Iterator[Finding]:
    """The findings that a baseline has not, or not as often."""
    left = known.copy()
    for one in findings:
        key = (one.id, one.file, one.function, _text(one.message))
        left[key] -= 1
        if left[key] < 0:
            yield one


def _text(message: str) -> str:
    """A message without numbers: lines move."""
    return _NUMBER.sub("", message)
