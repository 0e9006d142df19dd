# SPDX-License-Identifier: GPL-2.0-only
"""Modules outside of the kernel, proven against a tiny tree whose kbuild knows `M=`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from git_tools import git
from kernel_tools import BEFORE, COMMAND
from tools import plant

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode, InputError

FLAGS = COMMAND[COMMAND.index("-nostdinc"):COMMAND.index(" -c -o")]
# Since 6.13 the compiler runs in the module's folder; before, at the top of the tree.
INSIDE = (f"$(MAKECMDGOALS):\n\t@echo cd $(M)\n\tgcc -Wp,-MMD,x.d "
          f"{FLAGS.replace('-I./', '-I$(CURDIR)/')} $(OWN) -c -o $@ $(@:.o=.c)\n")
ABOVE = (f"$(MAKECMDGOALS):\n\tgcc -Wp,-MMD,x.d {FLAGS} $(OWN) "
         "-c -o $(M)/$@ $(M)/$(@:.o=.c)\n")
STRUCT = BEFORE[BEFORE.index("struct rx_buf {"):BEFORE.index("int rx_fill")]
HEADER = f"#ifndef EXT_H\n#define EXT_H\n#include <linux/skbuff.h>\n\n{STRUCT}#endif\n"
SPLIT = BEFORE.replace(STRUCT, '#include "ext.h"\n\n')
RULES = "ifneq ($(KERNELRELEASE),)\nobj-m := ext.o\next-y := rx.o\nendif\n"
LAYOUTS: dict[str, tuple[dict[str, str], str, str]] = {
    # Files, the folder for M=, and what is said to the compiler.
    "one file": ({"Makefile": "obj-m := rx.o\n", "rx.c": BEFORE}, ".", ""),
    "Kbuild": ({"Makefile": "all:\n", "Kbuild": RULES, "rx.c": BEFORE}, ".", ""),
    "header beside": ({"Makefile": RULES, "rx.c": SPLIT, "ext.h": HEADER}, ".", ""),
    "include folder": ({"Makefile": RULES + "ccflags-y += -I$(src)/include\n", "rx.c": SPLIT,
                        "include/ext.h": HEADER}, ".", "-I$(if $(IN),.,$(M))/include"),
    "source below": ({"Makefile": RULES.replace("rx.o", "hw/rx.o"), "hw/rx.c": SPLIT,
                      "hw/ext.h": HEADER}, ".", ""),
    "module below": ({"README": "", "src/Makefile": RULES, "src/rx.c": SPLIT,
                      "src/ext.h": HEADER}, "src", ""),
}


@pytest.fixture(params=[INSIDE, ABOVE], ids=["inside", "above"])
def rules(request: pytest.FixtureRequest, kernel_tree: Path) -> str:
    text: str = request.param
    with (kernel_tree / "Makefile").open("a") as file:
        file.write(f"IN := {'y' if text == INSIDE else ''}\n{text}")
    return text


def written(kernel_tree: Path, module: Path, out: Path) -> Path:
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                   for key, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))}
    result = CliRunner().invoke(
        cli, ["format-patch", str(module), "-o", str(out), "--kernel", str(kernel_tree)],
        env=environment)
    assert result.exit_code == 0, result.output
    (patch,) = out.glob("*.patch")
    return patch


def verify(kernel_tree: Path, patch: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(kernel_tree), *words])


def layout(name: str, kernel_tree: Path, where: Path) -> tuple[Path, str]:
    files, folder, own = LAYOUTS[name]
    makefile = kernel_tree / "Makefile"
    makefile.write_text(makefile.read_text().replace("$(OWN)", own))
    return plant(where, files), folder


@pytest.mark.few(3)
@pytest.mark.parametrize("name", LAYOUTS)
def test_a_module_outside_is_proven(name: str, rules: str, kernel_tree: Path, tmp_path: Path,
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    module, folder = layout(name, kernel_tree, tmp_path / "module")
    if folder != ".":  # in a repository paths begin at its top
        git(module, "init", "-q")
        git(module, "add", "-A")
        git(module, "-c", "user.name=A", "-c", "user.email=a@example.org",
            "commit", "-q", "-m", "module")
    patch = written(kernel_tree, module / folder, tmp_path / "out")
    stood = {path: path.lstat().st_mtime_ns for root in (module, kernel_tree)
             for path in root.rglob("*") if ".git" not in path.parts}
    given = verify(kernel_tree, patch, "--module", str(module / folder), "--json")
    assert given.exit_code == 0, given.output
    (proof,) = json.loads(given.stdout)["objects"]
    assert (module / proof["source"]).is_file()
    monkeypatch.chdir(module)
    here = verify(kernel_tree, patch)
    assert here.exit_code == 0, here.output
    assert f"built with M={module / folder}\n" in here.stderr
    assert {path: path.lstat().st_mtime_ns for root in (module, kernel_tree)
            for path in root.rglob("*") if ".git" not in path.parts} == stood


@pytest.mark.few(2)
@pytest.mark.parametrize(("old", "new", "way"), [
    ("+\tbuf->netmem = 0;", "+\tbuf->netmem = 8;", "strict"),
    ("+\tbuf->netmem = 0;", "+\tbuf->netmem = NULL;", "plain"),
    ("buf->netmem, buf->offset, len", "buf->netmem, len, buf->offset", "identity"),
    ("+\tif (!buf->netmem)", "+\tif (buf->netmem)", "identity"),
])
@pytest.mark.parametrize("name", ["include folder", "source below"])
def test_a_wrong_edit_of_a_module_is_caught(
    name: str, old: str, new: str, way: str, rules: str, kernel_tree: Path, tmp_path: Path) -> None:
    module, folder = layout(name, kernel_tree, tmp_path / "module")
    patch = written(kernel_tree, module, tmp_path / "out")
    text = patch.read_text()
    assert old in text
    patch.write_text(text.replace(old, new, 1))
    result = verify(kernel_tree, patch, "--module", str(module / folder), "--json")
    assert result.exit_code == ExitCode.VERIFY
    (proof,) = json.loads(result.stdout)["objects"]
    assert proof[way]["status"] == "fail"
    assert not any("netmem-module" in line for line in proof[way]["details"])


@pytest.mark.long
def test_every_source_that_includes_a_changed_header_is_compiled(
    rules: str, kernel_tree: Path, tmp_path: Path) -> None:
    module, _ = layout("include folder", kernel_tree, tmp_path / "module")
    plant(module, {"other.c": '#include "ext.h"\n\nint rx_size = sizeof(struct rx_buf);\n'})
    patch = written(kernel_tree, module, tmp_path / "out")
    result = verify(kernel_tree, patch, "-M", str(module), "--json")
    assert [one["source"] for one in json.loads(result.stdout)["objects"]] == ["other.c", "rx.c"]
    assert result.exit_code == 0


@pytest.mark.parametrize(("files", "word"), [
    ({"Makefile": "all:\n\tmake -C /lib\n"}, "obj-m"),  # no rule of kbuild
    ({}, "obj-m"),
])
def test_a_folder_without_rules_is_no_module(
    files: dict[str, str], word: str, kernel_tree: Path, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch) -> None:
    module = plant(tmp_path / "module", {**files, "rx.c": BEFORE})
    patch = written(kernel_tree, module, tmp_path / "out")
    monkeypatch.chdir(module)
    for words in ((), ("-M", os.fspath(module))):
        result = verify(kernel_tree, patch, *words)
        assert isinstance(result.exception, InputError)
        assert word in str(result.exception)
        assert "\n" not in str(result.exception)


def test_files_that_are_nowhere_are_named(kernel_tree: Path, tmp_path: Path,
                                          monkeypatch: pytest.MonkeyPatch) -> None:
    module = plant(tmp_path / "module", {"Makefile": "obj-m := rx.o\n", "rx.c": BEFORE})
    patch = written(kernel_tree, module, tmp_path / "out")
    (module / "rx.c").rename(module / "moved.c")
    monkeypatch.chdir(tmp_path)
    result = verify(kernel_tree, patch)
    assert isinstance(result.exception, InputError)
    assert "does not have rx.c; of a module outside of the tree, give the folder by --module" in (
        str(result.exception))
    result = verify(kernel_tree, patch, "-M", str(module))
    assert f"{module}: has no rx.c, nor has a folder above it" in str(result.exception)


def test_what_kbuild_does_not_build_of_a_module_is_not_proven(
    kernel_tree: Path, tmp_path: Path) -> None:
    module = plant(tmp_path / "module", {"Makefile": "obj-m := rx.o\n", "rx.c": BEFORE})
    patch = written(kernel_tree, module, tmp_path / "out")
    result = verify(kernel_tree, patch, "-M", str(module), "--json")
    assert result.exit_code == ExitCode.VERIFY
    found = json.loads(result.stdout)
    assert {one["plain"]["status"] for one in found["objects"]} == {"not-built"}
    assert {one["status"] for one in found["partners"]} == {"not-built"}
