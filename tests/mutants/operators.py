# SPDX-License-Identifier: GPL-2.0-only
"""Mutation operators: each spells a driver another way that a compiler takes, or adds a use.

An operator yields mutants of one file. Each is a whole text, that of a further file it needs, and
the flags under which both texts must compile (`-D`, for what stands in arms of `#if`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial

from mutants.places import File, Function
from tree_sitter import Node

DEFINED = ("-DM_ON",)


@dataclass(frozen=True)
class Mutant:
    """A mutated file, what it includes beside it, and whether it is to compile under -DM_ON too."""

    text: bytes
    beside: dict[str, bytes] = field(default_factory=dict)
    arms: bool = False


Operator = Callable[[File], Iterator[Mutant]]
OPERATORS: dict[str, Operator] = {}


def _operator(name: str) -> Callable[[Operator], Operator]:
    def take(one: Operator) -> Operator:
        OPERATORS[name] = one
        return one
    return take


def _per_function(name: str, make: Callable[[File, Function], bytes | None], *,
                  arms: bool = False) -> None:
    def run(file: File) -> Iterator[Mutant]:
        for function in file.functions:
            text = make(file, function)
            if text is not None:
                yield Mutant(text, arms=arms)
    OPERATORS[name] = run


def _per_node(name: str, where: str, make: Callable[[File, Function, Node, bytes], bytes | None],
              *, arms: bool = False) -> None:
    def run(file: File) -> Iterator[Mutant]:
        for function in file.functions:
            for node in getattr(function, where):
                text = make(file, function, node, function.text_of(node))
                if text is not None:
                    yield Mutant(text, arms=arms)
    OPERATORS[name] = run


# Heads of functions


def _head(file: File, one: Function, *, define: bytes, name: bytes | None = None,
          params: tuple[bytes, bytes] | None = None) -> bytes | None:
    """The file with a macro in front of a function, and parts of its head spelled by it."""
    if one.name_at is None or one.parameters is None:
        return None
    changes = [(one.start, one.start, define)]
    if name is not None:
        changes.append((*one.name_at, name))
    if params is not None:
        changes += [(one.parameters.start_byte, one.parameters.start_byte + 1, params[0]),
                    (one.parameters.end_byte - 1, one.parameters.end_byte, params[1])]
    return file.replaced(*changes)


def _macro_head(file: File, one: Function) -> bytes | None:
    if one.name_at is None or one.parameters is None or b"void)" in one.text_of(one.parameters):
        return None
    kind = file.text[one.start:one.name_at[0]]
    rest = file.text[one.parameters.start_byte + 1:one.parameters.end_byte]
    define = b"#define M_DEF(name, ...)\t" + b" ".join(kind.split()) + b" name(__VA_ARGS__)\n\n"
    return file.replaced((one.start, one.parameters.end_byte,
                          define + b"M_DEF(" + one.name + b", " + rest))


def _macro_return(file: File, one: Function) -> bytes | None:
    if one.name_at is None:
        return None
    kind = file.text[one.start:one.name_at[0]].strip()
    words = re.match(rb"((?:static|inline|extern)\s+)*", kind)
    assert words is not None
    rest = kind[words.end():]
    return file.replaced((one.start, one.name_at[0], b"#define M_RET(...)\t__VA_ARGS__\n\n"
                          + words[0] + b"M_RET(" + rest + b") "))


def _macro_whole(file: File, one: Function) -> bytes | None:
    head = b" ".join(one.whole.split())
    return file.replaced((one.start, one.body.start_byte,
                          b"#define M_HEAD\t" + head + b"\n\nM_HEAD\n"))


def _macro_body(file: File, one: Function) -> bytes | None:
    if one.directives or b"//" in one.text or b"/*" in one.text or b"\\\n" in one.text:
        return None
    lines = one.text.split(b"\n")
    return file.replaced((one.start, one.end, b"#define M_FUNCTION \\\n" + b" \\\n".join(lines)
                          + b"\n\nM_FUNCTION"))


def _implicit_int(file: File, one: Function) -> bytes | None:
    match = re.match(rb"static\s+(?:inline\s+)?int\s+(?=\w+\s*\()", one.text)
    return file.replaced((one.start, one.start + match.end(), b"static ")) if match else None


def _old_style(file: File, one: Function) -> bytes | None:
    if one.parameters is None or one.name_at is None:
        return None
    names, said = [], []
    for parameter in one.parameters.named_children:
        text = one.text_of(parameter)
        words = re.findall(rb"\w+", text)
        if parameter.type != "parameter_declaration" or len(words) < 2 or b"[" in text or (
                b"(" in text) or words[0] in (b"bool", b"u8", b"u16"):
            return None
        names.append(words[-1])
        said.append(b"\t" + text + b";\n")
    return file.replaced((one.parameters.start_byte, one.body.start_byte,
                          b"(" + b", ".join(names) + b")\n" + b"".join(said)))


_per_function("head: macro with arguments", _macro_head)
_per_function("head: macro gives the type", _macro_return)
_per_function("head: macro gives the name", lambda file, one: _head(
    file, one, define=b"#define M_NAME(n)\tn\n\n", name=b"M_NAME(" + one.name + b")"))
_per_function("head: macro pastes the name", lambda file, one: _head(
    file, one, define=b"#define M_NAME(n)\t" + one.name[:1] + b"##n\n\n",
    name=b"M_NAME(" + one.name[1:] + b")") if len(one.name) > 1 else None)
_per_function("head: macro around parameters", lambda file, one: _head(
    file, one, define=b"#define M_ARGS(...)\t(__VA_ARGS__)\n\n", params=(b" M_ARGS(", b")")))
_per_function("head: macro is the head", _macro_whole)
_per_function("head: macro is the function", _macro_body)
_per_function("head: implicit int", _implicit_int)
_per_function("head: old style", _old_style)
_per_function("head: attributes", lambda file, one: file.replaced(
    (one.start, one.start, b"__attribute__((unused)) ")))
_per_function("head: macro attribute", lambda file, one: file.replaced(
    (one.start, one.start, b"#define m_unused\t__attribute__((unused))\n\nm_unused ")))
_per_function("head: attribute behind", lambda file, one: file.replaced(
    (one.start, one.start, one.whole + b" __attribute__((unused));\n\n")))
_per_function("head: in parentheses", lambda file, one: _head(
    file, one, define=b"", name=b"(" + one.name + b")"))
_per_function("head: two for one body", lambda file, one: file.replaced(
    (one.start, one.body.start_byte, b"#ifdef M_ON\n" + one.whole + b"\n#else\n" + one.whole
     + b"\n#endif\n")), arms=True)
_per_function("head: prototype in front", lambda file, one: file.replaced(
    (one.start, one.start, one.whole + b";\n\n")))
_per_function("function: twice, in arms", lambda file, one: None if one.directives else
              file.replaced((one.start, one.end, b"#ifdef M_ON\n" + one.text + b"\n#else\n"
                             + one.text + b"\n#endif")), arms=True)
_per_function("function: in an arm of #if 1", lambda file, one: file.replaced(
    (one.start, one.end, b"#if 1\n" + one.text + b"\n#endif")))
_per_function("function: copied", lambda file, one: None if one.name_at is None else
              file.replaced((one.start, one.start, file.text[one.start:one.name_at[0]] + b"m_"
                             + file.text[one.name_at[0]:one.end] + b"\n\n")))
_per_function("function: copied into #if 0", lambda file, one: None if one.directives else
              file.replaced((one.start, one.start, b"#if 0\n" + one.text + b"\n#endif\n\n")))
_per_function("function: on one line", lambda file, one: None
              if one.directives or b"//" in one.text or b"\\\n" in one.text else
              file.replaced((one.start, one.end, b" ".join(one.text.split()))))


def _called_by_pointer(file: File, one: Function) -> bytes | None:
    call = re.search(rb"\b" + re.escape(one.name) + rb"(?=\()", file.text[one.end:])
    if call is None:
        return None
    start, end = (one.end + at for at in call.span())
    pointer = b"\n\nstatic __typeof__(&" + one.name + b") m_pointer = " + one.name + b";"
    return file.replaced((one.end, one.end, pointer), (start, end, b"m_pointer"))


_per_function("function: by pointer", _called_by_pointer)


@_operator("function: in an included file")
def _included(file: File) -> Iterator[Mutant]:
    for one in file.functions:
        for suffix in ("inc", "h", "c"):
            yield Mutant(file.replaced((one.start, one.end, b'#include "m_part.'
                                        + suffix.encode() + b'"')),
                         {f"m_part.{suffix}": one.text + b"\n"})


# Members and tags


def _alias_member(file: File, one: Function, node: Node, text: bytes) -> bytes:
    member = node.child_by_field_name("field")
    assert member is not None
    return file.replaced((member.start_byte, member.end_byte, b"m_alias"),
                         (one.start, one.start, b"#define m_alias\t" + one.text_of(member)
                          + b"\n\n"))


def _accessor(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
    base, member = node.child_by_field_name("argument"), node.child_by_field_name("field")
    assert base is not None and member is not None
    sign = file.text[base.end_byte:member.start_byte].strip()
    return file.replaced((node.start_byte, node.end_byte, b"M_OF(" + one.text_of(base) + b")"),
                         (one.start, one.start, b"#define M_OF(x)\t((x)" + sign
                          + one.text_of(member) + b")\n\n"))


def _given_member(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
    base, member = node.child_by_field_name("argument"), node.child_by_field_name("field")
    assert base is not None and member is not None
    sign = file.text[base.end_byte:member.start_byte].strip()
    return file.replaced((node.start_byte, node.end_byte, b"M_OF(" + one.text_of(base) + b", "
                          + one.text_of(member) + b")"),
                         (one.start, one.start, b"#define M_OF(x, m)\t((x)" + sign + b"m)\n\n"))


def _pasted(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
    member = node.child_by_field_name("field")
    assert member is not None
    name = one.text_of(member)
    return file.replaced((member.start_byte, member.end_byte,
                          b"M_PASTE(" + name[:2] + b", " + name[2:] + b")"),
                         (one.start, one.start, b"#define M_PASTE(a, b)\ta##b\n\n"))


def _spliced(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
    member = node.child_by_field_name("field")
    assert member is not None
    return file.replaced((member.start_byte + 2, member.start_byte + 2, b"\\\n"))


_per_node("member: alias by macro", "members", _alias_member)
_per_node("member: macro reaches it", "members", _accessor)
_per_node("member: macro is given it", "members", _given_member)
_per_node("member: pasted", "members", _pasted)
_per_node("member: spliced", "members", _spliced)
_per_node("member: comment inside", "members", lambda file, one, node, text: file.replaced(
    ((at := node.child_by_field_name("field")).start_byte,  # type: ignore[union-attr]
     at.start_byte, b"/* page */ ")))
_per_node("member: by its address", "members", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"(*&" + text + b")")))
_per_node("member: in parentheses", "members", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"(" + text + b")")))


def _tag_uses(file: File, one: Function) -> Iterator[tuple[bytes, tuple[int, int]]]:
    tags = {file.tag(record) for record in file.records}
    for match in re.finditer(rb"\bstruct\s+(\w+)", one.text):
        if match[1] in tags:
            yield match[1], (one.start + match.start(), one.start + match.end())


def _tag(file: File, one: Function, define: bytes, use: bytes) -> bytes | None:
    found = list(_tag_uses(file, one))
    if not found:
        return None
    tag = found[0][0]
    return file.replaced((one.start, one.start, define % tag + b"\n\n"),
                         *((*span, use) for name, span in found if name == tag))


for _name, (_define, _use) in {
    "alias by macro": (b"#define m_tag\t%s", b"struct m_tag"),
    "macro with struct": (b"#define m_type\tstruct %s", b"m_type"),
    "macro gives it": (b"#define M_TYPE(...)\tstruct %s", b"M_TYPE()"),
    "typedef": (b"typedef struct %s m_type;", b"m_type"),
    "typeof": (b"typedef __typeof__(struct %s) m_type;", b"m_type"),
}.items():
    _per_function(f"tag: {_name}", partial(_tag, define=_define, use=_use))


def _page_type(file: File, one: Function, define: bytes, use: bytes) -> bytes | None:
    spans = [(one.start + match.start(), one.start + match.end(), use)
             for match in re.finditer(rb"struct\s+page\s*\*(?!\*)", one.text)]
    return file.replaced((one.start, one.start, define), *spans) if spans else None


for _name, (_define, _use) in {
    "typedef of the pointer": (b"typedef struct page *m_page;\n\n", b"m_page "),
    "macro of the pointer": (b"#define m_page\tstruct page *\n\n", b"m_page "),
    "macro of the struct": (b"#define m_page\tstruct page\n\n", b"m_page *"),
    "typeof": (b"", b"__typeof__(struct page *) "),
}.items():
    _per_function(f"type: {_name}", partial(_page_type, define=_define, use=_use))
_per_function("type: const pointer", lambda file, one: file.replaced(*[
    (one.start + match.end(1), one.start + match.end(1), b"const ")
    for match in re.finditer(rb"(struct\s+page\s*\*)(?=\w+\s*=)", one.text)])
    if re.search(rb"struct\s+page\s*\*\w+\s*=", one.text) else None)


@_operator("record: member in an arm")
def _member_in_arm(file: File) -> Iterator[Mutant]:
    for _, one in file.held:
        said = file.text[one.start_byte:one.end_byte]
        yield Mutant(file.replaced((one.start_byte, one.end_byte, b"\n#ifdef M_ON\n\t" + said
                                    + b"\n#else\n\t" + said + b"\n#endif\n")), arms=True)
        yield Mutant(file.replaced((one.start_byte, one.end_byte, said
                                    + b"\n#ifdef M_ON\n\tint m_more;\n#endif\n")), arms=True)


@_operator("record: member in a union")
def _member_in_union(file: File) -> Iterator[Mutant]:
    for _, one in file.held:
        said = file.text[one.start_byte:one.end_byte]
        for inside in (b"union { %s void *m_raw; };", b"union { %s unsigned long m_raw; };",
                       b"struct { %s };"):
            yield Mutant(file.replaced((one.start_byte, one.end_byte, inside % said)))


@_operator("record: member by a macro")
def _member_by_macro(file: File) -> Iterator[Mutant]:
    for record, one in file.held:
        said = file.text[one.start_byte:one.end_byte]
        start = record.start_byte
        yield Mutant(file.replaced((start, start, b"#define M_MEMBER\t" + said + b"\n\n"),
                                   (one.start_byte, one.end_byte, b"M_MEMBER")))
        yield Mutant(file.replaced((start, start, b"#define M_MEMBER(...)\t__VA_ARGS__\n\n"),
                                   (one.start_byte, one.end_byte,
                                    b"M_MEMBER(" + said[:-1] + b");")))


_MORE = {
    "read as a number": b"unsigned long m_more(struct %t *a)\n{\n\treturn (unsigned long)a->%m;\n}",
    "tested": b"int m_more(struct %t *a)\n{\n\treturn a->%m ? 1 : 0;\n}",
    "compared": b"int m_more(struct %t *a, struct %t *b)\n{\n\treturn a->%m == b->%m;\n}",
    "given to a stranger": b"void m_out(struct page *page);\nvoid m_more(struct %t *a)\n{\n"
                           b"\tm_out(a->%m);\n}",
    "given as void *": b"void m_out(const void *p);\nvoid m_more(struct %t *a)\n{\n"
                       b"\tm_out(a->%m);\n}",
    "printed": b"int m_log(const char *format, ...);\nvoid m_more(struct %t *a)\n{\n"
               b'\tm_log("%p", a->%m);\n}',
    "swapped": b"void m_more(struct %t *a, struct %t *b)\n{\n\tstruct page *m_page = a->%m;\n\n"
               b"\ta->%m = b->%m;\n\tb->%m = m_page;\n}",
    "moved by typeof": b"void m_more(struct %t *a, struct %t *b)\n{\n"
                       b"\t__typeof__(a->%m) m_page = a->%m;\n\n\tb->%m = m_page;\n}",
    "moved by auto": b"void m_more(struct %t *a, struct %t *b)\n{\n"
                     b"\t__auto_type m_page = a->%m;\n\n\tb->%m = m_page;\n}",
    "returned": b"struct page *m_more(struct %t *a)\n{\n\treturn a->%m;\n}",
    "stored by pointer": b"void m_more(struct %t *a, struct page **out)\n{\n\t*out = a->%m;\n}",
    "by pointer to it": b"struct page **m_more(struct %t *a)\n{\n\treturn &a->%m;\n}",
    "by pointer, local": b"void m_more(struct %t *a)\n{\n\tstruct page **m_at = &a->%m;\n\n"
                         b"\t*m_at = NULL;\n}",
    "copied with its record": b"void m_more(struct %t *a, struct %t *b)\n{\n\t*a = *b;\n}",
    "cleared by memset": b"void m_more(struct %t *a)\n{\n\tmemset(&a->%m, 0, sizeof(a->%m));\n}",
    "copied by memcpy": b"void m_more(struct %t *a, struct %t *b)\n{\n"
                        b"\tmemcpy(&a->%m, &b->%m, sizeof(a->%m));\n}",
    "initialised by name": b"void m_more(struct %t *a)\n{\n\tstruct %t b = { .%m = NULL };\n\n"
                           b"\t*a = b;\n}",
    "initialised by literal": b"void m_more(struct %t *a)\n{\n"
                              b"\t*a = (struct %t) { .%m = NULL };\n}",
    "initialised, global": b"struct %t m_more = { .%m = NULL };",
    "initialised, old style": b"struct %t m_more = { %m: NULL };",
    "offsetof": b"unsigned long m_more(void)\n{\n\treturn offsetof(struct %t, %m);\n}",
    "offsetof, static": b"_Static_assert(offsetof(struct %t, %m) < 4096, \"far\");",
    "sizeof": b"unsigned long m_more(void)\n{\n\treturn sizeof(((struct %t *)0)->%m);\n}",
    "container_of": b"struct %t *m_more(struct page **at)\n{\n"
                    b"\treturn container_of(at, struct %t, %m);\n}",
    "generic": b"int m_more(struct %t *a)\n{\n"
               b"\treturn _Generic(a->%m, struct page *: 1, int: 0);\n}",
    "in asm": b'void m_more(struct %t *a)\n{\n\tasm volatile("" : : "r" (a->%m));\n}',
    "by statement expression": b"int m_more(struct %t *a)\n{\n"
                               b"\treturn ({ struct page *m_page = a->%m; !m_page; });\n}",
    "by nested function": b"int m_more(struct %t *a)\n{\n"
                          b"\tint inner(void) { return !a->%m; }\n\n\treturn inner();\n}",
    "its members": b"unsigned long m_more(struct %t *a)\n{\n\treturn a->%m->flags;\n}",
    "put back": b"void m_more(struct %t *a)\n{\n\tput_page(a->%m);\n\ta->%m = NULL;\n}",
    "from a stranger": b"struct page *m_in(void);\nvoid m_more(struct %t *a)\n{\n"
                       b"\ta->%m = m_in();\n}",
    "from a number": b"void m_more(struct %t *a, unsigned long n)\n{\n"
                     b"\ta->%m = (struct page *)n;\n}",
    "from void *": b"void m_more(struct %t *a, void *p)\n{\n\ta->%m = p;\n}",
    "in a macro": b"#define m_more(a)\t((a)->%m)",
    "in a macro, used": b"#define M_GET(a)\t((a)->%m)\nint m_more(struct %t *a)\n{\n"
                        b"\treturn !M_GET(a);\n}",
    "through an unknown tag": b"#define m_tag\t%t\nvoid m_more(struct m_tag *a)\n{\n"
                              b"\ta->%m = NULL;\n}",
    "through void *": b"void m_more(void *p)\n{\n\tstruct %t *a = p;\n\n\ta->%m = NULL;\n}",
    "through a cast": b"void m_more(void *p)\n{\n\t((struct %t *)p)->%m = NULL;\n}",
    "through an array": b"void m_more(struct %t *a)\n{\n\ta[0].%m = NULL;\n\t(*a).%m = NULL;\n}",
    "in a head by a macro": b"#define M_DEF(n, ...)\tvoid n(__VA_ARGS__)\n"
                            b"M_DEF(m_more, struct %t *a)\n{\n\ta->%m = NULL;\n}",
    "in another arm": b"#ifdef M_ON\nvoid m_more(struct %t *a)\n{\n\ta->%m = NULL;\n}\n#else\n"
                      b"int m_more(struct %t *a)\n{\n\treturn !a->%m;\n}\n#endif",
    "in arms of one statement": b"void m_more(struct %t *a)\n{\n\tif (\n#ifdef M_ON\n\t    a->%m\n"
                                b"#else\n\t    !a->%m\n#endif\n\t    )\n\t\ta->%m = NULL;\n}",
    "in arms of one call": b"void m_out(const void *p, int n);\nvoid m_more(struct %t *a)\n{\n"
                           b"\tm_out(a,\n#ifdef M_ON\n\t      !a->%m\n#else\n\t      1\n#endif\n"
                           b"\t      );\n}",
    "with else in an arm": b"void m_more(struct %t *a, int n)\n{\n\tif (n)\n\t\ta->%m = NULL;\n"
                           b"#ifdef M_ON\n\telse if (!a->%m)\n\t\tn++;\n#endif\n"
                           b"\telse\n\t\tn--;\n}",
    "with its name elsewhere": b"int m_more(struct %t *a)\n{\n\tint %m = !a->%m;\n\n"
                               b"\treturn %m;\n}",
    "with a label of its name": b"int m_more(struct %t *a)\n{\n\tif (!a->%m)\n\t\tgoto %m;\n"
                                b"\treturn 1;\n%m:\n\treturn 0;\n}",
    "with netmem taken": b"int m_more(struct %t *a)\n{\n\tint netmem = !a->%m;\n\n"
                         b"\treturn netmem;\n}",
}


def _more(name: str, code: bytes) -> None:
    def run(file: File) -> Iterator[Mutant]:
        for tag, member, end in file.scalars():
            text = code.replace(b"%t", tag).replace(b"%m", member)
            yield Mutant(file.replaced((end, end, b"\n\n" + text)), arms=b"M_ON" in code)
    OPERATORS[f"more: {name}"] = run


for _name, _code in _MORE.items():
    _more(_name, _code)


# Statements


def _wrap(name: str, before: bytes, after: bytes, *, arms: bool = False) -> None:
    _per_node(f"statement: {name}", "statements", lambda file, one, node, text: file.replaced(
        (node.start_byte, node.end_byte, before + text + after)), arms=arms)


_wrap("in a block", b"{ ", b" }")
_wrap("in if (1)", b"if (1) { ", b" }")
_wrap("in do while", b"do { ", b" } while (0);")
_wrap("in for", b"for (int m_i = 0; m_i < 1; m_i++) { ", b" }")
_wrap("in switch", b"switch (0) { default: ", b" break; }")
_wrap("in statement expression", b"({ ", b" });")
_wrap("in nested function", b"{ void m_inner(void) { ", b" } m_inner(); }")
_wrap("behind a label", b"__attribute__((unused)) m_label: ", b"")
_wrap("in an arm", b"\n#ifndef M_ON\n", b"\n#endif\n", arms=True)
_per_node("statement: in both arms", "statements", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"\n#ifdef M_ON\n" + text + b"\n#else\n" + text
     + b"\n#endif\n")), arms=True)
_per_node("statement: in an arm by value", "statements", lambda file, one, node, text:
          file.replaced((node.start_byte, node.end_byte, b"\n#if M_ON + 0 > 0\n" + text
                         + b"\n#else\n" + text + b"\n#endif\n")), arms=True)
_per_node("statement: in an arm of one version", "statements", lambda file, one, node, text:
          file.replaced((node.start_byte, node.end_byte,
                         b"\n#if LINUX_VERSION_CODE < KERNEL_VERSION(2, 6, 0)\n" + text
                         + b"\n#else\n" + text + b"\n#endif\n"),
                        (0, 0, b"#define KERNEL_VERSION(a, b, c) (((a) << 16) + ((b) << 8) + (c))\n"
                               b"#define LINUX_VERSION_CODE KERNEL_VERSION(7, 3, 0)\n")))
_per_node("statement: dropped", "statements", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b";")))
_per_node("statement: by a macro", "statements", lambda file, one, node, text: None
          if b"\n" in text else file.replaced(
              (node.start_byte, node.end_byte, b"M_DO"),
              (one.start, one.start, b"#define M_DO\t" + text + b"\n\n")))
_per_node("statement: given to a macro", "statements", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"M_DO(" + text + b")"),
    (one.start, one.start, b"#define M_DO(...)\t__VA_ARGS__\n\n")))


# Expressions


def _value(name: str, make: Callable[[bytes], bytes], define: bytes = b"") -> None:
    _per_node(f"value: {name}", "values", lambda file, one, node, text: file.replaced(
        (node.start_byte, node.end_byte, make(text)), (one.start, one.start, define)))


_value("in parentheses", lambda text: b"(" + text + b")")
_value("cast", lambda text: b"(struct page *)" + text)
_value("cast to void *", lambda text: b"(void *)" + text)
_value("cast to a number and back", lambda text: b"(struct page *)(unsigned long)" + text)
_value("behind a comma", lambda text: b"((void)0, " + text + b")")
_value("in ?:", lambda text: b"(1 ? " + text + b" : NULL)")
_value("in both arms of ?:", lambda text: b"(1 ? " + text + b" : " + text + b")")
_value("in ?: without middle", lambda text: b"(" + text + b" ?: NULL)")
_value("of a statement expression", lambda text: b"({ " + text + b"; })")
_value("of an open-coded READ_ONCE", lambda text: b"(*(__typeof__(" + text + b") volatile *)&"
       + text + b")")
_value("given to a macro", lambda text: b"M_ID(" + text + b")", b"#define M_ID(x)\t(x)\n\n")
_value("given to a bare macro", lambda text: b"M_ID(" + text + b")", b"#define M_ID(x)\tx\n\n")
_value("given to an inline function", lambda text: b"m_id(" + text + b")",
       b"static inline struct page *m_id(struct page *m_page)\n{\n\treturn m_page;\n}\n\n")
_value("given to a void * function", lambda text: b"m_id(" + text + b")",
       b"static inline void *m_id(void *m_page)\n{\n\treturn m_page;\n}\n\n")


def _local(name: str, kind: bytes, use: bytes = b"m_page", take: bytes = b"") -> None:
    def make(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
        around = one.statement_of(node)
        if around is None:
            return None
        start, end = around.start_byte, around.end_byte
        said = kind.replace(b"%v", text) + b" = " + take + text + b"; "
        return file.replaced((start, start, b"{ " + said), (node.start_byte, node.end_byte, use),
                             (end, end, b" }"))
    _per_node(f"value: {name}", "values", make)


_local("through a local", b"struct page *m_page")
_local("through a const local", b"struct page *const m_page")
_local("through a void * local", b"void *m_page")
_local("through a local of its type", b"__typeof__(%v) m_page")
_local("through an auto local", b"__auto_type m_page")
_local("through a pointer to it", b"struct page **m_at", b"(*m_at)", b"&")
_local("through a shadow", b"struct page *netmem", b"netmem")


def _array(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
    around = one.statement_of(node)
    if around is None:
        return None
    return file.replaced((around.start_byte, around.start_byte, b"{ struct page *m_list[1] = { "
                          + text + b" }; "), (node.start_byte, node.end_byte, b"m_list[0]"),
                         (around.end_byte, around.end_byte, b" }"))


def _literal(file: File, one: Function, node: Node, text: bytes) -> bytes | None:
    return file.replaced((node.start_byte, node.end_byte, b"((struct page *[]){ " + text
                          + b" })[0]"))


_per_node("value: through an array", "values", _array)
_per_node("value: through a literal", "values", _literal)
_per_node("test: != NULL", "tests", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"(" + text + b" != NULL)")))
_per_node("test: NULL !=", "tests", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"(NULL != " + text + b")")))
_per_node("test: != 0", "tests", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"(" + text + b" != 0)")))
_per_node("test: !!", "tests", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"!!" + text)))
_per_node("test: as a number", "tests", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"(unsigned long)" + text)))
for _name, _spelling in (("0", b"0"), ("(void *)0", b"(void *)0"),
                         ("(struct page *)0", b"(struct page *)0"),
                         ("(struct page *)NULL", b"(struct page *)NULL"), ("(NULL)", b"(NULL)"),
                         ("{ }", b"((struct page *){ NULL })")):
    _per_node(f"NULL: {_name}", "nulls", lambda file, one, node, text, new=_spelling:
              file.replaced((node.start_byte, node.end_byte, new)))
_per_node("NULL: by a macro", "nulls", lambda file, one, node, text: file.replaced(
    (node.start_byte, node.end_byte, b"M_NONE"),
    (one.start, one.start, b"#define M_NONE\tNULL\n\n")))


# Calls


def _called(name: str, make: Callable[[bytes], bytes], define: Callable[[bytes], bytes]) -> None:
    def run(file: File) -> Iterator[Mutant]:
        for one in file.functions:
            for called, node in one.calls:
                yield Mutant(file.replaced((node.start_byte, node.end_byte, make(called)),
                                           (one.start, one.start, define(called))))
    OPERATORS[f"call: {name}"] = run


_called("by a macro of one name", lambda name: b"m_call",
        lambda name: b"#define m_call\t" + name + b"\n\n")
_called("by a macro with arguments", lambda name: b"m_call",
        lambda name: b"#define m_call(...)\t" + name + b"(__VA_ARGS__)\n\n")
_called("by a macro of its own name", lambda name: name,
        lambda name: b"#define " + name + b"(...)\t" + name + b"(__VA_ARGS__)\n\n")
_called("in parentheses", lambda name: b"(" + name + b")", lambda name: b"")
_called("by a pointer", lambda name: b"m_call",
        lambda name: b"static __typeof__(&" + name + b") m_call = " + name + b";\n\n")
_called("by its address", lambda name: b"(*&" + name + b")", lambda name: b"")
_called("spaced out", lambda name: name + b"\n\t ", lambda name: b"")


# Names that are taken, and text that is no code


_TAKEN = {
    "local": lambda file, one: file.replaced(
        (one.body.start_byte + 1, one.body.start_byte + 1,
         b"\n\tint netmem = 0;\n\n\t(void)netmem;\n")),
    "local inside": lambda file, one: file.replaced(
        (one.body.end_byte - 1, one.body.end_byte - 1,
         b"\t__attribute__((unused)) int netmem;\n")),
    "macro": lambda file, one: file.replaced((one.start, one.start, b"#define netmem\t5\n\n")),
    "macro with arguments": lambda file, one: file.replaced(
        (one.start, one.start, b"#define netmem(x)\t(x)\n\n")),
    "global": lambda file, one: file.replaced(
        (one.start, one.start, b"int netmem;\n\n")),
    "function": lambda file, one: file.replaced(
        (one.start, one.start, b"int netmem(void);\n\n")),
    "enum": lambda file, one: file.replaced(
        (one.start, one.start, b"enum { netmem = 3 };\n\n")),
    "typedef": lambda file, one: file.replaced(
        (one.start, one.start, b"typedef int netmem;\n\n")),
    "tag": lambda file, one: file.replaced(
        (one.start, one.start, b"struct netmem { int page; };\n\n")),
}
for _name, _make in _TAKEN.items():
    _per_function(f"taken: {_name}", _make)


@_operator("taken: member")
def _taken_member(file: File) -> Iterator[Mutant]:
    for _, one in file.held:
        yield Mutant(file.replaced((one.end_byte, one.end_byte, b" int netmem;")))


@_operator("text: strings and comments")
def _strings(file: File) -> Iterator[Mutant]:
    for one in file.functions:
        for name in sorted(one.locals | file.members)[:2]:
            yield Mutant(file.replaced((one.start, one.start, b"/* buf->" + name
                                        + b" = NULL */\nstatic const char *const m_text = \"buf->"
                                        + name + b" %p\"; // struct page *" + name + b"\n\n")))


@_operator("text: line ends")
def _line_ends(file: File) -> Iterator[Mutant]:
    yield Mutant(file.text.replace(b"\n", b"\r\n"))
    yield Mutant(file.text.rstrip(b"\n"))
    yield Mutant(file.text.replace(b"\t", b" "))
    yield Mutant(b"\xef\xbb\xbf" + file.text)
    yield Mutant(file.text.replace(b";\n", b"; \\\n\n"))
