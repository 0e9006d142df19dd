# SPDX-License-Identifier: GPL-2.0-only
"""The pool that the memory of a buffer is of, and how it is spelled where that is synced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.types import Member, Type
from netmem_migrate.flow.sync.kept import Kept, Refused
from netmem_migrate.flow.sync.members import Key, uses
from netmem_migrate.flow.sync.pools import Params, Tracer, allocates, creates, params
from netmem_migrate.flow.sync.scopes import Scope, World, path, squeezed, stripped
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node

Spelled = Callable[[list[tuple[Scope, "Node"]]], bytes]
"""How a pool is spelled at the call, by all places where memory is taken from it."""


@dataclass(frozen=True, slots=True)
class Pool:
    """The pool at a call: its member, how it is spelled there, and how each one is made."""

    text: bytes
    made: tuple[Params, ...]
    held: str


@dataclass(eq=False)
class Owners:
    """The pools of a driver, as they are spelled in one function."""

    world: World
    scope: Scope

    def pool(self, carrier: Node, held: Kept, spelled: Spelled | None = None) -> Pool | Refused:
        """The pool that the memory of a buffer is of; `spelled` is for a buffer that is kept in
        another array than its address."""
        world = self.world
        tracer = Tracer(world, allocates)
        first = next(use for use in uses(world, Key.of(held.buffer)) if use.known)
        tracer.member(first.scope, first.node)
        odd = next((one for one in tracer.found if not one.wanted), None)
        if odd is not None or not tracer.found:
            return Refused(Why.SYNC_OR_NOT, other=odd.where if odd is not None else "")
        pools: dict[Key, tuple[Scope, Node]] = {}
        taken: list[tuple[Scope, Node]] = []
        for one in tracer.found:
            call = view.call(one.node)
            given = stripped(one.scope, call.args[0]) if call is not None else None
            member = self._member(one.scope, given, spelled) if given is not None else None
            if given is None or member is None:
                return Refused(Why.SYNC_OR_NOT, other=one.where)
            taken.append((one.scope, given))
            pools.setdefault(Key.of(member), (one.scope, given))
        if len(pools) != 1:
            return Refused(Why.SYNC_OR_NOT, other=tracer.found[-1].where)
        ((scope, given),) = pools.values()
        made = self._created(scope, given)
        text = spelled(taken) if spelled is not None else self._spelled(
            carrier, held, scope, given)
        member = self._member(scope, given, spelled)
        if isinstance(made, Refused):
            return made
        if not text or member is None:
            return Refused(Why.SYNC_OR_NOT, other=tracer.found[0].where)
        of = f"{member.record}.{member.name.decode('latin-1')}"
        return Pool(text, made, of)

    def _member(self, scope: Scope, pool: Node, spelled: Spelled | None) -> Member | None:
        """The member that a pool is in, or an array of such."""
        inner = view.operand(pool)
        return scope.member(inner if spelled is not None and inner is not None
                            and pool.type == "subscript_expression" else pool)

    def _created(self, scope: Scope, pool: Node) -> tuple[Params, ...] | Refused:
        """How each pool is made that a member holds."""
        tracer = Tracer(self.world, creates)
        tracer.of(scope, pool)
        found: list[Params] = []
        for one in tracer.found:
            made = params(one.scope, one.node) if one.wanted else None
            if made is None:
                return Refused(Why.SYNC_OR_NOT, other=one.where)
            found.append(made)
        return tuple(found) if found else Refused(Why.SYNC_OR_NOT, other=scope.where(pool))

    def _spelled(self, carrier: Node, held: Kept, scope: Scope, pool: Node) -> bytes:
        """The pool as it is spelled at the call: by what holds the record, or from the record."""
        access, inner = view.field(pool), view.field(carrier)
        if access is None or inner is None:
            return b""
        owner = scope.member(pool)
        holder = self._holder(inner.base, owner) if owner is not None else None
        if holder is not None:
            return holder + access.name
        way = path(scope, pool)
        bases = {one.base for one in held.writes if one.scope is scope}
        if bases == {squeezed(way.start)} and way.steps:
            return view.text(inner.base) + b"".join(way.steps)
        assert owner is not None
        names = [name for name, type_ in self.scope.typed.declared.items()
                 if type_ is not None and self._owns(type_.target(), owner)]
        return names[0] + b"->" + access.name if len(names) == 1 else b""

    def _owns(self, type_: Type | None, owner: Member) -> bool:
        symbols = self.world.analysis.symbols
        found = symbols.member(type_, owner.name, self.scope.file)
        return found is not None and Key.of(found) == Key.of(owner)

    def _holder(self, node: Node, owner: Member, depth: int = 0) -> bytes | None:
        """The record that holds the pool, by which a record of the buffer is reached, with the sign
        behind it."""
        node = view.bare(node)
        type_ = self.scope.type_of(node)
        if type_ is not None and self._owns(type_, owner):
            return view.text(node) + b"."
        if type_ is not None and self._owns(type_.target(), owner):
            return view.text(node) + b"->"
        access, inner = view.field(node), view.operand(node)
        if access is not None:
            return self._holder(access.base, owner, depth)
        if node.type in ("subscript_expression", "pointer_expression") and inner is not None:
            return self._holder(inner, owner, depth)
        pair = view.infix(node)
        if pair is not None:
            return self._holder(pair.left, owner, depth)
        if node.type != "identifier" or depth > 4 or view.text(node) in self.scope.parameters:
            return None
        found = {self._holder(value, owner, depth + 1) for where, value
                 in self.scope.sets.get(view.text(node), ()) if value is not None}
        plain = all(value is not None or where.type == "update_expression" for where, value
                    in self.scope.sets.get(view.text(node), ()))
        return found.pop() if plain and len(found) == 1 else None
