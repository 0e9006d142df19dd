# SPDX-License-Identifier: GPL-2.0-only
"""What the commit that is checked out holds where the work tree holds something else."""

from __future__ import annotations

import os
from pathlib import Path

from netmem_migrate.git.run import Repository, Scratch, run, user_environment


def differing(repository: Repository, root: Path) -> dict[str, bytes]:
    """The C files below `root` that the work tree has other than HEAD, as HEAD has them.

    Paths are relative to `root`. Files that only one of the two has are left out.
    """
    done = run(["diff", "--name-only", "--no-renames", "--relative", "-z", "HEAD", "--",
                "*.c", "*.h"], cwd=root, env=user_environment())
    names = [os.fsdecode(one) for one in done.stdout.split(b"\0") if one]
    found: dict[str, bytes] = {}
    here = [one for one in names if (root / one).is_file()]
    if here:
        with Scratch.create(root, [], repository) as scratch:
            for name in here:
                blob = scratch.attempt("cat-file", "blob",
                                       f"{repository.head}:{repository.prefix}{name}")
                if blob.returncode == 0 and blob.stdout != (root / name).read_bytes():
                    found[name] = blob.stdout
    return found
