# SPDX-License-Identifier: GPL-2.0-only
"""What a condition of the preprocessor is, as far as it is known: true, false, or neither.

Follows C11 6.10.1 and include/linux/kconfig.h. A name of which nothing is known makes whatever
depends on it unknown: it is not taken for 0, as the compiler would take one that is not defined.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_TOKEN = re.compile(
    rb"\s*(?:(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)[uUlL]*(?!\w)|([A-Za-z_]\w*)"
    rb"|(<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%<>!~&|^?:(),])|\S)")
_CONFIG = b"CONFIG_"
_MODULE = b"_MODULE"


@dataclass(frozen=True, slots=True)
class Number:
    """An integer that lies between two, which are one where it is known."""

    low: int
    high: int

    @property
    def truth(self) -> bool | None:
        """Whether it is other than 0; None where that is not known."""
        if self.low == self.high:
            return self.low != 0
        return True if self.low > 0 or self.high < 0 else None


@dataclass(frozen=True, slots=True)
class Name:
    """What is known of a name: that it is a macro, with which value, or that it is none.

    A macro of which the value is not known, or that is no integer, has none.
    """

    defined: bool
    value: Number | None = None


Names = Mapping[bytes, Name]
UNDEFINED = Name(False)
DEFINED = Name(True)


def integer(value: int) -> Number:
    """A number that is known."""
    return Number(value, value)


def version(major: int, minor: int, patch: int) -> int:
    """What KERNEL_VERSION() makes of its arguments (the Makefile of the kernel)."""
    return (major << 16) + (minor << 8) + min(patch, 255)


def value_of(text: bytes, names: Callable[[bytes], Name | None]) -> Number | None:
    """The value of a condition; None for what is not known, or is no expression."""
    try:
        return _Reader(text, names).all()
    except _NoExpression:
        return None


class _NoExpression(Exception):
    """Not an expression that can be read."""


_COMPARE: Mapping[bytes, Callable[[Number, Number], bool | None]] = {
    b"<": lambda a, b: True if a.high < b.low else False if a.low >= b.high else None,
    b">": lambda a, b: True if a.low > b.high else False if a.high <= b.low else None,
    b"<=": lambda a, b: True if a.high <= b.low else False if a.low > b.high else None,
    b">=": lambda a, b: True if a.low >= b.high else False if a.high < b.low else None,
    b"==": lambda a, b: _same(a, b),
    b"!=": lambda a, b: None if (same := _same(a, b)) is None else not same,
}
_COMPUTE: Mapping[bytes, Callable[[int, int], int]] = {
    b"+": operator.add, b"-": operator.sub, b"*": operator.mul, b"&": operator.and_,
    b"|": operator.or_, b"^": operator.xor, b"<<": operator.lshift, b">>": operator.rshift,
    b"/": lambda a, b: abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1),
    b"%": lambda a, b: abs(a) % abs(b) * (1 if a >= 0 else -1),
}
_LEVELS = ((b"||",), (b"&&",), (b"|",), (b"^",), (b"&",), (b"==", b"!="),
           (b"<", b">", b"<=", b">="), (b"<<", b">>"), (b"+", b"-"), (b"*", b"/", b"%"))
_PREFIXES = (b"!", b"-", b"+", b"~")
_OPEN, _CHOICE = -2, -1
_BINDS = {sign: level for level, signs in enumerate(_LEVELS) for sign in signs}
_PREFIX = len(_LEVELS)
# No integer has more digits, nor more bits, whatever it is written in.
_DIGITS, _BITS = 66, 64


def _same(a: Number, b: Number) -> bool | None:
    if a.low == a.high == b.low == b.high:
        return True
    return False if a.high < b.low or b.high < a.low else None


class _Reader:
    """One expression; `None` is a value that is not known.

    Two stacks, as the nesting of an expression has no end: operands, and the signs that wait for
    one. `!` and `(` wait in front of theirs, `?` for its colon, and a colon for what is behind it.
    """

    def __init__(self, text: bytes, names: Callable[[bytes], Name | None]) -> None:
        self.tokens = [match.group(1, 2, 3) for match in _TOKEN.finditer(text.rstrip())]
        if not self.tokens or any(token == (None, None, None) for token in self.tokens):
            raise _NoExpression
        self.at = 0
        self.names = names
        self.operands: list[Number | None] = []
        self.waiting: list[tuple[bytes, int]] = []  # a sign, and how tightly it binds

    def all(self) -> Number | None:
        self.operand()
        while self.at < len(self.tokens):
            sign = self.tokens[self.at][2] or b""
            self.at += 1
            if sign == b")":
                self.settle(_CHOICE)
                self.waits_for(b"(")
                continue
            if sign == b"?":
                self.settle(_CHOICE + 1)
                self.waiting.append((sign, _OPEN))
            elif sign == b":":
                self.settle(_CHOICE)
                self.waits_for(b"?")
                self.waiting.append((sign, _CHOICE))
            elif sign in _BINDS:
                self.settle(_BINDS[sign])
                self.waiting.append((sign, _BINDS[sign]))
            else:
                raise _NoExpression
            self.operand()
        self.settle(_CHOICE)
        if self.waiting:
            raise _NoExpression
        return self.operands.pop()

    def operand(self) -> None:
        """Take the next operand, and what stands in front of it."""
        while (sign := self.next_is(b"(", *_PREFIXES)) is not None:
            self.waiting.append((sign, _OPEN if sign == b"(" else _PREFIX))
        self.operands.append(self.primary())

    def settle(self, level: int) -> None:
        """Compute with the signs that bind at least so tightly, back to an open one."""
        while self.waiting and self.waiting[-1][1] >= level:
            sign, binds = self.waiting.pop()
            last = self.operands.pop()
            if binds == _PREFIX:
                self.operands.append(_prefixed(sign, last))
                continue
            first = self.operands.pop()
            if binds > _CHOICE:
                self.operands.append(_joined(sign, first, last))
                continue
            truth = _truth(self.operands.pop())
            if truth is None:
                self.operands.append(first if first == last else None)
            else:
                self.operands.append(first if truth else last)

    def waits_for(self, sign: bytes) -> None:
        """Close what is open, which must be this sign."""
        if not self.waiting or self.waiting.pop()[0] != sign:
            raise _NoExpression

    def next_is(self, *signs: bytes) -> bytes | None:
        """The sign that comes next and is taken, if it is one of these."""
        if self.at < len(self.tokens) and self.tokens[self.at][2] in signs:
            self.at += 1
            return self.tokens[self.at - 1][2]
        return None

    def need(self, sign: bytes) -> None:
        if self.next_is(sign) is None:
            raise _NoExpression

    def primary(self) -> Number | None:
        if self.at == len(self.tokens):
            raise _NoExpression
        number, name, _ = self.tokens[self.at]
        self.at += 1
        if number is not None:
            return integer(_literal(number))
        if name is None:
            raise _NoExpression
        if name == b"defined":
            return self.is_defined()
        if self.next_is(b"(") is not None:
            return self.call(name)
        return self.of(name)

    def is_defined(self) -> Number | None:
        inside = self.next_is(b"(") is not None
        name = self.tokens[self.at][1] if self.at < len(self.tokens) else None
        if name is None:
            raise _NoExpression
        self.at += 1
        if inside:
            self.need(b")")
        known = self.names(name)
        return _number(known.defined if known is not None else None)

    def of(self, name: bytes) -> Number | None:
        known = self.names(name)
        if known is None:
            return None
        return known.value if known.defined else integer(0)

    def call(self, name: bytes) -> Number | None:
        """A macro with arguments: those of linux/version.h and linux/kconfig.h are known."""
        start = self.at
        depth = 1
        while depth:
            if self.at == len(self.tokens):
                raise _NoExpression
            depth += {b"(": 1, b")": -1}.get(self.tokens[self.at][2] or b"", 0)
            self.at += 1
        given = self.tokens[start:self.at - 1]
        if name == b"KERNEL_VERSION":
            parts = [int(one[0]) for one in given[::2] if one[0] is not None]
            return integer(version(*parts)) if len(given) == 5 and len(parts) == 3 else None
        if len(given) == 1 and given[0][1] is not None and name in _OPTIONS:
            return _number(_OPTIONS[name](self._option(given[0][1]),
                                          self._option(given[0][1] + _MODULE)))
        return None

    def _option(self, name: bytes) -> bool | None:
        known = self.names(name)
        if known is None:
            return None
        return known.defined and known.value is not None and known.value.truth is True


# By whether CONFIG_X and CONFIG_X_MODULE are set. Who says that X is off means its module too.
_OPTIONS: Mapping[bytes, Callable[[bool | None, bool | None], bool | None]] = {
    b"IS_BUILTIN": lambda built, module: built,
    b"IS_MODULE": lambda built, module: module if module is not None else
    None if built is None else False,
    b"IS_ENABLED": lambda built, module: True if built or module else built,
    b"IS_REACHABLE": lambda built, module: built if not module else True if built else None,
}


def is_option(name: bytes) -> bool:
    """Is a name one of the kernel's configuration, of which no header of it says anything?"""
    return name.startswith(_CONFIG)


def _truth(value: Number | None) -> bool | None:
    return value.truth if value is not None else None


def _number(truth: bool | None) -> Number | None:
    return None if truth is None else integer(int(truth))


def _literal(text: bytes) -> int:
    if len(text) > _DIGITS:
        raise _NoExpression
    if text[:1] == b"0" and text[1:2].isdigit():
        if any(digit not in b"01234567" for digit in text):
            raise _NoExpression
        return int(text, 8)
    return int(text, 0)


def _prefixed(sign: bytes, value: Number | None) -> Number | None:
    if sign == b"!":
        return _number(None if (truth := _truth(value)) is None else not truth)
    if value is None or value.low != value.high:
        return None
    return integer({b"-": -value.low, b"+": value.low, b"~": ~value.low}[sign])


def _joined(sign: bytes, left: Number | None, right: Number | None) -> Number | None:
    if sign in (b"&&", b"||"):
        decides = sign == b"||"
        truths = (_truth(left), _truth(right))
        if decides in truths:
            return _number(decides)
        return None if None in truths else _number(not decides)
    if left is None or right is None:
        return None
    if sign in _COMPARE:
        return _number(_COMPARE[sign](left, right))
    if left.low != left.high or right.low != right.high:
        return None
    if (sign in (b"/", b"%") and not right.low) or (
            sign in (b"<<", b">>") and not 0 <= right.low < 64):
        return None
    value = _COMPUTE[sign](left.low, right.low)
    return integer(value) if value.bit_length() <= _BITS else None
