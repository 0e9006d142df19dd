# SPDX-License-Identifier: GPL-2.0-only
"""A series on its way out and in: real `git send-email`, real b4, nothing leaves the machine."""

from __future__ import annotations

import mailbox
import os
import subprocess
import sys
from pathlib import Path

import pytest
from git_tools import commit_all, git
from series_tools import DEMO, OTHER, convert

from netmem_migrate.patch.series import SeriesOptions, write_series

B4 = [str(Path(sys.executable).parent / "b4"), "--offline-mode", "-c",
      "b4.attestation-policy=off"]


@pytest.fixture(autouse=True)
def quiet(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is kept between tests, and nobody is asked."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("EDITOR", "true")


@pytest.fixture
def tree(series_tree: Path) -> Path:
    """A git tree with two drivers, one of which needs a preparatory patch."""
    root = series_tree
    file = root / DEMO / "demo_rx.c"
    file.write_text(file.read_text().replace(
        "\tif (page_to_nid(", "\tprefetchw(buf->page);\n\n\tif (page_to_nid("))
    commit_all(root)
    return root


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True, timeout=120,
                          stdin=subprocess.DEVNULL, env={**os.environ, "PAGER": "cat"})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture
def out(tree: Path, tmp_path: Path) -> Path:
    write_series(convert(tree, DEMO, OTHER), tmp_path / "out",
                 SeriesOptions(together=True, signoff=True, recipients=True, branch="netmem"))
    return tmp_path / "out"


def send(out: Path, *options: str) -> str:
    """The command that format-patch prints."""
    patches = [str(path) for path in sorted(out.glob("*.patch"))]
    return run("xargs", "-a", str(out / "send/send-email.args"), "git", "send-email",
               "--confirm=never", *options, *patches, cwd=out)


def sent(out: Path, tmp_path: Path) -> mailbox.mbox:
    """The mails as they would leave, kept by a mailer of our own."""
    box = tmp_path / "sent.mbox"
    mailer = tmp_path / "mailer"
    mailer.write_text(f"#!/bin/sh\necho 'From x Thu Jan  1 00:00:00 1970' >>{box}\n"
                      f"cat >>{box}\necho >>{box}\n")
    mailer.chmod(0o755)
    send(out, f"--smtp-server={mailer}")
    return mailbox.mbox(box)


def test_send_email_takes_the_series_and_its_options(out: Path) -> None:
    said = send(out, "--dry-run", "--smtp-server=/bin/false")
    assert said.count("Result: OK") == 3
    assert said.count("Dry-OK") == 3
    for person in ("ann@acme.example", "bob@acme.example", "netdev@lists.example"):
        assert said.count(person) >= 6  # envelope and header of four mails
    assert "To: Ann O'Neil <ann@acme.example>" in said
    assert "Cc: netdev@lists.example" in said


def test_the_whole_folder_is_the_series_and_nothing_else(out: Path) -> None:
    said = run("git", "send-email", "--dry-run", "--confirm=never", "--smtp-server=/bin/false",
               "--to=a@example.org", str(out), cwd=out)
    assert said.count("Result: OK") == 3


def test_a_sent_series_is_one_thread(out: Path, tmp_path: Path) -> None:
    mails = list(sent(out, tmp_path))
    assert [mail["Subject"].split("]")[0] for mail in mails] == [
        f"[PATCH net-next {number}/2" for number in range(3)]
    assert all(mail["In-Reply-To"] == mails[0]["Message-Id"] for mail in mails[1:])


def test_b4_am_gives_what_the_branch_holds(tree: Path, out: Path, tmp_path: Path) -> None:
    sent(out, tmp_path)
    said = run(*B4, "am", "-m", str(tmp_path / "sent.mbox"), "-o", str(tmp_path / "am"), cwd=tree)
    assert "Total patches: 2" in said
    assert "applies clean" in said
    (box,) = (tmp_path / "am").glob("*.mbx")
    git(tree, "checkout", "--quiet", "-b", "received", "main")
    git(tree, "am", "--quiet", str(box))
    assert git(tree, "rev-parse", "received^{tree}") == git(tree, "rev-parse", "netmem^{tree}")
    assert git(tree, "log", "--format=%s%n%b", "main..received") == git(
        tree, "log", "--format=%s%n%b", "main..netmem")


def test_b4_shazam_applies_the_series(tree: Path, out: Path, tmp_path: Path) -> None:
    sent(out, tmp_path)
    git(tree, "checkout", "--quiet", "-b", "received", "main")
    said = run(*B4, "shazam", "-m", str(tmp_path / "sent.mbox"), cwd=tree)
    assert said.count("Applying: net: ") == 2
    assert git(tree, "rev-parse", "HEAD^{tree}") == git(tree, "rev-parse", "netmem^{tree}")


def test_b4_prep_enrolls_the_branch(tree: Path, out: Path, tmp_path: Path) -> None:
    git(tree, "checkout", "--quiet", "netmem")
    assert "Will track 2 commits" in run(*B4, "prep", "--enroll", "main", cwd=tree)
    run(*B4, "prep", "--format-patch", str(tmp_path / "prep"), cwd=tree)
    made = sorted((tmp_path / "prep").glob("*.patch"))[1:]
    wanted = sorted(out.glob("*.patch"))[1:]
    for one, other in zip(made, wanted, strict=True):
        diffs = [path.read_text().partition("\ndiff --git")[2].partition("\n-- ")[0]
                 for path in (one, other)]
        assert [line for line in diffs[0].splitlines() if line[:1] in "+-"] == [
            line for line in diffs[1].splitlines() if line[:1] in "+-"]
        assert "Signed-off-by: Jane Developer" in one.read_text()
