# SPDX-License-Identifier: GPL-2.0-only
"""The cover letter: what the series does to each driver, why, and what it leaves to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from netmem_migrate.model.spelled import REF
from netmem_migrate.patch import message
from netmem_migrate.patch.prefix import shared
from netmem_migrate.report import wording
from netmem_migrate.results import Action, Migration

_TITLE_COLUMNS = 70
_MAX_REFUSED = 20


@dataclass(frozen=True, slots=True)
class Part:
    """A driver of the series: its report, the name that its subjects use, how many patches.

    `inside` counts the drivers of a folder of several, 0 where it is one.
    """

    migration: Migration
    name: str
    patches: int
    inside: int = 0


def cover(
    parts: Sequence[Part], prefixes: Sequence[str], provenance: message.Provenance, *,
    earlier: int = 0,
) -> tuple[str, str]:
    """Subject and body; `prefixes` are those of the patches' subjects, each once.

    `earlier` is the version that a range-diff below is against, 0 for none.
    """
    changed = [part for part in parts if part.patches]
    title = _title(prefixes, [part.name for part in changed])
    blocks = [
        message.fill(_what(changed)),
        message.fill(
            "Why: the Rx paths no longer assume what kind of memory their pool hands out. No "
            "driver gains a feature by this series. What `netmem-migrate scan` finds:"
        ) + "\n" + "\n".join(_why(changed)),
        _table(parts),
    ]
    refused = [
        f"{part.name}: {item.file}:{item.line}: {item.slot}: {wording.refusal(item)}"
        for part in parts
        for item in part.migration.report.refusals
    ]
    if refused:
        blocks.append("\n".join(["Not converted, left for a person:", *_listed(refused)]))
    lacking = sorted({name for part in parts
                      for name in message.missing_helpers(part.migration.report)})
    if lacking:
        blocks.append("\n".join([
            message.fill("The base lacks these helpers. Each has to be added by a core patch of "
                         "its own, before this series:"),
            *(f"  {name}()" for name in lacking),
        ]))
    blocks.append(message.fill(message.neutral(provenance)))
    blocks.append(message.fill(message.proof(provenance)))
    blocks.append(message.fill(message.tool([])) + "\n" + message.command_lines(provenance))
    if earlier:
        blocks.append(f"Changes since v{earlier}: see the range-diff below.")
    return title, message.safe("\n\n".join(blocks) + "\n")


def _title(prefixes: Sequence[str], names: Sequence[str]) -> str:
    prefix = shared(prefixes)
    if len(prefixes) == 1 and len(names) == 1:
        return f"{prefix}: convert Rx buffers to netmem"
    shown = f"{', '.join(names[:-1])} and {names[-1]}" if len(names) > 1 else names[0]
    title = f"{prefix}: convert Rx buffers of {shown} to netmem"
    if len(title) <= _TITLE_COLUMNS or len(names) == 1:
        return title
    return f"{prefix}: convert Rx buffers of {len(names)} drivers to netmem"


def _what(parts: Sequence[Part]) -> str:
    text = f"Take Rx buffers that come from a page_pool as {REF} instead of struct page"
    several = len(parts) > 1 or any(part.inside for part in parts)
    text += ", one driver a patch." if several else "."
    paths = [change.path for part in parts for change in part.migration.changes]
    if several and len(paths) == len(set(paths)):
        text += " The patches do not depend on each other."
    return text


def _why(parts: Sequence[Part]) -> list[str]:
    """The answer for each driver; drivers with the same answer share it."""
    said = [(message.header_split(part.migration.report)
             or "not asked about header split: take it as future-proofing only", part.name)
            for part in parts]
    lines = []
    for answer, group in groupby(sorted(said), key=lambda one: one[0]):
        names = ", ".join(name for _, name in group)
        lines.append(message.fill(f"{names}: {answer}", "  - ", "    "))
    return lines


def _listed(items: Sequence[str]) -> list[str]:
    shown = [message.fill(item, "  - ", "    ") for item in items[:_MAX_REFUSED]]
    if len(items) > _MAX_REFUSED:
        shown.append(f"  - {len(items) - _MAX_REFUSED} more")
    return shown


def _table(parts: Sequence[Part]) -> str:
    width = max(8, *(len(part.name) for part in parts))
    rows = [f"  {'driver':{width}}  declarations  converted  bridged  kept  refused"]
    for part in parts:
        report = part.migration.report
        count = Counter(site.action for site in report.sites)
        rows.append(
            f"  {part.name:{width}}  {len(report.declarations):12}  "
            f"{count[Action.CONVERTED] + count[Action.BRIDGED]:9}"
            f"  {len(report.bridges):7}  {count[Action.KEPT]:4}  {len(report.refusals):7}"
        )
    return "\n".join(rows)
