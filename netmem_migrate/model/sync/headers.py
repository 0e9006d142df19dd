# SPDX-License-Identifier: GPL-2.0-only
"""What a kernel tree's own headers declare of the API that the model holds.

The headers are read as they are, without a configuration: where both arms of a conditional
declare a name, the first one counts. Prototypes come out on one line, without storage class,
`inline` and attributes; macros as their head, `name(arguments)`. A macro that only wraps an
allocation for profiling (`alloc_hooks(name_noprof(...))`) has the prototype of what it wraps.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.model.sync.prototypes import COMMENT, one_line

if TYPE_CHECKING:
    from tree_sitter import Node


@dataclass(frozen=True, slots=True)
class Source:
    """A header that is read: `path` is relative to include/, or to an architecture's include/.

    Functions and macros whose name matches `functions`, and types, values and object-like macros
    that match `names`, belong to the model; an empty pattern means that the header only says more
    of what the model already holds. Of the structs in `records` every member belongs to it.
    """

    path: str
    functions: str = ""
    names: str = ""
    records: tuple[str, ...] = ()


SOURCES: tuple[Source, ...] = (
    Source("net/page_pool/types.h", r".", r"^PP_FLAG_|^page_pool|^pp_|^netmem",
           ("page_pool_params", "pp_memory_provider_params")),
    Source("net/page_pool/helpers.h", r"."),
    Source("net/page_pool/memory_provider.h", r".", r".", ("memory_provider_ops",)),
    Source("net/netmem.h", r".", r".", ("netmem_desc", "net_iov", "net_iov_area")),
    Source("linux/skbuff_ref.h", r"."),
    Source(
        "linux/skbuff.h",
        r"skb_frag_(?!list|dma_map\d)|^skb_frags_readable|fill_(netmem|page)_desc|rx_frag"
        r"|can_coalesce|pp_cow|cow_data_for_xdp|mark_for_recycle|dev_alloc_page|dev_page_is"
        r"|page_frag_refill|alloc_frag(_align)?$|skb_free_frag|build_skb|propagate_pfmemalloc"
        r"|append_pagefrags|has_shared_frag",
        r"^skb_frag|^MAX_SKB_FRAGS$", ("skb_frag",),
    ),
    Source("net/xdp.h", r"^_*xdpf?_(?!.*(features|attachment|metalen|data_meta|warn|metadata))",
           r"^xdp_(mem|buff|frame|rxq)|^MEM_TYPE_|^XDP_FLAGS_",
           ("xdp_mem_info", "xdp_buff", "xdp_frame", "xdp_frame_bulk")),
    Source("net/netdev_queues.h", r"unreadable|queue_config|queue_get_dma_dev",
           r"^netdev_queue_(mgmt_ops|config)$|^QCFG_",
           ("netdev_queue_mgmt_ops", "netdev_queue_config")),
    Source("net/netdev_rx_queue.h", r"rx_queue", r"^netdev_rx_queue$"),
    Source("linux/netdevice.h", "", r"netmem_tx|^NETMEM_TX"),
    Source("uapi/linux/ethtool.h", "", r"^ETHTOOL_TCP_DATA_SPLIT"),
    Source("linux/ethtool.h"),
    Source("linux/mm.h"),
    Source("linux/page_ref.h"),
    Source("linux/page-flags.h"),
    Source("linux/gfp.h"),
    Source("linux/page_frag_cache.h"),
    Source("linux/highmem.h"),
    Source("linux/highmem-internal.h"),
    Source("linux/dma-mapping.h"),
    Source("asm/page.h"),
)  # fmt: skip

# Architectures whose asm headers are read, in this order: the first that is there counts.
_ARCHITECTURES = ("x86", "arm64", "riscv", "powerpc")

_MACRO = re.compile(
    r"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^()]*\))?((?:\\\n|[^\n])*)", re.MULTILINE
)
_UNDEF = re.compile(r"^[ \t]*#[ \t]*undef[ \t]+(\w+)", re.MULTILINE)
_HOOK = re.compile(r"^\s*alloc_hooks\((\w+)\(__VA_ARGS__\)\)\s*$")
_STORAGE = re.compile(r"\b(?:static|inline|extern|__inline__|__inline|__always_inline)\b")
_GUARD = re.compile(r"^_\w*_H_*$")


@dataclass(frozen=True, slots=True)
class Prototype:
    """A function or macro as a tree declares it; `header` is relative to include/."""

    name: str
    text: str
    header: str


@dataclass(frozen=True, slots=True)
class Declared:
    """A type, member, value or flag; a member is called `record.member`."""

    name: str
    kind: str  # type | field | flag | value
    text: str
    header: str


@dataclass(slots=True)
class Headers:
    """Everything that the headers of one tree declare, by name."""

    functions: dict[str, Prototype] = field(default_factory=dict)
    names: dict[str, Declared] = field(default_factory=dict)


def read(root: Path) -> Headers:
    """Read the headers of the tree at `root`.

    Raises InputError where a header cannot be read, or the kernel has no netmem.h.
    """
    headers = Headers()
    if not plain.is_plain(root / "include/net/netmem.h"):
        raise InputError(f"{root}: this kernel has no netmem API (include/net/netmem.h); "
                         "6.12 is the oldest that the model holds")
    for source in SOURCES:
        path = find(root, source.path)
        if path is None:
            continue
        data = plain.read(path)
        _read(headers, source, data)
    return headers


def find(root: Path, path: str) -> Path | None:
    """The file of a header in the tree at `root`; None where the tree has none."""
    if not path.startswith("asm/"):
        found = root / "include" / path
        return found if plain.is_plain(found) else None
    folders = (root / "arch" / one / "include" for one in _ARCHITECTURES)
    return next((one / path for one in folders if plain.is_plain(one / path)), None)


def belongs(name: str, header: str) -> bool:
    """Is a function that a header declares one that the model is to hold?"""
    if name.endswith("_noprof") or re.match(r"_(?!_)", name):
        return False
    return any(
        source.path == header and source.functions and re.search(source.functions, name)
        for source in SOURCES
    )


def name_belongs(declared: Declared) -> bool:
    """Is a type, member, value or flag of a header one that the model is to hold?"""
    for source in SOURCES:
        if source.path == declared.header:
            if declared.kind == "field":
                return declared.name.partition(".")[0] in source.records
            return bool(source.names) and re.search(source.names, declared.name) is not None
    return False


def _read(headers: Headers, source: Source, data: bytes) -> None:
    from netmem_migrate.c.find import in_all_arms
    from netmem_migrate.c.parse import parse

    parsed = parse(data)
    top = list(in_all_arms(parsed.tree.root_node))
    hooks: list[tuple[str, str]] = []
    local: dict[str, Prototype] = {}
    for name, text in _c_functions(top):
        local.setdefault(name, Prototype(name, text, source.path))
    code = COMMENT.sub(lambda m: "\n" * m[0].count("\n"), data.decode("utf-8", "replace"))
    undefined = set(_UNDEF.findall(code))
    for name, arguments, body in _MACRO.findall(code):
        if name in undefined or _GUARD.match(name):
            continue
        if not arguments:
            if body.strip():
                _name(headers, Declared(name, "flag", f"#define {name} {one_line(body)}",
                                        source.path))
            continue
        hook = _HOOK.match(one_line(body))
        if hook:
            hooks.append((name, hook[1]))
        local.setdefault(name, Prototype(name, name + one_line(arguments), source.path))
    for name, wrapped in hooks:
        if wrapped in local:
            text = local[wrapped].text.replace(wrapped + "(", name + "(")
            local[name] = Prototype(name, text, source.path)
    for one in local.values():
        headers.functions.setdefault(one.name, one)
    for declared in _declared(top, source, data):
        _name(headers, declared)


def _name(headers: Headers, declared: Declared) -> None:
    headers.names.setdefault(declared.name, declared)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def _innermost(node: Node | None, kind: str) -> Node | None:
    """The first `kind` on the way down a declarator."""
    while node is not None and node.type != kind:
        inner = node.child_by_field_name("declarator")
        if inner is None:
            inner = next((one for one in node.named_children if "declarator" in one.type), None)
        node = inner
    return node


def _c_functions(top: list[Node]) -> Iterator[tuple[str, str]]:
    for node in top:
        if node.type not in ("function_definition", "declaration"):
            continue
        declarator = node.child_by_field_name("declarator")
        called = _innermost(declarator, "function_declarator")
        name = called.child_by_field_name("declarator") if called else None
        if declarator is None or name is None or name.type != "identifier":
            continue
        whole = node.text or b""
        head = whole[: declarator.end_byte - node.start_byte].decode("utf-8", "replace")
        yield _text(name), one_line(_STORAGE.sub(" ", head))


def _declared(top: list[Node], source: Source, data: bytes) -> Iterator[Declared]:
    for node in top:
        if node.type == "type_definition":
            for one in node.children_by_field_name("declarator"):
                name = _innermost(one, "type_identifier")
                if name is not None:
                    text = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
                    short = re.sub(r"\{.*\}", "{ ... }", text, flags=re.DOTALL)
                    yield Declared(_text(name), "type", one_line(short), source.path)
            node = node.child_by_field_name("type") or node
        if node.type in ("function_definition", "declaration"):
            continue
        if node.type in ("struct_specifier", "union_specifier", "enum_specifier"):
            yield from _record(node, source)


def _record(node: Node, source: Source) -> Iterator[Declared]:
    body = node.child_by_field_name("body")
    tag = node.child_by_field_name("name")
    if body is None:
        return
    name = _text(tag) if tag is not None else ""
    word = node.type.partition("_")[0]
    if name:
        yield Declared(name, "type", f"{word} {name}", source.path)
    if word == "enum":
        for one in body.named_children:
            value = one.child_by_field_name("name") if one.type == "enumerator" else None
            if value is not None:
                inside = f"enum {name} {{ {one_line(_text(one))} }}".replace("  ", " ")
                yield Declared(_text(value), "value", inside, source.path)
        return
    yield from _members(name, body, source)


def _fields(body: Node) -> Iterator[Node]:
    """The declarations of members, those in records without name and declarator included."""
    open_ = [iter(body.named_children)]
    while open_:
        one = next(open_[-1], None)
        if one is None:
            open_.pop()
        elif one.type == "field_declaration":
            yield one
            kind = one.child_by_field_name("type")
            inner = kind.child_by_field_name("body") if kind is not None else None
            if kind is not None and inner is not None and not one.children_by_field_name(
                    "declarator") and kind.child_by_field_name("name") is None:
                open_.append(iter(inner.named_children))


def _members(record: str, body: Node, source: Source) -> Iterator[Declared]:
    for one in _fields(body):
        declarators = one.children_by_field_name("declarator")
        for declarator in declarators:
            name = _innermost(declarator, "field_identifier")
            if name is not None:
                after = declarator.next_named_sibling
                bits = _text(after) if after and after.type == "bitfield_clause" else ""
                head = (one.text or b"")[: declarators[0].start_byte - one.start_byte]
                short = re.sub(r"\{.*\}", "{ ... }", head.decode("utf-8", "replace"),
                               flags=re.DOTALL)
                text = one_line(short + _text(declarator) + bits)
                yield Declared(f"{record}.{_text(name)}", "field", text, source.path)
