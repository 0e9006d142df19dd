# SPDX-License-Identifier: GPL-2.0-only
"""The questions: one a unit, with the keys of `git add -p` and their meaning.

Follows git's documentation of interactive staging (git-add, "patch"): what git calls a hunk is a
unit here, and what git calls a file is a driver.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from netmem_migrate.results import Run
from netmem_migrate.review import texts
from netmem_migrate.review.edit import Rejected, edited
from netmem_migrate.review.model import Review, Unit
from netmem_migrate.review.recheck import Judgement, recheck, with_texts
from netmem_migrate.terminal.say import say
from netmem_migrate.terminal.screen import Screen
from netmem_migrate.terminal.summary import plural

_HELP = {
    "y": "move this slot, and all that moves with it",
    "n": "leave this slot a page",
    "q": "quit; leave this slot and all undecided ones pages",
    "a": "move this slot and all later slots of the driver",
    "d": "leave this slot and all later slots of the driver pages",
    "j": "leave this slot undecided, see next undecided slot",
    "J": "leave this slot undecided, see next slot",
    "k": "leave this slot undecided, see previous undecided slot",
    "K": "leave this slot undecided, see previous slot",
    "g": "select a slot to go to",
    "/": "search for a slot whose hunks match the given regex",
    "s": "split into slots that can be answered apart, or see the hunks one by one",
    "e": "manually edit the hunks of this slot",
    "p": "print the hunks of this slot again",
    "?": "print help",
}
_SHOWN = 20


@dataclass(eq=False, slots=True)
class Walk:
    """The dialogue of one review; `changed` is called after every answer.

    `proof` says how a unit is proven; `run` is what the migrations of all drivers belong to;
    `judge` compiles one, or returns None.
    """

    review: Review
    screen: Screen
    changed: Callable[[], None]
    proof: Callable[[Unit], str]
    run: Run
    judge: Callable[[Run], Judgement | None]
    index: int = 0
    drawn: str = ""
    ended: bool = False
    pieces: list[str] = field(default_factory=list)
    piece: int = 0

    def __call__(self) -> None:
        """Ask until all is decided, or the person has enough."""
        undecided = self._undecided()
        if not undecided:
            return
        self.index = undecided[0]
        while self._undecided() and not self.ended:
            unit = self.review.units[self.index]
            if self.pieces:
                self.screen.show(self.pieces[self.piece])
            elif self.drawn != unit.id:
                self.drawn = unit.id
                self.screen.show(texts.shown(self.review, unit, self.proof(unit), self.screen))
            answer = self.screen.ask(self._question(unit))
            if answer is None:
                return
            if answer:
                self.pieces = []
                self._follow(unit, answer)
            elif self.pieces:
                self.piece += 1
                if self.piece == len(self.pieces):
                    self.pieces = []

    # ------------------------------------------------------------------ what can be asked

    def _undecided(self, start: int = 0, end: int | None = None) -> list[int]:
        units = self.review.units[start:end]
        return [index for index, unit in enumerate(units, start)
                if self.review.answer(unit) is None]

    def _keys(self, unit: Unit) -> str:
        """The keys that mean something here, in git's order."""
        count = len(self.review.units)
        keys = "ynqad"
        keys += "k" if self._undecided(0, self.index) else ""
        keys += "K" if self.index else ""
        keys += "j" if self._undecided(self.index + 1) else ""
        keys += "J" if self.index + 1 < count else ""
        keys += "g/" if count > 1 else ""
        return keys + ("sp?" if self.review.step(unit) is not None else "sep?")

    def _question(self, unit: Unit) -> str:
        what = "Move this slot" if len(unit.cores) == 1 else f"Move these {len(unit.cores)} slots"
        what = "Make this room" if self.review.room(unit) is not None else what
        what = "Do this step" if self.review.step(unit) is not None else what
        was = {True: " (answered y)", False: " (answered n)", None: ""}[self.review.answer(unit)]
        step = (f"hunk {self.piece + 1}/{len(self.pieces)}, <ret> for the next; "
                if self.pieces else "")
        return (f"({self.index + 1}/{len(self.review.units)}) {step}{what}{was} "
                f"[{','.join(self._keys(unit))}]?")

    # ------------------------------------------------------------------ what was answered

    def _follow(self, unit: Unit, answer: str) -> None:
        key, rest = answer[0], answer[1:].strip()
        if key not in "KJ":
            key = key.lower()
        if rest and key not in "g/":
            self.screen.error(f"Only one letter is expected, got '{answer}'")
        elif key not in _HELP:
            self.screen.error(f"Unknown command '{answer}' (use '?' for help)")
        elif key == "g":
            self._go(rest)
        elif key == "/":
            self._search(answer[1:])
        else:
            {"y": self._yes, "n": self._no, "q": self._quit, "a": self._rest, "d": self._rest_not,
             "j": self._next_undecided, "J": self._next, "k": self._previous_undecided,
             "K": self._previous, "s": self._split, "e": self._edit, "p": self._print,
             "?": self._help}[key](unit)

    def _yes(self, unit: Unit) -> None:
        self._decide(unit, True)
        self._advance()

    def _no(self, unit: Unit) -> None:
        self._decide(unit, False)
        self._advance()

    def _quit(self, _: Unit) -> None:
        self.ended = True

    def _rest(self, unit: Unit) -> None:
        self._decide_later(unit, True)

    def _rest_not(self, unit: Unit) -> None:
        self._decide_later(unit, False)

    def _decide_later(self, unit: Unit, move: bool) -> None:
        """This slot whatever was said of it, and those later ones of the driver not yet decided."""
        self._decide(unit, move)
        for other in self.review.units[self.index + 1:]:
            if other.driver == unit.driver and self.review.answer(other) is None:
                self._decide(other, move)
        self._advance()

    def _decide(self, unit: Unit, move: bool) -> None:
        for other in self.review.decide(unit, move):
            words = ("is done", "is not done") if self.review.step(other) is not None else (
                "moves", "stays a page")
            self.screen.say(f"{other.title}: {words[not move]} too")
        self.changed()

    def _advance(self) -> None:
        later = self._undecided(self.index + 1) or self._undecided()
        if later:
            self.index = later[0]

    def _next(self, _: Unit) -> None:
        self._to([self.index + 1] if self.index + 1 < len(self.review.units) else [], "next")

    def _next_undecided(self, _: Unit) -> None:
        self._to(self._undecided(self.index + 1), "next")

    def _previous(self, _: Unit) -> None:
        self._to([self.index - 1] if self.index else [], "previous")

    def _previous_undecided(self, _: Unit) -> None:
        self._to(self._undecided(0, self.index)[-1:], "previous")

    def _to(self, places: list[int], word: str) -> None:
        if places:
            self.index = places[0]
        else:
            self.screen.error(f"No {word} slot")

    def _go(self, text: str) -> None:
        count = len(self.review.units)
        if count < 2:
            self.screen.error("No other slots to go to")
            return
        start = max(0, min(self.index - _SHOWN // 2, count - _SHOWN))
        while not text:
            for index in range(start, min(start + _SHOWN, count)):
                self.screen.say(self._entry(index))
            start += _SHOWN
            more = " (<ret> to see more)" if start < count else ""
            answer = self.screen.ask(f"go to which slot{more}?")
            if answer is None:
                self.ended = True
                return
            text = answer.strip()
            if not text and start >= count:
                return
        if not text.isdecimal():
            self.screen.error(f"Invalid number: '{text}'")
        elif not 1 <= int(text) <= count:
            self.screen.error(f"Sorry, only {plural(count, 'slot')} available.")
        else:
            self.index = int(text) - 1

    def _entry(self, index: int) -> str:
        unit = self.review.units[index]
        sign = {True: "+", False: "-", None: " "}[self.review.answer(unit)]
        number = texts.count(texts.hunks(self.review, unit))
        return f"{sign}{index + 1:2}: {unit.title}: {number}, {self.review.subject(unit).name}"

    def _search(self, text: str) -> None:
        if len(self.review.units) < 2:
            self.screen.error("No other slots to search")
            return
        if not text:
            answer = self.screen.ask("search for regex?")
            if not answer:
                self.ended = answer is None
                return
            text = answer
        try:
            pattern = re.compile(text, re.MULTILINE)
        except re.error as error:
            self.screen.error(f"Malformed search regexp {text}: {error}")
            return
        count = len(self.review.units)
        for step in range(1, count + 1):
            index = (self.index + step) % count
            unit = self.review.units[index]
            if pattern.search(unit.title) or pattern.search(texts.hunks(self.review, unit)):
                self.index = index
                return
        self.screen.error("No slot matches the given pattern")

    def _split(self, unit: Unit) -> None:
        number = self.review.split(self.index)
        if number > 1:
            self.screen.say(f"Split into {number} slots.")
            self.changed()
            return
        # One answer for all of them, or types would be half changed; to look at, they can be apart.
        self.pieces = texts.pieces(self.review, unit, self.screen)
        self.piece = 0
        if self.review.step(unit) is not None:
            self.screen.say(f"One answer for all. The {plural(len(self.pieces), 'hunk')} one by "
                            "one:")
            return
        why = ("All of it hangs on one member or global" if len(unit.cores) == 1 else
               "Their pages flow into each other")
        self.screen.say(f"{why}: one answer for all. The {plural(len(self.pieces), 'hunk')} "
                        "one by one:")

    def _edit(self, unit: Unit) -> None:
        """Edit, check, and take the result or say why not; an edit that is taken is a yes."""
        if self.review.step(unit) is not None:
            self.screen.error("A step behind the conversion is written as it is proven; edit its "
                              "patch")
            return
        changes = self.review.changes(unit)
        root = self.review.subject(unit).analysis.driver.root
        text = texts.hunks(self.review, unit)
        while True:
            try:
                after = edited(root, changes, text, self.screen.editor())
                if not after:
                    self.screen.say("Nothing was edited.")
                    return
                self._accept(unit, after)
            except Rejected as error:
                self.screen.error(f"Your edited hunks were rejected: {error}")
                again = self.screen.ask('Edit again (saying "no" discards!) [y/n]?')
                if again is None or again.lower().startswith("n"):
                    return
                continue
            self.review.edits[unit.id] = after
            self._yes(unit)
            return

    def _accept(self, unit: Unit, after: dict[str, bytes]) -> None:
        subject = self.review.subject(unit)
        keep = self.review.only([*self.review.needs(unit), unit], subject)
        shown = subject.texts(keep)
        migration = with_texts(subject.migration(keep), after)
        reasons = recheck(replace(self.run, drivers=(migration,)), shown, self.judge)
        if reasons:
            raise Rejected("; ".join(reasons[:3]))

    def _print(self, unit: Unit) -> None:
        self.drawn = ""

    def _help(self, unit: Unit) -> None:
        for key in self._keys(unit):
            self.screen.say(f"{key} - {_HELP[key]}")


def interrupted(store_used: bool) -> None:
    """Say after Ctrl-C that no answer is lost."""
    if store_used:
        say("\nyour answers are kept; the same command goes on with the next slot")
