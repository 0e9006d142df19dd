# SPDX-License-Identifier: GPL-2.0-only
"""A fault in what edits a driver in place: `apply`, its --resume and --abort, and review's end.

After the fault a judge that knows nothing of the tool looks at the bytes of the driver, asks each
command about it, and takes both ways out that are named.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from faults import calls, inside, states
from faults.calls import Fault, Outcome, Shell
from faults.drivers import DRIVER, plant
from faults.states import Is, Saved, State
from faults.tally import Tally, bad_ends

API = ("--api", "7.3")
RESUME, ABORT = "apply --resume", "apply --abort"
# Every command that reads a driver; what is answered to review is "quit".
READERS: dict[str, tuple[str, ...]] = {
    "diff": ("diff", *API, DRIVER), "scan": ("scan", *API, DRIVER),
    "apply": ("apply", *API, DRIVER), "check": ("check", *API, DRIVER),
    "review": ("review", *API, DRIVER),
    "format-patch": ("format-patch", *API, DRIVER, "-o", "../series"),
}


@dataclass
class Ground:
    """A tree with one driver; old, new, and what puts all of it back."""

    work: Path
    size: int
    seed: int
    shell: Shell = field(init=False)
    saved: Saved = field(init=False)
    old: State = field(init=False)
    new: State = field(init=False)
    output: str = ""

    def __post_init__(self) -> None:
        place = self.work / "place"
        (place / "tree").mkdir(parents=True)
        inside.home(place / "home")
        self.shell = Shell(place / "tree", place / "home")
        plant(place / "tree", self.size, self.seed)
        self.saved = Saved.of(place, self.work / "saved")
        self.old = states.read(place / "tree")
        done = inside.tool(("apply", *API, DRIVER), self.shell)
        if done.code not in (0, 3):
            raise RuntimeError(f"apply does not work without a fault: {done}")
        self.output = done.out
        self.new = states.read(place / "tree")
        if len(states.changed(self.old, self.new)) != self.size:
            raise RuntimeError(f"not {self.size} files are changed")
        self.saved.put_back()

    @property
    def tree(self) -> Path:
        """The root of the tree."""
        return self.shell.folder

    def state(self) -> Is:
        """How the driver is found."""
        return states.judge(states.read(self.tree), self.old, self.new)

    def left(self) -> list[str]:
        """What lies in the tree that was not there."""
        return states.left(states.read(self.tree), self.old, self.new)


@dataclass
class Verdict:
    """The columns that a fault counts in, and why."""

    columns: set[str] = field(default_factory=set)
    why: list[str] = field(default_factory=list)

    def fault(self, column: str, why: str) -> None:
        """Something that must not be."""
        self.columns.add(column)
        self.why.append(why)

    def take(self, done: Outcome, what: str) -> None:
        """What a run must never do."""
        for column, why in bad_ends(done, what):
            self.fault(column, why)


def lies(done: Outcome, state: Is, ground: Ground, wanted: Is = Is.NEW) -> list[str]:
    """What a run said of the driver that is not so."""
    found = []
    said = " ".join(done.text.split())
    if state is not Is.OLD and "nothing was written" in said:
        found.append(f'"nothing was written", and the driver is {state.value}: {said[-200:]}')
    if state not in (Is.OLD, Is.NEW) and "nothing was left half-written" in said:
        found.append(f'"nothing was left half-written", and the driver is {state.value}')
    if done.code in (0, 3) and state is not wanted:
        found.append(f"exit code {done.code}, and the driver is {state.value}: {said[-200:]}")
    # The list comes first, so that a full stdout is known in time: it holds if the run does.
    if done.code in (0, 3):
        now = states.read(ground.tree)
        for line in done.out.splitlines():
            path = Path(line)
            if not path.is_absolute() or not path.is_relative_to(ground.tree):
                continue
            name = str(path.relative_to(ground.tree))
            there = ground.new if wanted is Is.NEW else ground.old
            if name in there and now.get(name) != there[name]:
                found.append(f"{name} is listed as written, and is not")
    return found


def tells(done: Outcome) -> bool:
    """Whether a run refuses, and names both ways out."""
    said = " ".join(done.text.split())
    return done.code not in (0, 3, None) and RESUME in said and ABORT in said


def judge(ground: Ground, done: Outcome, what: str, wanted: Is = Is.NEW) -> Verdict:
    """Look at what a run with a fault left, and go on as a user would; `wanted` is its end."""
    verdict = Verdict()
    verdict.take(done, what)
    state, left = ground.state(), ground.left()
    for why in lies(done, state, ground, wanted):
        verdict.fault("lies", why)
    if state is Is.TORN:
        verdict.fault("mixed, untold", "a file is neither old nor new")
        return verdict
    if state is not Is.MIXED:
        verdict.columns.add(state.value)
    if state is not Is.MIXED and not left and not _pending(ground):
        return verdict
    place = Saved.of(ground.work / "place", ground.work / "faulted")
    told = _ask(ground, place, state, verdict)
    if state is Is.MIXED:
        verdict.columns.add("mixed, told" if told else "mixed, untold")
        if not told:
            verdict.why.append(f"after {what}")
    if told:
        for word, wanted in (("--resume", Is.NEW), ("--abort", Is.OLD)):
            place.put_back()
            _way_out(ground, word, wanted, verdict)
    elif left and state is not Is.MIXED:
        # No word of it: the next apply has to put it right.
        place.put_back()
        done = inside.tool(READERS["apply"], ground.shell)
        verdict.take(done, "apply after it")
        if ground.left():
            verdict.fault("left", f"after the next apply: {ground.left()}")
    return verdict


def _pending(ground: Ground) -> bool:
    """Whether a command still speaks of something to be finished."""
    done = inside.tool(READERS["diff"], ground.shell)
    return RESUME in " ".join(done.text.split())


def _ask(ground: Ground, place: Saved, state: Is, verdict: Verdict) -> bool:
    """Whether every command tells of the state; each that does not, or changes it, is a fault."""
    told = {}
    before = states.read(ground.tree)
    for name, words in READERS.items():
        done = inside.tool(words, ground.shell, stdin="q\nn\n")
        verdict.take(done, f"{name} after it")
        told[name] = tells(done)
        touched = states.changed(before, states.read(ground.tree))
        if state is Is.MIXED and touched:
            verdict.fault("mixed, untold", f"{name} changes a mixed driver: {sorted(touched)}")
        if state is Is.MIXED and not told[name]:
            said = " ".join(done.text.split())[-160:]
            verdict.fault("mixed, untold", f"{name} does not tell: exit {done.code}: {said}")
            if name == "apply" and done.code in (0, 3) and ground.state() is not Is.NEW:
                verdict.fault("lies", f"apply after it: exit {done.code}, {ground.state().value}")
        if touched or ground.left() != states.left(before, ground.old, ground.new):
            place.put_back()
        shutil.rmtree(ground.work / "place/series", ignore_errors=True)
    if state is not Is.MIXED:
        return told["apply"]
    return all(told.values())


def _way_out(ground: Ground, word: str, wanted: Is, verdict: Verdict) -> None:
    """Take a way out that was named: the driver is whole, and nothing of ours is left."""
    done = inside.tool(("apply", word, DRIVER), ground.shell)
    verdict.take(done, f"apply {word}")
    state = ground.state()
    if done.code not in (0, 3) or state is not wanted:
        said = " ".join(done.text.split())[-200:]
        verdict.fault("lies", f"apply {word}: exit {done.code}, the driver is {state.value}: "
                      f"{said}")
    if ground.left():
        verdict.fault("left", f"after apply {word}: {ground.left()}")
    again = inside.tool(READERS["diff"], ground.shell)
    if tells(again):
        verdict.fault("lies", f"after apply {word} it is still to be finished")


Kind = tuple[str, Callable[[calls.Call, Sequence[calls.Call]], Fault | None]]


def _one(what: str) -> Callable[[calls.Call, Sequence[calls.Call]], Fault | None]:
    return lambda call, every: Fault(what, call)


def _on(what: str) -> Callable[[calls.Call, Sequence[calls.Call]], Fault | None]:
    """That call fails, and all that come after it, of any name: the disk is full, or dead."""
    def make(call: calls.Call, every: Sequence[calls.Call]) -> Fault | None:
        if call.to_stream:
            return None
        rest = [one for one in every[every.index(call) + 1:] if not one.to_stream]
        firsts = {one.name: one for one in reversed(rest)}
        firsts.pop(call.name, None)
        return Fault(what, call, True, tuple(firsts.values()))
    return make


KINDS: dict[str, Callable[[calls.Call, Sequence[calls.Call]], Fault | None]] = {
    "SIGKILL": _one("signal=KILL"),
    "SIGINT": _one("signal=INT"),
    "SIGTERM": _one("signal=TERM"),
    "ENOSPC once": _one("error=ENOSPC"),
    "EIO once": _one("error=EIO"),
    "ENOSPC from there on": _on("error=ENOSPC"),
    "EIO from there on": _on("error=EIO"),
}


def at_each_call(ground: Ground, words: Sequence[str], command: str, kind: str, tally: Tally,
                 stdin: str = "", start: Saved | None = None, every: int = 1,
                 shift: int = 0) -> None:
    """One fault of a kind at each call (or each `every`th) of a command, each judged."""
    start = start or ground.saved
    start.put_back()
    _, found = inside.record(words, ground.shell, stdin)
    for number, call in enumerate(found):
        if (number + shift) % every:
            continue
        fault = KINDS[kind](call, found)
        if fault is None:
            continue
        start.put_back()
        done = inside.run(words, ground.shell, fault, stdin)
        verdict = judge(ground, done, str(fault), Is.OLD if "--abort" in words else Is.NEW)
        tally.say(command, kind, verdict.columns,
                  f"driver {ground.size}.{ground.seed}: {calls.spelled(words, fault)}", verdict.why)
    start.put_back()
