# SPDX-License-Identifier: GPL-2.0-only
"""A copy of the tool with passes of a test's own, run as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "A Tester"), ("EMAIL", "tester@example.org"))}


@dataclass(frozen=True)
class Package:
    """The copy: its files are links to this tree, but for the passes that were added."""

    where: Path

    @classmethod
    def make(cls, where: Path, **passes: str) -> Package:
        """The tool with more modules of `transforms/`."""
        inside = where / "netmem_migrate"
        (inside / "transforms").mkdir(parents=True)
        for entry in (ROOT / "netmem_migrate").iterdir():
            if entry.name != "__pycache__":
                (inside / entry.name).symlink_to(entry)
        (inside / "corpus").symlink_to(ROOT / "corpus")
        for entry in (ROOT / "transforms").glob("*.py"):
            (inside / "transforms" / entry.name).symlink_to(entry)
        for name, text in passes.items():
            (inside / "transforms" / f"{name}.py").write_text(text)
        return cls(where)

    def run(self, cwd: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """The command line."""
        return self._python(cwd, "-m", "netmem_migrate", *words, stdin=stdin)

    def python(self, cwd: Path, code: str) -> str:
        """What a program that uses the library prints."""
        done = self._python(cwd, "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _python(self, cwd: Path, *words: str,
                stdin: str = "") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *words], cwd=cwd, input=stdin, text=True, capture_output=True,
            check=False, env={**os.environ, **IDENTITY, "PYTHONPATH": str(self.where),
                              "XDG_CACHE_HOME": str(self.where / "cache"), "NO_COLOR": "1"})
        assert "Traceback" not in done.stderr, done.stderr
        return done
