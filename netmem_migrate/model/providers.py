# SPDX-License-Identifier: GPL-2.0-only
"""Public headers that bring the type of a netmem along, by whatever they include themselves.

Those that drivers include; outside a tree they are all that is known. In a tree its own includes
are followed (convert/includes.py). Read from linux 7.3.
"""

from __future__ import annotations

HEADER = "net/netmem.h"
PROVIDERS: frozenset[str] = frozenset(f"{folder}/{name}.h" for folder, names in {
    "net": """
        addrconf arp bonding busy_poll cfg80211 cfg802154 devlink dsa dst_metadata flow_offload
        genetlink geneve gre gro gro_cells gso icmp ip ip6_checksum ip_tunnels ipv6 iw_handler
        mac80211 mac802154 macsec ndisc neighbour net_namespace netdev_lock netdev_queues
        netdev_rx_queue netlink netmem nexthop page_pool page_pool/helpers page_pool/memory_provider
        page_pool/types pkt_cls pkt_sched route rtnetlink sch_generic sock switchdev tcp tls tso udp
        udp_tunnel vxlan xdp xdp_sock_drv xfrm""",
    "linux": """
        bpf_trace brcmphy can/dev etherdevice ethtool ethtool_netlink filter ieee80211 if_arp
        if_bridge if_ether if_link if_macvlan if_vlan inet inetdevice ip ipv6 linkmode mdio mii
        mlx4/device mlx5/driver netdevice netlink of_mdio of_net phy phylink ptp_classify
        ptp_clock_kernel rtnetlink sctp sfp skbuff stmmac tcp udp usb/usbnet wwan""",
}.items() for name in names.split())
