# SPDX-License-Identifier: GPL-2.0-only
"""Whatever else a change does."""

from __future__ import annotations

import pytest
from rule_tools import check_change_found

FOUND = {
    "swapped": ("(pool, netmem, false)", "(netmem, pool, false)"),
    "not cleared": ("\tbuf->netmem = 0;\n", ""),
    "cleared to one": ("buf->netmem = 0;", "buf->netmem = 1;"),
    "other member": ("buf->spare = NULL", "buf->netmem = NULL"),
    "early return": ("\tbuf->spare = NULL;", "\treturn 0;\n\tbuf->spare = NULL;"),
    "member gone": ("\tstruct page *spare;\n", ""),
    "new function": ("static void drop", "void more(void)\n{\n}\n\nstatic void drop"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_change_found("changed-behaviour", *FOUND[name])
