# SPDX-License-Identifier: GPL-2.0-only
"""Commits of an earlier version of a series, read back from its patches, for a range-diff."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.git import mail
from netmem_migrate.git import run as git
from netmem_migrate.patch import folder


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier version: its number and its numbered patches; `base` as they name it, or ""."""

    version: int
    patches: tuple[Path, ...]
    base: str

    def files(self) -> list[str]:
        """Every file that the patches touch."""
        return sorted({file.path for patch in self.patches for file in mail.read(patch).files})


def find(where: Path, below: int) -> Earlier:
    """The newest version lower than `below` (0: the newest there is) in a folder.

    Raises InputError where there is none.
    """
    if not where.is_dir():
        raise InputError(f"{where}: no such folder; give the one that holds the earlier series")
    known = {number: files for number, files in folder.versions(where).items()
             if not below or number < below}
    if not known:
        older = f" older than v{below}" if below else ""
        raise InputError(f"{where}: holds no series{older}; give the folder of the earlier one")
    number = max(known)
    paths = list(known[number].values())
    base = next((commit for path in paths for commit in mail.bases_of(plain.read(path))), "")
    return Earlier(number, tuple(path for path in paths if mail.number_of(path) != 0), base)


def commits(scratch: git.Scratch, earlier: Earlier, bases: Sequence[str]) -> str:
    """The earlier series as a range `base..tip`, on the first base that takes it.

    Nothing is checked out. Raises InputError where no base takes it.
    """
    known = [one for one in dict.fromkeys([earlier.base, *bases])
             if one and scratch.attempt("cat-file", "-e", f"{one}^{{commit}}").returncode == 0]
    said = "no base"
    for base in known:
        tip, said = _replay(scratch, earlier.patches, base)
        if tip:
            return f"{base}..{tip}"
    raise InputError(
        f"{earlier.patches[0].parent}: version {earlier.version} does not apply to the tree "
        f"({said}); leave --previous out, or use the tree it was made for"
    )


def _replay(scratch: git.Scratch, patches: Sequence[Path], base: str) -> tuple[str, str]:
    tip = base
    for patch in patches:
        text, diff = scratch.folder / "mail.txt", scratch.folder / "mail.diff"
        info = scratch.git("mailinfo", "--encoding=UTF-8", str(text), str(diff),
                           stdin=plain.read(patch)).decode("utf-8", "replace")
        head = dict(re.findall(r"(?m)^(Author|Email|Subject|Date): (.*)$", info))
        scratch.git("read-tree", tip)
        done = scratch.attempt("apply", "--cached", "--whitespace=nowarn", str(diff))
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            return "", f"{patch.name}: {said[0] if said else 'no reason given'}"
        tree = scratch.git("write-tree").decode().strip()
        message = head.get("Subject", patch.name) + "\n\n" + text.read_text(encoding="utf-8")
        person = git.Identity(head.get("Author", "unknown"), head.get("Email", "unknown"))
        tip = scratch.commit(tree, tip, message, person, head.get("Date", "0 +0000"))
    return tip, ""
