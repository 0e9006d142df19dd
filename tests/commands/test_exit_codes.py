# SPDX-License-Identifier: GPL-2.0-only
"""Each exit code has one text, which help and documents repeat."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from netmem_migrate.cli import cli
from netmem_migrate.errors import ExitCode

ROOT = Path(__file__).resolve().parents[2]
# A review asks for no difference, and `apply`, which it refers to, has no usage of its own.
REVIEW = set(ExitCode) - {ExitCode.FINDINGS, ExitCode.USAGE}


def _flat(text: str) -> str:
    return re.sub(r"\s*\|\s*", " ", " ".join(text.split()))


@pytest.mark.parametrize("code", ExitCode)
def test_help_and_readme_say_it(code: ExitCode) -> None:
    said = f"{code} {code.text}"
    assert said in _flat(CliRunner().invoke(cli, ["--help"]).stdout)
    assert said in _flat((ROOT / "README.md").read_text())
    assert said in _flat((ROOT / "docs/converting.md").read_text())
    if code in REVIEW:
        assert said in _flat((ROOT / "docs/reviewing.md").read_text())


def test_codes_are_told_apart() -> None:
    assert len({code.text for code in ExitCode}) == len(ExitCode) == len(set(map(int, ExitCode)))
