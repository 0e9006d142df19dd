# SPDX-License-Identifier: GPL-2.0-only
"""A function that took two kinds of thing and is two functions: what a patch does that does only
that, and what makes it of the text before."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.words import DEFINE, WORD
from netmem_migrate.flow.constants import acts, is_constant
from netmem_migrate.flow.splitting import Edits, Split, head, split, version, without

Lay = Callable[[Edits], bytes]
"""The whole text of a file after some edits, laid out."""


@dataclass(frozen=True, slots=True)
class Divided:
    """The function that there was, and the one that takes pages now.

    `path` is their file, `nodes` both as they are now. All calls of the one that is left passed
    `constant` as the flag; `assumed` says that some calls with a page pass what may be that, too.
    """

    split: Split
    path: str
    copy: bytes
    constant: bytes
    assumed: bool
    nodes: tuple[Node, Node]
    before: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)
    after: Mapping[str, ParsedFile] = field(default_factory=dict, repr=False, compare=False)


def named(parsed: ParsedFile, name: bytes) -> Iterator[view.Call]:
    """The calls of a function, in order of the file."""
    return (one for one in view.calls(parsed.tree.root_node) if one.name == name)


def prototypes(parsed: ParsedFile, name: bytes) -> list[Node]:
    """The declarations of a function alone."""
    found = []
    for node in nodes(parsed.tree.root_node, "declaration"):
        declarators = node.children_by_field_name("declarator")
        of = view.declared(declarators[0]) if len(declarators) == 1 else None
        if of is not None and view.text(of) == name and view.parameters(node):
            found.append(node)
    return found


def edits(found: Split, parsed: ParsedFile, pages: Mapping[int, bool], copy: bytes,
          lay: Lay | None = None) -> Edits:
    """What makes two functions of one in a file: `pages` says by its start whether a call passes a
    page."""
    source = parsed.original
    newline = b"\r\n" if b"\r\n" in source else b"\n"
    lay = lay or (lambda made: replaced(source, made))
    made: Edits = []
    heads = [(one, view.parameters(one)) for one in prototypes(parsed, found.name)]
    if parsed is found.parsed:
        heads.append((found.node, found.parameters))
    for node, given in heads:
        whole = node == found.node
        name = view.declared(node.child_by_field_name("declarator"))
        assert name is not None
        both = [version(found, arm) if whole else head(found, arm, given)
                for arm in (found.other, found.page)]
        both[1] = sorted([*both[1], (name.start_byte, name.end_byte, copy)])
        text = lay(both[1])
        start = source.rfind(b"\n", 0, node.start_byte) + 1
        end = source.find(b"\n", node.end_byte - 1) + 1 or len(source)
        gap = newline if whole else b""
        made += [*both[0], (end, end, gap + text[start:end + len(text) - len(source)])]
    for call in named(parsed, found.name):
        page = pages[call.node.start_byte]
        if page:
            made.append((call.function.start_byte, call.function.end_byte, copy))
        if not (page and found.kept):
            made.append(without(call.args, found.flag))
    return sorted(made)


def divided(before: Mapping[str, ParsedFile],
            after: Mapping[str, ParsedFile]) -> Divided | None:
    """What a patch does so, if it does nothing else.

    Each call of the function that is left passed the constant that says so, the same one.
    """
    if before.keys() != after.keys():
        return None
    new = []
    for path, parsed in after.items():
        known = {one.name for one in before[path].functions()}
        new += [(path, one) for one in parsed.functions() if one.name not in known]
    if len(new) != 1:
        return None
    ((path, made),) = new
    then = after[path].functions()
    for old in before[path].functions():
        now = [one.node for one in then if one.name == old.name]
        if len(now) != 1 or before[path].text(old.node) == after[path].text(now[0]):
            continue
        found = split(before[path], old.node)
        if found is not None:
            return _divided(found, path, made.name.encode("latin-1"), (now[0], made.node), before,
                            after)
    return None


def _divided(found: Split, path: str, copy: bytes, now: tuple[Node, Node],
             before: Mapping[str, ParsedFile],
             after: Mapping[str, ParsedFile]) -> Divided | None:
    if any(found.name in WORD.findall(body) for parsed in before.values()
           for _, _, body in DEFINE.findall(parsed.original)):
        return None  # a call that is not seen
    if not is_constant(found.value, list(before.values())):
        return None
    constants: set[bytes] = set()
    said_of_pages: set[bool | None] = set()
    for file, parsed in before.items():
        old = list(named(parsed, found.name))
        new = [one for one in view.calls(after[file].tree.root_node)
               if one.name in (found.name, copy)]
        if len(old) != len(new):
            return None
        pages = {one.node.start_byte: then.name == copy
                 for one, then in zip(old, new, strict=True)}
        for call in old:
            if len(call.args) != len(found.parameters):
                return None
            arg = call.args[found.flag]
            said, page = found.decided(arg), pages[call.node.start_byte]
            if found.is_unsure(arg) or (said is True if page else said is not True):
                return None
            if page and not found.kept and acts(arg, list(before.values())):
                return None
            if page:
                said_of_pages.add(said)
            else:
                constants.add(view.text(arg))
        if tokens(replaced(parsed.original, edits(found, parsed, pages, copy))) != \
                tokens(after[file].original):
            return None
    if len(constants) != 1 or not said_of_pages:
        return None
    return Divided(found, path, copy, constants.pop(), None in said_of_pages, now, before, after)
