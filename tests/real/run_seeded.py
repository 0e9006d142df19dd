# SPDX-License-Identifier: GPL-2.0-only
"""Wrong edits, seeded into the tool's own conversions of real drivers: the proof must catch each.

    run_seeded.py [VERSION|TREE] [FOLDER...]

Every mutation is made in a line that the conversion changed. One that compiles to the very same
three results would be a hole in the proof, and fails the run.
"""

from __future__ import annotations

import argparse
import difflib
import re
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from netmem_migrate import api
from netmem_migrate.c.mask.text import code_of
from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.model.forms import table
from netmem_migrate.model.twins import twins
from netmem_migrate.results import FileChange
from netmem_migrate.verify import ObjectProof, Status, verify_changes

FOLDERS = ("alibaba/eea", "broadcom/genet", "huawei/hinic3", "hisilicon/hibmcge", "engleder",
           "mellanox/mlx4", "tehuti", "stmicro/stmmac", "freescale", "renesas")
PAGES = {twin.netmem.encode(): twin.page.encode()
         for twin in reversed(twins(table())) if not twin.extra}
RELEASES = [twin.netmem.encode() for twin in twins(table()) if twin.concern == "release"]
NETMEM_CALL = re.compile(rb"\b(" + b"|".join(sorted(PAGES, key=len, reverse=True)) + rb")\(")
RELEASE_CALL = re.compile(rb"^[ \t]*(?:" + b"|".join(RELEASES) + rb")\(", re.MULTILINE)
WAYS = ("plain", "strict", "identity")


@dataclass(frozen=True, slots=True)
class Text:
    """The file after the conversion, and which of its bytes the conversion wrote."""

    data: bytes
    code: bytes  # the same length, comments and strings blanked
    ours: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, change: FileChange) -> Text:
        old, new = (side.splitlines(keepends=True) for side in (change.before, change.after))
        starts = [0]
        for line in new:
            starts.append(starts[-1] + len(line))
        blocks = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        return cls(change.after, code_of(change.after),
                   tuple((starts[a], starts[b]) for tag, _, _, a, b in blocks if tag != "equal"))

    def find(self, pattern: re.Pattern[bytes]) -> Iterator[re.Match[bytes]]:
        for match in pattern.finditer(self.code):
            if any(start <= match.start() < end for start, end in self.ours):
                yield match

    def put(self, start: int, end: int, text: bytes) -> bytes:
        return self.data[:start] + text + self.data[end:]

    def arguments(self, opening: int) -> list[tuple[int, int]]:
        """The spans of a call's arguments; `opening` is where its parenthesis is."""
        spans: list[tuple[int, int]] = []
        depth, start = 0, opening + 1
        for at in range(opening, len(self.code)):
            one = self.code[at:at + 1]
            if one in b"([{":
                depth += 1
            elif one in b")]}":
                depth -= 1
            if (one == b"," and depth == 1) or depth == 0:
                spans.append((start, at))
                start = at + 1
            if depth == 0:
                break
        return spans


def missed_call(text: Text) -> bytes | None:
    for match in text.find(NETMEM_CALL):
        return text.put(*match.span(1), PAGES[match[1]])
    return None


def wrong_null(text: Text) -> bytes | None:
    for match in text.find(re.compile(rb"= (0);")):
        return text.put(*match.span(1), b"NULL")
    return None


def other_than_null(text: Text) -> bytes | None:
    for match in text.find(re.compile(rb"= (0);")):
        return text.put(*match.span(1), b"1")
    return None


def swapped_arguments(text: Text) -> bytes | None:
    for match in text.find(NETMEM_CALL):
        spans = text.arguments(match.end() - 1)
        for (a, b), (c, d) in zip(spans[-2::-1], spans[::-1], strict=False):
            one, other = text.data[a:b].strip(), text.data[c:d].strip()
            if one != other:
                return text.put(a, d, other + b", " + one)
    return None


def dropped_release(text: Text) -> bytes | None:
    for match in text.find(RELEASE_CALL):
        end = text.code.index(b";", match.start()) + 1
        return text.put(match.start(), end, b"\t;")
    return None


def doubled_release(text: Text) -> bytes | None:
    for match in text.find(RELEASE_CALL):
        end = text.code.index(b";", match.start()) + 1
        call = text.data[match.start():end].strip()
        return text.put(match.start(), end, b"\t{ " + call + call + b" }")
    return None


def inverted_test(text: Text) -> bytes | None:
    for match in text.find(re.compile(rb"\bif \((?:unlikely\(|likely\()?(!)[\w.>-]*netmem")):
        return text.put(*match.span(1), b"")
    return None


def other_direct(text: Text) -> bytes | None:
    """allow_direct from true to false, or back."""
    for match in text.find(re.compile(rb"_netmem\([^;]*?\b(true|false)\)")):
        return text.put(*match.span(1), b"false" if match[1] == b"true" else b"true")
    return None


def other_offset(text: Text) -> bytes | None:
    for match in text.find(re.compile(rb"\b(?:netmem_address|page_pool_get_dma_addr_netmem)\(")):
        end = text.arguments(match.end() - 1)[-1][1] + 1
        return text.put(end, end, b" + 4")
    return None


def wrong_type(text: Text) -> bytes | None:
    for match in text.find(re.compile(rb"\b(netmem_ref) \w")):
        return text.put(*match.span(1), b"unsigned int")
    return None


def leftover_type(text: Text) -> bytes | None:
    for match in text.find(re.compile(rb"\b(netmem_ref )\w")):
        return text.put(*match.span(1), b"struct page *")
    return None


SEEDS: dict[str, Callable[[Text], bytes | None]] = {
    "missed call": missed_call,
    "wrong NULL": wrong_null,
    "other than NULL": other_than_null,
    "swapped arguments": swapped_arguments,
    "dropped release": dropped_release,
    "doubled release": doubled_release,
    "inverted test": inverted_test,
    "other allow_direct": other_direct,
    "other offset": other_offset,
    "narrower type": wrong_type,
    "leftover page": leftover_type,
}


def caught(proofs: tuple[ObjectProof, ...]) -> list[str]:
    """The ways that failed for at least one object."""
    return [way for way in WAYS
            if any(getattr(proof, way).status is Status.FAIL for proof in proofs)]


def seeded(changes: tuple[FileChange, ...],
           seed: Callable[[Text], bytes | None]) -> tuple[tuple[FileChange, ...], str] | None:
    """The changes with one wrong edit, in the first file that has a place for it."""
    for number, change in enumerate(changes):
        wrong = seed(Text.of(change))
        if wrong is not None and wrong != change.after:
            bad = replace(change, after=wrong)
            return (*changes[:number], bad, *changes[number + 1:]), change.path
    return None


def only(root: Path, changes: tuple[FileChange, ...], path: str) -> tuple[ObjectProof, ...]:
    """Prove the file with the wrong edit; all that include it where it is a header."""
    if path.endswith(".c"):
        return verify_changes(root, changes, only={path})
    return verify_changes(root, changes)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tree", nargs="?", default="")
    parser.add_argument("folders", nargs="*", metavar="FOLDER",
                        help="below drivers/net/ethernet; default: ten of them")
    options = parser.parse_args()
    tree = options.tree
    root = Kernel.at(Path(tree) if tree and Path(tree).is_dir()
                     else pick(tree or None).root).root
    started = time.monotonic()
    width = max(map(len, SEEDS))
    missed: list[str] = []
    count = 0
    for folder in options.folders or FOLDERS:
        where = root / "drivers/net/ethernet" / folder
        if not where.is_dir():
            print(f"{folder}: not in this tree")
            continue
        changes = api.migrate([where], kernel=root, judge=False).drivers[0].changes
        print(f"{folder}: {len(changes)} files converted", flush=True)
        for name, seed in SEEDS.items():
            made = seeded(changes, seed)
            if made is None:
                print(f"  {name:{width}}  no place for it")
                continue
            count += 1
            ways = caught(only(root, *made))
            print(f"  {name:{width}}  {', '.join(ways) or 'MISSED':24}  {made[1]}", flush=True)
            if not ways:
                missed.append(f"{folder}: {name} in {made[1]}")
    for line in missed:
        print(f"MISSED {line}")
    print(f"{count - len(missed)} of {count} wrong edits caught, "
          f"{time.monotonic() - started:.0f} s")
    return 1 if missed or not count else 0


if __name__ == "__main__":
    sys.exit(main())
