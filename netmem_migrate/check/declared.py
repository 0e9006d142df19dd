# SPDX-License-Identifier: GPL-2.0-only
"""Where the things in an expression are declared: the lines that an error of types is due to."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.typed import WAYS
from netmem_migrate.c.types import PAGE, Record
from netmem_migrate.check.paths.lines import said
from netmem_migrate.check.types import Types
from netmem_migrate.results import Waypoint


def of_expressions(symbols: Symbols, path: str, types: Types,
                   *given: Node) -> tuple[Waypoint, ...]:
    """Where the members, variables and functions are declared that some expressions lead to."""
    return tuple(dict.fromkeys(
        at for one in given for at in _declared(symbols, path, types, one)))


def of_function(symbols: Symbols, function: Function) -> Iterator[Waypoint]:
    """The head of a function, or its prototype."""
    yield _at(symbols, function.file, function.declarator)


def of_parameter(symbols: Symbols, name: bytes, number: int) -> Iterator[Waypoint]:
    """Where a parameter of a function is declared: in the definition, and in each prototype."""
    for one in symbols.functions.get(name, ()):
        if number < len(one.parameters):
            yield _at(symbols, one.file, one.parameters[number].declaration)


def of_difference(symbols: Symbols, one: Function, other: Function) -> tuple[Waypoint, ...]:
    """Where two heads of a function differ: parameter by parameter, or as a whole."""
    sides = one.parameters, other.parameters
    apart = [number for number, (a, b) in enumerate(zip(*sides, strict=False))
             if symbols.resolve(a.type) != symbols.resolve(b.type)]
    if len(sides[0]) != len(sides[1]) or not apart:
        return (*of_function(symbols, one), *of_function(symbols, other))
    return tuple(_at(symbols, function.file, function.parameters[number].declaration)
                 for number in apart for function in (one, other))


def of_record(symbols: Symbols, record: Record) -> tuple[Waypoint, ...]:
    """The members of a record that are pages, or of no type; where it has none, the first one."""
    members = [record.members[name] for name in record.order if name in record.members]
    pages = [one for one in members if one.type.base in (PAGE, "void")]
    return tuple(_at(symbols, one.file, one.declaration) for one in pages or members[:1])


def _declared(symbols: Symbols, path: str, types: Types, node: Node) -> Iterator[Waypoint]:
    node = view.bare(node)
    while True:
        if node.type == "cast_expression" and (value := view.value(node)) is not None:
            node = view.bare(value)
        elif node.type == "field_expression":
            break
        elif node.type in WAYS and (inner := view.operand(node)) is not None:
            node = view.bare(inner)
        else:
            break
    field, call = view.field(node), view.call(node)
    if field is not None:
        base = types.of(field.base)
        found = symbols.member(base.target() if base is not None and field.arrow else base,
                               field.name, path)
        if found is not None:
            yield _at(symbols, found.file, found.declaration)
    elif call is not None:
        for one in symbols.functions.get(call.name, ()):
            yield from of_function(symbols, one)
    elif node.type == "identifier" and view.text(node) not in types.declared:
        variable = symbols.variable(view.text(node), path)
        if variable is not None:
            yield _at(symbols, variable.file, variable.declaration)


def _at(symbols: Symbols, file: str, node: Node) -> Waypoint:
    return Waypoint(file, symbols.files[file].line_of(node.start_byte), said(node))
