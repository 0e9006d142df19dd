# SPDX-License-Identifier: GPL-2.0-only
"""Addresses of frags that are sent are kept, and unmapped, by netmem, or it is said why not.

The cases are in corpus/rooms/tx; here is what they do not say.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from command_tools import refused, run
from kernel_tools import make_kernel
from tools import CORPUS, plant

from netmem_migrate.api import migrate
from netmem_migrate.convert.passes import load
from netmem_migrate.report import wording
from netmem_migrate.results import Action, Migration, Verdict

CASES = CORPUS / "rooms/tx"
PLAIN = (CASES / "stored-at-once/before.c").read_text()
MAPS, UNMAPS = PLAIN[:PLAIN.index("void demo_unmap")], PLAIN[PLAIN.index("void demo_unmap"):]
HEADER = PLAIN[PLAIN.index("struct demo_tx"):PLAIN.index("int demo_map")]


def sent(tmp_path: Path, text: str, **options: object) -> Migration:
    file = tmp_path / "d.c"
    file.write_text(text)
    whole = migrate([file], api="7.3", wanted=("tx",), **options)
    assert not whole.stopped
    return whole.drivers[0]


def left(migration: Migration) -> list[str]:
    return [wording.undone(one) for one in migration.report.undone]


def after(migration: Migration) -> str:
    step = migration.steps[-1]
    assert step.room is not None and step.room.step == "tx"
    return step.changes[0].after.decode()


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (one,) = migrate([file], api="7.3").drivers
    assert len(one.steps) == 1 and not one.report.behind and not one.report.undone
    assert b"netmem_dma_unmap" not in one.changes[0].after


def test_what_has_it_is_left_alone(tmp_path: Path) -> None:
    again = sent(tmp_path, after(sent(tmp_path, PLAIN)))
    assert not again.changes and not again.report.behind and not left(again)


def test_it_needs_no_conversion(tmp_path: Path) -> None:
    migration = sent(tmp_path, PLAIN, only=("tx",))
    (step,) = migration.steps
    text = after(migration)
    assert step.room is not None and "netmem_dma_unmap_addr_set(" in text
    assert "struct page *page;" in text and "page_pool_dev_alloc_pages(pool)" in text
    assert migration.report.verdict is Verdict.PARTIAL
    assert {one.action for one in migration.report.sites} == {Action.KEPT}


def test_a_kernel_without_the_helpers_keeps_raw_unmaps(tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    (one,) = migrate([file], api="6.12", wanted=("tx",)).drivers
    assert not one.report.behind
    (said,) = left(one)
    assert said.startswith("struct demo_tx.dma maps frags as pages still: this kernel has no "
                           "netmem_dma_unmap_addr_set()")


def test_every_unmap_of_the_member_in_any_file(tmp_path: Path) -> None:
    folder = plant(tmp_path / "demo", {
        "Makefile": "obj-m += demo.o\ndemo-y := map.o done.o\n",
        "demo.h": HEADER, "map.c": '#include "demo.h"\n' + MAPS.replace(HEADER, ""),
        "done.c": '#include "demo.h"\n\n' + UNMAPS})
    (migration,) = migrate([folder], api="7.3", wanted=("tx",)).drivers
    step = migration.steps[-1]
    made = {one.path: one.after.decode() for one in step.changes}
    assert step.room is not None and step.room.step == "tx"
    assert made["map.c"].count("netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma,") == 1
    assert made["done.c"].count("netmem_dma_unmap_page_attrs(") == 1


def test_a_read_in_another_file_is_in_the_way(tmp_path: Path) -> None:
    folder = plant(tmp_path / "demo", {
        "Makefile": "obj-m += demo.o\ndemo-y := map.o done.o\n",
        "demo.h": HEADER, "map.c": '#include "demo.h"\n' + MAPS.replace(HEADER, ""),
        "done.c": '#include "demo.h"\n\n' + UNMAPS + """
dma_addr_t demo_addr(struct demo_ring *ring, int i)
{
	return ring->tx[i].dma;
}
"""})
    (migration,) = migrate([folder], api="7.3", wanted=("tx",)).drivers
    assert not migration.report.behind
    (said,) = left(migration)
    assert said == ("demo_addr() maps frags as pages still (T1): the stored address is read at "
                    "done.c:12, not for an unmap")


def test_an_arm_that_is_not_compiled_counts(tmp_path: Path) -> None:
    said = left(sent(tmp_path, PLAIN + """
#ifdef CONFIG_DEMO_DEBUG
dma_addr_t demo_addr(struct demo_ring *ring, int i)
{
	return ring->tx[i].dma;
}
#endif
"""))
    assert len(said) == 1 and "(T1)" in said[0] and "demo_addr()" in said[0]


def test_a_comment_stays_beside_its_statement(tmp_path: Path) -> None:
    text = PLAIN.replace("cpu_to_le64(tx->dma);", "cpu_to_le64(tx->dma); /* go */")
    assert text != PLAIN
    assert "(tx->dma); /* go */\n\t\tnetmem_dma_unmap_addr_set(" in after(sent(tmp_path, text))


SAID = {"stored-at-once": False, "asked-before-it-is-unmapped": True}


@pytest.mark.parametrize("name", SAID)
def test_the_message_says_what_changes(name: str, tmp_path: Path) -> None:
    step = sent(tmp_path, (CASES / name / "before.c").read_text()).steps[-1]
    assert step.room is not None
    (words,) = (one.declared.words for one in load() if one.declared.id == "tx")
    said = words[step.room.kind][2]
    assert "one that is 0: that is never unmapped any more" in said
    assert "Without CONFIG_NEED_DMA_MAP_STATE" in said
    assert ("asks for an address before it unmaps" in said) is SAID[name]


SENDS = """
void demo_sends(struct net_device *netdev)
{
	netdev->features |= NETIF_F_SG;
}
"""
POOL = """
struct page_pool *demo_pool(struct device *dev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.dev = dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	return page_pool_create(&params);
}
"""


def test_frags_that_are_mapped_by_their_addresses(tmp_path: Path) -> None:
    text = PLAIN.replace("skb_frag_dma_map(ring->dev, frag, 0, tx->len,",
                         "dma_map_single(ring->dev, skb_frag_address(frag), tx->len,")
    assert text != PLAIN
    (said,) = left(sent(tmp_path, text + POOL + SENDS))
    assert said.startswith("demo_map() maps frags as pages still (T2): dma_map_single() maps them, "
                           "and not as frags, at d.c:")


def test_a_driver_that_sends_none(tmp_path: Path) -> None:
    text = PLAIN[:PLAIN.index("struct demo_tx")] + POOL
    (said,) = left(sent(tmp_path, text))
    assert "maps no frags to send" in said


@pytest.mark.parametrize("command", ["diff", "apply"])
def test_refused_without_a_kernel_that_can_prove_it(command: str, tmp_path: Path) -> None:
    file = tmp_path / "d.c"
    file.write_text(PLAIN)
    refused(run(command, "--with", "tx", str(file)), "cannot be proven")
    assert file.read_text() == PLAIN


def test_refused_in_a_tree_that_is_not_prepared(tmp_path: Path) -> None:
    root = make_kernel(tmp_path / "linux")
    (root / ".config").unlink()
    refused(run("diff", "--with", "tx", str(root / "drivers/net/demo")),
            "not prepared for compiling")
