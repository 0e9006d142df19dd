# SPDX-License-Identifier: GPL-2.0-only
"""Several files put in their places all together: what is begun can be finished, or undone.

A journal in the user's state folder holds what each file was and what it is to be, and is safely on
disk before the first file changes. While it is there, and nobody holds it, a run was cut off. It is
named after the real path of the tree, and holds the real paths of the files.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shlex
import shutil
import signal
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.files.whole import SUFFIX, create, folders, state_folder, sync, why

_FILE = "journal.json"
_VERSION = 1


class Kind(StrEnum):
    """What a journal is of."""

    APPLY = "apply"
    SERIES = "series"
    MODEL = "model"


@dataclass(frozen=True, slots=True)
class Target:
    """One file to put in its place: its real path, how to show it, what it was and is to be.

    None is no file. `mode`, `owner` and `group` are what it is to have. `name_of` is the index of
    an earlier target: this is another name of that file, and stays one. Of what stands `alone`
    the folder is not locked: others may write other files there meanwhile.
    """

    path: Path
    shown: str
    before: bytes | None
    after: bytes | None
    mode: int = 0o644
    owner: int = -1
    group: int = -1
    name_of: int | None = None
    alone: bool = False


class State(StrEnum):
    """What a file holds that a journal speaks of."""

    OLD = "old"
    NEW = "new"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Journal:
    """A journal on disk: its folder, what it is of, the process that made it, its files."""

    folder: Path
    kind: Kind
    process: int
    token: str
    targets: tuple[Target, ...]

    @property
    def top(self) -> Path:
        """The folder that all of its files are in."""
        return Path(os.path.commonpath([one.path.parent for one in self.targets]))

    def staged(self, target: Target, side: State) -> Path:
        """Where a file's text stands beside it, before that is put in its place, or after."""
        return target.path.with_name(f".{target.path.name}.{self.token}-{side}{SUFFIX}")

    def state(self, target: Target) -> State:
        """What a file holds now."""
        held = plain.optional(target.path)
        if held == target.after:
            return State.NEW
        return State.OLD if held == target.before else State.OTHER

    @property
    def is_held(self) -> bool:
        """Whether the run that made it goes on, or another settles it."""
        try:
            with (self.folder / _FILE).open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False


# -- what is there


def pending(*kinds: Kind) -> Iterator[Journal]:
    """The journals of this user. One that cannot be read is nobody's."""
    try:
        folders = sorted(one for one in _base().iterdir() if not one.name.startswith("."))
    except OSError:
        return
    for folder in folders:
        found = _read(folder)
        if found is not None and (not kinds or found.kind in kinds):
            yield found


def concerning(paths: Iterable[Path], *kinds: Kind) -> list[Journal]:
    """The journals that have one of some files, or a file in one of some folders."""
    found = list(pending(*kinds))
    if not found:
        return []
    real = {os.path.realpath(one) for one in paths}
    return [one for one in found if any(
        str(target.path) in real or any(
            target.path.is_relative_to(path) for path in real) for target in one.targets)]


def _base() -> Path:
    return state_folder() / "journals"


def _read(folder: Path) -> Journal | None:
    try:
        data = json.loads(plain.read(folder / _FILE))
        if data["version"] != _VERSION:
            return None
        targets = tuple(
            Target(Path(os.fsdecode(bytes.fromhex(one["path"]))), str(one["shown"]),
                   _held(folder, "before", number, one["before"]),
                   _held(folder, "after", number, one["after"]),
                   int(one["mode"]), int(one["owner"]), int(one["group"]), one["name_of"])
            for number, one in enumerate(data["files"]))
        return Journal(folder, Kind(data["kind"]), int(data["process"]), str(data["token"]),
                       targets) if targets else None
    except (InputError, ValueError, KeyError, TypeError, RecursionError):
        return None


def _held(folder: Path, side: str, number: int, digest: str | None) -> bytes | None:
    """What a journal keeps of a file. Raises ValueError where it is not whole."""
    if digest is None:
        return None
    data = plain.read(folder / f"{side}.{number}")
    if hashlib.sha256(data).hexdigest() != digest:
        raise ValueError(f"{side}.{number}")
    return data


# -- write


def write(kind: Kind, root: Path, targets: Sequence[Target]) -> None:
    """Put all files in their places, or none.

    Raises InputError; it says "nothing was written" only where every file is as it was, and else
    names those that are not. Another writer of one of the folders is an error, not waited for.
    """
    if not targets:
        return
    with blocked(signal.SIGTERM, signal.SIGHUP), _folders(targets), \
            contextlib.ExitStack() as stack:
        try:
            journal = stack.enter_context(_begun(kind, root, targets))
        except OSError as error:
            raise InputError(
                f"{error.filename or _base()}: {why(error)}; what is begun is noted there "
                "(XDG_STATE_HOME moves it); nothing was written") from None
        done: list[Target] = []
        try:
            _stage(journal)
            with blocked(signal.SIGINT):
                _swap(journal, done)
        except BaseException as error:
            with blocked(signal.SIGINT):
                _undo(journal, done, error)
            raise
        with blocked(signal.SIGINT):
            _ended(journal)


@contextlib.contextmanager
def blocked(*signals: signal.Signals) -> Iterator[None]:
    """Hold some signals back; they take effect behind the block."""
    old = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, old)


@contextlib.contextmanager
def _folders(targets: Sequence[Target]) -> Iterator[None]:
    with _locked({one.path.parent for one in targets if not one.alone}):
        yield


@contextlib.contextmanager
def _locked(folders: Iterable[Path]) -> Iterator[None]:
    """Hold some folders for this run alone. The lock ends with the process, whatever ends that."""
    handles: list[int] = []
    try:
        for folder in sorted(set(folders)):
            try:
                handles.append(os.open(folder, os.O_RDONLY | os.O_DIRECTORY))
                fcntl.flock(handles[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise InputError(f"{folder}: another netmem-migrate writes here now; run again "
                                 "when it is done; nothing was written") from None
            except OSError as error:
                if error.errno not in (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS):
                    raise InputError(f"{folder}: {why(error)}; nothing was written") from None
        yield
    finally:
        for handle in handles:
            os.close(handle)


@contextlib.contextmanager
def _begun(kind: Kind, root: Path, targets: Sequence[Target]) -> Iterator[Journal]:
    """A journal that is safely on disk, and held."""
    base = _base()
    folders(base, 0o700)
    token = secrets.token_hex(4)
    name = f"{hashlib.sha256(os.fsencode(os.path.realpath(root))).hexdigest()[:16]}-{token}"
    made, folder = base / f".{name}", base / name
    data = {"version": _VERSION, "kind": kind.value, "process": os.getpid(), "token": token,
            "root": os.fsencode(os.path.realpath(root)).hex(), "files": [
                {"path": os.fsencode(one.path).hex(),
                 "shown": one.shown.encode("utf-8", "backslashreplace").decode(),
                 "before": _digest(one.before), "after": _digest(one.after), "mode": one.mode,
                 "owner": one.owner, "group": one.group, "name_of": one.name_of}
                for one in targets]}
    with contextlib.ExitStack() as stack:
        stack.callback(_drop, made)
        with _alone(base):
            _tidy(base)
            made.mkdir(mode=0o700)
            create(made / _FILE, json.dumps(data, indent=1).encode(), 0o600)
            file = stack.enter_context((made / _FILE).open("rb"))
            fcntl.flock(file, fcntl.LOCK_EX)
        for number, one in enumerate(targets):
            for side, text in (("before", one.before), ("after", one.after)):
                if text is not None:
                    create(made / f"{side}.{number}", text, 0o600)
        sync(made)
        made.rename(folder)
        sync(base)
        yield Journal(folder, kind, os.getpid(), token, tuple(targets))


@contextlib.contextmanager
def _alone(base: Path) -> Iterator[None]:
    """Wait until no other run begins a journal, or takes away what was left of one."""
    handle = os.open(base, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _drop(folder: Path) -> None:
    """Take away what is no journal any more; what stays of it is taken away by the next run."""
    with contextlib.suppress(OSError):
        shutil.rmtree(folder, ignore_errors=True)


def _digest(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


def _tidy(base: Path) -> None:
    """Take away journals that were never finished, and those that were over."""
    with contextlib.suppress(OSError):
        for one in list(base.iterdir()):
            if one.name.startswith(".") and not _locked_by_another(one / _FILE):
                _drop(one)


def _locked_by_another(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _stage(journal: Journal) -> None:
    """Put the new text of each file beside it, and a second name of the old one."""
    for target in journal.targets:
        if target.after is not None:
            _put_aside(journal, target, State.NEW, target.after)
    for target in journal.targets:
        if target.before is not None:
            old = journal.staged(target, State.OLD)
            try:
                os.link(target.path, old, follow_symlinks=False)
            except OSError:
                _put_aside(journal, target, State.OLD, target.before)


def _put_aside(journal: Journal, target: Target, side: State, data: bytes) -> Path:
    made = journal.staged(target, side)
    if target.name_of is not None:
        first = journal.staged(journal.targets[target.name_of], side)
        with contextlib.suppress(OSError):
            os.link(first, made)
            return made
    create(made, data, 0o600)
    _owned(made, target)
    return made


def _owned(made: Path, target: Target) -> None:
    """Give a file the owner and the mode that it is to have."""
    if (target.owner, target.group) not in ((-1, -1), (os.geteuid(), os.getegid())):
        with contextlib.suppress(PermissionError):
            os.chown(made, target.owner, target.group)
    made.chmod(stat.S_IMODE(target.mode))


def _swap(journal: Journal, done: list[Target]) -> None:
    for target in journal.targets:
        # What is another name of a file that was swapped holds the old text still.
        if journal.state(target) is not State.OLD:
            raise InputError(f"{target.shown}: changed since it was read; run again")
        if target.after is None:
            target.path.unlink()
        else:
            journal.staged(target, State.NEW).replace(target.path)
        done.append(target)
    _sync_all(journal)


def _sync_all(journal: Journal) -> None:
    for folder in sorted({one.path.parent for one in journal.targets}):
        sync(folder)


def _undo(journal: Journal, done: Sequence[Target], error: BaseException) -> None:
    """Put back what was swapped and still holds what was written; say what came of it."""
    new: list[str] = []
    for target in reversed(done):
        try:
            if journal.state(target) is State.NEW:
                _restore(journal, target)
            elif journal.state(target) is State.OTHER:
                new.append(f"{target.shown} (edited meanwhile)")
        except OSError:
            new.append(target.shown)
    what = (f"{error.filename or journal.top}: {why(error)}" if isinstance(error, OSError)
            else str(error))
    if new:
        raise InputError(f"{what}; not as before, and not put back: {', '.join(sorted(new))}; "
                         f"{how(journal)}") from None
    try:
        _cleared(journal)
    except OSError as left:
        raise InputError(f"{what}; nothing was written, but {left.filename} is left: "
                         f"{how(journal)}") from None
    if isinstance(error, OSError | InputError):
        raise InputError(f"{what}; nothing was written") from None


def _restore(journal: Journal, target: Target) -> None:
    if target.before is None:
        target.path.unlink()
    else:
        journal.staged(target, State.OLD).replace(target.path)


def _cleared(journal: Journal) -> None:
    """Take away what stands beside the files, and then the journal."""
    for target in journal.targets:
        for side in (State.NEW, State.OLD):
            journal.staged(target, side).unlink(missing_ok=True)
    _sync_all(journal)
    gone = journal.folder.with_name(f".{journal.folder.name}")
    journal.folder.rename(gone)
    _drop(gone)


def _ended(journal: Journal) -> None:
    try:
        _cleared(journal)
    except OSError as error:
        raise InputError(f"{error.filename or journal.folder}: {why(error)}; all files are "
                         f"written, but what was noted of it is left: {how(journal)}") from None


# -- after a run that was cut off


def how(journal: Journal) -> str:
    """The commands that settle a journal."""
    if journal.kind is not Kind.APPLY:
        return "run the same command again"
    where = shlex.quote(str(journal.top))
    return (f"`netmem-migrate apply --resume {where}` finishes it, "
            f"`netmem-migrate apply --abort {where}` undoes it")


def require_settled(paths: Iterable[Path]) -> None:
    """Raise InputError where a run was cut off that wrote one of some files, or one writes now."""
    for one in concerning(paths):
        if one.is_held:
            raise InputError(f"{one.top}: another netmem-migrate (process {one.process}) writes "
                             "here now; run again when it is done")
        new = sum(one.state(target) is State.NEW for target in one.targets)
        raise InputError(f"{one.top}: an earlier {_WHAT[one.kind]} was cut off here, with {new} of "
                         f"{len(one.targets)} files written: {how(one)}")


_WHAT = {Kind.APPLY: "apply", Kind.SERIES: "format-patch", Kind.MODEL: "api sync"}


def settle(journal: Journal, side: State) -> list[Path]:
    """Make all files new, or all old; returns those that this changed.

    Raises InputError, with nothing written, where a file holds neither text: somebody edited it.
    """
    with blocked(signal.SIGTERM, signal.SIGHUP, signal.SIGINT), _folders(journal.targets), \
            _taken(journal):
        edited = [one.shown for one in journal.targets if journal.state(one) is State.OTHER]
        if edited:
            raise InputError(
                f"{', '.join(edited)}: edited since, and left as it is; nothing was written. Put "
                f"one of the texts in {journal.folder} (before.N, after.N) in its place, or take "
                "that folder away to keep the files as they are")
        changed = []
        try:
            for target in journal.targets:
                if journal.state(target) is not side:
                    _make(journal, target, side)
                    changed.append(target.path)
            _cleared(journal)
        except OSError as error:
            raise InputError(f"{error.filename or journal.top}: {why(error)}; "
                             f"{len(changed)} of {len(journal.targets)} files were put in their "
                             f"places; run it again") from None
    return changed


@contextlib.contextmanager
def _taken(journal: Journal) -> Iterator[None]:
    """Hold a journal that was left."""
    try:
        file = (journal.folder / _FILE).open("rb")
    except OSError as error:
        raise InputError(f"{error.filename}: {why(error)}; nothing was written") from None
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise InputError(f"{journal.top}: another netmem-migrate is at it; run again when it "
                             "is done; nothing was written") from None
        yield


def _make(journal: Journal, target: Target, side: State) -> None:
    wanted = target.after if side is State.NEW else target.before
    if wanted is None:
        target.path.unlink()
        return
    made = journal.staged(target, side)
    try:
        whole = made.read_bytes() == wanted
    except FileNotFoundError:
        whole = False
    if whole:
        # The run may have been cut off between the text and its mode.
        _owned(made, target)
    else:
        made.unlink(missing_ok=True)
        made = _put_aside(journal, target, side, wanted)
    made.replace(target.path)
