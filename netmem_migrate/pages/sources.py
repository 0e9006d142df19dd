# SPDX-License-Identifier: GPL-2.0-only
"""Places in the sources of a driver, as a page names and shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from netmem_migrate.files import plain
from netmem_migrate.report import wording
from netmem_migrate.report.requirements import ordered
from netmem_migrate.results import FileChange, Requirement

_NOTHING = Markup("")


@dataclass(frozen=True, slots=True)
class Spot:
    """A place: `shown` is its file inside the driver, `anchor` the page's id for that file, if any.

    `code` is the line itself, highlighted; empty where it was not asked for or is not there.
    """

    file: str
    line: int
    shown: str
    text: str = ""
    anchor: str = ""
    code: Markup = _NOTHING


class Sources:
    """The sources before the conversion: of the changes, else those on disk under `root`."""

    def __init__(self, root: Path, driver: str, changes: Iterable[FileChange] = (),
                 anchors: Mapping[str, str] | None = None) -> None:
        self.root = root
        self.anchors = dict(anchors or {})
        self._prefix = driver + "/"
        self._lines = {change.path: change.before.split(b"\n") for change in changes}

    def shown(self, file: str) -> str:
        """A file as it is called inside its driver."""
        return file.removeprefix(self._prefix)

    def shorten(self, text: str) -> str:
        """A text with the driver's files called as they are inside the driver."""
        return text.replace(self._prefix, "")

    def line(self, file: str, line: int) -> bytes:
        """A line, b"" where it is not there."""
        if file not in self._lines:
            self._lines[file] = (plain.optional(self.root / file) or b"").split(b"\n")
        lines = self._lines[file]
        return lines[line - 1] if 0 < line <= len(lines) else b""

    def spot(self, file: str, line: int, text: str = "", *, code: bool = False) -> Spot:
        """A place, with its line if `code` asks for it."""
        shown = _NOTHING
        if code:
            from netmem_migrate.pages.code import html_of, lines_of

            found = lines_of(self.line(file, line).strip())
            shown = html_of(found[0]) if found else shown
        return Spot(file, line, self.shown(file), text, self.anchors.get(file, ""), shown)


def requirement_rows(judged: Mapping[str, Requirement], sources: Sources, *,
                     code: bool = False) -> list[dict[str, Any]]:
    """The requirements of netmem.rst as rows of a table: status, what it rests on, where; each
    place with its line if `code` asks for it."""
    return [{"id": key, "status": judged[key].status.value,
             "condition": judged[key].condition,
             "basis": wording.BASIS[judged[key].basis],
             "evidence": [sources.spot(place.file, place.line, place.text, code=code)
                          for place in dict.fromkeys(judged[key].shown)]}
            for key in ordered(judged)]
