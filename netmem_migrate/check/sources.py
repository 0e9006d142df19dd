# SPDX-License-Identifier: GPL-2.0-only
"""Check the files of one driver by all rules that look at one version of it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from netmem_migrate.c.arms import Arms
from netmem_migrate.c.parse import ParsedFile, Texts
from netmem_migrate.c.symbols import Symbols
from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Unit
from netmem_migrate.check.paths.follow import Follower
from netmem_migrate.check.reach import Reach
from netmem_migrate.check.registry import Loaded, load
from netmem_migrate.check.whole import Whole
from netmem_migrate.errors import InputError
from netmem_migrate.flow.unreadable import FLAG, allows_unreadable
from netmem_migrate.model import versions
from netmem_migrate.model.relevant import FILE
from netmem_migrate.model.schema import ApiFunction
from netmem_migrate.results import Finding


def check_sources(files: Mapping[str, bytes | ParsedFile], *, api: str = "7.3",
                  unreadable: bool | None = None, arms: Arms | None = None,
                  only: Container[str] | None = None, root: Path | None = None,
                  whole: bool = True) -> tuple[Finding, ...]:
    """What is wrong in the files of one driver, in order of file and line.

    `files` are all sources of the driver by path, headers included, parsed or not. `unreadable`
    says whether its pools may give memory that the CPU cannot read; None: if it sets
    PP_FLAG_ALLOW_UNREADABLE_NETMEM, and where that memory gets to (check/reach.py); True: wherever
    there is netmem. `api` is the kernel release whose prototypes count; for one
    that the model does not hold, arguments are not judged. `arms` say which arms of `#if` count in
    files that are not parsed. `only` names the rules that are asked, where not all are. Not
    `whole`, some files of the driver are missing: rules of drivers are not asked. `root` is what
    the paths are relative to, where there is more than these files. Never raises for any bytes;
    functions that do not parse are named and left out.
    """
    arms = arms or Arms()
    # Of what says nothing of a pool, arms that are left out do not either.
    sources = {path: one.source if not isinstance(one, bytes) else
               arms.seen(one) if FILE.search(one) or FLAG in one else b""
               for path, one in files.items()}
    if not any(map(FILE.search, sources.values())):
        return ()
    symbols = Symbols(texts=Texts(arms))
    parsed: dict[str, ParsedFile] = {}
    for path, one in files.items():
        original = one if isinstance(one, bytes) else one.original
        if isinstance(one, ParsedFile):
            symbols.texts.add(one)
        if FILE.search(sources[path]):
            parsed[path] = symbols.texts.parse(original)
        else:
            symbols.postpone(path, original)
    for path, file in parsed.items():
        symbols.add(path, file)
    allowed = allows_unreadable(sources.values()) if unreadable is None else unreadable
    reach = Reach(symbols, parsed, allowed, always=unreadable is True)
    originals = {path: one if isinstance(one, bytes) else one.original
                 for path, one in files.items()}
    asked = [rule for rule in load() if only is None or rule.declared.id in only]
    return tuple(sorted({
        finding for context in _contexts(parsed, symbols, api, reach,
                                         Whole(symbols, originals, root) if whole else None)
        for rule in asked if _applies(rule, context) and rule.find is not None
        for finding in rule.find(context)}))


def _contexts(parsed: Mapping[str, ParsedFile], symbols: Symbols, release: str,
              reach: Reach, whole: Whole | None) -> Iterator[Context]:
    """What is looked at: each file, each function that touches memory of a pool, and the `whole`
    driver."""
    follower = Follower(symbols)
    api = functions_of(release)
    for path, file in parsed.items():
        yield Context(path, file, None, symbols, api, reach, follower, release)
    # A list: a record that a rule asks for may bring in another header, with its functions.
    for function in [one for several in symbols.functions.values() for one in several]:
        if function.file not in parsed or function.body is None:
            continue
        file = parsed[function.file]
        text = file.text(function.node)
        if FILE.search(text) or follower.wraps(text):
            yield Context(function.file, file, function, symbols, api, reach, follower,
                          release)
    # Last: rules of drivers parse more files, which must not count before.
    if whole is not None:
        path, file = next(iter(parsed.items()))
        yield Context(path, file, None, symbols, api, reach, follower, release, whole)


def _applies(rule: Loaded, context: Context) -> bool:
    if context.function is None:
        return rule.declared.unit is (Unit.FILE if context.whole is None else Unit.DRIVER)
    return rule.declared.unit is Unit.FUNCTION and (
        rule.declared.unparsed or not context.function.node.has_error)


@lru_cache(maxsize=8)
def functions_of(release: str) -> Mapping[str, ApiFunction]:
    """The functions of a release; none where the model does not hold it, so nothing is said."""
    try:
        return versions.at(release).functions
    except InputError:
        return {}
