# SPDX-License-Identifier: GPL-2.0-only
"""A raw unmap of an address that was stored with the helper for netmem.

The helper stores 0 for memory that is no page and has no mapping of its own; only its partner knows
what that 0 means. An address is followed by its member, all over the driver. Where a member is also
set to what a raw unmap is right for, and where a test of the memory decides, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.paths.lines import said, waypoints
from netmem_migrate.flow.sync.members import hidden
from netmem_migrate.flow.sync.reaching import reaching
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.results import Finding, Severity, Waypoint

RULE = Rule(
    id="raw-unmap",
    severity=Severity.WARNING,
    summary="an address that netmem_dma_unmap_addr_set() stored is unmapped by the DMA API itself",
    why="Documentation/networking/netmem.rst: memory providers map and unmap what is no page; the "
        "helper stores 0 for it, and netmem_dma_unmap_page_attrs() leaves that alone.",
    bad="""\
struct demo_tx {
	dma_addr_t dma;
};

void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}

void demo_free(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_unmap_page(dev, dma_unmap_addr(tx, dma), skb_frag_size(frag), DMA_TO_DEVICE);
}
""",
    good="""\
struct demo_tx {
	dma_addr_t dma;
};

void demo_map(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = skb_frag_dma_map(dev, frag, 0, skb_frag_size(frag), DMA_TO_DEVICE);

	netmem_dma_unmap_addr_set(skb_frag_netmem(frag), tx, dma, addr);
}

void demo_free(struct device *dev, struct demo_tx *tx, const skb_frag_t *frag)
{
	dma_addr_t addr = dma_unmap_addr(tx, dma);

	netmem_dma_unmap_page_attrs(dev, addr, skb_frag_size(frag), DMA_TO_DEVICE, 0);
}
""",
    unit=Unit.DRIVER,
)
_NETMEM_SET, _SET, _GET = b"netmem_dma_unmap_addr_set", b"dma_unmap_addr_set", b"dma_unmap_addr"
_UNMAP = "netmem_dma_unmap_page_attrs"
_SINGLE = (b"dma_map_single", b"dma_map_single_attrs")
_ADDRESS = 1  # the argument of an unmap

_Key = tuple[str, bytes]
"""The record and the member; a record that is not in sight is ""."""


@dataclass(frozen=True, slots=True)
class _Store:
    """Where a member is set; `value` is None for what is no plain value."""

    scope: Scope
    node: Node
    value: Node | None


def find(context: Context) -> Iterator[Finding]:
    """The raw unmaps of such members."""
    whole = context.whole
    if whole is None or not any(_NETMEM_SET in one for one in whole.originals.values()):
        return
    world = whole.world
    for scope in world.scopes(b"dma_unmap_"):
        for call in view.calls(scope.node) if not scope.node.has_error else ():
            if not has(call.name, Trait.UNMAPS) or len(call.args) <= _ADDRESS or \
                    _is_asked(scope, call):
                continue
            key = _read(scope, call.args[_ADDRESS])
            found = _by_helper(world, key, has(call.name, Trait.RAW_UNMAP)) if key else None
            if key and found is not None:
                yield _finding(context, scope, call, key, found)


def _finding(context: Context, scope: Scope, call: view.Call, key: _Key,
             store: _Store) -> Finding:
    record, name = key
    message = (
        f"`{name.decode('latin-1')}` of {record} is unmapped by {call.name.decode()}(), and set by "
        f"{_NETMEM_SET.decode()}() ({store.scope.where(store.node)}), to 0 for memory that is no "
        "page: ask the owner whether such memory gets here")
    at = Waypoint(store.scope.file, store.scope.line(store.node), said(store.node))
    return replace(
        context.finding(RULE, call.node, message, fix=f"{_UNMAP}()", file=scope.file,
                        function=scope.function.name.decode("latin-1")),
        path=(at, *waypoints(scope.file, None, call.node)))


def _is_asked(scope: Scope, call: view.Call) -> bool:
    """Whether a function asks what the memory is, or whether there is an address: it is believed to
    do so in the right place."""
    address = squeezed(stripped(scope, call.args[_ADDRESS]))
    return any(has(one.name, Trait.TELLS_UNREADABLE) or has(one.name, Trait.TELLS_READABLE)
               for one in view.calls(scope.node)) or any(
        (branch := view.branch(node)) is not None and address in squeezed(branch.test)
        for node in nodes(scope.node, "if_statement", "conditional_expression"))


def _read(scope: Scope, node: Node) -> _Key | None:
    """The member that an address is read from."""
    node = stripped(scope, node)
    value = scope.once(node)
    node = stripped(scope, value) if value is not None else node
    if node.type == "identifier":
        values = reaching(scope, node)
        keys = {_key_of(scope, stripped(scope, one)) for one in values or () if one is not None}
        known = values is not None and None not in values and len(keys) == 1
        return keys.pop() if known else None
    return _key_of(scope, node)


def _key_of(scope: Scope, node: Node) -> _Key | None:
    call = view.call(node)
    made = call is not None and call.name == _GET and len(call.args) == 2
    key = _key(scope, *call.args) if made and call is not None else _member(scope, node)
    return key if key is not None and key[0] else None


def _name(node: Node) -> bytes:
    """The name of a member, or of an array of them, as a macro is given it."""
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node = inner
    return view.text(node)


def _key(scope: Scope, pointer: Node, name: Node) -> _Key:
    """The member that a macro is given by a pointer and a name."""
    pointer = stripped(scope, pointer)
    type_ = scope.type_of(pointer)
    target = type_.target() if type_ is not None and type_.derivations else None
    return (scope.world.analysis.symbols.resolve(target).base if target is not None else "",
            _name(name))


def _member(scope: Scope, node: Node) -> _Key | None:
    """The same for a member access, or an element of one."""
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node = inner
    access = view.field(node)
    if access is None:
        return None
    type_ = scope.type_of(access.base)
    if type_ is not None and access.arrow:
        type_ = type_.target() if type_.derivations else None
    base = scope.world.analysis.symbols.resolve(type_).base if type_ is not None else ""
    return base, access.name


def _by_helper(world: World, key: _Key, page: bool) -> _Store | None:
    """Where the helper sets a member, if that is all that an unmap of its kind can be of."""
    sets = [one for one in _stores(world, _NETMEM_SET, 4) if one[0] == key]
    if not sets or _is_hidden(world, key[1]):
        return None
    for other, store in (*_stores(world, _SET, 3), *_plain(world, key[1]),
                         *_listed(world, key[1])):
        if other[1] != key[1] or other[0] not in ("", key[0]):
            continue
        if not _is_other(store, page):
            return None
    return sets[0][1]


def _is_hidden(world: World, name: bytes) -> bool:
    """Whether a macro sets a member of a name, or an element of one."""
    element = re.compile(rb"(?:->|\.)\s*%b\s*\[[^;]*\]\s*\)*\s*=(?!=)" % re.escape(name))
    return bool(hidden(world, name)) or any(
        element.search(one.body) for macros in world.analysis.symbols.macros.values()
        for one in macros)


def _stores(world: World, macro: bytes, count: int) -> Iterator[tuple[_Key, _Store]]:
    """What a macro sets: its last arguments are a pointer, a member and a value."""
    for scope in world.scopes(macro):
        for call in view.calls(scope.node):
            if call.name == macro and len(call.args) == count:
                pointer, name, value = call.args[-3:]
                yield _key(scope, pointer, name), _Store(scope, call.node, value)


def _plain(world: World, name: bytes) -> Iterator[tuple[_Key, _Store]]:
    """Where a member of a name is set, or its address is given away."""
    for scope in world.scopes(name):
        for node in nodes(scope.node, "assignment_expression", "update_expression",
                          "pointer_expression"):
            if node.type == "pointer_expression" and node.children[0].type != "&":
                continue
            target = view.changed(node)
            key = _member(scope, target) if target is not None else None
            if key is not None and key[1] == name:
                pair = view.infix(node)
                yield key, _Store(scope, node, pair.right if pair is not None
                                  and pair.sign == "=" else None)


def _listed(world: World, name: bytes) -> Iterator[tuple[_Key, _Store]]:
    """Where an initialiser sets a member of a name, of whatever record."""
    for scope in world.scopes(name):
        for node in nodes(scope.node, "initializer_pair"):
            pair = view.designated(node)
            if pair is not None and pair[0] == name:
                yield ("", name), _Store(scope, node, pair[1])


def _is_other(store: _Store, page: bool) -> bool:
    """Whether a store leaves nothing that a raw unmap of the kind in question is right for: it
    clears the member, or keeps what the CPU's address was mapped for."""
    values: list[Node | None] = [store.value]
    if store.value is not None:
        node = stripped(store.scope, store.value)
        found = reaching(store.scope, node) if node.type == "identifier" else None
        values = list(found) if found is not None else [node]
    return bool(values) and all(
        one is not None and _is_clear_or_single(store.scope, one, page) for one in values)


def _is_clear_or_single(scope: Scope, node: Node, page: bool) -> bool:
    node = stripped(scope, node)
    call = view.call(node)
    return view.text(node) in view.NULL or (page and call is not None and call.name in _SINGLE)
