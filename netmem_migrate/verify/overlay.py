# SPDX-License-Identifier: GPL-2.0-only
"""Trees that look like the kernel's but with some files changed: links, never copies of it.

Every compiler runs inside such a tree with the same relative paths, so that paths in messages and
in code are the same before and after, and the real tree is never written.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.c.pattern import REST, pattern
from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.model.forms import KNOWN, Form, table
from netmem_migrate.model.spelled import NETMEM_HEADER, REF
from netmem_migrate.model.target import from_tree
from netmem_migrate.model.twins import twins

_TYPEDEF = re.compile(rf"typedef\s+unsigned\s+long\s+(?:__bitwise\s+)?{REF}\s*;")
IDENTITY = "netmem_identity_ref"  # what a page pointer is called there, and in the token proof
# Built files are not linked: a compiler that wrote through a link would change the real tree.
BUILT = (".o", ".cmd", ".d", ".ko", ".mod", ".mod.c", ".a", ".order", ".s")


def build(root: Path, where: Path, changed: Mapping[str, bytes],
          real: Iterable[str] = ()) -> None:
    """Make `where` a link farm of the tree at `root` in which `changed` files are new.

    The folders `real` are no links, even if nothing in them changes: what is found by "../" from a
    link is the tree's own.
    """
    wanted = {Path(file) for file in changed}
    folders = {parent for file in (Path("any"), *wanted, *(Path(one, "any") for one in real))
               for parent in file.parents}
    for folder in sorted(folders, key=lambda one: len(one.parts)):
        made = where / folder
        made.mkdir(parents=True, exist_ok=True)
        for entry in (root / folder).iterdir():
            inside = folder / entry.name
            if inside in folders or inside in wanted or entry.name.endswith(BUILT):
                continue
            (made / entry.name).symlink_to(entry)
    for file, text in changed.items():
        (where / file).write_bytes(text)


def strict_header(root: Path) -> dict[str, bytes]:
    """include/net/netmem.h with a pointer type of its own for netmem_ref.

    Raises InputError if the header of the tree does not define netmem_ref as an integer.
    """
    text = plain.read(root / NETMEM_HEADER).decode("utf-8", "surrogateescape")
    strict, count = _TYPEDEF.subn(
        f"struct netmem_strict;\ntypedef struct netmem_strict *{REF};", text)
    if count != 1:
        raise InputError(f"{root / NETMEM_HEADER}: {REF} is not defined as expected; "
                         "the strict way of the proof cannot be made for this kernel")
    return {NETMEM_HEADER: strict.encode("utf-8", "surrogateescape")}


def _defined(header: str, paired: Container[str]) -> Iterator[tuple[str, str]]:
    """What netmem forms that no name of a page function stands for are on pages: heads and bodies.

    `header` is the tree's include/net/netmem.h: of several page spellings, the one that reads the
    page's descriptor is taken where that kernel has one. `paired` are the functions that a page
    function stands for.
    """
    twins_too = [one for one in table().calls
                 if one.identity or (one.extra and one.becomes.name not in paired)]
    for row in (*table().others, *twins_too, *KNOWN):
        head = _head(row)
        if not head or row.keeps or (row in KNOWN and row.becomes.name in paired):
            continue
        said = [pattern(row.identity)] if row.identity else [*row.spellings[1:], row.spellings[0]]
        page = next((one for one in said[:-1] if all(name in header for name in one.functions)),
                    said[-1])
        brackets = {name: f"({name})" for name in row.becomes.operands}
        yield head, f"({page.fill(brackets, '__VA_ARGS__')})"


def _head(row: Form) -> str:
    """The netmem form as the head of a macro, "" where it cannot be one."""
    args = list(row.becomes.args)
    if REST in args[:-1]:
        return ""  # what is behind a variable number of arguments cannot be told from them
    names = [one if one == REST or one in row.becomes.operands else f"extra_{number}"
             for number, one in enumerate(args)]
    return f"{row.becomes.name}({', '.join(names)})" if row.becomes.name else ""


def partners_of(root: Path) -> dict[str, list[str]]:
    """The page functions that each netmem function of a tree is the very same as.

    An equivalent with an argument of its own is the same as the page function that takes that
    argument too, so the number of parameters says which of two functions of one name it is.
    """
    target = from_tree(root, "")
    found: dict[str, list[str]] = {}
    for twin in twins(table()):
        for form in twin.forms:
            if not (form.extra or form.form.identity) and target.fits(form):
                found.setdefault(form.netmem, []).append(form.page)
    for row in KNOWN:
        if row.renames and row.becomes.name in found:
            found[row.becomes.name].insert(0, row.call)
    return found


@dataclass(frozen=True, slots=True)
class Implied:
    """A page function that is another one with an argument which it implies."""

    page: str
    other: str
    extra: str
    parameters: str  # as the tree's header declares them
    gives: bool

    @property
    def names(self) -> str:
        return ", ".join(one.split()[-1].lstrip("*") for one in self.parameters.split(","))


def implied(root: Path) -> list[Implied]:
    """The page functions of a tree whose netmem form takes an argument that they imply."""
    target = from_tree(root, "")
    same = partners_of(root)
    found: list[Implied] = []
    for twin in twins(table()):
        form = target.choose(twin)
        if form is None or not form.extra or form.netmem not in same:
            continue
        text = code_of(plain.read(root / "include" / form.header)).decode("latin-1")
        for match in re.finditer(rf"\b{form.page}\s*\(([^(){{}};]*)\)\s*[;{{]", text):
            if all(len(one.split()) > 1 for one in match[1].split(",")):
                found.append(Implied(form.page, same[form.netmem][0], form.extra,
                                     " ".join(match[1].split()), form.gives))
                break
    return found


def includes(root: Path) -> list[str]:
    """The lines that include what declares the names of the table, as far as a tree has it."""
    headers = [one for one in table().headers if (root / "include" / one).is_file()]
    return ["#include <linux/mm.h>", "#include <linux/skbuff.h>", "#include <linux/netdevice.h>",
            "#include <net/netmem.h>", "#include <net/page_pool/helpers.h>",
            "#include <net/xdp.h>", *(f"#include <{one}>" for one in headers)]


def identity_header(root: Path, partners: Mapping[str, str],
                    hints: Sequence[str] = (), spelled: Sequence[Implied] = ()) -> str:
    """C that defines every netmem name as its page partner; `partners` overrides the model.

    `hints` are calls that mean nothing but speed, and that are to give no code.
    Page functions that are `spelled` out are defined as what they imply, which needs a proof of
    its own: for each of them there are two functions, netmem_same_N_a() and netmem_same_N_b(),
    whose code must be the same.
    """
    netmem = plain.read(root / NETMEM_HEADER).decode("utf-8", "surrogateescape")
    lines = includes(root)
    own = len(lines)
    lines += [f"typedef struct page *{IDENTITY};", f"#define {REF} {IDENTITY}"]
    pairs = {name: pages[0] for name, pages in partners_of(root).items()}
    pairs.update(partners)
    lines += [f"#undef {name}\n#define {name}(...) {page}(__VA_ARGS__)"
              for name, page in sorted(pairs.items())]
    special = dict(_defined(netmem, pairs))
    for number, one in enumerate(spelled):
        result, back = ("struct page *", "return ") if one.gives else ("void ", "")
        for letter, call in (("a", f"{one.page}({one.names})"),
                             ("b", f"{one.other}({one.names}, {one.extra})")):
            # Before any name is defined anew, and out of reach of what merges equal functions.
            lines.insert(own, f"{result}__attribute__((noipa)) netmem_same_{number}_{letter}"
                                   f"({one.parameters})\n{{ {back}{call}; }}")
        lines.append(f"#undef {one.page}\n"
                     f"#define {one.page}(...) {one.other}(__VA_ARGS__, {one.extra})")
    if hints:
        lines.append("#include <linux/prefetch.h>")
    special.update({f"{name}(x)": "((void)(x))" for name in hints})
    for name, value in special.items():
        lines.append(f"#undef {name.partition('(')[0]}\n#define {name} {value}")
    return "\n".join(lines) + "\n"
