# SPDX-License-Identifier: GPL-2.0-only
"""How a tree wants tools to be named, by its own Documentation/process.

Kernels word the Assisted-by tag differently, and older ones have none: the form is read from the
tree that the patch is for, never assumed.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from pathlib import Path

from netmem_migrate.files.plain import is_plain, read, sources

NAME = "netmem-migrate"
_PROCESS = "Documentation/process"
# Documents that ask for disclosure, most telling first.
_FIRST = ("coding-assistants.rst", "generated-content.rst", "submitting-patches.rst")
_ASKS = ("coding-assistants.rst", "generated-content.rst")
# An example stands indented, as a literal block.
_FORM = re.compile(r"^[ \t]+Assisted-by:[ \t]+(\S+)", re.MULTILINE)


def trailer(tree: Path) -> str:
    """The Assisted-by line that `tree` asks for; "" where none of its process documents does.

    A form that starts with NAME:VERSION gets both; in any other the name of the tool stands where
    the assistant's would. What was used beside it is for the user to add.
    """
    folder = tree / _PROCESS
    asked = any((folder / name).is_file() for name in _ASKS)
    for path in _documents(folder):
        text = read(path).decode("utf-8", "replace")
        match = _FORM.search(text)
        if match is not None:
            both = re.fullmatch(r"[^:]+:[^:]+", match[1]) is not None
            return f"Assisted-by: {NAME}:{version(NAME)}" if both else plain()
        asked = asked or "Assisted-by" in text
    return plain() if asked else ""


def plain() -> str:
    """The line for a tree that says nothing about its form."""
    return f"Assisted-by: {NAME}"


def _documents(folder: Path) -> list[Path]:
    first = [folder / name for name in _FIRST]
    others = sources(iter(sorted(folder.glob("*.rst")))) if folder.is_dir() else []
    return [*(path for path in first if is_plain(path)),
            *(path for path in others if path not in first)]
