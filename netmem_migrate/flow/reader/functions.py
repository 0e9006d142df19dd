# SPDX-License-Identifier: GPL-2.0-only
"""Read one function and note every flow and use of page slots in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function
from netmem_migrate.c.types import PAGE, Declarator, Type, read_declarator
from netmem_migrate.flow.carriers import could_carry, paged
from netmem_migrate.flow.driver_slots import DriverSlots
from netmem_migrate.flow.graph import (
    Bridge,
    Call,
    Category,
    Kind,
    Place,
    Slot,
    Spelling,
    Use,
    UseKind,
)
from netmem_migrate.model.twins import BY_PAGE, HINTS, Twin

# Macros that give their first argument back.
_TRANSPARENT = frozenset({
    b"likely", b"unlikely", b"READ_ONCE", b"rcu_dereference", b"rcu_dereference_protected",
    b"rtnl_dereference", b"rcu_access_pointer", b"WARN_ON", b"WARN_ON_ONCE", b"BUG_ON",
    b"DEBUG_NET_WARN_ON_ONCE", b"ACCESS_ONCE", b"VM_BUG_ON",
})
_TESTS = frozenset({b"WARN", b"WARN_ONCE"})
# Calls that take memory that holds pages, whatever it holds.
_MEMORY = frozenset({
    b"kfree", b"kvfree", b"vfree", b"devm_kfree", b"memset", b"kfree_rcu",
    b"bitmap_free", b"ksize",
})
_DOES = ("call_expression", "assignment_expression", "update_expression")
_HINTS = frozenset(name.encode() for name in HINTS)
_COPIES = frozenset({b"kmemdup", b"kmemdup_array", b"devm_kmemdup"})
# Calls by which a driver counts references of pages on its own account, or tests for reuse.
_RECYCLING = frozenset({b"page_ref_add", b"page_ref_sub", b"page_ref_inc", b"page_ref_dec",
                        b"__page_frag_cache_drain", b"dev_page_is_reusable", b"page_ref_freeze"})
# Types of memory that is known by its address.
_BYTES = frozenset({"u8", "char", "unsigned char", "uint8_t"})
_GRANTS = (b"gnttab_", b"xenbus_grant")
# What reads memory by its address as a packet; such memory is the host's by design.
_HOST_READERS = frozenset({b"build_skb", b"napi_build_skb", b"slab_build_skb",
                           b"build_skb_around", b"xdp_prepare_buff"})
_LOOPS = frozenset({"for_statement", "while_statement", "do_statement"})
_FLEXIBLE = frozenset({b"struct_size", b"flex_array_size"})
_SIZED_ALLOC = re.compile(rb"^(?:k|v|kv|devm_k)[mzc]alloc_(?:obj|objs|flex)$")
_ENTRY = re.compile(rb"^(?:container_of(?:_const)?|\w*_entry(?:_rcu|_safe)?|typecheck)$")
_GIVES_PAGE = re.compile(
    rb"^(?:virt_to_(?:head_)?page|skb_frag_page|(?:__)?(?:dev_)?alloc_pages?(?:_\w+)?"
    rb"|pfn_to_page|phys_to_page|sg_page|vmalloc_to_page|(?:__)?netmem_to_page|bvec_page"
    rb"|folio_page|skb_frag_off_page|dma_alloc_pages|xsk_buff_\w*page|iova_to_page)$")
_NULL = (b"NULL",)


@dataclass(frozen=True, slots=True)
class Atom:
    """One origin of a value: a slot, NULL, or (neither) a page that no slot holds."""

    node: Node
    slot: Slot | None = None
    null: bool = False
    category: Category = Category.PAGE_ONLY_USE


@dataclass(frozen=True, slots=True)
class Value:
    """The type of an expression, if known, and where its page can come from."""

    node: Node
    type: Type | None = None
    atoms: tuple[Atom, ...] = ()
    carrier: Callable[[], None] | None = None  # notes that its void declaration carries a page
    record: str = ""  # the record, not read, of which it is a member

    @property
    def holds_page(self) -> bool:
        return self.type is not None and self.type.is_page

    @property
    def level(self) -> int:
        return self.type.level if self.type is not None else 0


_Named = tuple[Type, Slot | None, Callable[[], None] | None]


class FunctionReader:
    """Walks the body of one function; everything it finds goes into the driver's graph."""

    def __init__(self, driver: DriverSlots, function: Function) -> None:
        self.driver = driver
        self.graph = driver.graph
        self.symbols = driver.symbols
        self.function = function
        self.path = function.file
        self.parsed = driver.symbols.files[function.file]
        self.title = function.name.decode("latin-1")
        self.scopes: list[dict[bytes, _Named]] = [{}]
        self.touched: set[Slot] = set()
        self.errors: list[Node] = []
        self.addresses: list[tuple[Slot, Node]] = []

    # ------------------------------------------------------------------ entry

    def read(self) -> None:
        """Read the whole function."""
        function = self.function
        for index, parameter in enumerate(function.parameters):
            slot = self.driver.parameter(function, index)
            if parameter.name:
                self.scopes[0][parameter.name] = (
                    parameter.type, slot, self._carried(
                        parameter.type, partial(self.driver.carriers.note_parameter,
                                                function, index)))
            if slot is not None:
                self.touched.add(slot)
        result = self.driver.result(function)
        if result is not None:
            self.touched.add(result)
        if function.body is not None:
            self._statement(function.body)
            if self.addresses:
                self._read_by_host(function.body)
        if self.errors:
            for slot in self.touched:
                self.graph.block(slot, Category.PARSE_ERROR, "this code cannot be parsed",
                                 self._place(self.errors[0]))

    def _read_by_host(self, body: Node) -> None:
        """Note which addresses of pages go, directly or by a local, to what reads packets."""
        readers = [node for node in nodes(body, "call_expression")
                   if (name := node.child_by_field_name("function")) is not None
                   and self._text(name) in _HOST_READERS]
        if not readers:
            return
        for slot, node in self.addresses:
            kept = self._assigned(node)
            word = re.compile(rb"(?<![\w.>])" + re.escape(kept) + rb"\b") if kept else None
            for reader in readers:
                arguments = reader.child_by_field_name("arguments")
                function = reader.child_by_field_name("function")
                if arguments is None or function is None:
                    continue
                inside = arguments.start_byte <= node.start_byte < arguments.end_byte
                if inside or (word is not None and word.search(self._text(arguments))):
                    self.graph.host_reads.setdefault(
                        slot, (self._text(function).decode("latin-1"), self._place(reader)))

    def _assigned(self, node: Node) -> bytes:
        """The variable that an address is kept in, offsets added to it or not."""
        while (parent := node.parent) is not None:
            if parent.type in ("init_declarator", "assignment_expression"):
                left = parent.child_by_field_name(
                    "declarator" if parent.type == "init_declarator" else "left")
                return self._text(left).strip(b"* ") if left is not None else b""
            if parent.type not in ("binary_expression", "cast_expression",
                                   "parenthesized_expression", "conditional_expression"):
                return b""
            node = parent
        return b""

    # -------------------------------------------------------------- helpers

    def _place(self, node: Node) -> Place:
        return Place(self.path, node, self.title)

    def _text(self, node: Node) -> bytes:
        return self.parsed.text(node)

    def _escape(self, value: Value, category: Category, text: str, *,
                stored: bool = False) -> None:
        """The value goes where only pages can go, or where it cannot be followed.

        `stored` says that the expression is also written to.
        """
        if not value.holds_page:
            return
        readable = (category is Category.PAGE_ONLY_USE and value.level == 0
                    and len(value.atoms) == 1 and not stored)
        for atom in value.atoms:
            if atom.slot is not None:
                self.graph.block(atom.slot, category, text, self._place(value.node),
                                 readable=readable)

    def _flow(self, value: Value, into: Slot, level: int) -> None:
        """The value is stored in (or passed to) the slot `into`, `level` derivations up."""
        place = self._place(value.node)
        if level == 0 and self._text(value.node) == b"0":
            return  # = { 0 } and the like mean the same for both
        if value.carrier is not None and not value.holds_page:
            value.carrier()
        if value.record:
            self.graph.unread_records.add(value.record)
        if value.type is not None and not value.holds_page and not self._is_null(value):
            if level == 0:
                self.graph.block(into, *self._other(value), place)
            else:
                self._sizes(value.node, into)
            return
        if value.type is None and not value.atoms:
            if level == 0:
                if value.node.type == "call_expression":
                    self.graph.bridges.append(
                        Bridge(place, None, into, self._callee(value.node), typed=False))
                elif self._text(value.node) != b"0":
                    self.graph.block(into, Category.UNRESOLVED,
                                     "is set from a value of unknown type", place)
            else:
                self._sizes(value.node, into)
            return
        for atom in value.atoms:
            where = self._place(atom.node)
            if atom.null:
                if level == 0:
                    self.graph.uses.append(Use(UseKind.NULL, into, where))
            elif atom.slot is None:
                if level or atom.category is Category.VOID_POINTER:
                    self.graph.block(into, atom.category,
                                     "is set from a page kept as another type", where)
                else:
                    self.graph.bridges.append(Bridge(where, None, into, self._callee(atom.node)))
            elif level:
                self.graph.same.append((atom.slot, into, where))
            else:
                self.graph.flows.append((atom.slot, into, where))
                if self._steady(atom.node, atom.slot):
                    # A bridge here belongs in front of the loop, where nothing can take it.
                    self.graph.same.append((atom.slot, into, where))
                else:
                    self.graph.bridges.append(Bridge(where, atom.slot, into, atom.slot.name))

    def _steady(self, node: Node, slot: Slot) -> bool:
        """Whether this is a variable inside a loop that never sets it."""
        if node.type != "identifier" or slot.kind not in (Kind.LOCAL, Kind.PARAMETER):
            return False
        loop = node.parent
        while loop is not None and loop.type not in _LOOPS:
            loop = loop.parent
        if loop is None:
            return False
        name = re.escape(self._text(node))
        return not re.search(rb"(?<![\w.>])" + name + rb"\s*(?:=[^=]|\+\+|--)|(?:&|\+\+|--|\*)\s*"
                             + name + rb"\b", self._text(loop))

    def _other(self, value: Value) -> tuple[Category, str]:
        """How a blocker names a value that is not a page: as an address, or as something else."""
        type_ = value.type
        if type_ is None or type_.derivations != ("p",) or not type_.base:
            return Category.VOID_POINTER, "is set from a value that is not a page pointer"
        text = b" ".join(self._text(value.node).split()).decode("latin-1")
        address = type_.base in _BYTES or any(
            node.start_byte >= value.node.start_byte and node.end_byte <= value.node.end_byte
            for _, node in self.addresses)
        category = Category.ADDRESS if address else Category.VOID_POINTER
        return category, f"is set from {text}, a {type_.base} *, too"

    def _sizes(self, node: Node, into: Slot) -> None:
        """sizeof(struct page *) in what allocates an array of pages follows the array."""
        for place, descriptor in self.driver.sizes:
            if (place.file == self.path and node.start_byte <= descriptor.start_byte
                    and descriptor.end_byte <= node.end_byte):
                self.graph.uses.append(Use(UseKind.SIZEOF, into, place, inner=descriptor))

    def _is_null(self, value: Value) -> bool:
        return bool(value.atoms) and all(atom.null for atom in value.atoms)

    def _callee(self, node: Node) -> str:
        """How a report names the expression: a call by its function, else its text."""
        while node.type == "parenthesized_expression" and node.named_children:
            node = node.named_children[0]
        if node.type == "call_expression":
            function = node.child_by_field_name("function")
            if function is not None:
                return self._text(function).decode("latin-1") + "()"
        return b" ".join(self._text(node).split()).decode("latin-1")

    def _lookup(self, name: bytes) -> _Named | None:
        for scope in reversed(self.scopes):
            if name in scope:
                return scope[name]
        variable = self.symbols.variable(name, self.path)
        if variable is not None:
            note = partial(self.driver.carriers.note_global, variable)
            return (variable.type, self.driver.global_(variable),
                    self._carried(variable.type, note))
        return None

    def _carried(self, type_: Type | None, note: Callable[[], None]) -> Callable[[], None] | None:
        """`note` for a declaration that can carry a page behind `void *`, else None."""
        return note if type_ is not None and could_carry(type_) else None

    # ------------------------------------------------------------ statements

    def _statement(self, node: Node) -> None:
        kind = node.type
        if kind == "compound_statement":
            self.scopes.append({})
            for child in node.named_children:
                self._statement(child)
            self.scopes.pop()
        elif kind == "declaration":
            self._declaration(node)
        elif kind == "for_statement":
            self.scopes.append({})
            for child in node.named_children:
                self._statement(child)
            self.scopes.pop()
        elif kind == "return_statement":
            self._return(node)
        elif kind in ("comment", "preproc_include", "preproc_def", "preproc_function_def",
                      "preproc_directive", "preproc_call", "statement_identifier",
                      "break_statement", "continue_statement") or kind == "goto_statement":
            return
        elif kind == "ERROR" or node.is_missing:
            self.errors.append(node)
            for child in node.named_children:
                self._statement(child)
        elif kind in ("preproc_if", "preproc_elif"):
            condition = node.child_by_field_name("condition")
            for child in node.named_children:
                if condition is None or child.id != condition.id:
                    self._statement(child)
        elif kind in ("preproc_ifdef", "preproc_elifdef"):
            name = node.child_by_field_name("name")
            for child in node.named_children:
                if name is None or child.id != name.id:
                    self._statement(child)
        elif kind.endswith(("_statement", "_clause")) or kind == "preproc_else":
            for child in node.named_children:
                self._statement(child)
        else:
            self._value(node)

    def _declaration(self, node: Node) -> None:
        base = self.symbols.base_of(self.path, node.child_by_field_name("type"))
        slots: list[Slot] = []
        for child in node.children_by_field_name("declarator"):
            declarator = read_declarator(base, child, self.parsed.source)
            slot = self._local(node, declarator)
            if slot is not None:
                slots.append(slot)
        if node.parent is not None and node.parent.type == "for_statement":
            # The head of a loop has room for one declaration only.
            for one, other in pairwise(slots):
                self.graph.same.append((one, other, self._place(node)))
        for child in node.named_children:
            if child.type == "ERROR":
                self.errors.append(child)

    def _local(self, node: Node, declarator: Declarator) -> Slot | None:
        type_ = self.symbols.resolve(declarator.type)
        if could_carry(type_) and self.driver.carriers.is_local(self.path,
                                                                declarator.node.start_byte):
            type_ = paged(type_)
        slot: Slot | None = None
        if type_.is_page and "f" not in type_.derivations and declarator.identifier is not None:
            slot = self._again(node, declarator, type_)
            self.touched.add(slot)
        note = self._carried(type_, partial(self.driver.carriers.note_local, self.path,
                                            declarator.node.start_byte, type_))
        if declarator.value is None:
            if declarator.name:
                self.scopes[-1][declarator.name] = (type_, slot, note)
            return slot
        if declarator.type.base in ("__auto_type", "typeof", "auto"):
            value = self._value(declarator.value)
            self._escape(value, Category.UNRESOLVED, "is copied to a variable without a type")
            return slot
        # In C the name is in scope inside its own initialiser.
        if declarator.name:
            self.scopes[-1][declarator.name] = (type_, slot, note)
        self.initialise(type_, slot, declarator.value, note)
        return slot

    def _again(self, node: Node, declarator: Declarator, type_: Type) -> Slot:
        """The slot of a local; one that two branches of an #if declare is a single slot."""
        known_type, known, _ = self.scopes[-1].get(declarator.name, (None, None, None))
        if known is not None and known_type == type_:
            known.spellings.append(Spelling(self.path, node, declarator.node,
                                            declarator.identifier, self.title))
            return known
        slot = self.driver.local(self.function, node, declarator)
        if known_type is not None:
            for one in (known, slot):
                if one is not None:
                    self.graph.block(one, Category.UNRESOLVED, "is declared twice, as two types",
                                     self._place(node))
        return slot

    def initialise(self, type_: Type | None, slot: Slot | None, node: Node,
                   note: Callable[[], None] | None = None) -> None:
        """Follow an initialiser into a variable of `type_`, whose slot is `slot` if it has one.

        `note` is called if a page goes into a variable that is declared void.
        """
        if node.type != "initializer_list":
            scalar = self._value(node)
            self._store(type_, slot, scalar, note)
            if type_ is not None and (self._is_null(scalar) or scalar.type == Type("int")):
                self._elided(self.symbols.resolve(type_), node)
            return
        position = 0
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.type == "initializer_pair":
                designated: Type | None = type_
                inside = slot
                parts = child.children_by_field_name("designator")
                if not parts:  # the old form `page: NULL`
                    parts = [part for part in child.named_children[:1]
                             if part.type == "field_identifier"]
                for part in parts:
                    if part.type in ("field_designator", "field_identifier"):
                        field = part.named_children[0] if part.named_children else part
                        record = (self.symbols.record(self.symbols.resolve(type_).base, self.path)
                                  if type_ is not None and designated is type_ else None)
                        if record is not None and self._text(field) in record.order:
                            position = record.order.index(self._text(field)) + 1
                        designated, inside, note = self._member(designated, field)
                    else:
                        designated = designated.target() if designated else None
                value = child.child_by_field_name("value")
                if value is not None:
                    self.initialise(designated, inside, value, note)
                continue
            if type_ is not None and type_.derivations[:1] == ("a",):
                self.initialise(type_.target(), slot, child, note)
                continue
            resolved = self.symbols.resolve(type_) if type_ else None
            record = (self.symbols.record(resolved.base, self.path)
                      if resolved and not resolved.derivations else None)
            if record is not None and position < len(record.order):
                member = record.members[record.order[position]]
                self.initialise(member.type, self.driver.member(member), child,
                                self._carried(member.type, partial(
                                    self.driver.carriers.note_member, member)))
            else:
                self.initialise(None, None, child)
            position += 1

    def _elided(self, type_: Type, node: Node) -> None:
        """A scalar where a record is initialised: braces are left out, positions unknown."""
        parent = node.parent
        if parent is not None and self._text(node) == b"0" and len(parent.named_children) == 1:
            return  # = { 0 }
        if type_.is_page or "p" in type_.derivations or "f" in type_.derivations:
            return
        record = self.symbols.record(type_.base, self.path)
        for member in record.members.values() if record is not None else ():
            slot = self.driver.member(member)
            if slot is not None:
                self.graph.block(slot, Category.UNRESOLVED, "is initialised without braces",
                                 self._place(node))
            else:
                self._elided(self.symbols.resolve(member.type), node)

    def _return(self, node: Node) -> None:
        for child in node.named_children:
            if child.type == "comment":
                continue
            value = self._value(child)
            result = self.symbols.resolve(self.function.result)
            if result.is_page:
                slot = self.driver.result(self.function)
                if slot is not None:
                    self._flow(value, slot, result.level)
            else:
                if value.holds_page and could_carry(result):
                    self.driver.carriers.note_result(self.function)
                self._escape(value, self._hiding(result), "is returned as another type")

    def _hiding(self, type_: Type | None) -> Category:
        if type_ is None:
            return Category.UNRESOLVED
        return Category.VOID_POINTER if type_.is_void_pointer else Category.ADDRESS

    # ----------------------------------------------------------- expressions

    def _store(self, type_: Type | None, slot: Slot | None, value: Value,
               note: Callable[[], None] | None = None) -> None:
        if type_ is not None and type_.is_page and slot is not None:
            self._flow(value, slot, type_.level)
        elif value.holds_page:
            if note is not None:
                note()
            what = "is kept as another type"
            if type_ is None or (type_.is_page and slot is None):
                what = "is stored where it cannot be followed"
                self._escape(value, Category.UNRESOLVED, what)
            else:
                self._escape(value, self._hiding(type_), what)

    def _value(self, node: Node) -> Value:
        handler = _HANDLERS.get(node.type)
        if handler is not None:
            return handler(self, node)
        if node.type == "ERROR" or node.is_missing:
            self.errors.append(node)
        if node.type in ("compound_statement", "declaration") or node.type.endswith("_statement"):
            self._statement(node)
            return Value(node)
        for child in node.named_children:
            value = self._value(child)
            self._escape(value, Category.UNRESOLVED, f"is used in a {node.type}")
        return Value(node)

    def _leaf(self, node: Node) -> Value:
        return Value(node)

    def _string(self, node: Node) -> Value:
        return Value(node, Type("char", ("p",)))

    def _number(self, node: Node) -> Value:
        return Value(node, Type("int"))

    def _null(self, node: Node) -> Value:
        return Value(node, Type("void", ("p",)), (Atom(node, null=True),))

    def _identifier(self, node: Node) -> Value:
        name = self._text(node)
        if name in _NULL:
            return self._null(node)
        found = self._lookup(name)
        if found is None:
            function = self.symbols.function(name, self.path)
            if function is not None:
                self.driver.address_taken(function, self._place(node))
            else:  # a macro may be given the name of a member
                self.graph.unresolved_members.setdefault(name, []).append(self._place(node))
            return Value(node)
        type_, slot, note = found
        if slot is None:
            atoms = (Atom(node),) if type_.is_page else ()
            return Value(node, type_, atoms, note)
        self.touched.add(slot)
        slot.names.append(self._place(node))
        return Value(node, type_, (Atom(node, slot),))

    def _member(self, type_: Type | None, field: Node) -> tuple[
            Type | None, Slot | None, Callable[[], None] | None]:
        """The type, slot, and (if it is declared void) the note of a member."""
        name = self._text(field)
        member = self.symbols.member(type_, name, self.path)
        if member is None:
            resolved = self.symbols.resolve(type_) if type_ is not None else None
            if (resolved is None or not resolved.base.startswith(("struct ", "union "))
                    or resolved.base in self.symbols.records):
                self.graph.unresolved_members.setdefault(name, []).append(self._place(field))
            return None, None, None
        slot = self.driver.member(member)
        if slot is not None:
            self.touched.add(slot)
            slot.names.append(self._place(field))
        note = self._carried(member.type, partial(self.driver.carriers.note_member, member))
        return self.symbols.resolve(member.type), slot, note

    def _field(self, node: Node) -> Value:
        argument = node.child_by_field_name("argument")
        field = node.child_by_field_name("field")
        if argument is None or field is None:
            return Value(node)
        name = self._text(field)
        descriptor = self._descriptor_argument(argument)
        value = self._value(descriptor if descriptor is not None else argument)
        if value.holds_page and value.level == 0:
            if name in (b"pp", b"pp_ref_count") and any(a.slot for a in value.atoms):
                return self._pool_field(node, value, name)
            self._escape(value, Category.PAGE_ONLY_USE,
                         f"its struct page member {name.decode('latin-1')} is used")
            return Value(node, Type("struct page_pool", ("p",)) if name == b"pp" else None)
        if value.holds_page:
            self._escape(value, Category.UNRESOLVED, "is used as a record")
            return Value(node)
        type_ = value.type
        arrow = any(c.type == "->" for c in node.children)
        if type_ is not None and (arrow or type_.derivations[:1] == ("a",)):
            type_ = self.symbols.resolve(type_).target()
        member_type, slot, note = self._member(type_, field)
        if slot is not None:
            return Value(node, member_type, (Atom(node, slot),))
        if member_type is not None and member_type.is_page:
            return Value(node, member_type, (Atom(node),))
        record = ""
        if member_type is None and type_ is not None and type_.base.startswith("struct ") \
                and not type_.derivations and type_.base not in self.symbols.records:
            record = type_.base
        return Value(node, member_type, carrier=note, record=record)

    def _descriptor_argument(self, node: Node) -> Node | None:
        """The page inside pp_page_to_nmdesc(), if `node` is such a call."""
        if node.type != "call_expression":
            return None
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if (function is None or arguments is None or len(arguments.named_children) != 1
                or self._text(function) not in (b"pp_page_to_nmdesc", b"__pp_page_to_nmdesc")):
            return None
        return arguments.named_children[0]

    def _pool_field(self, node: Node, value: Value, name: bytes) -> Value:
        call = self._call_slot(node, "page->" + name.decode("latin-1"), None)
        self._flow(value, call, 0)
        kind = UseKind.POOL if name == b"pp" else UseKind.POOL_COUNT
        whole = node
        if kind is UseKind.POOL_COUNT:
            parent = node.parent
            if parent is None or parent.type != "pointer_expression":
                self._escape(value, Category.PAGE_ONLY_USE, "its pp_ref_count is used")
                return Value(node)
            whole = parent
        self.graph.uses.append(Use(kind, call, self._place(whole), inner=value.node))
        return Value(node, Type("struct page_pool", ("p",)) if name == b"pp" else None)

    def _subscript(self, node: Node) -> Value:
        argument = node.child_by_field_name("argument")
        index = node.child_by_field_name("index")
        value = self._value(argument) if argument is not None else Value(node)
        if index is not None:
            self._escape(self._value(index), Category.ADDRESS, "is used as a number")
        if value.type is None:
            return Value(node)
        type_ = self.symbols.resolve(value.type)
        if type_.is_page and type_.level == 0:
            self._escape(value, Category.PAGE_ONLY_USE, "is indexed as an array of struct page")
            return Value(node)
        return Value(node, type_.target(), self._moved(node, value), value.carrier)

    def _moved(self, node: Node, value: Value) -> tuple[Atom, ...]:
        return tuple(Atom(node, atom.slot, atom.null, atom.category) for atom in value.atoms)

    def _pointer(self, node: Node) -> Value:
        argument = node.child_by_field_name("argument")
        operator = node.child_by_field_name("operator")
        if argument is None or operator is None:
            return Value(node)
        value = self._value(argument)
        if value.type is None:
            return Value(node)
        if operator.type == "&":
            return Value(node, value.type.pointer(), self._moved(node, value), value.carrier)
        type_ = self.symbols.resolve(value.type)
        if type_.is_page and type_.level == 0:
            self._escape(value, Category.PAGE_ONLY_USE, "its struct page is read")
            return Value(node)
        return Value(node, type_.target(), self._moved(node, value), value.carrier)

    def _parentheses(self, node: Node) -> Value:
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            for child in inner:
                self._value(child)
            return Value(node)
        if inner[0].type == "compound_statement":
            return self._statement_expression(inner[0])
        value = self._value(inner[0])
        return Value(value.node, value.type, value.atoms, value.carrier)

    def _statement_expression(self, node: Node) -> Value:
        self.scopes.append({})
        value = Value(node)
        children = [child for child in node.named_children if child.type != "comment"]
        for index, child in enumerate(children):
            if index == len(children) - 1 and child.type == "expression_statement":
                inner = child.named_children
                value = self._value(inner[0]) if inner else value
            else:
                self._statement(child)
        self.scopes.pop()
        return value

    def _assignment(self, node: Node) -> Value:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None:
            return Value(node)
        target = self._value(left)
        value = self._value(right)
        if operator is not None and operator.type != "=":
            if target.holds_page and target.level == 0:
                self._escape(target, Category.PAGE_ONLY_USE, "is used in arithmetic",
                             stored=True)
            self._escape(value, Category.ADDRESS, "is used as a number")
            return Value(node, target.type, target.atoms)
        slots = [atom.slot for atom in target.atoms if atom.slot is not None]
        if target.holds_page and slots:
            for slot in slots:
                self._flow(value, slot, target.level)
        else:
            type_ = self.symbols.resolve(target.type) if target.type else None
            if value.holds_page and target.record:
                self.graph.unread_records.add(target.record)
            self._store(type_, None, value, target.carrier)
        return Value(node, target.type, self._moved(node, target), target.carrier)

    def _conditional(self, node: Node) -> Value:
        condition = node.child_by_field_name("condition")
        tested = self._value(condition) if condition is not None else None
        values = [self._value(arm) for name in ("consequence", "alternative")
                  if (arm := node.child_by_field_name(name)) is not None]
        if tested is not None and node.child_by_field_name("consequence") is None:
            values.insert(0, tested)  # x ?: y
        page = next((value for value in values if value.holds_page), None)
        if page is None:
            known = next((value.type for value in values
                          if value.type is not None and not self._is_null(value)), None)
            return Value(node, known)
        atoms: list[Atom] = []
        for value in values:
            if value.holds_page or self._is_null(value):
                atoms.extend(value.atoms)
            else:
                atoms.append(Atom(value.node, category=Category.VOID_POINTER
                                  if value.type is not None else Category.PAGE_ONLY_USE))
        return Value(node, page.type, tuple(atoms))

    def _cast(self, node: Node) -> Value:
        descriptor = node.child_by_field_name("type")
        inner = node.child_by_field_name("value")
        if descriptor is None or inner is None:
            return Value(node)
        type_ = self.symbols.resolve(self._described(descriptor))
        if inner.type == "initializer_list":
            self.initialise(type_, None, inner)
            return Value(node, type_)
        value = self._value(inner)
        if (type_.is_page or could_carry(type_)) and value.holds_page \
                and value.level == type_.level:
            # What the page is stored in decides, not the cast.
            for atom in value.atoms:
                if atom.slot is not None:
                    self.graph.uses.append(Use(UseKind.CAST, atom.slot, self._place(node),
                                               inner=inner))
            return Value(node, value.type, self._moved(node, value))
        if type_.is_page:
            if value.carrier is not None:
                value.carrier()
            return Value(node, type_, (Atom(node, category=Category.VOID_POINTER),))
        if self._is_null(value):
            return Value(node, type_)
        self._escape(value, self._hiding(type_), "is cast to another type")
        return Value(node, type_)

    def _described(self, descriptor: Node) -> Type:
        base = self.symbols.base_of(self.path, descriptor.child_by_field_name("type"))
        inner = descriptor.child_by_field_name("declarator")
        if inner is None:
            return Type(base)
        return read_declarator(base, inner, self.parsed.source).type

    def _literal(self, node: Node) -> Value:
        descriptor = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if descriptor is None or value is None:
            return Value(node)
        type_ = self.symbols.resolve(self._described(descriptor))
        self.initialise(type_, None, value)
        return Value(node, type_)

    def _comma(self, node: Node) -> Value:
        value = Value(node)
        for child in node.named_children:
            value = self._value(child)
        return value

    def _sizeof(self, node: Node) -> Value:
        value = node.child_by_field_name("value")
        if value is not None:
            self._value(value)
        descriptor = node.child_by_field_name("type")
        if descriptor is not None:
            type_ = self._described(descriptor)
            if (type_.is_page or could_carry(type_)) and type_.level == 0:
                self.driver.sizes.append((self._place(node), descriptor))
        return Value(node, Type("int"))

    def _unary(self, node: Node) -> Value:
        argument = node.child_by_field_name("argument")
        operator = node.child_by_field_name("operator")
        value = self._value(argument) if argument is not None else Value(node)
        if operator is not None and operator.type != "!":
            self._escape(value, Category.ADDRESS, "is used as a number")
        return Value(node, Type("int"))

    def _update(self, node: Node) -> Value:
        argument = node.child_by_field_name("argument")
        value = self._value(argument) if argument is not None else Value(node)
        if value.holds_page and value.level == 0:
            self._escape(value, Category.PAGE_ONLY_USE, "is used in arithmetic", stored=True)
        return Value(node, value.type, self._moved(node, value))

    def _binary(self, node: Node) -> Value:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is None or right is None or operator is None:
            return Value(node)
        sign = operator.type
        if sign in ("==", "!="):
            near = self._node_test(node, left, right, sign) or \
                self._node_test(node, right, left, sign)
            if near is not None:
                return near
        first, second = self._value(left), self._value(right)
        if sign in ("&&", "||"):
            return Value(node, Type("int"))
        pages = [value for value in (first, second) if value.holds_page]
        if not pages:
            if sign in ("+", "-"):
                for value in (first, second):
                    if value.type is not None and value.type.derivations:
                        return Value(node, value.type)
            return Value(node, Type("int"))
        if sign in ("==", "!="):
            self._compare(node, (left, first), (right, second), sign == "==")
            return Value(node, Type("int"))
        page = pages[0]
        if page.level == 0:
            for value in pages:
                self._escape(value, Category.PAGE_ONLY_USE, "is used in arithmetic")
            return Value(node)
        if len(pages) == 2:
            self._tie(pages[0], pages[1])
            return Value(node, Type("int"))
        return Value(node, page.type, self._moved(node, page))

    def _tie(self, first: Value, second: Value) -> None:
        place = self._place(second.node)
        for one in first.atoms:
            for other in second.atoms:
                if one.slot is not None and other.slot is not None:
                    self.graph.same.append((one.slot, other.slot, place))
                elif one.slot is not None or other.slot is not None:
                    held = one.slot or other.slot
                    assert held is not None
                    self.graph.block(held, Category.UNRESOLVED,
                                     "is compared with pages that are not followed", place)

    def _compare(self, node: Node, near: tuple[Node, Value], far: tuple[Node, Value],
                 equal: bool) -> None:
        first, second = near[1], far[1]
        for operand, value, other in ((*near, second), (*far, first)):
            if self._is_null(other) and value.holds_page:
                if value.level == 0:
                    for atom in value.atoms:
                        if atom.slot is not None:
                            self.graph.uses.append(
                                Use(UseKind.COMPARE, atom.slot, self._place(node),
                                    inner=operand, negated=equal))
                            break
                return
        if first.level or second.level:
            self._tie(first, second)
            return
        for value, other in ((first, second), (second, first)):
            for atom in other.atoms:
                if atom.slot is not None:
                    self._flow(value, atom.slot, 0)

    def _node_test(self, node: Node, call: Node, other: Node, sign: str) -> Value | None:
        """page_to_nid(x) == n, which has a netmem form as a whole."""
        while call.type == "parenthesized_expression" and len(call.named_children) == 1:
            call = call.named_children[0]
        if call.type != "call_expression":
            return None
        function = call.child_by_field_name("function")
        arguments = call.child_by_field_name("arguments")
        if (function is None or arguments is None or self._text(function) != b"page_to_nid"
                or len(arguments.named_children) != 1
                or not self.driver.has("netmem_is_pref_nid")):
            return None
        value = self._value(arguments.named_children[0])
        self._value(other)
        # The order of the two operands can change, so nothing else may change in `other`.
        for slot in self.touched:
            if any(place.file == self.path and place.node.start_byte >= other.start_byte
                   and place.node.end_byte <= other.end_byte for place in slot.names):
                self._escape(value, Category.UNRESOLVED, "its node is compared with another page's")
                return Value(node, Type("int"))
        if not any(atom.slot for atom in value.atoms):
            return Value(node, Type("int"))
        slot = self._call_slot(node, "page_to_nid", None)
        self._flow(value, slot, 0)
        self.graph.uses.append(Use(UseKind.NODE, slot, self._place(node), inner=value.node,
                                   other=other, negated=sign == "!="))
        return Value(node, Type("int"))

    # ----------------------------------------------------------------- calls

    def _call_slot(self, node: Node, name: str, twin: Twin | None) -> Slot:
        return self.driver.call(self._place(node), name, twin)

    def _call(self, node: Node) -> Value:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return Value(node)
        args = [child for child in arguments.named_children if child.type != "comment"]
        for child in args:
            if child.type == "ERROR":
                self.errors.append(child)
        if function.type != "identifier":
            return self._indirect(node, function, args)
        name = self._text(function)
        if any(name in scope for scope in self.scopes):
            return self._indirect(node, function, args)
        known = self.symbols.function(name, self.path)
        if known is not None and known.body is not None:
            return self._own(node, known, args)
        twin = BY_PAGE.get(name.decode("latin-1"))
        if twin is not None and name not in self.symbols.macros:
            return self._twin(node, function, twin, args)
        if name == b"page_to_netmem" and len(args) == 1:
            return self._unwrap(node, args[0])
        if name in _TRANSPARENT and args:
            value = self._value(args[0])
            for child in args[1:]:
                self._value(child)
            return Value(node, value.type, self._moved(node, value), value.carrier)
        if name in _TESTS:
            for index, child in enumerate(args):
                value = self._value(child)
                if index:
                    self._escape(value, Category.PAGE_ONLY_USE, f"is printed by {name.decode()}()")
            return Value(node, Type("int"))
        if name == b"WRITE_ONCE" and len(args) == 2:
            target, value = self._value(args[0]), self._value(args[1])
            slots = [atom.slot for atom in target.atoms if atom.slot is not None]
            if target.holds_page and slots:
                self._flow(value, slots[0], target.level)
            else:
                self._store(target.type, None, value, target.carrier)
            return Value(node)
        if name == b"swap" and len(args) == 2:
            return self._swap(node, args)
        if name in _HINTS and len(args) == 1:
            return self._hint(node, name, args[0])
        if name in _COPIES and len(args) > 1:
            return self._copy(node, name, args)
        if name in _MEMORY:
            for child in args:
                value = self._value(child)
                if value.level == 0:
                    self._escape(value, Category.PAGE_ONLY_USE,
                                 f"is passed to {name.decode()}()")
            return Value(node, Type("void", ("p",)))
        if _SIZED_ALLOC.match(name) and args:
            first = 1 if name.startswith(b"devm") and len(args) > 1 else 0
            value = self._value(args[first])
            rest = [child for index, child in enumerate(args) if index != first]
            if name.endswith(b"flex") and len(args) > first + 1:
                self._named(value.type, args[first + 1])
                rest.remove(args[first + 1])
            for child in rest:
                self._value(child)
            return Value(node, Type("void", ("p",)))
        if name in _FLEXIBLE and len(args) == 3:
            value = self._value(args[0])
            self._named(value.type.target() if value.type else None, args[1])
            self._value(args[2])
            return Value(node, Type("int"))
        if _ENTRY.match(name) and len(args) >= 2:
            return self._entry(node, args)
        return self._foreign(node, name, args, known)

    def _hint(self, node: Node, name: bytes, argument: Node) -> Value:
        """A prefetch: of a page's own descriptor it can be dropped where it stands alone."""
        value = self._value(argument)
        statement = node.parent
        if not value.holds_page or value.level:
            return Value(node)
        if (statement is None or statement.type != "expression_statement"
                or not self._alone(statement)):
            self._escape(value, Category.PAGE_ONLY_USE, f"is passed to {name.decode()}()")
            return Value(node)
        if any(nodes(argument, kind) for kind in _DOES):
            self._escape(value, Category.PAGE_ONLY_USE,
                         f"is passed to {name.decode()}() by an expression that does more")
            return Value(node)
        idle = self._idle_without(argument)
        if idle:
            self._escape(value, Category.PAGE_ONLY_USE,
                         f"is passed to {name.decode()}(), and {idle} is there for nothing else")
            return Value(node)
        for atom in value.atoms:
            if atom.slot is not None:
                self.graph.uses.append(Use(UseKind.HINT, atom.slot, self._place(statement)))
        return Value(node)

    def _idle_without(self, argument: Node) -> str:
        """A local that nothing would read any more if the hints were gone, or ""."""
        if self.function.body is None:
            return ""
        read: set[bytes] = set()
        declared: set[bytes] = set()
        for one in nodes(self.function.body, "identifier"):
            if _declares(one):
                declared.add(self.parsed.text(one))
            elif not _is_set(one) and not _is_hinted(one):
                read.add(self.parsed.text(one))
        idle = declared - read
        return next((name.decode("latin-1") for one in nodes(argument, "identifier")
                     if (name := self.parsed.text(one)) in idle), "")

    def _alone(self, statement: Node) -> bool:
        """Whether a statement has its lines to itself, in a block, and no comment is about it."""
        block, above = statement.parent, statement.prev_sibling
        source = self.parsed.source
        start = source.rfind(b"\n", 0, statement.start_byte) + 1
        end = source.find(b"\n", statement.end_byte)
        return (block is not None and block.type == "compound_statement"
                and not source[start:statement.start_byte].strip()
                and not source[statement.end_byte:end].strip()
                and not (above is not None and above.type == "comment"
                         and above.end_point[0] + 1 == statement.start_point[0]))

    def _copy(self, node: Node, name: bytes, args: Sequence[Node]) -> Value:
        """kmemdup(): the copy of an array of pages holds the same pages."""
        first = 1 if name.startswith(b"devm") else 0
        value = self._value(args[first])
        for index, child in enumerate(args):
            if index != first:
                self._value(child)
        if value.holds_page and value.level == 0:
            self._escape(value, Category.PAGE_ONLY_USE, f"is passed to {name.decode()}()")
            return Value(node, Type("void", ("p",)))
        if not value.holds_page or value.type is None:
            return Value(node, Type("void", ("p",)))
        derivations = value.type.derivations
        return Value(node, Type(PAGE, ("p", *derivations[1:])), self._moved(node, value))

    def _entry(self, node: Node, args: Sequence[Node]) -> Value:
        """container_of() and its kin: the type is the second argument."""
        self._escape(self._value(args[0]), Category.UNRESOLVED, "its container is looked up")
        text = b" ".join(self.parsed.source[args[1].start_byte:args[1].end_byte].split())
        if not text.startswith((b"struct ", b"union ")):
            before = self.parsed.source[:args[1].start_byte].rstrip()
            for word in (b"struct", b"union"):
                if before.endswith(word):
                    text = word + b" " + text
        type_ = Type(text.decode("latin-1").rstrip(" *"))
        if len(args) > 2:
            self._named(type_, args[2])
        return Value(node, type_.pointer())

    def _named(self, type_: Type | None, node: Node) -> None:
        """The name of a member, given to a macro: it is renamed with the member."""
        if node.type == "identifier":
            self._member(type_, node)
        else:
            self._value(node)

    def _offsetof(self, node: Node) -> Value:
        descriptor = node.child_by_field_name("type")
        member = node.child_by_field_name("member")
        if descriptor is not None and member is not None:
            if member.type == "field_identifier":
                self._member(self._described(descriptor), member)
            else:
                self._value(member)
        return Value(node, Type("int"))

    def _swap(self, node: Node, args: Sequence[Node]) -> Value:
        first, second = self._value(args[0]), self._value(args[1])
        if first.holds_page and second.holds_page:
            self._tie(first, second)
        else:
            self._escape(first, Category.UNRESOLVED, "is swapped with a value of another type")
            self._escape(second, Category.UNRESOLVED, "is swapped with a value of another type")
        return Value(node)

    def _foreign(self, node: Node, name: bytes, args: Sequence[Node],
                 known: Function | None) -> Value:
        """A function or macro that neither the driver defines nor the model knows."""
        title = name.decode("latin-1")
        macro = name in self.symbols.macros
        for child in args:
            value = self._value(child)
            if macro:
                self._escape(value, Category.MACRO, f"is passed to the macro {title}()")
                continue
            if value.holds_page and known is None:
                self.graph.unread_functions.add(name)
            if value.holds_page and name.startswith(_GRANTS):
                self.graph.grants.append((title, self._place(node)))
            category = (Category.OWN_RECYCLING if name in _RECYCLING
                        else Category.PAGE_ONLY_USE)
            self._escape(value, category, f"is passed to {title}()")
        if _GIVES_PAGE.match(name):
            return Value(node, Type(PAGE, ("p",)), (Atom(node),))
        if known is not None:
            result = self.symbols.resolve(known.result)
            return Value(node, result, (Atom(node),) if result.is_page else ())
        return Value(node)

    def _indirect(self, node: Node, function: Node, args: Sequence[Node]) -> Value:
        callee = self._value(function)
        title = self._text(function).decode("latin-1")
        for child in args:
            self._escape(self._value(child), Category.FUNCTION_POINTER,
                         f"is passed through the function pointer {title}")
        type_ = callee.type.result() if callee.type else None
        if type_ is not None and type_.is_page:
            return Value(node, type_, (Atom(node, category=Category.FUNCTION_POINTER),))
        return Value(node, type_)

    def _own(self, node: Node, known: Function, args: Sequence[Node]) -> Value:
        title = known.name.decode("latin-1")
        for index, child in enumerate(args):
            value = self._value(child)
            if index >= len(known.parameters):
                self._escape(value, Category.PAGE_ONLY_USE,
                             f"is a variable argument of {title}()")
                continue
            parameter = known.parameters[index]
            type_ = self.symbols.resolve(parameter.type)
            slot = self.driver.parameter(known, index)
            if slot is not None:
                self.touched.add(slot)
                self._flow(value, slot, type_.level)
            elif value.holds_page:
                if could_carry(type_):
                    self.driver.carriers.note_parameter(known, index)
                self._escape(value, self._hiding(type_),
                             f"is passed to {title}() as another type")
        result = self.symbols.resolve(known.result)
        slot = self.driver.result(known)
        if slot is not None:
            self.touched.add(slot)
            return Value(node, result, (Atom(node, slot),))
        if result.is_page:
            return Value(node, result, (Atom(node),))
        return Value(node, result, carrier=self._carried(
            result, partial(self.driver.carriers.note_result, known)))

    def _unwrap(self, node: Node, argument: Node) -> Value:
        value = self._value(argument)
        slot = self._call_slot(node, "page_to_netmem", None)
        if value.holds_page and any(atom.slot for atom in value.atoms):
            self._flow(value, slot, 0)
            self.graph.uses.append(Use(UseKind.UNWRAP, slot, self._place(node), inner=value.node))
        return Value(node, Type("netmem_ref"))

    def _twin(self, node: Node, function: Node, twin: Twin, args: Sequence[Node]) -> Value:
        chosen = self.driver.target.choose(twin)
        missing, since = twin.netmem, twin.since
        twin = chosen or twin
        slot = self._call_slot(node, twin.page, twin)
        argument: Node | None = None
        for index, child in enumerate(args):
            value = self._value(child)
            if index != twin.arg:
                self._escape(value, Category.PAGE_ONLY_USE, f"is passed to {twin.page}()")
                continue
            argument = child
            if value.carrier is not None:
                value.carrier()
            if value.holds_page:
                self._flow(value, slot, 0)
            elif value.type is not None and not self._is_null(value):
                self.graph.block(slot, Category.VOID_POINTER,
                                 f"{twin.page}() is given a value that is not a page pointer",
                                 self._place(child))
            else:
                self._flow(value, slot, 0)
        if chosen is None:
            has = f" (linux {since} has it)" if since else ""
            self.graph.block(slot, Category.MISSING_API,
                             f"has no netmem form: this kernel has no {missing}(){has}",
                             self._place(node))
        self.graph.calls.append(Call(slot, twin, self._place(node), function, argument))
        if twin.gives:
            return Value(node, Type(PAGE, ("p",)), (Atom(node, slot),))
        if twin.netmem == "netmem_address":
            self.addresses.append((slot, node))
            return Value(node, Type("void", ("p",)))
        return Value(node)


_HANDLERS = {
    "identifier": FunctionReader._identifier,
    "null": FunctionReader._null,
    "string_literal": FunctionReader._string,
    "concatenated_string": FunctionReader._string,
    "number_literal": FunctionReader._number,
    "char_literal": FunctionReader._number,
    "true": FunctionReader._number,
    "false": FunctionReader._number,
    "comment": FunctionReader._leaf,
    "type_descriptor": FunctionReader._leaf,
    "primitive_type": FunctionReader._leaf,
    "field_expression": FunctionReader._field,
    "subscript_expression": FunctionReader._subscript,
    "pointer_expression": FunctionReader._pointer,
    "parenthesized_expression": FunctionReader._parentheses,
    "assignment_expression": FunctionReader._assignment,
    "conditional_expression": FunctionReader._conditional,
    "cast_expression": FunctionReader._cast,
    "compound_literal_expression": FunctionReader._literal,
    "comma_expression": FunctionReader._comma,
    "sizeof_expression": FunctionReader._sizeof,
    "offsetof_expression": FunctionReader._offsetof,
    "unary_expression": FunctionReader._unary,
    "update_expression": FunctionReader._update,
    "binary_expression": FunctionReader._binary,
    "call_expression": FunctionReader._call,
}


def _declares(name: Node) -> bool:
    """Whether an identifier is the one that a declarator declares."""
    above = name.parent
    while above is not None and above.type in ("pointer_declarator", "array_declarator"):
        name, above = above, above.parent
    return above is not None and (
        above.type == "declaration"
        or (above.type == "init_declarator"
            and above.child_by_field_name("declarator") == name))


def _is_set(name: Node) -> bool:
    """Whether an identifier is only assigned to, in a statement of its own."""
    above = name.parent
    return (above is not None and above.type == "assignment_expression"
            and above.child_by_field_name("left") == name
            and above.parent is not None and above.parent.type == "expression_statement")


def _is_hinted(name: Node) -> bool:
    """Whether an identifier is in what a prefetch that stands alone is given."""
    above = name.parent
    while above is not None and above.type != "expression_statement":
        if above.type.endswith("statement"):
            return False
        name, above = above, above.parent
    call = name.child_by_field_name("function") if name.type == "call_expression" else None
    return call is not None and call.text in _HINTS
