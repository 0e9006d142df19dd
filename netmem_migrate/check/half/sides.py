# SPDX-License-Identifier: GPL-2.0-only
"""What a driver's files declare before and after a change, and what of that differs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import ParsedFile, Texts
from netmem_migrate.c.symbols import Function, Symbols
from netmem_migrate.c.types import Record, Type
from netmem_migrate.c.words import WORD
from netmem_migrate.results import FileChange

_TAGGED = re.compile(rb"\b(?:struct|union|enum)\s+\w+")


@dataclass
class Sides:
    """The driver before and after. `beside` are its files that do not change, by path.

    Headers among them are parsed where a record of theirs is asked for, sources where a name is
    in them of which the declaration changes.
    """

    changes: Sequence[FileChange]
    beside: Mapping[str, bytes] = field(default_factory=dict)
    _spelled: dict[tuple[str, str], frozenset[bytes]] = field(
        default_factory=dict, init=False, repr=False)

    @cached_property
    def texts(self) -> Texts:
        """One memory of what was parsed, for both sides."""
        return self.changes[0].texts

    @cached_property
    def before(self) -> Symbols:
        """What was declared."""
        return self._symbols({one.path: one.parsed_before for one in self.changes})

    @cached_property
    def after(self) -> Symbols:
        """What is declared."""
        return self._symbols({one.path: one.parsed_after for one in self.changes})

    def _symbols(self, files: Mapping[str, ParsedFile]) -> Symbols:
        symbols = Symbols(texts=self.texts)
        for path, parsed in files.items():
            symbols.add(path, parsed)
        for path, text in self.beside.items():
            if path.endswith(".h"):
                symbols.postpone(path, text)
        return symbols

    @cached_property
    def members(self) -> Mapping[str, Mapping[bytes, Type]]:
        """The members that are gone, or of another type, by record; with their old type."""
        found: dict[str, dict[bytes, Type]] = {}
        for tag, records in list(self.before.records.items()):
            old = {name: one.type for record in records for name, one in record.members.items()}
            new = {name: one.type for record in self.after.records.get(tag, ())
                   for name, one in record.members.items()}
            if self.after.records.get(tag):
                less = {name: type_ for name, type_ in old.items() if new.get(name) != type_}
                if less:
                    found[tag] = less
        return found

    def spelled(self, record: Record) -> frozenset[bytes]:
        """The words in a record as it is left, but for the names of types and in comments."""
        key = record.file, record.tag
        if key not in self._spelled:
            member = next(iter(record.members.values()), None)
            body = member.declaration.parent if member is not None else None
            text = self.after.files[record.file].original[
                body.start_byte:body.end_byte] if body is not None else b""
            self._spelled[key] = frozenset(WORD.findall(_TAGGED.sub(b"", code_of(text))))
        return self._spelled[key]

    @cached_property
    def words(self) -> Mapping[str, frozenset[bytes]]:
        """The words that each file had."""
        return {path: frozenset(WORD.findall(parsed.source))
                for path, parsed in self.before.files.items()}

    @cached_property
    def names(self) -> frozenset[bytes]:
        """Members, functions and variables of which the declaration changes."""
        found = {name for less in self.members.values() for name in less}
        for old, new in ((self.before, self.after), (self.after, self.before)):
            found |= {name for name, several in old.functions.items()
                      if not _unchanged(name, old, new) and {_shape(one) for one in several} !=
                      {_shape(one) for one in new.functions.get(name, ())}}
            found |= {name for name, variables in old.globals.items()
                      if {one.type for one in variables} !=
                      {one.type for one in new.globals.get(name, ())}}
        return frozenset(found)

    @cached_property
    def others(self) -> Mapping[str, ParsedFile]:
        """The files that do not change, and name what changes."""
        found = {}
        for path, text in self.beside.items():
            # A search for bytes is quick, and most files have none of them.
            if any(name in text for name in self.names) and \
                    not self.names.isdisjoint(WORD.findall(text)):
                found[path] = self.texts.parse(text)
        for path, parsed in found.items():
            for symbols in (self.before, self.after):
                if path not in symbols.files:
                    symbols.add(path, parsed)
        return found

    @cached_property
    def looked_at(self) -> Mapping[str, ParsedFile]:
        """The files that change, or name what does, as they are left."""
        return {**{one.path: one.parsed_after for one in self.changes}, **self.others}

    def concerned(self) -> Iterator[tuple[Function, Function | None]]:
        """The functions that change, or name what does: as they are, and as they were."""
        names = self.names
        files = self.looked_at
        for name, several in list(self.after.functions.items()):
            was = [one for one in self.before.functions.get(name, ()) if one.body is not None]
            for function in several:
                if function.body is None or function.file not in files:
                    continue
                mine = [one for one in was if one.file == function.file]
                # Several of one name are arms of an `#if`, or heads that a macro makes.
                old = mine[0] if len(mine) == 1 else None
                text = self.after.files[function.file].text(function.node)
                same = old is not None and \
                    self.before.files[old.file].text(old.node) == text
                if not same or not names.isdisjoint(WORD.findall(text)):
                    yield function, old


def _unchanged(name: bytes, old: Symbols, new: Symbols) -> bool:
    """Whether all that declares a function is spelled as before."""
    one, other = ([symbols.files[function.file].text(function.node)
                   for function in symbols.functions.get(name, ())] for symbols in (old, new))
    return one == other


def _shape(function: Function) -> tuple[Type, tuple[Type, ...]]:
    return function.result, tuple(one.type for one in function.parameters)
