# SPDX-License-Identifier: GPL-2.0-only
"""Is what a person edited still a whole conversion? Compiled where that is possible.

In a prepared kernel tree the edited driver must pass the same three ways as any patch of this tool
(docs/proof.md). Elsewhere, and for files that the configuration does not build, no type is known
well enough, and only layout and comments may differ from the hunks that were shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from netmem_migrate.c.complete import cut_off
from netmem_migrate.c.lines import line_of
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.relevant import parse_counts
from netmem_migrate.patch.plan import Plan, steps_of
from netmem_migrate.patch.prove import Proven, Unproven, prove
from netmem_migrate.results import FileChange, Migration, Run, Step
from netmem_migrate.terminal.summary import unproven

Progress = Callable[[str, int, int], None]

_TOKEN = re.compile(
    rb"""(?P<directive>^[ \t]*\#(?:\\\r?\n|[^\n])*)
    |(?P<none>//(?:\\\r?\n|[^\n])*|/\*.*?\*/|\n|[^\S\n]+|\\\r?\n)
    |"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'
    |\.?\d(?:[eEpP][+-]|[\w.])*|\w+
    |\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|&&|\|\||[-+*/%&|^<>=!]=|.""",
    re.DOTALL | re.MULTILINE | re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """`failed` is what does not hold, `open` what was not compiled.

    `sentences` say what was proven, for the messages of a series; empty unless all was.
    """

    failed: tuple[Unproven, ...] = ()
    open: tuple[Unproven, ...] = ()
    sentences: Mapping[str, str] | None = None


def with_texts(migration: Migration, texts: Mapping[str, bytes]) -> Migration:
    """A migration whose files end as `texts` say."""
    changes = {change.path: change for change in migration.changes}
    last = {change.path: step for step in migration.steps for change in step.changes}
    steps = [replace(step, changes=tuple(
        replace(one, after=texts[one.path])
        if one.path in texts and last[one.path] is step else one for one in step.changes))
        for step in migration.steps]
    if not steps:
        steps = [Step(())]
    return replace(migration, steps=tuple(steps), changes=tuple(
        replace(change, after=texts.get(path, change.after)) for path, change in changes.items()))


def compiled(run: Run, progress: Progress | None = None) -> Judgement:
    """Prove a run on its prepared tree. Raises InputError where nothing can be compiled."""
    steps = tuple(step for migration in run.drivers for step in steps_of(migration))
    proven: Proven = prove(run, (Plan("", run.drivers, steps),), progress)
    return Judgement(tuple(one for one in proven.failed if one.built),
                     tuple(one for one in proven.failed if not one.built),
                     None if proven.failed else proven.sentences)


def prepared(run: Run) -> bool:
    """Can the run's tree compile?"""
    kernel = Kernel.find(run.root)
    return kernel is not None and kernel.root == run.root and kernel.configured


def recheck(run: Run, shown: Mapping[str, bytes],
            judge: Callable[[Run], Judgement | None]) -> list[str]:
    """What is wrong with a run whose files a person edited; `shown` is what they held before.

    `judge` compiles, or returns None where it cannot. One line a reason, none where all is well.
    """
    reasons = [_unread(change, shown.get(change.path, change.before))
               for migration in run.drivers for change in migration.changes]
    reasons = [reason for reason in reasons if reason]
    if reasons:
        return reasons
    judged = judge(run)
    if judged is not None and judged.failed:
        return [unproven(one) for one in judged.failed]
    unbuilt = {one.source for one in judged.open} if judged is not None else set()
    where = ("this file is not compiled by the tree's configuration" if judged else
             "it was not compiled (that needs --verify and `netmem-migrate kernel prepare`)")
    for migration in run.drivers:
        for change in migration.changes:
            if judged is not None and change.path not in unbuilt:
                continue
            line = _differs(shown.get(change.path, change.before), change.after)
            if line:
                reasons.append(f"{change.path}:{line}: the code differs, and {where}: "
                               "only layout and comments can be edited here")
    return reasons


def _unread(change: FileChange, shown: bytes) -> str:
    """Why a file is no whole C any more, or ""."""
    what = cut_off(change.after)
    if what:
        return f"{change.path}: ends inside a {what}"
    one, other = change.texts.parse(shown), change.parsed_after
    errors = [parse_counts([side]).functions_with_errors for side in (one, other)]
    if errors[1] > errors[0] or (
            other.tree.root_node.has_error and not one.tree.root_node.has_error):
        return f"{change.path}: does not parse any more"
    return ""


def _tokens(source: bytes) -> list[tuple[bytes, int]]:
    return [(b" ".join(match[0].split()) if match["directive"] else match[0], match.start())
            for match in _TOKEN.finditer(source) if match["none"] is None]


def _differs(one: bytes, other: bytes) -> int:
    """The line of `other` in which its code first differs from `one`; 0 where it does not."""
    before, after = _tokens(one), _tokens(other)
    for (text, _), (now, offset) in zip(before, after, strict=False):
        if text != now:
            return line_of(other, offset)
    if len(before) == len(after):
        return 0
    return other.count(b"\n") + 1
