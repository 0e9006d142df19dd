# SPDX-License-Identifier: GPL-2.0-only
"""Expressions with the values of locals in the place of their names, and what they do in order.

Two functions that do the same in the same order may give it other locals. A value is a text: `p0`
for what a parameter was, `ρ3` for what the third thing that was done gave, `[m@ρ3]` for what memory
held after it. A local whose address is taken, an array and a record are memory.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c import view
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.steps import Step, Steps, run
from netmem_migrate.check.compare.atoms import ERRORS, INT, atom, is_atom, outside
from netmem_migrate.check.compare.canonical import Canon
from netmem_migrate.check.compare.locals import Locals, NotFollowed, parameters, result
from netmem_migrate.check.compare.plain import facts
from netmem_migrate.check.compare.said import Said, joined, whole
from netmem_migrate.check.compare.words import REF
from netmem_migrate.flow.cfg import Item, build
from netmem_migrate.model.forms import KNOWN
from netmem_migrate.model.functions import FUNCTIONS
from netmem_migrate.model.schema import Trait

# What is not followed; a function that has one of them is not judged.
_NOT_FOLLOWED = frozenset({
    "gnu_asm_expression", "compound_literal_expression", "offsetof_expression",
    "generic_expression", "ERROR", "function_definition", "preproc_if", "preproc_ifdef",
    "attribute_specifier", "attributed_statement", "attributed_declarator", "type_definition",
    "enumerator_list", "field_declaration_list", "preproc_def", "preproc_function_def",
    "preproc_call", "preproc_include"})
_COUNTED = ("+", "-", "+=", "-=")
_ADDRESS = "[&"
# What no macro reads from memory; of other names that is not known.
_CONSTANT = re.compile(rf"{ERRORS}|true|false")
_FUNCTIONS = frozenset(one.name for one in FUNCTIONS if not one.is_macro)
# What gives something of memory and does nothing.
_PURE = frozenset(one.name for one in FUNCTIONS if Trait.PURE in one.traits)
_STRUCT = re.compile(r"(?:const )?(?:struct|union) \w+ \*")
NEVER = "false"
_NEVER_OF_PAGES = frozenset(row.becomes.name.encode() for row in KNOWN if row.page == NEVER)
NUMBER = "ρ"  # code is read as latin-1, and never has it


@dataclass(slots=True)
class State:
    """What the locals hold, and how much was done: the number of the last thing."""

    held: dict[str, str]
    done: int = 0
    does: list[str] = field(default_factory=list)

    def copy(self) -> State:
        """The same, with nothing done since."""
        return State(dict(self.held), self.done)


class Valued(Canon):
    """Follows one function of a parsed file; `names` are the names that a change gave others.

    With `pages_only` it is followed as it goes for pages: none is a net_iov. Calls of `helpers`, by
    name, are what these do, where that is one thing after the other.

    Raises NotFollowed for a function of which something is not understood.
    """

    def __init__(self, parsed: ParsedFile, names: Mapping[str, str], accessors: frozenset[str],
                 function: Node, *, pages_only: bool = False,
                 helpers: Mapping[str, Node] | None = None,
                 functions: Mapping[str, str] | None = None,
                 own: frozenset[str] = frozenset()) -> None:
        super().__init__(parsed, names, accessors, functions)
        self.start(function)
        self.state = State({})
        self._said: dict[int, Said] = {}
        self._choices: dict[int, bool] = {}
        self._stores = 0
        self.own = own
        self._macros = facts(parsed.source).macros
        self.pages_only = pages_only
        self.helpers = Helpers(self, helpers or {})
        found = Locals(self, function, self.within.above)
        self.types, self.memory = found.types, found.memory
        self._bytes = found.bytes
        waiting = list(function.named_children)
        while waiting:
            node = waiting.pop()
            if node.type in _NOT_FOLLOWED or (
                    node.type == "parenthesized_expression" and any(
                        one.type == "compound_statement" for one in node.named_children)):
                raise NotFollowed(node.type)
            waiting += node.named_children

    # ------------------------------------------------------------------ items

    def item(self, item: Item, state: State, *, test: bool = False) -> str:
        """Do what an item says; its value. What it does is added to the state."""
        self.state = state
        self._said.clear()
        self._values.clear()
        self._forms.clear()
        self._cores.clear()
        self._choices = dict(item.choices)
        node = item.node
        if item.macro_loop:
            for name in {self.raw(one) for one in nodes(node, "identifier")} & self.types.keys():
                # Its place among the arguments is a name for it.
                at = self.raw(node).index(name)
                state.held[name] = f"[({self.types[name]}){NUMBER}{state.done + 1} {at}]"
            return self._note(whole(self.tokens(self.raw(node))))
        if node.type == "declaration":
            step: Step[None] = self._declares(node)
            run(step)
            return ""
        if node.type == "return_statement":
            values = view.children(node)
            self._note(f"return {self._whole(values[0]) if values else ''}")
            return ""
        if node.type == "identifier" and not test:
            return self._note(self.raw(node))  # a macro that does something
        return self._whole(node, test)

    def _whole(self, node: Node, truth: bool = False) -> str:
        found: list[Said] = []
        step: Step[None] = self._asked(node, truth, found)
        run(step)
        return whole(found[0])

    def _asked(self, node: Node, truth: bool, found: list[Said]) -> Steps[None]:
        said: Said = yield self._value(node, truth)
        found.append(said)

    def _note(self, what: str) -> str:
        """Note a thing that is done; what it gives."""
        self.state.done += 1
        self.state.does.append(what)
        return f"{NUMBER}{self.state.done}"

    def _declares(self, node: Node) -> Steps[None]:
        for one in node.children_by_field_name("declarator"):
            value = one.child_by_field_name("value")
            inner = one.child_by_field_name("declarator") if value is not None else one
            named = [inner] if inner is not None and inner.type == "identifier" else \
                nodes(inner, "identifier") if inner is not None else []
            name = self.raw(named[0])
            if value is None:
                self.state.held[name] = f"[nothing {self.types.get(name, '')}]"
                continue
            said: Said = yield self._value(value)
            if name in self.types:
                self._hold(name, whole(said), value)
            else:
                self._note(f"{self.tokens(self.raw(inner or one))} = {whole(said)}")

    def _hold(self, name: str, said: str, value: Node | None) -> None:
        """Give a local a value, as its type has it."""
        type_ = self.types[name]
        bare = view.bare(value) if value is not None else None
        same = bare is not None and (
            (bare.type == "identifier" and self.types.get(self.raw(bare)) == type_)
            or (_STRUCT.fullmatch(type_) is not None and bare.type == "pointer_expression"
                and self.raw(bare).startswith("&")))
        self.hold(name, said, as_it_is=same)

    def hold(self, name: str, said: str, *, as_it_is: bool) -> None:
        """Give a local a value, `as_it_is` where its type is that of the value."""
        type_ = self.types[name]
        if type_ != REF and not as_it_is and not (type_ == "int" and INT.fullmatch(said)):
            said = f"({type_}){said}"
        self.state.held[name] = atom(said)

    # ------------------------------------------------------------ expressions

    def _value(self, node: Node, truth: bool = False) -> Step[Said]:
        known = self._said.get(node.id)
        return known if known is not None else self._followed(node, truth)

    def _followed(self, node: Node, truth: bool) -> Steps[Said]:
        kind = node.type
        said: Said
        if kind == "identifier":
            return self._variable(node)
        if self.pages_only and self._asks_for_net_iov(node):
            return NEVER
        if kind == "sizeof_expression":
            of = sorted({self.types.get(self.raw(one), "") for one in nodes(node, "identifier")})
            return f"[{self.tokens(self.raw(node))} {' '.join(of)}]"
        if kind in ("assignment_expression", "update_expression"):
            said = yield self._store(node)
        elif kind == "conditional_expression" and node.start_byte in self._choices:
            one = view.branch(node)
            arm = None if one is None else (
                one.then if self._choices[node.start_byte] else one.otherwise)
            if arm is None:
                raise NotFollowed("?:")
            said = yield self._value(arm, truth)
            said = joined("[?", said, "]")  # of a type that both arms have
        elif kind == "pointer_expression" and self.raw(node).startswith("&"):
            argument = node.child_by_field_name("argument")
            assert argument is not None
            said = yield self._place(argument)
            said = joined(_ADDRESS, said, "]")
        elif kind in ("field_expression", "subscript_expression", "pointer_expression"):
            respelled: Said | None = yield self._respelled(node)
            if respelled is not None:
                said = self._read(whole(respelled))
            else:
                said = yield self._place(node)
                said = joined("[", said, f"@{NUMBER}{self.state.done}]")
        else:
            said = yield self._done_in_order(node, truth)
        self._said[node.id] = said
        return said

    def _done_in_order(self, node: Node, truth: bool) -> Steps[Said]:
        kind, before = node.type, self.state.done
        found, call = view.infix(node), view.call(node)
        called = call.name.decode("latin-1") if call is not None else ""
        macro = call is not None and called not in self.own and called not in _FUNCTIONS
        chosen = kind == "conditional_expression" or (
            found is not None and found.sign in ("&&", "||"))
        if call is not None and (called in self.types or called in self._macros):
            raise NotFollowed("what is called is not in sight")
        stores = self._stores
        helper = self.helpers.of(call)
        if call is not None and helper is not None:
            given: list[str] = []
            for one in call.args:
                value: Said = yield self._value(one)
                given.append(whole(value))
            if helper.type_ == REF and self._is_counted(node):
                raise NotFollowed("arithmetic with what a helper gives")
            return self._inside_helper(helper, call, given)
        said: Said = yield super()._value(node, truth)
        text = whole(said)
        # A macro may do what stands in its arguments, or not.
        if (chosen or macro) and stores != self._stores:
            raise NotFollowed("a local that may be set")
        if call is not None and text.endswith(")") and text.partition("(")[0] in _PURE:
            said = f"[{text}@{NUMBER}{self.state.done}]"
        elif call is not None and text.endswith(")"):
            inside = f" with {self.state.done - before}" if macro and before != self.state.done \
                else ""
            said = self._note(text + inside + (self._shapes(call) if macro else ""))
            if macro:
                self._may_change(call, said)
        elif self._forms.get(node.id) is not None:
            if "(" in outside(text) and call is None:
                raise NotFollowed("a test that another call makes")
            said = self._read(text)
        elif chosen and before != self.state.done:
            self._note(f"if {text}")
        elif found is not None and found.sign in ("/", "%"):
            said = f"[{text}@{NUMBER}{self.state.done}]"  # it may fail
        return said

    def _read(self, text: str) -> str:
        """What is spelled in one way of several: what it reads, it reads now."""
        reads = any(sign in outside(text) for sign in ("->", "*"))
        return f"[{text}@{NUMBER}{self.state.done}]" if reads else text

    def _inside_helper(self, helper: Helper, call: view.Call, given: list[str]) -> str:
        """What a helper does, and what it gives."""
        inner = State({}, self.state.done, self.state.does)
        helper.spelled.state = inner
        for name, value, node in zip(helper.parameters, given, call.args, strict=True):
            if name in helper.spelled.types:
                same = node.type == "identifier" and \
                    self.types.get(self.raw(node)) == helper.spelled.types[name]
                helper.spelled.hold(name, value, as_it_is=same or (
                    value.startswith(_ADDRESS)
                    and _STRUCT.fullmatch(helper.spelled.types[name]) is not None))
        for item in helper.items[:-1] if helper.gives is not None else helper.items:
            helper.spelled.item(item, inner)
        said = ""
        if helper.gives is not None:
            said = helper.spelled.item(Item(helper.gives), inner)
        self.state.done = inner.done
        return atom(said) if helper.gives is None or helper.type_ == REF else \
            atom(f"({helper.type_}){said}")

    def _asks_for_net_iov(self, node: Node) -> bool:
        call = view.call(node)
        # What its argument does would be lost.
        return call is not None and call.name in _NEVER_OF_PAGES and not any(
            nodes(call.arguments, one) for one in (
                "call_expression", "assignment_expression", "update_expression"))

    def _shapes(self, call: view.Call) -> str:
        """Which arguments are locals: to a macro they are places, not values, and may be names."""
        types = list(self.types.values())
        bare = [one.id for one in map(view.bare, call.args)]
        found: list[str] = []
        for one in nodes(call.arguments, "identifier"):
            name = self.raw(one)
            if name in self.types and (one.id in bare or types.count(self.types[name]) > 1):
                # One of several that could be meant goes by its name.
                found.append(self.name(name) if types.count(self.types[name]) > 1 else "local")
        return f" of {','.join(found)}" if found else ""

    def _may_change(self, call: view.Call, gave: str) -> None:
        """A macro may change the locals that it is given."""
        for number, one in enumerate(map(view.bare, call.args)):
            name = self.raw(one) if one.type == "identifier" else ""
            if name in self.types:
                self.state.held[name] = atom(f"({self.types[name]}){gave}.{number}")

    def _variable(self, node: Node) -> Said:
        name = self.raw(node)
        if name in self.types:
            if self.types[name] == REF and name not in self._bytes and self._is_counted(node):
                raise NotFollowed("arithmetic with a page")
            value = self.state.held.get(name, "nothing")
            return f"[bytes {value}]" if self.types[name] == REF and self._is_counted(node) \
                else value
        said = self.word(node)
        if _CONSTANT.fullmatch(said):
            return said
        return f"[{said}@{NUMBER}{self.state.done}]"

    def _is_counted(self, node: Node) -> bool:
        above = self.within.above.of(node)
        while above is not None and above.type in ("parenthesized_expression", "cast_expression"):
            above = self.within.above.of(above)
        if above is None:
            return False
        found = view.infix(above)
        return (found is not None and found.sign in _COUNTED) or above.type in (
            "subscript_expression", "update_expression")

    def _place(self, node: Node) -> Steps[Said]:
        """What an expression names, not what is in it."""
        said: Said
        if node.type == "parenthesized_expression":
            inside = view.children(node)
            if len(inside) != 1:
                raise NotFollowed("parentheses")
            said = yield self._place(inside[0])
            return said
        if node.type == "identifier":
            if self.raw(node) in self.types:
                raise NotFollowed("the address of a local")
            return self.word(node)
        argument = node.child_by_field_name("argument")
        if argument is None:
            raise NotFollowed(node.type)
        if node.type == "field_expression":
            found = view.field(node)
            assert found is not None
            said = yield (self._value(argument) if found.arrow else self._place(argument))
            name = self.name(found.name.decode("latin-1"))
            text = whole(said)
            if found.arrow and text.startswith(_ADDRESS) and is_atom(text):
                return f"{text[len(_ADDRESS):-1]}.{name}"
            return joined(said, "->" if found.arrow else ".", name)
        if node.type == "subscript_expression":
            index = node.child_by_field_name("index")
            if index is None:
                raise NotFollowed(node.type)
            of: Said = yield self._value(argument)  # a pointer may be read there
            said = yield self._value(index)
            return joined(of, "[", said, "]")
        if node.type == "pointer_expression" and not self.raw(node).startswith("&"):
            said = yield self._value(argument)
            text = whole(said)
            return text[len(_ADDRESS):-1] if text.startswith(_ADDRESS) and is_atom(text) \
                else f"*{text}"
        if node.type == "call_expression":
            said = yield self._value(node)
            return said
        raise NotFollowed(node.type)

    def _store(self, node: Node) -> Steps[Said]:
        said: Said
        right: Node | None = None
        if node.type == "update_expression":
            found = view.prefix(node)
            if found is None:
                raise NotFollowed(node.type)
            target, sign, given = found.argument, found.sign, ""
        else:
            pair = view.infix(node)
            if pair is None:
                raise NotFollowed(node.type)
            target, sign, right = pair.left, pair.sign, pair.right
            said = yield self._value(pair.right)
            given = whole(said)
        target = view.bare(target)
        self._stores += 1
        name = self.raw(target) if target.type == "identifier" else ""
        if name not in self.types:
            place: Said = yield self._place(target)
            # What is read back is as wide as the place.
            if not given and self.raw(node).startswith(sign):
                return self._note(f"{sign} {whole(place)}")
            return self._note(f"{whole(place)} {sign} {given}")
        if sign == "=":
            self._hold(name, given, right)
            return self.state.held[name]
        old = self.state.held.get(name, "nothing")
        if self.types[name] == REF and name not in self._bytes:
            raise NotFollowed("arithmetic with a page")
        self._hold(name, f"({old} {sign} {given})", None)
        postfix = node.type == "update_expression" and self.raw(node).endswith(sign)
        return old if postfix else self.state.held[name]


@dataclass(frozen=True, slots=True)
class Helper:
    """A function that does one thing after the other; `gives` is what it returns, if it does."""

    spelled: Valued
    parameters: list[str]
    items: list[Item]
    gives: Node | None
    type_: str


class Helpers:
    """The functions of which a call is what they do; `used` are those that were asked for."""

    def __init__(self, caller: Valued, found: Mapping[str, Node]) -> None:
        self._caller, self._found = caller, found
        self._known: dict[str, Helper | None] = {}
        self.used: set[str] = set()

    @property
    def mixed(self) -> bool:
        """Whether one of them gives a netmem to what takes a page."""
        return any(one is not None and one.spelled.mixed for one in self._known.values())

    def of(self, call: view.Call | None) -> Helper | None:
        """The function that is called, if it is one of them."""
        name = call.name.decode("latin-1") if call is not None else ""
        if call is None or name not in self._found:
            return None
        if name not in self._known:
            try:
                self._known[name] = self._read(self._found[name])
            except NotFollowed:
                self._known[name] = None
        found = self._known[name]
        if found is None or len(found.parameters) != len(call.args):
            return None
        self.used.add(name)
        return found

    def _read(self, function: Node) -> Helper:
        caller = self._caller
        spelled = Valued(caller.parsed, caller.names, caller.accessors, function,
                         pages_only=caller.pages_only, functions=caller.functions, own=caller.own)
        body = function.child_by_field_name("body")
        if body is None or function.has_error or spelled.within.hidden(function) or spelled.memory:
            raise NotFollowed("a helper")
        flow, block = build(body), 0
        items: list[Item] = []
        while block != flow.exit:
            here = flow.blocks[block]
            items += here.items
            if len(here.edges) != 1 or here.edges[0].test is not None or here.edges[0].back:
                raise NotFollowed("a helper with ways")
            block = here.edges[0].to
        gives = items[-1].node if items and items[-1].node.type == "return_statement" else None
        values = view.children(gives) if gives is not None else []
        if any(one.choices or one.macro_loop for one in items):
            raise NotFollowed("a helper with ways")
        if gives is not None and not values:
            items, gives = items[:-1], None
        return Helper(spelled, parameters(spelled, function), items,
                      values[0] if values else None, result(spelled, function))
