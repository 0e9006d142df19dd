# SPDX-License-Identifier: GPL-2.0-only
"""A fault in what writes beside a tree: series, reviews, the model, kernels, pages and reports.

After the fault what was to be written is old or new as a whole, and the same command, run once
more, makes all of it new and leaves nothing else.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from faults import inside, states
from faults.applied import API, KINDS, Verdict
from faults.calls import Outcome, Shell, spelled
from faults.drivers import DRIVER, plant
from faults.states import Is, Saved, State
from faults.tally import Tally
from git_tools import commit_all
from kernel.test_kernel import Machine
from kernel.test_kernel import make_tree as make_source
from kernel_tools import header_tree
from tools import ROOT

_MARK = "FAULTS_MARK"
# What `kernel prepare` writes in front of its work, for the next run to begin anew.
_UNFINISHED = (b"unfinished\n", b" ")


@dataclass(frozen=True)
class Job:
    """A command, what it needs, and the folder it writes to."""

    name: str
    words: tuple[str, ...]
    prepare: Callable[[Path], Shell]
    writes: str
    """The folder, seen from the one that `prepare` was given."""
    stdin: str = ""
    codes: tuple[int, ...] = (0, 3)
    keep: str = ""
    """Only files with this in their path count."""
    each: bool = False
    """Each file is whole by itself, and they need not be of one age."""
    again: tuple[str, ...] = ()
    """What is added to the words when they are run once more."""


def _tree(place: Path, size: int = 2) -> Shell:
    (place / "tree").mkdir()
    (place / "out").mkdir()
    plant(place / "tree", size, 1)
    return Shell(place / "tree", inside.home(place / "home"))


def _git_tree(place: Path) -> Shell:
    shell = _tree(place, 3)
    before = dict(os.environ)
    os.environ.update(shell.environment)
    commit_all(place / "tree")
    os.environ.clear()
    os.environ.update(before)
    return shell


def _other_series(place: Path) -> Shell:
    shell = _git_tree(place)
    inside.tool(("format-patch", *API, DRIVER, "-o", "../out", "--heads", "--cover-letter",
                 "--tree", "net"), shell)
    return shell


def _old_file(place: Path) -> Shell:
    shell = _tree(place)
    for name in ("page.html", "log.sarif", "report.json"):
        (place / "out" / name).write_text("old\n")
    return shell


def _model(place: Path) -> Shell:
    shell = _tree(place)
    header_tree(place / "headers", "7.3")
    for name in ("functions.py", "names.py"):
        shutil.copy(ROOT / "netmem_migrate/model" / name, place / "out")
    return shell


def _machine(place: Path) -> Shell:
    machine = Machine(place / "machine")
    (machine.folder / "home").mkdir()
    shell = Shell(machine.folder, inside.home(place / "home"), machine.environment())
    shell.extra["HOME"] = str(place / "home")
    return shell


def _fetched(place: Path) -> Shell:
    shell = _machine(place)
    inside.tool(("kernel", "fetch", "7.3"), shell)
    return shell


def _newer(place: Path) -> Shell:
    shell = _fetched(place)
    again = Path(shell.extra["STUB"])
    from kernel.test_kernel import pack

    (again / "point-7.3").write_text("7.3.9")
    (again / "linux-source-7.3.tar.xz").write_bytes(pack("7.3", "7.3.9"))
    return shell


def _source(place: Path) -> Shell:
    shell = _machine(place)
    make_source(shell.folder / "linux")
    return shell


_KERNELS = "machine/a cache/netmem-migrate/kernels"
JOBS = (
    Job("format-patch", ("format-patch", *API, DRIVER, "-o", "../out/new", "--heads",
                         "--cover-letter"), _tree, "out"),
    Job("format-patch, in git", ("format-patch", *API, DRIVER, "-o", "../out/new", "--heads",
                                 "--cover-letter"), _git_tree, "out"),
    Job("format-patch --force", ("format-patch", *API, DRIVER, "-o", "../out", "--heads",
                                 "--cover-letter", "--force"), _other_series, "out"),
    Job("format-patch --report", ("format-patch", *API, DRIVER, "-o", "../out/new", "--heads",
                                  "--report", "../out/report.json"), _old_file, "out"),
    Job("review, its answers", ("review", *API, DRIVER), _tree, "home/cache",
        stdin="y\nq\n", codes=(0, 130), keep="reviews", again=("--restart",)),
    Job("review -o", ("review", *API, DRIVER, "-o", "../out/new"), _git_tree, "out",
        stdin="y\n" * 40),
    Job("review --html", ("review", *API, DRIVER, "--html", "../out/page.html"), _old_file, "out"),
    Job("scan --html --sarif", ("scan", *API, DRIVER, "--html", "../out/page.html", "--sarif",
                                "../out/log.sarif"), _old_file, "out",
        each=True),
    Job("check --sarif", ("check", *API, DRIVER, "--sarif", "../out/log.sarif"), _old_file, "out",
        codes=(0, 1)),
    Job("diff --report", ("diff", *API, DRIVER, "--report", "../out/report.json"), _old_file,
        "out"),
    Job("api sync", ("api", "sync", "--kernel", "../headers", "--model", "../out"), _model, "out"),
    Job("kernel fetch", ("kernel", "fetch", "7.3"), _machine, _KERNELS),
    Job("kernel fetch --refresh", ("kernel", "fetch", "7.3", "--refresh"), _newer, _KERNELS),
    Job("kernel prepare", ("kernel", "prepare", "linux"), _source, "machine/linux",
        keep=".netmem-migrate-prepared"),
)


class Ground:
    """A job made ready: what it writes before and after it, and what puts all of it back."""

    def __init__(self, job: Job, work: Path) -> None:
        self.job, self.work = job, work
        place = work / "place"
        place.mkdir(parents=True)
        self.shell = job.prepare(place)
        self.folder = place / job.writes
        self.saved = Saved.of(place, work / "saved")
        self.old = self.state()
        self.tree = states.read(place / "tree")
        done = inside.tool(job.words, self.shell, job.stdin)
        self.new = self.state()
        if done.code not in job.codes or not states.changed(self.old, self.new):
            raise RuntimeError(f"{job.name} does not work without a fault: {done}")
        self.saved.put_back()

    def state(self) -> State:
        """What there is, of what it writes."""
        return {name: text for name, text in states.read(self.folder).items()
                if self.job.keep in name and not text.endswith(_UNFINISHED)}


def judge(ground: Ground, done: Outcome, what: str) -> Verdict:
    """Look at what a run with a fault left, and run the same command once more."""
    verdict = Verdict()
    verdict.take(done, what)
    job = ground.job
    now = ground.state()
    state = states.judge(now, ground.old, ground.new)
    if state is Is.MIXED and job.each:
        state = Is.OLD
    if state is Is.MIXED and _told(ground):
        verdict.columns.add("mixed, told")
    elif state in (Is.MIXED, Is.TORN):
        verdict.fault("mixed, untold", f"{state.value}: " + ", ".join(
            f"{name} is {_is(now.get(name), ground.old.get(name), ground.new.get(name))}"
            for name in sorted(states.changed(ground.old, ground.new))))
    else:
        verdict.columns.add(state.value)
    if done.code in job.codes and state is not Is.NEW and job.keep != "reviews":
        verdict.fault("lies", f"exit {done.code}, and it is {state.value}")
    if state is not Is.OLD and "nothing was written" in done.text and not job.keep:
        verdict.fault("lies", f'"nothing was written", and it is {state.value}')
    if state is not Is.NEW and "answers are kept" in done.text:
        verdict.fault("lies", f'"your answers are kept", and they are {state.value}')
    again = inside.tool((*job.words, *job.again), ground.shell, job.stdin)
    verdict.take(again, "once more")
    now = ground.state()
    if again.code not in job.codes or states.judge(now, ground.old, ground.new) is not Is.NEW:
        said = " ".join(again.err.split())[-200:]
        verdict.fault("lost", f"once more: exit {again.code}, "
                      f"{states.judge(now, ground.old, ground.new).value}: {said}")
    if left := states.left(now, ground.old, ground.new):
        verdict.fault("left", f"once more: {left}")
    if ground.tree != states.read(ground.work / "place/tree"):
        verdict.fault("left", "the tree itself is changed")
    return verdict


def _told(ground: Ground) -> bool:
    """Whether a command that looks at the folder refuses, and says that a run was cut off there."""
    before = ground.state()
    asked = inside.tool(("check", "--api", "7.3", "../out"), ground.shell)
    return asked.code == 4 and "was cut off here" in asked.err and ground.state() == before


def _is(now: bytes | None, old: bytes | None, new: bytes | None) -> str:
    if now is None:
        return "missing"
    return "new" if now == new else "old" if now == old else "torn"


def at_each_call(job: Job, work: Path, kind: str, tally: Tally, every: int = 1,
                 shift: int = 0) -> None:
    """One fault of a kind at each `every`th call of a command."""
    ground = Ground(job, work)
    _, found = inside.record(job.words, ground.shell, job.stdin)
    for number, call in enumerate(found):
        fault = KINDS[kind](call, found)
        if fault is None or (number + shift) % every:
            continue
        ground.saved.put_back()
        done = inside.run(job.words, ground.shell, fault, job.stdin)
        verdict = judge(ground, done, str(fault))
        tally.say(job.name, kind, verdict.columns, spelled(job.words, fault), verdict.why)
    ground.saved.put_back()


def children(work: Path, tally: Tally, step: str) -> None:
    """SIGKILL of `kernel fetch` while a program that it runs works: that has to end as well."""
    job = next(one for one in JOBS if one.name == "kernel fetch")
    ground = Ground(job, work)
    machine = Path(ground.shell.extra["STUB"]).parent
    program = machine / "bin" / step
    real = program.resolve()
    text = program.read_text() if not program.is_symlink() else ""
    program.unlink()
    mark = machine / "stub/hanging"
    program.write_text(f'#!/bin/sh\ntouch "{mark}"\nexec sleep 60\n')
    program.chmod(0o755)
    ground.shell.extra[_MARK] = str(work)

    def kill(process: int) -> None:
        until = time.monotonic() + 20
        while not mark.exists() and time.monotonic() < until:
            time.sleep(0.01)
        time.sleep(0.1)
        os.kill(process, signal.SIGKILL)

    done = inside.tool(job.words, ground.shell, meanwhile=kill)
    columns, why = set(), []
    time.sleep(0.5)
    if alive := _alive(str(work)):
        columns.add("left")
        why.append(f"still running: {[command for _, command in alive]}")
        for process, _ in alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    program.unlink()
    if text:
        program.write_text(text)
        program.chmod(0o755)
    else:
        program.symlink_to(real)
    verdict = judge(ground, done, f"SIGKILL while {step} works")
    tally.say(job.name, "SIGKILL, its children", columns | verdict.columns,
              f"SIGKILL while {step} works", [*why, *verdict.why])


def _alive(mark: str) -> list[tuple[int, str]]:
    """The processes that were started with this mark in their environment."""
    found = []
    for folder in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if folder.name.isdigit() and f"{_MARK}={mark}".encode() in (
                    folder / "environ").read_bytes().split(b"\0"):
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found.append((int(folder.name), words.strip()))
    return found
