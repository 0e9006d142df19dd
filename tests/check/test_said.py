# SPDX-License-Identifier: GPL-2.0-only
"""Texts that are put together from the inside out."""

from __future__ import annotations

from netmem_migrate.check.compare.said import Long, Said, between, end, joined, whole


def test_short_texts_are_one() -> None:
    assert joined("a", "", "b") == "ab"
    assert joined() == ""
    assert between(", ", ["a", "b", "c"]) == "a, b, c"
    assert between(", ", []) == ""
    assert end("") == ""


def test_a_long_text_is_not_copied_at_each_level() -> None:
    said: Said = "x"
    for _ in range(100000):
        said = joined("(", said, ")")
    assert isinstance(said, Long)
    assert end(said) == ")"
    assert whole(said) == "(" * 100000 + "x" + ")" * 100000


def test_the_end_of_a_long_text_is_that_of_its_last_part_that_has_one() -> None:
    said = joined("a" * 1000, "b", "")
    assert isinstance(said, Long)
    assert end(joined(said, "")) == "b"
