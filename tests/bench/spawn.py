# SPDX-License-Identifier: GPL-2.0-only
"""Run a command and write what it took, as JSON, to a file descriptor.

    spawn.py FD SECONDS WORD...

A process that forks hands its own peak memory on to what it starts, so the benchmark, which may
have grown, never starts what it measures: this small one does. What a command leaves behind becomes
a child of it, too, so that nothing is left out.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import time
from types import FrameType

_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER
_LEFT = 5
"""Seconds that those have to end which a command leaves behind."""


def main() -> None:
    """Run it; the exit code is 0, whatever that of the command."""
    report, limit, words = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    os.set_inheritable(report, False)
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    began = time.perf_counter()
    child = os.posix_spawnp(words[0], words, os.environ, setpgroup=0)

    def kill(_signal: int, _frame: FrameType | None) -> None:
        os.killpg(child, signal.SIGKILL)

    for one in (signal.SIGALRM, signal.SIGINT, signal.SIGTERM):
        signal.signal(one, kill)
    signal.alarm(limit)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    took = time.perf_counter() - began
    ticks = _children(child)
    _, status = os.waitpid(child, 0)
    signal.alarm(_LEFT)
    while True:
        try:
            os.waitpid(-1, 0)
        except (ChildProcessError, ProcessLookupError):
            break
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    os.write(report, json.dumps({
        "seconds": took, "cpu": used.ru_utime + used.ru_stime, "children": ticks,
        "memory": used.ru_maxrss * 1024, "code": os.waitstatus_to_exitcode(status),
    }).encode())


def _children(process: int) -> float:
    """Seconds of CPU of those that a process, ended but not waited for, has waited for."""
    with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:  # noqa: PTH123
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
