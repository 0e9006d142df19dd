# SPDX-License-Identifier: GPL-2.0-only
"""What a statement in canonical spelling may do: asked where one is left out, or exchanged."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from tree_sitter import Node

from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import WORD
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait

WRITES = re.compile(r"\+\+|--|(?<![=!<>])=(?!=)|(?:<<|>>)=(?!=)")
"""What sets something."""

HEADS = re.compile(r"(?:if|else|while|for|do|switch|case|default|return|goto|break|continue|label|"
                   r"static|typedef|enum|sizeof)\b")
"""What no declaration or assignment begins with, or none that is a local's alone."""

# What a pointer that was only read leads on to: that could fail.
_THROUGH = re.compile(r"\w+(?:->|\.)[\w.\[\]]*(?:->|\[)[\w.>\[\]-]*")
_PURE = frozenset(named(Trait.PURE)) - {"READ_ONCE"}
_BEFORE_GROUP = frozenset("=+-*/%&|^!~<>?:,([")
_MACRO = re.compile(
    rb"^[ \t]*#[ \t]*define[ \t]+(\w+)(\([^)\n]*\))?[ \t]*((?:[^\n\\]|\\.|\\\n)*)",
    re.MULTILINE | re.DOTALL)
_ALONE = re.compile(rb"(?<=[;{})])\s*(?!break\b|continue\b|return\b)[A-Za-z_]\w*\s*;")
_NUMBER = re.compile(
    rb"(?:[\sA-Z0-9_()<>|+*~xULul-]|\b(?:void|unsigned|int|long|[us](?:8|16|32|64))\b)*")


def is_pure(text: str, own: Collection[str] = ()) -> bool:
    """Whether an expression only reads, and calls nothing but the kernel's plain getters; `own` are
    the driver's functions, which may have such a name."""
    if WRITES.search(text) or "{" in text or '"' in text:
        return False
    for at, one in enumerate(text):
        if one != "(":
            continue
        before = text[:at].rstrip()
        if not before or before[-1] in _BEFORE_GROUP:
            continue
        name = re.search(r"(?<![\w.>])\w+\Z", before)
        if name is None or name[0] not in _PURE or name[0] in own:
            return False
    return True


def reads_through(text: str) -> list[str]:
    """What is read by a pointer that is read itself."""
    return _THROUGH.findall(text)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is asked of a file for each of its functions: the macros that it defines, those that are
    more than a number, so that they may set things or read locals, with arguments (`odd_calls`) and
    without (`odd`), and whether something in it is volatile."""

    macros: frozenset[str]
    odd: frozenset[bytes]
    odd_calls: frozenset[bytes]
    volatile: bool


@lru_cache(maxsize=8)
def facts(source: bytes) -> Facts:
    """Look for them once."""
    macros = _MACRO.findall(source)
    odd = [(name, given) for name, given, body in macros if _NUMBER.fullmatch(body) is None]
    return Facts(frozenset(name.decode("latin-1") for name, _, _ in macros),
                 frozenset(name for name, given in odd if not given),
                 frozenset(name for name, given in odd if given), b"volatile" in source)


def is_plain(parsed: ParsedFile, function: Node) -> bool:
    """Whether a function has nothing in it that its statements do not show: macros of its file,
    names that stand alone, volatile or static things, expressions that are statements."""
    text, known = parsed.text(function), facts(parsed.source)
    if known.volatile or b"({" in b"".join(text.split()) or b"asm" in text:
        return False
    body = function.child_by_field_name("body")
    inside = parsed.text(body) if body is not None else text
    if re.search(rb"\bstatic\b", inside):
        return False
    return (known.odd | known.odd_calls).isdisjoint(WORD.findall(text)) and \
        _ALONE.search(text) is None


def is_api(name: str) -> bool:
    """Whether a name is a function of the API, and no macro."""
    known = BY_NAME.get(name)
    return known is not None and not known.is_macro

