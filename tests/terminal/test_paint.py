# SPDX-License-Identifier: GPL-2.0-only
"""Colours of a diff: which words are marked, and that no byte of it is lost."""

from __future__ import annotations

import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from netmem_migrate.git.diff import diff as git_diff
from netmem_migrate.git.hunks import decoded
from netmem_migrate.results import FileChange
from netmem_migrate.terminal.paint import painted


@given(st.lists(st.sampled_from(["page", " ", "\t", "netmem_ref", "->", "(", "x"]), max_size=12),
       st.lists(st.sampled_from(["page", " ", "\t", "netmem_ref", "->", ")", "y"]), max_size=12))
def test_colours_change_no_letter(old: list[str], new: list[str]) -> None:
    diff = ("diff --git a/d.c b/d.c\n--- a/d.c\n+++ b/d.c\n@@ -1,3 +1,2 @@ int f()\n a\n"
            f"-{''.join(old)}\n-b\n+{''.join(new)}\n\\ No newline at end of file\n")
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted(diff)) == diff


def test_words_that_differ_are_marked() -> None:
    diff = ("diff --git a/d b/d\n--- a/d\n+++ b/d\n@@ -1 +1 @@\n"
            "-\tput(pool, buf->page);\n+\tput(pool, buf->netmem);\n")
    assert "\x1b[7mpage\x1b[27m)" in painted(diff)
    assert "\x1b[7mnetmem\x1b[27m)" in painted(diff)


def test_blanks_are_no_words() -> None:
    diff = ("diff --git a/d b/d\n--- a/d\n+++ b/d\n@@ -1 +1,2 @@\n"
            "-\tput(pool, buf->page, true);\n+\tput(pool, buf->page,\n+\t    true);\n")
    assert "\x1b[7m" not in painted(diff)


def test_every_file_and_hunk_is_painted(tmp_path: Path) -> None:
    before = b"int f(void)\r\n{\n\treturn \xfc;\n}\n" + b"int a;\n" * 20 + b"int last;"
    after = before.replace(b"\xfc;", b"\xfd;\f").replace(b"last", b"first")
    diff = decoded(git_diff(tmp_path, [FileChange("a.c", before, after),
                                       FileChange("b b.c", after, before)]))
    text = painted(diff)
    assert re.sub(r"\x1b\[[0-9;]*m", "", text) == diff
    assert len(re.findall(r"\x1b\[36m@@ [-+,\d ]+ @@\x1b\[m", text)) == 4
    assert "\x1b[1m+++ b/b b.c\t\x1b[m\n" in text
    assert "\x1b[31m-int \x1b[7mlast\x1b[27m;\x1b[m\n" in text
