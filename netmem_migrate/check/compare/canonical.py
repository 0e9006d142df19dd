# SPDX-License-Identifier: GPL-2.0-only
"""One spelling for code before and after a conversion.

A function becomes its statements in order, with one text for what the page API and the
netmem API spell differently (netmem_migrate/model/forms.py). Comments, white space, braces around
single statements, the order of declarations that call nothing, and redundant parentheses do
not count; anything else does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.pattern import Match, Pattern
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.c.words import TEXT_TOKEN, TEXT_WORD
from netmem_migrate.check.compare.declared import Statement, settled
from netmem_migrate.check.compare.said import Said, between, end, joined, whole
from netmem_migrate.check.compare.spellings import Row, filled
from netmem_migrate.check.compare.within import Within
from netmem_migrate.check.compare.words import LITERALS, LOOSE, NETMEM_NAME, REF, TIGHT, Words
from netmem_migrate.model.kernel_calls import takes_none

Lines: TypeAlias = list[tuple[Said, int]]
"""Statements, and their lines."""
_Say: TypeAlias = Callable[[Node, Lines], Step[None]]


class Canon(Words):
    """Spells the code of one parsed file; `names` are the names that a change gave others."""

    def __init__(self, parsed: ParsedFile, names: Mapping[str, str],
                 accessors: frozenset[str] = frozenset(),
                 functions: Mapping[str, str] | None = None) -> None:
        super().__init__(parsed, {**names, **(functions or {})})
        self.accessors = accessors
        self.functions = functions or {}  # the names that functions had before
        # Calls of the page API that are given something with a netmem's name: name, line.
        self.mixed: list[tuple[str, int]] = []
        self._values: dict[tuple[int, bool], Said] = {}
        self._forms: dict[int, Said | None] = {}
        self._cores: dict[int, Node] = {}  # what is said of a cast that is not
        self.within = Within(parsed.tree.root_node, parsed)
        self._rows: Mapping[str, list[Row]] = self.rows.forms

    # ----------------------------------------------------------- statements

    def function(self, node: Node) -> list[Statement]:
        """The statements of a function definition, its head first."""
        self.start(node)
        found: Lines = []
        run(self._statement(node, found))
        return [Statement(whole(said), line) for said, line in found]

    def start(self, node: Node) -> None:
        """Look at one function; what is spelled next is in it."""
        self.within = Within(node, self.parsed)
        self._rows = self._said_in(node)

    def _function(self, node: Node, out: Lines) -> Steps[None]:
        body = node.child_by_field_name("body")
        end = body.start_byte if body is not None else node.end_byte
        head = code_of(self.parsed.source[node.start_byte:end]).decode("latin-1")
        out.append((self.tokens(head), self.line(node)))
        if body is not None:
            yield self._statement(body, out)
        hidden = self.within.hidden(node)
        if hidden:
            out.append((self.tokens(hidden), self.line(node)))

    def _statement(self, node: Node, out: Lines) -> Step[None]:
        """Say a statement: one line, or as many as it has heads and statements in it."""
        handler = _STATEMENTS.get(node.type)
        if handler is not None:
            return handler(self, node, out)
        said = code_of(self.parsed.text(node)).decode("latin-1")
        out.append((self.tokens(said), self.line(node)))
        return None

    def _declaration(self, node: Node, out: Lines) -> Step[None]:
        return self._declared([node], out)

    def _expressions(self, node: Node, out: Lines) -> Steps[None]:
        for child in view.children(node):
            said: Said = yield self._value(child)
            out.append((said, self.line(child)))

    def _return(self, node: Node, out: Lines) -> Steps[None]:
        values: list[Said] = []
        for child in view.children(node):
            value: Said = yield self._value(child)
            values.append(value)
        out.append((joined("return ", between(" ", values)), self.line(node)))

    def _tested(self, node: Node, out: Lines) -> Steps[None]:
        """What begins with a test: `if`, `while` and `switch`."""
        condition = node.child_by_field_name("condition")
        said: Said = ""
        if condition is not None:
            said = yield self._value(condition, node.type != "switch_statement")
        out.append((joined(node.type.partition("_")[0], " ", said), self.line(node)))
        yield self._inside(node.child_by_field_name("consequence")
                           or node.child_by_field_name("body"), out)
        alternative = node.child_by_field_name("alternative")
        if alternative is not None:
            out.append(("else", self.line(alternative)))
            yield self._inside(next(iter(view.children(alternative)), None), out)

    def _do(self, node: Node, out: Lines) -> Steps[None]:
        out.append(("do", self.line(node)))
        yield self._inside(node.child_by_field_name("body"), out)
        condition = node.child_by_field_name("condition")
        said: Said = ""
        if condition is not None:
            said = yield self._value(condition, True)
        out.append((joined("while ", said), self.line(node)))

    def _comment(self, node: Node, out: Lines) -> None:
        """Comments do not count."""

    def _jump(self, node: Node, out: Lines) -> None:
        out.append((" ".join(TEXT_TOKEN.findall(self.raw(node))), self.line(node)))

    def _inside(self, node: Node | None, out: Lines) -> Steps[None]:
        if node is None:
            return
        out.append(("{", self.line(node)))
        yield self._statement(node, out)
        out.append(("}", self.parsed.line_of(node.end_byte - 1)))

    def _block(self, node: Node, out: Lines) -> Steps[None]:
        return self._several(view.children(node), out, self._braced)

    def _braced(self, node: Node, out: Lines) -> Step[None]:
        """A statement in a block: one that is a block itself is told apart."""
        inside = node.type == "compound_statement"
        return self._inside(node, out) if inside else self._statement(node, out)

    def _several(self, several: list[Node], out: Lines, say: _Say) -> Steps[None]:
        """Statements one after the other; declarations that stand together are sorted."""
        group: list[Node] = []
        for child in several:
            if child.type == "declaration":
                group.append(child)
                continue
            yield self._declared(group, out)
            group = []
            yield say(child, out)
        yield self._declared(group, out)

    def _declared(self, group: list[Node], out: Lines) -> Step[None]:
        """Each declared name is one, sorted as far as no initialiser needs an earlier one."""
        return self._sorted(group, out) if group else None

    def _sorted(self, group: list[Node], out: Lines) -> Steps[None]:
        found: Lines = []
        declared: list[str] = []
        for node in group:
            specifier = node.child_by_field_name("type")
            names = node.children_by_field_name("declarator")
            lead = self.parsed.source[node.start_byte:names[0].start_byte] if names else b""
            base = code_of(lead).decode("latin-1")
            if specifier is None or not names:
                code = code_of(self.parsed.text(node)).decode("latin-1")
                found.append((self.tokens(code), self.line(node)))
                declared.append("")
                continue
            for one in names:
                value = one.child_by_field_name("value")
                inner = one.child_by_field_name("declarator") if value is not None else one
                said: Said = self.tokens(f"{base} {self.raw(inner or one)}")
                if value is not None:
                    given: Said = yield self._value(value)
                    said = joined(said, " = ", given)
                found.append((said, self.line(one)))
                name = TEXT_WORD.search(self.raw(inner or one))
                declared.append(self.name(name.group()) if name is not None else "")
        if len(found) < 2:
            out += found
            return
        several = [Statement(whole(said), line) for said, line in found]
        out += [(one.text, one.line) for one in settled(several, declared)]

    def _for(self, node: Node, out: Lines) -> Steps[None]:
        parts: list[Said] = []
        for field in ("initializer", "condition", "update"):
            part = node.child_by_field_name(field)
            said: Said = ""
            if part is not None and part.type == "declaration":
                found: Lines = []
                yield self._declared([part], found)
                said = between(", ", [one for one, _ in found])
            elif part is not None:
                said = yield self._value(part, field == "condition")
            parts.append(said)
        out.append((joined("for ", between("; ", parts)), self.line(node)))
        yield self._inside(node.child_by_field_name("body"), out)

    def _labelled(self, node: Node, out: Lines) -> Steps[None]:
        head = node.child_by_field_name("value") or node.child_by_field_name("label")
        first = next((c for c in node.children if c.type in ("case", "default")), None)
        word = self.raw(first) if first is not None else "label"
        out.append((f"{word} {self.tokens(self.raw(head)) if head is not None else ''}:",
                    self.line(node)))
        body = [one for one in view.children(node) if head is None or one.id != head.id]
        yield self._several(body, out, self._statement)

    # ---------------------------------------------------------- expressions

    def _value(self, node: Node, truth: bool = False) -> Step[Said]:
        """An expression; `truth` says that only whether it is zero matters.

        Each is spelled once, whoever asks for it: asked for twice at each level, what is inside
        would be spelled twice as often with each.
        """
        known = self._values.get((node.id, truth))
        if known is not None:
            return known
        kind = node.type
        inside = kind in _HANDLERS or (node.named_child_count and kind not in LITERALS)
        if inside or kind in self._rows:
            return self._spelled(node, truth)
        known = self._values[node.id, truth] = self.word(node)
        return known

    def _spelled(self, node: Node, truth: bool) -> Steps[Said]:
        said: Said | None = yield self._respelled(node)
        if said is None:
            said = yield _HANDLERS.get(node.type, Canon._parts)(self, node, truth)
        assert said is not None
        self._values[node.id, truth] = said
        return said

    def _parts(self, node: Node, truth: bool) -> Steps[Said]:
        """What is spelled as all of its parts are."""
        if node.type in LITERALS or not node.named_child_count:
            return self.word(node)
        parts: list[Said] = []
        for child in node.children:
            if child.type == "comment":
                continue
            part: Said
            if child.is_named:
                part = yield self._value(child)
            else:
                part = self.raw(child)
            parts += (" ", part, " ") if end(part).isalpha() else (part,)
        return joined(*parts)

    def _respelled(self, node: Node) -> Step[Said | None]:
        """The one text for what a row spells in several ways, or None for anything else."""
        if node.type not in self._rows:
            return None
        if node.id in self._forms:
            return self._forms[node.id]
        return self._form(node)

    def _form(self, node: Node) -> Steps[Said | None]:
        said: Said | None = None
        for match, spelling in self._matches(node):
            given: dict[str, Said] = {}
            for name, one in match.operands.items():
                given[name] = yield self._value(one)
            rest: list[Said] = []
            for one in match.rest:
                more: Said = yield self._value(one)
                rest.append(more)
            said = joined("!" * match.negated, filled(spelling, given, between(",", rest)))
            alone = next((one for name, one in match.operands.items() if spelling.text == name),
                         None)
            if alone is not None:
                said = yield self._bound(said, alone, node)
            break
        self._forms[node.id] = said
        return said

    def _said_in(self, node: Node) -> dict[str, list[Row]]:
        """The rows whose words are somewhere in a function: hardly any, of most."""
        says = self.within.says
        return {kind: found for kind, rows in self.rows.forms.items()
                if (found := [row for row in rows if all(says(node, word) for word in row[2])])}

    def _matches(self, node: Node) -> Iterator[tuple[Match, Pattern]]:
        """What rows spell in the way that an expression is, and how they spell it."""
        says = self.within.says
        for wanted, spelling, words in self._rows[node.type]:
            # Most code is neither, which is seen without a look at the tree.
            if all(says(node, word) for word in words):
                match = wanted.match(node)
                if match is not None:
                    yield match, spelling

    def _parentheses(self, node: Node, truth: bool) -> Steps[Said]:
        inner = view.children(node)
        if len(inner) != 1:
            return self.tokens(self.raw(node))
        if inner[0].type == "compound_statement":
            found: Lines = []
            yield self._block(inner[0], found)
            return joined("({", between("; ", [one for one, _ in found]), "})")
        said: Said = yield self._value(inner[0], truth)
        bound: Said = yield self._bound(said, inner[0], node)
        return bound

    def _bound(self, said: Said, inner: Node, node: Node) -> Step[Said]:
        """An expression in parentheses, where it would mean something else in `node`'s place."""
        inner = self._cores.get(inner.id, inner)
        return self._in_place(said, inner, node) if inner.type in LOOSE else said

    def _dropped(self, node: Node) -> bool:
        """Whether a node is a cast that is not said, since what it makes holds memory anyway."""
        descriptor, value = node.child_by_field_name("type"), node.child_by_field_name("value")
        return (node.type == "cast_expression" and descriptor is not None and value is not None
                and self.tokens(self.raw(descriptor)) == REF and not self._counts(node))

    def _in_place(self, said: Said, inner: Node, node: Node) -> Steps[Said]:
        null: bool = yield self._tests_null(inner)
        if null:
            return said
        respelled: Said | None = yield self._respelled(inner)
        parent = self.within.above.of(node)
        if respelled is None and parent is not None and parent.type in TIGHT and \
                not self._dropped(parent):
            return joined("(", said, ")")
        return said

    def _tests_null(self, node: Node) -> Steps[bool]:
        """A comparison with NULL: it is spelled as `!x` or `!!x`, which binds more tightly."""
        found = view.infix(node)
        if found is None or found.sign not in ("==", "!="):
            return False
        left: Said = yield self._value(found.left)
        right: Said = yield self._value(found.right)
        return "0" in (left, right)

    def _binary(self, node: Node, truth: bool) -> Steps[Said]:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if left is None or right is None:
            return self.tokens(self.raw(node))
        logical = sign in ("&&", "||")
        first: Said = yield self._value(left, logical)
        second: Said = yield self._value(right, logical)
        if logical:
            return joined(first, sign, second)
        if sign in ("==", "!=") and "0" in (first, second):
            tested, operand = (first, left) if second == "0" else (second, right)
            if operand.type in LOOSE - {"cast_expression"}:  # others say their parentheses
                tested = joined("(", tested, ")")
            if sign == "==":
                return joined("!", tested)
            return tested if truth else joined("!!", tested)
        return joined(first, f" {sign} ", second)

    def _assignment(self, node: Node, truth: bool) -> Steps[Said]:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if left is None or right is None:
            return self.tokens(self.raw(node))
        target: Said = yield self._value(left)
        value: Said = yield self._value(right)
        return joined(target, f" {sign} ", value)

    def _pointer(self, node: Node, truth: bool) -> Steps[Said]:
        argument = node.child_by_field_name("argument")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if argument is None:
            return self.raw(node)
        said: Said = yield self._value(argument)
        return joined(sign, said)

    def _unary(self, node: Node, truth: bool) -> Steps[Said]:
        argument = node.child_by_field_name("argument")
        sign = self.raw(node.child_by_field_name("operator") or node)
        if argument is None:
            return self.tokens(self.raw(node))
        said: Said = yield self._value(argument, sign == "!")
        return joined(sign, said)

    def _conditional(self, node: Node, truth: bool) -> Steps[Said]:
        parts: list[Said] = []
        for name in ("condition", "consequence", "alternative"):
            one = node.child_by_field_name(name)
            part: Said = ""
            if one is not None:
                part = yield self._value(one, name == "condition")
            parts.append(part)
        return joined(parts[0], " ? ", parts[1], " : ", parts[2])

    def _cast(self, node: Node, truth: bool) -> Steps[Said]:
        descriptor = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if descriptor is None or value is None:
            return self.tokens(self.raw(node))
        goes = self._dropped(node)
        core = view.bare(value) if goes else value  # the parentheses were the cast's
        said: Said = yield self._value(core)
        if not goes:
            return joined(f"({self.tokens(self.raw(descriptor))})", said)
        self._cores[node.id] = core = self._cores.get(core.id, core)
        bound: Said = yield self._bound(said, core, node)
        return bound

    def _counts(self, node: Node) -> bool:
        """Whether a cast is added to, or taken from: in units of its type."""
        above = self.within.above.of(node)
        while above is not None and above.type == "parenthesized_expression":
            above = self.within.above.of(above)
        if above is None or above.type != "binary_expression":
            return False
        sign = above.child_by_field_name("operator")
        return sign is not None and self.raw(sign) in ("+", "-")

    def _field(self, node: Node, truth: bool) -> Steps[Said]:
        argument = node.child_by_field_name("argument")
        field = node.child_by_field_name("field")
        if argument is None or field is None:
            return self.tokens(self.raw(node))
        arrow = "->" if any(child.type == "->" for child in node.children) else "."
        said: Said = yield self._value(argument)
        return joined(said, arrow, self.name(self.raw(field)))

    def _call(self, node: Node, truth: bool) -> Steps[Said]:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None:
            return self.tokens(self.raw(node))
        callee: Said = self.raw(function)
        if function.type != "identifier":
            callee = yield self._value(function)
        called = callee if isinstance(callee, str) else ""
        callee = self.functions.get(called, callee)
        args: list[Said] = []
        for child in view.children(arguments):
            said: Said = yield self._value(child, called in ("likely", "unlikely") and truth)
            # Where the kernel takes no memory, NULL is not what 0 is.
            args.append("NULL" if child.type == "null" and takes_none(called) else said)
        if called in self.rows.pages:
            given = [self.within.named(child) for child in arguments.named_children]
            if any(NETMEM_NAME.match(word) for word in given):
                self.mixed.append((called, self.line(node)))
        if called in self.accessors and len(args) == 1:
            return args[0]
        found = (self.rows.pages.get(called) or self.rows.netmems.get((called, len(args)))
                 or self.rows.netmems.get((called, None)))
        if found is not None:
            callee = found[0]
            args += [found[1]] if found[1] else []
        return joined(callee, "(", between(",", args), ")")

    def _sizeof(self, node: Node, truth: bool) -> Steps[Said]:
        descriptor = node.child_by_field_name("type")
        value = node.child_by_field_name("value")
        if descriptor is not None:
            return f"sizeof({self.tokens(self.raw(descriptor))})"
        if value is None:
            return self.raw(node)
        said: Said = yield self._value(value)
        return joined("sizeof(", said, ")")

    def _descriptor(self, node: Node, truth: bool) -> str:
        return self.tokens(code_of(self.parsed.text(node)).decode("latin-1"))


_STATEMENTS: dict[str, Callable[[Canon, Node, Lines], Step[None]]] = {
    "compound_statement": Canon._block,
    "declaration": Canon._declaration,
    "expression_statement": Canon._expressions,
    "return_statement": Canon._return,
    **dict.fromkeys(("if_statement", "while_statement", "switch_statement"), Canon._tested),
    "do_statement": Canon._do,
    "for_statement": Canon._for,
    "comment": Canon._comment,
    **dict.fromkeys(("break_statement", "continue_statement", "goto_statement",
                     "statement_identifier"), Canon._jump),
    **dict.fromkeys(("labeled_statement", "case_statement"), Canon._labelled),
    "function_definition": Canon._function,  # one inside another, as gcc has it
}
_HANDLERS: dict[str, Callable[[Canon, Node, bool], Step[Said]]] = {
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
