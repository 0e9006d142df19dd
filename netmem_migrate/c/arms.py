# SPDX-License-Identifier: GPL-2.0-only
"""Which arms of `#if` a text has, and which the target leaves out (C11 6.10.1).

A condition is decided by what is known of names: by the options `-D` and `-U`, by the target's
release and headers, and by the `#define`s of the driver's own files that stand before it, in the
text or in what it includes. An arm that is left out is spaces in what everybody else reads.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from itertools import pairwise

from netmem_migrate.c.conditions import (
    DEFINED,
    UNDEFINED,
    Name,
    Names,
    integer,
    is_option,
    value_of,
)
from netmem_migrate.c.layers import Layers
from netmem_migrate.c.mask.text import blank, without_comments
from netmem_migrate.c.words import WORD, include_lines

# Starts with a literal: `re` then skips to candidates at full speed.
_REST = rb"\b((?:[^\n\\]++|\\\r?\n|\\.)*)"
_CONDITION = re.compile(rb"#[ \t]*+(?:el)?if(?:def|ndef)?" + _REST, re.DOTALL)
_DIRECTIVE = re.compile(
    rb"#[ \t]*+(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif|define|undef|include)" + _REST,
    re.DOTALL)
_DEFINED = re.compile(rb"\s*(!?)\s*defined\s*(?:\(\s*(\w+)\s*\)|(\w+))\s*")
_OBJECT = re.compile(rb"\s*(\w+)(\(?)(.*)", re.DOTALL)
_SWITCH = re.compile(rb"\s*(\w+)\s*[0-9]*\s*")
_INCLUDED = re.compile(rb'\s*["<]([^">\n]+)[">]')
_CONTINUED = re.compile(rb"\\\r?\n")
# Atomic groups: Python 3.11.2 forgets what is matched behind a possessive one.
_GUARD = re.compile(
    rb"\A(?>(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/|#[ \t]*pragma[^\n]*)*)"
    rb"#[ \t]*+(?:ifndef[ \t]++(\w++)|if[ \t]++!defined[ \t]*+\(?[ \t]*+(\w++)\)?)[^\n]*\n"
    rb"(?>(?:[ \t\r\n]|//[^\n]*|/\*.*?\*/)*)#[ \t]*+define[ \t]++(?:\1|\2)\b", re.DOTALL)
_OPERATORS = (b"defined", b"IS_ENABLED", b"IS_REACHABLE", b"IS_BUILTIN", b"IS_MODULE",
              b"KERNEL_VERSION")
_FIXED: Names = {b"__KERNEL__": Name(True, integer(1)), b"__cplusplus": UNDEFINED,
                 b"__ASSEMBLY__": UNDEFINED, b"__ASSEMBLER__": UNDEFINED}

Layer = dict[bytes, Name | None]
"""What an arm changes; None where nothing is known of a name any more."""
# So much is remembered of what the arms before one asked for: a longer chain is a table of devices.
_AGAINST = 100


@dataclass(frozen=True, slots=True)
class Arm:
    """One arm of a conditional: its bytes between two directives, and the directive before them.

    `test` is its condition as it is compared with others, `truth` what that must be for the arm to
    be taken where those before it are not. `#else` has none.
    """

    start: int
    end: int
    directive: bytes
    test: bytes
    truth: bool
    left_out: bool


@dataclass(frozen=True, slots=True)
class Group:
    """One conditional, from `#if` (at `start`) to behind `#endif`."""

    start: int
    end: int
    arms: tuple[Arm, ...]
    decided: bool

    @property
    def directives(self) -> tuple[tuple[int, int], ...]:
        """The bytes of its lines: `#if`, those between the arms, and `#endif`."""
        starts = (self.start, *(arm.end for arm in self.arms))
        ends = (*(arm.start for arm in self.arms), self.end)
        return tuple(zip(starts, ends, strict=True))


@dataclass(frozen=True, slots=True)
class Reading:
    """A text as the target has it: `seen` is as long as the text.

    `groups` are the conditionals of which an arm is taken somewhere, in order, but for those that
    guard a header against being read twice. `left_out` are the arms that the target has not, and
    the directives around those that it has in any case, in order.
    """

    seen: bytes
    groups: tuple[Group, ...] = ()
    left_out: tuple[tuple[int, int], ...] = ()

    def around(self, offset: int) -> list[tuple[Group, Arm]]:
        """The arms that a byte is in, of conditionals that are not decided, from the outermost."""
        return [(group, arm) for group in self.groups
                if group.start <= offset < group.end and not group.decided
                for arm in group.arms if arm.start <= offset < arm.end]

    def direction(self, offset: int) -> dict[bytes, bool]:
        """What the conditions around a byte must be for it to be compiled."""
        found: dict[bytes, bool] = {}
        for group, taken in self.around(offset):
            for arm in group.arms[:group.arms.index(taken) + 1]:
                if arm.test:
                    found[arm.test] = arm.truth == (arm is taken)
        return found


class Arms:
    """What is known of the names in the conditions of one driver, and its texts by that.

    `known` are names of the target, `given` those of -D and -U, which no directive changes.
    `files` are the driver's own by path; `brings` says what an include of the target, as it is
    spelled, defines of some names.
    """

    def __init__(self, known: Names | None = None, given: Names | None = None,
                 files: Mapping[str, bytes] | None = None,
                 brings: Callable[[bytes, frozenset[bytes]], Names] | None = None) -> None:
        """Take what is known; files are read when a condition asks for what they define."""
        self.given: Names = given or {}
        self._known: Names = {**_FIXED, **(known or {})}
        self._files = files or {}
        self._by_name: dict[str, list[str]] = {}
        for path in self._files:
            self._by_name.setdefault(path.rpartition("/")[2], []).append(path)
        self._brings = brings
        self._exports: dict[str, Mapping[bytes, Name | None]] = {}
        self._readings: dict[bytes, Reading] = {}
        self._asked: set[bytes] = set()
        self._brought: frozenset[bytes] = frozenset()  # what the target's headers may
        self._started = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The driver's own files."""
        return tuple(self._files)

    def seen(self, source: bytes) -> bytes:
        """The text without what the target leaves out, as long as before."""
        return self.read(source).seen

    def read(self, source: bytes) -> Reading:
        """The conditionals of a text; read once."""
        found = self._readings.get(source)
        if found is None:
            found = Reading(source)
            if _conditions(source):
                self._ask(source)
                walk = _Walk(self, source, self._asked)
                walk.run()
                found = Reading(walk.seen(), tuple(walk.groups), tuple(sorted(walk.blanks)))
            self._readings[source] = found
        return found

    def exports(self, include: bytes) -> Mapping[bytes, Name | None]:
        """What is known of names behind an include line.

        Of several files that it can mean, only that counts in which they agree.
        """
        plain = os.path.normpath(os.fsdecode(include))
        while plain.startswith("../"):
            plain = plain[3:]
        found = [self._export(path) for path in self._by_name.get(plain.rpartition("/")[2], ())
                 if path == plain or path.endswith("/" + plain)]
        if not found:
            return self._brings(include, self._brought) if self._brings and self._brought else {}
        every = {name for one in found for name in one}
        return {name: _either([one.get(name) for one in found]) for name in every}

    def forget(self) -> None:
        """Free what was read; a text that is asked for again is read again."""
        self._readings.clear()

    def of(self, name: bytes) -> Name | None:
        """What is known of a name before the first line of a text."""
        return self.given.get(name) or self._known.get(name)

    def _export(self, path: str) -> Mapping[bytes, Name | None]:
        found = self._exports.get(path)
        if found is None:
            self._exports[path] = {}  # a file that includes itself adds nothing
            walk = _Walk(self, self._files[path], self._asked)
            walk.run()
            found = self._exports[path] = walk.layers.first
        return found

    def _ask(self, source: bytes) -> None:
        """Note the names that conditions ask for, and who may define those."""
        texts = [source] if self._started else [source, *self._files.values()]
        self._started = True
        more = {name for text in texts for condition in _conditions(text)
                for name in _names(condition)} - self._asked
        if not more:
            return
        self._asked |= more
        self._exports.clear()
        if self._brings is not None:
            wanted = frozenset(name for name in more
                               if not is_option(name) and self.of(name) is None)
            includes = {name for text in (source, *self._files.values())
                        for mark, name in include_lines(text) if mark == b"<"}
            self._brought |= {name for include in includes if wanted
                              for name in self._brings(include, wanted)}


def alone(source: bytes, names: frozenset[bytes]) -> Names:
    """What a text defines of some names, whatever it includes and wherever it is included."""
    walk = _Walk(Arms(), source, names)
    walk.run()
    return {name: found for name, found in walk.layers.first.items()
            if found is not None and found.defined}


def _conditions(source: bytes) -> list[bytes]:
    """The conditions of a text as they stand there, but for that which guards a header."""
    if b"if" not in source:
        return []
    found = [match[1] for match in _CONDITION.finditer(source)]
    return found[1:] if found and _GUARD.search(source) else found


def _names(condition: bytes) -> list[bytes]:
    """The names in a condition."""
    return [word for word in WORD.findall(condition) if word not in _OPERATORS]


def _either(found: list[Name | None]) -> Name | None:
    """What is known of a name of which one of these is true."""
    first = found[0]
    if all(one == first for one in found):
        return first
    return DEFINED if all(one is not None and one.defined for one in found) else None


@dataclass(frozen=True, slots=True)
class _Test:
    """A condition: `key` is as it is compared with others, `truth` what that must be.

    `name` is the one whose being defined is all that it asks for.
    """

    key: bytes
    truth: bool = True
    name: bytes = b""

    @classmethod
    def of(cls, word: bytes, rest: bytes) -> _Test:
        """The test of a directive."""
        if word == b"else":
            return cls(b"")
        if word.endswith(b"def"):
            name = b"".join(rest.split()[:1])
            return cls(b"defined " + name, not word.endswith(b"ndef"), name)
        found = _DEFINED.fullmatch(rest)
        if found is not None:
            name = found[2] or found[3]
            return cls(b"defined " + name, not found[1], name)
        text = b"".join(rest.split())
        if re.fullmatch(rb"!\w+(?:\(\w+\))?", text):
            return cls(text[1:], False)
        return cls(text)


@dataclass(slots=True)
class _Open:
    """A conditional that is being read."""

    start: int
    guard: bool = False
    marks: list[tuple[int, int]] = field(default_factory=list)  # its directives
    arms: list[tuple[bytes, _Test, bool | None]] = field(default_factory=list)
    layers: list[Layer] = field(default_factory=list)  # of the arms that may be taken
    against: Layer = field(default_factory=dict)  # what holds behind the last arm
    taken: bool = False  # an arm before is always taken
    open: bool = False  # of an arm before nobody knows


class _Walk:
    """Reads the directives of one text in order."""

    def __init__(self, arms: Arms, source: bytes, asked: Set[bytes]) -> None:
        self.arms, self.source, self.asked = arms, source, asked
        self.code = without_comments(source)
        self.layers = Layers[Name | None]()
        self.stack: list[_Open] = []
        self.groups: list[Group] = []
        self.blanks: list[tuple[int, int]] = []
        self.dead = 0  # how many conditionals are open where an arm is left out, that one included

    def run(self) -> None:
        """Read all of it."""
        guarded = _GUARD.match(self.source) is not None
        for match in _DIRECTIVE.finditer(self.code):
            line = self.code.rfind(b"\n", 0, match.start()) + 1
            if self.code[line:match.start()].strip():
                continue
            word, rest = match[1], _CONTINUED.sub(b" ", match[2])
            if word.startswith(b"if"):
                self._if(match, word, rest, guarded)
                guarded = False
            elif word.startswith(b"el"):
                self._else(match, word, rest)
            elif word == b"endif":
                self._endif(match)
            elif not self.dead:
                self._other(word, rest)
            elif word == b"define":
                self._not_defined(rest)
        self.groups.sort(key=lambda one: one.start)

    def seen(self) -> bytes:
        """The text with what is left out as spaces."""
        if not self.blanks:
            return self.source
        text = bytearray(self.source)
        for start, end in self.blanks:
            text[start:end] = blank(self.source[start:end])
        return bytes(text)

    def of(self, name: bytes) -> Name | None:
        """What is known of a name here."""
        if name not in self.arms.given and name in self.layers:
            return self.layers[name]
        return self.arms.of(name)

    def _if(self, match: re.Match[bytes], word: bytes, rest: bytes, guard: bool) -> None:
        if self.dead:
            self.dead += 1
            return
        self.stack.append(_Open(match.start(), guard))
        self._arm(match, word, rest)

    def _arm(self, match: re.Match[bytes], word: bytes, rest: bytes) -> None:
        """Begin an arm of the innermost conditional."""
        group = self.stack[-1]
        group.marks.append(match.span())
        test = _Test.of(word, rest)
        if group.guard:
            group.against[test.name] = DEFINED
            return
        value = False if group.taken else self._decide(group, test, rest) if test.key else True
        directive = b" ".join((b"#" + word + b" " + rest).split())
        group.arms.append((directive, test, value))
        if value is False:
            self.dead = 1
            return
        holds = dict(group.against)
        if value is None and test.name:
            # What the condition asks for is true inside the arm, and not in those behind it.
            holds[test.name] = DEFINED if test.truth else UNDEFINED
            if len(group.against) < _AGAINST:
                group.against[test.name] = UNDEFINED if test.truth else DEFINED
        self.layers.push(holds)
        group.taken = value is True
        group.open = group.open or value is None

    def _decide(self, group: _Open, test: _Test, rest: bytes) -> bool | None:
        self.layers.push(group.against)
        if test.name:
            known = self.of(test.name)
            value = known.defined == test.truth if known is not None else None
        else:
            number = value_of(rest, self.of)
            value = number.truth if number is not None else None
        self.layers.pop()
        return value

    def _leave(self) -> _Open | None:
        """End the arm that is being read; its conditional, None where that is left out itself."""
        if self.dead > 1 or not self.stack:
            return None
        group = self.stack[-1]
        if self.dead:
            self.dead = 0
        elif not group.guard:
            group.layers.append(self.layers.pop())
        return group

    def _else(self, match: re.Match[bytes], word: bytes, rest: bytes) -> None:
        if self._leave() is not None:
            self._arm(match, word, rest)

    def _endif(self, match: re.Match[bytes]) -> None:
        group = self._leave()
        if group is None:
            self.dead = max(self.dead - 1, 0)
            return
        self.stack.pop()
        if group.guard:
            if self.code[match.end():].strip():
                # A default, that is, and not of the whole file: it may have another value.
                self.layers.say((name, DEFINED) for name in self.layers.last
                                if name in group.against)
            return
        group.marks.append(match.span())
        if not group.taken:
            group.layers.append(group.against)
        told = Counter(name for layer in group.layers for name in layer)
        self.layers.say({name: self._behind(name, count, group.layers)
                         for name, count in told.items()})
        self._settle(group)

    def _behind(self, name: bytes, told: int, layers: Sequence[Layer]) -> Name | None:
        """What is known of a name behind arms, of which so many tell of it."""
        if told < len(layers) and self.of(name) is None:
            return None
        return _either([layer[name] if name in layer else self.of(name) for layer in layers])

    def _settle(self, group: _Open) -> None:
        """Say what becomes of the arms of a conditional that was read."""
        arms = tuple(
            Arm(before[1], after[0], directive, test.key, test.truth, value is False)
            for (before, after), (directive, test, value)
            in zip(pairwise(group.marks), group.arms, strict=True))
        self.groups.append(Group(group.start, group.marks[-1][1], arms, not group.open))
        self.blanks += [(arm.start, arm.end) for arm in arms if arm.left_out]
        if not group.open:
            self.blanks += group.marks

    def _not_defined(self, rest: bytes) -> None:
        """A switch that the driver sets for other kernels only is not set on the target.

        One of a body may be the driver's own version of a macro that the target has.
        """
        macro = _SWITCH.fullmatch(rest)
        if macro is not None and macro[1] in self.asked and self.of(macro[1]) is None and \
                macro[1] not in self.layers:
            self.layers.say({macro[1]: UNDEFINED})

    def _other(self, word: bytes, rest: bytes) -> None:
        if word == b"include":
            found = _INCLUDED.match(rest)
            if found is not None:
                self.layers.say(self.arms.exports(found[1]))
            return
        macro = _OBJECT.match(rest)
        if macro is None or macro[1] not in self.asked:
            return
        name = macro[1]
        if word == b"undef":
            self.layers.say({name: UNDEFINED})
            return
        body = b"" if macro[2] else macro[3].strip()
        self.layers.say({name: Name(True, value_of(body, self.arms.of)) if body else DEFINED})
