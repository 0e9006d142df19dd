# SPDX-License-Identifier: GPL-2.0-only
"""Where a record that keeps the address of a frag goes somewhere as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.scopes import Scope, World
from netmem_migrate.flow.tx.slots import Key
from netmem_migrate.model.spelled import COPIES_WHOLE

if TYPE_CHECKING:
    from tree_sitter import Node


def copied(world: World, key: Key) -> Iterator[tuple[Scope, Node]]:
    """Each assignment of the record, and each call that copies what is behind a pointer to it."""
    for scope in world.scopes(key[1], key[0].rpartition(" ")[2].encode(), b"memcpy", b"memmove"):
        for one in view.stores(scope.node):
            if _is_record(scope, one.target, key, "") and \
                    view.bare(one.value).type != "initializer_list":
                yield scope, one.node
        for call in view.calls(scope.node):
            if COPIES_WHOLE.fullmatch(call.name) and any(
                    _is_record(scope, arg, key, "p") for arg in call.args):
                yield scope, call.node


def _is_record(scope: Scope, node: Node, key: Key, derived: str) -> bool:
    address = view.prefix(view.bare(node))
    if derived and address is not None and address.sign == "&":
        return _is_record(scope, address.argument, key, "")
    if node.type == "identifier" and node.parent is not None and \
            node.parent.type == "init_declarator" and nodes(node.parent, "pointer_declarator"):
        return False
    type_ = scope.type_of(node)
    return type_ is not None and "".join(type_.derivations) == derived and \
        scope.world.analysis.symbols.resolve(type_).base == key[0]
