# SPDX-License-Identifier: GPL-2.0-only
"""What a pass is, and how passes are found and chosen.

A pass is a module of `transforms/` that has one `PASS` and a function `edits(work)`. Its id is
its module name with dashes. Passes only yield edits of the original bytes; they are applied
later, all at once, from the end of each file. The command line asks every pass for its option, so
that nothing here, nor in a pass, imports what only converting needs.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from netmem_migrate.errors import InputError, UsageError

if TYPE_CHECKING:
    from netmem_migrate.options import Conversion
    from netmem_migrate.reasons import Reason
    from netmem_migrate.results import Edit, FileChange, Room, Step


SCOPE = "scope"
"""The step that is no pass: modules that share something move in one patch (flow/together.py)."""


@dataclass(frozen=True, slots=True)
class Pass:
    """The declaration of a pass.

    `before` and `after` are whole functions or records of C: `explain` prints them, and a test
    runs the tool on `before`. `order` sorts passes for reading; edits never depend on it. A pass
    with an `option` runs only where that option of the command line asks for it; that is `--words`,
    a switch whose help is the summary.

    What the rest of the tool knows of a pass: that it `renames` (`--keep-names` leaves it out),
    that it `declares` (blocks of declarations are put in order again after it), that it writes the
    `accessor` (with it, the cut may let uses that need a page go through one), and that it
    `prepares`: with `--prepare` it makes room in a patch of its own before the conversion
    (netmem_migrate/prepare.py). One that comes `behind` runs where `--with` names it, on the driver
    as converted, and is a patch of its own (netmem_migrate/behind.py); one that is `proven` is not
    written without its proof, and one that `refuses` only says what is missing. Such a module has
    `rooms(work)` beside `edits(work)`; `words` are by the kind of room, whose {slot} and {made}
    stand in them, the title of its patch, how the sentence ends that says what is in the way, and
    what the patch does; `below` is what stands below the `---` of it.
    """

    id: str
    summary: str
    before: str
    after: str
    follows: str
    order: int
    option: str = ""
    renames: bool = False
    declares: bool = False
    accessor: bool = False
    prepares: bool = False
    behind: bool = False
    proven: bool = False
    refuses: bool = False
    below: str = ""
    words: Mapping[str, tuple[str, str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Loaded:
    """A pass and the function that yields its edits.

    `rooms` yields those of a pass that has a patch of its own, by what they are for, and `left`
    says what such a one does not do; None where that is asked of the check. `told` gives a change
    less what the pass does on purpose, where the check would find fault with that.
    """

    declared: Pass
    doc: str
    edits: Callable[[Any], Iterable[Edit]]  # of what convert/work.py defines
    rooms: Callable[[Any], Iterable[tuple[Room, Sequence[Edit]]]]
    left: Callable[[Any], Iterable[Reason]] | None = None
    told: Callable[[FileChange], FileChange] | None = None


def load() -> list[Loaded]:
    """All passes, in order.

    Raises InputError for a module that declares none, a taken id, or a taken option.
    """
    transforms = importlib.import_module("netmem_migrate.transforms")

    found: dict[str, Loaded] = {}
    options: dict[str, str] = {}
    for info in pkgutil.iter_modules(transforms.__path__):
        module = importlib.import_module(f"{transforms.__name__}.{info.name}")
        declared = getattr(module, "PASS", None)
        if not isinstance(declared, Pass):
            raise InputError(f"transforms/{info.name}.py declares no PASS")
        if declared.id != info.name.replace("_", "-") or declared.id in found:
            raise InputError(f"transforms/{info.name}.py: its id must be its own module name")
        if declared.option and options.setdefault(declared.option, declared.id) != declared.id:
            raise InputError(f"transforms/{info.name}.py: {declared.option} is the option of the "
                             f"pass {options[declared.option]}")
        found[declared.id] = Loaded(declared, (module.__doc__ or "").strip(), module.edits,
                                    module.rooms if declared.prepares or declared.behind else _none,
                                    getattr(module, "left", None),
                                    getattr(module, "told", None))
    return sorted(found.values(), key=lambda one: (one.declared.order, one.declared.id))


def _none(_: Any) -> tuple[tuple[Room, Sequence[Edit]], ...]:
    return ()


def to_judge(step: Step) -> tuple[FileChange, ...]:
    """What a patch changes, less what the pass that made it does on purpose."""
    told = next((one.told for one in load() if step.room is not None
                 and one.declared.id == step.room.step), None) if step.room is not None else None
    return tuple(map(told, step.changes)) if told is not None else step.changes


def flags() -> dict[str, str]:
    """The options of the passes that have one, by the pass's id."""
    return {one.declared.id: one.declared.option for one in load() if one.declared.option}


def ids(which: Callable[[Pass], bool]) -> frozenset[str]:
    """The ids of the passes of which something is true."""
    return frozenset(one.declared.id for one in load() if which(one.declared))


def chosen(options: Conversion) -> tuple[Loaded, ...]:
    """The passes to run, in order. Raises InputError for an id that no pass has."""
    passes = load()
    known = {*(one.declared.id for one in passes), SCOPE}
    for name in [*options.only, *options.skip, *options.opted]:
        if name not in known:
            raise UsageError(f"no pass is called {name}; known: {', '.join(sorted(known))}")
    last = {one.declared.id for one in passes if one.declared.behind}
    for name in options.wanted:
        if name not in last:
            raise UsageError(f"--with {name}: no step that comes behind a conversion; known: "
                             f"{', '.join(sorted(last))}")
    alone = next((one.declared.id for one in passes if one.declared.prepares
                  and one.declared.id in options.only and not options.prepare), "")
    if alone:
        raise UsageError(f"{alone} makes room before a conversion: give --prepare, too")
    return tuple(one for one in passes if _runs(one.declared, options))


def preparing(options: Conversion) -> tuple[Loaded, ...]:
    """The passes that may make room, in order."""
    return tuple(one for one in load() if one.declared.prepares and _runs(one.declared, options))


def _runs(declared: Pass, options: Conversion) -> bool:
    if declared.behind:
        return declared.id in options.wanted and declared.id not in options.skip
    if declared.id in options.skip or (options.only and declared.id not in options.only):
        return False
    if declared.prepares and not options.prepare:
        return False
    if declared.option and declared.id not in options.opted:
        return False
    return not (declared.renames and options.keep_names)
