# SPDX-License-Identifier: GPL-2.0-only
"""The pages in a real browser: Debian's Chromium, from file://, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from html_tools import DRIVER, HOSTILE
from playwright.sync_api import Browser, Page, sync_playwright

from netmem_migrate.api import migrate
from netmem_migrate.pages import scan as scan_html
from netmem_migrate.pages.review import page as review_page
from netmem_migrate.results import Run, Verdict

Open = Callable[..., Page]
# Is the element inside of what the window shows?
IN_VIEW = """one => { const box = one.getBoundingClientRect();
    return box.bottom > 0 && box.top < innerHeight; }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    assert program, "these tests need chromium (apt install chromium)"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two drivers with all kinds of outcome, one with text that would like to be markup."""
    folder = tmp_path_factory.mktemp("page") / "demo"
    folder.mkdir()
    (folder / "d.c").write_text(DRIVER)
    (folder / "e.c").write_text(DRIVER.replace("void foreign", HOSTILE + "void foreign", 1))
    one = migrate([folder / "d.c"], api="7.3")
    other = migrate([folder / "e.c"], api="7.3").drivers[0]
    other = replace(other, report=replace(other.report, path="drivers/other"))
    return replace(one, drivers=(*one.drivers, other))


@pytest.fixture
def open_page(browser: Browser, tmp_path: Path) -> Iterator[Open]:
    """Opens a page; whatever it complains about fails the test."""
    trouble: list[str] = []
    contexts = []

    def opened(text: str, width: int = 1280, scheme: str = "light", script: bool = True) -> Page:
        file = tmp_path / "page.html"
        file.write_text(text, encoding="utf-8")
        context = browser.new_context(
            viewport={"width": width, "height": 800}, java_script_enabled=script,
            color_scheme="dark" if scheme == "dark" else "light")
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: trouble.append(message.text))
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: trouble.append(dialog.message))
        page.on("request", lambda request: request.url.startswith("file:")
                or trouble.append(request.url))
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not trouble


def status(page: Page) -> str:
    return page.inner_text("#status")


def focused(page: Page) -> str:
    """Which hunk (h1, h2 ...) or file (f1 ...) has the focus."""
    return str(page.evaluate("""() => {
        const one = document.activeElement;
        const hunk = [...document.querySelectorAll(".hunk")].indexOf(one);
        return hunk >= 0 ? "h" + (hunk + 1) : one.matches("summary") ? one.parentElement.id : "";
    }"""))


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_keys_go_from_hunk_to_hunk(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    number = page.locator(".hunk").count()
    assert number > 3
    for index in range(1, number + 1):
        page.keyboard.press("j")
        assert focused(page) == f"h{index}" and status(page) == f"hunk {index} of {number}"
        assert page.evaluate(IN_VIEW, page.query_selector(".hunk:focus"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("j")
    assert focused(page) == f"h{number}" and status(page) == "last hunk"
    for index in range(number - 1, 0, -1):
        page.keyboard.press("k")
        assert focused(page) == f"h{index}"
    page.keyboard.press("k")
    assert status(page) == "first hunk"


def test_keys_go_from_file_to_file_and_fold(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    page.keyboard.press("n")
    assert focused(page) == "f1"
    page.keyboard.press("n")
    assert focused(page) == "f2"
    page.keyboard.press("n")
    assert focused(page) == "f2" and status(page) == "last file"
    page.keyboard.press("o")
    assert page.locator("#f2[open]").count() == 0 and status(page) == "folded"
    page.keyboard.press("p")
    assert focused(page) == "f1"
    page.keyboard.press("p")
    assert focused(page) == "f1" and status(page) == "first file"
    # A folded file's hunks are passed over.
    inside = page.locator("#f1 .hunk").count()
    for _ in range(inside + 1):
        page.keyboard.press("j")
    assert focused(page) == f"h{inside}" and status(page) == "last hunk"
    page.keyboard.press("p")
    page.keyboard.press("o")
    assert page.locator("details.file[open]").count() == 0
    page.keyboard.press("j")
    assert status(page) == "no open hunk"
    page.keyboard.press("O")
    assert page.locator("details.file[open]").count() == 2
    page.keyboard.press("O")
    assert page.locator("details.file[open]").count() == 0


def test_tab_and_enter_fold_without_our_keys(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    page.focus("#f1 > summary")
    page.keyboard.press("Enter")
    assert page.locator("#f1[open]").count() == 0
    page.keyboard.press("Space")
    assert page.locator("#f1[open]").count() == 1
    page.reload()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"


def test_unchanged_lines_unfold_on_both_sides(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    gap = page.locator("#f1 details.gap").nth(0)
    gap.locator("summary").click()
    page.wait_for_function("document.querySelector('#f1 details.gap').querySelectorAll('ol')[1]")
    before, after = gap.locator("ol").all()
    assert before.inner_text() == after.inner_text() != ""
    assert after.get_attribute("aria-hidden") == "true"
    assert before.bounding_box()["y"] == after.bounding_box()["y"]  # type: ignore[index]
    page.keyboard.press("e")
    assert page.locator("#f1 details.gap[open]").count() == page.locator(
        "#f1 details.gap").count()
    page.keyboard.press("e")
    assert page.locator("#f1 details.gap[open]").count() == 0


def test_rows_of_both_sides_stay_beside_each_other(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run), width=950)
    rows = page.evaluate("""() => [...document.querySelectorAll(".hunk .pair")].map(pair =>
        [...pair.children].map(list => [...list.children].map(
            line => line.getBoundingClientRect().top)))""")
    assert rows
    for before, after in rows:
        shared = min(len(before), len(after))
        assert before[:shared] == after[:shared]


def test_links_to_lines_unfold_what_hides_them(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    page.keyboard.press("O")
    link = page.locator("article.bridge a[data-line]").first
    line = link.get_attribute("data-line")
    link.click()
    found = page.locator("li.found")
    assert found.count() == 1 and "virt_to_page" in found.inner_text()
    assert found.get_attribute("data-n") == line
    assert found.evaluate(IN_VIEW)
    gap = page.locator("#f1 details.gap").first
    start = gap.locator("ol").get_attribute("start")
    page.evaluate("""line => {
        const link = document.querySelector(".facts a[data-line]");
        link.dataset.line = line;
        link.click();
    }""", start)
    assert gap.get_attribute("open") is not None
    assert page.locator("#f1 li.found").count() == 1
    assert page.locator("li.found").count() == 1
    assert page.locator("li.found").evaluate(IN_VIEW)


def test_help_opens_and_closes(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    for close in ("?", "Escape"):
        page.keyboard.press("?")
        assert page.locator("dialog[open]").count() == 1
        told = page.inner_text("dialog")
        assert all(key in told for key in ("j", "k", "n", "p", "o", "?"))
        page.keyboard.press("j")
        assert focused(page) == ""
        page.keyboard.press(close)
        assert page.locator("dialog[open]").count() == 0
    page.click("#help")
    page.click("#close")
    assert page.locator("dialog[open]").count() == 0


@pytest.mark.parametrize("make", [review_page, scan_html.page])
def test_theme_follows_the_system_until_switched(run: Run, open_page: Open,
                                                 make: Callable[[Run], str]) -> None:
    page = open_page(make(run), scheme="dark")
    dark = background(page)
    assert dark == "rgb(13, 17, 23)"
    page.click("#theme")
    assert page.inner_text("#theme") == "theme: light"
    assert background(page) == "rgb(255, 255, 255)"
    page.emulate_media(color_scheme="light")
    page.click("#theme")
    assert page.inner_text("#theme") == "theme: dark" and background(page) == dark
    page.reload()
    assert page.inner_text("#theme") == "theme: dark" and background(page) == dark
    page.click("#theme")
    assert page.inner_text("#theme") == "theme: auto"
    assert background(page) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("make", [review_page, scan_html.page])
@pytest.mark.parametrize("width", [1280, 400, 320])
def test_nothing_is_wider_than_the_window(run: Run, open_page: Open, width: int,
                                          make: Callable[[Run], str]) -> None:
    page = open_page(make(run), width=width)
    page.evaluate("""() => {
        for (const one of document.querySelectorAll("details")) one.open = true;
    }""")
    wide, window = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
    assert wide <= window


def test_narrow_page_stacks_before_and_after(run: Run, open_page: Open) -> None:
    for width, beside in ((1280, True), (400, False)):
        page = open_page(review_page(run), width=width)
        old = page.locator("#f1 ol.old li").first.bounding_box()
        new = page.locator("#f1 ol.new li").first.bounding_box()
        assert old is not None and new is not None
        assert (old["y"] == new["y"]) is beside and (old["x"] < new["x"]) is beside
        # Unchanged lines are not shown twice below each other.
        assert page.locator("#f1 .hunk ol.same[aria-hidden] li").first.is_visible() is beside


def test_page_can_be_read_without_script(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run), script=False)
    assert page.locator("#theme").is_hidden() and page.locator("#help").is_hidden()
    page.click("#f1 > summary")
    assert page.locator("#f1[open]").count() == 0
    table = open_page(scan_html.page(run), script=False)
    assert table.locator("form.filter").is_hidden()
    assert table.locator("section.driver").first.is_visible()


def test_printed_page_shows_hunks_without_controls(run: Run, open_page: Open) -> None:
    page = open_page(review_page(run))
    page.emulate_media(media="print")
    assert page.locator(".tools").is_hidden()
    assert page.locator(".hunk").first.is_visible()
    assert page.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("width", [1280, 400])
def test_scan_table_sorts_filters_and_leads_on(run: Run, open_page: Open, width: int) -> None:
    first, other = run.drivers
    third = replace(other, report=replace(other.report, path="drivers/third", refusals=(),
                                          sites=(), verdict=Verdict.NO_PAGE_POOL))
    page = open_page(scan_html.page(replace(run, drivers=(first, other, third))), width=width)
    names = "table.drivers > tbody > tr.head > th:visible"

    def order() -> list[str]:
        return [text.strip() for text in page.locator(names).all_inner_texts()]

    given = order()
    assert len(given) == 3 and given[0] == "drivers/third"
    page.click("thead button:text-is('left')")
    assert order() == given
    head = page.locator("th[aria-sort]", has_text="left")
    assert head.get_attribute("aria-sort") == "ascending"
    page.click("thead button:text-is('left')")
    assert order() == [given[1], given[2], given[0]]
    assert head.get_attribute("aria-sort") == "descending"
    page.click("thead button:text-is('driver')")
    assert order() == sorted(given) and head.get_attribute("aria-sort") == "none"
    page.click("thead button:text-is('rank')")
    assert order() == given
    page.uncheck("input[value=no-page-pool]")
    assert "drivers/third" not in order() and page.inner_text("#shown") == "2 of 3 shown"
    page.fill("#text", "OTHER")
    assert order() == ["drivers/other"] and page.inner_text("#shown") == "1 of 3 shown"
    part = page.locator("section.driver:visible")
    assert part.count() == 1 and part.locator("h2").inner_text().startswith("drivers/other: ")
    page.fill("#text", "")
    page.check("input[value=no-page-pool]")
    assert page.locator("section.driver:visible").count() == 3
    link = page.locator("th a", has_text="drivers/other")
    link.focus()
    page.keyboard.press("Enter")
    part = page.locator(f"section{link.get_attribute('href')}")
    assert part.locator("h2").evaluate(IN_VIEW)
    part.locator("a", has_text="in the table").click()
    assert link.evaluate(IN_VIEW)


def test_long_names_of_a_scan_are_cut_between_folders(run: Run, open_page: Open) -> None:
    path = "drivers/net/ethernet/marvell/octeontx2/nic"
    one = replace(run.drivers[0], report=replace(run.drivers[0].report, path=path))
    page = open_page(scan_html.page(replace(run, drivers=(one,))))
    lines = page.evaluate("""() => {
        const tops = [...document.querySelector("tr.head th a").getClientRects()].map(
            box => Math.round(box.top));
        return new Set(tops).size;
    }""")
    assert page.inner_text("tr.head th a") == path and 1 <= lines <= 3
