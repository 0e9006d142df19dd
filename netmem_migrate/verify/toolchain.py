# SPDX-License-Identifier: GPL-2.0-only
"""The compiler that a command names, and another one in its place."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from netmem_migrate.errors import InputError
from netmem_migrate.verify.objects import Recorded

_COMPILER = re.compile(r"(?:[\w.+]+-)*(?:gcc|clang|cc)(?:-[\d.]+)?")


def count(words: Sequence[str]) -> int:
    """How many words name the compiler at the begin of a command: it, and what runs it."""
    for number, word in enumerate(words):
        if word.startswith("-"):
            break
        if _COMPILER.fullmatch(PurePath(word).name):
            return number + 1
    return 1


def is_compiler(path: str) -> bool:
    """Whether a program is a compiler by the name of its file, and not by that of a link to it."""
    return _COMPILER.fullmatch(PurePath(os.path.realpath(path)).name) is not None


def wrapped(words: Sequence[str]) -> bool:
    """Whether a command runs the compiler by way of another program, or of one in its name."""
    path = shutil.which(words[0])
    return count(words) > 1 or (path is not None and not is_compiler(path))


def bare(words: Sequence[str]) -> list[str]:
    """A command without what runs the compiler."""
    rest = list(words[count(words) - 1:])
    if is_compiler(shutil.which(rest[0]) or ""):
        return rest
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        path = shutil.which(PurePath(rest[0]).name, path=folder)
        if path is not None and is_compiler(path):
            return [path, *rest[1:]]
    return rest


def replaced(command: Recorded, cc: Sequence[str]) -> Recorded:
    """A command with another compiler, as the words of `cc` name it.

    Raises InputError where that cannot be run, or says that it is another one than the tree was
    prepared with.
    """
    if not cc or command.missing:
        return command
    before = tuple(command.words[:count(command.words)])
    if before == tuple(cc):
        return command
    theirs, ours = _said(before), _said(tuple(cc))
    if theirs != ours:
        raise InputError(f"--cc: {shlex.join(cc)} is {ours}, and the tree was prepared with "
                         f"{shlex.join(before)}, {theirs}; give that compiler, by way of another "
                         "program or not, or prepare a tree with `kernel prepare --cc`")
    return replace(command, words=(*cc, *command.words[len(before):]))


@functools.cache
def _said(words: tuple[str, ...]) -> str:
    """What a compiler says of its family, its version and its machine."""
    found: list[str] = []
    for option in ("--version", "-dumpmachine"):
        try:
            done = subprocess.run([*words, option], check=False, capture_output=True,
                                  stdin=subprocess.DEVNULL, env={**os.environ, "LC_ALL": "C"})
        except OSError as error:
            raise InputError(f"--cc: {words[0]} cannot be run ({error.strerror})") from None
        lines = done.stdout.decode("utf-8", "replace").splitlines()
        if done.returncode or not lines:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise InputError(f"--cc: {shlex.join(words)} {option} fails"
                             + (f": {said[-1]}" if said else ""))
        found.append(lines[0])
    version, machine = found
    # gcc says first by which name it was called.
    name, _, rest = version.partition(" ")
    return f"{rest if 'clang' in version else f'gcc {rest}' if 'cc' in name else version} " \
           f"for {machine}"
