# SPDX-License-Identifier: GPL-2.0-only
"""format-patch --verify on the tiny kernel of test_verify: real gcc, every prefix of a series."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from series_tools import clean_home, git
from verify.test_verify import DRIVER, tree

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode

__all__ = ["tree"]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return clean_home(tmp_path, monkeypatch)


def write(tree: Path, out: Path) -> tuple[int, str, list[str]]:
    done = CliRunner().invoke(cli, ["format-patch", str(tree / "drivers/net/demo"), "-o", str(out),
                                    "--verify"])
    texts = [" ".join(Path(line).read_text().split()) for line in done.stdout.splitlines()]
    return done.exit_code, done.stderr, texts


def with_hint(tree: Path) -> None:
    """Our own stand-in for the prefetch of a page's descriptor, used and declared."""
    skbuff = tree / "include/linux/skbuff.h"
    skbuff.write_text(skbuff.read_text().replace(
        "struct sk_buff;", "struct sk_buff;\nvoid prefetchw(const void *x);"))
    file = tree / DRIVER
    file.write_text(file.read_text().replace(
        "\tif (len < 60) {", "\tprefetchw(buf->page);\n\n\tif (len < 60) {"))


def test_what_was_compiled_is_said(tree: Path, tmp_path: Path) -> None:
    code, _, (text,) = write(tree, tmp_path / "out")
    assert code == ExitCode.DONE
    assert "Compiled the one touched object before and after the change (linux 7.3.0, W=1, gcc" in (
        text)
    assert "it gives the same code. Not run on hardware." in text
    assert "Not compiled" not in text


def test_each_prefix_is_compiled(tree: Path, tmp_path: Path) -> None:
    with_hint(tree)
    code, _, texts = write(tree, tmp_path / "out")
    assert code == ExitCode.DONE
    assert len(texts) == 3
    assert all("before and after each patch" in text for text in texts)
    assert "the conversion gives the same code" in texts[2]


def test_a_preparation_that_adds_a_warning_is_found(tree: Path, tmp_path: Path) -> None:
    with_hint(tree)
    # Without the hint nothing uses this parameter, and -Wextra says so.
    file = tree / DRIVER
    file.write_text(file.read_text().replace("prefetchw(buf->page)", "peek(buf->page)").replace(
        "void rx_give(", "static void peek(struct page *page)\n{\n\tprefetchw(page);\n}\n\n"
        "void rx_give("))
    code, stderr, texts = write(tree, tmp_path / "out")
    assert (code, texts) == (ExitCode.VERIFY, [])
    assert "unused parameter" in stderr


def test_what_is_not_built_is_not_written(tree: Path, tmp_path: Path) -> None:
    (tree / "drivers/net/demo/.demo.o.cmd").unlink()
    code, stderr, texts = write(tree, tmp_path / "out")
    assert (code, texts) == (ExitCode.VERIFY, [])
    assert f"{DRIVER}: not-built: kbuild does not build it" in stderr
    assert "not proven; nothing was written" in stderr
    assert not (tmp_path / "out").exists()


def test_a_tree_that_is_not_prepared_is_refused(tree: Path, tmp_path: Path) -> None:
    (tree / ".config").unlink()
    done = CliRunner().invoke(cli, ["format-patch", str(tree / "drivers/net/demo"), "-o",
                                    str(tmp_path / "out"), "--verify"])
    assert "not prepared for compiling" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_the_proven_series_applies(tree: Path, tmp_path: Path) -> None:
    with_hint(tree)
    write(tree, tmp_path / "out")
    for patch in sorted((tmp_path / "out").glob("000[1-9]-*.patch")):
        git(tree, "apply", str(patch))
    assert "prefetchw" not in (tree / DRIVER).read_text()
