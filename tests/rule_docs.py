# SPDX-License-Identifier: GPL-2.0-only
"""The tables of rules in docs/checking.md, from what the rules say of themselves.

    python tests/rule_docs.py
"""

from __future__ import annotations

import re
from pathlib import Path

from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.check.registry import load

PAGE = Path(__file__).resolve().parents[1] / "docs/checking.md"
END = "<!-- end -->"


def table(rules: list[Rule]) -> str:
    """Rules as a table of Markdown."""
    lines = ["| id | severity | finds |", "| --- | --- | --- |"]
    lines += [f"| `{one.id}` | {one.severity} | {one.summary} |" for one in rules]
    return "\n".join(lines) + "\n"


def written(page: str) -> str:
    """The page with its tables as they should be. Raises ValueError if it has no place for one."""
    rules = [one.declared for one in load()]
    for mark, those in (("<!-- rules of changes -->", [one for one in rules
                                                       if one.unit is Unit.CHANGE]),
                        ("<!-- rules of sources -->", [one for one in rules
                                                       if one.unit is not Unit.CHANGE])):
        start = page.index(mark) + len(mark)
        page = f"{page[:start]}\n{table(those)}{page[page.index(END, start):]}"
    return page


def rows(page: str) -> set[tuple[str, str]]:
    """Id and severity of each row in the tables of a page."""
    return set(re.findall(r"^\| `([a-z-]+)` \| (error|warning|note) \|", page, re.MULTILINE))


def main() -> None:
    """Write the tables."""
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
