# SPDX-License-Identifier: GPL-2.0-only
"""One spelling for code before and after a conversion.

A function becomes its statements in order, with one text for what the page API and the
netmem API spell differently (netmem_migrate/model/forms.py). Comments, white space, braces around
single statements, the order of declarations that call nothing, and redundant parentheses do
not count; anything else does.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.words import TEXT_TOKEN, TEXT_WORD
from netmem_migrate.check.compare.declared import Statement, settled
from netmem_migrate.check.compare.spellings import filled, spellings
from netmem_migrate.model import spelled
from netmem_migrate.model.forms import table

_NETMEM_NAME = re.compile(r"^(?P<lead>\w+_)?netmem(?P<plural>s?)$")
REF = "«ref»"  # struct page *, netmem_ref, or void *: what holds memory of the pool
_TYPEDEF = re.compile(rb"\btypedef\s+struct\s+page\s*\*\s*(\w+)\s*;")
_LOOSE = frozenset({"binary_expression", "conditional_expression", "assignment_expression",
                    "comma_expression", "cast_expression"})
_TIGHT = frozenset({"binary_expression", "unary_expression", "cast_expression", "field_expression",
                    "subscript_expression", "pointer_expression", "call_expression"})


@lru_cache(maxsize=4)
def _refs(source: bytes) -> frozenset[str]:
    """The types of a file that hold memory of the pool."""
    return frozenset((spelled.REF, *(name.decode("latin-1") for name in _TYPEDEF.findall(source))))


class Canon:
    """Spells the code of one parsed file; `names` are the names that a change gave others."""

    def __init__(self, parsed: ParsedFile, names: Mapping[str, str],
                 accessors: frozenset[str] = frozenset()) -> None:
        self.parsed = parsed
        self.names = names
        self.accessors = accessors
        self.rows = spellings(table())
        self.refs = _refs(parsed.source)
        # Calls of the page API that are given something with a netmem's name: name, line.
        self.mixed: list[tuple[str, int]] = []
        self._values: dict[tuple[int, bool], str] = {}
        self._forms: dict[int, str | None] = {}

    # ---------------------------------------------------------------- names

    def name(self, text: str) -> str:
        """A name as it was before the change."""
        text = self.names.get(text, text)
        match = _NETMEM_NAME.match(text)
        return f"{match['lead'] or ''}page{match['plural']}" if match else text

    def raw(self, node: Node) -> str:
        return self.parsed.text(node).decode("latin-1")

    def tokens(self, text: str) -> str:
        """Text that is not read as a tree: its tokens, spelled one way."""
        words: list[str] = []
        for word in TEXT_TOKEN.findall(text):
            if word == "*" and words[-1:] == ["const"] and words[-3:-1] == ["struct", "page"]:
                words[-3:] = [REF]
            elif word == "*" and words[-2:] == ["struct", "page"]:
                words[-2:] = [REF]
            elif word == "*" and words[-1:] == ["void"]:
                words[-1:] = [REF]
            elif word in self.refs:
                words.append(REF)
            elif word == "NULL":
                words.append("0")
            elif word in self.rows.pages:
                words.append(self.rows.pages[word][0])
            elif word in self.rows.words:
                words.append(self.rows.words[word])
            else:
                words.append(self.name(word))
        return " ".join(words).replace(f"const {REF}", REF)

    # ----------------------------------------------------------- statements

    def function(self, node: Node) -> Iterator[Statement]:
        """The statements of a function definition, its head first."""
        body = node.child_by_field_name("body")
        end = body.start_byte if body is not None else node.end_byte
        head = code_of(self.parsed.source[node.start_byte:end]).decode("latin-1")
        yield Statement(self.tokens(head), self._line(node))
        if body is not None:
            yield from self.statement(body)
        hidden = self._masked(node)
        if hidden:
            yield Statement(hidden, self._line(node))

    def statement(self, node: Node) -> Iterator[Statement]:
        kind = node.type
        if kind == "compound_statement":
            yield from self._block(node)
        elif kind == "declaration":
            yield from self._declared([node])
        elif kind == "expression_statement":
            for child in node.named_children:
                if child.type != "comment":
                    yield Statement(self.value(child), self._line(child))
        elif kind == "return_statement":
            values = [child for child in node.named_children if child.type != "comment"]
            yield Statement("return " + " ".join(self.value(one) for one in values),
                            self._line(node))
        elif kind in ("if_statement", "while_statement", "switch_statement"):
            condition = node.child_by_field_name("condition")
            said = self.value(condition, kind != "switch_statement") if condition else ""
            yield Statement(f"{kind.partition('_')[0]} {said}", self._line(node))
            yield from self._inside(node.child_by_field_name("consequence")
                                    or node.child_by_field_name("body"))
            alternative = node.child_by_field_name("alternative")
            if alternative is not None:
                yield Statement("else", self._line(alternative))
                inner = [one for one in alternative.named_children if one.type != "comment"]
                yield from self._inside(inner[0] if inner else None)
        elif kind == "do_statement":
            yield Statement("do", self._line(node))
            yield from self._inside(node.child_by_field_name("body"))
            condition = node.child_by_field_name("condition")
            yield Statement("while " + (self.value(condition, True) if condition else ""),
                       self._line(node))
        elif kind == "for_statement":
            yield from self._for(node)
        elif kind in ("comment", "break_statement", "continue_statement", "goto_statement",
                      "statement_identifier"):
            if kind != "comment":
                yield Statement(" ".join(TEXT_TOKEN.findall(self.raw(node))), self._line(node))
        elif kind in ("labeled_statement", "case_statement"):
            yield from self._labelled(node)
        elif kind == "function_definition":  # one inside another, as gcc has it
            yield from self.function(node)
        else:
            said = code_of(self.parsed.text(node)).decode("latin-1")
            yield Statement(self.tokens(said), self._line(node))

    def _inside(self, node: Node | None) -> Iterator[Statement]:
        if node is None:
            return
        yield Statement("{", self._line(node))
        if node.type == "compound_statement":
            yield from self._block(node)
        else:
            yield from self.statement(node)
        yield Statement("}", self._line(node))

    def _block(self, node: Node) -> Iterator[Statement]:
        group: list[Node] = []
        for child in node.named_children:
            if child.type == "comment":
                continue
            if child.type == "declaration":
                group.append(child)
                continue
            yield from self._declared(group)
            group = []
            if child.type == "compound_statement":
                yield from self._inside(child)
            else:
                yield from self.statement(child)
        yield from self._declared(group)

    def _declared(self, group: list[Node]) -> Iterator[Statement]:
        """Each declared name is one, sorted as far as no initialiser needs an earlier one."""
        found: list[Statement] = []
        declared: list[str] = []
        for node in group:
            specifier = node.child_by_field_name("type")
            names = node.children_by_field_name("declarator")
            lead = self.parsed.source[node.start_byte:names[0].start_byte] if names else b""
            base = code_of(lead).decode("latin-1")
            if specifier is None or not names:
                found.append(Statement(self.tokens(code_of(self.parsed.text(node)).decode("latin-1")),
                                  self._line(node)))
                declared.append("")
                continue
            for one in names:
                value = one.child_by_field_name("value")
                inner = one.child_by_field_name("declarator") if value is not None else one
                said = self.tokens(f"{base} {self.raw(inner or one)}")
                if value is not None:
                    said += " = " + self.value(value)
                found.append(Statement(said, self._line(one)))
                name = TEXT_WORD.search(self.raw(inner or one))
                declared.append(self.name(name.group()) if name is not None else "")
        yield from settled(found, declared)

    def _for(self, node: Node) -> Iterator[Statement]:
        parts = []
        for field in ("initializer", "condition", "update"):
            part = node.child_by_field_name(field)
            if part is None:
                parts.append("")
            elif part.type == "declaration":
                parts.append(", ".join(one.text for one in self._declared([part])))
            else:
                parts.append(self.value(part, field == "condition"))
        yield Statement("for " + "; ".join(parts), self._line(node))
        yield from self._inside(node.child_by_field_name("body"))

    def _labelled(self, node: Node) -> Iterator[Statement]:
        body = [child for child in node.named_children if child.type != "comment"]
        head = node.child_by_field_name("value") or node.child_by_field_name("label")
        first = next((c for c in node.children if c.type in ("case", "default")), None)
        word = self.raw(first) if first is not None else "label"
        yield Statement(f"{word} {self.tokens(self.raw(head)) if head is not None else ''}:",
                   self._line(node))
        group: list[Node] = []
        for child in body:
            if head is not None and child.id == head.id:
                continue
            if child.type == "declaration":
                group.append(child)
                continue
            yield from self._declared(group)
            group = []
            yield from self.statement(child)
        yield from self._declared(group)

    def _line(self, node: Node) -> int:
        return int(node.start_point[0]) + 1

    def _masked(self, node: Node) -> str:
        """What the parser was not shown, token by token."""
        source, masked = self.parsed.source, self.parsed.masked
        start, end = node.start_byte, node.end_byte
        if source[start:end] == masked[start:end]:
            return ""
        code = code_of(source[start:end])
        found = [match.group().decode("latin-1")
                 for match in re.finditer(rb"\w+|[^\w\s]", code)
                 if masked[start + match.start():start + match.end()] != match.group()]
        return self.tokens(" ".join(found))

    # ---------------------------------------------------------- expressions

    def value(self, node: Node, truth: bool = False) -> str:
        """An expression; `truth` says that only whether it is zero matters.

        Each is spelled once, whoever asks for it: asked for twice at each level, what is inside
        would be spelled twice as often with each.
        """
        known = self._values.get((node.id, truth))
        if known is None:
            known = self._values[node.id, truth] = self._spelled(node, truth)
        return known

    def _spelled(self, node: Node, truth: bool) -> str:
        said = self._respelled(node)
        if said is not None:
            return said
        handler = _HANDLERS.get(node.type)
        if handler is not None:
            return handler(self, node, truth)
        if not node.named_children:
            return self.tokens(self.raw(node))
        if node.type in ("string_literal", "concatenated_string", "char_literal"):
            return " ".join(TEXT_TOKEN.findall(self.raw(node)))
        parts: list[str] = []
        for child in node.children:
            if child.type == "comment":
                continue
            parts.append(self.value(child) if child.is_named else self.raw(child))
        return "".join(f" {part} " if part[-1:].isalpha() else part for part in parts)

    def _respelled(self, node: Node) -> str | None:
        """The one text for what a row spells in several ways, or None for anything else."""
        if node.type not in self.rows.forms:
            return None
        if node.id not in self._forms:
            self._forms[node.id] = self._form(node)
        return self._forms[node.id]

    def _form(self, node: Node) -> str | None:
        text = node.text or b""
        for wanted, spelling, words in self.rows.forms[node.type]:
            # Most code is neither, which is seen without a look at the tree.
            if words and words[0] not in text:
                continue
            match = wanted.match(node) if all(word in text for word in words) else None
            if match is not None:
                given = {name: self.value(one) for name, one in match.operands.items()}
                rest = ",".join(self.value(one) for one in match.rest)
                said = "!" * match.negated + filled(spelling, given, rest)
                alone = next((one for name, one in match.operands.items()
                              if spelling.text == name), None)
                return self._bound(said, alone, node) if alone is not None else said
        return None

    def _parentheses(self, node: Node, truth: bool) -> str:
        inner = [child for child in node.named_children if child.type != "comment"]
        if len(inner) != 1:
            return self.tokens(self.raw(node))
        if inner[0].type == "compound_statement":
            return "({" + "; ".join(one.text for one in self.statement(inner[0])) + "})"
        return self._bound(self.value(inner[0], truth), inner[0], node)

    def _bound(self, said: str, inner: Node, node: Node) -> str:
        """An expression in parentheses, where it would mean something else in `node`'s place."""
        parent = node.parent
        loose = inner.type in _LOOSE and not self._tests_null(inner) and (
            self._respelled(inner) is None)
        return f"({said})" if loose and parent is not None and parent.type in _TIGHT else said

    def _tests_null(self, node: Node) -> bool:
        """A comparison with NULL: it is spelled as `!x` or `!!x`, which binds more tightly."""
        found = view.infix(node)
        return found is not None and found.sign in ("==", "!=") and "0" in (
            self.value(found.left), self.value(found.right))

    def _binary(self, node: Node, truth: bool) -> str:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if left is None or right is None:
            return self.tokens(self.raw(node))
        if sign in ("&&", "||"):
            return f"{self.value(left, True)}{sign}{self.value(right, True)}"
        first, second = self.value(left), self.value(right)
        if sign in ("==", "!=") and "0" in (first, second):
            tested = first if second == "0" else second
            if sign == "==":
                return f"!{tested}"
            return tested if truth else f"!!{tested}"
        return f"{first} {sign} {second}"

    def _assignment(self, node: Node, truth: bool) -> str:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if left is None or right is None:
            return self.tokens(self.raw(node))
        return f"{self.value(left)} {sign} {self.value(right)}"

    def _pointer(self, node: Node, truth: bool) -> str:
        argument = node.child_by_field_name("argument")
        sign = self.raw(node.child_by_field_name("operator") or node)
        return sign + self.value(argument) if argument is not None else self.raw(node)

    def _unary(self, node: Node, truth: bool) -> str:
        argument = node.child_by_field_name("argument")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if argument is None:
            return self.tokens(self.raw(node))
        return sign + self.value(argument, sign == "!")

    def _conditional(self, node: Node, truth: bool) -> str:
        parts = [(self.value(one, name == "condition") if one is not None else "")
                 for name in ("condition", "consequence", "alternative")
                 for one in [node.child_by_field_name(name)]]
        return f"{parts[0]} ? {parts[1]} : {parts[2]}"

    def _cast(self, node: Node, truth: bool) -> str:
        descriptor = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if descriptor is None or value is None:
            return self.tokens(self.raw(node))
        said = self.tokens(self.raw(descriptor))
        above = node.parent
        while above is not None and above.type == "parenthesized_expression":
            above = above.parent
        sign = above.child_by_field_name("operator") if above is not None and \
            above.type == "binary_expression" else None
        counts = sign is not None and self.raw(sign) in ("+", "-")  # in units of the type
        if said != REF or counts:
            return f"({said}){self.value(value)}"
        core = view.bare(value)  # the parentheses were the cast's
        return self._bound(self.value(core), core, node)

    def _field(self, node: Node, truth: bool) -> str:
        argument = node.child_by_field_name("argument")
        field = node.child_by_field_name("field")
        if argument is None or field is None:
            return self.tokens(self.raw(node))
        arrow = "->" if any(child.type == "->" for child in node.children) else "."
        said = self.value(argument)
        name = self.name(self.raw(field))
        return f"{said}{arrow}{name}"

    def _named(self, node: Node) -> str:
        """The name of what an expression stands for: of `a->b[c].d[e]` it is `d`."""
        while node.type == "subscript_expression":
            inside = node.child_by_field_name("argument")
            if inside is None:
                break
            node = inside
        return "".join(TEXT_WORD.findall(self.raw(node))[-1:])

    def _call(self, node: Node, truth: bool) -> str:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return self.tokens(self.raw(node))
        called = self.raw(function) if function.type == "identifier" else self.value(function)
        args = [self.value(child, called in ("likely", "unlikely") and truth)
                for child in arguments.named_children if child.type != "comment"]
        if called in self.rows.pages:
            given = [self._named(child) for child in arguments.named_children]
            if any(_NETMEM_NAME.match(word) for word in given):
                self.mixed.append((called, self._line(node)))
        if called in self.accessors and len(args) == 1:
            return args[0]
        found = (self.rows.pages.get(called) or self.rows.netmems.get((called, len(args)))
                 or self.rows.netmems.get((called, None)))
        if found is not None:
            called = found[0]
            args += [found[1]] if found[1] else []
        return f"{called}({','.join(args)})"

    def _sizeof(self, node: Node, truth: bool) -> str:
        descriptor = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if descriptor is not None:
            return f"sizeof({self.tokens(self.raw(descriptor))})"
        return f"sizeof({self.value(value)})" if value is not None else self.raw(node)

    def _descriptor(self, node: Node, truth: bool) -> str:
        return self.tokens(code_of(self.parsed.text(node)).decode("latin-1"))


_HANDLERS: dict[str, Callable[[Canon, Node, bool], str]] = {
    "parenthesized_expression": Canon._parentheses,
    "binary_expression": Canon._binary,
    "assignment_expression": Canon._assignment,
    "pointer_expression": Canon._pointer,
    "unary_expression": Canon._unary,
    "conditional_expression": Canon._conditional,
    "cast_expression": Canon._cast,
    "field_expression": Canon._field,
    "call_expression": Canon._call,
    "sizeof_expression": Canon._sizeof,
    "type_descriptor": Canon._descriptor,
}
