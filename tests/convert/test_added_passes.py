# SPDX-License-Identifier: GPL-2.0-only
"""Passes that are added as one file each, through the command line: nothing else has to change."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from added_tools import ROOT, Added
from git_tools import clean_home
from kernel_tools import BEFORE, DRIVER
from tools import PRELUDE

DEMO = str(Path(DRIVER).parent)

PAIR = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""Keep netmem in the cache of our own.

A page that does not move keeps its call.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.forms import Form

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="own-pair",
    summary="own_keep_page() becomes own_keep_netmem()",
    before="""\\
void keep(struct rx_buf *buf)
{
	own_keep_page(buf->page, 4);
}
""",
    after="""\\
void keep(struct rx_buf *buf)
{
	own_keep_netmem(buf->netmem, 4);
}
""",
    follows="include/net/own.h",
    order=45,
)
FORMS = (Form("own_keep_page(p, ...)", "own_keep_netmem(p, ...)", since="7.2",
              header="net/own.h"),)


def edits(work: Work) -> Iterator[Edit]:
    """Keep netmem where the page moved."""
    yield from work.forms(PASS)
'''
OWN_H = """\
#ifndef _NET_OWN_H
#define _NET_OWN_H
#include <net/netmem.h>
void own_keep_netmem(netmem_ref netmem, int order);
static inline void own_keep_page(struct page *page, int order)
{
	own_keep_netmem(page_to_netmem(page), order);
}
#endif
"""
KEEPS = BEFORE.replace("#include <linux/skbuff.h>\n",
                       "#include <linux/skbuff.h>\n#include <net/own.h>\n") + """
void rx_keep(struct rx_buf *buf)
{
	own_keep_page(buf->page, 4);
}
"""

NODE = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""Ask netmem for its node.

Only a comparison has a netmem form.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from netmem_migrate.convert.passes import Pass
from netmem_migrate.model.forms import Form

if TYPE_CHECKING:
    from netmem_migrate.convert.work import Work
    from netmem_migrate.results import Edit

PASS = Pass(
    id="node",
    summary="page_to_nid() tests become netmem_is_pref_nid()",
    before="""\\
bool near(struct rx_buf *buf, int nid)
{
	return page_to_nid(buf->page) == nid;
}
""",
    after="""\\
bool near(struct rx_buf *buf, int nid)
{
	return netmem_is_pref_nid(buf->netmem, nid);
}
""",
    follows="include/net/netmem.h",
    order=85,
)
FORMS = (Form("page_to_nid(p) == n", "netmem_is_pref_nid(p, n)"),)


def edits(work: Work) -> Iterator[Edit]:
    """Ask netmem where the page moved."""
    yield from work.forms(PASS)
'''
OPT_IN = (PAIR.replace("own-pair", "own-wish").replace("own_keep", "own_wish")
          .replace('follows="include/net/own.h",', 'follows="include/net/own.h",\n'
                                                   '    option="--with-own-wish",'))


# A call that no page flows through: nothing moves with it.
UNMAP = (OPT_IN.replace("own-wish", "own-unmap")
         .replace("own_wish_page(p, ...)", "own_unmap(dev, a, ...)")
         .replace("own_wish_netmem(p, ...)", "own_unmap_netmem(dev, a, ...)")
         .replace("own_wish_page(buf->page, 4)", "own_unmap(buf, buf->offset, 4)")
         .replace("own_wish_netmem(buf->netmem, 4)", "own_unmap_netmem(buf, buf->offset, 4)")
         .replace("own_wish_page()", "own_unmap()").replace("own_wish_netmem()",
                                                            "own_unmap_netmem()"))
UNMAP_H = """\
#ifndef _NET_OWN_H
#define _NET_OWN_H
void own_unmap_netmem(void *dev, int addr, int len);
static inline void own_unmap(void *dev, int addr, int len)
{
	own_unmap_netmem(dev, addr, len);
}
#endif
"""
TX = """\
#include <net/own.h>
#include <net/page_pool/helpers.h>

void tx_done(void *dev, int addr, int len)
{
	/* own_unmap() is done by hand */
	own_unmap(dev, addr, len);
}
"""


@pytest.fixture
def added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Added:
    clean_home(tmp_path, monkeypatch)
    return Added(tmp_path / "tool")


def driver(folder: Path, text: str) -> Path:
    folder.mkdir()
    (folder / "d.c").write_text(PRELUDE + text)
    return folder


def added_lines(diff: str) -> str:
    return "\n".join(line[1:] for line in diff.splitlines() if line.startswith("+"))


# ------------------------------------------------- a call that the model does not hold


def test_a_pair_is_converted(added: Added, tmp_path: Path) -> None:
    added.put("transforms/own_pair.py", PAIR)
    folder = driver(tmp_path / "drv", "void keep(struct rx_buf *buf)\n{\n"
                    "\town_keep_page(buf->page, 4);\n}\n\n"
                    "void other(struct page *page)\n{\n\town_keep_page(page, 1);\n}\n")
    diff = added.run("diff", "-q", "--api", "7.3", str(folder)).stdout
    assert "own_keep_netmem(buf->netmem, 4);" in added_lines(diff)
    assert "own_keep_page(page, 1)" not in diff
    assert added.run("transform", "list").stdout.count("own-pair") == 1
    assert "own_keep_netmem(buf->netmem, 4);" in added.run("explain", "own-pair").stdout
    # Without its pass the page is needed as a page, and nothing moves.
    assert "own_keep" not in Added(tmp_path / "plain").run(
        "diff", "-q", "--api", "7.3", str(folder), code=3).stdout


def test_a_kernel_without_the_function_refuses_it(added: Added, tmp_path: Path) -> None:
    added.put("transforms/own_pair.py", PAIR)
    folder = driver(tmp_path / "drv",
                    "void keep(struct rx_buf *buf)\n{\n\town_keep_page(buf->page, 4);\n}\n")
    report = tmp_path / "report.json"
    added.run("diff", "-q", "--api", "6.12", str(folder), "--report", str(report), code=3)
    refusals = json.loads(report.read_text())["drivers"][0]["refusals"]
    assert [one["category"] for one in refusals] == ["missing-api"]
    assert "no own_keep_netmem() (linux 7.2 has it)" in refusals[0]["reason"]


@pytest.mark.long
def test_its_patch_says_it_is_checked_and_proven(added: Added, tmp_path: Path,
                                                 kernel_tree: Path) -> None:
    added.put("transforms/own_pair.py", PAIR)
    (kernel_tree / "include/net/own.h").write_text(OWN_H)
    (kernel_tree / DRIVER).write_text(KEEPS)
    (patch,) = added.run("format-patch", "--rules", "-q", DEMO, "-o", str(tmp_path / "out"),
                         cwd=kernel_tree).stdout.split()
    text = Path(patch).read_text()
    assert "  - own_keep_page(p, ...)\n  + own_keep_netmem(p, ...)\n" in text
    assert "own-pair" in re.sub(r"\s+", " ", text.split("passes:")[1].split(".")[0])
    added.run("check", patch, cwd=kernel_tree)
    assert "proven" in added.run("verify", patch, "--kernel", ".", cwd=kernel_tree).stdout
    for spoilt in ("own_keep_netmem(buf->netmem, 5);", "page_pool_put_full_netmem(0, buf->netmem, "
                   "4);"):
        wrong = tmp_path / "0001-wrong.patch"
        wrong.write_text(text.replace("own_keep_netmem(buf->netmem, 4);", spoilt))
        assert added.run("check", str(wrong), cwd=kernel_tree, code=1).stdout
        added.run("verify", str(wrong), "--kernel", ".", cwd=kernel_tree, code=5)


def test_a_half_of_the_pair_is_found_in_a_patch(added: Added, tmp_path: Path,
                                                kernel_tree: Path) -> None:
    added.put("transforms/own_pair.py", PAIR)
    (kernel_tree / "include/net/own.h").write_text(OWN_H)
    (kernel_tree / DRIVER).write_text(KEEPS)
    (patch,) = added.run("format-patch", "--rules", "-q", DEMO, "-o", str(tmp_path / "out"),
                         cwd=kernel_tree).stdout.split()
    wrong = tmp_path / "0001-half.patch"
    wrong.write_text(Path(patch).read_text().replace("+\town_keep_netmem(", "+\town_keep_page("))
    found = added.run("check", str(wrong), cwd=kernel_tree, code=1).stdout
    assert "own_keep_page() takes a page, and is given netmem" in found


def test_names_that_the_driver_itself_defines(added: Added, tmp_path: Path,
                                              kernel_tree: Path) -> None:
    """A header beside the driver holds both, with bodies: the pair is still one of two calls."""
    added.put("transforms/own_pair.py", PAIR.replace('header="net/own.h"', 'header="own.h"'))
    bodies = OWN_H.replace("void own_keep_netmem(netmem_ref netmem, int order);",
                            "static inline void own_keep_netmem(netmem_ref netmem, int order) { }")
    (kernel_tree / DEMO / "own.h").write_text(bodies)
    (kernel_tree / DRIVER).write_text(KEEPS.replace("<net/own.h>", '"own.h"'))
    diff = added.run("diff", "-q", DEMO, cwd=kernel_tree).stdout
    assert "+\town_keep_netmem(buf->netmem, 4);" in diff
    assert "own.h" not in diff


# ------------------------------------------------------------ a form that is no call


@pytest.mark.long
def test_a_form_is_taken_out_and_put_back_as_a_pass(added: Added, tmp_path: Path) -> None:
    folder = driver(tmp_path / "drv", "bool near(struct rx_buf *buf, int nid)\n{\n"
                    "\treturn nid != page_to_nid(buf->page) && buf->page;\n}\n")
    wanted = "return !netmem_is_pref_nid(buf->netmem, nid) && buf->netmem;"
    diff = added.run("diff", "-q", "--api", "7.3", str(folder)).stdout
    assert wanted in added_lines(diff)

    rows = (ROOT / "netmem_migrate/model/forms.py").read_text()
    row = re.search(r"    Form\(\"page_to_nid\(p\) == n\".*?\)\),\n", rows, re.DOTALL)
    assert row is not None
    added.put("model/forms.py", rows.replace(row[0], ""))
    assert "netmem_is_pref_nid" not in added.run(
        "diff", "-q", "--api", "7.3", str(folder), code=3).stdout

    added.put("transforms/node.py", NODE)
    assert added.run("diff", "-q", "--api", "7.3", str(folder)).stdout == diff
    assert "netmem_is_pref_nid(buf->netmem, nid)" in added.run("explain", "node").stdout


@pytest.mark.long
def test_its_message_check_and_proof_follow(added: Added, tmp_path: Path,
                                            kernel_tree: Path) -> None:
    rows = (ROOT / "netmem_migrate/model/forms.py").read_text()
    added.put("model/forms.py", re.sub(r"    Form\(\"page_to_nid\(p\) == n\".*?\)\),\n", "", rows,
                                       flags=re.DOTALL))
    added.put("transforms/node.py", NODE)
    netmem = kernel_tree / "include/net/netmem.h"
    netmem.write_text(netmem.read_text().replace("#endif", """\
static inline int page_to_nid(const struct page *page)
{
	return page->own_mark;
}
static inline _Bool netmem_is_pref_nid(netmem_ref netmem, int nid)
{
	return page_to_nid(netmem_to_page(netmem)) == nid;
}
#endif"""))
    (kernel_tree / DRIVER).write_text(BEFORE + """
int rx_near(struct rx_buf *buf, int nid)
{
	return page_to_nid(buf->page) == nid;
}
""")
    (patch,) = added.run("format-patch", "--rules", "-q", DEMO, "-o", str(tmp_path / "out"),
                         cwd=kernel_tree).stdout.split()
    text = Path(patch).read_text()
    assert "  - page_to_nid(p) == n\n  + netmem_is_pref_nid(p, n)\n" in text
    added.run("check", patch, cwd=kernel_tree)
    assert "proven" in added.run("verify", patch, "--kernel", ".", cwd=kernel_tree).stdout
    wrong = tmp_path / "0001-wrong.patch"
    wrong.write_text(text.replace("netmem_is_pref_nid(buf->netmem, nid)",
                                  "!netmem_is_pref_nid(buf->netmem, nid)"))
    added.run("check", str(wrong), cwd=kernel_tree, code=1)
    added.run("verify", str(wrong), "--kernel", ".", cwd=kernel_tree, code=5)


# ------------------------------------------------------------------- on request only


@pytest.mark.long
def test_an_opt_in_pass_names_its_option(added: Added, tmp_path: Path, kernel_tree: Path) -> None:
    added.put("transforms/own_wish.py", OPT_IN)
    (kernel_tree / "include/net/own.h").write_text(OWN_H.replace("keep", "wish"))
    (kernel_tree / DRIVER).write_text(KEEPS.replace("own_keep", "own_wish"))
    report = tmp_path / "report.json"
    diff = added.run("diff", "-q", DEMO, "--report", str(report), cwd=kernel_tree, code=3).stdout
    assert diff == ""
    (refusal,) = json.loads(report.read_text())["drivers"][0]["refusals"]
    assert refusal["category"] == "page-only-use"
    wished = added.run("diff", "-q", "--with-own-wish", DEMO, cwd=kernel_tree).stdout
    assert "+\town_wish_netmem(buf->netmem, 4);" in wished
    for command in ("diff", "apply", "format-patch", "review"):
        assert "--with-own-wish" in added.run(command, "--help").stdout
    (patch,) = added.run("format-patch", "--rules", "-q", "--with-own-wish", DEMO, "-o",
                         str(tmp_path / "out"), cwd=kernel_tree).stdout.split()
    text = Path(patch).read_text()
    assert "  - own_wish_page(p, ...)\n  + own_wish_netmem(p, ...)\n" in text
    assert "netmem-migrate format-patch --with-own-wish" in re.sub(r"\s*\\\n\s*", " ", text)
    # A patch made on request is judged and proven like any other.
    added.run("check", patch, cwd=kernel_tree)
    assert "proven" in added.run("verify", patch, "--kernel", ".", cwd=kernel_tree).stdout
    added.run("apply", "-q", "--with-own-wish", DEMO, cwd=kernel_tree)
    assert "own_wish_netmem(buf->netmem, 4);" in (kernel_tree / DRIVER).read_text()


@pytest.mark.long
def test_a_call_without_a_page_on_request(added: Added, tmp_path: Path, kernel_tree: Path) -> None:
    added.put("transforms/own_unmap.py", UNMAP)
    (kernel_tree / "include/net/own.h").write_text(UNMAP_H)
    (kernel_tree / DRIVER).write_text(TX)
    report = tmp_path / "report.json"
    assert added.run("diff", "-q", DEMO, cwd=kernel_tree).stdout == ""
    diff = added.run("diff", "-q", "--with-own-unmap", DEMO, "--report", str(report),
                     cwd=kernel_tree).stdout
    assert added_lines(diff).splitlines()[1:] == ["\town_unmap_netmem(dev, addr, len);"]
    assert json.loads(report.read_text())["drivers"][0]["verdict"] == "would-convert"
    # 6.12 does not have it.
    assert added.run("diff", "-q", "--api", "6.12", "--with-own-unmap", DEMO,
                     cwd=kernel_tree).stdout == ""
    (patch,) = added.run("format-patch", "--rules", "-q", "--with-own-unmap", DEMO, "-o",
                         str(tmp_path / "out"), cwd=kernel_tree).stdout.split()
    text = Path(patch).read_text()
    assert "  - own_unmap(dev, a, ...)\n  + own_unmap_netmem(dev, a, ...)\n" in text
    added.run("check", patch, cwd=kernel_tree)
    assert "proven" in added.run("verify", patch, "--kernel", ".", cwd=kernel_tree).stdout


# ----------------------------------------------------------------- other shapes of a row

SHAPES = {
    "swapped": ("own_set(p, i)", "own_set_netmem(i, p)", "own_set(buf->page, 3);",
                "own_set_netmem(3, buf->netmem);",
                "void own_set_netmem(int i, netmem_ref netmem);\n"
                "static inline void own_set(struct page *page, int i)\n"
                "{\n\town_set_netmem(i, page_to_netmem(page));\n}"),
    "member": ("p->own_mark", "own_netmem_mark(p)", "buf->offset = buf->page->own_mark;",
               "buf->offset = own_netmem_mark(buf->netmem);",
               "static inline int own_netmem_mark(netmem_ref netmem)\n"
               "{\n\treturn netmem_to_page(netmem)->own_mark;\n}"),
    "arithmetic": ("own_pfn(p) << 12", "own_netmem_phys(p)",
                   "buf->offset = own_pfn(buf->page) << 12;",
                   "buf->offset = own_netmem_phys(buf->netmem);",
                   "int own_pfn(struct page *page);\nint own_netmem_phys(netmem_ref netmem);"),
    "inside": ("own_hash(own_head(p))", "own_netmem_hash(p)",
               "buf->offset = own_hash(own_head(buf->page));",
               "buf->offset = own_netmem_hash(buf->netmem);",
               "struct page *own_head(struct page *page);\nint own_hash(struct page *page);\n"
               "int own_netmem_hash(netmem_ref netmem);"),
    "two-of-a-page": ("own_order(p) == n && own_last(p)", "own_netmem_fits(p, n)",
                      "buf->offset = own_order(buf->page) == 2 && own_last(buf->page);",
                      "buf->offset = own_netmem_fits(buf->netmem, 2);",
                      "int own_order(struct page *page);\nint own_last(struct page *page);\n"
                      "int own_netmem_fits(netmem_ref netmem, int n);"),
    "what-binds-loosely": ("own_phys(p)", "own_netmem_pfn(p) << 12",
                           "buf->offset = own_phys(buf->page) + 4;",
                           "buf->offset = (own_netmem_pfn(buf->netmem) << 12) + 4;",
                           "#define own_phys(p) (own_pfn(p) << 12)\n"
                           "int own_netmem_pfn(netmem_ref netmem);"
                           "\nstatic inline int own_pfn(struct page *page)\n"
                           "{\n\treturn own_netmem_pfn(page_to_netmem(page));\n}"),
    "an-operand-that-binds-loosely": (
        "own_scale(p, n)", "own_netmem_unit(p) * n",
        "buf->offset = own_scale(buf->page, buf->offset + 1);",
        "buf->offset = own_netmem_unit(buf->netmem) * (buf->offset + 1);",
        "#define own_scale(p, n) (own_unit(p) * (n))\n"
        "static inline int own_netmem_unit(netmem_ref netmem)\n"
        "{\n\treturn netmem_to_page(netmem)->own_mark;\n}\n"
        "static inline int own_unit(struct page *page)\n"
        "{\n\treturn own_netmem_unit(page_to_netmem(page));\n}"),
}

# What a form is made of has a page form too, so that the proof knows what it is for pages.
PARTS = {
    "what-binds-loosely": ' Form("own_pfn(p)", "own_netmem_pfn(p)", header="net/own.h")',
    "an-operand-that-binds-loosely":
        ' Form("own_unit(p)", "own_netmem_unit(p)", header="net/own.h")',
}


@pytest.mark.long
@pytest.mark.parametrize("name", SHAPES)
def test_a_row_of_any_shape(name: str, added: Added, tmp_path: Path, kernel_tree: Path) -> None:
    page, netmem, before, after, declared = SHAPES[name]
    more = PARTS.get(name, "")
    row = f'FORMS = (Form("{page}", "{netmem}", header="net/own.h"),{more})\n\n\ndef'
    text = re.sub(r"FORMS = .*?\n\n\ndef", lambda _: row, PAIR, flags=re.DOTALL)
    added.put("transforms/own_pair.py", text)
    (kernel_tree / "include/net/own.h").write_text(
        "#ifndef OWN\n#define OWN\n#include <net/netmem.h>\n" + declared + "\n#endif\n")
    (kernel_tree / DRIVER).write_text(KEEPS.replace("own_keep_page(buf->page, 4);", before))
    (patch,) = added.run("format-patch", "--rules", "-q", DEMO, "-o", str(tmp_path / "out"),
                         cwd=kernel_tree).stdout.split()
    said = Path(patch).read_text()
    assert f"+\t{after}" in said and f"  - {page}\n  + {netmem}\n" in said
    # format-patch writes nothing that check finds fault with; the proof is for new kinds of row.
    if name in ("swapped", "member", *PARTS):
        added.run("verify", patch, "--kernel", ".", cwd=kernel_tree)
