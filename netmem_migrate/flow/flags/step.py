# SPDX-License-Identifier: GPL-2.0-only
"""For each pool that maps memory and does not sync it for the device: that it does from now on, as
edits, or why not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, cast

from netmem_migrate.c import view
from netmem_migrate.flow.flags import calls
from netmem_migrate.flow.flags.calls import Call, Taken
from netmem_migrate.flow.flags.pools import (
    ALL,
    Asked,
    Module,
    Sizes,
    flags,
    has_both,
    modules,
    on_purpose,
    sizes,
)
from netmem_migrate.flow.sync.kept import Refused
from netmem_migrate.flow.sync.pools import Params
from netmem_migrate.flow.sync.scopes import World, number, squeezed
from netmem_migrate.flow.sync.sites import raws, sites
from netmem_migrate.flow.sync.stale import stale
from netmem_migrate.flow.sync.unused import unused, whole_line
from netmem_migrate.model.runtime.memory import PAGE_SIZE
from netmem_migrate.model.runtime.orders import Facts, Fill, Put, Shown, shown
from netmem_migrate.model.spelled import (
    DMA_MAP,
    DMA_SYNC,
    FLAGS,
    MAX_LEN,
    RAW_RANGE,
    RAW_SINGLE,
)
from netmem_migrate.reasons import Reason, Why

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.flow.analyse import Analysis

_COLUMNS = 80
_TAB = 8


@dataclass(frozen=True, slots=True)
class Change:
    """An edit of one file, and why."""

    file: str
    start: int
    end: int
    text: bytes
    why: str


@dataclass(frozen=True, slots=True)
class Read:
    """What a driver's text says of one pool."""

    asked: Asked
    made: Params
    sizes: Sizes
    puts: tuple[Call, ...]
    taken: tuple[Taken, ...]
    part: str
    stays: tuple[str, ...]
    stale: tuple[str, ...]

    @property
    def touched(self) -> tuple[str, ...]:
        """Where the CPU may write to memory before the device has it."""
        return tuple(dict.fromkeys(one.touched for one in self.taken if one.touched))

    @property
    def is_left(self) -> bool:
        """Whether some memory reaches the device without that the pool syncs it."""
        return bool(self.part or self.stays or self.touched)

    @property
    def facts(self) -> Facts:
        """It as the model takes it, with what it syncs now; order 1 stands for any that is not 0:
        all that counts is whether a number of bytes is all of them."""
        order = 0 if b"<<" not in self.sizes.whole else 1
        return Facts(
            order=order,
            fills=tuple(Fill(one.sync is not None, one.take.where, one.touched)
                        for one in self.taken),
            puts=tuple(Put(one.bytes, one.where) for one in self.puts),
            shared=any(calls.shares(one) for one in self.taken), part=self.part,
            stays=", ".join(self.stays))


@dataclass(frozen=True, slots=True)
class Made:
    """The step for one pool: the edits, and what the model shows of the driver after them."""

    read: Read
    changes: tuple[Change, ...]
    after: Facts
    shown: Shown

    @property
    def turned(self) -> tuple[Call, ...]:
        """The puts that change."""
        return tuple(one for one in self.read.puts if one.bytes != ALL)

    @property
    def gone(self) -> tuple[Call, ...]:
        """The syncs for the device that go."""
        return tuple(one.sync for one in self.read.taken if one.sync is not None)


def steps(analysis: Analysis) -> list[Made | Reason]:
    """The step for each pool of a driver that lacks the flag, in order."""
    world = World(analysis)
    found: list[Made | Reason] = []
    for module in modules(world):
        for asked in module.pools:
            if has_both(asked):
                continue
            done = _step(module, asked)
            scope = asked.scope
            node = asked.flags[0] if asked.flags else asked.call
            found.append(done if isinstance(done, Made) else Reason(
                done.why, done.by, done.other, scope.title, scope.file, scope.line(node)))
    return list({_place(one): one for one in found}.values())


def _place(one: Made | Reason) -> tuple[str, int, str]:
    if isinstance(one, Reason):
        return one.file, one.line, one.slot
    asked = one.read.asked
    return asked.scope.file, asked.scope.line(asked.flags[0]), asked.scope.title


def _step(module: Module, asked: Asked) -> Made | Refused:
    told = flags(asked)
    if isinstance(told, Refused):
        return told
    odd = on_purpose(module, asked) or calls.mapped(module)
    if odd is not None:
        return odd
    read = read_of(module, asked, told)
    if isinstance(read, Refused):
        return read
    if read.sizes.max_len is not None and squeezed(read.sizes.max_len) != b"".join(
            read.sizes.whole.split()):
        return Refused(Why.FLAGS_SET, by=MAX_LEN, other=told.scope.where(read.sizes.max_len))
    if read.sizes.offset is not None and number(squeezed(read.sizes.offset)) != 0:
        return Refused(Why.FLAGS_OFFSET, by=squeezed(read.sizes.offset).decode("latin-1"),
                       other=told.scope.where(read.sizes.offset))
    changes = _changes(module, read)
    if changes is None:
        return Refused(Why.FLAGS_UNKNOWN, by=squeezed(asked.flags[0]).decode("latin-1"),
                       other=asked.where)
    after = then(read.facts)
    result = shown(read.facts, after)
    if not result.no_new or not (result.clean or read.is_left):
        return Refused(Why.FLAGS_MODEL, other="; ".join(result.new or result.old))
    return Made(read, tuple(changes), after, result)


def then(before: Facts) -> Facts:
    """What the model is to take of a driver that has the whole step."""
    return replace(before, sync=True, max_len=PAGE_SIZE << before.order, offset=0,
                   fills=tuple(replace(one, raw=False) for one in before.fills),
                   puts=tuple(replace(one, size=ALL) for one in before.puts))


def read_of(module: Module, asked: Asked, made: Params) -> Read | Refused:
    """What the driver does with the memory of one pool."""
    odd = calls.hidden(module)
    if odd is not None:
        return odd
    if not calls.has_address(module):
        return Refused(Why.FLAGS_NO_ADDRESS)
    pools, unknown = _raws(module)
    syncs = calls.cpu_syncs(module, pools.__contains__)
    if not syncs:
        return Refused(Why.FLAGS_NO_SYNC)
    odd_ones = calls.stays([one for one in calls.cpu_syncs(module, unknown.__contains__)
                            if one.call.node in unknown])
    if odd_ones:
        return Refused(Why.FLAGS_NO_SYNC, other=odd_ones[0])
    puts, taken = calls.puts(module, asked), calls.taken(module, asked, made)
    if isinstance(puts, Refused):
        return puts
    if isinstance(taken, Refused):
        return taken
    if not taken:
        return Refused(Why.FLAGS_POOL)
    how_much = sizes(made)
    if isinstance(how_much, Refused):
        return how_much
    return Read(asked, made, how_much, tuple(puts), tuple(taken),
                calls.kept(module), calls.stays(syncs), tuple(
                    one.scope.where(one.call.node) for one in stale(module.world)
                    if one.scope.file in module.files))


def _raws(module: Module) -> tuple[set[Node], set[Node]]:
    """The raw syncs for the CPU of memory of a pool, and those that may be of any."""
    analysis = cast("Analysis", module.world.analysis)
    told = {(one.file, one.line): one.why for one in sites(analysis) if isinstance(one, Reason)}
    found: tuple[set[Node], set[Node]] = set(), set()
    for scope in module.scopes(*(one.encode() for one in (RAW_RANGE, RAW_SINGLE))):
        for raw in raws(scope):
            why = told.get((scope.file, scope.line(raw.call.node)))
            found[why is Why.SYNC_OR_NOT].add(raw.call.node)
    return found


# The edits.

def _changes(module: Module, read: Read) -> list[Change] | None:
    where = _flag(module, read)
    if where is None:
        return None
    found = list(where)
    if read.sizes.max_len is None:
        line = _max_len(module, read)
        if line is None:
            return None
        found.append(line)
    by_scope: dict[tuple[str, int], list[tuple[Call, bytes, Change]]] = {}
    for put in read.puts:
        if put.bytes != ALL and put.size is not None:
            key = put.scope.file, put.scope.node.start_byte
            size = put.size
            text = _with(put.call.node, size, b"-1")
            by_scope.setdefault(key, []).append((put, text, Change(
                put.scope.file, size.start_byte, size.end_byte, b"-1", "all was touched")))
    for sync in (one.sync for one in read.taken if one.sync is not None):
        key = sync.scope.file, sync.scope.node.start_byte
        source = module.world.analysis.originals[sync.scope.file]
        statement = sync.call.node.parent
        whole = whole_line(source, statement) if statement is not None else None
        if whole is None:
            return None
        by_scope.setdefault(key, []).append((sync, b"", Change(
            sync.scope.file, *whole, "the pool syncs for the device")))
    for (file, _), some in by_scope.items():
        found += (change for _, _, change in some)
        scope = some[0][0].scope
        gone = unused(module.world.analysis.originals[file], scope.node,
                      {call.call.node: text for call, text, _ in some}, scope.swapping)
        found += (Change(file, *one, "not used any more") for one in gone)
    found.sort(key=lambda one: (one.file, one.start))
    apart = all(one.file != other.file or one.end <= other.start
                for one, other in pairwise(found))
    return found if apart else None


def _with(node: Node, part: Node, text: bytes) -> bytes:
    whole, start = view.text(node), node.start_byte
    return whole[:part.start_byte - start] + text + whole[part.end_byte - start:]


def _flag(module: Module, read: Read) -> Sequence[Change] | None:
    """The flag, behind the one that it needs."""
    (value,) = read.made.values[FLAGS.encode()]
    scope = read.made.scope
    source = module.world.analysis.originals[scope.file]
    last = max((one for one in (value, *view.children(value)) if one.type == "identifier"),
               key=lambda one: one.end_byte, default=None)
    if last is None or DMA_MAP.encode() not in source[value.start_byte:value.end_byte]:
        return None
    end = value.end_byte
    if source[end - 1:end] == b")":
        end = last.end_byte
    start = source.rfind(b"\n", 0, value.start_byte) + 1
    line_start = max(start, source.rfind(b"\n", 0, end) + 1)
    more = b" | " + DMA_SYNC.encode()
    if len(source[line_start:end].expandtabs(_TAB)) + len(more) + 1 > _COLUMNS:
        column = len(source[start:value.start_byte].expandtabs(_TAB))
        more = b" |\n" + b"\t" * (column // _TAB) + b" " * (column % _TAB) + DMA_SYNC.encode()
    return [Change(scope.file, end, end, more, "synced for the device by the pool")]


def _max_len(module: Module, read: Read) -> Change | None:
    """How much is synced, behind what else the pool is given."""
    scope = read.made.scope
    source = module.world.analysis.originals[scope.file]
    (value,) = read.made.values[FLAGS.encode()]
    pair = value.parent
    if pair is None:
        return None
    if pair.type == "initializer_pair":
        last = max((one for one in _pairs(pair)), key=lambda one: one.end_byte)
        comma = source[last.end_byte:].lstrip()[:1] == b","
        end = source.index(b",", last.end_byte) + 1 if comma else last.end_byte
        mine = whole_line(source, pair) is not None or _has_line(source, pair)
        if not mine:
            text = b" ." + MAX_LEN.encode() + b" = " + read.sizes.whole + (b"," if comma else b"")
            return Change(scope.file, end, end, (b"" if comma else b",") + text, "all of it")
        line = source.rfind(b"\n", 0, pair.start_byte) + 1
        indent = source[line:pair.start_byte]
        gap = _gap(source, pair, value, indent + b"." + MAX_LEN.encode())
        text = indent + b"." + MAX_LEN.encode() + gap + read.sizes.whole + (
            b"," if comma else b"")
        return Change(scope.file, end, end, (b"" if comma else b",") + b"\n" + text, "all of it")
    return _store(source, read, pair)


def _pairs(pair: Node) -> Iterator[Node]:
    around = pair.parent
    assert around is not None
    return (one for one in view.children(around) if one.type == "initializer_pair")


def _has_line(source: bytes, node: Node) -> bool:
    """Whether a line begins with a node."""
    return not source[source.rfind(b"\n", 0, node.start_byte) + 1:node.start_byte].strip()


def _gap(source: bytes, pair: Node, value: Node, before: bytes) -> bytes:
    """What stands between a member and its value: where the others line up, it does, too."""
    name = pair.child_by_field_name("designator")
    own = source[name.end_byte:value.start_byte] if name is not None else b" = "
    white, _, behind = own.partition(b"=")
    if b"\t" not in white or name is None:
        return b" =" + behind if not white.strip(b" ") else b" = "
    line = source.rfind(b"\n", 0, pair.start_byte) + 1
    column = len(source[line:name.end_byte + len(white)].expandtabs(_TAB))
    tabs = b""
    while len((before + tabs).expandtabs(_TAB)) < column:
        tabs += b"\t"
    return (tabs or b" ") + b"=" + behind


def _store(source: bytes, read: Read, pair: Node) -> Change | None:
    """A statement behind those that set the others."""
    statement = pair.parent
    if statement is None or statement.type != "expression_statement" or \
            not _has_line(source, statement):
        return None
    last = statement
    record = read.asked.record
    while (following := view.behind(last)) is not None:
        stored = view.assigned(following)
        access = view.field(stored.left) if stored is not None else None
        if access is None or view.text(access.base) != record:
            break
        last = following
    first = view.infix(pair)
    if first is None:
        return None
    line = source.rfind(b"\n", 0, statement.start_byte) + 1
    indent = source[line:statement.start_byte]
    name = indent + record + b"." + MAX_LEN.encode()
    white = source[first.left.end_byte:first.right.start_byte]
    gap = white if white == b" = " else _aligned(source, line, first, white, name)
    end = source.find(b"\n", last.end_byte)
    if end < 0 or source[last.end_byte:end].strip():
        return None
    return Change(read.made.scope.file, end, end,
                  b"\n" + name + gap + read.sizes.whole + b";", "all of it")


def _aligned(source: bytes, line: int, first: view.Infix, white: bytes, before: bytes) -> bytes:
    blank, _, behind = white.partition(b"=")
    if b"\t" not in blank and blank.strip(b" "):
        return b" = "
    column = len(source[line:first.left.end_byte + len(blank)].expandtabs(_TAB))
    fill = b""
    step = b"\t" if b"\t" in blank else b" "
    while len((before + fill).expandtabs(_TAB)) < column:
        fill += step
    return (fill or b" ") + b"=" + behind
