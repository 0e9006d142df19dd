# SPDX-License-Identifier: GPL-2.0-only
"""Odd shapes around the use of a member that could move: none is ever left behind.

Each shape is C that gcc takes. It is converted whole, so that gcc takes it after that too, or
nothing of it changes and the place is named.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import pytest
from tools import STUB, convert

from netmem_migrate.report import wording
from netmem_migrate.results import Migration

PRELUDE = """\
#include "netmem_stub.h"

struct zs_buf {
	struct page *page;
	u32 off;
};

struct zs_ring {
	struct page_pool *pool;
	struct zs_buf buf[8];
};

int zs_fill(struct zs_ring *r, int i)
{
	r->buf[i].page = page_pool_dev_alloc_pages(r->pool);
	return r->buf[i].page ? 0 : -ENOMEM;
}

"""
# What `zs_put()` does, as it stands in most shapes.
BODY = """\
{
	page_pool_put_full_page(r->pool, r->buf[i].page, false);
	r->buf[i].page = NULL;
}
"""
GIVE = "static inline void zs_give(struct zs_ring *r, struct page *page)\n" \
    "{\n\tpage_pool_put_full_page(r->pool, page, false);\n}\n\n"
HEAD = "void zs_put(struct zs_ring *r, int i)\n"

# Refused: the place that has to be named is the line with this mark, if there is one.
REFUSED = {
    "head with arguments": "#define DEF(name, ...) void name(__VA_ARGS__)\n\n"
        "DEF(zs_put, struct zs_ring *r, int i)\n" + BODY,
    "macro for the return type": "#define RET(type) type\n\n"
        "RET(void) zs_put(struct zs_ring *r, int i)\n" + BODY,
    "static macro for the return type": "#define RET(type) type\n\n"
        "static RET(int) zs_one(struct zs_ring *r, int i)\n"
        "{\n\treturn r->buf[i].page != NULL;\n}\n\n"
        "int zs_two(struct zs_ring *r)\n{\n\treturn zs_one(r, 2);\n}\n",
    "implicit int": "zs_put(struct zs_ring *r, int i)\n" + BODY,
    "static implicit int": "static zs_put(struct zs_ring *r, int i)\n" + BODY,
    "old parameters": "void zs_put(r, i)\n\tstruct zs_ring *r;\n\tint i;\n" + BODY,
    "macro is the head": "#define DEF_RX(name) void name(struct zs_ring *r, int i)\n\n"
        "DEF_RX(zs_put)\n" + BODY,
    "macro is the head, without arguments": "#define ZS_HEAD void zs_put(struct zs_ring *r, int i)"
        "\n\nZS_HEAD\n" + BODY,
    "macro for the parameters": "#define ARGS (struct zs_ring *r, int i)\n\n"
        "void zs_put ARGS\n" + BODY,
    "macro for one parameter": "#define ARG(x) struct zs_ring *x\n\n"
        "void zs_put(ARG(r), int i)\n" + BODY,
    "two macros in the head": "#define API\n#define RET(type) type\n\n"
        "API RET(void) zs_put(struct zs_ring *r, int i)\n" + BODY,
    "macro opens the body": "#define BEGIN {\n\n" + HEAD + "BEGIN" + BODY[1:],
    "pairs in the head": "#define DEFINE2(name, t1, a1, t2, a2) void name(t1 a1, t2 a2)\n\n"
        "DEFINE2(zs_put, struct zs_ring *, r, int, i)\n" + BODY,
    "macro makes the name": "#define NAME(name) zs_##name\n\n"
        "void NAME(put)(struct zs_ring *r, int i)\n" + BODY,
    "macro makes the function": "#define DEF_PUT(name) \\\nvoid name(struct zs_ring *r, int i) \\\n"
        + BODY.rstrip().replace("\n", " \\\n") + "\n\nDEF_PUT(zs_put)\n",
    "body as an argument": "#define FUNCTION(head, body) head body\n\n"
        "FUNCTION(void zs_put(struct zs_ring *r, int i), {\n"
        "\tpage_pool_put_full_page(r->pool, r->buf[i].page, false);\n})\n",
    "macro is the member": "#define PG page\n\n" + HEAD + BODY.replace("].page", "].PG"),
    "macro is a macro that is the member": "#define PG2 page\n#define PG PG2\n\n" + HEAD
        + BODY.replace("].page", "].PG"),
    "macro is the way to the member": "#define SLOT(r, i) r->buf[i].page\n\n" + HEAD
        + BODY.replace("r->buf[i].page", "SLOT(r, i)"),
    "macro is the end of the way": "#define OF .page\n\n" + HEAD
        + BODY.replace("].page", "] OF"),
    "macro is the dot": "#define DOT .\n\n" + HEAD + BODY.replace("].page", "] DOT page"),
    "macro is the arrow": "#define TO ->\n\n" + HEAD
        + BODY.replace("r->buf[i].page", "(r->buf + i) TO page"),
    "macro is the struct": "#define zs_rx_buf struct zs_buf\n\n"
        "void zs_put(struct zs_ring *r, zs_rx_buf *b)\n"
        + BODY.replace("r->buf[i].page", "b->page"),
    "macro makes the tag": "#define TAG(x) struct zs_##x\n\n"
        "void zs_put(struct zs_ring *r, TAG(buf) *b)\n"
        + BODY.replace("r->buf[i].page", "b->page"),
    "macro pastes the member": "#define OF(b, x) (b).pa##x\n\n" + HEAD
        + BODY.replace("r->buf[i].page", "OF(r->buf[i], ge)"),
    "macro pastes two words": "#define OF(b, x, y) (b).x##y\n\n" + HEAD
        + BODY.replace("r->buf[i].page", "OF(r->buf[i], pa, ge)"),
    "macro takes the member": "#define OF(b, m) (b).m\n\n" + HEAD
        + BODY.replace("r->buf[i].page", "OF(r->buf[i], page)"),
    "macro takes the member, a local has its name": "#define OF(b, m) (b).m\n\n" + HEAD
        + "{\n\tint page = i;\n\n\tOF(r->buf[page], page) = NULL;\n}\n",
    "macro gives the member to a macro": "#define OF(b, m) (b).m\n"
        "#define PAGE_OF(b) OF(b, page)\n\n" + HEAD
        + BODY.replace("r->buf[i].page", "PAGE_OF(r->buf[i])"),
    "macro inside the function": HEAD + "{\n#define MINE (r->buf[i].page)\n"
        "\tpage_pool_put_full_page(r->pool, MINE, false);\n#undef MINE\n}\n",
    "macro inside another function": "int zs_other(void)\n{\n#define MINE(r, i) (r)->buf[i].page\n"
        "\treturn 0;\n}\n\n" + HEAD + BODY.replace("r->buf[i].page", "MINE(r, i)"),
    "macro without a semicolon":
        "#define GIVE(r, p) page_pool_put_full_page((r)->pool, p, false);\n\n" + HEAD
        + "{\n\tGIVE(r, r->buf[i].page)\n\tr->buf[i].off = 0;\n}\n",
    "macro is a loop": "#define for_each_zs(p, x) for (struct page *p = (x); p; p = NULL)\n\n"
        + HEAD + "{\n\tfor_each_zs(one, r->buf[i].page)\n\t\tput_page(one);\n}\n",
    "macro is a guard": "#define WITH(p) if ((p) && page_count(p))\n\n"
        + HEAD + "{\n\tWITH(r->buf[i].page) {\n\t\tr->buf[i].off = 0;\n\t}\n}\n",
    "list of macros": "#define MEMBERS(X) X(page) X(off)\n#define CLEAR(m) r->buf[i].m = 0;\n\n"
        + HEAD + "{\n\tMEMBERS(CLEAR)\n}\n",
    "array of a size of its": "u8 zs_bytes[sizeof(((struct zs_buf *)0)->page->flags)];\n",
    "type of it": HEAD + "{\n\t__typeof__(r->buf[i].page) p = r->buf[i].page;\n\n"
        "\tpage_pool_put_full_page(r->pool, p, false);\n}\n",
    "choice by its type": HEAD + "{\n\tr->buf[i].off = _Generic(r->buf[i].page, "
        "struct page *: 1, default: 0);\n}\n",
    "its address in bytes": HEAD + "{\n\tmemcpy(&r->buf[i].off, &r->buf[i].page, 4);\n}\n",
    "assembler": HEAD + '{\n\tasm volatile("" : "+r"(r->buf[i].page));\n}\n',
    "pointer to the function": "void zs_each(struct zs_ring *r, void (*f)(struct page *))\n"
        "{\n\tf(r->buf[0].page);\n}\n",
    "callback by a macro": "struct page *zs_take(struct zs_ring *r)\n"
        "{\n\tstruct page *page = r->buf[0].page;\n\n\tr->buf[0].page = NULL;\n"
        "\treturn page;\n}\n\n"
        "#define OPS(name, f) struct page *(*name)(struct zs_ring *r) = f;\n\n"
        "OPS(zs_ops, zs_take)\n",
    "called where nothing is read": GIVE + "#define DEF(name, ...) void name(__VA_ARGS__)\n\n"
        "DEF(zs_put, struct zs_ring *r, int i)\n{\n\tzs_give(r, r->buf[i].page);\n}\n",
    "used by a constructor": "#define INIT(x) static void __attribute__((constructor)) x(void)\n\n"
        "struct zs_ring zs_one;\n\nINIT(zs_begin)\n{\n\tzs_one.buf[0].page = NULL;\n}\n",
}
# Converted: the shape is read, whatever it looks like.
CONVERTED = {
    "macro is the tag": "#define zs_rx_buf zs_buf\n\n"
        "void zs_put(struct zs_ring *r, struct zs_rx_buf *b)\n"
        + BODY.replace("r->buf[i].page", "b->page"),
    "plain": HEAD + BODY,
    "nested function": HEAD + "{\n\tvoid zs_put_now(void)\n\t"
        + BODY.rstrip().replace("\n", "\n\t") + "\n\n\tzs_put_now();\n}\n",
    "statement expression": HEAD.replace("void", "bool")
        + "{\n\treturn ({\n" + BODY[2:-2] + "\t\ti > 0;\n\t});\n}\n",
    "two heads": "#ifdef WIDE\nvoid zs_put(struct zs_ring *r, u64 i)\n#else\n" + HEAD + "#endif\n"
        + BODY,
    "attributes": "static void __attribute__((__noinline__)) __attribute__((unused)) "
        "zs_put(struct zs_ring *r, int i)\n" + BODY,
    "attribute behind": "static void zs_put(struct zs_ring *r, int i) __attribute__((unused));\n"
        "static " + HEAD + BODY,
    "storage in the middle": "void static inline zs_put(struct zs_ring *r, int i)\n" + BODY,
    "label in front": HEAD + "{\nagain:\n" + BODY[2:-2] + "\tif (i-- > 8)\n\t\tgoto again;\n}\n",
    "switch": HEAD + "{\n\tswitch (i) {\n\tcase 0 ... 3:\n" + BODY[2:-2] + "\t\tbreak;\n\t}\n}\n",
    "another member of the name": "struct zs_tx {\n\tint page;\n};\n\n"
        "int zs_tx(struct zs_tx *t)\n{\n\treturn t->page;\n}\n\n" + HEAD + BODY,
    "a local, a label and a tag of the name": "int zs_names(int i)\n{\n\tint page = i;\n\n"
        "\tif (page)\n\t\treturn page + (int)sizeof(struct page);\n\treturn 0;\n}\n\n"
        + HEAD + BODY,
    "a parameter of a macro of the name": "#define ZS_NEXT(page) ((page) + 1)\n\n"
        "int zs_next(int i)\n{\n\treturn ZS_NEXT(i);\n}\n\n" + HEAD + BODY,
    "the name in a comment and in text": "const char *zs_text(void)\n"
        '{\n\t/* b->page */\n\treturn "->page"; // .page\n}\n\n' + HEAD + BODY,
    "comment in the way": HEAD + BODY.replace("].page", "]./* its */page"),
    "designated initialiser": "struct zs_buf zs_empty(void)\n"
        "{\n\treturn (struct zs_buf){ .page = NULL, .off = 1 };\n}\n\n" + HEAD + BODY,
    "offset": "size_t zs_offset(void)\n{\n\treturn offsetof(struct zs_buf, page);\n}\n\n"
        + HEAD + BODY,
    "container": "struct zs_buf *zs_of(struct zs_buf *b)\n"
        "{\n\treturn container_of(&b->off, struct zs_buf, off);\n}\n\n" + HEAD + BODY,
    "typedef": "typedef struct zs_ring zs_ring_t;\n\nvoid zs_put(zs_ring_t *r, int i)\n" + BODY,
}
MARK = re.compile(r"zs_\w+|[A-Z]{2}\w*")
ALL = [(name, text, True) for name, text in REFUSED.items()] + [
    (name, text, False) for name, text in CONVERTED.items()]


@cache
def outcome(text: str, folder: Path) -> tuple[Migration, bytes]:
    migration, files = convert(folder, {"d.c": (PRELUDE + text).encode()})
    return migration, files["d.c"]


def accepted(folder: Path, texts: dict[str, bytes]) -> str:
    """What gcc says against the files, all at once."""
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{re.sub('[^a-z]', '-', name)}.c").write_bytes(text)
    done = subprocess.run(
        ["gcc", "-std=gnu11", "-fsyntax-only", "-Wall", "-Wno-unused", "-Wno-implicit-int",
         "-Wno-return-type", "-Werror=int-conversion",
         "-Werror=incompatible-pointer-types", "-Werror=implicit-function-declaration",
         f"-I{STUB}", *map(str, sorted(folder.glob("*.c")))],
        capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr


@pytest.mark.parametrize(("name", "text", "refused"), ALL, ids=[one[0] for one in ALL])
def test_converted_whole_or_not_at_all(name: str, text: str, refused: bool,
                                       tmp_path: Path) -> None:
    migration, after = outcome(text, tmp_path)
    said = [wording.refusal(one) for one in migration.report.refusals]
    if refused:
        assert after == (PRELUDE + text).encode(), "changed"
        assert said
        last = PRELUDE.count("\n")
        assert any(origin.line > last for one in migration.report.refusals
                   for origin in one.origins), said
    else:
        assert not said
        assert after.count(b"netmem_ref netmem;") == 1
        assert b"].page" not in re.sub(rb"/\*.*?\*/", b"", after)


def test_gcc_takes_what_was_changed(tmp_path: Path) -> None:
    texts = {name: (PRELUDE + text).encode() for name, text, _ in ALL}
    assert not accepted(tmp_path / "before", texts)
    after = {name: outcome(text, tmp_path / f"{index}")[1]
             for index, (name, text, _) in enumerate(ALL)}
    assert not accepted(tmp_path / "after", {
        name: text for name, text in after.items() if text != texts[name]})


# The place, where it has a name.
@pytest.mark.parametrize(("name", "named"), [
    ("head with arguments", "zs_put()"), ("macro for the return type", "zs_put()"),
    ("static implicit int", "zs_put()"), ("used by a constructor", "zs_begin()"),
    ("macro is the struct", "zs_rx_buf"), ("macro is the member", "PG"),
    ("macro pastes two words", "OF"), ("macro without a semicolon", "GIVE()"),
    ("macro gives the member to a macro", "PAGE_OF"), ("macro inside the function", "MINE")])
def test_the_place_is_named(name: str, named: str, tmp_path: Path) -> None:
    migration, _ = outcome(REFUSED[name], tmp_path)
    assert any(named in wording.refusal(one) for one in migration.report.refusals)


def test_a_file_that_is_included_is_read_too(tmp_path: Path) -> None:
    files = {"d.c": (PRELUDE + '#include "put.inc"\n').encode(), "put.inc": (HEAD + BODY).encode()}
    migration, after = convert(tmp_path, files)
    assert after == files
    assert any("put.inc" in wording.refusal(one) or any(
        origin.file == "put.inc" for origin in one.origins) for one in migration.report.refusals)


def test_a_record_that_nobody_defines_may_be_the_drivers(tmp_path: Path) -> None:
    text = (PRELUDE + "struct zs_elsewhere;\n#include <zs_elsewhere.h>\n\n"
            "void *zs_at(struct zs_elsewhere *e)\n{\n\treturn e->page;\n}\n").encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert after["d.c"] == text
    assert "struct zs_elsewhere" in wording.refusal(migration.report.refusals[0])


def test_a_record_of_the_kernel_is_none_of_the_drivers(tmp_path: Path) -> None:
    text = (PRELUDE + HEAD + BODY + "\nint zs_eeprom(const struct ethtool_module_eeprom *e)\n"
            "{\n\treturn e->page;\n}\n").encode()
    migration, after = convert(tmp_path, {"d.c": text})
    assert not migration.report.refusals
    assert b"return e->page;" in after["d.c"] and b"netmem_ref netmem;" in after["d.c"]
