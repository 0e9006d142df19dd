# SPDX-License-Identifier: GPL-2.0-only
"""`plan`: each item with how the driver stands to it, who does it, and the tree's selftests."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from command_tools import refused, run
from terminal_tools import on_terminal
from tools import plant, room_case

from netmem_migrate.model.ready import ASKED, NETMEM_RST, SELFTESTS

FOLDER = "drivers/net/acme"
SOURCE = f"{FOLDER}/acme.c"
GUARDED = room_case("guard", "a-call-that-fails")[0]
TYPES = """\
struct page_pool *page_pool_create(const struct page_pool_params *params);
dma_addr_t page_pool_get_dma_addr(struct page *page);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
"""
REST = """
struct acme {
	struct page_pool *pool;
	struct net_device *netdev;
	struct device *dev;
	struct page *spare;
	dma_addr_t sent;
};

static int acme_open(struct acme *priv)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP,
		.order = 0,
		.dev = priv->dev,
		.dma_dir = DMA_FROM_DEVICE,
		.netdev = priv->netdev,
	};

	priv->pool = page_pool_create(&params);
	return PTR_ERR_OR_ZERO(priv->pool);
}

static int acme_fill(struct acme *priv)
{
	priv->spare = page_pool_dev_alloc_pages(priv->pool);
	return priv->spare ? 0 : -ENOMEM;
}

static void acme_rx(struct acme *priv, struct sk_buff *skb, u32 len)
{
	dma_sync_single_for_cpu(priv->dev, page_pool_get_dma_addr(priv->spare), len,
				DMA_FROM_DEVICE);
	skb_add_rx_frag(skb, 0, priv->spare, 0, len, PAGE_SIZE);
}

static void acme_tx(struct acme *priv, skb_frag_t *frag, u32 len)
{
	priv->sent = skb_frag_dma_map(priv->dev, frag, 0, len, DMA_TO_DEVICE);
}

static void acme_done(struct acme *priv, u32 len)
{
	dma_unmap_page(priv->dev, priv->sent, len, DMA_TO_DEVICE);
}

static const struct ethtool_ops acme_ethtool_ops = {
	.get_link = ethtool_op_get_link,
};

static void acme_probe(struct acme *priv, struct net_device *netdev)
{
	netdev->ethtool_ops = &acme_ethtool_ops;
	netdev->features = NETIF_F_SG;
}

const struct acme_calls acme_calls = {
	.probe = acme_probe,
	.open = acme_open,
	.fill = acme_fill,
	.rx = acme_rx,
	.tx = acme_tx,
	.done = acme_done,
};
"""
DRIVER = GUARDED + REST
HEADER = """\
typedef unsigned long netmem_ref;
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void *netmem_address(netmem_ref netmem);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
void page_pool_dma_sync_netmem_for_cpu(const struct page_pool *pool, const netmem_ref netmem,
				       u32 offset, u32 dma_sync_size);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, bool direct);
bool netmem_is_net_iov(const netmem_ref netmem);
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off,
			    int size, unsigned int truesize);
"""
TESTS = {f"{SELFTESTS}/hds.py": "def get_hds(cfg, netnl) -> None:\n    pass\n",
         f"{SELFTESTS}/hw/devmem.py": "def check_rx(cfg) -> None:\n    pass\n"}


def planted(root: Path, files: dict[str, str]) -> Path:
    return plant(root, {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n", "Kbuild": "", "MAINTAINERS": "",
        "include/linux/none.h": "", "include/net/netmem.h": HEADER,
        f"{FOLDER}/Makefile": "obj-y += acme.o\n", **files})


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = planted(tmp_path / "linux", {SOURCE: DRIVER, NETMEM_RST: "netmem\n", **TESTS})
    monkeypatch.chdir(root)
    return root


def line(of: str, text: str = DRIVER) -> int:
    assert text.count(of) == 1, of
    return text[:text.index(of)].count("\n") + 1


def items(*words: str) -> dict[str, dict[str, Any]]:
    (plan,) = json.loads(run("plan", "--json", *words).out)["plans"]
    return {one["id"]: one for one in plan["items"]}


def places(item: dict[str, Any]) -> list[int]:
    return [one["line"] for one in item["evidence"]]


def test_every_item_in_the_order_in_which_they_are_done(tree: Path) -> None:
    assert list(items(FOLDER)) == [one.id for one in ASKED]
    assert list(items(FOLDER))[:2] == ["rx.1", "rx.3"] and list(items(FOLDER))[-1] == "tx.2"


def test_each_says_how_the_driver_stands_and_where(tree: Path) -> None:
    found = items(FOLDER)
    assert found["rx.1"]["status"] == "met"
    assert places(found["rx.1"]) == [line("priv->pool = page_pool_create")]
    assert found["rx.6"]["status"] == "unmet"
    assert places(found["rx.6"]) == [line("dma_sync_single_for_cpu(")]
    assert places(found["tx.1"]) == [line("dma_unmap_page(priv->dev")]
    assert places(found["queue-mgmt"]) == [line("netdev->ethtool_ops = ")]
    assert places(found["rx.2"]) == [line("acme_ethtool_ops = {")]
    assert found["steering"]["status"] == "not-judged"


def test_what_the_tool_does_is_what_it_does(tree: Path) -> None:
    found = items(FOLDER)
    tool = found["rx.3"]["tool"]
    assert tool["command"].startswith("netmem-migrate format-patch ")
    assert tool["command"].endswith(f" {FOLDER} -o out")
    run("diff", FOLDER, "--report=r.json", "-q")
    (driver,) = json.loads((tree / "r.json").read_text())["drivers"]
    sites = driver["sites"]
    assert tool["done"] == sum(one["action"] == "converted" for one in sites) > 0
    assert tool["of"] == len(sites)
    guard = found["rx.5"]["tool"]
    assert "--with=guard" in guard["command"] and (guard["done"], guard["of"]) == (1, 1)
    assert str(line("page_address(")) in guard["notes"][0]


def test_what_lacks_of_the_flags_is_said_for_each_pool(tree: Path) -> None:
    item = items(FOLDER)["rx.4"]
    assert "--with=flags" in item["tool"]["command"] and not item["person"]
    assert (item["tool"]["done"], item["tool"]["of"]) == (1, 1)
    source = next(path for path in (tree / FOLDER).glob("*.c")
                  if "PP_FLAG_DMA_MAP" in path.read_text())
    source.write_text(source.read_text().replace(
        "PP_FLAG_DMA_MAP", "/* not PP_FLAG_DMA_SYNC_DEV, on purpose */ PP_FLAG_DMA_MAP", 1))
    item = items(FOLDER)["rx.4"]
    assert "tool" not in item
    said = [one["text"] for one in item["person"]]
    assert "lacking: PP_FLAG_DMA_SYNC_DEV" in said
    assert any(one.startswith("what the tool says of it: ") and "on purpose" in one
               for one in said)
    assert not any("PP_FLAG_ALLOW_UNREADABLE_NETMEM" in one["text"] for one in item["person"])


def test_what_the_tool_says_of_what_is_sent(tree: Path) -> None:
    item = items(FOLDER)["tx.1"]
    assert "tool" not in item
    assert [one["text"] for one in item["person"]][1:] == [
        "what the tool says of it: maps frags as pages still: this kernel has no "
        "netmem_dma_unmap_addr_set()"]


def test_the_pool_is_told_of_its_queue(tree: Path) -> None:
    item = items(FOLDER)["unreadable"]
    said = " ".join(one["text"] for one in item["person"])
    assert "the pool is not told its queue_idx" in said and "netdev and queue_idx" in said
    assert "before it: Rx 2, queue restart, Rx 3, Rx 4, Rx 5, Rx 6" in said and "Rx 7" not in said


def test_flags_that_are_there_are_no_work(tree: Path) -> None:
    (tree / SOURCE).write_text(DRIVER.replace(
        ".flags = PP_FLAG_DMA_MAP,",
        ".flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV | PP_FLAG_ALLOW_UNREADABLE_NETMEM,"))
    found = items(FOLDER)
    assert found["rx.4"]["status"] == "met" and found["rx.4"]["person"] == []
    assert found["unreadable"]["status"] == "met" and found["unreadable"]["person"] == []


def test_flags_that_a_macro_spells_are_there(tree: Path) -> None:
    (tree / SOURCE).write_text(DRIVER.replace(
        "struct acme {", "#define ACME_FLAGS (PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV)\n\n"
        "struct acme {", 1).replace(".flags = PP_FLAG_DMA_MAP,", ".flags = ACME_FLAGS,"))
    assert items(FOLDER)["rx.4"]["status"] == "met"


def test_only_the_selftests_that_the_tree_has(tree: Path) -> None:
    found = items(FOLDER)
    assert [(one["file"], one["cases"]) for one in found["rx.2"]["selftests"]] == [
        (f"{SELFTESTS}/hds.py", ["get_hds"])]
    assert [one["cases"] for one in found["rx.6"]["selftests"]] == [["check_rx"]]
    assert found["rx.6"]["selftests"][0]["skipped_before"] == [
        "rx.2", "queue-mgmt", "unreadable"]
    assert found["tx.1"]["selftests"] == [] and found["steering"]["selftests"] == []
    (tree / SELFTESTS / "hds.py").unlink()
    assert items(FOLDER)["rx.2"]["selftests"] == []
    assert "test: no selftest of this tree exercises it" in run("plan", FOLDER).out.decode()


def test_what_the_tree_lacks_is_said(tree: Path) -> None:
    found = items(FOLDER)
    assert found["tx.2"]["absent"] == {"name": "netmem_tx", "header": "include/linux/netdevice.h"}
    (tree / "include/linux/netdevice.h").write_text("struct net_device { int netmem_tx; };\n")
    assert "absent" not in items(FOLDER)["tx.2"]
    (tree / NETMEM_RST).unlink()
    assert f"This tree has no {NETMEM_RST}" in run("plan", FOLDER).out.decode()


def test_knowledge_of_the_hardware_is_said_to_be_needed(tree: Path) -> None:
    found = items(FOLDER)
    assert {one for one in found if found[one]["hardware"]} >= {
        "rx.2", "rx.4", "rx.5", "queue-mgmt", "unreadable", "steering"}
    text = run("plan", FOLDER).out.decode()
    for one in ("rx.2", "queue-mgmt"):
        assert f"hardware: {found[one]['hardware']}" in text


def test_a_call_that_is_left_has_its_reason(tree: Path) -> None:
    (tree / SOURCE).write_text(DRIVER.replace(
        "static void acme_tx(", "static void acme_odd(struct acme *priv)\n{\n"
        "\tforeign(priv->spare);\n}\n\nstatic void acme_tx("))
    item = items(FOLDER)["rx.3"]
    assert item["tool"]["done"] < item["tool"]["of"]
    assert any("foreign()" in one["text"] for one in item["person"])
    left = [place for one in item["person"] for place in one["places"]]
    assert len(left) == item["tool"]["of"] - item["tool"]["done"]


def test_nothing_is_changed_and_the_text_fits(tree: Path) -> None:
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    lines = on_terminal(80, "plan", FOLDER)
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before
    assert max(map(len, lines)) <= 80
    assert re.match(r"drivers/net/acme \(linux 7\.3\.0\): to device memory \d+ items", lines[0])
    assert f"Paths are relative to {FOLDER}/" in " ".join(lines[:4])
    # A place is said as short as it can be, a command as it is typed.
    assert f"    acme.c:{line('priv->pool = page_pool_create')}" in lines
    assert any(one.strip().startswith("netmem-migrate format-patch") for one in lines)


def test_the_count_in_the_head_is_that_of_the_items(tree: Path) -> None:
    found = items(FOLDER)
    left = [one for one in found.values() if one["status"] not in ("met", "n/a")]
    head = run("plan", FOLDER).out.decode().splitlines()[0]
    assert f": to device memory {len(left)} items to do or to look at, " \
           f"{sum('tool' in one for one in left)} of which" in head


def test_two_modules_of_a_folder_have_a_plan_each(tree: Path) -> None:
    (tree / FOLDER / "Makefile").write_text("obj-y += acme.o other.o\n")
    (tree / FOLDER / "other.c").write_text(DRIVER.replace("acme", "other").replace("demo", "othr"))
    plans = json.loads(run("plan", "--json", FOLDER).out)["plans"]
    assert [one["files"] for one in plans] == [[SOURCE], [f"{FOLDER}/other.c"]]
    for one in plans:
        files = {place["file"] for item in one["items"] for place in item["evidence"]}
        assert files == set(one["files"])
    text = run("plan", FOLDER).out.decode()
    assert f"{FOLDER}, the module of acme.c" in text and f"{FOLDER}, the module of other.c" in text


def test_without_a_pool_there_is_nothing_to_plan(tree: Path) -> None:
    (tree / SOURCE).write_text(GUARDED)
    result = run("plan", FOLDER)
    assert result.code == 0 and result.out == b""
    assert f"{FOLDER}: creates no page_pool, so there is nothing to plan" in result.err
    assert json.loads(run("plan", "--json", FOLDER).out)["plans"] == []


def test_a_path_that_is_none_is_refused(tree: Path) -> None:
    refused(run("plan", "drivers/net/none"), "drivers/net/none: no such file or folder")


def test_outside_of_a_tree_it_says_what_it_can(tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "acme.c").write_text(DRIVER)
    monkeypatch.chdir(tmp_path)
    found = items("acme")
    assert found["rx.6"]["status"] == "unmet" and found["rx.6"]["selftests"] == []
    assert "absent" not in found["tx.2"]


def test_the_flag_has_its_conditions_in_order_with_places(tree: Path) -> None:
    item = items(FOLDER)["unreadable"]
    assert [one["id"] for one in item["conditions"]] == [f"P{number}" for number in range(1, 8)]
    assert [one["status"] for one in item["conditions"]] == [
        "unmet", "unmet", "unmet", "unmet", "unmet", "unmet", "met"]
    told = {one["id"]: one["parts"] for one in item["conditions"]}
    created = line("priv->pool = page_pool_create")
    assert [(one["text"], [place["line"] for place in one["places"]]) for one in told["P3"]] == [
        ("the pool is not told its queue_idx", [created])]
    assert told["P4"][0]["text"] == "the pool lacks PP_FLAG_DMA_SYNC_DEV, max_len"
    assert [place["line"] for place in told["P2"][0]["places"]] == [line("netdev->ethtool_ops = ")]
    assert line("dma_sync_single_for_cpu(") in [
        place["line"] for one in told["P6"] for place in one["places"]]
    said = [one["text"].partition(":")[0].partition(",")[0] for one in item["person"]]
    numbered = [one for one in said if re.fullmatch(r"P\d", one)]
    assert numbered == sorted(numbered) and set(numbered) == {f"P{n}" for n in range(1, 7)}


def test_the_conditions_are_printed_where_they_do_not_hold(tree: Path) -> None:
    said = run("plan", FOLDER).out.decode()
    part = said[said.index("unreadable: "):said.index("steering: ")]
    assert "    person: P2: netdev->queue_mgmt_ops is not set (acme.c:" in part
    assert "P7" not in part and "whoever knows the hardware sets it" not in part


def test_a_pool_that_has_the_flag_has_no_conditions(tree: Path) -> None:
    (tree / SOURCE).write_text(DRIVER.replace(
        ".flags = PP_FLAG_DMA_MAP,", ".flags = PP_FLAG_DMA_MAP | PP_FLAG_ALLOW_UNREADABLE_NETMEM,"))
    item = items(FOLDER)["unreadable"]
    assert item["status"] == "met" and "conditions" not in item
