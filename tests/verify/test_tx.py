# SPDX-License-Identifier: GPL-2.0-only
"""The proof of frags that are sent by netmem: code, gcc's graph, the parser's list."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest
from click.testing import CliRunner
from kernel_tools import DRIVER
from tx_tools import (
    AFTER,
    BEFORE,
    DONE,
    ERROR,
    HEADER,
    MADE,
    MORE,
    NAME,
    OTHER,
    RAW_DONE,
    RAW_ERROR,
    SET,
    USE,
    plant_tx,
    replaced,
)

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.results import FileChange
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes


@pytest.fixture
def tree(kernel_tree: Path) -> Path:
    """A driver of two files that keeps the address of each frag to unmap it by."""
    return plant_tx(kernel_tree)


def prove(tree: Path, before: str, after: str) -> ObjectProof:
    (tree / DRIVER).write_text(before)
    proofs = verify_changes(tree, [FileChange(DRIVER, before.encode(), after.encode())], jobs=2)
    return next((one for one in proofs if not one.proven), proofs[0])


def refused(proof: ObjectProof, compiler: str, parser: str) -> None:
    """That both lists say so, each by itself."""
    assert proof.way is Way.TX and proof.identity.status is Status.FAIL, proof
    told = [one for one in proof.identity.details if one.startswith(("T1:", "T2:", "T3:"))]
    others = [one for one in proof.identity.details if one not in told]
    assert any(compiler in one for one in told), proof.identity.details
    assert any(parser in one for one in others), proof.identity.details


def mail(after: str) -> str:
    """A patch."""
    return "From: A <a@example.org>\nSubject: [PATCH] demo\n\nText.\n---\n" + "".join(
        difflib.unified_diff(BEFORE.splitlines(keepends=True), after.splitlines(keepends=True),
                             f"a/{DRIVER}", f"b/{DRIVER}"))


def line(text: str, part: str) -> str:
    return f"{DRIVER}:{text[:text.index(part)].count(chr(10)) + 1}"


def test_sets_and_unmaps_are_proven(tree: Path) -> None:
    proof = prove(tree, BEFORE, AFTER)
    assert proof.proven and proof.way is Way.TX, proof
    assert "the slot of a frag" in proof.assumes


def test_verify_says_it_of_a_patch(tree: Path, tmp_path: Path) -> None:
    patch = tmp_path / "one.patch"
    patch.write_text(mail(AFTER))
    done = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(tree)])
    assert done.exit_code == 0, done.output
    assert "1 of 1 objects proven" in done.stdout
    patch.write_text(mail(AFTER.replace(SET, "")))
    done = CliRunner().invoke(cli, ["verify", str(patch), "--kernel", str(tree)])
    assert done.exit_code == ExitCode.VERIFY and "without a set" in done.output


GOOD = {
    "what netmem is may be included": (
        ('#include "demo.h"\n', '#include <net/netmem.h>\n\n#include "demo.h"\n'),),
    "one statement needs brackets then": (
        ("\tif (i)\n" + DONE + "\telse\n", "\tif (i) {\n" + DONE + "\t} else\n"),),
    "an attribute that is 0": (),
}


@pytest.mark.parametrize("name", GOOD)
def test_what_a_patch_may_do_besides(name: str, tree: Path) -> None:
    proof = prove(tree, BEFORE, replaced(AFTER, *GOOD[name]))
    assert proof.proven and proof.way is Way.TX, proof


def test_a_set_in_a_branch_of_its_own_may_get_brackets(tree: Path) -> None:
    keeps = replaced(BEFORE, ("\t\ttx->len = skb_frag_size(frag);\n" + USE, """\
		ring->desc[i + 1] = tx->dma;
		if (ring->skips)
			tx->len = 0;
		else
			tx->len = skb_frag_size(frag);
"""))
    after = replaced(keeps, *MADE[:2], (
        "\t\telse\n\t\t\ttx->len = skb_frag_size(frag);\n",
        "\t\telse {\n\t\t\ttx->len = skb_frag_size(frag);\n\t" + SET + "\t\t}\n"),
        ("\t\tif (ring->skips)\n\t\t\ttx->len = 0;\n",
         "\t\tif (ring->skips) {\n\t\t\ttx->len = 0;\n\t" + SET + "\t\t}\n"))
    proof = prove(tree, keeps, after)
    assert proof.proven and proof.way is Way.TX, proof


def test_an_unmap_with_attributes_keeps_them(tree: Path) -> None:
    before = replaced(BEFORE, (RAW_DONE, "\t\tdma_unmap_page_attrs(ring->dev, tx->dma, tx->len,\n"
                                         "\t\t\t\t     DMA_TO_DEVICE, ring->skips);\n"))
    edits = (MADE[0], MADE[2], ("dma_unmap_page_attrs(ring->dev, tx->dma, tx->len,",
                                "netmem_dma_unmap_page_attrs(ring->dev, tx->dma, tx->len,"))
    proof = prove(tree, before, replaced(before, *edits))
    assert proof.proven and proof.way is Way.TX, proof


def test_unmaps_alone_are_turned_where_sets_are(tree: Path) -> None:
    proof = prove(tree, replaced(AFTER, (ERROR, RAW_ERROR)), AFTER)
    assert proof.proven and proof.way is Way.TX, proof


def test_a_macro_may_declare_and_keep_the_address(tree: Path) -> None:
    (tree / NAME).write_text(HEADER.replace("dma_addr_t dma;", "DEFINE_DMA_UNMAP_ADDR(dma);"))
    before = replaced(BEFORE, ("\ttx->dma = dma;\n", "\tdma_unmap_addr_set(tx, dma, dma);\n"))
    proof = prove(tree, before, replaced(before, *MADE))
    assert proof.proven and proof.way is Way.TX, proof


def test_a_function_may_keep_the_address(tree: Path) -> None:
    before = replaced(BEFORE, (
        "\t\ttx->len = skb_frag_size(frag);\n" + USE,
        USE + "\t\tdemo_keep(&ring->tx[i + 1], dma, skb_frag_size(frag));\n"),
        ("\tu32 i;\n", "\tdma_addr_t dma;\n\tu32 i;\n"), ("\t\ttx = &ring->tx[i + 1];\n", ""),
        ("\t\ttx->dma = skb_frag_dma_map(ring->dev, frag, 0, skb_frag_size(frag),\n\t\t\t\t\t   ",
         "\t\tdma = skb_frag_dma_map(ring->dev, frag, 0, skb_frag_size(frag),\n\t\t\t\t       "),
        ("\t\tif (dma_mapping_error(ring->dev, tx->dma))\n\t\t\tgoto",
         "\t\tif (dma_mapping_error(ring->dev, dma))\n\t\t\tgoto"))
    before = before.replace(USE, "\t\tring->desc[i + 1] = dma;\n")
    kept = "\t\tdemo_keep(&ring->tx[i + 1], dma, skb_frag_size(frag));\n"
    late = SET.replace("tx, dma, tx->dma", "&ring->tx[i + 1], dma, ring->tx[i + 1].dma")
    proof = prove(tree, before, replaced(before, *MADE[:2], (kept, kept + late)))
    assert proof.proven and proof.way is Way.TX, proof
    early = replaced(before, *MADE[:2], (kept, late + kept))
    refused(prove(tree, before, early), "without a set", "(T2)")


GUARD = """\
	if (tx->dma) {
		if (i)
			dma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
		else
			dma_unmap_single(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);
		tx->dma = 0;
		tx->len = 0;
	}
"""
PLAIN = BEFORE[BEFORE.index("\tif (i)\n"):BEFORE.index("\tdemo_keep(tx, 0, 0);")]
IN_GUARD = "\t\t\tdma_unmap_page(ring->dev, tx->dma, tx->len, DMA_TO_DEVICE);\n"


def guarded(tree: Path, guard: str, *more: tuple[str, str]) -> ObjectProof:
    """The proof for a driver that asks for the address before it unmaps."""
    before = replaced(BEFORE, (PLAIN, guard), *more)
    return prove(tree, before, replaced(before, MADE[0], MADE[2], (IN_GUARD, "\t" + DONE)))


def test_a_test_of_the_address_may_put_back_what_is_set_with_it(tree: Path) -> None:
    (tree / OTHER).write_text(MORE.replace("return tx->len;", "return 0;"))
    proof = guarded(tree, GUARD)
    assert proof.proven and proof.way is Way.TX, proof


SKIPPED = {
    "a call": ("\t\ttx->len = 0;\n", "\t\ttx->len = 0;\n\t\tdemo_tell(1);\n"),
    "a member that is not set again": ("\t\ttx->len = 0;\n", "\t\ttx->kind = 0;\n"),
    "what is counted": ("\t\ttx->len = 0;\n", "\t\tring->skips++;\n"),
    "a way out": ("\t\ttx->len = 0;\n", "\t\ttx->len = 0;\n\t\treturn;\n"),
}


@pytest.mark.parametrize("name", SKIPPED)
def test_what_a_test_of_the_address_may_not_decide(name: str, tree: Path) -> None:
    user = ("void demo_unmap(struct demo_ring *ring, u32 i)\n{\n",
            "void demo_unmap(struct demo_ring *ring, u32 i)\n{\n\tif (ring->tx[i].kind)\n"
            "\t\tdemo_tell(2);\n")
    refused(guarded(tree, replaced(GUARD, SKIPPED[name]), user), "T1: what stands at", "(T1)")


ARGUMENTS = {
    "another slot is written": (SET, SET.replace(", tx,", ", tx + 1,")),
    "another slot is read": (SET, SET.replace("tx->dma)", "tx[1].dma)")),
    "another member is written": (SET, SET.replace(", dma,", ", len,")),
    "another member is read": (SET, SET.replace("tx->dma", "tx->len")),
    "another slot is unmapped": (ERROR, ERROR.replace("tx[i].dma", "tx[i + 1].dma")),
    "another member is unmapped": (DONE, DONE.replace("tx->dma", "tx->len")),
    "another length": (DONE, DONE.replace("tx->len", "tx->len + 1")),
    "another direction": (DONE, DONE.replace("DMA_TO_DEVICE", "DMA_FROM_DEVICE")),
    "another attribute": (DONE, DONE.replace(", 0)", ", 1)")),
}


@pytest.mark.few(3)
@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_fault_in_an_argument_is_not_proven(name: str, tree: Path) -> None:
    proof = prove(tree, BEFORE, replaced(AFTER, ARGUMENTS[name]))
    assert not proof.proven and proof.identity.status is Status.FAIL
    assert proof.way is None  # it is none of the unmaps and sets that there were


SAME_CODE = {
    "no set": ((SET, ""), "without a set", "(T2)"),
    "a set on one path": (
        (SET, "\t\tif (ring->skips)\n\t" + SET), "without a set", "(T2)"),
    "a set before the use": ((USE + SET, SET + USE), "T1:", "(T1)"),
    "a set of another slot": (
        (SET, SET.replace("tx, dma, tx->dma", "&tx[1], dma, tx[1].dma")), "belongs to another frag",
        "(T2)"),
    "a set for another frag": ((SET, SET.replace("(frag)", "(frag + 1)")),
                               "belongs to another frag", "(T2)"),
    "a raw unmap on the error path": ((ERROR, RAW_ERROR), "T3: raw unmap", "(T3)"),
    "a raw unmap at the end": ((DONE, RAW_DONE), "T3: raw unmap", "(T3)"),
}


@pytest.mark.parametrize("name", SAME_CODE)
def test_what_shows_in_no_code_is_refused_by_both_lists(name: str, tree: Path) -> None:
    edit, compiler, parser = SAME_CODE[name]
    if name == "a set on one path":
        # The branch is the driver's own: only the set is in it.
        before = replaced(BEFORE, (USE, USE + "\t\tif (ring->skips)\n\t\t\tcontinue;\n"))
        after = replaced(before, *MADE[:2], ("\t\t\tcontinue;\n", "\t\t\tcontinue;\n" + SET))
        refused(prove(tree, before, after), compiler, parser)
        return
    refused(prove(tree, BEFORE, replaced(AFTER, edit)), compiler, parser)


def test_a_place_is_named(tree: Path) -> None:
    after = replaced(AFTER, (DONE, RAW_DONE))
    proof = prove(tree, BEFORE, after)
    at = line(after, "dma_unmap_page(ring->dev, tx->dma")
    assert f"T3: raw unmap at {at}" in proof.identity.details


DRIVERS = {
    "the frag ran ahead": ((
        ("\t\tfrag = &skb->frags[i];\n", ""),
        ("\tfor (i = 0; i < skb->nr_frags; i++) {\n",
         "\tfrag = &skb->frags[0];\n\tfor (i = 0; i < skb->nr_frags; i++) {\n"),
        (USE, "\t\tfrag++;\n" + USE)), "belongs to another frag", "(T2)"),
    "the slot ran ahead": ((
        (USE, USE + "\t\ttx++;\n"),), "belongs to another frag", "(T2)"),
    "a later use": ((
        ("\treturn 0;\n", "\tdemo_tell(ring->tx[1].dma);\n\treturn 0;\n"),), "T1:", "(T1)"),
    "a use in another function": ((
        ("\tdemo_keep(tx, 0, 0);\n", "\tdemo_tell(tx->dma);\n\tdemo_keep(tx, 0, 0);\n"),),
        "T1:", "(T1)"),
    "the address of the slot": ((
        ("\tdemo_keep(tx, 0, 0);\n",
         "\tdemo_tell((unsigned long)&tx->dma);\n\tdemo_keep(tx, 0, 0);\n"),), "T1:", "(T1)"),
}


@pytest.mark.parametrize("name", DRIVERS)
def test_a_driver_that_does_not_allow_it_is_refused(name: str, tree: Path) -> None:
    edits, compiler, parser = DRIVERS[name]
    before = replaced(BEFORE, *edits)
    last = "\t\ttx++;\n" if name == "the slot ran ahead" else USE
    refused(prove(tree, before, replaced(before, *MADE[:2], (last, last + SET))),
            compiler, parser)


ELSEWHERE = {
    "a use": ("return tx->len;", "return tx->dma;", "T1:", "(T1)"),
    "a raw unmap": ("return tx->len;",
                    "dma_unmap_page((struct device *)0, tx->dma, tx->len, DMA_TO_DEVICE);\n"
                    "\treturn 0;", "T3:", "(T3)"),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_a_file_that_the_patch_leaves_counts(name: str, tree: Path) -> None:
    old, new, compiler, parser = ELSEWHERE[name]
    (tree / OTHER).write_text(MORE.replace(old, new))
    proofs = verify_changes(tree, [FileChange(DRIVER, BEFORE.encode(), AFTER.encode())], jobs=2)
    one, other = sorted(proofs, key=lambda proof: proof.source)
    assert other.source == OTHER
    refused(other, compiler, parser)
    assert one.identity.status is Status.FAIL and parser in "".join(one.identity.details)


CLEARS = "tx->dma = 0;\n\treturn 0;"


def test_a_file_that_is_fine_is_no_object_of_the_patch(tree: Path) -> None:
    (tree / OTHER).write_text(MORE.replace("return tx->len;", CLEARS))
    (proof,) = verify_changes(tree, [FileChange(DRIVER, BEFORE.encode(), AFTER.encode())], jobs=2)
    assert proof.proven and proof.source == DRIVER


def test_a_use_that_is_not_compiled_is_not_proven(tree: Path) -> None:
    (tree / OTHER).write_text(MORE.replace("return tx->len;", CLEARS))
    (tree / "drivers/net/demo/.more.o.cmd").unlink()
    proofs = verify_changes(tree, [FileChange(DRIVER, BEFORE.encode(), AFTER.encode())], jobs=2)
    assert any(one.source == OTHER and not one.proven for one in proofs), proofs


def test_compiler_and_parser_have_to_agree(tree: Path) -> None:
    before = replaced(
        BEFORE, ("\tdemo_keep(tx, 0, 0);\n",
                 "\tdemo_tell(LOOK(tx, dma));\n\tdemo_keep(tx, 0, 0);\n"),
        ('#include "demo.h"\n', '#include "demo.h"\n\n#define LOOK(p, m) ((p)->m)\n'))
    proof = prove(tree, before, replaced(before, *MADE))
    assert proof.identity.status is Status.FAIL
    assert any("compiler and parser only" in one for one in proof.identity.details), proof


def test_a_member_that_has_another_name_is_refused(tree: Path) -> None:
    (tree / NAME).write_text(HEADER.replace(
        "\tdma_addr_t dma;\n",
        "\tunion {\n\t\tdma_addr_t dma;\n\t\tunsigned long long raw;\n\t};\n"))
    proof = prove(tree, BEFORE, AFTER)
    assert proof.identity.status is Status.FAIL
    assert f"{NAME}:7: T1: dma shares its memory" in proof.identity.details[0]


def test_a_patch_that_does_more_is_not_of_this_way(tree: Path) -> None:
    proof = prove(tree, BEFORE, replaced(AFTER, ("\tdemo_keep(tx, 0, 0);\n",
                                                 "\tdemo_keep(tx, 0, 1);\n")))
    assert proof.way is None and not proof.proven


def test_without_the_graph_nothing_is_proven(tree: Path) -> None:
    """A compiler that prints none, as clang does not."""
    other = tree / "scripts/other-gcc"
    other.parent.mkdir(exist_ok=True)
    other.write_text('#!/bin/sh\nfor one; do shift; case $one in\n-fdump*) ;;\n'
                     '*) set -- "$@" "$one" ;;\nesac; done\nexec gcc "$@"\n')
    other.chmod(0o755)
    for name in ("demo", "more"):
        command = tree / f"drivers/net/demo/.{name}.o.cmd"
        command.write_text(command.read_text().replace(":= gcc ", f":= {other} "))
    proof = prove(tree, BEFORE, AFTER)
    assert not proof.proven and proof.identity.status is Status.NOT_BUILT
    assert any("no graph of gcc" in one for one in proof.identity.details), proof
