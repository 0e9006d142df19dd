# SPDX-License-Identifier: GPL-2.0-only
"""Patches that make room for pages in a record or by a copy of a function, or only ask for them,
and do nothing else."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from tree_sitter import Node

from netmem_migrate.c.armed import armed
from netmem_migrate.c.beside import beside
from netmem_migrate.c.copies import only_copies
from netmem_migrate.c.guarded import guarded
from netmem_migrate.check.registry import rule
from netmem_migrate.flow.divided import divided
from netmem_migrate.flow.instead import instead
from netmem_migrate.flow.returned import returned
from netmem_migrate.model.addresses import ASKS, FINDS, KNOWN
from netmem_migrate.model.functions import SHORT_FOR
from netmem_migrate.model.spelled import ADDRESS, IS_NET_IOV
from netmem_migrate.results import FileChange, Finding


def made_room(changes: Sequence[FileChange]) -> Finding | None:
    """What is said of such a patch, once for all of it; None for any other."""
    before = {one.path: one.parsed_before for one in changes}
    after = {one.path: one.parsed_after for one in changes}
    kept = beside(before, after, KNOWN)
    if kept is not None:
        return _said(*kept.declared, f"{kept.member} keeps the page of {kept.address}: set with "
                                     f"it, and read where {kept.finds}() found it")
    page = instead(before, after)
    if page is not None:
        return _said(*page.declared, f"{page.member} keeps the page of which {page.address} kept "
                                     f"the address: {page.asks}() gives that where it is read")
    arm = armed(before, after, SHORT_FOR)
    if arm is not None and not arm.bare:
        return _said(*arm.declared, f"{arm.arm} is another name for what {arm.member} holds, and "
                                    "either way of each test that was added does the same")
    of = returned(before, after, ASKS, FINDS)
    if of is not None:
        return _said(of.path, of.node, f"{of.helper.name.decode('latin-1')}() returns the "
                                           "page, and each of its calls takes the address of that")
    two = divided(before, after)
    if two is not None:
        name, copy = two.split.name.decode("latin-1"), two.copy.decode("latin-1")
        return _said(two.path, two.nodes[1], f"{copy}() is what {name}() was for pages, as far as "
                                             "its calls with a page told so")
    tests = guarded(before, after, IS_NET_IOV, ADDRESS)
    if tests:
        return _said(*tests[0], f"leaves as the function does elsewhere where {IS_NET_IOV}(), "
                                "and is the same for pages")
    copied = only_copies(before, after)
    for path, parsed in after.items() if copied else ():
        for one in parsed.functions():
            if one.name in copied:
                return _said(path, one.node, f"{one.name}() is {copied[one.name]}() for some of "
                                             "its calls")
    return None


def only_drops(changes: Sequence[FileChange]) -> bool:
    """Whether nothing is added at all: a preparatory patch."""
    for change in changes:
        left = Counter(change.after.split(b"\n"))
        left.subtract(Counter(change.before.split(b"\n")))
        if any(count > 0 for count in left.values()):
            return False
    return True


def _said(path: str, node: Node, message: str) -> Finding:
    declared = rule("same-ways")
    return Finding(path, int(node.start_point[0]) + 1, 1, declared.id, declared.severity.value, "",
                   message, declared.why)
