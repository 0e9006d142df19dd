# SPDX-License-Identifier: GPL-2.0-only
"""Compare code before and after a change: the same statements in the same order, or a finding.

Follows the correspondence of netmem_migrate/model/forms.py. What a compiler proves with netmem
defined as pages (docs/proof.md), this says in milliseconds, with the line and the reason.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property

from tree_sitter import Node

from netmem_migrate.c.copies import copies, declared_again
from netmem_migrate.c.lines import line_of
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.parse import Definition, ParsedFile
from netmem_migrate.c.types import PAGE
from netmem_migrate.c.words import WORD
from netmem_migrate.check.compare.aliases import aliases, without
from netmem_migrate.check.compare.back import ways_back
from netmem_migrate.check.compare.canonical import Canon
from netmem_migrate.check.compare.declared import Statement
from netmem_migrate.check.compare.differences import differences
from netmem_migrate.check.compare.events import same_function, says_netmem
from netmem_migrate.check.compare.kept import made_room, only_drops
from netmem_migrate.check.compare.kinds import LEGAL, kind, shown
from netmem_migrate.check.compare.locals import locals_of, parameter_names, same_parameters
from netmem_migrate.check.compare.orders import same_orders
from netmem_migrate.check.compare.pages import for_pages
from netmem_migrate.check.compare.plain import is_plain
from netmem_migrate.check.compare.renames import both, given_names, is_arm, renamed
from netmem_migrate.check.compare.spare import with_common, without_spare
from netmem_migrate.check.compare.ways import Version, asks_for_net_iov, owns_as_page, same_ways
from netmem_migrate.check.compare.words import REF
from netmem_migrate.check.half.sides import Sides
from netmem_migrate.check.paths.lines import Lines
from netmem_migrate.check.registry import rule
from netmem_migrate.model.forms import BACK
from netmem_migrate.model.providers import HEADER
from netmem_migrate.model.spelled import REF as NETMEM_REF
from netmem_migrate.model.spelled import TO_PAGE
from netmem_migrate.results import FileChange, Finding

_BLANK = bytes(one if one == 0x0A else 0x20 for one in range(256))
_DEFINED = re.compile(rb"^[ \t]*#[ \t]*(?:define|undef)\b(?:[^\n\\]|\\.|\\\n)*", re.MULTILINE)
_ACCESSOR = re.compile(rb"\{\s*return\s+" + TO_PAGE.encode() + rb"\((\w+)\);\s*\}\s*$")
_INCLUDED = re.compile(rb"^[ \t]*#[ \t]*include[ \t]+(<[^>\n]+>|\"[^\"\n]+\")[ \t]*$", re.MULTILINE)


def compare_changes(changes: Sequence[FileChange]) -> tuple[Finding, ...]:
    """What differs in more than spelling between the sides of one patch, file by file."""
    accessors = frozenset(name for change in changes
                          for name in _accessors(change))
    changed = [change for change in changes
               if change.path.endswith((".c", ".h")) and change.before != change.after]
    if (room := made_room(changed)) is not None:
        return (room,)
    declared = _Declared(changed)
    files = [_File(change, accessors, declared) for change in changed]
    moved = _moved(files)
    found = [finding for file in files for finding in file.findings(moved)]
    hints = [one for one in found if one.id == "hint-with-conversion"]
    if hints and len(hints) == len(found) and only_drops(changes):
        return ()
    return tuple(sorted(found))


def compare(before: bytes, after: bytes, path: str) -> tuple[Finding, ...]:
    """The same for one file."""
    return compare_changes([FileChange(path, before, after)])


def _accessors(change: FileChange) -> Iterator[str]:
    if TO_PAGE.encode() not in change.after:
        return
    known = {one.name for one in change.parsed_before.functions()}
    for one in change.parsed_after.functions():
        text = change.after[one.start:one.end]
        gives = _ACCESSOR.search(text) if one.name not in known else None
        if gives is not None and gives[1] in WORD.findall(text[:text.index(b"{")]):
            yield one.name


class _Named:
    """The words of one side of a file: by word the functions that say it, and those outside."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.parsed = parsed

    @cached_property
    def rest(self) -> bytes:
        """The file without its functions."""
        return _rest(self.parsed)

    @cached_property
    def outside(self) -> frozenset[bytes]:
        """The words of that."""
        return frozenset(WORD.findall(self.rest))

    @cached_property
    def functions(self) -> Mapping[bytes, set[str]]:
        """By word, the functions in which it stands."""
        found: dict[bytes, set[str]] = defaultdict(set)
        for one in self.parsed.functions():
            for word in WORD.findall(self.parsed.text(one.node)):
                found[word].add(one.name)
        return found


class _Declared(Sides):
    """What the files of a patch declare on both sides; read once for all of them."""

    @cached_property
    def records(self) -> list[Collection[bytes]]:
        """The members of each record after the change."""
        return [one.members.keys() for several in self.after.records.values() for one in several]

    @cached_property
    def kept(self) -> dict[str, str]:
        """Members that say netmem and were there before, beside the page's in one record."""
        found: dict[str, str] = {}
        for record in (one for several in self.before.records.values() for one in several):
            found |= both({name.decode("latin-1") for name, member in record.members.items()
                           if member.type.base in (PAGE, NETMEM_REF)
                           and not is_arm(member.declaration)})
        return found


class _File:
    """The two sides of one file."""

    def __init__(self, change: FileChange, accessors: frozenset[str],
                 declared: _Declared) -> None:
        self.path = change.path
        self.before, self.after = change.parsed_before, change.parsed_after
        self.old, self.new = _by_name(self.before), _by_name(self.after)
        self.sides = _Named(self.before), _Named(self.after)
        self.accessors = accessors
        self.declared = declared
        self.members: dict[str, str] = {}  # what members were called
        self.inside: dict[str, frozenset[str]] = {}
        """By function, the helpers that were looked into to compare it."""

    def findings(self, moved: Mapping[str, tuple[ParsedFile, Definition]]) -> list[Finding]:
        """What differs; `moved` are functions that other files had, and this one or others have."""
        old, new = self.old, self.new
        found: list[Finding] = []
        for key, function in new.items():
            if key in old:
                found += self._function(self.before, old[key], function)
            elif function.name in moved:
                found += self._function(*moved[function.name], function)
            elif function.name in self._called:
                found += self._function(self.before, old[self._called[function.name], 0], function)
        for key, function in new.items():
            if key not in old and function.name not in moved and \
                    function.name not in self.accessors and \
                    function.name not in self._called and \
                    not self._is_looked_into(self.sides[1], function):
                found.append(self._finding("changed-behaviour", function.name,
                                           self.after.line_of(function.start),
                                           "a function that was not there before"))
        for key, function in old.items():
            if key not in new and function.name not in moved and \
                    function.name not in self._called.values() and \
                    not self._is_looked_into(self.sides[0], function):
                found.append(self._finding("changed-behaviour", function.name, 1,
                                           f"{function.name}() is gone"))
        return [*found, *self._outside()]

    def _is_looked_into(self, side: _Named, helper: Definition) -> bool:
        """Whether all that calls a function of one side was compared by what that does."""
        if not _is_static(side.parsed, helper.node):
            return False
        word = helper.name.encode("latin-1")
        callers = side.functions.get(word, set())
        return word not in side.outside and callers != {helper.name} and all(
            name == helper.name or helper.name in self.inside.get(name, ()) for name in callers)

    @cached_property
    def _own(self) -> tuple[frozenset[str], frozenset[str]]:
        """The names of the functions of both sides."""
        return frozenset(name for name, _ in self.old), frozenset(name for name, _ in self.new)

    @cached_property
    def _names(self) -> frozenset[str]:
        """The names of either."""
        return self._own[0] | self._own[1]

    @cached_property
    def _called(self) -> dict[str, str]:
        """The functions that have another name, and the one that they had."""
        gone, came = self._helpers
        found = {name: old for name in came if _is_static(self.after, came[name])
                 and (old := name.replace("netmem", "page")) in gone
                 and _is_static(self.before, gone[old])}
        if len(set(found.values())) != len(found):
            found = {}
        # A clone: the function that served for both stays for pages.
        own = [name for name in came if name not in found and _is_static(self.after, came[name])
               and self._is_only_called(name)]
        copied = copies(self.before, [one for (_, number), one in self.old.items() if not number],
                        self.after, [self.new[name, 0] for name in own]) if own else {}
        clones = {name: old for name in own
                  if (old := copied.get(name) or name.replace("netmem", "page")) != name
                  and (old, 0) in self.new and (old, 0) in self.old and (old, 1) not in self.old
                  and _is_static(self.before, self.old[old, 0].node)
                  and (name in copied or is_plain(self.before, self.old[old, 0].node))}
        return found | clones

    def _is_only_called(self, name: str) -> bool:
        """Whether a new function stands nowhere but in calls."""
        word = name.encode("latin-1")
        return not re.search(rb"(?<!\w)" + word + rb"\b(?!\s*\()", code_of(self.after.source))

    @cached_property
    def _helpers(self) -> tuple[dict[str, Node], dict[str, Node]]:
        """The functions that only one side has, by name."""
        one, other = ({name: function.node for (name, number), function in side.items()
                       if not number and (name, 1) not in side} for side in (self.old, self.new))
        return ({name: node for name, node in one.items() if (name, 0) not in self.new},
                {name: node for name, node in other.items() if (name, 0) not in self.old})

    def _function(self, was: ParsedFile, old: Definition, new: Definition) -> Iterator[Finding]:
        one = was.source[old.start:old.end]
        other = self.after.source[new.start:new.end]
        if one == other:
            return
        sides = [locals_of(parsed, node) | set(parameter_names(parsed, node))
                 for parsed, node in ((was, old.node), (self.after, new.node))]
        kept = self.declared.kept | both(sides[0] & sides[1])
        given = given_names(one, other, self.declared.records) | kept
        names = self._paired(renamed(one, other, given), other) | given
        back, heads = ways_back(one, other, new.node)
        canons = (Canon(was, given, back),
                  Canon(self.after, names, self.accessors | back, self._called))
        before, after = canons[0].function(old.node), canons[1].function(new.node)
        mixed = canons[1].mixed[len(canons[0].mixed):]
        if self._is_same(before, after) and not mixed:
            if heads:
                yield self._finding("same-ways", new.name, self.after.line_of(new.start),
                                    f"takes a page of a netmem by {heads}(), and only looks at it")
            return
        symbols = self.declared.before, self.declared.after
        path = next(path for path, one in symbols[0].files.items() if one is was)
        versions = (Version(path, was, old, symbols[0], given, back, self._helpers[0],
                            own=self._own[0]),
                    Version(self.path, self.after, new, symbols[1], names, self.accessors | back,
                            self._helpers[1], self._called, self._own[1]))
        if before[0].text == after[0].text and not mixed and \
                (inside := same_ways(*versions)) is not None:
            self.inside[new.name] = inside
            pages = "for pages " * (asks_for_net_iov(other) and not asks_for_net_iov(one))
            yield self._finding("same-ways", new.name, self.after.line_of(new.start),
                                f"written otherwise, and the same {pages}on each way through it")
            return
        only = not asks_for_net_iov(one)
        if not mixed and is_plain(was, old.node) and is_plain(self.after, new.node):
            spelled = Canon(self.after, names, self.accessors | BACK, self._called).function(
                new.node) if only and not owns_as_page(*versions) else after
            own = self._names
            plain = [for_pages(without(side, aliases(version), own), own, none_asked=only)
                     for side, version in zip((before, spelled), versions, strict=True)]
            if self._is_same(*plain):
                pages = "for pages " * (asks_for_net_iov(other) and only)
                yield self._finding("same-ways", new.name, self.after.line_of(new.start),
                                    f"written otherwise, and the same {pages}in each statement")
                return
        for called, line in mixed:
            yield self._finding("missed-call", new.name, line,
                                f"{called}() takes a page, and is given netmem")
        lines = (Lines(self.path, "before", was, old.node) if was is self.before else None,
                 Lines(self.path, "after", self.after, new.node))
        paired = {*self._called, *self._called.values()}
        inside_of = same_orders(*(replace(one, helpers={
            name: node for name, node in one.helpers.items() if name not in paired})
            for one in versions))
        if inside_of is None:
            yield from self._differences(before, after, new.name, *lines)
            return
        self.inside[new.name] = inside_of
        left = self._settled(before, after, versions)
        if self._is_same(*left) and not mixed:
            yield self._finding("same-ways", new.name, self.after.line_of(new.start),
                                "locals are others, and what is given to functions that take "
                                "others; the rest is the same")
        yield from self._in_the_same_order(*left, new.name, *lines)

    def _settled(self, before: list[Statement], after: list[Statement],
                 versions: Sequence[Version]) -> tuple[list[Statement], list[Statement]]:
        """The statements without what shows elsewhere: heads, spare locals, other parameters."""
        sides = [with_common(one, self._parameters, number)
                 for number, one in enumerate((before, after))]
        mine = [{version.names.get(name, name) for name in locals_of(
            version.parsed, version.function.node)} for version in versions]
        own = self._names
        left = sides
        if all(is_plain(one.parsed, one.function.node) for one in versions):
            left = [[side[0], *without_spare(side[1:], mine[number], sides[1 - number], own)]
                    for number, side in enumerate(sides)]
        if not self._is_same(left[0][1:], left[1][1:]):
            return left[0][1:], left[1][1:]
        # The head is all that differs, if that does.
        return left[0], left[1]

    @cached_property
    def _parameters(self) -> dict[str, tuple[list[str], list[str]]]:
        """By static function of which they differ, the names of its parameters."""
        found: dict[str, tuple[list[str], list[str]]] = {}
        for (name, number), new in self.new.items():
            was = self._called.get(name, name)
            old = self.old.get((was, number))
            if old is None or number or not (_is_static(self.before, old.node)
                                             and _is_static(self.after, new.node)):
                continue
            one, other = same_parameters(self.before, old.node, self.after, new.node)
            if one != other:
                found[was] = one, other
        return found

    def _in_the_same_order(self, before: list[Statement], after: list[Statement], name: str,
                           *sides: Lines | None) -> Iterator[Finding]:
        """What differs where the same happens to memory: one finding for what is legal."""
        legal: list[Finding] = []
        for one, texts in self._each(before, after, name, *sides):
            if one.id in LEGAL and not says_netmem(texts[1]) - says_netmem(texts[0]) and (
                    one.id == "changes-pages" or not same_function(*texts)):
                legal.append(one)
            else:
                yield one
        if legal:
            first, declared = legal[0], rule("changes-pages")
            more = "" if len(legal) == 1 else ", and in one more place" if len(legal) == 2 else \
                f", and in {len(legal) - 1} more places"
            yield replace(first, id=declared.id, severity=declared.severity.value,
                          why=declared.why, message=first.message + more,
                          path=tuple(at for one in legal for at in one.path))

    @staticmethod
    def _is_same(before: list[Statement], after: list[Statement]) -> bool:
        return [one.text for one in before] == [one.text for one in after]

    def _differences(self, before: list[Statement], after: list[Statement], name: str,
                     *sides: Lines | None) -> Iterator[Finding]:
        """What differs; `sides` are the lines of a function before and after."""
        return (one for one, _ in self._each(before, after, name, *sides))

    def _each(self, before: list[Statement], after: list[Statement], name: str,
              *sides: Lines | None) -> Iterator[tuple[Finding, tuple[str, str]]]:
        """The same, with what was there and what is."""
        if self._is_same(before, after):
            return
        texts = [one.text for one in before], [one.text for one in after]
        for i, j, k, m in differences(*texts):
            gone, came = before[i:j], after[k:m]
            near = came or after[k:] or after[-1:]
            line = near[0].line if near else 1
            said = (f"was {shown(gone)}" + (f" (line {gone[0].line} before)" if gone else "")
                    + f", is {shown(came)}")
            found = replace(self._finding(kind(gone, came), name, line, said), path=tuple(
                at for lines, there in zip(sides, (gone or before[i:] or before[-1:], near),
                                           strict=False)
                if lines is not None and there for at in lines.to(there[0].line)))
            yield found, (" ".join(one.text for one in gone), " ".join(one.text for one in came))

    def _paired(self, names: dict[str, str], text: bytes | None) -> dict[str, str]:
        """The new names; of members, only those that stand for the same one everywhere."""
        return {new: old for new, old in names.items()
                if (text is not None
                    and not re.search(rb"(?:->|\.)\s*" + new.encode("latin-1") + rb"\b", text))
                or self.members.setdefault(new, old) == old}

    def _outside(self) -> Iterator[Finding]:
        """Records, prototypes, macros and variables: their tokens."""
        one, other = (self._without_prototypes(number) for number in (0, 1))
        had = {match[1] for match in _INCLUDED.finditer(one)}
        added = [match for match in _INCLUDED.finditer(other) if match[1] not in had]
        less = bytearray(other)
        for match in added if had <= {one[1] for one in _INCLUDED.finditer(other)} else ():
            # The header that declares the type is a part of every conversion.
            if match[1] != b"<" + HEADER.encode() + b">":
                yield self._finding("include-added", "", line_of(other, match.start()),
                                    f"#include {match[1].decode('utf-8', 'replace')}")
            less[match.start():match.end()] = b" " * len(match[0])
        other = bytes(less)
        if one == other:
            return
        given = given_names(one, other) | self.declared.kept
        names = self._paired(renamed(one, other, given), None) | given
        before = _lines(Canon(self.before, given), one)
        after = _lines(Canon(self.after, names, self.accessors, self._called), other)
        yield from self._differences(before, after, "")

    def _without_prototypes(self, number: int) -> bytes:
        """A side without its functions, and without what declares those of its own again."""
        side, helpers = self.sides[number], self._helpers[number]
        text = bytearray(side.rest)
        for node in declared_again(side.parsed, helpers.values()) if helpers else ():
            text[node.start_byte:node.end_byte] = b" " * (node.end_byte - node.start_byte)
        return bytes(text)

    def _finding(self, id: str, function: str, line: int, message: str) -> Finding:
        declared = rule(id)
        return Finding(self.path, line, 1, id, declared.severity.value, function, message,
                       declared.why)


def _is_static(parsed: ParsedFile, function: Node) -> bool:
    return b"static" in parsed.text(function).split(b"{")[0].split()


def _moved(files: Sequence[_File]) -> dict[str, tuple[ParsedFile, Definition]]:
    """The functions that one file has no more and another has now, as they were."""
    gone: dict[str, list[tuple[ParsedFile, Definition]]] = defaultdict(list)
    came: Counter[str] = Counter()
    for file in files:
        for key in file.old.keys() - file.new.keys():
            gone[key[0]].append((file.before, file.old[key]))
        came.update(key[0] for key in file.new.keys() - file.old.keys())
    return {name: several[0] for name, several in gone.items()
            if len(several) == 1 and came[name] == 1}


def _by_name(parsed: ParsedFile) -> dict[tuple[str, int], Definition]:
    seen: Counter[str] = Counter()
    found: dict[tuple[str, int], Definition] = {}
    for function in parsed.functions():
        found[function.name, seen[function.name]] = function
        seen[function.name] += 1
    return found


def _rest(parsed: ParsedFile) -> bytes:
    """The file with every function blanked, line by line; macros that one defines stay."""
    text = bytearray(parsed.source)
    for function in parsed.functions():
        span = slice(function.start, function.end)
        said = bytes(text[span])
        text[span] = said.translate(_BLANK)
        for one in _DEFINED.finditer(said):
            text[function.start + one.start():function.start + one.end()] = one[0]
    return bytes(text)


def _lines(canon: Canon, text: bytes) -> list[Statement]:
    """Declarations at file scope, one statement each; directives a line each."""
    found: list[Statement] = []
    directives = re.sub(rb"/\*.*?\*/", lambda m: re.sub(rb"[^\n]", b" ", m.group()), text,
                        flags=re.DOTALL)
    number = 1
    code = code_of(text)
    for line, left in zip(directives.split(b"\n"), code.split(b"\n"), strict=True):
        if line.strip() and not left.strip():
            found.append(Statement(canon.tokens(line.decode("latin-1")), number))
        number += 1
    offset = 0
    for part in re.split(rb"(?<=[;{}])", code):
        said = canon.tokens(part.decode("latin-1"))
        lead = len(part) - len(part.lstrip())
        where = line_of(code, offset + lead)
        found += [Statement(one, where) for one in _apart(said)]
        offset += len(part)
    return _one_of_each_arm(found)


def _one_of_each_arm(found: list[Statement]) -> list[Statement]:
    """An anonymous union of arms that are spelled alike as one of them: memory as a page or not."""
    left: list[Statement] = []
    for one in found:
        left.append(one)
        if [end.text for end in left[-2:]] != ["}", ";"]:
            continue
        at = len(left) - 3
        while at >= 0 and left[at].text == left[-3].text and REF in left[at].text:
            at -= 1
        if 0 <= at < len(left) - 3 and left[at].text == "union {":
            left[at:] = [left[at + 1]]
    return left


def _apart(said: str) -> Iterator[str]:
    """A declaration of several names that hold memory, as one of each."""
    head, ref, names = said.partition(f"{REF} ")
    if ref and names.endswith(" ;") and " , " in names and "(" not in said:
        for name in names[:-2].split(" , "):
            yield f"{head}{REF} {name.removeprefix('* ')} ;"
    elif said:
        yield said
