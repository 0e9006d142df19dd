# SPDX-License-Identifier: GPL-2.0-only
"""Which words of replaced lines differ, for the page and the terminal alike."""

from __future__ import annotations

import pytest

from netmem_migrate.git.words import differing


@pytest.mark.parametrize(("old", "new", "one", "other"), [
    (["a page;"], ["a netmem;"], ["page"], ["netmem"]),
    (["\tstruct page *page = x;"], ["\tnetmem_ref netmem = x;"],
     ["struct page *page"], ["netmem_ref netmem"]),
    (["f(a, page);"], ["f(a,", "  netmem);"], ["page"], ["", "netmem"]),
    (["same"], [], [""], []),
    (["alpha beta gamma"], ["1 + 2 == 3;"], [""], [""]),
    (["x = 1;"], ["x = 1;"], [""], [""]),
])
def test_words_that_differ(old: list[str], new: list[str], one: list[str],
                           other: list[str]) -> None:
    marks = differing(old, new)
    for lines, spans, expected in ((old, marks[0], one), (new, marks[1], other)):
        assert [" ".join(line[start:end] for start, end in found)
                for line, found in zip(lines, spans, strict=True)] == expected
