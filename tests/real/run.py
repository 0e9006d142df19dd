# SPDX-License-Identifier: GPL-2.0-only
"""`make test-kernel`: every page_pool driver of a real tree, converted, compared and proven.

    run.py [VERSION|TREE] [--facts] [--no-compile]

--facts prints what the tool does now in the form of corpus/kernel.toml, for a person to check.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import tempfile
import time
import tomllib
import traceback
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import run_api
import run_arms

from netmem_migrate import api
from netmem_migrate.c import parse as c_parse
from netmem_migrate.check.series.width import needless
from netmem_migrate.git.am import apply_series
from netmem_migrate.git.mail import read
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.model.forms import table
from netmem_migrate.model.functions import LEVELS
from netmem_migrate.model.target import HEADERS, bundled, from_tree
from netmem_migrate.model.twins import twins
from netmem_migrate.patch.plan import Plan, steps_of
from netmem_migrate.patch.prove import prove as prove_steps
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.reasons import Class, Detail
from netmem_migrate.report import wording
from netmem_migrate.report.share import Share
from netmem_migrate.results import (
    Action,
    DriverReport,
    FileChange,
    Origin,
    Run,
    Verdict,
)
from netmem_migrate.terminal.summary import unproven
from netmem_migrate.verify import ObjectProof, overlay, verify_changes
from netmem_migrate.verify.checkpatch import MISSING_SIGN_OFF, Finding, checkpatch
from netmem_migrate.verify.objects import touched_sources

TABLE = Path(__file__).parents[2] / "corpus/kernel.toml"
# A stripper of its own, on purpose: the count must not share the tool's idea of a comment.
STRIP = re.compile(rb'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)
PROTOTYPE = re.compile(rb"^(?:static\s+inline\s+)?([\w\s*]*?)\b(\w+)\s*\(([^(){};]*)\)\s*[;{]",
                       re.MULTILINE)
PAGE = re.compile(rb"\bstruct\s+page\s*\*")
NETMEM_NAME = re.compile(rb"\b\w*netmems?\w*(?=[ \t\n]*\()")
SHARE = 59  # per cent of the calls that are not by design, on the newest release of the table
IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "make test-kernel"), ("EMAIL", "test-kernel@localhost"))}


@dataclass
class Outcome:
    """What was found for one folder; `run` is its conversion, `wrong` are failed checks."""

    path: str
    report: DriverReport
    changes: tuple[FileChange, ...] = ()
    run: Run | None = None
    wrong: list[str] = field(default_factory=list)
    checks: int = 0
    seconds: float = 0.0

    def check(self, good: bool, what: str) -> None:
        self.checks += 1
        if not good:
            self.wrong.append(what)


def page_functions(root: Path) -> set[bytes]:
    """The page_pool page API as the tree's own headers declare it: what takes or gives a page."""
    found: set[bytes] = set()
    for header in sorted((root / "include/net/page_pool").glob("*.h")):
        for result, name, parameters in PROTOTYPE.findall(STRIP.sub(b" ", header.read_bytes())):
            if PAGE.search(result) or PAGE.search(parameters):
                found.add(name)
    return found


def count_calls(text: bytes, names: set[bytes]) -> int:
    """How often C calls one of the functions."""
    if b"page_pool_" not in text:
        return 0
    call = re.compile(rb"\b(?:" + b"|".join(sorted(names)) + rb")[ \t\n]*\(")
    return len(call.findall(STRIP.sub(b" ", text)))


def owned(folder: Path) -> list[Path]:
    """The sources of a folder, found without the tool: subfolders with build rules are others."""
    found = []
    for where, folders, files in os.walk(folder):
        here = Path(where)
        folders[:] = [name for name in folders if not (here / name / "Makefile").exists()
                      and not (here / name / "Kbuild").exists()]
        found += [here / name for name in files
                  if name.endswith((".c", ".h")) and not name.endswith(".mod.c")]
    return found


def examine(root: Path, folder: Path) -> Outcome:
    """Convert one folder and check everything that needs no compiler; a crash is a failed check."""
    try:
        return _examine(root, folder)
    except Exception as error:
        path = folder.relative_to(root).as_posix()
        crashed = Outcome(path, DriverReport(path, (), Verdict.REFUSED))
        at = traceback.extract_tb(error.__traceback__)[-1]
        crashed.check(False, f"{type(error).__name__} at {Path(at.filename).name}:{at.lineno}: "
                             f"{error}")
        return crashed


def _examine(root: Path, folder: Path) -> Outcome:
    os.environ.update(IDENTITY)
    started = time.monotonic()
    run = api.migrate([folder], kernel=root, one_driver=True)
    migration = run.drivers[0]
    report = migration.report
    out = Outcome(report.path, report, migration.changes, run)
    out.check(not run.stopped, "; ".join(
        f"{one.file}:{one.line}: {one.message} [{one.id}]"
        for stop in run.stopped for one in stop.findings[:3]))
    out.check(report.parse.relevant_functions_with_errors == 0,
              f"{report.parse.relevant_functions_with_errors} relevant functions do not parse")
    names = page_functions(root)
    counted = sum(count_calls(file.read_bytes(), names) for file in owned(folder))
    out.check(counted == len(report.sites),
              f"{counted} page_pool page calls in the source, {len(report.sites)} in the report")
    unexplained = [site for site in report.sites
                   if site.action is not Action.CONVERTED and not wording.site(site)]
    out.check(not unexplained, f"{len(unexplained)} kept calls without a reason")
    out.check(_verdict(report) is report.verdict,
              f"verdict {report.verdict.value}, but its calls say {_verdict(report).value}")
    out.check(all(one.origins and all(_placed(origin) for origin in one.origins)
                  for one in report.refusals), "a refusal without the places of its origins")
    writes = report.verdict in (Verdict.WOULD_CONVERT, Verdict.PARTIAL)
    out.check(bool(migration.changes) == writes,
              f"verdict {report.verdict.value}, but {len(migration.changes)} files changed")
    lacking = _lacking(root, migration.changes)
    out.check(not lacking, f"this kernel has no {', '.join(sorted(lacking))}")
    if migration.changes:
        _again(root, folder, run, out)
        _series(root, run, out)
    out.seconds = time.monotonic() - started
    return out


def _verdict(report: DriverReport) -> Verdict:
    """The verdict that follows from what became of the calls."""
    moved = any(site.action is not Action.KEPT for site in report.sites)
    left = any(site.action is Action.KEPT and (
        site.detail is None or site.detail.class_ is not Class.BY_DESIGN) for site in report.sites)
    if report.verdict is Verdict.ON_NETMEM and not (moved or left or report.refusals):
        return Verdict.ON_NETMEM
    if left or report.refusals:
        return (Verdict.PARTIAL if moved or report.verdict is Verdict.PARTIAL
                else Verdict.REFUSED)
    if moved or report.declarations:
        return Verdict.WOULD_CONVERT
    return Verdict.BY_DESIGN if report.sites else Verdict.NO_PAGE_POOL


def _lacking(root: Path, changes: tuple[FileChange, ...]) -> set[str]:
    """Netmem functions that the changes call anew, and neither the tree nor the driver has."""
    known = b"\n".join((root / header).read_bytes() for header in HEADERS
                       if (root / header).exists())
    names = {name for one in changes
             for name in set(NETMEM_NAME.findall(STRIP.sub(b" ", one.after))) -
             set(NETMEM_NAME.findall(STRIP.sub(b" ", one.before)))}
    return {name.decode() for name in names
            if not re.search(rb"\b" + name + rb"[ \t\n]*\(", known)}


def of_tree(root: Path, outcomes: list[Outcome], version: str) -> Outcome:
    """What is checked of the whole tree: every call is somewhere, and what must stay as it is."""
    out = Outcome("(tree)", DriverReport("(tree)", (), Verdict.NO_PAGE_POOL))
    names = page_functions(root)
    out.check(names == {name.encode() for name in table().pool_api},
              f"the page_pool page API is {b', '.join(sorted(names)).decode()}")
    calls = sum(count_calls(file.read_bytes(), names)
                for suffix in ("c", "h") for file in (root / "drivers").rglob(f"*.{suffix}")
                if not file.name.endswith(".mod.c") and file.is_file())
    sites = sum(len(one.report.sites) for one in outcomes)
    print(f"{calls} page_pool page calls in the sources under drivers/, {sites} in the report")
    out.check(calls == sites, f"{calls} page_pool page calls under drivers/, {sites} in the report")
    level = ".".join(version.split(".")[:2])
    if level in LEVELS:
        tree, model = from_tree(root, level), bundled(level)
        odd = [twin.page for twin in twins(table()) if tree.choose(twin) != model.choose(twin)]
        out.check(not odd, f"the bundled API {level} is not that of the tree: {', '.join(odd)}")
    for path in nearest(version).get("untouched", []):
        run = api.migrate([root / path], kernel=root, judge=False, one_driver=True)
        files = [change.path for one in run.drivers for change in one.changes]
        out.check(not files, f"{path} must stay as it is, but {', '.join(files)} changed")
    _parsed_once(root, outcomes, out)
    _walked(root, outcomes, out)
    return out


def _walked(root: Path, outcomes: list[Outcome], out: Outcome) -> None:
    """A walk of the whole tree gives what its drivers give one by one."""
    run = api.migrate([root], kernel=root, judge=False)
    walked = {one.report.path: one.changes for one in run.drivers}
    alone = {one.path: one.changes for one in outcomes}
    odd = [path for path in walked.keys() | alone.keys() if walked.get(path) != alone.get(path)]
    out.check(not odd, f"a walk of the tree gives something else for {', '.join(sorted(odd))}")


def _parsed_once(root: Path, outcomes: list[Outcome], out: Outcome) -> None:
    """The drivers with the most files, and the most that change: each text is parsed once."""
    for path in {max(outcomes, key=lambda one: len(one.report.files)).path,
                 max(outcomes, key=lambda one: len(one.changes)).path}:
        given: Counter[bytes] = Counter()
        real = c_parse._PARSER
        c_parse._PARSER = _Counting(real, given)
        try:
            api.migrate([root / path], kernel=root, one_driver=True)
        finally:
            c_parse._PARSER = real
        again = sum(given.values()) - len(given)
        print(f"{path}: {len(given)} texts, parsed {sum(given.values())} times")
        out.check(bool(given) and not again, f"{path}: {again} texts are parsed more than once")


@dataclass
class _Counting:
    """A parser that counts what it is given."""

    real: Any
    given: Counter[bytes]

    def parse(self, text: bytes) -> Any:
        self.given[text] += 1
        return self.real.parse(text)


def share(outcomes: list[Outcome], version: str, tree: Outcome) -> None:
    """How many of the calls moved that could, and what the others are."""
    every = [site for out in outcomes for site in out.report.sites]
    rest = [site for site in every if site.left]
    print(f"\nnot by design, and kept ({len(rest)}):")
    for site in rest:
        print(f"  {site.file}:{site.line} {site.call}(): {wording.site(site)}")
    counts = Counter(site.detail for site in every if site.detail is not None)
    print("kept: " + ", ".join(
        f"{counts[one]} {one.class_} {one}" for one in Detail if counts[one]))
    of = Share.of(every)
    print(f"{wording.share(of)}; of all {of.calls} calls "
          f"{100 * of.converted / max(of.calls, 1):.0f} %")
    if _numbers(version) >= max(_numbers(one["version"]) for one in tables()):
        tree.check(of.per_cent >= SHARE, f"{wording.share(of)}, less than {SHARE} %")


def _again(root: Path, folder: Path, run: Run, out: Outcome) -> None:
    """A second run on the result must change nothing."""
    with tempfile.TemporaryDirectory() as name:
        where = Path(name).resolve()
        # A link out of the tree would be refused.
        own = {file: (root / file).read_bytes() for file in out.report.files}
        overlay.build(root, where, own | {one.path: one.after for one in out.changes})
        again = api.migrate([where / folder.relative_to(root)], kernel=where, judge=False,
                            one_driver=True)
        changed = [one.path for one in again.drivers[0].changes]
    out.check(not changed, f"a second run changes {', '.join(changed)}")


def _series(root: Path, run: Run, out: Outcome) -> None:
    """The series: `git am` gives what apply gives, and checkpatch asks for the sign-off only.

    And for shorter lines, where the lines themselves tell that there is nothing to break.
    """
    with tempfile.TemporaryDirectory() as name:
        patches = write_series(run, Path(name) / "out", SeriesOptions(heads=True))
        made = {one.path: one.after for one in apply_series(root, patches)}
        wanted = {one.path: one.after for one in out.changes}
        out.check(made == wanted, "`git am` does not give what apply gives")
        findings = [one for one in checkpatch(root, patches, ignored=())
                    if one.type != MISSING_SIGN_OFF and not _was_spelled(one.text, patches)
                    and not has_to_be_long(one)]
        out.check(not findings, "checkpatch: " + "; ".join(
            f"{one.line}: {one.type}: {one.text}" for one in findings[:3]))


def has_to_be_long(finding: Finding) -> bool:
    """A line over 80 columns that stands for one, or in which there is no place to break."""
    if finding.type != "LONG_LINE":
        return False
    patch = Path(finding.patch)
    line = patch.read_text(encoding="utf-8", errors="replace").splitlines()[finding.line - 1]
    return line.startswith("+") and line[1:] not in [
        one for file in read(patch).files for one in needless(file)]


def _was_spelled(text: str, patches: tuple[Path, ...]) -> bool:
    """A word of the driver's own that codespell takes for a mistake, on lines before the change."""
    word = re.match(r"'(\w+)' may be misspelled", text)
    return word is not None and any(
        line.startswith("-") and re.search(rf"{word[1]}\b", line)
        for patch in patches
        for line in patch.read_text(encoding="utf-8", errors="replace").splitlines())


def facts(out: Outcome) -> dict[str, object]:
    """What corpus/kernel.toml holds of one driver."""
    report = out.report
    steps = steps_of(out.run.drivers[0]) if out.run is not None else ()
    counts = Counter(site.action.value for site in report.sites)
    return {
        "verdict": report.verdict.value,
        "converted": counts["converted"],
        "bridged": len(report.bridges),
        "patches": len(steps),
        "declarations": sorted(" ".join(filter(None, (one.kind, one.function if one.kind in
                               ("local", "parameter") else "", one.name)))
                               for one in report.declarations),
        "kept": sorted(f"{site.function} {site.call}: {site.detail}" for site in report.sites
                       if site.action is Action.KEPT),
        "refused": sorted(f"{one.slot} {one.category}" for one in report.refusals),
    }


def _placed(origin: Origin) -> bool:
    """Whether an origin names a place, and what is to be seen there."""
    return bool(re.fullmatch(r"[^\s:]+", origin.file) and origin.line > 0
                and wording.what(origin).strip())


def print_facts(outcomes: list[Outcome]) -> None:
    """The table in TOML."""
    for out in outcomes:
        print(f'\n[[kernel.driver]]\npath = "{out.path}"')
        for key, value in facts(out).items():
            if isinstance(value, list):
                inner = "".join(f'\n    "{one}",' for one in value)
                print(f"{key} = [{inner}\n]" if value else f"{key} = []")
            else:
                print(f"{key} = {value!r}".replace("'", '"'))


def compare(outcomes: list[Outcome], version: str) -> list[str]:
    """Check against the truth table; on a tree that it was not read on, list what is news."""
    table = nearest(version)
    same = table["version"] == version
    known = {entry["path"]: entry for entry in table["driver"]}
    news: list[str] = []
    for out in outcomes:
        entry = known.pop(out.path, None)
        now = facts(out)
        differs = ["no entry of corpus/kernel.toml describes it"] if entry is None else [
            _differs(key, entry.get(key), value) for key, value in now.items()
            if entry.get(key) != value]
        if same:
            out.checks += 1 if entry is None else len(now)
            out.wrong += [f"regression: {text}" for text in differs]
        else:
            news += [f"{out.path}: {text}" for text in differs]
    for path in known:
        news.append(f"{path}: described for {table['version']}, but not in this tree")
    return news


def tables() -> list[dict[str, Any]]:
    """The releases that the truth table was read on."""
    found: list[dict[str, Any]] = tomllib.loads(TABLE.read_text())["kernel"]
    return found


def nearest(version: str) -> dict[str, Any]:
    """The table of the release that is nearest."""
    return min(tables(), key=lambda one: _distance(one["version"], version))


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", version)[:2])


def _distance(one: str, other: str) -> tuple[int, ...]:
    """How far apart two releases are."""
    pairs = zip(re.findall(r"\d+", one), re.findall(r"\d+", other), strict=False)
    return tuple(abs(int(a) - int(b)) for a, b in pairs)


def _differs(key: str, was: object, now: object) -> str:
    if not (isinstance(was, list) and isinstance(now, list)):
        return f"{key}: expected {was}, got {now}"
    less, more = Counter(was) - Counter(now), Counter(now) - Counter(was)
    return f"{key}: " + "; ".join(text for text in (
        less and f"missing {', '.join(sorted(less.elements()))}",
        more and f"unexpected {', '.join(sorted(more.elements()))}") if text)


def prove(root: Path, outcomes: list[Outcome]) -> dict[str, list[ObjectProof]]:
    """The three ways, for all changes of all folders at once."""
    changes = [change for out in outcomes for change in out.changes]
    owner: dict[str, list[str]] = {}
    for out in outcomes:
        for source in touched_sources(root, [change.path for change in out.changes]):
            owner.setdefault(source, []).append(out.path)
    started = time.monotonic()

    def progress(source: str, done: int, count: int) -> None:
        if done % 20 == 0 or done == count:
            print(f"  {done}/{count} objects, {time.monotonic() - started:.0f} s",
                  file=sys.stderr, flush=True)

    found: dict[str, list[ObjectProof]] = {}
    for proof in verify_changes(root, changes, progress=progress):
        for path in owner[proof.source]:
            found.setdefault(path, []).append(proof)
    for out in outcomes:
        if out.run is not None:
            steps = steps_of(out.run.drivers[0])[:-1]
            # With the last patch the tree is what was proven above.
            for one in (prove_steps(out.run, (Plan("", out.run.drivers, steps),)).failed
                        if steps else ()):
                out.check(False, f"before its last patch: {unproven(one)}")
            out.checks += len(steps)
    return found


def show(outcomes: list[Outcome], proofs: dict[str, list[ObjectProof]]) -> None:
    """One table of all folders."""
    head = ("folder", "verdict", "converted", "bridged", "kept", "refused", "proven", "checks")
    rows: list[tuple[str, ...]] = [head]
    totals = [0] * 4
    for out in outcomes:
        counts = Counter(site.action for site in out.report.sites)
        numbers = [counts[Action.CONVERTED], len(out.report.bridges), counts[Action.KEPT],
                   len(out.report.refusals)]
        totals = [a + b for a, b in zip(totals, numbers, strict=True)]
        mine = proofs.get(out.path, [])
        proven = f"{sum(p.proven for p in mine)}/{len(mine)}" if mine else "-"
        rows.append((out.path.removeprefix("drivers/"), out.report.verdict.value,
                     *map(str, numbers), proven,
                     "ok" if not out.wrong else f"{len(out.wrong)} FAILED"))
    every = [p for mine in proofs.values() for p in mine]
    rows.append(("total", "", *map(str, totals),
                 f"{sum(p.proven for p in every)}/{len(every)}", ""))
    widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
    for row in rows:
        print("  ".join(cell.rjust(width) if 2 <= i <= 6 else cell.ljust(width)
                        for i, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", nargs="?", default="")
    parser.add_argument("--facts", action="store_true")
    parser.add_argument("--no-compile", action="store_true")
    options = parser.parse_args()
    root = tree_of(options.tree)
    kernel = Kernel.at(root)
    root = kernel.root
    started = time.monotonic()
    folders = page_pool_folders(root)
    print(f"linux {kernel.version}: {len(folders)} folders with page_pool", file=sys.stderr)
    with ProcessPoolExecutor() as pool:
        outcomes = list(pool.map(examine, [root] * len(folders), folders))
    if options.facts:
        print(f'[[kernel]]\nversion = "{kernel.version}"\nuntouched = [' + "".join(
            f'\n    "{path}",' for path in nearest(kernel.version).get("untouched", [])) + "\n]")
        print_facts(outcomes)
        return 0
    print(f"converted and checked in {time.monotonic() - started:.0f} s", file=sys.stderr)
    news = compare(outcomes, kernel.version)
    tree = of_tree(root, outcomes, kernel.version)
    proofs: dict[str, list[ObjectProof]] = {}
    if not options.no_compile:
        proofs = prove(root, outcomes)
        for out in outcomes:
            for proof in proofs.get(out.path, []):
                out.check(proof.proven, f"{proof.source}: not proven: " + " | ".join(
                    (proof.plain.details or proof.strict.details or proof.identity.details)[:3]))
            for change in out.changes:
                if change.path.endswith(".c"):
                    done = [p for p in proofs.get(out.path, []) if p.source == change.path]
                    out.check(bool(done) and done[0].proven, f"{change.path}: changed, not proven")
        faults = run_arms.check(root, [one for out in outcomes for one in out.changes])
        tree.checks += 1
        tree.wrong += faults
    differs = run_api.disagreements(kernel)
    if kernel.api in LEVELS:
        tree.check(not differs, "the model of the API: " + "; ".join(differs[:5]))
    else:
        news.append(f"the model of the API has no {kernel.api}: {len(differs)} differences to what "
                    "came before (tests/real/run_api.py lists them)")
    show(outcomes, proofs)
    share(outcomes, kernel.version, tree)
    outcomes.append(tree)
    for line in news:
        print(f"news: {line}")
    for out in outcomes:
        for text in out.wrong:
            print(f"FAILED {out.path}: {text}")
    failed = sum(len(out.wrong) for out in outcomes)
    passed = sum(out.checks for out in outcomes) - failed
    print(f"{time.monotonic() - started:.0f} s on linux {kernel.version}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not outcomes else 0


def tree_of(name: str) -> Path:
    if name and Path(name).is_dir():
        return Path(name).resolve()
    return pick(name or None).root


if __name__ == "__main__":
    sys.exit(main())
