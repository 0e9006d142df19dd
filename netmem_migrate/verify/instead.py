# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that keeps a page where a record kept its address (docs/proof.md).

The text with each use of the page spelled as that of the address again is the text before, token by
token (flow/instead.py). What is left to show is that all uses are among those: the compiler is
given the record with the member under a name that nobody uses, so that each use is an error, and
what it lists is held against what the parser does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from netmem_migrate.flow import instead as text
from netmem_migrate.flow.instead import Instead
from netmem_migrate.results import FileChange
from netmem_migrate.verify.member import Line
from netmem_migrate.verify.sides import sides


def instead(changes: Mapping[str, FileChange]) -> Instead | None:
    """What a patch keeps so; None where it does anything else."""
    both = sides(changes)
    return text.instead(*both) if both is not None else None


def faults(found: Instead, source: str, listed: Counter[Line]) -> tuple[str, ...]:
    """What the list of the compiler for one object, and that of the parser, do not agree on."""
    # A macro may say an argument several times. One of another file says no name that is new.
    known = Counter((one.path, one.line) for one in found.uses)
    here = {place for place, number in known.items()
            if place[0] == source and listed[place] < number}
    return tuple(f"{path}:{line}: {found.member} is used here for one of compiler and parser only"
                 for path, line in sorted({*(listed.keys() - known), *here}))
