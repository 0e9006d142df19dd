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


def _same(a: Number, b: Number) -> bool | None:
    if a.low == a.high == b.low == b.high:
        return True
    return False if a.high < b.low or b.high < a.low else None


class _Reader:
    """One expression; `None` is a value that is not known."""

    def __init__(self, text: bytes, names: Callable[[bytes], Name | None]) -> None:
        self.tokens = [match.group(1, 2, 3) for match in _TOKEN.finditer(text.rstrip())]
        if not self.tokens or any(token == (None, None, None) for token in self.tokens):
            raise _NoExpression
        self.at = 0
        self.names = names

    def all(self) -> Number | None:
        value = self.choice()
        if self.at < len(self.tokens):
            raise _NoExpression
        return value

    def next_is(self, *signs: bytes) -> bytes | None:
        """The sign that comes next and is taken, if it is one of these."""
        if self.at < len(self.tokens) and self.tokens[self.at][2] in signs:
            self.at += 1
            return self.tokens[self.at - 1][2]
        return None

    def need(self, sign: bytes) -> None:
        if self.next_is(sign) is None:
            raise _NoExpression

    def choice(self) -> Number | None:
        test = self.binary(0)
        if self.next_is(b"?") is None:
            return test
        yes = self.choice()
        self.need(b":")
        no = self.choice()
        truth = _truth(test)
        if truth is None:
            return yes if yes == no else None
        return yes if truth else no

    def binary(self, level: int) -> Number | None:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while (sign := self.next_is(*_LEVELS[level])) is not None:
            left = _joined(sign, left, self.binary(level + 1))
        return left

    def unary(self) -> Number | None:
        sign = self.next_is(b"!", b"-", b"+", b"~")
        if sign is None:
            return self.primary()
        value = self.unary()
        if sign == b"!":
            return _number(None if (truth := _truth(value)) is None else not truth)
        if value is None or value.low != value.high:
            return None
        return integer({b"-": -value.low, b"+": value.low, b"~": ~value.low}[sign])

    def primary(self) -> Number | None:
        if self.next_is(b"(") is not None:
            value = self.choice()
            self.need(b")")
            return value
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
    if text[:1] == b"0" and text[1:2].isdigit():
        if any(digit not in b"01234567" for digit in text):
            raise _NoExpression
        return int(text, 8)
    return int(text, 0)


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
    return integer(_COMPUTE[sign](left.low, right.low))
