# SPDX-License-Identifier: GPL-2.0-only
"""The subject prefix of a series: from history, from changelogs, or a guess that says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_tools import commit_all, git
from series_tools import DEMO, OTHER, convert

from netmem_migrate.cli import cli
from netmem_migrate.model.prefixes import read
from netmem_migrate.patch.prefix import folder_prefix, shared
from netmem_migrate.patch.series import SeriesOptions, write_series

pytestmark = pytest.mark.usefixtures("home")
SOURCE = f"{DEMO}/demo_rx.c"


def subjects(root: Path, out: Path, *paths: str, **options: object) -> list[str]:
    wanted = SeriesOptions(**options)  # type: ignore[arg-type]
    found = [re.search(r"^Subject: \[.*?\] (.*(?:\n .*)*)$", file.read_text(), re.MULTILINE)
             for file in write_series(convert(root, *paths or (DEMO,)), out, wanted)]
    return [" ".join(one[1].split()) for one in found if one]


def guessed(patch: Path) -> bool:
    """Does the mail say, below its message alone, that the prefix is a guess?"""
    message, _, below = patch.read_text().partition("\n---\n")
    assert "guess" not in message
    return 'The subject prefix "net: demo:" is a guess' in " ".join(below.split())


def history(root: Path, titles: list[str], file: str = SOURCE) -> None:
    """Commits of those titles, oldest first, each to one file."""
    for number, title in enumerate(titles):
        with (root / file).open("a") as opened:
            opened.write(f"// {number}\n")
        commit_all(root, title)


# -- from history


@pytest.mark.few(5)
@pytest.mark.parametrize(("titles", "prefix"), [
    (["acme/demo: a", "acme/demo: b", "net: demo: c"], "acme/demo"),
    (["demo: a", "demo: b", "net: treewide: c", "net: treewide: d", "net: treewide: e"], "demo"),
    (["net: acme: demo: a", "net: acme: demo: b"], "net: acme: demo"),
    (["demo_rx: a", "demo_rx: b"], "demo_rx"),
    (["acme: a", "acme: b"], "acme"),
    (["net: demo_en: a", "net: demo_en: b"], "net: demo_en"),
    # Too little: another one each time, none, of a merge or a revert, or of what is no driver.
    (["demo: a", "acme/demo: b"], "net: demo"),
    (["no prefix here"] * 3, "net: demo"),
    (["Revert: demo: a", "Merge: demo: b"], "net: demo"),
    (["net: ethernet: a", "net: ethernet: b"], "net: demo"),
    (["net: mode: a", "net: mode: b"], "net: demo"),
])
def test_the_history_of_the_changed_files_names_the_driver(
    series_git_tree: Path, tmp_path: Path, titles: list[str], prefix: str
) -> None:
    history(series_git_tree, titles)
    assert subjects(series_git_tree, tmp_path / "out") == [
        f"{prefix}: convert Rx buffers to netmem"]
    (patch,) = (tmp_path / "out").glob("*.patch")
    assert guessed(patch) == (prefix == "net: demo")


def test_history_may_name_the_module(series_git_tree: Path, tmp_path: Path) -> None:
    (series_git_tree / DEMO / "Makefile").write_text("obj-m += be2.o\nbe2-y := demo_rx.o\n")
    history(series_git_tree, ["be2: a", "be2: b", "be3: c", "be3: d", "be3: e"])
    assert subjects(series_git_tree, tmp_path / "out") == ["be2: convert Rx buffers to netmem"]


def test_the_history_of_other_files_names_nobody(series_git_tree: Path, tmp_path: Path) -> None:
    (series_git_tree / DEMO / "demo_tx.c").write_text("int tx;\n")
    history(series_git_tree, ["acme/demo: a", "acme/demo: b"], f"{DEMO}/demo_tx.c")
    assert subjects(series_git_tree, tmp_path / "out") == [
        "net: demo: convert Rx buffers to netmem"]


def test_the_history_wins_over_changelogs(series_git_tree: Path, tmp_path: Path) -> None:
    (series_git_tree / DEMO / "Makefile").write_text("obj-m += tsnep.o\ntsnep-y := demo_rx.o\n")
    history(series_git_tree, ["net: demo: a", "net: demo: b"])
    assert subjects(series_git_tree, tmp_path / "out") == [
        "net: demo: convert Rx buffers to netmem"]


# -- from changelogs


@pytest.mark.parametrize(("makefile", "module"), [
    ("obj-m += tsnep.o\ntsnep-y := demo_rx.o\n", "tsnep"),
    ("obj-$(CONFIG_X) += ti-am65-cpsw-nuss.o\nti-am65-cpsw-nuss-y := demo_rx.o\n",
     "ti-am65-cpsw-nuss"),
    # Built into two, it goes by the one of which more is known.
    ("obj-m += tsnep.o stmmac.o\ntsnep-y := demo_rx.o\nstmmac-y := demo_rx.o\n", "stmmac"),
    ("obj-m += demo.o tsnep.o\ndemo-y := demo_rx.o\ntsnep-y := demo_rx.o\n", "tsnep"),
    # Another module of the folder says nothing of this file.
    ("obj-m += demo.o tsnep.o\ndemo-y := demo_rx.o\ntsnep-y := tsnep_main.o\n", ""),
    ("obj-m += demo.o\ndemo-y := demo_rx.o\n", ""),
    ("", ""),
], ids=["one", "hyphens", "two", "known-and-not", "beside", "unknown", "no-makefile"])
def test_without_history_the_module_is_called_what_changelogs_call_it(
    series_tree: Path, tmp_path: Path, makefile: str, module: str
) -> None:
    (series_tree / DEMO / "Makefile").write_text(makefile)
    prefix = read().modules[module].prefix if module else "net: demo"
    assert subjects(series_tree, tmp_path / "out") == [f"{prefix}: convert Rx buffers to netmem"]
    (patch,) = (tmp_path / "out").glob("*.patch")
    assert guessed(patch) == (not module)


def test_drivers_of_one_folder_have_each_their_own(series_tree: Path, tmp_path: Path) -> None:
    both = "drivers/net/ethernet/acme/both"
    for name in (DEMO, OTHER):
        source = next((series_tree / name).glob("*.c"))
        (series_tree / both).mkdir(exist_ok=True)
        source.rename(series_tree / both / source.name)
    (series_tree / both / "Makefile").write_text(
        "obj-m += ti_cpsw.o icssg-prueth.o\nti_cpsw-y := demo_rx.o\nicssg-prueth-y := other_rx.o\n")
    rows = read().modules
    assert subjects(series_tree, tmp_path / "out", both)[1:] == [
        f"{rows[name].prefix}: convert Rx buffers to netmem"
        for name in ("ti_cpsw", "icssg-prueth")]


def test_the_module_of_most_of_the_files_counts(series_tree: Path, tmp_path: Path) -> None:
    (series_tree / OTHER / "other_rx.c").rename(series_tree / DEMO / "other_rx.c")
    (series_tree / DEMO / "Makefile").write_text(
        "obj-m += stmmac.o tsnep.o\nstmmac-y := other_rx.o\ntsnep-y := demo_rx.o other_rx.o\n")
    prefix = read().modules["tsnep"].prefix
    assert subjects(series_tree, tmp_path / "out") == [f"{prefix}: convert Rx buffers to netmem"]


# -- a guess


def test_git_am_drops_what_is_said_of_a_guess(series_git_tree: Path, tmp_path: Path) -> None:
    (patch,) = write_series(convert(series_git_tree, DEMO), tmp_path / "out", SeriesOptions())
    assert guessed(patch)
    git(series_git_tree, "am", "--quiet", str(patch))
    assert b"guess" not in git(series_git_tree, "log", "-1", "--format=%B")
    (series_git_tree / SOURCE).write_text("")
    assert git(series_git_tree, "diff", "--stat")


def test_a_range_diff_has_nothing_of_a_guess(series_git_tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_series(convert(series_git_tree, DEMO), out, SeriesOptions())
    (file,) = write_series(convert(series_git_tree, DEMO), out, SeriesOptions(previous=out))
    text = file.read_text()
    assert text.count("is a guess") == 1
    assert "1:  " in text and "## Notes" not in text


def test_a_guess_is_said_on_the_terminal_once(series_tree: Path, tmp_path: Path) -> None:
    (series_tree / OTHER / "Makefile").write_text("obj-m += tsnep.o\ntsnep-y := other_rx.o\n")
    words = ["format-patch", str(series_tree / DEMO), str(series_tree / OTHER), "--api", "7.3",
             "-o", str(tmp_path / "out")]
    done = CliRunner().invoke(cli, words)
    assert [line for line in done.stderr.splitlines() if "is a guess" in line] == [
        'note: the subject prefix "net: demo:" is a guess from the driver\'s place in the tree; '
        "hold it against the subjects of the driver's own commits."]
    assert "is a guess" not in CliRunner().invoke(cli, [*words, "-q"]).stderr


@pytest.mark.parametrize(
    ("path", "prefix"),
    [
        ("drivers/net/ethernet/acme/demo", "net: demo"),
        ("drivers/net/ethernet/acme/demo/rx.c", "net: rx"),
        ("drivers/net/wireless/acme/demo", "wifi: demo"),
        ("drivers/net/demo_net.c", "net: demo_net"),
        ("drivers/infiniband/demo", "demo"),
        ("drivers/net/ethernet/acme", "net: acme_eth"),
        ("drivers/net/ethernet/none", "net: none_rx"),
    ],
)
def test_a_guess_from_the_folder(series_tree: Path, path: str, prefix: str) -> None:
    (series_tree / "drivers/net/ethernet/acme/Makefile").write_text(
        "obj-$(CONFIG_OLD) += old.o\nobj-$(CONFIG_ACME) += acme_eth.o\n"
        "acme_eth-objs := a.o \\\n\trx_main.o\n"
    )
    (series_tree / "MAINTAINERS").write_text("")
    files = [f"{path}/rx_main.c", f"{path}/rx.h"]
    if path.endswith("none"):
        files = [f"{path}/none_rx_main.c", f"{path}/none_rx_ring.c"]
    assert folder_prefix(path, series_tree, files) == prefix


def test_maintainers_name_the_driver_of_a_shared_folder(series_tree: Path) -> None:
    (series_tree / "MAINTAINERS").write_text(
        "Maintainers\n\nACME ETHERNET DRIVER (acme_en)\nM:\tA <a@b.c>\n"
        "F:\tdrivers/net/ethernet/acme/acme/en_*\n\n"
        "ACME CORE (OLD)\nF:\tdrivers/net/ethernet/acme/acme/\n\n"
        "THE REST (rest)\nF:\tdrivers/net/\n")
    path = "drivers/net/ethernet/acme/acme"
    assert folder_prefix(path, series_tree, [f"{path}/en_rx.c", f"{path}/acme.h"]) == (
        "net: acme_en")
    # A word in brackets that has nothing to do with the files is no name.
    assert folder_prefix(path, series_tree, [f"{path}/main.c"]) == "net: acme"
    assert folder_prefix("drivers/net/x", series_tree, ["drivers/net/x/rx.c"]) == "net: x"


# -- the cover letter


def test_the_cover_has_the_prefix_of_its_driver(series_tree: Path, tmp_path: Path) -> None:
    (series_tree / DEMO / "Makefile").write_text("obj-m += tsnep.o\ntsnep-y := demo_rx.o\n")
    prefix = read().modules["tsnep"].prefix
    assert subjects(series_tree, tmp_path / "a", cover_letter=True) == [
        f"{prefix}: convert Rx buffers to netmem"] * 2
    assert subjects(series_tree, tmp_path / "b", DEMO, OTHER, together=True) == [
        "net: convert Rx buffers of tsnep and other to netmem",
        f"{prefix}: convert Rx buffers to netmem", "net: other: convert Rx buffers to netmem"]


@pytest.mark.parametrize(("prefixes", "prefix"), [
    (["net: a"], "net: a"), (["net: a", "net: b"], "net"), (["a", "b"], "net"),
    (["wifi: a: b", "wifi: a: c"], "wifi: a"), (["wifi: a", "wifi: a: c"], "wifi: a"),
    (["net/a", "net: a"], "net"),
])
def test_a_series_of_several_has_what_their_prefixes_share(
    prefixes: list[str], prefix: str
) -> None:
    assert shared(prefixes) == prefix
