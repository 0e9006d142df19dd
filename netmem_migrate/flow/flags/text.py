# SPDX-License-Identifier: GPL-2.0-only
"""What a patch does so that a pool syncs for the device, and that it does nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.flow.sync.text import fewer
from netmem_migrate.flow.sync.unused import Gone, unused
from netmem_migrate.model.arguments import place_of
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import (
    DMA_SYNC,
    FLAGS,
    MAX_LEN,
    OFFSET,
    POOL_PARAMS,
    SYNC_SIZE,
)

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.results import FileChange

_OWN = frozenset((MAX_LEN.encode(), OFFSET.encode()))


@dataclass(frozen=True, slots=True)
class _Text:
    """One side of a file with what such a patch may change taken out: (start, end, what is left),
    and those of the calls, by node."""

    parsed: ParsedFile
    edits: tuple[Gone, ...]
    calls: Mapping[Node, bytes]
    syncs: tuple[Node, ...]

    @property
    def plain(self) -> tuple[str, ...]:
        """The rest, as tokens."""
        return tokens(replaced(self.parsed.original, self.edits))


def is_flagged(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile]) -> bool:
    """Whether all that two texts differ in is flags and sizes of pools, sizes of puts, syncs for
    the device, and locals that go with those."""
    return all(_same(before[path], after[path]) for path in before) and any(
        tokens(before[path].original) != tokens(after[path].original) for path in before)


def _same(before: ParsedFile, after: ParsedFile) -> bool:
    old, new = _taken_out(before), _taken_out(after)
    wanted = new.plain
    if old.plain == wanted:
        return True
    # Of the syncs, those that stay keep their locals.
    kept = {view.text(one) for one in new.syncs}
    gone = _gone(old, kept, fewer(before, after))
    edits = sorted((*old.edits, *gone))
    return tokens(replaced(before.original, edits)) == wanted


def _gone(old: _Text, kept: set[bytes], swaps: frozenset[bytes]) -> list[Gone]:
    found: list[Gone] = []
    for function in nodes(old.parsed.tree.root_node, "function_definition"):
        mine = {node: text for node, text in old.calls.items()
                if function.start_byte <= node.start_byte < function.end_byte
                and view.text(node) not in kept}
        if mine:
            found += unused(old.parsed.original, function, mine, swaps)
    return found


def restored(change: FileChange) -> bytes | None:
    """The text before with all that such a patch does; None where it does anything else."""
    return change.after if _same(change.parsed_before, change.parsed_after) else None


def _taken_out(parsed: ParsedFile) -> _Text:
    root = parsed.tree.root_node
    edits: list[Gone] = []
    calls: dict[Node, bytes] = {}
    syncs: list[Node] = []
    for call in view.calls(root):
        at = place_of(call.name, SYNC_SIZE)
        if at is not None and at < len(call.args):
            size = call.args[at]
            edits.append((size.start_byte, size.end_byte, b"-1"))
            start = call.node.start_byte
            calls[call.node] = replaced(view.text(call.node), [
                (size.start_byte - start, size.end_byte - start, b"-1")])
        statement = call.node.parent
        if has(call.name, Trait.SYNCS_DEVICE) and statement is not None and \
                statement.type == "expression_statement" and statement.parent is not None and \
                statement.parent.type == "compound_statement":
            edits.append((statement.start_byte, statement.end_byte, b""))
            calls[call.node] = b""
            syncs.append(call.node)
    for function in nodes(root, "function_definition"):
        edits += _parameters(parsed, function)
    return _Text(parsed, tuple(sorted(edits)), calls, tuple(syncs))


def _parameters(parsed: ParsedFile, function: Node) -> list[Gone]:
    """The flag, and the two sizes, of what pools are made with here."""
    found: list[Gone] = []
    for declaration in nodes(function, "declaration"):
        type_ = view.type_of(declaration)
        if type_ is None or view.text(type_).split() != [b"struct", POOL_PARAMS.encode()]:
            continue
        for declarator in declaration.children_by_field_name("declarator"):
            name = view.declared(declarator)
            given = view.value(declarator) if declarator.type == "init_declarator" else None
            for one in view.children(given) if given is not None else ():
                pair = view.designated(one)
                if pair is not None:
                    found += _value(parsed, pair[0], one, pair[1])
            if name is not None:
                found += _stores(parsed, function, view.text(name))
    return found


def _stores(parsed: ParsedFile, function: Node, name: bytes) -> list[Gone]:
    found: list[Gone] = []
    for node in nodes(function, "assignment_expression"):
        pair = view.infix(node)
        access = view.field(pair.left) if pair is not None else None
        if pair is not None and access is not None and view.text(access.base) == name and \
                pair.sign == "=" and node.parent is not None and \
                node.parent.type == "expression_statement":
            found += _value(parsed, access.name, node.parent, pair.right)
    return found


def _value(parsed: ParsedFile, member: bytes, whole: Node, value: Node) -> list[Gone]:
    if member == FLAGS.encode():
        words = [one for one in view.text(value).split(b"|") if one.strip() != DMA_SYNC.encode()]
        return [(value.start_byte, value.end_byte, b"|".join(words))]
    if member not in _OWN:
        return []
    # A comma behind it, or before the last, goes with it.
    end, source = whole.end_byte, parsed.original
    behind = source[end:].lstrip()
    if whole.type == "initializer_pair" and behind[:1] == b",":
        end = source.index(b",", end) + 1
    elif whole.type == "initializer_pair":
        before = source[:whole.start_byte].rstrip()
        return [(len(before) - before.endswith(b","), end, b"")]
    return [(whole.start_byte, end, b"")]
