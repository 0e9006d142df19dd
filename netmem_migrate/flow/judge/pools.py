# SPDX-License-Identifier: GPL-2.0-only
"""The pools that a unit creates: what it asks of each (struct page_pool_params,
include/net/page_pool/types.h), as values or under a condition."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import DEFINE, WORD
from netmem_migrate.flow.judge.unit import Unit, Use, condition, said
from netmem_migrate.model.schema import Trait

_FLAGS = b"flags"


@dataclass(frozen=True, slots=True)
class Value:
    """What a parameter is set to: the expression, and the condition under which, "" for none;
    `sign` is how: "=", or "|=" and the like."""

    node: Node
    condition: str = ""
    sign: str = "="


@dataclass(frozen=True, slots=True)
class Pool:
    """One call that creates a pool, and what its parameters are set to, by name; not `known` where
    the function is given them, with flags."""

    use: Use
    values: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    known: bool = True
    macros: Mapping[str, Collection[str]] = field(default_factory=dict)

    def flag(self, name: str) -> Value | None:
        """Where a flag is set: without a condition, if there is such a place; None for nowhere."""
        found = [Value(node, value.condition or _chosen(value.node, node))
                 for value in self.values.get(_FLAGS.decode(), ())
                 for node in self._words(value.node, name)]
        return next((one for one in found if not one.condition), found[0] if found else None)


    def _words(self, value: Node, name: str) -> Iterator[Node]:
        """The words of a value that are a name, or a macro that says it."""
        for one in (value, *nodes(value, "identifier")):
            word = view.text(one).decode("latin-1")
            if one.type == "identifier" and (word == name or name in self.macros.get(word, ())):
                yield one


def pools(unit: Unit) -> list[Pool]:
    """Every call of the unit that creates a pool, in order."""
    macros = {name.decode("latin-1"): {word.decode("latin-1") for word in WORD.findall(body)}
              for text in unit.texts.values() for name, _, body in DEFINE.findall(text)}
    return [Pool(use, values := _values(use), _is_own(use) or _is_set(values), macros)
            for use in unit.of(Trait.CREATES_POOL)]


def _is_set(values: Mapping[str, Collection[Value]]) -> bool:
    """Whether the flags are set anew, whatever they were."""
    return any(not one.condition and one.sign == "=" for one in values.get(_FLAGS.decode(), ()))


def _is_own(use: Use) -> bool:
    """Whether the parameters are a local of the function."""
    return any(view.text(name) == record(use) for one in nodes(use.body.node, "declaration")
               for declarator in one.children_by_field_name("declarator")
               if (name := view.declared(declarator)) is not None)


def _values(use: Use) -> dict[str, tuple[Value, ...]]:
    """What the parameters of a call are set to in its function before it, by member: not what is
    overwritten until then, nor what is set where the call is not reached."""
    given = record(use)
    found: dict[str, list[Value]] = {}
    if given is None:
        return {}
    stored = sorted(_stored(use, given), key=lambda one: one[1].node.start_byte)
    for name, value in stored:
        at = value.node.start_byte
        if at < use.call.node.start_byte and not _is_apart(use, value.node):
            if value.sign == "=" and not value.condition:
                found.pop(name.decode("latin-1"), None)
            found.setdefault(name.decode("latin-1"), []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def _is_apart(use: Use, node: Node) -> bool:
    """Whether a node is in one arm of a test, and the call in the other."""
    inner = node
    for around in above(use.body.node, node):
        branch = view.branch(around)
        if branch is not None and branch.test != inner:
            call = use.call.node.start_byte
            return around.start_byte <= call < around.end_byte and not (
                inner.start_byte <= call < inner.end_byte)
        inner = around
    return False


def record(use: Use) -> bytes | None:
    """The name of the record of parameters that a call is given."""
    for arg in use.call.args[:1]:
        sign = view.prefix(view.bare(arg))
        taken = sign.argument if sign is not None and sign.sign == "&" else arg
        return view.text(view.bare(taken))
    return None


def _stored(use: Use, record_: bytes) -> Iterator[tuple[bytes, Value]]:
    function = use.body.node
    for declarator in nodes(function, "init_declarator"):
        of = view.declared(declarator.child_by_field_name("declarator"))
        given = view.value(declarator)
        if of is None or view.text(of) != record_ or given is None:
            continue
        for pair in view.children(given):
            set_ = view.designated(pair)
            if set_ is not None:
                yield set_[0], Value(set_[1])
    for node in nodes(function, "assignment_expression"):
        found = view.infix(node)
        where = view.field(found.left) if found is not None else None
        if found is not None and where is not None and view.text(view.bare(where.base)) == record_:
            yield where.name, Value(found.right, condition(function, node, use.call.node),
                                    found.sign)


def _chosen(value: Node, node: Node) -> str:
    """The test of a `?:` inside a value that decides whether a word of it counts."""
    inner: Node | None = node
    while inner is not None and inner != value.parent:
        branch = view.branch(inner)
        if branch is not None and inner.type == "conditional_expression" and not (
                branch.test.start_byte <= node.start_byte < branch.test.end_byte):
            return said(view.bare(branch.test))
        inner = inner.parent
    return ""
