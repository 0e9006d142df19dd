# SPDX-License-Identifier: GPL-2.0-only
"""`make run`: the main job on one driver of the bundled corpus, from diff to checked series."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from importlib.resources import files
from pathlib import Path

from netmem_migrate.errors import ExitCode

_IDIOM = "01-ring-struct-field"


def main() -> int:
    """Convert a corpus driver, write its series, apply it with git, and compare."""
    out = Path(tempfile.mkdtemp(prefix="netmem-migrate-"))
    source = out / "driver"
    source.mkdir()
    corpus = Path(str(files("netmem_migrate.corpus"))) / _IDIOM
    for file in corpus.glob("before*"):
        shutil.copyfile(file, source / file.name)
    print("$ " + shlex.join(["netmem-migrate", "diff", str(source)]), flush=True)
    code = _tool("diff", str(source))
    if code:
        return code
    series = out / "series"
    print("\n$ " + shlex.join(["netmem-migrate", "format-patch", str(source), "-o", str(series)]),
          flush=True)
    code = _tool("format-patch", str(source), "-o", str(series), env=_author())
    if code:
        return code
    scratch = out / "am"
    shutil.copytree(source, scratch)
    for command in (["git", "init", "-q"], ["git", "add", "-A"],
                    ["git", "commit", "-q", "-m", "before"],
                    ["git", "am", "-q", *sorted(str(one) for one in series.glob("0*.patch"))]):
        if subprocess.run(command, cwd=scratch, env={**os.environ, **_author()},
                          check=False).returncode:
            return ExitCode.VERIFY
    code = _tool("apply", str(source))
    if code:
        return code
    for file in sorted(source.iterdir()):
        if file.read_bytes() != (scratch / file.name).read_bytes():
            print(f"{file.name}: `git am` and `apply` differ", file=sys.stderr)
            return ExitCode.VERIFY
    again = subprocess.run([*_command(), "diff", "--exit-code", str(source)], check=False,
                           capture_output=True)
    if again.returncode:
        print("a second run would change the result again", file=sys.stderr)
        return ExitCode.VERIFY
    print("\nchecked: `git am` on the original gives exactly what `apply` gives, and a second "
          "run changes nothing")
    print(f"driver (converted): {source}\nseries:             {series}")
    return ExitCode.DONE


def _command() -> list[str]:
    return [sys.executable, "-m", "netmem_migrate"]


def _tool(*arguments: str, env: dict[str, str] | None = None) -> int:
    return subprocess.run([*_command(), *arguments], env={**os.environ, **(env or {})},
                          check=False).returncode


def _author() -> dict[str, str]:
    """A throwaway identity for the demonstration only, so that it runs where git has none."""
    names = {}
    for role in ("AUTHOR", "COMMITTER"):
        names[f"GIT_{role}_NAME"] = "netmem-migrate demonstration"
        names[f"GIT_{role}_EMAIL"] = "demonstration@localhost"
    return names


if __name__ == "__main__":
    sys.exit(main())
