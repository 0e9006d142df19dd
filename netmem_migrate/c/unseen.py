# SPDX-License-Identifier: GPL-2.0-only
"""What sets a member of a record without naming it, or counts on where the record's members are."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import in_all_arms, nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import DEFINE, WORD

RECORDS = ("struct_specifier", "union_specifier")
_EMPTY = re.compile(rb"\{\s*(?:0|NULL)?\s*,?\s*\}")


class _Holders:
    """The records that hold a record, and itself: by what names, and through which members.

    `mixed` is whether one of them shares its place with something that is no record.
    """

    def __init__(self, files: Collection[ParsedFile], record: Node, of: ParsedFile,
                 member: bytes) -> None:
        self._named: dict[bytes, set[bytes]] = {}
        self._bodies: dict[tuple[int, int], set[bytes]] = {}
        self.mixed = False
        bodies = [(parsed, one) for parsed in files for one in nodes(
            parsed.tree.root_node, *RECORDS) if one.child_by_field_name("body") is not None]
        types = [(parsed, one) for parsed in files
                 for one in nodes(parsed.tree.root_node, "type_definition")]
        macros = [(macro[1], b" ".join(macro[3].split())) for parsed in files for macro in
                  DEFINE.finditer(without_comments(parsed.original)) if not macro[2]]
        self._add(of, record, {member})
        size = -1
        while size != len(self._named) + len(self._bodies):
            size = len(self._named) + len(self._bodies)
            for parsed, one in bodies:
                through = self._through(parsed, one)
                if through is not None:
                    self._add(parsed, one, through)
            for parsed, one in types:
                known = self.members(parsed, one.child_by_field_name("type"))
                for name in one.children_by_field_name("declarator"):
                    if known is not None and name.type == "type_identifier":
                        self._named.setdefault(view.text(name), known)
            for name_, body in macros:
                for word in (b"", b"struct ", b"union "):
                    if word + body in self._named:
                        self._named.setdefault(word + name_, self._named[word + body])

    @property
    def tags(self) -> list[bytes]:
        """The names, as a pattern spells them."""
        return [rb"\s+".join(map(re.escape, name.split())) for name in self._named]

    def members(self, parsed: ParsedFile, type_: Node | None) -> set[bytes] | None:
        """Through which members a type has the record; None for one that has it not."""
        if type_ is None:
            return None
        if type_.child_by_field_name("body") is not None:
            return self._bodies.get((id(parsed), type_.start_byte))
        return self._named.get(b" ".join(view.text(type_).split()))

    @property
    def any(self) -> set[bytes]:
        """The members through which some type may have it."""
        return {name for through in (*self._named.values(), *self._bodies.values())
                for name in through}

    def _add(self, parsed: ParsedFile, record: Node, through: set[bytes]) -> None:
        self._bodies.setdefault((id(parsed), record.start_byte), set()).update(through)
        name = record.child_by_field_name("name")
        if name is not None:
            word = record.type.partition("_")[0].encode()
            self._named.setdefault(word + b" " + view.text(name), set()).update(through)

    def _through(self, parsed: ParsedFile, record: Node) -> set[bytes] | None:
        body = record.child_by_field_name("body")
        found: set[bytes] | None = None
        others = False
        for one in in_all_arms(body) if body is not None else ():
            if one.type != "field_declaration":
                continue
            type_ = view.type_of(one)
            declarators = one.children_by_field_name("declarator")
            held = [name for node in declarators if not nodes(node, "pointer_declarator")
                    and (name := view.declared(node)) is not None]
            if self.members(parsed, type_) is not None and (held or not declarators):
                found = (found or set()) | {view.text(name) for name in held}
            others |= type_ is None or type_.type not in RECORDS
        self.mixed |= found is not None and others and record.type == "union_specifier"
        return found


def is_set_unseen(files: Collection[ParsedFile], record: Node, of: ParsedFile,
                  address: str) -> bool:
    """Whether files have anything that may set the address, or counts on the record's size, and
    that is no assignment to it: a macro, an initialiser, an assertion, a number in its place; or
    the record is another in an arm of `#if`."""
    member = address.encode("latin-1")
    known = _Holders(files, record, of, member)
    return known.mixed or _is_twice(of, record) or any(
        _is_set(parsed, known, member) for parsed in files)


def _is_twice(parsed: ParsedFile, record: Node) -> bool:
    name = record.child_by_field_name("name")
    return name is not None and sum(
        one.child_by_field_name("body") is not None and tag is not None
        and view.text(tag) == view.text(name) for one in nodes(parsed.tree.root_node, record.type)
        for tag in (one.child_by_field_name("name"),)) > 1


def _is_set(parsed: ParsedFile, known: _Holders, member: bytes) -> bool:
    text = without_comments(parsed.original)
    for macro in DEFINE.finditer(text):
        body = macro[3]
        if re.search(rb"(?:->|\.)\s*%b\b" % member, body) or (member in WORD.findall(body) and
                re.search(rb"(?:->|\.)\s*%b\b" % macro[1], text)):
            return True
        for name in WORD.findall(macro[2] or b""):
            if re.search(rb"(?:->|\.)\s*%b\b" % name, body) and re.search(
                    rb"\b%b\s*\([^;]*\b%b\b" % (macro[1], member), text):
                return True
    root = parsed.tree.root_node
    if any(parsed.text(one).lstrip(b". \t") == member for one in nodes(root, "field_designator")):
        return True
    tags = b"|".join(known.tags)
    if tags and re.search(rb"(?:assert|BUILD_BUG_ON\w*)\s*\([^;]*sizeof\s*\(\s*(?:%b)\b" % tags,
                          text):
        return True
    return any(not _is_harmless(value, through, is_array)
               for value, through, is_array in _initialised(parsed, known))


def _initialised(parsed: ParsedFile, known: _Holders) -> Iterator[tuple[Node, set[bytes], bool]]:
    """What records that are known, or arrays of them, begin with."""
    for one in nodes(parsed.tree.root_node, "compound_literal_expression", "declaration"):
        whole = view.type_of(one)
        type_ = view.type_of(whole) if whole is not None and whole.type == "type_descriptor" \
            else whole
        through, value = known.members(parsed, type_), one.child_by_field_name("value")
        if through is None and type_ is not None and b"typeof" in view.text(type_) and \
                nodes(one, "initializer_list"):
            through = known.any
        if through is None:
            continue
        if one.type == "compound_literal_expression" and value is not None and whole is not None:
            yield value, through, bool(nodes(whole, "abstract_array_declarator"))
        for declarator in one.children_by_field_name("declarator"):
            value = declarator.child_by_field_name("value")
            of = declarator.child_by_field_name("declarator")
            if value is not None and of is not None and of.type != "pointer_declarator":
                yield value, through, of.type == "array_declarator"


def _is_harmless(value: Node, through: set[bytes], is_array: bool) -> bool:
    """Whether a record, or an array of such, is not set through some members by what it begins
    with. A name, or what looks like a call, may be a macro that is a list."""
    if value.type != "initializer_list":
        return value.type not in ("call_expression", "identifier")
    if _EMPTY.fullmatch(view.text(value)):
        return True
    for one in view.children(value):
        inner = one.child_by_field_name("value") if one.type == "initializer_pair" else one
        names = [name for name in nodes(one, "field_identifier") if name.parent is not None
                 and name.parent.type == "field_designator" and name.parent.parent == one]
        if inner is None or (not names and (
                not is_array or inner.type != "initializer_list"
                or not _is_harmless(inner, through, False))):
            return False
        if names and view.text(names[0]) in through and not _EMPTY.fullmatch(view.text(inner)):
            return False
    return True
