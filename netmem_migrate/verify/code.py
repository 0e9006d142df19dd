# SPDX-License-Identifier: GPL-2.0-only
"""Assembly, less what a compiler names and numbers on its own: what two objects are compared by."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

ASSEMBLY = ("-S", "-g0", "-fno-verbose-asm", "-o", "-")
"""Options that give assembly of code alone: neither lines of the source nor remarks on names."""

ALONE = b"__attribute__((__noipa__, __used__)) "
"""In front of a function: no inlining, folding or cloning, nor is anything left out or known of its
callers."""

# Where a piece of inline assembly came from; what names the source; clang's remarks.
_MARKS = re.compile(r'^(?:[#@] \d+ "|\s*\.(?:file|ident|loc|addrsig|addrsig_sym)\b)')
_STRINGS = re.compile(r"\t\.section\t\.rodata(?:\.\w+)*?\.{1,2}str")
# How it is laid out, and how long it is.
_OF_TEXT = ("\t.align", "\t.p2align", "\t.size")
_TEXT = ("\t.string", "\t.ascii", "\t.asciz", "\t.zero")

# A symbol of which the compiler or __COUNTER__ numbered some part.
# __COUNTER__ is a local label of inline assembly too, as in "1748: nop" and "1748b".
_SYMBOL = re.compile(r"(?:(?<![\w.$])|(?<=[\s,(]\$))"
                     r"(?:(?:\.L|[A-Za-z_])[\w.$]*|\d{2,}(?=:|[bf]\b))")
_LABEL = re.compile(r"(\.L[A-Za-z_]*?)\d+(?:_\d+)*$")
_UNIQUE = re.compile(r"(__UNIQUE_ID_\w*?)\d+(?=$|\.)")
_PART = re.compile(r"\.\d+(?=\.|$)")
_FORMAT = "bug_entry::format"  # how the kernel's own assembly remarks on a line of its tables
_CONSTANT = re.compile(r"\.LC\d+\b")
_FUNCTION = re.compile(r"([A-Za-z_][\w.$]*):")


def _renumber() -> Callable[[re.Match[str]], str]:
    """Gives numbered symbols new numbers, in the order in which they are met, by name."""
    known: dict[str, str] = {}
    counted: Counter[str] = Counter()

    def renamed(match: re.Match[str]) -> str:
        symbol = match.group()
        if symbol not in known:
            base = "#" if symbol.isdigit() else _PART.sub(
                ".#", _UNIQUE.sub(r"\1#", _LABEL.sub(r"\1#", symbol)))
            if base == symbol:
                known[symbol] = symbol
            else:
                counted[base] += 1
                known[symbol] = base.replace("#", f"#{counted[base]}")
        return known[symbol]

    return renamed


def _without_conditions(lines: list[str]) -> list[str]:
    """Assembly without the strings that spell the conditions of WARN() and nothing else, and with
    each use of such a string as one and the same."""
    tables = [index for index, line in enumerate(lines) if _FORMAT in line]
    if not tables:
        return lines
    said: dict[str, list[int]] = {}
    for index, line in enumerate(lines):
        for label in _CONSTANT.findall(line):
            said.setdefault(label, []).append(index)
    gone: set[int] = set()
    wanted = set(tables)
    for label, places in said.items():
        defined = [one for one in places if lines[one].startswith(f"{label}:")]
        if len(defined) == 1 and wanted.issuperset(set(places) - set(defined)) and \
                defined[0] + 1 < len(lines) and lines[defined[0] + 1].startswith("\t.string"):
            gone |= {defined[0], defined[0] + 1}
    return [_CONSTANT.sub(".LCONDITION", line) if index in wanted else line
            for index, line in enumerate(lines) if index not in gone]


def normal(text: str) -> list[str]:
    """Assembly without what names source lines, the text of string literals, and numbers of names.

    What spells the condition of a WARN() is no behaviour, nor whether two of them are one string.
    How long a literal is decides which section of strings it is in, and with which alignment; a
    literal that spells code is as long as the names in it. What the compiler numbers (labels,
    clones of functions, static locals, tables of a switch), and what __COUNTER__ does, is numbered
    anew, in order: two names stay two.
    """
    lines: list[str] = []
    renamed = _renumber()
    section = written = ""
    for line in _without_conditions(text.splitlines()):
        if _MARKS.match(line):
            continue
        strings = _STRINGS.match(line)
        if strings or line.startswith("\t.section") or line in ("\t.text", "\t.data", "\t.bss"):
            # Strings of several lengths change the section for each other only.
            section = strings[0] if strings else line.rstrip()
            continue
        if _STRINGS.match(section):
            if line.startswith(_OF_TEXT):
                continue
            if line.startswith(_TEXT):
                line = "\t.string"
        if not line.startswith(_TEXT):
            line = _SYMBOL.sub(renamed, line)
        if line.strip():
            if section != written:
                lines.append(section)
                written = section
            lines.append(line.rstrip())
    return lines


def difference(before: list[str], after: list[str]) -> tuple[str, ...]:
    """The function in which two assemblies first differ, and the first lines that do."""
    function = ""
    for one, other in zip(before, after, strict=False):
        if one != other:
            return (f"{function or 'data'}: the code differs", f"- {one.strip()}",
                    f"+ {other.strip()}")
        if one.endswith(":") and not one.startswith((".", " ", "\t")):
            function = one[:-1]
    return (f"{function or 'data'}: code was added or removed",)


def functions(text: str) -> dict[str, list[str]]:
    """The code of each function by its name, its unlikely part included; labels by their order.

    The function's own name is left out of its code.
    """
    found: dict[str, list[str]] = {}
    inside = ""
    for line in text.splitlines():
        if _MARKS.match(line):
            continue
        head = _FUNCTION.match(line)
        if head is not None:
            inside = head[1].removesuffix(".cold")
            found.setdefault(inside, [])
        elif inside and line.startswith("\t.size\t"):
            inside = ""
        elif inside and line.strip():
            found[inside].append(line.rstrip())
    return {name: _alone(name, lines) for name, lines in found.items()}


def _alone(name: str, lines: list[str]) -> list[str]:
    renamed = _renumber()
    own = re.compile(rf"\b{re.escape(name)}\b")
    # Other numbered names are those of one and the same file: only labels are each function's.
    return [re.sub(r"\.L[A-Za-z_]*\d+(?:_\d+)*\b", renamed, own.sub("", line)) for line in lines]
