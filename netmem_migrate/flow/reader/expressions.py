# SPDX-License-Identifier: GPL-2.0-only
"""Expressions other than calls and comparisons: what they are worth, and where pages go in them."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Steps
from netmem_migrate.c.types import Type
from netmem_migrate.flow.carriers import could_carry
from netmem_migrate.flow.graph import Use, UseKind
from netmem_migrate.flow.keys import Key
from netmem_migrate.flow.reader.core import Named, Reader, reads
from netmem_migrate.flow.reader.statements import initialise
from netmem_migrate.flow.reader.values import INT, MEMORY, Atom, Value
from netmem_migrate.reasons import Category, Why

_NULL = b"NULL"
_NUMBERS = frozenset({"unsigned long", "uintptr_t"})  # that can be an address


@reads("comment", "type_descriptor", "primitive_type")
def leaf(reader: Reader, node: Node) -> Value:
    """Nothing of worth."""
    return Value(node)


@reads("string_literal", "concatenated_string")
def string(reader: Reader, node: Node) -> Value:
    """Text."""
    return Value(node, Type("char", ("p",)))


@reads("number_literal", "char_literal", "true", "false")
def number(reader: Reader, node: Node) -> Value:
    """A number."""
    return Value(node, INT)


@reads("null")
def null(reader: Reader, node: Node) -> Value:
    """NULL, of whatever type is wanted."""
    return Value(node, MEMORY, (Atom(node, null=True),))


@reads("identifier")
def identifier(reader: Reader, node: Node) -> Value:
    """A local, a parameter, a global; else a function whose address is taken, or a macro's word."""
    name = reader.text(node)
    if name == _NULL:
        return null(reader, node)
    place = reader.seen(node)
    found = reader.lookup(name)
    if found is None:
        function = reader.symbols.function(name, reader.path)
        if function is not None:
            reader.driver.address_taken(function, place)
        else:  # a macro may be given the name of a member
            reader.graph.unresolved_members.setdefault(name, []).append(place)
        return Value(node)
    if found.slot is None:
        atoms = (Atom(node),) if found.type is not None and found.type.is_page else ()
        return Value(node, found.type, atoms, found.note, at=found.at)
    reader.touched.add(found.slot)
    found.slot.names.append(place)
    return Value(node, found.type, (Atom(node, found.slot),), at=found.at)


@reads("field_expression")
def member(reader: Reader, node: Node) -> Steps[Value]:
    """A member: of a record of the driver, or of struct page itself."""
    found = view.field(node)
    if found is None:
        return Value(node)
    reader.seen(found.member)
    value: Value = yield reader.value(found.base)
    if value.holds_page and value.level == 0:
        reader.escape(value, Why.MEMBER_READ, by=reader.text(found.member).decode("latin-1"))
        return Value(node)
    if value.holds_page:
        reader.escape(value, Why.AS_RECORD)
        return Value(node)
    type_ = value.type
    if type_ is not None and (found.arrow or type_.derivations[:1] == ("a",)):
        type_ = reader.symbols.resolve(type_).target()
    named = reader.member(type_, found.member)
    if named.slot is not None:
        return Value(node, named.type, (Atom(node, named.slot),), at=named.at)
    if named.type is not None and named.type.is_page:
        return Value(node, named.type, (Atom(node),))
    unread = (named.type is None and type_ is not None and type_.base.startswith("struct ")
              and not type_.derivations and type_.base not in reader.symbols.records)
    at = named.at or _from_kernel(value)
    if named.type is None and type_ is not None and type_.base not in reader.symbols.records:
        at = reader.source(f"{type_.base}.{reader.word(found.member)}", found.member, value.at)
    elif found.arrow and type_ is not None:
        reader.graph.addresses.inside += [(one, type_.base, node.id in reader.targets,
                                             reader.place(node))
                                          for one in value.at]
    return Value(node, named.type, carrier=named.note,
                 record=type_.base if unread and type_ is not None else "", at=at)


@reads("subscript_expression")
def subscript(reader: Reader, node: Node) -> Steps[Value]:
    """An element: the same slot, one level down."""
    argument, index = node.child_by_field_name("argument"), node.child_by_field_name("index")
    value: Value = (yield reader.value(argument)) if argument is not None else Value(node)
    if index is not None:
        reader.escape((yield reader.value(index)), Why.NUMBER)
    if value.type is None:
        return Value(node, at=_from_kernel(value))
    type_ = reader.symbols.resolve(value.type)
    if type_.is_page and type_.level == 0:
        reader.escape(value, Why.INDEXED)
        return Value(node)
    return _inside(node, type_.target(), value)


def _from_kernel(value: Value) -> tuple[Key, ...]:
    """What gives a value of unknown type, as far as that is the kernel."""
    return tuple(key for key in value.at if key[0] == "source")


def _inside(node: Node, type_: Type | None, value: Value) -> Value:
    """What a value points to: what is read of memory at an address is no address for that."""
    kept = type_ is None or "p" in type_.derivations or type_.base in _NUMBERS
    return Value(node, type_, value.moved(node), value.carrier, at=value.at if kept else ())


@reads("pointer_expression")
def pointer(reader: Reader, node: Node) -> Steps[Value]:
    """`*x` and `&x`: the same slot, one level down or up."""
    found = view.prefix(node)
    if found is None:
        return Value(node)
    value: Value = yield reader.value(found.argument)
    if value.type is None:
        return Value(node, at=_from_kernel(value))
    if found.sign == "&":
        return Value(node, value.type.pointer(), value.moved(node), value.carrier, at=value.at)
    type_ = reader.symbols.resolve(value.type)
    if type_.is_page and type_.level == 0:
        reader.escape(value, Why.STRUCT_READ)
        return Value(node)
    return _inside(node, type_.target(), value)


@reads("parenthesized_expression")
def parentheses(reader: Reader, node: Node) -> Steps[Value]:
    """What is inside; `({ ... })` is worth its last expression."""
    inside = view.children(node)
    if len(inside) != 1:
        for child in inside:
            yield reader.value(child)
        return Value(node)
    if inside[0].type == "compound_statement":
        value: Value = yield _statement_expression(reader, inside[0])
        return value
    value = yield reader.value(inside[0])
    return Value(value.node, value.type, value.atoms, value.carrier, at=value.at)


def _statement_expression(reader: Reader, node: Node) -> Steps[Value]:
    reader.scopes.push({})
    value = Value(node)
    children = view.children(node)
    for index, child in enumerate(children):
        if index == len(children) - 1 and child.type == "expression_statement":
            inner = child.named_children
            value = (yield reader.value(inner[0])) if inner else value
        else:
            yield reader.statement(child)
    reader.scopes.pop()
    return value


@reads("assignment_expression")
def assignment(reader: Reader, node: Node) -> Steps[Value]:
    """`x = y` is a flow; any other assignment computes with what it is given."""
    found = view.infix(node)
    if found is None:
        return Value(node)
    reader.targets.add(found.left.id)
    target: Value = yield reader.value(found.left)
    value: Value = yield reader.value(found.right)
    reader.address(value, target.at)
    if found.sign != "=":
        if target.holds_page and target.level == 0:
            reader.escape(target, Why.ARITHMETIC, stored=True)
        reader.escape(value, Why.NUMBER)
        return Value(node, target.type, target.atoms, at=target.at)
    if target.holds_page and target.slots:
        for slot in target.slots:
            reader.flow(value, slot, target.level)
    else:
        type_ = reader.symbols.resolve(target.type) if target.type else None
        if value.holds_page and target.record:
            reader.graph.unread_records.add(target.record)
        reader.store(type_, None, value, target.carrier)
    return Value(node, target.type, target.moved(node), target.carrier, at=target.at)


@reads("conditional_expression")
def conditional(reader: Reader, node: Node) -> Steps[Value]:
    """Either arm; where one holds a page, the other must be one, or NULL."""
    condition = node.child_by_field_name("condition")
    tested: Value | None = (
        (yield reader.value(condition)) if condition is not None else None)
    values: list[Value] = []
    for name in ("consequence", "alternative"):
        arm = node.child_by_field_name(name)
        if arm is not None:
            values.append((yield reader.value(arm)))
    if tested is not None and node.child_by_field_name("consequence") is None:
        values.insert(0, tested)  # x ?: y
    page = next((value for value in values if value.holds_page), None)
    at = tuple(one for value in values for one in value.at)
    if page is None:
        return Value(node, next((value.type for value in values
                                 if value.type is not None and not value.is_null), None), at=at)
    atoms: list[Atom] = []
    for value in values:
        if value.holds_page or value.is_null:
            atoms.extend(value.atoms)
        else:
            atoms.append(Atom(value.node, category=Category.VOID_POINTER
                              if value.type is not None else Category.PAGE_ONLY_USE))
    return Value(node, page.type, tuple(atoms), at=at)


@reads("cast_expression")
def cast(reader: Reader, node: Node) -> Steps[Value]:
    """Between pages and `void *` what the page is stored in decides, not the cast."""
    descriptor, inner = node.child_by_field_name("type"), node.child_by_field_name("value")
    if descriptor is None or inner is None:
        return Value(node)
    type_ = reader.symbols.resolve(reader.described(descriptor))
    if inner.type == "initializer_list":
        yield initialise(reader, Named(type_), inner)
        return Value(node, type_)
    value: Value = yield reader.value(inner)
    if (type_.is_page or could_carry(type_)) and value.holds_page and value.level == type_.level:
        for slot in value.slots:
            reader.graph.uses.append(Use(UseKind.CAST, slot, reader.place(node), inner=inner))
        # Of several origins each is what stands in its own arm, and not the whole of it.
        atoms = value.moved(node) if len(value.atoms) == 1 else value.atoms
        return Value(node, value.type, atoms, at=value.at)
    if type_.is_page:
        if value.carrier is not None:
            value.carrier()
        return Value(node, type_, (Atom(node, category=Category.VOID_POINTER),), at=value.at)
    if value.is_null:
        return Value(node, type_)
    reader.escape(value, Why.CAST, category=reader.hiding(type_))
    return Value(node, type_, at=value.at)


@reads("compound_literal_expression")
def literal(reader: Reader, node: Node) -> Steps[Value]:
    """`(struct x){ ... }`."""
    descriptor, value = node.child_by_field_name("type"), node.child_by_field_name("value")
    if descriptor is None or value is None:
        return Value(node)
    type_ = reader.symbols.resolve(reader.described(descriptor))
    yield initialise(reader, Named(type_), value)
    return Value(node, type_)


@reads("comma_expression")
def comma(reader: Reader, node: Node) -> Steps[Value]:
    """The last one."""
    value = Value(node)
    for child in node.named_children:
        value = yield reader.value(child)
    return value


@reads("sizeof_expression")
def size(reader: Reader, node: Node) -> Steps[Value]:
    """A number; the type that it names may follow an array that moves."""
    value, descriptor = node.child_by_field_name("value"), node.child_by_field_name("type")
    if value is not None:
        yield reader.value(value)
    if descriptor is not None:
        type_ = reader.described(descriptor)
        if (type_.is_page or could_carry(type_)) and type_.level == 0:
            reader.driver.sizes.append((reader.place(node), descriptor))
    return Value(node, INT)


@reads("offsetof_expression")
def offset(reader: Reader, node: Node) -> Steps[Value]:
    """A number; the member is named by it."""
    descriptor, member_ = node.child_by_field_name("type"), node.child_by_field_name("member")
    if descriptor is not None and member_ is not None:
        if member_.type == "field_identifier":
            reader.member(reader.described(descriptor), member_)
        else:
            yield reader.value(member_)
    return Value(node, INT)


@reads("unary_expression")
def unary(reader: Reader, node: Node) -> Steps[Value]:
    """`!x` asks for a page too; any other operator takes a number."""
    argument, operator = node.child_by_field_name("argument"), node.child_by_field_name("operator")
    value: Value = (yield reader.value(argument)) if argument is not None else Value(node)
    if operator is not None and operator.type != "!":
        reader.escape(value, Why.NUMBER)
    return Value(node, INT)


@reads("update_expression")
def update(reader: Reader, node: Node) -> Steps[Value]:
    """`x++`: of a cursor it is the next page, of a page it is arithmetic."""
    argument = node.child_by_field_name("argument")
    value: Value = (yield reader.value(argument)) if argument is not None else Value(node)
    if value.holds_page and value.level == 0:
        reader.escape(value, Why.ARITHMETIC, stored=True)
    return Value(node, value.type, value.moved(node), at=value.at)
