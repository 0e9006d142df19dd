# SPDX-License-Identifier: GPL-2.0-only
"""Headers that a change includes."""

from __future__ import annotations

import pytest

from netmem_migrate.check.compare.compare import compare

BODY = "\nint demo(int count)\n{\n\treturn count;\n}\n"


def found(before: str, after: str) -> list[tuple[int, str, str]]:
    return [(one.line, one.id, one.severity) for one in compare(
        (before + BODY).encode(), (after + BODY).encode(), "d.c")]


FOUND = {
    "of the kernel": "#include <net/libeth/rx.h>",
    "of the driver": '#include "rx.h"',
    "with blanks": "# include <a.h>",
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    line = FOUND[name]
    assert found("#include <b.h>\n", f"#include <b.h>\n{line}\n") == [
        (2, "include-added", "note")]
    assert found("", f"{line}\n") == [(1, "include-added", "note")]


def test_the_header_of_the_type_is_expected() -> None:
    assert not found("#include <b.h>\n", "#include <b.h>\n#include <net/netmem.h>\n")


@pytest.mark.parametrize(("before", "after"), [
    ("#include <b.h>\n", ""), ("#include <b.h>\n", "#include <c.h>\n"),
    ("", "#define include 1\n")])
def test_other_lines_are_no_added_includes(before: str, after: str) -> None:
    assert "changed-behaviour" in {id_ for _, id_, _ in found(before, after)}
