# SPDX-License-Identifier: GPL-2.0-only
"""Raw unmaps of an address that was stored with the helper for netmem, which stores 0 for memory
that is no page.

An address is followed by its member, all over the driver. Where a member is also set to what a raw
unmap is right for, and where a test decides, a raw unmap is right as far as anybody can tell.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import chain

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.flow.sync.members import hidden
from netmem_migrate.flow.sync.reaching import reaching
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped
from netmem_migrate.model import spelled
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Why

_NETMEM_SET, _SET = spelled.KEEPS_NETMEM.encode(), spelled.KEEPS_ANY.encode()
_GET = tuple(one.encode() for one in spelled.KEPT_ADDRESS)
_SINGLE = tuple(one.encode() for one in spelled.MAPS_SINGLE)
_ADDRESS = 1  # the argument of an unmap

_Key = tuple[str, bytes]
"""The record and the member; a record that is not in sight is ""."""


@dataclass(frozen=True, slots=True)
class Store:
    """Where a member is set; `value` is None for what is no plain value."""

    scope: Scope
    node: Node
    value: Node | None

    @property
    def at(self) -> str:
        """Its place."""
        return self.scope.where(self.node)


@dataclass(frozen=True, slots=True)
class Raw:
    """A raw unmap of a member that the helper sets, at `store`: `why` is what speaks for it, None
    for nothing, and `other` the place of that."""

    scope: Scope
    call: view.Call
    record: str
    member: str
    store: Store
    why: Why | None = None
    other: str = ""

    @property
    def page(self) -> bool:
        """Whether it ends the mapping of a page, which a frag's is."""
        return has(self.call.name, Trait.RAW_UNMAP)


def raws(world: World) -> Iterator[Raw]:
    """Each raw unmap of such a member, in order of the files: not those of what is mapped by its
    address, where anything is that the member holds."""
    stores = list(_stores(world, _NETMEM_SET, 4))
    if not stores:
        return
    for scope in world.scopes(b"dma_unmap_"):
        for call in view.calls(scope.node) if not scope.node.has_error else ():
            if not has(call.name, Trait.UNMAPS) or len(call.args) <= _ADDRESS:
                continue
            key = _read(scope, call.args[_ADDRESS])
            mine = [store for one, store in stores if one == key]
            if key is not None and mine:
                one = Raw(scope, call, key[0], key[1].decode("latin-1"), mine[0])
                yield from _judged(world, one, key)


def _judged(world: World, raw: Raw, key: _Key) -> Iterator[Raw]:
    why, other = _speaks(world, raw, key)
    if raw.page:
        yield replace(raw, why=why, other=other)
    elif why is None:
        yield replace(raw, why=Why.FIX_SINGLE)


def _speaks(world: World, raw: Raw, key: _Key) -> tuple[Why | None, str]:
    """What speaks for a raw unmap."""
    if (test := _asked(raw.scope, raw.call)) is not None:
        return Why.FIX_TESTED, raw.scope.where(test)
    if _is_hidden(world, key[1]):
        return Why.FIX_HIDDEN, ""
    for other, store in (*_stores(world, _SET, 3), *_plain(world, key[1]),
                         *_listed(world, key[1])):
        if other[1] == key[1] and other[0] in ("", key[0]) and not _is_other(store, raw.page):
            return Why.FIX_STORED, store.at
    return None, ""


def _asked(scope: Scope, call: view.Call) -> Node | None:
    """Where a function asks what the memory is, or whether there is an address: it is believed to
    do so in the right place."""
    address = squeezed(stripped(scope, call.args[_ADDRESS]))
    asks = (one.node for one in view.calls(scope.node)
            if has(one.name, Trait.TELLS_UNREADABLE) or has(one.name, Trait.TELLS_READABLE))
    tests = (branch.test for node in nodes(scope.node, "if_statement", "conditional_expression")
             if (branch := view.branch(node)) is not None and address in squeezed(branch.test))
    return next(chain(asks, tests), None)


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
    made = call is not None and call.name in _GET and len(call.args) == 2
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


def _is_hidden(world: World, name: bytes) -> bool:
    """Whether a macro sets a member of a name, or an element of one."""
    element = re.compile(rb"(?:->|\.)\s*%b\s*\[[^;]*\]\s*\)*\s*=(?!=)" % re.escape(name))
    return bool(hidden(world, name)) or any(
        element.search(one.body) for macros in world.analysis.symbols.macros.values()
        for one in macros)


def _stores(world: World, macro: bytes, count: int) -> Iterator[tuple[_Key, Store]]:
    """What a macro sets: its last arguments are a pointer, a member and a value."""
    for scope in world.scopes(macro):
        for call in view.calls(scope.node):
            if call.name == macro and len(call.args) == count:
                pointer, name, value = call.args[-3:]
                yield _key(scope, pointer, name), Store(scope, call.node, value)


def _plain(world: World, name: bytes) -> Iterator[tuple[_Key, Store]]:
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
                yield key, Store(scope, node, pair.right if pair is not None
                                  and pair.sign == "=" else None)


def _listed(world: World, name: bytes) -> Iterator[tuple[_Key, Store]]:
    """Where an initialiser sets a member of a name, of whatever record."""
    for scope in world.scopes(name):
        for node in nodes(scope.node, "initializer_pair"):
            pair = view.designated(node)
            if pair is not None and pair[0] == name:
                yield ("", name), Store(scope, node, pair[1])


def _is_other(store: Store, page: bool) -> bool:
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


def spelled_raw(before: ParsedFile, after: ParsedFile) -> bytes:
    """The text before, with the unmaps of pages by the helper that the text after has in their
    place; as it was where the calls are not the same otherwise."""
    old = [one for one in view.calls(before.tree.root_node) if _is_unmap(one)]
    new = [one for one in view.calls(after.tree.root_node) if _is_unmap(one)]
    text = before.original
    if len(old) != len(new):
        return text
    for one, other in sorted(zip(old, new, strict=True), key=lambda pair: -pair[0].node.start_byte):
        if one.name == other.name:
            continue
        args = [squeezed(arg) for arg in one.args]
        turned = [squeezed(arg) for arg in other.args]
        if other.name.decode("latin-1") not in spelled.UNMAPS_NETMEM or not has(
                one.name, Trait.RAW_UNMAP) or turned not in (args, [*args, b"0"]):
            return before.original
        text = text[:one.node.start_byte] + view.text(other.node) + text[one.node.end_byte:]
    return text


def _is_unmap(call: view.Call) -> bool:
    return has(call.name, Trait.UNMAPS) or call.name.decode("latin-1") in spelled.UNMAPS_NETMEM
