# SPDX-License-Identifier: GPL-2.0-only
"""A name of the kernel's API is said in the model, in passes and in rows of rules; nowhere else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import netmem_migrate
from netmem_migrate.model import names
from netmem_migrate.model.functions import FUNCTIONS

PACKAGE = Path(netmem_migrate.__file__).parent
ALLOWED = ("model/", "check/rules/")
# A member `page_pool_params.order` is not named by the word "order", and page_pool is what all of
# this is about, in every sentence.
NAMES = frozenset({one.name for one in (*FUNCTIONS, *names.NAMES)}) - {"page_pool"}
_ESCAPE = re.compile(r"\\[a-zA-Z]")
WORD = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?")
HELP = frozenset({"epilog", "help", "short_help"})


def literals(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Every literal of a module, with its line: neither docstrings nor what `--help` prints."""
    skipped: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            # A string that stands alone documents what is above it.
            for one in ast.walk(node):
                if isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant):
                    skipped.add(id(one.value))
        if isinstance(node, ast.keyword) and node.arg in HELP:
            skipped.update(id(one) for one in ast.walk(node.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in skipped:
            if isinstance(node.value, str):
                yield node.lineno, node.value
            elif isinstance(node.value, bytes):
                yield node.lineno, node.value.decode("latin-1")


def named(text: str) -> Iterator[str]:
    # `\b` of an expression is no letter of the name behind it.
    for word in WORD.findall(_ESCAPE.sub(" ", text)):
        yield from (one for one in {word, *word.split(".")} if one in NAMES)


def said() -> dict[str, list[tuple[int, str]]]:
    """By file outside of where they belong: lines, and the kernel names that are said there."""
    found: dict[str, list[tuple[int, str]]] = {}
    for path in sorted(PACKAGE.rglob("*")):
        where = path.relative_to(PACKAGE).as_posix()
        if where.startswith(ALLOWED) or path.suffix not in (".py", ".j2", ".toml", ".json"):
            continue
        source = path.read_text(encoding="utf-8")
        texts = literals(ast.parse(source)) if path.suffix == ".py" else (
            enumerate(source.splitlines(), 1))
        hits = [(line, name) for line, text in texts for name in named(text)]
        if hits:
            found[where] = hits
    return found


def test_a_kernel_name_is_said_in_one_place() -> None:
    left = [f"{where}:{line}: {name}" for where, hits in said().items() for line, name in hits]
    assert not left, "\n".join(left)
