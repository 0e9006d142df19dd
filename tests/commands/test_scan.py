# SPDX-License-Identifier: GPL-2.0-only
"""`scan`: the order of drivers, what is next for each, totals, and the same as values."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from command_tools import DRIVER, Result, refused, run
from terminal_tools import on_terminal
from tools import plant, room_case

from netmem_migrate.report.nearest import ORDER

NET = "drivers/net"
POOL = """
static int demo_open(struct demo_ring *ring, struct page_pool_params *params)
{
	ring->pool = page_pool_create(params);
	return PTR_ERR_OR_ZERO(ring->pool);
}
"""
PAGES = DRIVER.decode() + POOL
NETMEM = PAGES.replace("struct page *page", "netmem_ref page").replace(
    "alloc_pages", "alloc_netmems").replace("rx_frag", "rx_frag_netmem").replace(
    "put_full_page", "put_full_netmem")
FLAGS = """
static const struct ethtool_ops demo_ops = {
	.supported_ring_params = ETHTOOL_RING_USE_TCP_DATA_SPLIT,
};

static int demo_set(int tcp_data_split)
{
	return tcp_data_split;
}
"""
BLOCKED = PAGES + """
static void demo_odd(struct demo_ring *ring)
{
	struct page *kept = page_pool_dev_alloc_pages(ring->pool);

	foreign(kept);
}
"""
NAMED = "/* page_pool_put */ int a;\n"
ROOM = room_case("own-member", "instead-of-the-address")[0]
HEADER = """\
typedef unsigned long netmem_ref;
struct page_pool *page_pool_create(const struct page_pool_params *params);
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void *netmem_address(netmem_ref netmem);
dma_addr_t page_pool_get_dma_addr_netmem(netmem_ref netmem);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, bool direct);
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off,
			    int size, unsigned int truesize);
"""


def kernel(root: Path, version: str, drivers: dict[str, str]) -> Path:
    """A kernel tree with drivers of one file, by their folders below drivers/net."""
    number, level = version.split(".")
    files = {"Makefile": f"VERSION = {number}\nPATCHLEVEL = {level}\nSUBLEVEL = 0\n", "Kbuild": "",
             "MAINTAINERS": "", "include/linux/none.h": "", "include/net/netmem.h": HEADER}
    for path, text in drivers.items():
        name = path.rpartition("/")[2]
        files[f"{NET}/{path}/Makefile"] = f"obj-y += {name}.o\n{name}-y := {name}_rx.o\n"
        files[f"{NET}/{path}/{name}_rx.c"] = text.replace("demo_", f"{name}_")
    return plant(root, files)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kernel of which no driver is as near as another."""
    root = kernel(tmp_path / "new", "7.3", {
        "acme": BLOCKED, "bolt": PAGES, "coil": NETMEM + FLAGS,
        "dyne/room": ROOM, "none": NAMED})
    monkeypatch.chdir(root)
    return root


def rows(result: Result) -> list[list[str]]:
    """The table where it goes to no terminal: its cells, a line a driver."""
    lines = result.out.decode().split("\n\n")[1].splitlines()
    return [re.split(r"\s{2,}", line) for line in lines]


def scanned(*words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("scan", "--json", *words).out)
    return found


def test_nearest_first_each_with_its_next_step(tree: Path) -> None:
    result = run("scan", ".")
    assert result.code == 0 and result.out.decode().startswith(f"5 drivers, {ORDER}.\n")
    head, *drivers, total = rows(result)
    assert head == ["driver", "verdict", "unmet", "left", "calls", "convert", "by-design",
                    "preparatory", "person", "missing-api", "gone-api", "next"]
    assert [(one[0], one[1]) for one in drivers] == [
        (f"{NET}/coil", "on netmem"), (f"{NET}/bolt", "would convert"), (f"{NET}/acme", "partial"),
        (f"{NET}/none", "no page_pool"), (f"{NET}/dyne/room", "refused")]
    unmet = [int(one[2]) for one in drivers if one[2] != "-"]
    assert unmet == sorted(unmet) and [one[2] for one in drivers[3:]] == ["-", "-"]
    steps = {one[0].removeprefix(f"{NET}/"): one[-1] for one in drivers}
    assert steps["bolt"] == f"convert: netmem-migrate format-patch {NET}/bolt -o out"
    assert steps["acme"] == f"convert: netmem-migrate format-patch {NET}/acme -o out"
    assert re.fullmatch(r"prepare \(own-member: \d+ more calls? converts?\): netmem-migrate "
                        rf"format-patch --prepare {NET}/dyne/room -o out", steps["dyne/room"])
    assert steps["coil"] == (
        "unmet: unreadable memory is allowed and never read (the pool's flag for unreadable "
        f"memory, which is not set: {NET}/coil/coil_rx.c:"
        f"{(NETMEM[:NETMEM.index('page_pool_create')]).count(chr(10)) + 1})")
    assert steps["none"].startswith("none known: ")
    assert total[0] == "all"
    columns = list(zip(*(one[3:-1] for one in drivers), strict=True))
    assert [int(one) for one in total[1:]] == [sum(map(int, one)) for one in columns]
    assert "Unmet in how many of the 3 that create a page_pool:\n" in result.out.decode()
    assert "   3  unreadable memory is allowed and never read\n" in result.out.decode()
    assert result.error_lines[-1].startswith("5 drivers looked at: ")


@pytest.mark.usefixtures("home")
def test_what_is_next_can_be_typed(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for here, path in ((tree, f"{NET}/bolt"), (tree / NET, "bolt"), (tree / NET / "bolt", "."),
                       (tree.parent, f"new/{NET}/bolt"), (tree / NET / "acme",
                                                           f"{tree}/{NET}/bolt")):
        monkeypatch.chdir(here)
        (_, driver, _) = rows(run("scan", str(tree / NET / "bolt")))
        command = driver[-1].removeprefix("convert: ").split()
        assert command == ["netmem-migrate", "format-patch", path, "-o", "out"]
        made = run(*command[1:-1], str(tree.parent / "out"), "--force")
        assert made.code == 0, made


def test_a_command_repeats_the_options_and_means_one_driver(tree: Path) -> None:
    plant(tree, {f"{NET}/acme/deep/Makefile": "obj-y += deep.o\n",
                 f"{NET}/acme/deep/deep.c": PAGES})
    found = scanned("-D", "CONFIG_X", "--api", "7.3", ".")
    steps = {one["path"]: one["scan"]["next"] for one in found["drivers"]}
    assert steps[f"{NET}/bolt"]["command"] == (
        f"netmem-migrate format-patch --api=7.3 -D=CONFIG_X {NET}/bolt -o out").replace("-D=", "-D")
    assert f" --one-driver {NET}/acme -o out" in steps[f"{NET}/acme"]["command"]


def test_no_column_is_cut_unsaid(tree: Path) -> None:
    lines = on_terminal(80, "scan", ".")
    assert all(len(line) <= 80 for line in lines), [line for line in lines if len(line) > 80]
    head = next(line for line in lines if line.startswith("driver "))
    assert head.split() == ["driver", "verdict", "unmet", "left", "calls", "convert", "by-design"]
    text = " ".join(" ".join(lines).split())
    assert ("Not shown, too wide for 80 columns: preparatory, person, missing-api, gone-api."
            in text)
    steps = [one["scan"]["next"] for one in scanned(".")["drivers"]]
    assert all(one["text"] in text for one in steps if not one["command"])


def test_a_command_that_is_cut_stays_one_to_a_shell(tree: Path) -> None:
    whole = f"netmem-migrate format-patch --prepare {NET}/dyne/room -o out"
    for columns in (80, 50):
        lines = on_terminal(columns, "scan", ".")
        at = lines.index(next(line for line in lines if line.startswith("  prepare")))
        said = "\n".join(lines[at:]).partition("netmem-migrate")
        typed = f"{said[1]}{said[2]}".replace("\\\n", " ")
        assert " ".join(typed.splitlines()[0].split()) == whole
        assert (" \\" in lines[at + 1]) is (columns == 50)


@pytest.mark.parametrize(("columns", "shown"), [(30, 4), (60, 5), (100, 9), (120, 11), (400, 12)])
def test_the_wider_the_more_columns(tree: Path, columns: int, shown: int) -> None:
    lines = on_terminal(columns, "scan", ".")
    at = next(at for at, line in enumerate(lines) if line.split()[:1] == ["driver"])
    # Where the name leaves no room for the rest it stands alone.
    head = lines[at].split() if columns > 30 else [*lines[at].split(), *lines[at + 1].split()]
    assert len(head) == shown and all(len(line) <= columns for line in lines[at:at + 2])
    said = any(line.startswith("Not shown, too wide") for line in lines)
    assert said is (shown < 11)


def test_names_with_blanks_stay_words_of_a_command(tree: Path) -> None:
    folder = "a folder with a rather long name and blanks"
    (tree / NET / "bolt").rename(tree / NET / folder)
    lines = on_terminal(50, "scan", NET)
    at = next(at for at, line in enumerate(lines) if line == "  convert:" and folder in
              lines[at - 2])
    assert lines[at - 2] == f"{NET}/{folder}" and lines[at - 1].startswith("    would convert")
    assert lines[at + 1:at + 4] == [
        "    netmem-migrate format-patch \\", f"        '{NET}/{folder}' \\", "        -o out"]


def test_trees_stand_apart(tree: Path, older: Path) -> None:
    result = run("scan", ".", str(older))
    for root, number in ((tree, 5), (older, 5)):
        assert f"{root}:\n{number} drivers, {ORDER}.\n" in result.out.decode()
    assert result.error_lines[-1].startswith("10 drivers looked at: ")
    found = scanned(".", str(older))
    assert [one["scan"]["rank"] for one in found["drivers"] if one["root"] == "old"] != []
    assert sorted(one["scan"]["rank"] for one in found["drivers"]) == sorted([*range(1, 6)] * 2)


def test_the_same_as_values(tree: Path) -> None:
    found = scanned(".")
    assert [one["path"] for one in found["drivers"]] == [
        f"{NET}/{one}" for one in ("acme", "bolt", "coil", "dyne/room", "none")]
    ranks = {one["scan"]["rank"]: one["path"] for one in found["drivers"]}
    assert [ranks[one] for one in sorted(ranks)] == [
        one[0] for one in rows(run("scan", "."))[1:-1]]
    coil = found["drivers"][2]["scan"]
    assert coil["unmet"] == [key for key in ("rx.5", "rx.6", "tx.1", "tx.2", "queue-mgmt")
                             if found["drivers"][2]["requirements"][key]["status"] == "unmet"]
    assert (coil["left"], coil["netmem_calls"]) == (0, 3)
    assert coil["next"] == {
        "kind": "requirement", "text": rows(run("scan", "."))[1][-1], "command": "", "steps": [],
        "requirement": "rx.5", "file": f"{NET}/coil/coil_rx.c", "line": coil["next"]["line"]}
    totals = found["totals"]
    assert totals["drivers"] == 5 == sum(totals["verdicts"].values())
    assert totals["calls"] == totals["converted"] + sum(totals["classes"].values())
    assert totals["left"] == sum(one["scan"]["left"] for one in found["drivers"])
    assert totals["netmem_calls"] == 3 and totals["judged"] == 3
    assert totals["requirements"]["rx.5"] == {
        "met": 0, "unmet": 3, "unknown": 0, "n/a": 0, "conditional": 0}
    assert str(tree) not in run("scan", "--json", ".").out.decode()


def test_a_report_of_a_conversion_has_none_of_it(tree: Path) -> None:
    report = json.loads(run("diff", ".", "--report", "-").out)
    assert "totals" not in report and all("scan" not in one for one in report["drivers"])


# ------------------------------------------------------------------ --since


@pytest.fixture
def older(tree: Path) -> Path:
    """The tree before: coil had pages, acme lay elsewhere, bolt was there without a pool."""
    return kernel(tree.parent / "old", "6.12", {
        "was/acme": BLOCKED, "bolt": "int nothing;\n", "coil": PAGES + FLAGS, "left": PAGES,
        "none": NAMED,
        "dyne/room": ROOM})


def test_what_moved_a_driver_a_line(tree: Path, older: Path) -> None:
    result = run("scan", "--since", str(older), ".")
    assert result.code == 0
    lines = result.out.decode().splitlines()
    assert lines[0] == "2 drivers changed from linux 6.12.0 to linux 7.3.0:"
    assert lines[1].startswith(f"  {NET}/acme (was {NET}/was/acme): ")
    assert lines[2] == (
        f"  {NET}/coil: would convert -> on netmem; netmem calls 0 -> 3; page calls not by "
        "design 2 -> 0; unmet -> met: netmem functions")
    assert lines[4] == "1 driver only in linux 7.3.0:"
    assert lines[5].startswith(f"  {NET}/bolt: would convert; netmem calls 0; page calls not by "
                               "design 2; ")
    assert lines[5].endswith(" unmet (the path was there)")
    assert lines[7] == "1 driver only in linux 6.12.0:"
    assert lines[8].startswith(f"  {NET}/left: ") and "(" not in lines[8]
    assert lines[10] == "2 drivers as before."
    assert lines[11].startswith("linux 6.12.0: 5 drivers looked at: ")
    assert lines[12].startswith("linux 7.3.0: 5 drivers looked at: ")


def test_what_moved_as_values(tree: Path, older: Path) -> None:
    since = scanned("--since", str(older), ".")["since"]
    assert (since["kernel"], since["api"]) == ("6.12.0", "6.12")
    acme, coil = since["changed"]
    assert (acme["path"], acme["was"]) == (f"{NET}/acme", f"{NET}/was/acme")
    assert coil == {"path": f"{NET}/coil", "verdict": {"from": "would-convert", "to": "on-netmem"},
                    "netmem_calls": {"from": 0, "to": 3}, "page_calls": {"from": 2, "to": 0},
                    "requirements": {"rx.3": {"from": "unmet", "to": "met"}}}
    (bolt,), (left,) = since["new"], since["gone"]
    assert (bolt["path"], bolt["there"]) == (f"{NET}/bolt", True)
    assert (left["path"], left["there"], left["netmem_calls"]) == (f"{NET}/left", False, 0)
    assert since["same"] == [f"{NET}/dyne/room", f"{NET}/none"]
    assert since["totals"]["drivers"] == 5


def test_what_moved_at_some_paths_only(tree: Path, older: Path) -> None:
    since = scanned("--since", str(older), f"{NET}/coil", f"{NET}/acme")["since"]
    assert [one["path"] for one in since["changed"]] == [f"{NET}/coil"]
    assert [one["path"] for one in since["new"]] == [f"{NET}/acme"] and not since["gone"]


def test_a_driver_that_moved_out_of_a_folder_of_several(tree: Path, older: Path) -> None:
    old, new = older / NET / "coil", tree / NET / "bolt"
    (old / "bolt_rx.c").write_text(PAGES.replace("demo_", "bolt_"))
    (old / "Makefile").write_text("obj-y += coil.o bolt_rx.o\ncoil-y := coil_rx.o\n")
    (new / "Makefile").write_text("obj-y += bolt-rx.o\nbolt-rx-y := bolt_rx.o\n")
    since = scanned("--since", str(older), ".")["since"]
    assert since["parts"] == [
        {"from": f"{NET}/coil", "to": f"{NET}/bolt", "files": ["bolt_rx.c"]}]
    said = run("scan", "--since", str(older), ".").out.decode()
    assert f"; bolt_rx.c moved to {NET}/bolt\n" in said
    assert f"; bolt_rx.c came from {NET}/coil (the path was there)\n" in said
    (old / "Makefile").write_text("obj-y += coil.o\ncoil-y := coil_rx.o bolt_rx.o\n")
    assert not scanned("--since", str(older), ".")["since"]["parts"]


def test_another_name_or_other_files_are_no_move(tree: Path, older: Path) -> None:
    (older / NET / "was/acme/Makefile").write_text("obj-y += other.o\nother-y := acme_rx.o\n")
    assert [one["path"] for one in scanned("--since", str(older), ".")["since"]["gone"]] == [
        f"{NET}/left", f"{NET}/was/acme"]
    (older / NET / "was/acme/Makefile").write_text("obj-y += acme.o\nacme-y := acme_ring.o\n")
    (older / NET / "was/acme/acme_rx.c").rename(older / NET / "was/acme/acme_ring.c")
    assert f"{NET}/was/acme" in [
        one["path"] for one in scanned("--since", str(older), ".")["since"]["gone"]]


def test_what_moved_fits_the_terminal(tree: Path, older: Path) -> None:
    lines = on_terminal(80, "scan", "--since", str(older), ".")
    assert all(len(line) <= 80 for line in lines)
    assert "page calls not by design 2 -> 0" in " ".join(" ".join(lines).split())


def test_what_cannot_be_held_against_each_other(tree: Path, older: Path) -> None:
    refused(run("scan", "--since", "missing", "."), "missing: no such folder", 2)
    refused(run("scan", "--since", NET, "."), "inside a kernel tree; its root is", 2)
    (older / "Kbuild").unlink()
    refused(run("scan", "--since", str(older), "."), "not a kernel tree", 2)
    (older / "Kbuild").touch()
    refused(run("scan", "--since", ".", NET), "the tree of the paths themselves", 2)
    refused(run("scan", "--since", ".", str(older), NET), "all in one kernel tree", 2)
    plant(tree.parent / "loose", {"d.c": PAGES})
    refused(run("scan", "--since", ".", str(tree.parent / "loose")), "all in one kernel tree", 2)
    for option in ("--html", "--sarif"):
        refused(run("scan", "--since", str(older), option, "x", "."), "leave them out", 2)
