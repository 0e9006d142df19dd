# SPDX-License-Identifier: GPL-2.0-only
"""Write docs/coverage.md: what becomes of each page call of each driver of fetched trees.

    coverage.py VERSION...
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from netmem_migrate import api
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.reasons import Class, Detail
from netmem_migrate.report import wording
from netmem_migrate.report.share import Share, by_class
from netmem_migrate.results import DriverReport

PAGE = Path(__file__).parents[2] / "docs/coverage.md"
HEAD = """\
<!-- SPDX-License-Identifier: GPL-2.0-only -->
# What becomes of each call

Every call of the page API of a page_pool is converted, or stays and has a class: by design, or the
first thing in its way ([report.md](report.md) says what each word means). What counts is the share
of the calls that are not by design. Tables, counts and shares are written by `make coverage`
(`tests/real/coverage.py {versions}`); `netmem-migrate scan TREE` shows the same, and
`netmem-migrate diff DRIVER` names each call with the place of what is in its way.
"""


def reports(tree: Kernel, *, prepare: bool = False) -> list[DriverReport]:
    """The reports of all page_pool folders of a tree; those of modules that move together once."""
    found = {driver.report.path: driver.report for folder in page_pool_folders(tree.root)
             for driver in api.migrate([folder], kernel=tree.root, judge=False,
                                       one_driver=True, prepare=prepare).drivers}
    joined = {path for one in found.values() for path in one.joined}
    return [one for one in found.values() if one.joined or one.path not in joined]


def prepared(found: list[DriverReport]) -> list[str]:
    """What room is made where that is asked for, and the share then."""
    share = Share.of(site for one in found for site in one.sites)
    rooms = [f"- {one.path.removeprefix('drivers/')}: {wording.room(room)}"
             for one in found for room in one.rooms]
    return [f"With `--prepare`: {wording.share(share)}. {heads(found)}\n", *rooms,
            *([""] if rooms else [])]


def heads(found: list[DriverReport]) -> str:
    """How much of what converts goes to the stack as heads only."""
    only = [one for one in found if one.heads_only and Share.of(one.sites).converted]
    share = Share.of(site for one in only for site in one.sites)
    names = ", ".join(one.path.removeprefix("drivers/net/") for one in only)
    return (f"{share.converted} of those converted are of drivers whose buffers come to the stack "
            f"as heads only, which `format-patch` writes with `--heads`: {names}.")


def table(found: list[DriverReport]) -> list[str]:
    """One row a driver that has page calls, and the sums."""
    rows = [["driver", "verdict", "calls", "converted", *(one.value for one in Class),
             "in particular"]]
    rows.append(["---", "---", *["--:"] * (2 + len(Class)), "---"])
    for report in found:
        if report.sites:
            rows.append([report.path.removeprefix("drivers/"), wording.verdict(report.verdict),
                         *_numbers(report)])
    return ["| " + " | ".join(row) + " |" for row in rows]


def _numbers(report: DriverReport) -> list[str]:
    kept = Counter(site.detail for site in report.sites if site.detail is not None)
    classes = by_class(report.sites)
    said = ", ".join(f"{kept[one]} {one}" for one in Detail if kept[one])
    return [str(len(report.sites)), str(Share.of(report.sites).converted),
            *(str(classes[one] or "") for one in Class), said]


def main() -> int:
    lines = [HEAD.format(versions=" ".join(sys.argv[1:]))]
    for version in sys.argv[1:]:
        tree = pick(version)
        found = reports(tree)
        share = Share.of(site for one in found for site in one.sites)
        lines += [f"## linux {tree.version}\n",
                  f"{share.calls} calls, {share.by_design} of them by design: "
                  f"{wording.share(share)}. {heads(found)}\n", *table(found), "",
                  *prepared(reports(tree, prepare=True))]
    PAGE.write_text("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main())
