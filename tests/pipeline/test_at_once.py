# SPDX-License-Identifier: GPL-2.0-only
"""Several drivers at once: the same bytes, errors and notes as one after the other."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tools import plant, run

CORPUS = Path(__file__).resolve().parents[2] / "corpus"


@pytest.fixture
def several(tmp_path: Path) -> Path:
    """A folder of drivers that convert, in part or whole."""
    names = sorted(one.name for one in CORPUS.iterdir() if (one / "expect.toml").exists())[:6]
    for name in names:
        folder = tmp_path / "drivers" / name
        folder.mkdir(parents=True)
        (folder / "Makefile").write_text("obj-m += before.o\n")
        for file in (CORPUS / name).glob("before.[ch]"):
            shutil.copy(file, folder)
    return tmp_path / "drivers"


@pytest.mark.few(2)
@pytest.mark.parametrize("command", [("diff",), ("scan",), ("scan", "--json"), ("plan", "--json"),
                                     ("diff", "--stat")])
def test_the_same_bytes_however_many(command: tuple[str, ...], several: Path) -> None:
    one, two, seven = (run(*command, several, "--api", "7.3", "--no-cache", "-j", number)
                       for number in (1, 2, 7))
    assert one.stdout
    for other in (two, seven):
        assert (other.exit_code, other.stdout, other.stderr) == (
            one.exit_code, one.stdout, one.stderr)


def test_and_from_a_cache_that_has_some(several: Path, tmp_path: Path,
                                        monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    first = run("diff", several, "--api", "7.3", "--no-cache", "-j1")
    changed = sorted(several.iterdir())[2]
    run("diff", changed, "--api", "7.3")
    for jobs in (2, 1):
        again = run("diff", several, "--api", "7.3", "-j", jobs)
        assert (again.exit_code, again.stdout, again.stderr) == (
            first.exit_code, first.stdout, first.stderr)


def test_apply_writes_the_same(several: Path, tmp_path: Path) -> None:
    other = Path(shutil.copytree(several, tmp_path / "other"))
    for folder, jobs in ((several, "1"), (other, "2")):
        result = run("apply", folder, "--api", "7.3", "--no-cache", "-j", jobs)
        assert result.exit_code in (0, 3), result.stderr
    texts = [{file.relative_to(folder): file.read_bytes() for file in folder.rglob("*.[ch]")}
             for folder in (several, other)]
    assert texts[0] == texts[1]


def test_what_cannot_be_read_is_said_as_alone(several: Path) -> None:
    plant(several, {"zz/Makefile": "obj-m += a.o\n"})
    (several / "zz" / "a.c").write_bytes(b"int page_pool_a;\n\0")
    one, two = (run("diff", several, "--api", "7.3", "--no-cache", "-j", jobs) for jobs in (1, 2))
    assert "a NUL byte" in str(one.exception)
    assert (repr(two.exception), two.stdout) == (repr(one.exception), one.stdout)


def test_a_name_to_keep_that_none_has(several: Path) -> None:
    one, two = (run("diff", several, "--api", "7.3", "--no-cache", "--keep", "no.such", "-j", jobs)
                for jobs in (1, 2))
    assert "no.such" in str(one.exception)
    assert repr(two.exception) == repr(one.exception)


def _below(process: int) -> set[int]:
    """The processes that one has begun, and those that they have."""
    found: set[int] = set()
    for one in Path("/proc").iterdir():
        if one.name.isdecimal():
            try:
                parent = int((one / "stat").read_text().rpartition(")")[2].split()[1])
            except (OSError, IndexError):
                continue
            if parent == process:
                found |= {int(one.name), *_below(int(one.name))}
    return found


def _runs(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.few(1)
@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_nobody_goes_on_when_the_run_is_over(sent: signal.Signals, code: int,
                                             tmp_path: Path) -> None:
    lines = "".join(f"int f{n}(struct page_pool *pool, struct page *page)\n{{\n"
                    f"\tpage_pool_put_full_page(pool, page, {n % 2});\n\treturn 0;\n}}\n"
                    for n in range(4000))
    for name in "abcd":
        plant(tmp_path / "d", {f"{name}/Makefile": "obj-m += x.o\n", f"{name}/x.c": lines})
    begun = subprocess.Popen(
        [sys.executable, "-m", "netmem_migrate", "diff", str(tmp_path / "d"), "-j2", "--no-cache"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    workers: set[int] = set()
    for _ in range(600):
        workers |= _below(begun.pid)
        if len(workers) > 1 or begun.poll() is not None:
            break
        time.sleep(0.05)
    assert len(workers) > 1
    if sent is signal.SIGINT:
        os.killpg(begun.pid, sent)
    else:
        os.kill(begun.pid, sent)
    _, err = begun.communicate(timeout=60)
    assert begun.returncode == code
    if sent is signal.SIGINT:
        assert err.decode().strip().splitlines() == [
            "netmem-migrate: interrupted; nothing was left half-written"]
    for _ in range(200):
        if not any(map(_runs, workers)):
            break
        time.sleep(0.05)
    assert not any(map(_runs, workers))
