# SPDX-License-Identifier: GPL-2.0-only
"""format-patch --verify on a tiny kernel: real gcc, every prefix of a series."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from git_tools import git
from kernel_tools import DRIVER

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode

pytestmark = pytest.mark.usefixtures("home")


def write(kernel_tree: Path, out: Path) -> tuple[int, str, list[str]]:
    done = CliRunner().invoke(cli, ["format-patch", str(kernel_tree / "drivers/net/demo"),
                                    "-o", str(out), "--verify"])
    texts = [" ".join(Path(line).read_text().split()) for line in done.stdout.splitlines()]
    return done.exit_code, done.stderr, texts


def with_hint(kernel_tree: Path) -> None:
    """Our own stand-in for the prefetch of a page's descriptor, used and declared."""
    skbuff = kernel_tree / "include/linux/skbuff.h"
    skbuff.write_text(skbuff.read_text().replace(
        "struct sk_buff;", "struct sk_buff;\nvoid prefetchw(const void *x);"))
    file = kernel_tree / DRIVER
    file.write_text(file.read_text().replace(
        "\tif (len < 60) {", "\tprefetchw(buf->page);\n\n\tif (len < 60) {"))


def test_what_was_compiled_is_said(kernel_tree: Path, tmp_path: Path) -> None:
    code, _, (text,) = write(kernel_tree, tmp_path / "out")
    assert code == ExitCode.DONE
    assert "Compiled the one touched object before and after the change (linux 7.3.0, W=1, gcc" in (
        text)
    assert "it gives the same code. Not run on hardware." in text
    assert "Not compiled" not in text


def test_each_prefix_is_compiled(kernel_tree: Path, tmp_path: Path) -> None:
    with_hint(kernel_tree)
    code, _, texts = write(kernel_tree, tmp_path / "out")
    assert code == ExitCode.DONE
    assert len(texts) == 3
    assert all("before and after each patch" in text for text in texts)
    assert "the conversion gives the same code" in texts[2]


def test_a_preparation_that_adds_a_warning_is_found(kernel_tree: Path, tmp_path: Path) -> None:
    with_hint(kernel_tree)
    # Without the hint nothing uses this parameter, and -Wextra says so.
    file = kernel_tree / DRIVER
    file.write_text(file.read_text().replace("prefetchw(buf->page)", "peek(buf->page)").replace(
        "void rx_give(", "static void peek(struct page *page)\n{\n\tprefetchw(page);\n}\n\n"
        "void rx_give("))
    code, stderr, texts = write(kernel_tree, tmp_path / "out")
    assert (code, texts) == (ExitCode.VERIFY, [])
    assert "unused parameter" in stderr


def test_what_is_not_built_is_not_written(kernel_tree: Path, tmp_path: Path) -> None:
    (kernel_tree / "drivers/net/demo/.demo.o.cmd").unlink()
    code, stderr, texts = write(kernel_tree, tmp_path / "out")
    assert (code, texts) == (ExitCode.VERIFY, [])
    assert f"{DRIVER}: not-built: kbuild does not build it" in stderr
    assert "not proven; nothing was written" in stderr
    assert not (tmp_path / "out").exists()


def test_a_tree_that_is_not_prepared_is_refused(kernel_tree: Path, tmp_path: Path) -> None:
    (kernel_tree / ".config").unlink()
    done = CliRunner().invoke(cli, ["format-patch", str(kernel_tree / "drivers/net/demo"), "-o",
                                    str(tmp_path / "out"), "--verify"])
    assert "not prepared for compiling" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_the_proven_series_applies(kernel_tree: Path, tmp_path: Path) -> None:
    with_hint(kernel_tree)
    write(kernel_tree, tmp_path / "out")
    for patch in sorted((tmp_path / "out").glob("000[1-9]-*.patch")):
        git(kernel_tree, "apply", str(patch))
    assert "prefetchw" not in (kernel_tree / DRIVER).read_text()
