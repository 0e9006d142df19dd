# SPDX-License-Identifier: GPL-2.0-only
"""Which arms of `#if` a text has. Lines that are seen are compared, without white space."""

from __future__ import annotations

import pytest

from netmem_migrate.c.arms import Arms
from netmem_migrate.c.conditions import UNDEFINED, Name, integer
from netmem_migrate.c.parse import Texts, parse


def seen(source: str, arms: Arms | None = None) -> list[str]:
    data = source.encode()
    text = (arms or Arms()).seen(data)
    assert len(text) == len(data)
    assert text.count(b"\n") == data.count(b"\n")
    return [line.strip() for line in text.decode().splitlines() if line.strip()]


@pytest.mark.parametrize(("source", "lines"), [
    ("#if 0\na\n#endif\nb\n", ["b"]),
    ("#if 0\na\n#else\nb\n#endif\n", ["b"]),
    ("#if 1\na\n#elif X\nb\n#else\nc\n#endif\n", ["a"]),
    ("#ifndef __KERNEL__\na\n#endif\n#ifdef __cplusplus\nb\n#endif\nc\n", ["c"]),
    ("#if 0\n#if X\na\n#else\nb\n#endif\n#elif 1\nc\n#endif\n", ["c"]),
    # what is known in the text itself
    ("#define X\n#ifdef X\na\n#else\nb\n#endif\n", ["#define X", "a"]),
    ("#define X 3\n#if X > 2\na\n#endif\n", ["#define X 3", "a"]),
    ("#define X (1 << 2)\n#if X == 4\na\n#else\nb\n#endif\n", ["#define X (1 << 2)", "a"]),
    ("#undef X\n#ifdef X\na\n#endif\nb\n", ["#undef X", "b"]),
    ("#if defined(X) \\\n\t&& 0\na\n#endif\nb\n", ["b"]),
    # a condition is known again inside its own arm
    ("#ifdef X\n#ifndef X\na\n#endif\nb\n#else\n#ifdef X\nc\n#endif\nd\n#endif\n",
     ["#ifdef X", "b", "#else", "d", "#endif"]),
    # both arms define it
    ("#ifdef Y\n#define X 1\n#else\n#define X 2\n#endif\n#ifdef X\na\n#else\nb\n#endif\n",
     ["#ifdef Y", "#define X 1", "#else", "#define X 2", "#endif", "a"]),
    ("#ifndef X\n#define X 1\n#endif\nint i;\n#ifdef X\na\n#else\nb\n#endif\n",
     ["#ifndef X", "#define X 1", "#endif", "int i;", "a"]),
    # set for other kernels only
    ("#if 0\n#define X\n#endif\n#ifdef X\na\n#else\nb\n#endif\n", ["b"]),
    ("#if 0\n#define X 1\n#else\n#define Y 1\n#endif\n#if defined(X) || !Y\na\n#endif\nb\n",
     ["#define Y 1", "b"]),
    ("#if 0\n#define X\n#endif\n#define X\n#ifdef X\na\n#else\nb\n#endif\n", ["#define X", "a"]),
    # a macro of a body may be the target's as well; who knows of the other arm
    ("#if 0\n#define X(a) Y(a)\n#endif\n#ifdef X\na\n#endif\n", ["#ifdef X", "a", "#endif"]),
    ("#if 0\n#define X Y\n#endif\n#ifdef X\na\n#endif\n", ["#ifdef X", "a", "#endif"]),
    ("#if Y\n#define X\n#elif 0\n#define X\n#endif\n#ifdef X\na\n#endif\n",
     ["#if Y", "#define X", "#elif 0", "#endif", "#ifdef X", "a", "#endif"]),
    # only the arms that can be taken stay of one that is not decided
    ("#if X\na\n#elif 0\nb\n#else\nc\n#endif\n", ["#if X", "a", "#elif 0", "#else", "c", "#endif"]),
    ("#if X\na\n#elif 1\nb\n#else\nc\n#endif\n", ["#if X", "a", "#elif 1", "b", "#else", "#endif"]),
])
def test_left_out(source: str, lines: list[str]) -> None:
    assert seen(source) == lines


@pytest.mark.parametrize("source", [
    "#ifdef CONFIG_X\na\n#else\nb\n#endif\n",
    "#if HAVE_X\na\n#endif\n",
    # defined after the use, in an arm, or by a macro of another name
    "#ifdef X\na\n#endif\n#define X\n",
    "#ifdef Y\n#define X\n#endif\n#ifdef X\na\n#else\nb\n#endif\n",
    "#ifdef Y\n#undef X\n#endif\n#ifdef X\na\n#endif\n",
    "#define XX\n#ifdef X\na\n#endif\n",
    # a default may be another value
    "#ifndef X\n#define X 1\n#endif\n#if X == 1\na\n#else\nb\n#endif\n",
    # not the preprocessor's
    "/*\n#if 0\n*/\na\n/*\n#endif\n*/\n",
    "/*\n#define X\n*/\n#ifdef X\na\n#endif\n",
    "// \\\n#define X\n#ifdef X\na\n#endif\n",
    'char *s = "\\\n#if 0\\\n";\n',
    # what guards a header
    "#ifndef X_H\n#define X_H\nint i;\n#endif\n",
    "/* doc */\n#if !defined(X_H)\n#define X_H 1\nint i;\n#endif /* X_H */\n",
    "#pragma once\n#ifndef X_H\n/* why */\n#define X_H\nint i;\n#endif\n",
    # not closed
    "#if X\na\n", "a\n#endif\n", "#else\na\n",
])
def test_both_stay(source: str) -> None:
    assert seen(source) == [line.strip() for line in source.splitlines() if line.strip()]


def test_what_is_given_wins() -> None:
    given = Arms(given={b"X": UNDEFINED, b"Y": Name(True, integer(2)), b"CONFIG_Z": UNDEFINED})
    assert seen("#define X\n#ifdef X\na\n#endif\n", given) == ["#define X"]
    assert seen("#undef Y\n#if Y == 2\na\n#else\nb\n#endif\n", given) == ["#undef Y", "a"]
    assert seen("#if IS_ENABLED(CONFIG_Z)\na\n#else\nb\n#endif\n", given) == ["b"]
    assert seen("#ifdef CONFIG_Z\na\n#endif\n#if !defined(CONFIG_Z)\nb\n#endif\n", given) == ["b"]


@pytest.mark.parametrize(("include", "lines"), [
    ('"hw.h"', ["a"]), ('"../d/hw.h"', ["a"]), ("<hw.h>", ["a"]), ('"through.h"', ["a"]),
    ('"round.h"', ["a"]),
    ('"maybe.h"', ["#ifdef HW", "a", "#else", "b", "#endif"]),
    ('"other.h"', ["#ifdef HW", "a", "#else", "b", "#endif"]),
    ('"taken_back.h"', ["b"]),
])
def test_headers_of_the_driver_decide(include: str, lines: list[str]) -> None:
    guard = "#ifndef {0}\n#define {0}\n{1}#endif\n".format
    arms = Arms(files={name: text.encode() for name, text in {
        "d/hw.h": guard("HW_H", "#define HW 1\n"),
        "d/through.h": guard("THROUGH_H", '#include "hw.h"\n'),
        "d/round.h": guard("ROUND_H", '#include "round.h"\n#include "hw.h"\n'),
        "d/maybe.h": guard("MAYBE_H", "#ifdef CONFIG_HW\n#define HW 1\n#endif\n"),
        "d/other.h": guard("OTHER_H", "int hw(void);\n"),
        "d/taken_back.h": guard("BACK_H", '#include "hw.h"\n#undef HW\n')}.items()})
    source = f"#include {include}\n#ifdef HW\na\n#else\nb\n#endif\n"
    assert seen(source, arms)[1:] == lines
    # not before it is included
    assert seen("#ifdef HW\na\n#else\nb\n#endif\n" + f"#include {include}\n", arms)[1] == "a"


def test_headers_of_one_name_must_agree() -> None:
    files = {"a/hw.h": b"#define HW\n#define SW\n", "b/hw.h": b"#define HW\n"}
    source = '#include "hw.h"\n#ifdef {0}\na\n#else\nb\n#endif\n'
    assert seen(source.format("HW"), Arms(files=files))[1:] == ["a"]
    assert "b" in seen(source.format("SW"), Arms(files=files))


def test_a_parsed_file_has_only_what_the_target_has() -> None:
    source = b"#if 0\nint gone(void)\n{\n\treturn 0;\n}\n#endif\nint f(void)\n{\n\treturn 1;\n}\n"
    parsed = parse(source)
    assert [one.name for one in parsed.functions()] == ["f"]
    assert parsed.original == source
    assert b"gone" not in parsed.source
    assert parsed.line_of(parsed.functions()[0].start) == 7
    (group,) = parsed.groups
    assert [arm.left_out for arm in group.arms] == [True]


def test_half_a_statement_in_an_arm() -> None:
    source = (b"int f(int a)\n{\n\treturn a +\n#if 0\n\t\tg(a,\n#else\n\t\th(a,\n#endif\n"
              b"\t\t  2);\n}\n")
    (function,) = parse(source).functions()
    assert not function.has_error


def test_texts_know_the_arms_after_copying() -> None:
    make, (arms,) = Texts(Arms(given={b"X": UNDEFINED})).__reduce__()
    assert make(arms).parse(b"#ifdef X\nint a;\n#endif\n").source.strip() == b""
