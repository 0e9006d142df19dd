# SPDX-License-Identifier: GPL-2.0-only
"""What of a target decides arms of `#if`: its release, its headers, its model; and -D and -U."""

from __future__ import annotations

from pathlib import Path

import pytest
from tools import plant

from netmem_migrate.errors import UsageError
from netmem_migrate.kernel.macros import arms_of, given
from netmem_migrate.model.target import Target, bundled

HEADERS = {
    "include/net/a.h": "#ifndef A_H\n#define A_H\n#include <net/b.h>\n#define FROM_A 1\n"
                       "#ifdef CONFIG_B\n#define MAYBE\n#endif\nvoid function(void);\n#endif\n",
    "include/net/b.h": '#include "c.h"\n#include <asm/d.h>\n#include <generated/autoconf.h>\n'
                       "#include <net/a.h>\n#include <uapi/e.h>\n",
    "include/net/c.h": "#ifndef WITH_DEFAULT\n#define WITH_DEFAULT 4\n#endif\n#define EIGHT 8\n",
    "include/asm/d.h": "#define ARCH\n",
    "include/asm-generic/d.h": "#define GENERIC\n",
    "include/generated/autoconf.h": "#define CONFIG_SET 1\n#define GENERATED\n",
    "include/uapi/e.h": "#define SAID\n",
    "include/uapi/linux/f.h": "#define FOR_USERS\n",
    "include/net/unrelated.h": "#define UNRELATED\n",
}


def taken(condition: str, arms_of_target: Target, includes: str = "") -> str:
    """Which arms of an #if stay: "yes", "no", "both"."""
    source = f"{includes}#if {condition}\nyes\n#else\nno\n#endif\n".encode()
    arms = arms_of({"d.c": source}, arms_of_target)
    found = [word for word in (b"yes", b"no") if word in arms.seen(source).split()]
    return found[0].decode() if len(found) == 1 else "both"


@pytest.mark.parametrize(("condition", "expected"), [
    ("defined(FROM_A)", "yes"), ("FROM_A == 1", "yes"), ("EIGHT > 7", "yes"),
    ("defined(WITH_DEFAULT)", "yes"), ("WITH_DEFAULT == 4", "both"), ("defined(SAID)", "yes"),
    ("defined(MAYBE)", "both"), ("defined(ARCH)", "both"), ("defined(GENERIC)", "both"),
    ("defined(GENERATED)", "both"), ("defined(CONFIG_SET)", "both"), ("CONFIG_SET", "both"),
    ("defined(UNRELATED)", "both"), ("defined(FOR_USERS)", "both"), ("defined(NOWHERE)", "both"),
    ("defined(function)", "both"),
])
def test_headers_that_the_driver_includes(tmp_path: Path, condition: str, expected: str) -> None:
    root = plant(tmp_path, HEADERS)
    target = Target("7.3", release="7.3.4", headers=root)
    assert taken(condition, target, "#include <net/a.h>\n") == expected
    assert taken(condition, target) == "both"  # nothing is included


def test_headers_for_users_are_found(tmp_path: Path) -> None:
    target = Target("7.3", headers=plant(tmp_path, HEADERS))
    assert taken("defined(FOR_USERS)", target, "#include <linux/f.h>\n") == "yes"


@pytest.mark.parametrize(("condition", "release", "expected"), [
    ("LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 4)", "7.3.4", "yes"),
    ("LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 5)", "7.3.4", "no"),
    ("LINUX_VERSION_CODE >= KERNEL_VERSION(7, 3, 5)", "", "both"),
    ("LINUX_VERSION_CODE < KERNEL_VERSION(6, 13, 0)", "", "no"),
    ("LINUX_VERSION_MAJOR == 7", "", "yes"),
    ("defined(KERNEL_VERSION) && defined(LINUX_VERSION_CODE)", "", "yes"),
])
def test_the_release(condition: str, release: str, expected: str) -> None:
    assert taken(condition, Target("7.3", release=release)) == expected


def test_the_model_knows_macros_of_its_release() -> None:
    assert taken("defined(PP_FLAG_ALLOW_UNREADABLE_NETMEM)", bundled("7.3")) == "yes"
    assert taken("defined(PP_FLAG_DMA_MAP)", bundled("6.12")) == "yes"
    # a function is no macro, and nobody says that it is none
    assert taken("defined(page_pool_put_full_netmem)", bundled("7.3")) == "both"


def test_what_is_given_wins_over_the_target() -> None:
    source = b"#ifdef PP_FLAG_DMA_MAP\nyes\n#endif\n#if MINE == 3\nmine\n#endif\n"
    arms = arms_of({}, bundled("7.3"), ["MINE=3"], ["PP_FLAG_DMA_MAP"])
    assert arms.seen(source).split() == [b"mine"]


@pytest.mark.parametrize(("define", "undefine"), [
    (["1X"], []), ([""], []), (["=3"], []), (["A B"], []), ([], ["X-Y"]), ([], ["X=1"]),
    (["X"], ["X"]),
])
def test_what_is_no_name_is_refused(define: list[str], undefine: list[str]) -> None:
    with pytest.raises(UsageError):
        given(define, undefine)
