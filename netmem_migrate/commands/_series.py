# SPDX-License-Identifier: GPL-2.0-only
"""What `check` and `verify` take for a series: mails, diffs, folders of them, and commits."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.commands import _options
from netmem_migrate.errors import InputError, UsageError
from netmem_migrate.files import plain
from netmem_migrate.files.journal import require_settled
from netmem_migrate.git import revisions, run
from netmem_migrate.git.am import Applied, added, applied, is_patch, numbered, touched
from netmem_migrate.git.mail import read
from netmem_migrate.kernel.drivers import beside

_SUFFIXES = (".patch", ".diff", ".mbox", ".eml")


@dataclass(frozen=True, slots=True)
class Given:
    """A series in order; `base` is what commits say of the files before it, `around` of those
    beside them."""

    patches: tuple[Path, ...]
    base: Mapping[str, bytes | None] | None = None
    around: Mapping[str, bytes] | None = None

    def beside(self, root: Path) -> Mapping[str, bytes]:
        """The sources of the same drivers that the series does not touch, by path."""
        if self.around is not None:
            return self.around
        return beside(root, touched(self.patches))

    def on(self, root: Path, *, any_file: bool = False) -> Applied:
        """The series on a tree; with `any_file` files may come, go and move.

        Raises InputError where it neither applies nor is there.
        """
        if self.base is None:
            require_settled(root / file for file in touched(self.patches))
        return applied(root, self.patches, self.base, any_file=any_file)


def is_patches(path: Path) -> bool:
    """Whether a word of the command line is a patch, or a folder of some."""
    if path == Path("-"):
        return True
    if path.is_dir():
        return any(one.is_file() for one in path.glob("*.patch"))
    return path.suffix in _SUFFIXES or (
        path.is_file() and path.suffix not in (".c", ".h") and is_patch(plain.read(path)))


def repository_of(words: Sequence[Path], places: Sequence[Path]) -> run.Repository | None:
    """The repository in which some words name commits, if they do: the first of some places.

    Words that are files or folders name none, and git is not asked then.
    """
    unknown = [str(one) for one in words if one != Path("-") and not one.exists()]
    for place in places if unknown else ():
        found = run.repository(place)
        if found is not None and any(revisions.names_commits(found, one) for one in unknown):
            return found
    return None


def root_of(given: Given, places: Sequence[Path]) -> Path | None:
    """Where the files of a series are that is for no kernel tree: the first of some places."""
    files = set(touched(given.patches)) - added(given.patches)
    return next((place for place in places if all((place / one).is_file() for one in files)), None)


@contextlib.contextmanager
def taken(words: Sequence[Path], repository: run.Repository | None) -> Iterator[Given]:
    """The series that words of the command line are: all patches, or all commits.

    Raises InputError for what is neither, and UsageError for some of both.
    """
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        patches: list[Path] = []
        named: list[str] = []
        for word in words:
            if word == Path("-"):
                patches.append(Path(name) / "stdin.patch")
                patches[-1].write_bytes(_options.stdin())
            elif word.is_dir():
                patches += _of_folder(word)
            elif word.exists() or word.suffix in _SUFFIXES:
                patches.append(word)
            elif repository is not None and revisions.names_commits(repository, str(word)):
                named.append(str(word))
            else:
                raise InputError(f"{word}: no such file, and no commit here")
        if patches and named:
            raise UsageError(f"{named[0]}: give patches or commits, not both")
        if named:
            assert repository is not None
            found = revisions.commits(repository, named, Path(name))
            yield Given(found.patches, found.base, found.beside)
        else:
            yield Given(numbered(patches))


def _of_folder(folder: Path) -> list[Path]:
    """The patches in a folder, of the newest version that is there."""
    require_settled([folder])
    found = plain.sources(iter(sorted(folder.glob("*.patch"))))
    if not found:
        raise InputError(f"{folder}: no *.patch file here; format-patch writes them")
    versions = [read(one).version for one in found]
    return [one for one, version in zip(found, versions, strict=True) if version == max(versions)]
