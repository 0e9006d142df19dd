# SPDX-License-Identifier: GPL-2.0-only
"""Kernel releases, "X.Y" as text: which is newer, and what of the model a release has."""

from __future__ import annotations

import re

_RELEASE = re.compile(r"v?(\d+\.\d+)(?:\.\d+)?")


def number(release: str) -> tuple[int, ...]:
    """A release for comparing: "6.12" is newer than "6.9"."""
    return tuple(int(part) for part in release.split("."))


def release_of(text: str) -> str | None:
    """The release that "6.12", "v6.12" or "6.12.3" names, or None."""
    found = _RELEASE.fullmatch(text)
    return found[1] if found else None


def present(since: str, until: str, release: str) -> bool:
    """Does a release between `since` (included) and `until` (excluded) lie there?"""
    now = number(release)
    return (not since or number(since) <= now) and (not until or now < number(until))


def declared(now: str, earlier: tuple[tuple[str, str], ...], release: str) -> str:
    """The declaration that a release has, of the one of today and the earlier ones."""
    for last, text in earlier:
        if number(release) <= number(last):
            return text
    return now
