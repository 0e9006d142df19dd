# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees: found, fetched, prepared. apt, dpkg, make and gcc are scripts; no network."""

from __future__ import annotations

import functools
import gzip
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from netmem_migrate.errors import InputError
from netmem_migrate.kernel.tree import Kernel, cache_folder

MAIN = "from netmem_migrate.cli import main; main()"
TOOLS = ("sh", "tar", "xz", "cat", "cp", "mkdir", "rm", "sleep", "touch")

SCRIPTS = {
    "apt-get": r"""
        for last; do :; done
        case "$*" in
        *indextargets*)
            [ -e "$STUB/never-updated" ] || echo "http://archive.test/debian/ Debian bookworm"
            [ -e "$STUB/never-updated" ] || echo "http://archive.test/security/ Other bookworm" ;;
        *--print-uris\ download*linux-libc-dev=*)
            file="linux-libc-dev_${last#*=}_all.deb"
            echo "'http://archive.test/pool/$file' $file 1234 SHA256:abcd" ;;
        *--print-uris\ download*)
            point=$(cat "$STUB/point-${last#linux-source-}")
            file="${last}_$point-1~bpo13+1_all.deb"
            echo "'http://archive.test/pool/$file' $file 1234 SHA256:abcd" ;;
        update\ --print-uris)
            [ -e "$STUB/no-sources" ] ||
                echo "'http://archive.test/debian/dists/bookworm/InRelease' x_InRelease 0 " ;;
        *update)
            if [ -e "$STUB/offline" ]; then
                echo "Err:1 http://archive.test/debian bookworm InRelease"
                echo "W: Failed to fetch it.  Temporary failure resolving"
                exit 0
            fi
            echo "dlstatus:1:50.0:Retrieving file 1 of 2"
            echo "Hit:1 http://archive.test/debian bookworm InRelease"
            echo "Err:2 http://archive.test/debian forky-backports Release"
            echo "E: The repository does not have a Release file."
            exit 100 ;;
        esac""",
    "apt-cache": 'case "$*" in *madison*) cat "$STUB/madison" ;; *) cat "$STUB/names" ;; esac',
    "apt-helper": r"""
        [ ! -e "$STUB/no-download" ] || { echo "E: Failed to fetch it, 404"; exit 100; }
        while [ "$1" != download-file ]; do shift; done
        echo begun >"$3"
        if [ -e "$STUB/hang-download" ]; then touch "$STUB/hanging"; sleep 60; fi
        echo whole >"$3" """,
    "dpkg": r"""
        [ "$1" = -x ] || { echo amd64; exit 0; }
        name=${2##*/}; name=${name%%_*}
        if [ "$name" = linux-libc-dev ]; then
            version=${2##*/linux-libc-dev_}; version=${version%_all.deb}
            mkdir -p "$3/usr/share/doc/$name"
            cp "$STUB/changelog-$version" "$3/usr/share/doc/$name/changelog.Debian.gz"
            exit
        fi
        mkdir -p "$3/usr/src"
        if [ -e "$STUB/hang-unpack" ]; then touch "$STUB/hanging"; sleep 60; fi
        cp "$STUB/$name.tar.xz" "$3/usr/src/" """,
    "make": r"""
        [ -z "$MAKEFLAGS$KCFLAGS" ] || { echo "error: inherited $MAKEFLAGS$KCFLAGS"; exit 2; }
        if [ -e "$STUB/broken" ]; then
            echo "  HOSTCC  scripts/one.o"
            echo "scripts/one.c:3:10: fatal error: gone.h: No such file or directory"
            echo "make: *** [Makefile:1: all] Error 2"
            exit 2
        fi
        if [ -e "$STUB/hang-make" ]; then touch "$STUB/hanging"; sleep 60; fi
        case "$*" in
        *allmodconfig)
            for word; do
                case $word in KCONFIG_ALLCONFIG=*) cat "${word#*=}" >.config ;; esac
            done ;;
        *modules_prepare) mkdir -p include/generated; touch include/generated/autoconf.h ;;
        esac""",
    "gcc": r"""
        case "$*" in
        --version) cat "$STUB/gcc-version" ;;
        *) [ ! -e "$STUB/no-elf" ] || for last; do :; done
           [ ! -e "$STUB/no-elf" ] || case $(cat "$last") in *elf*) exit 1 ;; esac ;;
        esac""",
    "flex": "", "bison": "", "bc": "", "perl": "",
}


def make_tree(root: Path, version: str = "7.3.4") -> Path:
    numbers = [*version.split("."), "0"]
    (root / "include/linux").mkdir(parents=True)
    (root / "drivers/net/some").mkdir(parents=True)
    (root / "Makefile").write_text(
        "# SPDX-License-Identifier: GPL-2.0\n"
        f"VERSION = {numbers[0]}\nPATCHLEVEL = {numbers[1]}\nSUBLEVEL = {numbers[2]}\n"
        "EXTRAVERSION = -rc1\n"
    )
    for name in ("Kbuild", "MAINTAINERS"):
        (root / name).write_text("")
    return root


@functools.cache
def pack(release: str, point: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        name = f"linux-source-{release}"
        make_tree(Path(folder) / name, point)
        tar = ["tar", "-cJf", "-", "-C", folder, name]
        return subprocess.run(tar, check=True, stdout=subprocess.PIPE).stdout


@dataclass
class Machine:
    """A machine with nothing but the programs above."""

    folder: Path
    extra: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.bin.mkdir(parents=True)
        self.stub.mkdir()
        for tool in TOOLS:
            found = shutil.which(tool)
            assert found is not None, f"{tool} is needed to test"
            (self.bin / tool).symlink_to(found)
        for name, text in SCRIPTS.items():
            script = self.bin / name
            script.write_text(f'#!/bin/sh\necho "{name} $*" >>"$STUB/log"\n{text}\n')
            script.chmod(0o755)
        self.offer("6.9", "6.9.1")
        self.offer("6.12", "6.12.95")
        self.offer("7.3", "7.3.4")
        (self.stub / "gcc-version").write_text("gcc 12.2.0\n")

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def stub(self) -> Path:
        return self.folder / "stub"

    @property
    def kernels(self) -> Path:
        return self.folder / "a cache/netmem-migrate/kernels"

    @property
    def log(self) -> list[str]:
        file = self.stub / "log"
        return file.read_text().splitlines() if file.exists() else []

    def calls(self, start: str) -> int:
        return sum(line.startswith(start) for line in self.log)

    def set(self, name: str) -> None:
        (self.stub / name).touch()

    def unset(self, name: str) -> None:
        (self.stub / name).unlink()

    def offer(self, release: str, point: str) -> None:
        """Let the archive have this point release."""
        (self.stub / f"point-{release}").write_text(point)
        names = sorted(one.name[6:] for one in self.stub.glob("point-*"))
        (self.stub / "names").write_text(
            "".join(f"linux-source-{one}\n" for one in names) + "linux-source-6.9-dev\n"
        )
        packed = self.stub / f"linux-source-{release}.tar.xz"
        packed.write_bytes(pack(release, point))

    def environment(self) -> dict[str, str]:
        return {
            "PATH": str(self.bin), "STUB": str(self.stub), "HOME": str(self.folder / "home"),
            "XDG_CACHE_HOME": str(self.folder / "a cache"), "MAKEFLAGS": "w", "KCFLAGS": "-g",
            "PYTHONPATH": os.environ.get("PYTHONPATH", ""), **self.extra,
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", MAIN, "kernel", *words], env=self.environment(), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder,
        )

    def run(self, *words: str, code: int = 0) -> tuple[str, str]:
        process = self.start(*words)
        out, err = process.communicate(timeout=30)
        assert process.returncode == code, err
        return out, err

    def refused(self, *words: str, code: int = 4) -> str:
        """The one line of an input that cannot be processed."""
        out, err = self.run(*words, code=code)
        assert out == ""
        line = err.splitlines()[-1]
        assert line.startswith("netmem-migrate: ")
        assert "Traceback" not in err
        return line

    def interrupt(self, number: signal.Signals, *words: str) -> None:
        """Start a command, and stop it once a script hangs."""
        process = self.start(*words)
        deadline = time.monotonic() + 20
        while not (self.stub / "hanging").exists():
            assert time.monotonic() < deadline and process.poll() is None
            time.sleep(0.02)
        process.send_signal(number)
        _out, err = process.communicate(timeout=20)
        assert process.returncode == 130, err
        assert "nothing was left half-written" in err
        self.unset("hanging")

    def beside(self) -> list[str]:
        return sorted(path.name for path in self.kernels.iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


# A tree


def test_version_and_release(tmp_path: Path) -> None:
    tree = Kernel.at(make_tree(tmp_path / "linux", "6.12.95"))
    assert (tree.version, tree.api, tree.configured) == ("6.12.95", "6.12", False)
    assert Kernel.at(make_tree(tmp_path / "new", "7.4")).version == "7.4.0"


def test_found_by_walking_up(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "linux").resolve()
    file = root / "drivers/net/some/one.c"
    file.touch()
    for path in (root, root / "drivers/net/some", file, root / "drivers/not-there"):
        found = Kernel.find(path)
        assert found is not None and found.root == root
    (tmp_path / "link").symlink_to(root / "drivers")
    assert Kernel.find(tmp_path / "link/net") == Kernel.at(root)
    assert Kernel.find(tmp_path) is None


@pytest.mark.parametrize("missing", ["Kbuild", "MAINTAINERS", "Makefile", "include/linux"])
def test_not_a_tree(tmp_path: Path, missing: str) -> None:
    root = make_tree(tmp_path / "linux")
    path = root / missing
    path.rmdir() if path.is_dir() else path.unlink()
    assert Kernel.find(root) is None
    with pytest.raises(InputError, match=r"not a kernel tree.*kernel fetch"):
        Kernel.at(root)


def test_at_says_what_is_wrong(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "linux")
    with pytest.raises(InputError, match="no such folder"):
        Kernel.at(tmp_path / "nowhere")
    with pytest.raises(InputError, match="not a folder"):
        Kernel.at(root / "Kbuild")
    with pytest.raises(InputError, match=f"its root is {root.resolve()}$"):
        Kernel.at(root / "drivers")
    (root / "Makefile").write_text("all:\n\ttrue\n")
    with pytest.raises(InputError, match="not a kernel tree"):
        Kernel.at(root)


def test_prepared_or_the_command_to_run(tmp_path: Path) -> None:
    root = make_tree(tmp_path / "linux").resolve()
    (root / ".config").touch()
    with pytest.raises(InputError, match=f"run `netmem-migrate kernel prepare {root}`"):
        Kernel.at(root).require_prepared()
    (root / "include/generated").mkdir()
    (root / "include/generated/autoconf.h").touch()
    Kernel.at(root).require_prepared()


def test_cache_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "netmem-migrate/kernels"
    monkeypatch.setenv("HOME", str(tmp_path))
    for ignored in ("", "relative/path"):
        monkeypatch.setenv("XDG_CACHE_HOME", ignored)
        assert cache_folder() == tmp_path / ".cache/netmem-migrate/kernels"


def test_imports_little() -> None:
    code = (
        "import sys, netmem_migrate.kernel.tree; "
        "print({'rich', 'click', 'subprocess'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


# Fetching


def test_fetch_takes_the_newest(machine: Machine) -> None:
    out, err = machine.run("fetch")
    assert out == ""
    assert "Downloading linux-source-7.3 7.3.4" in err
    assert Kernel.at(machine.kernels / "7.3").version == "7.3.4"
    assert machine.beside() == ["7.3"]
    assert list(machine.kernels.parent.glob("apt/packages/*")) == []


def test_newest_is_a_matter_of_numbers(machine: Machine) -> None:
    (machine.stub / "names").write_text("linux-source-6.9\nlinux-source-6.12\n")
    machine.run("fetch")
    assert machine.beside() == ["6.12"]


def test_fetch_by_version(machine: Machine) -> None:
    machine.run("fetch", "v6.12")
    machine.run("fetch", "6.9")
    out, _err = machine.run("list")
    assert [line.split()[:4] for line in out.splitlines()] == [
        ["6.9", "6.9.1", "not", "prepared"], ["6.12", "6.12.95", "not", "prepared"],
    ]
    assert machine.run("path")[0].strip() == str(machine.kernels.resolve() / "6.12")
    assert machine.run("path", "6.9")[0].strip() == str(machine.kernels.resolve() / "6.9")


def test_private_configuration(machine: Machine) -> None:
    machine.run("fetch")
    folder = machine.kernels.parent / "apt"
    sources = (folder / "sources.list").read_text()
    assert "http://archive.test/debian bookworm main\n" in sources
    assert "http://archive.test/debian bookworm-backports main\n" in sources
    assert "http://archive.test/debian sid main\n" in sources
    assert "security" not in sources
    settings = (folder / "apt.conf").read_text()
    assert f'Dir::State::Lists "{folder}/lists";' in settings
    assert all(" -c " in line or "indextargets" in line
               for line in machine.log if line.startswith("apt-"))


def test_apt_that_was_never_updated(machine: Machine) -> None:
    machine.set("never-updated")
    machine.run("fetch", "7.3")
    sources = (machine.kernels.parent / "apt/sources.list").read_text()
    assert "http://archive.test/debian bookworm-backports main\n" in sources


def test_apt_without_debian(machine: Machine) -> None:
    machine.set("never-updated")
    machine.set("no-sources")
    assert "knows no Debian archive; any kernel tree can be given" in machine.refused("fetch")


def test_a_tree_already_there_needs_no_network(machine: Machine) -> None:
    machine.run("fetch", "7.3")
    before = machine.log
    _out, err = machine.run("fetch", "7.3")
    assert "linux 7.3.4 is already there" in err
    assert machine.log == before
    _out, err = machine.run("fetch")
    assert "linux 7.3.4 is already there" in err
    assert machine.calls("apt-helper") == 1


def test_offline(machine: Machine) -> None:
    machine.set("offline")
    assert "the archive cannot be reached: Failed to fetch it" in machine.refused("fetch")
    machine.unset("offline")
    machine.run("fetch", "6.12")
    machine.set("offline")
    _out, err = machine.run("fetch")
    assert "using linux 6.12.95, fetched before" in err
    assert "cannot be reached" in machine.refused("fetch", "7.3")
    assert machine.beside() == ["6.12"]


def test_download_that_fails(machine: Machine) -> None:
    machine.set("no-download")
    assert "cannot be downloaded: Failed to fetch it, 404" in machine.refused("fetch")
    assert machine.beside() == []


def test_unknown_release(machine: Machine) -> None:
    line = machine.refused("fetch", "5.4")
    assert "no package of linux 5.4; available: 6.9, 6.12, 7.3" in line
    assert "--kernel" in line


@pytest.mark.parametrize("version", ["7.3.4", "latest", "7", "", "../7.3"])
def test_not_a_release(machine: Machine, version: str) -> None:
    assert "not a kernel release; write X.Y" in machine.refused(
        "fetch", version, code=2)
    assert machine.log == []


def test_no_apt(machine: Machine) -> None:
    (machine.bin / "apt-get").unlink()
    line = machine.refused("fetch")
    assert "no apt to fetch with; any kernel tree can be given with --kernel" in line


def test_cache_that_cannot_be_written(machine: Machine) -> None:
    (machine.folder / "file").touch()
    machine.extra["XDG_CACHE_HOME"] = str(machine.folder / "file")
    assert "the cache must be writable (XDG_CACHE_HOME moves it)" in machine.refused("fetch")


def test_names_too_long_to_be_read(machine: Machine, tmp_path: Path) -> None:
    """What the system refuses to look at is one line too; root may read all else."""
    machine.extra["XDG_CACHE_HOME"] = "/" + "x" * 300
    assert "the cache must be readable (XDG_CACHE_HOME moves it)" in machine.refused("list")
    assert "the cache must be writable (XDG_CACHE_HOME moves it)" in machine.refused("fetch")
    assert "give a kernel tree that can be read" in machine.refused("prepare", "x" * 300)
    assert Kernel.find(tmp_path / ("x" * 300)) is None


def test_refresh(machine: Machine) -> None:
    machine.run("fetch", "7.3")
    (machine.kernels / "7.3/mine").touch()
    _out, err = machine.run("fetch", "7.3", "--refresh")
    assert "linux 7.3.4 is the newest point release" in err
    assert (machine.kernels / "7.3/mine").exists()
    machine.offer("7.3", "7.3.10")
    machine.run("fetch", "--refresh")
    assert Kernel.at(machine.kernels / "7.3").version == "7.3.10"
    assert not (machine.kernels / "7.3/mine").exists()
    assert machine.beside() == ["7.3"]


def test_broken_package(machine: Machine) -> None:
    archive = machine.stub / "linux-source-7.3.tar.xz"
    whole = archive.read_bytes()
    archive.write_bytes(whole[: len(whole) // 2])
    assert "linux-source-7.3.tar.xz cannot be unpacked" in machine.refused("fetch")
    assert machine.beside() == []
    archive.unlink()
    assert "_all.deb cannot be unpacked: cp: " in machine.refused("fetch")
    assert machine.beside() == []
    archive.write_bytes(whole)
    machine.run("fetch")


def test_package_of_another_release(machine: Machine) -> None:
    shutil.copy(machine.stub / "linux-source-6.9.tar.xz", machine.stub / "linux-source-7.3.tar.xz")
    assert "holds linux 6.9.1, not 7.3" in machine.refused("fetch")
    assert machine.beside() == []


@pytest.mark.parametrize("where", ["hang-download", "hang-unpack"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted(machine: Machine, where: str, number: signal.Signals) -> None:
    machine.set(where)
    machine.interrupt(number, "fetch")
    assert machine.beside() == []
    # The part that was downloaded stays: the next try goes on from it.
    assert len(list(machine.kernels.parent.glob("apt/packages/*.deb"))) == 1
    machine.unset(where)
    machine.run("fetch")
    assert machine.beside() == ["7.3"]


def test_killed_before(machine: Machine) -> None:
    machine.run("fetch", "6.12")
    machine.run("fetch", "6.9")
    (machine.kernels / ".new-7.3/tree").mkdir(parents=True)
    (machine.kernels / "6.12").rename(machine.kernels / ".old-6.12")
    make_tree(machine.kernels / ".old-6.9")
    machine.run("fetch", "7.3")
    assert machine.beside() == ["6.12", "6.9", "7.3"]
    assert Kernel.at(machine.kernels / "6.9").version == "6.9.1"


def test_two_at_once(machine: Machine) -> None:
    both = [machine.start("fetch", "7.3") for _ in range(2)]
    said = [one.communicate(timeout=30)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert machine.calls("apt-helper") == 1
    assert sum("already there" in one for one in said) == 1


# Listing


def test_nothing_fetched(machine: Machine) -> None:
    out, err = machine.run("list")
    assert out == "" and "no kernel tree fetched yet; run" in err
    assert "run `netmem-migrate kernel fetch`" in machine.refused("path")
    assert "run `netmem-migrate kernel fetch 6.9`" in machine.refused("path", "6.9")


def test_list_available(machine: Machine) -> None:
    machine.run("fetch", "6.12")
    out, _err = machine.run("list", "--available", "-q")
    assert [line.split()[0] for line in out.splitlines()] == ["6.9", "6.12", "7.3"]
    assert "available" in out.splitlines()[2]


def test_list_leaves_out_what_is_no_tree(machine: Machine) -> None:
    machine.run("fetch", "6.12")
    (machine.kernels / "notes").mkdir()
    (machine.kernels / "file").touch()
    assert len(machine.run("list")[0].splitlines()) == 1


def test_quiet(machine: Machine) -> None:
    assert machine.run("fetch", "6.12", "-q") == ("", "")


# Changelogs


def offer_changelogs(machine: Machine, *versions: str) -> None:
    """Let the archive have packages whose changelogs name the module `demo` by their version."""
    (machine.stub / "madison").write_text("".join(
        f" linux-libc-dev | {one} | http://archive.test/debian x/main amd64 Packages\n"
        for one in versions))
    for one in versions:
        items = "".join(f"    - v{one}: demo: {number} of {one}\n" for number in range(3))
        (machine.stub / f"changelog-{one}").write_bytes(gzip.compress(
            f"linux ({one}) unstable; urgency=medium\n\n  * New upstream stable update:\n{items}"
            .replace(f"v{one}: demo", f"net: {'other: ' * one.startswith('6')}demo").encode()))


@pytest.fixture
def named(tree: Path) -> Path:
    """A tree with one driver in a Makefile."""
    (tree / "drivers/net/other").mkdir(parents=True)
    (tree / "drivers/net/other/Makefile").write_text("obj-m += demo.o\n")
    (tree / "drivers/net/other/demo.c").write_text("")
    return tree


def test_prefixes_are_counted_in_the_changelog_of_each_release(
    machine: Machine, named: Path
) -> None:
    offer_changelogs(machine, "7.3.4-1~bpo13+1", "7.3.2-1", "6.12.95-1", "6.12.99-1", "6.1.9-1")
    table = machine.folder / "table.toml"
    out, err = machine.run("prefixes", str(named), "--table", str(table))
    # The newest of each release, and of two that are used alike that of the newer release.
    assert out == "new       demo: net: other: demo, 6 of 9\n"
    assert "Downloading linux-libc-dev 6.12.99" in err
    held = tomllib.loads(table.read_text())
    assert held["changelogs"] == ["7.3.4-1~bpo13+1", "6.12.99-1", "6.1.9-1"]
    assert held["kernel"] == "7.3.4"
    assert machine.run("prefixes", str(named), "--table", str(table), "--check", "-q") == ("", "")
    assert list((machine.kernels.parent / "apt/packages").iterdir()) == []


def test_prefixes_without_an_archive(machine: Machine, named: Path) -> None:
    offer_changelogs(machine)
    table = machine.folder / "table.toml"
    words = ("prefixes", str(named), "--table", str(table))
    assert "the archive has no linux-libc-dev" in machine.refused(*words)
    offer_changelogs(machine, "7.3.4-1")
    (machine.stub / "changelog-7.3.4-1").write_bytes(b"no changelog")
    assert "names no module" in machine.refused(*words)
    (machine.stub / "changelog-7.3.4-1").unlink()
    assert "linux-libc-dev_7.3.4-1_all.deb cannot be read" in machine.refused(*words)
    machine.set("no-download")
    assert "linux-libc-dev cannot be downloaded: Failed to fetch it" in machine.refused(*words)
    machine.set("offline")
    assert "the archive cannot be reached" in machine.refused(*words)
    assert not table.exists()


# Preparing


@pytest.fixture
def tree(machine: Machine) -> Path:
    return make_tree(machine.folder / "linux").resolve()


def test_prepare(machine: Machine, tree: Path) -> None:
    _out, err = machine.run("prepare", str(tree))
    assert f"linux 7.3.4 is prepared: {tree}" in err
    config = (tree / ".config").read_text()
    assert "# CONFIG_WERROR is not set\n" in config and "CONFIG_DEBUG_INFO_NONE=y\n" in config
    assert Kernel.at(tree).configured
    before = machine.calls("make")
    assert "already prepared" in machine.run("prepare", "linux")[1]
    assert machine.calls("make") == before == 2


def test_prepare_a_fetched_tree(machine: Machine) -> None:
    machine.extra["XDG_CACHE_HOME"] = str(machine.folder / "cache")
    machine.run("fetch", "6.12")
    machine.run("fetch", "7.3")
    machine.run("prepare")
    machine.run("prepare", "6.12")
    out, _err = machine.run("list")
    assert out.count(" prepared ") == 2 and "not" not in out


def test_prepare_again_for_another_compiler(machine: Machine, tree: Path) -> None:
    machine.run("prepare", str(tree))
    (machine.stub / "gcc-version").write_text("gcc 14.1.0\n")
    machine.run("prepare", str(tree))
    assert machine.calls("make") == 4


def test_prepare_by_way_of_another_program(machine: Machine, tree: Path) -> None:
    """kbuild is told its words; the code is one that another machine can make as well."""
    (machine.bin / "distcc").write_text('#!/bin/sh\nexec "$@"\n')
    (machine.bin / "distcc").chmod(0o755)
    machine.run("prepare", str(tree), "--cc", "distcc gcc")
    copy = machine.kernels.parent / "builds/host-distcc-gcc/7.3"
    assert "# CONFIG_X86_NATIVE_CPU is not set\n" in (copy / ".config").read_text()
    assert any("CC=distcc gcc" in line for line in machine.log if line.startswith("make"))
    assert Kernel.at(copy).toolchain.cc == "distcc gcc" and not (tree / ".config").exists()
    machine.run("prepare", str(tree))
    assert "X86_NATIVE_CPU" not in (tree / ".config").read_text()


def test_prepare_keeps_a_configuration(machine: Machine, tree: Path) -> None:
    (tree / ".config").write_text("CONFIG_MINE=y\n")
    machine.run("prepare", str(tree))
    assert (tree / ".config").read_text() == "CONFIG_MINE=y\n"
    assert [line.split()[-1] for line in machine.log if line.startswith("make")] == [
        "modules_prepare"
    ]
    assert "a configuration of its own, which stays" in machine.run("prepare", str(tree))[1]
    assert machine.calls("make") == 1


def test_prepare_interrupted(machine: Machine, tree: Path) -> None:
    machine.set("hang-make")
    machine.interrupt(signal.SIGINT, "prepare", str(tree))
    machine.unset("hang-make")
    (tree / ".config").write_text("half\n")
    machine.run("prepare", str(tree))
    assert "CONFIG_DEBUG_INFO_NONE" in (tree / ".config").read_text()


def test_prepare_two_at_once(machine: Machine, tree: Path) -> None:
    both = [machine.start("prepare", str(tree)) for _ in range(2)]
    said = [one.communicate(timeout=30)[1] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert machine.calls("make") == 2


def test_make_that_fails(machine: Machine, tree: Path) -> None:
    machine.set("broken")
    line = machine.refused("prepare", str(tree))
    assert "make allmodconfig failed: scripts/one.c:3:10: fatal error: gone.h" in line
    log = Path(line.rsplit("all of it: ", 1)[1].rstrip(")"))
    assert "HOSTCC  scripts/one.o" in log.read_text()
    machine.unset("broken")
    machine.run("prepare", str(tree))
    assert not log.exists()


def _without_gcc(machine: Machine) -> None:
    (machine.bin / "gcc").unlink()


def _without_two(machine: Machine) -> None:
    (machine.bin / "flex").unlink()
    (machine.bin / "bison").unlink()


def _without_elf(machine: Machine) -> None:
    machine.set("no-elf")


@pytest.mark.parametrize(
    ("less", "said"),
    [
        (_without_gcc, "needs gcc; on Debian: apt-get install gcc libc6-dev libelf-dev libssl-dev"),
        (_without_two, "needs flex, bison; on Debian: apt-get install flex bison"),
        (_without_elf, "needs libelf-dev; on Debian: apt-get install libelf-dev"),
    ],
)
def test_missing_programs(
    machine: Machine, tree: Path, less: Callable[[Machine], None], said: str
) -> None:
    less(machine)
    assert machine.refused("prepare", str(tree)).endswith(said)
    assert not (tree / ".config").exists()


def test_prepare_what_is_no_tree(machine: Machine, tree: Path) -> None:
    assert "not a kernel tree" in machine.refused("prepare", str(machine.folder), code=2)
    assert "no such folder" in machine.refused("prepare", "nowhere", code=2)
    assert "its root is" in machine.refused("prepare", str(tree / "drivers"), code=2)
    assert "run `netmem-migrate kernel fetch 6.9`" in machine.refused("prepare", "6.9")
    assert machine.calls("make") == 0


@pytest.mark.parametrize("name", ["with space", "with:colon"])
def test_paths_that_kbuild_refuses(machine: Machine, name: str) -> None:
    tree = make_tree(machine.folder / name)
    assert "takes no path with a space or a colon" in machine.refused("prepare", str(tree))
    assert not (tree / ".config").exists()
