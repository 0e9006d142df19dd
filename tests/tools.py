# SPDX-License-Identifier: GPL-2.0-only
"""Run the tool on a little C of our own and judge the outcome, with gcc as a witness."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner, Result

from netmem_migrate.api import migrate
from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import parse
from netmem_migrate.cli import cli
from netmem_migrate.report import wording
from netmem_migrate.results import Migration

ROOT = Path(__file__).resolve().parent.parent
CORPUS = ROOT / "corpus"
STUB = CORPUS / "stub"

# A buffer and a ring that hold pool memory whatever follows; `foreign()` takes pages only.
PRELUDE = """\
#include "netmem_stub.h"

struct rx_buf {
	struct page *page;
	u32 offset;
};

struct ring {
	struct rx_buf buf[4];
	struct page_pool *pool;
	struct page *spare;
};

void foreign(struct page *page);

int fill(struct page_pool *pool, struct rx_buf *buf, gfp_t gfp)
{
	buf->page = page_pool_alloc_pages(pool, gfp);

	return 0;
}

void fill_spare(struct ring *ring)
{
	ring->spare = page_pool_alloc_pages(ring->pool, GFP_KERNEL);
}

"""
MOVED = """\
#include "netmem_stub.h"

struct rx_buf {
	netmem_ref netmem;
	u32 offset;
};

struct ring {
	struct rx_buf buf[4];
	struct page_pool *pool;
	netmem_ref spare;
};

void foreign(struct page *page);

int fill(struct page_pool *pool, struct rx_buf *buf, gfp_t gfp)
{
	buf->netmem = page_pool_alloc_netmems(pool, gfp);

	return 0;
}

void fill_spare(struct ring *ring)
{
	ring->spare = page_pool_alloc_netmems(ring->pool, GFP_KERNEL);
}

"""


# Behind the prelude: each of its two members can move without the other.
TWO_MEMBERS = PRELUDE + """\
void drop(struct ring *ring, int i)
{
	page_pool_put_full_page(ring->pool, ring->buf[i].page, false);
	ring->buf[i].page = NULL;
	ring->spare = NULL;
}
"""


def plant(root: Path, files: Mapping[str, str]) -> Path:
    """Write files, by their path, to a folder that need not be there; the folder."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def run(*arguments: object, input: str | bytes | None = None) -> Result:
    """The command, in this process."""
    return CliRunner().invoke(cli, [str(one) for one in arguments], input=input)


def convert(folder: Path, files: dict[str, bytes], api: str = "7.3") -> tuple[
        Migration, dict[str, bytes]]:
    """Write files to a new folder and convert it; what the tool says, and the files after."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    migration = migrate([folder], api=api).drivers[0]
    assert all((folder / name).read_bytes() == data for name, data in files.items())
    return migration, files | {change.path: change.after for change in migration.changes}


def compiles(folder: Path, files: dict[str, bytes], *options: str) -> None:
    """Whether gcc takes the files, with netmem_ref as a number and as a type of its own."""
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    sources = [str(folder / name) for name in files if name.endswith(".c")]
    for strict in (0, 1):
        done = subprocess.run(
            ["gcc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wno-unused", "-Wno-missing-braces",
             "-Werror", f"-I{STUB}", f"-DNETMEM_STRICT={strict}", *options,
             *sources],
            capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


def _errors(source: bytes) -> int:
    return len(nodes(parse(source).tree.root_node, "ERROR"))


def _check_shape(before: bytes, after: bytes) -> None:
    assert _errors(after) <= _errors(before)
    long = {line for line in before.split(b"\n") if len(line.expandtabs(8)) > 80}
    for line in after.split(b"\n"):
        assert len(line.expandtabs(8)) <= 80 or line in long, line


def check_transformed(tmp_path: Path, before: str, after: str) -> None:
    """`before`, behind the prelude, becomes exactly `after`, which gcc takes."""
    source = (PRELUDE + before).encode()
    migration, files = convert(tmp_path / "before", {"d.c": source})
    assert files["d.c"].decode() == MOVED + after
    assert not migration.report.refusals
    _check_shape(source, files["d.c"])
    again, _ = convert(tmp_path / "after", files)
    assert not again.changes
    compiles(tmp_path / "gcc", files)


def prepare(tmp_path: Path, text: str) -> Migration:
    """Convert one file of C, with room made for that."""
    file = tmp_path / "d.c"
    file.write_text(text)
    run = migrate([file], api="7.3", prepare=True)
    assert not run.stopped
    return run.drivers[0]


def room_case(step: str, name: str) -> tuple[str, str]:
    """A case of corpus/rooms: the text before the step, and after it."""
    folder = CORPUS / "rooms" / step / name
    return (folder / "before.c").read_text(), (folder / "after.c").read_text()


def check_noop(tmp_path: Path, source: str) -> None:
    """The prelude moves; what follows it stays as it is, and is not worth a word."""
    migration, files = convert(tmp_path / "before", {"d.c": (PRELUDE + source).encode()})
    assert files["d.c"].decode() == MOVED + source
    assert not migration.report.refusals
    compiles(tmp_path / "gcc", files)


def check_refused(tmp_path: Path, source: str, slot: str, category: str,
                  api: str = "7.3") -> None:
    """The slot is refused for that reason; what follows the prelude keeps every byte."""
    migration, files = convert(tmp_path / "before", {"d.c": (PRELUDE + source).encode()}, api)
    refusals = {(one.slot, one.category) for one in migration.report.refusals}
    assert (slot, category) in refusals, refusals
    assert files["d.c"].decode().endswith("\n\n" + source)
    for refusal in migration.report.refusals:
        assert wording.text(refusal.reason) and refusal.origins and refusal.line
    if files["d.c"].decode() != PRELUDE + source:
        compiles(tmp_path / "gcc", files)
