# SPDX-License-Identifier: GPL-2.0-only
"""Which sources a change to a header touches."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import plant

from netmem_migrate.verify.objects import touched_sources

HEADER = "drivers/net/ethernet/acme/common/buf.h"


def touched(root: Path, files: dict[str, str], header: str = HEADER) -> list[str]:
    plant(root, {header: "struct buf;\n", **files})
    return touched_sources(root, [header])


@pytest.mark.parametrize("option", [
    "-I $(srctree)/drivers/net/ethernet/acme/common", "-I$(src)/../../net/ethernet/acme/common",
    "-I$(srctree)/$(ACME)/common"])
def test_another_subsystem_by_an_include_path(option: str, tmp_path: Path) -> None:
    assert touched(tmp_path, {
        "drivers/infiniband/acme/Makefile": f"ccflags-y := {option}\n",
        "drivers/infiniband/acme/main.c": '#include "buf.h"\n',
        "drivers/infiniband/other/Makefile": "obj-y += main.o\n",
        "drivers/infiniband/other/main.c": '#include "buf.h"\n',
    }) == ["drivers/infiniband/acme/main.c"]


def test_an_include_path_holds_for_folders_below(tmp_path: Path) -> None:
    assert touched(tmp_path, {
        "drivers/net/ethernet/acme/Makefile": "subdir-ccflags-y += -I$(src)/common\n",
        "drivers/net/ethernet/acme/nic/Makefile": "obj-y += main.o\n",
        "drivers/net/ethernet/acme/nic/main.c": "#include <buf.h>\n",
    }) == ["drivers/net/ethernet/acme/nic/main.c"]


def test_another_header_of_the_same_name_is_told_apart(tmp_path: Path) -> None:
    assert touched(tmp_path, {
        "drivers/net/ethernet/acme/common/use.c": '# include "buf.h"\n',
        "drivers/net/ethernet/beta/buf.h": "", "include/net/buf.h": "",
        "drivers/net/ethernet/beta/use.c": '#include "buf.h"\n',
        "drivers/net/ethernet/beta/sub/use.c": '#include "../buf.h"\n',
        "drivers/net/ethernet/gamma/Makefile": "ccflags-y += -I $(src)/../beta\n",
        "drivers/net/ethernet/gamma/use.c": '#include "buf.h"\n',
        "drivers/net/ethernet/delta/use.c": "#include <net/buf.h>\n",
    }) == ["drivers/net/ethernet/acme/common/use.c"]


def test_headers_lead_on(tmp_path: Path) -> None:
    assert touched(tmp_path, {
        "drivers/net/ethernet/acme/nic/nic.h": '#include "../common/buf.h"\n',
        "drivers/scsi/acme/main.c": '#include "../../net/ethernet/acme/nic/nic.h"\n',
    }) == ["drivers/scsi/acme/main.c"]


def test_a_header_in_include_is_used_from_net_too(tmp_path: Path) -> None:
    assert touched(tmp_path, {
        "net/core/one.c": "#include <net/acme.h>\n",
        "include/linux/lead.h": "#include <net/acme.h>\n",
        "drivers/net/acme.c": "#include <linux/lead.h>\n",
        "drivers/net/other.c": "#include <net/acme_types.h>\n",
    }, "include/net/acme.h") == ["drivers/net/acme.c", "net/core/one.c"]


def test_of_two_headers_by_a_variable_the_nearest_is_meant(tmp_path: Path) -> None:
    near = {
        "drivers/net/ethernet/beta/mac/buf.h": "",
        "drivers/net/ethernet/beta/nic/Makefile": "ccflags-y += -I$(MAC)\n",
        "drivers/net/ethernet/beta/nic/main.c": '#include "buf.h"\n',
        "drivers/net/ethernet/beta/nic/lead.h": '#include "buf.h"\n',
        "drivers/net/ethernet/beta/nic/more.c": '#include "lead.h"\n',
    }
    assert touched(tmp_path, near) == []
    assert touched(tmp_path, near, "drivers/net/ethernet/beta/mac/buf.h") == [
        "drivers/net/ethernet/beta/nic/main.c", "drivers/net/ethernet/beta/nic/more.c"]
