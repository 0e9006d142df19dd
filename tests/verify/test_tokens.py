# SPDX-License-Identifier: GPL-2.0-only
"""Preprocessed texts compared: only a name in a declaration may differ, wherever the rest does."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netmem_migrate.c.words import TEXT_TOKEN
from netmem_migrate.convert.naming import new_name
from netmem_migrate.verify.overlay import IDENTITY
from netmem_migrate.verify.tokens import same

HEAD = b"".join(b"struct a%d {\n\tint x;\n};\nstatic inline int f%d(int x)\n{\n\treturn x;\n}\n"
                % (number, number) for number in range(20))


@pytest.mark.parametrize("before, after, is_same", [
    (b"struct own {\n\tstruct page *page;\n};\n",
     b"struct own {\n\tstruct page *netmem;\n};\n", True),
    (b"struct own {\n\tint page;\n};\n", b"struct own {\n\tint other;\n};\n", False),
    (b"int f(struct page *page);\n", b"int f(netmem_identity_ref netmem);\n", True),
    (b"int f(struct page\n*page);\n", b"int f(netmem_identity_ref netmem);\n", True),
    (b"int f(struct page *page)\n{\n\treturn g(page);\n}\n",
     b"int f(struct page *netmem)\n{\n\treturn g(netmem);\n}\n", False),
    (b"int v[] = {\npage,\n};\n", b"int v[] = {\nnetmem,\n};\n", False),
    (b"struct own {\n\tint page;\n};\n", b"struct own {\n\tint netmem;\n\tint more;\n};\n", False),
    (b'char *s = "}";\nint page;\n', b'char *s = "}";\nint netmem;\n', True),
    (b"int a = '{';\nint page;\n", b"int a = '{';\nint netmem;\n", True),
    (b'char *s = "page";\n', b'char *s = "netmem";\n', False),
    (b"int x; // don't\nint page;\n", b"int x; // don't\nint netmem;\n", True),
    (b"int page;\n", b"", False), (b"", b"", True),
], ids=str)
@pytest.mark.parametrize("around", [(b"", b""), (HEAD, HEAD), (HEAD, b""), (b"", HEAD)],
                         ids=["alone", "between", "behind", "before"])
def test_what_is_the_same(before: bytes, after: bytes, is_same: bool,
                          around: tuple[bytes, bytes]) -> None:
    assert same(around[0] + before + around[1], around[0] + after + around[1]) is is_same


LINES = ["struct own {", "int f(int page)", "{", "}", "};", "int page;", "g(page);", "int other;",
         "int a[] = {", 's = "page {";', "c = '}';", "struct page *page;", "struct page", "don't",
         "*page;", "x = y;"]


def by_all_tokens(before: bytes, after: bytes) -> bool:
    """The same, by a look at each token of both texts."""
    texts: list[list[str]] = []
    for data in (before, after):
        tokens: list[str] = []
        for token in TEXT_TOKEN.findall(data.decode()):
            if token == "*" and tokens[-2:] == ["struct", "page"]:
                tokens[-2:] = [IDENTITY]
            else:
                tokens.append(token)
        texts.append(tokens)
    acts, depth, last = False, 0, ""
    for one, other in zip(*texts, strict=False):
        if one != other and (acts or new_name(one) != other):
            return False
        if one == "{":
            acts = acts or not (last[-1:].isalnum() or last.endswith("_"))
            depth += 1
        elif one == "}":
            depth -= 1
            acts = acts and depth > 0
        last = one
    return len(texts[0]) == len(texts[1])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(LINES), max_size=16), st.integers(0, 16), st.integers(0, 3),
       st.sampled_from(["netmem", "other", "struct page * netmem", ""]))
def test_what_is_left_out_makes_no_difference(lines: list[str], at: int, count: int,
                                              word: str) -> None:
    """What two texts begin and end with is not looked at; that changes nothing of the answer."""
    changed = [one.replace("page", word) if at <= number < at + count else one
               for number, one in enumerate(lines)]
    before, after = ("".join(f"{one}\n" for one in text).encode() for text in (lines, changed))
    assert same(before, after) is by_all_tokens(before, after)
