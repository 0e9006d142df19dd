# SPDX-License-Identifier: GPL-2.0-only
"""Rows of correspondence: what a pattern matches, and what follows from a row alone."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tree_sitter import Node

from netmem_migrate.c.find import nodes
from netmem_migrate.c.parse import parse
from netmem_migrate.c.pattern import pattern
from netmem_migrate.check.compare.compare import compare
from netmem_migrate.errors import InputError
from netmem_migrate.model.forms import FORMS, table
from netmem_migrate.model.functions import BY_NAME
from netmem_migrate.model.kernel_calls import named, traits
from netmem_migrate.model.schema import Side, Trait
from netmem_migrate.model.target import bundled, from_tree
from netmem_migrate.patch.replacements import lines, replacements
from netmem_migrate.results import FileChange
from netmem_migrate.verify.overlay import identity_header

OWN = """\
from netmem_migrate.model.forms import Form

FORMS = (
    Form("own_put_page(p)", "own_put_netmem(p)", since="7.2", header="net/own.h"),
    Form("own_tag(dev, p, ...)", "own_tag_netmem(dev, p, ..., 0)", header="net/own.h"),
    Form("own_set(p)", "own_set_netmem(p, 1)", header="net/own.h"),
    Form("p->own_tail", "own_tail(p)", header="net/own.h"),
)
"""
HEADER = "void own_put_netmem(netmem_ref netmem);\n#define own_tail(n) ((n)->own_tail)\n"


def expression(code: str) -> Node:
    (found,) = nodes(parse(f"void f(void)\n{{\n\t{code};\n}}\n".encode()).tree.root_node,
                     "expression_statement")
    return found.named_children[0]


@pytest.mark.parametrize(("text", "code", "wanted"), [
    ("f(p)", "f(a->b)", {"p": "a->b"}),
    ("f(p)", "(f((a)))", {"p": "a"}),
    ("f(pool, p, ...)", "f(x, y)", {"pool": "x", "p": "y"}),
    ("f(pool, p, ...)", "f(x, y, 1, g(2))", {"pool": "x", "p": "y", "...": "1 g(2)"}),
    ("f(pool, p, ...)", "f(x)", None),
    ("f(p)", "g(a)", None),
    ("f(p)", "f(a, b)", None),
    ("page_to_nid(p) == n", "page_to_nid(a) == b + 1", {"p": "a", "n": "b + 1"}),
    ("page_to_nid(p) == n", "b != page_to_nid(a)", {"p": "a", "n": "b", "!": ""}),
    ("page_to_nid(p) == n", "page_to_nid(a) > b", None),
    ("p->pp", "x[1]->pp", {"p": "x[1]"}),
    ("p->pp", "x.pp", None),
    ("p->pp", "x->ppp", None),
    ("&p->pp_ref_count", "&x->pp_ref_count", {"p": "x"}),
    ("&p->pp_ref_count", "*x->pp_ref_count", None),
    ("f(p) == p", "f(a) == a", {"p": "a"}),
    ("f(p) == p", "f(a) == b", None),
])
def test_what_a_pattern_matches(text: str, code: str, wanted: dict[str, str] | None) -> None:
    match = pattern(text).match(expression(code))
    if match is None:
        assert wanted is None
        return
    found = {name: (one.text or b"").decode() for name, one in match.operands.items()}
    if match.rest:
        found["..."] = " ".join((one.text or b"").decode() for one in match.rest)
    if match.negated:
        found["!"] = ""
    assert found == wanted


def test_a_pattern_is_filled_as_it_is_written() -> None:
    one = pattern("f(pool, p, ..., GFP_X)")
    assert one.fill({"pool": "a->pool", "p": "page"}, "i, n") == "f(a->pool, page, i, n, GFP_X)"
    assert one.fill({"pool": "q", "p": "pool"}) == "f(q, pool, GFP_X)"
    assert pattern("p->pp").fill({"p": "(x)"}) == "(x)->pp"
    assert pattern("sizeof(struct page *)").fill({"page": "x"}) == "sizeof(struct page *)"


def test_rows_of_the_model_say_what_the_functions_say() -> None:
    pages = [one.page for one in FORMS]
    assert len(set(pages)) == len(pages)
    for one in FORMS:
        for spelled in (*one.spellings, one.becomes):
            assert all(name in BY_NAME or (one.keeps and name == one.call)
                       for name in spelled.functions)
        if one.is_twin:
            page, netmem = BY_NAME[one.call], BY_NAME[one.becomes.name]
            assert (page.partner, page.memory) == (netmem.name, one.arg)
            assert (page.side, netmem.side) == (Side.PAGE, Side.NETMEM)
            assert one.parameters == len(netmem.parameters)
            assert not one.header


def test_what_is_said_of_a_function_is_said_once() -> None:
    assert Trait.COUNTS in traits("page_ref_dec") & traits("page_ref_freeze")
    assert traits("no_such_function") == frozenset()
    assert Trait.HARMLESS in traits("netdev_warn_once")
    for trait in Trait:
        names = named(trait)
        assert len(set(names)) == len(names), trait
        assert all(trait in traits(name) for name in names)


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of passes beside the tool's own, with one that brings rows."""
    folder = tmp_path / "passes"
    folder.mkdir()
    (folder / "own_calls.py").write_text(OWN)
    package = importlib.import_module("netmem_migrate.transforms")
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    table.cache_clear()
    yield folder
    table.cache_clear()
    for name in [one for one in sys.modules if one.startswith("netmem_migrate.transforms.own_")]:
        del sys.modules[name]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    root = tmp_path / "linux"
    (root / "include/net").mkdir(parents=True)
    (root / "include/net/netmem.h").write_text("netmem_ref page_to_netmem(struct page *page);\n")
    (root / "include/net/own.h").write_text(HEADER)
    return root


@pytest.mark.usefixtures("own")
def test_rows_of_a_pass_join_those_of_the_model() -> None:
    rows = table()
    assert rows.by_page["own_put_page"].concern == "own-calls"
    assert [one.page for one in rows.of("own-calls")] == [
        "own_put_page(p)", "own_tag(dev, p, ...)", "own_set(p)", "p->own_tail"]
    assert rows.by_page["own_tag"].extra == ("0",)
    assert rows.headers == ("net/own.h",)
    assert "own_put_page" not in rows.without(["own_put_page(p)"]).by_page


@pytest.mark.usefixtures("own")
def test_the_target_knows_what_a_pass_brings(tree: Path) -> None:
    rows = table()
    assert bundled("7.3").choose(rows.by_page["own_put_page"]) is rows.by_page["own_put_page"]
    assert bundled("6.12").choose(rows.by_page["own_put_page"]) is None
    assert bundled("6.12").has("own_tag_netmem")
    target = from_tree(tree, "7.3")
    assert target.has("own_put_netmem") and target.has("own_tail")
    assert target.choose(rows.by_page["own_tag"]) is None


@pytest.mark.usefixtures("own")
def test_comparison_messages_and_proof_follow_the_rows_of_a_pass(tree: Path) -> None:
    before = b"void f(struct page *page, int x)\n{\n\town_put_page(page);\n" \
             b"\tg(own_tag(d, page, x), page->own_tail);\n}\n"
    after = b"void f(netmem_ref netmem, int x)\n{\n\town_put_netmem(netmem);\n" \
            b"\tg(own_tag_netmem(d, netmem, x, 0), own_tail(netmem));\n}\n"
    assert compare(before, after, "d.c") == ()
    assert compare(before, after.replace(b", x, 0", b", x, 1"), "d.c")
    assert compare(before, after.replace(b"own_put_netmem", b"own_get_netmem"), "d.c")
    assert lines(replacements([FileChange("d.c", before, after)])) == [
        "  - own_put_page(p)", "  + own_put_netmem(p)",
        "  - own_tag(dev, p, ...)", "  + own_tag_netmem(dev, p, ..., 0)",
        "  - p->own_tail", "  + own_tail(p)",
        "  - struct page *p", "  + netmem_ref p"]
    header = identity_header(tree, {})
    assert "#include <net/own.h>" in header
    assert "#define own_put_netmem(...) own_put_page(__VA_ARGS__)" in header
    assert "#define own_tail(p) ((p)->own_tail)" in header
    assert "#define own_set_netmem(p, extra_1) (own_set((p)))" in header


def test_a_form_has_one_row(own: Path) -> None:
    (own / "own_more.py").write_text(OWN.replace("own_put_page(p)", "put_page(p)"))
    with pytest.raises(InputError, match=r"own_more\.py.*the model.*put_page\(p\)"):
        table()
    (own / "own_more.py").write_text(OWN)
    sys.modules.pop("netmem_migrate.transforms.own_more", None)
    with pytest.raises(InputError, match=r"own_more\.py.*own_calls\.py.*own_put_page\(p\)"):
        table()
