# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that tells a device how it sends: it does nothing else, and compiles."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import DRIVER

from netmem_migrate.results import FileChange
from netmem_migrate.verify import Status, Way, verify_changes

BEFORE = """\
enum { NETMEM_TX_NONE, NETMEM_TX_DMA };
struct net_device {
	const void *netdev_ops;
	unsigned long netmem_tx:2;
	int mtu;
};

void demo_setup(struct net_device *netdev, const void *ops)
{
	netdev->netdev_ops = ops;
	netdev->mtu = 1500;
}
"""
OPS = "\tnetdev->netdev_ops = ops;\n"
SET = "\tnetdev->netmem_tx = NETMEM_TX_DMA;\n"
AFTER = BEFORE.replace(OPS, OPS + SET)


def test_it_is_told_by_the_text(kernel_tree: Path) -> None:
    (proof,) = verify_changes(kernel_tree, [FileChange(DRIVER, BEFORE.encode(), AFTER.encode())])
    assert proof.proven and proof.way is Way.MODE and "T1 to T4" in proof.assumes


OTHERS = {
    "something else is set as well": AFTER.replace("1500", "1400"),
    "another mode": AFTER.replace("NETMEM_TX_DMA;", "NETMEM_TX_NONE;"),
    "under a test": AFTER.replace(SET, "\tif (ops)\n\t" + SET),
}


@pytest.mark.parametrize("name", OTHERS)
def test_anything_else_is_compared_as_ever(name: str, kernel_tree: Path) -> None:
    change = FileChange(DRIVER, BEFORE.encode(), OTHERS[name].encode())
    (proof,) = verify_changes(kernel_tree, [change])
    assert proof.way is not Way.MODE and proof.identity.status is Status.FAIL


def test_what_does_not_compile_is_not_proven(kernel_tree: Path) -> None:
    text = BEFORE.replace("\tunsigned long netmem_tx:2;\n", "")
    change = FileChange(DRIVER, text.encode(), text.replace(OPS, OPS + SET).encode())
    (proof,) = verify_changes(kernel_tree, [change])
    assert not proof.proven
