# SPDX-License-Identifier: GPL-2.0-only
"""Time against size: copies of a driver, a tree around one driver, and lines of one file.

What is measured is generated: drivers of our own, of blocks of C that are all alike.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import plot
from bench.folders import built
from bench.measure import Failed, Run, Tool, bare, number, seconds
from bench.page import ROOT, Limit, Result
from bench.parts import Asked

COPIES = (1, 10, 100)
LINES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
LARGE = 100_000
"""Lines from which on a slope is taken, and that are measured once."""
STEEPEST = 1.1
_LONGEST = 300
"""Seconds; a curve ends before the size that takes longer."""
_DRIVER = 700
"""Lines of a small driver."""
_PAGES = """\
struct b{n} {{
	struct page *page;
	u32 len;
}};

int fill{n}(struct page_pool *p, struct b{n} *b)
{{
	b->page = page_pool_dev_alloc_pages(p);
	return b->page ? 0 : 1;
}}

void drop{n}(struct page_pool *p, struct b{n} *b)
{{
	page_pool_put_full_page(p, b->page, false);
	b->page = NULL;
}}

"""
_PLAIN = """\
struct c{n} {{
	u32 head;
	u32 tail;
}};

int next{n}(struct c{n} *c, u32 size)
{{
	c->head = (c->head + 1) % size;
	return c->head == c->tail;
}}

void reset{n}(struct c{n} *c, u32 value)
{{
	if (value > c->tail)
		c->head = value;
	c->tail = value;
}}

"""


def text(lines: int, pages_every: int, first: int = 0) -> str:
    """A driver of about so many lines; one block of `pages_every` handles pages."""
    blocks: list[str] = []
    while lines > 0:
        n = len(blocks)
        blocks.append((_PAGES if n % pages_every == 0 else _PLAIN).format(n=first + n))
        lines -= blocks[-1].count("\n")
    return "".join(blocks)


def plant_tree(root: Path) -> None:
    """What makes a folder a kernel tree, with no driver in it."""
    (root / "include/linux").mkdir(parents=True)
    (root / "drivers/net/ethernet").mkdir(parents=True)
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n")
    for name in ("Kbuild", "MAINTAINERS"):
        (root / name).write_text("")


def plant_driver(root: Path, number: int) -> Path:
    """A driver of two files and a header; its names hold its number. Gives its folder."""
    folder = root / f"drivers/net/ethernet/d{number}"
    folder.mkdir()
    (folder / "Makefile").write_text(f"obj-m += d{number}.o\nd{number}-y := rx.o main.o\n")
    blocks = text(_DRIVER, 4, number * _DRIVER)
    (folder / "rx.c").write_text(f'#include <linux/netdevice.h>\n#include "d.h"\n\n{blocks}')
    (folder / "d.h").write_text(
        f"struct ring{number} {{\n\tstruct page *page;\n\tu32 tail;\n}};\n\n"
        f"int refill{number}(struct page_pool *p, struct ring{number} *r);\n")
    (folder / "main.c").write_text(
        '#include <linux/netdevice.h>\n#include "d.h"\n\n'
        f"int refill{number}(struct page_pool *p, struct ring{number} *r)\n{{\n"
        "\tr->page = page_pool_dev_alloc_pages(p);\n\treturn r->page ? 0 : 1;\n}\n\n"
        f"void put{number}(struct page_pool *p, struct ring{number} *r)\n{{\n"
        "\tpage_pool_put_full_page(p, r->page, false);\n}\n")
    return folder


@dataclass
class Curve:
    """Runs at some sizes, and those of the bare parse of the same; `ended` says why it has no "
    "more."""

    name: str
    sizes: list[int] = field(default_factory=list)
    runs: list[list[Run]] = field(default_factory=list)
    bare: list[list[Run]] = field(default_factory=list)
    ended: str = ""

    @property
    def times(self) -> list[float]:
        """The median at each size."""
        return [seconds(runs).median for runs in self.runs]

    @property
    def parses(self) -> list[float]:
        """Of the bare parse."""
        return [seconds(runs).median for runs in self.bare]

    def rows(self, what: str) -> list[tuple[str, ...]]:
        """A line of the table for each size."""
        return [(f"{self.name}, {size:,} {what}", seconds(runs).text(" s"),
                 f"{max(run.memory for run in runs) / 1e6:.0f} MB", seconds(parses).text(" s"),
                 f"{number(seconds(runs).median / seconds(parses).median)}x", "", "")
                for size, runs, parses in zip(self.sizes, self.runs, self.bare, strict=True)]

    def slope(self, least: int, limit: float) -> tuple[str, ...]:
        """The line of the table for the slope from a size on."""
        where = [place for place, size in enumerate(self.sizes) if size >= least]
        if len(where) < 2:
            return (f"{self.name}, slope", "", "", "", "", "not measured",
                    f"at most {limit:g}, **missed**")
        sizes = [self.sizes[place] for place in where]
        mine = slope(sizes, [self.times[place] for place in where])
        theirs = slope(sizes, [self.parses[place] for place in where])
        return (f"**{self.name}, slope from {least:,} on**", "", "", "", "",
                f"**{mine:.2f}** (bare parse {theirs:.2f})", Limit(limit, "").text(mine))


def slope(sizes: Sequence[float], times: Sequence[float]) -> float:
    """Of the line that fits best, by least squares, in a log-log plot: 1 is linear."""
    xs, ys = [math.log(one) for one in sizes], [math.log(one) for one in times]
    middle, height = sum(xs) / len(xs), sum(ys) / len(ys)
    return (sum((x - middle) * (y - height) for x, y in zip(xs, ys, strict=True))
            / sum((x - middle) ** 2 for x in xs))


def _add(curve: Curve, size: int, asked: Asked, runs: int, tool: Tool, words: Sequence[str],
         files: Sequence[Path]) -> bool:
    """Measure one size, and say whether a larger one is worth it."""
    mine: list[Run] = []
    parses: list[Run] = []
    try:
        for _ in range(runs):
            parses.append(bare(files, asked.room))
            mine.append(tool.cold(*words))
            asked.tell(f"{curve.name}, {size:,}: {mine[-1].seconds:.2f} s, "
                       f"{mine[-1].memory / 1e6:.0f} MB; bare {parses[-1].seconds:.2f} s")
    except Failed as why:
        curve.ended = f"{curve.name.capitalize()} ends before {size:,}: {why}."
        asked.tell(curve.ended)
        return False
    curve.sizes.append(size)
    curve.runs.append(mine)
    curve.bare.append(parses)
    return True


def copies(asked: Asked) -> tuple[Curve, Curve]:
    """All of some copies of a driver, and the first of them alone, in the same trees."""
    every, one = Curve("all copies"), Curve("one of the copies")
    for count in COPIES:
        room = asked.room / f"copies-{count}"
        plant_tree(room)
        folders = [plant_driver(room, number) for number in range(count)]
        tool = Tool(asked.room / "tool", room, _LONGEST)
        files = [file for folder in folders for file in built(folder)]
        _add(every, count, asked, asked.runs, tool, ("diff", "drivers/net", "--api", "7.3"), files)
        _add(one, count, asked, asked.runs, tool,
             ("diff", "drivers/net/ethernet/d0", "--api", "7.3"), built(folders[0]))
        shutil.rmtree(room)
    return every, one


def lines(asked: Asked) -> list[Curve]:
    """Files of growing length: pages in all functions, and in a few."""
    curves = []
    for name, every in (("pages everywhere", 1), ("pages in one block of 20", 20)):
        curve = Curve(name)
        curves.append(curve)
        for count in LINES:
            room = asked.room / f"lines-{every}-{count}"
            plant_tree(room)
            folder = room / "drivers/net/ethernet/big"
            folder.mkdir()
            (folder / "Makefile").write_text("obj-m += big.o\n")
            (folder / "big.c").write_text(text(count, every))
            more = _add(curve, count, asked, asked.runs if count < LARGE else 1,
                        Tool(asked.room / "tool", room, _LONGEST),
                        ("diff", "drivers/net/ethernet/big", "--api", "7.3"), built(folder))
            shutil.rmtree(room)
            if not more:
                break
    return curves


def linear(asked: Asked) -> Result:
    """Time and memory against size."""
    (asked.room / "tool").mkdir()
    every, one = copies(asked)
    curves = lines(asked)
    drawn = _draw(asked, every, one, curves)
    rows = [*every.rows("copies"), every.slope(10, STEEPEST), *one.rows("in the tree"),
            one.slope(1, 0.1)]
    for curve in curves:
        rows += [*curve.rows("lines"), curve.slope(LARGE, STEEPEST)]
    return Result(
        ("""
            `netmem-migrate diff` of generated drivers, its cache empty, against the bare parse of
            the same files. Copies: a driver of two files and a header, about 700 lines, 1, 10 and
            100 times in a tree that has nothing else; then the first of them alone, which must not
            cost more where the tree has more. Lines: one file. Memory is that of the largest
            process. A slope is that of the best line in a log-log plot, least squares: 1 is
            linear.""", f"""
            Runs of each: {asked.runs}, the median, least and greatest of them; of files of
            {LARGE:,} lines and more: 1."""),
        ("", "time", "memory", "bare parse", "ratio", "slope", "limit"), tuple(rows),
        (*drawn, *(curve.ended for curve in curves if curve.ended)))


def _draw(asked: Asked, every: Curve, one: Curve, curves: Sequence[Curve]) -> list[str]:
    """Draw both plots, and give the lines of Markdown that show them."""
    if not asked.docs:
        return []
    shown: list[str] = []
    for name, title, what, some in (
            ("lines", "One file", "lines", curves),
            ("copies", "Copies of a driver", "copies in the tree", (every, one))):
        series = [plot.Series(curve.name, curve.sizes, curve.times) for curve in some]
        longest = max(some, key=lambda curve: len(curve.sizes))
        series.append(plot.Series("bare parse", longest.sizes, longest.parses, peer=True))
        file = ROOT / f"docs/speed-{name}.svg"
        plot.draw(file, title, what, series)
        shown.append(f"![{title}: seconds against {what}, both axes logarithmic]({file.name})")
    return shown
