# SPDX-License-Identifier: GPL-2.0-only
"""The tool with a pass or a rule more: links to what is here, and files of a test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOMES = {"transforms": ROOT / "transforms", "corpus": ROOT / "corpus"}
IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "A Tester"), ("EMAIL", "tester@example.org"))}


class Added:
    """A copy of the package in which some files are new or others; the rest is linked.

    `passes` are more modules of `transforms/`, by name.
    """

    def __init__(self, folder: Path, **passes: str) -> None:
        self.folder = folder
        self.package = folder / "netmem_migrate"
        _links(ROOT / "netmem_migrate", self.package)
        for name, home in HOMES.items():
            (self.package / name).symlink_to(home)
        for name, text in passes.items():
            self.put(f"transforms/{name}.py", text)

    def put(self, path: str, text: str) -> None:
        """Write one file of the package, as `transforms/own.py`; what is beside it is linked."""
        target = self.package / path
        for above in [one for one in target.parents if one.is_relative_to(self.package)][::-1]:
            if above.is_symlink():
                source = above.resolve()
                above.unlink()
                _links(source, above)
        target.unlink(missing_ok=True)
        target.write_text(text, encoding="utf-8")

    def run(self, *words: str, cwd: Path | None = None, code: int | None = 0,
            stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command line of the copy; `code` is the exit code that it must have."""
        done = self._python("-m", "netmem_migrate", *words, cwd=cwd, stdin=stdin)
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done

    def python(self, cwd: Path, text: str) -> str:
        """What a program that uses the library prints."""
        done = self._python("-c", text, cwd=cwd)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _python(self, *words: str, cwd: Path | None,
                stdin: str = "") -> subprocess.CompletedProcess[str]:
        # `-m` looks into the folder where it runs before anything else.
        done = subprocess.run(
            [sys.executable, *words], cwd=cwd or self.folder, input=stdin, text=True,
            capture_output=True, check=False,
            env={**IDENTITY, **os.environ, "PYTHONPATH": str(self.folder), "NO_COLOR": "1",
                 "XDG_CACHE_HOME": str(self.folder / "cache")})
        assert "Traceback" not in done.stderr, done.stderr
        return done


def _links(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name != "__pycache__":
            (target / entry.name).symlink_to(entry)
