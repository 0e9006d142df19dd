# SPDX-License-Identifier: GPL-2.0-only
"""Failure exits that a function has, and where one fits: in front of what reads memory, so that it
is taken as if what is called with the address had failed.

    va = netmem_address(memory);
    skb = build_skb(va, size);
    if (!skb)
            goto drop;

The exit fits in front of the first line: nothing is held there that it would not give up, if what
stands between sets locals only, which the exit does not read, by what does no more than read, and
if the call leaves nothing behind where it fails.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.flow.cfg import transparent

_SIMPLE = ("expression_statement", "declaration")
_JUMPS = ("goto_statement", "return_statement")
_LOOPS = ("while_statement", "for_statement", "do_statement", "goto_statement", "switch_statement")
_CHOICES = ("conditional_expression", "comma_expression", "compound_statement")
_CODE = re.compile(rb"ERR_PTR\(-[A-Z]+\)|-[A-Z]+|NULL")
_SCOPED = re.compile(rb"cleanup|\b__free\s*\(|guard\s*\(")


@dataclass(frozen=True, slots=True)
class Exit:
    """An exit that fits before a statement, the `goto` or `return` that it is taken by, and the
    test by which the function takes it."""

    before: Node
    jump: Node
    test: Node


def exit_before(function: Node, read: Node, is_pure: Callable[[view.Call], bool],
                fails_clean: Callable[[view.Call], bool],
                acts: Callable[[bytes], bool]) -> Exit | None:
    """The exit that fits before the statement that reads; None for none.

    `is_pure` says of a call that it does no more than read, `fails_clean` that it gives NULL, and
    leaves nothing behind, where it fails, `acts` of a name that it stands for more than a value.
    """
    statement = _statement(read)
    body = function.child_by_field_name("body")
    if statement is None or statement.parent is None or body is None:
        return None
    block = view.children(statement.parent)
    start = next(index for index, one in enumerate(block) if one.id == statement.id)
    place = start
    while place < len(block) and block[place].type == "declaration":
        if place > start and nodes(block[place], "call_expression"):
            return None
        place += 1
    if place > start and not _is_address(statement, read, block[start + 1:place]):
        return None
    sets: set[bytes] = set()
    called = b""
    for one in block[start:]:
        if one.type == "if_statement":
            return _taken(function, body, one, called, sets, block[place], acts)
        if any(acts(view.text(name)) for name in nodes(one, "identifier")):
            return None
        if one.type not in _SIMPLE or called or nodes(one, *_CHOICES):
            return None
        changed = _sets(function, one)
        if changed is None:
            return None
        sets |= changed
        impure = [call for call in view.calls(one) if not is_pure(call)]
        if impure:
            if len(impure) > 1 or len(changed) != 1 or not fails_clean(impure[0]):
                return None
            (called,) = changed
    return None


def is_scoped(text: bytes) -> bool:
    """Whether something is done wherever a function, or a block of it, is left."""
    return _SCOPED.search(text) is not None


def tested(test: Node) -> bytes:
    """The name of which a test says that it is NULL, b"" for another test."""
    test = transparent(test)
    negated, pair = view.prefix(test), view.infix(test)
    if negated is not None and negated.sign == "!":
        name = view.bare(negated.argument)
    elif pair is not None and pair.sign == "==" and view.text(view.bare(pair.right)) == b"NULL":
        name = view.bare(pair.left)
    else:
        return b""
    return view.text(name) if name.type == "identifier" else b""


def _statement(node: Node) -> Node | None:
    """The plain statement of a block that evaluates a node whatever else is so."""
    while node.parent is not None and node.type not in _SIMPLE:
        pair = view.infix(node.parent)
        if node.parent.type in _CHOICES or (pair is not None and pair.sign in ("&&", "||")):
            return None
        node = node.parent
    return node if node.type in _SIMPLE and node.parent is not None and \
        node.parent.type == "compound_statement" else None


def _is_address(declaration: Node, read: Node, later: list[Node]) -> bool:
    """Whether a declaration keeps the address, or a sum with it, in one local that none behind it
    uses."""
    found = declaration.children_by_field_name("declarator")
    if len(found) != 1 or list(view.calls(declaration)) != [view.call(read)] or (nodes(
            declaration, "field_expression", "subscript_expression", "pointer_expression") and any(
            not read.start_byte <= one.start_byte < read.end_byte and one.type != "field_expression"
            for one in nodes(declaration, "field_expression", "subscript_expression",
                             "pointer_expression"))):
        return False
    name = view.declared(found[0])
    return name is not None and not any(
        view.text(one) == view.text(name) for other in later for one in nodes(other, "identifier"))


def _taken(function: Node, body: Node, test: Node, called: bytes, sets: set[bytes],
           place: Node, acts: Callable[[bytes], bool]) -> Exit | None:
    """The exit that a test takes where the call failed."""
    jump = _jump(test)
    branch = view.branch(test)
    if jump is None or branch is None or not called or tested(branch.test) != called:
        return None
    if jump.type == "return_statement":
        value = view.children(jump)
        fits = len(value) == 1 and _CODE.fullmatch(view.text(view.bare(value[0]))) is not None
        return Exit(place, jump, test) if fits else None
    wanted = view.label(jump)
    label = next((one for one in nodes(function, "labeled_statement") if wanted is not None
                  and (name := view.label(one)) is not None
                  and view.text(name) == view.text(wanted)), None)
    if label is None or label.parent != body or label.start_byte < test.end_byte:
        return None
    behind = [one for one in view.children(body) if one.start_byte >= label.start_byte]
    if any(nodes(one, *_LOOPS) for one in behind):
        return None
    reads = {view.text(name) for one in behind for name in nodes(one, "identifier")}
    # A jump past a declaration whose size is computed is no C.
    declared = any(one.type == "declaration" and one.start_byte >= place.start_byte
                   for one in view.children(body))
    fits = sets.isdisjoint(reads) and not declared and not any(map(acts, reads))
    return Exit(place, jump, test) if fits else None


def _jump(node: Node) -> Node | None:
    """The one `goto` or `return` that an `if` without `else` takes."""
    found = view.branch(node) if node.type == "if_statement" else None
    if found is None or found.then is None or found.otherwise is not None:
        return None
    then = found.then
    if then.type == "compound_statement":
        inside = view.children(then)
        if len(inside) != 1:
            return None
        (then,) = inside
    return then if then.type in _JUMPS else None


def _sets(function: Node, node: Node) -> set[bytes] | None:
    """The locals that a statement sets by `=`; None where it sets anything else, or may."""
    found: set[bytes] = set()
    if nodes(node, "update_expression", "gnu_asm_expression"):
        return None
    for one in nodes(node, "assignment_expression"):
        target = one.child_by_field_name("left")
        pair = view.infix(one)
        if target is None or target.type != "identifier" or pair is None or pair.sign != "=":
            return None
        found.add(view.text(target))
    if node.type == "declaration":
        if any(one.type == "storage_class_specifier" for one in node.children):
            return None
        for one in node.children_by_field_name("declarator"):
            name = view.declared(one)
            if name is None or nodes(one, "array_declarator"):
                return None
            found.add(view.text(name))
    return found if all(is_plain(function, one) for one in found) else None


def is_plain(function: Node, name: bytes) -> bool:
    """Whether a name is an automatic local, or a parameter, whose address nobody has."""
    declared = False
    for one in nodes(function, "identifier"):
        if view.text(one) != name:
            continue
        parent = one.parent
        if parent is not None and parent.type == "pointer_expression" and \
                parent.children[0].type == "&":
            return False
        up = parent
        while up is not None and up.type.endswith("declarator"):
            up = up.parent
        if up is not None and up.type == "parameter_declaration":
            declared = True
        if up is not None and up.type == "declaration":
            declared = True
            if any(inner.type == "storage_class_specifier" for inner in up.children):
                return False
    return declared
