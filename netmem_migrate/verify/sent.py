# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that sends frags by netmem (docs/proof.md).

The text without the sets, and with each unmap spelled raw again, is the text before, token by token
(flow/tx/text.py), and for pages the code is the same. That no path is without a set, that nothing
but an unmap reads what was set, and that no unmap is left raw shows in no code of pages: those are
listed twice, by the parser (flow/tx/) and from the graph of the compiler (verify/late.py), which is
given the member under a name that nobody else has.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.text import replaced
from netmem_migrate.c.types import Member
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.flow.sync.members import Key, union_of, uses
from netmem_migrate.flow.sync.scopes import Scope, World
from netmem_migrate.flow.tx import slots, text
from netmem_migrate.flow.tx.faults import Sent
from netmem_migrate.flow.tx.text import Turned
from netmem_migrate.flow.tx.uses import unmapped
from netmem_migrate.model.sent import (
    HEADERS,
    MACROS,
    MAPS,
    PLAIN,
    PROBE,
    SET,
    UNMAP,
    probe,
)
from netmem_migrate.model.spelled import NETMEM_HEADER
from netmem_migrate.report import wording
from netmem_migrate.results import FileChange
from netmem_migrate.verify import late, member
from netmem_migrate.verify.gimple import Unreadable
from netmem_migrate.verify.member import Line
from netmem_migrate.verify.objects import includes, touched_sources
from netmem_migrate.verify.said import Said, Status, errors
from netmem_migrate.verify.sides import followed, sides
from netmem_migrate.verify.unit import Unit

if TYPE_CHECKING:
    from subprocess import CompletedProcess

    from tree_sitter import Node

GRAPH = ("-w", "-fmax-errors=0", "-g0", "-S", "-o", "/dev/null", "-include", PROBE,
         "-ftrack-macro-expansion=0", "-fdump-tree-ssa-lineno-blocks=stdout")
ASSUMES = ("what leads to the slot of a frag is the same from where its address is stored to where "
           "it is set, whatever functions of other files do; what is unmapped as the head of a "
           "packet is one")
_RENAMED = b"netmem_probe_"
_NOT_SHOWN = "no graph of gcc's was printed: T1 to T3 are not shown by the compiler"


@dataclass(frozen=True, slots=True)
class Kept:
    """A member that keeps addresses: the files with it under another name, where it is
    declared and wherever the parser sees it used, and how often that is on each line. `own` are the
    functions of the driver that no other file can call."""

    member: Member
    renamed: Mapping[str, bytes]
    used: Counter[Line]
    own: frozenset[str]

    @property
    def name(self) -> str:
        """Its name."""
        return self.member.name.decode("latin-1")

    @property
    def probe(self) -> str:
        """The other name."""
        return _RENAMED.decode() + self.name


@dataclass(frozen=True, slots=True)
class Told:
    """What follows from the driver's text after: the members, more sources that may use one, what
    the parser lists, and why nothing is shown, "" where all is."""

    kept: tuple[Kept, ...] = ()
    sources: Mapping[str, bool] = field(default_factory=dict)
    faults: tuple[tuple[str, str], ...] = ()
    whole: str = ""

    def listed(self, source: str) -> tuple[str, ...]:
        """What the parser lists that bears on one object: all of it, where the patch is in that."""
        return tuple(said for file, said in self.faults
                     if source not in self.sources or file == source)


def turned(changes: Mapping[str, FileChange]) -> Turned | None:
    """The sets and unmaps of a patch; None where it does anything else."""
    both = sides(changes)
    if both is None or not any(name.encode() in one.original for one in both[1].values()
                               for name in (SET, UNMAP)):
        return None
    return text.turned(*both)


def plain_header(root: Path) -> dict[str, bytes]:
    """The header of netmem with both helpers as they are for pages."""
    return {NETMEM_HEADER: plain.read(root / NETMEM_HEADER) + PLAIN.encode()}


def probe_header(root: Path) -> dict[str, bytes]:
    """The header by which gcc's graph shows what is done with frags."""
    has = frozenset(one for one in HEADERS if (root / "include" / one).is_file())
    return {f"include/{PROBE}": probe(has)}


def told(found: Turned, root: Path, after: Mapping[str, bytes], module: str) -> Told:
    """Follow the driver of a patch as it is after."""
    path = (*found.sets, *found.unmaps)[0][0]
    try:
        world = World(followed(root, path, after, module))
    except InputError as error:
        return Told(whole=str(error))
    keeping = tuple(kept(world, root, after, one) for one in members(world, found))
    if not keeping:
        return Told(whole=f"{path}: the member that keeps the address is not known")
    shared = next((one for one in keeping if union_of(one.member) is not None), None)
    if shared is not None:
        line = int(shared.member.declaration.start_point[0]) + 1
        return Told(whole=f"{shared.member.file}:{line}: T1: {shared.name} shares its memory, "
                          "and may be read by another name")
    if not any(_unmapped(world)):
        return Told(whole=f"{path}: T3: no unmap of netmem by the address that is kept")
    return Told(keeping, _sources(world, root, module, keeping, after),
                by_parser(world, keys(world, found)))


def by_parser(world: World, of: frozenset[slots.Key]) -> tuple[tuple[str, str], ...]:
    """What the parser lists (T1 to T3) of some slots, with the file that each is in."""
    return tuple((one.reason.file, wording.undone(one.reason))
                 for one in Sent(world, of).faults())


def keys(world: World, found: Turned) -> frozenset[slots.Key]:
    """The slots that a patch turns, as the parser names them."""
    said: set[slots.Key] = set()
    for scope, call in _calls(world, found):
        held = slots.kept(scope, call) if call.name == SET.encode() else None
        one = held[0] if held is not None else unmapped(scope, call)
        said |= {one.key} if one is not None else set()
    return frozenset(said)


def _calls(world: World, found: Turned) -> Iterator[tuple[Scope, view.Call]]:
    """The calls of a patch, in the driver."""
    places = {(path, call.node.start_byte) for path, call in (*found.sets, *found.unmaps)}
    for scope in world.scopes(SET.encode(), UNMAP.encode()):
        for call in view.calls(scope.node):
            if (scope.file, call.node.start_byte) in places:
                yield scope, call


def members(world: World, found: Turned) -> list[Member]:
    """The members that keep the addresses of what a patch turns."""
    return list({Key.of(one): one for one in _members(world, found)}.values())


def _members(world: World, found: Turned) -> Iterator[Member]:
    for scope, call in _calls(world, found):
        one = _of_macro(scope, call)[0] if call.name == SET.encode() else \
            _address(scope, call.args[1])
        if one is not None:
            yield one


def _address(scope: Scope, node: Node, depth: int = 0) -> Member | None:
    """The member that an address was kept in."""
    node = view.bare(node)
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node = inner
    call = view.call(node)
    if call is not None:
        return _of_macro(scope, call)[0]
    value = scope.once(node) if depth < 4 else None
    return _address(scope, value, depth + 1) if value is not None else scope.member(node)


def _of_macro(scope: Scope, call: view.Call) -> tuple[Member | None, Node | None]:
    """The member that a macro is given by its name, and the name."""
    record, name = MACROS.get(call.name.decode("latin-1"), (0, 0))
    if len(call.args) <= max(record, name) or record == name:
        return None, None
    node = call.args[name]
    while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
        node = inner
    type_ = scope.type_of(call.args[record])
    target = type_.target() if type_ is not None else None
    found = scope.world.analysis.symbols.member(target, view.text(node), scope.file) \
        if target is not None else None
    return found, node


def _unmapped(world: World) -> Iterator[bool]:
    for scope in world.scopes(UNMAP.encode()):
        yield any(call.name == UNMAP.encode() for call in view.calls(scope.node))


def _names(world: World, key: Key) -> Iterator[tuple[Scope, Node]]:
    """The names by which a member is used for certain."""
    for use in uses(world, key):
        access = view.field(use.node)
        if use.known and access is not None:
            yield use.scope, access.member
    for scope in world.scopes(*(one.encode() for one in MACROS)):
        for call in view.calls(scope.node):
            found, node = _of_macro(scope, call)
            if found is not None and node is not None and Key.of(found) == key:
                yield scope, node


def kept(world: World, root: Path, after: Mapping[str, bytes], one: Member) -> Kept:
    """A member with its uses, in a text of the driver."""
    used: Counter[Line] = Counter()
    edits: dict[str, set[int]] = {}
    seen: set[tuple[str, int]] = set()
    for scope, node in _names(world, Key.of(one)):
        if (scope.file, node.start_byte) not in seen:
            seen.add((scope.file, node.start_byte))
            used[scope.file, scope.line(node)] += 1
            edits.setdefault(scope.file, set()).add(node.start_byte)
    if one.declarator.identifier is not None:
        edits.setdefault(one.file, set()).add(one.declarator.identifier.start_byte)
    renamed = {path: replaced(_text(world, root, after, path),
                              [(at, at, _RENAMED) for at in sorted(places)])
               for path, places in edits.items()}
    return Kept(one, renamed, used, frozenset(
        name.decode("latin-1") for name, all_ in world.analysis.symbols.functions.items()
        if all(each.static for each in all_)))


def _text(world: World, root: Path, after: Mapping[str, bytes], path: str) -> bytes:
    found = after.get(path)
    if found is None:
        found = world.analysis.originals.get(path)
    return found if found is not None else plain.read(root / path)


def _sources(world: World, root: Path, module: str, keeping: Iterable[Kept],
             after: Mapping[str, bytes]) -> dict[str, bool]:
    """The sources that no change reaches, that include where a member is declared and may use it,
    or map frags: whether the parser sees a use there."""
    found: dict[str, bool] = {}
    tree = includes(root, module)
    reached = set(touched_sources(root, after, module, tree))
    for one in (held.member for held in keeping):
        words = re.compile(rb"(?:(?:->|\.)\s*|[(,]\s*)%b\b|\b(?:%b)\b" % (
            re.escape(one.name), "|".join(MAPS).encode()))
        used = {use.scope.file for use in uses(world, Key.of(one))}
        used |= {scope.file for scope, _ in _names(world, Key.of(one))}
        for path in touched_sources(root, [one.file], module, tree):
            if path not in reached and words.search(plain.read(root / path)):
                found[path] = found.get(path, False) or path in used
    return found


def by_compiler(one: Kept, done: CompletedProcess[bytes], source: str) -> Said:
    """T1 to T3 by the graph that gcc gave of one object with GRAPH; and that it sees the uses that
    the parser does."""
    said = done.stderr.decode("utf-8", "replace")
    if done.returncode:
        odd = {*member.uses(said, one.name), *member.uses(said, one.probe)}
        if odd:
            return Said(Status.FAIL, tuple(
                f"{path}:{line}: {one.name} is used here for one of compiler and parser only"
                for path, line in sorted(odd)))
        return Said(Status.NOT_BUILT, (_NOT_SHOWN, *errors(said)[:2]))
    unit = Unit(done.stdout.decode("utf-8", "replace"), one.probe)
    if not unit.graphs:
        return Said(Status.NOT_BUILT, (_NOT_SHOWN,))
    try:
        found = late.faults(unit, one.own)
    except Unreadable as error:
        return Said(Status.NOT_BUILT, (_NOT_SHOWN, f"{source}: {error}()"))
    return Said(Status.FAIL, found) if found else Said(Status.PASS)
