# SPDX-License-Identifier: GPL-2.0-only
"""One review from the first file read to the last one written."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import click

from netmem_migrate import pipeline
from netmem_migrate.convert.passes import flags
from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.git.diff import changes_of
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.options import STDOUT, Conversion, Output
from netmem_migrate.patch.apply import apply
from netmem_migrate.patch.prove import require
from netmem_migrate.report import outputs
from netmem_migrate.results import Migration, Run
from netmem_migrate.review import finish
from netmem_migrate.review.model import Review, Subject, Unit, units_of
from netmem_migrate.review.recheck import Judgement, compiled, prepared, recheck
from netmem_migrate.review.store import Store
from netmem_migrate.review.walk import Walk, interrupted
from netmem_migrate.terminal import summary
from netmem_migrate.terminal.progress import live, progress
from netmem_migrate.terminal.say import put_path, say
from netmem_migrate.terminal.screen import Screen
from netmem_migrate.terminal.summary import plural


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to do at the end (`in_place`, or a series to `out`; neither: ask), and how to prove.

    `verify` None proves what was accepted where the tree is prepared; True each unit too. `steps`
    are not written without their proof.
    """

    in_place: bool
    out: Path | None
    signoff: bool
    force: bool
    verify: bool | None
    steps: tuple[str, ...] = ()


@dataclass(eq=False, slots=True)
class Session:
    """A review of some drivers; `base` is the run in which all that can move does."""

    base: Run
    review: Review
    options: Conversion
    output: Output
    wanted: Wanted
    proofs: dict[str, str] = field(default_factory=dict)
    unsaved: str = ""

    @classmethod
    def start(cls, given: pipeline.Input, options: Conversion, output: Output,
              wanted: Wanted) -> Session:
        """Read and convert the drivers in memory. Raises InputError as `diff` does."""
        subjects: dict[str, Subject] = {}
        migrations: list[Migration] = []
        # One driver is there at once; a line that comes and goes would be in the way of the walk.
        with live(output.quiet or len(given.drivers) < 2) as bar:
            bar.step("Converting")
            for _, driver, job in pipeline.read([given], options, bar.number):
                if job is None:
                    migrations.append(pipeline.nothing(driver))
                    continue
                subjects[driver.path] = Subject(job)
                migrations.append(subjects[driver.path].migration(frozenset(), judge=True))
        base = pipeline.judged(pipeline.started(given, migrations))
        summary.stopped([base])
        for stop in base.stopped:
            del subjects[stop.driver]
        changes_of(base)
        review = Review(subjects, [unit for subject in subjects.values()
                                   for unit in units_of(subject)])
        session = cls(base, review, options, output, wanted)
        if wanted.verify:
            Kernel.at(base.root).require_prepared()
        return session

    def page(self, file: Path) -> None:
        """Write the review as one HTML page."""
        from netmem_migrate.pages.review import page

        analyses = {path: subject.analysis for path, subject in self.review.subjects.items()}
        outputs.write(file, page(self.base, analyses=analyses))
        if file != STDOUT:
            put_path(file)

    # ------------------------------------------------------------------ asking

    def ask(self, *, restart: bool) -> int:
        """The dialogue and its end; the exit code."""
        if not self.review.units:
            summary.show([self.base], self.output)
            say("nothing to review: no slot can move")
            return self.base.exit_code
        store = Store.of(self.base.root, self.options.arguments(flags()),
                         list(self.review.subjects.values()))
        self._resume(store, restart=restart)
        screen = Screen.standard(self.base.root)
        walk = Walk(self.review, screen, lambda: self._save(store), self._proof, self.base,
                    self._judge)
        try:
            walk()
            if not sys.stdin.isatty() and not self.review.answers and not walk.ended:
                raise InputError("no answer on stdin; run review in a terminal, or pipe one "
                                 "letter a line into it; nothing was written")
            return self._end(screen, store)
        except KeyboardInterrupt:
            interrupted(bool(self.review.answers) and not self.unsaved)
            raise

    def _save(self, store: Store) -> None:
        """Keep the answers; where that fails it is said, once."""
        why = store.save(self.review)
        if why and not self.unsaved:
            say(f"{why}; your answers are not kept")
        self.unsaved = why

    def _resume(self, store: Store, *, restart: bool) -> None:
        if restart:
            store.clear()
            return
        number, message = store.load(self.review)
        if message:
            say(message)
        if number:
            say(f"{plural(number, 'answer')} of {len(self.review.units)} from an earlier "
                       "run; --restart asks again")

    def _compiled(self, run: Run, *, told: bool = False) -> Judgement:
        """Compile a run; what takes long is `told` of in a log too."""
        with (progress if told else live)(self.output.quiet) as bar:
            bar.step("Compiling")
            return compiled(run, lambda source, done, count: bar.at(
                done / count, f"{done}/{count} {source}"))

    # ------------------------------------------------------------------ proof

    def _proof(self, unit: Unit) -> str:
        """How a unit alone, with what it needs, is proven."""
        step = self.review.step(unit)
        if not self.wanted.verify and step is not None and step[0].step in self.wanted.steps:
            return "it is proven before it is written"
        if not self.wanted.verify:
            return ("what is accepted is compiled at the end"
                    if self._compiles() else "not compiled" if self.wanted.verify is False
                    else "not compiled: give --verify, or the tree by --kernel"
                    if prepared(self.base)
                    else "not compiled: the tree is not prepared (`netmem-migrate kernel prepare`)"
                    if self.base.kernel else "not compiled: not in a kernel tree")
        edits = self.review.edits.get(unit.id)
        if edits:
            return "proven when it was edited"
        if unit.id not in self.proofs:
            subject = self.review.subject(unit)
            keep = self.review.only([*self.review.below(unit), unit], subject)
            judged = self._compiled(replace(self.base, drivers=(subject.migration(keep),)))
            self.proofs[unit.id] = self._judged(judged)
        return self.proofs[unit.id]

    @staticmethod
    def _judged(judged: Judgement) -> str:
        if judged.failed:
            return "FAILED: " + "; ".join(map(summary.unproven, judged.failed[:3]))
        if judged.open:
            return "not proven: " + "; ".join(map(summary.unproven, judged.open[:3]))
        return (judged.sentences or {}).get("", "") or "nothing to compile"

    def _compiles(self) -> bool:
        # What a tree was built with is run then, and that is the tree's.
        wanted = self.wanted.verify or (
            self.wanted.verify is None and self.options.kernel is not None)
        return wanted and prepared(self.base)

    # ------------------------------------------------------------------ the end

    def _end(self, screen: Screen, store: Store) -> int:
        run = finish.accepted(self.review, self.base)
        changes = changes_of(run)
        if not changes:
            say("no slot accepted; nothing was written")
            if not [unit for unit in self.review.units if self.review.answer(unit) is None]:
                store.clear()
            return ExitCode.DONE
        action = self._action(screen)
        if action is None:
            say("nothing was written" + ("" if self.unsaved else
                                         "; your answers are kept for the next run"))
            return ExitCode.DONE
        finish.unchanged(changes, run.root)
        if not finish.is_edited(self.review):
            # What a person edited is a person's; it was judged as it was made.
            self._require_sound(run)
        proven = self._proven(run)
        if self.wanted.steps:
            with live(self.output.quiet) as bar:
                bar.step("Compiling")
                require(run, self.wanted.steps)
        if isinstance(action, Path):
            files = finish.write_patches(
                run, action, signoff=self.wanted.signoff, force=self.wanted.force, proven=proven,
                recipients=self.options.kernel is not None,
                edited=finish.is_edited(self.review))
        else:
            files = apply((run.root, changes))
            store.clear()
        for file in files:
            put_path(file)
        summary.show([run], self.output)
        if finish.is_edited(self.review) and isinstance(action, Path):
            say("note: hunks were edited by hand; say in the message what")
        return run.exit_code

    def _action(self, screen: Screen) -> bool | Path | None:
        """True to apply, a folder for patches, None for neither."""
        if self.wanted.in_place:
            return True
        if self.wanted.out is not None:
            return self.wanted.out
        taken = [unit for unit in self.review.units if self.review.answer(unit)]
        rooms = sum(self.review.room(unit) is not None for unit in taken)
        steps = sum(self.review.step(unit) is not None for unit in taken)
        count = len(taken) - rooms - steps
        more = [plural(number, noun) for number, noun in ((rooms, "room"), (steps, "step"))
                if number]
        made = f" and {' and '.join(more)}" if more else ""
        while True:
            answer = screen.ask(f"{plural(count, 'slot')}{made} accepted. Apply in place, write "
                                "patches or quit [a,p,q]?")
            if answer is None or answer.lower() == "q":
                return None
            if answer.lower() == "a":
                return True
            if answer.lower() == "p":
                folder = screen.ask("Folder for the patches?")
                if folder:
                    return Path(folder)
            elif answer:
                screen.say("a - convert the files in place\np - write the series that "
                           "format-patch writes\nq - write nothing; the answers are kept")

    @staticmethod
    def _require_sound(run: Run) -> None:
        news = pipeline.judged(run).stopped[len(run.stopped):]
        if news:
            summary.stopped([replace(run, stopped=news)])
            raise click.exceptions.Exit(ExitCode.VERIFY)

    def _require(self, reasons: list[str]) -> None:
        if not reasons:
            return
        for line in reasons:
            say(line)
        say("not proven; nothing was written" + ("" if self.unsaved else
                                                 ", your answers are kept"))
        raise click.exceptions.Exit(ExitCode.VERIFY)

    def _judge(self, run: Run) -> Judgement | None:
        return self._compiled(run) if self._compiles() else None

    def _proven(self, run: Run) -> Mapping[str, str]:
        """Prove what was accepted, or leave with exit code 5; sentences for the messages."""
        judged: Judgement | None = None
        if self._compiles():
            judged = self._compiled(run, told=True)
            self._require([summary.unproven(one) for one in judged.failed])
            if self.wanted.verify:
                self._require([summary.unproven(one) for one in judged.open])
        if finish.is_edited(self.review):
            # Merged with other slots, an edit may mean something else.
            shown = {change.path: change.after for subject in self.review.subjects.values()
                     for change in subject.migration(self.review.kept(subject)).changes}
            self._require(recheck(run, shown, lambda _: judged))
        if judged is None:
            return {}
        for one in judged.open:
            say(f"note: {summary.unproven(one)}")
        sentence = (judged.sentences or {}).get("", "")
        if sentence and not self.output.quiet:
            say(sentence)
        return judged.sentences or {}
