# SPDX-License-Identifier: GPL-2.0-only
"""The pages about adding a pass and a rule, followed word for word in a copy of the checkout.

A block of Python or C is the file that the line above it names; a block of sh is run, line by line;
a block of text is what that printed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scratch import ROOT, Scratch

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"`([\w./-]+\.(?:py|c|h))`:\n\n\Z")


def blocks(page: str) -> Iterator[tuple[str, str, str]]:
    """Of each block of a page its kind, its text, and the file that the line above it names."""
    for found in FENCE.finditer(page):
        named = NAMED.search(page[:found.start()])
        yield found[1], found[2], named[1] if named is not None else ""


def follow(page: str, scratch: Scratch) -> set[str]:
    """Do what a page says; the files that it has written."""
    written = set()
    said, wanted = "", 0
    for kind, text, name in blocks(page):
        if kind in ("python", "c"):
            assert name, f"no file is named above:\n{text}"
            scratch.write(name, text)
            written.add(name)
        elif kind == "sh":
            assert not wanted, said  # the last block failed, and nothing says so
            said = ""
            for line in text.splitlines():
                assert not wanted, said
                done = scratch.run(line)
                said += done.stdout
                wanted = done.returncode
                assert not wanted or (wanted == 1 and not done.stderr.startswith("Traceback")), (
                    line, done.stdout, done.stderr)
        else:
            assert (kind, said) == ("text", text)
            wanted = 0  # a finding, and the page shows it
    assert not wanted, said
    return written


@pytest.mark.long
@pytest.mark.parametrize("name", ["adding-a-rule", "adding-a-pass"])
def test_a_page_does_what_it_says(name: str, tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    written = follow((ROOT / f"docs/{name}.md").read_text(), scratch)
    assert written
    # What is written is the module, its test and an example; the docs are generated.
    assert {path for path in scratch.changed() if not path.startswith("docs/")} == {
        path for path in written if "/" in path}
