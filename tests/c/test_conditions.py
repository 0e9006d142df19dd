# SPDX-License-Identifier: GPL-2.0-only
"""Conditions of the preprocessor: true, false, or not known."""

from __future__ import annotations

import pytest

from netmem_migrate.c.conditions import (
    DEFINED,
    UNDEFINED,
    Name,
    Number,
    integer,
    value_of,
    version,
)

NAMES = {
    b"TWO": Name(True, integer(2)),
    b"EMPTY": DEFINED,
    b"GONE": UNDEFINED,
    b"LINUX_VERSION_CODE": Name(True, Number(version(7, 3, 0), version(7, 3, 255))),
    b"CONFIG_ON": Name(True, integer(1)),
    b"CONFIG_MOD_MODULE": Name(True, integer(1)),
    b"CONFIG_OFF": UNDEFINED,
}


def truth(condition: str) -> bool | None:
    value = value_of(condition.encode(), NAMES.get)
    return value.truth if value is not None else None


@pytest.mark.parametrize("condition", [
    "1", "TWO", "TWO == 2", "TWO > 1 && TWO < 3", "!GONE", "defined TWO", "defined(EMPTY)",
    "!defined(GONE)", "HAVE_X || 1", "1 || HAVE_X", "(TWO << 3) == 0x10", "0b11 == 3UL",
    "010 == 8", "-1 < 0", "~0 == -1", "7 / -2 == -3", "-7 % 3 == -1", "TWO ? 1 : HAVE_X",
    "LINUX_VERSION_CODE >= KERNEL_VERSION(6, 10, 0)", "KERNEL_VERSION(7,3,0) <= LINUX_VERSION_CODE",
    "LINUX_VERSION_CODE < KERNEL_VERSION(7, 4, 0) && defined(TWO)",
    "LINUX_VERSION_CODE != KERNEL_VERSION(5, 4, 300)", "IS_ENABLED(CONFIG_ON)",
    "IS_BUILTIN(CONFIG_ON)", "IS_ENABLED(CONFIG_MOD)", "IS_MODULE(CONFIG_MOD)",
    "HAVE_X ? 1 : 1", "1 ? 2 : 0",
])
def test_true(condition: str) -> None:
    assert truth(condition) is True


@pytest.mark.parametrize("condition", [
    "0", "GONE", "GONE > 3", "defined(GONE)", "HAVE_X && 0", "0 && HAVE_X", "!TWO",
    "LINUX_VERSION_CODE < KERNEL_VERSION(5, 8, 0)", "LINUX_VERSION_CODE >= KERNEL_VERSION(8,0,0)",
    "LINUX_VERSION_CODE > KERNEL_VERSION(7, 3, 255)", "IS_ENABLED(CONFIG_OFF)",
    "IS_REACHABLE(CONFIG_OFF)", "IS_MODULE(CONFIG_OFF)", "defined(CONFIG_OFF) || GONE",
])
def test_false(condition: str) -> None:
    assert truth(condition) is False


@pytest.mark.parametrize("condition", [
    "HAVE_X", "!HAVE_X", "defined(HAVE_X)", "HAVE_X > 3", "HAVE_X || 0", "HAVE_X && 1", "EMPTY",
    # a point release inside the one that is the target
    "LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 5)", "LINUX_VERSION_CODE == KERNEL_VERSION(7,3,1)",
    "IS_ENABLED(CONFIG_X)", "defined(CONFIG_X)", "IS_REACHABLE(CONFIG_MOD)",
    "KERNEL_VERSION(HAVE_X, 1, 2) > 3", "HAVE_FN(1)", "__has_attribute(fallthrough)",
    # no expressions
    "", "1 +", "(1", "1 2", "'a' == 97", "1.5 > 1", "089", "defined", "1 / 0", "1 << -1", "GONE()",
])
def test_not_known(condition: str) -> None:
    assert truth(condition) is None
