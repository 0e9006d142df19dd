# SPDX-License-Identifier: GPL-2.0-only
"""The column after a text, held against a byte at a time."""

from __future__ import annotations

import random

import pytest

from netmem_migrate.convert.text import columns


def _one_at_a_time(text: bytes, start: int) -> int:
    for byte in text:
        start = (start // 8 + 1) * 8 if byte == ord("\t") else start + 1
    return start


@pytest.mark.parametrize("seed", range(20))
def test_a_byte_at_a_time(seed: int) -> None:
    drawn = random.Random(seed)
    for _ in range(300):
        text = bytes(drawn.choices(b"ab \t\t\n\r\0\xff", k=drawn.randrange(24)))
        start = drawn.randrange(100)
        assert columns(text, start) == _one_at_a_time(text, start), (text, start)
