# SPDX-License-Identifier: GPL-2.0-only
"""Whether a text still says the name of a member, or of a parameter, that is another now."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import WORD

_NEVER = ("string_content", "string_literal", "system_lib_string", "char_literal", "character",
          "comment", "statement_identifier")
_TAGGED = ("struct_specifier", "union_specifier", "enum_specifier")
_DECLARED = ("declaration", "parameter_declaration", "function_definition", "enumerator")
# A record's type in front of the name of a member, as macros take them.
_OF_RECORD = re.compile(rb"\b(?:struct|union)\s+\w+\s*,\s*\Z")
Base = tuple[int, bytes]


def base(parsed: ParsedFile, name: Node) -> Base:
    """What a member is used of, and the function in which."""
    around = view.function_around(parsed.tree.root_node, name)
    of = view.field(name.parent)
    return (around.start_byte if around is not None else 0,
            view.text(of.base) if of is not None else b"")


def is_left(parsed: ParsedFile, name: bytes, bases: Collection[Base],
            within: Node | None = None) -> bool:
    """Whether a name is used of what has no such member, or in any way that is not known to be of
    something else; in one function, whether it is used at all, but for members and labels."""
    text = without_comments(parsed.original)
    root = parsed.tree.root_node
    start, end = (within.start_byte, within.end_byte) if within else (0, len(text))
    for found in re.finditer(rb"\b%b\b" % re.escape(name), text[start:end]):
        at = start + found.start()
        node = root.descendant_for_byte_range(at, start + found.end())
        if node is None:
            return True
        if node.type == "field_identifier":
            if within is None and not _is_member(parsed, node, bases):
                return True
        elif not _is_other(root, node, name, text[:at], within):
            return True
    return False


def _is_member(parsed: ParsedFile, node: Node, bases: Collection[Base]) -> bool:
    """Whether a name is of a member of something else, or declares it."""
    if node.parent is not None and node.parent.type == "field_expression":
        return base(parsed, node) not in bases
    around = node.parent
    while around is not None and around.type.endswith("declarator"):
        around = around.parent
    return around is not None and around.type == "field_declaration"


def _is_other(root: Node, node: Node, name: bytes, ahead: bytes, within: Node | None) -> bool:
    """Whether a word in a place is no member, and no parameter that is called otherwise now."""
    if node.type in _NEVER:
        return True
    around = node.parent
    if node.type == "preproc_arg" and around is not None:
        given = around.child_by_field_name("parameters")
        return given is not None and name in WORD.findall(view.text(given))
    if view.text(node) != name or around is None:
        return False  # a part of what was put in the place of typeof() and the like
    if node.type == "type_identifier":
        return around.type in _TAGGED
    if around.type == "preproc_params":
        return True
    if node.type != "identifier" or around.type.startswith("preproc") or within is not None:
        return False
    of = view.function_around(root, node)
    return not _OF_RECORD.search(ahead[-200:]) and (
        any(name == one for one in _declared(root, None))
        or any(name == one for one in _declared(of if of is not None else root, of)))


def _declared(root: Node, of: Node | None) -> Iterator[bytes]:
    """What is declared in a function; without one, outside of all, or by any prototype."""
    for one in nodes(root, *_DECLARED):
        inside = of is not None or view.function_around(root, one) in (None, one)
        for declarator in (*one.children_by_field_name("declarator"),
                           *one.children_by_field_name("name")) if inside else ():
            found = view.declared(declarator)
            if found is not None:
                yield view.text(found)
