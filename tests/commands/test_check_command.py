# SPDX-License-Identifier: GPL-2.0-only
"""`check`: sources, patches, series, formats, exit codes, and bad input."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sarif_tools import check
from tools import run

from netmem_migrate import judged
from netmem_migrate.errors import InputError
from netmem_migrate.results import Finding

LEAK = """\
#include <net/page_pool/helpers.h>

int demo_take(struct page_pool *pool, int busy)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(pool);

	if (!netmem)
		return -12;
	if (busy)
		return -16;
	page_pool_put_full_netmem(pool, netmem, false);
	return 0;
}
"""


@pytest.fixture
def leaking(tmp_path: Path) -> Path:
    file = tmp_path / "demo.c"
    file.write_text(LEAK)
    return file


def test_a_leak_is_a_line_like_a_compilers(leaking: Path) -> None:
    result = run("check", str(leaking))
    assert result.exit_code == 1
    assert "demo.c:" in result.stdout and "error: " in result.stdout and "[leak]" in result.stdout
    assert "1 error" in result.stderr


def test_sources_without_fault_are_silent(tmp_path: Path) -> None:
    (tmp_path / "demo.c").write_text(LEAK.replace("\tif (busy)\n\t\treturn -16;\n", ""))
    result = run("check", str(tmp_path))
    assert (result.exit_code, result.stdout) == (0, "")


def test_rules_are_chosen(leaking: Path) -> None:
    assert run("check", "--ignore", "leak", str(leaking)).exit_code == 0
    assert run("check", "--rule", "double-release", str(leaking)).exit_code == 0
    assert run("check", "--rule", "leak", str(leaking)).exit_code == 1
    said = run("check", "--list-rules").stdout
    assert "leak " in said and "changed-behaviour" in said


def test_json_and_sarif(leaking: Path, tmp_path: Path) -> None:
    result = run("check", "--json", "--sarif", str(tmp_path / "log.sarif"), str(leaking))
    (finding,) = json.loads(result.stdout)["findings"]
    assert finding["id"] == "leak" and finding["line"] and finding["why"]
    assert [one["ruleId"] for one in check((tmp_path / "log.sarif").read_text())] == ["leak"]


@pytest.fixture
def patch(home: Path, kernel_tree: Path, tmp_path: Path) -> Path:
    result = run("format-patch", str(kernel_tree / "drivers/net/demo"), "-o", str(tmp_path / "out"))
    assert result.exit_code == 0, result.output
    (found,) = (tmp_path / "out").glob("*.patch")
    return found


def test_a_patch_of_the_tool_passes(patch: Path, kernel_tree: Path) -> None:
    result = run("check", str(patch), "--kernel", str(kernel_tree))
    assert (result.exit_code, result.stdout) == (0, ""), result.output


def test_a_changed_patch_does_not(patch: Path, kernel_tree: Path) -> None:
    text = patch.read_text()
    line = next(one for one in text.splitlines() if one.startswith("+")
                and "page_pool_put_full_netmem" in one)
    patch.write_text(text.replace(line, line.replace("full_netmem", "unrefed_netmem")))
    result = run("check", str(patch), "--kernel", str(kernel_tree))
    assert result.exit_code == 1 and "drivers/net/demo/demo.c:" in result.stdout


def test_b4_is_answered_in_json(patch: Path, kernel_tree: Path) -> None:
    result = run("check", "--b4", "--kernel", str(kernel_tree), "-", input=patch.read_bytes())
    assert result.exit_code == 0
    assert [one["status"] for one in json.loads(result.stdout)] == ["pass"]


def test_a_folder_of_patches_is_a_series(patch: Path, kernel_tree: Path) -> None:
    result = run("check", str(patch.parent), "--kernel", str(kernel_tree))
    assert result.exit_code == 1  # nobody signed it off
    assert "fail  sign-off" in result.stdout and "pass  git-am" in result.stdout
    assert result.stderr.splitlines()[-1].startswith("1 error, 0 warnings, ")


def test_every_form_says_the_same_of_a_series(patch: Path, kernel_tree: Path,
                                              tmp_path: Path) -> None:
    """What fails in netdev's list is an error wherever errors are counted."""
    words = ("check", str(patch.parent), "--kernel", str(kernel_tree))
    sarif = tmp_path / "x.sarif"
    done = run(*words, "--json", "--sarif", str(sarif))
    told = json.loads(done.stdout)
    wrong = [one["name"] for one in told["series"] if one["status"] == "fail"]
    assert wrong == ["sign-off"]
    severities = [one["severity"] for one in (*told["series"], *told["findings"])]
    assert severities.count("error") == 1 and "warning" not in severities
    levels = [(one["ruleId"], one["level"])
              for one in json.loads(sarif.read_text())["runs"][0]["results"]]
    assert [one for one in levels if one[1] == "error"] == [("series-sign-off", "error")]
    assert len([one for one in levels if one[1] == "note"]) == severities.count("note")
    answers = json.loads(run(*words, "--b4").stdout)
    assert [one["summary"].partition(":")[0] for one in answers if one["status"] == "fail"] == wrong
    assert done.exit_code == 1


@pytest.mark.parametrize(("least", "code"), [
    ("error", 0), ("warning", 0), ("note", 1), ("never", 0)])
def test_from_which_severity_on_it_fails(least: str, code: int, tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text("void drop(struct page_pool *pool, netmem_ref netmem)\n{\n\tif (netmem) )\n"
                    "\t\tpage_pool_put_full_netmem(pool, netmem, false);\n}\n")
    result = run("check", "--api", "7.3", "--fail-on", least, str(file))
    assert "0 errors, 0 warnings, 1 note" in result.stderr and result.exit_code == code


@pytest.mark.parametrize("name", ["diff", "apply", "format-patch"])
def test_a_finding_stops_what_would_be_written(name: str, kernel_tree: Path, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("drivers/net/demo/demo.c", 7, 1, "leak", "error", "f", "is leaked", "why")
    monkeypatch.setattr(judged, "check_migration", lambda migration, level: (finding,))
    file = kernel_tree / "drivers/net/demo/demo.c"
    before = file.read_bytes()
    out = ["-o", str(tmp_path / "out")] if name == "format-patch" else []
    result = run(name, str(kernel_tree / "drivers/net/demo"), *out)
    assert result.exit_code == 5
    assert "drivers/net/demo/demo.c:7: is leaked [leak]" in result.stderr
    assert file.read_bytes() == before and not (tmp_path / "out").exists()
    assert "netmem" not in result.stdout


@pytest.mark.parametrize(("make", "message"), [
    (lambda folder: folder / "gone.c", "no such file"),
    (lambda folder: _write(folder / "x.patch", b"hello\n"), "not a patch"),
    (lambda folder: _write(folder / "x.c", b"\0\0"), "binary"),
    (lambda folder: _write(folder / "x.txt", b"text"), "not a .c or .h"),
])
def test_bad_input_is_one_line(make: Callable[[Path], str], message: str, kernel_tree: Path,
                               tmp_path: Path) -> None:
    result = run("check", str(make(tmp_path)), *(
        ["--kernel", str(kernel_tree)] if "patch" in message else []))
    assert isinstance(result.exception, InputError)  # which main() prints, and exits with 4
    assert message in str(result.exception) and "\n" not in str(result.exception)


def test_an_unknown_rule_is_named(leaking: Path) -> None:
    result = run("check", "--rule", "nonsense", str(leaking))
    assert isinstance(result.exception, InputError) and "nonsense" in str(result.exception)


def _write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("given", [
    b"", b"no patch\n", b"From: a\n\n--- a/x.c\n+++ b/x.c\n@@ nonsense\n",
    b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-a\n+b\n"])
def test_b4_is_answered_whatever_it_gives(given: bytes, kernel_tree: Path) -> None:
    result = run("check", "--b4", "--kernel", str(kernel_tree), "-", input=given)
    (answer,) = json.loads(result.stdout)
    assert result.exit_code == 0
    assert answer["status"] == "fail" and answer["summary"].startswith("not checked: ")
    plain = run("check", "--kernel", str(kernel_tree), "-", input=given)
    assert isinstance(plain.exception, InputError) and not plain.stdout
