# SPDX-License-Identifier: GPL-2.0-only
"""The bare parse: read files, parse each, and print the seconds that took.

    bare.py FILE    # the names are lines of FILE
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import tree_sitter_c
from tree_sitter import Language, Parser


def main() -> None:
    """One process, one thread: one core."""
    paths = [Path(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    began = time.perf_counter()
    parser = Parser(Language(tree_sitter_c.language()))
    for path in paths:
        parser.parse(path.read_bytes())
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
