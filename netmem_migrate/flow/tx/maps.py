# SPDX-License-Identifier: GPL-2.0-only
"""Where a frag is mapped, and what the address is put into: here, or by a function that gets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.sync.scopes import Scope, World, stripped
from netmem_migrate.flow.tx.slots import Slot, kept, local, slot, spelled
from netmem_migrate.model.spelled import ANSWERS, FRAG_MAPS, FROM_DEVICE, NO_ADDRESS

if TYPE_CHECKING:
    from tree_sitter import Node

_DEPTH = 4
_FRAG = 1  # the argument of what maps a frag


@dataclass(frozen=True, slots=True)
class Map:
    """A call that maps a frag: `frag` is that, as it is spelled there, `local` the variable that
    the address is put into, b"" where it is put into a slot at once."""

    scope: Scope
    call: view.Call
    frag: Node
    local: bytes

    @property
    def where(self) -> str:
        """The place."""
        return self.scope.where(self.call.node)


@dataclass(frozen=True, slots=True)
class Wrapper:
    """A function that maps a frag that it is given, by the number of that, and gives the address or
    what is no address."""

    scope: Scope
    frag: int


def wrappers(world: World) -> dict[bytes, Wrapper]:
    """The functions of a driver that do nothing with the address but give it back."""
    found: dict[bytes, Wrapper] = {}
    for scope in world.scopes(*(one.encode() for one in FRAG_MAPS)):
        at = _wrapped(scope)
        if at is not None:
            found[scope.function.name] = Wrapper(scope, at)
    return found


def _wrapped(scope: Scope) -> int | None:
    calls = [call for call in view.calls(scope.node) if _is_map(call)]
    if len(calls) != 1 or scope.node.has_error:
        return None
    frag = view.text(view.bare(calls[0].args[_FRAG]))
    into = local(calls[0].node)
    if frag not in scope.parameters or not scope.stays(frag):
        return None
    given = [view.children(one) for one in nodes(scope.node, "return_statement")]
    values = [stripped(scope, one[0]) for one in given if one]
    gives = [one for one in values if one == calls[0].node or (
        into is not None and one.type == "identifier" and view.text(one) == into)]
    other = [one for one in values if one not in gives]
    if len(values) != len(given) or not gives or any(
            view.text(one).decode("latin-1") not in NO_ADDRESS for one in other):
        return None
    return scope.parameters.index(frag)


def maps(scope: Scope, around: dict[bytes, Wrapper]) -> Iterator[Map]:
    """The calls of a function that map a frag, and whose address stays in it."""
    if scope.function.name in around and around[scope.function.name].scope is scope:
        return
    for call in view.calls(scope.node):
        wrapper = around.get(call.name)
        at = _FRAG if _is_map(call) else wrapper.frag if wrapper is not None else None
        if at is None or len(call.args) <= at or view.text(
                call.args[-1]) == FROM_DEVICE.encode():
            continue
        yield Map(scope, call, call.args[at], local(call.node) or b"")


def _is_map(call: view.Call) -> bool:
    return call.name.decode("latin-1") in FRAG_MAPS and len(call.args) > _FRAG


@dataclass(frozen=True, slots=True)
class Store:
    """A slot that an address is put into, at a node of the function that has it: a store, the macro
    that keeps it, or the call of a function that does. `frag` is the memory that the helper is
    given, None for any other. `sure` says that the function always does."""

    node: Node
    slot: Slot
    frag: Node | None = None
    sure: bool = True


def stores(scope: Scope, value: bytes, depth: int = 0) -> Iterator[Store]:
    """What a variable is put into, by a function or those that it calls."""
    for one in view.stores(scope.node):
        if one.target.type != "identifier" and _is(scope, one.value, value):
            found = slot(scope, one.target)
            if found is not None:
                yield Store(one.node, found, sure=not depth or _is_sure(scope, one.node))
    for call in view.calls(scope.node):
        held = kept(scope, call)
        if held is not None:
            if held[0] is not None and _is(scope, held[1], value):
                yield Store(call.node, held[0], held[2],
                            sure=not depth or _is_sure(scope, call.node))
        elif depth < _DEPTH:
            at = [number for number, arg in enumerate(call.args) if _is(scope, arg, value)]
            if len(at) == 1:
                yield from _called(scope, call, at[0], depth)


def _is(scope: Scope, node: Node, value: bytes) -> bool:
    node = stripped(scope, node)
    return node.type == "identifier" and view.text(node) == value


def _called(scope: Scope, call: view.Call, at: int, depth: int) -> Iterator[Store]:
    """What a function of the driver puts an argument into, as its caller would spell it."""
    callee = callee_of(scope, call)
    if callee is None or at >= len(callee.parameters):
        return
    name = callee.parameters[at]
    if not callee.stays(name):
        return
    given = dict(zip(callee.parameters, map(spelled, call.args), strict=False))
    for one in stores(callee, name, depth + 1):
        found = told(callee, one.slot)
        if found is None:
            yield Store(call.node, one.slot, one.frag, sure=False)
        else:
            yield Store(call.node, found.given(given), one.frag,
                        one.sure and (not depth or _is_sure(scope, call.node)))


def told(callee: Scope, found: Slot) -> Slot | None:
    """A slot by what a function is given; None where that does not tell it."""
    for _ in range(_DEPTH):
        unknown = [one for one in found.names
                   if not (one in callee.parameters and callee.stays(one))]
        if not unknown:
            return found
        values: dict[bytes, bytes] = {}
        for one in unknown:
            sets = callee.sets.get(one, [])
            if not callee.stays(one) or len(sets) != 1 or sets[0][1] is None:
                return None
            values[one] = spelled(sets[0][1])
        found = found.given(values)
    return None


def callee_of(scope: Scope, call: view.Call) -> Scope | None:
    """The one function of the driver that a call is of."""
    found = [one for one in scope.world.analysis.symbols.functions.get(call.name, ())
             if one.body is not None]
    near = [one for one in found if one.file == scope.file] or found
    return scope.world.scope(near[0]) if len(near) == 1 else None


def _is_sure(scope: Scope, node: Node) -> bool:
    """Whether a statement is one of the function's own block, so that it is always reached."""
    around = node.parent
    while around is not None and around.type in ("expression_statement", "declaration",
                                                 "init_declarator"):
        around = around.parent
    return around is not None and around == scope.function.body and not any(
        one.start_byte < node.start_byte for one in nodes(scope.node, "return_statement",
                                                          "goto_statement"))


def is_error(scope: Scope, test: Node, address: frozenset[bytes]) -> bool:
    """Whether a test is true where the mapping failed: of what `address` are the spellings."""
    test = stripped(scope, test)
    call = view.call(test)
    if call is not None and call.name.decode("latin-1") in ANSWERS:
        return b"".join(view.text(stripped(scope, call.args[-1])).split()) in address
    pair = view.infix(test)
    if pair is not None and pair.sign == "==":
        both = [b"".join(view.text(stripped(scope, one)).split())
                for one in (pair.left, pair.right)]
        return any(one in address for one in both) and any(
            one.decode("latin-1") in NO_ADDRESS for one in both)
    return False
