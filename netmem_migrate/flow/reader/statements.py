# SPDX-License-Identifier: GPL-2.0-only
"""Statements and declarations: scopes, locals, what they are set to, and what is returned."""

from __future__ import annotations

from functools import partial
from itertools import pairwise

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Step, Steps
from netmem_migrate.c.types import Declarator, Type, read_declarator
from netmem_migrate.flow import keys
from netmem_migrate.flow.carriers import could_carry
from netmem_migrate.flow.graph import Slot, Spelling
from netmem_migrate.flow.reader.core import Named, Reader, states
from netmem_migrate.flow.reader.values import INT, Value
from netmem_migrate.reasons import Category, Why


@states("compound_statement")
def scope(reader: Reader, node: Node) -> Step[None]:
    """A block is a scope of its own."""
    return reader.scoped(node)


@states("comment", "preproc_include", "preproc_def", "preproc_function_def", "preproc_directive",
        "preproc_call", "statement_identifier", "break_statement", "continue_statement",
        "goto_statement")
def nothing(reader: Reader, node: Node) -> None:
    """No page goes anywhere here."""


@states("preproc_if", "preproc_elif")
def conditional(reader: Reader, node: Node) -> Step[None]:
    """Every arm is read; what the condition names is not code."""
    return reader.statements(node, node.child_by_field_name("condition"))


@states("preproc_ifdef", "preproc_elifdef")
def defined(reader: Reader, node: Node) -> Step[None]:
    """Every arm is read; the name is not code."""
    return reader.statements(node, node.child_by_field_name("name"))


@states("preproc_else")
def otherwise(reader: Reader, node: Node) -> Step[None]:
    """The last arm."""
    return reader.statements(node)


@states("return_statement")
def returned(reader: Reader, node: Node) -> Steps[None]:
    """What is returned flows to whoever calls the function."""
    for child in view.children(node):
        value: Value = yield reader.value(child)
        key = keys.of_result(reader.function)
        reader.address(value, (key,))
        if value.at:
            reader.graph.addresses.returns.setdefault(key, reader.place(child))
        result = reader.symbols.resolve(reader.carriers.result_type(reader.function))
        if result.is_page:
            slot = reader.driver.result(reader.function)
            if slot is not None:
                reader.flow(value, slot, result.level)
            else:  # a typedef spells the page
                reader.escape(value, Why.RETURNED_AS_OTHER, category=Category.UNRESOLVED)
        else:
            if value.holds_page and could_carry(result) and value.level == result.level:
                reader.carriers.note_result(reader.symbols, reader.function)
            reader.escape(value, Why.RETURNED_AS_OTHER, category=reader.hiding(result))


@states("declaration")
def declaration(reader: Reader, node: Node) -> Steps[None]:
    """Locals, and what they are set to at first."""
    base = reader.symbols.base_of(reader.path, node.child_by_field_name("type"))
    slots: list[Slot] = []
    for child in node.children_by_field_name("declarator"):
        declarator = read_declarator(base, child, reader.parsed.source)
        slot: Slot | None = yield _local(reader, node, declarator)
        if slot is not None:
            slots.append(slot)
    if node.parent is not None and node.parent.type == "for_statement":
        # The head of a loop has room for one declaration only.
        for one, other in pairwise(slots):
            reader.graph.same.append((one, other, reader.place(node)))
    reader.errors += [child for child in node.named_children if child.type == "ERROR"]


def _local(reader: Reader, node: Node, declarator: Declarator) -> Steps[Slot | None]:
    start = declarator.node.start_byte
    type_ = reader.carriers.local_type(reader.symbols.resolve(declarator.type), reader.path, start)
    slot: Slot | None = None
    if type_.is_page and "f" not in type_.derivations and declarator.identifier is not None:
        slot = _again(reader, node, declarator, type_)
        reader.touched.add(slot)
    note = reader.carried(type_, partial(reader.carriers.note_local, reader.path, start, type_))
    named = Named(type_, slot, note, keys.of_local(reader.path, start))
    if declarator.value is None:
        if declarator.name:
            reader.scopes.say({declarator.name: named})
        return slot
    if declarator.type.base in ("__auto_type", "typeof", "auto"):
        reader.escape((yield reader.value(declarator.value)), Why.UNTYPED_COPY)
        return slot
    # In C the name is in scope inside its own initialiser.
    if declarator.name:
        reader.scopes.say({declarator.name: named})
    yield initialise(reader, named, declarator.value)
    return slot


def _again(reader: Reader, node: Node, declarator: Declarator, type_: Type) -> Slot:
    """The slot of a local; one that two branches of an #if declare is a single slot."""
    before = reader.scopes.last.get(declarator.name, Named(None))
    known = before.slot
    if known is not None and before.type == type_:
        known.spellings.append(Spelling(reader.path, node, declarator.node,
                                        declarator.identifier, reader.title))
        return known
    slot = reader.driver.local(reader.function, node, declarator)
    if before.type is not None:
        for one in (known, slot):
            if one is not None:
                reader.graph.block(one, Why.TWO_TYPES, reader.place(node))
    return slot


# ------------------------------------------------------------- initialisers


def initialise(reader: Reader, named: Named, node: Node) -> Steps[None]:
    """Follow an initialiser into what is declared."""
    type_ = named.type
    if node.type != "initializer_list":
        scalar: Value = yield reader.value(node)
        reader.address(scalar, named.at)
        reader.store(type_, named.slot, scalar, named.note)
        if type_ is not None and (scalar.is_null or scalar.type == INT):
            _elided(reader, reader.symbols.resolve(type_), node)
        return
    position = 0
    for child in view.children(node):
        if child.type == "initializer_pair":
            position, named = yield _pair(reader, type_, named, child, position)
        elif type_ is not None and type_.derivations[:1] == ("a",):
            yield initialise(reader, named._replace(type=type_.target()), child)
        else:
            yield _in_order(reader, type_, child, position)
            position += 1


def _pair(reader: Reader, type_: Type | None, named: Named, node: Node,
          position: int) -> Steps[tuple[int, Named]]:
    """A designated initialiser; the position behind it, and what is then initialised."""
    inside = named._replace(type=type_)
    parts = node.children_by_field_name("designator")
    if not parts:  # the old form `page: NULL`
        parts = [part for part in node.named_children[:1] if part.type == "field_identifier"]
    for part in parts:
        if part.type not in ("field_designator", "field_identifier"):
            inside = inside._replace(type=inside.type.target() if inside.type else None)
            continue
        field = part.named_children[0] if part.named_children else part
        record = (reader.symbols.record(reader.symbols.resolve(type_).base, reader.path)
                  if type_ is not None and inside.type is type_ else None)
        if record is not None and reader.text(field) in record.order:
            position = record.order.index(reader.text(field)) + 1
        inside = reader.member(inside.type, field)
    value = node.child_by_field_name("value")
    if value is not None:
        yield initialise(reader, inside, value)
    return position, named._replace(note=inside.note)


def _in_order(reader: Reader, type_: Type | None, node: Node, position: int) -> Steps[None]:
    """An initialiser without a designator: the member at its position."""
    resolved = reader.symbols.resolve(type_) if type_ else None
    record = (reader.symbols.record(resolved.base, reader.path)
              if resolved and not resolved.derivations else None)
    if record is None or position >= len(record.order):
        yield initialise(reader, Named(None), node)
        return
    member = record.members[record.order[position]]
    declared = reader.carriers.member_type(member)
    key = keys.of_member(member)
    reader.graph.addresses.members[key] = member.name
    note = reader.carried(declared, partial(reader.carriers.note_member, member))
    yield initialise(reader, Named(declared, reader.driver.member(member), note, key), node)


def _elided(reader: Reader, type_: Type, node: Node) -> None:
    """A scalar where a record is initialised: braces are left out, positions unknown."""
    parent = node.parent
    if parent is not None and reader.text(node) == b"0" and len(parent.named_children) == 1:
        return  # = { 0 }
    pending, seen = [type_], set[str]()
    while pending:
        type_ = pending.pop()
        if type_.is_page or "p" in type_.derivations or "f" in type_.derivations \
                or type_.base in seen:
            continue
        seen.add(type_.base)
        record = reader.symbols.record(type_.base, reader.path)
        for member in record.members.values() if record is not None else ():
            slot = reader.driver.member(member)
            if slot is not None:
                reader.graph.block(slot, Why.NO_BRACES, reader.place(node))
            else:
                pending.append(reader.symbols.resolve(reader.carriers.member_type(member)))
