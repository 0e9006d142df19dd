# SPDX-License-Identifier: GPL-2.0-only
"""A conversion of which one hunk is left out: where gcc finds fault, `check` does."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from real import half
from real.seed_subjects import Subject, own
from tools import compiles

from netmem_migrate.api import check_changes
from netmem_migrate.results import FileChange

SUBJECTS = {one.name.partition("/")[2]: one for one in own()}


def _gcc_takes(folder: Path, subject: Subject, path: str, text: bytes) -> bool:
    try:
        compiles(folder, {one.path: text if one.path == path else one.after
                          for one in subject.files}, "-DDEMO")
    except AssertionError:
        return False
    return True


def _errors(subject: Subject, path: str, text: bytes) -> list[str]:
    return [one.id for one in check_changes(
        [FileChange(one.path, one.before, text if one.path == path else one.after)
         for one in subject.files], "7.3") if one.severity == "error"]


@pytest.mark.few(5)
@pytest.mark.parametrize("name", SUBJECTS)
def test_what_gcc_refuses_is_found(name: str, tmp_path: Path) -> None:
    subject = SUBJECTS[name]
    assert not _errors(subject, "", b"")
    judged = 0
    for file in subject.files:
        for number, (line, text) in enumerate((
                *half.dropped(file.before, file.after),
                *half.dropped(file.before, file.after, context=0),
                *half.unknown(file.after))):
            if not _gcc_takes(tmp_path / str(number), subject, file.path, text):
                judged += 1
                assert _errors(subject, file.path, text), (file.path, line)
    assert judged


def test_hunks_are_those_of_diff(tmp_path: Path) -> None:
    """What is left out is what `diff` calls a hunk, and nothing else."""
    before = b"".join(b"%d\n" % one for one in range(40))
    after = before.replace(b"\n5\n", b"\nfive\nmore\n").replace(b"\n7\n", b"\n").replace(
        b"\n30\n", b"\nthirty\n")
    (tmp_path / "a").write_bytes(before)
    (tmp_path / "b").write_bytes(after)
    for context, count in ((3, 2), (0, 3)):
        said = subprocess.run(["diff", f"-U{context}", "a", "b"], cwd=tmp_path, check=False,
                              capture_output=True).stdout
        assert said.count(b"\n@@") == count
        assert len(list(half.dropped(before, after, context))) == count
    assert [text for _, text in half.dropped(before, after)] == [
        after.replace(b"five\nmore\n6\n", b"5\n6\n7\n"), after.replace(b"thirty", b"30")]
