# SPDX-License-Identifier: GPL-2.0-only
"""`--with tx-fix`: a raw unmap of what the helper for netmem stored; cases in corpus/rooms."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest
from tools import CORPUS, plant, run

CASES = CORPUS / "rooms/tx-fix"
DRIVER = (CASES / "where-the-ring-is-freed/before.c").read_text()
FREE = DRIVER.index("\nvoid demo_free")
TREE = {"Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n", "Kbuild": "", "MAINTAINERS": "",
        "include/linux/none.h": "",
        "include/net/netmem.h": "typedef unsigned long netmem_ref;\n"
                                "void netmem_dma_unmap_page_attrs(struct device *dev);\n",
        "drivers/net/acme/Makefile": "obj-y += acme.o\nacme-y := tx.o ring.o\n"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    made = tmp_path / "demo"
    made.mkdir()
    (made / "demo.c").write_text(DRIVER)
    return made


def written(folder: Path, text: str = DRIVER) -> str:
    (folder / "demo.c").write_text(text)
    assert run("apply", "--api=7.3", folder, "--with=tx-fix").exit_code == 0
    return (folder / "demo.c").read_text()


def undone(folder: Path, text: str) -> str:
    (folder / "demo.c").write_text(text)
    done = run("diff", "--api=7.3", folder, "--with=tx-fix")
    (line,) = [one for one in done.stderr.splitlines() if "not done" in one]
    assert "-\t\tdma_unmap" not in done.stdout and "-\tdma_unmap" not in done.stdout
    return line


def test_nothing_appears_without_being_asked_for(folder: Path) -> None:
    for more in ([], ["--prepare"], ["--with=guard"]):
        assert "netmem_dma_unmap" not in "".join(
            line for line in run("diff", "--api=7.3", folder, *more).stdout.splitlines()
            if line.startswith(("+", "-")))


def test_a_second_run_changes_nothing(folder: Path) -> None:
    once = written(folder)
    assert once.count("\tnetmem_dma_unmap_page_attrs(") == 2
    assert run("diff", "--api=7.3", folder, "--with=tx-fix").stdout == ""


def test_a_driver_on_netmem_gets_it_as_the_only_patch(folder: Path, tmp_path: Path) -> None:
    run("apply", "--api=7.3", folder)
    out = tmp_path / "out"
    assert run("format-patch", "--api=7.3", folder, "--with=tx-fix", "-o", out).exit_code == 0
    (only,) = sorted(out.glob("*.patch"))
    message, _, below = only.read_text().partition("\n---\n")
    said = " ".join(message.split())
    assert "unmap frags by the netmem helper in demo_free()" in said
    line = DRIVER[:DRIVER.index("netmem_dma_unmap_addr_set(")].count("\n") + 1
    assert f"what netmem_dma_unmap_addr_set() stored in dma (demo.c:{line})." in said
    assert "Call netmem_dma_unmap_page_attrs() instead. It does nothing for 0; for any" in said
    # No commit is named that nobody knows; that one is to be is said, not in what stays.
    assert "Fixes:" not in message and "No functional change" not in said
    assert re.search(r"name the commit .* in a Fixes: tag", " ".join(below.split()))


def test_it_applies_with_git(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("format-patch", "--api=7.3", folder, "--with=tx-fix", "-o", out)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"],
                  ["am", "-q", *(str(one) for one in sorted(out.glob("*.patch"))[1:])]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    applied = (folder / "demo.c").read_text()
    assert applied == written(folder)


def test_another_file_of_the_driver_frees_it(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    record = DRIVER[DRIVER.index("struct demo_tx {"):DRIVER.index("int demo_fill")]
    include = '#include "netmem_stub.h"\n'
    root = plant(tmp_path / "linux", {
        **TREE, "drivers/net/acme/acme.h": record,
        "drivers/net/acme/tx.c": DRIVER[:FREE].replace(record, "").replace(
            include, include + '#include "acme.h"\n'),
        "drivers/net/acme/ring.c": include + '#include "acme.h"\n' + DRIVER[FREE:]})
    monkeypatch.chdir(root)
    done = run("diff", "drivers/net/acme", "--with=tx-fix")
    assert "tx-fix demo_free() (drivers/net/acme/ring.c:" in done.stderr, done.stderr
    assert "+\t\tnetmem_dma_unmap_page_attrs(dev, dma_unmap_addr(&tx[i], dma)," in done.stdout


def test_a_call_of_another_form_stays(folder: Path) -> None:
    said = undone(folder, DRIVER.replace("tx[i].len,\n\t\t\t       DMA_TO_DEVICE);",
                                         "DEMO_ALL);"))
    assert "by a call of another form (demo.c:" in said


def test_the_place_that_speaks_for_it_is_named(folder: Path) -> None:
    text = (CASES / "it-holds-a-page-of-another-kind-too/before.c").read_text()
    line = text[:text.index("\tdma_unmap_addr_set(tx, dma, addr)")].count("\n") + 1
    assert f"it is also set at demo.c:{line}, to what that may be right for" in undone(folder, text)
    text = (CASES / "an-address-is-tested/before.c").read_text()
    line = text[:text.index("if (dma_unmap_addr(")].count("\n") + 1
    assert f"a test decides what is unmapped there (demo.c:{line})" in undone(folder, text)


@pytest.mark.parametrize(("old", "new"), [
    ("dma_unmap_page(dev, dma_unmap_addr(&tx[i], dma), tx[i].len,\n\t\t\t       DMA_TO_DEVICE)",
     "demo_unmap(dev, dma_unmap_addr(&tx[i], dma))"),
    ("dma_unmap_page(dev, dma_unmap_addr(&tx[i], dma)", "dma_unmap_page(dev, other[i]"),
])
def test_what_is_no_raw_unmap_of_the_member_is_not_told(folder: Path, old: str, new: str) -> None:
    assert DRIVER.count(old) == 1
    (folder / "demo.c").write_text(DRIVER.replace(old, new).replace(
        "struct demo_tx *tx, int count", "struct demo_tx *tx, int count, dma_addr_t *other"))
    done = run("diff", "--api=7.3", folder, "--with=tx-fix")
    assert "not done" not in done.stderr and "tx-fix" not in done.stderr


def test_a_head_that_is_mapped_by_its_address_is_not_told(folder: Path) -> None:
    text = (CASES / "the-head-of-an-array-stays/before.c").read_text()
    after = written(folder, text)
    assert after.count("\tdma_unmap_single(") == 1 and "\tdma_unmap_page(" not in after
