# SPDX-License-Identifier: GPL-2.0-only
"""Which changed lines no compiler saw: text between #if and #endif that is left out here.

Nothing is proven of such a line, however clean the objects compile.
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.git.hunks import decoded, read
from netmem_migrate.git.run import neutral_environment, run
from netmem_migrate.results import FileChange

_CONDITIONAL = re.compile(rb"[ \t]*#[ \t]*(if|ifdef|ifndef|elif|elifdef|elifndef|else|endif)\b")
_REACHED = re.compile(rb"#pragma netmem_reached (\d+) (\d+)")


def changed_lines(change: FileChange) -> tuple[list[int], list[int]]:
    """The lines that a change removes and those that it adds, 1-based, as git sees them."""
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        for side, text in (("a", change.before), ("b", change.after)):
            (Path(name) / side).write_bytes(text)
        done = run(["diff", "--no-index", "--no-color", "--no-ext-diff", "-U0", "a", "b"],
                   cwd=Path(name), env=neutral_environment())
    old: list[int] = []
    new: list[int] = []
    for file in read(decoded(done.stdout)):
        for hunk in file.hunks:
            old.extend(range(hunk.old, hunk.old + hunk.old_count))
            new.extend(range(hunk.new, hunk.new + hunk.new_count))
    return old, new


def instrument(number: int, source: bytes, lines: list[int],
               *, always: bool) -> tuple[bytes, dict[int, list[int]]]:
    """`source` with a pragma in each conditional branch that holds one of `lines`.

    Returns it with the lines of code by branch; the preprocessor passes on the pragmas of the
    branches that it keeps, which `reached` finds. `number` tells files apart. `always` is for
    headers, of which text outside conditionals need not be reached either.
    """
    owner, starts = _branches(source)
    code = code_of(source).split(b"\n")
    text = source.split(b"\n")
    wanted: dict[int, list[int]] = {}
    for line in lines:
        says = code[line - 1].strip() or text[line - 1].lstrip().startswith(b"#")
        if says and (always or owner[line - 1]):
            wanted.setdefault(owner[line - 1], []).append(line)
    for branch in sorted(wanted, key=lambda one: -starts[one]):
        text.insert(starts[branch], b"#pragma netmem_reached %d %d" % (number, branch))
    return b"\n".join(text), wanted


def reached(preprocessed: bytes) -> set[tuple[int, int]]:
    """The (file number, branch) pairs that the preprocessor kept."""
    return {(int(one), int(two)) for one, two in _REACHED.findall(preprocessed)}


def tell(preprocessed: bytes) -> bytes:
    """The same, in a text that told() reads."""
    return b"".join(b"%d %d\n" % one for one in sorted(reached(preprocessed)))


def told(text: bytes) -> list[tuple[int, int]]:
    """What tell() made a text of."""
    numbers = [int(one) for one in text.split()]
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _branches(source: bytes) -> tuple[list[int], dict[int, int]]:
    """The innermost branch of each line (0: none), and the index of each branch's first line."""
    code = code_of(source).split(b"\n")
    text = source.split(b"\n")
    owner: list[int] = []
    starts: dict[int, int] = {0: 0}
    inside = [0]
    while len(owner) < len(code):
        at = len(owner)
        match = _CONDITIONAL.match(code[at])
        if match is None:
            owner.append(inside[-1])
            continue
        end = at
        while end + 1 < len(code) and text[end].rstrip(b"\r").endswith(b"\\"):
            end += 1
        if not match[1].startswith(b"if") and len(inside) > 1:
            inside.pop()
        owner.extend([inside[-1]] * (end + 1 - at))
        if match[1] != b"endif":
            inside.append(len(starts))
            starts[len(starts)] = end + 1
    return owner, starts
