# SPDX-License-Identifier: GPL-2.0-only
"""Compare the bundled model with real kernel trees: it must agree with each of them.

    python tests/real/run_api.py TREE...

Prints a line a tree and what disagrees; the exit code is 1 if anything does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from pathlib import Path

from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model import versions
from netmem_migrate.model.schema import Effect
from netmem_migrate.model.sync import sync
from netmem_migrate.model.sync.headers import belongs, read


def disagreements(tree: Kernel) -> list[str]:
    """What the model says of the tree's release that the tree's headers do not."""
    made = sync.plan(tree.root, tree.api, sync.bundled())
    found = [f"{one.what} {one.name}: {one.text}" for one in made.changes]
    found += [f"no such header: {one}" for one in made.skipped]
    bundled, own = versions.at(tree.api), versions.of_tree(tree.root, tree.api)
    compared = versions.difference(bundled, own)
    found += [f"only in the model: {one.name}" for one in compared.only_before]
    found += [f"only in the tree: {one.name}" for one in compared.only_after]
    found += [f"{one.name}: {one.before}, in the tree {one.after}" for one in compared.changed]
    found += [f"{one.name}: the other side has no {one.partner}"
              for one in own.functions.values()
              if one.partner and one.partner not in versions.BY_NAME]
    found += [f"{one.name}: effect unknown" for one in own.functions.values()
              if one.effect is Effect.UNKNOWN]
    return found


def main(trees: Sequence[str]) -> int:
    """Judge each tree; 1 if one disagrees, 2 if none is given."""
    if not trees:
        print(__doc__, file=sys.stderr)
        return 2
    failed = 0
    for path in trees:
        began = time.monotonic()
        tree = Kernel.at(Path(path))
        wrong = disagreements(tree)
        headers = read(tree.root)
        held = sum(belongs(one.name, one.header) for one in headers.functions.values())
        print(f"{tree.version}: {len(versions.at(tree.api).functions)} functions, "
              f"{len(versions.at(tree.api).names)} names; the page_pool, netmem, frag and XDP "
              f"headers declare {held} functions; {len(wrong)} disagree "
              f"({time.monotonic() - began:.1f} s)")
        for line in wrong:
            print(f"  {line}")
        failed += bool(wrong)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
