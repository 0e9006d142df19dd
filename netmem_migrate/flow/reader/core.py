# SPDX-License-Identifier: GPL-2.0-only
"""The state of reading one function, and the few things that every kind of node does with it.

What a kind of node means is said by handlers in the other modules of this package, each under the
kinds that it reads: `VALUES` for expressions, `STATEMENTS` for the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import NamedTuple, TypeVar

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.layers import Layers
from netmem_migrate.c.steps import Step, Steps
from netmem_migrate.c.symbols import Function
from netmem_migrate.c.types import Type, read_declarator
from netmem_migrate.flow import keys
from netmem_migrate.flow.carriers import could_carry
from netmem_migrate.flow.graph import Bridge, Kind, Place, Slot, Source, Use, UseKind
from netmem_migrate.flow.keys import Key
from netmem_migrate.flow.reader.values import Value
from netmem_migrate.flow.slots import Slots
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import CATEGORY, Category, Why


class Named(NamedTuple):
    """What a name stands for: its type, its slot, what notes that a page goes through it, and its
    key.
    """

    type: Type | None
    slot: Slot | None = None
    note: Callable[[], None] | None = None
    key: Key | None = None

    @property
    def at(self) -> tuple[Key, ...]:
        """Where an address that is stored in it is found."""
        return (self.key,) if self.key is not None else ()


_LOOPS = frozenset({"for_statement", "while_statement", "do_statement"})
# Types of memory that is known by its address.
_BYTES = frozenset({"u8", "char", "unsigned char", "uint8_t"})


class Reader:
    """Reads the body of one function; everything that it finds goes into the driver's graph."""

    def __init__(self, driver: Slots, function: Function) -> None:
        self.driver = driver
        self.graph = driver.graph
        self.symbols = driver.symbols
        self.carriers = driver.carriers
        self.function = function
        self.path = function.file
        self.parsed = driver.symbols.files[function.file]
        self.title = function.name.decode("latin-1")
        self.scopes = Layers[Named]()
        self.touched: set[Slot] = set()
        self.errors: list[Node] = []
        self.addresses: list[tuple[Slot, Node]] = []
        self.patterns = driver.patterns(self.path)
        self._again: dict[int, Value] = {}
        self._loops: list[Node] = []
        self._steady_in: dict[tuple[int, bytes], bool] = {}
        self.targets: set[int] = set()  # what assignments set
        self._seen = driver.graph.seen.setdefault(function.file, set())

    # -------------------------------------------------------------- reading

    def value(self, node: Node) -> Step[Value]:
        """Read an expression."""
        if self._again:
            known = self._again.pop(node.id, None)
            if known is not None:
                return known
        kind = node.type
        if kind in self.patterns:
            return self._as_form(node)
        handler = VALUES.get(kind)
        return handler(self, node) if handler is not None else self._in_syntax(node)

    def _as_form(self, node: Node) -> Steps[Value]:
        found: Value | None = None
        for reading in FORMS:
            if found is None:
                found = yield reading(self, node)
        if found is None:
            handler = VALUES.get(node.type, Reader._in_syntax)
            found = yield handler(self, node)
        return found

    def _in_syntax(self, node: Node) -> Steps[Value]:
        """What no handler reads: a page can be nothing there."""
        kind = node.type
        if kind == "ERROR" or node.is_missing:
            self.errors.append(node)
        if kind in ("compound_statement", "declaration") or kind.endswith("_statement"):
            yield self.statement(node)
            return Value(node)
        for child in node.named_children:
            self.escape((yield self.value(child)), Why.IN_SYNTAX, by=kind)
        return Value(node)

    def again(self, node: Node, value: Value) -> None:
        """Take a node for read: who reads it next is given this value."""
        self._again[node.id] = value

    def statement(self, node: Node) -> Step[object]:
        """Read a statement, a declaration, or what the preprocessor makes of them."""
        kind = node.type
        if kind in _LOOPS:
            return self._loop(node)
        handler = STATEMENTS.get(kind)
        if handler is not None:
            return handler(self, node)
        if kind == "ERROR" or node.is_missing:
            self.errors.append(node)
            return self.statements(node)
        if kind.endswith(("_statement", "_clause")):
            return self.statements(node)
        return self.value(node)

    def statements(self, node: Node, without: Node | None = None) -> Steps[None]:
        """Read what is inside a node, less one child."""
        for child in node.named_children:
            if without is None or child.id != without.id:
                yield self.statement(child)

    def _loop(self, node: Node) -> Steps[None]:
        self._loops.append(node)
        yield self.scoped(node) if node.type == "for_statement" else self.statements(node)
        self._loops.pop()

    def scoped(self, node: Node) -> Steps[None]:
        """Read what is inside a node as a scope of its own."""
        self.scopes.push({})
        yield self.statements(node)
        self.scopes.pop()

    # -------------------------------------------------------------- helpers

    def seen(self, node: Node) -> Place:
        """Note that a name was met, whatever it stands for; where that is."""
        self._seen.add(node.start_byte)
        return self.place(node)

    def place(self, node: Node) -> Place:
        return Place(self.path, node, self.title)

    def text(self, node: Node) -> bytes:
        return self.parsed.text(node)

    def word(self, node: Node) -> str:
        """The text of a node on one line."""
        return b" ".join(self.text(node).split()).decode("latin-1")

    def callee(self, node: Node) -> str:
        """How a report names the expression: a call by its function, else its text."""
        node = view.bare(node)
        found = view.call(node)
        if found is not None:
            return self.text(found.function).decode("latin-1") + "()"
        return self.word(node)

    def described(self, descriptor: Node) -> Type:
        """The type that a type descriptor spells."""
        base = self.symbols.base_of(self.path, descriptor.child_by_field_name("type"))
        inner = descriptor.child_by_field_name("declarator")
        if inner is None:
            return Type(base)
        return read_declarator(base, inner, self.parsed.source).type

    def lookup(self, name: bytes) -> Named | None:
        """What a name stands for where the reader is."""
        if name in self.scopes:
            return self.scopes[name]
        variable = self.symbols.variable(name, self.path)
        if variable is None:
            return None
        type_ = self.carriers.global_type(variable)
        return Named(type_, self.driver.global_(variable),
                     self.carried(type_, partial(self.carriers.note_global, variable)),
                     keys.of_global(variable))

    def member(self, type_: Type | None, field: Node) -> Named:
        """A member, of a record of the driver."""
        name = self.text(field)
        self.seen(field)
        resolved = self.symbols.resolve(type_) if type_ is not None else None
        macro = self._macro_of(name, resolved)
        member = None if macro else self.symbols.member(type_, name, self.path)
        if member is None:
            if macro:
                self.graph.macro_members.setdefault((name, macro), self.place(field))
            elif (resolved is None or not resolved.base.startswith(("struct ", "union "))
                    or resolved.base in self.symbols.records):
                self.graph.unresolved_members.setdefault(name, []).append(self.place(field))
            else:
                self.graph.foreign_members.setdefault((name, resolved.base), self.place(field))
            return Named(None)
        slot = self.driver.member(member)
        if slot is not None:
            self.touched.add(slot)
            slot.names.append(self.place(field))
        declared = self.carriers.member_type(member)
        note = self.carried(declared, partial(self.carriers.note_member, member))
        key = keys.of_member(member)
        self.graph.addresses.members[key] = name
        return Named(self.symbols.resolve(declared), slot, note, key)

    def _macro_of(self, name: bytes, type_: Type | None) -> bytes:
        """The macro of the driver that makes the name of a member, or the tag of its record."""
        tag = type_.base.rpartition(" ")[2].encode("latin-1") if type_ is not None else b""
        return next((one for one in (name, tag) if one in self.symbols.macros), b"")

    def named_member(self, type_: Type | None, node: Node) -> Step[object]:
        """The name of a member, given to a macro: it is renamed with the member."""
        return self.member(type_, node) if node.type == "identifier" else self.value(node)

    def call_slot(self, node: Node, name: str) -> Slot:
        """The slot of a form that is no call of the page by another name."""
        return self.driver.call(self.place(node), name, None)

    @staticmethod
    def carried(type_: Type | None, note: Callable[[], None]) -> Callable[[], None] | None:
        """`note` for a declaration that can carry a page behind `void *`, else None."""
        return note if type_ is not None and could_carry(type_) else None

    # ---------------------------------------------------------------- flows

    def address(self, value: Value, into: Iterable[Key]) -> None:
        """The value is stored there, and may be an address."""
        for one in into:
            for origin in value.at:
                self.graph.addresses.flows.setdefault(origin, set()).add(one)

    def source(self, name: str, node: Node, behind: Iterable[Key] = ()) -> tuple[Key, ...]:
        """The key of a value that the kernel gives at a node."""
        key = ("source", self.path, node.start_byte)
        self.graph.addresses.sources[key] = Source(name, self.place(node), tuple(behind))
        return (key,)

    def escape(self, value: Value, why: Why, *, by: str = "", other: str = "",
               category: Category | None = None, stored: bool = False) -> None:
        """The value goes where only pages can go, or where it cannot be followed.

        `stored` says that the expression is also written to.
        """
        if not value.holds_page:
            return
        category = category or CATEGORY[why]
        readable = (category is Category.PAGE_ONLY_USE and value.level == 0
                    and len(value.atoms) == 1 and not stored)
        for slot in value.slots:
            self.graph.block(slot, why, self.place(value.node), by=by, other=other,
                             category=category, readable=readable)

    def hiding(self, type_: Type | None) -> Category:
        """What hides a page that is taken for something of another type."""
        if type_ is None:
            return Category.UNRESOLVED
        return Category.VOID_POINTER if type_.is_void_pointer else Category.ADDRESS

    def store(self, type_: Type | None, slot: Slot | None, value: Value,
              note: Callable[[], None] | None = None) -> None:
        """The value is kept in something of `type_`, whose slot is `slot` if it has one."""
        if type_ is not None and type_.is_page and slot is not None:
            self.flow(value, slot, type_.level)
            return
        if not value.holds_page:
            return
        # What holds a list of pages behind `void *` carries no page itself.
        if note is not None and type_ is not None and value.level == type_.level:
            note()
        if type_ is None or (type_.is_page and slot is None):
            self.escape(value, Why.LOST)
        else:
            self.escape(value, Why.KEPT_AS_OTHER, category=self.hiding(type_))

    def flow(self, value: Value, into: Slot, level: int) -> None:
        """The value is stored in (or passed to) the slot `into`, `level` derivations up."""
        if into.borrowed:
            return  # compared with it: nothing is stored in a call
        # What is surely no page comes before what may be one: of a value without type and origin
        # only a call can give a page, and only where nothing but the page itself is stored.
        if level == 0 and self.text(value.node) == b"0":
            return  # = { 0 } and the like mean the same for both
        if value.carrier is not None and not value.holds_page and value.type is not None \
                and value.type.level == level:
            value.carrier()
        maker = self._error_pointer(value.node)
        if maker:
            self.graph.block(into, Why.ERROR_POINTER, self.place(value.node), by=maker)
            return
        if value.record:
            self.graph.unread_records.add(value.record)
        if value.type is not None and not value.holds_page and not value.is_null:
            if level == 0:
                self._set_from_other(value, into)
            elif self._may_list(value):
                self.graph.block(into, Why.SET_FROM_OTHER, self.place(value.node))
            else:
                self._sizes(value.node, into)
        elif value.type is None and not value.atoms:
            if level and self._allocates(view.bare(value.node)):
                self._sizes(value.node, into)
            elif not level and value.node.type == "call_expression":
                self.graph.bridges.append(Bridge(
                    self.place(value.node), None, into, self.callee(value.node), typed=False,
                    allocated=self._allocates(value.node)))
            else:
                self.graph.block(into, Why.SET_FROM_UNKNOWN, self.place(value.node),
                                 by=value.record)
        elif not value.atoms:  # a page, as of a compound literal, that nothing says the origin of
            self.graph.block(into, Why.SET_FROM_UNKNOWN, self.place(value.node))
        else:
            self._atoms(value, into, level)

    def _atoms(self, value: Value, into: Slot, level: int) -> None:
        for atom in value.atoms:
            where = self.place(atom.node)
            if atom.null:
                if level == 0:
                    self.graph.uses.append(Use(UseKind.NULL, into, where))
            elif atom.slot is None:
                maker = self._error_pointer(atom.node)
                if maker:
                    self.graph.block(into, Why.ERROR_POINTER, where, by=maker)
                elif level or atom.category is Category.VOID_POINTER:
                    self.graph.block(into, Why.SET_FROM_HIDDEN, where, category=atom.category)
                else:
                    self.graph.bridges.append(Bridge(where, None, into, self.callee(atom.node),
                                                     allocated=self._allocates(atom.node)))
            elif level:
                self.graph.same.append((atom.slot, into, where))
            else:
                self.graph.flows.append((atom.slot, into, where))
                if self._steady(atom.node, atom.slot):
                    # A bridge here belongs in front of the loop, where nothing can take it.
                    self.graph.same.append((atom.slot, into, where))
                else:
                    text = self.callee(atom.node) if atom.slot.borrowed else atom.slot.name
                    self.graph.bridges.append(Bridge(where, atom.slot, into, text))

    @staticmethod
    def _error_pointer(node: Node) -> str:
        """The function that makes an error pointer of a node, or ""."""
        found = view.call(view.bare(node))
        return (found.name.decode("latin-1") if found is not None
                and has(found.name, Trait.ERROR_POINTER) else "")

    @staticmethod
    def _allocates(node: Node) -> bool:
        found = view.call(view.bare(node))
        return found is not None and has(found.name, Trait.ALLOCATES)

    def _steady(self, node: Node, slot: Slot) -> bool:
        """Whether this is a variable inside a loop that never sets it."""
        if node.type != "identifier" or slot.kind not in (Kind.LOCAL, Kind.PARAMETER):
            return False
        if not self._loops:
            return False
        loop, name = self._loops[-1], self.text(node)
        known = self._steady_in.get((loop.id, name))
        if known is None:
            word = re.escape(name)
            known = self._steady_in[loop.id, name] = not re.search(
                rb"(?<![\w.>])" + word + rb"\s*(?:=[^=]|\+\+|--)|(?:&|\+\+|--|\*)\s*"
                + word + rb"\b", self.text(loop))
        return known

    def _may_list(self, value: Value) -> bool:
        """Whether a pointer may lead to a list of pages that is there already: none that is
        allocated by a function of which the body is not in sight."""
        if value.type is None or value.type.derivations[:1] != ("p",):
            return False
        found = view.call(view.bare(value.node))
        known = self.symbols.function(found.name, self.path) if found is not None else None
        return not self._allocates(value.node) or (known is not None and known.body is not None)

    def _set_from_other(self, value: Value, into: Slot) -> None:
        """A value that is no page: an address, or something else that a pointer points to."""
        type_, place = value.type, self.place(value.node)
        if type_ is None or type_.derivations != ("p",) or not type_.base:
            self.graph.block(into, Why.SET_FROM_OTHER, place)
            return
        address = type_.base in _BYTES or any(
            node.start_byte >= value.node.start_byte and node.end_byte <= value.node.end_byte
            for _, node in self.addresses)
        self.graph.block(into, Why.SET_FROM_POINTER, place, by=self.word(value.node),
                         other=type_.base,
                         category=Category.ADDRESS if address else Category.VOID_POINTER)

    def _sizes(self, node: Node, into: Slot) -> None:
        """sizeof(struct page *) in what allocates an array of pages follows the array."""
        for place, descriptor in self.driver.sizes:
            if (place.file == self.path and node.start_byte <= descriptor.start_byte
                    and descriptor.end_byte <= node.end_byte):
                self.graph.uses.append(Use(UseKind.SIZEOF, into, place, inner=descriptor))

    def tie(self, first: Value, second: Value) -> None:
        """Two values that must have one type."""
        place = self.place(second.node)
        for one in first.atoms:
            for other in second.atoms:
                if one.slot is not None and other.slot is not None:
                    self.graph.same.append((one.slot, other.slot, place))
                elif one.slot is not None or other.slot is not None:
                    held = one.slot or other.slot
                    assert held is not None
                    self.graph.block(held, Why.COMPARED, place)


_Reads = TypeVar("_Reads", bound="Callable[[Reader, Node], Step[Value]]")
_States = TypeVar("_States", bound="Callable[[Reader, Node], Step[None]]")
FORMS: list[Callable[[Reader, Node], Step[Value | None]]] = []
VALUES: dict[str, Callable[[Reader, Node], Step[Value]]] = {}
STATEMENTS: dict[str, Callable[[Reader, Node], Step[None]]] = {}


def reads(*kinds: str) -> Callable[[_Reads], _Reads]:
    """Enter a handler of expressions under the kinds of node that it reads."""
    def enter(handler: _Reads) -> _Reads:
        VALUES.update(dict.fromkeys(kinds, handler))
        return handler

    return enter


def states(*kinds: str) -> Callable[[_States], _States]:
    """Enter a handler of statements under the kinds of node that it reads."""
    def enter(handler: _States) -> _States:
        STATEMENTS.update(dict.fromkeys(kinds, handler))
        return handler

    return enter
