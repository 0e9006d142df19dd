# SPDX-License-Identifier: GPL-2.0-only
"""New functions that are copies of others but for their name, and prototypes that say no more."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.c.words import TEXT_TOKEN

_NAME = "\0"
# What a copy would have a second one of, or would say otherwise.
ALONE = re.compile(rb"\bstatic\b|\b__func__\b|\b__FUNCTION__\b|\b__COUNTER__\b|"
                   rb"\b\w+_(?:once|ONCE|ratelimited)\b|\bonce\b")


def copies(before: ParsedFile, old: Iterable[Definition],
           after: ParsedFile, new: Iterable[Definition]) -> dict[str, str]:
    """By the name of a new function, the one that it has the text of and is the same as."""
    found = {_text(after, one.node): one.name for one in new
             if (body := one.node.child_by_field_name("body")) is not None
             and ALONE.search(after.text(body)) is None}
    return {found[text]: one.name for one in old
            if found and (text := _text(before, one.node)) in found}


def _text(parsed: ParsedFile, node: Node) -> tuple[str, ...]:
    """The tokens of a function, the comments left out, and its own name."""
    name = view.declared(node.child_by_field_name("declarator"))
    own = parsed.text(name).decode("latin-1") if name is not None else ""
    return tuple(_NAME if one == own else one for one in _tokens(parsed.text(node)))


def declared_again(parsed: ParsedFile, functions: Iterable[Node]) -> list[Node]:
    """The prototypes at file scope that say nothing but what the definitions of these say."""
    heads = {_tokens(parsed.source[one.start_byte:body.start_byte]) for one in functions
             if (body := one.child_by_field_name("body")) is not None}
    return [one for one in nodes(parsed.tree.root_node, "declaration")
            if heads and _tokens(parsed.text(one).rstrip(b"; \t\n")) in heads]


def _tokens(text: bytes) -> tuple[str, ...]:
    return tuple(TEXT_TOKEN.findall(without_comments(text).decode("latin-1")))
