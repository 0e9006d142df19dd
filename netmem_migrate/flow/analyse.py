# SPDX-License-Identifier: GPL-2.0-only
"""Read a whole driver into a flow graph, and cut it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from netmem_migrate.c.complete import cut_off
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.symbols import Function, Symbols, defined
from netmem_migrate.c.types import Type
from netmem_migrate.errors import InputError
from netmem_migrate.flow.carriers import Carriers
from netmem_migrate.flow.costs import DEFAULT, Costs
from netmem_migrate.flow.cut import Solution, solve
from netmem_migrate.flow.driver_slots import DriverSlots
from netmem_migrate.flow.graph import Category, Graph, Kind, Place, Slot
from netmem_migrate.flow.outside import Outside
from netmem_migrate.flow.reader.functions import FunctionReader
from netmem_migrate.flow.unreadable import allows_unreadable
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.model.target import Target
from netmem_migrate.model.twins import TWINS

_PREFILTER = re.compile(rb"\bpage_pool_|\bstruct\s+page\b|netmem")
_SHARED = re.compile(rb"^[ \t]*#[ \t]*include[ \t]*<([^>\n]+)>", re.MULTILINE)
_WORD = re.compile(rb"[A-Za-z_]\w*")
_FREE_WORD = re.compile(rb"(?<![.\w#])(?<!->)[A-Za-z_]\w*")
# NULL in an initialiser can stand for a page that the function does not name.
_LISTED = re.compile(rb"=\s*\{[^;]*\bNULL\b|\)\s*\{\s*NULL\b")
_ALWAYS = frozenset({b"page", *(twin.page.encode() for twin in TWINS)})


@dataclass(frozen=True, slots=True)
class Analysis:
    """A driver, what it declares, where its pages flow, and the cut.

    `costs` are the prices at which it was cut; `unreadable` says whether its pools may hold memory
    that the CPU cannot read.
    """

    driver: Driver
    symbols: Symbols
    graph: Graph
    solution: Solution
    target: Target
    sources: dict[str, bytes]
    costs: Costs = DEFAULT
    unreadable: bool = False


def uses_page_pool(driver: Driver) -> bool:
    """Whether any file of the driver mentions page_pool at all (a byte search)."""
    return any(b"page_pool_" in driver.read(file) for file in driver.files)


def analyse(driver: Driver, target: Target,
            progress: Callable[[str], None] | None = None,
            keep: frozenset[str] = frozenset(), costs: Costs = DEFAULT) -> Analysis:
    """Parse what matters of a driver, follow its pages, and decide what moves (`keep`: solve())."""
    sources = {file: driver.read(file) for file in driver.files}
    for file in driver.borrowed:
        sources[file] = driver.read(file)
    symbols = Symbols()
    pending = [file for file, data in sources.items() if _PREFILTER.search(data)]
    _parse(symbols, sources, pending, progress)
    words = _parse_named(symbols, sources, _page_words(symbols), progress)
    _check_whole(driver, symbols)
    for file, data in sources.items():
        if file.endswith(".h") and file not in symbols.files:
            symbols.postpone(file, data)
    carriers = Carriers(symbols, frozenset(driver.files))
    # Only paths below a kernel's root say where else a header can be included from.
    outside = Outside(driver.root if driver.path.startswith("drivers/") else None)
    slots = _read(driver, target, sources, carriers, outside, words)
    while True:
        # Each round follows pages one void pointer, or one function of an unread file, further.
        unread = _defining(sources, symbols, slots.graph.unread_functions)
        _parse(symbols, sources, unread, progress)
        adopted = _adopt(driver, sources, slots.graph.unread_records, outside)
        if adopted:
            driver = replace(driver, files=(*driver.files, *adopted))
            carriers.own = frozenset(driver.files)
            _parse(symbols, sources, adopted, progress)
        if not carriers.promote() and not unread and not adopted:
            break
        words = _page_words(symbols)
        words = _parse_named(symbols, sources, words, progress)
        slots = _read(driver, target, sources, carriers, outside, words)
    _complete(slots)
    carriers.settle(slots.graph)
    unreadable = allows_unreadable(sources[file] for file in driver.files)
    if unreadable:
        # An accessor says that the pool's memory is pages; where it need not be, there is none.
        costs = replace(costs, accessor=None)
    return Analysis(driver, symbols, slots.graph, solve(slots.graph, keep, costs), target, sources,
                    costs, unreadable)


def _adopt(driver: Driver, sources: dict[str, bytes], records: set[str],
           outside: Outside) -> list[str]:
    """Headers in folders of their own under include/ that define records which hold pages.

    Such a header belongs to the driver, unless several others include it: then it is a library's.
    That nobody else uses the member is seen to later.
    """
    if not records or not driver.path.startswith("drivers/"):
        return []
    found: list[str] = []
    for name in sorted({name.decode("latin-1") for file in driver.files
                        for name in _SHARED.findall(sources[file])}):
        header = f"include/{name}"
        if header in sources or len(PurePosixPath(name).parts) < 3 or \
                not (driver.root / header).is_file():
            continue
        data = driver.read(header)
        if not records.intersection(defined(data)):
            continue
        users = {file.rpartition("/")[0] for file in outside.reaching(header)
                 if file not in driver.files and not file.startswith("include/")}
        if len(users) < 2:
            sources[header] = data
            found.append(header)
    return found


def _defining(sources: dict[str, bytes], symbols: Symbols, names: set[bytes]) -> list[str]:
    """The files, not parsed yet, that declare one of these functions."""
    if not names:
        return []
    return [file for file, data in sources.items()
            if file not in symbols.files and not names.isdisjoint(_WORD.findall(data))]


def _read(driver: Driver, target: Target, sources: dict[str, bytes], carriers: Carriers,
          outside: Outside, words: set[bytes]) -> DriverSlots:
    """Read every function that names something that holds pages, and the file scope."""
    slots = DriverSlots(carriers.symbols, target, frozenset(driver.files), carriers,
                        outside)
    words = words | _ALWAYS
    for functions in list(slots.symbols.functions.values()):
        for function in list(functions):
            if function.body is None or function.file not in slots.own:
                continue
            span = (function.node.start_byte, function.node.end_byte)
            # Sets of words: one expression with all of them costs several times as much.
            named = _WORD.findall(sources[function.file], *span)
            if words.isdisjoint(named) and not any(
                    name.startswith(b"page_pool_") for name in named) and not (
                    b"NULL" in named and _LISTED.search(sources[function.file], *span)):
                continue
            reader = FunctionReader(slots, function)
            reader.read()
            if function.node.has_error:
                for slot in reader.touched:
                    slots.graph.block(slot, Category.PARSE_ERROR, "this code cannot be parsed",
                                      Place(function.file, function.node,
                                            function.name.decode("latin-1")))
    _read_globals(slots)
    return slots


def _check_whole(driver: Driver, symbols: Symbols) -> None:
    """Refuse a driver of which a file is cut off: what is missing could use what moves."""
    for file, parsed in symbols.files.items():
        what = cut_off(parsed.source)
        if what:
            raise InputError(f"{driver.root / file}: ends inside a {what}; it seems to be cut off, "
                             "get it whole")


def _parse(symbols: Symbols, sources: dict[str, bytes], files: Iterable[str],
           progress: Callable[[str], None] | None) -> None:
    # Headers first, so that a source file's own declarations find what they refer to.
    for file in sorted(files, key=lambda name: (not name.endswith(".h"), name)):
        if progress is not None:
            progress(file)
        symbols.add(file, symbols.texts.parse(sources[file]))


def _parse_named(symbols: Symbols, sources: dict[str, bytes], words: set[bytes],
                 progress: Callable[[str], None] | None) -> set[bytes]:
    """Parse what names something that holds pages, until no file is added; all such names."""
    while words:
        pending = [file for file, data in sources.items()
                   if file not in symbols.files and not words.isdisjoint(_WORD.findall(data))]
        if not pending:
            break
        _parse(symbols, sources, pending, progress)
        words = _page_words(symbols)
    return words


def _page_words(symbols: Symbols) -> set[bytes]:
    """Names of members, functions and globals that hold or give pages."""
    words: set[bytes] = set()
    for records in symbols.records.values():
        for record in records:
            words.update(name for name, member in record.members.items()
                         if symbols.resolve(member.type).is_page)
    for name, functions in symbols.functions.items():
        for function in functions:
            if function.result.is_page or any(p.type.is_page for p in function.parameters):
                words.add(name)
    words.update(name for name, variables in symbols.globals.items()
                 if any(variable.type.is_page for variable in variables))
    words.discard(b"")
    return words


def _read_globals(slots: DriverSlots) -> None:
    """Follow the initialisers at file scope."""
    for variables in list(slots.symbols.globals.values()):
        for variable in list(variables):
            value = variable.declarator.value
            if value is None or variable.file not in slots.own:
                continue
            outside = Function(b"", variable.file, True, Type("void"), [], False,
                               variable.declaration, variable.declarator.node, None)
            FunctionReader(slots, outside).initialise(
                slots.symbols.resolve(variable.type), slots.global_(variable), value)


def _complete(slots: DriverSlots) -> None:
    """Block members that are reached where the reader cannot look."""
    _unseen(slots)
    _in_macros(slots)
    by_name: dict[bytes, list[Slot]] = {}
    for slot in slots.graph.slots.values():
        if slot.kind is Kind.MEMBER:
            by_name.setdefault(slot.short_name.encode("latin-1"), []).append(slot)
    for name, members in by_name.items():
        for place in slots.graph.unresolved_members.get(name, ()):
            for slot in members:
                slots.graph.block(slot, Category.UNRESOLVED,
                                  "a member of this name is used on a value of unknown type", place)
        inside = re.compile(rb"(?:->|\.)\s*" + re.escape(name) + rb"\b")
        for macros in slots.symbols.macros.values():
            for macro in macros:
                # `#define alias page` is another name of the member.
                if inside.search(macro.body) or macro.body.strip() == name:
                    root = slots.symbols.files[macro.file].tree.root_node
                    node = root.descendant_for_byte_range(macro.body_start, macro.body_start + 1)
                    for slot in members:
                        slots.graph.block(slot, Category.MACRO,
                                          f"is used inside the macro {macro.name.decode()}",
                                          Place(macro.file, node or root, ""))


def _unseen(slots: DriverSlots) -> None:
    """Block slots that are named in code which masking took from the parser."""
    for file, parsed in slots.symbols.files.items():
        if file not in slots.own:
            continue
        code = code_of(parsed.source)
        hidden: list[int] = []
        start = 0
        for line, seen in zip(parsed.source.split(b"\n"), parsed.masked.split(b"\n"), strict=True):
            if line != seen:
                hidden += [match.start() for match in _WORD.finditer(code, start, start + len(line))
                           if parsed.masked[match.start():match.end()] != match.group()]
            start += len(line) + 1
        if not hidden:
            continue
        words: dict[bytes, list[int]] = {}
        for start in hidden:
            match = _WORD.match(code, start)
            if match is not None:
                words.setdefault(match.group(), []).append(start)
        root = parsed.tree.root_node
        for slot in list(slots.graph.slots.values()):
            for start in words.get(slot.short_name.encode("latin-1"), ()):
                member = code[:start].rstrip().endswith((b"->", b"."))
                if member == (slot.kind is Kind.MEMBER) and _in_scope(slot, file, start):
                    node = root.descendant_for_byte_range(start, start + 1) or root
                    slots.graph.block(slot, Category.UNRESOLVED,
                                      "is used in a branch of a conditional that is not read",
                                      Place(file, node, ""))


def _in_macros(slots: DriverSlots) -> None:
    """Block what macros name: functions, globals, and locals of the functions that use them."""
    words: dict[bytes, set[bytes]] = {}
    places: dict[bytes, Place] = {}
    for name, macros in slots.symbols.macros.items():
        for macro in macros:
            root = slots.symbols.files[macro.file].tree.root_node
            node = root.descendant_for_byte_range(macro.body_start, macro.body_start + 1)
            places[name] = Place(macro.file, node or root, "")
            words.setdefault(name, set()).update(
                set(_FREE_WORD.findall(code_of(macro.body))) - macro.parameters)
    if not words:
        return
    users: dict[bytes, list[bytes]] = {}
    for name, used in words.items():
        for word in used:
            users.setdefault(word, []).append(name)
    for slot in list(slots.graph.slots.values()):
        if slot.kind in (Kind.PARAMETER, Kind.RETURN, Kind.GLOBAL):
            title = slot.short_name if slot.kind is Kind.GLOBAL else slot.place.function
            for macro_name in users.get(title.encode("latin-1"), ()):
                slots.graph.block(slot, Category.MACRO,
                                  f"is reached through the macro {macro_name.decode()}",
                                  places[macro_name])
        if slot.kind in (Kind.PARAMETER, Kind.LOCAL):
            reached = _users(slot.short_name.encode("latin-1"), users)
            if reached:
                _captured(slots, slot, reached, places)


def _users(word: bytes, users: dict[bytes, list[bytes]]) -> set[bytes]:
    """Every macro that names `word`, or a macro that does."""
    found: set[bytes] = set()
    queue = [word]
    while queue:
        for name in users.get(queue.pop(), ()):
            if name not in found:
                found.add(name)
                queue.append(name)
    return found


def _captured(slots: DriverSlots, slot: Slot, macros: set[bytes],
              places: dict[bytes, Place]) -> None:
    """Block a local that a macro used in its function names without being given it."""
    for spelling in slot.spellings:
        node = spelling.declaration
        while node.parent is not None and node.type != "function_definition":
            node = node.parent
        source = slots.symbols.files[spelling.file].source
        for word in _WORD.findall(source, node.start_byte, node.end_byte):
            if word in macros:
                slots.graph.block(slot, Category.MACRO,
                                  f"is named inside the macro {word.decode()}", places[word])
                return


def _in_scope(slot: Slot, file: str, offset: int) -> bool:
    """Whether a word at an offset could be the slot: anywhere, or in its own function."""
    if slot.kind in (Kind.MEMBER, Kind.GLOBAL):
        return True
    if slot.kind not in (Kind.LOCAL, Kind.PARAMETER):
        return False
    for spelling in slot.spellings:
        node = spelling.declaration
        while node.parent is not None and node.type != "function_definition":
            node = node.parent
        if spelling.file == file and node.start_byte <= offset < node.end_byte:
            return True
    return False
