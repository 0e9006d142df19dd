# SPDX-License-Identifier: GPL-2.0-only
"""The locals of a function: which hold a value alone, and which are memory."""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import Above
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.check.compare.words import REF, Words


class NotFollowed(Exception):
    """A function has something of which it is not known what it does."""


class Locals:
    """The locals of one function, parameters included, by name.

    `types` are those that hold a value, `memory` what is declared of those that are memory: a local
    whose address is taken, an array, a record. `bytes` are pointers that are counted in bytes.
    Raises NotFollowed where two of one name could be meant.
    """

    def __init__(self, words: Words, function: Node, above: Above) -> None:
        self._words, self._above = words, above
        self.types: dict[str, str] = {}
        self.memory: dict[str, str] = {}
        self.bytes: set[str] = set()
        self._read(function)

    def _read(self, function: Node) -> None:
        taken = {self._words.raw(one.argument) for one in map(view.prefix, nodes(
            function, "pointer_expression")) if one is not None and one.sign == "&"}
        found: dict[str, str] = {}
        scopes: dict[str, list[Node]] = {}
        for kind in ("parameter_declaration", "declaration"):
            for node in nodes(function, kind):
                if kind == "parameter_declaration" and not self._is_own(node, function):
                    continue
                for one in node.children_by_field_name("declarator"):
                    self._declare(node, one, found, scopes, function)
        for one in nodes(function, "identifier"):
            around = scopes.get(self._words.raw(one))
            if around is not None and not any(
                    scope.start_byte <= one.start_byte and one.end_byte <= scope.end_byte
                    for scope in around):
                raise NotFollowed("a local and something else of one name")
        for name, around in scopes.items():
            if any(a.id != b.id and a.start_byte <= b.start_byte and b.end_byte <= a.end_byte
                   for a in around for b in around):
                raise NotFollowed(f"{name} in a scope inside another")
        memory: list[str] = []
        for name, type_ in found.items():
            if name in taken or type_.startswith("="):
                self.memory[self._words.name(name)] = type_
                memory.append(name)
            else:
                self.types[name] = type_
        if len(memory) != len(self.memory):
            raise NotFollowed("a page and a netmem of one name")

    def _is_own(self, node: Node, function: Node) -> bool:
        """Whether a parameter is one of the function itself."""
        body = function.child_by_field_name("body")
        return body is not None and node.end_byte <= body.start_byte and \
            self._above.of(node) is not None

    def _declare(self, node: Node, declarator: Node, found: dict[str, str],
                 scopes: dict[str, list[Node]], function: Node) -> None:
        named = declarator.child_by_field_name("declarator") \
            if declarator.type == "init_declarator" else declarator
        inner = named
        stars = ""
        while inner is not None and inner.type == "pointer_declarator":
            stars += "*"
            inner = inner.child_by_field_name("declarator")
        if inner is None:
            raise NotFollowed("a declaration")
        names = [inner] if inner.type == "identifier" else nodes(inner, "identifier")
        if not names:
            raise NotFollowed("a declaration")
        name = self._words.raw(names[0])
        first = node.children_by_field_name("declarator")[0]
        lead = code_of(self._words.parsed.source[node.start_byte:first.start_byte])
        base = self._words.tokens(f"{lead.decode('latin-1')} {stars}")
        if stars == "*" and b"void" in lead.split():
            self.bytes.add(name)
        if "static" in base.split() or "extern" in base.split():
            raise NotFollowed("static")
        plain = inner.type == "identifier" and (
            "*" in base or REF in base or not {"struct", "union"} & set(base.split()))
        said = self._words.tokens(self._words.raw(named or declarator))
        type_ = base if plain else f"= {base} {said}"
        if found.setdefault(name, type_) != type_:
            raise NotFollowed(f"{name} of two types")
        scope = function if node.type == "parameter_declaration" else self._above.of(node)
        if scope is not None:
            scopes.setdefault(name, []).append(scope)


def parameters(words: Words, function: Node) -> list[str]:
    """The names of its parameters, in order."""
    found = []
    for one in _given(function):
        named = nodes(one, "identifier")
        if one.type != "parameter_declaration":
            raise NotFollowed("a head")
        found.append(words.raw(named[0]) if named else "")
    return found


def _given(function: Node) -> list[Node]:
    """The declarations of its parameters."""
    declarator = function.child_by_field_name("declarator")
    while declarator is not None and declarator.type != "function_declarator":
        declarator = declarator.child_by_field_name("declarator")
    given = declarator.child_by_field_name("parameters") if declarator is not None else None
    if given is None:
        raise NotFollowed("a head")
    return given.named_children


def result(words: Words, function: Node) -> str:
    """The type that it gives."""
    declarator = function.child_by_field_name("declarator")
    stars = ""
    while declarator is not None and declarator.type == "pointer_declarator":
        stars += "*"
        declarator = declarator.child_by_field_name("declarator")
    lead = function.child_by_field_name("type")
    return words.tokens(f"{words.raw(lead)} {stars}") if lead is not None else ""


def same_parameters(before: ParsedFile, old: Node, after: ParsedFile,
                    new: Node) -> tuple[list[str], list[str]]:
    """The names of the parameters of two versions of a function, each by the name that it had.

    One that has another name is the first of the same type that has another one, too. Nothing where
    a head is not understood.
    """
    sides = [(Words(before, {}), old), (Words(after, {}), new)]
    try:
        names, others = (parameters(*side) for side in sides)
        kinds = [dict(zip(parameters(*side), _types(*side), strict=True)) for side in sides]
    except (NotFollowed, ValueError):
        return [], []
    gone = [name for name in names if name not in others]
    found = []
    for name in others:
        was = name if name in names else next(
            (one for one in gone if kinds[0][one] == kinds[1][name]), name)
        gone = [one for one in gone if one != was]
        found.append(was)
    return names, found


def parameter_names(parsed: ParsedFile, function: Node) -> list[str]:
    """The names of the parameters of a function; none where its head is not understood."""
    try:
        return parameters(Words(parsed, {}), function)
    except NotFollowed:
        return []


def _types(words: Words, function: Node) -> list[str]:
    """The types of the parameters of a function."""
    return [" ".join(words.tokens(words.raw(one)).split()[:-1]) for one in _given(function)]


def declared(function: Node, *kinds: str) -> Iterator[Node]:
    """The names that declarations of some kinds in a function declare."""
    for node in nodes(function, *kinds):
        for one in node.children_by_field_name("declarator"):
            name = view.declared(one)
            if name is not None and name.type == "identifier":
                yield name


def locals_of(parsed: ParsedFile, function: Node) -> set[str]:
    """The names that a function declares, but for its parameters."""
    return {parsed.text(one).decode("latin-1") for one in declared(function, "declaration")}
