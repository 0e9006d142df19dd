# SPDX-License-Identifier: GPL-2.0-only
"""Whom a series goes to, by the tree's own scripts/get_maintainer.pl.

People are To and lists are Cc, as b4 has it; those of page_pool, who are named for no driver, are
Cc as well. Only MAINTAINERS is asked, not the history, so that the answer is the same in a git
tree and in an unpacked one. Nothing is ever sent.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.model.spelled import POOL_ENTRY, POOL_SOURCE

SCRIPT = "scripts/get_maintainer.pl"
OPTIONS = ("--nogit", "--nogit-fallback", "--roles", "--norolestats")
_LINE = re.compile(r"^(?P<address>\S.*?)(?: \((?P<role>[^\n]*)\))?$", re.MULTILINE)
_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")


@dataclass(frozen=True, slots=True)
class Recipient:
    """An address as mail writes it, and the role that MAINTAINERS gives it.

    `beside` is one who is not named for the patches themselves.
    """

    address: str
    role: str
    beside: bool = False

    @property
    def email(self) -> str:
        """The bare address, in lower case."""
        match = _ADDRESS.search(self.address)
        return match[0].lower() if match else ""

    @property
    def is_list(self) -> bool:
        return " list" in f" {self.role.partition(':')[0]}"

    @property
    def header(self) -> str:
        """The header of the mail that it stands in."""
        return "Cc" if self.is_list or self.beside else "To"


def available(tree: Path) -> str:
    """Why get_maintainer.pl cannot be asked here; "" where it can."""
    if not (tree / SCRIPT).is_file():
        return f"{tree} has no {SCRIPT}"
    if shutil.which("perl") is None:
        return "there is no perl here (apt-get install perl)"
    return ""


def ask(tree: Path, patches: Iterable[bytes]) -> tuple[Recipient, ...]:
    """People and lists for all the patches, each once, in the script's order.

    Raises InputError where the script cannot run or knows nobody.
    """
    why = available(tree)
    if why:
        raise InputError(why)
    found: dict[str, Recipient] = {}
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        # An empty home: .get_maintainer.conf of the user would change the answer.
        environment = {**os.environ, "HOME": name, "LC_ALL": "C"}
        for number, patch in enumerate(patches):
            file = Path(name) / f"{number}.patch"
            file.write_bytes(patch)
            done = subprocess.run(["perl", SCRIPT, *OPTIONS, str(file)], cwd=tree, check=False,
                                  env=environment, capture_output=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                said = done.stderr.decode("utf-8", "replace").strip().splitlines()
                raise InputError(f"{tree / SCRIPT}: {said[0] if said else 'failed'}")
            for one in parse(done.stdout.decode("utf-8", "replace")):
                found.setdefault(one.email, one)
    if not found:
        raise InputError(f"{tree / SCRIPT}: names nobody for these patches")
    return tuple(found.values())


def with_pool(tree: Path, found: Sequence[Recipient]) -> tuple[Recipient, ...]:
    """The same, and whom MAINTAINERS has for page_pool; nobody more where it has no such entry."""
    patch = f"--- a/{POOL_SOURCE}\n+++ b/{POOL_SOURCE}\n@@ -1 +1 @@\n-\n+\n"
    try:
        more = ask(tree, [patch.encode()])
    except InputError:
        return tuple(found)
    known = {one.email for one in found}
    return (*found, *(replace(one, beside=True) for one in more
                      if one.role.partition(":")[2] == POOL_ENTRY and one.email not in known))


def parse(text: str) -> list[Recipient]:
    """The script's lines: `Name <address> (role:ENTRY)`, or `list@host (open list:ENTRY)`."""
    found = []
    for match in _LINE.finditer(text):
        one = Recipient(match["address"].strip(), match["role"] or "")
        if one.email:
            found.append(one)
    return found


def as_file(recipients: Sequence[Recipient]) -> bytes:
    """One `To: ` or `Cc: ` line an address, the role behind it."""
    lines = [f"{one.header}: {one.address}  # {one.role}" for one in recipients]
    return ("\n".join(lines) + "\n").encode()


def as_options(recipients: Sequence[Recipient]) -> bytes:
    """`git send-email` options, one a line, quoted as a shell and `xargs -a` read them.

    The series is one thread, each patch an answer to the first mail.
    """
    lines = ["--thread", "--no-chain-reply-to", "--suppress-cc=self"]
    lines += [shlex.quote(f"--{one.header.lower()}={one.address}") for one in recipients]
    return ("\n".join(lines) + "\n").encode()


def read(path: Path) -> set[str]:
    """The bare addresses of a recipients file."""
    text = plain.read(path).decode("utf-8", "replace")
    lines = (line.partition("  #")[0] for line in text.splitlines()
             if line.startswith(("To:", "Cc:")))
    return {match[0].lower() for line in lines if (match := _ADDRESS.search(line))}
