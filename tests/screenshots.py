# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of what people see: the page of a scan at 1280 and 400 pixels, and a terminal of 80x24.

    screenshots.py FOLDER [TREE]

Of drivers of the corpus, or of a kernel tree. tests/tools_needed/test_looks.py holds the same.
"""

from __future__ import annotations

import html
import sys
import tempfile
from pathlib import Path

from looks_tools import Looks, Shown, on_screen, scan_of_corpus

from netmem_migrate.api import migrate
from netmem_migrate.pages import scan as scan_html

_ROWS = 24
_PAGE = """<!doctype html><meta charset="utf-8"><title>terminal</title><style>
body {{ margin: 0; background: #1d1f21 }}
pre {{ margin: 0; padding: 8px; width: max-content; color: #c5c8c6;
  font: 14px/18px "DejaVu Sans Mono", "Liberation Mono", monospace }}</style><pre>{}</pre>"""


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as made, Looks.started() as looks:
        root = Path(sys.argv[2]).resolve() if len(sys.argv) > 2 else scan_of_corpus(Path(made))
        text = scan_html.page(migrate([root]))
        for width in (1280, 400):
            page = looks.page(text, width)
            page.screenshot(path=folder / f"scan-{width}.png")
        for command in ("scan", "plan"):
            page = looks.page(_PAGE.format(_drawn(on_screen(root, 80, _ROWS, command, "."))), 720)
            page.locator("pre").screenshot(path=folder / f"{command}-80x{_ROWS}.png")
    for one in sorted(folder.glob("*.png")):
        print(one)
    return 0


def _drawn(shown: Shown) -> str:
    """The first rows of a terminal as text with its bold."""
    rows = []
    for row in range(_ROWS):
        cells = shown.screen.buffer[row]
        rows.append("".join(
            f"<b>{html.escape(cells[column].data)}</b>" if cells[column].bold
            else html.escape(cells[column].data) for column in range(shown.screen.columns)))
    return "\n".join(rows)


if __name__ == "__main__":
    sys.exit(main())
