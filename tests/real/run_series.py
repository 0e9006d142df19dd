# SPDX-License-Identifier: GPL-2.0-only
"""Series of real drivers: what netdev's robot, git and the compiler say of them.

    run_series.py [VERSION|TREE] [--no-compile] [--prepare] [--drivers VENDOR/DRIVER...]

For each driver `git am` must give what `apply` gives, every prefix of the series must build and be
proven, checkpatch must be silent with the robot's flags, but for a line that has no place to break,
and every check of the self-check must pass. Then the bytes: in a git tree, a worktree, a shallow
clone and an unpacked tree, under plain and under hostile settings, they must be the same,
base-commit apart.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from run import has_to_be_long

from netmem_migrate import api
from netmem_migrate.check.series.selfcheck import check_series
from netmem_migrate.git.am import apply_series
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.patch.plan import plans
from netmem_migrate.patch.prove import prove
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.results import Run
from netmem_migrate.terminal.summary import unproven
from netmem_migrate.verify.checkpatch import checkpatch

DRIVERS = tuple(f"drivers/net/ethernet/{name}" for name in (
    "alibaba/eea", "broadcom/genet", "huawei/hinic3", "hisilicon/hibmcge", "mellanox/mlx4"))
# The conversion of the one needs a patch before it; the other is a folder of several drivers.
STEPPED = ("drivers/net/ethernet/wangxun/libwx", "drivers/net/ethernet/ti")
# Those that convert with `--prepare` on 7.3.4, or convert more so.
PREPARED = tuple(f"drivers/net/ethernet/{name}" for name in (
    "airoha", "cisco/enic", "hisilicon/hns3", "microchip/lan966x", "realtek/rtase"))
PERSON = {"GIT_AUTHOR_NAME": "Jane Developer", "GIT_AUTHOR_EMAIL": "jane@example.org"}
# What the tool reads of a tree, beside the drivers.
KEPT = ("include/linux", "include/net", "scripts", "Documentation/process", "MAINTAINERS",
        "Makefile", "Kbuild", ".gitattributes")
HOSTILE = Path(__file__).parents[1] / "hostile.gitconfig"
PLAIN = "[user]\n\tname = Jane Developer\n\temail = jane@example.org\n"


class Tally:
    """Checks made and failed."""

    def __init__(self) -> None:
        self.passed = 0
        self.failed: list[str] = []

    def check(self, good: bool, what: str) -> str:
        if good:
            self.passed += 1
            return "ok"
        self.failed.append(what)
        return "FAILED"


def judge(root: Path, run: Run, name: str, tally: Tally, compile_it: bool) -> str:
    """Write one series and let everybody have a look at it; one line of the table."""
    with tempfile.TemporaryDirectory() as where:
        out = Path(where) / "out"
        files = write_series(run, out, SeriesOptions(signoff=True, recipients=True, together=True,
                                                    heads=True))
        numbered = [file for file in files if "0000-" not in file.name]
        made = {one.path: one.after for one in apply_series(root, numbered)}
        wanted = {one.path: one.after for driver in run.drivers for one in driver.changes}
        cells = [f"{len(numbered)} patches", f"{len(wanted)} files",
                 "am " + tally.check(made == wanted, f"{name}: git am does not give what apply "
                                                     "gives")]
        asked = checkpatch(root, numbered)
        said = [one for one in asked if not has_to_be_long(one)]
        cells.append("checkpatch " + tally.check(not said, f"{name}: checkpatch: " + "; ".join(
            f"{one.line}: {one.type}: {one.text}" for one in said[:3])))
        # What has no place to break is said by the self-check, too.
        checks = [one for one in check_series(out, kernel=root)
                  if one.name != "checkpatch" or said or not asked]
        bad = [f"{one.name}: {one.text}" for one in checks if one.status != "pass"]
        for one in checks:
            tally.check(one.status == "pass", f"{name}: {one.status}: {one.name}: {one.text}")
        cells.append(f"self-check {len(checks) - len(bad)}/{len(checks)}")
    if compile_it:
        proven = prove(run, plans(run, together=True))
        for one in proven.failed:
            tally.check(False, f"{name}: {unproven(one)}")
        cells.append("prefixes built and proven "
                     + tally.check(not proven.failed and bool(proven.sentences),
                                   f"{name}: not proven"))
    return f"{name:24} " + ", ".join(cells)


def cut_out(root: Path, to: Path) -> Path:
    """The part of the tree that a conversion reads, as an unpacked tree."""
    for name in (*KEPT, *DRIVERS):
        source = root / name
        target = to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.o", ".*.cmd"))
        else:
            shutil.copyfile(source, target)
    return to


def git(cwd: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=cwd, check=True, capture_output=True,
                   env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull,
                        "GIT_COMMITTER_NAME": "x", "GIT_COMMITTER_EMAIL": "x@example.org",
                        "GIT_AUTHOR_NAME": "x", "GIT_AUTHOR_EMAIL": "x@example.org"})


def kinds(root: Path, where: Path) -> Iterator[tuple[str, Path]]:
    """The same tree as unpacked, git tree, worktree and shallow clone."""
    tree = cut_out(root, where / "linux")
    yield "unpacked tree", tree
    git(tree, "init", "--quiet")
    git(tree, "add", "--all", "--force")
    git(tree, "commit", "--quiet", "-m", "Import")
    git(tree, "commit", "--quiet", "--allow-empty", "-m", "More")
    yield "git tree", tree
    git(tree, "worktree", "add", "--quiet", "--detach", str(where / "worktree"))
    yield "worktree", where / "worktree"
    git(where, "clone", "--quiet", "--depth=1", f"file://{tree}", "shallow")
    yield "shallow clone", where / "shallow"


def series_of(tree: Path, out: Path, home: Path) -> dict[str, bytes]:
    """What the command writes in a tree, for a user with that home; without base-commit."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    done = subprocess.run(
        [sys.executable, "-m", "netmem_migrate", "format-patch", *DRIVERS, "--together", "-s",
         "--heads", "-q", "-o", str(out)],
        cwd=tree, check=False, capture_output=True, text=True,
        env={**environment, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "none")})
    if done.returncode:
        raise SystemExit(f"format-patch in {tree}: {done.stderr}")
    return {path.name: re.sub(rb"\nbase-commit: [0-9a-f]{40}\n(?=-- )", b"", path.read_bytes())
            for path in sorted(out.glob("*.patch"))}


def same_bytes(root: Path, tally: Tally) -> None:
    """Every kind of tree, with plain and with hostile settings."""
    with tempfile.TemporaryDirectory() as name:
        where = Path(name).resolve()
        homes: Mapping[str, Path] = {kind: where / kind for kind in ("plain", "hostile")}
        for kind, text in (("plain", PLAIN), ("hostile", HOSTILE.read_text())):
            homes[kind].mkdir()
            (homes[kind] / ".gitconfig").write_text(text.replace("HOME", str(homes[kind])))
        reference: dict[str, bytes] = {}
        for kind, tree in kinds(root, where):
            for user, home in homes.items():
                found = series_of(tree, where / f"{kind} {user}".replace(" ", "-"), home)
                reference = reference or found
                size = sum(len(data) for data in found.values())
                verdict = tally.check(found == reference and len(found) > len(DRIVERS),
                                      f"{kind}, {user} settings: other bytes")
                print(f"{kind:15} {user:8} {len(found)} files, {size} bytes: {verdict}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", nargs="?", default="")
    parser.add_argument("--no-compile", action="store_true")
    parser.add_argument("--prepare", action="store_true",
                        help="only those that need room first, with it")
    parser.add_argument("--drivers", nargs="+", default=[], help="these only, and no bytes")
    options = parser.parse_args()
    named = Path(options.tree)
    root = Kernel.at(named if options.tree and named.is_dir()
                     else pick(options.tree or None).root).root
    os.environ.update(PERSON)
    tally = Tally()
    started = time.monotonic()
    chosen = [f"drivers/net/ethernet/{name}" for name in options.drivers]
    rooms = dict.fromkeys(PREPARED if not chosen else chosen if options.prepare else (), True)
    plain = () if options.prepare else chosen or (*DRIVERS, *STEPPED)
    for path, prepare in (dict.fromkeys(plain, False) | rooms).items():
        run = api.migrate([root / path], kernel=root, one_driver=True, prepare=prepare)
        print(judge(root, run, path.removeprefix("drivers/net/ethernet/"), tally,
                    not options.no_compile), flush=True)
    if not chosen and not options.prepare:
        together = api.migrate([root / path for path in DRIVERS], kernel=root, one_driver=True)
        print(judge(root, together, "all together", tally, False), flush=True)
        same_bytes(root, tally)
    for text in tally.failed:
        print(f"FAILED {text}")
    print(f"{time.monotonic() - started:.0f} s on linux {Kernel.at(root).version}")
    print(f"{tally.passed} passed, {len(tally.failed)} failed")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
