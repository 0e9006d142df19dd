# SPDX-License-Identifier: GPL-2.0-only
"""Which prefix of a subject means which module: counted in changelogs of our own."""

from __future__ import annotations

import gzip
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kernel_tools import header_tree
from tools import plant

from netmem_migrate.cli import cli
from netmem_migrate.errors import InputError

NET = "drivers/net/ethernet"
# A vendor's folder of three drivers, drivers that have names of others, a library and its user.
TREE = {
    f"{NET}/ti/Makefile": "obj-m += ti_cpsw.o ti-am65-cpsw-nuss.o iep.o\n"
                          "ti_cpsw-y := cpsw.o\nti-am65-cpsw-nuss-y := am65-cpsw-nuss.o\n",
    f"{NET}/ti/cpsw.c": "", f"{NET}/ti/am65-cpsw-nuss.c": "", f"{NET}/ti/iep.c": "",
    f"{NET}/acme/lan9/Makefile": "ccflags-y += -DX\nobj-m += lan9-switch.o\n"
                                 "lan9-switch-y := lan9_main.o pci.o\n",
    f"{NET}/acme/lan9/lan9_main.c": "", f"{NET}/acme/lan9/pci.c": "",
    f"{NET}/acme/mana/Makefile": "obj-m += mana.o\nmana-y := hw_channel.o\n",
    f"{NET}/acme/mana/hw_channel.c": "",
    f"{NET}/acme/mx5/core/Makefile": "obj-${CONFIG_X} += mx5_core.o mx5_dpll.o\n"
                                     "mx5_core-y := main.o lib/act.o\n",
    f"{NET}/acme/mx5/core/main.c": "", f"{NET}/acme/mx5/core/lib/act.c": "",
    f"{NET}/acme/mx5/core/mx5_dpll.c": "",
    "drivers/net/wireless/acme/mt76/Makefile": "obj-m += mt76.o\nmt76-y := mac80211.o\n",
    "drivers/net/wireless/acme/mt76/mac80211.c": "",
    "drivers/net/wireless/acme/mt76/mt7915/Makefile": "obj-m += mt7915e.o\n",
    "drivers/net/wireless/acme/mt76/mt7915/mt7915e.c": "",
    "drivers/net/phy/Makefile": "obj-m += amd.o rock.o\n",
    "drivers/net/phy/amd.c": "", "drivers/net/phy/rock.c": "",
    "drivers/infiniband/mana/main.c": "", "drivers/pci/pci.c": "", "drivers/gpu/amd/x.c": "",
    "drivers/phy/rock/x.c": "", "drivers/clk/ti/x.c": "", "drivers/infiniband/mx5/x.c": "",
    "net/mac80211/main.c": "",
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return plant(header_tree(tmp_path / "linux"), TREE)


def changelog(*subjects: str) -> str:
    items = "".join(f"    - {one}\n" for one in subjects)
    return ("linux (7.3.4-1) unstable; urgency=medium\n\n  * New upstream stable update:\n"
            f"    https://x/ChangeLog-7.3.4\n{items}\n -- A B <a@b.c>  Sun, 15 Nov 2026\n")


def run(tree: Path, *texts: str, options: tuple[str, ...] = ()) -> Result:
    files = [tree.parent / f"changelog-{number}" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    words = [word for file in files for word in ("--changelog", str(file))]
    return CliRunner().invoke(cli, ["kernel", "prefixes", str(tree), *words, "--table",
                                    str(tree.parent / "table.toml"), *options])


def rows(tree: Path, *texts: str) -> dict[str, tuple[str, int, int]]:
    """The table that is written: module, and its prefix, uses and entries."""
    table = tree.parent / "table.toml"
    done = run(tree, *texts)
    if isinstance(done.exception, InputError):
        assert "names no module" in str(done.exception) and not table.exists()
        return {}
    assert done.exit_code == 0, done.output
    return {name: (row["prefix"], row["uses"], row["entries"])
            for name, row in tomllib.loads(table.read_text())["modules"].items()}


def times(count: int, prefix: str) -> list[str]:
    return [f"{prefix}: {number}" for number in range(count)]


@pytest.mark.parametrize(("prefix", "modules"), [
    # A module's name, a source of it, the words that one begins with.
    ("net: ti: iep", ["iep"]),
    ("net: ethernet: ti: cpsw", ["ti_cpsw"]),
    ("net: ti: ti-cpsw", ["ti_cpsw"]),
    ("net: am65-cpsw", ["ti-am65-cpsw-nuss"]),
    ("net: mana: hw_channel", ["mana"]),
    ("lan9_main", ["lan9-switch"]),
    ("NET: LAN9_Main", ["lan9-switch"]),
    # The folder of a driver; above it where all that it makes is named after it.
    ("net: lan9", ["lan9-switch"]),
    ("lan9", ["lan9-switch"]),
    ("net/mx5", ["mx5_core", "mx5_dpll"]),
    # A source with a name of others, behind one that tells.
    ("net: lan9: pci", ["lan9-switch"]),
    ("wifi: mt76: mac80211", ["mt76"]),
    ("mana", ["mana"]), ("eth: mana", ["mana"]),
    # The last word that names one: its part, or another.
    ("mana: some-part", ["mana"]),
    ("wifi: mt76: mt7915", ["mt7915e"]),
    ("net: phy: amd", ["amd"]),
    # A vendor's folder, a subsystem, another's driver of that name.
    ("net: ethernet: ti", []), ("net: ti: other", []), ("clk: ti", []),
    ("RDMA/mana", []), ("infiniband: mana", []), ("PCI", []), ("pci", []), ("net: pci", []),
    ("RDMA/mx5", []), ("mx5", []), ("net/mx5: some-part", []),
    ("wifi: mac80211", []), ("mac80211", []),
    ("amd", []), ("drm/amd/display", []), ("phy: rock", []), ("rock", []),
    ("net: acme", []), ("net: core", []), ("ccflags", []), ("net", []), ("ethernet", []),
])
def test_a_prefix_means(tree: Path, prefix: str, modules: list[str]) -> None:
    assert rows(tree, changelog(*times(3, prefix))) == dict.fromkeys(modules, (prefix, 3, 3))


def test_three_entries_are_needed_and_the_most_used_is_taken(tree: Path) -> None:
    assert rows(tree, changelog(*times(2, "net: mana"))) == {}
    assert rows(tree, changelog("net: mana: a", "mana: b", "net: mana: c", "eth: mana: d")) == {
        "mana": ("net: mana", 2, 4)}


def test_of_two_prefixes_that_are_used_alike_the_newer_is_taken(tree: Path) -> None:
    old, new = changelog(*times(2, "net: mana")), changelog(*times(2, "mana"))
    assert rows(tree, new, old) == {"mana": ("mana", 2, 4)}
    assert rows(tree, old, new) == {"mana": ("net: mana", 2, 4)}


def test_a_commit_that_several_changelogs_list_is_one(tree: Path) -> None:
    assert rows(tree, *[changelog(*times(2, "net: mana"))] * 3) == {}
    marked = ["[arm64] net: mana: 0 (CVE-2026-1) (Closes: #1)", "[amd64,arm64] net: mana: 1",
              "net: mana: 2"]
    assert rows(tree, changelog(*times(3, "net: mana")), changelog(*marked)) == {
        "mana": ("net: mana", 3, 3)}


def test_only_what_upstream_changed_is_counted(tree: Path) -> None:
    own = changelog(*times(2, "net: mana")).replace("\n -- ", "\n  * [amd64] net: mana: Enable it"
                                                    "\n    - net: mana: as a module\n\n -- ")
    assert rows(tree, own) == {}
    assert rows(tree, changelog(*times(2, "net: mana"), 'Revert "net: mana: x"',
                                "Revert: net: mana: y", "nothing: else", "no prefix")) == {}


def test_a_subject_of_two_lines_is_one(tree: Path) -> None:
    folded = changelog(*times(2, "net: mana"), "net: mana: it is\n      net: lan9: long")
    assert rows(tree, folded) == {"mana": ("net: mana", 3, 3)}


def test_the_same_input_gives_the_same_bytes_and_no_change(tree: Path) -> None:
    text = changelog(*times(3, "net: mana"), *times(4, "net: lan9"), *times(5, "net/mx5"))
    table = tree.parent / "table.toml"
    assert run(tree, text, options=("--check",)).exit_code == 1
    assert not table.exists()
    done = run(tree, text)
    assert done.exit_code == 0
    assert done.stdout.splitlines()[0] == "new       lan9-switch: net: lan9, 4 of 4"
    before = table.read_bytes()
    done = run(tree, text, options=("--check",))
    assert (done.exit_code, done.stdout) == (0, "")
    assert run(tree, text).exit_code == 0
    assert table.read_bytes() == before
    more = changelog(*times(4, "net: mana"), *times(4, "net: lan9"))
    done = run(tree, more, options=("--check",))
    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "changed   mana: net: mana, 4 of 4", "gone      mx5_core: net/mx5, 5 of 5",
        "gone      mx5_dpll: net/mx5, 5 of 5"]
    assert table.read_bytes() == before


def test_no_subject_of_others_is_kept(tree: Path) -> None:
    run(tree, changelog(*(f"net: mana: a secret {number}" for number in range(3))))
    assert "secret" not in (tree.parent / "table.toml").read_text()


def test_input_that_is_no_changelog(tree: Path) -> None:
    packed = tree.parent / "packed.gz"
    words = ["kernel", "prefixes", str(tree), "--table", str(tree.parent / "table.toml"),
             "--changelog", str(packed)]
    assert f"{packed}: No such file" in refused(words)
    packed.write_bytes(gzip.compress(changelog(*times(3, "net: mana")).encode()))
    assert CliRunner().invoke(cli, words).exit_code == 0
    packed.write_bytes(packed.read_bytes()[:40])
    assert "give a changelog" in refused(words)
    packed.write_text(changelog(*times(3, "net: mana")))
    (tree.parent / "table.toml").write_text("modules = 1\n")
    assert "no table of prefixes" in refused(words)


def refused(words: list[str]) -> str:
    done = CliRunner().invoke(cli, words)
    assert isinstance(done.exception, InputError)
    return str(done.exception)
