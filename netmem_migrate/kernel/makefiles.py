# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel modules a folder's files are built into, and which of its drivers stand alone.

A vendor's folder often holds several drivers. Documentation/process/submitting-patches.rst asks
for one logical change a patch, so what is converted in two drivers makes two patches.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from netmem_migrate.c.words import include_lines
from netmem_migrate.files import plain
from netmem_migrate.kernel.search import BUILD

_RULE = re.compile(
    r"^([\w-]+?)-(y|m|objs|\$[({]\w+[)}])[ \t]*[:+]?=[ \t]*([^\n#]*)", re.MULTILINE
)


def modules(folder: Path) -> dict[str, set[str]]:
    """The modules a folder's Makefile builds, and the objects each is made of.

    Objects are named as the Makefile does, without the `.o`. Empty where there is no Makefile.
    """
    found: dict[str, set[str]] = {}
    for target, _, names in _rules(folder):
        if target == "obj":
            for one in names:
                found.setdefault(one, {one})
        else:
            found.setdefault(target, {target}).update(names)
    return found


def made(folder: Path) -> dict[str, set[str]]:
    """Those of `modules` that are built for themselves: not lists that others name, nor flags."""
    named = {one for target, _, names in _rules(folder) if target == "obj" for one in names}
    return {name: objects for name, objects in modules(folder).items() if name in named}


def unset(root: Path, source: str, config: Collection[str]) -> tuple[str, ...]:
    """The CONFIG_ options that a source lacks to be built, outermost last.

    Those that the Makefile names for its object and for the module that this is a part of, where
    `config` has none of them; the first of several that would do.
    """
    path = root / source
    folder = _home(root, source)
    if folder is None:
        return ()
    rules = list(_rules(folder))
    wanted = {path.relative_to(folder).with_suffix("").as_posix()}
    seen = {"obj"}
    found: dict[str, None] = {}
    while wanted:
        seen |= wanted
        lines = [(target, option[2:-1] if option[2:].startswith("CONFIG_") else "")
                 for target, option, names in rules if names & wanted]
        named = [option for _, option in lines]
        if named and all(named) and not any(option in config for option in named):
            found.setdefault(named[0])
        wanted = {target for target, _ in lines} - seen
    return tuple(found)


def _rules(folder: Path) -> Iterator[tuple[str, str, set[str]]]:
    """What is made, under which option, and of which objects; a rule of a folder's Makefile."""
    for name in BUILD:
        text = (plain.optional(folder / name) or b"").decode("utf-8", "replace")
        for target, option, objects in _RULE.findall(text.replace("\\\n", " ")):
            yield target, option, {word[:-2] for word in objects.split() if word.endswith(".o")}


def alone(root: Path, sources: dict[str, bytes], changed: Sequence[str]) -> list[list[str]]:
    """The changed files, a list for each driver that builds without the others' changes.

    `sources` are all files of the folder. Files stay together that are built into one module, or
    of which one includes the other; a header goes by its last name, so that rather too much than
    too little stays together. Everything does where a file's module is not known.
    """
    if len(changed) < 2:
        return [list(changed)]
    # Most that the tool does needs no graph, and this import takes longer than most of it.
    import networkx as nx

    together: nx.Graph[str] = nx.Graph()
    together.add_nodes_from(changed)
    known: dict[Path, dict[str, set[str]]] = {}
    for file in changed:
        if not file.endswith(".c"):
            continue
        owners = _owners(root, file, known)
        if not owners:
            return [list(changed)]
        for owner in owners:
            together.add_edge(file, owner)
    lines = {file: {name.rpartition(b"/")[2].decode("utf-8", "replace")
                    for _, name in include_lines(text)} for file, text in sources.items()}
    for header in changed:
        users = _users(PurePosixPath(header).name, lines)
        if header.endswith(".h") and (header not in lines or not users & set(changed)):
            return [list(changed)]
        together.add_edges_from((header, user) for user in users if user in together)
    groups = [set(group) for group in nx.connected_components(together)]
    return [mine for group in groups if (mine := [file for file in changed if file in group])]


def owners(root: Path, files: Sequence[str]) -> Counter[str]:
    """How many of some sources each module is built of, as far as Makefiles tell."""
    known: dict[Path, dict[str, set[str]]] = {}
    return Counter(PurePosixPath(owner.rpartition(": ")[2]).name
                   for file in files if file.endswith(".c") for owner in _owners(root, file, known))


def of_driver(root: Path, sources: Mapping[str, bytes], changed: Sequence[str]) -> tuple[str, ...]:
    """Of all files of a folder, those of the driver that `changed` are of.

    That is, of the modules that a changed source is built into, or one that includes a changed
    header, with all that they include. All of them where a Makefile does not tell.
    """
    named: dict[str, set[str]] = {}
    for file in sources:
        named.setdefault(posixpath.basename(file), set()).add(file)
    includes = {file: _meant(file, text, sources, named) for file, text in sources.items()}
    users: dict[str, set[str]] = {}
    for file, targets in includes.items():
        for target in targets:
            users.setdefault(target, set()).add(file)
    known: dict[Path, dict[str, set[str]]] = {}
    built_into = {file: set(_owners(root, file, known)) for file in sources if file.endswith(".c")}
    mine = [file for file in _closure(changed, users) if file in built_into]
    modules = {owner for file in mine for owner in built_into[file]}
    if not modules or any(not built_into.get(file) for file in changed if file.endswith(".c")):
        return tuple(sources)
    built = [file for file, names in built_into.items() if names & modules]
    own = _closure([*mine, *built, *changed], includes)
    return tuple(file for file in sources if file in own)


def _meant(file: str, text: bytes, sources: Container[str],
           named: Mapping[str, set[str]]) -> set[str]:
    """The files of a folder that one of them includes: that beside it, else all of the name."""
    found: set[str] = set()
    for _, line in include_lines(text):
        name = line.decode("utf-8", "replace")
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(file), name))
        found |= {beside} if beside in sources else named.get(posixpath.basename(name), set())
    return found


def _closure(starts: Iterable[str], edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    queue = list(starts)
    while queue:
        one = queue.pop()
        if one not in found:
            found.add(one)
            queue.extend(edges.get(one, ()))
    return found


def _owners(root: Path, file: str, known: dict[Path, dict[str, set[str]]]) -> list[str]:
    """The modules that a source is built into, as the nearest Makefile above it says."""
    path = root / file
    folder = _home(root, file)
    if folder is None:
        return []
    if folder not in known:
        known[folder] = modules(folder)
    stem = path.relative_to(folder).with_suffix("").as_posix()
    # No owner ends in `.c` or `.h`, so that one graph takes files and owners.
    return [f"{folder}: {owner}" for owner, objects in known[folder].items() if stem in objects]


def _home(root: Path, file: str) -> Path | None:
    """The nearest folder above a file that holds a Makefile."""
    return next((one for one in (root / file).parents if one.is_relative_to(root)
                 and any(plain.exists(one / name) for name in BUILD)), None)


def _users(name: str, lines: dict[str, set[str]]) -> set[str]:
    """The files that include a file of that name, through others too."""
    found: set[str] = set()
    queue = [name]
    while queue:
        wanted = queue.pop()
        for file, included in lines.items():
            if wanted in included and file not in found:
                found.add(file)
                queue.append(PurePosixPath(file).name)
    return found
