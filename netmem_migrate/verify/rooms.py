# SPDX-License-Identifier: GPL-2.0-only
"""How the code of a preparatory patch is compared, which is not as it is (docs/proof.md)."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path

from netmem_migrate.c.armed import Armed
from netmem_migrate.results import FileChange
from netmem_migrate.verify import arms, code, divided, member, returned
from netmem_migrate.verify.copied import copied
from netmem_migrate.verify.said import Said, Status, errors

Compile = Callable[[str, Sequence[str]], subprocess.CompletedProcess[bytes]]
"""Compiles one object of a side, with more options."""

_COPIED = ("copies-called", "copies-after")
_RETURNED = ("address-before", "address-after")
_DIVIDED = ("two-before", "two-after")
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
    ARM = "arm"  # an arm of a union for one mode (verify/arms.py)
    KIND = "kind"  # an arm of a union for what is taken for a page (verify/arms.py)
    PAGE = "page"  # a page returned instead of its address (verify/returned.py)
    TWO = "two"  # two functions of one that takes two kinds of thing (verify/divided.py)


class Rooms:
    """What room a patch makes, if it does nothing else, and the texts that show it.

    `sides` are more texts of files, by the name of the tree that they make.
    """

    def __init__(self, root: Path, changes: Mapping[str, FileChange], module: str) -> None:
        self.root = root
        after = {path: change.after for path, change in changes.items()}
        self.sides: dict[str, dict[str, bytes]] = {}
        self.copied = copied(changes)
        if self.copied is not None:
            self.sides |= dict(zip(_COPIED, (self.copied.called, self.copied.after), strict=True))
        self.kept = (member.kept(changes) or arms.armed(changes)
                     if self.copied is None else None)
        self.returned = (returned.returned(changes)
                         if self.copied is None and self.kept is None else None)
        if self.returned is not None:
            self.sides |= dict(zip(_RETURNED, (after | returned.before(self.returned),
                                               returned.after(self.returned)), strict=True))
        self.divided = (divided.divided(changes) if self.copied is None and self.kept is None
                        and self.returned is None else None)
        if self.divided is not None:
            self.sides |= {side: after | {self.divided.path: text} for side, text in zip(
                _DIVIDED, (divided.before(self.divided), divided.after(self.divided)),
                strict=True)}
        self.told: arms.Told | None = None
        if self.kept is not None:
            for named, side in zip(self.kept.named, _PROBED, strict=True):
                self.sides[side] = after | member.probed(self.kept, named)
            if isinstance(self.kept, Armed):
                self.told = arms.told(self.kept, root, after, module)

    @property
    def way(self) -> Way | None:
        """How such a patch is compared; None for one that makes no room."""
        if self.copied is not None:
            return Way.COPIES
        if self.returned is not None:
            return Way.PAGE
        if self.divided is not None:
            return Way.TWO
        if self.kept is None:
            return None
        if self.told is None:
            return Way.MEMBER
        return Way.KIND if self.told.by_kind else Way.ARM

    @property
    def assumes(self) -> str:
        """What the compiler is told that nothing shows, "" for nothing."""
        if self.returned is not None:
            name = self.returned.helper.name.decode("latin-1")
            return f"no address that {name}() gave of a page is NULL"
        if self.divided is None or not self.divided.assumed:
            return ""
        of = self.divided.split
        copy, flag, value = (one.decode("latin-1") for one in (
            self.divided.copy, of.names[of.flag], of.value))
        return f"no call of {copy}() passes {flag} that is {'' if of.truth else 'not '}{value}"

    @property
    def tag(self) -> str:
        """The struct that got a member, "" for none."""
        return member.tag(self.kept) if self.kept is not None else ""

    def same(self, source: str, compile_: Compile) -> Said | None:
        """Identity of such a patch for one object; None for any other."""
        if self.copied is not None:
            return self._same_copies(compile_)
        if self.returned is not None:
            return self._alike(compile_, _RETURNED)
        if self.divided is not None:
            # What calls them elsewhere is the same, but for what they are called by.
            return self._alike(compile_, _DIVIDED) if source == self.divided.path else Said(
                Status.PASS)
        found = self.kept
        if found is None:
            return None
        names = ((found.arm, found.member) if isinstance(found, Armed)
                 else (found.member, found.address))
        listed = [member.uses(compile_(side, _LIST).stderr.decode("utf-8", "replace"), name)
                  for name, side in zip(names, _PROBED, strict=True)]
        if isinstance(found, Armed):
            assert self.told is not None
            odd = arms.faults(found, self.told, source, *listed)
        else:
            odd = member.faults(found, source, self.root, *listed)
        return Said(Status.FAIL, odd) if odd else Said(Status.PASS)

    @staticmethod
    def _alike(compile_: Compile, sides: Sequence[str]) -> Said:
        """Whether two texts give the same code, by any of several options."""
        said: Said | None = None
        for more in _TRIES:
            done = [compile_(side, (*_ALIKE, *more)) for side in sides]
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

    def _same_copies(self, compile_: Compile) -> Said:
        assert self.copied is not None
        texts: list[str] = []
        for side in _COPIED:
            done = compile_(side, _ALONE)
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace")
                return Said(Status.NOT_BUILT, ("does not compile with its copies standing alone",
                                               *errors(said)[:2]))
            texts.append(done.stdout.decode("utf-8", "replace"))
        bodies = code.functions(texts[1])
        for copy, function in self.copied.names.items():
            one, other = bodies.get(function), bodies.get(copy)
            if one != other:
                return Said(Status.FAIL, (f"{copy}() is not the code of {function}()",))
        before, after = (code.normal(self.copied.symbols(text)) for text in texts)
        return Said(Status.PASS) if before == after else Said(
            Status.FAIL, code.difference(before, after))
