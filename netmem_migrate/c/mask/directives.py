# SPDX-License-Identifier: GPL-2.0-only
"""Preprocessor lines: conditionals that cut through a construct, directives in awkward places."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise

from netmem_migrate.c.mask.text import Text, after_directive, byte_at, first, last, last_word

_CONDITIONAL = re.compile(
    rb"#[ \t]*(ifdef|ifndef|if|elifdef|elifndef|elif|else|endif)\b(?:[^\n\\]++|\\\r?\n|\\.)*",
    re.DOTALL,
)
_ELSE = re.compile(rb"else\b")
_CONTINUES = re.compile(rb"else\b|[-+*/%&|^?:=<>.,)\]]")
_VARIADIC = re.compile(rb"#[ \t]*+define[ \t]++\w++\([^()]*?(\w++)[ \t]*+\.\.\.[ \t]*+\)")
_SLASH = re.compile(rb"/(?=\\\r?\n)")
_COMMENT = re.compile(rb'"(?:[^"\\\n]++|\\.)*"|(/\*.*?\*/)', re.DOTALL)


_BRACKETS = (b"{", b"}", b"(", b")", b"[", b"]")


class _Group:
    """One #if ... #endif: where its directives are, and the bracket depth in front of it.

    `arms` says how many of each bracket can be seen in each arm: what is inside is counted once,
    however deep it is.
    """

    __slots__ = ("arms", "braces", "lines", "parens")

    def __init__(self, braces: int, parens: int) -> None:
        self.braces = braces
        self.parens = parens
        self.lines: list[tuple[int, int, bytes]] = []
        self.arms: list[Counter[bytes]] = []

    def begin(self, match: re.Match[bytes]) -> None:
        """Take the directive that an arm begins with."""
        self.lines.append((*match.span(), bytes(match[0])))
        self.arms.append(Counter())


def _brackets(code: bytearray, start: int, end: int) -> Counter[bytes]:
    return Counter({sign: found for sign in _BRACKETS if (found := code.count(sign, start, end))})


def conditionals(text: Text) -> None:
    """Flatten conditionals inside functions, structs and expressions.

    Where all arms are whole statements, declarations or members, all of them stay visible and
    only the directive lines go; otherwise the first arm that is not empty stays.
    Conditionals around whole top-level things are left to the parser.
    """
    code = text.code
    stack: list[_Group] = []
    pos = braces = parens = 0
    for m in _CONDITIONAL.finditer(code):
        start, end = m.span()
        word = m[1]
        found = _brackets(code, pos, start)
        braces += found[b"{"] - found[b"}"]
        parens += found[b"("] - found[b")"]
        if stack:
            stack[-1].arms[-1].update(found)
        pos = end
        if word.startswith(b"if"):
            group = _Group(braces, parens)
            group.begin(m)
            stack.append(group)
            continue
        if not stack:
            text.blank_code(start, end)
            continue
        group = stack[-1]
        if word == b"endif":
            group.lines.append((start, end, bytes(m[0])))
            stack.pop()
            flat, seen = _settle(text, group)
            if flat and len(group.lines) > 2:
                # only what is still visible counts from here on
                braces = group.braces + seen[b"{"] - seen[b"}"]
                parens = group.parens + seen[b"("] - seen[b")"]
            if stack:
                stack[-1].arms[-1].update(seen)
        else:
            # each arm starts from the same place
            group.begin(m)
            braces, parens = group.braces, group.parens
    for group in stack:
        for start, end, _ in group.lines:
            text.blank_code(start, end)


def _settle(text: Text, group: _Group) -> tuple[bool, Counter[bytes]]:
    """Decide what stays visible of one group; False if it is left to the parser.

    And the brackets that can still be seen of it.
    """
    code = text.code
    lines = group.lines
    arms = [(a[1], b[0]) for a, b in pairwise(lines)]
    balanced = all(one[b"{"] == one[b"}"] and one[b"("] == one[b")"] and one[b"["] == one[b"]"]
                   for one in group.arms)
    seen = Counter[bytes]()
    if (
        group.braces <= 0
        and group.parens <= 0
        and balanced
        and _starts_afresh(code, lines[0][0], b";})")
        and byte_at(code, first(code, lines[-1][1])) != 0x7B
        and all(_end_of(code, arm) in b";})#" for arm in arms)
    ):
        text.kept += [(start, end) for start, end, _ in lines]
        for start, end, _ in lines:
            seen.update(_brackets(code, start, end))
        for one in group.arms:
            seen.update(one)
        return False, seen
    for start, end, _ in lines:
        text.blank_code(start, end)
    kept = range(len(arms))
    if len(arms) > 1 and not (balanced and _can_stand_together(code, group, arms)):
        # What the target leaves out is spaces already.
        alone = next((i for i, arm in enumerate(arms) if code[arm[0] : arm[1]].strip()), 0)
        kept = range(alone, alone + 1)
        for i, arm in enumerate(arms):
            if i != alone:
                text.blank(*arm)
    for i in kept:
        seen.update(group.arms[i])
    return True, seen


def _can_stand_together(code: bytearray, group: _Group, arms: list[tuple[int, int]]) -> bool:
    """Do the arms of a conditional, one after the other, still make a text that parses?"""
    if group.parens > 0:
        return False
    before = last(code, group.lines[0][0])
    previous = code[before] if before >= 0 else 0x3B
    ends = {_end_of(code, arm) for arm in arms}
    continues = _ELSE if previous in b";{}:," else _CONTINUES
    if any(continues.match(code, first(code, arm[0])) for arm in arms[1:]):
        # `} #ifdef A else if (a) {...} #else else {...} #endif`
        return previous == 0x7D and all(
            code.startswith(b"else", first(code, arm[0])) for arm in arms
        )
    if not ends <= set(b";}#"):
        return ends <= set(b",#")
    if previous in b";{}:":
        return True
    follows = first(code, group.lines[-1][1])
    return (
        previous == 0x29 or last_word(code, before + 1) in (b"else", b"do")
    ) and not code.startswith(b"else", follows)


def _starts_afresh(code: bytearray, start: int, after: bytes) -> bool:
    """Is what stands in front of `start` complete?"""
    before = last(code, start)
    return before < 0 or code[before] in after or after_directive(code, before)


def _end_of(code: bytearray, arm: tuple[int, int]) -> int:
    """Last byte of an arm; `#` for an empty one and for one that ends with a directive."""
    before = last(code, arm[1])
    if before < arm[0] or after_directive(code, before):
        return 0x23
    return code[before]


def other_directives(text: Text) -> None:
    """Hide directives that stand inside an initialiser, an enum or a statement.

    Definitions elsewhere stay: `args...` loses its name, and comments between the lines of a
    definition go, as the parser would end the definition there.
    """
    code, source = text.code, text.source
    for start, end in text.kept:
        if code[start] == 0x23:
            text.out[start:end] = source[start:end]
    done, awkward = -1, False
    for start, end in text.directives:
        if text.out[start] != 0x23:
            continue
        if done < 0 or code[done:start].strip():
            awkward = not _starts_afresh(code, start, b";{}") or _in_a_list(code, start)
        done = end
        if awkward:
            text.blank(start, end)
            continue
        token = source[start:end]
        if b"..." in token and (m := _VARIADIC.match(token)):
            text.hide(start + m.start(1), start + m.end(1))
        if b"/\\" in token:
            # the parser's own comment rule eats the backslash
            for m in _SLASH.finditer(token):
                text.hide(start + m.start(), start + m.start() + 1)
        if b"/*" in token and b"\\\n" in token:
            for m in _COMMENT.finditer(token):
                if m[1]:
                    text.hide(start + m.start(1), start + m.end(1))


def _in_a_list(code: bytearray, start: int) -> bool:
    """Is the brace that was just opened that of an initialiser or an enum?"""
    brace = last(code, start)
    if brace < 0 or code[brace] != 0x7B:
        return False
    before = last(code, brace)
    if byte_at(code, before) in b"=,{]":
        return True
    word = last_word(code, before + 1)
    return word == b"enum" or last_word(code, before + 1 - len(word)) == b"enum"
