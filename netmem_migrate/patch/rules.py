# SPDX-License-Identifier: GPL-2.0-only
"""The rules that a change applied, as a reviewer would write them in a semantic patch.

They are counted in the files before and after, so that they hold for any change that reached the
patch, whoever accepted or edited it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from netmem_migrate.c.mask.text import code_of
from netmem_migrate.model.twins import TWINS, Twin
from netmem_migrate.results import FileChange

_CALL = re.compile(rb"\b(\w+)\s*\(")
_COMMENT = re.compile(rb"//[^\n]*|/\*.*?\*/", re.DOTALL)
_ARGUMENT = rb"\((?:[^()]|\([^()]*\))*\)"
# What is no call of one name for a call of another: pattern lost, pattern gained, the rule.
_FORMS: tuple[tuple[bytes, bytes, str, str], ...] = (
    (rb"\bpage_to_nid\s*\(", rb"\bnetmem_is_pref_nid\s*\(",
     "page_to_nid(p) == nid", "netmem_is_pref_nid(p, nid)"),
    (rb"\bpp_page_to_nmdesc\s*" + _ARGUMENT + rb"\s*->\s*pp\b", rb"\bnetmem_get_pp\s*\(",
     "pp_page_to_nmdesc(p)->pp", "netmem_get_pp(p)"),
    (rb"(?<!\))->\s*pp\b", rb"\bnetmem_get_pp\s*\(", "p->pp", "netmem_get_pp(p)"),
    (rb"->\s*pp_ref_count\b", rb"\bnetmem_get_pp_ref_count_ref\s*\(",
     "&p->pp_ref_count", "netmem_get_pp_ref_count_ref(p)"),
    (rb"\bvirt_to_page\s*\(", rb"\bvirt_to_netmem\s*\(", "virt_to_page(addr)",
     "virt_to_netmem(addr)"),
    (rb"\bsizeof\s*\(\s*struct\s+page\s*\*\s*\)", rb"\bsizeof\s*\(\s*netmem_ref\s*\)",
     "sizeof(struct page *)", "sizeof(netmem_ref)"),
)


@dataclass(frozen=True, slots=True)
class Rule:
    """One replacement and how often it was made."""

    before: str
    after: str
    count: int


def calls(changes: Iterable[FileChange]) -> tuple[Counter[str], Counter[str]]:
    """How often each name is called before and after."""
    before: Counter[str] = Counter()
    after: Counter[str] = Counter()
    for change in changes:
        before.update(name.decode() for name in _CALL.findall(change.before))
        after.update(name.decode() for name in _CALL.findall(change.after))
    return before, after


def rules(changes: Sequence[FileChange]) -> list[Rule]:
    """Every rule that `changes` applied; page calls first, in the order of the model."""
    codes = [(code_of(one.before), code_of(one.after)) for one in changes]
    olds, news = b"\n".join(one for one, _ in codes), b"\n".join(two for _, two in codes)
    before = Counter(name.decode() for name in _CALL.findall(olds))
    after = Counter(name.decode() for name in _CALL.findall(news))
    found: list[Rule] = []
    forms = [rule for form in _FORMS if (rule := _form(form, olds, news)) is not None]
    of_pool = sum(one.count for one in forms if one.before.startswith("pp_page_to_nmdesc"))
    for row in TWINS:
        number = before[row.page] - after[row.page]
        twin = next((one for one in row.forms if after[one.netmem] > before[one.netmem]), row)
        if twin.page == "pp_page_to_nmdesc":
            number -= of_pool
        if number > 0 and after[twin.netmem] > before[twin.netmem]:
            found.append(_twin(twin, olds, number))
    found += forms
    bridges = after["page_to_netmem"] - before["page_to_netmem"]
    if bridges > 0:
        found.append(Rule("page", "page_to_netmem(page)", bridges))
    elif bridges < 0:
        found.append(Rule("page_to_netmem(p)", "p", -bridges))
    return [*found, *_nulls(olds, news), *_declared(olds, news), *_rest(before, after, found)]


def _form(form: tuple[bytes, bytes, str, str], before: bytes, after: bytes) -> Rule | None:
    lost, gained, old, new = form
    number = len(re.findall(lost, before)) - len(re.findall(lost, after))
    more = len(re.findall(gained, after)) - len(re.findall(gained, before))
    return Rule(old, new, min(number, more)) if number > 0 and more > 0 else None


def _twin(twin: Twin, code: bytes, number: int) -> Rule:
    match = re.search(rb"\b" + twin.page.encode() + rb"\s*\(", code)
    count = _arguments(code, match.end()) if match else 0
    names = _named(twin, count)
    extra = [twin.extra] if twin.extra else []
    return Rule(f"{twin.page}({', '.join(names)})", f"{twin.netmem}({', '.join(names + extra)})",
                number)


def _arguments(code: bytes, at: int) -> int:
    """How many arguments the call has whose first one starts at `at`."""
    depth, count, empty = 0, 0, True
    for byte in code[at:]:
        char = chr(byte)
        if char in "([{":
            depth += 1
        elif char in ")]}":
            if depth == 0:
                break
            depth -= 1
        elif char == "," and depth == 0:
            count += 1
        empty = empty and char.isspace()
    return 0 if empty else count + 1


def _named(twin: Twin, count: int) -> list[str]:
    """Arguments as a semantic patch names them: `p` is the page, `...` is whatever follows."""
    if twin.arg is None:
        return ["pool", "..."] if count > 1 else ["pool"][:count]
    leading = {1: ["pool" if twin.pool_api else "frag"], 2: ["skb", "i"]}.get(twin.arg, [])
    return [*leading, "p", *(["..."] if count > twin.arg + 1 else [])]


def _lost(pattern: bytes, before: bytes, after: bytes) -> int:
    return len(re.findall(pattern, before)) - len(re.findall(pattern, after))


def _nulls(before: bytes, after: bytes) -> list[Rule]:
    equal = _lost(rb"==\s*NULL\b|\bNULL\s*==", before, after)
    unequal = _lost(rb"!=\s*NULL\b|\bNULL\s*!=", before, after)
    assigned = _lost(rb"\bNULL\b", before, after) - max(equal, 0) - max(unequal, 0)
    pairs = (Rule("p == NULL", "!p", equal), Rule("p != NULL", "p", unequal),
             Rule("p = NULL", "p = 0", assigned))
    return [rule for rule in pairs if rule.count > 0]


def _declared(before: bytes, after: bytes) -> list[Rule]:
    """Declarations of pages, and of `void *` that held pages; casts that went with them."""
    gone = {
        kind: (_lost(rb"\b" + kind + rb"\s*\*", before, after),
               _lost(rb"(?<!sizeof)(?<!sizeof )\(\s*" + kind + rb"\s*\*\s*\)", before, after),
               _lost(rb"\bsizeof\s*\(\s*" + kind + rb"\s*\*\s*\)", before, after))
        for kind in (rb"struct\s+page", rb"void")}
    found = []
    for name, (every, casts, sizes) in zip(("struct page *", "void *"), gone.values(), strict=True):
        found += [Rule(f"{name}p", "netmem_ref p", every - max(casts, 0) - max(sizes, 0)),
                  Rule(f"({name})p", "p", casts)]
    return [rule for rule in found if rule.count > 0]


def _rest(before: Counter[str], after: Counter[str], found: Sequence[Rule]) -> list[Rule]:
    """Netmem calls that no rule above accounts for: nothing is left unsaid."""
    told = {name for rule in found for name in re.findall(r"\w+", rule.after)}
    return [Rule("", f"{name}()", after[name] - before[name]) for name in sorted(after)
            if "netmem" in name and after[name] > before[name] and name not in told
            and name != "page_to_netmem"]


def comments(changes: Iterable[FileChange]) -> int:
    """How many comments changed with the names in them."""
    number = 0
    for change in changes:
        before = Counter(_COMMENT.findall(change.before))
        number += (Counter(_COMMENT.findall(change.after)) - before).total()
    return number


def lines(found: Sequence[Rule]) -> list[str]:
    """Rules as indented `-` and `+` lines, which neither git nor checkpatch takes for a diff."""
    result = []
    for rule in found:
        times = f"  ({rule.count}x)" if rule.count > 1 else ""
        if rule.before:
            result += [f"  - {rule.before}{times}", f"  + {rule.after}"]
        else:
            result.append(f"  + {rule.after}{times}")
    return result
