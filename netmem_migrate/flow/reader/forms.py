# SPDX-License-Identifier: GPL-2.0-only
"""Forms that are more than a call of the page by another name: what rows of the model look like.

Such code is a slot of its own, as a call of the page API is: it reads differently when the page
that stands in it moves.
"""

from __future__ import annotations

from functools import cache

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.steps import Steps
from netmem_migrate.c.types import Type
from netmem_migrate.flow.graph import FormUse
from netmem_migrate.flow.reader.core import Reader
from netmem_migrate.flow.reader.values import INT, Value
from netmem_migrate.model.forms import MEMORY, Form
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.reasons import Why


def form(reader: Reader, node: Node) -> Steps[Value | None]:
    """Read a node as one of the forms of the table; None where it is none of a page.

    The page is read once: what reads the node instead finds its value again.
    """
    for row, spelled in reader.patterns.get(node.type, ()):
        match = spelled.match(node)
        if match is None:
            continue
        operand = match.operands[MEMORY]
        value: Value = yield reader.value(operand)
        if value.holds_page and value.level == 0 and value.slots:
            use = FormUse(row, reader.call_slot(node, _title(row)), reader.place(node), match)
            found: Value = yield _found(reader, node, row, use, value)
            return found
        reader.again(operand, value)
    return None


def _found(reader: Reader, node: Node, row: Form, use: FormUse, value: Value) -> Steps[Value]:
    others = [one for name, one in use.match.operands.items() if name != MEMORY]
    for one in others:
        yield reader.value(one)
    for leaf in (*nodes(node, "identifier"), *nodes(node, "field_identifier")):
        # An operand that the form has twice was read once.
        reader.seen(leaf)
    worth = Value(node, _type(row))
    if not reader.driver.fits(row):
        reader.escape(value, Why.NO_API, by=row.needs[0], other=row.oldest)
    elif any(_names_slot(reader, one) for one in others):
        # The operands can change their order, so nothing else may change in them.
        reader.escape(value, Why.NODE_COMPARED)
    else:
        reader.flow(value, use.slot, 0)
        reader.graph.forms.append(use)
    return worth


def _names_slot(reader: Reader, node: Node) -> bool:
    return any(place.file == reader.path and place.node.start_byte >= node.start_byte
               and place.node.end_byte <= node.end_byte
               for slot in reader.touched for place in slot.names)


@cache
def _title(row: Form) -> str:
    """How a chain of flows names the form: by its function, or by what it looks like."""
    spelled = row.spellings[0]
    return spelled.functions[0] if spelled.functions else spelled.fill({MEMORY: "page"}).lstrip("&")


@cache
def _type(row: Form) -> Type:
    """The type of the code, as the functions say that it is made of."""
    known = BY_NAME.get(row.becomes.name or row.call)
    if known is None or row.spellings[0].node is None or \
            row.spellings[0].node.type == "binary_expression":
        return INT
    result = known.prototype.partition(known.name + "(")[0].strip()
    type_ = Type(result.rstrip("* "))
    for _ in range(result.count("*")):
        type_ = type_.pointer()
    return type_
