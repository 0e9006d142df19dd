# SPDX-License-Identifier: GPL-2.0-only
"""Values as terms that two expressions of a function, or of a function and what calls it, share
only where they are the same.

A local is what it was set to last, where nothing can come between; what is read from memory is
never the same twice. An element of an array is told by the way to the array and by its index.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.types import Member, Type
from netmem_migrate.flow.sync.members import Key, union_of
from netmem_migrate.flow.sync.narrow import within
from netmem_migrate.flow.sync.scopes import Scope, World, number
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import WIDE

Value = tuple[object, ...]
"""A kind, and what it is of: other values, members, names."""

_BLOCK = "compound_statement"
_DEPTH = 8
_READERS = (Trait.PURE, Trait.HARMLESS, Trait.OWN_RECORDS, Trait.GIVES_BACK, Trait.SWAPS_BYTES,
            Trait.ALLOCATES)
_READS = re.compile(rb"->|[a-z]{2}|\(\w*\)\s*\(")


@dataclass(frozen=True)
class Frame:
    """A function, with what is known of its parameters where one call of it is looked at."""

    scope: Scope
    given: Mapping[bytes, Value] = field(default_factory=dict)
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Element:
    """An element of an array that a member holds: what the way to the array begins with, its
    members and the indexes in it, the index of the element, and how far elements are apart."""

    root: Value
    way: tuple[Key, ...]
    outer: tuple[Value, ...]
    index: Value
    apart: Value

    @property
    def at(self) -> tuple[Value, tuple[Value, ...], Value]:
        """What two arrays that go together have in common at one place."""
        return self.root, self.outer, self.index


def unknown(value: object) -> bool:
    """Whether a part of a value is not known."""
    return isinstance(value, tuple) and (value[:1] == ("any",) or any(map(unknown, value)))


def reaching(scope: Scope, name: bytes, at: Node) -> view.Store | None:
    """The store that a local has its value from at a place, if it is one on all ways there."""
    sets = scope.sets.get(name, ())
    before = [(where, value) for where, value in sets
              if where.start_byte < at.start_byte and not within(at, where)]
    if not before or _declared(scope, name) != 1 or is_lent(scope, name):
        return None
    where, value = max(before, key=lambda one: one[0].start_byte)
    block = where.parent.parent if where.parent is not None else None
    if value is None or block is None or block.type != _BLOCK or not within(at, block) or (
            block.parent is not None and block.parent.type == "switch_statement"):
        return None
    around: Node | None = at
    while around is not None and around != block:
        if view.loop(around) is not None and any(within(one, around) for one, _ in sets):
            return None
        around = around.parent
    if is_entered(scope, where, at):
        return None
    target = view.infix(where)
    named = target.left if target is not None else view.declared(where)
    return view.Store(where, named, value) if named is not None else None


def _bare(node: Node) -> Node:
    """An expression without parentheses, what only gives it back, and casts that cut nothing."""
    while True:
        node = view.bare(node)
        call = view.call(node)
        inner: Node | None = None
        if node.type == "cast_expression":
            type_ = view.type_of(node)
            words = view.text(type_).split() if type_ is not None else []
            text = b" ".join(words).decode("latin-1")
            inner = view.value(node) if text.endswith("*") or text in WIDE else None
        elif call is not None and len(call.args) == 1 and has(call.name, Trait.GIVES_BACK):
            inner = call.args[0]
        if inner is None:
            return node
        node = inner


def _is_whole(scope: Scope, type_: Type | None) -> bool:
    """Whether a pointer, or a number that counts elements, passes through a type as it is."""
    found = scope.world.analysis.symbols.resolve(type_) if type_ is not None else None
    return found is not None and (bool(found.derivations) or found.base in WIDE
                                  or found.base.startswith("enum "))


def is_lent(scope: Scope, name: bytes) -> bool:
    """Whether a local may be set by what is given it, or its address."""
    sets = re.compile(rb"\b%b\s*(?:=(?!=)|\+\+|--|[-+|&^]=)" % re.escape(name))
    if any(sets.search(one.body) for macros in scope.world.analysis.symbols.macros.values()
           for one in macros if name not in one.parameters):
        return True
    return any(where.type == "pointer_expression" for where, _ in scope.sets.get(name, ())) or any(
        _may_set(scope, call.name) for call in view.calls(scope.node)
        for arg in call.args if view.text(view.bare(arg)) == name)


def _may_set(scope: Scope, name: bytes) -> bool:
    """Whether a call may be a macro that sets what it is given."""
    symbols = scope.world.analysis.symbols
    if name in symbols.macros:
        return True
    if not name or scope.is_local(name):
        return False
    own = symbols.function(name, scope.file)
    return (own is None or own.body is None) and not any(has(name, one) for one in _READERS)


def is_entered(scope: Scope, start: Node, end: Node) -> bool:
    """Whether a goto may come to a place between two others."""
    return any(start.start_byte < one.start_byte <= end.start_byte
               for one in nodes(scope.node, "labeled_statement"))


def _is_constant(scope: Scope, name: bytes) -> bool:
    """Whether a name that is no local is an enumerator, or a macro that reads nothing."""
    macros = scope.world.analysis.symbols.macros.get(name, ())
    return name.isupper() and not any(_READS.search(one.body) for one in macros)


def _declared(scope: Scope, name: bytes) -> int:
    """How often a function declares a name."""
    if name in scope.parameters:
        return 2
    return sum(one.name == name for node in nodes(scope.node, "declaration")
               for one in scope.world.analysis.symbols.declarators(scope.file, node))


@dataclass(eq=False)
class Values:
    """The values of the expressions of one frame."""

    frame: Frame

    @property
    def _scope(self) -> Scope:
        return self.frame.scope

    def of(self, node: Node) -> Value:
        """The value of an expression."""
        node = _bare(node)
        literal = number(view.text(node))
        inner = view.operand(node)
        pair = view.infix(node)
        call = view.call(node)
        if literal is not None:
            return "number", literal
        if node.type == "identifier":
            return self.named(view.text(node), node)
        if node.type == "pointer_expression" and inner is not None and \
                node.children[0].type == "&":
            return self.place(inner)
        if pair is not None and pair.sign == "+" and node.type == "binary_expression":
            return self._moved(pair)
        if pair is not None and pair.sign == "-" and node.type == "binary_expression":
            return self._between(pair)
        if call is not None:
            return self._called(call)
        if node.type in ("field_expression", "subscript_expression"):
            return *self._unknown(node), self.place(node)
        return self._unknown(node)

    def _unknown(self, node: Node) -> Value:
        return "any", self._scope.file, node.start_byte, node.end_byte

    def named(self, name: bytes, at: Node) -> Value:
        """The value of a name at a place."""
        scope = self._scope
        if name in scope.parameters:
            if scope.sets.get(name) or is_lent(scope, name):
                return self._unknown(at)
            if not _is_whole(scope, scope.typed.declared.get(name)) and self.frame.given:
                return self._unknown(at)
            return self.frame.given.get(
                name, ("parameter", scope.file, scope.node.start_byte, name))
        if not scope.is_local(name):
            return ("constant", name) if _is_constant(scope, name) else self._unknown(at)
        found = reaching(scope, name, at)
        if found is None:
            return self._unknown(at)
        call, type_ = view.call(_bare(found.value)), scope.typed.declared.get(name)
        if not _is_whole(scope, type_):
            return "local", scope.file, found.node.start_byte
        if call is not None and has(call.name, Trait.PURE) and type_ is not None and \
                type_.derivations == ("p",):
            value: Value = ("call", call.name, *map(self.of, call.args))
        else:
            value = self.of(found.value)
        return ("local", scope.file, found.node.start_byte) if unknown(value) else value

    def place(self, node: Node) -> Value:
        """The address of an expression."""
        node = view.bare(node)
        access, inner = view.field(node), view.operand(node)
        if access is not None:
            member = self._scope.member(node)
            if member is None:
                return self._unknown(node)
            base = self.of(access.base) if access.arrow else self.place(access.base)
            return "member", base, key_of(member)
        if node.type == "subscript_expression" and inner is not None:
            index = view.index(node)
            return self._element(inner, index) if index is not None else self._unknown(node)
        if node.type == "pointer_expression" and inner is not None and \
                node.children[0].type == "*":
            return self.of(inner)
        if node.type == "identifier" and self._scope.is_local(view.text(node)):
            return "place", self._scope.file, self._scope.node.start_byte, view.text(node)
        return self._unknown(node)

    def _element(self, array: Node, index: Node) -> Value:
        type_ = self._scope.type_of(array)
        if type_ is None or not type_.derivations:
            return self._unknown(array)
        if type_.derivations[0] == "a":
            return "of", self.place(array), self.of(index)
        return "element", self._array(array), self.of(index), ("size", type_.base,
                                                               type_.derivations[1:])

    def _array(self, node: Node) -> Value:
        """The array that a pointer leads to: of one in a member, the way to that."""
        node = _bare(node)
        if node.type in ("field_expression", "subscript_expression"):
            return "array", self.place(node)
        if node.type == "identifier":
            found = reaching(self._scope, view.text(node), node)
            value = _bare(found.value) if found is not None else None
            if value is not None and value.type in ("field_expression", "subscript_expression"):
                return "array", self.place(value)
        return self.of(node)

    def _moved(self, pair: view.Infix) -> Value:
        """A pointer and a number of elements, or of bytes by their product."""
        type_ = self._scope.type_of(pair.left)
        if type_ is None or type_.derivations[:1] != ("p",):
            return self._unknown(pair.node)
        if type_.base != "void":
            return "element", self._array(pair.left), self.of(pair.right), (
                "size", type_.base, type_.derivations[1:])
        product = view.infix(view.bare(pair.right))
        if type_.derivations != ("p",) or product is None or product.sign != "*":
            return self._unknown(pair.node)
        sizes = [one for one in (product.left, product.right)
                 if _bare(one).type == "field_expression"]
        if len(sizes) != 1:
            return self._unknown(pair.node)
        (size,) = sizes
        index = product.right if size == product.left else product.left
        return "element", self._array(pair.left), self.of(index), (
            "kept", *self._kept(_bare(size)))

    def _between(self, pair: view.Infix) -> Value:
        """The number of elements between the first of an array and a pointer into it."""
        type_ = self._scope.type_of(pair.right)
        array, at = self._array(pair.right), self.of(pair.left)
        if type_ is None or type_.derivations[:1] != ("p",) or type_.base == "void" or \
                array[0] != "array" or self._scope.type_of(pair.left) != type_:
            return self._unknown(pair.node)
        if at[0] == "element" and isinstance(at[2], tuple):
            return at[2] if at[1] == array else self._unknown(pair.node)
        return "between", at, array, ("size", type_.base, type_.derivations[1:])

    def _kept(self, node: Node) -> Iterator[object]:
        """The way to a number in a record that a member leads to: the place of that, and both
        members."""
        member, access = self._scope.member(node), view.field(node)
        base = self.behind(access.base) if access is not None and access.arrow else None
        if member is None or base is None:
            yield self._unknown(node)
            return
        yield base
        yield key_of(member)

    def behind(self, node: Node) -> Value:
        """Where a pointer to a record is read from, as a place."""
        node = _bare(node)
        if node.type == "identifier":
            found = reaching(self._scope, view.text(node), node)
            if found is None:
                return self._unknown(node)
            node = _bare(found.value)
        return self.place(node) if node.type == "field_expression" else self._unknown(node)

    def _called(self, call: view.Call) -> Value:
        scope = self._scope
        own = scope.world.analysis.symbols.function(call.name, scope.file)
        if own is None or own.body is None or self.frame.depth >= _DEPTH or not _is_whole(
                scope, own.result):
            return self._unknown(call.node)
        inner = scope.world.scope(own)
        given = [value for one in nodes(own.body, "return_statement")
                 for value in view.children(one)]
        if len(given) != 1 or len(call.args) != len(inner.parameters):
            return self._unknown(call.node)
        frame = Frame(inner, dict(zip(inner.parameters, map(self.of, call.args), strict=True)),
                      self.frame.depth + 1)
        value = Values(frame).of(given[0])
        return self._unknown(call.node) if _is_of(value, inner) else value


def _is_of(value: object, scope: Scope) -> bool:
    """Whether a value is of one run of a function."""
    return isinstance(value, tuple) and (
        (value[:2] in (("local", scope.file), ("place", scope.file)) and len(value) > 2
         and isinstance(value[2], int)
         and scope.node.start_byte <= value[2] < scope.node.end_byte)
        or any(_is_of(one, scope) for one in value))


def key_of(member: Member) -> Key:
    """The key of a member; the arms of a union have one."""
    union = union_of(member)
    if union is not None:
        return Key(member.file, union.start_byte, b"")
    return Key.of(member)


def element(value: Value) -> Element | None:
    """A value as an element of an array that a member holds."""
    if value[0] != "element" or unknown(value):
        return None
    _, array, index, apart = value
    if not isinstance(array, tuple) or array[0] != "array":
        return None
    found = way(array[1])
    if found is None or not isinstance(index, tuple) or not isinstance(apart, tuple):
        return None
    return Element(*found, index, apart_of(value, found[0]))


def together(one: Value, other: Value) -> tuple[Element, Element] | None:
    """Two values as elements of arrays; the first may be what the index of the second is counted
    by."""
    second = element(other)
    first = element(one)
    if second is None:
        return None
    if first is None and second.index[:2] == ("between", one):
        _, _, array, apart = second.index
        found = way(array[1]) if isinstance(array, tuple) else None
        if found is not None and isinstance(apart, tuple):
            first = Element(*found, second.index, apart)
    return (first, second) if first is not None else None


def apart_of(value: Value, root: Value) -> Value:
    """How far the elements of an array are apart: as a size, or by the members that lead to it
    from where the array is reached from."""
    apart = value[3]
    assert isinstance(apart, tuple)
    kept, place = apart[0] == "kept", apart[1]
    if kept and isinstance(place, tuple) and place[:2] == ("member", root):
        return "kept", place[2], apart[2]
    return ("any", *apart) if kept else apart


def way(place: object) -> tuple[Value, tuple[Key, ...], tuple[Value, ...]] | None:
    """What the way to a place begins with, its members and the indexes in it."""
    keys: list[Key] = []
    outer: list[Value] = []
    while isinstance(place, tuple) and place[0] in ("member", "of"):
        if place[0] == "member":
            keys.insert(0, place[2])
        else:
            outer.insert(0, place[2])
        place = place[1]
    if not isinstance(place, tuple) or not keys or unknown(place):
        return None
    return place, tuple(keys), tuple(outer)


@dataclass(frozen=True)
class Called:
    """One call of a function: where it stands, and the function as it is called there."""

    scope: Scope
    call: view.Call
    frame: Frame


def called(scope: Scope, call: view.Call, of: Scope) -> Called | None:
    """A call as one of a function; None for another number of arguments."""
    if len(call.args) != len(of.parameters):
        return None
    values = map(Values(Frame(scope)).of, call.args)
    return Called(scope, call, Frame(of, dict(zip(of.parameters, values, strict=True)), 1))


def callers(scope: Scope) -> list[Called] | None:
    """Every call of a function; None where not all are seen."""
    function, world = scope.function, scope.world
    if (not function.static and function.name in world.analysis.symbols.exported) or \
            _is_given_away(scope):
        return None
    found: list[Called] = []
    for other in world.scopes(function.name):
        body = other.function.body
        for one in nodes(other.node, "identifier"):
            if view.text(one) != function.name or body is None or not within(one, body):
                continue
            call = view.call(one.parent)
            mine = called(other, call, scope) if call is not None and call.function == one else None
            if mine is None:
                return None
            found.append(mine)
    return found or None


def in_macros(world: World, name: bytes) -> bool:
    """Whether a macro names a function."""
    word = re.compile(rb"\b%b\b" % re.escape(name))
    return any(word.search(one.body) for macros in world.analysis.symbols.macros.values()
               for one in macros)


def _is_given_away(scope: Scope) -> bool:
    """Whether a function is named outside of functions, or by a macro."""
    symbols, name = scope.world.analysis.symbols, scope.function.name
    if in_macros(scope.world, name):
        return True
    for file in scope.world.analysis.driver.files:
        parsed = symbols.files.get(file)
        if parsed is None or name not in parsed.source:
            continue
        root = parsed.tree.root_node
        bodies = [one.body for functions in symbols.functions.values() for one in functions
                  if one.file == file and one.body is not None]
        for one in nodes(root, "identifier"):
            if view.text(one) == name and not any(within(one, body) for body in bodies) and (
                    one.parent is None or one.parent.type != "function_declarator"):
                return True
    return False
