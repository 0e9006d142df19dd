# SPDX-License-Identifier: GPL-2.0-only
"""Frags that are sent, and for whose address no slot is found: what becomes of it instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.judge.rules import Judge
from netmem_migrate.flow.judge.unit import units
from netmem_migrate.flow.sync.scopes import World, squeezed, stripped
from netmem_migrate.flow.tx.maps import Map, callee_of, stores
from netmem_migrate.flow.tx.uses import every_unmap
from netmem_migrate.model.spelled import FRAG_MEMORY
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import Standing

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.flow.analyse import Analysis


def judged(analysis: Analysis) -> tuple[bool, list[Reason]]:
    """Whether a driver sends frags, and leaves alone what has no mapping of its own, in whatever
    way; and why not where frags are mapped by something else, or none are sent."""
    met, found, modules = True, [], units(analysis)
    for unit in modules:
        judge = Judge(unit, ())
        one = judge.unmaps()
        met = met and one.status is Standing.MET
        if one.status is Standing.NOT_APPLICABLE:
            found += [Reason(Why.TX_NO_FRAGS, other=f"{at.file}:{at.line}",
                             slot=analysis.driver.path, file=at.file, line=at.line)
                      for at in (*one.shown, *judge.created)[:1]]
        for use in (*judge.sent.lists, *judge.sent.by_memory):
            at = unit.use_at(use)
            found.append(Reason(Why.TX_BY_MEMORY, use.name, f"{at.file}:{at.line}",
                                f"{use.body.name}()", at.file, at.line))
    return met and bool(modules), found


def reason(why: Why, one: Map, node: Node, by: str = "") -> Reason:
    """A reason of a frag, with the place where its address is kept, or was to be."""
    return Reason(why, by, one.scope.where(node), one.scope.title, one.scope.file,
                  one.scope.line(one.call.node))


def unfound(world: World, one: Map) -> Reason:
    """Why no slot is found for a frag."""
    scope = one.scope
    read = next((call for call in view.calls(scope.node)
                 if call.name.decode("latin-1") in FRAG_MEMORY and call.args
                 and squeezed(call.args[0]) == squeezed(one.frag)), None)
    if read is not None:
        return reason(Why.TX_CPU, one, read.node)
    value = one.local or _target(one)
    for store in stores(scope, one.local) if one.local else ():
        record = world.analysis.symbols.record(store.slot.key[0], scope.file)
        if record is None or record.file not in world.analysis.driver.files:
            return reason(Why.TX_OUTSIDE, one, store.node, store.slot.key[0])
    for call in view.calls(scope.node) if value else ():
        if any(squeezed(stripped(scope, arg)) == value for arg in call.args) and \
                call.node.start_byte > one.call.node.start_byte and \
                callee_of(scope, call) is not None:
            return reason(Why.TX_FUNCTION, one, call.node, call.name.decode("latin-1"))
    by_device = min((each for each in every_unmap(world) if each.slot is None and each.may_be_sent),
                    default=None, key=lambda each: (
                        each.scope.file != scope.file, each.scope.file, each.call.node.start_byte))
    if by_device is not None:
        at, call = by_device.scope, by_device.call
        if view.text(call.args[1]) in at.parameters:
            return Reason(Why.TX_RAW, other=at.where(call.node), slot=at.title, file=at.file,
                          line=at.line(call.node))
        return Reason(Why.TX_DESCRIPTOR, other=at.where(call.node), slot=scope.title,
                      file=scope.file, line=scope.line(one.call.node))
    return reason(Why.TX_LOST, one, one.call.node)


def _target(one: Map) -> bytes:
    """What the address is put into, spelled, where that is no variable."""
    for store in view.stores(one.scope.node):
        if store.node.start_byte <= one.call.node.start_byte < store.node.end_byte:
            return squeezed(store.target)
    return b""
