# SPDX-License-Identifier: GPL-2.0-only
"""Locals that stand for a member that holds memory, all through a function.

Such a local is declared as the member and never set again, and nothing in the function can set the
member or lead to another one: the functions that are called are the kernel's own, and write no
member of a driver.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.check.compare.canonical import Canon
from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.ways import Version
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_PLACE = re.compile(r"\w+(?:(?:->|\.)\w+)+")
_MEMORY = re.compile(r"(?:page|netmem)\Z")
_DECLARED = re.compile(r"(?:[\w«»]+ )+(?:\* )*\w+(?: = (.*))?", re.DOTALL)
_CALL = re.compile(r"\b(\w+)\(")
_WRITES = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)")


def aliases(version: Version) -> dict[str, str]:
    """The members that locals stand for, by the local, both in canonical spelling."""
    parsed, function = version.parsed, version.function.node
    canon = Canon(parsed, version.names, version.accessors, version.functions)
    calls = {one.name.decode("latin-1") for one in view.calls(function)}
    if not all(name in BY_NAME or has(name, Trait.HARMLESS) or has(name, Trait.PURE)
               or has(name, Trait.GIVES_BACK) for name in calls - version.own) or \
            calls & version.own:
        return {}
    written = [parsed.text(one).decode("latin-1") for one in _written(function)]
    found: dict[str, str] = {}
    for declaration in nodes(function, "declaration"):
        for one in declaration.children_by_field_name("declarator"):
            name, value = view.declared(one), view.value(one)
            if name is None or value is None or one.type != "init_declarator":
                continue
            place, local = canon.raw(value), canon.raw(name)
            base = re.split(r"->|\.", place)[0]
            if _PLACE.fullmatch(place) and _MEMORY.search(place) and not any(
                    text in (local, base) or _last(text) == _last(place) for text in written):
                found[canon.name(local)] = re.sub(r"\w+", lambda word: canon.name(word[0]), place)
    return found


def _last(place: str) -> str:
    return re.split(r"->|\.", place)[-1] if "->" in place or "." in place else ""


def _written(function: Node) -> list[Node]:
    """What a function sets, or gives the address of."""
    return [*(one.target for one in view.stores(function)
              if one.node.type == "assignment_expression"),
            *(pair.left for node in nodes(function, "assignment_expression")
              if (pair := view.infix(node)) is not None),
            *(one.argument for kind in ("update_expression", "pointer_expression")
              for node in nodes(function, kind)
              if (one := view.prefix(node)) is not None and one.sign != "*")]


def without(statements: Sequence[Statement], names: Mapping[str, str]) -> list[Statement]:
    """The statements with what locals stand for in their place, declarations that do nothing in
    one order."""
    if names:
        pattern = re.compile(rf"(?<![\w>.])(?:{'|'.join(map(re.escape, names))})\b")
        own = {f"{local} = {place}" for local, place in names.items()}
        statements = [Statement(pattern.sub(lambda one: names[one[0]], text.text), text.line)
                      for text in statements
                      if not any(text.text.endswith(f" {one}") for one in own)]
    first = 1
    while first < len(statements) and _only_declares(statements[first].text):
        first += 1
    return [*statements[:1], *sorted(statements[1:first], key=lambda one: one.text),
            *statements[first:]]


def _only_declares(text: str) -> bool:
    declared = _DECLARED.fullmatch(text)
    return declared is not None and " " in text and not text.startswith(("return ", "goto ")) and (
        declared[1] is None or (_WRITES.search(declared[1]) is None and all(
            has(name, Trait.PURE) for name in _CALL.findall(declared[1]))))
