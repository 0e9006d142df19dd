# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees of our own: one that gcc can build, and one of headers only."""

from __future__ import annotations

from pathlib import Path

from tools import plant

NETMEM_H = """\
#ifndef _NET_NETMEM_H
#define _NET_NETMEM_H
#include <linux/page-flags.h>
enum { false, true };
struct netmem_desc;
typedef unsigned long __bitwise netmem_ref;
#define pp_page_to_nmdesc(p) ((struct netmem_desc *)(p))
#define page_to_netmem(p) ((netmem_ref)(p))
static inline _Bool netmem_is_net_iov(const netmem_ref netmem)
{
	return (unsigned long)netmem & 1UL;
}
static inline struct page *netmem_to_page(netmem_ref netmem)
{
	return netmem_is_net_iov(netmem) ? (struct page *)0 : (struct page *)netmem;
}
void *page_address(const struct page *page);
#define page_to_virt(p) page_address(p)
static inline void *netmem_address(netmem_ref netmem)
{
	if (netmem_is_net_iov(netmem))
		return (void *)0;
	return page_address(netmem_to_page(netmem));
}
static inline int netmem_ref_count(netmem_ref netmem)
{
	return netmem_is_net_iov(netmem) ? 1 : page_ref_count(netmem_to_page(netmem));
}
#endif
"""
PAGE_FLAGS_H = """\
#ifndef _PAGE_FLAGS_H
#define _PAGE_FLAGS_H
struct page {
	unsigned long head;
	int refs;
	int own_mark;
};
static inline __attribute__((always_inline)) unsigned long _compound_head(const struct page *page)
{
	unsigned long head = *(const volatile unsigned long *)&page->head;

	return head & 1 ? head - 1 : (unsigned long)page;
}
static inline int page_ref_count(const struct page *page)
{
	return *(const volatile int *)&page->refs;
}
static inline int page_count(const struct page *page)
{
	return page_ref_count((const struct page *)_compound_head(page));
}
#endif
"""
HELPERS_H = """\
#ifndef _HELPERS_H
#define _HELPERS_H
#include <net/netmem.h>
struct page_pool;
struct page *page_pool_dev_alloc_pages(struct page_pool *pool);
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, _Bool direct);
static inline void page_pool_put_full_page(struct page_pool *pool, struct page *page, _Bool direct)
{
	page_pool_put_full_netmem(pool, page_to_netmem(page), direct);
}
static inline void page_pool_recycle_direct(struct page_pool *pool, struct page *page)
{
	page_pool_put_full_page(pool, page, 1);
}
#endif
"""
SKBUFF_H = """\
#ifndef _SKBUFF_H
#define _SKBUFF_H
#include <net/netmem.h>
#ifndef NULL
#define NULL ((void *)0)
#endif
struct sk_buff;
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off, int size);
static inline void skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int off, int size)
{
	skb_add_rx_frag_netmem(skb, i, page_to_netmem(page), off, size);
}
#endif
"""
# What headers only declare.
POOL_C = """\
#include <net/page_pool/helpers.h>

struct page *page_pool_dev_alloc_pages(struct page_pool *pool)
{
	return netmem_to_page(page_pool_dev_alloc_netmems(pool));
}
"""
BEFORE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>

struct rx_buf {
	struct page *page;
	int offset;
};

int rx_fill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -12;

	return 0;
}

void rx_give(struct page_pool *pool, struct rx_buf *buf, struct sk_buff *skb, int len)
{
	if (len < 60) {
		page_pool_put_full_page(pool, buf->page, 1);
		buf->page = NULL;
		return;
	}
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len);
	buf->page = NULL;
}
"""
DRIVER = "drivers/net/demo/demo.c"
COMMAND = ("gcc -Wp,-MMD,drivers/net/demo/.demo.o.d -nostdinc -I./include -D__bitwise= "
           "-std=gnu11 -O2 -Wall -Wextra -Wint-conversion -Werror=incompatible-pointer-types "
           "-c -o drivers/net/demo/demo.o drivers/net/demo/demo.c")


def make_kernel(root: Path) -> Path:
    """A kernel of nothing but what the proof needs; our own headers."""
    return plant(root, {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION =\n",
        "Kbuild": "", "MAINTAINERS": "", ".config": "CONFIG_DEMO=y\n",
        "include/generated/autoconf.h": "",
        "include/net/netmem.h": NETMEM_H, "include/net/page_pool/helpers.h": HELPERS_H,
        "include/linux/page-flags.h": PAGE_FLAGS_H,
        "include/linux/skbuff.h": SKBUFF_H, "include/linux/mm.h": "",
        "include/linux/netdevice.h": "", "include/net/xdp.h": "",
        DRIVER: BEFORE,
        "drivers/net/demo/Makefile": "obj-y += demo.o\n",
        "net/core/page_pool.c": POOL_C,
        "net/core/.page_pool.o.cmd": "savedcmd_net/core/page_pool.o := "
        + COMMAND.replace("drivers/net/demo/", "net/core/").replace("demo", "page_pool") + "\n",
        "drivers/net/demo/.demo.o.cmd": f"savedcmd_{DRIVER[:-2]}.o := {COMMAND}\n",
    })


TYPES = """\
#ifndef _NET_PAGE_POOL_TYPES_H
#define _NET_PAGE_POOL_TYPES_H
#define PP_FLAG_ONE	BIT(0) /* one */

struct page *pool_take(struct page_pool *pool,
		       gfp_t gfp);
static inline void pool_give(struct page *page)
{
}
int pool_look(const struct page *page);
#endif
"""
NETMEM = "struct net_iov {\n\tstruct owner *owner;\n};\n"
MM = "static inline void get_thing(int a)\n{\n}\n"


def header_tree(folder: Path, release: str = "7.3", types: str = TYPES, netmem: str = NETMEM,
                mm: str | None = MM) -> Path:
    """A kernel tree as far as the reader of headers looks at one."""
    major, minor = release.split(".")
    files = {
        "Makefile": f"VERSION = {major}\nPATCHLEVEL = {minor}\nSUBLEVEL = 1\n",
        "Kbuild": "", "MAINTAINERS": "",
        "include/net/page_pool/types.h": types, "include/net/netmem.h": netmem,
        "include/linux/kernel.h": "",
    }
    return plant(folder, files if mm is None else files | {"include/linux/mm.h": mm})
