# SPDX-License-Identifier: GPL-2.0-only
"""`make test-kernel ARCH=... CC=...`: drivers proven for another machine, or by another compiler.

    run_toolchain.py [VERSION] [--arch ARCH] [--cc CC] [FOLDER...]

Without FOLDER every page_pool driver is tried. Those that this configuration does not build are
listed, and no failure; of the drivers in MUST every changed object has to be proven.
"""

from __future__ import annotations

import argparse
import re
import sys
import time

from netmem_migrate import api
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Toolchain
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.verify import verify_changes, verify_partners

MUST = ("drivers/net/ethernet/freescale", "drivers/net/ethernet/stmicro/stmmac")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*")
    parser.add_argument("--arch", default="")
    parser.add_argument("--cc", default="")
    options = parser.parse_args()
    version = next((one for one in options.words if re.fullmatch(r"v?\d+\.\d+", one)), None)
    toolchain = Toolchain(options.arch, options.cc)
    root = pick(version, toolchain).root
    named = [one for one in options.words if one != version]
    folders = [root / one for one in named] or page_pool_folders(root)
    started = time.monotonic()
    run = api.migrate(folders, kernel=root, judge=False)
    changes = [change for one in run.drivers for change in one.changes]

    def progress(source: str, done: int, count: int) -> None:
        if done % 20 == 0 or done == count:
            print(f"  {done}/{count} objects, {time.monotonic() - started:.0f} s",
                  file=sys.stderr, flush=True)

    proofs = verify_changes(root, changes, progress=progress)
    pairs = verify_partners(root, changes)
    wrong = [f"{one.source}: {line}" for one in proofs if one.failed
             for way in (one.plain, one.strict, one.identity) for line in way.details[:3]]
    wrong += [f"{one.page} -> {one.netmem}: {line}" for one in pairs if not one.proven
              for line in one.said.details]
    for one in proofs:
        if not one.proven and not one.failed:
            print(f"not built: {one.source}: {'; '.join(one.plain.details[:2])}")
            if one.source.startswith(MUST) and any(one.source == it.path for it in changes):
                wrong.append(f"{one.source}: has to be proven")
    for one in pairs:
        if one.assumes:
            print(f"{one.page} -> {one.netmem}: the same for a {' and a '.join(one.assumes)}"
                  + (", and without" if one.spare else ""))
    for text in wrong:
        print(f"FAILED {text}")
    print(f"{toolchain.name}: {sum(one.proven for one in proofs)} of {len(proofs)} objects and "
          f"{sum(one.proven for one in pairs)} of {len(pairs)} partners proven, {len(wrong)} "
          f"failed, {time.monotonic() - started:.0f} s on {root}")
    return 1 if wrong or not proofs else 0


if __name__ == "__main__":
    sys.exit(main())
