# SPDX-License-Identifier: GPL-2.0-only
"""Which argument of a function of the API is which, by the names in its prototype."""

from __future__ import annotations

import re
from functools import lru_cache

from netmem_migrate.model.functions import BY_NAME

_NAME = re.compile(r"(\w+)\s*(?:\[\])?$")


@lru_cache(maxsize=1024)
def parameters(function: str) -> tuple[str, ...]:
    """The names of what a function takes, "" for one without; () for one that nobody knows."""
    known = BY_NAME.get(function)
    if known is None:
        return ()
    inside = known.prototype[known.prototype.index("(") + 1:known.prototype.rindex(")")]
    return tuple(found[1] if (found := _NAME.search(one.strip())) else ""
                 for one in inside.split(","))


def place_of(function: bytes, parameter: str) -> int | None:
    """The index of the argument that a parameter of a name gets, None where there is none."""
    names = parameters(function.decode("latin-1"))
    return names.index(parameter) if parameter in names else None
