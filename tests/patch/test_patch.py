# SPDX-License-Identifier: GPL-2.0-only
"""Diffs, in-place writing, series and reports, with real git in scratch repositories."""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from git_tools import commit_all, git, make_hostile

from netmem_migrate.errors import InputError
from netmem_migrate.git.diff import changes_of, diff
from netmem_migrate.patch import message, subject
from netmem_migrate.patch.apply import apply
from netmem_migrate.patch.kinds import Subject
from netmem_migrate.patch.plan import steps_of
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.reasons import Category, Detail, Reason, Why
from netmem_migrate.report import json as report_json
from netmem_migrate.report import outputs
from netmem_migrate.results import (
    Action,
    Basis,
    Declaration,
    DriverReport,
    Edit,
    Evidence,
    FileChange,
    Migration,
    Origin,
    Refusal,
    Requirement,
    Run,
    Site,
    Standing,
    Verdict,
)
from netmem_migrate.terminal import summary as terminal

pytestmark = pytest.mark.usefixtures("home")
DEMO = "drivers/net/ethernet/acme/demo"
OTHER = "drivers/net/ethernet/acme/other"

SOURCE = b"""// SPDX-License-Identifier: GPL-2.0-only
/* Author: J\xfcrgen, in latin-1 */

static int demo_fill(struct demo_ring *ring)
{
	struct page *page;

	if (!ring)
		goto out;

	ring->count++;
	ring->count++;
	ring->count++;
out:
	ring->count++;
	ring->count++;
	ring->count++;
	page = page_pool_dev_alloc_pages(ring->pool);
	return page ? 0 : -ENOMEM;
}
"""

def converted(source: bytes) -> bytes:
    """What a conversion of SOURCE would give; the tests here are about writing it."""
    return (
        source.replace(b"struct page *page;", b"netmem_ref netmem;")
        .replace(b"page = page_pool_dev_alloc_pages", b"netmem = page_pool_dev_alloc_netmems")
        .replace(b"return page ?", b"return netmem ?")
    )


def migration(path: str, before: bytes = SOURCE, verdict: Verdict = Verdict.CONVERTED) -> Migration:
    file = f"{path}/rx.c"
    report = DriverReport(
        path,
        (file,),
        verdict,
        declarations=(
            Declaration(
                file, 6, "demo_fill", "local", "page", "netmem", "struct page *", "netmem_ref"
            ),
            Declaration(
                file, 2, "", "member", "demo_buf.page", "demo_buf.netmem", "struct page *",
                "netmem_ref",
            ),
        ),
        sites=(
            Site(
                file, 18, "demo_fill", "page_pool_dev_alloc_pages", Action.CONVERTED,
                "page_pool_dev_alloc_netmems",
            ),
            Site(
                file, 30, "demo_xdp", "page_pool_put_page", Action.KEPT, "",
                Reason(Why.BLOCKED, slot="page", file=file, line=31,
                       because=Reason(Why.PASSED, "xdp_send")), Detail.OTHER,
            ),
        ),
        requirements={"rx.3": Requirement(
            Standing.MET, Basis.NETMEM, (Evidence(file, 18, "page_pool_dev_alloc_netmems"),))},
    )  # fmt: skip
    if verdict is Verdict.PARTIAL:
        refusal = Refusal(file, 40, "struct demo_buf.data", Category.MIXED_ORIGIN,
                          Reason(Why.HOLDS_TOO, "kmalloc()"),
                          (Origin(file, 41, "kmalloc()"),))  # fmt: skip
        report = replace(report, refusals=(refusal,))
    edits = (Edit(file, 0, 1, b"", "allocation"), Edit(file, 1, 2, b"", "declarations"))
    return Migration(report, (FileChange(file, before, converted(before)),), edits)


def run_of(root: Path, *paths: str, verdict: Verdict = Verdict.CONVERTED) -> Run:
    return Run(root, "7.3.4", "7.3", tuple(migration(path, verdict=verdict) for path in paths))


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """An unpacked tree with two drivers, not a git one."""
    root = tmp_path / "linux"
    for path in (DEMO, OTHER):
        (root / path).mkdir(parents=True)
        (root / path / "rx.c").write_bytes(SOURCE)
    (root / ".gitattributes").write_text("*.[ch] diff=cpp\n")
    (root / "MAINTAINERS").write_text("nobody\n")
    return root


@pytest.fixture
def git_tree(tree: Path) -> Path:
    """The same tree, committed."""
    commit_all(tree)
    return tree


def snapshot(root: Path) -> dict[str, str]:
    """Every file below a folder and a digest of it, .git included."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def texts(files: tuple[Path, ...]) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in files}


def without_base(files: tuple[Path, ...]) -> dict[str, bytes]:
    return {
        name: re.sub(rb"\nbase-commit: [0-9a-f]{40}\n(?=-- )", b"", text)
        for name, text in texts(files).items()
    }


# -- diff


def test_diff_applies_and_gives_the_converted_bytes(tree: Path) -> None:
    run = run_of(tree, DEMO)
    git(tree, "apply", stdin=diff(tree, changes_of(run)))
    assert (tree / DEMO / "rx.c").read_bytes() == converted(SOURCE)


def test_diff_names_the_function_and_not_the_label(tree: Path) -> None:
    hunks = [line for line in diff(tree, changes_of(run_of(tree, DEMO))).splitlines()
             if line.startswith(b"@@")]  # fmt: skip
    assert len(hunks) == 2
    assert hunks[1].endswith(b"static int demo_fill(struct demo_ring *ring)")


def test_diff_names_the_function_where_the_tree_has_no_attributes(tree: Path) -> None:
    (tree / ".gitattributes").unlink()
    assert b"@@ static int demo_fill(" in diff(tree, changes_of(run_of(tree, DEMO)))


def test_diff_of_nothing_is_empty(tree: Path) -> None:
    assert diff(tree, ()) == b""
    assert changes_of(Run(tree, "", "7.3", ())) == ()
    same = Migration(migration(DEMO).report, (FileChange("a.c", SOURCE, SOURCE),))
    assert changes_of(Run(tree, "", "7.3", (same,))) == ()


def test_diff_keeps_bytes_that_are_not_utf_8_and_crlf(tree: Path) -> None:
    before = SOURCE.replace(b"\n", b"\r\n")
    (tree / DEMO / "rx.c").write_bytes(before)
    run = Run(tree, "", "7.3", (migration(DEMO, before),))
    git(tree, "apply", stdin=diff(tree, changes_of(run)))
    assert (tree / DEMO / "rx.c").read_bytes() == converted(before)


def test_diff_color_and_stat(tree: Path) -> None:
    changes = changes_of(run_of(tree, DEMO))
    assert b"\x1b[" not in diff(tree, changes)
    assert b"\x1b[" in diff(tree, changes, color=True)
    stat_text = diff(tree, changes, stat=True)
    assert b"1 file changed, 3 insertions(+), 3 deletions(-)" in stat_text
    assert b"@@" not in stat_text


def test_diff_has_the_same_bytes_under_hostile_settings(
    tree: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = changes_of(run_of(tree, DEMO, OTHER))
    plain = diff(tree, changes), diff(tree, changes, stat=True)
    make_hostile(home, monkeypatch)
    assert (diff(tree, changes), diff(tree, changes, stat=True)) == plain


def test_two_drivers_that_change_a_file_differently_are_refused(tree: Path) -> None:
    one, two = migration(DEMO), migration(DEMO)
    two = replace(two, changes=(replace(two.changes[0], after=b"other\n"),))
    with pytest.raises(InputError, match=r"rx\.c: two of the given drivers change it"):
        changes_of(Run(tree, "", "7.3", (one, two)))
    assert len(changes_of(Run(tree, "", "7.3", (one, one)))) == 1


# -- apply


def test_apply_replaces_files_and_keeps_their_mode(tree: Path) -> None:
    file = tree / DEMO / "rx.c"
    file.chmod(0o640)
    assert apply((tree, changes_of(run_of(tree, DEMO)))) == (file,)
    assert file.read_bytes() == converted(SOURCE)
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert [path.name for path in (tree / DEMO).iterdir()] == ["rx.c"]


def test_apply_does_not_write_through_hard_links(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "linked.c").hardlink_to(tree / DEMO / "rx.c")
    apply((tree, changes_of(run_of(tree, DEMO))))
    assert (tmp_path / "linked.c").read_bytes() == SOURCE


def test_apply_follows_a_link_inside_the_tree(tree: Path) -> None:
    file = tree / DEMO / "rx.c"
    file.rename(tree / "real.c")
    file.symlink_to(tree / "real.c")
    apply((tree, changes_of(run_of(tree, DEMO))))
    assert file.is_symlink()
    assert (tree / "real.c").read_bytes() == converted(SOURCE)


def link_out(root: Path) -> None:
    file = root / OTHER / "rx.c"
    file.rename(root.parent / "outside.c")
    file.symlink_to(root.parent / "outside.c")


def make_folder(root: Path) -> None:
    (root / OTHER / "rx.c").unlink()
    (root / OTHER / "rx.c").mkdir()


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda root: (root / OTHER / "rx.c").write_bytes(b"new\n"), "changed since it was read"),
        (lambda root: (root / OTHER / "rx.c").unlink(), "no such file"),
        (lambda root: (root / OTHER / "rx.c").chmod(0o444), "read-only; make it writable"),
        (lambda root: (root / OTHER).chmod(0o555), "a read-only folder"),
        (make_folder, "not an ordinary file"),
        (link_out, "leads out of the tree"),
    ],
    ids=["changed", "missing", "read-only", "read-only-folder", "folder", "link-out"],
)
def test_apply_writes_nothing_where_one_file_cannot_be_written(
    tree: Path, spoil: Callable[[Path], object], says: str
) -> None:
    spoil(tree)
    before = snapshot(tree)
    with pytest.raises(InputError, match=says) as caught:
        apply((tree, changes_of(run_of(tree, DEMO, OTHER))))
    assert "nothing was written" in str(caught.value)
    assert OTHER in str(caught.value)
    (tree / OTHER).chmod(0o755)
    assert snapshot(tree) == before


@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_apply_rolls_back_when_a_rename_fails(
    tree: Path, monkeypatch: pytest.MonkeyPatch, kind: type[BaseException]
) -> None:
    before = snapshot(tree)
    real = Path.replace

    def failing(self: Path, target: Path) -> Path:
        if str(target).endswith(f"{OTHER}/rx.c"):
            raise kind(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "replace", failing)
    expected = InputError if kind is OSError else KeyboardInterrupt
    with pytest.raises(expected):
        apply((tree, changes_of(run_of(tree, DEMO, OTHER))))
    assert snapshot(tree) == before


# -- series


def test_series_applies_with_git_am_and_gives_what_apply_gives(
    git_tree: Path, tmp_path: Path
) -> None:
    run = run_of(git_tree, DEMO, OTHER)
    files = write_series(run, tmp_path / "out", SeriesOptions(together=True))
    assert [file.name for file in files] == [
        "0000-cover-letter.patch",
        "0001-net-demo-convert-page_pool-memory-to-netmem.patch",
        "0002-net-other-convert-page_pool-memory-to-netmem.patch",
    ]
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(git_tree), str(clone))
    git(clone, "am", "--quiet", *(str(file) for file in files[1:]))
    apply((git_tree, changes_of(run)))
    for path in (DEMO, OTHER):
        assert (clone / path / "rx.c").read_bytes() == (git_tree / path / "rx.c").read_bytes()
    head = git(git_tree, "rev-parse", "HEAD").strip()
    assert b"base-commit: " + head in files[0].read_bytes()


def test_series_leaves_the_repository_untouched(git_tree: Path, tmp_path: Path) -> None:
    (git_tree / "MAINTAINERS").write_text("staged\n")
    git(git_tree, "add", "MAINTAINERS")
    (git_tree / "MAINTAINERS").write_text("not staged\n")
    before = snapshot(git_tree)
    write_series(run_of(git_tree, DEMO), tmp_path / "out", SeriesOptions())
    assert snapshot(git_tree) == before


def test_series_has_the_same_bytes_everywhere(
    tree: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(root: Path, name: str) -> dict[str, bytes]:
        run = run_of(root, DEMO, OTHER)
        wanted = SeriesOptions(signoff=True, together=True)
        return without_base(write_series(run, tmp_path / name, wanted))

    unpacked = made(tree, "unpacked")
    commit_all(tree)
    commit_all(tree, "More")
    git(tree, "worktree", "add", "--quiet", str(tmp_path / "worktree"))
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{tree}", str(tmp_path / "shallow"))
    assert made(tree, "git") == unpacked
    assert made(tmp_path / "worktree", "from-worktree") == unpacked
    assert made(tmp_path / "shallow", "from-shallow") == unpacked
    (tree / ".git/info/attributes").write_text("*.c binary\n")
    git(tree, "config", "diff.noprefix", "true")
    git(tree, "config", "format.signature", "local")
    make_hostile(home, monkeypatch)
    assert made(tree, "hostile") == unpacked


def test_series_outside_git_names_no_base(tree: Path, tmp_path: Path) -> None:
    files = write_series(run_of(tree, DEMO), tmp_path / "out", SeriesOptions())
    assert len(files) == 1
    assert b"base-commit" not in files[0].read_bytes()
    git(tree, "apply", "--check", str(files[0]))


def test_series_in_a_tree_that_another_repository_ignores(tree: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    tree.rename(outer / "linux")
    (outer / ".gitignore").write_text("linux/\n")
    commit_all(outer)
    files = write_series(run_of(outer / "linux", DEMO), tmp_path / "out", SeriesOptions())
    assert b"base-commit" not in files[0].read_bytes()
    assert f"a/{DEMO}/rx.c".encode() in files[0].read_bytes()


def test_series_below_the_top_of_a_repository_has_paths_from_the_top(
    tree: Path, tmp_path: Path
) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    tree.rename(outer / "linux")
    commit_all(outer)
    files = write_series(run_of(outer / "linux", DEMO), tmp_path / "out", SeriesOptions())
    assert f"--- a/linux/{DEMO}/rx.c".encode() in files[0].read_bytes()
    git(outer, "am", "--quiet", str(files[0]))
    assert (outer / "linux" / DEMO / "rx.c").read_bytes() == converted(SOURCE)


def test_series_in_a_sha256_repository(tree: Path, tmp_path: Path) -> None:
    git(tree, "init", "--quiet", "--object-format=sha256")
    commit_all(tree)
    files = write_series(run_of(tree, DEMO), tmp_path / "out", SeriesOptions())
    git(tree, "am", "--quiet", str(files[0]))


def test_series_wants_an_author_and_invents_none(
    tree: Path, home: Path, tmp_path: Path
) -> None:
    (home / ".gitconfig").write_text("[user]\n\tname = Jane Developer\n")
    with pytest.raises(InputError, match=r"git config --global user\.email"):
        write_series(run_of(tree, DEMO), tmp_path / "out", SeriesOptions())
    assert not (tmp_path / "out").exists()


def test_series_signs_off_only_on_request_and_as_the_author(tree: Path, tmp_path: Path) -> None:
    run = run_of(tree, DEMO)
    (unsigned,) = write_series(run, tmp_path / "a", SeriesOptions())
    assert b"Signed-off-by" not in unsigned.read_bytes()
    (signed,) = write_series(run, tmp_path / "b", SeriesOptions(signoff=True, trailer=True))
    assert (
        b"\nAssisted-by: netmem-migrate\nSigned-off-by: Jane Developer <jane@example.org>\n---\n"
        in signed.read_bytes()
    )


def test_series_author_may_have_a_name_beyond_ascii(
    git_tree: Path, home: Path, tmp_path: Path
) -> None:
    (home / ".gitconfig").write_text(
        "[user]\n\tname = Jürgen Müller\n\temail = jm@example.org\n", encoding="utf-8"
    )
    (file,) = write_series(run_of(git_tree, DEMO), tmp_path / "out", SeriesOptions(signoff=True))
    git(git_tree, "am", "--quiet", str(file))
    assert "Jürgen Müller <jm@example.org>".encode() in git(git_tree, "log", "-1", "--format=%B%an")
    assert (git_tree / DEMO / "rx.c").read_bytes() == converted(SOURCE)


def test_series_subject_prefixes(tree: Path, tmp_path: Path) -> None:
    def subject(**options: object) -> bytes:
        name = re.sub(r"\W", "", str(options))
        wanted = SeriesOptions(**options)  # type: ignore[arg-type]
        file = write_series(run_of(tree, DEMO), tmp_path / name, wanted)[-1]
        found = re.search(rb"^Subject: (.*)$", file.read_bytes(), re.MULTILINE)
        assert found
        return found[1]

    rest = b" net: demo: convert page_pool memory to netmem"
    assert subject() == b"[PATCH net-next]" + rest
    assert subject(rfc=True) == b"[RFC net-next]" + rest
    assert subject(version=2) == b"[PATCH net-next v2]" + rest
    assert subject(tree="bpf-next") == b"[PATCH bpf-next]" + rest
    assert subject(cover_letter=True) == b"[PATCH net-next 1/1]" + rest
    (file,) = write_series(run_of(tree, DEMO), tmp_path / "v3", SeriesOptions(version=3))
    assert file.name.startswith("v3-0001-")


def test_cover_letter_is_filled_in(tree: Path, tmp_path: Path) -> None:
    run = run_of(tree, DEMO, OTHER, verdict=Verdict.PARTIAL)
    cover = write_series(run, tmp_path / "out", SeriesOptions(together=True))[0].read_text()
    assert "***" not in cover
    assert "Subject: [PATCH net-next 0/2] net: convert page_pool memory of demo and other" in cover
    assert re.search(r"^  demo +2 +1 +0 +0 +1 +1$", cover, re.MULTILINE)
    assert "struct demo_buf.data holds what kmalloc() gives too; keep the two" in " ".join(
        cover.split())
    assert f"{DEMO} \\\n" in cover or f"{DEMO} {OTHER}\n" in cover
    assert "2 files changed, 6 insertions(+), 6 deletions(-)" in cover
    files = write_series(run, tmp_path / "none", SeriesOptions(cover_letter=False, together=True))
    assert [file.name[:4] for file in files] == ["0001", "0002"]


def test_series_refuses_a_work_tree_that_is_not_head(git_tree: Path, tmp_path: Path) -> None:
    changed = SOURCE.replace(b"count++", b"count--", 1)
    (git_tree / DEMO / "rx.c").write_bytes(changed)
    run = Run(git_tree, "", "7.3", (migration(DEMO, changed),))
    with pytest.raises(InputError, match=r"rx\.c: not as committed in HEAD; commit or stash"):
        write_series(run, tmp_path / "out", SeriesOptions())
    assert not (tmp_path / "out").exists()


def test_series_refuses_crlf(tree: Path, tmp_path: Path) -> None:
    before = SOURCE.replace(b"\n", b"\r\n")
    run = Run(tree, "", "7.3", (migration(DEMO, before),))
    with pytest.raises(InputError, match="CRLF line ends"):
        write_series(run, tmp_path / "out", SeriesOptions())


def test_series_date(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_of(tree, DEMO)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    (file,) = write_series(run, tmp_path / "out", SeriesOptions())
    assert b"\nDate: Tue, 14 Nov 2023 22:13:20 +0000\n" in file.read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(InputError, match="SOURCE_DATE_EPOCH"):
        write_series(run, tmp_path / "again", SeriesOptions())


def test_series_of_nothing_writes_nothing(tree: Path, tmp_path: Path) -> None:
    empty = Run(tree, "", "7.3", (Migration(migration(DEMO).report),))
    assert write_series(empty, tmp_path / "out", SeriesOptions()) == ()
    assert not (tmp_path / "out").exists()


def test_series_over_an_earlier_one(tree: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    both = write_series(run_of(tree, DEMO, OTHER), out, SeriesOptions(together=True))
    (out / "notes.txt").write_text("mine\n")
    assert write_series(run_of(tree, DEMO, OTHER), out, SeriesOptions(together=True)) == both
    both[0].write_text("edited by hand\n")
    before = snapshot(out)
    with pytest.raises(InputError, match="holds another series"):
        write_series(run_of(tree, DEMO), out, SeriesOptions())
    assert snapshot(out) == before
    second = write_series(run_of(tree, DEMO), out, SeriesOptions(version=2))
    assert both[0].read_text() == "edited by hand\n"
    first = write_series(run_of(tree, DEMO), out, SeriesOptions(force=True))
    assert sorted(path.name for path in out.iterdir()) == sorted(
        ["notes.txt", first[0].name, second[0].name]
    )


def test_series_output_that_is_a_file(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="not a folder"):
        write_series(run_of(tree, DEMO), tmp_path / "out", SeriesOptions())


def test_series_without_git(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for attempt in (
        lambda: write_series(run_of(tree, DEMO), tmp_path / "out", SeriesOptions()),
        lambda: diff(tree, changes_of(run_of(tree, DEMO))),
    ):
        with pytest.raises(InputError, match="git was not found in PATH"):
            attempt()
    assert not (tmp_path / "out").exists()


# -- messages


def about(one: Migration) -> Subject:
    (step,) = steps_of(one)
    return step.subject


def test_message_says_what_moved_and_what_stayed() -> None:
    text = message.body(
        about(migration(DEMO, verdict=Verdict.PARTIAL)), message.Provenance("netmem-migrate x")
    )
    flat = " ".join(text.split())
    for part in (
        "demo_buf: page (now netmem)",
        "locals in 1 function",
        "page_pool_put_page() in demo_xdp(): a person's to decide (other): page is passed to "
        "xdp_send() - struct demo_buf.data ",
        "struct demo_buf.data holds what kmalloc() gives too; keep the two "
        "kinds of memory apart first; not done here",
        "were made by netmem-migrate",
    ):
        assert part in flat, part


def test_what_ran_and_what_was_counted_is_no_part_of_history() -> None:
    one = about(migration(DEMO))
    asked = message.Provenance("netmem-migrate x", rules=True)
    plain = message.note(one, message.Provenance("netmem-migrate x"))
    text = message.note(one, asked)
    for part in ("Not compiled, not run on hardware.", "passes: allocation, declarations."):
        assert part in " ".join(plain.split()) and part not in message.body(one, asked)
    rule = "  - page_pool_dev_alloc_pages(pool)\n  + page_pool_dev_alloc_netmems(pool)\n"
    assert text.startswith(plain) and rule in text and rule not in plain + message.body(one, asked)


def test_message_keeps_to_what_git_and_checkpatch_take() -> None:
    one = migration(DEMO)
    many = tuple(
        replace(
            one.report.sites[1],
            function=f"a_function_with_a_rather_long_name_{number}",
            reason=Reason(Why.HOLDS_TOO, "--- a/file and diff --git are words that start a diff "
                          * 2 + str(number)),
        )
        for number in range(40)
    )
    one = replace(one, report=replace(one.report, sites=many))
    command = message.repeat_command([DEMO, OTHER, DEMO + "/deeper"], ["--keep-names"] * 6)
    text = message.body(about(one), message.Provenance(command))
    assert all(len(line) <= message.COLUMNS for line in text.splitlines())
    assert not re.search(r"(?m)^(#|---|diff |Index: |@@ )", text)
    assert not re.search(r"(?m)^\s*(--- a/|\+\+\+ b/|@@ -)", text)
    # A title, an empty line, and a sign-off with one before it stand around.
    assert len(text.splitlines()) <= message.LINES - 4
    left = re.search(r"(\d+) more \(`netmem-migrate diff` lists them\)", text)
    assert left is not None and int(left[1]) + text.count("a_function_with_a_rather") == 40


def test_message_states_proof_only_where_something_ran() -> None:
    proven = message.Provenance("x", proven="Compiled on x86-64, before and after the same code.")
    text = " ".join(message.note(about(migration(DEMO)), proven).split())
    assert "Compiled on x86-64, before and after the same code. `netmem-migrate verify`" in text
    assert "Not compiled" not in text


def test_message_does_not_call_unreadable_buffers_pages(tree: Path, tmp_path: Path) -> None:
    run = Run(tree, "", "7.3", (replace(migration(DEMO), unreadable=True),))
    text = write_series(run, tmp_path / "out", SeriesOptions())[0].read_text()
    assert "pages only" not in " ".join(text.split())


def test_trailer_follows_the_trees_own_documents(tree: Path, tmp_path: Path) -> None:
    run = run_of(tree, DEMO)
    assert b"Assisted-by" not in write_series(run, tmp_path / "a", SeriesOptions())[0].read_bytes()
    process = tree / "Documentation/process"
    process.mkdir(parents=True)
    (process / "generated-content.rst").write_text("x\n")
    assert (
        b"\nAssisted-by: netmem-migrate\n"
        in write_series(run, tmp_path / "b", SeriesOptions())[0].read_bytes()
    )


def test_no_two_subjects_are_the_same() -> None:
    titles = subject.subjects(["net: a", "net: a", "net: b"], ["d/one", "d/two", "d/three"],
                              ["Rx buffers", "Rx buffers", "memory"])
    assert len(set(titles)) == 3
    assert titles[2] == "net: b: convert memory to netmem"


# -- reports


def test_report_has_the_keys_of_version_2(tree: Path, tmp_path: Path) -> None:
    run = run_of(tree, DEMO, verdict=Verdict.PARTIAL)
    outputs.write(tmp_path / "report.json", report_json.dumps(run))
    text = (tmp_path / "report.json").read_text()
    found = json.loads(text)
    assert str(tree) not in text
    assert list(found) == ["version", "kernel", "api", "drivers"]
    assert (found["version"], found["kernel"], found["api"]) == (2, "7.3.4", "7.3")
    (driver,) = found["drivers"]
    assert list(driver) == [
        "path", "files", "verdict", "declarations", "sites", "refusals", "bridges", "readable",
        "requirements", "parse",
    ]  # fmt: skip
    assert driver["verdict"] == "partial"
    assert driver["declarations"][1] == {
        "file": f"{DEMO}/rx.c", "line": 2, "function": "", "kind": "member",
        "name": "demo_buf.page", "new_name": "demo_buf.netmem", "from": "struct page *",
        "to": "netmem_ref",
    }  # fmt: skip
    assert driver["sites"][1]["action"] == "kept"
    assert driver["refusals"][0]["origins"] == [f"{DEMO}/rx.c:41 kmalloc()"]
    assert driver["requirements"]["rx.3"]["evidence"][0]["line"] == 18
    assert driver["parse"] == {
        "functions": 0, "functions_with_errors": 0, "relevant_functions_with_errors": 0,
    }  # fmt: skip
    assert [path.name for path in tmp_path.glob(".report*")] == []


def test_report_that_cannot_be_written(tree: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: no such file"):
        outputs.write(tmp_path / "missing/report.json", report_json.dumps(run_of(tree, DEMO)))


def test_summary_lists_every_refusal_and_groups_what_was_kept(tree: Path) -> None:
    run = run_of(tree, DEMO, verdict=Verdict.PARTIAL)
    lines = [re.sub(r"\x1b\[\d*m", "", line) for line in terminal.lines([run])]
    assert lines[0] == (
        f"{DEMO}: partial: 2 declarations, 1 call converted, 0 bridged, 1 kept, 1 refused, "
        "1 file changed"
    )
    assert any("kept page_pool_put_page(): a person's to decide (other): page is passed to "
               f"xdp_send() ({DEMO}/rx.c:31)" in line
               for line in lines)
    assert any("refused" in line and "struct demo_buf.data" in line for line in lines)
    assert any("kmalloc()" in line for line in lines)
