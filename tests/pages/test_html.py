# SPDX-License-Identifier: GPL-2.0-only
"""The pages of `review --html` and `scan --html`: what is on them, and that nothing gets out."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from html_tools import DRIVER, HOSTILE, Node, parsed
from tools import PRELUDE

from netmem_migrate.api import analyse_path, migrate
from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.pages import scan as scan_html
from netmem_migrate.pages.review import page
from netmem_migrate.reasons import Category, Reason, Why
from netmem_migrate.report import wording
from netmem_migrate.report.nearest import ORDER, ranked
from netmem_migrate.report.requirements import REQUIREMENTS, SHORT
from netmem_migrate.results import Action, Edit, FileChange, Origin, Refusal, Run, Standing, Verdict
from netmem_migrate.terminal.summary import totals


def run_of(folder: Path, files: dict[str, str | bytes]) -> Run:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return migrate([folder], api="7.3", one_driver=True)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_of(tmp_path_factory.mktemp("html") / "demo", {"d.c": DRIVER})


@pytest.fixture(scope="module")
def tree(run: Run) -> Node:
    return parsed(page(run))


def sides(file: Node) -> tuple[list[str], list[str]]:
    """What a file's part of a page shows on either side, by its line numbers."""
    old: dict[int, str] = {}
    new: dict[int, str] = {}
    for part in file.children:
        if not isinstance(part, Node):
            continue
        gap = "gap" in part.attributes.get("class", "")
        for listing in part.all("ol", "code"):
            for offset, line in enumerate(listing.all("li")):
                number = int(listing.attributes["start"]) + offset
                assert gap or line.attributes["data-n"] == str(number)
                if gap:
                    old[number] = line.text
                    new[int(part.attributes["data-new"]) + offset] = line.text
                elif "old" in listing.attributes["class"].split():
                    old[number] = line.text
                elif "new" in listing.attributes["class"].split() or \
                        "aria-hidden" in listing.attributes:
                    new[number] = line.text
                else:
                    old[number] = line.text
    assert list(old) == sorted(old) and list(new) == sorted(new)
    return [old[number] for number in range(1, len(old) + 1)], [
        new[number] for number in range(1, len(new) + 1)]


def test_page_holds_both_sides_of_every_file_line_by_line(run: Run, tree: Node) -> None:
    (change,) = run.drivers[0].changes
    (file,) = tree.all("details", "file")
    before, after = sides(file)
    assert "\n".join(before) + "\n" == change.before.decode()
    assert "\n".join(after) + "\n" == change.after.decode()


def test_hunks_are_those_of_git(run: Run, tree: Node, tmp_path: Path) -> None:
    (change,) = run.drivers[0].changes
    (tmp_path / "a.c").write_bytes(change.before)
    (tmp_path / "b.c").write_bytes(change.after)
    told = subprocess.run(["git", "diff", "--no-index", "a.c", "b.c"], cwd=tmp_path,
                          capture_output=True, text=True, check=False).stdout
    headers = [line.split(" @@")[0] for line in told.splitlines() if line.startswith("@@")]
    shown = [one.text.split(" @@")[0] for one in tree.all("h4", "at")]
    assert shown == headers and len(headers) > 1


def test_every_reason_stands_at_the_hunk_of_its_line(run: Run, tree: Node) -> None:
    migration = run.drivers[0]
    hunks = []
    for section in tree.all("section", "hunk"):
        match = re.match(r"@@ -(\d+),(\d+)", section.one("h4", "at").text)
        assert match is not None
        lines = range(int(match[1]), int(match[1]) + int(match[2]))
        hunks.append((lines, section.one("aside", "why")))
    assert migration.edits
    for edit in migration.edits:
        line = migration.changes[0].before.count(b"\n", 0, edit.start) + 1
        (aside,) = [aside for lines, aside in hunks if line in lines]
        told = [one for one in aside.all("li")
                if one.one("b").text == edit.transform and edit.why in one.text]
        first_to_last = [link.text.split("–") for one in told for link in one.all("a")]
        assert any(int(ends[0]) <= line <= int(ends[-1]) for ends in first_to_last), edit


def test_reason_of_a_line_outside_all_hunks_stands_at_the_nearest(run: Run) -> None:
    migration = run.drivers[0]
    source = migration.changes[0].before
    far = Edit("d.c", len(source) - 1, len(source), b"\n", "layout", "last line of all")
    silent = Edit("d.c", 0, 1, source[:1], "names")
    told = replace(migration, edits=(*migration.edits, far, silent))
    tree = parsed(page(replace(run, drivers=(told,))))
    asides = tree.all("aside", "why")
    assert "last line of all" in asides[-1].text
    # A pass that gives no reason is told by what it does.
    assert asides[0].all("li")[0].words.startswith("1 names: ")


def test_refusals_and_bridges_come_before_all_else(run: Run) -> None:
    report = run.drivers[0].report
    assert report.refusals and report.verdict is Verdict.PARTIAL
    text = page(run)
    main = parsed(text).one("main")
    first = next(child for child in main.children if isinstance(child, Node))
    assert first.attributes["id"] == "decide"
    assert "1 refusal, 1 bridge" in first.one("h2").words
    (refused,) = first.all("article", "refused")
    (item,) = report.refusals
    assert f"{item.file}:{item.line}" in refused.words and wording.refusal(item) in refused.words
    assert item.slot in refused.words and f"[{item.category}]" in refused.words
    assert wording.ADVICE[item.category].todo in refused.words
    assert "foreign(kept);" in refused.words
    for origin in item.origins:
        assert wording.origin(origin) in refused.words
    (bridge,) = first.all("article", "bridge")
    assert "virt_to_netmem() is written" in bridge.words
    assert "ring->spare = virt_to_page(data);" in bridge.words and "To do:" in bridge.words
    assert text.index('id="decide"') < text.index('class="driver"') < text.index('class="file"')


def test_every_way_back_to_a_page_is_for_a_person(tmp_path: Path) -> None:
    (tmp_path / "d.c").write_text(PRELUDE + """\
void demo_use(struct rx_buf *buf)
{
	foreign(buf->page);
}
""")
    run = migrate([tmp_path / "d.c"], api="7.3", opted=("accessor",))
    defined, used = parsed(page(run)).id("decide").all("article", "bridge")
    assert "netmem_to_page() is written" in defined.words
    assert "demo_netmem_page() reads a netmem as a page" in used.words
    for one in (defined, used):
        assert "only a page will do here" in one.words and "To do: Check that nothing" in one.words
    assert "foreign(buf->page);" in used.words


def test_a_page_of_heads_is_shown_where_it_is_taken(tmp_path: Path) -> None:
    (tmp_path / "d.c").write_text("""\
struct demo_buf { struct page *page; };
struct demo_ring { struct demo_buf *buf; };
struct demo_queue { struct demo_ring heads, data; };

void demo_fill(struct page_pool *pool, struct demo_ring *ring, int i)
{
	ring->buf[i].page = page_pool_dev_alloc_pages(pool);
}

static struct page *demo_get(struct demo_ring *ring, int i)
{
	return ring->buf[i].page;
}

void *demo_head(struct demo_queue *q, int i)
{
	struct page *page = demo_get(&q->heads, i);

	return page_address(page);
}

void demo_data(struct demo_queue *q, struct sk_buff *skb, int i)
{
	skb_add_rx_frag(skb, 0, demo_get(&q->data, i), 0, 64, PAGE_SIZE);
}
""")
    (shown,) = parsed(page(migrate([tmp_path / "d.c"], api="7.3"))).id("decide").all(
        "article", "bridge")
    assert "netmem_to_page() is written" in shown.words
    assert "the page of a ring of heads" in shown.words
    assert "To do: Check that nothing but pages" in shown.words
    assert "struct page *page = demo_get(&q->heads, i);" in shown.words


def test_page_says_so_when_nothing_was_refused(tmp_path: Path) -> None:
    run = run_of(tmp_path / "clean", {"d.c": PRELUDE})
    decide = parsed(page(run)).id("decide")
    assert "0 refusals, 0 bridges" in decide.words and "Nothing was refused" in decide.words
    assert not decide.all("article")


def test_summary_counts_and_lists_what_the_report_says(run: Run, tree: Node) -> None:
    report = run.drivers[0].report
    (driver,) = tree.all("section", "driver")
    assert driver.one("h2").words == "demo: partial"
    facts = driver.one("div", "facts").words
    assert "kept calls: 2" in facts and f"declarations: {len(report.declarations)}" in facts
    for site in report.sites:
        assert wording.site(site) in facts and f"{site.call}()" in facts
        assert f"{site.file}:{site.line}" in facts
    for item in report.declarations:
        assert item.name in facts and item.new_name in facts and item.to in facts


def test_a_series_of_two_patches_is_said_to_be_one(run: Run, tree: Node) -> None:
    migration = run.drivers[0]
    assert "Its series has" not in tree.one("main").words
    two = replace(migration, steps=migration.steps * 2)
    told = parsed(page(replace(run, drivers=(two,)))).one("main").words
    assert "Its series has 2 patches" in told


def test_requirements_stand_in_words_with_evidence(tmp_path: Path) -> None:
    run = run_of(tmp_path / "demo", {"d.c": PRELUDE + """\
struct page_pool *create(const struct page_pool_params *params)
{
	return page_pool_create(params);
}
"""})
    told = run.drivers[0].report.requirements
    facts = parsed(page(run)).one("div", "facts")
    rows = {row.all("td")[0].text: row.words for row in facts.all("tr") if row.all("td")}
    for key, requirement in told.items():
        assert requirement.status in rows[key]
        for one in requirement.evidence:
            assert f"{one.file}:{one.line} {one.text}" in rows[key]


def test_flows_stand_behind_declarations_where_they_are_known(run: Run) -> None:
    analysis = analyse_path(run.root, api="7.3")
    plain, told = page(run), page(run, analyses={".": analysis})
    assert "call of page_pool_alloc_pages() in fill()" not in parsed(plain).words
    assert "call of page_pool_alloc_pages() in fill()" in parsed(told).words


def test_structure_is_that_of_an_accessible_page(tree: Node) -> None:
    html = tree.one("html")
    assert html.attributes["lang"] == "en"
    for landmark in ("header", "nav", "main", "footer", "h1", "title"):
        html.one(landmark)
    ids = [one.attributes["id"] for one in tree.walk() if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    for one in tree.walk():
        for name in ("aria-labelledby", "aria-controls"):
            assert one.attributes.get(name, ids[0]) in ids
        if one.tag == "a":
            assert one.attributes["href"][0] == "#" and one.attributes["href"][1:] in ids
        if one.tag == "button":
            assert one.attributes["type"] == "button" and one.words
        if one.tag == "nav":
            assert one.attributes["aria-label"]
    for fold in tree.all("details"):
        first = next(child for child in fold.children if isinstance(child, Node))
        assert first.tag == "summary" and first.words
    # What there is one of a hunk is no landmark: those lead to the parts of the page.
    for hunk in tree.all("section", "hunk"):
        assert hunk.attributes["role"] == "group"
        assert hunk.one("aside").attributes["role"] == "note"
        assert hunk.attributes["tabindex"] == "-1" and hunk.attributes["aria-label"]
    # Lines that changed are elements of their own, not only of another colour.
    assert tree.all("del") and tree.all("ins")
    for block in tree.all("ol", "old"):
        assert all(line.all("del") for line in block.all("li"))


def policy_of(tree: Node) -> dict[str, str]:
    (meta,) = [one for one in tree.all("meta")
               if one.attributes.get("http-equiv") == "Content-Security-Policy"]
    return dict(part.strip().split(" ", 1) for part in meta.attributes["content"].split(";"))


@pytest.mark.parametrize("make", [page, scan_html.page])
def test_page_needs_nothing_and_lets_nothing_run_but_its_own(run: Run, make: object) -> None:
    assert callable(make)
    text = make(run)
    tree = parsed(text)
    policy = policy_of(tree)
    assert policy["default-src"] == "'none'"
    for tag, name in (("style", "style-src"), ("script", "script-src")):
        digest = hashlib.sha256(tree.one(tag).text.encode()).digest()
        assert policy[name] == f"'sha256-{base64.b64encode(digest).decode()}'"
    for one in tree.walk():
        assert one.tag not in ("img", "link", "iframe", "object", "base")
        assert not {"src", "style"} & one.attributes.keys()
        assert not [name for name in one.attributes if name.startswith("on")]
    assert not re.search(r"https?:|url\(|@import|innerHTML", text)


def test_text_of_a_driver_stays_text(tmp_path: Path) -> None:
    hostile = tmp_path / "</title><script>alert(4)<"
    hostile.parent.joinpath("</title><script>alert(4)<").mkdir(parents=True)
    source = DRIVER.replace("void foreign", HOSTILE + "void foreign")
    run = run_of(hostile, {"d.c": source})
    clean = run_of(tmp_path / "clean", {"d.c": DRIVER})
    for make in (page, scan_html.page):
        tree = parsed(make(run))
        assert [one.tag for one in tree.walk() if one.tag in ("script", "style", "title", "img")] \
            == [one.tag for one in parsed(make(clean)).walk()
                if one.tag in ("script", "style", "title", "img")]
        assert policy_of(tree) == policy_of(parsed(make(clean)))
    before, after = sides(parsed(page(run)).one("details", "file"))
    assert "\n".join(before) + "\n" == source
    for line in HOSTILE.splitlines():
        assert line in before and line in after


def test_hostile_reasons_and_names_stay_text(run: Run) -> None:
    bad = "</script><b onclick=x>&{{ 1 }}"
    report = replace(run.drivers[0].report, path=bad, refusals=(
        Refusal(bad, 3, bad, Category.MACRO, Reason(Why.PRINTED, bad), (
            Origin(bad, 4, bad), Origin(bad, 5, Reason(Why.HOLDS_TOO, bad)))),))
    edits = tuple(replace(edit, why=bad) for edit in run.drivers[0].edits)
    told = replace(run, kernel=bad, drivers=(
        replace(run.drivers[0], report=report, edits=edits),))
    for make in (page, scan_html.page):
        tree = parsed(make(told, title=bad))
        assert tree.one("title").text == bad and tree.one("h1").text == bad
        assert bad in tree.one("article", "refused" if make is page else "item").text
        assert not [one for one in tree.walk() if "onclick" in one.attributes]


def test_what_cannot_be_seen_is_spelled_out(tmp_path: Path) -> None:
    seen = {"\u202e": "<U+202E>", "\u2066": "<U+2066>", "\u200b": "<U+200B>", "\x07": "␇",
            "\x0c": "␌", "\r": "␍", "\u2028": "<U+2028>"}
    source = PRELUDE.encode() + b"/* \xff" + "".join(seen).encode() + b" */\n"
    run = run_of(tmp_path / "demo", {"d.c": source})
    text = page(run)
    text.encode()
    before, _ = sides(parsed(text).one("details", "file"))
    assert before[-1] == "/* \ufffd" + "".join(seen.values()) + " */"
    assert not set(seen) & set(text)


@pytest.mark.long
def test_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    run_of(folder, {"d.c": DRIVER})
    pages = set()
    for seed in ("1", "2"):
        here = tmp_path / seed
        here.mkdir()
        for command in (["review", "--html", "r.html"], ["scan", "--html", "s.html", "--sarif",
                                                        "s.sarif"]):
            done = subprocess.run(
                [sys.executable, "-m", "netmem_migrate", *command, "--api", "7.3", str(folder)],
                cwd=here, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True,
                text=True, check=False)
            assert done.returncode in (ExitCode.DONE, ExitCode.REFUSED), done.stderr
        pages.add(tuple((here / name).read_bytes() for name in ("r.html", "s.html", "s.sarif")))
    (made,) = pages
    assert str(tmp_path).encode() not in b"".join(made)


def test_nothing_of_the_page_hides_in_a_large_run(tmp_path: Path) -> None:
    filler = f"/* {'x' * 1000} */\n" * 700
    run = run_of(tmp_path / "demo", {"d.c": DRIVER.replace("void blocked", filler + "void blocked"),
                                     "e.h": "struct other;\n"})
    text = page(run)
    assert len(text) < 300_000
    tree = parsed(text)
    left = [one.words for one in tree.all("div", "left")]
    assert left and all(one.endswith("unchanged lines not in this page") for one in left)
    shown = len([line for one in tree.all("details", "gap") for line in one.all("li")])
    in_hunks = sum(int(match) for match in re.findall(r"@@ -\d+,(\d+)", text))
    out = sum(int(one.split()[0]) for one in left)
    assert shown + in_hunks + out == DRIVER.count("\n") + 700


def test_two_drivers_and_one_that_has_nothing(run: Run, tmp_path: Path) -> None:
    none = run_of(tmp_path / "none", {"d.c": "int nothing;\n"}).drivers[0]
    none = replace(none, report=replace(none.report, path="drivers/none"))
    tree = parsed(page(replace(run, drivers=(none, run.drivers[0], run.drivers[0]))))
    assert tree.one("h1").text == "netmem conversion of 3 drivers"
    assert [one.one("h2").words for one in tree.all("section", "driver")] == [
        "drivers/none: no page_pool", "demo: partial", "demo: partial"]
    assert [one.attributes["id"] for one in tree.all("details", "file")] == ["f1", "f2"]
    assert tree.id("decide").one("h2").words.endswith("2 refusals, 2 bridges")


def test_file_without_a_last_newline_and_lines_that_only_come_or_go(tmp_path: Path) -> None:
    run = run_of(tmp_path / "demo", {"d.c": PRELUDE})
    before = b"int a;\nint b;\n\nint c;"
    for after in (b"int a;\n\nint c;", b"int z;\nint a;\nint b;\n\nint c;\nint d;", b"", b"x\n"):
        change = FileChange("d.c", before, after)
        made = replace(run, drivers=(replace(run.drivers[0], changes=(change,), edits=()),))
        shown = sides(parsed(page(made)).one("details", "file"))
        assert "\n".join(shown[0]) == before.decode()
        assert "\n".join(shown[1]) == after.decode().removesuffix("\n")


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    parts = [int(digits[at:at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_colours_have_contrast_in_both_themes(tree: Node) -> None:
    style = tree.one("style").text
    themes = [dict(re.findall(r"--(\w+):(#[0-9a-f]+)", block))
              for block in re.findall(r"{([^{}]*--bg:[^{}]*)}", style)]
    assert len(themes) == 3 and themes[1] == themes[2] != themes[0]
    for theme in themes:
        text = [(one, back) for one in ("fg", "k", "s", "c", "m", "p")
                for back in ("bg", "old", "oldmark", "new", "newmark")]
        text += [(one, back) for one in ("fg", "dim", "link", "good", "bad", "warn")
                 for back in ("bg", "panel")]
        text += [("dim", "old"), ("dim", "new"), ("bad", "old"), ("good", "new")]
        for one, back in text:
            light, dark = sorted((luminance(theme[one]), luminance(theme[back])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (one, back, theme[one], theme[back])


def test_comments_that_span_hunks_are_highlighted_as_such(tmp_path: Path) -> None:
    body = "".join(f" * line {number}\n" for number in range(20))
    run = run_of(tmp_path / "demo", {"d.c": PRELUDE.replace(
        "struct rx_buf {", f"/*\n{body} * struct rx_buf.page is here: int return\n */\n"
        "struct rx_buf {")})
    (line,) = [one for one in parsed(page(run)).all("ins") if "is here" in one.text]
    assert {one.attributes["class"] for one in line.all("i")} == {"c"}


# ------------------------------------------------------------------ scan


def scan_of_two(tmp_path: Path) -> tuple[Run, Node]:
    """A driver that makes a pool and one that has nothing, and their page."""
    pool = """\
struct page_pool *create(const struct page_pool_params *params)
{
	return page_pool_create(params);
}
"""
    first = run_of(tmp_path / "one", {"d.c": DRIVER + pool})
    second = run_of(tmp_path / "two", {"d.c": "int nothing;\n"}).drivers[0]
    second = replace(second, report=replace(second.report, path="drivers/two"))
    both = replace(first, drivers=(second, first.drivers[0]))
    return both, parsed(scan_html.page(both))


def test_scan_page_lists_every_driver_with_its_matrix(tmp_path: Path) -> None:
    run, tree = scan_of_two(tmp_path)
    table = tree.one("table", "drivers")
    heads = table.all("thead")[0].all("th")
    assert [one.words for one in heads] == [
        "rank", "driver", "verdict", "calls", "convert", "left", *SHORT.values()]
    titles = [one.one("button").attributes["title"] for one in heads[6:]]
    assert titles == [f"{key}: {words}" for key, words in REQUIREMENTS.items()]
    assert [one.attributes["aria-sort"] for one in heads] == ["ascending"] + ["none"] * 15
    bodies = [one for one in table.all("tbody") if "data-verdict" in one.attributes]
    assert [one.attributes["data-verdict"] for one in bodies] == ["partial", "no-page-pool"]
    statuses = run.drivers[1].report.requirements
    cells = bodies[0].one("tr", "head").all("td", "req")
    assert [cell.all("span", "sr")[0].text for cell in cells] == [
        statuses[key].status for key in SHORT]
    assert [one.words for one in bodies[1].one("tr", "head").all("td", "req")] == [""] * 10
    steps = [one.next.text() for one in ranked(run)]
    assert [one.one("tr", "next").words for one in bodies] == steps
    form = tree.one("form", "filter")
    assert [one.attributes["value"] for one in form.all("input")
            if one.attributes.get("name") == "verdict"] == [one.value for one in Verdict]
    assert ORDER in tree.words and totals([run]) in tree.words


def test_scan_page_has_a_part_for_each_driver(tmp_path: Path) -> None:
    run, tree = scan_of_two(tmp_path)
    parts = tree.all("section", "driver")
    links = [one.one("th").one("a").attributes["href"] for one in tree.all("tr", "head")]
    assert links == [f"#{one.attributes['id']}" for one in parts]
    report = run.drivers[1].report
    said = parts[0].words
    assert parts[0].one("h2").words == "one: partial"
    for item in report.refusals:
        assert wording.refusal(item) in said
        assert all(wording.origin(one) in said for one in item.origins)
    lines = (tmp_path / "one/d.c").read_text().splitlines()
    for key, judged in report.requirements.items():
        assert f"{key} {REQUIREMENTS[key]} {judged.status}" in said
        for place in judged.evidence:
            code = " ".join(lines[place.line - 1].split())
            assert f"d.c:{place.line} {code}" in said
    for site in report.sites:
        if site.action is Action.KEPT:
            assert f"d.c:{site.line} {' '.join(lines[site.line - 1].split())}" in said
    assert "no pool made here" in parts[1].words


def test_scan_writes_page_and_log_and_no_table(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    run_of(folder, {"d.c": DRIVER})
    out = [tmp_path / "s.html", tmp_path / "s.sarif"]
    out[0].write_text("old")
    result = CliRunner().invoke(cli, ["scan", str(folder), "--html", str(out[0]),
                                      "--sarif", str(out[1])])
    assert result.exit_code == 0 and result.stdout == ""
    assert "demo" in parsed(out[0].read_text()).one("table", "drivers").words
    assert '"2.1.0"' in out[1].read_text()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["demo", "s.html", "s.sarif"]


def test_scan_still_prints_json_beside_a_page(tmp_path: Path) -> None:
    run_of(tmp_path / "demo", {"d.c": DRIVER})
    result = CliRunner().invoke(cli, ["scan", str(tmp_path / "demo"), "--json", "--html",
                                      str(tmp_path / "s.html")])
    assert result.stdout.startswith("{") and (tmp_path / "s.html").is_file()


@pytest.mark.parametrize("option", ["--html", "--sarif"])
def test_scan_that_cannot_write_says_so_before_it_reads(tmp_path: Path, option: str) -> None:
    run_of(tmp_path / "demo", {"d.c": DRIVER})
    for target in (tmp_path / "none" / "x", tmp_path):
        done = subprocess.run(
            [sys.executable, "-m", "netmem_migrate", "scan", str(tmp_path / "demo"), option,
             str(target)], capture_output=True, text=True, check=False)
        assert done.returncode == ExitCode.INPUT and not done.stdout
        assert done.stderr.count("\n") == 1 and str(target) in done.stderr


def test_each_way_to_stand_has_a_sign_and_a_condition_is_said(tmp_path: Path) -> None:
    run, _ = scan_of_two(tmp_path)
    report = run.drivers[1].report
    ways = dict(zip(sorted(report.requirements), Standing, strict=False))
    judged = {key: replace(one, status=ways.get(key, Standing.MET), condition=(
        "has_queues(priv)" if ways.get(key) is Standing.CONDITIONAL else ""))
        for key, one in report.requirements.items()}
    drivers = (run.drivers[0], replace(run.drivers[1], report=replace(report, requirements=judged)))
    tree = parsed(scan_html.page(replace(run, drivers=drivers)))
    cells = [one for one in tree.all("td", "req") if one.all("span", "sr")]
    signs = {one.all("span", "sr")[0].text: one.all("span")[0].text for one in cells}
    assert set(signs) == {one.value for one in Standing} and all(signs.values())
    assert len(set(signs.values())) == len(signs)
    assert all(sign in tree.words for sign in signs.values())
    assert "conditional: if has_queues(priv)" in tree.words
