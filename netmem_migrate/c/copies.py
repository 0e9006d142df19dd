# SPDX-License-Identifier: GPL-2.0-only
"""New functions that are copies of others but for their name, and prototypes that say no more."""

from __future__ import annotations

import re
from collections.abc import Iterable

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


def is_any_copy(parsed: ParsedFile, function: Node) -> bool:
    """Whether a copy of a function is the same function, as far as its file tells."""
    body = function.child_by_field_name("body")
    if body is None or ALONE.search(parsed.text(body)) is not None:
        return False
    words = set(WORD.findall(parsed.text(body)))
    return not any(name in words and ALONE.search(text) is not None
                   for name, _, text in DEFINE.findall(parsed.original))


def _less(before: ParsedFile, after: ParsedFile, name: str) -> int:
    """How much less often a file names a function: of several that are the same, the one that gave
    calls away."""
    word = re.compile(rb"\b%b\b" % name.encode("latin-1"))
    return len(word.findall(before.original)) - len(word.findall(after.original))


def _text(parsed: ParsedFile, node: Node) -> tuple[str, ...]:
    """The tokens of a function, the comments left out, and its own name."""
    name = view.declared(node.child_by_field_name("declarator"))
    own = parsed.text(name).decode("latin-1") if name is not None else ""
    return tuple(_NAME if one == own else one for one in tokens(parsed.text(node)))


def declared_again(parsed: ParsedFile, functions: Iterable[Node]) -> list[Node]:
    """The prototypes at file scope that say nothing but what the definitions of these say."""
    heads = {tokens(parsed.source[one.start_byte:body.start_byte]) for one in functions
             if (body := one.child_by_field_name("body")) is not None}
    return [one for one in nodes(parsed.tree.root_node, "declaration")
            if heads and tokens(parsed.text(one).rstrip(b"; \t\n")) in heads]
