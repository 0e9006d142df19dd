# SPDX-License-Identifier: GPL-2.0-only
"""Each text is parsed once, and what needs no parser or graph library does not load one."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from tools import PRELUDE

from netmem_migrate.c import parse as parser
from netmem_migrate.c.mask.masking import mask
from netmem_migrate.cli import cli
from netmem_migrate.results import FileChange

CORPUS = Path(__file__).resolve().parents[2] / "corpus"
IDIOMS = sorted(one.name for one in CORPUS.iterdir() if (one / "expect.toml").exists())
SEVERAL = {
    "d.h": PRELUDE.split("int fill", 1)[0],
    "d.c": '#include "d.h"\n\nint fill' + PRELUDE.split("int fill", 1)[1],
    "e.c": '#include "d.h"\n\nvoid drop(struct page_pool *pool, struct rx_buf *buf)\n{\n'
           "\tstruct page *page = buf->page;\n\tstruct rx_buf *other = buf;\n\n"
           "\tprefetch(page);\n\tpage_pool_put_full_page(pool, page, false);\n}\n",
}


class Counting:
    """A parser that remembers what it was given."""

    def __init__(self, inner: object) -> None:
        self.inner = inner
        self.given: Counter[bytes] = Counter()

    def parse(self, text: bytes) -> object:
        self.given[text] += 1
        return self.inner.parse(text)  # type: ignore[attr-defined]


@pytest.fixture
def counting(monkeypatch: pytest.MonkeyPatch) -> Counting:
    found = Counting(parser._PARSER)
    monkeypatch.setattr(parser, "_PARSER", found)
    return found


def _diffed(counting: Counting, folder: Path, files: dict[str, str]) -> None:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    result = CliRunner().invoke(cli, ["diff", str(folder)])
    assert result.exit_code in (0, 3), result.output
    assert counting.given[mask(next(iter(files.values())).encode())] <= 1
    assert not [text for text, number in counting.given.items() if number > 1]


@pytest.mark.few(16)
@pytest.mark.parametrize("name", IDIOMS)
def test_diff_of_the_corpus(name: str, counting: Counting, tmp_path: Path) -> None:
    files = {file.name: file.read_text() for file in (CORPUS / name).glob("before*.[ch]")}
    _diffed(counting, tmp_path / "d", files)


def test_diff_of_several_files(counting: Counting, tmp_path: Path) -> None:
    _diffed(counting, tmp_path / "d", SEVERAL)
    changed = [text for text in counting.given if b"netmem" in text]
    assert len(changed) >= 3


def test_what_was_parsed_says_nothing_of_a_change() -> None:
    one, other = FileChange("d.c", b"int a;\n", b"int b;\n"), FileChange("d.c", b"int a;\n",
                                                                       b"int b;\n")
    assert one.parsed_after is one.parsed_after
    assert one == other and hash(one) == hash(other) and "Texts" not in repr(one)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_a_change_can_be_copied(copied) -> None:  # type: ignore[no-untyped-def]
    one = FileChange("d.c", b"int a;\n", b"int b;\n")
    assert one.parsed_after.source == b"int b;\n"
    assert copied(one) == one and copied(one).parsed_after.source == b"int b;\n"


LIGHT = {
    "help": ["--help"],
    "diff-help": ["diff", "--help"],
    "check": ["check", "d.c"],
    "list-rules": ["check", "--list-rules"],
    "explain": ["explain", "release"],
    "api": ["api", "list"],
    "kernel": ["kernel", "list"],
    "transform": ["transform", "list"],
}


def _loaded(folder: Path, words: list[str]) -> set[str]:
    (folder / "d.c").write_text(PRELUDE)
    done = subprocess.run(
        [sys.executable, "-c", "import sys\nfrom netmem_migrate.cli import main\n"
         "try:\n    main()\nfinally:\n    print('LOADED', *sys.modules)", *words],
        cwd=folder, capture_output=True, text=True, check=False)
    return set(done.stdout.rpartition("LOADED")[2].split())


@pytest.mark.few(3)
@pytest.mark.parametrize("name", LIGHT)
def test_no_graph_library_where_nothing_is_cut(name: str, tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, LIGHT[name])
    assert "netmem_migrate.cli" in loaded and "networkx" not in loaded


def test_the_options_of_passes_cost_no_analysis(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, ["diff", "--help"])
    assert not loaded & {"netmem_migrate.flow.analyse", "netmem_migrate.pipeline", "rich"}


def test_a_conversion_does_load_it(tmp_path: Path) -> None:
    assert "networkx" in _loaded(tmp_path, ["diff", "d.c"])
