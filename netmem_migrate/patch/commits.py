# SPDX-License-Identifier: GPL-2.0-only
"""The base of a series, its commits, and the patches that git writes of them.

All of it happens in a scratch repository; the user's own is only read.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.escape import shown_text
from netmem_migrate.git import run as git
from netmem_migrate.git.diff import mode_of
from netmem_migrate.git.mail import number_of
from netmem_migrate.patch.prefix import Prefix, prefix
from netmem_migrate.results import FileChange

# Used where SOURCE_DATE_EPOCH is not set: the same input gives the same bytes on every day and in
# every kind of tree. `git send-email` and b4 write the time of sending in its place.
_DATE = 1767225600  # 2026-01-01 00:00:00 UTC

_HISTORY_COMMITS = 60
_HISTORY_SECONDS = 2 * 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit to be: its whole message, and the files that it changes, relative to the tree."""

    message: str
    changes: tuple[FileChange, ...]


@dataclass(frozen=True, slots=True)
class Style:
    """How git writes the patches: `prefix` stands in the brackets of the subject.

    `base` is the commit named as base-commit, "" for none; `letter` subject and body of the cover
    letter; `earlier` number and range of an earlier version.
    """

    prefix: str
    version: int
    base: str
    letter: tuple[str, str] | None
    earlier: tuple[int, str] | None = None


def date() -> str:
    """The date of the commits, in git's internal format.

    Raises InputError where SOURCE_DATE_EPOCH is no number.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not text:
        return f"{_DATE} +0000"
    if not text.isascii() or not text.isdigit():
        raise InputError(f"SOURCE_DATE_EPOCH={text}: not a number of seconds; set or unset it")
    return f"{int(text)} +0000"


def _base_files(
    scratch: git.Scratch, repository: git.Repository, files: Mapping[str, bytes]
) -> dict[str, tuple[str, str]]:
    """Mode and object id that the commit checked out has for each changed file it knows."""
    listing = scratch.git(
        "ls-tree", "-z", "-r", "--full-tree", repository.head, "--",
        *(repository.prefix + path for path in files),
    )  # fmt: skip
    found = {}
    for entry in listing.split(b"\0")[:-1]:
        info, _, name = entry.partition(b"\t")
        mode, _, oid = info.decode().split(" ")
        found[os.fsdecode(name).removeprefix(repository.prefix)] = (mode, oid)
    return found


def based_on(
    root: Path, files: Mapping[str, bytes]
) -> tuple[git.Repository | None, dict[str, str]]:
    """The repository to build on, or None; and the mode of every file that changes.

    `files` is what each holds before. Raises InputError where the work tree is not what is
    committed: the patch would not apply.
    """
    repository = git.repository(root)
    modes = {path: mode_of(root / path) for path in files}
    if repository is None:
        return None, modes
    with git.Scratch.create(root, [], repository) as scratch:
        known = _base_files(scratch, repository, files)
        if not known:
            # A tree unpacked below some other repository, which ignores it.
            return None, modes
        for path, before in files.items():
            if path not in known or known[path][1] != scratch.blob(before):
                raise InputError(
                    f"{path}: not as committed in HEAD; commit or stash your changes first, "
                    "the patch would not apply without them"
                )
    return repository, {path: mode for path, (mode, _) in known.items()}


def named_base(repository: git.Repository | None, wanted: str) -> str:
    """The commit that the series names as its base: HEAD, or what `--base` says ("none": none).

    Raises InputError where the repository does not know it.
    """
    if wanted == "none" or (repository is None and not wanted):
        return ""
    if repository is None:
        raise InputError(f"--base {wanted}: the tree is no git tree; leave --base out")
    if not wanted:
        return repository.head
    done = git.run(["rev-parse", "--verify", "--quiet", f"{wanted}^{{commit}}"],
                   cwd=repository.top, env=git.user_environment())
    if done.returncode:
        raise InputError(f"--base {wanted}: no such commit here; name one that others have too")
    commit = done.stdout.decode().strip()
    above = git.run(["merge-base", "--is-ancestor", commit, repository.head],
                    cwd=repository.top, env=git.user_environment())
    if above.returncode:
        raise InputError(f"--base {wanted}: HEAD does not build on it; name a commit below HEAD")
    return commit


def _subjects(scratch: git.Scratch, repository: git.Repository,
              paths: Sequence[str]) -> list[str]:
    """Subjects of the last two years' commits to files, newest first."""
    head = scratch.git("show", "-s", "--format=%ct", repository.head).decode().strip()
    log = scratch.git(
        "log", "--no-merges", f"-n{_HISTORY_COMMITS}", "--format=%s",
        f"--since={int(head) - _HISTORY_SECONDS}", repository.head, "--",
        *(repository.prefix + path for path in paths),
    )  # fmt: skip
    return log.decode(errors="replace").splitlines()


def prefix_of(scratch: git.Scratch, repository: git.Repository | None, root: Path, path: str,
              files: Sequence[str]) -> Prefix:
    """The subject prefix of a driver's patches; `files` are those that they change."""
    known = _subjects(scratch, repository, files) if repository is not None else []
    return prefix(path, root, files, known)


def make(
    scratch: git.Scratch,
    repository: git.Repository | None,
    files: Mapping[str, tuple[str, bytes]],
    commits: Sequence[Commit],
    person: git.Identity,
) -> tuple[str, str]:
    """Commit one after the other; returns the commit below them and the last one.

    `files` holds mode and content of what the base has to have, where there is no repository.
    """
    inside = repository.prefix if repository else ""
    when = date()
    if repository is not None:
        base = repository.head
    else:
        base = scratch.commit(scratch.tree("", files), "", "Base\n", person, when)
    tip = base
    for commit in commits:
        after = {inside + change.path: (files[change.path][0], change.after)
                 for change in commit.changes}
        tip = scratch.commit(scratch.tree(tip, after), tip, commit.message, person, when)
    scratch.git("update-ref", "refs/heads/series", tip)
    return base, tip


def write_patches(scratch: git.Scratch, style: Style, base: str, person: git.Identity,
                  notes: Sequence[str]) -> dict[str, bytes]:
    """Let git write the patches of what follows `base`; file name to bytes.

    `notes` are put below the `---` of each, which `git am` drops; "" for none.
    """
    folder = scratch.folder / "patches"
    arguments = [
        "--quiet",
        f"--output-directory={folder}",
        f"--subject-prefix={style.prefix}",
        "--zero-commit",
        "--no-thread",
        "--no-attach",
        "--no-to",
        "--no-cc",
        "--no-notes",
        "--no-color",
        "--no-signoff",
        "--no-cover-letter" if style.letter is None else "--cover-letter",
        "--unified=3",
        *git.DIFF_OPTIONS,
    ]
    if style.letter is not None:
        scratch.git("config", "branch.series.description", shown_text("\n\n".join(style.letter)))
        arguments.append("--cover-from-description=subject")
    if style.version > 1:
        arguments.append(f"--reroll-count={style.version}")
    if style.earlier:
        arguments.append(f"--range-diff={style.earlier[1]}")
    arguments.append(f"--base={style.base}" if style.base else "--no-base")
    identity = {"GIT_COMMITTER_NAME": person.name, "GIT_COMMITTER_EMAIL": person.email,
                "GIT_COMMITTER_DATE": date()}  # fmt: skip
    scratch.git("format-patch", *arguments, f"{base}..series", env=identity)
    patches = {path.name: path.read_bytes() for path in sorted(folder.iterdir())}
    patches = {name: _noted(data, notes, number_of(Path(name))) for name, data in patches.items()}
    if style.earlier is None:
        return patches
    # git counts back by one, whatever version it was given.
    said = f"\nRange-diff against v{style.version - 1}:\n".encode()
    right = f"\nRange-diff against v{style.earlier[0]}:\n".encode()
    return {name: data.replace(said, right, 1) for name, data in patches.items()}


def _noted(patch: bytes, notes: Sequence[str], number: int) -> bytes:
    """A patch with its note where a mail has room for one: below the message, above the diffstat.

    git's own notes would be told in a range-diff as well.
    """
    note = notes[number - 1] if 0 < number <= len(notes) else ""
    said = b"\n---\n%s\n\n" % shown_text(note).encode()
    return patch.replace(b"\n---\n", said, 1) if note else patch
