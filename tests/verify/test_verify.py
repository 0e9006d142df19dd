# SPDX-License-Identifier: GPL-2.0-only
"""The proof on a tiny kernel of our own: real gcc, recorded commands, and seeded wrong edits."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from kernel_tools import BEFORE, DRIVER

from netmem_migrate.api import migrate
from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.git.am import apply_series
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.results import FileChange
from netmem_migrate.verify import ObjectProof, Status, verify_changes


def converted(kernel_tree: Path) -> str:
    """What the tool makes of the driver."""
    result = CliRunner().invoke(cli, ["apply", str(kernel_tree / "drivers/net/demo")])
    assert result.exit_code == 0, result.output
    after = (kernel_tree / DRIVER).read_text()
    (kernel_tree / DRIVER).write_text(BEFORE)
    return after


def prove(kernel_tree: Path, after: str) -> ObjectProof:
    change = FileChange(DRIVER, BEFORE.encode(), after.encode())
    proofs = verify_changes(kernel_tree, [change], jobs=2)
    assert [proof.source for proof in proofs] == [DRIVER]
    return proofs[0]


def test_the_tools_own_result_is_proven(kernel_tree: Path) -> None:
    proof = prove(kernel_tree, converted(kernel_tree))
    assert proof.proven, proof


SEEDS: dict[str, tuple[Callable[[str], str], str]] = {
    "missed call": (
        lambda text: text.replace("skb_add_rx_frag_netmem(", "skb_add_rx_frag("), "plain"),
    "wrong NULL": (lambda text: text.replace("buf->netmem = 0;", "buf->netmem = NULL;"), "plain"),
    "other value for NULL": (
        lambda text: text.replace("buf->netmem = 0;", "buf->netmem = 1;", 1), "strict"),
    "swapped argument": (
        lambda text: text.replace("buf->netmem, buf->offset, len", "buf->netmem, len, buf->offset"),
        "identity"),
    "dropped release": (
        lambda text: text.replace(
            "\t\tpage_pool_put_full_netmem(pool, buf->netmem, 1);\n", ""), "identity"),
    "doubled release": (
        lambda text: text.replace(
            "\t\tpage_pool_put_full_netmem(pool, buf->netmem, 1);\n",
            "\t\tpage_pool_put_full_netmem(pool, buf->netmem, 1);\n" * 2), "identity"),
    "inverted test": (lambda text: text.replace("if (!buf->netmem)", "if (buf->netmem)"),
                      "identity"),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_a_seeded_wrong_edit_is_caught(seed: str, kernel_tree: Path) -> None:
    change, way = SEEDS[seed]
    good = converted(kernel_tree)
    bad = change(good)
    assert bad != good
    proof = prove(kernel_tree, bad)
    assert proof.failed
    assert getattr(proof, way).status is Status.FAIL
    assert getattr(proof, way).details


def test_wrapped_lines_are_no_difference(kernel_tree: Path) -> None:
    after = converted(kernel_tree).replace("(pool, buf->netmem, 1)",
                                           "(pool,\n\t\tbuf->netmem,\n\t\t1)")
    assert prove(kernel_tree, after).proven


def test_what_kbuild_does_not_build_is_not_proven(kernel_tree: Path) -> None:
    (kernel_tree / "drivers/net/demo/.demo.o.cmd").unlink()
    proof = prove(kernel_tree, converted(kernel_tree))
    assert not proof.proven
    assert proof.plain.status is Status.NOT_BUILT


def test_the_tree_is_left_alone(kernel_tree: Path) -> None:
    after = converted(kernel_tree)
    before = {path: path.read_bytes() for path in kernel_tree.rglob("*") if path.is_file()}
    prove(kernel_tree, after)
    assert {path: path.read_bytes() for path in kernel_tree.rglob("*") if path.is_file()} == before


def format_patch(kernel_tree: Path, out: Path) -> Path:
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                   for key, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))}
    result = CliRunner().invoke(
        cli, ["format-patch", str(kernel_tree / "drivers/net/demo"), "-o", str(out)],
        env=environment)
    assert result.exit_code == 0, result.output
    (patch,) = out.glob("*.patch")
    return patch


def test_verify_takes_what_format_patch_writes(kernel_tree: Path, tmp_path: Path) -> None:
    patch = format_patch(kernel_tree, tmp_path / "out")
    result = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(kernel_tree)])
    assert result.exit_code == 0, result.output
    assert "1 of 1 objects proven" in result.stdout
    (change,) = apply_series(kernel_tree, [patch])
    assert change.after.decode() == converted(kernel_tree)


def test_verify_fails_a_patch_that_changes_behaviour(kernel_tree: Path, tmp_path: Path) -> None:
    patch = format_patch(kernel_tree, tmp_path / "out")
    text = patch.read_text()
    patch.write_text(text.replace("+\tbuf->netmem = 0;", "+\tbuf->netmem = 8;", 1))
    result = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(kernel_tree), "--json"])
    assert result.exit_code == ExitCode.VERIFY
    assert '"proven": false' in result.stdout


@pytest.mark.parametrize(("spoil", "word"), [
    (lambda tree, patch: patch.write_text("no patch\n"), "not a patch"),
    (lambda tree, patch: patch.unlink(), "No such file"),
    (lambda tree, patch: (tree / DRIVER).write_text("int other;\n"), "does not take it"),
    (lambda tree, patch: (tree / DRIVER).unlink(), "does not have"),
    (lambda tree, patch: patch.write_text(patch.read_text().replace(DRIVER, "../x.c")), "outside"),
    (lambda tree, patch: (tree / ".config").unlink(), "kernel prepare"),
    (lambda tree, patch: (tree / "MAINTAINERS").unlink(), "kernel"),
])
def test_bad_input_is_one_line(spoil: Callable[[Path, Path], object], word: str, kernel_tree: Path,
                               tmp_path: Path) -> None:
    patch = format_patch(kernel_tree, tmp_path / "out")
    spoil(kernel_tree, patch)
    result = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(kernel_tree)])
    assert isinstance(result.exception, InputError)
    assert word in str(result.exception)
    assert "\n" not in str(result.exception)


def test_no_compiler(kernel_tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = converted(kernel_tree)
    bare = tmp_path / "bin"
    bare.mkdir()
    make = subprocess.run(["which", "make"], capture_output=True, text=True, check=True)
    (bare / "make").symlink_to(make.stdout.strip())
    monkeypatch.setenv("PATH", str(bare))
    with pytest.raises(InputError, match="no gcc"):
        prove(kernel_tree, after)


def test_the_fake_tree_is_a_kernel(kernel_tree: Path) -> None:
    assert Kernel.at(kernel_tree).version == "7.3.0"


def test_a_changed_message_is_no_identity(kernel_tree: Path) -> None:
    before = BEFORE.replace("int rx_fill(", 'const char *rx_name = "rx";\n\nint rx_fill(')
    change = FileChange(DRIVER, before.encode(), before.replace('"rx"', '"tx"').encode())
    (kernel_tree / DRIVER).write_text(before)
    (proof,) = verify_changes(kernel_tree, [change])
    assert proof.identity.status is Status.FAIL
    assert "rx" in proof.identity.details[0]


def test_lines_that_are_not_compiled_are_not_proven(kernel_tree: Path) -> None:
    before = BEFORE + ("\n#ifdef CONFIG_OTHER\nvoid rx_other(struct rx_buf *buf)\n{\n"
                       "\tbuf->offset = 1;\n}\n#else\nvoid rx_other(struct rx_buf *buf)\n{\n"
                       "\tbuf->offset = 2;\n}\n#endif\n")
    (kernel_tree / DRIVER).write_text(before)
    line = before[:before.index("offset = 1")].count("\n") + 1
    for after, good in ((before.replace("offset = 1", "offset = 3"), False),
                        (before.replace("\tbuf->offset = 1;\n", ""), False),
                        (before.replace("offset = 2", "offset = (2)"), True)):
        change = FileChange(DRIVER, before.encode(), after.encode())
        (proof,) = verify_changes(kernel_tree, [change])
        assert proof.proven is good
        if not good:
            assert not proof.failed
            assert proof.plain.details == (f"line {line}: not compiled with this configuration",)


HEADER = "drivers/net/demo/demo.h"
INLINE = ("struct rx_two {\n\tstruct page *page;\n\tstruct page *netmem;\n};\n\n"
          "static inline struct page *rx_of(struct rx_two *two)\n{\n\treturn two->page;\n}\n")


def with_header(kernel_tree: Path, text: str) -> None:
    (kernel_tree / HEADER).write_text(text)
    (kernel_tree / DRIVER).write_text('#include "demo.h"\n' + BEFORE + (
        "\nstruct page *rx_two(struct rx_two *two)\n{\n\treturn rx_of(two);\n}\n"))


def header_change(kernel_tree: Path, old: str, new: str) -> tuple[ObjectProof, ...]:
    before = '#include <linux/skbuff.h>\n#ifndef DEMO_H\n#define DEMO_H\n' + INLINE + "#endif\n"
    with_header(kernel_tree, before)
    change = FileChange(HEADER, before.encode(), before.replace(old, new).encode())
    assert change.after != change.before
    return verify_changes(kernel_tree, [change])


def test_another_member_of_the_same_type_is_caught_in_a_header(kernel_tree: Path) -> None:
    (proof,) = header_change(kernel_tree, "return two->page;", "return two->netmem;")
    assert proof.source == DRIVER
    assert proof.identity.status is Status.FAIL


def test_a_renamed_member_in_a_header_is_proven(kernel_tree: Path) -> None:
    before = '#include <linux/skbuff.h>\n' + INLINE.replace("\tstruct page *netmem;\n", "")
    with_header(kernel_tree, before)
    after = before.replace("*page;", "*netmem;").replace("two->page", "two->netmem")
    (proof,) = verify_changes(kernel_tree, [FileChange(HEADER, before.encode(), after.encode())])
    assert proof.proven, proof


@pytest.mark.parametrize("before", [
    "#ifndef DEMO_H\n#define DEMO_H\nextern int rx_a;\n#endif\n", "extern int rx_a;\n"])
def test_a_header_that_no_object_includes_is_not_proven(kernel_tree: Path, before: str) -> None:
    (kernel_tree / HEADER).write_text(before)
    after = before.replace("rx_a", "rx_b")
    (proof,) = verify_changes(kernel_tree, [FileChange(HEADER, before.encode(), after.encode())])
    assert (proof.source, proof.plain.status) == (HEADER, Status.NOT_BUILT)


def test_what_is_no_c_is_not_proven(kernel_tree: Path) -> None:
    path = "drivers/net/demo/Makefile"
    (proof,) = verify_changes(kernel_tree, [FileChange(path, b"obj-y += demo.o\n", b"")])
    assert (proof.source, proof.proven, proof.failed) == (path, False, False)


def test_a_patch_that_deletes_a_file_is_refused(kernel_tree: Path, tmp_path: Path) -> None:
    lines = BEFORE.splitlines(keepends=True)
    patch = tmp_path / "0001-delete.patch"
    patch.write_text(
        "From: A Person <person@example.org>\nSubject: [PATCH] delete\n\n---\n"
        f"diff --git a/{DRIVER} b/{DRIVER}\ndeleted file mode 100644\n"
        f"--- a/{DRIVER}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n"
        + "".join("-" + line for line in lines) + "-- \n2.39\n")
    with pytest.raises(InputError, match="deletes"):
        apply_series(kernel_tree, [patch])


# -- objects that the configuration leaves out

OPTIONAL = """\
#if !defined(CONFIG_DEMO_RX)
static inline int rx_fill(struct page_pool *pool, struct rx_buf *buf)
{
	return buf->offset + !pool;
}
#else
int rx_fill(struct page_pool *pool, struct rx_buf *buf);
#endif
"""


def optional(kernel_tree: Path, makefile: str) -> str:
    """A driver whose header stubs it out unless its option is set; its source so far."""
    (kernel_tree / "drivers/net/demo/Makefile").write_text(makefile)
    struct = BEFORE[BEFORE.index("struct rx_buf {"):BEFORE.index("int rx_fill")]
    (kernel_tree / HEADER).write_text(struct + OPTIONAL)
    before = BEFORE.replace(struct, '#include "demo.h"\n\n')
    (kernel_tree / DRIVER).write_text(before)
    return before


def conversion(kernel_tree: Path) -> list[FileChange]:
    files = [file for file in (DRIVER, HEADER) if (kernel_tree / file).exists()]
    before = {file: (kernel_tree / file).read_bytes() for file in files}
    result = CliRunner().invoke(cli, ["apply", str(kernel_tree / "drivers/net/demo")])
    assert result.exit_code == 0, result.output
    changes = [FileChange(file, before[file], (kernel_tree / file).read_bytes()) for file in files]
    for file in files:
        (kernel_tree / file).write_bytes(before[file])
    return changes


@pytest.mark.few(1)
@pytest.mark.parametrize(("makefile", "options"), [
    ("obj-$(CONFIG_DEMO_RX) += demo.o\n", ("CONFIG_DEMO_RX",)),
    ("obj-$(CONFIG_DEMO) += all.o\nall-$(CONFIG_DEMO_RX) := \\\n\tdemo.o\n", ("CONFIG_DEMO_RX",)),
    ("obj-$(CONFIG_MORE) += all.o\nall-$(CONFIG_DEMO_RX) += demo.o\n",
     ("CONFIG_DEMO_RX", "CONFIG_MORE")),
])
def test_an_object_that_is_left_out_is_compiled_as_if_its_option_were_set(
    kernel_tree: Path, tmp_path: Path, makefile: str, options: tuple[str, ...]
) -> None:
    optional(kernel_tree, makefile)
    changes = conversion(kernel_tree)
    (proof,) = verify_changes(kernel_tree, changes)
    assert (proof.proven, proof.as_if) == (True, options), proof
    # It is said, in the table and in the message of a proven patch.
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                   for key, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))}
    done = CliRunner().invoke(cli, ["format-patch", "--verify",
                                    str(kernel_tree / "drivers/net/demo"),
                                    "-o", str(tmp_path / "out")], env=environment)
    assert done.exit_code == 0, done.output
    text = " ".join(Path(done.stdout.strip()).read_text().split())
    assert "it, left out by the configuration, with the CONFIG_ options of the Makefile" in text
    done = CliRunner().invoke(cli, ["verify", done.stdout.strip(), "--kernel", str(kernel_tree)])
    assert f"1 compiled as if {' and '.join(options)} were set" in done.stdout


def test_a_wrong_edit_behind_an_unset_option_is_caught(kernel_tree: Path) -> None:
    optional(kernel_tree, "obj-$(CONFIG_DEMO_RX) += demo.o\n")
    source, header = conversion(kernel_tree)
    bad = FileChange(source.path, source.before, source.after.replace(
        b"buf->netmem = 0;", b"buf->netmem = 1;", 1))
    assert bad.after != source.after
    (proof,) = verify_changes(kernel_tree, [bad, header])
    assert proof.failed


@pytest.mark.parametrize("makefile", [
    "obj-y += demo.o\n",  # no option can build it
    "obj-$(CONFIG_DEMO) += demo.o\n",  # the one that does is set
    "obj-$(CONFIG_DEMO_RX) += demo.o\nobj-$(CONFIG_DEMO) += demo.o\n",  # one of them is
    "all-y := demo.o\ndemo-y := all.o\n",  # nothing builds what goes in circles
    "obj-$(CONFIG_DEMO_RX) += other.o\n",
    "",
])
def test_no_other_option_is_taken_for_set(kernel_tree: Path, makefile: str) -> None:
    optional(kernel_tree, makefile)
    (proof,) = verify_changes(kernel_tree, conversion(kernel_tree))
    assert (proof.proven, proof.as_if) == (False, ())
    assert "does not compile before the change either" in proof.plain.details[0]


def test_options_that_break_the_code_are_not_taken(kernel_tree: Path) -> None:
    (kernel_tree / "drivers/net/demo/Makefile").write_text("obj-$(CONFIG_DEMO_RX) += demo.o\n")
    before = BEFORE + "#ifdef CONFIG_DEMO_RX\n#error \"not here\"\n#endif\n"
    (kernel_tree / DRIVER).write_text(before)
    (proof,) = verify_changes(kernel_tree, conversion(kernel_tree))
    assert (proof.proven, proof.as_if) == (True, ())


SAYS = """
void own_say(const char *text);
void *ow;
#define own_text(cond) own_say(#cond)
#define own_check(cond) own_text(cond)

void rx_look(struct rx_buf *buf)
{
	own_check(page_address(buf->page) == ow);
}
"""


def test_a_literal_that_spells_code_is_as_long_as_its_names(kernel_tree: Path) -> None:
    """gcc puts a long literal into another section than a short one; that is no code."""
    before = (BEFORE + SAYS).encode()
    (kernel_tree / DRIVER).write_bytes(before)
    (migration,) = migrate([kernel_tree / DRIVER], kernel=kernel_tree).drivers
    (change,) = migration.changes
    (proof,) = verify_changes(kernel_tree, [change])
    assert proof.proven, proof
    wrong = change.after.replace(b"== own", b"!= own_wh").replace(b"buf->offset, len", b"0, len")
    (proof,) = verify_changes(kernel_tree, [FileChange(change.path, before, wrong)])
    assert proof.identity.status is Status.FAIL
