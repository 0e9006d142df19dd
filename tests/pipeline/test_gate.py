# SPDX-License-Identifier: GPL-2.0-only
"""The tool's own check stops a wrong conversion, whoever asks for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from added_tools import Added
from tools import PRELUDE

from netmem_migrate import api, judged
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Finding, Migration, Verdict

# Where a driver says so, this pass changes what a function returns.
WRONG = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""Break what a function returns.

Nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.convert.passes import Pass

PASS = Pass(
    id="wrong",
    summary="a function returns something else",
    before="int a;\\n",
    after="int b;\\n",
    follows="include/net/netmem.h",
    order=500,
)


def edits(work):
    """Change a number."""
    for file, source in work.analysis.sources.items():
        at = source.find(b"return 0;")
        if b"break me" in source:
            yield work.edit(PASS, file, at + 7, at + 8, b"1")
'''
BROKEN = "/* break me */\n" + PRELUDE


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Added:
    return Added(tmp_path_factory.mktemp("package"), wrong=WRONG)


@pytest.fixture
def driver(tmp_path: Path) -> Path:
    folder = tmp_path / "drv"
    folder.mkdir()
    (folder / "d.c").write_text(BROKEN)
    return folder


FACES = {
    "diff": (["diff", "."], ""),
    "apply": (["apply", "."], ""),
    "format-patch": (["format-patch", ".", "-o", "out"], ""),
    "review": (["review", ".", "--apply"], "a\n"),
    "review-patches": (["review", ".", "-o", "out"], "a\n"),
    "review-page": (["review", ".", "--html", "page.html"], ""),
    "scan": (["scan", "."], ""),
    "scan-json": (["scan", ".", "--json"], ""),
}


@pytest.mark.few(2)
@pytest.mark.few(4)
@pytest.mark.parametrize("name", FACES)
def test_every_face_says_the_same_and_writes_nothing(name: str, package: Added,
                                                     driver: Path) -> None:
    words, stdin = FACES[name]
    done = package.run(*words, cwd=driver, code=5, stdin=stdin)
    assert "[changes-pages]" in done.stderr
    assert "netmem-migrate: .: its own check stops this conversion" in done.stderr
    assert (driver / "d.c").read_text() == BROKEN and not (driver / "out").exists()
    assert "netmem_ref" not in done.stdout and "+++" not in done.stdout
    if name == "scan":
        assert ".       stopped" in done.stdout
    elif name == "scan-json":
        (one,) = json.loads(done.stdout)["drivers"]
        assert one["verdict"] == "stopped" and not one["declarations"]
        assert {site["action"] for site in one["sites"]} == {"kept"}
    elif name != "review-page":
        assert ".: stopped: 0 declarations, 0 calls converted" in done.stderr


def test_the_library_says_so_by_values(package: Added, driver: Path) -> None:
    said = package.python(driver, """\
from pathlib import Path
from netmem_migrate import api
run = api.migrate([Path(".")], api="7.3")
(one,), (stopped,) = run.drivers, run.stopped
print(one.changes, one.edits, one.steps, one.report.verdict, run.exit_code)
print(stopped.driver, [finding.id for finding in stopped.findings], stopped.findings[0].file)
""")
    assert said == "() () () stopped 5\n. ['changes-pages'] d.c\n"


def test_others_of_the_same_run_are_converted(package: Added, driver: Path) -> None:
    root = driver.parent
    for name in ("MAINTAINERS", "Kbuild"):
        (root / name).write_text("")
    (root / "Makefile").write_text("VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n")
    (root / "include/linux").mkdir(parents=True)
    (root / "good").mkdir()
    (root / "good/g.c").write_text(PRELUDE)
    done = package.run("apply", "drv", "good", "--api", "7.3", cwd=root, code=5)
    assert done.stdout == f"{root / 'good/g.c'}\n"
    assert "drv: its own check stops this conversion" in done.stderr
    assert "netmem_ref" in (root / "good/g.c").read_text()
    assert (driver / "d.c").read_text() == BROKEN


def test_a_note_stops_nothing(driver: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note = Finding("d.c", 1, 1, "not-followed", "note", "f", "is not followed", "why")
    monkeypatch.setattr(judged, "check_migration", lambda migration, level: (note,))
    run = api.migrate([driver], api="7.3")
    assert not run.stopped and run.drivers[0].changes


def test_a_review_is_judged_as_it_was_accepted(driver: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    """What is accepted is another conversion than the whole, and is judged for itself."""
    from click.testing import CliRunner

    from netmem_migrate.cli import cli

    fault = Finding("d.c", 9, 1, "leak", "error", "f", "is leaked", "why")

    def judge(migration: Migration, level: str) -> tuple[Finding, ...]:
        return () if migration.report.verdict is Verdict.CONVERTED and all(
            site.reason != Reason(Why.ON_REQUEST) for site in migration.report.sites) else (fault,)

    monkeypatch.setattr(judged, "check_migration", judge)
    monkeypatch.setenv("XDG_CACHE_HOME", str(driver.parent / "cache"))
    result = CliRunner().invoke(cli, ["review", str(driver), "--apply", "--api", "7.3"],
                                input="y\nn\n")
    assert result.exit_code == 5
    assert "d.c:9: is leaked [leak]" in result.stderr
    assert (driver / "d.c").read_text() == BROKEN
