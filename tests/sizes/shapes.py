# SPDX-License-Identifier: GPL-2.0-only
"""Drivers of our own that nest one construct `n` deep, or have `n` of it.

Each moves a page as a small driver does. The construct stands around memory of the pool where it
can, so that it is followed, and has a statement beside it that a patch can change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

HEAD = """\
struct rx_buf {
	struct page *page;
	int offset;
	int more[4];
	struct rx_buf *next;
};

int known(int x);
"""
REST = """\

int fill(struct page_pool *pool, struct rx_buf *buf)
{
	buf->page = page_pool_dev_alloc_pages(pool);
	return buf->page ? 0 : 1;
}

void drop(struct page_pool *pool, struct rx_buf *buf)
{
	page_pool_put_full_page(pool, buf->page, false);
	buf->page = NULL;
}
"""
EDITED = "buf->offset = 7;"
"""What a patch changes."""

Shape = Callable[[int], str]
"""The text of a driver that nests something so deep."""


def inside(body: str, outside: str = "") -> str:
    """A driver with statements in a function that has the buffer, and text before that."""
    return (f"{HEAD}{outside}\nint deep(struct page_pool *pool, struct rx_buf *buf, int x)\n{{\n"
            f"\t{EDITED}\n{body}\n\treturn x;\n}}\n{REST}")


def outside(text: str) -> str:
    """A driver with text at file scope."""
    return inside("\tx = buf->page != NULL;", text)


def _wrap(before: str, middle: str, after: str) -> Shape:
    return lambda n: inside("\t" + before * n + middle + after * n)


def _repeat(start: str, link: str, end: str) -> Shape:
    return lambda n: inside("\t" + start + link * n + end)


def _macros(n: int) -> str:
    return outside("".join(f"#define M{i}(x) M{i + 1}(x)\n" for i in range(n))
                   + f"#define M{n}(x) ((x)->offset)\n")


def _calls(n: int, order: int = 1) -> str:
    """Functions that hand a page on, each to the next one."""
    texts = [f"void f{i}(struct page_pool *pool, struct page *page)\n{{\n"
             f"\tf{i + 1}(pool, page);\n}}\n" for i in range(n)]
    texts.append(f"void f{n}(struct page_pool *pool, struct page *page)\n{{\n"
                 "\tpage_pool_put_full_page(pool, page, false);\n}\n")
    return outside("".join(texts[::order]))


def _functions(n: int) -> str:
    return outside("".join(
        f"static void g{i}(struct page_pool *pool, struct rx_buf *buf)\n{{\n"
        "\tpage_pool_put_full_page(pool, buf->page, false);\n\tbuf->page = NULL;\n}\n"
        for i in range(n)))


SHAPES: Mapping[str, Shape] = {
    # expressions
    "parentheses": lambda n: inside(
        "\tbuf->page = " + "(" * n + "page_pool_dev_alloc_pages(pool)" + ")" * n + ";"),
    "parentheses, other function": lambda n: outside(
        "int other(int x)\n{\n\treturn " + "(" * n + "x" + ")" * n + ";\n}\n"),
    "casts": _repeat("buf->page = ", "(void *)", "buf->page;"),
    "not": _repeat("x = ", "!", "buf->page;"),
    "minus": _repeat("x = ", "- ", "buf->offset;"),
    "address of": _repeat("x = ", "*&", "buf->offset;"),
    "sizeof": _repeat("x = ", "sizeof ", "buf->page;"),
    "subscripts": lambda n: inside(
        "\tx = " + "buf->more[" * n + "0" + "]" * n + ";\n\tbuf->page = NULL;"),
    "members": _repeat("buf", "->next", "->page = NULL;"),
    "calls": lambda n: inside("\tx = " + "known(" * n + "!buf->page" + ")" * n + ";"),
    "macro calls": lambda n: inside(
        "\tx = " + "SAME(" * n + "!buf->page" + ")" * n + ";", "#define SAME(x) x\n"),
    "choices": _repeat("x = ", "buf->page ? 1 : ", "2;"),
    "choices in the middle": lambda n: inside(
        "\tx = " + "buf->page ? " * n + "1" + " : 2" * n + ";"),
    "choices in the test": lambda n: inside(
        "\tx = " + "(" * n + "buf->page" + " ? 1 : 2)" * n + ";"),
    "statement expressions": lambda n: inside(
        "\tx = " + "({ " * n + "!buf->page" + "; })" * n + ";"),
    "compared": lambda n: inside(
        "\tx = " + "(" * n + "!buf->page" + " == x)" * n + ";\n\tbuf->page = NULL;"),
    "compared with nothing": lambda n: inside(
        "\tx = " + "(" * n + "buf->page" + " == NULL)" * n + ";"),
    "compared the other way": lambda n: inside(
        "\tx = " + "(x != " * n + "!buf->page" + ")" * n + ";"),
    "tests": lambda n: inside("\tif (" + "!(x || " * n + "!buf->page" + ")" * n + ")\n\t\tx = 1;"),
    "set in a test": lambda n: inside(
        "\tif (" + "(x = " * n + "!buf->page" + ")" * n + ")\n\t\tx = 1;"),
    "casts and parentheses": lambda n: inside(
        "\tbuf->page = " + "(void *)(" * n + "buf->page" + ")" * n + ";"),
    "of the page": lambda n: inside(
        "\tx = " + "page_to_nid(" * n + "buf->page" + ")" * n + ";"),
    "addresses": lambda n: inside(
        "\tx = known(" + "page_address(" * n + "buf->page" + ")" * n + ");"),
    "likely": lambda n: inside(
        "\tif (" + "likely(" * n + "buf->page" + ")" * n + ")\n\t\tx = 1;"),
    "sum": _repeat("x = !buf->page", " + x", ";"),
    "and": _repeat("if (buf->page", " && x", ")\n\t\tbuf->page = NULL;"),
    "and by lines": _repeat("if (buf->page", " &&\n\t    x", ")\n\t\tbuf->page = NULL;"),
    "and or": _repeat("if (buf->page", " && x || buf->offset", ")\n\t\tbuf->page = NULL;"),
    "comma": _repeat("buf->page = NULL", ", x++", ";"),
    "assignments": _repeat("buf->page = ", "buf->page = ", "NULL;"),
    "strings": lambda n: inside('\tprintk("a"' + ' "b"' * n + ", buf->page);"),
    "arguments": _repeat("printk(\"\", buf->page", ", x", ");"),
    # statements
    "blocks": _wrap("{", "buf->page = NULL;", "}"),
    "blocks by lines": _wrap("{\n", "buf->page = NULL;", "}\n"),
    "if": _repeat("", "if (buf->page) ", "buf->page = NULL;"),
    "if with braces": _wrap("if (x) {\n", "buf->page = NULL;", "}\n"),
    "else if": _repeat("if (!buf->page)\n\t\tx = 1;\n", "\telse if (x == 2)\n\t\tx = 2;\n", ""),
    "if beside if": _repeat("buf->page = NULL;\n", "\tif (x == 2)\n\t\tx = known(x);\n", ""),
    "while": _repeat("", "while (buf->page) ", "buf->page = NULL;"),
    "for": _repeat("", "for (;;) ", "buf->page = NULL;"),
    "do": lambda n: inside("\t" + "do " * n + "buf->page = NULL;" + " while (x);" * n),
    "switch": lambda n: inside("\t" + "switch (x) { case 1: " * n + "buf->page = NULL;" + "}" * n),
    "cases": lambda n: inside("\tswitch (x) {\n" + "".join(
        f"\tcase {i}:\n" for i in range(n)) + "\t\tbuf->page = NULL;\n\t}"),
    "labels": lambda n: inside("".join(f"l{i}:\n" for i in range(n)) + "\tbuf->page = NULL;"),
    "gotos": lambda n: inside("".join(
        f"\tif (x == {i})\n\t\tgoto l{i};\n" for i in range(n)) + "".join(
        f"l{i}:\n\tx++;\n" for i in range(n)) + "\tbuf->page = NULL;"),
    "functions inside": lambda n: inside(
        "\t" + "void in(void) {\n" * n + "buf->page = NULL;" + "}\n" * n),
    "statements": _repeat("buf->page = NULL;\n", "\tx = known(x);\n", ""),
    "statements with pages": _repeat("", "\tfoo(x, buf->page);\n", ""),
    "locals": lambda n: inside("".join(
        f"\tstruct page *p{i} = buf->page;\n" for i in range(n))),
    # declarations
    "pointer": lambda n: inside("\tint " + "*" * n + "p;\n\tbuf->page = NULL;"),
    "pointer member": lambda n: outside(f"struct odd {{ struct page {'*' * n}odd; }};\n"),
    "array": lambda n: inside("\tint a" + "[1]" * n + ";\n\tbuf->page = NULL;"),
    "brackets in a declarator": lambda n: outside(f"int {'(' * n}odd{')' * n};\n"),
    "pointer to function": lambda n: outside(
        f"int {'(*' * n}odd{')(void)' * n};\n"),
    "initialiser": lambda n: outside(f"int odd[] = {'{' * n}0{'}' * n};\n"),
    "initialiser in a function": lambda n: inside(
        f"\tint odd[] = {'{' * n}0{'}' * n};\n\tbuf->page = NULL;"),
    "designators": lambda n: outside(
        f"struct rx_buf odd = {{ {'.next' * n} = 0 }};\n"),
    "items": lambda n: outside("int odd[] = {\n" + "\t1,\n" * n + "};\n"),
    "struct": lambda n: outside(
        f"struct odd {{\n{'struct {' * n} struct page *page; {'};' * n}\n}};\n"),
    "named struct": lambda n: outside("struct odd {\n" + "".join(
        f"struct o{i} {{" for i in range(n)) + "struct page *page; " + "".join(
        f"}} m{i};" for i in range(n)) + "\n};\n"),
    "union": lambda n: outside(
        f"struct odd {{\n{'union {' * n} struct page *page; {'};' * n}\n}};\n"),
    "struct in struct by name": lambda n: outside("struct o0 { struct page *page; };\n" + "".join(
        f"struct o{i + 1} {{ struct o{i} in; }};\n" for i in range(n))
        + f"struct o{n} odd = {{ 1, 2 }};\n"),
    "struct in itself": lambda n: outside(
        "struct odd { int a; struct odd b; };\nstruct odd odd = { 1, 2 };\n" + "\n" * n),
    "members of one struct": lambda n: outside(
        "struct odd {\n" + "".join(f"\tint m{i};\n" for i in range(n)) + "};\n"),
    "enumerators": lambda n: outside(
        "enum odd {\n" + "".join(f"\tE{i},\n" for i in range(n)) + "};\n"),
    "parameters": lambda n: outside(
        "int odd(" + ", ".join(f"struct page *p{i}" for i in range(n)) + ");\n"),
    "typedefs": lambda n: outside("typedef struct page *t0;\n" + "".join(
        f"typedef t{i} t{i + 1};\n" for i in range(n)) + f"t{n} odd;\n"),
    "declarations": lambda n: outside("".join(f"extern int d{i};\n" for i in range(n))),
    "prototypes": lambda n: outside("".join(
        f"void d{i}(struct page *page);\n" for i in range(n))),
    "functions": _functions,
    "calls of calls": _calls,
    "calls of calls, the last first": lambda n: _calls(n, -1),
    # the preprocessor
    "#if": lambda n: outside("#if A\n" * n + "int odd;\n" + "#endif\n" * n),
    "#if in a function": lambda n: inside("#if A\n" * n + "\tbuf->page = NULL;\n" + "#endif\n" * n),
    "#if beside #if": lambda n: inside("#if A\n\tbuf->page = NULL;\n#endif\n" * n),
    "#else": lambda n: outside("#if A\n#else\n" * n + "int odd;\n" + "#endif\n" * n),
    "#elif": lambda n: outside("#if A == 0\nint odd;\n" + "".join(
        f"#elif A == {i}\nint odd;\n" for i in range(n)) + "#endif\n"),
    "#if with parentheses": lambda n: outside(
        f"#if {'(' * n}A{')' * n}\nint odd;\n#endif\n"),
    "#if with not": lambda n: outside(f"#if {'!' * n}A\nint odd;\n#endif\n"),
    "#if with choices": lambda n: outside(f"#if {'A ? 1 : ' * n}2\nint odd;\n#endif\n"),
    "#if with choices in the middle": lambda n: outside(
        f"#if {'A ? ' * n}1{' : 2' * n}\nint odd;\n#endif\n"),
    "#if with and": lambda n: outside(f"#if A{' && A' * n}\nint odd;\n#endif\n"),
    "#if with macros": lambda n: outside(
        f"#if {'F(' * n}A{')' * n}\nint odd;\n#endif\n"),
    "#define": _macros,
    "#define of many": lambda n: outside(
        "".join(f"#define D{i} (buf->offset + {i})\n" for i in range(n))),
    "#define with lines": lambda n: outside("#define LONG \\\n" + "\tx++; \\\n" * n + "\n"),
    "#define pasted": lambda n: outside(f"#define P(a) a{'##a' * n}\n"),
    "continued lines": lambda n: inside("\tbuf->page \\\n" + "\\\n" * n + "\t= NULL;"),
    "comments": lambda n: inside("/* a */ " * n + "\tbuf->page = NULL;"),
    "blank lines": lambda n: outside("\n" * n),
    # what does not close
    "unclosed parentheses": _repeat("buf->page = ", "(", "NULL;"),
    "unclosed braces": _repeat("", "{", "buf->page = NULL;"),
    "unopened braces": _repeat("buf->page = NULL; ", "}", ""),
    "unclosed #if": lambda n: outside("#if A\n" * n),
    "unclosed quotes": _repeat("buf->page = NULL; ", "'\n", ""),
    "unclosed comment": lambda n: outside("/*" * n),
    "stars": _repeat("", "* ", "buf->page = NULL;"),
    "colons": _repeat("", ": ", "buf->page = NULL;"),
    "semicolons": _repeat("", ";", "buf->page = NULL;"),
    "backslashes": _repeat("", "\\", "buf->page = NULL;"),
    "hashes": _repeat("", "#", "buf->page = NULL;"),
    "letters": _repeat("", "a", " = buf->page;"),
    "digits": _repeat("x = ", "1", "K; buf->page = NULL;"),
    "spaces": _repeat("buf->page", " ", "= NULL;"),
}
