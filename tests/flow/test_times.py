# SPDX-License-Identifier: GPL-2.0-only
"""A name counts where it is a word of its own, and nowhere else."""

from __future__ import annotations

import pytest

from netmem_migrate.flow.times import times


@pytest.mark.parametrize(("text", "count"), [
    (b"", 0), (b"fill", 1), (b"fill(fill)->fill", 3), (b"refill", 0), (b"fills fill_all", 0),
    (b"0fill", 0), (b"re_fill fill", 1), (b"refillfill", 0), (b"\xe9fill", 1)])
def test_a_name_is_a_whole_word(text: bytes, count: int) -> None:
    assert times(b"fill", [text]) == count
    assert times(b"fill", [text, b"nothing", text]) == 2 * count
