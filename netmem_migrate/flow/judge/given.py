# SPDX-License-Identifier: GPL-2.0-only
"""What a pool is given on the way to where it is created: by its function, and by those of the unit
that get its parameters before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.judge.pools import Pool, record
from netmem_migrate.flow.judge.taint import parameters
from netmem_migrate.flow.judge.unit import Body, Unit, condition, said
from netmem_migrate.model import spelled
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait


@dataclass(frozen=True, slots=True)
class Set:
    """Where a parameter is set, to what, and the test under which, "" for none."""

    file: str
    node: Node
    condition: str = ""


class Given:
    """The parameters of one pool."""

    def __init__(self, unit: Unit, pool: Pool) -> None:
        self.unit, self.pool = unit, pool
        self._calls = list(self._before())

    @property
    def is_known(self) -> bool:
        """Whether all that sets a parameter is in sight."""
        return self.pool.known and all(call.name.decode("latin-1") in self.unit.by_name
                                       for call, _ in self._calls)

    def of(self, name: str) -> list[Set]:
        """Where a parameter is set that is not nothing."""
        body = self.pool.use.body
        found = [one for value in self.pool.values.get(name, ())
                 if (one := _valued(body.file, value.node, value.condition)) is not None]
        for callee, parameter, test in self._callees():
            for store in view.stores(callee.node):
                where = view.field(store.target)
                if where is not None and where.name == name.encode() and \
                        view.text(view.bare(where.base)) == parameter:
                    inner = condition(callee.node, store.node)
                    one = _valued(callee.file, store.value, inner or test)
                    found += [one] if one is not None else []
        return found

    def flags(self, name: str) -> list[Set]:
        """Where a flag is set."""
        own = self.pool.flag(name)
        if own is not None:
            return [Set(self.pool.use.body.file, own.node, own.condition)]
        return [one for one in self.of("flags") if any(
            view.text(word) == name.encode()
            for word in (one.node, *nodes(one.node, "identifier")))]

    def is_always(self, sets: Sequence[Set]) -> bool:
        """Whether some of what sets a parameter is reached on every way: without a test, or in both
        arms of one."""
        tests = {one.condition for one in sets}
        return "" in tests or any(f"!({one})" in tests for one in tests)

    def _before(self) -> Iterator[tuple[view.Call, int]]:
        """The calls before that get the parameters, and as which argument."""
        name = record(self.pool.use)
        for call in view.calls(self.pool.use.body.node) if name is not None else ():
            if call.node.start_byte >= self.pool.use.call.node.start_byte or \
                    call.name.decode("latin-1") in spelled.FILLS or \
                    has(call.name, Trait.CREATES_POOL):
                continue
            for number, arg in enumerate(call.args):
                sign = view.prefix(view.bare(arg))
                taken = sign.argument if sign is not None and sign.sign == "&" else arg
                if view.text(view.bare(taken)) == name:
                    yield call, number

    def _callees(self) -> Iterator[tuple[Body, bytes, str]]:
        """The functions of the unit that get the parameters, how they call them, and the test
        before the call."""
        function = self.pool.use.body.node
        for call, number in self._calls:
            test = condition(function, call.node, self.pool.use.call.node)
            for callee in self.unit.by_name.get(call.name.decode("latin-1"), ()):
                names = parameters(callee.node)
                if number < len(names):
                    yield callee, names[number].encode("latin-1"), test


def _valued(file: str, node: Node, test: str) -> Set | None:
    """A value that is something; where one arm of a `?:` is nothing, under its test."""
    bare = view.bare(node)
    if view.text(bare) == b"NULL":
        return None
    branch = view.branch(bare) if bare.type == "conditional_expression" else None
    if branch is not None and not test:
        for arm, sign in ((branch.otherwise, ""), (branch.then, "!")):
            if arm is not None and view.text(view.bare(arm)) == b"NULL":
                text = said(view.bare(branch.test))
                return Set(file, node, f"!({text})" if sign else text)
    return Set(file, node, test)
