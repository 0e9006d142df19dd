# SPDX-License-Identifier: GPL-2.0-only
"""Read a whole driver into a flow graph, and cut it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, replace

from netmem_migrate.c.arms import Arms
from netmem_migrate.c.complete import cut_off
from netmem_migrate.c.parse import Texts
from netmem_migrate.c.symbols import Symbols, defined
from netmem_migrate.c.words import include_lines
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.flow import addresses
from netmem_migrate.flow.arms import block_arms
from netmem_migrate.flow.carriers import Carriers
from netmem_migrate.flow.costs import DEFAULT, Costs
from netmem_migrate.flow.cut import Solution, solve
from netmem_migrate.flow.frags import block_half, mark_others
from netmem_migrate.flow.graph import Graph, Place
from netmem_migrate.flow.heads import leave_heads
from netmem_migrate.flow.hidden import block_hidden
from netmem_migrate.flow.keys import Key
from netmem_migrate.flow.outside import Outside
from netmem_migrate.flow.reader.functions import read_function, read_global
from netmem_migrate.flow.slots import Slots
from netmem_migrate.flow.unread import block_borrowed, block_unread
from netmem_migrate.flow.unreadable import allows_unreadable
from netmem_migrate.kernel.drivers import Driver
from netmem_migrate.kernel.headers import headers_of
from netmem_migrate.kernel.macros import arms_of_driver
from netmem_migrate.model.forms import Table, table
from netmem_migrate.model.spelled import CALLS
from netmem_migrate.model.target import Target
from netmem_migrate.reasons import CATEGORY, Why

_PREFILTER = re.compile(rb"\bpage_pool_|\bstruct\s+page\b|netmem")
_MACRO = re.compile(rb"#[ \t]*define[ \t]+(\w+)")
# NULL in an initialiser can stand for a page that the function does not name.
_LISTED = re.compile(rb"=\s*\{[^;]*\bNULL\b|\)\s*\{\s*NULL\b")


@dataclass(frozen=True, slots=True)
class Analysis:
    """A driver, what it declares, where its pages flow, and the cut.

    `sources` are its files as the target has them, `originals` as they stand there. `costs` are the
    prices at which it was cut; `unreadable` says whether its pools may hold memory that the CPU
    cannot read.
    """

    driver: Driver
    symbols: Symbols
    graph: Graph
    solution: Solution
    target: Target
    sources: dict[str, bytes]
    originals: dict[str, bytes]
    rows: Table
    costs: Costs = DEFAULT
    unreadable: bool = False


def use_page_pool(texts: Iterable[bytes], rows: Table) -> bool:
    """Whether any text mentions page_pool at all, or what a pass brings along. A byte search."""
    names = [CALLS.encode(), *(row.call.encode() for row in rows.brought if row.call)]
    return any(name in text for text in texts for name in names)


def analyse(driver: Driver, target: Target,
            progress: Callable[[str], None] | None = None,
            keep: frozenset[str] = frozenset(), costs: Costs = DEFAULT,
            rows: Table | None = None, arms: Arms | None = None,
            texts: Texts | None = None) -> Analysis:
    """Parse what matters of a driver, follow its pages, and decide what moves (`keep`: solve()).

    `rows` are the forms that may be converted: all of the table, if not said. `arms` say which arms
    of `#if` count: those of the target, if not said. `texts` are what was parsed already of a
    driver with the same macros; they know their arms.
    """
    rows = rows or table()
    arms = texts.arms if texts is not None else arms or arms_of_driver(driver, target)
    originals = {file: driver.read(file) for file in (*driver.files, *driver.borrowed)}
    sources = {file: arms.seen(data) for file, data in originals.items()}
    symbols = Symbols(texts=texts or Texts(arms))
    _parse(symbols, originals, _naming(sources), progress)
    carriers = Carriers(frozenset(driver.files))
    words = _parse_named(symbols, sources, originals, carriers, progress)
    _check_whole(driver, symbols)
    _postpone(symbols, originals)
    # Only paths below a kernel's root say where else a header can be included from.
    outside = Outside(driver.root if driver.path.startswith("drivers/") else None, _uses)
    slots = _read(driver, target, symbols, sources, carriers, outside, words, rows)
    near: set[bytes] = set()
    out_of_order = False
    while True:
        # Each round follows pages one void pointer, or one function of an unread file, further;
        # and addresses of pages by one more name.
        unread = _defining(sources, symbols, slots.graph.unread_functions)
        unread += _holding(sources, symbols, addresses.unread(slots.graph))
        unread += _renaming(sources, symbols, slots.graph.unread_records | {
            record for name, record in slots.graph.foreign_members if name in words})
        _parse(symbols, originals, unread, progress)
        further = addresses.words(slots.graph) - near
        near |= further
        records = slots.graph.unread_records | addresses.unread_records(slots.graph)
        adopted = _adopt(driver, sources, originals, arms, records, outside)
        if adopted:
            driver = replace(driver, files=(*driver.files, *adopted))
            carriers.own = frozenset(driver.files)
            _parse(symbols, originals, adopted, progress)
        anew = carriers.promote() or bool(unread) or bool(adopted)
        if not (anew or further or out_of_order):
            break
        files = len(symbols.files)
        words = _parse_named(symbols, sources, originals, carriers, progress, near)
        if anew or not further or len(symbols.files) > files:
            slots, out_of_order = _read(driver, target, symbols, sources, carriers, outside, words,
                                        rows), False
        else:
            # What was read reads the same: only names were added.
            out_of_order |= _read_functions(slots, sources, words)
    _block(driver, slots, sources, originals)
    unreadable = allows_unreadable(sources[file] for file in driver.files)
    if unreadable:
        # An accessor says that the pool's memory is pages; where it need not be, there is none.
        costs = replace(costs, accessor=None)
    mark_others(slots.graph, symbols, sources, driver.root)
    solution = solve(slots.graph, keep, costs)
    mapped = addresses.block_mapped(slots.graph, solution.moved)
    strangers = addresses.block_strangers(slots.graph, solution.moved)
    if mapped or strangers:
        solution = solve(slots.graph, keep, costs)
    if block_half(slots.graph, sources, solution.moved):
        solution = solve(slots.graph, keep, costs)
    return Analysis(driver, symbols, slots.graph, leave_heads(slots.graph, symbols, solution),
                    target, sources, originals, rows, costs, unreadable)


def _naming(sources: Mapping[str, bytes]) -> list[str]:
    """The files that name pages, or a pool."""
    # A plain search is many times faster than one for words, and says no of most files.
    return [file for file, data in sources.items()
            if (b"page" in data or b"netmem" in data) and _PREFILTER.search(data)]


def _postpone(symbols: Symbols, originals: Mapping[str, bytes]) -> None:
    """Parse the headers that are left only if a record that one defines is asked for."""
    for file, data in originals.items():
        if file.endswith(".h") and file not in symbols.files:
            symbols.postpone(file, data)


def _block(driver: Driver, slots: Slots, sources: Mapping[str, bytes],
           originals: Mapping[str, bytes]) -> None:
    """Block what others hold, or what was not read may use."""
    _name_shared(driver, sources, slots.graph, slots.outside)
    block_hidden(slots)
    block_arms(slots)
    slots.carriers.settle(slots.graph)
    block_unread(slots)
    block_borrowed(slots, {file: originals[file] for file in driver.borrowed
                           if file not in driver.files}, _uses)


def _adopt(driver: Driver, sources: dict[str, bytes], originals: dict[str, bytes], arms: Arms,
           records: set[str], outside: Outside) -> list[str]:
    """Headers in folders of their own under include/ that define records which hold pages, or
    addresses of pages.

    Such a header belongs to the driver, unless several others include it: then it is a library's.
    That nobody else uses the member is seen to later.
    """
    if not records or not driver.path.startswith("drivers/"):
        return []
    found: list[str] = []
    for header, data, users in _headers(driver, _included(driver, sources), sources, records,
                                        outside):
        if users < 2:
            originals[header], sources[header] = data, arms.seen(data)
            found.append(header)
    return found


def _included(driver: Driver, sources: Mapping[str, bytes]) -> set[str]:
    """The headers in folders of their own under include/ that the driver's files include."""
    return {f"include/{name.decode('latin-1')}" for file in driver.files
            for mark, name in include_lines(sources[file])
            if mark == b"<" and name.count(b"/") > 1}


def _headers(driver: Driver, headers: Iterable[str], sources: Mapping[str, bytes],
             records: Set[str], outside: Outside) -> Iterator[tuple[str, bytes, int]]:
    """Those of some headers that define one of these records: path, text, and how many other
    folders include it: two for more than one."""
    for header in sorted(headers):
        if header in sources or not plain.is_plain(driver.root / header):
            continue
        data = driver.read(header)
        if records & set(defined(data)):
            yield header, data, len(outside.folders(header, driver.files, 2))


def _name_shared(driver: Driver, sources: Mapping[str, bytes], graph: Graph,
                 outside: Outside) -> None:
    """Say of pages from a record that no file read defines, whose it is: a library's."""
    asked = {blocker.reason.by for known in graph.blockers.values() for blocker in known
             if blocker.reason.why is Why.SET_FROM_UNKNOWN and blocker.reason.by}
    if not asked or not driver.path.startswith("drivers/"):
        return
    behind = {header for one in _included(driver, sources)
              for header in headers_of(driver.root).reached(one.partition("/")[2])
              if header.count("/") > 2}
    shared = {record: header
              for header, data, users in _headers(driver, behind, sources, asked, outside)
              if users > 1
              for record in asked & set(defined(data))}
    for known in graph.blockers.values():
        known[:] = [replace(one, reason=replace(one.reason, why=Why.SHARED_RECORD,
                                                other=shared[one.reason.by]),
                            category=CATEGORY[Why.SHARED_RECORD])
                    if one.reason.why is Why.SET_FROM_UNKNOWN and one.reason.by in shared else one
                    for one in known]


def _defining(sources: dict[str, bytes], symbols: Symbols, names: set[bytes]) -> list[str]:
    """The files, not parsed yet, that declare one of these functions."""
    if not names:
        return []
    return [file for file, data in sources.items()
            if file not in symbols.files and not names.isdisjoint(symbols.texts.words(data))]


def _holding(sources: dict[str, bytes], symbols: Symbols, names: set[bytes]) -> list[str]:
    """The files, not parsed yet, that define one of these functions."""
    if not names:
        return []
    heads = re.compile(rb"^[A-Za-z_][^;{}()\n]*\b(?:" + b"|".join(sorted(names)) + rb")\(",
                       re.MULTILINE)
    return [file for file, data in sources.items()
            if file not in symbols.files and not names.isdisjoint(symbols.texts.words(data))
            and heads.search(data)]


def _renaming(sources: dict[str, bytes], symbols: Symbols, records: Set[str]) -> list[str]:
    """The files, not parsed yet, in which a macro is the tag of one of these records."""
    tags = {record.rpartition(" ")[2].encode("latin-1") for record in records}
    return [file for file, data in sources.items() if file not in symbols.files and tags
            and not tags.isdisjoint(_MACRO.findall(data))]


def _read(driver: Driver, target: Target, symbols: Symbols, sources: dict[str, bytes],
          carriers: Carriers, outside: Outside, words: set[bytes], rows: Table) -> Slots:
    """Read every function that names something that holds pages, and the file scope."""
    slots = Slots(symbols, target, frozenset(driver.files), carriers, outside,
                  rows)
    _read_functions(slots, sources, words)
    for variables in list(slots.symbols.globals.values()):
        for variable in list(variables):
            value = variable.declarator.value
            if value is not None and variable.file in slots.own:
                read_global(slots, variable, value)
    return slots


def _read_functions(slots: Slots, sources: dict[str, bytes], words: set[bytes]) -> bool:
    """Read those functions, but for what was read already; whether there are any."""
    words = words | {b"page", *(name.encode() for name in slots.twins)}
    calls = CALLS.encode()
    found = False
    for functions in list(slots.symbols.functions.values()):
        for function in list(functions):
            if function.body is None or function.file not in slots.own or function in slots.read:
                continue
            # Sets of words: one expression with all of them costs several times as much.
            named = slots.symbols.files[function.file].words(function.node)
            if words.isdisjoint(named) and not any(
                    name.startswith(calls) for name in named) and not (
                    b"NULL" in named and _LISTED.search(
                        sources[function.file], function.node.start_byte, function.node.end_byte)):
                continue
            found = True
            slots.read.add(function)
            touched = read_function(slots, function)
            if function.node.has_error:
                for slot in touched:
                    slots.graph.block(slot, Why.NOT_PARSED,
                                      Place(function.file, function.node,
                                            function.name.decode("latin-1")))
    return found


def _uses(symbols: Symbols, file: str, own: frozenset[str]) -> dict[Key, int]:
    """The lines where a file of somebody else uses members, by the keys of their slots.

    A name that stands on a value of unknown type is a key of its own.
    """
    slots = Slots(symbols, Target("", frozenset()), own)
    for functions in list(symbols.functions.values()):
        for function in functions:
            if function.file == file and function.body is not None:
                read_function(slots, function)
    found: dict[Key, int] = {}
    for key, slot in slots.graph.slots.items():
        lines = [place.line for place in slot.names if place.file == file]
        if lines:
            found[key] = lines[0]
    for name, places in slots.graph.unresolved_members.items():
        found[name,] = places[0].line
    return found


def _check_whole(driver: Driver, symbols: Symbols) -> None:
    """Refuse a driver of which a file is cut off: what is missing could use what moves."""
    for file, parsed in symbols.files.items():
        what = cut_off(parsed.original)
        if what:
            raise InputError(f"{driver.root / file}: ends inside a {what}; it seems to be cut off, "
                             "get it whole")


def _parse(symbols: Symbols, originals: dict[str, bytes], files: Iterable[str],
           progress: Callable[[str], None] | None) -> None:
    # Headers first, so that a source file's own declarations find what they refer to.
    for file in sorted(files, key=lambda name: (not name.endswith(".h"), name)):
        if progress is not None:
            progress(file)
        symbols.add(file, symbols.texts.parse(originals[file]))


def _parse_named(symbols: Symbols, sources: dict[str, bytes], originals: dict[str, bytes],
                 carriers: Carriers, progress: Callable[[str], None] | None,
                 near: Set[bytes] = frozenset()) -> set[bytes]:
    """Parse what names something that holds pages, until no file is added; all such names.

    `near` are names of what holds their addresses.
    """
    words = _page_words(symbols, carriers) | near
    while words:
        pending = [file for file, data in sources.items()
                   if file not in symbols.files and not words.isdisjoint(symbols.texts.words(data))]
        if not pending:
            break
        _parse(symbols, originals, pending, progress)
        words = _page_words(symbols, carriers) | near
    return words


def _page_words(symbols: Symbols, carriers: Carriers) -> set[bytes]:
    """Names of members, functions and globals that hold or give pages."""
    words: set[bytes] = set()
    for records in symbols.records.values():
        for record in records:
            words.update(name for name, member in record.members.items()
                         if symbols.resolve(carriers.member_type(member)).is_page)
    for name, functions in symbols.functions.items():
        for function in functions:
            if carriers.result_type(function).is_page or any(
                    carriers.parameter_type(function, index).is_page
                    for index in range(len(function.parameters))):
                words.add(name)
    words.update(name for name, variables in symbols.globals.items()
                 if any(carriers.global_type(variable).is_page for variable in variables))
    words.discard(b"")
    return words
