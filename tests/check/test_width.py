# SPDX-License-Identifier: GPL-2.0-only
"""Added lines over 80 columns: which may be, by the lines of their hunk."""

from __future__ import annotations

import pytest
from unidiff import PatchSet

from netmem_migrate.check.series.width import needless

WIDE = "a" * 60

FINE = {
    "no-longer-than-80": ([f"\t\tf({WIDE});"], [f"\t\tf({WIDE[4:]}, x);"]),
    "argument-alone": ([f"\t\tf(x,\n\t\t  {WIDE},"], [f"\t\tf_netmem(x,\n\t\t\t {WIDE},"]),
    "last-argument": ([f"\t\tf(x, {WIDE[:50]});"], [f"\t\tf_netmem(x,\n\t\t\t {WIDE});"]),
    "only-argument": ([f"\t\tf({WIDE});"], [f"\t\tf_netmem({WIDE});"]),
    "was-long": ([f"\t\tfunction(x, {WIDE});"], [f"\t\tfunction_netmem(x, {WIDE});"]),
    "was-over-100": ([f"\t\tf(xxxx, {WIDE}, yyyyyyyyyyyyyyyy);"],
                     [f"\t\tf_netmem(xxxx, {WIDE}, yyyyyyyyyyyyyyyy);"]),
    "place-in-a-string": ([f'\t\tf("{WIDE[:50]}, x");'], [f'\t\tf_netmem("{WIDE}, x");']),
    "nothing-saved": ([f"\t\tx = f({WIDE[:50]});"], [f"\t\tx = f_netmem({WIDE});"]),
}
NEEDLESS = {
    "behind-an-argument": ([f"\t\tf(x, {WIDE[:50]});"], [f"\t\tf_netmem(x, {WIDE});"]),
    "at-an-operator": ([f"\t\tf({WIDE[:50]} + x);"], [f"\t\tf_netmem({WIDE} + x);"]),
    "behind-the-assignment": ([f"\t\ta_value = f({WIDE[:40]});"],
                              [f"\t\ta_value = f_netmem({WIDE});"]),
    "no-call": ([], [f"\t\tint {WIDE}{WIDE[:20]};"]),
    "comment": ([f"\t\t/* page of {WIDE[:40]} */"], [f"\t\t/* netmem of {WIDE} */"]),
    "over-100": ([f"\t\tfunction(x, {WIDE});"], [f"\t\tfunction_netmem(xxxxxxx, {WIDE});"]),
    "another-was-long": ([f"\t\tother(xxxxxx, {WIDE});", f"\t\tfree(y, {WIDE[:50]});"],
                         ["\t\tother(z);", f"\t\tfree_netmem(y, {WIDE[:50]});"]),
    "new": ([], [f"\t\tfunction(x, {WIDE});"]),
}


def judged(removed: list[str], added: list[str]) -> list[str]:
    lines = [*(f"-{one}" for each in removed for one in each.split("\n")),
             *(f"+{one}" for each in added for one in each.split("\n"))]
    minus = sum(one.startswith("-") for one in lines)
    text = "\n".join(["--- a/d.c", "+++ b/d.c",
                      f"@@ -1,{minus + 1} +1,{len(lines) - minus + 1} @@", " ", *lines, ""])
    return list(needless(PatchSet(text)[0]))


@pytest.mark.parametrize("name", FINE)
def test_may_be_long(name: str) -> None:
    assert not judged(*FINE[name])


@pytest.mark.parametrize("name", NEEDLESS)
def test_need_not_be_long(name: str) -> None:
    assert judged(*NEEDLESS[name])
