# SPDX-License-Identifier: GPL-2.0-only
"""A member that keeps a page where it kept the address of it: what a patch does that does only
that, and the text that it leaves without it.

The member is renamed. Each use of it says whether it is the page or the address that is meant, or
only whether there is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.beside import ZERO
from netmem_migrate.c.beside import Access as Named
from netmem_migrate.c.find import nodes
from netmem_migrate.c.left import base, is_left
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.types import PAGE_POINTER
from netmem_migrate.c.unseen import is_set_unseen
from netmem_migrate.c.words import DEFINE, WORD
from netmem_migrate.flow.cfg import hinted
from netmem_migrate.model.addresses import ASKS, DEREFERENCES, FILLS, FINDS
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

Edits = list[tuple[int, int, bytes]]
_ACTS = ("call_expression", "update_expression", "assignment_expression")
_CONDITIONS = ("if_statement", "while_statement", "do_statement", "for_statement")
_READ = ("assignment_expression", "init_declarator", "return_statement", "argument_list",
         "binary_expression")
_COMPARED = ("==", "!=")
# What an address is declared as: bytes that it leads to, whose sum with a number is as that of a
# `void *`.
ADDRESSES = (("void", "*"), ("u8", "*"), ("char", "*"), ("unsigned", "char", "*"))


class Use(StrEnum):
    """What a use of such a member is."""

    SET = "set"  # to a page
    CLEARED = "cleared"  # to NULL
    TESTED = "tested"  # whether it is NULL
    ADDRESS = "address"  # of the page, for what reads the memory there
    PAGE = "page"
    GIVEN = "given"  # its own address, to a function
    WHOLE = "whole"  # an array of them, or its size
    OTHER = "other"  # which leaves open what is meant


@dataclass(frozen=True, slots=True)
class Access(Named):
    """A use of a member, or of what a parameter points to, and what it is; the node is the whole of
    it, with subscripts and `*`."""

    use: Use


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter that is given where such a member is: the function, and which."""

    function: bytes
    index: int


@dataclass(frozen=True, slots=True)
class Instead:
    """A member that keeps the page now, by which name, and what it was called.

    `declared` is its declaration's file and node, `record` the struct, `named` the name that
    declares it. `uses` are all uses. `asks` gives the address, `finds` found the page by it.
    """

    member: str
    address: str
    declared: tuple[str, Node]
    record: Node
    named: Node
    uses: tuple[Access, ...]
    asks: str
    finds: str
    after: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)


def instead(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile]) -> Instead | None:
    """What a patch does so, if it does nothing else."""
    if before.keys() != after.keys():
        return None
    added, gone = _fields(after, before), _fields(before, after)
    if len(added) != 1 or len(gone) != 1 or added[0][0] != gone[0][0]:
        return None
    (path, new), (_, old) = added[0], gone[0]
    record, name = new.parent.parent if new.parent is not None else None, _name(new)
    was = _name(old)
    if record is None or record.type != "struct_specifier" or name is None or was is None or \
            not _is_kept(tokens(after[path].text(new)), tokens(before[path].text(old)),
                         view.text(name), view.text(was)):
        return None
    member = view.text(name)
    if any(member == view.text(one) for parsed in before.values()
           for one in nodes(parsed.tree.root_node, "field_identifier")) or is_set_unseen(
               after.values(), record, after[path], member.decode("latin-1")):
        return None
    found = list(uses(after, member, depth(new)))
    if any(one.use is Use.OTHER for one in found) or any(
            is_left(parsed, view.text(was), {base(parsed, use.name) for use in found
                                             if use.path == one})
            for one, parsed in after.items()):
        return None
    edits: dict[str, Edits] = {one: [] for one in after}
    edits[path].append((new.start_byte, new.end_byte, before[path].text(old)))
    every: list[tuple[Access, bytes]] = [(one, view.text(was)) for one in found]
    for one in given(found):
        taken = _taken(before, after, one) if _is_only_given(after, one, found) else None
        if taken is None:
            return None
        for where, now, then in taken.declared:
            edits[where].append((now.start_byte, now.end_byte, then))
        every += [(each, taken.was) for each in taken.uses]
    result = tuple(one for one, _ in every)
    pages = any(one.use is Use.PAGE for one in result)
    for asks in ASKS:
        for finds in FINDS if pages else ("",):
            if all(tokens(before[one].original) == tokens(replaced(parsed.original, sorted(
                    [*edits[one], *(edit for access, text in every if access.path == one
                                    for edit in _undone(access, text, asks, finds))])))
                   for one, parsed in after.items()):
                return Instead(member.decode("latin-1"), view.text(was).decode("latin-1"),
                               (path, new), record, name, tuple(found), asks, finds, after)
    return None


def depth(declaration: Node) -> int:
    """How many subscripts lead from a member that is declared so to one pointer; -1 for one that is
    not declared alone, as a pointer or an array of pointers."""
    declarators = declaration.children_by_field_name("declarator")
    count = -1
    node: Node | None = declarators[0] if len(declarators) == 1 else None
    while node is not None and node.type in ("pointer_declarator", "array_declarator"):
        count += 1
        node = node.child_by_field_name("declarator")
    return count if node is not None and node.type == "field_identifier" else -1


def uses(files: Mapping[str, ParsedFile], member: bytes, deep: int) -> Iterator[Access]:
    """All uses of members of a name, of whatever record."""
    for path, parsed in files.items():
        for node in nodes(parsed.tree.root_node, "field_expression"):
            found = view.field(node)
            if found is not None and found.name == member:
                yield access(path, parsed, found.member, node, deep)


def access(path: str, parsed: ParsedFile, name: Node, node: Node, deep: int) -> Access:
    """A use of what `deep` subscripts lead to."""
    steps = 0
    while node.parent is not None and node.parent.type == "subscript_expression" and \
            view.operand(node.parent) == node:
        node, steps = node.parent, steps + 1
    use = Use.OTHER
    if steps <= deep and not nodes(node, *_ACTS):
        use = _whole(node) if steps < deep else use_of(node)
    return Access(path, parsed.line_of(name.start_byte), node, name, use)


def use_of(node: Node) -> Use:
    """What a use of one address, or page, is."""
    around = view.outer(node).parent
    store = view.assigned(around.parent) if around is not None else None
    if around is None or around.type == "sizeof_expression":
        return Use.OTHER if around is None else Use.WHOLE
    if store is not None and store.left == node:
        value = view.bare(store.right)
        if view.is_null(value):
            return Use.CLEARED
        return Use.SET if _page_of(value) is not None else Use.OTHER
    if is_tested(node):
        return Use.TESTED
    call = view.call(around.parent) if around.type == "argument_list" else None
    if call is not None and call.name.decode("latin-1") in ASKS and len(call.args) == 1:
        return Use.ADDRESS if is_read_at(call.node) else Use.OTHER
    sign = view.prefix(around)
    if sign is not None and sign.sign == "&":
        return Use.GIVEN if _argument(around) is not None else Use.OTHER
    changed = around.type == "assignment_expression" and around.child_by_field_name(
        "right") != view.outer(node)
    pair = view.infix(around)
    odd = around.type == "binary_expression" and (pair is None or pair.sign not in _COMPARED)
    return Use.PAGE if around.type in _READ and not changed and not odd else Use.OTHER


def _page_of(value: Node) -> Node | None:
    """A page that is stored: a local, or the address of one that is asked for."""
    call = view.call(value)
    if call is not None and call.name.decode("latin-1") in ASKS and len(call.args) == 1:
        value = view.bare(call.args[0])
    return value if value.type == "identifier" else None


def is_tested(node: Node) -> bool:
    """Whether it is all the same to a use what is there, but for NULL."""
    node = view.outer(node)
    around = node.parent
    while around is not None and around.type == "argument_list":
        call = view.call(around.parent)
        if call is None or view.bare(node) != hinted(call.node):
            return False
        node = view.outer(call.node)
        around = node.parent
    if around is None:
        return False
    if around.type in (*_CONDITIONS, "conditional_expression"):
        return around.child_by_field_name("condition") == node
    sign, pair = view.prefix(around), view.infix(around)
    if sign is not None:
        return sign.sign == "!"
    if around.type != "binary_expression" or pair is None:
        return False
    other = view.bare(pair.right if pair.left == node else pair.left)
    return pair.sign in ("&&", "||") or (pair.sign in _COMPARED and view.is_null(other))


def is_read_at(node: Node) -> bool:
    """Whether an address, with something added or not, is given to what reads the memory there: it
    is not that of no page."""
    node = view.outer(node)
    around = node.parent
    while around is not None and around.type == "binary_expression":
        pair = view.infix(around)
        if pair is None or pair.sign != "+":
            return False
        other = pair.right if pair.left == node else pair.left
        if nodes(other, *_ACTS):
            return False
        node = view.outer(around)
        around = node.parent
    call = view.call(around.parent) if around is not None else None
    at = DEREFERENCES.get(call.name.decode("latin-1")) if call is not None else None
    return call is not None and at is not None and at < len(call.args) and call.args[at] == node


def given(found: Iterable[Access]) -> list[Parameter]:
    """The parameters that are given where a member is, in order of their names."""
    known = {one for use in found if use.use is Use.GIVEN
             and (around := view.outer(use.node).parent) is not None
             and (one := _argument(around)) is not None}
    return sorted(known, key=lambda one: (one.function, one.index))


def _argument(node: Node) -> Parameter | None:
    """The parameter that an argument is for."""
    node = view.outer(node)
    call = view.call(node.parent.parent) if node.parent is not None else None
    return Parameter(call.name, call.args.index(node)) if call is not None and call.name and \
        node in call.args else None


def _whole(node: Node) -> Use:
    """What a use of an array of such is, or of the pointer to one."""
    around = view.outer(node).parent
    store = view.assigned(around.parent) if around is not None else None
    call = view.call(around.parent) if around is not None else None
    if around is None:
        return Use.OTHER
    if around.type == "sizeof_expression" or is_tested(node):
        return Use.WHOLE
    sign = view.prefix(around)
    if sign is not None and sign.sign == "*" and around.parent is not None and \
            view.outer(around).parent.type == "sizeof_expression":  # type: ignore[union-attr]
        return Use.WHOLE
    if store is not None and store.left == node:
        made = view.call(view.bare(store.right))
        return Use.WHOLE if view.is_null(store.right) or (
            made is not None and has(made.name, Trait.ALLOCATES)) else Use.OTHER
    if call is None or not has(call.name, Trait.ANY_MEMORY):
        return Use.OTHER
    if call.name.decode("latin-1") == FILLS:
        zero = call.args[0] == node and len(call.args) == 3 and ZERO.fullmatch(
            view.text(call.args[1]))
        return Use.WHOLE if zero else Use.OTHER
    return Use.WHOLE


@dataclass(frozen=True, slots=True)
class _Taken:
    """The uses of what a parameter points to, what it was called, and its declarations: the file,
    what stands there, and what stood."""

    was: bytes
    uses: tuple[Access, ...]
    declared: tuple[tuple[str, Node, bytes], ...]


def _is_only_given(after: Mapping[str, ParsedFile], one: Parameter,
                   found: Iterable[Access]) -> bool:
    """Whether each call of a function gives a parameter where such a member is."""
    places = {(use.path, use.node.start_byte) for use in found if use.use is Use.GIVEN}
    for path, parsed in after.items():
        for node in nodes(parsed.tree.root_node, "identifier"):
            if view.text(node) != one.function or _is_declared(node):
                continue
            call = view.call(node.parent)
            sign = view.prefix(view.bare(call.args[one.index])) if call is not None and \
                call.function == node and one.index < len(call.args) else None
            if sign is None or sign.sign != "&" or \
                    (path, view.bare(sign.argument).start_byte) not in places:
                return False
    return True


def _is_declared(name: Node) -> bool:
    return name.parent is not None and name.parent.type == "function_declarator"


def _taken(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile],
           one: Parameter) -> _Taken | None:
    """What a parameter is of a function of its own that is defined once, in one file."""
    now, then = ([(path, node) for path, parsed in files.items()
                  for node in functions(parsed, one.function)] for files in (after, before))
    macros = {word for parsed in after.values()
              for macro in DEFINE.finditer(parsed.original) for word in WORD.findall(macro[3])}
    if len(now) != len(then) or one.function in macros or \
            sum(node.type == "function_definition" for _, node in now) != 1 or \
            len({path for path, _ in now}) != 1:
        return None
    declared: list[tuple[str, Node, bytes]] = []
    result: list[Access] = []
    names: tuple[bytes, bytes] = (b"", b"")
    for (path, new), (_, old) in zip(now, then, strict=True):
        mine, his = parameter(new, one.index), parameter(old, one.index)
        own, was = (view.declared(each.child_by_field_name("declarator"))
                    if each is not None else None for each in (mine, his))
        if mine is None or his is None or own is None or was is None or \
                b"static" not in view.text(new).split(b"(")[0].split() or not _is_kept(
                    tokens(view.text(mine)), tokens(view.text(his)), view.text(own),
                    view.text(was)):
            return None
        declared.append((path, mine, view.text(his)))
        if new.type != "function_definition":
            continue
        names = view.text(own), view.text(was)
        found = list(pointed(path, after[path], new, mine, view.text(own)))
        if names[0] in macros or names[1] in macros or any(
                each.use in (Use.OTHER, Use.GIVEN, Use.WHOLE) for each in found) or (
                names[0] != names[1] and (
                    is_left(after[path], names[1], (), new)
                    or any(view.text(each) == names[0] for each in nodes(old, "identifier")))):
            return None
        result += found
    return _Taken(names[1], tuple(result), tuple(declared))


def functions(parsed: ParsedFile, name: bytes) -> Iterator[Node]:
    """The definitions and prototypes of a function."""
    for node in nodes(parsed.tree.root_node, "function_definition", "declaration"):
        if any((declared := _function(one)) is not None and view.text(declared) == name
               for one in node.children_by_field_name("declarator")):
            yield node


def _function(declarator: Node | None) -> Node | None:
    while declarator is not None and declarator.type == "pointer_declarator":
        declarator = declarator.child_by_field_name("declarator")
    inside = declarator.child_by_field_name("declarator") if declarator is not None and \
        declarator.type == "function_declarator" else None
    return inside if inside is not None and inside.type == "identifier" else None


def parameter(function: Node, index: int) -> Node | None:
    """The declaration of a parameter of a definition or prototype."""
    found = view.parameters(function)
    return found[index] if index < len(found) and \
        found[index].type == "parameter_declaration" else None


def pointed(path: str, parsed: ParsedFile, function: Node, declared: Node,
            name: bytes) -> Iterator[Access]:
    """The uses of what a parameter points to; every other use of it is Use.OTHER."""
    for node in nodes(function, "identifier"):
        if view.text(node) != name or declared.start_byte <= node.start_byte < declared.end_byte:
            continue
        sign = view.prefix(node.parent)
        if sign is not None and sign.sign == "*" and node.parent is not None:
            yield access(path, parsed, node, node.parent, 0)
        else:
            yield Access(path, parsed.line_of(node.start_byte), node, node, Use.OTHER)


def _fields(these: Mapping[str, ParsedFile],
            others: Mapping[str, ParsedFile]) -> list[tuple[str, Node]]:
    """The members that are declared in some files and not in others."""
    found: list[tuple[str, Node]] = []
    for path, parsed in these.items():
        mine, theirs = (nodes(one.tree.root_node, "field_declaration")
                        for one in (parsed, others[path]))
        were = [others[path].text(one) for one in theirs]
        if were == [parsed.text(one) for one in mine]:
            continue
        had = Counter(map(tokens, were))
        for node in mine:
            if nodes(node, "field_declaration_list"):
                continue
            text = tokens(parsed.text(node))
            had[text] -= 1
            if had[text] < 0:
                found.append((path, node))
    return found


def _name(declaration: Node) -> Node | None:
    return view.declared(declaration.child_by_field_name("declarator"))


def _is_kept(new: tuple[str, ...], old: tuple[str, ...], name: bytes, was: bytes) -> bool:
    """Whether one declaration is the other, of a page instead of an address, by another name."""
    rest = list(new[len(PAGE_POINTER):])
    if new[:len(PAGE_POINTER)] != PAGE_POINTER or name.decode("latin-1") not in rest:
        return False
    rest[rest.index(name.decode("latin-1"))] = was.decode("latin-1")
    return any(old == (*address, *rest) for address in ADDRESSES)


def _undone(access: Access, was: bytes, asks: str, finds: str) -> Iterator[tuple[int, int, bytes]]:
    """A use as it was."""
    node, renamed = access.node, access.named(was)
    if access.use is Use.ADDRESS:
        call = view.outer(node).parent
        call = call.parent if call is not None else None
        assert call is not None
        yield call.start_byte, call.end_byte, renamed
        return
    if access.use is Use.PAGE:
        renamed = finds.encode() + b"(" + renamed + b")"
    yield node.start_byte, node.end_byte, renamed
    around = view.outer(node).parent
    if access.use is Use.SET and around is not None:
        store = view.infix(around)
        assert store is not None
        yield (store.right.start_byte, store.right.end_byte,
               asks.encode() + b"(" + view.text(view.bare(store.right)) + b")")
