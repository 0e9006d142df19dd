# SPDX-License-Identifier: GPL-2.0-only
"""Compile every touched object before and after, in three ways (docs/proof.md)."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import tempfile
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.files.store import digest
from netmem_migrate.model.forms import table
from netmem_migrate.results import FileChange
from netmem_migrate.verify import code, coverage, overlay, tokens
from netmem_migrate.verify.compilers import Compilers, Done
from netmem_migrate.verify.layout import layout
from netmem_migrate.verify.objects import Recorded
from netmem_migrate.verify.overlay import Implied
from netmem_migrate.verify.place import Place, Run
from netmem_migrate.verify.rooms import Way, made
from netmem_migrate.verify.said import LINE, Said, Status, errors

# Headers behind those of the table take netmem for the integer that it is; for newer compilers
# that is an error.
_INTEGERS = "-Wno-error=int-conversion"
_BOTH = ("before", "after")
_QUOTED = re.compile("[‘'`][^’'`]*[’'`]")
_LITERAL = re.compile(rb"""//[^\n]*|/\*.*?\*/|'(?:\\.|[^'\\\n])*'|"((?:\\.|[^"\\])*)\"""",
                      re.DOTALL)


@dataclass(frozen=True, slots=True)
class ObjectProof:
    """What was proven of one object; `source` is its .c file relative to the kernel root.

    `as_if` are the CONFIG_ options that were taken for set, since this configuration leaves the
    object out without them. `way` is how the code was compared where that is not as it is.
    `layout` is that of a record that got a member, before and after; `assumes` what the compiler is
    told that nothing shows.
    """

    source: str
    plain: Said
    strict: Said
    identity: Said
    as_if: tuple[str, ...] = ()
    way: Way | None = None
    layout: tuple[str, str] | None = None
    assumes: str = ""

    @property
    def proven(self) -> bool:
        return all(said.status is Status.PASS
                   for said in (self.plain, self.strict, self.identity))

    @property
    def failed(self) -> bool:
        return any(said.status is Status.FAIL
                   for said in (self.plain, self.strict, self.identity))


def verify_changes(root: Path, changes: Sequence[FileChange], *, jobs: int = 0,
                   progress: Callable[[str, int, int], None] | None = None,
                   only: Sequence[str] = (), module: str = "",
                   compilers: Compilers | None = None) -> tuple[ObjectProof, ...]:
    """Prove `changes` on the configured kernel at `root`; its files are not written.

    `compilers` compile, or else as many as `jobs` says (0: one a core), and nothing is kept.
    `progress` is told the source, how many objects are done, and how many there are. `only` names
    sources to look at, where not all that are touched are wanted. `module` is the folder, in
    `root`, of a module that is no part of the kernel (netmem_migrate/verify/module.py). Raises
    InputError for a tree or machine on which nothing can be compiled.
    """
    root = root.resolve()
    # A file that an earlier patch of the series changed is there, but nothing to prove.
    touched = [change.path for change in changes if change.before != change.after]
    if not touched:
        return ()
    with contextlib.ExitStack() as stack:
        run = compilers or stack.enter_context(Compilers(jobs))
        sources = [source for source in run.sources(root, touched, module)
                   if not only or source in only]
        commands = run.recorded(root, sources, module)
        where = stack.enter_context(tempfile.TemporaryDirectory(prefix="netmem-migrate-"))
        trees = _Trees(root, Path(where), changes, module, run)
        more = _more(trees, only)
        commands += run.recorded(root, [*more], module) if more else []
        proofs, unseen = _proven(trees, commands, only, progress)
    proofs = [_less(proof, unseen.pop(proof.source, ())) for proof in proofs
              if not _says_nothing(proof, more)]
    for path, why in unseen.items():
        said = Said(Status.NOT_BUILT, why)
        proofs.append(ObjectProof(path, said, said, said))
    return tuple(proofs)


def _proven(trees: _Trees, commands: list[Recorded], only: Sequence[str],
            progress: Callable[[str, int, int], None] | None,
            ) -> tuple[list[ObjectProof], dict[str, tuple[str, ...]]]:
    """A proof of each object, and what of the changes was not compiled."""
    done = 0
    lock = threading.Lock()

    def one(command: Recorded) -> ObjectProof:
        nonlocal done
        proof = replace(_prove(trees, command, command.source in changed, ways),
                        as_if=_as_if(command))
        with lock:
            done += 1
            if progress is not None:
                progress(command.source, done, len(commands))
        return proof

    changed = {path for path, change in trees.changes.items() if change.before != change.after}
    # These wait for compilers, of which no more run than are wanted.
    count = trees.compilers.jobs + 2
    with ThreadPoolExecutor(count) as pool, ThreadPoolExecutor(3 * count) as ways:
        try:
            commands = list(pool.map(lambda one: _enabled(trees, one), commands))
            # What takes longest begins first.
            order = sorted(commands, key=lambda one: one.source not in changed)
            futures = {command.source: pool.submit(one, command) for command in order}
            unseen = pool.submit(_unseen, trees, [one for one in commands if not one.missing],
                                 only)
            return [futures[one.source].result() for one in commands], unseen.result()
        except BaseException:
            for waiting in (pool, ways):
                waiting.shutdown(wait=False, cancel_futures=True)
            trees.compilers.stop()
            raise


def _more(trees: _Trees, only: Sequence[str]) -> Mapping[str, bool]:
    """The sources that are looked at though nothing of them changes: whether one has to be."""
    more = trees.room.sources if trees.room is not None else {}
    return {source: needed for source, needed in more.items() if not only or source in only}


def _says_nothing(proof: ObjectProof, more: Mapping[str, bool]) -> bool:
    """Whether an object is no part of the patch, and nothing stands against that in it."""
    needed = more.get(proof.source)
    return needed is not None and (proof.proven or (not needed and not proof.failed))


def _enabled(trees: _Trees, command: Recorded) -> Recorded:
    """The command with the options that its object needs, if the code before compiles so."""
    if not command.unset or command.missing:
        return command
    whole = command.as_if_set
    if trees.compile("before", whole, ["-w", "-fsyntax-only"]).returncode:
        return command
    return whole


def _as_if(command: Recorded) -> tuple[str, ...]:
    return tuple(one for one in command.unset if f"-D{one}=1" in command.words)


def _less(proof: ObjectProof, why: tuple[str, ...]) -> ObjectProof:
    """A proof that does not hold for some lines is none; failures stay."""
    if not why:
        return proof
    less = Said(Status.NOT_BUILT, why)
    plain, strict, identity = (less if said.status is Status.PASS else said
                               for said in (proof.plain, proof.strict, proof.identity))
    return replace(proof, plain=plain, strict=strict, identity=identity)


def _unseen(trees: _Trees, commands: Sequence[Recorded],
            only: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What was changed and not compiled, by file."""
    built = {command.source for command in commands}
    found: dict[str, tuple[str, ...]] = {}
    lines: dict[str, tuple[list[int], list[int]]] = {}
    for path, change in trees.changes.items():
        if (only and path not in only) or change.before == change.after:
            continue
        if path.endswith((".c", ".h")):
            lines[path] = coverage.changed_lines(change)
        else:
            found[path] = ("no C source: nothing of it is compiled",)
    missing: dict[str, set[int]] = {}
    for number, side in enumerate(("before", "after")):
        files: dict[str, bytes] = {}
        wanted: dict[tuple[int, int], tuple[str, list[int]]] = {}
        for file, (path, both) in enumerate(lines.items()):
            text, branches = coverage.instrument(
                file, trees.sides[side][path], both[number], always=path.endswith(".h"))
            if branches and (path.endswith(".h") or path in built):
                files[path] = text
                wanted.update({(file, one): (path, which) for one, which in branches.items()})
        if wanted:
            _reach(trees, side, files, wanted, commands)
        for path, which in wanted.values():
            missing.setdefault(path, set()).update(which)
    for path, numbers in missing.items():
        found[path] = tuple(f"line {one}: not compiled with this configuration"
                            for one in sorted(numbers))
    return found


def _reach(trees: _Trees, side: str, files: dict[str, bytes],
           wanted: dict[tuple[int, int], tuple[str, list[int]]],
           commands: Sequence[Recorded]) -> None:
    """Take from `wanted` the branches that the preprocessor keeps in some object."""
    where = f"reach-{side}"
    trees.overlay(where, {**trees.sides[side], **files})
    for command in sorted(commands, key=lambda one: one.source not in trees.changes):
        left = {path for path, _ in wanted.values()}
        if command.source in left or any(path.endswith(".h") for path in left):
            for branch in _kept_by(trees, trees.run(where, command, ["-w", "-E", "-P", "-o", "-"])):
                wanted.pop(branch, None)


def _kept_by(trees: _Trees, run: Run) -> list[tuple[int, int]]:
    return coverage.told(trees.compilers.told(
        "reached", [run], lambda: coverage.tell(trees.compilers.run(run).stdout)))


class _Trees:
    """The overlays that compilers run in, and the identity header of each set of partners."""

    def __init__(self, root: Path, where: Path, changes: Sequence[FileChange],
                 module: str, compilers: Compilers) -> None:
        self.root = root
        self.where = where
        self.module = module
        self.compilers = compilers
        self.places: dict[str, Place] = {}
        self.lock = threading.Lock()
        self.headers: dict[tuple[object, ...], Path] = {}
        self.changes = {change.path: change for change in changes}
        before = {change.path: change.before for change in changes}
        after = {change.path: change.after for change in changes}
        strict = overlay.strict_header(root)
        self.sides = {"before": before, "after": after,
                      "strict-before": {**strict, **before}, "strict-after": {**strict, **after}}
        self.room = made(root, self.changes, module)
        self.sides |= self.room.sides if self.room is not None else {}
        for side, files in self.sides.items():
            self.overlay(side, files)

    def overlay(self, side: str, files: Mapping[str, bytes]) -> None:
        """Have a tree for a side."""
        folders = self.compilers.folders(self.root, files, self.module)
        self.places[side] = Place(self.root, self.where / side, files, folders)

    def run(self, side: str, command: Recorded, options: Sequence[str]) -> Run:
        """A compiler of a side, with more options."""
        return Run(self.places[side], command.folder,
                   (*command.words, *options, command.named))

    def compile(self, side: str, command: Recorded, options: Sequence[str]) -> Done:
        """What it gives."""
        return self.compilers.run(self.run(side, command, options))

    def all(self, sides: Sequence[str], command: Recorded,
            options: Sequence[str]) -> Iterator[Done]:
        """What those of some sides give, which run at once."""
        started = [self.compilers.start(self.run(side, command, options)) for side in sides]
        return (one.result() for one in started)

    def identity(self, command: Recorded, partners: dict[str, str], hints: Sequence[str] = (),
                 spelled: Sequence[Implied] = ()) -> str:
        """The header by which netmem is defined to be pages, as a command names it."""
        key = (*sorted(partners.items()), *hints, *spelled)
        with self.lock:  # never rewritten: another compiler may be reading it
            if key not in self.headers:
                text = overlay.identity_header(self.root, partners, hints, spelled).encode()
                # The same name for the same text, whichever is made first.
                self.headers[key] = self.where / f"identity-{digest(text)[:16]}.h"
                self.headers[key].write_bytes(text)
            return f"../{command.up}{self.headers[key].name}"


def _prove(trees: _Trees, command: Recorded, changed: bool,
           ways: ThreadPoolExecutor) -> ObjectProof:
    if command.missing:
        said = Said(Status.NOT_BUILT, (command.missing,))
        return ObjectProof(command.source, said, said, said)
    # Flow-based warnings need the whole compiler; an unchanged source can only get others.
    options = ["-c", "-o", os.devnull] if changed else ["-fsyntax-only"]
    room = trees.room
    if room is not None and command.source in room.sources:
        said = Said(Status.PASS)
        return ObjectProof(command.source, said, said, _of_room(trees, command), way=room.way,
                           assumes=room.assumes)
    identity = ways.submit(_identity, trees, command, changed)
    plain = ways.submit(_diagnosed, trees, command, ("before", "after"), options)
    strict = ways.submit(_diagnosed, trees, command, ("strict-before", "strict-after"),
                         ["-fsyntax-only"])
    proof = ObjectProof(
        command.source,
        plain.result(),
        strict.result(),
        identity.result(),
        way=room.way if room is not None else None,
        layout=_layout(trees, command) if changed else None,
        assumes=room.assumes if room is not None else "",
    )
    if not proof.failed:
        return proof
    # What the code before fails for is no fault of the change.
    _, lines, built = _diagnostics(trees, "before", command, ["-w", "-fsyntax-only"])
    if built:
        return proof
    said = _not_before(lines)
    return ObjectProof(command.source, said, said, said)


def _identity(trees: _Trees, command: Recorded, changed: bool) -> Said:
    """The third way: that of the room that is made, where any is."""
    said = _of_room(trees, command) if trees.room is not None else _same_literals(trees, command)
    if said is not None:
        return said
    return _identical(trees, command) if changed else _same_tokens(trees, command)


def _of_room(trees: _Trees, command: Recorded) -> Said:
    assert trees.room is not None
    return trees.room.same(command.source, lambda sides, more: list(
        trees.all(sides, command, more)))


def _layout(trees: _Trees, command: Recorded) -> tuple[str, str] | None:
    """That of a record that got a member."""
    tag = trees.room.tag if trees.room is not None else ""

    def build(side: str, made: Path) -> bool:
        return not trees.compile(
            side, command, ["-w", "-g", "-c", "-o", str(made)]).returncode

    where = trees.where / f"layout-{command.source.replace('/', '-')}"
    if tag:
        where.mkdir(exist_ok=True)
    return layout(tag, where, build) if tag else None


def _not_before(lines: Sequence[str]) -> Said:
    return Said(Status.NOT_BUILT, ("does not compile before the change either", *lines[:2]))


def _same_literals(trees: _Trees, command: Recorded) -> Said | None:
    """A failure if string literals of the source or of a changed header changed.

    They are compared in the sources, since the assembly also holds the conditions of WARN_ON() as
    strings, in which renamed identifiers show.
    """
    for path, change in trees.changes.items():
        if path != command.source and not path.endswith(".h"):
            continue
        before, after = (_literals(text) for text in (change.before, change.after))
        if b"".join(before) != b"".join(after):
            odd = [*(Counter(before) - Counter(after)), *(Counter(after) - Counter(before)), b""]
            return Said(Status.FAIL, (f"{path}: string literals differ: "
                                      f'"{odd[0].decode("utf-8", "replace")}"',))
    return None


def _literals(source: bytes) -> list[bytes]:
    return [match[1] for match in _LITERAL.finditer(source) if match[1] is not None]


def _diagnostics(trees: _Trees, side: str, command: Recorded,
                 options: Sequence[str]) -> tuple[Counter[tuple[str, str]], list[str], bool]:
    done = trees.compile(side, command, options)
    text = done.stderr.decode("utf-8", "replace")
    counts: Counter[tuple[str, str]] = Counter()
    lines: list[str] = []
    for match in LINE.finditer(text):
        key = (match["file"], match["kind"] + _QUOTED.sub("''", match["text"]))
        counts[key] += 1
        lines.append(match.group())
    if done.returncode and not lines:
        lines.append(text.strip().splitlines()[-1] if text.strip() else "the compiler failed")
        counts["", lines[-1]] += 1
    return counts, lines, done.returncode == 0


def _diagnosed(trees: _Trees, command: Recorded, sides: tuple[str, str],
               options: Sequence[str]) -> Said:
    """Whether the change adds no diagnostic; the code before is compiled only if there is one."""
    after, lines, built = _diagnostics(trees, sides[1], command, options)
    if built and not after:
        return Said(Status.PASS)
    before, _, built_before = _diagnostics(trees, sides[0], command, options)
    new = after - before
    if new:
        found = [line for line in lines
                 if (match := LINE.match(line)) is None or
                 (match["file"], match["kind"] + _QUOTED.sub("''", match["text"])) in new]
        return Said(Status.FAIL, tuple(found))
    if not built_before:
        return _not_before(lines)
    return Said(Status.PASS)


def _choices(root: Path, near: Sequence[FileChange]) -> list[dict[str, str]]:
    """Page partners for netmem names that have several: those whose calls a change removed.

    What another driver of the series removed says nothing of this one's names.
    """
    choices: list[dict[str, str]] = [{}]
    for netmem, pages in overlay.partners_of(root).items():
        if len(pages) < 2:
            continue
        gone = [page for page in pages if _dropped(near, page.encode())]
        if gone:
            choices = [{**choice, netmem: page} for choice in choices for page in gone]
    return choices


def _dropped(changes: Iterable[FileChange], name: bytes) -> bool:
    """Whether a file calls a function less often than before."""
    word = re.compile(rb"\b" + name + rb"\s*\(")
    return any(len(word.findall(code_of(change.before))) > len(word.findall(code_of(change.after)))
               for change in changes)


def _identical(trees: _Trees, command: Recorded) -> Said:
    """Whether the same code comes out when netmem is defined to be pages."""
    failure: tuple[str, ...] = ()
    # A patch that drops a prefetch changes the code by that, and may by nothing else.
    near = [change for path, change in trees.changes.items()
            if path == command.source or path.endswith(".h")]
    hints = [name for name in sorted(table().hints) if _dropped(near, name.encode())]
    gone = [one for one in overlay.implied(trees.root) if _dropped(near, one.page.encode())]
    # What a page function implies is written out only if the code is not the same without.
    for spelled, partners in itertools.product(([], gone) if gone else ([],),
                                               _choices(trees.root, near)):
        header = trees.identity(command, partners, hints, spelled)
        # Line numbers in WARN() tables differ where lines were wrapped; they are no behaviour.
        options = ["-w", _INTEGERS, "-include", header, "-D__LINE__=1", *code.ASSEMBLY]
        texts: list[list[str]] = []
        bodies: dict[str, list[str]] = {}
        for side, done in zip(_BOTH, trees.all(_BOTH, command, options), strict=True):
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace")
                lines = errors(said)
                status = Status.FAIL if side == "after" else Status.NOT_BUILT
                return Said(status, (f"{side}: does not compile with netmem defined as pages",
                                          *(lines or tuple(said.strip().splitlines()[-1:]))[:3]))
            text = done.stdout.decode("utf-8", "replace")
            bodies = bodies or code.functions(text)
            texts.append(code.normal(text))
        odd = [one for index, one in enumerate(spelled) if not _same_code(bodies, index)]
        if odd:
            return Said(Status.FAIL, tuple(f"{one.page}() is not {one.other}(..., {one.extra})"
                                           for one in odd))
        if texts[0] == texts[1]:
            return Said(Status.PASS)
        failure = code.difference(*texts)
    return Said(Status.FAIL, failure)


def _same_code(bodies: dict[str, list[str]], number: int) -> bool:
    """Whether the two functions that identity_header() made for a spelled one are the same."""
    one, other = (bodies.get(f"netmem_same_{number}_{letter}") for letter in "ab")
    return bool(one) and one == other


def _same_tokens(trees: _Trees, command: Recorded) -> Said:
    """Identity of a source that only includes what changed.

    What the compiler sees must be the same, token for token, but for the names in declarations
    that the change renamed. Where more differs, or a function's body or an initialiser does, the
    code is compared.
    """
    header = trees.identity(command, {})
    options = ["-w", "-include", header, "-D__LINE__=1", "-E", "-P"]

    def compared() -> bytes:
        before, after = trees.all(_BOTH, command, options)
        return b"same" if not before.returncode and not after.returncode and tokens.same(
            before.stdout, after.stdout) else b"other"

    found = trees.compilers.told("tokens", [trees.run(side, command, options)
                                            for side in _BOTH], compared)
    return Said(Status.PASS) if found == b"same" else _identical(trees, command)
