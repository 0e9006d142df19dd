# SPDX-License-Identifier: GPL-2.0-only
"""Arms of `#if` through the command line: what the target leaves out is not the tool's."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tools import MOVED, PRELUDE, convert, plant, run

from netmem_migrate.errors import UsageError

VERSION = "#if LINUX_VERSION_CODE {0}\n".format
OLD = VERSION("< KERNEL_VERSION(5, 8, 0)")
NEW = VERSION(">= KERNEL_VERSION(5, 8, 0)")
PUT = "\tpage_pool_put_full_page(ring->pool, ring->buf[0].page, false);\n"
PUT_MOVED = "\tpage_pool_put_full_netmem(ring->pool, ring->buf[0].netmem, false);\n"
LOST = "\tput_page(ring->buf[0].page); page_pool_put_page(ring->buf[0].page); /* @page */\n"


def drop(body: str) -> str:
    return f"void drop(struct ring *ring)\n{{\n{body}}}\n"


@pytest.mark.parametrize(("before", "after"), [
    (drop(f"{NEW}{PUT}#else\n{LOST}#endif\n"), drop(f"{NEW}{PUT_MOVED}#else\n{LOST}#endif\n")),
    (drop(f"{OLD}{LOST}#else\n{PUT}#endif\n"), drop(f"{OLD}{LOST}#else\n{PUT_MOVED}#endif\n")),
    (drop(f"#if 0\n{LOST}#elif 1\n{PUT}#endif\n"),
     drop(f"#if 0\n{LOST}#elif 1\n{PUT_MOVED}#endif\n")),
    (drop(f"{PUT}#ifndef __KERNEL__\n{LOST}#endif\n"),
     drop(f"{PUT_MOVED}#ifndef __KERNEL__\n{LOST}#endif\n")),
    # a whole function, a macro of the call's own name, a record
    (f"{OLD}{drop(LOST)}#else\n{drop(PUT)}#endif\n",
     f"{OLD}{drop(LOST)}#else\n{drop(PUT_MOVED)}#endif\n"),
    (f"{OLD}#define page_pool_put_full_page(a, b, c) page_pool_put_page(a, b, c)\n#endif\n"
     f"{drop(PUT)}",
     f"{OLD}#define page_pool_put_full_page(a, b, c) page_pool_put_page(a, b, c)\n#endif\n"
     f"{drop(PUT_MOVED)}"),
    (f"{OLD}struct rx_buf {{\n\tstruct page *page;\n}};\n#define alias page\n#endif\n{drop(PUT)}",
     f"{OLD}struct rx_buf {{\n\tstruct page *page;\n}};\n#define alias page\n#endif\n"
     f"{drop(PUT_MOVED)}"),
    # the head of a function
    (f"{OLD}void drop(struct ring *ring, struct page *page)\n#else\nvoid drop(struct ring *ring)\n"
     f"#endif\n{{\n{PUT}}}\n",
     f"{OLD}void drop(struct ring *ring, struct page *page)\n#else\nvoid drop(struct ring *ring)\n"
     f"#endif\n{{\n{PUT_MOVED}}}\n"),
])
def test_no_edit_in_an_arm_that_is_left_out(tmp_path: Path, before: str, after: str) -> None:
    migration, files = convert(tmp_path / "d", {"d.c": (PRELUDE + before).encode()})
    assert files["d.c"].decode() == MOVED + after
    assert not migration.report.refusals
    assert {site.line for site in migration.report.sites} <= {
        number for number, line in enumerate((PRELUDE + before).splitlines(), 1)
        if line not in LOST.splitlines()}


def test_a_driver_of_old_kernels_only_does_not_use_page_pool(tmp_path: Path) -> None:
    folder = plant(tmp_path / "d", {"d.c": f"{OLD}{PRELUDE}{drop(PUT)}#endif\nint i;\n"})
    done = run("diff", folder)
    assert done.exit_code == 0
    assert "no page_pool" in done.stderr
    assert not done.stdout


@pytest.mark.parametrize(("options", "moved"), [
    ((), 2), (("-D", "WITH_POOL"), 1), (("-U", "WITH_POOL"), 1), (("--define=WITH_POOL=0",), 1),
])
def test_options_settle_arms(tmp_path: Path, options: tuple[str, ...], moved: int) -> None:
    body = f"#ifdef WITH_POOL\n{PUT}#else\n{PUT.replace('false', 'true')}#endif\n"
    folder = plant(tmp_path / "d", {"d.c": PRELUDE + drop(body)})
    done = run("diff", folder, *options)
    assert done.exit_code == 0
    assert done.stdout.count("+\tpage_pool_put_full_netmem(") == moved
    kept = PUT if "-U" in options else PUT.replace("false", "true")
    assert (f"-{kept}" in done.stdout) == (moved == 2)


@pytest.mark.parametrize("command", ["diff", "apply", "check", "scan"])
def test_what_is_no_name_is_wrong_usage(tmp_path: Path, command: str) -> None:
    folder = plant(tmp_path / "d", {"d.c": PRELUDE + drop(PUT)})
    done = run(command, folder, "-D", "1X")
    assert isinstance(done.exception, UsageError)
    assert "1X" in str(done.exception)
    assert (folder / "d.c").read_text() == PRELUDE + drop(PUT)


def test_explain_says_that_a_line_is_left_out(tmp_path: Path) -> None:
    folder = plant(tmp_path / "d", {"d.c": PRELUDE + drop(f"{NEW}{PUT}#else\n{LOST}#endif\n")})
    lines = (folder / "d.c").read_text().splitlines()
    done = run("explain", f"{folder / 'd.c'}:{lines.index(LOST.rstrip()) + 1}")
    assert f"7.3 leaves this line out, by #else of {NEW.rstrip()} (line " in done.stdout
    done = run("explain", f"{folder / 'd.c'}:{lines.index(PUT.rstrip()) + 1}")
    assert "leaves this line out" not in done.stdout


def test_check_finds_nothing_where_the_target_has_nothing(tmp_path: Path) -> None:
    wrong = f"{PUT}{PUT}"
    for arm, findings in ((OLD, 0), (NEW, 1)):
        folder = plant(tmp_path / str(findings), {"d.c": PRELUDE + drop(f"{arm}{wrong}#endif\n")})
        done = run("check", folder)
        assert done.exit_code == findings, done.output


@pytest.mark.parametrize(("body", "line"), [
    (drop(f"{NEW}{PUT}#else\n{LOST}#endif\n"), NEW),
    (drop(f"{NEW}\tring->spare = NULL;\n#endif\n{PUT}"), NEW),
    (f"{OLD}int compat;\n#endif\n{drop(PUT)}", OLD),
    (f"#if 1 && LINUX_VERSION_CODE < KERNEL_VERSION(4,4,0)\nint compat;\n#endif\n{drop(PUT)}",
     "#if 1 && LINUX"),
    (drop(f"{PUT}{VERSION('> KERNEL_VERSION(8, 1, 0)')}\tring++;\n"
          "#elif LINUX_VERSION_CODE > KERNEL_VERSION(5, 1, 0)\n\tring--;\n#endif\n"),
     "#if LINUX_VERSION_CODE > KERNEL_VERSION(8"),
])
def test_a_driver_of_older_kernels_too_gets_one_note(tmp_path: Path, body: str, line: str) -> None:
    folder = plant(tmp_path / "d", {"d.c": PRELUDE + body + OLD + "int more;\n#endif\n"})
    done = run("diff", folder, "--report", tmp_path / "r.json")
    assert done.exit_code == 0
    report = json.loads((tmp_path / "r.json").read_text())
    (driver,) = report["drivers"]
    where = driver["older_kernels"]
    assert (folder / "d.c").read_text().splitlines()[where["line"] - 1].startswith(line.rstrip())
    assert re.fullmatch(r"\d+\.\d+", where["before"])
    assert done.stderr.count("no longer builds for kernels before") == 1
    assert f"(d.c:{where['line']}); converted, it no longer builds for kernels before " \
           f"{where['before']}" in done.stderr


@pytest.mark.parametrize("body", [
    drop(PUT),
    drop(f"{VERSION('>= KERNEL_VERSION(7, 4, 0)')}{LOST}#endif\n{PUT}"),  # of kernels to come
    drop(f"#ifdef HAVE_POOL\n{PUT}#else\n{PUT}#endif\n"),
    drop(f"#if 0\n{LOST}#endif\n{PUT}"),
    f"/*\n{OLD}*/\n{drop(PUT)}",
    # nothing is converted
    drop(f"{NEW}{PUT}\tforeign(ring->buf[0].page);\n\tforeign(ring->spare);\n#else\n{LOST}#endif\n"),
])
def test_other_drivers_get_none(tmp_path: Path, body: str) -> None:
    folder = plant(tmp_path / "d", {"d.c": PRELUDE + body})
    done = run("diff", folder, "--report", "-")
    assert "older" not in done.output
