# SPDX-License-Identifier: GPL-2.0-only
"""The words of a patch before or behind a conversion: why, what it does, and what it leaves.

The pass that made it says what it does (convert/passes.py); why comes from the flow.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from netmem_migrate.convert.passes import Pass, load
from netmem_migrate.patch import message
from netmem_migrate.patch.disclosure import NAME
from netmem_migrate.reasons import Reason
from netmem_migrate.report import wording
from netmem_migrate.results import Room


def title(prefix: str, room: Room) -> str:
    """The summary phrase."""
    return f"{prefix}: {item(room)}"


def body(room: Room, provenance: message.Provenance) -> str:
    """The message without its title: what stays in history."""
    _, end, what = _said(room)
    several = "Each of " if room.behind and room.slot != room.reason.slot else ""
    why = f"{several}{room.slot} {wording.text(room.reason, brief=True)}{end}"
    parts = [message.fill(provenance.reason), message.fill(why),
             message.fill(what),
             "" if room.behind else message.fill("No functional change is intended."),
             message.made(provenance),
             provenance.trailer]
    return message.safe("\n\n".join(one for one in parts if one) + "\n")


def note(room: Room, provenance: message.Provenance, layout: tuple[str, str] | None,
         left: Sequence[Reason] = ()) -> str:
    """What stands below `---`: what ran, how a record lies in memory that got a member, and what a
    patch behind leaves."""
    proven = _declared(room).proven
    parts = [message.fill(message.proof(provenance) if provenance.proven or not proven else
                          "Compiled, and proven before it was written (docs/proof.md of "
                          f"{NAME}); not run on hardware.")]
    if _declared(room).below:
        parts.append(message.fill(_declared(room).below))
    if left:
        parts.append("\n".join(["Not done:", *(message.fill(wording.undone(one), "  - ", "    ")
                                               for one in left)]))
    if layout is not None:
        parts += [f"Layout {when} (pahole):\n\n{textwrap.indent(said.expandtabs(8), '  ')}"
                  for when, said in zip(("before", "after"), layout, strict=True)]
    return message.safe("\n\n".join(parts) + "\n")


def proof(made: Sequence[Room], others: bool, provenance: message.Provenance) -> str:
    """What was compiled and compared of the patches of a series: of rooms that it makes, and of
    `others`, if there are any."""
    proven = [one for one in made if _declared(one).proven]
    if provenance.proven or not proven:
        return message.proof(provenance)
    if len(proven) == len(made) and not others:
        return (f"Compiled, and proven before they were written (docs/proof.md of {NAME}); not run "
                "on hardware.")
    return (f"Compiled, and proven before it was written (docs/proof.md of {NAME}): "
            f"{wording.listed(list(dict.fromkeys(map(item, proven))))}. Nothing else was compiled; "
            "not run on hardware.")


def item(room: Room) -> str:
    """What a cover letter says of it."""
    return _said(room)[0]


def _said(room: Room) -> tuple[str, ...]:
    return tuple(one.format(slot=room.slot, made=room.made)
                 for one in _declared(room).words[room.kind])


def _declared(room: Room) -> Pass:
    """The pass that made it."""
    return next(one.declared for one in load() if one.declared.id == room.step)
