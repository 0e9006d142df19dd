# SPDX-License-Identifier: GPL-2.0-only
"""How the code of a preparatory patch is compared, which is not as it is (docs/proof.md)."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from tree_sitter import Node

from netmem_migrate.c.armed import Armed
from netmem_migrate.c.beside import Beside
from netmem_migrate.flow.instead import Instead
from netmem_migrate.flow.sync import warned
from netmem_migrate.flow.tx import device
from netmem_migrate.results import FileChange
from netmem_migrate.verify import (
    arms,
    code,
    copied,
    divided,
    flagged,
    instead,
    member,
    returned,
    sent,
    synced,
)
from netmem_migrate.verify.copied import Copied
from netmem_migrate.verify.member import Line
from netmem_migrate.verify.said import Said, Status, errors

Compile = Callable[[Sequence[str], Sequence[str]], list[subprocess.CompletedProcess[bytes]]]
"""Compiles one object of some sides at once, with more options."""

_COPIED = ("copies-called", "copies-after")
_RETURNED = ("address-before", "address-after")
_DIVIDED = ("two-before", "two-after")
TX = ("tx-before", "tx-after")
SYNCED = ("sync-new", "sync-witness")
_PROBED = ("probe-member", "probe-address")
_LIST = ("-w", "-fsyntax-only", "-fmax-errors=0")
_ALIKE = ("-w", "-D__LINE__=1", *code.ASSEMBLY)
# Both sides are compiled with each until the code is the same: any that show it will do. How likely
# a test looks, and where equal expressions meet, decides where a compiler keeps what.
_TRIES = ((), ("-fno-guess-branch-probability",), ("-Os",),
          ("-fno-guess-branch-probability", "-fno-code-hoisting"))
# Who calls whom decides the order otherwise.
_ALONE = ("-w", "-D__LINE__=1", "-fno-toplevel-reorder", *code.ASSEMBLY)


class Way(StrEnum):
    """How the code of a preparatory patch is compared."""

    COPIES = "copies"  # functions that are copied (verify/copied.py)
    MEMBER = "member"  # a member beside an address (verify/member.py)
    INSTEAD = "instead"  # a member that keeps a page and no address (verify/instead.py)
    ARM = "arm"  # an arm of a union for one mode (verify/arms.py)
    KIND = "kind"  # an arm of a union for what is taken for a page (verify/arms.py)
    PAGE = "page"  # a page returned instead of its address (verify/returned.py)
    SYNC = "sync"  # syncs for the CPU through the pool (verify/synced.py)
    FLAGS = "flags"  # syncs for the device by the pool (verify/flagged.py)
    WARNS = "warns"  # warnings for testing, and nothing else (flow/sync/warned.py)
    TX = "tx"  # frags that are sent by netmem (verify/sent.py)
    MODE = "mode"  # a device is told how it sends, and nothing else (flow/tx/device.py)
    TWO = "two"  # two functions of one that takes two kinds of thing (verify/divided.py)


@dataclass(frozen=True, slots=True)
class Made:
    """What room a patch makes that does nothing else, and how that is shown.

    `sides` are more texts of files, by the name of the tree that they make; `same` is the identity
    of one object, of a source, compiled with those. `tag` is the struct that got a member, "" for
    none, and `assumes` what the compiler is told, or is taken for granted, that nothing shows.
    `sources` are looked at, too, though nothing of them changes: whether one has to be compiled.
    """

    way: Way
    same: Callable[[str, Compile], Said]
    sides: Mapping[str, dict[str, bytes]] = field(default_factory=dict)
    tag: str = ""
    assumes: str = ""
    sources: Mapping[str, bool] = field(default_factory=dict)


def made(root: Path, changes: Mapping[str, FileChange], module: str) -> Made | None:
    """How such a patch is compared; None for one that makes no room."""
    after = {path: change.after for path, change in changes.items()}
    found = (_copies(changes) or _beside(root, changes, after) or _instead(changes, after)
             or _arm(root, changes, after, module) or _page(changes, after)
             or _sync(root, changes, module) or _flags(root, changes, module)
             or _tx(root, changes, module) or _warns(changes) or _mode(changes))
    return found or _two(changes, after)


def _copies(changes: Mapping[str, FileChange]) -> Made | None:
    found = copied.copied(changes)
    if found is None:
        return None
    return Made(Way.COPIES, lambda _, compile_: _same_copies(found, compile_),
                dict(zip(_COPIED, (found.called, found.after), strict=True)))


def _beside(root: Path, changes: Mapping[str, FileChange],
            after: Mapping[str, bytes]) -> Made | None:
    found = member.kept(changes)
    if found is None:
        return None

    def same(source: str, compile_: Compile) -> Said:
        of_member, of_address = _listed(compile_, (found.member, found.address))
        return _judged(member.faults(found, source, root, of_member, of_address))

    return Made(Way.MEMBER, same, _probed(found, found.named, after), member.tag(found))


def _instead(changes: Mapping[str, FileChange], after: Mapping[str, bytes]) -> Made | None:
    found = instead.instead(changes)
    if found is None:
        return None

    def same(source: str, compile_: Compile) -> Said:
        (listed,) = _listed(compile_, (found.member,))
        return _judged(instead.faults(found, source, listed))

    return Made(Way.INSTEAD, same, _probed(found, (found.named,), after), assumes=
                f"no address of a page that {member.tag(found)}.{found.address} was set to is NULL")


def _arm(root: Path, changes: Mapping[str, FileChange], after: Mapping[str, bytes],
         module: str) -> Made | None:
    found = arms.armed(changes)
    if found is None:
        return None
    told = arms.told(found, root, after, module)

    def same(source: str, compile_: Compile) -> Said:
        of_arm, of_member = _listed(compile_, (found.arm, found.member))
        return _judged(arms.faults(found, told, source, of_arm, of_member))

    return Made(Way.KIND if told.by_kind else Way.ARM, same,
                _probed(found, found.named, after), member.tag(found))


def _page(changes: Mapping[str, FileChange], after: Mapping[str, bytes]) -> Made | None:
    found = returned.returned(changes)
    if found is None:
        return None
    name = found.helper.name.decode("latin-1")
    return Made(Way.PAGE, lambda _, compile_: alike(compile_, _RETURNED),
                dict(zip(_RETURNED, ({**after, **returned.before(found)}, returned.after(found)),
                         strict=True)),
                assumes=f"no address that {name}() gave of a page is NULL")


def _sync(root: Path, changes: Mapping[str, FileChange], module: str) -> Made | None:
    found = synced.synced(changes)
    if found is None:
        return None
    before = {path: change.before for path, change in changes.items()}
    told = synced.told(found, root, before, module)
    kept = [f"sync-member-{number}" for number in range(len(told.carriers))]
    sides = {side: {**before, **carrier.renamed}
             for side, carrier in zip(kept, told.carriers, strict=True)}

    def same(source: str, compile_: Compile) -> Said:
        if told.whole:
            return Said(Status.FAIL, (told.whole,))
        listed = [member.uses(done.stderr.decode("utf-8", "replace"), one.name)
                  for done, one in zip(compile_(kept, _LIST), told.carriers, strict=True)]
        odd = synced.faults(told, source, listed)
        return _judged(odd) if odd else alike(compile_, SYNCED)

    texts = zip(SYNCED, (told.after, told.witness), strict=True)
    return Made(Way.SYNC, same, sides | {side: {**before, **text} for side, text in texts},
                assumes=told.assumes)


def _tx(root: Path, changes: Mapping[str, FileChange], module: str) -> Made | None:
    found = sent.turned(changes)
    if found is None:
        return None
    before = {path: change.before for path, change in changes.items()}
    after = {path: change.after for path, change in changes.items()}
    told = sent.told(found, root, after, module)
    kept = [f"tx-member-{number}" for number in range(len(told.kept))]
    sides = {side: {**after, **one.renamed, **sent.probe_header(root)}
             for side, one in zip(kept, told.kept, strict=True)}
    plain = sent.plain_header(root)

    def same(source: str, compile_: Compile) -> Said:
        if told.whole:
            return Said(Status.FAIL, (told.whole,))
        listed = [sent.by_compiler(one, done, source)
                  for done, one in zip(compile_(kept, sent.GRAPH), told.kept, strict=True)]
        bad = [one for one in listed if one.status is not Status.PASS]
        known = told.listed(source)
        if bad or known:
            missing = not known and all(one.status is Status.NOT_BUILT for one in bad)
            return Said(Status.NOT_BUILT if missing else Status.FAIL, tuple(dict.fromkeys(
                (*known, *(line for one in bad for line in one.details)))))
        return alike(compile_, TX) if source not in told.sources else Said(Status.PASS)

    return Made(Way.TX, same, sides | {side: {**files, **plain} for side, files in zip(
        TX, (before, after), strict=True)}, assumes=sent.ASSUMES, sources=told.sources)


def _flags(root: Path, changes: Mapping[str, FileChange], module: str) -> Made | None:
    """A patch of which the text is the same but for what the model is told: no code is compared."""
    if not flagged.flagged(changes):
        return None
    odd = flagged.told(changes, root, module)
    return Made(Way.FLAGS, lambda _source, _compile: _judged(odd), assumes=flagged.ASSUMES)


def _warns(changes: Mapping[str, FileChange]) -> Made | None:
    """A patch whose text less its warnings is the text before: these only compare."""
    changed = [one for one in changes.values() if one.before != one.after]
    if not changed or any(warned.without(one) != one.before for one in changed):
        return None
    return Made(Way.WARNS, lambda _source, _compile: Said(Status.PASS))


def _mode(changes: Mapping[str, FileChange]) -> Made | None:
    """A patch whose text less what tells a device how it sends is the text before."""
    changed = [one for one in changes.values() if one.before != one.after]
    if not changed or any(device.without(one) != one.before for one in changed):
        return None
    return Made(Way.MODE, lambda _source, _compile: Said(Status.PASS),
                assumes="all of the driver that sends is in sight, and T1 to T4 hold for it")


def _two(changes: Mapping[str, FileChange], after: Mapping[str, bytes]) -> Made | None:
    found = divided.divided(changes)
    if found is None:
        return None
    of = found.split
    copy, flag, value = (one.decode("latin-1") for one in (
        found.copy, of.names[of.flag], of.value))
    # What calls them elsewhere is the same, but for what they are called by.
    return Made(Way.TWO, lambda source, compile_: alike(compile_, _DIVIDED)
                if source == found.path else Said(Status.PASS),
                {side: {**after, found.path: text} for side, text in zip(
                    _DIVIDED, (divided.before(found), divided.after(found)), strict=True)},
                assumes="" if not found.assumed else
                f"no call of {copy}() passes {flag} that is {'' if of.truth else 'not '}{value}")


def _probed(found: Beside | Armed | Instead, names: Sequence[Node],
            after: Mapping[str, bytes]) -> dict[str, dict[str, bytes]]:
    return {side: {**after, **member.probed(found, named)}
            for named, side in zip(names, _PROBED, strict=False)}


def _listed(compile_: Compile, names: Sequence[str]) -> list[Counter[Line]]:
    """The uses of members that a compiler lists, each in the tree where it has another name."""
    return [member.uses(done.stderr.decode("utf-8", "replace"), name)
            for name, done in zip(names, compile_(_PROBED[:len(names)], _LIST), strict=True)]


def _judged(odd: tuple[str, ...]) -> Said:
    return Said(Status.FAIL, odd) if odd else Said(Status.PASS)


def alike(compile_: Compile, sides: Sequence[str]) -> Said:
    """Whether two texts give the same code, by any of several options."""
    said: Said | None = None
    for more in _TRIES:
        done = compile_(sides, (*_ALIKE, *more))
        odd = next((one for one in done if one.returncode), None)
        if odd is not None:
            found = errors(odd.stderr.decode("utf-8", "replace"))
            said = said or Said(Status.NOT_BUILT, (
                "does not compile with a function put into its callers", *found[:2]))
            continue
        texts = [code.normal(one.stdout.decode("utf-8", "replace")) for one in done]
        if texts[0] == texts[1]:
            return Said(Status.PASS)
        said = said or Said(Status.FAIL, code.difference(*texts))
    assert said is not None
    return said


def _same_copies(found: Copied, compile_: Compile) -> Said:
    texts: list[str] = []
    for done in compile_(_COPIED, _ALONE):
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace")
            return Said(Status.NOT_BUILT, ("does not compile with its copies standing alone",
                                           *errors(said)[:2]))
        texts.append(done.stdout.decode("utf-8", "replace"))
    bodies = code.functions(texts[1])
    for copy, function in found.names.items():
        one, other = bodies.get(function), bodies.get(copy)
        if one != other:
            return Said(Status.FAIL, (f"{copy}() is not the code of {function}()",))
    before, after = (code.normal(found.symbols(text)) for text in texts)
    return Said(Status.PASS) if before == after else Said(
        Status.FAIL, code.difference(before, after))
