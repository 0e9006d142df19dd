# SPDX-License-Identifier: GPL-2.0-only
"""The replacements that a change made, as a reviewer would write them in a semantic patch.

They are counted in the files before and after, so that they hold for any change that reached the
patch, whoever accepted or edited it. What is counted, and how it is worded, are rows of
netmem_migrate/model/forms.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.pattern import Pattern
from netmem_migrate.c.words import CALL
from netmem_migrate.model.assumed import Assumption
from netmem_migrate.model.forms import MEMORY, Form, table
from netmem_migrate.model.spelled import REF
from netmem_migrate.results import FileChange

_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ARGUMENT = rb"\((?:[^()]|\([^()]*\))*\)"
_PART = re.compile(r"(?!sizeof\b)(\w+)\(\w+\)|\w+|->|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Replacement:
    """What stood before, what stands there after, and how often it was made.

    `assumes` is what must be so of a page for both to be the same. `spelled_out` names, where flags
    are written out that were implied, what takes them, what implied them, and what would again.
    """

    before: str
    after: str
    count: int
    assumes: tuple[Assumption, ...] = ()
    spelled_out: tuple[str, ...] = ()


def calls(changes: Iterable[FileChange]) -> tuple[Counter[str], Counter[str]]:
    """How often each name is called before and after."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for change in changes:
        before.update(name.decode() for name in CALL.findall(change.before))
        after.update(name.decode() for name in CALL.findall(change.after))
    return before, after


def replacements(changes: Sequence[FileChange]) -> list[Replacement]:
    """Everything that `changes` replaced; page calls first, in the order of the model."""
    codes = [(code_of(one.before), code_of(one.after)) for one in changes]
    olds, news = b"\n".join(one for one, _ in codes), b"\n".join(two for _, two in codes)
    before = Counter(name.decode() for name in CALL.findall(olds))
    after = Counter(name.decode() for name in CALL.findall(news))
    inside: Counter[str] = Counter()  # calls that are part of another form that was replaced
    forms: list[Replacement] = []
    for row in table().others:
        forms += _form(row, olds, news, inside)
    found: list[Replacement] = []
    for row in table().calls:
        form = next((one for one in row.forms
                     if after[one.becomes.name] > before[one.becomes.name]), None)
        number = before[row.call] - after[row.call] - inside[row.call]
        if form is not None and number > 0:
            flags = ((form.becomes.name, row.call, row.shorthand or row.becomes.name)
                     if form.writes_flags else ())
            found.append(Replacement(*_worded(form), number, form.assumed(form.spellings[0]),
                                     flags))
    found += forms
    return [*found, *_nulls(olds, news), *_declared(olds, news), *_rest(before, after, found)]


def _worded(row: Form) -> tuple[str, str]:
    return row.wording or (row.page, row.netmem)


def _form(row: Form, before: bytes, after: bytes, inside: Counter[str]) -> Iterator[Replacement]:
    """A row that is no call by another name; each spelling is told, unless one wording is."""
    netmem, number = row.becomes, 0
    if netmem.node is None:
        return
    if row.keeps:
        yield from _argument(row, before, after, inside)
    elif row.page.isidentifier():  # a page that is made a netmem
        number = -_lost(_counted(netmem), before, after)
    elif row.netmem == MEMORY and row.call:  # a netmem that was made one
        number = _lost(_counted(row.spellings[0]), before, after)
    elif netmem.functions or not netmem.operands:
        more = -_lost(_counted(netmem), before, after)
        for one in (*row.spellings[1:], row.spellings[0]):
            less = _lost(_counted(one), before, after) if more > 0 else 0
            if less > 0:
                inside.update({name: min(less, more) for name in one.functions})
                if row.wording is None:
                    yield Replacement(one.text, row.netmem, min(less, more), row.assumed(one))
                number += less
        number = min(number, more) if row.wording is not None else 0
    if number > 0:
        yield Replacement(*_worded(row), number, row.assumed(row.spellings[0]))


def _argument(row: Form, before: bytes, after: bytes,
              inside: Counter[str]) -> Iterator[Replacement]:
    """A call that stays, of which the argument becomes another thing."""
    def nested(one: Pattern) -> bytes:
        return rb"\b" + rb"\s*\(\s*".join(map(str.encode, one.functions)) + rb"\s*\("

    number = -_lost(nested(row.becomes), before, after)
    for one in (*row.spellings[1:], row.spellings[0]):
        less = _lost(nested(one), before, after) if len(one.functions) > 1 else number
        if 0 < less <= number:
            inside.update(dict.fromkeys(one.functions[1:], less))
            number -= less
            yield Replacement(one.text, row.netmem, less)


@cache
def _counted(one: Pattern) -> bytes:
    """An expression for what is counted of a pattern: its call, or its words in order."""
    if one.functions and one.node is not None and one.node.type != "field_expression" \
            and "->" not in one.text:
        return rb"\b" + one.functions[0].encode() + rb"\s*\("
    found = b""
    for part in _PART.finditer(one.text.removeprefix("&")):
        word = part.group().encode()
        if part[1]:
            found += rb"\b" + part[1].encode() + rb"\s*" + _ARGUMENT + rb"\s*"
        elif part.group() in one.operands:
            found += rb"(?<!\))"  # of an operand, its end: no call that is a spelling of its own
        else:
            found += (rb"\b" + word + rb"\b" if word.isalnum() else re.escape(word)) + rb"\s*"
    return found.removesuffix(rb"\s*")


def _lost(pattern: bytes, before: bytes, after: bytes) -> int:
    return len(re.findall(pattern, before)) - len(re.findall(pattern, after))


def _nulls(before: bytes, after: bytes) -> list[Replacement]:
    equal = _lost(rb"==\s*NULL\b|\bNULL\s*==", before, after)
    unequal = _lost(rb"!=\s*NULL\b|\bNULL\s*!=", before, after)
    assigned = _lost(rb"\bNULL\b", before, after) - max(equal, 0) - max(unequal, 0)
    pairs = (Replacement("p == NULL", "!p", equal), Replacement("p != NULL", "p", unequal),
             Replacement("p = NULL", "p = 0", assigned))
    return [one for one in pairs if one.count > 0]


def _declared(before: bytes, after: bytes) -> list[Replacement]:
    """Declarations of pages, and of `void *` that held pages; casts that went with them."""
    gone = {
        kind: (_lost(rb"\b" + kind + rb"\s*\*", before, after),
               _lost(rb"(?<!sizeof)(?<!sizeof )\(\s*" + kind + rb"\s*\*\s*\)", before, after),
               _lost(rb"\bsizeof\s*\(\s*" + kind + rb"\s*\*\s*\)", before, after))
        for kind in (rb"struct\s+page", rb"void")}
    found = []
    for name, (every, casts, sizes) in zip(("struct page *", "void *"), gone.values(), strict=True):
        found += [Replacement(f"{name}p", f"{REF} p", every - max(casts, 0) - max(sizes, 0)),
                  Replacement(f"({name})p", "p", casts)]
    return [one for one in found if one.count > 0]


def _rest(before: Counter[str], after: Counter[str],
          found: Sequence[Replacement]) -> list[Replacement]:
    """Netmem calls that nothing above accounts for: nothing is left unsaid."""
    told = {name for one in found for name in re.findall(r"\w+", one.after)}
    return [Replacement("", f"{name}()", after[name] - before[name]) for name in sorted(after)
            if "netmem" in name and after[name] > before[name] and name not in told]


def comments(changes: Iterable[FileChange]) -> int:
    """How many comments changed with the names in them."""
    number = 0
    for change in changes:
        before = Counter(_COMMENT.findall(change.before))
        number += (Counter(_COMMENT.findall(change.after)) - before).total()
    return number


def lines(found: Sequence[Replacement]) -> list[str]:
    """They as indented `-` and `+` lines, which neither git nor checkpatch takes for a diff."""
    result = []
    for one in found:
        times = f"  ({one.count}x)" if one.count > 1 else ""
        if one.before:
            result += [f"  - {one.before}{times}", f"  + {one.after}"]
        else:
            result.append(f"  + {one.after}{times}")
    return result
