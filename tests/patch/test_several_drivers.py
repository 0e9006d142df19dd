# SPDX-License-Identifier: GPL-2.0-only
"""A vendor's folder with several drivers: one logical change a patch, and each builds alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_tools import commit_all, git
from series_tools import SOURCE, make_tree
from tools import plant

from netmem_migrate.api import migrate
from netmem_migrate.cli import cli
from netmem_migrate.patch.plan import steps_of
from netmem_migrate.results import Migration

pytestmark = pytest.mark.usefixtures("home")
MULTI = "drivers/net/ethernet/multi"
STRUCT = SOURCE[SOURCE.index("/**"):SOURCE.index("struct NAME_ring")]
MAKEFILE = """\
# SPDX-License-Identifier: GPL-2.0-only
obj-$(CONFIG_ONE) += multi-one.o
multi-one-y := one_rx.o \\
	one_tx.o
obj-$(CONFIG_TWO) += multi-two.o
multi-two-$(CONFIG_TWO_RX) += two/two_rx.o
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Two drivers of one folder, each a source and a header; the second in a folder below."""
    root = make_tree(tmp_path / "linux")
    files = {f"{MULTI}/Makefile": MAKEFILE, f"{MULTI}/one_tx.c": "int one_tx;\n"}
    for name, where in (("one", MULTI), ("two", f"{MULTI}/two")):
        files[f"{where}/{name}_rx.c"] = SOURCE.replace(
            STRUCT, f'#include "{name}.h"\n\n').replace("NAME", name)
        files[f"{where}/{name}.h"] = STRUCT.replace("NAME", name)
    return plant(root, files)


def change(root: Path, path: str, before: str, after: str) -> None:
    text = (root / path).read_text()
    assert before in text
    (root / path).write_text(text.replace(before, after, 1))


def one(root: Path) -> Migration:
    (migration,) = migrate([root / MULTI], kernel=root, api="7.3").drivers
    return migration


def patches(root: Path) -> list[list[str]]:
    """The files of each patch."""
    return [[change.path.removeprefix(f"{MULTI}/") for change in step.changes]
            for step in steps_of(one(root))]


def write(root: Path, out: Path, *options: str) -> list[Path]:
    done = CliRunner().invoke(cli, ["format-patch", str(root / MULTI), "-o", str(out),
                                    "--api", "7.3", *options])
    assert done.exit_code == 0, done.output
    return [Path(line) for line in done.stdout.splitlines()]


def test_each_driver_has_a_patch_that_says_its_own(tree: Path, tmp_path: Path) -> None:
    files = write(tree, tmp_path / "out")
    assert [file.name for file in files] == [
        "0000-cover-letter.patch",
        "0001-net-multi-one-convert-Rx-buffers-to-netmem.patch",
        "0002-net-multi-two-convert-Rx-buffers-to-netmem.patch",
    ]
    letter, first, second = (file.read_text() for file in files)
    assert "one driver a patch. The patches do not depend on each other." in " ".join(
        letter.split())
    assert ("net: convert Rx buffers of multi-one and multi-two to netmem"
            in " ".join(letter.split()))
    assert "struct one_buf: page (now netmem)" in first
    assert "locals in 1 function" in first
    assert "two_" not in first
    assert "struct two_buf: page (now netmem)" in second
    assert "locals in 1 function" in second
    assert "one_" not in second.replace("multi-one", "")
    # In any order, and together what apply makes.
    git(tree.parent, "init", "--quiet", str(tree))
    for file in (files[2], files[1]):
        git(tree, "apply", "--check", str(file))
        git(tree, "apply", str(file))
    by_git = {path: path.read_bytes() for path in (tree / MULTI).rglob("*.[ch]")}
    for file in files[1:]:
        git(tree, "apply", "-R", str(file))
    assert CliRunner().invoke(cli, ["apply", str(tree / MULTI), "--api", "7.3"]).exit_code == 0
    assert {path: path.read_bytes() for path in by_git} == by_git


def test_the_history_of_its_own_files_names_each_driver(tree: Path, tmp_path: Path) -> None:
    commit_all(tree)
    for number in range(2):
        for name, path in (("one_rx", "one_rx.c"), ("multi: two", "two/two_rx.c")):
            with (tree / MULTI / path).open("a") as file:
                file.write(f"/* {number} */\n")
            commit_all(tree, f"net: {name}: do it")
    _, *files = write(tree, tmp_path / "out")
    assert [file.name[5:-len(".patch")] for file in files] == [
        "net-one_rx-convert-Rx-buffers-to-netmem",
        "net-multi-two-convert-Rx-buffers-to-netmem"]
    assert "net: multi: two: convert" in files[1].read_text()


def test_sources_of_one_module_are_one_patch(tree: Path) -> None:
    assert len(patches(tree)) == 2
    change(tree, f"{MULTI}/Makefile", "one_tx.o", "two/two_rx.o")
    assert len(patches(tree)) == 1


def test_a_header_that_both_include_makes_one_patch(tree: Path) -> None:
    change(tree, f"{MULTI}/two/two_rx.c", '#include "two.h"', '#include "../shared.h"')
    (tree / MULTI / "shared.h").write_text('#include "two/two.h"\n')
    assert len(patches(tree)) == 2
    # Through another header, and by whatever -I option.
    (tree / MULTI / "shared.h").write_text("#include <multi/one.h>\n#include <two.h>\n")
    assert len(patches(tree)) == 1


def test_a_source_that_includes_a_source_goes_with_it(tree: Path) -> None:
    change(tree, f"{MULTI}/one_rx.c", '#include "one.h"', '#include "one.h"\n#include "two_rx.c"')
    assert len(patches(tree)) == 1


@pytest.mark.parametrize("lost", ["one_rx.o", "two/two_rx.o"])
def test_a_source_of_no_known_module_makes_one_patch(tree: Path, lost: str) -> None:
    change(tree, f"{MULTI}/Makefile", lost, "$(more)")
    assert len(patches(tree)) == 1


def test_a_header_that_nobody_includes_makes_one_patch(tree: Path) -> None:
    change(tree, f"{MULTI}/one_rx.c", '#include "one.h"', "#include ONE_HEADER")
    before = {file for step in patches(tree) for file in step}
    assert before >= {"one.h", "two/two.h"}
    assert len(patches(tree)) == 1


def test_without_a_makefile_there_is_one_patch(tree: Path) -> None:
    (tree / MULTI / "Makefile").unlink()
    assert len(patches(tree)) == 1


def test_what_was_taken_of_one_driver_only_is_one_patch(tree: Path) -> None:
    migration = one(tree)
    some = [change for change in migration.changes if "/one" in change.path]
    (step,) = steps_of(replace(migration, changes=tuple(some)))
    assert (step.part, list(step.changes)) == ("", some)


def test_what_was_taken_of_both_stays_two_patches(tree: Path) -> None:
    migration = one(tree)
    less = [replace(change, after=change.after + b"\n") for change in migration.changes]
    steps = steps_of(replace(migration, changes=tuple(less)))
    assert [len(step.changes) for step in steps] == [2, 2]
    assert sorted(change.path for step in steps for change in step.changes) == [
        change.path for change in less]
