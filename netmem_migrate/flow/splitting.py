# SPDX-License-Identifier: GPL-2.0-only
"""Functions that take a page or something else as one `void *`, told apart by another parameter,
and the two functions that they are."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.copies import is_any_copy
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.types import PAGE_POINTER
from netmem_migrate.flow import cfg
from netmem_migrate.flow.lent import are_functions, is_lent

_TRUTH = {b"true": 1, b"false": 0, b"NULL": 0}
_NUMBER = re.compile(rb"(0[xX][0-9a-fA-F]+|\d+)[uUlL]*")
_MOST = 127
# A line that goes on, such as one of a string: less in front of the next is another string.
_CONTINUED = re.compile(rb"\\\r?\n")
# Where a test is a value, and no way that is taken.
_VALUED = ("assignment_expression", "init_declarator", "argument_list", "return_statement")
Edits = list[tuple[int, int, bytes]]


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of the test: its block, the first statement where that is `local = parameter;`, the
    local and its declaration."""

    block: Node
    first: Node | None = None
    local: bytes = b""
    declaration: Node | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """A function that takes two kinds of thing as one parameter.

    `given` is the index of that, `flag` that of the other which tells: the thing is none of pages
    where `flag == value` is `truth`. `page` and `other` are the arms of `test`.
    """

    parsed: ParsedFile
    node: Node
    name: bytes
    parameters: tuple[Node, ...]
    given: int
    flag: int
    value: bytes
    truth: bool
    test: Node
    page: Arm
    other: Arm

    @property
    def names(self) -> tuple[bytes, ...]:
        """The names of the parameters."""
        found = (view.declared(one.child_by_field_name("declarator")) for one in self.parameters)
        return tuple(view.text(one) if one is not None else b"" for one in found)

    @property
    def kept(self) -> bool:
        """Whether the function for pages needs the flag."""
        return self.names[self.flag] in _words(self.page.block)

    def is_unsure(self, arg: Node) -> bool:
        """Whether a call passes a number which, as a parameter, may be another."""
        text = view.text(view.bare(arg))
        return _NUMBER.fullmatch(text) is not None and _equal(text, text) is None

    def decided(self, arg: Node) -> bool | None:
        """Whether a call passes something else than a page, by what it says of that; None where
        that cannot be told."""
        equal = _equal(view.text(view.bare(arg)), self.value)
        return None if equal is None else equal is self.truth


def split(parsed: ParsedFile, function: Node) -> Split | None:
    """A function as one that takes two kinds of thing; None for any other."""
    body = function.child_by_field_name("body")
    name = view.declared(function.child_by_field_name("declarator"))
    if body is None or name is None or function.has_error or not is_any_copy(parsed, function) or \
            b"#" in parsed.original[function.start_byte:function.end_byte] or \
            view.text(name) in _words(body):
        return None
    given = view.parameters(function)
    found = [one for index, each in enumerate(given)
             if tokens(view.text(each))[:-1] == ("void", "*")
             and (one := _split(parsed, function, view.text(name), given, index)) is not None]
    return found[0] if len(found) == 1 else None


def _split(parsed: ParsedFile, function: Node, name: bytes, given: tuple[Node, ...],
           index: int) -> Split | None:
    body = function.child_by_field_name("body")
    own = view.declared(given[index].child_by_field_name("declarator"))
    assert body is not None
    if own is None:
        return None
    uses = [one for one in nodes(body, "identifier") if view.text(one) == view.text(own)]
    tests = [one for one in view.children(body) if one.type == "if_statement" and uses
             and all(one.start_byte < use.start_byte < one.end_byte for use in uses)]
    branch = view.branch(tests[0]) if len(tests) == 1 else None
    if branch is None or branch.then is None or branch.otherwise is None:
        return None
    asked = _asked(cfg.transparent(branch.test))
    otherwise = view.children(branch.otherwise)
    if asked is None or len(otherwise) != 1 or len(given) < 2 or any(
            branch.test.start_byte <= use.start_byte < branch.test.end_byte for use in uses):
        return None
    named, value, truth = asked
    flags = [number for number, one in enumerate(given) if number != index
             and (of := view.declared(one.child_by_field_name("declarator"))) is not None
             and view.text(of) == named and b"*" not in view.text(one)]
    if flags and b"bool" in view.text(given[flags[0]]) and not _equal(value, b"0"):
        return None
    arms = [_arm(parsed, body, block, uses) for block in (branch.then, otherwise[0])]
    if _is_said_between(parsed, branch, otherwise[0]):
        return None
    if len(flags) != 1 or _is_changed(body, named) or None in arms:
        return None
    first, second = (arm for arm in arms if arm is not None)
    kinds = [_is_page(arm) for arm in (first, second)]
    if kinds.count(True) != 1:
        return None
    page, other = (first, second) if kinds[0] else (second, first)
    found = Split(parsed, function, name, given, index, flags[0], value,
                  truth if not kinds[0] else not truth, branch.node, page, other)
    return found if _is_whole(found, body, named) else None


def _words(node: Node) -> set[bytes]:
    return {view.text(one) for one in nodes(node, "identifier")}


def _asked(test: Node) -> tuple[bytes, bytes, bool] | None:
    """A test as one of a name: the name, and whether it is, or is not, some constant."""
    negated, pair = view.prefix(test), view.infix(test)
    if test.type == "identifier":
        return view.text(test), b"0", False
    if negated is not None and negated.sign == "!" and \
            view.bare(negated.argument).type == "identifier":
        return view.text(view.bare(negated.argument)), b"0", True
    if pair is not None and pair.sign in ("==", "!=") and pair.left.type == "identifier" and \
            pair.right.type in ("identifier", "number_literal", "true", "false"):
        return view.text(pair.left), view.text(pair.right), pair.sign == "=="
    return None


def _equal(one: bytes, other: bytes) -> bool | None:
    """Whether two constants are the same, None for what is none or not known."""
    if one == other and one.isupper():
        return True
    numbers = [_TRUTH.get(text) if text in _TRUTH else
               int(found[1], 0) if (found := _NUMBER.fullmatch(text)) is not None
               and (found[1] == b"0" or found[1][:1] != b"0" or found[1][1:2] in b"xX") else None
               for text in (one, other)]
    # What is larger may be another number as a parameter.
    return None if any(one is None or one > _MOST for one in numbers) else numbers[0] == numbers[1]


def _is_changed(body: Node, name: bytes) -> bool:
    return any((of := view.changed(one)) is not None and view.text(of) == name
               and view.text(one)[:1] != b"*"
               for one in nodes(body, "assignment_expression", "update_expression",
                                "pointer_expression")) or name in {
        view.text(of) for one in nodes(body, "declaration")
        for declarator in one.children_by_field_name("declarator")
        if (of := view.declared(declarator)) is not None}


def _is_said_between(parsed: ParsedFile, branch: view.Branch, otherwise: Node) -> bool:
    """Whether a comment stands beside both arms, and would go with the test."""
    assert branch.then is not None
    start, end = branch.node.start_byte, branch.node.end_byte
    around = replaced(parsed.original[start:end], [
        (one.start_byte - start, one.end_byte - start, b"") for one in (branch.then, otherwise)])
    return b"/*" in around or b"//" in around


def _leaves_more(block: Node) -> bool:
    """Whether an arm does not go on to what stands behind the test."""
    test = block.parent
    while test is not None and test.type != "if_statement":
        test = test.parent
    behind = view.behind(test) if test is not None else None
    inside = view.children(block)
    return behind is not None and behind.type != "labeled_statement" and bool(inside) and \
        inside[-1].type in ("return_statement", "goto_statement")


def _arm(parsed: ParsedFile, body: Node, block: Node, uses: list[Node]) -> Arm | None:
    """An arm that declares nothing, and that has a use of the parameter."""
    mine = [one for one in uses if block.start_byte < one.start_byte < block.end_byte]
    if block.type != "compound_statement" or not mine or nodes(block, "declaration") or \
            _leaves_more(block) or _CONTINUED.search(parsed.original, block.start_byte,
                                                     block.end_byte):
        return None
    first = next(iter(view.children(block)), None)
    store = view.assigned(first)
    if len(mine) != 1 or store is None or store.right != mine[0] or \
            store.left.type != "identifier":
        return Arm(block)
    local = view.text(store.left)
    declared = [one for one in nodes(body, "declaration") for declarator in
                one.children_by_field_name("declarator")
                if (of := view.declared(declarator)) is not None and view.text(of) == local]
    names = [one for one in nodes(body, "identifier") if view.text(one) == local]
    inside = sum(block.start_byte < one.start_byte < block.end_byte for one in names)
    if len(declared) != 1 or declared[0].parent != body or inside != len(names) - 1 or \
            len(declared[0].children_by_field_name("declarator")) != 1 or \
            nodes(declared[0], "init_declarator") or _is_set_again(block, first, local) or \
            parsed.text(declared[0]) != view.text(declared[0]):
        return Arm(block)
    return Arm(block, first, local, declared[0])


def _is_set_again(block: Node, first: Node | None, local: bytes) -> bool:
    return any((of := view.changed(one)) is not None and view.text(of) == local
               and view.text(one)[:1] != b"*" and one.parent != first
               for one in nodes(block, "assignment_expression", "update_expression",
                                "pointer_expression"))


def _is_page(arm: Arm) -> bool:
    return arm.declaration is not None and tokens(view.text(arm.declaration)) == (
        *PAGE_POINTER, arm.local.decode("latin-1"), ";")


def _is_whole(found: Split, body: Node, flag: bytes) -> bool:
    """Whether both functions can be made, and the other one needs no flag."""
    left = _tests(found, body, flag)
    spans = [(one.start_byte, one.end_byte) for one in (
        *left, found.test.child_by_field_name("condition") or found.test)]
    values = [one for one in nodes(body, "identifier") if view.text(one) == flag
              and not any(start <= one.start_byte < end for start, end in spans)]
    if any(not found.page.block.start_byte < one.start_byte < found.page.block.end_byte
           for one in values):
        return False
    if any(one.start_byte > found.page.block.end_byte for one in left) and \
            is_lent(found.page.block, flag):
        return False
    return all(_unused(found, body, arm) is not None for arm in (found.page, found.other))


def _tests(found: Split, body: Node, flag: bytes) -> list[Node]:
    """The other tests of the flag, as values, which are the same in each of both functions."""
    result: list[Node] = []
    for one in nodes(body, "unary_expression", "binary_expression"):
        asked = _asked(one)
        inside = found.test.start_byte <= one.start_byte < found.test.end_byte
        if asked is not None and asked[0] == flag and _equal(asked[1], found.value) and \
                not inside and one.parent is not None and one.parent.type in _VALUED and \
                _is_evaluated(one.parent):
            result.append(one)
    return result


def _is_evaluated(around: Node) -> bool:
    """Whether what stands around a test takes its value, and not what is written."""
    call = view.call(around.parent) if around.type == "argument_list" else None
    return call is None or are_functions(call.node, {call.name})


def _unused(found: Split, body: Node, arm: Arm) -> list[Node] | None:
    """The declarations of locals that nothing is left of with one arm alone, None where one cannot
    go; the local that becomes the parameter is among them."""
    away = found.other.block if arm is found.page else found.page.block
    gone: list[Node] = []
    labels, gotos = ({(view.text(name), away.start_byte < one.start_byte < away.end_byte)
                      for one in nodes(body, kind) if (name := view.label(one)) is not None}
                     for kind in ("labeled_statement", "goto_statement"))
    jumped = {name for name, goes in gotos if not goes}
    if jumped != {name for name, _ in labels} or jumped & {name for name, goes in labels if goes}:
        return None
    for declaration in (one for one in view.children(body) if one.type == "declaration"):
        declarators = declaration.children_by_field_name("declarator")
        for declarator in declarators:
            name = view.declared(declarator)
            if name is None:
                return None
            left = [one for one in nodes(body, "identifier") if view.text(one) == view.text(name)
                    and one != name and not away.start_byte < one.start_byte < away.end_byte]
            if left and declaration != arm.declaration:
                if _is_half(declarator, body, view.text(name), away):
                    return None
                continue
            if len(declarators) != 1 or declarator.type == "init_declarator" or \
                    _line(found.parsed.original, declaration) != view.text(declaration):
                return None
            gone.append(declaration)
    return gone


def _is_half(declarator: Node, body: Node, name: bytes, away: Node) -> bool:
    """Whether a local is not read, or not set, but in an arm that goes."""
    names = [one for one in nodes(body, "identifier") if view.text(one) == name
             and one != view.declared(declarator)]
    left = [one for one in names if not away.start_byte < one.start_byte < away.end_byte]
    if len(left) == len(names):
        return False
    changed = {of.id for one in nodes(body, "assignment_expression", "update_expression",
                                      "pointer_expression")
               if (of := view.changed(one)) is not None and view.text(one)[:1] != b"*"}
    stored = {view.bare(one.target).id for one in view.stores(body)}
    parts = [one for one in left if one.parent is not None and one.parent.type in (
        "field_expression", "subscript_expression")]
    is_set = parts or declarator.type == "init_declarator" or any(one.id in changed for one in left)
    return not is_set or all(one.id in stored for one in left)


def _line(source: bytes, node: Node) -> bytes:
    """The lines that a node stands in."""
    start = source.rfind(b"\n", 0, node.start_byte) + 1
    return source[start:source.find(b"\n", node.end_byte)].strip()


def version(found: Split, arm: Arm) -> Edits:
    """What makes the function that has one arm alone."""
    body = found.node.child_by_field_name("body")
    named = view.declared(found.parameters[found.flag].child_by_field_name("declarator"))
    assert body is not None and named is not None
    source = found.parsed.original
    made: Edits = [(found.test.start_byte, found.test.end_byte, inside(source, arm))]
    gone = _unused(found, body, arm) or []
    all_ = [one for one in view.children(body) if one.type == "declaration"]
    for declaration in gone:
        start = source.rfind(b"\n", 0, declaration.start_byte) + 1
        end = source.find(b"\n", declaration.end_byte) + 1
        if declaration == all_[-1] and len(gone) == len(all_):
            # No blank line behind the declarations then.
            end += len(source[end:]) - len(source[end:].lstrip(b"\r\n"))
        made.append((start, end, b""))
    for one in _tests(found, body, view.text(named)):
        asked = _asked(one)
        assert asked is not None
        equal = found.truth if arm is found.other else not found.truth
        made.append((one.start_byte, one.end_byte, b"true" if asked[2] is equal else b"false"))
    return sorted([*made, *head(found, arm, found.parameters)])


def head(found: Split, arm: Arm, given: tuple[Node, ...]) -> Edits:
    """What changes in the parameters of the definition, or of a prototype."""
    made: Edits = []
    if arm.declaration is not None:
        at = given[found.given]
        text = view.text(arm.declaration).rstrip(b"; \t\n")
        made.append((at.start_byte, at.end_byte, text))
    if arm is found.other or not found.kept:
        made.append(without(given, found.flag))
    return made


def without(several: tuple[Node, ...], index: int) -> tuple[int, int, bytes]:
    """One of several that commas stand between, gone."""
    if index:
        return several[index - 1].end_byte, several[index].end_byte, b""
    return several[0].start_byte, several[1].start_byte, b""


def inside(source: bytes, arm: Arm) -> bytes:
    """The statements of an arm, one level less deep, but for the one that takes the parameter."""
    start, end = arm.block.start_byte + 1, arm.block.end_byte - 1
    text = source[start:end]
    if arm.first is not None:
        said, text = source[start:arm.first.start_byte], source[arm.first.end_byte:end]
        if said.strip():
            # A comment, which stays.
            more = b"" if text.lstrip(b" \t\r")[:1] == b"\n" else said[len(said.rstrip()):]
            text = said.rstrip() + more + (text.lstrip(b" \t") if more else text)
    return re.sub(rb"(?m)^\t", b"", text).strip()
