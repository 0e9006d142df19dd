# SPDX-License-Identifier: GPL-2.0-only
"""A member that holds the pool's memory in one mode gets an arm for that, in a patch before."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import compiles, prepare, room_case

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

PLAIN, ARMED = room_case("union-arm", "plain")
FAULTS = {
    "a third arm": ("\t\tstruct page *pp_page;\n",
                    "\t\tstruct page *pp_page;\n\t\tchar pad[64];\n"),
    "an aligned union": ("pp_page;\n\t};", "pp_page;\n\t} __attribute__((aligned(64)));"),
    "a macro among the arms": ("pp_page;\n\t};", "pp_page;\n#define GFP_ATOMIC 0\n\t};"),
    "a test by a statement": ("if (ring->page_pool)\n\t\tskb",
                              "if (({ ring = 0; ring->page_pool; }))\n\t\tskb"),
    "a test by a macro": ("if (ring->page_pool)\n\t\tskb", "if (DEMO_TEST)\n\t\tskb"),
    "a macro in its name": ("struct demo_ring {", "#define pp_page dma\nstruct demo_ring {"),
    "a test that does something": ("if (ring->page_pool)\n\t\tskb_add",
                                   "if (ring->page_pool++)\n\t\tskb_add"),
    "the other way does less": ("\telse\n\t\tskb_add_rx_frag(skb, 0, buf->page, 0, len, "
                                "ring->size);\n", ""),
    "the other way does something else": ("buf->page, 0, len", "buf->page, 1, len"),
    "a release less": ("\t\tpage_pool_put_full_page(ring->page_pool, buf->pp_page, false);\n",
                       "\t\treturn;\n"),
    "something else, too": ("return own ? 0 : -ENOMEM", "return own ? 1 : -ENOMEM"),
    "no union": ("\tunion {\n\t\tstruct page *page;\n\t\tstruct page *pp_page;\n\t};\n",
                 "\tstruct page *page;\n\tstruct page *pp_page;\n"),
    "an arm of another size": ("\t\tstruct page *pp_page;\n", "\t\tstruct page *pp_page[2];\n"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_check_takes_no_fault_for_it(name: str) -> None:
    right = FileChange("d.c", PLAIN.encode(), ARMED.encode())
    assert [one.severity for one in check_changes([right], "7.3")] == ["note"]
    old, new = FAULTS[name]
    assert old in ARMED
    wrong = FileChange("d.c", right.before, ARMED.replace(old, new).encode())
    assert {"error", "warning"} & {one.severity for one in check_changes([wrong], "7.3")}


def test_two_rooms_that_only_together_do_are_made(tmp_path: Path) -> None:
    once = PLAIN.replace("*page, *own;", "*page;").replace("own", "page")
    migration = prepare(tmp_path, once)
    assert [one.step for one in migration.report.rooms] == ["clone", "union-arm"]
    assert [one.calls for one in migration.report.rooms] == [0, 3]
    for number, step in enumerate(migration.steps):
        compiles(tmp_path / str(number), {"d.c": step.changes[0].after})
