# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that lets a pool sync for the device (docs/proof.md).

Less flags, max_len and offset of pools, sizes of puts, and syncs for the device, both texts are the
same, token by token (flow/flags/text.py). What is left to show is that no access of bytes that are
not synced comes with the patch: what each text says of the pool and of the driver's calls is played
on the model in all orders (model/runtime/orders.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.flow.flags.judged import Judged, judged
from netmem_migrate.flow.flags.text import is_flagged
from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange
from netmem_migrate.verify.sides import followed, sides

ASSUMES = ("the CPU touches only what the driver synced for it, the hardware writes inside the "
           "memory, and nothing uses memory once it gave it back")


def flagged(changes: Mapping[str, FileChange]) -> bool:
    """Whether a patch changes nothing but that."""
    both = sides(changes, (".c",))
    return both is not None and is_flagged(*both)


def told(changes: Mapping[str, FileChange], root: Path, module: str) -> tuple[str, ...]:
    """What is wrong with such a patch, with the place; () for nothing."""
    path = next(path for path, one in changes.items() if one.before != one.after)
    try:
        before, after = (followed(root, path, {name: text(one) for name, one in changes.items()},
                                  module) for text in (_before, _after))
    except InputError as error:
        return (str(error),)
    found: Judged = judged(before, after)
    if isinstance(found.odd, Reason):
        return (wording.undone(found.odd),)
    return (found.odd,) if found.odd else ()


def _before(change: FileChange) -> bytes:
    return change.before


def _after(change: FileChange) -> bytes:
    return change.after
