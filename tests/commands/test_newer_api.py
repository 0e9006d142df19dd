# SPDX-License-Identifier: GPL-2.0-only
"""`--api` newer than the tree: one line says which of the helpers that were written it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from kernel_tools import BEFORE, DRIVER, make_kernel

from netmem_migrate.cli import cli

FULL = BEFORE.replace("buf->offset, len);", "buf->offset, len, 2048);")
NOTE = "is newer than this tree (linux 6.12.0): "


def tree(tmp_path: Path, release: str, more: str = "") -> Path:
    root = make_kernel(tmp_path / "linux")
    major, minor = release.split(".")
    (root / "Makefile").write_text(f"VERSION = {major}\nPATCHLEVEL = {minor}\nSUBLEVEL = 0\n")
    (root / DRIVER).write_text(FULL)
    header = root / "include/net/page_pool/helpers.h"
    header.write_text(header.read_text().replace(
        "netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);\n", more))
    return root


def said(root: Path, *words: str) -> list[str]:
    done = CliRunner().invoke(cli, [*words, str(root / "drivers/net/demo")], input="q\n")
    return [line for line in done.stderr.splitlines() if "is newer than" in line]


@pytest.mark.parametrize("words", [
    ("diff",), ("apply",), ("format-patch", "-o", "OUT"), ("diff", "--stat")])
@pytest.mark.usefixtures("home")
def test_helpers_that_the_tree_lacks_are_named(words: tuple[str, ...], tmp_path: Path) -> None:
    root = tree(tmp_path, "6.12")
    given = [str(tmp_path / "out") if one == "OUT" else one for one in words]
    (line,) = said(root, *given, "--api", "7.3")
    assert line == (f"note: --api 7.3 {NOTE}the helpers written are not in it: "
                    "page_pool_dev_alloc_netmems()")


def test_helpers_with_other_arguments_are_not_there_either(tmp_path: Path) -> None:
    root = tree(tmp_path, "6.12", "netmem_ref page_pool_alloc_netmem(struct page_pool *pool, "
                "unsigned int gfp);\n")
    (root / DRIVER).write_text(FULL.replace(
        "page_pool_dev_alloc_pages(pool)", "page_pool_alloc(pool, &buf->offset, &buf->offset, 0)"
    ).replace("int offset", "unsigned int offset"))
    (line,) = said(root, "diff", "--api", "7.3")
    assert line.endswith("not in it: page_pool_alloc_netmem()")


def test_a_tree_that_has_them_is_said_to(tmp_path: Path) -> None:
    root = tree(tmp_path, "6.12", "netmem_ref page_pool_dev_alloc_netmems(struct page_pool *p);\n")
    (line,) = said(root, "diff", "--api", "7.3")
    assert line == f"note: --api 7.3 {NOTE}every helper written is in it"


@pytest.mark.parametrize(("release", "words"), [
    ("7.3", ("--api", "7.3")), ("7.3", ("--api", "6.12")), ("6.12", ("--api", "6.12")),
    ("6.12", ())])
def test_nothing_is_said_where_the_tree_is_not_older(
    release: str, words: tuple[str, ...], tmp_path: Path) -> None:
    assert said(tree(tmp_path, release), "diff", *words) == []


def test_nothing_is_said_where_nothing_was_written(tmp_path: Path) -> None:
    root = tree(tmp_path, "6.12")
    (root / DRIVER).write_text("int other;\n")
    assert said(root, "diff", "--api", "7.3") == []
