/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the mini-drivers of the corpus need from a kernel, so that an ordinary
 * gcc -fsyntax-only can judge them. Declarations only; nothing ever runs.
 *
 * netmem_ref is a pointer to a type of its own, so that neither an integer nor
 * a struct page passes for one. With -DNETMEM_STRICT=0 it is what a kernel's
 * compiler sees: an unsigned long, to which NULL does not convert.
 */
#ifndef NETMEM_STUB_H
#define NETMEM_STUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifndef NETMEM_STRICT
#define NETMEM_STRICT 1
#endif

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int32_t s32;
typedef u64 dma_addr_t;
typedef u32 __le32;
typedef u64 __le64;
typedef unsigned int gfp_t;
typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;

struct page {
	unsigned long flags;
	unsigned long private;
};

#if NETMEM_STRICT
typedef struct netmem_strict *netmem_ref;
#else
typedef unsigned long netmem_ref;
#endif

#define PAGE_SHIFT		12
#define PAGE_SIZE		(1UL << PAGE_SHIFT)
#define GFP_KERNEL		0x1u
#define GFP_ATOMIC		0x2u
#define __GFP_NOWARN		0x4u
#define NUMA_NO_NODE		(-1)
#define NET_SKB_PAD		64
#define NET_IP_ALIGN		0
#define XDP_PACKET_HEADROOM	256
#define ENOMEM			12
#define EINVAL			22
#define ENOSPC			28
#define USHRT_MAX		65535

#define likely(x)		__builtin_expect(!!(x), 1)
#define unlikely(x)		__builtin_expect(!!(x), 0)
#define READ_ONCE(x)		(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define xchg(p, v)		__atomic_exchange_n(p, v, __ATOMIC_SEQ_CST)
#define WARN_ON(x)		(!!(x))
#define WARN_ON_ONCE(x)		(!!(x))
#define ARRAY_SIZE(a)		(sizeof(a) / sizeof((a)[0]))
#define SKB_DATA_ALIGN(x)	(((x) + 63) & ~63U)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define container_of(ptr, type, member) \
	((type *)((char *)(ptr) - offsetof(type, member)))
#define EXPORT_SYMBOL_GPL(sym)	extern __typeof__(sym) sym

/* memory */
void *kmalloc(size_t size, gfp_t gfp);
void *kcalloc(size_t n, size_t size, gfp_t gfp);
void *kvcalloc(size_t n, size_t size, gfp_t gfp);
void kfree(const void *p);
void kvfree(const void *p);
struct page *alloc_page(gfp_t gfp);
struct page *alloc_pages(gfp_t gfp, unsigned int order);
struct page *dev_alloc_page(void);
struct page *dev_alloc_pages(unsigned int order);
void __free_page(struct page *page);
void get_page(struct page *page);
void put_page(struct page *page);
void page_ref_add(struct page *page, int nr);
int page_ref_count(const struct page *page);
int page_count(const struct page *page);
int page_to_nid(const struct page *page);
int numa_mem_id(void);
bool page_is_pfmemalloc(const struct page *page);
bool dev_page_is_reusable(const struct page *page);
void *page_address(const struct page *page);
void *page_to_virt(const struct page *page);
struct page *virt_to_page(const void *addr);
struct page *virt_to_head_page(const void *addr);
struct page *compound_head(const struct page *page);
void *kmap_local_page(struct page *page);
void kunmap_local(const void *addr);
void prefetch(const void *addr);
void prefetchw(const void *addr);
void net_prefetch(const void *addr);
void net_prefetchw(const void *addr);
long atomic_long_read(const atomic_long_t *v);

struct scatterlist {
	unsigned long page_link;
	unsigned int offset;
	unsigned int length;
};

void sg_init_table(struct scatterlist *sg, unsigned int nents);
void sg_set_page(struct scatterlist *sg, struct page *page, unsigned int len,
		 unsigned int offset);

/* netmem */
struct netmem_desc {
	struct page_pool *pp;
	atomic_long_t pp_ref_count;
};

struct netmem_desc *pp_page_to_nmdesc(const struct page *page);
struct netmem_desc *netmem_to_nmdesc(netmem_ref netmem);
netmem_ref page_to_netmem(const struct page *page);
struct page *netmem_to_page(netmem_ref netmem);
struct page *__netmem_to_page(netmem_ref netmem);
netmem_ref virt_to_netmem(const void *data);
void *netmem_address(netmem_ref netmem);
bool netmem_is_net_iov(const netmem_ref netmem);
bool netmem_is_pfmemalloc(netmem_ref netmem);
bool netmem_is_pref_nid(netmem_ref netmem, int pref_nid);
int netmem_ref_count(netmem_ref netmem);
netmem_ref netmem_compound_head(netmem_ref netmem);
struct page_pool *netmem_get_pp(netmem_ref netmem);
atomic_long_t *netmem_get_pp_ref_count_ref(netmem_ref netmem);
void get_netmem(netmem_ref netmem);
void put_netmem(netmem_ref netmem);

/* DMA */
struct device {
	struct device *parent;
};

enum dma_data_direction {
	DMA_BIDIRECTIONAL,
	DMA_TO_DEVICE,
	DMA_FROM_DEVICE,
};

dma_addr_t dma_map_page(struct device *dev, struct page *page, size_t offset,
			size_t size, enum dma_data_direction dir);
dma_addr_t dma_map_single(struct device *dev, void *ptr, size_t size,
			  enum dma_data_direction dir);
void dma_unmap_page(struct device *dev, dma_addr_t dma, size_t size,
		    enum dma_data_direction dir);
int dma_mapping_error(struct device *dev, dma_addr_t dma);
#define DMA_ATTR_SKIP_CPU_SYNC	(1UL << 5)
void dma_unmap_single(struct device *dev, dma_addr_t dma, size_t size,
		      enum dma_data_direction dir);
void dma_unmap_page_attrs(struct device *dev, dma_addr_t dma, size_t size,
			  enum dma_data_direction dir, unsigned long attrs);
#define dma_unmap_addr(ptr, name)		((ptr)->name)
#define dma_unmap_addr_set(ptr, name, val)	(((ptr)->name) = (val))
void dma_sync_single_for_cpu(struct device *dev, dma_addr_t dma, size_t size,
			     enum dma_data_direction dir);
void dma_sync_single_range_for_cpu(struct device *dev, dma_addr_t dma,
				   unsigned long offset, size_t size,
				   enum dma_data_direction dir);
void dma_sync_single_for_device(struct device *dev, dma_addr_t dma,
				size_t size, enum dma_data_direction dir);

#define DMA_BIT_MASK(n)		(((n) == 64) ? ~0ULL : ((1ULL << (n)) - 1))
int dma_set_mask_and_coherent(struct device *dev, u64 mask);
__le32 cpu_to_le32(u32 number);
__le64 cpu_to_le64(u64 number);
u32 le32_to_cpu(__le32 number);

/* page_pool */
#define PP_FLAG_DMA_MAP		0x1u
#define PP_FLAG_DMA_SYNC_DEV	0x2u

struct net_device;
struct napi_struct;

struct page_pool_params {
	unsigned int order;
	unsigned int pool_size;
	int nid;
	struct device *dev;
	struct napi_struct *napi;
	enum dma_data_direction dma_dir;
	unsigned int max_len;
	unsigned int offset;
	struct net_device *netdev;
	unsigned int queue_idx;
	unsigned int flags;
};

struct page_pool {
	struct page_pool_params p;
};

struct page_pool *page_pool_create(const struct page_pool_params *params);
void page_pool_destroy(struct page_pool *pool);
enum dma_data_direction page_pool_get_dma_dir(const struct page_pool *pool);

struct page *page_pool_alloc_pages(struct page_pool *pool, gfp_t gfp);
struct page *page_pool_dev_alloc_pages(struct page_pool *pool);
struct page *page_pool_alloc(struct page_pool *pool, unsigned int *offset,
			     unsigned int *size, gfp_t gfp);
struct page *page_pool_dev_alloc(struct page_pool *pool, unsigned int *offset,
				 unsigned int *size);
struct page *page_pool_alloc_frag(struct page_pool *pool, unsigned int *offset,
				  unsigned int size, gfp_t gfp);
struct page *page_pool_dev_alloc_frag(struct page_pool *pool,
				      unsigned int *offset, unsigned int size);
void *page_pool_dev_alloc_va(struct page_pool *pool, unsigned int *size);
void page_pool_free_va(struct page_pool *pool, void *va, bool allow_direct);
void page_pool_put_page(struct page_pool *pool, struct page *page,
			unsigned int dma_sync_size, bool allow_direct);
void page_pool_put_full_page(struct page_pool *pool, struct page *page,
			     bool allow_direct);
void page_pool_put_unrefed_page(struct page_pool *pool, struct page *page,
				unsigned int dma_sync_size, bool allow_direct);
void page_pool_recycle_direct(struct page_pool *pool, struct page *page);
void page_pool_fragment_page(struct page *page, long nr);
void page_pool_ref_page(struct page *page);
long page_pool_unref_page(struct page *page, long nr);
dma_addr_t page_pool_get_dma_addr(const struct page *page);
void page_pool_dma_sync_for_cpu(const struct page_pool *pool,
				const struct page *page, u32 offset,
				u32 dma_sync_size);

netmem_ref page_pool_alloc_netmems(struct page_pool *pool, gfp_t gfp);
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
netmem_ref page_pool_alloc_netmem(struct page_pool *pool, unsigned int *offset,
				  unsigned int *size, gfp_t gfp);
netmem_ref page_pool_dev_alloc_netmem(struct page_pool *pool,
				      unsigned int *offset, unsigned int *size);
netmem_ref page_pool_alloc_frag_netmem(struct page_pool *pool,
				       unsigned int *offset, unsigned int size,
				       gfp_t gfp);
void page_pool_put_netmem(struct page_pool *pool, netmem_ref netmem,
			  unsigned int dma_sync_size, bool allow_direct);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem,
			       bool allow_direct);
void page_pool_put_unrefed_netmem(struct page_pool *pool, netmem_ref netmem,
				  unsigned int dma_sync_size,
				  bool allow_direct);
void page_pool_recycle_direct_netmem(struct page_pool *pool, netmem_ref netmem);
void page_pool_fragment_netmem(netmem_ref netmem, long nr);
void page_pool_ref_netmem(netmem_ref netmem);
long page_pool_unref_netmem(netmem_ref netmem, long nr);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
void page_pool_dma_sync_netmem_for_cpu(const struct page_pool *pool,
				       const netmem_ref netmem, u32 offset,
				       u32 dma_sync_size);

/* skb */
typedef struct skb_frag {
	netmem_ref netmem;
	unsigned int len;
	unsigned int offset;
} skb_frag_t;

struct skb_shared_info {
	u8 nr_frags;
	unsigned int xdp_frags_size;
	skb_frag_t frags[17];
};

struct sk_buff {
	unsigned int len;
	unsigned int data_len;
	unsigned int truesize;
	u8 *data;
};

struct sk_buff *build_skb(void *data, unsigned int frag_size);
struct sk_buff *napi_build_skb(void *data, unsigned int frag_size);
struct sk_buff *napi_alloc_skb(struct napi_struct *napi, unsigned int len);
struct sk_buff *napi_get_frags(struct napi_struct *napi);
int napi_gro_frags(struct napi_struct *napi);
int napi_gro_receive(struct napi_struct *napi, struct sk_buff *skb);
void dev_kfree_skb_any(struct sk_buff *skb);
void skb_reserve(struct sk_buff *skb, int len);
void *skb_put(struct sk_buff *skb, unsigned int len);
void *skb_put_data(struct sk_buff *skb, const void *data, unsigned int len);
void skb_mark_for_recycle(struct sk_buff *skb);
struct skb_shared_info *skb_shinfo(const struct sk_buff *skb);
unsigned int skb_frag_size(const skb_frag_t *frag);
unsigned int skb_frag_off(const skb_frag_t *frag);
struct page *skb_frag_page(const skb_frag_t *frag);
netmem_ref skb_frag_netmem(const skb_frag_t *frag);
dma_addr_t skb_frag_dma_map(struct device *dev, const skb_frag_t *frag,
			    size_t offset, size_t size,
			    enum dma_data_direction dir);
void netmem_dma_unmap_page_attrs(struct device *dev, dma_addr_t dma, size_t size,
				 enum dma_data_direction dir, unsigned long attrs);
#define netmem_dma_unmap_addr_set(netmem, ptr, name, val) \
	(((ptr)->name) = netmem_is_net_iov(netmem) ? 0 : (val))
void skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int off,
		     int size, unsigned int truesize);
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem,
			    int off, int size, unsigned int truesize);
void skb_frag_fill_page_desc(skb_frag_t *frag, struct page *page, int off,
			     int size);
void skb_frag_fill_netmem_desc(skb_frag_t *frag, netmem_ref netmem, int off,
			       int size);
void __skb_fill_page_desc(struct sk_buff *skb, int i, struct page *page,
			  int off, int size);
void __skb_fill_netmem_desc(struct sk_buff *skb, int i, netmem_ref netmem,
			    int off, int size);
bool skb_can_coalesce(struct sk_buff *skb, int i, const struct page *page,
		      int off);
bool skb_can_coalesce_netmem(struct sk_buff *skb, int i,
			     const netmem_ref netmem, int off);

/* XDP */
enum xdp_action {
	XDP_ABORTED,
	XDP_DROP,
	XDP_PASS,
	XDP_TX,
	XDP_REDIRECT,
};

struct bpf_prog;
struct xdp_rxq_info;

struct xdp_buff {
	void *data;
	void *data_end;
	void *data_meta;
	void *data_hard_start;
};

struct xdp_frame {
	void *data;
	u32 len;
	u32 headroom;
};

void xdp_init_buff(struct xdp_buff *xdp, u32 frame_sz,
		   struct xdp_rxq_info *rxq);
void xdp_prepare_buff(struct xdp_buff *xdp, void *hard_start, int headroom,
		      int data_len, bool meta_valid);
u32 bpf_prog_run_xdp(const struct bpf_prog *prog, struct xdp_buff *xdp);
bool xdp_frame_has_frags(const struct xdp_frame *frame);
struct skb_shared_info *xdp_get_shared_info_from_frame(struct xdp_frame *frame);
struct xdp_frame *xdp_convert_buff_to_frame(struct xdp_buff *xdp);
void xdp_return_frame(struct xdp_frame *frame);

#endif /* NETMEM_STUB_H */
