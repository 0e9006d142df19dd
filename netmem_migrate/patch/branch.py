# SPDX-License-Identifier: GPL-2.0-only
"""Leave a series on a branch of the user's repository, for `b4 prep`.

Objects are added and one ref is made. HEAD, index, work tree and settings stay as they are, and
no hook runs.
"""

from __future__ import annotations

import subprocess

from netmem_migrate.errors import InputError
from netmem_migrate.git import run as git


def check(repository: git.Repository | None, name: str, *, force: bool) -> git.Repository:
    """The repository that can take the branch. Raises InputError where none can."""
    if repository is None:
        raise InputError(f"--branch {name}: the tree is no git tree; leave --branch out")
    if _user(repository, "check-ref-format", "--branch", name).returncode:
        raise InputError(f"--branch {name}: git does not take this as a branch's name")
    if _user(repository, "show-ref", "--verify", "--quiet", f"refs/heads/{name}").returncode == 0:
        if not force:
            raise InputError(f"--branch {name}: exists; choose another name, or --force to move it")
        listing = _user(repository, "worktree", "list", "--porcelain").stdout.decode()
        if f"branch refs/heads/{name}" in listing.splitlines():
            raise InputError(f"--branch {name}: is checked out and is not moved; "
                             "choose another name")
    return repository


def leave(scratch: git.Scratch, repository: git.Repository, base: str, tip: str, name: str,
          *, force: bool) -> None:
    """Put the commits after `base` up to `tip` on branch `name`."""
    pack = scratch.git("pack-objects", "--quiet", "--revs", "--stdout",
                       stdin=f"{tip}\n^{base}\n".encode())
    done = _user(repository, "unpack-objects", "-q", stdin=pack)
    if done.returncode == 0:
        options = ["--force"] if force else []
        done = _user(repository, "branch", "--no-track", *options, name, tip)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise InputError(f"--branch {name}: {said[-1] if said else 'git failed'}")


def _user(repository: git.Repository, *words: str,
          stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return git.run(words, cwd=repository.top, env=git.user_environment(), stdin=stdin)
