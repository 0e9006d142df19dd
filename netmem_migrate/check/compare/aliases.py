# SPDX-License-Identifier: GPL-2.0-only
"""Locals that stand for a member that holds memory, all through a function.

Such a local is declared as the member, at the top, and never set again. Nothing in the function can
set the member or lead to another one: members of other names are set, one at a time, and functions
of the kernel are called that are not given the record.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.words import CALL
from netmem_migrate.check.compare.canonical import Canon
from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.locals import declared
from netmem_migrate.check.compare.plain import HEADS, is_api, is_plain, is_pure
from netmem_migrate.check.compare.ways import Version
from netmem_migrate.check.compare.words import REF
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_PLACE = re.compile(r"\w+(?:(?:->|\.)\w+)+")
_MEMORY = re.compile(r"(?:page|netmem)\Z")
_TARGET = re.compile(r"\w+(?:(?:->|\.)\w+(?:\[[^]]*\])?)*(?:->|\.)(\w+)(?:\[[^]]*\])?")
_KEYWORDS = frozenset(("if", "while", "for", "switch", "return", "sizeof"))
_UNION = re.compile(rb"\bunion\b[^{};]*\{([^{}]*)\}")
_DECLARED = re.compile(r"((?:[\w«»]+ )+(?:\* )*)(\w+)(?: = (.*))?", re.DOTALL)
_STRING = r'"(?:[^"\\]|\\.)*"'


def aliases(version: Version) -> dict[str, str]:
    """The members that locals stand for, by the local, both in canonical spelling."""
    parsed, function = version.parsed, version.function.node
    body = function.child_by_field_name("body")
    if body is None or not is_plain(parsed, function) or not _calls_in_sight(version, function):
        return {}
    canon = Canon(parsed, version.names, version.accessors, version.functions)
    names = [canon.raw(one) for one in declared(function, "declaration", "parameter_declaration")]
    found: dict[str, str] = {}
    for declaration in body.named_children:
        declarators = declaration.children_by_field_name("declarator")
        if declaration.type != "declaration" or len(declarators) != 1:
            continue
        name, value = view.declared(declarators[0]), view.value(declarators[0])
        if name is None or value is None:
            continue
        place, local = canon.raw(value), canon.raw(name)
        parts = re.split(r"->|\.", place)
        lead = parsed.source[declaration.start_byte:name.start_byte].decode("latin-1")
        if _PLACE.fullmatch(place) and _MEMORY.search(place) and canon.tokens(lead) == REF and \
                "void" not in lead and names.count(local) == 1 and names.count(parts[0]) == 1 and \
                not any(_may_change(canon, one, local, parts) for one in _written(function)) and \
                all(_leaves(canon, one, parts) for one in view.calls(function)) and \
                not any(re.search(rb"\b%b\b" % parts[-1].encode("latin-1"), one[1])
                        for text in version.symbols.files.values()
                        for one in _UNION.finditer(text.source)):
            found[canon.name(local)] = re.sub(r"\w+", lambda word: canon.name(word[0]), place)
    return found


def _written(function: Node) -> Iterator[Node]:
    """What a function sets, or gives the address of."""
    for node in nodes(function, "assignment_expression"):
        pair = view.infix(node)
        yield pair.left if pair is not None else node
    for kind in ("update_expression", "pointer_expression"):
        for node in nodes(function, kind):
            one = view.prefix(node)
            if one is None or one.sign != "*":
                yield one.argument if one is not None else node


def _may_change(canon: Canon, target: Node, local: str, parts: Sequence[str]) -> bool:
    """Whether to set something, or to have its address, may change what a local stands for."""
    text = "".join(canon.raw(view.bare(target)).split())
    if target.type == "identifier":
        return text in (local, parts[0])
    match = _TARGET.fullmatch(text)
    return match is None or match[1] in parts


def _calls_in_sight(version: Version, function: Node) -> bool:
    """Whether all that is called, heads of loops that are macros too, is known of the kernel."""
    called = {name.decode("latin-1") for name in CALL.findall(code_of(
        version.parsed.text(function)))} - {version.function.name}
    return all(name in _KEYWORDS or (name not in version.own and (
        is_api(name) or has(name, Trait.OWN_RECORDS))) for name in called)


def _leaves(canon: Canon, call: view.Call, parts: Sequence[str]) -> bool:
    """Whether a call is not given a record."""
    return not any("".join(canon.raw(view.bare(one)).split()).lstrip("&*") == parts[0]
                   for one in call.args)


def without(statements: Sequence[Statement], names: Mapping[str, str],
            own: Collection[str]) -> list[Statement]:
    """The statements with what locals stand for in their place, declarations that do nothing and
    do not need each other in one order."""
    if names:
        pattern = re.compile(rf"{_STRING}|(?<![\w>.])(?:{'|'.join(map(re.escape, names))})\b")
        mine = {f"{REF} {local} = {place}" for local, place in names.items()}
        statements = [Statement(pattern.sub(
            lambda one: names.get(one[0], one[0]), text.text), text.line)
            for text in statements if text.text not in mine]
    first = 1
    so_far: set[str] = set()
    while first < len(statements):
        text = statements[first].text
        match = _DECLARED.fullmatch(text)
        if match is None or HEADS.match(text) or not is_pure(match[3] or "", own) or \
                so_far & set(re.findall(r"\w+", match[3] or "")):
            break
        so_far.add(match[2])
        first += 1
    # One that is read before it is declared is another one.
    values = set(re.findall(r"\w+", " ".join(
        one.text.partition(" = ")[2] for one in statements[1:first])))
    if so_far & values or len(so_far) != first - 1:
        return list(statements)
    return [*statements[:1], *sorted(statements[1:first], key=lambda one: one.text),
            *statements[first:]]
