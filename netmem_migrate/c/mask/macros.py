# SPDX-License-Identifier: GPL-2.0-only
"""Macros that are members, statements, loops or whole definitions."""

from __future__ import annotations

import re

from netmem_migrate.c.mask.text import (
    PAREN,
    Text,
    after_directive,
    byte_at,
    closing,
    first,
    is_word,
    last,
    last_word,
)
from netmem_migrate.c.mask.types import is_type, stand_in
from netmem_migrate.c.mask.words import BASIC_TYPE, KEYWORDS, POINTED

_BODIES = tuple(re.compile(tag + rb"\s*+(?:\w++\s*+)?(\{)") for tag in (rb"struct", rb"union"))
_MEMBER = re.compile(rb"[;{}]\s*+([A-Za-z_]\w*+)\s*+(\()(?!\s*+[*^)])")
# `unsigned int :7;`, `a:1, :2`
_BASIC_TYPES = BASIC_TYPE + rb"(?:\s++" + BASIC_TYPE + rb")*"
_PADDING = re.compile(
    rb"(?:[;{]\s*+(?:" + _BASIC_TYPES + rb"|\w++)|\}\s*+" + _BASIC_TYPES + rb")"
    rb"\s*+:[^:;,?{}]*+(?=;)|(,\s*+:\s*+\w++)(?=\s*+[,;])"
)
_GROUP_HEAD = re.compile(rb"\s*+(?:(?:(?:struct|union|enum)\s++)?\w*+\s*+,\s*+)*")
_INLINE_TYPE = re.compile(rb"\s*+(?:struct|union)\s*+(?:\w++\s*+)?\{")
_NAME = re.compile(rb"\s*+\w++\s*+(?:\[[^\[\]]*+\]\s*+)*")
_LOCAL_ARRAY = re.compile(
    rb"DECLARE_BITMAP\s*+(\()\s*+\w++\s*+(,)[^(),;]*+(?:" + PAREN + rb")?[^(),;]*+(\))"
)
_STATIC = re.compile(rb"static(?<=[ \t]static)[ \t]++(?=[A-Z_0-9]++[ \t]*+\()")
_LOCAL_FLEX = re.compile(
    rb"_FLEX(\()\s*+((?:struct\s++|union\s++)?\w++)\s*+(,)\s*+\w++\s*+(,[^;]*?\))\s*+;"
)


def members(text: Text) -> None:
    """Members declared by a macro become plain members.

    `DECLARE_BITMAP(name, n);` becomes an array, `DECLARE_FLEX_ARRAY(type, name);` a pointer, and
    the members in `struct_group(name, ...)` are members of the struct around it.
    """
    code = text.code
    for pattern in _BODIES:
        done = 0
        for m in pattern.finditer(code):
            if m.start() < done:
                continue
            end = closing(code, m.start(1))
            if end < 0:
                continue
            done = end
            for pad in list(_PADDING.finditer(code, m.start(1), end)):
                if pad[1]:
                    text.blank_code(*pad.span(1))
                else:
                    text.blank_code(pad.start() + 1, pad.end() + 1)
            for member in _MEMBER.finditer(code, m.start(1), end):
                _member(text, member.start(1), member.start(2), end)


def _member(text: Text, name: int, paren: int, limit: int) -> None:
    code = text.code
    close = closing(code, paren)
    if close < 0 or close > limit:
        return
    after = first(code, close + 1)
    word = bytes(code[name:paren]).strip()
    arguments = bytes(code[paren + 1 : close])
    if byte_at(code, after) == 0x28 or word == b"__attribute__":
        return
    if word in (b"static_assert", b"_Static_assert"):
        text.blank_code(name, after + 1)
        return
    comma = arguments.find(b",")
    inline = _INLINE_TYPE.match(arguments) is not None
    if inline:
        comma = arguments.rfind(b",")
    elif b";" in arguments:
        head = _GROUP_HEAD.match(code, paren + 1)
        text.blank_code(name, head.end() if head else paren + 1)
        text.blank_code(close, after + 1 if byte_at(code, after) == 0x3B else close + 1)
        return
    if comma < 0:
        text.put(paren, b" ")
        text.put(close, b" ")
    elif inline or is_type(arguments[:comma]) or b"FLEX" in word:
        text.blank_code(name, paren + 1)
        text.put(paren + 1 + comma, b"*")
        text.put(close, b" ")
    elif _NAME.fullmatch(arguments, 0, comma):
        text.put(paren, b" ")
        text.put(paren + 1 + comma, b"[")
        text.put(close, b"]")
        size, *rest = arguments[comma + 1 :].split(b",", 1)
        at = paren + 2 + comma
        if is_type(size):
            text.put(at, stand_in(size))
        if rest:
            text.blank_code(at + len(size), close)
    else:
        text.blank_code(name, close + 1)
    if byte_at(code, after) != 0x3B:
        text.put(close, b";")
_LOCAL_POINTER = re.compile(
    rb"(?<=[;{}])\s*+([A-Za-z_]\w{5,}+)[ \t]*+\(\*\s*+\w++\)(?:\[[^\];\n]*+\])++\s*+;"
)


def locals_(text: Text) -> None:
    """Locals declared by a macro: `DECLARE_BITMAP(n, 3) = {}`, `DEFINE_FLEX(struct foo, p, m, 3)`.

    The former becomes an array, the latter a pointer to the type. In `name (*p)[3];`, which would
    be read as a call, the name becomes an enum.
    """
    code = text.code
    for m in _LOCAL_POINTER.finditer(code):
        if m[1] not in KEYWORDS:
            text.put(m.start(1), POINTED)
    for m in _STATIC.finditer(code):
        text.blank_code(m.start(), m.start() + 6)
    if b"DECLARE_BITMAP" in code:
        for m in _LOCAL_ARRAY.finditer(code):
            text.put(m.start(1), b" ")
            text.put(m.start(2), b"[")
            text.put(m.start(3), b"]")
    if b"_FLEX(" in code:
        for m in _LOCAL_FLEX.finditer(code):
            start = m.start()
            while start and is_word(code[start - 1]):
                start -= 1
            if code[start : m.start()].lstrip(b"_").startswith(b"DEFINE"):
                text.blank_code(start, m.end(1))
                text.put(m.start(3), b"*")
                text.blank_code(*m.span(4))


# --- statements -----------------------------------------------------------------------------------

_STATEMENT = re.compile(
    rb"\n[ \t]++(?:\}[ \t]*+)?(?:else[ \t]++)?"
    rb"(?!(?:if|for|while|switch|return|sizeof|else|do|case|goto|default|break|continue|asm)\b)"
    rb"([A-Za-z_]\w*+)[ \t]*+(?=\()(?![^\n;]*+;)("
    + PAREN
    + rb")[ \t\r\\]*+(?:(\{|\n[ \t]++\{)|(\n\s*+)(?=([A-Za-z_*}+.\[-])))"
)
# `my_unrolled_for(i = 0; i < n; i++)`
_FOR = re.compile(rb"for(?<=\wfor)[ \t]*+(" + PAREN + rb")")
_EACH = re.compile(rb"for(?=_?each)\w*+[ \t]*+(" + PAREN + rb")[ \t\r\\]*+(?=[A-Za-z_*{\n])")


def statements(text: Text) -> None:
    """Loops and guards become `while`; statements without a semicolon become expressions.

    `for_each_foo(a, b) {` becomes `while       (a, b) {`, `FOO(a)` becomes `    a;`, and in an
    initialiser `    a,`.
    """
    _named_loops(text)
    _calls_alone(text)


def _named_loops(text: Text) -> None:
    """Macros that end in `for` or contain `for_each` are loops, whatever follows them."""
    code = text.code
    for loop in _FOR.finditer(code):
        if b";" in loop[1]:
            name = loop.start()
            while name and is_word(code[name - 1]):
                name -= 1
            text.blank_code(name, loop.start())
    if b"for_each" in code or b"foreach" in code:
        for each in _EACH.finditer(code):
            name = each.start()
            while name and is_word(code[name - 1]):
                name -= 1
            if byte_at(code, last(code, name)) in b";{}:)" or last_word(code, name) == b"else":
                _loop(text, name, *each.span(1))


def _calls_alone(text: Text) -> None:
    """A call without a semicolon is a loop, a statement or an item of a list, by what follows."""
    code = text.code
    pos = 0
    while m := _STATEMENT.search(code, pos):
        name, args = m.start(1), m.span(2)
        pos = args[1]
        before = last(code, m.start())
        previous = byte_at(code, before)
        if after_directive(code, before):
            previous = 0x3B
        if previous not in b";{}:)," and last_word(code, before + 1) not in (b"else", b"do"):
            continue
        in_list = previous == 0x2C or (previous == 0x7B and _opens_list(code, before))
        follows = m[5]
        if in_list:
            if not m[3] and follows not in (b"}", b"*", b"+", b"-"):
                _end(text, name, args, b",")
        elif m[3]:
            _loop(text, name, *args)
        elif follows not in (b".", b"["):
            white = bytes(m[4])
            here = _indent(bytes(code[m.start() + 1 : name]))
            there = _indent(white[white.rfind(b"\n") + 1 :])
            if follows != b"}" and there > here:
                _loop(text, name, *args)
            else:
                _end(text, name, args, b";")


def _opens_list(code: bytearray, brace: int) -> bool:
    before = last(code, brace)
    if byte_at(code, before) in b"=,{":
        return True
    word = last_word(code, before + 1)
    return word == b"enum" or last_word(code, before + 1 - len(word)) == b"enum"


def _end(text: Text, name: int, args: tuple[int, int], mark: bytes) -> None:
    start, end = args
    if text.code[start + 1 : end - 1].strip():
        text.blank_code(name, start + 1)
        text.put(end - 1, mark)
    elif mark == b";":
        text.blank_code(name, end)
        text.put(end - 1, mark)
    else:
        text.blank_code(start, end)
        text.put(start, mark)


def _indent(white: bytes) -> int:
    return len(white.expandtabs(8))


def _loop(text: Text, name: int, start: int, end: int) -> None:
    """Make the macro call in front of a body the head of a loop, its arguments still walked."""
    text.blank_code(name, start)
    if not text.code[start + 1 : end - 1].strip() and end - name >= 5:
        text.blank_code(start, end)
        text.put(name, b"if(1")
        text.put(end - 1, b")")
    else:
        text.put(name, b"while" if start - name >= 5 else b"if"[: start - name])


# --- top level ------------------------------------------------------------------------------------

_TOP = re.compile(
    rb"\n((?:static[ \t]++|extern[ \t]++)?(?:const[ \t]++)?)([A-Za-z_]\w*+)[ \t]*+("
    + PAREN
    + rb")[ \t\r]*+(;?+)(?=\s*+([A-Za-z_#/{=[]|\Z))"
)
# Code that is not indented is still code.
_STATEMENTS = frozenset((b"if", b"for", b"while", b"switch", b"return", b"sizeof"))
_NO_EXPRESSION = re.compile(rb"\w\s++[A-Za-z_]|[;{}]|\b(?:if|for|while|return)\b")
# `STATIC void foo(`: one word too many in front of a function's name
_STORAGE = re.compile(rb"\n([A-Z][A-Z0-9_]++)\s++(?:\w++[\s*]++){1,4}\w++[ \t]*+\(")
# a list of X macros between its #define and its #undef
_BARE = re.compile(rb"\n(?:[ \t]*+[A-Z_][A-Z0-9_]*+[ \t\r]*+\n)+(?=\s)")

_HASH = re.compile(rb"\s*+#")


def top_level(text: Text) -> None:
    """Macro invocations in column 0 go, where they are neither call nor expression.

    `EXPORT_SYMBOL(x);` is one and stays; `static FOO(x)` in front of a body becomes a function.
    """
    code = text.code
    pos = 0
    while m := _TOP.search(code, pos):
        pos = m.end(3)
        if m[5] in (b"=", b"[") or m[2] in _STATEMENTS:
            continue
        before = last(code, m.start())
        if before >= 0 and code[before] not in b";})" and not after_directive(code, before):
            continue
        if m[5] == b"{" and not m[4]:
            _head(text, *m.span(2), *m.span(3))
        elif m[1] or not m[4] or _NO_EXPRESSION.search(m[3]):
            text.blank_code(m.start(1), m.end(4))


def _head(text: Text, name: int, end: int, start: int, stop: int) -> None:
    """`FOO_HANDLER(x)` in front of a body: `int HANDLER( )`."""
    word = bytes(text.code[name:end])
    if len(word) > 5 and word.upper() == word:
        text.put(name, b"int _")
        text.blank_code(start + 1, stop - 1)


def storage(text: Text) -> None:
    """Capital words in front of the type of a function, as in `STATIC void foo(`."""
    code = text.code
    for m in _STORAGE.finditer(code):
        before = last(code, m.start())
        if before < 0 or code[before] in b";}" or after_directive(code, before):
            text.blank_code(*m.span(1))


def bare(text: Text) -> None:
    """Lines that consist of one name, between directives."""
    if b"undef" not in text.source:
        return
    code = text.code
    for m in _BARE.finditer(code):
        before = last(code, m.start() + 1)
        previous = byte_at(code, before)
        if previous not in b";{}" and before >= 0 and not after_directive(code, before):
            continue
        if previous == 0x7B and _opens_list(code, before):
            continue
        if _HASH.match(text.source, m.end()):
            text.blank_code(*m.span())
