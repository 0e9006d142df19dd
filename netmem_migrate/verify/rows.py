# SPDX-License-Identifier: GPL-2.0-only
"""Rows of the partner table as C: for each, a function with its page form and one with netmem."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.pattern import REST, Pattern, pattern
from netmem_migrate.c.view import infix
from netmem_migrate.c.words import TEXT_CALL
from netmem_migrate.files import plain
from netmem_migrate.model.assumed import TOLD, Assumption
from netmem_migrate.model.forms import KNOWN, MEMORY, table
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.spelled import IS_NET_IOV, OPERANDS, REF, TO_NETMEM
from netmem_migrate.model.target import HEADERS, Target
from netmem_migrate.results import FileChange

PREFIX = "netmem_row"
"""How the functions made of a row begin; a number and `a` (page) or `b` (netmem) follow."""
_RESULT = "unsigned long"
_PAGE_GIVEN = f"\tif ({IS_NET_IOV}(({REF})result))\n\t\t__builtin_unreachable();\n"


@dataclass(frozen=True, slots=True)
class Row:
    """A page form and a netmem form that the proof takes for the same.

    `page` is what stands for it on pages, `spelled` what the model calls it. `hint` says that it is
    a call for nothing but speed, which has no value.
    """

    page: Pattern
    netmem: Pattern
    spelled: str
    assumes: tuple[Assumption, ...]
    hint: bool = False


def rows(root: Path, target: Target) -> list[Row]:
    """The rows of a kernel: of the table, and of what drivers may have that no pass writes.

    A spelling with a function that the headers of its row do not name is another kernel's.
    """
    texts = {header: plain.read(root / header) for header in HEADERS
             if (root / header).is_file()}
    here = set(TEXT_CALL.findall(b"".join(texts.values()).decode("latin-1")))
    found: dict[tuple[str, str], Row] = {}
    for row in (*table().rows, *KNOWN):
        for form in row.forms:
            if form.netmem and target.fits(form):
                for spelled in form.spellings:
                    if not here.issuperset({*spelled.functions} - {*form.spellings[0].functions}):
                        continue
                    page = pattern(row.identity) if row.identity else spelled
                    found.setdefault((page.text, form.netmem), Row(
                        page, form.becomes, spelled.text, form.assumed(spelled), row.keeps))
    return list(found.values())


def used(every: Sequence[Row], changes: Iterable[FileChange],
         partners: Mapping[str, Sequence[str]]) -> list[Row]:
    """The rows that a proof of `changes` stands on.

    Those whose netmem function the code has, before or after, and of which the change drops the
    page function; where it drops none, those that the identity way takes the name for. `partners`
    are the page functions of each netmem function, in that order.
    """
    before, after = (" ".join(code_of(text).decode("latin-1") for text in side)
                     for side in zip(*((one.before, one.after) for one in changes), strict=True))
    has = set(TEXT_CALL.findall(before)) | set(TEXT_CALL.findall(after))
    dropped = {row for row in every if row.netmem.name
               and _count(row.page, before) > _count(row.page, after)}
    told = {row.netmem.name for row in dropped}
    # Of names that stand for no call by another name, the first row is taken.
    first = {row.netmem.name: row for row in reversed(every) if row.netmem.name}
    return [row for row in every if has.issuperset(row.netmem.functions) and (
        not row.netmem.name or row in dropped or (row.netmem.name not in told and (
            row.page.name == partners[row.netmem.name][0] if row.netmem.name in partners
            else row is first[row.netmem.name])))]


def _count(page: Pattern, text: str) -> int:
    name = page.functions[0] if page.functions else ""
    return len(re.findall(rf"\b{name}\s*\(", text)) if name else 0


def functions(root: Path, number: str, row: Row, *, assumed: bool) -> str:
    """The two functions of a row, `assumed` with what it assumes of the page told the compiler.

    "" where the parameters of the page function cannot be told.
    """
    if row.page.node is None and row.page.text.endswith(MEMORY):
        return _declarations(number, row)
    fixed = dict.fromkeys((*row.page.operands, *row.netmem.operands))
    types = {name: OPERANDS.get(name, "") for name in fixed}
    known = BY_NAME.get(row.page.name)
    gives = known is not None and known.gives
    prototype = _prototype(root, row.page.name) if row.page.name else None
    if prototype is not None:
        types |= {name: _type(one) for name, one in zip(row.page.args, prototype[1], strict=False)
                  if types.get(name) == ""}
    rest: list[str] = []
    if REST in row.page.args:
        if prototype is None:
            return ""
        rest = [_type(one) for one in prototype[1][len(row.page.args) - 1:]]
    if not all(types.values()) or not all(rest):
        return ""
    names = [f"more_{index}" for index in range(len(rest))]
    heads = ", ".join([*(f"{text} {name}" for name, text in types.items()),
                       *(f"{text} {name}" for text, name in zip(rest, names, strict=True))])
    tells = "".join(f"\tif (!({TOLD[one]}))\n\t\t__builtin_unreachable();\n"
                    for one in row.assumes if assumed and one in TOLD)
    if MEMORY in types:
        # That a reference has the alignment of a page is what makes it no other memory.
        tells = (f"\t{MEMORY} = __builtin_assume_aligned({MEMORY}, __alignof__(*{MEMORY}));\n"
                 f"{tells}\t{REF} netmem = {TO_NETMEM}({MEMORY});\n")
    rest_text = ", ".join(names)
    page, netmem = row.page.fill({}, rest_text), row.netmem.fill({MEMORY: "netmem"}, rest_text)
    if row.hint or (prototype is not None and prototype[0] == "void"):
        head, give = "void", "\t{0};\n"
    elif infix(row.page.node) is not None:
        head, give = _RESULT, f"\treturn ({_RESULT})!!({{0}});\n"
    else:
        head, give = _RESULT, (f"\t{_RESULT} result = ({_RESULT})({{0}});\n"
                               f"{_PAGE_GIVEN if gives else ''}\treturn result;\n")
    head = f"{head} {PREFIX}_{number}_{{0}}({heads or 'void'})"
    return "".join(f"__attribute__((NETMEM_ALONE)) {head.format(letter)}\n"
                   f"{{\n{tells}{give.format(text)}}}\n"
                   for letter, text in (("a", page), ("b", netmem)))


def _type(parameter: str) -> str:
    return re.sub(r"\w+$", "", parameter).strip()


def _declarations(number: str, row: Row) -> str:
    """A row that declares what the memory is: the same bits are kept."""
    return "".join(
        f"__attribute__((NETMEM_ALONE)) {_RESULT} {PREFIX}_{number}_{letter}({_RESULT} bits)\n"
        f"{{\n\t{one.text};\n\t*({_RESULT} *)&{MEMORY} = bits;\n"
        f"\treturn *({_RESULT} *)&{MEMORY} + sizeof({MEMORY});\n}}\n"
        for letter, one in (("a", row.page), ("b", row.netmem)))


def _prototype(root: Path, name: str) -> tuple[str, list[str]] | None:
    """The result and the parameters of a function, as the headers of a tree declare it."""
    known = BY_NAME.get(name)
    headers = dict.fromkeys((*HEADERS, *(f"include/{one}" for one in (
        *table().headers, *([known.header] if known else [])))))
    for header in headers:
        path = root / header
        if not path.is_file():
            continue
        text = code_of(plain.read(path)).decode("latin-1")
        for match in re.finditer(rf"([\w*]+)[\s]*\b{name}\s*\(([^(){{}};]*)\)\s*[;{{]", text):
            given = [" ".join(one.split()) for one in match[2].split(",")]
            if match[1] != "return" and all(len(one.split()) > 1 or one == "void"
                                            for one in given):
                return match[1], [one for one in given if one != "void"]
    return None
