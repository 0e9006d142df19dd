# SPDX-License-Identifier: GPL-2.0-only
"""The parts of the benchmark that run on a real tree. Each gives a table."""

from __future__ import annotations

import os
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.cocci import AT_ONCE, Ended, Peer, Rules
from bench.folders import NET, Tree, built, home, size, sources
from bench.measure import (
    Failed,
    LeftOut,
    Run,
    Spread,
    Tool,
    bare,
    bare_process,
    in_turn,
    number,
    ratios,
    run,
    seconds,
)
from bench.page import Limit, Result

COLUMNS = ("", "time", "its peer", "the peer's time", "ratio", "limit")
_GREP = ("grep", "-rl", "page_pool", "drivers", "net", "include")
_SERIES = (f"{NET}/ethernet/engleder", "--heads")


@dataclass(frozen=True, slots=True)
class Asked:
    """The tree, an empty folder to work in, how many runs, whether docs/ is written, and where
    progress goes."""

    tree: Tree
    room: Path
    runs: int
    docs: bool
    tell: Callable[[str], None]

    @property
    def tool(self) -> Tool:
        """The tool at the root of the tree."""
        return Tool(self.room, self.tree.root)

    @property
    def times(self) -> str:
        """How often each was run, for the page."""
        return "One run of each." if self.runs == 1 else f"""
            Median of {self.runs} runs (least to greatest), each in turn with its peer; a ratio is
            that of the two runs of one round."""


Part = Callable[[Asked], Result]


def row(what: str, runs: Sequence[Run], peer: str, peers: Sequence[Run],
        limit: Limit) -> tuple[str, ...]:
    """Times, the peer's, and the ratio against its limit."""
    ratio = ratios(runs, peers)
    return (what, seconds(runs).text(" s"), peer, seconds(peers).text(" s"), ratio.text("x"),
            limit.text(ratio.median))


def diff(asked: Asked) -> Result:
    """All page_pool folders in one call, against the bare parse of all their files."""
    tree, tool = asked.tree, asked.tool
    tree.touch()
    files = [file for folder in tree.folders for file in sources(folder)]
    runs = in_turn(asked.runs, {
        "bare": lambda: bare(files, asked.room),
        "cold": lambda: tool.cold("diff", NET),
        "warm": lambda: tool.warm("diff", NET),
    }, asked.tell)
    return Result(
        (f"""
            `netmem-migrate diff {NET}` at the root of the tree, its output in a file: the whole
            process. Cold: its cache is empty, the files are in the page cache. Warm: again. Bare
            parse: tree-sitter-c, `Parser.parse` of each .c and .h file directly in the
            {len(tree.folders)} folders that hold a .c file that mentions page_pool
            ({size(files)}), one process, one core, without the start of Python.""", asked.times),
        COLUMNS,
        (row("`diff`, cold", runs["cold"], "bare parse", runs["bare"], Limit(2.5)),
         row("`diff`, warm", runs["warm"], "bare parse", runs["bare"], Limit(0.3))))


def scan(asked: Asked) -> Result:
    """The scan of the tree, against `diff` cold, and against grep warm."""
    tree, tool = asked.tree, asked.tool
    tree.touch()
    root = str(tree.root)
    runs = in_turn(asked.runs, {
        "diff": lambda: tool.cold("diff", NET),
        "cold": lambda: tool.cold("scan", root),
        "grep": lambda: run(_GREP, cwd=tree.root),
        "warm": lambda: tool.warm("scan", root),
    }, asked.tell)
    return Result(
        (f"""
            `netmem-migrate scan TREE`, against `netmem-migrate diff {NET}` and `{' '.join(_GREP)}`
            in the tree. Files are in the page cache; cold: the tool's cache is empty, for
            both.""", asked.times),
        COLUMNS,
        (row("`scan`, cold", runs["cold"], "`diff`, cold", runs["diff"], Limit(1.2)),
         row("`scan`, warm", runs["warm"], "`grep`", runs["grep"], Limit(2))))


@dataclass(frozen=True, slots=True)
class _Driver:
    """A folder's times, its bare parse's, and the ratios."""

    name: str
    took: Spread
    parse: Spread
    ratio: Spread

    def row(self, what: str, limit: str) -> tuple[str, ...]:
        """Its line in the table."""
        return (f"{what}, {self.name}", self.took.text(" s"), "bare parse",
                self.parse.text(" s"), self.ratio.text("x"), limit)


def _each(asked: Asked) -> Iterator[_Driver]:
    """Each driver, measured. Raises Failed."""
    tree, tool = asked.tree, asked.tool
    for folder in tree.drivers:
        name = folder.relative_to(tree.root).as_posix()
        words = ["diff", name]
        if any(other != folder and other.is_relative_to(folder) for other in tree.drivers):
            words.append("--one-driver")
        runs = in_turn(asked.runs, {
            name: partial(tool.cold, *words),
            f"{name}, bare": partial(bare_process, built(folder), asked.room),
        }, asked.tell)
        took, parse = runs.values()
        yield _Driver(name, seconds(took), seconds(parse), ratios(took, parse))


def driver(asked: Asked) -> Result:
    """One driver at a time, and the start of the tool."""
    asked.tree.touch()
    found = list(_each(asked))
    tool = asked.tool
    starts = in_turn(max(asked.runs, 5), {
        "--help": lambda: tool.warm("--help"),
        "python": lambda: run([sys.executable, "-c", "pass"], cwd=asked.room),
    }, lambda _: None)
    help_ = seconds(starts["--help"])
    median = statistics.median(one.took.median for one in found)
    parse = statistics.median(one.parse.median for one in found)
    ratio = statistics.median(one.ratio.median for one in found)
    slowest = max(found, key=lambda one: one.took.median)
    worst = max(found, key=lambda one: one.ratio.median)
    return Result(
        (f"""
            `netmem-migrate diff FOLDER`, its cache empty, for each of {len(found)} page_pool
            drivers of {NET}, a process each, against a process each that parses the driver's .c
            and .h files and does no more. A folder with others below it is given with
            `--one-driver`.""", asked.times),
        COLUMNS,
        (("median driver", f"{number(median)} s", "bare parse", f"{number(parse)} s",
          f"{number(ratio)}x", Limit(0.5, " s").text(median)),
         slowest.row("slowest", Limit(2, " s").text(slowest.took.median)),
         worst.row("highest ratio", ""),
         ("`--help`", help_.text(" s"), "`python -c pass`", seconds(starts["python"]).text(" s"),
          ratios(starts["--help"], starts["python"]).text("x"),
          Limit(0.1, " s").text(help_.median))))


def coccinelle(asked: Asked) -> Result:
    """The tool on the folders of the peer's groups, against spatch on their files."""
    if shutil.which("spatch") is None:
        raise LeftOut("left out: there is no spatch here (apt: coccinelle)")
    tree, tool = asked.tree, asked.tool
    tree.touch()
    peer = Peer(tree, asked.room)
    paths = covered(tree.root / NET, peer.groups)
    files = sum(map(len, peer.groups.values()))
    asked.tell(f"{len(peer.groups)} groups of {files} C files")
    rules = Rules.read()
    told = "" if (len(peer.groups), files) == (rules.groups, rules.files) else (
        f" (the study: {rules.groups} of {rules.files})")
    some = {"cold": lambda: tool.cold("diff", *paths), "warm": lambda: tool.warm("diff", *paths)}
    before = in_turn(asked.runs, some, asked.tell)
    wall, used, ended = peer.run(asked.tell)
    after = in_turn(asked.runs, some, asked.tell)
    return Result(
        (f"""
            The semantic patch of [the project's study](../tests/bench/netmem.cocci) on
            {len(ended)} groups of {files} C files{told}: {_version()},
            `--in-place --local-includes --very-quiet` until a pass changes nothing, then
            `-D bridge` until stable: {sum(one.passes for one in ended)} calls, {AT_ONCE} groups at
            a time, the largest first, on copies. Against `netmem-migrate diff FOLDER...` of the
            {len(paths)} folders, or files, that hold them all, which is more than the peer is
            given. The tool ran {asked.runs * 2} times: half before the peer, half after it.""",),
        ("", "the tool", "Coccinelle", "times as fast", "limit"),
        tuple(_faster(name, [*before[name], *after[name]], wall, limit)
              for name, limit in (("cold", 12), ("warm", 60))),
        _slowest(used, ended))


def _faster(name: str, runs: Sequence[Run], wall: float, limit: float) -> tuple[str, ...]:
    times = Spread.of(wall / one.seconds for one in runs)
    return (name, seconds(runs).text(" s"), f"{number(wall)} s", times.text("x"),
            Limit(limit, least=True).text(times.median))


def _slowest(used: float, ended: Sequence[Ended]) -> tuple[str, ...]:
    some = sorted(ended, key=lambda one: one.seconds, reverse=True)[:3]
    failed = [f"{one.name} ({', '.join(one.failures)})" for one in ended if one.failures]
    slowest = ", ".join(f"{one.name} {number(one.seconds)} s" for one in some)
    return (f"""
        The peer takes {number(used)} s of CPU, {number(used / AT_ONCE)} s a core; its slowest
        groups are {slowest}. Calls that failed: {', '.join(failed) if failed else 'none'}.""",)


def _version() -> str:
    """What spatch says it is."""
    with os.popen("spatch --version 2>&1") as lines:
        return " ".join(lines.readline().split()[:3])


def covered(net: Path, groups: Mapping[str, Sequence[str]]) -> list[str]:
    """The folders of the drivers of some groups; those in drivers/net itself by file."""
    files = [file for some in groups.values() for file in some]
    folders = {home((net / file).parent).relative_to(net).as_posix() for file in files
               if "/" in file}
    return [f"{NET}/{one}" for one in (*sorted(folders), *sorted(set(files))) if not any(
        one.startswith(f"{other}/") for other in folders)]


def memory(asked: Asked) -> Result:
    """The largest process of `scan` and of `diff`, against that of the bare parse."""
    tree, tool = asked.tree, asked.tool
    files = [file for folder in tree.folders for file in sources(folder)]
    runs = in_turn(asked.runs, {
        "bare": lambda: bare(files, asked.room),
        "diff": lambda: tool.cold("diff", NET),
        "diff again": lambda: tool.warm("diff", NET),
        "scan": lambda: tool.cold("scan", str(tree.root)),
    }, asked.tell)

    def peak(name: str) -> Spread:
        return Spread.of(one.memory / 1e6 for one in runs[name])

    parse = peak("bare")
    return Result(
        ("""
            The peak resident set of the largest process, workers included: `ru_maxrss` over all
            descendants of a small process that waits for each. In MB of 1,000,000 bytes.""",
         asked.times),
        ("", "largest process", "bare parse", "ratio", "limit"),
        tuple((words, peak(name).text(" MB"), parse.text(" MB"),
               f"{number(peak(name).median / parse.median)}x",
               Limit(300, " MB").text(peak(name).median))
              for name, words in (("diff", f"`diff {NET}`"), ("diff again", f"`diff {NET}`, warm"),
                                  ("scan", "`scan TREE`"))))


def verify(asked: Asked) -> Result:
    """The proof of one series, against the time that its compilers take."""
    tree, tool = asked.tree, asked.tool
    series = asked.room / "series"
    tool.warm("format-patch", *_SERIES, "-o", str(series))
    patches = sorted(str(file) for file in series.rglob("*.patch"))
    if not patches:
        raise Failed(f"format-patch {' '.join(_SERIES)} writes no patch of this tree")
    words = ("verify", *patches, "--kernel", str(tree.root))
    runs = in_turn(asked.runs, {"cold": lambda: tool.cold(*words),
                                "again": lambda: tool.warm(*words)}, asked.tell)

    def made(name: str, what: str, peers: Sequence[Run]) -> tuple[str, ...]:
        return (name, seconds(runs[name]).text(" s"), what,
                Spread.of(one.children for one in peers).text(" s"),
                Spread.of(one.seconds / peer.children for one, peer in
                          zip(runs[name], peers, strict=True)).text("x"))

    return Result(
        (f"""
            `netmem-migrate format-patch {' '.join(_SERIES)}`, then `netmem-migrate verify` of the
            series (patches: {len(patches)}): wall time against the user and system time of all that
            `verify` ran (compilers, kbuild, git) in the same run. Cold: its cache is empty. Again:
            as the first run left it. {len(os.sched_getaffinity(0))} cores.""", asked.times),
        ("", "wall time", "what it ran", "CPU", "ratio"),
        (made("cold", "compilers, cold", runs["cold"]),
         made("again", "compilers, again", runs["again"]),
         made("again", "compilers, cold", runs["cold"])))
