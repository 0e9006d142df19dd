# SPDX-License-Identifier: GPL-2.0-only
"""`git am` of a series on a clean checkout of the files that it touches."""

from __future__ import annotations

import itertools
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from unidiff.errors import UnidiffParseError

from netmem_migrate.errors import InputError
from netmem_migrate.git.hunks import parsed
from netmem_migrate.git.mail import number_of
from netmem_migrate.git.run import neutral_environment
from netmem_migrate.results import FileChange


def apply_series(root: Path, patches: Sequence[Path]) -> tuple[FileChange, ...]:
    """What `git am` makes of the files that the patches touch, in a throwaway repository.

    Raises InputError for a file that is no patch, and for a patch that does not apply to `root`.
    """
    steps = apply_steps(root, patches)
    return tuple(FileChange(first.path, first.before, last.after)
                 for first, last in zip(steps[0], steps[-1], strict=True))


def apply_steps(root: Path, patches: Sequence[Path]) -> tuple[tuple[FileChange, ...], ...]:
    """The same, patch by patch: each step has every file of the series, changed by it or not.

    Raises InputError as apply_series() does.
    """
    patches = numbered(patches)
    files: dict[str, None] = {}
    for patch in patches:
        for file in _touched(patch):
            files[file] = None
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        where = Path(name)
        before: dict[str, bytes] = {}
        for file in files:
            source = root / file
            if not source.is_file():
                raise InputError(f"{patches[0].name}: touches {file}, which {root} does not have")
            before[file] = source.read_bytes()
            target = where / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(before[file])
        attributes = root / ".gitattributes"
        if attributes.is_file():
            shutil.copyfile(attributes, where / ".gitattributes")
        _git(where, "init", "-q")
        _git(where, "add", "-A", "-f")
        _git(where, "commit", "-q", "-m", "before")
        steps: list[tuple[FileChange, ...]] = []
        for patch in patches:
            done = _git(where, "am", "-q", str(patch.resolve()), check=False)
            if done.returncode:
                said = (done.stderr or done.stdout).decode("utf-8", "replace").strip()
                raise InputError(f"{patch}: git am does not take it: {_line(said)}")
            for file in files:
                if not (where / file).is_file():
                    raise InputError(f"{patch.name}: deletes {file}; "
                                     "only changes of existing files can be proven")
            after = {file: (where / file).read_bytes() for file in files}
            steps.append(tuple(FileChange(file, before[file], after[file]) for file in files))
            before = after
        return tuple(steps)


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


def _touched(patch: Path) -> list[str]:
    try:
        data = patch.read_bytes()
    except OSError as error:
        raise InputError(f"{patch}: {error.strerror or error}") from error
    try:
        files = [one.path for one in parsed(data)]
    except UnidiffParseError as error:
        raise InputError(f"{patch}: not a patch that can be read: {str(error).strip()}") \
            from error
    if not files and number_of(patch) == 0:
        raise InputError(f"{patch}: a cover letter; name the numbered patches only")
    if not files:
        raise InputError(f"{patch}: not a patch; format-patch writes them")
    for file in files:
        if Path(file).is_absolute() or ".." in Path(file).parts:
            raise InputError(f"{patch}: touches {file}, which is outside of the tree")
    return files


def _git(where: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[bytes]:
    identity = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                for key, value in (("NAME", "verify"), ("EMAIL", "verify@localhost"))}
    done = subprocess.run(["git", "-c", "core.autocrlf=false", "-c", "gc.auto=0", *words],
                          cwd=where, env={**neutral_environment(), **identity}, check=False,
                          capture_output=True, stdin=subprocess.DEVNULL)
    if check and done.returncode:
        raise InputError(f"git {words[0]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done
