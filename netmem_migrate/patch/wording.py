# SPDX-License-Identifier: GPL-2.0-only
"""All the words of a series: the message of each patch, and the cover letter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from netmem_migrate.patch import cover, message, subject
from netmem_migrate.patch.plan import Plan
from netmem_migrate.patch.prefix import Prefix
from netmem_migrate.results import Run


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the words depend on beside the change itself.

    `proven` is by key of the steps, and under "" for the series; `trailer` the Assisted-by line;
    `signature` a name and address to sign off with; `earlier` the version of an earlier series, 0
    for none; `letter` None means a cover letter for more than one patch.
    """

    proven: Mapping[str, str]
    trailer: str
    signature: str
    earlier: int
    letter: bool | None


@dataclass(frozen=True, slots=True)
class Words:
    """One message a patch, and subject and body of the cover letter if there is one.

    `notes` are for the mail alone, one a patch, "" for none.
    """

    messages: tuple[str, ...]
    notes: tuple[str, ...]
    letter: tuple[str, str] | None


def words(run: Run, plan: Plan, prefixes: Mapping[str, Prefix], wanted: Wanted) -> Words:
    """The words of one series; `prefixes` are the subject prefixes by key of the steps."""
    keys = [step.key for step in plan.steps]
    titles = subject.subjects([prefixes[key].text for key in keys], keys)
    bodies = []
    for step, key in zip(plan.steps, keys, strict=True):
        provenance = message.Provenance(
            message.repeat_command([step.migration.report.path], step.migration.arguments),
            wanted.proven.get(key, ""),
            wanted.trailer, step.migration.unreadable)
        bodies.append(message.body(step.share, provenance, step.changes))
    messages = tuple(_whole(title, body, wanted)
                     for title, body in zip(subject.unique(titles, keys), bodies, strict=True))
    letter = len(messages) > 1 if wanted.letter is None else wanted.letter
    notes = tuple(message.fill(prefixes[key].note) for key in keys)
    return Words(messages, notes, _letter(run, plan, prefixes, wanted) if letter else None)


def _whole(title: str, body: str, wanted: Wanted) -> str:
    if not wanted.signature:
        return f"{title}\n\n{body}"
    gap = "" if wanted.trailer else "\n"
    return f"{title}\n\n{body}{gap}Signed-off-by: {wanted.signature}\n"


def _letter(run: Run, plan: Plan, prefixes: Mapping[str, Prefix],
            wanted: Wanted) -> tuple[str, str]:
    count = Counter(step.migration.report.path for step in plan.steps)
    parts = []
    for driver in plan.drivers:
        path = driver.report.path
        if count[path] or driver.report.refusals:
            mine = {prefixes[step.key] for step in plan.steps if step.migration is driver}
            name = mine.pop().name if len(mine) == 1 else path.rpartition("/")[2]
            inside = sum(step.migration is driver and bool(step.part) for step in plan.steps)
            parts.append(cover.Part(driver, name, count[path], inside))
    changed = [driver.report.path for driver in plan.drivers if count[driver.report.path]]
    options = dict.fromkeys(one for step in plan.steps for one in step.migration.arguments)
    more = ["--together"] if len(changed) > 1 else []
    provenance = message.Provenance(
        message.repeat_command(changed, [*options, *more]), wanted.proven.get("", ""),
        unreadable=any(driver.unreadable for driver in plan.drivers))
    used = list(dict.fromkeys(prefixes[step.key].text for step in plan.steps))
    return cover.cover(parts, used, provenance, earlier=wanted.earlier)
