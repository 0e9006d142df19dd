# SPDX-License-Identifier: GPL-2.0-only
"""Check that relative links in README, CHANGELOG and docs/ lead somewhere.

    python tests/check_docs.py
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def main() -> int:
    """Print each broken link as file:line; the exit code is 1 if there is one."""
    root = Path(__file__).parent.parent
    files = [root / "README.md", root / "CHANGELOG.md", *sorted((root / "docs").rglob("*.md"))]
    broken = 0
    for file in filter(Path.is_file, files):
        for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
            for target in _LINK.findall(line):
                if "://" in target or target.startswith("mailto:"):
                    continue
                if not (file.parent / target).exists():
                    print(f"{file.relative_to(root)}:{number}: no such file: {target}")
                    broken += 1
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
