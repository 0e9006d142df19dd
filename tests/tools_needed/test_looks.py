# SPDX-License-Identifier: GPL-2.0-only
"""How pages and tables look: in Debian's Chromium at two widths, and on a terminal of 80x24.

`python tests/screenshots.py` saves the same as pictures.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from looks_tools import Looks, corpus_run, on_screen, scan_of_corpus

from netmem_migrate.pages import scan as scan_html
from netmem_migrate.pages.review import page as review_page
from netmem_migrate.results import Run

PAGES = pytest.mark.parametrize("make", [review_page, scan_html.page])
WIDTHS = pytest.mark.parametrize("width", [1280, 400])


@pytest.fixture(scope="module")
def looks() -> Iterator[Looks]:
    with Looks.started() as one:
        yield one


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return corpus_run(tmp_path_factory.mktemp("corpus"))


@PAGES
@WIDTHS
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(run: Run, looks: Looks, width: int, scheme: str,
                           make: Callable[[Run], str]) -> None:
    page = looks.page(make(run), width, scheme)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;")
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    # It looked: rules that hold are listed, too.
    assert len(found.response["passes"]) > 10


@PAGES
@WIDTHS
def test_a_page_of_many_drivers_does_not_scroll_sideways(run: Run, looks: Looks, width: int,
                                                         make: Callable[[Run], str]) -> None:
    page = looks.page(make(run), width)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true;")
    page.evaluate("scrollTo(1000, 0)")
    assert page.evaluate("scrollX") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_no_word_of_a_narrow_scan_is_cut(run: Run, looks: Looks) -> None:
    page = looks.page(scan_html.page(run), 400)
    cut = page.evaluate("""() => [...document.querySelectorAll("td, th, li, p, h2")]
        .filter(one => one.checkVisibility() && one.scrollWidth > one.clientWidth + 1
                && getComputedStyle(one).overflowX !== "visible"
                && getComputedStyle(one).overflowX !== "auto")
        .map(one => one.innerText)""")
    assert cut == []


@pytest.mark.parametrize("words", [("scan",), ("plan",)])
def test_80_columns_show_whole_lines(words: tuple[str, ...],
                                     tmp_path_factory: pytest.TempPathFactory) -> None:
    root = scan_of_corpus(tmp_path_factory.mktemp("tree"))
    screen = on_screen(root, 80, 24, *words, ".")
    # A line that the terminal had to break would be one more on the screen than was written.
    assert len(screen.lines) == screen.written
    assert any(len(one) > 60 for one in screen.lines)


def test_what_80_columns_have_no_room_for_is_said(
        tmp_path_factory: pytest.TempPathFactory) -> None:
    root = scan_of_corpus(tmp_path_factory.mktemp("tree"))
    wide, narrow = (on_screen(root, columns, 24, "scan", ".").lines for columns in (400, 80))
    columns, kept = (next(" ".join(some[place:place + 2]).split() for place, one in enumerate(some)
                          if one.startswith("driver ") or one == "driver")
                     for some in (wide, narrow))
    lost = [one for one in columns[:columns.index("next")] if one not in kept]
    said = " ".join(narrow).partition("Not shown, too wide for 80 columns: ")[2].partition(".")[0]
    assert lost and said.split(", ") == lost
