# SPDX-License-Identifier: GPL-2.0-only
"""The requirements of netmem.rst, judged by what the model says of the calls of a driver."""

from __future__ import annotations

from pathlib import Path

import pytest

from netmem_migrate.api import migrate
from netmem_migrate.model.kernel_calls import named
from netmem_migrate.model.schema import Trait
from netmem_migrate.results import DriverReport

DRIVER = """\
struct rx_buf {
	struct page *page;
};
int up(struct page_pool_params *params, struct rx_buf *buf)
{
	struct page_pool *pool = page_pool_create(params);

	buf->page = page_pool_dev_alloc_pages(pool);
	CODE;
	return 0;
}
"""


def report(tmp_path: Path, code: str) -> DriverReport:
    (tmp_path / "d.c").write_text(DRIVER.replace("CODE", code))
    return migrate([tmp_path]).drivers[0].report


@pytest.mark.parametrize("name", named(Trait.COUNTS))
def test_what_counts_references_is_own_recycling_to_the_requirement(
    name: str, tmp_path: Path
) -> None:
    assert report(tmp_path, f"{name}(buf->page)").requirements["rx.7"].status == "unmet"


@pytest.mark.parametrize("name", ["page_ref_dec", "page_ref_sub", "page_ref_freeze",
                                  "dev_page_is_reusable"])
def test_a_refusal_for_own_recycling_and_the_requirement_agree(name: str, tmp_path: Path) -> None:
    found = report(tmp_path, f"{name}(buf->page)")
    assert [one.category for one in found.refusals] == ["own-recycling"]
    assert found.requirements["rx.7"].status == "unmet"
    evidence = found.requirements["rx.7"].evidence
    assert [(one.file, one.line) for one in evidence] == [("d.c", 9)]


@pytest.mark.parametrize("code", ["page_pool_put_full_page(pool, buf->page, false)",
                                  "/* page_ref_dec(buf->page) */"])
def test_what_the_pool_recycles_is_met(code: str, tmp_path: Path) -> None:
    assert report(tmp_path, code).requirements["rx.7"].status == "met"
