# SPDX-License-Identifier: GPL-2.0-only
"""The tree's own checkpatch.pl, with the flags that netdev's robot uses."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.errors import InputError

# What netdev's robot (nipa) leaves out.
IGNORED = ("COMMIT_LOG_LONG_LINE", "MACRO_ARG_REUSE", "ALLOC_SIZEOF_STRUCT", "NO_AUTHOR_SIGN_OFF",
           "GIT_COMMIT_ID", "CAMELCASE", "FILE_PATH_CHANGES", "BAD_REPORTED_BY_LINK")
MISSING_SIGN_OFF = "MISSING_SIGN_OFF"

_FINDING = re.compile(r"^(?:[^\s:]*:(?P<line>\d+): )?(?P<level>ERROR|WARNING|CHECK):"
                      r"(?P<type>[A-Z0-9_]+): (?P<text>.*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding of checkpatch; `line` is a line of the patch file, 0 if it names none."""

    patch: str
    line: int
    level: str
    type: str
    text: str


def checkpatch(root: Path, patches: Sequence[Path],
               ignored: Sequence[str] = IGNORED) -> tuple[Finding, ...]:
    """What the tree's checkpatch.pl says of the patches.

    Raises InputError where the tree has no checkpatch.pl, or the machine no perl.
    """
    script = root / "scripts/checkpatch.pl"
    if not script.is_file():
        raise InputError(f"{root}: has no scripts/checkpatch.pl; give a whole kernel tree")
    if shutil.which("perl") is None:
        raise InputError("no perl here; install it (apt-get install perl)")
    found: list[Finding] = []
    command = ["perl", str(script), "--strict", "--max-line-length=80", "--show-types",
               "--terse", "--no-summary", "--color=never", f"--root={root}"]
    if shutil.which("codespell") is not None:
        command.append("--codespell")
    if ignored:
        command += ["--ignore", ",".join(ignored)]
    for patch in patches:
        done = subprocess.run([*command, str(patch)], cwd=root, check=False, capture_output=True)
        for match in _FINDING.finditer(done.stdout.decode("utf-8", "replace")):
            found.append(Finding(str(patch), int(match["line"] or 0), match["level"],
                                 match["type"], match["text"]))
    return tuple(found)
