# SPDX-License-Identifier: GPL-2.0-only
"""The proof of a copied function: real gcc, and faults seeded into the copy and around it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from kernel_tools import BEFORE, DRIVER
from tools import run

from netmem_migrate.api import migrate
from netmem_migrate.errors import ExitCode
from netmem_migrate.results import FileChange, Step
from netmem_migrate.verify import ObjectProof, Status, Way, verify_changes

RINGS = BEFORE.replace("\nint rx_fill", """
struct head {
	void *data;
};

void *head_small(void);
void head_take(struct head *head);

static struct page *rx_alloc_page(struct page_pool *pool, int *left)
{
	struct page *page = page_pool_dev_alloc_pages(pool);

	if (!page)
		return NULL;

	*left = *left + 4096;
	return page;
}

int head_fill(struct page_pool *pool, struct head *head, int *left, int small)
{
	if (small)
		head->data = head_small();
	else
		head->data = rx_alloc_page(pool, left);
	head_take(head);
	return !head->data;
}

int rx_fill""").replace("buf->page = page_pool_dev_alloc_pages(pool);",
                        "buf->page = rx_alloc_page(pool, &buf->offset);")


@pytest.fixture
def steps(kernel_tree: Path) -> tuple[Step, ...]:
    """The patches of a driver with a ring of heads and one of payload."""
    (kernel_tree / DRIVER).write_text(RINGS)
    run = migrate([kernel_tree / "drivers/net/demo"], prepare=True)
    assert not run.stopped
    return run.drivers[0].steps


def prove(kernel_tree: Path, before: bytes, after: bytes) -> ObjectProof:
    (proof,) = verify_changes(kernel_tree, [FileChange(DRIVER, before, after)], jobs=2)
    return proof


def test_the_copy_and_the_conversion_are_proven(kernel_tree: Path,
                                                steps: tuple[Step, ...]) -> None:
    assert [step.room is not None for step in steps] == [True, False]
    proofs = [prove(kernel_tree, step.changes[0].before, step.changes[0].after) for step in steps]
    assert all(proof.proven for proof in proofs), proofs
    assert [proof.way for proof in proofs] == [Way.COPIES, None]


COPY = "rx_alloc_netmem"
FAULTS: dict[str, Callable[[str], str]] = {
    "another number": lambda text: in_copy(text, "4096", "8192"),
    "a store left out": lambda text: in_copy(text, "\t*left = *left + 4096;\n", ""),
    "a test inverted": lambda text: in_copy(text, "if (!page)", "if (page)"),
    "another result": lambda text: in_copy(text, "\treturn page;", "\treturn NULL;"),
    "something more": lambda text: in_copy(text, "\treturn page;",
                                           "\thead_take(NULL);\n\treturn page;"),
    "given otherwise": lambda text: text.replace(f"{COPY}(pool, &buf->offset)",
                                                 f"{COPY}(pool, &buf->offset + 1)"),
    "called twice": lambda text: text.replace(
        f"\tbuf->page = {COPY}(pool, &buf->offset);\n",
        f"\tbuf->page = {COPY}(pool, &buf->offset);\n" * 2),
    "not called": lambda text: text.replace(f"\tbuf->page = {COPY}(pool, &buf->offset);\n", ""),
    "something else changed": lambda text: text.replace("if (len < 60)", "if (len < 61)"),
    "the function changed, too": lambda text: text.replace("4096", "8192"),
    "its symbol is the function's": lambda text: text.replace(
        f"static struct page *{COPY}(", f"static struct page *{COPY}(struct page_pool *pool, "
        f'int *left)\n\t__asm__("rx_alloc_page");\n\nstatic struct page *{COPY}(', 1),
    "a state of its own": lambda text: text.replace(
        "\t*left = *left + 4096;\n", "\tstatic int calls;\n\n\t*left = *left + 4096 + calls++;\n"),
}


def other_ring(text: str) -> str:
    """Let the heads have the copy, and payload the function."""
    return re.sub(r"(head->data|buf->\w+) = (?:rx_alloc_page|rx_alloc_netmem)\(", lambda found:
                  f"{found[1]} = {COPY if found[1] == 'head->data' else 'rx_alloc_page'}(", text)


def in_copy(text: str, old: str, new: str) -> str:
    """Replace something in the copy."""
    head, tail = re.split(rf"(?m)(?=^static .*\b{COPY}\()", text)
    assert old in tail
    return head + tail.replace(old, new, 1)


@pytest.mark.few(6)
@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_a_copy_is_caught(name: str, kernel_tree: Path,
                                     steps: tuple[Step, ...]) -> None:
    good = steps[0].changes[0].after.decode()
    bad = FAULTS[name](good)
    assert bad != good
    proof = prove(kernel_tree, RINGS.encode(), bad.encode())
    assert proof.identity.status is Status.FAIL and proof.identity.details


def test_the_wrong_ring_cannot_be_converted(kernel_tree: Path, steps: tuple[Step, ...]) -> None:
    """A copy is its function whoever calls it: that the other ring uses it shows in the next
    patch."""
    first, then = (other_ring(step.changes[0].after.decode()).encode() for step in steps)
    assert prove(kernel_tree, RINGS.encode(), first).proven
    assert prove(kernel_tree, first, then).plain.status is Status.FAIL


def test_a_copy_with_a_state_is_none_of_its_function(kernel_tree: Path) -> None:
    before = RINGS.replace("\t*left = *left + 4096;\n",
                           "\tstatic int calls;\n\n\t*left = *left + 4096 + calls++;\n")
    head, tail = re.split(r"(?m)(?=^int head_fill)", before)
    copy = re.split(r"(?m)(?=^static )", head)[1].replace("rx_alloc_page", COPY)
    after = head + copy + tail.replace("buf->page = rx_alloc_page", f"buf->page = {COPY}")
    assert prove(kernel_tree, before.encode(), after.encode()).identity.status is Status.FAIL


@pytest.mark.usefixtures("home")
def test_what_the_message_says_of_a_copy_is_what_was_done(kernel_tree: Path, tmp_path: Path,
                                                          steps: tuple[Step, ...]) -> None:
    out = tmp_path / "out"
    done = run("format-patch", kernel_tree / "drivers/net/demo", "-o", out, "--prepare", "--verify")
    assert done.exit_code == ExitCode.REFUSED, done.output  # heads are left
    first, then = (path.read_text() for path in sorted(out.glob("000[12]-*.patch")))
    assert "clone rx_alloc_page() for payload" in first
    said = " ".join(first.split())
    assert "each copy is the same code as its function" in said and "page partner" not in said
    assert "page partner" in " ".join(then.split())
    for number, patch in enumerate(sorted(out.glob("000[12]-*.patch"))):
        done = run("verify", *sorted(out.glob("000[12]-*.patch"))[:number + 1], "--kernel",
                   kernel_tree)
        assert done.exit_code == ExitCode.DONE, (patch, done.output)
