# SPDX-License-Identifier: GPL-2.0-only
"""format-patch --verify on a tiny kernel: real gcc, every prefix of a series."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from git_tools import git
from kernel_tools import DRIVER

from netmem_migrate import api
from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.results import FileChange
from netmem_migrate.verify import verify_changes

pytestmark = pytest.mark.usefixtures("home")


def write(kernel_tree: Path, out: Path) -> tuple[int, str, list[str]]:
    done = CliRunner().invoke(cli, ["format-patch", str(kernel_tree / "drivers/net/demo"),
                                    "-o", str(out), "--verify"])
    texts = [" ".join(Path(line).read_text().split()) for line in done.stdout.splitlines()]
    return done.exit_code, done.stderr, texts


def test_what_was_compiled_is_said(kernel_tree: Path, tmp_path: Path) -> None:
    code, _, (text,) = write(kernel_tree, tmp_path / "out")
    assert code == ExitCode.DONE
    assert "Compiled the one touched object before and after the change (linux 7.3.0, W=1, gcc" in (
        text)
    assert "it gives the same code. Not run on hardware." in text
    assert "Not compiled" not in text


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


def with_hint(kernel_tree: Path) -> Path:
    """A tree with descriptors, and a driver that prefetches one; the driver's file."""
    skbuff, netmem = (kernel_tree / "include" / name
                      for name in ("linux/skbuff.h", "net/netmem.h"))
    skbuff.write_text(skbuff.read_text().replace(
        "struct sk_buff;", "struct sk_buff;\nvoid prefetchw(const void *x);"))
    # As CONFIG_DEBUG_NET has it: the page's descriptor, and a check that the page is a pool's.
    netmem.write_text(netmem.read_text().replace(
        "#define pp_page_to_nmdesc(p) ((struct netmem_desc *)(p))\n",
        "void debug_pool(const struct page *page);\n"
        "#define __pp_page_to_nmdesc(p) ((struct netmem_desc *)(p))\n"
        "#define pp_page_to_nmdesc(p) ({ debug_pool(p); __pp_page_to_nmdesc(p); })\n"
        "struct netmem_desc;\n").replace("void *page_address", (
            "static inline struct netmem_desc *netmem_to_nmdesc(netmem_ref netmem)\n"
            "{\n\treturn __pp_page_to_nmdesc(netmem_to_page(netmem));\n}\nvoid *page_address"), 1))
    file = kernel_tree / DRIVER
    file.write_text(file.read_text().replace(
        "\tif (len < 60) {", "\tprefetchw(buf->page);\n\n\tif (len < 60) {"))
    return file


def test_a_hint_on_the_descriptor_gives_the_same_code(kernel_tree: Path, tmp_path: Path) -> None:
    file = with_hint(kernel_tree)
    code, stderr, texts = write(kernel_tree, tmp_path / "out")
    assert (code, len(texts)) == (ExitCode.DONE, 1), stderr
    assert "hints, names" in texts[0]
    (patch,) = (tmp_path / "out").glob("*.patch")
    git(kernel_tree, "apply", str(patch))
    assert "prefetchw(netmem_to_nmdesc(buf->netmem));" in file.read_text()


def test_what_another_driver_replaced_is_no_partner_here(kernel_tree: Path) -> None:
    """The other one drops pp_page_to_nmdesc(); a hint on the descriptor stands for the page."""
    file = with_hint(kernel_tree)
    other = file.with_name("other.c")
    recorded = file.with_name(".demo.o.cmd").read_text()
    file.with_name(".other.o.cmd").write_text(recorded.replace("demo.o", "other.o").replace(
        "demo.c", "other.c"))
    text = ("#include <net/netmem.h>\nstruct netmem_desc *of(struct page *page)\n{\n"
            "\treturn %s;\n}\n")
    before = text % "pp_page_to_nmdesc(page)"
    after = text % "netmem_to_nmdesc(page_to_netmem(page))"
    other.write_text(before)
    (made,) = api.migrate([file], kernel=kernel_tree).drivers
    changes = [*made.changes, FileChange(str(other.relative_to(kernel_tree)), before.encode(),
                                         after.encode())]
    proofs = {proof.source: proof for proof in verify_changes(kernel_tree, changes)}
    assert all(proof.proven for proof in proofs.values()), proofs
    assert len(proofs) == 2
