# SPDX-License-Identifier: GPL-2.0-only
"""Keep the shape: continuation lines under their parenthesis, and 80 columns.

Only lines that an edit touches, and lines that continue them, can move.
Follows Documentation/process/coding-style.rst.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.convert.text import LIMIT, TAB, apply, columns, indent_to, merge
from netmem_migrate.results import Edit

_BRACKETS = re.compile(rb"[()\[\]{}\n]")
_OPEN = {40: 41, 91: 93}
_OPERATORS = (b" +", b" -", b" |", b" &", b"&&", b"||", b" ?", b" :")
_HEAD = re.compile(rb"\b(?:if|for|while|switch|\w*for_each\w*)\s*$")
# The left side of an assignment, up to what is assigned.
_ASSIGNS = re.compile(rb"[ \t]*[^()={};\n]*[^()={};!<>\s\n] \+?= (?=\S)")
_ID = "layout"


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the original: where it starts and ends, and the bracket it continues."""

    start: int
    end: int
    text: int  # the first byte that is not white space
    opener: int | None


def rewrite(source: bytes, seen: bytes, edits: Sequence[Edit]) -> tuple[bytes, list[Edit]]:
    """The new text of one file, and the edits that made it before long lines were wrapped.

    `seen` is what the target has of it: other lines do not move.
    """
    edits = merge(edits)
    edits = merge([*edits, *_realign(seen, edits)])
    return _wrap(*_applied(source, edits)), edits


def _applied(source: bytes, edits: Sequence[Edit]) -> tuple[bytes, set[int]]:
    """The text after the edits, and the lines (0-based) of it that they touched."""
    parts: list[bytes] = []
    touched: set[int] = set()
    line = position = 0
    for edit in edits:
        kept = source[position:edit.start]
        line += kept.count(b"\n")
        touched.update(range(line, line + edit.text.count(b"\n") + 1))
        line += edit.text.count(b"\n")
        parts += (kept, edit.text)
        position = edit.end
    parts.append(source[position:])
    return b"".join(parts), touched


def _lines(source: bytes) -> list[_Line]:
    code = code_of(source)
    lines: list[_Line] = []
    stack: list[int] = []
    start = 0
    opener: int | None = None

    def close(end: int) -> None:
        text = start
        while text < end and source[text] in b" \t":
            text += 1
        lines.append(_Line(start, end, text, opener))

    for match in _BRACKETS.finditer(code):
        byte = code[match.start()]
        if byte == 10:
            close(match.start())
            start = match.end()
            opener = stack[-1] if stack and code[stack[-1]] in _OPEN else None
        elif byte in b"([{":
            stack.append(match.start())
        elif stack:
            stack.pop()
    close(len(source))
    return lines


def _realign(source: bytes, edits: Sequence[Edit]) -> list[Edit]:
    """Move continuation lines that stood under a bracket which an edit has moved."""
    lines = _lines(source)
    starts = [line.start for line in lines]
    indents: dict[int, bytes] = {}
    touched = {bisect_right(starts, edit.start) - 1 for edit in edits}

    def column(offset: int) -> tuple[int, int]:
        """The column of an offset before and after."""
        index = bisect_right(starts, offset) - 1
        line = lines[index]
        old = columns(source[line.start:offset])
        inside = [edit for edit in edits
                  if line.start <= edit.start and edit.end <= offset]
        text = apply(source[line.start:offset],
                     [Edit(e.file, e.start - line.start, e.end - line.start, e.text, e.transform)
                      for e in inside])
        if index in indents:
            text = indents[index] + text[line.text - line.start:]
        return old, columns(text[text.rfind(b"\n") + 1:])

    added: list[Edit] = []
    for index, line in enumerate(lines):
        if line.opener is None or line.text == line.end:
            continue
        owner = bisect_right(starts, line.opener) - 1
        if owner not in touched and owner not in indents:
            continue
        old, new = column(line.opener)
        here = columns(source[line.start:line.text])
        if here != old + 1 or old == new:
            continue
        indent = indent_to(new + 1)
        if indent != source[line.start:line.text] and not any(
                edit.start < line.text and edit.end > line.start for edit in edits):
            indents[index] = indent
            added.append(Edit(edits[0].file, line.start, line.text, indent, _ID,
                              "continues a call that moved"))
    return added


# A call that is a statement, is assigned by the line before, or is all that a condition tests.
_CALLED = re.compile(rb"(?:if \(!?|while \(!?)?[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class _Break:
    """A place where a line may be broken: its offset in the line, and the bracket it is in."""

    offset: int
    depth: int  # brackets around it: fewer is better
    rank: int  # 0 after a comma, && or ||; 1 inside an argument
    column: int  # where the next line begins


def _wrap(text: bytes, touched: set[int]) -> bytes:
    """Break touched lines that are longer than 80 columns, as far as they can be broken."""
    lines = text.split(b"\n")
    queue = sorted(touched, reverse=True)
    while queue:
        index = queue.pop()
        if columns(lines[index].rstrip(b"\r")) <= LIMIT:
            continue
        broken = _break(lines, index)
        if broken is None:
            moved = _after_assignment(lines, index)
            if moved is not None:
                queue = sorted({*range(moved[0], moved[1] + 1),
                                *(i + 1 if i > index else i for i in queue)}, reverse=True)
                continue
            at = _before_parenthesis(lines, index)
            queue = [i + (at is not None and i > at) for i in queue]
            continue
        head, tail = broken
        lines[index] = head
        following = lines[index + 1] if index + 1 < len(lines) else b""
        if _joins(lines, index, tail, following):
            lines[index + 1] = tail.rstrip(b"\r") + b" " + following.lstrip(b" \t")
            shift = 0
        else:
            lines.insert(index + 1, tail)
            shift = 1
        queue = sorted({index + 1, *(i + shift if i > index else i for i in queue)},
                       reverse=True)
    return b"\n".join(lines)


def _before_parenthesis(lines: list[bytes], index: int) -> int | None:
    """Break a call before its parenthesis, where an argument fits on no line under it.

    Only a call at the start of a line, and only if all of it fits then. checkpatch.pl
    takes neither a line that ends with a parenthesis nor arguments that are not aligned. Returns
    the line after which one was added.
    """
    code = code_of(b"\n".join(lines))
    start = _offset(lines, index)
    stack = _open_brackets(code, start)
    if not stack or code[stack[-1]] != 40:
        return None
    owner = code.count(b"\n", 0, stack[-1])
    head = lines[owner][:stack[-1] - _offset(lines, owner)]
    first = _offset(lines, owner)
    name = head.lstrip(b" \t")
    assigned = code[:first].rstrip().endswith(b" =")
    if not _CALLED.fullmatch(name) or (_continues(code, first) and not assigned):
        return None
    end = _closing(code, stack[-1])
    last = code.count(b"\n", 0, end)
    under = columns(head) + 1
    rest = lines[owner + 1:last + 1]
    if any(columns(one[:len(one) - len(one.lstrip(b" \t"))]) < under for one in rest):
        return None
    indent = columns(head[:len(head) - len(name)]) + TAB
    ending = b"\r" if lines[owner].endswith(b"\r") else b""
    moved = [head + ending, indent_to(indent) + lines[owner][len(head):]]
    for one in rest:
        text = one.lstrip(b" \t")
        column = columns(one[:len(one) - len(text)])
        moved.append(indent_to(indent + 1 + column - under) + text)
    if any(columns(one.rstrip(b"\r")) > LIMIT for one in moved):
        return None
    lines[owner:last + 1] = moved
    return owner


def _offset(lines: list[bytes], index: int) -> int:
    return sum(len(line) + 1 for line in lines[:index])


def _closing(code: bytes, opener: int) -> int:
    """The offset of the bracket that closes the one at `opener`, or the end of the code."""
    depth = 0
    for match in _BRACKETS.finditer(code, opener):
        byte = code[match.start()]
        depth += (byte in b"([{") - (byte in b")]}")
        if depth == 0:
            return match.start()
    return len(code)


def _joins(lines: list[bytes], index: int, tail: bytes, following: bytes) -> bool:
    """Whether the rest of a broken line goes in front of the next line of the same call."""
    indent = tail[:len(tail) - len(tail.lstrip(b" \t"))]
    own = following[:len(following) - len(following.lstrip(b" \t"))]
    return (tail.rstrip(b"\r").endswith(b",") and indent == own
            and not any(mark in tail + following for mark in (b"/*", b"//"))
            and columns(tail.rstrip(b"\r") + b" " + following.strip()) <= LIMIT)


def _break(lines: list[bytes], index: int) -> tuple[bytes, bytes] | None:
    """Split a line in two, at the outermost bracket and as late as fits; None if it cannot be."""
    line = lines[index]
    ending = b"\r" if line.endswith(b"\r") else b""
    code = code_of(b"\n".join(lines[:index + 1]))
    start = code.rfind(b"\n") + 1
    breaks: list[_Break] = []
    assign: int | None = None
    stack = _open_brackets(code, start)
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
                breaks.append(_Break(offset - start, 0, 0, hanging))
            elif depth and code[stack[-1]] == 40 and before.endswith((b",", *_OPERATORS)):
                rank = 0 if before.endswith((b",", b"&&", b"||")) else 1
                breaks.append(_Break(offset - start, depth, rank,
                                     _column(lines, code, stack[-1]) + 1))
        offset += 1
    for one in sorted(breaks, key=lambda b: (b.rank, b.depth, -b.offset)):
        head, rest = line[:one.offset], line[one.offset + 1:]
        tail = indent_to(one.column) + rest
        later = any(b.offset > one.offset for b in breaks)
        if columns(head) <= LIMIT and (columns(tail.rstrip(b"\r")) <= LIMIT or later):
            return head + ending, tail
    return None


def _after_assignment(lines: list[bytes], index: int) -> tuple[int, int] | None:
    """Break the statement around a line after its `=`, and move what continues it to the left.

    The first line that changed and the last one, or None if nothing is assigned there.
    """
    code = code_of(b"\n".join(lines[:index + 1]))
    stack = [one for one in _open_brackets(code, code.rfind(b"\n") + 1) if code[one] in _OPEN]
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


def _open_brackets(code: bytes, end: int) -> list[int]:
    stack: list[int] = []
    for match in _BRACKETS.finditer(code, 0, end):
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
