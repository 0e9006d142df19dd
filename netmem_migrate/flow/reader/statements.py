# SPDX-License-Identifier: GPL-2.0-only
"""Statements and declarations: scopes, locals, what they are set to, and what is returned."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import pairwise

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.types import Declarator, Type, read_declarator
from netmem_migrate.flow.carriers import could_carry
from netmem_migrate.flow.graph import Slot, Spelling
from netmem_migrate.flow.reader.core import Reader, states
from netmem_migrate.flow.reader.values import INT
from netmem_migrate.reasons import Why

_Note = Callable[[], None]


@states("compound_statement", "for_statement")
def scope(reader: Reader, node: Node) -> None:
    """A block, and a loop that can declare, are scopes of their own."""
    reader.scoped(node)


@states("comment", "preproc_include", "preproc_def", "preproc_function_def", "preproc_directive",
        "preproc_call", "statement_identifier", "break_statement", "continue_statement",
        "goto_statement")
def nothing(reader: Reader, node: Node) -> None:
    """No page goes anywhere here."""


@states("preproc_if", "preproc_elif")
def conditional(reader: Reader, node: Node) -> None:
    """Every arm is read; what the condition names is not code."""
    reader.statements(node, node.child_by_field_name("condition"))


@states("preproc_ifdef", "preproc_elifdef")
def defined(reader: Reader, node: Node) -> None:
    """Every arm is read; the name is not code."""
    reader.statements(node, node.child_by_field_name("name"))


@states("preproc_else")
def otherwise(reader: Reader, node: Node) -> None:
    """The last arm."""
    reader.statements(node)


@states("return_statement")
def returned(reader: Reader, node: Node) -> None:
    """What is returned flows to whoever calls the function."""
    for child in view.children(node):
        value = reader.value(child)
        result = reader.symbols.resolve(reader.carriers.result_type(reader.function))
        if result.is_page:
            slot = reader.driver.result(reader.function)
            if slot is not None:
                reader.flow(value, slot, result.level)
        else:
            if value.holds_page and could_carry(result):
                reader.carriers.note_result(reader.symbols, reader.function)
            reader.escape(value, Why.RETURNED_AS_OTHER, category=reader.hiding(result))


@states("declaration")
def declaration(reader: Reader, node: Node) -> None:
    """Locals, and what they are set to at first."""
    base = reader.symbols.base_of(reader.path, node.child_by_field_name("type"))
    slots: list[Slot] = []
    for child in node.children_by_field_name("declarator"):
        slot = _local(reader, node, read_declarator(base, child, reader.parsed.source))
        if slot is not None:
            slots.append(slot)
    if node.parent is not None and node.parent.type == "for_statement":
        # The head of a loop has room for one declaration only.
        for one, other in pairwise(slots):
            reader.graph.same.append((one, other, reader.place(node)))
    reader.errors += [child for child in node.named_children if child.type == "ERROR"]


def _local(reader: Reader, node: Node, declarator: Declarator) -> Slot | None:
    start = declarator.node.start_byte
    type_ = reader.carriers.local_type(reader.symbols.resolve(declarator.type), reader.path, start)
    slot: Slot | None = None
    if type_.is_page and "f" not in type_.derivations and declarator.identifier is not None:
        slot = _again(reader, node, declarator, type_)
        reader.touched.add(slot)
    note = reader.carried(type_, partial(reader.carriers.note_local, reader.path, start, type_))
    if declarator.value is None:
        if declarator.name:
            reader.scopes[-1][declarator.name] = (type_, slot, note)
        return slot
    if declarator.type.base in ("__auto_type", "typeof", "auto"):
        reader.escape(reader.value(declarator.value), Why.UNTYPED_COPY)
        return slot
    # In C the name is in scope inside its own initialiser.
    if declarator.name:
        reader.scopes[-1][declarator.name] = (type_, slot, note)
    initialise(reader, type_, slot, declarator.value, note)
    return slot


def _again(reader: Reader, node: Node, declarator: Declarator, type_: Type) -> Slot:
    """The slot of a local; one that two branches of an #if declare is a single slot."""
    known_type, known, _ = reader.scopes[-1].get(declarator.name, (None, None, None))
    if known is not None and known_type == type_:
        known.spellings.append(Spelling(reader.path, node, declarator.node,
                                        declarator.identifier, reader.title))
        return known
    slot = reader.driver.local(reader.function, node, declarator)
    if known_type is not None:
        for one in (known, slot):
            if one is not None:
                reader.graph.block(one, Why.TWO_TYPES, reader.place(node))
    return slot


# ------------------------------------------------------------- initialisers


def initialise(reader: Reader, type_: Type | None, slot: Slot | None, node: Node,
               note: _Note | None = None) -> None:
    """Follow an initialiser into a variable of `type_`, whose slot is `slot` if it has one.

    `note` is called if a page goes into a variable that is declared void.
    """
    if node.type != "initializer_list":
        scalar = reader.value(node)
        reader.store(type_, slot, scalar, note)
        if type_ is not None and (scalar.is_null or scalar.type == INT):
            _elided(reader, reader.symbols.resolve(type_), node)
        return
    position = 0
    for child in view.children(node):
        if child.type == "initializer_pair":
            position, note = _pair(reader, type_, slot, child, position, note)
        elif type_ is not None and type_.derivations[:1] == ("a",):
            initialise(reader, type_.target(), slot, child, note)
        else:
            _in_order(reader, type_, child, position)
            position += 1


def _pair(reader: Reader, type_: Type | None, slot: Slot | None, node: Node, position: int,
          note: _Note | None) -> tuple[int, _Note | None]:
    """A designated initialiser; the position behind it, and the note that is then in force."""
    designated: Type | None = type_
    inside = slot
    parts = node.children_by_field_name("designator")
    if not parts:  # the old form `page: NULL`
        parts = [part for part in node.named_children[:1] if part.type == "field_identifier"]
    for part in parts:
        if part.type not in ("field_designator", "field_identifier"):
            designated = designated.target() if designated else None
            continue
        field = part.named_children[0] if part.named_children else part
        record = (reader.symbols.record(reader.symbols.resolve(type_).base, reader.path)
                  if type_ is not None and designated is type_ else None)
        if record is not None and reader.text(field) in record.order:
            position = record.order.index(reader.text(field)) + 1
        designated, inside, note = reader.member(designated, field)
    value = node.child_by_field_name("value")
    if value is not None:
        initialise(reader, designated, inside, value, note)
    return position, note


def _in_order(reader: Reader, type_: Type | None, node: Node, position: int) -> None:
    """An initialiser without a designator: the member at its position."""
    resolved = reader.symbols.resolve(type_) if type_ else None
    record = (reader.symbols.record(resolved.base, reader.path)
              if resolved and not resolved.derivations else None)
    if record is None or position >= len(record.order):
        initialise(reader, None, None, node)
        return
    member = record.members[record.order[position]]
    declared = reader.carriers.member_type(member)
    initialise(reader, declared, reader.driver.member(member), node,
               reader.carried(declared, partial(reader.carriers.note_member, member)))


def _elided(reader: Reader, type_: Type, node: Node) -> None:
    """A scalar where a record is initialised: braces are left out, positions unknown."""
    parent = node.parent
    if parent is not None and reader.text(node) == b"0" and len(parent.named_children) == 1:
        return  # = { 0 }
    if type_.is_page or "p" in type_.derivations or "f" in type_.derivations:
        return
    record = reader.symbols.record(type_.base, reader.path)
    for member in record.members.values() if record is not None else ():
        slot = reader.driver.member(member)
        if slot is not None:
            reader.graph.block(slot, Why.NO_BRACES, reader.place(node))
        else:
            _elided(reader, reader.symbols.resolve(reader.carriers.member_type(member)), node)
