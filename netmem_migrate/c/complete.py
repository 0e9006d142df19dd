# SPDX-License-Identifier: GPL-2.0-only
"""Does a C file end where it should? A cut-off copy parses as less code, not as an error."""

from __future__ import annotations

import re

from netmem_migrate.c.mask.text import code_of

_TOKEN = re.compile(rb"(?m)^[ \t]*#[ \t]*(if|else|elif|endif)|[{}]")
_COMMENT_OR_TEXT = re.compile(
    rb"""/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""", re.DOTALL
)


def cut_off(source: bytes) -> str:
    """What is left open at the end of a file: "comment", "block", "condition" or "" for nothing.

    Of a conditional only the first branch counts, as both may open the same block.
    """
    code = code_of(source)
    if b"/*" in _COMMENT_OR_TEXT.sub(b"", source):
        return "comment"
    depth = 0
    open_at: list[int] = []
    first: list[bool] = []
    for token in _TOKEN.finditer(code):
        word = token[1]
        if word == b"if":
            open_at.append(depth)
            first.append(True)
        elif word in (b"else", b"elif"):
            if first and first[-1]:
                open_at[-1] = depth
                first[-1] = False
        elif word == b"endif":
            if open_at:
                before, only = open_at.pop(), first.pop()
                depth = depth if only else before
        elif token[0] in (b"{", b"}"):
            depth += 1 if token[0] == b"{" else -1
    if open_at:
        return "condition"
    return "block" if depth > 0 else ""
