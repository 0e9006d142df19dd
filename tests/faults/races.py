# SPDX-License-Identifier: GPL-2.0-only
"""Someone else at work on the same driver: a person edits it, or applies it, while `apply` runs.

Half of the races are held at a call, so that each moment between two calls has its race; the others
come at a random time.
"""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

from faults import inside, states
from faults.applied import READERS, Ground, Verdict, judge, lies, tells
from faults.calls import Fault, Outcome, spelled
from faults.drivers import DRIVER
from faults.states import Is, Saved, State
from faults.tally import Tally

APPLY = READERS["apply"]
MINE = b"/* a person's */\n"


def _in_place(path: Path) -> None:
    with path.open("ab") as file:
        file.write(MINE)


def _by_rename(path: Path) -> None:
    text = path.read_bytes()
    other = path.with_name(path.name + "~")
    other.write_bytes(text + MINE)
    other.chmod(0o644)
    other.replace(path)


EDITS: dict[str, Callable[[Path], None]] = {
    "edited in place": _in_place, "edited and renamed": _by_rename, "deleted": Path.unlink}


def _moment(process: int, act: Callable[[], None]) -> None:
    """Act once a process stands still, and let it go on."""
    status = Path(f"/proc/{process}/stat")
    until = time.monotonic() + inside.LIMIT / 2
    while time.monotonic() < until:
        try:
            state = status.read_text().rpartition(")")[2].split()[0]
        except OSError:
            break
        if state in ("T", "Z", "X"):
            break
        time.sleep(0.001)
    act()
    try:
        os.kill(process, signal.SIGCONT)
    except ProcessLookupError:
        return


def _at_random(process: int, act: Callable[[], None], rng: random.Random) -> None:
    time.sleep(rng.uniform(0, 0.25))
    act()


def edited(ground: Ground, kind: str, tally: Tally, rng: random.Random, count: int) -> None:
    """A person edits or deletes one file of the driver; it stays as the person left it."""
    names = sorted(states.changed(ground.old, ground.new))
    for number, fault in enumerate(_moments(ground, rng, count)):
        name = names[number % len(names)] if fault else rng.choice(names)
        path = ground.tree / name
        mine: dict[str, bytes | None] = {}

        def act(path: Path = path, name: str = name, mine: dict[str, bytes | None] = mine) -> None:
            EDITS[kind](path)
            mine[name] = states.read(ground.tree).get(name)

        ground.saved.put_back()
        done = _run(ground, fault, act, rng)
        verdict = _judge_edit(ground, done, name, mine.get(name), kind)
        how = spelled(APPLY, fault) if fault else "at a random time"
        tally.say("apply", f"race: {kind}", verdict.columns,
                  f"driver {ground.size}.{ground.seed}, {Path(name).name}: {how}", verdict.why)
    ground.saved.put_back()


def _moments(ground: Ground, rng: random.Random, count: int) -> list[Fault | None]:
    ground.saved.put_back()
    _, found = inside.record(APPLY, ground.shell)
    held = [Fault("signal=STOP", one) for one in found if not one.to_stream]
    rng.shuffle(held)
    some: list[Fault | None] = [*held[:count - count // 3]]
    return some + [None] * (count - len(some))


def _run(ground: Ground, fault: Fault | None, act: Callable[[], None],
         rng: random.Random) -> Outcome:
    if fault is None:
        return inside.tool(APPLY, ground.shell, meanwhile=lambda one: _at_random(one, act, rng))
    return inside.run(APPLY, ground.shell, fault, meanwhile=lambda one: _moment(one, act))


def _read_after(ground: Ground, name: str, kind: str) -> State:
    """What `apply` makes of the driver if the person was first."""
    place = Saved.of(ground.work / "place", ground.work / "after")
    ground.saved.put_back()
    EDITS[kind](ground.tree / name)
    inside.tool(APPLY, ground.shell)
    made = states.read(ground.tree)
    place.put_back()
    return made


def _judge_edit(ground: Ground, done: Outcome, name: str, mine: bytes | None,
                kind: str) -> Verdict:
    verdict = Verdict()
    verdict.take(done, "the race")
    now = states.read(ground.tree)
    if done.code in (0, 3) and now == _read_after(ground, name, kind):
        verdict.columns.add(Is.NEW.value)
        return verdict
    if now.get(name) != mine:
        what = {ground.old[name]: "old", ground.new[name]: "new"}.get(now.get(name, b""), "other")
        verdict.fault("lost", f"what the person made of {name} is overwritten: it is {what}; "
                      f"exit {done.code}: {' '.join(done.err.split())[-200:]}")
    others = {one: text for one, text in ground.old.items() if one != name}
    after = {one: text for one, text in ground.new.items() if one != name}
    state = states.judge({k: v for k, v in now.items() if k != name}, others, after)
    if left := states.left(now, ground.old, ground.new):
        verdict.fault("left", f"{left}")
    if state is not Is.MIXED:
        verdict.columns.add(state.value)
        if done.code in (0, 3) and state is not Is.NEW:
            verdict.fault("lies", f"exit {done.code}, and the others are {state.value}")
        if state is Is.NEW and "nothing was written" in done.err:
            verdict.fault("lies", '"nothing was written", and the other files are new')
        return verdict
    told = tells(inside.tool(READERS["diff"], ground.shell))
    verdict.columns.add("mixed, told")
    if not told:
        verdict.fault("mixed, untold", f"exit {done.code}: {' '.join(done.err.split())[-200:]}")
        return verdict
    place = Saved.of(ground.work / "place", ground.work / "faulted")
    for word in ("--resume", "--abort"):
        place.put_back()
        verdict.take(inside.tool(("apply", word, DRIVER), ground.shell), f"apply {word}")
        if states.read(ground.tree).get(name) != mine:
            verdict.fault("lost", f"apply {word} overwrites what the person made of {name}")
    return verdict


def twice(ground: Ground, tally: Tally, rng: random.Random, count: int) -> None:
    """A second `apply` runs while the first stands at a call, or at a random time."""
    for fault in _moments(ground, rng, count):
        second: list[Outcome] = []
        workers: list[threading.Thread] = []

        def act(second: list[Outcome] = second, workers: list[threading.Thread] = workers) -> None:
            worker = threading.Thread(
                target=lambda: second.append(inside.tool(APPLY, ground.shell)))
            worker.start()
            workers.append(worker)
            worker.join(1.0)

        ground.saved.put_back()
        first = _run(ground, fault, act, rng)
        for worker in workers:
            worker.join()
        how = spelled(APPLY, fault) if fault else "at a random time"
        verdict = Verdict()
        done = Outcome(0 if any(one.code in (0, 3) for one in (first, *second)) else 4, "", "")
        verdict = judge(ground, done, "two at once")
        for one in (first, *second):
            verdict.take(one, "two at once")
            if ground.state() is Is.MIXED:
                for why in lies(one, Is.MIXED, ground):
                    verdict.fault("lies", why)
        if any(len(one.err.strip().splitlines()) != 1 for one in (first, *second)
               if one.code not in (0, 3)):
            verdict.fault("lies", "a refusal is not one line")
        tally.say("apply", "race: a second apply", verdict.columns,
                  f"driver {ground.size}.{ground.seed}: {how}", verdict.why)
    ground.saved.put_back()


def killed(ground: Ground, tally: Tally, rng: random.Random, count: int) -> None:
    """SIGKILL at a random time."""
    for _ in range(count):
        pause = rng.uniform(0, 0.3)

        def kill(process: int, pause: float = pause) -> None:
            time.sleep(pause)
            os.kill(process, signal.SIGKILL)

        ground.saved.put_back()
        done = inside.tool(APPLY, ground.shell, meanwhile=kill)
        verdict = judge(ground, done, f"SIGKILL after {pause:.3f} s")
        tally.say("apply", "SIGKILL at random", verdict.columns,
                  f"driver {ground.size}.{ground.seed}: after {pause:.3f} s", verdict.why)
    ground.saved.put_back()
