# SPDX-License-Identifier: GPL-2.0-only
"""Commits of a user's repository as a series: the mails that git makes of them, and their base."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from unidiff.errors import UnidiffParseError

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.git.hunks import parsed
from netmem_migrate.git.run import DIFF_OPTIONS, Repository, Scratch, run, user_environment
from netmem_migrate.kernel.drivers import is_source


@dataclass(frozen=True, slots=True)
class Commits:
    """Commits as patches, in order, and what their files held before the first; None for one that
    was not there.

    `beside` is what the other sources in the folders of those held then.
    """

    patches: tuple[Path, ...]
    base: Mapping[str, bytes | None]
    beside: Mapping[str, bytes]


def names_commits(repository: Repository, word: str) -> bool:
    """Whether git knows a word as a commit, or as a range A..B of them."""
    return bool(word) and not word.startswith("-") and all(
        _user(repository, "rev-parse", "--verify", "--quiet", f"{one or 'HEAD'}^{{commit}}")
        is not None for one in _ends(word))


def _ends(word: str) -> list[str]:
    return word.split("..", 1) if ".." in word and "..." not in word else [word]


def commits(repository: Repository, words: Sequence[str], folder: Path) -> Commits:
    """The commits that words name, one after the other, as mails in `folder`.

    Raises InputError for a range without commits, and for a merge.
    """
    ids = [one for word in words for one in _ids(repository, word)]
    with Scratch.create(repository.top, [], repository) as scratch:
        inside = [f"--relative={repository.prefix}"] if repository.prefix else []
        patches = []
        for number, one in enumerate(ids, 1):
            made = folder / f"{number:04}-{one[:12]}.patch"
            made.write_bytes(scratch.git("format-patch", "-1", "--stdout", "--no-signature",
                                         "--no-thread", *inside, *DIFF_OPTIONS, one))
            patches.append(made)
        base: dict[str, bytes | None] = {}
        for patch, one in zip(patches, ids, strict=True):
            for file in _files(patch):
                if file not in base:
                    # Earlier commits of the series did not touch it.
                    base[file] = _before(scratch, repository, one, file)
        beside = {path: text for folder in sorted({str(Path(file).parent) for file in base
                                                   if is_source(file)})
                  for path, text in _folder(scratch, repository, ids[0], folder)
                  if path not in base}
    return Commits(tuple(patches), base, beside)


def _ids(repository: Repository, word: str) -> list[str]:
    if len(_ends(word)) == 1:
        found = [_user(repository, "rev-parse", "--verify", f"{word}^{{commit}}") or ""]
    else:
        first, last = (one or "HEAD" for one in _ends(word))
        found = (_user(repository, "rev-list", "--reverse", "--topo-order", f"{first}..{last}")
                 or "").split()
    if not found:
        raise InputError(f"{word}: no commits")
    for one in found:
        parents = (_user(repository, "rev-list", "-1", "--parents", one) or "").split()[1:]
        if len(parents) != 1:
            what = "a merge" if parents else "without a parent"
            raise InputError(f"{word}: {one[:12]} is {what}; name commits with one parent each")
    return found


def _files(patch: Path) -> list[str]:
    try:
        return [one.path for one in parsed(plain.read(patch))]
    except UnidiffParseError as error:
        raise InputError(f"{patch.name}: not a patch that can be read: "
                         f"{str(error).strip()}") from error


def _before(scratch: Scratch, repository: Repository, commit: str, file: str) -> bytes | None:
    found = scratch.attempt("cat-file", "blob", f"{commit}^:{repository.prefix}{file}")
    return found.stdout if found.returncode == 0 else None


def _folder(scratch: Scratch, repository: Repository, commit: str,
            folder: str) -> Iterator[tuple[str, bytes]]:
    """The sources right in a folder, before a commit."""
    done = scratch.attempt("archive", "--format=tar", f"{commit}^:{repository.prefix}{folder}/"
                           if folder != "." else f"{commit}^:{repository.prefix}")
    if done.returncode:
        return
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as archive:
        for one in archive:
            held = archive.extractfile(one) if one.isfile() and "/" not in one.name and \
                is_source(one.name) else None
            if held is not None:
                yield (f"{folder}/{one.name}" if folder != "." else one.name), held.read()


def _user(repository: Repository, *words: str) -> str | None:
    """What git says of the user's repository; None where it fails."""
    done = run(words, cwd=repository.top, env=user_environment())
    return os.fsdecode(done.stdout).strip() if done.returncode == 0 else None
