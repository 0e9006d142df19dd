# SPDX-License-Identifier: GPL-2.0-only
"""Write what findings with one answer say into the sources that they are of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from netmem_migrate.results import FileChange, Finding, Mend


def mended(findings: Iterable[Finding],
           texts: Mapping[str, bytes]) -> tuple[list[FileChange], list[Finding]]:
    """The files with those answers written, and the findings that had one.

    Where two are for the same bytes, the first is written; the other is found again.
    """
    wanted: dict[str, dict[Mend, list[Finding]]] = {}
    for one in findings:
        if one.mend is not None and one.file in texts:
            wanted.setdefault(one.file, {}).setdefault(one.mend, []).append(one)
    changes: list[FileChange] = []
    done: list[Finding] = []
    for file, mends in wanted.items():
        before = texts[file]
        parts, at = [], 0
        for mend in sorted(mends):
            if mend.start < at:
                continue
            parts += [before[at:mend.start], mend.text]
            at = mend.end
            done += mends[mend]
        changes.append(FileChange(file, before, b"".join([*parts, before[at:]])))
    return changes, done
