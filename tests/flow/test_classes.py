# SPDX-License-Identifier: GPL-2.0-only
"""What stands in the way of each call that stays, and where: for each class a driver that is of it,
and one that differs in that fact alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tools import CORPUS, convert, run

from netmem_migrate.errors import ExitCode
from netmem_migrate.reasons import Class, Detail
from netmem_migrate.results import DriverReport, Site, Verdict

HEAD = '#include "netmem_stub.h"\n\n'
# One ring that keeps the address of its buffers, and nothing else of them.
RING = HEAD + """\
struct slot {
	void *va;
	dma_addr_t dma;
};

struct ring {
	struct slot slots[8];
	struct page_pool *pool;
};

"""
RUN = """\
struct bpf_prog;
u32 bpf_prog_run_xdp(const struct bpf_prog *prog, struct xdp_buff *xdp);

u32 verdict(const struct bpf_prog *prog, struct xdp_buff *xdp)
{
	return bpf_prog_run_xdp(prog, xdp);
}

"""
TX = RING + RUN + """\
struct tx {
	void *data;
	struct page_pool *pool;
};

void send(struct tx *tx, struct xdp_buff *xdp)
{
	tx->data = xdp->data;
}

void done(struct tx *tx)
{
	page_pool_put_full_page(tx->pool, virt_to_head_page(tx->data), false);
}
"""
XDP = RING + RUN + """\
void drop(struct ring *r, struct xdp_buff *xdp)
{
	struct page *page = virt_to_head_page(xdp->data);

	page_pool_put_full_page(r->pool, page, true);
}
"""
FRAGS = RING + RUN + """\
void drop(struct ring *r, struct xdp_frame *frame)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);

	page_pool_put_full_page(r->pool, skb_frag_page(&info->frags[0]), true);
}
"""
PASSED = RING + RUN + """\
static void put(struct ring *r, void *data)
{
	page_pool_put_full_page(r->pool, virt_to_head_page(data), true);
}

void drop(struct ring *r, struct xdp_buff *xdp)
{
	put(r, xdp->data);
}
"""
COPY = HEAD + """\
struct sk_buff *copy(struct page_pool *pool, void *from, int len)
{
	struct page *page = page_pool_dev_alloc_pages(pool);
	struct sk_buff *skb;

	if (!page)
		return NULL;
	memcpy(page_address(page), from, len);
	skb = build_skb(page_address(page), PAGE_SIZE);
	if (!skb)
		page_pool_put_full_page(pool, page, true);
	return skb;
}
"""
KEPT = RING + """\
int fill(struct ring *r, int i)
{
	struct page *page = page_pool_dev_alloc_pages(r->pool);

	if (!page)
		return -ENOMEM;
	r->slots[i].va = page_address(page);
	r->slots[i].dma = page_pool_get_dma_addr(page);
	return 0;
}

struct sk_buff *take(struct ring *r, int i)
{
	return build_skb(r->slots[i].va, PAGE_SIZE);
}

void clean(struct ring *r, int i)
{
	page_pool_put_full_page(r->pool, virt_to_head_page(r->slots[i].va), false);
}
"""
PAYLOAD = """
void more(struct sk_buff *skb, netmem_ref netmem)
{
	skb_add_rx_frag_netmem(skb, 0, netmem, 0, 64, PAGE_SIZE);
}
"""
META = HEAD + """\
struct meta {
	void *owner;
	int channel;
};

int fill(struct page_pool *pool, void *owner)
{
	struct page *page = page_pool_dev_alloc_pages(pool);
	struct meta *meta;

	if (!page)
		return -ENOMEM;
	meta = page_address(page) + 64;
	meta->channel = 1;
	return 0;
}
"""
RETURNED = HEAD + """\
void *get(struct page_pool *pool, dma_addr_t *dma)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	*dma = page_pool_get_dma_addr(page);
	return page_address(page);
}
"""
DEVICE = HEAD + """\
void *phys_to_virt(unsigned long phys);

dma_addr_t fill(struct page_pool *pool)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	return page_pool_get_dma_addr(page);
}

void take(struct page_pool *pool, unsigned long phys)
{
	page_pool_put_full_page(pool, virt_to_head_page(phys_to_virt(phys)), true);
}
"""
# The address alone goes out, and the driver maps it: in the function that takes it from the pool.
MAPPED = HEAD + """\
void *get(struct page_pool *pool, struct device *dev, void *spare, dma_addr_t *dma)
{
	struct page *page;
	void *va;

	if (spare) {
		va = spare;
	} else {
		page = page_pool_dev_alloc_pages(pool);
		va = page_address(page);
	}
	*dma = dma_map_single(dev, va, 2048, DMA_FROM_DEVICE);
	return va;
}
"""
TOKEN = HEAD + """\
struct virtqueue;
struct scatterlist;
void *virtqueue_get_buf(struct virtqueue *vq, unsigned int *len);
int virtqueue_add_inbuf(struct virtqueue *vq, struct scatterlist *sg,
			unsigned int num, void *data, gfp_t gfp);

int fill(struct page_pool *pool, struct virtqueue *vq, struct scatterlist *sg)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	return virtqueue_add_inbuf(vq, sg, 1, page_address(page), GFP_ATOMIC);
}

void take(struct page_pool *pool, struct virtqueue *vq)
{
	unsigned int len;
	void *buf = virtqueue_get_buf(vq, &len);

	page_pool_put_full_page(pool, virt_to_head_page(buf), true);
}
"""


def said(folder: Path, text: str) -> DriverReport:
    migration, _ = convert(folder / "d", {"d.c": text.encode()})
    return migration.report


def details(report: DriverReport) -> set[Detail | None]:
    return {site.detail for site in report.sites}


def place(text: str, what: str) -> int:
    return 1 + text[:text.index(what)].count("\n")


def where(site: Site) -> int:
    assert site.reason is not None
    return next(one.line for one in site.reason.chain if one.line)


@pytest.mark.parametrize(("text", "detail", "at"), [
    (XDP, Detail.XDP, "virt_to_head_page(xdp"),
    (FRAGS, Detail.XDP, "skb_frag_page("),
    (PASSED, Detail.XDP, "virt_to_head_page(data"),
    (TX, Detail.XDP, "virt_to_head_page(tx"),
    (COPY, Detail.COPY_TARGET, "memcpy("),
    (KEPT + PAYLOAD, Detail.HEAD_RING, "return build_skb("),
    (META, Detail.CPU_METADATA, "meta->channel"),
], ids=["buff", "frags", "passed", "tx-slot", "copy", "heads", "metadata"])
def test_by_design(text: str, detail: Detail, at: str, tmp_path: Path) -> None:
    report = said(tmp_path, text)
    assert details(report) == {detail}
    assert {where(site) for site in report.sites} == {place(text, at)}
    assert not report.refusals and not report.left
    assert report.verdict is (Verdict.ON_NETMEM if PAYLOAD in text else Verdict.BY_DESIGN)


@pytest.mark.parametrize(("text", "old", "new", "detail"), [
    # The page of an xdp_buff may also be one of which nothing is known, or a ring's.
    (PASSED, "void drop", "void other(struct ring *r, void *any)\n{\n\tput(r, any);\n}\n\n"
     "void drop", Detail.OTHER),
    (PASSED, "void drop", "void other(struct ring *r)\n{\n\tput(r, r->slots[0].va);\n}\n\n"
     "void drop", Detail.OWN_MEMBER),
    (PASSED, "static void put(struct ring *r, void *data)",
     "void put(struct ring *r, void *data);\nEXPORT_SYMBOL(put);\n"
     "void put(struct ring *r, void *data)", Detail.OTHER),
    (PASSED, "void drop", "void (*const take)(struct ring *r, void *data) = put;\n\nvoid drop",
     Detail.OTHER),
    (XDP, "drop(struct ring *r, struct xdp_buff *xdp)", "drop(struct ring *r, struct slot *xdp)",
     None),
    # No program ever runs: what looks like an XDP buffer is a place to keep an address.
    (XDP, RUN, "", Detail.OTHER),
    # A Tx slot that something unknown sets, too.
    (TX, "void done(", "void more(struct tx *tx, void *any)\n{\n\ttx->data = any;\n}\n\nvoid done(",
     Detail.OWN_MEMBER),
    (TX, "tx->data = xdp->data;", "tx->data = page_address(page_pool_dev_alloc_pages(tx->pool));",
     Detail.OWN_MEMBER),
    # What is copied to becomes a frag, or is kept.
    (COPY, "	skb = build_skb(page_address(page), PAGE_SIZE);",
     "	skb = build_skb(from, PAGE_SIZE);\n	skb_add_rx_frag(skb, 0, page, 0, len, PAGE_SIZE);",
     None),
    # The driver reads what the device wrote there, and writes nothing.
    (META, "meta->channel = 1;\n	return 0;", "return meta->channel;", None),
    # No other ring has payload; a comment is none.
    (KEPT + PAYLOAD, PAYLOAD, "", Detail.OWN_MEMBER),
    (KEPT + PAYLOAD, PAYLOAD, "/* skb_add_rx_frag_netmem(skb, 0, netmem, 0, 64, 64) */\n",
     Detail.OWN_MEMBER),
], ids=["unknown", "a-ring's", "exported", "a-callback", "no-xdp", "no-program",
        "unknown-in-the-slot",
        "pool-in-the-slot", "a-frag", "read-only", "one-ring", "a-comment"])
def test_not_by_design(text: str, old: str, new: str, detail: Detail | None,
                       tmp_path: Path) -> None:
    assert old in text
    changed = text.replace(old, new)
    if "struct slot *xdp" in changed:
        changed = changed.replace("xdp->data", "xdp->va")
        detail = Detail.OWN_MEMBER
    report = said(tmp_path, changed)
    left = [site for site in report.sites if site.left]
    assert left or report.verdict is Verdict.WOULD_CONVERT
    if detail is not None:
        assert detail in {site.detail for site in left}
        assert report.verdict in (Verdict.REFUSED, Verdict.PARTIAL)


@pytest.mark.parametrize(("text", "detail", "at"), [
    (KEPT, Detail.OWN_MEMBER, "void *va;"),
    (RETURNED, Detail.RETURN_PAGE, "return page_address"),
    (DEVICE, Detail.HARDWARE_ADDRESS, "phys_to_virt(phys)"),
    (TOKEN, Detail.OWN_MEMBER, "return virtqueue_add_inbuf("),
    (MAPPED, Detail.OTHER, "dma_map_single("),
    # What is mapped is the other arm's.
    (MAPPED.replace("		va = spare;\n", "		va = spare;\n		*dma = dma_map_single("
                    "dev, va, 2048, DMA_FROM_DEVICE);\n").replace("\n	*dma = dma_map_single("
                    "dev, va, 2048, DMA_FROM_DEVICE);\n	return va;", "\n	return va;"),
     Detail.RETURN_PAGE, "return va"),
], ids=["address", "returned", "device", "token", "mapped", "mapped-in-the-other-arm"])
def test_what_stands_in_the_way(text: str, detail: Detail, at: str, tmp_path: Path) -> None:
    report = said(tmp_path, text)
    assert details(report) == {detail}
    assert place(text, at) in {where(site) for site in report.sites}
    assert report.verdict is Verdict.REFUSED and report.refusals
    assert detail.step == (detail.value if detail.class_ is Class.PREPARATORY else "")


def test_every_detail_is_of_one_class() -> None:
    assert {one.class_ for one in Detail} == set(Class)


def test_one_call_taken_back_to_pages_is_partial(tmp_path: Path) -> None:
    """A driver on netmem is that no more, and says so, where one release is a page call again."""
    text = (CORPUS / "01-already-converted/before.c").read_bytes()
    good, _ = convert(tmp_path / "a", {"demo.c": text.replace(b'"before', b'"demo'),
                                       "demo.h": _header()})
    assert good.report.verdict is Verdict.ON_NETMEM and not good.report.left
    start = text.index(b"page_pool_put_full_netmem(")
    end = text.index(b";", start)
    args = text[start:end].split(b"(", 1)[1].rsplit(b")", 1)[0].split(b", ")
    args[1] = b"netmem_to_page(" + args[1] + b")"
    back = text[:start] + b"page_pool_put_full_page(" + b", ".join(args) + b")" + text[end:]
    bad, _ = convert(tmp_path / "b", {"demo.c": back.replace(b'"before', b'"demo'),
                                      "demo.h": _header()})
    assert bad.report.verdict is Verdict.PARTIAL and not bad.changes
    (site,) = [one for one in bad.report.sites if one.left]
    assert site.call == "page_pool_put_full_page"


def _header() -> bytes:
    header = CORPUS / "01-already-converted/before.h"
    return header.read_bytes() if header.exists() else b""


@pytest.mark.parametrize(("text", "code"), [(XDP, ExitCode.DONE), (KEPT, ExitCode.REFUSED)])
def test_the_exit_code_and_the_report_tell_the_class(text: str, code: ExitCode,
                                                     tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d/d.c").write_text(text)
    result = run("diff", str(tmp_path / "d"), "--api", "7.3", "--report", str(tmp_path / "r"))
    assert result.exit_code == code
    found = json.loads((tmp_path / "r").read_text())
    assert found["version"] == 2
    for site in found["drivers"][0]["sites"]:
        assert site["action"] == "kept"
        assert (site["class"] != "by-design") is (code is ExitCode.REFUSED)
        reason = site["reason"]
        assert reason["kind"] == ("xdp" if code is ExitCode.DONE else "own-member")
        assert (reason["step"] != "") is (site["class"] == "preparatory")
        assert reason["file"] == "d.c" and reason["line"] > 0 and reason["text"]
