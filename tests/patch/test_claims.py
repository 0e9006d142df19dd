# SPDX-License-Identifier: GPL-2.0-only
"""Each sentence of a message is a claim: it stands there where its fact does, and only there.

Each pair of drivers differs in one fact.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from series_tools import DEMO, make_tree
from tools import plant, run

from netmem_migrate.api import migrate
from netmem_migrate.patch.kinds import Claim, Kind
from netmem_migrate.patch.said import words
from netmem_migrate.patch.series import SeriesOptions, write_series

pytestmark = pytest.mark.usefixtures("home")
WHERE = "drivers/net/ethernet/acme/claim"
DOCUMENT = "Documentation/networking/netmem.rst"

DRIVER = """\
#include <net/page_pool/helpers.h>

struct claim_buf {
	struct page *page;
	void *va;
	u32 len;
};

struct claim_ring {
	struct claim_buf buf[16];
	struct page_pool *pool;
	dma_addr_t dma;
};

static int claim_open(struct claim_ring *ring, struct page_pool_params *params)
{
	params->flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV;
	ring->pool = page_pool_create(params);
	return PTR_ERR_OR_ZERO(ring->pool);
}

static int claim_fill(struct claim_ring *ring, struct claim_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(ring->pool);
	if (!buf->page)
		return -ENOMEM;
	ring->dma = page_pool_get_dma_addr(buf->page);
	return 0;
}

static void claim_rx(struct claim_ring *ring, struct sk_buff *skb, struct claim_buf *buf)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, buf->len, PAGE_SIZE);
}

static void claim_free(struct claim_ring *ring, struct claim_buf *buf)
{
	page_pool_put_full_page(ring->pool, buf->page, false);
}

const struct claim_calls claim_calls = {
	.open = claim_open,
	.fill = claim_fill,
	.rx = claim_rx,
	.free = claim_free,
};
"""
FRAG = "\tskb_add_rx_frag(skb, 0, buf->page, 0, buf->len, PAGE_SIZE);\n"
NETMEM = FRAG.replace("frag(", "frag_netmem(").replace("buf->page", "page_to_netmem(buf->page)")
HEAD = "\tskb = build_skb(page_address(buf->page), PAGE_SIZE);\n"
KEPT_HEAD = "\tbuf->va = page_address(buf->page) + 64;\n\tskb = build_skb(buf->va, PAGE_SIZE);\n"
DMA = "\tring->dma = page_pool_get_dma_addr(buf->page);\n"
FREE = "\tpage_pool_put_full_page(ring->pool, buf->page, false);\n"
FLAGS = "PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV"
RECORD = "struct claim_buf {"
UNION = ("struct claim_buf ", "union claim_buf ")
SPARE = ("static int claim_fill(", "struct page *claim_spare;\n\nstatic int claim_fill(")
POOL_SYNC = "\tpage_pool_dma_sync_for_cpu(ring->pool, buf->page, 0, 64);\n"
TAKES = "\tif (!buf->page)\n\t\treturn -ENOMEM;\n"
RING = "\tdma_addr_t dma;\n"
ALLOC = "page_pool_dev_alloc_pages(ring->pool)"
AT_LEAST = "At least this is still open for memory that the CPU cannot read"
SPLIT = "\tif (params->tcp_data_split == ETHTOOL_RING_USE_TCP_DATA_SPLIT)\n\t\treturn 0;\n"
OPENS = "\tring->pool = page_pool_create(params);\n"
UNREADABLE = "PP_FLAG_ALLOW_UNREADABLE_NETMEM"
NOT_SET = f"{UNREADABLE} is not set"
READ = "\tmemcpy(skb->data, page_address(buf->page), 64);\n"
SYNC = "\tdma_sync_single_for_cpu(ring->dev, ring->dma, 64, 2);\n"
LOOKED = "\tnet_prefetch(page_address(buf->page));\n"


def changed(*pairs: tuple[str, str]) -> str:
    text = DRIVER
    for before, after in pairs:
        assert before in text, before
        text = text.replace(before, after)
    return text


def patch(root: Path, source: str, *options: str, more: dict[str, str] | None = None) -> str:
    """The patch of a driver, in one line of text."""
    tree = make_tree(root / "linux")
    plant(tree, {DOCUMENT: "x\n", f"{WHERE}/claim.c": source, **(more or {})})
    done = run("format-patch", "--api", "7.3", *options, tree / WHERE, "-o", root / "out")
    assert done.exit_code in (0, 3), done.output
    (file,) = (root / "out").glob("*.patch")
    return file.read_text()


def parts(text: str) -> tuple[str, str]:
    """What stays in history, and what stands below `---`, each as one line."""
    message, _, rest = text.partition("\n---\n")
    return " ".join(message.split()), " ".join(rest.partition("\n diff")[0].split())


PAIRS = {
    "frags": ("goes into frags by skb_add_rx_frag() in claim_rx()", (),
              ((FRAG, FRAG + HEAD), (FRAG, ""))),
    "frags-of-netmem": ("goes into frags by skb_add_rx_frag_netmem() in claim_rx()",
                        ((FRAG, NETMEM + HEAD),), ((FRAG, HEAD),)),
    "asked": (f"{DOCUMENT} asks drivers to hold payload memory", (), ((FRAG, ""),)),
    "general": ("Hold memory of the page_pool as netmem_ref, which need not be a page,",
                ((FRAG, ""),), ()),
    "plain": ("Hold memory of the page_pool as netmem_ref instead of as struct page.",
              ((FRAG, HEAD),), ((FRAG, FRAG + HEAD),)),
    "heads": ("comes to the stack only as heads (build_skb() in claim_rx())",
              ((FRAG, HEAD),), ((FRAG, FRAG + HEAD),)),
    "heads-by-a-member": ("comes to the stack only as heads (build_skb() in claim_rx())",
                          ((FRAG, KEPT_HEAD),),
                          ((FRAG, KEPT_HEAD.replace("buf->va, P", "ring->other, P")),)),
    "rx-buffers": ("convert Rx buffers to netmem", ((FRAG, ""),), ((FRAG, ""), (DMA, ""))),
    "no-rx-buffers": ("convert page_pool memory to netmem", ((FRAG, ""), (DMA, "")),
                      ((FRAG, ""),)),
    "struct": ("struct claim_buf: page (now netmem)", (),
               (UNION,)),
    "union": ("union claim_buf: page (now netmem)", (UNION,), ()),
    "no-split": ("no file of it handles tcp-data-split (Rx 2)", (), ((OPENS, SPLIT + OPENS),)),
    "split-in-a-comment": ("no file of it handles tcp-data-split (Rx 2)",
                           ((OPENS, "\t/* tcp_data_split */\n" + OPENS),),
                           ((OPENS, SPLIT + OPENS),)),
    "no-map": ("PP_FLAG_DMA_MAP and PP_FLAG_DMA_SYNC_DEV are not both set (Rx 4)",
               ((FLAGS, "PP_FLAG_DMA_MAP"),), ()),
    "no-map-without-dma": ("PP_FLAG_DMA_MAP and PP_FLAG_DMA_SYNC_DEV are not both set (Rx 4)",
                           ((FLAGS, "0"),), ((FLAGS, "0"), (DMA, ""))),
    "not-allowed": (f"{NOT_SET} (Rx 4)", ((OPENS, SPLIT + OPENS),),
                    ((OPENS, SPLIT + OPENS), (FLAGS, f"{FLAGS} | {UNREADABLE}"))),
    "allowing-asked-with-a-split": (f"{NOT_SET} (Rx 4)", ((OPENS, SPLIT + OPENS),), ()),
    "untested": ("netmem_address() is used without a test for NULL in claim_rx() (Rx 5)",
                 ((FRAG, FRAG + READ),), ((FRAG, FRAG + LOOKED),)),
    "raw-sync": ("dma_sync_*_for_cpu() is called directly, in claim_rx()", ((FRAG, SYNC + FRAG),),
                 ((FRAG, SYNC.replace("dma_sync_single_for_cpu", "claim_sync") + FRAG),)),
    "not-the-pool-s-sync": ("(Rx 6)", ((FRAG, SYNC + FRAG),), ((DMA, ""), (FRAG, SYNC + FRAG))),
    "recycles": ("it recycles by counting references, in claim_free()",
                 ((FREE, "\tif (page_count(buf->page) == 1)\n\t" + FREE),), ()),
    "others-recycle": ("it recycles by counting references",
                       ((FREE, "\tif (page_count(buf->page) == 1)\n\t" + FREE),),
                       ((FREE, "\tif (page_count(ring->x) == 1)\n\t" + FREE),)),
    # Of two lines that count, the one that moves: the other is of a page of somebody else's.
    "the-one-that-moves": ("it recycles by counting references, in claim_free() (Rx 7)",
                           ((FRAG, "\tif (page_count(ring->x) == 1)\n\t\treturn;\n" + FRAG),
                            (FREE, "\tif (page_count(buf->page) == 1)\n\t" + FREE)), ()),
    "no-queue-ops": ("no file of it sets queue_mgmt_ops", (),
                     ((OPENS, "\tparams->netdev->queue_mgmt_ops = &ops;\n" + OPENS),)),
    "open-of-frags": (AT_LEAST, (), ((FRAG, ""),)),
    "open-of-heads": (AT_LEAST, ((FRAG, FRAG + HEAD),),
                      ((FRAG, HEAD),)),
    "pages-only": (f"{NOT_SET}, so the pool gives pages only", (),
                   ((FLAGS, f"{FLAGS} | {UNREADABLE}"),)),
    "its-own-pool": ("so the pool gives pages only", (),
                     ((OPENS, OPENS.replace("page_pool_create", "library_create")),)),
    "for-pages": ("No functional change is intended for pages.",
                  ((FLAGS, f"{FLAGS} | {UNREADABLE}"),), ()),
    "addresses": ("netmem_address() is page_address()", ((FRAG, FRAG + LOOKED),), ()),
    "head-page": ("netmem_ref_count() is the same as page_count() for head pages",
                  ((FREE, "\tif (page_count(buf->page) == 1)\n\t" + FREE),),
                  ((FREE, "\tif (page_ref_count(buf->page) == 1)\n\t" + FREE),)),
    "of-a-pool": ("netmem_get_pp() is the same as pp_page_to_nmdesc()->pp for pages of a pool",
                  ((FREE, FREE.replace("ring->pool", "pp_page_to_nmdesc(buf->page)->pp")),),
                  ((FREE, FREE.replace("ring->pool", "buf->page->pp")),)),
    "pool-syncs": ("where the pool syncs for the CPU",
                   ((FRAG, POOL_SYNC + FRAG),),
                   ()),
    "flags-written-out": ("the base has no page_pool_dev_alloc_frag_netmem()",
                          ((ALLOC, "page_pool_dev_alloc_frag(ring->pool, &buf->len, 2048)"),), ()),
    "bridged": ("virt_to_netmem() makes a netmem of what is not held as one, in claim_rx()",
                ((FRAG, FRAG + "\tbuf->page = virt_to_page(skb->data);\n"),),
                ((FRAG, FRAG + "\tbuf->page = NULL;\n"),)),
    "left": ("; not done here",
             ((TAKES, f"{TAKES}\tring->spare = {ALLOC};\n\tforeign(ring->spare);\n"),
              (RING, RING + "\tstruct page *spare;\n")),
             ((TAKES, f"{TAKES}\tring->spare = {ALLOC};\n"),
              (RING, RING + "\tstruct page *spare;\n"))),
    "global": ("global claim_spare",
               (SPARE,
                (TAKES, f"{TAKES}\tclaim_spare = {ALLOC};\n")),
               (SPARE,)),
    "functions": ("parameters, return values and locals in 2 functions",
                  ((FREE, "\tclaim_put(ring, claim_page(buf));\n}\n\n"
                    "static struct page *claim_page(struct claim_buf *buf)\n{\n"
                    "\tstruct page *page = buf->page;\n\n\treturn page;\n}\n\n"
                    "static void claim_put(struct claim_ring *ring, struct page *page)\n{\n"
                    + FREE.replace("buf->page", "page")),), ()),
    "kept": ("page_pool_put_page() in claim_xdp(): ",
             ((FREE, FREE + "}\n\n"
               "static void claim_xdp(struct xdp_buff *xdp, struct page_pool *p)\n{\n"
               "\tpage_pool_put_page(p, virt_to_head_page(xdp->data), -1, true);\n"),), ()),
}


@pytest.mark.few(12)
@pytest.mark.parametrize("name", PAIRS)
def test_a_claim_stands_where_its_fact_does(name: str, tmp_path: Path) -> None:
    sentence, holds, fails = PAIRS[name]
    for folder, pairs, there in (("with", holds, True), ("without", fails, False)):
        text, _ = parts(patch(tmp_path / folder, changed(*pairs), "--heads"))
        assert (sentence in text) is there, text


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_claim_has_words(kind: Kind) -> None:
    said = words(Claim(kind, ("local", "local", "local"), 1, "text"))
    assert said and said == said.strip() and "\n" not in said


def test_an_accessor_is_told_of_where_one_is_written(tmp_path: Path) -> None:
    source = changed((FREE, f"\tforeign(buf->page);\n{FREE}"),
                     (RECORD, f"void foreign(struct page *page);\n\n{RECORD}"))
    said = "one accessor gives it, as was asked for"
    text, _ = parts(patch(tmp_path / "with", source, "--allow-accessor"))
    assert said in text
    text, _ = parts(patch(tmp_path / "without", DRIVER, "--allow-accessor"))
    assert said not in text


HEADS = """\
struct claim_queue { struct claim_ring heads, data; };

static struct page *claim_get(struct claim_ring *ring, int i)
{
	return ring->buf[i].page;
}

static void *claim_head(struct claim_queue *q, int i)
{
	struct page *page = claim_get(&q->heads, i);

	return page_address(page);
}

static void claim_data(struct claim_queue *q, struct sk_buff *skb, int i)
{
	skb_add_rx_frag(skb, 0, claim_get(&q->data, i), 0, 64, PAGE_SIZE);
}
"""


def test_a_page_of_heads_is_told_of_where_it_is_taken(tmp_path: Path) -> None:
    said = ("netmem_to_page() gives a page of a ring of heads (claim_queue.heads), in "
            "claim_head(): only the CPU looks at it.")
    source = changed((FRAG, "")) + HEADS
    text, _ = parts(patch(tmp_path / "with", source))
    assert said in text
    text, _ = parts(patch(tmp_path / "without", source.replace("&q->heads", "&q->data")))
    assert "netmem_to_page" not in text


def test_the_document_is_named_where_the_tree_has_it(tmp_path: Path) -> None:
    text, _ = parts(patch(tmp_path / "with", DRIVER))
    assert f"{DOCUMENT} asks drivers" in text and "(Rx 2)" in text
    tree = make_tree(tmp_path / "linux")
    plant(tree, {f"{WHERE}/claim.c": DRIVER})
    assert run("format-patch", "--api", "7.3", tree / WHERE, "-o", tmp_path / "out").exit_code == 0
    (file,) = (tmp_path / "out").glob("*.patch")
    text, _ = parts(file.read_text())
    assert DOCUMENT not in text and "Rx 2" not in text
    assert "Hold memory of the page_pool as netmem_ref, which need not be a page" in text
    assert "no file of it handles tcp-data-split;" in text


def test_a_change_that_was_edited_by_hand_says_so(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    made = migrate([tree / DEMO], kernel=tree, api="7.3")
    for edited, said in ((False, "The change and this text were made by netmem-migrate"),
                         (True, "The change, edited by hand since, and this text were made by")):
        (file,) = write_series(made, tmp_path / str(edited), SeriesOptions(edited=edited))
        text, _ = parts(file.read_text())
        assert said in text and ("by hand" in text) is edited


def test_a_cover_letter_says_what_holds_of_its_patches(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    plant(tree, {f"{WHERE}/claim.c": changed((FRAG, HEAD))})
    letters = {}
    for name, paths in (("one", [DEMO]), ("two", [DEMO, WHERE])):
        made = migrate([tree / path for path in paths], kernel=tree, api="7.3")
        letter, *_ = write_series(made, tmp_path / name, SeriesOptions(
            cover_letter=True, together=True, heads=True))
        letters[name] = " ".join(letter.read_text().split())
    for said in ("one driver a patch.", "The patches do not depend on each other.",
                 "In claim memory comes to the stack only as heads (build_skb() in claim_rx())",
                 "so the pools give pages only"):
        assert said in letters["two"] and said not in letters["one"]
    assert AT_LEAST.replace("open", "open in demo") in letters["one"]
    assert "so the pool gives pages only" in letters["one"]


MAKEFILE = "obj-y += claim.o\nobj-y += other.o\n"
OTHER = """\
#include <net/page_pool/helpers.h>

void other_stay(struct page_pool *pool, struct xdp_buff *xdp, struct page *page)
{
	page_pool_put_page(pool, virt_to_head_page(xdp->data), -1, true);
	dma_sync_single_for_cpu(pool->dev, page_count(page), ETHTOOL_RING_USE_TCP_DATA_SPLIT, 2);
	pool->netdev->queue_mgmt_ops = 0;
	pool->flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM;
}
"""


def test_a_message_counts_nothing_of_another_driver(tmp_path: Path) -> None:
    """The other one of the folder has what this one lacks, and lacks what it has."""
    alone = patch(tmp_path / "alone", DRIVER, more={f"{WHERE}/Makefile": MAKEFILE})
    beside = patch(tmp_path / "beside", DRIVER, more={
        f"{WHERE}/Makefile": MAKEFILE, f"{WHERE}/other.c": OTHER})
    assert parts(alone) == parts(beside)
    # Where both are of one module, all of it is said of one driver.
    both = patch(tmp_path / "one", DRIVER, more={
        f"{WHERE}/Makefile": "obj-y += claims.o\nclaims-y := claim.o other.o\n",
        f"{WHERE}/other.c": OTHER})
    text, note = parts(both)
    assert "1 call in files of the driver that this patch does not touch" in text
    assert "queue_mgmt_ops" not in text and "kept 1" in note


@pytest.mark.parametrize("options", [("--heads",), ("--why", "Because  it is\nwanted.")])
def test_heads_are_written_on_request_only(options: tuple[str, ...], tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    plant(tree, {f"{WHERE}/claim.c": changed((FRAG, HEAD))})
    shown = run("diff", "--api", "7.3", tree / WHERE)
    assert shown.exit_code == 0 and shown.stdout
    said = "its buffers come to the stack only as skb heads, by build_skb() in claim_rx()"
    assert said in shown.stderr
    done = run("format-patch", "--api", "7.3", tree / WHERE, "-o", tmp_path / "none")
    assert done.exit_code == 3 and not (tmp_path / "none").exists()
    (line,) = [one for one in done.stderr.splitlines() if "not written" in one]
    assert line == f"{WHERE}: not written: {said}; --heads or --why TEXT writes it"
    assert "1 driver looked at: 1 would convert," in done.stderr
    assert ": converted" not in done.stderr
    done = run("format-patch", "--api", "7.3", *options, tree / WHERE, "-o", tmp_path / "out")
    assert done.exit_code == 0 and "not written" not in done.stderr
    assert "1 driver looked at: 1 converted," in done.stderr
    (file,) = (tmp_path / "out").glob("*.patch")
    text = file.read_text()
    assert "format-patch --heads --api=7.3" in text or "--heads" in text
    assert ("\n\nBecause it is wanted.\n\n" in text) is (options[0] == "--why")
    assert "Hold memory of the page_pool as netmem_ref instead" in text


def test_of_several_drivers_only_those_for_heads_are_left_out(tmp_path: Path) -> None:
    tree = make_tree(tmp_path / "linux")
    plant(tree, {f"{WHERE}/Makefile": MAKEFILE, f"{WHERE}/claim.c": DRIVER,
                 f"{WHERE}/other.c": changed((FRAG, HEAD)).replace("claim", "other")})
    done = run("format-patch", "--api", "7.3", tree / WHERE, "-o", tmp_path / "out")
    (file,) = (tmp_path / "out").glob("*.patch")
    text = file.read_text()
    assert done.exit_code == 3 and "claim.c" in text and "other" not in text.partition("base")[0]
    assert f"{WHERE}/other.c: not written" in done.stderr
    assert "1 driver looked at: 1 converted," in done.stderr
    assert done.stderr.partition("looked at:")[2].partition("\n")[0].endswith(" 1 file changed")
    assert "--heads" not in text


def test_rules_stand_below_on_request(tmp_path: Path) -> None:
    text, note = parts(patch(tmp_path / "with", DRIVER, "--rules"))
    assert "Rules applied" in note and "Rules applied" not in text
    text, note = parts(patch(tmp_path / "without", DRIVER))
    assert "Rules applied" not in note + text
    assert "Not compiled, not run on hardware. Counted in this driver:" in note
    assert not re.search(r"compiled|Counted", text)
