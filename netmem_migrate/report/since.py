# SPDX-License-Identifier: GPL-2.0-only
"""What moved between two trees: the drivers of both, held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from netmem_migrate.kernel.makefiles import owners
from netmem_migrate.report import requirements
from netmem_migrate.report.nearest import netmem_calls, page_calls
from netmem_migrate.results import DriverReport, Run, Verdict

_ALIKE = 0.5  # of the names of files of two drivers together, how many are to be in both


@dataclass(frozen=True, slots=True)
class Figures:
    """What is compared of a driver. `page_calls` are those that are not by design."""

    path: str
    verdict: Verdict
    netmem_calls: int
    page_calls: int
    requirements: Mapping[str, str]

    @property
    def unmet(self) -> int:
        """How many requirements are unmet."""
        return sum(one == "unmet" for one in self.requirements.values())


@dataclass(frozen=True, slots=True)
class Pair:
    """One driver in both trees; its folder may be another one."""

    old: Figures
    new: Figures

    @property
    def moved(self) -> bool:
        """Whether its folder is another one."""
        return self.old.path != self.new.path

    @property
    def requirements(self) -> dict[str, tuple[str, str]]:
        """The requirements whose status is another one, "" where none is judged."""
        before, after = self.old.requirements, self.new.requirements
        return {key: (before.get(key, ""), after.get(key, ""))
                for key in requirements.ordered({*before, *after})
                if before.get(key, "") != after.get(key, "")}

    @property
    def differs(self) -> bool:
        """Whether anything that is compared is not as it was."""
        return bool(self.moved or self.old.verdict is not self.new.verdict
                    or self.old.netmem_calls != self.new.netmem_calls
                    or self.old.page_calls != self.new.page_calls or self.requirements)


@dataclass(frozen=True, slots=True)
class One:
    """A driver of one tree only; `there` says that its folder or file is in the other one, too."""

    driver: Figures
    there: bool


@dataclass(frozen=True, slots=True)
class Part:
    """Files that were of a driver, `was`, and are of another one, `now`, that is new."""

    was: str
    now: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Since:
    """Two trees compared; everything in the order of paths."""

    old: Run
    new: Run
    pairs: tuple[Pair, ...]
    came: tuple[One, ...]
    went: tuple[One, ...]
    parts: tuple[Part, ...] = ()

    @property
    def changed(self) -> tuple[Pair, ...]:
        """The drivers of both trees of which something differs."""
        return tuple(one for one in self.pairs if one.differs)


def compared(old: Run, new: Run) -> Since:
    """Hold the drivers of a run against those of an older tree."""
    before = {one.report.path: one.report for one in old.drivers}
    after = {one.report.path: one.report for one in new.drivers}
    was = {path: path for path in after if path in before}
    was |= _moved(old, new, {path: one for path, one in before.items() if path not in after},
                  {path: one for path, one in after.items() if path not in before})
    return Since(
        old, new,
        tuple(Pair(_figures(old, before[was[path]]), _figures(new, one))
              for path, one in after.items() if path in was),
        tuple(One(_figures(new, one), (old.root / path).exists())
              for path, one in after.items() if path not in was),
        tuple(One(_figures(old, one), (new.root / path).exists())
              for path, one in before.items() if path not in was.values()),
        tuple(_parts(old, new, before, after, was)))


def _figures(run: Run, report: DriverReport) -> Figures:
    return Figures(report.path, report.verdict, netmem_calls(run, report), page_calls(report),
                   {key: one.status.value for key, one in report.requirements.items()})


def _moved(old: Run, new: Run, gone: Mapping[str, DriverReport],
           come: Mapping[str, DriverReport]) -> dict[str, str]:
    """Where each new driver that was in another folder has been, by its path now.

    It makes a module of the same name, and most of its files are called as they were. What fits
    best is taken first.
    """
    found: dict[str, str] = {}
    for _, now, before in sorted(_fits(old, new, gone, come)):
        if now not in found and before not in found.values():
            found[now] = before
    return found


def _fits(old: Run, new: Run, gone: Mapping[str, DriverReport],
          come: Mapping[str, DriverReport]) -> Iterator[tuple[float, str, str]]:
    if not gone or not come:
        return
    built = {path: _modules(run, one.files) for run, some in ((old, gone), (new, come))
             for path, one in some.items()}
    names = {path: {PurePosixPath(file).name for file in one.files}
             for some in (gone, come) for path, one in some.items()}
    for now in come:
        for before in gone:
            alike = len(names[now] & names[before]) / len(names[now] | names[before])
            if alike >= _ALIKE and built[now] & built[before]:
                yield -alike, now, before


def _modules(run: Run, files: Sequence[str]) -> set[str]:
    """The modules that files are built into, as the kernel calls them."""
    return {name.replace("-", "_") for name in owners(run.root, files)}


def _parts(old: Run, new: Run, before: Mapping[str, DriverReport],
           after: Mapping[str, DriverReport], was: Mapping[str, str]) -> Iterator[Part]:
    """What new drivers have of older ones that lost it: files of the same name and module."""
    became = {old_path: path for path, old_path in was.items()}
    for now in (path for path in after if path not in was):
        mine = _sources(after[now])
        for path, one in before.items():
            left = _sources(after[became[path]]) if path in became else {}
            names = [name for name, file in _sources(one).items()
                     if name in mine and name not in left
                     and _modules(old, [file]) & _modules(new, [mine[name]])]
            if names:
                yield Part(path, now, tuple(names))


def _sources(report: DriverReport) -> dict[str, str]:
    """The sources of a driver, by their last names."""
    return {PurePosixPath(file).name: file for file in report.files if file.endswith(".c")}
