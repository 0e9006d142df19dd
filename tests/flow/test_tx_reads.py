# SPDX-License-Identifier: GPL-2.0-only
"""T4: which places of a driver may read a frag that is sent, and which do not.

The cases of corpus/rooms/netmem-tx go through the step; here is what they do not say.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from netmem_migrate.api import analyse_path
from netmem_migrate.flow.tx.reads import Read, reads
from netmem_migrate.flow.tx.senders import senders

HEAD = """\
struct demo_priv {
	struct sk_buff_head queue;
	struct demo_ops *ops;
	struct page *page;
	dma_addr_t dma;
	void *bounce;
	void *kept;
};

"""
SEND = """\
	priv->dma = dma_map_single(priv, skb->data, skb->len, DMA_TO_DEVICE);
	return NETDEV_TX_OK;
drop:
	dev_kfree_skb_any(skb);
	return NETDEV_TX_OK;
}

static const struct net_device_ops demo_ops = {
	.ndo_start_xmit = demo_xmit,
};
"""
XMIT = """\
static netdev_tx_t demo_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct demo_priv *priv = netdev_priv(netdev);
	const skb_frag_t *frag = &skb_shinfo(skb)->frags[0];

"""


def found(tmp_path: Path, body: str, before: str = "", send: str = SEND) -> list[Read]:
    """What is read by a function that sends, whose body begins so."""
    file = tmp_path / "d.c"
    file.write_text(HEAD + before + XMIT + body + send)
    (unit,) = senders(analyse_path(file, api="7.3"))
    return reads(unit)


def kinds(several: list[Read]) -> list[tuple[str, str]]:
    return [(one.name, "dropped" if one.handled else "mapped" if one.mapped else
             "unknown" if one.unknown else "goes on" if one.fails else "read")
            for one in several]


DROPPED = {
    "a test of less than zero": "\tif (skb_linearize(skb) < 0)\n\t\tgoto drop;\n",
    "a local that is tested later": "\tint err = skb_linearize(skb);\n\n\tpriv->page = NULL;\n"
                                    "\tif (unlikely(err))\n\t\tgoto drop;\n",
    "a test that stores": "\tint err;\n\n\tif ((err = skb_linearize(skb)))\n\t\tgoto drop;\n",
    "a part of a test": "\tif (skb->len > 4096 && skb_linearize(skb) != 0)\n\t\tgoto drop;\n",
    "NULL": "\tskb = skb_unshare(skb, GFP_ATOMIC);\n\tif (!skb)\n\t\treturn NETDEV_TX_OK;\n",
    "false": "\tif (!pskb_may_pull(skb, 14))\n\t\tgoto drop;\n",
    "a way that frees by itself": "\tif (skb_linearize(skb)) {\n\t\tkfree_skb(skb);\n"
                                  "\t\treturn NETDEV_TX_OK;\n\t}\n",
}


@pytest.mark.parametrize("name", DROPPED)
def test_a_failure_that_leads_to_a_drop(name: str, tmp_path: Path) -> None:
    ((_, kind),) = kinds(found(tmp_path, DROPPED[name]))
    assert kind == "dropped"


GOES_ON = {
    "to be tried again": "\tif (skb_linearize(skb))\n\t\treturn NETDEV_TX_BUSY;\n",
    "a store that nobody reads": "\tint err = skb_linearize(skb);\n\n",
    "a store that is overwritten": "\tint err = skb_linearize(skb);\n\n\terr = 0;\n"
                                   "\tif (err)\n\t\tgoto drop;\n",
    "a cast to void": "\t(void)skb_linearize(skb);\n",
    "a warning": "\tWARN_ON(skb_linearize(skb));\n",
    "a test of more than zero": "\tif (skb_linearize(skb) > 0)\n\t\tgoto drop;\n",
    "a test of another value": "\tif (skb_linearize(skb) == 1)\n\t\tgoto drop;\n",
    "another error that is tested": "\tint err = skb_linearize(skb);\n\n"
                                    "\tif (err == -ENOMEM)\n\t\tgoto drop;\n",
    "a test that one way has not": "\tint err = skb_linearize(skb);\n\n"
                                   "\tif (skb->len > 60 && err)\n\t\tgoto drop;\n",
}


@pytest.mark.parametrize("name", GOES_ON)
def test_a_failure_that_does_not(name: str, tmp_path: Path) -> None:
    assert kinds(found(tmp_path, GOES_ON[name])) == [("skb_linearize", "goes on")]


CALLER = "static int demo_prepare(struct sk_buff *skb)\n{\n%s}\n\n"
THROUGH = {
    "the result as it is": ("\treturn skb_checksum_help(skb);\n", "demo_prepare(skb) < 0", True),
    "an own error": ("\tif (skb_checksum_help(skb))\n\t\treturn -EIO;\n\treturn 0;\n",
                     "demo_prepare(skb)", True),
    "what is chosen": ("\tint err = skb_put_padto(skb, 60);\n\n"
                       "\treturn err ? err : skb_checksum_help(skb);\n", "demo_prepare(skb)", True),
    "what the other arm is": ("\tint err = skb_put_padto(skb, 60);\n\n"
                              "\treturn err ? 0 : skb_checksum_help(skb);\n", "demo_prepare(skb)",
                              False),
    "zero that means failure": ("\tif (skb_checksum_help(skb))\n\t\treturn 0;\n\treturn 1;\n",
                                "!demo_prepare(skb)", True),
    "zero that does not": ("\tif (skb_checksum_help(skb))\n\t\treturn 0;\n\treturn -EIO;\n",
                           "demo_prepare(skb)", False),
    "nobody who asks": ("\treturn skb_checksum_help(skb);\n", "priv->page", False),
}


@pytest.mark.parametrize("name", THROUGH)
def test_a_failure_that_goes_up(name: str, tmp_path: Path) -> None:
    inside, test, good = THROUGH[name]
    more = "\tdemo_prepare(skb);\n" if "demo_prepare" not in test else ""
    several = found(tmp_path, f"{more}\tif ({test})\n\t\tgoto drop;\n", CALLER % inside)
    said = {kind for name, kind in kinds(several) if name == "skb_checksum_help"}
    assert said == ({"dropped"} if good or name == "what the other arm is" else {"goes on"})
    if name == "what the other arm is":
        assert ("skb_put_padto", "goes on") in kinds(several)


ENUM = "enum demo_result {\n\tDEMO_OK,\n\tDEMO_SKIP,\n\tDEMO_DROP%s,\n};\n\n"


@pytest.mark.parametrize(("value", "kind"), [("", "dropped"), (" = 1", "goes on")])
def test_constants_of_one_enum_differ_unless_it_gives_them_values(
        value: str, kind: str, tmp_path: Path) -> None:
    before = ENUM % value + (CALLER % "\tif (skb_linearize(skb))\n\t\treturn DEMO_DROP;\n"
                             "\treturn DEMO_OK;\n")
    body = ("\tint ret = demo_prepare(skb);\n\n\tif (ret == DEMO_SKIP)\n\t\tpriv->page = NULL;\n"
            "\telse if (ret == DEMO_DROP)\n\t\tgoto drop;\n")
    assert kinds(found(tmp_path, body, before)) == [("skb_linearize", kind)]


ADDRESSES = {
    "it is copied from": ("\tmemcpy(priv->bounce, skb_frag_address(frag), 16);\n", "read"),
    "something is added": ("\tvoid *va = skb_frag_address_safe(frag) + 2;\n\n"
                           "\tif (va)\n\t\tmemcpy(priv->bounce, va, 16);\n", "read"),
    "it is kept": ("\tpriv->kept = skb_frag_address_safe(frag);\n", "read"),
    "it is tested": ("\tvoid *va = skb_frag_address_safe(frag);\n\n"
                     "\tif (va)\n\t\tmemcpy(priv->bounce, va, 16);\n", "dropped"),
    "it is tested by a way out": ("\tvoid *va = skb_frag_address(frag);\n\n\tif (va == NULL)\n"
                                  "\t\tgoto drop;\n\tmemcpy(priv->bounce, va, 16);\n", "dropped"),
    "something else is tested": ("\tvoid *va = skb_frag_address_safe(frag);\n\n"
                                 "\tif (frag)\n\t\tmemcpy(priv->bounce, va, 16);\n", "read"),
    "it is mapped": ("\tpriv->dma = dma_map_single(priv, skb_frag_address(frag), 16,\n"
                     "\t\t\t\t   DMA_TO_DEVICE);\n", "mapped"),
    "its page is mapped for the CPU": ("\tpriv->bounce = kmap_local_page(skb_frag_page(frag));\n",
                                       "read"),
    "its page is mapped for the device": (
        "\tpriv->dma = dma_map_page(priv, skb_frag_page(frag), 0, 16, DMA_TO_DEVICE);\n",
        "mapped"),
    "it is asked for ahead of time": ("\tprefetch(skb_frag_address(frag));\n", "dropped"),
    "only what can be read is": ("\tif (skb_frags_readable(skb))\n\t\tmemcpy(priv->bounce, "
                                 "skb_frag_address(frag), 16);\n", "dropped"),
}


@pytest.mark.parametrize("name", ADDRESSES)
def test_what_is_done_with_an_address(name: str, tmp_path: Path) -> None:
    body, kind = ADDRESSES[name]
    assert [one for _, one in kinds(found(tmp_path, body))] == [kind]


@pytest.mark.parametrize(("inside", "kind"), [
    ("\tmemcpy(priv->bounce, va, 16);\n", "read"),
    ("\tif (va)\n\t\tmemcpy(priv->bounce, va, 16);\n", "dropped"),
    ("\tpriv->dma = dma_map_single(priv, va, 16, DMA_TO_DEVICE);\n", "mapped"),
])
def test_an_address_that_goes_to_a_function(inside: str, kind: str, tmp_path: Path) -> None:
    before = f"static void demo_put(struct demo_priv *priv, void *va)\n{{\n{inside}}}\n\n"
    several = found(tmp_path, "\tdemo_put(priv, skb_frag_address(frag));\n", before)
    assert [one for _, one in kinds(several)] == [kind]


WALK = """\
	struct tso_t tso;

	tso_start(skb, &tso);
	%s
"""


@pytest.mark.parametrize(("use", "several"), [
    ("memcpy(priv->bounce, tso.data, 16);", ["read"]),
    ("priv->dma = dma_map_single(priv, tso.data, 16, DMA_TO_DEVICE);", ["mapped"]),
    ("tso_build_hdr(skb, priv->bounce, &tso, 16, true);", []),
])
def test_the_walk_over_a_packet(use: str, several: list[str], tmp_path: Path) -> None:
    assert [one for _, one in kinds(found(tmp_path, WALK % use))] == several


NO_SEND = """\
void demo_other(struct sk_buff *skb)
{
	skb_linearize(skb);
}

"""
LATER = """\
void demo_later(struct demo_priv *priv)
{
	struct sk_buff *skb = skb_dequeue(&priv->queue);

	skb_linearize(skb);
}

"""
POINTED = """\
static void demo_hook(struct sk_buff *skb)
{
	skb_linearize(skb);
}

static const struct demo_ops demo_hooks = {
	.prepare = demo_hook,
};

"""
REACHED = {
    "what does not send": (NO_SEND, "\n", []),
    "what takes it up later": (LATER, "\tskb_queue_tail(&priv->queue, skb);\n", ["goes on"]),
    "what takes up another queue": (LATER.replace("->queue", "->other"),
                                    "\tskb_queue_tail(&priv->queue, skb);\n", []),
    "what a table leads to": (POINTED, "\tpriv->ops->prepare(skb);\n", ["goes on"]),
    "another member of a table": (POINTED, "\tpriv->ops->other(skb);\n", ["unknown"]),
    "a function of nobody known": ("", "\tdemo_elsewhere(skb);\n", ["unknown"]),
    "what only looks": ("", "\tpriv->page = skb_headlen(skb) + skb_get_hash(skb);\n", []),
}


@pytest.mark.parametrize("name", REACHED)
def test_what_is_reached(name: str, tmp_path: Path) -> None:
    before, body, several = REACHED[name]
    assert [one for _, one in kinds(found(tmp_path, body, before))] == several


def test_what_is_asked_before_gives_the_packet_back(tmp_path: Path) -> None:
    before = """\
static netdev_features_t demo_features(struct sk_buff *skb, struct net_device *netdev,
				       netdev_features_t features)
{
	if (!pskb_may_pull(skb, 14))
		return 0;

	return features;
}

"""
    send = SEND.replace("};", "\t.ndo_features_check = demo_features,\n};")
    assert kinds(found(tmp_path, "\n", before, send)) == [("pskb_may_pull", "dropped")]


def test_a_place_names_where_the_packet_goes_on(tmp_path: Path) -> None:
    (one,) = found(tmp_path, "\tif (skb_linearize(skb))\n\t\tpriv->page = NULL;\n")
    lines = (tmp_path / "d.c").read_text().splitlines()
    assert "skb_linearize" in lines[one.line - 1] and one.function == "demo_xmit"
    assert "dma_map_single" in lines[int(one.other.rpartition(":")[2]) - 1]
