# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that syncs memory for the CPU through its pool (docs/proof.md).

The text before with the pool's calls in the place of the raw ones, and without the locals that go
with them, is the text after, token by token (flow/sync/text.py). What is left to show is that the
calls sync the same bytes. In one text, the one before with the calls of the patch, and in a
witness, the one before with each address that is kept spelled as what it is of, every such call
becomes one function of pool, device, address, size and direction of which a compiler knows nothing:
the same code means the same arguments on every path. That the address is what it is of follows
from where it is set: the driver is followed anew, and the compiler lists the uses of the member.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.text import replaced
from netmem_migrate.c.types import Member
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.flow.analyse import Analysis
from netmem_migrate.flow.sync import text
from netmem_migrate.flow.sync.kept import HERE
from netmem_migrate.flow.sync.members import Key, uses
from netmem_migrate.flow.sync.scopes import World, swaps
from netmem_migrate.flow.sync.sites import Made, sites
from netmem_migrate.flow.sync.text import Pair, Synced
from netmem_migrate.flow.sync.unused import does_nothing
from netmem_migrate.flow.sync.walked import arm_uses, of_arms
from netmem_migrate.model.spelled import DMA_OF_NETMEM, DMA_OF_PAGE, SYNC_PAGE
from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange
from netmem_migrate.verify.member import Line
from netmem_migrate.verify.sides import followed, sides

if TYPE_CHECKING:
    from tree_sitter import Node

_PROBE = (b"({ extern void netmem_sync_probe(const volatile void *, const volatile void *, "
          b"unsigned long long, unsigned long long, int); "
          b"netmem_sync_probe(%b, %b, %b, %b, %b); })")
_RENAMED = b"netmem_probe_"
_SETS = re.compile(rb"(?<![<>=!])=(?!=)|\+\+|--")


@dataclass(frozen=True, slots=True)
class Carrier:
    """A member that is rested on: its name, the file that declares it with it under another name,
    and how often it is used on each line, for the parser.

    `whole`: of the address that is kept, each use counts, wherever it is; of the buffer beside it,
    and of what is added, those that the parser does not see. `often` are the lines where a macro is
    given it that sets nothing, and may name it more than once. `lines`: of an array, the lines
    count, as a macro of the kernel may name it more than once that is given it.
    """

    name: str
    renamed: Mapping[str, bytes]
    used: Counter[Line]
    whole: bool
    often: frozenset[Line] = frozenset()
    lines: bool = False


@dataclass(frozen=True, slots=True)
class Told:
    """What follows from the driver's text: the two texts to compare, by file, and the members.

    `whole` says why nothing is shown, "" where all is; `files` are the sources of the patch.
    """

    after: Mapping[str, bytes] = field(default_factory=dict)
    witness: Mapping[str, bytes] = field(default_factory=dict)
    carriers: tuple[Carrier, ...] = ()
    assumes: str = ""
    whole: str = ""
    files: frozenset[str] = frozenset()


def synced(changes: Mapping[str, FileChange]) -> Synced | None:
    """The syncs that a patch turns; None where it does anything else."""
    both = sides(changes, (".c",))
    if both is None or not any(name in one.original for one in both[0].values()
                               for name in text.RAW):
        return None
    return text.synced(*both)


def told(found: Synced, root: Path, before: Mapping[str, bytes], module: str) -> Told:
    """Follow the driver of a patch as it was before."""
    try:
        analysis = followed(root, found.pairs[0].path, before, module)
    except InputError as error:
        return Told(whole=str(error))
    return compared(found, analysis, sites(analysis), root, before)


def compared(found: Synced, analysis: Analysis, decided: Sequence[Made | Reason], root: Path,
             before: Mapping[str, bytes]) -> Told:
    """What is to be compared, by what was decided of the syncs of the driver."""
    places = {place(one): one for one in decided}
    made: list[tuple[Pair, Made]] = []
    for pair in found.pairs:
        at = pair.path, int(pair.raw.node.start_point[0]) + 1
        one = places.get(at)
        if not isinstance(one, Made):
            why = wording.undone(one) if one is not None else f"{at[0]}:{at[1]}: is not followed"
            return Told(whole=why)
        made.append((pair, one))
    odd = next((f"{pair.path}: {name.decode('latin-1')}() goes with a local, and may do more than "
                "swap bytes" for pair, one in made
                for name in sorted(found.called[pair.path])
                if not does_nothing(name) and not swaps(one.raw.scope, name)), "")
    if odd:
        return Told(whole=odd)
    files = frozenset(pair.path for pair in found.pairs)
    members = {Key.of(rest[0]): rest for _, one in made for rest in _rests_on(analysis, one)}
    return Told(
        _texts(made, before, _new), _texts(made, before, _witness),
        tuple(_carrier(analysis, root, before, one) for one in members.values()),
        "; ".join(dict.fromkeys(one.assumes for _, one in made)), files=files)


def place(one: Made | Reason) -> Line:
    """Where the call is."""
    if isinstance(one, Reason):
        return one.file, one.line
    return one.raw.scope.file, one.raw.scope.line(one.raw.call.node)


def _texts(made: list[tuple[Pair, Made]], before: Mapping[str, bytes],
           spelled: Callable[[Pair, Made], bytes]) -> dict[str, bytes]:
    """The files before, with each call spelled in one of two ways."""
    found: dict[str, bytes] = {}
    for path in {pair.path for pair, _ in made}:
        found[path] = replaced(before[path], sorted(
            (pair.raw.node.start_byte, pair.raw.node.end_byte, spelled(pair, one))
            for pair, one in made if pair.path == path))
    return found


def _new(pair: Pair, made: Made) -> bytes:
    """The pool's call, as the pool is made: its own parameters in the place of its fields."""
    pool, memory, offset, size = (view.text(one) for one in pair.pool.args)
    of = DMA_OF_PAGE if pair.pool.name == SYNC_PAGE.encode() else DMA_OF_NETMEM
    address = b"%b(%b) + (unsigned long)((unsigned int)(%b) + (unsigned int)(%b))" % (
        of.encode(), memory, offset, made.start)
    return _PROBE % (pool, view.text(made.raw.device), address,
                     b"(unsigned int)(%b)" % size, view.text(made.raw.direction))


def _witness(_: Pair, made: Made) -> bytes:
    """The raw call, with the address that is kept spelled as what it is of."""
    raw = made.raw
    of = DMA_OF_PAGE if made.page else DMA_OF_NETMEM
    address = view.text(raw.address)
    if made.carrier is not None:
        kept = b"(%b(%b) + (%b))" % (of.encode(), made.buffer, made.more)
        start = raw.address.start_byte
        address = replaced(address, [
            (made.carrier.start_byte - start, made.carrier.end_byte - start, kept)])
    if made.whole:
        # The pool takes 32 bits of what the driver adds in 64, one by one.
        address = b"%b(%b) + (unsigned long)(unsigned int)(%b)" % (
            of.encode(), made.buffer, made.whole)
    elif raw.offset is not None:
        address = b"(%b) + (unsigned long)(%b)" % (address, view.text(raw.offset))
    return _PROBE % (made.pool, view.text(raw.device), address,
                     b"(unsigned int)(unsigned long)(%b)" % view.text(raw.size),
                     view.text(raw.direction))


def _rests_on(analysis: Analysis, made: Made) -> Iterator[tuple[Member, bool, bool]]:
    """The members that S1 is of, the address last, and whether it is that, or an array."""
    kept = made.kept
    record = analysis.symbols.record(kept.buffer.record, kept.buffer.file)
    names = [name[1:] for name, _ in kept.more[1] if name.startswith(HERE)]
    if record is not None:
        yield from ((record.members[name], False, False) for name in names)
    yield kept.buffer, False, False
    yield from ((member, True, True) for member in made.arrays)
    yield from ((member, True, False) for member in made.others)
    if made.carrier is not None:
        yield kept.member, True, False


def _carrier(analysis: Analysis, root: Path, before: Mapping[str, bytes],
             rest: tuple[Member, bool, bool]) -> Carrier:
    member, whole, lines = rest
    used: Counter[Line] = Counter()
    often: set[Line] = set()
    world = World(analysis)
    arms = of_arms(world, member)
    for one in arm_uses(world, arms) if len(arms) > 1 else uses(world, Key.of(member)):
        access = view.field(one.node)
        if one.known and access is not None:
            line = one.scope.file, one.scope.line(access.member)
            used[line] += 1
            if _is_named(analysis, one.node):
                often.add(line)
    source = before.get(member.file) or plain.read(root / member.file)
    names = [one.declarator.identifier for one in arms]
    renamed = replaced(source, sorted((name.start_byte, name.start_byte, _RENAMED)
                                      for name in names if name is not None))
    return Carrier(member.name.decode("latin-1"), {member.file: renamed}, used, whole,
                   frozenset(often), lines)


def _is_named(analysis: Analysis, node: Node) -> bool:
    """Whether a macro of the driver that sets nothing is given a member."""
    bodies: list[bytes] = []
    around = node.parent
    while around is not None and around.type != "function_definition":
        call = view.call(around)
        if call is not None:
            bodies += (one.body for one in analysis.symbols.macros.get(call.name, ()))
        around = around.parent
    return bool(bodies) and not any(_SETS.search(one) for one in bodies)


def faults(found: Told, source: str, listed: list[Counter[Line]]) -> tuple[str, ...]:
    """Where compiler and parser do not agree on the uses of a member in one object."""
    return tuple(said for carrier, lines in zip(found.carriers, listed, strict=True)
                 for said in _odd(found, carrier, source, lines))


def _odd(found: Told, carrier: Carrier, source: str, listed: Counter[Line]) -> Iterator[str]:
    if carrier.lines:
        listed = listed & carrier.used | Counter(set(listed))
    here = Counter({place: count for place, count in carrier.used.items() if place[0] == source})
    unseen = (here - listed) if carrier.whole else Counter()
    more = (listed - carrier.used).keys() - (carrier.often & carrier.used.keys())
    for path, line in sorted({*more, *unseen}):
        yield f"{path}:{line}: {carrier.name} is used here for one of compiler and parser only"
    for path, line in sorted(carrier.used) if carrier.whole else ():
        if path.endswith(".c") and path not in found.files:
            yield f"{path}:{line}: {carrier.name} is used here, which is not compiled for this"
