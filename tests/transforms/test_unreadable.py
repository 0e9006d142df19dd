# SPDX-License-Identifier: GPL-2.0-only
"""`--with unreadable`: nothing is written, and what is missing is said; cases in corpus/rooms."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tools import CORPUS, run

from netmem_migrate.convert import passes
from netmem_migrate.errors import ExitCode
from netmem_migrate.model.spelled import UNREADABLE

CASES = CORPUS / "rooms/unreadable"
DRIVER = (CASES / "all-but-the-hardware/before.c").read_text()
LEFT_ALONE = {path.parent.name: path.read_text() for path in sorted(CASES.glob("*/before.c"))}
LOST = (("PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV", "PP_FLAG_DMA_MAP"),
        ("\t\t.queue_idx = ring->index,\n", ""),
        ("\tnetdev->queue_mgmt_ops = &demo_queue_ops;\n", ""))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "demo"
    made.mkdir()
    (made / "demo.c").write_text(DRIVER)
    return made


def undone(folder: Path, text: str = DRIVER) -> list[str]:
    (folder / "demo.c").write_text(text)
    done = run("diff", "--api=7.3", folder, "--with=unreadable")
    assert done.exit_code in (0, ExitCode.REFUSED)
    return [line.strip().removeprefix("not done demo_create() ")
            for line in done.stderr.splitlines() if "not done" in line]


@pytest.mark.few(4)
@pytest.mark.parametrize("text", LEFT_ALONE.values(), ids=LEFT_ALONE)
def test_nothing_is_written(text: str, folder: Path) -> None:
    (folder / "demo.c").write_text(text)
    without = run("diff", "--api=7.3", folder).stdout
    asked = run("diff", "--api=7.3", folder, "--with=unreadable")
    assert asked.stdout == without and UNREADABLE not in asked.stdout
    assert UNREADABLE in asked.stderr and UNREADABLE not in run("diff", "--api=7.3", folder).stderr


def test_what_is_missing_is_said_in_order_with_its_places(folder: Path) -> None:
    text = DRIVER
    for old, new in LOST:
        assert text.count(old) == 1
        text = text.replace(old, new)
    first, *others = undone(folder, text)
    assert "these are missing: P2, P3, P4 (" in first
    assert [re.findall(r"\((P\d)\)", one) for one in others] == [["P2"], ["P3"], ["P4"], ["P5"]]
    line = text[:text.index("page_pool_create(&")].count("\n") + 1
    assert f"(demo.c:{line})" in first and f"(demo.c:{line})" in others[1]
    line = text[:text.index("netdev->ethtool_ops = &")].count("\n") + 1
    assert others[0].endswith(f"(demo.c:{line})")


def test_where_nothing_is_missing_a_person_sets_it(folder: Path) -> None:
    first, second = undone(folder)
    assert "nothing is missing that the source tells, and open is P5" in first
    assert "never written by the tool, a person who knows the hardware sets it" in first
    assert "(P5)" in second and "only the hardware tells" in second


def test_pages_that_are_left_are_in_the_way(folder: Path) -> None:
    text = DRIVER.replace("\tskb_add_rx_frag(", "\tforeign(buf->page);\n\tskb_add_rx_frag(")
    first, *others = undone(folder, text)
    assert "never written by the tool, and pages are left" in first
    pages = [one for one in others if "takes memory of the pool as a page still" in one]
    assert len(pages) == 3


def test_a_pool_that_may_have_it_is_left_alone(folder: Path) -> None:
    (said,) = undone(folder, DRIVER.replace(
        "PP_FLAG_DMA_MAP |", f"{UNREADABLE} |\n\t\t\t PP_FLAG_DMA_MAP |"))
    assert said.startswith(f"sets {UNREADABLE} already (demo.c:")


def test_an_exit_that_is_taken_before_counts(folder: Path) -> None:
    read = "\tskb_put_data(skb, netmem_address(buf->netmem), 64);\n"
    text = DRIVER.replace("struct page *page", "netmem_ref netmem").replace(
        "buf->page", "buf->netmem").replace("alloc_pages", "alloc_netmems").replace(
        "skb_add_rx_frag(", "skb_add_rx_frag_netmem(").replace(
        "page_pool_dma_sync_for_cpu", "page_pool_dma_sync_netmem_for_cpu").replace(
        "page_pool_get_dma_addr", "page_pool_get_dma_addr_netmem").replace(
        "\tskb_mark", f"{read}\tskb_mark")
    assert "(P6)" in " ".join(undone(folder, text))
    asked = "\tif (netmem_is_net_iov(buf->netmem))\n\t\treturn;\n"
    assert "(P6)" not in " ".join(undone(folder, text.replace(read, asked + read)))
    assert "(P6)" in " ".join(undone(folder, text.replace(read, asked.replace(
        "(netmem_is", "(!netmem_is") + read)))
    assert "(P6)" in " ".join(undone(folder, text.replace(read, asked.replace(
        "return;", "ring->index++;") + read)))
    for between in ("\tbuf++;\n", "\tbuf = &ring->bufs[0];\n", "\tdemo_next(&buf);\n",
                    "again:\n", "\tbuf->netmem = 0;\n"):
        assert "(P6)" in " ".join(undone(folder, text.replace(read, asked + between + read)))
    assert "(P6)" not in " ".join(undone(folder, text.replace(read, asked + "\ti++;\n" + read)))
    assert "(P6)" in " ".join(undone(folder, text.replace(read, read + asked)))
    inside = f"\tif (!netmem_is_net_iov(buf->netmem))\n\t{read}"
    assert "(P6)" not in " ".join(undone(folder, text.replace(read, inside)))
    assert "(P6)" in " ".join(undone(folder, text.replace(read, inside.replace("(!", "("))))
    local = "\theads = netmem_address(buf->netmem);\n\tif (!heads)\n\t\treturn;\n"
    held = text.replace("\tstruct demo_buf *buf = &ring->bufs[i];\n\n\tskb_put",
                        "\tstruct demo_buf *buf = &ring->bufs[i];\n\tchar *heads;\n\n\tskb_put")
    assert "(P6)" not in " ".join(undone(folder, held.replace(read, local)))
    for old, new in (("!heads", "heads"), ("return;", "i++;"),
                     ("netmem);\n", "netmem) + 2;\n")):
        assert local.count(old) == 1
        assert "(P6)" in " ".join(undone(folder, held.replace(read, local.replace(old, new))))


def test_it_only_says() -> None:
    (one,) = [one.declared for one in passes.load() if one.declared.refuses]
    assert one.id == "unreadable" and one.before == one.after and one.behind
