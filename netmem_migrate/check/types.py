# SPDX-License-Identifier: GPL-2.0-only
"""The types of expressions, and the kinds that the prototypes of the API tell apart.

A kind is "netmem", "number", or a record such as "struct page *". Types are those of declarations
that are in sight; where one is not, nothing is said.
"""

from __future__ import annotations

from collections.abc import Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.model.schema import ApiFunction, Side
from netmem_migrate.model.spelled import PAGE, POOL_NUMBERS, POOL_PARAMS, REF, TO_NETMEM

NETMEM_KIND = "netmem"
NUMBER_KIND = "number"

_NUMBERS = frozenset(("int", "unsigned int", "unsigned", "u8", "u16", "u32", "s8", "s16", "s32",
                      "size_t", "bool", "gfp_t", "unsigned short", "char", "short", "uint32_t",
                      "dma_addr_t", "u64", "ssize_t"))


def kind_of(type_: Type | None) -> str:
    """The kind of a declared type, "" for one that nothing is said about."""
    if type_ is None:
        return ""
    if type_.base == REF and not type_.derivations:
        return NETMEM_KIND
    if type_.base in _NUMBERS and not type_.derivations:
        return NUMBER_KIND
    if type_.base.startswith("struct ") and type_.derivations == ("p",):
        return type_.base + " *"
    return ""


def kind_of_parameter(parameter: str) -> str:
    """The kind of a parameter as a prototype spells it."""
    words = parameter.replace("*", " * ").replace("const ", "").split()
    if "(" in parameter or not words:
        return ""
    if words[0] == REF and "*" not in words:
        return NETMEM_KIND
    if words[0] == "struct" and words.count("*") == 1:
        return f"struct {words[1]} *"
    return NUMBER_KIND if "*" not in words and " ".join(words[:-1]) in _NUMBERS else ""


def kind_of_result(function: ApiFunction) -> str:
    """The kind of what a function of the API gives."""
    if function.is_macro:
        # A macro has no types in the model, but for what gives memory.
        if function.name == TO_NETMEM:
            return NETMEM_KIND
        return PAGE if function.gives and function.side is Side.PAGE else ""
    return kind_of_parameter(function.prototype.split("(")[0].replace("static inline ", ""))


def said(kind: str) -> str:
    """A kind with its article."""
    return {NETMEM_KIND: f"a {REF}", NUMBER_KIND: "a number"}.get(kind, f"a {kind}")


def of_params(record: Type | None, name: bytes) -> Type | None:
    """The type of a number among the parameters of a pool, of which drivers declare no record."""
    return Type("int") if record == Type(f"struct {POOL_PARAMS}") and \
        name.decode("latin-1") in POOL_NUMBERS else None


class Types(Typed):
    """The types and kinds of the simple expressions of one function, or of a file outside."""

    def __init__(self, symbols: Symbols, path: str, function: Function | None,
                 api: Mapping[str, ApiFunction]) -> None:
        super().__init__(symbols, path, function)
        self._api = api

    def unread(self, record: Type | None, name: bytes) -> Type | None:
        """The numbers among the parameters of a pool."""
        return of_params(record, name)

    def kind(self, node: Node) -> str:
        """The kind of an expression; of a call, that of what it gives."""
        node = view.bare(node)
        if node.type != "call_expression":
            return kind_of(self.of(node))
        call = view.call(node)
        if call is None:
            return ""
        own = self._symbols.function(call.name, self._path)
        if own is not None:
            return kind_of(own.result)
        known = self._api.get(call.name.decode("latin-1"))
        return kind_of_result(known) if known is not None else ""

    def resolved(self, type_: Type | None) -> Type | None:
        """A declared type without the driver's own names for it, but for that of netmem."""
        if type_ is None or type_.base == REF:
            return type_
        return super().resolved(type_)
