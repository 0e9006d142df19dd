# SPDX-License-Identifier: GPL-2.0-only
"""Whether a patch to flags, sizes and syncs of pools is right, by what both texts of the driver say
and the model shows: why not, with the place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.flow.flags import calls
from netmem_migrate.flow.flags.pools import ALL, Asked, Module, flags, modules
from netmem_migrate.flow.flags.step import Read, read_of, then
from netmem_migrate.flow.sync.kept import Refused
from netmem_migrate.flow.sync.scopes import Scope, World, number, squeezed
from netmem_migrate.model.kernel_calls import has, named
from netmem_migrate.model.runtime.memory import PAGE_SIZE as BYTES
from netmem_migrate.model.runtime.orders import Facts, Shown, shown
from netmem_migrate.model.schema import Trait
from netmem_migrate.model.spelled import DMA_SYNC, MAX_LEN, PAGE_SIZE
from netmem_migrate.reasons import Reason, Why

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.flow.analyse import Analysis

_SYNCS = tuple(one.encode() for one in named(Trait.SYNCS_DEVICE))


@dataclass(frozen=True, slots=True)
class Judged:
    """What is wrong with a patch, with the place; None for nothing. `shown` is what the model shows
    of each pool that it changes."""

    odd: Reason | str | None = None
    shown: tuple[Shown, ...] = ()


@dataclass(frozen=True, slots=True)
class _Now:
    read: Read
    facts: Facts
    module: Module


def judged(before: Analysis, after: Analysis) -> Judged:
    """Hold two texts of a driver against each other."""
    old, new = _pools(before), _pools(after)
    if len(old) != len(new):
        return Judged("a pool is made, or is not made any more")
    changed = [number for number, (one, other) in enumerate(zip(old, new, strict=True))
               if _asks(one[1]) != _asks(other[1])] or range(len(new))
    found: list[Shown] = []
    covered: Counter[tuple[str, bytes, bytes]] = Counter()
    for at in changed:
        sides: list[_Now] = []
        for module, asked in (old[at], new[at]):
            one = _now(module, asked)
            if isinstance(one, Reason):
                return Judged(one)
            sides.append(one)
        odd = _odd(*sides)
        if isinstance(odd, str):
            return Judged(odd)
        found.append(odd)
        covered.update(_named(one.sync.scope, one.sync.call) for one in sides[0].read.taken
                       if one.sync is not None)
    return Judged(_syncs(World(before), World(after), covered), tuple(found))


def _pools(analysis: Analysis) -> list[tuple[Module, Asked]]:
    return [(module, asked) for module in modules(World(analysis)) for asked in module.pools]


def _asks(asked: Asked) -> tuple[bytes, ...]:
    """What a pool asks for, as it is spelled."""
    return tuple(squeezed(one) for one in asked.flags) + tuple(
        squeezed(node) for node in _sizes(asked))


def _sizes(asked: Asked) -> Iterator[Node]:
    found = flags(asked)
    if not isinstance(found, Refused):
        for name in (b"order", b"max_len", b"offset"):
            yield from found.values.get(name, ())


def _now(module: Module, asked: Asked) -> _Now | Reason:
    """What the text says of a pool, as the model takes it."""
    made = flags(asked)
    read = made if isinstance(made, Refused) else calls.mapped(module) or read_of(
        module, asked, made)
    if isinstance(read, Read):
        facts = _facts(read)
        if isinstance(facts, Facts):
            return _Now(read, facts, module)
        read = facts
    scope = asked.scope
    node = asked.flags[0] if asked.flags else asked.call
    return Reason(read.why, read.by, read.other, scope.title, scope.file, scope.line(node))


def _facts(read: Read) -> Facts | Refused:
    scope, whole = read.made.scope, BYTES << read.facts.order
    sync = any(DMA_SYNC.encode() in view.text(one).split() or DMA_SYNC.encode() in squeezed(
        one).split(b"|") for one in read.asked.flags)
    length, offset = read.sizes.max_len, read.sizes.offset
    if length is None:
        size: int | None = 0
    elif squeezed(length) == b"".join(read.sizes.whole.split()):
        size = whole
    else:
        # A number of bytes is less than all of a page of another size.
        size = _value(length)
        size = min(size, whole - 1) if size is not None else None
    start = _value(offset) if offset is not None else 0
    if size is None:
        assert length is not None
        return Refused(Why.FLAGS_SET, by=MAX_LEN, other=scope.where(length))
    if start is None:
        assert offset is not None
        return Refused(Why.FLAGS_OFFSET, by=squeezed(offset).decode("latin-1"),
                       other=scope.where(offset))
    return replace(read.facts, sync=sync, max_len=size, offset=start)


def _value(node: Node) -> int | None:
    """What an expression of numbers and the size of a page is."""
    node = view.bare(node)
    literal = number(squeezed(node))
    if literal is not None:
        return literal
    if view.text(node) == PAGE_SIZE.encode():
        return BYTES
    pair = view.infix(node)
    left, right = (_value(pair.left), _value(pair.right)) if pair is not None else (None, None)
    if pair is None or left is None or right is None:
        return None
    match pair.sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left // right if right else None
        case "<<":
            return left << right
    return None


def _odd(old: _Now, new: _Now) -> Shown | str:
    """What the model shows; what is wrong, and where that comes from, if it shows an access that
    was not there before, or would not be there with all that belongs to the flag."""
    if any(len(one) != len(other) for one, other in (
            (old.facts.puts, new.facts.puts), (old.facts.fills, new.facts.fills))):
        return f"{new.read.asked.where}: memory is taken, or given back, at other places"
    refs = (old.facts, then(old.facts)) if new.facts.sync else (old.facts,)
    for ref in refs:
        found = shown(ref, new.facts)
        if found.no_new and (found.clean or new.read.is_left):
            continue
        what = found.fails or "; ".join(found.new or found.old)
        where = next((place for place, facts in _mended(old, new) if shown(ref, facts).no_new),
                     new.read.asked.where)
        return f"{where}: {what}"
    return shown(old.facts, new.facts)


def _mended(old: _Now, new: _Now) -> Iterator[tuple[str, Facts]]:
    """The driver after with one thing put right, and where that stands."""
    facts, read = new.facts, new.read
    scope, whole = read.made.scope, BYTES << new.facts.order
    sizes = read.sizes
    if facts.max_len != whole and facts.sync:
        yield (scope.where(sizes.max_len) if sizes.max_len is not None else read.asked.where,
               replace(facts, max_len=whole, offset=0))
    if facts.offset and sizes.offset is not None:
        yield scope.where(sizes.offset), replace(facts, offset=0, max_len=whole)
    for one in facts.puts:
        if one.size != ALL:
            yield one.place, replace(facts, puts=tuple(
                replace(put, size=ALL) if put == one else put for put in facts.puts))
    less = [one for one in facts.puts if one.size != ALL]
    if less:
        yield less[0].place, replace(facts, puts=tuple(replace(one, size=ALL)
                                                       for one in facts.puts))
    if not facts.sync:
        yield read.asked.where, replace(facts, sync=True, max_len=whole, offset=0)
    if any(one.raw for one in old.facts.fills):
        yield read.asked.where, replace(facts, fills=old.facts.fills)


def _named(scope: Scope, call: view.Call) -> tuple[str, bytes, bytes]:
    return scope.file, scope.function.name, squeezed(call.node)


def _syncs(before: World, after: World,
           covered: Counter[tuple[str, bytes, bytes]]) -> str | None:
    """A sync for the device that goes and is not of memory that was just taken, or is new."""
    sides = [{} for _ in range(2)]  # type: list[dict[tuple[str, bytes, bytes], list[str]]]
    for world, found in zip((before, after), sides, strict=True):
        for scope in world.scopes(*_SYNCS):
            for call in view.calls(scope.node):
                if has(call.name, Trait.SYNCS_DEVICE):
                    found.setdefault(_named(scope, call), []).append(scope.where(call.node))
    for key in sides[0].keys() | sides[1].keys():
        old, new = (len(one.get(key, ())) for one in sides)
        if new > old:
            return f"{sides[1][key][-1]}: a sync for the device is new"
        if old - new > covered[key]:
            return f"{sides[0][key][0]}: a sync for the device goes that is not shown to be of " \
                   "memory that was just taken from the pool"
    return None
