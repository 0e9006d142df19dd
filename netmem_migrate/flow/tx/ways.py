# SPDX-License-Identifier: GPL-2.0-only
"""The ways through the functions of a module, and what they call: from what the stack calls to send
a packet, by names, by pointers in records, through macros, and from queues."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Symbols, exported
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.words import DEFINE, WORD
from netmem_migrate.flow import cfg
from netmem_migrate.flow.cfg import ControlFlow, Item
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.flow.tx.values import Known, after, truth_of, value_of
from netmem_migrate.model import tx

_MOST = 20000  # states of one walk


@dataclass(frozen=True, slots=True)
class End:
    """Where a way ends: whether in the function's own end, and what it gives back there."""

    exits: bool
    value: str | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """Where a walk begins: behind some item of a block."""

    block: int
    index: int
    known: Known


def walk(graph: ControlFlow, starts: Iterable[Start],
         stops: Callable[[Item, Known], bool]) -> Iterator[End]:
    """The ends of all ways from some places on that what is known allows; `stops` sees each item
    before it is run, and says whether the way ends there."""
    queue = list(starts)
    seen: set[tuple[int, int, object]] = set()
    while queue:
        start = queue.pop()
        key = start.block, start.index, start.known.key
        if key in seen:
            continue
        seen.add(key)
        if len(seen) > _MOST:
            yield End(False)
            return
        ended = _through(graph, start, stops, queue)
        if ended is not None:
            yield ended


def _through(graph: ControlFlow, start: Start, stops: Callable[[Item, Known], bool],
             queue: list[Start]) -> End | None:
    block, known = graph.blocks[start.block], start.known
    for item in block.items[start.index:]:
        if stops(item, known):
            return None
        if item.node.type == "return_statement":
            given = view.children(item.node)
            return End(True, value_of(given[0], known, dict(item.choices)) if given else None)
        known = after(item, known)
    if start.block == graph.exit:
        return End(True)
    if not block.edges:
        return End(False)
    for edge in block.edges:
        truth = truth_of(edge.test, known) if edge.test is not None else None
        if truth is None or truth == edge.truth:
            queue.append(Start(edge.to, 0, known))
    return None


def taken(item: Item, node: Node) -> bool:
    """Whether an expression in an item is one that this way runs: no arm that it does not take."""
    choices = dict(item.choices)
    for one in nodes(item.node, "conditional_expression") if choices else ():
        branch = view.branch(one)
        if branch is None or one.start_byte not in choices or branch.then is None:
            continue
        other = branch.otherwise if choices[one.start_byte] else branch.then
        if other is not None and other.start_byte <= node.start_byte < other.end_byte:
            return False
    return True


class Ways:
    """The functions of a module by which it sends, and how they lead to one another."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self._graphs: dict[Body, ControlFlow] = {}
        self._runs: dict[Body, list[Item]] = {}
        self._types: dict[Body, Typed] = {}

    @cached_property
    def _symbols(self) -> Symbols:
        """All that the module declares: the analysis has read what names pages, and no more."""
        found = Symbols(texts=self.unit.analysis.symbols.texts)
        for file in sorted(self.unit.files, key=lambda one: (not one.endswith(".h"), one)):
            found.add(file, self.unit.parsed[file])
        return found

    def typed(self, body: Body) -> Typed:
        """The types of names in a function."""
        if body not in self._types:
            function = next((one for one in self._symbols.functions.get(body.name.encode(), ())
                             if one.file == body.file and one.body is not None), None)
            self._types[body] = Typed(self._symbols, body.file, function)
        return self._types[body]

    def graph(self, body: Body) -> ControlFlow:
        """The control flow of a function."""
        if body not in self._graphs:
            block = body.node.child_by_field_name("body") or body.node
            self._graphs[body] = cfg.build(block)
        return self._graphs[body]

    def behind(self, body: Body, node: Node, known: Known) -> list[Start]:
        """Where a way goes on behind an expression, which has a value that is known."""
        graph, found = self.graph(body), []
        for number, block in enumerate(graph.blocks):
            for index, item in enumerate(block.items):
                if item.node.start_byte <= node.start_byte and \
                        node.end_byte <= item.node.end_byte and taken(item, node):
                    last = item.node.type == "return_statement"
                    found.append(Start(number, index if last else index + 1,
                                       known if last else after(item, known)))
        return found

    def known(self, names: Mapping[bytes, str] | None = None,
              nodes: Mapping[tuple[int, int], str] | None = None) -> Known:
        """What is known at the beginning of a way."""
        return Known(names or {}, nodes or {}, enums=self._enums)

    @cached_property
    def _enums(self) -> dict[str, int]:
        """The constants of enums that give none of them a value, by the number of the enum."""
        found: dict[str, int] = {}
        for parsed in self.unit.parsed.values():
            for one in nodes(parsed.tree.root_node, "enumerator_list"):
                values = view.children(one)
                if not any(view.value(value) is not None for value in values):
                    number = len(found)
                    found.update((view.text(value).decode("latin-1"), number)
                                 for value in values if value.type == "enumerator")
        return found

    # ------------------------------------------------------------ what is called

    @cached_property
    def _macros(self) -> dict[str, frozenset[str]]:
        """What each macro of the module says."""
        bodies: dict[str, set[str]] = {}
        for text in self.unit.texts.values():
            for name, _, body in DEFINE.findall(text):
                bodies.setdefault(name.decode("latin-1"), set()).update(
                    one.decode("latin-1") for one in WORD.findall(body))
        found = {}
        for name in bodies:
            queue, seen = [name], {name}
            while queue:
                for word in bodies.get(queue.pop(), set()) - seen:
                    seen.add(word)
                    queue.append(word)
            found[name] = frozenset(seen)
        return found

    def is_macro(self, name: str) -> bool:
        """Whether the module defines a macro."""
        return name in self._macros

    def said(self, name: str) -> frozenset[str]:
        """The names that a macro says, it included; those of a function, it alone."""
        return self._macros.get(name, frozenset((name,)))

    @cached_property
    def members(self) -> Mapping[str, frozenset[bytes]]:
        """The members of records that functions are put into, by the function."""
        found: dict[str, set[bytes]] = {}
        for parsed in self.unit.parsed.values():
            root = parsed.tree.root_node
            for pair in nodes(root, "initializer_pair"):
                said = view.designated(pair)
                if said is not None:
                    self._put(found, said[1], said[0])
            for store in view.stores(root):
                access = view.field(store.target)
                if access is not None:
                    self._put(found, store.value, access.name)
        return {name: frozenset(several) for name, several in found.items()}

    def _put(self, found: dict[str, set[bytes]], value: Node, member: bytes) -> None:
        called = {call.function.start_byte for call in view.calls(value)}
        for name in ([value] if value.type == "identifier" else nodes(value, "identifier")):
            said = view.text(name).decode("latin-1")
            if said in self.unit.by_name and name.start_byte not in called:
                found.setdefault(said, set()).add(member)

    @cached_property
    def _by_member(self) -> dict[bytes, list[str]]:
        found: dict[bytes, list[str]] = {}
        for name, several in self.members.items():
            for member in several:
                found.setdefault(member, []).append(name)
        return found

    def callees(self, body: Body, call: view.Call) -> list[Body]:
        """The functions of the module that a call may be of."""
        if call.name:
            names = self.said(call.name.decode("latin-1")) & self.unit.by_name.keys()
        else:
            access = view.field(view.bare(call.function))
            names = frozenset(self._by_member.get(access.name, ())) if access else frozenset()
        return [one for name in sorted(names) for one in self._meant(body, name)]

    def _meant(self, body: Body, name: str) -> list[Body]:
        all_ = self.unit.by_name.get(name, [])
        return [one for one in all_ if one.file == body.file] or all_

    # ------------------------------------------------------------ what is reached

    @cached_property
    def roots(self) -> tuple[Body, ...]:
        """What the stack gives a packet to that is to be sent; of a library, what it lends for
        that."""
        wanted = {name for name, members in self.members.items()
                  if members & {*tx.SENDS, *tx.SEES}}
        found = [one for name in sorted(wanted) for one in self.unit.by_name[name]]
        lent = [body for body in self.unit.bodies
                if view.text(view.type_of(body.node) or body.node) == tx.SENDS_TYPE.encode()
                and body.name.encode() in exported(self.unit.texts[body.file])]
        return tuple(dict.fromkeys((*found, *lent)))

    @cached_property
    def sending(self) -> tuple[Body, ...]:
        """Those of them that send it."""
        return tuple(one for one in self.roots
                     if self.members.get(one.name, frozenset()) & {*tx.SENDS}
                     or one.name not in self.members)

    @cached_property
    def reached(self) -> dict[Body, list[Item]]:
        """The functions by which a packet is sent whose frags are not for the CPU, and what they
        run of it."""
        return self._from(self.roots)

    @cached_property
    def by_sending(self) -> frozenset[Body]:
        """Those that are reached from what sends, and not only from what is asked before."""
        return frozenset(self._from(self.sending))

    def _from(self, roots: Iterable[Body]) -> dict[Body, list[Item]]:
        found: dict[Body, list[Item]] = {}
        queue = list(roots)
        while queue:
            body = queue.pop()
            if body in found:
                continue
            found[body] = self._run(body)
            for item in found[body]:
                queue += self._named(body, item)
            queue += self._taking_up(found[body])
        return found

    def _run(self, body: Body) -> list[Item]:
        if body not in self._runs:
            self._runs[body] = self._walked(body)
        return self._runs[body]

    def _walked(self, body: Body) -> list[Item]:
        items: dict[tuple[int, int, object], Item] = {}

        def see(item: Item, _: Known) -> bool:
            items.setdefault((item.node.start_byte, item.node.end_byte, item.choices), item)
            return False

        for _ in walk(self.graph(body), [Start(0, 0, self.known())], see):
            pass
        return list(items.values())

    def _named(self, body: Body, item: Item) -> Iterator[Body]:
        for call in view.calls(item.node):
            yield from self.callees(body, call)
        for name in nodes(item.node, "identifier"):
            said = view.text(name).decode("latin-1")
            if said in self.unit.by_name:
                yield from self._meant(body, said)

    def _taking_up(self, items: Sequence[Item]) -> Iterator[Body]:
        """What takes up packets that are put aside here."""
        queues = {_last(call.args[0]) for item in items for call in view.calls(item.node)
                  if call.name in tx.QUEUES and call.args}
        for name in tx.TAKES_UP if queues else ():
            for use in self.unit.calls.get(name.decode("latin-1"), ()):
                if use.call.args and _last(use.call.args[0]) in queues:
                    yield use.body

    @cached_property
    def uses(self) -> tuple[Use, ...]:
        """The calls that they run."""
        found: dict[tuple[Body, int], Use] = {}
        for body, items in self.reached.items():
            for item in items:
                for call in view.calls(item.node):
                    if taken(item, call.node):
                        found.setdefault((body, call.node.start_byte), Use(body, call))
        return tuple(found.values())

    @cached_property
    def callers(self) -> dict[Body, list[Use]]:
        """The calls of each function, among those that are run."""
        found: dict[Body, list[Use]] = {}
        for use in self.uses:
            for callee in self.callees(use.body, use.call):
                found.setdefault(callee, []).append(use)
        return found


def _last(node: Node) -> bytes:
    """The last name of an expression."""
    names = nodes(node, "identifier", "field_identifier")
    return view.text(names[-1]) if names else view.text(node)
