# SPDX-License-Identifier: GPL-2.0-only
"""Does a driver let its pools hold memory that the CPU cannot read? Asked here, and nowhere else.

What counts is the code: a comment or a string that names the flag sets nothing, nor does a test
of it, or what clears it; a macro that stands for it does.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from netmem_migrate.model.spelled import UNREADABLE

# In `flags` of struct page_pool_params (Documentation/networking/netmem.rst).
FLAG = UNREADABLE.encode()
# What stands before a flag that is tested, or cleared.
_TESTED = re.compile(rb"(?<!&)&=?[\s(~]*\Z")
_BEFORE = 80
_NO_CODE = re.compile(
    rb"""/\*.*?(?:\*/|\Z)|//(?:\\\r?\n|[^\n])*+|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)++'""",
    re.DOTALL)


def allows_unreadable(sources: Iterable[bytes]) -> bool:
    """Whether the code of any of these texts sets the flag."""
    return any(not _TESTED.search(source, max(0, at - _BEFORE), at)
               for source in sources for at in flags(source))


def flags(source: bytes) -> list[int]:
    """The offsets at which the code of a text names the flag."""
    return named(source, FLAG)


def named(source: bytes, word: bytes) -> list[int]:
    """The offsets at which the code of a text, macros too, has a word."""
    if word not in source:
        return []
    code = _NO_CODE.sub(lambda match: b" " * len(match.group()), source)
    return [match.start() for match in re.finditer(rb"\b" + word + rb"\b", code)]
