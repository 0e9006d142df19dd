# SPDX-License-Identifier: GPL-2.0-only
"""Checking the sources of a driver: what its functions do, where a finding is, any bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tools import ALLOC, FRAG, PUT, TYPES, body, found

from netmem_migrate.c import parse
from netmem_migrate.check.sources import check_sources

DROP = """
static void demo_drop(struct demo_rxq *rxq, netmem_ref netmem)
{
	page_pool_put_full_netmem(rxq->pool, netmem, false);
}
"""
SOMETIMES = """
static int demo_take(struct demo_rxq *rxq, netmem_ref netmem)
{
	if (!rxq->count) {
		page_pool_put_full_netmem(rxq->pool, netmem, false);
		return -EIO;
	}
	rxq->bufs[0].netmem = netmem;
	return 0;
}
"""
LOOK = """
static void demo_look(struct demo_rxq *rxq, netmem_ref netmem)
{
	page_pool_dma_sync_netmem_for_cpu(rxq->pool, netmem, 0, 64);
}
"""
NEW = """
static netmem_ref demo_new(struct demo_rxq *rxq)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(rxq->pool);

	if (!netmem)
		return 0;
	return netmem;
}
"""


@pytest.mark.parametrize(("helper", "code", "expected"), [
    (DROP, ALLOC + "demo_drop(rxq, netmem); return 0;", []),
    (DROP, ALLOC + "demo_drop(rxq, netmem);\n" + PUT + "return 0;", ["double-release"]),
    (SOMETIMES, ALLOC + "return demo_take(rxq, netmem);", []),
    (SOMETIMES, ALLOC + "demo_take(rxq, netmem);\n" + PUT + "return 0;", []),
    (LOOK, ALLOC + "demo_look(rxq, netmem); return 0;", ["leak"]),
    (NEW, "netmem = demo_new(rxq); if (!netmem) return 1; return 0;", ["leak"]),
    (NEW, "netmem = demo_new(rxq); if (!netmem) return 1; buf->netmem = netmem; return 0;", []),
    (NEW, "netmem = demo_new(rxq);\n" + PUT + "return 0;", ["unchecked-alloc"]),
])
def test_functions_of_the_driver_do_what_their_bodies_do(helper: str, code: str,
                                                         expected: list[str]) -> None:
    assert found(helper + body(code)) == expected


def test_a_function_in_another_file_is_followed() -> None:
    call = (TYPES + body(ALLOC + "demo_drop(rxq, netmem);\n" + PUT + "return 0;")).encode()
    drop = (TYPES + DROP.replace("static ", "")).encode()
    assert [(one.id, one.file) for one in check_sources({"a.c": call, "b.c": drop})] == [
        ("double-release", "a.c")]


def test_parsed_files_are_not_parsed_again(monkeypatch: pytest.MonkeyPatch) -> None:
    header = b"struct demo_more {\n\tstruct page *page;\n};\n"
    files = {"a.c": (TYPES + body(ALLOC + "return 0;") + body(
        "struct demo_more *more = rxq->more; page_pool_put_full_netmem(rxq->pool, more->page, "
        "false); return 0;").replace("demo(", "other(")).encode(), "b.h": header}
    wanted = check_sources(files)
    assert [one.id for one in wanted] == ["leak", "argument-kind"]
    parsed = {path: parse.parse(source) for path, source in files.items()}

    def fail(source: bytes) -> None:
        raise AssertionError("parsed again")

    monkeypatch.setattr(parse, "parse", fail)
    assert check_sources(parsed) == wanted


def test_a_function_that_calls_itself_does_anything() -> None:
    loop = "static void spin(struct demo_rxq *r, netmem_ref n)\n{\n\tspin(r, n);\n}\n"
    assert found(loop + body(ALLOC + "spin(rxq, netmem); return 0;")) == []


def test_the_flag_says_that_memory_may_be_unreadable() -> None:
    code = body("va = netmem_address(buf->netmem) + buf->offset; return *(u8 *)va;")
    assert found(code + "/* PP_FLAG_ALLOW_UNREADABLE_NETMEM */\n") == []
    assert found(code + "int flag = PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n") == ["unreadable-address"]
    assert found(code + "int flag = PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n", unreadable=False) == []


def test_a_finding_says_where_and_why() -> None:
    source = (TYPES + body(ALLOC + "return 0;")).encode()
    (one,) = check_sources({"drivers/demo.c": source})
    line = source.decode().splitlines()[one.line - 1]
    assert (one.file, one.function, one.severity) == ("drivers/demo.c", "demo", "error")
    assert line[one.column - 1:].startswith("return 0;")
    assert one.message == ("`netmem` from page_pool_dev_alloc_netmems() is neither released, "
                           "stored, returned nor handed over here")
    assert one.why.startswith("Documentation/networking/page_pool.rst")


def test_a_fix_is_named_where_there_is_one() -> None:
    code = TYPES + body("page_pool_put_full_netmem(rxq->pool, buf->page, false); return 0;")
    (one,) = check_sources({"demo.c": code.encode()})
    assert one.fix == "page_pool_put_full_page()"


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_fail(extra: bytes, place: int, cut: int) -> None:
    source = (TYPES + SOMETIMES + NEW + body(ALLOC + FRAG + PUT + "return 0;")).encode()
    place = min(place, len(source))
    check_sources({"demo.c": source[:place] + extra + source[place + cut:]}, unreadable=True)
