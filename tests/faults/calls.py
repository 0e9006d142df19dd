# SPDX-License-Identifier: GPL-2.0-only
"""What a run does to the disk, seen from outside by strace, and a fault at one of those calls."""

from __future__ import annotations

import os
import re
import shlex
import signal
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHANGING = (
    "openat", "creat", "write", "pwrite64", "writev", "fsync", "fdatasync", "ftruncate",
    "truncate", "fallocate", "rename", "renameat", "renameat2", "unlink", "unlinkat", "link",
    "linkat", "symlink", "symlinkat", "mkdir", "mkdirat", "rmdir", "chmod", "fchmod", "fchmodat",
    "chown", "fchown", "lchown", "fchownat", "utimensat", "sendfile", "copy_file_range", "flock",
)
_LINE = re.compile(r"^(\d+\s+)?(\w+)\((.*)")
_OPENS = re.compile(r"O_CREAT|O_WRONLY|O_RDWR|O_TRUNC|O_TMPFILE")


@dataclass(frozen=True)
class Call:
    """The `number`th call of one name that a run makes, and what strace says of it."""

    name: str
    number: int
    said: str

    @property
    def to_stream(self) -> bool:
        """Whether it writes to stdout or stderr."""
        return self.name == "write" and self.said.startswith(("1,", "2,"))


@dataclass(frozen=True)
class Outcome:
    """How a run ended. `code` is None for one that was ended because it hangs."""

    code: int | None
    out: str
    err: str
    seconds: float = 0.0

    @property
    def killed(self) -> bool:
        """Whether SIGKILL ended it."""
        return self.code == -signal.SIGKILL

    @property
    def text(self) -> str:
        """Both streams."""
        return self.out + self.err


@dataclass(frozen=True)
class Fault:
    """What happens at which call, as strace spells it: signal=KILL, error=EIO, delay_enter=...

    `on` is for that call and all after it; `others` are the first of other names that fail too.
    """

    what: str
    call: Call
    on: bool = False
    others: tuple[Call, ...] = ()

    @property
    def words(self) -> list[str]:
        """What strace is told."""
        sign = "+" if self.on else ""
        return [word for one in (self.call, *self.others) for word in
                ("-e", f"inject={one.name}:{self.what}:when={one.number}{sign}")]

    def __str__(self) -> str:
        more = ", and all after" if self.on else ""
        return f"{self.what} at {self.call.name}({self.call.said[:100]}{more}"


@dataclass
class Shell:
    """Where commands run: the folder, and an environment that reads nothing of the user's."""

    folder: Path
    home: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """Homes of its own, and hashes that are the same in each run."""
        kept = {name: value for name, value in os.environ.items()
                if not name.startswith(("GIT_", "XDG_", "PYTEST", "COLUMNS", "NETMEM_"))}
        return kept | {
            "HOME": str(self.home), "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CACHE_HOME": str(self.home / "cache"), "TMPDIR": str(self.home / "tmp"),
            "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8", "NO_COLOR": "1",
            "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"} | self.extra


def strace(log: Path | str, fault: Fault | None = None, *, follow: bool = False) -> list[str]:
    """The command that watches, and lets the fault happen."""
    return ["strace", *(["-f"] if follow else []), "-qq", "-e", "signal=none", "-s", "60",
            "-o", str(log), "-e", f"trace={','.join(CHANGING)}",
            *(fault.words if fault is not None else [])]


def listed(log: str) -> list[Call]:
    """The calls of the first process of a log that may change something, in order.

    Each has its number among all calls of its name.
    """
    seen: Counter[str] = Counter()
    calls = []
    first = None
    for line in log.splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        process, name, said = match.groups()
        first = first or process
        if process != first:
            continue
        seen[name] += 1
        if name == "openat" and (not _OPENS.search(said) or '"/dev/null"' in said):
            continue
        if name == "write" and re.match(r"[12], \"\", 0\)", said):
            continue
        calls.append(Call(name, seen[name], said))
    return calls


def spelled(words: Sequence[str], fault: Fault) -> str:
    """The command, and what happens to it."""
    return f"netmem-migrate {shlex.join(words)} -- {fault}"


def scratch() -> tempfile.TemporaryDirectory[str]:
    """A folder for one series of faults."""
    return tempfile.TemporaryDirectory(prefix="faults-")
