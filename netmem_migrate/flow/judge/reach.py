# SPDX-License-Identifier: GPL-2.0-only
"""What of a unit the flow reaches from where its pools are created.

That is what leads there (callers, tables of operations, what registers those), all that this names,
and what uses a variable or member that holds a pool or its memory. Of several tables of one type
between which something that leads there chooses, those that lead there count, if any does. What
nothing names, and nobody else can call, is reached by nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.flow.judge.pieces import Piece, Pieces
from netmem_migrate.flow.judge.taint import Atom, Atoms, call_atom, kept, use_atom
from netmem_migrate.flow.judge.unit import Body, Unit, Use
from netmem_migrate.model import spelled
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_ANSWERS = ("==", "!=", "<", ">", "<=", ">=", "&&", "||")
_CARRY = (Trait.GIVES_BACK, Trait.NEAR, Trait.CONTAINER, Trait.GIVES_ADDRESS)


class Held(Atoms):
    """What holds a pool, or memory of one: not what is told of it, as an answer or an error."""

    def read(self, body: Body, node: Node) -> Iterator[Atom]:
        """The atoms that a value is made of."""
        stack = [node]
        while stack:
            one = view.bare(stack.pop())
            call, infix, prefix = view.call(one), view.infix(one), view.prefix(one)
            if (infix is not None and infix.sign in _ANSWERS) or (prefix is not None \
                    and prefix.sign == "!"):
                continue
            if call is None and one.type in ("conditional_expression", "cast_expression",
                                             "binary_expression"):
                stack += view.children(one)
            elif one.type == "identifier":
                yield from self._named(body, one)
            elif call is None or call.name.decode("latin-1") in self.unit.by_name \
                    or kept(one) is not None:
                yield from super().read(body, one)
            else:
                yield call_atom(body.file, one)
                if self._carries(call):
                    stack += call.args

    def _named(self, body: Body, name: Node) -> Iterator[Atom]:
        """The atoms of a variable where it is read."""
        return super().read(body, name)

    def _carries(self, call: view.Call) -> bool:
        """Whether the result of a function that is not read is made of its arguments."""
        known = BY_NAME.get(call.name.decode("latin-1"))
        return any(has(call.name, trait) for trait in _CARRY) or (
            known is not None and known.reads and not known.gives)


class Reach:
    """The pieces of a unit that are reached from some calls, which create its pools."""

    def __init__(self, unit: Unit, creating: Sequence[Use]) -> None:
        self.unit = unit
        self.pieces = Pieces(unit)
        self._starts = {piece for use in creating if (piece := self._of(use)) is not None}

    def _of(self, use: Use) -> Piece | None:
        return self.pieces.at(use.body.file, use.call.node.start_byte)

    # ------------------------------------------------------------ what is reached

    @cached_property
    def reached(self) -> frozenset[Piece]:
        """All pieces that are reached."""
        return frozenset(self._below(self._above | (self._holders & self.live)))

    @cached_property
    def live(self) -> frozenset[Piece]:
        """All pieces that something outside of the unit leads to."""
        roots = [one for one in self.pieces.all if self._is_root(one)]
        return frozenset(self._walk([*roots, *self._starts]))

    @cached_property
    def _is_whole(self) -> bool:
        """Whether what leads to where pools are created is in sight. Where it is not, it may lead
        to anything that nothing in sight does."""
        return bool(self._walk(one for one in self.pieces.all if self._is_use(one) or
                               self._is_open(one)) & self._starts)

    def _is_root(self, piece: Piece) -> bool:
        return self._is_use(piece) or self._is_entry(piece)

    def _is_use(self, piece: Piece) -> bool:
        """Whether a macro is used at file scope."""
        return self._is_macro(piece) and piece.file not in self.unit.lent

    def _is_macro(self, piece: Piece) -> bool:
        return not piece.function and not piece.type

    def _is_open(self, piece: Piece) -> bool:
        """Whether other modules can name a piece: what is exported, and what is not of its file
        alone and is named by nothing here."""
        return piece.open or (not piece.static and self._is_alone(piece))

    def _is_alone(self, piece: Piece) -> bool:
        """Whether no function and no record names a piece that is one."""
        return (piece.function or piece.type != "") and piece.file not in self.unit.lent and all(
            self._is_macro(one) for one in self.pieces.naming.get(piece, ()))

    def _is_entry(self, piece: Piece) -> bool:
        """Whether code that is not in sight may name a piece."""
        return self._is_open(piece) or (not self._is_whole and self._is_alone(piece))

    @cached_property
    def _above(self) -> set[Piece]:
        """What leads to where pools are created, that too."""
        found = set(self._starts)
        queue = list(found)
        while queue:
            one = queue.pop()
            around = set(self.pieces.naming.get(one, ())) & self.live
            if self._is_entry(one):
                around |= self._entries
            for more in around - found:
                found.add(more)
                queue.append(more)
        return found

    @cached_property
    def _entries(self) -> set[Piece]:
        """Who calls one from outside may call the others."""
        return {one for one in self.pieces.all if self._is_entry(one)}

    def _walk(self, starts: Iterable[Piece]) -> set[Piece]:
        """All that some pieces name, through others too."""
        found = set(starts)
        queue = list(found)
        while queue:
            for one in self.pieces.named(queue.pop()):
                if one not in found:
                    found.add(one)
                    queue.append(one)
        return found

    def _below(self, starts: Iterable[Piece]) -> set[Piece]:
        """The same, without the tables of another driver, or device, of the unit."""
        found = set(starts)
        queue = list(found)
        while queue:
            piece = queue.pop()
            named = self.pieces.named(piece)
            mine = {one.type for one in named if one.type and one in self._above} \
                if piece in self._above else set()
            for one in named:
                if one not in found and (one.type not in mine or one in self._above):
                    found.add(one)
                    queue.append(one)
        return found

    @cached_property
    def atoms(self) -> Held:
        """What is followed to find what holds pools and their memory."""
        return Held(self.unit, through=True)

    @cached_property
    def pools(self) -> set[Atom]:
        """All that holds a pool."""
        return self.atoms.reached(use_atom(use) for use in self.unit.of(Trait.CREATES_POOL))

    @cached_property
    def held(self) -> set[Atom]:
        """All that holds a pool or memory of one."""
        return self.pools | self.atoms.reached(use_atom(use) for use in self._given)

    @cached_property
    def _given(self) -> list[Use]:
        return [use for name, uses in self.unit.calls.items() for use in uses
                if name.startswith(spelled.POOL_PREFIX)
                and (known := BY_NAME.get(name)) is not None and known.gives]

    def fills(self, body: Body) -> bool:
        """Whether a function takes memory of a pool, by itself or by one that it calls."""
        names = {body.name} | {call.name.decode("latin-1") for call in view.calls(body.node)}
        return any(use.body == body or use.body.name in names for use in self._given)

    @cached_property
    def _holding(self) -> set[tuple[str, str]]:
        bodies = {(one[1], one[2]) for one in self.held if one[0] == "local"}
        bodies |= {(use.body.file, use.body.name) for use in self._given}
        members = {one for one in self.held if one[0] == "member" and one[1]}
        for body, atom in self.atoms.members({one[-1] for one in members}):
            if atom in members:
                bodies.add((body.file, body.name))
        return bodies

    def holds(self, body: Body) -> bool:
        """Whether a function uses what holds a pool or its memory."""
        return (body.file, body.name) in self._holding

    @cached_property
    def _holders(self) -> set[Piece]:
        """The functions that use what holds a pool or its memory."""
        return {one for one in self.pieces.all
                if one.function and (one.file, one.name) in self._holding}

    # ------------------------------------------------------------ what of it is code

    def covers(self, file: str, node: Node) -> bool:
        """Whether a node stands in what is reached."""
        return self.pieces.at(file, node.start_byte) in self.reached

    def around(self, file: str, node: Node) -> Node | None:
        """The function that a node stands in."""
        return view.function_around(self.unit.parsed[file].tree.root_node, node)

    def covers_line(self, file: str, line: int) -> bool:
        """Whether a line, from 1, holds anything that is reached."""
        source = self.unit.parsed[file].source.split(b"\n") if file in self.unit.parsed else []
        if not 0 < line <= len(source):
            return False
        start = sum(len(one) + 1 for one in source[:line - 1])
        return any(self.pieces.at(file, offset) in self.reached
                   for offset in (start, start + max(len(source[line - 1]) - 1, 0)))

    def uses(self, uses: Iterable[Use]) -> list[Use]:
        """Those of some calls that are reached."""
        return [one for one in uses if self._of(one) in self.reached]

    def of(self, trait: Trait) -> list[Use]:
        """The calls of functions of which something is said."""
        return self.uses(self.unit.of(trait))

    def called(self, names: Iterable[str]) -> list[Use]:
        """The calls of functions of these names."""
        return self.uses(self.unit.called(names))

    def named(self, names: Sequence[str]) -> Iterator[tuple[str, Node]]:
        """The identifiers, members and designators of some names, by file."""
        return ((file, node) for file, node in self.unit.named(names) if self.covers(file, node))

    def says(self, name: str) -> bool:
        """Whether what is reached, or a macro that it uses, says a word."""
        return any(name in self.pieces.words(one) for one in self.reached)
