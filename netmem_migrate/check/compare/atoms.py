# SPDX-License-Identifier: GPL-2.0-only
"""Texts of values (netmem_migrate/check/compare/valued.py), and what stands for one alone."""

from __future__ import annotations

import errno
import re

ERRORS = "|".join(errno.errorcode.values())
# An int, whatever it is written with.
INT = re.compile(rf"-?(?:{ERRORS})|-?\d{{1,9}}")
_ONE = re.compile(r"\w+")


def atom(text: str) -> str:
    """A text that stands for one value, whatever stands around it."""
    return text if is_atom(text) or INT.fullmatch(text) else f"[{text}]"


def outside(text: str) -> str:
    """A text without what stands in brackets."""
    found, open_ = "", 0
    for one in text:
        open_ += one == "["
        found += one if not open_ else ""
        open_ -= one == "]"
    return found


def is_atom(text: str) -> bool:
    """Whether a text is one value: a word, or all of it in one pair of brackets."""
    if _ONE.fullmatch(text):
        return True
    if not text.startswith("["):
        return False
    open_ = 0
    for at, one in enumerate(text):
        open_ += (one == "[") - (one == "]")
        if not open_:
            return at == len(text) - 1
    return False
