# SPDX-License-Identifier: GPL-2.0-only
"""T4: each place where the CPU may read a frag that is sent, and whether it does.

It does not where the function of the core that reads fails for such a frag, and the driver takes
that to a way on which the packet is not sent; nor where an address that is none is tested before
it is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.cfg import Item
from netmem_migrate.flow.judge.memory import is_of_xdp
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.flow.tx.ends import Ends
from netmem_migrate.flow.tx.values import Known, Value, span
from netmem_migrate.flow.tx.ways import Start, Ways, walk
from netmem_migrate.model import tx
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.tx import Fails

_DEEP = 6  # functions that an address is followed into
_NUMBERS = ("==", "!=", "&&", "||", "&", "%")  # what is no address behind them
_MAPPED = "mapped"
_KNOWN = (Trait.GIVES_BACK, Trait.PRINTS, Trait.PURE, Trait.MAPS, Trait.ENDS_IF_TRUE)
_ASKS = ("sizeof_expression", "declaration", "if_statement", "while_statement")
_AROUND = ("parenthesized_expression", "cast_expression", "conditional_expression",
           "argument_list", "pointer_declarator")


@dataclass(frozen=True, slots=True)
class Read:
    """A place where the CPU may read a frag that is sent, by `name`, in a function.

    `handled` says that it does not; `other` is where it goes wrong, if that is elsewhere: the line
    from which the packet is sent although it could not be read. `mapped` says that nothing is read,
    but the frag is mapped by its page or by where the CPU has it; `unknown`, that it is not known
    what is done with the packet; `fails`, that what reads fails, and the driver does not drop it.
    """

    file: str
    line: int
    function: str
    name: str
    handled: bool = False
    other: str = ""
    mapped: bool = False
    unknown: bool = False
    fails: bool = False


def reads(unit: Unit) -> list[Read]:
    """All such places of a module, in order."""
    found = _Reads(Ways(unit)).all()
    order = {file: number for number, file in enumerate(unit.files)}
    return sorted(found, key=lambda one: (order[one.file], one.line, one.name))


class _Reads:
    def __init__(self, ways: Ways) -> None:
        self.ways = ways
        self.ends = Ends(ways)

    def all(self) -> set[Read]:
        found: set[Read] = set()
        for use in self.ways.uses:
            for name in self._core(use):
                found.update(self._by_core(use, name))
            if use.call.name in tx.GIVES_FRAG and not is_of_xdp(use):
                found.update(self._by_address(use))
            elif not use.call.name or use.call.name.decode("latin-1") not in \
                    self.ways.unit.by_name:
                found.update(self._by_macro(use))
            if self._is_unknown(use):
                found.add(self._read(use.body, use.call.node, use.call.name or view.text(
                    use.call.function), unknown=True))
            if use.call.name in tx.MAPS_FRAGS and not is_of_xdp(use):
                found.add(self._read(use.body, use.call.node, use.call.name, mapped=True))
        return found | set(self._walked()) | set(self._behind_tests())

    def _behind_tests(self) -> Iterator[Read]:
        """What is not run for a packet whose frags are not for the CPU."""
        run = {(use.body, use.call.node.start_byte) for use in self.ways.uses}
        for body in self.ways.reached:
            for call in view.calls(body.node):
                if (body, call.node.start_byte) in run:
                    continue
                if call.name in tx.GIVES_FRAG or tx.fails(call.name) not in (None, Fails.INSIDE):
                    yield self._read(body, call.node, call.name, handled=True)

    def _read(self, body: Body, node: Node, name: bytes, **more: object) -> Read:
        return replace(Read(body.file, int(node.start_point[0]) + 1, body.name,
                            name.decode("latin-1")), **more)  # type: ignore[arg-type]

    # ------------------------------------------------------------ functions of the core

    def _core(self, use: Use) -> list[bytes]:
        """The functions of the core that a call is of which read frags, through macros, too."""
        name = use.call.name
        if name.decode("latin-1") in self.ways.unit.by_name:
            return []
        said = {name, *(one.encode("latin-1") for one in self.ways.said(name.decode("latin-1")))}
        return sorted(one for one in said if tx.fails(one) not in (None, Fails.INSIDE)
                      and one.decode("latin-1") not in self.ways.unit.by_name)

    def _by_core(self, use: Use, name: bytes) -> Iterator[Read]:
        fails = tx.fails(name)
        if fails in (Fails.SILENT, Fails.UNTESTED) or fails is None or name != use.call.name:
            yield self._read(use.body, use.call.node, name)
            return
        sent = self.ends.sent(use, fails)
        yield self._read(use.body, use.call.node, name, handled=sent is None,
                         fails=sent is not None, other=sent or "")

    def _is_unknown(self, use: Use) -> bool:
        """Whether a packet, or one of its frags, is given to nobody known."""
        name = use.call.name
        if self.ways.callees(use.body, use.call) or self.ways.is_macro(name.decode("latin-1")) or \
                name.decode("latin-1") in self.ways.unit.by_name:
            return False
        if name and (name in tx.KNOWN or tx.looks(name) or tx.fails(name) is not None or any(
                has(name, one) for one in _KNOWN)):
            return False
        typed = self.ways.typed(use.body)
        return any((type_ := typed.of(one)) is not None and type_.base in (tx.PACKET, tx.FRAG)
                   for one in use.call.args)

    # ------------------------------------------------------------ addresses

    def _by_macro(self, use: Use) -> Iterator[Read]:
        said = self.ways.said(use.call.name.decode("latin-1")) if use.call.name else frozenset()
        for name in sorted({one.encode("latin-1") for one in said} & tx.GIVES_FRAG):
            if not is_of_xdp(use):
                yield self._read(use.body, use.call.node, name)

    def _by_address(self, use: Use) -> list[Read]:
        found = list(dict.fromkeys(self._uses_of(use.body, use.call.node, 0)))
        name = use.call.name
        if not found:
            return [self._read(use.body, use.call.node, name, handled=True)]
        return [self._read(body, node, name, mapped=kind == _MAPPED)
                for body, node, kind in found]

    def _walked(self) -> Iterator[Read]:
        """Where the walk over a packet by its data is at a frag, and what it gives is used."""
        if not any(use.call.name in tx.WALKS for use in self.ways.uses):
            return
        record, member = tx.WALKED
        for body, items in self.ways.reached.items():
            for item in items:
                for node in nodes(item.node, "field_expression"):
                    access = view.field(node)
                    if access is None or access.name != member or is_of_xdp_body(body):
                        continue
                    type_ = self.ways.typed(body).of(access.base)
                    if type_ is not None and type_.base == record:
                        for at, place, kind in self._use(body, item, node, node, 0):
                            yield self._read(at, place, member, mapped=kind == _MAPPED)

    def _uses_of(self, body: Body, node: Node, depth: int) -> Iterator[tuple[Body, Node, str]]:
        """What is done with an address that an expression gives, where that is none."""
        for item in self.ways.reached.get(body, ()):
            if item.node.start_byte <= node.start_byte and node.end_byte <= item.node.end_byte:
                yield from self._use(body, item, node, node, depth)
                break
        known = self.ways.known(nodes={span(node): Value.ABSENT})
        yield from self._along(body, self.ways.behind(body, node, known), depth)

    def _along(self, body: Body, starts: list[Start],
               depth: int) -> Iterator[tuple[Body, Node, str]]:
        found: list[tuple[Body, Node, str]] = []

        def see(item: Item, known: Known) -> bool:
            names = {name for name, value in known.names.items() if value is Value.ABSENT}
            for one in nodes(item.node, "identifier") if names else ():
                if view.text(one) in names:
                    found.extend(self._use(body, item, one, one, depth))
            return False

        for _ in walk(self.ways.graph(body), starts, see):
            pass
        yield from found

    def _use(self, body: Body, item: Item, node: Node, place: Node,
             depth: int) -> Iterator[tuple[Body, Node, str]]:
        """What the expression around an address does with it."""
        moved, argument = False, node
        while node.id != item.node.id and node.parent is not None:
            inner, node = node, node.parent
            pair, sign, call = view.infix(node), view.prefix(node), view.call(node)
            if pair is not None and node.type == "assignment_expression":
                if pair.sign == "=" and (pair.left.id == inner.id or (
                        not moved and pair.left.type == "identifier")):
                    return
                break
            if pair is not None and pair.sign in _NUMBERS:
                return
            if node.type == "init_declarator" and not moved:
                return
            if node.type == "return_statement":
                yield from self._returned(body, place, depth)
                return
            if node.type == "argument_list":
                argument = inner
            if call is not None:
                yield from self._argument(body, call, argument, place, depth)
                if not _gives_back(call):
                    return
            elif pair is not None and pair.sign in ("+", "-"):
                moved = True
            elif (sign is not None and sign.sign == "!") or node.type in _ASKS:
                return
            elif node.type not in _AROUND:
                break
        else:
            return
        yield body, place, "read"

    def _returned(self, body: Body, place: Node, depth: int) -> Iterator[tuple[Body, Node, str]]:
        callers = self.ways.callers.get(body, [])
        if depth >= _DEEP or not callers:
            yield body, place, "read"
            return
        for use in callers:
            yield from self._uses_of(use.body, use.call.node, depth + 1)

    def _argument(self, body: Body, call: view.Call, inner: Node, place: Node,
                  depth: int) -> Iterator[tuple[Body, Node, str]]:
        name = call.name.decode("latin-1")
        if _gives_back(call) or call.name in tx.TAKES_NULL:
            return
        if has(call.name, Trait.MAPS):
            yield body, place, _MAPPED
            return
        number = next((number for number, one in enumerate(call.args) if one.id == inner.id), -1)
        callees = self.ways.callees(body, call) if depth < _DEEP else []
        if not callees or name not in self.ways.unit.by_name or number < 0:
            yield body, place, "read"
        for callee in callees:
            given = view.parameters(callee.node)
            declared = view.declared(given[number].child_by_field_name("declarator")) \
                if 0 <= number < len(given) else None
            if declared is None:
                yield body, place, "read"
                continue
            known = self.ways.known({view.text(declared): Value.ABSENT})
            yield from self._along(callee, [Start(0, 0, known)], depth + 1)


def is_of_xdp_body(body: Body) -> bool:
    """Whether a function sends what XDP does."""
    call = next(view.calls(body.node), None)
    return call is not None and is_of_xdp(Use(body, call))


def _gives_back(call: view.Call) -> bool:
    return has(call.name, Trait.GIVES_BACK)
