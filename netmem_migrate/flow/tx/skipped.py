# SPDX-License-Identifier: GPL-2.0-only
"""What is not done where an address is 0: the rest of T1.

A driver that asks whether there is an address unmaps in the block behind that, and may do more. For
memory with address 0 that is left out. That does no harm where it only puts back the slot, or a
member that is for nothing but to unmap it: it decides by which call, or goes to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.scopes import Scope, World
from netmem_migrate.flow.tx.slots import Slot, slot
from netmem_migrate.flow.tx.uses import Role, Use, unmaps, uses
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

if TYPE_CHECKING:
    from tree_sitter import Node


def skipped(world: World, use: Use) -> tuple[Node, str] | None:
    """What a test of an address is in the way of that may be missed: where, and what it is."""
    branch = view.branch(use.test)
    if branch is None or branch.then is None:
        return use.node, "the test"
    if branch.otherwise is not None:
        return branch.otherwise, "what is behind else"
    if nodes(branch.test, "assignment_expression", "update_expression") or any(
            not has(one.name, Trait.GIVES_BACK) for one in view.calls(branch.test)):
        return branch.test, "what the test does"
    for node in _statements(use.scope, branch.then):
        found = view.assigned(node)
        put = slot(use.scope, found.left) if found is not None else None
        if put is None or put.key[0] != use.slot.key[0]:
            return node, "`" + _first(node) + "`"
        if put.key != use.slot.key and not _is_choice(world, put):
            return node, f"{put.key[1].decode('latin-1')} of {put.key[0]}"
    return None


def _first(node: Node) -> str:
    return view.text(node).split(b"\n", 1)[0].decode("latin-1").strip()


def _statements(scope: Scope, block: Node) -> Iterator[Node]:
    """The statements that do more than unmap."""
    if block.type == "compound_statement":
        for one in view.children(block):
            yield from _statements(scope, one)
        return
    branch = view.branch(block)
    if branch is not None and not nodes(branch.test, "call_expression", "assignment_expression",
                                        "update_expression"):
        arms = [one for one in (branch.then, branch.otherwise) if one is not None]
        for arm in arms:
            inside = view.children(arm) if arm.type == "else_clause" else [arm]
            for one in inside:
                yield from _statements(scope, one)
        return
    inside = view.children(block) if block.type == "expression_statement" else []
    call = view.call(inside[0]) if inside else None
    if call is None or call.node not in {one.node for one in unmaps(scope)}:
        yield block


def _is_choice(world: World, put: Slot) -> bool:
    """Whether a member is only asked by which call a slot is unmapped, or given to that call."""
    for scope in world.scopes(put.key[1]):
        if scope.node.has_error:
            return False
        for one in uses(scope, frozenset({put.key})):
            if one.role is Role.STORED or _in_unmap(scope, one.node):
                continue
            around = view.outer(one.node).parent
            branch = view.branch(around)
            if branch is None or view.bare(branch.test) != view.bare(one.node) or \
                    around is None or around.type != "if_statement" or \
                    any(True for _ in _statements(scope, around)):
                return False
    return True


def _in_unmap(scope: Scope, node: Node) -> bool:
    return any(call.node.start_byte <= node.start_byte < call.node.end_byte
               for call in unmaps(scope))
