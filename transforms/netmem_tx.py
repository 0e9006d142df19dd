# SPDX-License-Identifier: GPL-2.0-only
"""Say that a device sends memory which the CPU cannot read: the last step, and alone.

netdev->netmem_tx lets device memory be bound to a device to be sent by it, and packets that have
such frags through to the driver. It is set where the device gets its operations, and only where
T1 to T4 (docs/preparing.md) hold for the whole driver as it stands then, after `--with tx` of the
same run, too. Refused with all that is missing, each with its place, anywhere else; where the
kernel has no such modes; for a device that does no DMA; and where several devices send in different
ways, or nothing shows that they are registered behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.model import tx
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Edit, FileChange, Room

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.flow.analyse import Analysis
    from netmem_migrate.flow.tx.device import Device

PASS = Pass(
    id="netmem-tx",
    summary="a device is said to send memory that the CPU cannot read",
    before="""\
struct demo_slot {
	struct sk_buff *skb;
	dma_addr_t dma;
	unsigned int len;
};

struct demo_priv {
	struct device *dev;
	struct page_pool *pool;
	struct demo_slot *slots;
	unsigned int next;
};

static netdev_tx_t demo_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct demo_priv *priv = netdev_priv(netdev);
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	struct demo_slot *slot = &priv->slots[priv->next];
	dma_addr_t dma;

	if (skb_put_padto(skb, ETH_ZLEN))
		return NETDEV_TX_OK;

	slot->len = skb_frag_size(frag);
	dma = skb_frag_dma_map(priv->dev, frag, 0, slot->len, DMA_TO_DEVICE);
	if (dma_mapping_error(priv->dev, dma)) {
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}

	slot->dma = dma;
	demo_kick(priv, dma, slot->len);
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), slot, dma, slot->dma);
	slot->skb = skb;
	return NETDEV_TX_OK;
}

static void demo_done(struct demo_priv *priv, struct demo_slot *slot)
{
	netmem_dma_unmap_page_attrs(priv->dev, dma_unmap_addr(slot, dma),
				    slot->len, DMA_TO_DEVICE, 0);
	dev_kfree_skb_any(slot->skb);
}

static const struct net_device_ops demo_ops = {
	.ndo_start_xmit = demo_xmit,
};

int demo_probe(struct demo_priv *priv, struct net_device *netdev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = priv->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	priv->pool = page_pool_create(&params);
	netdev->netdev_ops = &demo_ops;
	netdev->features |= NETIF_F_SG;
	demo_done(priv, priv->slots);
	return register_netdev(netdev);
}
""",
    after="""\
struct demo_slot {
	struct sk_buff *skb;
	dma_addr_t dma;
	unsigned int len;
};

struct demo_priv {
	struct device *dev;
	struct page_pool *pool;
	struct demo_slot *slots;
	unsigned int next;
};

static netdev_tx_t demo_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct demo_priv *priv = netdev_priv(netdev);
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];
	struct demo_slot *slot = &priv->slots[priv->next];
	dma_addr_t dma;

	if (skb_put_padto(skb, ETH_ZLEN))
		return NETDEV_TX_OK;

	slot->len = skb_frag_size(frag);
	dma = skb_frag_dma_map(priv->dev, frag, 0, slot->len, DMA_TO_DEVICE);
	if (dma_mapping_error(priv->dev, dma)) {
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}

	slot->dma = dma;
	demo_kick(priv, dma, slot->len);
	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), slot, dma, slot->dma);
	slot->skb = skb;
	return NETDEV_TX_OK;
}

static void demo_done(struct demo_priv *priv, struct demo_slot *slot)
{
	netmem_dma_unmap_page_attrs(priv->dev, dma_unmap_addr(slot, dma),
				    slot->len, DMA_TO_DEVICE, 0);
	dev_kfree_skb_any(slot->skb);
}

static const struct net_device_ops demo_ops = {
	.ndo_start_xmit = demo_xmit,
};

int demo_probe(struct demo_priv *priv, struct net_device *netdev)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.dev = priv->dev,
		.dma_dir = DMA_FROM_DEVICE,
	};

	priv->pool = page_pool_create(&params);
	netdev->netdev_ops = &demo_ops;
	netdev->netmem_tx = NETMEM_TX_DMA;
	netdev->features |= NETIF_F_SG;
	demo_done(priv, priv->slots);
	return register_netdev(netdev);
}
""",
    behind=True,
    words={
        "set": ("send device memory: set netmem_tx in {slot}",
                ", so that no device memory can be bound to be sent by it (bind-tx of "
                "netdev-genl), and the stack drops what has such frags.",
                "Allow both. That rests on four conditions, which hold for the whole driver as "
                "it stands: what is kept of a frag's address is read to unmap it, and for nothing "
                "else (T1); it is kept with that frag by netmem_dma_unmap_addr_set() (T2); each "
                "unmap of it is netmem_dma_unmap_page_attrs() (T3); and the CPU reads no frag on "
                "the way to the device, or the packet is dropped where that fails (T4). Not "
                "shown: what the hardware does with memory that is not the host's."),
    },
    follows="include/linux/netdevice.h",
    order=96,
)


def rooms(work: Work) -> Iterator[tuple[Room, list[Edit]]]:
    """Each place where a device is told so, and the edit that does it."""
    for device in work.once(_found):
        if isinstance(device, Reason):
            continue
        body, statement = device.body, device.statement
        line = int(statement.start_point[0]) + 1
        text = work.analysis.originals[body.file]
        end = _end(text, statement.end_byte)
        start = text.rfind(b"\n", 0, statement.start_byte) + 1
        indent = text[start:statement.start_byte]
        edit = work.edit(PASS, body.file, end, end, b"\n%b%b%b = %b;" % (
            indent if not indent.strip() else b"\t", device.member, tx.MODE_MEMBER, tx.MODE),
            "T1 to T4 hold")
        slot = f"{body.name}()"
        yield Room(PASS.id, "set", slot, tx.MODE_MEMBER.decode(), body.file, line,
                   Reason(Why.NETMEM_TX, slot=slot, file=body.file, line=line)), [edit]


def edits(work: Work) -> Iterator[Edit]:
    """All of them."""
    for _, made in rooms(work):
        yield from made


def left(work: Work) -> Iterator[Reason]:
    """What is missing where that is not done."""
    return (one for one in work.once(_found) if isinstance(one, Reason))


def told(change: FileChange) -> FileChange:
    """A change without what it sets: for the check, the device says so before, too."""
    from netmem_migrate.flow.tx.device import without

    return replace(change, before=change.after) if without(change) == change.before else change


def _found(analysis: Analysis) -> Iterator[Device | Reason]:
    """The places; or, for each module, all that is missing."""
    # Every command line loads the passes: what follows a driver is loaded where one is read.
    from netmem_migrate.flow.tx.device import devices
    from netmem_migrate.flow.tx.senders import senders
    from netmem_migrate.flow.tx.whole import missing, place, title

    units = senders(analysis)
    if not units:
        file = analysis.driver.files[0]
        yield Reason(Why.NETMEM_TX_UNSEEN, slot=analysis.driver.path, file=file, line=1)
    for unit in units:
        if unit.says(tx.MODE_MEMBER.decode()):
            continue
        if not tx.has_modes(analysis.target):
            file, line = place(unit)
            yield Reason(Why.NETMEM_TX_NO_API, by=tx.MODE.decode(), slot=title(unit), file=file,
                         line=line)
            continue
        lacking = missing(analysis, unit)
        if lacking:
            yield from lacking
            continue
        places = devices(unit)
        refused = [one for one in places if isinstance(one, Reason)]
        yield from refused or places


def _end(text: bytes, at: int) -> int:
    """Behind a statement, and a comment on its line."""
    end = text.find(b"\n", at)
    rest = text[at:end].strip() if end >= 0 else b""
    whole = rest.startswith(b"/*") and rest.find(b"*/") == len(rest) - 2
    return end if end >= 0 and (not rest or whole or rest.startswith(b"//")) else at
