# SPDX-License-Identifier: GPL-2.0-only
"""`make golden`: are the bytes of every conversion still what they were?

    run.py [VERSION|TREE]... [--base REV] [--renew] [--jobs N] [--only PART]

The command line is run for each page_pool folder of a tree, and the sha256 of four things is held
against tests/golden/RELEASE.json: the diff, the messages of its patches (without From, Date and the
tool's version), the report, and what `check` finds. Hashes are no kernel code. A release without
such a file is compared with another revision of the tool, `--base REV`, on the same tree. `--renew`
writes the file anew; the CHANGELOG then names each folder that changed, and why.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from netmem_migrate.kernel.fetch import pick

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PARTS = ("diff", "message", "report", "check")
NOT_BUILT_BY = re.compile(rb"(netmem-migrate[ :])\d[\w.+]*")
IDENTITY = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
            for key, value in (("NAME", "make golden"), ("EMAIL", "golden@localhost"))}
Hashes = dict[str, dict[str, str]]


def message(patch: bytes) -> bytes:
    """A patch's subject, text and note: neither who and when, nor the diff, nor versions."""
    head, _, text = patch.partition(b"\n\n")
    kept = [line for line in re.split(rb"\n(?![ \t])", head)
            if not line.startswith((b"From ", b"From:", b"Date:", b"Message-I"))]
    body = re.split(rb"^diff --git |^-- $", text, maxsplit=1, flags=re.MULTILINE)[0]
    return NOT_BUILT_BY.sub(rb"\1VERSION", b"\n".join(kept) + b"\n\n" + body)


def run(package: Path, tree: Path, *words: str) -> bytes:
    """stdout of the tool of `package`, its exit code in front; a crash is a line of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "netmem_migrate", *words], cwd=tree, capture_output=True,
        env={**os.environ, **IDENTITY, "PYTHONPATH": str(package), "NO_COLOR": "1",
             "XDG_CACHE_HOME": "/dev/null/none"}, check=False)  # nothing of an earlier run
    crash = done.stderr if b"Traceback" in done.stderr else b""
    return b"%d\n" % done.returncode + done.stdout + crash


def outputs(package: Path, tree: Path, folder: str, parts: tuple[str, ...]) -> dict[str, bytes]:
    """What the tool gives for one folder, by part."""
    found: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory(prefix="golden-") as where:
        report, out = Path(where) / "report.json", Path(where) / "out"
        alone = ["--one-driver"] if b"--one-driver" in (
            package / "netmem_migrate/options.py").read_bytes() else []
        if "diff" in parts or "report" in parts:
            found["diff"] = run(package, tree, "diff", "-q", folder, "--report", str(report),
                                *alone)
            found["report"] = report.read_bytes() if report.exists() else b""
        if "message" in parts:
            heads = ["--heads"] if b'"--heads"' in (
                package / "netmem_migrate/commands/format_patch.py").read_bytes() else []
            code = run(package, tree, "format-patch", "-q", folder, "-o", str(out),
                       *alone, *heads).split(b"\n")[0]
            found["message"] = code + b"\n" + b"".join(
                file.relative_to(out).as_posix().encode() + b"\n" + message(file.read_bytes())
                for file in sorted(out.rglob("*.patch")))
        if "check" in parts:
            found["check"] = run(package, tree, "check", "--json", folder, *alone)
    return {part: found[part] for part in parts}


def hashes(package: Path, tree: Path, folders: list[str], parts: tuple[str, ...], jobs: int,
           keep: Path | None = None) -> Hashes:
    """The hashes of all folders; `keep` is where to leave the outputs themselves."""
    def one(folder: str) -> dict[str, str]:
        found = outputs(package, tree, folder, parts)
        for part, data in found.items():
            if keep is not None:
                (keep / f"{folder.replace('/', '_')}.{part}").write_bytes(data)
        return {part: hashlib.sha256(data).hexdigest() for part, data in found.items()}

    if keep is not None:
        keep.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(jobs) as pool:
        return dict(zip(folders, pool.map(one, folders), strict=True))


def folders_of(tree: Path) -> list[str]:
    """The page_pool folders of a tree, found without it: a folder with build rules, less
    those below it that have their own."""
    found = set()
    for file in sorted((tree / "drivers").rglob("*.[ch]")):
        if b"page_pool_" in file.read_bytes():
            home = file.parent
            while home != tree / "drivers" and not any(
                    (home / name).exists() for name in ("Makefile", "Kbuild")):
                home = home.parent
            found.add(home.relative_to(tree).as_posix())
    return sorted(found)


def release_of(tree: Path) -> str:
    """The release that a tree's Makefile names, as 7.3.4."""
    text = (tree / "Makefile").read_text(encoding="utf-8")
    words = [re.search(rf"^{name}\s*=\s*(\S*)", text, re.MULTILINE)
             for name in ("VERSION", "PATCHLEVEL", "SUBLEVEL")]
    return ".".join(word[1] for word in words if word is not None and word[1])


def package_of(revision: str, where: Path) -> Path:
    """The tool as it was at a revision, to import from `where`."""
    data = subprocess.run(["git", "-C", str(ROOT), "archive", revision, "netmem_migrate",
                           "transforms", "corpus"], capture_output=True, check=True).stdout
    subprocess.run(["tar", "-x", "-C", str(where)], input=data, check=True)
    for name in ("transforms", "corpus"):
        (where / name).rename(where / "netmem_migrate" / name)
    return where


def package_here(where: Path) -> Path:
    """The tool of this work tree, as links, so that no installed copy is taken for it."""
    inside = where / "netmem_migrate"
    inside.mkdir()
    for entry in (ROOT / "netmem_migrate").iterdir():
        if entry.name != "__pycache__":
            (inside / entry.name).symlink_to(entry)
    for name in ("transforms", "corpus"):
        (inside / name).symlink_to(ROOT / name)
    return where


def tree_of(name: str) -> Path:
    """The tree called `name`: a path, or a release that `kernel fetch` got; "" is the newest."""
    return Path(name).resolve() if "/" in name else pick(name or None).root


def compare(wanted: Hashes, found: Hashes, parts: tuple[str, ...]) -> list[str]:
    """The folders and parts that differ."""
    return [f"{folder}: {part} differs" if folder in wanted and folder in found
            else f"{folder}: {'is new' if folder in found else 'is gone'}"
            for folder in sorted(wanted.keys() | found.keys())
            for part in parts
            if wanted.get(folder, {}).get(part) != found.get(folder, {}).get(part)]


def main() -> int:
    """Compare each tree; 0 if nothing differs, 1 if something does."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("trees", nargs="*", help="a release or a path (the newest, and 6.12)")
    parser.add_argument("--base", default="", help="compare with this revision, not with hashes")
    parser.add_argument("--renew", action="store_true", help="write the hashes anew")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--part", action="append", choices=PARTS, help="this part only")
    parser.add_argument("--keep", type=Path, help="leave the outputs in this folder, to be read")
    options = parser.parse_args()
    parts = tuple(options.part or PARTS)
    wrong: list[str] = []
    for name in options.trees or ["", "6.12"]:
        tree = tree_of(name)
        release = release_of(tree)
        stored = HERE / f"{release}.json"
        folders = folders_of(tree)
        print(f"linux {release}: {len(folders)} folders", flush=True)
        with tempfile.TemporaryDirectory(prefix="golden-") as where:
            found = hashes(package_here(Path(where)), tree, folders, parts, options.jobs,
                           options.keep / release if options.keep else None)
        if options.renew:
            stored.write_text(json.dumps(found, indent=1) + "\n", encoding="ascii")
            print(f"wrote {stored.relative_to(ROOT)}")
            continue
        if options.base:
            with tempfile.TemporaryDirectory(prefix="golden-") as where:
                wanted = hashes(package_of(options.base, Path(where)), tree, folders, parts,
                                options.jobs)
        elif stored.exists():
            wanted = json.loads(stored.read_text(encoding="ascii"))
        else:
            print(f"no hashes of linux {release} are kept: make golden BASE=REV")
            wrong.append(release)
            continue
        different = compare(wanted, found, parts)
        wrong += different
        print("\n".join(different) or f"{len(folders) * len(parts)} hashes, all equal", flush=True)
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
