# SPDX-License-Identifier: GPL-2.0-only
"""Hunks of real git diffs: their numbers, headings and bytes, whatever the lines look like."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from git_tools import git
from hypothesis import given, settings
from hypothesis import strategies as st
from unidiff.errors import UnidiffParseError

from netmem_migrate.git.diff import diff
from netmem_migrate.git.hunks import Hunk, decoded, parsed, read
from netmem_migrate.results import FileChange

# Lines that a reader by lines may take for something else, or for two.
LINES = st.lists(st.sampled_from([
    b"", b"\r", b"int a;", b"int b;\r", b"-- a", b"++ b", b"@@ -1 +1 @@", b"diff --git a/x b/x",
    b"\\ No newline", b"J\xfcrgen", "\x85\u2028".encode(), b"\f\v\x1c", b"\tx = 1;"]), max_size=30)


def replayed(before: list[str], hunks: tuple[Hunk, ...]) -> list[str]:
    """What the hunks make of lines, going by their numbers, runs and lines alone."""
    after: list[str] = []
    done = 0
    for hunk in hunks:
        after += before[done:hunk.old - 1]
        assert len(after) == hunk.new - 1
        done = hunk.old - 1
        lines = iter([line for line in hunk.lines if line[0] != "\\"])
        for sign, count in hunk.runs:
            texts = [next(lines)[1:].removesuffix("\n") for _ in range(count)]
            if sign != "+":
                assert before[done:done + count] == texts
                done += count
            if sign != "-":
                after += texts
        assert (done, len(after)) == (hunk.old - 1 + hunk.old_count, hunk.new - 1 + hunk.new_count)
        assert next(lines, None) is None
    return after + before[done:]


@given(LINES, LINES, st.booleans(), st.booleans())
@settings(max_examples=40, deadline=None)
def test_hunks_are_the_change(old: list[bytes], new: list[bytes], ended: bool,
                              closed: bool) -> None:
    before = b"\n".join(old) + b"\n" * ended
    after = b"\n".join(new) + b"\n" * closed
    if not before or not after or before == after:
        return
    with tempfile.TemporaryDirectory() as folder:
        text = diff(Path(folder), [FileChange("d.c", before, after)])
    (file,) = read(decoded(text))
    whole = file.head + "".join(hunk.text for hunk in file.hunks)
    assert whole.encode("utf-8", "surrogateescape") == text
    assert file.path == "d.c" and file.hunks
    lines, made = (decoded(side).removesuffix("\n").split("\n") for side in (before, after))
    assert replayed(lines, file.hunks) == made


def test_headings_and_files(tmp_path: Path) -> None:
    before = b"int b(void)\n{\n" + b"\tcount++;\n" * 8 + b"\tx = 1; /* \xfc */\n}\n"
    after = before.replace(b"x = 1", b"x = 2")
    changes = [FileChange(f"{name}.c", before, after) for name in ("a b", "c")]
    files = read(decoded(diff(tmp_path, changes)))
    assert [file.path for file in files] == ["a b.c", "c.c"]
    for file in files:
        (hunk,) = file.hunks
        assert (hunk.old, hunk.old_count, hunk.new, hunk.new_count) == (8, 5, 8, 5)
        assert hunk.heading == "int b(void)"
        assert hunk.header == "@@ -8,5 +8,5 @@ int b(void)\n"
        assert "\udcfc" in hunk.text
        assert hunk.runs == [(" ", 3), ("-", 1), ("+", 1), (" ", 1)]


@pytest.mark.parametrize("path", ["with blank.c", "folder b/x.c", "a b/b b/x.c"])
def test_names_with_blanks(path: str, tmp_path: Path) -> None:
    (file,) = read(decoded(diff(tmp_path, [FileChange(path, b"int a;\n", b"int b;\n")])))
    assert file.path == path


def test_an_empty_side_begins_behind_the_line_that_git_names(tmp_path: Path) -> None:
    before = b"".join(b"int a%d;\n" % number for number in range(9))
    after = before.replace(b"int a4;\n", b"")
    for name, text in (("before", before), ("after", after)):
        (tmp_path / name).write_bytes(text)
    for sides, found in ((("before", "after"), (5, 1, 5, 0)), (("after", "before"), (5, 0, 5, 1))):
        text = git(tmp_path, "diff", "--no-index", "-U0", *sides, check=False)
        ((hunk,),) = (file.hunks for file in read(decoded(text)))
        assert (hunk.old, hunk.old_count, hunk.new, hunk.new_count) == found


def test_what_is_no_diff() -> None:
    assert read("") == ()
    assert parsed(b"Hello,\n\nno diff.\n") == ()
    for text in (b"@@ -1 +1 @@\n-a\n+b\n", b"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n"):
        with pytest.raises(UnidiffParseError):
            parsed(text)
        with pytest.raises(UnidiffParseError):
            read(text.decode())


def test_files_that_come_and_go_are_parsed() -> None:
    come, gone = parsed(
        b"diff --git a/n.c b/n.c\nnew file mode 100644\n--- /dev/null\n+++ b/n.c\n@@ -0,0 +1 @@\n"
        b"+int n\xfc;\ndiff --git a/o.c b/o.c\ndeleted file mode 100644\n--- a/o.c\n"
        b"+++ /dev/null\n@@ -1 +0,0 @@\n-int o;\n")
    assert (come.path, come.is_added_file) == ("n.c", True)
    assert (gone.path, gone.is_removed_file) == ("o.c", True)
