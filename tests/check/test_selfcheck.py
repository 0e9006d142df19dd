# SPDX-License-Identifier: GPL-2.0-only
"""The self-check: a good series passes every rule, and each fault is found by its own rule."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from git_tools import clean_home, commit_all, git
from series_tools import DEMO, OTHER, convert, make_tree

from netmem_migrate.check.series.selfcheck import MIRRORED, check_series
from netmem_migrate.errors import InputError
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.report.norms import Norm

pytestmark = pytest.mark.usefixtures("home")
OF_THE_TREE = {"git-am", "whitespace", "base-commit", "checkpatch", "declaration-order",
               "kernel-doc", "recipients"}


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree and a signed series of two patches with its cover letter, made once to be copied."""
    folder = tmp_path_factory.mktemp("ready")
    with pytest.MonkeyPatch.context() as patch:
        clean_home(folder, patch)
        root = make_tree(folder / "linux")
        write_series(convert(root, DEMO, OTHER), folder / "out",
                     SeriesOptions(together=True, signoff=True, recipients=True))
    return folder


@pytest.fixture
def tree(ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ready / "linux", tmp_path / "linux"))


@pytest.fixture
def series(ready: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ready / "out", tmp_path / "out"))


def troubles(checks: tuple[Norm, ...]) -> dict[str, str]:
    """Name and status of what is not a pass."""
    return {check.name: check.status for check in checks if check.status != "pass"}


def text_of(checks: tuple[Norm, ...], name: str) -> str:
    (found,) = [check.text for check in checks if check.name == name]
    return found


def first(series: Path) -> Path:
    return next(series.glob("0001-*.patch"))


def edit(path: Path, old: str, new: str, count: int = 1) -> None:
    text = path.read_text()
    assert old in text, old
    path.write_text(text.replace(old, new, count))


# -- what is fine


def test_a_good_series_passes_every_check(tree: Path, series: Path) -> None:
    checks = check_series(series, kernel=tree)
    assert troubles(checks) == {}
    assert len(checks) == len({check.name for check in checks}) == 23
    assert all(check.text and "\n" not in check.text for check in checks)
    assert MIRRORED in text_of(checks, "rules")


@pytest.mark.parametrize("options", [
    SeriesOptions(signoff=True, recipients=True),
    SeriesOptions(signoff=True, recipients=True, rfc=True, version=3),
    SeriesOptions(signoff=True, recipients=True, cover_letter=True),
    SeriesOptions(signoff=True, recipients=True, trailer=True),
], ids=["one", "rfc-v3", "cover", "trailer"])
def test_a_good_series_passes_in_a_git_tree(
    tree: Path, tmp_path: Path, options: SeriesOptions
) -> None:
    commit_all(tree)
    write_series(convert(tree, DEMO), tmp_path / "out", options)
    assert troubles(check_series(tmp_path / "out", kernel=tree)) == {}


def test_a_new_version_is_checked_and_the_old_one_is_not(tree: Path, series: Path) -> None:
    first(series).write_text("not a patch\n")
    write_series(convert(tree, DEMO, OTHER), series,
                 SeriesOptions(together=True, signoff=True, recipients=True, version=2))
    assert troubles(check_series(series, kernel=tree)) == {}


def test_a_range_diff_is_no_part_of_the_patch(tree: Path, series: Path) -> None:
    edit(first(series), "+\tbuf->netmem = netmem;", "+\tbuf->netmem = (netmem);")
    write_series(convert(tree, DEMO, OTHER), series, SeriesOptions(
        together=True, signoff=True, recipients=True, previous=series))
    assert troubles(check_series(series, kernel=tree)) == {}


def test_without_a_tree_nothing_passes_that_needs_one(series: Path) -> None:
    checks = check_series(series, kernel=None)
    assert set(troubles(checks).values()) == {"warn"}
    assert set(troubles(checks)) == OF_THE_TREE


# -- what is not


def resubject(old: str, new: str) -> Callable[[Path], None]:
    return lambda series: edit(first(series), old, new)


def line_in_body(line: str) -> Callable[[Path], None]:
    return lambda series: edit(first(series), "\nNo functional", f"\n{line}\n\nNo functional")


def added(line: str) -> Callable[[Path], None]:
    """Put one more added line into the first hunk, and keep all counts right."""

    def spoil(series: Path) -> None:
        path = first(series)
        text = path.read_text()
        text = re.sub(r"^@@ -3,11 \+3,11 @@", "@@ -3,11 +3,12 @@", text, count=1, flags=re.M)
        text = text.replace("+\tnetmem_ref netmem;\n", f"+\tnetmem_ref netmem;\n+{line}\n", 1)
        head, rest = text.split("\ndiff --git", 1)
        head = re.sub(r"(\d+) insertions", lambda m: f"{int(m[1]) + 1} insertions", head)
        head = re.sub(r"(demo_rx\.c \| )(\d+)", lambda m: m[1] + str(int(m[2]) + 1), head)
        path.write_text(head + "\ndiff --git" + rest)
        for cover in series.glob("0000-*.patch"):
            cover.write_text(re.sub(r"(\d+) insertions", lambda m: f"{int(m[1]) + 1} insertions",
                                    cover.read_text()))

    return spoil


def unsigned(series: Path) -> None:
    edit(first(series), "Signed-off-by: Jane Developer <jane@example.org>\n", "")


def no_letter(series: Path) -> None:
    next(series.glob("0000-*.patch")).unlink()


def placeholder(series: Path) -> None:
    cover = next(series.glob("0000-*.patch"))
    cover.write_text(re.sub(r"(?s)Hold memory.*?\n\n", "*** BLURB HERE ***\n\n", cover.read_text(),
                            count=1))


def no_tree(series: Path) -> None:
    for path in series.glob("*.patch"):
        edit(path, "[PATCH net-next ", "[PATCH ")


FAULTS: list[tuple[str, str, str, Callable[[Path], object], str]] = [
    ("renamed", "names", "fail", lambda s: first(s).rename(s / "demo.patch"), "not named NNNN"),
    ("missing", "names", "fail", lambda s: first(s).unlink(), "one is missing"),
    ("number", "names", "fail", resubject("1/2]", "2/2]"), "says 2/2"),
    ("total", "names", "fail", resubject("1/2]", "1/3]"), "of 2 patches"),
    ("no-tree", "prefix", "warn", no_tree, "no tree"),
    ("upper-tree", "prefix", "fail", resubject("PATCH net-next", "PATCH NET-NEXT"), "lower case"),
    ("version", "prefix", "fail", resubject("net-next 1/2", "net-next v2 1/2"), "says v2"),
    ("mixed", "prefix", "fail", resubject("[PATCH net-next", "[RFC net-next"), "brackets differ"),
    ("no-cover", "cover-letter", "warn", no_letter, "without a cover letter"),
    ("placeholder", "cover-letter", "fail", placeholder, "placeholder"),
    ("cover-totals", "cover-letter", "fail",
     lambda s: edit(next(s.glob("0000-*")), "2 files changed", "3 files changed"), "counts 3"),
    ("long-subject", "subject", "warn",
     resubject("net: demo: convert", "net: demo: convert at last and for good and all the many"),
     "characters"),
    ("no-prefix", "subject", "fail", resubject("net: demo: convert", "convert"), "subsystem"),
    ("file-name", "subject", "warn", resubject("net: demo:", "demo_rx.c:"), "file name"),
    ("same", "subject", "fail", resubject("net: demo:", "net: other:"), "2 patches are called"),
    ("full-stop", "subject", "warn", resubject("to netmem\n", "to netmem.\n"), "full stop"),
    ("wide", "message", "warn", line_in_body("word " * 20), "100 columns"),
    ("hash", "message", "fail", line_in_body("#include <net/netmem.h>"), "git drops"),
    ("diff-like", "message", "fail", line_in_body("  +++ b/drivers/x.c"), "looks like a diff"),
    ("short", "message", "fail",
     lambda s: first(s).write_text(re.sub(r"(?s)\nHold mem.*?\n  netmem-migrate.*?\n\n",
                                          "\nConvert.\n\n", first(s).read_text(), count=1)),
     "hardly any"),
    ("unsigned", "sign-off", "fail", unsigned, "again with -s"),
    ("other-signed", "sign-off", "fail",
     lambda s: edit(first(s), "Signed-off-by: Jane", "Signed-off-by: June"), "not by its author"),
    ("acked", "tags", "warn",
     lambda s: edit(first(s), "\nSigned-off", "\nAcked-by: A <a@b.c>\nSigned-off"), "permission"),
    ("change-id", "tags", "fail",
     lambda s: edit(first(s), "\nSigned-off", "\nChange-Id: I1\nSigned-off"), "another review"),
    ("fixes", "tags", "warn",
     lambda s: edit(first(s), "\nSigned-off", '\nFixes: 012345678901 ("x")\nSigned-off'),
     "a fix goes to net"),
    ("crlf", "mail", "fail",
     lambda s: first(s).write_bytes(first(s).read_bytes().replace(b"\n", b"\r\n")), "CRLF"),
    ("base64", "mail", "fail",
     lambda s: edit(first(s), "\nSubject:", "\nContent-Transfer-Encoding: base64\nSubject:"),
     "base64"),
    ("noprefix", "diff", "fail",
     lambda s: first(s).write_text(first(s).read_text().replace(" a/d", " d")
                                   .replace(" b/d", " d")), "without a/ and b/"),
    ("no-index", "diff", "fail",
     lambda s: first(s).write_text(re.sub(r"(?m)^index .*\n", "", first(s).read_text())),
     "without an index line"),
    ("short-index", "diff", "warn",
     lambda s: first(s).write_text(re.sub(r"(?m)^(index \w{7})\w*(\.\.\w{7})\w*", r"\1\2",
                                          first(s).read_text())), "short object ids"),
    ("label", "diff", "warn",
     lambda s: first(s).write_text(re.sub(r"(?m)^(@@ .* @@) static.*", r"\1 out:",
                                          first(s).read_text())), "label out:"),
    ("hand-edited", "diffstat", "fail",
     lambda s: edit(first(s), "10 deletions(-)", "11 deletions(-)"), "the diffstat says"),
    ("long-line", "columns", "warn", added("\tint " + "x" * 80 + ";"), "over 80"),
    ("inline", "inline", "fail", added("static inline int one(void)"), "inline in a .c file"),
    ("module-param", "deprecated-api", "fail", added("module_param(x, int, 0);"),
     "module parameter"),
    ("free", "deprecated-api", "warn", added("\tvoid *x __free(kfree);"), "__free"),
    ("moved-base", "git-am", "fail", lambda s: edit(first(s), " \tring->count++;", " \tfoo();"),
     "git am does not take it"),
    ("leads-out", "git-am", "fail",
     lambda s: first(s).write_text(first(s).read_text().replace(DEMO, "../../" + DEMO)),
     "outside of the tree"),
    ("offset", "whitespace", "warn",
     lambda s: edit(first(s), "@@ -3,11 +3,11 @@", "@@ -4,11 +4,11 @@"), "another base"),
    ("white-space", "whitespace", "fail", added("\tint x; "), "git apply"),
    ("checkpatch-error", "checkpatch", "fail", added("\tint fail_me;"), "BAD: wrong"),
    ("checkpatch-warning", "checkpatch", "warn", added("\tint warn_me;"), "LONG_LINE"),
    ("kernel-doc", "kernel-doc", "fail",
     lambda s: edit(first(s), "+ * @netmem:", "+ * @netmen:"), "Excess struct member"),
    ("nobody", "recipients", "warn", lambda s: (s / "send/recipients").unlink(), "nobody is in"),
    ("somebody", "recipients", "warn",
     lambda s: edit(s / "send/recipients", "Cc: netdev@", "Cc: other@"), "not copied: netdev@"),
    ("base-unknown", "base-commit", "warn",
     lambda s: edit(first(s), "\n-- \n", f"\nbase-commit: {'1' * 40}\n-- \n"),
     "cannot be looked up"),
]


@pytest.mark.parametrize(("name", "status", "spoil", "says"),
                         [fault[1:] for fault in FAULTS], ids=[fault[0] for fault in FAULTS])
def test_each_fault_is_found(
    tree: Path, series: Path, name: str, status: str, spoil: Callable[[Path], object], says: str
) -> None:
    spoil(series)
    checks = check_series(series, kernel=tree if name in OF_THE_TREE else None)
    assert troubles(checks).get(name) == status, (troubles(checks), text_of(checks, name))
    assert says in text_of(checks, name)


def test_more_than_15_patches(tree: Path, tmp_path: Path) -> None:
    (source,) = write_series(convert(tree, DEMO), tmp_path / "out", SeriesOptions(signoff=True))
    for number in range(2, 18):
        (tmp_path / "out" / f"{number:04}-x{number}.patch").write_text(source.read_text())
    checks = check_series(tmp_path / "out", kernel=None)
    assert troubles(checks)["count"] == "fail"
    assert "split the series" in text_of(checks, "count")


def test_declarations_that_were_in_order_stay_so(tree: Path, tmp_path: Path) -> None:
    file = tree / DEMO / "demo_rx.c"
    file.write_text(file.read_text().replace("\tint err = -ENOMEM;", "\tint err = -EIO;"))
    (patch,) = write_series(convert(tree, DEMO), tmp_path / "out", SeriesOptions(signoff=True))
    assert "declaration-order" not in troubles(check_series(tmp_path / "out", kernel=tree))
    edit(patch, "-\tstruct page *page;\n+\tnetmem_ref netmem;\n \tint err = -EIO;\n",
         "-\tstruct page *page;\n \tint err = -EIO;\n+\tnetmem_ref netmem;\n")
    checks = check_series(tmp_path / "out", kernel=tree)
    assert troubles(checks)["declaration-order"] == "fail"
    assert "longest line first" in text_of(checks, "declaration-order")


def test_declarations_that_were_out_of_order_are_not_sorted(tree: Path, tmp_path: Path) -> None:
    file = tree / DEMO / "demo_rx.c"
    file.write_text(file.read_text().replace("\tstruct page *page;\n\tint err = -ENOMEM;",
                                             "\tint err;\n\tstruct page *page;\n").replace(
        "\tring->count++;", "\terr = -ENOMEM;", 1))
    write_series(convert(tree, DEMO), tmp_path / "out", SeriesOptions(signoff=True))
    assert "declaration-order" not in troubles(check_series(tmp_path / "out", kernel=tree))


def test_a_tree_that_asks_for_disclosure(tree: Path, series: Path) -> None:
    (tree / "Documentation/process/coding-assistants.rst").write_text(
        "Form::\n\n  Assisted-by: AGENT:VERSION [TOOL]\n")
    checks = check_series(series, kernel=tree)
    assert troubles(checks) == {"disclosure": "warn"}
    assert "asks for `Assisted-by: netmem-migrate:" in text_of(checks, "disclosure")


def test_a_tree_with_another_limit_is_said(tree: Path, series: Path) -> None:
    (tree / "Documentation/process/maintainer-netdev.rst").write_text("(> 10 patches)\n")
    assert "takes 10 patches" in text_of(check_series(series, kernel=tree), "rules")


def test_base_commit_of_a_git_tree(tree: Path, tmp_path: Path) -> None:
    head = commit_all(tree)
    (patch,) = write_series(convert(tree, DEMO), tmp_path / "out",
                            SeriesOptions(signoff=True, recipients=True))
    text = patch.read_text()
    patch.write_text(text.replace(head, "1" * len(head)))
    checks = check_series(tmp_path / "out", kernel=tree)
    assert troubles(checks) == {"base-commit": "fail"}
    patch.write_text(text.replace(f"base-commit: {head}\n", ""))
    assert troubles(check_series(tmp_path / "out", kernel=tree)) == {"base-commit": "warn"}


def test_a_base_commit_that_nobody_else_has(tree: Path, tmp_path: Path) -> None:
    head = commit_all(tree)
    write_series(convert(tree, DEMO), tmp_path / "out",
                 SeriesOptions(signoff=True, recipients=True))
    assert not troubles(check_series(tmp_path / "out", kernel=tree))
    subprocess.run(["git", "commit", "-q", "--allow-empty", "-m", "theirs"], cwd=tree, check=True)
    git = ["git", "-C", str(tree)]
    subprocess.run([*git, "update-ref", "refs/remotes/origin/main", "HEAD"], check=True)
    assert not troubles(check_series(tmp_path / "out", kernel=tree))
    other = subprocess.run([*git, "commit-tree", "-m", "other", "HEAD^{tree}"], check=True,
                           capture_output=True, text=True).stdout.strip()
    subprocess.run([*git, "update-ref", "refs/remotes/origin/main", other], check=True)
    checks = check_series(tmp_path / "out", kernel=tree)
    assert troubles(checks) == {"base-commit": "warn"}
    assert f"no remote branch has base-commit {head[:12]}" in text_of(checks, "base-commit")


def test_an_author_whom_git_does_not_know_is_said(
    tree: Path, series: Path, home: Path
) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Jo\n\temail = jo@example.org\n")
    checks = check_series(series, kernel=tree)
    assert troubles(checks) == {"sign-off": "warn"}
    (home / ".gitconfig").write_text("")
    assert troubles(check_series(series, kernel=tree)) == {}


def test_mail_headers_count_as_recipients(tree: Path, series: Path) -> None:
    (series / "send/recipients").unlink()
    edit(first(series), "\nSubject:", "\nTo: Ann O'Neil <ann@acme.example>, bob@acme.example\n"
         "Cc: netdev@lists.example\nSubject:")
    assert troubles(check_series(series, kernel=tree)) == {}


def test_the_tree_and_the_series_are_not_written(tree: Path, series: Path) -> None:
    commit_all(tree)
    before = {path: path.read_bytes() for path in [*tree.rglob("*"), *series.rglob("*")]
              if path.is_file()}
    check_series(series, kernel=tree)
    assert {path: path.read_bytes() for path in [*tree.rglob("*"), *series.rglob("*")]
            if path.is_file()} == before
    assert git(tree, "status", "--porcelain") == b""


@pytest.mark.parametrize(("make", "says"), [
    (lambda path: None, "not a folder"),
    (lambda path: path.mkdir(), "no \\*.patch file here; format-patch"),
    (lambda path: ((path / "demo").mkdir(parents=True), (path / "demo/0001-x.patch").touch()),
     "one of the folders in it \\(demo\\)"),
])
def test_a_folder_without_patches_is_refused(
    tmp_path: Path, make: Callable[[Path], object], says: str
) -> None:
    make(tmp_path / "none")
    with pytest.raises(InputError, match=says):
        check_series(tmp_path / "none", kernel=None)


def test_a_file_that_is_no_patch_fails_and_does_not_crash(tree: Path, series: Path) -> None:
    first(series).write_bytes(b"\xff\xfe nothing\n")
    checks = check_series(series, kernel=tree)
    assert {"prefix", "subject", "diff", "sign-off", "git-am"} <= set(troubles(checks))
