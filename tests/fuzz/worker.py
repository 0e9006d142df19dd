# SPDX-License-Identifier: GPL-2.0-only
"""Run inputs one after another in a child of this process, which is ended where one hangs."""

from __future__ import annotations

import contextlib
import io
import os
import re
import select
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from fuzz.hostile import Input

from netmem_migrate.c.parse import parse
from netmem_migrate.cli import main

LIMIT = 10.0
"""Seconds of the processor, or six times as many of the clock, after which a run hangs..."""
TIMES = 5
"""... unless the bare parse of the same input takes more than one in so many of them."""
_RAW = re.compile(rb"[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
_TICKS = os.sysconf("SC_CLK_TCK")


def once(one: Input, folder: Path) -> str:
    """What is wrong with a run on an input, "" for nothing."""
    one.place(folder)
    old = Path.cwd()
    os.chdir(folder)
    try:
        code, err = _run(one.words, one.stdin)
    except BaseException as error:
        where = traceback.extract_tb(error.__traceback__)[-1]
        return f"traceback: {type(error).__name__} at {Path(where.filename).name}:{where.lineno}"
    finally:
        os.chdir(old)
    return wrong_end(code, err)


def _run(words: Sequence[str], stdin: bytes) -> tuple[int, str]:
    """The entry point with streams as a shell gives them: its exit code, and stderr."""
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="surrogateescape")
    err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")
    code: object = 0
    sys.argv = ["netmem-migrate", *words]
    sys.stdin, sys.stdout, sys.stderr = io.TextIOWrapper(io.BytesIO(stdin)), out, err
    try:
        main()
    except SystemExit as stop:
        code = stop.code or 0
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before
    err.flush()
    return int(code) if isinstance(code, int) else 1, err.buffer.getvalue().decode()  # type: ignore[attr-defined]


def wrong_end(code: int, err: str) -> str:
    """What is wrong with how a run ended, "" for nothing."""
    if code == 70:
        said = re.search(r"internal error: (.*?); please", err, re.DOTALL)
        return f"exit 70: {said[1][:160] if said else err[-160:]}"
    if "Traceback (most recent call last)" in err:
        return f"traceback: {err.strip().splitlines()[-1][:160]}"
    if code not in (0, 1, 2, 3, 4, 5):
        return f"exit {code}"
    if raw := _RAW.search(err.encode("utf-8", "surrogateescape")):
        return f"control character: {raw[0]!r} on stderr"
    return ""


def _cpu(process: int) -> float:
    with contextlib.suppress(OSError, IndexError):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS
    return 0.0


def batch(count: int, make: Callable[[int], Input], take: Callable[[int, str, float], None],
          limit: float = LIMIT) -> None:
    """Run inputs 0 to `count`; `take` is told of each what was wrong, and how long it took."""
    at = 0
    while at < count:
        gives, writes = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(gives)
            _serve(range(at, count), make, writes)
        os.close(writes)
        try:
            at = _watch(child, gives, at, count, take, limit, make)
        finally:
            os.close(gives)
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)


def _serve(numbers: Sequence[int], make: Callable[[int], Input], writes: int) -> None:
    """Run them, and say of each what was wrong; never returns."""
    code = 1
    try:
        null = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(null, number)
        with tempfile.TemporaryDirectory(prefix="fuzz-") as name:
            os.environ |= {"HOME": name, "XDG_CACHE_HOME": f"{name}/.cache",
                           "XDG_STATE_HOME": f"{name}/.state", "NO_COLOR": "1"}
            os.environ.pop("NETMEM_MIGRATE_DEBUG", None)
            folder = Path(name).resolve() / "work"
            folder.mkdir()
            for number in numbers:
                one = make(number)
                begun = time.process_time()
                wrong = once(one, folder)
                seconds = time.process_time() - begun
                os.write(writes, f"{number}\t{seconds:.3f}\t{' '.join(wrong.split())}\n".encode(
                    "utf-8", "backslashreplace"))
        code = 0
    finally:
        os._exit(code)


def _watch(child: int, gives: int, at: int, count: int, take: Callable[[int, str, float], None],
           limit: float, make: Callable[[int], Input]) -> int:
    """Read what a child says until it is done, hangs or dies; the number to go on with."""
    held = b""
    begun, cpu = time.monotonic(), _cpu(child)
    while at < count:
        ready, _, _ = select.select([gives], [], [], 0.5)
        if not ready:
            spent = _cpu(child) - cpu
            if spent < limit and time.monotonic() - begun < 6 * limit:
                continue
            if spent < TIMES * _bare(make(at).text) and time.monotonic() - begun < 60 * limit:
                continue
            take(at, f"hang: {spent:.0f} s", spent)
            return at + 1
        data = os.read(gives, 65536)
        if not data:
            break
        *lines, held = (held + data).split(b"\n")
        for line in lines:
            number, seconds, wrong = line.decode().split("\t", 2)
            take(int(number), wrong, float(seconds))
            at = int(number) + 1
            begun, cpu = time.monotonic(), _cpu(child)
    if at < count:
        take(at, "traceback: the process died", 0.0)
        return at + 1
    return at


def _bare(text: bytes) -> float:
    """Seconds that a parse alone takes."""
    begun = time.process_time()
    parse(text)
    return time.process_time() - begun


def still(one: Input, wrong: str, limit: float = LIMIT) -> bool:
    """Whether an input ends wrong in the same way."""
    found = []
    batch(1, lambda _: one, lambda _, said, __: found.append(said), limit)
    return same(found[0]) == same(wrong)


def same(wrong: str) -> str:
    """What two wrong ends have in common that are the same fault."""
    return re.sub(r"[\"'].*|\d+", "", wrong)[:60]


