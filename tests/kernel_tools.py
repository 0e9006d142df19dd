# SPDX-License-Identifier: GPL-2.0-only
"""Kernel trees of our own: one that gcc can build, and one of headers only."""

from __future__ import annotations

from pathlib import Path

from tools import plant

NETMEM_H = """\
#ifndef _NET_NETMEM_H
#define _NET_NETMEM_H
struct page;
struct netmem_desc;
typedef unsigned long __bitwise netmem_ref;
#define pp_page_to_nmdesc(p) ((struct netmem_desc *)(p))
#define page_to_netmem(p) ((netmem_ref)(p))
void *netmem_address(netmem_ref netmem);
void *page_address(const struct page *page);
#endif
"""
HELPERS_H = """\
#ifndef _HELPERS_H
#define _HELPERS_H
#include <net/netmem.h>
struct page_pool;
struct page *page_pool_dev_alloc_pages(struct page_pool *pool);
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void page_pool_put_full_page(struct page_pool *pool, struct page *page, _Bool direct);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, _Bool direct);
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
void skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int off, int size);
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off, int size);
#endif
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
        "include/linux/skbuff.h": SKBUFF_H, "include/linux/mm.h": "",
        "include/linux/netdevice.h": "", "include/net/xdp.h": "",
        DRIVER: BEFORE,
        "drivers/net/demo/Makefile": "obj-y += demo.o\n",
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
