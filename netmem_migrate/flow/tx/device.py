# SPDX-License-Identifier: GPL-2.0-only
"""Where a module tells the kernel what its network devices are, before they are registered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.judge.unit import Body, Unit
from netmem_migrate.flow.tx.ways import Ways
from netmem_migrate.model import tx
from netmem_migrate.reasons import Reason, Why
from netmem_migrate.results import FileChange


@dataclass(frozen=True, slots=True)
class Device:
    """A place where a device gets its operations: the statement behind which it is told more, and
    the expression that is a member of it, up to the name."""

    body: Body
    statement: Node
    member: bytes


def devices(unit: Unit) -> list[Device | Reason]:
    """Each such place of a module; or why it is not shown that these are all, and come in time."""
    return list(_Devices(unit).all())


def without(change: FileChange) -> bytes:
    """The text after a change, less the lines that tell a device that it sends what is no page."""
    return tx.SETS.sub(b"", change.after)


class _Devices:
    def __init__(self, unit: Unit) -> None:
        self.unit, self.ways = unit, Ways(unit)
        self.tables = self._tables()

    def _tables(self) -> dict[bytes, bytes]:
        """What sends, by the name of the table of operations that it stands in."""
        found: dict[bytes, bytes] = {}
        for parsed in self.unit.parsed.values():
            for one in nodes(parsed.tree.root_node, "init_declarator"):
                name, value = view.declared(one), view.value(one)
                for pair in nodes(value, "initializer_pair") if value is not None else ():
                    said = view.designated(pair)
                    if name is not None and said is not None and said[0] in tx.SENDS:
                        found[view.text(name)] = view.text(said[1])
        return found

    def all(self) -> Iterator[Device | Reason]:
        sets = list(self._sets())
        if not sets:
            yield Reason(Why.NETMEM_TX_UNSEEN, file=self.unit.own[0], line=1)
            return
        sending = {self.tables[table] for _, _, table in sets}
        if len(sending) > 1:
            body, node, _ = next(one for one in sets
                                 if self.tables[one[2]] != self.tables[sets[0][2]])
            yield _reason(Why.NETMEM_TX_DEVICES, body, node)
            return
        yield from dict.fromkeys(self._place(body, node) for body, node, _ in sets)

    def _sets(self) -> Iterator[tuple[Body, Node, bytes]]:
        """Where a device is given a table by which it sends: the member that is set."""
        for body in self.unit.saying.get(tx.OPS.decode(), ()):
            for store in view.stores(body.node):
                access = view.field(store.target)
                if access is None or access.name != tx.OPS:
                    continue
                for name in (*nodes(store.value, "identifier"), *(
                        [store.value] if store.value.type == "identifier" else [])):
                    if view.text(name) in self.tables:
                        yield body, store.target, view.text(name)
                        break

    def _place(self, body: Body, member: Node) -> Device | Reason:
        access, statement = view.field(member), self._statement(member)
        type_ = self.ways.typed(body).of(access.base) if access is not None else None
        is_device = type_ is not None and type_.base == tx.DEVICE
        if access is None or statement is None or not is_device or \
                body.file not in self.unit.own or not self._in_time(body, statement):
            return _reason(Why.NETMEM_TX_PLACE, body, member)
        sign = b"->" if access.arrow else b"."
        return Device(body, _last(statement, view.text(access.base) + sign),
                      view.text(access.base) + sign)

    def _statement(self, member: Node) -> Node | None:
        """The statement that sets a member, in a block; or an `if` that does so in each arm."""
        store = view.outer(member).parent
        found = store.parent if store is not None else None
        while found is not None and found.parent is not None and \
                found.parent.type in ("if_statement", "else_clause"):
            found = found.parent
        if found is None or found.parent is None or found.parent.type != "compound_statement" or \
                not self._sets_it(found, view.text(member)):
            return None
        return found

    def _sets_it(self, statement: Node, member: bytes) -> bool:
        """Whether a statement gives a device a table by which it sends, whatever it tests."""
        branch = view.branch(statement)
        if branch is None:
            pair = view.assigned(statement)
            return pair is not None and view.text(pair.left) == member and any(
                view.text(one) in self.tables for one in nodes(pair.right, "identifier"))
        otherwise = branch.otherwise
        if otherwise is not None and otherwise.type == "else_clause":
            otherwise = next(iter(view.children(otherwise)), None)
        return branch.then is not None and otherwise is not None and all(
            self._sets_it(one, member) for one in (branch.then, otherwise))

    # ------------------------------------------------------------ before it is registered

    def _in_time(self, body: Body, node: Node) -> bool:
        """Whether what stands at a node is run before a device is registered, as far as a function
        tells that leads to both."""
        found = False
        for name in tx.REGISTERS:
            for use in self.unit.calls.get(name.decode("latin-1"), ()):
                order = self._order(body, node, use.body, use.call.node, 0)
                if order is False:
                    return False
                found = found or order is True
        return found

    def _order(self, body: Body, node: Node, other: Body, call: Node, depth: int) -> bool | None:
        """Whether a node is run before a call of another function; None where no function leads to
        both."""
        mine = [node] if body == other else [
            one.node for one in view.calls(other.node) if one.node.id != call.id
            and self._leads(other, one, body)]
        if mine:
            # Within a turn of a loop, else in any.
            return next((one for one in (self._first(other, mine, call, back) for back in (
                False, True)) if one is not None), None)
        if depth > 4:
            return None
        found = [self._order(body, node, use.body, use.call.node, depth + 1)
                 for name in (other.name,) for use in self.unit.calls.get(name, ())
                 if use.body != other]
        return False if False in found else True if True in found else None

    def _first(self, body: Body, mine: list[Node], call: Node, back: bool) -> bool | None:
        """Whether one of some nodes comes before a call, and none behind it; None for neither."""
        after = any(self._before(body, call, one, back) for one in mine)
        before = any(self._before(body, one, call, back) for one in mine)
        return before and not after if before or after else None

    def _leads(self, body: Body, call: view.Call, to: Body) -> bool:
        """Whether a call leads to a function."""
        queue, seen = self.ways.callees(body, call), set[Body]()
        while queue:
            one = queue.pop()
            if one == to:
                return True
            if one in seen:
                continue
            seen.add(one)
            queue += [callee for more in view.calls(one.node)
                      for callee in self.ways.callees(one, more)]
        return False

    def _before(self, body: Body, first: Node, then: Node, back: bool) -> bool:
        """Whether a way leads from one node to another; `back`: by another turn of a loop, too."""
        graph = self.ways.graph(body)
        starts = [(number, index) for number, block in enumerate(graph.blocks)
                  for index, item in enumerate(block.items) if _inside(item.node, first)]
        queue, seen = [(number, index + 1) for number, index in starts], set[int]()
        while queue:
            number, index = queue.pop()
            block = graph.blocks[number]
            if any(_inside(item.node, then) for item in block.items[index:]):
                return True
            if number in seen and not index:
                continue
            seen.add(number)
            queue += [(edge.to, 0) for edge in block.edges
                      if (back or not edge.back) and edge.to not in seen]
        return False


def _inside(item: Node, node: Node) -> bool:
    return (item.start_byte <= node.start_byte and node.end_byte <= item.end_byte) or (
        node.type.endswith("_statement") and node.start_byte <= item.start_byte
        and item.end_byte <= node.end_byte)


def _last(statement: Node, member: bytes) -> Node:
    """The last of the statements in a row that give the same device operations."""
    while True:
        behind = view.behind(statement)
        pair = view.assigned(behind)
        if behind is None or pair is None or not view.text(pair.left).startswith(member) or \
                not view.text(pair.left).endswith(b"_ops") or \
                behind.start_point[0] != statement.end_point[0] + 1:
            return statement
        statement = behind


def _reason(why: Why, body: Body, node: Node) -> Reason:
    line = int(node.start_point[0]) + 1
    return Reason(why, slot=f"{body.name}()", file=body.file, line=line)
