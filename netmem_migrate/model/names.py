# SPDX-License-Identifier: GPL-2.0-only
"""The types, fields, flags and values of the page_pool and netmem API, as data.

Declarations and versions are read from the headers by `netmem-migrate api sync`, notes are
written by hand; docs/api-model.md.
"""

from __future__ import annotations

from netmem_migrate.model.schema import Name

NAMES: tuple[Name, ...] = (
    # net/page_pool/types.h
    Name(
        "PP_FLAG_DMA_MAP",
        "flag", "net/page_pool/types.h",
        "#define PP_FLAG_DMA_MAP BIT(0)",
        note="The pool maps and unmaps its memory.",
    ),
    Name(
        "PP_FLAG_DMA_SYNC_DEV",
        "flag", "net/page_pool/types.h",
        "#define PP_FLAG_DMA_SYNC_DEV BIT(1)",
        note="The pool syncs for the device on release; needs PP_FLAG_DMA_MAP and max_len.",
    ),
    Name(
        "PP_FLAG_SYSTEM_POOL",
        "flag", "net/page_pool/types.h",
        "#define PP_FLAG_SYSTEM_POOL BIT(2)",
        note="For the kernel's own pools, not for drivers.",
    ),
    Name(
        "PP_FLAG_ALLOW_UNREADABLE_NETMEM",
        "flag", "net/page_pool/types.h",
        "#define PP_FLAG_ALLOW_UNREADABLE_NETMEM BIT(3)",
        note="The driver copes with memory the CPU cannot read; needs queue_idx. Not for header "
        "pools.",
    ),
    Name(
        "PP_FLAG_ALL",
        "flag", "net/page_pool/types.h",
        "#define PP_FLAG_ALL (PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV | PP_FLAG_SYSTEM_POOL | "
        "PP_FLAG_ALLOW_UNREADABLE_NETMEM)",
    ),
    Name(
        "pp_alloc_cache",
        "type", "net/page_pool/types.h",
        "struct pp_alloc_cache",
    ),
    Name(
        "page_pool_params",
        "type", "net/page_pool/types.h",
        "struct page_pool_params",
    ),
    Name(
        "page_pool_params.order",
        "field", "net/page_pool/types.h",
        "unsigned int order",
    ),
    Name(
        "page_pool_params.pool_size",
        "field", "net/page_pool/types.h",
        "unsigned int pool_size",
    ),
    Name(
        "page_pool_params.nid",
        "field", "net/page_pool/types.h",
        "int nid",
    ),
    Name(
        "page_pool_params.dev",
        "field", "net/page_pool/types.h",
        "struct device *dev",
    ),
    Name(
        "page_pool_params.napi",
        "field", "net/page_pool/types.h",
        "struct napi_struct *napi",
        note="The NAPI instance that may recycle without a lock.",
    ),
    Name(
        "page_pool_params.dma_dir",
        "field", "net/page_pool/types.h",
        "enum dma_data_direction dma_dir",
    ),
    Name(
        "page_pool_params.max_len",
        "field", "net/page_pool/types.h",
        "unsigned int max_len",
        note="How much of each page is synced for the device.",
    ),
    Name(
        "page_pool_params.offset",
        "field", "net/page_pool/types.h",
        "unsigned int offset",
        note="Where the device starts to write; added by the pool's syncs.",
    ),
    Name(
        "page_pool_params.netdev",
        "field", "net/page_pool/types.h",
        "struct net_device *netdev",
        note="The device that the pool is shown under; needed for a memory provider.",
    ),
    Name(
        "page_pool_params.queue_idx",
        "field", "net/page_pool/types.h",
        "unsigned int queue_idx",
        note="The Rx queue whose memory provider the pool takes.",
    ),
    Name(
        "page_pool_params.flags",
        "field", "net/page_pool/types.h",
        "unsigned int flags",
    ),
    Name(
        "page_pool_params.init_callback",
        "field", "net/page_pool/types.h",
        "void (*init_callback)(netmem_ref netmem, void *arg)",
        note="For tests only.",
    ),
    Name(
        "page_pool_params.init_arg",
        "field", "net/page_pool/types.h",
        "void *init_arg",
        note="For tests only.",
    ),
    Name(
        "page_pool_alloc_stats",
        "type", "net/page_pool/types.h",
        "struct page_pool_alloc_stats",
    ),
    Name(
        "page_pool_recycle_stats",
        "type", "net/page_pool/types.h",
        "struct page_pool_recycle_stats",
    ),
    Name(
        "page_pool_stats",
        "type", "net/page_pool/types.h",
        "struct page_pool_stats",
    ),
    Name(
        "pp_memory_provider_params",
        "type", "net/page_pool/types.h",
        "struct pp_memory_provider_params",
    ),
    Name(
        "pp_memory_provider_params.mp_priv",
        "field", "net/page_pool/types.h",
        "void *mp_priv",
    ),
    Name(
        "pp_memory_provider_params.mp_ops",
        "field", "net/page_pool/types.h",
        "const struct memory_provider_ops *mp_ops",
    ),
    Name(
        "pp_memory_provider_params.rx_page_size",
        "field", "net/page_pool/types.h",
        "u32 rx_page_size",
        since="7.3",
    ),
    Name(
        "page_pool",
        "type", "net/page_pool/types.h",
        "struct page_pool",
        note="Drivers do not look into it.",
    ),
    Name(
        "page_pool.p",
        "field", "net/page_pool/types.h",
        "struct page_pool_params_fast p",
    ),
    Name(
        "page_pool.slow",
        "field", "net/page_pool/types.h",
        "struct page_pool_params_slow slow",
    ),
    # net/page_pool/memory_provider.h
    Name(
        "memory_provider_ops",
        "type", "net/page_pool/memory_provider.h",
        "struct memory_provider_ops",
    ),
    Name(
        "memory_provider_ops.alloc_netmems",
        "field", "net/page_pool/memory_provider.h",
        "netmem_ref (*alloc_netmems)(struct page_pool *pool, gfp_t gfp)",
    ),
    Name(
        "memory_provider_ops.release_netmem",
        "field", "net/page_pool/memory_provider.h",
        "bool (*release_netmem)(struct page_pool *pool, netmem_ref netmem)",
    ),
    Name(
        "memory_provider_ops.init",
        "field", "net/page_pool/memory_provider.h",
        "int (*init)(struct page_pool *pool)",
    ),
    Name(
        "memory_provider_ops.destroy",
        "field", "net/page_pool/memory_provider.h",
        "void (*destroy)(struct page_pool *pool)",
    ),
    Name(
        "memory_provider_ops.nl_fill",
        "field", "net/page_pool/memory_provider.h",
        "int (*nl_fill)(void *mp_priv, struct sk_buff *rsp, struct netdev_rx_queue *rxq)",
        since="7.3",
    ),
    Name(
        "memory_provider_ops.uninstall",
        "field", "net/page_pool/memory_provider.h",
        "void (*uninstall)(void *mp_priv, struct netdev_rx_queue *rxq)",
        since="7.3",
    ),
    # net/netmem.h
    Name(
        "NET_IOV",
        "flag", "net/netmem.h",
        "#define NET_IOV 0x01UL",
        note="The bit that says net_iov; drivers use netmem_is_net_iov().",
    ),
    Name(
        "netmem_desc",
        "type", "net/netmem.h",
        "struct netmem_desc",
        since="7.3",
    ),
    Name(
        "netmem_desc._flags",
        "field", "net/netmem.h",
        "unsigned long _flags",
        since="7.3",
    ),
    Name(
        "netmem_desc.pp_magic",
        "field", "net/netmem.h",
        "unsigned long pp_magic",
        since="7.3",
    ),
    Name(
        "netmem_desc.pp",
        "field", "net/netmem.h",
        "struct page_pool *pp",
        since="7.3",
    ),
    Name(
        "netmem_desc._pp_mapping_pad",
        "field", "net/netmem.h",
        "unsigned long _pp_mapping_pad",
        since="7.3",
    ),
    Name(
        "netmem_desc.dma_addr",
        "field", "net/netmem.h",
        "unsigned long dma_addr",
        since="7.3",
    ),
    Name(
        "netmem_desc.pp_ref_count",
        "field", "net/netmem.h",
        "atomic_long_t pp_ref_count",
        since="7.3",
    ),
    Name(
        "net_iov_type",
        "type", "net/netmem.h",
        "enum net_iov_type",
        since="7.3",
    ),
    Name(
        "NET_IOV_DMABUF",
        "value", "net/netmem.h",
        "enum net_iov_type { NET_IOV_DMABUF }",
        since="7.3",
        note="Device memory.",
    ),
    Name(
        "NET_IOV_IOURING",
        "value", "net/netmem.h",
        "enum net_iov_type { NET_IOV_IOURING }",
        since="7.3",
        note="Memory of a user program.",
    ),
    Name(
        "net_iov",
        "type", "net/netmem.h",
        "struct net_iov",
        note="Memory without struct page, PAGE_SIZE large: device memory or a user's.",
    ),
    Name(
        "net_iov.desc",
        "field", "net/netmem.h",
        "struct netmem_desc desc",
        since="7.3",
    ),
    Name(
        "net_iov.type",
        "field", "net/netmem.h",
        "enum net_iov_type type",
        since="7.3",
    ),
    Name(
        "net_iov.owner",
        "field", "net/netmem.h",
        "struct net_iov_area *owner",
        earlier=(("6.12", "struct dmabuf_genpool_chunk_owner *owner"),),
    ),
    Name(
        "net_iov_area",
        "type", "net/netmem.h",
        "struct net_iov_area",
        since="7.3",
    ),
    Name(
        "net_iov_area.niovs",
        "field", "net/netmem.h",
        "struct net_iov *niovs",
        since="7.3",
    ),
    Name(
        "net_iov_area.num_niovs",
        "field", "net/netmem.h",
        "size_t num_niovs",
        since="7.3",
    ),
    Name(
        "net_iov_area.base_virtual",
        "field", "net/netmem.h",
        "unsigned long base_virtual",
        since="7.3",
    ),
    Name(
        "netmem_ref",
        "type", "net/netmem.h",
        "typedef unsigned long __bitwise netmem_ref",
        note="A page or a net_iov; 0 is none. No pointer: compare with 0, not with NULL.",
    ),
    Name(
        "net_iov.__unused_padding",
        "field", "net/netmem.h",
        "unsigned long __unused_padding",
        until="7.3",
    ),
    Name(
        "net_iov.pp_magic",
        "field", "net/netmem.h",
        "unsigned long pp_magic",
        until="7.3",
    ),
    Name(
        "net_iov.pp",
        "field", "net/netmem.h",
        "struct page_pool *pp",
        until="7.3",
    ),
    Name(
        "net_iov.dma_addr",
        "field", "net/netmem.h",
        "unsigned long dma_addr",
        until="7.3",
    ),
    Name(
        "net_iov.pp_ref_count",
        "field", "net/netmem.h",
        "atomic_long_t pp_ref_count",
        until="7.3",
    ),
    # linux/skbuff.h
    Name(
        "MAX_SKB_FRAGS",
        "flag", "linux/skbuff.h",
        "#define MAX_SKB_FRAGS CONFIG_MAX_SKB_FRAGS",
    ),
    Name(
        "skb_frag_t",
        "type", "linux/skbuff.h",
        "typedef struct skb_frag { ... } skb_frag_t",
    ),
    Name(
        "skb_frag",
        "type", "linux/skbuff.h",
        "struct skb_frag",
    ),
    Name(
        "skb_frag.netmem",
        "field", "linux/skbuff.h",
        "netmem_ref netmem",
        note="Drivers use skb_frag_netmem().",
    ),
    Name(
        "skb_frag.len",
        "field", "linux/skbuff.h",
        "unsigned int len",
    ),
    Name(
        "skb_frag.offset",
        "field", "linux/skbuff.h",
        "unsigned int offset",
    ),
    Name(
        "skb_shared_info.nr_frags",
        "field", "linux/skbuff.h",
        "__u8 nr_frags",
    ),
    Name(
        "sk_buff.pp_recycle",
        "field", "linux/skbuff.h",
        "__u8 pp_recycle:1",
        note="Set by skb_mark_for_recycle().",
    ),
    Name(
        "sk_buff.unreadable",
        "field", "linux/skbuff.h",
        "__u8 unreadable:1",
        note="Set by the helpers that add netmem to an skb.",
    ),
    # net/xdp.h
    Name(
        "xdp_mem_type",
        "type", "net/xdp.h",
        "enum xdp_mem_type",
    ),
    Name(
        "MEM_TYPE_PAGE_SHARED",
        "value", "net/xdp.h",
        "enum xdp_mem_type { MEM_TYPE_PAGE_SHARED = 0 }",
    ),
    Name(
        "MEM_TYPE_PAGE_ORDER0",
        "value", "net/xdp.h",
        "enum xdp_mem_type { MEM_TYPE_PAGE_ORDER0 }",
    ),
    Name(
        "MEM_TYPE_PAGE_POOL",
        "value", "net/xdp.h",
        "enum xdp_mem_type { MEM_TYPE_PAGE_POOL }",
        note="XDP gives memory back to a pool.",
    ),
    Name(
        "MEM_TYPE_XSK_BUFF_POOL",
        "value", "net/xdp.h",
        "enum xdp_mem_type { MEM_TYPE_XSK_BUFF_POOL }",
    ),
    Name(
        "MEM_TYPE_MAX",
        "value", "net/xdp.h",
        "enum xdp_mem_type { MEM_TYPE_MAX }",
    ),
    Name(
        "xdp_mem_info",
        "type", "net/xdp.h",
        "struct xdp_mem_info",
    ),
    Name(
        "xdp_mem_info.type",
        "field", "net/xdp.h",
        "u32 type",
    ),
    Name(
        "xdp_mem_info.id",
        "field", "net/xdp.h",
        "u32 id",
    ),
    Name(
        "xdp_rxq_info",
        "type", "net/xdp.h",
        "struct xdp_rxq_info",
    ),
    Name(
        "xdp_rxq_info.frag_size",
        "field", "net/xdp.h",
        "u32 frag_size",
    ),
    Name(
        "xdp_buff_flags",
        "type", "net/xdp.h",
        "enum xdp_buff_flags",
    ),
    Name(
        "XDP_FLAGS_HAS_FRAGS",
        "value", "net/xdp.h",
        "enum xdp_buff_flags { XDP_FLAGS_HAS_FRAGS = BIT(0) }",
    ),
    Name(
        "XDP_FLAGS_FRAGS_PF_MEMALLOC",
        "value", "net/xdp.h",
        "enum xdp_buff_flags { XDP_FLAGS_FRAGS_PF_MEMALLOC = BIT(1) }",
    ),
    Name(
        "XDP_FLAGS_FRAGS_UNREADABLE",
        "value", "net/xdp.h",
        "enum xdp_buff_flags { XDP_FLAGS_FRAGS_UNREADABLE = BIT(2) }",
        since="7.3",
        note="Set by xdp_buff_add_frag().",
    ),
    Name(
        "xdp_buff",
        "type", "net/xdp.h",
        "struct xdp_buff",
    ),
    Name(
        "xdp_buff.data",
        "field", "net/xdp.h",
        "void *data",
    ),
    Name(
        "xdp_buff.data_end",
        "field", "net/xdp.h",
        "void *data_end",
    ),
    Name(
        "xdp_buff.data_meta",
        "field", "net/xdp.h",
        "void *data_meta",
    ),
    Name(
        "xdp_buff.data_hard_start",
        "field", "net/xdp.h",
        "void *data_hard_start",
    ),
    Name(
        "xdp_buff.rxq",
        "field", "net/xdp.h",
        "struct xdp_rxq_info *rxq",
    ),
    Name(
        "xdp_buff.txq",
        "field", "net/xdp.h",
        "struct xdp_txq_info *txq",
    ),
    Name(
        "xdp_buff.frame_sz",
        "field", "net/xdp.h",
        "u32 frame_sz",
    ),
    Name(
        "xdp_buff.flags",
        "field", "net/xdp.h",
        "u32 flags",
    ),
    Name(
        "xdp_buff.frame_sz_flags_init",
        "field", "net/xdp.h",
        "u64 frame_sz_flags_init",
        since="7.3",
    ),
    Name(
        "xdp_frame",
        "type", "net/xdp.h",
        "struct xdp_frame",
    ),
    Name(
        "xdp_frame.data",
        "field", "net/xdp.h",
        "void *data",
    ),
    Name(
        "xdp_frame.len",
        "field", "net/xdp.h",
        "u32 len",
        earlier=(("6.12", "u16 len"),),
    ),
    Name(
        "xdp_frame.headroom",
        "field", "net/xdp.h",
        "u32 headroom",
        earlier=(("6.12", "u16 headroom"),),
    ),
    Name(
        "xdp_frame.metasize",
        "field", "net/xdp.h",
        "u32 metasize",
    ),
    Name(
        "xdp_frame.mem_type",
        "field", "net/xdp.h",
        "enum xdp_mem_type mem_type:32",
        since="7.3",
    ),
    Name(
        "xdp_frame.dev_rx",
        "field", "net/xdp.h",
        "struct net_device *dev_rx",
    ),
    Name(
        "xdp_frame.frame_sz",
        "field", "net/xdp.h",
        "u32 frame_sz",
    ),
    Name(
        "xdp_frame.flags",
        "field", "net/xdp.h",
        "u32 flags",
    ),
    Name(
        "xdp_frame_bulk",
        "type", "net/xdp.h",
        "struct xdp_frame_bulk",
    ),
    Name(
        "xdp_frame_bulk.count",
        "field", "net/xdp.h",
        "int count",
    ),
    Name(
        "xdp_frame_bulk.q",
        "field", "net/xdp.h",
        "netmem_ref q[XDP_BULK_QUEUE_SIZE]",
        earlier=(("6.12", "void *q[XDP_BULK_QUEUE_SIZE]"),),
    ),
    Name(
        "xdp_frame.mem",
        "field", "net/xdp.h",
        "struct xdp_mem_info mem",
        until="7.3",
    ),
    Name(
        "xdp_frame_bulk.xa",
        "field", "net/xdp.h",
        "void *xa",
        until="7.3",
    ),
    # net/netdev_queues.h
    Name(
        "netdev_queue_config",
        "type", "net/netdev_queues.h",
        "struct netdev_queue_config",
        since="7.3",
    ),
    Name(
        "netdev_queue_config.rx_page_size",
        "field", "net/netdev_queues.h",
        "u32 rx_page_size",
        since="7.3",
    ),
    Name(
        "QCFG_RX_PAGE_SIZE",
        "value", "net/netdev_queues.h",
        "enum { QCFG_RX_PAGE_SIZE = 0x1 }",
        since="7.3",
    ),
    Name(
        "netdev_queue_mgmt_ops",
        "type", "net/netdev_queues.h",
        "struct netdev_queue_mgmt_ops",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_mem_size",
        "field", "net/netdev_queues.h",
        "size_t ndo_queue_mem_size",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_mem_alloc",
        "field", "net/netdev_queues.h",
        "int (*ndo_queue_mem_alloc)(struct net_device *dev, struct netdev_queue_config *qcfg, "
        "void *per_queue_mem, int idx)",
        earlier=(
            ("6.12", ("int (*ndo_queue_mem_alloc)(struct net_device *dev, void *per_queue_mem, "
                      "int idx)")),
        ),
        note="May be called while the device is down.",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_mem_free",
        "field", "net/netdev_queues.h",
        "void (*ndo_queue_mem_free)(struct net_device *dev, void *per_queue_mem)",
        note="May be called while the device is down.",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_start",
        "field", "net/netdev_queues.h",
        "int (*ndo_queue_start)(struct net_device *dev, struct netdev_queue_config *qcfg, "
        "void *per_queue_mem, int idx)",
        earlier=(
            ("6.12", ("int (*ndo_queue_start)(struct net_device *dev, void *per_queue_mem, "
                      "int idx)")),
        ),
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_stop",
        "field", "net/netdev_queues.h",
        "int (*ndo_queue_stop)(struct net_device *dev, void *per_queue_mem, int idx)",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_default_qcfg",
        "field", "net/netdev_queues.h",
        "void (*ndo_default_qcfg)(struct net_device *dev, struct netdev_queue_config *qcfg)",
        since="7.3",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_validate_qcfg",
        "field", "net/netdev_queues.h",
        "int (*ndo_validate_qcfg)(struct net_device *dev, struct netdev_queue_config *qcfg, "
        "struct netlink_ext_ack *extack)",
        since="7.3",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_get_dma_dev",
        "field", "net/netdev_queues.h",
        "struct device *(*ndo_queue_get_dma_dev)(struct net_device *dev, int idx)",
        since="7.3",
    ),
    Name(
        "netdev_queue_mgmt_ops.ndo_queue_create",
        "field", "net/netdev_queues.h",
        "int (*ndo_queue_create)(struct net_device *dev, struct netlink_ext_ack *extack)",
        since="7.3",
    ),
    Name(
        "netdev_queue_mgmt_ops.supported_params",
        "field", "net/netdev_queues.h",
        "unsigned int supported_params",
        since="7.3",
    ),
    # net/netdev_rx_queue.h
    Name(
        "netdev_rx_queue",
        "type", "net/netdev_rx_queue.h",
        "struct netdev_rx_queue",
    ),
    Name(
        "netdev_rx_queue.napi",
        "field", "net/netdev_rx_queue.h",
        "struct napi_struct *napi",
    ),
    Name(
        "netdev_rx_queue.mp_params",
        "field", "net/netdev_rx_queue.h",
        "struct pp_memory_provider_params mp_params",
    ),
    # linux/netdevice.h
    Name(
        "netmem_tx_mode",
        "type", "linux/netdevice.h",
        "enum netmem_tx_mode",
        since="7.3",
    ),
    Name(
        "NETMEM_TX_NONE",
        "value", "linux/netdevice.h",
        "enum netmem_tx_mode { NETMEM_TX_NONE }",
        since="7.3",
        note="Unreadable memory cannot be sent.",
    ),
    Name(
        "NETMEM_TX_DMA",
        "value", "linux/netdevice.h",
        "enum netmem_tx_mode { NETMEM_TX_DMA }",
        since="7.3",
        note="The driver maps and unmaps Tx frags by the netmem helpers.",
    ),
    Name(
        "NETMEM_TX_NO_DMA",
        "value", "linux/netdevice.h",
        "enum netmem_tx_mode { NETMEM_TX_NO_DMA }",
        since="7.3",
        note="For virtual devices that pass skbs on.",
    ),
    Name(
        "net_device.netmem_tx",
        "field", "linux/netdevice.h",
        "unsigned long netmem_tx:2",
        since="7.3",
        note="How the driver sends netmem: one of the NETMEM_TX_* modes.",
    ),
    Name(
        "net_device.queue_mgmt_ops",
        "field", "linux/netdevice.h",
        "const struct netdev_queue_mgmt_ops *queue_mgmt_ops",
        note="Needed for memory providers: single Rx queues are restarted.",
    ),
    Name(
        "net_device.request_ops_lock",
        "field", "linux/netdevice.h",
        "bool request_ops_lock",
        since="7.3",
    ),
    # linux/ethtool.h
    Name(
        "kernel_ethtool_ringparam.tcp_data_split",
        "field", "linux/ethtool.h",
        "u8 tcp_data_split",
        note="Header split, which unreadable memory needs.",
    ),
    Name(
        "kernel_ethtool_ringparam.hds_thresh",
        "field", "linux/ethtool.h",
        "u32 hds_thresh",
        since="7.3",
    ),
    Name(
        "ETHTOOL_RING_USE_TCP_DATA_SPLIT",
        "value", "linux/ethtool.h",
        "enum ethtool_supported_ring_param { ETHTOOL_RING_USE_TCP_DATA_SPLIT = BIT(5) }",
        note="The driver takes tcp-data-split.",
    ),
    Name(
        "ETHTOOL_RING_USE_HDS_THRS",
        "value", "linux/ethtool.h",
        "enum ethtool_supported_ring_param { ETHTOOL_RING_USE_HDS_THRS = BIT(6) }",
        since="7.3",
        note="The driver takes a header split threshold.",
    ),
)

BY_NAME: dict[str, Name] = {one.name: one for one in NAMES}
"""The entries by name."""
