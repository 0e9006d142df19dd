# SPDX-License-Identifier: GPL-2.0-only
"""Code before and after a change: spelling does not count, anything else does."""

from __future__ import annotations

from pathlib import Path

import pytest
from rule_tools import AFTER, BEFORE
from tools import CORPUS

from netmem_migrate.api import check_changes, check_migration, migrate
from netmem_migrate.check.compare.compare import compare, compare_changes
from netmem_migrate.results import FileChange

CONVERTED = sorted(folder for folder in CORPUS.iterdir() if (folder / "after.c").exists())


@pytest.mark.parametrize("folder", CONVERTED, ids=lambda folder: folder.name)
def test_the_corpus_says_the_same_before_and_after(folder: Path) -> None:
    changes = [FileChange(path.name, path.read_bytes().replace(b'"before', b'"after'),
                          (folder / path.name.replace("before", "after")).read_bytes())
               for path in sorted(folder.glob("before*.[ch]"))]
    assert not compare_changes(changes)


@pytest.mark.parametrize("folder", CONVERTED, ids=lambda folder: folder.name)
def test_what_the_tool_writes_passes_patch_by_patch(folder: Path, tmp_path: Path) -> None:
    for path in folder.glob("before*.[ch]"):
        (tmp_path / path.name.replace("before", "demo")).write_bytes(path.read_bytes())
    run = migrate([tmp_path])
    assert run.drivers[0].steps
    assert not check_migration(run.drivers[0], run.api)


def test_spelling_is_no_difference() -> None:
    assert compare(BEFORE.encode(), AFTER.encode(), "d.c") == ()
    assert compare(AFTER.encode(), AFTER.encode(), "d.c") == ()


def test_an_accessor_is_another_spelling() -> None:
    before = "void use(struct buf *buf)\n{\n\tforeign(buf->page);\n}\n"
    after = ("static struct page *to_page(netmem_ref netmem)\n{\n"
             "\treturn netmem_to_page(netmem);\n}\n\nvoid use(struct buf *buf)\n{\n"
             "\tforeign(to_page(buf->netmem));\n}\n")
    assert compare(before.encode(), after.encode(), "d.c") == ()
    wrong = after.replace("return netmem_to_page(netmem)", "return other(netmem)")
    assert compare(before.encode(), wrong.encode(), "d.c")


def test_what_was_wrong_before_is_not_blamed_on_the_patch() -> None:
    leak = ("#include <net/page_pool/helpers.h>\nint t(struct page_pool *pool)\n{\n"
            "\tstruct page *page = page_pool_dev_alloc_pages(pool);\n\n"
            "\tif (!page)\n\t\treturn -12;\n\treturn 0;\n}\n")
    change = FileChange("d.c", leak.encode(), leak.replace("-12", "-ENOMEM").encode())
    assert {one.id for one in check_changes([change], "7.3")} == {"changes-pages"}


@pytest.mark.parametrize("text", [b"", b"}", b"\xff\xfe", b"int f(", b"#define X(\n", b"{{{{"])
def test_any_bytes_are_compared(text: bytes) -> None:
    assert compare(text, text, "d.c") == ()
    compare(text, AFTER.encode(), "d.c")
    compare(BEFORE.encode(), text, "d.c")


def _function(line: str) -> bytes:
    return f"int t(struct buf *one, netmem_ref netmem, int n)\n{{\n\t{line}\n}}\n".encode()


@pytest.mark.parametrize(("before", "after"), [
    ("return !page_to_netmem(n ? one->page : 0);", "return !(n ? one->netmem : 0);"),
    ("return (one->page == NULL) + 2;", "return (!one->netmem) + 2;"),
    ("one->page = netmem_to_page(netmem);", "one->netmem = netmem;"),
    ("struct page const *page = one->page;", "netmem_ref netmem = one->netmem;"),
])
def test_other_spellings(before: str, after: str) -> None:
    assert compare(_function(before), _function(after), "d.c") == ()


LOOKED = "struct page *page = {given};\n\tprepare(page_pool_get_dma_addr(page));\n\treturn {used};"


def test_a_page_that_is_only_looked_at_may_be_taken_of_a_netmem() -> None:
    """In a function, too, that is compared in no other way."""
    def function(given: str, used: str) -> bytes:
        body = LOOKED.format(given=given, used=used)
        return _function(f"again:\n\tif (n--)\n\t\tgoto again;\n\t{body}")

    before, after = "get(one)", "netmem_to_page(get(one))"
    looks = "page_address(page)"
    (said,) = compare(function(before, looks), function(after, looks), "d.c")
    assert said.severity == "note" and "netmem_to_page()" in said.message
    for used in ("foreign(page)", "page", "!page", "page = 0"):
        assert compare(function(before, used), function(after, used), "d.c"), used
    assert compare(function(before, looks), function("netmem_to_page(netmem)", looks), "d.c")


@pytest.mark.parametrize(("before", "after"), [
    ("return !page_to_netmem(n ? one->page : 0);", "return !n ? one->netmem : 0;"),
    ("return (n == 1) + 2;", "return n == 1 + 2;"),
    ("return (!n == 1) + 2;", "return !n == 1 + 2;"),
    ("foreign(one->page);", "foreign(netmem_to_page(one->netmem));"),
])
def test_no_other_spellings(before: str, after: str) -> None:
    assert compare(_function(before), _function(after), "d.c")
