# SPDX-License-Identifier: GPL-2.0-only
"""Every driver of a real tree that gets a patch before or behind its conversion: all are proven.

    run_prepared.py [VERSION|TREE]
"""

from __future__ import annotations

import sys
import time

from run import tree_of

from netmem_migrate.api import migrate
from netmem_migrate.results import FileChange
from netmem_migrate.verify import verify_changes


def main() -> int:
    root = tree_of(sys.argv[1] if len(sys.argv) > 1 else "")
    started = time.monotonic()
    failed = drivers = patches = objects = 0
    run = migrate([root / "drivers/net"], prepare=True, wanted=("guard",))
    for one in run.stopped:
        failed += 1
        print(f"FAILED {one.driver}: {one.findings[0].message}")
    for migration in run.drivers:
        if not any(step.room is not None for step in migration.steps):
            continue
        drivers += 1
        patches += len(migration.steps)
        earlier: dict[str, FileChange] = {}  # as the patches before leave it
        for step in migration.steps:
            name = step.room.step if step.room is not None else "conversion"
            here = {change.path: change for change in step.changes}
            proofs = verify_changes(root, list((earlier | here).values()))
            earlier |= {path: FileChange(path, change.after, change.after)
                        for path, change in here.items()}
            objects += len(proofs)
            if not proofs:
                failed += 1
                print(f"FAILED {migration.report.path}, {name}: no object is built of it")
            for proof in proofs:
                if not proof.proven:
                    failed += 1
                    print(f"FAILED {migration.report.path}, {name}: {proof.source}: "
                          f"{'; '.join(proof.identity.details)}")
    print(f"{drivers} drivers with a patch before or behind their conversion, {patches} patches, "
          f"{objects} objects: {failed} failed, {time.monotonic() - started:.0f} s on {root}")
    return 1 if failed or not drivers else 0


if __name__ == "__main__":
    sys.exit(main())
