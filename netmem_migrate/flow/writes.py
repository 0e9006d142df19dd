# SPDX-License-Identifier: GPL-2.0-only
"""What functions of a driver may set, and free, by whatever they call."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_SETS = ("assignment_expression", "update_expression", "pointer_expression")
# How the kernel names what sets its first argument.
SETTERS = re.compile(rb"(?:\A|_)(?:assign|store|xchg|swap)(?:_|\Z)")


def written(functions: Sequence[Function]) -> dict[bytes, frozenset[bytes]]:
    """The members, by name, that each function may set, by name of the function."""
    own: dict[bytes, set[bytes]] = {}
    calls: dict[bytes, set[bytes]] = {}
    for function in functions:
        own.setdefault(function.name, set()).update(members(function.node))
        calls.setdefault(function.name, set()).update(
            call.name for call in view.calls(function.node))
    return _through(own, calls)


def freeing(functions: Sequence[Function],
            is_ring: Mapping[Function, Iterable[bytes]]) -> frozenset[bytes]:
    """The functions that may free something that they name as one of some variables."""
    own = {function.name: {b"free"} if any(
        has(call.name, Trait.ANY_MEMORY) and any(
            arg.type == "identifier" and view.text(arg) in is_ring.get(function, ())
            for arg in call.args) for call in view.calls(function.node)) else set()
        for function in functions}
    calls = {function.name: {call.name for call in view.calls(function.node)}
             for function in functions}
    return frozenset(name for name, found in _through(own, calls).items() if found)


def is_setter(name: bytes) -> bool:
    """Whether a function or macro of the kernel sets what it is given."""
    return has(name, Trait.STORES) or has(name, Trait.SWAPS) or SETTERS.search(name) is not None


def members(function: Node) -> Iterator[bytes]:
    """The members, by name, that a function sets itself, or gives the address of."""
    for one in nodes(function, *_SETS):
        if one.type == "pointer_expression" and one.children[0].type != "&":
            continue
        where = view.field(view.changed(one))
        if where is not None:
            yield where.name
    for call in view.calls(function):
        if is_setter(call.name):
            yield from (view.text(one) for one in nodes(call.arguments, "field_identifier"))


def _through(own: Mapping[bytes, set[bytes]],
             calls: Mapping[bytes, set[bytes]]) -> dict[bytes, frozenset[bytes]]:
    """What each does, and what those do that it calls, to the end."""
    found = {name: set(said) for name, said in own.items()}
    callers: dict[bytes, set[bytes]] = {}
    for name, called in calls.items():
        for one in called & found.keys():
            callers.setdefault(one, set()).add(name)
    todo = list(found)
    while todo:
        name = todo.pop()
        for caller in callers.get(name, ()):
            if not found[name] <= found[caller]:
                found[caller] |= found[name]
                todo.append(caller)
    return {name: frozenset(said) for name, said in found.items()}
