# SPDX-License-Identifier: GPL-2.0-only
"""The functions of a driver, what their locals are set to, and expressions as sums.

A local that is set once, and that nothing has the address of, is what it is set to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Member, Type
from netmem_migrate.c.words import include_lines
from netmem_migrate.files import plain
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

if TYPE_CHECKING:
    import pathlib

    from tree_sitter import Node

    from netmem_migrate.c.symbols import Function
    from netmem_migrate.flow.graph import Slot
    from netmem_migrate.flow.keys import Key

DEPTH = 8
"""Through how many locals an expression is followed."""
_CAST = re.compile(rb"\(\s*\(\s*((?:struct|union)\s+\w+)\s*\*\s*\)")
_NUMBER = re.compile(rb"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*")
_NAME = re.compile(rb"[A-Za-z_]\w*")


class Files(Protocol):
    """The files of a driver, by path."""

    @property
    def files(self) -> Iterable[str]:
        """Its own."""

    @property
    def root(self) -> pathlib.Path | None:
        """What they are relative to; None where nothing else is there."""


class Slots(Protocol):
    """What of a driver holds memory."""

    @property
    def slots(self) -> Mapping[Key, Slot]:
        """By key."""


class Seen(Protocol):
    """A driver as it is read: an `Analysis` is one."""

    @property
    def driver(self) -> Files:
        """The driver."""

    @property
    def symbols(self) -> Symbols:
        """What the files declare that are parsed."""

    @property
    def originals(self) -> Mapping[str, bytes]:
        """The files as they stand there."""

    @property
    def graph(self) -> Slots:
        """What holds memory."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of the terms of a sum: the node, and whether it is taken away. `direct` says that it is
    spelled where the sum is, and not behind a local."""

    node: Node
    less: bool
    direct: bool

    @property
    def text(self) -> bytes:
        """How it is spelled, without white space."""
        return squeezed(self.node)


@dataclass(frozen=True, slots=True)
class Sum:
    """An expression as a number and other terms."""

    number: int
    parts: tuple[Part, ...]


def squeezed(node: Node) -> bytes:
    """The text of a node without white space."""
    return b"".join(view.text(node).split())


def number(text: bytes) -> int | None:
    """What a literal is, None for anything else."""
    found = _NUMBER.fullmatch(text)
    return int(found[1], 0 if found[1][:2] in (b"0x", b"0X") else 10) if found else None


@dataclass(eq=False)
class Scope:
    """One function of the driver."""

    world: World
    function: Function
    typed: Typed

    @property
    def file(self) -> str:
        """The file that it is in."""
        return self.function.file

    @property
    def node(self) -> Node:
        """Its definition."""
        return self.function.node

    @property
    def title(self) -> str:
        """It as a reason names it."""
        return f"{self.function.name.decode('latin-1')}()"

    @cached_property
    def parameters(self) -> tuple[bytes, ...]:
        """The names of what it takes."""
        return tuple(one.name for one in self.function.parameters)

    @cached_property
    def sets(self) -> dict[bytes, list[tuple[Node, Node | None]]]:
        """Where each name is set, and to what; to None where that is no plain store."""
        found: dict[bytes, list[tuple[Node, Node | None]]] = {}
        for one in view.stores(self.node):
            if one.target.type == "identifier":
                found.setdefault(view.text(one.target), []).append((one.node, one.value))
        for node in nodes(self.node, "assignment_expression", "update_expression",
                          "pointer_expression"):
            pair = view.infix(node)
            if pair is not None and pair.sign == "=":
                continue
            if node.type == "pointer_expression" and node.children[0].type != "&":
                continue
            target = pair.left if pair is not None else view.operand(node)
            if target is not None and view.bare(target).type == "identifier":
                found.setdefault(view.text(view.bare(target)), []).append((node, None))
        return found

    @cached_property
    def swapping(self) -> frozenset[bytes]:
        """What it calls that only swaps bytes."""
        return frozenset(call.name for call in view.calls(self.node) if swaps(self, call.name))

    def is_local(self, name: bytes) -> bool:
        """Whether it declares a name, parameters included."""
        return name in self.typed.declared

    def stays(self, name: bytes) -> bool:
        """Whether a name of its own is one thing all over it."""
        sets = self.sets.get(name, ())
        return self.is_local(name) and len(sets) == (name not in self.parameters) and all(
            value is not None for _, value in sets)

    def once(self, node: Node) -> Node | None:
        """What a local is set to that is set once, and is no parameter."""
        name = view.text(node)
        sets = self.sets.get(name, ())
        if node.type != "identifier" or name in self.parameters or not self.is_local(name) or \
                len(sets) != 1:
            return None
        return sets[0][1]

    def type_of(self, node: Node) -> Type | None:
        """The type of an expression, that of a macro's cast included."""
        node = view.bare(node)
        found = view.call(node)
        if found is not None:
            (macro, *others) = self.world.analysis.symbols.macros.get(found.name, [None])
            cast = _CAST.match(macro.body.strip()) if macro is not None and not others else None
            return Type(cast[1].decode("latin-1"), ("p",)) if cast else None
        return self.typed.of(node)

    def member(self, node: Node) -> Member | None:
        """The member that a member access is of."""
        access = view.field(node)
        base = self.type_of(access.base) if access is not None else None
        if access is None or base is None:
            return None
        target = base.target() if access.arrow else base
        return self.world.analysis.symbols.member(target, access.name, self.file)

    def line(self, node: Node) -> int:
        """The line of a node."""
        return int(node.start_point[0]) + 1

    def where(self, node: Node) -> str:
        """A place as a reason names it."""
        return f"{self.file}:{self.line(node)}"


@dataclass(eq=False)
class World:
    """The functions of a driver."""

    analysis: Seen
    _scopes: dict[tuple[str, int], Scope] = field(default_factory=dict)

    @cached_property
    def shared(self) -> Symbols:
        """The records of headers in folders of their own under include/ that the driver shares
        with others, and includes."""
        found = Symbols(texts=self.analysis.symbols.texts)
        driver = self.analysis.driver
        if driver.root is None:
            return found
        names = {f"include/{name.decode('latin-1')}" for file in driver.files
                 for mark, name in include_lines(self.analysis.originals.get(file, b""))
                 if mark == b"<" and name.count(b"/") > 1}
        for header in sorted(names.difference(driver.files)):
            if plain.is_plain(driver.root / header):
                found.postpone(header, plain.read(driver.root / header))
        return found

    def scopes(self, *named: bytes) -> Iterator[Scope]:
        """Every function in whose text one of some names stands; all, where none is given."""
        symbols = self.analysis.symbols
        for file in self.analysis.driver.files:
            source = self.analysis.originals.get(file, b"")
            if named and not any(one in source for one in named):
                continue
            if file not in symbols.files:
                symbols.add(file, symbols.texts.parse(source))
        for functions in list(symbols.functions.values()):
            for one in functions:
                if one.body is None or one.file not in self.analysis.driver.files:
                    continue
                text = one.node.text or b""
                if not named or any(name in text for name in named):
                    yield self.scope(one)

    def scope(self, function: Function) -> Scope:
        """One function."""
        key = function.file, function.node.start_byte
        if key not in self._scopes:
            typed = Typed(self.analysis.symbols, function.file, function)
            self._scopes[key] = Scope(self, function, typed)
        return self._scopes[key]


def stripped(scope: Scope, node: Node) -> Node:
    """An expression without parentheses, casts, and what only gives it back."""
    for _ in range(4 * DEPTH):
        node = view.bare(node)
        if node.type == "cast_expression":
            inner = view.value(node)
        else:
            call = view.call(node)
            inner = call.args[0] if call is not None and len(call.args) == 1 and _gives_back(
                scope, call.name) else None
        if inner is None:
            return node
        node = inner
    return node


def _gives_back(scope: Scope, name: bytes) -> bool:
    if has(name, Trait.GIVES_BACK) or has(name, Trait.SWAPS_BYTES):
        return True
    macros = scope.world.analysis.symbols.macros.get(name, ())
    bodies = {one.body.strip() for one in macros}
    return bool(bodies) and all(_NAME.fullmatch(one) and has(one, Trait.SWAPS_BYTES)
                                for one in bodies)


def swaps(scope: Scope, name: bytes) -> bool:
    """Whether a function, or a macro of the driver, only swaps bytes."""
    return not has(name, Trait.GIVES_BACK) and _gives_back(scope, name)


def total(scope: Scope, node: Node, *, direct: bool = True, less: bool = False,
          depth: int = 0) -> Sum:
    """An expression as a sum."""
    node = stripped(scope, node)
    pair = view.infix(node)
    if pair is not None and node.type == "binary_expression" and pair.sign in ("+", "-"):
        left = total(scope, pair.left, direct=direct, less=less, depth=depth)
        right = total(scope, pair.right, direct=direct, depth=depth,
                      less=less != (pair.sign == "-"))
        return Sum(left.number + right.number, (*left.parts, *right.parts))
    literal = number(view.text(node))
    if literal is not None:
        return Sum(-literal if less else literal, ())
    value = scope.once(node) if depth < DEPTH else None
    if value is not None:
        return total(scope, value, direct=False, less=less, depth=depth + 1)
    return Sum(0, (Part(node, less, direct),))


@dataclass(frozen=True, slots=True)
class Path:
    """The way to a value: the type or name that it begins with, whether that is a name of the
    function's own, the node of that, and the members behind it."""

    root: str
    start: Node
    steps: tuple[bytes, ...]
    address: bool = False

    @property
    def said(self) -> tuple[str, tuple[bytes, ...], bool]:
        """What makes two ways the same."""
        return self.root, tuple(one.lstrip(b"->.") for one in self.steps), self.address


def path(scope: Scope, node: Node, depth: int = 0) -> Path:
    """The way to what an expression is, through locals that are set once."""
    node = stripped(scope, node)
    access = view.field(node)
    inner = view.operand(node)
    if access is not None:
        base = path(scope, access.base, depth)
        sign = b"->" if access.arrow and not base.address else b"."
        return Path(base.root, base.start, (*base.steps, sign + access.name))
    if node.type == "subscript_expression" and inner is not None:
        base = path(scope, inner, depth)
        at = view.index(node)
        return Path(base.root, base.start,
                    (*base.steps, b"[" + (squeezed(at) if at is not None else b"") + b"]"))
    if node.type == "pointer_expression" and inner is not None and node.children[0].type == "&":
        base = path(scope, inner, depth)
        return Path(base.root, base.start, base.steps, True)
    value = scope.once(node) if depth < DEPTH else None
    if value is not None and stripped(scope, value).type in (
            "field_expression", "subscript_expression", "pointer_expression", "identifier"):
        return path(scope, value, depth + 1)
    if node.type == "identifier" and scope.is_local(view.text(node)):
        type_ = scope.typed.of(node)
        return Path(f"{type_.base} {''.join(type_.derivations)}" if type_ is not None else "?",
                    node, ())
    return Path(squeezed(node).decode("latin-1"), node, ())
