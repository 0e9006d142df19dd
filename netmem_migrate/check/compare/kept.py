# SPDX-License-Identifier: GPL-2.0-only
"""A patch that keeps pages beside their addresses, and does nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from netmem_migrate.c.beside import beside
from netmem_migrate.check.registry import rule
from netmem_migrate.model.addresses import ASKS, FINDS, READS
from netmem_migrate.results import FileChange, Finding


def kept_beside(changes: Sequence[FileChange]) -> Finding | None:
    """What is said of such a patch, once for all of it; None of any other."""
    kept = beside({one.path: one.parsed_before for one in changes},
                  {one.path: one.parsed_after for one in changes}, ASKS, FINDS, READS)
    if kept is None:
        return None
    path, node = kept.declared
    declared = rule("same-ways")
    return Finding(path, int(node.start_point[0]) + 1, 1, declared.id, declared.severity.value, "",
                   f"{kept.member} keeps the page of {kept.address}: set with it, and read where "
                   f"{kept.finds}() found it", declared.why)
