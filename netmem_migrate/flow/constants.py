# SPDX-License-Identifier: GPL-2.0-only
"""Names that are one constant wherever they stand."""

from __future__ import annotations

import re
from collections.abc import Collection

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import CALL, DEFINE, UNDEF, WORD

_NUMBER = re.compile(rb"\b\d\w*")
_SUM = re.compile(rb"[\w\s()+*|&~<>^-]*")
_ACTS = ("call_expression", "assignment_expression", "update_expression")
_SAID = frozenset({b"true", b"false", b"NULL"})


def acts(value: Node, files: Collection[ParsedFile]) -> bool:
    """Whether something may be done where a value is asked for, by a macro of some files, too."""
    words = set(WORD.findall(view.text(value)))
    macros = {one[0] for parsed in files for one in DEFINE.findall(parsed.original)}
    return bool(nodes(value, *_ACTS)) or b"volatile" in words or not all(
        is_constant(one, files) for one in words & macros)


def is_constant(name: bytes, files: Collection[ParsedFile]) -> bool:
    """Whether a name, or a number, is the same constant in all of some files, as far as they tell.

    A macro is, that is defined once, as a sum of such; an enumerator that has its name alone; and
    a name in capitals that the files tell nothing of.
    """
    if not WORD.fullmatch(name) or name in _SAID:
        return True
    macros: dict[bytes, list[bytes]] = {}
    taken: list[bytes] = []
    for parsed in files:
        for macro, given, body in DEFINE.findall(parsed.original):
            macros.setdefault(macro, []).append(given + code_of(body))
        for macro in UNDEF.findall(parsed.original):
            macros.setdefault(macro, []).append(b"")
        root = parsed.tree.root_node
        taken += [view.text(of) for one in nodes(root, "enumerator")
                  if (of := one.child_by_field_name("name")) is not None]
        taken += [view.text(of) for one in nodes(root, "declaration", "parameter_declaration")
                  for declarator in one.children_by_field_name("declarator")
                  if (of := view.declared(declarator)) is not None for _ in range(2)]
    left, seen = [name], {name}
    while left:
        one = left.pop()
        bodies = macros.get(one, [])
        if not one.isupper() or len(bodies) > 1 or taken.count(one) > 1 or (
                bodies and taken.count(one) and bodies[0].strip() != one):
            return False
        for body in bodies:
            if not _SUM.fullmatch(body) or CALL.search(body) or not body.strip():
                return False
            left += [word for word in WORD.findall(_NUMBER.sub(b"", body)) if word not in seen]
            seen.update(left)
    return True
