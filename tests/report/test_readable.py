# SPDX-License-Identifier: GPL-2.0-only
"""What a conversion leaves to whoever enables unreadable memory is listed by place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools import PRELUDE, convert, run

OFFSET, UNMARKED = "address-offset", "frag-fill-unmarked"
CASES = {
    "frag-of-an-xdp-buffer": ("""\
void t(struct skb_shared_info *info, struct rx_buf *buf)
{
	skb_frag_fill_page_desc(&info->frags[0], buf->page, 0, 64);
}
""", [(3, UNMARKED)]),
    "frag-that-is-marked": ("""\
void t(struct sk_buff *skb, struct rx_buf *buf)
{
	skb_frag_fill_page_desc(&skb_shinfo(skb)->frags[0], buf->page, 0, 64);
	skb->unreadable = true;
}
""", []),
    "frag-by-the-skb": ("""\
void t(struct sk_buff *skb, struct rx_buf *buf)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, 64, 64);
}
""", []),
    "offset-at-once": ("""\
void *t(struct rx_buf *buf)
{
	return buf->offset ? (u8 *)page_address(buf->page) + buf->offset :
	       page_address(buf->page);
}
""", [(3, OFFSET)]),
    "offset-of-a-variable": ("""\
void *t(struct rx_buf *buf)
{
	void *va = page_address(buf->page), *end;

	end = va;
	va += buf->offset;
	return va - 2;
}
""", [(6, OFFSET), (7, OFFSET)]),
    "offset-of-a-foreign-page": ("""\
void *t(struct page *page)
{
	foreign(page);
	return page_address(page) + 64;
}
""", []),
    "offset-that-is-there-already": ("""\
void *t(netmem_ref netmem)
{
	return netmem_address(netmem) + 64;
}
""", [(3, OFFSET)]),
    "no-offset": ("""\
u8 t(struct rx_buf *buf)
{
	u8 *va = page_address(buf->page);

	return va ? va[0] : 0;
}
""", []),
}


@pytest.mark.parametrize("name", CASES)
def test_places(name: str, tmp_path: Path) -> None:
    source, expected = CASES[name]
    migration, _ = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()})
    above = PRELUDE.count("\n")
    found = migration.report.readable
    assert [(one.line - above, one.kind) for one in found] == expected
    assert all(one.file == "d.c" and one.function == "t" for one in found)
    lines = (PRELUDE + source).splitlines()
    assert [one.text for one in found] == [lines[one.line - 1].strip() for one in found]


def test_the_report_has_them_and_the_summary_their_number(tmp_path: Path) -> None:
    text = PRELUDE + CASES["offset-of-a-variable"][0]
    (tmp_path / "d.c").write_text(text)
    done = run("diff", tmp_path / "d.c", "--report", tmp_path / "r.json")
    assert "note: 2 addresses are computed with: right while the pool gives pages" in done.stderr
    (driver,) = json.loads((tmp_path / "r.json").read_text())["drivers"]
    assert driver["readable"][0] == {
        "file": "d.c", "line": text[:text.index("va +=")].count("\n") + 1, "function": "t",
        "kind": OFFSET, "text": "va += buf->offset;"}
