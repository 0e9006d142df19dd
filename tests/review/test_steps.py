# SPDX-License-Identifier: GPL-2.0-only
"""`review --with`: what is done behind a conversion is asked about apart, after the slots."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from tools import CORPUS, run

GUARDED = (CORPUS / "rooms/guard/a-call-that-fails/before.c").read_text()
WARNED = next((CORPUS / "rooms/sync-check").glob("*/after.c")).with_name("before.c").read_text()
SENT = (CORPUS / "rooms/tx/stored-at-once/before.c").read_text()


@pytest.fixture(autouse=True)
def identity(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")


def driver(folder: Path, text: str = GUARDED) -> Path:
    folder.mkdir()
    (folder / "demo.c").write_text(text)
    return folder


def test_a_step_is_asked_about_after_the_slots(tmp_path: Path) -> None:
    done = run("review", driver(tmp_path / "d"), "--with", "guard", input="y\nn\nq\n")
    asked = re.findall(r"\((\d)/2\) (Move this slot|Do this step)", done.output)
    assert asked == [("1", "Move this slot"), ("2", "Do this step")]
    assert "if it stays, --with=guard is not done" in done.output
    assert "    demo_build() (demo.c:20): `return NULL;`" in done.output
    assert "only with demo_buf.page" in done.output


@pytest.mark.parametrize(("answers", "options"), [
    ("y\ny\n", ["--with=guard"]),
    ("y\nn\n", []),
])
def test_what_is_accepted_is_what_apply_makes(answers: str, options: list[str],
                                              tmp_path: Path) -> None:
    folder = driver(tmp_path / "d")
    done = run("review", folder, "--with", "guard", "--apply", input=answers)
    assert not done.exception or isinstance(done.exception, SystemExit), done.output
    other = driver(tmp_path / "other")
    run("apply", other, *options)
    assert (folder / "demo.c").read_text() == (other / "demo.c").read_text()


def test_without_its_slot_a_step_is_not_asked_about(tmp_path: Path) -> None:
    folder = driver(tmp_path / "d")
    done = run("review", folder, "--with", "guard", "--apply", input="n\n")
    assert "--with=guard: is not done too" in done.output
    assert "Do this step" not in done.output
    assert (folder / "demo.c").read_text() == GUARDED


def test_a_step_takes_along_what_it_needs(tmp_path: Path) -> None:
    folder = driver(tmp_path / "d")
    done = run("review", folder, "--with", "guard", "--apply", input="J\ny\n")
    assert "demo_buf.page: moves too" in done.output
    assert "netmem_is_net_iov(" in (folder / "demo.c").read_text()


def test_slots_and_steps_are_patches_of_their_own(tmp_path: Path) -> None:
    out = tmp_path / "out"
    run("review", driver(tmp_path / "d"), "--with", "guard", "-o", out, input="y\ny\n")
    assert len(list(out.glob("000[1-9]-*.patch"))) == 2
    folder = driver(tmp_path / "again")
    run("review", folder, "--with", "guard", "-o", tmp_path / "one", input="y\nn\n")
    (patch,) = (tmp_path / "one").glob("*.patch")
    assert "--with" not in patch.read_text()


def test_a_step_that_needs_no_slot_is_accepted_alone(tmp_path: Path) -> None:
    folder = driver(tmp_path / "d", WARNED)
    run("review", folder, "--with", "sync-check", "--apply", input="n\ny\n")
    text = (folder / "demo.c").read_text()
    assert "WARN_ON_ONCE(" in text and "netmem_ref" not in text


def test_a_step_is_shown_on_top_of_what_nobody_refused(tmp_path: Path) -> None:
    done = run("review", driver(tmp_path / "d", WARNED), "--with", "sync-check",
               input="J\np\nK\nn\n")
    shown = done.output.split("behind the conversion")[1:]
    assert "netmem" in shown[0] and "page_pool_get_dma_addr_netmem" not in shown[-1]


def test_a_step_is_not_edited(tmp_path: Path) -> None:
    folder = driver(tmp_path / "d")
    done = run("review", folder, "--with", "guard", "--apply", input="y\ne\nn\n")
    assert "written as it is proven" in done.output
    assert "netmem_is_net_iov(" not in (folder / "demo.c").read_text()


def test_what_has_to_be_proven_needs_a_tree(tmp_path: Path) -> None:
    folder = driver(tmp_path / "d", SENT)
    done = run("review", folder, "--with", "tx", input="y\ny\n")
    assert "cannot be proven" in str(done.exception)
    assert (folder / "demo.c").read_text() == SENT
