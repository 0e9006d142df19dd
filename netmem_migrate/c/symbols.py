# SPDX-License-Identifier: GPL-2.0-only
"""What a driver's files declare: records, typedefs, functions, globals and macros."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeAlias

from tree_sitter import Node

from netmem_migrate.c.find import in_all_arms, nodes
from netmem_migrate.c.parse import ParsedFile, Texts
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.c.types import Declarator, Member, Record, Type, read_declarator
from netmem_migrate.c.words import WORD

_RECORDS = {"struct_specifier": "struct", "union_specifier": "union"}
_SPECIFIERS = ("struct_specifier", "union_specifier", "enum_specifier")
# Beginning with the keyword, not with a boundary, lets the search skip what is none.
_DEFINED = {word: re.compile(rb"%b(?<!\w%b)\s++(\w++)[^;{}()]*+\{" % (word, word))
            for word in (b"struct", b"union")}
_GROUPS = re.compile(rb"\b(?:__)?struct_group_tagged\s*\(\s*(\w+)\s*,")
_EXPORT = re.compile(rb"\bEXPORT_SYMBOL\w*\s*\(\s*(\w+)")


@dataclass(frozen=True, slots=True, eq=False)
class Parameter:
    """One parameter of a function definition or prototype."""

    type: Type
    name: bytes
    declaration: Node
    declarator: Declarator | None


Parameters: TypeAlias = tuple[tuple[Parameter, ...], bool]
"""The parameters of a function, and whether it takes more."""


@dataclass(slots=True, eq=False)
class Function:
    """A function definition or a prototype. Its parameters are read when they are asked for."""

    name: bytes
    file: str
    static: bool
    result: Type
    node: Node
    declarator: Node
    body: Node | None
    read: Parameters | Callable[[], Parameters] = ((), False)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What it takes, in order; not the one `void`."""
        return self._known()[0]

    @property
    def variadic(self) -> bool:
        """Whether it takes more than its parameters."""
        return self._known()[1]

    def _known(self) -> Parameters:
        if not isinstance(self.read, tuple):
            self.read = self.read()
        return self.read


@dataclass(frozen=True, slots=True, eq=False)
class Global:
    """A variable at file scope."""

    name: bytes
    type: Type
    file: str
    static: bool
    declaration: Node
    declarator: Declarator


@dataclass(frozen=True, slots=True, eq=False)
class Macro:
    """A `#define`: its name and its body as bytes of the original."""

    name: bytes
    file: str
    line: int
    body: bytes
    body_start: int
    parameters: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Symbols:
    """Everything that the parsed files declare, with file scope kept apart."""

    files: dict[str, ParsedFile] = field(default_factory=dict)
    records: dict[str, list[Record]] = field(default_factory=dict)
    typedefs: dict[str, Type] = field(default_factory=dict)
    functions: dict[bytes, list[Function]] = field(default_factory=dict)
    globals: dict[bytes, list[Global]] = field(default_factory=dict)
    macros: dict[bytes, list[Macro]] = field(default_factory=dict)
    exported: set[bytes] = field(default_factory=set)
    record_of_node: dict[tuple[str, int], str] = field(default_factory=dict)
    unread: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    texts: Texts = field(default_factory=Texts)
    kept: dict[object, Any] = field(default_factory=dict, compare=False, repr=False)
    """What others found by these declarations, each by a key of its own, till there are more; it
    does not lead back to them, so that all is freed at once."""
    _targets: dict[str, Type | None] = field(default_factory=dict)

    def postpone(self, path: str, source: bytes) -> None:
        """Remember a header that is parsed only if a record that it defines is asked for."""
        for tag in defined(source):
            self.unread.setdefault(tag, (path, source))

    def add(self, path: str, parsed: ParsedFile) -> None:
        """Read the declarations of one more file; of one text they are read once."""
        self.files[path] = parsed
        known = parsed.declared.get(path)
        if not isinstance(known, Symbols):
            known = parsed.declared[path] = Symbols({path: parsed})
            known._read(path, parsed)
            known.files.clear()  # what keeps its own text alive is freed late
        self._take(known)
        self._targets.clear()
        self.kept.clear()

    def _read(self, path: str, parsed: ParsedFile) -> None:
        self._declared(path, parsed.tree.root_node)
        if b"define" in parsed.masked:
            for node in sorted(nodes(parsed.tree.root_node, "preproc_def", "preproc_function_def"),
                               key=lambda one: one.type != "preproc_def"):
                self._macro(path, parsed, node)
        self.exported.update(_EXPORT.findall(parsed.source))

    def _take(self, other: Symbols) -> None:
        for tag, records in other.records.items():
            self.records.setdefault(tag, []).extend(records)
        for name, type_ in other.typedefs.items():
            self.typedefs.setdefault(name, type_)
        for function, functions in other.functions.items():
            self.functions.setdefault(function, []).extend(functions)
        for variable, variables in other.globals.items():
            self.globals.setdefault(variable, []).extend(variables)
        for macro, macros in other.macros.items():
            self.macros.setdefault(macro, []).extend(macros)
        self.exported |= other.exported
        self.record_of_node |= other.record_of_node

    def record(self, tag: str, path: str) -> Record | None:
        """The record that `tag` names in file `path`; a file's own definition wins."""
        found = self.records.get(tag)
        if not found and tag in self.unread:
            file, source = self.unread.pop(tag)
            if file not in self.files:
                self.add(file, self.texts.parse(source))
                found = self.records.get(tag)
        if not found:
            return None
        for record in found:
            if record.file == path:
                return record
        headers = [record for record in found if record.file.endswith(".h")]
        return headers[0] if len(headers) == 1 else None

    def member(self, type_: Type | None, name: bytes, path: str) -> Member | None:
        """The member `name` of a struct type (or of what a pointer points to)."""
        if type_ is None or type_.derivations:
            return None
        resolved = self.resolve(type_)
        if resolved.derivations:
            return None
        record = self.record(resolved.base, path)
        return record.members.get(name) if record else None

    def resolve(self, type_: Type) -> Type:
        """Follow typedefs of the driver, and macros that are other names of a record's tag."""
        for _ in range(8):
            base = type_.base
            if base in self._targets:
                target = self._targets[base]
            else:
                target = self._targets[base] = self.typedefs.get(base) or self._other_tag(base)
            if target is None:
                break
            type_ = Type(target.base, (*type_.derivations, *target.derivations))
        return type_

    def _other_tag(self, base: str) -> Type | None:
        """What `#define tag other` makes of "struct tag", of which there is no record."""
        keyword, space, tag = base.rpartition(" ")
        macros = self.macros.get(tag.encode("latin-1")) if space else None
        if not macros or base in self.records or any(one.parameters for one in macros):
            return None
        (body, *others) = {one.body.strip() for one in macros}
        return Type(f"{keyword} {body.decode('latin-1')}") if not others and re.fullmatch(
            rb"[A-Za-z_]\w*", body) else None

    def function(self, name: bytes, path: str) -> Function | None:
        """The function that a call of `name` in file `path` reaches; definitions win."""
        best: Function | None = None
        for function in self.functions.get(name, ()):
            if function.static and function.file != path and not function.file.endswith(".h"):
                continue
            if function.file == path and function.body is not None:
                return function
            if best is None or (best.body is None and function.body is not None):
                best = function
        return best

    def variable(self, name: bytes, path: str) -> Global | None:
        for variable in self.globals.get(name, ()):
            if not variable.static or variable.file == path or variable.file.endswith(".h"):
                return variable
        return None

    def base_of(self, path: str, node: Node | None) -> str:
        """The base name of a type specifier, reading records that it defines."""
        return run(self._base_of(path, node))

    def declarators(self, path: str, node: Node) -> list[Declarator]:
        """The names that a declaration (or parameter, or member declaration) declares."""
        return run(self._declarators(path, node))

    def _base_of(self, path: str, node: Node | None) -> Step[str]:
        if node is None:
            return ""
        if node.type in _RECORDS:
            return self._record(path, node)
        return _named(node, self.files[path].source)

    def _declarators(self, path: str, node: Node) -> Steps[list[Declarator]]:
        base: str = yield self._base_of(path, node.child_by_field_name("type"))
        source = self.files[path].source
        return [
            read_declarator(base, child, source)
            for child in node.children_by_field_name("declarator")
        ]

    def _declared(self, path: str, root: Node) -> None:
        for node in in_all_arms(root):
            kind = node.type
            if kind == "function_definition":
                self._definition(path, node)
            elif kind == "declaration":
                self._declaration(path, node)
            elif kind == "type_definition":
                for declarator in self.declarators(path, node):
                    self.typedefs.setdefault(declarator.name.decode("latin-1"), declarator.type)
            elif kind in _SPECIFIERS:
                self.base_of(path, node)

    def _macro(self, path: str, parsed: ParsedFile, node: Node) -> None:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        if name is None or value is None:
            return
        parameters = node.child_by_field_name("parameters")
        macro = Macro(
            parsed.text(name),
            path,
            parsed.line_of(node.start_byte),
            parsed.text(value),
            value.start_byte,
            frozenset(WORD.findall(parsed.text(parameters)) if parameters else ()),
        )
        self.macros.setdefault(macro.name, []).append(macro)

    def _declaration(self, path: str, node: Node) -> None:
        static = self._is_static(path, node)
        for declarator in self.declarators(path, node):
            derivations = declarator.type.derivations
            if derivations and derivations[0] == "f" and declarator.identifier is not None:
                self._function(path, node, declarator, static)
            elif declarator.name:
                self.globals.setdefault(declarator.name, []).append(
                    Global(declarator.name, declarator.type, path, static, node, declarator)
                )

    def _definition(self, path: str, node: Node) -> None:
        declarator = node.child_by_field_name("declarator")
        if declarator is not None:
            base = self.base_of(path, node.child_by_field_name("type"))
            self._function(path, node,
                           read_declarator(base, declarator, self.files[path].source),
                           self._is_static(path, node))

    def _is_static(self, path: str, node: Node) -> bool:
        source = self.files[path].source
        # One by one: a node that is kept would keep the list of all of them.
        children = (node.child(index) for index in range(node.child_count))
        return any(
            c is not None and c.type == "storage_class_specifier"
            and source[c.start_byte : c.end_byte] == b"static" for c in children
        )

    def _function(self, path: str, node: Node, read: Declarator, static: bool) -> None:
        result = read.type.result()
        if result is None or not read.name:
            return
        given, source = read.parameters, self.files[path].source
        parameters: Parameters | Callable[[], Parameters] = partial(_parameters, given, source)
        if given is not None and b"{" in source[given.start_byte : given.end_byte]:
            # A record that is defined there is one of the file.
            parameters = _parameters(given, source, partial(self.base_of, path))
        self.functions.setdefault(read.name, []).append(
            Function(read.name, path, static, result, node, read.node,
                     node.child_by_field_name("body"), parameters))

    def _record(self, path: str, node: Node) -> Step[str]:
        known = self.record_of_node.get((path, node.start_byte))
        if known is not None:
            return known
        source = self.files[path].source
        body = node.child_by_field_name("body")
        tag = _named(node, source) or (f"{_RECORDS[node.type]} <anonymous {path}:"
                                       f"{node.start_point[0] + 1}:{node.start_point[1]}>")
        if body is None:
            return tag
        self.record_of_node[path, node.start_byte] = tag
        return self._defined(path, tag, body)

    def _defined(self, path: str, tag: str, body: Node) -> Steps[str]:
        record = Record(tag, path)
        yield self._members(path, body, record)
        for group in _GROUPS.findall(self.files[path].source, body.start_byte, body.end_byte):
            # The members of a tagged group are those of the struct around it, and one storage.
            self.typedefs.setdefault(f"struct {group.decode('latin-1')}", Type(tag))
        self.records.setdefault(tag, []).append(record)
        return tag

    def _members(self, path: str, body: Node, record: Record) -> Steps[None]:
        for child in in_all_arms(body):
            if child.type != "field_declaration":
                continue
            declarators: list[Declarator] = yield self._declarators(path, child)
            specifier = child.child_by_field_name("type")
            if not declarators and specifier is not None:
                tag: str = yield self._base_of(path, specifier)
                inner = next((r for r in self.records.get(tag, ()) if r.file == path), None)
                if inner is not None:
                    for member in list(inner.members.values()):
                        if member.record.split(" ", 1)[-1].startswith("<anonymous"):
                            member = inner.rename(member, record.tag)
                        record.members.setdefault(member.name, member)
                    record.order.extend(inner.order)
            for declarator in declarators:
                if not declarator.name:
                    continue
                if declarator.name in record.members:
                    record.repeated.add(declarator.name)
                record.members[declarator.name] = Member(
                    declarator.name, declarator.type, path, child, declarator, record.tag
                )
                record.order.append(declarator.name)
                for inner in self.records.get(declarator.type.base, ()):
                    if "<anonymous" in inner.tag:
                        for member in list(inner.members.values()):
                            inner.rename(member, f"{record.tag}."
                                                 f"{declarator.name.decode('latin-1')}")


def _named(node: Node, source: bytes) -> str:
    """The base name of a type specifier that defines nothing; "" for a record without a name."""
    if node.type in _RECORDS:
        name = node.child_by_field_name("name")
        return "" if name is None else (
            f"{_RECORDS[node.type]} {source[name.start_byte : name.end_byte].decode('latin-1')}")
    # What only stands for a name (c/mask/macros.py) is no enum.
    if node.type == "enum_specifier" and source.startswith(b"enum", node.start_byte):
        return "int"
    if node.type == "macro_type_specifier":
        return ""
    return b" ".join(source[node.start_byte : node.end_byte].split()).decode("latin-1")


def _parameters(given: Node | None, source: bytes,
                base_of: Callable[[Node | None], str] | None = None) -> Parameters:
    found: list[Parameter] = []
    variadic = False
    for child in given.named_children if given is not None else ():
        if child.type == "variadic_parameter":
            variadic = True
        elif child.type == "parameter_declaration":
            specifier = child.child_by_field_name("type")
            if base_of is not None:
                base = base_of(specifier)
            else:
                base = _named(specifier, source) if specifier is not None else ""
            inner = child.child_by_field_name("declarator")
            if inner is None:
                if base != "void":
                    found.append(Parameter(Type(base), b"", child, None))
                continue
            one = read_declarator(base, inner, source)
            type_ = one.type
            if type_.derivations and type_.derivations[0] == "a":
                type_ = Type(type_.base, ("p", *type_.derivations[1:]))
            found.append(Parameter(type_, one.name, child, one))
    return tuple(found), variadic


def defined(source: bytes) -> list[str]:
    """The records that a file defines, by a search of its bytes: "struct foo"."""
    return [f"{word.decode()} {tag.decode('latin-1')}" for word, record in _DEFINED.items()
            for tag in record.findall(source)]


def exported(source: bytes) -> set[bytes]:
    """The names that a text exports to other modules."""
    return set(_EXPORT.findall(source))
