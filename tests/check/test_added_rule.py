# SPDX-License-Identifier: GPL-2.0-only
"""A rule is added by its module and its test alone, and every face of `check` knows it."""

from __future__ import annotations

import json

import pytest
from scratch import Scratch

MODULE = "netmem_migrate/check/rules/global_pool.py"
TEST = "tests/check/rules/test_global_pool.py"
RULE = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""A pool that is a variable of a file.

Members are left alone: each queue has its own.
"""

from __future__ import annotations

from collections.abc import Iterator

from netmem_migrate.check.context import Context
from netmem_migrate.check.findings import Rule, Unit
from netmem_migrate.results import Finding, Severity

RULE = Rule(
    id="global-pool",
    severity=Severity.WARNING,
    summary="one pool for all queues",
    why="Documentation/networking/page_pool.rst: a pool belongs to one queue.",
    bad="""\\
static struct page_pool *pool;

void demo_stop(void)
{
	page_pool_destroy(pool);
}
""",
    good="""\\
void demo_stop(struct demo_rxq *rxq)
{
	page_pool_destroy(rxq->pool);
}
""",
    unit=Unit.FILE,
)


def find(context: Context) -> Iterator[Finding]:
    """The variables of that type."""
    for several in context.symbols.globals.values():
        for one in several:
            if one.file == context.path and context.types.kind(
                    one.declarator.identifier or context.root) == "struct page_pool *":
                yield context.finding(RULE, one.declaration, f"{one.name.decode()} is for all")
'''
CASES = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""Pools of a file, and of a queue."""

from __future__ import annotations

import pytest
from rule_tools import check_found, check_left_alone

FOUND = {"static": "static struct page_pool *pool;\\n"}
LEFT_ALONE = {"a member": "struct q {\\n\\tstruct page_pool *pool;\\n};\\n"}


@pytest.mark.parametrize("name", FOUND)
def test_found(name: str) -> None:
    check_found("global-pool", FOUND[name])


@pytest.mark.parametrize("name", LEFT_ALONE)
def test_left_alone(name: str) -> None:
    check_left_alone(LEFT_ALONE[name])
'''
DRIVER = """\
#include <net/page_pool/helpers.h>

static struct page_pool *demo_pool;

void demo_drop(netmem_ref netmem)
{
	page_pool_put_full_netmem(demo_pool, netmem, false);
}
"""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    made = Scratch(tmp_path_factory.mktemp("added"))
    made.write(MODULE, RULE)
    made.write(TEST, CASES)
    made.write("demo.c", DRIVER)
    return made


def test_it_finds_something_on_a_file(scratch: Scratch) -> None:
    done = scratch.run("netmem-migrate check demo.c")
    assert (done.returncode, done.stdout) == (
        1, "demo.c:3:1: warning: demo_pool is for all [global-pool]\n"), done.stderr
    assert done.stderr.endswith("0 errors, 1 warning, 0 notes\n")


def test_it_is_listed_chosen_and_explained(scratch: Scratch) -> None:
    assert "global-pool            warning  one pool for all queues (Documentation/" in scratch.run(
        "netmem-migrate check --list-rules").stdout
    assert scratch.run("netmem-migrate check --ignore global-pool demo.c").returncode == 0
    assert scratch.run("netmem-migrate check --rule global-pool demo.c").returncode == 1
    said = scratch.run("netmem-migrate explain global-pool").stdout
    assert "A pool that is a variable of a file." in said
    assert "static struct page_pool *pool;" in said


@pytest.mark.long
def test_json_b4_and_sarif_tell_of_it(scratch: Scratch) -> None:
    done = scratch.run("netmem-migrate check --json --sarif log.sarif demo.c")
    (finding,) = json.loads(done.stdout)["findings"]
    assert (finding["id"], finding["severity"], finding["line"]) == ("global-pool", "warning", 3)
    (run,) = json.loads((scratch.root / "log.sarif").read_text())["runs"]
    assert "global-pool" in {one["id"] for one in run["tool"]["driver"]["rules"]}
    assert [one["ruleId"] for one in run["results"]] == ["global-pool"]
    assert "[global-pool]" in scratch.run("netmem-migrate check --b4 demo.c").stdout


@pytest.mark.long
def test_its_tests_run_and_nothing_else_changed(scratch: Scratch) -> None:
    done = scratch.run(f"pytest {TEST} 'tests/check/test_registry.py' -k 'global'")
    assert done.returncode == 0, done.stdout
    done = scratch.run("netmem-migrate transform lint")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert scratch.changed() == {MODULE, TEST}
