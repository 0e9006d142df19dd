# SPDX-License-Identifier: GPL-2.0-only
"""Arms of `#if` that nobody decides: what is converted must be right with each of them.

Both are read, one after the other, which is right as long as every use of a slot moves with it. It
is not where an arm has memory of its own, which is not the pool's, and where an arm that is not
read cuts through an expression: what stands there could be a page.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from netmem_migrate.c.arms import Group
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import WORD
from netmem_migrate.flow.graph import Graph, Place, Slot, reach
from netmem_migrate.flow.slots import Slots
from netmem_migrate.reasons import Why

# Between the parts of these an arm can stand; in anything else it cuts through.
_WHOLE = frozenset((
    "translation_unit", "compound_statement", "field_declaration_list", "initializer_list",
    "enumerator_list", "declaration_list", "parameter_list", "function_definition",
    "case_statement", "labeled_statement", "if_statement", "else_clause", "while_statement",
    "for_statement", "do_statement", "switch_statement", "preproc_if", "preproc_ifdef",
    "preproc_else", "preproc_elif", "preproc_elifdef", "ERROR"))

# What stands for no page, whatever the type that is wanted.
_NO_NAMES = frozenset((b"true", b"false"))


def block_arms(slots: Slots) -> None:
    """Block what an arm that is not decided, or not there, makes more than a page of the pool."""
    _cut_through(slots)
    _memory_of_another(slots)


def _cut_through(slots: Slots) -> None:
    """Block what is named in an expression or a declaration of which a part is not always there.

    Arguments that are all read can be converted one by one.
    """
    for file, parsed in slots.symbols.files.items():
        if file not in slots.own:
            continue
        around = [(0, len(parsed.source), parsed.tree.root_node)]
        for group in parsed.groups:
            # From there on: it is a long way down from the root of what is nested deeply.
            while not around[-1][0] < group.start < group.end < around[-1][1] and len(around) > 1:
                around.pop()
            outer = around[-1][2]
            inner = outer.descendant_for_byte_range(group.start, group.end)
            if inner is not None and inner.type in _WHOLE:
                around.append((inner.start_byte, inner.end_byte, inner))
            if group.decided:
                continue
            hidden = _hidden(parsed, group)
            if hidden and _NO_NAMES.issuperset(hidden):
                continue
            said = group.arms[0].directive.decode("latin-1")
            for span in ((group.start, group.end), (group.start,) * 2, (group.end,) * 2):
                node = outer.descendant_for_byte_range(*span)
                if node is None or node.type in _WHOLE or (
                        node.type == "argument_list" and not hidden):
                    continue
                for slot, place in _inside(slots.graph, file, _expression(outer, node)):
                    slots.graph.block(slot, Why.CUT_THROUGH, place, by=said)


def _hidden(parsed: ParsedFile, group: Group) -> list[bytes]:
    """The words in the arms of a conditional that the parser was not shown."""
    return [word for arm in group.arms if not parsed.masked[arm.start:arm.end].strip()
            for word in WORD.findall(code_of(parsed.source[arm.start:arm.end]))]


def _expression(outer: Node, node: Node) -> Node:
    """The whole of an expression or a declaration that a node is part of, in one around it."""
    found, above = node, outer
    while above.id != node.id:
        below = above.child_with_descendant(node)
        if below is None:
            break
        if above.type in _WHOLE:
            found = below
        above = below
    return found


def _inside(graph: Graph, file: str, node: Node) -> Iterator[tuple[Slot, Place]]:
    """The slots that are named or called in a node, each once."""
    for slot in list(graph.slots.values()):
        for place in (slot.place, *slot.names):
            if place.file == file and node.start_byte <= place.node.start_byte and \
                    place.node.end_byte <= node.end_byte:
                yield slot, place
                break


def _memory_of_another(slots: Slots) -> None:
    """Block slots that hold memory of another owner in an arm in which the pool gives none."""
    graph = slots.graph
    back = graph.predecessors()
    directions = {call.slot: _direction(slots, call.place) for call in graph.calls
                  if call.twin.allocates}
    foreign: dict[Slot, list[tuple[str, bool]]] = {}
    for bridge in graph.bridges:
        if bridge.origin is None:
            foreign.setdefault(bridge.into, []).append((bridge.text, bridge.allocated))

    def pools(slot: Slot) -> list[dict[bytes, bool]]:
        return [directions[one] for one in reach([slot], back) if one in directions]

    for bridge in graph.bridges:
        if bridge.origin is None:
            _given(slots, bridge.into, bridge.place, bridge.text,
                   bridge.allocated or _never(pools(bridge.into), _direction(slots, bridge.place)))
    for origin, into, place in graph.flows:
        if not _direction(slots, place):
            continue
        others = [one for slot in reach([origin], back) for one in foreign.get(slot, ())]
        if others and not pools(origin):
            text, allocated = others[0]
            _given(slots, into, place, text,
                   allocated or _never(pools(into), _direction(slots, place)))
    used = [*((use.slot, use.place) for use in graph.forms),
            *((call.slot, call.place) for call in graph.calls if not call.twin.allocates)]
    for slot, place in used:
        here = _direction(slots, place)
        if here and _never(pools(slot), here):
            graph.block(slot, Why.ARM_USES, place, by=_around(slots, place))


def _never(pools: list[dict[bytes, bool]], here: dict[bytes, bool]) -> bool:
    """Whether the pool gives memory, but never where what is compiled `here` is."""
    return bool(pools) and all(any(here.get(test, truth) != truth for test, truth in one.items())
                               for one in pools)


def _given(slots: Slots, slot: Slot, place: Place, text: str, blocks: bool) -> None:
    arm = _around(slots, place)
    if blocks and arm:
        slots.graph.block(slot, Why.ARM_SETS, place, by=text, other=arm)


def _around(slots: Slots, place: Place) -> str:
    """The arm that a place is in, as it is written; "" for none."""
    parsed = slots.symbols.files[place.file]
    found = parsed.arms.read(parsed.original).around(place.node.start_byte)
    if not found:
        return ""
    group, arm = found[-1]
    of = b"" if arm is group.arms[0] else b" of " + group.arms[0].directive
    return (arm.directive + of).decode("latin-1")


def _direction(slots: Slots, place: Place) -> dict[bytes, bool]:
    parsed = slots.symbols.files[place.file]
    return parsed.arms.read(parsed.original).direction(place.node.start_byte)
