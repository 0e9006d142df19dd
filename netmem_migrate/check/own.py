# SPDX-License-Identifier: GPL-2.0-only
"""What is known of the driver that one patch converts, by its own files.

A vendor's folder holds several drivers: what is said of one counts nothing of the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from netmem_migrate.check.rules.unreadable_address import RULE
from netmem_migrate.check.sources import check_sources
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.unreadable import allows_unreadable
from netmem_migrate.kernel.makefiles import of_driver
from netmem_migrate.results import FileChange, Own, PoolReport


def own(analysis: Analysis, changes: Sequence[FileChange], pools: Sequence[PoolReport],
        api: str) -> Own:
    """The driver that `changes` are of; `pools` are those of the whole folder, as judged."""
    from netmem_migrate.flow.judge.verdict import worst

    files = of_driver(analysis.driver.root, analysis.sources, [one.path for one in changes])
    # As if the memory were unreadable: what relies on it that it is not.
    found = check_sources({one.path: one.parsed_after for one in changes}, api=api,
                          unreadable=True, only=(RULE.id,))
    return Own(files, worst(pools, files),
               tuple(dict.fromkeys(one.function for one in found)),
               allows_unreadable(analysis.sources[file] for file in files))
