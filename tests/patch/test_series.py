# SPDX-License-Identifier: GPL-2.0-only
"""Series of real conversions: how many, in which folders, on which base, against which earlier."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from git_tools import commit_all, git
from series_tools import DEMO, OTHER, convert
from tools import TWO_MEMBERS, plant, run

from netmem_migrate.cli import cli
from netmem_migrate.convert.passes import load
from netmem_migrate.errors import InputError
from netmem_migrate.patch.plan import LIMIT, folder_names, steps_of
from netmem_migrate.patch.series import SeriesOptions, write_series
from netmem_migrate.results import FileChange, Run

pytestmark = pytest.mark.usefixtures("home")


def state(root: Path) -> dict[str, bytes]:
    """Everything of a repository that a user would miss: HEAD, index, work tree, settings."""
    names = [root / ".git/HEAD", root / ".git/index", root / ".git/config"]
    names += [path for path in root.rglob("*") if path.is_file() and ".git" not in path.parts]
    return {str(path): path.read_bytes() for path in names}


# -- how many series


def test_several_drivers_make_several_series(series_git_tree: Path, tmp_path: Path) -> None:
    files = write_series(convert(series_git_tree, DEMO, OTHER), tmp_path / "out", SeriesOptions())
    assert [str(file.relative_to(tmp_path / "out")) for file in files] == [
        "demo/0001-net-demo-convert-Rx-buffers-to-netmem.patch",
        "other/0001-net-other-convert-Rx-buffers-to-netmem.patch",
    ]
    # Neither needs the other.
    git(series_git_tree, "apply", "--check", str(files[1]))
    assert f"format-patch --api=7.3 {DEMO}\n" in files[0].read_text()


def test_one_series_together_has_a_cover_letter(series_git_tree: Path, tmp_path: Path) -> None:
    files = write_series(convert(series_git_tree, DEMO, OTHER), tmp_path / "out",
                         SeriesOptions(together=True))
    assert [file.name[:5] for file in files] == ["0000-", "0001-", "0002-"]
    command = files[0].read_text().replace("\\\n", "").split()
    assert command[
        command.index("format-patch"):][:4] == ["format-patch", "--api=7.3", "--together", DEMO]


def test_one_driver_given_twice_is_one_series(series_git_tree: Path, tmp_path: Path) -> None:
    (file,) = write_series(convert(series_git_tree, DEMO, DEMO), tmp_path / "out", SeriesOptions())
    assert file.parent == tmp_path / "out"


def test_folders_are_told_apart_by_their_vendors() -> None:
    assert folder_names(["d/net/a/core", "d/net/b/core", "d/net/c/x.c"]) == [
        "a-core", "b-core", "c-x"]


def many(run: Run, number: int) -> Run:
    """A run of so many drivers, each with a file of its own."""
    first = run.drivers[0]
    drivers = []
    for index in range(number):
        change = replace(first.changes[0], path=f"{DEMO}{index}/demo_rx.c")
        report = replace(first.report, path=f"{DEMO}{index}", files=(change.path,))
        drivers.append(replace(first, report=report, changes=(change,), steps=()))
    return replace(run, drivers=tuple(drivers))


def test_more_than_15_patches_are_refused_with_the_way_out(
    series_tree: Path, tmp_path: Path
) -> None:
    run = many(convert(series_tree, DEMO), LIMIT + 1)
    with pytest.raises(InputError, match=r"16 patches.*leave --together out"):
        write_series(run, tmp_path / "out", SeriesOptions(together=True))
    assert not (tmp_path / "out").exists()
    assert len(write_series(many(run, LIMIT), tmp_path / "out",
                            SeriesOptions(together=True))) == LIMIT + 1


def test_two_drivers_that_share_a_changed_file_want_together(
    series_tree: Path, tmp_path: Path
) -> None:
    run = many(convert(series_tree, DEMO), 2)
    shared = replace(run.drivers[0].changes[0], path="include/linux/shared.h")
    both = replace(run, drivers=tuple(replace(one, changes=(*one.changes, shared))
                                      for one in run.drivers))
    with pytest.raises(InputError, match=r"shared\.h: both .*demo0 and .*demo1 change it"):
        write_series(both, tmp_path / "out", SeriesOptions())
    assert len(write_series(both, tmp_path / "out", SeriesOptions(together=True))) == 3


# -- steps of one driver


def with_hint(root: Path) -> None:
    """A driver that prefetches the page's descriptor before it uses the data."""
    path = root / DEMO / "demo_rx.c"
    path.write_text(path.read_text().replace(
        "\tif (page_to_nid(", "\tprefetchw(buf->page);\n\n\tif (page_to_nid("))


def test_a_hint_goes_with_the_conversion(series_tree: Path, tmp_path: Path) -> None:
    with_hint(series_tree)
    commit_all(series_tree)
    run = convert(series_tree, DEMO)
    (file,) = write_series(run, tmp_path / "out", SeriesOptions(signoff=True, rules=True))
    text = file.read_text()
    assert "\n  - prefetchw(p)\n  + prefetchw(netmem_to_nmdesc(p))\n" in text
    git(series_tree, "am", "--quiet", str(file))
    path = f"{DEMO}/demo_rx.c"
    assert (series_tree / path).read_bytes() == run.drivers[0].changes[0].after


def test_a_part_of_the_changes_is_one_patch(series_tree: Path, tmp_path: Path) -> None:
    run = convert(series_tree, DEMO)
    one = run.drivers[0]
    assert len(steps_of(one)) == 1
    part = FileChange(one.changes[0].path, one.changes[0].before,
                      one.changes[0].before.replace(b"16", b"32"))
    chosen = replace(run, drivers=(replace(one, changes=(part,)),))
    (file,) = write_series(chosen, tmp_path / "out", SeriesOptions())
    git(series_tree, "apply", "--check", str(file))
    assert "1 insertion(+), 1 deletion(-)" in file.read_text()


# -- base


def base_of(file: Path) -> str:
    found = re.search(r"^base-commit: (\w+)$", file.read_text(), re.MULTILINE)
    return found[1] if found else ""


def test_base_names_a_commit_below_head_and_what_is_on_it(
    series_git_tree: Path, tmp_path: Path
) -> None:
    first = git(series_git_tree, "rev-parse", "HEAD").decode().strip()
    git(series_git_tree, "tag", "public")
    (series_git_tree / "MAINTAINERS").write_text("changed\n")
    head = commit_all(series_git_tree, "Mine")
    run = convert(series_git_tree, DEMO)
    (file,) = write_series(run, tmp_path / "a", SeriesOptions())
    assert base_of(file) == head
    (file,) = write_series(run, tmp_path / "b", SeriesOptions(base="public"))
    assert base_of(file) == first
    assert "prerequisite-patch-id: " in file.read_text()
    (file,) = write_series(run, tmp_path / "c", SeriesOptions(base="none"))
    assert base_of(file) == ""


def test_a_base_that_is_none_is_refused(series_git_tree: Path, tmp_path: Path) -> None:
    git(series_git_tree, "checkout", "--quiet", "-b", "side")
    commit_all(series_git_tree, "Elsewhere")
    git(series_git_tree, "checkout", "--quiet", "main")
    run = convert(series_git_tree, DEMO)
    for name, says in (("nowhere", "no such commit"), ("side", "HEAD does not build on it")):
        with pytest.raises(InputError, match=f"--base {name}: {says}"):
            write_series(run, tmp_path / "out", SeriesOptions(base=name))
    assert not (tmp_path / "out").exists()


def test_a_base_outside_git_is_refused(series_tree: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no git tree"):
        write_series(convert(series_tree, DEMO), tmp_path / "out", SeriesOptions(base="HEAD"))


# -- a new version


@pytest.mark.parametrize("committed", [True, False])
def test_a_new_version_has_a_range_diff_against_the_earlier_one(
    series_tree: Path, tmp_path: Path, committed: bool
) -> None:
    if committed:
        commit_all(series_tree)
    run = convert(series_tree, DEMO)
    (old,) = write_series(run, tmp_path / "v1", SeriesOptions())
    old.write_text(old.read_text().replace(
        "+\tbuf->netmem = netmem;", "+\tbuf->netmem = (netmem);"))
    (new,) = write_series(run, tmp_path / "v2",
                          SeriesOptions(previous=tmp_path / "v1", signoff=True))
    assert new.name.startswith("v2-0001-")
    found = new.read_text()
    assert "[PATCH net-next v2]" in found
    assert "Range-diff" in found
    assert re.search(r"^ +-\+\s+buf->netmem = \(netmem\);$", found, re.MULTILINE)
    git(series_tree, "apply", "--check", str(new))
    if committed:
        git(series_tree, "am", "--quiet", str(new))
        assert "Range-diff" not in git(series_tree, "log", "-1", "--format=%B").decode()


def test_the_range_diff_of_several_patches_is_in_the_cover_letter(
    series_git_tree: Path, tmp_path: Path
) -> None:
    run = convert(series_git_tree, DEMO, OTHER)
    wanted = SeriesOptions(together=True)
    write_series(run, tmp_path / "out", wanted)
    commit_all(series_git_tree, "net moves on")
    files = write_series(convert(series_git_tree, DEMO, OTHER), tmp_path / "out",
                         replace(wanted, previous=tmp_path / "out", version=3))
    assert [file.name[:7] for file in files] == ["v3-0000", "v3-0001", "v3-0002"]
    cover = files[0].read_text()
    assert cover.count("Range-diff against v1:") == 1 and "against v2" not in cover
    assert "Changes since v1" in cover
    assert "1:  " in cover and "2:  " in cover


def test_an_earlier_version_that_is_not_there_or_does_not_fit(
    series_git_tree: Path, tmp_path: Path
) -> None:
    run = convert(series_git_tree, DEMO)
    (tmp_path / "empty").mkdir()
    for folder, says in (("nowhere", "no such folder"), ("empty", "holds no series")):
        with pytest.raises(InputError, match=says):
            write_series(run, tmp_path / "out", SeriesOptions(previous=tmp_path / folder))
    (old,) = write_series(run, tmp_path / "v1", SeriesOptions(base="none"))
    old.write_text(old.read_text().replace("ring->count++", "ring->count--"))
    with pytest.raises(InputError, match="version 1 does not apply"):
        write_series(run, tmp_path / "out", SeriesOptions(previous=tmp_path / "v1"))
    assert not (tmp_path / "out").exists()


# -- branch


def test_commits_are_left_on_a_branch_and_nothing_else_moves(
    series_git_tree: Path, tmp_path: Path
) -> None:
    hooks = series_git_tree / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    (hooks / "reference-transaction").write_text("#!/bin/sh\nexit 1\n")
    (hooks / "reference-transaction").chmod(0o755)
    (series_git_tree / "MAINTAINERS").write_text("not committed\n")
    run = convert(series_git_tree, DEMO, OTHER)
    before = state(series_git_tree)
    files = write_series(run, tmp_path / "out",
                         SeriesOptions(together=True, branch="netmem", signoff=True))
    assert state(series_git_tree) == before
    log = git(series_git_tree, "log", "--format=%an %s%n%(trailers:key=Signed-off-by)",
              "main..netmem")
    assert log.decode().count("Jane Developer") == 4
    git(series_git_tree, "fsck", "--strict")
    # What is on the branch is what the patches are.
    diffs = [git(series_git_tree, "diff", "main...netmem", "--", path).decode()
             for path in (DEMO, OTHER)]
    for text, file in zip(diffs, files[1:], strict=True):
        assert [line for line in text.splitlines() if line.startswith(("+", "-", "@@"))] == [
            line for line in file.read_text().partition("diff --git")[2].splitlines()
            if line.startswith(("+", "-", "@@")) and line != "-- "]


def test_several_series_leave_several_branches(series_git_tree: Path, tmp_path: Path) -> None:
    run = convert(series_git_tree, DEMO, OTHER)
    write_series(run, tmp_path / "out", SeriesOptions(branch="netmem"))
    names = git(series_git_tree, "branch", "--format=%(refname:short)").decode().split()
    assert names == ["main", "netmem/demo", "netmem/other"]


def test_a_branch_that_exists_is_kept_unless_forced(series_git_tree: Path, tmp_path: Path) -> None:
    run = convert(series_git_tree, DEMO)
    git(series_git_tree, "branch", "netmem")
    for name, says in (("netmem", "exists"), ("a..b", "does not take"), ("-x", "does not take")):
        with pytest.raises(InputError, match=says):
            write_series(run, tmp_path / "out", SeriesOptions(branch=name))
    with pytest.raises(InputError, match="is checked out and is not moved"):
        write_series(run, tmp_path / "out", SeriesOptions(branch="main", force=True))
    assert not (tmp_path / "out").exists()
    write_series(run, tmp_path / "out", SeriesOptions(branch="netmem", force=True))
    assert git(series_git_tree, "rev-list", "--count", "main..netmem").strip() == b"1"


def test_a_branch_outside_git_is_refused(series_tree: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no git tree"):
        write_series(convert(series_tree, DEMO), tmp_path / "out", SeriesOptions(branch="netmem"))


# -- recipients


def test_recipients_stand_beside_the_patches_and_not_among_them(
    series_tree: Path, tmp_path: Path, home: Path
) -> None:
    (home / ".get_maintainer.conf").write_text("--no-l\n")
    out = tmp_path / "out"
    write_series(convert(series_tree, DEMO), out, SeriesOptions(recipients=True))
    assert sorted(path.name for path in out.iterdir() if path.is_file()) == [
        "0001-net-demo-convert-Rx-buffers-to-netmem.patch"]
    lines = (out / "send/recipients").read_text().splitlines()
    assert lines[0] == "To: Ann O'Neil <ann@acme.example>  # maintainer:ACME DEMO DRIVER"
    assert lines[2] == "Cc: netdev@lists.example  # open list:NETWORKING DRIVERS"
    words = subprocess.run(["xargs", "-a", str(out / "send/send-email.args"), "printf", "%s\n"],
                           capture_output=True, text=True, check=True).stdout.splitlines()
    assert "--to=Ann O'Neil <ann@acme.example>" in words
    assert '--to="Bob B. Builder" <bob@acme.example>' in words
    assert "--cc=netdev@lists.example" in words
    # Who maintains page_pool is named for no driver, and copied; who answers for all of networking
    # is not.
    assert lines[3:] == ["Cc: Pia Poole <pia@pool.example>  # maintainer:PAGE POOL"]
    assert "--cc=Pia Poole <pia@pool.example>" in words


@pytest.mark.parametrize(("role", "copied"), [
    ("maintainer:PAGE POOL", ["Cc: pia@pool.example  # maintainer:PAGE POOL"]),
    ("supporter:PAGE POOL", ["Cc: pia@pool.example  # supporter:PAGE POOL"]),
    ("maintainer:PAGE POOL TOOLS", []), ("maintainer:NETWORKING [GENERAL]", []), ("", []),
])
def test_only_the_entry_of_page_pool_adds_a_copy(
    series_tree: Path, tmp_path: Path, role: str, copied: list[str]
) -> None:
    script = series_tree / "scripts/get_maintainer.pl"
    script.write_text(script.read_text().replace(
        "Pia Poole <pia\\@pool.example> (maintainer:PAGE POOL)", f"pia\\@pool.example ({role})"))
    write_series(convert(series_tree, DEMO), tmp_path / "out", SeriesOptions(recipients=True))
    assert (tmp_path / "out/send/recipients").read_text().splitlines()[3:] == copied


def test_a_maintainer_of_the_driver_too_stays_in_to(series_tree: Path, tmp_path: Path) -> None:
    script = series_tree / "scripts/get_maintainer.pl"
    script.write_text(script.read_text().replace("Pia Poole <pia\\@pool", "Ann P <ann\\@acme"))
    write_series(convert(series_tree, DEMO), tmp_path / "out", SeriesOptions(recipients=True))
    lines = (tmp_path / "out/send/recipients").read_text().splitlines()
    assert [line for line in lines if "ann@" in line] == [
        "To: Ann O'Neil <ann@acme.example>  # maintainer:ACME DEMO DRIVER"]


def test_printed_commands_are_what_a_shell_takes(
    series_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = series_tree / "drivers/net/ethernet/acme/an odd  one's long name for its folder"
    shutil.copytree(series_tree / DEMO, driver)
    out = tmp_path / "my patches"
    code, stdout, stderr = invoke(str(driver), "-o", str(out), "--api", "7.3", "--keep-names")
    assert code == 0
    (said,) = [line for line in stderr.splitlines() if line.startswith("to send: ")]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/git").write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    (tmp_path / "bin/git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    sent = subprocess.run(["sh", "-c", said.removeprefix("to send: ")], capture_output=True,
                          text=True, check=True).stdout.splitlines()
    assert sent[:2] == ["send-email", stdout.strip()]
    assert "--cc=netdev@lists.example" in sent
    message = Path(stdout.strip()).read_text()
    (command,) = re.findall(r"^ +netmem-migrate (?:.*\\\n)*.*$", message, re.MULTILINE)
    words = subprocess.run(["sh", "-c", f'printf "%s\\n" {command}'], capture_output=True,
                           text=True, check=True).stdout.splitlines()
    assert words == ["netmem-migrate", "format-patch", "--api=7.3", "--keep-names",
                     driver.relative_to(series_tree).as_posix()]


def test_a_tree_without_the_script_has_no_recipients(series_tree: Path, tmp_path: Path) -> None:
    (series_tree / "scripts/get_maintainer.pl").unlink()
    out = tmp_path / "out"
    assert write_series(convert(series_tree, DEMO), out, SeriesOptions(recipients=True))
    assert not (out / "send").exists()


@pytest.mark.parametrize(("script", "says"), [
    ("die 'no MAINTAINERS';\n", r"get_maintainer\.pl: no MAINTAINERS"),
    ("1;\n", "names nobody"),
    ("", "names nobody"),
])
def test_a_script_that_fails_spoils_no_patch(
    series_tree: Path, tmp_path: Path, script: str, says: str
) -> None:
    (series_tree / "scripts/get_maintainer.pl").write_text(script)
    code, stdout, stderr = invoke(str(series_tree / DEMO), "-o", str(tmp_path / "out"),
                                  "--api", "7.3")
    assert code == 0 and Path(stdout.strip()).is_file()
    assert re.search(f"note: no list of recipients: .*{says}", stderr)
    assert not (tmp_path / "out/send").exists()


# -- the command


def invoke(*words: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(cli, ["format-patch", *words])
    return done.exit_code, done.stdout, done.stderr


def test_the_command_writes_lists_and_says_how_to_send(
    series_git_tree: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    code, stdout, stderr = invoke(str(series_git_tree / DEMO), "-o", str(out), "--api", "7.3")
    assert code == 0
    assert stdout.splitlines() == [str(path) for path in sorted(out.glob("*.patch"))]
    assert f"xargs -a {out}/send/send-email.args git send-email {out}/*.patch" in stderr
    assert "not signed off" in stderr
    text = next(out.glob("*.patch")).read_text()
    # The command judges what is open.
    assert "no file of it handles tcp-data-split" in " ".join(text.split())
    code, stdout, stderr = invoke(str(series_git_tree / DEMO), "-o", str(out), "--api", "7.3", "-s",
                                  "--rfc", "--previous", str(out), "-q")
    assert (code, stderr) == (0, "")
    assert Path(stdout.strip()).name.startswith("v2-0001-")
    assert "[RFC net-next v2]" in Path(stdout.strip()).read_text()


def test_the_command_proves_only_where_it_can(series_git_tree: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["format-patch", str(series_git_tree / DEMO), "-o",
                                    str(tmp_path / "out"), "--api", "7.3", "--verify"])
    assert isinstance(done.exception, InputError)
    assert "not prepared for compiling" in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_message_names_passes_and_nothing_else(tmp_path: Path) -> None:
    """Lines that were broken anew are edits too, and of no pass."""
    long = "skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, buf->page, 0, len_of_frame,"
    plant(tmp_path / "d", {"d.c": TWO_MEMBERS + "\nvoid add(struct rx_buf *buf, struct sk_buff "
                           f"*skb, int len_of_frame)\n{{\n\t{long}\n\t\t\tPAGE_SIZE);\n}}\n"})
    done = run("format-patch", "--api", "7.3", tmp_path / "d", "-o", tmp_path / "out")
    text = next((tmp_path / "out").glob("*.patch")).read_text()
    named = re.search(r"; passes:([^.]*)\.", text)
    assert done.exit_code in (0, 3) and named is not None
    assert set(named[1].replace(",", " ").split()) <= {one.declared.id for one in load()}
