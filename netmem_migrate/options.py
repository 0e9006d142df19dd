# SPDX-License-Identifier: GPL-2.0-only
"""The options of a conversion and of its output: each is said once, as a field.

A field's metadata says how it is typed. The command line (commands/_options.py) is made of these
fields, and so is the command that a message repeats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

STDOUT = Path("-")
"""What a file to be written is called where it is stdout."""


@dataclass(frozen=True, slots=True)
class Flag:
    """How an option is typed: its names, the main one first, and what its help says.

    `path`: the value is a file or folder. `repeated`: part of the command that a message repeats,
    which names no place of this machine.
    """

    names: tuple[str, ...]
    help: str
    metavar: str = ""
    path: bool = False
    repeatable: bool = False
    repeated: bool = True

    @property
    def switch(self) -> bool:
        """Whether it takes no value."""
        return not self.metavar

    def typed(self, value: Any) -> Iterator[str]:
        """The option with a value, as it would be typed; nothing where that is the default."""
        for one in value if self.repeatable else [value] if value else ():
            joined = "=" if self.names[0].startswith("--") else ""
            yield self.names[0] if self.switch else f"{self.names[0]}{joined}{one}"


def _flag(*names: str, **said: Any) -> dict[str, Flag]:
    return {"flag": Flag(names, **said)}


@dataclass(frozen=True, slots=True)
class Conversion:
    """What shapes a conversion.

    `kernel` names the tree, which is otherwise found by walking up; outside any tree the bundled
    model of `api` is used. `only` and `skip` are ids of passes, `opted` those of the passes that
    have an option of their own and were asked for. `keep` names members and globals that stay
    pages, as `struct_name.member`. `prepare` makes room before the conversion, and `with_users`
    takes along other modules. `wanted` are ids of passes that come behind it. `define` (`NAME`
    or `NAME=V`) and `undefine` settle arms of `#if`.
    `one_driver` takes each folder for one driver, with its subfolders that have no build rules of
    their own, and looks for no others below it.
    """

    kernel: Path | None = field(default=None, metadata=_flag(
        "--kernel", metavar="TREE", path=True, repeated=False,
        help="The kernel tree. Default: found by walking up from PATH."))
    api: str | None = field(default=None, metadata=_flag(
        "--api", metavar="X.Y",
        help="The kernel whose netmem API counts. Default: the tree's own."))
    only: tuple[str, ...] = field(default=(), metadata=_flag(
        "--only", metavar="ID", repeatable=True, help="Run this pass only. Repeatable."))
    skip: tuple[str, ...] = field(default=(), metadata=_flag(
        "--skip", metavar="ID", repeatable=True, help="Leave this pass out. Repeatable."))
    keep_names: bool = field(default=False, metadata=_flag("--keep-names", help="Rename nothing."))
    keep: tuple[str, ...] = field(default=(), metadata=_flag(
        "--keep", metavar="STRUCT.MEMBER", repeatable=True,
        help="Leave this member, or global, a page. Repeatable."))
    prepare: bool = field(default=False, metadata=_flag(
        "--prepare", help="Make room first, in patches of their own, where more converts then."))
    with_users: bool = field(default=False, metadata=_flag(
        "--with-users", help="Convert modules that share a record, or a function that one exports, "
        "together, in one patch. --prepare does that, too."))
    wanted: tuple[str, ...] = field(default=(), metadata=_flag(
        "--with", metavar="ID", repeatable=True,
        help="Do this step, too, in a patch of its own behind the conversion: guard, sync, "
        "sync-check, flags, tx-fix; unreadable says what is missing, only. Repeatable."))
    define: tuple[str, ...] = field(default=(), metadata=_flag(
        "-D", "--define", metavar="NAME[=V]", repeatable=True,
        help="Take the arms of #if in which NAME is defined (as V, or 1). Repeatable."))
    undefine: tuple[str, ...] = field(default=(), metadata=_flag(
        "-U", "--undefine", metavar="NAME", repeatable=True,
        help="Take the arms of #if in which NAME is not defined. Repeatable."))
    one_driver: bool = field(default=False, metadata=_flag(
        "--one-driver", repeated=False,
        help="Take a folder for one driver; do not look for others below it."))
    opted: tuple[str, ...] = ()

    def arguments(self, flags: Mapping[str, str]) -> tuple[str, ...]:
        """These options as they would be typed; `flags` are those of the passes, by id."""
        words = [word for name, flag in flags_of(Conversion).items() if flag.repeated
                 for word in flag.typed(getattr(self, name))]
        return (*words, *(flags[one] for one in self.opted if one in flags))


@dataclass(frozen=True, slots=True)
class Output:
    """What is written and said beside the result."""

    report: Path | None = field(default=None, metadata=_flag(
        "--report", metavar="FILE.json", path=True,
        help="Write what was converted, kept and refused (docs/report.md)."))
    quiet: bool = field(default=False, metadata=_flag(
        "-q", "--quiet", help="No summary on stderr. The exit code still tells."))


@dataclass(frozen=True, slots=True)
class Means:
    """How a run is made, which changes nothing of what comes of it.

    `jobs` is how many drivers are looked at at once, 0 for one a core. Without `no_cache` what was
    found of a driver before is not looked for again (netmem_migrate/answers.py).
    """

    jobs: int = field(default=0, metadata=_flag(
        "-j", "--jobs", metavar="N", repeated=False,
        help="How many drivers to look at at once. Default: one a core."))
    no_cache: bool = field(default=False, metadata=_flag(
        "--no-cache", repeated=False,
        help="Find all of it anew: neither read nor write the cache (docs/speed.md)."))


def flags_of(options: type[Conversion | Output | Means]) -> dict[str, Flag]:
    """The flags of the fields that have one, by the field's name, in the order of `--help`."""
    return {one.name: one.metadata["flag"] for one in fields(options) if "flag" in one.metadata}
