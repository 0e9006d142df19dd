# SPDX-License-Identifier: GPL-2.0-only
"""Frags that are sent by netmem, on a real tree: what `--with tx` makes, the proof, seeded faults.

    run_tx.py [VERSION|TREE] [DRIVER...]

Of each driver of the table the patch is proven, and the code compared function by function. Then
faults are seeded. One in an argument has to be found by the comparison of code, or is listed with
both expressions as no fault for pages. One that gives the same code has to be refused by the
compiler's list alone, and by the parser's alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from run import tree_of

from netmem_migrate.api import migrate
from netmem_migrate.c import view
from netmem_migrate.c.parse import parse
from netmem_migrate.c.text import replaced
from netmem_migrate.flow.sync.scopes import World
from netmem_migrate.flow.tx.text import Turned, turned
from netmem_migrate.model.sent import SET, UNMAP
from netmem_migrate.results import FileChange
from netmem_migrate.verify import Status, code, sent, verify_changes
from netmem_migrate.verify.objects import record
from netmem_migrate.verify.overlay import build
from netmem_migrate.verify.rooms import TX, alike
from netmem_migrate.verify.sides import followed

if TYPE_CHECKING:
    from tree_sitter import Node

DRIVERS = {
    "hinic3": "drivers/net/ethernet/huawei/hinic3/hinic3_tx.c",
    "stmmac": "drivers/net/ethernet/stmicro/stmmac/stmmac_main.c",
    "mana": "drivers/net/ethernet/microsoft/mana/mana_en.c",
    "vmxnet3": "drivers/net/vmxnet3/vmxnet3_drv.c",
}
EQUIVALENT = 1  # how many faults in an argument may be none for pages, in all
_NEXT = re.compile(rb"\[([^\[\]]+)\](?!.*\[)", re.DOTALL)
_FUNCTION = re.compile(r"\.type\s+(\S+), @function")
_TABLE = re.compile(r"\bCSWTCH\.\d+")
_PAGE, _SINGLE = b"dma_unmap_page", b"dma_unmap_single"


@dataclass(frozen=True)
class Fault:
    """What is wrong, where, and the text with it; for an argument, both expressions."""

    what: str
    line: int
    text: bytes
    old: bytes = b""
    new: bytes = b""


class Compiler:
    """Compiles texts of one source at one path; each with a set of options once."""

    def __init__(self, root: Path, source: str, where: Path) -> None:
        (self.command,) = record(root, [source])
        self.root, self.where = root, where
        self.known: dict[tuple[str, tuple[str, ...]], subprocess.CompletedProcess[bytes]] = {}

    def side(self, name: str, files: Mapping[str, bytes]) -> None:
        build(self.root, self.where / name, files)

    def __call__(self, side: str, options: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
        key = side, tuple(options)
        if key not in self.known:
            done = subprocess.run(
                [*self.command.words, *options, self.command.named], cwd=self.where / side,
                check=False, capture_output=True, stdin=subprocess.DEVNULL,
                env={**os.environ, "LC_ALL": "C"})
            if side != TX[0]:
                return done
            self.known[key] = done
        return self.known[key]


def other(text: bytes) -> bytes:
    """A slot beside one that is spelled."""
    index = _NEXT.search(text)
    if index is not None:
        return text[:index.start(1)] + index[1] + b" + 1" + text[index.end(1):]
    base, _, rest = text.rpartition(b"->")
    return b"%b[1].%b" % (base, rest)


def beside(pointer: bytes, member: bytes) -> tuple[bytes, bytes]:
    """Pointer and member of a slot beside one."""
    if b"[" in member:
        return pointer, other(member)
    return (other(pointer) if b"[" in pointer else b"&%b[1]" % pointer), member


def numbered(text: str) -> str:
    """Assembly with tables of a switch numbered anew, in order."""
    known: dict[str, int] = {}
    return _TABLE.sub(lambda one: f"CSWTCH.{known.setdefault(one[0], len(known))}", text)


def length(text: bytes, member: bytes) -> bytes:
    """The length that is kept beside an address, as that is spelled with its own member."""
    return re.sub(rb"\w+((?:\[[^\[\]]*\])?)$", lambda found: member + found[1], text)


class Seeds:
    """The faults of one file of a patch."""

    def __init__(self, text: bytes, made: Turned) -> None:
        self.text = text
        self.root = parse(text).tree.root_node
        calls = list(view.calls(self.root))
        starts = {call.node.start_byte for _, call in (*made.sets, *made.unmaps)}
        self.sets = [one for one in calls if one.name == SET.encode()
                     and one.node.start_byte in starts]
        self.unmaps = [one for one in calls if one.name == UNMAP.encode()
                       and one.node.start_byte in starts]
        lengths = re.findall(rb"\w+(?=(?:\[[^\[\]]*\])?$)", view.text(self.unmaps[0].args[2]))
        self.length = lengths[0]

    def _fault(self, what: str, at: Node, edits: Sequence[tuple[int, int, bytes]],
               old: bytes = b"", new: bytes = b"") -> Fault:
        return Fault(what, at.start_point[0] + 1, replaced(self.text, sorted(edits)), old, new)

    def _argument(self, what: str, call: view.Call, number: int, new: bytes) -> Fault:
        arg = call.args[number]
        return self._fault(what, call.node, [(arg.start_byte, arg.end_byte, new)],
                           view.text(arg), new)

    def arguments(self) -> Iterator[Fault]:
        """A wrong argument: each has to be other code."""
        for one in self.sets:
            pointer, member, value = (view.text(arg) for arg in one.args[1:])
            wrong, name = beside(pointer, member)
            at, new = (1, wrong) if wrong != pointer else (2, name)
            yield self._argument("set: another slot is written", one, at, new)
            yield self._argument("set: another slot is read", one, 3, other(value))
            yield self._argument("set: another member is written", one, 2,
                                 length(member, self.length))
            yield self._argument("set: another member is read", one, 3,
                                 length(value, self.length))
        for one in self.unmaps:
            address, size, direction = (view.text(arg) for arg in one.args[1:4])
            yield self._argument("unmap: another slot", one, 1, other(address))
            yield self._argument("unmap: another member", one, 1, length(address, self.length))
            yield self._argument("unmap: length and one", one, 2, size + b" + 1")
            yield self._argument("unmap: another direction", one, 3, b"DMA_FROM_DEVICE")
            yield self._argument("unmap: another attribute", one, 4, b"DMA_ATTR_SKIP_CPU_SYNC")
            assert direction != b"DMA_FROM_DEVICE"

    def equal(self) -> Iterator[Fault]:
        """A fault that shows in no code of pages."""
        for one in self.sets:
            yield from self._of_set(one)
        for one in self.unmaps:
            yield self._fault("unmap left raw", one.node, [self._raw(one, _PAGE)])
        yield from self._swapped()

    def _of_set(self, one: view.Call) -> Iterator[Fault]:
        statement = one.node.parent
        assert statement is not None
        start, end = statement.start_byte, statement.end_byte
        text = self.text[start:end]
        of = view.call(one.args[0])
        assert of is not None
        frag = view.text(of.args[0])
        pointer, member, value = (view.text(arg) for arg in one.args[1:])
        yield self._fault("set left out", one.node, [(start, end, b"")])
        yield self._fault("set left out on one path", one.node, [
            (start, start, b"if (skb_frag_off(%b)) " % frag)])
        move = self._mapped(statement)
        yield self._fault("set before the hardware use", one.node, [
            (start, end, b""), (move, move, text + b"\n\t\t")])
        wrong, name = beside(pointer, member)
        yield self._fault("set of another slot", one.node, [
            (one.args[1].start_byte, one.args[1].end_byte, wrong),
            (one.args[2].start_byte, one.args[2].end_byte, name),
            (one.args[3].start_byte, one.args[3].end_byte, other(value))])
        yield self._fault("set for another frag", one.node, [
            (of.args[0].start_byte, of.args[0].end_byte, frag + b" + 1")])
        yield self._fault("set by the helper for pages", one.node, [
            (start, end, b"dma_unmap_addr_set(%b, %b, %b);" % (pointer, member, value))])

    def _mapped(self, statement: Node) -> int:
        """Where what a frag was mapped to is used first, behind the test of it."""
        before = [one for one in statement.parent.named_children
                  if one.start_byte < statement.start_byte] if statement.parent else []
        number = max(at for at, one in enumerate(before) if b"skb_frag_dma_map" in view.text(one))
        pair = next(found for node in (before[number], *view.children(before[number]))
                    if (found := view.infix(node)) is not None)
        name = view.text(pair.left)
        return next(one.start_byte for one in before[number + 1:] if name in view.text(one)
                    and one.type != "if_statement")

    @staticmethod
    def _raw(one: view.Call, name: bytes) -> tuple[int, int, bytes]:
        args = b", ".join(view.text(arg) for arg in one.args[:4])
        return one.node.start_byte, one.node.end_byte, b"%b(%b)" % (name, args)

    def _swapped(self) -> Iterator[Fault]:
        """Heads are unmapped by the helper, and frags without."""
        for one in self.unmaps:
            single = self._near(one)
            args = b", ".join(view.text(arg) for arg in single.args)
            yield self._fault("unmaps swapped", one.node, [
                self._raw(one, _PAGE), (single.node.start_byte, single.node.end_byte,
                                        b"%b(%b, 0)" % (UNMAP.encode(), args))])

    def _near(self, one: view.Call) -> view.Call:
        """The unmap of the head that is nearest."""
        return min((call for call in view.calls(self.root) if call.name == _SINGLE),
                   key=lambda call: abs(call.node.start_byte - one.node.start_byte))


class Driver:
    """One driver: its patch, what is compiled, and the faults."""

    def __init__(self, root: Path, path: str, texts: Mapping[str, FileChange],
                 where: Path) -> None:
        self.root, self.path = root, path
        self.before, self.after = texts[path].before, texts[path].after
        self.held = {one: change.after for one, change in texts.items()}
        made = turned({path: parse(self.before)}, {path: parse(self.after)})
        assert made is not None
        world = World(followed(root, path, self.held))
        self.members, self.keys = sent.members(world, made), sent.keys(world, made)
        self.seeds = Seeds(self.after, made)
        self.compiler = Compiler(root, path, where)
        self.plain = sent.plain_header(root)
        self.compiler.side(TX[0], {**self.held, path: self.before, **self.plain})
        self.count = 0

    def side(self, text: bytes) -> str:
        self.count += 1
        name = f"side-{self.count}"
        self.compiler.side(name, {**self.held, self.path: text, **self.plain})
        return name

    def functions(self) -> tuple[int, list[str]]:
        """How many functions are the same code, and what is not, data included."""
        options = ("-w", "-D__LINE__=1", *code.ASSEMBLY)
        texts = [numbered(self.compiler(side, options).stdout.decode())
                 for side in (TX[0], self.side(self.after))]
        one, two = map(code.functions, texts)
        odd = [name for name in sorted(one.keys() | two.keys()) if one.get(name) != two.get(name)]
        named = {name.removesuffix(".cold") for name in _FUNCTION.findall(texts[0])}
        return len(named.difference(odd)), odd

    def of_argument(self, fault: Fault) -> tuple[str, bool, bool]:
        """What came of a fault in an argument: said, whether it is found, and if no fault."""
        said = alike(self.compiler, (TX[0], self.side(fault.text)))
        if said.status is Status.FAIL:
            return f"the code differs: {said.details[0]}", True, False
        if said.status is Status.NOT_BUILT:
            return f"NOT BUILT: {'; '.join(said.details)}", False, False
        return f"EQUIVALENT: {fault.old.decode()} and {fault.new.decode()}", True, True

    def of_list(self, fault: Fault) -> tuple[str, bool]:
        """What the lists say of a fault that gives the same code, each alone."""
        same = alike(self.compiler, (TX[0], self.side(fault.text)))
        analysis = followed(self.root, self.path, {**self.held, self.path: fault.text})
        world = World(analysis)
        parser = [said for _, said in sent.by_parser(world, self.keys)]
        compiler = list(self.by_compiler(world, fault.text))
        code_ = "the same code" if same.status is Status.PASS else f"OTHER CODE {same.details}"
        good = same.status is Status.PASS and bool(parser) and bool(compiler)
        return (f"{code_}\n        compiler: {'; '.join(compiler) or 'MISSED'}"
                f"\n        parser: {'; '.join(parser) or 'MISSED'}"), good

    def by_compiler(self, world: World, text: bytes) -> Iterator[str]:
        for member in self.members:
            texts = {**self.held, self.path: text}
            one = sent.kept(world, self.root, texts, member)
            self.count += 1
            side = f"side-{self.count}"
            self.compiler.side(side, {**texts, **one.renamed, **sent.probe_header(self.root)})
            said = sent.by_compiler(one, side, self.path, self.compiler)
            if said.status is Status.NOT_BUILT:
                yield f"NOT BUILT {said.details}"
            else:
                yield from said.details


def proven(root: Path, path: str) -> tuple[dict[str, FileChange], bool]:
    """The files before and after the step, with those that earlier patches leave, and whether it
    is proven; none where it is not made."""
    (run,) = migrate([root / path], api="", wanted=("tx",)).drivers
    earlier: dict[str, FileChange] = {}
    for step in run.steps:
        here = {one.path: FileChange(one.path, one.before, one.after) for one in step.changes}
        if step.room is not None and step.room.step == "tx":
            good = True
            for proof in verify_changes(root, list((earlier | here).values())):
                good = good and proof.proven and proof.way == "tx"
                print(f"  {'proven' if proof.proven else 'NOT PROVEN'} {proof.source} "
                      f"({proof.way}): plain {proof.plain.status}, strict {proof.strict.status}, "
                      f"tx {proof.identity.status} {'; '.join(proof.identity.details)}")
            return earlier | here, good
        earlier |= {one: FileChange(one, change.after, change.after)
                    for one, change in here.items()}
    return {}, False


def driver(root: Path, name: str, path: str) -> tuple[int, int, int]:
    """How much of one driver is not as it has to be, its faults, and those that are none."""
    texts, good = proven(root, path)
    if path not in texts:
        print(f"  NOT MADE {name}")
        return 1, 0, 0
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as where:
        one = Driver(root, path, texts, Path(where))
        count, odd = one.functions()
        print(f"  {count} functions the same code, {len(odd)} not{': ' if odd else ''}"
              f"{', '.join(odd)}; {len(one.seeds.sets)} sets, {len(one.seeds.unmaps)} unmaps")
        bad = (not good) + len(odd)
        arguments, others = list(one.seeds.arguments()), list(one.seeds.equal())
        equivalent = 0
        with ThreadPoolExecutor(2) as pool:
            for fault, (said, found, same) in zip(arguments, pool.map(one.of_argument, arguments),
                                                  strict=True):
                bad, equivalent = bad + (not found), equivalent + same
                print(f"    {'found ' if found else 'MISSED'} {name}:{fault.line} {fault.what}: "
                      f"{said}", flush=True)
            for fault, (text, found) in zip(others, pool.map(one.of_list, others), strict=True):
                bad += not found
                print(f"    {'found ' if found else 'MISSED'} {name}:{fault.line} {fault.what}: "
                      f"{text}", flush=True)
        return bad, len(arguments) + len(others), equivalent


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    bad = seeded = equivalent = 0
    for name, path in DRIVERS.items():
        if not sys.argv[2:] or name in sys.argv[2:]:
            print(f"{name}: {path}", flush=True)
            one = driver(root, name, path)
            bad, seeded, equivalent = bad + one[0], seeded + one[1], equivalent + one[2]
    print(f"{seeded} seeded faults, {equivalent} of them none for pages, {bad} missed or not as "
          f"they have to be, {time.monotonic() - started:.0f} s on {root}")
    return 1 if bad or equivalent > EQUIVALENT else 0


if __name__ == "__main__":
    sys.exit(main())
