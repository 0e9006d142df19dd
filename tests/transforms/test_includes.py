# SPDX-License-Identifier: GPL-2.0-only
"""A header that comes to need netmem_ref includes what declares it, and only then."""

from __future__ import annotations

from pathlib import Path

import pytest
from kernel_tools import make_kernel
from tools import convert, plant

from netmem_migrate.api import migrate

SOURCE = b"""\
#include <net/page_pool/helpers.h>
#include "zr.h"
void zr_drop(struct zr *r)
{
	page_pool_put_full_page(r->pool, r->page, false);
	r->page = NULL;
}
int zr_fill(struct zr *r)
{
	r->page = page_pool_dev_alloc_pages(r->pool);
	return r->page ? 0 : -ENOMEM;
}
"""
RECORD = ("struct page;\nstruct page_pool;\n"
          "struct zr { struct page_pool *pool; struct page *page; };\n")
LINE = "#include <net/netmem.h>\n"


def guarded(text: str) -> str:
    return f"#ifndef ZR_H\n#define ZR_H\n{text}#endif\n"


@pytest.mark.parametrize(("head", "after"), [
    ("#include <linux/types.h>\n", "#include <linux/types.h>\n" + LINE),
    ("#include <linux/mm_types.h>\n#include <linux/list.h>\n",
     "#include <linux/mm_types.h>\n#include <linux/list.h>\n" + LINE),
    ("#include <linux/list.h>\n#include <net/checksum.h>\n#include <net/scm.h>\n",
     "#include <linux/list.h>\n#include <net/checksum.h>\n" + LINE + "#include <net/scm.h>\n"),
    ("#include <net/checksum.h>\n", "#include <net/checksum.h>\n" + LINE),
    ("", "\n" + LINE),
    ("#ifdef DEMO\n#include <linux/skbuff_of_demo.h>\n#endif\n",
     "\n" + LINE + "#ifdef DEMO\n#include <linux/skbuff_of_demo.h>\n#endif\n"),
    ("#ifdef DEMO\n#include <linux/skbuff.h>\n#endif\n",
     "\n" + LINE + "#ifdef DEMO\n#include <linux/skbuff.h>\n#endif\n"),
])
def test_gets_it_in_order(head: str, after: str, tmp_path: Path) -> None:
    files = {"zr.h": guarded(head + RECORD).encode(), "zr.c": SOURCE}
    migration, found = convert(tmp_path, files)
    assert not migration.report.refusals
    assert found["zr.h"].decode() == guarded(after + RECORD.replace(
        "struct page *page;", "netmem_ref netmem;"))
    assert b"netmem.h" not in found["zr.c"]


def test_behind_the_pragma_that_guards(tmp_path: Path) -> None:
    files = {"zr.h": ("#pragma once\n" + RECORD).encode(), "zr.c": SOURCE}
    _, found = convert(tmp_path, files)
    assert found["zr.h"].decode().startswith("#pragma once\n\n" + LINE)


@pytest.mark.parametrize("head", [
    "#include <linux/skbuff.h>\n", "#include <linux/netdevice.h>\n",
    "#include <net/page_pool/types.h>\n", "#include <net/xdp.h>\n", LINE,
    "#include <linux/list.h>\n#include \"own.h\"\n",
    "#include \"../elsewhere/that_is_not_here.h\"\n",
])
def test_what_has_it_already_is_left_alone(head: str, tmp_path: Path) -> None:
    files = {"zr.h": guarded(head + RECORD).encode(), "zr.c": SOURCE,
             "own.h": b"#include <net/sock.h>\n"}
    _, found = convert(tmp_path, files)
    assert b"netmem_ref netmem;" in found["zr.h"]
    assert found["zr.h"].count(b"#include <net/netmem.h>") == head.count(LINE)
    assert found["own.h"] == files["own.h"]


def test_a_header_that_declares_no_netmem_gets_none(tmp_path: Path) -> None:
    source = SOURCE.replace(b'#include "zr.h"\n', b'#include "zr.h"\nstruct page *zr_page;\n')
    record = "struct page_pool;\nstruct zr { struct page_pool *pool; };\n"
    files = {"zr.h": guarded(record).encode(), "zr.c": source.replace(b"r->page", b"zr_page")}
    _, found = convert(tmp_path, files)
    assert found["zr.h"] == files["zr.h"] and b"netmem_ref zr_netmem;" in found["zr.c"]
    assert b"netmem.h" not in found["zr.c"]


def test_a_source_that_only_has_such_headers(tmp_path: Path) -> None:
    files = {"zr.h": guarded("#include <linux/list.h>\n" + RECORD).encode(), "zr.c": SOURCE,
             "look.c": b'#include <linux/list.h>\n#include "zr.h"\n\nint zr_look(struct zr *r)\n'
                       b"{\n\treturn !r->page;\n}\n"}
    _, found = convert(tmp_path, files)
    assert found["look.c"].count(b"#include") == 2 and b"r->netmem" in found["look.c"]


def test_in_a_tree_its_own_headers_say(tmp_path: Path) -> None:
    root = make_kernel(tmp_path / "linux")
    folder = root / "drivers/net/zr"
    for name, brings in (("some.h", True), ("other.h", False)):
        plant(root, {"include/linux/some.h": '#include "more.h"\n',
                     "include/linux/more.h": "#include <net/netmem.h>\n",
                     "include/linux/other.h": "struct other;\n",
                     "drivers/net/zr/Makefile": "obj-y += zr.o\n",
                     "drivers/net/zr/zr.h": guarded(f"#include <linux/{name}>\n" + RECORD),
                     "drivers/net/zr/zr.c": SOURCE.decode()})
        driver, = migrate([folder]).drivers
        after = {change.path: change.after for change in driver.changes}
        assert (b"#include <net/netmem.h>" in after["drivers/net/zr/zr.h"]) is not brings
