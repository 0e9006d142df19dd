# SPDX-License-Identifier: GPL-2.0-only
"""No file that is none is waited for, and no bytes of a mail or a state end in a crash."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from command_tools import DRIVER, Result, run
from tools import TWO_MEMBERS, plant

HANGS = 30  # seconds; none takes two


def hang(number: int, _: object) -> None:
    pytest.fail("it waits")


def a_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)
        made.bind(path.name)


SPECIAL: dict[str, Callable[[Path], None]] = {
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": a_socket,
    "a link that leads nowhere": lambda path: path.symlink_to(path.name),
}


@pytest.fixture(autouse=True)
def work(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder to work in, with a driver in it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    (tmp_path / "work/demo").mkdir(parents=True)
    (tmp_path / "work/demo/rx.c").write_bytes(b'#include "near.h"\n' + DRIVER)
    monkeypatch.chdir(tmp_path / "work")
    signal.signal(signal.SIGALRM, hang)
    signal.alarm(HANGS)
    yield tmp_path / "work"
    signal.alarm(0)


@pytest.mark.few(5)
@pytest.mark.parametrize("kind", SPECIAL)
@pytest.mark.parametrize("name", ["tx.c", "near.h", "Makefile", ".gitattributes"])
def test_what_is_no_file_beside_the_sources_is_left_out(work: Path, kind: str, name: str) -> None:
    plain = run("diff", "demo").out
    SPECIAL[kind](work / "demo" / name)
    os.chdir(work)
    for words in (["diff"], ["check"], ["scan"], ["review", "--html", "page.html"],
                  ["format-patch", "-o", "out"], ["apply"]):
        result = run(*words, "demo")
        assert result.code == 0, (words, result.err)
        assert result.out.startswith(plain) if words == ["diff"] else True
        if name in ("tx.c", "near.h"):
            assert result.err.count(f"{name}: left out: not an ordinary file but {kind}") == 1


@pytest.mark.parametrize("kind", [*SPECIAL, "a folder"])
def test_what_is_no_file_is_refused_where_it_is_named(work: Path, kind: str) -> None:
    make = SPECIAL.get(kind, Path.mkdir)
    for name, commands in (("named.c", ("diff", "check", "apply", "scan")),
                           ("named.patch", ("check",)), ("named.mbox", ("check",)),
                           ("0001-named.patch", ("check",))):
        make(work / name)
        os.chdir(work)
        for command in commands:
            result = run(command, name)
            assert (result.code, len(result.error_lines)) == (4, 1), (command, result.err)


def test_folders_named_like_files_are_left_out(work: Path, tmp_path: Path) -> None:
    assert run("format-patch", "-o", "out", "demo").code == 0
    before = run("check", "out").out
    (work / "out/0002-not-a.patch").mkdir()
    os.mkfifo(work / "out/0003-nor-this.patch")
    result = run("check", "out")
    assert result.out == before
    assert "0002-not-a.patch: left out: not an ordinary file but a folder" in result.err
    assert "0003-nor-this.patch: left out: not an ordinary file but a pipe" in result.err
    (work / "demo/sub.c").mkdir()
    assert run("diff", "demo").code == 0


def test_a_folder_that_cannot_be_read_is_said(work: Path) -> None:
    inside = work / "demo"
    here = os.open(inside, os.O_RDONLY)
    for _ in range(20):  # deeper than any path can say
        os.mkdir("d" * 250, dir_fd=here)
        below = os.open("d" * 250, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(here)
    for command in ("diff", "check", "scan", "apply"):
        result = run(command, "demo")
        assert (result.code, len(result.error_lines)) == (4, 1), result.err
        assert result.err.endswith("File name too long\n")
    subprocess.run(["rm", "-rf", "demo"], check=True)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_a_folder_that_may_not_be_read_is_said(tmp_path: Path) -> None:
    folder = plant(tmp_path / "closed", {"rx.c": DRIVER.decode(), "in/a.c": "int a;\n"})
    (folder / "in").chmod(0)
    for one in (tmp_path, *tmp_path.parents[:3]):
        one.chmod(0o755)
    assert run("diff", "demo").code == 0  # and all that a run imports is there
    os.seteuid(65534)
    try:
        result = run("diff", str(folder))
    finally:
        os.seteuid(0)
    assert (result.code, len(result.error_lines)) == (4, 1), result.err
    assert result.err.endswith("closed/in: Permission denied\n")


@pytest.mark.few(8)
@pytest.mark.parametrize("header", [
    b"Subject: \xff\xfe", b"Subject: =?utf-8?q?\xff?=", b"Subject: =?nonsense?q?abc?=",
    b"Subject: =?utf-8?b?!!!!?=", b"Subject: =?hex?q?zz?=", b"Subject: =?idna?q?xn--?=",
    b"Subject: =?unicode_escape?q?=5Cud800?=", b"Subject: [PATCH 1/" + b"9" * 5000 + b"] x",
    b"Subject: [PATCH v" + b"9" * 5000 + b"] x", b"From: \xff <a@b>", b"To: \x80\x81",
    b"Subject: [PATCH net-next \xe2\x80\xae 1/1] \x1b[31m", b"Content-Type: \xff/\xff; =\xff",
    b"Content-Type: multipart/mixed; boundary=x", b"Content-Transfer-Encoding: \xff",
])
def test_any_bytes_can_be_a_header(work: Path, header: bytes) -> None:
    assert run("format-patch", "-o", "out", "demo").code == 0
    (patch,) = Path("out").glob("*.patch")
    name, lines = header.partition(b":")[0], patch.read_bytes().split(b"\n")
    at = next((i for i, line in enumerate(lines) if line.startswith(name + b":")), 1)
    patch.write_bytes(b"\n".join([*lines[:at], header, *lines[at + 1:]]))
    for words in (["check", "out"], ["check", str(patch)],
                  ["format-patch", "-o", "next", "--previous", "out", "demo"]):
        result = run(*words)
        assert result.code in (0, 1, 4), (words, result.err)
        assert all(ord(one) >= 32 or one == "\n" for one in result.err + result.out.decode())
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in result.err + result.out.decode()


def test_a_mail_may_end_anywhere(work: Path) -> None:
    assert run("format-patch", "-o", "out", "demo").code == 0
    (patch,) = Path("out").glob("*.patch")
    whole = patch.read_bytes() * 2
    for end in range(0, len(whole), len(whole) // 40):
        Path("cut.mbox").write_bytes(whole[:end])
        result = run("check", "cut.mbox")
        assert result.code in (0, 1, 4) and len(result.error_lines) == 1, (end, result.err)


def test_numbers_of_hunks_can_be_anything(work: Path) -> None:
    for line in (b"@@ -1," + b"9" * 5000 + b" +1 @@", b"@@ -0,0 +0,0 @@", b"@@ @@"):
        Path("odd.patch").write_bytes(
            b"diff --git a/rx.c b/rx.c\n--- a/rx.c\n+++ b/rx.c\n" + line + b"\n-a\n+b\n")
        result = run("check", "odd.patch")
        assert (result.code, len(result.error_lines)) == (4, 1), result.err


@pytest.fixture
def state(work: Path, tmp_path: Path) -> Path:
    """The file of a review with one answer."""
    (work / "demo/rx.c").write_text(TWO_MEMBERS)
    assert answer("y\nq\n").code == 0
    (file,) = (tmp_path / "cache/netmem-migrate/reviews").iterdir()
    return file


def answer(keys: str) -> Result:
    return run("review", "demo", stdin=keys.encode())


def spoilt(good: bytes) -> dict[str, bytes]:
    held = json.loads(good)
    (unit,) = held["answers"]
    odd = {"nothing": b"", "no text": b"\xff\0\xfe", "cut off": good[:-9], "null": b"null",
           "deep": b"[" * 100_000, "deep keys": b'{"a":' * 100_000,
           "a long number": good.replace(b'"version": 1', b'"version": ' + b"1" * 9000)}
    for key in held:
        for number, value in enumerate((None, [], "x", 1, {unit: 1}, {unit: {"rx.c": "!"}}, [[]])):
            if (key, value) != ("split", []):
                odd[f"{key} {number}"] = json.dumps({**held, key: value}).encode()
    return odd


def test_a_state_that_is_none_is_put_aside(work: Path, state: Path) -> None:
    for name, data in list(spoilt(state.read_bytes()).items())[::4]:
        for old in state.parent.iterdir():
            old.unlink()
        state.write_bytes(data)
        done = answer("q\n")
        assert done.code == 0 and b"(1/2)" in done.out, (name, done.err)
        if "dropped" not in done.err and name not in ("edits 1", "version 6"):
            (aside,) = state.parent.iterdir()
            assert aside.read_bytes() == data, name
            assert aside.name in done.err


@pytest.mark.parametrize("kind", [*SPECIAL, "a folder"])
def test_no_state_is_waited_for(work: Path, state: Path, kind: str) -> None:
    state.unlink()
    SPECIAL.get(kind, Path.mkdir)(state)
    os.chdir(work)
    done = answer("y\nq\n")
    assert done.code == 0 and done.err.count("can be read") == 1, done.err
    assert "1 answer of 2" in answer("q\n").err


def test_answers_that_cannot_be_kept_are_not_said_to_be(work: Path, tmp_path: Path) -> None:
    (work / "demo/rx.c").write_text(TWO_MEMBERS)
    (tmp_path / "cache").write_text("")
    done = answer("y\nq\n")
    assert done.code == 0 and done.err.count("answers are not kept") == 1
    assert "answers are kept" not in done.err
    assert not (tmp_path / "cache").is_dir()
