# SPDX-License-Identifier: GPL-2.0-only
"""Compilers that run at once, as many as are wanted, and what they said before."""

from __future__ import annotations

import itertools
import os
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType

from netmem_migrate.files.store import Store
from netmem_migrate.kernel.includes import Includes
from netmem_migrate.verify import toolchain
from netmem_migrate.verify.kept import Kept
from netmem_migrate.verify.objects import Recorded, built, includes, record, touched_sources
from netmem_migrate.verify.place import Run

Done = subprocess.CompletedProcess[bytes]
_KEPT = 256 << 20
# Of so many sources one is asked for a command that others would do for as well.
_FEW = 4


class Compilers:
    """What compiles for a proof, and for how long: a context.

    `jobs` is how many compilers run at once (0: one for each core that this process may use). With
    `keep`, what they say is kept in the user's cache folder, and taken from there. `cc` is the
    compiler to run in place of the recorded one, as a shell would have it: one that says that it
    is the same, by way of ccache, distcc or the like.
    """

    def __init__(self, jobs: int = 0, *, keep: bool = False, cc: str = "") -> None:
        self.jobs = jobs or len(os.sched_getaffinity(0))
        self.cc = tuple(shlex.split(cc))
        self._made = tempfile.TemporaryDirectory(prefix="netmem-migrate-")
        self._where = Path(self._made.name)
        self._kept = Kept(Store.standard("compiled", _KEPT), self._where) if keep else None
        self._numbers = itertools.count()
        self._pool = ThreadPoolExecutor(self.jobs)
        self._asking = threading.Lock()
        self._recorded: dict[tuple[Path, str, str], Recorded] = {}
        self._trees: dict[tuple[Path, str], Includes] = {}
        self._touched: dict[tuple[Path, str, tuple[str, ...]], list[str]] = {}

    def __enter__(self) -> Compilers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        self._pool.shutdown(cancel_futures=True)
        self._made.cleanup()

    # What is to be compiled, and how.

    def sources(self, root: Path, files: Sequence[str], module: str) -> list[str]:
        """As touched_sources() has it."""
        key = root, module, tuple(files)
        with self._asking:
            if key not in self._touched:
                self._touched[key] = touched_sources(root, files, module, self._tree(root, module))
            return self._touched[key]

    def folders(self, root: Path, files: Iterable[str], module: str) -> set[str]:
        """The folders from which a driver's headers among some files may be found by "../"."""
        headers = [one for one in files if one.endswith(".h") and not one.startswith("include/")]
        with self._asking:
            found = self._tree(root, module).of(headers) if headers else ()
        return {one.rpartition("/")[0] for one in found} | ({module} if module else set())

    def _tree(self, root: Path, module: str) -> Includes:
        if (root, module) not in self._trees:
            self._trees[root, module] = includes(root, module)
        return self._trees[root, module]

    def recorded(self, root: Path, sources: Sequence[str], module: str) -> list[Recorded]:
        """As record() has it, with the compiler that is wanted. Raises InputError."""
        with self._asking:
            new = [one for one in sources if (root, module, one) not in self._recorded]
            for command in record(root, new, module) if new or not sources else ():
                self._recorded[root, module, command.source] = toolchain.replaced(command, self.cc)
            return [self._recorded[root, module, one] for one in sources]

    def ahead(self, root: Path, files: Sequence[str], module: str) -> None:
        """Ask at once for the commands of all that some files are compiled in. Raises InputError.
        """
        self.recorded(root, self.sources(root, files, module), module)

    def some(self, root: Path, sources: Sequence[str], module: str) -> Recorded:
        """The command of one of the sources, any that has one. Raises InputError."""
        known = [one for one in sources if (root, module, one) in self._recorded]
        there = [one for one in sources if built(root, one)]
        tried: list[Recorded] = []
        for some in (known, there[:1], sources[:_FEW]):
            tried = self.recorded(root, some, module) if some else []
            if found := [one for one in tried if not one.missing]:
                return found[0]
        return tried[0] if tried else Recorded(
            "", missing="no source that is changed is compiled")

    # Running them.

    def start(self, run: Run) -> Future[Done]:
        """Have a compiler run as soon as one may."""
        return self._pool.submit(self._run, run)

    def run(self, run: Run) -> Done:
        """Have a compiler run, and wait for it."""
        return self.start(run).result()

    def stop(self) -> None:
        """Have none run any more but those that do; who waits for another, or wants one later, gets
        a RuntimeError or a CancelledError."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def told(self, kind: str, runs: Sequence[Run], make: Callable[[], bytes]) -> bytes:
        """What follows, by `make` and nothing else, from what some runs give."""
        return make() if self._kept is None else self._kept.told(kind, runs, make)

    def _run(self, run: Run) -> Done:
        key = self._kept.key(run) if self._kept is not None else None
        if self._kept is None or key is None:
            return self._into_file(run)
        known = self._kept.get(run, key)
        if known is not None:
            return known
        read = self._where / f"{next(self._numbers)}.d"
        done = _started(run, [*run.words, "-MD", "-MF", str(read), "-MT", "x"])
        self._kept.put(run, key, done, read)
        return done

    def _into_file(self, run: Run) -> Done:
        """Run a compiler by way of another program, which may serve only what goes into a file."""
        words = list(run.words)
        if not toolchain.wrapped(words):
            return _started(run, words)
        if any(one.startswith("-fdump-") for one in words):
            # Another machine would print it there.
            return _started(run, toolchain.bare(words))
        out = words[words.index("-o") + 1] if "-o" in words else ""
        if "-E" in words or out not in ("-", os.devnull):
            return _started(run, words)
        made = self._where / f"{next(self._numbers)}.{'s' if '-S' in words else 'o'}"
        words[words.index("-o") + 1] = str(made)
        done = _started(run, words)
        if made.is_file():
            if out == "-":
                done.stdout += made.read_bytes()
            made.unlink()
        return done


def _started(run: Run, words: Sequence[str]) -> Done:
    run.place.make()
    environment: Mapping[str, str] = {**os.environ, "LC_ALL": "C"}
    return subprocess.run(words, cwd=run.place.where / run.folder, check=False,
                          capture_output=True, stdin=subprocess.DEVNULL, env=environment)
