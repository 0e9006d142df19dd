# SPDX-License-Identifier: GPL-2.0-only
"""What becomes of kernel C before it is parsed: same length, same lines, no errors left."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmem_migrate.c.mask.masking import mask
from netmem_migrate.c.parse import parse

# Inside a function: what is written, what the parser sees.
IN_FUNCTION = {
    "tag as argument": (
        "x = container_of(w, struct foo, m);",
        "x = container_of(w,        foo, m);",
    ),
    "pointer type as argument": (
        "p = va_arg(ap, const struct foo *);",
        "p = va_arg(ap,              foo  );",
    ),
    "first and only argument": (
        "p = kzalloc_obj(struct foo);",
        "p = kzalloc_obj(       foo);",
    ),
    "two type arguments": (
        "y = __same_type(struct a, union b);",
        "y = __same_type(       a,       b);",
    ),
    "basic type": ("n = min_t(int, a, b);", "n = min_t(_nt, a, b);"),
    "basic type of two words": (
        "n = max_t(unsigned long, a, b);",
        "n = max_t(_nsigned_long, a, b);",
    ),
    "typedef with star": ("v = va_arg(ap, u32 *);", "v = va_arg(ap, u32  );"),
    "typeof as argument": (
        "x = container_of(w, typeof(*x), m);",
        "x = container_of(w, typeof__x_, m);",
    ),
    "typeof as type": ("typeof(*p) q = *p;", "typeof__p_ q = *p;"),
    "alignof an expression": ("n = __alignof__(*p);", "n = sizeof     (*p);"),
    "offsetof into an array": (
        "n = offsetof(struct foo, a.b[1]);",
        "n = offsetof(struct foo, a     );",
    ),
    "case range": ("switch (a) { case 1 ... 3: f(); }", "switch (a) { case 1  -  3: f(); }"),
    "number for pasting": ("f(SZ, 2K, 10000baseT_Full);", "f(SZ, 20, 100000000000000);"),
    "empty last argument": ("memcpy_s(a, b, );", "memcpy_s(a, b  );"),
    "annotation in a cast": ("p = (u8 __iomem *)q;", "p = (u8         *)q;"),
    "cleanup": (
        "struct page *p __free(put) = NULL;",
        "struct page *p             = NULL;",
    ),
    "scoped guard": (
        "\n\tscoped_guard(mutex, &l) {\n\t\tf();\n\t}\n",
        "\n\twhile       (mutex, &l) {\n\t\tf();\n\t}\n",
    ),
    "loop with braces": (
        "\n\tfor_each_foo(a, b) {\n\t\tf();\n\t}\n",
        "\n\twhile       (a, b) {\n\t\tf();\n\t}\n",
    ),
    "loop without braces": (
        "\n\tlist_for_each_entry(a, b, c)\n\t\tf(a);\n",
        "\n\twhile              (a, b, c)\n\t\tf(a);\n",
    ),
    "loop of any name": (
        "\n\tskb_walk_frags(a, b) {\n\t\tf();\n\t}\n",
        "\n\twhile         (a, b) {\n\t\tf();\n\t}\n",
    ),
    "loop without arguments": (
        "\n\tfor_each_foo() {\n\t\tf();\n\t}\n",
        "\n\tif(1         ) {\n\t\tf();\n\t}\n",
    ),
    "loop of three parts": (
        "\n\tunrolled_for(i = 0; i < n; i++) {\n\t\tf();\n\t}\n",
        "\n\t         for(i = 0; i < n; i++) {\n\t\tf();\n\t}\n",
    ),
    "type to be deduced": ("auto p = q;", "aut_ p = q;"),
    "loop under else": (
        "if (a)\n\t\tf();\n\telse for_each_foo(a, b)\n\t\tf();\n",
        "if (a)\n\t\tf();\n\telse while       (a, b)\n\t\tf();\n",
    ),
    "statement without semicolon": ("\n\tTRACE_ME(a)\n\tf();\n", "\n\t         a;\n\tf();\n"),
    "condition without parentheses": (
        "if time_after(a, b)\n\t\tf();",
        "if           (a, b)\n\t\tf();",
    ),
    "pointer to an array": ("netmem_ref (*p)[4];", "enum m_ref (*p)[4];"),
    "no pointer to an array": ("g();\n\treturn (*p)[4];", "g();\n\treturn (*p)[4];"),
    "local bitmap": ("DECLARE_BITMAP(n, 3) = { 0 };", "DECLARE_BITMAP n[ 3] = { 0 };"),
    "local with flexible array": (
        "DEFINE_FLEX(struct foo, p, m, 3);",
        "            struct foo* p       ;",
    ),
    "static macro": ("\n\tstatic DEFINE_RATE(a, b, c);\n", "\n\t       DEFINE_RATE(a, b, c);\n"),
    "glued strings": ('f("a" __stringify(X) "b");', 'f("a"                "b");'),
    "glued names": ('f(KERN_INFO DRV ": a");', 'f(KERN_INFO     ": a");'),
    "annotation between words": (
        "struct foo __new_one *p = q;",
        "struct foo           *p = q;",
    ),
    "conditional arms that are statements": (
        "\n#ifdef A\n\tf();\n#else\n\tg();\n#endif\n\th();\n",
        "\n        \n\tf();\n     \n\tg();\n      \n\th();\n",
    ),
    "conditional in an expression": (
        "x = a\n#ifdef A\n\t+ b\n#endif\n\t+ c;\n",
        "x = a\n        \n\t+ b\n      \n\t+ c;\n",
    ),
    "conditional arms in an argument list": (
        "f(a,\n#ifdef A\n\tb,\n#else\n\tc,\n#endif\n\td);\n",
        "f(a,\n        \n\tb,\n     \n\t  \n      \n\td);\n",
    ),
    "conditional heads": (
        "\n#ifdef A\n\tif (a) {\n#else\n\tif (b) {\n#endif\n\t\tf();\n\t}\n",
        "\n        \n\tif (a) {\n     \n\t        \n      \n\t\tf();\n\t}\n",
    ),
    "definition inside a statement": (
        "x = a +\n#define B 1\n\tB;\n",
        "x = a +\n           \n\tB;\n",
    ),
}

AT_TOP = {
    "annotated function": (
        "static int __init f(void)\n{\n}\n",
        "static int        f(void)\n{\n}\n",
    ),
    "annotation with arguments": (
        "__printf(1, 2) void f(char *s, ...);\n",
        "               void f(char *s, ...);\n",
    ),
    "annotation behind": (
        "struct s {\n\tint a;\n} __packed __aligned(4);\n",
        "struct s {\n\tint a;\n}                      ;\n",
    ),
    "capital word on a line of its own": (
        "int a;\nVISIBLE_IF\nint f(void)\n{\n}\n",
        "int a;\n          \nint f(void)\n{\n}\n",
    ),
    "list of items": (
        "int a;\n#define M(x) int x;\nALL_ITEMS\nMORE_ITEMS\n#undef M\nint b;\n",
        "int a;\n#define M(x) int x;\n         \n          \n#undef M\nint b;\n",
    ),
    "capital storage class": ("\nSTATIC void f(int a)\n{\n}\n", "\n       void f(int a)\n{\n}\n"),
    "export": ("int a;\nEXPORT_SYMBOL(a)\nint b;\n", "int a;\n                \nint b;\n"),
    "macro with declarations": (
        "\nTRACE_EVENT(a, TP_PROTO(struct s *b));\n",
        "\n                                      \n",
    ),
    "head of a function": (
        "\nstatic DECLARE_HANDLER(802_3)\n{\n\tf();\n}\n",
        "\nstatic int _RE_HANDLER(     )\n{\n\tf();\n}\n",
    ),
    "array member": (
        "struct s {\n\tDECLARE_BITMAP(a, 4);\n};\n",
        "struct s {\n\tDECLARE_BITMAP a[ 4];\n};\n",
    ),
    "flexible member": (
        "struct s {\n\tDECLARE_FLEX_ARRAY(struct page *, a);\n};\n",
        "struct s {\n\t                   struct page ** a ;\n};\n",
    ),
    "member group": (
        "struct s {\n\tstruct_group(g,\n\t\tstruct page *a;\n\t\tint b;\n\t);\n};\n",
        "struct s {\n\t               \n\t\tstruct page *a;\n\t\tint b;\n\t  \n};\n",
    ),
    "unnamed bit-field": (
        "struct s {\n\tunsigned int :7;\n\tunsigned int b:1, :3, c:4;\n};\n",
        "struct s {\n\t                \n\tunsigned int b:1    , c:4;\n};\n",
    ),
    "conditional members": (
        "struct s {\n#ifdef A\n\tint a;\n#else\n\tlong a;\n#endif\n};\n",
        "struct s {\n        \n\tint a;\n     \n\tlong a;\n      \n};\n",
    ),
    "definition in an enum": (
        "enum e {\n#define X 1\n\tA,\n};\n",
        "enum e {\n           \n\tA,\n};\n",
    ),
    "items without comma": (
        "struct s a = {\n\tPM_OPS(b, c)\n\t.d = 1,\n};\n",
        "struct s a = {\n\t       b, c,\n\t.d = 1,\n};\n",
    ),
    "two heads": (
        "#ifdef A\nint f(int a)\n#else\nint f(void)\n#endif\n{\n}\n",
        "        \nint f(int a)\n     \n           \n      \n{\n}\n",
    ),
    "named rest of arguments": ("#define F(a, b...) g(a, b)\n", "#define F(a,  ...) g(a, b)\n"),
}

# What is C already, or no business of the mask.
LEFT_ALONE = {
    "cast": "void f(void)\n{\n\tx = (struct foo *)y;\n}\n",
    "sizeof": "void f(void)\n{\n\tx = sizeof(struct foo) + sizeof(unsigned int);\n}\n",
    "offsetof": "void f(void)\n{\n\tx = offsetof(struct foo, m);\n}\n",
    "unnamed parameters": "int f(struct foo *, int, const char *);\n",
    "unnamed parameter of a pointer to function": (
        "struct s {\n\tint (*f)(struct foo *, unsigned int);\n};\n"
    ),
    "function that returns a pointer": "struct foo *f(struct bar *, int);\n",
    "pointer to array member": "struct s {\n\tu32 (*p)[4];\n};\n",
    "named bit-field": "struct s {\n\tenum { A } b:3;\n\tint c:2;\n};\n",
    "call over two lines": "void f(void)\n{\n\tg(a,\n\t  b);\n\th();\n}\n",
    "call as last statement": "void f(void)\n{\n\tg(a);\n}\n",
    "statements in column 0": (
        "int f(int a)\n{\nint b;\nif (a == 1)\nreturn 2;\nfor (b = 0; b < a; b++)\ng(b);\n"
        "while (a--)\ng(a);\nswitch (a) {\ncase 1:\nbreak;\n}\nreturn (a);\n}\n"),
    "label before a brace": "void f(void)\n{\nout:\n\tg(a);\n}\n",
    "variable with underscores": "void f(void)\n{\n\tu32 __val = 0;\n\tg(__val);\n}\n",
    "type with underscores": "static __u32 f(const __be16 *p);\n",
    "type on a line of its own": "int a;\nBOOL\nf(int b)\n{\n}\n",
    "numbers": "long a = 0x1FUL + 10ULL + 1e5 + 0b11 + 07;\n",
    "initialised range": "int a[] = { [0 ... 5] = 1 };\n",
    "definition": "#define F(x) for_each_foo(x, struct foo) { 2K }\nint a;\n",
    "definition in a struct": "struct s {\n\tint a;\n#define A 1\n\tint b;\n};\n",
    "conditional at the top": "#ifdef __iomem\nint f(void)\n{\n}\n#else\nint g(void);\n#endif\n",
    "export with semicolon": "int a;\nEXPORT_SYMBOL(a);\nint b;\n",
    "text that looks like code": (
        "void f(void)\n{\n\t/* container_of(w, struct foo, m); 2K __iomem */\n"
        '\tg("min_t(int, 2K)");\n}\n'
    ),
    "character constants": "void f(void)\n{\n\tg('\"', '\\'', '{');\n\tg('\"');\n}\n",
    "concatenated strings": 'void f(void)\n{\n\tg("a" PRIx64 "b\\n", 1);\n}\n',
    "statement expression": "int f(void)\n{\n\treturn ({ int a = 1; a; });\n}\n",
}


def _function(body: str) -> bytes:
    return f"int f(void)\n{{\n\t{body}\n}}\n".encode()


def _has_error(source: bytes) -> bool:
    return parse(source).tree.root_node.has_error


@pytest.mark.parametrize("case", IN_FUNCTION)
def test_statement_becomes_parsable(case: str) -> None:
    before, after = (_function(body) for body in IN_FUNCTION[case])
    assert mask(before) == after
    assert not _has_error(before)


@pytest.mark.parametrize("case", AT_TOP)
def test_declaration_becomes_parsable(case: str) -> None:
    before, after = (text.encode() for text in AT_TOP[case])
    assert mask(before) == after
    assert not _has_error(before)


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_left_alone(case: str) -> None:
    source = LEFT_ALONE[case].encode()
    assert mask(source) == source
    assert not _has_error(source)


def test_line_ends_of_both_kinds_keep_their_places() -> None:
    source = _function("#ifdef A\n\tf();\n#else\n\tg();\n#endif").replace(b"\n", b"\r\n")
    masked = mask(source)
    assert [m.start() for m in re.finditer(rb"\r\n", masked)] == [
        m.start() for m in re.finditer(rb"\r\n", source)
    ]
    assert not _has_error(source)


def test_bytes_that_are_no_utf8() -> None:
    source = b"/* caf\xe9 */\n" + _function('g("\xff\xfe", min_t(int, a, b));')
    assert b"_nt" in mask(source)
    assert mask(source).startswith(b"/* caf\xe9 */")


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"\n",
        b"\0\x01\xff" * 50,
        b"#endif\n#else\n",
        b"#if A\nint f(void)\n{\n",
        b"/* never closed",
        b'"never closed\n',
        b"((((((((((((((((((((((((",
        b"struct s {\n\tFOO(a, b",
        b"for_each_foo(",
        b"#define",
        b"f(a, struct foo",
    ],
)
def test_broken_text_keeps_its_length(source: bytes) -> None:
    assert len(mask(source)) == len(source)


_PIECES = [pair[0] for table in (IN_FUNCTION, AT_TOP) for pair in table.values()] + list(
    LEFT_ALONE.values()
)
_NOISE = ["{", "}", "(", ")", "\n", ";", ",", '"', "'", "/*", "*/", "#if A\n", "#else\n",
          "#endif\n", "#define X \\\n", "struct ", "__iomem ", "\\\n", "\r\n", "..."]  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(_PIECES + _NOISE) | st.text(max_size=8), max_size=12))
def test_any_text_keeps_length_and_lines(pieces: list[str]) -> None:
    source = "".join(pieces).encode("utf-8", "surrogatepass")
    masked = mask(source)
    assert len(masked) == len(source)
    for end in (b"\n", b"\r"):
        assert [m.start() for m in re.finditer(end, masked)] == [
            m.start() for m in re.finditer(end, source)
        ]


@settings(max_examples=60, deadline=None)
@given(st.permutations([body for body, _ in IN_FUNCTION.values() if "#" not in body]))
def test_rules_do_not_disturb_each_other(bodies: list[str]) -> None:
    source = b"".join(_function(body) for body in bodies)
    assert not _has_error(source)
    assert mask(source) == b"".join(mask(_function(body)) for body in bodies)
