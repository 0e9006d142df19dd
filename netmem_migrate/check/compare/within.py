# SPDX-License-Identifier: GPL-2.0-only
"""What is asked of the nodes of a function, without a look at all that is in or around each."""

from __future__ import annotations

import re
from bisect import bisect_left
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import Above
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.mask.words import POINTED
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import TEXT_WORD
from netmem_migrate.model.forms import BACK

_SHORT = 1000  # bytes that may be read again
_TOKEN = re.compile(rb"\w+|[^\w\s]")


class Within:
    """One function of a file, or all of it."""

    def __init__(self, root: Node, parsed: ParsedFile) -> None:
        self._root, self._parsed = root, parsed
        self.above = Above(root)
        self._found: dict[bytes, list[int]] = {}

    def says(self, node: Node, word: bytes) -> bool:
        """Whether a text stands somewhere in a node, as the parser saw it."""
        found = self._found.get(word)
        if found is None:
            found = self._found[word] = self._places(word)
        if not found:
            return False
        number = bisect_left(found, node.start_byte)
        return number < len(found) and found[number] + len(word) <= node.end_byte

    def named(self, node: Node) -> str:
        """The name of what an expression stands for: of `a->b[c].d[e]` it is `d`.

        A call that gives the page of a netmem stands for that page.
        """
        call = view.call(view.bare(node))
        if call is not None and call.name.decode("latin-1") in BACK:
            return ""
        while node.type == "subscript_expression":
            inside = node.child_by_field_name("argument")
            if inside is None:
                break
            node = inside
        return self.last_word(node)

    def last_word(self, node: Node) -> str:
        """The last word in a node, "" for none."""
        start, end = node.start_byte, node.end_byte
        if end - start > _SHORT:
            number = bisect_left(self._words, (end, 0)) - 1
            if number >= 0 and self._words[number][0] >= start:
                start, end = self._words[number][0], min(end, self._words[number][1])
        text = self._parsed.source[start:end].decode("latin-1")
        return "".join(TEXT_WORD.findall(text)[-1:])

    def hidden(self, node: Node) -> str:
        """The tokens that the parser was not shown, nor something in place of them."""
        found = self._hidden
        first, last = (bisect_left(found, (at, b"")) for at in (node.start_byte, node.end_byte))
        return b" ".join(word for _, word in found[first:last]).decode("latin-1")

    def _places(self, word: bytes) -> list[int]:
        masked, end = self._parsed.masked, self._root.end_byte
        found: list[int] = []
        at = masked.find(word, self._root.start_byte, end)
        while at >= 0:
            found.append(at)
            at = masked.find(word, at + 1, end)
        return found

    @cached_property
    def _words(self) -> list[tuple[int, int]]:
        text = self._parsed.source[:self._root.end_byte].decode("latin-1")
        return [one.span() for one in TEXT_WORD.finditer(text, self._root.start_byte)]

    @cached_property
    def _hidden(self) -> list[tuple[int, bytes]]:
        source, masked = self._parsed.source, self._parsed.masked
        start, end = self._root.start_byte, self._root.end_byte
        if source[start:end] == masked[start:end]:
            return []
        return [(start + one.start(), one.group()) for one in _TOKEN.finditer(
                    code_of(source[start:end]))
                if masked[start + one.start():start + one.end()] != one.group()
                and not masked.startswith(POINTED, start + one.start())]
