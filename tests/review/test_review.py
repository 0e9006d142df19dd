# SPDX-License-Identifier: GPL-2.0-only
"""`review` with piped answers: every key, every subset, edits, resuming, and what is written."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from itertools import product
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kernel_tools import BEFORE, DRIVER
from tools import CORPUS, PRELUDE, TWO_MEMBERS, compiles, run

from netmem_migrate import judged
from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.results import Finding
from netmem_migrate.review.recheck import _differs

DEMO = TWO_MEMBERS.encode()
MEMBERS = ["rx_buf.page", "ring.spare"]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own, git without settings, and an author."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    for name in ("GIT_EDITOR", "VISUAL", "EDITOR"):
        monkeypatch.delenv(name, raising=False)
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Jane Developer")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "jane@example.org")
    return tmp_path / "cache"


def driver(folder: Path, source: bytes) -> Path:
    folder.mkdir(parents=True)
    (folder / "demo.c").write_bytes(source)
    return folder


def review(folder: Path, answers: str, *options: str) -> Result:
    return CliRunner().invoke(cli, ["review", str(folder), *options], input=answers)


def kept(tmp_path: Path, source: bytes, keep: list[str]) -> bytes:
    """What `apply --keep` makes of a driver."""
    folder = driver(tmp_path / f"kept-{'-'.join(keep) or 'none'}", source)
    run("apply", str(folder), *(f"--keep={name}" for name in keep))
    return (folder / "demo.c").read_bytes()


def questions(result: Result) -> list[str]:
    return re.findall(r"^\(\d+/\d+\) Move .*?\]\?", result.output, re.MULTILINE)


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *scripts: str) -> None:
    """An $EDITOR that runs one sed script a call, in turn."""
    calls = tmp_path / "calls"
    body = "".join(f'{number})\nsed -i -e {shlex.quote(script)} "$1" ;;\n'
                   for number, script in enumerate(scripts, 1))
    path = tmp_path / "editor.sh"
    path.write_text(f'#!/bin/sh\necho x >> {calls}\ncase $(wc -l < {calls} | tr -d " ") in\n'
                    f"{body}esac\n")
    path.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", str(path))


# ---------------------------------------------------------------- what is accepted


@pytest.mark.parametrize("answers", list(product("yn", repeat=2)), ids="".join)
def test_any_subset_is_what_apply_gives_with_the_others_kept(
        answers: tuple[str, str], demo: Path, tmp_path: Path) -> None:
    result = review(demo, "".join(f"{one}\n" for one in answers), "--apply")
    assert result.exit_code == ExitCode.DONE, result.output
    after = (demo / "demo.c").read_bytes()
    keep = [name for name, answer in zip(MEMBERS, answers, strict=True) if answer == "n"]
    assert after == kept(tmp_path, DEMO, keep)
    assert (after == DEMO) == (answers == ("n", "n"))
    compiles(tmp_path / "gcc", {"demo.c": after})


@pytest.mark.few(6)
@pytest.mark.parametrize(("answers", "keep"), [
    ("a\n", []),
    ("d\n", MEMBERS),
    ("y\nq\n", ["ring.spare"]),
    ("q\n", MEMBERS),
    ("y\n", ["ring.spare"]),  # the input ends: as with q
    ("J\na\n", None),  # `a` takes this and the later ones; the first is undecided
    ("J\na\nd\n", ["rx_buf.page"]),
    ("j\ny\ny\n", []),
    ("n\nK\ny\ny\n", []),  # an answer can be changed
    ("J\nk\nn\ny\n", ["rx_buf.page"]),
    ("g2\ny\nn\n", ["rx_buf.page"]),
    ("g\n2\ny\nn\n", ["rx_buf.page"]),
    ("/ring->spare = 0\ny\nn\n", ["rx_buf.page"]),
    ("/\nspare\ny\nn\n", ["rx_buf.page"]),
    ("\nY\nN\n", ["ring.spare"]),
])
def test_keys_mean_what_they_mean_in_git(answers: str, keep: list[str] | None, demo: Path,
                                         tmp_path: Path) -> None:
    result = review(demo, answers, "--apply")
    assert result.exit_code == ExitCode.DONE, result.output
    expected = ["rx_buf.page"] if keep is None else keep
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, DEMO, expected)


@pytest.mark.parametrize(("answer", "message"), [
    ("x", "Unknown command 'x'"),
    ("yes", "Only one letter is expected, got 'yes'"),
    ("ny", "Only one letter is expected"),
    ("K", "No previous slot"),
    ("k", "No previous slot"),
    ("g9", "Sorry, only 2 slots available."),
    ("g0", "Sorry, only 2 slots"),
    ("gx", "Invalid number: 'x'"),
    ("/(", "Malformed search regexp ("),
    ("/nowhere to be found", "No slot matches the given pattern"),
    ("s", "All of it hangs on one member or global: one answer for all."),
])
def test_what_is_no_answer_decides_nothing(answer: str, message: str, demo: Path) -> None:
    result = review(demo, f"{answer}\nq\n", "--apply")
    assert message in result.output
    assert (demo / "demo.c").read_bytes() == DEMO
    assert "(2/2)" not in result.output
    assert result.output.count("(1/2) ") == 2


def test_help_lists_the_keys_of_the_question(demo: Path) -> None:
    result = review(demo, "?\nJ\n?\nq\n")
    first, second = questions(result)[0], questions(result)[2]
    assert first == "(1/2) Move this slot [y,n,q,a,d,j,J,g,/,s,e,p,?]?"
    assert second == "(2/2) Move this slot [y,n,q,a,d,k,K,g,/,s,e,p,?]?"
    for question, part in ((first, result.output.split(first)[1]),
                           (second, result.output.split(second)[1])):
        keys = re.findall(r"^(.) - ", part, re.MULTILINE)
        assert keys == question[question.index("[") + 1:-2].split(",")


def test_reasons_bridges_and_proof_are_shown(demo: Path, tmp_path: Path) -> None:
    result = review(demo, "q\n")
    assert "member rx_buf.page (demo.c:4): moves to netmem_ref" in result.output
    assert "page_pool_alloc_pages() in fill()" in result.output
    assert "proof: not compiled: not in a kernel tree" in result.output
    bridged = (PRELUDE + "void lend(struct rx_buf *buf)\n{\n"
               "\tbuf->page = alloc_page(GFP_KERNEL);\n}\n").encode()
    result = review(driver(tmp_path / "bridged", bridged), "q\n")
    assert re.search(r"bridged: page_to_netmem\(\) at demo.c:\d+: alloc_page\(?\)? gives a page",
                     result.output), result.output


def test_hunks_are_those_of_diff(demo: Path) -> None:
    result = review(demo, "n\nq\n", "--keep=ring.spare")
    shown = [line for line in result.output.splitlines() if line[:1] in ("-", "+", "@", " ")
             and not line.startswith("  ")]
    diff = [line for line in run("diff", "--keep=ring.spare", str(demo)).stdout.splitlines()
            if line[:1] in ("-", "+", "@", " ") and not line.startswith("  ")]
    assert shown == diff


# ---------------------------------------------------------------- split


@pytest.mark.parametrize(("answers", "keep"), [
    ("s\ny\nn\n", ["demo_rx_ring.spare"]),
    ("s\nn\n", ["demo_rx_ring.spare", "demo_rx_alloc.page"]),  # the other needs it
    ("s\nJ\ny\n", []),  # and takes it along
    ("s\nn\n", ["demo_rx_ring.spare", "demo_rx_alloc.page"]),
    ("s\na\n", []),
    ("y\n", []),
])
def test_a_split_never_leaves_half_a_type(answers: str, keep: list[str], tmp_path: Path) -> None:
    source = (CORPUS / "11-alloc-into-slot" / "before.c").read_bytes()
    folder = driver(tmp_path / "split", source)
    result = review(folder, answers, "--apply")
    assert result.exit_code == ExitCode.DONE, result.output
    after = (folder / "demo.c").read_bytes()
    assert after == kept(tmp_path, source, keep)
    compiles(tmp_path / "gcc", {"demo.c": after})


def test_what_follows_from_an_answer_is_said(tmp_path: Path) -> None:
    folder = driver(tmp_path / "s", (CORPUS / "11-alloc-into-slot" / "before.c").read_bytes())
    result = review(folder, "s\nn\n")
    assert "Split into 2 slots." in result.output
    assert "if it stays, so does demo_rx_ring.spare" in result.output
    assert "demo_rx_ring.spare: stays a page too" in result.output


def test_a_circle_of_slots_is_not_split(tmp_path: Path) -> None:
    circle = """\
void swap_in(struct ring *ring, struct rx_buf *buf)
{
	buf->page = ring->spare;
}

void swap_out(struct ring *ring, struct rx_buf *buf)
{
	ring->spare = buf->page;
}
"""
    folder = driver(tmp_path / "circle", (PRELUDE + circle).encode())
    result = review(folder, "s\nq\n")
    assert questions(result)[0] == "(1/1) Move these 2 slots [y,n,q,a,d,s,e,p,?]?"
    assert "Their pages flow into each other: one answer for all" in result.output


def test_the_hunks_of_one_slot_are_shown_one_by_one(demo: Path, tmp_path: Path) -> None:
    result = review(demo, "s\n\n\n\ny\nn\n", "--apply")
    steps = re.findall(r"^\(1/2\) hunk (\d/\d), <ret> for the next; ", result.output, re.MULTILINE)
    assert steps == ["1/3", "2/3", "3/3"]
    parts = re.split(r"^\(\d/\d\) .*\n", result.output, flags=re.MULTILINE)
    assert [part.count("@@ -") for part in parts[1:4]] == [1, 1, 1]
    assert "  holds memory of the page_pool\n" in parts[1]
    assert "  page_pool_alloc_pages takes a page\n" in parts[2]
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, DEMO, ["ring.spare"])


def test_an_answer_to_one_hunk_is_for_all_of_the_slot(demo: Path, tmp_path: Path) -> None:
    review(demo, "s\n\ny\nn\n", "--apply")
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, DEMO, ["ring.spare"])


# ---------------------------------------------------------------- editing


def test_layout_and_comments_can_be_edited(demo: Path, tmp_path: Path,
                                           monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, r"s,^+\t\(ring->buf\[i\].netmem = 0;\)$,+\t\1 /* given */,")
    result = review(demo, "e\ny\n", "--apply")
    assert result.exit_code == ExitCode.DONE, result.output
    expected = kept(tmp_path, DEMO, []).replace(b"netmem = 0;", b"netmem = 0; /* given */")
    assert (demo / "demo.c").read_bytes() == expected


def test_an_edit_survives_an_interrupted_review(demo: Path, tmp_path: Path,
                                                monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, r"s,^+\t\(ring->buf\[i\].netmem = 0;\)$,+\t\1 /* given */,")
    review(demo, "e\n")
    assert (demo / "demo.c").read_bytes() == DEMO
    review(demo, "n\n", "--apply")
    assert b"/* given */" in (demo / "demo.c").read_bytes()


@pytest.mark.parametrize(("script", "reason"), [
    # What would leave half a type: a member moved, its use not.
    (r"s,^+\(.*\)netmem_ref netmem;,+\1struct page *netmem;,", "the code differs"),
    (r"s,^+\(.*\)alloc_netmems,+\1alloc_pages,", "the code differs"),
    (r"s,^+\(.*\)= 0;,+\1= NULL;,", "the code differs"),
    (r"/^@@.*/,/^ }/s/^ }//", "corrupt patch"),
    (r"s/^ struct rx_buf {/ struct tx_buf {/", "patch failed|does not apply|while searching"),
    (r"s/demo.c$/other.c/", "other.c"),
    (r"s,^+\(.*\)netmem = 0;,+\1netmem = 0; {,", "block|parse|code differs"),
    (r"s,^+\(.*\)netmem = 0;,+\1netmem = 0; /* lost,", "comment|parse|code differs"),
])
def test_an_edit_that_is_half_of_something_is_rejected(
        script: str, reason: str, demo: Path, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, script)
    result = review(demo, "e\nn\nq\n", "--apply")
    assert re.search(f"edited hunks were rejected: .*({reason})", result.output), result.output
    assert (demo / "demo.c").read_bytes() == DEMO


def test_after_a_rejected_edit_it_can_be_edited_again(demo: Path, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, "s/netmem_ref/page_ref/",
           r"s,^+\t\(ring->buf\[i\].netmem = 0;\)$,+\t\1 /* given */,")
    review(demo, "e\ny\nn\n", "--apply")
    assert b"/* given */" in (demo / "demo.c").read_bytes()


def test_a_form_feed_ends_no_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = DEMO.replace(b"void drop", b"\f#if 1\nvoid drop") + b"#endif\n"
    folder = driver(tmp_path / "feed", source)
    editor(tmp_path, monkeypatch, r"s,^+\t\(ring->buf\[i\].netmem = 0;\)$,+\t\1 /* given */,")
    result = review(folder, "e\ny\n", "--apply")
    assert result.exit_code == ExitCode.DONE, result.output
    after = (folder / "demo.c").read_bytes()
    assert b"\f#if 1\n" in after
    assert b"/* given */" in after


@pytest.mark.parametrize("script", ["s/x/x/", "d"])
def test_an_edit_of_nothing_decides_nothing(script: str, demo: Path, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, script)
    result = review(demo, "e\nq\n", "--apply")
    assert "Nothing was edited." in result.output
    assert (demo / "demo.c").read_bytes() == DEMO


def test_an_editor_that_fails_changes_nothing(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_EDITOR", "false")
    result = review(demo, "e\nn\nq\n", "--apply")
    assert "the editor (false) failed" in result.output
    assert (demo / "demo.c").read_bytes() == DEMO


@pytest.mark.parametrize(("one", "other", "line"), [
    (b"f(a,\n  b);", b"f(a, b); /* why */", 0),
    (b"a = 1;", b"a = 2;", 1),
    (b'p("a  b");', b'p("a b");', 1),
    (b"#if A\nb;\n", b"#if A b;\n", 1),
    (b"#define A  1\n", b"#define A 1\n", 0),
    (b"x = a + +b;", b"x = a ++b;", 1),
    (b"a;\nb;\n", b"a; // x \\\nb;\n", 2),
    (b"a;\nb;\n", b"a;\n/* b; */\n", 3),
    (b"a;\n", b"a;\nb;\n", 3),
])
def test_layout_is_told_from_code(one: bytes, other: bytes, line: int) -> None:
    assert bool(_differs(one, other)) == bool(line)


# ---------------------------------------------------------------- resuming


def test_answers_are_kept_between_runs(demo: Path, tmp_path: Path) -> None:
    first = review(demo, "y\nq\n")
    assert "your answers are kept" not in first.output.split("accepted")[0]
    second = review(demo, "n\na\n")
    assert "1 answer of 2 from an earlier run" in second.output
    assert [one[:5] for one in questions(second)] == ["(2/2)"]
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, DEMO, ["ring.spare"])
    third = review(driver(tmp_path / "again", DEMO), "q\n")
    assert "from an earlier run" not in third.output


def test_restart_asks_again(demo: Path) -> None:
    review(demo, "y\nq\n")
    result = review(demo, "q\n", "--restart")
    assert [one[:5] for one in questions(result)] == ["(1/2)"]


def test_answers_about_other_sources_are_dropped(demo: Path) -> None:
    review(demo, "y\nq\n")
    (demo / "demo.c").write_bytes(DEMO + b"/* more */\n")
    result = review(demo, "q\n")
    assert "1 answer of an earlier review dropped: the sources, or this tool" in result.output
    assert [one[:5] for one in questions(result)] == ["(1/2)"]


def test_answers_belong_to_their_options(demo: Path) -> None:
    review(demo, "y\nq\n")
    result = review(demo, "q\n", "--keep-names")
    assert "from an earlier run" not in result.output


def test_a_spoilt_state_counts_as_none(demo: Path, cache: Path) -> None:
    review(demo, "y\nq\n")
    for file in (cache / "netmem-migrate" / "reviews").iterdir():
        file.write_text('{"version": 1, "answers": []}')
    result = review(demo, "q\n")
    assert result.exit_code == ExitCode.DONE
    assert [one[:5] for one in questions(result)] == ["(1/2)"]


def test_a_split_is_kept_too(tmp_path: Path) -> None:
    folder = driver(tmp_path / "s", (CORPUS / "11-alloc-into-slot" / "before.c").read_bytes())
    review(folder, "s\ny\nq\n")
    result = review(folder, "q\n")
    assert [one[:5] for one in questions(result)] == ["(2/2)"]


# ---------------------------------------------------------------- the end


def test_without_an_action_it_asks(demo: Path, tmp_path: Path) -> None:
    result = review(demo, "a\nx\np\n" + str(tmp_path / "out") + "\n")
    assert result.exit_code == ExitCode.DONE, result.output
    assert "2 slots accepted. Apply in place, write patches or quit [a,p,q]?" in result.output
    assert (demo / "demo.c").read_bytes() == DEMO
    assert [one.name for one in (tmp_path / "out").glob("*.patch")]


def test_patches_give_what_apply_gives_and_name_what_stays(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = review(demo, "y\nn\n", "-o", str(out), "-s")
    assert result.exit_code == ExitCode.DONE, result.output
    patch, = out.glob("*.patch")
    text = patch.read_text()
    assert "--keep=ring.spare" in text
    assert "Signed-off-by: Jane Developer" in text
    subprocess.run(["git", "apply", str(patch)], cwd=demo, check=True)
    assert (demo / "demo.c").read_bytes() == kept(tmp_path, DEMO, ["ring.spare"])


def test_the_same_patches_can_be_written_again(demo: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    review(demo, "y\nn\n", "-o", str(out))
    result = review(demo, "", "-o", str(out), "-s", "--force")
    assert result.exit_code == ExitCode.DONE, result.output
    assert not questions(result)
    assert "Signed-off-by: " in next(out.glob("*.patch")).read_text()
    review(demo, "", "--apply")
    assert "from an earlier run" not in review(demo, "q\n").output


def test_what_changed_meanwhile_is_not_written(demo: Path, tmp_path: Path,
                                               monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "editor.sh"
    path.write_text(f"#!/bin/sh\necho >> {demo / 'demo.c'}\n")
    path.chmod(0o755)
    monkeypatch.setenv("GIT_EDITOR", str(path))
    result = review(demo, "e\na\n", "--apply")
    assert result.exit_code
    assert "changed since it was read" in str(result.exception)
    assert (demo / "demo.c").read_bytes() == DEMO + b"\n"


def test_no_answer_is_an_error_of_one_line(demo: Path) -> None:
    result = review(demo, "", "--apply")
    assert "no answer on stdin" in str(result.exception)
    assert "\n" not in str(result.exception)
    assert (demo / "demo.c").read_bytes() == DEMO


def test_nothing_to_review(tmp_path: Path) -> None:
    source = (CORPUS / "29-copy-target" / "before.c").read_bytes()
    result = review(driver(tmp_path / "n", source), "")
    assert "nothing to review" in result.output
    assert not questions(result)


def test_the_page_asks_nothing_and_changes_nothing(demo: Path, tmp_path: Path) -> None:
    file = tmp_path / "review.html"
    result = review(demo, "", "--html", str(file))
    assert result.exit_code == ExitCode.DONE, result.output
    assert result.stdout == f"{file}\n"
    assert "netmem_ref" in file.read_text(encoding="utf-8")
    assert (demo / "demo.c").read_bytes() == DEMO
    assert "such" in str(review(demo, "", "--html", str(tmp_path / "no" / "x.html")).exception)


def test_wrong_usage(demo: Path, tmp_path: Path) -> None:
    assert review(demo, "", "--apply", "-o", str(tmp_path / "x")).exit_code == ExitCode.USAGE
    assert "not -" in str(run("review", "-").exception)
    assert "no member or global" in str(review(demo, "y\n", "--keep=rx_buf.pge").exception)
    assert "no member or global" in str(run("apply", str(demo), "--keep=rx_buf.pge").exception)
    assert (demo / "demo.c").read_bytes() == DEMO


def test_a_pipe_gets_no_colour(demo: Path) -> None:
    assert "\x1b" not in review(demo, "q\n").output


# ---------------------------------------------------------------- in a kernel tree


def test_two_drivers_are_one_walk(kernel_tree: Path) -> None:
    root = kernel_tree / "drivers/net"
    for name in ("one", "two"):
        (root / name).mkdir()
        (root / name / "demo.c").write_bytes(DEMO)
        (root / name / "Makefile").write_text("obj-y += demo.o\n")
    result = CliRunner().invoke(
        cli, ["review", str(root / "one"), str(root / "two"), "--apply", "--no-verify",
              "--api=7.3"], input="d\ny\nn\n")
    assert result.exit_code == ExitCode.DONE, result.output
    assert [one[:5] for one in questions(result)] == ["(1/4)", "(3/4)", "(4/4)"]
    assert (root / "one" / "demo.c").read_bytes() == DEMO
    assert b"netmem_ref netmem;" in (root / "two" / "demo.c").read_bytes()


def test_what_is_accepted_is_proven_again(kernel_tree: Path) -> None:
    path = kernel_tree / DRIVER
    result = review(path.parent, "y\n", "--apply", "--verify")
    assert result.exit_code == ExitCode.DONE, result.output
    assert "proof: Compiled the one touched object" in result.output
    assert result.output.count("Compiled the one touched object") == 2
    assert "netmem_ref netmem;" in path.read_text()


@pytest.mark.parametrize(("script", "reason"), [
    ("s/len < 60/len < 61/", "patch failed"),
    (r"s,^+\(.*\)netmem = 0;,+\1netmem = 1;,", "without a cast"),
    (r"s/^\(+.*put_full_netmem.*\), 1);/\1, 0);/", "code differs"),
    (r"s,^+\(.*\)netmem_ref netmem;,+\1struct page *netmem;,", "incompatible|makes|pointer"),
])
def test_an_edit_in_a_prepared_tree_is_compiled(
        script: str, reason: str, kernel_tree: Path, tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, script)
    path = kernel_tree / DRIVER
    result = review(path.parent, "e\nn\nq\n", "--apply", f"--kernel={kernel_tree}")
    assert re.search(f"edited hunks were rejected: .*({reason})", result.output), result.output
    assert path.read_text() == BEFORE


def test_an_edit_that_compiles_to_the_same_is_taken(
        kernel_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, r"s,^+\(.*\)if (!buf->netmem)$,+\1if (buf->netmem == 0),")
    path = kernel_tree / DRIVER
    result = review(path.parent, "e\n", "--apply", f"--kernel={kernel_tree}")
    assert result.exit_code == ExitCode.DONE, result.output
    assert "if (buf->netmem == 0)" in path.read_text()


def test_without_compiling_no_code_is_edited(
        kernel_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    editor(tmp_path, monkeypatch, r"s,^+\(.*\)if (!buf->netmem)$,+\1if (buf->netmem == 0),")
    path = kernel_tree / DRIVER
    result = review(path.parent, "e\nn\nq\n", "--apply", "--no-verify")
    assert "it was not compiled" in result.output
    (path.parent / "Makefile").write_text("")
    (path.parent / ".demo.o.cmd").unlink()
    # The second call of the editor.
    editor(tmp_path, monkeypatch, "q", r"s,^+\(.*\)if (!buf->netmem)$,+\1if (0),")
    result = review(path.parent, "e\nn\nq\n", "--apply", f"--kernel={kernel_tree}")
    assert "not compiled by the tree's configuration" in result.output, result.output
    assert path.read_text() == BEFORE


def test_a_failing_proof_writes_nothing(kernel_tree: Path) -> None:
    header = kernel_tree / "include/net/page_pool/helpers.h"
    header.write_text(header.read_text().replace("netmem_ref netmem, _Bool", "int *netmem, _Bool"))
    path = kernel_tree / DRIVER
    result = review(path.parent, "y\n", "--apply", f"--kernel={kernel_tree}")
    assert result.exit_code == ExitCode.VERIFY, result.output
    assert "nothing was written" in result.output
    assert path.read_text() == BEFORE


def test_verify_needs_a_prepared_tree(kernel_tree: Path) -> None:
    (kernel_tree / ".config").unlink()
    result = review((kernel_tree / DRIVER).parent, "y\n", "--apply", "--verify")
    assert "not prepared" in str(result.exception)
    assert (kernel_tree / DRIVER).read_text() == BEFORE


def test_a_finding_stops_what_was_accepted(demo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("demo.c", 7, 1, "leak", "error", "f", "is leaked", "why")
    monkeypatch.setattr(judged, "check_migration", lambda migration, level: (finding,))
    before = (demo / "demo.c").read_bytes()
    result = review(demo, "a\n", "--apply")
    assert result.exit_code == ExitCode.VERIFY
    assert "demo.c:7: is leaked [leak]" in result.stderr
    assert (demo / "demo.c").read_bytes() == before
