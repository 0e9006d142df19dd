# SPDX-License-Identifier: GPL-2.0-only
"""What compilers said before is taken from the cache, and never where anything changed since."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kernel_tools import BEFORE, COMMAND, DRIVER, HELPERS_H, NETMEM_H, PAGE_FLAGS_H
from tools import run

from netmem_migrate.results import FileChange
from netmem_migrate.verify import Compilers, Status, verify_changes

KINDS = ("-S", "-E", "-fsyntax-only")
OTHER = "drivers/net/demo/other.c"
OWN = "drivers/net/demo/own.h"


class Counted:
    """The compilers that run: how many, and by which words."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.runs: list[list[str]] = []
        real = subprocess.run

        def counted(words: Any, *more: Any, **named: Any) -> Any:
            if any(one in words for one in ("-nostdinc",)):
                self.runs.append(list(words))
            return real(words, *more, **named)

        monkeypatch.setattr(subprocess, "run", counted)

    def of(self, done: Callable[[], object]) -> int:
        before = len(self.runs)
        done()
        return len(self.runs) - before


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counted:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Counted(monkeypatch)


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """The kernel with a header of the driver's own, and a source that only includes it."""
    (kernel_tree / OWN).write_text("struct own {\n\tint page;\n\tint more;\n};\n")
    (kernel_tree / DRIVER).write_text('#include "own.h"\n' + BEFORE)
    (kernel_tree / OTHER).write_text(
        '#include "own.h"\n#include <net/netmem.h>\n'
        "int other(const struct own *own)\n{\n\treturn own->more;\n}\n")
    (kernel_tree / "drivers/net/demo/.other.o.cmd").write_text(
        f"savedcmd_{OTHER[:-2]}.o := {COMMAND.replace('demo.', 'other.')}\n")
    return kernel_tree


def verified(tree: Path, after: str | None = None, *, jobs: int = 2, keep: bool = True,
             ) -> dict[str, tuple[Status, ...]]:
    """A proof of a change of header and source."""
    time.sleep(0.02)  # what changes in the moment in which a run begins is not kept
    source = (tree / DRIVER).read_text()
    own = (tree / OWN).read_text()
    changes = [FileChange(DRIVER, source.encode(), (after or source + "\n").encode()),
               FileChange(OWN, own.encode(), own.replace("int page;", "int netmem;").encode())]
    with Compilers(jobs, keep=keep) as compilers:
        proofs = verify_changes(tree, changes, compilers=compilers)
    return {one.source: (one.plain.status, one.strict.status, one.identity.status)
            for one in proofs}


PASSED = dict.fromkeys((DRIVER, OTHER), (Status.PASS,) * 3)


def test_nothing_is_compiled_again(tree: Path, counted: Counted) -> None:
    assert verified(tree) == PASSED
    cold = len(counted.runs)
    assert cold >= 8
    assert {kind for kind in KINDS if any(kind in one for one in counted.runs)} == {*KINDS}
    assert verified(tree) == PASSED
    assert len(counted.runs) == cold
    assert counted.of(lambda: verified(tree, keep=False)) == cold


def test_as_many_run_at_once_as_may(counted: Counted) -> None:
    allowed = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(allowed)})
        with Compilers() as compilers:
            assert compilers.jobs == 1
    finally:
        os.sched_setaffinity(0, allowed)
    with Compilers() as compilers, Compilers(7) as others:
        assert (compilers.jobs, others.jobs) == (len(allowed), 7)


def test_of_another_change_only_what_reads_it_is_compiled(tree: Path, counted: Counted) -> None:
    verified(tree)
    before = len(counted.runs)
    bad = (tree / DRIVER).read_text().replace("if (len < 60)", "if (len < 61)")
    found = verified(tree, bad)
    assert found[DRIVER][2] is Status.FAIL and found[OTHER] == PASSED[OTHER]
    new = counted.runs[before:]
    # The code before is not compiled again, and the other source is not.
    assert new and all(one[-1] == DRIVER or DRIVER in one for one in new)
    assert sum("-S" in one for one in new) == 1


def _header(tree: Path) -> None:
    path = tree / "include/linux/page-flags.h"
    path.write_text(PAGE_FLAGS_H.replace("int own_mark;", "long own_mark;"))


def _option(tree: Path) -> None:
    for path in (tree / "drivers/net/demo").glob(".*.cmd"):
        path.write_text(path.read_text().replace("-O2", "-O1"))


def _macro(tree: Path) -> None:
    for path in (tree / "drivers/net/demo").glob(".*.cmd"):
        path.write_text(path.read_text().replace("-O2", "-O2 -DMORE=1"))


def _in_front(tree: Path) -> None:
    """A header that is found before the one that was read."""
    (tree / "drivers/net/demo/linux").mkdir()
    (tree / "drivers/net/demo/linux/skbuff.h").write_text("#error \"another\"\n")
    for path in (tree / "drivers/net/demo").glob(".*.cmd"):
        path.write_text(path.read_text().replace("-I./include", "-Idrivers/net/demo -I./include"))


CHANGES: dict[str, Callable[[Path], None]] = {
    "a header above": _header, "an option": _option, "a macro by -D": _macro,
    "an -I and a header": _in_front}


@pytest.mark.few(4)
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_compiled(change: Callable[[Path], None], tree: Path,
                                  counted: Counted) -> None:
    verified(tree)
    cold = len(counted.runs)
    change(tree)
    assert counted.of(lambda: verified(tree)) >= cold // 2
    fresh = verified(tree, keep=False)
    assert verified(tree) == fresh


def test_a_header_that_comes_to_be_found_first(tree: Path, counted: Counted) -> None:
    """Nothing that was read changes, nor does the command."""
    for path in (tree / "drivers/net/demo").glob(".*.cmd"):
        path.write_text(path.read_text().replace("-I./include", "-I./first -I./include"))
    (tree / "first").mkdir()
    verified(tree)
    (tree / "first/linux").mkdir()
    (tree / "first/linux/skbuff.h").write_text("#error another\n")
    found = verified(tree)
    assert found[DRIVER] == (Status.NOT_BUILT,) * 3 and found == verified(tree, keep=False)
    shutil.rmtree(tree / "first/linux")
    # As it was: what was kept of that is there still.
    assert counted.of(lambda: verified(tree)) == 0


@pytest.mark.few(2)
@pytest.mark.parametrize("name, value, again", [
    ("CPATH", "include/more", True), ("SOURCE_DATE_EPOCH", "1", False),
    ("ANYTHING", "else", False)])
def test_what_the_environment_may_change_is_compiled(
        name: str, value: str, again: bool, tree: Path, counted: Counted,
        monkeypatch: pytest.MonkeyPatch) -> None:
    verified(tree)
    cold = len(counted.runs)
    monkeypatch.setenv("TERM", "another")
    assert counted.of(lambda: verified(tree)) == 0
    monkeypatch.setenv(name, value)
    assert counted.of(lambda: verified(tree)) == cold
    # Of folders to look in that no option names nothing is kept.
    assert counted.of(lambda: verified(tree)) == (cold if again else 0)


def test_another_compiler(tree: Path, counted: Counted, tmp_path: Path,
                          monkeypatch: pytest.MonkeyPatch) -> None:
    """The same words, and another file that they name; what only passes them on is not known."""
    folder = tmp_path / "bin"
    folder.mkdir()
    gcc = shutil.which("gcc")
    assert gcc is not None
    copy = folder / "gcc"
    shutil.copy(os.path.realpath(gcc), copy)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    # Where it finds the rest of it.
    monkeypatch.setenv("GCC_EXEC_PREFIX", "/usr/lib/gcc/")
    assert verified(tree) == PASSED
    cold = len(counted.runs)
    assert counted.of(lambda: verified(tree)) == 0
    os.utime(copy)
    assert counted.of(lambda: verified(tree)) == cold
    copy.unlink()
    copy.write_text(f'#!/bin/sh\nexec {gcc} "$@"\n')
    copy.chmod(0o755)
    for _ in range(2):
        assert counted.of(lambda: verified(tree)) == cold


@pytest.mark.few(2)
@pytest.mark.parametrize("text", ["__DATE__", "__has_include", ".incbin", "__TIME__"])
def test_what_depends_on_more_than_what_is_read_is_compiled(
        text: str, tree: Path, counted: Counted) -> None:
    path = tree / "include/net/netmem.h"
    path.write_text(NETMEM_H + f'#define DEMO_NOW "{text}"\n')
    verified(tree)
    assert counted.of(lambda: verified(tree)) == len(counted.runs) // 2


@pytest.mark.few(2)
@pytest.mark.parametrize("option", ["-fplugin=none.so", "-specs=none", "@none", "-Wp,-MD,none.d"])
def test_an_option_that_reads_more_is_not_kept(option: str, tree: Path, counted: Counted) -> None:
    with Compilers(keep=True) as compilers:
        command, = compilers.recorded(tree, [OTHER], "")
        from netmem_migrate.verify.place import Place, Run

        def key(*more: str) -> str | None:
            assert compilers._kept is not None
            place = Place(tree, tree.parent / "farm/x", {})
            return compilers._kept.key(Run(place, "", (*command.words, *more, "-S", "-o", "-",
                                                       command.named)))

        assert key() is not None and key(option) is None


def test_what_changes_while_it_runs_is_not_kept(tree: Path, counted: Counted) -> None:
    source = (tree / DRIVER).read_bytes()
    change = [FileChange(DRIVER, source, source + b"\n")]
    with Compilers(keep=True) as compilers:
        time.sleep(0.02)
        (tree / "include/net/page_pool/helpers.h").write_text(HELPERS_H + "/* changed */\n")
        first = counted.of(lambda: verify_changes(tree, change, compilers=compilers))
    time.sleep(0.02)
    with Compilers(keep=True) as compilers:
        assert counted.of(lambda: verify_changes(tree, change, compilers=compilers)) == first
    with Compilers(keep=True) as compilers:
        assert counted.of(lambda: verify_changes(tree, change, compilers=compilers)) == 0


def test_what_was_found_by_the_parent_folder_is_the_patched_text(tree: Path) -> None:
    """A folder of which nothing changes, with a source that includes "../own.h"."""
    (tree / "drivers/net/demo/sub").mkdir()
    source = "drivers/net/demo/sub/z.c"
    (tree / source).write_text('#include "../own.h"\nunsigned long z(void)\n{\n'
                               "\treturn sizeof(struct own);\n}\n")
    command = COMMAND.replace("demo/demo.", "demo/sub/z.").replace("demo/.demo.", "demo/sub/.z.")
    (tree / "drivers/net/demo/sub/.z.o.cmd").write_text(f"savedcmd_{source[:-2]}.o := {command}\n")
    own = (tree / OWN).read_bytes()
    proofs = verify_changes(tree, [FileChange(OWN, own, own.replace(b"int more", b"long more"))])
    assert {one.source: one.identity.status for one in proofs}[source] is Status.FAIL


def test_the_command_keeps_and_does_not(tree: Path, counted: Counted, tmp_path: Path) -> None:
    patch = tmp_path / "x.patch"
    patch.write_text(
        f"--- a/{OWN}\n+++ b/{OWN}\n@@ -1,4 +1,4 @@\n struct own {{\n-\tint page;\n+\tint netmem;\n"
        " \tint more;\n };\n")
    words = "verify", patch, "--kernel", tree
    cold = counted.of(lambda: run(*words, "--no-cache"))
    assert cold and not (tmp_path / "cache").exists()
    time.sleep(0.02)
    first, again = (run(*words) for _ in range(2))
    assert first.exit_code == again.exit_code == 0, first.output
    assert first.stdout == again.stdout == run(*words, "--no-cache").stdout
    assert counted.of(lambda: run(*words)) == 0
