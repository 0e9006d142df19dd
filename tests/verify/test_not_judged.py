# SPDX-License-Identifier: GPL-2.0-only
"""What no compiler judges is never proven, and what did not compile before is no failure."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kernel_tools import BEFORE, DRIVER

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.results import FileChange
from netmem_migrate.verify import Status, code, verify_changes

MAIL = "From: A Person <person@example.org>\nSubject: [PATCH] demo\n\nText.\n---\n"
MAKEFILE = "drivers/net/demo/Makefile"
MODE = f"diff --git a/{MAKEFILE} b/{MAKEFILE}\nold mode 100644\nnew mode 100755\n"
HUNK = (f"diff --git a/{DRIVER} b/{DRIVER}\n--- a/{DRIVER}\n+++ b/{DRIVER}\n@@ -4,4 +4,4 @@\n"
        " struct rx_buf {\n \tstruct page *page;\n-\tint offset;\n+\tint  offset;\n };\n")
OTHER = (f"diff --git a/{MAKEFILE} b/{MAKEFILE}\n--- a/{MAKEFILE}\n+++ b/{MAKEFILE}\n"
         "@@ -1 +1 @@\n-obj-y += demo.o\n+obj-y += demo2.o\n")
KCONFIG = OTHER.replace("Makefile", "Kconfig").replace("obj-y += demo", "config DEMO")
END = "-- \n2.39.2\n"


def verify(kernel_tree: Path, patch: Path, text: str, *words: str) -> Result:
    patch.write_text(text)
    return CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(kernel_tree), *words])


def test_a_patch_of_code_alone_is_proven(kernel_tree: Path, tmp_path: Path) -> None:
    notes = MAIL + "+ a note, and\n- another\n@@ too @@\n\n"
    for text in (MAIL + HUNK + END, notes + HUNK + END, HUNK + "--\n2.39\n\n"):
        mail = text if text.startswith("From") else MAIL + text
        result = verify(kernel_tree, tmp_path / "one.patch", mail)
        assert result.exit_code == 0, result.output
        assert "1 of 1 objects proven" in result.stdout


@pytest.mark.few(2)
@pytest.mark.parametrize(("text", "said"), [
    (HUNK + MODE, f"{MAKEFILE}: mode 100644 -> 100755: no compiler sees the mode of a file"),
    (MODE, f"{MAKEFILE}: mode 100644 -> 100755"),
    (HUNK.replace("\n---", "\nold mode 100644\nnew mode 100755\n---", 1),
     f"{DRIVER}: mode 100644 -> 100755"),
    (HUNK + OTHER, f"{MAKEFILE}: no C source"),
    (HUNK + KCONFIG, "drivers/net/demo/Kconfig: no C source"),
    (HUNK + "+\tmore();\n", "one.patch: line 15: no part of a hunk, git drops it: +\tmore();"),
    (HUNK + "-\tless();\n", "one.patch: line 15: no part of a hunk, git drops it: -\tless();"),
    (HUNK + END + "+\tmore();\n", "one.patch: line 17: no part of a hunk, git drops it"),
])
def test_what_no_compiler_judges_is_named_and_not_proven(
    text: str, said: str, kernel_tree: Path, tmp_path: Path) -> None:
    (kernel_tree / "drivers/net/demo/Kconfig").write_text("config DEMO.o\n")
    result = verify(kernel_tree, tmp_path / "one.patch", MAIL + text + END)
    assert result.exit_code == ExitCode.VERIFY, result.output
    assert said in result.stdout
    found = json.loads(verify(kernel_tree, tmp_path / "one.patch", MAIL + text + END,
                              "--json").stdout)["objects"]
    assert [one["proven"] for one in found] == ([True, False] if "rx_buf" in text else [False])


def test_text_that_git_drops_is_found_in_an_encoded_mail(
    kernel_tree: Path, tmp_path: Path) -> None:
    head = MAIL.replace("\n\n", "\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\n"
                        "Content-Transfer-Encoding: quoted-printable\n\n", 1)
    text = head + HUNK.replace("=", "=3D") + "=2B\tmore();\n" + END
    result = verify(kernel_tree, tmp_path / "one.patch", text)
    assert result.exit_code == ExitCode.VERIFY
    assert "git drops it: +\tmore();" in result.stdout


BROKEN = (
    BEFORE + "#error here\n",
    BEFORE + "int rx_more(void)\n{\n\treturn missing;\n}\n",
    '#include "missing.h"\n' + BEFORE,
    BEFORE + "struct none rx_none;\n",
    BEFORE + "int rx_fill(void);\n",
)


@pytest.mark.parametrize("before", BROKEN)
@pytest.mark.parametrize(("old", "new"), [
    ("buf->page = NULL;", "buf->page = 1;"), ("int offset;", "int  offset;")])
def test_what_does_not_compile_before_is_not_built(
    before: str, old: str, new: str, kernel_tree: Path) -> None:
    (kernel_tree / DRIVER).write_text(before)
    (proof,) = verify_changes(kernel_tree, [
        FileChange(DRIVER, before.encode(), before.replace(old, new).encode())])
    assert not proof.proven
    assert not proof.failed, proof
    assert proof.plain.status is Status.NOT_BUILT
    assert proof.plain.details[0] == "does not compile before the change either"


def test_what_does_not_compile_after_is_a_failure(kernel_tree: Path) -> None:
    (proof,) = verify_changes(kernel_tree, [
        FileChange(DRIVER, BEFORE.encode(), BEFORE.replace("NULL;", "nul;").encode())])
    assert proof.failed


# -- what the compiler numbers

ASM = """\
rx_one:
	call	rx_copy.constprop.{a}
	movl	CSWTCH.{b}(,%rax,4), %eax
	movl	__already_done.{c}(%rip), %edx
	leaq	__UNIQUE_ID_text_{d}(%rip), %rcx
	leaq	.L__const.rx_one.{e}(%rip), %rcx
	call	rx_part.isra.{f}.cold
	movl	%s
	ret
	.data
__UNIQUE_ID_other{g}:
	.long	{h}
"""
ONE = dict(zip("abcdefgh", (1, 20, 3, 412, 0, 0, 77, 5), strict=True))
LATER = dict(zip("abcdefgh", (4, 22, 9, 431, 2, 1, 92, 5), strict=True))


def asm(numbers: dict[str, int], more: str = "$1, %eax") -> list[str]:
    return code.normal(ASM.format(**numbers).replace("%s", more))


def test_numbers_of_the_compiler_are_no_difference() -> None:
    assert asm(ONE) == asm(LATER)


@pytest.mark.parametrize("numbers", [{"h": 6}])
def test_other_numbers_are_a_difference(numbers: dict[str, int]) -> None:
    assert asm(ONE) != asm(ONE | numbers)


@pytest.mark.parametrize(("one", "other"), [
    ("CSWTCH.20(%rip)", "CSWTCH.21(%rip)"),  # the table of before, or another one
    ("__already_done.3(%rip)", "__already_done.4(%rip)"),
    ("__UNIQUE_ID_text_412(%rip)", "__UNIQUE_ID_text_413(%rip)"),
    ("rx_copy.constprop.1(%rip)", "rx_copy.constprop.2(%rip)"),
    ("rx_copy.constprop.1(%rip)", "rx_copy.isra.1(%rip)"),
    ("rx_name1(%rip)", "rx_name2(%rip)"),  # a number that somebody wrote
    ("rx_copy.constprop.1(%rip)", "rx_copy(%rip)"),
])
def test_two_names_stay_two(one: str, other: str) -> None:
    assert asm(ONE, one) != asm(ONE, other)


SHIFTED = """
#define paste(a, b) a##b
#define unique(a, b) paste(a, b)
#define note(text) static const char unique(__UNIQUE_ID_note_, __COUNTER__)[] \\
	__attribute__((used, section(".notes"))) = text

note("one");

int rx_table(int kind)
{
	static int seen;

	seen++;
	switch (kind) {
	case 0: return 11;
	case 1: return 5;
	case 2: return 17;
	case 3: return 29;
	case 4: return 2;
	}
	return seen;
}

static __attribute__((noinline)) int rx_slow(int a, int b, int c)
{
	static int last;

	last += a;
	return last * b + c;
}

int rx_quick(int a, int b)
{
	return rx_slow(a, b, 3) + rx_slow(b, a, 3);
}
"""


@pytest.mark.parametrize("more", [
    "enum { rx_unused = __COUNTER__ };\n",
    "static inline int rx_dead(void)\n{\n\tstatic int seen;\n\n\treturn seen++;\n}\n",
    "static inline int rx_dead(int kind)\n{\n\tstatic int last;\n\n\tswitch (kind) {\n"
    "\tcase 0: return 11;\n\tcase 1: return 5;\n\tcase 2: return 17;\n\tcase 3: return 29;\n"
    "\tcase 4: return 2;\n\t}\n\treturn last++;\n}\n",
    "extern int rx_new __attribute__((unused));\n",
    "#define rx_macro(x) (x)\n",
])
def test_a_change_that_shifts_counters_is_proven(more: str, kernel_tree: Path) -> None:
    before, after = BEFORE + SHIFTED, BEFORE + "\n" + more + SHIFTED
    (kernel_tree / DRIVER).write_text(before)
    (proof,) = verify_changes(kernel_tree, [FileChange(DRIVER, before.encode(), after.encode())])
    assert proof.proven, proof


@pytest.mark.parametrize(("old", "new"), [
    ("return 17;", "return 18;"), ("rx_slow(b, a, 3)", "rx_slow(b, a, 4)"),
    ("seen++;", "seen += 2;"), ("return last * b", "return a * b"),
])
def test_a_change_of_what_is_numbered_is_caught(old: str, new: str, kernel_tree: Path) -> None:
    before = BEFORE + SHIFTED
    (kernel_tree / DRIVER).write_text(before)
    (proof,) = verify_changes(kernel_tree, [
        FileChange(DRIVER, before.encode(), before.replace(old, new).encode())])
    assert proof.identity.status is Status.FAIL, proof


CLANG = """\
rx_one:
.LBB{a}_1:
	leaq	.L.str.{b}(%rip), %rdi
	jmpq	*.LJTI{a}_0(,%rax,8)
	.section	.rodata.str1.1,"aMS",@progbits,1
.L.str.{b}:
	.asciz	"{c}"
	.size	.L.str.{b}, {d}
"""


def test_clang_numbers_its_labels_by_function_and_sizes_its_strings() -> None:
    one = code.normal(CLANG.format(a=3, b=12, c="page", d=5))
    assert one == code.normal(CLANG.format(a=4, b=14, c="netmem", d=7))
    assert one != code.normal(CLANG.format(a=3, b=12, c="page", d=5).replace("_1:", "_2:", 1)
                              + ".LBB3_1:\n")
