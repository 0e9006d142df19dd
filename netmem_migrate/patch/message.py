# SPDX-License-Identifier: GPL-2.0-only
"""Commit messages.

Follows Documentation/process/submitting-patches.rst, maintainer-netdev.rst and
generated-content.rst of the kernel: 75 columns, no line that git or checkpatch would take for a
comment or a diff, what a tool did said plainly, nothing claimed that did not run.
"""

from __future__ import annotations

import re
import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from netmem_migrate.convert.passes import ids
from netmem_migrate.model.assumed import Assumption
from netmem_migrate.model.spelled import ADDRESS, DMA_MAP, DMA_SYNC, REF, TO_NETMEM, UNREADABLE
from netmem_migrate.patch import replacements
from netmem_migrate.reasons import Category, Why
from netmem_migrate.report import wording
from netmem_migrate.results import (
    Action,
    Declaration,
    DriverReport,
    FileChange,
    Migration,
    Site,
    Standing,
)

COLUMNS = 75
_MAX_ITEMS = 6
_MAX_FUNCTIONS = 6

# What each requirement of Documentation/networking/netmem.rst asks for, in a few words. Those that
# a conversion itself is about (rx.1, rx.3) are not in question here.
_ASKED = {
    "rx.4": f"{DMA_MAP} with {DMA_SYNC}",
    "rx.5": UNREADABLE,
    "rx.6": "CPU syncs through the pool",
    "rx.7": "no page recycling of its own",
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """What made a patch: the command that repeats it, and what was proven of the result.

    `proven` is one or two sentences about what really ran; "" when nothing did. `trailer` is the
    Assisted-by line, "" for none. `unreadable`: the driver already sets
    PP_FLAG_ALLOW_UNREADABLE_NETMEM, so its buffers need not be pages.
    """

    command: str
    proven: str = ""
    trailer: str = ""
    unreadable: bool = False


def repeat_command(paths: Sequence[str], options: Sequence[str]) -> str:
    """The command line that makes the same patches again."""
    return shlex.join(["netmem-migrate", "format-patch", *options, *paths])


# -- layout


def fill(text: str, first: str = "", rest: str = "", columns: int = COLUMNS) -> str:
    """One paragraph of at most `columns`; words are never split."""
    return textwrap.fill(
        " ".join(text.split()),
        columns,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _item(text: str) -> str:
    return fill(text, "  - ", "    ")


def bounded(items: Sequence[str], noun: str) -> Iterator[str]:
    """Items of a list, with the rest counted rather than dropped."""
    keep = len(items) if len(items) <= _MAX_ITEMS else _MAX_ITEMS - 1
    yield from (_item(item) for item in items[:keep])
    if len(items) > keep:
        yield _item(f"{len(items) - keep} more {noun} (`netmem-migrate diff` lists them)")


def safe(text: str) -> str:
    """No line that git would drop as a comment or take for the start of a diff."""
    text = re.sub(r"(?m)^(\s*)(---|\+\+\+)(?= [ab]/)", r"\1[\2]", text)
    text = re.sub(r"(?m)^(\s+)(diff )", r"\1a \2", text)
    return re.sub(r"(?m)^(#|---|diff |Index: |@@ )", r" \1", text)


# -- what moved and what stayed


def _moved(declarations: Sequence[Declaration]) -> list[str]:
    members: dict[str, list[Declaration]] = {}
    functions: dict[str, None] = {}
    loose: list[str] = []
    for item in declarations:
        if item.kind == "member" and "." in item.name:
            members.setdefault(item.name.rpartition(".")[0], []).append(item)
        elif item.kind in ("return", "parameter"):
            functions.setdefault(f"{item.function or item.name}()")
        elif item.kind == "global":
            loose.append(item.name)
    items = []
    for record, slots in members.items():
        names = []
        for slot in slots:
            old, new = slot.name.rpartition(".")[2], slot.new_name.rpartition(".")[2]
            names.append(old if new in ("", old) else f"{old} (now {new})")
        items.append(f"struct {record}: " + ", ".join(names))
    items.extend(f"global {name}" for name in loose)
    if functions:
        items.append("parameters or return values of " + _names(list(functions)))
    local = dict.fromkeys(f"{d.function}()" for d in declarations if d.kind == "local")
    if local:
        items.append("locals of " + _names(list(local)))
    return items


def _names(functions: Sequence[str]) -> str:
    """Function names, or so many functions where a list would be long."""
    if len(functions) > _MAX_FUNCTIONS:
        return f"{len(functions)} functions"
    return ", ".join(functions)


def _stayed(migration: Migration, changed: set[str]) -> list[str]:
    """What stays in the changed files, one item a reason; a count for the other files."""
    kept = [site for site in migration.report.sites if site.action is Action.KEPT]
    groups: dict[str, list[Site]] = {}
    for site in kept:
        if site.file in changed:
            groups.setdefault(wording.site(site, brief=True), []).append(site)
    items = []
    for reason, sites in groups.items():
        calls = _names(list(dict.fromkeys(f"{site.call}()" for site in sites)))
        where = _names(list(dict.fromkeys(f"{site.function}()" for site in sites)))
        items.append(f"{calls} in {where}: {reason}")
    refused = {
        (item.slot, wording.refusal(item)): None
        for item in migration.report.refusals
        if item.file in changed
    }
    items.extend(f"{slot}: {why}; left for a person to decide" for slot, why in refused)
    others = sum(site.file not in changed for site in kept)
    if others:
        items.append(f"{others} calls in files of the folder that this patch does not touch")
    return items


def missing_helpers(report: DriverReport) -> list[str]:
    """Helpers that the base lacks, and without which something was refused."""
    return sorted({one.by for item in report.refusals if item.category is Category.MISSING_API
                   for one in item.reason.chain if one.why is Why.NO_API})


def header_split(report: DriverReport) -> str:
    """What `scan` found about header split: reviewers' first question is why; "" if unjudged."""
    found = report.requirements
    if "rx.2" not in found:
        return ""
    if found["rx.2"].status is not Standing.MET:
        return ("no header split (tcp-data-split), without which a driver cannot take unreadable "
                "memory: this is future-proofing only")
    left = [text for key, text in _ASKED.items()
            if key in found and found[key].status is not Standing.MET]
    missing = f"still open: {', '.join(left)}" if left else "no Rx requirement is left open"
    return (f"header split (tcp-data-split), so unreadable memory is within reach; {missing} "
            "(Documentation/networking/netmem.rst)")


# -- what is claimed

_WHY = (
    f"Take the Rx buffers that this driver gets from its page_pool as {REF} instead of struct "
    "page, so that the Rx path no longer assumes what kind of memory the pool hands out and can "
    "follow when the pool is given other memory."
)
_NEUTRAL = (
    "No functional change is intended: nothing is enabled here, so every buffer of the pool is "
    "still a page and each netmem helper does with it what its page counterpart did. Allocation "
    "flags, sizes, reference counts and error paths stay. Support for unreadable (device) memory "
    "is neither added nor claimed."
)
_NEUTRAL_FOR_PAGES = (
    "No functional change is intended for pages: each netmem helper does with them what its page "
    "counterpart did. Allocation flags, sizes, reference counts and error paths stay. No pool flag "
    "is set here, and no claim is made that unreadable memory works where code changed."
)
_CPU = (
    f"{ADDRESS}() is NULL for unreadable memory only, which this pool cannot hold; the CPU "
    "reads through it are unguarded as before."
)
_ASSUMED: dict[Assumption, str] = {
    Assumption.HEAD: "p is a head page",
    Assumption.OF_POOL: "p is a page of a pool",
    Assumption.POOL_SYNCS: "the pool syncs for the CPU",
}


def neutral(provenance: Provenance) -> str:
    """What is, and is not, claimed about behaviour."""
    return _NEUTRAL_FOR_PAGES if provenance.unreadable else _NEUTRAL


def proof(provenance: Provenance) -> str:
    """What was compiled and compared; that nothing was, where nothing was."""
    if provenance.proven:
        return f"{provenance.proven} `netmem-migrate verify` repeats it."
    return (
        "Not compiled or run on hardware yet; `netmem-migrate verify` compiles every touched "
        "object before and after the change and compares the code."
    )


def tool(passes: Sequence[str]) -> str:
    """Which tool wrote the change, as generated-content.rst asks; ends where the command goes."""
    ids = f" (passes: {', '.join(passes)})" if passes else ""
    return f"All of the change was made by netmem-migrate {version('netmem-migrate')}{ids}:"


def command_lines(provenance: Provenance) -> str:
    """The command, indented and continued as a shell takes it; no quoted word is broken."""
    words = (shlex.quote(one).replace(" ", "\0") for one in shlex.split(provenance.command))
    lines = fill(" ".join(words), "  ", "      ", COLUMNS - 2)
    return lines.replace("\n", " \\\n").replace("\0", " ")


# -- bodies


def _applied(made: Sequence[replacements.Replacement], told: int) -> list[str]:
    found = replacements.lines(made)
    if not found:
        return []
    more = [f"  and {told} comment{'s' if told > 1 else ''} that named what moved"] if told else []
    shown = [part for line in found for part in _folded(line)]
    return ["Rules applied (p is a page of the pool before, a netmem after):", *shown, *more]


def _folded(line: str) -> list[str]:
    if len(line) <= COLUMNS:
        return [line]
    return fill(line.strip(), "  ", "      ").splitlines()


def body(
    migration: Migration, provenance: Provenance, changes: Sequence[FileChange] | None = None
) -> str:
    """The message of a driver's conversion, without its subject.

    `changes` are those of the patch, where it is one of several steps.
    """
    report = migration.report
    changes = migration.changes if changes is None else changes
    parts = [fill(_WHY)]
    split = header_split(report)
    if split:
        parts.append(fill(f"In this driver `netmem-migrate scan` finds {split}."))
    moved = _moved(report.declarations)
    if moved:
        parts.append("\n".join([f"These become {REF}:", *bounded(moved, "of them")]))
    stayed = _stayed(migration, {change.path for change in changes})
    if stayed:
        parts.append("\n".join(["These stay as they are:", *bounded(stayed, "of them")]))
    lacking = missing_helpers(report)
    if lacking:
        parts.append(fill(
            "The base lacks " + ", ".join(f"{name}()" for name in lacking)
            + ": a core patch of its own has to add it before the calls kept for it can follow."
        ))
    bridged = len(report.bridges)
    if bridged:
        parts.append(
            fill(
                f"At {bridged} place{'s' if bridged > 1 else ''} where a page meets an interface "
                f"that takes a netmem, {TO_NETMEM}() bridges."
            )
        )
    accessors = ids(lambda one: one.accessor)
    if any(edit.transform in accessors for edit in migration.edits):
        parts.append(fill(
            "Where only a page will do, one accessor gives it, as was asked for: the pool does not "
            f"set {UNREADABLE}, so its memory is pages."))
    parts.append(fill(neutral(provenance)))
    before, after = replacements.calls(changes)
    if not provenance.unreadable and after[ADDRESS] > before[ADDRESS]:
        parts.append(fill(_CPU))
    found = replacements.replacements(changes)
    assumed = [f"for that of {one.before} {_ASSUMED[what]}" for one in found
               for what in one.assumes]
    if assumed:
        parts.append(fill("Beside p being a page, this is assumed of the replacements below: "
                          f"{'; '.join(assumed)}."))
    applied = _applied(found, replacements.comments(changes))
    if applied:
        parts.append("\n".join(applied))
    return _signed(parts, provenance, _passes(migration))


def _passes(migration: Migration) -> list[str]:
    """Ids of the passes whose edits are in it."""
    return sorted({edit.transform for edit in migration.edits} & ids(lambda _: True))


def _signed(parts: Sequence[str], provenance: Provenance, passes: Sequence[str]) -> str:
    ending = [fill(proof(provenance)), fill(tool(passes)) + "\n" + command_lines(provenance)]
    ending += [provenance.trailer] if provenance.trailer else []
    return safe("\n\n".join([*parts, *ending]) + "\n")
