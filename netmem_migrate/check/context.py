# SPDX-License-Identifier: GPL-2.0-only
"""What a rule is given: one function or one file, and all that is known of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import Above
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.check.findings import Rule
from netmem_migrate.check.paths.events import Event, EventKind
from netmem_migrate.check.paths.follow import Follower
from netmem_migrate.check.paths.lines import waypoints
from netmem_migrate.check.reach import Reach
from netmem_migrate.check.types import Types
from netmem_migrate.check.whole import Whole
from netmem_migrate.model.relevant import OWNS
from netmem_migrate.model.schema import ApiFunction
from netmem_migrate.results import Finding, Mend


@dataclass(frozen=True)  # no slots: what the rules share is computed once, and kept in it
class Context:
    """One function of a driver, or one of its files.

    `function` is None for a rule that looks at files. `symbols` are what the driver's files
    declare; `path` and `parsed` are of the file. `api` holds the functions of the kernel release
    that counts, nothing for one that the model does not know. `reach` says where it
    may meet memory that the CPU cannot read, `release` which kernel counts. `whole` is the driver,
    for a rule of drivers; the file is any one then.
    """

    path: str
    parsed: ParsedFile
    function: Function | None
    symbols: Symbols
    api: Mapping[str, ApiFunction]
    reach: Reach
    follower: Follower
    release: str
    whole: Whole | None = None

    @property
    def root(self) -> Node:
        """The node to look below: the function, or the file."""
        return self.function.node if self.function is not None else self.parsed.tree.root_node

    @cached_property
    def text(self) -> bytes:
        """The source of the function, or of the file."""
        return self.parsed.text(self.root)

    @cached_property
    def calls(self) -> Mapping[bytes, tuple[view.Call, ...]]:
        """The calls by the name of what is called, each in order of the file."""
        found: dict[bytes, list[view.Call]] = {}
        for call in view.calls(self.root):
            found.setdefault(call.name, []).append(call)
        return {name: tuple(several) for name, several in found.items()}

    @cached_property
    def above(self) -> Above:
        """What is around the nodes of the function, or of the file."""
        return Above(self.root)

    @cached_property
    def types(self) -> Types:
        """The types of the expressions."""
        return Types(self.symbols, self.path, self.function, self.api)

    @cached_property
    def _events(self) -> tuple[Event, ...]:
        function = self.function
        if function is None or function.node.has_error or not (
                OWNS.search(self.text) or self.follower.wraps(self.text)):
            return ()
        return self.follower.events(function)

    def events(self, kind: EventKind) -> Iterator[Event]:
        """What happens to memory on the paths of the function; it is followed once for all."""
        return (event for event in self._events if event.kind is kind)

    def event(self, rule: Rule, event: Event, message: str) -> Finding:
        """The finding of a rule at an event, with the path that it is on."""
        return replace(self.finding(rule, event.node, message),
                       path=waypoints(self.path, event.trail, event.node))

    def finding(self, rule: Rule, node: Node, message: str, *, fix: str = "",
                function: str = "", mend: tuple[Node, bytes] | None = None,
                file: str = "") -> Finding:
        """A finding of a rule at a node; `function` names the one around it in a file, `mend` a
        node and what to write in its place, `file` where the node is in another one.
        """
        if self.function is not None:
            function = self.function.name.decode("latin-1")
        row, column = node.start_point
        return Finding(file or self.path, row + 1, column + 1, rule.id, rule.severity.value,
                       function, message, rule.why, fix,
                       Mend(mend[0].start_byte, mend[0].end_byte, mend[1]) if mend else None)
