# SPDX-License-Identifier: GPL-2.0-only
"""An arm of its own in an anonymous union for one kind of what a member holds: what a patch adds
that does only that, and the text that it leaves without it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.beside import Access, accesses
from netmem_migrate.c.find import nodes
from netmem_migrate.c.given import is_given
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.types import PAGE_POINTER
from netmem_migrate.c.words import DEFINE

# What a test may be made of that looks at members, and does nothing.
_ASKS = ("identifier", "field_identifier", "field_expression", "parenthesized_expression",
         "unary_expression", "binary_expression")
_CAST = ("(", *PAGE_POINTER, ")")
_UNCAST = ("netmem_was_cast", "netmem_member_was_cast")  # no names of anything
_SIGNS = ("&", "!")
_FREES = re.compile(rb"^(?:devm_)?(?:k|v|kv)free")


Short = Mapping[str, tuple[str, str]]
"""What functions are short for: the parameter of each, and an expression."""


@dataclass(frozen=True, slots=True)
class Armed:
    """A member that was given a second name for one kind of what it holds.

    `arm` is the new name, `member` the old one; `declared` is the declaration of the arm, its file
    and node, `record` the struct around the union, and `named` are the names that declare both.
    `uses` are all uses of the arm, `others` those of the member; `bare` says that one of these is
    cast to a page no more, which is left to the arm. `had` is what the files were, as tokens.
    """

    arm: str
    member: str
    declared: tuple[str, Node]
    record: Node
    named: tuple[Node, Node]
    uses: tuple[Access, ...] = ()
    others: tuple[Access, ...] = ()
    bare: bool = False
    had: Mapping[str, str] = field(default_factory=dict, repr=False, compare=False)
    short_for: Short = field(default_factory=dict)
    after: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)


def armed(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile],
          short_for: Short) -> Armed | None:
    """What a patch adds so, if it does nothing else.

    Both are arms of one anonymous union of a struct, and of one size. Where a test was added, both
    of its ways are the same but for the arm, and the test does nothing; what a function is
    `short_for` may stand for it.
    """
    if before.keys() != after.keys():
        return None
    known = {parsed.text(one) for parsed in before.values()
             for one in nodes(parsed.tree.root_node, "field_identifier")}
    added = [(path, union, node, name) for path, parsed in after.items()
             for union, node, name in _arms(parsed) if parsed.text(name) not in known]
    if len(added) != 1:
        return None
    ((path, union, declaration, name),) = added
    parsed = after[path]
    record = _record(union)
    arm = parsed.text(name).decode("latin-1")
    if record is None or any(_is_spelled(one, arm) for one in after.values()):
        return None
    for other in _others(union, declaration):
        of = view.declared(other.child_by_field_name("declarator"))
        if of is None or not _is_pointer(parsed, other):
            continue
        member = parsed.text(of).decode("latin-1")
        if of.start_byte > name.start_byte:
            continue  # an initialiser by its place sets the first
        found = Armed(arm, member, (path, declaration), record, (name, of),
                      tuple(accesses(after, arm)), tuple(accesses(after, member)),
                      had={one: " ".join(tokens(text.original)) for one, text in before.items()},
                      short_for=short_for, after=after)
        if not found.uses or (tokens(parsed.text(other))[:-2] != PAGE_POINTER and any(
                _is_counted(after, one.node) for one in found.uses)):
            continue
        same = [_same(tokens(before[one].original), undone(found, one),
                      undone(found, one, whole=True)) for one in after]
        if None not in same:
            return replace(found, bare=any(same))
    return None


def _same(before: tuple[str, ...], *undone: bytes) -> bool | None:
    """Whether a text that is one of others has the member cast where that has not; None where it is
    none of them. What is the arm there is no `void *`, and need not be cast."""
    for text in undone:
        at, bare = 0, False
        for one in tokens(text):
            cast = before[at:at + len(_CAST)] == _CAST
            if one in _UNCAST:
                at += len(_CAST) if cast else 0
                bare |= cast and one == _UNCAST[1]
            elif at < len(before) and before[at] == one:
                at += 1
            else:
                at = -1
                break
        if at == len(before):
            return bare
    return None


def undone(found: Armed, path: str, *, whole: bool = False) -> bytes:
    """A file without the arm, and without the tests that were added for it; without the union
    around it, too, if that is to be the `whole` of it. A word stands where the member may have been
    cast to a page."""
    parsed = found.after[path]
    arm = found.arm.encode("latin-1")
    edits: list[tuple[int, int, bytes]] = []
    if found.declared[0] == path:
        node = found.declared[1]
        union = node.parent.parent if node.parent is not None else None
        around = union.parent if union is not None else None
        other = next((one for one in _others(union, node)
                      if one.start_byte <= found.named[1].start_byte < one.end_byte),
                     None) if union is not None else None
        if whole and around is not None and other is not None and \
                tokens(parsed.text(around)) == ("union", "{", *tokens(parsed.text(other)),
                                                *tokens(parsed.text(node)), "}", ";"):
            edits.append((around.start_byte, around.end_byte, parsed.text(other)))
        else:
            edits.append((node.start_byte, node.end_byte, b""))
    taken: list[tuple[int, int]] = []
    for access in found.uses:
        if access.path != path or any(start <= access.node.start_byte < end
                                      for start, end in taken):
            continue
        chosen = _choice(parsed, access, found)
        if chosen is not None and not _had(found, path, chosen[0]):
            edits.append((chosen[0].start_byte, chosen[0].end_byte, parsed.text(chosen[1])))
            taken.append((chosen[0].start_byte, chosen[0].end_byte))
            continue
        where = view.field(access.node)
        if where is not None and parsed.text(where.member) == arm:
            at = access.node.start_byte
            edits.append((at, at, _UNCAST[0].encode() + b" "))
            edits.append((where.member.start_byte, where.member.end_byte,
                          found.member.encode("latin-1")))
    for access in found.others:
        at = access.node.start_byte
        before = tokens(parsed.original[max(0, at - 40):at])[-len(_CAST):]
        if access.path == path and before != _CAST and not any(
                start <= at < end for start, end in taken):
            edits.append((at, at, _UNCAST[1].encode() + b" "))
    return replaced(parsed.original, sorted(edits))


def _had(found: Armed, path: str, choice: Node) -> bool:
    """Whether a file had a test before, which does the same either way."""
    text = " ".join(found.member if one == found.arm else one
                    for one in tokens(found.after[path].text(choice)))
    return f" {text} " in f" {found.had[path]} "


def _choice(parsed: ParsedFile, access: Access, found: Armed) -> tuple[Node, Node] | None:
    """The test that was added around a use of the arm, and its other way."""
    node: Node | None = access.node
    while node is not None and node.type != "function_definition":
        around = node.parent
        choice = view.branch(around) if around is not None else None
        if choice is not None and choice.then is not None and choice.otherwise is not None and \
                choice.then.start_byte <= access.node.start_byte < choice.then.end_byte:
            other = choice.otherwise
            if other.type == "else_clause":
                other = other.named_children[0]
            ours = [found.member if one == found.arm else one
                    for one in tokens(parsed.text(choice.then))]
            if ours in (list(tokens(one)) for one in _spelled(parsed, other, found.short_for)) \
                    and _only_asks(parsed, choice.test, access) \
                    and b"#" not in parsed.text(choice.node):
                whole = choice.node
                around = whole.parent
                # The brackets of a choice are its own.
                if around is not None and around.type == "parenthesized_expression" and \
                        around.parent is not None and around.parent.type not in (
                            "if_statement", "while_statement", "do_statement"):
                    whole = around
                return whole, other
        node = around
    return None


def _frees(name: bytes) -> bool:
    return _FREES.search(name) is not None


def _only_asks(parsed: ParsedFile, test: Node, access: Access) -> bool:
    """Whether a test looks at members, or at a bit of one, and does nothing: of the record of an
    access, or of what a function is given, and nothing in it sets, frees, or asks for."""
    function: Node | None = access.node
    while function is not None and function.type != "function_definition":
        function = function.parent
    names = {parsed.text(one) for one in nodes(test, "identifier") if one.parent is not None
             and one.parent.type != "binary_expression"}
    names -= {parsed.text(one) for one in nodes(access.base, "identifier")}
    if function is None or not all(
            is_given(function, one, _frees) for one in names):
        return False
    macros = {one[1] for one in DEFINE.finditer(parsed.original)}
    stack = [test]
    while stack:
        node = stack.pop()
        pair, sign = view.infix(node), view.prefix(node)
        if node.type not in _ASKS or any(
                one is not None and one.sign not in _SIGNS for one in (pair, sign)):
            return False
        # What is spelled as macros are is a bit of a mask, or nobody knows what.
        masks = node.parent is not None and node.parent.type == "binary_expression"
        if node.type == "identifier" and (parsed.text(node) in macros or (
                parsed.text(node).isupper() and not masks)):
            return False
        stack += view.children(node)
    return True


def spelled_out(call: view.Call, short_for: Short) -> bytes:
    """A call as what it is short for, b"" where it is for nothing."""
    known = short_for.get(call.name.decode("latin-1"))
    if known is None or len(call.args) != 1:
        return b""
    word = re.compile(rb"\b" + known[0].encode() + rb"\b(?!\s*\()")
    return word.sub(lambda _: view.text(call.args[0]), known[1].encode())


def _spelled(parsed: ParsedFile, node: Node, short_for: Short) -> Iterator[bytes]:
    """The text of an expression, and the one that it is short for."""
    yield parsed.text(node)
    call = view.call(view.bare(node))
    if call is not None:
        yield spelled_out(call, short_for)


def _arms(parsed: ParsedFile) -> Iterator[tuple[Node, Node, Node]]:
    """The arms of anonymous unions that are one page: the union, the declaration, the name."""
    for node in nodes(parsed.tree.root_node, "field_declaration"):
        union = node.parent.parent if node.parent is not None else None
        name = view.declared(node.child_by_field_name("declarator"))
        if union is not None and _record(union) is not None and name is not None and \
                tokens(parsed.text(node))[:-2] == PAGE_POINTER:
            yield union, node, name


def _record(union: Node) -> Node | None:
    """The struct that an anonymous union stands in."""
    around = union.parent
    if union.type != "union_specifier" or union.child_by_field_name("name") is not None or \
            around is None or around.type != "field_declaration" or \
            around.child_by_field_name("declarator") is not None or around.parent is None:
        return None
    record = around.parent.parent
    return record if record is not None and record.type == "struct_specifier" else None


def _others(union: Node, declaration: Node) -> Iterator[Node]:
    body = union.child_by_field_name("body")
    for one in body.named_children if body is not None else ():
        if one.type == "field_declaration" and one != declaration and \
                len(one.children_by_field_name("declarator")) == 1:
            yield one


def _is_pointer(parsed: ParsedFile, declaration: Node) -> bool:
    """Whether a member is one page, or one `void *`."""
    return tokens(parsed.text(declaration))[:-2] in (PAGE_POINTER, ("void", "*"))


def _is_counted(files: Mapping[str, ParsedFile], node: Node) -> bool:
    """Whether what a pointer points to may make a difference: anywhere but where it is passed to a
    function, stored, or asked for."""
    parent = view.outer(node).parent
    if parent is None:
        return True
    pair, sign = view.infix(parent), view.prefix(parent)
    if parent.type == "argument_list":
        call = view.call(parent.parent)
        return call is None or not call.name or call.name.isupper() or any(
            one[1] == call.name for parsed in files.values()
            for one in DEFINE.finditer(parsed.original))
    return parent.type not in ("if_statement", "while_statement") and not (
        (pair is not None and pair.sign in ("=", "==", "!=", "&&", "||"))
        or (sign is not None and sign.sign == "!"))


def _is_spelled(parsed: ParsedFile, arm: str) -> bool:
    """Whether a macro or an initialiser names the arm."""
    text = without_comments(parsed.original)
    word = re.compile(rb"\b%b\b" % arm.encode("latin-1"))
    return any(one[1] == arm.encode("latin-1") or re.search(rb"(?:->|\.)\s*" + word.pattern, one[3])
               for one in DEFINE.finditer(text)) or any(
        word.search(parsed.text(one))
        for one in nodes(parsed.tree.root_node, "field_designator"))
