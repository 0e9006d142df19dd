# SPDX-License-Identifier: GPL-2.0-only
"""The tables of docs/faults.md, each between its two markers."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/faults.md"


def write(name: str, table: Sequence[str], said: str, *, says_revision: bool = False) -> None:
    """Put a table where the page has it, with the day of the run, and the revision where the table
    does not say that itself."""
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, text=True,
                              capture_output=True, check=False).stdout.strip()
    at = "at the revisions that are named" if says_revision else f"revision {revision}"
    text = PAGE.read_text(encoding="utf-8")
    made = "\n".join(["", f"{datetime.now(UTC):%Y-%m-%d}, {at}: {said}.", "",
                      *table, ""])
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(text):
        raise ValueError(f"{PAGE} has no place for {name}")
    PAGE.write_text(pattern.sub(lambda match: match[1] + made + "\n" + match[2], text),
                    encoding="utf-8")
