# SPDX-License-Identifier: GPL-2.0-only
"""A series on a clean checkout of the files that it touches, or taken out of it again."""

from __future__ import annotations

import itertools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from unidiff.errors import UnidiffParseError
from unidiff.patch import PatchedFile

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.git.hunks import parsed
from netmem_migrate.git.mail import number_of
from netmem_migrate.git.run import neutral_environment, run
from netmem_migrate.results import FileChange

_HEADER = re.compile(rb"From |[A-Za-z][A-Za-z-]*:[ \t]")
_DIFF = re.compile(rb"(?m)^(?:diff --git |--- [^\n]*\n\+\+\+ )")


@dataclass(frozen=True, slots=True)
class Applied:
    """A series on its base: each step has every file of the series, changed by it or not.

    `held` says that the tree has the series already, so that its base was found by reversing it.
    """

    steps: tuple[tuple[FileChange, ...], ...]
    held: bool = False

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """What all of it does to each file."""
        return tuple(FileChange(first.path, first.before, last.after)
                     for first, last in zip(self.steps[0], self.steps[-1], strict=True))


def apply_series(root: Path, patches: Sequence[Path]) -> tuple[FileChange, ...]:
    """What the patches make of the files that they touch, in a throwaway repository.

    Raises InputError as applied() does.
    """
    return applied(root, patches).changes


def applied(root: Path, patches: Sequence[Path],
            base: Mapping[str, bytes | None] | None = None, *, any_file: bool = False) -> Applied:
    """The patches, in order, on what `root` holds, or on `base`: mails by `git am`, plain diffs.

    Where `root` has all of them already, they are reversed to find their base. With `any_file`
    files may come, go and move; one that is not there is empty in a step, and None in `base`.
    Raises InputError for a file that is no patch, for patches that do not apply, where `root` has
    some of them, and for files that come or go where that is not wanted.
    """
    patches = numbered(patches)
    files = touched(patches)
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        there = _Checkout(Path(name) / "tree", root, any_file)
        if base is not None:
            return Applied(there.forward(patches, {file: base[file] for file in files}))
        new = added(patches) if any_file else set()
        now = {file: _held(root, file, patches, file in new) for file in files}
        try:
            return Applied(there.forward(patches, now))
        except InputError:
            before = there.backward(patches, now)
            if before is None:
                _explain(there, root, patches, now)
                raise
        return Applied(there.forward(patches, before), held=True)


def _held(root: Path, file: str, patches: Sequence[Path], new: bool) -> bytes | None:
    source = root / file
    if not plain.is_plain(source):
        if new and not source.exists():
            return None
        raise InputError(f"{patches[0].name}: touches {file}, which {root} does not have")
    return plain.read(source)


def _explain(there: _Checkout, root: Path, patches: Sequence[Path],
             now: Mapping[str, bytes | None]) -> None:
    """Raise InputError where it is plain that the tree has a part of the series, and which."""
    for number in range(len(patches) - 1, 0, -1):
        if there.backward(patches[:number], now) is not None:
            raise InputError(f"{patches[number].name}: partly applied: {root} has the first "
                             f"{number} of {len(patches)} patches and not this one; apply the "
                             "rest, or take those out")
    for patch in patches:
        has, lacks = there.sides(patch, now)
        if has and lacks:
            raise InputError(f"{patch.name}: partly applied: {root} has what it does to "
                             f"{', '.join(has)}, not what it does to {', '.join(lacks)}")


class _Checkout:
    """Some files of a tree, in a repository of their own."""

    def __init__(self, where: Path, root: Path, any_file: bool) -> None:
        self._where, self._any_file = where, any_file
        self._attributes = root / ".gitattributes"

    def _put(self, files: Mapping[str, bytes | None]) -> None:
        shutil.rmtree(self._where, ignore_errors=True)
        self._where.mkdir()
        for file, data in files.items():
            if data is None:
                continue
            target = self._where / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        attributes = plain.optional(self._attributes)
        if attributes is not None:
            (self._where / ".gitattributes").write_bytes(attributes)
        _git(self._where, "init", "-q")
        _git(self._where, "add", "-A", "-f")
        _git(self._where, "commit", "-q", "--allow-empty", "-m", "before")

    def forward(self, patches: Sequence[Path],
                before: Mapping[str, bytes | None]) -> tuple[tuple[FileChange, ...], ...]:
        """Each patch on the files as those before it left them."""
        self._put(before)
        steps: list[tuple[FileChange, ...]] = []
        for patch in patches:
            self._take(patch)
            after = {file: self._now(file) for file in before}
            for file, held in before.items():
                if (held is None) != (after[file] is None) and not self._any_file:
                    raise InputError(f"{patch.name}: {'adds' if held is None else 'deletes'} "
                                     f"{file}; only changes of existing files can be proven")
            steps.append(tuple(FileChange(file, before[file] or b"", after[file] or b"")
                               for file in before))
            before = after
        return tuple(steps)

    def _now(self, file: str) -> bytes | None:
        path = self._where / file
        return path.read_bytes() if path.is_file() else None

    def _take(self, patch: Path) -> None:
        mail = is_mail(plain.read(patch))
        words = ["am", "-q"] if mail else ["apply", "--index"]
        done = _git(self._where, *words, str(patch.resolve()), check=False)
        if done.returncode:
            said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
            raise InputError(f"{patch}: git {words[0]} does not take it: {_line(said)}")
        if not mail:
            _git(self._where, "commit", "-q", "--allow-empty", "-m", patch.name)

    def backward(self, patches: Sequence[Path],
                 after: Mapping[str, bytes | None]) -> dict[str, bytes | None] | None:
        """The files before the patches, whose result they are now; None where they are not."""
        self._put(after)
        for patch in reversed(patches):
            for diff in reversed(self._diffs(patch)):
                if _git(self._where, "apply", "-R", str(diff), check=False).returncode:
                    return None
        if not self._any_file and not all((self._where / file).is_file() for file in after):
            return None
        return {file: self._now(file) for file in after}

    def sides(self, patch: Path, now: Mapping[str, bytes | None]) -> tuple[list[str], list[str]]:
        """The files in which a patch is applied, and those in which it can be."""
        self._put(now)
        found: tuple[list[str], list[str]] = [], []
        diffs = self._diffs(patch)
        for file in dict.fromkeys(_touched(patch)):
            for names, way in zip(found, (["-R"], []), strict=True):
                if all(_git(self._where, "apply", "--check", *way, f"--include={file}", str(diff),
                            check=False).returncode == 0 for diff in diffs):
                    names.append(file)
        both = set(found[0]) & set(found[1])
        return [one for one in found[0] if one not in both], [
            one for one in found[1] if one not in both]

    def _diffs(self, patch: Path) -> list[Path]:
        """The diffs of a patch as git decodes them, one a mail."""
        if not is_mail(plain.read(patch)):
            return [patch.resolve()]
        folder = self._where.parent / "mails"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        _git(self._where, "mailsplit", "-b", "--keep-cr", f"-o{folder}", str(patch.resolve()))
        found = []
        for mail in sorted(folder.iterdir()):
            diff = mail.with_suffix(".diff")
            _git(self._where, "mailinfo", str(mail.with_suffix(".text")), str(diff),
                 stdin=mail.read_bytes())
            found.append(diff)
        return found


def is_mail(data: bytes) -> bool:
    """Whether a patch is a mail, or an mbox; else it is a diff, with or without words around it."""
    first = data.lstrip().partition(b"\n")[0]
    head = data.lstrip().partition(b"\n\n")[0]
    return _HEADER.match(first) is not None and (
        first.startswith(b"From ") or re.search(rb"(?mi)^(?:from|subject):", head) is not None)


def is_patch(data: bytes) -> bool:
    """Whether a text holds a diff, or is the cover letter of some."""
    return _DIFF.search(data) is not None or is_mail(data)


def numbered(patches: Sequence[Path]) -> tuple[Path, ...]:
    """The patches without a cover letter, which a glob of a series names too."""
    found = tuple(one for one in patches if number_of(one) != 0)
    return found or tuple(patches)


def linked(steps: Sequence[Sequence[FileChange]]) -> bool:
    """Whether each patch has to be built on those before it.

    So it is where two of them change files of one folder, or of a folder and one below it, and
    where one changes include/; drivers of folders apart do not see each other's changes.
    """
    homes = [{PurePosixPath(one.path).parent for one in step if one.before != one.after}
             for step in steps]
    return any(one.is_relative_to(other) or other.is_relative_to(one) or "include" in
               (*one.parts[:1], *other.parts[:1])
               for mine, theirs in itertools.combinations(homes, 2)
               for one in mine for other in theirs)


def _line(said: str) -> str:
    return next((line for line in said.splitlines() if line.startswith(("error", "fatal"))),
                said.splitlines()[0] if said else "no reason given")


def touched(patches: Sequence[Path]) -> tuple[str, ...]:
    """The files that some patches touch. Raises InputError as applied() does."""
    return tuple(dict.fromkeys(file for patch in patches for file in _touched(patch)))


def added(patches: Sequence[Path]) -> set[str]:
    """The files that some patches add, or move something to."""
    return {one.path for patch in patches for one in _files(patch)
            if one.is_added_file or one.is_rename}


def _files(patch: Path) -> tuple[PatchedFile, ...]:
    try:
        return parsed(plain.read(patch))
    except UnidiffParseError as error:
        raise InputError(f"{patch}: not a patch that can be read: {str(error).strip()}") \
            from error


def _touched(patch: Path) -> list[str]:
    files: list[str] = []
    for one in _files(patch):
        if one.is_rename:
            files.append(one.source_file.removeprefix("a/"))
        files.append(one.path)
    if not files and number_of(patch) == 0:
        raise InputError(f"{patch}: a cover letter; name the numbered patches only")
    if not files:
        raise InputError(f"{patch}: not a patch; format-patch writes them")
    for file in files:
        if Path(file).is_absolute() or ".." in Path(file).parts:
            raise InputError(f"{patch}: touches {file}, which is outside of the tree")
    return files


def _git(where: Path, *words: str, check: bool = True,
         stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                for key, value in (("NAME", "verify"), ("EMAIL", "verify@localhost"))}
    done = run(["-c", "core.autocrlf=false", *words], cwd=where,
               env=neutral_environment() | identity, stdin=stdin)
    if check and done.returncode:
        raise InputError(f"git {words[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done
