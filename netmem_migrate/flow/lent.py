# SPDX-License-Identifier: GPL-2.0-only
"""Locals that are given, bare, to what may be a macro that sets them."""

from __future__ import annotations

from collections.abc import Collection

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.words import DEFINE
from netmem_migrate.model.addresses import READS
from netmem_migrate.model.kernel_calls import traits
from netmem_migrate.model.schema import Trait


def is_lent(node: Node, name: bytes) -> bool:
    """Whether a name is given so below a node, to what is no function for all that is known."""
    to = [view.call(given.parent) for one in nodes(node, "identifier") if view.text(one) == name
          and (given := view.outer(one).parent) is not None and given.type == "argument_list"]
    left = {call.name if call is not None else b"" for call in to}
    return bool(left) and not are_functions(node, left)


def are_functions(node: Node, names: Collection[bytes]) -> bool:
    """Whether all of some names are functions: the kernel, or the file of a node, has them for
    such, and the file not for macros."""
    root = node
    while root.parent is not None:
        root = root.parent
    found = {view.text(of) for one in nodes(root, "function_declarator")
             if (of := view.declared(one)) is not None}
    for one in names:
        name = one.decode("latin-1")
        said = traits(name)
        if name in READS or (said and said.isdisjoint((Trait.STORES, Trait.SWAPS))):
            found.add(one)
    found -= {one[0] for one in DEFINE.findall(view.text(root))}
    return found.issuperset(names)
