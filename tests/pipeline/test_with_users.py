# SPDX-License-Identifier: GPL-2.0-only
"""Modules that share a record or an exported function move together, from whichever one begins."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from tools import plant, run

from netmem_migrate.api import migrate
from netmem_migrate.errors import ExitCode
from netmem_migrate.results import Run, Verdict

HEADER = """\
/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef DEMOLIB_RX_H
#define DEMOLIB_RX_H

struct demolib_buf {
	struct page	*page;
	u32		offset;
};

void demolib_recycle(struct page_pool *pool, struct page *page);

static inline int demolib_fill(struct page_pool *pool,
			       struct demolib_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : -ENOMEM;
}

#endif
"""
LIBRARY = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

void demolib_recycle(struct page_pool *pool, struct page *page)
{
	page_pool_recycle_direct(pool, page);
}
EXPORT_SYMBOL_GPL(demolib_recycle);
"""
ONE = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

void one_frag(struct demolib_buf *buf, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len, PAGE_SIZE);
	buf->page = NULL;
}

void one_drop(struct page_pool *pool, struct demolib_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}
"""
OTHER = """\
// SPDX-License-Identifier: GPL-2.0-only
#include "other.h"

void other_drop(struct page_pool *pool, struct other_rx_buf *buf)
{
	if (buf->page)
		demolib_recycle(pool, buf->page);
	buf->page = NULL;
}

void other_down(struct page_pool *pool, struct other_rx_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
	page_pool_destroy(pool);
}
"""
OTHER_H = """\
/* SPDX-License-Identifier: GPL-2.0-only */
#include <net/demolib/rx.h>

/* A buffer of ours is one of the library's. */
#define other_rx_buf	demolib_buf
"""
# Includes the header, and uses nothing of it.
BYSTANDER = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/rx.h>

struct by_buf {
	struct page *page;
};

void by_fill(struct page_pool *pool, struct by_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
}

void by_frag(struct by_buf *buf, struct sk_buff *skb, int len)
{
	skb_add_rx_frag(skb, 0, buf->page, 0, len, PAGE_SIZE);
}
"""
API = ("--api", "7.3")
MODULES = ("demolib", "one", "other")
CHANGED = ["drivers/net/demolib/rx.c", "drivers/net/one/one.c", "drivers/net/other/other.c",
           "include/net/demolib/rx.h"]


def tree(folder: Path, **more: str) -> Path:
    files = {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 1\n", "Kbuild": "", "MAINTAINERS": "",
        "include/linux/kernel.h": "", "include/net/demolib/rx.h": HEADER,
        "include/net/netmem.h": "typedef unsigned long __bitwise netmem_ref;\n",
        "drivers/net/demolib/rx.c": LIBRARY, "drivers/net/one/one.c": ONE,
        "drivers/net/other/other.c": OTHER, "drivers/net/other/other.h": OTHER_H,
        "drivers/net/by/by.c": BYSTANDER,
    }
    files |= {name.replace("__", "/").replace("_c", ".c"): text for name, text in more.items()}
    for module, objects in {"demolib": "rx.o", "one": "one.o", "other": "other.o", "by": "by.o",
                            }.items():
        files[f"drivers/net/{module}/Makefile"] = f"obj-m += {objects}\n"
    return plant(folder, files)


def paths(root: Path, *modules: str) -> list[Path]:
    return [root / "drivers/net" / one for one in modules]


def after(run: Run) -> dict[str, bytes]:
    assert not run.stopped
    return {change.path: change.after for one in run.drivers for change in one.changes}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("option", ["with_users", "prepare"])
def test_all_move_in_one_patch_from_any_of_them(module: str, option: str, tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    found = migrate(paths(root, module), api="7.3", **{option: True})
    (migration,) = found.drivers
    assert [change.path for change in migration.changes] == CHANGED
    assert len(migration.steps) == 1
    assert migration.report.path == "drivers/net/demolib"
    assert migration.report.joined == tuple(f"drivers/net/{one}" for one in MODULES)
    assert migration.report.verdict is Verdict.WOULD_CONVERT
    (room,) = migration.report.rooms
    assert room.step == "scope"
    assert after(found) == after(migrate(paths(root, *MODULES), api="7.3"))
    assert b"demolib_recycle(pool, buf->netmem)" in after(found)["drivers/net/other/other.c"]


def test_paths_that_depend_on_each_other_are_one_conversion(tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    found = migrate(paths(root, "other", "by", "one", "demolib"), api="7.3")
    assert [one.report.path for one in found.drivers] == ["drivers/net/demolib", "drivers/net/by"]
    assert sorted(after(found)) == sorted([*CHANGED, "drivers/net/by/by.c"])


@pytest.mark.parametrize("modules", [("one",), ("one", "other"), ("demolib", "by")])
def test_some_of_them_stay_and_the_advice_names_the_rest(modules: tuple[str, ...],
                                                         tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    found = migrate(paths(root, *modules), api="7.3")
    assert not {*after(found)} & {*CHANGED}
    for migration in found.drivers:
        if migration.report.path != "drivers/net/by":
            (room,) = migration.report.advised
            missing = {one for one in MODULES if f"drivers/net/{one}" != migration.report.path}
            assert set(room.made.split(", ")) == {f"drivers/net/{one}" for one in missing}


def test_who_only_includes_the_header_is_left_alone(tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    (migration,) = migrate(paths(root, "by"), api="7.3", with_users=True).drivers
    assert [change.path for change in migration.changes] == ["drivers/net/by/by.c"]
    assert not migration.report.joined and not migration.report.rooms


STAYS = {
    "one needs a page": ONE.replace("\tbuf->page = NULL;", "\tkunmap_local(kmap_local_page("
                                    "buf->page));\n\tbuf->page = NULL;"),
    "one finds it by a macro": ONE.replace(
        "void one_frag", "#define OF(b, m) ((b)->m)\n\nvoid one_frag").replace(
        "0, buf->page", "0, OF(buf, page)"),
}


@pytest.mark.parametrize("name", STAYS)
def test_where_one_of_them_cannot_all_stay(name: str, tmp_path: Path) -> None:
    root = tree(tmp_path / "linux", drivers__net__one__one_c=STAYS[name])
    assert (root / "drivers/net/one/one.c").read_text() == STAYS[name]
    for module in MODULES:
        found = migrate(paths(root, module), api="7.3", with_users=True)
        assert not after(found)
        assert not found.drivers[0].report.advised and not found.drivers[0].report.rooms


def test_a_walk_counts_them_once(tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    done = run("diff", root / "drivers/net", "--with-users", "--stat", *API)
    assert done.exit_code == ExitCode.DONE
    assert done.stderr.count("would convert:") == 2
    assert "2 drivers looked at" in done.stderr
    done = run("diff", root / "drivers/net", "--stat", *API)
    assert done.stderr.count("--prepare makes room: scope") == 3


def test_what_was_applied_is_written_as_a_series(tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    person = ["-c", "user.name=A Person", "-c", "user.email=person@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "base"]):
        subprocess.run(["git", *person, *words], cwd=root, check=True)
    (root / ".git/config").open("a").write("[user]\nname = A Person\nemail = p@example.org\n")
    clean, applied = tmp_path / "clean", tmp_path / "applied"
    arguments = ("format-patch", root / "drivers/net/one", "--with-users", *API, "-o")
    assert run(*arguments, clean).exit_code == ExitCode.DONE
    done = run("apply", root / "drivers/net/one", "--with-users", *API)
    assert done.exit_code == ExitCode.DONE
    done = run(*arguments, applied)
    assert done.exit_code == ExitCode.DONE, done.output
    (first,), (then,) = (sorted(one.glob("*.patch")) for one in (clean, applied))
    assert first.read_bytes() == then.read_bytes()
    assert b"4 files changed" in first.read_bytes()


ALIAS = "#include <net/demolib/rx.h>\n\n#define alias_buf demolib_buf\n"
BY_ALIAS = """\
// SPDX-License-Identifier: GPL-2.0-only
#include <net/demolib/alias.h>

void third_drop(struct page_pool *pool, struct alias_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
}
"""
BY_NAME = """\
// SPDX-License-Identifier: GPL-2.0-only
void demolib_recycle(struct page_pool *pool, struct page *page);

void third_drop(struct page_pool *pool)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	demolib_recycle(pool, page);
}
"""


@pytest.mark.parametrize(("header", "text"), [(ALIAS, BY_ALIAS), ("", BY_NAME)],
                         ids=["by another name of the record", "by a prototype of its own"])
def test_no_user_is_left_behind(header: str, text: str, tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    plant(root, {"drivers/net/third/Makefile": "obj-m += third.o\n",
                 "drivers/net/third/third.c": text,
                 **({"include/net/demolib/alias.h": header} if header else {})})
    for module in MODULES:
        changed = after(migrate(paths(root, module), api="7.3", with_users=True))
        assert not changed or b"struct page *" not in changed["drivers/net/third/third.c"]


@pytest.mark.parametrize("file", ["arch/arm/user.c", "net/core/user.c"])
def test_a_user_that_is_no_driver_keeps_all_of_them(file: str, tmp_path: Path) -> None:
    root = tree(tmp_path / "linux")
    plant(root, {file: "#include <net/demolib/rx.h>\n\nstruct page *user(struct demolib_buf *b)\n"
                       "{\n\treturn b->page;\n}\n"})
    for module in MODULES:
        assert not after(migrate(paths(root, module), api="7.3", with_users=True))
