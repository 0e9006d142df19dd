# SPDX-License-Identifier: GPL-2.0-only
"""The tool in a child of this process: as from a shell, without waiting for Python to start."""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import pkgutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from faults.calls import Call, Fault, Outcome, Shell, listed, strace
from tools import CORPUS

import netmem_migrate
from netmem_migrate import cli, pipeline
from netmem_migrate.options import Conversion

LIMIT = 30.0
"""Seconds after which a run hangs; none of these takes two on a quiet machine."""
_PR_SET_PTRACER, _ANY = 0x59616D61, ctypes.c_ulong(-1)
_LIBC = ctypes.CDLL(None, use_errno=True)


def load() -> None:
    """Import all of the tool, and fill what it keeps of its model, once, for all children."""
    for one in pkgutil.walk_packages(netmem_migrate.__path__, "netmem_migrate."):
        if not one.name.endswith(("__main__", "demo")):
            importlib.import_module(one.name)
    pipeline.run([CORPUS / "02-union-member"], Conversion(api="7.3"))


def tool(words: Sequence[str], shell: Shell, stdin: str = "", *,
         watched: Sequence[str] = (), meanwhile: Callable[[int], None] | None = None) -> Outcome:
    """What `netmem-migrate WORDS` does and says.

    `watched` is a strace that is attached before it begins; `meanwhile` is called with the id of
    the process once it has begun.
    """
    begun = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, \
            tempfile.TemporaryFile() as given:
        given.write(stdin.encode())
        given.seek(0)
        gate, opens = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(opens)
            _be(words, shell, gate, given.fileno(), out.fileno(), err.fileno())
        os.close(gate)
        watcher = _attached(watched, child) if watched else None
        os.close(opens)
        if meanwhile is not None:
            meanwhile(child)
        code = _waited(child, begun + LIMIT)
        if watcher is not None:
            watcher.wait()
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Outcome(code, *texts, time.monotonic() - begun)


def _attached(command: Sequence[str], child: int) -> subprocess.Popen[bytes]:
    """The watcher, once it holds the child."""
    watcher = subprocess.Popen([*command, "-p", str(child)], stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    status = Path(f"/proc/{child}/status")
    until = time.monotonic() + LIMIT
    while "TracerPid:\t0" in status.read_text():
        if watcher.poll() is not None or time.monotonic() > until:
            assert watcher.stderr is not None
            os.kill(child, signal.SIGKILL)
            raise RuntimeError(f"strace: {watcher.stderr.read().decode()}")
        time.sleep(0.001)
    return watcher


def _be(words: Sequence[str], shell: Shell, gate: int, *streams: int) -> None:
    """Become the tool; never returns."""
    code = 99
    try:
        os.setsid()
        # As from a terminal, though this process may run in the background.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        # Where the kernel lets only a parent trace (Yama), strace may too.
        _LIBC.prctl(_PR_SET_PTRACER, _ANY, 0, 0, 0)
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        os.chdir(shell.folder)
        os.environ.clear()
        os.environ.update(shell.environment)
        tempfile.tempdir = None
        sys.argv = ["netmem-migrate", *words]
        sys.stdin, sys.stdout, sys.stderr = (
            open(number, mode, encoding="utf-8", errors=errors, closefd=False)  # noqa: SIM115
            for number, mode, errors in ((0, "r", "surrogateescape"), (1, "w", "surrogateescape"),
                                         (2, "w", "backslashreplace")))
        # The tool guards those that are really its own.
        sys.__stdout__, sys.__stderr__ = sys.stdout, sys.stderr  # type: ignore[misc]
        os.read(gate, 1)
        os.close(gate)
        try:
            cli.main()
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else int(bool(stop.code))
        with contextlib.suppress(OSError):
            sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)


def _waited(child: int, until: float) -> int | None:
    pause = 0.001
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return None
        time.sleep(pause)
        pause = min(pause * 1.5, 0.02)


def record(words: Sequence[str], shell: Shell, stdin: str = "", *, follow: bool = False
           ) -> tuple[Outcome, list[Call]]:
    """Run the tool, and say by which calls it changes files, in order."""
    with tempfile.NamedTemporaryFile(prefix="faults-", suffix=".log") as log:
        done = tool(words, shell, stdin, watched=strace(log.name, follow=follow))
        return done, listed(Path(log.name).read_text(errors="replace"))


def run(words: Sequence[str], shell: Shell, fault: Fault, stdin: str = "", *,
        follow: bool = False, meanwhile: Callable[[int], None] | None = None) -> Outcome:
    """Run the tool with a fault."""
    return tool(words, shell, stdin, watched=strace("/dev/null", fault, follow=follow),
                meanwhile=meanwhile)


def home(folder: Path) -> Path:
    """A home with an identity for git."""
    (folder / "tmp").mkdir(parents=True)
    (folder / ".gitconfig").write_text("[user]\n\tname = Jane Developer\n"
                                       "\temail = jane@example.org\n")
    return folder
