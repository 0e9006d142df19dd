# SPDX-License-Identifier: GPL-2.0-only
"""`api sync`: the model follows a tree's headers, and what people wrote stays byte for byte."""

from __future__ import annotations

import errno
import itertools
import re
import runpy
import shutil
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from kernel_tools import NETMEM, TYPES, header_tree
from tools import run as command

from netmem_migrate.errors import InputError
from netmem_migrate.model.releases import declared, number, present
from netmem_migrate.model.schema import ApiFunction, Effect
from netmem_migrate.model.sync import sync
from netmem_migrate.model.sync.headers import read
from netmem_migrate.model.sync.sync import History, merge

run = partial(command, "api")
# A model as a person may have left it: comments in all places, odd spacing, an entry on one line.
FUNCTIONS = '''\
# SPDX-License-Identifier: GPL-2.0-only
"""A model."""
from netmem_migrate.model.schema import Context, Effect, ApiFunction, Side, Trait

LEVELS: tuple[str, ...] = ("6.12", "7.3")  # compared

FUNCTIONS: tuple[ApiFunction, ...] = (
    # Allocation: é.
    ApiFunction(
        "pool_take",  # the name
        "struct page *pool_take(struct page_pool *pool, gfp_t gfp)",
        "net/page_pool/types.h", Side.PAGE, partner="",
        gives=True, effect=Effect.ALLOCATES,   may_be_null=True,
        note="By hand, with a \\"quote\\".",  # why
    ),  # end of the first


    ApiFunction("pool_give", "void pool_give(struct page *page)", "net/page_pool/types.h",
             Side.PAGE,
             memory=0, effect=Effect.RELEASES),
    # Looks at it only.
    ApiFunction(
        name="pool_look",
        prototype="int pool_look("
        # a comment inside
        "const struct page *page)",
        header="net/page_pool/types.h",
        side=Side.PAGE,
        effect=Effect.NONE, direct=0,
        traits=(Trait.COUNTS, Trait.KEEPS),  # by hand
        context=Context.NAPI
    ),
    ApiFunction("get_thing", "void get_thing(int a)", "linux/mm.h", Side.NONE, effect=Effect.NONE)
)

BY_NAME = {one.name: one for one in FUNCTIONS}  # not touched
'''
NAMES = '''\
# SPDX-License-Identifier: GPL-2.0-only
from netmem_migrate.model.schema import Name

NAMES: tuple[Name, ...] = (
    Name(
        "PP_FLAG_ONE", "flag", "net/page_pool/types.h",
        "#define PP_FLAG_ONE BIT(0)",
        note="By hand.",
    ),
    Name("net_iov", "type", "net/netmem.h", "struct net_iov"),
    Name("net_iov.owner", "field", "net/netmem.h", "struct owner *owner"),
)
'''


def model(folder: Path, functions: str = FUNCTIONS, names: str = NAMES) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "functions.py").write_text(functions)
    (folder / "names.py").write_text(names)
    return folder


def entries(folder: Path) -> dict[str, ApiFunction]:
    """The functions of a model, as Python reads them."""
    return {one.name: one for one in runpy.run_path(str(folder / "functions.py"))["FUNCTIONS"]}


def text(folder: Path) -> str:
    return (folder / "functions.py").read_text()


def test_a_tree_that_agrees_changes_nothing(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    result = run("sync", "--kernel", header_tree(tmp_path / "k"), "--model", made)
    assert (result.exit_code, result.stdout) == (0, "")
    assert text(made) == FUNCTIONS
    assert (made / "names.py").read_text() == NAMES


def test_a_new_function_comes_in_behind_its_header_as_unknown(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    types = TYPES.replace("int pool_look", "netmem_ref pool_new(struct page_pool *pool);\n"
                          "int pool_look")
    result = run("sync", "--kernel", header_tree(tmp_path / "k", "7.4", types), "--model", made)
    assert result.exit_code == 0
    assert "new       pool_new: netmem_ref pool_new(struct page_pool *pool)" in result.stdout
    new = entries(made)["pool_new"]
    assert (new.effect, new.since, new.until, new.side) == (Effect.UNKNOWN, "7.4", "", "netmem")
    assert list(entries(made)) == ["pool_take", "pool_give", "pool_look", "pool_new", "get_thing"]
    assert '("6.12", "7.3", "7.4")  # compared' in text(made)


def test_what_vanished_is_marked_and_stays(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    types = re.sub(r"struct page \*pool_take.*?;\n", "", TYPES, flags=re.DOTALL)
    result = run("sync", "--kernel", header_tree(tmp_path / "k", "7.4", types), "--model", made)
    assert "gone      pool_take: until 7.4" in result.stdout
    assert entries(made)["pool_take"].until == "7.4"
    kept = text(made).replace('        until="7.4",\n', "").replace(', "7.4")', ")")
    assert kept == FUNCTIONS


def test_a_changed_prototype_keeps_the_old_one_for_older_kernels(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    types = TYPES.replace("const struct page *page);", "const struct page *page, int nid);")
    run("sync", "--kernel", header_tree(tmp_path / "k", "7.4", types), "--model", made)
    look = entries(made)["pool_look"]
    assert look.prototype == "int pool_look(const struct page *page, int nid)"
    assert look.earlier == (("7.3", "int pool_look(const struct page *page)"),)
    assert "        # a comment inside\n" in text(made)


def test_parameter_names_follow_the_newest_kernel_only(tmp_path: Path) -> None:
    types = TYPES.replace("gfp_t gfp", "gfp_t flags")
    made = model(tmp_path / "m")
    run("sync", "--kernel", header_tree(tmp_path / "old", "6.12", types), "--model", made)
    assert text(made) == FUNCTIONS
    run("sync", "--kernel", header_tree(tmp_path / "new", "7.3", types), "--model", made)
    assert entries(made)["pool_take"].prototype.endswith("gfp_t flags)")
    assert entries(made)["pool_take"].earlier == ()


def test_an_older_kernel_with_another_prototype(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    types = TYPES.replace("void pool_give(struct page *page)", "bool pool_give(struct page *page)")
    run("sync", "--kernel", header_tree(tmp_path / "k", "6.12", types), "--model", made)
    give = entries(made)["pool_give"]
    assert give.prototype == "void pool_give(struct page *page)"
    assert give.earlier == (("6.12", "bool pool_give(struct page *page)"),)


def test_an_older_kernel_that_lacks_a_function_moves_since(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    types = TYPES.replace("int pool_look(const struct page *page);\n", "")
    run("sync", "--kernel", header_tree(tmp_path / "k", "6.12", types), "--model", made)
    assert entries(made)["pool_look"].since == "7.3"
    run("sync", "--kernel", header_tree(tmp_path / "l", "6.18"), "--model", made)
    assert entries(made)["pool_look"].since == "6.18"
    assert 'LEVELS: tuple[str, ...] = ("6.12", "6.18", "7.3")' in text(made)


def test_a_name_that_changes_and_one_that_is_new(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    types = TYPES.replace("BIT(0) /* one */", "BIT(1)\n#define PP_FLAG_TWO BIT(2)")
    run("sync", "--kernel", header_tree(tmp_path / "k", "7.4", types), "--model", made)
    held = {one.name: one for one in runpy.run_path(str(made / "names.py"))["NAMES"]}
    assert held["PP_FLAG_ONE"].declaration == "#define PP_FLAG_ONE BIT(1)"
    assert held["PP_FLAG_ONE"].earlier == (("7.3", "#define PP_FLAG_ONE BIT(0)"),)
    assert held["PP_FLAG_ONE"].note == "By hand."
    assert held["PP_FLAG_TWO"].since == "7.4"


def test_a_function_that_moves_to_another_header(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    line = "int pool_look(const struct page *page);\n"
    k = header_tree(tmp_path / "k", "7.3", TYPES.replace(line, ""), line + NETMEM)
    assert "moved     pool_look: to net/netmem.h" in run("sync", "--kernel", k, "--model",
                                                         made).stdout
    assert entries(made)["pool_look"].header == "net/netmem.h"


def test_a_header_that_is_not_there_leaves_its_entries_alone(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    result = run("sync", "--kernel", header_tree(tmp_path / "k", mm=None), "--model", made)
    assert "linux/mm.h: not in this tree; its entries are left alone" in result.stderr
    assert text(made) == FUNCTIONS


@pytest.mark.parametrize("option", ["--check", "--diff"])
def test_check_and_diff_write_nothing(tmp_path: Path, option: str) -> None:
    made = model(tmp_path / "m")
    k = header_tree(tmp_path / "k", types=TYPES.replace("gfp_t gfp", "gfp_t gfp, int node"))
    result = run("sync", "--kernel", k, "--model", made, option)
    assert result.exit_code == 1
    assert "gfp_t gfp, int node" in result.stdout
    assert ("@@" in result.stdout) == (option == "--diff")
    assert text(made) == FUNCTIONS
    again = run("sync", "--kernel", header_tree(tmp_path / "l"), "--model", made, option)
    assert again.exit_code == 0


def test_windows_line_ends_stay(tmp_path: Path) -> None:
    made = model(tmp_path / "m")
    (made / "functions.py").write_bytes(FUNCTIONS.replace("\n", "\r\n").encode())
    k = header_tree(tmp_path / "k", "7.4", TYPES + "void pool_more(struct page *page);\n")
    run("sync", "--kernel", k, "--model", made)
    data = (made / "functions.py").read_bytes()
    assert b"pool_more" in data
    assert data.count(b"\n") == data.count(b"\r\n")


@pytest.mark.long
def test_a_copy_of_the_bundled_model_keeps_every_line(tmp_path: Path) -> None:
    """A remark before, in and behind each entry, and a tree that lacks almost all of them."""
    made = tmp_path / "m"
    made.mkdir()
    for name in ("functions.py", "names.py"):
        shutil.copy(sync.bundled() / name, made)
    count = itertools.count()
    source = re.sub(r"(?m)^    ApiFunction\($|^    \),$", lambda m: (
        f"{m[0]}  # remark {next(count)}" if ")," in m[0]
        else f"    # remark {next(count)}\n{m[0]}  # remark {next(count)}\n        # inside"),
        text(made))
    (made / "functions.py").write_text(source)
    k = header_tree(tmp_path / "k", "7.4")
    assert run("sync", "--kernel", k, "--model", made).exit_code == 0
    after = iter(text(made).splitlines())
    assert all(line in after for line in source.splitlines() if "LEVELS:" not in line)
    gone = [one for one in entries(made).values() if one.header == "net/page_pool/types.h"]
    assert all(one.until in ("7.3", "7.4") for one in gone if not one.name.startswith("pool_"))
    assert run("sync", "--kernel", k, "--model", made, "--check").exit_code == 0


def test_nothing_is_left_behind_where_writing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = model(tmp_path / "m")
    k = header_tree(tmp_path / "k", types=TYPES.replace("gfp_t gfp", "gfp_t gfp, int node"))

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("netmem_migrate.model.sync.sync.os.fsync", full)
    with pytest.raises(InputError, match=r"no space left on device.*nothing was written"):
        sync.write(sync.plan(k, "7.3", made))
    assert text(made) == FUNCTIONS
    assert sorted(one.name for one in made.iterdir()) == ["functions.py", "names.py"]


@pytest.mark.parametrize(("functions", "message"), [
    ("FUNCTIONS = ()\n", "assigns no tuple to LEVELS|is empty"),
    ("def f(:\n", "not Python that can be read"),
    ('LEVELS = ("7.3",)\nFUNCTIONS = (make("x"),)\n', r"functions.py:2: not a plain ApiFunction"),
    ("X = 1\n", "assigns no tuple to FUNCTIONS"),
])
def test_a_model_that_cannot_be_rewritten(tmp_path: Path, functions: str, message: str) -> None:
    made = model(tmp_path / "m", functions)
    with pytest.raises(InputError, match=message):
        sync.plan(header_tree(tmp_path / "k"), "7.3", made)
    assert text(made) == functions


def test_a_kernel_without_netmem_is_refused(tmp_path: Path) -> None:
    k = header_tree(tmp_path / "k", "6.1")
    (k / "include/net/netmem.h").unlink()
    with pytest.raises(InputError, match=r"no netmem API .*6\.12 is the oldest"):
        read(k)


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As root every file is writable, so the question to the system is answered for it."""
    made = model(tmp_path / "m")
    k = header_tree(tmp_path / "k", types=TYPES.replace("gfp_t gfp", "gfp_t gfp, int node"))
    monkeypatch.setattr("netmem_migrate.model.sync.sync.os.access", lambda path, mode: False)
    with pytest.raises(InputError, match="not writable, as in an installed package; sync a check"):
        sync.write(sync.plan(k, "7.3", made))
    assert text(made) == FUNCTIONS
    assert sorted(one.name for one in made.iterdir()) == ["functions.py", "names.py"]


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"functions\.py: No such file.*give the folder"):
        sync.plan(header_tree(tmp_path / "k"), "7.3", tmp_path / "none")


# What a header may say of a function over the releases: there from one release up to another,
# with one prototype and then a second one.
RELEASES = ("6.12", "6.18", "7.0", "7.3", "7.4")
SPAN = st.tuples(st.integers(0, 4), st.integers(1, 5), st.integers(0, 5)).filter(
    lambda one: one[0] < one[1])


def prototype(name: str, span: tuple[int, int, int], at: int) -> str | None:
    first, end, change = span
    if not first <= at < end:
        return None
    return f"int {name}(struct page *page)" if at < change else f"void {name}(netmem_ref netmem)"


@given(SPAN, st.permutations(range(5)))
def test_releases_can_be_told_in_any_order(span: tuple[int, int, int], order: list[int]) -> None:
    """Whatever the order, in the end each release has what its headers said."""
    told = [prototype("f", span, at) for at in range(5)]
    levels: tuple[str, ...] = ()
    history: History | None = None
    for at in order:
        release, seen = RELEASES[at], told[at]
        if history is None and seen is not None:
            later = [one for one in levels if number(one) > number(release)]
            first = all(number(release) < number(one) for one in levels)
            history = History(seen, "" if first else release, later[0] if later else "")
        elif history is not None:
            history = merge(history, seen, release, levels, str.__eq__)
        levels = tuple(sorted({*levels, release}, key=number))
    assert history is not None
    for at, release in enumerate(RELEASES):
        there = present(history.since, history.until, release)
        said = declared(history.now, history.earlier, release) if there else None
        assert said == told[at]
        assert merge(history, told[at], release, levels, str.__eq__) == history
    assert all(number(a) < number(b) for (a, _), (b, _) in pairwise(history.earlier))


HELD = ("pool_take", "pool_give", "pool_look", "pool_more", "pool_less")


@pytest.mark.long
@settings(max_examples=15, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.sampled_from(HELD), SPAN, min_size=1),
       st.lists(st.integers(0, 4), min_size=1, max_size=3))
def test_what_people_wrote_survives_any_kernels(
    tmp_path: Path, spans: dict[str, tuple[int, int, int]], order: list[int]
) -> None:
    made = model(tmp_path / "m")
    for at in order:
        shutil.rmtree(tmp_path / "k", ignore_errors=True)
        heads = [prototype(name, span, at) for name, span in spans.items()]
        types = "".join(f"{one};\n" for one in heads if one)
        k = header_tree(tmp_path / "k", RELEASES[at], types)
        sync.write(sync.plan(k, RELEASES[at], made))
        again = sync.plan(k, RELEASES[at], made)
        assert not again.changes and all(one.before == one.after for one in again.files)
    after = text(made)
    for old in re.findall(r"#.*", FUNCTIONS):
        assert after.count(old) == FUNCTIONS.count(old)
    held = entries(made)
    original = _python(FUNCTIONS)
    assert [name for name in held if name in original] == list(original)
    for name, one in original.items():
        for field in ("side", "partner", "memory", "gives", "effect", "may_be_null", "context",
                      "direct", "traits", "note"):
            assert getattr(held[name], field) == getattr(one, field)
    assert all(one.effect is Effect.UNKNOWN for name, one in held.items() if name not in original)


def _python(source: str) -> dict[str, ApiFunction]:
    space: dict[str, object] = {}
    exec(source, space)
    held = space["BY_NAME"]
    assert isinstance(held, dict)
    return held
