# SPDX-License-Identifier: GPL-2.0-only
"""Edits that make the netmem form of a row (model/forms.py) out of its page form."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.pattern import Match, Pattern
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.graph import Call, FormUse
from netmem_migrate.model.forms import MEMORY, Form
from netmem_migrate.results import Edit

if TYPE_CHECKING:
    from netmem_migrate.convert.passes import Pass

# Expressions that need no parentheses, and places that give them.
_ATOMIC = frozenset({"identifier", "field_expression", "subscript_expression", "call_expression",
                     "parenthesized_expression"})
_CLOSED = frozenset({"argument_list", "parenthesized_expression", "return_statement",
                     "init_declarator"})
_LITERAL = frozenset({"number_literal", "string_literal", "char_literal", "true", "false", "null"})


def edits_of(analysis: Analysis, owner: Pass) -> Iterator[Edit]:
    """Every form of the pass whose page moved; and those that have no page, wherever they stand."""
    graph = analysis.graph
    for call in graph.calls:
        if call.twin.concern == owner.id and analysis.solution.moves(call.slot):
            yield from renamed(owner, call)
    for use in graph.forms:
        if use.form.concern == owner.id and analysis.solution.moves(use.slot):
            yield from _made(analysis, owner, use)
    for row in analysis.rows.of(owner.id):
        if row.renames and not row.gives and MEMORY not in row.spellings[0].operands:
            yield from _anywhere(analysis, owner, row)


def renamed(owner: Pass, call: Call) -> Iterator[Edit]:
    """A call by its other name, with what that takes in addition."""
    twin = call.twin
    yield Edit(call.place.file, call.name.start_byte, call.name.end_byte, twin.netmem.encode(),
               owner.id, f"{twin.page} takes a page")
    if twin.extra:
        end = call.place.node.end_byte - 1
        yield Edit(call.place.file, end, end, b", " + twin.extra.encode(), owner.id,
                   f"{twin.page}() implies it, {twin.netmem}() does not")


def _made(analysis: Analysis, owner: Pass, use: FormUse) -> Iterator[Edit]:
    """What stands around the page, anew; the page itself stays, so that it can change too."""
    form = analysis.target.choose(use.form) or use.form
    node, page = use.place.node, use.match.operands[MEMORY]
    before, after = _around(analysis, use.place.file, form.becomes, use.match)
    root = form.becomes.node
    alone = root is not None and root.type == "identifier"
    loose = (page if alone or root is None else root).type not in _ATOMIC
    closed = _CLOSED if alone else _CLOSED | {"assignment_expression"}
    if loose and (use.match.negated or not (
            node.parent is not None and node.parent.type in closed)):
        before, after = "(" + before, after + ")"
    sign = "!" if use.match.negated else ""
    why = f"{form.page} of a netmem"
    yield Edit(use.place.file, node.start_byte, page.start_byte, (sign + before).encode("latin-1"),
               owner.id, why)
    yield Edit(use.place.file, page.end_byte, node.end_byte, after.encode("latin-1"), owner.id, why)


def _around(analysis: Analysis, file: str, becomes: Pattern, match: Match) -> tuple[str, str]:
    """The netmem form, in two: what stands before the page, and what stands behind it."""
    def text(node: Node) -> str:
        return analysis.sources[file][node.start_byte:node.end_byte].decode("latin-1")

    mark = "\0"
    given = {name: text(one) for name, one in match.operands.items()} | {MEMORY: mark}
    for name, one in match.operands.items():
        # What is computed with in the new form is one operand there too.
        if one.type not in _ATOMIC | _LITERAL and becomes.computes_with(name):
            given[name] = f"({given[name]})"
    before, _, after = becomes.fill(given, ", ".join(map(text, match.rest))).partition(mark)
    return before, after


def _anywhere(analysis: Analysis, owner: Pass, row: Form) -> Iterator[Edit]:
    """Calls that no page flows through: every one in the driver, where the target has the other."""
    form = analysis.target.choose(row)
    if form is None:
        return
    for file, found in calls_of(analysis, row):
        yield Edit(file, found.function.start_byte, found.function.end_byte,
                   form.becomes.name.encode(), owner.id, f"{row.call}() is not for netmem")
        if form.extra:
            end = found.node.end_byte - 1
            yield Edit(file, end, end, ", ".join(("", *form.extra)).encode(), owner.id,
                       f"{form.becomes.name}() takes it in addition")


def calls_of(analysis: Analysis, row: Form) -> Iterator[tuple[str, view.Call]]:
    """Every call in the driver's own files that looks like a row."""
    name = row.call.encode()
    for file in analysis.driver.files:
        source = analysis.sources[file]
        if name not in source:
            continue
        parsed = analysis.symbols.files.get(file) or \
            analysis.symbols.texts.parse(analysis.originals[file])
        for found in view.calls(parsed.tree.root_node):
            if found.name == name and row.spellings[0].match(found.node) is not None:
                yield file, found


