# SPDX-License-Identifier: GPL-2.0-only
"""Give each command what is deep or long, and time it against a bare parse of the same text.

    python tests/sizes/run.py [--sizes 1000,10000] [--shapes WORD] [--commands diff,check] [--all]

A fault is an exit code that no command is documented with, a traceback, a death by a signal, and a
hang: over ten seconds and over five times the bare parse.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NoReturn

import tree_sitter_c
from click.testing import CliRunner
from tree_sitter import Language, Parser

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from sizes.shapes import EDITED, SHAPES, outside

from netmem_migrate import cli

HANG, TIMES = 10.0, 5
LONGEST = 60
_CODES = (0, 1, 2, 3, 4, 5)
_MEMORY = 6 << 30
COMMANDS = {
    "diff": ("diff", "d.c"),
    "scan": ("scan", "."),
    "check": ("check", "d.c"),
    "patch": ("check", "d.patch"),
    "explain": ("explain", "d.c:LINE"),
    "review": ("review", "--html", "out.html", "d.c"),
}


def bare(text: bytes) -> float:
    """Seconds of a bare parse."""
    parser = Parser(Language(tree_sitter_c.language()))
    began = time.process_time()
    parser.parse(text)
    return time.process_time() - began


def plant(folder: Path, text: str) -> None:
    """The driver, and a patch of it."""
    (folder / "new").mkdir()
    (folder / "d.c").write_text(text)
    (folder / "new/d.c").write_text(text.replace(EDITED, "buf->offset = 8;"))
    done = subprocess.run(["git", "diff", "--no-index", "d.c", "new/d.c"], cwd=folder,
                          capture_output=True, check=False)
    (folder / "d.patch").write_bytes(done.stdout.replace(b"b/new/d.c", b"b/d.c"))
    (folder / "new/d.c").unlink()
    (folder / "new").rmdir()


def warm(folder: Path) -> None:
    """Import whatever the commands import, and read the tables of the model."""
    plant(folder, outside(""))
    for words in COMMANDS.values():
        with contextlib.chdir(folder):
            CliRunner().invoke(cli.cli, [word.replace("LINE", "5") for word in words])


def one(folder: Path, words: tuple[str, ...]) -> tuple[int, float, str]:
    """How a command ends, the seconds of CPU that it takes, and the last line that it says.

    It runs in a copy of this process, which has imported all of it already.
    """
    child = os.fork()
    if not child:
        _command(folder, words)
    _, status, used = os.wait4(child, 0)
    took = used.ru_utime + used.ru_stime
    lines = (folder / "said").read_text(errors="replace").strip().splitlines()
    code = os.waitstatus_to_exitcode(status)
    return code, took, lines[-1][:110] if lines else ""


def _command(folder: Path, words: tuple[str, ...]) -> NoReturn:
    """Be the command; never comes back."""
    resource.setrlimit(resource.RLIMIT_CPU, (LONGEST, LONGEST))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    os.chdir(folder)
    os.environ["XDG_CACHE_HOME"] = str(folder)
    for name, number in (("out", 1), ("said", 2)):
        os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["netmem-migrate", *words]
    code = 70
    try:
        cli.main()
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def fault(code: int, took: float, parse: float) -> str:
    """What is wrong with the way that a command ended, or ""."""
    if took > HANG and took > TIMES * parse:
        return "hang"
    if code < 0:
        return f"signal {-code}"
    return "" if code in _CODES else f"exit {code}"


def main() -> None:
    """Print a line for each run, and the faults again."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--shapes", default="")
    parser.add_argument("--commands", default=",".join(COMMANDS))
    parser.add_argument("--all", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as where:
        warm(Path(where))
    faults, runs = [], 0
    for name, shape in SHAPES.items():
        if asked.shapes not in name:
            continue
        for size in map(int, asked.sizes.split(",")):
            text = shape(size)
            parse = bare(text.encode())
            line = text[:text.index(EDITED)].count("\n") + 2
            for command in asked.commands.split(","):
                with tempfile.TemporaryDirectory() as where:
                    folder = Path(where)
                    plant(folder, text)
                    words = tuple(word.replace("LINE", str(line)) for word in COMMANDS[command])
                    code, took, said = one(folder, words)
                runs += 1
                what = fault(code, took, parse)
                if what or asked.all:
                    print(f"{name:32} {size:7} {command:8} {took:6.2f} s "
                          f"{took / max(parse, 1e-4):8.1f} x  {what or 'fine':10} {said}",
                          flush=True)
                if what:
                    faults.append((name, size, command, what))
    print(f"{runs} runs, {len(faults)} faults")
    sys.exit(bool(faults))


if __name__ == "__main__":
    main()
