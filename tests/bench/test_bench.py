# SPDX-License-Identifier: GPL-2.0-only
"""What of `make bench` needs no clock: groups, slopes, limits, and the places in docs/speed.md."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from bench import cocci, growth, page
from bench.measure import Failed, Spread, run
from bench.parts import covered
from bench.run import PARTS

USER = "struct page *page = page_pool_dev_alloc_pages(pool);\n"
OTHER = "struct page *page = alloc_page(GFP_KERNEL);\n"


def test_groups_are_drivers(tmp_path: Path) -> None:
    for path, text in {
            "veth.c": USER, "tun.c": OTHER, "Makefile": "",
            "ethernet/ti/Makefile": "", "ethernet/ti/cpsw.c": USER, "ethernet/ti/cpsw_new.c": USER,
            "ethernet/ti/am65-cpsw-nuss.c": USER, "ethernet/ti/netcp_core.c": OTHER,
            "ethernet/acme/Makefile": "", "ethernet/acme/rx.c": USER, "ethernet/acme/old.c": OTHER,
            "ethernet/acme/tx.c": "int x;\n", "ethernet/acme/sub/y.c": USER,
            "ethernet/mellanox/mlx5/core/Makefile": "", "ethernet/mellanox/mlx5/core/a.c": OTHER,
            "ethernet/mellanox/mlx5/core/en/b.c": USER}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = cocci.groups(tmp_path, cocci.Rules.read())
    assert {name: sorted(files) for name, files in found.items()} == {
        "veth.c": ["veth.c"],
        "ethernet/ti/cpsw": ["ethernet/ti/cpsw.c", "ethernet/ti/cpsw_new.c"],
        "ethernet/ti/am65-cpsw-nuss.c": ["ethernet/ti/am65-cpsw-nuss.c"],
        "ethernet/acme": ["ethernet/acme/old.c", "ethernet/acme/rx.c"],
        "ethernet/acme/sub": ["ethernet/acme/sub/y.c"],
        "ethernet/mellanox/mlx5/core": ["ethernet/mellanox/mlx5/core/en/b.c"]}
    assert covered(tmp_path, found) == [
        "drivers/net/ethernet/acme", "drivers/net/ethernet/mellanox/mlx5/core",
        "drivers/net/ethernet/ti", "drivers/net/veth.c"]


def test_the_peer_is_given_one_declarator_a_line(tmp_path: Path) -> None:
    file = tmp_path / "a.c"
    file.write_text("\tstruct page *a, *b = NULL;\n\tstruct page *c;\n")
    watch = cocci.Watch(tmp_path)
    assert not watch.changed()
    cocci.split_declarators(file)
    assert file.read_text() == "\tstruct page *a;\n\tstruct page *b = NULL;\n\tstruct page *c;\n"
    assert watch.changed()
    file.touch()
    assert not watch.changed()


def test_a_slope_is_the_power() -> None:
    sizes = (10, 100, 1000)
    assert growth.slope(sizes, [3 * n for n in sizes]) == pytest.approx(1)
    assert growth.slope(sizes, [n ** 2 for n in sizes]) == pytest.approx(2)
    assert growth.slope(sizes, [5, 5, 5]) == pytest.approx(0)


def test_generated_files_are_as_long_as_they_say() -> None:
    some = growth.text(10_000, 20)
    assert some.count("\n") == pytest.approx(10_000, rel=0.01)
    assert len(some) * 100 < 32_000_000  # a million lines are read, since they are short
    assert 0 < some.count("page_pool_dev_alloc_pages") < growth.text(10_000, 1).count(
        "page_pool_dev_alloc_pages") / 15


def test_a_page_keeps_what_is_outside_the_marks() -> None:
    text = "one\n<!-- bench: a -->\nold\n<!-- /bench: a -->\ntwo\n"
    assert page.put(text, "a", ["new \\1"]) == (
        "one\n<!-- bench: a -->\n\nnew \\1\n\n<!-- /bench: a -->\ntwo\n")
    assert page.put(page.put(text, "a", ["x"]), "a", ["y"]) == page.put(text, "a", ["y"])
    with pytest.raises(ValueError, match="0 places for b"):
        page.put(text, "b", [])


def test_every_part_has_a_place_in_the_page() -> None:
    text = page.PAGE.read_text(encoding="utf-8")
    for name in PARTS:
        page.put(text, name, [])


def test_a_limit_says_that_it_is_missed() -> None:
    assert page.Limit(2.5).text(2.5) == "at most 2.5x"
    assert page.Limit(12, least=True).text(11.9) == "at least 12x, **missed**"
    row = ("", page.Limit(1).text(2))
    assert page.Result(("a",), ("", "limit"), (row, row)).missed == 2
    assert Spread.of([3.0, 1.0, 2.0]).text(" s") == "2.00 s (1.00 to 3.00)"


def test_a_run_counts_what_the_command_runs(tmp_path: Path) -> None:
    # The memory is a grandchild's, which nobody waits for.
    busy = "b'x' * 200_000_000"
    leaves = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"
    assert run([sys.executable, "-c", leaves], cwd=tmp_path).memory > 200_000_000
    with pytest.raises(Failed, match="exit code 2: no"):
        run([sys.executable, "-c", "print('no', file=__import__('sys').stderr); exit(2)"],
            cwd=tmp_path)
    with pytest.raises(Failed, match="not done in 1 s"):
        run(["sleep", "20"], cwd=tmp_path, limit=1)
