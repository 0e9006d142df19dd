# SPDX-License-Identifier: GPL-2.0-only
"""Reads by the CPU of pool memory that a device writes, in a driver that never syncs for the CPU.

A driver that syncs, or unmaps, anywhere for what it receives is left alone, whatever for; so is one
that calls what may do it.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.sync.beside import is_synced_beside, may_sync
from netmem_migrate.flow.sync.members import Key
from netmem_migrate.flow.sync.places import array
from netmem_migrate.flow.sync.pools import creates, params
from netmem_migrate.flow.sync.reaching import reaching
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped, total
from netmem_migrate.flow.sync.starts import ADDRESSES, is_pools, seen
from netmem_migrate.kernel.makefiles import of_driver
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import BOTH_WAYS, DMA_MAP, FROM_DEVICE

if TYPE_CHECKING:
    from tree_sitter import Node

_SOURCE = 1  # the argument that a copy is made from


@dataclass(frozen=True, slots=True)
class Unsynced:
    """A read: what reads, the memory, where it is given to the device, and where it is kept."""

    scope: Scope
    node: Node
    by: str
    kept: Key
    record: str
    given: tuple[Scope, Node]


def unsynced(world: World, root: Path | None) -> list[Unsynced]:
    """All such reads of a driver. `root` is what its paths are relative to, None where there is
    nothing beside it."""
    found: list[Unsynced] = []
    known: dict[str, bool] = {}
    for scope in world.scopes(*ADDRESSES):
        mine = list(_reads(world, scope)) if not scope.node.has_error else []
        if mine and scope.file not in known:
            known[scope.file] = _is_unsynced(world, root, scope.file)
        found += mine if mine and known[scope.file] else []
    return found


def _is_unsynced(world: World, root: Path | None, file: str) -> bool:
    """Whether the module that a file is of receives by DMA, and syncs nothing for the CPU."""
    originals = world.analysis.originals
    files = of_driver(root, originals, [file]) if root is not None else tuple(originals)
    texts = {one: originals[one] for one in files}
    return _are_mapped(world, files) and not any(map(may_sync, texts.values())) and (
        root is None or not is_synced_beside(texts, root))


def _are_mapped(world: World, files: Container[str]) -> bool:
    """Whether every pool that some files make maps its memory for a device that writes to it."""
    count = 0
    for scope in world.scopes(*(one.encode() for one in named(Trait.CREATES_POOL))):
        for call in view.calls(scope.node):
            if not creates(call) or scope.file not in files:
                continue
            made = params(scope, call.node)
            flags = made.each(b"flags") if made is not None else ()
            ways = made.each(b"dma_dir") if made is not None else ()
            if not flags or any(DMA_MAP.encode() not in WORD.findall(view.text(one))
                                for one in flags) or \
                    any(squeezed(one).decode("latin-1") not in (FROM_DEVICE, BOTH_WAYS)
                        for one in ways):
                return False
            count += 1
    return count > 0


# -- reads


def _reads(world: World, scope: Scope) -> Iterator[Unsynced]:
    for node, value, by in _read(scope):
        whole = total(scope, value)
        mine = [memory for one in whole.parts if (memory := seen(one.node)) is not None]
        if len(mine) != 1:
            continue
        member = _kept(scope, mine[0])
        given = _given(world, member) if member is not None else None
        if member is not None and given is not None and is_pools(world, *member):
            held = member[0].member(array(member[1]))
            assert held is not None
            yield Unsynced(scope, node, by, Key.of(held), held.record, given)


def _read(scope: Scope) -> Iterator[tuple[Node, Node, str]]:
    """Where the CPU reads: the place, the address, and by what."""
    for call in view.calls(scope.node):
        known = BY_NAME.get(call.name.decode("latin-1"))
        index = _SOURCE if has(call.name, Trait.CPU_COPIES) else known.memory \
            if known is not None and has(call.name, Trait.READS_PACKET) else None
        if index is not None and index < len(call.args):
            yield call.node, call.args[index], f"{call.name.decode('latin-1')}()"
    for node in nodes(scope.node, "field_expression", "subscript_expression",
                      "pointer_expression"):
        access = view.field(node)
        inner = view.operand(node)
        if inner is None or (access is not None and not access.arrow) or (
                node.type == "pointer_expression" and node.children[0].type == "&"):
            continue
        if not _is_written(node):
            yield node, inner, "an access"


def _is_written(node: Node) -> bool:
    """Whether a place is set, or its address taken, and not read."""
    around = view.outer(node)
    while around.parent is not None and around.parent.type in (
            "field_expression", "subscript_expression") and \
            view.operand(around.parent) == around:
        around = view.outer(around.parent)
    parent = around.parent
    pair = view.infix(parent)
    return parent is not None and (
        (parent.type == "assignment_expression" and pair is not None and pair.left == around)
        or (parent.type == "pointer_expression" and parent.children[0].type == "&")
        or parent.type == "sizeof_expression")


def _kept(scope: Scope, memory: Node) -> tuple[Scope, Node] | None:
    """The member that memory is taken from, on every way."""
    memory = stripped(scope, memory)
    values = [memory]
    if memory.type == "identifier":
        found = reaching(scope, memory)
        if not found or any(one is None for one in found):
            return None
        values = [stripped(scope, one) for one in found if one is not None]
    fields = [array(one) for one in values]
    keys = {Key.of(member) for one in fields if (member := scope.member(one)) is not None}
    known = len(keys) == 1 and all(scope.member(one) is not None for one in fields)
    return (scope, fields[0]) if known else None


def _given(world: World, memory: tuple[Scope, Node]) -> tuple[Scope, Node] | None:
    """Where the DMA address is asked for of what a member keeps."""
    held = memory[0].member(memory[1])
    assert held is not None
    key = Key.of(held)
    for scope in world.scopes(*(one.encode() for one in named(Trait.DMA_ADDRESS))):
        for call in view.calls(scope.node):
            if not has(call.name, Trait.DMA_ADDRESS) or len(call.args) != 1:
                continue
            node = stripped(scope, call.args[0])
            mine = scope.member(array(node))
            if mine is not None and Key.of(mine) == key:
                return scope, call.node
            for store in view.stores(scope.node):
                to = scope.member(array(view.bare(store.target)))
                if to is not None and Key.of(to) == key and \
                        squeezed(stripped(scope, store.value)) == squeezed(node):
                    return scope, call.node
    return None
