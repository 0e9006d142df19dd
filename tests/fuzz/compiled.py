# SPDX-License-Identifier: GPL-2.0-only
"""Inputs that compiled before and that `diff` changes: drivers mutated one to four times over.

The operators, the drivers and the judgement are those of `make mutants`. Here the operators are
drawn at random, those more often of which more came through, and one on top of another. The
headers of a real driver are compiled once for all of its mutants.
"""

from __future__ import annotations

import random
import re
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mutants.operators import OPERATORS, Mutant
from mutants.places import File
from mutants.run import Tally, Trial, judge
from mutants.subjects import ERRORS, Real, Subject, first_error, own, real

from netmem_migrate import pipeline
from netmem_migrate.pipeline import Conversion
from netmem_migrate.results import Run
from netmem_migrate.verify.objects import Recorded

_INCLUDE = re.compile(rb"^[ \t]*#[ \t]*include[ \t]+<[^>\n]+>[ \t]*$", re.MULTILINE)
_IF = re.compile(rb"^[ \t]*#[ \t]*if", re.MULTILINE)
_PER_INPUT = (1, 1, 2, 2, 3, 4)
_MOST = 60


@dataclass
class Quick(Real):
    """A driver of a kernel, with its headers compiled beforehand.

    Only the driver that the mutated file is a part of is converted, of several in a folder.
    """

    headers: dict[tuple[str, bool], list[str]] = field(default_factory=dict)
    mutated: str = ""

    def convert(self) -> Run:
        parts = [one for one in self.parts if self.mutated in one] or [sorted(self.files)]
        sources = [next((name for name in one if name.endswith(".c")), one[0]) for one in parts]
        return pipeline.run([self.folder / name for name in sources], Conversion(), judge=False)

    def errors(self, flags: Sequence[str], *, strict: bool) -> str:
        for command in self.commands:
            said = self._errors(command, flags, strict)
            if said:
                return said
        return ""

    def _errors(self, command: Recorded, flags: Sequence[str], strict: bool) -> str:
        first, *rest = command.words
        include = [f"-I{self.strict / 'include'}"] if strict else []
        words = [first, *include, *rest, *ERRORS]
        key = command.source, strict
        if key not in self.headers:
            self.headers[key] = self._compiled(words, command, strict)
        before = self.headers[key]
        if before:
            first, *rest = _bare(words)
        return first_error([first, *before, *rest, *flags, "-fsyntax-only", command.source],
                      self.where)

    def _compiled(self, words: Sequence[str], command: Recorded, strict: bool) -> list[str]:
        """What makes gcc take the headers that a source includes first; nothing where it cannot."""
        text = self.files.get(Path(command.source).name)
        if text is None:
            text = (self.where / command.source).read_bytes()
        ends = _IF.search(text)
        heads = b"\n".join(_INCLUDE.findall(text[:ends.start() if ends else len(text)]))
        name = f"{Path(command.source).stem}-{strict:d}.h"
        header = self.where.parent / name
        kept = [str(Path(words[at + 1])) for at, word in enumerate(words) if word == "-include"]
        header.write_bytes(b"".join(b'#include "%s"\n' % one.removeprefix("./").encode()
                                    for one in kept) + heads + b"\n")
        done = subprocess.run([*_bare(words), f"-I{self.where}", "-x", "c-header", str(header),
                               "-o", f"{header}.gch"],
                              cwd=self.where, capture_output=True, check=False)
        return ["-include", str(header)] if done.returncode == 0 else []


def _bare(words: Sequence[str]) -> list[str]:
    """A command without what it includes by itself."""
    return [word for at, word in enumerate(words)
            if word != "-include" and (at == 0 or words[at - 1] != "-include")]


def subject_of(name: str, root: Path | None, scratch: Path) -> Subject | None:
    """A mini-driver, or a driver of the tree at `root`."""
    if root is None:
        return own(name, scratch)
    found = real(name, root, scratch, most=1)
    if found is None:
        return None
    return Quick(found.name, found.files, found.folder, found.where, found.strict, found.commands,
                 found.parts)


def can_be_tried(name: str, root: Path) -> bool:
    """Whether there is a subject to mutate: a conversion of files of one folder that compile."""
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        return real(name, root, Path(scratch), most=1) is not None


class Draw:
    """Mutants of one driver, at random."""

    def __init__(self, subject: Subject, rng: random.Random) -> None:
        self.subject, self.rng = subject, rng
        self.tried: Counter[str] = Counter()
        self.through: Counter[str] = Counter()
        compiled = {Path(one.source).name for one in getattr(subject, "commands", ())}
        self.files = [name for name in subject.files
                      if not compiled or name in compiled or name.endswith(".h")]
        self.seen: set[bytes] = set()
        self.parsed: dict[str, File] = {}

    def _operator(self) -> str:
        names = list(OPERATORS)
        weights = [(self.through[one] + 1) / (self.tried[one] + 1.5) for one in names]
        return self.rng.choices(names, weights)[0]

    def _mutant(self, name: str, file: File) -> Mutant | None:
        found = list(islice(OPERATORS[name](file), _MOST * self.rng.choice((1, 1, 8))))
        return self.rng.choice(found) if found else None

    def next(self) -> Trial | None:
        """One more mutant that was not seen, None where this draw gave none."""
        name = self.rng.choice(self.files)
        if name not in self.parsed:
            self.parsed[name] = File(self.subject.files[name], self.subject.members)
        file, used = self.parsed[name], []
        beside: dict[str, bytes] = {}
        arms = False
        for _ in range(self.rng.choice(_PER_INPUT)):
            operator = self._operator()
            mutant = self._mutant(operator, file)
            if mutant is None or (used and mutant.beside):
                continue
            used.append(operator)
            beside |= mutant.beside
            arms = arms or mutant.arms
            file = File(mutant.text, self.subject.members)
            if beside:
                break
        if not used or file.text in self.seen or file.text == self.subject.files[name]:
            return None
        self.seen.add(file.text)
        return Trial(tuple(dict.fromkeys(used)), name, Mutant(file.text, beside, arms))

    def learn(self, trial: Trial, counts: bool) -> None:
        """Draw more of what comes through."""
        self.tried.update(trial.operators)
        if counts:
            self.through.update(trial.operators)


def fuzz(name: str, root: Path | None, want: int, seed: str, show: Path | None,
         seconds: float = float("inf")) -> Tally:
    """Mutants of one driver until `want` of them compiled before and were changed, or the time is
    over."""
    ends = time.monotonic() + seconds
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as scratch:
        subject = subject_of(name, root, Path(scratch))
        if subject is None:
            return tally
        draw = Draw(subject, random.Random(f"{seed} {name}"))
        counted = tries = 0
        while counted < want and tries < 8 * want + 50 and time.monotonic() < ends:
            tries += 1
            trial = draw.next()
            if trial is None:
                continue
            if isinstance(subject, Quick):
                subject.mutated = trial.file
            counts = judge(subject, trial, tally, show)
            draw.learn(trial, counts)
            counted += counts
        tally.counts["", "counted"] += counted
        tally.counts["", "tried"] += tries
    return tally
