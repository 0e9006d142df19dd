# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a patch that gives a member an arm for one mode (docs/proof.md).

The text without the arm, and without the tests that were added for it, is the text before, token by
token (c/armed.py): both arms are one storage, and either way of such a test does the same. What is
left to show is that each use names the arm of its mode. Where the driver is in which mode, or
what a use takes it for, is followed anew in the text after (flow/modes.py, flow/kinds.py), in every
file of it; and what the compiler lists as
uses of either arm must all be among those that were followed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tree_sitter import Node

from netmem_migrate.c import armed as text
from netmem_migrate.c.armed import Armed
from netmem_migrate.c.beside import accesses
from netmem_migrate.errors import InputError
from netmem_migrate.flow.graph import Kind
from netmem_migrate.flow.kinds import kinds
from netmem_migrate.flow.modes import Arm, modes
from netmem_migrate.flow.origins import Origin
from netmem_migrate.model.functions import SHORT_FOR
from netmem_migrate.results import FileChange
from netmem_migrate.verify.member import Line
from netmem_migrate.verify.sides import followed, sides


@dataclass(frozen=True, slots=True)
class Told:
    """What follows from the driver's text: how often either name is used on each line, and the uses
    that name the wrong arm, by file. `whole` says why nothing can be followed, "" where all is;
    `by_kind` that uses say by themselves whose memory it is, and no mode does."""

    arm: Counter[Line] = field(default_factory=Counter)
    member: Counter[Line] = field(default_factory=Counter)
    wrong: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    whole: str = ""
    by_kind: bool = False


def armed(changes: Mapping[str, FileChange]) -> Armed | None:
    """The arm that a patch adds so; None where it does anything else."""
    both = sides(changes)
    return text.armed(*both, SHORT_FOR) if both is not None else None


def told(found: Armed, root: Path, after: Mapping[str, bytes], module: str) -> Told:
    """Follow the driver of a patch as the patch leaves it."""
    path = found.declared[0]
    if found.bare:
        return Told(whole=f"{path}: {found.member} is taken for a page where it is no more cast "
                          "to one", by_kind=_is_void(found))
    try:
        analysis = followed(root, path, after, module)
    except InputError as error:
        return Told(whole=str(error))
    named = {one.start_byte for one in found.named}
    slots = [slot for slot in analysis.graph.slots.values() if slot.kind is Kind.MEMBER
             and any(one.file == path and one.identifier is not None
                     and one.identifier.start_byte in named for one in slot.spellings)]
    uses = modes(analysis, slots) if slots else None
    member: Counter[Line] = Counter()
    by_kind = uses is None and bool(slots) and _is_void(found)
    if by_kind:
        uses = kinds(analysis, slots)
        # No page goes through these any more, so that nobody follows them.
        if not any(one.void for one in slots):
            files = {file: analysis.symbols.texts.parse(analysis.originals[file])
                     for file in analysis.driver.files
                     if found.member.encode() in analysis.originals.get(file, b"")}
            member.update((one.path, one.line) for one in accesses(files, found.member))
    if uses is None:
        return Told(whole=f"{path}: nothing in this driver decides whose memory "
                          f"{found.member} holds", by_kind=by_kind)
    arm: Counter[Line] = Counter()
    wrong: dict[str, tuple[str, ...]] = {}
    for use in uses.uses:
        line = use.place.file, use.place.line
        ours = analysis.symbols.files[use.place.file].text(use.place.node) == found.arm.encode()
        (arm if ours else member)[line] += 1
        said = ""
        if ours and use.arm is not Arm.POOL:
            said = (f"{found.arm} is used here for what is not taken for a page" if by_kind else
                    f"{found.arm} is used here where there may be no page_pool")
        elif not ours and use.arm is Arm.POOL:
            said = (f"{found.member} is used here for a page of the pool" if by_kind else
                    f"{found.member} is used here where there is a page_pool")
        elif not ours and use.arm is Arm.EITHER and not use.tested and use.origin not in (
                Origin.NONE, Origin.OTHER, Origin.THING):
            said = f"{found.member} is used here whether there is a page_pool or not"
        if said:
            wrong[line[0]] = (*wrong.get(line[0], ()), f"{line[0]}:{line[1]}: {said}")
    return Told(arm, member, wrong, by_kind=by_kind)


def _is_void(found: Armed) -> bool:
    """Whether the member is `void *`, of which each use may say what it takes it for."""
    node: Node | None = found.named[1]
    while node is not None and node.type != "field_declaration":
        node = node.parent
    type_ = node.child_by_field_name("type") if node is not None else None
    return type_ is not None and found.after[found.declared[0]].text(type_) == b"void"


def faults(found: Armed, told: Told, source: str, of_arm: Counter[Line],
           of_member: Counter[Line]) -> tuple[str, ...]:
    """What the compiler lists for one object and was not followed, and what names the wrong arm in
    it, or in a header."""
    if told.whole:
        return (told.whole,)
    said = [f"{path}:{line}: {name} is used here for the compiler only"
            for name, listed, known in ((found.arm, of_arm, told.arm),
                                        (found.member, of_member, told.member))
            for path, line in sorted(listed - known)]
    return (*said, *(one for path, wrong in told.wrong.items()
                     if path == source or path.endswith(".h") for one in wrong))
