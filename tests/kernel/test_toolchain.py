# SPDX-License-Identifier: GPL-2.0-only
"""Other machines and compilers: what make is told, where the tree is, and who is missing."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from kernel_tools import make_kernel

from netmem_migrate.cli import cli
from netmem_migrate.errors import InputError
from netmem_migrate.kernel.prepare import prepare
from netmem_migrate.kernel.tree import STAMP, Kernel, Toolchain


class Silent:
    def step(self, title: str) -> None: ...
    def at(self, fraction: float | None, detail: str = "") -> None: ...
    def note(self, text: str) -> None: ...


@pytest.mark.parametrize(("toolchain", "compiler", "words"), [
    (Toolchain(), "gcc", ()),
    (Toolchain("arm"), "arm-linux-gnueabihf-gcc",
     ("ARCH=arm", "CROSS_COMPILE=arm-linux-gnueabihf-")),
    (Toolchain("arm", "arm-none-eabi-gcc"), "arm-none-eabi-gcc",
     ("ARCH=arm", "CROSS_COMPILE=arm-none-eabi-")),
    (Toolchain("", "clang-19"), "clang-19", ("LLVM=-19",)),
    (Toolchain("", "clang"), "clang", ("LLVM=1",)),
    (Toolchain("arm64", "clang-19"), "clang-19", ("ARCH=arm64", "LLVM=-19")),
    (Toolchain("", "gcc-14"), "gcc-14", ("CC=gcc-14",)),
    (Toolchain("", "ccache gcc"), "ccache gcc", ("CC=ccache gcc",)),
    (Toolchain("", "distcc clang-19"), "distcc clang-19", ("LLVM=-19", "CC=distcc clang-19")),
    (Toolchain("arm64", "ccache aarch64-linux-gnu-gcc"), "ccache aarch64-linux-gnu-gcc",
     ("ARCH=arm64", "CROSS_COMPILE=aarch64-linux-gnu-", "CC=ccache aarch64-linux-gnu-gcc")),
])
def test_what_make_is_told(toolchain: Toolchain, compiler: str, words: tuple[str, ...]) -> None:
    assert (toolchain.compiler, toolchain.words) == (compiler, words)


def test_a_tree_says_what_it_was_prepared_with(tmp_path: Path) -> None:
    root = make_kernel(tmp_path / "linux")
    assert Kernel.at(root).toolchain == Toolchain()
    (root / STAMP).write_text("0123abc\nARCH=arm\nCC=arm-linux-gnueabihf-gcc\n")
    assert Kernel.at(root).toolchain == Toolchain("arm", "arm-linux-gnueabihf-gcc")


def test_a_tree_stands_where_make_takes_its_path(tmp_path: Path) -> None:
    assert Toolchain("arm").name == "arm-arm-linux-gnueabihf-gcc"
    assert Toolchain("", "/usr/bin/gcc-14").name == "host-gcc-14"
    assert Toolchain("", "ccache /usr/bin/gcc").name == "host-ccache-gcc"


def test_a_missing_compiler_is_named(tmp_path: Path) -> None:
    root = make_kernel(tmp_path / "linux")
    with pytest.raises(InputError, match=r"needs .*clang-99"):
        prepare(Kernel.at(root), Silent(), Toolchain("", "clang-99"))
    with pytest.raises(InputError, match=r"needs ccache-99;"):
        prepare(Kernel.at(root), Silent(), Toolchain("", "ccache-99 gcc"))
    assert not (root / STAMP).exists()


def test_a_copy_that_is_not_prepared_is_said(tmp_path: Path,
                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    make_kernel(tmp_path / "netmem-migrate/kernels/7.3")
    done = CliRunner().invoke(cli, ["kernel", "path", "7.3", "--arch", "arm"])
    assert "run `netmem-migrate kernel prepare 7.3 --arch arm`" in str(done.exception)
    made = make_kernel(tmp_path / "netmem-migrate/builds/arm-arm-linux-gnueabihf-gcc/7.3")
    done = CliRunner().invoke(cli, ["kernel", "path", "7.3", "--arch", "arm"])
    assert done.stdout.strip() == str(made)
    done = CliRunner().invoke(cli, ["kernel", "path", "7.3"])
    assert done.stdout.strip() == str(tmp_path / "netmem-migrate/kernels/7.3")
