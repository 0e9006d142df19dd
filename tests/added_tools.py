# SPDX-License-Identifier: GPL-2.0-only
"""The tool with a pass or a rule more: links to what is here, and files of a test's own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOMES = {"transforms": ROOT / "transforms", "corpus": ROOT / "corpus"}


class Added:
    """A copy of the package in which some files are new or others; the rest is linked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "netmem_migrate"
        _links(ROOT / "netmem_migrate", self.package)
        for name, home in HOMES.items():
            (self.package / name).symlink_to(home)

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

    def run(self, *words: str, cwd: Path | None = None,
            code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """Run the command line of the copy; `code` is the exit code that it must have."""
        done = subprocess.run(
            [sys.executable, "-m", "netmem_migrate", *words], check=False, text=True,
            capture_output=True, env={**os.environ, "PYTHONPATH": str(self.folder)},
            # `-m` looks into the folder where it runs before anything else.
            cwd=cwd or self.folder)
        assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done


def _links(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for entry in source.iterdir():
        if entry.name != "__pycache__":
            (target / entry.name).symlink_to(entry)
