# SPDX-License-Identifier: GPL-2.0-only
"""The flow graph: slots that can hold a page, the flows between them, and what uses them.

A slot is a member, local, parameter, return value or global; a call of the page API is one too,
because it can be made in its page or its netmem form. Arrays of pages and `struct page **`
cursors are the slot whose pages they reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeVar

from tree_sitter import Node

from netmem_migrate.c.pattern import Match
from netmem_migrate.flow.keys import Key
from netmem_migrate.model.forms import Form
from netmem_migrate.model.twins import Twin
from netmem_migrate.reasons import CATEGORY, Category, Reason, Why

_Node = TypeVar("_Node")


class Kind(StrEnum):
    """What a slot is; the first five are the report's kinds of declaration."""

    MEMBER = "member"
    LOCAL = "local"
    PARAMETER = "parameter"
    RETURN = "return"
    GLOBAL = "global"
    CALL = "call"


class Place(NamedTuple):
    """A node in a file, and the function around it.

    `row` is the line of code that the parser was not shown: no node stands there.
    """

    file: str
    node: Node
    function: str
    row: int = 0

    @property
    def line(self) -> int:
        return self.row or int(self.node.start_point[0]) + 1


@dataclass(frozen=True, slots=True)
class Spelling:
    """One declaration of a slot: the declaration, its declarator, and the declared identifier."""

    file: str
    declaration: Node
    declarator: Node
    identifier: Node | None
    function: str


@dataclass(eq=False, slots=True)
class Slot:
    """Something that can hold a page. Slots are compared by identity."""

    kind: Kind
    name: str
    place: Place
    spellings: list[Spelling] = field(default_factory=list)
    names: list[Place] = field(default_factory=list)
    twin: Twin | None = None
    void: bool = False  # declared as `void *`, not as `struct page *`
    record: str = ""  # of a member: `struct` or `union`, as its record's tag is spelled

    @property
    def borrowed(self) -> bool:
        """Whether it is a call that gives the memory of a frag."""
        return self.twin is not None and self.twin.borrows

    @property
    def of_pool(self) -> bool:
        """Whether it is a call that takes memory from a pool."""
        return self.twin is not None and self.twin.allocates and self.twin.pool_api

    @property
    def short_name(self) -> str:
        return self.name.rpartition(".")[2]

    @property
    def title(self) -> str:
        """The slot as a reason names it."""
        return f"{self.name}()" if self.kind is Kind.CALL else self.name

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name} {self.place.file}:{self.place.line}>"


@dataclass(frozen=True, slots=True)
class Blocker:
    """A use of a slot that works on pages only, or hides where the page goes."""

    reason: Reason
    category: Category
    place: Place
    readable: bool = False  # the expression could be read through an accessor to the page

    @property
    def derived(self) -> bool:
        """Whether it follows from the blocker of another slot."""
        return self.reason.because is not None


@dataclass(frozen=True, slots=True)
class Bridge:
    """A page that flows into a slot: `page_to_netmem()` if the slot moves and the page does not.

    `origin` is the slot it comes from, or None for a page that no slot of the driver holds;
    `text` then says where it comes from, `typed` that its type is known to be a page's, and
    `allocated` that it is allocated there, by somebody else than the pool.
    """

    place: Place
    origin: Slot | None
    into: Slot
    text: str
    typed: bool = True
    allocated: bool = False

    @property
    def foreign(self) -> bool:
        """Whether no slot of the driver holds the page before."""
        return self.origin is None or self.origin.borrowed


class UseKind(StrEnum):
    """Uses that read differently when their slot is a netmem."""

    NULL = "null"  # NULL stored, returned, passed or initialised: `0`
    COMPARE = "compare"  # compared with NULL: `!x` or `x`
    SIZEOF = "sizeof"  # the type inside sizeof()
    CAST = "cast"  # a cast between struct page * and void *: dropped


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a slot; `inner` is the operand that stays."""

    kind: UseKind
    slot: Slot
    place: Place
    inner: Node | None = None
    negated: bool = False


@dataclass(frozen=True, slots=True)
class FormUse:
    """Code that is a form of the table (model/forms.py), and the slot that stands for it."""

    form: Form
    slot: Slot
    place: Place
    match: Match


@dataclass(slots=True)
class Call:
    """A call of a function that has a netmem twin, and the slot that stands for it."""

    slot: Slot
    twin: Twin
    place: Place
    name: Node
    argument: Node | None


@dataclass(frozen=True, slots=True)
class Source:
    """What gives a value that no key of the driver holds before: a function of the kernel, or a
    member of one of its records ("struct xdp_buff.data"); `behind` is what that was given, or
    the record.
    """

    name: str
    place: Place
    behind: tuple[Key, ...] = ()


@dataclass(slots=True)
class Addresses:
    """Where addresses go that the CPU has for memory; most of what is noted here is none.

    `given` are the calls that give the address of a page, by a key of their own. `flows` lead from
    a key to where its value is stored; `members` are the names of those that are members.
    `mapped` is what a function is given to map it for the device: key, function, place. `pages`
    are the calls that find a page again by its address: by place, what gives the address.
    `passed` is what functions are given whose body was not read: key, function. `sources`
    give values that come from the kernel, each by a key of its own, and `returns` are where a
    result is first returned. `given_to` is what functions of the kernel are given of which the
    model says what they do with memory: key, function, place; `fills` leads from what such a
    function is given to a variable of which it is given the address. `inside` are members of the
    driver's records that are used by a pointer to the record: key of the pointer, record, whether
    it is set, place. `open` are parameters of functions of which not all callers are known.
    """

    given: dict[Key, Slot] = field(default_factory=dict)
    flows: dict[Key, set[Key]] = field(default_factory=dict)
    members: dict[Key, bytes] = field(default_factory=dict)
    mapped: list[tuple[Key, str, Place]] = field(default_factory=list)
    pages: dict[tuple[str, int], tuple[Key, ...]] = field(default_factory=dict)
    passed: list[tuple[Key, bytes]] = field(default_factory=list)
    sources: dict[Key, Source] = field(default_factory=dict)
    returns: dict[Key, Place] = field(default_factory=dict)
    given_to: list[tuple[Key, str, Place]] = field(default_factory=list)
    fills: list[tuple[Key, Key]] = field(default_factory=list)
    open: set[Key] = field(default_factory=set)
    inside: list[tuple[Key, str, bool, Place]] = field(default_factory=list)

    def back(self) -> dict[Key, list[Key]]:
        """From each key to what its value comes from, through the kernel's functions, too."""
        edges = {key: list(source.behind) for key, source in self.sources.items()}
        for origin, into in self.flows.items():
            for one in into:
                edges.setdefault(one, []).append(origin)
        return edges


@dataclass(slots=True)
class Graph:
    """All slots of a driver and how pages flow between them.

    `foreign_members` are places, by name and record, of members of records that were not read,
    `macro_members`, by name and macro, of those whose name or record a macro makes;
    `seen` are the bytes, by file, where the reader met a name of anything in an expression;
    `host_reads` says of a call of page_address() what reads the address as an skb or an XDP frame;
    `grants` are pages of skb frags that are granted to another domain; `unread_functions` are
    given pages, and members of `unread_records` hold them, but no file that was read declares them.
    `others` are the calls that read frags which somebody else filled, for all that is known;
    `modules` numbers files that fill or read frags by the module that they are built into.
    """

    slots: dict[tuple[object, ...], Slot] = field(default_factory=dict)
    flows: list[tuple[Slot, Slot, Place]] = field(default_factory=list)
    same: list[tuple[Slot, Slot, Place]] = field(default_factory=list)
    bridges: list[Bridge] = field(default_factory=list)
    blockers: dict[Slot, list[Blocker]] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    forms: list[FormUse] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    unresolved_members: dict[bytes, list[Place]] = field(default_factory=dict)
    foreign_members: dict[tuple[bytes, str], Place] = field(default_factory=dict)
    macro_members: dict[tuple[bytes, bytes], Place] = field(default_factory=dict)
    host_reads: dict[Slot, tuple[str, Place]] = field(default_factory=dict)
    grants: list[tuple[str, Place]] = field(default_factory=list)
    seen: dict[str, set[int]] = field(default_factory=dict)
    addresses: Addresses = field(default_factory=Addresses)
    others: set[Slot] = field(default_factory=set)
    modules: dict[str, int] = field(default_factory=dict)
    unread_functions: set[bytes] = field(default_factory=set)
    unread_records: set[str] = field(default_factory=set)

    def block(self, slot: Slot, why: Why, place: Place, *, by: str = "", other: str = "",
              category: Category | None = None, because: Reason | None = None,
              readable: bool = False, numbers: tuple[int, int] = (0, 0),
              release: str = "") -> None:
        """Note that `slot` must stay a page; `category` where the reason alone does not say it."""
        reason = Reason(why, by, other, slot.name, place.file, place.line, because, numbers,
                        release)
        self.blockers.setdefault(slot, []).append(
            Blocker(reason, category or CATEGORY[why], place, readable))

    def is_open(self, slots: Iterable[Slot]) -> bool:
        """Whether a `void *` among slots may hold what does not flow there from any slot: something
        else is stored, or somebody has its address, or that of the function that is given it."""
        return any(not blocker.derived for slot in slots if slot.void
                   for blocker in self.blockers.get(slot, ()))

    def near(self) -> dict[Slot, list[Slot]]:
        """For each slot, those that share pages with it in either direction."""
        edges: dict[Slot, list[Slot]] = {}
        for origin, into, _ in [*self.flows, *self.same]:
            edges.setdefault(origin, []).append(into)
            edges.setdefault(into, []).append(origin)
        return edges

    def predecessors(self, *, tied: bool = False) -> dict[Slot, list[Slot]]:
        """For each slot, those whose pages flow into it.

        `tied` adds, for an allocation, what it fills: the two move together or not at all.
        """
        edges: dict[Slot, list[Slot]] = {}
        for origin, into, _ in self.flows:
            edges.setdefault(into, []).append(origin)
            if tied and _allocates(origin):
                edges.setdefault(origin, []).append(into)
        self._add_same(edges)
        return edges

    def successors(self, *, tied: bool = False) -> dict[Slot, list[Slot]]:
        """For each slot, those that its pages flow into; `tied` as for predecessors()."""
        edges: dict[Slot, list[Slot]] = {}
        for origin, into, _ in self.flows:
            edges.setdefault(origin, []).append(into)
            if tied and _allocates(origin):
                edges.setdefault(into, []).append(origin)
        self._add_same(edges)
        return edges

    def _add_same(self, edges: dict[Slot, list[Slot]]) -> None:
        for one, other, _ in self.same:
            edges.setdefault(one, []).append(other)
            edges.setdefault(other, []).append(one)


def _allocates(slot: Slot) -> bool:
    return slot.twin is not None and slot.twin.allocates


def reach(starts: Iterable[_Node], edges: Mapping[_Node, Iterable[_Node]]) -> list[_Node]:
    """What can be reached over `edges`, the starts included, nearest first: slots, keys, names."""
    found = list(starts)
    seen = set(found)
    # The list grows while it is walked: breadth first, so that what is found first is the nearest.
    for one in found:
        for other in edges.get(one, ()):
            if other not in seen:
                seen.add(other)
                found.append(other)
    return found
