# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that lack a netmem twin: what is written there instead, what is not, and its proof."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import PRELUDE, convert, plant

from netmem_migrate.api import migrate
from netmem_migrate.errors import InputError
from netmem_migrate.model.forms import table
from netmem_migrate.model.target import bundled, from_tree
from netmem_migrate.model.twins import by_page
from netmem_migrate.report import wording
from netmem_migrate.results import Action, FileChange, Migration
from netmem_migrate.verify import ObjectProof, verify_changes

GFP = "GFP_ATOMIC | __GFP_NOWARN"


def older(tmp_path: Path, source: str, api: str = "6.12") -> tuple[Migration, str]:
    migration, after = convert(tmp_path / "d", {"d.c": (PRELUDE + source).encode()}, api)
    return migration, after["d.c"].decode()


@pytest.mark.parametrize(("call", "form"), [
    ("ring->spare = page_pool_alloc_pages(ring->pool, GFP_KERNEL);",
     "ring->spare = page_pool_alloc_netmem(ring->pool, GFP_KERNEL);"),
    ("ring->spare = page_pool_dev_alloc_pages(ring->pool);",
     f"ring->spare = page_pool_alloc_netmem(ring->pool,\n\t\t\t\t\t     {GFP});"),
    ("page_pool_recycle_direct(ring->pool, ring->spare);",
     "page_pool_put_full_netmem(ring->pool, ring->spare, true);"),
    ("page_pool_put_full_page(ring->pool, ring->spare, false);",
     "page_pool_put_full_netmem(ring->pool, ring->spare, false);"),
])
def test_an_equivalent_stands_in(call: str, form: str, tmp_path: Path) -> None:
    migration, after = older(tmp_path, f"void t(struct ring *ring)\n{{\n\t{call}\n}}\n")
    assert f"\t{form}\n" in after
    assert not migration.report.refusals
    site = next(one for one in migration.report.sites if one.function == "t")
    assert site.action is Action.CONVERTED
    assert f"{site.to}(" in form


def test_the_twin_is_preferred(tmp_path: Path) -> None:
    source = """\
void t(struct ring *ring)
{
	page_pool_recycle_direct(ring->pool, ring->spare);
	ring->spare = page_pool_dev_alloc_pages(ring->pool);
}
"""
    _, after = older(tmp_path, source, "7.3")
    assert "page_pool_recycle_direct_netmem(ring->pool, ring->spare);" in after
    assert "page_pool_dev_alloc_netmems(ring->pool);" in after


@pytest.mark.parametrize(("call", "slot", "said"), [
    ("ring->spare = page_pool_alloc(ring->pool, off, len, GFP_ATOMIC);", "page_pool_alloc()",
     "page_pool_alloc_netmem() of this kernel takes 2 arguments, not 4 (linux 6.14 has it); "
     "convert it for a kernel where it does, or add a helper of another name first"),
    ("ring->spare = page_pool_dev_alloc(ring->pool, off, len);", "page_pool_dev_alloc()",
     "this kernel has no page_pool_dev_alloc_netmem() (linux 6.17 has it); "
     "add the helper in a core patch first"),
])
def test_another_function_of_the_same_name_is_no_equivalent(call: str, slot: str, said: str,
                                                             tmp_path: Path) -> None:
    source = f"void t(struct ring *ring, unsigned int *off, unsigned int *len)\n{{\n\t{call}\n}}\n"
    migration, _ = older(tmp_path, source)
    (refusal,) = [one for one in migration.report.refusals if one.slot == slot]
    assert refusal.category == "missing-api"
    assert wording.refusal(refusal) == f"{slot} has no netmem form: {said}"


def test_what_has_no_equivalent_is_refused(tmp_path: Path) -> None:
    source = """\
void t(struct ring *ring)
{
	page_pool_dma_sync_for_cpu(ring->pool, ring->spare, 0, 64);
}
"""
    migration, after = older(tmp_path, source)
    assert ("page_pool_dma_sync_for_cpu()", "missing-api") in {
        (one.slot, one.category) for one in migration.report.refusals}
    assert after.endswith("\n\n" + source)


FILES = {
    "Makefile": "VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 0\nEXTRAVERSION =\n",
    "Kbuild": "", "MAINTAINERS": "", ".config": "CONFIG_DEMO=y\n",
    "include/generated/autoconf.h": "", "include/linux/mm.h": "", "include/linux/netdevice.h": "",
    "include/linux/skbuff.h": "", "include/net/xdp.h": "", "include/net/page_pool/types.h": "",
    "include/net/netmem.h": """\
#ifndef _NET_NETMEM_H
#define _NET_NETMEM_H
struct page;
typedef unsigned long __bitwise netmem_ref;
#define page_to_netmem(p) ((netmem_ref)(p))
#endif
""",
    "include/net/page_pool/helpers.h": """\
#ifndef _HELPERS_H
#define _HELPERS_H
#include <net/netmem.h>
#define GFP_ATOMIC 1
#define __GFP_NOWARN 2
#define true 1
/* Some day: netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool); */
struct page_pool;
struct page *page_pool_alloc_pages(struct page_pool *pool, unsigned int gfp);
netmem_ref page_pool_alloc_netmem(struct page_pool *pool, unsigned int gfp);
void page_pool_put_full_page(struct page_pool *pool, struct page *page, _Bool direct);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, _Bool direct);
static inline struct page *page_pool_dev_alloc_pages(struct page_pool *pool)
{
	return page_pool_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN);
}
static inline void page_pool_recycle_direct(struct page_pool *pool,
					    struct page *page)
{
	page_pool_put_full_page(pool, page, true);
}
#endif
""",
    "drivers/net/demo/demo.c": """\
#include <net/page_pool/helpers.h>

struct rx_buf {
	struct page *page;
};

int rx_fill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);

	return buf->page ? 0 : -12;
}

void rx_drop(struct page_pool *pool, struct rx_buf *buf)
{
	page_pool_recycle_direct(pool, buf->page);
}
""",
    "drivers/net/demo/Makefile": "obj-y += demo.o\n",
    "drivers/net/demo/.demo.o.cmd":
        "savedcmd_drivers/net/demo/demo.o := gcc -nostdinc -I./include -D__bitwise= -std=gnu11 "
        "-O2 -Wall -c -o drivers/net/demo/demo.o drivers/net/demo/demo.c\n",
}


def tree(tmp_path: Path, old: str = "", new: str = "") -> Path:
    """A kernel of our own, `old` in its helpers.h replaced."""
    (name,) = (one for one in FILES if one.endswith("helpers.h"))
    assert old in FILES[name]
    return plant(tmp_path / "linux", FILES | {name: FILES[name].replace(old, new)})


def prove(root: Path) -> ObjectProof:
    changes = migrate([root / "drivers/net/demo"], kernel=root).drivers[0].changes
    (proof,) = verify_changes(root, changes, jobs=1)
    return proof


def test_headers_decide_and_comments_do_not(tmp_path: Path) -> None:
    target = from_tree(tree(tmp_path), "6.13")
    chosen = target.choose(by_page(table())["page_pool_dev_alloc_pages"])
    assert chosen is not None
    assert (chosen.netmem, chosen.extra) == ("page_pool_alloc_netmem", GFP)
    assert target.choose(by_page(table())["page_pool_alloc"]) is None
    assert target.choose(by_page(table())["put_page"]) is None


def test_the_first_form_in_order_of_preference(tmp_path: Path) -> None:
    more = "netmem_ref page_pool_alloc_netmems(struct page_pool *pool, unsigned int gfp);\n"
    target = from_tree(tree(tmp_path, "struct page_pool;\n", "struct page_pool;\n" + more), "6.14")
    chosen = target.choose(by_page(table())["page_pool_dev_alloc_pages"])
    assert chosen is not None
    assert (chosen.netmem, chosen.extra) == ("page_pool_alloc_netmems", GFP)


def test_the_bundled_levels() -> None:
    chosen = bundled("6.12").choose(by_page(table())["page_pool_recycle_direct"])
    assert chosen is not None
    assert (chosen.netmem, chosen.extra) == ("page_pool_put_full_netmem", "true")
    assert all(bundled("7.3").choose(twin) is twin for twin in by_page(table()).values())
    with pytest.raises(InputError):
        bundled("5.4")


def test_equivalents_are_proven(tmp_path: Path) -> None:
    proof = prove(tree(tmp_path))
    assert proof.proven, proof


@pytest.mark.parametrize(("old", "new"), [
    ("page_pool_put_full_page(pool, page, true);", "page_pool_put_full_page(pool, page, 0);"),
    ("page_pool_alloc_pages(pool, GFP_ATOMIC | __GFP_NOWARN);",
     "page_pool_alloc_pages(pool, GFP_ATOMIC);"),
])
def test_a_kernel_where_they_are_not_the_same_is_caught(old: str, new: str,
                                                         tmp_path: Path) -> None:
    proof = prove(tree(tmp_path, old, new))
    assert not proof.proven
    assert any("() is not " in line for line in proof.identity.details)


def test_another_argument_is_caught(tmp_path: Path) -> None:
    root = tree(tmp_path)
    (change,) = migrate([root / "drivers/net/demo"], kernel=root).drivers[0].changes
    wrong = change.after.replace(b"buf->netmem, true)", b"buf->netmem, 0)")
    assert wrong != change.after
    (proof,) = verify_changes(root, [FileChange(change.path, change.before, wrong)], jobs=1)
    assert not proof.proven


def test_an_argument_is_broken_where_nothing_else_fits(tmp_path: Path) -> None:
    source = """\
void t(struct ring *ring, int n)
{
	while (n--) {
		while (n--) {
			ring->buf[n].page = page_pool_dev_alloc_pages(ring->pool);
		}
	}
}
"""
    _, after = older(tmp_path, source)
    assert """\
			ring->buf[n].netmem =
				page_pool_alloc_netmem(ring->pool,
						       GFP_ATOMIC |
						       __GFP_NOWARN);
""" in after


def test_an_argument_is_broken_before_a_line_is_too_long(tmp_path: Path) -> None:
    source = """\
void t(struct ring *ring, int n)
{
	while (n--) {
		while (n--)
			ring->spare = page_pool_dev_alloc_pages(ring->pool);
	}
}
"""
    _, after = older(tmp_path, source)
    assert """\
			ring->spare = page_pool_alloc_netmem(ring->pool,
							     GFP_ATOMIC |
							     __GFP_NOWARN);
""" in after
