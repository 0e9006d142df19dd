# SPDX-License-Identifier: GPL-2.0-only
"""Whether what `check` says nothing about is a fault at all: only a compiler tells."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from tools import STUB

from netmem_migrate.results import FileChange
from netmem_migrate.verify.proof import verify_changes

_GCC = ("gcc", "-std=gnu11", "-O2", "-Wall", "-Wno-unused", "-Wno-missing-braces", "-Werror", "-S",
        "-o", "-", f"-I{STUB}")


def proven(root: Path, files: Sequence[FileChange]) -> bool:
    """Whether a conversion with a mutant in it is as right as without: each object is proven.

    That is plain, with netmem_ref as a type of its own, and the same code in the identity way.
    """
    touched = [one for one in files if one.before != one.after]
    proofs = verify_changes(root, touched, jobs=1)
    return bool(proofs) and all(one.proven for one in proofs)


def same_code(files: Sequence[FileChange], right: Sequence[FileChange]) -> bool:
    """The same for the own corpus, which no kernel builds: it gives the code of what is right."""
    return _code(files) is not None and _code(files) == _code(right)


def _code(files: Sequence[FileChange]) -> list[bytes] | None:
    """The assembly of each source, both ways; None for what gcc refuses."""
    found = []
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        for one in files:
            (Path(name) / one.path).write_bytes(one.after)
        for one in files:
            for strict in (0, 1) if one.path.endswith(".c") else ():
                done = subprocess.run([*_GCC, f"-DNETMEM_STRICT={strict}", one.path], cwd=name,
                                      capture_output=True, check=False)
                if done.returncode:
                    return None
                found.append(done.stdout)
    return found
