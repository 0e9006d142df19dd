# SPDX-License-Identifier: GPL-2.0-only
"""Whether a packet is sent although a function of the core could not read its frags.

From where the function fails, each way is followed by the tests of what it gives, to the end of
what the stack called, without anything being mapped, or copied from the packet, on the way; through
results to the functions that called. What a way ends by otherwise, as a bug, is no drop.
"""

from __future__ import annotations

from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow.cfg import Item
from netmem_migrate.flow.judge.unit import Body, Use
from netmem_migrate.flow.tx.values import OF, Known, span
from netmem_migrate.flow.tx.ways import Ways, taken, walk
from netmem_migrate.model import spelled, tx
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has, traits
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.tx import Fails

_Key = tuple[Body, int, str | None, bool]


class Ends:
    """What becomes of packets where something fails."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self._known: dict[_Key, str | None] = {}

    def sent(self, use: Use, fails: Fails) -> str | None:
        """Where the packet of a call goes on to be sent although it fails, "" where that is nowhere
        in particular; None where it is dropped."""
        return "" if _is_ignored(use.call.node) else self._sent(use, OF.get(fails))

    def _sent(self, use: Use, value: str | None, only: bool = True) -> str | None:
        """The same; `only` says that nothing else is given there."""
        key = use.body, use.call.node.start_byte, value, only
        if key not in self._known:
            self._known[key] = None  # of one that calls itself, the rest decides
            self._known[key] = self._followed(use, value, only)
        return self._known[key]

    def _followed(self, use: Use, value: str | None, only: bool) -> str | None:
        body, packet = use.body, self._packet(use)
        if body not in self.ways.by_sending:
            return None  # the packet goes back to the core, which decides by what this says
        sent: list[Node] = []

        def stops(item: Item, _: Known) -> bool:
            for call in view.calls(item.node):
                if call.node.id == use.call.node.id or not taken(item, call.node):
                    continue
                if self._sends(body, call, packet):
                    sent.append(call.node)
                    return True
            return False

        known = self.ways.known(nodes={span(use.call.node): value} if value is not None else {})
        starts = self.ways.behind(body, use.call.node, known)
        given: set[str | None] = set()
        for end in walk(self.ways.graph(body), starts, stops):
            if not end.exits:
                return _where(body, use.call.node)
            given.add(end.value)
        # The stack tries again what a device had no room for, and it fails again.
        if only and body in self.ways.sending and given == {f"={tx.BUSY}"}:
            return _where(body, use.call.node)
        if sent:
            return _where(body, min(sent, key=lambda one: one.start_byte))
        if not starts:
            return ""
        return self._above(body, given, only) if given and body not in self.ways.sending else None

    def _above(self, body: Body, given: set[str | None], only: bool) -> str | None:
        """Where those that call a function go on, by what it gives."""
        callers = self.ways.callers.get(body, [])
        if not callers and body not in self.ways.roots:
            return ""
        only = only and len(given) == 1
        return next((sent for use in callers for value in sorted(
            given, key=str) if (sent := self._sent(use, value, only)) is not None), None)

    def _packet(self, use: Use) -> bytes:
        """The packet that a call is given, as it is spelled."""
        typed = self.ways.typed(use.body)
        return next((view.text(view.bare(one)) for one in use.call.args
                     if (type_ := typed.of(one)) is not None and type_.base == tx.PACKET), b"")

    def _sends(self, body: Body, call: view.Call, packet: bytes) -> bool:
        """Whether a call leads to where memory is mapped for the device, or nobody knows."""
        callees = self.ways.callees(body, call)
        if callees:
            return any(one in self._mapping for one in callees)
        if _maps(call) or (has(call.name, Trait.CPU_COPIES) and packet and any(
                packet + b"->data" in view.text(one) for one in call.args)):
            return True
        name = call.name.decode("latin-1")
        return bool(name) and not traits(name) and name not in BY_NAME and \
            tx.fails(call.name) is None and call.name not in tx.FREES and any(
                view.text(view.bare(one)) == packet for one in call.args) and \
            not name.isupper() and not self.ways.is_macro(name)

    @cached_property
    def _mapping(self) -> frozenset[Body]:
        """The functions that map memory for the device, or call one that does."""
        calls = {body: [(call, self.ways.callees(body, call)) for call in view.calls(body.node)]
                 for body in self.ways.reached}
        found = {body for body, several in calls.items() if any(_maps(one) for one, _ in several)}
        while True:
            more = {body for body, several in calls.items() if body not in found and any(
                one in found for _, callees in several for one in callees)}
            if not more:
                return frozenset(found)
            found |= more


def _maps(call: view.Call) -> bool:
    return has(call.name, Trait.MAPS) or has(call.name, Trait.GRANTS) or \
        call.name in tx.GIVES_DEVICE or \
        call.name in tx.GIVES_ON or call.name in tx.QUEUES or call.name in tx.MAPS_FRAGS or \
        call.name.decode("latin-1") in spelled.FRAG_MAPS


def _is_ignored(call: Node) -> bool:
    """Whether nobody looks at what a call gives."""
    around = view.outer(call).parent
    while around is not None and (around.type in ("cast_expression", "argument_list") or (
            (outer := view.call(around)) is not None and has(outer.name, Trait.GIVES_BACK))):
        around = view.outer(around).parent
    return around is not None and around.type == "expression_statement"


def _where(body: Body, node: Node) -> str:
    return f"{body.file}:{int(node.start_point[0]) + 1}"
