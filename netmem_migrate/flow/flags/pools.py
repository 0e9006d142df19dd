# SPDX-License-Identifier: GPL-2.0-only
"""The pools of a module, what each asks for, and why one may have no flag to get."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.words import include_lines
from netmem_migrate.flow.sync.kept import Refused
from netmem_migrate.flow.sync.pools import Params, Tracer, creates, params
from netmem_migrate.flow.sync.scopes import Scope, World, number, squeezed
from netmem_migrate.kernel.makefiles import of_driver
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import (
    DMA_MAP,
    DMA_SYNC,
    FLAG_PREFIX,
    FLAGS,
    MAX_LEN,
    OFFSET,
    ORDER,
    PAGE_SIZE,
    POOL,
    POOL_PARAMS,
    POOL_PREFIX,
)
from netmem_migrate.reasons import Why

if TYPE_CHECKING:
    from tree_sitter import Node

_MARKS = b"/* \t\r\n"
_SYNCS = re.compile(rb"(?i)\bsync(?:s|ed|ing)?\b")
_FLAG = re.compile(rb"%b\w+" % FLAG_PREFIX.encode())
_CREATES = tuple(one.encode() for one in named(Trait.CREATES_POOL))
ALL = -1
"""How many bytes a put says are touched that says all of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A call that makes a pool, and what it is given: `record` is the name of that, b"" for what is
    no local of the function, `flags` all that its flags are set to, in order."""

    scope: Scope
    call: Node
    record: bytes
    flags: tuple[Node, ...]

    @property
    def where(self) -> str:
        """The place of the flags, of the call where there are none."""
        return self.scope.where(self.flags[0] if self.flags else self.call)


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much a pool syncs, as it is spelled: None for what is not said. `whole` is all of its
    memory."""

    order: Node | None
    max_len: Node | None
    offset: Node | None
    whole: bytes


@dataclass(eq=False)
class Module:
    """The files that are one module, and the pools that it makes."""

    world: World
    files: tuple[str, ...]

    def scopes(self, *names: bytes) -> Iterator[Scope]:
        """Its functions in whose text one of some names stands."""
        return (one for one in self.world.scopes(*names) if one.file in self.files)

    @cached_property
    def pools(self) -> tuple[Asked, ...]:
        """The calls that make pools."""
        return tuple(_asked(scope, call) for scope in self.scopes(*_CREATES)
                     for call in view.calls(scope.node) if creates(call))

    def is_of(self, scope: Scope, pool: Node, asked: Asked) -> bool | None:
        """Whether an expression is one pool of several, None where that is not known."""
        if len(self.pools) == 1:
            return True
        tracer = Tracer(self.world, creates)
        tracer.of(scope, pool)
        found = {one.node == asked.call for one in tracer.found}
        if len(found) != 1 or not all(one.wanted for one in tracer.found):
            return None
        return found.pop()


def modules(world: World) -> Iterator[Module]:
    """The modules of a folder that make pools, each once."""
    analysis = world.analysis
    root = analysis.driver.root
    seen: set[tuple[str, ...]] = set()
    for scope in world.scopes(*_CREATES):
        if not any(creates(call) for call in view.calls(scope.node)):
            continue
        files = _files(world, scope.file) if root is not None else tuple(analysis.driver.files)
        if files not in seen:
            seen.add(files)
            yield Module(world, files)


def _files(world: World, file: str) -> tuple[str, ...]:
    """The files of a module, and of those that share a header with it that tells of a pool."""
    analysis = world.analysis
    root, texts = analysis.driver.root, analysis.originals
    assert root is not None
    found: set[str] = set()
    left = [file]
    while left:
        found.update(of_driver(root, texts, (left.pop(),)))
        shared = {posixpath.basename(one).encode() for one in found
                  if one.endswith(".h") and POOL.encode() in texts.get(one, b"")}
        left += [one for one in analysis.driver.files
                 if one not in found and POOL_PREFIX.encode() in texts.get(one, b"")
                 and shared & {posixpath.basename(name) for _, name in include_lines(texts[one])}]
        left = [one for one in left if one not in found]
    return tuple(sorted(one for one in found if one in texts))


def _asked(scope: Scope, call: view.Call) -> Asked:
    given = view.bare(call.args[0]) if call.args else None
    inner = view.operand(given) if given is not None and given.type == "pointer_expression" \
        else None
    name = view.text(inner) if inner is not None and inner.type == "identifier" else b""
    type_ = scope.typed.of(inner) if inner is not None and name else None
    if name in scope.parameters or type_ is None or type_.base != f"struct {POOL_PARAMS}":
        return Asked(scope, call.node, b"", ())
    found = [pair[1] for where, value in scope.sets.get(name, ())
             if value is not None and value.type == "initializer_list"
             for one in view.children(value)
             if (pair := view.designated(one)) is not None and pair[0] == FLAGS.encode()]
    for node in nodes(scope.node, "assignment_expression"):
        stored = view.infix(node)
        access = view.field(stored.left) if stored is not None else None
        if stored is not None and access is not None and access.name == FLAGS.encode() and \
                view.text(access.base) == name:
            found.append(stored.right)
    return Asked(scope, call.node, name, tuple(found))


def _words(value: Node) -> list[bytes]:
    return [view.text(one) for one in (value, *nodes(value, "identifier"))
            if one.type == "identifier"]


def has_both(asked: Asked) -> bool:
    """Whether a pool that maps memory for DMA syncs it, too, wherever that is said."""
    maps = [words for one in asked.flags if DMA_MAP.encode() in (words := _words(one))]
    return bool(maps) and all(DMA_SYNC.encode() in words for words in maps)


def flags(asked: Asked) -> Params | Refused:
    """What a pool is made with that maps memory for DMA and does not sync it."""
    odd = next((one for one in asked.flags if not _is_plain(one)), None)
    if not asked.record or odd is not None:
        said = odd if odd is not None else asked.call
        return Refused(Why.FLAGS_UNKNOWN, by=_short(said), other=asked.scope.where(said))
    if not any(DMA_MAP.encode() in _words(one) for one in asked.flags):
        return Refused(Why.FLAGS_NO_MAP, other=asked.where)
    found = params(asked.scope, asked.call)
    if found is None or found.only(FLAGS.encode()) is None:
        return Refused(Why.FLAGS_UNKNOWN, by=_short(asked.flags[0]), other=asked.where)
    return found


def _is_plain(value: Node) -> bool:
    """Whether flags are nothing but names of flags, or none."""
    words = squeezed(value).strip(b"()").split(b"|")
    return number(squeezed(value)) == 0 or all(_FLAG.fullmatch(one) for one in words)


def _short(node: Node) -> str:
    return b" ".join(view.text(node).split()).decode("latin-1")


def sizes(made: Params) -> Sizes | Refused:
    """How much a pool syncs."""
    found: dict[str, Node | None] = {}
    for name in (ORDER, MAX_LEN, OFFSET):
        values = made.values.get(name.encode(), ())
        if len(values) > 1:
            return Refused(Why.FLAGS_SET, by=name, other=made.scope.where(values[0]))
        found[name] = values[0] if values else None
    order = found[ORDER]
    whole = PAGE_SIZE.encode()
    if order is not None and number(squeezed(order)) != 0:
        text = view.text(order)
        atom = order.type in ("identifier", "number_literal", "field_expression",
                              "parenthesized_expression")
        if any(True for _ in view.calls(order)) or order.type == "update_expression":
            return Refused(Why.FLAGS_SET, by=ORDER, other=made.scope.where(order))
        whole += b" << " + (text if atom else b"(" + text + b")")
    return Sizes(order, found[MAX_LEN], found[OFFSET], whole)


def on_purpose(module: Module, asked: Asked) -> Refused | None:
    """A comment that tells why the flag is not there: one that names it, or one on a sync where the
    pool is made."""
    scope = asked.scope
    first, last = scope.line(scope.node), int(scope.node.end_point[0]) + 1
    names: list[Refused] = []
    syncs: list[Refused] = []
    for file in module.files:
        for line, said in _comments(module.world.analysis.originals[file]):
            here = file == scope.file and first <= line <= last
            told = names if DMA_SYNC.encode() in said else syncs if here and _SYNCS.search(said) \
                else None
            if told is not None:
                told.append(Refused(Why.FLAGS_ON_PURPOSE, by=said.decode("utf-8", "replace"),
                                    other=f"{file}:{line}"))
    return next(iter((*names, *syncs)), None)


def _comments(source: bytes) -> Iterator[tuple[int, bytes]]:
    """What comments say, line by line."""
    lines = zip(source.split(b"\n"), without_comments(source).split(b"\n"), strict=True)
    for line, (one, other) in enumerate(lines, 1):
        if one != other:
            said = bytes(a for a, b in zip(one, other, strict=True) if a != b or a in b" \t")
            yield line, said.strip(_MARKS)
