# SPDX-License-Identifier: GPL-2.0-only
"""`make fuzz`: each harm harms, and a traceback, a hang or a wrong conversion is found."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from fuzz import compiled, hostile, reduce, worker
from fuzz.hostile import Input
from fuzz.run import Found, hostile_part, keep

from netmem_migrate import answers, pipeline
from netmem_migrate.convert import naming

GOOD = Input("text", "none", "demo.c", ("diff", "--api", "7.3", "demo.c"),
             b"struct page *page;\nint one;\n")


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    hostile.load()


def ends(one: Input, count: int = 1, limit: float = 10.0) -> list[str]:
    found: list[str] = []
    worker.batch(count, lambda _: one, lambda _, wrong, __: found.append(wrong), limit)
    return found


def instead(monkeypatch: pytest.MonkeyPatch, what: Callable[..., object]) -> None:
    monkeypatch.setattr(pipeline, "inputs", what)


@pytest.mark.parametrize("name", hostile.HARMS)
def test_every_harm_makes_another_text(name: str) -> None:
    text = hostile.mails()[0]
    made = {hostile.HARMS[name](text, random.Random(seed)) for seed in range(8)}
    assert made - {text}


def test_a_seed_is_one_input() -> None:
    assert hostile.make("1 7") == hostile.make("1 7")
    assert hostile.make("1 7") != hostile.make("2 7")


def test_what_is_well_is_no_fault() -> None:
    assert ends(GOOD, 3) == ["", "", ""]


def test_an_error_that_nobody_foresaw_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise KeyError("page")

    instead(monkeypatch, fails)
    assert ends(GOOD) == ["exit 70: KeyError: 'page'"]


def test_a_hang_is_found_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def hangs(*_: object) -> None:
        while True:
            pass

    instead(monkeypatch, hangs)
    found = ends(GOOD, 2, limit=0.3)
    assert len(found) == 2 and all(one.startswith("hang") for one in found)


def test_a_process_that_dies_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    instead(monkeypatch, lambda *_: os._exit(1))
    assert ends(GOOD) == ["traceback: the process died"]


def test_a_control_character_is_found() -> None:
    assert "x1b" in worker.wrong_end(4, "netmem-migrate: \x1b[31mred\n")
    assert not worker.wrong_end(4, "netmem-migrate: red\n")


def test_a_failing_input_is_made_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(paths: tuple[Path, ...], *_: object) -> None:
        if b"bad" in Path(paths[0]).read_bytes():
            raise KeyError("bad")
        raise SystemExit(0)

    instead(monkeypatch, fails)
    one = Input("text", "none", "demo.c", GOOD.words,
                b"one\n" * 40 + b"so bad a line\n" + b"x\n" * 9)
    monkeypatch.setattr(hostile, "make", lambda _: one)
    place = keep(tmp_path, "1 1", "exit 70: KeyError: 'bad'", 1)
    assert (place / "demo.c").read_bytes() == b"bad"
    assert "netmem-migrate diff --api 7.3 demo.c" in (tmp_path / "001-text.txt").read_text()


def test_nothing_that_does_not_fail_is_taken_away() -> None:
    assert reduce.smaller(b"a\nb\nc\n", lambda text: text.count(b"\n") >= 2) in (
        b"\n\n", b"a\nb\n", b"b\nc\n", b"a\nc\n")


def test_a_part_counts_each_input_once() -> None:
    found: Found = hostile_part("test", 0, 12)
    kinds = sum(found.counts[kind, "inputs"] for kind in hostile.KINDS)
    assert kinds == 12 == sum(found.counts[harm, "inputs"] for harm in hostile.HARMS)


def test_what_compiled_and_changed_is_counted() -> None:
    tally = compiled.fuzz("02-union-member", None, 3, "test", None)
    assert tally.counts["", "counted"] == 3 and not tally.faults


def test_a_conversion_that_does_not_compile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(naming, "_member_taken", lambda *_: False)
    monkeypatch.setattr(answers, "judged_one", lambda one, api: (one, ()))  # which would stop it
    monkeypatch.setattr(compiled, "OPERATORS",
                        {"taken: member": compiled.OPERATORS["taken: member"]})
    monkeypatch.setattr(compiled, "_PER_INPUT", (1,))
    tally = compiled.fuzz("01-ring-struct-field", None, 3, "test", None)
    assert tally.faults
