# SPDX-License-Identifier: GPL-2.0-only
"""C declarations in the form the model keeps them, and when two of them are the same."""

from __future__ import annotations

import re
from functools import lru_cache

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
    left = [(parsed.tree.root_node, False)]
    while left:
        node, inside = left.pop()
        if inside and node.type == "identifier":
            gone.append((node.start_byte, node.end_byte))
        inside = inside or node.type == "parameter_list"
        left += [(child, inside) for child in node.children]
    text, done = prototype.encode(), 0
    kept: list[bytes] = []
    for start, end in sorted(gone):
        kept.append(text[done:start])
        done = end
    text = b"".join((*kept, text[done:]))
    return one_line(text.decode()).replace(" )", ")").replace(" ,", ",")
