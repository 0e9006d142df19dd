# SPDX-License-Identifier: GPL-2.0-only
"""The partner table, held against a tiny kernel of our own: right rows hold, wrong ones do not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from kernel_tools import BEFORE, DRIVER, POOL_C

from netmem_migrate.api import migrate
from netmem_migrate.c.pattern import pattern
from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode
from netmem_migrate.model.assumed import Assumption
from netmem_migrate.patch.message import Provenance, body
from netmem_migrate.patch.plan import steps_of
from netmem_migrate.results import FileChange
from netmem_migrate.verify import PartnerProof, Status, verify_partners
from netmem_migrate.verify.rows import Row


def row(page: str, netmem: str, *assumes: Assumption) -> Row:
    return Row(pattern(page), pattern(netmem), page, assumes)


def proven(kernel_tree: Path, *rows: Row) -> PartnerProof:
    (proof,) = verify_partners(kernel_tree, None, rows)
    return proof


def run(kernel_tree: Path, *words: str) -> Result:
    return CliRunner().invoke(cli, ["verify", "--kernel", str(kernel_tree), *words])


def test_the_table_holds_on_a_kernel_whose_helpers_are_partners(kernel_tree: Path) -> None:
    result = run(kernel_tree, "--partners")
    assert result.exit_code == 0, result.output
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert "page_count(p) netmem_ref_count(p) head page same code" in lines
    assert "page_ref_count(p) netmem_ref_count(p) same code" in lines
    assert "page_count(p) -> netmem_ref_count(p): the same for a head page" in lines
    found = json.loads(run(kernel_tree, "--partners", "--json").stdout)["partners"]
    assert {one["status"] for one in found} == {"pass"}
    assert [one["page"] for one in found if one["needed"]] == ["page_count(p)"]


WRONG = {
    "another function": row("page_address(p)", "netmem_to_page(p)"),
    "an argument of its own": row("page_pool_put_full_page(pool, p, ...)",
                                  "page_pool_put_full_netmem(pool, p, 1)"),
    "an assumption unsaid": row("page_count(p)", "netmem_ref_count(p)"),
    "a test the wrong way round": row("p == NULL", "p"),
    "another constant": row("true", "netmem_is_net_iov(p)"),
    "another size": row("sizeof(struct page)", "sizeof(netmem_ref)"),
    "swapped operands": row("skb_add_rx_frag(skb, i, p, i, n)",
                            "skb_add_rx_frag_netmem(skb, i, p, n, i)"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_row_is_caught(wrong: str, kernel_tree: Path) -> None:
    proof = proven(kernel_tree, WRONG[wrong])
    assert (proof.said.status, len(proof.said.details)) == (Status.FAIL, 3), proof


def test_an_assumption_that_nothing_needs_is_said(kernel_tree: Path) -> None:
    proof = proven(kernel_tree, row("page_address(p)", "netmem_address(p)", Assumption.HEAD))
    assert (proof.proven, proof.spare) == (True, True)


@pytest.mark.parametrize("wrong", [
    row("page_nobody(p)", "netmem_address(p)"),  # nothing declares it
    row("page_nobody(p, ...)", "netmem_address(p)"),
    row("q + p", "p"),  # an operand of no known type
])
def test_what_cannot_be_compiled_is_not_proven(wrong: Row, kernel_tree: Path) -> None:
    header = kernel_tree / "include/net/netmem.h"
    header.write_text(header.read_text().replace(
        "void *page_address", "struct none page_nobody(struct page *p);\nvoid *page_address"))
    good = row("page_address(p)", "netmem_address(p)")
    one, other = verify_partners(kernel_tree, None, [wrong, good])
    assert (one.said.status, other.said.status) == (Status.NOT_BUILT, Status.PASS)
    assert one.said.details


ALLOC = row("page_pool_dev_alloc_pages(pool)", "page_pool_dev_alloc_netmems(pool)")


def test_the_body_of_a_function_decides_where_headers_only_declare_it(kernel_tree: Path) -> None:
    assert proven(kernel_tree, ALLOC).proven
    source = kernel_tree / "net/core/page_pool.c"
    source.write_text(POOL_C.replace("netmems(pool)", "netmems((void *)0)"))
    assert proven(kernel_tree, ALLOC).said.status is Status.FAIL
    source.unlink()
    assert proven(kernel_tree, ALLOC).said.status is Status.FAIL


def test_what_is_no_file_beside_the_sources_is_left_out(kernel_tree: Path) -> None:
    os.mkfifo(kernel_tree / "net/core/a.c")
    (kernel_tree / "net/core/b.c").symlink_to("b.c")
    assert proven(kernel_tree, ALLOC).proven


def test_what_kbuild_recorded_is_read_whatever_its_bytes(kernel_tree: Path) -> None:
    saved = kernel_tree / "net/core/.page_pool.o.cmd"
    saved.write_bytes(b"# \xff\xfe\n" + saved.read_bytes() + b"\n# \xff\n")
    assert proven(kernel_tree, ALLOC).proven
    saved.unlink()
    os.mkfifo(saved)
    result = run(kernel_tree, "--partners")
    assert result.exit_code == ExitCode.VERIFY
    assert "kbuild does not build it" in result.output


def change(after: str, before: str = BEFORE) -> FileChange:
    return FileChange(DRIVER, before.encode(), after.encode())


COUNTS = BEFORE + "\nint rx_refs(struct rx_buf *buf)\n{\n\treturn %s(buf->page);\n}\n"


@pytest.mark.parametrize(("was", "assumes"), [
    ("page_count", (Assumption.HEAD,)), ("page_ref_count", ())])
def test_the_page_function_that_went_is_the_partner(
    was: str, assumes: tuple[Assumption, ...], kernel_tree: Path) -> None:
    after = COUNTS.replace("%s(buf->page)", "netmem_ref_count(page_to_netmem(buf->page))")
    pairs = verify_partners(kernel_tree, [change(after, COUNTS % was)])
    assert [(one.page, one.assumes) for one in pairs if "ref_count" in one.netmem] == [
        (f"{was}(p)", assumes)]
    assert all(one.proven for one in pairs)
    assert not any("put_full" in one.netmem for one in pairs)  # no row that is not used


def test_nothing_is_assumed_of_what_did_not_change(kernel_tree: Path) -> None:
    assert verify_partners(kernel_tree, [change(BEFORE)]) == ()


def test_verify_fails_on_a_kernel_whose_helper_is_no_partner(
    kernel_tree: Path, tmp_path: Path) -> None:
    environment = {f"GIT_{role}_{key}": value for role in ("AUTHOR", "COMMITTER")
                   for key, value in (("NAME", "A Person"), ("EMAIL", "person@example.org"))}
    words = ["format-patch", str(kernel_tree / "drivers/net/demo"), "-o", str(tmp_path / "out")]
    CliRunner().invoke(cli, words, env=environment)
    (patch,) = (tmp_path / "out").glob("*.patch")
    good = run(kernel_tree, str(patch))
    assert good.exit_code == 0
    assert "partners used are the same code on this kernel" in good.stdout
    header = kernel_tree / "include/net/page_pool/helpers.h"
    header.write_text(header.read_text().replace(
        "put_full_netmem(pool, page_to_netmem(page), direct)",
        "put_full_netmem(pool, page_to_netmem(page), !direct)"))
    bad = run(kernel_tree, str(patch))
    assert bad.exit_code == ExitCode.VERIFY
    assert "1 of 1 objects proven" in bad.stdout
    assert ("page_pool_put_full_page(pool, p, ...) -> page_pool_put_full_netmem(pool, p, ...): "
            "data: the code differs") in bad.stdout
    proven_message = CliRunner().invoke(
        cli, [*words[:-1], str(tmp_path / "more"), "--verify"], env=environment)
    assert proven_message.exit_code == ExitCode.VERIFY
    assert not (tmp_path / "more").exists()


@pytest.mark.parametrize("words", [(), ("--partners", "some.patch")])
def test_patches_or_the_table(words: tuple[str, ...], kernel_tree: Path) -> None:
    assert run(kernel_tree, *words).exit_code == ExitCode.USAGE


def test_a_kernel_that_cannot_tell_heads_does_not_prove_them(kernel_tree: Path) -> None:
    flags = kernel_tree / "include/linux/page-flags.h"
    flags.write_text(flags.read_text().replace("_compound_head", "_other_head"))
    proof = proven(kernel_tree, row("page_count(p)", "netmem_ref_count(p)", Assumption.HEAD))
    assert proof.said.status is Status.NOT_BUILT


COUNTED = """\
#include <net/page_pool/helpers.h>

struct rx_buf {
	struct page *page;
};

void rx_fill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
}

void rx_give(struct page_pool *pool, struct rx_buf *buf, struct sk_buff *skb, int len)
{
	if (%s(buf->page) == 1)
		page_pool_put_full_page(pool, buf->page, true);
	else
		skb_add_rx_frag(skb, 0, buf->page, 0, len, 2048);
}
"""


@pytest.mark.parametrize(("call", "sentence"), [
    ("page_count", "netmem_ref_count() is the same as page_count() for head pages."),
    ("page_ref_count", ""),
    ("page_is_pfmemalloc", ""),
])
def test_a_message_says_what_its_own_replacements_assume(
    call: str, sentence: str, tmp_path: Path) -> None:
    (tmp_path / "drv.c").write_text(COUNTED % call)
    (migration,) = migrate([tmp_path / "drv.c"], api="7.3").drivers
    (step,) = steps_of(migration)
    text = " ".join(body(step.subject, Provenance("netmem-migrate")).split())
    assert (sentence in text) and ("is the same as" in text) is bool(sentence), text
