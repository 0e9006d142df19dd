# SPDX-License-Identifier: GPL-2.0-only
"""What each rule of `check` finds in small drivers of our own, and what it leaves alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from netmem_migrate.check.rules.table import RULES

from netmem_migrate.check.sources import check_sources

TYPES = """
struct demo_buf {
	netmem_ref netmem;
	struct page *page;
	void *va;
	dma_addr_t dma;
	unsigned int offset;
};

struct demo_rxq {
	struct page_pool *pool;
	struct device *dev;
	struct demo_buf *bufs;
	unsigned int count;
};
"""


def found(code: str, *, api: str = "7.3", unreadable: bool | None = None) -> list[str]:
    source = (TYPES + code).encode()
    return [one.id for one in check_sources({"demo.c": source}, api=api, unreadable=unreadable)]


def body(code: str, head: str = "int demo(struct demo_rxq *rxq, struct demo_buf *buf, "
                                "struct sk_buff *skb, int x)") -> str:
    text = "\n".join("\t" + line for line in code.splitlines())
    return (f"static {head}\n{{\n\tnetmem_ref netmem, other;\n\tvoid *va;\n\tint err = 0;\n"
            f"{text}\n}}\n")


ALLOC = "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (!netmem) return -ENOMEM;\n"
PUT = "page_pool_put_full_netmem(rxq->pool, netmem, false);\n"
FRAG = "skb_add_rx_frag_netmem(skb, 0, netmem, 0, x, PAGE_SIZE);\n"

FINDS = {
    "lost at the end": (ALLOC + "return 0;", ["leak"]),
    "lost on an error path": (ALLOC + "if (x) return -EIO;\n" + PUT + "return 0;", ["leak"]),
    "lost by a goto past the put": (
        ALLOC + "if (x) goto out;\nbuf->netmem = netmem; return 0;\nput:\n" + PUT
        + "out:\n return -EIO;", ["leak"]),
    "overwritten in a loop": (
        "while (x--) { netmem = page_pool_dev_alloc_netmems(rxq->pool); if (!netmem) break; }\n"
        "return 0;", ["leak", "leak"]),
    "lost in one case of a switch": (
        ALLOC + "switch (x) { case 1: " + PUT + " break; case 2: break; default: buf->netmem = "
        "netmem; }\nreturn 0;", ["leak"]),
    "lost where the test says so twice": (
        ALLOC + "if (netmem != 0 && x) return 1;\n" + PUT + "return 0;", ["leak"]),
    "put twice": (ALLOC + PUT + PUT + "return 0;", ["double-release"]),
    "put twice by two names": (
        ALLOC + "other = netmem;\n" + PUT
        + "page_pool_put_full_netmem(rxq->pool, other, false); return 0;", ["double-release"]),
    "put twice on one path only": (
        ALLOC + "if (x) " + PUT + PUT + "return 0;", ["double-release"]),
    "a slot put twice": (
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false);\n"
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;",
        ["double-release"]),
    "used after the put": (
        ALLOC + PUT + "va = netmem_address(netmem); return 0;", ["use-after-release"]),
    "returned after the put": (ALLOC + PUT + "return netmem;", ["use-after-release"]),
    "an address used after the put": (
        ALLOC + "va = netmem_address(netmem);\n" + PUT + "return *(u8 *)va;",
        ["use-after-release"]),
    "put after the skb has it": (ALLOC + FRAG + PUT + "return 0;", ["put-after-handover"]),
    "a slot put after the skb has it": (
        "skb_add_rx_frag_netmem(skb, 0, buf->netmem, 0, x, PAGE_SIZE);\n"
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;",
        ["put-after-handover"]),
    "two frags with one reference": (ALLOC + FRAG + FRAG + "return 0;", ["double-handover"]),
    "no test": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "buf->dma = page_pool_get_dma_addr_netmem(netmem);\nbuf->netmem = netmem; return 0;",
        ["unchecked-alloc"]),
    "the test the wrong way round": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (netmem) { buf->netmem = netmem;\n"
        "return 0; }\nbuf->dma = page_pool_get_dma_addr_netmem(netmem); return 0;",
        ["unchecked-alloc"]),
    "no test of a slot": (
        "buf->netmem = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "buf->dma = page_pool_get_dma_addr_netmem(buf->netmem); return 0;", ["unchecked-alloc"]),
    "a page for a netmem": (
        "page_pool_put_full_netmem(rxq->pool, buf->page, false); return 0;", ["argument-kind"]),
    "a netmem for a page": (
        "page_pool_put_full_page(rxq->pool, buf->netmem, false); return 0;", ["argument-kind"]),
    "pool and memory swapped": (
        "page_pool_put_full_netmem(buf->netmem, rxq->pool, false); return 0;",
        ["argument-kind", "argument-kind"]),
    "a page kept as netmem": (
        "buf->netmem = page_pool_dev_alloc_pages(rxq->pool); return 0;", ["argument-kind"]),
    "page_to_netmem() of a netmem": (
        "buf->netmem = page_to_netmem(buf->netmem); return 0;", ["argument-kind"]),
    "a page's address asked of netmem": (
        "va = page_address(buf->netmem); return 0;", ["argument-kind"]),
    "a page's reference taken of netmem": (
        "get_page(rxq->bufs[x].netmem); return 0;", ["argument-kind"]),
    "a page's node asked of netmem": (
        "return page_to_nid(netmem) == numa_mem_id();", ["argument-kind"]),
    "a macro for pages on netmem": (
        "va = page_to_virt(buf->netmem); return 0;", ["argument-kind"]),
    "too few arguments": (
        "page_pool_put_full_netmem(rxq->pool, buf->netmem); return 0;", ["argument-count"]),
}

LEAVES = {
    "released": ALLOC + PUT + "return 0;",
    "pages asked as pages": (
        "va = page_address(buf->page); get_page(buf->page); return page_to_nid(buf->page);"),
    "a page asked of what nobody knows": (
        "va = page_address(demo_page(rxq)); put_page(rxq->unknown); return 0;"),
    "the node of a number": "return page_to_nid(x);",
    "stored": ALLOC + "buf->netmem = netmem; return 0;",
    "stored through a pointer": ALLOC + "*out = netmem; return 0;",
    "returned": ALLOC + "return netmem;",
    "handed over": ALLOC + FRAG + "return 0;",
    "handed over on one path, put on the other": (
        ALLOC + "if (x) " + FRAG + " else " + PUT + "return 0;"),
    "two tests of one condition": (
        "if (x) { " + ALLOC + " }\nother = 0; if (x) " + PUT + "return 0;"),
    "an error code decides": (
        ALLOC + "if (demo_full(rxq)) { err = -EIO; goto out; }\nbuf->netmem = netmem;\nout:\n"
        "if (err) " + PUT + "return err;"),
    "cleared between two puts": (
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false);\nbuf->netmem = refill(rxq);\n"
        "page_pool_put_full_netmem(rxq->pool, buf->netmem, false); return 0;"),
    "one put a turn": (
        "for (x = 0; x < rxq->count; x++)\n"
        "page_pool_put_full_netmem(rxq->pool, rxq->bufs[x].netmem, false);\nreturn 0;"),
    "one put a reference": (
        "while (x--)\npage_pool_put_full_netmem(rxq->pool, buf->netmem, false);\nreturn 0;"),
    "another reference before the second frag": (
        ALLOC + "page_pool_ref_netmem(netmem);\n" + FRAG + FRAG + "return 0;"),
    "another reference before the put": (
        ALLOC + "page_pool_ref_netmem(netmem);\n" + FRAG + PUT + "return 0;"),
    "given to unknown code": ALLOC + "demo_post(rxq, netmem); return 0;",
    "given to unknown code, then put": (
        ALLOC + "if (demo_post(rxq, netmem)) " + PUT + "return 0;"),
    "kept in an initialiser": (
        ALLOC + "struct demo_buf b = { .netmem = netmem }; use(&b); return 0;"),
    "its address is given away": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool); keep(&netmem); return 0;"),
    "tested against 0": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool); if (netmem == 0) return 1;\n"
        + PUT + "return 0;"),
    "tested where it is assigned": (
        "if (unlikely(!(netmem = page_pool_dev_alloc_netmems(rxq->pool)))) return 1;\n"
        + PUT + "return 0;"),
    "tested in a chain": (
        "netmem = page_pool_dev_alloc_netmems(rxq->pool);\n"
        "if (netmem && x) { " + PUT + " return 1; }\nif (netmem) " + PUT + "return 0;"),
    "tested after it was stored": (
        "buf->netmem = page_pool_dev_alloc_netmems(rxq->pool); if (!buf->netmem) return 1;\n"
        "buf->dma = page_pool_get_dma_addr_netmem(buf->netmem); return 0;"),
    "the DMA address goes to the caller": (
        ALLOC + "*dma = page_pool_get_dma_addr_netmem(netmem) + x; return 0;"),
    "an XDP buffer has its address": (
        ALLOC + "xdp_prepare_buff(&xdp, netmem_address(netmem), 0, x, false);\n"
        "return demo_run(rxq, &xdp);"),
    "a path that never returns": ALLOC + "if (x) BUG();\n" + PUT + "return 0;",
    "right kinds": (
        "page_pool_put_full_page(rxq->pool, buf->page, false);\n"
        "buf->netmem = page_to_netmem(buf->page); return 0;"),
    "a kind that is not in sight": (
        "page_pool_put_full_netmem(rxq->pool, x ? buf->page : 0, false); return 0;"),
}


@pytest.mark.parametrize("name", FINDS)
def test_finds(name: str) -> None:
    code, expected = FINDS[name]
    assert found(body(code)) == expected


@pytest.mark.parametrize("name", LEAVES)
def test_leaves_alone(name: str) -> None:
    head = ("int demo(struct demo_rxq *rxq, struct demo_buf *buf, struct sk_buff *skb, int x, "
            "netmem_ref *out, dma_addr_t *dma)")
    assert found(body(LEAVES[name], head)) == []


DROP = """
static void demo_drop(struct demo_rxq *rxq, netmem_ref netmem)
{
	page_pool_put_full_netmem(rxq->pool, netmem, false);
}
"""
SOMETIMES = """
static int demo_take(struct demo_rxq *rxq, netmem_ref netmem)
{
	if (!rxq->count) {
		page_pool_put_full_netmem(rxq->pool, netmem, false);
		return -EIO;
	}
	rxq->bufs[0].netmem = netmem;
	return 0;
}
"""
LOOK = """
static void demo_look(struct demo_rxq *rxq, netmem_ref netmem)
{
	page_pool_dma_sync_netmem_for_cpu(rxq->pool, netmem, 0, 64);
}
"""
NEW = """
static netmem_ref demo_new(struct demo_rxq *rxq)
{
	netmem_ref netmem = page_pool_dev_alloc_netmems(rxq->pool);

	if (!netmem)
		return 0;
	return netmem;
}
"""


@pytest.mark.parametrize(("helper", "code", "expected"), [
    (DROP, ALLOC + "demo_drop(rxq, netmem); return 0;", []),
    (DROP, ALLOC + "demo_drop(rxq, netmem);\n" + PUT + "return 0;", ["double-release"]),
    (SOMETIMES, ALLOC + "return demo_take(rxq, netmem);", []),
    (SOMETIMES, ALLOC + "demo_take(rxq, netmem);\n" + PUT + "return 0;", []),
    (LOOK, ALLOC + "demo_look(rxq, netmem); return 0;", ["leak"]),
    (NEW, "netmem = demo_new(rxq); if (!netmem) return 1; return 0;", ["leak"]),
    (NEW, "netmem = demo_new(rxq); if (!netmem) return 1; buf->netmem = netmem; return 0;", []),
    (NEW, "netmem = demo_new(rxq);\n" + PUT + "return 0;", ["unchecked-alloc"]),
])
def test_functions_of_the_driver_do_what_their_bodies_do(helper: str, code: str,
                                                         expected: list[str]) -> None:
    assert found(helper + body(code)) == expected


def test_a_function_in_another_file_is_followed() -> None:
    call = (TYPES + body(ALLOC + "demo_drop(rxq, netmem);\n" + PUT + "return 0;")).encode()
    drop = (TYPES + DROP.replace("static ", "")).encode()
    assert [(one.id, one.file) for one in check_sources({"a.c": call, "b.c": drop})] == [
        ("double-release", "a.c")]


def test_a_function_that_calls_itself_does_anything() -> None:
    loop = "static void spin(struct demo_rxq *r, netmem_ref n)\n{\n\tspin(r, n);\n}\n"
    assert found(loop + body(ALLOC + "spin(rxq, netmem); return 0;")) == []


UNREADABLE = {
    "an offset": ("va = netmem_address(buf->netmem) + buf->offset; return *(u8 *)va;",
                  ["unreadable-address"]),
    "read without a test": ("va = netmem_address(buf->netmem); memcpy(skb, va, x); return 0;",
                            ["unreadable-address"]),
    "tested": ("va = netmem_address(buf->netmem); if (!va) return 1;\n"
               "memcpy(skb, va, x); return 0;", []),
    "only kept": ("buf->va = netmem_address(buf->netmem); return 0;", []),
    "only prefetched": ("net_prefetch(netmem_address(buf->netmem)); return 0;", []),
    "asked before": ("if (netmem_is_net_iov(buf->netmem)) return 1;\n"
                     "va = netmem_address(buf->netmem) + 1; use(va); return 0;", []),
    "raw sync": ("dma_addr_t dma = page_pool_get_dma_addr_netmem(buf->netmem);\n"
                 "dma_sync_single_for_cpu(rxq->dev, dma + 2, x, 0); return 0;", ["raw-dma"]),
    "sync of another address": (
        "dma_sync_single_for_cpu(rxq->dev, buf->dma, x, 0); return 0;", []),
    "the pool's sync": (
        "page_pool_dma_sync_netmem_for_cpu(rxq->pool, buf->netmem, 0, x); return 0;", []),
    "a page of netmem": ("use(netmem_to_page(buf->netmem)); return 0;", ["page-helper"]),
    "a page, asked before": ("if (!netmem_is_net_iov(buf->netmem))\n"
                             "use(netmem_to_page(buf->netmem)); return 0;", []),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_memory_that_may_be_unreadable(name: str) -> None:
    code, expected = UNREADABLE[name]
    assert found(body(code), unreadable=True) == expected
    assert found(body(code)) == []


def test_the_flag_says_that_memory_may_be_unreadable() -> None:
    code = body(UNREADABLE["an offset"][0])
    assert found(code + "/* PP_FLAG_ALLOW_UNREADABLE_NETMEM */\n") == []
    assert found(code + "int flag = PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n") == ["unreadable-address"]
    assert found(code + "int flag = PP_FLAG_ALLOW_UNREADABLE_NETMEM;\n", unreadable=False) == []


@pytest.mark.parametrize(("fields", "expected"), [
    (".flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV, .dev = d, .max_len = 4096", 0),
    (".flags = PP_FLAG_DMA_MAP, .dev = d", 0),
    (".flags = 0", 0),
    (".flags = DEMO_FLAGS", 0),
    (".flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV, .dev = d", 1),
    (".flags = PP_FLAG_DMA_SYNC_DEV, .dev = d, .max_len = 4096", 1),
    (".flags = PP_FLAG_DMA_MAP", 1),
    (".flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV | PP_FLAG_ALLOW_UNREADABLE_NETMEM, "
     ".dev = d, .max_len = 4096, .netdev = n, .queue_idx = 1", 0),
    (".flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV | PP_FLAG_ALLOW_UNREADABLE_NETMEM, "
     ".dev = d, .max_len = 4096", 2),
    (".flags = PP_FLAG_ALLOW_UNREADABLE_NETMEM, .netdev = n, .queue_idx = 1", 1),
])
def test_parameters_of_a_pool(fields: str, expected: int) -> None:
    code = (f"struct page_pool *make(struct device *d, struct net_device *n)\n{{\n"
            f"\tstruct page_pool_params params = {{ {fields} }};\n\n"
            "\treturn page_pool_create(&params);\n}\n")
    assert found(code) == ["flags"] * expected
    filled = code.replace("return", "demo_fill(&params);\n\treturn")
    assert found(filled) == []  # somebody else may have set the rest


def test_parameters_that_are_assigned() -> None:
    code = ("struct page_pool *make(struct device *d)\n{\n\tstruct page_pool_params p = { 0 };\n\n"
            "\tp.dev = d;\n\tp.flags = PP_FLAG_DMA_MAP;\n\tp.flags |= PP_FLAG_DMA_SYNC_DEV;\n"
            "\treturn page_pool_create(&p);\n}\n")
    assert found(code) == ["flags"]
    assert found(code.replace("p.dev = d;", "p.dev = d;\n\tp.max_len = PAGE_SIZE;")) == []


@pytest.mark.parametrize(("head", "call", "expected"), [
    ("irqreturn_t demo(int irq, struct demo_rxq *rxq)", "recycle_direct_netmem(rxq->pool, {})", 1),
    ("irqreturn_t demo(int irq, struct demo_rxq *rxq)",
     "put_full_netmem(rxq->pool, {}, true)", 1),
    ("irqreturn_t demo(int irq, struct demo_rxq *rxq)",
     "put_full_netmem(rxq->pool, {}, false)", 0),
    ("int demo_poll(struct napi_struct *napi, struct demo_rxq *rxq)",
     "recycle_direct_netmem(rxq->pool, {})", 0),
])
def test_direct_recycling(head: str, call: str, expected: int) -> None:
    code = f"{head}\n{{\n\tpage_pool_{call.format('rxq->bufs->netmem')};\n\treturn 1;\n}}\n"
    assert found(code) == ["direct-recycle"] * expected


def test_an_older_kernel_has_other_prototypes() -> None:
    code = body("buf->netmem = page_pool_alloc_netmem(rxq->pool, GFP_ATOMIC); return 0;")
    assert found(code, api="6.12") == []
    assert found(code) == ["argument-count"]


def test_arguments_are_not_judged_for_a_kernel_that_is_not_known() -> None:
    code = body(FINDS["too few arguments"][0])
    assert found(code, api="9.9") == []
    assert found(body(FINDS["put twice"][0]), api="9.9") == ["double-release"]


def test_a_driver_function_hides_the_kernel_s() -> None:
    own = "static void page_pool_put_full_netmem(int one)\n{\n}\n"
    assert found(own + body("page_pool_put_full_netmem(3); return 0;")) == []


def test_a_finding_says_where_and_why() -> None:
    source = (TYPES + body(ALLOC + "return 0;")).encode()
    (one,) = check_sources({"drivers/demo.c": source})
    line = source.decode().splitlines()[one.line - 1]
    assert (one.file, one.function, one.severity) == ("drivers/demo.c", "demo", "error")
    assert line[one.column - 1:].startswith("return 0;")
    assert one.message == ("`netmem` from page_pool_dev_alloc_netmems() is neither released, "
                           "stored, returned nor handed over here")
    assert one.why.startswith("Documentation/networking/page_pool.rst")


def test_a_fix_is_named_where_there_is_one() -> None:
    code = TYPES + body(FINDS["a page for a netmem"][0])
    (one,) = check_sources({"demo.c": code.encode()})
    assert one.fix == "page_pool_put_full_page()"


# -- what is not followed


def test_a_function_with_too_many_paths_is_named() -> None:
    many = "".join(f"int a{i} = 0;\n" for i in range(16)) + "".join(
        f"if (x & {1 << i}) a{i} = 1;\n" for i in range(16)) + "".join(
        f"if (a{i}) err++;\n" for i in range(16))
    # One of its paths leaks, but not all of them were seen, so that nothing is said of leaks.
    assert found(body(many + ALLOC + "return 0;")) == ["not-followed"]
    assert "leak" in found(body(ALLOC + "return 0;"))


def test_a_function_that_does_not_parse_is_named() -> None:
    broken = body(ALLOC + "if (netmem) ) return 0;")
    assert found(broken) == ["not-followed"]
    # Without pool memory there is nothing that would have to be followed.
    assert found("static int demo(int x)\n{\n\treturn x +;\n}\n") == []
    # And what stands beside it is followed.
    assert found(broken + body(ALLOC + "return 0;").replace("demo(", "other(")) == [
        "not-followed", "leak"]


def test_every_rule_has_a_reason() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES) == 14
    assert all(rule.summary and rule.why for rule in RULES)


@given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 60))
@settings(max_examples=60, deadline=None)
def test_no_bytes_make_it_fail(extra: bytes, place: int, cut: int) -> None:
    source = (TYPES + SOMETIMES + NEW + body(ALLOC + FRAG + PUT + "return 0;")).encode()
    place = min(place, len(source))
    check_sources({"demo.c": source[:place] + extra + source[place + cut:]}, unreadable=True)
