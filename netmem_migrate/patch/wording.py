# SPDX-License-Identifier: GPL-2.0-only
"""All the words of a series: the message of each patch, and the cover letter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from netmem_migrate.patch import claims, cover, message, rooms, subject
from netmem_migrate.patch.plan import PatchStep, Plan
from netmem_migrate.patch.prefix import Prefix
from netmem_migrate.patch.said import memory
from netmem_migrate.report.steps import step_of
from netmem_migrate.results import Run


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the words depend on beside the change itself.

    `proven` is by key of the steps, and under "" for the series, `layouts` by key; `trailer` the
    Assisted-by line; `signature` a name and address to sign off with; `earlier` the version of an
    earlier series, 0 for none; `letter` None means a cover letter for more than one patch.
    `reason`, `documented`, `rules` and `edited` are as for message.Provenance.
    """

    proven: Mapping[str, str]
    layouts: Mapping[str, tuple[str, str]]
    trailer: str
    signature: str
    earlier: int
    letter: bool | None
    reason: str = ""
    documented: bool = False
    rules: bool = False
    edited: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """One message a patch, and subject and body of the cover letter if there is one.

    `notes` are for the mail alone, one a patch.
    """

    messages: tuple[str, ...]
    notes: tuple[str, ...]
    letter: tuple[str, str] | None


def words(run: Run, plan: Plan, prefixes: Mapping[str, Prefix], wanted: Wanted) -> Words:
    """The words of one series; `prefixes` are the subject prefixes by key of the steps."""
    keys = [step.key for step in plan.steps]
    converting = [step for step in plan.steps if step.room is None]
    made = iter(subject.subjects(
        [prefixes[step.key].text for step in converting], [step.key for step in converting],
        [memory(claims.rx_buffers(step.subject)) for step in converting]))
    titles, bodies, notes = [], [], []
    for step, key in zip(plan.steps, keys, strict=True):
        provenance = _provenance([step], wanted, step.proof)
        if step.room is not None:
            titles.append(rooms.title(prefixes[key].text, step.room))
            bodies.append(rooms.body(step.room, provenance))
            left = [one for one in step.migration.report.undone if step.room.behind
                    and step_of(one.why) == step_of(step.room.reason.why)]
            said = rooms.note(step.room, provenance, wanted.layouts.get(step.proof), left)
        else:
            titles.append(next(made))
            bodies.append(message.body(step.subject, provenance))
            said = message.note(step.subject, provenance)
        guessed = message.fill(prefixes[key].note)
        notes.append("\n\n".join(one for one in (guessed, said.strip("\n")) if one))
    messages = tuple(_whole(title, body, wanted)
                     for title, body in zip(subject.unique(titles, keys), bodies, strict=True))
    letter = len(messages) > 1 if wanted.letter is None else wanted.letter
    return Words(messages, tuple(notes), _letter(run, plan, prefixes, wanted) if letter else None)


def _provenance(steps: Sequence[PatchStep], wanted: Wanted, key: str) -> message.Provenance:
    """Of some patches, with the command that makes them."""
    paths = dict.fromkeys(step.migration.report.path for step in steps)
    options = dict.fromkeys(one for step in steps for one in step.migration.arguments)
    heads = ["--heads"] if any(step.heads_only for step in steps) else []
    more = ["--together"] if len(paths) > 1 else []
    return message.Provenance(
        message.repeat_command([*paths], [*heads, *options, *more]), wanted.proven.get(key, ""),
        wanted.trailer, wanted.reason, wanted.documented, wanted.rules,
        wanted.edited)


def _whole(title: str, body: str, wanted: Wanted) -> str:
    if not wanted.signature:
        return f"{title}\n\n{body}"
    gap = "" if wanted.trailer else "\n"
    return f"{title}\n\n{body}{gap}Signed-off-by: {wanted.signature}\n"


def _letter(run: Run, plan: Plan, prefixes: Mapping[str, Prefix],
            wanted: Wanted) -> tuple[str, str]:
    mine: dict[str, list[PatchStep]] = {}
    for step in plan.steps:
        mine.setdefault(step.key, []).append(step)
    parts = [cover.Part(prefixes[key].name, tuple(steps)) for key, steps in mine.items()]
    used = list(dict.fromkeys(prefixes[step.key].text for step in plan.steps))
    return cover.cover(parts, used, _provenance(plan.steps, wanted, ""), earlier=wanted.earlier)
