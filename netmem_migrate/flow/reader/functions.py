# SPDX-License-Identifier: GPL-2.0-only
"""Read one function, or an initialiser at file scope, into the driver's graph."""

from __future__ import annotations

import re
from functools import partial

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.steps import Step, run
from netmem_migrate.c.symbols import Function, Global
from netmem_migrate.c.types import Type
from netmem_migrate.flow import keys
from netmem_migrate.flow.graph import Slot
from netmem_migrate.flow.reader import calls, comparisons, expressions, statements
from netmem_migrate.flow.reader.core import FORMS, Named, Reader
from netmem_migrate.flow.reader.forms import form
from netmem_migrate.flow.slots import Slots
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.reasons import Why

# What enters its handlers by being imported.
KINDS = (calls, comparisons, expressions, statements)
FORMS.append(form)


def read_function(driver: Slots, function: Function) -> frozenset[Slot]:
    """Read a function whole; the slots that it touches."""
    reader = Reader(driver, function)
    for index, parameter in enumerate(function.parameters):
        slot = driver.parameter(function, index)
        if parameter.name:
            type_ = driver.carriers.parameter_type(function, index)
            note = reader.carried(type_, partial(
                driver.carriers.note_parameter, driver.symbols, function, index))
            named = Named(type_, slot, note, keys.of_parameter(function, index))
            reader.scopes.say({parameter.name: named})
        if slot is not None:
            reader.touched.add(slot)
    result = driver.result(function)
    if result is not None:
        reader.touched.add(result)
    if function.body is not None:
        run(reader.statement(function.body))
        if reader.addresses:
            _read_by_host(reader, function.body)
    if reader.errors:
        first = reader.errors[0]
        for slot in reader.touched:
            reader.graph.block(slot, Why.NOT_PARSED, reader.place(first))
    return frozenset(reader.touched)


def read_global(driver: Slots, variable: Global, value: Node) -> None:
    """Follow the initialiser of a variable at file scope."""
    outside = Function(b"", variable.file, True, Type("void"), variable.declaration,
                       variable.declarator.node, None)
    named = Named(driver.symbols.resolve(driver.carriers.global_type(variable)),
                  driver.global_(variable), key=keys.of_global(variable))
    followed: Step[None] = statements.initialise(Reader(driver, outside), named, value)
    run(followed)


def _read_by_host(reader: Reader, body: Node) -> None:
    """Note which addresses of pages go, directly or by a local, to what reads packets."""
    readers = [one for one in view.calls(body) if has(
        reader.text(one.function), Trait.READS_PACKET)]
    if not readers:
        return
    for slot, node in reader.addresses:
        kept = _assigned(reader, node)
        word = re.compile(rb"(?<![\w.>])" + re.escape(kept) + rb"\b") if kept else None
        for one in readers:
            arguments = one.arguments
            inside = arguments.start_byte <= node.start_byte < arguments.end_byte
            if inside or (word is not None and word.search(reader.text(arguments))):
                reader.graph.host_reads.setdefault(
                    slot, (reader.text(one.function).decode("latin-1"), reader.place(one.node)))


def _assigned(reader: Reader, node: Node) -> bytes:
    """The variable that an address is kept in, offsets added to it or not."""
    while (parent := node.parent) is not None:
        if parent.type in ("init_declarator", "assignment_expression"):
            left = parent.child_by_field_name(
                "declarator" if parent.type == "init_declarator" else "left")
            return reader.text(left).strip(b"* ") if left is not None else b""
        if parent.type not in ("binary_expression", "cast_expression",
                               "parenthesized_expression", "conditional_expression"):
            return b""
        node = parent
    return b""
