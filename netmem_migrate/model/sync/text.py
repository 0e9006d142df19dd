# SPDX-License-Identifier: GPL-2.0-only
"""A file of the model as text: its entries, and edits that leave every other byte as it is.

libcst says where each argument of each entry stands; edits are made there, on the bytes.
"""

from __future__ import annotations

import ast
import dataclasses
import re
from dataclasses import dataclass
from typing import Any

import libcst as cst
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper

from netmem_migrate.errors import InputError
from netmem_migrate.model.schema import ApiFunction, Name
from netmem_migrate.model.sync import literals

_REST_OF_LINE = re.compile(rb"[ \t]*(#[^\r\n]*)?(?=\r?\n)")


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of an entry: its span of bytes, the end of its comma, the comments in it."""

    start: int
    end: int
    comma: int  # 0 where there is none
    keyword: str
    value: Any  # of a literal; None for what is none, such as Effect.NONE
    comments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Element:
    """One entry: the span of its call, and its arguments by the name of the field."""

    start: int
    end: int
    comma: int
    arguments: dict[str, Argument]

    def text(self, field: str) -> str:
        """The string of a field, "" where it is not given."""
        found = self.arguments.get(field)
        return found.value if found and isinstance(found.value, str) else ""

    def pairs(self, field: str) -> tuple[tuple[str, str], ...]:
        """The pairs of a field, () where it is not given."""
        found = self.arguments.get(field)
        return found.value if found and isinstance(found.value, tuple) else ()


class Document:
    """The text of a file that assigns a tuple of entries to a name.

    Raises InputError where the file is no such file.
    """

    def __init__(self, path: str, data: bytes, variable: str,
                 kind: type[ApiFunction | Name]) -> None:
        self.data = data
        self._path = path
        self._edits: list[tuple[int, int, bytes]] = []
        self._newline = b"\r\n" if b"\r\n" in data else b"\n"
        self._fields = [one.name for one in dataclasses.fields(kind)]
        self._kind = kind.__name__
        try:
            wrapper = MetadataWrapper(cst.parse_module(data), unsafe_skip_copy=True)
        except (cst.ParserSyntaxError, UnicodeDecodeError) as error:
            raise InputError(f"{path}: not Python that can be read; restore the file") from error
        self._module = wrapper.module
        self._spans = wrapper.resolve(ByteSpanPositionProvider)
        self.elements = [self._element(one) for one in self._tuple(variable)]
        if not self.elements:
            raise InputError(f"{path}: {variable} is empty; restore the file")

    def levels(self) -> tuple[str, ...]:
        """The releases that LEVELS lists."""
        return tuple(ast.literal_eval(self._code(one.value)) for one in self._tuple("LEVELS"))

    def add_level(self, release: str, before: str | None) -> None:
        """Add a release to LEVELS, in front of `before` or at the end."""
        elements = self._tuple("LEVELS")
        for one in elements:
            if before is not None and ast.literal_eval(self._code(one.value)) == before:
                start, _ = self._span(one.value)
                self._edits.append((start, start, literals.quoted(release).encode() + b", "))
                return
        _, end = self._span(elements[-1].value)
        self._edits.append((end, end, b", " + literals.quoted(release).encode()))

    def put(self, element: Element, field: str, value: str | tuple[tuple[str, str], ...]) -> None:
        """Set a field of an entry; nothing else of the entry changes."""
        old = element.arguments.get(field)
        if old is None:
            self._insert(element, field, value)
            return
        column = old.start - (self.data.rfind(b"\n", 0, old.start) + 1)
        line = self.data[old.start - column : old.start]
        indent = " " * (len(line) - len(line.lstrip(b" ")))
        label = f"{old.keyword}=" if old.keyword else ""
        text = "".join(f"{one}\n{indent}" for one in old.comments) + label
        text += literals.value(value, (len(indent) if old.comments else column) + len(label),
                               indent)
        self._edits.append((old.start, old.end, self._bytes(text)))

    def add(self, entry: ApiFunction | Name, after: Element) -> None:
        """Add an entry behind another one, and behind those that were added there before."""
        text = self._newline + self._bytes(literals.entry(entry)).rstrip(b"\r\n")
        place = after.comma or self._comma(after.end)
        rest = _REST_OF_LINE.match(self.data, place)
        if rest is not None:
            place = rest.end()
        self._edits.append((place, place, text))

    def result(self) -> bytes:
        """The text with all edits made; edits at one place stay in order."""
        out, pos = bytearray(), 0
        for start, end, new in sorted(self._edits, key=lambda one: one[:2]):
            out += self.data[pos:start] + new
            pos = end
        return bytes(out + self.data[pos:])

    def _insert(self, element: Element, field: str, value: str | tuple[tuple[str, str], ...]) \
            -> None:
        last = max(element.arguments.values(), key=lambda one: one.end)
        label = f"{field}="
        rest = _REST_OF_LINE.match(self.data, last.comma or last.end)
        if rest is None:  # the whole call on one line
            text = f", {label}{literals.value(value)}"
            self._edits.append((last.end, last.end, self._bytes(text)))
            return
        if not last.comma:
            self._comma(last.end)
        text = f"\n        {label}{literals.value(value, 8 + len(label))},"
        self._edits.append((rest.end(), rest.end(), self._bytes(text)))

    def _comma(self, place: int) -> int:
        """Write a comma at a place, once; gives the place."""
        if (place, place, b",") not in self._edits:
            self._edits.append((place, place, b","))
        return place

    def _bytes(self, text: str) -> bytes:
        return text.encode().replace(b"\n", self._newline)

    def _span(self, node: cst.CSTNode) -> tuple[int, int]:
        span = self._spans[node]
        return span.start, span.start + span.length

    def _code(self, node: cst.CSTNode) -> str:
        return self._module.code_for_node(node)

    def _tuple(self, variable: str) -> list[cst.Element]:
        for statement in self._module.body:
            if not isinstance(statement, cst.SimpleStatementLine):
                continue
            for one in statement.body:
                if isinstance(one, cst.AnnAssign):
                    target: cst.BaseExpression = one.target
                elif isinstance(one, cst.Assign):
                    target = one.targets[0].target
                else:
                    continue
                if isinstance(target, cst.Name) and target.value == variable \
                        and isinstance(one.value, cst.Tuple):
                    return [item for item in one.value.elements if isinstance(item, cst.Element)]
        raise InputError(f"{self._path}: assigns no tuple to {variable}; restore the file")

    def _element(self, element: cst.Element) -> Element:
        call = element.value
        start, end = self._span(element)
        if not (isinstance(call, cst.Call) and isinstance(call.func, cst.Name)
                and call.func.value == self._kind):
            line = self.data.count(b"\n", 0, start) + 1
            raise InputError(f"{self._path}:{line}: not a plain {self._kind}(...); write it so")
        arguments: dict[str, Argument] = {}
        for position, one in enumerate(call.args):
            keyword = one.keyword.value if one.keyword else ""
            field = keyword or self._fields[position]
            where = self._span(one)
            comments = _Comments()
            one.value.visit(comments)
            try:
                value = ast.literal_eval("(" + self._code(one.value) + "\n)")
            except ValueError:
                value = None
            arguments[field] = Argument(*where, self._end(one.comma), keyword, value,
                                        tuple(comments.found))
        return Element(start, end, self._end(element.comma), arguments)

    def _end(self, comma: object) -> int:
        return self._span(comma)[1] if isinstance(comma, cst.Comma) else 0


class _Comments(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def visit_Comment(self, node: cst.Comment) -> None:
        self.found.append(node.value)
