# SPDX-License-Identifier: GPL-2.0-only
"""The include that a file comes to need: a tag needs no header, the type of a netmem does.

A file that declares a netmem, and to which no include of its own brings the type, gets it. What an
include brings is followed through the driver's files and the tree; of one that is not found, and
is no public header, nothing is known, and nothing is added beside it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.c import view
from netmem_migrate.c.words import INCLUDE
from netmem_migrate.flow.graph import Kind
from netmem_migrate.kernel.headers import headers_of
from netmem_migrate.model.providers import HEADER, PROVIDERS

if TYPE_CHECKING:
    from tree_sitter import Node

    from netmem_migrate.convert.work import Work


def includes(work: Work) -> Iterator[tuple[str, int, bytes]]:
    """Where, by file and offset, a line is to be put in, and that line."""
    wanting = {spelling.file for slot in work.analysis.solution.moved
               if slot.kind is not Kind.CALL for spelling in slot.spellings}
    headers = {file for file in wanting if file.endswith(".h")
               and not _brings(work, file, frozenset())}
    for file in sorted(headers | {file for file in wanting - headers if file.endswith(".c")
                                  and INCLUDE.search(work.analysis.sources[file])
                                  and not _brings(work, file, frozenset(headers))}):
        yield file, *_line(work, file)


def _brings(work: Work, file: str, given: frozenset[str]) -> bool:
    """Whether what a file includes brings the type; `given` are files that get it."""
    analysis = work.analysis
    seen, queue = {file}, [file]
    while queue:
        here = queue.pop()
        arms = analysis.symbols.texts.arms.read(analysis.originals[here])
        for found in INCLUDE.finditer(analysis.sources[here]):
            if arms.around(found.start()):
                continue  # only in one direction of a conditional
            mark, name = found[1], found[2].decode("latin-1")
            if mark == b"<":
                if name in PROVIDERS or (analysis.driver.path.startswith("drivers/")
                                         and _public(work, name)):
                    return True
                continue
            beside = posixpath.normpath(posixpath.join(posixpath.dirname(here), name))
            if beside in given or beside not in analysis.sources:
                return True  # nothing is known of one that is not there
            if beside not in seen:
                seen.add(beside)
                queue.append(beside)
    return False


def _public(work: Work, name: str) -> bool:
    """Whether a header under include/ reaches the one that declares the type.

    Those of the driver count as it holds them, which need not be as they are on disk.
    """
    own = {path: text for path, text in work.analysis.originals.items()
           if path.startswith("include/")}
    return any(path.removeprefix("include/") in PROVIDERS for path in headers_of(
        work.analysis.driver.root).reached_with(name, own))


def _line(work: Work, file: str) -> tuple[int, bytes]:
    """The offset at which the include belongs, and its line.

    In order among those of net/, else behind the last public one, else behind the guard.
    """
    source = work.analysis.sources[file]
    root = work.analysis.symbols.files[file].tree.root_node
    text = f"#include <{HEADER}>\n".encode()
    public = [(node, found[2].decode("latin-1")) for node in _top(root)
              if node.type == "preproc_include"
              and (found := INCLUDE.match(source[node.start_byte:node.end_byte])) is not None
              and found[1] == b"<"]
    mine = [one for one in public if one[1].startswith("net/")]
    later = next((node for node, name in mine if name > HEADER), None)
    if later is not None:
        return later.start_byte, text
    if public:
        node = (mine or public)[-1][0]
        return _behind(source, node), text
    guard = next((node for node in _top(root) if (
        node.type == "preproc_def" and node.child_by_field_name("value") is None)
        or source.startswith(b"#pragma", node.start_byte)), None)
    if guard is not None:
        return _behind(source, guard), b"\n" + text
    first = next((node for node in root.children if node.type != "comment"), root)
    return first.start_byte, text + b"\n"


def _top(root: Node) -> Iterator[Node]:
    """What stands in no conditional but the one that guards the file."""
    for node in view.children(root):
        yield node
        if node.type == "preproc_ifdef":
            inside = view.children(node)[1:]
            if inside and inside[0].type == "preproc_def" and \
                    inside[0].child_by_field_name("value") is None:
                yield from inside


def _behind(source: bytes, node: Node) -> int:
    """The beginning of the line behind a directive."""
    if source[node.end_byte - 1:node.end_byte] == b"\n":
        return node.end_byte
    end = source.find(b"\n", node.end_byte)
    return end + 1 if end >= 0 else len(source)
