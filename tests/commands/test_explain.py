# SPDX-License-Identifier: GPL-2.0-only
"""`explain FILE:LINE` for what moved and what stayed, and `scan` of a folder."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click import Context
from tools import PRELUDE, run

from netmem_migrate.check import registry
from netmem_migrate.commands.explain import command
from netmem_migrate.convert import passes
from netmem_migrate.errors import UsageError
from netmem_migrate.model import conditions
from netmem_migrate.reasons import CATEGORY, Category, Class, Detail
from netmem_migrate.report import wording

SOURCE = PRELUDE + """\
void blocked(struct page_pool *pool)
{
	struct page *kept = page_pool_dev_alloc_pages(pool);

	foreign(kept);
}

void by_design(struct page_pool *pool, struct sk_buff *skb)
{
	struct page *host = page_pool_dev_alloc_pages(pool);

	memcpy(page_address(host), skb->data, 64);
}

void bridged(struct ring *ring, void *data)
{
	ring->spare = virt_to_page(data);
}

struct page_pool *create(const struct page_pool_params *params)
{
	return page_pool_create(params);
}
"""


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SOURCE.split("\n"), 1) if text in line)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "driver"
    folder.mkdir()
    (folder / "d.c").write_text(SOURCE)
    return folder / "d.c"


def explain(file: Path, text: str) -> str:
    result = run("explain", f"{file}:{line_of(text)}")
    assert result.exit_code == 0, result.output
    assert file.read_text() == SOURCE
    return result.stdout


def test_moved_member(file: Path) -> None:
    said = explain(file, "struct page *page;")
    assert "member rx_buf.page" in said
    assert "moves to netmem_ref" in said
    assert "page_pool_alloc_pages()" in said
    assert f"d.c:{line_of('buf->page = page_pool')}" in said


def test_every_slot_of_a_line(file: Path) -> None:
    said = explain(file, "buf->page = page_pool")
    assert "member rx_buf.page" in said
    assert "call of page_pool_alloc_pages()" in said


def test_bridge(file: Path) -> None:
    said = explain(file, "ring->spare = virt_to_page")
    assert "bridged: virt_to_page() gives a page" in said


def test_blocked_local(file: Path) -> None:
    said = explain(file, "struct page *kept")
    assert "stays a page" in said
    assert "is passed to foreign() (page-only-use)" in said
    assert f"d.c:{line_of('foreign(kept)')}" in said


def test_host_memory_by_design(file: Path) -> None:
    said = explain(file, "struct page *host")
    assert "stays a page" in said
    assert "host memory by design" in said


def test_line_without_pages(file: Path) -> None:
    assert "no page is declared, used or passed here" in explain(file, "u32 offset;")


@pytest.mark.parametrize("subject", ["{folder}/none.c:3", "no-such-pass", "{folder}:1", ""])
def test_bad_subjects(subject: str, file: Path) -> None:
    from netmem_migrate.errors import InputError

    result = run("explain", subject.format(folder=file.parent))
    assert result.exit_code != 0
    assert result.stdout == ""
    assert isinstance(result.exception, InputError | SystemExit)


def test_a_line_without_pages(file: Path) -> None:
    result = run("explain", f"{file}:1")
    assert (result.exit_code, result.output) == (0, "d.c:1: no page is declared, used or passed "
                                                    "here\n")


def test_scan_table(file: Path) -> None:
    result = run("scan", str(file.parent))
    assert result.exit_code in (0, 3), result.output
    assert "partial" in result.stdout
    assert "tcp-data-split can be set" in result.stdout
    assert file.read_text() == SOURCE


def test_scan_json(file: Path) -> None:
    result = run("scan", "--json", str(file.parent))
    found = json.loads(result.stdout)
    assert found["version"] == 2
    driver = found["drivers"][0]
    assert driver["verdict"] == "partial"
    assert driver["parse"] == {"functions": 6, "functions_with_errors": 0,
                               "relevant_functions_with_errors": 0}
    assert {"rx.1", "rx.3"} <= set(driver["requirements"])
    for requirement in driver["requirements"].values():
        assert requirement["status"] in ("met", "unmet", "unknown", "n/a")
    assert {site["action"] for site in driver["sites"]} == {"converted", "kept"}
    assert [one["category"] for one in driver["refusals"]] == ["page-only-use"]


def test_the_cut_and_its_alternative_have_a_price(file: Path) -> None:
    said = explain(file, "ring->spare = virt_to_page(data);")
    assert "the cut: " in said and "; cost 1\n" in said
    assert "1: page_to_netmem() around virt_to_page(), at d.c:" in said
    assert "and 1 allocations of the pool with them; cost 1000" in said


def test_what_blocks_a_slot_is_counted_with_what_would_help(file: Path) -> None:
    said = explain(file, "foreign(kept);")
    assert "to move it, 1 use would have to change:" in said
    assert "kept is passed to foreign()" in said
    assert "--allow-accessor would let it move, at a cost of 20" in said


@pytest.mark.parametrize("category", Category)
def test_each_category_of_refusals(category: Category) -> None:
    said = run("explain", category.value).stdout
    advice = wording.ADVICE[category]
    assert said.startswith(f"{category.value}: {advice.means}\n")
    assert f"\n{advice.todo}\n" in said
    assert [line.strip() for line in said.splitlines() if line.startswith("  ")] == [
        wording.pattern(why) for why, of in CATEGORY.items() if of is category]


def test_an_id_is_of_one_kind() -> None:
    ids = [one.declared.id for one in (*passes.load(), *registry.load())]
    assert not set(ids) & set(Category)


@pytest.mark.parametrize("name", sorted({*map(str, Class), *map(str, Detail)}))
def test_every_class_and_kind_of_a_call_that_stays_is_explained(name: str) -> None:
    result = run("explain", name)
    assert result.exit_code == 0 and name in result.stdout
    for one in Detail:
        assert (f"  {one}: " in result.stdout) is (one.class_ == name and one != name)


@pytest.mark.parametrize("one", conditions.CONDITIONS, ids=lambda one: one.id)
def test_each_condition_of_a_step(one: conditions.Condition) -> None:
    result = run("explain", one.id)
    assert result.exit_code == 0
    for text in (f"\nHow it is seen: {one.shown}\n", f"\nWhat is not shown: {one.not_shown}\n",
                 f"\nFollows {one.follows}.\n"):
        assert text in result.stdout
    head, _, holds = result.stdout.partition("\n")[0].partition(": ")
    assert holds == one.holds
    assert re.findall(r"[a-z-]+", head.partition(" of ")[2].replace(" and ", " ")) == [
        step for step, all_ in conditions.STEPS.items() if one.id in all_]
    assert [line.strip() for line in result.stdout.splitlines() if line.startswith("  ")] == [
        wording.pattern(why) for why, id in conditions.OF.items() if id == one.id]


def test_a_condition_that_there_is_not_is_refused() -> None:
    for name in ("S10", "s1", "P0"):
        done = run("explain", name)
        assert isinstance(done.exception, UsageError)
        assert "nor a condition (S1-S9, T1-T5 and P1-P7)" in str(done.exception)


def test_a_pass_names_its_conditions() -> None:
    said = run("explain", "sync").stdout
    assert re.findall(r"^  (\w\d): ", said, re.MULTILINE) == list(conditions.STEPS["sync"])
    for name in ("guard", "flags"):
        assert "What has to hold" not in run("explain", name).stdout


def test_what_can_be_explained_is_completed() -> None:
    found = [one.value for one in command.params[0].shell_complete(Context(command), "S")]
    assert found[:-1] == [f"S{number}" for number in range(1, 10)]
    assert [(one.value, one.type) for one in command.params[0].shell_complete(
        Context(command), "sy")] == [("sync", "plain"), ("sync-check", "plain"),
                                     ("sync-elsewhere", "plain"), ("sy", "file")]
