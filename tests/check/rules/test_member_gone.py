# SPDX-License-Identifier: GPL-2.0-only
"""A member that its record does not have, in what a change leaves behind."""

from __future__ import annotations

import pytest
from half_tools import check_half, check_whole

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

FOUND = {
    "read": ("netmem_ref old = buf->netmem;", "netmem_ref old = buf->page;"),
    "in an array": ("ring->bufs[0].netmem", "ring->bufs[0].page"),
    "never there": ("netmem_ref old = buf->netmem;", "netmem_ref old = buf->netmem_x;"),
    "in an initialiser": (".netmem = 0,", ".page = NULL,"),
    "outside of any function": ("{ .buf = { .netmem = 0 } }", "{ .buf = { .page = NULL } }"),
    "the record is left": ("\tnetmem_ref netmem;\n\tunsigned int offset;",
                           "\tstruct page *page;\n\tunsigned int offset;"),
}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_half("member-gone", *FOUND[name])


@pytest.mark.parametrize(("right", "also"), [
    ("ring->spare = NULL;", "other->page = NULL;"),
    ("ring->spare = NULL;", "unknown(ring)->stats = 0;"),
    ("\tunsigned int offset;", "\tstruct_group(page, unsigned int offset;);"),
])
def test_left_alone(right: str, also: str) -> None:
    check_whole(right, also)


def test_files_that_the_change_does_not_touch() -> None:
    header = b"struct demo_buf {\n\tstruct page *page;\n};\n"
    use = (b'#include "demo.h"\n'
           b"void demo_forget(struct demo_buf *buf)\n{\n\tbuf->page = NULL;\n}\n")
    page, netmem = b"struct page *page", b"netmem_ref netmem"
    change = [FileChange("demo.h", header, header.replace(page, b"netmem_ref page"))]
    beside = {"demo.c": use, "other.c": use.replace(b"demo_", b"other_")}
    assert [(one.file, one.id) for one in check_changes(change, "7.3", beside)] == [
        ("demo.c", "half-converted")]
    change = [FileChange("demo.h", header, header.replace(page, netmem))]
    assert [(one.file, one.line, one.id) for one in check_changes(change, "7.3", beside)] == [
        ("demo.c", 4, "member-gone")]
