# SPDX-License-Identifier: GPL-2.0-only
"""Hunks edited by hand: the editor, and the patch that comes back, as with `git add -p`."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.git.run import Scratch
from netmem_migrate.results import FileChange

# Stands for a line end where each word has a line of its own; no source holds it.
_NEWLINE = b"\1"
_WORD = re.compile(rb"\w+|[^\w]", re.DOTALL)
_HELP = """\
# To drop a removal, make the '-' of its line a ' '.
# To drop an added line, delete it.
# Lines that start with # are ignored.
# The hunks must still apply, parse, and mix no page with a netmem; otherwise you are
# asked to edit again. Without any hunk left, nothing is edited.
"""


class Rejected(Exception):
    """What came back from the editor cannot be taken; the message says why."""


def in_editor(text: str, editor: str) -> str:
    """The text after the user's editor; comment lines are gone. Raises Rejected where it fails."""
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
        # The name by which editors know that this is a hunk.
        path = Path(folder) / "addp-hunk-edit.diff"
        head = "# Manual hunk edit mode -- the notes are at the end of the file.\n"
        path.write_bytes((head + text + "# ---\n" + _HELP).encode("utf-8", "surrogateescape"))
        done = subprocess.run(["sh", "-c", f'{editor} "$@"', editor, str(path)], check=False)
        if done.returncode:
            raise Rejected(f"the editor ({editor}) failed with code {done.returncode}")
        back = path.read_bytes().decode("utf-8", "surrogateescape")
    # Not splitlines(): a form feed ends no line.
    return re.sub(r"^#[^\n]*(?:\n|\Z)", "", back, flags=re.MULTILINE)


def apply_patch(root: Path, before: dict[str, bytes], patch: str) -> dict[str, bytes]:
    """What the files hold after the patch, counts of its hunks being of no account.

    Raises Rejected where git does not take it or where it touches other files.
    """
    data = patch.encode("utf-8", "surrogateescape")
    with Scratch.create(root, before) as scratch:
        work = scratch.folder / "work"
        for path, text in before.items():
            (work / path).parent.mkdir(parents=True, exist_ok=True)
            (work / path).write_bytes(text)
        listed = scratch.attempt("apply", "--recount", "--numstat", "-z", "-", stdin=data)
        if listed.returncode:
            raise Rejected(_said(listed.stderr))
        for entry in listed.stdout.split(b"\0"):
            name = os.fsdecode(entry.split(b"\t", 2)[-1])
            if name and name not in before:
                raise Rejected(f"{name} is not among the files of these hunks")
        done = scratch.attempt("apply", "--recount", "--whitespace=nowarn", "-", stdin=data)
        if done.returncode:
            raise Rejected(_said(done.stderr))
        if not all((work / path).is_file() for path in before):
            raise Rejected("it deletes a file")
        return {path: (work / path).read_bytes() for path in before}


def _said(output: bytes) -> str:
    lines = output.decode("utf-8", "replace").strip().splitlines()
    errors = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (errors or lines or ["git apply failed"])[0]


def merge(root: Path, base: bytes, ours: bytes, theirs: bytes, path: str) -> bytes:
    """Both sides' changes since `base`, by lines, or by words where lines side by side changed.

    Raises InputError where both sides changed the same words.
    """
    if ours == base or base == theirs:
        return theirs if ours == base else ours
    with Scratch.create(root, [path]) as scratch:
        merged = _merged(scratch, base, ours, theirs)
        if merged is None and _NEWLINE not in base + ours + theirs:
            words = _merged(scratch, *(_one_a_line(text) for text in (base, ours, theirs)))
            merged = None if words is None else words.replace(b"\n", b"").replace(_NEWLINE, b"\n")
    if merged is None:
        raise InputError(f"{path}: hunks edited by hand meet those of another slot; review "
                         "again with --restart and edit one of them only")
    return merged


def _merged(scratch: Scratch, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
    files = []
    for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
        files.append(scratch.folder / name)
        files[-1].write_bytes(text)
    done = scratch.attempt("merge-file", "-p", *map(str, files))
    return None if done.returncode else done.stdout


def _one_a_line(text: bytes) -> bytes:
    words = _WORD.findall(text.replace(b"\n", _NEWLINE))
    return b"".join(word + b"\n" for word in words)


def edited(root: Path, changes: Sequence[FileChange], text: str, editor: str) -> dict[str, bytes]:
    """What the files of some hunks hold after they went through the editor; {} for no edit."""
    back = in_editor(text, editor)
    if not any(line.startswith("@@") for line in back.splitlines()):
        return {}
    before = {change.path: change.before for change in changes}
    after = apply_patch(root, before, back)
    return {} if after == {change.path: change.after for change in changes} else after
