# SPDX-License-Identifier: GPL-2.0-only
"""What a patch file holds that no compiler sees: modes of files, and text that git drops.

git takes the hunks of a file by their counts. What stands behind them is no part of the change,
however much it looks like one.
"""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from pathlib import Path

from netmem_migrate.files import plain
from netmem_migrate.verify.proof import ObjectProof
from netmem_migrate.verify.said import Said, Status

_FILE = re.compile(rb"diff --git \S+ (?:b/)?(\S+)")
_NAMED = re.compile(rb"\+\+\+ (?:b/)?([^\t\r\n]+)")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")
_MODE = re.compile(rb"(old|new) mode (\d+)")
_SIGNATURE = re.compile(rb"-- ?\r?$")
_SHOWN = 60


def unjudged(patch: Path) -> tuple[ObjectProof, ...]:
    """One proof that is none for each file whose mode changes, and for text that git drops."""
    modes: dict[str, list[str]] = {}
    dropped: list[str] = []
    for number, path, line in _outside(_text(plain.read(patch))):
        mode = _MODE.match(line)
        if mode is not None and path:
            modes.setdefault(path, []).append(mode[2].decode())
        elif mode is None:
            shown = line.decode("utf-8", "replace").strip()[:_SHOWN]
            dropped.append(f"line {number}: no part of a hunk, git drops it: {shown}")
    found: list[tuple[str, tuple[str, ...]]] = [
        (path, (f"mode {' -> '.join(both)}: no compiler sees the mode of a file",))
        for path, both in modes.items()]
    found += [(patch.name, tuple(dropped))] if dropped else []
    return tuple(ObjectProof(name, said, said, said) for name, why in found
                 for said in (Said(Status.NOT_BUILT, why),))


def _text(raw: bytes) -> bytes:
    """The mail as git decodes it."""
    try:
        mail = email.message_from_bytes(raw)
    except RecursionError:  # mails in one another; git takes no patch of that
        return raw
    if mail.is_multipart() or mail.get("Content-Transfer-Encoding", "").lower() in (
            "quoted-printable", "base64"):
        return b"\n".join(
            text for one in mail.walk() if isinstance(text := one.get_payload(decode=True), bytes))
    return raw


def _outside(text: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Lines below the first file that are no hunk's and look like it, and those of modes.

    With their number, and the file that they belong to.
    """
    path, old, new = "", 0, 0
    for number, line in enumerate(text.split(b"\n"), 1):
        if old > 0 or new > 0:
            old -= line[:1] in (b"-", b" ", b"", b"\r")
            new -= line[:1] in (b"+", b" ", b"", b"\r")
        elif match := _FILE.match(line) or _NAMED.match(line):
            path = match[1].decode("utf-8", "replace")
        elif match := _HUNK.match(line):
            old, new = (int(one) if one is not None else 1 for one in match.groups())
        elif _MODE.match(line) or (path and line[:1] in (b"+", b"-") and not (
                line.startswith(b"--- ") or _SIGNATURE.match(line))):
            yield number, path, line
