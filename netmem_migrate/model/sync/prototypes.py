# SPDX-License-Identifier: GPL-2.0-only
"""C declarations in the form the model keeps them, and when two of them are the same."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)


def one_line(text: str) -> str:
    """C in the form the model keeps it: one line, one space, the star at the name."""
    text = " ".join(COMMENT.sub(" ", text).replace("\\\n", " ").split())
    text = re.sub(r"\s*([(,;])\s*", r"\1 ", text).replace("( ", "(").replace(" )", ")")
    text = re.sub(r"(\w)\(\s*\*", r"\1 (*", text) if "(*" in text else text
    text = re.sub(r"(\w) \((?!\*)", r"\1(", text)
    return re.sub(r"\*\s+", "*", re.sub(r"(?<=[\w])\*(?=\w)", " *", text)).rstrip("; ")


def shape(prototype: str) -> str:
    """A prototype without its parameters' names: equal if calls of one fit the other."""
    if "(" not in prototype or re.match(r"\w+\(", prototype):
        name, _, rest = prototype.partition("(")
        arguments = rest.rstrip(")").split(",") if rest.rstrip(")").strip() else []
        return f"{name}/{'...' if '...' in rest else len(arguments)}"
    return _c_shape(prototype)


@lru_cache(maxsize=1024)
def _c_shape(prototype: str) -> str:
    from netmem_migrate.c.parse import parse

    parsed = parse(prototype.encode() + b";\n")
    gone: list[tuple[int, int]] = []

    def look(node: Node, inside: bool) -> None:
        if inside and node.type == "identifier":
            gone.append((node.start_byte, node.end_byte))
        for child in node.children:
            look(child, inside or node.type == "parameter_list")

    look(parsed.tree.root_node, False)
    text = prototype.encode()
    for start, end in reversed(gone):
        text = text[:start] + text[end:]
    return one_line(text.decode()).replace(" )", ")").replace(" ,", ",")
