# SPDX-License-Identifier: GPL-2.0-only
"""What the commit that is checked out holds where the work tree holds something else.

`git diff` would run the filters that a tree's settings name; objects are compared by their ids.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection
from pathlib import Path

from netmem_migrate.files import plain
from netmem_migrate.git.run import Repository, Scratch


def differing(repository: Repository, root: Path, files: Collection[str]) -> dict[str, bytes]:
    """Those of some files below `root` that the work tree has other than HEAD, as HEAD has them.

    Paths are relative to `root`. Files that only one of the two has are left out.
    """
    inside = {repository.prefix + file: file for file in files}
    found: dict[str, bytes] = {}
    with Scratch.create(root, [], repository) as scratch:
        listing = scratch.attempt("ls-tree", "-z", "-r", "--full-tree", repository.head, "--",
                                  *inside)
        for entry in listing.stdout.split(b"\0")[:-1]:
            info, _, path = entry.partition(b"\t")
            mode, _, oid = info.decode().split(" ")
            name = inside.get(os.fsdecode(path), "")
            data = plain.optional(root / name) if name and mode.startswith("100") else None
            if data is None or oid in _ids(data, repository.object_format):
                continue
            blob = scratch.attempt("cat-file", "blob", oid)
            if blob.returncode == 0:
                found[name] = blob.stdout
    return found


def _ids(data: bytes, kind: str) -> set[str]:
    """The ids of a blob, and of what core.autocrlf makes of it."""
    return {hashlib.new(kind, b"blob %d\0" % len(one) + one).hexdigest()
            for one in (data, data.replace(b"\r\n", b"\n"))}
