# SPDX-License-Identifier: GPL-2.0-only
"""What else is done with the descriptors of a ring than by their members and by what walks them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Type
from netmem_migrate.flow.sync.cursors import Owners, tags
from netmem_migrate.flow.sync.scopes import Scope, World, squeezed
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import FILLS

if TYPE_CHECKING:
    from tree_sitter import Node

_BYTES = ("void", "char")


@dataclass(eq=False)
class Descriptors:
    """The descriptors of type `tag`, of rings that are held by records of the types `rings`, by
    what is of type `walk` in them."""

    world: World
    tag: str
    rings: frozenset[str]
    walk: str

    def odd(self) -> str:
        """A place where more is done with them; "" where there is none."""
        symbols = self.world.analysis.symbols
        names = {member.name for records in symbols.records.values() for record in records
                 for member in record.members.values()
                 if member.type.base in (self.tag, self.walk)}
        word = self.tag.rpartition(" ")[2].encode()
        for scope in self.world.scopes(word, *names):
            found = next(self._odd(scope), None)
            if found is not None:
                return scope.where(found)
        return ""

    def _odd(self, scope: Scope) -> Iterator[Node]:
        for one in view.stores(scope.node):
            if one.node.type == "assignment_expression" and self._is_moved(
                    scope, one.target, one.value):
                yield one.node
        for call in view.calls(scope.node):
            if not is_known(scope, call) and any(
                    self._is_pointer(scope.type_of(arg)) for arg in call.args):
                yield call.node
        for cast in nodes(scope.node, "cast_expression"):
            value = view.value(cast)
            if value is not None and self._is_pointer(scope.type_of(value)) and \
                    not self._is_kept(scope, cast):
                yield cast

    def _is_pointer(self, type_: Type | None) -> bool:
        return type_ is not None and type_.base == self.tag and type_.derivations == ("p",)

    def _is_moved(self, scope: Scope, target: Node, value: Node) -> bool:
        """Whether a whole descriptor is set, or what walks one ring to what walks another."""
        type_ = scope.type_of(target)
        if type_ is None or type_.base not in (self.tag, self.walk):
            return False
        if not type_.derivations and type_.base == self.tag:
            return True
        mine = tags(scope, target) & self.rings if target.type == "field_expression" else set()
        if not mine:
            return False
        if not type_.derivations:
            return mine != tags(scope, value) & self.rings
        owners = Owners(self.world)
        owners.at(scope, value, self.rings)
        return bool(owners.tags - mine)

    def _is_kept(self, scope: Scope, cast: Node) -> bool:
        """Whether a cast is to a record that begins with a descriptor, or for a sum."""
        type_ = view.type_of(cast)
        inner = view.type_of(type_) if type_ is not None else None
        words = b" ".join(view.text(inner).split()).decode("latin-1") if inner is not None else ""
        records = self.world.analysis.symbols.records.get(words, [])
        if any(member.type.base == self.tag and not member.type.derivations
               for record in records for member in record.members.values()):
            return True
        around = view.outer(cast).parent
        return words == self.tag or (words in _BYTES and view.infix(around) is not None)


def is_known(scope: Scope, call: view.Call) -> bool:
    """Whether what a call does with memory that it is given is seen, or is nothing."""
    name = call.name.decode("latin-1")
    own = scope.world.analysis.symbols.function(call.name, scope.file)
    zero = name in FILLS and len(call.args) == 3 and squeezed(call.args[1]) == b"0"
    return zero or (own is not None and own.body is not None) or any(
        has(call.name, trait) for trait in (
            Trait.HARMLESS, Trait.PRINTS, Trait.GIVES_BACK, Trait.ERROR_POINTER))
