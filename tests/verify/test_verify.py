# SPDX-License-Identifier: GPL-2.0-only
"""The proof on a tiny kernel of our own: real gcc, recorded commands, and seeded wrong edits."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode, InputError
from netmem_migrate.git.am import apply_series
from netmem_migrate.kernel.tree import Kernel
from netmem_migrate.results import FileChange
from netmem_migrate.verify import ObjectProof, Status, verify_changes

NETMEM_H = """\
#ifndef _NET_NETMEM_H
#define _NET_NETMEM_H
struct page;
struct netmem_desc;
typedef unsigned long __bitwise netmem_ref;
#define pp_page_to_nmdesc(p) ((struct netmem_desc *)(p))
#define page_to_netmem(p) ((netmem_ref)(p))
void *netmem_address(netmem_ref netmem);
void *page_address(const struct page *page);
#endif
"""
HELPERS_H = """\
#ifndef _HELPERS_H
#define _HELPERS_H
#include <net/netmem.h>
struct page_pool;
struct page *page_pool_dev_alloc_pages(struct page_pool *pool);
netmem_ref page_pool_dev_alloc_netmems(struct page_pool *pool);
void page_pool_put_full_page(struct page_pool *pool, struct page *page, _Bool direct);
void page_pool_put_full_netmem(struct page_pool *pool, netmem_ref netmem, _Bool direct);
#endif
"""
SKBUFF_H = """\
#ifndef _SKBUFF_H
#define _SKBUFF_H
#include <net/netmem.h>
#ifndef NULL
#define NULL ((void *)0)
#endif
struct sk_buff;
void skb_add_rx_frag(struct sk_buff *skb, int i, struct page *page, int off, int size);
void skb_add_rx_frag_netmem(struct sk_buff *skb, int i, netmem_ref netmem, int off, int size);
#endif
"""
BEFORE = """\
#include <linux/skbuff.h>
#include <net/page_pool/helpers.h>

struct rx_buf {
	struct page *page;
	int offset;
};

int rx_fill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	if (!buf->page)
		return -12;

	return 0;
}

void rx_give(struct page_pool *pool, struct rx_buf *buf, struct sk_buff *skb, int len)
{
	if (len < 60) {
		page_pool_put_full_page(pool, buf->page, 1);
		buf->page = NULL;
		return;
	}
	skb_add_rx_frag(skb, 0, buf->page, buf->offset, len);
	buf->page = NULL;
}
"""
DRIVER = "drivers/net/demo/demo.c"
COMMAND = ("gcc -Wp,-MMD,drivers/net/demo/.demo.o.d -nostdinc -I./include -D__bitwise= "
           "-std=gnu11 -O2 -Wall -Wextra -Wint-conversion -Werror=incompatible-pointer-types "
           "-c -o drivers/net/demo/demo.o drivers/net/demo/demo.c")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A kernel of nothing but what the proof needs; our own headers."""
    root = tmp_path / "linux"
    files = {
        "Makefile": "VERSION = 7\nPATCHLEVEL = 3\nSUBLEVEL = 0\nEXTRAVERSION =\n",
        "Kbuild": "", "MAINTAINERS": "", ".config": "CONFIG_DEMO=y\n",
        "include/generated/autoconf.h": "",
        "include/net/netmem.h": NETMEM_H, "include/net/page_pool/helpers.h": HELPERS_H,
        "include/linux/skbuff.h": SKBUFF_H, "include/linux/mm.h": "",
        "include/linux/netdevice.h": "", "include/net/xdp.h": "",
        DRIVER: BEFORE,
        "drivers/net/demo/Makefile": "obj-y += demo.o\n",
        "drivers/net/demo/.demo.o.cmd": f"savedcmd_{DRIVER[:-2]}.o := {COMMAND}\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def converted(tree: Path) -> str:
    """What the tool makes of the driver."""
    result = CliRunner().invoke(cli, ["apply", str(tree / "drivers/net/demo")])
    assert result.exit_code == 0, result.output
    after = (tree / DRIVER).read_text()
    (tree / DRIVER).write_text(BEFORE)
    return after


def prove(tree: Path, after: str) -> ObjectProof:
    change = FileChange(DRIVER, BEFORE.encode(), after.encode())
    proofs = verify_changes(tree, [change], jobs=2)
    assert [proof.source for proof in proofs] == [DRIVER]
    return proofs[0]


def test_the_tools_own_result_is_proven(tree: Path) -> None:
    proof = prove(tree, converted(tree))
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
def test_a_seeded_wrong_edit_is_caught(seed: str, tree: Path) -> None:
    change, way = SEEDS[seed]
    good = converted(tree)
    bad = change(good)
    assert bad != good
    proof = prove(tree, bad)
    assert proof.failed
    assert getattr(proof, way).status is Status.FAIL
    assert getattr(proof, way).details


def test_wrapped_lines_are_no_difference(tree: Path) -> None:
    after = converted(tree).replace("(pool, buf->netmem, 1)", "(pool,\n\t\tbuf->netmem,\n\t\t1)")
    assert prove(tree, after).proven


def test_what_kbuild_does_not_build_is_not_proven(tree: Path) -> None:
    (tree / "drivers/net/demo/.demo.o.cmd").unlink()
    proof = prove(tree, converted(tree))
    assert not proof.proven
    assert proof.plain.status is Status.NOT_BUILT


def test_the_tree_is_left_alone(tree: Path) -> None:
    after = converted(tree)
    before = {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    prove(tree, after)
    assert {path: path.read_bytes() for path in tree.rglob("*") if path.is_file()} == before


def format_patch(tree: Path, out: Path) -> Path:
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                   for key, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))}
    result = CliRunner().invoke(
        cli, ["format-patch", str(tree / "drivers/net/demo"), "-o", str(out)], env=environment)
    assert result.exit_code == 0, result.output
    (patch,) = out.glob("*.patch")
    return patch


def test_verify_takes_what_format_patch_writes(tree: Path, tmp_path: Path) -> None:
    patch = format_patch(tree, tmp_path / "out")
    result = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(tree)])
    assert result.exit_code == 0, result.output
    assert "1 of 1 objects proven" in result.stdout
    (change,) = apply_series(tree, [patch])
    assert change.after.decode() == converted(tree)


def test_verify_fails_a_patch_that_changes_behaviour(tree: Path, tmp_path: Path) -> None:
    patch = format_patch(tree, tmp_path / "out")
    text = patch.read_text()
    patch.write_text(text.replace("+\tbuf->netmem = 0;", "+\tbuf->netmem = 8;", 1))
    result = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(tree), "--json"])
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
def test_bad_input_is_one_line(spoil: Callable[[Path, Path], object], word: str, tree: Path,
                               tmp_path: Path) -> None:
    patch = format_patch(tree, tmp_path / "out")
    spoil(tree, patch)
    result = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(tree)])
    assert isinstance(result.exception, InputError)
    assert word in str(result.exception)
    assert "\n" not in str(result.exception)


def test_no_compiler(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    after = converted(tree)
    bare = tmp_path / "bin"
    bare.mkdir()
    make = subprocess.run(["which", "make"], capture_output=True, text=True, check=True)
    (bare / "make").symlink_to(make.stdout.strip())
    monkeypatch.setenv("PATH", str(bare))
    with pytest.raises(InputError, match="no gcc"):
        prove(tree, after)


def test_the_fake_tree_is_a_kernel(tree: Path) -> None:
    assert Kernel.at(tree).version == "7.3.0"


def test_a_changed_message_is_no_identity(tree: Path) -> None:
    before = BEFORE.replace("int rx_fill(", 'const char *rx_name = "rx";\n\nint rx_fill(')
    change = FileChange(DRIVER, before.encode(), before.replace('"rx"', '"tx"').encode())
    (tree / DRIVER).write_text(before)
    (proof,) = verify_changes(tree, [change])
    assert proof.identity.status is Status.FAIL
    assert "rx" in proof.identity.details[0]


def test_lines_that_are_not_compiled_are_not_proven(tree: Path) -> None:
    before = BEFORE + ("\n#ifdef CONFIG_OTHER\nvoid rx_other(struct rx_buf *buf)\n{\n"
                       "\tbuf->offset = 1;\n}\n#else\nvoid rx_other(struct rx_buf *buf)\n{\n"
                       "\tbuf->offset = 2;\n}\n#endif\n")
    (tree / DRIVER).write_text(before)
    line = before[:before.index("offset = 1")].count("\n") + 1
    for after, good in ((before.replace("offset = 1", "offset = 3"), False),
                        (before.replace("\tbuf->offset = 1;\n", ""), False),
                        (before.replace("offset = 2", "offset = (2)"), True)):
        (proof,) = verify_changes(tree, [FileChange(DRIVER, before.encode(), after.encode())])
        assert proof.proven is good
        if not good:
            assert not proof.failed
            assert proof.plain.details == (f"line {line}: not compiled with this configuration",)


HEADER = "drivers/net/demo/demo.h"
INLINE = ("struct rx_two {\n\tstruct page *page;\n\tstruct page *netmem;\n};\n\n"
          "static inline struct page *rx_of(struct rx_two *two)\n{\n\treturn two->page;\n}\n")


def with_header(tree: Path, text: str) -> None:
    (tree / HEADER).write_text(text)
    (tree / DRIVER).write_text('#include "demo.h"\n' + BEFORE + (
        "\nstruct page *rx_two(struct rx_two *two)\n{\n\treturn rx_of(two);\n}\n"))


def header_change(tree: Path, old: str, new: str) -> tuple[ObjectProof, ...]:
    before = '#include <linux/skbuff.h>\n#ifndef DEMO_H\n#define DEMO_H\n' + INLINE + "#endif\n"
    with_header(tree, before)
    change = FileChange(HEADER, before.encode(), before.replace(old, new).encode())
    assert change.after != change.before
    return verify_changes(tree, [change])


def test_another_member_of_the_same_type_is_caught_in_a_header(tree: Path) -> None:
    (proof,) = header_change(tree, "return two->page;", "return two->netmem;")
    assert proof.source == DRIVER
    assert proof.identity.status is Status.FAIL


def test_a_renamed_member_in_a_header_is_proven(tree: Path) -> None:
    before = '#include <linux/skbuff.h>\n' + INLINE.replace("\tstruct page *netmem;\n", "")
    with_header(tree, before)
    after = before.replace("*page;", "*netmem;").replace("two->page", "two->netmem")
    (proof,) = verify_changes(tree, [FileChange(HEADER, before.encode(), after.encode())])
    assert proof.proven, proof


@pytest.mark.parametrize("before", [
    "#ifndef DEMO_H\n#define DEMO_H\nextern int rx_a;\n#endif\n", "extern int rx_a;\n"])
def test_a_header_that_no_object_includes_is_not_proven(tree: Path, before: str) -> None:
    (tree / HEADER).write_text(before)
    after = before.replace("rx_a", "rx_b")
    (proof,) = verify_changes(tree, [FileChange(HEADER, before.encode(), after.encode())])
    assert (proof.source, proof.plain.status) == (HEADER, Status.NOT_BUILT)


def test_what_is_no_c_is_not_proven(tree: Path) -> None:
    path = "drivers/net/demo/Makefile"
    (proof,) = verify_changes(tree, [FileChange(path, b"obj-y += demo.o\n", b"")])
    assert (proof.source, proof.proven, proof.failed) == (path, False, False)


def test_a_patch_that_deletes_a_file_is_refused(tree: Path, tmp_path: Path) -> None:
    lines = BEFORE.splitlines(keepends=True)
    patch = tmp_path / "0001-delete.patch"
    patch.write_text(
        "From: A Person <person@example.org>\nSubject: [PATCH] delete\n\n---\n"
        f"diff --git a/{DRIVER} b/{DRIVER}\ndeleted file mode 100644\n"
        f"--- a/{DRIVER}\n+++ /dev/null\n@@ -1,{len(lines)} +0,0 @@\n"
        + "".join("-" + line for line in lines) + "-- \n2.39\n")
    with pytest.raises(InputError, match="deletes"):
        apply_series(tree, [patch])


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


def optional(tree: Path, makefile: str) -> str:
    """A driver whose header stubs it out unless its option is set; its source so far."""
    (tree / "drivers/net/demo/Makefile").write_text(makefile)
    struct = BEFORE[BEFORE.index("struct rx_buf {"):BEFORE.index("int rx_fill")]
    (tree / HEADER).write_text(struct + OPTIONAL)
    before = BEFORE.replace(struct, '#include "demo.h"\n\n')
    (tree / DRIVER).write_text(before)
    return before


def conversion(tree: Path) -> list[FileChange]:
    files = [file for file in (DRIVER, HEADER) if (tree / file).exists()]
    before = {file: (tree / file).read_bytes() for file in files}
    result = CliRunner().invoke(cli, ["apply", str(tree / "drivers/net/demo")])
    assert result.exit_code == 0, result.output
    changes = [FileChange(file, before[file], (tree / file).read_bytes()) for file in files]
    for file in files:
        (tree / file).write_bytes(before[file])
    return changes


@pytest.mark.parametrize(("makefile", "options"), [
    ("obj-$(CONFIG_DEMO_RX) += demo.o\n", ("CONFIG_DEMO_RX",)),
    ("obj-$(CONFIG_DEMO) += all.o\nall-$(CONFIG_DEMO_RX) := \\\n\tdemo.o\n", ("CONFIG_DEMO_RX",)),
    ("obj-$(CONFIG_MORE) += all.o\nall-$(CONFIG_DEMO_RX) += demo.o\n",
     ("CONFIG_DEMO_RX", "CONFIG_MORE")),
])
def test_an_object_that_is_left_out_is_compiled_as_if_its_option_were_set(
    tree: Path, tmp_path: Path, makefile: str, options: tuple[str, ...]
) -> None:
    optional(tree, makefile)
    changes = conversion(tree)
    (proof,) = verify_changes(tree, changes)
    assert (proof.proven, proof.as_if) == (True, options), proof
    # It is said, in the table and in the message of a proven patch.
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                   for key, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))}
    done = CliRunner().invoke(cli, ["format-patch", "--verify", str(tree / "drivers/net/demo"),
                                    "-o", str(tmp_path / "out")], env=environment)
    assert done.exit_code == 0, done.output
    text = " ".join(Path(done.stdout.strip()).read_text().split())
    assert "it, left out by the configuration, with the CONFIG_ options of the Makefile" in text
    done = CliRunner().invoke(cli, ["verify", done.stdout.strip(), "--kernel", str(tree)])
    assert f"1 compiled as if {' and '.join(options)} were set" in done.stdout


def test_a_wrong_edit_behind_an_unset_option_is_caught(tree: Path) -> None:
    optional(tree, "obj-$(CONFIG_DEMO_RX) += demo.o\n")
    source, header = conversion(tree)
    bad = FileChange(source.path, source.before, source.after.replace(
        b"buf->netmem = 0;", b"buf->netmem = 1;", 1))
    assert bad.after != source.after
    (proof,) = verify_changes(tree, [bad, header])
    assert proof.failed


@pytest.mark.parametrize("makefile", [
    "obj-y += demo.o\n",  # no option can build it
    "obj-$(CONFIG_DEMO) += demo.o\n",  # the one that does is set
    "obj-$(CONFIG_DEMO_RX) += demo.o\nobj-$(CONFIG_DEMO) += demo.o\n",  # one of them is
    "all-y := demo.o\ndemo-y := all.o\n",  # nothing builds what goes in circles
    "obj-$(CONFIG_DEMO_RX) += other.o\n",
    "",
])
def test_no_other_option_is_taken_for_set(tree: Path, makefile: str) -> None:
    optional(tree, makefile)
    (proof,) = verify_changes(tree, conversion(tree))
    assert (proof.proven, proof.as_if) == (False, ())
    assert "does not compile before the change either" in proof.plain.details[0]


def test_options_that_break_the_code_are_not_taken(tree: Path) -> None:
    (tree / "drivers/net/demo/Makefile").write_text("obj-$(CONFIG_DEMO_RX) += demo.o\n")
    before = BEFORE + "#ifdef CONFIG_DEMO_RX\n#error \"not here\"\n#endif\n"
    (tree / DRIVER).write_text(before)
    (proof,) = verify_changes(tree, conversion(tree))
    assert (proof.proven, proof.as_if) == (True, ())
