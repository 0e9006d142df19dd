# SPDX-License-Identifier: GPL-2.0-only
"""The constants that a member may hold: all that it is set to, all over a driver."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.sync.members import Key, hidden, uses
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed, stripped

if TYPE_CHECKING:
    from tree_sitter import Node

ZERO = b"0"


def constants(world: World, scope: Scope, node: Node) -> frozenset[bytes] | None:
    """What a member may be, zero included, which it is before it is set; None where it is set to
    something else than a name in capitals or a number, or not in sight."""
    member = scope.member(node)
    if member is None or hidden(world, member.name):
        return None
    found: set[bytes] = set()
    for one in uses(world, Key.of(member)):
        if not one.written:
            continue
        values = _each(one.scope, one.value) if one.known and one.value is not None else None
        if values is None:
            return None
        found |= values
    return frozenset((*found, ZERO)) if found else None


def _each(scope: Scope, node: Node) -> set[bytes] | None:
    node = stripped(scope, node)
    branch = view.branch(node)
    if branch is not None and branch.then is not None and branch.otherwise is not None:
        one, other = _each(scope, branch.then), _each(scope, branch.otherwise)
        return None if one is None or other is None else one | other
    text = squeezed(node)
    plain = node.type == "number_literal" or (
        node.type == "identifier" and text.isupper() and not scope.is_local(text))
    return {text} if plain else None
