# SPDX-License-Identifier: GPL-2.0-only
"""`transform new` and `transform lint`, on a copy of the passes."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tools import ROOT
from tools import run as command

run = partial(command, "transform")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of some passes and tests, which the commands take for theirs."""
    for name in ("dma_address", "pool_sync"):
        for path in (f"transforms/{name}.py", f"tests/transforms/test_{name}.py"):
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / path, tmp_path / path)
    package = importlib.import_module("netmem_migrate.transforms")
    monkeypatch.setattr(package, "__path__", [str(tmp_path / "transforms")])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def spoil(path: Path, before: str, after: str) -> None:
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))


def test_the_passes_that_ship_are_clean() -> None:
    result = run("lint")
    assert (result.exit_code, result.output) == (0, "")


FAULTS = {
    "license": ("# SPDX-License-Identifier: GPL-2.0-only\n", "# A pass.\n", "license:"),
    "docstring": ("\n\nRaw dma_sync_*()", " Raw dma_sync_*()", "docstring:"),
    "declaration": ("PASS = Pass(", "_PASS = Pass(", "declaration: there is no PASS"),
    "id": ('id="dma-address"', 'id="dma_address"', 'id: is "dma-address"'),
    "summary": ("page_pool_get_dma_addr_netmem()\",", 'page_pool_get_dma_addr_netmem().",',
                "summary: is one line"),
    "taken": ('summary="page_pool_get_dma_addr() becomes page_pool_get_dma_addr_netmem()"',
              'summary="page_pool_dma_sync_for_cpu() becomes its netmem twin"',
              "summary: dma_address.py has the same"),
    "example": ("return page_pool_get_dma_addr(buf->page);\n}", "return (page;\n}",
                "example: before does not parse"),
    "same": ("return page_pool_get_dma_addr_netmem(buf->netmem)",
             "return page_pool_get_dma_addr(buf->page)", "example: before and after"),
    "follows": ('"include/net/page_pool/helpers.h"', '"the headers"', "follows: names"),
    "order": ("order=30", 'order="first"', "order: is a number"),
    "signature": ("def edits(work: Work) -> Iterator[Edit]:", "def edits(work):", "edits: is def"),
    "undocumented": (
        '    """Make the netmem form of every row of this pass whose page moved."""\n', "",
        "edits: has no docstring"),
    "idle": ("yield from work.forms(PASS)", "yield from ()",
             "edits: yields nothing"),
    "missing": ("def edits(", "def edit(", "edits: there is no edits(work)"),
    "io": ("from collections.abc import Iterator\n",
           "import subprocess\nfrom collections.abc import Iterator\n", "import: a pass only"),
    "from": ("from collections.abc import Iterator\n",
             "from collections.abc import Iterator\nfrom os.path import exists\n",
             "import: a pass only"),
    "print": ("    yield from", "    print(work)\n    yield from", "call: a pass only"),
    "driver": ("    yield from", '    if work.path == "mlx4_en.c":\n        return\n    yield from',
               "driver: no special case"),
    "open": ("Make the netmem form", "TODO: make the netmem form", "TODO: to be filled in"),
}


@pytest.mark.few(4)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_at_its_place(fault: str, checkout: Path) -> None:
    before, after, said = FAULTS[fault]
    spoil(checkout / "transforms/dma_address.py", before, after)
    result = run("lint")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert len(lines) == 1, lines
    where, _, text = lines[0].partition(": ")
    assert text.startswith(said)
    file, line, column = where.split(":")
    assert file.startswith("transforms/")
    assert int(line) >= 1
    assert int(column) >= 1


def test_a_pass_wants_cases_that_must_stay(checkout: Path) -> None:
    test = checkout / "tests/transforms/test_pool_sync.py"
    test.write_text(test.read_text().replace("LEFT_ALONE = {", "OTHER = {"))
    assert run("lint").stdout == ("tests/transforms/test_pool_sync.py:1:1: test: no case that must "
                                  "be left alone or refused\n")
    test.unlink()
    assert "transforms/pool_sync.py:1:1: test: there is no test_pool_sync.py" in run("lint").stdout


def test_without_tests_the_passes_are_judged(checkout: Path) -> None:
    shutil.rmtree(checkout / "tests")
    assert run("lint").exit_code == 0


def test_what_is_not_python_is_one_line(checkout: Path) -> None:
    (checkout / "transforms/broken.py").write_text("def edits(:\n")
    done = subprocess.run(
        [sys.executable, "-c",
         "import sys, netmem_migrate.transforms as t; t.__path__ = ['transforms']; "
         "from netmem_migrate.cli import main; sys.argv[1:] = ['transform', 'lint']; main()"],
        cwd=checkout, capture_output=True, text=True)
    assert done.returncode == 4
    assert len(done.stderr.splitlines()) == 1
    assert "broken.py: not Python that can be read" in done.stderr


def test_a_new_pass_lacks_what_only_a_person_can_say(checkout: Path) -> None:
    result = run("new", "rx-hints")
    assert (result.exit_code, result.stdout) == (
        0, "transforms/rx_hints.py\ntests/transforms/test_rx_hints.py\n")
    said = run("lint").stdout
    assert "transforms/rx_hints.py" in said
    assert said.count("TODO: to be filled in") == 11
    assert "edits: yields nothing" in said
    assert "import Work\n" in (checkout / "transforms/rx_hints.py").read_text()
    # It is Python, and no other file changed.
    for path in (checkout / "transforms").glob("*.py"):
        compile(path.read_text(), path, "exec")
        if path.stem != "rx_hints":
            assert path.read_bytes() == (ROOT / "transforms" / path.name).read_bytes()


def test_a_new_pass_filled_in_is_clean(checkout: Path) -> None:
    run("new", "rx-hints")
    path = checkout / "transforms/rx_hints.py"
    for before, after in (
        ("TODO: what the pass rewrites.", "Rewrites a thing."),
        ("TODO: what it refuses or leaves alone, and why.", "Leaves another."),
        ('summary="TODO"', 'summary="a thing becomes another"'),
        ('"""\\\nTODO\n"""', '"""\\\nint a;\n"""'),
        ('"""\\\nTODO and what becomes of it\n"""', '"""\\\nint b;\n"""'),
        ('follows="TODO"', 'follows="include/net/netmem.h"'),
        ("TODO: what is edited. Nothing is, so far.", "Edit it."),
        ("yield from ()", "yield from work.found(PASS)"),
    ):
        spoil(path, before, after)
    test = checkout / "tests/transforms/test_rx_hints.py"
    test.write_text(test.read_text().replace("  # TODO", "").replace("TODO: w", "W").replace(
        "LEFT_ALONE: dict[str, str] = {}", 'LEFT_ALONE: dict[str, str] = {"a": "int a;"}'))
    result = run("lint")
    assert (result.exit_code, result.output) == (0, "")


@pytest.mark.parametrize(("name", "said"), [
    ("dma-address", "is there already"), ("DMA", "no id of a pass"), ("../x", "no id of a pass"),
    ("a--b", "no id of a pass"), ("", "no id of a pass"),
])
def test_a_name_that_will_not_do(name: str, said: str, checkout: Path) -> None:
    before = sorted(checkout.rglob("*"))
    result = run("new", name)
    assert said in str(result.exception)
    assert sorted(checkout.rglob("*")) == before


def test_outside_a_checkout_nothing_is_begun(checkout: Path) -> None:
    shutil.rmtree(checkout / "tests")
    result = run("new", "rx-hints")
    assert "run this in a checkout of netmem-migrate" in str(result.exception)
    assert not (checkout / "transforms/rx_hints.py").exists()


def test_a_folder_that_cannot_be_written_is_left_as_it_is(checkout: Path) -> None:
    (checkout / "tests/transforms/test_rx_hints.py").symlink_to(checkout / "gone/file.py")
    result = run("new", "rx-hints")
    assert "No such file or directory" in str(result.exception)
    assert not (checkout / "transforms/rx_hints.py").exists()
