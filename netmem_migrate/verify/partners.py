# SPDX-License-Identifier: GPL-2.0-only
"""The proof of the partner table: page form and netmem form of a row give the same code.

The identity way takes each netmem name for its page partner. Here that is held against the tree:
for each row two functions are compiled, one with either form, with memory that is pages. What a
row assumes beside that is told the compiler, which then finds the same code; without it, it does
not.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from netmem_migrate.c.mask.text import closing, code_of
from netmem_migrate.c.words import TEXT_WORD
from netmem_migrate.files import plain
from netmem_migrate.model.assumed import Assumption
from netmem_migrate.model.spelled import (
    HEAD_OF,
    IS_NET_IOV,
    NETMEM_HEADER,
    PAGE,
    PAGE_FLAGS_HEADER,
    POOL_SOURCE,
    REF,
)
from netmem_migrate.model.target import from_tree
from netmem_migrate.results import FileChange
from netmem_migrate.verify import code, overlay
from netmem_migrate.verify.compilers import Compilers, Done
from netmem_migrate.verify.objects import Recorded
from netmem_migrate.verify.place import Place, Run
from netmem_migrate.verify.rows import PREFIX, Row, functions, rows, used
from netmem_migrate.verify.said import Said, Status

_SOURCE = "netmem-rows.c"
_BARE = "bare"
_WHERE = re.compile(r"netmem-row-(\w+):\d+")
_ERROR = re.compile(r"^(\S+?):\d+(?::\d+)?: (?:fatal )?error: (.*)$", re.MULTILINE)
# Where the bodies of functions stand that headers only declare.
_SOURCES = ("net/core", "mm")
_TRIES = 6


@dataclass(frozen=True, slots=True)
class PartnerProof:
    """What was proven of one row; `spare` if the code is the same without what it assumes, too."""

    page: str
    netmem: str
    assumes: tuple[Assumption, ...]
    said: Said
    spare: bool = False

    @property
    def proven(self) -> bool:
        return self.said.status is Status.PASS


def verify_partners(root: Path, changes: Sequence[FileChange] | None = None,
                    every: Sequence[Row] | None = None, *, module: str = "",
                    compilers: Compilers | None = None) -> tuple[PartnerProof, ...]:
    """Prove the rows that a proof of `changes` stands on, or every row that this kernel has.

    `every` are the rows to choose from, where those of the kernel are not meant; `module` and
    `compilers` are as verify_changes() has them. Raises InputError for a tree or machine on which
    nothing can be compiled.
    """
    root = root.resolve()
    every = rows(root, from_tree(root, "")) if every is None else every
    touched = [one for one in changes or () if one.before != one.after]
    if changes is None:
        wanted = list(every)
    else:
        wanted = used(every, touched, overlay.partners_of(root)) if touched else []
    if not wanted:
        return ()
    with contextlib.ExitStack() as stack:
        run = compilers or stack.enter_context(Compilers())
        command = run.some(root, [POOL_SOURCE] if changes is None else run.sources(
            root, [one.path for one in touched], module), module)
        if command.missing:
            said = Said(Status.NOT_BUILT, (command.missing,))
            return tuple(PartnerProof(one.spelled, one.netmem.text, one.assumes, said)
                         for one in wanted)
        where = stack.enter_context(tempfile.TemporaryDirectory(prefix="netmem-migrate-"))
        return _Bench(root, Path(where), command, run).prove(wanted)


@dataclass(frozen=True, slots=True)
class _Pair:
    """Whether the two functions of a row are the same; None where they were not compiled."""

    same: bool | None
    why: tuple[str, ...] = ()
    page: frozenset[str] = frozenset()  # words that only the code of this side has
    netmem: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Bodies:
    """Sources of the tree to compile with rows: functions to put inside of callers, or not to."""

    sources: tuple[str, ...] = ()
    inside: frozenset[str] = frozenset()
    outside: frozenset[str] = frozenset()

    def with_(self, other: _Bodies) -> _Bodies:
        inside = self.inside | other.inside
        return _Bodies(other.sources, inside, (self.outside | other.outside) - inside)


class _Bench:
    """Two trees in which rows are compiled: in the one every page may be a tail page."""

    def __init__(self, root: Path, where: Path, command: Recorded, compilers: Compilers) -> None:
        self.root = root
        self.where = where
        self.command = command
        self.compilers = compilers
        self.held: dict[str, dict[str, bytes]] = {}
        self.read: dict[str, bytes] = {}
        netmem = {NETMEM_HEADER: _anew(
            plain.read(root / NETMEM_HEADER), IS_NET_IOV,
            f"static inline _Bool {{name}}(const {REF} netmem)\n"
            "{{\n\tif ({old}(netmem))\n\t\t__builtin_unreachable();\n\treturn 0;\n}}\n")}
        self.held["pages"] = netmem
        flags = root / PAGE_FLAGS_HEADER
        self.heads = flags.is_file() and HEAD_OF.encode() in plain.read(flags)
        if self.heads:
            self.held["heads"] = {**netmem, PAGE_FLAGS_HEADER: _anew(
                plain.read(flags), HEAD_OF,
                f"static inline unsigned long {{name}}(const {PAGE}page)\n"
                "{{\n\treturn (unsigned long)page;\n}}\n")}

    def prove(self, wanted: Sequence[Row]) -> tuple[PartnerProof, ...]:
        """Compare all rows: first by the headers alone, then with the bodies that they call."""
        numbered = dict(enumerate(wanted))
        found = self.compared(numbered, _Bodies())
        # The netmem function as it is; then its body too, which may be the page function's.
        for both in (False, True):
            again: dict[tuple[str, ...], tuple[_Bodies, dict[int, Row]]] = {}
            for number, row in numbered.items():
                pair = found[f"{number}"]
                bodies = self.bodies(pair, both) if pair.same is False else _Bodies()
                if bodies.inside:
                    known, group = again.get(bodies.sources, (_Bodies(), {}))
                    again[bodies.sources] = known.with_(bodies), {**group, number: row}
            for bodies, group in again.values():
                found.update({number: replace(pair, page=found[number].page,
                                              netmem=found[number].netmem)
                              for number, pair in self.compared(group, bodies).items()})
        return tuple(_judged(row, found[f"{number}"], found.get(f"{number}_{_BARE}"))
                     for number, row in numbered.items())

    def bodies(self, pair: _Pair, both: bool) -> _Bodies:
        """The functions that only one form calls, and whose bodies the tree has."""
        page, netmem = ({name: source for name in names if (source := self.body(name))}
                        for names in (pair.page, pair.netmem))
        inside = {**page, **netmem} if both else page
        sources = tuple(sorted(set(inside.values())))
        return _Bodies(sources, frozenset(inside),
                       frozenset(name for name, source in netmem.items()
                                 if source in sources and name not in inside))

    def compared(self, wanted: Mapping[int, Row],
                 bodies: _Bodies) -> dict[str, _Pair]:
        """The pairs of rows by number, and by number and `bare` without what they assume."""
        plain: dict[str, str] = {}
        heads: dict[str, str] = {}
        for number, row in wanted.items():
            head = Assumption.HEAD in row.assumes
            (heads if head else plain)[f"{number}"] = functions(
                self.root, f"{number}", row, assumed=True)
            if row.assumes:
                bare = f"{number}_{_BARE}"
                plain[bare] = functions(self.root, bare, row, assumed=False)
        with ThreadPoolExecutor(2) as pool:
            done = [pool.submit(self.compiled, folder, texts, bodies)
                    for folder, texts in (("pages", plain), ("heads", heads)) if texts]
            return {number: pair for one in done for number, pair in one.result().items()}

    def compiled(self, folder: str, texts: Mapping[str, str],
                 bodies: _Bodies) -> dict[str, _Pair]:
        """Compile functions of rows in one file; those that do not compile are left out."""
        found = {number: _Pair(None, ("the parameters of its page function are not known",))
                 for number, text in texts.items() if not text}
        if folder == "heads" and not self.heads:
            return found | {number: _Pair(None, (f"{PAGE_FLAGS_HEADER}: no {HEAD_OF}()",))
                            for number in texts if number not in found}
        left = {number: text for number, text in texts.items() if text}
        said = ""
        for _ in range(_TRIES):
            if not left:
                return found
            done = self.compile(folder, left, bodies)
            said = done.stderr.decode("utf-8", "replace")
            if not done.returncode:
                return found | _pairs(left, done.stdout.decode("utf-8", "replace"))
            bad = {number for number in _WHERE.findall(said) if number in left}
            if not bad:
                break
            for number in bad:
                mine = said[said.index(f"netmem-row-{number}:"):]
                error = _ERROR.search(mine) or _ERROR.search(said)
                found[number] = _Pair(None, (error[2] if error else "does not compile",))
                del left[number]
        last = _ERROR.search(said)
        why = f"{last[1]}: {last[2]}" if last else "the compiler failed"
        return found | {number: _Pair(None, (why,)) for number in left}

    def compile(self, folder: str, texts: Mapping[str, str],
                bodies: _Bodies) -> Done:
        lines = [*overlay.includes(self.root),
                 "#ifdef __clang__\n#define NETMEM_ALONE __noinline__\n#else",
                 "#define NETMEM_ALONE __noipa__\n#endif"]
        for names, how in ((bodies.inside, "always_inline"), (bodies.outside, "NETMEM_ALONE")):
            lines += [f"__typeof__({name}) {name} __attribute__(({how}));"
                      for name in sorted(names)]
        lines += [f'#include "{self.command.up}{source}"' for source in bodies.sources]
        for number, text in texts.items():
            lines.append(f'#line 1 "netmem-row-{number}"\n{text}')
        command = self.command
        name = f"{len(bodies.inside)}-{_SOURCE}"
        source = "\n".join(lines).encode()
        path = (PurePosixPath(command.folder) / name).as_posix()
        place = Place(self.root, self.where / folder, {**self.held[folder], path: source},
                      (command.folder,), path)
        return self.compilers.run(Run(place, command.folder, (
            *command.words, "-w", "-D__LINE__=1", *code.ASSEMBLY, name)))

    def body(self, name: str) -> str:
        """The source of the tree that defines a function which headers only declare, or ""."""
        head = re.compile(rb"^(?!static)[A-Za-z_][\w \t*]*?[\n *]" + name.encode()
                          + rb"\([^;{}()]*\)\s*\{", re.MULTILINE)
        return next((path for path, source in self.sources() if head.search(source)), "")

    def sources(self) -> Iterator[tuple[str, bytes]]:
        for folder in _SOURCES:
            for path in plain.sources(iter(sorted((self.root / folder).glob("*.c")))):
                name = path.relative_to(self.root).as_posix()
                if name not in self.read:
                    self.read[name] = plain.read(path)
                yield name, self.read[name]


def _pairs(texts: Iterable[str], assembly: str) -> dict[str, _Pair]:
    bodies = code.functions(assembly)
    found: dict[str, _Pair] = {}
    for number in texts:
        page, netmem = (bodies.get(f"{PREFIX}_{number}_{letter}", []) for letter in "ab")
        if not page or not netmem:
            found[number] = _Pair(None, ("the compiler made no code of it",))
        elif page == netmem:
            found[number] = _Pair(True)
        else:
            one, other = (set(TEXT_WORD.findall("\n".join(body))) for body in (page, netmem))
            found[number] = _Pair(False, code.difference(page, netmem), frozenset(one - other),
                                  frozenset(other - one))
    return found


def _judged(row: Row, pair: _Pair, bare: _Pair | None) -> PartnerProof:
    proof = PartnerProof(row.spelled, row.netmem.text, row.assumes, Said(Status.PASS))
    if pair.same is None:
        return replace(proof, said=Said(Status.NOT_BUILT, pair.why))
    if not pair.same:
        return replace(proof, said=Said(Status.FAIL, pair.why))
    return replace(proof, spare=bare is not None and bare.same is True)


def _anew(header: bytes, name: str, text: str) -> bytes:
    """A header in which a function is defined anew; `text` may name it, and the old one."""
    source = bytearray(code_of(header))
    head = re.search(rb"\b" + name.encode() + rb"\s*\([^(){};]*\)\s*\{", source)
    at = closing(source, head.end() - 1) + 1 if head is not None else 0
    if head is None or not at:
        return header
    old = f"netmem_once_{name}"
    return (header[:head.start()] + old.encode() + header[head.start() + len(name):at] + b"\n"
            + text.format(name=name, old=old).encode() + header[at:])
