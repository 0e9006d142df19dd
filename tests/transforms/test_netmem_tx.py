# SPDX-License-Identifier: GPL-2.0-only
"""A device is said to send device memory where T1 to T4 hold; else all that is missing is said.

The cases are in corpus/rooms/netmem-tx; here is what they do not say.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tools import CORPUS, room_case, run

from netmem_migrate.api import check_changes, migrate
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange, Migration

CASES = CORPUS / "rooms/netmem-tx"
PLAIN, DONE = room_case("netmem-tx", "plain")
SET = "\tnetdev->netmem_tx = NETMEM_TX_DMA;\n"
OPS = "\tnetdev->netdev_ops = &demo_ops;\n"
MAP = "\tif (demo_map(priv, skb))\n"


def told(tmp_path: Path, text: str, api: str = "7.3",
         wanted: tuple[str, ...] = ("netmem-tx",)) -> Migration:
    file = tmp_path / "d.c"
    file.write_text(text)
    whole = migrate([file], api=api, wanted=wanted)
    assert not whole.stopped
    return whole.drivers[0]


def left(migration: Migration) -> list[str]:
    return [wording.undone(one) for one in migration.report.undone]


def test_without_it_nothing_is_asked(tmp_path: Path) -> None:
    migration = told(tmp_path, PLAIN, wanted=())
    assert len(migration.steps) == 1 and not migration.report.undone
    assert "NETMEM_TX_DMA" not in migration.changes[0].after.decode()


def test_what_is_set_already_is_neither_done_nor_left(tmp_path: Path) -> None:
    migration = told(tmp_path, PLAIN.replace(OPS, OPS + SET))
    assert len(migration.steps) == 1 and not migration.report.undone
    assert not migration.report.behind


def test_a_kernel_without_the_modes(tmp_path: Path) -> None:
    migration = told(tmp_path, PLAIN, api="6.12")
    assert left(migration) == [
        "demo_xmit() sends pages only still: this kernel has no NETMEM_TX_DMA (d.c:51)"]


def test_all_that_is_missing_is_listed_in_order(tmp_path: Path) -> None:
    text = PLAIN.replace(
        "netmem_dma_unmap_page_attrs(priv->dev, dma_unmap_addr(slot, dma),\n"
        "\t\t\t\t    slot->len, DMA_TO_DEVICE, 0);",
        "dma_unmap_page(priv->dev, slot->dma, slot->len, DMA_TO_DEVICE);").replace(
        MAP, "\tif (skb->len > 4096)\n\t\tskb_linearize(skb);\n"
        "\tmemcpy(priv->bounce, skb_frag_address(skb_shinfo(skb)->frags), 8);\n" + MAP)
    said = left(told(tmp_path, text))
    assert [one.partition("(T")[2][:1] for one in said] == ["3", "4", "4"]
    lines = text.splitlines()
    for one, word in zip(said, ("dma_unmap_page", "skb_linearize", "memcpy"), strict=True):
        assert word in lines[int(one.rpartition(":")[2].rstrip(")")) - 1]


def test_each_place_of_a_device_is_set(tmp_path: Path) -> None:
    text = PLAIN + """
int demo_port(struct demo_priv *priv, struct net_device *port)
{
	port->netdev_ops = &demo_ops;
	return register_netdev(port);
}
"""
    migration = told(tmp_path, text)
    after = migration.steps[-1].changes[0].after.decode()
    assert SET in after and "\tport->netmem_tx = NETMEM_TX_DMA;\n" in after
    assert len(migration.report.behind) == 2


def test_none_is_set_where_one_place_is_not_shown(tmp_path: Path) -> None:
    text = PLAIN + """
void demo_port(struct demo_priv *priv, struct net_device *port)
{
	port->netdev_ops = &demo_ops;
}
"""
    (why,) = left(told(tmp_path, text))
    assert why.startswith("demo_port() sends pages only still (T5)")


ORDERS = {
    "by what calls both": ("""
static void demo_setup(struct net_device *netdev)
{
	netdev->netdev_ops = &demo_ops;
}

static int demo_add(struct net_device *netdev)
{
	return register_netdev(netdev);
}
""", "\tdemo_setup(netdev);\n\tnetdev->features |= NETIF_F_SG;\n\treturn demo_add(netdev);\n", 1),
    "but not by one that calls them in the other order": ("""
static void demo_setup(struct net_device *netdev)
{
	netdev->netdev_ops = &demo_ops;
}

static int demo_add(struct net_device *netdev)
{
	return register_netdev(netdev);
}
""", "\tint err = demo_add(netdev);\n\n\tdemo_setup(netdev);\n"
     "\tnetdev->features |= NETIF_F_SG;\n\treturn err;\n", 0),
    "and not where nothing registers it": ("""
static void demo_setup(struct net_device *netdev)
{
	netdev->netdev_ops = &demo_ops;
}
""", "\tdemo_setup(netdev);\n\tnetdev->features |= NETIF_F_SG;\n\treturn 0;\n", 0),
}


@pytest.mark.parametrize("name", ORDERS)
def test_it_is_registered_behind(name: str, tmp_path: Path) -> None:
    helpers, body, made = ORDERS[name]
    start = PLAIN.index("int demo_probe(")
    probe = PLAIN[start:].replace(
        OPS + "\tnetdev->features |= NETIF_F_SG;\n\treturn register_netdev(netdev);\n", body)
    migration = told(tmp_path, PLAIN[:start] + helpers.lstrip("\n") + "\n" + probe)
    assert len(migration.report.behind) == made
    assert made or "(T5)" in left(migration)[0]


def test_a_device_that_does_no_dma(tmp_path: Path) -> None:
    start, end = PLAIN.index("static int demo_map("), PLAIN.index("static netdev_tx_t")
    text = (PLAIN[:start] + "int demo_map(struct demo_priv *priv, struct sk_buff *skb);\n\n" +
            PLAIN[end:]).replace("PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV", "0").replace(
        "netmem_dma_unmap_page_attrs(priv->dev, dma_unmap_addr(slot, dma),\n"
        "\t\t\t\t    slot->len, DMA_TO_DEVICE, 0);", "slot->len = 0;")
    assert "does no DMA" in left(told(tmp_path, text))[0]


def test_it_is_the_last_of_several(tmp_path: Path) -> None:
    migration = told(tmp_path, PLAIN, wanted=("netmem-tx", "guard", "sync"))
    assert migration.steps[-1].room is not None
    assert migration.steps[-1].room.step == "netmem-tx"


def test_to_the_check_it_is_a_change_by_hand() -> None:
    before = DONE.replace(SET, "").encode()
    found = check_changes([FileChange("d.c", before, DONE.encode())], "7.3")
    assert [one.id for one in found] == ["changed-behaviour"]


def test_the_patch_says_what_it_rests_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    folder, out, there = tmp_path / "demo", tmp_path / "out", tmp_path / "there"
    for one in (folder, there):
        one.mkdir()
        (one / "demo.c").write_text(PLAIN)
    done = run("format-patch", folder, "--api=7.3", "--with=netmem-tx", "-o", out)
    assert done.exit_code == 0, done.output
    _, first, last = sorted(out.glob("*.patch"))
    text = last.read_text()
    message = " ".join(text.partition("\n---\n")[0].split())
    for word in ("(T1)", "(T2)", "(T3)", "(T4)", "bind-tx", "Not shown:", "demo_probe()"):
        assert word in message
    assert max(map(len, text.partition("\n---\n")[0].splitlines()[4:])) <= 80
    added = [line for line in text.splitlines() if line.startswith(("+\t", "-\t"))]
    assert added == ["+" + SET.rstrip("\n")]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"],
                  ["am", "-q", str(first), str(last)]):
        subprocess.run(["git", *words], cwd=there, check=True)
    assert (there / "demo.c").read_text() == DONE
