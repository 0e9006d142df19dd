# SPDX-License-Identifier: GPL-2.0-only
"""Functions that return the address of a new page, and calls that take it and leave for NULL."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.c.text import replaced, tokens
from netmem_migrate.c.words import WORD
from netmem_migrate.flow import cfg
from netmem_migrate.flow.lent import is_lent

Macros = Mapping[bytes, Sequence[bytes]]
"""The bodies of macros by name: one for each definition, and b"" where it is undone."""
SAME: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("u8",): ("unsigned", "char"), ("u16",): ("unsigned", "short"),
    ("u32",): ("unsigned", "int"), ("unsigned",): ("unsigned", "int"),
    ("u64",): ("unsigned", "long", "long"),
}
"""Names of types that are others."""
_HEAD = frozenset({"static", "inline", "void", "*"})
_MARK = re.compile(rb"\b__\w+")
_JUMPS = ("goto_statement", "return_statement", "break_statement", "continue_statement")


@dataclass(frozen=True, slots=True)
class Helper:
    """A static function that returns the address of a page, and NULL.

    `values` are what it returns of pages: the expression, and the name of the page in it. All are
    one sum; `parameters` are its parameters by name, in order.
    """

    name: bytes
    parsed: ParsedFile
    node: Node
    type_: Node
    values: tuple[tuple[Node, Node], ...]
    parameters: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """A call whose result is put somewhere, and the statement behind it, which leaves for NULL.

    `target` is where it is put, `named` where the test names that, `leave` what the test leads to.
    """

    call: view.Call
    statement: Node
    target: Node
    test: Node
    named: Node
    leave: Node


def helper(parsed: ParsedFile, function: Definition, asks: Collection[str]) -> Helper | None:
    """A function as one that returns the address of a page that it tested for NULL."""
    node = function.node
    body, type_ = node.child_by_field_name("body"), view.type_of(node)
    declarator = node.child_by_field_name("declarator")
    name = view.declared(declarator)
    if body is None or type_ is None or name is None or declarator is None or node.has_error or \
            declarator.type != "pointer_declarator" or b"#" in parsed.original[
                node.start_byte:node.end_byte]:
        return None
    head = parsed.source[node.start_byte:name.start_byte].decode("latin-1")
    own, around = view.text(name), declarator.child_by_field_name("declarator")
    said = tokens(head.encode("latin-1"))
    if not set(said) <= _HEAD or said[-2:] != ("void", "*") or "static" not in said or \
            around is None or around.type != "function_declarator" or \
            around.end_byte != declarator.end_byte:
        return None
    values: list[tuple[Node, Node]] = []
    for end in nodes(body, "return_statement"):
        given = view.children(end)
        page = _page_of(given[0], asks) if len(given) == 1 else None
        if page is not None:
            values.append((given[0], page))
        elif len(given) != 1 or not view.is_null(given[0]):
            return None
    parameters = _parameters(around)
    if not values or parameters is None or len({_template(*one) for one in values}) != 1 or \
            not all(_is_tested(body, page) for _, page in values):
        return None
    set_ = {view.text(one) for changed in nodes(
        body, "assignment_expression", "update_expression", "pointer_expression")
        if changed.type != "pointer_expression" or view.text(changed)[:1] == b"&"
        if (one := view.changed(changed)) is not None and one.type == "identifier"}
    used = _names(values[0][0]) - {view.text(values[0][1]), *map(str.encode, asks)}
    locals_ = declared_in(body) - {view.text(values[0][1])}
    if used & (set_ | locals_) or own in WORD.findall(view.text(body)):
        return None
    return Helper(own, parsed, node, type_, tuple(values), parameters)


def _page_of(value: Node, asks: Collection[str]) -> Node | None:
    """The name of a page in its address, with something added or not."""
    call = view.call(value)
    if call is not None:
        asked = call.name.decode("latin-1") in asks and len(call.args) == 1
        return call.args[0] if asked and call.args[0].type == "identifier" else None
    found = view.infix(value)
    if found is None or found.sign != "+":
        return None
    of = [_page_of(one, asks) for one in (found.left, found.right)]
    page = of[0] or of[1]
    other = found.right if of[0] is not None else found.left
    return page if None in of and page is not None and _is_plain(other) else None


def _is_plain(value: Node) -> bool:
    """Whether an expression is a sum or product of names, members, numbers and sizes alone."""
    allowed = ("identifier", "field_identifier", "number_literal", "field_expression",
               "parenthesized_expression", "sizeof_expression", "type_descriptor",
               "struct_specifier", "type_identifier", "primitive_type")
    left = [value]
    while left:
        one = left.pop()
        if one.type == "binary_expression":
            found = view.infix(one)
            if found is None or found.sign not in ("+", "*", "<<"):
                return False
        elif one.type == "pointer_expression":
            inside = view.prefix(one)
            if inside is None or inside.sign != "*" or inside.argument.type != "identifier":
                return False
        elif one.type not in allowed:
            return False
        left += one.named_children
    return True


def _template(value: Node, page: Node) -> tuple[str, ...]:
    """The address of a page, whatever that is called."""
    text, at = view.text(value), page.start_byte - value.start_byte
    return tokens(text[:at] + b"\0 " + text[at + len(view.text(page)):])


def _names(node: Node) -> set[bytes]:
    return {view.text(one) for one in nodes(node, "identifier")}


def declared_in(function: Node) -> set[bytes]:
    """The names of the locals below a node, and of parameters."""
    found: set[bytes] = set()
    for one in nodes(function, "declaration", "parameter_declaration"):
        for declarator in one.children_by_field_name("declarator"):
            name = view.declared(declarator)
            if name is not None:
                found.add(view.text(name))
    return found


def _parameters(declarator: Node) -> tuple[bytes, ...] | None:
    """The names of the parameters, None where one has none."""
    given = declarator.child_by_field_name("parameters")
    found: list[bytes] = []
    for one in view.children(given) if given is not None else ():
        name = view.declared(one.child_by_field_name("declarator"))
        if one.type != "parameter_declaration":
            return None
        if name is None:
            return () if view.text(one) == b"void" else None
        found.append(view.text(name))
    return tuple(found)


def _is_tested(body: Node, page: Node) -> bool:
    """Whether a local is set once, and the function leaves right behind that where it is NULL."""
    name = view.text(page)
    sets = [one for one in view.stores(body) if view.text(one.target) == name]
    changes = [one for one in nodes(body, "assignment_expression", "update_expression",
                                    "pointer_expression")
               if (of := view.changed(one)) is not None and view.text(of) == name
               and view.text(one)[:1] != b"*"]
    if len(sets) != 1 or any(one != sets[0].node for one in changes):
        return False
    statement = sets[0].node.parent
    if statement is None or statement.parent != body or statement.type not in (
            "expression_statement", "declaration"):
        return False
    test = view.behind(statement)
    return statement.end_byte < page.start_byte and test is not None and \
        _leaves(test, name) is not None


def _leaves(test: Node, name: bytes) -> tuple[Node, Node] | None:
    """Where a test leaves for NULL of something: the name of that in it, and the way out."""
    branch = view.branch(test)
    if branch is None or test.type != "if_statement" or branch.otherwise is not None or \
            branch.then is None:
        return None
    last = branch.then
    if last.type == "compound_statement":
        inside = view.children(last)
        if not inside:
            return None
        last = inside[-1]
    asked = cfg.transparent(branch.test)
    negated, pair = view.prefix(asked), view.infix(asked)
    named: Node | None = None
    if negated is not None and negated.sign == "!":
        named = view.bare(negated.argument)
    elif pair is not None and pair.sign == "==":
        named = next((one for one, other in ((pair.left, pair.right), (pair.right, pair.left))
                      if view.text(other) in view.NULL), None)
    if named is None or tokens(view.text(named)) != tokens(name) or last.type not in _JUMPS:
        return None
    return named, branch.then


def taken(call: view.Call) -> Taken | None:
    """A call as one whose result is put into a local or a member, and tested right behind that."""
    assignment = call.node.parent
    statement = assignment.parent if assignment is not None else None
    found = view.infix(assignment)
    if found is None or found.sign != "=" or found.right != call.node or statement is None or \
            statement.type != "expression_statement" or statement.parent is None or \
            statement.parent.type != "compound_statement":
        return None
    target = found.left
    if target.type != "identifier" and not _is_member(target):
        return None
    test = view.behind(statement)
    leaves = _leaves(test, view.text(target)) if test is not None else None
    if test is None or leaves is None:
        return None
    return Taken(call, statement, target, test, *leaves)


def _is_member(node: Node) -> bool:
    """Whether a node is a member, reached by names and members and what indexes them."""
    return node.type == "field_expression" and not nodes(
        node, "call_expression", "assignment_expression", "update_expression",
        "conditional_expression", "comma_expression")


def address(found: Helper, call: view.Call, caller: Node, page: bytes,
            macros: Macros) -> bytes | None:
    """The address that a helper returns, as its caller spells it; None where that is another."""
    value, named = found.values[0]
    args = dict(zip(found.parameters, call.args, strict=False))
    if len(args) != len(found.parameters) or len(args) != len(call.args):
        return None
    own = declared_in(caller)
    locals_ = own | declared_in(found.node)
    moving = {view.text(one) for changed in nodes(caller, "pointer_expression")
              if view.text(changed)[:1] == b"&"
              and (one := view.changed(changed)) is not None and one.type == "identifier"}
    edits: list[tuple[int, int, bytes]] = []
    for one in nodes(value, "identifier"):
        name = view.text(one)
        if one == named:
            edits.append((one.start_byte, one.end_byte, page))
        elif name in args:
            edit = _given(one, args[name], own, moving)
            if edit is None or not _is_alike(found.node, name, caller, args[name]):
                return None
            edits.append(edit)
        elif name in own or not _is_one(name, macros, locals_):
            return None
    start = value.start_byte
    return replaced(view.text(value), [(one - start, end - start, text)
                                       for one, end, text in edits])


def _is_alike(helper: Node, name: bytes, caller: Node, arg: Node) -> bool:
    """Whether what is passed has the type of the parameter, as far as its declaration tells."""
    wanted = _type_of(helper, name)
    through = view.prefix(arg)
    if arg.type == "number_literal":
        return view.text(arg).isdigit() and wanted == (("int",), 0)
    if through is not None and through.sign == "&":
        if through.argument.type != "identifier":
            return True  # a member, of which the text alone does not tell
        known = _type_of(caller, view.text(through.argument))
        return known is not None and wanted == (known[0], known[1] + 1)
    return wanted is not None and wanted == _type_of(caller, view.text(arg))


def _type_of(function: Node, name: bytes) -> tuple[tuple[str, ...], int] | None:
    """The type of a local or parameter: its words, and how many pointers lead to it."""
    for one in nodes(function, "declaration", "parameter_declaration"):
        type_ = view.type_of(one)
        for declarator in one.children_by_field_name("declarator"):
            named = view.declared(declarator)
            inside: Node | None = declarator
            if inside is not None and inside.type == "init_declarator":
                inside = inside.child_by_field_name("declarator")
            stars = 0
            while inside is not None and inside.type == "pointer_declarator":
                inside, stars = inside.child_by_field_name("declarator"), stars + 1
            if named is not None and view.text(named) == name:
                if type_ is None or inside is None or inside.type != "identifier":
                    return None
                words = tokens(view.text(type_))
                return SAME.get(words, words), stars
    return None


def _is_one(name: bytes, macros: Macros, locals_: Collection[bytes]) -> bool:
    """Whether a macro, if it is one, says the same everywhere, and no local."""
    found: set[bytes] = set()
    left = [name]
    while left:
        one = left.pop()
        if one in macros and one not in found:
            bodies = macros[one]
            if len(bodies) != 1:
                return False
            left += WORD.findall(bodies[0])
        found.add(one)
    return found.isdisjoint(locals_)


def _given(use: Node, arg: Node, own: set[bytes], moving: set[bytes],
           ) -> tuple[int, int, bytes] | None:
    """What stands for a parameter: nothing that the call, or anything, could have changed."""
    around = use.parent
    text = view.text(arg)
    plain = arg.type == "number_literal" or (arg.type == "identifier" and text not in moving)
    through = view.prefix(around)
    field = view.field(around)
    if through is not None and through.sign == "*":
        if plain and arg.type == "identifier":
            return use.start_byte, use.end_byte, text
        of = view.prefix(arg)
        if of is None or of.sign != "&" or not _is_fixed(of.argument, moving):
            return None
        return through.node.start_byte, through.node.end_byte, view.text(of.argument)
    if field is not None and field.base == use:
        return (use.start_byte, use.end_byte, text) if plain and text in own else None
    return (use.start_byte, use.end_byte, text) if plain else None


def _is_fixed(node: Node, moving: set[bytes]) -> bool:
    """Whether a name, or members of what a local that nobody else sets leads to."""
    if node.type == "identifier":
        return True
    while (field := view.field(node)) is not None:
        if field.base.type == "identifier":
            return not field.arrow or view.text(field.base) not in moving
        node = field.base
    return False


def stretch(found: Node, names: Collection[bytes]) -> Iterator[Node]:
    """The statements behind one in its block that nothing jumps into and that set none of some
    names, nor lend them to what may be a macro that does, as far as there are only such up to the
    end of the block."""
    behind: list[Node] = []
    node = found.next_named_sibling
    while node is not None:
        behind.append(node)
        node = node.next_named_sibling
    for one in behind:
        if nodes(one, "labeled_statement", "case_statement") or one.type.startswith("preproc"):
            return
        if any((of := view.changed(change)) is not None and view.text(of) in names
               and view.text(change)[:1] != b"*"
               for change in nodes(one, "assignment_expression", "update_expression",
                                   "pointer_expression")):
            return
        if any(is_lent(one, name) for name in names):
            return
        yield one


def is_local(caller: Node, node: Node) -> bool:
    """Whether a name is that of one local, which is gone when the function ends."""
    found = [one for one in nodes(caller, "declaration", "parameter_declaration")
             for declarator in one.children_by_field_name("declarator")
             if (name := view.declared(declarator)) is not None
             and view.text(name) == view.text(node)]
    return node.type == "identifier" and len(found) == 1 and not any(
        view.text(one) in (b"static", b"extern") for one in found[0].named_children)


def is_dead(found: Taken, caller: Node, name: bytes, original: bytes) -> bool:
    """Whether nothing reads a local on the way out of a test before it sets it; `original` is the
    text of its file as the parser was not shown it."""
    body = caller.child_by_field_name("body")
    if body is None or name in _names(found.leave) or _is_marked(caller, name, original) or any(
            view.text(one)[:1] == b"&" and (of := view.changed(one)) is not None
            and view.text(of) == name for one in nodes(body, "pointer_expression")):
        return False
    flow = cfg.build(body, exact=True)
    is_null = cfg.transparent(found.test.child_by_field_name("condition") or found.test)
    truth = view.infix(is_null) is not None
    starts = [edge.to for block in flow.blocks for edge in block.edges
              if edge.test is not None and edge.truth is truth
              and found.test.start_byte < edge.test.start_byte <= found.named.start_byte
              and edge.test.end_byte >= found.named.end_byte
              and edge.test.end_byte <= found.leave.start_byte]
    if not starts:
        return False
    seen = set(starts)
    left = list(starts)
    while left:
        block = flow.blocks[left.pop()]
        stops = False
        for item in block.items:
            if name in _names(item.node):
                if not _only_sets(item.node, name):
                    return False
                stops = True
                break
        tests = [edge.test for edge in block.edges if edge.test is not None]
        if not stops and any(name in _names(one) for one in tests):
            return False
        for edge in block.edges if not stops else ():
            if edge.to not in seen:
                seen.add(edge.to)
                left.append(edge.to)
    return True


def _is_marked(caller: Node, name: bytes, original: bytes) -> bool:
    """Whether the declaration of a local has an attribute: one may read it at the end."""
    return any(_MARK.search(original, one.start_byte, one.end_byte)
               or original[one.start_byte:one.end_byte] != view.text(one)
               for one in nodes(caller, "declaration")
               for declarator in one.children_by_field_name("declarator")
               if (of := view.declared(declarator)) is not None and view.text(of) == name)


def _only_sets(node: Node, name: bytes) -> bool:
    """Whether an expression sets a local, or declares it, and does not read it."""
    names = [one for one in nodes(node, "identifier") if view.text(one) == name]
    if len(names) != 1:
        return False
    if node.type == "declaration":
        return any(view.declared(one) == names[0]
                   for one in node.children_by_field_name("declarator"))
    found = view.infix(view.bare(node))
    return found is not None and found.sign == "=" and found.left == names[0]
