# SPDX-License-Identifier: GPL-2.0-only
"""A series that `git am` takes: patches made by git in a scratch repository.

The user's work tree, index and HEAD are never touched. Follows
Documentation/process/maintainer-netdev.rst of the kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.git import run as git
from netmem_migrate.git.diff import mode_of
from netmem_migrate.patch import branch, commits, disclosure, folder, previous, recipients, wording
from netmem_migrate.patch.plan import Plan, plans
from netmem_migrate.patch.prefix import Prefix
from netmem_migrate.patch.said import DOCUMENT
from netmem_migrate.results import Run


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """How a series is written.

    `tree` goes into the subject prefix; `version` None means 1, or one more than `previous`, the
    folder of an earlier version; `cover_letter` None means one for more than one patch; `together`
    makes one series of several drivers; `base` is the commit to name as base-commit ("" for HEAD,
    "none" for none); `branch` also leaves the commits on that branch; `recipients` lists whom
    get_maintainer.pl names, if it can. `proven` is what really ran, by key of the steps, and under
    "" for the whole series, `layouts` those of records that got a member; `trailer` None means
    Assisted-by where the tree's process documents ask for it; `force` replaces an earlier series in
    the folder, and an existing branch. `heads` writes patches whose memory comes to the stack only
    as heads of skbs, too, as does a `reason`, which says in a message why it is done; `rules` lists
    the replacements below `---`; `edited` says that a person changed what was made.
    """

    tree: str = "net-next"
    version: int | None = None
    rfc: bool = False
    cover_letter: bool | None = None
    signoff: bool = False
    force: bool = False
    together: bool = False
    base: str = ""
    previous: Path | None = None
    branch: str = ""
    recipients: bool = False
    proven: Mapping[str, str] = field(default_factory=dict)
    layouts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    trailer: bool | None = None
    heads: bool = False
    reason: str = ""
    rules: bool = False
    edited: bool = False

    @property
    def takes_heads(self) -> bool:
        """Whether patches are written whose memory is for heads only."""
        return self.heads or bool(self.reason)


@dataclass(frozen=True, slots=True)
class _Made:
    """A series in memory, before anything is written."""

    out: Path
    version: int
    patches: dict[str, bytes]
    beside: dict[str, bytes]
    guesses: tuple[str, ...]


def write_series(run: Run, out: Path, options: SeriesOptions,
                 tell: Callable[[str], None] | None = None,
                 report: folder.Report | None = None) -> tuple[Path, ...]:
    """Write the patches of each driver that changes; returns them in order, cover letters first.

    One series goes to `out` itself; several, one for each driver, to folders below it. Returns ()
    and makes no folder where nothing changes. Raises InputError, with nothing written, where git
    is missing or knows no author, where the work tree differs from HEAD, where `out` holds
    another series, and where the series would not be taken for its size. `tell` hears of each
    subject prefix that is a guess. A `report` is written with the series, or like it not at all.
    """
    series = plans(run, together=options.together, heads=options.takes_heads)
    if not series:
        return ()
    folder.undo(out)
    person = git.author(run.root)
    files = {path: data for plan in series for path, data in plan.before().items()}
    repository, modes = commits.based_on(run.root, files)
    commits.named_base(repository, options.base)
    branches = [_branch(options, plan) for plan in series]
    if options.branch:
        for name in branches:
            branch.check(repository, name, force=options.force)
    made = [_make(run, plan, out, options, person, repository, modes, name)
            for plan, name in zip(series, branches, strict=True)]
    for one in made:
        folder.check(one.out, one.patches, one.version, force=options.force)
    written = folder.write(out, [
        folder.Series(one.out, one.patches, one.beside, one.version) for one in made],
        report)
    for guess in dict.fromkeys(guess for one in made for guess in one.guesses):
        if tell is not None:
            tell(guess)
    return written


def _branch(options: SeriesOptions, plan: Plan) -> str:
    return f"{options.branch}/{plan.name}" if plan.name else options.branch


def _make(run: Run, plan: Plan, out: Path, options: SeriesOptions, person: git.Identity,
          repository: git.Repository | None, modes: Mapping[str, str], name: str) -> _Made:
    """One series in memory; its branch, if one is wanted, is made last."""
    inside = repository.prefix if repository else ""
    top = repository.top if repository else run.root
    before = {path: (modes[path], data) for path, data in plan.before().items()}
    where = options.previous / plan.name if options.previous and plan.name else options.previous
    earlier = previous.find(where, options.version or 0) if where else None
    version = options.version or (earlier.version + 1 if earlier else 1)
    if repository is None and earlier is not None:
        before = _more(run.root, earlier.files()) | before
    with git.Scratch.create(top, [inside + path for path in before], repository) as scratch:
        prefixes = _prefixes(run, plan, scratch, repository)
        words = wording.words(
            run, plan, prefixes,
            wording.Wanted(
                proven=options.proven,
                layouts=options.layouts,
                trailer=_trailer(run.root, options.trailer),
                signature=f"{person.name} <{person.email}>" if options.signoff else "",
                earlier=earlier.version if earlier else 0,
                letter=options.cover_letter,
                reason=options.reason,
                documented=(run.root / DOCUMENT).is_file(),
                rules=options.rules,
                edited=options.edited))
        chain = [commits.Commit(text, step.changes)
                 for text, step in zip(words.messages, plan.steps, strict=True)]
        base, tip = commits.make(scratch, repository, before, chain, person)
        shown = commits.named_base(repository, options.base)
        span = ((earlier.version, previous.commits(scratch, earlier, [base]))
                if earlier else None)
        style = commits.Style(f"{'RFC' if options.rfc else 'PATCH'} {options.tree}", version,
                              shown, words.letter, span)
        patches = commits.write_patches(scratch, style, base, person, words.notes)
        beside = _beside(run, patches) if options.recipients else {}
        target = out / plan.name if plan.name else out
        if options.branch and repository is not None:
            folder.check(target, patches, version, force=options.force)
            branch.leave(scratch, repository, base, tip, name, force=options.force)
    return _Made(target, version, patches, beside,
                 tuple(filter(None, (one.note for one in prefixes.values()))))


def _prefixes(run: Run, plan: Plan, scratch: git.Scratch,
              repository: git.Repository | None) -> dict[str, Prefix]:
    """The subject prefix by key of the steps: by all files that those of one key change."""
    files: dict[str, dict[str, None]] = {}
    for step in plan.steps:
        files.setdefault(step.key, {}).update((change.path, None) for change in step.changes)
    paths = {step.key: step.migration.report.path for step in plan.steps}
    return {key: commits.prefix_of(scratch, repository, run.root, paths[key], list(mine))
            for key, mine in files.items()}


def _trailer(root: Path, wanted: bool | None) -> str:
    if wanted is False:
        return ""
    return disclosure.trailer(root) or (disclosure.plain() if wanted else "")


def _more(root: Path, files: Sequence[str]) -> dict[str, tuple[str, bytes]]:
    """Files that only the earlier version touches, as they are on disk."""
    return {file: (mode_of(root / file), plain.read(root / file))
            for file in files if plain.is_plain(root / file)}


def _beside(run: Run, patches: Mapping[str, bytes]) -> dict[str, bytes]:
    """What goes into the subfolder: whom to send to, as a list and as options.

    Nothing where the tree cannot say, as a part of a kernel cannot: that spoils no patch.
    """
    numbered = [data for name, data in patches.items() if "0000-" not in name]
    try:
        found = recipients.with_pool(run.root, recipients.ask(run.root, numbered))
    except InputError:
        return {}
    return {folder.RECIPIENTS: recipients.as_file(found),
            folder.OPTIONS: recipients.as_options(found)}
