# SPDX-License-Identifier: GPL-2.0-only
"""New functions that are copies of others but for their name, and prototypes that say no more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.c.text import tokens
from netmem_migrate.c.words import DEFINE, WORD

_NAME = "\0"
# What a copy would have a second one of, or would say otherwise.
ALONE = re.compile(rb"\bstatic\b|\b__(?:func|FUNCTION|PRETTY_FUNCTION|COUNTER|LINE)__\b|"
                   rb"\b\w+_(?:once|ONCE|ratelimited)\b|\bonce\b|\b(?:__)?asm(?:__)?\b")


# What says of a declaration which symbol it is of.
SYMBOL = re.compile(rb"\b(?:__)?asm(?:__)?\b|\b(?:__)?(?:weak_?)?alias(?:__)?\b")
_DIRECTIVE = re.compile(rb"(?m)^[ \t]*#")
_GUARDED = re.compile(
    rb"(?m)(?:^[ \t]*\r?\n)?^[ \t]*#[ \t]*ifndef[ \t]+(\w+)[ \t]*\r?\n"
    rb"[ \t]*#[ \t]*define[ \t]+\1\b[^\n\\]*\n[ \t]*#[ \t]*endif[ \t]*\r?\n")


def unguarded(text: bytes, source: bytes) -> bytes:
    """A part of a file without each `#define` in it that stands under `#ifndef` of its own name.

    Behind such a part the name is defined, by whomever: a copy that stands there needs none. But
    what names it before that, or is a macro that does, would mean something else in the copy.
    """
    for one in reversed(list(_GUARDED.finditer(text))):
        word = re.compile(rb"\b%b\b" % one[1])
        if not re.search(rb"(?m)^[ \t]*#[ \t]*undef[ \t]+%b\b" % one[1], source) and \
                not word.search(text, 0, one.start()) and not any(
                    word.search(macro[2]) for macro in DEFINE.findall(source)):
            text = text[:one.start()] + text[one.end():]
    return text


def copies(before: ParsedFile, old: Iterable[Definition],
           after: ParsedFile, new: Iterable[Definition]) -> dict[str, str]:
    """By the name of a new function, the one that it has the text of and is the same as."""
    found = {_text(after, one.node): one.name for one in new if is_any_copy(after, one.node)}
    same: dict[str, list[str]] = {}
    for one in old if found else ():
        text = _text(before, one.node)
        if text in found:
            same.setdefault(found[text], []).append(one.name)
    return {name: max(several, key=lambda one: _less(before, after, one))
            for name, several in same.items()}


def only_copies(before: Mapping[str, ParsedFile], after: Mapping[str, ParsedFile]
                ) -> dict[str, str]:
    """The copies that files get, by name, and the functions that they are of; none where anything
    else changes.

    The text after, without the copies and with their calls naming the function, is then the text
    before, token by token.
    """
    if before.keys() != after.keys():
        return {}
    names: dict[str, str] = {}
    for path, parsed in after.items():
        if before[path].original != parsed.original:
            known = {one.name for one in before[path].functions()}
            new = [one for one in parsed.functions() if one.name not in known]
            names |= copies(before[path], before[path].functions(), parsed, new) if new else {}
    said = _declared(before)
    same = all(_tokens(before[path].original, [], {}) == _tokens(
        parsed.original, list(declarations(parsed, names)), names)
        for path, parsed in after.items()) if names else False
    same = same and all((names[named(parsed, one)], _head(parsed, one)) in said
                        for parsed in after.values() for one in declarations(parsed, names)) and \
        not any(_is_apart(parsed, names) for parsed in after.values())
    return names if same else {}


def _is_apart(parsed: ParsedFile, names: Mapping[str, str]) -> bool:
    """Whether a directive stands between a copy and its function: words may mean something else
    behind it."""
    found = {one.name: one.node for one in parsed.functions()}
    for name in names.keys() & found.keys():
        of = found.get(names[name])
        if of is not None:
            first, last = sorted((found[name], of), key=lambda one: one.start_byte)
            if _DIRECTIVE.search(parsed.original, first.end_byte, last.start_byte):
                return True
    return False


def _declared(files: Mapping[str, ParsedFile]) -> set[tuple[str, tuple[str, ...]]]:
    """How functions are declared: the name of each, and what its definition and prototypes say."""
    return {(name, _head(parsed, one)) for parsed in files.values()
            for kind in ("function_definition", "declaration")
            for one in nodes(parsed.tree.root_node, kind) if (name := named(parsed, one))}


def _head(parsed: ParsedFile, node: Node) -> tuple[str, ...]:
    """The tokens of a prototype, or of what stands before the body of a function, without its
    name."""
    body, name = node.child_by_field_name("body"), named(parsed, node)
    text = parsed.original[node.start_byte:body.start_byte if body is not None else node.end_byte]
    return tuple(_NAME if one == name else one for one in tokens(text.rstrip(b"; \t\r\n")))


def declarations(parsed: ParsedFile, names: Collection[str]) -> Iterator[Node]:
    """The definitions and prototypes of functions of some names."""
    for kind in ("function_definition", "declaration"):
        for node in nodes(parsed.tree.root_node, kind):
            if named(parsed, node) in names:
                yield node


def named(parsed: ParsedFile, node: Node) -> str:
    """The name of the function that a definition or a prototype is of, "" for anything else."""
    declarators = node.children_by_field_name("declarator")
    if len(declarators) != 1:
        return ""  # a prototype and something else
    (declarator,) = declarators
    inside: Node | None = declarator
    while inside is not None and inside.type == "pointer_declarator":
        inside = inside.child_by_field_name("declarator")
    name = view.declared(declarator) if inside is not None and \
        inside.type == "function_declarator" else None
    return parsed.text(name).decode("latin-1") if name is not None else ""


def _tokens(text: bytes, gone: list[Node], names: Mapping[str, str]) -> list[str]:
    code = bytearray(text)
    for node in gone:
        code[node.start_byte:node.end_byte] = b" " * (node.end_byte - node.start_byte)
    return [names.get(one, one) for one in tokens(bytes(code))]


def is_any_copy(parsed: ParsedFile, function: Node) -> bool:
    """Whether a copy of a function is the same function, as far as its file tells."""
    body = function.child_by_field_name("body")
    if body is None or ALONE.search(parsed.text(body)) is not None:
        return False
    macros: dict[bytes, bytes] = {}
    for name, _, text in DEFINE.findall(parsed.original):
        macros[name] = macros.get(name, b"") + text
    # A macro may name another one.
    found = list(dict.fromkeys(WORD.findall(parsed.text(body))))
    seen = set(found)
    for name in found:
        text = macros.get(name, b"")
        if ALONE.search(text) is not None:
            return False
        more = [one for one in WORD.findall(text) if one not in seen]
        seen.update(more)
        found += more
    return True


def _less(before: ParsedFile, after: ParsedFile, name: str) -> int:
    """How much less often a file names a function: of several that are the same, the one that gave
    calls away."""
    word = re.compile(rb"\b%b\b" % name.encode("latin-1"))
    return len(word.findall(before.original)) - len(word.findall(after.original))


def _text(parsed: ParsedFile, node: Node) -> tuple[str, ...]:
    """The tokens of a function, the comments left out, and its own name."""
    name = view.declared(node.child_by_field_name("declarator"))
    own = parsed.text(name).decode("latin-1") if name is not None else ""
    text = unguarded(parsed.original[node.start_byte:node.end_byte], parsed.original)
    return tuple(_NAME if one == own else one for one in tokens(text))


def declared_again(parsed: ParsedFile, functions: Iterable[Node]) -> list[Node]:
    """The prototypes at file scope that say nothing but what the definitions of these say."""
    heads = {tokens(parsed.source[one.start_byte:body.start_byte]) for one in functions
             if (body := one.child_by_field_name("body")) is not None}
    return [one for one in nodes(parsed.tree.root_node, "declaration")
            if heads and tokens(parsed.text(one).rstrip(b"; \t\n")) in heads]
