# SPDX-License-Identifier: GPL-2.0-only
"""`api list`, `show` and `diff`, and how headers are read: own headers, the tool's output."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from click.testing import Result
from kernel_tools import NETMEM, header_tree
from tools import run as command

from netmem_migrate.cli import cli
from netmem_migrate.errors import InputError
from netmem_migrate.model import versions
from netmem_migrate.model.functions import LEVELS
from netmem_migrate.model.schema import Effect, Side
from netmem_migrate.model.sync.headers import belongs, read
from netmem_migrate.model.sync.prototypes import shape

run = partial(command, "api")


def names(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return [line.split()[0] for line in result.stdout.splitlines()]


def test_list_filters_by_side_effect_and_words() -> None:
    found = names(run("list", "--side", "netmem", "--effect", "allocates"))
    assert "page_pool_alloc_netmems" in found
    assert "page_pool_alloc_pages" not in found
    assert names(run("list", "--effect", "takes", "netmem")) == [
        "page_pool_ref_netmem", "get_netmem", "__get_netmem"]
    assert run("list", "no_such_word").stdout == ""


def test_list_of_an_older_release_lacks_what_came_later() -> None:
    assert "page_pool_alloc_netmems" not in names(run("list", "--api", "6.12"))
    assert "page_pool_put_page_bulk" in names(run("list", "--api", "v6.12.3"))
    later = names(run("list", "--since", "6.16"))
    assert "page_pool_is_unreadable" in later
    assert "page_pool_alloc_netmems" not in later  # 6.14
    assert "page_pool_alloc_pages" not in later


def test_list_of_fields_and_flags() -> None:
    assert "page_pool_params.queue_idx" in names(run("list", "--kind", "field"))
    assert "PP_FLAG_DMA_MAP" in names(run("list", "--kind", "flag", "PP_FLAG"))


def test_list_as_json_has_the_fields_of_the_schema() -> None:
    data = json.loads(run("list", "page_pool_put_page", "--json").stdout)
    one = next(one for one in data if one["name"] == "page_pool_put_page")
    assert one["effect"] == "releases"
    assert one["memory"] == 1
    assert one["partner"] == "page_pool_put_netmem"


def test_show_says_all_about_a_function() -> None:
    said = run("show", "page_pool_alloc_netmem()").stdout
    for words in ("include/net/page_pool/helpers.h", "to 6.12", "page_pool_alloc\n",
                  "may be 0 and must be tested", "allocates"):
        assert words in said
    assert "argument 2" in run("show", "page_pool_put_netmem").stdout
    assert "only if the result is true" in run("show", "xdp_buff_add_frag").stdout


@pytest.mark.parametrize(("name", "words"), [
    ("struct net_iov", "struct net_iov"),
    ("page_pool_params.queue_idx", "unsigned int queue_idx"),
    ("NETMEM_TX_DMA", "7.3 on"),
    ("page_pool_put_page_bulk --api=6.12", "before 7.3"),
    ("virt_to_page", "arch/*/include/asm/page.h"),
])
def test_show_of_other_names(name: str, words: str) -> None:
    arguments = name.split(" --")
    options = [f"--{one}" for one in arguments[1:]]
    assert words in run("show", arguments[0], *options).stdout


def test_show_of_several_names_as_json() -> None:
    data = json.loads(run("show", "get_page", "netmem_ref", "--json").stdout)
    assert [one["kind"] for one in data] == ["function", "type"]


@pytest.mark.parametrize(("arguments", "message"), [
    (("show", "page_pool_put_netmen"), "has no such name; it has page_pool_put_netmem"),
    (("show", "q"), "`netmem-migrate api list` says what it has"),
    (("show", "page_pool_put_netmem_bulk", "--api", "6.12"), "6.12 has no such name"),
    (("list", "--api", "5.10"), "the model holds 6.12 to"),
    (("list", "--api", "new"), "no kernel release"),
    (("list", "--since", "new"), "no kernel release"),
    (("list", "--api", "6.12", "--kernel", "."), "exclude each other"),
    (("diff", "6.12", "/no/such/tree"), "no such folder"),
    (("sync", "--kernel", "/no/such/tree"), "no such folder"),
])
def test_wrong_questions_get_one_line(arguments: tuple[str, ...], message: str) -> None:
    result = run(*arguments)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)
    assert "\n" not in str(result.exception)


def test_diff_of_two_releases_says_what_each_lacks() -> None:
    data = json.loads(run("diff", "6.12", "7.3", "--json").stdout)
    assert "page_pool_put_page_bulk" in [one["name"] for one in data["only_before"]]
    assert "page_pool_alloc_netmems" in [one["name"] for one in data["only_after"]]
    changed = {one["name"]: one for one in data["changed"]}
    assert "unsigned int *offset" not in changed["page_pool_alloc_netmem"]["before"]
    assert "unsigned int *offset" in changed["page_pool_alloc_netmem"]["after"]


def test_diff_of_one_release_is_empty() -> None:
    result = run("diff", LEVELS[-1], LEVELS[-1], "--exit-code")
    assert (result.exit_code, result.stdout) == (0, "")


def test_diff_exits_with_1_only_where_asked(tmp_path: Path) -> None:
    a = header_tree(tmp_path / "a")
    b = header_tree(tmp_path / "b", netmem=NETMEM + "void f(netmem_ref netmem);")
    assert run("diff", a, b).exit_code == 0
    result = run("diff", a, b, "--exit-code")
    assert result.exit_code == 1
    assert "void f(netmem_ref netmem)" in result.stdout


def test_parameter_names_are_no_difference(tmp_path: Path) -> None:
    a = header_tree(tmp_path / "a", netmem=NETMEM + "void f(netmem_ref netmem, void (*g)(int x));")
    b = header_tree(tmp_path / "b", netmem=NETMEM + "void f(netmem_ref n, void (*done)(int));")
    assert run("diff", a, b, "--exit-code").exit_code == 0


def test_the_targets_own_headers_win(tmp_path: Path) -> None:
    k = header_tree(tmp_path, "6.18", netmem=(
        NETMEM + "void put_netmem(netmem_ref netmem, bool now);\n"
        "int netmem_news(netmem_ref netmem);\n"))
    api = versions.of_tree(k, "6.18")
    put = api.functions["put_netmem"]
    assert put.prototype == "void put_netmem(netmem_ref netmem, bool now)"
    assert put.effect is Effect.RELEASES  # as the model says
    new = api.functions["netmem_news"]
    assert (new.effect, new.side, new.since) == (Effect.UNKNOWN, Side.NETMEM, "6.18")
    assert "get_netmem" not in api.functions
    # Of what the headers declare, what the model knows and what belongs into it.
    assert {"put_netmem", "netmem_news"} <= set(api.functions)
    assert "get_thing" not in api.functions
    assert names(run("list", "--kernel", k, "netmem")) == ["put_netmem", "netmem_news"]


@pytest.mark.parametrize(("words", "typed", "found"), [
    (("show",), "page_pool_put_ne", "page_pool_put_netmem"),
    (("show",), "page_pool_params.q", "page_pool_params.queue_idx"),
    (("diff",), "6", "6.12"),
    (("list", "--api"), "7", LEVELS[-1]),
    (("list", "--effect"), "hands", "hands-over"),
])
def test_the_shell_completes(words: tuple[str, ...], typed: str, found: str) -> None:
    complete = ShellComplete(cli, {}, "netmem-migrate", "_COMPLETE")
    assert found in [one.value for one in complete.get_completions(["api", *words], typed)]


HEADER = """\
#ifndef _NET_NETMEM_H
#define _NET_NETMEM_H
#define CHECK_IT(a) static_assert(a)
CHECK_IT(1);
#undef CHECK_IT
#ifdef CONFIG_THING
extern void __must_check *netmem_one(netmem_ref netmem /* which */,
				     unsigned int	*offset);
#else
static __always_inline void *netmem_one(int other) { return NULL; }
#endif
struct page * netmem_two(struct page_pool *pool, void (*done)(void *, int));
static inline enum kind
netmem_three(void)
{
	return netmem_four(1);
}
#define netmem_four(x, ...)	\\
	do { } while (0)
int netmem_five_noprof(gfp_t gfp, int n);
#define netmem_five(...)	alloc_hooks(netmem_five_noprof(__VA_ARGS__))
extern int netmem_value;
enum netmem_kind { NETMEM_A = 1, NETMEM_B };
struct net_iov {
	union { int one; struct { unsigned long two:3, three:5; }; };
	void (*call)(struct page *page,
		     int n);
};
#endif
"""


def test_how_headers_are_read(tmp_path: Path) -> None:
    headers = read(header_tree(tmp_path, netmem=HEADER))
    held = {name: one.text for name, one in headers.functions.items() if belongs(name, one.header)}
    del held["pool_take"], held["pool_give"], held["pool_look"]
    assert held == {
        "netmem_one": "void *netmem_one(netmem_ref netmem, unsigned int *offset)",
        "netmem_two": "struct page *netmem_two(struct page_pool *pool, void (*done)(void *, int))",
        "netmem_three": "enum kind netmem_three(void)",
        "netmem_four": "netmem_four(x, ...)",
        "netmem_five": "int netmem_five(gfp_t gfp, int n)",
    }
    said = {name: one.text for name, one in headers.names.items()}
    assert said["NETMEM_A"] == "enum netmem_kind { NETMEM_A = 1 }"
    assert said["net_iov.one"] == "int one"
    assert said["net_iov.three"] == "unsigned long three:5"
    assert said["net_iov.call"] == "void (*call)(struct page *page, int n)"
    assert not {"_NET_NETMEM_H", "CHECK_IT", "netmem_value"} & set(said)


def test_shapes() -> None:
    assert shape("int f(int a, int *b)") == shape("int f(int x, int *)")
    assert shape("int f(int a)") != shape("int f(const int a)")
    assert shape("int f(int a)") != shape("long f(int a)")
    assert shape("f(a, b)") == shape("f(x, y)") != shape("f(x)")
    assert shape("f(a, ...)") != shape("f(a, b)")
    assert shape("f(x)") != shape("int f(int x)")


def test_no_header_is_too_broken_to_read(tmp_path: Path) -> None:
    broken = b"\xff\xfe#define f(\n int g(((;\n struct { } }\n/* open"
    k = header_tree(tmp_path)
    (k / "include/net/page_pool/types.h").write_bytes(broken)
    assert read(k).names["net_iov"].text == "struct net_iov"
