# SPDX-License-Identifier: GPL-2.0-only
"""What a requirement rests on is reached from where the pool is created."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE

from netmem_migrate.api import migrate
from netmem_migrate.results import Requirement, Standing

DRIVER = PRELUDE + """\
struct other {
	struct page *page;
	void (*clean)(struct other *other);
};

#define CLEAN(other) clean_other(other)

static int open_it(struct net_device *netdev)
{
	struct ring *ring = netdev_priv(netdev);
	struct page_pool_params pp = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
	};

	ring->pool = page_pool_create(&pp);
	/* opened */
	return 0;
}

static const struct net_device_ops my_ops = {
	.ndo_open = open_it,
};

/* HERE */
static int probe(struct platform_device *pdev)
{
	struct net_device *netdev = platform_get_drvdata(pdev);

	netdev->netdev_ops = &my_ops;
	/* probed */
	return register_netdev(netdev);
}

static struct platform_driver driver = {
	.probe = probe,
};
module_platform_driver(driver);
"""
COUNT = """\
static void clean_other(struct other *other)
{
	page_ref_dec(other->page);
}
"""
NAMED = COUNT + """\
static void clean_all(struct other *other)
{
	clean_other(other);
}
"""
TABLE = COUNT + """\
static const struct clean_ops clean_ops = {
	.clean = clean_other,
};
"""
OTHER = COUNT + """\
static int probe_other(struct platform_device *pdev)
{
	clean_other(platform_get_drvdata(pdev));
	return 0;
}
static struct platform_driver other_driver = {
	.probe = probe_other,
};
"""
OTHER_OPS = COUNT + """\
static int open_other(struct net_device *netdev)
{
	clean_other(netdev_priv(netdev));
	return 0;
}
static const struct net_device_ops other_ops = {
	.ndo_open = open_other,
};
"""
SHOWN = """\
static int clean_show(struct seq_file *file, void *data)
{
	struct other *other = file->private;

	page_ref_dec(other->page);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(clean);
"""
HELD = """\
static void clean_ring(struct ring *ring)
{
	page_ref_dec(ring->spare);
}
"""
OPENED, PROBED = "/* opened */", "/* probed */"


def judged(tmp_path: Path, here: str, at: str = "", code: str = "") -> dict[str, Requirement]:
    assert at in DRIVER
    source = DRIVER.replace(at, f"{at}\n\t{code}", 1).replace("/* HERE */", here)
    (tmp_path / "d.c").write_text(source)
    return migrate([tmp_path], api="7.3").drivers[0].report.requirements


@pytest.mark.parametrize(("here", "at", "code"), [
    (COUNT, OPENED, "clean_other(netdev_priv(netdev));"),
    (COUNT, PROBED, "clean_other(netdev_priv(netdev));"),
    (NAMED, PROBED, "clean_all(netdev_priv(netdev));"),
    (COUNT, OPENED, "CLEAN(netdev_priv(netdev));"),
    (COUNT, OPENED, "((struct other *)netdev_priv(netdev))->clean = clean_other;"),
    (TABLE, PROBED, "netdev->clean_ops = &clean_ops;"),
    (OTHER, PROBED, "platform_driver_register(&other_driver);"),
    (SHOWN, PROBED, 'debugfs_create_file("clean", 0400, NULL, netdev, &clean_fops);'),
    # What anybody may call, and what uses memory of the pool.
    (HELD.replace("static ", ""), "", ""),
    (HELD + OTHER.replace("clean_other(platform_get_drvdata(pdev))",
                          "clean_ring(platform_get_drvdata(pdev))").replace(COUNT, "")
     + "module_platform_driver(other_driver);\n", "", ""),
])
def test_what_is_reached_is_evidence(here: str, at: str, code: str, tmp_path: Path) -> None:
    found = judged(tmp_path, here, at, code)["rx.7"]
    assert found.status is Standing.UNMET
    assert ["page_ref_dec" in one.text for one in found.evidence] == [True]


@pytest.mark.parametrize(("here", "at", "code"), [
    (COUNT, "", ""),
    (NAMED, "", ""),
    (TABLE, "", ""),
    (SHOWN.replace("DEFINE_SHOW_ATTRIBUTE(clean);\n", ""), "", ""),
    # A member, a tag and a comment of that name are no use of it.
    (COUNT, PROBED, "netdev->clean_other(netdev); /* clean_other() */"),
    (COUNT, PROBED, "netdev->other = (struct clean_other *)netdev;"),
    # Another driver of the module, and what is sent and received by another table.
    (OTHER + "module_platform_driver(other_driver);\n", "", ""),
    (OTHER_OPS, PROBED, "if (netdev->mtu)\n\t\tnetdev->netdev_ops = &other_ops;"),
])
def test_what_nothing_reaches_is_no_evidence(
        here: str, at: str, code: str, tmp_path: Path) -> None:
    found = judged(tmp_path, here, at, code)["rx.7"]
    assert found.status is Standing.MET
    assert all("page_ref_dec" not in one.text for one in found.evidence)


def test_a_table_that_nothing_names_is_no_evidence(tmp_path: Path) -> None:
    table = """\
static const struct ethtool_ops ethtool_ops = {
	.supported_ring_params = ETHTOOL_RING_USE_TCP_DATA_SPLIT,
};
static int set(struct kernel_ethtool_ringparam *ring)
{
	return ring->tcp_data_split ? -1 : 0;
}
"""
    assert judged(tmp_path, table)["rx.2"].status is Standing.UNMET
    used = judged(tmp_path, table, PROBED, "netdev->ethtool_ops = &ethtool_ops;\n\tset(NULL);")
    assert used["rx.2"].status is Standing.MET


def test_where_nothing_leads_to_the_pool_all_that_nothing_names_may_be_called(
        tmp_path: Path) -> None:
    source = DRIVER.replace("module_platform_driver(driver);\n", "").replace("/* HERE */", NAMED)
    (tmp_path / "d.c").write_text(source)
    found = migrate([tmp_path], api="7.3").drivers[0].report.requirements["rx.7"]
    assert found.status is Standing.UNMET and "page_ref_dec" in found.evidence[0].text
