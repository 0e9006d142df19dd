# SPDX-License-Identifier: GPL-2.0-only
"""Write docs/partners.md: the partner table as it was proven on fetched trees.

    partner_docs.py VERSION...
"""

from __future__ import annotations

import sys
from pathlib import Path

from netmem_migrate import api
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.model.target import from_tree
from netmem_migrate.verify import PartnerProof, overlay, verify_partners
from netmem_migrate.verify.rows import rows, used

PAGE = Path(__file__).parents[2] / "docs/partners.md"
HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-only -->
# The partner table

The [proof](proof.md) takes each netmem form for a page form. Each row is itself proven on a tree,
by

    netmem-migrate verify --partners --kernel TREE

and the rows that a patch uses are, whenever `verify` proves it. `p` is the memory: a page on the
left, the netmem of it on the right. Where a row assumes something of it, both forms give the same
code with that told the compiler, and do not without. "Used" is in how many page_pool folders of the
newest of these trees the conversion stands on the row. This page is written by
`tests/real/partner_docs.py {versions}`.

"""


def main() -> int:
    trees = [pick(version) for version in sys.argv[1:]]
    found: dict[tuple[str, str, str], dict[str, PartnerProof]] = {}
    for tree in trees:
        for one in verify_partners(tree.root):
            key = (one.page, one.netmem, ", ".join(one.assumes))
            found.setdefault(key, {})[tree.version] = one
    counts = _used(trees[0])
    head = ["page", "netmem", "assumes", "used", *(f"linux {tree.version}" for tree in trees)]
    lines = [head, ["---"] * len(head)]
    for (page, netmem, assumes), by in found.items():
        lines.append([f"`{page}`", f"`{netmem}`", assumes, str(counts.get((page, netmem), "")),
                      *(_said(by.get(tree.version)) for tree in trees)])
    table = "\n".join("| " + " | ".join(one.replace("|", "\\|") for one in line) + " |"
                      for line in lines)
    PAGE.write_text(HEAD.format(versions=" ".join(sys.argv[1:])) + table + "\n")
    return int(any(not one.proven for by in found.values() for one in by.values()))


def _used(tree: Kernel) -> dict[tuple[str, str], int]:
    every = rows(tree.root, from_tree(tree.root, ""))
    partners = overlay.partners_of(tree.root)
    run = api.migrate(page_pool_folders(tree.root), kernel=tree.root, judge=False)
    counts: dict[tuple[str, str], int] = {}
    for one in run.drivers:
        if one.changes:
            for row in used(every, one.changes, partners):
                key = (row.spelled, row.netmem.text)
                counts[key] = counts.get(key, 0) + 1
    return counts


def _said(one: PartnerProof | None) -> str:
    if one is None:
        return "not there"
    if one.proven:
        return "same code" + (", without that too" if one.spare else "")
    return f"{one.said.status.value}: {one.said.details[0]}"


if __name__ == "__main__":
    sys.exit(main())
