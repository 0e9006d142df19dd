# SPDX-License-Identifier: GPL-2.0-only
"""The proof by way of ccache and of distcc: they serve its compilers, and it says the same.

    run_wrappers.py [VERSION] [DRIVER]

Needs ccache, distcc and distccd (apt: ccache distcc). For each of them a copy of the tree is
prepared, as `kernel prepare --cc` does, and a series of DRIVER is verified there by the commands as
recorded, and with --cc gcc; then on the usual tree with --cc, and without. What verify prints has
to be the same bytes, and the statistics of ccache, or the log of a daemon of distcc's on this
machine, have to say that it was they who served it.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from netmem_migrate.kernel.fetch import pick
from netmem_migrate.kernel.tree import Kernel, Toolchain

DRIVER = "drivers/net/ethernet/engleder"
_HITS = ("direct_cache_hit", "preprocessed_cache_hit")


def tool(*words: str, env: Mapping[str, str]) -> tuple[int, bytes, float]:
    """The tool: its exit code, its stdout, and for how long it ran, in seconds."""
    started = time.monotonic()
    done = subprocess.run([sys.executable, "-m", "netmem_migrate", *words], check=False,
                          env={**os.environ, **env}, stdout=subprocess.PIPE)
    return done.returncode, done.stdout, time.monotonic() - started


class Ccache:
    """A cache of its own."""

    name = "ccache"

    def __init__(self, folder: Path) -> None:
        self.env = {"CCACHE_DIR": str(folder)}

    def served(self) -> int:
        """How many compiles it served."""
        said = subprocess.run(["ccache", "--print-stats"], check=True, capture_output=True,
                              text=True, env={**os.environ, **self.env}).stdout
        return sum(int(value) for name, value in (
            line.split("\t") for line in said.splitlines()) if name in _HITS)


class Distcc:
    """A daemon on this machine."""

    name = "distcc"

    def __init__(self, folder: Path, port: int) -> None:
        self.log = folder / "log"
        self.env = {"DISTCC_HOSTS": f"127.0.0.1:{port}", "DISTCC_DIR": str(folder / "state"),
                    "DISTCC_FALLBACK": "0"}
        (folder / "state").mkdir()

    def served(self) -> int:
        """How many compiles it served."""
        return len(re.findall(r"COMPILE_OK", self.log.read_text()))


@contextlib.contextmanager
def daemon(folder: Path) -> Iterator[Distcc]:
    """The daemon, for as long as it is needed. It runs as another user where root begins it."""
    folder.chmod(0o755)
    made = folder / "tmp"
    made.mkdir()
    made.chmod(0o1777)
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = one.getsockname()[1]
    served = Distcc(folder, port)
    with served.log.open("wb") as log:
        process = subprocess.Popen(
            ["distccd", "--daemon", "--no-detach", "--listen", "127.0.0.1", "--allow", "127.0.0.1",
             "--port", str(port), "--jobs", str(len(os.sched_getaffinity(0))), "--log-stderr",
             "--log-level", "info"], stderr=log, env={**os.environ, "TMPDIR": str(made)})
    try:
        time.sleep(1)
        yield served
    finally:
        process.terminate()
        process.wait()


def tried(wrapper: Ccache | Distcc, version: str | None, driver: str, folder: Path) -> list[str]:
    """What is wrong with a wrapper; a line of figures for each tree goes to stdout."""
    cc = f"{wrapper.name} gcc"
    named = [version] if version else []
    if tool("kernel", "prepare", *named, "--cc", cc, env=wrapper.env)[0]:
        return [f"{cc}: no tree is prepared"]
    wrong = []
    usual = pick(version)
    for tree, plain, wrapped in (
            (pick(version, Toolchain("", cc)), ["--cc", "gcc"], []), (usual, [], ["--cc", cc])):
        out = folder / f"{wrapper.name}-{tree.root.parent.name}"
        tool("format-patch", str(tree.root / driver), "-o", str(out), "--heads", "-q", env={})
        words = ["verify", str(out), "--kernel", str(tree.root), "--no-cache"]
        alone = tool(*words, *plain, env={})
        before = wrapper.served()
        # What ccache gives the first time it has from the compiler.
        first, again = (tool(*words, *wrapped, env=wrapper.env) for _ in range(2))
        served = wrapper.served() - before
        print(f"{tree.root}: {alone[2]:.1f} s without {wrapper.name}, {first[2]:.1f} s with it, "
              f"{again[2]:.1f} s again; it served {served}", flush=True)
        if alone[0] or any(one[:2] != alone[:2] for one in (first, again)):
            wrong.append(f"{tree.root}: with {cc} it is another result")
        if not served and not (wrapper.name == "distcc" and _is_native(tree)):
            wrong.append(f"{tree.root}: {wrapper.name} served nothing")
    return wrong


def _is_native(tree: Kernel) -> bool:
    """Whether a tree is compiled for this machine, on which distcc compiles it then."""
    return "CONFIG_X86_NATIVE_CPU=y" in (tree.root / ".config").read_text()


def main() -> int:
    version = next((one for one in sys.argv[1:] if re.fullmatch(r"v?\d+\.\d+", one)), None)
    driver = next((one for one in sys.argv[1:] if one != version), DRIVER)
    with tempfile.TemporaryDirectory(prefix="netmem-migrate-") as name:
        folder = Path(name)
        wrong = tried(Ccache(folder / "ccache"), version, driver, folder)
        (folder / "distcc").mkdir()
        folder.chmod(0o755)
        with daemon(folder / "distcc") as distcc:
            wrong += tried(distcc, version, driver, folder)
    for line in wrong:
        print(line)
    return bool(wrong)


if __name__ == "__main__":
    raise SystemExit(main())
