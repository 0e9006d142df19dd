# SPDX-License-Identifier: GPL-2.0-only
"""What fetching and preparing a tree share: progress, locks, and programs that end with us."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from netmem_migrate.errors import InputError

OnLine = Callable[[str], None]


class Progress(Protocol):
    """Where a long task says how far it is."""

    def step(self, title: str) -> None:
        """Begin a step; the one before it is done."""

    def at(self, fraction: float | None, detail: str = "") -> None:
        """How far the step is, 0 to 1; None where that cannot be known."""

    def note(self, text: str) -> None:
        """Say something that stays on the screen."""


@contextlib.contextmanager
def locked(folder: Path, progress: Progress) -> Iterator[None]:
    """Hold a folder for this run alone; another run waits until it is free."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress.note(f"waiting for another netmem-migrate to finish with {folder}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextlib.contextmanager
def child(command: Sequence[str], **options: object) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program in a session of its own; it and its children end when the block does.

    Raises InputError where it cannot be started.
    """
    try:
        process: subprocess.Popen[bytes] = subprocess.Popen(  # type: ignore[call-overload]
            list(command), start_new_session=True, preexec_fn=_end_with_us, **options
        )
    except OSError as error:
        raise InputError(f"{command[0]}: cannot be run ({error.strerror})") from error
    try:
        yield process
    except BaseException:
        _end(process)
        raise
    finally:
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        process.wait()


def _end_with_us() -> None:
    """Have this process killed when the one that started it ends, however it does (prctl(2))."""
    import ctypes

    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


_PR_SET_PDEATHSIG = 1


def _end(process: subprocess.Popen[bytes]) -> None:
    for signal_ in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal_)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
            return


def run(
    command: Sequence[str],
    on_line: OnLine | None = None,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> tuple[int, list[str]]:
    """Run a program; its exit code and the last 400 lines it wrote to either stream.

    `log`, if given, receives all of them.
    """
    tail: deque[str] = deque(maxlen=400)
    with contextlib.ExitStack() as stack:
        sink = stack.enter_context(log.open("ab")) if log is not None else None
        process = stack.enter_context(
            child(
                command,
                cwd=cwd,
                env=None if env is None else dict(env),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
        assert process.stdout is not None
        for raw in process.stdout:
            if sink is not None:
                sink.write(raw)
            line = raw.decode("utf-8", "replace").rstrip()
            tail.append(line)
            if on_line is not None:
                on_line(line)
        code = process.wait()
    return code, list(tail)
