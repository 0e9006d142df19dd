# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that gives some calls of a function a copy of that (docs/proof.md).

The code cannot simply be compared: a compiler that sees two copies folds them into one, and one
that sees a function called once puts it into its caller. So it is shown in three parts. The text
after, without the copies and with their calls naming the function, is the text before, token by
token. Compiled so that nothing of a function depends on who calls it, each copy is the same code as
its function. And so is all else, where the copy's symbol counts as the function's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from netmem_migrate.c.copies import declarations, named, only_copies
from netmem_migrate.c.find import nodes
from netmem_migrate.c.mask.text import without_comments
from netmem_migrate.c.parse import ParsedFile
from netmem_migrate.c.text import replaced
from netmem_migrate.results import FileChange
from netmem_migrate.verify.code import ALONE


@dataclass(frozen=True, slots=True)
class Copied:
    """Copies by name, and the functions that they are of; `called` are the texts in which each call
    still names the function, `after` those of the patch. In both, function and copy stand alone."""

    names: Mapping[str, str]
    called: dict[str, bytes] = field(default_factory=dict)
    after: dict[str, bytes] = field(default_factory=dict)

    def symbols(self, text: str) -> str:
        """Assembly in which the copies' symbols count as their functions'."""
        names = "|".join(map(re.escape, self.names))
        return re.sub(rf"(?<![\w$])(?:{names})(?![\w$])", lambda one: self.names[one[0]], text)


def copied(changes: Mapping[str, FileChange]) -> Copied | None:
    """The copies that files get; None where they get none, or where anything else changes."""
    if any(one.before != one.after and not one.path.endswith((".c", ".h"))
           for one in changes.values()):
        return None
    sources = {path: one for path, one in changes.items() if one.path.endswith((".c", ".h"))}
    names = only_copies({path: one.parsed_before for path, one in sources.items()},
                        {path: one.parsed_after for path, one in sources.items()})
    if not names:
        return None
    found = Copied(names)
    for path, change in sources.items():
        parsed = change.parsed_after
        gone = list(declarations(parsed, names))
        found.called[path] = _alone(parsed, names, _renamed(change.after, gone, names))
        found.after[path] = _alone(parsed, names, {})
    return found


def _renamed(text: bytes, gone: list[Node],
             names: Mapping[str, str]) -> dict[int, tuple[int, bytes]]:
    """Where a copy is named outside of its declarations: by start, the end, and its function."""
    code = without_comments(text)
    return {match.start(): (match.end(), names[match[0].decode("latin-1")].encode("latin-1"))
            for match in re.finditer(rb"\w+", code) if match[0].decode("latin-1") in names
            and not any(one.start_byte <= match.start() < one.end_byte for one in gone)}


def _alone(parsed: ParsedFile, names: Mapping[str, str],
           edits: dict[int, tuple[int, bytes]]) -> bytes:
    """A text after some edits, in which neither function nor copy depends on its callers."""
    both = {*names, *names.values()}
    all_ = dict(edits)
    for one in nodes(parsed.tree.root_node, "function_definition"):
        if named(parsed, one) in both:
            all_[one.start_byte] = one.start_byte, ALONE
    return replaced(parsed.original, ((start, *all_[start]) for start in sorted(all_)))
