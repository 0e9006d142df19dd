# SPDX-License-Identifier: GPL-2.0-only
"""Break lines that an edit made longer than 80 columns, as far as C in kernel style can be broken.

A call is broken behind its arguments, and never before its parenthesis or right behind it. Comments
are broken between words.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.reflow import in_comment, reflow
from netmem_migrate.convert.text import FAR, LIMIT, TAB, columns, indent_to

BRACKETS = re.compile(rb"[()\[\]{}\n]")
OPEN = {40: 41, 91: 93}
_OPERATORS = (b" +", b" -", b" |", b" &", b"&&", b"||", b" ?", b" :")
_HEAD = re.compile(rb"\b(?:if|for|while|switch|\w*for_each\w*)\s*$")
# Nobody wrote a longer line, nor wants it broken: it stays as it is.
_LONGEST = 4000
# The left side of an assignment, up to what is assigned.
_ASSIGNS = re.compile(rb"[ \t]*[^()={};\n]*[^()={};!<>\s\n] \+?= (?=\S)")


@dataclass(frozen=True, slots=True)
class Old:
    """What a touched line was: the line (0-based) of the text before, and its width."""

    line: int
    width: int

    @property
    def allows(self) -> float:
        """The width up to which a line can be left that could be broken so that nothing fits."""
        if self.width > FAR:
            return float("inf")
        return FAR if self.width > LIMIT else LIMIT


@dataclass(frozen=True, slots=True)
class _Break:
    """A place where a line may be broken: its offset in the line, and the bracket it is in."""

    offset: int
    depth: int  # brackets around it: fewer is better
    rank: int  # 0 after a comma, && or ||; 1 inside an argument
    column: int  # where the next line begins


def wrap(text: bytes, touched: Mapping[int, Old]) -> tuple[bytes, set[int]]:
    """Break touched lines that are longer than 80 columns.

    The text, and the lines of the one before that are over 100 columns now and were not.
    """
    lines = text.split(b"\n")
    statements = _statements(text) if touched else []
    parts: list[bytes] = []
    far: set[int] = set()
    done = 0
    for first, inside in groupby(sorted(touched), lambda line: bisect_right(statements, line) - 1):
        start = statements[first]
        end = statements[first + 1] if first + 1 < len(statements) else len(lines)
        made, over = _wrapped(lines[start:end], {line - start: touched[line] for line in inside})
        parts += (*lines[done:start], *made)
        far |= over
        done = end
    return b"\n".join((*parts, *lines[done:])), far


def _statements(text: bytes) -> list[int]:
    """Lines (0-based) before which a statement or declaration ends: each is wrapped for itself."""
    code = code_of(text)
    found, depth, line, start = [0], 0, 0, 0
    stack: list[int] = []
    for match in BRACKETS.finditer(code):
        at = match.start()
        byte = code[at]
        if byte in b"([{":
            stack.append(byte)
            depth += byte != 123
        elif byte != 10:
            depth -= bool(stack) and stack.pop() != 123
        else:
            line += 1
            last = code[start:at].rstrip()
            if not depth and last.endswith((b";", b"{", b"}")) and text[start:at].rstrip() == \
                    text[start:start + len(last)]:
                found.append(line)
            start = at + 1
    return found


def _wrapped(lines: list[bytes], touched: Mapping[int, Old]) -> tuple[list[bytes], set[int]]:
    """Some lines with those broken that are too long, and the lines of before that stay so."""
    olds = dict(touched)
    queue = sorted(touched, reverse=True)
    while queue:
        index = queue.pop()
        line = lines[index].rstrip(b"\r")
        if not LIMIT < columns(line) <= _LONGEST:
            continue
        if in_comment(lines, index):
            made = reflow(lines, index)
            if made is not None:
                parts, count = made
                lines[index:index + count] = parts
                for more in range(len(parts) - count):
                    olds, queue = _shifted(olds, queue, index + count + more)
                olds.update(dict.fromkeys(range(index, index + len(parts)), olds[index]))
                queue = sorted({*range(index, index + len(parts)), *queue}, reverse=True)
            continue
        places = list(_breaks(lines, index))
        broken = _fitting(line, places)
        if broken is None:
            moved = _after_assignment(lines, index)
            if moved is not None:
                first, last = moved
                olds, queue = _shifted(olds, queue, first + 1)
                olds.setdefault(first, olds[index + (index > first)])
                for one in range(first + 1, last + 1):
                    olds.setdefault(one, Old(-1, columns(lines[one])))
                queue = sorted({*range(first, last + 1), *queue}, reverse=True)
                continue
            if columns(line) > olds[index].allows:
                broken = _narrowest(line, places)
            if broken is None:
                continue
        if not _put(lines, index, broken):
            olds, queue = _shifted(olds, queue, index + 1)
        olds.setdefault(index + 1, olds[index])
        queue = sorted({index, index + 1, *queue}, reverse=True)
    return lines, {
        old.line for index, old in olds.items()
        if old.width <= FAR < columns(lines[index].rstrip(b"\r"))}


def _shifted(olds: Mapping[int, Old], queue: list[int],
             at: int) -> tuple[dict[int, Old], list[int]]:
    """The same lines, after one was put in at `at`."""
    return ({index + (index >= at): old for index, old in olds.items()},
            [index + (index >= at) for index in queue])


def _put(lines: list[bytes], index: int, broken: tuple[bytes, bytes]) -> bool:
    """Write a line as two; whether the second went in front of the one that followed."""
    head, tail = broken
    ending = b"\r" if lines[index].endswith(b"\r") else b""
    following = lines[index + 1] if index + 1 < len(lines) else b""
    lines[index] = head + ending
    if _joins(tail, following):
        lines[index + 1] = tail + b" " + following.lstrip(b" \t")
        return True
    lines.insert(index + 1, tail + ending)
    return False


def _joins(tail: bytes, following: bytes) -> bool:
    """Whether the rest of a broken line goes in front of the next line of the same call."""
    indent = tail[:len(tail) - len(tail.lstrip(b" \t"))]
    own = following[:len(following) - len(following.lstrip(b" \t"))]
    return (tail.endswith(b",") and indent == own
            and not any(mark in tail + following for mark in (b"/*", b"//"))
            # One that is too long itself is broken anew.
            and (columns(tail + b" " + following.strip()) <= LIMIT
                 or columns(following.rstrip()) > LIMIT))


def _breaks(lines: list[bytes], index: int) -> Iterator[_Break]:
    """Where a line may be broken, from the left."""
    line = lines[index]
    code = code_of(b"\n".join(lines[:index + 1]))
    start = code.rfind(b"\n") + 1
    assign: int | None = None
    stack = open_brackets(code, start)
    offset = start + len(line) - len(line.lstrip(b" \t"))
    indent = columns(line[:offset - start])
    hanging = indent + TAB if not _continues(code, start) else indent
    while offset < len(code):
        byte = code[offset]
        if byte in b"([{":
            stack.append(offset)
        elif byte in b")]}":
            if stack:
                stack.pop()
        elif byte == 32:
            depth = sum(code[one] in b"([" for one in stack)
            before = code[start:offset]
            if depth == 0 and assign is None and before.endswith((b" =", b"+=", b"return")):
                assign = offset - start
                hanging = columns(line[:assign + 1])
            elif depth == 0 and before.endswith(_OPERATORS):
                yield _Break(offset - start, 0, 0, hanging)
            elif depth and code[stack[-1]] == 40 and before.endswith((b",", *_OPERATORS)):
                rank = 0 if before.endswith((b",", b"&&", b"||")) else 1
                yield _Break(offset - start, depth, rank, _column(lines, code, stack[-1]) + 1)
        offset += 1


def _split(line: bytes, at: _Break) -> tuple[bytes, bytes]:
    return line[:at.offset], indent_to(at.column) + line[at.offset + 1:]


def _fitting(line: bytes, places: list[_Break]) -> tuple[bytes, bytes] | None:
    """A line in two, at the outermost bracket and as late as fits; None if nothing fits."""
    last = max((one.offset for one in places), default=0)
    # A tab is a byte, and no narrower than one: what is behind so many bytes does not fit.
    near = (one for one in places if one.offset <= LIMIT)
    for one in sorted(near, key=lambda b: (b.rank, b.depth, -b.offset)):
        head, tail = _split(line, one)
        if columns(head) <= LIMIT and (one.offset < last or columns(tail) <= LIMIT):
            return head, tail
    return None


def _narrowest(line: bytes, places: list[_Break]) -> tuple[bytes, bytes] | None:
    """A line in two that are as narrow as can be, though one of them is over the limit."""
    parts = [_split(line, one) for one in places]
    best = min(parts, key=lambda both: max(map(columns, both)), default=None)
    return best if best is not None and max(map(columns, best)) < columns(line) else None


def _after_assignment(lines: list[bytes], index: int) -> tuple[int, int] | None:
    """Break the statement around a line after its `=`, and move what continues it to the left.

    The first line that changed and the last one, or None if nothing is assigned there.
    """
    code = code_of(b"\n".join(lines[:index + 1]))
    stack = [one for one in open_brackets(code, code.rfind(b"\n") + 1) if code[one] in OPEN]
    first = code.count(b"\n", 0, stack[0]) if stack else index
    line = lines[first]
    begin = sum(len(one) + 1 for one in lines[:first])
    if _continues(code, begin):
        return None
    match = _ASSIGNS.match(code[begin:begin + len(line)])
    if match is None:
        return None
    indent = columns(line[:len(line) - len(line.lstrip(b" \t"))]) + TAB
    saved = columns(line[:match.end()]) - indent
    if saved <= 0:
        return None
    last = first
    depth = _depth(line)
    while depth > 0 and last + 1 < len(lines):
        last += 1
        depth += _depth(lines[last])
        text = lines[last].lstrip(b" \t")
        column = columns(lines[last][:len(lines[last]) - len(text)]) - saved
        if text and column > 0:
            lines[last] = indent_to(column) + text
    ending = b"\r" if line.endswith(b"\r") else b""
    lines[first] = line[:match.end()].rstrip() + ending
    lines.insert(first + 1, indent_to(indent) + line[match.end():])
    return first, last + 1


def _depth(line: bytes) -> int:
    """How many more round brackets a line opens than it closes."""
    code = code_of(line)
    return code.count(b"(") - code.count(b")")


def _continues(code: bytes, start: int) -> bool:
    """Whether a line goes on with a statement that an earlier line began."""
    before = code[:start].rstrip()
    if before.endswith(b")"):
        # Behind `if (...)` a statement begins.
        depth, offset = 1, len(before) - 1
        while depth and offset > 0:
            offset -= 1
            depth += (before[offset:offset + 1] == b")") - (before[offset:offset + 1] == b"(")
        return not _HEAD.search(before, max(0, offset - 80), offset)
    return bool(before) and before[-1:] not in b";{}:" and not before.endswith((b"else", b" do"))


def open_brackets(code: bytes, end: int) -> list[int]:
    """The offsets of the brackets that are open at `end`, the outermost first."""
    stack: list[int] = []
    for match in BRACKETS.finditer(code, 0, end):
        byte = code[match.start()]
        if byte in b"([{":
            stack.append(match.start())
        elif byte != 10 and stack:
            stack.pop()
    return stack


def _column(lines: list[bytes], code: bytes, offset: int) -> int:
    start = code.rfind(b"\n", 0, offset) + 1
    line = lines[code.count(b"\n", 0, offset)]
    return columns(line[:offset - start])
