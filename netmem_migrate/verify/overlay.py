# SPDX-License-Identifier: GPL-2.0-only
"""Trees that look like the kernel's but with some files changed: links, never copies of it.

Every compiler runs inside such a tree with the same relative paths, so that paths in messages and
in code are the same before and after, and the real tree is never written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from netmem_migrate.model.target import from_tree
from netmem_migrate.model.twins import TWINS
from netmem_migrate.results import InputError

_TYPEDEF = re.compile(r"typedef\s+unsigned\s+long\s+(?:__bitwise\s+)?netmem_ref\s*;")
_HEADER = "include/net/netmem.h"
# Built files are not linked: a compiler that wrote through a link would change the real tree.
_BUILT = (".o", ".cmd", ".d", ".ko", ".mod", ".mod.c", ".a", ".order", ".s")


def build(root: Path, where: Path, changed: Mapping[str, bytes]) -> None:
    """Make `where` a link farm of the tree at `root` in which `changed` files are new."""
    wanted = {Path(file) for file in changed}
    folders = {parent for file in wanted for parent in file.parents}
    for folder in sorted(folders, key=lambda one: len(one.parts)):
        made = where / folder
        made.mkdir(parents=True, exist_ok=True)
        for entry in (root / folder).iterdir():
            inside = folder / entry.name
            if inside in folders or inside in wanted or entry.name.endswith(_BUILT):
                continue
            (made / entry.name).symlink_to(entry)
    for file, text in changed.items():
        (where / file).write_bytes(text)


def strict_header(root: Path) -> dict[str, bytes]:
    """include/net/netmem.h with a pointer type of its own for netmem_ref.

    Raises InputError if the header of the tree does not define netmem_ref as an integer.
    """
    text = (root / _HEADER).read_text(encoding="utf-8")
    strict, count = _TYPEDEF.subn(
        "struct netmem_strict;\ntypedef struct netmem_strict *netmem_ref;", text)
    if count != 1:
        raise InputError(f"{root / _HEADER}: netmem_ref is not defined as expected; "
                         "the strict way of the proof cannot be made for this kernel")
    return {_HEADER: strict.encode("utf-8")}


def partners_of(root: Path) -> dict[str, list[str]]:
    """The page functions that each netmem function of a tree is the very same as.

    An equivalent with an argument of its own is the same as the page function that takes that
    argument too, so the number of parameters says which of two functions of one name it is.
    """
    target = from_tree(root, "")
    found: dict[str, list[str]] = {}
    for twin in TWINS:
        for form in twin.forms:
            if not form.extra and target.has(form.netmem, form.parameters):
                found.setdefault(form.netmem, []).append(form.page)
    return found


def identity_header(root: Path, partners: Mapping[str, str]) -> str:
    """C that defines every netmem name as its page partner; `partners` overrides the model."""
    netmem = (root / _HEADER).read_text(encoding="utf-8")
    modern = "pp_page_to_nmdesc" in netmem
    lines = ["#include <linux/mm.h>", "#include <linux/skbuff.h>", "#include <linux/netdevice.h>",
             "#include <net/netmem.h>", "#include <net/page_pool/helpers.h>",
             "#include <net/xdp.h>",
             "typedef struct page *netmem_identity_ref;",
             "#define netmem_ref netmem_identity_ref"]
    pairs = {name: pages[0] for name, pages in partners_of(root).items()}
    pairs.update(partners)
    lines += [f"#undef {name}\n#define {name}(...) {page}(__VA_ARGS__)"
              for name, page in sorted(pairs.items())]
    field = "pp_page_to_nmdesc(n)->" if modern else "(n)->"
    special = {
        "page_to_netmem(p)": "(p)",
        "netmem_to_page(n)": "(n)",
        "__netmem_to_page(n)": "(n)",
        "virt_to_netmem(v)": "virt_to_page(v)",
        "skb_frag_netmem(f)": "skb_frag_page(f)",
        "netmem_is_net_iov(n)": "((void)(n), false)",
        "netmem_is_pref_nid(n, i)": "(page_to_nid(n) == (i))",
        "netmem_get_pp(n)": f"({field}pp)",
        "__netmem_get_pp(n)": f"({field}pp)",
        "netmem_get_pp_ref_count_ref(n)": f"(&{field}pp_ref_count)",
        "__netmem_address(n)": "page_address(n)",
    }
    for name, value in special.items():
        lines.append(f"#undef {name.partition('(')[0]}\n#define {name} {value}")
    return "\n".join(lines) + "\n"
