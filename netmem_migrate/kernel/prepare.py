# SPDX-License-Identifier: GPL-2.0-only
"""Configure a kernel tree so that every driver compiles, and make its generated headers.

Documentation/kbuild/kconfig.rst has `allmodconfig` and KCONFIG_ALLCONFIG,
Documentation/kbuild/modules.rst `modules_prepare`.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from netmem_migrate.errors import InputError
from netmem_migrate.files import plain
from netmem_migrate.kernel.process import Progress, locked, run
from netmem_migrate.kernel.tree import STAMP, Kernel, Toolchain, build_folder

# What only costs time, or changes the code that gcc makes of a driver from run to run.
_OFF = (
    "KASAN", "KCOV", "GCC_PLUGINS", "WERROR", "MODULE_SIG", "GCOV_KERNEL", "UBSAN", "KCSAN",
    "RUST", "FTRACE", "LOCKDEP", "PROVE_LOCKING", "DEBUG_INFO_BTF",
)
# Code for the machine that compiles is compiled nowhere else: distcc runs it here.
_OFF_ELSEWHERE = ("X86_NATIVE_CPU",)


def _fragment(off: Sequence[str]) -> str:
    return "".join(f"# CONFIG_{name} is not set\n" for name in off) + (
        "CONFIG_DEBUG_INFO_NONE=y\n"
        'CONFIG_SYSTEM_TRUSTED_KEYS=""\nCONFIG_SYSTEM_REVOCATION_KEYS=""\n')


FRAGMENT = _fragment(_OFF)

LOG = ".netmem-migrate-prepare.log"

_PROGRAMS = ("make", "flex", "bison", "bc", "perl")
# The header that a package brings; libc's too, which Debian's gcc only recommends.
_HEADERS = {
    "libc6-dev": "stdio.h", "libelf-dev": "gelf.h", "libssl-dev": "openssl/opensslv.h",
}
# What a surrounding make, or a shell set up for another build, would change behind our back.
_NOT_INHERITED = (
    "MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "MAKE_TERMOUT", "MAKE_TERMERR",
    "KBUILD_OUTPUT", "KCONFIG_CONFIG", "KCFLAGS", "KCPPFLAGS", "O",
)
_FAILED = re.compile(r"\berror\b|\*\*\*", re.IGNORECASE)


_USUAL = Toolchain()


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in _NOT_INHERITED}
    return {**inherited, "LC_ALL": "C"}


def check_programs(toolchain: Toolchain = _USUAL) -> None:
    """Raise InputError, naming the packages to install, where the kernel's build lacks one."""
    missing = [name for name in dict.fromkeys(("gcc", *toolchain.programs, *_PROGRAMS))
               if shutil.which(name) is None]
    if "gcc" not in missing:
        for package, header in _HEADERS.items():
            with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
                source = Path(folder) / "trial.c"
                source.write_text(f"#include <{header}>\n")
                code, _lines = run(["gcc", "-fsyntax-only", str(source)], env=_environment())
            if code != 0:
                missing.append(package)
    if missing:
        needed = missing if "gcc" not in missing else [*missing, *_HEADERS]
        raise InputError(
            f"preparing a kernel needs {', '.join(missing)}; "
            f"on Debian: apt-get install {' '.join(needed)}"
        )


def prepare(kernel: Kernel, progress: Progress, toolchain: Toolchain = _USUAL) -> Kernel:
    """Make a tree ready to compile any driver; takes about half a minute, once.

    A tree that its owner configured keeps its configuration. For another machine or compiler than
    the usual ones a copy of the tree is made ready, beside the fetched trees. Raises InputError for
    a missing program, a tree that cannot be written, and a build that fails.
    """
    root = kernel.root
    if re.search(r"[\s:]", str(root)):
        raise InputError(f"{root}: the kernel's Makefile takes no path with a space or a colon")
    if not os.access(root, os.W_OK):
        raise InputError(f"{root}: not writable; copy the tree, or ask its owner to prepare it")
    check_programs(toolchain)
    try:
        with locked(root, progress):
            if toolchain == _USUAL:
                return _prepare(kernel, progress, toolchain)
            copy = _copy(kernel, progress, toolchain)
            with locked(copy.root, progress):
                return _prepare(copy, progress, toolchain)
    except OSError as error:
        raise InputError(f"{error.filename or root}: {error.strerror}") from error


def _copy(kernel: Kernel, progress: Progress, toolchain: Toolchain) -> Kernel:
    """The sources of a tree once more, as hard links; kbuild unlinks what it makes anew."""
    where = build_folder(kernel, toolchain)
    if (where / "Makefile").is_file() and Kernel.at(where).version == kernel.version:
        return Kernel.at(where)
    progress.step(f"Copying linux {kernel.version} for {toolchain.name}")
    shutil.rmtree(where, ignore_errors=True)
    fresh = where.with_name(f".new-{where.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    built = (kernel.root / STAMP).exists() or kernel.configured
    shutil.copytree(kernel.root, fresh, symlinks=True, copy_function=_link,
                    ignore=shutil.ignore_patterns(STAMP, LOG, "*.o", "*.cmd"))
    if built:
        _make(Kernel.at(fresh), progress, "mrproper")
    fresh.rename(where)
    return Kernel.at(where)


def _link(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _prepare(kernel: Kernel, progress: Progress, toolchain: Toolchain) -> Kernel:
    root = kernel.root
    stamp = root / STAMP
    _code, compiler = run([*toolchain.compiler.split(), "--version"], env=_environment())
    wanted = FRAGMENT if len(toolchain.programs) == 1 else _fragment((*_OFF, *_OFF_ELSEWHERE))
    text = "\n".join([kernel.version, compiler[0] if compiler else "", wanted])
    key = hashlib.sha256(text.encode()).hexdigest()
    said = "".join(f"\n{name}={value}" for name, value in (
        ("ARCH", toolchain.arch), ("CC", toolchain.compiler)) if toolchain != _USUAL and value)
    key += said
    ours = stamp.is_file()
    if kernel.configured and (not ours or plain.read(stamp).strip() == key.encode()):
        how = "is already prepared" if ours else "has a configuration of its own, which stays"
        progress.note(f"linux {kernel.version} {how}: {root}")
        return kernel
    log = root / LOG
    log.unlink(missing_ok=True)
    if ours or not (root / ".config").exists():
        # From here on the configuration is ours, even if this run does not come to its end.
        stamp.write_text("unfinished\n")
        with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as folder:
            fragment = Path(folder) / "allconfig"
            fragment.write_text(wanted)
            progress.step(f"Configuring linux {kernel.version}")
            _make(kernel, progress, *toolchain.words, f"KCONFIG_ALLCONFIG={fragment}",
                  "allmodconfig")
        ours = True
    progress.step(f"Making headers and tools of linux {kernel.version}")
    _make(kernel, progress, *toolchain.words, f"-j{len(os.sched_getaffinity(0))}",
          "modules_prepare")
    if not kernel.configured:
        raise InputError(f"{root}: make made no include/generated/autoconf.h; see {log}")
    if ours:
        stamp.write_text(key + "\n")
    log.unlink(missing_ok=True)
    progress.note(f"linux {kernel.version} is prepared: {root}")
    return kernel


def _make(kernel: Kernel, progress: Progress, *words: str) -> None:
    log = kernel.root / LOG

    def on_line(line: str) -> None:
        progress.at(None, " ".join(line.split()))

    code, lines = run(["make", *words], on_line, cwd=kernel.root, env=_environment(), log=log)
    if code != 0:
        why = next((line.strip() for line in lines if _FAILED.search(line)),
                   lines[-1].strip() if lines else f"exit code {code}")
        raise InputError(f"make {shlex.quote(words[-1])} failed: {why} (all of it: {log})")
