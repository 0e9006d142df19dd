# SPDX-License-Identifier: GPL-2.0-only
"""The same work on many things at once, a process a core; what comes of it comes in order."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import ctypes

T = TypeVar("T")
R = TypeVar("R")

_PR_SET_PDEATHSIG = 1  # prctl(2)
# What a process that was forked works at; a copy of it cannot always be sent.
_work: list[tuple[Callable[[Any], Any], Sequence[Any]]] = []


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0))


def each(work: Callable[[T], R], things: Sequence[T], jobs: int, size: Callable[[T], int],
         told: Callable[[T, int], None]) -> Iterator[R]:
    """What `work` makes of each of some things, in their order, `jobs` of them at once.

    Those of the largest `size` are begun first. `told` is given one that is not done yet, and how
    many are. What `work` raises is raised where its result would come. It must not write to stdout
    or stderr, and what it gives or raises has to be sent to another process.
    """
    # What looks at one driver does not load these.
    import multiprocessing
    from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait

    order = sorted(range(len(things)), key=lambda one: (-size(things[one]), one))
    _work.append((work, things))
    # What is there by now is not looked through again by each process.
    gc.freeze()
    pool = ProcessPoolExecutor(min(jobs, len(things)), multiprocessing.get_context("fork"),
                               _begin, (os.getpid(),))
    try:
        futures = {one: pool.submit(_one, one) for one in order}
        left = set(futures.values())
        for index in range(len(things)):
            while not futures[index].done():
                told(next(things[one] for one in order if not futures[one].done()),
                     len(things) - len(left))
                left = wait(left, return_when=FIRST_COMPLETED).not_done
            yield futures[index].result()
    except BaseException:
        # Nobody waits for what is not done, as after Ctrl-C.
        for process in multiprocessing.active_children():
            process.kill()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        _work.pop()
        gc.unfreeze()


def trim() -> None:
    """Give back to the system what is free: much room was taken, and none will be for a while."""
    _libc().malloc_trim(0)


def _libc() -> ctypes.CDLL:
    import ctypes

    return ctypes.CDLL(None)


def _begin(parent: int) -> None:
    """A process ends with its parent, which alone is interrupted from the keyboard."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _libc().prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _one(index: int) -> Any:
    work, things = _work[-1]
    return work(things[index])
