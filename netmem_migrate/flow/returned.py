# SPDX-License-Identifier: GPL-2.0-only
"""A function that returned the address of a page and returns the page: what a patch does that does
only that, and the text that it leaves without it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.types import PAGE_POINTER
from netmem_migrate.c.words import DEFINE, UNDEF, WORD
from netmem_migrate.flow.returning import (
    Helper,
    Macros,
    Taken,
    address,
    helper,
    is_dead,
    is_local,
    stretch,
    taken,
)

_JUMPED = re.compile(rb"\b(?:goto|return|break|continue)\b")
Edits = list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Take:
    """A call that takes the page, and then its address: that expression, and its statement.

    `target` is what is set to the address. `uses` are the further names of the page: each stands
    for what found it by the address.
    """

    path: str
    caller: Node
    taken: Taken
    value: Node
    statement: Node
    target: Node
    uses: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Returned:
    """A function that returns the page now, its callers, and what found pages by the address.

    `path` is the file of the function, `node` it as it is now.
    """

    helper: Helper
    path: str
    node: Node
    takes: tuple[Take, ...]
    finds: str
    before: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)
    after: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)


def returned(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile],
             asks: Collection[str], finds: Mapping[str, bool]) -> Returned | None:
    """What a patch does so, if it does nothing else.

    `asks` are the functions that give the address of a page, `finds` those that find the page by
    it, and whether by any address of it. Each call takes the address right behind the test by which
    it leaves for NULL.
    """
    if before.keys() != after.keys():
        return None
    pairs = []
    for path, parsed in before.items():
        now = {one.name: one for one in after[path].functions()}
        pairs += [(path, old, new) for old in parsed.functions()
                  if (new := now.get(old.name)) is not None
                  and _type(parsed, old.node) == ("void", "*")
                  and _type(after[path], new.node) == PAGE_POINTER]
    if len(pairs) != 1:
        return None
    ((path, old, new),) = pairs
    found = helper(before[path], old, asks)
    if found is None or sum(one.name == old.name for one in after[path].functions()) != 1:
        return None
    takes = _takes(found, before, after)
    if takes is None:
        return None
    plain = view.call(found.values[0][0]) is not None
    known = [one for one, any_ in finds.items() if any_ or plain]
    for one in known if any(take.uses for take in takes) else known[:1]:
        result = Returned(found, path, new.node, takes, one, before, after)
        if all(_same(result, each) for each in after):
            return result
    return None


def _type(parsed: ParsedFile, function: Node) -> tuple[str, ...]:
    """What a function returns, as far as that is a pointer."""
    type_, declarator = view.type_of(function), function.child_by_field_name("declarator")
    if type_ is None or declarator is None or declarator.type != "pointer_declarator":
        return ()
    inside = declarator.child_by_field_name("declarator")
    if inside is None or inside.type != "function_declarator":
        return ()
    return (*tokens(parsed.text(type_)), "*")


def _takes(found: Helper, before: Mapping[str, ParsedFile],
           after: Mapping[str, ParsedFile]) -> tuple[Take, ...] | None:
    """All calls of the function, None where there is one that does not take the page so."""
    macros: dict[bytes, list[bytes]] = {}
    for parsed in before.values():
        for name, _, body in DEFINE.findall(parsed.original):
            macros.setdefault(name, []).append(body)
        for name in UNDEF.findall(parsed.original):
            macros.setdefault(name, []).append(b"")
    if any(found.name in WORD.findall(body) for bodies in macros.values() for body in bodies):
        return None
    result: list[Take] = []
    for path, parsed in after.items():
        if found.name not in parsed.original:
            continue
        were = list(before[path].functions())
        for function in parsed.functions():
            calls = [one for one in view.calls(function.node) if one.name == found.name]
            old = [one.node for one in were if one.name == function.name]
            own = [_take(found, path, parsed, function.node, one, macros) for one in calls]
            mine = [one for one in own if one is not None]
            if len(mine) != len(calls) or (calls and len(old) != 1):
                return None
            pages = {view.text(one.taken.target) for one in mine}
            if any(page in WORD.findall(before[path].text(old[0])) for page in pages):
                return None
            uses = _uses(function.node, pages, mine) if mine else []
            if uses is None:
                return None
            result += uses
    return tuple(result) if result else None


def _take(found: Helper, path: str, parsed: ParsedFile, caller: Node, call: view.Call,
          macros: Macros) -> Take | None:
    one = taken(call)
    if one is None or one.target.type != "identifier":
        return None
    statement = view.behind(one.test)
    store = view.assigned(statement)
    wanted = address(found, call, caller, view.text(one.target), macros)
    if statement is None or store is None or wanted is None or \
            tokens(view.text(store.right)) != tokens(wanted) or \
            b"#" in parsed.original[one.statement.start_byte:statement.end_byte]:
        return None
    take = Take(path, caller, one, store.right, statement, store.left)
    if _cleared(take) is None:
        # Nobody may read what was NULL there.
        jumps = any(_JUMPED.search(body) for name in WORD.findall(parsed.text(caller))
                    for body in macros.get(name, ()))
        if jumps or b"#" in parsed.original[caller.start_byte:caller.end_byte] or \
                not is_local(caller, store.left) or \
                not is_dead(one, caller, view.text(store.left), parsed.original):
            return None
    return take


def _cleared(take: Take) -> Node | None:
    """The statement that sets the address to NULL on the way out."""
    leave = take.taken.leave
    first = next(iter(view.children(leave)), None) if leave.type == "compound_statement" else None
    store = view.assigned(first)
    same = store is not None and view.text(store.right) == b"NULL" and \
        tokens(view.text(store.left)) == tokens(view.text(take.target))
    return first if same else None


def _uses(caller: Node, pages: Collection[bytes], takes: Collection[Take]) -> list[Take] | None:
    """The calls with the further names of the pages that they take; None where one is another."""
    own = {node.start_byte for one in takes for node in (one.taken.target, *_inside(one))}
    left = {one.start_byte: one for one in nodes(caller, "identifier")
            if view.text(one) in pages and one.start_byte not in own
            and not _is_declared(one)}
    result: list[Take] = []
    for take in takes:
        mine: list[Node] = []
        names = {view.text(take.taken.target), view.text(take.target)}
        found = stretch(take.statement, names) if is_local(caller, take.target) and \
            not _is_moving(caller, names) else ()
        for one in found:
            here = [node for node in left.values()
                    if one.start_byte <= node.start_byte < one.end_byte
                    and view.text(node) == view.text(take.taken.target)]
            mine += here
            for node in here:
                del left[node.start_byte]
        result.append(Take(take.path, take.caller, take.taken, take.value, take.statement,
                           take.target, tuple(mine)))
    return None if left else result


def _inside(take: Take) -> Iterator[Node]:
    """The names of the page in its test and in its address."""
    for part in (take.taken.named, take.value):
        for one in (part, *nodes(part, "identifier")):
            if view.text(one) == view.text(take.taken.target):
                yield one


def _is_declared(name: Node) -> bool:
    """Whether a name is that of a `struct page *` of its own, without a value."""
    declarator = name.parent
    return declarator is not None and declarator.type == "pointer_declarator" and \
        declarator.parent is not None and declarator.parent.type == "declaration"


def _is_moving(caller: Node, names: Collection[bytes]) -> bool:
    """Whether the address of a local is taken."""
    return any(view.text(one)[:1] == b"&" and (of := view.changed(one)) is not None
               and view.text(of) in names for one in nodes(caller, "pointer_expression"))


def _same(found: Returned, path: str) -> bool:
    """Whether a file without that is what it was, token by token."""
    before = found.before[path]
    bare: Edits = []
    if any(take.path == path for take in found.takes):
        name = found.helper.name
        for call in (one for one in view.calls(before.tree.root_node) if one.name == name):
            was = taken(call)
            if was is not None:
                bare += _without_braces(was.leave, None)
    return tokens(replaced(before.original, sorted(bare))) == tokens(undone(found, path))


def undone(found: Returned, path: str) -> bytes:
    """A file as it was before, but for the braces around a lone way out."""
    parsed = found.after[path]
    edits: Edits = []
    if path == found.path:
        type_ = view.type_of(found.node)
        assert type_ is not None
        edits.append((type_.start_byte, type_.end_byte, b"void"))
        value, page = found.helper.values[0]
        text, at = view.text(value), page.start_byte - value.start_byte
        for one in nodes(found.node, "return_statement"):
            given = view.children(one)
            if len(given) == 1 and given[0].type == "identifier" and \
                    view.text(given[0]) != b"NULL":
                edits.append((given[0].start_byte, given[0].end_byte, text[:at] + view.text(
                    given[0]) + text[at + len(view.text(page)):]))
    edits += _prototypes(found, parsed)
    mine = [take for take in found.takes if take.path == path]
    for take in mine:
        call, target = take.taken, view.text(take.target)
        edits += [(at.start_byte, at.end_byte, target) for at in (call.target, call.named)]
        edits.append((take.statement.start_byte, take.statement.end_byte, b""))
        edits += _without_braces(call.leave, _cleared(take))
        edits += respelled(found, take)
    declared = {(take.caller.start_byte, view.text(take.taken.target)): take for take in mine}
    for known in declared.values():
        name = view.text(known.taken.target).decode("latin-1")
        for node in nodes(known.caller, "declaration"):
            if tokens(parsed.text(node)) == (*PAGE_POINTER, name, ";"):
                edits.append((node.start_byte, node.end_byte, b""))
    return replaced(parsed.original, sorted(edits))


def respelled(found: Returned, take: Take) -> Edits:
    """Each further name of a page as what found it by the address."""
    return [(node.start_byte, node.end_byte,
             found.finds.encode() + b"(" + view.text(take.target) + b")") for node in take.uses]


def _prototypes(found: Returned, parsed: ParsedFile) -> Edits:
    edits: Edits = []
    for node in nodes(parsed.tree.root_node, "declaration"):
        type_ = view.type_of(node)
        declarators = node.children_by_field_name("declarator")
        name = view.declared(declarators[0]) if len(declarators) == 1 else None
        if type_ is not None and name is not None and view.text(name) == found.helper.name and \
                _type(parsed, node) == PAGE_POINTER:
            edits.append((type_.start_byte, type_.end_byte, b"void"))
    return edits


def _without_braces(leave: Node, cleared: Node | None) -> Edits:
    """A way out without what sets the address to NULL, and without braces around the rest."""
    edits: Edits = [] if cleared is None else [(cleared.start_byte, cleared.end_byte, b"")]
    left = [one for one in view.children(leave) if one != cleared]
    if leave.type == "compound_statement" and len(left) == 1:
        edits += [(leave.start_byte, leave.start_byte + 1, b""),
                  (leave.end_byte - 1, leave.end_byte, b"")]
    return edits
