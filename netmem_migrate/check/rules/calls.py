# SPDX-License-Identifier: GPL-2.0-only
"""Calls of the API against its prototypes: how many arguments, and of which kind.

A kind is "netmem", "number", or a record such as "struct page *". Types are those of declarations
that are in sight; where one is not, nothing is said.
"""

from __future__ import annotations

from functools import cache

from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.types import Type
from netmem_migrate.check.findings import Finding
from netmem_migrate.check.paths.cfg import inner
from netmem_migrate.check.rules.table import finding
from netmem_migrate.errors import InputError
from netmem_migrate.model import versions
from netmem_migrate.model.schema import ApiFunction, Side

_NUMBERS = frozenset(("int", "unsigned int", "unsigned", "u8", "u16", "u32", "s8", "s16", "s32",
                      "size_t", "bool", "gfp_t", "unsigned short", "char", "short", "uint32_t",
                      "dma_addr_t", "u64", "ssize_t"))
_PAGE = "struct page *"


@cache
def _api(release: str) -> dict[str, ApiFunction]:
    """The functions of a release; none where the model does not hold it, so nothing is said."""
    try:
        return dict(versions.at(release).functions)
    except InputError:
        return {}


def kind_of(type_: Type | None) -> str:
    """The kind of a declared type, "" for one that nothing is said about."""
    if type_ is None:
        return ""
    if type_.base == "netmem_ref" and not type_.derivations:
        return "netmem"
    if type_.base in _NUMBERS and not type_.derivations:
        return "number"
    if type_.base.startswith("struct ") and type_.derivations == ("p",):
        return type_.base + " *"
    return ""


def _wanted(parameter: str) -> str:
    words = parameter.replace("*", " * ").replace("const ", "").split()
    if "(" in parameter or not words:
        return ""
    if words[0] == "netmem_ref" and "*" not in words:
        return "netmem"
    if words[0] == "struct" and words.count("*") == 1:
        return f"struct {words[1]} *"
    return "number" if "*" not in words and " ".join(words[:-1]) in _NUMBERS else ""


def _result(function: ApiFunction) -> str:
    if function.is_macro:
        return "netmem" if function.name == "page_to_netmem" else ""
    return _wanted(function.prototype.split("(")[0].replace("static inline ", ""))


class _Types:
    """The types of the simple expressions of one function."""

    def __init__(self, symbols: Symbols, function: Function, api: dict[str, ApiFunction]) -> None:
        self.symbols, self.function, self.api = symbols, function, api
        self.local: dict[bytes, Type | None] = {}
        for one in function.parameters:
            self.local[one.name] = one.type
        for node in nodes(function.node, "declaration"):
            for declarator in symbols.declarators(function.file, node):
                old = self.local.get(declarator.name, declarator.type)
                self.local[declarator.name] = declarator.type if old == declarator.type else None

    def of(self, node: Node) -> Type | None:
        node = inner(node)
        kind, path = node.type, self.function.file
        if kind == "identifier":
            name = node.text or b""
            if name in self.local:
                return self._resolved(self.local[name])
            variable = self.symbols.variable(name, path)
            return self._resolved(variable.type) if variable is not None else None
        argument = node.child_by_field_name("argument")
        if kind == "field_expression":
            name_node = node.child_by_field_name("field")
            base = self.of(argument) if argument is not None else None
            operator = node.child_by_field_name("operator")
            if base is not None and operator is not None and operator.text == b"->":
                base = base.target()
            found = self.symbols.member(base, (name_node.text or b""), path) \
                if name_node is not None else None
            return self._resolved(found.type) if found is not None else None
        if kind in ("subscript_expression", "pointer_expression") and argument is not None:
            base = self.of(argument)
            if base is None:
                return None
            return base.pointer() if (node.text or b"")[:1] == b"&" else base.target()
        return None

    def _resolved(self, type_: Type | None) -> Type | None:
        if type_ is None or type_.base == "netmem_ref":
            return type_
        return self.symbols.resolve(type_)

    def kind(self, node: Node) -> str:
        node = inner(node)
        if node.type == "call_expression":
            function = node.child_by_field_name("function")
            name = (function.text or b"") if function is not None else b""
            own = self.symbols.function(name, self.function.file)
            if own is not None:
                return kind_of(own.result)
            known = self.api.get(name.decode("latin-1"))
            return _result(known) if known is not None else ""
        return kind_of(self.of(node))


def _mixed(wanted: str, given: str) -> bool:
    if not wanted or not given or wanted == given:
        return False
    return not (wanted == "netmem" and given == "number") or given == "number"


def call_findings(symbols: Symbols, function: Function, release: str) -> list[Finding]:
    """What does not fit in the API calls, assignments and initialisers of a function."""
    api = _api(release)
    types = _Types(symbols, function, api)
    found: list[Finding] = []
    where = function.name.decode("latin-1")
    for call in nodes(function.node, "call_expression"):
        name_node, given = (call.child_by_field_name("function"),
                            call.child_by_field_name("arguments"))
        if name_node is None or given is None or name_node.type != "identifier":
            continue
        name = (name_node.text or b"").decode("latin-1")
        known = api.get(name)
        if known is None or symbols.function(name.encode(), function.file) is not None or \
                name.encode() in symbols.macros:
            continue
        arguments = [one for one in given.named_children if one.type != "comment"]
        if not name.startswith(("page_pool_", "netmem_", "skb_", "__skb_", "page_to_netmem",
                                "napi_pp", "get_netmem", "put_netmem")):
            # Of what all of the kernel has for pages, only that it is given netmem.
            memory = arguments[known.memory:][:1] if known.memory is not None else []
            found += [finding("argument-kind", function.file, where, one,
                              message=f"{name}() is given a netmem_ref, it takes a page",
                              fix=_fix(known, _PAGE, "netmem"))
                      for one in memory if known.side is Side.PAGE and types.kind(one) == "netmem"]
            continue
        wanted = known.parameters
        if given.has_error or "..." in wanted or (known.is_macro and name != "page_to_netmem"):
            continue
        if len(arguments) != len(wanted):
            found.append(finding(
                "argument-count", function.file, where, call,
                message=f"{name}() takes {len(wanted)} arguments, not {len(arguments)}"))
            continue
        for number, argument in enumerate(arguments):
            want = _PAGE if name == "page_to_netmem" else _wanted(wanted[number])
            has = types.kind(argument)
            if _mixed(want, has):
                found.append(finding(
                    "argument-kind", function.file, where, argument,
                    message=f"argument {number + 1} of {name}() is {_said(has)}, it takes "
                            f"{_said(want)}", fix=_fix(known, want, has)))
    for node, left, right in _stores(function):
        want, has = types.kind(left), types.kind(right)
        if {want, has} == {"netmem", _PAGE}:
            found.append(finding("argument-kind", function.file, where, node,
                                 message=f"{_said(has)} is assigned to {_said(want)}",
                                 fix="page_to_netmem()" if want == "netmem" else ""))
    return found


def _stores(function: Function) -> list[tuple[Node, Node, Node]]:
    found = []
    for node in nodes(function.node, "assignment_expression"):
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        operator = node.child_by_field_name("operator")
        if left is not None and right is not None and operator is not None \
                and operator.text == b"=":
            found.append((node, left, right))
    for node in nodes(function.node, "init_declarator"):
        left, right = node.child_by_field_name("declarator"), node.child_by_field_name("value")
        while left is not None and left.type == "pointer_declarator":
            left = left.child_by_field_name("declarator")
        if left is not None and right is not None and left.type == "identifier":
            found.append((node, left, right))
    return found


def _said(kind: str) -> str:
    return {"netmem": "a netmem_ref", "number": "a number"}.get(kind, f"a {kind}")


def _fix(known: ApiFunction, want: str, has: str) -> str:
    if known.partner and {want, has} == {"netmem", _PAGE}:
        return f"{known.partner}()"
    return ""
