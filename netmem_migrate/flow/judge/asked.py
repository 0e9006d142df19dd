# SPDX-License-Identifier: GPL-2.0-only
"""Whether the address of memory is taken only where the CPU can read it: something leaves before
where the memory is no page, or right behind where there is no address."""

from __future__ import annotations

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.above import above
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.judge.unit import Use
from netmem_migrate.model.kernel_calls import has
from netmem_migrate.model.schema import Trait

_LEAVES = ("continue_statement", "return_statement", "goto_statement", "break_statement")


def is_asked(use: Use) -> bool:
    """Whether a test of the memory, or of its address, is seen to come first."""
    memory = b"".join(view.text(use.call.args[0]).split()) if use.call.args else b""
    inner = use.call.node
    for around in above(use.body.node, inner):
        branch = view.branch(around)
        if branch is not None and branch.test != inner:
            asks = _asks(branch.test, memory)
            if asks is not None and asks is (inner != branch.then):
                return True
        if inner.type == "labeled_statement":
            return False
        if around.type == "compound_statement" and (
                _left_before(inner, memory) or _left_behind(use, inner)):
            return True
        inner = around
    return False


def _asks(test: Node, memory: bytes) -> bool | None:
    """What a test says of the memory where it is true: that it may be no page, or that it is one;
    None where it is about something else."""
    test = view.bare(test)
    call = view.call(test)
    if call is not None and has(call.name, Trait.GIVES_BACK) and call.args:
        return _asks(call.args[0], memory)
    sign = view.prefix(test)
    if sign is not None and sign.sign == "!":
        found = _asks(sign.argument, memory)
        return None if found is None else not found
    if call is not None and has(call.name, Trait.TELLS_UNREADABLE) and any(
            b"".join(view.text(arg).split()) == memory for arg in call.args):
        return True
    return None


def _left_before(statement: Node, memory: bytes) -> bool:
    """Whether the block was left before a statement of it where the memory is no page."""
    before = statement.prev_named_sibling
    while before is not None:
        branch = view.branch(before) if before.type == "if_statement" else None
        if branch is not None and branch.then is not None and \
                _asks(branch.test, memory) is True and _leaves(branch.then):
            return True
        if before.type == "labeled_statement" or _sets(before, memory):
            return False
        before = before.prev_named_sibling
    return False


def _sets(statement: Node, memory: bytes) -> bool:
    """Whether a statement may make something else of how memory is spelled."""
    changed = [store.target for store in view.stores(statement)]
    changed += [inner for one in nodes(statement, "update_expression", "pointer_expression")
                if one.type == "update_expression" or one.children[0].type == "&"
                if (inner := view.operand(one)) is not None]
    return any(b"".join(view.text(one).split()) in memory for one in changed)


def _left_behind(use: Use, statement: Node) -> bool:
    """Whether a statement sets a local to an address only, and the next leaves where that is
    NULL."""
    stores = list(view.stores(statement))
    after = statement.next_named_sibling
    branch = view.branch(after) if after is not None and after.type == "if_statement" else None
    if len(stores) != 1 or branch is None or branch.then is None:
        return False
    if view.bare(stores[0].value) != use.call.node or stores[0].target.type != "identifier":
        return False
    test = view.bare(branch.test)
    call = view.call(test)
    if call is not None and has(call.name, Trait.GIVES_BACK) and call.args:
        test = view.bare(call.args[0])
    sign = view.prefix(test)
    return sign is not None and sign.sign == "!" and \
        view.text(view.bare(sign.argument)) == view.text(stores[0].target) and _leaves(branch.then)


def _leaves(then: Node) -> bool:
    """Whether an arm ends by leaving."""
    last = view.children(then)[-1] if then.type == "compound_statement" and view.children(then) \
        else then
    return last.type in _LEAVES
