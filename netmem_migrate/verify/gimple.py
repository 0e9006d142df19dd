# SPDX-License-Identifier: GPL-2.0-only
"""The control flow graph of each function, as gcc prints it in SSA form
(`-fdump-tree-ssa-lineno-blocks`), before anything is put into its callers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

_HEAD = re.compile(r"^;; Function (\S+) \(", re.MULTILINE)
_DEFINED = re.compile(r"(?m)^\{$")
_PARAMETERS = re.compile(r"([\w.]+)\s*(?:\[[^\]]*\])*$")
_BLOCK = re.compile(r"^;;   basic block (\d+),")
_EDGE = re.compile(r"^;;\s+(?:(succ|pred):\s*)?(\d+|EXIT|ENTRY)?\b")
_AT = re.compile(r'\[([^\[\]\s"]+):(\d+):\d+(?: discrim \d+)?\] ?')
_NOWHERE = "[0:0] "
_PHI = re.compile(r"^# (\S+) = PHI <(.*)>$")
_OF_PHI = re.compile(r"([^\s,]+)\((\d+)\)")
_CALL = re.compile(r"^(?:(?P<target>.+?) =(?:\{v\})? )?(?P<name>[A-Za-z_.][\w.]*) \((?P<args>.*)\);"
                   r"(?: \[[^\]]*\])*$", re.DOTALL)
_STORE = re.compile(r"^(?P<target>.+?) =(?:\{v\})? (?P<value>.*);(?: \[[^\]]*\])*$", re.DOTALL)
_IF = re.compile(r"^if \((?P<left>.+?) (?P<sign>==|!=|<=|>=|<|>) (?P<right>.+)\)$")
_GOTO = re.compile(r"goto <bb (\d+)>;")
_OTHERS = ("__asm__", "switch ", "if ", "goto ")
_RETURN = re.compile(r"^return(?: (?P<value>.*))?;$")
SSA = re.compile(r"(?:[A-Za-z_][\w.]*)?_\d+(?:\(D\))?")
"""The name of a value that is set in one place."""
_WORD = re.compile(r"[A-Za-z_.][\w.]*(?:\(D\))?")


class Unreadable(Exception):
    """A dump that is not as it is known."""


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """A statement: its kind, where it is, what it sets ("" for nothing), what to, and for a call
    what is called and its arguments; `sources` are the values that a PHI joins, and `before` the
    blocks that each is from.

    Kinds are "phi", "call", "set", "if", "return" and "other".
    """

    kind: str
    text: str
    file: str
    line: int
    target: str = ""
    value: str = ""
    name: str = ""
    args: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    before: tuple[int, ...] = ()

    @property
    def where(self) -> str:
        """The place."""
        return f"{self.file}:{self.line}"


@dataclass(slots=True, eq=False)
class Block:
    """A block, what follows it, and by a test of what: `sides` are the blocks for yes and no."""

    number: int
    statements: list[Statement] = field(default_factory=list)
    successors: list[int] = field(default_factory=list)
    sides: tuple[int, int] | None = None


@dataclass(eq=False)
class Graph:
    """A function: its blocks by number; the first is the one that it begins with."""

    name: str
    parameters: tuple[str, ...]
    blocks: dict[int, Block]

    @cached_property
    def statements(self) -> list[Statement]:
        """All of them."""
        return [one for block in self.blocks.values() for one in block.statements]

    @cached_property
    def defined(self) -> Mapping[str, Statement]:
        """What sets each value. A name that is set twice is none."""
        found: dict[str, Statement] = {}
        twice: set[str] = set()
        for one in self.statements:
            if SSA.fullmatch(one.target):
                if one.target in found:
                    twice.add(one.target)
                found[one.target] = one
        return {name: one for name, one in found.items() if name not in twice}

    @cached_property
    def used(self) -> Mapping[str, list[Statement]]:
        """The statements that name a value or a variable, but to set it."""
        found: dict[str, list[Statement]] = {}
        for one in self.statements:
            text = one.text
            if one.kind == "phi":
                text = " ".join(one.sources)
            elif SSA.fullmatch(one.target):
                text = text[len(one.target):]
            for name in set(_WORD.findall(text)):
                found.setdefault(name, []).append(one)
        return found

    def parameter(self, name: str) -> int | None:
        """Which parameter a value is, as it is given."""
        base = name.removesuffix("(D)")
        return next((number for number, one in enumerate(self.parameters)
                     if name.endswith("(D)") and base.rpartition("_")[0] == one), None)


class Graphs:
    """The functions of a dump, each read when it is asked for."""

    def __init__(self, text: str) -> None:
        heads = list(_HEAD.finditer(text))
        starts = [*(one.start() for one in heads), len(text)]
        self._texts = {one[1]: text[one.end():end]
                       for one, end in zip(heads, starts[1:], strict=True)}
        self._read: dict[str, Graph] = {}

    def __bool__(self) -> bool:
        return bool(self._texts)

    def get(self, name: str) -> Graph | None:
        """A function by its name; None for one that is not compiled here."""
        if name not in self._read and name in self._texts:
            self._read[name] = _graph(name, self._texts[name])
        return self._read.get(name)

    def naming(self, words: re.Pattern[str]) -> Iterator[Graph]:
        """The functions in which something is named."""
        for name, text in self._texts.items():
            found = self.get(name) if words.search(text) else None
            if found is not None:
                yield found


def split(text: str) -> tuple[str, ...]:
    """Arguments, apart."""
    parts: list[str] = []
    depth = start = 0
    quoted = escaped = False
    for at, letter in enumerate(text):
        if quoted:
            quoted = escaped or letter != '"'
            escaped = not escaped and letter == "\\"
        elif letter == '"':
            quoted, escaped = True, False
        elif letter in "([{":
            depth += 1
        elif letter in ")]}":
            depth -= 1
        elif letter == "," and not depth:
            parts.append(text[start:at].strip())
            start = at + 1
    last = text[start:].strip()
    return (*parts, last) if parts or last else ()


def _graph(name: str, text: str) -> Graph:
    opened = _DEFINED.search(text)
    if opened is None:
        raise Unreadable(name)
    head = text[:opened.start()].strip().rpartition("\n")[2]
    first = head.find("(", head.find(f"{name} (") if f"{name} (" in head else 0)
    given = [_PARAMETERS.search(one.partition(":")[0]) for one in split(head[first + 1:-1])]
    graph = Graph(name, tuple(one[1] if one is not None else "" for one in given), {})
    block: Block | None = None
    edges = ""
    at = ("", 0)
    for line in text[opened.end():].splitlines():
        start = _BLOCK.match(line)
        if start is not None:
            block = graph.blocks.setdefault(int(start[1]), Block(int(start[1])))
            edges = ""
        elif line.startswith(";;"):
            edge = _EDGE.match(line)
            if edge is not None and block is not None and (edge[1] or edges):
                edges = edge[1] or edges
                if edges == "succ" and edge[2] and edge[2].isdigit():
                    block.successors.append(int(edge[2]))
        elif block is not None and line.strip():
            at = _line(block, line, at)
    if not graph.blocks:
        raise Unreadable(name)
    return graph


def _line(block: Block, line: str, at: tuple[str, int]) -> tuple[str, int]:
    place = _AT.match(line.strip())
    if place is not None:
        at = place[1].removeprefix("./"), int(place[2])
    text = _AT.sub("", line.replace(_NOWHERE, "")).strip()
    to = _GOTO.match(text)
    last = block.statements[-1] if block.statements else None
    if to is not None and last is not None and last.kind == "if":
        # That for yes comes first, and `else` between the two.
        one = block.sides
        block.sides = (int(to[1]), -1) if one is None else (one[0], int(to[1]))
    elif to is None and text not in ("else", "}") and not text.startswith(("//", "<L")):
        block.statements.append(_statement(text, *at))
    return at


def _statement(text: str, file: str, line: int) -> Statement:
    phi = _PHI.match(text)
    if phi is not None:
        joined = _OF_PHI.findall(phi[2])
        return Statement("phi", text, file, line, phi[1],
                         sources=tuple(value for value, _ in joined),
                         before=tuple(int(number) for _, number in joined))
    test = _IF.match(text)
    if test is not None:
        return Statement("if", text, file, line, name=test["sign"],
                         args=(test["left"], test["right"]))
    back = _RETURN.match(text)
    if back is not None:
        return Statement("return", text, file, line, value=back["value"] or "")
    call = _CALL.match(text)
    if call is not None and (call["target"] is None or "(" not in call["target"]):
        return Statement("call", text, file, line, call["target"] or "", name=call["name"],
                         args=split(call["args"]))
    store = _STORE.match(text)
    if store is not None and not text.startswith(_OTHERS):
        return Statement("set", text, file, line, store["target"], store["value"])
    return Statement("other", text, file, line)
