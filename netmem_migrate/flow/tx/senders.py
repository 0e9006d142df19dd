# SPDX-License-Identifier: GPL-2.0-only
"""The modules of a driver by which packets are sent, each with all that it calls in its folder.

Unlike those of flow/judge/unit.py, they need not create a pool.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Set
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import exported
from netmem_migrate.c.words import CALL
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.judge.unit import Unit, library
from netmem_migrate.kernel.makefiles import of_driver
from netmem_migrate.model import tx

_SENDS = re.compile(rb"\b(?:" + b"|".join(tx.SENDS) + rb"|" + tx.SENDS_TYPE.encode() + rb")\b")


def senders(analysis: Analysis) -> list[Unit]:
    """One for each module that has what the stack calls to send a packet."""
    driver = analysis.driver
    sources = {file: analysis.sources[file] for file in driver.files if file in analysis.sources}
    sending = [file for file, text in sources.items()
               if file.endswith(".c") and _SENDS.search(code_of(text))]
    found: dict[tuple[str, ...], None] = {}
    for file in sending:
        mine = of_driver(driver.root, sources, [file])
        found.setdefault(tuple(_joined(driver.root, sources, mine)))
    wider = [one for one in found if not any(set(one) < set(other) for other in found)]
    return [Unit(analysis, files, _lent(analysis, {one: sources[one] for one in files}))
            for files in wider]


def _joined(root: Path, sources: Mapping[str, bytes], mine: tuple[str, ...]) -> list[str]:
    """The files of a module, and of those in the folder that it calls; those, too, that call any of
    them and send nothing by themselves."""
    calls = {file: frozenset(CALL.findall(text)) for file, text in sources.items()
             if file.endswith(".c")}
    gives = {file: frozenset(exported(sources[file])) for file in calls}
    sends = {file for file in calls if _SENDS.search(code_of(sources[file]))}
    known = dict.fromkeys(mine)
    while True:
        called = frozenset().union(*(calls.get(file, frozenset()) for file in known))
        more = [file for file in calls if file not in known and gives[file] & called]
        if not more:
            break
        known.update((one, None) for file in more for one in _around(root, sources, file, sends))
    given = frozenset().union(*(gives.get(file, frozenset()) for file in known))
    known.update((one, None) for file in calls
                 if file not in known and file not in sends and calls[file] & given
                 for one in _around(root, sources, file, sends))
    return list(known)


def _around(root: Path, sources: Mapping[str, bytes], file: str,
            sends: Set[str]) -> tuple[str, ...]:
    """The files of the module that one is of; where that sends by itself, no more than that one."""
    files = of_driver(root, sources, [file])
    return (file, *(one for one in files if one.endswith(".h"))) if sends & set(files) else files


def _lent(analysis: Analysis, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """The texts of a library of another folder that a module calls."""
    if not analysis.driver.path.startswith("drivers/"):
        return {}
    found = library(analysis.driver, sources)
    return {} if found.keys() & set(analysis.driver.files) else found
