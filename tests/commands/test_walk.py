# SPDX-License-Identifier: GPL-2.0-only
"""A folder above drivers: each is found, none twice, and what was looked at in vain is said."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest
from command_tools import DRIVER, run
from git_tools import commit_all
from tools import plant

SOURCE = DRIVER.decode()
NET = "drivers/net"
ONE, TWO, THREE = f"{NET}/acme/one", f"{NET}/acme/two", f"{NET}/bolt"
PLAIN = "int plain(void)\n{\n\treturn 0;\n}\n"


def driver(name: str) -> str:
    return SOURCE.replace("demo_", f"{name}_")


@pytest.fixture
def tree(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel of four drivers, one of which lies beside the folders of the others."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root = plant(tmp_path / "linux", {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\n", "Kbuild": "", "MAINTAINERS": "",
        "include/linux/none.h": "",
        "include/net/netmem.h": "typedef unsigned long netmem_ref;\n"
        "netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);\n"
        "void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, bool direct);\n"
        "void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off,\n"
        "\t\t\t    int size, unsigned int truesize);\n",
        f"{NET}/Makefile": "obj-y += virt.o acme/ bolt/ dull/\n", f"{NET}/virt.c": driver("virt"),
        f"{NET}/acme/Makefile": "obj-y += one/ two/\n",
        f"{ONE}/Makefile": "obj-y += one.o\none-y := rx.o lib/mem.o\n",
        f"{ONE}/rx.c": driver("one"),
        f"{ONE}/rx.h": "struct one_more {\n\tint a;\n};\n",
        f"{ONE}/lib/mem.c": '#include "../rx.h"\n' + PLAIN,
        f"{TWO}/Kbuild": "obj-y += two.o\n", f"{TWO}/two.c": driver("two"),
        f"{THREE}/Makefile": "obj-y += bolt.o\n", f"{THREE}/bolt.c": driver("bolt"),
        f"{NET}/dull/Makefile": "obj-y += dull.o\n", f"{NET}/dull/dull.c": PLAIN,
        f"{NET}/dull/dull.h": "\n", f"{NET}/dull/notes.txt": "page_pool\n",
    })
    monkeypatch.chdir(root)
    return root


def changed(diff: bytes) -> list[str]:
    return [one.decode() for one in re.findall(rb"^\+\+\+ b/(.*)$", diff, re.MULTILINE)]


ALL = [f"{ONE}/rx.c", f"{TWO}/two.c", f"{THREE}/bolt.c", f"{NET}/virt.c"]


@pytest.mark.parametrize(("path", "here", "files"), [
    (".", ".", ALL), ("drivers", ".", ALL), (NET, ".", ALL), (".", NET, ALL), ("..", ONE, ALL[:2]),
    ("acme", NET, ALL[:2]), (".", f"{NET}/acme", ALL[:2]), (ONE, ".", ALL[:1]), (".", ONE, ALL[:1]),
    (f"{ONE}/rx.c", ".", ALL[:1]), (f"{NET}/virt.c", ".", ALL[3:]),
])
def test_every_driver_of_a_folder_is_found(tree: Path, path: str, here: str, files: list[str],
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tree / here)
    result = run("diff", path)
    assert (result.code, changed(result.out)) == (0, files), result.err
    calls = f"{2 * len(files)} of {2 * len(files)} calls that are not by design converted (100 %)"
    totals = (f"{len(files)} drivers looked at: {len(files)} would convert, {calls}, "
              f"{len(files)} files changed")
    assert (result.error_lines[-1] == totals) is (len(files) > 1)


def test_a_walk_gives_what_each_driver_does(tree: Path) -> None:
    alone = [run("diff", "-q", one).out for one in (ONE, TWO, THREE, f"{NET}/virt.c")]
    assert run("diff", "-q", NET).out == b"".join(alone)
    assert run("diff", "-q", NET, ONE, f"{NET}/acme", ".").out == b"".join(alone)
    assert changed(run("diff", "--one-driver", NET).out) == ALL[3:]


def test_each_face_walks(tree: Path, tmp_path: Path) -> None:
    scanned = json.loads(run("scan", "--json", NET).out)
    paths = [NET, ONE, TWO, THREE]
    assert [one["path"] for one in scanned["drivers"]] == paths
    assert scanned["looked"] == [{"path": NET, "files": 8, "drivers": 4}]
    assert run("check", NET).err == "4 drivers looked at\n0 errors, 0 warnings, 0 notes\n"
    out = tmp_path / "out"
    made = run("format-patch", ".", "-o", str(out)).out.decode().split()
    assert [Path(one).parent.name for one in made] == ["net", "one", "two", "bolt"]
    assert run("review", NET, "--html", str(tmp_path / "page.html")).code == 0
    page = (tmp_path / "page.html").read_text()
    assert all(one in page for one in paths)
    listed = run("apply", NET, "--report", "-")
    assert [one["path"] for one in json.loads(listed.out)["drivers"]] == paths
    assert all("netmem" in (tree / one).read_text() for one in ALL)


@pytest.mark.parametrize(("command", "path", "says"), [
    (("diff",), f"{NET}/dull", f"{NET}/dull: no page_pool driver found in 2 files looked at"),
    (("scan",), f"{NET}/dull", f"{NET}/dull: no page_pool driver found in 2 files looked at"),
    (("check",), f"{NET}/dull/", f"{NET}/dull: no page_pool driver found in 2 files looked at"),
    (("apply",), "include", "include: no page_pool driver found in 2 files looked at"),
    (("format-patch", "-o", "out"), f"{NET}/dull",
     f"{NET}/dull: no page_pool driver found in 2 files looked at"),
])
def test_a_walk_in_vain_says_what_it_looked_at(tree: Path, command: tuple[str, ...], path: str,
                                               says: str) -> None:
    result = run(*command, path)
    assert (result.code, result.out) == (0, b"")
    assert says in result.error_lines and "nothing to do" not in result.err


def test_a_walk_in_vain_beside_one_that_is_not(tree: Path) -> None:
    result = run("diff", f"{NET}/dull", ONE)
    assert changed(result.out) == ALL[:1]
    assert result.error_lines[0].endswith("no page_pool driver found in 2 files looked at")


@pytest.mark.parametrize("path", ["MAINTAINERS", "Documentation", f"{NET}/dull/notes.txt"])
def test_what_holds_no_source_is_an_error(tree: Path, path: str) -> None:
    (tree / "Documentation").mkdir()
    (tree / "Documentation/page_pool.rst").write_text("page_pool\n")
    result = run("diff", path)
    assert (result.code, result.out, len(result.error_lines)) == (4, b"", 1)


@pytest.mark.parametrize("command", ["diff", "scan", "check", "apply", "review"])
def test_a_part_of_a_driver_names_the_driver(tree: Path, command: str) -> None:
    result = run(command, f"{ONE}/lib")
    assert (result.code, result.out, len(result.error_lines)) == (4, b"", 1)
    assert f"a part of {tree / ONE}, and converts only with it: give that" in result.err
    assert run("explain", f"{ONE}/lib/mem.c:2").out.decode() == (
        f"{ONE}/lib/mem.c:2: no page is declared, used or passed here\n")


def test_a_folder_that_no_rule_builds_stands_for_itself(tree: Path) -> None:
    plant(tree, {f"{ONE}/tests/t.c": driver("t")})
    assert changed(run("diff", f"{ONE}/tests").out) == [f"{ONE}/tests/t.c"]


def test_paths_in_two_trees_and_outside_any(tree: Path, tmp_path: Path) -> None:
    subprocess.run(["cp", "-r", tree, tmp_path / "other"], check=True)
    plant(tmp_path / "mine", {"m.c": driver("mine")})
    paths = (ONE, str(tmp_path / "mine"), str(tmp_path / "other" / TWO))
    result = run("diff", *paths, "--report", str(tmp_path / "r.json"))
    assert changed(result.out) == [f"{ONE}/rx.c", "m.c", f"{TWO}/two.c"]
    assert [line for line in result.error_lines if line.endswith(":")] == [
        f"{one}:" for one in (tree, tmp_path / "mine", tmp_path / "other")]
    assert result.error_lines[-1].startswith("3 drivers looked at: 3 would convert")
    told = json.loads((tmp_path / "r.json").read_text())["drivers"]
    assert [(one["root"], one["path"]) for one in told] == [
        ("linux", ONE), ("mine", "."), ("other", TWO)]
    made = run("format-patch", *paths, "-o", str(tmp_path / "out")).out.decode().split()
    assert [Path(one).parent.name for one in made] == ["linux", "mine", "other"]
    assert run("apply", *paths).code == 0
    assert "netmem" in (tmp_path / "mine/m.c").read_text()
    assert "netmem" in (tmp_path / "other" / TWO / "two.c").read_text()
    assert "netmem" not in (tree / TWO / "two.c").read_text()


def test_a_tree_that_is_given_is_what_a_driver_outside_is_written_for(
        tree: Path, tmp_path: Path) -> None:
    plant(tmp_path / "mine", {"m.c": driver("mine")})
    result = run("diff", str(tmp_path / "mine"), "--kernel", str(tree))
    assert (result.code, changed(result.out)) == (0, ["m.c"])
    subprocess.run(["cp", "-r", tree, tmp_path / "other"], check=True)
    refused = run("diff", str(tmp_path / "other" / ONE), "--kernel", str(tree))
    assert refused.code == 4 and "not inside the kernel tree" in refused.err


# -- outside any tree

HEADER = """\
struct demo_ring {
	struct page_pool *pool;
	struct page *page;
	u32 offset;
};
"""
BODY = SOURCE.replace(HEADER, "")
assert BODY != SOURCE


@pytest.mark.few(4)
@pytest.mark.parametrize("include", ['"../include/vnd.h"', '"vnd.h"', "<vnd.h>", '"include/vnd.h"'])
@pytest.mark.parametrize("top", [{"Makefile": "obj-m += src/\n"}, {}], ids=["rules", "none"])
def test_headers_beside_the_folder_of_the_sources(home: Path, tmp_path: Path, include: str,
                                                  top: dict[str, str]) -> None:
    root = plant(tmp_path / "vnd", {
        **top, "src/Makefile": "obj-m += vnd.o\nccflags-y := -I$(src)/../include\n",
        "src/vnd.c": f"#include {include}\n{BODY}", "include/vnd.h": HEADER,
        "tools/Makefile": "all:\n", "tools/tool.c": PLAIN})
    result = run("diff", str(root))
    assert (result.code, changed(result.out)) == (0, ["include/vnd.h", "src/vnd.c"]), result.err
    if include != '"include/vnd.h"':
        alone = run("diff", str(root / "src"))
        assert alone.code == 4 and f"a part of {root}, and converts only with it" in alone.err
    commit_all(root)
    made = run("format-patch", str(root), "-o", str(tmp_path / "out"))
    assert made.code == 0 and made.out.count(b".patch") == 1


def test_modules_that_share_nothing_are_drivers_apart(home: Path, tmp_path: Path) -> None:
    root = plant(tmp_path / "vnd", {
        "a/Makefile": "", "a/a.c": driver("a"), "b/Makefile": "", "b/b.c": driver("b"),
        "c/Makefile": "", "c/c.c": PLAIN, "d/Makefile": "",
        "d/d.c": '#include "../b/b.h"\n' + PLAIN, "b/b.h": "\n"})
    found = json.loads(run("scan", "--json", str(root)).out)["drivers"]
    assert [(one["path"], one["files"]) for one in found] == [
        (".", ["b/b.c", "b/b.h", "d/d.c"]), ("a", ["a/a.c"])]


def test_a_header_elsewhere_that_holds_no_page_is_no_reason(home: Path, tmp_path: Path) -> None:
    root = plant(tmp_path / "vnd", {
        "src/Makefile": "obj-m += vnd.o\n", "version.h": "#define VERSION 1\n",
        "src/vnd.c": '#include "../version.h"\n' + SOURCE})
    assert run("diff", str(root / "src")).code == 0
