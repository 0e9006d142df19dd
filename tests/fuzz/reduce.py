# SPDX-License-Identifier: GPL-2.0-only
"""Make a failing input small: take away lines, then bytes, as long as it still fails."""

from __future__ import annotations

from collections.abc import Callable


def smaller(text: bytes, fails: Callable[[bytes], bool], tries: int = 400) -> bytes:
    """The smallest text found in so many tries that still fails."""
    left = [tries]

    def attempt(one: bytes) -> bool:
        left[0] -= 1
        return left[0] >= 0 and fails(one)

    lines = _thinned(text.splitlines(keepends=True), attempt)
    text = b"".join(lines)
    if len(text) > 4096:
        return text
    return b"".join(_thinned([text[at:at + 1] for at in range(len(text))], attempt))


def _thinned(parts: list[bytes], attempt: Callable[[bytes], bool]) -> list[bytes]:
    size = max(1, len(parts) // 2)
    while parts:
        at, shrunk = 0, False
        while at < len(parts):
            fewer = parts[:at] + parts[at + size:]
            if attempt(b"".join(fewer)):
                parts, shrunk = fewer, True
            else:
                at += size
        if size == 1 and not shrunk:
            break
        if not shrunk:
            size = max(1, size // 2)
    return parts
