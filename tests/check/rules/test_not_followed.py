# SPDX-License-Identifier: GPL-2.0-only
"""Functions that are left alone are named."""

from __future__ import annotations

import pytest
from rule_tools import ALLOC, body, check_found, check_left_alone, found

MANY_PATHS = "".join(f"int a{i} = 0;\n" for i in range(16)) + "".join(
    f"if (x & {1 << i}) a{i} = 1;\n" for i in range(16)) + "".join(
    f"if (a{i}) err++;\n" for i in range(16))
BROKEN = body(ALLOC + "if (netmem) ) return 0;")
LEAKS = body(ALLOC + "return 0;")

FOUND = {
    "it does not parse": BROKEN,
    # One of its paths leaks, but not all of them were seen, so that nothing is said of leaks.
    "it has too many paths": body(MANY_PATHS + ALLOC + "return 0;"),
}
LEFT_ALONE = {
    # Without pool memory there is nothing that would have to be followed.
    "what does not parse without pool memory": "static int demo(int x)\n{\n\treturn x +;\n}\n",
    "many paths without pool memory": body(MANY_PATHS + "return 0;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("not-followed", FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(LEFT_ALONE[name])


def test_what_stands_beside_it_is_followed() -> None:
    assert found(BROKEN + LEAKS.replace("demo(", "other(")) == ["not-followed", "leak"]
    assert found(LEAKS) == ["leak"]
