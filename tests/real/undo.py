# SPDX-License-Identifier: GPL-2.0-only
"""Take a driver that is on netmem back to pages: what a conversion of it would have begun with.

All goes by the tool's own rows (netmem_migrate/model/forms.py, functions.py and names.py), read
from right to left; no driver is known here. Names stay as they are. A union whose arms would all be
pages becomes one of them. What only netmem can be (a net_iov) is not: a test for it is false. Where
the kernel takes a netmem and has no form for pages, the page is handed over as one. What is still
netmem then is told.

    undo.py FOLDER OUT    writes the files of a driver that change below OUT
"""

from __future__ import annotations

import re
import sys
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.mask.text import code_of, without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.pattern import Pattern
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.text import tokens
from netmem_migrate.c.typed import Typed
from netmem_migrate.c.types import Type
from netmem_migrate.c.words import TEXT_CALL
from netmem_migrate.files import plain
from netmem_migrate.flow.together import near
from netmem_migrate.kernel.drivers import Driver, find
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.forms import KNOWN, Form, table
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.names import NAMES
from netmem_migrate.model.schema import Side
from netmem_migrate.model.spelled import PAGE, REF, TO_NETMEM
from netmem_migrate.model.target import HEADERS

_BASE = PAGE.rstrip(" *").encode()
_REF = REF.encode()
_NETMEM = Type(REF)
_DECLARES = ("declaration", "parameter_declaration", "field_declaration", "function_definition",
             "type_definition")
_PRIMARY = ("identifier", "field_expression", "subscript_expression", "call_expression",
            "parenthesized_expression")
_FORCE = re.compile(rb"^\(\s*__force\s+")
_ALWAYS = ("(", "!", "false", ")")
_DOES = ("call_expression", "assignment_expression", "update_expression")
_OWN = re.compile(rb"\b(\w+)\s*\(|\b(" + _REF + rb")\b")
# Members of the kernel's own records that are netmem, as `record.member`.
_KERNELS = frozenset(one.name for one in NAMES
                     if one.kind == "field" and one.declaration.startswith(f"{REF} "))
_DEPTH = 20000


@dataclass(frozen=True, slots=True)
class Undone:
    """The texts of the files that change, and what is still netmem there, with the place."""

    texts: dict[str, bytes]
    left: tuple[str, ...]


def undo(texts: Mapping[str, bytes], functions: Container[str]) -> Undone:
    """Take files of one driver back; `functions` are those that the kernel's headers have."""
    symbols = Symbols()
    for path, text in texts.items():
        if path.endswith(".h") or _named(text):
            symbols.add(path, symbols.texts.parse(text))
    back = backwards(functions)
    unions = _unions(symbols)
    found: dict[str, bytes] = {}
    left: list[str] = []
    for path, text in texts.items():
        if _named(text):
            new = _File(path, symbols, back, unions).text()
            left += _still(path, new)
            if new != text:
                found[path] = new
    return Undone(found, tuple(left))


def backwards(functions: Container[str]) -> dict[str, tuple[Form, Pattern]]:
    """The row of each netmem function, and what stands for it on pages in such a kernel.

    Where several do, the one without an argument that netmem takes in addition.
    """
    found: dict[str, tuple[Form, Pattern]] = {}
    rows = [row for row in (*table().rows, *KNOWN) if row.becomes.name and not row.keeps]
    for row in sorted(rows, key=lambda one: bool(one.extra)):
        own = {*row.spellings[0].functions}
        fits = [one for one in (*row.spellings[1:], row.spellings[0])
                if all(name in functions or name in own for name in one.functions)]
        found.setdefault(row.becomes.name, (row, fits[0]))
    return found


def _named(text: bytes) -> bool:
    """Whether a file names anything of netmem."""
    return b"netmem" in text


def _still(path: str, text: bytes) -> Iterator[str]:
    code = code_of(text)
    for match in _OWN.finditer(code):
        name = (match[1] or match[2]).decode()
        known = BY_NAME.get(name)
        if name == REF or (known is not None and known.side is Side.NETMEM
                           and not _takes(name)):
            yield f"{path}:{line_of(text, match.start())}: {name}"


def _takes(name: str) -> bool:
    """Whether a function of the kernel takes a netmem, and has no form for a page."""
    known = BY_NAME.get(name)
    return (known is not None and known.side is Side.NETMEM and known.memory is not None
            and not known.gives and not known.partner
            and known.parameters[known.memory].split()[0] == REF)


def _unions(symbols: Symbols) -> dict[tuple[str, int], tuple[Node, bytes]]:
    """Unions without a name whose arms would be nothing but pages: what is left, and its name.

    By file, and the offset of what declares the union; and by that of each arm that goes.
    """
    found: dict[tuple[str, int], tuple[Node, bytes]] = {}
    for path, parsed in symbols.files.items():
        for node in nodes(parsed.tree.root_node, "union_specifier"):
            whole, body = node.parent, node.child_by_field_name("body")
            if body is None or node.child_by_field_name("name") or whole is None or \
                    whole.type != "field_declaration" or \
                    whole.child_by_field_name("declarator") is not None:
                continue
            arms = [(one, symbols.declarators(path, one)) for one in view.children(body)]
            if not all(len(names) == 1 and (names[0].type == _NETMEM or (
                    names[0].type.is_page and not names[0].type.level)) for _, names in arms):
                continue
            pages = [(one, names[0].name) for one, names in arms if names[0].type.is_page]
            if pages and len(pages) < len(arms):
                for place in (whole, *(one for one, _ in arms)):
                    found[path, place.start_byte] = pages[0]
    return found


@dataclass(slots=True)
class _File:
    """One file that is written anew, node by node."""

    path: str
    symbols: Symbols
    back: Mapping[str, tuple[Form, Pattern]]
    unions: Mapping[tuple[str, int], tuple[Node, bytes]]
    parsed: ParsedFile = field(init=False)
    function: Function | None = None
    typed: Typed = field(init=False)
    defined: dict[int, Function] = field(default_factory=dict)
    done: dict[int, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.parsed = self.symbols.files[self.path]
        self.typed = Typed(self.symbols, self.path, None)
        self.defined = {one.node.start_byte: one for known in self.symbols.functions.values()
                        for one in known if one.file == self.path and one.body is not None}

    def text(self) -> bytes:
        """The whole file."""
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _DEPTH))
        root = self.parsed.tree.root_node
        source = self.parsed.source
        return source[:root.start_byte] + self.of(root) + source[root.end_byte:]

    def of(self, node: Node) -> bytes:
        """A node as it is on pages."""
        if node.type == "function_definition":
            self.function = self.defined.get(node.start_byte)
            self.typed = Typed(self.symbols, self.path, self.function)
        made = self._made(node)
        if node.type == "function_definition":
            self.function = None
            self.typed = Typed(self.symbols, self.path, None)
        return made

    def _made(self, node: Node) -> bytes:
        kind = node.type
        if kind == "field_declaration" and (self.path, node.start_byte) in self.unions:
            kept = self.unions[self.path, node.start_byte][0]
            return self.same(kept)
        if kind in _DECLARES and self._is_ref(node.child_by_field_name("type")):
            return self._declared(node)
        if kind == "type_descriptor" and self._is_ref(node.child_by_field_name("type")):
            return self._declared(node)
        if kind == "identifier" and self._is_ref(node):
            return PAGE.encode()  # a type where a name could stand, as in sizeof()
        if kind == "call_expression":
            return self._called(node)
        if kind == "field_expression":
            return self._member(node)
        if kind == "cast_expression":
            return self._cast(node)
        if kind == "if_statement":
            if node.id not in self.done:  # its ways are looked at one by one, too
                self.done[node.id] = self._asked(node)
            return self.done[node.id]
        return self.same(node, self._nulls(node))

    def same(self, node: Node, instead: Mapping[int, bytes] | None = None) -> bytes:
        """A node with its parts as they are on pages; some have something `instead`."""
        source, at, parts = self.parsed.source, node.start_byte, []
        for child in node.children:
            parts += [source[at:child.start_byte],
                      instead[child.id] if instead and child.id in instead else self.of(child)]
            at = child.end_byte
        return b"".join([*parts, source[at:node.end_byte]])

    # -- declarations

    def _is_ref(self, node: Node | None) -> bool:
        return node is not None and self.parsed.text(node) == _REF

    def _declared(self, node: Node) -> bytes:
        """`netmem_ref a, *b` as `struct page *a, **b`."""
        type_ = node.child_by_field_name("type")
        assert type_ is not None
        if any(child.type == "type_qualifier" for child in node.children):
            return self.same(node)  # told as what is still netmem
        names = node.children_by_field_name("declarator")
        broken = bool(names) and b"\n" in self.parsed.source[
            type_.end_byte:names[0].start_byte]
        instead = {type_.id: _BASE + (b" *" if broken or not names else b"")}
        if not broken:
            instead |= {one.id: b"*" + self.of(one) for one in names}
        return self.same(node, instead)

    # -- expressions

    def _called(self, node: Node) -> bytes:
        call = view.call(node)
        if call is None or not call.name:
            return self.same(node)
        name = call.name.decode("latin-1")
        if name in self.back:
            return self._formed(call, *self.back[name])
        known = BY_NAME.get(name)
        other = BY_NAME.get(known.partner) if known is not None else None
        if known is not None and other is not None and "netmem" in name and not (
                known.side is Side.PAGE or other.side is Side.NETMEM):
            return self._partnered(call, known.memory, known.partner)
        if known is not None and _takes(name):
            assert known.memory is not None
            given = call.args[known.memory]
            return self.same(node, {call.arguments.id: self.same(
                call.arguments, {given.id: self._as_netmem(given)})})
        return self.same(node, {call.arguments.id: self.same(call.arguments, {
            one.id: b"NULL" for number, one in enumerate(call.args)
            if self._zero(one) and self._parameter(call.name, number) == _NETMEM})})

    def _formed(self, call: view.Call, row: Form, page: Pattern) -> bytes:
        """A call that a row has."""
        if row.renames and page.name and page is row.spellings[0]:
            return self.same(call.node, {call.function.id: page.name.encode()})
        match = row.becomes.match(call.node)
        if match is None:
            return self.same(call.node)
        operands = {name: self._operand(one) for name, one in match.operands.items()}
        made = page.fill(operands, ", ".join(self.of(one).decode("latin-1")
                                             for one in match.rest)).encode("latin-1")
        return b"(" + made + b")" if view.infix(page.node) is not None else made

    def _operand(self, node: Node) -> str:
        made = self.of(node).decode("latin-1")
        return made if node.type in _PRIMARY else f"({made})"

    def _partnered(self, call: view.Call, memory: int | None, partner: str) -> bytes:
        """A call whose partner is no row: the same arguments, or those less the netmem."""
        wanted = len(BY_NAME[partner].parameters)
        args = [one for number, one in enumerate(call.args)
                if number != memory or wanted == len(call.args)]
        if len(args) != wanted:
            return self.same(call.node)
        if len(args) == len(call.args):
            return self.same(call.node, {call.function.id: partner.encode()})
        return partner.encode() + b"(" + b", ".join(map(self.of, args)) + b")"

    def _parameter(self, name: bytes, number: int) -> Type | None:
        function = self.symbols.function(name, self.path)
        if function is None or number >= len(function.parameters):
            return None
        return function.parameters[number].type

    def _as_netmem(self, node: Node) -> bytes:
        return TO_NETMEM.encode() + b"(" + self.of(node) + b")"

    def _member(self, node: Node) -> bytes:
        """A member access: an arm of a union that is one page now has the name of that."""
        member, named = self.typed.member(node), view.field(node)
        if member is None or named is None:
            return self.same(node)
        kept = self.unions.get((member.file, member.declaration.start_byte))
        return self.same(node, {named.member.id: kept[1]} if kept is not None else None)

    def _cast(self, node: Node) -> bytes:
        """A cast between a netmem and what it is made of, without the word for sparse."""
        type_, value = view.type_of(node), view.value(node)
        made = self.same(node)
        if type_ is None or value is None or not (
                _REF in self.parsed.text(type_) or self._netmem(value)):
            return made
        return _FORCE.sub(b"(", made)

    # -- tests

    def _asked(self, node: Node) -> bytes:
        """An `if`: what always is so is no question, nor what has the same two ways now."""
        made = self.same(node)
        branch = view.branch(node)
        if branch is None or branch.then is None:
            return made
        if branch.otherwise is None:
            always = tokens(self.of(branch.test)) == _ALWAYS
            return self._alone(node, self.of(branch.then)) if always else made
        other = next(iter(view.children(branch.otherwise)), None)
        if other is None or nodes(branch.test, *_DOES) or \
                _plain(self.parsed.text(branch.then)) == _plain(self.parsed.text(other)):
            return made
        ways = [self.of(branch.then), self.of(other)]
        return self._alone(node, ways[1]) if _plain(ways[0]) == _plain(ways[1]) else made

    def _alone(self, node: Node, text: bytes) -> bytes:
        """What stood below an `if`, in its place: without braces where it is one statement."""
        around = node.parent
        if text.startswith(b"{"):
            inside = text[1:-1].strip()
            if b"{" in inside or inside.count(b";") != 1 or around is None or \
                    around.type != "compound_statement":
                return text
            text = inside
        return text.replace(b"\n\t", b"\n")

    # -- what is none

    def _zero(self, node: Node | None) -> bool:
        return node is not None and node.type == "number_literal" and self.parsed.text(
            node) == b"0"

    def _netmem(self, node: Node) -> bool:
        """Whether an expression is a netmem of the driver's own."""
        node = view.bare(node)
        call = view.call(node)
        if call is not None:
            function = self.symbols.function(call.name, self.path)
            return function is not None and function.result == _NETMEM
        return self.typed.of(node) == _NETMEM

    def _nulls(self, node: Node) -> dict[int, bytes]:
        """The parts of a node that are 0 for a netmem, and those that the kernel keeps as one."""
        infix = view.infix(node)
        if infix is not None and infix.sign == "=" and self._kernels(infix.left):
            return {infix.right.id: self._as_netmem(infix.right)}
        if infix is not None and infix.sign in ("=", "==", "!="):
            return {one.id: b"NULL" for one, other in ((infix.right, infix.left),
                                                       (infix.left, infix.right))
                    if self._zero(one) and self._netmem(other)}
        value = next(iter(view.children(node)), None) if node.type == "return_statement" else (
            view.value(node) if node.type in ("init_declarator", "initializer_pair") else None)
        if value is None or not self._zero(value):
            return {}
        if node.type == "return_statement":
            none = self.function is not None and self.function.result == _NETMEM
        elif node.type == "init_declarator":
            whole, named = node.parent, view.declared(node)
            none = (whole is not None and self._is_ref(whole.child_by_field_name("type"))
                    and node.child_by_field_name("declarator") == named)
        else:
            named = next(iter(nodes(node, "field_identifier")), None)
            none = named is not None and any(
                member.name == self.parsed.text(named) and member.type == _NETMEM
                for known in self.symbols.records.values() for one in known
                for member in one.members.values())
        return {value.id: b"NULL"} if none else {}

    def _kernels(self, node: Node) -> bool:
        """Whether a member of a record of the kernel's that is netmem is set."""
        node = view.bare(node)
        while node.type == "subscript_expression" and (inner := view.operand(node)) is not None:
            node = view.bare(inner)
        named = view.field(node)
        base = self.typed.of(named.base) if named is not None else None
        return named is not None and base is not None and (
            f"{base.base.rpartition(' ')[2]}.{named.name.decode('latin-1')}" in _KERNELS)


def _plain(text: bytes) -> tuple[str, ...]:
    """The words of a statement, without braces around one."""
    words = tokens(without_comments(text))
    return words[1:-1] if words[:1] == ("{",) else words


# -- a driver of a tree


def functions_of(root: Path) -> frozenset[str]:
    """What the headers of a tree have that rows go by."""
    return frozenset(name for header in HEADERS if (root / header).is_file()
                     for name in TEXT_CALL.findall(
                         plain.read(root / header).decode("latin-1")))


def files_of(driver: Driver) -> list[str]:
    """The files to take back with a driver: its own; where one of its records or functions stands
    in a header under include/ that others use, too, those of all of them."""
    around = near(driver)
    core = {*HEADERS, *(f"include/{one.header}" for one in BY_NAME.values())}
    shared = [one for one in around if one.startswith("include/") and one not in core
              and re.search(rb"\b" + _REF + rb"\b", plain.read(driver.root / one))]
    return sorted({*driver.files, *(around - core if shared else ())})


def undo_driver(driver: Driver) -> Undone:
    """The same for a driver of a tree, with the modules that share a header with it."""
    return undo({file: driver.read(file) for file in files_of(driver)},
                functions_of(driver.root))


def main() -> int:
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    folder, out = map(Path, sys.argv[1:])
    tree = Kernel.find(folder)
    done = undo_driver(find(folder, tree.root if tree is not None else None))
    for path, text in done.texts.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(text)
        print(out / path)
    for one in done.left:
        print(f"still netmem: {one}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
