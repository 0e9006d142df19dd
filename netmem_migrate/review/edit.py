# SPDX-License-Identifier: GPL-2.0-only
"""Hunks edited by hand: the editor, and the patch that comes back, as with `git add -p`."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from netmem_migrate.patch.git import Scratch
from netmem_migrate.results import FileChange, InputError

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
    lines = back.splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#"))


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
    return lines[0].removeprefix("error: ") if lines else "git apply failed"


def merge(root: Path, base: bytes, ours: bytes, theirs: bytes, path: str) -> bytes:
    """Both sides' changes since `base`. Raises InputError where they meet in one place."""
    if ours == base or base == theirs:
        return theirs if ours == base else ours
    with Scratch.create(root, [path]) as scratch:
        files = []
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            files.append(scratch.folder / name)
            files[-1].write_bytes(text)
        done = scratch.attempt("merge-file", "-p", *map(str, files))
    if done.returncode:
        raise InputError(f"{path}: hunks edited by hand meet those of another slot; review "
                         "again with --restart and edit one of them only")
    return done.stdout


def edited(root: Path, changes: Sequence[FileChange], text: str, editor: str) -> dict[str, bytes]:
    """What the files of some hunks hold after they went through the editor; {} for no edit."""
    back = in_editor(text, editor)
    if not any(line.startswith("@@") for line in back.splitlines()):
        return {}
    before = {change.path: change.before for change in changes}
    after = apply_patch(root, before, back)
    return {} if after == {change.path: change.after for change in changes} else after
