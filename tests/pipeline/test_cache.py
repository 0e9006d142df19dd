# SPDX-License-Identifier: GPL-2.0-only
"""What was found before is given again where it still holds, and only there."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from git_tools import commit_all
from tools import plant, run

from netmem_migrate import answers, cached
from netmem_migrate.errors import InputError
from netmem_migrate.kernel import search

DRIVER = "drivers/net/ethernet/acme/nic"
BUF_H = """\
/* SPDX-License-Identifier: GPL-2.0-only */
struct acme_buf {
	struct page *page;
	u32 offset;
};
"""
MAIN_C = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <linux/acme.h>
#include "buf.h"
#include "../common/ring.h"

int acme_fill(struct acme_ring *ring, struct acme_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(ring->pool);
	return buf->page ? 0 : -ENOMEM;
}

void acme_frag(struct acme_buf *buf, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len, PAGE_SIZE);
	buf->page = NULL;
}

#ifdef ACME_KEEPS
void acme_kept(struct acme_ring *ring);
#else
void acme_kept(struct acme_ring *ring, struct acme_buf *buf)
{
	page_pool_put_full_page(ring->pool, buf->page, true);
}
#endif

void acme_drop(struct acme_ring *ring, struct acme_buf *buf)
{
	page_pool_put_full_page(ring->pool, buf->page, false);
}
"""
NETMEM_H = """\
typedef unsigned long __bitwise netmem_ref;
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off, int size,
			    unsigned int truesize);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, bool allow_direct);
"""
FILES = {
    "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 1\n", "Kbuild": "", "MAINTAINERS": "",
    "include/linux/kernel.h": "", "include/net/netmem.h": NETMEM_H,
    "include/linux/acme.h": "#include <linux/acme_more.h>\n", "include/linux/acme_more.h": "\n",
    f"{DRIVER}/Makefile": "obj-m += main.o\n", f"{DRIVER}/main.c": MAIN_C, f"{DRIVER}/buf.h": BUF_H,
    "drivers/net/ethernet/acme/common/ring.h":
        "struct acme_ring {\n\tstruct page_pool *pool;\n};\n",
    "drivers/infiniband/acme/Makefile": "obj-m += use.o\n",
    "drivers/infiniband/acme/use.c": "#include \"buf.h\"\n\nvoid *use(struct acme_buf *buf)\n{\n"
                                     "\treturn page_address(buf->page);\n}\n",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of the test's own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(tmp_path / "linux", FILES)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The drivers that were looked at, not found in the cache."""
    found: list[str] = []
    prepared = answers.prepared

    def noted(driver: answers.Driver, *rest: object) -> object:
        found.append(driver.path)
        return prepared(driver, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(answers, "prepared", noted)
    return found


def said(tree: Path, *options: str) -> tuple[int, str, str]:
    return told(run("diff", tree / DRIVER, *options))


def told(result: Result) -> tuple[int, str, str]:
    error = result.exception
    if isinstance(error, InputError):
        return error.code, result.stdout, str(error)
    return result.exit_code, result.stdout, result.stderr


def entries(cache: Path) -> list[Path]:
    return [one for one in cache.rglob("*") if one.is_file() and len(one.name) == 64]


def test_the_same_is_not_looked_for_again(tree: Path, asked: list[str], cache: Path) -> None:
    first = said(tree)
    assert "+\tnetmem_ref netmem;" in first[1]
    assert said(tree) == first
    assert asked == [DRIVER]
    assert len(entries(cache)) == 1


def test_what_is_touched_but_the_same_still_holds(tree: Path, asked: list[str]) -> None:
    first = said(tree)
    for one in tree.rglob("*"):
        os.utime(one)
    assert said(tree) == first
    assert asked == [DRIVER]


def _text(file: str, old: str, new: str) -> Callable[[Path], None]:
    def change(tree: Path) -> None:
        text = (tree / file).read_text()
        assert old in text
        (tree / file).write_text(text.replace(old, new, 1))

    return change


def _file(file: str, text: str) -> Callable[[Path], None]:
    return lambda tree: (plant(tree, {file: text}), None)[1]


def _unseen(tree: Path) -> None:
    """Another text of the same length, and of the same time."""
    file = tree / DRIVER / "main.c"
    before = file.stat()
    file.write_text(file.read_text().replace("acme_drop", "acme_free"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = file.stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)


CHANGES: dict[str, Callable[[Path], None]] = {
    "own source": _text(f"{DRIVER}/main.c", "buf->page = NULL", "buf->offset = 0"),
    "own header": _text(f"{DRIVER}/buf.h", "u32 offset", "u16 offset"),
    "same length and time": _unseen,
    "new source of the driver": _file(
        f"{DRIVER}/more.c", '#include "buf.h"\nvoid f(struct acme_buf *b)\n{\n\tput_page(b->page);'
        '\n}\n'),
    "borrowed header": _text("drivers/net/ethernet/acme/common/ring.h", "struct page_pool *pool;",
                             "struct page_pool *pool;\n\tstruct page *page;"),
    "header above defines a macro": _text("include/linux/acme.h", "#include",
                                          "#define ACME_KEEPS\n#include"),
    "header behind it does": _text("include/linux/acme_more.h", "\n", "#define ACME_KEEPS\n"),
    "new header that one names": lambda tree: (
        plant(tree, {"include/linux/late.h": "#define ACME_KEEPS\n"}),
        _text("include/linux/acme_more.h", "\n", "#include <linux/late.h>\n")(tree), None)[2],
    "header stands in front of another": _file("include/uapi/linux/acme.h", "#define A 1\n"),
    "Makefile of another driver": _text(
        "drivers/infiniband/acme/Makefile", "obj-m", "ccflags-y += -I$(srctree)/" + DRIVER +
        "\nobj-m"),
    "new user elsewhere": _file(
        "drivers/scsi/acme/use.c", f'#include "../../../{DRIVER}/buf.h"\n\n'
        "void use(struct acme_buf *buf)\n{\n\tget_page(buf->page);\n}\n"),
    "API of the tree": _text("include/net/netmem.h", "page_pool_put_full_netmem",
                             "page_pool_put_full_other"),
    "release of the tree": _text("Makefile", "PATCHLEVEL = 3", "PATCHLEVEL = 2"),
    "driver is gone": lambda tree: (tree / DRIVER / "main.c").write_text("int none;\n") and None,
}
# What the answer does not hang on, but was asked for it: it is only found anew.
SAME = ("header stands in front of another", "borrowed header", "release of the tree")


@pytest.mark.parametrize("what", CHANGES)
def test_no_change_leaves_a_stale_answer(what: str, tree: Path) -> None:
    first = said(tree)
    CHANGES[what](tree)
    second = said(tree)
    assert second == said(tree, "--no-cache")
    assert (second == first) == (what in SAME)


@pytest.mark.few(2)
@pytest.mark.parametrize("what", ["Makefile of another driver", "new user elsewhere",
                                  "header behind it does", "same length and time"])
def test_nor_in_a_run_of_the_whole_tree(what: str, tree: Path) -> None:
    _several(tree)
    first = run("diff", tree / "drivers", "-j1")
    CHANGES[what](tree)
    second = run("diff", tree / "drivers", "-j1")
    fresh = run("diff", tree / "drivers", "--no-cache")
    assert (second.stdout, second.stderr) == (fresh.stdout, fresh.stderr)
    assert second.stdout != first.stdout or second.stderr != first.stderr
    assert run("diff", tree / "drivers").stdout == fresh.stdout


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if no file of a tree had been changed just now, so that its status is trusted."""
    monkeypatch.setattr(search, "_MARGIN", -1 << 62)


def _several(tree: Path) -> None:
    for name in ("one", "two", "three", "four"):
        plant(tree, {file.replace("ethernet/acme", f"ethernet/{name}"): text
                     for file, text in FILES.items() if file.startswith("drivers/net")})


@pytest.mark.usefixtures("settled")
@pytest.mark.parametrize("what", ["new user elsewhere", "Makefile of another driver"])
def test_nor_where_the_status_of_files_is_trusted(what: str, tree: Path) -> None:
    _several(tree)
    first = run("diff", tree / "drivers", "-j1")
    CHANGES[what](tree)
    second = run("diff", tree / "drivers", "-j1")
    fresh = run("diff", tree / "drivers", "--no-cache")
    assert (second.stdout, second.stderr) == (fresh.stdout, fresh.stderr)
    assert (second.stdout, second.stderr) != (first.stdout, first.stderr)


@pytest.mark.usefixtures("settled")
def test_a_run_of_one_driver_leaves_what_a_run_of_the_tree_noted(tree: Path, cache: Path) -> None:
    _several(tree)
    run("diff", tree / "drivers", "-j1")
    before = {one: one.read_bytes() for one in entries(cache)}
    said(tree)
    assert {one: one.read_bytes() for one in entries(cache)} == before


@pytest.mark.few(3)
@pytest.mark.parametrize("options", [
    ("--keep-names",), ("-D", "ACME_KEEPS"), ("--only", "types"), ("--skip", "null"),
    ("--keep", "acme_buf.page"), ("--api", "6.12"), ("--prepare",)])
def test_an_option_is_another_question(options: tuple[str, ...], tree: Path) -> None:
    said(tree)
    assert said(tree, *options) == said(tree, *options, "--no-cache")


def test_a_change_back_is_known_again(tree: Path, asked: list[str]) -> None:
    first = said(tree)
    text = (tree / DRIVER / "main.c").read_text()
    (tree / DRIVER / "main.c").write_text(text.replace("acme_drop", "acme_free"))
    assert said(tree) != first
    (tree / DRIVER / "main.c").write_text(text)
    assert said(tree) == first
    assert len(asked) == 2


def test_another_tool_finds_its_own(tree: Path, asked: list[str],
                                    monkeypatch: pytest.MonkeyPatch) -> None:
    said(tree)
    was = cached.tool()
    monkeypatch.setattr(cached, "tool", lambda: was + b"+")
    said(tree)
    assert len(asked) == 2


def test_the_tool_is_every_file_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    was = cached.tool.__wrapped__()
    import netmem_migrate.transforms as passes

    (tmp_path / "more.py").write_text("# another pass\n")
    monkeypatch.setattr(passes, "__path__", [*passes.__path__, str(tmp_path)])
    now = cached.tool.__wrapped__()
    assert now != was
    (tmp_path / "more.py").write_text("# another one\n")
    assert cached.tool.__wrapped__() not in (was, now)


def test_without_the_cache_nothing_is_read_or_written(tree: Path, asked: list[str],
                                                      cache: Path) -> None:
    said(tree, "--no-cache")
    assert not cache.exists()
    said(tree)
    said(tree, "--no-cache")
    assert len(asked) == 3


@pytest.mark.parametrize("damage", ["cut", "turned", "empty", "other"])
def test_a_damaged_entry_is_found_anew(damage: str, tree: Path, asked: list[str],
                                       cache: Path) -> None:
    first = said(tree)
    (entry,) = entries(cache)
    data = entry.read_bytes()
    middle = len(data) // 2
    entry.write_bytes({"cut": data[:middle], "empty": b"", "other": b"no entry",
                       "turned": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1:],
                       }[damage])
    assert said(tree) == first
    assert said(tree) == first
    assert len(asked) == 2


def test_an_entry_that_makes_something_else_is_not_made(tree: Path, tmp_path: Path,
                                                        asked: list[str]) -> None:
    """Whoever can write there gets nothing run."""
    said(tree)
    store = cached.Cache.standard(whole=False).store
    (entry,) = entries(tmp_path / "cache")
    made = tmp_path / "made"
    store.put(entry.name, b"cos\nsystem\n(S'touch " + str(made).encode() + b"'\ntR.")
    said(tree)
    assert not made.exists()
    assert len(asked) == 2


@pytest.mark.parametrize("home", ["file/below", "/dev/null/x"])
def test_where_nothing_can_be_kept_all_is_found_anew(home: str, tree: Path, tmp_path: Path,
                                                     asked: list[str],
                                                     monkeypatch: pytest.MonkeyPatch) -> None:
    first = said(tree)
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / home))
    assert said(tree) == first
    assert said(tree) == first
    assert len(asked) == 3


def test_what_the_user_was_told_is_said_again(tree: Path) -> None:
    (tree / DRIVER / "gone.c").symlink_to("nowhere.c")
    first = said(tree)
    assert "a link that leads nowhere" in first[2]
    assert said(tree) == first


def test_an_error_is_said_again(tree: Path) -> None:
    (tree / DRIVER / "main.c").write_bytes(b"int page_pool_a;\n\0")
    first = said(tree)
    assert first[0] == 4
    assert said(tree) == first


def test_a_name_to_keep_that_there_is_not(tree: Path) -> None:
    first = said(tree, "--keep", "acme_buf.none")
    assert first[0] == 2
    assert said(tree, "--keep", "acme_buf.none") == first
    kept = said(tree, "--keep", "acme_buf.page")
    assert kept[0] != 2
    assert said(tree, "--keep", "acme_buf.page") == kept


def test_a_series_from_the_cache_is_the_same(tree: Path, tmp_path: Path, home: Path,
                                             asked: list[str]) -> None:
    written = []
    commit_all(tree)
    for name in ("one", "two"):
        result = run("format-patch", tree / "drivers", "-o", tmp_path / name, "--heads")
        assert result.exit_code in (0, 3), result.stderr
        written.append({one.name: one.read_bytes() for one in (tmp_path / name).iterdir()})
    assert written[0] == written[1] != {}
    assert len(asked) == len(set(asked))


def test_a_link_in_place_of_the_cache_is_not_followed(tree: Path, cache: Path,
                                                      tmp_path: Path) -> None:
    first = said(tree)
    (entry,) = entries(cache)
    data = entry.read_bytes()
    (tmp_path / "elsewhere").write_bytes(data)
    entry.unlink()
    entry.symlink_to(tmp_path / "elsewhere")
    assert said(tree) == first
    assert (tmp_path / "elsewhere").read_bytes() == data


@pytest.mark.few(2)
@pytest.mark.parametrize("command", [("scan",), ("scan", "--json"), ("plan",), ("plan", "--json")])
def test_other_commands_give_the_same_again(command: tuple[str, ...], tree: Path,
                                            asked: list[str]) -> None:
    first = run(*command, tree / DRIVER)
    again = run(*command, tree / DRIVER)
    assert (again.stdout, again.stderr) == (first.stdout, first.stderr)
    assert (first.stdout, first.stderr) == (lambda one: (one.stdout, one.stderr))(
        run(*command, tree / DRIVER, "--no-cache"))
    assert len(asked) == 2


@pytest.mark.long
def test_runs_at_the_same_time(tree: Path) -> None:
    first = said(tree, "--no-cache")
    command = [sys.executable, "-m", "netmem_migrate", "diff", str(tree / DRIVER)]
    several = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
               for _ in range(4)]
    for one in several:
        out, err = one.communicate()
        assert (one.returncode, out, err) == first
