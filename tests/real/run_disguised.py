# SPDX-License-Identifier: GPL-2.0-only
"""Names and layout must not decide: convert every real driver again in disguise.

    run_disguised.py [VERSION|TREE] [--only WORD]

Each driver is converted as it is, with `page` and `pages` called something else wherever they name
a member, local or parameter, without indentation, and, where clang-format is installed, laid out
in two foreign ways.
What is converted, retyped, kept and refused has to be the same, and the tool's own check silent.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from run import tree_of

from netmem_migrate import api
from netmem_migrate.kernel.walk import page_pool_folders
from netmem_migrate.results import Action, Migration
from netmem_migrate.verify import overlay

NAMED = re.compile(rb"(?<!struct )(?<!union )\bpage(s?)\b")
STYLES = {
    "GNU": "GNU",
    "one-line": "{BasedOnStyle: LLVM, ColumnLimit: 400, IndentWidth: 1, UseTab: Never, "
                "AllowShortFunctionsOnASingleLine: All, AllowShortLoopsOnASingleLine: true, "
                "AllowShortIfStatementsOnASingleLine: AllIfsAndElse, "
                "AllowShortBlocksOnASingleLine: Always}",
}


def renamed(_: str, text: bytes) -> bytes:
    """`page` and `pages` under names that no driver has."""
    return NAMED.sub(rb"qqslot\1", text)


def flush_left(_: str, text: bytes) -> bytes:
    """The file without any indentation."""
    return re.sub(rb"\n[ \t]+", b"\n", text)


def laid_out(style: str, file: str, text: bytes) -> bytes:
    """The file as clang-format writes it."""
    done = subprocess.run(["clang-format", f"--style={style}", f"--assume-filename={file}"],
                          input=text, capture_output=True, check=False)
    return text if done.returncode else done.stdout


def outcome(migration: Migration, names: bool) -> tuple[Counter[tuple[str, ...]], ...]:
    """What became of a driver, without the lines, and without new names where names differ."""
    report = migration.report

    def plain(text: str) -> str:
        return text.replace("qqslot", "page")

    return (Counter((plain(one.function), plain(one.call), one.action.value)
                    for one in report.sites),
            Counter((one.kind, plain(one.function), plain(one.name), one.new_name if names else "")
                    for one in report.declarations),
            Counter((plain(one.slot), one.category) for one in report.refusals))


def compare(root: Path, folder: Path) -> list[str]:
    """What differs for one driver in any disguise, a line each."""
    (plain,) = api.migrate([folder], kernel=root, one_driver=True).drivers
    path = plain.report.path
    moved = sum(one.action is not Action.KEPT for one in plain.report.sites)
    disguises: dict[str, Callable[[str, bytes], bytes]] = {
        "renamed": renamed, "flush left": flush_left}
    if shutil.which("clang-format"):
        disguises |= {name: partial(laid_out, style) for name, style in STYLES.items()}
    found = [f"{path}: {moved} calls converted, {len(disguises)} disguises"]
    for name, disguise in disguises.items():
        files = {file: disguise(file, (root / file).read_bytes()) for file in plain.report.files}
        with tempfile.TemporaryDirectory() as temporary:
            where = Path(temporary).resolve()
            overlay.build(root, where, files)
            run = api.migrate([where / path], kernel=where, one_driver=True)
        (other,) = run.drivers
        if outcome(plain, name != "renamed") != outcome(other, name != "renamed"):
            found.append(f"FAILED {path}: {name}: not what becomes of it undisguised")
        found += [f"FAILED {path}: {name}: {one.file}:{one.line}: {one.message} [{one.id}]"
                  for stop in run.stopped for one in stop.findings]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tree", nargs="?", default="")
    parser.add_argument("--only", default="", metavar="WORD")
    options = parser.parse_args()
    root = tree_of(options.tree)
    folders = [one for one in page_pool_folders(root) if options.only in str(one)]
    failed = 0
    with ProcessPoolExecutor() as pool:
        for lines in pool.map(compare, [root] * len(folders), folders):
            print("\n".join(lines), flush=True)
            failed += len(lines) - 1
    if not shutil.which("clang-format"):
        print("no clang-format here: the layout was not changed", file=sys.stderr)
    print(f"{len(folders)} drivers, {failed} differences")
    return 1 if failed or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
