# SPDX-License-Identifier: GPL-2.0-only
"""The library: what the commands call, and other tools can."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from netmem_migrate.convert.layout import rewrite
from netmem_migrate.convert.naming import new_names
from netmem_migrate.convert.order import keep_order
from netmem_migrate.convert.passes import Loaded, Work, load
from netmem_migrate.errors import InputError
from netmem_migrate.flow.analyse import Analysis, analyse, uses_page_pool
from netmem_migrate.kernel import drivers
from netmem_migrate.kernel.makefiles import alone
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.target import Target, bundled, from_tree
from netmem_migrate.report.build import report
from netmem_migrate.results import (
    DriverReport,
    Edit,
    FileChange,
    Finding,
    Migration,
    Run,
    Step,
    StepKind,
    Verdict,
)

Progress = Callable[[str], None]


def migrate(
    paths: Sequence[Path],
    *,
    kernel: Path | None = None,
    api: str | None = None,
    only: Sequence[str] = (),
    skip: Sequence[str] = (),
    keep_names: bool = False,
    keep: frozenset[str] = frozenset(),
    accessor: bool = False,
    judge: bool = True,
    progress: Progress | None = None,
) -> Run:
    """Convert the drivers at `paths` in memory; nothing is written.

    Each path is one driver: its folder, or one of its files. `kernel` names the tree, which is
    otherwise found by walking up; outside any tree the bundled model of `api` is used. `only` and
    `skip` are ids of passes. `keep` names members and globals that stay pages, as
    `struct_name.member`; `accessor` permits one accessor back to a page. `judge` asks for the
    requirements of netmem.rst in the reports.
    Raises InputError for input that cannot be processed.
    """
    tree, target, found = drivers_at(paths, kernel, api)
    passes = chosen(only, skip, keep_names)
    done: list[Migration] = []
    known: set[str] = set()
    for one in found:
        if progress is not None:
            progress(one.path)
        if not uses_page_pool(one):
            done.append(nothing(one))
            continue
        analysis = analyse(one, target, keep=keep, accessor=accessor)
        known |= {slot.name for slot in analysis.graph.slots.values()}
        done.append(migrate_analysed(analysis, passes, judge=judge))
    require_known(keep, known)
    return Run(found[0].root, tree.version if tree else "", target.api, tuple(done))


def drivers_at(paths: Sequence[Path], kernel: Path | None,
               api: str | None) -> tuple[Kernel | None, Target, list[drivers.Driver]]:
    """The drivers at some paths, all below one root, their tree, and the API to convert to."""
    if not paths:
        raise InputError("name a driver's folder or file")
    tree, target = target_of(paths[0], kernel, api)
    homes = {path.resolve() if path.is_dir() else path.resolve().parent for path in paths}
    if tree is None and len(homes) > 1:
        raise InputError("outside a kernel tree there is no common root; give one driver at a time")
    return tree, target, [drivers.find(path, tree.root if tree else None) for path in paths]


def require_known(keep: frozenset[str], known: set[str]) -> None:
    """Raise InputError for a name to keep that no slot has."""
    if not keep <= known:
        raise InputError(f"{min(keep - known)}: no member or global of that name holds a page "
                         "here; give STRUCT.MEMBER as the report spells it")


def target_of(path: Path, kernel: Path | None, api: str | None) -> tuple[Kernel | None, Target]:
    """The tree that a path is in, and the netmem API to convert to."""
    tree = Kernel.at(kernel) if kernel is not None else Kernel.find(path)
    if tree is None:
        return None, bundled(api)
    return tree, bundled(api) if api else from_tree(tree.root, tree.api)


def analyse_path(path: Path, *, kernel: Path | None = None, api: str | None = None) -> Analysis:
    """Follow the pages of one driver; for `explain` and for tests."""
    tree, target = target_of(path, kernel, api)
    return analyse(drivers.find(path, tree.root if tree else None), target)


def nothing(found: drivers.Driver) -> Migration:
    """What is said of a driver that does not use page_pool."""
    return Migration(DriverReport(found.path, found.files, Verdict.NOTHING_TO_DO))


def migrate_analysed(analysis: Analysis, passes: Sequence[Loaded],
                     *, judge: bool = True) -> Migration:
    """Convert one driver that was analysed before."""
    rename = any(one.declared.id == "names" for one in passes)
    work = Work(analysis, new_names(analysis) if rename else {})
    by_file: dict[str, list[Edit]] = {}
    prepared: dict[str, list[Edit]] = {}
    for one in passes:
        for edit in one.edits(work):
            by_file.setdefault(edit.file, []).append(edit)
            if one.declared.prepares:
                prepared.setdefault(edit.file, []).append(edit)
    changes: list[FileChange] = []
    kept: list[Edit] = []
    for file in sorted(by_file):
        source = analysis.sources[file]
        gone = prepared.get(file, [])
        text, edits = rewrite(source, [edit for edit in by_file[file]
                                       if edit in gone or not _inside(edit, gone)])
        declared = any(edit.transform == "declarations" for edit in edits)
        after = keep_order(source, text) if declared else text
        if after != source:
            changes.append(FileChange(file, source, after))
            kept.extend(edits)
    steps = _steps(analysis, passes, prepared, changes)
    return Migration(report(work, judge=judge), tuple(changes), tuple(kept), steps)


def _inside(edit: Edit, gone: Sequence[Edit]) -> bool:
    return any(one.start <= edit.start and edit.end <= one.end for one in gone)


def _steps(analysis: Analysis, passes: Sequence[Loaded],
           prepared: dict[str, list[Edit]], changes: Sequence[FileChange]) -> tuple[Step, ...]:
    """The patches that make `changes`: those that prepare, in order, then each conversion."""
    sources = analysis.sources
    state = {change.path: change.before for change in changes}
    steps: list[Step] = []
    for number, one in enumerate(passes):
        if not one.declared.prepares:
            continue
        so_far = {other.declared.id for other in passes[:number + 1]}
        made = []
        for file, edits in prepared.items():
            text = rewrite(sources[file], [e for e in edits if e.transform in so_far])[0]
            if text != state[file]:
                made.append(FileChange(file, state[file], text))
                state[file] = text
        if made:
            steps.append(Step(StepKind.HINTS, tuple(made)))
    rest = {change.path: FileChange(change.path, state[change.path], change.after)
            for change in changes if state[change.path] != change.after}
    steps += [Step(StepKind.CONVERT, tuple(rest[file] for file in group))
              for group in alone(analysis.driver.root, sources, list(rest)) if group]
    return tuple(steps)


def chosen(only: Sequence[str], skip: Sequence[str], keep_names: bool) -> list[Loaded]:
    """The passes to run. Raises InputError for an id that no pass has."""
    passes = load()
    known = {one.declared.id for one in passes}
    for name in [*only, *skip]:
        if name not in known:
            raise InputError(f"no pass is called {name}; known: {', '.join(sorted(known))}")
    left_out = {*skip, *(("names",) if keep_names else ())}
    return [one for one in passes if one.declared.id not in left_out
            and (not only or one.declared.id in only)]


def check(paths: Sequence[Path], *, kernel: Path | None = None,
          api: str | None = None) -> tuple[Finding, ...]:
    """Judge sources by the model of the netmem API; paths as for migrate().

    Raises InputError for input that cannot be processed.
    """
    from netmem_migrate.check.sources import check_sources

    _, target, found = drivers_at(paths, kernel, api)
    findings: list[Finding] = []
    for one in found:
        findings += check_sources({file: one.read(file) for file in one.files}, api=target.api)
    return tuple(dict.fromkeys(findings))


def check_changes(changes: Sequence[FileChange], api: str) -> tuple[Finding, ...]:
    """Judge one patch: what it changes in more than spelling, and what is wrong only after it."""
    from netmem_migrate.check.compare.compare import compare_changes
    from netmem_migrate.check.sources import check_sources

    before, after = (check_sources({one.path: text for one, text in sides}, api=api)
                     for sides in ([(one, one.before) for one in changes],
                                   [(one, one.after) for one in changes]))
    known = Counter((one.id, one.file, one.function) for one in before)
    new = [one for one in after if not _counted(known, (one.id, one.file, one.function))]
    return (*compare_changes(changes), *new)


def check_migration(migration: Migration, api: str) -> tuple[Finding, ...]:
    """Judge a conversion before it is written, patch by patch."""
    return tuple(finding for step in migration.steps
                 for finding in check_changes(step.changes, api))


def _counted(known: Counter[tuple[str, str, str]], key: tuple[str, str, str]) -> bool:
    """Take one of `known` away, if there is one left."""
    known[key] -= 1
    return known[key] >= 0
