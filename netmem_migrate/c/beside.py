# SPDX-License-Identifier: GPL-2.0-only
"""A member that keeps a page beside the address of it that a record has: what a patch adds that
does only that, and the text that it leaves without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.types import PAGE_POINTER
from netmem_migrate.c.unseen import RECORDS, is_set_unseen
from netmem_migrate.c.words import DEFINE

# An array that may have more elements than its size.
_NO_SIZE = frozenset({(), ("0",), ("1",)})
ZERO = re.compile(rb"0(?:x0+)?|'\\0'")
_TESTED = ("if_statement", "while_statement", "do_statement", "switch_statement")
# What reads an operand, whatever a macro in it does.
_READ = ("binary_expression", "cast_expression", "return_statement", "init_declarator",
         "conditional_expression", "unary_expression", "field_expression", "subscript_expression",
         "parenthesized_expression", "initializer_list", "initializer_pair", "for_statement")
_NO_OFFSET = ("unary_expression", "pointer_expression", "subscript_expression",
              "conditional_expression", "comma_expression", "compound_statement")
_CHANGES = re.compile(rb"\+\+|--|(?<![=!<>])=(?!=)")
# What is evaluated once more, or once less, is no act.
_ACTS = ("call_expression", "update_expression", "assignment_expression")


@dataclass(frozen=True, slots=True)
class Known:
    """The functions that an address is known by.

    `asks` give the address of a page, `finds` find the page by it, and whether by any address of
    it, `reads` only read what they are given, and `fills` sets the bytes of it.
    """

    asks: Collection[str]
    finds: Mapping[str, bool]
    reads: Collection[str]
    fills: str


@dataclass(frozen=True, slots=True)
class Access:
    """A use of a member: where it is, the node, with subscripts, and the node that names it."""

    path: str
    line: int
    node: Node
    name: Node

    @property
    def base(self) -> Node:
        """The node of what has the member."""
        found = view.field(self.name.parent)
        assert found is not None
        return found.base

    def named(self, name: bytes) -> bytes:
        """The use with another name of the member."""
        text, at = view.text(self.node), self.name.start_byte - self.node.start_byte
        return text[:at] + name + text[at + len(view.text(self.name)):]


@dataclass(frozen=True, slots=True)
class Beside:
    """A member that was added beside an address.

    `declared` is its declaration's file and node, `record` the struct, and `named` are the names
    that declare member and address in it; `deep` is how many subscripts lead to one, where they are
    arrays. `stores` and `reads` are all uses of the member, `writes` what sets the address. `finds`
    is the function that a read of it stands for.
    """

    member: str
    address: str
    declared: tuple[str, Node]
    record: Node
    named: tuple[Node, Node]
    finds: str
    deep: int = 0
    stores: tuple[Access, ...] = ()
    reads: tuple[Access, ...] = ()
    writes: tuple[Access, ...] = ()
    after: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)


def beside(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile],
           known: Known) -> Beside | None:
    """What a patch adds so, if it does nothing else.

    Each store of the member stands right behind the one of the address of that page, in one block,
    and each store of the address has one behind it, but for NULL.
    """
    added = _added(before, after) if before.keys() == after.keys() else []
    if len(added) != 1:
        return None
    path, declaration = added[0]
    record = _struct(declaration)
    name = view.declared(declaration.child_by_field_name("declarator"))
    if record is None or name is None or \
            tokens(after[path].text(declaration))[:len(PAGE_POINTER)] != PAGE_POINTER:
        return None
    member = after[path].text(name).decode("latin-1")
    sizes = _sizes(declaration, name)
    if not _NO_SIZE.isdisjoint(sizes):
        return None  # as many as there is memory for, behind the record
    if any(member in _fields(parsed) for parsed in before.values()):
        return None  # another record has such a member, too: text cannot tell them apart
    acting = {macro[1] for parsed in after.values() for macro in DEFINE.finditer(parsed.original)
              if not macro[2] and _CHANGES.search(macro[3])}
    stores: list[Access] = []
    uses: list[Access] = []
    for access in accesses(after, member, len(sizes)):
        if _acts(access.node, acting) or _depth(access) != len(sizes):
            return None
        (stores if _assigned(access.node) is not None else uses).append(access)
    addresses = {_address(after[one.path], one, known.asks, len(sizes)) for one in stores}
    if len(addresses) != 1 or None in addresses or not uses:
        return None
    (address,) = addresses
    assert address is not None
    of = _is_of(after[path], record, address, declaration, sizes)
    if of is None or is_set_unseen(after.values(), record, after[path], address):
        return None
    every = list(accesses(after, address, len(sizes)))
    whole = [one for one in every if is_whole(one, len(sizes), known.fills)]
    if any(_depth(one) != len(sizes) and one not in whole for one in every):
        return None
    writes = [one for one in every if one not in whole and is_written(one.node, known.reads)]
    if not all(_has_partner(after[one.path], one, member, len(sizes)) for one in writes):
        return None
    bare = all(_is_bare(after[one.path], one, known.asks) for one in writes)
    for function in (one for one, any_ in known.finds.items() if any_ or bare):
        found = Beside(member, address, (path, declaration), record, (name, of), function,
                       len(sizes), tuple(stores), tuple(uses), tuple(writes), after)
        if all(_same(before[one], undone(found, one)) for one in after):
            return found
    return None


def _acts(node: Node, macros: Collection[bytes]) -> bool:
    """Whether an expression does anything, by itself or by a macro that takes nothing."""
    return bool(nodes(node, *_ACTS)) or any(
        view.text(one) in macros for one in nodes(node, "identifier"))


def _added(before: Mapping[str, ParsedFile],
           after: Mapping[str, ParsedFile]) -> list[tuple[str, Node]]:
    """The members that are declared as pages in files and were not."""
    added: list[tuple[str, Node]] = []
    for path, parsed in after.items():
        were = Counter(tokens(before[path].text(one)) for one in _pages(before[path]))
        for node in _pages(parsed):
            text = tokens(parsed.text(node))
            were[text] -= 1
            if were[text] < 0:
                added.append((path, node))
    return added


def undone(found: Beside, path: str) -> bytes:
    """A file without the member, and with each read of it spelled as what it stands for."""
    parsed = found.after[path]
    edits: list[tuple[int, int, bytes]] = []
    if found.declared[0] == path:
        node = found.declared[1]
        edits.append((node.start_byte, node.end_byte, b""))
    for one in found.stores:
        statement = _assigned(one.node)
        if one.path == path and statement is not None:
            edits.append((statement.start_byte, statement.end_byte, b""))
    for one in found.reads:
        if one.path == path:
            edits.append((one.node.start_byte, one.node.end_byte, b"%b(%b)" % (
                found.finds.encode(), one.named(found.address.encode()))))
    return replaced(parsed.original, sorted(edits))


def _pages(parsed: ParsedFile) -> Iterator[Node]:
    """The members of a file that are declared as a page, or as several."""
    for node in nodes(parsed.tree.root_node, "field_declaration"):
        type_ = node.child_by_field_name("type")
        if type_ is not None and type_.child_by_field_name("body") is None and \
                parsed.text(type_).split() == [b"struct", b"page"]:
            yield node


def _fields(parsed: ParsedFile) -> set[str]:
    """The names of all members that a file has or uses."""
    return {parsed.text(one).decode("latin-1")
            for one in nodes(parsed.tree.root_node, "field_identifier")}


def accesses(files: Mapping[str, ParsedFile], member: str, deep: int = 0) -> Iterator[Access]:
    """All uses of members of a name, of whatever record, each with `deep` subscripts at most."""
    for path, parsed in files.items():
        for node in nodes(parsed.tree.root_node, "field_expression"):
            found = view.field(node)
            if found is not None and parsed.text(found.member) == member.encode("latin-1"):
                yield Access(path, parsed.line_of(found.member.start_byte), _indexed(node, deep),
                             found.member)


def _indexed(node: Node, deep: int) -> Node:
    """A node with the subscripts around it, `deep` of them at most."""
    while deep and node.parent is not None and node.parent.type == "subscript_expression" and \
            view.operand(node.parent) == node:
        node, deep = node.parent, deep - 1
    return node


def _depth(access: Access) -> int:
    node, found = access.node, 0
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node, found = inner, found + 1
    return found


def _member_of(node: Node, deep: int) -> Access | None:
    """A node as a use of a member, with `deep` subscripts."""
    inner: Node | None = node
    for _ in range(deep):
        if inner is None or inner.type != "subscript_expression":
            return None
        inner = view.operand(inner)
    found = view.field(inner)
    return Access("", 0, node, found.member) if found is not None else None


def is_whole(access: Access, deep: int, fills: str) -> bool:
    """Whether a use is of an array of addresses, and sets none: it is asked for its size, or all
    are set to NULL."""
    whole = access.node
    if _depth(access) == deep:
        return False
    around = view.outer(whole).parent
    call = view.call(around.parent) if around is not None else None
    if around is None or call is None:
        return around is not None and around.type == "sizeof_expression"
    return call.name.decode("latin-1") == fills and call.args[0] == whole and \
        len(call.args) == 3 and ZERO.fullmatch(view.text(call.args[1])) is not None and \
        tokens(view.text(call.args[2])) == ("sizeof", "(", *tokens(view.text(whole)), ")")


def _sizes(declaration: Node, name: Node) -> tuple[tuple[str, ...], ...]:
    """The sizes of an array of pointers by its declaration, in order; () for one pointer."""
    found: list[tuple[str, ...]] = []
    node = name.parent
    while node is not None and node != declaration and node.type == "array_declarator":
        size = node.child_by_field_name("size")
        found.append(tokens(view.text(size)) if size is not None else ())
        node = node.parent
    return tuple(found)


def _assigned(node: Node) -> Node | None:
    """The statement `node = ...;`, if a member stands so."""
    found = view.infix(node.parent) if node.parent is not None else None
    statement = node.parent.parent if node.parent is not None else None
    if found is None or found.sign != "=" or found.left != node or statement is None or \
            statement.type != "expression_statement" or statement.parent is None or \
            statement.parent.type != "compound_statement":
        return None
    return statement


def is_written(node: Node, reads: Collection[str]) -> bool:
    """Whether a member is set, or could be: what is not known to only read it may set it, as a
    macro may that is given it."""
    parent = node.parent
    while parent is not None and parent.type == "parenthesized_expression" and \
            parent.parent is not None and parent.parent.type not in _TESTED:
        node, parent = parent, parent.parent
    if parent is None:
        return True
    if parent.type == "assignment_expression":
        return parent.child_by_field_name("left") == node
    if parent.type == "pointer_expression":
        sign = parent.child(0)
        return sign is None or sign.type != "*"
    if parent.type == "argument_list":
        call = view.call(parent.parent)
        return call is None or call.name.decode("latin-1") not in reads
    return parent.type not in _READ


def _value(node: Node) -> Node | None:
    found = view.infix(node.parent) if node.parent is not None else None
    return found.right if found is not None else None


def _struct(declaration: Node) -> Node | None:
    """The struct that a member is declared in, and not a union."""
    around = declaration.parent.parent if declaration.parent is not None else None
    return around if around is not None and around.type == "struct_specifier" else None


def _is_of(parsed: ParsedFile, record: Node, address: str, declaration: Node,
           sizes: tuple[tuple[str, ...], ...]) -> Node | None:
    """The name that declares the address in a struct, where that has it once, and nothing else
    stands in its place by itself; as many as there are pages.

    A struct in which arms of `#if` stand, or that is packed, is another for each who looks.
    """
    text = without_comments(parsed.text(record))
    behind = parsed.original[record.end_byte:record.end_byte + 80].partition(b";")[0]
    if re.search(rb"(?m)^[ \t]*#|_packed|__attribute__|\bvolatile\b", text + b"\n" + behind):
        return None
    found = [(field, name) for field in nodes(record, "field_declaration")
             for declarator in field.children_by_field_name("declarator")
             if (name := view.declared(declarator)) is not None
             and parsed.text(name) == address.encode("latin-1")]
    if len(found) != 1 or _sizes(*found[0]) != sizes:
        return None
    ((member, named),) = found
    if member.parent is None or member.parent == declaration.parent:
        return named
    around = member.parent.parent
    others = [one for one in member.parent.named_children if one != member]
    alone = around is not None and around.type == "union_specifier" and all(
        one.type == "comment" or _is_record(one) for one in others
        ) and around.parent is not None and around.parent.parent == declaration.parent
    return named if alone else None


def _is_record(member: Node) -> bool:
    """Whether a member is a record, or points to one: no address or number."""
    type_ = member.child_by_field_name("type")
    return type_ is not None and type_.type in RECORDS


def _address(parsed: ParsedFile, store: Access, asks: Collection[str], deep: int) -> str | None:
    """The member that is set right in front of a store, to the address of what is stored."""
    statement, page = _assigned(store.node), _value(store.node)
    before = statement.prev_named_sibling if statement is not None else None
    found = view.assigned(before)
    if found is None or page is None or page.type != "identifier":
        return None
    where = _member_of(found.left, deep)
    if where is None or where.named(b"") != store.named(b""):
        return None
    for node in nodes(found.right, "call_expression"):
        call = view.call(node)
        if call is not None and call.name.decode("latin-1") in asks and len(call.args) == 1 and \
                parsed.text(call.args[0]) == parsed.text(page) and _is_added_to(found.right, node):
            return parsed.text(where.name).decode("latin-1")
    return None


def _is_added_to(value: Node, node: Node) -> bool:
    """Whether a value is a call, or a sum of that and of what does nothing and is not negated."""
    value = view.bare(value)
    if value == node:
        return True
    found = view.infix(value)
    if found is None or found.sign != "+":
        return False
    for one, other in ((found.left, found.right), (found.right, found.left)):
        if one.start_byte <= node.start_byte < one.end_byte:
            return _is_added_to(one, node) and not nodes(other, *_ACTS, *_NO_OFFSET) and all(
                sum_.sign in ("+", "*", "<<") for inner in nodes(other, "binary_expression")
                if (sum_ := view.infix(inner)) is not None)
    return False


def _is_bare(parsed: ParsedFile, write: Access, asks: Collection[str]) -> bool:
    """Whether the address of a page itself is set, with nothing added, or NULL."""
    value = _value(write.node)
    call = view.call(view.bare(value)) if value is not None else None
    return value is not None and (view.is_null(value) or (
        call is not None and call.name.decode("latin-1") in asks))


def _has_partner(parsed: ParsedFile, write: Access, member: str, deep: int) -> bool:
    statement, value = _assigned(write.node), _value(write.node)
    if statement is None or value is None:
        return False
    if view.is_null(value):
        return True
    behind = statement.next_named_sibling
    if behind is None or parsed.original[statement.end_byte:behind.start_byte].strip():
        return False
    found = view.assigned(behind)
    where = _member_of(found.left, deep) if found is not None else None
    return where is not None and parsed.text(where.name) == member.encode("latin-1") and \
        where.named(b"") == write.named(b"")


def _same(before: ParsedFile, text: bytes) -> bool:
    return tokens(before.original) == tokens(text)
