# SPDX-License-Identifier: GPL-2.0-only
"""How a tree's own source is read for what its functions do with frags: tests/real/tx_helpers.py.

The table itself is held against a real tree by tests/real/run_tx_reads.py.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "real"))

from tx_helpers import TEST, TOUCH, Core

from netmem_migrate.model import tx
from netmem_migrate.model.spelled import NETMEM_TX
from netmem_migrate.model.target import bundled

TEXT = b"""\
int demo_tests(struct sk_buff *skb, void *to)
{
	if (!skb_frags_readable(skb))
		return -EFAULT;

	memcpy(to, kmap_local_page(demo_page(skb)), 16);
	return 0;
}

int demo_through(struct sk_buff *skb, void *to)
{
	return skb->len ? demo_tests(skb, to) : 0;
}

void *demo_untested(struct sk_buff *skb)
{
	return skb_frag_address(&skb->frags[0]);
}

int demo_both(struct sk_buff *skb, void *to)
{
	demo_untested(skb);
	return demo_tests(skb, to);
}

int demo_none(struct sk_buff *skb)
{
	return skb->len;
}
"""
LATE = b"""\
int demo_late(struct sk_buff *skb, void *to)
{
	void *va = kmap_atomic(demo_page(skb));

	if (!skb_frags_readable(skb))
		return -EFAULT;

	memcpy(to, va, 16);
	return 0;
}
"""


def test_what_reads_frags_and_what_tests_first() -> None:
    core = Core({"net/core/skbuff.c": TEXT})
    assert core.testing == {b"demo_tests"}
    assert core.touching == {b"demo_tests", b"demo_through", b"demo_untested", b"demo_both"}
    assert core.untested == {b"demo_untested", b"demo_both"}
    assert not list(core.sources[0].late(TEST, TOUCH))


def test_a_test_that_comes_too_late() -> None:
    core = Core({"net/core/skbuff.c": TEXT + LATE})
    assert list(core.sources[0].late(TEST, TOUCH)) == ["demo_late"]


def test_each_function_has_one_row() -> None:
    names = [name for row in tx.READS for name in row.names]
    assert len(names) == len(set(names))
    assert not {name.encode() for name in names} & tx.KNOWN


def test_kernels_that_have_the_modes(tmp_path: Path) -> None:
    assert tx.has_modes(bundled("7.3")) and not tx.has_modes(bundled("6.12"))
    assert tx.MODE_MEMBER.decode() == NETMEM_TX
    for text, has in (("enum { NETMEM_TX_DMA };\n", True), ("bool netmem_tx;\n", False),
                      ("/* NETMEM_TX_DMA */\n", False)):
        header = tmp_path / tx.MODE_HEADER
        header.parent.mkdir(parents=True, exist_ok=True)
        header.write_text(text)
        assert tx.has_modes(replace(bundled("7.3"), headers=tmp_path)) is has
