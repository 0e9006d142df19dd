# SPDX-License-Identifier: GPL-2.0-only
"""A series that `git am` takes: one patch a driver, made by git in a scratch repository.

The user's work tree, index, branches and objects are never touched. Follows
Documentation/process/maintainer-netdev.rst of the kernel.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.patch import git, message
from netmem_migrate.patch.diff import changes_of, mode_of
from netmem_migrate.results import FileChange, InputError, Migration, Run

# Used where SOURCE_DATE_EPOCH is not set: the same input gives the same bytes on every day and in
# every kind of tree. `git send-email` and b4 write the time of sending in its place.
_DATE = 1767225600  # 2026-01-01 00:00:00 UTC

_HISTORY_COMMITS = 60
_HISTORY_SECONDS = 2 * 365 * 24 * 3600
_PATCH_NAME = re.compile(r"(?:v(\d+)-)?\d{4}-.+\.patch")


@dataclass(frozen=True, slots=True)
class SeriesOptions:
    """How a series is written.

    `tree` goes into the subject prefix; `cover_letter` None means one for more than one patch;
    `arguments` are the options that shaped the conversion, named in each message; `proven` is one
    sentence about what really ran on the result; `trailer` None means Assisted-by where the
    tree's process documents ask for it; `force` replaces an earlier series in the folder.
    """

    tree: str = "net-next"
    version: int = 1
    rfc: bool = False
    cover_letter: bool | None = None
    signoff: bool = False
    force: bool = False
    arguments: tuple[str, ...] = ()
    proven: str = ""
    trailer: bool | None = None


def _date() -> str:
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return f"{_DATE} +0000"
    if not text.isascii() or not text.isdigit():
        raise InputError(f"SOURCE_DATE_EPOCH={text}: not a number of seconds; set or unset it")
    return f"{int(text)} +0000"


def _base_files(
    scratch: git.Scratch, repository: git.Repository, changes: Sequence[FileChange]
) -> dict[str, tuple[str, str]]:
    """Mode and object id that the commit checked out has for each changed file it knows."""
    listing = scratch.git(
        "ls-tree", "-z", "-r", "--full-tree", repository.head, "--",
        *(repository.prefix + change.path for change in changes),
    )  # fmt: skip
    found = {}
    for entry in listing.split(b"\0")[:-1]:
        info, _, name = entry.partition(b"\t")
        mode, _, oid = info.decode().split(" ")
        found[os.fsdecode(name).removeprefix(repository.prefix)] = (mode, oid)
    return found


def _based_on(
    root: Path, changes: Sequence[FileChange]
) -> tuple[git.Repository | None, dict[str, str]]:
    """The repository to build on, or None; and the mode of every changed file.

    Raises InputError where the work tree is not what is committed: the patch would not apply.
    """
    repository = git.repository(root)
    modes = {change.path: mode_of(root / change.path) for change in changes}
    if repository is None:
        return None, modes
    with git.Scratch.create(root, [], repository) as scratch:
        known = _base_files(scratch, repository, changes)
        if not known:
            # A tree unpacked below some other repository, which ignores it.
            return None, modes
        for change in changes:
            if change.path not in known or known[change.path][1] != scratch.blob(change.before):
                raise InputError(
                    f"{change.path}: not as committed in HEAD; commit or stash your changes first, "
                    "the patch would not apply without them"
                )
    return repository, {path: mode for path, (mode, _) in known.items()}


def _subjects(
    scratch: git.Scratch, repository: git.Repository, path: str
) -> list[str]:
    """Subjects of the last two years' commits to a folder, newest first."""
    head = scratch.git("show", "-s", "--format=%ct", repository.head).decode().strip()
    log = scratch.git(
        "log", "--no-merges", f"-n{_HISTORY_COMMITS}", "--format=%s",
        f"--since={int(head) - _HISTORY_SECONDS}", repository.head, "--",
        (repository.prefix + path) or ".",
    )  # fmt: skip
    return log.decode(errors="replace").splitlines()


def _prefix(
    scratch: git.Scratch, repository: git.Repository | None, run: Run, migration: Migration
) -> str:
    path = migration.report.path
    known = ""
    if repository is not None:
        known = message.history_prefix(path, _subjects(scratch, repository, path))
    return known or message.folder_prefix(path, run.root, [c.path for c in migration.changes])


def _tested(run: Run) -> list[Migration]:
    """The drivers that change; raises InputError where mail could not carry a change."""
    changes_of(run)  # two drivers must not disagree on a file
    seen: set[str] = set()
    migrations = []
    for migration in run.drivers:
        for change in migration.changes:
            if b"\r\n" in change.before or b"\r\n" in change.after:
                raise InputError(
                    f"{change.path}: has CRLF line ends, which do not survive mail; "
                    "convert it to LF first, or use apply"
                )
        paths = {change.path for change in migration.changes if change.before != change.after}
        if paths - seen:
            migrations.append(migration)
            seen |= paths
    return migrations


def _unreadable(run: Run, migration: Migration) -> bool:
    """Does the driver already let its pools hold unreadable memory?"""
    for file in migration.report.files:
        path = run.root / file
        if path.is_file() and b"PP_FLAG_ALLOW_UNREADABLE_NETMEM" in path.read_bytes():
            return True
    return False


def _commits(
    scratch: git.Scratch,
    run: Run,
    repository: git.Repository | None,
    modes: Mapping[str, str],
    migrations: Sequence[Migration],
    messages: Sequence[str],
    person: git.Identity,
) -> tuple[str, str]:
    """Commit the drivers one after the other; returns the commit below them and the last one."""
    inside = repository.prefix if repository else ""
    date = _date()
    if repository is not None:
        base = repository.head
    else:
        before = {c.path: (modes[c.path], c.before) for c in changes_of(run)}
        base = scratch.commit(scratch.tree("", before), "", "Base\n", person, date)
    tip = base
    for migration, text in zip(migrations, messages, strict=True):
        after = {
            inside + change.path: (modes[change.path], change.after)
            for change in migration.changes
            if change.before != change.after
        }
        tip = scratch.commit(scratch.tree(tip, after), tip, text, person, date)
    scratch.git("update-ref", "refs/heads/series", tip)
    return base, tip


def _format(
    scratch: git.Scratch,
    options: SeriesOptions,
    base: str,
    person: git.Identity,
    known_base: bool,
    letter: tuple[str, str] | None,
) -> dict[str, bytes]:
    """Let git write the patches; file name to bytes."""
    folder = scratch.folder / "patches"
    arguments = [
        "--quiet",
        f"--output-directory={folder}",
        f"--subject-prefix={'RFC' if options.rfc else 'PATCH'} {options.tree}",
        "--zero-commit",
        "--no-thread",
        "--no-attach",
        "--no-to",
        "--no-cc",
        "--no-notes",
        "--no-color",
        "--no-cover-letter" if letter is None else "--cover-letter",
        "--unified=3",
        *git.DIFF_OPTIONS,
    ]
    if letter is not None:
        scratch.git("config", "branch.series.description", "\n\n".join(letter))
        arguments.append("--cover-from-description=subject")
    if options.version > 1:
        arguments.append(f"--reroll-count={options.version}")
    if options.signoff:
        arguments.append("--signoff")
    arguments.append(f"--base={base}" if known_base else "--no-base")
    identity = {"GIT_COMMITTER_NAME": person.name, "GIT_COMMITTER_EMAIL": person.email,
                "GIT_COMMITTER_DATE": _date()}  # fmt: skip
    scratch.git("format-patch", *arguments, f"{base}..series", env=identity)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _earlier(out: Path, version: int) -> dict[str, Path]:
    """Patches of the same version that lie in the folder."""
    found = {}
    for path in out.iterdir():
        match = _PATCH_NAME.fullmatch(path.name)
        if match and int(match[1] or 1) == version:
            found[path.name] = path
    return found


def _write(out: Path, files: Mapping[str, bytes], options: SeriesOptions) -> tuple[Path, ...]:
    try:
        if out.exists() and not out.is_dir():
            raise InputError(f"{out}: not a folder; give another one with -o")
        out.mkdir(parents=True, exist_ok=True)
        old = _earlier(out, options.version)
        same = old.keys() == files.keys() and all(
            path.read_bytes() == files[name] for name, path in old.items()
        )
        if not same:
            if old and not options.force:
                raise InputError(
                    f"{out}: holds another series ({min(old)}); choose another folder, "
                    "another -v, or --force to replace it"
                )
            staged = {out / name: out / f".{name}.netmem-migrate" for name in files}
            try:
                for target, new in staged.items():
                    new.write_bytes(files[target.name])
                for target, new in staged.items():
                    new.replace(target)
            finally:
                for new in staged.values():
                    new.unlink(missing_ok=True)
            for name in old.keys() - files.keys():
                old[name].unlink()
    except OSError as error:
        where = error.filename or out
        raise InputError(f"{where}: {(error.strerror or str(error)).lower()}") from None
    return tuple(out / name for name in files)


def write_series(run: Run, out: Path, options: SeriesOptions) -> tuple[Path, ...]:
    """Write one patch for each driver that changes into `out`; returns them, cover letter first.

    Returns () and makes no folder where nothing changes. Raises InputError where git is missing or
    knows no author, where the work tree differs from HEAD, and where `out` holds another series.
    """
    migrations = _tested(run)
    if not migrations:
        return ()
    changes = changes_of(run)
    person = git.author(run.root)
    repository, modes = _based_on(run.root, changes)
    trailer = message.wants_trailer(run.root) if options.trailer is None else options.trailer
    inside = repository.prefix if repository else ""
    top = repository.top if repository else run.root
    with git.Scratch.create(top, [inside + c.path for c in changes], repository) as scratch:
        prefixes = [_prefix(scratch, repository, run, migration) for migration in migrations]
        provenance = message.Provenance("", options.proven, trailer)
        messages = []
        titles = message.subjects(prefixes, [one.report.path for one in migrations])
        for title, migration in zip(titles, migrations, strict=True):
            command = message.repeat_command([migration.report.path], options.arguments)
            text = message.body(
                migration,
                replace(provenance, command=command, unreadable=_unreadable(run, migration)),
            )
            messages.append(title + "\n\n" + text)
        wanted = len(migrations) > 1 if options.cover_letter is None else options.cover_letter
        letter = None
        if wanted:
            paths = [one.report.path for one in migrations]
            command = message.repeat_command(paths, options.arguments)
            letter = message.cover(
                migrations,
                prefixes,
                replace(
                    provenance,
                    command=command,
                    unreadable=any(_unreadable(run, one) for one in migrations),
                ),
            )
        base, _ = _commits(scratch, run, repository, modes, migrations, messages, person)
        files = _format(scratch, options, base, person, repository is not None, letter)
    return _write(out, files, options)
