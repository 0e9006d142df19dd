# SPDX-License-Identifier: GPL-2.0-only
"""A copy of this checkout in which a test may add files, and run the tool and pytest by name."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COPIED = ("netmem_migrate", "transforms", "tests", "docs")
COMMANDS = {"netmem-migrate": "-m netmem_migrate", "pytest": "-m pytest", "python": ""}


class Scratch:
    """The copy at `root`. Its commands are those of the environment that runs the tests."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in COPIED:
            shutil.copytree(ROOT / name, root / name,
                            ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", root)
        (root / "corpus").symlink_to(ROOT / "corpus")
        for name in ("transforms", "corpus"):  # as pyproject.toml maps them
            (root / "netmem_migrate" / name).symlink_to(root / name)
        self._bin = root / "bin"
        self._bin.mkdir()
        for name, words in COMMANDS.items():
            (self._bin / name).write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n')
            (self._bin / name).chmod(0o755)
        self._before = self._files()

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a line as a shell would, at the root."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
        return subprocess.run(
            command, shell=True, cwd=self.root, capture_output=True, text=True, check=False,
            env={**env, "PATH": f"{self._bin}{os.pathsep}{env['PATH']}", "NO_COLOR": "1",
                 "PYTHONPATH": str(self.root), "PYTHONDONTWRITEBYTECODE": "1"})

    def write(self, path: str, text: str) -> None:
        """Write a file of the copy."""
        (self.root / path).write_text(text, encoding="utf-8")

    def changed(self) -> set[str]:
        """The files that are new, or another than in the checkout."""
        return {path for path, data in self._files().items() if self._before.get(path) != data}

    def _files(self) -> dict[str, bytes]:
        return {path.relative_to(self.root).as_posix(): path.read_bytes()
                for top in COPIED for path in (self.root / top).rglob("*")
                if path.is_file() and "__pycache__" not in path.parts
                and not path.relative_to(self.root).as_posix().startswith(
                    ("netmem_migrate/transforms", "netmem_migrate/corpus"))}
