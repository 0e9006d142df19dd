# SPDX-License-Identifier: GPL-2.0-only
"""Prefetches of a page's descriptor: kept as they are, of the netmem's descriptor."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, check_noop, check_refused, check_transformed, convert

# The prelude has no deliver(); a prototype in front of the example is enough.
_DELIVER = "void deliver(void *data);\n\n"
TRANSFORMED = {
    "a-statement": (
"""\
void t(struct rx_buf *buf)
{
	prefetchw(buf->page);

	deliver(page_address(buf->page));
}
""",
"""\
void t(struct rx_buf *buf)
{
	prefetchw(netmem_to_nmdesc(buf->netmem));

	deliver(netmem_address(buf->netmem));
}
""",
    ),
    "all-of-an-arm": (
"""\
void t(struct rx_buf *buf)
{
	if (buf->offset) {
		prefetch(buf->page);
	} else {
		buf->offset = 1;
	}
}
""",
"""\
void t(struct rx_buf *buf)
{
	if (buf->offset) {
		prefetch(netmem_to_nmdesc(buf->netmem));
	} else {
		buf->offset = 1;
	}
}
""",
    ),
    "body-of-a-loop-under-a-comment": (
"""\
void t(struct rx_buf *buf)
{
	while (buf->offset--)
		/* The reference count is next. */
		net_prefetchw(buf->page);
}
""",
"""\
void t(struct rx_buf *buf)
{
	while (buf->offset--)
		/* The reference count is next. */
		net_prefetchw(netmem_to_nmdesc(buf->netmem));
}
""",
    ),
    "local-for-nothing-else": (
"""\
void t(struct rx_buf *buf)
{
	struct page *page = buf->page;

	net_prefetch(page);
	buf->offset = 0;
}
""",
"""\
void t(struct rx_buf *buf)
{
	netmem_ref netmem = buf->netmem;

	net_prefetch(netmem_to_nmdesc(netmem));
	buf->offset = 0;
}
""",
    ),
    "beside-other-code": (
"""\
void t(struct rx_buf *buf)
{
	buf->offset = 0; prefetchw((buf++)->page);
}
""",
"""\
void t(struct rx_buf *buf)
{
	buf->offset = 0; prefetchw(netmem_to_nmdesc((buf++)->netmem));
}
""",
    ),
    "one-of-two": (
"""\
void t(struct ring *ring, struct rx_buf *buf)
{
	prefetch(ring ? ring->spare : buf->page);
}
""",
"""\
void t(struct ring *ring, struct rx_buf *buf)
{
	prefetch(netmem_to_nmdesc(ring ? ring->spare : buf->netmem));
}
""",
    ),
    "of-the-descriptor-already": (
"""\
void t(struct rx_buf *buf)
{
	prefetchw(pp_page_to_nmdesc(buf->page));
}
""",
"""\
void t(struct rx_buf *buf)
{
	prefetchw(netmem_to_nmdesc(buf->netmem));
}
""",
    ),
    "of-the-slot-that-holds-it": (
"""\
void t(struct rx_buf *buf)
{
	prefetchw(&buf->page);
	prefetch(page_address(buf->page));
}
""",
"""\
void t(struct rx_buf *buf)
{
	prefetchw(&buf->netmem);
	prefetch(netmem_address(buf->netmem));
}
""",
    ),
}
LEFT_ALONE = {
    "of-an-address": """\
void t(void *data)
{
	prefetch(data);
}
""",
    "of-another-page": """\
void t(struct page *page)
{
	prefetchw(page);
	foreign(page);
}
""",
    "of-a-descriptor-ring": """\
void t(u32 *ring, int i)
{
	prefetchw(&ring[i]);
}
""",
    "of-a-page-that-nobody-keeps": """\
void t(struct sk_buff *skb)
{
	prefetchw(virt_to_page(skb->data));
}
""",
}
REFUSED = {
    "of-a-member-of-it": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	prefetchw(&buf->page->flags);
}
"""),
    "by-a-macro": ("rx_buf.page", "macro", """\
#define WARM(p) prefetchw(p)

void t(struct rx_buf *buf)
{
	WARM(buf->page);
}
"""),
    "by-what-is-no-hint-of-the-kernel's": ("rx_buf.page", "page-only-use", """\
void t(struct rx_buf *buf)
{
	__builtin_prefetch(buf->page);
}
"""),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_transformed(name: str, tmp_path: Path) -> None:
    before, after = TRANSFORMED[name]
    check_transformed(tmp_path, _DELIVER + before, _DELIVER + after)


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str, tmp_path: Path) -> None:
    check_noop(tmp_path, LEFT_ALONE[name])


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str, tmp_path: Path) -> None:
    slot, category, source = REFUSED[name]
    check_refused(tmp_path, source, slot, category)


@pytest.mark.parametrize("hint", ["prefetch", "prefetchw", "net_prefetch", "net_prefetchw"])
def test_a_kernel_without_the_descriptor_keeps_the_hint(hint: str, tmp_path: Path) -> None:
    source = f"{PRELUDE}void t(struct rx_buf *buf)\n{{\n\t{hint}(buf->page);\n}}\n"
    migration, files = convert(tmp_path / "d", {"d.c": source.encode()}, api="6.12")
    (refusal,) = migration.report.refusals
    assert (refusal.slot, refusal.category) == ("rx_buf.page", "missing-api")
    assert refusal.reason.by == "netmem_to_nmdesc" and refusal.reason.other == "7.3"
    # The other slot of the driver moves.
    assert f"{hint}(buf->page)".encode() in files["d.c"] and b"netmem_ref spare" in files["d.c"]


def test_the_conversion_is_one_patch(tmp_path: Path) -> None:
    source = f"{PRELUDE}void t(struct rx_buf *buf)\n{{\n\tprefetchw(buf->page);\n}}\n"
    migration, _ = convert(tmp_path / "d", {"d.c": source.encode()})
    assert [step.changes for step in migration.steps] == [migration.changes]
