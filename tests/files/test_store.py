# SPDX-License-Identifier: GPL-2.0-only
"""What is kept under a digest comes back whole or not at all, and never gets in the way."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from netmem_migrate.files.store import Store, digest

BLOCK = 4096
A, B = digest(b"a"), digest(b"b")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache/netmem-migrate/answers/said"


def store(limit: int = 1 << 20) -> Store:
    return Store.standard("said", limit)


def python(code: str, *words: str) -> subprocess.Popen[bytes]:
    """Another process, with a Store called `kept` and the words behind it as sys.argv[1:]."""
    head = ("import os, resource, sys, time\n"
            "from netmem_migrate.files.store import Store, digest\n"
            "kept = Store.standard('said', 1 << 20)\n")
    return subprocess.Popen([sys.executable, "-c", head + code, *words])


def aside(folder: Path) -> list[str]:
    return [one.name for one in (folder / "aside").iterdir()]


def test_what_is_kept_comes_back(folder: Path) -> None:
    assert store().get(A) is None
    for data in (b"one", b"", bytes(range(256)) * 100):
        store().put(A, data)
        assert store().get(A) == data
    assert store().get(B) is None
    assert Store.standard("other", 1 << 20).get(A) is None
    for path in (folder.parent, folder):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / A).stat().st_mode) == 0o600
    assert aside(folder) == []


def test_a_key_says_how_its_parts_are_divided() -> None:
    parts = [(b"ab",), (b"a", b"b"), (b"ab", b""), (b"", b"ab"), (b"b", b"a"), ()]
    assert len({digest(*one) for one in parts}) == len(parts)
    for no_key in ("", "../../../../../etc/passwd", A.upper(), f"{A}\n"):
        with pytest.raises(ValueError, match="no key"):
            store().get(no_key)
        with pytest.raises(ValueError, match="no key"):
            store().put(no_key, b"")


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def _link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": _cut, "flipped": _flip, "empty": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "torn": lambda path: path.write_bytes(bytes(path.stat().st_size)),
    "swapped": lambda path: path.with_name(B).rename(path),
    "huge": lambda path: os.truncate(path, 1 << 40),
    "a link": _link, "a pipe": _pipe, "others may read": lambda path: path.chmod(0o644),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_what_is_damaged_is_nothing_and_goes(
        folder: Path, damage: Callable[[Path], object]) -> None:
    store().put(A, b"one" * 1000)
    store().put(B, b"two" * 1000)
    damage(folder / A)
    assert store().get(A) is None
    assert not os.path.lexists(folder / A)
    store().put(A, b"three")
    assert store().get(A) == b"three"


def test_an_entry_of_another_kind_is_none(folder: Path) -> None:
    Store.standard("other", 1 << 20).put(A, b"other")
    store().put(B, b"two")
    (folder.with_name("other") / A).rename(folder / A)
    assert store().get(A) is None


def _file(folder: Path) -> None:
    folder.parent.mkdir(parents=True)
    folder.write_text("a file")


def _open_to_others(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    folder.chmod(0o777)


def _linked(folder: Path) -> None:
    folder.parent.mkdir(parents=True, mode=0o700)
    elsewhere = folder.parents[3] / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    folder.symlink_to(elsewhere)


def _of_another(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder, 65534, 65534)


def _top_of_another(folder: Path) -> None:
    folder.mkdir(parents=True, mode=0o700)
    os.chown(folder.parents[1], 65534, 65534)


def _home_of_another(folder: Path) -> None:
    folder.parents[2].mkdir(parents=True)
    os.chown(folder.parents[2], 65534, 65534)


ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")


@pytest.mark.parametrize("make", [
    _file, _open_to_others, _linked,
    *(pytest.param(one, marks=ROOT) for one in (_of_another, _top_of_another, _home_of_another))])
def test_a_folder_that_is_not_to_be_used_stays_as_it_is(
        folder: Path, make: Callable[[Path], None]) -> None:
    make(folder)
    before = sorted(folder.parents[3].rglob("*"))
    store().put(A, b"one")
    assert store().get(A) is None
    assert sorted(folder.parents[3].rglob("*")) == before


@pytest.mark.parametrize("base", ["/proc/none", "/" + "x" * 300])
def test_no_place_at_all(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", base)
    store().put(A, b"one")
    assert store().get(A) is None


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    store().put(A, b"one")
    assert store().get(A) is None


def test_read_only(folder: Path) -> None:
    """Nothing can be added, or noted as used; what is there is still read."""
    store().put(A, b"one")
    code = "assert kept.get(sys.argv[1]) == b'one'\nkept.put(sys.argv[1], b'two')\n"
    if os.geteuid() == 0:  # whom no mode keeps from writing
        done = subprocess.run(
            ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" "$1" && '
             'mount -o remount,ro,bind "$1" && shift && exec "$@"', "sh", str(folder),
             sys.executable, "-c", "import sys\nfrom netmem_migrate.files.store import Store\n"
             f"kept = Store.standard('said', 1 << 20)\n{code}", A],
            capture_output=True, text=True, check=False)
        if "mount" in done.stderr or "unshare" in done.stderr:
            pytest.skip(done.stderr.strip())
        assert (done.returncode, done.stderr) == (0, "")
    else:
        folder.chmod(0o500)
        assert python(code, A).wait() == 0
        folder.chmod(0o700)
    assert store().get(A) == b"one"


def test_a_full_disk(folder: Path) -> None:
    """What does not fit leaves nothing, and what was there stays."""
    store().put(A, b"one")
    code = ("resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
            "kept.put(sys.argv[1], bytes(20_000))\nkept.put(sys.argv[2], bytes(20_000))\n"
            "assert kept.get(sys.argv[1]) == b'one' and kept.get(sys.argv[2]) is None\n")
    assert python(code, A, B).wait() == 0
    assert aside(folder) == [] and not (folder / B).exists()


def test_ctrl_c_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_words: object, **_named: object) -> None:
        raise KeyboardInterrupt

    store().put(A, b"one")
    monkeypatch.setattr(os, "rename", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store().put(A, b"two")
    assert aside(folder) == [] and store().get(A) == b"one"


def test_what_a_killed_run_left_goes(folder: Path) -> None:
    code = ("def wait(*_, **__):\n    print(flush=True)\n    time.sleep(60)\n"
            "os.rename = wait\nkept.put(sys.argv[1], bytes(20_000))\n")
    process = python(code, A)
    for _ in range(500):
        with contextlib.suppress(OSError):
            if aside(folder):
                break
        time.sleep(0.01)
    store().put(B, b"two")
    assert len(aside(folder)) == 1  # it may still go on
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert store().get(A) is None
    store().put(B, b"two")
    assert aside(folder) == [] and store().get(B) == b"two"


def used(folder: Path) -> int:
    return sum(-(-one.stat().st_size // BLOCK) * BLOCK
               for one in folder.iterdir() if len(one.name) == len(A))


def test_the_limit_holds_and_what_was_used_last_stays(folder: Path) -> None:
    kept = store(64 * BLOCK)
    keys = [digest(str(number).encode()) for number in range(200)]
    for number, key in enumerate(keys):
        kept.put(key, number.to_bytes(2, "big"))
        assert kept.get(keys[0]) is not None
        assert used(folder) <= 64 * BLOCK
    left = [(folder / key).exists() for key in keys]
    assert left[0]
    first = left.index(True, 1)
    assert all(left[first:]) and 200 - first >= 64 * 7 // 8 - 1
    # A store that had a larger limit, or of which it is not known what was added.
    (folder / "grown").unlink()
    small = store(16 * BLOCK)
    small.put(A, b"one")
    assert used(folder) <= 16 * BLOCK and small.get(A) == b"one"
    small.put(B, bytes(16 * BLOCK))
    assert small.get(B) is None and small.get(A) == b"one"


def test_entries_are_not_looked_at_on_each_put(
        folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked = []
    real = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looked.append(path) or real(path))
    kept = store(1024 * BLOCK)
    for number in range(300):
        kept.put(digest(str(number).encode()), b"one")
    assert 1 <= len(looked) <= 4


def test_parallel_runs(folder: Path) -> None:
    """Several processes write, read and take away the same entries; each sees whole ones."""
    code = ("mine = Store.standard('said', 200_000)\n"
            "for number in range(200):\n"
            "    key = digest(b'%d' % (number * 7 % 61))\n"
            "    data = (b'%d' % (number * 7 % 61)) * 3000\n"
            "    got = mine.get(key)\n"
            "    assert got is None or got == data\n"
            "    mine.put(key, data)\n")
    processes = [python(code) for _ in range(4)]
    assert [one.wait() for one in processes] == [0] * 4
    # Each may add one entry while another takes away.
    assert used(folder) <= 200_000 + 4 * 3 * BLOCK and aside(folder) == []


@pytest.mark.parametrize("make", [
    lambda path: path.symlink_to("elsewhere"), lambda path: os.mkfifo(path),
    lambda path: path.write_bytes(b"x" * 100_000)])
def test_a_count_that_is_not_ours(folder: Path, make: Callable[[Path], object]) -> None:
    store().put(A, b"one")
    (folder / "grown").unlink()
    make(folder / "grown")
    store().put(B, b"two")
    store().put(B, b"two")
    assert store().get(A) == b"one" and store().get(B) == b"two"
    assert not (folder / "elsewhere").exists()
