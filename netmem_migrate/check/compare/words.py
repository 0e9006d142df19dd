# SPDX-License-Identifier: GPL-2.0-only
"""One spelling for the words of code before and after a conversion."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from tree_sitter import Node

from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import TEXT_TOKEN
from netmem_migrate.check.compare.spellings import spellings
from netmem_migrate.model import spelled
from netmem_migrate.model.forms import table

NETMEM_NAME = re.compile(r"^(?P<lead>\w+_)?netmem(?P<plural>s?)$")
REF = "«ref»"  # struct page *, netmem_ref, or void *: what holds memory of the pool
LITERALS = ("string_literal", "concatenated_string", "char_literal")
LOOSE = frozenset({"binary_expression", "conditional_expression", "assignment_expression",
                    "comma_expression", "cast_expression"})
TIGHT = frozenset({"binary_expression", "unary_expression", "cast_expression", "field_expression",
                    "subscript_expression", "pointer_expression", "call_expression"})
_TYPEDEF = re.compile(rb"\btypedef\s+struct\s+page\s*\*\s*(\w+)\s*;")


@lru_cache(maxsize=4)
def _refs(source: bytes) -> frozenset[str]:
    """The types of a file that hold memory of the pool."""
    return frozenset((spelled.REF, *(name.decode("latin-1") for name in _TYPEDEF.findall(source))))


def name_of_page(text: str) -> str:
    """What a name that says netmem would be for pages; "" for one that does not."""
    match = NETMEM_NAME.match(text)
    return f"{match['lead'] or ''}page{match['plural']}" if match else ""


class Words:
    """Spells words of one parsed file; `names` are the names that a change gave others."""

    def __init__(self, parsed: ParsedFile, names: Mapping[str, str]) -> None:
        self.parsed = parsed
        self.names = names
        self.rows = spellings(table())
        self.refs = _refs(parsed.source)

    def name(self, text: str) -> str:
        """A name as it was before the change.

        One that was there before beside its page's is a name of its own, and given as itself.
        """
        if self.names.get(text) == text:
            return text
        text = self.names.get(text, text)
        return name_of_page(text) or text

    def raw(self, node: Node) -> str:
        return self.parsed.text(node).decode("latin-1")

    def tokens(self, text: str) -> str:
        """Text that is not read as a tree: its tokens, spelled one way."""
        words: list[str] = []
        for word in TEXT_TOKEN.findall(text):
            if word == "*" and words[-1:] == ["const"] and words[-3:-1] == ["struct", "page"]:
                words[-3:] = [REF]
            elif word == "*" and words[-2:] == ["struct", "page"]:
                words[-2:] = [REF]
            elif word == "*" and words[-1:] == ["void"]:
                words[-1:] = [REF]
            elif word in self.refs:
                words.append(REF)
            elif word == "NULL":
                words.append("0")
            elif word in self.rows.pages:
                words.append(self.rows.pages[word][0])
            elif word in self.rows.words:
                words.append(self.rows.words[word])
            else:
                words.append(self.name(word))
        return " ".join(words).replace(f"const {REF}", REF)

    def word(self, node: Node) -> str:
        """What has nothing in it that is spelled by itself."""
        if node.type in LITERALS and node.named_child_count:
            return " ".join(TEXT_TOKEN.findall(self.raw(node)))
        return self.tokens(self.raw(node))

    @staticmethod
    def line(node: Node) -> int:
        """The 1-based line of a node."""
        return int(node.start_point[0]) + 1
