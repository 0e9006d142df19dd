# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that keeps a page beside the address of it (docs/proof.md).

The text without the member's stores, and with each read of it spelled as what found the page by
the address, is the text before, token by token, with the member declared (c/beside.py). What is
left to show is that the member is what the address leads to: that each store of the address has
one of the member behind it. Those are listed by the parser and by the compiler, which is given the
record with the one or the other member under a name that nobody uses: each use is an error then.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from tree_sitter import Node

from netmem_migrate.c.armed import Armed
from netmem_migrate.c.beside import Beside, accesses, beside, is_whole, is_written
from netmem_migrate.c.parse import ParsedFile, parse
from netmem_migrate.c.text import replaced
from netmem_migrate.files import plain
from netmem_migrate.flow.instead import Instead
from netmem_migrate.model.addresses import FILLS, KNOWN, READS
from netmem_migrate.results import FileChange
from netmem_migrate.verify.sides import sides

Line = tuple[str, int]
_PROBE = b"netmem_probe_"
_NO_MEMBER = re.compile(r"^(?P<file>[^\s:][^:\n]*):(?P<line>\d+):(?:\d+:)? error: .*"
                        r"(?:has )?no member named [‘'`](?P<name>\w+)", re.MULTILINE)


def kept(changes: Mapping[str, FileChange]) -> Beside | None:
    """The member that a patch adds so; None where it does anything else."""
    both = sides(changes)
    return beside(*both, KNOWN) if both is not None else None


def probed(found: Beside | Armed | Instead, named: Node) -> dict[str, bytes]:
    """The file that declares the record, with one of its members under another name."""
    path = found.declared[0]
    at = named.start_byte
    return {path: replaced(found.after[path].original, [(at, at, _PROBE)])}


def tag(found: Beside | Armed | Instead) -> str:
    """The name of the struct, "" for one without."""
    name = found.record.child_by_field_name("name")
    return found.after[found.declared[0]].text(name).decode("latin-1") if name is not None else ""


def uses(said: str, name: str) -> Counter[Line]:
    """How often a compiler misses a member on each line, by what it says."""
    return Counter((one["file"].removeprefix("./"), int(one["line"]))
                   for one in _NO_MEMBER.finditer(said) if one["name"] == name)


def faults(found: Beside, source: str, root: Path, of_member: Counter[Line],
           of_address: Counter[Line]) -> tuple[str, ...]:
    """What the lists of the compiler for one object, and those of the parser, do not agree on, or
    that stores the address alone."""
    member = Counter((one.path, one.line) for one in (*found.stores, *found.reads))
    here = Counter({place: number for place, number in member.items() if place[0] == source})
    odd = sorted({*(of_member - member), *(here - of_member)})
    said = [f"{path}:{line}: {found.member} is used here for one of compiler and parser only"
            for path, line in odd]
    texts: dict[str, ParsedFile] = dict(found.after)
    writes = {(one.path, one.node.start_byte) for one in found.writes}
    for path, line in sorted(of_address):
        if path not in texts:
            texts[path] = parse(plain.read(root / path))
        lines = [one for one in accesses({path: texts[path]}, found.address, found.deep)
                 if one.line == line]
        if len(lines) < of_address[path, line]:
            said.append(f"{path}:{line}: {found.address} is used here for the compiler only")
        said += [f"{path}:{line}: {found.address} is set here without {found.member}"
                 for one in lines if not is_whole(one, found.deep, FILLS)
                 and is_written(one.node, READS) and (path, one.node.start_byte) not in writes]
    return tuple(said)
