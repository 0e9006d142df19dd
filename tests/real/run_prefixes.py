# SPDX-License-Identifier: GPL-2.0-only
"""Subject prefixes in a tree without history against what changelogs say, counted here anew.

    run_prefixes.py [VERSION|TREE] [--changelog FILE...] [--others N] [--words]

The modules are those that use page_pool, and N others of drivers/net: one a folder, evenly spaced
among those that three entries name. What the tool takes for the module's sources must be the
prefix that is most used in the changelogs of the distribution's kernel packages. Modules that use
page_pool and have fewer entries are guesses, and listed.

The count shares no code with the tool's: an entry is a line of a changelog, taken once; it is a
module's if a word of its prefix is the module's name, a source of it or what such a name begins
with, or its folder, each of which must be the name of nothing else but what the words in front of
it lead to; of several modules it is that of the last word. With `--words` any word of a prefix
that is the module's name, a source of it or its folder makes an entry its, whatever leads there;
what would be another prefix by that is listed, and nothing is judged.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections import Counter, defaultdict
from pathlib import Path

from netmem_migrate.kernel.fetch import changelogs, pick
from netmem_migrate.kernel.makefiles import made
from netmem_migrate.kernel.subjects import read
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.patch.prefix import Prefix, Source, prefix
from netmem_migrate.terminal.progress import progress

LEAST = 3
ENTRY = re.compile(r"^    - (?:\[[^]]*\] )?(?!Revert |Reapply )((?:\w[\w.,/+-]*: ?)+)\S", re.M)


def entries(texts: list[str]) -> Counter[str]:
    """How many lines have each prefix; the same line of two changelogs is one."""
    seen: dict[str, str] = {}
    for text in texts:
        for part in re.split(r"(?m)^  \* ", text):
            if part.startswith("New upstream "):
                for found in ENTRY.finditer(part):
                    whole = part[found.start(1):].split("\n    - ")[0].split(" (CVE-")[0]
                    seen.setdefault(" ".join(whole.split(" -- ")[0].split()), found[1])
    return Counter(one.rstrip(" :") for one in seen.values())


def low(name: str) -> str:
    return Path(name).name.lower().replace("-", "_")


class Tree:
    """Modules of drivers/net by folder, and all names of the tree."""

    def __init__(self, root: Path) -> None:
        self.root = root
        listed = subprocess.run(
            ["find", ".", "-path", "./.*", "-prune", "-o", "-path", "./tools", "-prune", "-o",
             "-path", "./usr", "-prune", "-o", "-path", "./include", "-prune", "-o",
             "-path", "./Documentation", "-prune", "-o", "(", "-type", "d", "-o", "-name", "*.[ch]",
             ")", "-printf", "%y %P\n"],
            cwd=root, check=True, capture_output=True, text=True).stdout
        self.folders: dict[str, list[str]] = defaultdict(list)
        self.files: dict[str, list[str]] = defaultdict(list)
        self.modules: dict[tuple[str, str], list[str]] = {}
        for kind, path in (line.split(" ", 1) for line in listed.splitlines() if line[2:]):
            if kind == "d":
                self.folders[low(path)].append(path)
                if path.startswith("drivers/net"):
                    for name, objects in made(root / path).items():
                        sources = [f"{path}/{one}.c" for one in sorted(objects)]
                        self.modules[path, name] = [
                            one for one in sources if (root / one).is_file()]
            elif not path.endswith(".mod.c"):
                self.files[low(path)[:-2]].append(path)
        self.words = {one: self.names(*one) for one in self.modules}

    def alone(self, word: str, folder: str) -> bool:
        return all(f"{path}/".startswith(f"{folder}/") and path != f"{folder}.c"
                   for path in [*self.folders[word], *self.files[word]])

    def names(self, folder: str, name: str) -> dict[str, str]:
        """Words of the module, and how each names it."""
        found: dict[str, str] = {}
        sources = {low(one)[:-2] for one in self.modules[folder, name]}
        for one in sources | {low(name)}:
            split = one.split("_")
            for word in ("_".join(split[:end]) for end in range(2, len(split))):
                if self.alone(word, folder):
                    found[word] = "bare"
        for one in sources:
            found[one] = "bare" if self.alone(one, folder) else "near"
        above = [folder, *map(str, Path(folder).parents)]
        for path in above:
            below = [one for where, one in self.modules if f"{where}/".startswith(f"{path}/")]
            mine = [one for where, one in self.modules if where == path]
            if all(low(one).startswith(low(path)) for one in below) or (
                    path == folder and len(mine) == 1):
                found.setdefault(low(path), "last" if self.alone(low(path), folder) else "last led")
                if found[low(path)] == "near":
                    found[low(path)] = "led"
        others = [one for one in self.folders[low(name)] if not one.startswith(f"{folder}/")]
        own = low(name) in map(low, above) and "last" in found.get(low(name), "")
        found[low(name)] = "bare" if own or low(name) == low(folder) or not others else "led"
        return found

    def means(self, prefix: str) -> list[tuple[str, str]]:
        """The modules that a prefix is for."""
        split = [low(one) for one in re.split(r"[:/, ]+", prefix)]
        for at in range(len(split) - 1, -1, -1):
            found = [one for one, names in self.words.items()
                     if split[at] in names and self.leads(one, split, at)]
            if found:
                return found
        return []

    def leads(self, module: tuple[str, str], split: list[str], at: int) -> bool:
        names, path = self.words[module], [low(one) for one in Path(module[0]).parts]
        kind, front = names[split[at]], split[:at]
        if "last" in kind and at + 1 < len(split):
            return False
        if not front:
            return kind in ("bare", "last")
        known = {one for one, what in names.items() if what != "near"}
        foreign = (self.root / "drivers" / front[0]).is_dir() and front[0] != "net"
        return (set(front) <= {*path, *known, "eth", "wifi"}
                and (not foreign or names.get(front[0]) in ("bare", "last"))
                and (kind != "near" or front[-1] in {*known, path[-1]}))


def spaced(items: list[tuple[str, str]], number: int) -> list[tuple[str, str]]:
    """So many of them, evenly spaced; the first of each folder only."""
    first = list({folder: (folder, name) for folder, name in reversed(items)}.values())[::-1]
    return [first[at * len(first) // number] for at in range(min(number, len(first)))]


def by_words(tree: Tree, found: Counter[str]) -> int:
    """List the page_pool modules whose prefix is another if any word of a prefix counts."""
    split = {one: {low(word) for word in re.split(r"[:/, ]+", one)} for one in found}
    for module, files in sorted(tree.modules.items()):
        if not any(b"page_pool" in (tree.root / file).read_bytes() for file in files):
            continue
        mine = {low(module[1]), low(module[0]), *(low(file)[:-2] for file in files)}
        count = Counter({one: number for one, number in found.items()
                         if not mine.isdisjoint(split[one])})
        said = prefix(module[0], tree.root, files)
        if count.total() >= LEAST and count[said.text] < count.most_common(1)[0][1]:
            print(f"{module[1]:28} {said.text + ':':36} "
                  + ", ".join(f"{one}: {number}" for one, number in count.most_common(3)))
    return 0


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("what", nargs="?")
    parser.add_argument("--changelog", nargs="+", type=Path, default=[])
    parser.add_argument("--others", type=int, default=20)
    parser.add_argument("--words", action="store_true")
    args = parser.parse_args()
    given = Path(args.what or "")
    root = Kernel.at(given).root if args.what and given.is_dir() else pick(args.what).root
    if args.changelog:
        texts = [read(file) for file in args.changelog]
    else:
        with progress(quiet=False) as bar:
            texts = list(changelogs(bar).values())
    tree = Tree(root)
    if args.words:
        return by_words(tree, entries(texts))
    counted: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for one, number in entries(texts).items():
        for module in tree.means(one):
            counted[module][one] += number
    known = sorted(one for one, count in counted.items() if count.total() >= LEAST)
    pool = sorted(one for one, files in tree.modules.items()
                  if any(b"page_pool" in (root / file).read_bytes() for file in files))
    said: dict[tuple[str, str], Prefix] = {
        one: prefix(one[0], root, tree.modules[one]) for one in tree.modules}
    others = spaced([one for one in known if one not in pool], args.others)
    wrong = 0
    print(f"{'module':28} {'prefix':36} most used, of entries")
    for one in [*(one for one in pool if one in known), *others]:
        (best, uses), = counted[one].most_common(1)
        good = counted[one][said[one].text] == uses and said[one].source is Source.CHANGELOG
        wrong += not good
        print(f"{one[1]:28} {said[one].text + ':':36} {uses} of {counted[one].total()}"
              + ("" if good else f"  WRONG: {best}:"))
    print("\nguesses: " + ", ".join(f"{one[1]} ({said[one].text}:)" for one in pool
                                    if one not in known))
    fewer = [one for one in pool if one not in known and said[one].source is not Source.GUESS]
    missed = [one for one in known
              if counted[one][said[one].text] != counted[one].most_common(1)[0][1]]
    print(f"\nof all {len(known)} modules with {LEAST} entries or more: {len(missed)} differ "
          f"{[one[1] for one in missed]}")
    print(f"{len(others)} others, {len(set(pool) & set(known))} of {len(pool)} that use page_pool, "
          f"{wrong} wrong, {len(fewer)} called known without entries")
    return bool(wrong or fewer)


if __name__ == "__main__":
    sys.exit(main())
