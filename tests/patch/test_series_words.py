# SPDX-License-Identifier: GPL-2.0-only
"""The words of a series: rules that account for the whole change, prefixes, tags, the why."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from series_tools import DEMO, OTHER, convert
from tools import CORPUS

from netmem_migrate.api import migrate
from netmem_migrate.patch import disclosure, replacements, subject
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.reasons import Category, Reason, Why
from netmem_migrate.results import (
    FileChange,
    Origin,
    Refusal,
    Verdict,
)

pytestmark = pytest.mark.usefixtures("home")
IDIOMS = sorted(path.parent for path in CORPUS.glob("*/before.c"))


def change(before: str, after: str) -> list[FileChange]:
    return [FileChange("a.c", before.encode(), after.encode())]


def said(changes: list[FileChange]) -> list[tuple[str, str, int]]:
    return [(rule.before, rule.after, rule.count) for rule in replacements.replacements(changes)]


# -- rules


@pytest.mark.parametrize("folder", IDIOMS, ids=[path.name for path in IDIOMS])
def test_the_rules_account_for_every_call_that_changed(folder: Path) -> None:
    run = migrate([folder / "before.c"], api="7.3")
    changes = run.drivers[0].changes
    found = replacements.replacements(changes)
    told = Counter(name for rule in found for name in re.findall(r"(\w+)\(",
                                                                 rule.before + " " + rule.after))
    before, after = replacements.calls([FileChange(one.path, bytes(_code(one.before)),
                                            bytes(_code(one.after))) for one in changes])
    for name in (before - after) + (after - before):
        if "prefetch" not in name and name not in ("sizeof", "if"):
            assert told[name], f"{name} is in no rule: {found}"
    for line in replacements.lines(found):
        assert not re.match(r"#|---|\+\+\+|diff|@@", line.strip())


def _code(source: bytes) -> bytes:
    """Without comments and the driver's macros, by means that the tool does not use."""
    source = re.sub(rb"/\*.*?\*/|//[^\n]*", b"", source, flags=re.DOTALL)
    return re.sub(rb"(?m)^#[^\n]*(?:\\\n[^\n]*)*", b"", source)


@pytest.mark.parametrize(("before", "after", "rule"), [
    ("f(page_to_nid(b->page) == n);", "f(netmem_is_pref_nid(b->netmem, n));",
     ("page_to_nid(p) == nid", "netmem_is_pref_nid(p, nid)", 1)),
    ("x = b->page->pp;", "x = netmem_get_pp(b->netmem);", ("p->pp", "netmem_get_pp(p)", 1)),
    ("x = pp_page_to_nmdesc(p)->pp;", "x = netmem_get_pp(p);",
     ("pp_page_to_nmdesc(p)->pp", "netmem_get_pp(p)", 1)),
    ("y = &p->pp_ref_count;", "y = netmem_get_pp_ref_count_ref(p);",
     ("&p->pp_ref_count", "netmem_get_pp_ref_count_ref(p)", 1)),
    ("n = sizeof(struct page *);", "n = sizeof(netmem_ref);",
     ("sizeof(struct page *)", "sizeof(netmem_ref)", 1)),
    ("f(virt_to_page(a));", "f(virt_to_netmem(a));",
     ("virt_to_page(addr)", "virt_to_netmem(addr)", 1)),
    ("b->p = q;", "b->n = page_to_netmem(q);", ("page", "page_to_netmem(page)", 1)),
    ("f(page_to_netmem(b->p));", "f(b->n);", ("page_to_netmem(p)", "p", 1)),
    ("if (p != NULL && q != NULL) ;", "if (p && q) ;", ("p != NULL", "p", 2)),
    ("page_pool_put_page(a, p, -1, f(1, 2));", "page_pool_put_netmem(a, p, -1, f(1, 2));",
     ("page_pool_put_page(pool, p, ...)", "page_pool_put_netmem(pool, p, ...)", 1)),
    ("p = page_pool_dev_alloc_frag(a, &o, 1);",
     "p = page_pool_alloc_frag_netmem(a, &o, 1, GFP_ATOMIC | __GFP_NOWARN);",
     ("page_pool_dev_alloc_frag(pool, ...)",
      "page_pool_alloc_frag_netmem(pool, ..., GFP_ATOMIC | __GFP_NOWARN)", 1)),
    ("struct page *a, *b;", "netmem_ref a, b;", ("struct page *p", "netmem_ref p", 1)),
    ("int f(void *a, void *b);", "int f(netmem_ref a, void *b);", ("void *p", "netmem_ref p", 1)),
    ("f((struct page *)b->x); g((struct page *)y);", "f(b->x); g((struct page *)y);",
     ("(struct page *)p", "p", 1)),
    ("f((void *)p);", "f(n);", ("(void *)p", "p", 1)),
    ("", "x = netmem_of_tomorrow(p);", ("", "netmem_of_tomorrow()", 1)),
])
def test_each_form_has_its_rule(before: str, after: str, rule: tuple[str, str, int]) -> None:
    assert said(change(before, after)) == [rule]


def test_what_stays_is_no_rule() -> None:
    text = "x = rx->pp; if (p == NULL) put_page(p); /* page_address(p) */ struct page *p;"
    assert said(change(text, text + " y();")) == []
    assert said(change("/* page_address(p) */", "/* netmem_address(p) */")) == []


def test_rules_fit_a_message() -> None:
    found = replacements.replacements(change("__skb_fill_page_desc_noacc(a, b, c, d);",
                               "__skb_fill_netmem_desc_noacc(a, b, c, d);"))
    text = "\n".join(replacements.lines(found))
    assert text == ("  - __skb_fill_page_desc_noacc(skb, i, p, ...)\n"
                    "  + __skb_fill_netmem_desc_noacc(skb, i, p, ...)")


# -- series


def test_a_helper_that_the_base_lacks_is_a_core_patch_first(
    series_tree: Path, tmp_path: Path
) -> None:
    run = convert(series_tree, DEMO, OTHER)
    refusal = Refusal(f"{OTHER}/other_rx.c", 3, "x()", Category.MISSING_API,
                      Reason(Why.COPY_OF, "y", because=Reason(Why.NO_API, "netmem_helper")),
                      (Origin("f", 1, "x()"),))
    driver = run.drivers[1]
    driver = replace(driver, report=replace(driver.report, refusals=(refusal,)))
    run = replace(run, drivers=(run.drivers[0], driver))
    cover, first, second = write_series(run, tmp_path / "out", SeriesOptions(together=True))
    assert "The base lacks" not in first.read_text()
    assert "The base lacks netmem_helper(). It has to be added by a core patch" in " ".join(
        cover.read_text().split())
    text = " ".join(second.read_text().split())
    assert "The base lacks netmem_helper(): a core patch of its own has to add it" in text


def test_the_cover_letter_tells_of_the_drivers_of_its_patches(
    series_tree: Path, tmp_path: Path
) -> None:
    """What the command below it says again; a driver that stays as it is is none of them."""
    run = convert(series_tree, DEMO, OTHER)
    refusal = Refusal(f"{OTHER}/other_rx.c", 3, "other_buf.data", Category.VOID_POINTER,
                      Reason(Why.KEPT_AS_OTHER), (Origin("f", 1, "x()"),))
    partly = replace(run.drivers[1], report=replace(
        run.drivers[1].report, refusals=(refusal,), verdict=Verdict.PARTIAL))
    unchanged = replace(partly, changes=(), edits=(), steps=())
    told = (f"1 place is not converted: - other: {OTHER}/other_rx.c:3: other_buf.data is kept as "
            "another type; give it a member")
    for name, driver, there in (("partly", partly, True), ("unchanged", unchanged, False)):
        files = write_series(replace(run, drivers=(run.drivers[0], driver)), tmp_path / name,
                             SeriesOptions(together=True, cover_letter=True))
        cover = files[0].read_text()
        assert bool(re.search(r"^  other( +\d+){5} +1$", cover, re.MULTILINE)) is there
        assert (told in " ".join(cover.split())) is there
        assert (OTHER in cover.partition("made by")[2].partition("demo_rx.c")[0]) is there


def test_only_what_really_ran_is_called_proven(series_tree: Path, tmp_path: Path) -> None:
    run = convert(series_tree, DEMO, OTHER)
    files = write_series(run, tmp_path / "out", SeriesOptions(
        together=True, proven={DEMO: "Compiled the one object.", "": "Compiled some."}))
    texts = [" ".join(file.read_text().split()) for file in files]
    assert "Compiled some. `netmem-migrate verify` repeats it." in texts[0]
    assert "Compiled the one object. `netmem-migrate verify` repeats it." in texts[1]
    assert "Not compiled, not run on hardware." in texts[2]


# -- subjects


def test_phrases_of_a_series_are_told_apart() -> None:
    assert subject.unique(["a", "b", "a", "a"], ["d/one", "d/two", "d/three", "e/one"]) == [
        "a in one", "b", "a in three", "a in one, part 2"]


# -- disclosure


@pytest.mark.parametrize(("documents", "line"), [
    ({}, ""),
    ({"submitting-patches.rst": "Sign your work.\n"}, ""),
    ({"generated-content.rst": "Say which tools you used.\n"}, "Assisted-by: netmem-migrate"),
    ({"coding-assistants.rst": "As in::\n\n  Assisted-by: LLM [TOOL1] [TOOL2]\n"},
     "Assisted-by: netmem-migrate"),
    ({"coding-assistants.rst": "As in::\n\n  Assisted-by: AGENT_NAME:MODEL [TOOL1]\n"},
     f"Assisted-by: netmem-migrate:{disclosure.version('netmem-migrate')}"),
    ({"submitting-patches.rst": "Please add an Assisted-by tag.\n"}, "Assisted-by: netmem-migrate"),
    ({"other.rst": "Form::\n\n\tAssisted-by: NAME:VERSION\n", "submitting-patches.rst": "x\n"},
     f"Assisted-by: netmem-migrate:{disclosure.version('netmem-migrate')}"),
], ids=["none", "silent", "asks", "llm", "name-version", "mentioned", "elsewhere"])
def test_the_tag_has_the_form_of_the_tree(
    series_tree: Path, documents: dict[str, str], line: str
) -> None:
    for name, text in documents.items():
        (series_tree / "Documentation/process" / name).write_text(text)
    assert disclosure.trailer(series_tree) == line
    assert "LLM" not in line


def test_the_tag_can_be_left_out_and_asked_for(series_tree: Path, tmp_path: Path) -> None:
    def tagged(name: str, wanted: bool | None) -> bool:
        (file,) = write_series(convert(series_tree, DEMO), tmp_path / name,
                               SeriesOptions(trailer=wanted))
        return b"\nAssisted-by: netmem-migrate\n---\n" in file.read_bytes()

    assert [tagged("a", None), tagged("b", True)] == [False, True]
    (series_tree / "Documentation/process/generated-content.rst").write_text("x\n")
    assert [tagged("c", None), tagged("d", False)] == [True, False]
