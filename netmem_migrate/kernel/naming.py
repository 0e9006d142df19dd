# SPDX-License-Identifier: GPL-2.0-only
"""What commits call a kernel module: which prefix of their subjects means which module.

A module goes by its name in the Makefile; by a source of it, or two words and more that such a
name begins with, if nothing else in the tree is called so; and by its folder, where that is a
driver's and not a vendor's: it makes one module, or all that are made in it begin with its name.
Other sources of it name it behind its name or folder.

A prefix means those whom the last such word of it names, so that `mt76: mt7915` is not the prefix
of mt76. What stands before that word has to lead there: `clk: ti` is no driver of the network.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from netmem_migrate.files import plain
from netmem_migrate.kernel.drivers import is_source
from netmem_migrate.kernel.makefiles import made
from netmem_migrate.kernel.subjects import folded, words
from netmem_migrate.model.prefixes import LEAST, Known

DRIVERS = "drivers/net"
# How subjects write folders of it.
_SHORT = ("eth", "wifi")
# What holds no other driver: headers of this one, tests of it, words about it.
_BESIDE = ("Documentation", "include", "tools", "usr")


@dataclass(frozen=True, slots=True)
class Module:
    """A module of a folder's Makefile, and the names of its sources."""

    name: str
    folder: str
    sources: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Names:
    """The words that name a module: `own` ones wherever they stand, `led` ones behind a lead.

    `parts` name it behind a word that is `near` to it. `folders` among them name it only as the
    last word of a prefix. `leads` are what may stand before, and `first` the first of those.
    """

    own: frozenset[str]
    led: frozenset[str]
    parts: frozenset[str]
    near: frozenset[str]
    folders: frozenset[str]
    leads: frozenset[str]
    first: frozenset[str]

    def match(self, prefix: Sequence[str], at: int) -> bool:
        """Does a prefix mean the module that its word at `at` names?"""
        before, name = prefix[:at], prefix[at]
        if name in self.folders and at + 1 < len(prefix):
            return False
        if not before:
            return name in self.own
        return (self.leads.issuperset(before) and before[0] in self.first
                and (name not in self.parts or before[-1] in self.near))


class _Tree:
    """The modules below drivers/net, and what else in the tree bears which name."""

    def __init__(self, root: Path) -> None:
        self.modules = list(_modules(root))
        self.below: dict[str, list[Module]] = defaultdict(list)
        for one in self.modules:
            for folder in _above(one.folder):
                self.below[folder].append(one)
        self.files: dict[str, set[str]] = defaultdict(set)
        self.folders: dict[str, set[str]] = defaultdict(set)
        for where, folders, files in plain.walk(root):
            here = f"{where.relative_to(root).as_posix()}/".removeprefix("./")
            folders[:] = [one for one in folders if not one.startswith(".")
                          and (here or one not in _BESIDE)]
            for folder in folders:
                self.folders[folded(folder)].add(f"{here}{folder}/")
            for file in filter(is_source, files):
                self.files[folded(Path(file).stem)].add(here)

    def names(self, module: Module) -> _Names:
        """The words that name a module."""
        name, sources = folded(module.name), {folded(one) for one in module.sources}
        begun = {"_".join(parts[:end]) for parts in (one.split("_") for one in {name, *sources})
                 for end in range(2, len(parts))}
        folders = self._drivers(module)
        own = {one for one in {*begun, *sources, *folders} if not self._others(one, module)}
        # The folder of a driver of that name means it; one elsewhere means something else.
        if name in folders or not self._others(name, module, files=False):
            own.add(name)
        path = {folded(one) for one in PurePosixPath(module.folder).parts}
        leads = {*path, *_SHORT, *own, name}
        # What drivers/phy holds is no PHY of the network, though subjects begin alike.
        foreign = {one for one in leads - own if f"drivers/{one}/" in self.folders.get(one, ())}
        led = {name, *folders} - own
        return _Names(
            frozenset(own), frozenset(led), frozenset(sources - own - led),
            frozenset({*own, *led, folded(PurePosixPath(module.folder).name)}),
            frozenset(folders - begun - sources - {name}), frozenset(leads),
            frozenset(leads - foreign | {folded(PurePosixPath(DRIVERS).name)}))

    def _others(self, name: str, module: Module, *, files: bool = True) -> bool:
        """Does something outside of a module's folder bear a name?"""
        places = [*self.folders.get(name, ()), *(self.files.get(name, ()) if files else ())]
        return not all(place.startswith(f"{module.folder}/") for place in places)

    def _drivers(self, module: Module) -> set[str]:
        """The folders of a module's path that are a driver's."""
        here = [one for one in self.below[module.folder] if one.folder == module.folder]
        return {name for folder in _above(module.folder)
                if all(folded(one.name).startswith(name := folded(PurePosixPath(folder).name))
                       for one in self.below[folder])
                or (folder == module.folder and len(here) == 1)}


def table(root: Path, prefixes: Mapping[str, int]) -> dict[str, Known]:
    """The prefix that is most used for each module of a tree that three commits name.

    Of two that are used alike it is the first of `prefixes`.
    """
    tree = _Tree(root)
    names = {one: tree.names(one) for one in tree.modules}
    called: dict[str, list[Module]] = defaultdict(list)
    for module, own in names.items():
        for name in own.own | own.led | own.parts:
            called[name].append(module)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for prefix, number in prefixes.items():
        split = words(prefix)
        meant = ([one for one in called.get(split[at], ()) if names[one].match(split, at)]
                 for at in reversed(range(len(split))))
        for module in next(filter(None, meant), ()):
            counts[module.name][prefix] += number
    return {name: Known(*one.most_common(1)[0], one.total())
            for name, one in sorted(counts.items()) if one.total() >= LEAST}


def _modules(root: Path) -> Iterator[Module]:
    for where, folders, _ in plain.walk(root / DRIVERS):
        folders.sort()
        for name, objects in sorted(made(where).items()):
            sources = frozenset(PurePosixPath(one).name for one in objects
                                if (where / f"{one}.c").is_file())
            yield Module(PurePosixPath(name).name, where.relative_to(root).as_posix(),
                         sources)


def _above(folder: str) -> list[str]:
    """A folder, and those that it is in."""
    path = PurePosixPath(folder)
    return [one.as_posix() for one in (path, *path.parents[:-1])]
